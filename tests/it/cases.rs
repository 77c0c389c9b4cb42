//! A case for each rule: a pipeline, a few rows, what happens and why this is the finding.
//!
//! `tests/cases/<CODE>[-variant]/` holds `case.md` (its indented lines are the commands), the
//! pipeline and its files, `expected.csv` (every discrepancy that the last command publishes) and
//! `rows.csv` (what became of every ledger row). `UPDATE_CASES=1` rewrites the last two.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use hutong::detect;
use hutong::run::{Order, Outcome, Unwatched};

use crate::published::bytes_under;
use crate::tables::{Row, close, order, run, table};

const COLUMNS: [&str; 13] = [
    "code",
    "severity",
    "effect",
    "a_event_id",
    "b_event_id",
    "a_member",
    "b_member",
    "field",
    "expected",
    "actual",
    "difference_points",
    "amount_at_stake",
    "reason",
];

pub fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir("tests/cases").unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders
}

/// The name of a case begins with the code of its rule.
fn code_of(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_str().unwrap();
    name.get(..6).unwrap_or(name).to_owned()
}

/// A command that `case.md` shows.
pub struct Step {
    pub closes: bool,
    pub as_of: String,
    pub period: Option<String>,
}

/// The commands that `case.md` shows, in order; the last is the one that is compared.
pub fn steps(folder: &Path) -> Vec<Step> {
    let page = fs::read_to_string(folder.join("case.md")).unwrap();
    let commands = page.lines().filter_map(|line| line.strip_prefix("    hutong "));
    let steps: Vec<Step> = commands
        .map(|command| {
            let words: Vec<&str> = command.split_whitespace().collect();
            let closes = match words[..] {
                ["run", "pipeline.yaml", ..] => false,
                ["close", "pipeline.yaml", ..] => true,
                _ => panic!("{}: case.md shows `{command}`", folder.display()),
            };
            let after = |option: &str| {
                let at = words.iter().position(|word| *word == option)?;
                words.get(at + 1).map(|word| (*word).to_owned())
            };
            Step { closes, as_of: after("--as-of").unwrap(), period: after("--period") }
        })
        .collect();
    assert!(!steps.is_empty(), "{}: case.md shows no command", folder.display());
    steps
}

/// Executes the commands of a case, and gives what the last one came to.
pub fn perform(folder: &Path, to: &Path) -> Outcome {
    let mut last = None;
    for step in steps(folder) {
        let job = if step.closes { close } else { run };
        let outcome = job(&folder.join("pipeline.yaml"), (&step.as_of, step.period.as_deref()), to);
        let outcome = outcome.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        assert!(!step.closes || outcome.manifest.is_final(), "{}", folder.display());
        crate::review::is_sound(outcome.published.folder(), &folder.display().to_string());
        for found in crate::tables::table(outcome.published.folder(), "discrepancies") {
            for said in
                [&found["reason"], &found["diagnosis"]].into_iter().filter(|it| !it.is_empty())
            {
                let zh = hutong::discrepancy::in_chinese(said);
                assert!(zh.is_some(), "{}: `{said}` has no Chinese", folder.display());
            }
        }
        last = Some(outcome);
    }
    last.unwrap()
}

fn as_csv<'r>(header: &[&str], rows: impl Iterator<Item = Vec<&'r str>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).unwrap();
    for row in rows {
        writer.write_record(row).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

/// What became of every ledger row: the table in which it stands, and under which code.
fn became(folder: &Path, outcome: &Outcome) -> String {
    let published = outcome.published.folder();
    // place → table and code
    let mut stands: BTreeMap<String, (&str, String)> = BTreeMap::new();
    for row in table(published, "cleared_events") {
        for side in ["issuer", "acceptor"] {
            let place =
                format!("{}:{}", row[&format!("{side}_file")], row[&format!("{side}_line")]);
            assert_eq!(stands.insert(place, ("cleared_events", String::new())), None);
        }
    }
    for name in ["held", "pending"] {
        for row in table(published, name) {
            let places = [&row["issuer_row"], &row["acceptor_row"]];
            for place in places.into_iter().filter(|place| !place.is_empty()) {
                assert_eq!(stands.insert(place.clone(), (name, row["code"].clone())), None);
            }
        }
    }
    for row in table(published, "rejects") {
        let place = format!("{}:{}", row["file"], row["line"]);
        assert_eq!(stands.insert(place, ("rejects", row["code"].clone())), None);
    }
    let mut lines = String::from("row,event_id,stands_in,code\n");
    let inputs = outcome.manifest.inputs.iter().filter(|input| input.feed.ends_with(" ledger"));
    for name in inputs.map(|input| &input.path) {
        let Ok(bytes) = fs::read(folder.join(name)) else { continue };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        for (number, line) in (1..).zip(text.lines()).skip(1) {
            let place = format!("{name}:{number}");
            let (table, code) = stands.remove(&place).unwrap_or(("neither", String::new()));
            let event_id = line.split(',').next().unwrap();
            writeln!(lines, "{place},{event_id},{table},{code}").unwrap();
        }
    }
    // Rows that were brought back from a final publication.
    let recalled: Vec<String> =
        stands.keys().filter(|place| place.contains(".parquet:")).cloned().collect();
    for place in recalled {
        if let Some((table, code)) = stands.remove(&place) {
            writeln!(lines, "{place},,{table},{code}").unwrap();
        }
    }
    stands.retain(|place, _| place.contains("ledger"));
    assert!(stands.is_empty(), "{}: no such rows {stands:?}", folder.display());
    lines
}

/// Compares a file of a case with what was published, or rewrites it.
fn check(file: &Path, published: &str, wrong: &mut String) {
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(file, published).unwrap();
    }
    let expected = fs::read_to_string(file).unwrap_or_default();
    if expected != published {
        writeln!(wrong, "{}\n== expected\n{expected}== published\n{published}", file.display())
            .unwrap();
    }
}

