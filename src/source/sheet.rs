//! A sheet: the canonical rows and the rejects of one piece of one file.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanBufferBuilder, Int64Array, StringArray, UInt8Array};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

use super::conform::{Rule, Supply, Value, trim};
use super::error::SourceError;
use super::refusal::Refusal;
use crate::feed::{DeclaredTotal, Reject, RejectCode};
use crate::frame::fields::FieldKind;
use crate::value::token::redact;

/// The cells of one canonical column, which can give back a row that was refused further on.
#[derive(Debug)]
pub(super) struct Cells {
    values: Values,
    valid: BooleanBufferBuilder,
}

#[derive(Debug)]
enum Values {
    Text { text: String, ends: Vec<i32> },
    Whole(Vec<i64>),
    Code(Vec<u8>),
}

impl Cells {
    fn new(kind: FieldKind) -> Cells {
        let values = match kind {
            FieldKind::Id | FieldKind::Text | FieldKind::Token => {
                Values::Text { text: String::new(), ends: vec![0] }
            }
            FieldKind::Points | FieldKind::Amount | FieldKind::Whole => Values::Whole(Vec::new()),
            FieldKind::Instant | FieldKind::AsOf => Values::Whole(Vec::new()),
            FieldKind::Word { .. } => Values::Code(Vec::new()),
        };
        Cells { values, valid: BooleanBufferBuilder::new(0) }
    }

    fn rows(&self) -> usize {
        self.valid.len()
    }

    /// Appends a value; `false` where the column's text passes what its offsets can say.
    #[must_use]
    fn push(&mut self, value: &Value<'_>) -> bool {
        match (&mut self.values, value) {
            (Values::Text { text, ends }, Value::Text(value)) => {
                let Ok(end) = i32::try_from(text.len().saturating_add(value.len())) else {
                    return false;
                };
                text.push_str(value);
                ends.push(end);
            }
            (Values::Text { ends, .. }, Value::Null) => {
                ends.push(ends.last().copied().unwrap_or_default());
            }
            (Values::Whole(values), Value::Whole(value)) => values.push(*value),
            (Values::Whole(values), Value::Null) => values.push(0),
            (Values::Code(values), Value::Code(value)) => values.push(*value),
            (Values::Code(values), Value::Null) => values.push(0),
            // A rule makes values of its own column's kind only, so no input gets here.
            (values, value) => unreachable!("{value:?} in {values:?}"),
        }
        self.valid.append(!matches!(value, Value::Null));
        true
    }

    fn truncate(&mut self, rows: usize) {
        if rows >= self.rows() {
            return;
        }
        match &mut self.values {
            Values::Text { text, ends } => {
                ends.truncate(rows + 1);
                let end = ends.last().copied().unwrap_or_default();
                text.truncate(usize::try_from(end).unwrap_or_default());
            }
            Values::Whole(values) => values.truncate(rows),
            Values::Code(values) => values.truncate(rows),
        }
        self.valid.truncate(rows);
    }

    fn finish(mut self) -> (ArrayRef, u64) {
        let nulls = Some(NullBuffer::new(self.valid.finish())).filter(|n| n.null_count() > 0);
        match self.values {
            Values::Text { text, ends } => {
                let bytes = text.len() as u64;
                let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
                let text = Buffer::from_vec(text.into_bytes());
                (Arc::new(StringArray::new(ends, text, nulls)), bytes)
            }
            Values::Whole(values) => (Arc::new(Int64Array::new(values.into(), nulls)), 0),
            Values::Code(values) => (Arc::new(UInt8Array::new(values.into(), nulls)), 0),
        }
    }
}

/// One piece of one file, conformed.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// The part's number among those of the feed.
    pub(super) part: u32,
    /// The file, as an index into the feed's files.
    pub(super) file: u32,
    /// The part as it is told.
    pub(super) name: String,
    /// Rows read, refused ones included.
    pub(super) rows: u64,
    /// Bytes read.
    pub(super) bytes: u64,
    /// The canonical columns.
    pub(super) columns: Vec<ArrayRef>,
    /// Bytes of text in each of them.
    pub(super) text_bytes: Vec<u64>,
    /// The line of each row.
    pub(super) lines: Vec<u64>,
    /// The refused rows.
    pub(super) rejects: Vec<Reject>,
    /// Totals that the part declares of itself.
    pub(super) totals: Vec<DeclaredTotal>,
    /// By canonical column, whether a row has it under one of its names; nothing where the file
    /// names its columns itself, or where no row is read.
    pub(super) had: Vec<bool>,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) line: u64,
    pub(super) byte_offset: Option<u64>,
}

/// A refused cell, with what may be shown of it.
#[derive(Debug)]
pub(super) struct Refused {
    refusal: Refusal,
    redacted: String,
}

