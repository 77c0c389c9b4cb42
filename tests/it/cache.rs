//! What was read of files is kept for the next run, which then publishes the same; and whatever
//! becomes of what is kept, it publishes the same.

mod reading;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use hutong::generate::{DataFormat, GenerateOrder};
use hutong::run::{self, CacheSize, Order, Taken, Unwatched, Watch, Work};

use crate::cases::{folders, steps};
use crate::published::{bytes_under, generated, month_order, small_order};
use crate::tables::order;
use crate::worlds::{ask, known_world};

/// Everything is kept, however little it is.
pub const ALL: CacheSize = CacheSize { most_bytes: 1 << 30, least_file_bytes: 0 };

/// Sees what was taken from the cache.
#[derive(Default)]
struct Seen(Mutex<Taken>);

impl Watch for Seen {
    fn stage(&self, _: &'static str, _: &'static str, _: Work) {}
    fn advance(&self, _: u64, _: u64) {}
    fn took(&self, taken: Taken) {
        *self.0.lock().unwrap() = taken;
    }
}

/// What stands in a folder besides what is kept.
fn published(to: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut bytes = bytes_under(to);
    bytes.retain(|name, _| name.components().all(|part| part.as_os_str() != ".cache"));
    bytes
}

/// The folder for what is kept under a folder of publications.
fn kept(to: &Path) -> PathBuf {
    let pipeline = fs::read_dir(to).unwrap().next().unwrap().unwrap().path();
    pipeline.join(".cache")
}

fn entries(to: &Path) -> Vec<PathBuf> {
    let Ok(found) = fs::read_dir(kept(to)) else { return Vec::new() };
    let mut entries: Vec<PathBuf> = found.map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries
}

/// Takes the publications away, and leaves what is kept.
fn clear(to: &Path) {
    let pipeline = kept(to).parent().unwrap().to_owned();
    for entry in fs::read_dir(pipeline).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() && !entry.is_symlink() && !entry.ends_with(".cache") {
            fs::remove_dir_all(entry).unwrap();
        } else if !entry.is_dir() || entry.is_symlink() {
            fs::remove_file(entry).unwrap();
        }
    }
}

#[track_caller]
fn assert_same(found: &Path, expected: &BTreeMap<PathBuf, Vec<u8>>, what: &str) {
    let found = published(found);
    assert!(found.keys().eq(expected.keys()), "{what}: {:?}", found.keys());
    for (name, bytes) in expected {
        assert!(found.get(name) == Some(bytes), "{what}: {}", name.display());
    }
}

/// Performs a job without anything kept, with nothing kept yet, with everything kept, and with
/// every second file kept and hardly any memory; all publish the same. How many files were taken
/// where all were kept.
#[track_caller]
fn same_bytes(what: &str, job: impl Fn(&Path, Order, &dyn Watch), order: &Order) -> u64 {
    let plain = tempfile::tempdir().unwrap();
    job(plain.path(), order.clone(), &Unwatched);
    let expected = published(plain.path());
    let to = tempfile::tempdir().unwrap();
    let order = Order { cache: Some(ALL), ..order.clone() };
    job(to.path(), order.clone(), &Unwatched);
    assert_same(to.path(), &expected, what);
    clear(to.path());
    let seen = Seen::default();
    job(to.path(), order.clone(), &seen);
    assert_same(to.path(), &expected, what);
    clear(to.path());
    for entry in entries(to.path()).into_iter().step_by(2) {
        fs::remove_file(entry).unwrap();
    }
    job(to.path(), Order { memory_bytes: Some(1), threads: Some(2), ..order }, &Unwatched);
    assert_same(to.path(), &expected, what);
    let taken = seen.0.lock().unwrap();
    taken.files
}

fn run_to(to: &Path, order: Order, watch: &dyn Watch) {
    let order = Order { to: Some(to.to_owned()), ..order };
    run::run(&order, watch).unwrap_or_else(|error| panic!("{order:?}: {error}"));
}

