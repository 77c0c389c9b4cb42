//! Delimited text: a block becomes a sheet.

use super::blocks::{Block, dialect, is_too_long, value};
use super::conform::{Rule, trim};
use super::error::SourceError;
use super::layout::Layout;
use super::record::{Dialect, Flaw, Record, Records, Span};
use super::refusal::Refusal;
use super::sheet::{Draft, Sheet, Spot, after};
use super::split::{Batch, Plain};
use super::text::Text;
use super::totals::Teller;
use crate::feed::{Delimited, Encoding, Feed, RejectCode, TotalOf, TotalPlace};

/// Where the last records of a part begin.
#[derive(Debug, Clone, Copy)]
struct Tail {
    last: usize,
    before: usize,
    /// Behind the last record; what stands there is an epilogue.
    end: usize,
}

impl Tail {
    fn find(text: &str, dialect: &Dialect, line: u64) -> Option<Tail> {
        let mut records = Records::new(text.as_bytes(), dialect, line);
        let mut spans = Vec::new();
        let mut tail = None;
        while let Some(record) = records.next(&mut spans) {
            if !record.is_comment {
                let before = tail.map_or(usize::MAX, |tail: Tail| tail.last);
                tail = Some(Tail { last: record.from, before, end: record.to });
            }
        }
        tail
    }
}

