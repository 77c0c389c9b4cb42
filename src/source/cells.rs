//! The cells of one canonical column of a sheet under way.

mod kept;

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, NullBufferBuilder, StringArray, UInt8Array, new_null_array,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};

pub(super) use self::kept::of_eight;
use super::conform::Value;
use super::refusal::Refusal;
use crate::frame::fields::FieldKind;

/// The cells of one canonical column, which can give back a row that was refused further on.
#[derive(Debug)]
pub(super) struct Cells {
    values: Values,
    valid: NullBufferBuilder,
}

#[derive(Debug)]
enum Values {
    /// The feed has no such column: no row takes any memory for it.
    Nothing(FieldKind),
    Text(Texts),
    Whole(Vec<i64>),
    Code(Vec<u8>),
}

/// Texts, one behind the other.
#[derive(Debug)]
struct Texts {
    text: String,
    ends: Vec<i32>,
}

impl Texts {
    /// Appends a text; `false` where all of them pass what their offsets can say.
    #[must_use]
    fn push(&mut self, text: &str) -> bool {
        let Ok(end) = i32::try_from(self.text.len().saturating_add(text.len())) else {
            return false;
        };
        self.text.push_str(text);
        self.ends.push(end);
        true
    }

    fn push_none(&mut self) {
        self.ends.push(self.ends.last().copied().unwrap_or_default());
    }
}

impl Cells {
    pub(super) fn new(kind: FieldKind) -> Cells {
        let values = match kind {
            FieldKind::Id | FieldKind::Text | FieldKind::Label | FieldKind::Token => {
                Values::Text(Texts { text: String::new(), ends: vec![0] })
            }
            FieldKind::Points | FieldKind::Amount | FieldKind::Whole => Values::Whole(Vec::new()),
            FieldKind::Instant | FieldKind::AsOf => Values::Whole(Vec::new()),
            FieldKind::Word { .. } => Values::Code(Vec::new()),
        };
        Cells { values, valid: NullBufferBuilder::new(0) }
    }

    /// The cells of a column that has a value in no row.
    pub(super) fn nothing(kind: FieldKind) -> Cells {
        Cells { values: Values::Nothing(kind), valid: NullBufferBuilder::new(0) }
    }

    fn rows(&self) -> usize {
        self.valid.len()
    }

    /// Makes room for so many rows more that are like those so far. Where memory has none it is
    /// asked for again as they come.
    pub(super) fn expect(&mut self, rows: usize) {
        let so_far = self.rows().max(1);
        let _ = match &mut self.values {
            Values::Nothing(_) => Ok(()),
            Values::Text(Texts { text, ends }) => {
                let bytes = text.len().saturating_mul(rows) / so_far;
                let room = text.try_reserve(bytes.saturating_add(bytes / 32));
                room.and_then(|()| ends.try_reserve(rows))
            }
            Values::Whole(values) => values.try_reserve(rows),
            Values::Code(values) => values.try_reserve(rows),
        };
    }

    /// Appends a value; `false` where the column's text passes what its offsets can say.
    #[must_use]
    pub(super) fn push(&mut self, value: &Value<'_>) -> bool {
        match (&mut self.values, value) {
            (Values::Text(texts), Value::Text(text)) => {
                if !texts.push(text) {
                    return false;
                }
            }
            (Values::Nothing(_), Value::Null) => {}
            (Values::Text(texts), Value::Null) => texts.push_none(),
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

    /// Appends the value of each row in turn, up to the first that is refused or does not fit,
    /// and says how many there are.
    #[inline]
    pub(super) fn extend<'t>(
        &mut self,
        rows: usize,
        mut value: impl FnMut(usize) -> Result<Value<'t>, Refusal>,
    ) -> usize {
        let stands = |row: &usize| value(*row).is_ok_and(|value| self.push(&value));
        (0..rows).take_while(stands).count()
    }

    /// As [`Cells::extend`], of texts.
    #[inline]
    pub(super) fn extend_texts<'t>(
        &mut self,
        rows: usize,
        mut value: impl FnMut(usize) -> Result<Option<&'t str>, Refusal>,
    ) -> usize {
        let Values::Text(texts) = &mut self.values else { return 0 };
        texts.ends.reserve(rows);
        for row in 0..rows {
            match value(row) {
                Ok(Some(text)) if texts.push(text) => self.valid.append_non_null(),
                Ok(None) => {
                    texts.push_none();
                    self.valid.append_null();
                }
                _ => return row,
            }
        }
        rows
    }

