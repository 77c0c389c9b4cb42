//! Parquet: row groups become sheets, with only the declared columns decoded.
//!
//! The decoder is known to panic on some corrupt files, so every call into it is contained and
//! becomes an error that names the file. It may also be handed bytes that changed since the
//! survey, so each file's digest is taken again once its last row group is read.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::SystemTime;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type as PhysicalType;

use super::conform::{Misfit, Rule, Source};
use super::digest::digest;
use super::error::SourceError;
use super::lane::{Lane, unfit, unfit_sign};
use super::sheet::{Draft, Sheet, Spot};
use crate::feed::{Feed, FeedFault, InputFile, Stray};

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8192;

/// One row group of one file.
#[derive(Debug)]
pub(super) struct RowGroup {
    file: u32,
    opened: Arc<Opened>,
    at: usize,
    rows: u64,
    bytes: u64,
    /// Rows of the file before it.
    before: u64,
}

impl RowGroup {
    /// The file that it belongs to, as an index into the feed's files.
    pub(super) fn file(&self) -> u32 {
        self.file
    }
}

/// A file whose columns have been found fit.
#[derive(Debug)]
struct Opened {
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    /// The column of a decoded batch that fills each canonical column.
    sources: Vec<Option<Source>>,
}

/// Cuts the files of a feed into row groups, in order.
#[derive(Debug)]
pub(super) struct RowGroups<'f> {
    feed: &'f Feed,
    rules: &'f [Rule],
    files: &'f [InputFile],
    at: usize,
    /// The row groups of the file at hand.
    pending: std::vec::IntoIter<RowGroup>,
    /// When each file so far was last modified, as it was opened.
    modified: Vec<Option<SystemTime>>,
    /// What was wrong with the columns of the files so far.
    pub(super) faults: Vec<FeedFault>,
    /// Columns that were not agreed, in the files so far.
    pub(super) strays: Vec<Stray>,
}

impl<'f> RowGroups<'f> {
    pub(super) fn new(feed: &'f Feed, rules: &'f [Rule], files: &'f [InputFile]) -> RowGroups<'f> {
        let pending = Vec::new().into_iter();
        let (modified, faults, strays) = (Vec::new(), Vec::new(), Vec::new());
        RowGroups { feed, rules, files, at: 0, pending, modified, faults, strays }
    }

    /// The next row group, or `None` behind the last file.
    pub(super) fn next(&mut self) -> Result<Option<RowGroup>, SourceError> {
        loop {
            if let Some(group) = self.pending.next() {
                return Ok(Some(group));
            }
            let Some(file) = self.files.get(self.at) else { return Ok(None) };
            if file.repeats.is_some() {
                self.modified.push(None);
                self.at += 1;
                continue;
            }
            let (length, modified) = stamp(self.feed, file)?;
            if length != file.bytes {
                return Err(SourceError::Changed { file: file.path.clone() });
            }
            self.modified.push(modified);
            let number = u32::try_from(self.at).unwrap_or(u32::MAX);
            self.at += 1;
            if let Some(opened) = self.open(file)? {
                self.pending = row_groups(opened, number, file)?.into_iter();
            }
        }
    }

    /// Whether the files that were read still are those of the survey.
    pub(super) fn verify(&self) -> Result<(), SourceError> {
        let read = |(file, _): &(&InputFile, _)| file.repeats.is_none();
        for (file, modified) in self.files.iter().zip(&self.modified).filter(read) {
            let changed = || SourceError::Changed { file: file.path.clone() };
            if stamp(self.feed, file)? != (file.bytes, *modified) {
                return Err(changed());
            }
            let found = digest(&self.feed.root.join(&file.path))
                .map_err(|source| SourceError::Io { file: file.path.clone(), source })?;
            if found != (file.bytes, file.blake3.clone()) {
                return Err(changed());
            }
        }
        Ok(())
    }

    /// Reads the footer and holds its columns against the rules.
    fn open(&mut self, file: &InputFile) -> Result<Option<Opened>, SourceError> {
        let input = input(self.feed, file)?;
        let metadata = contained(&file.path, || {
            ArrowReaderMetadata::load(&input, ArrowReaderOptions::new())
                .map_err(|error| error.to_string())
        })?;
        let schema = metadata.schema();
        for column in &self.feed.not_agreed {
            if schema.fields().iter().any(|field| field.name() == column) {
                self.strays.push(Stray { file: file.path.clone(), column: column.clone() });
            }
        }
        let mut roots = Vec::with_capacity(self.rules.len());
        let mut faults = Vec::new();
        for rule in self.rules {
            let names = schema.fields().iter().map(|column| column.name().as_str());
            let source = match rule.source("file", names) {
                Ok(source) => source,
                Err(Misfit { column, reason }) => {
                    faults.push(FeedFault::Column { file: file.path.clone(), column, reason });
                    continue;
                }
            };
            roots.push(source);
            let Some(Source { value, sign }) = source else { continue };
            for (root, is_sign) in [(Some(value), false), (sign, true)] {
                let Some((root, column)) = root.and_then(|at| Some((at, schema.fields().get(at)?)))
                else {
                    continue;
                };
                let reason = match column.data_type() {
                    _ if is_int96(&metadata, root) => Some(INT96.to_owned()),
                    data_type if is_sign => unfit_sign(data_type),
                    data_type => unfit(rule, data_type),
                };
                if let Some(reason) = reason {
                    let (file, column) = (file.path.clone(), column.name().clone());
                    faults.push(FeedFault::Column { file, column, reason });
                }
            }
        }
        if !faults.is_empty() {
            self.faults.append(&mut faults);
            return Ok(None);
        }
        // A decoded batch holds the projected columns in the order of the file.
        let mut projected: Vec<usize> = roots
            .iter()
            .flatten()
            .flat_map(|source: &Source| [Some(source.value), source.sign])
            .flatten()
            .collect();
        projected.sort_unstable();
        projected.dedup();
        let place = |root: usize| projected.binary_search(&root).ok();
        let sources = roots
            .into_iter()
            .map(|source| {
                let Source { value, sign } = source?;
                Some(Source { value: place(value)?, sign: sign.and_then(place) })
            })
            .collect();
        let mask = ProjectionMask::roots(metadata.parquet_schema(), projected.clone());
        Ok(Some(Opened { metadata, mask, sources }))
    }
}

/// Writers disagree on whether INT96 is UTC or local time, so it is refused and not guessed.
const INT96: &str =
    "its type INT96 does not say its time zone; write it as TIMESTAMP_MICROS instead";

fn is_int96(metadata: &ArrowReaderMetadata, root: usize) -> bool {
    let schema = metadata.parquet_schema();
    schema
        .columns()
        .iter()
        .enumerate()
        .filter(|(leaf, _)| schema.get_column_root_idx(*leaf) == root)
        .any(|(_, column)| column.physical_type() == PhysicalType::INT96)
}

fn row_groups(opened: Opened, number: u32, file: &InputFile) -> Result<Vec<RowGroup>, SourceError> {
    let corrupt = || SourceError::Corrupt {
        file: file.path.clone(),
        reason: "its row groups have no sensible size".to_owned(),
    };
    let opened = Arc::new(opened);
    let mut groups = Vec::new();
    let mut before = 0u64;
    for (at, group) in opened.metadata.metadata().row_groups().iter().enumerate() {
        // A row group of more rows than 32 bits count fits no frame; such a number is damage.
        let rows = u32::try_from(group.num_rows()).map_err(|_| corrupt())?.into();
        let bytes = group
            .columns()
            .iter()
            .map(|column| u64::try_from(column.compressed_size()).unwrap_or_default())
            .fold(0u64, u64::saturating_add)
            .min(file.bytes);
        groups.push(RowGroup {
            file: number,
            opened: Arc::clone(&opened),
            at,
            rows,
            bytes,
            before,
        });
        before += rows;
    }
    Ok(groups)
}

fn stamp(feed: &Feed, file: &InputFile) -> Result<(u64, Option<SystemTime>), SourceError> {
    let found = std::fs::metadata(feed.root.join(&file.path))
        .map_err(|source| SourceError::Io { file: file.path.clone(), source })?;
    Ok((found.len(), found.modified().ok()))
}

fn input(feed: &Feed, file: &InputFile) -> Result<File, SourceError> {
    File::open(feed.root.join(&file.path))
        .map_err(|source| SourceError::Io { file: file.path.clone(), source })
}

/// Calls into the decoder; its errors and its panics both say that the file is corrupt.
fn contained<T>(file: &str, call: impl FnOnce() -> Result<T, String>) -> Result<T, SourceError> {
    // What the closure borrows is dropped with the error, so no half-made state is seen again.
    let reason = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => return Ok(value),
        Ok(Err(reason)) => reason,
        Err(_) => "the decoder gave up".to_owned(),
    };
    Err(SourceError::Corrupt { file: file.to_owned(), reason })
}

