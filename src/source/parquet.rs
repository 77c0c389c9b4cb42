//! Parquet: row groups become sheets, with only the declared columns decoded.
//!
//! The decoder is known to panic on some corrupt files, so every call into it is contained and
//! becomes an error that names the file. It may also be handed bytes that changed since the
//! survey, so each file's digest is taken again once its last row group is read.

use std::fs::File;
use std::sync::Arc;
use std::time::SystemTime;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::Type as PhysicalType;

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

    /// Its rows.
    pub(super) fn rows(&self) -> u64 {
        self.rows
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
    pub(super) findings: Findings,
}

impl<'f> RowGroups<'f> {
    pub(super) fn new(feed: &'f Feed, rules: &'f [Rule], files: &'f [InputFile]) -> RowGroups<'f> {
        let pending = Vec::new().into_iter();
        let (modified, findings) = (Vec::new(), Findings::default());
        RowGroups { feed, rules, files, at: 0, pending, modified, findings }
    }

    /// The next row group, or `None` behind the last file.
    pub(super) fn next(&mut self) -> Result<Option<RowGroup>, SourceError> {
        loop {
            if let Some(group) = self.pending.next() {
                return Ok(Some(group));
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
                self.pending = row_groups(opened, number, file)?.into_iter();
            }
        }
    }

    /// Whether the files that were read still are those of the survey.
    pub(super) fn verify(&self) -> Result<(), SourceError> {
        let read = |(file, _): &(&InputFile, _)| !file.is_passed_over();
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

fn row_groups(opened: Opened, number: u32, file: &InputFile) -> Result<Vec<RowGroup>, SourceError> {
    let corrupt = || SourceError::Corrupt {
        file: file.path.clone(),
        what: WHAT,
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

/// Decodes and conforms a row group.
pub(super) fn decode(
    group: &RowGroup,
    feed: &Feed,
    rules: &[Rule],
    file: &InputFile,
    together: usize,
) -> Result<Sheet, SourceError> {
    // A handle of its own, because a cloned one would share its position with other threads.
    let mut input = input(feed, file)?;
    let opened = &group.opened;
    let batch_rows = contained(&file.path, WHAT, || {
        let chunks = opened.metadata.metadata().row_group(group.at).columns().iter().enumerate();
        let mut read = chunks.filter(|(leaf, _)| opened.mask.leaf_included(*leaf));
        read.try_fold(BATCH_ROWS, |rows, (_, chunk)| Ok(rows.min(hold(&mut input, chunk)?)))
    })?;
    let mut reader = contained(&file.path, WHAT, || {
        ParquetRecordBatchReaderBuilder::new_with_metadata(input, opened.metadata.clone())
            .with_row_groups(vec![group.at])
            .with_projection(opened.mask.clone())
            .with_batch_size(batch_rows)
            .build()
            .map_err(|error| error.to_string())
    })?;
    let mut draft = Draft::new(feed.kind.word(), rules, &file.path, group.file, group.file);
    let mut is_first = true;
    loop {
        let batch = contained(&file.path, WHAT, || {
            let Some(batch) = reader.next() else { return Ok(None) };
            let batch = batch.map_err(|error| error.to_string())?;
            Lanes::new(&batch, &opened.sources).map(Some)
        })?;
        let Some(lanes) = batch else { break };
        lanes.rows(&mut draft, group.before, together)?;
        if std::mem::take(&mut is_first) {
            draft.expect(group.rows);
        }
    }
    if draft.rows() != group.rows {
        return Err(SourceError::Corrupt {
            file: file.path.clone(),
            what: WHAT,
            reason: format!("a row group of {} rows gave {}", group.rows, draft.rows()),
        });
    }
    Ok(draft.finish(group.bytes))
}

#[cfg(test)]
mod tests;
