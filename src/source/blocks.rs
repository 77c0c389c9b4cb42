//! Files of text become blocks of whole records, and blocks become sheets.
//!
//! One thread reads and unpacks the files in their order and cuts them behind whole records, which
//! it can without decoding them; all threads decode, split and conform the blocks. Memory holds a
//! few blocks, whatever the file: a record that outgrows its cap ends the run instead of growing
//! the buffer.

mod elsewhere;

use std::borrow::Cow;
use std::sync::Arc;

use memchr::{memchr, memchr_iter};

use self::elsewhere::{line_of_header, stands_at};
use super::conform::{ABSENT, Rule, trim};
use super::cut::{Cutter, RECORD_BYTES_MAX, Unit};
use super::error::SourceError;
use super::foreign::foreign;
use super::layout::{Layout, bare};
use super::misnamed::guess;
use super::record::{Dialect, Flaw, Record, Records, Span};
use super::sent::{Part, Sent};
use super::text::{Fault, Text, mark, written};
use super::totals::Teller;
use crate::feed::{
    DeclaredTotal, Delimited, Encoding, Feed, FeedFault, Format, InputFile, LineEnd, Stray,
    TotalOf, TotalPlace,
};

/// Bytes that a block takes from the file at a time; no less than the longest record.
pub(super) const BLOCK_BYTES: u64 = 1 << 20;

/// Whole records of one part of a feed.
#[derive(Debug)]
pub(super) struct Block {
    /// The part's number among those that gave blocks.
    pub(super) part: u32,
    /// The file that it belongs to, as an index into the feed's files.
    pub(super) file: u32,
    pub(super) name: Arc<str>,
    pub(super) layout: Arc<Layout>,
    pub(super) bytes: Vec<u8>,
    /// The byte of the unpacked file on which it begins.
    pub(super) offset: u64,
    /// The line of the file on which it begins.
    pub(super) line: u64,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    /// Totals that were found before the header.
    pub(super) totals: Vec<DeclaredTotal>,
}

/// Cuts the files of a feed into blocks, in order.
pub(super) struct Blocks<'f> {
    feed: &'f Feed,
    rules: &'f [Rule],
    sent: Sent<'f>,
    cutter: Cutter,
    block_bytes: u64,
    open: Option<Open>,
    parts: u32,
    /// What was wrong with the headers of the files so far.
    faults: Vec<FeedFault>,
    /// Columns that were not agreed, in the files so far.
    strays: Vec<Stray>,
}

/// The part that is being cut.
struct Open {
    part: Part,
    layout: Option<Arc<Layout>>,
    number: u32,
    is_first: bool,
    /// Read, and not yet given out from `at` on.
    tail: Vec<u8>,
    /// How much of it is left behind: it is moved once a block, and not once a line.
    at: usize,
    has_begun: bool,
    ended: bool,
    offset: u64,
    line: u64,
    totals: Vec<DeclaredTotal>,
}

/// What raw bytes and decoded text are split by.
pub(super) fn dialect(csv: &Delimited, encoding: Encoding) -> Dialect {
    Dialect {
        delimiter: written(&csv.delimiter, encoding),
        quoted: csv.quoted,
        comment: written(csv.comment.as_deref().unwrap_or_default(), encoding),
        wide: encoding == Encoding::Gb18030,
    }
}

fn cutter(format: &Format) -> Cutter {
    match format {
        Format::Csv(csv) => {
            let held = if csv.summary.is_some() { 2 } else { usize::from(csv.trailer.is_some()) };
            Cutter { unit: Unit::Record(dialect(csv, csv.encoding)), held }
        }
        Format::Fixed(fixed) => {
            let unit = match fixed.line_end {
                LineEnd::Lf | LineEnd::Crlf => Unit::Line,
                LineEnd::Unmarked => Unit::Bytes(fixed.record_bytes),
            };
            Cutter { unit, held: usize::from(fixed.trailer.is_some()) }
        }
        Format::JsonLines(_) | Format::Parquet | Format::Arrow => {
            Cutter { unit: Unit::Line, held: 0 }
        }
    }
}

