//! Records of delimited text: RFC 4180 with LF or CRLF line ends, quotes with anything inside.
//!
//! The splitter is our own because three things must be exact that a general one leaves open: the
//! line and byte on which a record begins (past a CRLF and blank lines), a quote that is never
//! closed, and text behind a closing quote. The last two swallow or glue data and are told as
//! flaws of the record; a general splitter reads on in silence. It splits decoded text into its
//! values, and raw bytes into the blocks that are decoded apart from one another.

use memchr::{memchr, memchr2};

use super::text::unit;

const QUOTE: u8 = b'"';

/// What parts records and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    /// At least one byte, none of them a quote or a line end.
    pub(super) delimiter: Vec<u8>,
    /// Whether a double quote encloses values.
    pub(super) quoted: bool,
    /// What a line that is no record begins with; empty where there are none.
    pub(super) comment: Vec<u8>,
    /// Whether the bytes are GB18030, in which an ASCII byte may be part of a character.
    pub(super) wide: bool,
}

impl Dialect {
    /// Whether a line is a comment.
    pub(super) fn is_comment(&self, line: &[u8]) -> bool {
        !self.comment.is_empty() && line.starts_with(&self.comment)
    }
}

/// Where a field stands in the bytes, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether it holds doubled quotes that stand for one.
    pub(super) doubled: bool,
}

/// What is wrong with the shape of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Flaw {
    /// A delimiter of one repeated character stands in a longer run, so that where it begins is
    /// anybody's guess.
    LongRun,
    /// Blanks stand before an opening quote, which a value without quotes cannot hold either.
    BeforeQuote,
    /// Text stands between a closing quote and the next delimiter.
    BehindQuote,
    /// A quote is never closed, so that the rest of the file stands in the record.
    Unclosed,
}

impl Flaw {
    /// Whether where the record ends rests on a quote that may be none.
    pub(super) fn is_of_extent(self) -> bool {
        matches!(self, Flaw::BehindQuote | Flaw::Unclosed)
    }
}

/// A record; its fields are handed over beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) from: usize,
    /// Just behind its line end.
    pub(super) to: usize,
    /// The physical line on which it begins.
    pub(super) line: u64,
    /// How many line ends it holds.
    pub(super) line_ends: u64,
    pub(super) flaw: Option<Flaw>,
    /// Whether it is a comment, which has one field: the line.
    pub(super) is_comment: bool,
}

/// Walks over the records of bytes.
#[derive(Debug)]
pub(super) struct Records<'b> {
    bytes: &'b [u8],
    dialect: &'b Dialect,
    /// The delimiter, where it is one byte that can be no part of a character.
    single: Option<u8>,
    /// The bytes of the character of which a longer delimiter is a repetition.
    repeated: Option<&'b [u8]>,
    at: usize,
    line: u64,
}

/// What a delimiter of more than one character is a repetition of, where it is one.
fn repeated(dialect: &Dialect) -> Option<&[u8]> {
    let delimiter = dialect.delimiter.as_slice();
    let length = (1..=delimiter.len() / 2).find(|&length| {
        let (first, _) = delimiter.split_at(length);
        delimiter.len().is_multiple_of(length)
            && delimiter.chunks(length).all(|chunk| chunk == first)
    })?;
    delimiter.get(..length)
}

