//! Makes a world that disagrees as small as it can be made by leaving things out one by one.

use std::path::Path;

use crate::world::chain::Chain;
use crate::world::{PARTIES, Party, World};

/// Something of which a world may have one less.
#[derive(Debug, Clone, Copy)]
enum Part {
    Ledger(Party),
    Members(Party),
    Opening(Party),
    Accounts(Party),
    Links,
    Consents,
    Ratios,
    Rates,
    Fees,
    Rules,
    Caps,
    Minimums,
    Decisions,
    Adjustments,
    Payments,
    Settings,
    Lots(Party),
}

fn remove<T>(list: Option<&mut Vec<T>>, position: usize) -> bool {
    match list {
        Some(list) if position < list.len() => {
            list.remove(position);
            true
        }
        _ => false,
    }
}

/// Removes one thing; false when there is none at the position.
fn without(world: &mut World, part: Part, position: usize) -> bool {
    match part {
        Part::Ledger(party) => remove(Some(&mut world.side_mut(party).ledger), position),
        Part::Members(party) => remove(world.side_mut(party).members.as_mut(), position),
        Part::Opening(party) => remove(world.side_mut(party).opening.as_mut(), position),
        Part::Accounts(party) => remove(world.side_mut(party).accounts.as_mut(), position),
        Part::Links => remove(world.links.as_mut(), position),
        Part::Consents => remove(world.consents.as_mut(), position),
        // Each issuer keeps a ratio, without which the pipeline is refused.
        Part::Ratios => {
            let issuer = world.ratios.get(position).map(|ratio| ratio.issuer);
            let left = world.ratios.iter().filter(|ratio| Some(ratio.issuer) == issuer).count();
            left > 1 && remove(Some(&mut world.ratios), position)
        }
        Part::Rates => remove(Some(&mut world.rates), position),
        Part::Fees => remove(Some(&mut world.fees), position),
        Part::Caps => remove(Some(&mut world.caps), position),
        Part::Minimums => remove(Some(&mut world.minimums), position),
        Part::Decisions => remove(world.decisions.as_mut(), position),
        Part::Adjustments => remove(world.adjustments.as_mut(), position),
        Part::Payments => remove(world.payments.as_mut(), position),
        Part::Lots(party) => remove(world.side_mut(party).lots.as_mut(), position),
        Part::Settings => remove(Some(&mut world.settings), position),
        Part::Rules => world.rules.len() > 1 && remove(Some(&mut world.rules), position),
    }
}

const PARTS: [Part; 22] = [
    Part::Lots(Party::A),
    Part::Lots(Party::B),
    Part::Settings,
    Part::Ledger(Party::A),
    Part::Ledger(Party::B),
    Part::Decisions,
    Part::Adjustments,
    Part::Payments,
    Part::Caps,
    Part::Minimums,
    Part::Fees,
    Part::Consents,
    Part::Links,
    Part::Members(Party::A),
    Part::Members(Party::B),
    Part::Opening(Party::A),
    Part::Opening(Party::B),
    Part::Accounts(Party::A),
    Part::Accounts(Party::B),
    Part::Rates,
    Part::Ratios,
    Part::Rules,
];

/// What is simpler than a world as a whole, and still a world.
fn simpler(world: &World) -> Vec<World> {
    let mut found = Vec::new();
    for party in PARTIES {
        let mut one = world.clone();
        let side = one.side_mut(party);
        (side.opening, side.accounts) = (None, None);
        found.push(one);
        let mut one = world.clone();
        let side = one.side_mut(party);
        (side.statement, side.lots) = (None, None);
        found.push(one);
    }
    let mut no_tiers = world.clone();
    no_tiers.tiers = None;
    let mut no_consents = world.clone();
    (no_consents.purpose, no_consents.consents) = (None, None);
    let mut one_file = world.clone();
    (one_file.a.parts, one_file.b.parts) = (1, 1);
    let mut no_scale = world.clone();
    (no_scale.a.scale, no_scale.b.scale) = (0, 0);
    let mut no_carry = world.clone();
    (no_carry.opening_carry, no_carry.minimum) = (0, 0);
    found.extend([no_tiers, no_consents, one_file, no_scale, no_carry]);
    found.retain(|other| other != world);
    found
}

