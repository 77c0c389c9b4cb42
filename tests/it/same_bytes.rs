//! The same input gives the same bytes, whatever the threads, buckets, row order and file split
//! (domain.md, invariant 14); a publication appears once, whole and for its owner's eyes; and
//! nothing that leaves the engine holds a member's name or number (domain.md §10).

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use hutong::generate::{DataFormat, GenerateOrder};
use hutong::publish::Published;
use hutong::run::{self, Order, Unwatched};

use crate::published::{Sheet, bytes_under, files_under, generated, month_order, ran, small_order};

const PERIOD: &str = "2026-03";

/// What tells where a row stood, which a shuffle changes by intention.
const PLACES: [&str; 11] = [
    "a_rows",
    "b_rows",
    "issuer_file",
    "issuer_line",
    "acceptor_file",
    "acceptor_line",
    "issuer_row",
    "acceptor_row",
    "file",
    "line",
    "byte_offset",
];

#[test]
fn threads_buckets_and_memory_leave_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    for (format, seed) in [(DataFormat::Csv, 31), (DataFormat::Parquet, 32)] {
        let world = dir.path().join(seed.to_string());
        let world = generated(&GenerateOrder { seed, format, ..small_order(&world) });
        let mut first = None;
        let whole = [(1, 1), (1, 2), (7, 1), (7, 2), (64, 1), (64, 2)];
        let whole = whole.map(|(buckets, threads)| (buckets, threads, None));
        // So little memory that there are some portions, some hundreds, and more than members.
        let apart = [(1, 2, Some(1 << 20)), (3, 1, Some(1 << 14)), (1, 2, Some(1))];
        for (buckets, threads, memory_bytes) in whole.into_iter().chain(apart) {
            let to = dir.path().join(format!("{seed}-{buckets}-{threads}-{memory_bytes:?}"));
            let order = month_order(&world.pipeline, PERIOD, &to);
            let (buckets, threads) = (Some(buckets), Some(threads));
            ran(&Order { buckets, threads, memory_bytes, ..order });
            let bytes = bytes_under(&to);
            assert_eq!(bytes.len(), 20 + 1, "{:?}", bytes.keys());
            let first = first.get_or_insert_with(|| bytes.clone());
            for (name, expected) in first.iter() {
                let same = bytes.get(name) == Some(expected);
                assert!(same, "{} with {buckets:?}, {threads:?}, {memory_bytes:?}", name.display());
            }
        }
    }
}

/// A pipeline whose every feed may come in several files.
fn several_files(pipeline: &Path) -> PathBuf {
    let text = fs::read_to_string(pipeline).unwrap();
    let text = text.replace("*.csv", ".csv").replace(".csv\n", "*.csv\n");
    assert_eq!(text.matches("*.csv").count(), 10);
    fs::write(pipeline, text).unwrap();
    pipeline.to_owned()
}

/// Writes the rows of every CSV file of a folder in another order, and into several files.
fn shuffle(folder: &Path, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut feeds: Vec<(String, Vec<String>)> = Vec::new();
    for (name, path) in files_under(folder) {
        let name = name.to_str().unwrap().to_owned();
        let Some(stem) = name.strip_suffix(".csv") else { continue };
        // The parts of one ledger are one feed, and any row may stand in any of them.
        let stem = stem.trim_end_matches(|c: char| c == '-' || c.is_ascii_digit()).to_owned();
        let text = fs::read_to_string(&path).unwrap();
        fs::remove_file(path).unwrap();
        let mut lines = text.lines().map(str::to_owned);
        let header = lines.next().unwrap();
        match feeds.iter_mut().find(|(feed, _)| *feed == stem) {
            Some((_, rows)) => rows.extend(lines),
            None => feeds.push((stem, std::iter::once(header).chain(lines).collect())),
        }
    }
    for (stem, mut lines) in feeds {
        let header = lines.remove(0);
        random.shuffle(&mut lines);
        let files = random.usize(1..=6);
        let mut parts = vec![header.clone() + "\n"; files];
        for line in lines {
            // Some files end up with many rows, some with few or none.
            let part = random.usize(0..files).min(random.usize(0..files));
            parts[part] += &(line + "\n");
        }
        for (number, part) in parts.into_iter().enumerate() {
            fs::write(folder.join(format!("{stem}-{number}.csv")), part).unwrap();
        }
    }
}

