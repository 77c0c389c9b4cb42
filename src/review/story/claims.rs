//! Adjustments and payments that tables name by their numbers alone: their rows, found again in the
//! recorded inputs.

use arrow::record_batch::RecordBatch;

use super::Story;
use super::own::{ROWS_AT_ONCE, period_of, recorded};
use crate::feed::{FeedKind, Owner};
use crate::frame::books::{FrameError, Origins};
use crate::frame::claims::{Adjustments, Settlements};
use crate::pipeline::Pipeline;
use crate::review::publication::{Publication, ReviewError};
use crate::source;

/// Tells of every adjustment and payment that stories name by its number in which file and line it
/// stands, and of an adjustment what it says. Files that are others now are not read.
///
/// # Errors
/// [`ReviewError`] when a file cannot be read.
pub fn of_claims(
    publication: &Publication,
    pipeline: &Pipeline,
    stories: &mut [Story],
) -> Result<(), ReviewError> {
    if stories.iter().all(|story| story.claims.is_empty()) {
        return Ok(());
    }
    let period = period_of(publication, pipeline)?;
    for feed in pipeline.feeds(&period) {
        let is_wanted = |story: &Story| story.claims.iter().any(|(kind, _)| *kind == feed.kind);
        if feed.owner != Owner::Shared || !stories.iter().any(is_wanted) {
            continue;
        }
        let files = recorded(publication, &feed)?;
        let mut rows = Vec::new();
        let mut broken = None;
        let mut taker = |batch: &RecordBatch| {
            match rows_of(feed.kind, batch, pipeline) {
                Ok(found) => rows.extend(found),
                Err(error) => broken = Some(error.to_string()),
            }
            Ok(())
        };
        let read = source::read_apart(&feed, &files, &|_, _| (), (&mut taker, ROWS_AT_ONCE), None);
        let unread = |what: String| ReviewError::Unsound { path: feed.root.clone(), what };
        let read = read.map_err(|error| unread(error.to_string()))?;
        if let Some(what) = broken {
            return Err(unread(what));
        }
        for story in stories.iter_mut() {
            for row in &rows {
                let is_its = |(kind, id): &(FeedKind, String)| *kind == feed.kind && *id == row.id;
                let Some(part) = read.parts.get(row.part as usize) else { continue };
                let place = format!("{}:{}", part.name, row.line);
                // Rows of one number may be several, and a story of one of them names it.
                let is_other = row.kind_has_places
                    && !story.places.is_empty()
                    && !story.places.contains(&place);
                if !story.claims.iter().any(is_its) || is_other {
                    continue;
                }
                if !story.places.contains(&place) {
                    let id = &row.id;
                    story.tell("row 行", format!("{id}  {place}"));
                    story.places.push(place);
                }
                tell_adjustment(story, |name| {
                    let said = row.says.iter().find(|(of, _)| *of == name);
                    said.map(|(_, text)| text.clone()).unwrap_or_default()
                });
            }
        }
    }
    Ok(())
}

/// A row of a shared feed.
struct ClaimRow {
    id: String,
    part: u32,
    line: u64,
    /// Whether a table may name the line already.
    kind_has_places: bool,
    /// What an adjustment says beside its money.
    says: Vec<(&'static str, String)>,
}

fn rows_of(
    kind: FeedKind,
    batch: &RecordBatch,
    pipeline: &Pipeline,
) -> Result<Vec<ClaimRow>, FrameError> {
    let row = |origins: &Origins, row: u32, id: &str| {
        let (part, line) = origins.of(row);
        ClaimRow { id: id.to_owned(), part, line, kind_has_places: false, says: Vec::new() }
    };
    Ok(match kind {
        FeedKind::Adjustments => {
            let all = Adjustments::new(batch)?;
            let said = |at: u32| {
                let some = |text: Option<&str>| text.unwrap_or_default().to_owned();
                let says = vec![
                    ("reason", some(all.reason(at))),
                    ("corrects", some(all.corrects(at))),
                    ("author", some(all.author(at))),
                    ("approver", some(all.approver(at))),
                    ("approved_at", all.approved_at(at).show(&pipeline.agreement.zone)),
                ];
                ClaimRow { kind_has_places: true, says, ..row(&all.origins, at, all.id(at)) }
            };
            all.rows().map(said).collect()
        }
        FeedKind::Settlements => {
            let all = Settlements::new(batch)?;
            all.rows().map(|at| row(&all.origins, at, all.of(at).0)).collect()
        }
        _ => Vec::new(),
    })
}

/// Tells what an adjustment says beside its money.
pub(super) fn tell_adjustment(story: &mut Story, says: impl Fn(&str) -> String) {
    for (name, label) in [
        ("reason", "reason 事由"),
        ("corrects", "corrects 更正"),
        ("author", "author 经办人"),
        ("approver", "approver 批准人"),
        ("approved_at", "approved 批准时间"),
    ] {
        let is_told = story.lines.iter().any(|(told, _)| told == label);
        if !is_told {
            story.tell(label, says(name));
        }
    }
}
