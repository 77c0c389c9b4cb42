//! What a pipeline makes of the rules: what is off, what is weaker, and what a threshold does.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

use crate::oracle::examples::march;
use crate::oracle::judge;
use crate::tables::{run, table};
use crate::world::{Cap, Limits, Party, Setting, Stated};
use crate::worlds::ask_engine;

const WORKED: &str = "pipelines/worked-example.yaml";

/// The worked example with rules, in a file of its own beside the sample data.
fn with_rules(rules: &str, folder: &Path) -> std::path::PathBuf {
    let here = std::env::current_dir().unwrap();
    let text = fs::read_to_string(WORKED).unwrap();
    let data = here.join("sample-data").join("worked-example");
    for entry in fs::read_dir(data).unwrap() {
        let entry = entry.unwrap();
        let to = folder.join("sample-data").join("worked-example");
        fs::create_dir_all(&to).unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let file = folder.join("pipeline.yaml");
    let text = text.replace("root: ..", "root: .");
    fs::write(&file, format!("{text}\nrules: {rules}\n")).unwrap();
    file
}

#[test]
fn a_setting_holds_wherever_an_effect_or_a_severity_decides() {
    // 1,000 of B's points hang on AMT-01: worth 20.00, and 20.42 with fee and tax.
    // rules, code severity and effect of each discrepancy, net, exact money that B holds
    let as_it_is = ["AMT-01 error held", "EVT-01 error held", "EVT-03 warning excluded"];
    let rows: [(&str, Vec<&str>, &str, &str); 8] = [
        ("{}", [&as_it_is[..], &["LED-01 error counted"]].concat(), "46.97", "20.000000"),
        ("{ LED-01: off }", as_it_is.to_vec(), "46.97", "20.000000"),
        (
            "{ AMT-01: { effect: counted } }",
            vec![
                "AMT-01 error counted",
                "EVT-01 error held",
                "EVT-03 warning excluded",
                "LED-01 error counted",
            ],
            "26.55",
            "0.000000",
        ),
        (
            "{ AMT-01: off }",
            vec!["EVT-01 error held", "EVT-03 warning excluded", "LED-01 error counted"],
            "26.55",
            "0.000000",
        ),
        // No diagnosis stood in its way, so the bare fact stays.
        (
            "{ AMT-02: off, AMT-03: off, AMT-04: off }",
            [&as_it_is[..], &["LED-01 error counted"]].concat(),
            "46.97",
            "20.000000",
        ),
        (
            "{ EVT-01: { severity: information }, LED-01: { severity: fatal } }",
            vec![
                "AMT-01 error held",
                "EVT-01 information held",
                "EVT-03 warning excluded",
                "LED-01 fatal counted",
            ],
            "46.97",
            "20.000000",
        ),
        (
            "{ EVT-01: { fail_on: { count: 1 } } }",
            [&as_it_is[..], &["LED-01 error counted"]].concat(),
            "46.97",
            "20.000000",
        ),
        (
            "{ EVT-01: { block_on: { points: \"321\" } } }",
            [&as_it_is[..], &["LED-01 error counted"]].concat(),
            "46.97",
            "20.000000",
        ),
    ];
    for (rules, expected, net, held) in rows {
        let folder = tempfile::tempdir().unwrap();
        let file = with_rules(rules, folder.path());
        let outcome = run(&file, ("2026-03-31", None), &folder.path().join("out")).unwrap();
        let published = outcome.published.folder();
        let found: Vec<String> = table(published, "discrepancies")
            .iter()
            .map(|found| ["code", "severity", "effect"].map(|column| &*found[column]).join(" "))
            .collect();
        assert_eq!(found, expected, "{rules}");
        let [statement] = &table(published, "statement")[..] else { panic!("{rules}: blocked") };
        assert_eq!((&*statement["net"], &*statement["held_b"]), (net, held), "{rules}");
        for (severity, count) in &outcome.manifest.severities {
            let word = format!(" {severity} ");
            let said = expected.iter().filter(|found| found.contains(&word)).count() as u64;
            assert_eq!(*count, said, "{rules}: {severity}");
        }
    }
}

#[test]
fn thresholds_decide_the_exit_code_and_block_the_statement() {
    // rules, options, the exit code, what the summary says
    let rows = [
        ("{ EVT-01: { fail_on: { count: 1 } } }", "never", 1, "a `fail_on` of the rules"),
        ("{ EVT-01: { fail_on: { count: 2 } } }", "never", 0, "Published"),
        ("{ EVT-01: { fail_on: { count: 2 } } }", "EVT-01", 1, "meet --fail-on"),
        // The missing mirror is 320 points; what EVT-03 is about has no difference and is 120.
        ("{ EVT-01: { fail_on: { points: 320 } } }", "never", 1, "points 320: 320"),
        ("{ EVT-03: { fail_on: { points: 120 } } }", "never", 1, "points 120: 120"),
        ("{ EVT-03: { fail_on: { points: 121 } } }", "never", 0, "Published"),
        ("{ EVT-01: { fail_on: { money: 6.40 } } }", "never", 1, "money 6.4: 6.4"),
        ("{ EVT-01: { fail_on: { money: 6.41 } } }", "never", 0, "Published"),
        ("{ EVT-01: { fail_on: { share: 100 } } }", "never", 0, "Published"),
        ("{ EVT-01: { block_on: { share: 0.01 } } }", "never", 3, "BLOCKED"),
        (
            "{ EVT-01: { block_on: { count: 1 } } }",
            "never",
            3,
            "EVT-01 reaches block_on count 1: 1",
        ),
        ("{ EVT-01: { severity: warning } }", "fatal", 0, "Published"),
        ("{ LED-01: { severity: fatal } }", "fatal", 1, "meet --fail-on"),
        ("{ AMT-01: off }", "AMT-01", 0, "Published"),
    ];
    for (rules, fail_on, code, said) in rows {
        let folder = tempfile::tempdir().unwrap();
        let file = with_rules(rules, folder.path());
        let mut command = Command::cargo_bin("hutong").unwrap();
        command.args(["run", file.to_str().unwrap(), "--as-of", "2026-03-31"]);
        command.args(["--fail-on", fail_on, "--to", folder.path().join("out").to_str().unwrap()]);
        // Whoever asks again is told the same, although nothing is left to do.
        let output = command.output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        assert!(shown.contains(said), "{rules}: {shown}");
        for status in [output.status, command.output().unwrap().status] {
            assert_eq!(status.code(), Some(code), "{rules} --fail-on {fail_on}");
        }
    }
}

/// The partner's statement is not held against lines that nobody publishes.
#[test]
fn a_statement_that_a_threshold_blocks_is_not_compared() {
    for (count, disputes) in [(1, 0), (2, 1)] {
        let mut world = march();
        let block_on = Limits { count: Some(count), ..Limits::default() };
        world.settings = vec![Setting { code: "EVT-01", block_on, ..Setting::default() }];
        world.a.statement = Some(Stated { left_out: Vec::new(), lines: Some(Vec::new()) });
        let answer = ask_engine(&world).unwrap();
        assert_eq!(answer.statements.is_empty(), disputes == 0, "{count}");
        assert_eq!(answer.disputes.is_empty(), disputes == 0, "{count}");
    }
}

#[test]
fn what_passes_two_caps_that_only_tell_is_told_once_and_counts() {
    let mut world = march();
    let cap = |points| Cap { issuer: Party::A, flow: None, per_member: true, points };
    world.caps = vec![cap(1), cap(2)];
    world.settings = vec![Setting { code: "CAP-01", counted: true, ..Setting::default() }];
    let answer = ask_engine(&world).unwrap();
    let mut told: Vec<String> = answer.discrepancies.iter().map(ToString::to_string).collect();
    told.retain(|text| text.starts_with("CAP-01"));
    let count = told.len();
    told.sort();
    told.dedup();
    assert!(count > 0 && told.len() == count, "{told:?}");
    assert_eq!(answer.differences(&judge(&world).answer, ["engine", "oracle"]), None);
}
