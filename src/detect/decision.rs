//! Decisions on held items: what is released or adjusted counts, what is rejected or written off
//! is dropped. One without authority is LED-06, and does nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use super::desk::{Desk, place};
use super::items::sign_fits;
use super::ledger::LED_06;
use super::rivals::Rivals;
use super::room::Room;
use super::scene::Scene;
use crate::claim::HeldAdjustment;
use crate::discrepancy::Discrepancy;
use crate::frame::books::{Decisions, Ledger, Side};
use crate::judgement::{
    Cause, Decided, DecidedItem, Disposition, Item, JudgedPair, Judgement, Outcome, Released,
    VersionsInForce,
};
use crate::value::kind::{Action, Flow, Kind};
use crate::value::party::Party;
use crate::value::period::Instant;
use crate::value::points::{Overflow, Points};

/// The decisions of a run that are in force, and what they came to.
#[derive(Debug)]
pub struct Verdicts<'a> {
    decisions: &'a Decisions,
    /// The authorised decisions on each discrepancy, in the order in which they apply.
    by_discrepancy: BTreeMap<&'a str, Vec<u32>>,
    decided: Vec<Decided>,
}

/// The decisions that were taken before the cut, in the order in which they apply.
fn in_force(desk: &Desk<'_>, decisions: &Decisions) -> impl Iterator<Item = u32> {
    let cut = desk.period.cut();
    decisions.in_order().into_iter().filter(move |&row| decisions.decided_at(row) < cut)
}

/// The decisions without authority, and those whose number stands for several, whenever these were
/// taken; each does nothing and is told (LED-06).
#[must_use]
pub fn judge(desk: &Desk<'_>, decisions: &Decisions) -> (Vec<Decided>, Vec<Discrepancy>) {
    let (mut decided, mut found) = (Vec::new(), Vec::new());
    let (single, repeated) = decisions.by_number();
    let mut told = BTreeSet::new();
    let cut = desk.period.cut();
    let rows: Vec<u32> =
        decisions.in_order().into_iter().filter(|row| !repeated.contains(row)).collect();
    let mut by_id: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &row in &rows {
        by_id.entry(decisions.decision_id(row)).or_default().push(row);
    }
    for &row in &rows {
        let is_in_force = decisions.decided_at(row) < cut;
        if !single.contains(&row) || (is_in_force && !decisions.is_authorised(row)) {
            let outcome = Outcome::Unauthorised;
            decided.push(Decided { decision: row, outcome, item: None });
            // One for each number, whatever stands under it.
            let id = decisions.decision_id(row);
            if told.insert(id) {
                let rows = (row, &by_id[id][..]);
                found.push(unauthorised(desk, decisions, rows, single.contains(&row)));
            }
        }
    }
    (decided, found)
}

/// What all decisions came to, by what each came to for some item: in their order, each one's
/// items in order. What was decided after what is cleared waits for the period that clears it.
#[must_use]
pub fn concluded(
    desk: &Desk<'_>,
    decisions: &Decisions,
    mut decided: Vec<Decided>,
) -> Vec<Decided> {
    let mut has_come_to: Vec<u32> = decided.iter().map(|told| told.decision).collect();
    has_come_to.sort_unstable();
    let awaited = Verdicts::new(desk, decisions).by_discrepancy;
    for &row in awaited.values().flatten() {
        if has_come_to.binary_search(&row).is_err() {
            decided.push(Decided { decision: row, outcome: Outcome::NotHeld, item: None });
        }
    }
    let (single, _) = decisions.by_number();
    for row in single.into_iter().filter(|&row| decisions.decided_at(row) >= desk.period.cut()) {
        decided.push(Decided { decision: row, outcome: Outcome::Waiting, item: None });
    }
    let mut rank = BTreeMap::new();
    for (rank_of, row) in decisions.in_order().into_iter().enumerate() {
        rank.insert(row, rank_of);
    }
    decided.sort_by(|one, other| {
        (rank.get(&one.decision), &one.item).cmp(&(rank.get(&other.decision), &other.item))
    });
    decided
}

