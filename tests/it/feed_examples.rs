//! The examples of `pipelines/feeds`: one ledger in every layout, and one statement of them all.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::tables::{Row, run, table};

const AS_OF: &str = "2026-03-31";

fn examples() -> Vec<PathBuf> {
    let entries = std::fs::read_dir("pipelines/feeds").unwrap();
    let mut examples: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    examples.sort();
    assert!(examples.len() >= 10, "{examples:?}");
    examples
}

fn column<'r>(rows: &'r [Row], name: &str) -> Vec<&'r str> {
    rows.iter().map(|row| row[name].as_str()).collect()
}

#[test]
fn every_layout_gives_the_same_statement() {
    for example in examples() {
        let name = example.display().to_string();
        let to = tempfile::tempdir().unwrap();
        let outcome = run(&example, (AS_OF, None), to.path())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let folder = outcome.published.folder();
        assert_eq!(table(folder, "discrepancies"), Vec::<Row>::new(), "{name}");
        assert_eq!(table(folder, "rejects"), Vec::<Row>::new(), "{name}");

        let [statement] = &table(folder, "statement")[..] else { panic!("{name}: one statement") };
        let figures = [("a_payable", "30.80"), ("b_payable", "12.00"), ("net", "18.80")];
        for (column, figure) in figures {
            assert_eq!(statement[column], figure, "{name}: {column}");
        }

        let cleared = table(folder, "cleared_events");
        let mut events = column(&cleared, "issuer_event_id");
        events.sort_unstable();
        assert_eq!(events, ["HBR-9004", "SKY26030002", "SKY26030003", "SKY26030005"], "{name}");

        // Six rows, whose points and keys are the same however they are written.
        let totals = table(folder, "control_totals");
        let of = |row: &&Row| {
            row["owner"] == "a" && row["subject"] == "ledger" && row["stage"] == "accepted"
        };
        let [accepted] = &totals.iter().filter(of).collect::<Vec<_>>()[..] else {
            panic!("{name}: {totals:?}")
        };
        let told = ["rows", "points", "hash_total"].map(|name| accepted[name].as_str());
        assert_eq!(told, ["6", "-650", HASH_TOTAL], "{name}");
    }
}

/// Σ of the first eight bytes of the BLAKE3 of each event_id, modulo 2^64.
const HASH_TOTAL: &str = "7473971642643649893";

#[test]
fn every_example_is_named_in_the_readme_of_the_folder_that_holds_its_files() {
    let page = std::fs::read_to_string("sample-data/README.md").unwrap();
    let named: BTreeSet<&str> = page.split('`').collect();
    for example in examples() {
        let name = format!("pipelines/feeds/{}", example.file_name().unwrap().to_string_lossy());
        assert!(named.contains(name.as_str()), "{name} is not named");
    }
}
