//! The second worked example: every table of `docs/ratio-change.md` is what the engine publishes.

use std::path::Path;

use hutong::run::{Order, Unwatched, roundings};

use crate::tables::{Row, run, table};

const PIPELINE: &str = "pipelines/ratio-change.yaml";
const AS_OF: &str = "2026-05-31";

/// The rows of the page's table under a heading, by column; marks of emphasis are taken off.
fn told(heading: &str) -> Vec<Row> {
    let page = std::fs::read_to_string("docs/ratio-change.md").unwrap();
    let section = page.split(&format!("\n## {heading} ")).nth(1).unwrap();
    let mut lines = section.lines().skip_while(|line| !line.starts_with('|'));
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().replace('*', "")).collect()
    };
    let names = cells(lines.next().unwrap());
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|line| names.iter().cloned().zip(cells(line)).collect()).collect()
}

/// The columns of rows as texts, one row a text.
fn columns<const N: usize>(rows: &[Row], names: [&str; N]) -> Vec<String> {
    rows.iter().map(|row| names.map(|name| row[name].as_str()).join(" | ")).collect()
}

#[test]
fn every_event_of_the_page_is_judged_as_it_says() {
    let to = tempfile::tempdir().unwrap();
    let outcome = run(Path::new(PIPELINE), (AS_OF, None), to.path()).unwrap();
    let folder = outcome.published.folder();
    let cleared = table(folder, "cleared_events");
    let found = table(folder, "discrepancies");
    let pending = table(folder, "pending");
    let codes_of = |event: &str| -> Vec<&str> {
        let names = |row: &&Row| {
            [&row["a_event_id"], &row["b_event_id"]].iter().any(|ids| ids.contains(event))
        };
        found.iter().filter(names).map(|row| row["code"].as_str()).collect()
    };
    let events = told("Events");
    assert_eq!(events.len(), 16, "the page lists every issuer's event");
    for event in &events {
        let id = event["issuer's event"].as_str();
        let (fate, codes) = match event["what becomes of it"].split_once(", ") {
            Some((fate, codes)) => (fate, vec![codes]),
            None => (event["what becomes of it"].as_str(), Vec::new()),
        };
        assert_eq!(codes_of(id), codes, "{id}");
        match cleared.iter().find(|row| row["issuer_event_id"] == id) {
            Some(row) => {
                assert_eq!(fate, "counted", "{id}");
                let mirrors = ["points", "agreed_mirror", "recorded_mirror"];
                let published = columns(std::slice::from_ref(row), mirrors);
                let written =
                    columns(std::slice::from_ref(event), ["points", "agreed", "recorded"]);
                assert_eq!(published, written, "{id}");
            }
            None if fate == "pending" => {
                assert!(pending.iter().any(|row| row["issuer_event_id"] == id), "{id}");
            }
            None => {
                assert_eq!(fate, "held", "{id}");
                let row = found.iter().find(|row| row["code"] == codes[0]).unwrap();
                assert_eq!(row["expected"], event["agreed"], "{id}");
                assert_eq!(row["actual"], event["recorded"], "{id}");
            }
        }
    }
    let counted = events.iter().filter(|event| event["what becomes of it"].starts_with("counted"));
    assert_eq!(counted.count(), cleared.len(), "the page lists every counted pair");
}

#[test]
fn every_line_of_the_page_is_published() {
    let to = tempfile::tempdir().unwrap();
    let outcome = run(Path::new(PIPELINE), (AS_OF, None), to.path()).unwrap();
    let folder = outcome.published.folder();
    let names = ["type", "issuer", "flow", "points", "amount", "payer"];
    let published = table(folder, "statement_lines");
    assert_eq!(columns(&published, names), columns(&told("Lines"), names));
    let [statement] = &table(folder, "statement")[..] else { panic!("one statement") };
    let figures = ["a_payable", "b_payable", "net", "held_a", "held_b"];
    assert_eq!(
        columns(std::slice::from_ref(statement), figures),
        ["90.53 | 33.95 | 56.58 | 9.100000 | 0.000000"]
    );
}

#[test]
fn every_rounding_of_the_page_is_what_the_engine_finds() {
    let order = Order::of(Path::new(PIPELINE), AS_OF.parse().unwrap(), None);
    let found = roundings(&order, &Unwatched).unwrap();
    assert!(!found.is_blocked);
    let found = found.rounded.iter().map(|one| {
        let (place, mode) = (one.rounding.place.word(), one.rounding.mode.word());
        let (a, b, net) = (one.payables.a.decimal(), one.payables.b.decimal(), one.net.decimal());
        format!("{place} | {mode} | {a} | {b} | {net}")
    });
    let names = ["place", "mode", "A owes", "B owes", "net"];
    assert_eq!(
        columns(&told("The same month under every rounding"), names),
        found.collect::<Vec<_>>()
    );
}
