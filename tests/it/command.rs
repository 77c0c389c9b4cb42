//! The command line as a user meets it: the real binary, its exit codes and its words.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::tables::bytes_under;

pub const WORKED: &str = "pipelines/worked-example.yaml";

pub fn hutong(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hutong"));
    command.args(args).env("COLUMNS", "100");
    command
}

/// Runs to the end, and gives the exit code and both streams.
pub fn ran(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = hutong(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// Runs `args`, with `{out}` for a folder of its own, and looks at the exit code and at a text
/// that one of the two streams must hold.
#[track_caller]
fn check(args: &str, code: i32, told: &str) {
    let out = tempfile::tempdir().unwrap();
    fs::write(out.path().join("file"), "").unwrap();
    let args = args.replace("{out}", out.path().to_str().unwrap());
    let words: Vec<&str> = args.split_whitespace().collect();
    let (found, stdout, stderr) = ran(&words);
    assert_eq!(found, Some(code), "hutong {args}\n{stdout}{stderr}");
    let said = format!("{stdout}{stderr}");
    assert!(said.contains(told), "hutong {args} does not say `{told}`:\n{said}");
    // What failed before it had a result says so on standard error and leaves the other clean.
    if matches!(code, 2 | 4 | 5) {
        assert_eq!(stdout, "", "hutong {args}");
        assert!(!stderr.is_empty(), "hutong {args}");
    }
}

#[test]
fn every_verb_ends_with_its_exit_code() {
    let run = |rest: &str| format!("run {WORKED} --to {{out}} {rest}");
    let dated = |rest: &str| run(&format!("--as-of 2026-03-31 {rest}"));
    let close =
        |as_of: &str| run(&format!("--period 2026-03 --as-of {as_of}")).replace("run", "close");
    let case = |name: &str| {
        format!("run tests/cases/{name}/pipeline.yaml --as-of 2026-03-31 --to {{out}}")
    };
    let rows = [
        (dated(""), 0, "SKY pays HBR 46.97 CNY"),
        (run("--period 2026-03 --as-of 2026-04-03"), 0, "SKY pays HBR 46.97 CNY"),
        (dated("--fail-on never"), 0, "Published"),
        (dated("--fail-on error"), 1, "Published"),
        (dated("--fail-on warning"), 1, "Published"),
        (dated("--fail-on information"), 1, "Published"),
        (dated("--fail-on fatal"), 0, "Published"),
        (dated("--fail-on led-01,EVT-02"), 1, "Published"),
        (dated("--fail-on EVT-02,EVT-04"), 0, "Published"),
        (dated("--threads 1 --buckets 3"), 0, "Published"),
        (close("2026-04-03"), 0, "Closed"),
        (close("2026-04-02"), 2, "closed as of 2026-04-03 at the earliest"),
        (close("2026-04-03 --fail-on error"), 1, "Closed"),
        (
            "close tests/cases/AMT-07/pipeline.yaml --period 2026-03 --as-of 2026-04-03 --to {out}"
                .to_owned(),
            3,
            "AMT-07",
        ),
        (format!("close {WORKED} --as-of 2026-04-03 --to {{out}}"), 2, "--period"),
        (format!("check {WORKED}"), 0, "no problems"),
        (format!("plan {WORKED} --as-of 2026-03-31"), 0, "100:40"),
        ("schema".to_owned(), 0, "\"$schema\""),
        ("rules".to_owned(), 0, "LED-02"),
        ("rules amt-02".to_owned(), 0, "用错比例或方向"),
        ("generate --members 20 --events 60 --to {out}/demo".to_owned(), 0, "hutong run"),
        ("--version".to_owned(), 0, "hutong 0."),
        // The pipeline, or what was asked for.
        ("check tests/pipelines/broken/term_dates.yaml".to_owned(), 2, "term_dates.yaml"),
        ("".to_owned(), 2, "Usage"),
        ("settle".to_owned(), 2, "settle"),
        (dated("--fast"), 2, "--fast"),
        (dated("--fail-on EVT-99"), 2, "EVT-99"),
        (dated("--threads 0"), 2, "write a count from 1 to 65535"),
        (dated("--quiet --verbose"), 2, "--verbose"),
        (run("--as-of 2026-02-30"), 2, "write a day that exists, such as 2026-03-31"),
        (run("--as-of 31.3.2026"), 2, "write a day that exists, such as 2026-03-31"),
        (run("--as-of 2026-03-31T10:00"), 2, "write a day that exists, such as 2026-03-31"),
        (run(""), 2, "--as-of"),
        (dated("--period 2026-13"), 2, "2026-13"),
        (dated("--period 2026-Q1"), 2, "2026-Q1"),
        (dated("--period march"), 2, "march"),
        (dated("--period 2026-05"), 2, "help: name a later `--as-of`, or an earlier `--period`"),
        ("rules AMT-99".to_owned(), 2, "did you mean AMT-0"),
        ("generate --members 0 --events 60 --to {out}/demo".to_owned(), 2, "member"),
        ("generate --members 20 --events 60 --codes EVT-99 --to {out}/d".to_owned(), 2, "EVT-10"),
        (
            "generate --members 20 --events 60 --codes FIL-06 --to {out}/d".to_owned(),
            2,
            "--refused",
        ),
        (
            "generate --members 20 --events 60 --codes EVT-01 --blocking --to {out}/d".to_owned(),
            2,
            "add AMT-07",
        ),
        // The input.
        (case("FIL-01"), 3, "FIL-01"),
        (case("FIL-05-required"), 3, "FIL-05"),
        (case("AMT-07"), 3, "AMT-07"),
        // The disk.
        ("check pipelines/none.yaml".to_owned(), 4, "pipelines/none.yaml"),
        ("check pipelines".to_owned(), 4, "pipelines"),
        (dated("").replace("{out}", "{out}/file"), 4, "file/worked-example"),
        (dated("").replace("{out}", "{out}/file/inner"), 4, "file/inner"),
        ("generate --members 5 --events 5 --to {out}/file/demo".to_owned(), 4, "file/demo"),
    ];
    for (args, code, told) in rows {
        check(&args, code, told);
    }
}

#[test]
fn an_unknown_kind_stops_the_run_and_names_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir("tests/cases/EVT-01").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let ledger = folder.path().join("b-ledger.csv");
    let text = fs::read_to_string(&ledger).unwrap().replace("xaccept", "transmute");
    fs::write(&ledger, text).unwrap();
    let pipeline = folder.path().join("pipeline.yaml");
    let (code, stdout, stderr) = ran(&["run", pipeline.to_str().unwrap(), "--as-of", "2026-03-31"]);
    assert_eq!((code, &*stdout), (Some(3), ""));
    assert!(stderr.contains("b-ledger.csv:2: `transmute` is no known kind"), "{stderr}");
    assert!(stderr.contains("declare it under `values` of `kind`"), "{stderr}");
}

#[test]
fn a_second_run_is_a_no_op_with_the_same_verdict() {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().to_str().unwrap();
    let args = ["run", WORKED, "--as-of", "2026-03-31", "--to", to, "--fail-on", "error"];
    assert_eq!(ran(&args).0, Some(1));
    let before = bytes_under(out.path());
    let (code, stdout, stderr) = ran(&args);
    assert_eq!((code, &*stderr), (Some(1), ""));
    assert!(stdout.starts_with("Already published 已发布"), "{stdout}");
    assert!(stdout.contains("SKY pays HBR 46.97 CNY"), "{stdout}");
    assert!(bytes_under(out.path()) == before, "the second run changed what was published");
}

#[test]
fn what_the_stages_took_stands_beside_a_publication() {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().to_str().unwrap();
    for _ in 0..2 {
        ran(&["run", WORKED, "--as-of", "2026-03-31", "--to", to]);
    }
    let period = out.path().join("worked-example/2026-03");
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&period), ["2026-03-31", "2026-03-31.stages.json"]);
    let path = period.join("2026-03-31.stages.json");
    let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let stages: Vec<serde_json::Value> = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let rows: Vec<(&str, bool)> = stages
        .iter()
        .map(|stage| (stage["stage"].as_str().unwrap(), stage["rows"].as_u64().unwrap() > 0))
        .collect();
    let told = ["read", "match members", "pair events", "detect", "clear", "publish"];
    assert_eq!(rows[0], ("digest inputs", false));
    assert_eq!(rows[1..], told.map(|stage| (stage, true)));
    let peaks: Vec<u64> = stages.iter().filter_map(|stage| stage["peak_bytes"].as_u64()).collect();
    assert!(peaks.is_sorted(), "{peaks:?}");
}