/// Splits and conforms a block, so many of its plain records together.
pub(super) fn decode(
    block: &Block,
    feed: &Feed,
    rules: &[Rule],
    csv: &Delimited,
    together: usize,
) -> Result<Sheet, SourceError> {
    let text = Text::new(&block.bytes, csv.encoding);
    let mut places = text.places();
    let dialect = dialect(csv, Encoding::Utf8);
    let teller = Teller::new(feed.kind, rules, block.part);
    let mut draft = Draft::new(feed.kind.word(), rules, &block.name, block.part, block.file);
    draft.is_last = block.is_last;
    draft.totals.clone_from(&block.totals);
    let has_tail = csv.comment.is_some() || csv.trailer.is_some() || csv.summary.is_some();
    let tail =
        (block.is_last && has_tail).then(|| Tail::find(&text.text, &dialect, block.line)).flatten();
    let mut leading = csv.leading.as_ref().filter(|_| block.is_first && block.totals.is_empty());
    let mut has_records = !block.is_first;
    let mut summary: Option<Vec<String>> = None;
    // The last records of a part may be more than rows.
    let until = tail.map_or(usize::MAX, |tail| tail.last.min(tail.before));
    let plain = Plain::new(&text.text, &block.layout, &dialect, &csv.prefix, until);
    let plain = plain.filter(|_| text.is_clean() && together > 0);
    let mut batch = Batch::new(&text.text, block.layout.width, &csv.prefix);
    let mut most = together;
    let mut records = Records::new(text.text.as_bytes(), &dialect, block.line);
    let mut spans = Vec::with_capacity(block.layout.width);
    loop {
        if let Some(plain) = plain.as_ref().filter(|_| leading.is_none()) {
            batch.fill(&mut records, plain, most);
            has_records |= batch.rows() > 0;
            let stood = draft.rows_on(&batch.lines, |at, rule, cells, rows| {
                let source = block.layout.sources.get(at).copied().flatten();
                source.map_or(0, |source| batch.column(source, rule, cells, rows))
            });
            most = after(stood).min(together);
            if let Some((from, line)) = batch.place(stood) {
                records.go_to(from, line);
            }
        }
        let Some(record) = records.next(&mut spans) else { break };
        if is_too_long(&record) {
            let file = block.name.to_string();
            return Err(SourceError::LongRecord { file, line: record.line });
        }
        let begins = places.byte(record.from, record.line - block.line) as u64;
        let spot = Spot { line: record.line, byte_offset: Some(block.offset + begins) };
        if record.is_comment {
            let is_epilogue = block.is_last && tail.is_none_or(|tail| record.from >= tail.end);
            if is_epilogue || !has_records || csv.comment_anywhere {
                let line = spans.first().and_then(|span| text.text.get(span.from..span.to));
                let line = line.unwrap_or_default();
                teller.comment(csv.totals.as_ref(), record.line, line, &mut draft.totals);
            } else {
                draft.refuse(spot, RejectCode::Ragged, COMMENT.to_owned());
            }
            continue;
        }
        if record.flaw.is_some_and(Flaw::is_of_extent) && record.line_ends > 1 {
            // Which of these lines are rows cannot be known, and a statement without them is wrong.
            let (file, lines) = (block.name.to_string(), record.line_ends);
            return Err(SourceError::Swallowed { file, line: record.line, lines });
        }
        let cell = |at: usize| spans.get(at).map(|&span| value(&text.text, span, &csv.prefix));
        let first = cell(0).map(|(first, _)| trim(&first).to_owned()).unwrap_or_default();
        let is_last = tail.is_some_and(|tail| tail.last == record.from);
        let marked = [
            (TotalPlace::Leading, leading.take()),
            (TotalPlace::Trailer, csv.trailer.as_ref().filter(|_| is_last)),
        ];
        let marked = marked
            .into_iter()
            .find_map(|(place, marked)| Some((place, marked.filter(|m| m.marker == first)?)));
        if let Some((_, marked)) = marked
            && marked.rows.is_none()
            && marked.points.is_none()
            && misshapen(&record, &spans, &first, &block.layout).is_none()
        {
            draft.refuse(spot, RejectCode::Ragged, AMBIGUOUS.to_owned());
            continue;
        }
        if let Some((place, marked)) = marked {
            draft.totals.push(teller.record(place, record.line));
            for (of, at) in [(TotalOf::Rows, marked.rows), (TotalOf::Points, marked.points)] {
                let Some(at) = at else { continue };
                let text = cell(at.saturating_sub(1));
                let text = text.as_ref().map(|(text, _)| text.as_ref());
                draft.totals.push(teller.figure(place, of, record.line, text));
            }
            continue;
        }
        has_records = true;
        if let Some(columns) = &csv.summary {
            let columns = [(TotalOf::Rows, &columns.rows), (TotalOf::Points, &columns.points)];
            if tail.is_some_and(|tail| tail.before == record.from) {
                let names: Vec<String> =
                    (0..spans.len()).filter_map(|at| Some(trim(&cell(at)?.0).to_owned())).collect();
                let wanted = columns.iter().filter_map(|(_, name)| name.as_deref());
                if wanted.map(trim).all(|name| names.iter().any(|known| known == name)) {
                    summary = Some(names);
                    continue;
                }
            } else if let Some(names) = summary.take() {
                for (of, name) in columns {
                    let Some(name) = name.as_deref().map(trim) else { continue };
                    let mut at = (0..).zip(&names).filter(|(_, known)| *known == name);
                    let (first, second) = (at.next(), at.next());
                    let text = first.and_then(|(at, _)| cell(at));
                    let text = text.as_ref().map(|(text, _)| text.as_ref());
                    let mut figure = teller.figure(TotalPlace::Summary, of, record.line, text);
                    if second.is_some() {
                        figure.declared = Err("two of its columns have this name".to_owned());
                    }
                    draft.totals.push(figure);
                }
                continue;
            }
        }
        let shape = misshapen(&record, &spans, &first, &block.layout);
        if let Some((at, fault)) = text.fault(record.from, record.to) {
            let value = spans.iter().take_while(|span| span.to <= at).count();
            let (column, place) = match (shape, block.layout.filled(rules, value)) {
                (Some((what, _)), _) => {
                    ("", Some(format!("which column it is cannot be told: {what}")))
                }
                (None, Some(column)) => (column, None),
                (None, None) => {
                    ("", Some(format!("it stands in value {}, which no column takes", value + 1)))
                }
            };
            let reason = fault.told(place.as_deref());
            draft.refuse_for(spot, column, RejectCode::Undecodable, reason);
            continue;
        }
        if let Some((what, cure)) = shape {
            draft.refuse(spot, RejectCode::Ragged, format!("{what}; {cure}"));
            continue;
        }
        if text.text.get(record.from..record.to).is_some_and(|text| block.layout.is_header(text)) {
            draft.refuse(spot, RejectCode::Ragged, AGAIN.to_owned());
            continue;
        }
        draft.row(spot, |at, rule, slot| {
            // The layout was made for these rules and the width has been checked, so the cell is
            // there.
            let source = block.layout.sources.get(at).copied().flatten();
            let (text, has_prefix) =
                source.and_then(|source| cell(source.value)).unwrap_or_default();
            let sign = source.and_then(|source| cell(source.sign?));
            if !has_prefix || sign.as_ref().is_some_and(|(_, has_prefix)| !has_prefix) {
                return slot.take(Err(Refusal::NoLead), trim(&text));
            }
            slot.take_text(rule, &text, sign.as_ref().map(|(word, _)| word.as_ref()))
        })?;
    }
    Ok(draft.finish(block.bytes.len() as u64))
}

