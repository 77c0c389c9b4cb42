//! A zone's clock: a local time far from every clock change has its offset without asking the zone.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{SECOND_MICROS, civil, days_of};
use crate::source::refusal::Refusal;
use crate::value::period::{DAY_MICROS, Instant};

/// How far from a clock change a local time is sure to be neither skipped nor repeated: jiff holds
/// offsets within 26 hours of UTC, so a change moves the clock by less than 52 hours.
const MARGIN_MICROS: i64 = 3 * DAY_MICROS;

/// A zone with the stretches of local time in which its offset is beyond doubt.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) zone: TimeZone,
    /// In order of time and disjoint.
    pub(super) calm: Vec<Calm>,
}

/// Local times `[from, to)` that have one offset and are neither skipped nor repeated.
#[derive(Debug)]
pub(super) struct Calm {
    pub(super) from: i64,
    pub(super) to: i64,
    pub(super) offset: i64,
}

impl Clock {
    pub(super) fn new(zone: &TimeZone) -> Clock {
        // Outside these years the zone itself is asked.
        let (Some(first), Some(last)) = (days_of(1970, 1, 1), days_of(2100, 1, 1)) else {
            return Clock { zone: zone.clone(), calm: Vec::new() };
        };
        let (first, last) = (first * DAY_MICROS, last * DAY_MICROS);
        let mut calm = Vec::new();
        let mut since = first;
        let mut stretch = |since: i64, until: i64| {
            let Ok(at) = Timestamp::from_microsecond(since) else { return };
            let offset = i64::from(zone.to_offset(at).seconds()) * SECOND_MICROS;
            let (from, to) = (since + MARGIN_MICROS + offset, until - MARGIN_MICROS + offset);
            if from < to {
                calm.push(Calm { from, to, offset });
            }
        };
        if let Ok(start) = Timestamp::from_microsecond(first) {
            for change in zone.following(start) {
                let at = change.timestamp().as_microsecond();
                if at >= last {
                    break;
                }
                stretch(since, at);
                since = at;
            }
        }
        stretch(since, last);
        Clock { zone: zone.clone(), calm }
    }

    /// What the clock shows at an instant, in microseconds since a local epoch.
    pub(super) fn local_of(&self, at: Instant) -> i64 {
        let offset = Timestamp::from_microsecond(at.0).map(|at| self.zone.to_offset(at).seconds());
        at.0.saturating_add(offset.map_or(0, i64::from) * SECOND_MICROS)
    }

    /// The stretch of a local time that lies well away from every clock change.
    pub(super) fn calm_of(&self, local: i64) -> Option<&Calm> {
        let at = self.calm.partition_point(|calm| calm.to <= local);
        self.calm.get(at).filter(|calm| calm.from <= local)
    }

    /// The instant of a local time, or a refusal where the clock change skips or repeats it.
    pub(super) fn instant(&self, local: i64) -> Result<i64, Refusal> {
        if let Some(calm) = self.calm_of(local) {
            return Ok(local - calm.offset);
        }
        let civil = civil(local)?;
        let offset = match self.zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { .. } => return Err(Refusal::Skipped),
            AmbiguousOffset::Fold { .. } => return Err(Refusal::Repeated),
        };
        let at = offset.to_timestamp(civil).map_err(|_| Refusal::OutOfRange)?;
        Ok(at.as_microsecond())
    }

    /// The first instant of a day. A day names no local time, so a midnight that is skipped or
    /// repeated leaves no doubt about it.
    pub(super) fn first_of(&self, days: i64) -> Result<i64, Refusal> {
        let local = days.checked_mul(DAY_MICROS).ok_or(Refusal::OutOfRange)?;
        if let Some(calm) = self.calm_of(local) {
            return Ok(local - calm.offset);
        }
        let day = civil(local)?.date();
        Instant::start_of(day, &self.zone).map(|at| at.0).ok_or(Refusal::OutOfRange)
    }
}
