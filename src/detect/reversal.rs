//! Rules on reversals: REV-01 to REV-03.

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
        "",
    ),
    matters: say("At which ratio and rate it would clear cannot be known.", ""),
    example: say("REVERSAL of SKY-88; SKY-88 is in nobody's file.", ""),
    settles: say("The side that booked it names the original.", ""),
};

/// REV-02: reverses more than the original (冲正超额).
pub static REV_02: Rule = Rule {
    code: "REV-02",
    title: "reverses more than the original",
    zh: "冲正超额",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say("A reversal by which more is reversed than the original held.", ""),
    matters: say("The surplus would be a payment in the other direction.", ""),
    example: say("1,000 spent, 600 and 600 reversed: the second is held.", ""),
    settles: say("The issuer corrects the reversal.", ""),
};

/// REV-03: one-sided reversal (单边冲正).
pub static REV_03: Rule = Rule {
    code: "REV-03",
    title: "one-sided reversal",
    zh: "单边冲正",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say("A reversal that only one side booked, after the grace.", ""),
    matters: say("One side gave back what the other keeps.", ""),
    example: say("A reversed the spend of March 3; B did not.", ""),
    settles: say("The other side posts the reversal.", ""),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&REV_01, &REV_02, &REV_03];
