//! Whatever a partner sends: it ends in a typed problem, a refused row or a discrepancy, the
//! message names place and cure and no member, and what was published before stays as it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tables::{Row, bytes_under, table};

const PIPELINE: &str = r#"
pipeline: small
agreement:
  id: HT-2026-001
  timezone: Asia/Shanghai
  currency: CNY
  term: { from: 2026-01-01, to: 2027-01-01 }
  cycle: monthly
parties:
  a: { code: SKY, name: 云航里程 }
  b: { code: HBR, name: 海港商城 }
keys: { contact: { id: test, file: key } }
feeds:
  a:
    members:
      files: a-members.csv
      format: { csv: {} }
      columns: { member_no: 会员号, mobile: { from: 手机号, token: mobile } }
    accounts:
      files: a-accounts.csv
      format: { csv: {} }
      columns: { member_no: 会员号, balance: 期末余额 }
    opening:
      files: a-opening.csv
      format: { csv: {} }
      columns: { member_no: 会员号, balance: 期初余额 }
    ledger:
      files: a-ledger.csv
      format: { csv: {} }
      columns:
        event_id: 流水号
        member_no: 会员号
        kind: { from: 类型, values: { 累积: earn, 跨店兑换: xburn } }
        points: 积分
        occurred_at: { from: 交易时间, format: "%Y%m%d%H%M%S" }
  b:
    members:
      files: b-members.csv
      format: { csv: {} }
      columns: { member_no: member_no, mobile: { from: mobile, token: mobile } }
    ledger:
      files: b-ledger.csv
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

const FILES: &[(&str, &str)] = &[
    ("pipeline.yaml", PIPELINE),
    ("key", "0123456789abcdef0123456789abcdef"),
    ("a-members.csv", "会员号,手机号\n0071,13912345678\n0072,13987654321\n"),
    ("b-members.csv", "member_no,mobile\nH1,13912345678\nH2,+86 139 8765 4321\n"),
    ("links.csv", "a_member,b_member,bound_at\n0071,H1,2026-01-05\n0072,H2,2026-01-06\n"),
    ("a-opening.csv", "会员号,期初余额\n0071,2000\n0072,500\n"),
    ("a-accounts.csv", "会员号,期末余额\n0071,1000\n0072,800\n"),
    (
        "a-ledger.csv",
        "流水号,会员号,类型,积分,交易时间\n\
         000401,0071,跨店兑换,-1000,20260305103000\n\
         000402,0072,累积,300,20260306090000\n",
    ),
    (
        "b-ledger.csv",
        "event_id,member_no,kind,points,occurred_at,counter_event_id\n\
         HBR-1,H1,xaccept,400,2026-03-05T10:31:00+08:00,000401\n",
    ),
];

/// Raw contact data of the files above and of the cases below, in the spellings that they have.
const PRIVATE: &[&str] = &["13912345678", "13987654321", "139 8765 4321", "1391234567x"];

