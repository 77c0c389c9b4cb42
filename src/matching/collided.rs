//! Legs that wait with collided rows, before any rule pairs them otherwise.

use rayon::prelude::*;

use super::events::{Leads, Placed, Table, in_buckets};
use super::lineage::ByEventId;
use crate::engine::{Exchange, Keyed, join_by_key};
use crate::event::Standing;
use crate::frame::books::Side;

/// The hashes of a few ids, in order: which of many others are worth a look.
struct Wanted(Vec<u64>);

impl Wanted {
    fn new<'a>(ids: impl Iterator<Item = &'a str>) -> Wanted {
        let mut hashes: Vec<u64> = ids.map(Exchange::hash).collect();
        hashes.sort_unstable();
        Wanted(hashes)
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an id may be one of them; the kernel compares the ids themselves.
    fn may_be(&self, id: &str) -> bool {
        self.0.binary_search(&Exchange::hash(id)).is_ok()
    }

    /// Of rows by their ids, those that may have one of them and take part.
    fn among(&self, ids: &ByEventId, takes_part: impl Fn(u32) -> bool + Sync) -> ByEventId {
        let is_one =
            |keyed: &&Keyed| self.0.binary_search(&keyed.hash).is_ok() && takes_part(keyed.row);
        ids.par_iter().map(|bucket| bucket.iter().filter(is_one).copied().collect()).collect()
    }
}

/// By the acceptor's counter_event_id: acceptor's legs that name a collided row of the issuer, and
/// issuer's legs that none but collided legs of the acceptor name. Nobody can say which of the
/// collided rows is meant, and so both wait with them, before any rule pairs them otherwise.
pub(super) fn with_issuers<I: Side>(
    leads: &Leads<'_, I>,
    table: &Table<I>,
    issuer_ids: &ByEventId,
    exchange: Exchange,
) -> Vec<Placed> {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let is_collided = |row: u32| leads.issuer_lineage.standing[row as usize] == Standing::Collided;
    // Only ids that a collided row has or names can be told here.
    let collided = leads.issuer_lineage.collisions.iter().flatten();
    let collided_with = leads.acceptor_lineage.collisions.iter().flatten();
    let wanted = Wanted::new(
        collided
            .map(|&row| issuer.event_id(row))
            .chain(collided_with.filter_map(|&row| acceptor.counter_event_id(row))),
    );
    if wanted.is_empty() {
        return Vec::new();
    }
    let named = wanted.among(issuer_ids, |row| table.issuer_free[row as usize] || is_collided(row));
    let naming = exchange.scatter(acceptor.len(), |row| {
        let lineage = leads.acceptor_lineage;
        let is_collided = lineage.standing[row as usize] == Standing::Collided;
        let is_leg = lineage.acceptor_flow(row).is_some();
        let takes_part = is_leg && (is_collided || table.acceptor_free[row as usize]);
        let id = takes_part.then(|| acceptor.counter_event_id(row)).flatten();
        id.filter(|id| wanted.may_be(id))
    });
    in_buckets(named, naming, |mut named, mut naming, placed: &mut Placed| {
        join_by_key(
            &mut named,
            &mut naming,
            |row| issuer.event_id(row),
            |row| acceptor.counter_event_id(row).unwrap_or_default(),
            |named, naming| {
                let (clean, collided): (Vec<u32>, Vec<u32>) =
                    naming.iter().partition(|&&row| table.acceptor_free[row as usize]);
                let target = named[0];
                if is_collided(target) {
                    placed.acceptor_held_with.extend(clean.iter().map(|&row| (row, target)));
                } else if clean.is_empty()
                    && let Some(&first) = collided.iter().min_by_key(|&&row| acceptor.event_id(row))
                {
                    placed.issuer_held_with.push((target, first));
                }
            },
        );
    })
}

/// By the issuer's counter_event_id: issuer's legs that name a collided row of the acceptor.
pub(super) fn with_acceptors<I: Side>(
    leads: &Leads<'_, I>,
    table: &Table<I>,
    acceptor_ids: &ByEventId,
    exchange: Exchange,
) -> Vec<Placed> {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let collided = leads.acceptor_lineage.collisions.iter().flatten();
    let wanted = Wanted::new(collided.map(|&row| acceptor.event_id(row)));
    if wanted.is_empty() {
        return Vec::new();
    }
    let naming = exchange.scatter(issuer.len(), |row| {
        let id = table.issuer_free[row as usize].then(|| issuer.counter_event_id(row)).flatten();
        id.filter(|id| wanted.may_be(id))
    });
    let named = wanted.among(acceptor_ids, |row| {
        leads.acceptor_lineage.standing[row as usize] == Standing::Collided
    });
    in_buckets(naming, named, |mut naming, mut named, placed: &mut Placed| {
        join_by_key(
            &mut naming,
            &mut named,
            |row| issuer.counter_event_id(row).unwrap_or_default(),
            |row| acceptor.event_id(row),
            |naming, named| {
                placed.issuer_held_with.extend(naming.iter().map(|&row| (row, named[0])));
            },
        );
    })
}
