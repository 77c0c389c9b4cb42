//! Messages that a newcomer misread, held to what they are to say: once, with the place, and with
//! the cure of what is wrong and of nothing else.

use std::fs;
use std::path::Path;
use std::process::Command;

const PIPELINE: &str = "pipeline: first
agreement:
  id: HT-1
  timezone: Asia/Shanghai
  currency: CNY
  term: { from: 2026-01-01, to: 2027-01-01 }
  cycle: monthly
parties:
  a: { code: SKY, name: 云航 }
  b: { code: HBR, name: 海港 }
feeds:
  a: { ledger: { files: in/a.csv, format: { csv: {} }, columns: { event_id: 流水编号, member_no: 卡号, \
kind: { from: 业务类型, values: { 消费抵扣: xburn } }, points: 积分, occurred_at: 时间, counter_event_id: 对方 } } }
  b: { ledger: { files: in/b.csv, format: { csv: {} }, columns: { event_id: 流水编号, member_no: 卡号, \
kind: { from: 业务类型, values: { 代发: xaccept } }, points: 积分, occurred_at: 时间, counter_event_id: 对方 } } }
match: { events: [reference] }
terms:
  ratios:
    - { issuer: a, points: \"100:40\", from: 2026-01-01 }
    - { issuer: b, points: \"40:100\", from: 2026-01-01 }
  rates:
    - { issuer: a, per_point: \"0.11\", from: 2026-01-01 }
    - { issuer: b, per_point: \"0.02\", from: 2026-01-01 }
  fees: [{ on: gross, percent: \"1\", paid_by: issuer, min: \"0.05\" }]
publish: { to: out }
";

/// A folder with the pipeline and both ledgers.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let header = "流水编号,卡号,业务类型,积分,时间,对方\n";
    fs::create_dir(dir.path().join("in")).unwrap();
    fs::write(dir.path().join("pipeline.yaml"), PIPELINE).unwrap();
    let a = format!("{header}A1,N1,消费抵扣,-1000,2026-03-03 10:00:00,\n");
    fs::write(dir.path().join("in/a.csv"), a).unwrap();
    let b = format!("{header}B1,M1,代发,400,2026-03-03 10:00:01,A1\n");
    fs::write(dir.path().join("in/b.csv"), b).unwrap();
    dir
}

fn change(dir: &Path, from: &str, to: &str) {
    let path = dir.join("pipeline.yaml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

fn hutong(dir: &Path, arguments: &str) -> (Option<i32>, String) {
    let words = arguments.split(' ');
    let output =
        Command::new(env!("CARGO_BIN_EXE_hutong")).args(words).current_dir(dir).output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(told).unwrap())
}

const RUN: &str = "run pipeline.yaml --as-of 2026-03-31";

#[test]
fn a_problem_of_the_pipeline_is_told_once_and_at_one_place() {
    // What is changed, the words that stand exactly once, and words that do not stand at all.
    let rows: [(&str, &str, &[&str], &[&str]); 4] = [
        ("currency: CNY", "currency: RMB", &["`currency` is `RMB`"], &["`min` is"]),
        (PIPELINE, "", &["the file is empty"], &[]),
        ("  cycle: monthly", "\tcycle: monthly", &["not well-formed YAML"], &[]),
        // Columns are counted in characters, whoever tells them.
        ("消费抵扣: xburn", "消费抵扣: xbrun", &["12:134: `xbrun`", "pipeline.yaml:12:134]"], &[]),
    ];
    for (from, to, once, never) in rows {
        let dir = folder();
        change(dir.path(), from, to);
        let (code, told) = hutong(dir.path(), "check pipeline.yaml");
        assert_eq!(code, Some(2), "{told}");
        for words in once {
            assert_eq!(told.matches(words).count(), 1, "{words}\n{told}");
        }
        for words in never {
            assert!(!told.contains(words), "{words}\n{told}");
        }
        assert!(told.contains("1 problem"), "{told}");
    }
}

#[test]
fn a_column_that_is_not_there_is_told_with_what_it_may_be() {
    let dir = folder();
    change(dir.path(), "event_id: 流水编号", "event_id: 流水编码");
    let (code, told) = hutong(dir.path(), "check pipeline.yaml --sample 9 --as-of 2026-03-31");
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("on line 1: did you mean `流水编号`?"), "{told}");
}

/// What stands in the way on this machine is told as that (exit code 4), and no partner is asked
/// for a file that he may have sent.
#[cfg(unix)]
#[test]
fn what_cannot_be_looked_at_is_no_file_that_was_not_sent() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let dangling = |dir: &Path| {
        fs::remove_file(dir.join("in/a.csv")).unwrap();
        symlink("nowhere.csv", dir.join("in/a.csv")).unwrap();
        // A name without placeholders is looked at by `check` already.
        let (code, told) = hutong(dir, "check pipeline.yaml");
        let told = told.replace("\n  | ", " ");
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("which leads to what is not there by a symbolic link"), "{told}");
        symlink("nowhere.csv", dir.join("in/a-2026-03.csv")).unwrap();
        change(dir, "in/a.csv", "\"in/a-{period}.csv\"");
    };
    // The superuser looks into any folder; a name that no system takes stops everybody.
    let unreadable = |dir: &Path| {
        fs::set_permissions(dir.join("in"), fs::Permissions::from_mode(0o000)).unwrap();
        if fs::read_dir(dir.join("in")).is_ok() {
            change(dir, "in/a.csv", &format!("in/{}/a.csv", "x".repeat(300)));
        }
    };
    type Row<'r> = (&'r dyn Fn(&Path), &'r str);
    let rows: [Row<'_>; 2] = [
        (&dangling, "in/a-2026-03.csv is a symbolic link to what is not there"),
        (&unreadable, "/in/"),
    ];
    for (spoil, words) in rows {
        let dir = folder();
        assert_eq!(hutong(dir.path(), RUN).0, Some(0));
        spoil(dir.path());
        let (code, told) = hutong(dir.path(), RUN);
        let _ = fs::set_permissions(dir.path().join("in"), fs::Permissions::from_mode(0o755));
        assert_eq!(code, Some(4), "{told}");
        for words in [words, "cannot find the files of a ledger", "nobody has to send anything"] {
            assert!(told.contains(words), "{words}\n{told}");
        }
        assert!(!told.contains("have it sent"), "{told}");
    }
}

#[test]
fn what_is_inspected_is_named_by_its_path() {
    let dir = folder();
    let (code, told) = hutong(dir.path(), "inspect in/none.csv");
    assert_eq!(code, Some(4), "{told}");
    assert!(told.contains("`in/none.csv`"), "{told}");
}

/// 10.00 points at 0.11 and 40.00 at 0.02: a rate that does not say whether it is of a point or of a
/// hundredth of one is not taken, and both readings are told with its figures.
#[test]
fn a_rate_of_points_with_decimals_says_of_what_it_is() {
    let dir = folder();
    for party in ["name: 云航", "name: 海港"] {
        change(dir.path(), party, &format!("{party}, scale: 2"));
    }
    change(dir.path(), ", min: \"0.05\"", "");
    let (code, told) = hutong(dir.path(), "check pipeline.yaml");
    let said = told.replace("\n        ", " ");
    assert_eq!(code, Some(2), "{told}");
    for words in [
        "`per_point` is `0.11`, and a point of `a` has 2 decimal places",
        "Write `per_whole_point: \"0.11\"` where a point, which is 100 smallest units, is worth 0.11 \
         CNY and each of those 0.0011 CNY; or `per_smallest_unit: \"0.11\"` where each of those is \
         worth 0.11 CNY and a point 11 CNY.",
        "2 problems",
    ] {
        assert!(said.contains(words), "{words}\n{told}");
    }
    let net = |dir: &Path| {
        let (code, told) = hutong(dir, RUN);
        assert_eq!(code, Some(0), "{told}");
        told.lines().find(|line| line.starts_with("Net")).map(str::to_owned).unwrap()
    };
    change(dir.path(), "a, per_point", "a, per_whole_point");
    change(dir.path(), "b, per_point", "b, per_whole_point");
    // 1,000.00 points at 0.11, and a fee of 1.10.
    assert!(net(dir.path()).contains("111.10"), "{}", net(dir.path()));
    change(dir.path(), "per_whole_point: \"0.11\"", "per_smallest_unit: \"0.0011\"");
    assert!(net(dir.path()).contains("111.10"), "{}", net(dir.path()));
}
