//! What a final publication held, and what a later snapshot says nothing against: it stays held
//! under its code until a decision moves it (docs/periods.md, *Held over the periods*).

use super::cap::{self, CAP_01, CAP_02, CAP_03};
use super::desk::Draft;
use super::lot::{LED_04, Life};
use super::member::{self, MBR_07};
use super::scene::Scene;
use crate::discrepancy::{Discrepancy, Rule};
use crate::event::Pair;
use crate::frame::books::Side;
use crate::value::points::Overflow;

/// The rules whose holds do not end because this period's feeds tell nothing of them: the sums of a
/// closed period are not made again, and a snapshot says what a member or a lot is now.
const KEPT: [&Rule; 5] = [&MBR_07, &LED_04, &CAP_01, &CAP_02, &CAP_03];

/// The finding under which a pair stays held in which this run finds nothing that holds it.
///
/// # Errors
/// [`Overflow`] when what is at stake cannot be exact.
pub(super) fn judge<I: Side>(
    scene: &Scene<'_, I>,
    pair: Pair,
) -> Result<Option<Discrepancy>, Overflow> {
    let held = scene.desk.scope.held.of(I::PARTY).get(&pair.issuer);
    let rule = held.and_then(|code| KEPT.iter().find(|rule| rule.code == *code));
    let Some(&rule) = rule.filter(|rule| scene.desk.is_on(rule)) else { return Ok(None) };
    if is_disproved(scene, pair, rule) {
        return Ok(None);
    }
    let found: Draft<'_> = cap::about(scene, pair, rule)?;
    Ok(Some(found.because("held so when its period was closed")))
}

/// Whether the feeds themselves say that the hold was wrong: they tell of the instant of the event,
/// and that nothing was amiss at it.
fn is_disproved<I: Side>(scene: &Scene<'_, I>, pair: Pair, rule: &Rule) -> bool {
    if rule.code == MBR_07.code {
        return member::is_proven(scene, pair.issuer);
    }
    if rule.code == LED_04.code {
        let (desk, leg) = (&scene.desk, pair.issuer);
        let book = desk.lots.of(I::PARTY).as_ref();
        let (member, at) = (scene.issuer.member_no(leg), scene.issuer.occurred_at(leg));
        return book.is_some_and(|book| book.life(member, at) == Life::Lives);
    }
    false
}
