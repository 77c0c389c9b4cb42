//! Decisions on held items: what is released or adjusted counts, what is rejected or written off
//! is dropped. One without authority is LED-06, and does nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use super::desk::Desk;
use super::items::sign_fits;
use super::ledger::LED_06;
use super::scene::Scene;
use crate::discrepancy::Discrepancy;
use crate::event::Matched;
use crate::frame::books::{Decisions, Ledger, Side};
use crate::judgement::{
    Cause, Decided, Disposition, Item, JudgedPair, Judgement, Outcome, Released, VersionsInForce,
};
use crate::value::kind::{Action, Flow};
use crate::value::party::Party;
use crate::value::points::{Overflow, Points};

/// The decisions of a run that are in force, and what they came to.
#[derive(Debug)]
pub struct Verdicts<'a> {
    decisions: &'a Decisions,
    /// The authorised decisions on each discrepancy, in the order in which they apply.
    by_discrepancy: BTreeMap<&'a str, Vec<u32>>,
    decided: Vec<Decided>,
}

impl<'a> Verdicts<'a> {
    /// The decisions that were taken before the cut; those without authority are told.
    #[must_use]
    pub fn new(desk: &Desk<'_>, decisions: &'a Decisions) -> (Verdicts<'a>, Vec<Discrepancy>) {
        let mut verdicts =
            Verdicts { decisions, by_discrepancy: BTreeMap::new(), decided: Vec::new() };
        let mut found = Vec::new();
        let cut = desk.period.cut();
        let in_force = decisions.in_order();
        let in_force = in_force.into_iter().filter(|&row| decisions.decided_at(row) < cut);
        for row in in_force {
            if decisions.is_authorised(row) {
                let id = decisions.discrepancy_id(row);
                verdicts.by_discrepancy.entry(id).or_default().push(row);
            } else {
                let outcome = Outcome::Unauthorised;
                verdicts.decided.push(Decided { decision: row, outcome, item: None });
                found.push(unauthorised(desk, decisions, row));
            }
        }
        (verdicts, found)
    }

    /// What the decisions came to: in their order, each one's items in order.
    #[must_use]
    pub fn finish(mut self) -> Vec<Decided> {
        let mut has_come_to: Vec<u32> = self.decided.iter().map(|told| told.decision).collect();
        has_come_to.sort_unstable();
        for &row in self.by_discrepancy.values().flatten() {
            if has_come_to.binary_search(&row).is_err() {
                let outcome = Outcome::NotHeld;
                self.decided.push(Decided { decision: row, outcome, item: None });
            }
        }
        let mut rank = BTreeMap::new();
        for (rank_of, row) in self.decisions.in_order().into_iter().enumerate() {
            rank.insert(row, rank_of);
        }
        self.decided.sort_by(|one, other| {
            (rank.get(&one.decision), &one.item).cmp(&(rank.get(&other.decision), &other.item))
        });
        self.decided
    }

    /// Tries the decisions on an item until one moves it, so that what is refused does not stand in
    /// the way of its correction. `attempt` says whether a decision moved the item.
    fn decide<E>(
        &mut self,
        cause: Option<&Cause>,
        item: &(Party, Option<String>, Option<String>),
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
            let item_of = (P::PARTY, id, None);
            let Ok(()) = self.decide(cause.as_ref(), &item_of, |decisions, row| {
                let drops = drops(decisions, row);
                if drops {
                    item.disposition = Disposition::Excluded;
                }
                Ok::<bool, Infallible>(drops)
            });
        }
    }

    /// Decides on the pairs and legs of an issuer's points.
    ///
    /// # Errors
    /// [`Overflow`] when a product cannot be exact.
    pub fn decide_direction<I: Side>(
        &mut self,
        scene: &Scene<'_, I>,
        judged: &mut Judgement<I>,
    ) -> Result<(), Overflow> {
        let is_held = |disposition: Disposition| disposition == Disposition::Held;
        let issued = |row: u32| scene.issuer.event_id(row).to_owned();
        let accepted = |row: u32| scene.acceptor.event_id(row).to_owned();
        for pair in judged.pairs.iter_mut().filter(|pair| is_held(pair.disposition)) {
            let legs = (pair.pair.issuer, pair.pair.acceptor);
            let item = (I::PARTY, Some(issued(legs.0)), Some(accepted(legs.1)));
            let cause = pair.cause.clone();
            self.decide(cause.as_deref(), &item, |decisions, row| {
                move_pair(scene, pair, decisions, row)
            })?;
        }
        let rivals = Rivals::of(scene);
        let Judgement { items, released, .. } = judged;
        for item in items.iter_mut().filter(|item| is_held(item.disposition)) {
            let legs = (item.issuer.map(issued), item.acceptor.map(accepted));
            let cause = item.cause.clone();
            self.decide(cause.as_ref(), &(I::PARTY, legs.0, legs.1), |decisions, row| {
                if drops(decisions, row) {
                    item.disposition = Disposition::Excluded;
                    return Ok(true);
                }
                if rivals.have(item) {
                    return Ok(false);
                }
                let counts = count(scene, item, decisions, row)?;
                let is_moved = counts.is_some();
                if is_moved {
                    item.disposition = Disposition::Counted;
                    released.extend(counts);
                }
                Ok(is_moved)
            })?;
        }
        Ok(())
    }
}

