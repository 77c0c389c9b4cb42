//! What overdue statements cost: simple, by the day, on the undisputed principal (domain.md §6.7).

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::net::{ClearError, plain};
use crate::agreement::{Agreement, LateFee};
use crate::claim::{Claims, Settlement};
use crate::past::{ClosedStatement, Past};
use crate::statement::{Line, LineKind};
use crate::value::exact::{product, sum};
use crate::value::kind::SettlementKind;
use crate::value::money::{Currency, Money};
use crate::value::period::Period;

/// A line for each statement of the currency that is overdue on a day of the period up to the
/// as-of date.
pub(super) fn late_fees(
    claims: &Claims,
    past: &Past,
    currency: Currency,
    period: &Period,
    agreement: &Agreement,
) -> Result<Vec<Line>, ClearError> {
    let Some(terms) = &agreement.late_fee else { return Ok(Vec::new()) };
    let mut lines = Vec::new();
    for closed in &past.closed {
        let label = closed.period.label.as_str();
        if let Some(due) = closed.statements.get(&currency) {
            lines.extend(late_fee(label, due, terms, claims, period, agreement)?);
        }
    }
    Ok(lines)
}

fn late_fee(
    label: &str,
    due: &ClosedStatement,
    terms: &LateFee,
    claims: &Claims,
    period: &Period,
    agreement: &Agreement,
) -> Result<Option<Line>, ClearError> {
    let (Some(payer), Some(due_date)) = (due.payer, due.due_date) else { return Ok(None) };
    let currency = due.amount_due.currency();
    let settled: Vec<&Settlement> = claims
        .settlements
        .iter()
        .filter(|settled| settled.period == label && settled.currency == currency)
        .collect();
    let mut principals = Decimal::ZERO;
    for day in days(period, agreement) {
        if day > due_date && !claims.exempt_days.contains(&day) {
            principals = sum(principals, principal(due, &settled, day)?)?;
        }
    }
    if principals.is_zero() {
        return Ok(None);
    }
    let exact = product(principals, terms.per_day)?;
    let amount = Money::round(exact, agreement.rounding.mode, currency)?;
    Ok(Some(Line {
        exact,
        clause: terms.clause.clone(),
        reference: Some(label.to_owned()),
        ..plain(LineKind::LateFee, amount, payer, label)
    }))
}

/// The days of the period that this run clears.
fn days(period: &Period, agreement: &Agreement) -> impl Iterator<Item = Date> {
    let first = period.start.day(&agreement.zone);
    let last = period.cut().plus(-1).day(&agreement.zone);
    let days = first.into_iter().flat_map(|first| first.series(1.day()));
    days.take_while(move |day| Some(*day) <= last)
}

/// What of a statement is unpaid and undisputed on a day: a payment counts from the day after, a
/// dispute from its day on.
fn principal(
    due: &ClosedStatement,
    settled: &[&Settlement],
    day: Date,
) -> Result<Decimal, ClearError> {
    let owed = due.amount_due.checked_sub(due.late_fees)?;
    let mut left = owed.decimal().max(Decimal::ZERO);
    for settlement in settled {
        let counts = match settlement.kind {
            SettlementKind::Paid => settlement.on < day,
            SettlementKind::Disputed => settlement.on <= day,
        };
        if counts {
            left = sum(left, -settlement.amount)?;
        }
    }
    Ok(left.max(Decimal::ZERO))
}
