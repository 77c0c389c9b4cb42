//! A look at a file that nobody has declared yet: what its bytes show, and a draft of a feed.
//!
//! A run never uses anything of this. What is found is told with its evidence, so that a person
//! can decide; values that look personal are masked before they are shown.

mod draft;
mod first;
mod layout;
mod names;
mod numbers;
mod odd;
mod places;
mod totals;
mod values;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use arrow::datatypes::Schema;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};
use zstd::stream::read::Decoder as ZstdDecoder;

use super::error::SourceError;
use super::foreign::{foreign, wide};
use super::gunzip::Gunzip;
use super::table::contained;
use super::text::{Text, mark};
use super::zip::{Contents, Entry, list};
use crate::feed::{Encoding, Zip};

pub use draft::Draft;
pub use first::first;
pub use values::Seen;

/// Unpacked bytes that are looked at.
const HEAD_BYTES: u64 = 1 << 20;

/// What a file shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// What was found, and by what it shows.
    pub findings: Vec<(&'static str, String)>,
    /// The columns, in the order of the file.
    pub columns: Vec<Seen>,
    /// The first rows, with values that look personal masked.
    pub rows: Vec<Vec<String>>,
    /// A draft of the feed's declaration.
    pub draft: Draft,
}

/// The head of a file, unpacked.
struct Head {
    bytes: Vec<u8>,
    /// Whether the file ends with it.
    is_whole: bool,
    /// How it is packed, in lines of the draft; the last one says it.
    unpack: Vec<String>,
}

/// Looks at the head of a file. An encoding that is given is taken; else the one that alone fits.
///
/// # Errors
/// When the file cannot be read or is a damaged archive or table.
pub fn inspect(
    path: &Path,
    encoding: Option<Encoding>,
    rows: usize,
) -> Result<Inspection, SourceError> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.unwrap_or_default();
    let unread = |source| SourceError::Io { file: path.display().to_string(), source };
    // Opening a pipe would wait for whoever writes into it.
    if !std::fs::metadata(path).map_err(unread)?.is_file() {
        let reason = io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
        return Err(unread(reason));
    }
    let mut input = File::open(path).map_err(unread)?;
    let length = input.metadata().map_err(unread)?.len();
    let mut magic = Vec::new();
    (&mut input).take(8).read_to_end(&mut magic).map_err(unread)?;
    let mut findings = vec![("bytes 字节", length.to_string())];
    if magic.starts_with(b"PAR1") {
        let schema = contained(&name, "Parquet", || {
            let input = File::open(path).map_err(|error| error.to_string())?;
            ArrowReaderMetadata::load(&input, ArrowReaderOptions::new())
                .map(|metadata| metadata.schema().as_ref().clone())
                .map_err(|error| error.to_string())
        })?;
        findings.push(("layout 版式", "Parquet: the file begins with PAR1".to_owned()));
        return Ok(table(name, findings, "parquet", &schema));
    }
    if magic.starts_with(b"ARROW1") {
        let schema = contained(&name, "Arrow IPC", || {
            let input = File::open(path).map_err(|error| error.to_string())?;
            arrow_ipc::reader::FileReader::try_new(input, None)
                .map(|reader| reader.schema().as_ref().clone())
                .map_err(|error| error.to_string())
        })?;
        findings.push(("layout 版式", "Arrow IPC: the file begins with ARROW1".to_owned()));
        return Ok(table(name, findings, "arrow", &schema));
    }
    let head = head(path, &magic, length).map_err(|source| match source.raw_os_error() {
        // The system has no part in it, so that the bytes are at fault.
        None => {
            SourceError::Corrupt { file: name.clone(), what: "packed", reason: source.to_string() }
        }
        Some(_) => unread(source),
    })?;
    if let Some(unpack) = head.unpack.last().and_then(|line| line.strip_prefix("unpack: ")) {
        findings.push(("packing 压缩", unpack.to_owned()));
    }
    // Read as bytes, its characters would escape every mask.
    if let Some(reason) = foreign(&head.bytes, Encoding::Utf8).or_else(|| wide(&head.bytes)) {
        let (what, reason) = ("text", reason.to_owned());
        return Err(SourceError::Corrupt { file: name, what, reason });
    }
    let encoding = encodings(&head, encoding, &mut findings);
    let begins = mark(&head.bytes, encoding);
    let mut bytes = head.bytes.get(begins..).unwrap_or_default();
    if !head.is_whole
        && let Some(end) = bytes.iter().rposition(|&byte| byte == b'\n')
    {
        bytes = bytes.get(..=end).unwrap_or_default();
    }
    line_ends(bytes, &mut findings);
    // Lines that end as a run does not read them are looked at as lines all the same.
    let mended: Vec<u8>;
    if ends_with_returns(bytes) {
        mended = bytes.iter().map(|&byte| if byte == b'\r' { b'\n' } else { byte }).collect();
        bytes = &mended;
    }
    let text = Text::new(bytes, encoding).text.into_owned();
    let mut found = layout::find(&text, bytes, head.is_whole, encoding);
    found.is_western = encoding == Encoding::Gb18030 && is_western(bytes);
    findings.extend(found.findings.iter().map(|told| ("layout 版式", told.clone())));
    let mut columns = values::see(&found.names, &found.rows);
    if let layout::Layout::Fixed(_) = found.layout {
        // Nothing says what a field holds, and a number may be somebody's: the shape is enough.
        for column in &mut columns {
            column.is_personal = true;
            column.words.clear();
        }
    }
    let shown = found.rows.iter().take(rows);
    let shown = shown.map(|row| values::masked(&columns, row)).collect();
    let draft = draft::of(&name, &head.unpack, encoding, &found, &columns);
    Ok(Inspection { findings, columns, rows: shown, draft })
}

