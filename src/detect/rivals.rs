//! Legs without a pair of which a decision cannot say that they are spends of their own: one spend
//! is paid once.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::Scene;
use crate::event::{Matched, Tie};
use crate::frame::books::{Ledger, Side};
use crate::judgement::{Disposition, Item};
use crate::past::{Scope, Settled};
use crate::value::party::Party;

/// Legs that are held together though at most some of them are spends of their own, and numbers
/// that what is paid, or has its partner, has or names. If a decision let all of them count, one
/// spend would be paid more than once; which it is, it cannot say.
pub struct Rivals<'a> {
    issuer: BTreeSet<u32>,
    acceptor: BTreeSet<u32>,
    /// The numbers of the issuer that are used up, whether or not their rows ever came.
    issued: BTreeSet<&'a str>,
    /// Those of the acceptor.
    accepted: BTreeSet<&'a str>,
}

impl<'a> Rivals<'a> {
    /// The rivals among the legs of a direction; `items` are those that decisions may be about.
    pub fn of<I: Side>(scene: &Scene<'a, I>, items: &[Item<I>]) -> Rivals<'a> {
        let Matched { ties, issuer_held_with, acceptor_held_with, .. } = scene.matched;
        let mut rivals = Rivals {
            issuer: held_with_one(issuer_held_with, |row| scene.acceptor.event_id(row)),
            acceptor: held_with_one(acceptor_held_with, |row| scene.issuer.event_id(row)),
            issued: BTreeSet::new(),
            accepted: BTreeSet::new(),
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
        (rivals.accepted, rivals.issued) = taken(scene, mirrors, legs);
        let own = issued.clone().map(|row| scene.issuer.event_id(row));
        let theirs = accepted.clone().filter_map(|row| scene.acceptor.counter_event_id(row));
        let of_issuer: BTreeSet<&str> = own.chain(theirs).collect();
        let own = accepted.map(|row| scene.acceptor.event_id(row));
        let theirs = issued.filter_map(|row| scene.issuer.counter_event_id(row));
        let of_acceptor: BTreeSet<&str> = own.chain(theirs).collect();
        rivals.use_up(scene, &of_issuer, &of_acceptor);
        rivals
    }

    /// Uses up the numbers, of those that are asked for, that legs name which were cleared or have
    /// a pair that was not dropped.
    fn use_up<I: Side>(
        &mut self,
        scene: &Scene<'a, I>,
        of_issuer: &BTreeSet<&str>,
        of_acceptor: &BTreeSet<&str>,
    ) {
        let scope = scene.desk.scope;
        let named = scope.named.of(I::PARTY);
        self.issued.extend(named.of(I::PARTY).iter().map(String::as_str));
        self.accepted.extend(named.of(I::PARTY.partner()).iter().map(String::as_str));
        let is_dropped = |party, row| scope.settled(party, row) == Some(Settled::Dropped);
        for pair in &scene.matched.pairs {
            let named = scene.issuer.counter_event_id(pair.issuer);
            if let Some(id) = named.filter(|id| of_acceptor.contains(id))
                && !is_dropped(I::PARTY, pair.issuer)
            {
                self.accepted.insert(id);
            }
            let named = scene.acceptor.counter_event_id(pair.acceptor);
            if let Some(id) = named.filter(|id| of_issuer.contains(id))
                && !is_dropped(I::PARTY.partner(), pair.acceptor)
            {
                self.issued.insert(id);
            }
        }
    }

    /// Uses up the numbers that an item which a decision lets count has and names.
    pub fn pay<I: Side>(&mut self, scene: &Scene<'a, I>, item: &Item<I>) {
        if let Some(row) = item.issuer {
            self.issued.insert(scene.issuer.event_id(row));
            self.accepted.extend(scene.issuer.counter_event_id(row));
        }
        if let Some(row) = item.acceptor {
            self.accepted.insert(scene.acceptor.event_id(row));
            self.issued.extend(scene.acceptor.counter_event_id(row));
        }
    }

    /// There were no more events than the side with fewer legs has, and of these some have been
    /// paid where a leg of the other side is settled.
    fn of_tie<I: Side>(&mut self, scene: &Scene<'a, I>, tie: &Tie) {
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

    /// Whether an item is one of them, or has or names a number that is used up.
    pub fn have<I: Side>(&self, scene: &Scene<'a, I>, item: &Item<I>) -> bool {
        let of_issuer = |id: &str| self.issued.contains(id);
        let of_acceptor = |id: &str| self.accepted.contains(id);
        let issuer = item.issuer.is_some_and(|row| {
            self.issuer.contains(&row)
                || of_issuer(scene.issuer.event_id(row))
                || scene.issuer.counter_event_id(row).is_some_and(of_acceptor)
        });
        let acceptor = item.acceptor.is_some_and(|row| {
            self.acceptor.contains(&row)
                || of_acceptor(scene.acceptor.event_id(row))
                || scene.acceptor.counter_event_id(row).is_some_and(of_issuer)
        });
        issuer || acceptor
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
