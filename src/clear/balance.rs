//! Conservation (domain.md invariant 13): in + recalled = counted + held + excluded + pending, for
//! each side and role, in rows, points and money, taken from the rows themselves.
//!
//! The right side comes from what judging said of each row; the left side from the rows and their
//! instants, without it. A row that judging forgot, or placed twice, or placed in the wrong period
//! makes the two differ, and then nothing is published: it is our bug.

use std::collections::BTreeMap;
use std::ops::Range;

use rayon::prelude::*;

use super::obligation::{Obligation, ObligationKey};
use crate::agreement::Agreement;
use crate::control::{Conservation, StageTotal};
use crate::event::{Lineage, Standing};
use crate::frame::books::{self, Ledger};
use crate::judgement::{Disposition, Item, Judgement, VersionsInForce};
use crate::past::Scope;
use crate::value::kind::{Flow, Role};
use crate::value::party::{Party, Programme};
use crate::value::points::{Overflow, Points};
use crate::value::price::{Worth, Worths};

/// A figure that does not balance, or a row that is not placed exactly once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConservationError {
    /// A row was placed twice.
    #[error("row {row} of {party}'s ledger was judged twice, {first} and {second}")]
    Twice {
        /// Whose ledger.
        party: Party,
        /// The row.
        row: u32,
        /// What was said first.
        first: &'static str,
        /// What was said then.
        second: &'static str,
    },
    /// A row was not placed.
    #[error("row {row} of {party}'s ledger was not judged")]
    Never {
        /// Whose ledger.
        party: Party,
        /// The row.
        row: u32,
    },
    /// The two sides of the equation differ.
    #[error("{party}'s {role} do not balance: {what} in {left}, accounted for {right}")]
    Unequal {
        /// Whose ledger.
        party: Party,
        /// Which rows.
        role: &'static str,
        /// Rows, points or money.
        what: &'static str,
        /// What came in.
        left: String,
        /// What was accounted for.
        right: String,
    },
    /// A sum cannot be exact.
    #[error(transparent)]
    Overflow(#[from] Overflow),
}

/// One party's book with everything that was said of its rows.
pub struct Side<'a, P: books::Side> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// Which rows are judged.
    pub scope: &'a Scope,
    /// The ledger.
    pub ledger: &'a Ledger<P>,
    /// What is known of its rows.
    pub lineage: &'a Lineage<P>,
    /// The partner's ledger, for the instants of its issuer's legs.
    pub partner: &'a Ledger<P::Partner>,
    /// What was said of the rows by themselves.
    pub own: &'a [Item<P>],
    /// What was said of the party's own points.
    pub issued: &'a Judgement<P>,
    /// What was said of the partner's points, of which this party holds the acceptor's legs.
    pub accepted: &'a Judgement<P::Partner>,
    /// The obligations that came of the party's own points.
    pub obligations: &'a BTreeMap<ObligationKey, Obligation<P>>,
}

/// Balances one party's book.
///
/// # Errors
/// [`ConservationError`] when anything does not balance.
pub fn conserve<P: books::Side>(side: &Side<'_, P>) -> Result<Conservation, ConservationError> {
    let placed = place_rows(side)?;
    let is_in = rows_in(side);
    let starts: Vec<usize> = (0..placed.len()).step_by(CHUNK_ROWS).collect();
    let sums: Vec<Sums<P>> = starts
        .into_par_iter()
        .map(|start| sum_rows(side, &placed, &is_in, start..(start + CHUNK_ROWS).min(placed.len())))
        .collect::<Result<_, Overflow>>()?;
    let mut conservation = Conservation::default();
    let totals = &mut conservation.totals;
    for (class, (rows, sum)) in sums.into_iter().flat_map(|sums| sums.0) {
        let total = totals.entry((role_word(class.role), class.stage.word())).or_default();
        let points = total.points.checked_add(sum.quantity());
        total.rows += rows;
        total.points = points.ok_or(Overflow { what: "points" })?;
        let Some(money) = worth(side, class, sum)? else { continue };
        total.money.add(money)?;
        if class.stage == Stage::Placed(Disposition::Held) {
            conservation.held.add(money)?;
        }
    }
    for role in ["issuer", "acceptor", "own"] {
        balance_role::<P>(totals, role)?;
    }
    balance_obligations(side, totals)?;
    Ok(conservation)
}

