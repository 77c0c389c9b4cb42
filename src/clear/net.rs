//! From obligations to the statement: lines, fees, taxes, payables, net (轧差).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::obligation::{Obligation, ObligationKey, rounded_tax};
use crate::agreement::{Agreement, Fee};
use crate::frame::books::Side;
use crate::statement::{Line, LineKind, Statement, StatementError, VersionName};
use crate::value::allot::allot;
use crate::value::exact::{product, sum};
use crate::value::kind::Flow;
use crate::value::money::{Money, MoneyError};
use crate::value::party::{A, B, Both, Party};
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

/// Makes the statement of both issuers' obligations and of what is carried in.
///
/// # Errors
/// [`ClearError`] when a figure cannot be exact.
pub fn settle(
    a: &Obligations<A>,
    b: &Obligations<B>,
    agreement: &Agreement,
    carry: Money,
) -> Result<Statement, ClearError> {
    let mut lines = lines_of(a, agreement)?;
    lines.extend(lines_of(b, agreement)?);
    let payables = match agreement.rounding.place {
        Place::Event | Place::Line => Both::try_from_fn(|party| total(&lines, party, agreement))?,
        Place::Statement => Both::try_from_fn(|party| share_out(&mut lines, party, agreement))?,
    };
    if carry.signum() != 0 {
        lines.push(Line {
            kind: LineKind::Carry,
            issuer: None,
            flow: None,
            ratio: None,
            rate: None,
            events: 0,
            points: 0,
            exact: carry.abs().decimal(),
            amount: carry.abs(),
            payer: if carry.signum() > 0 { Party::A } else { Party::B },
            clause: agreement.carry_clause.clone(),
        });
    }
    Ok(Statement::new(lines, payables, carry, agreement.minimum_settlement)?)
}

/// The lines of one issuer: each gross line, followed by its fees and their taxes.
fn lines_of<I: Side>(
    obligations: &Obligations<I>,
    agreement: &Agreement,
) -> Result<Vec<Line>, ClearError> {
    let mut lines = Vec::new();
    for (key, obligation) in obligations {
        lines.extend(lines_of_key(*key, obligation, agreement)?);
    }
    Ok(lines)
}

fn lines_of_key<I: Side>(
    key: ObligationKey,
    obligation: &Obligation<I>,
    agreement: &Agreement,
) -> Result<Vec<Line>, ClearError> {
    let (currency, mode) = (agreement.currency, agreement.rounding.mode);
    let by_event = agreement.rounding.place == Place::Event;
    let rates = agreement.rates_of(I::PARTY, key.flow);
    let Some(rate) = rates.get(usize::from(key.versions.rate)) else { return Ok(Vec::new()) };
    let ratio =
        key.versions.ratio.and_then(|index| agreement.ratios.of(I::PARTY).get(usize::from(index)));
    let exact = rate.value.price(obligation.points)?;
    let gross = if by_event {
        Money::from_minor(obligation.by_event.gross, currency)?
    } else {
        Money::round(exact, mode, currency)?
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
    };
    let mut lines = vec![line];
    for (index, fee) in agreement.fees.iter().enumerate() {
        let rounded = obligation.by_event.fees.get(index).filter(|_| by_event);
        let fee_lines = lines_of_fee(&lines[0], fee, rounded.copied(), I::PARTY, agreement)?;
        lines.extend(fee_lines);
    }
    Ok(lines)
}

/// A fee on a gross line, and its tax (domain.md §6.4).
fn lines_of_fee(
    gross: &Line,
    fee: &Fee,
    rounded: Option<(i128, i128)>,
    issuer: Party,
    agreement: &Agreement,
) -> Result<Vec<Line>, ClearError> {
    let (currency, mode) = (agreement.currency, agreement.rounding.mode);
    let base = match agreement.rounding.place {
        Place::Statement => gross.exact,
        Place::Event | Place::Line => gross.amount.decimal(),
    };
    let exact = product(base, fee.share)?;
    let amount = match rounded {
        Some((fee, _)) => Money::from_minor(fee, currency)?,
        None => Money::round(exact, mode, currency)?,
    };
    let payer = if fee.issuer_pays { issuer } else { issuer.partner() };
    let clause = fee.clause.clone();
    let line = Line { kind: LineKind::Fee, exact, amount, payer, clause, ..gross.clone() };
    let mut lines = vec![line.clone()];
    if let Some(tax) = fee.tax {
        let base = match agreement.rounding.place {
            Place::Statement => exact,
            Place::Event | Place::Line => amount.decimal(),
        };
        let amount = match rounded {
            Some((_, tax)) => Money::from_minor(tax, currency)?,
            None => rounded_tax(base, tax, agreement)?,
        };
        let (kind, exact) = if tax.inclusive {
            (LineKind::TaxWithin, amount.decimal())
        } else {
            (LineKind::Tax, product(base, tax.share)?)
        };
        lines.push(Line { kind, exact, amount, ..line });
    }
    Ok(lines)
}

/// What a party owes where lines or events are rounded: the sum of minor units, wide enough that
/// only the total is checked against what a statement can hold.
fn total(lines: &[Line], party: Party, agreement: &Agreement) -> Result<Money, ClearError> {
    let payable = lines.iter().filter(|line| line.kind.is_payable() && line.payer == party);
    let minor = payable.map(|line| i128::from(line.amount.minor())).sum();
    Ok(Money::from_minor(minor, agreement.currency)?)
}

/// Where only the statement is rounded: the exact sum is rounded once, and the lines share it by
/// largest remainder (domain.md §6.3).
fn share_out(lines: &mut [Line], party: Party, agreement: &Agreement) -> Result<Money, ClearError> {
    let currency = agreement.currency;
    let mut payable: Vec<&mut Line> =
        lines.iter_mut().filter(|line| line.kind.is_payable() && line.payer == party).collect();
    let parts: Vec<Decimal> = payable.iter().map(|line| line.exact).collect();
    let exact = parts.iter().try_fold(Decimal::ZERO, |total, part| sum(total, *part))?;
    let total = Money::round(exact, agreement.rounding.mode, currency)?;
    let shares = allot(i128::from(total.minor()), &parts, currency.digits())?;
    for (line, share) in payable.iter_mut().zip(shares) {
        line.amount = Money::from_minor(share, currency)?;
    }
    Ok(total)
}
