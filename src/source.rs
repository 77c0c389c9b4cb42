//! Reading: the files of a feed become canonical rows, and everything that cannot is told.
//!
//! [`survey`] takes the digest of every file; [`read`] decodes the files, conforms each cell to
//! its canonical column and makes sure that what it decoded is what the survey saw. A file goes
//! through three hands: a format cuts it into pieces and splits those into rows (`csv` with
//! `record`, `parquet` with `lane`), `conform` turns each cell into a canonical value (`amount`,
//! `instant`), and a `sheet` keeps the rows that stand and the rejects of those that do not.
//!
//! A row is never silently dropped, nulled, coerced or rounded: it is in the batch, or it is a
//! reject with its file, line, column and reason. A file whose columns do not fit gives a fault
//! and no rows. Columns that nobody declared are never turned into values. Pieces are conformed on
//! the rayon threads, yet rows, rejects and faults come out in the order of files and lines,
//! whatever the number of threads.

mod amount;
mod batch;
mod conform;
mod csv;
mod delivery;
mod digest;
mod error;
mod instant;
mod lane;
mod parquet;
mod record;
mod refusal;
mod sheet;

use rayon::prelude::*;

use self::batch::Gathering;
pub use self::delivery::named;
pub use self::digest::{digest, survey};
pub use self::error::SourceError;
use self::sheet::Sheet;
use crate::feed::{Feed, FeedFault, FeedRows, Format, InputFile};

/// Reads the surveyed files of a feed, in their order, but those that repeat another. `watch`
/// hears, from the calling thread, the bytes and rows read since it last heard.
///
/// # Errors
/// When a file cannot be read, is corrupt or changed since the survey, when a strict column holds
/// an unknown word, or when the rows outgrow one batch. Of several errors the first in the order
/// of files and lines is told.
pub fn read(
    feed: &Feed,
    files: &[InputFile],
    watch: &dyn Fn(u64, u64),
) -> Result<FeedRows, SourceError> {
    let rules = conform::rules(feed)?;
    let mut gathering = Gathering::new(feed, files);
    let (mut faults, mut strays) = (Vec::new(), Vec::new());
    // Files of the days after the period do not stand for the period's own.
    if files.iter().all(|file| file.follows) && !feed.kind.may_come_later() {
        let missing = |pattern: &String| FeedFault::Missing { pattern: pattern.clone() };
        faults.extend(feed.patterns.iter().map(missing));
    }
    let file = |number: u32| files.get(number as usize);
    match &feed.format {
        Format::Csv { delimiter, .. } => {
            let delimiter = *delimiter;
            if !delimiter.is_ascii() || matches!(delimiter, b'"' | b'\r' | b'\n') {
                return Err(SourceError::Delimiter(delimiter));
            }
            let mut blocks = csv::Blocks::new(feed, &rules, files, delimiter);
            let decode = |block: &csv::Block, file: &InputFile| {
                csv::decode(block, feed, &rules, file, delimiter)
            };
            in_order(
                || blocks.next(),
                |block| file(block.file()).map(|file| decode(&block, file)),
                |sheet| gathering.add(sheet, watch),
            )?;
            faults.append(&mut blocks.faults);
            strays.append(&mut blocks.strays);
        }
        Format::Parquet => {
            let mut groups = parquet::RowGroups::new(feed, &rules, files);
            in_order(
                || groups.next(),
                |group| file(group.file()).map(|file| parquet::decode(&group, feed, &rules, file)),
                |sheet| gathering.add(sheet, watch),
            )?;
            groups.verify()?;
            faults.append(&mut groups.faults);
            strays.append(&mut groups.strays);
        }
    }
    gathering.finish(faults, strays)
}

/// Decodes pieces on all threads while the next ones are cut, and adds their sheets in order.
fn in_order<P: Send>(
    mut cut: impl FnMut() -> Result<Option<P>, SourceError> + Send,
    decode: impl Fn(P) -> Option<Result<Sheet, SourceError>> + Sync,
    mut add: impl FnMut(Sheet) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    // Two pieces a thread even out pieces of unequal work.
    let width = rayon::current_num_threads().saturating_mul(2).max(2);
    let mut cut_some = move || -> Result<Vec<P>, SourceError> {
        let mut some = Vec::with_capacity(width);
        while some.len() < width {
            let Some(piece) = cut()? else { break };
            some.push(piece);
        }
        Ok(some)
    };
    let mut pieces = cut_some()?;
    while !pieces.is_empty() {
        let (sheets, following) = rayon::join(
            || pieces.into_par_iter().filter_map(&decode).collect::<Vec<_>>(),
            &mut cut_some,
        );
        for sheet in sheets {
            add(sheet?)?;
        }
        pieces = following?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
