//! Parquet: slices of row groups become sheets, with only the declared columns decoded.
//!
//! The decoder is known to panic on some corrupt files, so every call into it is contained and
//! becomes an error that names the file. It may also be handed bytes that changed since the
//! survey, so each file's digest is taken again once its last row group is read.

use std::fs::File;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
    RowSelectionPolicy, RowSelector,
};
use parquet::basic::Type as PhysicalType;
use rayon::prelude::*;

use super::conform::{Rule, Source};
use super::digest::digest;
use super::error::SourceError;
use super::pages::hold;
use super::sheet::{Draft, Sheet};
use super::table::{Columns, Findings, Lanes, contained};
use crate::feed::{Feed, InputFile};

const WHAT: &str = "Parquet";

/// Rows decoded at a time.
const BATCH_ROWS: usize = 8192;

/// Rows of a slice. Writers make row groups of half a million rows and more, which would leave
/// threads without work behind the last ones, and sheets so large that the allocator gives their
/// memory back and asks for it again. A slice begins with whole pages that are passed over unread.
const SLICE_ROWS: u64 = 1 << 16;

/// Some rows of one row group of one file.
#[derive(Debug)]
pub(super) struct Slice {
    file: u32,
    group: Arc<Group>,
    /// Rows of the row group before it.
    skipped: u64,
    rows: u64,
    /// Whether no rows of the row group stand behind it.
    is_last: bool,
    bytes: u64,
    /// Rows of the file before it.
    before: u64,
}

impl Slice {
    /// The file that it belongs to, as an index into the feed's files.
    pub(super) fn file(&self) -> u32 {
        self.file
    }

    /// Its rows.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Which rows of the row group are read, where not all are. One more than there should be is
    /// asked of the last slice, so that rows that the file does not tell of are found.
    fn selected(&self) -> Option<RowSelection> {
        if self.skipped == 0 && self.is_last {
            return None;
        }
        // A row group's rows are counted in 32 bits.
        let rows = (self.rows + u64::from(self.is_last)) as usize;
        let all = [RowSelector::skip(self.skipped as usize), RowSelector::select(rows)];
        Some(all.into_iter().filter(|some| some.row_count > 0).collect())
    }
}

/// A row group of a file.
#[derive(Debug)]
struct Group {
    opened: Arc<Opened>,
    at: usize,
    /// How many rows are decoded together at most, or why none are; found out by whoever comes
    /// first.
    held: OnceLock<Result<usize, String>>,
}

