//! Reading: the files of a feed become canonical rows, and everything that cannot is told.
//!
//! [`survey`] takes the digest of every file; [`read`] decodes the files, conforms each cell to
//! its canonical column and makes sure that what it decoded is what the survey saw. A file of text
//! is opened and unpacked (`sent`, `zip`), cut into blocks (`blocks`, `cut`) whose columns a
//! `layout` tells, and decoded (`text`); a format splits pieces into rows (`csv` with `record` and
//! `split`, `fixed`, `json`; `parquet` and `ipc` with `table` and `lane`), `conform` turns each
//! cell into a canonical value (`amount`, `instant`), and a `sheet` keeps the rows that stand, the
//! rejects of those that do not, and the totals that a file says it has (`totals`). [`inspect()`]
//! looks at files that nobody has declared. What a file came to may be kept for the next run
//! (`cache`), which then takes its sheets from there.
//!
//! A row is never silently dropped, nulled, coerced or rounded: it is in the batch, or it is a
//! reject with its file, line, column and reason. A file whose columns do not fit gives a fault
//! and no rows. Columns that nobody declared are never turned into values. Pieces are conformed on
//! the rayon threads, yet rows, rejects and faults come out in the order of files and lines,
//! whatever the number of threads.

mod amount;
mod ascii;
mod batch;
mod blocks;
mod bulk;
mod cache;
mod cells;
mod conform;
mod csv;
mod cut;
mod delivery;
mod digest;
mod error;
mod fixed;
mod foreign;
mod gunzip;
mod inspect;
mod instant;
mod ipc;
mod json;
mod lane;
mod misnamed;
mod layout;
mod pages;
mod parquet;
mod record;
mod refusal;
mod sent;
mod sheet;
mod sidecar;
mod split;
mod table;
mod text;
mod totals;
mod zip;

use rayon::prelude::*;

pub use self::batch::Taker;
use self::batch::{Gathering, Room};
pub use self::cache::{Cache, CacheSize, READING, Taken, declared};
use self::cache::{Leaf, Leaves, Recording, Stretch};
use self::conform::Rule;
pub use self::delivery::named;
pub use self::digest::{digest, survey};
pub use self::error::SourceError;
pub use self::inspect::{Draft, Inspection, Seen, first, inspect};
use self::sheet::Sheet;
pub use self::table::unprinted;
use crate::feed::{Beside, Feed, FeedFault, FeedRows, Format, InputFile, Stray};

/// Reads the surveyed files of a feed, in their order, but those that repeat another or are not
/// ready. `watch` hears, from the calling thread, the bytes and rows read since it last heard.
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
    read_at(feed, files, watch, WHOLE, Room::Memory(u64::MAX), None)
}

/// As [`read`], if the rows take no more than so many bytes of memory. Files that the cache has are
/// taken from there, and others that are worth it are put there.
///
/// # Errors
/// As [`read`], [`SourceError::NoRoom`] as soon as they take more, and [`SourceError::Unkept`]
/// where an entry of the cache cannot be used.
pub fn read_within(
    feed: &Feed,
    files: &[InputFile],
    watch: &dyn Fn(u64, u64),
    room_bytes: u64,
    cache: Option<&Cache>,
) -> Result<FeedRows, SourceError> {
    read_at(feed, files, watch, WHOLE, Room::Memory(room_bytes), cache)
}

/// As [`read`], but hands the rows to `taker` as they come, so many or a few more at a time, in the
/// order of files and lines; what comes back has none. The cache is used as by [`read_within`].
///
/// # Errors
/// As [`read`], what the taker fails with, and [`SourceError::Unkept`].
pub fn read_apart(
    feed: &Feed,
    files: &[InputFile],
    watch: &dyn Fn(u64, u64),
    (taker, rows_at_once): (Taker<'_>, usize),
    cache: Option<&Cache>,
) -> Result<FeedRows, SourceError> {
    read_at(feed, files, watch, WHOLE, Room::Apart(taker, rows_at_once), cache)
}

/// Reads the head of a feed: at least so many rows, where it has them. What stands behind is not
/// looked at: of the totals that the files declare, those of the parts that were read to their ends
/// come out.
///
/// # Errors
/// As [`read`], of what was looked at.
pub fn head(feed: &Feed, files: &[InputFile], rows: u64) -> Result<FeedRows, SourceError> {
    let pace = Pace { block_bytes: HEAD_BLOCK_BYTES, most: rows, together: sheet::MOST };
    read_at(feed, files, &|_, _| (), pace, Room::Memory(u64::MAX), None)
}

/// Bytes of a block where only the head is read.
const HEAD_BLOCK_BYTES: u64 = 1 << 16;

/// How much is read at a time, and how much at all.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// The bytes of a block of text, which decide nothing of what comes out.
    block_bytes: u64,
    /// No piece is begun once so many rows have been read.
    most: u64,
    /// Rows that are conformed together, column by column, which decides nothing either; with none
    /// they are conformed one by one.
    together: usize,
}

