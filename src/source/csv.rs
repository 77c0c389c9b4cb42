//! Delimited text: files become blocks of whole records, and blocks become sheets.
//!
//! Blocks are cut in file order by one thread, which also takes the digest of every byte that
//! passes, and are split and conformed by all. Memory holds a few blocks, whatever the file: a
//! record that outgrows [`RECORD_BYTES_MAX`] ends the run instead of growing the buffer.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use super::conform::{Misfit, Rule, Source, trim};
use super::error::SourceError;
use super::record::{Flaw, Record, Records, Span, complete};
use super::sheet::{Draft, Sheet, Spot};
use crate::feed::{Feed, FeedFault, InputFile, RejectCode, Stray};

/// The longest record.
pub(super) const RECORD_BYTES_MAX: usize = 1 << 20;

/// Bytes that a block takes from the file at a time; no less than the longest record.
const BLOCK_BYTES: u64 = 1 << 20;

const BOM: &[u8] = b"\xef\xbb\xbf";

/// Whole records of one file.
#[derive(Debug)]
pub(super) struct Block {
    file: u32,
    layout: Arc<Layout>,
    bytes: Vec<u8>,
    /// The byte of the file on which it begins.
    offset: u64,
    /// The line of the file on which it begins.
    line: u64,
}

impl Block {
    /// The file that it belongs to, as an index into the feed's files.
    pub(super) fn file(&self) -> u32 {
        self.file
    }
}

/// Which column of the file fills which canonical column.
#[derive(Debug)]
struct Layout {
    /// How many columns the header has.
    width: usize,
    /// By canonical column.
    sources: Vec<Option<Source>>,
}

/// Cuts the files of a feed into blocks, in order.
#[derive(Debug)]
pub(super) struct Blocks<'f> {
    feed: &'f Feed,
    rules: &'f [Rule],
    files: &'f [InputFile],
    delimiter: u8,
    at: usize,
    open: Option<Open>,
    /// What was wrong with the headers of the files so far.
    pub(super) faults: Vec<FeedFault>,
    /// Columns that were not agreed, in the files so far.
    pub(super) strays: Vec<Stray>,
}

/// The file that is being cut.
#[derive(Debug)]
struct Open {
    input: File,
    hasher: blake3::Hasher,
    layout: Option<Arc<Layout>>,
    /// Read, and not yet given out.
    tail: Vec<u8>,
    /// Bytes of the file read.
    read: u64,
    offset: u64,
    line: u64,
    ended: bool,
}