#[test]
fn results_for_programs_are_json() {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().to_str().unwrap();
    let json = |args: &[&str]| -> (Option<i32>, serde_json::Value) {
        let args: Vec<&str> = args.iter().copied().chain(["--output-format", "json"]).collect();
        let (code, stdout, stderr) = ran(&args);
        assert_eq!(stderr, "", "{args:?}");
        (code, serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}\n{stdout}")))
    };
    let run = ["run", WORKED, "--as-of", "2026-03-31", "--to", to];
    let (code, first) = json(&run);
    assert_eq!(code, Some(0));
    let folder = first["folder"].as_str().unwrap();
    assert!(Path::new(folder).join("manifest.json").is_file(), "{folder}");
    assert_eq!(first["already_published"], false);
    let manifest = &first["manifest"];
    assert_eq!(manifest["digest"].as_str().map(str::len), Some(64), "{manifest}");
    assert_eq!(manifest["discrepancies"]["AMT-01"], 1, "{manifest}");
    assert_eq!(manifest["severities"]["error"], 3, "{manifest}");
    assert_eq!(manifest["net"], "SKY pays HBR 46.97 CNY", "{manifest}");
    let (_, second) = json(&run);
    assert_eq!(second["already_published"], true);
    assert_eq!(second["manifest"], first["manifest"]);

    // command, exit code, pointer into the answer, text there
    let rows: [(&[&str], i32, &str, &str); 5] = [
        (&["check", WORKED], 0, "/pipeline", "worked-example"),
        (&["plan", WORKED, "--as-of", "2026-03-31"], 0, "/pipeline", "worked-example"),
        (&["schema"], 0, "/type", "object"),
        (&["rules"], 0, "/0/code", "FIL-01"),
        (&["rules", "REV-02"], 0, "/0/title", "reverses more than the original"),
    ];
    for (args, expected, pointer, text) in rows {
        let (code, answer) = json(args);
        assert_eq!(code, Some(expected), "{args:?}");
        assert_eq!(
            answer.pointer(pointer).and_then(|found| found.as_str()),
            Some(text),
            "{answer}"
        );
    }
    let demo = out.path().join("demo");
    let generate = ["generate", "--members", "20", "--events", "60", "--to"];
    let (code, answer) = json(&[&generate[..], &[demo.to_str().unwrap()]].concat());
    assert_eq!(code, Some(0));
    assert!(Path::new(answer["pipeline"].as_str().unwrap()).is_file(), "{answer}");
}

