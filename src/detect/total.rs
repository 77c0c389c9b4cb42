//! FIL-03 of what a file says of itself: trailers, summaries and comment lines.

use super::delivery::FIL_03;
use super::desk::Desk;
use super::feed::Arrival;
use crate::control::FileTotal;
use crate::discrepancy::Discrepancy;
use crate::feed::{DeclaredTotal, FeedPart, TotalOf};

/// What differs between a feed's parts and the totals in them.
pub(super) fn judge(desk: &Desk<'_>, arrival: &Arrival<'_>) -> Vec<Discrepancy> {
    let totals = arrival.rows.declared.iter().filter_map(|total| {
        let part = total.part as usize;
        let (part, found) = (arrival.rows.parts.get(part)?, arrival.parts.get(part)?);
        one(desk, arrival, total, part, found)
    });
    totals.collect()
}

fn one(
    desk: &Desk<'_>,
    arrival: &Arrival<'_>,
    total: &DeclaredTotal,
    part: &FeedPart,
    found: &FileTotal,
) -> Option<Discrepancy> {
    let (of, place) = (total.of.word(), total.place.word());
    let line = if total.line == 0 { String::new() } else { format!(":{}", total.line) };
    let draft = |key: &str| {
        let keys = [part.name.as_str(), of, place, line.as_str(), key];
        arrival
            .draft(desk, &FIL_03, &keys)
            .at(arrival.party(), format!("{}{line}", part.name))
            .differs(of, None, None)
    };
    match &total.declared {
        Err(reason) => Some(draft("").because(format!("{of} of the {place}: {reason}"))),
        Ok(declared) => {
            let computed = found.of(total.of).filter(|computed| computed != declared)?;
            let draft = draft(&declared.to_string())
                .expected(Some(declared.to_string()), Some(computed.to_string()));
            let draft = match computed.checked_sub(*declared) {
                Some(difference) if total.of == TotalOf::Points => draft.difference(difference),
                _ => draft,
            };
            Some(draft.because(format!("the {of} of the {place} are not those that were read")))
        }
    }
}