/// Legs that are held together though at most some of them are spends of their own. If a decision
/// let all of them count, one spend would be paid more than once; which it is, it cannot say.
struct Rivals {
    issuer: BTreeSet<u32>,
    acceptor: BTreeSet<u32>,
}

impl Rivals {
    fn of<I: Side>(scene: &Scene<'_, I>) -> Rivals {
        let Matched { ties, issuer_held_with, acceptor_held_with, .. } = scene.matched;
        let mut rivals = Rivals {
            issuer: held_with_one(issuer_held_with, |row| scene.acceptor.event_id(row)),
            acceptor: held_with_one(acceptor_held_with, |row| scene.issuer.event_id(row)),
        };
        for tie in ties {
            // There were no more events than the side with fewer legs has.
            if tie.issuer.len() > tie.acceptor.len() {
                rivals.issuer.extend(&tie.issuer);
            } else {
                rivals.acceptor.extend(&tie.acceptor);
            }
        }
        rivals
    }

    fn have<I>(&self, item: &Item<I>) -> bool {
        let issuer = item.issuer.is_some_and(|row| self.issuer.contains(&row));
        issuer || item.acceptor.is_some_and(|row| self.acceptor.contains(&row))
    }
}

/// The legs that are held with a collided id, where several are held with the same one.
fn held_with_one<'i>(held: &[(u32, u32)], event_id: impl Fn(u32) -> &'i str) -> BTreeSet<u32> {
    let mut by_id: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &(leg, collided) in held {
        by_id.entry(event_id(collided)).or_default().push(leg);
    }
    by_id.into_values().filter(|legs| legs.len() > 1).flatten().collect()
}

/// Whether a decision drops what it is about. Points have no meaning there, and whoever gave some
/// meant something else.
fn drops(decisions: &Decisions, row: u32) -> bool {
    matches!(decisions.action(row), Action::Reject | Action::WriteOff)
        && decisions.points(row).is_none()
}

/// LED-06: nobody approved the decision, or it has no reason.
fn unauthorised(desk: &Desk<'_>, decisions: &Decisions, row: u32) -> Discrepancy {
    // A decision is both parties', so that it has one id whichever of them calls itself A.
    let id = decisions.decision_id(row);
    let draft = Party::BOTH
        .into_iter()
        .fold(desk.draft(&LED_06), |draft, party| draft.subject(party, format!("decision {id}")));
    draft
        .seen(decisions.decided_at(row))
        .because(format!("the decision {id} lacks a reason, an author or another approver"))
}

/// The points that a decision lets a leg clear: its own when it is released, those of the decision
/// when it is adjusted or has none of its own. `None` where the decision does not fit.
fn points_of<I: Side>(
    decisions: &Decisions,
    row: u32,
    own: Option<Points<I>>,
    sign: i128,
) -> Option<Points<I>> {
    let given = decisions.points(row).map(Points::new);
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

fn move_pair<I: Side>(
    scene: &Scene<'_, I>,
    pair: &mut JudgedPair<I>,
    decisions: &Decisions,
    row: u32,
) -> Result<bool, Overflow> {
    if drops(decisions, row) {
        pair.disposition = Disposition::Excluded;
        return Ok(true);
    }
    let (leg, other) = (pair.pair.issuer, pair.pair.acceptor);
    let Some(terms) = terms_of(scene, leg) else { return Ok(false) };
    if !sign_fits(scene.acceptor, scene.acceptor_lineage, other) {
        return Ok(false);
    }
    let own = scene.cleared(leg);
    let Some(points) = points_of(decisions, row, Some(own), own.signum()) else {
        return Ok(false);
    };
    let agreed = match pair.agreed.filter(|_| points == own) {
        Some(agreed) => Some(agreed),
        None => mirror(scene, terms, points)?,
    };
    let (flow, versions) = terms;
    *pair = JudgedPair {
        disposition: Disposition::Counted,
        flow: Some(flow),
        cleared: points,
        agreed,
        versions: Some(versions),
        decision: Some(row),
        ..pair.clone()
    };
    Ok(true)
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
            (terms, points_of(decisions, row, Some(own), own.signum()), scene.origin(leg))
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
            let origin = past.origin(ledger.occurred_at(leg));
            ((flow, versions), points_of(decisions, row, None, sign), origin)
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
