//! Instants from text: ISO 8601 or a declared format, with local times in the feed's zone.
//!
//! A feed holds tens of millions of instants, so the common spellings are read by hand and a zone
//! is asked only near a clock change; everything else goes through jiff.

mod clock;
mod quick;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::{Offset, TimeZone};

use self::clock::Clock;
use super::refusal::Refusal;
use crate::feed::{Epoch, TimeStyle, Year};
use crate::value::period::{DAY_MICROS, Instant};

const SECOND_MICROS: i64 = 1_000_000;

/// The longest way from the middle of a period to an instant whose year its text leaves out.
const HALF_YEAR_MICROS: u64 = 184 * DAY_MICROS as u64;

/// What a pattern without a year begins with once it has one.
const YEAR_BEFORE: &str = "%Y|";

/// What a text says before the zone is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    /// A bare day, in days since the epoch.
    Day(i64),
    /// A local time, in microseconds since a local epoch.
    Local(i64),
    /// An instant, in microseconds since the epoch in UTC.
    Exact(i64),
}

/// How the instants of a column are read.
#[derive(Debug)]
pub(super) struct Instants {
    clock: Clock,
    notation: Notation,
    /// Whether a bare day means its last microsecond instead of its first.
    day_end: bool,
}

/// How instants are written.
#[derive(Debug)]
enum Notation {
    Iso,
    /// Exactly one of which a text may fit.
    Patterns(Vec<Pattern>),
    /// Without a year; each has one put in front. The middle of the period, in local time.
    Yearless(Vec<Pattern>, i64),
    Epoch(Epoch),
}

impl Instants {
    pub(super) fn new(zone: &TimeZone, style: &TimeStyle, day_end: bool) -> Instants {
        let clock = Clock::new(zone);
        let notation = match (style.epoch, style.year) {
            (Some(unit), _) => Notation::Epoch(unit),
            (None, _) if style.patterns.is_empty() => Notation::Iso,
            (None, Year::Written) => {
                Notation::Patterns(style.patterns.iter().map(|one| Pattern::new(one)).collect())
            }
            (None, Year::Nearest(middle)) => {
                let dated = |one: &String| Pattern::new(&format!("{YEAR_BEFORE}{one}"));
                let patterns = style.patterns.iter().map(dated).collect();
                Notation::Yearless(patterns, clock.local_of(middle))
            }
        };
        Instants { clock, notation, day_end }
    }

    /// Whether the column declares how its instants are written.
    pub(super) fn has_pattern(&self) -> bool {
        !matches!(self.notation, Notation::Iso)
    }

    /// Microseconds since the epoch in UTC.
    pub(super) fn text(&self, text: &str) -> Result<i64, Refusal> {
        match &self.notation {
            Notation::Iso => self.settle(iso(text.as_bytes())?),
            Notation::Patterns(patterns) => {
                self.only(patterns, |pattern| self.settle(pattern.read(text)?))
            }
            Notation::Yearless(patterns, middle) => {
                self.only(patterns, |pattern| self.settle(self.nearest(pattern, text, *middle)?))
            }
            Notation::Epoch(unit) => self.exact(since_epoch(text, *unit)?),
        }
    }

    /// The instant of the one pattern that fits. A day that does not exist fits none; a time that
    /// the clock change skips does, and is refused for that alone.
    fn only(
        &self,
        patterns: &[Pattern],
        read: impl Fn(&Pattern) -> Result<i64, Refusal>,
    ) -> Result<i64, Refusal> {
        let mut fit = None;
        let mut refusal = Refusal::NotPattern;
        for pattern in patterns {
            match read(pattern) {
                Err(Refusal::NotPattern) => {}
                Err(near @ (Refusal::NoSuchTime | Refusal::NoYear)) => refusal = near,
                _ if fit.is_some() => return Err(Refusal::ManyPatterns),
                other => fit = Some(other),
            }
        }
        fit.unwrap_or(Err(refusal))
    }

    fn settle(&self, written: Written) -> Result<i64, Refusal> {
        match written {
            Written::Day(days) => self.day(days),
            Written::Local(micros) => self.local(micros),
            Written::Exact(micros) => self.exact(micros),
        }
    }

