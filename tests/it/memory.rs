//! A run that has less memory than its rows take: it sets rows aside, publishes the same, leaves
//! nothing behind, and fails like any other where the disk is full.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::published::{bytes_under, files_under, generated, small_order};

const HUTONG: &str = env!("CARGO_BIN_EXE_hutong");

/// Runs the binary on a world in a shell, behind some words of it.
fn run(shell: &str, folder: &Path, to: &str, memory: &str) -> (Option<i32>, String) {
    let line = format!(
        "{shell} exec {HUTONG} run {0}/pipeline.yaml --as-of 2026-03-31 --to {0}/{to} {memory}",
        folder.display()
    );
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// What stands in the folder of the pipeline's publications, but for the lock.
fn left(folder: &Path, to: &str) -> Vec<String> {
    let pipelines = fs::read_dir(folder.join(to)).unwrap();
    let names = pipelines.flat_map(|pipeline| fs::read_dir(pipeline.unwrap().path()).unwrap());
    let names = names.map(|name| name.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != ".lock").collect();
    names.sort();
    names
}

#[test]
fn little_memory_publishes_the_same_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    generated(&small_order(dir.path()));
    assert_eq!(run("", dir.path(), "whole", "").0, Some(0));
    let expected = bytes_under(&dir.path().join("whole"));
    for memory in ["64KiB", "1MiB", "1GiB"] {
        let (code, said) = run("", dir.path(), memory, &format!("--memory {memory}"));
        assert_eq!((code, said.as_str()), (Some(0), ""), "{memory}");
        let found = bytes_under(&dir.path().join(memory));
        for (name, bytes) in &expected {
            // What the stages took is no output.
            let is_timed = name.to_string_lossy().ends_with(".stages.json");
            assert!(is_timed || found.get(name) == Some(bytes), "{memory}: {}", name.display());
        }
        assert_eq!(left(dir.path(), memory), ["2026-03", "latest"]);
    }
}

/// A limit on the size of files stands in for a full disk: writing beyond it fails.
#[test]
fn where_nothing_can_be_set_aside_the_run_says_so_and_publishes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    generated(&small_order(dir.path()));
    let full = "trap '' XFSZ; ulimit -f 1;";
    let (code, said) = run(full, dir.path(), "out", "--memory 64KiB");
    assert_eq!(code, Some(4), "{said}");
    for told in ["cannot set rows aside in", "give the run more", "--memory"] {
        assert!(said.replace("\n  │ ", " ").contains(told), "{said}");
    }
    assert_eq!(left(dir.path(), "out"), [""; 0]);
    // Earlier publications stay as they are.
    assert_eq!(run("", dir.path(), "out", "").0, Some(0));
    let before = files_under(&dir.path().join("out"));
    let before: Vec<_> = before.values().map(|path| fs::read(path).unwrap()).collect();
    let ledger = dir.path().join("a/2026-03").read_dir().unwrap();
    let ledger = ledger.map(|entry| entry.unwrap().path());
    let ledger = ledger.filter(|path| path.extension().is_some_and(|ending| ending == "csv"));
    let ledger = ledger.min().unwrap();
    let text = fs::read_to_string(&ledger).unwrap();
    let shorter = text.rsplit_once('\n').unwrap().0.rsplit_once('\n').unwrap().0.to_owned() + "\n";
    fs::write(&ledger, shorter).unwrap();
    assert_eq!(run(full, dir.path(), "out", "--memory 64KiB").0, Some(4));
    let after = files_under(&dir.path().join("out"));
    let after: Vec<_> = after.values().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(after, before);
}

#[test]
fn a_size_is_a_number_and_a_unit() {
    let rows = [
        ("--memory 2 potatoes", 2, "write a size such as 2GiB"),
        ("--memory 0", 2, "write a size such as 2GiB"),
        ("--memory 1.5GiB", 2, "write a size such as 2GiB"),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (memory, code, told) in rows {
        let (found, said) = run("", dir.path(), "out", memory);
        assert_eq!(found, Some(code), "{memory}");
        assert!(said.contains(told) || said.contains("unexpected argument"), "{said}");
    }
}

#[test]
fn an_estimate_says_what_a_run_may_need() {
    let estimate = |memory: &str| {
        let args =
            ["plan", "pipelines/skyline-harbour.yaml", "--as-of", "2026-03-31", "--estimate"];
        let output = Command::new(HUTONG).args(args).args(["--memory", memory]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(estimate("2GiB").contains("1: nothing is set aside"), "{}", estimate("2GiB"));
    // Measured with `strace -e pwrite64` on these files: 715 KiB are set aside.
    let said = estimate("64KiB");
    assert!(said.contains("up to 1068 KiB set aside on disk on the way"), "{said}");
}
