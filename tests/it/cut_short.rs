//! Runs that are kept from ending: by another run, a kill, an interrupt, a full disk.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{WORKED, hutong, ran};
use crate::tables::bytes_under;

#[test]
fn two_runs_do_not_publish_at_once() {
    let out = tempfile::tempdir().unwrap();
    let to = out.path().to_str().unwrap();
    let args = ["run", WORKED, "--as-of", "2026-03-31", "--to", to];
    fs::create_dir(out.path().join("worked-example")).unwrap();
    let lock = File::create(out.path().join("worked-example/.lock")).unwrap();
    lock.lock().unwrap();
    let (code, stdout, stderr) = ran(&args);
    assert_eq!((code, &*stdout), (Some(5), ""));
    assert!(stderr.contains("another run holds the lock"), "{stderr}");
    assert!(stderr.contains("help: wait for the other run to end"), "{stderr}");
    lock.unlock().unwrap();
    assert_eq!(ran(&args).0, Some(0));
}

/// Waits until something holds; a run that ended first is too short for the test.
fn wait(child: &mut Child, what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(child.try_wait().unwrap().is_none(), "the run ended before {what}");
        assert!(started.elapsed() < Duration::from_secs(60), "no {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn staging(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".staging-") || name == ".latest-next").collect()
}

/// A run that dies leaves what was published before as it was, and the next run sweeps up.
#[test]
fn a_killed_run_leaves_earlier_publications_intact() {
    let scratch = tempfile::tempdir().unwrap();
    let demo = scratch.path().join("demo");
    let demo = demo.to_str().unwrap();
    let generate = ["generate", "--members", "400", "--events", "8000", "--to", demo];
    assert_eq!(ran(&generate).0, Some(0));
    let pipeline = format!("{demo}/pipeline.yaml");
    let to = scratch.path().join("out");
    let run = |as_of: &str| {
        let mut command = hutong(&["run", &pipeline, "--as-of", as_of, "--period", "2026-03"]);
        command.arg("--to").arg(&to).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    assert_eq!(run("2026-03-31").status().unwrap().code(), Some(0));
    let folder = fs::read_dir(&to).unwrap().next().unwrap().unwrap().path();
    let published = || {
        let mut files = bytes_under(&folder);
        files.retain(|path, _| {
            let inside = path.strip_prefix(&folder).unwrap().to_string_lossy();
            !inside.starts_with(".staging-") && inside != ".lock"
        });
        files
    };
    let before = published();
    assert!(before.len() > 10);

    let is_locked = || {
        let lock = File::open(folder.join(".lock")).unwrap();
        matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock))
    };
    // To look at the lock is to hold it for an instant: a run that wants it then ends with 5, and is
    // started again.
    let locked = || loop {
        let mut child = run("2026-04-01").spawn().unwrap();
        let ended = loop {
            match child.try_wait().unwrap() {
                _ if is_locked() => break None,
                Some(status) => break Some(status),
                None => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        match ended {
            None => break child,
            Some(status) => assert_eq!(status.code(), Some(5), "the run ended before it locked"),
        }
    };
    // Once as it begins to work, once as it stages.
    let mut child = locked();
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None);
    assert!(published() == before);
    let mut child = run("2026-04-01").spawn().unwrap();
    wait(&mut child, "staging", || !staging(&folder).is_empty());
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None);
    assert!(published() == before);
    assert_eq!(staging(&folder).len(), 1);

    // An interrupt says so, has an exit code of its own, and sweeps up after itself.
    let swept = staging(&folder);
    let is_staging = || staging(&folder).iter().any(|name| !swept.contains(name));
    for is_late in [false, true] {
        let child = match is_late {
            false => locked(),
            true => {
                let mut child = run("2026-04-01").spawn().unwrap();
                wait(&mut child, "staging", is_staging);
                child
            }
        };
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // What fails meanwhile, because the folder is swept, may be said before.
        assert!(said.ends_with("interrupted; what was published before stands\n"), "{said}");
        assert!(published() == before);
        assert!(!is_late || staging(&folder).is_empty());
    }

    assert_eq!(run("2026-04-01").status().unwrap().code(), Some(0));
    assert_eq!(staging(&folder), [""; 0]);
    let after = published();
    assert!(after.len() > before.len());
    for (path, bytes) in &before {
        if !path.ends_with("latest") {
            assert!(after.get(path) == Some(bytes), "{} has changed", path.display());
        }
    }
    assert_eq!(fs::read_link(folder.join("latest")).unwrap(), Path::new("2026-03/2026-04-01"));
}

/// A file that cannot be written, as on a full disk, is named. The limit is the shell's, in blocks of
/// 1,024 bytes.
#[test]
fn a_file_that_cannot_be_written_is_named() {
    for (blocks, file) in [(2, ".parquet"), (16, "report.html")] {
        let out = tempfile::tempdir().unwrap();
        let script = format!(
            "trap '' XFSZ; ulimit -f {blocks}; exec {} run {WORKED} --as-of 2026-03-31 --no-cache --to {}",
            env!("CARGO_BIN_EXE_hutong"),
            out.path().display()
        );
        let output = Command::new("bash").args(["-c", &script]).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{said}");
        assert!(said.starts_with("error: cannot write "), "{said}");
        assert!(said.lines().next().unwrap().ends_with(file), "{said}");
        assert!(said.contains("because: ") && said.contains("  help: see that"), "{said}");
        assert_eq!(staging(&out.path().join("worked-example")), [""; 0]);
    }
}