impl Group {
    /// How many rows of it to decode together, by the pages of its file.
    fn batch_rows(&self, input: &mut File, file: &InputFile) -> Result<usize, SourceError> {
        let corrupt = |reason| SourceError::Corrupt { file: file.path.clone(), what: WHAT, reason };
        let held = self.held.get_or_init(|| {
            let metadata = self.opened.metadata.metadata();
            let chunks = metadata.row_group(self.at).columns().iter().enumerate();
            let mut read = chunks.filter(|(leaf, _)| self.opened.mask.leaf_included(*leaf));
            read.try_fold(BATCH_ROWS, |rows, (_, chunk)| Ok(rows.min(hold(input, chunk)?)))
        });
        held.clone().map_err(corrupt)
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

/// Cuts the files of a feed into slices, in order.
#[derive(Debug)]
pub(super) struct Slices<'f> {
    feed: &'f Feed,
    rules: &'f [Rule],
    files: &'f [InputFile],
    at: usize,
    /// The slices of the file at hand.
    pending: std::vec::IntoIter<Slice>,
    /// When each file so far was last modified, as it was opened.
    modified: Vec<Option<SystemTime>>,
    pub(super) findings: Findings,
}

impl<'f> Slices<'f> {
    pub(super) fn new(feed: &'f Feed, rules: &'f [Rule], files: &'f [InputFile]) -> Slices<'f> {
        let pending = Vec::new().into_iter();
        let (modified, findings) = (Vec::new(), Findings::default());
        Slices { feed, rules, files, at: 0, pending, modified, findings }
    }

    /// The next slice, or `None` behind the last file.
    pub(super) fn next(&mut self) -> Result<Option<Slice>, SourceError> {
        loop {
            if let Some(slice) = self.pending.next() {
                return Ok(Some(slice));
            }
            let Some(file) = self.files.get(self.at) else { return Ok(None) };
            if file.is_passed_over() {
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
                self.pending = slices(opened, number, file)?.into_iter();
            }
        }
    }

    /// Whether the files that were read still are those of the survey.
    pub(super) fn verify(&self) -> Result<(), SourceError> {
        let read = |(file, _): &(&InputFile, _)| !file.is_passed_over();
        let files = self.files.par_iter().zip(&self.modified).filter(read);
        let trouble = files.map(|(file, modified)| {
            let changed = || SourceError::Changed { file: file.path.clone() };
            if stamp(self.feed, file)? != (file.bytes, *modified) {
                return Err(changed());
            }
            let found = digest(&self.feed.root.join(&file.path))
                .map_err(|source| SourceError::Io { file: file.path.clone(), source })?;
            if found != (file.bytes, file.blake3.clone()) {
                return Err(changed());
            }
            Ok(())
        });
        // Of several files that changed the first is told.
        trouble.collect::<Vec<Result<(), SourceError>>>().into_iter().collect()
    }

    /// Reads the footer and holds its columns against the rules.
    fn open(&mut self, file: &InputFile) -> Result<Option<Opened>, SourceError> {
        let input = input(self.feed, file)?;
        let metadata = contained(&file.path, WHAT, || {
            ArrowReaderMetadata::load(&input, ArrowReaderOptions::new())
                .map_err(|error| error.to_string())
        })?;
        let odd = |root| is_int96(&metadata, root).then(|| INT96.to_owned());
        let schema = metadata.schema();
        let columns = self.findings.columns(self.feed, self.rules, &file.path, schema, odd);
        let Some(Columns { projected, sources }) = columns else { return Ok(None) };
        let mask = ProjectionMask::roots(metadata.parquet_schema(), projected);
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

fn slices(opened: Opened, number: u32, file: &InputFile) -> Result<Vec<Slice>, SourceError> {
    let corrupt =
        |reason: String| SourceError::Corrupt { file: file.path.clone(), what: WHAT, reason };
    let opened = Arc::new(opened);
    let mut slices = Vec::new();
    let mut before = 0u64;
    for (at, group) in opened.metadata.metadata().row_groups().iter().enumerate() {
        // A row group of more rows than 32 bits count fits no frame; such a number is damage.
        let of_group: u64 = u32::try_from(group.num_rows())
            .map_err(|_| corrupt("its row groups have no sensible size".to_owned()))?
            .into();
        // A column without lists has a value or a null for each row.
        let flat =
            group.columns().iter().filter(|column| column.column_descr().max_rep_level() == 0);
        if let Some(other) =
            flat.map(|column| column.num_values()).find(|values| *values != group.num_rows())
        {
            return Err(corrupt(format!("a row group of {of_group} rows has a column of {other}")));
        }
        let bytes = group
            .columns()
            .iter()
            .map(|column| u64::try_from(column.compressed_size()).unwrap_or_default())
            .fold(0u64, u64::saturating_add)
            .min(file.bytes);
        let count = of_group.div_ceil(SLICE_ROWS);
        let group = Arc::new(Group { opened: Arc::clone(&opened), at, held: OnceLock::new() });
        for of_count in 0..count {
            let skipped = of_count * SLICE_ROWS;
            let rows = (of_group - skipped).min(SLICE_ROWS);
            let is_last = of_count + 1 == count;
            let group = Arc::clone(&group);
            // What does not divide is read with the last.
            let bytes = if is_last { bytes - bytes / count * of_count } else { bytes / count };
            slices.push(Slice { file: number, group, skipped, rows, is_last, bytes, before });
            before += rows;
        }
    }
    Ok(slices)
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

/// Decodes and conforms a slice.
pub(super) fn decode(
    slice: &Slice,
    feed: &Feed,
    rules: &[Rule],
    file: &InputFile,
    together: usize,
) -> Result<Sheet, SourceError> {
    // A handle of its own, because a cloned one would share its position with other threads.
    let mut input = input(feed, file)?;
    let opened = &slice.group.opened;
    let batch_rows = contained(&file.path, WHAT, || Ok(slice.group.batch_rows(&mut input, file)))??;
    let mut reader = contained(&file.path, WHAT, || {
        let mut reader =
            ParquetRecordBatchReaderBuilder::new_with_metadata(input, opened.metadata.clone())
                .with_row_groups(vec![slice.group.at])
                .with_projection(opened.mask.clone())
                .with_batch_size(batch_rows);
        if let Some(rows) = slice.selected() {
            reader = reader
                .with_row_selection(rows)
                .with_row_selection_policy(RowSelectionPolicy::Selectors);
        }
        reader.build().map_err(|error| error.to_string())
    })?;
    let mut draft = Draft::new(feed.kind.word(), rules, &file.path, slice.file, slice.file);
    let mut is_first = true;
    loop {
        let batch = contained(&file.path, WHAT, || {
            let Some(batch) = reader.next() else { return Ok(None) };
            let batch = batch.map_err(|error| error.to_string())?;
            Lanes::new(&batch, &opened.sources).map(Some)
        })?;
        let Some(lanes) = batch else { break };
        lanes.rows(&mut draft, slice.before, together)?;
        if std::mem::take(&mut is_first) {
            draft.expect(slice.rows);
        }
    }
    if draft.rows() != slice.rows {
        let (said, gave) = (slice.skipped + slice.rows, slice.skipped + draft.rows());
        return Err(SourceError::Corrupt {
            file: file.path.clone(),
            what: WHAT,
            reason: format!("a row group of {said} rows gave {gave}"),
        });
    }
    Ok(draft.finish(slice.bytes))
}

#[cfg(test)]
mod tests;