    /// What a text without a year says, in the year that puts it nearest to the middle of the
    /// period. No year further away than half of one is meant by anybody.
    fn nearest(&self, pattern: &Pattern, text: &str, middle: i64) -> Result<Written, Refusal> {
        let year = i64::from(civil(middle)?.year());
        let mut best: Option<(u64, Written)> = None;
        let mut tied = false;
        let mut refusal = Refusal::NotPattern;
        for year in [year - 1, year, year + 1] {
            let written = match pattern.read(&format!("{year:04}|{text}")) {
                Ok(written) => written,
                Err(Refusal::NotPattern) => return Err(Refusal::NotPattern),
                Err(other) => {
                    refusal = other;
                    continue;
                }
            };
            let day_end = if self.day_end { DAY_MICROS - 1 } else { 0 };
            let local = match written {
                Written::Day(days) => days.saturating_mul(DAY_MICROS).saturating_add(day_end),
                Written::Local(micros) => micros,
                Written::Exact(micros) => self.clock.local_of(Instant(micros)),
            };
            let distance = local.abs_diff(middle);
            tied = best.is_some_and(|(least, _)| least == distance)
                || tied && best.is_some_and(|(least, _)| least < distance);
            if best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, written));
            }
        }
        match best {
            None => Err(refusal),
            Some(_) if tied => Err(Refusal::TwoYears),
            Some((distance, _)) if distance > HALF_YEAR_MICROS => Err(Refusal::NoYear),
            Some((_, written)) => Ok(written),
        }
    }

    /// A bare day: its first instant in the zone, or its last microsecond.
    pub(super) fn day(&self, days: i64) -> Result<i64, Refusal> {
        if self.day_end {
            self.clock.first_of(days.saturating_add(1)).map(|next| next - 1)
        } else {
            self.clock.first_of(days)
        }
    }

    /// A local time in the zone.
    pub(super) fn local(&self, micros: i64) -> Result<i64, Refusal> {
        self.clock.instant(micros)
    }

    /// An instant that needs no zone.
    pub(super) fn exact(&self, micros: i64) -> Result<i64, Refusal> {
        Timestamp::from_microsecond(micros).map_err(|_| Refusal::OutOfRange)?;
        Ok(micros)
    }
}

/// A local time in jiff's form: UTC is the zone in which local microseconds count as they stand.
fn civil(local: i64) -> Result<DateTime, Refusal> {
    let at = Timestamp::from_microsecond(local).map_err(|_| Refusal::OutOfRange)?;
    Ok(Offset::UTC.to_datetime(at))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar, or `None` where it does not exist.
/// The sum is Howard Hinnant's `days_from_civil`.
fn days_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=9999).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Microseconds into the day, or `None` where the clock never shows that.
fn micros_of(hour: i64, minute: i64, second: i64) -> Option<i64> {
    (hour < 24 && minute < 60 && second < 60)
        .then_some(((hour * 60 + minute) * 60 + second) * SECOND_MICROS)
}

/// A cursor over the text; every step may find that the text is not what it should be.
struct Cursor<'t>(&'t [u8]);

impl Cursor<'_> {
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (head, rest) = self.0.split_at_checked(digits)?;
        let mut number = 0;
        for byte in head {
            if !byte.is_ascii_digit() {
                return None;
            }
            number = number * 10 + i64::from(byte - b'0');
        }
        self.0 = rest;
        Some(number)
    }

    fn byte(&mut self, wanted: impl Fn(u8) -> bool) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        wanted(first).then(|| self.0 = rest)?;
        Some(first)
    }
}

/// ISO 8601: a day, or a day and a time with `T` or a blank between, an optional fraction and an
/// optional offset.
fn iso(text: &[u8]) -> Result<Written, Refusal> {
    let parts = iso_parts(text).ok_or(Refusal::NotInstant)?;
    let IsoParts { day: (year, month, day), time, fraction, offset } = parts;
    let days = days_of(year, month, day).ok_or(Refusal::NoSuchTime)?;
    let Some((hour, minute, second)) = time else { return Ok(Written::Day(days)) };
    let of_day = micros_of(hour, minute, second).ok_or(Refusal::NoSuchTime)?;
    let micros = fraction_micros(fraction)?;
    let local = days * DAY_MICROS + of_day + micros;
    match offset {
        None => Ok(Written::Local(local)),
        Some(seconds) => Ok(Written::Exact(local - seconds * SECOND_MICROS)),
    }
}

struct IsoParts<'t> {
    day: (i64, i64, i64),
    time: Option<(i64, i64, i64)>,
    fraction: &'t [u8],
    offset: Option<i64>,
}

