//! Rows that were brought back from closed periods, led to the file and line that each was first
//! read from, through the final publications that the run took from.

use std::collections::BTreeSet;
use std::io::ErrorKind;

use super::{Record, Story, find_row, place, read_from};
use crate::review::manifest::Taken;
use crate::review::publication::{MANIFEST, Publication, ReviewError, digest};

/// Where a row of a closed period was first read.
enum Origin {
    /// `path:line` of inputs, each with the leg whose row it is where a place is a pair's.
    Read(Vec<(&'static str, String)>),
    /// It cannot be told, and why.
    Lost(&'static str),
}

/// Tells of every row of a closed period on which stories rest where it was first read.
///
/// # Errors
/// [`ReviewError`] when a publication that is there cannot be read.
pub(super) fn tell(publication: &Publication, stories: &mut [Story]) -> Result<(), ReviewError> {
    for story in stories {
        let mut told = BTreeSet::new();
        for from in story.places.clone() {
            if !told.insert(from.clone()) {
                continue;
            }
            match origin(publication, &from)? {
                None => {}
                Some(Origin::Lost(why)) => {
                    story.tell("first read 首次读入", format!("{from}  {why}"));
                }
                Some(Origin::Read(places)) => {
                    for (leg, place) in places {
                        story.tell("first read 首次读入", format!("{from}  {leg}{place}"));
                        story.places.push(place);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Where a place within a final publication was first read; nothing for one that is an input's.
fn origin(publication: &Publication, from: &str) -> Result<Option<Origin>, ReviewError> {
    let Some((path, number)) = from.rsplit_once(':') else { return Ok(None) };
    let within = |taken: &&Taken| {
        path.strip_prefix(taken.place.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    let Some(taken) = publication.manifest.past.iter().find(within) else { return Ok(None) };
    let table = path.rsplit_once('/').and_then(|(_, file)| file.strip_suffix(".parquet"));
    let (Some(table), Ok(number)) = (table, number.parse::<u64>()) else { return Ok(None) };
    let folder = publication.pipeline_folder()?.join(&taken.place);
    match digest(&folder.join(MANIFEST)) {
        Ok((found, _)) if found == taken.blake3 => {}
        Ok(_) => {
            return Ok(Some(Origin::Lost("the earlier publication is another now 前期发布已变")));
        }
        Err(ReviewError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
            return Ok(Some(Origin::Lost("the earlier publication is not here 前期发布不在此处")));
        }
        Err(error) => return Err(error),
    }
    let earlier = Publication::open(&folder)?;
    let Some(row) = find_row(&earlier, table, number)? else {
        return Ok(Some(Origin::Lost("the earlier publication has no such row 前期发布无此行")));
    };
    let mut places = Vec::new();
    for (leg, place) in read_at(&row) {
        // It may have been brought back before. A manifest that is named by its digest was there
        // before the one that names it, so this ends.
        match origin(&earlier, &place)? {
            None => places.push((leg, place)),
            Some(Origin::Lost(why)) => return Ok(Some(Origin::Lost(why))),
            Some(Origin::Read(before)) => {
                places.extend(before.into_iter().map(|(_, place)| (leg, place)));
            }
        }
    }
    Ok(Some(Origin::Read(places)))
}

/// The places that a row names: its own, or those of both legs.
fn read_at(row: &Record) -> Vec<(&'static str, String)> {
    if !row["file"].is_empty() {
        return vec![("", read_from(row))];
    }
    let legs = [("issuer's leg 发行方 ", "issuer"), ("acceptor's leg 受理方 ", "acceptor")];
    let places = legs.map(|(leg, side)| (leg, place(row, side)));
    places.into_iter().filter(|(_, place)| !place.is_empty()).collect()
}