impl<'f> Blocks<'f> {
    pub(super) fn new(
        feed: &'f Feed,
        rules: &'f [Rule],
        files: &'f [InputFile],
        delimiter: u8,
    ) -> Blocks<'f> {
        Blocks {
            feed,
            rules,
            files,
            delimiter,
            at: 0,
            open: None,
            faults: Vec::new(),
            strays: Vec::new(),
        }
    }

    /// The next block, or `None` behind the last file.
    pub(super) fn next(&mut self) -> Result<Option<Block>, SourceError> {
        loop {
            let Some(file) = self.files.get(self.at) else { return Ok(None) };
            if file.repeats.is_some() {
                self.at += 1;
                continue;
            }
            let io = |source| SourceError::Io { file: file.path.clone(), source };
            let mut open = match self.open.take() {
                Some(open) => open,
                None => Open::new(File::open(self.feed.root.join(&file.path)).map_err(io)?),
            };
            let Some(mut piece) = open.piece(self.delimiter, file)? else {
                self.at += 1;
                if open.layout.is_none() {
                    self.fault(file, "", "the file is empty; it needs a header row");
                }
                open.verify(file)?;
                continue;
            };
            let layout = match &open.layout {
                Some(layout) => Arc::clone(layout),
                None => match self.header(file, &mut piece)? {
                    Header::Blank => {
                        self.open = Some(open);
                        continue;
                    }
                    Header::Faulty => {
                        self.at += 1;
                        continue;
                    }
                    Header::Layout(layout) => Arc::clone(open.layout.insert(Arc::new(layout))),
                },
            };
            self.open = Some(open);
            let Piece { bytes, offset, line } = piece;
            let file = u32::try_from(self.at).unwrap_or(u32::MAX);
            return Ok(Some(Block { file, layout, bytes, offset, line }));
        }
    }

    fn fault(&mut self, file: &InputFile, column: &str, reason: &str) {
        self.faults.push(FeedFault::Column {
            file: file.path.clone(),
            column: column.to_owned(),
            reason: reason.to_owned(),
        });
    }

    /// Takes the header off the file's first piece.
    fn header(&mut self, file: &InputFile, piece: &mut Piece) -> Result<Header, SourceError> {
        let mut records = Records::new(&piece.bytes, self.delimiter, piece.line);
        let mut spans = Vec::new();
        let Some(record) = records.next(&mut spans) else { return Ok(Header::Blank) };
        within_cap(&record, &file.path)?;
        let Ok(text) = std::str::from_utf8(bytes_of(&piece.bytes, &record)) else {
            self.fault(file, "", "the header is not UTF-8; save the file as UTF-8");
            return Ok(Header::Faulty);
        };
        if record.flaw.is_some() {
            self.fault(file, "", "the header has a quote that is not closed before its delimiter");
            return Ok(Header::Faulty);
        }
        let names: Vec<Cow<'_, str>> =
            spans.iter().map(|&span| field(text, &record, span).unwrap_or_default()).collect();
        for column in &self.feed.not_agreed {
            if names.iter().any(|name| trim(name) == trim(column)) {
                self.strays.push(Stray { file: file.path.clone(), column: column.clone() });
            }
        }
        let mut sources = Vec::with_capacity(self.rules.len());
        let mut faults = Vec::new();
        for rule in self.rules {
            match rule.source("header", names.iter().map(|name| trim(name))) {
                Ok(source) => sources.push(source),
                Err(misfit) => faults.push(misfit),
            }
        }
        let width = names.len();
        let (at, line) = records.position();
        for Misfit { column, reason } in &faults {
            self.fault(file, column, reason);
        }
        if !faults.is_empty() {
            return Ok(Header::Faulty);
        }
        piece.bytes.drain(..at.min(piece.bytes.len()));
        piece.offset += at as u64;
        piece.line = line;
        Ok(Header::Layout(Layout { width, sources }))
    }
}

enum Header {
    /// Only blank lines so far.
    Blank,
    /// The file gives no rows.
    Faulty,
    Layout(Layout),
}

/// Whole records, before their layout is known.
#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    offset: u64,
    line: u64,
}

impl Open {
    fn new(input: File) -> Open {
        Open {
            input,
            hasher: blake3::Hasher::new(),
            layout: None,
            tail: Vec::new(),
            read: 0,
            offset: 0,
            line: 1,
            ended: false,
        }
    }

    /// The next whole records; the last piece holds whatever is left.
    fn piece(&mut self, delimiter: u8, file: &InputFile) -> Result<Option<Piece>, SourceError> {
        let io = |source| SourceError::Io { file: file.path.clone(), source };
        let mut bytes = std::mem::take(&mut self.tail);
        let end = loop {
            if self.ended {
                break bytes.len();
            }
            self.fill(&mut bytes).map_err(io)?;
            if self.ended {
                break bytes.len();
            }
            let end = complete(&bytes, delimiter);
            if end > 0 {
                break end;
            }
            if bytes.len() > RECORD_BYTES_MAX {
                return Err(SourceError::LongRecord { file: file.path.clone(), line: self.line });
            }
        };
        if bytes.is_empty() {
            return Ok(None);
        }
        self.tail = bytes.split_off(end);
        let piece = Piece { offset: self.offset, line: self.line, bytes };
        self.offset += piece.bytes.len() as u64;
        self.line += piece.bytes.iter().filter(|&&b| b == b'\n').count() as u64;
        Ok(Some(piece))
    }

    /// Reads a block's worth behind the bytes, and takes a byte order mark off the file's head.
    fn fill(&mut self, bytes: &mut Vec<u8>) -> io::Result<()> {
        let before = bytes.len();
        let read = (&mut self.input).take(BLOCK_BYTES).read_to_end(bytes)? as u64;
        self.ended = read < BLOCK_BYTES;
        self.hasher.update(bytes.get(before..).unwrap_or_default());
        if self.read == 0 && bytes.starts_with(BOM) {
            bytes.drain(..BOM.len());
            self.offset = BOM.len() as u64;
        }
        self.read += read;
        Ok(())
    }

