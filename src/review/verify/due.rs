//! What is due of a statement and when, computed again from its net and from the terms that the
//! manifest names.

use rust_decimal::Decimal;

use super::super::due::Due;
use super::super::publication::{Cell, Publication, ReviewError};
use super::Check;
use crate::value::money::counted;

/// Below the minimum all is carried, and else all is due, on its day.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let manifest = &publication.manifest;
    let columns = ["currency", "net", "amount_due", "carry_forward", "due_date"];
    let mut statements: u64 = 0;
    publication.scan("statement", &columns, |_, row| {
        statements += 1;
        let currency = row.text(0);
        let Some(due) = Due::of(&manifest.terms, &manifest.period_to, currency) else {
            let what = "the manifest does not name when and from what amount it is due";
            check.fault(|| format!("{currency}: {what}"));
            return Ok(());
        };
        let net = row.decimal(1).unwrap_or_default();
        let is_carried = due.is_carried(net);
        let (paid, carried) =
            if is_carried { (Decimal::ZERO, net) } else { (net.abs(), Decimal::ZERO) };
        for (at, of) in [(2, paid), (3, carried)] {
            let is = row.decimal(at).unwrap_or_default();
            check.expect(|| format!("{currency} {}", columns[at]), is, of);
        }
        let date = if paid.is_zero() { None } else { due.date() };
        if row.cell(4) != date.map_or(Cell::Null, Cell::Day) {
            check.fault(|| format!("{currency}: its due date is another than its terms ask for"));
        }
        Ok(())
    })?;
    check.compared = counted(statements, "statement");
    Ok(())
}
