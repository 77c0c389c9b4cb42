//! Whether rows are conformed together or one by one decides nothing of what comes out.

use std::collections::BTreeMap;

use crate::feed::{
    Column, Delimited, Encoding, Extent, FeedRows, Figures, Fixed, Format, JsonLines, LineEnd,
    Marked, Negative, NumberStyle, Sign, SignColumn, TimeStyle,
};
use crate::frame::fields::FeedKind;
use crate::source::SourceError;
use crate::source::tests::Folder;
use crate::source::text::written;

const LEDGER: &[(&str, &str)] = &[
    ("event_id", "id"),
    ("member_no", "会员"),
    ("kind", "kind"),
    ("points", "points"),
    ("occurred_at", "at"),
    ("posted_at", "posted"),
    ("order_no", "order"),
    ("amount", "amount"),
    ("authority", "who"),
];

/// Cells that stand in a column of that kind, and cells that do not or only just.
const IDS: (&[&str], &[&str]) = (
    &["E1", "0007", "E-2 b", "会员7", " E3\t", "\"E4\"", "\u{3000}E5", "12e"],
    &["", "-", "1e5", "12.0", "+1.00", "x\u{200b}y", "x\u{85}", "a\rb", "\"a\"\"b\"", "\u{3000}"],
);
const WORDS: (&[&str], &[&str]) =
    (&["earn", "xburn", "\"reversal\"", " earn "], &["", "-", "ear\u{7f}n", "gift", "EARN"]);
const POINTS: (&[&str], &[&str]) = (
    &["1", "-5", "+7", "0", "1234", "12.50", "\"1000\"", "922337203685477580", " 8 ", "00012"],
    &[
        "",
        "-",
        "--1",
        "1.",
        ".5",
        "1.234",
        "1,23",
        "１２",
        "9223372036854775807",
        "1e3",
        "(5)",
        "5-",
    ],
);
const TIMES: (&[&str], &[&str]) = (
    &[
        "2026-03-01 10:00:00",
        "2026-03-01T10:00:00",
        "2026-03-01",
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00+08:00",
        "2026-03-01 10:00:00-0530",
        "2026-03-01 10:00:00.125",
        "\"2026-12-31 23:59:59\"",
        "1969-12-31 23:59:59",
    ],
    &[
        "",
        "-",
        "2026-02-29 10:00:00",
        "2026-03-01 24:00:00",
        "2026-03-01 10:00:60",
        "2026-03-08 02:30:00",
        "2026-11-01 01:30:00",
        "2026-3-1 10:00:00",
        "2026-03-01 10:00",
        "0000-01-01 00:00:00",
        "9999-12-31 23:59:59",
        "2026-03-01 10:00:00+24:00",
        "2026-03-01T10:00:00.0000001Z",
    ],
);
const TEXTS: (&[&str], &[&str]) = (
    &["王芳", "J. Smith", "\"a, b\"", "é", "", "5\" pipe", "-"],
    &["\"two\nlines\"", "tab\tin", "x\u{1}", "\"a\"x", " \"b\"", "nul\0", "\u{feff}"],
);

/// A sheet of which roughly one cell in so many is spoilt.
fn sheet(random: &mut fastrand::Rng, rarity: usize, delimiter: &str) -> String {
    let header: Vec<&str> = LEDGER.iter().map(|(_, name)| *name).chain(["more"]).collect();
    let header = header.join(delimiter);
    let pools = [IDS, IDS, WORDS, POINTS, TIMES, TIMES, IDS, POINTS, TEXTS, TEXTS];
    let mut text = header.clone() + "\n";
    for _ in 0..random.usize(..60) {
        let mut cells: Vec<&str> = pools
            .iter()
            .map(|(sound, spoilt)| {
                let pool = if random.usize(..rarity) == 0 { spoilt } else { sound };
                *random.choice(*pool).unwrap()
            })
            .collect();
        match random.usize(..4 * rarity) {
            0 => cells.truncate(random.usize(1..10)),
            1 => cells.push("more"),
            2 => text.push_str("\r\n\n"),
            3 => text.push_str("# a note, \"of 2\n"),
            4 => text.push_str(&(header.clone() + "\n")),
            5 => text.push_str("  \n"),
            6 => cells.push("\"never closed"),
            _ => {}
        }
        text.push_str(&cells.join(delimiter));
        text.push_str(if random.usize(..8) == 0 { "\r\n" } else { "\n" });
    }
    match random.usize(..6) {
        0 => text.push_str("T,2,7\n# behind\n"),
        1 => text.push_str("rows,points\n3,9\n"),
        2 => text.truncate(text.trim_end_matches(['\r', '\n']).len()),
        3 => text.push('\r'),
        _ => {}
    }
    text
}

