//! The rows of one ledger among themselves: which are one and the same event, and which event a
//! reversal reverses.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use rayon::prelude::*;

use crate::engine::{Exchange, Keyed, group_by_key, join_to_sorted};
use crate::event::{Lineage, Originals, Standing};
use crate::frame::books::Ledger;
use crate::past::Scope;
use crate::value::kind::{Kind, Role};
use crate::value::party::Programme;

/// What one bucket yields.
#[derive(Default)]
struct Found {
    extras: Vec<(u32, u32)>,
    collisions: Vec<Vec<u32>>,
    originals: Vec<(u32, u32)>,
}

/// The rows of a ledger by their event_id: bucket by bucket of an exchange, each in the order of
/// [`Keyed::rank`].
pub type ByEventId = Vec<Vec<Keyed>>;

/// Traces the rows of a ledger, bucket by bucket of event_id: reversals are sent to the bucket of
/// the event they reverse as well. For rows that are sent again a settled one stands. The buckets
/// are for whoever looks for events by their ids next.
pub fn trace<P: Programme>(
    ledger: &Ledger<P>,
    scope: &Scope,
    exchange: Exchange,
) -> (Lineage<P>, ByEventId) {
    let resent = scope.resent.of(P::PARTY);
    let events = exchange.scatter(ledger.len(), |row| Some(ledger.event_id(row)));
    let reversals = exchange.scatter(ledger.len(), |row| {
        (ledger.kind(row) == Kind::Reversal).then(|| ledger.original_event_id(row)).flatten()
    });
    let traced: Vec<(Found, Vec<Keyed>)> = events
        .into_par_iter()
        .zip(reversals)
        .map(|(mut events, reversals)| {
            (trace_bucket(ledger, resent, &mut events, reversals), events)
        })
        .collect();
    let (found, by_event_id) = traced.into_iter().unzip();
    (settle(ledger, scope, found), by_event_id)
}

/// One bucket: duplicates and collisions among its events, and the originals of its reversals.
fn trace_bucket<P: Programme>(
    ledger: &Ledger<P>,
    resent: &BTreeSet<u32>,
    events: &mut [Keyed],
    mut reversals: Vec<Keyed>,
) -> Found {
    let mut found = Found::default();
    group_by_key(
        events,
        |row| ledger.event_id(row),
        |group| {
            let mut group = group.to_vec();
            group.sort_unstable_by_key(|&row| ledger.origins.of(row));
            // Rows that are alike are one row, whether or not others have their event_id as well.
            let mut firsts = BTreeMap::new();
            let mut different = Vec::new();
            for row in group {
                let is_resent = resent.contains(&row);
                match firsts.entry((is_resent, ledger.content(row))) {
                    Entry::Occupied(first) => found.extras.push((row, *first.get())),
                    Entry::Vacant(vacant) => {
                        vacant.insert(row);
                        different.extend((!is_resent).then_some(row));
                    }
                }
            }
            if different.len() > 1 {
                found.collisions.push(different);
            }
        },
    );
    join_to_sorted(
        events,
        &mut reversals,
        |row| ledger.event_id(row),
        |row| ledger.original_event_id(row).unwrap_or_default(),
        |originals, reversals| {
            // Rows that are alike have their first as original; `settle` drops collided ones.
            let standing = originals.iter().filter(|row| !resent.contains(row));
            let first = standing.min_by_key(|&&row| ledger.origins.of(row));
            if let Some(&original) = first {
                found.originals.extend(reversals.iter().map(|&reversal| (reversal, original)));
            }
        },
    );
    found
}

/// Merges the buckets and gives every row its standing and role.
fn settle<P: Programme>(ledger: &Ledger<P>, scope: &Scope, found: Vec<Found>) -> Lineage<P> {
    let own = scope.own.of(P::PARTY);
    let mut standing = vec![Standing::First; ledger.len()];
    let mut extras = Vec::new();
    let mut collisions = Vec::new();
    let mut named = Vec::new();
    for bucket in found {
        extras.extend(bucket.extras);
        collisions.extend(bucket.collisions);
        named.extend(bucket.originals);
    }
    extras.sort_unstable();
    collisions.sort_unstable();
    for &row in scope.resent.of(P::PARTY) {
        standing[row as usize] = Standing::Resent;
    }
    for &(extra, _) in &extras {
        standing[extra as usize] = Standing::Extra;
    }
    for &row in collisions.iter().flatten() {
        standing[row as usize] = Standing::Collided;
    }
    let mut originals = Originals::new(ledger.len());
    for (reversal, original) in named {
        // A reversal names one event, so that it is met once.
        if standing[original as usize] == Standing::First && ledger.kind(original) != Kind::Reversal
        {
            originals.insert(reversal, original);
        }
    }
    let role = ledger
        .rows()
        .map(|row| match ledger.kind(row).role() {
            Some(role) => role,
            // What a reversal of own business reverses need not be brought back with it.
            None if own.contains(&row) => Role::Own,
            None => match originals.get(&row) {
                Some(&original) => ledger.kind(original).role().unwrap_or(Role::Own),
                None if ledger.counter_event_id(row).is_some() => Role::Acceptor(None),
                None => Role::Issuer(None),
            },
        })
        .collect();
    Lineage { standing, role, originals, extras, collisions, programme: PhantomData }
}
