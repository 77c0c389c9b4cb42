//! Gathers the sheets of a feed into its one canonical batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array, UInt64Array};
use arrow::record_batch::RecordBatch;
use rayon::prelude::*;

use super::cells::Cells;
use super::conform::{Rule, Supply};
use super::error::SourceError;
use super::sheet::Sheet;
use crate::engine::SpillError;
use crate::feed::{
    DeclaredTotal, Feed, FeedFault, FeedPart, FeedRows, Format, InputFile, PartSum, Reject, Stray,
};
use crate::frame::schema::canonical_schema;

/// The cells of a feed without rows.
fn no_cells(feed: &Feed) -> Vec<Cells> {
    feed.kind.fields().iter().map(|field| Cells::new(field.kind)).collect()
}

/// The most bytes of text in a column, and the most rows: what 32-bit offsets can say.
const LIMIT: u64 = i32::MAX as u64;

/// Whoever takes a feed's rows as they come, in canonical batches.
pub type Taker<'t> = &'t mut (dyn FnMut(&RecordBatch) -> Result<(), SpillError> + Send);

/// Where a feed's rows go.
pub(super) enum Room<'t> {
    /// Into memory, if they take no more than so many bytes.
    Memory(u64),
    /// To whoever takes them, at least so many at a time.
    Apart(Taker<'t>, usize),
}

/// A feed's sheets so far.
pub(super) struct Gathering<'f, 't> {
    feed: &'f Feed,
    room: Room<'t>,
    files: Vec<InputFile>,
    parts: Vec<FeedPart>,
    sums: Vec<PartSum>,
    declared: Vec<DeclaredTotal>,
    /// The canonical columns so far.
    columns: Vec<Cells>,
    part_numbers: Vec<u32>,
    lines: Vec<u64>,
    rejects: Vec<Reject>,
    /// By part, what its sheets had.
    had: BTreeMap<u32, Vec<bool>>,
    /// The parts of text that were read to their ends.
    whole: BTreeSet<u32>,
}

impl<'f, 't> Gathering<'f, 't> {
    pub(super) fn new(feed: &'f Feed, files: &[InputFile], room: Room<'t>) -> Gathering<'f, 't> {
        let columns = no_cells(feed);
        // The rows are counted anew, so that a survey may be read twice.
        let files: Vec<InputFile> =
            files.iter().map(|file| InputFile { rows: 0, ..file.clone() }).collect();
        // A table is one part, whether rows come of it or not.
        let part =
            |(file, input): (u32, &InputFile)| FeedPart { name: input.path.clone(), file, rows: 0 };
        let parts: Vec<FeedPart> = match &feed.format {
            Format::Parquet | Format::Arrow => (0..).zip(&files).map(part).collect(),
            Format::Csv(_) | Format::Fixed(_) | Format::JsonLines(_) => Vec::new(),
        };
        let sums = vec![PartSum::default(); parts.len()];
        Gathering {
            feed,
            room,
            files,
            parts,
            sums,
            declared: Vec::new(),
            columns,
            part_numbers: Vec::new(),
            lines: Vec::new(),
            rejects: Vec::new(),
            had: BTreeMap::new(),
            whole: BTreeSet::new(),
        }
    }

    /// How many parts there are so far.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Adds the sheet that comes next in the order of files and lines.
    pub(super) fn add(&mut self, mut sheet: Sheet) -> Result<(), SourceError> {
        if let Some(file) = self.files.get_mut(sheet.file as usize) {
            file.rows += sheet.rows;
        }
        // Parts are numbered in the order in which their first sheets come.
        if sheet.part as usize >= self.parts.len() {
            self.parts.push(FeedPart { name: sheet.name, file: sheet.file, rows: 0 });
            self.sums.push(PartSum::default());
        }
        if let Some(sum) = self.sums.get_mut(sheet.part as usize) {
            sum.points += sheet.sum.points;
            sum.hash = sum.hash.wrapping_add(sheet.sum.hash);
        }
        if let Some(part) = self.parts.get_mut(sheet.part as usize) {
            part.rows += sheet.rows;
        }
        if !sheet.had.is_empty() {
            let had = self.had.entry(sheet.part).or_default();
            had.resize(sheet.had.len(), false);
            had.iter_mut().zip(&sheet.had).for_each(|(had, has)| *had |= has);
        }
        if sheet.is_last {
            self.whole.insert(sheet.part);
        }
        self.declared.append(&mut sheet.totals);
        self.rejects.append(&mut sheet.rejects);
        if sheet.lines.is_empty() {
            return Ok(());
        }
        let rows = self.lines.len() + sheet.lines.len();
        let fields = self.feed.kind.fields();
        for ((column, field), more) in self.columns.iter_mut().zip(fields).zip(sheet.columns) {
            if column.text_bytes() + more.text_bytes() > LIMIT || rows as u64 > LIMIT {
                let feed = self.feed.kind.word();
                return Err(SourceError::TooLarge { feed, column: field.name });
            }
            // At once, and not at the end, so that no text is ever held twice.
            column.append(more);
        }
        self.part_numbers.resize(rows, sheet.part);
        self.lines.append(&mut sheet.lines);
        match self.room {
            Room::Apart(_, at_once) if rows >= at_once => self.give(),
            Room::Memory(bytes) if self.bytes() > bytes => {
                Err(SourceError::NoRoom { feed: self.feed.kind.word(), bytes })
            }
            Room::Apart(..) | Room::Memory(_) => Ok(()),
        }
    }

