//! Delivery notes over whole runs: the same bytes whatever the threads, the same findings whatever
//! the order of their lines and for both partners, and sequence numbers that go on over a close.

use std::fs;
use std::path::{Path, PathBuf};

use hutong::run::{self, Order, Outcome, Unwatched};

use crate::tables::{bytes_under, run, table};

const CASE: &str = "tests/cases/FIL-03";
const LEDGER: &str = "{ event_id: event_id, member_no: member_no, kind: kind, points: points, \
     occurred_at: occurred_at, counter_event_id: counter_event_id }";

/// A folder in which A's notes are wrong in every way, and B's in one; `swapped` calls A B.
fn world(dir: &Path, swapped: bool, reverse: bool) -> PathBuf {
    for name in ["a-ledger.csv", "b-ledger.csv"] {
        fs::copy(format!("{CASE}/{name}"), dir.join(name)).unwrap();
    }
    fs::copy(dir.join("a-ledger.csv"), dir.join("a-ledger_again.csv")).unwrap();
    let mut lines = [
        "a-ledger.csv,00,3,-1700,1,2026-04-02T00:00:00+08:00",
        "a-ledger.csv,,,,5,2026-03-31T00:00:00+08:00",
        "a-ledger.csv,,,,5,2026-03-31T00:00:00+08:00",
        "a-ledger_again.csv,,9,,5,",
        "a-ledger-9.csv,,,,,",
        "../a-ledger.csv,,,,,",
        "a-ledger.csv,,,9223372036854775807,-9223372036854775807,",
    ];
    if reverse {
        lines.reverse();
    }
    let note = format!("file,sha256,rows,points,sequence,sent_at\n{}\n", lines.join("\n"));
    fs::write(dir.join("a-note.csv"), note).unwrap();
    fs::write(dir.join("b-note.csv"), "file,rows\nb-ledger.csv,1\n").unwrap();
    fs::write(dir.join("links.csv"), "a_member,b_member,bound_at\n").unwrap();
    fs::write(dir.join("shared-note.csv"), "file,rows\nlinks.csv,7\n").unwrap();
    let feed = |name: &str, files: &str, columns: &str, more: &str| {
        format!(
            "    {name}:\n      files: {files}\n      format: {{ csv: {{}} }}\n      \
             columns: {columns}\n{more}"
        )
    };
    let note_columns = "{ file: file, sha256: sha256, rows: rows, points: points, \
         sequence: sequence, sent_at: sent_at }";
    let a = feed("ledger", "a-ledger*.csv", LEDGER, "      due: { days: 1, time: \"06:00\" }\n")
        + &feed("deliveries", "a-note.csv", note_columns, "");
    let b = feed("ledger", "b-ledger.csv", LEDGER, "")
        + &feed("deliveries", "b-note.csv", "{ file: file, rows: rows }", "");
    let (one, other) = if swapped { (&b, &a) } else { (&a, &b) };
    let links = if swapped { ["b_member", "a_member"] } else { ["a_member", "b_member"] };
    let links = format!("{{ a_member: {}, b_member: {}, bound_at: bound_at }}", links[0], links[1]);
    let shared = feed("links", "links.csv", &links, "")
        + &feed("deliveries", "shared-note.csv", "{ file: file, rows: rows }", "");
    let case = fs::read_to_string(format!("{CASE}/pipeline.yaml")).unwrap();
    let (head, rest) = case.split_once("feeds:\n").unwrap();
    let (_, tail) = rest.split_once("match:\n").unwrap();
    let mut text =
        format!("{head}feeds:\n  a:\n{one}  b:\n{other}  shared:\n{shared}match:\n{tail}");
    if swapped {
        for (a, b) in [("  a: { code", "  b: { code"), ("issuer: a", "issuer: b")] {
            text = text.replace(a, "\0").replace(b, a).replace('\0', b);
        }
    }
    let pipeline = dir.join("pipeline.yaml");
    fs::write(&pipeline, text).unwrap();
    pipeline
}

/// What was found: code, id, field and both figures.
fn found(outcome: &Outcome) -> Vec<String> {
    let rows = table(outcome.published.folder(), "discrepancies");
    let columns = ["code", "discrepancy_id", "field", "expected", "actual", "difference_points"];
    rows.iter().map(|row| columns.map(|column| &*row[column]).join(" ")).collect()
}

