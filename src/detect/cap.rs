//! Caps and minimums (上限与下限): CAP-01 to CAP-03, over the pairs that count otherwise.

use std::collections::BTreeMap;

use super::event::EVT_06;
use super::pairs::Docket;
use super::scene::Scene;
use crate::agreement::{Cap, Minimum};
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::event::Pair;
use crate::frame::books::Side;
use crate::judgement::{Cause, Disposition, JudgedPair};
use crate::value::points::{Overflow, Points};

/// CAP-01: above the member's cap (超过单会员上限).
pub static CAP_01: Rule = Rule {
    code: "CAP-01",
    title: "above the member's cap",
    zh: "超过单会员上限",
    severity: Severity::Warning,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "An event that would take what a member's events of the period come to above the agreed cap.",
        "计入后会使某会员本期累计超过约定上限的交易。",
    ),
    matters: say(
        "The agreement bounds what one member may move, and nobody agreed to pay for more.",
        "合同限定了单个会员的数量，超出部分没有人同意付款。",
    ),
    example: say(
        "5,000 a month: 3,000 and 1,500 count, 1,000 more is held, and 500 after it counts.",
        "每月 5,000：3,000 与 1,500 计入，再来 1,000 挂账，其后的 500 仍计入。",
    ),
    settles: say(
        "Both parties decide whether to release it; the acceptor heeds the cap.",
        "双方决定是否释放；受理方遵守上限。",
    ),
};

/// CAP-02: above the period's cap (超过单周期上限).
pub static CAP_02: Rule = Rule {
    code: "CAP-02",
    title: "above the period's cap",
    zh: "超过单周期上限",
    severity: Severity::Warning,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "An event that would take what all events of the period come to above the agreed cap.",
        "计入后会使本期全部交易累计超过约定上限的交易。",
    ),
    matters: say(
        "The cap is the issuer's budget; what passes it was never granted.",
        "上限就是发行方的预算，超出的部分从未获准。",
    ),
    example: say(
        "10,000 a month for all: after 9,800 an event of 300 is held and one of 200 counts.",
        "全体每月 10,000：累计 9,800 后，300 的一笔挂账，200 的一笔计入。",
    ),
    settles: say(
        "Both parties decide whether to release it, or agree on a higher cap.",
        "双方决定是否释放，或约定更高的上限。",
    ),
};

/// CAP-03: below the minimum (低于单笔下限).
pub static CAP_03: Rule = Rule {
    code: "CAP-03",
    title: "below the minimum",
    zh: "低于单笔下限",
    severity: Severity::Warning,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "A spend, conversion or sale of fewer points than the agreement lets count.",
        "积分数低于约定单笔下限的兑换、转换或售出。",
    ),
    matters: say(
        "Small events are where splitting hides, and mirrors round to nothing.",
        "小额交易便于拆单，折算后还可能归零。",
    ),
    example: say("The minimum is 100 points; 60 were spent.", "下限为 100 分，只兑换了 60 分。"),
    settles: say(
        "The acceptor refuses such events; both parties decide on this one.",
        "受理方应拒绝此类交易；这一笔由双方决定。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&CAP_01, &CAP_02, &CAP_03];

/// A running sum: the cap's position, and the member where it is per member.
type Sum<'a> = (usize, Option<&'a str>);

/// Holds what is below a minimum or above a cap, and what reverses it. The docket has every pair of
/// issuer `I`, and what was found of a pair that is held here is taken back.
///
/// # Errors
/// [`Overflow`] when a sum leaves 127 bits.
pub(super) fn apply<I: Side>(scene: &Scene<'_, I>, docket: &mut Docket<I>) -> Result<(), Overflow> {
    let agreement = scene.desk.agreement;
    // Per member first, then per period, each in the order in which they are declared.
    let mut caps: Vec<&Cap> = agreement.caps.iter().filter(|cap| cap.issuer == I::PARTY).collect();
    caps.sort_by_key(|cap| !cap.per_member);
    let minimums: Vec<&Minimum> =
        agreement.minimums.iter().filter(|least| least.issuer == I::PARTY).collect();
    if caps.is_empty() && minimums.is_empty() {
        return Ok(());
    }
    let issuer = scene.issuer;
    let Docket { pairs, found: findings } = docket;
    let mut order: Vec<usize> = (0..pairs.len())
        .filter(|&at| {
            let judged = &pairs[at];
            // A statement counts what came late with its own. What joined a leg that was released
            // alone counted with it, in an earlier statement.
            judged.disposition == Disposition::Counted && scene.judges(judged.pair)
        })
        .collect();
    order.sort_by_key(|&at| {
        let leg = pairs[at].pair.issuer;
        (issuer.occurred_at(leg), issuer.event_id(leg))
    });
    let mut sums: BTreeMap<Sum<'_>, Points<I>> = BTreeMap::new();
    // What each tested event added to.
    let mut added: BTreeMap<u32, Vec<Sum<'_>>> = BTreeMap::new();
    let mut held: BTreeMap<u32, Cause> = BTreeMap::new();
    for at in order {
        let judged = &mut pairs[at];
        let leg = judged.pair.issuer;
        if let Some(original) = judged.original {
            for sum in added.get(&original).into_iter().flatten() {
                let total = sums.entry(*sum).or_insert(Points::ZERO);
                *total = total.checked_add(judged.cleared)?;
            }
            continue;
        }
        let mut tested = Vec::new();
        let mut found: Vec<Discrepancy> =
            too_little(scene, judged, &minimums)?.into_iter().collect();
        for (position, cap) in caps.iter().enumerate() {
            if found.iter().any(Discrepancy::holds)
                || cap.flow.is_some_and(|flow| Some(flow) != judged.flow)
            {
                continue;
            }
            let sum = (position, cap.per_member.then(|| issuer.member_no(leg)));
            let so_far = sums.get(&sum).copied().unwrap_or(Points::ZERO);
            // Several caps may only tell of an event, and they tell it under one code once.
            let above = too_much(scene, judged, cap, so_far)?;
            let is_told = |next: &Discrepancy| found.iter().any(|told| told.id == next.id);
            let above = above.filter(|next| !is_told(next));
            found.extend(above);
            tested.push(sum);
        }
        if let Some(holding) = found.iter().find(|found| found.holds()) {
            let cause = Cause { rule: holding.rule, discrepancy_id: holding.id.clone() };
            held.insert(leg, cause.clone());
            judged.disposition = Disposition::Held;
            judged.cause = Some(Box::new(cause));
            // A held pair stands in no period yet.
            if let Some(findings) = findings.get_mut(&judged.pair) {
                findings.retain(|found| found.rule.code != EVT_06.code);
            }
        } else {
            for sum in tested {
                let total = sums.entry(sum).or_insert(Points::ZERO);
                *total = total.checked_add(judged.cleared)?;
                added.entry(leg).or_default().push(sum);
            }
        }
        if !found.is_empty() {
            findings.entry(judged.pair).or_default().extend(found);
        }
    }
    hold_reversals(docket, &held);
    Ok(())
}