impl<'b> Records<'b> {
    pub(super) fn new(bytes: &'b [u8], dialect: &'b Dialect, line: u64) -> Records<'b> {
        let single = match dialect.delimiter.as_slice() {
            // No character of GB18030 goes on with a byte below the digits.
            [byte] if !dialect.wide || *byte < b'0' => Some(*byte),
            _ => None,
        };
        Records { bytes, dialect, single, repeated: repeated(dialect), at: 0, line }
    }

    /// The byte and the line on which the next record begins.
    pub(super) fn position(&self) -> (usize, u64) {
        (self.at, self.line)
    }

    /// Goes to a byte and line on which a record begins.
    pub(super) fn go_to(&mut self, at: usize, line: u64) {
        (self.at, self.line) = (at, line);
    }

    /// The next record and, in `spans`, its fields. Lines without a byte on them are no records.
    pub(super) fn next(&mut self, spans: &mut Vec<Span>) -> Option<Record> {
        spans.clear();
        loop {
            match self.rest() {
                [] | [b'\r'] => return None,
                [b'\n', ..] => self.at += 1,
                [b'\r', b'\n', ..] => self.at += 2,
                _ => break,
            }
            self.line += 1;
        }
        let (from, line) = (self.at, self.line);
        let is_comment = self.dialect.is_comment(self.rest());
        let mut flaw = None;
        if is_comment {
            spans.push(self.whole_line());
        } else {
            loop {
                let span = match self.rest() {
                    [QUOTE, ..] if self.dialect.quoted => {
                        let (span, wrong) = self.quoted();
                        flaw = flaw.max(wrong);
                        span
                    }
                    _ => {
                        let span = self.plain();
                        if self.dialect.quoted && is_before_quote(self.bytes, span) {
                            flaw = flaw.max(Some(Flaw::BeforeQuote));
                        }
                        span
                    }
                };
                spans.push(span);
                match self.delimiter_here() {
                    Some(length) => {
                        if self.is_in_long_run(length) {
                            flaw = flaw.max(Some(Flaw::LongRun));
                        }
                        self.at += length;
                    }
                    None => break,
                }
            }
            // Behind the last value stands a line feed, or nothing.
            self.at = self.bytes.len().min(self.at + 1);
        }
        let record = self.bytes.get(from..self.at).unwrap_or_default();
        let line_ends = record.iter().filter(|&&b| b == b'\n').count() as u64;
        self.line += line_ends;
        Some(Record { from, to: self.at, line, line_ends, flaw, is_comment })
    }

    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The length of the delimiter that stands here.
    fn delimiter_here(&self) -> Option<usize> {
        let rest = self.rest();
        match self.single {
            Some(byte) => (rest.first() == Some(&byte)).then_some(1),
            None => {
                let delimiter = &self.dialect.delimiter;
                rest.starts_with(delimiter).then_some(delimiter.len())
            }
        }
    }

    /// Whether the delimiter that stands here begins a run that whole delimiters do not fill.
    fn is_in_long_run(&self, length: usize) -> bool {
        let Some(unit) = self.repeated else { return false };
        let run = self.rest().chunks(unit.len()).take_while(|chunk| *chunk == unit).count();
        !(run * unit.len()).is_multiple_of(length)
    }

    /// Goes to the next delimiter, line feed or the end of the bytes.
    fn skip_to_end(&mut self) {
        let rest = self.rest();
        if let Some(byte) = self.single {
            self.at += memchr2(byte, b'\n', rest).unwrap_or(rest.len());
            return;
        }
        loop {
            match self.rest() {
                [] | [b'\n', ..] => return,
                rest if rest.starts_with(&self.dialect.delimiter) => return,
                rest if self.dialect.wide => self.at += unit(rest),
                _ => self.at += 1,
            }
        }
    }

    fn whole_line(&mut self) -> Span {
        let (from, rest) = (self.at, self.rest());
        let length = memchr(b'\n', rest).unwrap_or(rest.len());
        self.at = self.bytes.len().min(from + length + 1);
        let line = rest.get(..length).unwrap_or_default();
        let to = from + line.strip_suffix(b"\r").unwrap_or(line).len();
        Span { from, to, doubled: false }
    }

    fn plain(&mut self) -> Span {
        let from = self.at;
        self.skip_to_end();
        let field = self.bytes.get(from..self.at).unwrap_or_default();
        let ends_line = self.delimiter_here().is_none();
        let to = if ends_line && field.ends_with(b"\r") { self.at - 1 } else { self.at };
        Span { from, to, doubled: false }
    }

    fn quoted(&mut self) -> (Span, Option<Flaw>) {
        self.at += 1;
        let from = self.at;
        let mut doubled = false;
        loop {
            let rest = self.rest();
            let Some(quote) = memchr(QUOTE, rest) else {
                self.at = self.bytes.len();
                return (Span { from, to: self.at, doubled }, Some(Flaw::Unclosed));
            };
            self.at += quote;
            let to = self.at;
            self.at += 1;
            if self.rest().first() == Some(&QUOTE) {
                doubled = true;
                self.at += 1;
                continue;
            }
            let behind = self.at;
            self.skip_to_end();
            let ends_line = self.delimiter_here().is_none();
            let flaw = match self.bytes.get(behind..self.at).unwrap_or_default() {
                [] => None,
                [b'\r'] if ends_line => None,
                _ => Some(Flaw::BehindQuote),
            };
            return (Span { from, to, doubled }, flaw);
        }
    }
}

