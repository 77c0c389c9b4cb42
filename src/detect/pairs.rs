//! Judging of pairs: first each pair that is no reversal, by itself; then the reversals of each
//! original together, because they share what is left of it.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::amount::{self, AMT_07, Compared};
use super::cap;
use super::consent;
use super::event::{EVT_06, EVT_08, EVT_09};
use super::items::{Fates, sign_fits};
use super::kept;
use super::lot;
use super::member::{self, Eligibility, MBR_07};
use super::reversal::{REV_01, REV_02, REV_04};
use super::room::{Event, reversed_alone};
use super::scene::Scene;
use crate::discrepancy::{Discrepancy, Rule};
use crate::event::{Lineage, Pair};
use crate::frame::books::{Ledger, Side};
use crate::judgement::{Cause, Disposition, JudgedPair};
use crate::past::{Kept, Settled};
use crate::value::kind::{Flow, Kind, Status};
use crate::value::points::{Overflow, Points};

/// A judged pair with what was found of it.
type Verdict<I> = (JudgedPair<I>, Vec<Discrepancy>);

/// Judged pairs, and what was found of the few of which something was.
pub(super) struct Docket<I: Side> {
    pub(super) pairs: Vec<JudgedPair<I>>,
    pub(super) found: BTreeMap<Pair, Vec<Discrepancy>>,
}

impl<I: Side> Docket<I> {
    fn new(pairs: usize) -> Docket<I> {
        Docket { pairs: Vec::with_capacity(pairs), found: BTreeMap::new() }
    }

    fn enter(&mut self, (judged, found): Verdict<I>) {
        if !found.is_empty() {
            self.found.insert(judged.pair, found);
        }
        self.pairs.push(judged);
    }

    fn append(&mut self, other: Docket<I>) {
        self.pairs.extend(other.pairs);
        self.found.extend(other.found);
    }
}

/// Every pair, judged, and what was found.
pub struct Judged<I: Side> {
    /// The pairs, in the issuer's row order.
    pub pairs: Vec<JudgedPair<I>>,
    /// What was found of those that this run judges.
    pub discrepancies: Vec<Discrepancy>,
    /// The codes under which issuer's rows stay held until somebody decides.
    pub kept: BTreeMap<u32, Kept>,
}

/// Spends that one worker judges at a time.
const CHUNK_PAIRS: usize = 1 << 12;

/// Judges every pair of issuer `I`'s points.
///
/// # Errors
/// [`Overflow`] when a product or sum cannot be exact.
pub fn judge<I: Side>(scene: &Scene<'_, I>, fates: &Fates) -> Result<Judged<I>, Overflow> {
    let (reversals, spends): (Vec<Pair>, Vec<Pair>) = scene
        .matched
        .pairs
        .iter()
        .partition(|pair| scene.issuer.kind(pair.issuer) == Kind::Reversal);
    let judged: Vec<Docket<I>> = spends
        .par_chunks(CHUNK_PAIRS)
        .map(|chunk| {
            let mut docket = Docket::new(chunk.len());
            for &pair in chunk {
                docket.enter(judge_spend(scene, pair)?);
            }
            Ok(docket)
        })
        .collect::<Result<_, Overflow>>()?;
    let mut docket = Docket::new(scene.matched.pairs.len());
    judged.into_iter().for_each(|part| docket.append(part));
    let mut fates = fates.clone();
    for judged in &docket.pairs {
        // What is settled was judged when it was: it counted, or a decision dropped it.
        let settled = scene.settled(judged.pair);
        if settled == Some(Settled::Dropped) {
            fates.record(judged.pair.issuer, Disposition::Excluded, None);
        } else if settled.is_none() && judged.disposition != Disposition::Counted {
            fates.record(judged.pair.issuer, judged.disposition, judged.cause.as_deref());
        }
    }
    let mut by_original: BTreeMap<Option<u32>, Vec<Pair>> = BTreeMap::new();
    for pair in reversals {
        let original = scene.issuer_lineage.originals.get(&pair.issuer).copied();
        by_original.entry(original).or_default().push(pair);
    }
    let by_original: Vec<(Option<u32>, Vec<Pair>)> = by_original.into_iter().collect();
    let alone = reversed_alone(scene)?;
    let reversals: Vec<Vec<Verdict<I>>> = by_original
        .into_par_iter()
        .map(|(original, pairs)| {
            let before = original.and_then(|original| alone.get(&Event::Issuer(original)));
            judge_reversals(scene, &fates, original, before.copied(), pairs)
        })
        .collect::<Result<_, Overflow>>()?;
    reversals.into_iter().flatten().for_each(|verdict| docket.enter(verdict));
    cap::apply(scene, &mut docket)?;
    let Docket { mut pairs, found } = docket;
    for judged in pairs.iter_mut().filter(|judged| !scene.judges(judged.pair)) {
        judged.disposition = Disposition::OtherPeriod;
        judged.cause = None;
    }
    // Spends are in order already, and reversals are few: a sort that sees runs is quick.
    pairs.sort_by_key(|judged| judged.pair);
    let kept = kept::carry(scene, &pairs, &found);
    let found = found.into_iter().filter(|(pair, _)| scene.judges(*pair));
    let discrepancies = found.flat_map(|(_, found)| found).collect();
    Ok(Judged { pairs, discrepancies, kept })
}

