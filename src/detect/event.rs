//! Rules on events: EVT-01 to EVT-04 and EVT-06 to EVT-10.

use crate::discrepancy::{Effect, Latitude, Rule, Severity, say};

/// EVT-01: issuer only (发行方单边).
pub static EVT_01: Rule = Rule {
    code: "EVT-01",
    title: "issuer only",
    zh: "发行方单边",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say("An issuer's leg that no acceptor's leg mirrors after the grace.", ""),
    matters: say("The issuer took points for which the acceptor booked nothing (短款).", ""),
    example: say("XBURN −800 at A, nothing at B.", ""),
    settles: say("The acceptor posts the mirror, or the issuer reverses.", ""),
};

/// EVT-02: acceptor only (受理方单边).
pub static EVT_02: Rule = Rule {
    code: "EVT-02",
    title: "acceptor only",
    zh: "受理方单边",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say("An acceptor's leg that mirrors no issuer's leg after the grace.", ""),
    matters: say("The acceptor gave value for points that the issuer never took (长款).", ""),
    example: say("XACCEPT 400 at B for an event that A does not know.", ""),
    settles: say("The issuer posts the burn, or the acceptor bears it.", ""),
};

/// EVT-03: exact duplicate (完全重复).
pub static EVT_03: Rule = Rule {
    code: "EVT-03",
    title: "exact duplicate",
    zh: "完全重复",
    severity: Severity::Warning,
    effect: Effect::Excluded,
    latitude: Latitude::Firm,
    finds: say("A row that is alike in every column to another with its event_id.", ""),
    matters: say("Counted twice, it would be paid twice.", ""),
    example: say("B-120 stands twice in B's file; one is excluded.", ""),
    settles: say("Nobody; the sender should stop repeating rows.", ""),
};

/// EVT-04: event id collision (流水号冲突).
pub static EVT_04: Rule = Rule {
    code: "EVT-04",
    title: "event id collision",
    zh: "流水号冲突",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say("Rows with one event_id and different content: all of them.", ""),
    matters: say("Which of them is true cannot be known from the file.", ""),
    example: say("SKY-17 with −500 and with −700.", ""),
    settles: say("The sender says which row stands.", ""),
};

/// EVT-06: paired across a cut-off (跨日切配对).
pub static EVT_06: Rule = Rule {
    code: "EVT-06",
    title: "paired across a cut-off",
    zh: "跨日切配对",
    severity: Severity::Information,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say("A pair whose acceptor's leg lies outside the issuer's period.", ""),
    matters: say(
        "The period is the issuer's; the acceptor finds it in another month of its book.",
        "",
    ),
    example: say("Burnt on March 31 at 23:58, accepted on April 1 at 00:01.", ""),
    settles: say("Nobody; the acceptor's own report explains it.", ""),
};

/// EVT-07: one-sided inside the grace (宽限期内单边).
pub static EVT_07: Rule = Rule {
    code: "EVT-07",
    title: "one-sided inside the grace",
    zh: "宽限期内单边",
    severity: Severity::Information,
    effect: Effect::Pending,
    latitude: Latitude::Firm,
    finds: say("A leg without its mirror that is younger than the grace.", ""),
    matters: say("It is an expectation: the partner's file of tomorrow may have it.", ""),
    example: say("XBURN on March 31, as of March 31, two days of grace.", ""),
    settles: say("Nobody yet.", ""),
};

/// EVT-08: statuses differ (状态不一致).
pub static EVT_08: Rule = Rule {
    code: "EVT-08",
    title: "statuses differ",
    zh: "状态不一致",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say("A pair of which one leg took effect and the other did not.", ""),
    matters: say("One side gave value and the other withdrew it.", ""),
    example: say("posted at A, cancelled at B.", ""),
    settles: say("The side whose status is wrong.", ""),
};

/// EVT-09: kind or direction wrong (类型或方向错误).
pub static EVT_09: Rule = Rule {
    code: "EVT-09",
    title: "kind or direction wrong",
    zh: "类型或方向错误",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "Legs of different flows, a spend against a reversal, points with the wrong sign for their kind, or a reference to a row that is no leg.",
        "",
    ),
    matters: say("Such rows do not say the same thing, whatever their quantities.", ""),
    example: say("XBURN −600 at A against XIN 240 at B.", ""),
    settles: say("The side that booked the wrong kind.", ""),
};

/// EVT-10: match ambiguous (匹配不唯一).
pub static EVT_10: Rule = Rule {
    code: "EVT-10",
    title: "match ambiguous",
    zh: "匹配不唯一",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say("Legs that a rule could pair in more than one way.", ""),
    matters: say(
        "To pick one by the order of rows would be a guess with other people's money.",
        "",
    ),
    example: say("Two XACCEPT rows name the same XBURN.", ""),
    settles: say("The side with the surplus row.", ""),
};

/// The rules of the family.
pub static RULES: &[&Rule] =
    &[&EVT_01, &EVT_02, &EVT_03, &EVT_04, &EVT_06, &EVT_07, &EVT_08, &EVT_09, &EVT_10];
