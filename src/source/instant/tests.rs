use super::*;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn show(micros: i64) -> String {
    Timestamp::from_microsecond(micros).unwrap().to_string()
}

fn written<const N: usize>(patterns: [&str; N]) -> TimeStyle {
    TimeStyle { patterns: patterns.map(str::to_owned).to_vec(), ..TimeStyle::default() }
}

#[track_caller]
fn check(instants: &Instants, rows: &[(&str, Result<&str, Refusal>)]) {
    let mut quick = instants.quick();
    for (text, want) in rows {
        let got = instants.text(text);
        if let Some(micros) = quick.as_mut().and_then(|quick| quick.read(text.as_bytes())) {
            assert_eq!(got, Ok(micros), "{text}");
        }
        assert_eq!(got.map(show), want.clone().map(str::to_owned), "{text}");
    }
}

#[test]
fn what_is_read_quickly_is_read_right() {
    let mut random = fastrand::Rng::with_seed(17);
    let patterns = ["%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S", "%d/%m/%Y", "%F %T", "%Y年%m月%d日%T"];
    for name in ["Asia/Shanghai", "America/New_York", "America/Sao_Paulo"] {
        for pattern in [None].into_iter().chain(patterns.map(Some)) {
            let style = pattern.map_or_else(TimeStyle::default, |pattern| written([pattern]));
            let instants = Instants::new(&zone(name), &style, random.bool());
            let mut quick = instants.quick().unwrap();
            let mut seen = 0;
            for _ in 0..4_000 {
                let at = random.i64(-70_000_000_000_000_000..250_000_000_000_000_000);
                // Mostly days near one another, and now and then midnight or a clock change.
                let at = if random.bool() { 1_772_000_000_000_000 + at / 2_000 } else { at };
                let at = if random.usize(..9) == 0 { at - at % DAY_MICROS } else { at };
                let text = civil(at - at % SECOND_MICROS).unwrap();
                let format = pattern.unwrap_or("%F %T");
                let mut text = jiff::fmt::strtime::format(format, text).unwrap();
                if pattern.is_none() {
                    text += *random.choice(&["", "Z", "+08:00", "-03:30", "+0800", ".5"]).unwrap();
                }
                if random.usize(..4) == 0 {
                    let place = random.usize(..text.len());
                    if text.is_char_boundary(place) && text.is_char_boundary(place + 1) {
                        let other = *random.choice(&["9", "0", "T", " ", "", "-", "+"]).unwrap();
                        text.replace_range(place..place + 1, other);
                    }
                }
                if let Some(micros) = quick.read(text.as_bytes()) {
                    assert_eq!(instants.text(&text), Ok(micros), "{text} {pattern:?} in {name}");
                    seen += 1;
                }
            }
            assert!(seen > 1_000, "{seen} of {pattern:?} in {name}");
        }
    }
}

#[test]
fn iso_instants_are_read_in_the_zone_of_the_feed() {
    use Refusal::*;
    check(
        &Instants::new(&zone("Asia/Shanghai"), &TimeStyle::default(), false),
        &[
            ("2026-03-01 10:00:00", Ok("2026-03-01T02:00:00Z")),
            ("2026-03-01T10:00:00", Ok("2026-03-01T02:00:00Z")),
            ("2026-03-01T10:00:00.5", Ok("2026-03-01T02:00:00.5Z")),
            ("2026-03-01T10:00:00.123456", Ok("2026-03-01T02:00:00.123456Z")),
            ("2026-03-01T10:00:00.123456000", Ok("2026-03-01T02:00:00.123456Z")),
            ("2026-03-01T10:00:00.1234567", Err(TooFine)),
            ("2026-03-01T10:00:00Z", Ok("2026-03-01T10:00:00Z")),
            ("2026-03-01T10:00:00.25+09:00", Ok("2026-03-01T01:00:00.25Z")),
            ("2026-03-01 10:00:00-0330", Ok("2026-03-01T13:30:00Z")),
            ("2026-03-01T10:00:00+08", Ok("2026-03-01T02:00:00Z")),
            ("2026-03-01", Ok("2026-02-28T16:00:00Z")),
            ("2024-02-29", Ok("2024-02-28T16:00:00Z")),
            ("1960-01-01 00:00:00", Ok("1959-12-31T16:00:00Z")),
            ("2150-01-01 00:00:00", Ok("2149-12-31T16:00:00Z")),
            ("2026-02-29", Err(NoSuchTime)),
            ("2026-13-01", Err(NoSuchTime)),
            ("2026-00-10", Err(NoSuchTime)),
            ("0000-01-01", Err(NoSuchTime)),
            ("2026-03-01 24:00:00", Err(NoSuchTime)),
            ("2026-03-01 10:60:00", Err(NoSuchTime)),
            ("2026-03-01 23:59:60", Err(NoSuchTime)),
            ("9999-12-31 23:59:59", Err(OutOfRange)),
            ("9999-12-31", Err(OutOfRange)),
            ("2026-03-01 10:00", Err(NotInstant)),
            ("2026-03-01  10:00:00", Err(NotInstant)),
            ("2026-03-01T10:00:00+24:00", Err(NotInstant)),
            ("2026-03-01T10:00:00+08:", Err(NotInstant)),
            ("2026-03-01T10:00:00.", Err(NotInstant)),
            ("2026-03-01T10:00:00Zx", Err(NotInstant)),
            ("20260301", Err(NotInstant)),
            ("2026/03/01", Err(NotInstant)),
            ("2026-3-1", Err(NotInstant)),
            ("２０２６-03-01", Err(NotInstant)),
            ("", Err(NotInstant)),
            ("1772330400", Err(NotInstant)),
        ],
    );
}