fn iso_parts(text: &[u8]) -> Option<IsoParts<'_>> {
    let mut cursor = Cursor(text);
    let year = cursor.number(4)?;
    cursor.byte(|b| b == b'-')?;
    let month = cursor.number(2)?;
    cursor.byte(|b| b == b'-')?;
    let day = (year, month, cursor.number(2)?);
    if cursor.0.is_empty() {
        return Some(IsoParts { day, time: None, fraction: &[], offset: None });
    }
    cursor.byte(|b| b == b'T' || b == b' ')?;
    let hour = cursor.number(2)?;
    cursor.byte(|b| b == b':')?;
    let minute = cursor.number(2)?;
    cursor.byte(|b| b == b':')?;
    let time = Some((hour, minute, cursor.number(2)?));
    let mut fraction: &[u8] = &[];
    if cursor.byte(|b| b == b'.').is_some() {
        let digits = cursor.0.iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=9).contains(&digits) {
            return None;
        }
        let (head, rest) = cursor.0.split_at_checked(digits)?;
        (fraction, cursor.0) = (head, rest);
    }
    let offset = match cursor.byte(|_| true) {
        None => None,
        Some(b'Z') => Some(0),
        Some(sign @ (b'+' | b'-')) => {
            let hours = cursor.number(2)?;
            let colon = cursor.byte(|b| b == b':').is_some();
            let minutes = if cursor.0.is_empty() && !colon { 0 } else { cursor.number(2)? };
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = (hours * 60 + minutes) * 60;
            Some(if sign == b'-' { -seconds } else { seconds })
        }
        Some(_) => return None,
    };
    cursor.0.is_empty().then_some(IsoParts { day, time, fraction, offset })
}

fn fraction_micros(digits: &[u8]) -> Result<i64, Refusal> {
    if digits.iter().skip(6).any(|&b| b != b'0') {
        return Err(Refusal::TooFine);
    }
    let padded = digits.iter().copied().chain(std::iter::repeat(b'0')).take(6);
    Ok(padded.fold(0, |micros, digit| micros * 10 + i64::from(digit - b'0')))
}

/// Microseconds since the epoch, from a whole number of units of it.
fn since_epoch(text: &str, unit: Epoch) -> Result<i64, Refusal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Refusal::NotEpoch(unit.word()));
    }
    let count: i64 = text.parse().map_err(|_| Refusal::OutOfRange)?;
    count.checked_mul(unit.micros()).ok_or(Refusal::OutOfRange)
}

/// A declared format, with its fixed layout where every part has one width.
#[derive(Debug)]
struct Pattern {
    strptime: String,
    layout: Option<Vec<Part>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    Second,
    Literal(u8),
}

impl Part {
    /// How wide it is.
    fn bytes(self) -> usize {
        match self {
            Part::Year => 4,
            Part::Literal(_) => 1,
            Part::Month | Part::Day | Part::Hour | Part::Minute | Part::Second => 2,
        }
    }
}

impl Pattern {
    fn new(strptime: &str) -> Pattern {
        Pattern { strptime: strptime.to_owned(), layout: layout(strptime) }
    }

    fn read(&self, text: &str) -> Result<Written, Refusal> {
        match self.layout.as_deref().and_then(|layout| fixed(layout, text.as_bytes())) {
            Some(written) => written,
            None => self.broken_down(text),
        }
    }

    /// Whether the text says second 60, which jiff reads as 59: some 60 of it is the second if
    /// another number in its place changes the second.
    fn has_second_60(&self, text: &str) -> bool {
        text.match_indices("60").any(|(at, _)| {
            let mut other = text.to_owned();
            other.replace_range(at..at + 2, "58");
            BrokenDownTime::parse(&self.strptime, &other)
                .is_ok_and(|parsed| parsed.second() == Some(58))
        })
    }

    /// Whether what was read, written in the pattern again, is the text: jiff takes a number that
    /// lacks a digit at the cost of the next one, and a year of two digits for one of the first
    /// century. Zeros before a number and behind a fraction say nothing, and letters have no case.
    fn says(&self, parsed: &BrokenDownTime, text: &str) -> bool {
        let of_four_digits = parsed.year().is_none_or(|year| year >= 1000);
        let has_fraction = parsed.subsec_nanosecond().is_some();
        of_four_digits
            && parsed
                .to_string(self.strptime.as_str())
                .is_ok_and(|written| spoken(&written, has_fraction).eq(spoken(text, has_fraction)))
    }