#[test]
fn no_case_depends_on_the_cache() {
    let mut taken = 0;
    for folder in folders() {
        let name = folder.display().to_string();
        let steps = steps(&folder);
        let base = order(&folder.join("pipeline.yaml"), ("2026-03-31", None), Path::new(""));
        let job = |to: &Path, base: Order, watch: &dyn Watch| {
            for step in &steps {
                let at = (step.as_of.as_str(), step.period.as_deref());
                let of = order(&base.pipeline, at, to);
                let order = Order { cache: base.cache, memory_bytes: base.memory_bytes, ..of };
                let job = if step.closes { run::close } else { run::run };
                job(&order, watch).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            }
        };
        taken += same_bytes(&name, job, &base);
    }
    assert!(taken > 250, "{taken} files were taken");
}

#[test]
fn no_layout_depends_on_the_cache() {
    let examples = fs::read_dir("pipelines/feeds").unwrap();
    for example in examples.map(|entry| entry.unwrap().path()) {
        let order = order(&example, ("2026-03-31", None), Path::new(""));
        let taken = same_bytes(&example.display().to_string(), run_to, &order);
        assert!(taken >= 3, "{}: {taken}", example.display());
    }
}

#[test]
fn no_world_depends_on_the_cache() {
    let count = std::env::var("HUTONG_WORLDS").map_or(100, |count| count.parse().unwrap());
    let mut taken = 0;
    for seed in 0..count / 5 {
        let dir = ask::folder();
        let world = known_world(seed);
        let pipeline = world.write(dir.path());
        let order = ask::order(pipeline, &world, dir.path());
        let order = Order { cache: None, ..order };
        taken += same_bytes(&format!("world {seed}"), run_to, &order);
    }
    assert!(taken > count / 5 * 3, "{taken} files were taken");
}

/// A world, its order, what it publishes without a cache, and a folder where all is kept.
fn kept_world() -> (tempfile::TempDir, Order, BTreeMap<PathBuf, Vec<u8>>) {
    let dir = tempfile::tempdir().unwrap();
    let world = generated(&small_order(&dir.path().join("world")));
    let order = month_order(&world.pipeline, "2026-03", &dir.path().join("out"));
    run_to(&dir.path().join("plain"), order.clone(), &Unwatched);
    let expected = published(&dir.path().join("plain"));
    let order = Order { cache: Some(ALL), ..order };
    run_to(&dir.path().join("out"), order.clone(), &Unwatched);
    assert_same(&dir.path().join("out"), &expected, "cold");
    (dir, order, expected)
}

#[test]
fn a_damaged_entry_costs_time_and_no_figure() {
    let (dir, order, expected) = kept_world();
    let out = dir.path().join("out");
    let all = entries(&out);
    assert!(all.len() >= 8, "{all:?}");
    let middle = |path: &Path| fs::metadata(path).unwrap().len() / 2;
    type Damage<'d> = (&'d str, &'d dyn Fn(&Path));
    let flip = |path: &Path, at: u64| {
        let byte = fs::read(path).unwrap()[usize::try_from(at).unwrap()] ^ 0x20;
        let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
        file.seek(SeekFrom::Start(at)).unwrap();
        file.write_all(&[byte]).unwrap();
    };
    let damages: [Damage<'_>; 8] = [
        ("magic", &|path| flip(path, 3)),
        ("head", &|path| flip(path, 70)),
        ("leaf", &|path| flip(path, middle(path))),
        ("end", &|path| flip(path, fs::metadata(path).unwrap().len() - 1)),
        ("empty", &|path| fs::write(path, "").unwrap()),
        ("short", &|path| {
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(middle(path)).unwrap();
        }),
        ("another's", &|path| assert!(fs::copy(&all[0], path).unwrap() > 0)),
        ("unreadable", &|path| {
            fs::remove_file(path).unwrap();
            std::os::unix::fs::symlink("/dev/null/none", path).unwrap();
        }),
    ];
    for (what, damage) in damages {
        for memory_bytes in [None, Some(1 << 14)] {
            // Two entries, so that reading begins anew twice.
            for entry in [&all[1], &all[all.len() - 1]] {
                damage(entry);
            }
            clear(&out);
            let order = Order { memory_bytes, ..order.clone() };
            run_to(&out, order.clone(), &Unwatched);
            assert_same(&out, &expected, what);
            // And it is mended.
            let seen = Seen::default();
            clear(&out);
            run_to(&out, order, &seen);
            assert_same(&out, &expected, what);
            assert_eq!(seen.0.lock().unwrap().files, all.len() as u64, "{what}");
        }
    }
}

