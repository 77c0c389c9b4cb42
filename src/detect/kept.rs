//! What a final publication held, and what a later feed says nothing against: it stays held under
//! its code until a decision moves it (docs/periods.md, *Held over the periods*).

use std::collections::BTreeMap;

use super::cap::{self, CAP_01, CAP_02, CAP_03};
use super::consent::{self, CON_01, CON_02};
use super::desk::{Desk, Draft};
use super::event::EVT_01;
use super::lot::{self, LED_04, Life};
use super::member::{self, Eligibility, MBR_07};
use super::scene::Scene;
use crate::discrepancy::{Discrepancy, Rule};
use crate::event::Pair;
use crate::frame::books::{Ledger, Side};
use crate::judgement::{Item, JudgedPair};
use crate::past::Kept;
use crate::value::kind::Kind;
use crate::value::points::Overflow;

/// The rules whose holds do not end because this period's feeds tell nothing of them: the sums of a
/// closed period are not made again, and a snapshot says what a member, a consent or a lot is now.
const KEPT: [&Rule; 7] = [&CON_01, &CON_02, &MBR_07, &LED_04, &CAP_01, &CAP_02, &CAP_03];

/// Why it is held where this run alone would not hold it.
pub(super) const REASON: &str = "found so when its period was closed";

/// A code of which the holds stay, as the rules spell it.
#[must_use]
pub fn code(code: &str) -> Option<&'static str> {
    KEPT.iter().map(|rule| rule.code).find(|known| *known == code)
}

/// The findings under which a pair stays held that earlier periods made and this run does not.
///
/// # Errors
/// [`Overflow`] when what is at stake cannot be exact.
pub(super) fn judge<I: Side>(
    scene: &Scene<'_, I>,
    pair: Pair,
) -> Result<Vec<Discrepancy>, Overflow> {
    let Some(kept) = scene.desk.scope.kept.of(I::PARTY).get(&pair.issuer) else {
        return Ok(Vec::new());
    };
    let stays = |rule: &&&Rule| {
        kept.contains(rule.code) && scene.desk.is_on(rule) && !is_disproved(scene, pair, rule.code)
    };
    let told = KEPT.iter().filter(stays).map(|rule| {
        let found: Draft<'_> = cap::about(scene, pair, rule)?;
        Ok(found.because(REASON))
    });
    told.collect()
}

/// The codes under which issuer's rows stay held after this run: those of before that it did not
/// disprove, and those under which it holds a pair anew, whatever else holds that too. Pairs are in
/// order.
pub(super) fn carry<I: Side>(
    scene: &Scene<'_, I>,
    pairs: &[JudgedPair<I>],
    found: &BTreeMap<Pair, Vec<Discrepancy>>,
) -> BTreeMap<u32, Kept> {
    let mut kept = scene.desk.scope.kept.of(I::PARTY).clone();
    // Of a pair of which the legs do not say the same thing nothing else was asked.
    let is_asked = |judged: &&JudgedPair<I>| {
        judged.flow.is_some() && judged.original.is_none() && scene.judges(judged.pair)
    };
    for (&leg, codes) in &mut kept {
        let at = pairs.binary_search_by_key(&leg, |judged| judged.pair.issuer);
        if let Some(judged) = at.ok().map(|at| &pairs[at]).filter(is_asked) {
            codes.retain(|code| !is_disproved(scene, judged.pair, code));
        }
    }
    for (pair, found) in found.iter().filter(|(pair, _)| scene.judges(**pair)) {
        let holding = found.iter().filter(|found| found.holds());
        for code in holding.filter_map(|found| code(found.rule.code)) {
            kept.entry(pair.issuer).or_default().insert(code);
        }
    }
    kept
}

/// Adds what the lots say of an issuer's leg while it waits for its mirror: the lots of a later
/// period may be silent about it when the mirror comes. What was held before keeps what was said
/// of it then.
pub(super) fn add_alone<I: Side>(
    scene: &Scene<'_, I>,
    items: &[Item<I>],
    kept: &mut BTreeMap<u32, Kept>,
) {
    let holds = scene.desk.draft(&LED_04).because(REASON).holds();
    if !holds || !scene.desk.is_on(&LED_04) {
        return;
    }
    let known = scene.desk.scope.held.of(I::PARTY);
    for item in items {
        let is_alone = item.cause.as_ref().is_some_and(|cause| cause.rule.code == EVT_01.code);
        if let Some(leg) = item.issuer.filter(|leg| is_alone && !known.contains(leg))
            && lot::expired(&scene.desk, scene.issuer, leg).is_some()
        {
            kept.entry(leg).or_default().insert(LED_04.code);
        }
    }
}

/// Whether the feeds themselves say that a hold was wrong: they tell of the instant of the event,
/// and that nothing was amiss at it.
fn is_disproved<I: Side>(scene: &Scene<'_, I>, pair: Pair, code: &str) -> bool {
    if code == MBR_07.code {
        return member::is_proven(scene, pair.issuer);
    }
    if code == LED_04.code {
        return lived(&scene.desk, scene.issuer, pair.issuer);
    }
    if code == CON_01.code || code == CON_02.code {
        return match member::eligibility(scene, pair.issuer, pair.acceptor) {
            Eligibility::Entitled(link) => {
                let link = scene.book.get(link);
                consent::judge(scene, pair.issuer, pair.acceptor, link).is_none()
            }
            _ => false,
        };
    }
    false
}

/// Whether the lots name one of the member that lived when a row happened.
fn lived<P: Side>(desk: &Desk<'_>, ledger: &Ledger<P>, row: u32) -> bool {
    let book = desk.lots.of(P::PARTY).as_ref();
    let life = book.map(|book| book.life(ledger.member_no(row), ledger.occurred_at(row)));
    life == Some(Life::Lives)
}

/// Whether own business that was held because it spent expired points still is.
pub(super) fn stays_expired<P: Side>(desk: &Desk<'_>, ledger: &Ledger<P>, row: u32) -> bool {
    let kept = desk.scope.kept.of(P::PARTY).get(&row);
    kept.is_some_and(|kept| kept.contains(LED_04.code))
        && ledger.kind(row) == Kind::Burn
        && !lived(desk, ledger, row)
}
