//! Instants, business dates and clearing periods.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Microseconds since the epoch in UTC: the resolution of every canonical and published instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

/// Microseconds of a day of 24 hours.
pub const DAY_MICROS: i64 = 86_400_000_000;

impl Instant {
    /// The first instant of a day in a zone.
    #[must_use]
    pub fn start_of(day: Date, zone: &TimeZone) -> Option<Instant> {
        let midnight = day.to_zoned(zone.clone()).ok()?;
        Some(Instant(midnight.timestamp().as_microsecond()))
    }

    /// The day in a zone.
    #[must_use]
    pub fn day(self, zone: &TimeZone) -> Option<Date> {
        Timestamp::from_microsecond(self.0).ok().map(|at| zone.to_datetime(at).date())
    }

    /// The instant that lies that many microseconds later; earlier for a negative number.
    #[must_use]
    pub fn plus(self, micros: i64) -> Instant {
        Instant(self.0.saturating_add(micros))
    }

    /// ISO 8601 in a zone, to the second unless there is more, such as `2026-03-01T10:00:00+08:00`.
    #[must_use]
    pub fn show(self, zone: &TimeZone) -> String {
        match Timestamp::from_microsecond(self.0) {
            Ok(at) => at.display_with_offset(zone.to_offset(at)).to_string(),
            Err(_) => format!("{} µs", self.0),
        }
    }
}

/// Days since 1970-01-01, as Arrow's Date32 wants them.
#[must_use]
pub fn epoch_days(day: Date) -> i32 {
    let epoch = Date::constant(1970, 1, 1);
    epoch.until(day).map_or(0, |span| span.get_days())
}

/// How often an agreement clears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cycle {
    /// Every business date.
    Daily,
    /// Every calendar month.
    Monthly,
    /// Every calendar quarter.
    Quarterly,
}

impl Cycle {
    /// The word for it in pipelines and outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Cycle::Daily => "daily",
            Cycle::Monthly => "monthly",
            Cycle::Quarterly => "quarterly",
        }
    }
}

/// Whether a text is the label of a period, of whatever cycle.
#[must_use]
pub fn is_label(text: &str) -> bool {
    let cycles = [Cycle::Daily, Cycle::Monthly, Cycle::Quarterly];
    cycles.into_iter().any(|cycle| Period::whole(text, cycle, &TimeZone::UTC).is_some())
}

/// A clearing period `[start, end)` seen on an as-of date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// `2026-03-31`, `2026-03` or `2026-Q1`.
    pub label: String,
    /// The first instant.
    pub start: Instant,
    /// The first instant after it.
    pub end: Instant,
    /// The as-of date.
    pub as_of: Date,
    /// The midnight that ends the as-of date.
    pub as_of_end: Instant,
}

/// A period that cannot be formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The label is not one of the cycle.
    #[error("`{label}` is not a {} period; write {example}", cycle.word())]
    Label {
        /// What was given.
        label: String,
        /// The agreement's cycle.
        cycle: Cycle,
        /// What it should look like.
        example: &'static str,
    },
    /// The as-of date lies before the period.
    #[error("as of {as_of} the period {label} has not begun")]
    NotBegun {
        /// The period.
        label: String,
        /// The as-of date.
        as_of: Date,
    },
    /// The date is past what the calendar holds.
    #[error("the date {0} is out of range")]
    Range(Date),
}

impl Period {
    /// The instant half way through it.
    #[must_use]
    pub fn middle(&self) -> Instant {
        self.start.plus(self.end.0.saturating_sub(self.start.0) / 2)
    }

    /// The period of a cycle that contains the as-of date.
    ///
    /// # Errors
    /// [`PeriodError::Range`] at the ends of the calendar.
    pub fn containing(as_of: Date, cycle: Cycle, zone: &TimeZone) -> Result<Period, PeriodError> {
        let first = match cycle {
            Cycle::Daily => as_of,
            Cycle::Monthly => as_of.first_of_month(),
            Cycle::Quarterly => quarter_start(as_of),
        };
        Period::starting(first, as_of, cycle, zone)
    }

    /// The period of that label, seen on the as-of date.
    ///
    /// # Errors
    /// When the label is none of the cycle, or the period has not begun.
    pub fn labelled(
        label: &str,
        as_of: Date,
        cycle: Cycle,
        zone: &TimeZone,
    ) -> Result<Period, PeriodError> {
        let (day, example) = match cycle {
            Cycle::Daily => (label.parse().ok(), "2026-03-31"),
            Cycle::Monthly => (format!("{label}-01").parse().ok(), "2026-03"),
            Cycle::Quarterly => (quarter_of(label), "2026-Q1"),
        };
        let refused = || PeriodError::Label { label: label.to_owned(), cycle, example };
        let first: Date = day.ok_or_else(refused)?;
        let period = Period::starting(first, as_of, cycle, zone)?;
        if period.label != label {
            return Err(refused());
        }
        if period.as_of_end <= period.start {
            return Err(PeriodError::NotBegun { label: period.label, as_of });
        }
        Ok(period)
    }

