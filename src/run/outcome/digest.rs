//! What counted events say, as their table is written: their digest.

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int64Type;
use arrow::error::ArrowError;

use crate::publish::{PublishError, plain};
use crate::value::party::Party;

/// The digest of what counted events say, without their places, as they come in their order.
#[derive(Debug, Default)]
pub struct ClearedDigest {
    hasher: blake3::Hasher,
    /// What is to be hashed: a few bytes at a time would take several times as long.
    waiting: Vec<u8>,
}

/// Bytes that are hashed together.
const HASHED_BYTES: usize = 1 << 16;

impl ClearedDigest {
    /// Adds events as they are published: both legs by their ids, the issuer points that each
    /// clears and the mirror that was agreed.
    ///
    /// # Errors
    /// [`PublishError`] when the batch is none of `cleared_events`.
    pub fn add_rows(&mut self, batch: &RecordBatch) -> Result<(), PublishError> {
        let Columns { issuers, legs, points, agreed, .. } = Columns::of(batch)?;
        for row in 0..batch.num_rows() {
            let issuer = party(issuers.value(row));
            for text in [issuer.letter(), said(legs.0, row), said(legs.1, row)] {
                self.waiting.extend((text.len() as u64).to_le_bytes());
                self.waiting.extend(text.as_bytes());
            }
            let agreed = if agreed.is_valid(row) { agreed.value(row) } else { 0 };
            self.waiting.extend(i128::from(points.value(row)).to_le_bytes());
            self.waiting.extend(i128::from(agreed).to_le_bytes());
            if self.waiting.len() >= HASHED_BYTES {
                self.hasher.update(&self.waiting);
                self.waiting.clear();
            }
        }
        Ok(())
    }

    /// The digest in hexadecimal digits.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.hasher.update(&self.waiting);
        self.hasher.finalize().to_hex().to_string()
    }
}

/// Columns of `cleared_events`.
pub struct Columns<'b> {
    pub issuers: &'b StringArray,
    pub lines: &'b Int64Array,
    legs: (&'b StringArray, &'b StringArray),
    points: &'b Int64Array,
    agreed: &'b Int64Array,
}

impl<'b> Columns<'b> {
    /// Those of a batch.
    ///
    /// # Errors
    /// [`PublishError`] when the batch is none of that table.
    pub fn of(batch: &'b RecordBatch) -> Result<Columns<'b>, PublishError> {
        let unsound = || ArrowError::SchemaError("not the columns of cleared_events".to_owned());
        let column = |name: &str| batch.column_by_name(name).ok_or_else(unsound);
        let texts = |name: &str| column(name)?.as_string_opt::<i32>().ok_or_else(unsound);
        let wholes = |name: &str| column(name)?.as_primitive_opt::<Int64Type>().ok_or_else(unsound);
        Ok(Columns {
            issuers: texts("issuer")?,
            lines: wholes("line_no")?,
            legs: (texts("issuer_event_id")?, texts("acceptor_event_id")?),
            points: wholes("points")?,
            agreed: wholes("agreed_mirror")?,
        })
    }
}

/// The party of a letter.
pub fn party(letter: &str) -> Party {
    if letter == Party::A.letter() { Party::A } else { Party::B }
}

/// A text as it was before it was made safe for spreadsheets; nothing where there is none.
fn said(texts: &StringArray, row: usize) -> &str {
    if texts.is_valid(row) { plain(texts.value(row)) } else { "" }
}