#[test]
fn both_partners_find_the_same_in_whatever_order_a_note_stands() {
    let dir = tempfile::tempdir().unwrap();
    let mut first: Option<Vec<String>> = None;
    for (name, swapped, reverse) in
        [("plain", false, false), ("reversed", false, true), ("swapped", true, false)]
    {
        let dir = dir.path().join(name);
        fs::create_dir(&dir).unwrap();
        let pipeline = world(&dir, swapped, reverse);
        let outcome = run(&pipeline, ("2026-03-31", None), &dir.join("out")).unwrap();
        assert!(outcome.is_blocked());
        let found = found(&outcome);
        let first = first.get_or_insert_with(|| found.clone());
        assert_eq!(found, *first, "{name}");
    }
    let codes: Vec<String> = first.unwrap().iter().map(|found| found[..6].to_owned()).collect();
    // Late; no digest, absent and outside; rows of the ledger, of its copy, of B's ledger and of
    // the links, and points twice; the copy; and two gaps. The number 5 stands for one content.
    let expected = [("FIL-01", 1), ("FIL-02", 3), ("FIL-03", 6), ("FIL-07", 1), ("FIL-08", 2)];
    for (code, count) in expected {
        let of_code = codes.iter().filter(|found| *found == code).count();
        assert_eq!(of_code, count, "{code} in {codes:?}");
    }
    // The empty link records make both pairs MBR-07 besides.
    assert_eq!(codes.iter().filter(|code| *code != "MBR-07").count(), 13, "{codes:?}");
}

#[test]
fn threads_buckets_and_memory_leave_no_trace_in_what_notes_find() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = world(dir.path(), false, false);
    let mut first = None;
    for (buckets, threads) in [(1, 1), (7, 2), (64, 1)] {
        let to = dir.path().join(format!("out-{buckets}-{threads}"));
        let order = Order {
            pipeline: pipeline.clone(),
            as_of: "2026-03-31".parse().unwrap(),
            period: None,
            to: Some(to.clone()),
            threads: Some(threads),
            buckets: Some(buckets),
            memory_bytes: (buckets == 7).then_some(1 << 12),
            cache: None,
        };
        run::run(&order, &Unwatched).unwrap();
        let bytes: Vec<Vec<u8>> = bytes_under(&to).into_values().collect();
        assert_eq!(*first.get_or_insert_with(|| bytes.clone()), bytes);
    }
}

/// A file that is repeated stands among the inputs with no rows, and its rows count once.
#[test]
fn a_repeated_file_is_seen_and_not_read() {
    let to = tempfile::tempdir().unwrap();
    let pipeline = Path::new("tests/cases/FIL-07/pipeline.yaml");
    let outcome = run(pipeline, ("2026-03-31", None), to.path()).unwrap();
    let inputs: Vec<String> = outcome
        .manifest
        .inputs
        .iter()
        .map(|input| format!("{} {}", input.path, input.rows))
        .collect();
    assert_eq!(inputs, ["a-ledger.csv 2", "a-ledger_again.csv 0", "b-ledger.csv 2"]);
    let totals = table(outcome.published.folder(), "control_totals");
    let ignored: Vec<String> = totals
        .iter()
        .filter(|row| row["stage"] == "ignored")
        .map(|row| format!("{} {} {}", row["subject"], row["file"], row["rows"]))
        .collect();
    assert_eq!(ignored, ["ledger a-ledger_again.csv 2"]);
    assert!(!outcome.is_blocked());
}

/// A delivered file that arrives is another run; so is one that goes.
#[test]
fn what_a_note_names_decides_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Path::new("tests/cases/FIL-02-absent");
    for name in ["a-ledger.csv", "b-ledger.csv", "b-deliveries.csv", "pipeline.yaml"] {
        fs::copy(folder.join(name), dir.path().join(name)).unwrap();
    }
    let note = "file,rows\nb-ledger.csv,2\nelsewhere.csv,318\n";
    fs::write(dir.path().join("b-deliveries.csv"), note).unwrap();
    let pipeline = dir.path().join("pipeline.yaml");
    let again = || run(&pipeline, ("2026-03-31", None), &dir.path().join("out")).unwrap();
    assert!(again().is_blocked());
    fs::write(dir.path().join("elsewhere.csv"), "").unwrap();
    let outcome = again();
    assert!(!outcome.is_blocked(), "it lies there, and no pattern of this run matches it");
    assert!(found(&outcome).is_empty());
}

