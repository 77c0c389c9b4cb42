//! Pairing of issuer's legs with acceptor's legs, in the declared order of rules.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use rayon::prelude::*;

use super::collided;
use super::lineage::ByEventId;
use crate::agreement::{Agreement, EventRule};
use crate::engine::{Exchange, Keyed, join_by_key, join_to_sorted};
use crate::event::{Authority, Lineage, Matched, Pair, Tie};
use crate::frame::books::{Ledger, Side};
use crate::links::LinkBook;
use crate::past::{Scope, Settled};
use crate::value::kind::{Flow, Kind, Status};
use crate::value::party::Party;
use crate::value::period::Instant;

/// What pairing needs to know, besides the rules.
pub struct Leads<'a, I: Side> {
    /// The issuer's ledger.
    pub issuer: &'a Ledger<I>,
    /// The acceptor's ledger.
    pub acceptor: &'a Ledger<I::Partner>,
    /// What is known of the issuer's rows.
    pub issuer_lineage: &'a Lineage<I>,
    /// What is known of the acceptor's rows.
    pub acceptor_lineage: &'a Lineage<I::Partner>,
    /// Who authorises each issuer's leg.
    pub authorities: &'a [Authority],
    /// The links.
    pub book: &'a LinkBook,
    /// The agreement: rules, ratios and rounding.
    pub agreement: &'a Agreement,
    /// What is settled.
    pub scope: &'a Scope,
}

/// Legs that are not placed yet, and everything that has been.
pub(super) struct Table<I> {
    pub(super) issuer_free: Vec<bool>,
    pub(super) acceptor_free: Vec<bool>,
    /// Legs that a decision dropped, and that pair with nothing any more.
    issuer_dropped: Vec<u32>,
    acceptor_dropped: Vec<u32>,
    matched: Matched<I>,
}

/// What one bucket of one rule yields. The kernels decide; the table only records.
#[derive(Default)]
pub(super) struct Placed {
    pairs: Vec<(u32, u32)>,
    ties: Vec<(Vec<u32>, Vec<u32>)>,
    misdirected: Vec<(u32, u32)>,
    pub(super) issuer_held_with: Vec<(u32, u32)>,
    pub(super) acceptor_held_with: Vec<(u32, u32)>,
}

/// Pairs every leg of issuer `I`'s points. The rows of both ledgers come by their event_id, in the
/// buckets of the exchange.
pub fn pair<I: Side>(
    leads: &Leads<'_, I>,
    (issuer_ids, acceptor_ids): (&ByEventId, &ByEventId),
    exchange: Exchange,
) -> Matched<I> {
    let mut table = Table::new(leads);
    table.record(settled_together(leads, &table), SETTLED);
    table.set_aside(leads.scope);
    for held in collided::with_issuers(leads, &table, issuer_ids, exchange) {
        table.record(held, 0);
    }
    for held in collided::with_acceptors(leads, &table, acceptor_ids, exchange) {
        table.record(held, 0);
    }
    for (index, rule) in leads.agreement.event_rules.iter().enumerate() {
        // There are three rules, and none may stand twice.
        let index = index as u8;
        match rule {
            EventRule::Reference => {
                for placed in by_reference(leads, &table, issuer_ids, exchange) {
                    table.record(placed, index);
                }
                for placed in by_counter_reference(leads, &table, exchange) {
                    table.record(placed, index);
                }
            }
            EventRule::Order => {
                for placed in by_order(leads, &table, exchange) {
                    table.record(placed, index);
                }
            }
            EventRule::Window { from_micros, to_micros } => {
                let placed = by_window(leads, &table, *from_micros, *to_micros);
                table.record(placed, index);
            }
        }
    }
    table.finish()
}

impl<I: Side> Table<I> {
    fn new(leads: &Leads<'_, I>) -> Table<I> {
        let (issuer, acceptor) = (leads.issuer_lineage, leads.acceptor_lineage);
        Table {
            issuer_free: leads
                .issuer
                .rows()
                .map(|row| issuer.is_sound(row) && issuer.issuer_flow(row).is_some())
                .collect(),
            acceptor_free: leads
                .acceptor
                .rows()
                .map(|row| acceptor.is_sound(row) && acceptor.acceptor_flow(row).is_some())
                .collect(),
            issuer_dropped: Vec::new(),
            acceptor_dropped: Vec::new(),
            matched: Matched {
                pairs: Vec::new(),
                issuer_only: Vec::new(),
                acceptor_only: Vec::new(),
                misdirected: Vec::new(),
                ties: Vec::new(),
                issuer_held_with: Vec::new(),
                acceptor_held_with: Vec::new(),
                programme: PhantomData,
            },
        }
    }

