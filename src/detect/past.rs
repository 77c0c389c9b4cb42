//! Rules on what is taken from the past: SNP-03 and LED-07.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::Desk;
use super::event::EVT_04_SETTLED;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::event::{Lineage, Standing};
use crate::frame::books::{Ledger, Side};
use crate::past::Opening;
use crate::value::kind::{Kind, Status};
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

/// LED-07: back-dated into a closed period (倒签至已关账期间).
pub static LED_07: Rule = Rule {
    code: "LED-07",
    title: "back-dated into a closed period",
    zh: "倒签至已关账期间",
    severity: Severity::Error,
    effect: Effect::Counted,
    latitude: Latitude::Firm,
    finds: say(
        "An adjustment or expiry that is posted in this period and dated in one that is closed.",
        "在本期入账、交易时间却落在已关账期间的调账或失效。",
    ),
    matters: say(
        "It moves the balance of a month on whose figures both sides have settled; its movement \
         counts where it is posted.",
        "双方已按该月数字结算，此笔却改动其余额；变动计入入账的期间。",
    ),
    example: say(
        "ADJUST +50 of March 28, posted on April 9, after March was closed.",
        "3 月 28 日的 ADJUST +50，于三月关账后的 4 月 9 日入账。",
    ),
    settles: say(
        "The party whose account it is says who approved it.",
        "该账户所属的一方说明由谁批准。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&SNP_03, &LED_07];

/// Judges the adjustments and expiries of a book that are posted now and dated in a closed period.
#[must_use]
pub fn judge_back_dated<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
) -> Vec<Discrepancy> {
    let past = &desk.scope.past;
    let is_back_dated = |row: &u32| {
        matches!(ledger.kind(*row), Kind::Adjust | Kind::Expire)
            && desk.period.clears(ledger.posted_at(*row))
            && past.closed_at(ledger.occurred_at(*row)).is_some()
            && ledger.status(*row) == Status::Posted
            && !ledger.is_recalled(*row)
            && lineage.standing[*row as usize] != Standing::Extra
    };
    if past.closed.is_empty() {
        return Vec::new();
    }
    let say = |row: u32| {
        let closed = &desk.scope.period_at(ledger.occurred_at(row)).label;
        let zone = &desk.agreement.zone;
        let draft = desk
            .draft(&LED_07)
            .issuer(P::PARTY)
            .row(P::PARTY, row)
            .expected(None, Some(ledger.posted_at(row).show(zone)))
            .difference(i128::from(ledger.points(row)))
            .seen(ledger.posted_at(row));
        let kind = ledger.kind(row).word();
        draft.because(format!("{kind} of {closed}, which is closed, is posted in this period"))
    };
    ledger.rows().filter(is_back_dated).map(say).collect()
}

/// The columns in which what is sent again is held against what was settled.
pub(super) const SETTLED: [&str; 7] = [
    "kind",
    "points",
    "member_no",
    "occurred_at",
    "counter_event_id",
    "original_event_id",
    "status",
];

/// Judges rows of a book whose event is settled: they move nothing that was settled, and are told
/// where they say something else of it.
#[must_use]
pub fn judge_resent<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
) -> Vec<Discrepancy> {
    let is_resent = |row: &u32| lineage.standing[*row as usize] == Standing::Resent;
    let mut resent: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &row in desk.scope.resent.of(P::PARTY).iter().filter(|row| is_resent(row)) {
        resent.entry(ledger.event_id(row)).or_default().push(row);
    }
    if resent.is_empty() {
        return Vec::new();
    }
    // An open row that was handed on may have the number of a settled one, and is no word of it.
    let set_aside = desk.scope.resent.of(P::PARTY);
    let is_published = |row: &&u32| ledger.is_recalled(**row) && !set_aside.contains(*row);
    let mut settled: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &row in desk.scope.settled.of(P::PARTY).keys().filter(is_published) {
        settled.entry(ledger.event_id(row)).or_default().push(row);
    }
    let other = |row: u32, published: u32| {
        // What names an original and reverses nothing was not published with it.
        let reverses = ledger.kind(published) == Kind::Reversal;
        let is_asked =
            |column: &str| SETTLED.contains(&column) && (reverses || column != "original_event_id");
        ledger.difference_in(&[published, row], is_asked)
    };
    let mut found = Vec::new();
    for (event_id, mut rows) in resent {
        let published = settled.get(event_id).map_or(&[][..], Vec::as_slice);
        let Some(&first) = published.first() else { continue };
        rows.retain(|&row| published.iter().all(|&published| other(row, published).is_some()));
        // In order of what they say, whatever the order of the rows.
        rows.sort_by(|&one, &two| ledger.content(one).cmp(&ledger.content(two)));
        let Some(field) = rows.first().and_then(|&row| other(row, first)) else { continue };
        let zone = &desk.agreement.zone;
        let said: BTreeSet<String> =
            rows.iter().map(|&row| ledger.said(row, field, zone)).collect();
        let said = said.into_iter().collect::<Vec<String>>().join(";");
        let mut draft = desk.draft(&EVT_04_SETTLED);
        draft = draft.subject(P::PARTY, format!("settled {event_id}")).witness(P::PARTY, first);
        for &row in &rows {
            draft = draft.weighing(P::PARTY, row).witness(P::PARTY, row);
        }
        let draft = match P::PARTY {
            Party::A => draft.differs(field, Some(said.clone()), None),
            Party::B => draft.differs(field, None, Some(said.clone())),
        };
        let seen = rows.iter().map(|&row| ledger.occurred_at(row)).min();
        let draft = draft
            .expected(Some(ledger.said(first, field, zone)), Some(said))
            .seen(seen.unwrap_or(desk.period.start));
        found.push(draft.because(format!(
            "the event is settled, and stands as it was published; {field} is another now"
        )));
    }
    found
}

/// Judges whether the chain of closed periods reaches up to this one.
#[must_use]
pub fn judge(desk: &Desk<'_>) -> Option<Discrepancy> {
    let past = &desk.scope.past;
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