/// Generates, and adds two rows to another of the same number: each differs from it in another
/// column, so that which of the three comes first must not decide what is said of them.
fn collided(order: &GenerateOrder) {
    generated(order);
    let ledger = order.to.join("a").join(PERIOD).join("ledger-2.csv");
    let mut text = fs::read_to_string(&ledger).unwrap();
    let cells: Vec<String> = text.lines().nth(5).unwrap().split(',').map(str::to_owned).collect();
    for (column, cell) in [(8, "SO20260312-999999"), (3, "7")] {
        let mut cells = cells.clone();
        cells[column] = cell.to_owned();
        text += &(cells.join(",") + "\n");
    }
    fs::write(ledger, text).unwrap();
}

#[test]
fn neither_row_order_nor_file_split_changes_what_is_published() {
    let dir = tempfile::tempdir().unwrap();
    for (seed, faults_ppm) in [(41, 20_000), (42, 200_000)] {
        let order = |name: &str| GenerateOrder {
            seed,
            faults_ppm,
            format: DataFormat::Csv,
            ..small_order(&dir.path().join(format!("{name}{seed}")))
        };
        let folder_of = |order: &GenerateOrder| {
            let pipeline = several_files(&order.to.join("pipeline.yaml"));
            let to = order.to.join("out");
            ran(&month_order(&pipeline, PERIOD, &to)).published.folder().to_owned()
        };
        collided(&order("plain"));
        let plain = folder_of(&order("plain"));
        let expected = bytes_under(&plain);
        for turn in 0..3 {
            let shuffled = order(&format!("shuffled{turn}-"));
            collided(&shuffled);
            for whose in ["a", "b", "shared"] {
                shuffle(&shuffled.to.join(whose).join(PERIOD), seed + turn);
            }
            let folder = folder_of(&shuffled);
            for (name, bytes) in &expected {
                let what = format!("{} of seed {seed}, turn {turn}", name.display());
                if ["statement.parquet", "statement_lines.parquet", "dictionary.parquet"]
                    .contains(&name.to_str().unwrap())
                {
                    assert!(*bytes == fs::read(folder.join(name)).unwrap(), "{what}");
                } else if name.extension().is_some_and(|ending| ending == "parquet") {
                    let [one, other] = [&plain, &folder].map(|folder| comparable(folder, name));
                    assert_eq!(one.columns, other.columns, "{what}");
                    let differing = one.rows.iter().zip(&other.rows).find(|(a, b)| a != b);
                    assert_eq!(differing, None, "{what}");
                    assert_eq!(one.rows.len(), other.rows.len(), "{what}");
                }
            }
        }
    }
}

/// A published table without what tells files and lines.
fn comparable(folder: &Path, name: &Path) -> Sheet {
    let mut sheet = Sheet::read(&folder.join(name));
    match name.to_str().unwrap() {
        // A file's own totals say nothing of the feed.
        "control_totals.parquet" => {
            let file = sheet.place("file");
            sheet.rows.retain(|row| row[file].is_empty());
        }
        // A refused row has no key but its file and line, so that its id is made of them.
        "discrepancies.parquet" => {
            let (code, id) = (sheet.place("code"), sheet.place("discrepancy_id"));
            for row in sheet.rows.iter_mut().filter(|row| row[code].starts_with("FIL")) {
                row[id].clear();
            }
        }
        _ => {}
    }
    sheet.without(&PLACES)
}