/// Where a cell's value goes.
pub(super) struct Slot<'s> {
    cells: &'s mut Cells,
    full: bool,
}

impl Slot<'_> {
    /// Takes a cell of text, with the cell of its sign column where the rule has one.
    pub(super) fn take_text(
        &mut self,
        rule: &Rule,
        raw: &str,
        sign: Option<&str>,
    ) -> Result<(), Refused> {
        match rule.sign(raw, sign) {
            Ok(sign) => self.take(rule.text(raw, sign), trim(raw)),
            Err(refusal) => self.take(Err(refusal), trim(sign.unwrap_or_default())),
        }
    }

    /// Takes what the rule made of a cell; a refusal is shown with the raw cell masked.
    pub(super) fn take(
        &mut self,
        made: Result<Value<'_>, Refusal>,
        raw: &str,
    ) -> Result<(), Refused> {
        match made {
            Ok(value) => {
                self.full = !self.cells.push(&value);
                Ok(())
            }
            Err(refusal) => Err(Refused { refusal, redacted: redact(raw) }),
        }
    }
}

/// A sheet under way.
#[derive(Debug)]
pub(super) struct Draft<'r> {
    rules: &'r [Rule],
    feed: &'static str,
    name: &'r str,
    part: u32,
    file: u32,
    rows: u64,
    cells: Vec<Cells>,
    lines: Vec<u64>,
    rejects: Vec<Reject>,
    /// Totals that were found on the way.
    pub(super) totals: Vec<DeclaredTotal>,
    /// By canonical column, whether a row has it; for rows with names of their own.
    pub(super) had: Vec<bool>,
}

impl<'r> Draft<'r> {
    pub(super) fn new(
        feed: &'static str,
        rules: &'r [Rule],
        name: &'r str,
        part: u32,
        file: u32,
    ) -> Draft<'r> {
        let cells = rules.iter().map(|rule| Cells::new(rule.field.kind)).collect();
        let (lines, rejects, totals) = (Vec::new(), Vec::new(), Vec::new());
        let had = Vec::new();
        Draft { rules, feed, name, part, file, rows: 0, cells, lines, rejects, totals, had }
    }

    /// Adds a row. `fill` is called for each named column in order and gives its cell to the slot;
    /// the first refusal takes the whole row out.
    pub(super) fn row(
        &mut self,
        spot: Spot,
        mut fill: impl FnMut(usize, &Rule, &mut Slot<'_>) -> Result<(), Refused>,
    ) -> Result<(), SourceError> {
        self.rows += 1;
        let mut refused = None;
        for (at, (rule, cells)) in self.rules.iter().zip(&mut self.cells).enumerate() {
            let mut slot = Slot { cells, full: false };
            let filled = match &rule.supply {
                Supply::Everywhere(value) => {
                    slot.full = !slot.cells.push(value);
                    Ok(())
                }
                Supply::Named(_) => fill(at, rule, &mut slot),
            };
            if slot.full {
                return Err(SourceError::TooLarge { feed: self.feed, column: rule.field.name });
            }
            if let Err(reason) = filled {
                refused = Some((rule.field.name, reason));
                break;
            }
        }
        let Some((column, Refused { refusal, redacted })) = refused else {
            self.lines.push(spot.line);
            return Ok(());
        };
        if let Refusal::UnknownKind(word) = refusal {
            let (file, column) = (self.name.to_owned(), column.to_owned());
            return Err(SourceError::UnknownKind { file, line: spot.line, column, word });
        }
        for cells in &mut self.cells {
            cells.truncate(self.lines.len());
        }
        self.push_reject(spot, column, RejectCode::Value, refusal.to_string(), redacted);
        Ok(())
    }

    /// Adds a record that is refused as a whole. Nothing of it is shown, because it may hold
    /// columns that nobody declared.
    pub(super) fn refuse(&mut self, spot: Spot, code: RejectCode, reason: String) {
        self.rows += 1;
        self.push_reject(spot, "", code, reason, String::new());
    }

    fn push_reject(
        &mut self,
        spot: Spot,
        column: &str,
        code: RejectCode,
        reason: String,
        redacted: String,
    ) {
        self.rejects.push(Reject {
            file: self.name.to_owned(),
            line: spot.line,
            byte_offset: spot.byte_offset,
            column: column.to_owned(),
            code,
            reason,
            redacted,
        });
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// The finished sheet, made of that many bytes.
    pub(super) fn finish(self, bytes: u64) -> Sheet {
        let Draft { part, file, rows, cells, lines, rejects, totals, had, .. } = self;
        let name = self.name.to_owned();
        let (columns, text_bytes) = cells.into_iter().map(Cells::finish).unzip();
        Sheet { part, file, name, rows, bytes, columns, text_bytes, lines, rejects, totals, had }
    }
}
