//! From obligations to the statements: lines, payables, net (轧差), one statement per currency.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::charge::charges;
use super::late::late_fees;
use super::obligation::{Obligation, ObligationKey};
use crate::agreement::{Agreement, CurrencyTerms};
use crate::claim::{Adjustment, Claims};
use crate::frame::books::Side;
use crate::past::Past;
use crate::statement::{Clearing, Line, LineKind, Statement, StatementError, VersionName};
use crate::value::allot::allot;
use crate::value::exact::sum;
use crate::value::kind::Flow;
use crate::value::money::{Currency, Money, MoneyError};
use crate::value::party::{A, B, Both, Party};
use crate::value::period::Period;
use crate::value::points::Overflow;
use crate::value::rounding::Place;

/// A statement that could not be formed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClearError {
    /// A figure does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The lines do not equal the totals.
    #[error(transparent)]
    Statement(#[from] StatementError),
}

impl From<Overflow> for ClearError {
    fn from(overflow: Overflow) -> ClearError {
        ClearError::Money(overflow.into())
    }
}

/// Obligations of one issuer by key.
type Obligations<I> = BTreeMap<ObligationKey, Obligation<I>>;

/// Makes the statements of both issuers' obligations, of what is carried in, and of what is owed
/// besides.
///
/// # Errors
/// [`ClearError`] when a figure cannot be exact.
pub fn settle(
    a: &Obligations<A>,
    b: &Obligations<B>,
    claims: &Claims,
    past: &Past,
    period: &Period,
    agreement: &Agreement,
) -> Result<Clearing, ClearError> {
    let statement = |terms: &CurrencyTerms| {
        let currency = terms.currency;
        let mut lines = lines_of(a, currency, (past, period), agreement)?;
        lines.extend(lines_of(b, currency, (past, period), agreement)?);
        let opening_carry = past.carry(terms.opening_carry);
        lines.extend(carry(opening_carry, period, agreement));
        let adjustments = claims.adjustments.iter();
        let adjustments = adjustments.filter(|adjusted| adjusted.amount.currency() == currency);
        lines.extend(adjustments.map(|adjusted| adjustment(adjusted, period)));
        lines.extend(late_fees(claims, past, currency, period, agreement)?);
        let payables = match agreement.rounding.place {
            Place::Event | Place::Line => {
                Both::try_from_fn(|party| total(&lines, party, currency))?
            }
            Place::Statement => {
                Both::try_from_fn(|party| share_out(&mut lines, party, currency, agreement))?
            }
        };
        Ok(Statement::new(lines, payables, opening_carry, terms.minimum_settlement)?)
    };
    let statements = agreement.currencies.iter().map(statement);
    Ok(Clearing::new(statements.collect::<Result<Vec<Statement>, ClearError>>()?))
}

/// The lines of one issuer: each gross line, followed by its fees and taxes.
fn lines_of<I: Side>(
    obligations: &Obligations<I>,
    currency: Currency,
    times: (&Past, &Period),
    agreement: &Agreement,
) -> Result<Vec<Line>, ClearError> {
    let mut lines = Vec::new();
    for (key, obligation) in obligations.iter().filter(|(key, _)| key.currency == currency) {
        lines.extend(lines_of_key(key, obligation, times, agreement)?);
    }
    Ok(lines)
}