/// As where the disk is failing.
#[test]
fn where_everything_is_damaged_the_run_does_without() {
    let (dir, order, expected) = kept_world();
    let out = dir.path().join("out");
    for entry in entries(&out) {
        let file = fs::OpenOptions::new().write(true).open(&entry).unwrap();
        file.set_len(fs::metadata(&entry).unwrap().len() - 1).unwrap();
    }
    clear(&out);
    let seen = Seen::default();
    run_to(&out, order, &seen);
    assert_same(&out, &expected, "all damaged");
    assert_eq!(*seen.0.lock().unwrap(), Taken::default());
}

#[test]
fn a_changed_file_declaration_or_key_is_read_anew() {
    let (dir, order, _) = kept_world();
    let out = dir.path().join("out");
    let whole = entries(&out).len() as u64;
    let edit = |name: &str, from: &str, to: &str| {
        let path = dir.path().join("world").join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} has no `{from}`");
        fs::write(&path, text.replacen(from, to, 1)).unwrap();
    };
    let key = fs::read_to_string(dir.path().join("world/keys/contact.key")).unwrap();
    let first = &key[..8];
    type Change<'c> = (&'c str, &'c str, &'c str, u64);
    let changes: [Change<'_>; 4] = [
        ("a/2026-03/accounts.csv", ",1", ",2", 1),
        ("pipeline.yaml", "balance: 期末余额", "balance: { from: 期末余额, nulls: [\"7\"] }", 1),
        // The members of A; B sends tokens.
        ("keys/contact.key", first, "Changed!", 1),
        // Of nothing that is read.
        ("pipeline.yaml", "due_days: 10", "due_days: 11", 0),
    ];
    for (number, (name, from, to, read)) in changes.into_iter().enumerate() {
        edit(name, from, to);
        let plain = dir.path().join(format!("plain-{number}"));
        run_to(&plain, Order { cache: None, ..order.clone() }, &Unwatched);
        let seen = Seen::default();
        clear(&out);
        run_to(&out, order.clone(), &seen);
        assert_same(&out, &published(&plain), name);
        assert_eq!(seen.0.lock().unwrap().files, whole - read, "{name}: {to}");
    }
}

const HUTONG: &str = env!("CARGO_BIN_EXE_hutong");

fn command(pipeline: &Path, to: &Path, more: &[&str]) -> Command {
    let mut command = Command::new(HUTONG);
    command.args(["run", "--as-of", "2026-03-31", "--quiet", "--to"]).arg(to).arg(pipeline);
    command.args(more);
    command
}

/// A world whose ledgers are worth it.
fn large_world(dir: &Path) -> PathBuf {
    let order = small_order(dir);
    generated(&GenerateOrder { events: 9_000, format: DataFormat::Csv, ..order }).pipeline
}

