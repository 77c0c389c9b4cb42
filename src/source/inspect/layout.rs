//! How the lines of a file are laid out: what parts the values, what stands before and behind.

use std::collections::{BTreeMap, BTreeSet};

use super::places::{self, Place};
use super::values::{is_number, is_time};
use crate::feed::Encoding;
use crate::source::record::{Dialect, Record, Records};
use crate::source::text::Text;

/// What may part values.
const DELIMITERS: &[&str] = &[",", "\t", "|", "%%", ";", "^", "||", "\u{1}"];

/// Keys of JSON lines that are looked at.
const NAMES_MAX: usize = 1_000;

/// Rows that are looked at.
const ROWS_MAX: usize = 2_000;

/// A layout.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) layout: Layout,
    /// Whether the file names its columns.
    pub(super) has_header: bool,
    /// Lines before the header that are no comments.
    pub(super) skipped: usize,
    /// What lines begin with that are no rows.
    pub(super) comment: Option<String>,
    /// What the first record begins with, where that is no row.
    pub(super) leading: Option<String>,
    /// The first value of the last record, where that is no row.
    pub(super) trailer: Option<String>,
    pub(super) prefix: Option<String>,
    /// Whether that record has as many values as a row.
    pub(super) is_trailer_alike: bool,
    /// The values of that record, or of one of fixed width its bytes.
    pub(super) trailing: Vec<String>,
    pub(super) trailing_bytes: Vec<u8>,
    /// Whether its bytes may be of an encoding of Western Europe, although GB18030 reads them.
    pub(super) is_western: bool,
    /// The columns of the table of one row that the file ends with, and their figures.
    pub(super) summary: Vec<String>,
    pub(super) figures: Vec<String>,
    /// Lines that are no records.
    pub(super) lines: Vec<String>,
    /// Whether every row of the file was looked at.
    pub(super) is_complete: bool,
    pub(super) names: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
    /// Where the fields of a fixed-width file may stand.
    pub(super) places: Vec<Place>,
    /// Whether lines of a fixed-width file end with CRLF.
    pub(super) has_crlf: bool,
    /// What the layout shows by.
    pub(super) findings: Vec<String>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum Layout {
    /// None was found.
    #[default]
    Unknown,
    Delimited(String),
    /// So many bytes a line.
    Fixed(usize),
    JsonLines,
}

pub(super) fn find(text: &str, bytes: &[u8], is_whole: bool, encoding: Encoding) -> Found {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    if first.trim_start().starts_with('{')
        && let Some(found) = json(text)
    {
        return found;
    }
    let best = DELIMITERS
        .iter()
        .filter_map(|delimiter| {
            let widths = widths(text, delimiter);
            let (width, share) = usual(widths.iter().copied().filter(|w| *w > 1), widths.len())?;
            Some((share, width, *delimiter))
        })
        // Of equally steady ones the one with more columns; a longer one holds the shorter.
        .max_by_key(|(share, width, delimiter)| (share / 10, *width, delimiter.len()));
    match best {
        Some((share, width, delimiter)) if share >= 60 => {
            delimited(text, delimiter, width, share, is_whole)
        }
        _ => fixed(bytes, is_whole, encoding),
    }
}

fn dialect(delimiter: &str, comment: &str) -> Dialect {
    let (delimiter, comment) = (delimiter.as_bytes().to_vec(), comment.as_bytes().to_vec());
    Dialect { delimiter, quoted: true, comment, wide: false }
}

