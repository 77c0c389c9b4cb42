//! Every rounding of a period, held against runs that declare it; and what an overdue statement
//! costs in the period after.

use std::fs;
use std::path::Path;
use std::process::Command;

use hutong::run::{self, Order, Unwatched};

use crate::tables::{close, run, table};

const AS_OF: &str = "2026-03-31";

fn order(pipeline: &Path) -> Order {
    Order::of(pipeline, AS_OF.parse().unwrap(), None)
}

/// A folder with the ledgers of a case and its pipeline, with rates, fees and a rounding under
/// which every place and mode tells.
fn folder(place: &str, mode: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let case = Path::new("tests/cases/CAP-01");
    for name in ["a-ledger.csv", "b-ledger.csv"] {
        fs::copy(case.join(name), folder.path().join(name)).unwrap();
    }
    let text = fs::read_to_string(case.join("pipeline.yaml")).unwrap();
    let terms = format!(
        "  fees:\n    - {{ on: gross, percent: \"1.7\", paid_by: acceptor, min: \"0.13\", \
         tax: {{ percent: \"6\", mode: exclusive }} }}\n  \
         taxes:\n    - {{ on: gross, percent: \"3.3\", mode: inclusive, paid_by: issuer }}\n  \
         rounding: {{ place: {place}, mode: {mode} }}\npublish:"
    );
    let text = text.replace("\"0.008\"", "\"0.008777\"").replace("publish:", &terms);
    fs::write(folder.path().join("pipeline.yaml"), text).unwrap();
    folder
}

#[test]
fn each_rounding_is_what_a_run_that_declares_it_publishes() {
    let first = folder("line", "half_up");
    let all = run::roundings(&order(&first.path().join("pipeline.yaml")), &Unwatched).unwrap();
    assert_eq!((all.rounded.len(), all.is_blocked), (12, false));
    assert!(!first.path().join("out").exists(), "nothing is published");
    let mut nets = Vec::new();
    for rounded in &all.rounded {
        let (place, mode) = (rounded.rounding.place.word(), rounded.rounding.mode.word());
        let folder = folder(place, mode);
        let to = folder.path().join("out");
        let outcome = run(&folder.path().join("pipeline.yaml"), (AS_OF, None), &to).unwrap();
        let [statement] = &table(outcome.published.folder(), "statement")[..] else {
            panic!("one statement")
        };
        let figures = [
            ("a_payable", rounded.payables.a),
            ("b_payable", rounded.payables.b),
            ("net", rounded.net),
        ];
        for (column, figure) in figures {
            assert_eq!(statement[column], figure.decimal().to_string(), "{place} {mode} {column}");
        }
        nets.push(rounded.net.minor());
    }
    nets.sort_unstable();
    nets.dedup();
    assert!(nets.len() > 2, "these figures tell roundings apart: {nets:?}");
}

fn printed(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_hutong"))
        .args(["roundings", "pipelines/worked-example.yaml", "--as-of", AS_OF])
        .args(args)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_roundings_of_the_worked_example_are_printed() {
    let (code, text) = printed(&[]);
    assert_eq!(code, Some(0), "{text}");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots");
    settings.bind(|| insta::assert_snapshot!("roundings", text));
    let (code, json) = printed(&["--output-format", "json"]);
    assert_eq!(code, Some(0));
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rows = json["roundings"].as_array().unwrap();
    assert_eq!(rows.len(), 12);
    let declared: Vec<_> = rows.iter().filter(|row| row["declared"] == true).collect();
    let [declared] = declared[..] else { panic!("one is declared") };
    let figures = ["place", "mode", "a_payable", "b_payable", "net"].map(|key| &declared[key]);
    assert_eq!(figures, ["line", "half_up", "61.68", "14.71", "46.97"]);
}

#[test]
fn a_blocked_statement_has_no_roundings() {
    let folder = tempfile::tempdir().unwrap();
    let case = fs::read_to_string("tests/cases/FIL-01/pipeline.yaml").unwrap();
    fs::write(folder.path().join("pipeline.yaml"), case).unwrap();
    let all = run::roundings(&order(&folder.path().join("pipeline.yaml")), &Unwatched).unwrap();
    assert!(all.is_blocked && all.rounded.is_empty());
}

#[test]
fn an_overdue_statement_costs_by_the_day_in_the_next_period() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let header = "event_id,member_no,kind,points,occurred_at,counter_event_id,original_event_id\n";
    put("a-2026-02.csv", &format!("{header}S1,1,xburn,-1000000,2026-02-10T10:00:00+08:00,,\n"));
    put("b-2026-02.csv", &format!("{header}H1,2,xaccept,400000,2026-02-10T10:00:05+08:00,S1,\n"));
    put("a-2026-03.csv", header);
    put("b-2026-03.csv", header);
    put("settlements.csv", "id,period,kind,amount,day\nP1,2026-02,paid,3000.00,2026-03-15\n");
    put("exempt.csv", "day\n2026-03-20\n");
    let shared = "  shared:\n    settlements:\n      files: settlements.csv\n      format: { csv: {} }\n      \
                  columns: { settlement_id: id, period: period, kind: kind, amount: amount, on: day }\n    \
                  exempt_days:\n      files: exempt.csv\n      format: { csv: {} }\n      \
                  columns: { day: day }\nmatch:";
    let text = fs::read_to_string("tests/cases/CAP-03/pipeline.yaml").unwrap();
    let text = text
        .replace("a-ledger.csv", "\"a-{period}.csv\"")
        .replace("b-ledger.csv", "\"b-{period}.csv\"")
        .replace("match:", shared)
        .replace("publish:", "  late_fee: { per_day: \"0.0005\", clause: 六.1 }\npublish:");
    put("pipeline.yaml", &text);
    let (pipeline, to) = (folder.path().join("pipeline.yaml"), folder.path().join("out"));
    close(&pipeline, ("2026-03-04", Some("2026-02")), &to).unwrap();
    let outcome = run(&pipeline, (AS_OF, None), &to).unwrap();
    let [line] = &table(outcome.published.folder(), "statement_lines")[..] else {
        panic!("one line")
    };
    // 8,000.00 are due on March 10; 3,000.00 are paid on the 15th and nothing accrues on the 20th:
    // five days of 8,000.00 and fifteen of 5,000.00, at 0.0005.
    let told = ["type", "amount", "payer", "origin_period", "reference", "clause", "exact"];
    let told = told.map(|column| line[column].as_str());
    assert_eq!(told, ["late_fee", "57.50", "a", "2026-02", "2026-02", "六.1", "57.5"]);
}