#[test]
fn the_command_keeps_what_is_worth_it_unless_it_is_told_not_to() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = large_world(&dir.path().join("world"));
    let (out, none) = (dir.path().join("out"), dir.path().join("none"));
    let ran = |to: &Path, more: &[&str]| {
        let output = command(&pipeline, to, more).output().unwrap();
        assert_eq!(output.stderr, b"", "{more:?}");
        assert_eq!(output.status.code(), Some(0), "{more:?}");
        let stages = bytes_under(to).into_iter();
        let mut stages =
            stages.filter(|(name, _)| name.to_string_lossy().ends_with(".stages.json"));
        String::from_utf8(stages.next().unwrap().1).unwrap()
    };
    let outputs = |to: &Path| {
        let mut bytes = published(to);
        bytes.retain(|name, _| !name.to_string_lossy().ends_with(".stages.json"));
        bytes
    };
    assert!(!ran(&none, &["--no-cache"]).contains("cached_files"));
    assert!(entries(&none).is_empty());
    assert!(!kept(&none).exists());
    assert!(!ran(&out, &[]).contains("cached_files"));
    let whole = entries(&out);
    // Small files are read sooner than an entry is opened.
    assert!((2..6).contains(&whole.len()), "{whole:?}");
    assert_eq!(outputs(&out), outputs(&none));
    clear(&out);
    assert!(ran(&out, &[]).contains(&format!("\"cached_files\": {}", whole.len())));
    assert_eq!(outputs(&out), outputs(&none));
    // What is kept is neither read nor touched.
    for entry in &whole {
        fs::write(entry, "?").unwrap();
    }
    clear(&out);
    assert!(!ran(&out, &["--no-cache"]).contains("cached_files"));
    assert!(whole.iter().all(|entry| fs::read(entry).unwrap() == b"?"));
    // A damaged entry is told, and its file is read.
    clear(&out);
    let mut loud = Command::new(HUTONG);
    loud.args(["run", "--as-of", "2026-03-31", "--to"]).arg(&out).arg(&pipeline);
    let said = String::from_utf8(loud.output().unwrap().stderr).unwrap();
    assert!(said.contains("what was kept of a file is damaged; it is read again"), "{said}");
    assert_eq!(outputs(&out), outputs(&none));
    clear(&out);
    ran(&out, &["--cache", "1KiB"]);
    assert!(entries(&out).is_empty());
    let refused = command(&pipeline, &out, &["--cache", "1GiB", "--no-cache"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
}

/// A run that is killed while it keeps what it reads leaves nothing that another uses.
#[test]
fn a_kill_leaves_nothing_that_is_used() {
    let dir = tempfile::tempdir().unwrap();
    let pipeline = large_world(&dir.path().join("world"));
    let (out, none) = (dir.path().join("out"), dir.path().join("none"));
    assert!(command(&pipeline, &none, &["--no-cache"]).status().unwrap().success());
    let outputs = |to: &Path| {
        let mut bytes = published(to);
        bytes.retain(|name, _| !name.to_string_lossy().ends_with(".stages.json"));
        bytes
    };
    // Killed as soon as so many files of the cache stand anywhere, drafts included.
    for enough in 1..=3 {
        let _ = fs::remove_dir_all(&out);
        let mut child = command(&pipeline, &out, &[]).spawn().unwrap();
        let is_ours = |name: &Path| {
            name.extension().is_some_and(|ending| ending == "cache")
                || name.components().any(|part| part.as_os_str() == ".cache")
        };
        while child.try_wait().unwrap().is_none() {
            let found = if out.exists() { names_under(&out) } else { Vec::new() };
            if found.iter().filter(|name| is_ours(name)).count() >= enough {
                break;
            }
        }
        let _ = child.kill();
        child.wait().unwrap();
        assert!(command(&pipeline, &out, &[]).status().unwrap().success());
        assert_eq!(outputs(&out), outputs(&none), "{enough}");
        let left = fs::read_dir(kept(&out).parent().unwrap()).unwrap();
        let mut left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(!left.any(|name| name.starts_with(".staging-")));
    }
}

/// The files under a folder, of which some may go while they are looked for.
fn names_under(folder: &Path) -> Vec<PathBuf> {
    let mut names = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                _ => names.push(entry.path()),
            }
        }
    }
    names
}