#[test]
fn the_same_run_publishes_once_and_another_beside_it() {
    let dir = tempfile::tempdir().unwrap();
    let world = generated(&GenerateOrder { seed: 51, ..small_order(&dir.path().join("world")) });
    let to = dir.path().join("deep").join("out");
    let order = month_order(&world.pipeline, PERIOD, &to);
    let latest = || fs::read_link(to.join("skyline-harbour/latest")).unwrap();

    let first = ran(&order);
    let Published::New(place) = &first.published else { panic!("{:?}", first.published) };
    assert_eq!(place.strip_prefix(&to).unwrap(), Path::new("skyline-harbour/2026-03/2026-03-31"));
    assert_eq!(latest(), Path::new("2026-03/2026-03-31"));
    let bytes = bytes_under(&to);

    // Threads and buckets decide nothing, so that with others it is still the same run.
    let again = ran(&Order { threads: Some(2), buckets: Some(5), ..order.clone() });
    assert_eq!(again.published, Published::Already(place.clone()));
    assert_eq!(again.manifest, first.manifest);
    assert!(bytes_under(&to) == bytes);

    let amended = |what: &str| {
        let text = fs::read_to_string(&world.pipeline).unwrap();
        fs::write(&world.pipeline, text + what).unwrap();
    };
    amended("# An amendment that changes nothing but the digest.\n");
    for (comment, revision) in [("", "2026-03-31.r2"), ("# Another.\n", "2026-03-31.r3")] {
        amended(comment);
        let next = ran(&order);
        assert_eq!(next.published, Published::New(place.with_file_name(revision)));
        assert_eq!(latest(), Path::new("2026-03").join(revision));
        assert_ne!(next.manifest.digest, first.manifest.digest);
        assert_eq!(ran(&order).published, Published::Already(next.published.folder().into()));
    }
    // What stood there first is untouched.
    let later = bytes_under(&to);
    assert!(bytes.iter().all(|(name, bytes)| later.get(name) == Some(bytes)));

    // Another day is another run, and so is another byte of a feed.
    let day = Order { as_of: "2026-04-03".parse().unwrap(), ..order.clone() };
    assert_eq!(ran(&day).published, Published::New(place.with_file_name("2026-04-03")));
    let ledger = dir.path().join("world/a/2026-03/ledger-1.csv");
    let rows = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, rows.trim_end()).unwrap();
    assert_eq!(ran(&order).published, Published::New(place.with_file_name("2026-03-31.r4")));

    modes(&to);
}

/// Files are for their owner's eyes, and so are the folders from the one that was made on.
fn modes(out: &Path) {
    let mut folders = vec![out.to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        let mode = |path: &Path| fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            let name = entry.file_name().into_string().unwrap();
            assert!(!name.starts_with(".staging") && name != ".latest-next", "{name} was left");
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                files += 1;
                assert_eq!(mode(&entry.path()), 0o600, "{}", entry.path().display());
            }
        }
    }
    assert!(files > 60, "{files} files");
}

/// Names and numbers of A's members, and the key that turns numbers into tokens.
fn secrets(world: &Path) -> BTreeSet<String> {
    let key = fs::read_to_string(world.join("keys/contact.key")).unwrap();
    let mut secrets = BTreeSet::from([key.trim().to_owned()]);
    let members = fs::read_to_string(world.join("a/2026-03/members.csv")).unwrap();
    for line in members.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        secrets.insert(cells[1].to_owned());
        secrets.insert(cells[2].trim_start_matches("+86 ").to_owned());
    }
    assert!(secrets.len() > 300, "{} secrets", secrets.len());
    secrets
}

#[track_caller]
fn assert_holds_none(secrets: &BTreeSet<String>, text: &str, whose: &str) {
    let held: Vec<&String> = secrets.iter().filter(|secret| text.contains(*secret)).collect();
    assert!(held.is_empty(), "{whose} holds {held:?}");
}

/// Looks through every byte that was published, and through every cell of every table.
fn assert_published_holds_none(secrets: &BTreeSet<String>, out: &Path) {
    let files = files_under(out);
    assert!(files.len() >= 10, "{files:?}");
    for (name, path) in files {
        let shown = name.display().to_string();
        assert_holds_none(secrets, &shown, "the name of a file");
        assert_holds_none(secrets, &String::from_utf8_lossy(&fs::read(&path).unwrap()), &shown);
        if name.extension().is_some_and(|ending| ending == "parquet") {
            let sheet = Sheet::read(&path);
            let cells: Vec<String> = sheet.rows.iter().map(|row| row.join("\t")).collect();
            assert_holds_none(secrets, &cells.join("\n"), &format!("a cell of {shown}"));
        }
    }
}

/// Breaks some cells of a CSV file: in each row that is named, one column becomes another text.
fn break_cells(path: &Path, breaks: &[(usize, usize, &str)]) {
    let text = fs::read_to_string(path).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for &(line, column, cell) in breaks {
        let mut cells: Vec<&str> = lines[line].split(',').collect();
        cells[column] = cell;
        lines[line] = cells.join(",");
    }
    fs::write(path, lines.join("\n")).unwrap();
}

