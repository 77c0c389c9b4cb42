//! The mirror that the agreement gives an item that is held or awaited: points at the ratio in
//! force, rounded, beside what the acceptor booked.

use jiff::Timestamp;

use super::{Record, arithmetic, find, tried};
use crate::review::Term;
use crate::review::before::finals;
use crate::review::publication::{Publication, ReviewError};
use crate::value::rounding::Mode;

/// `1,001 × 50/100 = 500 + 50/100 → 500 agreed …; 463 recorded`: of an issuer's leg, with what its
/// pair has recorded. Nothing of a reversal, whose mirror is what lies between two, and where the
/// ratio is not known because the final publication of its period is not here.
pub(super) fn of_item(publication: &Publication, item: &Record) -> Result<String, ReviewError> {
    let is_mirrored = matches!(item["kind"].as_str(), "xburn" | "xout" | "xearn");
    if item["issuer_event_id"].is_empty() || !is_mirrored {
        return Ok(String::new());
    }
    let recorded = match tried::open_leg(publication, item, "acceptor")? {
        Some(leg) => leg["points"].clone(),
        None if item["acceptor_event_id"].is_empty() => String::new(),
        None => {
            let id = &item["discrepancy_id"];
            let found = find(publication, "discrepancies", ["discrepancy_id"], |[of]| of == id)?;
            let says = if item["issuer"] == "a" { "b_value" } else { "a_value" };
            let found = found.first().filter(|found| found["field"] == "points");
            found.map_or_else(String::new, |found| found[says].clone())
        }
    };
    Ok(chain(item, &recorded, &terms_at(publication, item)?).unwrap_or_default())
}

/// `100:40, clause 一.3`: the issuer's ratio that was in force when an item happened.
pub(super) fn ratio_of(publication: &Publication, item: &Record) -> Result<String, ReviewError> {
    let terms = terms_at(publication, item)?;
    let is_mirrored = matches!(item["kind"].as_str(), "xburn" | "xaccept" | "xout" | "xin");
    let at = item["occurred_at"].parse::<Timestamp>().ok();
    let term = at.and_then(|at| terms.iter().find(|term| is_in_force(term, item, at)));
    let Some(term) = term.filter(|_| is_mirrored) else { return Ok(String::new()) };
    Ok(match term.clause.as_str() {
        "" => term.value.clone(),
        clause => format!("{}, clause 条款 {clause}", term.value),
    })
}

/// The terms of the period in which an item happened: this publication's, or those of the final one
/// that is here.
fn terms_at(publication: &Publication, item: &Record) -> Result<Vec<Term>, ReviewError> {
    let own = &publication.manifest.terms;
    let Ok(at) = item["occurred_at"].parse::<Timestamp>() else { return Ok(own.clone()) };
    if own.iter().any(|term| is_in_force(term, item, at)) || publication.manifest.past.is_empty() {
        return Ok(own.clone());
    }
    let past = finals(publication)?;
    let mut closed = past.0.iter().map(|closed| &closed.manifest.terms);
    let of = closed.find(|terms| terms.iter().any(|term| is_in_force(term, item, at)));
    Ok(of.unwrap_or(own).clone())
}

/// Whether a term is the ratio of an item's issuer at an instant.
fn is_in_force(term: &Term, item: &Record, at: Timestamp) -> bool {
    let is_within =
        || Some(term.from.parse::<Timestamp>().ok()? <= at && at < term.to.parse().ok()?);
    term.term == "ratio"
        && term.party.as_deref() == Some(item["issuer"].as_str())
        && is_within() == Some(true)
}

fn chain(item: &Record, recorded: &str, terms: &[Term]) -> Option<String> {
    let at: Timestamp = item["occurred_at"].parse().ok()?;
    let points: i128 = item["points"].parse().ok()?;
    // What is sold is booked one to one.
    let is_sale = matches!(item["kind"].as_str(), "xearn" | "xaward");
    let ratio = match terms.iter().find(|term| is_in_force(term, item, at)) {
        _ if is_sale => "1:1",
        Some(term) => term.value.as_str(),
        None => return None,
    };
    let (below, above) = ratio.split_once(':')?;
    let denominator = below.parse::<i128>().ok().filter(|below| *below > 0)?;
    let numerator = points.checked_mul(above.parse().ok()?)?;
    let rounding = terms.iter().find(|term| term.term == "rounding of mirrors")?;
    let mode = Mode::ALL.into_iter().find(|mode| mode.word() == rounding.value)?;
    let agreed = mode.divide(numerator, denominator);
    let ratio_from = if is_sale { "" } else { item["occurred_at"].as_str() };
    let event: Record = [
        ("issuer", item["issuer"].clone()),
        ("points", points.to_string()),
        ("exact_numerator", numerator.to_string()),
        ("exact_denominator", denominator.to_string()),
        ("agreed_mirror", agreed.to_string()),
        ("recorded_mirror", recorded.to_owned()),
        ("ratio_from", ratio_from.to_owned()),
    ]
    .into_iter()
    .map(|(name, cell)| (name.to_owned(), cell))
    .collect();
    let line: Record = [("ratio".to_owned(), ratio.to_owned())].into_iter().collect();
    Some(arithmetic::of_mirror(&event, Some(&line), terms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_mirror_is_told_at_the_ratio_of_its_instant() {
        let term = |of: &str, value: &str, [from, to]: [&str; 2]| {
            let [term, value, from, to] = [of, value, from, to].map(str::to_owned);
            let clause = "一.2".to_owned();
            Term { party: Some("a".to_owned()), term, value, from, to, clause }
        };
        let march = ["2026-03-01T00:00:00Z", "2026-03-16T00:00:00Z"];
        let later = ["2026-03-16T00:00:00Z", "2026-04-01T00:00:00Z"];
        let terms = [
            term("rounding of mirrors", "down", march),
            term("ratio", "100:50", march),
            term("ratio", "100:40", later),
        ];
        let rows = [
            (
                ("xburn", "1001", "2026-03-05T00:00:00Z"),
                Some(
                    "1,001 × 50/100 = 500 + 50/100 → 500 agreed 约定, down (toward zero) 向零舍入, \
                     clause 条款 一.2; 463 recorded 记录",
                ),
            ),
            (
                ("xburn", "1000", "2026-03-16T00:00:00Z"),
                Some("1,000 × 40/100 = 400 → 400 agreed 约定, clause 条款 一.2; 463 recorded 记录"),
            ),
            (
                ("xearn", "500", "2026-03-05T00:00:00Z"),
                Some("500 × 1/1 = 500 → 500 agreed 约定; 463 recorded 记录"),
            ),
            (("xburn", "1000", "2026-04-01T00:00:00Z"), None),
            (("xburn", "", "2026-03-05T00:00:00Z"), None),
        ];
        for ((kind, points, at), told) in rows {
            let cells = [("issuer", "a"), ("kind", kind), ("points", points), ("occurred_at", at)];
            let cells = cells.map(|(name, cell)| (name.to_owned(), cell.to_owned()));
            let item: Record = cells.into_iter().collect();
            assert_eq!(chain(&item, "463", &terms).as_deref(), told, "{kind} {points} {at}");
        }
    }
}
