//! Judging of rows that have no pair, or too many: duplicates, collisions, ties, one-sided
//! entries, and each party's own business.

use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;

use super::desk::Desk;
use super::event::{EVT_01, EVT_02, EVT_03, EVT_04, EVT_07, EVT_09, EVT_10};
use super::kept;
use super::ledger::LED_06;
use super::lot::{self, LED_04};
use super::reversal::{REV_01, REV_03};
use super::scene::Scene;
use crate::discrepancy::Discrepancy;
use crate::event::{Lineage, Matched};
use crate::frame::books::{Ledger, Side};
use crate::judgement::{Cause, Disposition, Item};
use crate::past::{Kept, Settled};
use crate::value::kind::{Kind, Role, Status};
use crate::value::party::Party;
use crate::value::period::{DAY_MICROS, Instant};
use crate::value::points::Overflow;
use crate::value::price::Worths;

/// What became of an issuer's legs that are not plainly counted, for their reversals to follow.
#[derive(Debug, Clone, Default)]
pub struct Fates(BTreeMap<u32, (Disposition, Option<Cause>)>);

impl Fates {
    /// Records what became of a leg.
    pub fn record(&mut self, leg: u32, disposition: Disposition, cause: Option<&Cause>) {
        self.0.insert(leg, (disposition, cause.cloned()));
    }

    /// What became of a leg.
    #[must_use]
    pub fn of(&self, leg: u32) -> Option<(Disposition, Option<&Cause>)> {
        self.0.get(&leg).map(|(disposition, cause)| (*disposition, cause.as_ref()))
    }
}

/// Judged items, and what was found of them.
#[derive(Debug)]
pub struct Judged<I> {
    /// The items.
    pub items: Vec<Item<I>>,
    /// What was found.
    pub discrepancies: Vec<Discrepancy>,
    /// Of own business that was judged, the codes under which it stays held until somebody decides.
    pub kept: BTreeMap<u32, Kept>,
}

impl<I> Default for Judged<I> {
    fn default() -> Self {
        Judged { items: Vec::new(), discrepancies: Vec::new(), kept: BTreeMap::new() }
    }
}

impl<I: Side> Judged<I> {
    fn place(
        &mut self,
        issuer: Option<u32>,
        acceptor: Option<u32>,
        disposition: Disposition,
        cause: Option<Cause>,
    ) {
        self.items.push(Item { issuer, acceptor, disposition, cause, programme: PhantomData });
    }

    fn found(&mut self, discrepancy: Discrepancy) -> Cause {
        let cause = Cause { rule: discrepancy.rule, discrepancy_id: discrepancy.id.clone() };
        self.discrepancies.push(discrepancy);
        cause
    }
}

/// The collided rows of a party with which legs of the partner are held in this period.
#[must_use]
pub fn held_with<P: Side>(
    desk: &Desk<'_>,
    issued: &Matched<P>,
    accepted: &Matched<P::Partner>,
    partner: &Ledger<P::Partner>,
) -> BTreeSet<u32> {
    let held = issued.acceptor_held_with.iter().chain(&accepted.issuer_held_with);
    held.filter(|(leg, _)| desk.judges(partner, *leg)).map(|&(_, collided)| collided).collect()
}