/// What is done to the good files.
enum Change {
    /// A text of a file becomes another.
    Text(&'static str, &'static str, &'static str),
    /// A file gets other bytes.
    Bytes(&'static str, Vec<u8>),
    /// A file goes.
    Removed(&'static str),
    /// A folder stands where a file was.
    Folder(&'static str),
    /// A file becomes a link to something outside.
    Link(&'static str, &'static str),
    /// B's ledger is declared as Parquet and holds these bytes.
    Parquet(Vec<u8>),
}

use Change::{Bytes, Folder, Link, Parquet, Removed, Text};

impl Change {
    fn make(&self, folder: &Path) {
        let replace = |file: &str, from: &str, to: &str| {
            let path = folder.join(file);
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.contains(from), "{file} does not hold `{from}`");
            fs::write(path, text.replacen(from, to, 1)).unwrap();
        };
        match self {
            Text(file, from, to) => replace(file, from, to),
            Bytes(file, bytes) => fs::write(folder.join(file), bytes).unwrap(),
            Removed(file) => fs::remove_file(folder.join(file)).unwrap(),
            Folder(file) => {
                fs::remove_file(folder.join(file)).unwrap();
                fs::create_dir(folder.join(file)).unwrap();
            }
            Link(file, target) => {
                fs::remove_file(folder.join(file)).unwrap();
                std::os::unix::fs::symlink(target, folder.join(file)).unwrap();
            }
            Parquet(bytes) => {
                let csv = "files: b-ledger.csv\n      format: { csv: {} }";
                let parquet = "files: b-ledger.parquet\n      format: { parquet: {} }";
                replace("pipeline.yaml", csv, parquet);
                fs::write(folder.join("b-ledger.parquet"), bytes).unwrap();
            }
        }
    }
}

/// What must come of it.
enum End {
    /// The run stops, with an exit code and nothing published.
    Stops(i32),
    /// The run publishes, with an exit code, and finds a code whose reason holds a text.
    Finds(i32, &'static str, &'static str),
}

use End::{Finds, Stops};

fn run(folder: &Path) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hutong"))
        .arg("run")
        .arg(folder.join("pipeline.yaml"))
        .args(["--as-of", "2026-03-31", "-vv"])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap(), said.concat())
}

/// Every cell of every table of a publication.
fn cells(published: &Path) -> String {
    let mut said = String::new();
    for entry in fs::read_dir(published).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            for row in table(published, path.file_stem().unwrap().to_str().unwrap()) {
                said.extend(row.into_values().flat_map(|cell| [cell, "\n".to_owned()]));
            }
        } else if path.extension().is_some_and(|extension| extension == "xlsx") {
            let mut book = zip::ZipArchive::new(fs::File::open(path).unwrap()).unwrap();
            for part in 0..book.len() {
                said += &std::io::read_to_string(book.by_index(part).unwrap()).unwrap();
            }
        } else {
            said.push_str(&fs::read_to_string(path).unwrap());
        }
    }
    said
}

/// Publishes the good files, makes the change, runs again and looks at everything.
fn check(change: &Change, end: &End, told: &[&str]) {
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("outside.csv"), "流水号\n").unwrap();
    let folder = scratch.path().join("pipeline");
    fs::create_dir(&folder).unwrap();
    for (name, text) in FILES {
        fs::write(folder.join(name), text.trim_start()).unwrap();
    }
    let (code, said) = run(&folder);
    assert_eq!(code, 0, "{said}");
    let out = folder.join("out/small");
    let first = out.join("2026-03/2026-03-31");
    assert_eq!(table(&first, "discrepancies"), Vec::<Row>::new(), "the files are good");
    assert_eq!(table(&first, "cleared_events")[0]["issuer_event_id"], "000401");
    let before = bytes_under(&first);
    let pointer = fs::read_link(out.join("latest")).unwrap();

    change.make(&folder);
    let (code, said) = run(&folder);
    let name = told.join(" | ");
    for text in told {
        assert!(said.contains(text), "{name}: the message does not hold `{text}`:\n{said}");
    }
    assert!(bytes_under(&first) == before, "{name}: the publication before has changed");
    let second = out.join("2026-03/2026-03-31.r2");
    match end {
        Stops(exit) => {
            assert_eq!(code, *exit, "{name}\n{said}");
            assert!(!second.exists(), "{name}: something was published");
            assert_eq!(fs::read_link(out.join("latest")).unwrap(), pointer, "{name}");
        }
        Finds(exit, rule, reason) => {
            assert_eq!(code, *exit, "{name}\n{said}");
            let found = table(&second, "discrepancies");
            let is_it = |row: &&Row| row["code"] == *rule && row["reason"].contains(reason);
            assert!(found.iter().any(|row| is_it(&row)), "{name}: no {rule} `{reason}`: {found:?}");
            let cells = cells(&second);
            for private in PRIVATE {
                assert!(!cells.contains(private), "{name}: {private} was published");
            }
        }
    }
    for private in PRIVATE {
        assert!(!said.contains(private), "{name}: {private} was said:\n{said}");
    }
    let names = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().file_name());
    let staged = names.filter(|name| name.to_string_lossy().starts_with(".staging")).count();
    assert_eq!(staged, 0, "{name}");
}