impl<'a> Verdicts<'a> {
    /// The decisions that were taken before the cut with authority.
    #[must_use]
    pub fn new(desk: &Desk<'_>, decisions: &'a Decisions) -> Verdicts<'a> {
        let mut by_discrepancy: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let (single, _) = decisions.by_number();
        for row in in_force(desk, decisions).filter(|row| single.contains(row)) {
            if decisions.is_authorised(row) {
                by_discrepancy.entry(decisions.discrepancy_id(row)).or_default().push(row);
            }
        }
        Verdicts { decisions, by_discrepancy, decided: Vec::new() }
    }

    /// What the decisions came to for the items that they were asked about.
    #[must_use]
    pub fn decided(self) -> Vec<Decided> {
        self.decided
    }

    /// Decides on adjustments that do not stand. They count when they are sent again as they should
    /// be, and so can only be dropped.
    pub fn decide_adjustments(&mut self, held: &mut Vec<HeldAdjustment>) {
        held.retain(|adjustment| {
            let reference = Some(adjustment.id.clone());
            let about = DecidedItem { reference, ..DecidedItem::default() };
            let cause = Cause { rule: &LED_06, discrepancy_id: adjustment.discrepancy_id.clone() };
            let mut stays = true;
            let Ok(()) = self.decide(Some(&cause), &about, |decisions, row| {
                stays = !drops(decisions, row);
                Ok::<bool, Infallible>(!stays)
            });
            stays
        });
    }

    /// Tries the decisions on an item until one moves it, so that what is refused does not stand in
    /// the way of its correction. `attempt` says whether a decision moved the item.
    fn decide<E>(
        &mut self,
        cause: Option<&Cause>,
        item: &DecidedItem,
        mut attempt: impl FnMut(&Decisions, u32) -> Result<bool, E>,
    ) -> Result<(), E> {
        let rows = cause.and_then(|cause| self.by_discrepancy.get(cause.discrepancy_id.as_str()));
        for &row in rows.into_iter().flatten() {
            let is_moved = attempt(self.decisions, row)?;
            let outcome = if is_moved { Outcome::Applied } else { Outcome::Refused };
            self.decided.push(Decided { decision: row, outcome, item: Some(item.clone()) });
            if is_moved {
                break;
            }
        }
        Ok(())
    }

    /// Decides on rows of a party that were judged by themselves. They have no flow, or nobody can
    /// say which of them is meant, and so they can only be dropped.
    pub fn decide_book<P: Side>(&mut self, ledger: &Ledger<P>, items: &mut [Item<P>]) {
        for item in items.iter_mut().filter(|item| item.disposition == Disposition::Held) {
            let id = item.issuer.map(|row| ledger.event_id(row).to_owned());
            let cause = item.cause.clone();
            let item_of =
                DecidedItem { issuer: Some(P::PARTY), issued: id, ..DecidedItem::default() };
            let Ok(()) = self.decide(cause.as_ref(), &item_of, |decisions, row| {
                let drops = drops(decisions, row);
                if drops {
                    item.disposition = Disposition::Excluded;
                }
                Ok::<bool, Infallible>(drops)
            });
        }
    }

    /// Decides on the pairs and legs of an issuer's points: reversals last, in the order in which
    /// they happened, because what they reverse has to count and to have room for them.
    ///
    /// # Errors
    /// [`Overflow`] when a product or sum cannot be exact.
    pub fn decide_direction<I: Side>(
        &mut self,
        scene: &Scene<'_, I>,
        judged: &mut Judgement<I>,
    ) -> Result<(), Overflow> {
        if self.by_discrepancy.is_empty() {
            return Ok(());
        }
        let mut rivals = Rivals::of(scene, &judged.items);
        let mut alone: Vec<(Instant, String, Turn)> = Vec::new();
        let mut reversals: Vec<(Instant, String, Turn)> = Vec::new();
        let Judgement { pairs, items, released, .. } = judged;
        for (at, pair) in pairs.iter_mut().enumerate().filter(|(_, pair)| is_held(pair)) {
            let leg = pair.pair.issuer;
            if scene.issuer.kind(leg) == Kind::Reversal {
                let event_id = scene.issuer.event_id(leg).to_owned();
                reversals.push((scene.issuer.occurred_at(leg), event_id, Turn::Pair(at)));
            } else {
                self.decide_pair(scene, pair, None)?;
            }
        }
        let held = |item: &Item<I>| item.disposition == Disposition::Held;
        for (at, item) in items.iter().enumerate().filter(|(_, item)| held(item)) {
            let (kind, when, event_id) = leg_of(scene, item);
            let turn = if item.issuer.is_some() { Turn::Issued(at) } else { Turn::Accepted(at) };
            let turns = if kind == Some(Kind::Reversal) { &mut reversals } else { &mut alone };
            turns.push((when, event_id, turn));
        }
        alone.sort_unstable();
        for (_, _, turn) in alone {
            if let Turn::Issued(at) | Turn::Accepted(at) = turn {
                released.extend(self.decide_item(scene, &mut rivals, &mut items[at], None)?);
            }
        }
        if reversals.is_empty() {
            return Ok(());
        }
        reversals.sort_unstable();
        let mut room = Room::of(scene, judged)?;
        let Judgement { pairs, items, released, .. } = judged;
        for (_, _, turn) in reversals {
            match turn {
                Turn::Pair(at) => self.decide_pair(scene, &mut pairs[at], Some(&mut room))?,
                Turn::Issued(at) | Turn::Accepted(at) => {
                    let room = Some(&mut room);
                    let item = &mut items[at];
                    released.extend(self.decide_item(scene, &mut rivals, item, room)?);
                }
            }
        }
        Ok(())
    }

    fn decide_pair<I: Side>(
        &mut self,
        scene: &Scene<'_, I>,
        pair: &mut JudgedPair<I>,
        mut room: Option<&mut Room<I>>,
    ) -> Result<(), Overflow> {
        let issued = Some(scene.issuer.event_id(pair.pair.issuer).to_owned());
        let accepted = Some(scene.acceptor.event_id(pair.pair.acceptor).to_owned());
        let item = DecidedItem { issuer: Some(I::PARTY), issued, accepted, reference: None };
        let cause = pair.cause.clone();
        self.decide(cause.as_deref(), &item, |decisions, row| {
            if drops(decisions, row) {
                pair.disposition = Disposition::Excluded;
                return Ok(true);
            }
            let Some(counted) = counted(scene, pair, decisions, row)? else { return Ok(false) };
            if let Some(room) = room.as_deref_mut() {
                let event = room.of_pair(pair);
                if !room.give(event, counted.cleared)? {
                    return Ok(false);
                }
            }
            *pair = counted;
            Ok(true)
        })
    }

    fn decide_item<'s, I: Side>(
        &mut self,
        scene: &Scene<'s, I>,
        rivals: &mut Rivals<'s>,
        item: &mut Item<I>,
        mut room: Option<&mut Room<I>>,
    ) -> Result<Option<Released<I>>, Overflow> {
        let issued = item.issuer.map(|row| scene.issuer.event_id(row).to_owned());
        let accepted = item.acceptor.map(|row| scene.acceptor.event_id(row).to_owned());
        let cause = item.cause.clone();
        let mut released = None;
        let about = DecidedItem { issuer: Some(I::PARTY), issued, accepted, reference: None };
        self.decide(cause.as_ref(), &about, |decisions, row| {
            if drops(decisions, row) {
                item.disposition = Disposition::Excluded;
                return Ok(true);
            }
            if rivals.have(scene, item) {
                return Ok(false);
            }
            let Some(counts) = count(scene, item, decisions, row)? else { return Ok(false) };
            if let Some(room) = room.as_deref_mut() {
                let event = room.of_item(scene, item);
                if !room.give(event, counts.cleared)? {
                    return Ok(false);
                }
            }
            rivals.pay(scene, item);
            item.disposition = Disposition::Counted;
            released = Some(counts);
            Ok(true)
        })?;
        Ok(released)
    }
}

