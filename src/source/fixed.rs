//! Fixed-width text: a block becomes a sheet. Places are those of bytes, before any is decoded, so
//! that a name in Chinese moves nothing behind it.

use super::blocks::Block;
use super::conform::{Rule, Source};
use super::cut::RECORD_BYTES_MAX;
use super::error::SourceError;
use super::sheet::{Draft, Sheet, Spot};
use super::text::{Text, written};
use super::totals::Teller;
use crate::feed::{Extent, Feed, Fixed, LineEnd, RejectCode, TotalOf, TotalPlace};

/// A record of a block.
struct Record<'b> {
    from: usize,
    line: u64,
    /// Without its line end.
    bytes: &'b [u8],
    /// Whether its line end is the declared one.
    is_ended: bool,
}

fn records<'b>(block: &'b Block, fixed: &Fixed) -> Vec<Record<'b>> {
    if fixed.line_end == LineEnd::Unmarked {
        let size = fixed.record_bytes.max(1);
        let before = block.offset / size as u64;
        let chunks = block.bytes.chunks(size).zip(1..);
        let record = |(bytes, number): (&'b [u8], u64)| Record {
            from: size * usize::try_from(number - 1).unwrap_or_default(),
            line: before + number,
            bytes,
            is_ended: true,
        };
        return chunks.map(record).collect();
    }
    let mut records = Vec::new();
    let mut from = 0;
    for (whole, line) in block.bytes.split_inclusive(|&byte| byte == b'\n').zip(block.line..) {
        let line_bytes = whole.strip_suffix(b"\n").unwrap_or(whole);
        let (bytes, is_ended) = match fixed.line_end {
            LineEnd::Crlf => match line_bytes.strip_suffix(b"\r") {
                Some(bytes) => (bytes, true),
                // The last line of a file need not end at all.
                None => (line_bytes, line_bytes.len() == whole.len()),
            },
            LineEnd::Lf | LineEnd::Unmarked => (line_bytes, true),
        };
        if !bytes.is_empty() {
            records.push(Record { from, line, bytes, is_ended });
        }
        from += whole.len();
    }
    records
}

/// Splits and conforms a block.
pub(super) fn decode(
    block: &Block,
    feed: &Feed,
    rules: &[Rule],
    fixed: &Fixed,
) -> Result<Sheet, SourceError> {
    let teller = Teller::new(feed.kind, rules, block.part);
    let mut draft = Draft::new(feed.kind.word(), rules, &block.name, block.part, block.file);
    let records = records(block, fixed);
    let count = records.len();
    for (at, record) in records.into_iter().enumerate() {
        if record.bytes.len() > RECORD_BYTES_MAX {
            let file = block.name.to_string();
            return Err(SourceError::LongRecord { file, line: record.line });
        }
        let spot = Spot { line: record.line, byte_offset: Some(block.offset + record.from as u64) };
        let marked = [
            (TotalPlace::Leading, fixed.leading.as_ref().filter(|_| block.is_first && at == 0)),
            (
                TotalPlace::Trailer,
                fixed.trailer.as_ref().filter(|_| block.is_last && at + 1 == count),
            ),
        ];
        let marked = marked.into_iter().find_map(|(place, marked)| {
            let begins = |marker: &str| record.bytes.starts_with(&written(marker, fixed.encoding));
            Some((place, marked.filter(|marked| begins(&marked.marker))?))
        });
        if let Some((_, marked)) = marked
            && marked.rows.is_none()
            && marked.points.is_none()
            && is_row(&record, block, rules, fixed)
        {
            draft.refuse(spot, RejectCode::Ragged, AMBIGUOUS.to_owned());
            continue;
        }
        if let Some((place, marked)) = marked {
            draft.totals.push(teller.record(place, record.line));
            for (of, extent) in [(TotalOf::Rows, marked.rows), (TotalOf::Points, marked.points)] {
                let Some(extent) = extent else { continue };
                let text = field(record.bytes, extent).map(|b| Text::new(b, fixed.encoding));
                let text = text.as_ref().map(|text| text.text.as_ref());
                draft.totals.push(teller.figure(place, of, record.line, text));
            }
            continue;
        }
        if let Some((code, reason)) = misshapen(&record, block, fixed) {
            draft.refuse(spot, code, reason);
            continue;
        }
        draft.row(spot, |at, rule, slot| {
            // The layout was made for these rules and the length has been checked, so the bytes
            // are there.
            let source = block.layout.sources.get(at).copied().flatten();
            let text = |field: usize| {
                Some(Text::new(extent_of(record.bytes, field, fixed)?, fixed.encoding))
            };
            let value = source.and_then(|source| text(source.value));
            let sign = source.and_then(|source| text(source.sign?));
            let value = value.as_ref().map(|value| value.text.as_ref()).unwrap_or_default();
            slot.take_text(rule, value, sign.as_ref().map(|sign| sign.text.as_ref()))
        })?;
    }
    Ok(draft.finish(block.bytes.len() as u64))
}

const AMBIGUOUS: &str = "begins with the marker and reads as a row; declare `rows` or `points` of \
     the marked record, or a longer marker";

/// Whether a record has every value that a row needs, each as it is declared.
fn is_row(record: &Record<'_>, block: &Block, rules: &[Rule], fixed: &Fixed) -> bool {
    let text = |field: usize| {
        Some(Text::new(extent_of(record.bytes, field, fixed)?, fixed.encoding).text.into_owned())
    };
    let fits = |(rule, source): (&Rule, &Option<Source>)| {
        let Some(source) = source else { return true };
        let value = text(source.value).unwrap_or_default();
        let word = source.sign.and_then(text);
        rule.sign(&value, word.as_deref()).is_ok_and(|sign| rule.text(&value, sign).is_ok())
    };
    misshapen(record, block, fixed).is_none() && rules.iter().zip(&block.layout.sources).all(fits)
}

fn misshapen(record: &Record<'_>, block: &Block, fixed: &Fixed) -> Option<(RejectCode, String)> {
    let (found, wanted) = (record.bytes.len(), fixed.record_bytes);
    if !record.is_ended {
        return Some((RejectCode::Ragged, "does not end with CRLF".to_owned()));
    }
    if found != wanted {
        let reason = format!("{found} bytes where the layout has {wanted}");
        return Some((RejectCode::Ragged, reason));
    }
    let fault = |bytes: &[u8]| {
        let text = Text::new(bytes, fixed.encoding);
        text.fault(0, text.text.len())
    };
    if let Some(reason) = fault(record.bytes) {
        return Some((RejectCode::Undecodable, reason));
    }
    if record.bytes.is_ascii() {
        return None;
    }
    let sources = block.layout.sources.iter().flatten();
    let cut = sources
        .flat_map(|source| [Some(source.value), source.sign])
        .flatten()
        .filter_map(|source| extent_of(record.bytes, source, fixed))
        .any(|bytes| fault(bytes).is_some());
    cut.then(|| (RejectCode::Undecodable, "a field begins or ends within a character".to_owned()))
}

fn extent_of<'b>(record: &'b [u8], source: usize, fixed: &Fixed) -> Option<&'b [u8]> {
    fixed.fields.get(source).and_then(|(_, extent)| field(record, *extent))
}

fn field(record: &[u8], extent: Extent) -> Option<&[u8]> {
    let from = extent.at.checked_sub(1)?;
    record.get(from..from.checked_add(extent.bytes)?)
}
