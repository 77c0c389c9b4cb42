//! The worked example: one month that can be checked by hand, to the last cent.

use std::path::Path;

use assert_cmd::Command;

use crate::tables::{Row, run, table};

const PIPELINE: &str = "pipelines/worked-example.yaml";
const AS_OF: &str = "2026-03-31";

#[test]
fn every_figure_of_the_worked_example_is_published() {
    let to = tempfile::tempdir().unwrap();
    let outcome = run(Path::new(PIPELINE), (AS_OF, None), to.path()).unwrap();
    let folder = outcome.published.folder();

    let [statement] = &table(folder, "statement")[..] else { panic!("one statement") };
    let figures = [
        ("a_payable", "61.68"),
        ("b_payable", "14.71"),
        ("net", "46.97"),
        ("amount_due", "46.97"),
        ("carry_forward", "0.00"),
        ("payer", "a"),
        ("payee", "b"),
        ("a_code", "SKY"),
        ("b_code", "HBR"),
        ("held_a", "6.400000"),
        ("held_b", "20.000000"),
        ("due_date", "2026-04-10"),
    ];
    for (column, figure) in figures {
        assert_eq!(statement[column], figure, "{column}");
    }

    let lines: Vec<String> = table(folder, "statement_lines")
        .iter()
        .map(|line| ["type", "issuer", "events", "points", "amount"].map(|c| &*line[c]).join(" "))
        .collect();
    assert_eq!(
        lines,
        [
            "gross a 4 7550 60.40",
            "fee a 4 7550 1.21",
            "tax a 4 7550 0.07",
            "gross b 2 720 14.40",
            "fee b 2 720 0.29",
            "tax b 2 720 0.02",
        ]
    );

    let codes: Vec<String> =
        table(folder, "discrepancies").iter().map(|found| found["code"].clone()).collect();
    assert_eq!(codes, ["AMT-01", "EVT-01", "EVT-03", "LED-01"]);
}

/// in = counted + held + excluded, in rows and in points as the issuer books them.
#[test]
fn the_issuer_rows_of_the_worked_example_are_conserved() {
    let to = tempfile::tempdir().unwrap();
    let outcome = run(Path::new(PIPELINE), (AS_OF, None), to.path()).unwrap();
    let totals = table(outcome.published.folder(), "control_totals");
    // party, then rows and points of in, counted, held, excluded, pending
    let rows = [
        ("a", [(5, -8_350), (4, -7_550), (1, -800), (0, 0), (0, 0)]),
        ("b", [(4, -1_840), (2, -720), (1, -1_000), (1, -120), (0, 0)]),
    ];
    for (party, expected) in rows {
        let stages = ["in", "counted", "held", "excluded", "pending"];
        let found = stages.map(|stage| {
            let is_it = |total: &&Row| {
                (&*total["owner"], &*total["subject"], &*total["stage"]) == (party, "issuer", stage)
            };
            match &totals.iter().filter(is_it).collect::<Vec<_>>()[..] {
                [] => (0, 0),
                [total] => (total["rows"].parse().unwrap(), total["points"].parse().unwrap()),
                several => panic!("{several:?}"),
            }
        });
        assert_eq!(found, expected, "{party}");
    }
}

#[test]
fn one_account_of_the_worked_example_breaks_by_fifty() {
    let to = tempfile::tempdir().unwrap();
    let outcome = run(Path::new(PIPELINE), (AS_OF, None), to.path()).unwrap();
    let folder = outcome.published.folder();
    let broken: Vec<Row> =
        table(folder, "accounts").into_iter().filter(|row| row["flagged"] == "true").collect();
    let [account] = &broken[..] else { panic!("{broken:?}") };
    let figures = [
        ("party", "a"),
        ("member_no", "8000001"),
        ("opening", "3000"),
        ("earn", "500"),
        ("xburn", "-1000"),
        ("reversal", "1000"),
        ("burn", "-200"),
        ("adjust", "50"),
        ("expected", "3350"),
        ("reported", "3300"),
        ("difference", "-50"),
    ];
    for (column, figure) in figures {
        assert_eq!(account[column], figure, "{column}");
    }
}

#[test]
fn the_worked_example_on_the_terminal() {
    let to = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hutong"))
        .args(["run", PIPELINE, "--as-of", AS_OF, "--to"])
        .arg(to.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let shown = String::from_utf8(output.stdout).unwrap();
    let shown = shown.replace(to.path().to_str().unwrap(), "[out]");
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("worked_example", shown);
    });
}
