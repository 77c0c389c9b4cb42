//! Plain records, many at once: those whose values can be told by the delimiters alone. Whatever
//! else stands between them is left to be looked at record by record.

use super::ascii::Either;
use super::blocks::is_too_long;
use super::cells::Cells;
use super::conform::{Rule, Source, trim};
use super::layout::Layout;
use super::record::{Dialect, Record, Records, Span};

/// What makes a record of a block plain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plain<'l> {
    pub(super) layout: &'l Layout,
    pub(super) dialect: &'l Dialect,
    /// Records from this byte on may be more than rows.
    pub(super) until: usize,
    /// What every value that is read begins with; empty for nothing.
    prefix: &'l str,
    /// The delimiter, where it is one byte and no value of the block is in quotes.
    single: Option<u8>,
}

impl<'l> Plain<'l> {
    /// `None` where no record of the text is plain.
    pub(super) fn new(
        text: &str,
        layout: &'l Layout,
        dialect: &'l Dialect,
        prefix: &'l str,
        until: usize,
    ) -> Option<Plain<'l>> {
        // Places are kept in 32 bits; a block is far smaller.
        u32::try_from(text.len()).ok()?;
        let has_quotes = dialect.quoted && memchr::memchr(b'"', text.as_bytes()).is_some();
        let single = match dialect.delimiter.as_slice() {
            [byte] if !has_quotes => Some(*byte),
            _ => None,
        };
        Some(Plain { layout, dialect, until, prefix, single })
    }

    fn is_one(&self, text: &str, record: &Record, fields: usize) -> bool {
        fields == self.layout.width
            && record.flaw.is_none()
            && !record.is_comment
            && record.from < self.until
            && !is_too_long(record)
            && !text.get(record.from..record.to).is_some_and(|text| self.layout.is_header(text))
    }
}

/// Plain records that stand one after the other.
#[derive(Debug)]
pub(super) struct Batch<'t> {
    text: &'t str,
    /// Values, record by record.
    values: Vec<(u32, u32)>,
    width: usize,
    prefix: &'t str,
    /// The byte on which each record begins.
    from: Vec<usize>,
    /// The line on which each record begins.
    pub(super) lines: Vec<u64>,
    spans: Vec<Span>,
}

impl<'t> Batch<'t> {
    pub(super) fn new(text: &'t str, width: usize, prefix: &'t str) -> Batch<'t> {
        let (values, from, lines, spans) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Batch { text, values, width, prefix, from, lines, spans }
    }

    pub(super) fn rows(&self) -> usize {
        self.lines.len()
    }

    /// Appends the values of one column of so many records, up to the first that is refused, and
    /// says how many there are.
    pub(super) fn column(
        &self,
        source: Source,
        rule: &Rule,
        cells: &mut Cells,
        rows: usize,
    ) -> usize {
        if self.prefix.is_empty() {
            let value = |row| Some(self.value(row, source.value));
            let sign = source.sign.map(|sign| move |row| Some(self.value(row, sign)));
            return rule.fill(cells, rows, value, sign);
        }
        let bare = |row, column| trim(self.value(row, column)).strip_prefix(self.prefix);
        let sign = source.sign.map(|sign| move |row| bare(row, sign));
        rule.fill(cells, rows, |row| bare(row, source.value), sign)
    }

    /// Whether the latest record begins as a row, and each of its values that is read with the
    /// prefix.
    fn begins_as_row(&self, plain: &Plain<'_>) -> bool {
        let bare = |text: &'t str| trim(trim(text).strip_prefix(plain.prefix).unwrap_or(text));
        let is_marked = |marker: &String| bare(self.value(self.rows(), 0)) == marker;
        if plain.layout.markers.iter().any(is_marked) {
            return false;
        }
        let has_prefix = |column| trim(self.value(self.rows(), column)).starts_with(plain.prefix);
        plain.prefix.is_empty()
            || plain
                .layout
                .sources
                .iter()
                .flatten()
                .all(|source| has_prefix(source.value) && source.sign.is_none_or(has_prefix))
    }

    /// A value of a record.
    fn value(&self, row: usize, column: usize) -> &'t str {
        let (from, to) = self.values.get(row * self.width + column).copied().unwrap_or_default();
        // Delimiters and quotes are whole characters, so that a value cuts none.
        self.text.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The byte and line on which a record begins.
    pub(super) fn place(&self, row: usize) -> Option<(usize, u64)> {
        Some((*self.from.get(row)?, *self.lines.get(row)?))
    }

    /// Takes the plain records that come next, so many at most, and stops before any other.
    pub(super) fn fill(&mut self, records: &mut Records<'_>, plain: &Plain<'_>, most: usize) {
        self.values.clear();
        self.from.clear();
        self.lines.clear();
        match plain.single {
            Some(delimiter) => self.by_lines(records, plain, delimiter, most),
            None => self.by_records(records, plain, most),
        }
    }

    /// Without quotes every line feed ends a record, and every delimiter a value.
    fn by_lines(
        &mut self,
        records: &mut Records<'_>,
        plain: &Plain<'_>,
        delimiter: u8,
        most: usize,
    ) {
        let either = Either::new(delimiter, b'\n');
        let bytes = self.text.as_bytes();
        let (mut from, mut line) = records.position();
        let (mut at, mut value) = (from, from);
        let (eights, _) = bytes.get(from..).unwrap_or_default().as_chunks::<8>();
        'all: for eight in eights {
            let mut hits = either.hits(*eight);
            while hits != 0 {
                let end = at + (hits.trailing_zeros() / 8) as usize;
                hits &= hits - 1;
                if bytes.get(end) != Some(&b'\n') {
                    self.values.push((value as u32, end as u32));
                    value = end + 1;
                    continue;
                }
                let last = bytes.get(value..end).unwrap_or_default();
                let to = end - usize::from(last.ends_with(b"\r"));
                // Lines without a byte on them are no records.
                if to > from {
                    self.values.push((value as u32, to as u32));
                    let is_comment =
                        plain.dialect.is_comment(bytes.get(from..).unwrap_or_default());
                    let to = end + 1;
                    let record = Record { from, to, line, line_ends: 1, flaw: None, is_comment };
                    let fields = self.values.len() - self.rows() * self.width;
                    if !plain.is_one(self.text, &record, fields) || !self.begins_as_row(plain) {
                        break 'all;
                    }
                    self.from.push(from);
                    self.lines.push(line);
                }
                (from, value) = (end + 1, end + 1);
                line += 1;
                if self.rows() == most {
                    break 'all;
                }
            }
            at += eight.len();
        }
        self.values.truncate(self.rows() * self.width);
        records.go_to(from, line);
    }

    fn by_records(&mut self, records: &mut Records<'_>, plain: &Plain<'_>, most: usize) {
        while self.rows() < most {
            let Some(record) = records.next(&mut self.spans) else { return };
            let is_doubled = self.spans.iter().any(|span| span.doubled);
            if is_doubled || !plain.is_one(self.text, &record, self.spans.len()) {
                records.go_to(record.from, record.line);
                return;
            }
            let places = self.spans.iter().map(|span| (span.from as u32, span.to as u32));
            self.values.extend(places);
            if !self.begins_as_row(plain) {
                self.values.truncate(self.rows() * self.width);
                records.go_to(record.from, record.line);
                return;
            }
            self.from.push(record.from);
            self.lines.push(record.line);
        }
    }
}

#[cfg(test)]
mod tests;
