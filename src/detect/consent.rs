//! Rules on consent and purpose: CON-01, CON-02 and CON-03.

use super::desk::Desk;
use super::feed::Arrival;
use super::scene::Scene;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::frame::books::Side;
use crate::links::Link;

/// CON-01: no consent (未获同意).
pub static CON_01: Rule = Rule {
    code: "CON-01",
    title: "no consent",
    zh: "未获同意",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "An event whose link had no consent for the declared purpose when it occurred.",
        "交易发生时，该绑定没有针对所声明用途的同意。",
    ),
    matters: say(
        "Without consent the members' data may not be processed for it at all.",
        "没有同意，就根本不得为此处理会员数据。",
    ),
    example: say(
        "A spend on March 9; consent was granted on March 10.",
        "3 月 9 日消费，3 月 10 日才取得同意。",
    ),
    settles: say(
        "The party that obtains consents; the item is released with proof or reversed.",
        "负责取得同意的一方；凭证明释放该笔，或冲正。",
    ),
};

/// CON-02: consent withdrawn before the event (事前已撤回同意).
pub static CON_02: Rule = Rule {
    code: "CON-02",
    title: "consent withdrawn before the event",
    zh: "事前已撤回同意",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "An event after the member withdrew every consent for the declared purpose.",
        "会员撤回了对所声明用途的全部同意，交易发生在此之后。",
    ),
    matters: say(
        "A withdrawal binds both parties from its instant.",
        "撤回自该时刻起对双方都有约束力。",
    ),
    example: say(
        "Withdrawn on March 12 at 09:00, spent at 18:00.",
        "3 月 12 日 09:00 撤回，18:00 消费。",
    ),
    settles: say(
        "The party whose system did not hear of the withdrawal.",
        "系统未收到撤回通知的一方。",
    ),
};

/// CON-03: column outside the agreed purpose (超范围列).
pub static CON_03: Rule = Rule {
    code: "CON-03",
    title: "column outside the agreed purpose",
    zh: "超范围列",
    severity: Severity::Warning,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A column that the pipeline lists as not agreed and that arrived; it was dropped.",
        "流水线列为未约定、却仍随文件到达的列，已丢弃。",
    ),
    matters: say(
        "Data that nobody needs for the purpose must not be sent at all.",
        "目的之外的数据本就不应发送。",
    ),
    example: say(
        "身份证号 stands in the members' file, and the agreement covers member numbers only.",
        "会员文件里有身份证号，而合同只约定了会员号。",
    ),
    settles: say(
        "The sender leaves the column out and says since when it was sent.",
        "由发送方去掉该列，并说明自何时起发送。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&CON_01, &CON_02, &CON_03];

/// Whether a consent to the link stood when an issuer's leg occurred.
pub fn judge<I: Side>(
    scene: &Scene<'_, I>,
    leg: u32,
    mirror: u32,
    link: &Link,
) -> Option<Discrepancy> {
    let desk = &scene.desk;
    let purpose = desk.agreement.consent_purpose.as_ref()?;
    let at = scene.issuer.occurred_at(leg);
    let mut granted = link.consents.iter().filter(|(granted, _)| *granted <= at).peekable();
    let (rule, reason) = if granted.peek().is_none() {
        (&CON_01, format!("no consent for `{purpose}` had been granted"))
    } else if granted.all(|(_, withdrawn)| withdrawn.is_some_and(|withdrawn| withdrawn <= at)) {
        (&CON_02, format!("every consent for `{purpose}` had been withdrawn"))
    } else {
        return None;
    };
    let (rule, reason) = match held_before(scene, leg).filter(|before| before.code != rule.code) {
        Some(before) => (before, format!("{reason}; it was held as {} before", before.code)),
        None => (rule, reason),
    };
    let zone = &desk.agreement.zone;
    let granted = link.consents.first().map(|(granted, withdrawn)| match withdrawn {
        Some(withdrawn) => format!("{} to {}", granted.show(zone), withdrawn.show(zone)),
        None => format!("from {}", granted.show(zone)),
    });
    Some(
        desk.draft(rule)
            .issuer(I::PARTY)
            .row(I::PARTY, leg)
            .row(I::PARTY.partner(), mirror)
            .expected(Some(at.show(zone)), granted)
            .seen(at)
            .because(reason),
    )
}

/// The rule under which an earlier period held a leg for want of consent. It stays what it was
/// found as, whichever consents the feed still has: whoever decides about it was shown that.
fn held_before<I: Side>(scene: &Scene<'_, I>, leg: u32) -> Option<&'static Rule> {
    let kept = scene.desk.scope.kept.of(I::PARTY).get(&leg)?;
    let rule = [&CON_01, &CON_02].into_iter().find(|rule| kept.contains(rule.code))?;
    scene.desk.is_on(rule).then_some(rule)
}

/// CON-03: columns that were not agreed and arrived, one finding per file and column. Nothing of
/// them was read but their name.
pub fn strays(desk: &Desk<'_>, arrival: &Arrival<'_>) -> Vec<Discrepancy> {
    let strays = arrival.rows.strays.iter();
    let found = strays.map(|stray| {
        arrival
            .draft(desk, &CON_03, &[&stray.file, &stray.column])
            .at(arrival.party(), stray.file.clone())
            .expected(None, Some(stray.column.clone()))
            .because("the column is not agreed; it was dropped")
    });
    found.collect()
}