/// The smallest world found for which `wrong` still holds.
pub fn shrink(mut world: World, wrong: impl Fn(&World) -> bool) -> World {
    for candidate in simpler(&world) {
        let mut next = world.clone();
        for party in PARTIES {
            if candidate.side(party).statement.is_none() {
                let side = next.side_mut(party);
                (side.statement, side.lots) = (None, None);
            }
            if candidate.side(party).accounts.is_none() {
                next.side_mut(party).opening = None;
                next.side_mut(party).accounts = None;
            }
            next.side_mut(party).parts = candidate.side(party).parts;
            next.side_mut(party).scale = candidate.side(party).scale;
        }
        next.tiers = next.tiers.filter(|_| candidate.tiers.is_some());
        next.purpose = next.purpose.filter(|_| candidate.purpose.is_some());
        next.consents = next.consents.filter(|_| candidate.consents.is_some());
        (next.opening_carry, next.minimum) = (candidate.opening_carry, candidate.minimum);
        if wrong(&next) {
            world = next;
        }
    }
    for part in PARTS {
        let mut position = 0;
        loop {
            let mut next = world.clone();
            if !without(&mut next, part, position) {
                // What may not be dropped is passed over; nothing has this many.
                position += 1;
                if position > 100 {
                    break;
                }
                continue;
            }
            // What is left moves up when a thing is dropped, so that the position stays.
            if wrong(&next) { world = next } else { position += 1 }
        }
    }
    world
}

/// The smallest chain found for which `wrong` still holds: fewer rows in each period, and simpler
/// terms in all of them.
pub fn shrink_chain(mut chain: Chain, wrong: impl Fn(&Chain) -> bool) -> Chain {
    for simplify in SIMPLER_TERMS {
        let mut next = chain.clone();
        next.runs.iter_mut().for_each(|run| simplify(&mut run.world));
        if next != chain && wrong(&next) {
            chain = next;
        }
    }
    for part in PARTS {
        let common = !matches!(
            part,
            Part::Ledger(_)
                | Part::Lots(_)
                | Part::Opening(_)
                | Part::Accounts(_)
                | Part::Decisions
                | Part::Adjustments
                | Part::Payments
        );
        let positions = if common { 0..1 } else { 0..chain.runs.len() };
        for period in positions {
            let mut position = 0;
            while position <= 100 {
                let mut next = chain.clone();
                let dropped = if common {
                    next.runs.iter_mut().all(|run| without(&mut run.world, part, position))
                } else {
                    without(&mut next.runs[period].world, part, position)
                };
                if dropped && wrong(&next) { chain = next } else { position += 1 }
            }
        }
    }
    chain
}

/// What makes the terms of every period simpler at once.
const SIMPLER_TERMS: [fn(&mut World); 16] = [
    |world| (world.a.lots, world.b.lots) = (None, None),
    |world| (world.a.statement, world.b.statement) = (None, None),
    |world| (world.a.scale, world.b.scale) = (0, 0),
    |world| (world.a.accounts, world.a.opening) = (None, None),
    |world| (world.b.accounts, world.b.opening) = (None, None),
    |world| (world.a.parts, world.b.parts) = (1, 1),
    |world| world.tiers = None,
    |world| (world.purpose, world.consents) = (None, None),
    |world| (world.opening_carry, world.minimum) = (0, 0),
    |world| (world.late_fee, world.payments, world.exempt_days) = (None, None, None),
    |world| world.adjustments = None,
    |world| world.decisions = None,
    |world| world.settle_on = [None; 2],
    |world| world.reads_following = false,
    |world| (world.a.after, world.b.after) = (None, None),
    |world| world.taxes.clear(),
];

pub fn text_of(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// The pipeline and every feed of a world that was written to a directory.
pub fn listing(dir: &Path, world: &World) -> String {
    let mut paths: Vec<_> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut text = format!("as of {}, period {:?}\n", world.as_of, world.period_label());
    for path in paths.iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap().to_string_lossy();
        text.push_str(&format!("-- {name}\n{}", std::fs::read_to_string(path).unwrap()));
    }
    text
}

#[test]
fn a_world_shrinks_to_what_is_wrong_with_it() {
    let world = crate::world::random::random(7);
    assert!(world.a.ledger.len() > 1);
    let small = shrink(world, |world| !world.a.ledger.is_empty());
    assert_eq!((small.a.ledger.len(), small.b.ledger.len()), (1, 0));
    assert_eq!(small.tiers, None);
}