fn table(
    name: String,
    findings: Vec<(&'static str, String)>,
    format: &str,
    schema: &Schema,
) -> Inspection {
    let columns = schema.fields().iter().map(|field| Seen {
        name: field.name().clone(),
        kind: field.data_type().to_string(),
        ..Seen::default()
    });
    let columns: Vec<Seen> = columns.collect();
    let draft = draft::of_table(&name, format, &columns);
    Inspection { findings, columns, rows: Vec::new(), draft }
}

fn head(path: &Path, magic: &[u8], length: u64) -> io::Result<Head> {
    let mut input = File::open(path)?;
    let mut unpack = Vec::new();
    let mut stream: Box<dyn Read> = if magic.starts_with(b"\x1f\x8b") {
        unpack.push("unpack: gzip".to_owned());
        Box::new(Gunzip::new(BufReader::new(input)))
    } else if magic.starts_with(b"\x28\xb5\x2f\xfd") {
        unpack.push("unpack: zstd".to_owned());
        Box::new(ZstdDecoder::new(input)?)
    } else if magic.starts_with(b"PK\x03\x04") {
        let any = |names| Zip {
            entries: vec!["*".to_owned(), "*/*".to_owned()],
            ignore: Vec::new(),
            names,
        };
        let (listing, names) = match list(&mut input, length, &any(Encoding::Utf8)) {
            Ok(listing) => (listing, "utf-8"),
            Err(_) => (list(&mut input, length, &any(Encoding::Gb18030))?, "gb18030"),
        };
        let refused = |why| io::Error::new(io::ErrorKind::InvalidData, why);
        if listing.entries.iter().any(|entry| entry.name == WORKBOOK) {
            return Err(refused("it is a workbook; have it exported as text"));
        }
        let (lines, Some(entry)) = entries(listing.entries, names) else {
            return Err(refused("it holds no entry"));
        };
        unpack = lines;
        Box::new(Contents::new(input, entry)?)
    } else {
        Box::new(input)
    };
    let mut bytes = Vec::new();
    stream.by_ref().take(HEAD_BYTES + 1).read_to_end(&mut bytes)?;
    let is_whole = bytes.len() as u64 <= HEAD_BYTES;
    bytes.truncate(usize::try_from(HEAD_BYTES).unwrap_or(usize::MAX));
    Ok(Head { bytes, is_whole, unpack })
}

/// What every workbook holds.
const WORKBOOK: &str = "[Content_Types].xml";

/// The draft of what is read of an archive, and the entry that is looked at: of the entries that
/// lie alike and have the ending that most have, the first.
fn entries(entries: Vec<Entry>, names: &str) -> (Vec<String>, Option<Entry>) {
    let pattern = |entry: &Entry| {
        let folders = "*/".repeat(entry.name.matches('/').count());
        let name = entry.name.rsplit('/').next().unwrap_or_default();
        let ending = name.rsplit_once('.').map(|(_, ending)| glob::Pattern::escape(ending));
        folders + &ending.map_or_else(|| "*".to_owned(), |ending| format!("*.{ending}"))
    };
    let mut sorts: BTreeMap<String, Vec<Entry>> = BTreeMap::new();
    for entry in entries {
        sorts.entry(pattern(&entry)).or_default().push(entry);
    }
    let Some(read) = sorts.iter().max_by_key(|(_, of)| of.len()).map(|(sort, _)| sort.clone())
    else {
        return (Vec::new(), None);
    };
    let others: Vec<String> =
        sorts.keys().filter(|sort| **sort != read).map(|sort| draft::quoted(sort)).collect();
    let mut lines = Vec::new();
    let mut ignore = String::new();
    if !others.is_empty() {
        lines.push("# Entries of other endings are left alone; is none of them data?".to_owned());
        ignore = format!(", ignore: [{}]", others.join(", "));
    }
    let of = draft::quoted(&read);
    lines.push(format!("unpack: {{ zip: {{ entries: {of}{ignore}, names: {names} }} }}"));
    let entry = sorts.remove(&read).and_then(|of| of.into_iter().next());
    (lines, entry)
}

/// Whether most characters that GB18030 reads in two bytes have an ASCII character as their second:
/// rare ones in Chinese, and what an accented letter before another letter is in Windows-1252.
fn is_western(bytes: &[u8]) -> bool {
    let (mut pairs, mut western, mut rest) = (0usize, 0usize, bytes);
    while let [first, behind @ ..] = rest {
        rest = behind;
        if first.is_ascii() {
            continue;
        }
        match behind {
            [b'0'..=b'9', _, _, far @ ..] => rest = far,
            [second, far @ ..] => {
                pairs += 1;
                western += usize::from(second.is_ascii());
                rest = far;
            }
            [] => {}
        }
    }
    western * 2 > pairs
}

/// Tells which encodings the bytes are, and gives the one that is drafted.
fn encodings(
    head: &Head,
    given: Option<Encoding>,
    findings: &mut Vec<(&'static str, String)>,
) -> Encoding {
    let bytes = &head.bytes;
    let mut tell = |told: String| findings.push(("encoding 编码", told));
    for encoding in [Encoding::Utf8, Encoding::Gb18030] {
        if mark(bytes, encoding) > 0 {
            tell(format!("a byte order mark of {} stands at the head", encoding.word()));
        }
    }
    if bytes.is_ascii() {
        tell("ASCII alone, which UTF-8 and GB18030 read alike".to_owned());
        return given.unwrap_or_default();
    }
    // A character that the end of the head cuts says nothing.
    let end = bytes.iter().rposition(|&byte| byte == b'\n').map_or(bytes.len(), |at| at + 1);
    let whole = if head.is_whole { bytes.len() } else { end };
    let looked = bytes.get(..whole).unwrap_or_default();
    let mut fitting = Vec::new();
    for encoding in [Encoding::Utf8, Encoding::Gb18030] {
        let text = Text::new(looked, encoding);
        let wrong = text.text.chars().filter(|&c| c == char::REPLACEMENT_CHARACTER).count();
        let foreign: Vec<char> = text.text.chars().filter(|c| !c.is_ascii()).collect();
        let common = foreign.iter().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(*c)).count();
        let fits = wrong == 0;
        tell(format!(
            "{}: {}; {common} of {} other characters are Chinese",
            encoding.word(),
            if fits { "every byte fits".to_owned() } else { format!("{wrong} places do not fit") },
            foreign.len()
        ));
        if fits {
            fitting.push(encoding);
            if encoding == Encoding::Gb18030 && is_western(looked) {
                tell(
                    "most of these have an ASCII letter as their second byte, as accented letters \
                     of Windows-1252 before a letter do: ask which encoding it is, and have what \
                     is not Chinese saved as UTF-8"
                        .to_owned(),
                );
            }
        }
    }
    match (given, fitting.as_slice()) {
        (Some(given), _) => given,
        (None, [one]) => *one,
        (None, []) => {
            tell("neither fits; ask the partner, and say it with --encoding".to_owned());
            Encoding::Utf8
        }
        (None, _) => {
            tell("both fit, and GB18030 reads most UTF-8; the draft says utf-8".to_owned());
            Encoding::Utf8
        }
    }
}

/// Whether carriage returns alone end the lines.
fn ends_with_returns(bytes: &[u8]) -> bool {
    bytes.contains(&b'\r') && !bytes.contains(&b'\n')
}

fn line_ends(bytes: &[u8], findings: &mut Vec<(&'static str, String)>) {
    let lines = bytes.iter().filter(|&&byte| byte == b'\n').count();
    let both = bytes.windows(2).filter(|pair| pair == b"\r\n").count();
    let returns = bytes.iter().filter(|&&byte| byte == b'\r').count();
    let mut told = format!("{both} CRLF and {} LF", lines - both);
    if ends_with_returns(bytes) {
        told += &format!(
            "; {returns} lone CR end its lines, as on old Macs: a run refuses it, so have it saved \
             with LF or CRLF"
        );
    } else if returns > both {
        told += &format!("; {} lone CR, which are parts of values", returns - both);
    }
    if bytes.contains(&0) {
        told += "; NUL bytes, whose records will be refused";
    }
    findings.push(("line ends 行尾", told));
}

#[cfg(test)]
mod tests;
