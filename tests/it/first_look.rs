//! A feed before a night depends on it: sampled, inspected, and drafted into a first pipeline.

use std::path::Path;
use std::process::{Command, Output};

fn hutong(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } =
        Command::new(env!("CARGO_BIN_EXE_hutong")).args(arguments).output().unwrap();
    let told = [stdout, stderr].concat();
    (status.code(), String::from_utf8(told).unwrap())
}

#[test]
fn a_sample_tells_what_a_run_would_refuse() {
    let sample = |pipeline: &str, more: &[&str]| {
        let order = ["check", pipeline, "--sample", "1000", "--as-of", "2026-03-31"];
        hutong(&[&order, more].concat())
    };
    let (code, told) = sample("pipelines/feeds/tmall.yaml", &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("a ledger"), "{told}");
    assert!(told.contains("rows read 6, refused 0"), "{told}");
    assert!(!told.contains("totals"), "no file declares any: {told}");
    // Totals are held where a file was read to its end, and it is said where they were not.
    let (code, told) = sample("pipelines/feeds/percent.yaml", &[]);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("totals in files: held of 1, not held of 0"), "{told}");
    let (code, told) = sample("tests/cases/FIL-03-trailer/pipeline.yaml", &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("FIL-03  a-ledger.csv:"), "{told}");
    let (code, told) = sample("tests/cases/FIL-06-many/pipeline.yaml", &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("FIL-06  a-ledger.csv:3 event_id: looks like a spreadsheet"), "{told}");
    assert!(told.contains("rows read 4, refused 3"), "{told}");
    assert!(!told.contains("4.00123E+27"), "{told}");
    let (code, told) =
        sample("tests/cases/FIL-06-many/pipeline.yaml", &["--output-format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((code, &json["feeds"][0]["rows"]), (Some(1), &serde_json::json!(4)));
    let (code, told) = sample("tests/cases/FIL-06-all/pipeline.yaml", &[]);
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("FIL-06  every row that was read was refused"), "{told}");
    let (code, _) = hutong(&["check", "pipelines/feeds/tmall.yaml", "--sample", "10"]);
    assert_eq!(code, Some(2), "a sample needs an as-of date");
}

#[test]
fn an_inspected_file_shows_a_draft_and_nobody() {
    let (code, told) = hutong(&["inspect", "sample-data/feeds/tmall/members.tsv"]);
    assert_eq!(code, Some(0), "{told}");
    for line in ["delimiter: \"\\t\"", "member_no: \"会员卡号\"", "139****0003"] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    for own in ["13900000001", "张伟", "李娜"] {
        assert!(!told.contains(own), "{told}");
    }
    let (code, told) = hutong(&[
        "inspect",
        "sample-data/feeds/wechat/bill-2026-03.csv",
        "--output-format",
        "json",
    ]);
    assert_eq!(code, Some(0), "{told}");
    let json: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert!(json["draft"].as_str().unwrap().contains("prefix: \"`\""), "{told}");
    let (code, _) = hutong(&["inspect", "sample-data/feeds/none.csv"]);
    assert_eq!(code, Some(4));
}

#[test]
fn a_file_of_fixed_width_shows_where_its_fields_may_stand_and_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sent.txt");
    let rows: String = ["13812345678张三丰  ", "13987654321欧阳娜娜"]
        .iter()
        .enumerate()
        .map(|(n, own)| format!("E{n:05}{own}00{n:04}\n"))
        .collect();
    std::fs::write(&file, encoding_rs::GB18030.encode(&rows).0).unwrap();
    let (code, told) = hutong(&["inspect", file.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{told}");
    for line in ["record_bytes: 31", "{ at: 1, bytes: 17 } # the same letters, then digits"] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    for own in ["13812345678", "13987654321", "三丰", "娜娜"] {
        assert!(!told.contains(own), "{told}");
    }
    // What it drafts is understood but for what no file can say.
    let first = folder.path().join("first");
    let (first, from) = (first.to_str().unwrap(), file.to_str().unwrap());
    let (code, told) = hutong(&["init", first, "--from", from, "--from", from]);
    assert_eq!(code, Some(0), "{told}");
    let pipeline = Path::new(first).join("pipeline.yaml");
    let (code, told) = hutong(&["check", pipeline.to_str().unwrap()]);
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("event_id") && !told.contains("fields"), "{told}");
}

