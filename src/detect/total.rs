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
    let computed = found.of(total.of);
    let reason = total.reason(computed)?;
    let line = if total.line == 0 { String::new() } else { format!(":{}", total.line) };
    let key = total.declared.as_ref().map(ToString::to_string).unwrap_or_default();
    let keys = [part.name.as_str(), total.of.word(), total.place.word(), line.as_str(), &key];
    let draft = arrival
        .draft(desk, &FIL_03, &keys)
        .at(arrival.party(), format!("{}{line}", part.name))
        .differs(total.of.word(), None, None);
    let draft = match (&total.declared, computed) {
        (Ok(declared), Some(computed)) => {
            let draft = draft.expected(Some(declared.to_string()), Some(computed.to_string()));
            match computed.checked_sub(*declared) {
                Some(difference) if total.of == TotalOf::Points => draft.difference(difference),
                _ => draft,
            }
        }
        _ => draft,
    };
    Some(draft.because(reason))
}
