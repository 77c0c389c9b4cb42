//! Payments and disputes of earlier statements (收付款与争议): which of them count, CLR-02 for what
//! fits no statement, and numbers that stand for two of them.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::{Desk, Draft, place};
use super::event::EVT_04_SETTLED;
use crate::claim::Settlement;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::frame::claims::Settlements;
use crate::value::money::Currency;
use crate::value::party::Party;
use crate::value::period::Instant;
use crate::value::price::Worth;

/// CLR-02: payment fits no statement (收付款不符).
pub static CLR_02: Rule = Rule {
    code: "CLR-02",
    title: "payment fits no statement",
    zh: "收付款不符",
    severity: Severity::Error,
    effect: Effect::Disputed,
    latitude: Latitude::Firm,
    finds: say(
        "A payment or dispute that names no statement that is final here, or another currency than \
         the statement's, or whose amount is not above zero. It counts for nothing.",
        "收付款或争议所指的期间没有已关账的清算单，或币种与清算单不同，或金额不大于零；不予计入。",
    ),
    matters: say(
        "What is paid and not counted is charged a late fee as if it were overdue.",
        "已付而未计入的款项，会被当作逾期而计违约金。",
    ),
    example: say(
        "52.00 paid for 2026-05, where the statement that was due is 2026-04's.",
        "付 52.00，写明 2026-05，而到期的是 2026-04 的清算单。",
    ),
    settles: say(
        "Whoever sends the payments names the statement; it counts in the next run.",
        "由送收付款的一方写明所结清算单；下次运行即计入。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&CLR_02];

/// What was judged of payments and disputes.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// Those that count, each number once.
    pub settlements: Vec<Settlement>,
    /// What was found.
    pub discrepancies: Vec<Discrepancy>,
}

/// Judges payments and disputes. Which of several under one number counts is said in
/// docs/clearing.md, *Late fee*.
#[must_use]
pub fn judge(
    desk: &Desk<'_>,
    frame: Option<&Settlements>,
    handed: Vec<(Settlement, String)>,
) -> Settled {
    let mut settled = Settled::default();
    let mut before: BTreeMap<String, (Settlement, String)> =
        handed.into_iter().map(|one| (one.0.id.clone(), one)).collect();
    if let Some(frame) = frame {
        judge_sent(desk, frame, &mut before, &mut settled);
    }
    for (settlement, at) in before.into_values() {
        match fits(desk, &settlement) {
            true => settled.settlements.push(settlement),
            false => settled.discrepancies.push(stranded(desk, &settlement, at)),
        }
    }
    settled.settlements.sort();
    settled
}

/// Judges what the run's files have. A number that they have stands for what was handed on under
/// it, and is told where it says something else.
fn judge_sent(
    desk: &Desk<'_>,
    frame: &Settlements,
    before: &mut BTreeMap<String, (Settlement, String)>,
    settled: &mut Settled,
) {
    let mut by_number: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for row in frame.rows() {
        by_number.entry(frame.of(row).0).or_default().push(row);
    }
    for (id, rows) in by_number {
        let (mut fit, mut unfit) = (Vec::new(), Vec::new());
        for row in rows {
            match settlement(desk, frame, row) {
                Ok(settlement) => fit.push((settlement, row)),
                Err(unfits) => unfit.push((unfits, row)),
            }
        }
        // In the order by which one of them counts.
        fit.sort();
        settled.discrepancies.extend(collided(desk, frame, id, &fit));
        settled.discrepancies.extend(unfitting(desk, frame, id, &unfit));
        let counts = fit.into_iter().next();
        let known = before.remove(id);
        if let (Some((now, row)), Some((was, at))) = (&counts, known)
            && *now != was
        {
            let row = place(&desk.paths.settlements, &frame.origins, *row);
            settled.discrepancies.push(otherwise(desk, (&was, at), (now, row)));
        }
        settled.settlements.extend(counts.map(|(settlement, _)| settlement));
    }
}

/// Whether what was handed on still is of a final statement, or of one that may still come.
fn fits(desk: &Desk<'_>, settlement: &Settlement) -> bool {
    let closed = &desk.scope.past.closed;
    let is_later = || {
        let cut = desk.period.cut().day(&desk.agreement.zone);
        cut.is_none_or(|cut| settlement.on >= cut)
    };
    match closed.iter().find(|closed| closed.period.label == settlement.period) {
        Some(closed) => closed.statements.contains_key(&settlement.currency),
        None => is_later(),
    }
}

/// CLR-02 of a payment that was handed on for a statement that never came.
fn stranded(desk: &Desk<'_>, settlement: &Settlement, at: String) -> Discrepancy {
    let Settlement { id, period, currency, amount, .. } = settlement;
    let draft = about(desk, &CLR_02, id).at(Party::A, at);
    let is_settled = desk.agreement.currencies.iter().any(|terms| terms.currency == *currency);
    draft
        .differs("period", None, None)
        .expected(
            desk.scope.past.closed.last().map(|closed| closed.period.label.clone()),
            Some(period.clone()),
        )
        .stake(is_settled.then_some(Worth { amount: *amount, currency: *currency }))
        .seen(seen(desk, settlement))
        .because(format!("settlement {id}: {}", no_statement(period)))
}

/// EVT-04 *settled number used again*: what is sent now is not what an earlier period knew.
fn otherwise(
    desk: &Desk<'_>,
    (was, at): (&Settlement, String),
    (now, row): (&Settlement, String),
) -> Discrepancy {
    about(desk, &EVT_04_SETTLED, &now.id)
        .at(Party::A, row)
        .at(Party::A, at)
        .differs(field_of(was, now), None, None)
        .expected(Some(shown(now)), Some(shown(was)))
        .seen(seen(desk, now))
        .because(format!(
            "the settlement {} was another in the period before; what is sent now counts",
            now.id
        ))
}

/// A finding about a settlement's number, which is both parties' subject, so that it does not
/// matter which of them is called A.
fn about<'a>(desk: &Desk<'a>, rule: &'static Rule, id: &str) -> Draft<'a> {
    let subject = |draft: Draft<'a>, party| draft.subject(party, format!("settlement {id}"));
    Party::BOTH.into_iter().fold(desk.draft(rule), subject)
}

/// When a settlement happened: the beginning of its day.
fn seen(desk: &Desk<'_>, settlement: &Settlement) -> Instant {
    Instant::start_of(settlement.on, &desk.agreement.zone).unwrap_or(desk.period.start)
}

/// What a settlement says, its number aside.
fn shown(one: &Settlement) -> String {
    let (kind, amount) = (one.kind.word(), one.amount.normalize());
    format!("{} {kind} {amount} {} {}", one.period, one.currency.code(), one.on)
}

fn no_statement(period: &str) -> String {
    format!("{period} has no final statement; have it name the period that it settles")
}

/// The first field in which two settlements of one number differ.
fn field_of(one: &Settlement, other: &Settlement) -> &'static str {
    match () {
        () if one.period != other.period => "period",
        () if one.currency != other.currency => "currency",
        () if one.kind != other.kind => "kind",
        () if one.on != other.on => "on",
        () => "amount",
    }
}

