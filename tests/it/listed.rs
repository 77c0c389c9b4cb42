//! What a publication is listed and exported as: filtered, sorted, paged; and as text that a
//! spreadsheet opens without running anything.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::tables::{run, table};

fn hutong(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hutong")).args(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {told}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn discrepancies_are_filtered_sorted_and_paged() {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("pipelines/worked-example.yaml");
    let outcome = run(pipeline, ("2026-03-31", None), out.path()).unwrap();
    let folder = outcome.published.folder().to_str().unwrap().to_owned();
    let codes = |arguments: &[&str]| -> Vec<String> {
        let base = ["show", &folder, "--items", "--output-format", "csv"];
        let listed = hutong(&[&base[..], arguments].concat());
        let found = table(outcome.published.folder(), "discrepancies");
        let codes: Vec<&String> = found.iter().map(|row| &row["code"]).collect();
        let has = |line: &str| codes.iter().find(|code| line.contains(code.as_str())).copied();
        listed.lines().filter_map(has).cloned().collect()
    };
    let rows: [(&[&str], &[&str]); 7] = [
        (&["--sort", "money"], &["AMT-01", "EVT-01"]),
        (&["--sort", "money", "--limit", "1"], &["AMT-01"]),
        (&["--sort", "money", "--limit", "1", "--page", "2"], &["EVT-01"]),
        (&["--code", "EVT-01"], &["EVT-01"]),
        (&["--effect", "excluded"], &["EVT-03"]),
        (&["--party", "a", "--effect", "held"], &["EVT-01"]),
        (&["--min-money", "10"], &["AMT-01"]),
    ];
    for (arguments, expected) in rows {
        let listed = codes(arguments);
        let first: Vec<&str> = listed.iter().take(expected.len()).map(String::as_str).collect();
        assert_eq!(first, expected, "{arguments:?}: {listed:?}");
    }
}

/// The mark by which Excel in Chinese locales knows UTF-8 is there where it is asked for, every
/// line ends as RFC 4180 has it, and an id that begins like a formula is text.
#[test]
fn an_export_is_text_that_a_spreadsheet_does_not_run() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir("tests/cases/EVT-01").unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap().replace("SKY-0", "@SKY-0");
        fs::write(folder.path().join(path.file_name().unwrap()), text).unwrap();
    }
    let pipeline = folder.path().join("pipeline.yaml");
    let outcome = run(&pipeline, ("2026-03-31", None), &folder.path().join("out")).unwrap();
    let published = outcome.published.folder();
    for (arguments, mark) in [(&["--bom"][..], "\u{feff}"), (&[], "")] {
        let to = folder.path().join(format!("csv-{}", arguments.len()));
        let [run, to_text] = [published, &to].map(|path| path.to_str().unwrap());
        hutong(&[&["export", run, "--to", to_text][..], arguments].concat());
        let held = fs::read_to_string(to.join("held.csv")).unwrap();
        let mut lines = held.split("\r\n");
        let head = lines.next().unwrap();
        assert!(head.starts_with(&format!("{mark}period,as_of,issuer,")), "{head}");
        let row = lines.next().unwrap();
        assert!(row.contains(",'@SKY-02,"), "{row}");
        assert_eq!(lines.next(), Some(""));
        assert_eq!(fs::read_dir(&to).unwrap().count(), outcome.manifest.outputs.len() - 2);
    }
}

/// Tables are as wide as the terminal says; whatever the width, no figure is lost.
#[test]
fn a_table_fits_a_narrow_terminal() {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("pipelines/worked-example.yaml");
    let outcome = run(pipeline, ("2026-03-31", None), out.path()).unwrap();
    let folder = outcome.published.folder().to_str().unwrap().to_owned();
    let commands: [&[&str]; 5] = [
        &["show", &folder],
        &["show", &folder, "--items"],
        &["verify", &folder],
        &["diff", &folder, &folder],
        &["sample", &folder, "--method", "random", "--size", "3", "--seed", "1"],
    ];
    for command in commands {
        let told = |columns: &str| {
            let mut hutong = Command::new(env!("CARGO_BIN_EXE_hutong"));
            let output = hutong.args(command).env("COLUMNS", columns).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{command:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let figures = |text: &str| {
            let is_figure = |word: &&str| {
                word.contains(|c: char| c.is_ascii_digit())
                    && word.bytes().all(|b| b.is_ascii_digit() || b",.-".contains(&b))
            };
            let mut figures: Vec<String> =
                text.split_whitespace().filter(is_figure).map(str::to_owned).collect();
            figures.sort_unstable();
            figures
        };
        let narrow = told("80");
        // The rules above, below and under the heads are as wide as the table.
        let rules = narrow.lines().filter(|line| line.starts_with('─'));
        let widest = rules.map(|rule| rule.chars().count()).max().unwrap_or_default();
        assert!(widest <= 80, "{command:?}: {widest}\n{narrow}");
        assert_eq!(figures(&narrow), figures(&told("200")), "{command:?}");
    }
}