/// What can be said of a pair before its quantities are looked at.
enum Structure {
    /// Both legs say the same thing, in this flow.
    Sound(Flow),
    /// They do not: the rule and the reason.
    Fault(&'static Rule, &'static str, String, String, String),
    /// Neither leg took effect.
    Void(Disposition),
}

fn structure<I: Side>(scene: &Scene<'_, I>, pair: Pair) -> Structure {
    let (issuer, acceptor) = (scene.issuer, scene.acceptor);
    let (leg, mirror) = (pair.issuer, pair.acceptor);
    let text = |original: Option<&str>| original.unwrap_or("").to_owned();
    let flows = (
        scene.issuer_lineage.issuer_flow(leg).flatten(),
        scene.acceptor_lineage.acceptor_flow(mirror).flatten(),
    );
    let (Some(flow), Some(mirror_flow)) = flows else {
        return Structure::Fault(
            &REV_01,
            "original_event_id",
            text(issuer.original_event_id(leg)),
            text(acceptor.original_event_id(mirror)),
            "the original does not stand on its own book".into(),
        );
    };
    match (issuer.status(leg), acceptor.status(mirror)) {
        (Status::Posted, Status::Posted) => {}
        (Status::Cancelled, Status::Cancelled) => return Structure::Void(Disposition::Excluded),
        (Status::Pending, Status::Pending) => return Structure::Void(Disposition::Pending),
        (one, other) => {
            return Structure::Fault(
                &EVT_08,
                "status",
                one.word().into(),
                other.word().into(),
                "one leg took effect and the other did not".into(),
            );
        }
    }
    if !reverse_one_event(scene, pair) {
        return Structure::Fault(
            &EVT_09,
            "original_event_id",
            text(issuer.original_event_id(leg)),
            text(acceptor.original_event_id(mirror)),
            "the legs reverse events that are no pair".into(),
        );
    }
    let kinds = (issuer.kind(leg), acceptor.kind(mirror));
    let is_reversal = (kinds.0 == Kind::Reversal, kinds.1 == Kind::Reversal);
    if flow != mirror_flow || is_reversal.0 != is_reversal.1 {
        return Structure::Fault(
            &EVT_09,
            "kind",
            kinds.0.word().into(),
            kinds.1.word().into(),
            "the legs are not of one flow and direction".into(),
        );
    }
    if !signs_fit(scene, pair) {
        return Structure::Fault(
            &EVT_09,
            "points",
            issuer.points(leg).to_string(),
            acceptor.points(mirror).to_string(),
            "points have the wrong sign for their kind".into(),
        );
    }
    Structure::Sound(flow)
}

