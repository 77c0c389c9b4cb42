//! What a closed period leaves to the next (periods.md).

use super::answer::{Account, Answer};
use super::books::{Books, Fate, Role};
use super::decisions::Counted;
use super::fraction::Fraction;
use super::past::{Apart, Balance, Final, Leg, Settled, Settlement};
use crate::world::{Adjustment, Party, Status};

impl Books<'_> {
    /// What is final where the period is closed now; None where it cannot be.
    pub fn close(
        &self,
        answer: &Answer,
        counted: &[Counted],
        accounts: &[(Account, i64)],
    ) -> Option<Final> {
        let world = self.world;
        let (first, after) = world.period_days();
        let days = jiff::Span::new().days(world.close_after_days.unwrap_or(world.grace_days));
        let blocked = answer.statements.is_empty();
        if blocked || world.as_of < after.checked_add(days).unwrap() {
            return None;
        }
        let leg = |index: usize| -> Leg {
            let entry = &self.entries[index];
            (entry.party, entry.row.clone())
        };
        let settled = counted.iter().map(|item| Settlement {
            issuer: item.issuer_leg.map(leg),
            acceptor: item.acceptor_leg.map(leg),
            points: item.points,
        });
        let mut apart = Vec::new();
        let mut open = Vec::new();
        let own = (0..self.entries.len()).filter(|index| {
            let entry = &self.entries[*index];
            let stands = !entry.extra && !entry.resent && !entry.as_cleared;
            let is_past = entry.row.occurred_at < world.period_bounds().1;
            // A leg that never took effect is in no statement, and is not held by itself.
            let is_void = entry.row.status == Status::Cancelled && entry.settled.is_none();
            let is_void_leg = is_void && !entry.collided && !entry.is_reversal();
            stands && is_past && (entry.role == Role::Own || is_void_leg)
        });
        let kept = self.entries.iter().filter(|entry| !entry.extra && !entry.kept.is_empty());
        let kept = kept.map(|entry| (entry.party, entry.row.event_id.clone(), entry.kept.clone()));
        for (index, entry) in self.entries.iter().enumerate() {
            let partner = entry.partner.map(|partner| &self.entries[partner]);
            let set_apart = |how| Apart {
                leg: leg(index),
                how,
                partner: partner.map(|other| (other.party, other.row.event_id.clone())),
            };
            let is_partners = partner.is_some_and(|leg| leg.settled == Some(Settled::Counted));
            if is_partners && entry.settled.is_none() {
                apart.push(set_apart(Settled::Counted));
            }
            if entry.extra {
                continue;
            }
            let is_held = matches!(entry.fate, Some(Fate::Held(_))) && self.belongs(index);
            let waits = self.waits_for_another_period(index);
            let is_later = waits || self.is_of_later_days(index, accounts);
            // What moved a balance of this period is not to move one of the next, which reads it.
            let moves = entry.row.status == Status::Posted && self.moves_balance(index);
            let moved = moves && !self.moves_later(index, accounts);
            let known = moved || entry.row.occurred_at < world.period_bounds().1;
            if !is_held && (!entry.follows || known) && is_later {
                open.push((self.handed_on(index), ""));
            }
            if !self.belongs(index) {
                continue;
            }
            match entry.fate {
                Some(Fate::Held(code)) => open.push((self.handed_on(index), code)),
                Some(Fate::Excluded) if entry.refused && entry.role != Role::Own => {
                    apart.push(set_apart(Settled::Refused));
                }
                _ => {}
            }
        }
        let due_day =
            after.yesterday().unwrap().checked_add(jiff::Span::new().days(world.due_days));
        let balances = answer.statements.iter().map(|statement| {
            let payer = if statement.net > Fraction::ZERO { Party::A } else { Party::B };
            let currency = statement.currency.as_str();
            // What was carried in holds late fees too, if it is owed by the same party.
            let carried = self.past.before(world).and_then(|before| {
                let mut balances = before.balances.iter();
                let carried = balances.find(|balance| balance.currency == currency)?;
                let zero = Fraction::ZERO;
                let owed_by_a = carried.carry_forward > zero;
                let same = carried.carry_forward != zero && owed_by_a == (payer == Party::A);
                same.then_some(carried.late_fees)
            });
            // What the other party owes as late fees is no part of what this one has to pay.
            let fees = answer.lines.iter().filter(|line| {
                line.item == "late_fee"
                    && line.currency == statement.currency
                    && line.payer == payer.letter()
            });
            Balance {
                currency: world
                    .currencies()
                    .into_iter()
                    .find(|currency| currency.code == statement.currency)
                    .unwrap()
                    .code,
                payer: (statement.amount_due > Fraction::ZERO).then_some(payer),
                amount_due: statement.amount_due,
                carry_forward: statement.carry_forward,
                late_fees: fees
                    .fold(carried.unwrap_or(Fraction::ZERO), |sum, line| sum + line.amount)
                    .min(statement.net.abs()),
                due_day: due_day.clone().unwrap(),
            }
        });
        let (paid, held): (Vec<_>, Vec<_>) =
            self.adjustments().into_iter().partition(|(_, stands)| *stands);
        let adjustments =
            |all: Vec<(&Adjustment, bool)>| all.into_iter().map(|(one, _)| one.clone()).collect();
        Some(Final {
            adjustments: adjustments(paid),
            held_adjustments: adjustments(held),
            later_adjustments: self.later_adjustments().into_iter().cloned().collect(),
            applied: self.applied.clone(),
            later_decisions: self.later_decisions(),
            label: world.label_of(first),
            bounds: world.period_bounds(),
            kept: kept.collect(),
            own: own
                .map(|index| match self.entries[index].row.status {
                    Status::Posted => leg(index),
                    _ => self.handed_on(index),
                })
                .collect(),
            settled: settled.collect(),
            apart,
            open,
            accounts: accounts.to_vec(),
            balances: balances.collect(),
            payments: self.payments(),
            charges: world.charges(),
        })
    }

    /// A row for the next period, with the instant at which it moved its balance where an earlier
    /// closing counted it: whatever it is sent with now, it does not move it again.
    fn handed_on(&self, index: usize) -> Leg {
        let entry = &self.entries[index];
        let mut row = entry.row.clone();
        if row.status != Status::Posted {
            row.posted_at = self.moved_before(index);
        } else if self.moves_balance(index) {
            row.posted_at = self.moved_before(index).or(row.posted_at);
        }
        (entry.party, row)
    }

    /// When at the latest a row of the files moved its balance, if an earlier closing counted it.
    fn moved_before(&self, index: usize) -> Option<i64> {
        let (world, entry) = (self.world, &self.entries[index]);
        let before = self.past.before(world).filter(|_| !entry.recalled)?;
        let letter = entry.party.letter();
        let of_party = || before.accounts.iter().filter(|(account, _)| account.party == letter);
        of_party().next()?;
        let its = of_party().find(|(account, _)| account.member_no == entry.row.member_no);
        let closed = its.map_or(world.period_bounds().0 - 1, |(_, at)| *at);
        let moved = self.past.has_moved(world, entry.party, &entry.row, closed) == Some(true);
        let open = before
            .open
            .iter()
            .map(|(leg, _)| leg)
            .filter(|leg| leg.0 == entry.party && leg.1.event_id == entry.row.event_id);
        let posted = open.filter_map(|leg| leg.1.moved_at());
        moved.then(|| posted.min().unwrap_or(closed))
    }

    /// Whether a leg is pending, or the mirror of what is dated after the period.
    fn waits_for_another_period(&self, index: usize) -> bool {
        let entry = &self.entries[index];
        let is_pending = matches!(entry.fate, Some(Fate::Pending(_))) && self.belongs(index);
        let end = self.world.period_bounds().1;
        let of_later = self.entries[self.decides(index)].row.occurred_at >= end;
        entry.role != Role::Own && entry.settled.is_none() && (is_pending || of_later)
    }

    /// Whether a row is dated after the period, or moves its balance after that was closed.
    fn is_of_later_days(&self, index: usize, accounts: &[(Account, i64)]) -> bool {
        let entry = &self.entries[index];
        let end = self.world.period_bounds().1;
        (entry.row.occurred_at >= end && entry.settled.is_none())
            || self.moves_later(index, accounts)
    }

    /// Whether a row moves its balance after that was closed.
    fn moves_later(&self, index: usize, accounts: &[(Account, i64)]) -> bool {
        let entry = &self.entries[index];
        let end = self.world.period_bounds().1;
        let closing = accounts.iter().find(|(account, _)| {
            account.party == entry.party.letter() && account.member_no == entry.row.member_no
        });
        let closed_at = closing.map_or(end - 1, |(_, at)| *at);
        let posted = entry.row.posted_at.unwrap_or(entry.row.occurred_at);
        let moves = entry.row.status == Status::Posted && self.moves_balance(index);
        let is_new = self.moved_before(index).is_none();
        moves && !entry.as_cleared && is_new && posted > closed_at
    }
}
