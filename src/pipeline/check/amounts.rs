//! Texts that are amounts, days, instants or lengths of time. None of them ever is a float.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::value::period::Instant;

/// A plain decimal: digits, perhaps a sign, perhaps a point with digits after it. No exponent, no
/// grouping, no more digits than can be held exactly.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !fraction.is_none_or(digits) {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

/// A day as `YYYY-MM-DD`, and no other spelling of it.
pub(super) fn day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    (day.to_string() == text).then_some(day)
}

/// The cure for a text that [`instant`] does not take.
pub(super) const INSTANT_CURE: &str = "Write a day such as `2026-03-16`, a local time such as \
     `2026-03-16 12:00:00`, or an instant such as `2026-03-16T12:00:00+08:00`.";

/// An instant: a day's first instant in the zone, a local time in the zone, or an instant with
/// its offset. A local time that the zone skips or repeats is none.
pub(super) fn instant(text: &str, zone: &TimeZone) -> Option<Instant> {
    if let Some(day) = day(text) {
        return Instant::start_of(day, zone);
    }
    // Shorter spellings, such as a day without hyphens, are left out: they are easily mistaken.
    if text.len() < "2026-03-16 12:00".len()
        || text.as_bytes().get(10).is_none_or(u8::is_ascii_digit)
    {
        return None;
    }
    let micros = |at: Timestamp| Instant(at.as_microsecond());
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(micros(at));
    }
    // A civil time would parse with an offset or zone too, and would forget it.
    let local = text.get(11..)?;
    if !local.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.')) {
        return None;
    }
    let local: DateTime = text.parse().ok()?;
    zone.to_ambiguous_zoned(local).unambiguous().ok().map(|zoned| micros(zoned.timestamp()))
}

/// The most days of a window.
const WINDOW_DAYS_MAX: i64 = 366;

/// A signed length of time in microseconds: `-30s`, `90m`, `2h`, `1d`.
pub(super) fn length_micros(text: &str) -> Option<i64> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = unsigned.split_at_checked(digits)?;
    let seconds: i64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    let seconds = count.parse::<i64>().ok()?.checked_mul(seconds)?;
    // Within the bound the product has at most 14 digits.
    (seconds <= WINDOW_DAYS_MAX * 86_400).then(|| sign * seconds * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimals_are_amounts() {
        let rows = [
            ("0.008", Some("0.008")),
            ("-12.50", Some("-12.50")),
            ("0", Some("0")),
            ("007", Some("7")),
            ("1e-3", None),
            ("1_000", None),
            ("1,000", None),
            ("+1", None),
            (".5", None),
            ("5.", None),
            ("", None),
            ("-", None),
            ("0x10", None),
            (".inf", None),
            ("NaN", None),
            ("１", None),
            ("99999999999999999999999999999999", None),
            ("0.00000000000000000000000000000000001", None),
        ];
        for (text, value) in rows {
            assert_eq!(decimal(text).map(|d| d.to_string()).as_deref(), value, "{text}");
        }
    }

    #[test]
    fn days_local_times_and_instants_are_instants() {
        let shanghai = TimeZone::get("Asia/Shanghai").unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let rows = [
            ("2026-03-16", &shanghai, Some("2026-03-15T16:00:00Z")),
            ("2026-03-16 12:00:00", &shanghai, Some("2026-03-16T04:00:00Z")),
            ("2026-03-16T12:00", &shanghai, Some("2026-03-16T04:00:00Z")),
            ("2026-03-16T12:00:00+08:00", &berlin, Some("2026-03-16T04:00:00Z")),
            ("2026-03-16T04:00:00Z", &berlin, Some("2026-03-16T04:00:00Z")),
            ("2026-03-16 12:00:00[Asia/Shanghai]", &berlin, None),
            ("2026-02-30", &shanghai, None),
            ("20260316", &shanghai, None),
            ("2026-3-16", &shanghai, None),
            ("16.03.2026", &shanghai, None),
            ("2026-03-16 25:00:00", &shanghai, None),
            // Skipped, and repeated, by daylight saving time.
            ("2026-03-29 02:30:00", &berlin, None),
            ("2026-10-25 02:30:00", &berlin, None),
        ];
        for (text, zone, expected) in rows {
            let expected =
                expected.map(|at| Instant(at.parse::<Timestamp>().unwrap().as_microsecond()));
            assert_eq!(instant(text, zone), expected, "{text}");
        }
    }

    #[test]
    fn lengths_have_one_unit() {
        let rows = [
            ("0s", Some(0)),
            ("-30s", Some(-30_000_000)),
            ("90m", Some(5_400_000_000)),
            ("2h", Some(7_200_000_000)),
            ("1d", Some(86_400_000_000)),
            ("367d", None),
            ("9223372036854775807s", None),
            ("9223372036854775807d", None),
            ("99999999999999999999s", None),
            ("2", None),
            ("h", None),
            ("1.5h", None),
            ("1h30m", None),
            ("--1s", None),
            ("2 h", None),
        ];
        for (text, micros) in rows {
            assert_eq!(length_micros(text), micros, "{text}");
        }
    }
}
