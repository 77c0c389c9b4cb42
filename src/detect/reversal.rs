//! Rules on reversals: REV-01 to REV-04.

use crate::discrepancy::{Effect, Latitude, Rule, Severity, say};

/// REV-01: orphan reversal (冲正无原交易).
pub static REV_01: Rule = Rule {
    code: "REV-01",
    title: "orphan reversal",
    zh: "冲正无原交易",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A reversal whose original does not stand on its own book, or never took effect.",
        "冲正所指的原交易不在己方账上，或从未生效。",
    ),
    matters: say(
        "At which ratio and rate it would clear cannot be known.",
        "无从知道应按哪个比例、哪个单价清算。",
    ),
    example: say(
        "REVERSAL of SKY-88; SKY-88 is in nobody's file.",
        "冲正 SKY-88；而谁的文件里都没有 SKY-88。",
    ),
    settles: say("The side that booked it names the original.", "记账的一方指明原交易。"),
};

/// REV-02: reverses more than the original (冲正超额).
pub static REV_02: Rule = Rule {
    code: "REV-02",
    title: "reverses more than the original",
    zh: "冲正超额",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A reversal by which more is reversed than the original held.",
        "累计冲正数量超过原交易的冲正。",
    ),
    matters: say(
        "The surplus would be a payment in the other direction.",
        "超出部分等于一笔反方向的付款。",
    ),
    example: say(
        "1,000 spent, 600 and 600 reversed: the second is held.",
        "消费 1,000，先后冲正 600 和 600：第二笔挂账。",
    ),
    settles: say("The issuer corrects the reversal.", "发行方更正冲正。"),
};

/// REV-03: one-sided reversal (单边冲正).
pub static REV_03: Rule = Rule {
    code: "REV-03",
    title: "one-sided reversal",
    zh: "单边冲正",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A reversal that only one side booked, after the grace.",
        "宽限期过后仍只有一方入账的冲正。",
    ),
    matters: say("One side gave back what the other keeps.", "一方退回了，另一方却还留着。"),
    example: say(
        "A reversed the spend of March 3; B did not.",
        "甲方冲正了 3 月 3 日的消费，乙方没有。",
    ),
    settles: say("The other side posts the reversal.", "另一方补记冲正。"),
};

/// REV-04: reversal after its period closed (关账后冲正).
pub static REV_04: Rule = Rule {
    code: "REV-04",
    title: "reversal after its period closed",
    zh: "关账后冲正",
    severity: Severity::Error,
    effect: Effect::Counted,
    latitude: Latitude::Firm,
    finds: say("A reversal of an event of a closed period.", "冲正所指的原交易属于已关账的期间。"),
    matters: say(
        "The closed statement stands; the reversal clears in this period, at the ratio and rate of \
         its original, on a line of the original's period.",
        "已关账的清算单不再改动；冲正计入本期，按原交易的比例与单价，单列在原交易期间的行上。",
    ),
    example: say(
        "1,000 spent in March, reversed on April 9: a line of −1,000 with origin period 2026-03.",
        "三月消费 1,000，4 月 9 日冲正：一行 −1,000，原属期间 2026-03。",
    ),
    settles: say(
        "Nobody; both sides should know that the month that they closed has changed after all.",
        "无需处理；双方应知已关账的月份事后有变。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&REV_01, &REV_02, &REV_03, &REV_04];