/// What lines begin with that are no rows, where that is not `#`: the one mark with which all
/// records of another width begin and no other does, as rules under a header do.
fn comment(text: &str, delimiter: &str, width: usize) -> &'static str {
    const RULES: [&str; 6] = ["+", "-", "=", "*", "~", "/"];
    let dialect = dialect(delimiter, "#");
    let mut records = Records::new(text.as_bytes(), &dialect, 1);
    let (mut spans, mut odd, mut rows) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    while let Some(record) = records.next(&mut spans) {
        let first = text.get(record.from..record.to).and_then(|line| line.chars().next());
        if record.is_comment {
            return "#";
        }
        let _ = if spans.len() == width { rows.insert(first) } else { odd.insert(first) };
    }
    let first = |rule: &&&str| odd.iter().eq([&rule.chars().next()]);
    let found = RULES.iter().find(first).filter(|rule| !rows.contains(&rule.chars().next()));
    found.copied().unwrap_or("#")
}

/// The width of each record that is no comment.
fn widths(text: &str, delimiter: &str) -> Vec<usize> {
    let dialect = dialect(delimiter, "#");
    let mut records = Records::new(text.as_bytes(), &dialect, 1);
    let (mut spans, mut widths) = (Vec::new(), Vec::new());
    while let Some(record) = records.next(&mut spans) {
        if widths.len() >= ROWS_MAX {
            break;
        }
        if !record.is_comment {
            widths.push(spans.len());
        }
    }
    widths
}

/// What most of them are, and how many per cent of all.
fn usual(found: impl Iterator<Item = usize>, all: usize) -> Option<(usize, usize)> {
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for one in found {
        *counts.entry(one).or_default() += 1;
    }
    let (&one, &count) = counts.iter().max_by_key(|(_, count)| **count)?;
    Some((one, count * 100 / all.max(1)))
}

fn delimited(text: &str, delimiter: &str, width: usize, share: usize, is_whole: bool) -> Found {
    let comment = comment(text, delimiter, width);
    let dialect = dialect(delimiter, comment);
    let mut records = Records::new(text.as_bytes(), &dialect, 1);
    let mut spans = Vec::new();
    // The first records of another width, and the lines on which the first rows stand.
    let (mut before, mut begins): (Vec<Vec<String>>, Vec<u64>) = (Vec::new(), Vec::new());
    let mut found = Found { layout: Layout::Delimited(delimiter.to_owned()), ..Found::default() };
    let mut behind: Vec<Vec<String>> = Vec::new();
    let line = |record: &Record| {
        text.get(record.from..record.to).unwrap_or_default().trim_end().to_owned()
    };
    while let Some(record) = records.next(&mut spans) {
        if record.is_comment {
            found.comment = Some(comment.to_owned());
            found.lines.push(line(&record));
            continue;
        }
        let cell = |span: &crate::source::record::Span| {
            text.get(span.from..span.to).unwrap_or_default().replace("\"\"", "\"")
        };
        let cells: Vec<String> = spans.iter().map(cell).collect();
        if cells.len() == width {
            behind.clear();
            if found.rows.len() < HEADER_AMONG {
                begins.push(record.line);
            }
            if found.rows.len() <= ROWS_MAX {
                found.rows.push(cells);
            }
        } else if found.rows.is_empty() {
            found.lines.push(line(&record));
            before.push(cells);
        } else {
            behind.push(cells);
        }
    }
    found.is_complete = is_whole && found.rows.len() <= ROWS_MAX;
    let shown: String = delimiter.chars().flat_map(char::escape_default).collect();
    found.findings.push(format!(
        "delimited by `{shown}`: {share} per cent of the records have {width} columns"
    ));
    let at = head(&mut found, width);
    if let ([only], 0) = (before.as_slice(), at)
        && let Some(marker) = only.first().map(|first| first.trim())
        && only.len() > 1
        && marker.is_ascii()
        && (is_marker(marker, &found.rows) || is_other(marker, &found.rows))
    {
        found.findings.push(format!("the first record begins with `{marker}` and is no row"));
        found.leading = Some(marker.to_owned());
        found.lines.retain(|line| !line.starts_with(marker));
    } else if let Some(line) = begins.get(at).filter(|_| at + before.len() > 0) {
        // Blank lines are lines too, and no records.
        found.skipped = usize::try_from(*line).unwrap_or(1).saturating_sub(1);
        found.findings.push(format!("{} lines stand before the first record", found.skipped));
    }
    match behind.as_slice() {
        [only] if is_whole => {
            let marker = only.first().map(|first| first.trim()).unwrap_or_default();
            // Nothing of a row may stand in the draft: its value may be somebody's.
            if is_marker(marker, &found.rows) || is_other(marker, &found.rows) {
                let told = format!("the last record begins with `{marker}` and is no row");
                found.findings.push(told);
                found.trailer = Some(marker.to_owned());
                found.trailing.clone_from(only);
            } else {
                found.findings.push(format!(
                    "the last record begins as a row does and has {} values instead of {width}: it \
                     is cut short, or is of totals without a marker; ask the partner",
                    only.len()
                ));
            }
        }
        [] if is_whole => found.take_last_marked(),
        [names, figures] if is_whole && names.len() == figures.len() => {
            found.findings.push("the last two records are a table of their own".to_owned());
            found.summary = names.iter().map(|name| name.trim().to_owned()).collect();
            found.figures.clone_from(figures);
        }
        _ => {}
    }
    if let Some(comment) = &found.comment {
        found.findings.push(format!("lines that begin with `{comment}` are no records"));
    }
    for prefix in ["`", "'"] {
        let begins = |value: &String| value.trim().starts_with(prefix);
        if !found.rows.is_empty() && found.rows.iter().flatten().all(begins) {
            found.findings.push(format!("each value begins with `{prefix}`"));
            for value in found.rows.iter_mut().flatten() {
                *value = value.trim().get(prefix.len()..).unwrap_or_default().to_owned();
            }
            for figure in found.figures.iter_mut().chain(&mut found.trailing) {
                *figure = figure.trim().strip_prefix(prefix).unwrap_or(figure).to_owned();
            }
            found.prefix = Some(prefix.to_owned());
        }
    }
    found
}