/// Why a row is of no statement, and the field that says so.
struct Unfit {
    field: &'static str,
    expected: Option<String>,
    actual: String,
    reason: String,
}

/// What a row says of a statement, or why it says nothing of any. What happens after what is
/// cleared may be of a statement that is not published yet, and moves nothing here.
fn settlement(desk: &Desk<'_>, frame: &Settlements, row: u32) -> Result<Settlement, Unfit> {
    let (id, period) = frame.of(row);
    let own = desk.agreement.currency;
    let code = frame.currency(row).unwrap_or(own.code());
    let amount = frame.amount(row);
    if amount.is_zero() || amount.is_sign_negative() {
        return Err(Unfit {
            field: "amount",
            expected: None,
            actual: amount.normalize().to_string(),
            reason: "its amount is not above zero; have it sent anew with what was paid or \
                     disputed"
                .to_owned(),
        });
    }
    let is_later = frame.on(row) >= desk.period.cut();
    let statements = desk.scope.past.closed.iter().find(|closed| closed.period.label == period);
    let known: Vec<&str> = statements
        .iter()
        .flat_map(|closed| closed.statements.keys())
        .map(|one| one.code())
        .collect();
    if statements.is_none() && !is_later {
        return Err(Unfit {
            field: "period",
            expected: desk.scope.past.closed.last().map(|closed| closed.period.label.clone()),
            actual: period.to_owned(),
            reason: no_statement(period),
        });
    }
    let currency = Currency::of(code).filter(|_| statements.is_none() || known.contains(&code));
    let (Some(currency), Some(on)) = (currency, frame.on(row).day(&desk.agreement.zone)) else {
        let first = known.first().copied().unwrap_or(own.code());
        return Err(Unfit {
            field: "currency",
            expected: Some(known.join(", ")).filter(|known| !known.is_empty()),
            actual: code.to_owned(),
            reason: format!(
                "the statement of {period} is in no {code}; have it name the currency of the \
                 statement, such as {first}"
            ),
        });
    };
    let (id, period) = (id.to_owned(), period.to_owned());
    Ok(Settlement { id, period, currency, kind: frame.kind(row), on, amount })
}

