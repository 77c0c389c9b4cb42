//! Late fees against the final statements that are overdue and what is known to be paid of them.

use rust_decimal::Decimal;

use super::super::before::finals;
use super::super::charge::Rounding;
use super::super::late::{Overdue, has_exempt_days, overdue, per_day};
use super::super::publication::{Publication, ReviewError};
use super::Check;
use crate::value::money::{Currency, counted};

/// A line for each statement that is overdue on a day of the period, with the principal of each day
/// at the share that the terms name, rounded once; and no other.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let mut lines: Vec<Charged> = Vec::new();
    let columns = ["type", "currency", "reference", "payer", "clause", "exact", "amount"];
    publication.scan("statement_lines", &columns, |number, row| {
        if row.text(0) == "late_fee" {
            let [currency, period, payer, clause] = [1, 2, 3, 4].map(|at| row.text(at).to_owned());
            let exact = row.some_text(5).and_then(|exact| exact.parse().ok());
            let amount = row.decimal(6).unwrap_or_default();
            lines.push(Charged { number, currency, period, payer, clause, exact, amount });
        }
        Ok(())
    })?;
    check.compared = counted(lines.len() as u64, "line");
    if publication.has("settlements") {
        publication.scan("settlements", &["kind", "amount"], |number, row| {
            let is_above = row.decimal(1).is_some_and(|amount| amount > Decimal::ZERO);
            if !matches!(row.text(0), "paid" | "disputed") || !is_above {
                check.fault(|| format!("settlements row {number}: it is no payment or dispute"));
            }
            Ok(())
        })?;
    }
    let manifest = &publication.manifest;
    let Some((share, clause)) = per_day(&manifest.terms) else {
        if let Some(line) = lines.first() {
            check.fault(|| format!("line {}: no term asks for a late fee", line.number));
        }
        return Ok(());
    };
    let past = finals(publication)?;
    let (closed, unread) = (&past.0, &past.1);
    if let Some(what) = unread.first() {
        check.beyond(format!("late fees are not recomputed: {what}"));
        return Ok(());
    }
    let all = overdue(publication, closed)?;
    let is_bound = has_exempt_days(publication);
    if is_bound && !lines.is_empty() {
        let what = "which days are exempt no table says: late fees are held to what they come to \
                    without any";
        check.beyond(what.to_owned());
    }
    let mode = Rounding::of(&manifest.terms);
    for line in &lines {
        let Charged { number, currency, period, .. } = line;
        let Some(one) = all.iter().find(|one| line.is_of(one)) else {
            check.fault(|| format!("line {number}: nothing of {period} was due in {currency}"));
            continue;
        };
        check.expect(|| format!("line {number} payer"), line.payer.as_str(), one.payer.as_str());
        check.expect(|| format!("line {number} clause"), line.clause.as_str(), clause);
        let most = one.principals().and_then(|sum| sum.checked_mul(share));
        let (Some(most), Some(exact)) = (most, line.exact) else {
            check.fault(|| format!("line {number}: its exact amount is none"));
            continue;
        };
        let is_possible =
            if is_bound { !exact.is_sign_negative() && exact <= most } else { exact == most };
        if !is_possible {
            let (is, of) = (exact.normalize(), most.normalize());
            check.fault(|| format!("line {number} exact: {is}, recomputed {of}"));
        }
        let digits = Currency::of(currency).map_or(0, Currency::digits);
        if let Some(of) = mode.and_then(|mode| mode.round(exact, digits)) {
            let amount = line.amount.normalize();
            check.expect(|| format!("line {number} amount"), amount, of.normalize());
        }
    }
    for one in all.iter().filter(|one| !one.stretches.is_empty() && !is_bound) {
        if !lines.iter().any(|line| line.is_of(one)) {
            check.fault(|| format!("no line charges {} of {}", one.currency, one.period));
        }
    }
    Ok(())
}

/// A line of a late fee as the table says it.
struct Charged {
    number: u64,
    currency: String,
    period: String,
    payer: String,
    clause: String,
    exact: Option<Decimal>,
    amount: Decimal,
}

impl Charged {
    fn is_of(&self, one: &Overdue) -> bool {
        self.period == one.period && self.currency == one.currency
    }
}
