//! The cells of a column as the cache keeps them.

use std::io;

use arrow::array::NullBufferBuilder;
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer};
use arrow::datatypes::ToByteSlice;

use super::{Cells, Texts, Values};
use crate::frame::fields::FieldKind;
use crate::source::cache::{Broken, Packer, Unpacker};

/// What a column's values are told apart by.
const NOTHING: u64 = 0;
const TEXT: u64 = 1;
const WHOLE: u64 = 2;
const CODE: u64 = 3;

impl Cells {
    /// Packs the cells. Of texts, how long each is stands before them: ids are often as long as
    /// one another, and then that is hardly a byte.
    pub(in crate::source) fn pack(&self, into: &mut Packer) -> io::Result<()> {
        let rows = self.rows();
        match &self.values {
            Values::Nothing(_) => into.number(NOTHING),
            Values::Text(Texts { text, ends }) => {
                into.number(TEXT);
                let lengths: Vec<i32> = ends
                    .iter()
                    .zip(ends.iter().skip(1))
                    .map(|(from, to)| to.wrapping_sub(*from))
                    .collect();
                into.block(lengths.to_byte_slice())?;
                into.block(text.as_bytes())?;
            }
            Values::Whole(values) => {
                into.number(WHOLE);
                into.block(values.to_byte_slice())?;
            }
            Values::Code(values) => {
                into.number(CODE);
                into.block(values)?;
            }
        }
        let bits = self.valid.as_slice().and_then(|bits| bits.get(..rows.div_ceil(8)));
        into.block(bits.unwrap_or_default())
    }

    /// Unpacks so many cells of a column of this kind.
    pub(in crate::source) fn unpack(
        kind: FieldKind,
        rows: usize,
        from: &mut Unpacker<'_>,
    ) -> Result<Cells, Broken> {
        let mut cells = Cells::new(kind);
        match (from.number()?, &mut cells.values) {
            (NOTHING, _) => {
                cells = Cells::nothing(kind);
                from.block()?;
                cells.valid.append_n_nulls(rows);
                return Ok(cells);
            }
            (TEXT, Values::Text(texts)) => {
                let lengths = from.block()?;
                let text = String::from_utf8(from.block()?).map_err(|_| Broken)?;
                *texts = texts_of(text, &lengths)?;
            }
            (WHOLE, Values::Whole(values)) => {
                *values = of_eight(&from.block()?, i64::from_ne_bytes)?;
            }
            (CODE, Values::Code(values)) => {
                *values = from.block()?;
                let FieldKind::Word { words, .. } = kind else { return Err(Broken) };
                if values.iter().any(|&code| usize::from(code) >= words.len()) {
                    return Err(Broken);
                }
            }
            _ => return Err(Broken),
        }
        let found = match &cells.values {
            Values::Nothing(_) => rows,
            Values::Text(texts) => texts.ends.len() - 1,
            Values::Whole(values) => values.len(),
            Values::Code(values) => values.len(),
        };
        let bits = from.block()?;
        cells.valid = NullBufferBuilder::new(rows);
        match bits.len() {
            _ if found != rows => return Err(Broken),
            0 => cells.valid.append_n_non_nulls(rows),
            bytes if bytes == rows.div_ceil(8) => {
                let bits = BooleanBuffer::new(Buffer::from_vec(bits), 0, rows);
                cells.valid.append_buffer(&NullBuffer::new(bits));
            }
            _ => return Err(Broken),
        }
        Ok(cells)
    }
}

/// Texts of these lengths, one behind the other.
fn texts_of(text: String, lengths: &[u8]) -> Result<Texts, Broken> {
    let (lengths, rest) = lengths.as_chunks::<4>();
    let mut ends = Vec::with_capacity(lengths.len() + 1);
    let mut end = 0_i32;
    ends.push(end);
    let is_plain = text.is_ascii();
    for length in lengths {
        let length = i32::from_ne_bytes(*length);
        end = end.checked_add(length).filter(|_| length >= 0).ok_or(Broken)?;
        let at = usize::try_from(end).map_err(|_| Broken)?;
        if !is_plain && !text.is_char_boundary(at) {
            return Err(Broken);
        }
        ends.push(end);
    }
    let is_whole = rest.is_empty() && usize::try_from(end).is_ok_and(|end| end == text.len());
    if is_whole { Ok(Texts { text, ends }) } else { Err(Broken) }
}

/// Numbers of eight bytes each.
pub(in crate::source) fn of_eight<T>(
    bytes: &[u8],
    of: impl Fn([u8; 8]) -> T,
) -> Result<Vec<T>, Broken> {
    let (eights, rest) = bytes.as_chunks::<8>();
    if !rest.is_empty() {
        return Err(Broken);
    }
    Ok(eights.iter().map(|eight| of(*eight)).collect())
}