/// CLR-02 for the rows of one number that fit no statement.
fn unfitting(
    desk: &Desk<'_>,
    frame: &Settlements,
    id: &str,
    rows: &[(Unfit, u32)],
) -> Option<Discrepancy> {
    let (first, _) = rows.first()?;
    let mut draft = about(desk, &CLR_02, id);
    for (_, row) in rows {
        draft = draft.at(Party::A, place(&desk.paths.settlements, &frame.origins, *row));
    }
    let stakes: BTreeSet<_> = rows
        .iter()
        .map(|(_, row)| {
            let code = frame.currency(*row).unwrap_or(desk.agreement.currency.code());
            let mut currencies = desk.agreement.currencies.iter().map(|terms| terms.currency);
            (currencies.find(|currency| currency.code() == code), frame.amount(*row))
        })
        .collect();
    let stake = match stakes.into_iter().collect::<Vec<_>>()[..] {
        [(Some(currency), amount)] => Some(Worth { amount, currency }),
        _ => None,
    };
    let reasons: BTreeSet<&str> = rows.iter().map(|(unfit, _)| unfit.reason.as_str()).collect();
    let reasons = reasons.into_iter().collect::<Vec<&str>>().join("; ");
    let actual: BTreeSet<&str> = rows
        .iter()
        .filter(|(unfit, _)| unfit.field == first.field)
        .map(|(unfit, _)| unfit.actual.as_str())
        .collect();
    let actual = actual.into_iter().collect::<Vec<&str>>().join(";");
    let seen = rows.iter().map(|(_, row)| frame.on(*row)).min()?;
    let draft = draft
        .differs(first.field, None, None)
        .expected(first.expected.clone(), Some(actual))
        .stake(stake)
        .seen(seen);
    Some(draft.because(format!("settlement {id}: {reasons}")))
}

/// EVT-04 *settled number used again*: rows of one number that say different things.
fn collided(
    desk: &Desk<'_>,
    frame: &Settlements,
    id: &str,
    rows: &[(Settlement, u32)],
) -> Option<Discrepancy> {
    let said: BTreeSet<&Settlement> = rows.iter().map(|(settlement, _)| settlement).collect();
    let all: Vec<&Settlement> = said.into_iter().collect();
    let (first, second) = (all.first()?, all.get(1)?);
    let field = field_of(first, second);
    let shown: Vec<String> = all.into_iter().map(shown).collect();
    let (counts, others) = shown.split_first()?;
    let mut draft = about(desk, &EVT_04_SETTLED, id);
    for (_, row) in rows {
        draft = draft.at(Party::A, place(&desk.paths.settlements, &frame.origins, *row));
    }
    let draft = draft
        .differs(field, None, None)
        .expected(Some(counts.clone()), Some(others.join(";")))
        .seen(rows.iter().map(|(_, row)| frame.on(*row)).min()?);
    let times = rows.len();
    Some(draft.because(format!(
        "the settlement {id} stands {times} times, and not alike; the first of them counts"
    )))
}
