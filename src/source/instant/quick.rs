//! The common spellings of an instant, read by their places; a day and an offset are kept from one
//! text to the next, because rows of one day stand together.

use super::clock::Calm;
use super::{DAY_MICROS, Instants, Notation, Part, SECOND_MICROS, days_of, layout, micros_of};

/// Reads texts in which every part has its place.
#[derive(Debug)]
pub(in crate::source) struct Quick<'i> {
    instants: &'i Instants,
    places: Places,
    /// Whether an ISO offset may stand behind the time, or a bare day alone.
    is_iso: bool,
    /// The head of the last text, and the day that it says.
    head: Vec<u8>,
    days: i64,
    calm: Option<&'i Calm>,
}

/// Where the parts stand.
#[derive(Debug)]
struct Places {
    year: usize,
    month: usize,
    day: usize,
    /// The bytes of the head, in which the day stands and no part of the time.
    head: usize,
    /// Hour, minute and second, behind the head; nothing for bare days.
    time: Option<[usize; 3]>,
    /// The bytes of the time, with what parts it from the day.
    tail: usize,
    /// What stands between the numbers, in the head and behind it. A `T` may be a blank.
    literals: [Vec<(usize, u8)>; 2],
}

impl Places {
    /// `None` where a part of the day stands behind one of the time.
    fn new(layout: &[Part]) -> Option<Places> {
        let is_time = |part: &Part| matches!(part, Part::Hour | Part::Minute | Part::Second);
        let first = layout.iter().position(is_time).unwrap_or(layout.len());
        let (head, tail) = layout.split_at_checked(first)?;
        if !tail.iter().all(|part| is_time(part) || matches!(part, Part::Literal(_))) {
            return None;
        }
        let place = |parts: &[Part], wanted: Part| {
            let before = parts.iter().take_while(|part| **part != wanted);
            before.map(|part| part.bytes()).sum()
        };
        let literals = |parts: &[Part]| {
            let mut at = 0;
            let mut found = Vec::new();
            for part in parts {
                if let Part::Literal(byte) = part {
                    found.push((at, *byte));
                }
                at += part.bytes();
            }
            (at, found)
        };
        let ((head_bytes, in_head), (tail_bytes, in_tail)) = (literals(head), literals(tail));
        let time = [Part::Hour, Part::Minute, Part::Second].map(|part| place(tail, part));
        Some(Places {
            year: place(head, Part::Year),
            month: place(head, Part::Month),
            day: place(head, Part::Day),
            head: head_bytes,
            time: (!tail.is_empty()).then_some(time),
            tail: tail_bytes,
            literals: [in_head, in_tail],
        })
    }
}

impl Instants {
    /// A quick reader of the notation, where every text of it has its parts at the same places.
    pub(in crate::source) fn quick(&self) -> Option<Quick<'_>> {
        let places = match &self.notation {
            Notation::Iso => Places::new(&layout("%FT%T")?)?,
            Notation::Patterns(patterns) => match patterns.as_slice() {
                [only] => Places::new(only.layout.as_deref()?)?,
                _ => return None,
            },
            Notation::Yearless(..) | Notation::Epoch(_) => return None,
        };
        let is_iso = matches!(self.notation, Notation::Iso);
        Some(Quick { instants: self, places, is_iso, head: Vec::new(), days: 0, calm: None })
    }
}

impl Quick<'_> {
    /// Microseconds since the epoch in UTC; `None` where the text is to be read with more care.
    pub(in crate::source) fn read(&mut self, text: &[u8]) -> Option<i64> {
        let (head, behind) = text.split_at_checked(self.places.head)?;
        if head != self.head {
            self.days = self.day(head)?;
            self.head.clear();
            self.head.extend_from_slice(head);
        }
        let Some(time) = self.places.time else {
            return if behind.is_empty() { self.instants.day(self.days).ok() } else { None };
        };
        let (clock, offset) = behind.split_at_checked(self.places.tail)?;
        self.has_literals(clock, 1).then_some(())?;
        let [hour, minute, second] = time.map(|at| two(clock, at));
        let local = self.days * DAY_MICROS + micros_of(hour?, minute?, second?)?;
        match offset {
            [] => self.local(local),
            [b'Z'] if self.is_iso => self.instants.exact(local).ok(),
            [sign @ (b'+' | b'-'), offset @ ..] if self.is_iso => {
                let (hours, minutes) = (two(offset, 0)?, two(offset, 3)?);
                if offset.len() != 5 || offset.get(2) != Some(&b':') || hours > 23 || minutes > 59 {
                    return None;
                }
                let ahead = (hours * 60 + minutes) * 60 * SECOND_MICROS;
                self.instants.exact(if *sign == b'-' { local + ahead } else { local - ahead }).ok()
            }
            _ => None,
        }
    }

    fn day(&self, head: &[u8]) -> Option<i64> {
        self.has_literals(head, 0).then_some(())?;
        let Places { year, month, day, .. } = self.places;
        let year = two(head, year)? * 100 + two(head, year + 2)?;
        days_of(year, two(head, month)?, two(head, day)?)
    }

    fn has_literals(&self, text: &[u8], part: usize) -> bool {
        let Some(literals) = self.places.literals.get(part) else { return false };
        literals.iter().all(|&(at, byte)| match text.get(at) {
            Some(b' ') if self.is_iso && byte == b'T' => true,
            found => found == Some(&byte),
        })
    }

    fn local(&mut self, local: i64) -> Option<i64> {
        let is_in = |calm: &&Calm| calm.from <= local && local < calm.to;
        self.calm = self.calm.filter(is_in).or_else(|| self.instants.clock.calm_of(local));
        match self.calm {
            Some(calm) => Some(local - calm.offset),
            None => self.instants.local(local).ok(),
        }
    }
}

/// The number of two digits at that place.
fn two(text: &[u8], at: usize) -> Option<i64> {
    match text.get(at..at + 2) {
        Some([tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
            Some(i64::from((tens - b'0') * 10 + (ones - b'0')))
        }
        _ => None,
    }
}
