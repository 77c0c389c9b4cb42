//! Legs without a pair of which a decision cannot say that they are spends of their own: one spend
//! is paid once.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::Scene;
use crate::event::{Matched, Tie};
use crate::frame::books::{Ledger, Side};
use crate::judgement::{Disposition, Item};
use crate::past::Scope;
use crate::value::party::Party;

/// Legs that are held together though at most some of them are spends of their own, and legs that
/// name one that has its partner. If a decision let all of them count, one spend would be paid more
/// than once; which it is, it cannot say.
pub struct Rivals {
    issuer: BTreeSet<u32>,
    acceptor: BTreeSet<u32>,
}

impl Rivals {
    /// The rivals among the legs of a direction; `items` are those that decisions may be about.
    pub fn of<I: Side>(scene: &Scene<'_, I>, items: &[Item<I>]) -> Rivals {
        let Matched { ties, issuer_held_with, acceptor_held_with, .. } = scene.matched;
        let mut rivals = Rivals {
            issuer: held_with_one(issuer_held_with, |row| scene.acceptor.event_id(row)),
            acceptor: held_with_one(acceptor_held_with, |row| scene.issuer.event_id(row)),
        };
        for tie in ties {
            rivals.of_tie(scene, tie);
        }
        let held = || items.iter().filter(|item| item.disposition == Disposition::Held);
        let issued = held().filter_map(|item| item.issuer);
        let accepted = held().filter_map(|item| item.acceptor);
        let mirrors = named(scene.issuer, issued.clone(), scene.acceptor, |row| {
            let is_leg = scene.acceptor_lineage.acceptor_flow(row).is_some();
            is_leg && scene.acceptor_lineage.is_sound(row)
        });
        let legs = named(scene.acceptor, accepted.clone(), scene.issuer, |row| {
            let is_leg = scene.issuer_lineage.issuer_flow(row).is_some();
            is_leg && scene.issuer_lineage.is_sound(row)
        });
        let (mirrors, legs) = taken(scene, mirrors, legs);
        rivals.issuer.extend(issued.filter(|&row| {
            scene.issuer.counter_event_id(row).is_some_and(|id| mirrors.contains(id))
        }));
        rivals.acceptor.extend(accepted.filter(|&row| {
            scene.acceptor.counter_event_id(row).is_some_and(|id| legs.contains(id))
        }));
        rivals
    }

    /// There were no more events than the side with fewer legs has, and of these some have been
    /// paid where a leg of the other side is settled.
    fn of_tie<I: Side>(&mut self, scene: &Scene<'_, I>, tie: &Tie) {
        fn is_settled(scope: &Scope, party: Party, rows: &[u32]) -> bool {
            rows.iter().any(|&row| scope.settled(party, row).is_some())
        }
        let scope = scene.desk.scope;
        let more_issued = tie.issuer.len() > tie.acceptor.len();
        if more_issued || is_settled(scope, I::PARTY.partner(), &tie.acceptor) {
            self.issuer.extend(&tie.issuer);
        }
        if !more_issued || is_settled(scope, I::PARTY, &tie.issuer) {
            self.acceptor.extend(&tie.acceptor);
        }
    }

    /// Whether an item is one of them.
    pub fn have<I>(&self, item: &Item<I>) -> bool {
        let issuer = item.issuer.is_some_and(|row| self.issuer.contains(&row));
        issuer || item.acceptor.is_some_and(|row| self.acceptor.contains(&row))
    }
}

/// The partner's legs that rows name by `counter_event_id`.
fn named<P: Side, Q: Side>(
    ledger: &Ledger<P>,
    rows: impl Iterator<Item = u32>,
    partner: &Ledger<Q>,
    is_leg: impl Fn(u32) -> bool,
) -> BTreeSet<u32> {
    let ids: BTreeSet<&str> = rows.filter_map(|row| ledger.counter_event_id(row)).collect();
    if ids.is_empty() {
        return BTreeSet::new();
    }
    partner.rows().filter(|&row| ids.contains(partner.event_id(row)) && is_leg(row)).collect()
}

/// The ids of those of some legs, the acceptor's and the issuer's, that are settled or have a pair.
fn taken<'a, I: Side>(
    scene: &Scene<'a, I>,
    mirrors: BTreeSet<u32>,
    legs: BTreeSet<u32>,
) -> (BTreeSet<&'a str>, BTreeSet<&'a str>) {
    let scope = scene.desk.scope;
    let pairs = &scene.matched.pairs;
    let paired: BTreeSet<u32> = match mirrors.is_empty() {
        true => BTreeSet::new(),
        false => {
            pairs.iter().map(|pair| pair.acceptor).filter(|row| mirrors.contains(row)).collect()
        }
    };
    let (issuer, acceptor) = (scene.issuer, scene.acceptor);
    let is_taken =
        |row: &u32| paired.contains(row) || scope.settled(I::PARTY.partner(), *row).is_some();
    let mirrors = mirrors.into_iter().filter(is_taken).map(|row| acceptor.event_id(row)).collect();
    let is_taken = |row: &u32| {
        pairs.binary_search_by_key(row, |pair| pair.issuer).is_ok()
            || scope.settled(I::PARTY, *row).is_some()
    };
    let legs = legs.into_iter().filter(is_taken).map(|row| issuer.event_id(row)).collect();
    (mirrors, legs)
}

/// The legs that are held with a collided id, where several are held with the same one.
fn held_with_one<'i>(held: &[(u32, u32)], event_id: impl Fn(u32) -> &'i str) -> BTreeSet<u32> {
    let mut by_id: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &(leg, collided) in held {
        by_id.entry(event_id(collided)).or_default().push(leg);
    }
    by_id.into_values().filter(|legs| legs.len() > 1).flatten().collect()
}