/// Gives every row what was said of it, and refuses a row that was placed twice or not at all.
fn place_rows<P: books::Side>(side: &Side<'_, P>) -> Result<Vec<Disposition>, ConservationError> {
    let mut placed: Vec<Option<Disposition>> = vec![None; side.ledger.len()];
    let mut place = |row: u32, disposition: Disposition| {
        let slot = &mut placed[row as usize];
        match slot.replace(disposition) {
            None => Ok(()),
            Some(first) => Err(ConservationError::Twice {
                party: P::PARTY,
                row,
                first: first.word(),
                second: disposition.word(),
            }),
        }
    };
    for pair in &side.issued.pairs {
        place(pair.pair.issuer, pair.disposition)?;
    }
    for pair in &side.accepted.pairs {
        place(pair.pair.acceptor, pair.disposition)?;
    }
    for item in side.own.iter().chain(&side.issued.items) {
        if let Some(row) = item.issuer {
            place(row, item.disposition)?;
        }
    }
    for item in &side.accepted.items {
        if let Some(row) = item.acceptor {
            place(row, item.disposition)?;
        }
    }
    let plain = |row: u32| {
        let is_resent = side.lineage.standing[row as usize] == Standing::Resent;
        let is_own = side.lineage.role(row) == Role::Own;
        let is_ours = side.scope.judges_own(P::PARTY, row, side.ledger.occurred_at(row));
        match (is_own, is_ours) {
            (true, true) => Some(Disposition::Counted),
            (true, false) => Some(Disposition::OtherPeriod),
            // For what is settled stands the row of its publication.
            (false, _) => is_resent.then_some(Disposition::OtherPeriod),
        }
    };
    (0_u32..)
        .zip(placed)
        .map(|(row, placed)| {
            let never = ConservationError::Never { party: P::PARTY, row };
            placed.or_else(|| plain(row)).ok_or(never)
        })
        .collect()
}

/// Which rows are judged: by their own instant, or for an acceptor's leg of a pair by the issuer's;
/// a pair of which a leg is settled is not.
fn rows_in<P: books::Side>(side: &Side<'_, P>) -> Vec<bool> {
    let (ledger, scope) = (side.ledger, side.scope);
    let mut is_in: Vec<bool> = ledger
        .rows()
        .map(|row| match side.lineage.role(row) {
            Role::Own => scope.judges_own(P::PARTY, row, ledger.occurred_at(row)),
            _ => scope.judges(P::PARTY, row, ledger.occurred_at(row)),
        })
        .collect();
    for pair in &side.accepted.pairs {
        let (leg, mirror) = (pair.pair.issuer, pair.pair.acceptor);
        let partner = P::PARTY.partner();
        is_in[mirror as usize] = scope.settled(P::PARTY, mirror).is_none()
            && scope.judges(partner, leg, side.partner.occurred_at(leg));
    }
    for pair in &side.issued.pairs {
        let (leg, mirror) = (pair.pair.issuer, pair.pair.acceptor);
        is_in[leg as usize] &= scope.settled(P::PARTY.partner(), mirror).is_none();
    }
    is_in
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Issuer(_) => "issuer",
        Role::Acceptor(_) => "acceptor",
        Role::Own => "own",
    }
}

/// A side of the equation, or a part of the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    In,
    Recalled,
    Placed(Disposition),
}

impl Stage {
    fn word(self) -> &'static str {
        match self {
            Stage::In => "in",
            Stage::Recalled => "recalled",
            Stage::Placed(disposition) => disposition.word(),
        }
    }
}

/// What rows share of which the points are summed before they are priced: points times a rate are
/// exact, and so the sum of the products is the product of the sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Class {
    role: Role,
    stage: Stage,
    /// The rate in force, by its index.
    rate: Option<usize>,
}

/// How many rows a class has, and their points on the party's own book.
type Sum<P> = (u64, Points<P>);

/// The sums of some rows. There are few classes, so that looking through them is quick.
struct Sums<P>(Vec<(Class, Sum<P>)>);

impl<P: Programme> Sums<P> {
    fn add(&mut self, class: Class, points: Points<P>) -> Result<(), Overflow> {
        let index = self.0.iter().position(|(known, _)| *known == class).unwrap_or_else(|| {
            self.0.push((class, (0, Points::ZERO)));
            self.0.len() - 1
        });
        let (rows, sum) = &mut self.0[index].1;
        *rows += 1;
        *sum = sum.checked_add(points)?;
        Ok(())
    }
}

