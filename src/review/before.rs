//! The final publications that a run took from, where they are still what they were.

use std::io::ErrorKind;
use std::sync::Arc;

use super::publication::{MANIFEST, Publication, ReviewError, digest};

/// The final publications that are here and are those that the manifest names by their digests, and
/// of each other one why it is not read.
pub type Finals = (Vec<Publication>, Vec<String>);

/// The tables of a final publication from which figures are taken.
const TABLES: [&str; 3] =
    ["cleared_events.parquet", "statement.parquet", "statement_lines.parquet"];

/// Those of a publication. They are looked for once, because their tables are digested for it.
pub(super) fn finals(publication: &Publication) -> Result<Arc<Finals>, ReviewError> {
    if let Some(known) = publication.finals.get() {
        return Ok(Arc::clone(known));
    }
    let found = Arc::new(found(publication)?);
    Ok(Arc::clone(publication.finals.get_or_init(|| found)))
}

fn found(publication: &Publication) -> Result<Finals, ReviewError> {
    let (mut finals, mut unread) = (Vec::new(), Vec::new());
    for taken in &publication.manifest.past {
        let folder = publication.pipeline_folder()?.join(&taken.place);
        match digest(&folder.join(MANIFEST)) {
            Ok((found, _)) if found == taken.blake3 => {}
            Ok(_) => {
                unread.push(format!("{} is another now", taken.place));
                continue;
            }
            Err(ReviewError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                unread.push(format!("{} is not here", taken.place));
                continue;
            }
            Err(error) => return Err(error),
        }
        let before = Publication::open(&folder)?;
        let is_altered = |table: &&&str| {
            let said = before.manifest.outputs.iter().find(|output| output.file == **table);
            let found = before.digest(table).ok();
            said.map(|said| &said.blake3) != found.as_ref().map(|(found, _)| found)
        };
        match TABLES.iter().find(is_altered) {
            None => finals.push(before),
            Some(table) => {
                unread.push(format!("{}/{table} is not what was published", taken.place));
            }
        }
    }
    Ok((finals, unread))
}
