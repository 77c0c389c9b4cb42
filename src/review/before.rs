//! The final publications that a run took from, where they are still what they were.

use std::io::ErrorKind;
use std::sync::Arc;

use super::publication::{MANIFEST, Publication, ReviewError, digest};

/// The final publications that are here and are those that the manifest names by their digests, and
/// of each other one why it is not read.
pub type Finals = (Vec<Publication>, Vec<String>);

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
        let table = "cleared_events.parquet";
        let said = before.manifest.outputs.iter().find(|output| output.file == table);
        match before.digest(table) {
            Ok((found, _)) if said.is_some_and(|said| said.blake3 == found) => finals.push(before),
            _ => unread.push(format!("{}/{table} is not what was published", taken.place)),
        }
    }
    Ok((finals, unread))
}