#[test]
fn local_times_near_a_clock_change_are_never_guessed() {
    use Refusal::*;
    check(
        &Instants::new(&zone("Europe/Berlin"), &TimeStyle::default(), false),
        &[
            ("2026-03-29 01:59:59", Ok("2026-03-29T00:59:59Z")),
            ("2026-03-29 02:30:00", Err(Skipped)),
            ("2026-03-29 03:00:00", Ok("2026-03-29T01:00:00Z")),
            ("2026-10-25 01:59:59", Ok("2026-10-24T23:59:59Z")),
            ("2026-10-25 02:30:00", Err(Repeated)),
            ("2026-10-25 02:30:00+02:00", Ok("2026-10-25T00:30:00Z")),
            ("2026-10-25 03:00:00", Ok("2026-10-25T02:00:00Z")),
            ("2026-07-01 00:00:00", Ok("2026-06-30T22:00:00Z")),
        ],
    );
    // Havana's clock skips midnight in spring and repeats it in autumn; a bare day is its first
    // instant either way.
    check(
        &Instants::new(&zone("America/Havana"), &TimeStyle::default(), false),
        &[
            ("2016-03-13", Ok("2016-03-13T05:00:00Z")),
            ("2016-03-13 00:30:00", Err(Skipped)),
            ("2016-11-06", Ok("2016-11-06T04:00:00Z")),
            ("2016-11-06 00:30:00", Err(Repeated)),
        ],
    );
}

#[test]
fn the_quick_way_agrees_with_the_zone_itself() {
    for name in ["Asia/Shanghai", "America/New_York", "Pacific/Apia", "Africa/Casablanca", "UTC"] {
        let zone = zone(name);
        let quick = Clock::new(&zone);
        let slow = Clock { zone, calm: Vec::new() };
        let mut local = days_of(1969, 12, 1).unwrap() * DAY_MICROS;
        while local < days_of(2101, 1, 1).unwrap() * DAY_MICROS {
            assert_eq!(quick.instant(local), slow.instant(local), "{name} {local}");
            assert_eq!(
                quick.first_of(local.div_euclid(DAY_MICROS)),
                slow.first_of(local.div_euclid(DAY_MICROS)),
                "{name} {local}"
            );
            // Not a divisor of a day, so that every time of day is met.
            local += 13 * 3_599 * SECOND_MICROS;
        }
        assert!(!quick.calm.is_empty(), "{name}");
    }
}

#[test]
fn every_day_of_the_calendar_is_counted_once() {
    let mut expected = days_of(1, 1, 1).unwrap();
    assert_eq!(days_of(1970, 1, 1), Some(0));
    for year in 1..=9999 {
        for month in 1..=12 {
            for day in 1..=31 {
                if let Some(days) = days_of(year, month, day) {
                    assert_eq!(days, expected);
                    expected += 1;
                }
            }
        }
    }
    assert_eq!(expected - 1, days_of(9999, 12, 31).unwrap());
}

#[test]
fn the_last_microsecond_stands_for_a_bare_day_where_a_balance_holds() {
    let instants = Instants::new(&zone("Asia/Shanghai"), &TimeStyle::default(), true);
    check(
        &instants,
        &[
            ("2026-03-31", Ok("2026-03-31T15:59:59.999999Z")),
            ("2026-03-31 08:00:00", Ok("2026-03-31T00:00:00Z")),
        ],
    );
    assert_eq!(instants.day(0).map(show).unwrap(), "1970-01-01T15:59:59.999999Z");
    let berlin = Instants::new(&zone("Europe/Berlin"), &TimeStyle::default(), true);
    check(&berlin, &[("2026-03-29", Ok("2026-03-29T21:59:59.999999Z"))]);
}

