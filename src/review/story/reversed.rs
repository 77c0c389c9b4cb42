//! The event that a held reversal reverses, and what was reversed of it already.

use super::{Publication, Record, ReviewError, Story, find, leg, tried};
use crate::review::before::finals;
use crate::value::money::grouped;

/// Tells the original of a reversal that is held, whatever table of this publication or of a final
/// one has it, and the reversals of it that count.
///
/// # Errors
/// [`ReviewError`] when a table cannot be read.
pub(super) fn tell(
    publication: &Publication,
    item: &Record,
    story: &mut Story,
) -> Result<(), ReviewError> {
    if item["kind"] != "reversal" {
        return Ok(());
    }
    let side = if item["issuer_event_id"].is_empty() { "acceptor" } else { "issuer" };
    let Some(row) = tried::open_leg(publication, item, side)? else { return Ok(()) };
    let original = &row["original_event_id"];
    if original.is_empty() {
        return Ok(());
    }
    let (event, of) = match side {
        "issuer" => ("issuer_event_id", "original_event_id"),
        _ => ("acceptor_event_id", "acceptor_original_event_id"),
    };
    let past = finals(publication)?;
    let mut counted_points: Vec<Option<i64>> = Vec::new();
    for from in past.0.iter().chain([publication]) {
        let period = match from.manifest.period.as_str() {
            own if own == publication.manifest.period => String::new(),
            closed => format!(", of {closed}, which is closed 属已关账的 {closed}"),
        };
        let by = ["issuer", event, of];
        let is_its = |[issuer, id, reversed]: [&str; 3]| {
            issuer == item["issuer"] && (id == original || reversed == original)
        };
        for counted in find(from, "cleared_events", by, is_its)? {
            counted_points.push(counted["points"].parse().ok());
            let label = match counted[event] == *original {
                true => "original 原交易",
                false => "reversed already 已冲正",
            };
            let shown = grouped(&counted["points"]);
            story.tell(label, format!("{}: {shown} points{period}", leg(&counted, side)));
        }
    }
    for held in find(publication, "held", ["issuer", event], |[issuer, id]| {
        issuer == item["issuer"] && id == original
    })? {
        let (points, code) = (grouped(&held["points"]), &held["code"]);
        let told = format!("{}: {points} points, held under {code} 挂账", leg(&held, side));
        story.tell("original 原交易", told);
    }
    let left = counted_points.iter().try_fold(0_i64, |sum, points| sum.checked_add((*points)?));
    // Where a figure is none, nothing is told of what is left.
    if let Some(left) = left.filter(|_| !counted_points.is_empty()) {
        story.tell("left of it 尚余", grouped(&left.to_string()));
    }
    Ok(())
}
