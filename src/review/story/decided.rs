//! Who decided what of an item that is held, or was.

use super::{Record, Story, find, summary};
use crate::review::decision::{Decision, decisions};
use crate::review::publication::{Publication, ReviewError};

/// Tells the decisions on a discrepancy, or those of a number, with who took them, when and why.
///
/// # Errors
/// [`ReviewError`] when the table of decisions cannot be read.
pub(super) fn tell(
    publication: &Publication,
    (column, wanted): (&str, &str),
    story: &mut Story,
) -> Result<(), ReviewError> {
    if wanted.is_empty() {
        return Ok(());
    }
    for (discrepancy, all) in decisions(publication)? {
        for decision in all {
            if column == "discrepancy_id" && discrepancy == wanted {
                story.tell("decision 决定", decision.in_words());
            } else if column == "decision_id" && decision.decision_id == wanted {
                story.tell("decision 决定", format!("{} ({discrepancy})", decision.in_words()));
            } else {
                continue;
            }
            tell_place(&decision, story);
        }
    }
    Ok(())
}

/// Tells where a decision was first read; publications from before that was told have no place.
fn tell_place(decision: &Decision, story: &mut Story) {
    story.tell("read from 读自", &decision.place);
    if !decision.place.is_empty() && !story.places.contains(&decision.place) {
        story.places.push(decision.place.clone());
    }
}

/// Reasons of LED-06 about a decision, before and behind its number (detect::decision).
const WITHOUT: [(&str, &str); 3] = [
    ("the decision ", " lacks a reason, an author or another approver"),
    ("the number ", " stands for several decisions"),
    ("the number ", ", for another decision"),
];

/// Tells of a decision without authority what is wanting, what it was about, and in which line of
/// which file it stands.
///
/// # Errors
/// [`ReviewError`] when a table cannot be read.
pub(super) fn tell_unauthorised(
    publication: &Publication,
    found: &Record,
    story: &mut Story,
) -> Result<(), ReviewError> {
    if found["code"] != "LED-06" {
        return Ok(());
    }
    let Some(number) = number_of(&found["reason"]) else { return Ok(()) };
    let mut is_placed = true;
    for (discrepancy, all) in decisions(publication)? {
        for decision in all.iter().filter(|one| one.outcome == "unauthorised") {
            if decision.decision_id != number {
                continue;
            }
            story.tell("decision 决定", decision.in_words());
            tell_place(decision, story);
            is_placed &= !decision.place.is_empty();
            story.tell("wanting 所缺", wanting(decision));
            let about =
                find(publication, "discrepancies", ["discrepancy_id"], |[of]| of == discrepancy)?;
            let about = about.first().map_or_else(
                || format!("{discrepancy}, which this publication does not have 本期无此差错"),
                summary,
            );
            story.tell("it is about 所涉差错", about);
        }
    }
    // Of a publication from before decisions named their lines, only the files are known.
    let inputs = publication.manifest.inputs.iter();
    let inputs = inputs.filter(|input| input.feed.ends_with("decisions"));
    for input in inputs.filter(|_| !is_placed) {
        story.tell("file 文件", &input.path);
    }
    Ok(())
}

/// The number of the decision that a reason of LED-06 is about.
fn number_of(reason: &str) -> Option<&str> {
    let said = |(before, behind): &(&str, &str)| reason.strip_prefix(before)?.strip_suffix(behind);
    let rest = WITHOUT.iter().find_map(said)?;
    // Where the number was used before, its period follows it.
    Some(rest.rsplit_once(" moved something in ").map_or(rest, |(number, _)| number))
}

/// Which of reason, author and approver a decision lacks.
fn wanting(decision: &Decision) -> String {
    let is_one = !decision.author.is_empty() && decision.author == decision.approver;
    let rows = [
        (decision.reason.is_empty(), "a reason 理由"),
        (decision.author.is_empty(), "an author 经办人"),
        (decision.approver.is_empty(), "an approver 批准人"),
        (
            is_one,
            "another approver: author and approver are one 另一位批准人：经办人与批准人为同一人",
        ),
    ];
    let lacks = rows.into_iter().filter(|(is_so, _)| *is_so).map(|(_, what)| what);
    lacks.collect::<Vec<&str>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_decision_lacks_is_named() {
        let one =
            "another approver: author and approver are one 另一位批准人：经办人与批准人为同一人";
        let rows = [
            (["r", "x", "y"], ""),
            (["r", "x", "x"], one),
            (["", "x", "y"], "a reason 理由"),
            (["", "", ""], "a reason 理由; an author 经办人; an approver 批准人"),
        ];
        for ([reason, author, approver], told) in rows {
            let [reason, author, approver] = [reason, author, approver].map(str::to_owned);
            let decision = Decision {
                decision_id: String::new(),
                action: String::new(),
                points: None,
                reason,
                author,
                approver,
                decided_at: String::new(),
                outcome: String::new(),
                place: String::new(),
            };
            assert_eq!(wanting(&decision), told);
        }
    }
}