/// Everything, at the pace of a run.
const WHOLE: Pace =
    Pace { block_bytes: blocks::BLOCK_BYTES, most: u64::MAX, together: sheet::MOST };

fn read_at(
    feed: &Feed,
    files: &[InputFile],
    watch: &dyn Fn(u64, u64),
    pace: Pace,
    room: Room<'_>,
    cache: Option<&Cache>,
) -> Result<FeedRows, SourceError> {
    let rules = conform::rules(feed)?;
    let mut gathering = Gathering::new(feed, files, room);
    let mut faults: Vec<FeedFault> = files
        .iter()
        .filter_map(|file| {
            let beside = file.beside.clone()?;
            // Nobody has to have sent a file of the days after the period.
            let awaited = file.follows && matches!(beside, Beside::NotReady { .. });
            (!awaited).then(|| FeedFault::Beside { file: file.path.clone(), beside })
        })
        .collect();
    // Files of the days after the period do not stand for the period's own.
    if files.iter().all(|file| file.follows) && !feed.kind.may_come_later() {
        let missing = |pattern: &String| FeedFault::Missing { pattern: pattern.clone() };
        faults.extend(feed.patterns.iter().map(missing));
    }
    let is_table = matches!(feed.format, Format::Parquet | Format::Arrow);
    let mut found = Found::default();
    for Stretch { files: of, is_kept } in cache::stretches(cache, feed, files) {
        let files = files.get(of.clone()).unwrap_or_default();
        // A stretch counts its files and parts from its own first.
        let first = if is_table { of.start } else { gathering.parts() };
        let numbers = (of.start as u32, first as u32);
        let add = |mut sheet: Sheet| {
            sheet.move_behind(numbers);
            gathering.add(sheet)
        };
        match cache.filter(|_| is_kept) {
            Some(cache) => {
                let mut leaves = Leaves::new(cache, feed, files);
                let sheet = |leaf: Leaf| Some(leaf.sheet(feed.kind, files));
                let cut = (|| leaves.next(), Leaf::rows, SLICES_A_THREAD);
                in_order(cut, sheet, add, watch, pace.most)?;
                found.strays.append(&mut leaves.strays());
            }
            None => {
                let recording = cache.map(|cache| Recording::new(cache, feed, files));
                let some = Sources { feed, rules: &rules, files, recording: recording.as_ref() };
                let mut sent = some.read(pace, add, watch)?;
                if let Some(recording) = recording {
                    recording.finish(&[&*sent.archives, &*sent.headers].concat(), &sent.strays);
                }
                found.archives.append(&mut sent.archives);
                found.headers.append(&mut sent.headers);
                found.strays.append(&mut sent.strays);
            }
        }
    }
    faults.append(&mut found.archives);
    faults.append(&mut found.headers);
    if !is_table {
        faults.append(&mut gathering.absent(&rules));
    }
    gathering.finish(faults, found.strays, pace.most != u64::MAX)
}

/// What was found of files besides their rows.
#[derive(Debug, Default)]
struct Found {
    /// What was wrong with archives.
    archives: Vec<FeedFault>,
    /// What was wrong with headers, or the columns of tables.
    headers: Vec<FeedFault>,
    /// Columns that were not agreed.
    strays: Vec<Stray>,
}

/// Files of a feed that are decoded, and kept where they are recorded.
#[derive(Clone, Copy)]
struct Sources<'s> {
    feed: &'s Feed,
    rules: &'s [Rule],
    files: &'s [InputFile],
    recording: Option<&'s Recording<'s>>,
}