    fn starting(
        first: Date,
        as_of: Date,
        cycle: Cycle,
        zone: &TimeZone,
    ) -> Result<Period, PeriodError> {
        let (label, length) = match cycle {
            Cycle::Daily => (first.to_string(), Span::new().days(1)),
            Cycle::Monthly => {
                (format!("{:04}-{:02}", first.year(), first.month()), Span::new().months(1))
            }
            Cycle::Quarterly => {
                let quarter = (first.month() - 1) / 3 + 1;
                (format!("{:04}-Q{quarter}", first.year()), Span::new().months(3))
            }
        };
        let out_of_range = |_| PeriodError::Range(as_of);
        let after = first.checked_add(length).map_err(out_of_range)?;
        let tomorrow = as_of.tomorrow().map_err(out_of_range)?;
        let at = |day| Instant::start_of(day, zone).ok_or(PeriodError::Range(day));
        Ok(Period { label, start: at(first)?, end: at(after)?, as_of, as_of_end: at(tomorrow)? })
    }

    /// The period of that label, seen on its last day; `None` for a label that the cycle has not.
    #[must_use]
    pub fn whole(label: &str, cycle: Cycle, zone: &TimeZone) -> Option<Period> {
        let late = Period::labelled(label, Date::constant(9999, 1, 1), cycle, zone).ok()?;
        let last_day = late.end.plus(-1).day(zone)?;
        Period::labelled(label, last_day, cycle, zone).ok()
    }

    /// The period just before, seen on its last day.
    #[must_use]
    pub fn previous(&self, cycle: Cycle, zone: &TimeZone) -> Option<Period> {
        Period::containing(self.start.plus(-1).day(zone)?, cycle, zone).ok()
    }

    /// The period just after, seen on its first day.
    #[must_use]
    pub fn next(&self, cycle: Cycle, zone: &TimeZone) -> Option<Period> {
        Period::containing(self.end.day(zone)?, cycle, zone).ok()
    }

    /// The first day on which the period may be closed: so many days after the day that follows
    /// its last.
    #[must_use]
    pub fn closes_from(&self, days: u32, zone: &TimeZone) -> Option<Date> {
        self.end.day(zone)?.checked_add(Span::new().try_days(days).ok()?).ok()
    }

    /// The end of what this run clears: the period's end, or the end of the as-of day before it.
    #[must_use]
    pub fn cut(&self) -> Instant {
        self.end.min(self.as_of_end)
    }

    /// The first instant of the day that lies so many months before the day of the cut: the same
    /// day of the month, or the last of a month that has none such.
    #[must_use]
    pub fn months_before_cut(&self, months: u32, zone: &TimeZone) -> Instant {
        let back = Span::new().try_months(months).ok();
        let day = self.cut().day(zone).zip(back).and_then(|(day, back)| day.checked_sub(back).ok());
        // Before the calendar began there was nothing to count.
        day.and_then(|day| Instant::start_of(day, zone)).unwrap_or(Instant(i64::MIN))
    }

    /// Whether an instant lies in what this run clears.
    #[must_use]
    pub fn clears(&self, at: Instant) -> bool {
        self.start <= at && at < self.cut()
    }

    /// Whether an instant lies in the period, past the as-of date too.
    #[must_use]
    pub fn contains(&self, at: Instant) -> bool {
        self.start <= at && at < self.end
    }

    /// Whether a one-sided entry of that instant is still awaited.
    #[must_use]
    pub fn in_grace(&self, at: Instant, grace_days: u32) -> bool {
        at.plus(i64::from(grace_days).saturating_mul(DAY_MICROS)) > self.as_of_end
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.label)
    }
}

fn quarter_start(day: Date) -> Date {
    let month = (day.month() - 1) / 3 * 3 + 1;
    // The first day of a month of a year that exists, exists.
    Date::new(day.year(), month, 1).unwrap_or(day)
}