pub(super) const AMBIGUOUS: &str = "begins with the marker and has the shape of a row; declare \
                                    `rows` or `points` of the marked record, or `exclusive` if \
                                    no row begins so";
pub(super) const MARKED: &str = "begins with the marker that no row begins with, and is not where a \
                                 marked record stands";
pub(super) const UNMIX: &str =
    "send files by themselves that were put together, or remove `exclusive`";
const AGAIN: &str = "the header stands again; send files by themselves that were put together";
const COMMENT: &str = "a comment between records; declare `comment_anywhere` if that is agreed";

/// Why a record that begins with that value is no row, and what to do.
fn misshapen(
    record: &Record,
    spans: &[Span],
    first: &str,
    layout: &Layout,
) -> Option<(String, &'static str)> {
    let (what, cure) = match record.flaw {
        Some(Flaw::Unclosed) => {
            ("a quote opens in this record and is never closed", "close the quote")
        }
        Some(Flaw::BehindQuote) => (
            "text stands between a closing quote and the next delimiter",
            "double each quote within a value, or declare `quote: none`",
        ),
        Some(Flaw::BeforeQuote) => (
            "blanks stand between a delimiter and an opening quote",
            "have them taken out, or declare `quote: none`",
        ),
        Some(Flaw::LongRun) => (
            "a delimiter stands in a longer run of its character",
            "put quotes around a value that holds the character, or agree on another delimiter",
        ),
        None if spans.len() != layout.width => return Some(ragged(spans, layout.width)),
        None if layout.markers.iter().any(|marker| marker == first) => (MARKED, UNMIX),
        None => return None,
    };
    Some((what.to_owned(), cure))
}

/// What is told of a record with another number of values than the header.
fn ragged(spans: &[Span], width: usize) -> (String, &'static str) {
    let fields = spans.len();
    let noun = if fields == 1 { "column" } else { "columns" };
    let is_blank = |span: &Span| span.from == span.to;
    let (last, cure) = if fields < width {
        (
            "",
            "send all of its values, put quotes around one that holds a line end, or declare \
             `leading`, `trailer`, `summary` or `comment` if it is no row",
        )
    } else if fields == width + 1 && spans.last().is_some_and(is_blank) {
        (", and the last is empty", "end the header with a delimiter too, or no row")
    } else {
        (
            "",
            "put quotes around a value that holds a delimiter, or declare `leading`, `trailer`, \
             `summary` or `comment` if it is no row",
        )
    };
    (format!("{fields} {noun} where the header has {width}{last}"), cure)
}

#[cfg(test)]
mod tests;