impl Sources<'_> {
    fn read(
        self,
        pace: Pace,
        mut add: impl FnMut(Sheet) -> Result<(), SourceError> + Send,
        watch: &dyn Fn(u64, u64),
    ) -> Result<Found, SourceError> {
        let Sources { feed, rules, files, recording } = self;
        let file = |number: u32| files.get(number as usize);
        let packed = |sheet: Result<Sheet, SourceError>| {
            let mut sheet = sheet?;
            sheet.sum_up(feed.kind);
            Ok(match recording {
                Some(recording) => recording.pack(sheet),
                None => sheet,
            })
        };
        let add = |mut sheet: Sheet| {
            if let Some(recording) = recording {
                recording.keep(&mut sheet);
            }
            add(sheet)
        };
        let mut found = Found::default();
        match &feed.format {
            Format::Parquet => {
                let mut slices = parquet::Slices::new(feed, rules, files);
                in_order(
                    (|| slices.next(), parquet::Slice::rows, SLICES_A_THREAD),
                    |slice| {
                        let file = file(slice.file())?;
                        Some(packed(parquet::decode(&slice, feed, rules, file, pace.together)))
                    },
                    add,
                    watch,
                    pace.most,
                )?;
                slices.verify()?;
                (found.headers, found.strays) = slices.findings.into_parts();
            }
            Format::Arrow => {
                let mut pieces = ipc::Pieces::new(feed, rules, files);
                in_order(
                    (|| pieces.next(), |_: &ipc::Piece| 0, BLOCKS_A_THREAD),
                    |piece| {
                        let file = file(piece.file)?;
                        Some(packed(ipc::decode(&piece, feed, rules, file, pace.together)))
                    },
                    add,
                    watch,
                    pace.most,
                )?;
                (found.headers, found.strays) = pieces.findings.into_parts();
            }
            format => {
                let mut blocks = blocks::Blocks::new(feed, rules, files, pace.block_bytes);
                let decode = |block: &blocks::Block| match format {
                    Format::Csv(csv) => csv::decode(block, feed, rules, csv, pace.together),
                    Format::Fixed(fixed) => fixed::decode(block, feed, rules, fixed, pace.together),
                    Format::JsonLines(json) => {
                        json::decode(block, feed, rules, json, pace.together)
                    }
                    // Tables are never cut into blocks.
                    Format::Parquet | Format::Arrow => Ok(Sheet::default()),
                };
                in_order(
                    (|| blocks.next(), |_: &blocks::Block| 0, BLOCKS_A_THREAD),
                    |block| Some(packed(decode(&block))),
                    add,
                    watch,
                    pace.most,
                )?;
                (found.archives, found.headers, found.strays) = blocks.finish();
            }
        }
        Ok(found)
    }
}

/// Rows of large pieces that are decoded at a time.
const ROWS_AT_ONCE: u64 = 1 << 19;

/// Pieces that a thread decodes at a time: enough that threads end together though pieces are of
/// unequal work and one thread adds what was decoded before. Blocks of text are large.
const BLOCKS_A_THREAD: usize = 2;
const SLICES_A_THREAD: usize = 4;

/// Decodes pieces on all threads while the next ones are cut and the sheets of those before are
/// added in order, until so many rows have been added. Pieces come with how to tell their rows, and
/// how many are for a thread.
fn in_order<P: Send>(
    (mut cut, rows_of, a_thread): (
        impl FnMut() -> Result<Option<P>, SourceError> + Send,
        impl Fn(&P) -> u64 + Send,
        usize,
    ),
    decode: impl Fn(P) -> Option<Result<Sheet, SourceError>> + Sync,
    mut add: impl FnMut(Sheet) -> Result<(), SourceError> + Send,
    watch: &dyn Fn(u64, u64),
    most: u64,
) -> Result<(), SourceError> {
    let threads = rayon::current_num_threads().max(1);
    let mut cut_some = move || -> Result<Vec<P>, SourceError> {
        let most = a_thread * threads;
        let mut some = Vec::with_capacity(most);
        let mut rows = 0;
        // Of pieces that are so large one more would rather take memory.
        while some.len() < threads || (some.len() < most && rows < ROWS_AT_ONCE) {
            let Some(piece) = cut()? else { break };
            rows += rows_of(&piece);
            some.push(piece);
        }
        Ok(some)
    };
    let mut rows = 0u64;
    let mut pieces = cut_some()?;
    let mut sheets: Vec<Sheet> = Vec::new();
    while !pieces.is_empty() {
        let (added, (decoded, following)) = rayon::join(
            || sheets.drain(..).try_for_each(&mut add),
            || {
                rayon::join(
                    || pieces.into_par_iter().filter_map(&decode).collect::<Vec<_>>(),
                    &mut cut_some,
                )
            },
        );
        added?;
        pieces = Vec::new();
        let mut trouble = None;
        for sheet in decoded {
            match sheet {
                Ok(sheet) => {
                    watch(sheet.bytes, sheet.rows);
                    rows = rows.saturating_add(sheet.rows);
                    sheets.push(sheet);
                }
                Err(error) => trouble = Some(error),
            }
            if trouble.is_some() || rows >= most {
                break;
            }
        }
        if trouble.is_none() && rows < most {
            match following {
                Ok(following) => pieces = following,
                Err(error) => trouble = Some(error),
            }
        }
        if let Some(error) = trouble {
            // What stands before it in the files is told first.
            sheets.drain(..).try_for_each(&mut add)?;
            return Err(error);
        }
    }
    sheets.drain(..).try_for_each(&mut add)
}

#[cfg(test)]
mod tests;