/// Whether a value without quotes is blanks and then a quote.
fn is_before_quote(bytes: &[u8], span: Span) -> bool {
    let mut rest = bytes.get(span.from..span.to).unwrap_or_default();
    loop {
        rest = match rest {
            [b' ' | b'\t', rest @ ..] => rest,
            // The full-width blank in UTF-8, to which text is decoded before it is judged.
            [0xe3, 0x80, 0x80, rest @ ..] => rest,
            [QUOTE, ..] => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialect(delimiter: &str) -> Dialect {
        let comment = Vec::new();
        Dialect { delimiter: delimiter.as_bytes().to_vec(), quoted: true, comment, wide: false }
    }

    fn split(text: &str, dialect: &Dialect) -> Vec<(u64, Vec<String>, Option<Flaw>)> {
        let mut records = Records::new(text.as_bytes(), dialect, 1);
        let mut spans = Vec::new();
        let mut all = Vec::new();
        while let Some(record) = records.next(&mut spans) {
            let fields = spans
                .iter()
                .map(|span| {
                    let field = &text[span.from..span.to];
                    if span.doubled { field.replace("\"\"", "\"") } else { field.to_owned() }
                })
                .collect();
            all.push((record.line, fields, record.flaw));
        }
        all
    }

    #[test]
    fn records_are_split_as_rfc_4180_says() {
        let rows: &[(&str, &str)] = &[
            ("", ""),
            ("\n\r\n\n", ""),
            ("a,b\nc,d", "1[a|b] 2[c|d]"),
            ("a,b\r\nc,d\r\n", "1[a|b] 2[c|d]"),
            ("a,b\r\n\r\nc,d\r", "1[a|b] 3[c|d]"),
            (",\n", "1[|]"),
            ("a,\"b\nc\"\nd,e\n", "1[a|b\nc] 3[d|e]"),
            ("\"a\"\"b\",\"\"\n", "1[a\"b|]"),
            ("a\"b,c\"\n", "1[a\"b|c\"]"),
            ("\"a\"x,b\nc,d\n", "1[a|b]BehindQuote 2[c|d]"),
            ("\"a\"\r\n\"b\"\r\n", "1[a] 2[b]"),
            (
                "a, \"b,c\"\n\t\"d\"\n e\"\n",
                "1[a| \"b|c\"]BeforeQuote 2[\t\"d\"]BeforeQuote 3[ e\"]",
            ),
            ("a,\"b\nc,d\n", "1[a|b\nc,d\n]Unclosed"),
            ("\"a\",\"", "1[a|]Unclosed"),
            ("a\rb,c\n", "1[a\rb|c]"),
            (" \n", "1[ ]"),
            ("a, \"b\"\n", "1[a| \"b\"]BeforeQuote"),
            ("\u{3000}\t\"b\",c\n", "1[\u{3000}\t\"b\"|c]BeforeQuote"),
            ("a, b\"\n", "1[a| b\"]"),
        ];
        for (text, want) in rows {
            let got: Vec<String> = split(text, &dialect(","))
                .into_iter()
                .map(|(line, fields, flaw)| {
                    let flaw = flaw.map_or(String::new(), |flaw| format!("{flaw:?}"));
                    format!("{line}[{}]{flaw}", fields.join("|"))
                })
                .collect();
            assert_eq!(got.join(" "), *want, "{text:?}");
        }
    }

    #[test]
    fn delimiters_quotes_and_comments_are_what_was_declared() {
        let plain = Dialect { quoted: false, ..dialect("|") };
        let commented = Dialect { comment: b"#".to_vec(), ..dialect(",") };
        let rows: &[(&str, Dialect, &str)] = &[
            ("a%%b%c%%\"d%%e\"\n", dialect("%%"), "1[a|b%c|d%%e]"),
            ("a%%%b\n", dialect("%%"), "1[a|%b]LongRun"),
            ("a%%%%b%%\n", dialect("%%"), "1[a||b|]"),
            ("\"a\"%%%%%b\n%%%\n", dialect("%%"), "1[a||%b]LongRun 2[|%]LongRun"),
            ("a|||b||c\n", dialect("||"), "1[a||b|c]LongRun"),
            ("a，，，b\n", dialect("，，"), "1[a|，b]LongRun"),
            ("a%b%%c\n", dialect("%b%"), "1[a|%c]"),
            ("a，b\n", dialect("，"), "1[a|b]"),
            ("\"a|b\"x\nc", plain, "1[\"a|b\"x] 2[c]"),
            ("# a,\"b\nc,d\n\n#", commented.clone(), "1[# a,\"b] 2[c|d] 4[#]"),
            ("\"\n#\",#\r\n#\r\n", commented, "1[\n#|#] 3[#]"),
        ];
        for (text, dialect, want) in rows {
            let got: Vec<String> = split(text, dialect)
                .into_iter()
                .map(|(line, fields, flaw)| {
                    let flaw = flaw.map_or(String::new(), |flaw| format!("{flaw:?}"));
                    format!("{line}[{}]{flaw}", fields.join("|"))
                })
                .collect();
            assert_eq!(got.join(" "), *want, "{text:?}");
        }
    }
}