/// Judges every row of a ledger by itself, whatever its role: extras, collisions, and the party's
/// own business. What is plainly counted gets no item. A collision is told when one of its rows
/// lies in the period, or a leg that is held with one of them does (`held_with`).
pub fn judge_book<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
    held_with: &BTreeSet<u32>,
) -> Judged<P> {
    let mut judged = Judged::default();
    let is_ours = |row: u32| match lineage.role(row) {
        Role::Own => desk.scope.judges_own(P::PARTY, row, ledger.occurred_at(row)),
        Role::Issuer(_) | Role::Acceptor(_) => desk.judges(ledger, row),
    };
    let mut ordinals: BTreeMap<&str, u32> = BTreeMap::new();
    // Extras of one event_id are numbered in the order of what they say, not of their rows.
    let mut extras = lineage.extras.clone();
    extras.sort_by(|&(one, _), &(other, _)| {
        (ledger.event_id(one), ledger.content(one))
            .cmp(&(ledger.event_id(other), ledger.content(other)))
    });
    for (extra, first) in extras {
        if !is_ours(extra) {
            judged.place(Some(extra), None, Disposition::OtherPeriod, None);
            continue;
        }
        let ordinal = ordinals.entry(ledger.event_id(extra)).or_default();
        *ordinal += 1;
        let discrepancy = desk
            .draft(&EVT_03)
            .row(P::PARTY, extra)
            .subject(P::PARTY, format!("extra {ordinal}"))
            .witness(P::PARTY, first)
            .seen(ledger.occurred_at(extra))
            .because("alike in every column to another row");
        let cause = judged.found(discrepancy);
        judged.place(Some(extra), None, Disposition::Excluded, Some(cause));
    }
    for group in &lineage.collisions {
        let is_told = group.iter().any(|row| is_ours(*row) || held_with.contains(row));
        let cause = is_told.then(|| {
            let field = ledger.difference(group);
            let mut draft = desk.draft(&EVT_04).subject(P::PARTY, ledger.event_id(group[0]).into());
            for &row in group {
                draft = draft.weighing(P::PARTY, row).witness(P::PARTY, row);
            }
            let seen = group.iter().map(|&row| ledger.occurred_at(row)).min();
            let draft = draft.seen(seen.unwrap_or(desk.period.start));
            let draft = match field {
                Some(field) => {
                    let zone = &desk.agreement.zone;
                    // In order of what they say, whatever the order of the rows.
                    let said: BTreeSet<String> =
                        group.iter().map(|&row| ledger.said(row, field, zone)).collect();
                    let said = Some(said.into_iter().collect::<Vec<String>>().join(";"));
                    match P::PARTY {
                        Party::A => draft.differs(field, said, None),
                        Party::B => draft.differs(field, None, said),
                    }
                }
                None => draft,
            };
            judged.found(draft.because(format!(
                "{} rows have this event_id and differ in {}",
                group.len(),
                field.unwrap_or("content")
            )))
        });
        for &row in group {
            let disposition =
                if is_ours(row) { Disposition::Held } else { Disposition::OtherPeriod };
            judged.place(Some(row), None, disposition, cause.clone());
        }
    }
    for row in ledger.rows() {
        if lineage.role(row) == Role::Own && lineage.is_sound(row) {
            judge_own(desk, ledger, lineage, row, &mut judged);
        }
    }
    judged
}

/// The party's own business: its status and sign.
fn judge_own<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
    row: u32,
    judged: &mut Judged<P>,
) {
    if !desk.scope.judges_own(P::PARTY, row, ledger.occurred_at(row)) {
        return;
    }
    match ledger.status(row) {
        Status::Cancelled => judged.place(Some(row), None, Disposition::Excluded, None),
        Status::Pending => judged.place(Some(row), None, Disposition::Pending, None),
        Status::Posted => {
            let stays = kept::stays_expired(desk, ledger, row);
            let found = wrong_alone(desk, ledger, lineage, row, stays);
            let found = found.filter(|found| desk.is_on(found.rule));
            let is_expired = |found: &Discrepancy| found.rule.code == LED_04.code && found.holds();
            if stays || found.as_ref().is_some_and(is_expired) {
                judged.kept.insert(row, Kept::from([LED_04.code]));
            } else if desk.scope.kept.of(P::PARTY).contains_key(&row) {
                judged.kept.insert(row, Kept::new());
            }
            if let Some(discrepancy) = found {
                let holds = discrepancy.holds();
                let cause = judged.found(discrepancy);
                if holds {
                    judged.place(Some(row), None, Disposition::Held, Some(cause));
                }
            }
        }
    }
}