/// What is held and whose turn is to come, by its place among pairs or items. Of one instant and
/// number they come in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Pair(usize),
    Issued(usize),
    Accepted(usize),
}

fn is_held<I: Side>(pair: &JudgedPair<I>) -> bool {
    pair.disposition == Disposition::Held
}

/// The kind, instant and number of an item's leg.
fn leg_of<I: Side>(scene: &Scene<'_, I>, item: &Item<I>) -> (Option<Kind>, Instant, String) {
    fn of<P: Side>(ledger: &Ledger<P>, row: u32) -> (Option<Kind>, Instant, String) {
        (Some(ledger.kind(row)), ledger.occurred_at(row), ledger.event_id(row).to_owned())
    }
    match (item.issuer, item.acceptor) {
        (Some(row), _) => of(scene.issuer, row),
        (None, Some(row)) => of(scene.acceptor, row),
        (None, None) => (None, Instant(0), String::new()),
    }
}

/// Whether a decision drops what it is about. Points have no meaning there, and whoever gave some
/// meant something else.
fn drops(decisions: &Decisions, row: u32) -> bool {
    matches!(decisions.action(row), Action::Reject | Action::WriteOff)
        && decisions.points(row).is_none()
}

/// LED-06: nobody approved the decision, it has no reason, or others have its number. `rows` are
/// those of the number, in their order.
fn unauthorised(
    desk: &Desk<'_>,
    decisions: &Decisions,
    (row, rows): (u32, &[u32]),
    is_single: bool,
) -> Discrepancy {
    // A decision is both parties', so that it has one id whichever of them calls itself A.
    let id = decisions.decision_id(row);
    let draft = Party::BOTH
        .into_iter()
        .fold(desk.draft(&LED_06), |draft, party| draft.subject(party, format!("decision {id}")));
    let draft = rows.iter().fold(draft, |draft, &row| {
        draft.at(Party::A, place(&desk.paths.decisions, &decisions.origins, row))
    });
    let draft = draft.seen(decisions.decided_at(row));
    draft.because(match (is_single, decisions.used_in(row)) {
        (true, _) => format!("the decision {id} lacks a reason, an author or another approver"),
        (false, None) => format!("the number {id} stands for several decisions"),
        (false, Some(period)) => {
            format!("the number {id} moved something in {period}, for another decision")
        }
    })
}

