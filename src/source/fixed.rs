//! Fixed-width text: a block becomes a sheet. Places are those of bytes, before any is decoded, so
//! that a name in Chinese moves nothing behind it.

use std::borrow::Cow;

use super::blocks::Block;
use super::conform::{Rule, Source};
use super::csv::{AMBIGUOUS, MARKED, UNMIX};
use super::cut::RECORD_BYTES_MAX;
use super::error::SourceError;
use super::sheet::{Draft, Sheet, Spot, after};
use super::text::{Text, unit, written};
use super::totals::Teller;
use crate::feed::{Encoding, Extent, Feed, Fixed, LineEnd, RejectCode, TotalOf, TotalPlace};

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

/// The fields of records that are rows and stand one after the other.
#[derive(Debug, Default)]
struct Batch<'b> {
    lines: Vec<u64>,
    /// Record by record, every field that is read.
    fields: Vec<Cow<'b, str>>,
}

impl<'b> Batch<'b> {
    /// Takes the rows at the head of the records, so many at most, and stops before any other.
    fn fill(
        &mut self,
        records: &[Record<'b>],
        block: &Block,
        rules: &[Rule],
        fixed: &Fixed,
        most: usize,
    ) {
        self.lines.clear();
        self.fields.clear();
        let is_read = |&field: &usize| block.layout.filled(rules, field).is_some();
        let read: Vec<bool> = (0..fixed.fields.len()).map(|field| is_read(&field)).collect();
        for record in records.iter().take(most) {
            let is_long = record.bytes.len() > RECORD_BYTES_MAX;
            if is_long || misshapen(record, block, rules, fixed).is_some() {
                return;
            }
            self.lines.push(record.line);
            self.fields.extend(fixed.fields.iter().zip(&read).map(|((_, extent), is_read)| {
                let bytes = field(record.bytes, *extent).filter(|_| *is_read);
                bytes.map(|bytes| Text::new(bytes, fixed.encoding).text).unwrap_or_default()
            }));
        }
    }
}

/// Splits and conforms a block, so many of its rows together.
pub(super) fn decode(
    block: &Block,
    feed: &Feed,
    rules: &[Rule],
    fixed: &Fixed,
    together: usize,
) -> Result<Sheet, SourceError> {
    let teller = Teller::new(feed.kind, rules, block.part);
    let mut draft = Draft::new(feed.kind.word(), rules, &block.name, block.part, block.file);
    draft.is_last = block.is_last;
    let records = records(block, fixed);
    let count = records.len();
    let mut batch = Batch::default();
    let mut most = together;
    // The first and the last record may be more than rows.
    let first = usize::from(block.is_first && fixed.leading.is_some());
    let rows = count.saturating_sub(usize::from(block.is_last && fixed.trailer.is_some()));
    let mut next = 0;
    loop {
        if next >= first {
            batch.fill(records.get(next..rows).unwrap_or_default(), block, rules, fixed, most);
            let width = fixed.fields.len();
            let stood = draft.rows_on(&batch.lines, |at, rule, cells, rows| {
                let source = block.layout.sources.get(at).copied().flatten();
                let Some(Source { value, sign }) = source else { return 0 };
                let text = |row: usize, field: usize| {
                    batch.fields.get(row * width + field).map(AsRef::as_ref)
                };
                let word = sign.map(|sign| move |row| text(row, sign));
                rule.fill(cells, rows, |row| text(row, value), word)
            });
            most = after(stood).min(together);
            next += stood;
        }
        let at = next;
        next += 1;
        let Some(record) = records.get(at) else { break };
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
            && misshapen(record, block, rules, fixed).is_none()
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
        if let Some((column, code, reason)) = misshapen(record, block, rules, fixed) {
            draft.refuse_for(spot, column, code, reason);
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

/// Why a record is no row, with the canonical column where it can be told.
fn misshapen(
    record: &Record<'_>,
    block: &Block,
    rules: &[Rule],
    fixed: &Fixed,
) -> Option<(&'static str, RejectCode, String)> {
    let (found, wanted) = (record.bytes.len(), fixed.record_bytes);
    if !record.is_ended {
        let reason = "does not end with CRLF; declare `line_end: lf`, or have the line mended";
        return Some(("", RejectCode::Ragged, reason.to_owned()));
    }
    if fixed.line_end == LineEnd::Unmarked && matches!(record.bytes, [b'\n' | b'\r', ..]) {
        let reason = "begins with a line end; declare `line_end: lf` or `crlf`, or count its bytes \
                      among `record_bytes`";
        return Some(("", RejectCode::Ragged, reason.to_owned()));
    }
    if found != wanted {
        let is_crlf = fixed.line_end == LineEnd::Lf && record.bytes.ends_with(b"\r");
        let cure = if is_crlf {
            "the last of them is a carriage return: declare `line_end: crlf`"
        } else {
            "see `record_bytes`, or declare `leading` or `trailer` if it is no row"
        };
        let reason = format!("{found} bytes where the layout has {wanted}; {cure}");
        return Some(("", RejectCode::Ragged, reason));
    }
    let marked = fixed.leading.iter().chain(&fixed.trailer).filter(|marked| marked.exclusive);
    let begins = |marker: &str| record.bytes.starts_with(&written(marker, fixed.encoding));
    if marked.map(|marked| marked.marker.as_str()).any(begins) {
        return Some(("", RejectCode::Ragged, format!("{MARKED}; {UNMIX}")));
    }
    let fault = |bytes: &[u8]| {
        let text = Text::new(bytes, fixed.encoding);
        text.fault(0, text.text.len()).map(|(_, fault)| fault.of_field())
    };
    let whole = fault(record.bytes);
    if whole.is_none() && record.bytes.is_ascii() {
        return None;
    }
    let begins = beginnings(record.bytes, fixed.encoding);
    let mut fields: Vec<usize> = (0..fixed.fields.len()).collect();
    fields.sort_by_key(|&field| fixed.fields.get(field).map(|(_, extent)| extent.at));
    // Two halves of characters may read as another one.
    let is_cut = |field: usize| {
        let Some((_, Extent { at, bytes })) = fixed.fields.get(field) else { return false };
        let from = at.saturating_sub(1);
        let ends = [from, from.saturating_add(*bytes)];
        whole.is_none() && ends.iter().any(|end| begins.binary_search(end).is_err())
    };
    let is_faulty = |&field: &usize| {
        let bytes = extent_of(record.bytes, field, fixed);
        is_cut(field) || bytes.is_some_and(|bytes| fault(bytes).is_some())
    };
    let mut faulty = fields.into_iter().filter(is_faulty).peekable();
    let first = faulty.peek().copied();
    let column = faulty.find_map(|field| Some((field, block.layout.filled(rules, field)?)));
    let (column, reason) = match (whole, column, first) {
        (None, None, _) => return None,
        (None, Some((_, column)), _) => (
            column,
            "the field begins or ends within a character; see that its `at` and `bytes` \
                      count bytes"
                .to_owned(),
        ),
        (Some(fault), Some((field, column)), Some(first)) if field == first => {
            (column, fault.told(None))
        }
        (Some(fault), _, Some(_)) => {
            ("", fault.told(Some("it stands in a field that no column takes")))
        }
        (Some(fault), _, None) => ("", fault.told(Some("it stands between the fields"))),
    };
    Some((column, RejectCode::Undecodable, reason))
}

/// Where the characters of a record begin, and where the last one ends.
fn beginnings(record: &[u8], encoding: Encoding) -> Vec<usize> {
    let (mut begins, mut at) = (vec![0], 0);
    while let Some(rest) = record.get(at..).filter(|rest| !rest.is_empty()) {
        at += match encoding {
            Encoding::Gb18030 => unit(rest),
            Encoding::Utf8 => {
                let is_within = |byte: &&u8| **byte & 0xc0 == 0x80;
                1 + rest.iter().skip(1).take_while(is_within).count()
            }
        };
        begins.push(at);
    }
    begins
}

fn extent_of<'b>(record: &'b [u8], source: usize, fixed: &Fixed) -> Option<&'b [u8]> {
    fixed.fields.get(source).and_then(|(_, extent)| field(record, *extent))
}

fn field(record: &[u8], extent: Extent) -> Option<&[u8]> {
    let from = extent.at.checked_sub(1)?;
    record.get(from..from.checked_add(extent.bytes)?)
}