/// What is wrong with a posted row of the party's own business; the first that applies.
fn wrong_alone<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
    row: u32,
    stays_expired: bool,
) -> Option<Discrepancy> {
    let draft = |rule| {
        let draft = desk.draft(rule).issuer(P::PARTY).row(P::PARTY, row);
        draft.seen(ledger.occurred_at(row))
    };
    let kind = ledger.kind(row);
    if !sign_fits(ledger, lineage, row) {
        let points = ledger.points(row).to_string();
        let reason = format!("wrong sign for {}", kind.word());
        return Some(draft(&EVT_09).expected(None, Some(points)).because(reason));
    }
    let expired = lot::expired(desk, ledger, row);
    if let Some(reason) = expired.or(stays_expired.then_some(kept::REASON)) {
        return Some(draft(&LED_04).because(reason));
    }
    let needs_authority = desk.agreement.parties.of(P::PARTY).names_authority;
    if kind == Kind::Adjust && needs_authority && ledger.authority(row).is_none() {
        return Some(draft(&LED_06).because("nobody is named who approved the adjustment"));
    }
    None
}

/// Whether points have the sign of their kind on their own book; a reversal's is the opposite of
/// what its original has.
#[must_use]
pub fn sign_fits<P: Side>(ledger: &Ledger<P>, lineage: &Lineage<P>, row: u32) -> bool {
    let points = ledger.points(row);
    match ledger.kind(row).sign() {
        Some(sign) => sign.fits(points),
        None => lineage
            .originals
            .get(&row)
            .is_some_and(|&original| points.signum() == -ledger.points(original).signum()),
    }
}

/// Judges the legs that have no pair.
///
/// # Errors
/// [`Overflow`] when a worth cannot be exact.
pub fn judge_rest<I: Side>(
    scene: &Scene<'_, I>,
    book: &Judged<I>,
    partner_book: &Judged<I::Partner>,
) -> Result<(Judged<I>, Fates), Overflow>
where
    I::Partner: Side,
{
    let mut judged = Judged::default();
    let mut fates = Fates::default();
    held_with_collisions(scene, book, partner_book, &mut judged);
    misdirected(scene, &mut judged);
    ties(scene, &mut judged)?;
    for &leg in &scene.matched.issuer_only {
        let orphan = scene.issuer_lineage.issuer_flow(leg).flatten().is_none();
        let leg_of = OneSided {
            at: scene.issuer.occurred_at(leg),
            is_ours: scene.desk.judges(scene.issuer, leg),
            status: scene.issuer.status(leg),
            is_orphan: orphan,
            is_reversal: scene.issuer.kind(leg) == Kind::Reversal,
        };
        one_sided(scene, &leg_of, Some(leg), None, &mut judged)?;
    }
    for &leg in &scene.matched.acceptor_only {
        let orphan = scene.acceptor_lineage.acceptor_flow(leg).flatten().is_none();
        let leg_of = OneSided {
            at: scene.acceptor.occurred_at(leg),
            is_ours: scene.desk.judges(scene.acceptor, leg),
            status: scene.acceptor.status(leg),
            is_orphan: orphan,
            is_reversal: scene.acceptor.kind(leg) == Kind::Reversal,
        };
        one_sided(scene, &leg_of, None, Some(leg), &mut judged)?;
    }
    for item in &judged.items {
        if let Some(leg) = item.issuer {
            let disposition = match scene.desk.scope.settled(I::PARTY, leg) {
                Some(Settled::Dropped) => Disposition::Excluded,
                Some(Settled::Cleared) | None => item.disposition,
            };
            fates.record(leg, disposition, item.cause.as_ref());
        }
    }
    Ok((judged, fates))
}

