//! Who decided what of an item that is held, or was.

use super::Story;
use crate::review::decision::decisions;
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
            }
        }
    }
    Ok(())
}