/// The ledger of a real Parquet file, to be damaged.
fn parquet() -> Vec<u8> {
    fs::read("sample-data/skyline-harbour/b/2026-03/ledger.parquet").unwrap()
}

/// The footer at the end says where everything stands.
fn damaged() -> Vec<u8> {
    let mut bytes = parquet();
    let footer = bytes.len() - 300;
    bytes[footer..footer + 64].fill(0xAA);
    bytes
}

/// A chain of aliases, each ten of the one before.
fn bomb() -> Vec<u8> {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
    for level in 1..12 {
        let before = format!("*a{},", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(',')));
    }
    text.push_str(PIPELINE);
    text.into_bytes()
}

/// Why points are refused that no row can have.
const BEYOND: &str = "points: beyond 1250000000000, the most points that a row may have";

/// So many spends that nothing mirrors, each as large as it may be.
fn spends(count: usize) -> String {
    let spend = |n| format!("77{n},0071,跨店兑换,-1000000000000,20260305103000\n");
    (0..count).map(spend).collect()
}

fn ledger(rows: &str) -> Vec<u8> {
    format!("流水号,会员号,类型,积分,交易时间\n{rows}").into_bytes()
}

#[test]
fn what_is_wrong_with_files_is_told_by_file_line_and_column() {
    let long = |length: usize| {
        let order = "9".repeat(length);
        ledger(&format!("{order},0071,累积,1,20260305103000\n"))
    };
    let gb18030: Vec<u8> = [
        "流水号,会员号,类型,积分,交易时间\n000401,0071,跨店兑换,-1000,20260305103000\n".as_bytes(),
        b"000402,\xD6\xDC,\xC0\xDB\xBB\xFD,300,20260306090000\n",
    ]
    .concat();
    let utf16: Vec<u8> =
        "流水号,会员号\n".encode_utf16().flat_map(|unit| unit.to_le_bytes()).collect();
    let twice = "event_id,member_no,kind,points,points,occurred_at,counter_event_id\n";
    let rows: Vec<(Change, End, &[&str])> = vec![
        // The file.
        (
            Removed("b-ledger.csv"),
            Finds(3, "FIL-01", "`b-ledger.csv`"),
            &["BLOCKED", "no file of the feed b ledger", "help: The sender delivers the file"],
        ),
        (
            Folder("a-ledger.csv"),
            Finds(3, "FIL-01", "`a-ledger.csv`"),
            &["BLOCKED", "no file of the feed a ledger"],
        ),
        (
            Bytes("a-ledger.csv", Vec::new()),
            Finds(3, "FIL-05", "the file is empty"),
            &["BLOCKED", "a-ledger.csv", "it needs a header row"],
        ),
        (
            Bytes("a-ledger.csv", b"\n\n\n".to_vec()),
            Finds(3, "FIL-05", "the file is empty"),
            &["BLOCKED", "a-ledger.csv"],
        ),
        (
            Text("a-ledger.csv", "积分", "积分数"),
            Finds(3, "FIL-05", "积分: the header has no such column"),
            &[
                "BLOCKED",
                "a-ledger.csv",
                "积分: the header",
                "help: The sender restores the column",
            ],
        ),
        (
            Bytes("b-ledger.csv", twice.into()),
            Finds(3, "FIL-05", "points: "),
            &["BLOCKED", "b-ledger.csv", "points: "],
        ),
        (
            Bytes("a-ledger.csv", utf16),
            Finds(3, "FIL-05", "the header is not UTF-8"),
            &["BLOCKED", "a-ledger.csv", "save the file as UTF-8"],
        ),
        (
            Link("a-ledger.csv", "../outside.csv"),
            Stops(2),
            &["pipeline.yaml:27:14", "symbolic link", "help: Put the files under the root"],
        ),
        (
            Link("a-ledger.csv", "../nowhere.csv"),
            Stops(2),
            &["pipeline.yaml:27:14", "symbolic link"],
        ),
        // The record.
        (
            Bytes("a-ledger.csv", gb18030),
            Finds(0, "FIL-04", "not UTF-8"),
            &["a-ledger.csv:3\n", "not UTF-8"],
        ),
        (
            Text("a-ledger.csv", "累积,300", "累积,1,300"),
            Finds(0, "FIL-05", "6 columns where the header has 5"),
            &["a-ledger.csv:3\n", "6 columns"],
        ),
        (
            Bytes("a-ledger.csv", long(2 << 20)),
            Stops(3),
            &[
                "a-ledger.csv:2",
                "longer than 1 MiB",
                "close the quote that it opens, end its lines with LF or CRLF, or shorten it",
            ],
        ),
        (
            Text("a-ledger.csv", "000402,", "\"000402,"),
            Finds(0, "FIL-05", "quote"),
            &["a-ledger.csv:3\n"],
        ),
        // The value.
        (
            Text("a-ledger.csv", "累积", "积分券"),
            Stops(3),
            &["a-ledger.csv:3: `字字字` is no known kind; declare it under `values` of `kind`"],
        ),
        (
            Text("a-ledger.csv", "000402", "4.00123E+27"),
            Finds(0, "FIL-06", "event_id: looks like a spreadsheet number"),
            &["a-ledger.csv:3\n", "event_id", "export the column as text"],
        ),
        (
            Text("a-ledger.csv", ",300,", ",12.5,"),
            Finds(0, "FIL-06", "points: a fraction of a point"),
            &["a-ledger.csv:3\n", "points: a fraction of a point"],
        ),
        (
            Text("a-ledger.csv", ",300,", ",9223372036854775808,"),
            Finds(0, "FIL-06", BEYOND),
            &["a-ledger.csv:3\n", BEYOND],
        ),
        // It takes nothing else with it, whether it is spent or summed.
        (
            Text("a-ledger.csv", ",300,", ",9223372036854775807,"),
            Finds(0, "FIL-06", BEYOND),
            &["a-ledger.csv:3\n", BEYOND],
        ),
        (
            Text("a-ledger.csv", "累积,300,", "跨店兑换,-9223372036854775807,"),
            Finds(0, "FIL-06", BEYOND),
            &["a-ledger.csv:3\n", BEYOND],
        ),
        // Each of them may be, and their sum passes DECIMAL(18,6).
        (
            Bytes("a-ledger.csv", ledger(&spends(130))),
            Stops(3),
            &[
                "of statement.held_a is more than its column holds",
                "help: look for a row with a figure that cannot be true",
            ],
        ),
        (
            Text("a-ledger.csv", "20260306090000", "2026-03-06 09:00"),
            Finds(0, "FIL-06", "occurred_at: does not fit the declared time format"),
            &["a-ledger.csv:3\n", "occurred_at: does not fit"],
        ),
        (
            Text("a-ledger.csv", "20260306090000", "20260230090000"),
            Finds(0, "FIL-06", "occurred_at: "),
            &["a-ledger.csv:3\n", "occurred_at: "],
        ),
        (
            Text("a-ledger.csv", "000402", ""),
            Finds(0, "FIL-06", "event_id: empty"),
            &["a-ledger.csv:3\n", "event_id: empty"],
        ),
        (
            Text("a-ledger.csv", "000402", "0004\u{0}02"),
            Finds(0, "FIL-04", "holds a NUL byte"),
            &["a-ledger.csv:3\n"],
        ),
        (
            Text("a-members.csv", "13987654321", "1391234567x"),
            Finds(0, "FIL-06", "mobile: not a mobile number"),
            &["a-members.csv:3\n", "mobile: not a mobile number"],
        ),
        // The key.
        (
            Text("a-members.csv", "0072,", "0071,13987654321\n0072,"),
            Finds(0, "MBR-04", "stands 2 times in A's snapshot"),
            &["MBR-04"],
        ),
        (
            Text("a-accounts.csv", "0072,", "0071,1\n0072,"),
            Finds(0, "MBR-04", "stands 2 times in accounts"),
            &["MBR-04"],
        ),
        // Parquet.
        (
            Parquet(b"this is no Parquet".to_vec()),
            Stops(3),
            &[
                "b-ledger.parquet",
                "not a readable Parquet file",
                "ask the partner to send it again",
            ],
        ),
        (Parquet(Vec::new()), Stops(3), &["b-ledger.parquet", "not a readable Parquet file"]),
        (
            Parquet(parquet()[..parquet().len() / 2].to_vec()),
            Stops(3),
            &["b-ledger.parquet", "not a readable Parquet file"],
        ),
        (Parquet(damaged()), Stops(3), &["b-ledger.parquet", "not a readable Parquet file"]),
    ];
    for (change, end, told) in &rows {
        check(change, end, told);
    }
}

