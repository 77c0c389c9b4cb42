use std::fs;
use std::path::PathBuf;

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, UInt8Type, UInt32Type, UInt64Type};

use super::*;
use crate::feed::{Column, Delimited, FeedRows, Marked, Owner, Packing, Reject};
use crate::frame::fields::FeedKind;
use crate::value::party::Party;

mod pieces;

/// A folder with the files of one feed.
pub(super) struct Folder {
    dir: tempfile::TempDir,
    pub(super) feed: Feed,
    names: Vec<String>,
}

impl Folder {
    pub(super) fn new(kind: FeedKind, format: Format, columns: &[(&str, &str)]) -> Folder {
        let dir = tempfile::tempdir().unwrap();
        let columns = columns.iter().map(|(field, name)| column(kind, field, name)).collect();
        let feed = Feed {
            owner: Owner::Party(Party::A),
            kind,
            root: dir.path().canonicalize().unwrap(),
            patterns: vec!["*.csv".to_owned()],
            following: Vec::new(),
            packing: Packing::default(),
            format,
            scale: 0,
            points_max: 1_000_000_000_000,
            zone: jiff::tz::TimeZone::get("Asia/Shanghai").unwrap(),
            columns,
            not_agreed: Vec::new(),
            due: None,
            max_age_days: None,
            max_rejects: None,
        };
        Folder { dir, feed, names: Vec::new() }
    }

    pub(super) fn csv(kind: FeedKind, columns: &[(&str, &str)]) -> Folder {
        Folder::new(kind, Format::Csv(Delimited::default()), columns)
    }

    pub(super) fn put(&mut self, name: &str, content: &[u8]) {
        let path = self.dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
            self.names.sort();
        }
    }

    /// Counts a file that is there already among those of the feed.
    pub(super) fn name(&mut self, name: &str) {
        self.names.push(name.to_owned());
    }

    /// Gives a file that is gone another name.
    pub(super) fn rename(&mut self, from: &str, to: &str, content: &[u8]) {
        self.names.retain(|name| name != from);
        self.put(to, content);
    }

    pub(super) fn survey(&self) -> Vec<InputFile> {
        let paths: Vec<PathBuf> = self.names.iter().map(|name| self.feed.root.join(name)).collect();
        survey(&self.feed, &paths, true).unwrap()
    }

    pub(super) fn read(&self) -> Result<FeedRows, SourceError> {
        read(&self.feed, &self.survey(), &|_, _| ())
    }

    /// Reads text in small blocks, so that every place may be where one ends.
    pub(super) fn read_in_blocks(&self, block_bytes: u64) -> Result<FeedRows, SourceError> {
        self.read_together(block_bytes, sheet::MOST)
    }

    /// The same, with so many rows conformed together.
    pub(super) fn read_together(
        &self,
        block_bytes: u64,
        together: usize,
    ) -> Result<FeedRows, SourceError> {
        let pace = Pace { block_bytes, most: u64::MAX, together };
        read_at(&self.feed, &self.survey(), &|_, _| (), pace, Room::Memory(u64::MAX), None)
    }
}

fn column(kind: FeedKind, field: &str, name: &str) -> Column {
    let nulls = vec!["-".to_owned()];
    Column { nulls, ..Column::named(kind.field(field).unwrap(), name) }
}

/// Every row of an accounts feed as `file:line member balance`.
pub(super) fn accounts(read: &FeedRows) -> Vec<String> {
    let rows = &read.rows;
    let members = rows.column(0).as_string::<i32>();
    let balances = rows.column(1).as_primitive::<Int64Type>();
    let files = rows.column(3).as_primitive::<UInt32Type>();
    let lines = rows.column(4).as_primitive::<UInt64Type>();
    (0..rows.num_rows())
        .map(|row| {
            let (file, line) = (files.value(row), lines.value(row));
            format!("{file}:{line} {} {}", members.value(row), balances.value(row))
        })
        .collect()
}

/// Every reject as `file:line@offset column: reason`.
pub(super) fn rejects(read: &FeedRows) -> Vec<String> {
    let show = |reject: &Reject| {
        let Reject { file, line, byte_offset, column, code, reason, redacted } = reject;
        let offset = byte_offset.map_or(String::new(), |offset| format!("@{offset}"));
        format!("{file}:{line}{offset} {column} {code:?} {reason} [{redacted}]")
    };
    read.rejects.iter().map(show).collect()
}