#[test]
fn every_case_finds_what_it_says() {
    let mut wrong = String::new();
    for folder in folders() {
        let to = tempfile::tempdir().unwrap();
        let outcome = perform(&folder, to.path());
        let published = outcome.published.folder();
        let found = table(published, "discrepancies");
        // A diagnosis stands only where something explains a difference.
        let diagnosed = found.iter().any(|row| !row["diagnosis"].is_empty());
        let columns: Vec<&str> =
            COLUMNS.into_iter().chain(diagnosed.then_some("diagnosis")).collect();
        let rows = found
            .iter()
            .map(|row: &Row| columns.iter().map(|&column| &*row[column]).collect::<Vec<&str>>());
        check(&folder.join("expected.csv"), &as_csv(&columns, rows), &mut wrong);
        check(&folder.join("rows.csv"), &became(&folder, &outcome), &mut wrong);
        let thresholds = &outcome.manifest.thresholds;
        let blocks = found.iter().any(|row| row["effect"] == "blocks")
            || thresholds.iter().any(|reached| reached.key == "block_on");
        assert_eq!(outcome.is_blocked(), blocks, "{}", folder.display());
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Rows that do not fit into memory are judged in portions, which no case can tell.
#[test]
fn no_case_depends_on_memory() {
    for folder in folders() {
        let steps = steps(&folder);
        let bytes = [None, Some(1 << 20), Some(1)].map(|memory_bytes| {
            let to = tempfile::tempdir().unwrap();
            for step in &steps {
                let at = (step.as_of.as_str(), step.period.as_deref());
                let order = order(&folder.join("pipeline.yaml"), at, to.path());
                let order = Order { memory_bytes, ..order };
                let job = if step.closes { hutong::run::close } else { hutong::run::run };
                let outcome = job(&order, &Unwatched);
                outcome.unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
            }
            bytes_under(to.path())
        });
        for others in &bytes[1..] {
            for (name, expected) in &bytes[0] {
                let same = others.get(name) == Some(expected);
                assert!(same, "{}: {}", folder.display(), name.display());
            }
        }
    }
}

/// A rule without a case is not known to work, and a case without a rule is of no use.
#[test]
fn every_rule_has_a_case_and_every_case_a_rule() {
    let mut cased: BTreeSet<[String; 3]> = BTreeSet::new();
    for folder in folders() {
        let code = code_of(&folder);
        let page = fs::read_to_string(folder.join("case.md")).unwrap();
        assert!(
            detect::rules().any(|rule| {
                page.starts_with(&format!("# {code} {} {}\n", rule.title, rule.zh))
            }),
            "{}: case.md begins with the code, title and Chinese title of a rule",
            folder.display()
        );
        let mut expected = csv::Reader::from_path(folder.join("expected.csv")).unwrap();
        let mut found = expected.records().map(|record| {
            let record = record.unwrap();
            [0, 1, 2].map(|column| record[column].to_owned())
        });
        let own: BTreeSet<_> = found.by_ref().filter(|[found, ..]| *found == code).collect();
        assert!(!own.is_empty(), "{} finds no {code}", folder.display());
        cased.extend(own);
    }
    for rule in detect::rules() {
        let words = [rule.code, rule.severity.word(), rule.effect.word()].map(str::to_owned);
        assert!(cased.contains(&words), "no case of {words:?} in tests/cases");
    }
}
