//! Rows of one period that rows of another name: what was cancelled and is reversed, what is
//! reversed before it happened, and numbers of own business that legs have or name.

use fastrand::Rng;

use super::chain::Chain;
use super::random::{now_and_then, one_of};
use super::{FLOWS, HOUR, Kind, PARTIES, Party, Row, Status};

/// Ties periods of a chain together by a few such rows.
pub fn entangle(rng: &mut Rng, chain: &mut Chain) {
    let periods = chain.runs.len();
    for position in 0..periods {
        for told in 0..rng.usize(0..=2) {
            let id = format!("K{position}{told}");
            let to = rng.usize(position..periods);
            match rng.u32(..5) {
                0 => reverse_cancelled(rng, chain, (position, to), &id),
                1 if position + 1 < periods => reverse_beforehand(rng, chain, position, &id),
                2 => collide_own(rng, chain, (position, to), &id),
                3 => use_number_again(rng, chain, (position, to), &id),
                _ => name_own(rng, chain, (position, to), &id),
            }
        }
    }
}

/// A row of nobody's order, posted when it happened.
fn alike(row: &Row, event_id: String, kind: Kind, points: i64, occurred_at: i64) -> Row {
    Row {
        event_id,
        kind,
        points,
        occurred_at,
        posted_at: None,
        counter_event_id: None,
        original_event_id: None,
        order_no: None,
        status: Status::Posted,
        ..row.clone()
    }
}

/// Where a spend of a period and its mirror stand in the two ledgers.
fn spend_of(rng: &mut Rng, chain: &Chain, position: usize) -> Option<(Party, usize, usize)> {
    let issuer = one_of(rng, &PARTIES);
    let world = &chain.runs[position].world;
    let mirrors = &world.side(issuer.other()).ledger;
    let legs = world.side(issuer).ledger.iter().enumerate();
    let spends: Vec<(Party, usize, usize)> = legs
        .filter(|(_, row)| FLOWS.iter().any(|flow| flow.issuer_kind() == row.kind))
        .filter_map(|(leg, row)| {
            let is_its = |other: &Row| other.counter_event_id.as_ref() == Some(&row.event_id);
            Some((issuer, leg, mirrors.iter().position(is_its)?))
        })
        .collect();
    (!spends.is_empty()).then(|| one_of(rng, &spends))
}

/// Both legs of the reversal of a spend, of which one may be missing.
fn send_back(
    rng: &mut Rng,
    chain: &mut Chain,
    to: usize,
    legs: (Party, &Row, &Row),
    at: (i64, &str),
) {
    let ((issuer, leg, mirror), (at, id)) = (legs, at);
    let mut back = alike(leg, id.to_owned(), Kind::Reversal, -leg.points, at);
    back.original_event_id = Some(leg.event_id.clone());
    let mut forth = alike(mirror, format!("{id}m"), Kind::Reversal, -mirror.points, at);
    forth.original_event_id = Some(mirror.event_id.clone());
    forth.counter_event_id = Some(id.to_owned());
    let skip = rng.u32(..6);
    let world = &mut chain.runs[to].world;
    if skip != 0 {
        world.side_mut(issuer).ledger.push(back);
    }
    if skip != 1 {
        world.side_mut(issuer.other()).ledger.push(forth);
    }
}

/// A spend that never took effect comes back all the same, then or later.
fn reverse_cancelled(rng: &mut Rng, chain: &mut Chain, (position, to): (usize, usize), id: &str) {
    let Some((issuer, leg, mirror)) = spend_of(rng, chain, position) else { return };
    let world = &mut chain.runs[position].world;
    world.side_mut(issuer).ledger[leg].status = Status::Cancelled;
    if now_and_then(rng, 85) {
        world.side_mut(issuer.other()).ledger[mirror].status = Status::Cancelled;
    }
    let leg = world.side(issuer).ledger[leg].clone();
    let mirror = world.side(issuer.other()).ledger[mirror].clone();
    let at = chain.runs[to].world.period_bounds().0 + rng.i64(1..90) * HOUR;
    send_back(rng, chain, to, (issuer, &leg, &mirror), (at, id));
}