#[test]
fn errors_for_programs_are_json() {
    // command, exit code, part of the error, whether there are problems with places
    let rows: [(&[&str], i32, &str, bool); 4] = [
        (&["check", "tests/pipelines/broken/term_dates.yaml"], 2, "problem", true),
        (&["check", "pipelines/none.yaml"], 4, "pipelines/none.yaml", false),
        (&["rules", "AMT-99"], 2, "AMT-99", false),
        (&["run", WORKED, "--as-of", "2026-03-31", "--period", "2026-Q1"], 2, "2026-Q1", false),
    ];
    for (args, exit, part, has_problems) in rows {
        let args: Vec<&str> = args.iter().copied().chain(["--output-format", "json"]).collect();
        let (code, stdout, stderr) = ran(&args);
        assert_eq!((code, &*stderr), (Some(exit), ""), "{args:?}");
        let answer: serde_json::Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(answer["exit_code"], exit, "{answer}");
        assert!(answer["error"].to_string().contains(part), "{answer}");
        let problems = answer["problems"].as_array().unwrap();
        assert_eq!(!problems.is_empty(), has_problems, "{answer}");
        for problem in problems {
            for key in ["file", "line", "column", "reason", "cure"] {
                assert!(!problem[key].is_null(), "{key}: {answer}");
            }
        }
    }
}

#[test]
fn quiet_is_quiet_and_loud_is_json_lines() {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().to_str().unwrap();
    let args = ["run", WORKED, "--as-of", "2026-03-31", "--to", to, "-q"];
    assert_eq!(ran(&args), (Some(0), String::new(), String::new()));
    assert!(out.path().join("worked-example/latest/manifest.json").is_file());

    let args = ["run", WORKED, "--as-of", "2026-03-30", "--to", to, "-vv", "--log-format", "json"];
    let (code, _, stderr) = ran(&args);
    assert_eq!(code, Some(0));
    let messages: Vec<String> = stderr
        .lines()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            assert!(line["level"].is_string(), "{line}");
            line["message"].as_str().unwrap().to_owned()
        })
        .collect();
    for message in ["stage", "read", "published"] {
        assert!(messages.iter().any(|found| found == message), "{messages:?}");
    }
    for private in ["8000001", "H001", "SKY-00", "HBR-00"] {
        assert!(!stderr.contains(private), "the log names {private}:\n{stderr}");
    }
}