/// Whether the acceptor reverses the mirror of what the issuer reverses. An original without a pair
/// says nothing.
fn reverse_one_event<I: Side>(scene: &Scene<'_, I>, pair: Pair) -> bool {
    let of_leg = scene.issuer_lineage.originals.get(&pair.issuer);
    let of_mirror = scene.acceptor_lineage.originals.get(&pair.acceptor);
    let (Some(of_leg), Some(of_mirror)) = (of_leg, of_mirror) else { return true };
    let pairs = &scene.matched.pairs;
    match pairs.binary_search_by_key(of_leg, |pair| pair.issuer) {
        Ok(index) => pairs[index].acceptor == *of_mirror,
        Err(_) => true,
    }
}

/// Whether both legs have the sign of their kind; a reversal has the opposite of its original's.
fn signs_fit<I: Side>(scene: &Scene<'_, I>, pair: Pair) -> bool {
    fn fits<P: Side>(ledger: &Ledger<P>, lineage: &Lineage<P>, row: u32) -> bool {
        ledger.points(row) != 0 && sign_fits(ledger, lineage, row)
    }
    fits(scene.issuer, scene.issuer_lineage, pair.issuer)
        && fits(scene.acceptor, scene.acceptor_lineage, pair.acceptor)
}

/// A pair as it stands before anything is known of it.
fn unjudged<I: Side>(scene: &Scene<'_, I>, pair: Pair) -> JudgedPair<I> {
    JudgedPair {
        pair,
        disposition: Disposition::Counted,
        flow: None,
        cleared: scene.cleared(pair.issuer),
        agreed: None,
        versions: None,
        original: scene.issuer_lineage.originals.get(&pair.issuer).copied(),
        accumulates: false,
        origin: scene.origin(pair.issuer),
        cause: None,
        decision: None,
    }
}

/// Settles a pair by what was found: the first finding that holds it is the cause. A rule that is
/// off finds nothing.
fn settle<I: Side>(
    scene: &Scene<'_, I>,
    mut judged: JudgedPair<I>,
    mut found: Vec<Discrepancy>,
) -> Verdict<I> {
    found.retain(|found| scene.desk.is_on(found.rule));
    let holding = found.iter().find(|found| found.holds());
    if let (Some(holding), None) = (holding, &judged.cause) {
        judged.disposition = Disposition::Held;
        judged.cause =
            Some(Box::new(Cause { rule: holding.rule, discrepancy_id: holding.id.clone() }));
    }
    (judged, found)
}

/// Settles a pair whose legs say the same thing. Only one that counts is told to the acceptor as
/// standing in another period: what is held stands in none yet.
fn conclude<I: Side>(
    scene: &Scene<'_, I>,
    judged: JudgedPair<I>,
    found: Vec<Discrepancy>,
) -> Verdict<I> {
    let (judged, mut found) = settle(scene, judged, found);
    if judged.disposition == Disposition::Counted {
        found.extend(cut_off(scene, judged.pair));
    }
    (judged, found)
}

/// The discrepancy of a pair whose legs do not say the same thing.
fn structural<I: Side>(
    scene: &Scene<'_, I>,
    pair: Pair,
    rule: &'static Rule,
    field: &'static str,
    (on_issuer, on_acceptor): (String, String),
    reason: String,
) -> Result<Discrepancy, Overflow> {
    Ok(scene
        .desk
        .draft(rule)
        .issuer(I::PARTY)
        .row(I::PARTY, pair.issuer)
        .row(I::PARTY.partner(), pair.acceptor)
        .differs_by_side(field, I::PARTY, on_issuer, on_acceptor)
        .stake(scene.worth(pair.issuer)?)
        .seen(scene.issuer.occurred_at(pair.issuer))
        .because(reason))
}

