//! Exports as systems really write them, read through a pipeline as a person would declare them:
//! every value is what the file says, or its place and cure are told.

use std::fmt::Write;
use std::fs;

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, UInt64Type};
use encoding_rs::GB18030;
use hutong::feed::{FeedFault, FeedKind, FeedRows};
use hutong::pipeline;
use hutong::value::period::Period;

use crate::hostile::read;
use crate::tables::{run, table};

const PIPELINE: &str = r#"
pipeline: export
agreement:
  id: HT-1
  timezone: Asia/Shanghai
  currency: CNY
  term: { from: 2026-01-01, to: 2027-01-01 }
  cycle: monthly
parties:
  a: { code: SKY, name: 云航里程 }
  b: { code: HBR, name: 海港商城 }
feeds:
  a:
    ledger:
      files: sent
      format: { FORMAT }
      columns:
        event_id: COLUMN_EVENT
        member_no: 卡号
        kind: { from: 类型, values: { 累积: earn, 兑换: xburn } }
        points: COLUMN_POINTS
        occurred_at: COLUMN_TIME
  b:
    ledger:
      files: b.csv
      format: { csv: {} }
      columns: { event_id: event_id, member_no: member_no, kind: kind, points: points, occurred_at: occurred_at, counter_event_id: counter_event_id }
  shared:
    links:
      files: links.csv
      format: { csv: {} }
      columns: { a_member: a_member, b_member: b_member, bound_at: bound_at }
terms:
  ratios:
    - { issuer: a, points: "100:40", from: 2026-01-01 }
    - { issuer: b, points: "40:100", from: 2026-01-01 }
  rates:
    - { issuer: a, per_point: "0.008", from: 2026-01-01 }
    - { issuer: b, per_point: "0.020", from: 2026-01-01 }
publish: { to: out }
"#;

/// An export and how a person declares it.
struct Export {
    what: &'static str,
    format: &'static str,
    event: &'static str,
    points: &'static str,
    time: &'static str,
    content: Vec<u8>,
}

impl Export {
    fn of(what: &'static str, content: impl AsRef<[u8]>) -> Export {
        let content = content.as_ref().to_vec();
        Export {
            what, format: "csv: {}", event: "流水号", points: "积分", time: "时间", content
        }
    }

    fn format(self, format: &'static str) -> Export {
        Export { format, ..self }
    }

    fn event(self, event: &'static str) -> Export {
        Export { event, ..self }
    }

    fn points(self, points: &'static str) -> Export {
        Export { points, ..self }
    }

    fn time(self, time: &'static str) -> Export {
        Export { time, ..self }
    }

    /// Everything that was read and told, line by line.
    fn told(&self) -> String {
        let folder = tempfile::tempdir().unwrap();
        let declared = PIPELINE
            .replace("FORMAT", self.format)
            .replace("COLUMN_EVENT", self.event)
            .replace("COLUMN_POINTS", self.points)
            .replace("COLUMN_TIME", self.time);
        fs::write(folder.path().join("pipeline.yaml"), declared).unwrap();
        fs::write(folder.path().join("sent"), &self.content).unwrap();
        let pipeline = pipeline::read(&folder.path().join("pipeline.yaml"))
            .unwrap_or_else(|trouble| panic!("{}: {trouble:?}", self.what));
        let agreement = &pipeline.agreement;
        let as_of = "2026-03-31".parse().unwrap();
        let period = Period::containing(as_of, agreement.cycle, &agreement.zone).unwrap();
        let feeds = pipeline.feeds(&period);
        let mut told = format!("## {}\n", self.what);
        match read(&feeds[0]) {
            Ok(rows) => show(&rows, &mut told),
            Err(error) => writeln!(told, "ended: {error}").unwrap(),
        }
        told
    }
}