/// The lane of a column's values, and that of their signs.
type Pair = (Option<Lane>, Option<Lane>);

/// Decodes and conforms a row group.
pub(super) fn decode(
    group: &RowGroup,
    feed: &Feed,
    rules: &[Rule],
    file: &InputFile,
) -> Result<Sheet, SourceError> {
    // A handle of its own, because a cloned one would share its position with other threads.
    let input = input(feed, file)?;
    let opened = &group.opened;
    let mut reader = contained(&file.path, || {
        ParquetRecordBatchReaderBuilder::new_with_metadata(input, opened.metadata.clone())
            .with_row_groups(vec![group.at])
            .with_projection(opened.mask.clone())
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(|error| error.to_string())
    })?;
    let mut draft = Draft::new(feed.kind.word(), rules, &file.path, group.file);
    let mut scratch = String::new();
    loop {
        let batch = contained(&file.path, || {
            let Some(batch) = reader.next() else { return Ok(None) };
            let batch = batch.map_err(|error| error.to_string())?;
            let lane = |at: Option<usize>| at.map(|at| Lane::new(&batch, at)).transpose();
            let lanes: Result<Vec<Pair>, String> = opened
                .sources
                .iter()
                .map(|source| {
                    let value = lane(source.map(|source| source.value))?;
                    Ok((value, lane(source.and_then(|source| source.sign))?))
                })
                .collect();
            Ok(Some((batch.num_rows(), lanes?)))
        })?;
        let Some((rows, lanes)) = batch else { break };
        for row in 0..rows {
            let line = group.before + draft.rows() + 1;
            draft.row(Spot { line, byte_offset: None }, |at, rule, slot| {
                match lanes.get(at) {
                    Some((Some(lane), sign)) => {
                        lane.fill(row, sign.as_ref(), rule, slot, &mut scratch)
                    }
                    // The layout was made for these rules, so the lane is there.
                    _ => slot.take(rule.blank(), ""),
                }
            })?;
        }
    }
    if draft.rows() != group.rows {
        return Err(SourceError::Corrupt {
            file: file.path.clone(),
            reason: format!("a row group of {} rows gave {}", group.rows, draft.rows()),
        });
    }
    Ok(draft.finish(group.bytes))
}

#[cfg(test)]
mod tests;
