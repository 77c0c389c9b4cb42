//! Rules on tiers: TIR-01 to TIR-03, and the page of TIR-04, which `basis` judges.

use super::desk::{Desk, place};
use super::member::standing_links;
use crate::agreement::TierMap;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::frame::books::Members;
use crate::links::{Link, LinkBook};
use crate::value::party::{Both, Party};
use crate::value::period::{DAY_MICROS, Instant};

/// TIR-01: mapped tier wrong (等级对应不符).
pub static TIR_01: Rule = Rule {
    code: "TIR-01",
    title: "mapped tier wrong",
    zh: "等级对应不符",
    severity: Severity::Error,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A linked member whose tier at B is not the mapped one (exact) or lies below it (at_least).",
        "绑定会员在乙方的等级不是映射的等级（exact），或低于该等级（at_least）。",
    ),
    matters: say(
        "The member does not get what the agreement promises (一.2).",
        "会员得不到协议承诺的待遇（一.2）。",
    ),
    example: say("金卡 at A calls for V3; B has V1.", "甲方的金卡应对应 V3；乙方为 V1。"),
    settles: say(
        "B raises the tier, or A corrects its own.",
        "乙方提升等级，或甲方更正自己的等级。",
    ),
};

/// TIR-02: tier unmapped (等级未映射).
pub static TIR_02: Rule = Rule {
    code: "TIR-02",
    title: "tier unmapped",
    zh: "等级未映射",
    severity: Severity::Error,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A linked member whose tier at A has no entry in the tier map.",
        "绑定会员在甲方的等级不在等级映射表中。",
    ),
    matters: say("Nobody agreed what such a member is due.", "没有人约定过这类会员应享什么待遇。"),
    example: say(
        "A introduced 钻石卡 without a change to the agreement.",
        "甲方新设钻石卡，而协议未作修改。",
    ),
    settles: say("Both parties extend the map.", "双方补充映射表。"),
};

/// TIR-03: tier within the lag (等级同步时滞内).
pub static TIR_03: Rule = Rule {
    code: "TIR-03",
    title: "tier within the lag",
    zh: "等级同步时滞内",
    severity: Severity::Information,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A tier that differs, while A's change is younger than the agreed lag.",
        "等级不一致，但甲方的变更尚在约定的时滞之内。",
    ),
    matters: say(
        "It is an expectation and becomes TIR-01 if it stays.",
        "这是预期中的差异；持续下去就成为 TIR-01。",
    ),
    example: say("金卡 since yesterday; three days are allowed.", "昨天才升为金卡；约定可迟三天。"),
    settles: say("Nobody yet.", "暂无须处理。"),
};

/// TIR-04: tier without its basis (等级缺乏依据).
pub static TIR_04: Rule = Rule {
    code: "TIR-04",
    title: "tier without its basis",
    zh: "等级缺乏依据",
    severity: Severity::Warning,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A member whose tier calls for more points earned or spent than the books show for the \
         months before the cut.",
        "会员在截止前若干个月内的累积或消费，不足其等级所要求的积分。",
    ),
    matters: say(
        "The partner honours a tier that was never earned.",
        "合作方在为一个并未达成的等级买单。",
    ),
    example: say(
        "金卡 calls for 10,000 earned in twelve months; the member earned 1,200.",
        "金卡要求十二个月累积 10,000，该会员只累积 1,200。",
    ),
    settles: say(
        "The party whose tier it is explains the grant or takes it back.",
        "由等级所属方说明授予理由或予以降级。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&TIR_01, &TIR_02, &TIR_03, &TIR_04];

/// Whether each linked member has the tier at B that its tier at A calls for.
pub fn judge(
    desk: &Desk<'_>,
    tiers: &TierMap,
    book: &LinkBook,
    members: &Both<Option<Members>>,
) -> Vec<Discrepancy> {
    let (Some(a), Some(b)) = (&members.a, &members.b) else { return Vec::new() };
    let judged = standing_links(desk, book).filter_map(|(_, link, rows)| {
        let places = Both {
            a: place(&desk.paths.members.a, &a.origins, rows.a),
            b: place(&desk.paths.members.b, &b.origins, rows.b),
        };
        let tiers_found = (a.tier(rows.a), b.tier(rows.b), a.tier_since(rows.a));
        judge_link(desk, tiers, link, tiers_found, places)
    });
    judged.collect()
}

fn judge_link(
    desk: &Desk<'_>,
    tiers: &TierMap,
    link: &Link,
    (at_a, at_b, since): (Option<&str>, Option<&str>, Option<Instant>),
    places: Both<String>,
) -> Option<Discrepancy> {
    let lag = i64::from(tiers.lag_days).saturating_mul(DAY_MICROS);
    let draft = |rule: &'static Rule| {
        let draft = desk
            .draft(rule)
            .member(Party::A, &link.members.a)
            .member(Party::B, &link.members.b)
            .at(Party::A, places.a.clone())
            .at(Party::B, places.b.clone())
            .differs("tier", at_a.map(str::to_owned), at_b.map(str::to_owned));
        match since {
            // Until the lag is over it was TIR-03, and before the link it was nobody's business.
            Some(since) if rule.code == TIR_01.code => {
                draft.seen(since.plus(lag).max(link.bound_at))
            }
            Some(since) => draft.seen(since.max(link.bound_at)),
            None => draft,
        }
    };
    let Some(due) = at_a.and_then(|tier| tiers.map.get(tier)) else {
        let reason = match at_a {
            Some(tier) => format!("the tier `{tier}` of A is not in the map"),
            None => "the member has no tier at A".to_owned(),
        };
        return Some(draft(&TIR_02).because(reason));
    };
    let rank = |tier: &str| tiers.at_least.iter().position(|known| known == tier);
    let is_due = match at_b {
        None => false,
        Some(tier) if tiers.at_least.is_empty() => tier == due,
        Some(tier) => matches!((rank(tier), rank(due)), (Some(has), Some(due)) if has >= due),
    };
    if is_due {
        return None;
    }
    let within_lag = since.is_some_and(|since| since > desk.period.cut().plus(-lag));
    let (rule, reason) = if within_lag {
        (&TIR_03, format!("A's tier changed less than {} days ago", tiers.lag_days))
    } else {
        (&TIR_01, format!("A's tier calls for `{due}` at B"))
    };
    Some(draft(rule).expected(Some(due.clone()), at_b.map(str::to_owned)).because(reason))
}
