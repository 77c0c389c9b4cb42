//! Stories: from the statement to file, line and byte.

use std::fs;
use std::path::Path;

use hutong::review::{Publication, explain, of_ledgers, offsets};

use super::example;
use crate::forged::read;

/// An altered table that lacks a column ends no story in a panic.
#[test]
fn a_story_goes_on_where_a_column_is_wanting() {
    let (_out, folder) = example();
    let publication = Publication::open(&folder).unwrap().in_memory();
    for table in ["held", "open_rows", "discrepancies", "cleared_events", "statement_lines"] {
        let batch = read(&folder.join(format!("{table}.parquet")));
        for wanting in 0..batch.num_columns() {
            let kept: Vec<usize> = (0..batch.num_columns()).filter(|at| *at != wanting).collect();
            let other = publication.with(table, batch.project(&kept).unwrap());
            for id in ["SKY-008", "HBR-103", "SKY-002", "line:2", "0eef139cba5a03a8cb85"] {
                // A reader of single columns may miss one and say so.
                let _ = explain(&other, id);
            }
        }
    }
}

#[test]
fn a_story_leads_from_the_statement_to_file_and_line() {
    let (_out, folder) = example();
    let publication = Publication::open(&folder).unwrap();
    let told = |id: &str| {
        let stories = explain(&publication, id).unwrap();
        let lines = stories.iter().flat_map(|story| {
            let lines = story.lines.iter().map(|(label, value)| format!("  {label}  {value}"));
            std::iter::once(story.title.clone()).chain(lines)
        });
        lines.collect::<Vec<String>>().join("\n")
    };
    let held = crate::tables::table(&folder, "held");
    let id = &held.iter().find(|item| item["code"] == "EVT-01").unwrap()["discrepancy_id"];
    let row = &held.iter().find(|item| item["code"] == "AMT-01").unwrap()["issuer_row"];
    let found = crate::tables::table(&folder, "discrepancies");
    let broken = &found.iter().find(|found| found["code"] == "LED-01").unwrap()["discrepancy_id"];
    let stories = ["line:1", "line:2", "line:3", id, row, broken].map(told).join("\n\n");
    insta::assert_snapshot!("stories", stories);
    assert_eq!(explain(&publication, "line:99").unwrap(), []);
    // The byte at which a line begins is found in the recorded input, as long as that is the one.
    let place = "sample-data/worked-example/a-ledger.csv:3";
    let of = |root: &Path| {
        let mut stories = explain(&publication, place).unwrap();
        offsets(&publication, root, &mut stories).unwrap();
        let told = stories[0].lines.iter().find(|(label, _)| label.starts_with("byte offset"));
        told.unwrap().1.clone()
    };
    let text = fs::read_to_string(place.strip_suffix(":3").unwrap()).unwrap();
    let begins: usize = text.split_inclusive('\n').take(2).map(str::len).sum();
    assert_eq!(of(Path::new(".")), format!("{place}  {begins}"));
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(of(elsewhere.path()).ends_with("the file is missing 文件缺失"));
    assert_eq!(explain(&publication, "no such id").unwrap(), []);
}

/// A party's own business stands in no table of an open period: the recorded inputs have it.
#[test]
fn own_business_is_found_in_the_recorded_inputs() {
    let (_out, folder) = example();
    let publication = Publication::open(&folder).unwrap();
    let pipeline = hutong::pipeline::read(Path::new("pipelines/worked-example.yaml")).unwrap();
    let titles = |publication: &Publication, id: &str| {
        let mut stories = explain(publication, id).unwrap();
        of_ledgers(publication, &pipeline, id, &mut stories).unwrap();
        stories.into_iter().map(|story| story.title).collect::<Vec<String>>()
    };
    let earned = "A party's own business 本方业务: earn 累积 on a's book";
    let account = "Account of a's programme 账户";
    let place = "sample-data/worked-example/a-ledger.csv:2";
    let counted = "Counted 计入: redemption of a's points";
    let rows: [(&str, &[&str]); 6] = [
        ("SKY-001", &[earned, account]),
        (place, &[earned, account]),
        // What a table tells is not told again.
        ("SKY-004", &[counted]),
        ("sample-data/worked-example/b-ledger.csv:99", &[]),
        (":2", &[]),
        ("", &[]),
    ];
    for (id, expected) in rows {
        assert_eq!(titles(&publication, id), expected, "{id}");
    }
    // A file that is another now is not read.
    let manifest = folder.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let input = publication.manifest.inputs.iter().find(|input| place.starts_with(&input.path));
    fs::write(&manifest, text.replace(&input.unwrap().blake3, &"0".repeat(64))).unwrap();
    assert_eq!(titles(&Publication::open(&folder).unwrap(), "SKY-001"), [""; 0]);
}
