//! Spoiled tables of delimited text, as public collections of them have them: each gives the cells
//! that were meant, or says where it is refused. No cell is wrong in silence.

use arrow::array::{Array, AsArray};
use arrow::datatypes::UInt64Type;
use hutong::feed::{Column, Delimited, Encoding, Feed, FeedFault, FeedKind, Format};

use crate::hostile::{alone, read};

/// What was read of columns `a` and `b`, with the line, and everything that was refused, each
/// reason without its cure.
fn told(feed: &Feed) -> (Vec<String>, Vec<String>) {
    let read = match read(feed) {
        Ok(read) => read,
        Err(error) => return (Vec::new(), vec![error.to_string()]),
    };
    let fields = FeedKind::Members.fields();
    let place = |name: &str| fields.iter().position(|field| field.name == name).unwrap();
    let column = |at: usize| read.rows.column(at).as_string::<i32>().clone();
    let (a, b) = (column(place("member_no")), column(place("tier")));
    let lines = read.rows.column(fields.len() + 1).as_primitive::<UInt64Type>();
    let cells = (0..read.rows.num_rows()).map(|row| {
        let b = if b.is_null(row) { "∅" } else { b.value(row) };
        format!("{} {}|{b}", lines.value(row), a.value(row))
    });
    let mut refused: Vec<String> = read
        .rejects
        .iter()
        .map(|one| {
            let (what, cure) = one.reason.split_once("; ").unwrap();
            assert!(!cure.is_empty(), "{what}");
            format!("{} {} {what}", one.line, one.column).replace("  ", " ")
        })
        .collect();
    refused.extend(read.faults.iter().map(|fault| match fault {
        FeedFault::Column { column, reason, .. } => format!("{column}: {reason}"),
        other => format!("{other:?}"),
    }));
    (cells.collect(), refused)
}