/// Legs that refer to a collided row, or to which one refers, are held with it.
fn held_with_collisions<I: Side>(
    scene: &Scene<'_, I>,
    book: &Judged<I>,
    partner_book: &Judged<I::Partner>,
    judged: &mut Judged<I>,
) where
    I::Partner: Side,
{
    let Matched { issuer_held_with, acceptor_held_with, .. } = scene.matched;
    let causes = causes_by_row(&book.items);
    let partner_causes = causes_by_row(&partner_book.items);
    for &(leg, collided) in issuer_held_with {
        let is_ours = scene.desk.judges(scene.issuer, leg);
        let cause = partner_causes.get(&collided).cloned();
        judged.place(Some(leg), None, held_if(is_ours), cause.filter(|_| is_ours));
    }
    for &(leg, collided) in acceptor_held_with {
        let is_ours = scene.desk.judges(scene.acceptor, leg);
        let cause = causes.get(&collided).cloned();
        judged.place(None, Some(leg), held_if(is_ours), cause.filter(|_| is_ours));
    }
}

fn causes_by_row<P>(items: &[Item<P>]) -> BTreeMap<u32, Cause> {
    let with_cause = items.iter().filter_map(|item| Some((item.issuer?, item.cause.clone()?)));
    with_cause.collect()
}

fn held_if(is_ours: bool) -> Disposition {
    if is_ours { Disposition::Held } else { Disposition::OtherPeriod }
}

/// EVT-09: an acceptor's leg that names a row which is no issuer's leg.
fn misdirected<I: Side>(scene: &Scene<'_, I>, judged: &mut Judged<I>) {
    for &(leg, target) in &scene.matched.misdirected {
        let at = scene.acceptor.occurred_at(leg);
        if !scene.desk.judges(scene.acceptor, leg) {
            judged.place(None, Some(leg), Disposition::OtherPeriod, None);
            continue;
        }
        let (on_issuer, on_acceptor) = (scene.issuer.kind(target), scene.acceptor.kind(leg));
        let discrepancy = scene
            .desk
            .draft(&EVT_09)
            .issuer(I::PARTY)
            .row(I::PARTY.partner(), leg)
            .differs_by_side("kind", I::PARTY, on_issuer.word().into(), on_acceptor.word().into())
            .seen(at)
            .because("the row that it names is no issuer's leg");
        let cause = judged.found(discrepancy);
        judged.place(None, Some(leg), Disposition::Held, Some(cause));
    }
}

/// EVT-10: legs that a rule could pair in more than one way.
fn ties<I: Side>(scene: &Scene<'_, I>, judged: &mut Judged<I>) -> Result<(), Overflow> {
    let ours_issued = |row: u32| scene.desk.judges(scene.issuer, row);
    let ours_accepted = |row: u32| scene.desk.judges(scene.acceptor, row);
    for tie in &scene.matched.ties {
        let issued = tie.issuer.iter().copied().filter(|&row| ours_issued(row));
        let accepted = tie.acceptor.iter().copied().filter(|&row| ours_accepted(row));
        let issued = issued.map(|row| scene.issuer.occurred_at(row));
        let first_ours = issued.chain(accepted.map(|row| scene.acceptor.occurred_at(row))).min();
        let mut cause = None;
        if let Some(seen) = first_ours {
            let mut draft = scene.desk.draft(&EVT_10).issuer(I::PARTY).seen(seen);
            // What is at stake is what is held here: every leg that is judged, in whatever order
            // the rows came.
            let mut worths = Worths::default();
            for &row in &tie.issuer {
                draft = draft.row(I::PARTY, row);
                if ours_issued(row)
                    && let Some(leg) = scene.worth(row)?
                {
                    worths.add(leg)?;
                }
            }
            for &row in &tie.acceptor {
                draft = draft.row(I::PARTY.partner(), row);
            }
            let rules = &scene.desk.agreement.event_rules;
            let rule = Matched::<I>::rule_word(rules, tie.rule);
            let reason = format!(
                "{} issuer's and {} acceptor's legs fit one another by {rule}",
                tie.issuer.len(),
                tie.acceptor.len()
            );
            let draft = draft.stake(worths.single()).version(rule.to_owned());
            cause = Some(judged.found(draft.because(reason)));
        }
        for &row in &tie.issuer {
            let is_ours = ours_issued(row);
            let cause = cause.clone().filter(|_| is_ours);
            judged.place(Some(row), None, held_if(is_ours), cause);
        }
        for &row in &tie.acceptor {
            let is_ours = ours_accepted(row);
            let cause = cause.clone().filter(|_| is_ours);
            judged.place(None, Some(row), held_if(is_ours), cause);
        }
    }
    Ok(())
}