/// Sequence numbers go on from the final publication of the period before.
#[test]
fn a_gap_over_a_close_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let header = "event_id,member_no,kind,points,occurred_at,counter_event_id\n";
    let row =
        |month: u8| format!("{header}SKY-{month},1001,earn,10,2026-0{month}-05T10:30:00+08:00,\n");
    let case = fs::read_to_string("tests/cases/FIL-08/pipeline.yaml").unwrap();
    let case = case
        .replace("[a-ledger.csv, \"a-part-*.csv\"]", "a-{period}*.csv")
        .replace("files: b-ledger.csv", "files: b-{period}.csv")
        .replace("files: a-deliveries.csv", "files: note-{period}.csv");
    let pipeline = dir.path().join("pipeline.yaml");
    fs::write(&pipeline, case).unwrap();
    for month in [2, 3] {
        fs::write(dir.path().join(format!("a-2026-0{month}.csv")), row(month)).unwrap();
        fs::write(dir.path().join(format!("b-2026-0{month}.csv")), header).unwrap();
    }
    let note = |month: u8, lines: &str| {
        let text = format!("file,sequence\n{lines}\n");
        fs::write(dir.path().join(format!("note-2026-0{month}.csv")), text).unwrap();
    };
    let order = |as_of: &str, period: &str| Order {
        pipeline: pipeline.clone(),
        as_of: as_of.parse().unwrap(),
        period: Some(period.to_owned()),
        to: Some(dir.path().join("out")),
        threads: Some(1),
        buckets: Some(1),
        memory_bytes: None,
        cache: None,
    };
    note(2, "a-2026-02.csv,41");
    let closed = run::close(&order("2026-03-10", "2026-02"), &Unwatched).unwrap();
    assert!(!closed.is_blocked());
    // What March's note says of its number, and what is found; a late copy of February's file may
    // stand there under its own number, and another file may not.
    let rows = [
        ("a-2026-03.csv,42", "", vec![]),
        ("a-2026-03.csv,44", "", vec!["FIL-08 42 to 43"]),
        ("a-2026-03.csv,41", "", vec!["FIL-08 41"]),
        ("a-2026-03.csv,42\na-2026-03-late.csv,41", "2", vec![]),
    ];
    for (lines, late, expected) in rows {
        note(3, lines);
        if late == "2" {
            fs::write(dir.path().join("a-2026-03-late.csv"), row(2)).unwrap();
        }
        let outcome = run::run(&order("2026-03-31", "2026-03"), &Unwatched).unwrap();
        let shown: Vec<String> = table(outcome.published.folder(), "discrepancies")
            .iter()
            .map(|row| format!("{} {}{}", row["code"], row["expected"], row["actual"]))
            .collect();
        assert_eq!(shown, expected, "{lines}");
    }
}

/// A file that only `following` names is of the days after the period: nobody has to have sent it,
/// say when, or say that it is whole. The markers beside the files are none of the files.
#[test]
fn a_following_file_may_be_absent_late_or_not_ready() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    let case = fs::read_to_string("tests/cases/FIL-01-unready/pipeline.yaml").unwrap();
    let due = "      due: { days: 1, time: \"06:00\" }\n";
    let declared = case
        .replace("files: a-ledger.csv", "files: \"a-ledger*\"\n      following: \"a-next*\"")
        .replace("      ready: .ok\n", &format!("      ready: .ok\n{due}"))
        .replace(
            "  b:\n    ledger:",
            "    deliveries:\n      files: a-note.csv\n      format: { csv: {} }\n      columns: { \
             file: file, sent_at: sent_at }\n  b:\n    ledger:",
        );
    assert!(["following", "due", "deliveries"].iter().all(|key| declared.contains(key)));
    put("pipeline.yaml", &declared);
    put("a-note.csv", "file,sent_at\na-ledger.csv,2026-04-01T05:00:00+08:00\n");
    let header = "event_id,member_no,kind,points,occurred_at,counter_event_id\n";
    let own = format!("{header}000401,1001,xburn,-1000,2026-03-05T10:30:00+08:00,\n");
    put(
        "b-ledger.csv",
        &format!("{header}HBR-01,H01,xaccept,400,2026-03-05T10:31:00+08:00,000401\n"),
    );
    let next = format!("{header}000501,1001,earn,100,2026-04-02T09:00:00+08:00,\n");
    let all = ["a-ledger.csv", "a-ledger.csv.ok", "a-next.csv", "a-next.csv.ok"];
    // What stands there; A's files and their rows; what is found.
    type Row<'r> = (&'r [&'r str], &'r [&'r str], &'r [&'r str]);
    let rows: &[Row<'_>] = &[
        (&all, &["a-ledger.csv 1", "a-next.csv 1"], &[]),
        (&all[..3], &["a-ledger.csv 1", "a-next.csv 0"], &[]),
        (&all[..2], &["a-ledger.csv 1"], &[]),
        (
            &[all[0], all[2], all[3]],
            &["a-ledger.csv 0", "a-next.csv 1"],
            &["EVT-02 ", "FIL-01 a-ledger.csv.ok"],
        ),
        (&all[2..], &["a-next.csv 1"], &["EVT-02 ", "FIL-01 ", "FIL-02 a-ledger.csv"]),
    ];
    for (there, read, expected) in rows {
        for name in all {
            match (there.contains(&name), name) {
                (false, _) => drop(fs::remove_file(dir.path().join(name))),
                (true, "a-ledger.csv") => put(name, &own),
                (true, "a-next.csv") => put(name, &next),
                (true, _) => put(name, ""),
            }
        }
        let pipeline = dir.path().join("pipeline.yaml");
        let outcome = run(&pipeline, ("2026-04-02", Some("2026-03")), &dir.path().join("out"));
        let outcome = outcome.unwrap();
        let inputs: Vec<String> = outcome
            .manifest
            .inputs
            .iter()
            .filter(|input| input.feed == "a ledger")
            .map(|input| format!("{} {}", input.path, input.rows))
            .collect();
        assert_eq!(inputs, *read, "{there:?}");
        let found: Vec<String> = table(outcome.published.folder(), "discrepancies")
            .iter()
            .map(|row| format!("{} {}", row["code"], row["expected"]))
            .collect();
        assert_eq!(found, *expected, "{there:?}");
        assert_eq!(outcome.is_blocked(), !expected.is_empty(), "{there:?}");
    }
}