fn judge_spend<I: Side>(scene: &Scene<'_, I>, pair: Pair) -> Result<Verdict<I>, Overflow> {
    let mut judged = unjudged(scene, pair);
    let flow = match structure(scene, pair) {
        Structure::Sound(flow) => flow,
        Structure::Void(disposition) => {
            if judged.disposition == Disposition::Counted {
                judged.disposition = disposition;
            }
            return Ok((judged, Vec::new()));
        }
        Structure::Fault(rule, field, on_issuer, on_acceptor, reason) => {
            let sides = (on_issuer, on_acceptor);
            let found = structural(scene, pair, rule, field, sides, reason)?;
            return Ok(settle(scene, judged, vec![found]));
        }
    };
    judged.flow = Some(flow);
    let mut found = Vec::new();
    if scene.book.declared {
        let entitled = member::eligibility(scene, pair.issuer, pair.acceptor);
        entitle(scene, pair, entitled, &mut judged, &mut found)?;
    }
    let at = scene.issuer.occurred_at(pair.issuer);
    judged.versions = scene.versions(flow, at);
    let ratio = judged.versions.and_then(|versions| scene.ratio(flow, versions));
    if let (Some(versions), Some(ratio)) = (judged.versions, ratio) {
        let agreed = ratio.mirror(judged.cleared, scene.desk.agreement.mirror_rounding)?;
        judged.agreed = Some(agreed);
        let compared = Compared {
            leg: pair.issuer,
            mirror: pair.acceptor,
            flow,
            valued_at: at,
            ratio,
            cleared: judged.cleared,
            agreed,
        };
        // Most pairs agree; only the others are worth their words.
        if agreed != Points::new(scene.acceptor.points(pair.acceptor)) {
            let version = scene.versions_in_words(flow, versions);
            found.extend(amount::judge(scene, compared, version)?);
        }
        let version = || scene.versions_in_words(flow, versions);
        found.extend(amount::judge_stated(scene, pair, None, version)?);
    } else {
        found.push(no_version(scene, pair, flow));
    }
    found.extend(lot::judge_pair(scene, pair)?);
    if judged.cause.is_none() && !found.iter().any(Discrepancy::holds) {
        let kept = kept::judge(scene, pair)?.into_iter();
        let is_told = |kept: &Discrepancy| found.iter().any(|told| told.id == kept.id);
        let kept: Vec<Discrepancy> = kept.filter(|kept| !is_told(kept)).collect();
        found.extend(kept);
    }
    Ok(conclude(scene, judged, found))
}

/// Records what eligibility says of a pair.
fn entitle<I: Side>(
    scene: &Scene<'_, I>,
    pair: Pair,
    eligibility: Eligibility,
    judged: &mut JudgedPair<I>,
    found: &mut Vec<Discrepancy>,
) -> Result<(), Overflow> {
    match eligibility {
        Eligibility::Entitled(link) => {
            let link = scene.book.get(link);
            let consent = consent::judge(scene, pair.issuer, pair.acceptor, link);
            if let Some(mut discrepancy) = consent {
                let worth = scene.worth(pair.issuer)?;
                discrepancy.amount_at_stake = worth.map(|worth| worth.amount);
                discrepancy.currency = worth.map(|worth| worth.currency);
                found.push(discrepancy);
            }
        }
        Eligibility::Unasked => {}
        Eligibility::HeldUnder(cause) => {
            if judged.disposition == Disposition::Counted {
                judged.disposition = Disposition::Held;
                judged.cause = Some(Box::new(cause));
            }
        }
        Eligibility::NotEntitled(reason) => found.push(
            scene
                .desk
                .draft(&MBR_07)
                .issuer(I::PARTY)
                .row(I::PARTY, pair.issuer)
                .row(I::PARTY.partner(), pair.acceptor)
                .stake(scene.worth(pair.issuer)?)
                .seen(scene.issuer.occurred_at(pair.issuer))
                .because(reason),
        ),
    }
    Ok(())
}

fn no_version<I: Side>(scene: &Scene<'_, I>, pair: Pair, flow: Flow) -> Discrepancy {
    let valued_at = scene.valued_at(pair.issuer);
    let agreement = scene.desk.agreement;
    let has_rate = !agreement.is_settled(I::PARTY, flow)
        || agreement.rates_of(I::PARTY, flow).in_force(valued_at).is_some();
    let missing = match (has_rate, flow.word()) {
        (true, _) => "ratio".to_owned(),
        (false, flow) => format!("{flow} rate"),
    };
    let at = valued_at.show(&agreement.zone);
    let issuer = scene.desk.code(I::PARTY);
    scene
        .desk
        .draft(&AMT_07)
        .issuer(I::PARTY)
        .row(I::PARTY, pair.issuer)
        .row(I::PARTY.partner(), pair.acceptor)
        .seen(scene.issuer.occurred_at(pair.issuer))
        .because(format!("{issuer} has no {missing} in force at {at}"))
}