    /// Whether the bytes that passed are those of the survey.
    fn verify(&self, file: &InputFile) -> Result<(), SourceError> {
        let same = self.read == file.bytes
            && self.hasher.finalize().to_hex().as_str() == file.blake3.as_str();
        if same { Ok(()) } else { Err(SourceError::Changed { file: file.path.clone() }) }
    }
}

/// Splits and conforms a block.
pub(super) fn decode(
    block: &Block,
    feed: &Feed,
    rules: &[Rule],
    file: &InputFile,
    delimiter: u8,
) -> Result<Sheet, SourceError> {
    let mut draft = Draft::new(feed.kind.word(), rules, &file.path, block.file);
    let mut records = Records::new(&block.bytes, delimiter, block.line);
    let mut spans = Vec::with_capacity(block.layout.width);
    // One look at the whole block is cheaper than one at each record; a block with a bad byte
    // falls back to its records, so that the bad ones alone are refused.
    let whole = std::str::from_utf8(&block.bytes).ok();
    while let Some(record) = records.next(&mut spans) {
        within_cap(&record, &file.path)?;
        let spot = Spot { line: record.line, byte_offset: Some(block.offset + record.from as u64) };
        let text = match whole {
            Some(whole) => whole.get(record.from..record.to),
            None => std::str::from_utf8(bytes_of(&block.bytes, &record)).ok(),
        };
        let Some(text) = text else {
            draft.refuse(spot, RejectCode::Undecodable, "not UTF-8".to_owned());
            continue;
        };
        if record.flaw.is_some() && record.line_ends > 1 {
            // Which of these lines are rows cannot be known, and a statement without them is wrong.
            let lines = record.line_ends;
            return Err(SourceError::Swallowed {
                file: file.path.clone(),
                line: record.line,
                lines,
            });
        }
        if let Some(reason) = misshapen(&record, spans.len(), block.layout.width) {
            draft.refuse(spot, RejectCode::Ragged, reason);
            continue;
        }
        draft.row(spot, |at, rule, slot| {
            let source = block.layout.sources.get(at).copied().flatten();
            let cell = |at: usize| spans.get(at).and_then(|&span| field(text, &record, span));
            // The layout was made for these rules and the width has been checked, so the cell is
            // there; the delimiter is ASCII, so it cuts no character.
            let value = source.and_then(|source| cell(source.value)).unwrap_or_default();
            let sign = source.and_then(|source| cell(source.sign?));
            slot.take_text(rule, &value, sign.as_deref())
        })?;
    }
    Ok(draft.finish(block.bytes.len() as u64))
}

fn misshapen(record: &Record, fields: usize, width: usize) -> Option<String> {
    match record.flaw {
        Some(Flaw::Unclosed) => {
            Some("a quote opens in this record and is never closed; close the quote".to_owned())
        }
        Some(Flaw::BehindQuote) => {
            Some("text stands between a closing quote and the next delimiter".to_owned())
        }
        None if fields != width => Some(format!("{fields} columns where the header has {width}")),
        None => None,
    }
}

fn within_cap(record: &Record, file: &str) -> Result<(), SourceError> {
    if record.to - record.from > RECORD_BYTES_MAX {
        return Err(SourceError::LongRecord { file: file.to_owned(), line: record.line });
    }
    Ok(())
}

fn bytes_of<'b>(bytes: &'b [u8], record: &Record) -> &'b [u8] {
    bytes.get(record.from..record.to).unwrap_or_default()
}

/// A field of a record's text, with doubled quotes made one.
fn field<'t>(text: &'t str, record: &Record, span: Span) -> Option<Cow<'t, str>> {
    let field = text.get(span.from - record.from..span.to - record.from)?;
    Some(if span.doubled { Cow::Owned(field.replace("\"\"", "\"")) } else { Cow::Borrowed(field) })
}

#[cfg(test)]
mod tests;