#[test]
fn records_of_the_shape_of_a_row_are_drafted_so_that_a_sample_takes_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sent.txt");
    let rows: String = (0..20)
        .map(|at| format!("D{at:03}M{:03}-00{:02}202603{:02}\n", at / 2, at + 1, at + 1))
        .collect();
    let head = format!("H{:0<19}\n", "20260331");
    std::fs::write(&file, format!("{head}{rows}T{:0<19}\n", "20260331")).unwrap();
    let first = folder.path().join("first");
    let (first, from) = (first.to_str().unwrap(), file.to_str().unwrap());
    let (code, told) = hutong(&["init", first, "--from", from, "--from", from]);
    assert_eq!(code, Some(0), "{told}");
    let pipeline = Path::new(first).join("pipeline.yaml");
    let text = std::fs::read_to_string(&pipeline).unwrap();
    let (head, rest) = text.split_once("          fields:\n").unwrap();
    let (_, tail) = rest.split_once("      columns:\n").unwrap();
    // A person says where each field stands; the records were drafted.
    let fields = "          fields:
            id: { at: 1, bytes: 4 }
            no: { at: 5, bytes: 4 }
            p: { at: 9, bytes: 5 }
            at: { at: 14, bytes: 8 }
      columns: { event_id: id, member_no: no, kind: { value: earn }, points: p, \
                  counter_event_id: no, occurred_at: { from: at, format: \"%Y%m%d\" } }\n";
    let (_, tail) = tail.split_once("  b:\n").unwrap();
    let (_, terms) = tail.split_once("\nterms:").unwrap();
    let a = format!("{head}{fields}");
    let (_, of_a) = a.split_once("  a:\n    ledger:").unwrap();
    let of_a = of_a.replace("in/a/", "in/b/");
    let text = filled(&format!("{a}  b:\n    ledger:{of_a}\nterms:{terms}"));
    std::fs::write(&pipeline, text).unwrap();
    let sample = ["check", pipeline.to_str().unwrap(), "--sample", "100", "--as-of", "2026-03-31"];
    let (code, told) = hutong(&sample);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("rows read 20, refused 0"), "{told}");
}

/// A drafted pipeline with what no file can say.
fn filled(text: &str) -> String {
    text.replace("id: \"\"", "id: HT-1")
        .replace("from: \"\", to: \"\"", "from: 2026-01-01, to: 2027-01-01")
        .replace("a: { code: \"\", name: \"\" }", "a: { code: SKY, name: 云航 }")
        .replace("b: { code: \"\", name: \"\" }", "b: { code: HBR, name: 海港 }")
        .replace("issuer: a, points: \"\"", "issuer: a, points: \"100:40\"")
        .replace("issuer: b, points: \"\"", "issuer: b, points: \"40:100\"")
        .replace("per_point: \"\"", "per_point: \"0.01\"")
        .replace("from: \"\"", "from: 2026-01-01")
}

#[test]
fn a_first_pipeline_is_explained_by_check() {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("first");
    let (first, from) = (first.to_str().unwrap(), "sample-data/feeds/b-ledger.csv");
    let init = ["init", first, "--from", from, "--from", from];
    let (code, told) = hutong(&init);
    assert_eq!(code, Some(0), "{told}");
    let pipeline = Path::new(first).join("pipeline.yaml");
    let (code, told) = hutong(&["check", pipeline.to_str().unwrap()]);
    assert_eq!(code, Some(2), "{told}");
    // What no file can say is asked for, and the drafted columns are none of it.
    assert!(told.contains("`id`") || told.contains("id"), "{told}");
    assert!(!told.contains("columns"), "{told}");
    let text = std::fs::read_to_string(&pipeline).unwrap();
    assert!(text.contains("max_rejects: { share: \"1\" }"), "{text}");
    std::fs::write(&pipeline, filled(&text)).unwrap();
    let (code, told) = hutong(&["check", pipeline.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{told}");
    // What somebody has filled in is not written over.
    assert_eq!(hutong(&init).0, Some(4));
    let (code, told) = hutong(&["init", first, "--from", from]);
    assert_eq!(code, Some(2));
    assert!(
        told.contains("stands 1 times") && told.contains("--from A.csv --from B.csv"),
        "{told}"
    );
    assert!(!told.contains("hutong rules"), "{told}");
}