/// EVT-06: the acceptor finds its leg in another period.
fn cut_off<I: Side>(scene: &Scene<'_, I>, pair: Pair) -> Option<Discrepancy> {
    let (at, accepted) =
        (scene.issuer.occurred_at(pair.issuer), scene.acceptor.occurred_at(pair.acceptor));
    let period = scene.desk.scope.period_at(at);
    if !scene.judges(pair) || period.contains(accepted) {
        return None;
    }
    let zone = &scene.desk.agreement.zone;
    Some(
        scene
            .desk
            .draft(&EVT_06)
            .issuer(I::PARTY)
            .row(I::PARTY, pair.issuer)
            .row(I::PARTY.partner(), pair.acceptor)
            .differs_by_side("occurred_at", I::PARTY, at.show(zone), accepted.show(zone))
            .seen(at)
            .because(format!("the period is the issuer's, {}", period.label)),
    )
}

/// The reversals of one original, in the order in which they happened (invariants 5 to 7).
fn judge_reversals<I: Side>(
    scene: &Scene<'_, I>,
    fates: &Fates,
    original: Option<u32>,
    before: Option<Points<I>>,
    mut pairs: Vec<Pair>,
) -> Result<Vec<Verdict<I>>, Overflow> {
    let issuer = scene.issuer;
    // What is settled was reversed first, whatever its instant.
    pairs.sort_unstable_by_key(|pair| {
        let is_open = scene.settled(*pair).is_none();
        (is_open, issuer.occurred_at(pair.issuer), issuer.event_id(pair.issuer))
    });
    let mut reversed = before.unwrap_or(Points::ZERO);
    let mut verdicts = Vec::with_capacity(pairs.len());
    for pair in pairs {
        verdicts.push(judge_reversal(scene, fates, original, &mut reversed, pair)?);
    }
    Ok(verdicts)
}