#[test]
fn nobodys_name_or_number_leaves_the_engine() {
    let dir = tempfile::tempdir().unwrap();
    for (seed, format) in [(61, DataFormat::Csv), (62, DataFormat::Mixed)] {
        let world = dir.path().join(seed.to_string());
        let order = GenerateOrder { seed, format, ..small_order(&world) };
        let pipeline = generated(&order).pipeline;
        let secrets = secrets(&world);
        // Names and numbers where they do not belong: in a ragged row, in a row shifted by one
        // column, as an instant, as a word of a list, as points, as a member's number.
        let members = fs::read_to_string(world.join("a/2026-03/members.csv")).unwrap();
        let cells: Vec<&str> = members.lines().nth(5).unwrap().split(',').collect();
        let (name, mobile) = (cells[1], cells[2].trim_start_matches("+86 "));
        let both = format!("{name}{mobile}");
        let ragged = format!("{name},{mobile}");
        break_cells(
            &world.join("a/2026-03/members.csv"),
            &[
                (10, 2, &ragged),
                (11, 2, &both),
                (12, 4, mobile),
                (13, 5, name),
                (14, 5, mobile),
                (15, 0, &format!("{both}\u{7}")),
                (16, 3, &ragged),
                (17, 6, &both),
            ],
        );
        break_cells(
            &world.join("a/2026-03/ledger-2.csv"),
            &[(3, 3, &both), (4, 3, name), (5, 4, mobile), (6, 9, &both), (7, 5, name)],
        );
        for (turn, voice) in
            [&["-vvv"][..], &["-vvv", "--log-format", "json", "--output-format", "json"]]
                .into_iter()
                .enumerate()
        {
            let to = dir.path().join(format!("out{seed}-{turn}"));
            let output = Command::new(env!("CARGO_BIN_EXE_hutong"))
                .arg("run")
                .arg(&pipeline)
                .args(["--as-of", "2026-03-31", "--to"])
                .arg(&to)
                .args(voice)
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(0), "{output:?}");
            assert_holds_none(&secrets, &String::from_utf8_lossy(&output.stdout), "stdout");
            let log = String::from_utf8_lossy(&output.stderr);
            assert!(log.contains("published"), "{log}");
            assert_holds_none(&secrets, &log, "the log");
            assert_published_holds_none(&secrets, &to);
            // What was broken was refused, and is shown in masks.
            let rejects = files_under(&to)
                .into_values()
                .find(|path| path.ends_with("rejects.parquet"))
                .map(|path| Sheet::read(&path))
                .unwrap();
            assert!(rejects.rows.len() >= 12, "{:?}", rejects.rows);
            let masked = rejects.place("redacted");
            assert!(rejects.rows.iter().any(|row| row[masked].contains("99999999999")));
        }
    }
}

/// An error that ends a run names a place and a cure, and nobody's number.
#[test]
fn no_error_holds_a_number() {
    let dir = tempfile::tempdir().unwrap();
    let world = dir.path().join("world");
    let order = GenerateOrder { seed: 71, format: DataFormat::Csv, ..small_order(&world) };
    let pipeline = generated(&order).pipeline;
    let secrets = secrets(&world);
    let to = dir.path().join("out");
    let path = |name: &str| world.join(name);
    let number = secrets.iter().find(|secret| secret.starts_with("199")).unwrap();
    // Which file, and the text in it that gives way to a number.
    let broken = [
        ("a/2026-03/ledger-1.csv", "累积"),
        ("b/2026-03/ledger.csv", "earn"),
        ("a/2026-03/members.csv", "会员号"),
        ("a/2026-03/members.csv", "姓名"),
    ];
    for (file, text_before) in broken {
        let text = fs::read_to_string(path(file)).unwrap();
        assert!(text.contains(text_before), "{file}");
        fs::write(path(file), text.replacen(text_before, number, 1)).unwrap();
        let _ = fs::remove_dir_all(&to);
        match run::run(&month_order(&pipeline, PERIOD, &to), &Unwatched) {
            Ok(outcome) => {
                // A column that nobody declared may be called anything.
                assert_eq!(outcome.is_blocked(), text_before == "会员号", "{file}");
                assert_published_holds_none(&secrets, &to);
            }
            Err(error) => {
                assert_holds_none(&secrets, &format!("{error}\n{error:?}"), file);
            }
        }
        fs::write(path(file), text).unwrap();
    }
}
