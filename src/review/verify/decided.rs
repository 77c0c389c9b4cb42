//! Decisions against what they moved: what counts by one, and what one dropped.

use std::collections::{BTreeMap, BTreeSet};

use super::super::publication::{Publication, ReviewError};
use super::Check;
use crate::statement::LineKind;
use crate::value::money::counted;

/// What a decision moved: its discrepancy, action, points, issuer, and both legs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Moved {
    decision: String,
    points: Option<i64>,
    issuer: String,
    legs: [String; 2],
}

/// Actions that let count what was held, and that drop it.
const COUNT: [&str; 2] = ["release", "adjust"];
const DROP: [&str; 2] = ["reject", "write_off"];
const OUTCOMES: [&str; 5] = ["applied", "not_held", "refused", "unauthorised", "waiting"];

/// Every decision that was applied moved what it says, and nothing was moved by another.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let mut counts: BTreeSet<Moved> = BTreeSet::new();
    let mut drops: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    // What has an acceptor's leg is no party's own business, which is settled nowhere.
    let mut mirrored: BTreeSet<(String, String)> = BTreeSet::new();
    let columns = [
        "decision_id",
        "discrepancy_id",
        "action",
        "points",
        "outcome",
        "issuer",
        "issuer_event_id",
        "acceptor_event_id",
        "author",
        "approver",
        "reason",
        "reference",
    ];
    let mut decisions: u64 = 0;
    publication.scan("decisions", &columns, |number, row| {
        decisions = number;
        let (action, outcome) = (row.text(2), row.text(4));
        if !COUNT.contains(&action) && !DROP.contains(&action) {
            check.fault(|| format!("decisions row {number}: its action is none"));
        }
        if !OUTCOMES.contains(&outcome) {
            check.fault(|| format!("decisions row {number}: its outcome is none"));
        }
        let is_named = (8..11).all(|at| row.some_text(at).is_some()) && row.text(8) != row.text(9);
        // Whoever is named did not authorise a number that stands for several decisions.
        if !is_named && !["unauthorised", "waiting"].contains(&outcome) {
            check.fault(|| format!("decisions row {number}: its outcome is not by who decided it"));
        }
        // Only what was held under it was tried: legs of somebody's points, or an adjustment.
        let is_leg = row.some_text(6).is_some() || row.some_text(7).is_some();
        let (is_whose, is_adjustment) =
            (matches!(row.text(5), "a" | "b"), row.some_text(11).is_some());
        let is_tried = ["applied", "refused"].contains(&outcome);
        if is_leg != is_whose
            || is_leg && is_adjustment
            || is_tried != (is_leg || is_adjustment)
            || row.some_text(5).is_some() != is_whose
        {
            check.fault(|| format!("decisions row {number}: its item does not fit its outcome"));
        }
        if outcome != "applied" {
            return Ok(());
        }
        if action == "adjust" && row.integer(3).is_none() {
            check.fault(|| format!("decisions row {number}: it gives no points"));
        }
        let legs = [6, 7].map(|at| row.text(at).to_owned());
        if COUNT.contains(&action) {
            counts.insert(Moved {
                decision: row.text(0).to_owned(),
                points: row.integer(3).filter(|_| action == "adjust"),
                issuer: row.text(5).to_owned(),
                legs,
            });
        } else if row.some_text(11).is_none() {
            let [issued, accepted] = legs;
            let partner = if row.text(5) == "a" { "b" } else { "a" };
            let is_mirrored = !accepted.is_empty();
            for (party, id) in [(row.text(5), issued), (partner, accepted)] {
                if !id.is_empty() {
                    if is_mirrored {
                        mirrored.insert((party.to_owned(), id.clone()));
                    }
                    let of = drops.entry((party.to_owned(), id)).or_default();
                    of.insert(row.text(1).to_owned());
                }
            }
        }
        Ok(())
    })?;
    let columns =
        ["decision_id", "issuer", "issuer_event_id", "acceptor_event_id", "points", "line_no"];
    publication.scan("cleared_events", &columns, |number, row| {
        let Some(decision) = row.some_text(0) else { return Ok(()) };
        let mut moved = Moved {
            decision: decision.to_owned(),
            points: None,
            issuer: row.text(1).to_owned(),
            legs: [2, 3].map(|at| row.text(at).to_owned()),
        };
        let is_released = counts.remove(&moved);
        moved.points = row.integer(4);
        if !is_released && !counts.remove(&moved) {
            check.fault(|| format!("cleared_events row {number}: no decision let it count"));
        }
        Ok(())
    })?;
    for moved in &counts {
        check.fault(|| format!("decision {}: nothing counts by it", moved.decision));
    }
    if publication.has("settled_rows") {
        let mut unsettled = drops.clone();
        unsettled.retain(|key, _| mirrored.contains(key));
        let columns = ["party", "event_id", "became", "discrepancy_id"];
        publication.scan("settled_rows", &columns, |number, row| {
            let key = (row.text(0).to_owned(), row.text(1).to_owned());
            match row.text(2) {
                "joined" => {}
                "dropped" => {
                    unsettled.remove(&key);
                    let of = drops.get(&key);
                    if !of.is_some_and(|of| of.contains(row.text(3))) {
                        check.fault(|| format!("settled_rows row {number}: no decision drops it"));
                    }
                }
                other => check.fault(|| format!("settled_rows row {number}: `{other}` is nothing")),
            }
            Ok(())
        })?;
        for (party, event) in unsettled.keys() {
            check.fault(|| format!("{event} of {party}: it was dropped, and is settled nowhere"));
        }
    }
    // A party's own business is settled nowhere; but nothing that was dropped is held still.
    publication.scan("open_rows", &["party", "event_id", "discrepancy_id"], |number, row| {
        let key = (row.text(0).to_owned(), row.text(1).to_owned());
        if drops.get(&key).is_some_and(|of| of.contains(row.text(2))) {
            check.fault(|| format!("open_rows row {number}: a decision dropped it"));
        }
        Ok(())
    })?;
    check_handed_on(publication, check)?;
    check.compared = counted(decisions, "decision");
    Ok(())
}

/// An adjustment that a later period settles is not paid by this one. It may be held: under a
/// number of which an earlier one was.
fn check_handed_on(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    if !publication.has("open_adjustments") {
        return Ok(());
    }
    let mut known: BTreeSet<String> = BTreeSet::new();
    if publication.has("statement_lines") {
        publication.scan("statement_lines", &["type", "reference"], |_, row| {
            let is_paid = row.text(0) == LineKind::Adjustment.word();
            known.extend(row.some_text(1).filter(|_| is_paid).map(str::to_owned));
            Ok(())
        })?;
    }
    publication.scan("open_adjustments", &["adjustment_id"], |number, row| {
        if known.contains(row.text(0)) {
            check.fault(|| format!("open_adjustments row {number}: it is paid already"));
        }
        Ok(())
    })
}