/// A reversal stands before its original, over the cut-off; whether or not the earlier files have
/// the original already.
fn reverse_beforehand(rng: &mut Rng, chain: &mut Chain, position: usize, id: &str) {
    let Some((issuer, leg, mirror)) = spend_of(rng, chain, position + 1) else { return };
    let world = &mut chain.runs[position + 1].world;
    let start = world.period_bounds().0;
    world.side_mut(issuer).ledger[leg].occurred_at = start + rng.i64(0..3) * HOUR;
    let leg = world.side(issuer).ledger[leg].clone();
    let mirror = world.side(issuer.other()).ledger[mirror].clone();
    if rng.bool() {
        let earlier = &mut chain.runs[position].world;
        earlier.side_mut(issuer).ledger.push(leg.clone());
        earlier.side_mut(issuer.other()).ledger.push(mirror.clone());
    }
    let at = start - rng.i64(1..9) * HOUR;
    let to = position + usize::from(now_and_then(rng, 25));
    send_back(rng, chain, to, (issuer, &leg, &mirror), (at, id));
}

/// A row of a party's own business in a period, reversals of such business among them.
fn own_of(rng: &mut Rng, chain: &Chain, position: usize) -> Option<(Party, Row)> {
    let party = one_of(rng, &PARTIES);
    let ledger = &chain.runs[position].world.side(party).ledger;
    let is_own = |row: &Row| matches!(row.kind, Kind::Earn | Kind::Burn | Kind::Expire);
    let reverses_own = |row: &Row| {
        let original = row.original_event_id.as_ref();
        row.kind == Kind::Reversal
            && ledger.iter().any(|other| is_own(other) && Some(&other.event_id) == original)
    };
    let own: Vec<Row> =
        ledger.iter().filter(|row| is_own(row) || reverses_own(row)).cloned().collect();
    (!own.is_empty()).then(|| (party, one_of(rng, &own)))
}

/// Own business of a period is reversed in it, or stands there twice, and a mirror names that.
fn collide_own(rng: &mut Rng, chain: &mut Chain, (position, to): (usize, usize), id: &str) {
    let Some((party, own)) = own_of(rng, chain, position) else { return };
    let ledger = &mut chain.runs[position].world.side_mut(party).ledger;
    let named = if rng.bool() {
        let at = own.occurred_at;
        let mut back = alike(&own, id.to_owned(), Kind::Reversal, -own.points, at);
        back.original_event_id = Some(own.event_id.clone());
        ledger.push(back);
        id.to_owned()
    } else {
        ledger.push(Row { points: own.points * 2, ..own.clone() });
        own.event_id.clone()
    };
    mirror_of(rng, chain, to, (party, &own), (&named, id));
}

/// A spend has a number that own business has.
fn use_number_again(rng: &mut Rng, chain: &mut Chain, (position, to): (usize, usize), id: &str) {
    let Some((party, own)) = own_of(rng, chain, position) else { return };
    let world = &mut chain.runs[to].world;
    let at = world.period_bounds().0 + rng.i64(0..90) * HOUR;
    let spent = alike(&own, own.event_id.clone(), Kind::Xburn, -90, at);
    world.side_mut(party).ledger.push(spent);
    if now_and_then(rng, 80) {
        mirror_of(rng, chain, to, (party, &own), (&own.event_id, id));
    }
}

/// A mirror names own business.
fn name_own(rng: &mut Rng, chain: &mut Chain, (position, to): (usize, usize), id: &str) {
    let Some((party, own)) = own_of(rng, chain, position) else { return };
    mirror_of(rng, chain, to, (party, &own), (&own.event_id, id));
}

fn mirror_of(
    rng: &mut Rng,
    chain: &mut Chain,
    to: usize,
    (party, own): (Party, &Row),
    (named, id): (&str, &str),
) {
    let world = &mut chain.runs[to].world;
    let at = world.period_bounds().0 + rng.i64(0..90) * HOUR;
    let mut mirror = alike(own, format!("{id}n"), Kind::Xaccept, 30, at);
    mirror.counter_event_id = Some(named.to_owned());
    world.side_mut(party.other()).ledger.push(mirror);
}