fn quarter_of(label: &str) -> Option<Date> {
    let (year, quarter) = label.split_once("-Q")?;
    let quarter: i8 = quarter.parse().ok().filter(|quarter| (1..=4).contains(quarter))?;
    Date::new(year.parse().ok()?, (quarter - 1) * 3 + 1, 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_is_the_cycle_that_contains_the_date() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        let rows = [
            (Cycle::Daily, "2026-03-31", "2026-03-31", "2026-03-30T16:00:00Z"),
            (Cycle::Monthly, "2026-03-31", "2026-03", "2026-02-28T16:00:00Z"),
            (Cycle::Quarterly, "2026-03-31", "2026-Q1", "2025-12-31T16:00:00Z"),
            (Cycle::Quarterly, "2026-05-01", "2026-Q2", "2026-03-31T16:00:00Z"),
            (Cycle::Quarterly, "2026-12-01", "2026-Q4", "2026-09-30T16:00:00Z"),
        ];
        for (cycle, as_of, label, start) in rows {
            let period = Period::containing(date(as_of), cycle, &zone).unwrap();
            assert_eq!(period.label, label);
            let start: Timestamp = start.parse().unwrap();
            assert_eq!(period.start, Instant(start.as_microsecond()));
            let again = Period::labelled(label, date(as_of), cycle, &zone).unwrap();
            assert_eq!(again, period);
        }
    }

    #[test]
    fn labels_that_are_none_are_refused() {
        let zone = TimeZone::UTC;
        for (cycle, label) in [
            (Cycle::Monthly, "2026-3"),
            (Cycle::Monthly, "2026-13"),
            (Cycle::Quarterly, "2026-Q5"),
            (Cycle::Daily, "2026-02-30"),
            (Cycle::Monthly, "2026-04"),
        ] {
            let got = Period::labelled(label, date("2026-03-31"), cycle, &zone);
            assert!(got.is_err(), "{label}");
        }
    }

    #[test]
    fn periods_follow_one_another() {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        for (cycle, before, label, after) in [
            (Cycle::Daily, "2026-02-28", "2026-03-01", "2026-03-02"),
            (Cycle::Monthly, "2025-12", "2026-01", "2026-02"),
            (Cycle::Quarterly, "2025-Q4", "2026-Q1", "2026-Q2"),
        ] {
            let period = Period::whole(label, cycle, &zone).unwrap();
            assert_eq!(period.previous(cycle, &zone).unwrap().label, before);
            assert_eq!(period.next(cycle, &zone).unwrap().label, after);
            assert_eq!(period.previous(cycle, &zone), Period::whole(before, cycle, &zone));
        }
        let march = Period::whole("2026-03", Cycle::Monthly, &zone).unwrap();
        assert_eq!(march.closes_from(3, &zone), Some(date("2026-04-04")));
        assert_eq!(Period::whole("latest", Cycle::Monthly, &zone), None);
    }

    #[test]
    fn what_a_run_clears_begins_with_the_period_and_ends_with_the_as_of_day() {
        let zone = TimeZone::UTC;
        let at = |day: &str| Instant::start_of(date(day), &zone).unwrap();
        // as of, the end of what is cleared
        for (as_of, cut) in [("2026-03-10", "2026-03-11"), ("2026-04-05", "2026-04-01")] {
            let period = Period::labelled("2026-03", date(as_of), Cycle::Monthly, &zone).unwrap();
            assert_eq!(period.cut(), at(cut));
            let rows = [
                (at("2026-03-01").plus(-1), false, false),
                (at("2026-03-01"), true, true),
                (at(cut).plus(-1), true, true),
                (at(cut), false, at(cut) < period.end),
                (period.end.plus(-1), at(cut) == period.end, true),
                (period.end, false, false),
            ];
            for (instant, clears, contains) in rows {
                let got = (period.clears(instant), period.contains(instant));
                assert_eq!(got, (clears, contains), "{as_of} {}", instant.show(&zone));
            }
            assert_eq!(period.middle(), at("2026-03-16").plus(DAY_MICROS / 2));
        }
    }

    #[test]
    fn the_grace_is_over_with_the_as_of_day_so_many_days_later() {
        let zone = TimeZone::UTC;
        let period =
            Period::labelled("2026-03", date("2026-03-31"), Cycle::Monthly, &zone).unwrap();
        let at = Instant::start_of(date("2026-03-29"), &zone).unwrap();
        for (instant, days, awaited) in
            [(at, 3, false), (at.plus(1), 3, true), (at, 4, true), (at.plus(1), 0, false)]
        {
            assert_eq!(period.in_grace(instant, days), awaited, "{days}");
        }
    }

    #[test]
    fn months_are_counted_back_from_the_day_of_the_cut() {
        let zone = TimeZone::UTC;
        // as of, months, the day
        for (as_of, months, day) in [
            ("2026-03-30", 1, "2026-02-28"),
            ("2026-03-14", 12, "2025-03-15"),
            ("2026-03-14", 0, "2026-03-15"),
        ] {
            let period = Period::containing(date(as_of), Cycle::Monthly, &zone).unwrap();
            let expected = Instant::start_of(date(day), &zone).unwrap();
            assert_eq!(period.months_before_cut(months, &zone), expected, "{as_of} {months}");
        }
    }

    #[test]
    fn days_count_from_the_first_of_1970() {
        for (day, count) in [("1969-12-31", -1), ("1970-01-01", 0), ("2026-03-01", 20_513)] {
            assert_eq!(epoch_days(date(day)), count, "{day}");
        }
    }

    #[test]
    fn a_day_of_a_daylight_saving_change_has_its_own_length() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let period = Period::containing(date("2026-03-29"), Cycle::Daily, &zone).unwrap();
        assert_eq!(period.end.0 - period.start.0, 23 * 3_600_000_000);
    }
}