fn lines_of_key<I: Side>(
    key: &ObligationKey,
    obligation: &Obligation<I>,
    (past, period): (&Past, &Period),
    agreement: &Agreement,
) -> Result<Vec<Line>, ClearError> {
    let charged = past.charged(key.origin.as_deref(), agreement);
    let by_event = Some(&obligation.by_event).filter(|_| agreement.rounding.place == Place::Event);
    let rates = agreement.rates_of(I::PARTY, key.flow);
    let rate = key.versions.rate.and_then(|index| rates.get(usize::from(index)));
    // A flow without money has no line.
    let Some(rate) = rate else { return Ok(Vec::new()) };
    let ratio =
        key.versions.ratio.and_then(|index| agreement.ratios.of(I::PARTY).get(usize::from(index)));
    let exact = rate.value.worth(obligation.points)?.amount;
    let gross = match by_event {
        Some(by_event) => Money::from_minor(by_event.gross, key.currency)?,
        None => Money::round(exact, charged.mode, key.currency)?,
    };
    // Redemption and conversion: the issuer pays the partner. Sale: the partner pays the issuer.
    let payer = match key.flow {
        Flow::Redemption | Flow::Conversion => I::PARTY,
        Flow::Sale => I::PARTY.partner(),
    };
    let line = Line {
        kind: LineKind::Gross,
        issuer: Some(I::PARTY),
        flow: Some(key.flow),
        origin_period: key.origin.as_deref().unwrap_or(&period.label).to_owned(),
        ratio: ratio.map(|version| VersionName {
            from: version.label.clone(),
            value: version.value.to_string(),
        }),
        rate: Some(VersionName { from: rate.label.clone(), value: rate.value.to_string() }),
        events: obligation.events,
        points: obligation.points.quantity(),
        exact,
        amount: gross,
        payer,
        clause: rate.clause.clone().or_else(|| ratio.and_then(|ratio| ratio.clause.clone())),
        reference: None,
    };
    let charged = (charged, agreement.rounding.place);
    let mut lines = charges(&line, (I::PARTY, key.flow), by_event, charged)?;
    lines.insert(0, line);
    Ok(lines)
}

/// A line that rests on no points.
pub(super) fn plain(kind: LineKind, amount: Money, payer: Party, origin_period: &str) -> Line {
    Line {
        kind,
        issuer: None,
        flow: None,
        origin_period: origin_period.to_owned(),
        ratio: None,
        rate: None,
        events: 0,
        points: 0,
        exact: amount.decimal(),
        amount,
        payer,
        clause: None,
        reference: None,
    }
}

fn carry(carry: Money, period: &Period, agreement: &Agreement) -> Option<Line> {
    let payer = match carry.signum() {
        0 => return None,
        1 => Party::A,
        _ => Party::B,
    };
    let line = plain(LineKind::Carry, carry.abs(), payer, &period.label);
    Some(Line { clause: agreement.carry_clause.clone(), ..line })
}

fn adjustment(adjusted: &Adjustment, period: &Period) -> Line {
    let origin = adjusted.origin_period.as_deref().unwrap_or(&period.label);
    Line {
        clause: adjusted.clause.clone(),
        reference: Some(adjusted.id.clone()),
        ..plain(LineKind::Adjustment, adjusted.amount, adjusted.payer, origin)
    }
}

/// What a party owes where lines or events are rounded: the sum of minor units, wide enough that
/// only the total is checked against what a statement can hold.
fn total(lines: &[Line], party: Party, currency: Currency) -> Result<Money, ClearError> {
    let payable = lines.iter().filter(|line| line.kind.is_payable() && line.payer == party);
    let minor = payable.map(|line| i128::from(line.amount.minor())).sum();
    Ok(Money::from_minor(minor, currency)?)
}

/// Where only the statement is rounded: the exact sum of gross, fees and taxes is rounded once, and
/// these lines share it by largest remainder (domain.md §6.3), ties by the line, those on the
/// payer's own points first: so both partners share alike, whichever of them is called A. What
/// rests on no points is whole.
fn share_out(
    lines: &mut [Line],
    party: Party,
    currency: Currency,
    agreement: &Agreement,
) -> Result<Money, ClearError> {
    let mut payable: Vec<&mut Line> =
        lines.iter_mut().filter(|line| line.is_shared() && line.payer == party).collect();
    payable.sort_by_key(|line| line.issuer != Some(party));
    let parts: Vec<Decimal> = payable.iter().map(|line| line.exact).collect();
    let exact = parts.iter().try_fold(Decimal::ZERO, |total, part| sum(total, *part))?;
    let rounded = Money::round(exact, agreement.rounding.mode, currency)?;
    let shares = allot(i128::from(rounded.minor()), &parts, currency.digits())?;
    for (line, share) in payable.iter_mut().zip(shares) {
        line.amount = Money::from_minor(share, currency)?;
    }
    let mut total = rounded;
    for line in lines {
        if line.kind.is_payable() && !line.is_shared() && line.payer == party {
            total = total.checked_add(line.amount)?;
        }
    }
    Ok(total)
}

#[cfg(test)]
mod tests;