fn judge_reversal<I: Side>(
    scene: &Scene<'_, I>,
    fates: &Fates,
    original: Option<u32>,
    reversed: &mut Points<I>,
    pair: Pair,
) -> Result<Verdict<I>, Overflow> {
    let mut judged = unjudged(scene, pair);
    // What is settled is not judged again, whatever its legs say: it reversed what it counted for,
    // and nothing where a decision dropped it.
    if let Some(settled) = scene.settled(pair) {
        if settled == Settled::Cleared {
            *reversed = reversed.checked_sub(scene.cleared_at(pair.issuer))?;
            judged.accumulates = true;
        }
        return Ok((judged, Vec::new()));
    }
    let flow = match (structure(scene, pair), original) {
        (Structure::Sound(flow), Some(_)) => flow,
        (Structure::Void(disposition), _) => {
            if judged.disposition == Disposition::Counted {
                judged.disposition = disposition;
            }
            return Ok((judged, Vec::new()));
        }
        (Structure::Fault(rule, field, on_issuer, on_acceptor, reason), _) => {
            let sides = (on_issuer, on_acceptor);
            let found = structural(scene, pair, rule, field, sides, reason)?;
            return Ok(settle(scene, judged, vec![found]));
        }
        // A sound reversal has a flow, and only from an original.
        (Structure::Sound(_), None) => return Ok((judged, Vec::new())),
    };
    let Some(original) = original else { return Ok((judged, Vec::new())) };
    judged.flow = Some(flow);
    let mut found = Vec::new();
    let reversing = -judged.cleared;
    let whole = scene.cleared_at(original);
    let left = whole.checked_sub(*reversed)?;
    let so_far = reversed.checked_add(reversing)?;
    let remaining = whole.checked_sub(so_far)?;
    // An original booked with the wrong sign is reversed too, in the other direction.
    let is_too_much = remaining.signum() * whole.signum() < 0;
    judged.versions = scene.versions(flow, scene.valued_at(pair.issuer));
    let ratio = judged.versions.and_then(|versions| scene.ratio(flow, versions));
    if let (Some(versions), Some(ratio)) = (judged.versions, ratio) {
        let mode = scene.desk.agreement.mirror_rounding;
        // The mirror of the original less that of what remains and what was reversed before, which
        // is the mirror of what was left.
        let mirrored = ratio.mirror(left, mode)?.checked_sub(ratio.mirror(remaining, mode)?)?;
        judged.agreed = Some(-mirrored);
        let compared = Compared {
            leg: pair.issuer,
            mirror: pair.acceptor,
            flow,
            valued_at: scene.valued_at(pair.issuer),
            ratio,
            cleared: judged.cleared,
            agreed: -mirrored,
        };
        let version = || scene.versions_in_words(flow, versions);
        found.extend(amount::judge(scene, compared, version())?);
        found.extend(amount::judge_stated(scene, pair, Some((left, remaining)), version)?);
    } else {
        found.push(no_version(scene, pair, flow));
    }
    if is_too_much {
        found.push(too_much(scene, pair, original, so_far)?);
    } else {
        *reversed = so_far;
        judged.accumulates = true;
    }
    if scene.is_closed(original) {
        found.push(after_close(scene, pair, original)?);
    }
    // What is still to come decides about what reverses it, as a cap may hold it yet.
    if scene.issuer.occurred_at(original) >= scene.desk.period.cut() {
        judged.disposition = Disposition::Pending;
        return Ok((judged, Vec::new()));
    }
    // What happened to the original happens to its reversal, or the net would move.
    match fates.of(original) {
        Some((Disposition::Held, Some(cause))) => {
            judged.disposition = Disposition::Held;
            judged.cause = Some(Box::new(cause.clone()));
            return Ok((judged, Vec::new()));
        }
        Some((Disposition::Pending, cause)) => {
            judged.disposition = Disposition::Pending;
            judged.cause = cause.cloned().map(Box::new);
            return Ok((judged, Vec::new()));
        }
        Some((Disposition::Excluded, _)) => {
            let sides = ("posted".to_owned(), "posted".to_owned());
            let reason = "the original never took effect".to_owned();
            let orphan = structural(scene, pair, &REV_01, "status", sides, reason)?;
            return Ok(settle(scene, judged, vec![orphan]));
        }
        _ => {}
    }
    Ok(conclude(scene, judged, found))
}

/// REV-04: the period of what is reversed is closed.
fn after_close<I: Side>(
    scene: &Scene<'_, I>,
    pair: Pair,
    original: u32,
) -> Result<Discrepancy, Overflow> {
    let scope = scene.desk.scope;
    let closed = scope.period_at(scene.issuer.occurred_at(original));
    Ok(scene
        .desk
        .draft(&REV_04)
        .issuer(I::PARTY)
        .row(I::PARTY, pair.issuer)
        .row(I::PARTY.partner(), pair.acceptor)
        .stake(scene.worth(pair.issuer)?)
        .seen(scene.issuer.occurred_at(pair.issuer))
        .because(format!("what it reverses is of {}, which is closed", closed.label)))
}

fn too_much<I: Side>(
    scene: &Scene<'_, I>,
    pair: Pair,
    original: u32,
    so_far: Points<I>,
) -> Result<Discrepancy, Overflow> {
    let whole = scene.cleared_at(original);
    Ok(scene
        .desk
        .draft(&REV_02)
        .issuer(I::PARTY)
        .row(I::PARTY, pair.issuer)
        .row(I::PARTY.partner(), pair.acceptor)
        .expected(Some(whole.to_string()), Some(so_far.to_string()))
        .difference(so_far.checked_sub(whole)?.quantity())
        .stake(scene.worth(pair.issuer)?)
        .seen(scene.issuer.occurred_at(pair.issuer))
        .because(format!("of {whole} points {so_far} would be reversed")))
}
