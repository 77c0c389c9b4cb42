//! Rules on what is taken from the past: SNP-03.

use super::desk::Desk;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::past::{Opening, Past};
use crate::value::party::Party;

/// SNP-03: period gap (期间断档).
pub static SNP_03: Rule = Rule {
    code: "SNP-03",
    title: "period gap",
    zh: "期间断档",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "An earlier period is closed, and the one just before this was not closed in its time.",
        "更早的期间已关账，而紧邻本期的上一期逾期未关账。",
    ),
    matters: say(
        "Opening balances, carry and open items of this period are unknown until it is closed.",
        "在其关账之前，本期的期初余额、结转与挂账均无从得知。",
    ),
    example: say(
        "February is final, March is not, and April is run as of April 20.",
        "二月已关账，三月未关账，却于 4 月 20 日运行四月。",
    ),
    settles: say("Whoever runs the clearing closes the period before.", "清算方先将上一期关账。"),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&SNP_03];

/// Judges whether the chain of closed periods reaches up to this one.
#[must_use]
pub fn judge(desk: &Desk<'_>, past: &Past) -> Option<Discrepancy> {
    let Opening::Gap(before) = &past.opening else { return None };
    let last = past.closed.last().map_or("", |closed| closed.period.label.as_str());
    // The gap is both parties', so that it has one id whichever of them calls itself A.
    let both = Party::BOTH;
    let draft = both
        .into_iter()
        .fold(desk.draft(&SNP_03), |draft, party| draft.subject(party, before.clone()));
    let draft = draft.expected(Some(before.clone()), Some(last.to_owned()));
    Some(draft.because(format!("{before} is not closed; the last closed period is {last}")))
}