/// What a cap held when the period before was closed stays held under that code until a decision
/// moves it: the sums of a closed period are not made again.
///
/// # Errors
/// [`Overflow`] when what is at stake cannot be exact.
pub(super) fn held_before<I: Side>(
    scene: &Scene<'_, I>,
    judged: &JudgedPair<I>,
) -> Result<Option<Discrepancy>, Overflow> {
    let pair = judged.pair;
    let before = scene.desk.scope.held_under.of(I::PARTY).get(&pair.issuer);
    let rule = before.and_then(|code| RULES.iter().find(|rule| rule.code == code));
    let Some(&rule) = rule.filter(|rule| scene.desk.is_on(rule)) else { return Ok(None) };
    Ok(Some(about(scene, pair, rule)?.because("held so when its period was closed")))
}

/// What happened to the original happens to its reversal, or the net would move. Legs that do not
/// say the same thing have no flow, and stay as they were judged.
fn hold_reversals<I: Side>(docket: &mut Docket<I>, held: &BTreeMap<u32, Cause>) {
    for judged in &mut docket.pairs {
        let cause = judged.original.and_then(|original| held.get(&original));
        let (Some(cause), Some(_)) = (cause, judged.flow) else { continue };
        if matches!(judged.disposition, Disposition::Counted | Disposition::Held) {
            judged.disposition = Disposition::Held;
            judged.cause = Some(Box::new(cause.clone()));
            docket.found.remove(&judged.pair);
        }
    }
}

fn too_little<I: Side>(
    scene: &Scene<'_, I>,
    judged: &JudgedPair<I>,
    minimums: &[&Minimum],
) -> Result<Option<Discrepancy>, Overflow> {
    if !scene.desk.is_on(&CAP_03) {
        return Ok(None);
    }
    let applies = |least: &&&Minimum| {
        let is_its = least.flow.is_none_or(|flow| Some(flow) == judged.flow);
        is_its && judged.cleared < Points::new(least.points)
    };
    let Some(least) = minimums.iter().find(applies) else { return Ok(None) };
    let reason = format!("the minimum is {} points{}", least.points, clause(&least.clause));
    let found = draft(scene, judged, &CAP_03, Points::new(least.points), judged.cleared)?;
    Ok(Some(found.because(reason)))
}

fn too_much<I: Side>(
    scene: &Scene<'_, I>,
    judged: &JudgedPair<I>,
    cap: &Cap,
    so_far: Points<I>,
) -> Result<Option<Discrepancy>, Overflow> {
    let (rule, per) = if cap.per_member { (&CAP_01, "member") } else { (&CAP_02, "period") };
    let sum = so_far.checked_add(judged.cleared)?;
    let most = Points::new(cap.points);
    if sum <= most || !scene.desk.is_on(rule) {
        return Ok(None);
    }
    let reason =
        format!("{so_far} points count so far of {} per {per}{}", cap.points, clause(&cap.clause));
    Ok(Some(draft(scene, judged, rule, most, sum)?.because(reason)))
}

fn clause(clause: &Option<String>) -> String {
    clause.as_ref().map_or_else(String::new, |clause| format!(", clause {clause}"))
}

/// A finding on a pair that holds `actual` points to a bound.
fn draft<'a, I: Side>(
    scene: &Scene<'a, I>,
    judged: &JudgedPair<I>,
    rule: &'static Rule,
    bound: Points<I>,
    actual: Points<I>,
) -> Result<super::desk::Draft<'a>, Overflow> {
    Ok(about(scene, judged.pair, rule)?
        .expected(Some(bound.to_string()), Some(actual.to_string()))
        .difference(actual.checked_sub(bound)?.quantity()))
}

/// A finding on a pair.
fn about<'a, I: Side>(
    scene: &Scene<'a, I>,
    pair: Pair,
    rule: &'static Rule,
) -> Result<super::desk::Draft<'a>, Overflow> {
    Ok(scene
        .desk
        .draft(rule)
        .issuer(I::PARTY)
        .row(I::PARTY, pair.issuer)
        .row(I::PARTY.partner(), pair.acceptor)
        .stake(scene.worth(pair.issuer)?)
        .seen(scene.issuer.occurred_at(pair.issuer)))
}