fn show(read: &FeedRows, told: &mut String) {
    let fields = FeedKind::Ledger.fields();
    let place = |name: &str| fields.iter().position(|field| field.name == name).unwrap();
    let text = |name: &str| read.rows.column(place(name)).as_string::<i32>();
    let whole = |name: &str| read.rows.column(place(name)).as_primitive::<Int64Type>();
    let lines = read.rows.column(fields.len() + 1).as_primitive::<UInt64Type>();
    for row in 0..read.rows.num_rows() {
        let micros = whole("occurred_at").value(row);
        let at = jiff::Timestamp::from_microsecond(micros).unwrap();
        let at = at.in_tz("Asia/Shanghai").unwrap().datetime();
        let (event, member) = (text("event_id").value(row), text("member_no").value(row));
        let points = whole("points").value(row);
        writeln!(told, "row {}: [{event}] [{member}] {points} {at}", lines.value(row)).unwrap();
    }
    for one in &read.rejects {
        let code = one.code;
        let at = one.byte_offset.map_or(String::new(), |offset| format!(" byte {offset}"));
        writeln!(
            told,
            "refused {}:{}{at} {code:?} [{}] {} [{}]",
            one.file, one.line, one.column, one.reason, one.redacted
        )
        .unwrap();
    }
    for fault in &read.faults {
        match fault {
            FeedFault::Column { file, column, reason } => {
                writeln!(told, "fault {file} [{column}] {reason}").unwrap();
            }
            other => writeln!(told, "fault {other:?}").unwrap(),
        }
    }
    for total in &read.declared {
        let (place, of) = (total.place.word(), total.of.word());
        writeln!(told, "total {place} {of} {:?}", total.declared).unwrap();
    }
}

const HEADER: &str = "流水号,卡号,类型,积分,时间\n";

/// A file of these rows under the plain header.
fn rows(rows: &str) -> String {
    format!("{HEADER}{rows}")
}