    fn broken_down(&self, text: &str) -> Result<Written, Refusal> {
        let parsed =
            BrokenDownTime::parse(&self.strptime, text).map_err(|_| Refusal::NotPattern)?;
        if parsed.second() == Some(59) && self.has_second_60(text) {
            return Err(Refusal::NoSuchTime);
        }
        if !self.says(&parsed, text) {
            return Err(Refusal::NotPattern);
        }
        if parsed.subsec_nanosecond().is_some_and(|nanos| nanos % 1000 != 0) {
            return Err(Refusal::TooFine);
        }
        if parsed.timestamp().is_some() || parsed.offset().is_some() {
            let at = parsed.to_timestamp().map_err(|_| Refusal::NoSuchTime)?;
            return Ok(Written::Exact(at.as_microsecond()));
        }
        let date = parsed.to_date().map_err(|_| Refusal::NoSuchTime)?;
        let time = parsed.to_time().map_err(|_| Refusal::NoSuchTime)?;
        let utc =
            |civil: DateTime| Offset::UTC.to_timestamp(civil).map_err(|_| Refusal::OutOfRange);
        if let Some(name) = parsed.iana_time_zone() {
            let zone = TimeZone::get(name).map_err(|_| Refusal::NotPattern)?;
            let local = utc(date.to_datetime(time))?.as_microsecond();
            // A zone in the text is rare, so its clock is not worth keeping.
            let clock = Clock { zone, calm: Vec::new() };
            return clock.instant(local).map(Written::Exact);
        }
        if parsed.hour().is_none() {
            let midnight = utc(date.to_datetime(jiff::civil::Time::midnight()))?;
            return Ok(Written::Day(midnight.as_microsecond().div_euclid(DAY_MICROS)));
        }
        Ok(Written::Local(utc(date.to_datetime(time))?.as_microsecond()))
    }
}

/// What a text says: its numbers without the zeros that say nothing, and what stands between them.
/// Where it has a fraction, that is the number behind its last point.
fn spoken(text: &str, has_fraction: bool) -> impl Iterator<Item = String> + '_ {
    let point = text.rfind('.').filter(|_| has_fraction);
    let mut at = 0;
    text.as_bytes().chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit()).map(
        move |run| {
            let is_fraction = point.is_some_and(|point| at == point + 1);
            at += run.len();
            let said = String::from_utf8_lossy(run);
            match run.first().is_some_and(u8::is_ascii_digit) {
                true if is_fraction => said.trim_end_matches('0').to_owned(),
                true => said.trim_start_matches('0').to_owned(),
                false => said.to_ascii_lowercase(),
            }
        },
    )
}

/// The parts of a format in which every part has one width; `None` for any other.
fn layout(strptime: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut bytes = strptime.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            parts.push(Part::Literal(byte));
            continue;
        }
        match bytes.next()? {
            b'Y' => parts.push(Part::Year),
            b'm' => parts.push(Part::Month),
            b'd' => parts.push(Part::Day),
            b'H' => parts.push(Part::Hour),
            b'M' => parts.push(Part::Minute),
            b'S' => parts.push(Part::Second),
            b'F' => {
                let dash = Part::Literal(b'-');
                parts.extend([Part::Year, dash, Part::Month, dash, Part::Day]);
            }
            b'T' => {
                let colon = Part::Literal(b':');
                parts.extend([Part::Hour, colon, Part::Minute, colon, Part::Second]);
            }
            _ => return None,
        }
    }
    let count = |part: Part| parts.iter().filter(|&&p| p == part).count();
    let day = [Part::Year, Part::Month, Part::Day].map(count);
    let time = [Part::Hour, Part::Minute, Part::Second].map(count);
    (day == [1; 3] && (time == [1; 3] || time == [0; 3])).then_some(parts)
}

/// Reads a text of the layout's exact width; `None` leaves it to jiff, which is more lenient. A
/// text of the right shape with a day or time that does not exist is refused here, because jiff
/// would read second 60 as 59.
fn fixed(layout: &[Part], text: &[u8]) -> Option<Result<Written, Refusal>> {
    let mut cursor = Cursor(text);
    let (mut year, mut month, mut day) = (0, 0, 0);
    let mut time = None;
    let (mut minute, mut second) = (0, 0);
    for part in layout {
        match *part {
            Part::Year => year = cursor.number(4)?,
            Part::Month => month = cursor.number(2)?,
            Part::Day => day = cursor.number(2)?,
            Part::Hour => time = Some(cursor.number(2)?),
            Part::Minute => minute = cursor.number(2)?,
            Part::Second => second = cursor.number(2)?,
            Part::Literal(byte) => {
                cursor.byte(|b| b == byte)?;
            }
        }
    }
    if !cursor.0.is_empty() {
        return None;
    }
    let days = days_of(year, month, day);
    Some(match (days, time) {
        (None, _) => Err(Refusal::NoSuchTime),
        (Some(days), None) => Ok(Written::Day(days)),
        (Some(days), Some(hour)) => micros_of(hour, minute, second)
            .map(|of_day| Written::Local(days * DAY_MICROS + of_day))
            .ok_or(Refusal::NoSuchTime),
    })
}

#[cfg(test)]
mod tests;
