//! What is left of events for decisions to reverse. The reversals of an event, those that were
//! settled and those that count now, never come to more than the event does (invariant 7), and
//! nothing is reversed that does not count itself.

use std::collections::{BTreeMap, BTreeSet};

use super::scene::Scene;
use crate::frame::books::Side;
use crate::judgement::{Disposition, Item, JudgedPair, Judgement, Released};
use crate::past::Settled;
use crate::value::kind::Kind;
use crate::value::period::Instant;
use crate::value::points::{Overflow, Points};

/// An event that is reversed: by its issuer's leg, or by its acceptor's where that has no pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    /// The issuer's leg.
    Issuer(u32),
    /// The acceptor's leg without a pair.
    Acceptor(u32),
}

/// The events of acceptor's legs.
fn events_of<I: Side>(scene: &Scene<'_, I>, mirrors: &BTreeSet<u32>) -> BTreeMap<u32, Event> {
    let mut events: BTreeMap<u32, Event> =
        mirrors.iter().map(|&mirror| (mirror, Event::Acceptor(mirror))).collect();
    if !events.is_empty() {
        for pair in &scene.matched.pairs {
            if let Some(event) = events.get_mut(&pair.acceptor) {
                *event = Event::Issuer(pair.issuer);
            }
        }
    }
    events
}

/// What was reversed of each event by legs that a decision released alone and that have no pair
/// still.
///
/// # Errors
/// [`Overflow`] when a sum cannot be exact.
pub fn reversed_alone<I: Side>(
    scene: &Scene<'_, I>,
) -> Result<BTreeMap<Event, Points<I>>, Overflow> {
    let cleared = &scene.desk.scope.cleared;
    let mut alone: Vec<(Event, i64)> = Vec::new();
    for (&row, &points) in cleared.of(I::PARTY) {
        let is_leg = scene.issuer_lineage.issuer_flow(row).is_some();
        let original = scene.issuer_lineage.originals.get(&row).filter(|_| is_leg);
        if let Some(&original) = original
            && scene.matched.pairs.binary_search_by_key(&row, |pair| pair.issuer).is_err()
        {
            alone.push((Event::Issuer(original), points));
        }
    }
    let lineage = scene.acceptor_lineage;
    let accepted = cleared.of(I::PARTY.partner()).iter();
    let mut accepted: Vec<(u32, u32, i64)> = accepted
        .filter(|(row, _)| lineage.acceptor_flow(**row).is_some())
        .filter_map(|(&row, &points)| Some((row, *lineage.originals.get(&row)?, points)))
        .collect();
    let rows: BTreeSet<u32> = accepted.iter().map(|&(row, _, _)| row).collect();
    let paired = events_of(scene, &rows);
    accepted.retain(|(row, _, _)| paired.get(row) == Some(&Event::Acceptor(*row)));
    let originals = accepted.iter().map(|&(_, original, _)| original).collect();
    let events = events_of(scene, &originals);
    alone.extend(accepted.iter().filter_map(|(_, original, points)| {
        let event = events.get(original)?;
        Some((*event, *points))
    }));
    let mut reversed: BTreeMap<Event, Points<I>> = BTreeMap::new();
    for (event, points) in alone {
        let sum = reversed.entry(event).or_insert(Points::ZERO);
        *sum = sum.checked_sub(Points::new(points))?;
    }
    Ok(reversed)
}

/// What decisions may still reverse of the events that held reversals name.
pub struct Room<I> {
    /// What each event counts for, and what is reversed of it. What does not count has none.
    left: BTreeMap<Event, (Points<I>, Points<I>)>,
    /// The events of acceptor's originals.
    mirrors: BTreeMap<u32, Event>,
}

