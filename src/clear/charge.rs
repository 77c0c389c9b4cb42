//! Fees and taxes on a gross line (domain.md §6.4).

use rust_decimal::Decimal;

use super::net::ClearError;
use super::obligation::ByEvent;
use crate::agreement::{Charged, Fee, Tax};
use crate::statement::{Line, LineKind};
use crate::value::exact::{product, tax_within};
use crate::value::kind::Flow;
use crate::value::money::{Currency, Money, MoneyError};
use crate::value::party::Party;
use crate::value::rounding::{Mode, Place};

/// A fee on a rounded gross: rounded, then brought within its least and its most.
///
/// # Errors
/// [`MoneyError`] when it cannot be exact.
pub fn bounded_fee(gross: Money, fee: &Fee, mode: Mode) -> Result<Money, MoneyError> {
    let currency = gross.currency();
    let rounded = Money::round(product(gross.decimal(), fee.share)?, mode, currency)?;
    Money::exactly(fee.bounded(rounded.decimal(), gross.decimal()), currency)
}

/// The tax on an amount, rounded.
///
/// # Errors
/// [`MoneyError`] when it cannot be exact.
pub fn rounded_tax(
    base: Decimal,
    tax: Tax,
    mode: Mode,
    currency: Currency,
) -> Result<Money, MoneyError> {
    if tax.inclusive {
        Money::from_minor(tax_within(base, tax.share, mode, currency.digits())?, currency)
    } else {
        Money::round(product(base, tax.share)?, mode, currency)
    }
}

/// The fees on a gross line, each with its tax, and then the taxes on it. `rounded` is what they
/// come to event by event, where money is rounded so.
pub(super) fn charges(
    gross: &Line,
    (issuer, flow): (Party, Flow),
    rounded: Option<&ByEvent>,
    (charged, place): (Charged<'_>, Place),
) -> Result<Vec<Line>, ClearError> {
    let mut lines = Vec::new();
    let payer = |issuer_pays: bool| if issuer_pays { issuer } else { issuer.partner() };
    for (index, fee) in charged.fees.iter().enumerate() {
        if fee.scope.has(issuer, flow) {
            let rounded = rounded.and_then(|by_event| by_event.fees.get(index));
            let payer = payer(fee.issuer_pays);
            lines.extend(lines_of_fee(gross, fee, rounded.copied(), payer, (charged.mode, place))?);
        }
    }
    for (index, tax) in charged.taxes.iter().enumerate() {
        if tax.scope.has(issuer, flow) {
            let rounded = rounded.and_then(|by_event| by_event.taxes.get(index)).copied();
            let clause = tax.clause.clone();
            let bearer = Line { payer: payer(tax.issuer_pays), clause, ..gross.clone() };
            lines.push(line_of_tax(&bearer, tax.tax, rounded, (charged.mode, place))?);
        }
    }
    Ok(lines)
}

fn lines_of_fee(
    gross: &Line,
    fee: &Fee,
    rounded: Option<(i128, i128)>,
    payer: Party,
    (mode, place): (Mode, Place),
) -> Result<Vec<Line>, ClearError> {
    let currency = gross.amount.currency();
    let (exact, amount) = match place {
        Place::Statement => {
            let exact = fee.bounded(product(gross.exact, fee.share)?, gross.exact);
            (exact, Money::round(exact, mode, currency)?)
        }
        Place::Event | Place::Line => {
            let exact = product(gross.amount.decimal(), fee.share)?;
            (exact, bounded_fee(gross.amount, fee, mode)?)
        }
    };
    let amount = match rounded {
        Some((fee, _)) => Money::from_minor(fee, currency)?,
        None => amount,
    };
    let clause = fee.clause.clone();
    let line = Line { kind: LineKind::Fee, exact, amount, payer, clause, ..gross.clone() };
    let mut lines = vec![line.clone()];
    if let Some(tax) = fee.tax {
        lines.push(line_of_tax(&line, tax, rounded.map(|(_, tax)| tax), (mode, place))?);
    }
    Ok(lines)
}

/// The tax on a line, paid by the line's payer. Within it, what was rounded is all that is known.
fn line_of_tax(
    base: &Line,
    tax: Tax,
    rounded: Option<i128>,
    (mode, place): (Mode, Place),
) -> Result<Line, ClearError> {
    let currency = base.amount.currency();
    let taxed = match place {
        Place::Statement => base.exact,
        Place::Event | Place::Line => base.amount.decimal(),
    };
    let amount = match rounded {
        Some(minor) => Money::from_minor(minor, currency)?,
        None => rounded_tax(taxed, tax, mode, currency)?,
    };
    let (kind, exact) = if tax.inclusive {
        (LineKind::TaxWithin, amount.decimal())
    } else {
        (LineKind::Tax, product(taxed, tax.share)?)
    };
    Ok(Line { kind, exact, amount, ..base.clone() })
}