impl<'f> Blocks<'f> {
    pub(super) fn new(
        feed: &'f Feed,
        rules: &'f [Rule],
        files: &'f [InputFile],
        block_bytes: u64,
    ) -> Blocks<'f> {
        Blocks {
            feed,
            rules,
            sent: Sent::new(feed, files),
            cutter: cutter(&feed.format),
            block_bytes,
            open: None,
            parts: 0,
            faults: Vec::new(),
            strays: Vec::new(),
        }
    }

    /// What was wrong with the archives, what with the headers, and which columns were not agreed.
    pub(super) fn finish(self) -> (Vec<FeedFault>, Vec<FeedFault>, Vec<Stray>) {
        (self.sent.faults, self.faults, self.strays)
    }

    /// The next block, or `None` behind the last file. The last block of a part may be empty.
    pub(super) fn next(&mut self) -> Result<Option<Block>, SourceError> {
        loop {
            let mut open = match self.open.take() {
                Some(open) => open,
                None => match self.sent.next()? {
                    Some(part) => Open::new(part),
                    None => return Ok(None),
                },
            };
            let layout = match &open.layout {
                Some(layout) => Arc::clone(layout),
                None => match self.head(&mut open)? {
                    Some(layout) => {
                        open.number = self.parts;
                        self.parts = self.parts.saturating_add(1);
                        Arc::clone(open.layout.insert(Arc::new(layout)))
                    }
                    None => {
                        if !open.ended {
                            self.sent.leave(&open.part);
                        }
                        continue;
                    }
                },
            };
            let (offset, line) = (open.offset, open.line);
            let bytes = self.piece(&mut open)?;
            let block = Block {
                part: open.number,
                file: open.part.file,
                name: Arc::clone(&open.part.name),
                layout,
                offset,
                line,
                is_first: open.is_first,
                is_last: open.ended && open.tail.is_empty(),
                totals: std::mem::take(&mut open.totals),
                bytes,
            };
            open.is_first = false;
            if !block.is_last {
                self.open = Some(open);
            }
            return Ok(Some(block));
        }
    }

    fn fault(&mut self, file: &str, column: &str, reason: &str) {
        self.faults.push(FeedFault::Column {
            file: file.to_owned(),
            column: column.to_owned(),
            reason: reason.to_owned(),
        });
    }

    fn fill(&mut self, open: &mut Open) -> Result<(), SourceError> {
        open.settle();
        open.ended = self.sent.fill(&mut open.part, &mut open.tail, self.block_bytes)?;
        if open.has_begun {
            return Ok(());
        }
        let encoding = self.feed.format.encoding();
        // A mark of four bytes may stand in two small pieces.
        if open.tail.len() < 4 && !open.ended {
            return self.fill(open);
        }
        open.has_begun = true;
        let mark = mark(&open.tail, encoding);
        open.tail.drain(..mark);
        open.offset = mark as u64;
        Ok(())
    }

    /// The next whole records; the last piece holds whatever is left.
    fn piece(&mut self, open: &mut Open) -> Result<Vec<u8>, SourceError> {
        open.settle();
        let end = loop {
            if open.ended {
                break open.tail.len();
            }
            self.fill(open)?;
            if open.ended {
                break open.tail.len();
            }
            let end = self.cutter.complete(&open.tail);
            if end > 0 {
                break end;
            }
            if open.tail.len() > self.cutter.patience() {
                return Err(open.too_long());
            }
        };
        let following = open.tail.split_off(end);
        let bytes = std::mem::replace(&mut open.tail, following);
        open.pass(&bytes);
        Ok(bytes)
    }

    /// Takes everything before the first record off the part, and says what its columns are;
    /// `None` where it gives no rows.
    fn head(&mut self, open: &mut Open) -> Result<Option<Layout>, SourceError> {
        if !open.has_begun {
            self.fill(open)?;
        }
        if let Some(reason) = foreign(open.rest(), self.feed.format.encoding()) {
            let name = Arc::clone(&open.part.name);
            self.fault(&name, "", reason);
            return Ok(None);
        }
        match &self.feed.format {
            Format::Csv(csv) => self.csv_head(open, csv),
            Format::Fixed(fixed) => {
                let names: Vec<Cow<'_, str>> =
                    fixed.fields.iter().map(|(name, _)| Cow::Borrowed(name.as_str())).collect();
                Ok(self.layout(&open.part.name, &names, "", None))
            }
            Format::JsonLines(_) | Format::Parquet | Format::Arrow => Ok(Some(Layout::default())),
        }
    }

    fn csv_head(
        &mut self,
        open: &mut Open,
        csv: &Delimited,
    ) -> Result<Option<Layout>, SourceError> {
        let name = Arc::clone(&open.part.name);
        let teller = Teller::new(self.feed.kind, self.rules, self.parts);
        let raw = dialect(csv, csv.encoding);
        let decoded = dialect(csv, Encoding::Utf8);
        let mut elsewhere = None;
        for line in 1..=csv.skip_first {
            let Some(length) = self.line(open)? else { break };
            let bytes = open.rest().get(..length).unwrap_or_default();
            elsewhere =
                elsewhere.or_else(|| line_of_header(bytes, line, csv, &decoded, self.rules));
            open.comment(length, csv, &teller);
        }
        let mut has_led = false;
        loop {
            let Some((length, is_comment)) = self.record(open, &raw)? else {
                if let Some(names) = &csv.header {
                    let names: Vec<_> = names.iter().map(|n| Cow::Borrowed(n.as_str())).collect();
                    return Ok(self.layout(&name, &names, "", None));
                }
                let reason = match csv.skip_first {
                    0 => "the file is empty; it needs a header row".to_owned(),
                    lines => {
                        let cure = elsewhere.map_or("it needs a header row".to_owned(), stands_at);
                        format!(
                            "nothing stands behind the {lines} lines that `skip` leaves out; {cure}"
                        )
                    }
                };
                self.fault(&name, "", &reason);
                return Ok(None);
            };
            if is_comment {
                open.comment(length, csv, &teller);
                continue;
            }
            if let Some(names) = &csv.header {
                let names: Vec<_> = names.iter().map(|n| Cow::Borrowed(n.as_str())).collect();
                return Ok(self.layout(&name, &names, "", None));
            }
            let bytes = open.rest().get(..length).unwrap_or_default().to_vec();
            let text = Text::new(&bytes, csv.encoding);
            if let Some((_, fault)) = text.fault(0, text.text.len()) {
                let reason = match fault {
                    Fault::Bytes(encoding) => {
                        let encoding = encoding.word();
                        format!(
                            "the header is not {encoding}; declare the `encoding` that it has, \
                             which `hutong inspect` guesses, or save the file as {encoding}"
                        )
                    }
                    Fault::Nul | Fault::Mark | Fault::Cut(_) => {
                        format!("the header {}", fault.told(None))
                    }
                };
                self.fault(&name, "", &reason);
                return Ok(None);
            }
            let mut records = Records::new(text.text.as_bytes(), &decoded, open.line);
            let mut spans = Vec::new();
            let Some(record) = records.next(&mut spans) else { return Ok(None) };
            if record.to - record.from > RECORD_BYTES_MAX {
                return Err(open.too_long());
            }
            if let Some(flaw) = record.flaw {
                let reason = match flaw {
                    Flaw::LongRun => {
                        "the header has a delimiter in a longer run of its character; see \
                         `delimiter`, or have it mended"
                    }
                    Flaw::BeforeQuote => {
                        "the header has blanks before an opening quote; see `quote`, or have them \
                         taken out"
                    }
                    Flaw::BehindQuote | Flaw::Unclosed => {
                        "the header has a quote that is not closed before its delimiter; see `quote` and \
                         `delimiter`, or have it mended"
                    }
                };
                self.fault(&name, "", reason);
                return Ok(None);
            }
            let values: Vec<Cow<'_, str>> =
                spans.iter().map(|&span| value(&text.text, span, &csv.prefix).0).collect();
            if let Some(leading) = &csv.leading
                && !has_led
                && values.first().is_some_and(|first| trim(first) == leading.marker)
            {
                has_led = true;
                let place = TotalPlace::Leading;
                open.totals.push(teller.record(place, record.line));
                for (of, at) in [(TotalOf::Rows, leading.rows), (TotalOf::Points, leading.points)] {
                    let Some(at) = at else { continue };
                    let text = values.get(at.saturating_sub(1)).map(AsRef::as_ref);
                    open.totals.push(teller.figure(place, of, record.line, text));
                }
                open.skip(length);
                continue;
            }
            if values.iter().any(|value| value.contains('\r')) {
                let reason = format!(
                    "the header, on line {}, holds a carriage return, with which old Macs end lines; \
                     save the file with LF or CRLF",
                    record.line
                );
                self.fault(&name, "", &reason);
                return Ok(None);
            }
            let header = text.text.get(record.from..record.to).map(|text| bare(text).to_owned());
            let told = format!("; it has {}, on line {}", values.len(), record.line);
            let rest = open.rest().get(length..).unwrap_or_default();
            let line = record.line + record.line_ends.max(1);
            let elsewhere = elsewhere
                .or_else(|| line_of_header(rest, line, csv, &decoded, self.rules))
                .map(stands_at);
            let layout = self.layout(&name, &values, &told, elsewhere.as_deref());
            open.skip(length);
            return Ok(layout.map(|layout| Layout { header, ..layout }));
        }
    }

    /// The length of the line that comes next, with its end; `None` behind the last.
    fn line(&mut self, open: &mut Open) -> Result<Option<usize>, SourceError> {
        let mut seen = 0;
        loop {
            let rest = open.rest().get(seen..).unwrap_or_default();
            if let Some(end) = memchr(b'\n', rest) {
                return Ok(Some(seen + end + 1));
            }
            seen = open.rest().len();
            if open.ended {
                return Ok(Some(seen).filter(|&length| length > 0));
            }
            if seen > RECORD_BYTES_MAX {
                return Err(open.too_long());
            }
            self.fill(open)?;
        }
    }

    /// The length of the record or comment that comes next, with the blank lines before it, and
    /// whether it is a comment; `None` behind the last.
    fn record(
        &mut self,
        open: &mut Open,
        dialect: &Dialect,
    ) -> Result<Option<(usize, bool)>, SourceError> {
        loop {
            let mut records = Records::new(open.rest(), dialect, 0);
            let mut spans = Vec::new();
            let record = records.next(&mut spans);
            if let Some(record) = record {
                let is_whole = record.to < open.rest().len() || open.ended;
                if is_whole {
                    return Ok(Some((record.to, record.is_comment)));
                }
            } else if open.ended {
                return Ok(None);
            } else {
                // Nothing but blank lines; a carriage return may still be part of one.
                let blank = records.position().0;
                open.skip(blank);
            }
            if open.rest().len() > RECORD_BYTES_MAX {
                return Err(open.too_long());
            }
            self.fill(open)?;
        }
    }

    /// Holds the columns of a part against the rules; `told` says where those were found, of which
    /// one is missed, and `elsewhere` where all of them stand.
    fn layout(
        &mut self,
        file: &str,
        names: &[Cow<'_, str>],
        told: &str,
        elsewhere: Option<&str>,
    ) -> Option<Layout> {
        for column in &self.feed.not_agreed {
            if names.iter().any(|name| trim(name) == trim(column)) {
                self.strays.push(Stray { file: file.to_owned(), column: column.clone() });
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
        if !faults.is_empty() {
            let trimmed = names.iter().map(|name| trim(name));
            let unread: Vec<&str> =
                trimmed.filter(|name| self.rules.iter().all(|rule| !rule.reads(name))).collect();
            let is_known = unread.len() < names.len();
            for misfit in &faults {
                let mut reason = misfit.reason.clone();
                if reason.ends_with(ABSENT) && !told.is_empty() {
                    let cure = guess(&misfit.column, &unread, is_known);
                    let cure = elsewhere
                        .or(cure.as_deref())
                        .unwrap_or("see `delimiter`, `skip` and `header`");
                    reason += &format!("{told}: {cure}");
                }
                self.fault(file, &misfit.column, &reason);
            }
        }
        let markers = match &self.feed.format {
            Format::Csv(csv) => csv.exclusive_markers(),
            _ => Vec::new(),
        };
        faults.is_empty().then_some(Layout { width: names.len(), sources, header: None, markers })
    }
}

impl Open {
    fn new(part: Part) -> Open {
        Open {
            part,
            layout: None,
            number: 0,
            is_first: true,
            tail: Vec::new(),
            at: 0,
            has_begun: false,
            ended: false,
            offset: 0,
            line: 1,
            totals: Vec::new(),
        }
    }

    fn too_long(&self) -> SourceError {
        SourceError::LongRecord { file: self.part.name.to_string(), line: self.line }
    }

    /// Counts bytes that are given out or left behind.
    fn pass(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        self.line += memchr_iter(b'\n', bytes).count() as u64;
    }

    /// Leaves so many bytes behind.
    fn skip(&mut self, length: usize) {
        let bytes = self.rest().get(..length).unwrap_or(self.rest()).to_vec();
        self.at += bytes.len();
        self.pass(&bytes);
    }

    /// What is read and neither given out nor left behind.
    fn rest(&self) -> &[u8] {
        self.tail.get(self.at..).unwrap_or_default()
    }

    /// Lets go of what is left behind.
    fn settle(&mut self) {
        self.tail.drain(..self.at.min(self.tail.len()));
        self.at = 0;
    }

    /// Leaves a line behind that is no record, and takes the totals that it holds.
    fn comment(&mut self, length: usize, csv: &Delimited, teller: &Teller<'_>) {
        let bytes = self.rest().get(..length).unwrap_or_default();
        let blank = bytes.iter().take_while(|&&b| matches!(b, b'\r' | b'\n')).count();
        let before = bytes.get(..blank).unwrap_or_default();
        let line = self.line + before.iter().filter(|&&b| b == b'\n').count() as u64;
        let text = Text::new(bytes, csv.encoding);
        let mut found = Vec::new();
        teller.comment(csv.totals.as_ref(), line, &text.text, &mut found);
        self.totals.append(&mut found);
        self.skip(length);
    }
}

/// A value of a record's text, with doubled quotes made one and the prefix taken off; and whether
/// the prefix was there.
pub(super) fn value<'t>(text: &'t str, span: Span, prefix: &str) -> (Cow<'t, str>, bool) {
    // The delimiter and quotes are whole characters, so that a span cuts none.
    let field = text.get(span.from..span.to).unwrap_or_default();
    if span.doubled {
        let field = field.replace("\"\"", "\"");
        if prefix.is_empty() {
            return (Cow::Owned(field), true);
        }
        let bare = trim(&field).strip_prefix(prefix).map(str::to_owned);
        let found = bare.is_some();
        return (Cow::Owned(bare.unwrap_or(field)), found);
    }
    if prefix.is_empty() {
        return (Cow::Borrowed(field), true);
    }
    match trim(field).strip_prefix(prefix) {
        Some(bare) => (Cow::Borrowed(bare), true),
        None => (Cow::Borrowed(field), false),
    }
}

/// Whether a record outgrows its cap.
pub(super) fn is_too_long(record: &Record) -> bool {
    record.to - record.from > RECORD_BYTES_MAX
}

#[cfg(test)]
mod tests;