impl Found {
    /// Takes the last row for a marked record where it begins as no other does: a word or a short
    /// code where all others have a value of one shape.
    fn take_last_marked(&mut self) {
        let Some((last, others)) = self.rows.split_last() else { return };
        let marker = last.first().map(|first| first.trim().to_owned()).unwrap_or_default();
        // The first of the others may be the header.
        let shapes: BTreeSet<String> =
            others.iter().skip(1).filter_map(|row| row.first()).map(|cell| shape(cell)).collect();
        let is_alone = others.len() > 10
            && shapes.len() == 1
            && (is_marker(&marker, others) || is_other(&marker, others));
        if !is_alone || !self.is_complete {
            return;
        }
        let told = format!("the last record begins with `{marker}`, and no other does");
        self.findings.push(told);
        self.trailer = Some(marker);
        self.trailing = self.rows.pop().unwrap_or_default();
        self.is_trailer_alike = true;
    }
}

/// Whether a value marks a record: a word or a short code, and nothing like what rows begin with.
fn is_marker(value: &str, rows: &[Vec<String>]) -> bool {
    const LETTERS_MAX: usize = 16;
    const DIGITS_MAX: usize = 2;
    let digits = value.chars().filter(char::is_ascii_digit).count();
    let has_words = value.chars().any(char::is_alphanumeric);
    let is_plain = value.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '#' | '*'));
    let short = value.chars().count() <= LETTERS_MAX && digits <= DIGITS_MAX;
    let of_value = shape(value);
    // The header may be among the rows still, and words of one shape say nothing.
    let is_alike =
        rows.iter().skip(1).filter_map(|row| row.first()).any(|one| shape(one) == of_value);
    has_words && is_plain && short && !is_alike
}

/// Whether a value marks a record because all rows begin with another one, which is their mark.
fn is_other(value: &str, rows: &[Vec<String>]) -> bool {
    const LETTERS_MAX: usize = 8;
    let firsts: BTreeSet<&str> =
        rows.iter().filter_map(|row| row.first()).map(|first| first.trim()).collect();
    let is_plain = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_one = rows.len() > 2 && firsts.len() == 1 && !firsts.contains(value);
    is_one && is_plain && value.len() <= LETTERS_MAX
}