#[test]
fn every_verb_has_help_with_examples() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for verb in ["", "run", "close", "check", "plan", "schema", "rules", "generate"] {
            let args: Vec<&str> = [verb, "--help"].into_iter().filter(|a| !a.is_empty()).collect();
            let (code, stdout, stderr) = ran(&args);
            assert_eq!((code, &*stderr), (Some(0), ""), "{verb}");
            let wide = stdout.lines().find(|line| line.chars().count() > 100);
            assert_eq!(wide, None, "{verb}");
            assert!(stdout.contains("Example") || verb.is_empty(), "{stdout}");
            let name = if verb.is_empty() { "hutong" } else { verb };
            insta::assert_snapshot!(format!("help_{name}"), stdout);
        }
    });
}

/// What an example of a verb's help reads is there, or is made by a command of the same help, of
/// another, or lies where a run publishes.
#[test]
fn every_example_names_files_that_are_there() {
    let (_, all, _) = ran(&["--help"]);
    let (_, verbs) = all.split_once("Commands:").unwrap();
    let verbs = verbs.lines().skip(1).take_while(|line| line.starts_with("  "));
    let verbs: Vec<&str> = verbs.filter_map(|line| line.split_whitespace().next()).collect();
    let mut examples = 0;
    for verb in verbs.into_iter().filter(|verb| *verb != "help") {
        let (_, help, _) = ran(&[verb, "--help"]);
        let Some((_, told)) = help.split_once("\nExample") else { continue };
        let lines = told.replace("\\\n", " ");
        for line in lines.lines().filter(|line| line.trim_start().starts_with("hutong ")) {
            examples += 1;
            let is_file = |word: &&str| word.contains('/') || word.contains('.');
            let is_read = |word: &&str| {
                let path = word.split(':').next().unwrap();
                let is_made = ["out/", "demo/", "FROM_PARTNER/", "skyline."];
                !is_made.iter().any(|made| path.starts_with(made))
                    && Path::new(path).parent().is_some()
            };
            let words = line.split_whitespace().filter(|word| !word.contains('='));
            let words = words.filter(|word| word.parse::<f64>().is_err()).filter(is_file);
            for word in words.filter(is_read) {
                let path = word.split(':').next().unwrap();
                let is_there = Path::new(path).exists() || line.contains(&format!("> {word}"));
                assert!(is_there, "{verb}: {word} is not there");
            }
        }
    }
    assert!(examples > 30, "{examples}");
}

/// What somebody wrote is not written over; what was generated before is.
#[test]
fn generated_partners_are_not_written_over_what_is_no_earlier_one() {
    let scratch = tempfile::tempdir().unwrap();
    let to = scratch.path().join("demo");
    let order = ["generate", "--members", "20", "--events", "60", "--to", to.to_str().unwrap()];
    fs::create_dir(&to).unwrap();
    assert_eq!(ran(&order).0, Some(0));
    assert_eq!(ran(&order).0, Some(0));
    for (file, text) in [("pipeline.yaml", "pipeline: ours\n"), ("notes.txt", "ours\n")] {
        fs::remove_dir_all(&to).unwrap();
        fs::create_dir(&to).unwrap();
        fs::write(to.join(file), text).unwrap();
        let (code, stdout, stderr) = ran(&order);
        assert_eq!((code, &*stdout), (Some(2), ""));
        assert!(
            stderr.contains("demo is not empty, and nothing in it is written over"),
            "{stderr}"
        );
        assert!(stderr.contains("help: name a new or an empty folder"), "{stderr}");
        assert_eq!(fs::read_to_string(to.join(file)).unwrap(), text);
        assert_eq!(fs::read_dir(&to).unwrap().count(), 1);
    }
}