/// Rows that one worker sums at a time.
const CHUNK_ROWS: usize = 1 << 16;

/// Sums rows on both sides of the equation.
fn sum_rows<P: books::Side>(
    side: &Side<'_, P>,
    placed: &[Disposition],
    is_in: &[bool],
    rows: Range<usize>,
) -> Result<Sums<P>, Overflow> {
    let mut sums = Sums(Vec::new());
    for at in rows {
        // A ledger has fewer than 2^32 rows.
        let row = at as u32;
        let (role, points) = (side.lineage.role(row), side.ledger.own_points(row));
        let rate = rate_of(side, row);
        let is_recalled = side.ledger.is_recalled(row);
        // What was brought back only to be known was never read here.
        if !is_recalled || placed[at] != Disposition::OtherPeriod {
            sums.add(Class { role, stage: Stage::Placed(placed[at]), rate }, points)?;
        }
        if is_in[at] {
            let stage = if is_recalled { Stage::Recalled } else { Stage::In };
            sums.add(Class { role, stage, rate }, points)?;
        }
    }
    Ok(sums)
}

/// The rate in force for an issuer's leg, from the agreement and the row alone.
fn rate_of<P: books::Side>(side: &Side<'_, P>, row: u32) -> Option<usize> {
    let flow = side.lineage.issuer_flow(row)??;
    let original = side.lineage.originals.get(&row).copied().unwrap_or(row);
    let rates = side.agreement.rates_of(P::PARTY, flow);
    rates.in_force(side.ledger.occurred_at(original)).map(|(index, _)| index)
}

/// The exact worth of points that a class has on the party's own book; `None` where its rows are no
/// issuer's legs, or no rate is in force.
fn worth<P: books::Side>(
    side: &Side<'_, P>,
    class: Class,
    points: Points<P>,
) -> Result<Option<Worth>, Overflow> {
    let Role::Issuer(Some(flow)) = class.role else { return Ok(None) };
    if !side.agreement.is_settled(P::PARTY, flow) {
        return Ok(Some(side.agreement.worthless()));
    }
    let rates = side.agreement.rates_of(P::PARTY, flow);
    let Some(rate) = class.rate.and_then(|index| rates.get(index)) else { return Ok(None) };
    let cleared = if flow == Flow::Sale { points } else { -points };
    rate.value.worth(cleared).map(Some)
}

fn add(total: &mut StageTotal, part: &StageTotal) -> Result<(), Overflow> {
    total.rows += part.rows;
    total.points = total.points.checked_add(part.points).ok_or(Overflow { what: "points" })?;
    for worth in part.money.iter() {
        total.money.add(worth)?;
    }
    Ok(())
}

fn balance_role<P: books::Side>(
    totals: &BTreeMap<(&'static str, &'static str), StageTotal>,
    role: &'static str,
) -> Result<(), ConservationError> {
    let of = |stage: &'static str| totals.get(&(role, stage)).cloned().unwrap_or_default();
    let mut left = of("in");
    add(&mut left, &of("recalled"))?;
    let mut right = StageTotal::default();
    for disposition in
        [Disposition::Counted, Disposition::Held, Disposition::Excluded, Disposition::Pending]
    {
        add(&mut right, &of(disposition.word()))?;
    }
    let unequal = |what, left: String, right: String| ConservationError::Unequal {
        party: P::PARTY,
        role,
        what,
        left,
        right,
    };
    if left.rows != right.rows {
        return Err(unequal("rows", left.rows.to_string(), right.rows.to_string()));
    }
    if left.points != right.points {
        return Err(unequal("points", left.points.to_string(), right.points.to_string()));
    }
    balance_money(&left.money, &right.money, |left, right| unequal("money", left, right))
}

/// Each currency balances by itself.
fn balance_money(
    left: &Worths,
    right: &Worths,
    unequal: impl Fn(String, String) -> ConservationError,
) -> Result<(), ConservationError> {
    let shown = |worth: Worth| format!("{} {}", worth.amount, worth.currency);
    for (one, other, swapped) in [(left, right, false), (right, left, true)] {
        for worth in one.iter() {
            let facing = Worth { amount: other.of(worth.currency), ..worth };
            if facing.amount != worth.amount {
                let (left, right) = if swapped { (facing, worth) } else { (worth, facing) };
                return Err(unequal(shown(left), shown(right)));
            }
        }
    }
    Ok(())
}