/// What a value looks like: each run of digits, of letters, or of other characters of words by one
/// sign.
fn shape(value: &str) -> String {
    let mut shape = String::new();
    for character in value.trim().chars() {
        let sign = match character {
            c if c.is_ascii_digit() => '9',
            c if c.is_ascii_alphabetic() => 'a',
            c if c.is_alphanumeric() => 'x',
            c => c,
        };
        if !shape.ends_with(sign) {
            shape.push(sign);
        }
    }
    shape
}

/// Rows among which the header is looked for.
const HEADER_AMONG: usize = 20;

/// Takes the header off the rows, and what stands before it: titles that a spreadsheet has filled
/// up with empty cells. A header has no gap but over columns that are empty in every row. Gives the
/// place of the header, or of the first row where there is none.
fn head(found: &mut Found, width: usize) -> usize {
    let is_blank = |value: &String| value.trim().is_empty();
    let is_value =
        |value: &String| is_number(value.trim()) || is_time("%Y-%m-%d %H:%M:%S", value.trim());
    let is_dense =
        |row: &Vec<String>| row.iter().filter(|value| !is_blank(value)).count() * 2 > width;
    let names_columns = |at: usize| {
        let Some(row) = found.rows.get(at) else { return false };
        let is_over_nothing = |column: usize| {
            found.rows.iter().skip(at + 1).all(|row| row.get(column).is_none_or(is_blank))
        };
        let is_gap = |&column: &usize| row.get(column).is_none_or(is_blank);
        !row.iter().any(is_value) && (0..width).filter(is_gap).all(is_over_nothing)
    };
    let first = found.rows.iter().take(HEADER_AMONG).position(is_dense);
    let Some(at) = first.filter(|&at| names_columns(at)) else {
        found.findings.push("the first record has numbers or gaps and names no columns".to_owned());
        found.names = (1..=width).map(|at| format!("column {at}")).collect();
        return 0;
    };
    let titles: Vec<Vec<String>> = found.rows.drain(..at).collect();
    found.lines.extend(titles.iter().map(|row| row.concat()));
    found.has_header = true;
    let first = found.rows.remove(0);
    found.names = first.iter().map(|name| name.trim().to_owned()).collect();
    at
}

fn fixed(bytes: &[u8], is_whole: bool, encoding: Encoding) -> Found {
    let mut lines: Vec<&[u8]> = bytes
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
        .filter(|line| !line.is_empty())
        .take(ROWS_MAX)
        .collect();
    let mut found =
        Found { has_crlf: bytes.windows(2).any(|pair| pair == b"\r\n"), ..Found::default() };
    let (length, share) = match usual(lines.iter().map(|line| line.len()), lines.len()) {
        Some((length, share)) if share >= 60 && lines.len() > 1 => (length, share),
        _ => {
            found.findings.push("none that is known; ask the partner".to_owned());
            return found;
        }
    };
    found.layout = Layout::Fixed(length);
    found.findings.push(format!(
        "fixed width: nothing parts values, and {share} per cent of the lines have {length} bytes"
    ));
    let is_cut = !is_whole || lines.len() == ROWS_MAX;
    found.leading = marked(&lines, 0, length);
    found.trailer =
        lines.len().checked_sub(1).filter(|_| !is_cut).and_then(|at| marked(&lines, at, length));
    for (marker, place) in [(&found.leading, "first"), (&found.trailer, "last")] {
        if let Some(marker) = marker {
            let told = format!("the {place} record begins with `{marker}`, and no other does");
            found.findings.push(told);
        }
    }
    if found.leading.is_some() {
        lines.remove(0);
    }
    if found.trailer.is_some() {
        found.trailing_bytes = lines.pop().unwrap_or_default().to_vec();
    }
    found.is_complete = !is_cut;
    lines.retain(|line| line.len() == length);
    found.places = places::guess(&lines, length);
    found.findings.push(format!(
        "{} fields by what is blank, digits or text in {} rows: candidates, because two of one sort \
         side by side look like one; ask the partner where each stands",
        found.places.len(),
        lines.len()
    ));
    found.names = found.places.iter().map(Place::name).collect();
    let cells = |line: &&[u8]| {
        let cell = |place: &Place| Text::new(place.of(line), encoding).text.trim().to_owned();
        found.places.iter().map(cell).collect()
    };
    found.rows = lines.iter().map(cells).collect();
    found
}