/// The points that a decision lets a leg clear: its own when it is released, those of the decision
/// when it is adjusted or has none of its own. `None` where the decision does not fit, or names
/// more than can be cleared.
fn points_of<I: Side>(
    scene: &Scene<'_, I>,
    decisions: &Decisions,
    row: u32,
    own: Option<Points<I>>,
    sign: i128,
) -> Option<Points<I>> {
    let most = scene.desk.agreement.cleared_max(I::PARTY);
    let given = decisions.points(row).filter(|points| points.unsigned_abs() <= most.unsigned_abs());
    let given = given.map(Points::new);
    let fits = |points: &Points<I>| points.signum() == sign;
    match (decisions.action(row), own, given) {
        (Action::Release, Some(own), None) => Some(own),
        (Action::Release, None, Some(given)) | (Action::Adjust, _, Some(given)) => {
            Some(given).filter(fits)
        }
        _ => None,
    }
}

/// Whether an issuer's leg is of a flow and has its sign, and at which versions it counts.
fn terms_of<I: Side>(scene: &Scene<'_, I>, leg: u32) -> Option<(Flow, VersionsInForce)> {
    let flow = scene.issuer_lineage.issuer_flow(leg).flatten()?;
    let fits = scene.issuer.points(leg) != 0 && sign_fits(scene.issuer, scene.issuer_lineage, leg);
    let versions = scene.versions(flow, scene.valued_at(leg)).filter(|_| fits)?;
    Some((flow, versions))
}

fn mirror<I: Side>(
    scene: &Scene<'_, I>,
    (flow, versions): (Flow, VersionsInForce),
    points: Points<I>,
) -> Result<Option<Points<I::Partner>>, Overflow> {
    let mode = scene.desk.agreement.mirror_rounding;
    scene.ratio(flow, versions).map(|ratio| ratio.mirror(points, mode)).transpose()
}

/// What a pair counts as, where a decision lets it.
fn counted<I: Side>(
    scene: &Scene<'_, I>,
    pair: &JudgedPair<I>,
    decisions: &Decisions,
    row: u32,
) -> Result<Option<JudgedPair<I>>, Overflow> {
    let (leg, other) = (pair.pair.issuer, pair.pair.acceptor);
    let Some(terms) = terms_of(scene, leg) else { return Ok(None) };
    if !sign_fits(scene.acceptor, scene.acceptor_lineage, other) {
        return Ok(None);
    }
    let own = scene.cleared(leg);
    let Some(points) = points_of(scene, decisions, row, Some(own), own.signum()) else {
        return Ok(None);
    };
    let agreed = match pair.agreed.filter(|_| points == own) {
        Some(agreed) => Some(agreed),
        None => mirror(scene, terms, points)?,
    };
    let (flow, versions) = terms;
    Ok(Some(JudgedPair {
        disposition: Disposition::Counted,
        flow: Some(flow),
        cleared: points,
        agreed,
        versions: Some(versions),
        decision: Some(row),
        ..pair.clone()
    }))
}

/// What a leg without a pair counts as, where a decision lets it.
fn count<I: Side>(
    scene: &Scene<'_, I>,
    item: &Item<I>,
    decisions: &Decisions,
    row: u32,
) -> Result<Option<Released<I>>, Overflow> {
    let (terms, points, origin) = match (item.issuer, item.acceptor) {
        (Some(leg), _) => {
            let Some(terms) = terms_of(scene, leg) else { return Ok(None) };
            let own = scene.cleared(leg);
            let points = points_of(scene, decisions, row, Some(own), own.signum());
            (terms, points, scene.origin(leg))
        }
        (None, Some(leg)) => {
            let (ledger, lineage) = (scene.acceptor, scene.acceptor_lineage);
            let fits = ledger.points(leg) != 0 && sign_fits(ledger, lineage, leg);
            let flow = lineage.acceptor_flow(leg).flatten().filter(|_| fits);
            let Some(flow) = flow else { return Ok(None) };
            let at = scene.accepted_valued_at(leg);
            let Some(versions) = scene.versions(flow, at) else { return Ok(None) };
            let sign = i128::from(ledger.points(leg).signum());
            let past = &scene.desk.scope.past;
            // A reversal stands on the line of its original's period, where that is closed.
            let origin = past.origin(at).or_else(|| past.origin(ledger.occurred_at(leg)));
            ((flow, versions), points_of(scene, decisions, row, None, sign), origin)
        }
        (None, None) => return Ok(None),
    };
    let Some(cleared) = points else { return Ok(None) };
    let Some(agreed) = mirror(scene, terms, cleared)? else { return Ok(None) };
    let (flow, versions) = terms;
    Ok(Some(Released {
        issuer: item.issuer,
        acceptor: item.acceptor,
        flow,
        cleared,
        agreed,
        versions,
        origin,
        decision: row,
    }))
}