    /// What the rows so far take of memory.
    fn bytes(&self) -> u64 {
        let places = self.lines.len() * (size_of::<u64>() + size_of::<u32>());
        self.columns.iter().map(Cells::bytes).sum::<u64>() + places as u64
    }

    /// Gives the rows so far to whoever takes them.
    fn give(&mut self) -> Result<(), SourceError> {
        if self.lines.is_empty() || matches!(self.room, Room::Memory(_)) {
            return Ok(());
        }
        let batch = self.batch()?;
        match &mut self.room {
            Room::Apart(taker, _) => Ok(taker(&batch)?),
            Room::Memory(_) => Ok(()),
        }
    }

    /// The rows so far as a canonical batch; none are left.
    fn batch(&mut self) -> Result<RecordBatch, SourceError> {
        let unframed = |source| SourceError::Frame { feed: self.feed.kind.word(), source };
        let columns = std::mem::replace(&mut self.columns, no_cells(self.feed));
        let mut arrays: Vec<ArrayRef> = columns.into_par_iter().map(Cells::finish).collect();
        arrays.push(Arc::new(UInt32Array::from(std::mem::take(&mut self.part_numbers))));
        arrays.push(Arc::new(UInt64Array::from(std::mem::take(&mut self.lines))));
        RecordBatch::try_new(canonical_schema(self.feed.kind), arrays).map_err(unframed)
    }

    /// The named columns that no row of a part has, of parts that were read whole and whose rows
    /// have names of their own. A row without a key may have no value for it, so that only a column
    /// that every row needs makes the part unreadable.
    pub(super) fn absent(&self, rules: &[Rule]) -> Vec<FeedFault> {
        let mut faults = Vec::new();
        for (number, had) in self.had.iter().filter(|(number, _)| self.whole.contains(number)) {
            let Some(part) = self.parts.get(*number as usize) else { continue };
            for (rule, _) in rules.iter().zip(had).filter(|(_, had)| !**had) {
                let Supply::Named(names) = &rule.supply else { continue };
                let (file, column) = (part.name.clone(), names.join(" / "));
                faults.push(if rule.blank().is_ok() {
                    FeedFault::Unused { file, column }
                } else {
                    let reason = "no row has such a key; a point reaches into an object".to_owned();
                    FeedFault::Column { file, column, reason }
                });
            }
        }
        faults
    }

    /// Notes the totals that a part should hold and does not; `is_head` where parts may not have
    /// been read to their ends.
    fn miss(&mut self, faults: &[FeedFault], is_head: bool) {
        let expected = self.feed.format.expected();
        if is_head {
            self.declared.retain(|total| self.whole.contains(&total.part));
        }
        for (part, FeedPart { name, file, .. }) in (0_u32..).zip(&self.parts) {
            if is_head && !self.whole.contains(&part) {
                continue;
            }
            let is_read = faults.iter().all(|fault| fault.unread() != Some(name.as_str()));
            let file = self.files.get(*file as usize).filter(|file| !file.is_passed_over());
            if let Some(file) = file.filter(|_| is_read) {
                let stated = file.stated.iter().cloned();
                self.declared.extend(stated.map(|total| DeclaredTotal { part, ..total }));
            }
            for &(place, of) in &expected {
                let is_it = |found: &&DeclaredTotal| {
                    found.part == part && found.place == place && found.of == of
                };
                if !self.declared.iter().any(|found| is_it(&found)) {
                    let declared = Err("it is not there".to_owned());
                    self.declared.push(DeclaredTotal { part, line: 0, place, of, declared });
                }
            }
        }
        self.declared.sort();
    }

    /// The feed's rows, rejects and faults; of its head alone, totals of whole parts only.
    pub(super) fn finish(
        mut self,
        faults: Vec<FeedFault>,
        strays: Vec<Stray>,
        is_head: bool,
    ) -> Result<FeedRows, SourceError> {
        self.miss(&faults, is_head);
        self.give()?;
        let rows = self.batch()?;
        let Gathering { feed, files, parts, sums, declared, rejects, .. } = self;
        Ok(FeedRows {
            owner: feed.owner,
            kind: feed.kind,
            rows,
            files,
            parts,
            sums,
            declared,
            rejects,
            faults,
            strays,
        })
    }
}