/// A reason on the terminal stands in both languages: of what is refused, and of what blocks.
#[test]
fn a_reason_on_the_terminal_is_told_in_chinese_too() {
    let rows = [
        ("FIL-06", 0, "a fraction of a point", "积分不是整数"),
        ("AMT-07", 3, "has no redemption rate", "没有有效的 兑换单价"),
        ("FIL-01", 3, "no file of the feed", "没有文件符合"),
    ];
    for (case, code, english, chinese) in rows {
        let out = tempfile::tempdir().unwrap();
        let pipeline = format!("tests/cases/{case}/pipeline.yaml");
        let to = out.path().to_str().unwrap();
        let (ended, said, _) = ran(&["run", &pipeline, "--as-of", "2026-03-31", "--to", to]);
        assert_eq!(ended, Some(code), "{said}");
        assert!(said.contains(english) && said.contains(chinese), "{case}: {said}");
    }
}

/// A script for DuckDB has a view of each table and the query, whose mode is the layout.
#[test]
fn a_query_is_a_script_with_a_view_of_each_table() {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().join("o'ut");
    assert_eq!(
        ran(&["run", WORKED, "--as-of", "2026-03-31", "--to", to.to_str().unwrap()]).0,
        Some(0)
    );
    let folder = to.join("worked-example/2026-03/2026-03-31");
    let folder = folder.to_str().unwrap();
    let tables = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let tables = tables.filter(|path| path.extension().is_some_and(|end| end == "parquet")).count();
    let rows = [
        (vec![], ""),
        (vec!["--output-format", "json"], ".mode json\n"),
        (vec!["--output-format", "csv"], ".mode csv\n"),
        (vec!["--output-format", "markdown"], ".mode markdown\n"),
    ];
    for (options, mode) in rows {
        let (code, script, _) = ran(&[&["query", folder, " SELECT 1; "][..], &options].concat());
        assert_eq!(code, Some(0));
        assert!(script.starts_with(&format!("{mode}CREATE VIEW accounts AS ")), "{script}");
        assert!(script.ends_with("\nSELECT 1;\n"), "{script}");
        assert_eq!(script.matches("CREATE VIEW ").count(), tables);
        assert!(script.contains("/o''ut/worked-example/"), "{script}");
    }
    for empty in ["", " ; "] {
        let (code, stdout, stderr) = ran(&["query", folder, empty]);
        assert_eq!((code, &*stdout), (Some(2), ""));
        assert!(stderr.contains("the query is empty") && stderr.contains("help: "), "{stderr}");
    }
    assert_eq!(ran(&["query", out.path().to_str().unwrap(), "SELECT 1"]).0, Some(2));
}

/// What a setting makes wrong is told with the setting, and where it stands in the user's own file.
#[test]
fn what_a_setting_makes_wrong_is_told_by_the_place_in_the_file() {
    let out = tempfile::tempdir().unwrap();
    assert_eq!(
        ran(&["run", WORKED, "--as-of", "2026-03-31", "--to", out.path().to_str().unwrap()]).0,
        Some(0)
    );
    let latest = out.path().join("worked-example/latest");
    let text = fs::read_to_string(WORKED).unwrap();
    let line_of = |key: &str| {
        let is_it = |line: &str| line.trim_start().starts_with(key);
        text.lines().position(is_it).unwrap() + 1
    };
    let rows = [
        ("terms.fee.0.percent=2", "`terms` has no key `fee`", line_of("ratios:")),
        ("agreement.grace_days=many", "`grace_days` is", line_of("grace_days:")),
    ];
    for (setting, reason, line) in rows {
        let latest = latest.to_str().unwrap();
        let (code, _, said) = ran(&["what-if", latest, "--pipeline", WORKED, "--set", setting]);
        assert_eq!(code, Some(2), "{said}");
        let place = format!("{WORKED} with --set {setting}:{line}:");
        assert!(said.contains(&place) && said.contains(reason), "{place}\n{said}");
    }
}

/// A damaged table is a finding of `verify`, the statement's too.
#[test]
fn verify_ends_with_findings_whatever_table_is_damaged() {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().to_str().unwrap();
    assert_eq!(ran(&["run", WORKED, "--as-of", "2026-03-31", "--to", to]).0, Some(0));
    let folder = out.path().join("worked-example/2026-03/2026-03-31");
    for table in ["statement", "accounts"] {
        let path = folder.join(format!("{table}.parquet"));
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        for format in ["text", "json"] {
            let (code, stdout, stderr) =
                ran(&["verify", folder.to_str().unwrap(), "--output-format", format]);
            assert_eq!((code, stderr.as_str()), (Some(1), ""), "{table}");
            assert!(stdout.contains(&format!("{table}.parquet")), "{stdout}");
        }
        fs::write(&path, bytes).unwrap();
    }
}
