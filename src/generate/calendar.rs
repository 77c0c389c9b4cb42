//! When things happen: the period, its landmarks, and how instants are written.

use jiff::civil::Date;

use super::GenerateError;

/// Seconds by which Asia/Shanghai is ahead of UTC. The zone has had no daylight saving since 1991,
/// and the generator refuses earlier years, so that one offset is exact.
const ZONE_SECONDS: i64 = 8 * 3_600;

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// Seconds of an hour.
pub(super) const HOUR: i64 = 3_600;

/// A point in time in whole seconds since the epoch, UTC.
pub(super) type Second = i64;

/// A period with the landmarks by which events are placed.
#[derive(Debug, Clone)]
pub(super) struct Scene {
    /// Such as `2026-03`.
    pub label: String,
    /// Its number from zero.
    pub index: u64,
    /// Year and month as event numbers carry them, such as `2603`.
    pub stem: String,
    /// The first second.
    pub start: Second,
    /// The first second past what a run as of the last day clears: the period's end, or earlier
    /// where the order names an as-of date.
    pub close: Second,
    /// Whether `close` is the period's end.
    pub whole: bool,
    /// The first second of the 16th, when the ratios change.
    pub change: Second,
    /// The day without a version, where the order asks for one.
    pub gap: Option<(Second, Second)>,
    /// Whether the later half of the period has the higher A→B ratio.
    pub rises: bool,
    /// The first second of the first period: what must hold in all periods is dated by it.
    pub dawn: Second,
}

/// The day of the month on which the blocking gap lies.
pub(super) const GAP_DAY: i8 = 6;

/// The earliest as-of day of the month: below it the landmarks do not fit.
pub(super) const AS_OF_DAY_MIN: i8 = 12;

impl Scene {
    /// The landmarks of a month.
    pub fn new(
        first: Date,
        index: u64,
        dawn: Date,
        as_of: Option<Date>,
        blocking: bool,
    ) -> Result<Scene, GenerateError> {
        let next = month_after(first)?;
        let end = midnight(next)?;
        let close = match as_of {
            Some(day) => midnight(day.tomorrow().map_err(|_| out_of_range(day))?)?.min(end),
            None => end,
        };
        let start = midnight(first)?;
        let gap_from = start + (i64::from(GAP_DAY) - 1) * DAY;
        Ok(Scene {
            label: format!("{:04}-{:02}", first.year(), first.month()),
            index,
            stem: format!("{:02}{:02}", first.year() % 100, first.month()),
            start,
            close,
            whole: close == end,
            change: start + 15 * DAY,
            gap: blocking.then_some((gap_from, gap_from + DAY)),
            rises: index.is_multiple_of(2),
            dawn: midnight(dawn)?,
        })
    }

    /// Whether a second lies in the day without a version.
    pub fn in_gap(&self, at: Second) -> bool {
        self.gap.is_some_and(|(from, to)| from <= at && at < to)
    }
}

/// The first day of the month after a first day of month.
pub(super) fn month_after(first: Date) -> Result<Date, GenerateError> {
    let span = jiff::Span::new().months(1);
    first.checked_add(span).map_err(|_| out_of_range(first))
}

/// The first second of a day in the agreement's zone.
pub(super) fn midnight(day: Date) -> Result<Second, GenerateError> {
    if !(1992..=9000).contains(&day.year()) {
        return Err(out_of_range(day));
    }
    Ok(i64::from(crate::value::period::epoch_days(day)) * DAY - ZONE_SECONDS)
}

fn out_of_range(day: Date) -> GenerateError {
    GenerateError::Order(format!("the date {day} is out of range"))
}

/// A local date and time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Local {
    year: i64,
    month: i64,
    day: i64,
    second: i64,
}

/// The local date and time of a second. Dates come from the days-to-civil algorithm of
/// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms": a general calendar would cost more
/// than everything else that a row needs.
fn local(at: Second) -> Local {
    let shifted = at + ZONE_SECONDS;
    let days = shifted.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    Local {
        year: era * 400 + year_of_era + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * march_month + 2) / 5 + 1,
        second: shifted.rem_euclid(DAY),
    }
}

/// Appends a number with at least `width` digits.
pub(super) fn push_padded(text: &mut String, number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut rest = number;
    let mut begin = digits.len();
    while rest > 0 || digits.len() - begin < width.min(digits.len()) {
        begin -= 1;
        digits[begin] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    text.extend(digits[begin..].iter().map(|&digit| char::from(digit)));
}

/// Appends `20260305`.
pub(super) fn push_day(text: &mut String, at: Second) {
    let at = local(at);
    push_padded(text, at.year.unsigned_abs(), 4);
    push_padded(text, at.month.unsigned_abs(), 2);
    push_padded(text, at.day.unsigned_abs(), 2);
}

/// Appends `20260305143000`, local time.
pub(super) fn push_compact(text: &mut String, at: Second) {
    push_day(text, at);
    let second = local(at).second.unsigned_abs();
    push_padded(text, second / 3_600, 2);
    push_padded(text, second / 60 % 60, 2);
    push_padded(text, second % 60, 2);
}

/// Appends `2026-03-05T14:30:00+08:00`.
pub(super) fn push_iso(text: &mut String, at: Second) {
    let day = local(at);
    let second = day.second.unsigned_abs();
    push_padded(text, day.year.unsigned_abs(), 4);
    for (mark, number) in [
        ('-', day.month.unsigned_abs()),
        ('-', day.day.unsigned_abs()),
        ('T', second / 3_600),
        (':', second / 60 % 60),
        (':', second % 60),
    ] {
        text.push(mark);
        push_padded(text, number, 2);
    }
    text.push_str("+08:00");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_as_the_calendar_of_jiff_writes_them() {
        let zone = jiff::tz::TimeZone::get("Asia/Shanghai").unwrap();
        for (day, plus) in [
            ((2026, 3, 1), 0),
            ((2024, 2, 29), DAY - 1),
            ((2025, 12, 31), 13 * HOUR + 125),
            ((2000, 3, 1), 59),
        ] {
            let at = midnight(Date::new(day.0, day.1, day.2).unwrap()).unwrap() + plus;
            let zoned = jiff::Timestamp::from_second(at).unwrap().to_zoned(zone.clone());
            let mut shown = String::new();
            push_compact(&mut shown, at);
            assert_eq!(shown, zoned.strftime("%Y%m%d%H%M%S").to_string());
            let mut shown = String::new();
            push_iso(&mut shown, at);
            assert_eq!(shown, zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
        }
    }

    #[test]
    fn numbers_are_padded_and_never_cut() {
        let mut text = String::new();
        push_padded(&mut text, 7, 3);
        push_padded(&mut text, 12_345, 3);
        push_padded(&mut text, 0, 0);
        assert_eq!(text, "00712345");
    }
}
