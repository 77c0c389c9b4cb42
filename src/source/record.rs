//! Records of delimited text: RFC 4180 with LF or CRLF line ends, quotes with anything inside.
//!
//! The splitter is our own because three things must be exact that a general one leaves open: the
//! line and byte on which a record begins (past a CRLF and blank lines), a quote that is never
//! closed, and text behind a closing quote. The last two swallow or glue data and are told as
//! flaws of the record; a general splitter reads on in silence.

const QUOTE: u8 = b'"';

/// Where a field stands in the bytes, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether it holds doubled quotes that stand for one.
    pub(super) doubled: bool,
}

/// What is wrong with the shape of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A quote is never closed, so that the rest of the file stands in the record.
    Unclosed,
    /// Text stands between a closing quote and the next delimiter.
    BehindQuote,
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
}

/// Walks over the records of bytes that end with a record's end.
#[derive(Debug)]
pub(super) struct Records<'b> {
    bytes: &'b [u8],
    delimiter: u8,
    at: usize,
    line: u64,
}

impl<'b> Records<'b> {
    pub(super) fn new(bytes: &'b [u8], delimiter: u8, line: u64) -> Records<'b> {
        Records { bytes, delimiter, at: 0, line }
    }

    /// The byte and the line on which the next record begins.
    pub(super) fn position(&self) -> (usize, u64) {
        (self.at, self.line)
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
        let mut flaw = None;
        loop {
            let span = match self.rest() {
                [QUOTE, ..] => {
                    let (span, wrong) = self.quoted();
                    flaw = flaw.or(wrong);
                    span
                }
                _ => self.plain(),
            };
            spans.push(span);
            match self.rest().first() {
                Some(&b) if b == self.delimiter => self.at += 1,
                Some(_) => {
                    self.at += 1;
                    break;
                }
                None => break,
            }
        }
        let record = self.bytes.get(from..self.at).unwrap_or_default();
        let line_ends = record.iter().filter(|&&b| b == b'\n').count() as u64;
        self.line += line_ends;
        Some(Record { from, to: self.at, line, line_ends, flaw })
    }

    fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Goes to the next delimiter, line feed or the end of the bytes.
    fn skip_to_end(&mut self) {
        let delimiter = self.delimiter;
        let rest = self.rest();
        self.at += rest.iter().position(|&b| b == delimiter || b == b'\n').unwrap_or(rest.len());
    }

    fn plain(&mut self) -> Span {
        let from = self.at;
        self.skip_to_end();
        let ends_line = self.rest().first() != Some(&self.delimiter);
        let field = self.bytes.get(from..self.at).unwrap_or_default();
        let to = if ends_line && field.ends_with(b"\r") { self.at - 1 } else { self.at };
        Span { from, to, doubled: false }
    }

    fn quoted(&mut self) -> (Span, Option<Flaw>) {
        self.at += 1;
        let from = self.at;
        let mut doubled = false;
        loop {
            let rest = self.rest();
            let Some(quote) = rest.iter().position(|&b| b == QUOTE) else {
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
            let ends_line = self.rest().first() != Some(&self.delimiter);
            let flaw = match self.bytes.get(behind..self.at).unwrap_or_default() {
                [] => None,
                [b'\r'] if ends_line => None,
                _ => Some(Flaw::BehindQuote),
            };
            return (Span { from, to, doubled }, flaw);
        }
    }
}

/// The length of the whole records at the head of the bytes; a record begins with the bytes.
pub(super) fn complete(bytes: &[u8], delimiter: u8) -> usize {
    if !bytes.contains(&QUOTE) {
        return bytes.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    }
    #[derive(Clone, Copy)]
    enum State {
        FieldStart,
        Plain,
        Quoted,
        QuoteSeen,
    }
    let mut state = State::FieldStart;
    let mut end = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        state = match state {
            State::Quoted if byte == QUOTE => State::QuoteSeen,
            State::Quoted => State::Quoted,
            State::QuoteSeen | State::FieldStart if byte == QUOTE => State::Quoted,
            _ if byte == delimiter => State::FieldStart,
            _ if byte == b'\n' => {
                end = at + 1;
                State::FieldStart
            }
            _ => State::Plain,
        };
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(u64, Vec<String>, Option<Flaw>)> {
        let mut records = Records::new(text.as_bytes(), b',', 1);
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
            ("a,\"b\nc,d\n", "1[a|b\nc,d\n]Unclosed"),
            ("\"a\",\"", "1[a|]Unclosed"),
            ("a\rb,c\n", "1[a\rb|c]"),
            (" \n", "1[ ]"),
        ];
        for (text, want) in rows {
            let got: Vec<String> = split(text)
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
    fn whole_records_end_where_the_splitter_ends_them() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let length = random.usize(..24);
            let text: String =
                (0..length).map(|_| char::from(*random.choice(b"\"\",\n\ra ").unwrap())).collect();
            let head = complete(text.as_bytes(), b',');
            let whole = split(&text);
            let mut parts = split(&text[..head]);
            let lines = text[..head].matches('\n').count() as u64;
            assert!(parts.iter().all(|part| part.2 != Some(Flaw::Unclosed)), "{text:?}");
            parts.extend(split(&text[head..]).into_iter().map(|(l, f, w)| (l + lines, f, w)));
            assert_eq!(parts, whole, "{text:?}");
        }
    }
}