impl<I: Side> Room<I> {
    /// The room of what is reversed by the held reversals of a judgement, after everything else has
    /// been decided.
    ///
    /// # Errors
    /// [`Overflow`] when a sum cannot be exact.
    pub fn of(scene: &Scene<'_, I>, judged: &Judgement<I>) -> Result<Room<I>, Overflow> {
        let mirrors: BTreeSet<u32> = judged
            .items
            .iter()
            .filter(|item| item.disposition == Disposition::Held && item.issuer.is_none())
            .filter_map(|item| scene.acceptor_lineage.originals.get(&item.acceptor?).copied())
            .collect();
        let mut room = Room { left: BTreeMap::new(), mirrors: events_of(scene, &mirrors) };
        let held = |disposition: Disposition| disposition == Disposition::Held;
        let pairs = judged.pairs.iter().filter(|pair| held(pair.disposition));
        let pairs = pairs.filter_map(|pair| room.of_pair(pair));
        let items = judged.items.iter().filter(|item| held(item.disposition));
        let items = items.filter_map(|item| room.of_item(scene, item));
        let wanted: BTreeSet<Event> = pairs.chain(items).collect();
        let alone = reversed_alone(scene)?;
        for event in wanted {
            if let Some(whole) = whole(scene, judged, event) {
                let reversed = alone.get(&event).copied().unwrap_or(Points::ZERO);
                room.left.insert(event, (whole, reversed));
            }
        }
        for pair in &judged.pairs {
            let settled = scene.settled(pair.pair) == Some(Settled::Cleared);
            let reversed = match pair.disposition {
                _ if settled => scene.cleared_at(pair.pair.issuer),
                Disposition::Counted => pair.cleared,
                _ => continue,
            };
            let event = room.of_pair(pair);
            if let Some((_, so_far)) = event.and_then(|event| room.left.get_mut(&event)) {
                *so_far = so_far.checked_sub(reversed)?;
            }
        }
        Ok(room)
    }

    /// The event that a pair reverses.
    pub fn of_pair(&self, pair: &JudgedPair<I>) -> Option<Event> {
        pair.original.map(Event::Issuer)
    }

    /// The event that a leg without a pair reverses.
    pub fn of_item(&self, scene: &Scene<'_, I>, item: &Item<I>) -> Option<Event> {
        match (item.issuer, item.acceptor) {
            (Some(leg), _) => {
                scene.issuer_lineage.originals.get(&leg).map(|&row| Event::Issuer(row))
            }
            (None, Some(leg)) => {
                let original = scene.acceptor_lineage.originals.get(&leg)?;
                self.mirrors.get(original).copied()
            }
            (None, None) => None,
        }
    }

    /// Gives room to a reversal that a decision lets count; false where there is too little.
    ///
    /// # Errors
    /// [`Overflow`] when a sum cannot be exact.
    pub fn give(&mut self, event: Option<Event>, cleared: Points<I>) -> Result<bool, Overflow> {
        let Some((whole, reversed)) = event.and_then(|event| self.left.get_mut(&event)) else {
            return Ok(false);
        };
        let taken = reversed.checked_sub(cleared)?;
        let fits = whole.checked_sub(taken)?.signum() * whole.signum() >= 0;
        if fits {
            *reversed = taken;
        }
        Ok(fits)
    }
}

/// What an event counts for; `None` where it was dropped, does not count in the run that judges it,
/// or is an acceptor's leg of which nobody knows the issuer's points.
fn whole<I: Side>(scene: &Scene<'_, I>, judged: &Judgement<I>, event: Event) -> Option<Points<I>> {
    let scope = scene.desk.scope;
    let released = |is_it: &dyn Fn(&Released<I>) -> bool| {
        judged.released.iter().find(|one| is_it(one)).map(|one| one.cleared)
    };
    match event {
        Event::Issuer(leg) => {
            let at = judged.pairs.binary_search_by_key(&leg, |pair| pair.pair.issuer);
            let pair = at.ok().map(|at| &judged.pairs[at]);
            let settled = match pair {
                Some(pair) => scene.settled(pair.pair),
                None => scope.settled(I::PARTY, leg),
            };
            match (settled, pair) {
                (Some(Settled::Cleared), _) => Some(scene.cleared_at(leg)),
                (Some(Settled::Dropped), _) => None,
                (None, Some(pair)) => match pair.disposition {
                    Disposition::Counted | Disposition::OtherPeriod => Some(pair.cleared),
                    Disposition::Held | Disposition::Excluded | Disposition::Pending => None,
                },
                (None, None) if scene.desk.judges(scene.issuer, leg) => {
                    released(&|one| one.issuer == Some(leg))
                }
                (None, None) => Some(scene.cleared(leg)),
            }
        }
        Event::Acceptor(mirror) => match scope.settled(I::PARTY.partner(), mirror) {
            Some(Settled::Cleared) => {
                let cleared = scope.cleared.of(I::PARTY.partner());
                cleared.get(&mirror).map(|&points| Points::new(points))
            }
            Some(Settled::Dropped) => None,
            None => released(&|one| one.acceptor == Some(mirror) && one.issuer.is_none()),
        },
    }
}