    fn record(&mut self, placed: Placed, rule: u8) {
        for (issuer, acceptor) in placed.pairs {
            self.issuer_free[issuer as usize] = false;
            self.acceptor_free[acceptor as usize] = false;
            self.matched.pairs.push(Pair { issuer, acceptor, rule });
        }
        for (mut issuer, mut acceptor) in placed.ties {
            issuer.sort_unstable();
            acceptor.sort_unstable();
            for &row in &issuer {
                self.issuer_free[row as usize] = false;
            }
            for &row in &acceptor {
                self.acceptor_free[row as usize] = false;
            }
            self.matched.ties.push(Tie { issuer, acceptor, rule });
        }
        for (row, target) in placed.misdirected {
            self.acceptor_free[row as usize] = false;
            self.matched.misdirected.push((row, target));
        }
        for (row, collided) in placed.issuer_held_with {
            self.issuer_free[row as usize] = false;
            self.matched.issuer_held_with.push((row, collided));
        }
        for (row, collided) in placed.acceptor_held_with {
            self.acceptor_free[row as usize] = false;
            self.matched.acceptor_held_with.push((row, collided));
        }
    }

    /// Takes what was dropped, and not with a partner, out of what can be paired.
    fn set_aside(&mut self, scope: &Scope) {
        let dropped = |party: Party, free: &mut Vec<bool>| -> Vec<u32> {
            let settled = scope.settled.of(party).iter();
            let dropped = settled.filter(|(_, how)| **how == Settled::Dropped);
            let mut aside: Vec<u32> = dropped.map(|(&row, _)| row).collect();
            aside.retain(|&row| std::mem::take(&mut free[row as usize]));
            aside
        };
        self.issuer_dropped = dropped(I::PARTY, &mut self.issuer_free);
        self.acceptor_dropped = dropped(I::PARTY.partner(), &mut self.acceptor_free);
    }

    fn finish(self) -> Matched<I> {
        let rest = |free: Vec<bool>, dropped: Vec<u32>| {
            let free = (0_u32..).zip(free).filter_map(|(row, free)| free.then_some(row));
            let mut rest: Vec<u32> = free.chain(dropped).collect();
            rest.sort_unstable();
            rest
        };
        let mut matched = self.matched;
        matched.issuer_only = rest(self.issuer_free, self.issuer_dropped);
        matched.acceptor_only = rest(self.acceptor_free, self.acceptor_dropped);
        matched.pairs.sort_unstable();
        matched.misdirected.sort_unstable();
        matched.ties.sort_unstable();
        matched.issuer_held_with.sort_unstable();
        matched.acceptor_held_with.sort_unstable();
        matched
    }
}

/// What stands for a rule where a final publication paired the legs.
const SETTLED: u8 = u8::MAX;

/// Legs that were settled together, before any rule pairs one of them with another.
fn settled_together<I: Side>(leads: &Leads<'_, I>, table: &Table<I>) -> Placed {
    let are_sound = |&&(issuer, acceptor): &&(u32, u32)| {
        table.issuer_free[issuer as usize] && table.acceptor_free[acceptor as usize]
    };
    let settled = leads.scope.pairs.of(I::PARTY);
    Placed { pairs: settled.iter().filter(are_sound).copied().collect(), ..Placed::default() }
}

/// The acceptor's counter_event_id names the issuer's event_id.
fn by_reference<I: Side>(
    leads: &Leads<'_, I>,
    table: &Table<I>,
    issuer_ids: &ByEventId,
    exchange: Exchange,
) -> Vec<Placed> {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let naming = exchange.scatter(acceptor.len(), |row| {
        table.acceptor_free[row as usize].then(|| acceptor.counter_event_id(row)).flatten()
    });
    in_buckets(issuer_ids, naming, |named, mut naming, placed: &mut Placed| {
        join_to_sorted(
            named,
            &mut naming,
            |row| issuer.event_id(row),
            |row| acceptor.counter_event_id(row).unwrap_or_default(),
            |named, naming| {
                let is_sound = |row: &&u32| leads.issuer_lineage.is_sound(**row);
                let Some(&target) = named.iter().find(is_sound) else { return };
                if leads.issuer_lineage.issuer_flow(target).is_none() {
                    placed.misdirected.extend(naming.iter().map(|&row| (row, target)));
                } else if table.issuer_free[target as usize] {
                    match naming {
                        [one] => placed.pairs.push((target, *one)),
                        _ => placed.ties.push((vec![target], naming.to_vec())),
                    }
                }
            },
        );
    })
}

