//! Fees and taxes of the statement, computed again from the lines above them and from the terms
//! that the manifest names.

use rust_decimal::Decimal;

use super::super::charge::{Charge, Rounding, beneath};
use super::super::publication::{Publication, ReviewError};
use super::Check;
use super::lines::{Line, lines};
use crate::value::money::counted;

/// Kinds of lines that stand beneath a gross line.
const KINDS: [&str; 3] = ["fee", "tax", "tax_within"];

/// Every gross line is followed by the fees and taxes that the terms ask for, each of the share,
/// the bounds, the payer and the clause of its term, and no other stands there.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let lines = lines(publication)?;
    let terms = &publication.manifest.terms;
    let Some(rounding) = Rounding::of(terms) else {
        check.fault(|| "the manifest does not name the rounding of money".to_owned());
        return Ok(());
    };
    let rows: Vec<(&i64, &Line)> = lines.iter().collect();
    let mut charged: u64 = 0;
    let mut at = 0;
    while let Some((number, line)) = rows.get(at) {
        at += 1;
        if line.kind != "gross" {
            if KINDS.contains(&line.kind.as_str()) {
                check.fault(|| format!("line {number}: no term asks for this {}", line.kind));
            }
            continue;
        }
        if rounding.place == "line"
            && let Some(exact) = line.exact
        {
            let of = rounding.round(exact, line.digits()).unwrap_or(exact);
            check.expect(|| format!("line {number} amount"), line.amount, of);
        }
        let Some(charges) = beneath(terms, &line.issuer, &line.flow) else {
            check.fault(|| format!("line {number}: a fee or tax of its terms cannot be read"));
            continue;
        };
        for charge in charges {
            let Some((number, found)) = rows.get(at).filter(|(_, found)| found.kind == charge.kind)
            else {
                check.fault(|| format!("line {number}: a {} is wanting beneath it", charge.kind));
                break;
            };
            let base = rows[at - charge.above].1;
            compare(check, **number, (found, base), line, &charge, rounding);
            charged += 1;
            at += 1;
        }
    }
    check.compared = counted(charged, "line");
    Ok(())
}

fn compare(
    check: &mut Check,
    number: i64,
    (found, base): (&Line, &Line),
    gross: &Line,
    charge: &Charge,
    rounding: Rounding<'_>,
) {
    let is_of_it = found.issuer == gross.issuer
        && found.flow == gross.flow
        && found.currency == gross.currency
        && found.origin_period == gross.origin_period
        && (found.events, found.points) == (gross.events, gross.points);
    if !is_of_it {
        check.fault(|| format!("line {number}: it is not of the gross line above it"));
    }
    check.expect(|| format!("line {number} payer"), found.payer.as_str(), &charge.payer);
    check.expect(|| format!("line {number} clause"), found.clause.as_str(), &charge.clause);
    // Where only the statement is rounded the exact figures are what stands on one another.
    let is_of_statement = rounding.place == "statement";
    let of = if is_of_statement { base.exact.unwrap_or(base.amount) } else { base.amount };
    let Some(share) = charge.of(of) else {
        check.fault(|| format!("line {number}: its share cannot be held exactly"));
        return;
    };
    let digits = found.digits();
    let rounded = |amount: Decimal| rounding.round(amount, digits).unwrap_or(amount);
    let (exact, amount) = match charge.kind {
        "fee" if is_of_statement => {
            let bounded = charge.bounded(share, of);
            (bounded, rounded(bounded))
        }
        "fee" => (share, charge.bounded(rounded(share), of)),
        _ => (share, rounded(share)),
    };
    // A tax within an amount has no exact figure, for it may have no end.
    if charge.kind != "tax_within" {
        let said = found.exact.unwrap_or_default();
        check.expect(|| format!("line {number} exact"), said.normalize(), exact.normalize());
    }
    // Events that are rounded by themselves are not beneath a fee, and shares of a statement's
    // total are no line's own; a tax within it is no share of the total.
    let is_its_own = rounding.place == "line" || is_of_statement && charge.kind == "tax_within";
    if is_its_own {
        check.expect(|| format!("line {number} amount"), found.amount, amount);
    }
}