#[test]
fn declared_formats_are_obeyed() {
    use Refusal::*;
    let shanghai = zone("Asia/Shanghai");
    type Rows<'r> = &'r [(&'r str, Result<&'r str, Refusal>)];
    let tables: &[(&str, Rows)] = &[
        (
            "%Y%m%d%H%M%S",
            &[
                ("20260301100000", Ok("2026-03-01T02:00:00Z")),
                ("20260229100000", Err(NoSuchTime)),
                ("20260301100060", Err(NoSuchTime)),
                ("20260301", Err(NotPattern)),
                ("2026-03-01 10:00:00", Err(NotPattern)),
                ("20260301100000x", Err(NotPattern)),
                // A zero is missing, and nobody can say which.
                ("2026031110103", Err(NotPattern)),
                ("2026031100500", Err(NotPattern)),
            ],
        ),
        (
            "%Y%m%d %H%M%S",
            &[("20260311 101003", Ok("2026-03-11T02:10:03Z")), ("20260311 10103", Err(NotPattern))],
        ),
        (
            "%d.%m.%Y %H:%M",
            &[
                ("11.03.2026 09:05", Ok("2026-03-11T01:05:00Z")),
                ("1.3.2026 9:05", Ok("2026-03-01T01:05:00Z")),
                ("11.03.26 09:05", Err(NotPattern)),
            ],
        ),
        ("%d-%b-%y", &[("01-MAR-26", Ok("2026-02-28T16:00:00Z"))]),
        ("%Y%m%d", &[("20260301", Ok("2026-02-28T16:00:00Z")), ("20260301x", Err(NotPattern))]),
        (
            "%Y/%m/%d %H:%M:%S",
            &[
                ("2026/03/01 10:00:00", Ok("2026-03-01T02:00:00Z")),
                ("2026/3/1 10:00:00", Ok("2026-03-01T02:00:00Z")),
            ],
        ),
        ("%Y年%m月%d日", &[("2026年03月01日", Ok("2026-02-28T16:00:00Z"))]),
        (
            "%d/%m/%Y %I:%M %p",
            &[
                ("01/03/2026 01:30 PM", Ok("2026-03-01T05:30:00Z")),
                ("1/3/2026 1:30 pm", Ok("2026-03-01T05:30:00Z")),
                ("31/02/2026 01:30 PM", Err(NoSuchTime)),
                ("01/03/2026 13:30 PM", Err(NotPattern)),
            ],
        ),
        (
            "%s",
            &[
                ("1772330400", Ok("2026-03-01T02:00:00Z")),
                ("0", Ok("1970-01-01T00:00:00Z")),
                ("1772330400000", Err(NotPattern)),
            ],
        ),
        ("%FT%T%z", &[("2026-03-01T10:00:00+0900", Ok("2026-03-01T01:00:00Z"))]),
        (
            "%F %T%.f",
            &[
                ("2026-03-01 10:00:00.25", Ok("2026-03-01T02:00:00.25Z")),
                ("2026-03-01 10:00:00.250", Ok("2026-03-01T02:00:00.25Z")),
                ("2026-03-01 10:00:00.05", Ok("2026-03-01T02:00:00.05Z")),
                ("2026-03-01 10:00:00.123456789", Err(TooFine)),
            ],
        ),
        ("%F %T %Q", &[("2026-10-25 02:30:00 Europe/Berlin", Err(Repeated))]),
        ("%F %T", &[("2026-03-01 10:00:00", Ok("2026-03-01T02:00:00Z"))]),
        ("%H:%M", &[("10:00", Err(NoSuchTime))]),
    ];
    for (pattern, rows) in tables {
        check(&Instants::new(&shanghai, &written([pattern]), false), rows);
    }
}

#[test]
fn of_several_formats_exactly_one_may_fit() {
    use Refusal::*;
    let shanghai = zone("Asia/Shanghai");
    check(
        &Instants::new(&shanghai, &written(["%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S", "%Y%m%d"]), false),
        &[
            ("20260301100000", Ok("2026-03-01T02:00:00Z")),
            ("2026-03-01 10:00:00", Ok("2026-03-01T02:00:00Z")),
            ("20260301", Ok("2026-02-28T16:00:00Z")),
            ("20260229", Err(NoSuchTime)),
            ("2026/03/01", Err(NotPattern)),
        ],
    );
    check(
        &Instants::new(&shanghai, &written(["%d/%m/%Y", "%m/%d/%Y"]), false),
        &[
            ("31/01/2026", Ok("2026-01-30T16:00:00Z")),
            ("01/31/2026", Ok("2026-01-30T16:00:00Z")),
            ("01/02/2026", Err(ManyPatterns)),
            ("05/05/2026", Err(ManyPatterns)),
            ("31/02/2026", Err(NoSuchTime)),
        ],
    );
    // A time that the clock skips fits its format; another that fits too does not win by that.
    let berlin = zone("Europe/Berlin");
    check(
        &Instants::new(&berlin, &written(["%Y-%m-%d %H:%M", "%Y-%d-%m %H:%M"]), false),
        &[("2026-03-29 02:30", Err(Skipped)), ("2026-05-10 02:30", Err(ManyPatterns))],
    );
}

