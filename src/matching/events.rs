//! Pairing of issuer's legs with acceptor's legs, in the declared order of rules.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use rayon::prelude::*;

use crate::agreement::{Agreement, EventRule};
use crate::engine::{Exchange, join_by_key};
use crate::event::{Authority, Lineage, Matched, Pair, Standing, Tie};
use crate::frame::books::{Ledger, Side};
use crate::links::LinkBook;
use crate::value::kind::{Flow, Kind};
use crate::value::points::{Points, Ratio};

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
}

/// Legs that are not placed yet, and everything that has been.
struct Table<I> {
    issuer_free: Vec<bool>,
    acceptor_free: Vec<bool>,
    matched: Matched<I>,
}

/// What one bucket of one rule yields. The kernels decide; the table only records.
#[derive(Default)]
struct Placed {
    pairs: Vec<(u32, u32)>,
    ties: Vec<(Vec<u32>, Vec<u32>)>,
    misdirected: Vec<(u32, u32)>,
    issuer_held_with: Vec<(u32, u32)>,
    acceptor_held_with: Vec<(u32, u32)>,
}

/// Pairs every leg of issuer `I`'s points.
pub fn pair<I: Side>(leads: &Leads<'_, I>, exchange: Exchange) -> Matched<I> {
    let mut table = Table::new(leads);
    for held in with_collided_issuers(leads, &table, exchange) {
        table.record(held, 0);
    }
    for held in with_collided_acceptors(leads, &table, exchange) {
        table.record(held, 0);
    }
    for (index, rule) in leads.agreement.event_rules.iter().enumerate() {
        // There are three rules, and none may stand twice.
        let index = index as u8;
        match rule {
            EventRule::Reference => {
                for placed in by_reference(leads, &table, exchange) {
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

    fn finish(self) -> Matched<I> {
        let rest = |free: Vec<bool>| {
            (0_u32..).zip(free).filter_map(|(row, free)| free.then_some(row)).collect()
        };
        let mut matched = self.matched;
        matched.issuer_only = rest(self.issuer_free);
        matched.acceptor_only = rest(self.acceptor_free);
        matched.pairs.sort_unstable();
        matched.misdirected.sort_unstable();
        matched.ties.sort_unstable();
        matched.issuer_held_with.sort_unstable();
        matched.acceptor_held_with.sort_unstable();
        matched
    }
}

/// By the acceptor's counter_event_id: acceptor's legs that name a collided row of the issuer, and
/// issuer's legs that none but collided legs of the acceptor name. Nobody can say which of the
/// collided rows is meant, and so both wait with them, before any rule pairs them otherwise.
fn with_collided_issuers<I: Side>(
    leads: &Leads<'_, I>,
    table: &Table<I>,
    exchange: Exchange,
) -> Vec<Placed> {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let is_collided = |row: u32| leads.issuer_lineage.standing[row as usize] == Standing::Collided;
    let named = exchange.scatter(issuer.len(), |row| {
        let takes_part = table.issuer_free[row as usize] || is_collided(row);
        takes_part.then(|| issuer.event_id(row))
    });
    let naming = exchange.scatter(acceptor.len(), |row| {
        let lineage = leads.acceptor_lineage;
        let is_extra = lineage.standing[row as usize] == Standing::Extra;
        let is_leg = !is_extra && lineage.acceptor_flow(row).is_some();
        is_leg.then(|| acceptor.counter_event_id(row)).flatten()
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
fn with_collided_acceptors<I: Side>(
    leads: &Leads<'_, I>,
    table: &Table<I>,
    exchange: Exchange,
) -> Vec<Placed> {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let naming = exchange.scatter(issuer.len(), |row| {
        table.issuer_free[row as usize].then(|| issuer.counter_event_id(row)).flatten()
    });
    let named = exchange.scatter(acceptor.len(), |row| {
        let standing = leads.acceptor_lineage.standing[row as usize];
        (standing == Standing::Collided).then(|| acceptor.event_id(row))
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

/// The acceptor's counter_event_id names the issuer's event_id.
fn by_reference<I: Side>(
    leads: &Leads<'_, I>,
    table: &Table<I>,
    exchange: Exchange,
) -> Vec<Placed> {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let named = exchange.scatter(issuer.len(), |row| {
        leads.issuer_lineage.is_sound(row).then(|| issuer.event_id(row))
    });
    let naming = exchange.scatter(acceptor.len(), |row| {
        table.acceptor_free[row as usize].then(|| acceptor.counter_event_id(row)).flatten()
    });
    in_buckets(named, naming, |mut named, mut naming, placed: &mut Placed| {
        join_by_key(
            &mut named,
            &mut naming,
            |row| issuer.event_id(row),
            |row| acceptor.counter_event_id(row).unwrap_or_default(),
            |named, naming| {
                let target = named[0];
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

/// The same order_no, flow and direction. Orphans have no flow and take no part.
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
                    match (left.as_slice(), right.as_slice()) {
                        ([], _) | (_, []) => {}
                        ([one], [other]) => placed.pairs.push((*one, *other)),
                        _ => placed.ties.push((left, right)),
                    }
                }
            },
        );
    })
}

/// The same link, the expected mirror, and an offset within the window. Each leg's candidates are
/// found; legs that are each other's only candidate pair, and connected groups of others tie.
fn by_window<I: Side>(
    leads: &Leads<'_, I>,
    table: &Table<I>,
    from_micros: i64,
    to_micros: i64,
) -> Placed {
    let (issuer, acceptor) = (leads.issuer, leads.acceptor);
    let mut by_link: BTreeMap<(&str, &str), (Vec<u32>, Vec<u32>)> = BTreeMap::new();
    for row in issuer.rows() {
        let is_free = table.issuer_free[row as usize] && issuer.kind(row) != Kind::Reversal;
        if let (true, Authority::Link(link)) = (is_free, leads.authorities[row as usize]) {
            let members = &leads.book.get(link).members;
            let key = (members.of(I::PARTY).as_str(), members.of(I::PARTY.partner()).as_str());
            by_link.entry(key).or_default().0.push(row);
        }
    }
    let mut acceptors: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for row in acceptor.rows() {
        let is_free = table.acceptor_free[row as usize]
            && acceptor.kind(row) != Kind::Reversal
            && acceptor.counter_event_id(row).is_none();
        if is_free {
            acceptors.entry(acceptor.member_no(row)).or_default().push(row);
        }
    }
    let mut edges: Vec<(u32, u32)> = Vec::new();
    for ((_, partner), (issuer_rows, _)) in &by_link {
        let Some(acceptor_rows) = acceptors.get(partner) else { continue };
        let mut timed: Vec<(i64, u32)> =
            acceptor_rows.iter().map(|&row| (acceptor.occurred_at(row).0, row)).collect();
        timed.sort_unstable();
        for &leg in issuer_rows {
            let at = issuer.occurred_at(leg);
            let first = timed.partition_point(|&(when, _)| when < at.plus(from_micros).0);
            for &(when, mirror) in &timed[first..] {
                if when > at.plus(to_micros).0 {
                    break;
                }
                if mirrors(leads, leg, mirror) {
                    edges.push((leg, mirror));
                }
            }
        }
    }
    place_edges(edges)
}

/// Whether the acceptor's leg records exactly the agreed mirror of the issuer's leg.
fn mirrors<I: Side>(leads: &Leads<'_, I>, leg: u32, mirror: u32) -> bool {
    let flow = leads.issuer_lineage.issuer_flow(leg).flatten();
    if flow.is_none() || flow != leads.acceptor_lineage.acceptor_flow(mirror).flatten() {
        return false;
    }
    let at = leads.issuer.occurred_at(leg);
    let (cleared, ratio) = if flow == Some(Flow::Sale) {
        (leads.issuer.own_points(leg), Some(Ratio::ONE))
    } else {
        let versions = leads.agreement.ratios.of(I::PARTY);
        (-leads.issuer.own_points(leg), versions.in_force(at).map(|(_, version)| version.value))
    };
    let agreed = ratio.map(|ratio| ratio.mirror(cleared, leads.agreement.mirror_rounding));
    let recorded = Points::<I::Partner>::new(leads.acceptor.points(mirror));
    matches!(agreed, Some(Ok(agreed)) if agreed == recorded)
}

/// Pairs the edges that stand alone, and makes one tie of every other connected group.
fn place_edges(edges: Vec<(u32, u32)>) -> Placed {
    let mut of_issuer: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    let mut of_acceptor: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for &(leg, mirror) in &edges {
        of_issuer.entry(leg).or_default().push(mirror);
        of_acceptor.entry(mirror).or_default().push(leg);
    }
    let mut placed = Placed::default();
    let mut seen: BTreeSet<u32> = BTreeSet::new();
    for &start in of_issuer.keys() {
        if !seen.insert(start) {
            continue;
        }
        let (mut legs, mut mirrors) = (BTreeSet::from([start]), BTreeSet::new());
        let mut open = vec![start];
        while let Some(leg) = open.pop() {
            for &mirror in of_issuer.get(&leg).into_iter().flatten() {
                if mirrors.insert(mirror) {
                    for &other in of_acceptor.get(&mirror).into_iter().flatten() {
                        if legs.insert(other) {
                            seen.insert(other);
                            open.push(other);
                        }
                    }
                }
            }
        }
        let (legs, mirrors): (Vec<u32>, Vec<u32>) =
            (legs.into_iter().collect(), mirrors.into_iter().collect());
        match (legs.as_slice(), mirrors.as_slice()) {
            ([leg], [mirror]) => placed.pairs.push((*leg, *mirror)),
            _ => placed.ties.push((legs, mirrors)),
        }
    }
    placed
}

/// Runs a kernel over the buckets of both sides.
fn in_buckets(
    left: Vec<Vec<crate::engine::Keyed>>,
    right: Vec<Vec<crate::engine::Keyed>>,
    kernel: impl Fn(Vec<crate::engine::Keyed>, Vec<crate::engine::Keyed>, &mut Placed) + Sync,
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