pub(super) const ACCOUNTS: &[(&str, &str)] = &[("member_no", "会员号"), ("balance", "余额")];

#[test]
fn no_files_at_all_is_a_fault_for_each_pattern() {
    let folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    let read = folder.read().unwrap();
    assert_eq!(read.faults, [FeedFault::Missing { pattern: "*.csv".to_owned() }]);
    assert_eq!(read.rows.num_rows(), 0);
    assert_eq!(read.rows.schema(), crate::frame::schema::canonical_schema(FeedKind::Accounts));
}

#[test]
fn files_come_out_in_order_with_their_rows_counted() {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    folder.put("b.csv", "余额,姓名,会员号\n7,张三,B1\nx,李四,B2\n".as_bytes());
    folder.put("a/1.csv", "会员号,余额\r\n001,1\r\n".as_bytes());
    let read = folder.read().unwrap();
    assert_eq!(accounts(&read), ["0:2 001 1", "1:2 B1 7"]);
    assert_eq!(
        rejects(&read),
        [
            "b.csv:3@36 balance Value not a whole number of points in plain digits; see `number`, or `nulls` if it means none [a]"
        ]
    );
    let files: Vec<_> = read.files.iter().map(|file| (file.path.as_str(), file.rows)).collect();
    assert_eq!(files, [("a/1.csv", 1), ("b.csv", 2)]);
    assert!(read.rows.column(2).is_null(0));
}

#[test]
fn undeclared_words_have_their_default_and_strict_ones_stop() {
    let columns = [
        ("event_id", "id"),
        ("member_no", "m"),
        ("kind", "k"),
        ("points", "p"),
        ("occurred_at", "at"),
    ];
    let mut folder = Folder::csv(FeedKind::Ledger, &columns);
    folder.put("l.csv", b"id,m,k,p,at\n1,2,xburn,-5,2026-03-01\n");
    let read = folder.read().unwrap();
    assert_eq!(read.rows.column(2).as_primitive::<UInt8Type>().value(0), 4);
    assert_eq!(read.rows.column(9).as_primitive::<UInt8Type>().value(0), 0);
    assert!(read.rows.column(5).is_null(0));
    folder.put("l.csv", b"id,m,k,p,at\n1,2,xburn,-5,2026-03-01\n2,2,gift,1,2026-03-01\n");
    let stopped = folder.read().unwrap_err();
    assert_eq!(
        stopped.to_string(),
        "l.csv:3: `gift` is no known kind; declare it under `values` of `kind`"
    );
}

#[test]
fn a_file_that_changed_since_the_survey_is_told() {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    folder.put("a.csv", "会员号,余额\n1,1\n".as_bytes());
    let survey = folder.survey();
    folder.put("a.csv", "会员号,余额\n1,2\n".as_bytes());
    let changed = read(&folder.feed, &survey, &|_, _| ()).unwrap_err();
    assert!(matches!(changed, SourceError::Changed { file } if file == "a.csv"));
    fs::remove_file(folder.feed.root.join("a.csv")).unwrap();
    let gone = read(&folder.feed, &survey, &|_, _| ()).unwrap_err();
    assert!(matches!(gone, SourceError::Io { file, .. } if file == "a.csv"));
}

#[test]
fn a_survey_names_files_under_the_root_only() {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    folder.put("x/a.csv", b"abc");
    let survey_of = |path: PathBuf| survey(&folder.feed, &[path], false);
    let found = survey_of(folder.feed.root.join("x/a.csv")).unwrap();
    assert_eq!((found[0].path.as_str(), found[0].bytes), ("x/a.csv", 3));
    assert_eq!(found[0].blake3, blake3::hash(b"abc").to_hex().to_string());
    let outside = survey_of(PathBuf::from("/etc/hosts"));
    assert!(matches!(outside, Err(SourceError::Outside { .. })));
    let gone = survey_of(folder.feed.root.join("none.csv"));
    assert!(matches!(gone, Err(SourceError::Io { file, .. }) if file == "none.csv"));
}