#[test]
fn every_cell_is_what_was_meant_or_is_refused() {
    let control = "tier holds a control character, such as a line end or a tab";
    let behind = "text stands between a closing quote and the next delimiter";
    let before = "blanks stand between a delimiter and an opening quote";
    let columns = |n: u8| {
        let noun = if n == 1 { "column" } else { "columns" };
        format!("{n} {noun} where the header has 3")
    };
    let absent = |name: &str| format!("{name}: the header has no such column");
    let none: Vec<String> = Vec::new();
    // What it is, the file, the cells of `a` and `b` with their line, and what is refused.
    type Row<'r> = (&'r str, &'r [u8], &'r [&'r str], Vec<String>);
    let rows: Vec<Row<'_>> = vec![
        ("plain", b"a,b,c\n1,x,3\n4,y,6\n", &["2 1|x", "3 4|y"], none.clone()),
        ("delimiters in quotes", b"a,b,c\n1,\"x, y\",3\n", &["2 1|x, y"], none.clone()),
        ("doubled quotes", b"a,b,c\n1,\"x \"\"y\"\" z\",3\n", &["2 1|x \"y\" z"], none.clone()),
        ("a quote alone", b"a,b,c\n1,\"\"\"\",3\n", &["2 1|\""], none.clone()),
        (
            "an object",
            b"a,b,c\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"at\"\": [102.0, 0.5]}\",3\n",
            &["2 1|{\"type\": \"Point\", \"at\": [102.0, 0.5]}"],
            none.clone(),
        ),
        (
            "empty and quoted empty",
            b"a,b,c\n1,,3\n4,\"\",6\n",
            &["2 1|\u{2205}", "3 4|\u{2205}"],
            none.clone(),
        ),
        ("leading zeros", b"a,b,c\n007,1.50,3\n", &["2 007|1.50"], none.clone()),
        ("line feed in quotes", b"a,b,c\n1,x,\"3\n3\"\n4,y,6\n", &["2 1|x", "4 4|y"], none.clone()),
        (
            "CRLF in quotes",
            b"a,b,c\r\n1,x,\"3\r\n3\"\r\n4,y,6\r\n",
            &["2 1|x", "4 4|y"],
            none.clone(),
        ),
        (
            "line feed in a value",
            b"a,b,c\n1,\"x\ny\",3\n4,y,6\n",
            &["4 4|y"],
            vec![format!("2 {control}")],
        ),
        (
            "CRLF in a value",
            b"a,b,c\r\n1,\"x\r\ny\",3\r\n4,y,6\r\n",
            &["4 4|y"],
            vec![format!("2 {control}")],
        ),
        ("line ends mixed", b"a,b,c\r\n1,x,3\n4,y,6\r\n", &["2 1|x", "3 4|y"], none.clone()),
        ("no end of line at the end", b"a,b,c\n1,x,3", &["2 1|x"], none.clone()),
        ("a quote at the end", b"a,b,c\n1,x,\"3\"", &["2 1|x"], none.clone()),
        ("empty lines", b"\na,b,c\n\n1,x,3\n\r\n\n4,y,6\n\n", &["4 1|x", "7 4|y"], none.clone()),
        ("blank lines", b"a,b,c\n  \n1,x,3\n", &["3 1|x"], vec![format!("2 {}", columns(1))]),
        ("short", b"a,b,c\n1,x\n4,y,6\n", &["3 4|y"], vec![format!("2 {}", columns(2))]),
        ("long", b"a,b,c\n1,x,3,4\n4,y,6\n", &["3 4|y"], vec![format!("2 {}", columns(4))]),
        (
            "trailing delimiter",
            b"a,b,c\n1,x,3,\n",
            &[],
            vec![format!("2 {}, and the last is empty", columns(4))],
        ),
        ("trailing delimiters in all lines", b"a,b,c,\n1,x,3,\n", &["2 1|x"], none.clone()),
        ("a comma for a decimal", b"a,b,c\n1,1,5,3\n", &[], vec![format!("2 {}", columns(4))]),
        ("blanks around values", b"a , b,c\n 1 ,\tx ,3\n", &["2 1|x"], none.clone()),
        ("blanks in quotes", b"a,b,c\n1,\" x \",3\n", &["2 1|x"], none.clone()),
        ("a blank before a quote", b"a,b,c\n1, \"x\",3\n", &[], vec![format!("2 {before}")]),
        (
            "a blank before a quote that hides a delimiter",
            b"a,b,c\n1, \"x, y\"\n4,y,6\n",
            &["3 4|y"],
            vec![format!("2 {before}")],
        ),
        ("a tab before a quote", b"a,b,c\n\t\"1\",x,3\n", &[], vec![format!("2 {before}")]),
        ("a blank behind a quote", b"a,b,c\n1,\"x\" ,3\n", &[], vec![format!("2 {behind}")]),
        ("text behind a quote", b"a,b,c\n1,\"x\"y,3\n", &[], vec![format!("2 {behind}")]),
        (
            "backslashes before quotes",
            b"a,b,c\n1,\"x \\\"y\\\" z\",3\n",
            &[],
            vec![format!("2 {behind}")],
        ),
        ("a backslash", b"a,b,c\n1,x\\,3\n", &["2 1|x\\"], none.clone()),
        (
            "a backslash before a delimiter",
            b"a,b,c\n1,x\\,y,3\n",
            &[],
            vec![format!("2 {}", columns(4))],
        ),
        ("inches", b"a,b,c\n1,5\" pipe,3\n", &["2 1|5\" pipe"], none.clone()),
        ("apostrophes", b"a,b,c\n1,'s Gravenhage,3\n", &["2 1|'s Gravenhage"], none.clone()),
        ("apostrophes for quotes", b"a,b,c\n1,'x, y',3\n", &[], vec![format!("2 {}", columns(4))]),
        (
            "a quote that is not closed",
            b"a,b,c\n1,x,3\n4,\"y,6\n",
            &["2 1|x"],
            vec!["3 a quote opens in this record and is never closed".to_owned()],
        ),
        (
            "a quote that takes in lines",
            b"a,b,c\n1,\"x,3\n4,y,6\n7,z,9\n",
            &[],
            vec!["sent:2: a quote takes in 3 lines".to_owned()],
        ),
        ("a mark at the head", b"\xef\xbb\xbfa,b,c\n1,x,3\n", &["2 1|x"], none.clone()),
        ("a mark and quotes", b"\xef\xbb\xbf\"a\",\"b\",\"c\"\n1,x,3\n", &["2 1|x"], none.clone()),
        (
            "another encoding",
            b"a,b,c\n1,caf\xe9,3\n4,y,6\n",
            &["3 4|y"],
            vec!["2 tier not UTF-8".to_owned()],
        ),
        (
            "UTF-16",
            b"\xff\xfea\0,\0b\0\n\0",
            &[],
            vec![": the file is UTF-16; have it saved as UTF-8".to_owned()],
        ),
        ("a NUL", b"a,b,c\n1,x\0,3\n", &[], vec!["2 tier holds a NUL byte".to_owned()]),
        (
            "CR alone",
            b"a,b,c\r1,x,3\r",
            &[],
            vec![": the header, on line 1, holds a carriage return".to_owned()],
        ),
        ("CR alone between rows", b"a,b,c\n1,x,3\r4,y,6\n", &[], vec![format!("2 {}", columns(5))]),
        ("another delimiter", b"a;b;c\n1;x;3\n", &[], vec![absent("a"), absent("b")]),
        ("a line of Excel", b"sep=,\na,b,c\n1,x,3\n", &[], vec![absent("a"), absent("b")]),
        ("a title", b"Members of March\n\na,b,c\n1,x,3\n", &[], vec![absent("a"), absent("b")]),
        ("no header", b"1,x,3\n4,y,6\n", &[], vec![absent("a"), absent("b")]),
        ("letters of another case", b"A,b,c\n1,x,3\n", &[], vec![absent("a")]),
        (
            "a column twice",
            b"a,b,b\n1,x,3\n",
            &[],
            vec!["b: the header has the column twice; have one of them renamed".to_owned()],
        ),
        (
            "the header again",
            b"a,b,c\n1,x,3\na,b,c\n4,y,6\n",
            &["2 1|x", "4 4|y"],
            vec!["3 the header stands again".to_owned()],
        ),
        ("a header alone", b"a,b,c\n", &[], none.clone()),
        ("nothing", b"", &[], vec![": the file is empty; it needs a header row".to_owned()]),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut feed = alone("pipelines/feeds/tmall.yaml", folder.path());
    feed.format = Format::Csv(Delimited::default());
    let column =
        |field: &str, name: &str| Column::named(FeedKind::Members.field(field).unwrap(), name);
    feed.columns = vec![column("member_no", "a"), column("tier", "b")];
    let mut wrong = Vec::new();
    for (name, content, cells, refused) in &rows {
        std::fs::write(folder.path().join("sent"), content).unwrap();
        let (read, told) = told(&feed);
        let alike = told.len() == refused.len()
            && told.iter().zip(refused).all(|(told, text)| told.starts_with(text));
        if read != *cells || !alike {
            wrong.push(format!("{name}: {read:?} and {told:?}, not {cells:?} and {refused:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A record as a second reader understands RFC 4180: its line, its values, and whether quotes stand
/// where they part values.
type Understood = (usize, Vec<String>, bool);

/// Reads character by character, as slowly as can be.
fn understood(text: &str, delimiter: &str) -> Vec<Understood> {
    let (mut records, mut rest, mut line) = (Vec::new(), text, 1);
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
            (rest, line) = (behind, line + 1);
            continue;
        }
        let (begins, mut values, mut is_clean) = (line, Vec::new(), true);
        loop {
            let mut value = String::new();
            let is_quoted = rest.starts_with('"');
            let mut is_open = is_quoted;
            rest = rest.strip_prefix('"').unwrap_or(rest);
            let mut behind = String::new();
            while let Some(c) = rest.chars().next() {
                if !is_open && (c == '\n' || rest.starts_with(delimiter)) {
                    break;
                }
                rest = &rest[c.len_utf8()..];
                match c {
                    '"' if is_open && rest.starts_with('"') => {
                        rest = &rest[1..];
                        value.push(c);
                    }
                    '"' if is_open => is_open = false,
                    _ if is_open || !is_quoted => value.push(c),
                    _ => behind.push(c),
                }
                line += usize::from(c == '\n');
            }
            let ends = rest.is_empty() || rest.starts_with('\n');
            let last = if is_quoted { &mut behind } else { &mut value };
            if ends && last.ends_with('\r') {
                last.pop();
            }
            is_clean &= !is_open && behind.is_empty();
            values.push(value);
            match rest.strip_prefix(delimiter) {
                Some(behind) => rest = behind,
                None => break,
            }
        }
        records.push((begins, values, is_clean));
        if let Some(behind) = rest.strip_prefix('\n') {
            (rest, line) = (behind, line + 1);
        }
    }
    records
}

/// Pieces of values, of which some are no values by themselves.
const PIECES: &[&str] = &[
    "1",
    "E7",
    "x y",
    "5\" pipe",
    "会员",
    "員鱸",
    "\"q, r\"",
    "\"a\"\"b\"",
    "\"l\nm\"",
    "\"\"",
    "\"",
    "\n",
    "\r",
    "\r\n",
    " ",
    "\t",
    "\u{3000}",
    "|",
    "%",
    "%%",
    ",",
    "\\\"",
    "\\",
    "\0",
    "\u{feff}",
    "é",
    "😀",
    "",
    "'",
];

#[test]
fn a_second_reader_understands_every_cell_alike() {
    let folder = tempfile::tempdir().unwrap();
    let mut feed = alone("pipelines/feeds/tmall.yaml", folder.path());
    let column =
        |field: &str, name: &str| Column::named(FeedKind::Members.field(field).unwrap(), name);
    feed.columns = vec![column("member_no", "a"), column("tier", "b")];
    let mut random = fastrand::Rng::with_seed(21);
    let (mut stood, mut refused) = (0, 0);
    for _ in 0..1_500 {
        let delimiter = *random.choice(&[",", "|", "%%", "\t"]).unwrap();
        let encoding = *random.choice(&[Encoding::Utf8, Encoding::Gb18030]).unwrap();
        let mut text = ["a", "b", "c\n"].join(delimiter);
        for _ in 0..random.usize(1..7) {
            let mut cells: Vec<String> = Vec::new();
            for _ in 0..*random.choice(&[2, 3, 3, 3, 3, 3, 3, 4]).unwrap() {
                let pieces = if random.usize(..3) > 0 { 1 } else { random.usize(..4) };
                let pool = if pieces == 1 { &PIECES[..10] } else { PIECES };
                cells.push((0..pieces).map(|_| *random.choice(pool).unwrap()).collect());
            }
            text += &cells.join(delimiter);
            text += if random.usize(..4) == 0 { "\r\n" } else { "\n" };
        }
        let content = match encoding {
            Encoding::Utf8 => text.clone().into_bytes(),
            Encoding::Gb18030 => encoding_rs::GB18030.encode(&text).0.into_owned(),
        };
        std::fs::write(folder.path().join("sent"), content).unwrap();
        let csv = Delimited { delimiter: delimiter.to_owned(), encoding, ..Delimited::default() };
        feed.format = Format::Csv(csv);
        let (cells, told) = told(&feed);
        let trim = |text: &str| text.trim_matches([' ', '\t', '\u{3000}']).to_owned();
        let wanted: Vec<String> = understood(&text, delimiter)
            .iter()
            .filter(|(_, values, is_clean)| *is_clean && values.len() == 3)
            .map(|(line, values, _)| {
                let b = trim(&values[1]);
                format!("{line} {}|{}", trim(&values[0]), if b.is_empty() { "∅" } else { &b })
            })
            .collect();
        for cell in &cells {
            assert!(wanted.contains(cell), "{cell:?} of {text:?} is none of {wanted:?}");
        }
        stood += cells.len();
        refused += told.len();
    }
    assert!(stood > 500 && refused > 500, "{stood} stood, {refused} refused");
}