/// Of the rest, the issuer's counter_event_id names the acceptor's event_id.
fn by_counter_reference<I: Side>(
    leads: &Leads<'_, I>,
    table: &Table<I>,
    exchange: Exchange,
) -> Vec<Placed> {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let naming = exchange.scatter(issuer.len(), |row| {
        table.issuer_free[row as usize].then(|| issuer.counter_event_id(row)).flatten()
    });
    let named = exchange.scatter(acceptor.len(), |row| {
        table.acceptor_free[row as usize].then(|| acceptor.event_id(row))
    });
    in_buckets(naming, named, |mut naming, mut named, placed: &mut Placed| {
        join_by_key(
            &mut naming,
            &mut named,
            |row| issuer.counter_event_id(row).unwrap_or_default(),
            |row| acceptor.event_id(row),
            |naming, named| match naming {
                [one] => placed.pairs.push((*one, named[0])),
                _ => placed.ties.push((naming.to_vec(), vec![named[0]])),
            },
        );
    })
}

/// The same order_no, flow and direction; a payment that failed and was made again is two spends of
/// one order. Orphans have no flow and take no part.
fn by_order<I: Side>(leads: &Leads<'_, I>, table: &Table<I>, exchange: Exchange) -> Vec<Placed> {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let issuer_class = |row: u32| {
        let flow = leads.issuer_lineage.issuer_flow(row).flatten();
        flow.map(|flow| (flow, issuer.kind(row) == Kind::Reversal))
    };
    let acceptor_class = |row: u32| {
        let flow = leads.acceptor_lineage.acceptor_flow(row).flatten();
        flow.map(|flow| (flow, acceptor.kind(row) == Kind::Reversal))
    };
    let left = exchange.scatter(issuer.len(), |row| {
        let takes_part = table.issuer_free[row as usize] && issuer_class(row).is_some();
        takes_part.then(|| issuer.order_no(row)).flatten()
    });
    let right = exchange.scatter(acceptor.len(), |row| {
        let takes_part = table.acceptor_free[row as usize] && acceptor_class(row).is_some();
        takes_part.then(|| acceptor.order_no(row)).flatten()
    });
    in_buckets(left, right, |mut left, mut right, placed: &mut Placed| {
        join_by_key(
            &mut left,
            &mut right,
            |row| issuer.order_no(row).unwrap_or_default(),
            |row| acceptor.order_no(row).unwrap_or_default(),
            |left, right| {
                let mut classes: BTreeMap<(Flow, bool), (Vec<u32>, Vec<u32>)> = BTreeMap::new();
                for &row in left {
                    if let Some(class) = issuer_class(row) {
                        classes.entry(class).or_default().0.push(row);
                    }
                }
                for &row in right {
                    if let Some(class) = acceptor_class(row) {
                        classes.entry(class).or_default().1.push(row);
                    }
                }
                for (left, right) in classes.into_values() {
                    let is_void = |row: &u32| issuer.status(*row) == Status::Cancelled;
                    let (left_void, left_rest): (Vec<u32>, Vec<u32>) =
                        left.iter().partition(|row| is_void(row));
                    let is_void = |row: &u32| acceptor.status(*row) == Status::Cancelled;
                    let (right_void, right_rest): (Vec<u32>, Vec<u32>) =
                        right.iter().partition(|row| is_void(row));
                    // What both sides cancelled as often does not compete with what took effect,
                    // and is excluded whichever is paired with which.
                    if left_void.len() == right_void.len() {
                        let (mut left_void, mut right_void) = (left_void, right_void);
                        left_void.sort_unstable_by_key(|&row| issuer.event_id(row));
                        right_void.sort_unstable_by_key(|&row| acceptor.event_id(row));
                        placed.pairs.extend(left_void.into_iter().zip(right_void));
                        place_order(left_rest, right_rest, placed);
                    } else {
                        place_order(left, right, placed);
                    }
                }
            },
        );
    })
}

/// Places the legs of one order.
fn place_order(left: Vec<u32>, right: Vec<u32>, placed: &mut Placed) {
    match (left.as_slice(), right.as_slice()) {
        ([], _) | (_, []) => {}
        ([one], [other]) => placed.pairs.push((*one, *other)),
        _ => placed.ties.push((left, right)),
    }
}