/// What every event that is reversed has left before each reversal of it that counts: what is
/// settled was reversed first, and then each in the order in which it happened. By the reversal's
/// place, as in [`Judgement::left`]; what reverses an event of which nobody knows what it counts
/// for has none.
///
/// # Errors
/// [`Overflow`] when a sum cannot be exact.
pub fn left_before<I: Side>(
    scene: &Scene<'_, I>,
    judged: &Judgement<I>,
) -> Result<BTreeMap<u32, Points<I>>, Overflow> {
    let counts = |pair: &JudgedPair<I>| pair.disposition == Disposition::Counted;
    let mut turns: Vec<(Event, Instant, &str, u32, Points<I>)> = Vec::new();
    for (place, pair) in (0..).zip(&judged.pairs).filter(|(_, pair)| counts(pair)) {
        if let Some(original) = pair.original {
            let leg = pair.pair.issuer;
            let (at, id) = (scene.issuer.occurred_at(leg), scene.issuer.event_id(leg));
            turns.push((Event::Issuer(original), at, id, place, pair.cleared));
        }
    }
    let originals = &scene.acceptor_lineage.originals;
    let alone = judged.released.iter().filter(|one| one.issuer.is_none());
    let mirrors = alone.filter_map(|one| originals.get(&one.acceptor?).copied()).collect();
    let mirrors = events_of(scene, &mirrors);
    // There are fewer of both than rows, and of rows fewer than 2^32.
    for (place, one) in (judged.pairs.len() as u32..).zip(&judged.released) {
        let (event, at, id) = match (one.issuer, one.acceptor) {
            (Some(leg), _) => {
                let original = scene.issuer_lineage.originals.get(&leg);
                let event = original.map(|&original| Event::Issuer(original));
                (event, scene.issuer.occurred_at(leg), scene.issuer.event_id(leg))
            }
            (None, Some(leg)) => {
                let event = originals.get(&leg).and_then(|original| mirrors.get(original));
                let acceptor = scene.acceptor;
                (event.copied(), acceptor.occurred_at(leg), acceptor.event_id(leg))
            }
            (None, None) => continue,
        };
        turns.extend(event.map(|event| (event, at, id, place, one.cleared)));
    }
    let mut left: BTreeMap<Event, Points<I>> = BTreeMap::new();
    let alone = if turns.is_empty() { BTreeMap::new() } else { reversed_alone(scene)? };
    for (event, ..) in &turns {
        if !left.contains_key(event)
            && let Some(whole) = whole(scene, judged, *event)
        {
            let reversed = alone.get(event).copied().unwrap_or(Points::ZERO);
            left.insert(*event, whole.checked_sub(reversed)?);
        }
    }
    let settled = if left.is_empty() { &[][..] } else { &judged.pairs };
    for pair in settled {
        let event = pair.original.map(Event::Issuer);
        if let Some(left) = event.and_then(|event| left.get_mut(&event))
            && scene.settled(pair.pair) == Some(Settled::Cleared)
        {
            *left = left.checked_add(scene.cleared_at(pair.pair.issuer))?;
        }
    }
    // Of one instant and number a pair comes first, and then the issuer's leg, as decisions do.
    turns.sort_unstable_by_key(|&(event, at, id, place, _)| {
        let alone = (place as usize).checked_sub(judged.pairs.len());
        let turn = alone.map(|at| judged.released[at].issuer.is_none());
        (event, at, id, turn)
    });
    let mut before = BTreeMap::new();
    for (event, _, _, place, cleared) in turns {
        if let Some(left) = left.get_mut(&event) {
            before.insert(place, *left);
            *left = left.checked_add(cleared)?;
        }
    }
    Ok(before)
}

/// Events of which something is reversed by what decisions let count: their issuer's legs.
#[must_use]
pub fn reversed_by_decision<I: Side>(scene: &Scene<'_, I>, judged: &Judgement<I>) -> Vec<u32> {
    let is_reversal = |leg: u32| scene.issuer.kind(leg) == Kind::Reversal;
    let counts = |pair: &&JudgedPair<I>| pair.disposition == Disposition::Counted;
    let pairs = judged.pairs.iter().filter(counts).filter(|pair| is_reversal(pair.pair.issuer));
    let pairs = pairs.filter_map(|pair| pair.original);
    let originals = &scene.acceptor_lineage.originals;
    let legs = judged.released.iter().filter(|one| one.issuer.is_none());
    let mirrors: BTreeSet<u32> =
        legs.filter_map(|one| originals.get(&one.acceptor?).copied()).collect();
    let mirrors = events_of(scene, &mirrors).into_values().filter_map(|event| match event {
        Event::Issuer(leg) => Some(leg),
        Event::Acceptor(_) => None,
    });
    let issued = judged.released.iter().filter_map(|one| {
        let original = scene.issuer_lineage.originals.get(&one.issuer?);
        original.copied()
    });
    pairs.chain(mirrors).chain(issued).collect()
}
