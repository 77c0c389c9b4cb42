//! An ordinary month of one person: earning, spending, and changing one's mind.

use crate::value::kind::{Flow, Kind};
use crate::value::party::{Both, Party};

use super::GenerateError;
use super::calendar::{HOUR, Second};
use super::census::{Fault, Part};
use super::flows::{Draft, Life, Pair, Tie};

/// The rows that a person's month is to have, by party.
pub(super) type Quota = Both<u64>;

/// The part of the period that one step of a life has to itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    /// Its first second.
    pub from: Second,
    /// Its length in seconds.
    pub width: i64,
}

/// Divides `[from, to)` into steps.
pub(super) fn steps(from: Second, to: Second, count: u64) -> impl Iterator<Item = Step> {
    let width = ((to - from) / i64::try_from(count.max(1)).unwrap_or(i64::MAX)).max(1);
    (0..count).map_while(move |index| {
        let begin = from.checked_add(i64::try_from(index).ok()?.checked_mul(width)?)?;
        Some(Step { from: begin, width })
    })
}

/// Business at home that a later step may take back.
#[derive(Debug, Clone, Copy)]
struct Errand {
    event: u64,
    points: i64,
}

impl Life<'_, '_> {
    /// Lives through the period.
    pub fn live(&mut self, quota: Quota) -> Result<(), GenerateError> {
        match self.person.part {
            Part::Loose | Part::Entangled { .. } => {
                self.ordinary(Both { a: (quota.a, 0), b: (quota.b, 0) })
            }
            Part::Plain => self.mixed(quota),
            Part::Faulty(fault, variant) => match fault {
                Fault::Mbr01
                | Fault::Mbr02
                | Fault::Mbr03
                | Fault::Mbr04
                | Fault::Tir01
                | Fault::Tir02
                | Fault::Tir03
                | Fault::Led01 => self.mixed(quota),
                Fault::Led02 => {
                    self.mixed(quota)?;
                    self.overdraw(if variant == 0 { Party::A } else { Party::B })
                }
                _ => self.faulty(fault, variant, quota),
            },
        }
    }

    /// Shares a quota between both sides' business and each one's own.
    fn mixed(&mut self, quota: Quota) -> Result<(), GenerateError> {
        let shared = quota.a.min(quota.b) * 11 / 20;
        self.ordinary(Both { a: (quota.a - shared, shared), b: (quota.b - shared, shared) })
    }

    /// An ordinary month: so many rows at home, so many pairs (the same number for both).
    fn ordinary(&mut self, plan: Both<(u64, u64)>) -> Result<(), GenerateError> {
        let mut left = [plan.a.0, plan.b.0, plan.a.1];
        let count: u64 = left.iter().sum();
        let mut last: Option<Pair> = None;
        let mut errands: Both<Option<Errand>> = Both { a: None, b: None };
        // Window pairs stand alone, so that nothing else of the link can be meant.
        let mut window = self.person.part == Part::Plain && self.rng.u8(0..4) == 0;
        // The last hours are left to what must cross the period's end.
        let ends = self.scene.close - 4 * HOUR;
        for step in steps(self.scene.start, ends, count) {
            let mut pick = self.rng.u64(0..left.iter().sum::<u64>().max(1));
            let mut chosen = 0;
            while chosen < 2 && pick >= left[chosen] {
                pick -= left[chosen];
                chosen += 1;
            }
            left[chosen] = left[chosen].saturating_sub(1);
            let at = self.moment(step);
            let party = match chosen {
                0 => Party::A,
                1 => Party::B,
                _ => {
                    self.exchange(&mut last, &mut window, at, step.width)?;
                    continue;
                }
            };
            self.errand(party, errands.of_mut(party), at, step.width)?;
        }
        Ok(())
    }

    /// A second in the first two thirds of a step; now and then an instant that a rule turns on.
    fn moment(&mut self, step: Step) -> Second {
        let room = (step.width * 2 / 3).max(1);
        let change = self.scene.change;
        if (step.from + 1..step.from + room).contains(&change) && self.rng.u8(0..8) == 0 {
            return change - i64::from(self.rng.u8(0..3) == 0);
        }
        if step.from == self.scene.start && self.rng.u8(0..40) == 0 {
            return step.from;
        }
        step.from + self.rng.i64(0..room)
    }