#[test]
fn the_rows_do_not_depend_on_the_number_of_threads() {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    let mut all = String::from("会员号,余额,备注\n");
    for row in 0..60_000 {
        // Some rows are refused, and some hold line ends inside quotes.
        let balance = if row % 997 == 0 { "?".to_owned() } else { row.to_string() };
        let note = if row % 31 == 0 {
            "\"两\n行, \"\"引\"\"\""
        } else {
            "一二三四五六七八九十一二三四五六"
        };
        all.push_str(&format!("M{row:06},{balance},{note}\n"));
    }
    assert!(all.len() > 3 << 20, "several blocks are wanted, not {} bytes", all.len());
    folder.put("1.csv", all.as_bytes());
    folder.put("2.csv", "会员号,余额\nZ,1\n".as_bytes());
    let survey = folder.survey();
    let read_with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let read = read(&folder.feed, &survey, &|_, _| ()).unwrap();
            (read.rows, read.rejects, read.files)
        })
    };
    let one = read_with(1);
    assert_eq!(one, read_with(3));
    assert_eq!(one.0.num_rows(), 60_000 - 61 + 1);
    assert_eq!(one.1.len(), 61);
    // The watch hears every row and every byte but the headers.
    let heard = std::cell::Cell::new((0, 0));
    let watch = |bytes, rows| heard.set((heard.get().0 + bytes, heard.get().1 + rows));
    let lines = read(&folder.feed, &survey, &watch).unwrap().rows;
    assert_eq!(heard.get().1, 60_001);
    assert!(heard.get().0 as usize > all.len() - 100);
    let last = lines.column(4).as_primitive::<UInt64Type>().value(59_938);
    assert_eq!(last, 60_000 + 1 + 60_000 / 31 - u64::from(59_999 % 31 == 0) + 1);
}

#[test]
fn a_file_that_repeats_another_is_not_read() {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    folder.put("1.csv", "会员号,余额\n1,5\n".as_bytes());
    folder.put("2.csv", "会员号,余额\n2,6\n".as_bytes());
    folder.put("3.csv", "会员号,余额\n1,5\n".as_bytes());
    let files = folder.survey();
    let repeats: Vec<Option<&str>> = files.iter().map(|file| file.repeats.as_deref()).collect();
    assert_eq!(repeats, [None, None, Some("1.csv")]);
    let sha256 = files[0].sha256.as_deref().unwrap();
    assert_eq!(sha256, files[2].sha256.as_deref().unwrap());
    assert_eq!(sha256.len(), 64);
    let read = folder.read().unwrap();
    let rows: Vec<u64> = read.files.iter().map(|file| file.rows).collect();
    assert_eq!(rows, [1, 1, 0]);
    let parts = crate::control::by_part(&read);
    let totals = crate::control::by_file(&read, &parts).unwrap();
    assert_eq!(totals.iter().map(|total| total.rows).collect::<Vec<_>>(), [1, 1, 1]);
    let stages = crate::control::of_feed(&read, &totals);
    let stages: Vec<String> = stages
        .iter()
        .map(|total| format!("{} {:?} {:?}", total.stage, total.rows, total.points))
        .collect();
    let read_one = |points: &str| {
        ["read Some(1) None", &format!("accepted Some(1) {points}"), "rejected Some(0) None"]
            .map(str::to_owned)
    };
    let expected = [read_one("Some(5)"), read_one("Some(6)")].concat();
    let ignored = ["read Some(1) None", "ignored Some(1) None"].map(str::to_owned).to_vec();
    assert_eq!(stages, [expected, ignored].concat());
}

#[test]
fn a_column_that_was_not_agreed_is_told_and_dropped() {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    folder.feed.not_agreed = vec!["id card".to_owned(), "address".to_owned()];
    folder.put("1.csv", "会员号,余额, id card\n1,5,secret\n".as_bytes());
    folder.put("2.csv", "会员号,余额\n2,6\n".as_bytes());
    let read = folder.read().unwrap();
    let strays: Vec<String> =
        read.strays.iter().map(|stray| format!("{} {}", stray.file, stray.column)).collect();
    assert_eq!(strays, ["1.csv id card"]);
    assert!(!format!("{read:?}").contains("secret"));
}