/// What decisions make obligations differ from the counted issuer's legs by: events without such a
/// leg, and points and money beside what the legs say.
fn decided<P: books::Side>(side: &Side<'_, P>) -> Result<StageTotal, Overflow> {
    let mut differences = StageTotal::default();
    let mut add = |flow: Flow, versions: VersionsInForce, by: Points<P>| {
        // On the issuer's own book a spend is negative and a sale positive.
        let on_book = if flow == Flow::Sale { by } else { -by };
        let points = differences.points.checked_add(on_book.quantity());
        differences.points = points.ok_or(Overflow { what: "points" })?;
        let rates = side.agreement.rates_of(P::PARTY, flow);
        let rate = versions.rate.and_then(|index| rates.get(usize::from(index)));
        if let Some(rate) = rate {
            differences.money.add(rate.value.worth(by)?)?;
        }
        Ok::<(), Overflow>(())
    };
    let booked = |row: u32, flow: Flow| {
        let points = side.ledger.own_points(row);
        if flow == Flow::Sale { points } else { -points }
    };
    for pair in &side.issued.pairs {
        if let (Some(_), Some(flow), Some(versions)) = (pair.decision, pair.flow, pair.versions) {
            add(flow, versions, pair.cleared.checked_sub(booked(pair.pair.issuer, flow))?)?;
        }
    }
    for released in &side.issued.released {
        let booked = released.issuer.map_or(Points::ZERO, |row| booked(row, released.flow));
        add(released.flow, released.versions, released.cleared.checked_sub(booked)?)?;
    }
    let without_leg = side.issued.released.iter().filter(|released| released.issuer.is_none());
    differences.rows = without_leg.count() as u64;
    Ok(differences)
}

/// The obligations hold exactly the counted issuer's legs, and what decisions changed of them.
fn balance_obligations<P: books::Side>(
    side: &Side<'_, P>,
    totals: &BTreeMap<(&'static str, &'static str), StageTotal>,
) -> Result<(), ConservationError> {
    let mut counted = totals.get(&("issuer", "counted")).cloned().unwrap_or_default();
    add(&mut counted, &decided(side)?)?;
    let mut rows = 0_u64;
    let mut points = Points::<P>::ZERO;
    let mut money = Worths::default();
    for (key, obligation) in side.obligations {
        rows += obligation.events;
        // On the issuer's own book a spend is negative and a sale positive.
        let on_book = if key.flow == Flow::Sale { obligation.points } else { -obligation.points };
        points = points.checked_add(on_book)?;
        let rates = side.agreement.rates_of(P::PARTY, key.flow);
        let rate = key.versions.rate.and_then(|index| rates.get(usize::from(index)));
        if let Some(rate) = rate {
            money.add(rate.value.worth(obligation.points)?)?;
        }
    }
    let unequal = |what, left: String, right: String| ConservationError::Unequal {
        party: P::PARTY,
        role: "counted legs and obligations",
        what,
        left,
        right,
    };
    if rows != counted.rows {
        return Err(unequal("rows", counted.rows.to_string(), rows.to_string()));
    }
    if points.quantity() != counted.points {
        return Err(unequal("points", counted.points.to_string(), points.to_string()));
    }
    balance_money(&counted.money, &money, |left, right| unequal("money", left, right))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::money::Currency;

    #[test]
    fn money_that_differs_is_told_with_what_came_in_first() {
        let worths = |amount: i64, code: &str| {
            let mut worths = Worths::default();
            let currency = Currency::of(code).unwrap();
            worths.add(Worth { amount: amount.into(), currency }).unwrap();
            worths
        };
        let unequal = |left, right| ConservationError::Unequal {
            party: Party::A,
            role: "issuer",
            what: "money",
            left,
            right,
        };
        let rows = [
            (worths(5, "CNY"), worths(5, "CNY"), None),
            (worths(5, "CNY"), worths(3, "CNY"), Some(("5 CNY", "3 CNY"))),
            (worths(5, "CNY"), Worths::default(), Some(("5 CNY", "0 CNY"))),
            (Worths::default(), worths(3, "HKD"), Some(("0 HKD", "3 HKD"))),
        ];
        for (left, right, says) in rows {
            let expected = says.map(|(left, right)| unequal(left.to_owned(), right.to_owned()));
            assert_eq!(balance_money(&left, &right, unequal).err(), expected);
        }
    }
}
