//! Reading that comes to something else has another version, because what was kept by the reading
//! before must not be taken for its own.
//!
//! `reading.txt` has a line for each feed of the pipelines here: the digest of everything that
//! decides how its files are read, and the digest of what they came to. `UPDATE_READING=1` rewrites
//! it.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use arrow::array::Array;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use hutong::feed::FeedRows;
use hutong::pipeline;
use hutong::source::{self, READING};
use hutong::value::period::Period;

const FILE: &str = "tests/it/cache/reading.txt";

fn pipelines() -> Vec<PathBuf> {
    let folders = ["pipelines", "pipelines/feeds"].map(|folder| fs::read_dir(folder).unwrap());
    let found = folders.into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = found.filter(|path| path.is_file()).collect();
    found.sort();
    found
}

/// Everything that reading came to, as text.
fn shown(read: &FeedRows) -> String {
    let options = FormatOptions::default().with_null("∅");
    let columns: Vec<ArrayFormatter<'_>> = read
        .rows
        .columns()
        .iter()
        .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
        .collect();
    let mut text = String::new();
    for row in 0..read.rows.num_rows() {
        for (column, array) in columns.iter().zip(read.rows.columns()) {
            write!(text, "{}{}\u{1f}", array.is_valid(row), column.value(row)).unwrap();
        }
        text.push('\n');
    }
    let FeedRows { parts, sums, declared, rejects, faults, strays, .. } = read;
    write!(text, "{parts:?} {sums:?} {declared:?} {rejects:?} {faults:?} {strays:?}").unwrap();
    text
}

fn digest(texts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(text.as_bytes());
        hasher.update(b"\0");
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

#[test]
fn reading_that_comes_to_something_else_has_another_version() {
    let mut lines = String::new();
    for path in pipelines() {
        let pipeline = pipeline::read(&path).unwrap();
        let agreement = &pipeline.agreement;
        let day = "2026-03-31".parse().unwrap();
        let period = Period::containing(day, agreement.cycle, &agreement.zone).unwrap();
        for feed in pipeline.feeds(&period) {
            let files = source::survey(&feed, &feed.find().unwrap(), false).unwrap();
            if files.is_empty() {
                continue;
            }
            let read = source::read(&feed, &files, &|_, _| ()).unwrap();
            let declared = source::declared(&feed);
            let mut known = vec![declared.as_str()];
            known.extend(files.iter().flat_map(|file| [file.path.as_str(), &file.blake3]));
            let (path, owner, kind) = (path.display(), feed.owner.word(), feed.kind.word());
            let (known, found) = (digest(&known), digest(&[&shown(&read)]));
            writeln!(lines, "{path} {owner} {kind} {known} {found}").unwrap();
        }
    }
    if std::env::var_os("UPDATE_READING").is_some() {
        fs::write(FILE, &lines).unwrap();
    }
    let before = fs::read_to_string(FILE).unwrap_or_default();
    for line in lines.lines() {
        let (known, _) = line.rsplit_once(' ').unwrap();
        let other = before.lines().find(|old| old.starts_with(&format!("{known} ")));
        assert!(
            other.is_none_or(|old| old == line),
            "the same files, declared the same, come to something else than by reading {READING}: \
             raise READING in src/source/cache/key.rs\n{line}"
        );
    }
    assert!(
        before == lines,
        "{FILE} is of other files or declarations; UPDATE_READING=1 writes it"
    );
}