    /// As [`Cells::extend`], of whole numbers.
    #[inline]
    pub(super) fn extend_wholes(
        &mut self,
        rows: usize,
        mut value: impl FnMut(usize) -> Result<Option<i64>, Refusal>,
    ) -> usize {
        let Values::Whole(wholes) = &mut self.values else { return 0 };
        wholes.reserve(rows);
        for row in 0..rows {
            match value(row) {
                Ok(Some(whole)) => {
                    wholes.push(whole);
                    self.valid.append_non_null();
                }
                Ok(None) => {
                    wholes.push(0);
                    self.valid.append_null();
                }
                Err(_) => return row,
            }
        }
        rows
    }

    /// Appends the cells of another piece of the column. Their text together is no more than
    /// offsets can say.
    pub(super) fn append(&mut self, mut more: Cells) {
        if self.rows() == 0 {
            *self = more;
            return;
        }
        let rows = more.rows();
        match (&mut self.values, more.values) {
            (Values::Nothing(_), Values::Nothing(_)) => {}
            (Values::Text(texts), Values::Text(more)) => {
                let before = texts.ends.last().copied().unwrap_or_default();
                texts.text.push_str(&more.text);
                texts.ends.extend(more.ends.iter().skip(1).map(|end| before.saturating_add(*end)));
            }
            (Values::Whole(values), Values::Whole(more)) => values.extend_from_slice(&more),
            (Values::Code(values), Values::Code(more)) => values.extend_from_slice(&more),
            // All pieces of a column are of its kind, so no input gets here.
            (values, more) => unreachable!("{more:?} behind {values:?}"),
        }
        match more.valid.finish() {
            Some(nulls) => self.valid.append_buffer(&nulls),
            None => self.valid.append_n_non_nulls(rows),
        }
    }

    /// The text of a row; the empty one where it has none.
    pub(super) fn text(&self, row: usize) -> &str {
        let Values::Text(Texts { text, ends }) = &self.values else { return "" };
        let at = |row: usize| ends.get(row).and_then(|&end| usize::try_from(end).ok());
        let (Some(from), Some(to)) = (at(row), at(row + 1)) else { return "" };
        text.get(from..to).unwrap_or_default()
    }

    /// The sum of its whole numbers.
    pub(super) fn sum(&self) -> i128 {
        match &self.values {
            Values::Whole(values) => values.iter().map(|&value| i128::from(value)).sum(),
            Values::Nothing(_) | Values::Text(_) | Values::Code(_) => 0,
        }
    }

    /// How many bytes of text it has.
    pub(super) fn text_bytes(&self) -> u64 {
        match &self.values {
            Values::Text(texts) => texts.text.len() as u64,
            Values::Nothing(_) | Values::Whole(_) | Values::Code(_) => 0,
        }
    }

    /// How many bytes of memory its values take.
    pub(super) fn bytes(&self) -> u64 {
        let bytes = match &self.values {
            Values::Nothing(_) => 0,
            Values::Text(texts) => texts.text.len() + texts.ends.len() * size_of::<i32>(),
            Values::Whole(values) => values.len() * size_of::<i64>(),
            Values::Code(values) => values.len(),
        };
        bytes as u64
    }

    pub(super) fn truncate(&mut self, rows: usize) {
        if rows >= self.rows() {
            return;
        }
        match &mut self.values {
            Values::Nothing(_) => {}
            Values::Text(Texts { text, ends }) => {
                ends.truncate(rows + 1);
                let end = ends.last().copied().unwrap_or_default();
                text.truncate(usize::try_from(end).unwrap_or_default());
            }
            Values::Whole(values) => values.truncate(rows),
            Values::Code(values) => values.truncate(rows),
        }
        self.valid.truncate(rows);
    }

    /// The column.
    pub(super) fn finish(mut self) -> ArrayRef {
        let rows = self.rows();
        let nulls = self.valid.finish().filter(|nulls: &NullBuffer| nulls.null_count() > 0);
        match self.values {
            // Its pages are given out zeroed, and are never written.
            Values::Nothing(kind) => new_null_array(&kind.data_type(), rows),
            Values::Text(Texts { text, ends }) => {
                let ends = OffsetBuffer::new(ScalarBuffer::from(ends));
                let text = Buffer::from_vec(text.into_bytes());
                Arc::new(StringArray::new(ends, text, nulls))
            }
            Values::Whole(values) => Arc::new(Int64Array::new(values.into(), nulls)),
            Values::Code(values) => Arc::new(UInt8Array::new(values.into(), nulls)),
        }
    }
}