#[test]
fn second_60_is_never_read_as_59() {
    let style = written(["%Y/%m/%d %H:%M:%S"]);
    check(
        &Instants::new(&zone("UTC"), &style, false),
        &[
            ("2026/3/1 23:59:60", Err(Refusal::NoSuchTime)),
            ("2026/3/1 23:59:59", Ok("2026-03-01T23:59:59Z")),
            ("1960/3/1 23:59:59", Ok("1960-03-01T23:59:59Z")),
            ("1960/3/1 23:59:60", Err(Refusal::NoSuchTime)),
        ],
    );
}

#[test]
fn distances_from_the_epoch_are_whole_numbers() {
    use Refusal::*;
    let epoch = |unit| TimeStyle { epoch: Some(unit), ..TimeStyle::default() };
    type Rows<'r> = &'r [(&'r str, Result<&'r str, Refusal>)];
    let tables: &[(Epoch, Rows)] = &[
        (
            Epoch::Seconds,
            &[
                ("1772330400", Ok("2026-03-01T02:00:00Z")),
                ("-1", Ok("1969-12-31T23:59:59Z")),
                ("0", Ok("1970-01-01T00:00:00Z")),
                ("1772330400000", Err(OutOfRange)),
                ("9223372036854775807", Err(OutOfRange)),
                ("99999999999999999999", Err(OutOfRange)),
                ("1772330400.5", Err(NotEpoch("seconds"))),
                ("1.7723304E9", Err(NotEpoch("seconds"))),
                ("+1772330400", Err(NotEpoch("seconds"))),
                ("-", Err(NotEpoch("seconds"))),
                ("2026-03-01", Err(NotEpoch("seconds"))),
            ],
        ),
        (Epoch::Milliseconds, &[("1772330400250", Ok("2026-03-01T02:00:00.25Z"))]),
        (Epoch::Microseconds, &[("1772330400000001", Ok("2026-03-01T02:00:00.000001Z"))]),
    ];
    for (unit, rows) in tables {
        check(&Instants::new(&zone("Asia/Shanghai"), &epoch(*unit), false), rows);
    }
}

#[test]
fn a_missing_year_is_the_one_that_comes_nearest_to_the_period() {
    use Refusal::*;
    let near = |middle: &str, patterns: &[&str], day_end| {
        let middle: Timestamp = middle.parse().unwrap();
        let style = TimeStyle {
            patterns: patterns.iter().map(|&one| one.to_owned()).collect(),
            epoch: None,
            year: Year::Nearest(Instant(middle.as_microsecond())),
        };
        Instants::new(&zone("Asia/Shanghai"), &style, day_end)
    };
    check(
        &near("2026-01-15T16:00:00Z", &["%m%d%H%M%S"], false),
        &[
            ("0101000000", Ok("2025-12-31T16:00:00Z")),
            ("1231235959", Ok("2025-12-31T15:59:59Z")),
            ("0131235959", Ok("2026-01-31T15:59:59Z")),
            ("0716120000", Ok("2026-07-16T04:00:00Z")),
            ("0719000000", Ok("2025-07-18T16:00:00Z")),
            ("0229000000", Err(NoSuchTime)),
            ("0230000000", Err(NoSuchTime)),
            ("01010000", Err(NotPattern)),
            ("20260101000000", Err(NotPattern)),
        ],
    );
    let december = near("2025-12-16T00:00:00Z", &["%m%d", "%m-%d"], true);
    check(
        &december,
        &[
            ("0102", Ok("2026-01-02T15:59:59.999999Z")),
            ("12-31", Ok("2025-12-31T15:59:59.999999Z")),
        ],
    );
    // A leap day belongs to a period beside it and to none further away.
    let rows = [("0229", Ok("2024-02-28T16:00:00Z"))];
    check(&near("2024-02-14T16:00:00Z", &["%m%d"], false), &rows);
    check(&near("2025-02-13T16:00:00Z", &["%m%d"], false), &[("0229", Err(NoYear))]);
    // 365 days lie between the two; the middle is noon of 2 July.
    let rows = [("0101", Err(TwoYears)), ("0102", Ok("2025-01-01T16:00:00Z"))];
    check(&near("2025-07-02T04:00:00Z", &["%m%d"], false), &rows);
}