#[test]
fn aliases_signs_nulls_and_strips_are_obeyed_in_every_format() {
    use std::sync::Arc;

    use crate::feed::{NumberStyle, Sign, SignColumn};
    use crate::value::token::Algorithm;

    let mut folder =
        Folder::csv(FeedKind::Accounts, &[("member_no", "会员号"), ("balance", "余额")]);
    let columns = &mut folder.feed.columns;
    columns[0].origin =
        crate::feed::Origin::Named(vec!["会员号".to_owned(), " 会员编号 ".to_owned()]);
    columns[1].number = NumberStyle { implied_decimals: Some(2), ..NumberStyle::default() };
    columns[1].nulls = vec!["—".to_owned()];
    let words = [("贷".to_owned(), Sign::Plus), ("借".to_owned(), Sign::Minus)];
    columns[1].sign = Some(SignColumn { names: vec!["借贷".to_owned()], words: words.into() });
    folder.put("1.csv", "会员编号,借贷,余额\nM1,贷,000500\nM2, 借 ,1200\n-,贷,100\n".as_bytes());
    folder.put(
        "2.csv",
        "余额,会员号,借贷\n100,M3,D138\n100,M4,\n-100,M5,借\n—,M6,借\n150,M7,借\n".as_bytes(),
    );
    folder.put("3.csv", "会员号,会员编号,余额,借贷\n".as_bytes());
    folder.put("4.csv", "会员号,余额\n".as_bytes());
    let read = folder.read().unwrap();
    assert_eq!(accounts(&read), ["0:2 M1 5", "0:3 M2 -12"]);
    let told: Vec<String> = read
        .rejects
        .iter()
        .map(|r| format!("{}:{} {} {} {}", r.file, r.line, r.column, r.reason, r.redacted))
        .collect();
    assert_eq!(
        told,
        [
            "1.csv:4 member_no empty, and the column needs a value; have it filled in -",
            "2.csv:2 balance a word in its sign column that nobody declared; see `values` of `sign` A999",
            "2.csv:3 balance no sign word in its sign column; have it filled in ",
            "2.csv:4 balance has a sign of its own beside the one in its sign column; remove `sign`, or have it sent bare -999",
            "2.csv:5 balance empty, and the column needs a value; have it filled in —",
            "2.csv:6 balance a fraction of a point; have whole ones sent, see `scale` of the party, or `thousands` under `number` if the point parts thousands 999",
        ]
    );
    let faults: Vec<String> = read
        .faults
        .iter()
        .map(|fault| match fault {
            FeedFault::Column { file, column, reason } => format!("{file} {column}: {reason}"),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(
        faults,
        [
            "3.csv 会员号 / 会员编号: the header has both `会员号` and `会员编号`; name one of them",
            "4.csv 借贷: the header has no such column; it has 2, on line 1: see `delimiter`, `skip` \
             and `header`",
        ]
    );

    let key = crate::value::token::TokenKey::new;
    let key = Arc::new(key("k", Algorithm::HmacSha256, b"0123456789abcdef").unwrap());
    let mut folder = Folder::csv(FeedKind::Members, &[("member_no", "id"), ("mobile", "m")]);
    folder.feed.columns[1].contact = Some(crate::feed::Contact::Mobile(Arc::clone(&key)));
    folder.feed.columns[1].strip = vec!["tel:".to_owned(), "tel:+86".to_owned()];
    folder.put("1.csv", b"id,m\nM1,tel:+8613800138000\nM2,tel:13800138000\nM3,13800138000\n");
    let read = folder.read().unwrap();
    let at = FeedKind::Members.fields().iter().position(|field| field.name == "mobile").unwrap();
    let tokens = read.rows.column(at).as_string::<i32>();
    let token = key.mobile("13800138000");
    assert!(tokens.iter().all(|one| one == token.as_deref()), "{tokens:?}");
}

#[test]
fn a_head_has_the_totals_of_files_that_were_read_to_their_ends() {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    let marked = Marked { marker: "T".to_owned(), exclusive: false, rows: Some(2), points: None };
    folder.feed.format = Format::Csv(Delimited { trailer: Some(marked), ..Delimited::default() });
    folder.put("a.csv", "会员号,余额\n1,2\nT,1\n".as_bytes());
    let rows = "1,2\n".repeat(1 << 20);
    folder.put("b.csv", format!("会员号,余额\n{rows}T,7\n").as_bytes());
    for (rows, parts) in [(1, vec![0, 0]), (1 << 22, vec![0, 0, 1, 1])] {
        let read = head(&folder.feed, &folder.survey(), rows).unwrap();
        let held: Vec<u32> = read.declared.iter().map(|total| total.part).collect();
        assert_eq!(held, parts, "{rows}");
    }
}