/// The same link, the expected mirror, and an offset within the window.
///
/// Legs that one link, flow and mirror could pair stand in one group with the acceptor's legs that
/// record it. In a group the candidates of a leg are a run of the acceptor's legs in order of time,
/// and later legs have later runs; so legs whose runs touch are one tie, and a leg that is alone
/// with one candidate is a pair. The sweep needs no list of candidates, however many there are.
fn by_window<I: Side>(
    leads: &Leads<'_, I>,
    table: &Table<I>,
    from_micros: i64,
    to_micros: i64,
) -> Placed {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let mut groups: BTreeMap<WindowKey<'_>, WindowGroup> = BTreeMap::new();
    for row in issuer.rows() {
        let is_free = table.issuer_free[row as usize] && issuer.kind(row) != Kind::Reversal;
        if let (true, Authority::Link(link)) = (is_free, leads.authorities[row as usize])
            && let Some((flow, mirror)) = expected_mirror(leads, row)
        {
            let member = leads.book.get(link).members.of(I::PARTY.partner());
            let group = groups.entry(WindowKey { member, flow, mirror }).or_default();
            group.legs.push((issuer.occurred_at(row), row));
        }
    }
    for row in acceptor.rows() {
        let is_free = table.acceptor_free[row as usize]
            && acceptor.kind(row) != Kind::Reversal
            && acceptor.counter_event_id(row).is_none();
        let flow = leads.acceptor_lineage.acceptor_flow(row).flatten();
        if let (true, Some(flow)) = (is_free, flow) {
            let mirror = i128::from(acceptor.points(row));
            let key = WindowKey { member: acceptor.member_no(row), flow, mirror };
            if let Some(group) = groups.get_mut(&key) {
                group.mirrors.push((acceptor.occurred_at(row), row));
            }
        }
    }
    let mut placed = Placed::default();
    for group in groups.into_values() {
        sweep(group, from_micros, to_micros, &mut placed);
    }
    placed
}

/// What an issuer's leg and its mirror must share.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct WindowKey<'a> {
    /// The acceptor's member, linked to the issuer's when the leg occurred.
    member: &'a str,
    flow: Flow,
    mirror: i128,
}

/// Legs of one key on both sides, with their instants.
#[derive(Default)]
struct WindowGroup {
    legs: Vec<(Instant, u32)>,
    mirrors: Vec<(Instant, u32)>,
}

/// The flow of an issuer's leg and the mirror that it calls for, if it is no orphan and a version
/// is in force.
fn expected_mirror<I: Side>(leads: &Leads<'_, I>, leg: u32) -> Option<(Flow, i128)> {
    let flow = leads.issuer_lineage.issuer_flow(leg).flatten()?;
    let points = leads.issuer.own_points(leg);
    if flow == Flow::Sale {
        return Some((flow, points.quantity()));
    }
    let versions = leads.agreement.ratios.of(I::PARTY);
    let (_, version) = versions.in_force(leads.issuer.occurred_at(leg))?;
    let mirror = version.value.mirror(-points, leads.agreement.mirror_rounding).ok()?;
    Some((flow, mirror.quantity()))
}

/// Places the legs of one group: runs of candidates that touch are one tie.
fn sweep(mut group: WindowGroup, from_micros: i64, to_micros: i64, placed: &mut Placed) {
    group.legs.sort_unstable();
    group.mirrors.sort_unstable();
    let mut legs: Vec<u32> = Vec::new();
    let mut run = 0..0;
    for &(at, leg) in &group.legs {
        let (first, last) = (at.plus(from_micros), at.plus(to_micros));
        let start = group.mirrors.partition_point(|&(when, _)| when < first);
        let end = group.mirrors.partition_point(|&(when, _)| when <= last);
        if start >= end {
            continue;
        }
        if start >= run.end {
            place_run(&legs, &group.mirrors[run.clone()], placed);
            legs.clear();
            run = start..end;
        }
        legs.push(leg);
        run.end = end;
    }
    place_run(&legs, &group.mirrors[run], placed);
}

fn place_run(legs: &[u32], mirrors: &[(Instant, u32)], placed: &mut Placed) {
    match (legs, mirrors) {
        ([], _) => {}
        ([leg], [(_, mirror)]) => placed.pairs.push((*leg, *mirror)),
        _ => placed.ties.push((legs.to_vec(), mirrors.iter().map(|&(_, row)| row).collect())),
    }
}

/// Runs a kernel over the buckets of both sides.
pub(super) fn in_buckets<L: IntoParallelIterator<Iter: IndexedParallelIterator>>(
    left: L,
    right: Vec<Vec<Keyed>>,
    kernel: impl Fn(L::Item, Vec<Keyed>, &mut Placed) + Sync,
) -> Vec<Placed> {
    left.into_par_iter()
        .zip(right)
        .map(|(left, right)| {
            let mut placed = Placed::default();
            kernel(left, right, &mut placed);
            placed
        })
        .collect()
}
