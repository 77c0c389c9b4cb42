//! The README is true to the word: its commands run, its tables name what is there.

use std::fs;
use std::process::Command;

/// The `hutong` commands of the README's `sh` blocks, without `cargo run --`.
fn commands() -> Vec<Vec<String>> {
    let text = fs::read_to_string("README.md").unwrap();
    let mut in_shell = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if let Some(language) = line.strip_prefix("```") {
            in_shell = language == "sh";
        } else if in_shell && let Some(rest) = line.strip_prefix("cargo run -- ") {
            found.push(rest.split_whitespace().map(str::to_owned).collect());
        }
    }
    found
}

#[test]
fn every_command_runs() {
    let commands = commands();
    assert!(commands.len() >= 5, "the README shows {} commands", commands.len());
    let scratch = tempfile::tempdir().unwrap();
    for mut command in commands {
        // What writes, writes to a scratch folder here.
        match command.first().map(String::as_str) {
            Some("run" | "close") => {
                command.extend(["--to".into(), scratch.path().join("out").display().to_string()]);
            }
            Some("generate") => {
                let to = command.iter().position(|word| word == "--to").unwrap();
                command[to + 1] = scratch.path().join("demo").display().to_string();
            }
            _ => {}
        }
        // And what reads what was published reads it there.
        for word in &mut command {
            if word.starts_with("out/") {
                *word = scratch.path().join(&*word).display().to_string();
            }
        }
        let output = Command::new(env!("CARGO_BIN_EXE_hutong")).args(&command).output().unwrap();
        assert!(
            output.status.success(),
            "hutong {}: {:?}\n{}",
            command.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn the_second_command_is_the_one_that_ci_runs() {
    let readme = fs::read_to_string("README.md").unwrap();
    let ci = fs::read_to_string(".ci/run").unwrap();
    assert!(readme.contains("\ncargo test\n"));
    assert!(ci.contains("\ncargo test --locked\n"));
}

#[test]
fn the_tables_name_every_output_and_exit_code() {
    let readme = fs::read_to_string("README.md").unwrap();
    for output in hutong::pipeline::OUTPUTS {
        assert!(readme.contains(&format!("`{output}`")), "the README does not name {output}");
    }
    for code in [0_u8, 1, 2, 3, 4, 5, 101, 130] {
        assert!(readme.contains(&format!("\n| {code} |")), "the README does not name exit {code}");
    }
    for feed in ["members", "ledger", "links", "consents", "deliveries"] {
        assert!(readme.contains(&format!("| {feed} |")), "the README does not name {feed}");
    }
}

#[test]
fn the_terminal_picture_is_what_the_terminal_shows() {
    let readme = fs::read_to_string("README.md").unwrap();
    let picture = readme.split("…\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hutong"))
        .args(["run", "pipelines/worked-example.yaml", "--as-of", "2026-03-31", "--to"])
        .arg(scratch.path())
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(picture.contains("46.97"), "the picture shows the worked example");
    assert!(shown.contains(picture), "the terminal shows\n{shown}\nand the README\n{picture}");
}

/// docs/feeds.md lists the words that columns hold.
#[test]
fn the_words_of_feeds_are_listed() {
    use hutong::value::kind::{Action, Kind, LinkMethod, MemberStatus, SettlementKind, Status};
    let page = fs::read_to_string("docs/feeds.md").unwrap();
    let rows = [
        ("`kind` of ledgers", Kind::WORDS),
        ("`status` of ledgers", Status::WORDS),
        ("`status` of members", MemberStatus::WORDS),
        ("`method` of links", LinkMethod::WORDS),
        ("`action` of decisions", Action::WORDS),
        ("`kind` of settlements", SettlementKind::WORDS),
    ];
    for (column, words) in rows {
        let row = page.lines().find(|line| line.starts_with(&format!("| {column} |"))).unwrap();
        let listed: Vec<&str> = row.split('`').skip(3).step_by(2).collect();
        assert_eq!(listed, words, "{column}");
    }
}