#[test]
fn what_is_wrong_with_a_pipeline_is_told_by_line_and_column() {
    let rates = "    - { issuer: a, per_point: \"0.008\", from: 2026-01-01 }";
    let gap = "    - { issuer: a, per_point: \"0.008\", from: 2026-01-01, to: 2026-03-01 }\n\
               \x20   - { issuer: a, per_point: \"0.009\", from: 2026-03-16 }";
    let deep = format!("{PIPELINE}deep: {}x{}\n", "[".repeat(100_000), "]".repeat(100_000));
    let rows: Vec<(Change, End, &[&str])> = vec![
        (
            Text("pipeline.yaml", rates, gap),
            Finds(3, "AMT-07", "SKY has no redemption rate in force at 2026-03-05T10:30:00+08:00"),
            &["BLOCKED", "AMT-07", "a-ledger.csv:2", "help: Both parties agree"],
        ),
        (
            Text("pipeline.yaml", "files: a-ledger.csv", "files: ../outside.csv"),
            Stops(2),
            &["pipeline.yaml:27:14", "../outside.csv", "help: "],
        ),
        (
            Text("pipeline.yaml", "files: a-ledger.csv", "files: /etc/passwd"),
            Stops(2),
            &["pipeline.yaml:27:14", "/etc/passwd", "help: "],
        ),
        (
            Text("pipeline.yaml", "to: out", "to: ../elsewhere"),
            Stops(2),
            &["pipeline.yaml:", "../elsewhere", "help: "],
        ),
        (Bytes("pipeline.yaml", bomb()), Stops(2), &["pipeline.yaml:", "help: "]),
        (Bytes("pipeline.yaml", deep.into_bytes()), Stops(2), &["pipeline.yaml:", "help: "]),
        (
            Bytes("pipeline.yaml", vec![b'#'; (1 << 20) + 1]),
            Stops(2),
            &["pipeline.yaml:", "larger than 1 MiB", "help: "],
        ),
        (
            Bytes("pipeline.yaml", b"pipeline: \xFF\xFE\n".to_vec()),
            Stops(2),
            &["pipeline.yaml:1:11", "help: "],
        ),
        (Removed("pipeline.yaml"), Stops(4), &["cannot read the pipeline", "help: "]),
        (Folder("pipeline.yaml"), Stops(4), &["cannot read the pipeline", "help: "]),
        (
            Text("pipeline.yaml", "per_point: \"0.008\"", "per_point: 8e-3"),
            Stops(2),
            &["pipeline.yaml:", "8e-3", "help: "],
        ),
        (Bytes("key", b"short".to_vec()), Stops(2), &["the key holds 5 bytes", "help: "]),
    ];
    for (change, end, told) in &rows {
        check(change, end, told);
    }
}

/// A file that no reader can know: random damage ends in an exit code that is not a bug's.
#[test]
fn damaged_files_never_end_in_a_bug() {
    let mut random = fastrand::Rng::with_seed(20_260_331);
    let scratch = tempfile::tempdir().unwrap();
    let folder: PathBuf = scratch.path().to_owned();
    for (name, text) in FILES {
        fs::write(folder.join(name), text.trim_start()).unwrap();
    }
    Parquet(parquet()).make(&folder);
    let parquet = parquet();
    for _ in 0..24 {
        let mut bytes = parquet.clone();
        for _ in 0..random.usize(1..8) {
            let at = random.usize(0..bytes.len());
            bytes[at] = random.u8(..);
        }
        if random.bool() {
            bytes.truncate(random.usize(0..bytes.len()));
        }
        fs::write(folder.join("b-ledger.parquet"), &bytes).unwrap();
        let (code, said) = run(&folder);
        assert!(matches!(code, 0 | 3), "{code}\n{said}");
    }
}