    /// One row at one's own programme.
    fn errand(
        &mut self,
        party: Party,
        last: &mut Option<Errand>,
        at: Second,
        width: i64,
    ) -> Result<(), GenerateError> {
        let balance = *self.balance.of(party);
        let scale = if party == Party::A { 4 } else { 1 };
        match self.rng.u8(0..100) {
            0..=3 => {
                if let Some(errand) = last.take()
                    && (errand.points < 0 || errand.points <= balance)
                {
                    let part = if self.rng.bool() { 1 } else { 2 };
                    let back = -errand.points / part;
                    if back != 0 {
                        let mut row = self.row(party, Kind::Reversal, back, at);
                        row.original = errand.event;
                        return self.post(party, row, true);
                    }
                }
            }
            4..=5 if balance > 3_000 => {
                let lapsed = self.rng.i64(1..300);
                return self.home(party, Kind::Expire, -lapsed, at).map(|_| ());
            }
            6..=7 if balance > 3_000 => {
                let points = self.rng.i64(1..200) * if self.rng.bool() { 1 } else { -1 };
                return self.home(party, Kind::Adjust, points, at).map(|_| ());
            }
            8 if width > 8 => {
                self.home(party, Kind::Freeze, 0, at)?;
                let released = at + self.rng.i64(1..=width / 4);
                return self.home(party, Kind::Unfreeze, 0, released).map(|_| ());
            }
            9 => {
                let arriving = std::mem::take(self.press.merging.of_mut(party));
                if arriving > 0 {
                    return self.home(party, Kind::Merge, arriving, at).map(|_| ());
                }
                if balance > 2_000 {
                    let leaving = self.rng.i64(1..=balance / 2);
                    *self.press.merging.of_mut(party) = leaving;
                    return self.home(party, Kind::Merge, -leaving, at).map(|_| ());
                }
            }
            10..=39 if balance > 1_000 => {
                let points = -self.rng.i64(1..=10) * 20 * scale;
                let event = self.home(party, Kind::Burn, points, at)?;
                *last = Some(Errand { event, points });
                return Ok(());
            }
            _ => {}
        }
        let points = self.rng.i64(20..900) * scale;
        let event = self.home(party, Kind::Earn, points, at)?;
        *last = Some(Errand { event, points });
        Ok(())
    }

    /// One pair with the partner: a new one, or the reversal of the last one, whole or in parts.
    fn exchange(
        &mut self,
        last: &mut Option<Pair>,
        window: &mut bool,
        at: Second,
        width: i64,
    ) -> Result<(), GenerateError> {
        let offset = self.rng.i64(1..=(width / 4).clamp(1, 5_400));
        if let Some(mut pair) = *last
            && self.rng.u8(0..6) == 0
        {
            let remains = pair.draft.points - pair.reversed.0;
            let parts = pair.reversed.0 > 0 || self.rng.bool();
            let half = pair.draft.points * self.rng.i64(30..=50) / 100;
            let points = if parts { half.min(remains) } else { remains };
            let back = self.mirror_back(&pair, points);
            let book = match pair.draft.flow {
                Flow::Redemption => true,
                Flow::Conversion => *self.balance.of(pair.draft.issuer.partner()) >= back,
                Flow::Sale => *self.balance.of(pair.draft.issuer) >= points,
            };
            if book && points > 0 && back > 0 && pair.draft.tie != Tie::Window {
                self.reverse(&mut pair, points, back, at, offset)?;
                *last = (pair.reversed.0 < pair.draft.points).then_some(pair);
                return Ok(());
            }
        }
        let issuer = if self.rng.u8(0..5) < 3 { Party::A } else { Party::B };
        let points = self.amount(issuer);
        let flow = self.flow(issuer, at);
        let flow = if *self.balance.of(issuer) < points { Flow::Sale } else { flow };
        let mut draft = Draft::new(issuer, flow, points, at, offset);
        if std::mem::take(window) {
            draft.tie = Tie::Window;
        } else {
            draft.tie = match self.rng.u8(0..20) {
                0..=2 => Tie::Order,
                3 => Tie::BackReference,
                _ => Tie::Reference,
            };
        }
        *last = Some(self.pair(draft)?);
        Ok(())
    }

    /// Points of an exchange: half of them round figures, half not.
    pub fn amount(&mut self, issuer: Party) -> i64 {
        let scale = if issuer == Party::A { 5 } else { 2 };
        if self.rng.bool() {
            self.rng.i64(1..=10) * 100 * scale
        } else {
            self.rng.i64(100..=1_200) * scale + self.rng.i64(0..scale)
        }
    }

    /// A flow, never one whose price has a gap at that second.
    pub fn flow(&mut self, issuer: Party, at: Second) -> Flow {
        match self.rng.u8(0..10) {
            0..=1 if issuer == Party::B || !self.scene.in_gap(at) => Flow::Conversion,
            2..=4 => Flow::Sale,
            _ => Flow::Redemption,
        }
    }

    /// Spends at home what was never there: LED-02, which the closing balance shows.
    fn overdraw(&mut self, party: Party) -> Result<(), GenerateError> {
        let at = self.scene.close - 3 * HOUR + self.rng.i64(0..HOUR);
        let points = (*self.balance.of(party)).max(0) + self.rng.i64(100..900);
        self.home(party, Kind::Burn, -points, at).map(|_| ())
    }
}