/// The letter or digits with which the first or last line begins and those between do not, where
/// they all begin alike or it has a length of its own.
fn marked(lines: &[&[u8]], at: usize, length: usize) -> Option<String> {
    let (line, inner) = (lines.get(at)?, lines.get(1..lines.len().checked_sub(1)?)?);
    // Sorts of records are numbered with two digits: 01, 02 and 99.
    let number = |line: &&[u8]| {
        line.first_chunk::<2>().copied().filter(|all| all.iter().all(u8::is_ascii_digit))
    };
    let (own, usual) = (number(line), inner.first().and_then(number));
    if let (Some(own), Some(usual)) = (own, usual)
        && own != usual
        && inner.len() > 1
        && inner.iter().all(|line| number(line) == Some(usual))
    {
        return Some(own.map(char::from).iter().collect());
    }
    let marker = line.first().copied().filter(u8::is_ascii_alphanumeric)?;
    let begins = |line: &&[u8]| line.first().copied();
    let usual = inner.first().and_then(begins)?;
    let is_other = inner.len() > 1 && inner.iter().all(|line| begins(line) == Some(usual));
    let is_it = usual != marker && (is_other || line.len() != length);
    is_it.then(|| char::from(marker).to_string())
}

fn json(text: &str) -> Option<Found> {
    let mut found = Found { layout: Layout::JsonLines, has_header: true, ..Found::default() };
    let mut objects = Vec::new();
    let (mut known, mut is_cut) = (BTreeSet::new(), false);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty()).take(ROWS_MAX).peekable();
    while let Some(line) = lines.next() {
        let value: serde_json::Value = match serde_json::from_str(line) {
            Ok(value) => value,
            Err(_) if lines.peek().is_none() && !objects.is_empty() => {
                let told = "the last line is no object: it is cut short; ask the partner";
                found.findings.push(told.to_owned());
                break;
            }
            Err(_) => return None,
        };
        let mut cells = BTreeMap::new();
        flatten("", &value, &mut cells);
        for name in cells.keys() {
            if known.contains(name) {
                continue;
            }
            is_cut |= known.len() >= NAMES_MAX;
            if known.len() < NAMES_MAX {
                known.insert(name.clone());
                found.names.push(name.clone());
            }
        }
        objects.push(cells);
    }
    for cells in objects {
        let row = found.names.iter().map(|name| cells.get(name).cloned().unwrap_or_default());
        found.rows.push(row.collect());
    }
    found.findings.push("JSON lines: each line is an object".to_owned());
    if is_cut {
        found.findings.push(format!("more than {NAMES_MAX} keys; the first are told"));
    }
    Some(found)
}

/// The values within an object, by their paths.
fn flatten(path: &str, value: &serde_json::Value, cells: &mut BTreeMap<String, String>) {
    let within =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        serde_json::Value::Object(members) => {
            for (name, value) in members {
                flatten(&within(name), value, cells);
            }
        }
        serde_json::Value::Null | serde_json::Value::Array(_) => {}
        serde_json::Value::String(text) => {
            cells.insert(path.to_owned(), text.clone());
        }
        other => {
            cells.insert(path.to_owned(), other.to_string());
        }
    }
}