/// A leg without its mirror.
struct OneSided {
    at: Instant,
    is_ours: bool,
    status: Status,
    is_orphan: bool,
    is_reversal: bool,
}

fn one_sided<I: Side>(
    scene: &Scene<'_, I>,
    leg: &OneSided,
    issuer: Option<u32>,
    acceptor: Option<u32>,
    judged: &mut Judged<I>,
) -> Result<(), Overflow> {
    let Scene { desk, .. } = scene;
    let without_finding = if leg.is_ours {
        match leg.status {
            Status::Cancelled => Some(Disposition::Excluded),
            Status::Pending => Some(Disposition::Pending),
            Status::Posted => None,
        }
    } else {
        Some(Disposition::OtherPeriod)
    };
    if let Some(disposition) = without_finding {
        judged.place(issuer, acceptor, disposition, None);
        return Ok(());
    }
    let grace_days = desk.agreement.grace_days;
    let grace = i64::from(grace_days).saturating_mul(DAY_MICROS);
    let (rule, disposition, seen, reason) = if leg.is_orphan {
        let reason = "the original does not stand on its own book";
        (&REV_01, Disposition::Held, leg.at, reason.to_owned())
    } else if desk.period.in_grace(leg.at, grace_days) {
        let reason = format!("younger than {grace_days} days of grace");
        (&EVT_07, Disposition::Pending, leg.at, reason)
    } else {
        let (rule, reason) = match (leg.is_reversal, issuer.is_some()) {
            (true, _) => (&REV_03, "only one side booked the reversal"),
            (false, true) => (&EVT_01, "nothing mirrors the issuer's leg"),
            (false, false) => (&EVT_02, "the acceptor's leg mirrors nothing"),
        };
        (rule, Disposition::Held, leg.at.plus(grace), reason.to_owned())
    };
    let mut draft = desk.draft(rule).issuer(I::PARTY).seen(seen);
    if let Some(row) = issuer {
        let agreed = agreed_mirror(scene, row)?;
        draft = draft.row(I::PARTY, row).stake(scene.worth(row)?);
        if let Some(agreed) = agreed {
            draft = draft.expected(Some(agreed.to_string()), None).difference(-agreed);
        }
    }
    if let Some(row) = acceptor {
        let recorded = scene.acceptor.points(row);
        draft = draft
            .row(I::PARTY.partner(), row)
            .expected(None, Some(recorded.to_string()))
            .difference(i128::from(recorded));
    }
    let cause = judged.found(draft.because(reason));
    judged.place(issuer, acceptor, disposition, Some(cause));
    Ok(())
}

/// What an issuer's leg would be mirrored by, if it is no reversal and a version is in force.
fn agreed_mirror<I: Side>(scene: &Scene<'_, I>, leg: u32) -> Result<Option<i128>, Overflow> {
    let Some(flow) = scene.issuer_lineage.issuer_flow(leg).flatten() else { return Ok(None) };
    let at = scene.valued_at(leg);
    let ratio = scene.versions(flow, at).and_then(|versions| scene.ratio(flow, versions));
    let mode = scene.desk.agreement.mirror_rounding;
    let mirror = ratio.map(|ratio| ratio.mirror(scene.cleared(leg), mode));
    Ok(mirror.transpose()?.map(|mirror| mirror.quantity()))
}