fn gb(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

fn utf16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

fn exports() -> Vec<Export> {
    let day = "2026-03-02";
    vec![
        Export::of(
            "GB18030 with characters of four bytes, in ids and in quotes",
            gb("流水号,卡号,类型,积分,时间,姓名\n㐀1,𠀀,累积,5,2026-03-02,\"𬌗,㐀\"\nE2,M2,累积,6,2026-03-02,鱸\n"),
        )
        .format("csv: { encoding: gb18030 }"),
        Export::of(
            "CRLF within quotes: in a column that nobody declared, and in an id",
            "流水号,卡号,类型,积分,时间,备注\r\nE1,M1,累积,5,2026-03-02,\"一\r\n二\"\r\nE2,\"M\r\n2\",累积,6,2026-03-02,\r\n",
        ),
        Export::of(
            "thousands: well placed, badly placed, with marks of other countries",
            rows(&format!(
                "E1,M1,累积,\"1,234\",{day}\nE2,M1,累积,\"12,34\",{day}\nE3,M1,累积,1'234,{day}\n\
                 E4,M1,累积,1 234,{day}\nE5,M1,累积,1\u{a0}234,{day}\nE6,M1,累积,1，234,{day}\n\
                 E7,M1,累积,1,234,{day}\n"
            )),
        ),
        Export::of(
            "thousands, declared: well placed, badly placed, left out, and decimal commas",
            rows(&format!(
                "E1,M1,累积,\"1,234\",{day}\nE2,M1,累积,\"12,34\",{day}\nE3,M1,累积,1234,{day}\n\
                 E4,M1,累积,\"1.234,00\",{day}\nE5,M1,累积,\"1,234.00\",{day}\n"
            )),
        )
        .points("{ from: 积分, number: { thousands: \",\" } }"),
        Export::of(
            "decimal commas and points for thousands, which nobody declared",
            "流水号;卡号;类型;积分;时间\nE1;M1;累积;12,345;2026-03-02\nE2;M1;累积;1.234,567;2026-03-02\nE3;M1;累积;1.234.567;2026-03-02\nE4;M1;累积;1.234;2026-03-02\n",
        )
        .format("csv: { delimiter: \";\" }"),
        Export::of(
            "decimal commas and points for thousands",
            "流水号;卡号;类型;积分;时间\nE1;M1;累积;1.234,00;2026-03-02\nE2;M1;累积;1,5;2026-03-02\nE3;M1;累积;1,234.00;2026-03-02\n",
        )
        .format("csv: { delimiter: \";\" }")
        .points("{ from: 积分, number: { decimal: \",\", thousands: \".\" } }"),
        Export::of(
            "full-width digits that nobody declared",
            rows(&format!("E1,M1,累积,１２３,{day}\nE2,Ｍ１,累积,5,{day}\n")),
        ),
        Export::of("full-width digits, declared", rows(&format!("E1,M1,累积,－１，２３４．０,{day}\n")))
            .points("{ from: 积分, number: { full_width: true, thousands: \",\" } }"),
        Export::of("a delimiter behind each row", rows(&format!("E1,M1,累积,5,{day},\n"))),
        Export::of(
            "a delimiter behind each row and behind the header",
            format!("流水号,卡号,类型,积分,时间,\nE1,M1,累积,5,{day},\n"),
        ),
        Export::of("a row with a value too few", rows(&format!("E1,累积,5,{day}\nE2,M1,累积,5,{day}\n"))),
        Export::of(
            "tabs behind ids, blanks of full width around values",
            rows(&format!("E1\t,M1\t\t,累积 ,\u{3000}5,{day} \n")),
        ),
        Export::of(
            "numbers below zero in parentheses that nobody declared",
            rows(&format!("E1,M1,兑换,(5),{day}\nE2,M1,兑换,5-,{day}\nE3,M1,兑换,−5,{day}\n")),
        ),
        Export::of(
            "numbers below zero in parentheses, declared",
            rows(&format!("E1,M1,兑换,\"(1,005)\",{day}\nE2,M1,兑换,(5,{day}\nE3,M1,兑换,-(5),{day}\nE4,M1,兑换,-5,{day}\nE5,M1,兑换,(),{day}\n")),
        )
        .points("{ from: 积分, number: { negative: parentheses, thousands: \",\" } }"),
        Export::of(
            "formulas that keep a spreadsheet from counting",
            rows(&format!("=\"001\",M1,累积,5,{day}\n\"=\"\"002\"\"\",M1,累积,5,{day}\nE3,M1,累积,=\"5\",{day}\n'004,M1,累积,5,{day}\n")),
        ),
        Export::of(
            "formulas of numbers and of functions",
            rows(&format!("=8800000001,M1,累积,5,{day}\n=A1&B1,M1,累积,5,{day}\nE3,=M1,累积,5,{day}\nE4,M1,累积,=5,{day}\n#N/A,M1,累积,5,{day}\nE6,#REF!,累积,5,{day}\nE7,M1,累积,#VALUE!,{day}\n#1,M1,累积,5,{day}\n")),
        ),
        Export::of(
            "formulas, declared for the ids",
            rows(&format!("=\"001\",M1,累积,5,{day}\n\"=\"\"002\"\"\",M1,累积,5,{day}\nE3,M1,累积,5,{day}\n=\"\",M1,累积,5,{day}\n")),
        )
        .event("{ from: 流水号, stands: { after: '=\"', before: '\"' } }"),
        Export::of("a unit behind each number, declared", rows(&format!("E1,M1,累积,1,200分,{day}\nE2,M1,累积,\"1,200 分\",{day}\nE3,M1,累积,5,{day}\n")))
            .points("{ from: 积分, number: { thousands: \",\" }, stands: { before: 分 } }"),
        Export::of(
            "scientific notation",
            rows(&format!("4.00123E+27,M1,累积,5,{day}\nE2,6.22E+18,累积,5,{day}\nE3,M1,累积,1.2E+3,{day}\nE4,M1,累积,1e3,{day}\nE5,622848.0,累积,5,{day}\n")),
        ),
        Export::of(
            "24:00, 29 February, a leap second, and days without a zero",
            rows("E1,M1,累积,5,2026-03-02 24:00:00\nE2,M1,累积,5,2026-02-29\nE3,M1,累积,5,2026-03-02 23:59:60\nE4,M1,累积,5,2026-3-2\nE5,M1,累积,5,2026/03/02 10:00\n"),
        ),
        Export::of("24:00 in a declared format", rows("E1,M1,累积,5,20260302240000\nE2,M1,累积,5,20260302235960\nE3,M1,累积,5,20260302\n"))
            .time("{ from: 时间, format: \"%Y%m%d%H%M%S\" }"),
        Export::of(
            "lines in two encodings, declared as UTF-8",
            [rows(&format!("E1,M1,累积,5,{day}\n")).into_bytes(), gb(&format!("E2,M1,累积,5,{day}\n"))].concat(),
        ),
        Export::of(
            "lines in two encodings, declared as GB18030",
            [gb(&rows(&format!("E1,M1,累积,5,{day}\n"))), format!("E2,张三,累积,5,{day}\n").into_bytes()].concat(),
        )
        .format("csv: { encoding: gb18030 }"),
        Export::of("no line end behind the last row", rows(&format!("E1,M1,累积,5,{day}"))),
        Export::of("a last row that was cut short", rows(&format!("E1,M1,累积,5,{day}\nE2,M1,累"))),
        Export::of(
            "a name twice in the header: one that is read, one that is not",
            format!("流水号,卡号,类型,积分,积分,时间,备注,备注\nE1,M1,累积,5,6,{day},,\n"),
        ),
        Export::of("a header and no row", HEADER),
        Export::of("nothing", ""),
        Export::of("a mark and a line that names the separator", "\u{feff}sep=;\r\n流水号;卡号;类型;积分;时间\r\nE1;M1;累积;5;2026-03-02\r\n")
            .format("csv: { delimiter: \";\" }"),
        Export::of("the same, declared", "\u{feff}sep=;\r\n流水号;卡号;类型;积分;时间\r\nE1;M1;累积;5;2026-03-02\r\n")
            .format("csv: { delimiter: \";\", skip: { first: 1 } }"),
        Export::of("UTF-8 with a mark, declared as GB18030 without a header", "\u{feff}E1,M1,累积,5,2026-03-02\n")
            .format("csv: { encoding: gb18030, header: [流水号, 卡号, 类型, 积分, 时间] }"),
        Export::of("UTF-16, as spreadsheets save text", utf16(&rows("E1,M1,累积,5,2026-03-02\n"))),
        Export::of("a workbook under another name", b"PK\x03\x04\x14\x00\x06\x00\x08\x00\x00\x00!\x00"),
        Export::of("a packed file that nobody declared as one", crate::hostile::gzip(HEADER.as_bytes())),
        Export::of("a page of a login", "<!DOCTYPE html>\n<html><body>请登录</body></html>\n"),
        Export::of("carriage returns alone", rows("E1,M1,累积,5,2026-03-02\n").replace('\n', "\r")),
        Export::of("an end-of-file sign of old systems", rows(&format!("E1,M1,累积,5,{day}\n\x1a"))),
        Export::of("backslashes before quotes", rows(&format!("E1,\"M\\\"1\",累积,5,{day}\n"))),
        Export::of("a row of totals that nobody declared", rows(&format!("E1,M1,累积,5,{day}\n合计,,,5,\n"))),
        Export::of("the same, declared", rows(&format!("E1,M1,累积,5,{day}\n合计,,,5,\n")))
            .format("csv: { trailer: { marker: 合计, points: 4 } }"),
        Export::of("the same without a figure", rows(&format!("E1,M1,累积,5,{day}\n合计,x,,,\n")))
            .format("csv: { trailer: { marker: 合计 } }"),
        Export::of("the same, which no row begins with", rows(&format!("E1,M1,累积,5,{day}\n合计,M1,累积,6,{day}\nE2,M1,累积,7,{day}\n合计,x,,,\n")))
            .format("csv: { trailer: { marker: 合计, exclusive: true } }"),
        Export::of("a preamble that nobody declared", format!("积分明细\n起始：2026-03-01,终止\n\n{}", rows(&format!("E1,M1,累积,5,{day}\n")))),
        Export::of("a preamble of which too few lines are skipped", format!("积分明细\n----\n#\n{}", rows(&format!("E1,M1,累积,5,{day}\n"))))
            .format("csv: { skip: { first: 1 } }"),
        Export::of("a header that is skipped", rows(&format!("E1,M1,累积,5,{day}\nE2,M1,累积,5,{day}\n")))
            .format("csv: { skip: { first: 2 } }"),
        Export::of("a header and all rows that are skipped", rows(&format!("E1,M1,累积,5,{day}\n")))
            .format("csv: { skip: { first: 9 } }"),
        Export::of("UTF-8 that was cut within a character", {
            let whole = rows(&format!("E1,M1,累积,5,{day}\nE2,M1,累积"));
            whole.as_bytes()[..whole.len() - 1].to_vec()
        }),
        Export::of("GB18030 that was cut within a character", {
            let whole = gb(&rows(&format!("E1,M1,累积,5,{day}\nE2,M1,累积")));
            whole[..whole.len() - 1].to_vec()
        })
        .format("csv: { encoding: gb18030 }"),
        Export::of("the other file's delimiter", HEADER.replace(',', ";")),
        Export::of("words and units behind numbers", rows(&format!("E1,M1,累积,5分,{day}\nE2,M1,累积,￥5,{day}\nE3,M1,累积,5.0,{day}\nE4,M1,累积,5.5,{day}\nE5,M1,累积,+5,{day}\nE6,M1,累积,--5,{day}\nE7,M1,累积,,{day}\nE8,M1,累积,NULL,{day}\n"))),
        Export::of("the edges of 64 bits", rows(&format!("E1,M1,累积,9223372036854775807,{day}\nE2,M1,累积,-9223372036854775808,{day}\nE3,M1,累积,170141183460469231731687303715884105728,{day}\nE4,M1,累积,1000000000000000,{day}\n"))),
        Export::of(
            "blanks around ids: ASCII, tabs, of full width, and those that are refused",
            rows(&format!(" E1\t,M1,累积,5,{day}\n\u{3000}E2\u{3000},M1,累积,5,{day}\nE3,\u{a0}M1,累积,5,{day}\nE4\u{2003},M1,累积,5,{day}\nE\u{3000}5,M1,累积,5,{day}\nE6,M1,累积\u{a0},5,{day}\nE7,M1,累积,5\u{a0},{day}\n")),
        ),
        Export::of("invisible characters in ids", rows(&format!("E\u{200b}1,M1,累积,5,{day}\nE2,M\u{a0}1,累积,5,{day}\nE3,M1\u{ad},累积,5,{day}\n"))),
        Export::of(
            "objects within one array, as most programs write JSON",
            "[\n{\"流水号\":\"E1\",\"卡号\":\"M1\",\"类型\":\"累积\",\"积分\":5,\"时间\":\"2026-03-02\"},\n{\"流水号\":\"E2\",\"卡号\":\"M1\",\"类型\":\"累积\",\"积分\":5.0,\"时间\":\"2026-03-02\"}\n]\n",
        )
        .format("json_lines: {}"),
        Export::of(
            "JSON numbers as ids, beyond 2^53, as floats and as nothing",
            "{\"流水号\":9007199254740993,\"卡号\":\"M1\",\"类型\":\"累积\",\"积分\":5,\"时间\":\"2026-03-02\"}\n{\"流水号\":9.007199254740993e15,\"卡号\":\"M1\",\"类型\":\"累积\",\"积分\":5,\"时间\":\"2026-03-02\"}\n{\"流水号\":\"E3\",\"卡号\":true,\"类型\":\"累积\",\"积分\":5,\"时间\":\"2026-03-02\"}\n{\"流水号\":\"E4\",\"卡号\":[\"M1\"],\"类型\":\"累积\",\"积分\":5,\"时间\":\"2026-03-02\"}\n{\"流水号\":\"E5\",\"卡号\":\"M1\",\"类型\":\"累积\",\"积分\":NaN,\"时间\":\"2026-03-02\"}\n{\"流水号\":\"E6\",\"卡号\":\"M1\",\"类型\":\"累积\",\"积分\":1e1,\"时间\":\"2026-03-02\",\"时间\":\"2026-03-03\"}\n{\"流水号\":\"E7\",\"卡号\":\"\\ud83d\",\"类型\":\"累积\",\"积分\":1,\"时间\":\"2026-03-02\"}\n",
        )
        .format("json_lines: {}"),
    ]
}

#[test]
fn every_export_is_read_as_declared_or_refused_with_its_cure() {
    let told: Vec<String> = exports().iter().map(Export::told).collect();
    insta::assert_snapshot!("exports", told.join("\n"));
}

/// What came of each file, by a run from end to end.
#[test]
fn every_row_of_every_file_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let declared = PIPELINE
        .replace("files: sent", "files: sent-*")
        .replace("FORMAT", "csv: {}")
        .replace("COLUMN_EVENT", "流水号")
        .replace("COLUMN_POINTS", "积分")
        .replace("COLUMN_TIME", "时间");
    let put = |name: &str, content: &str| fs::write(folder.path().join(name), content).unwrap();
    put("pipeline.yaml", &declared);
    let first = rows(
        "E1,M1,累积,5,2026-03-02\nE2,M1,累积,13800138000x,2026-03-02\nE3,M1,累积,7,2026-03-02\n\
         E4,张三,累积\n",
    );
    put("sent-1", &first);
    put("sent-2", &rows("E5,M1,累积,-2,2026-03-03\n"));
    put("sent-3", &first);
    put("b.csv", "event_id,member_no,kind,points,occurred_at,counter_event_id\n");
    put("links.csv", "a_member,b_member,bound_at\n");
    let pipeline = folder.path().join("pipeline.yaml");
    let outcome = run(&pipeline, ("2026-03-31", None), &folder.path().join("out")).unwrap();
    let published = outcome.published.folder();
    let columns = ["owner", "subject", "file", "stage", "rows", "points", "hash_total"];
    let mut totals: Vec<String> = table(published, "control_totals")
        .iter()
        .filter(|row| row["file"].starts_with("sent-"))
        .map(|row| columns.map(|column| row[column].as_str()).join(" "))
        .collect();
    totals.sort();
    // Σ of the first eight bytes of the BLAKE3 of each accepted event_id, modulo 2^64.
    let hash = |keys: &[&str]| {
        let of = |key: &&str| {
            u64::from_le_bytes(blake3::hash(key.as_bytes()).as_bytes()[..8].try_into().unwrap())
        };
        keys.iter().map(of).fold(0, u64::wrapping_add)
    };
    let expected = [
        format!("a ledger sent-1 accepted 2 12 {}", hash(&["E1", "E3"])),
        "a ledger sent-1 read 4  ".to_owned(),
        "a ledger sent-1 rejected 2  ".to_owned(),
        format!("a ledger sent-2 accepted 1 -2 {}", hash(&["E5"])),
        "a ledger sent-2 read 1  ".to_owned(),
        "a ledger sent-2 rejected 0  ".to_owned(),
        "a ledger sent-3 ignored 4  ".to_owned(),
        "a ledger sent-3 read 4  ".to_owned(),
    ];
    assert_eq!(totals, expected);

    let columns = ["file", "line", "byte_offset", "column", "code", "reason", "redacted"];
    let refused: Vec<String> = table(published, "rejects")
        .iter()
        .map(|row| columns.map(|column| row[column].as_str()).join(" | "))
        .collect();
    let expected = [
        "sent-1 | 3 | 64 | points | FIL-06 | not a whole number of points in plain digits; see \
         `number`, or `nulls` if it means none | 99999999999a",
        "sent-1 | 5 | 127 |  | FIL-05 | 3 columns where the header has 5; send all of its values, \
         put quotes around one that holds a line end, or declare `leading`, `trailer`, `summary` or \
         `comment` if it is no row | ",
    ];
    assert_eq!(refused, expected);
}