fn told(read: &Result<FeedRows, SourceError>) -> String {
    match read {
        Ok(FeedRows { files, parts, declared, rejects, faults, .. }) => {
            format!("{files:?}\n{parts:?}\n{declared:?}\n{rejects:#?}\n{faults:?}")
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn together_or_one_by_one_the_same_comes_out() {
    let mut random = fastrand::Rng::with_seed(11);
    let (mut stood, mut refused, mut stopped) = (0, 0, 0);
    for _ in 0..400 {
        let delimiter = *random.choice(&[",", ",", "|", "%%", "\t", "，"]).unwrap();
        let encoding = *random.choice(&[Encoding::Utf8, Encoding::Gb18030]).unwrap();
        let rarity = *random.choice(&[2, 10, 50, 1_000]).unwrap();
        let text = sheet(&mut random, rarity, delimiter);
        let is_prefixed = random.usize(..4) == 0;
        let text = if is_prefixed { prefixed(&text, delimiter) } else { text };
        let mut bytes = written(&text, encoding);
        if random.usize(..10) == 0 && !bytes.is_empty() {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        let mut csv = Delimited {
            delimiter: delimiter.to_owned(),
            encoding,
            quoted: random.usize(..6) > 0,
            ..Delimited::default()
        };
        if is_prefixed == (random.usize(..8) > 0) {
            csv.prefix = "`".to_owned();
        }
        if random.bool() {
            csv.comment = Some("#".to_owned());
            csv.comment_anywhere = random.bool();
        }
        match random.usize(..6) {
            0 => {
                let marker = (*random.choice(&["T", "E1"]).unwrap()).to_owned();
                let (exclusive, rows, points) = (random.bool(), Some(2), Some(3));
                csv.trailer = Some(Marked { marker, exclusive, rows, points });
            }
            1 => {
                let (rows, points) = (Some("rows".to_owned()), Some("points".to_owned()));
                csv.summary = Some(Figures { rows, points });
            }
            _ => {}
        }
        let mut folder = Folder::new(FeedKind::Ledger, Format::Csv(csv), LEDGER);
        folder.feed.scale = random.u8(..3);
        let zone = *random.choice(&["Asia/Shanghai", "America/New_York"]).unwrap();
        folder.feed.zone = jiff::tz::TimeZone::get(zone).unwrap();
        for column in &mut folder.feed.columns {
            vary(column, &mut random);
        }
        folder.put("a.csv", &bytes);
        match alike(&folder, random.u64(16..4_000), &text) {
            Ok(read) => {
                stood += read.rows.num_rows();
                refused += read.rejects.len();
            }
            Err(_) => stopped += 1,
        }
    }
    // Otherwise nothing much was tried.
    assert!(stood > 1_000 && refused > 1_000, "{stood} stood, {refused} refused, {stopped} errors");
}

/// What is read one by one, and just so together.
fn alike(folder: &Folder, block_bytes: u64, text: &str) -> Result<FeedRows, SourceError> {
    let exactly = folder.read_together(block_bytes, 0);
    for together in [2, 512] {
        let read = folder.read_together(block_bytes, together);
        assert_eq!(told(&read), told(&exactly), "{together} of {text:?} {:?}", folder.feed);
        let rows = |read: &Result<FeedRows, _>| read.as_ref().ok().map(|read| read.rows.clone());
        assert_eq!(rows(&read), rows(&exactly), "{together} of {text:?} {:?}", folder.feed);
    }
    exactly
}

/// The sheet with a backtick before each value, as far as quotes let it be told.
fn prefixed(sheet: &str, delimiter: &str) -> String {
    let (head, body) = sheet.split_once('\n').unwrap();
    let rows = body.split_inclusive('\n').map(|row| {
        let row = row.replace(delimiter, &format!("{delimiter}`"));
        if row.trim().is_empty() { row } else { format!("`{row}") }
    });
    format!("{head}\n{}", rows.collect::<String>())
}

/// Rows of cells, of which roughly one in so many is spoilt.
fn cells(random: &mut fastrand::Rng, rarity: usize) -> Vec<Vec<&'static str>> {
    let pools = [IDS, IDS, WORDS, POINTS, TIMES, TIMES, IDS, POINTS, TEXTS];
    let mut cell = |(sound, spoilt): &(&'static [&'static str], &'static [&'static str])| {
        let pool = if random.usize(..rarity) == 0 { spoilt } else { sound };
        *random.choice(*pool).unwrap()
    };
    (0..60).map(|_| pools.iter().map(&mut cell).collect()).collect()
}

/// A row as bytes of fixed width, now and then one too many.
fn fixed_row(cells: &[&str], encoding: Encoding, random: &mut fastrand::Rng) -> Vec<u8> {
    let mut row = Vec::new();
    for cell in cells {
        let cell = written(&cell.replace(['\n', '"'], " "), encoding);
        let mut cell: Vec<u8> = cell.into_iter().take(FIELD_BYTES).collect();
        cell.resize(FIELD_BYTES, b' ');
        row.append(&mut cell);
    }
    if random.usize(..30) == 0 {
        row.push(b' ');
    }
    row
}

const FIELD_BYTES: usize = 26;

/// A row as an object; some values are no texts, and some are not there.
fn json_row(cells: &[&str], random: &mut fastrand::Rng) -> String {
    let member = |((_, name), cell): (&(&str, &str), &&str)| {
        let value = match random.usize(..40) {
            0 => return None,
            1 => "null".to_owned(),
            2 => "true".to_owned(),
            3 => "[1]".to_owned(),
            4 => "\"\\ud800\"".to_owned(),
            5 => "12".to_owned(),
            _ => serde_json::Value::from(*cell).to_string(),
        };
        Some(format!("\"{name}\":{value}"))
    };
    let members: Vec<String> = LEDGER.iter().zip(cells).filter_map(member).collect();
    format!("{{{}}}", members.join(","))
}

#[test]
fn fixed_width_and_objects_come_out_the_same_too() {
    let mut random = fastrand::Rng::with_seed(12);
    let (mut stood, mut refused) = (0, 0);
    for round in 0..200 {
        let encoding = *random.choice(&[Encoding::Utf8, Encoding::Gb18030]).unwrap();
        let rarity = *random.choice(&[5, 50, 1_000]).unwrap();
        let rows = cells(&mut random, rarity);
        let mut bytes = Vec::new();
        for row in &rows {
            match round % 2 {
                0 => bytes.append(&mut fixed_row(row, encoding, &mut random)),
                _ => bytes.append(&mut written(&json_row(row, &mut random), encoding)),
            }
            bytes.push(b'\n');
        }
        if random.usize(..4) == 0 {
            let at = random.usize(..bytes.len());
            bytes[at] = random.u8(..);
        }
        let exclusive = random.bool();
        let marked =
            || Some(Marked { marker: "E".to_owned(), exclusive, rows: None, points: None });
        let format = match round % 2 {
            0 => {
                let place = |at: usize| Extent { at: at * FIELD_BYTES + 1, bytes: FIELD_BYTES };
                let fields = (0..).zip(LEDGER).map(|(at, (_, name))| (name.to_string(), place(at)));
                Format::Fixed(Fixed {
                    encoding,
                    line_end: LineEnd::Lf,
                    record_bytes: LEDGER.len() * FIELD_BYTES,
                    fields: fields.collect(),
                    leading: marked().filter(|_| random.bool()),
                    trailer: marked().filter(|_| random.bool()),
                })
            }
            _ => Format::JsonLines(JsonLines { encoding }),
        };
        let mut folder = Folder::new(FeedKind::Ledger, format, LEDGER);
        for column in &mut folder.feed.columns {
            vary(column, &mut random);
        }
        folder.put("a.csv", &bytes);
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(read) = alike(&folder, random.u64(16..9_000), &text) {
            stood += read.rows.num_rows();
            refused += read.rejects.len();
        }
    }
    assert!(stood > 1_000 && refused > 1_000, "{stood} stood, {refused} refused");
}

fn vary(column: &mut Column, random: &mut fastrand::Rng) {
    match column.field.name {
        "occurred_at" if random.usize(..3) == 0 => {
            let patterns = ["%Y-%m-%d %H:%M:%S", "%F", "%H:%M:%S %Y-%m-%d", "%FT%T%:z"];
            let count = random.usize(1..3);
            let patterns = patterns.iter().take(count).map(|&one| one.to_owned()).collect();
            column.time = TimeStyle { patterns, ..TimeStyle::default() };
        }
        "points" => match random.usize(..8) {
            0 => column.number.negative = Negative::Trailing,
            1 => column.number.implied_decimals = Some(2),
            2 => column.number = NumberStyle { full_width: true, ..NumberStyle::default() },
            3 => {
                let words = [("earn", Sign::Plus), ("xburn", Sign::Minus)];
                let words: BTreeMap<String, Sign> =
                    words.into_iter().map(|(word, sign)| (word.to_owned(), sign)).collect();
                column.sign = Some(SignColumn { names: vec!["kind".to_owned()], words });
            }
            _ => {}
        },
        // Words of a strict list stop the reading; where none does, more is read.
        "kind" if random.bool() => {
            let words = ["earn", "xburn", "reversal", "gift", "EARN"];
            column.words = words.iter().map(|&word| (word.to_owned(), 1)).collect();
        }
        _ => {}
    }
}
