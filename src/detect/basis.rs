//! TIR-04: a tier rests on what the member earned or spent.

use rayon::prelude::*;

use super::desk::{Desk, place};
use super::tier::TIR_04;
use crate::agreement::{TierBasis, TierMap};
use crate::discrepancy::Discrepancy;
use crate::engine::{Exchange, gather_by_key};
use crate::event::{Lineage, Standing};
use crate::frame::books::{Ledger, Members};
use crate::links::LinkBook;
use crate::value::kind::{Kind, Status};
use crate::value::party::{Party, Programme};
use crate::value::period::Instant;

/// One party's tiers with what they must rest on.
struct Bases<'a, P> {
    desk: &'a Desk<'a>,
    tiers: &'a TierMap,
    members: &'a Members,
    ledger: &'a Ledger<P>,
    lineage: &'a Lineage<P>,
}

/// Holds the tiers of one party's members against the movements that they rest on, bucket by
/// bucket of the member's number.
pub fn judge<P: Programme>(
    desk: &Desk<'_>,
    (book, members): (&LinkBook, Option<&Members>),
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
    exchange: Exchange,
) -> Vec<Discrepancy> {
    let (Some(tiers), Some(members)) = (&desk.agreement.tiers, members) else { return Vec::new() };
    let Some(months) = tiers.basis.of(P::PARTY).values().map(|basis| basis.months).max() else {
        return Vec::new();
    };
    let bases = Bases { desk, tiers, members, ledger, lineage };
    let from = bases.begins(months);
    let movements = exchange
        .scatter(ledger.len(), |row| bases.is_within(row, from).then(|| ledger.member_no(row)));
    let holders = exchange.scatter(members.len(), |row| {
        let number = members.member_no.value(row as usize);
        let is_judged = bases.of(row).is_some() && !book.is_duplicate(P::PARTY, number);
        is_judged.then_some(number)
    });
    let found: Vec<Vec<Discrepancy>> = movements
        .into_par_iter()
        .zip(holders)
        .map(|(movements, holders)| {
            let mut found = Vec::new();
            gather_by_key(
                [&movements, &holders],
                |list, row| match list {
                    0 => ledger.member_no(row),
                    _ => members.member_no.value(row as usize),
                },
                |_, [movements, holders]| {
                    found.extend(holders.iter().filter_map(|&row| bases.judge(row, movements)));
                },
            );
            found
        })
        .collect();
    found.into_iter().flatten().collect()
}

impl<P: Programme> Bases<'_, P> {
    /// What the member's tier must rest on.
    fn of(&self, row: u32) -> Option<&TierBasis> {
        self.tiers.basis.of(P::PARTY).get(self.members.tier(row)?)
    }

    /// The instant that lies so many months before the cut.
    fn begins(&self, months: u32) -> Instant {
        self.desk.period.months_before_cut(months, &self.desk.agreement.zone)
    }

    /// Whether a row of the files took effect between an instant and the cut.
    fn is_within(&self, row: u32, from: Instant) -> bool {
        let posted = self.ledger.posted_at(row);
        self.ledger.status(row) == Status::Posted
            && !self.ledger.is_recalled(row)
            && self.lineage.standing[row as usize] != Standing::Extra
            && from <= posted
            && posted < self.desk.period.cut()
    }

    fn judge(&self, row: u32, movements: &[u32]) -> Option<Discrepancy> {
        let basis = self.of(row)?;
        let from = self.begins(basis.months);
        let counts =
            |row: u32| self.is_within(row, from) && basis.kinds.contains(&self.ledger.kind(row));
        let mut sum = 0_i128;
        for &movement in movements {
            let points = i128::from(self.ledger.points(movement)).abs();
            if counts(movement) {
                sum += points;
            } else if self.ledger.kind(movement) == Kind::Reversal
                && self.is_within(movement, from)
                && self.lineage.originals.get(&movement).is_some_and(|&original| counts(original))
            {
                sum -= points;
            }
        }
        let due = i128::from(basis.points);
        if sum >= due {
            return None;
        }
        let party = P::PARTY;
        let tier = self.members.tier(row).map(str::to_owned);
        let (a, b) = match party {
            Party::A => (tier, None),
            Party::B => (None, tier),
        };
        let kinds: Vec<&str> = basis.kinds.iter().map(|kind| kind.word()).collect();
        Some(
            self.desk
                .draft(&TIR_04)
                .member(party, self.members.member_no.value(row as usize))
                .at(party, place(self.desk.paths.members.of(party), &self.members.origins, row))
                .differs("tier", a, b)
                .expected(Some(due.to_string()), Some(sum.to_string()))
                .difference(sum - due)
                .because(format!(
                    "by {}; months before the cut: {}",
                    kinds.join(", "),
                    basis.months
                )),
        )
    }
}
