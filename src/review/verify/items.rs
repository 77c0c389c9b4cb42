//! What is held and awaited, and why: each item stands under a discrepancy that is told.

use std::collections::{BTreeMap, BTreeSet};

use super::super::publication::{Publication, ReviewError};
use super::Check;
use crate::value::money::counted;

/// Every item and every row that is handed on names a discrepancy of the table, and its code. A
/// reversal may stand under that of an original of another period, which is told there.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    publication.scan("discrepancies", &["discrepancy_id", "code"], |_, row| {
        let of = codes.entry(row.text(0).to_owned()).or_default();
        of.insert(row.text(1).to_owned());
        Ok(())
    })?;
    let mut items: u64 = 0;
    for table in ["held", "pending", "open_rows"] {
        publication.scan(table, &["discrepancy_id", "code", "kind"], |number, row| {
            let (Some(id), code) = (row.some_text(0), row.text(1)) else { return Ok(()) };
            items += 1;
            let is_told = match codes.get(id) {
                Some(codes) => codes.contains(code),
                None => row.text(2) == "reversal",
            };
            if !is_told {
                check.fault(|| format!("{table} row {number}: no discrepancy has its id and code"));
            }
            Ok(())
        })?;
    }
    check.compared = counted(items, "item");
    Ok(())
}
