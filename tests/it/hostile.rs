//! Hostile files: every sample of `sample-data/feeds`, spoilt in thousands of seeded ways, ends in
//! rows, rejects and faults that add up, or in a typed error; never in a panic or a hang.
//!
//! `HUTONG_SPOILT=n` tries n files instead, for a longer hunt.

use std::path::Path;
use std::time::{Duration, Instant};

use hutong::feed::{Feed, FeedRows};
use hutong::pipeline;
use hutong::source::{self, SourceError};
use hutong::value::period::Period;

/// How many files are spoilt.
const SPOILT: usize = 5_000;

/// The longest that a file of a few kilobytes may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// What no value should hold, and some files do.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n\n\n",
    b"\"",
    b"\"\"",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\x80",
    b"\xed\xa0\x80",
    b"\x81\x30\x81\x30",
    b"\\ud800",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"170141183460469231731687303715884105728",
    b"1e999",
    b"0.30000000000000004",
    b"2026-02-30 24:00:60",
    b"00000000000000",
    b"=cmd|' /C calc'!A0",
    b"{\"a\":",
    b"[[[[[[[[[[[[[[[[",
    b"%%",
    b"#",
    b"T",
    b"}",
    b"../../etc/passwd",
];

fn feeds() -> Vec<Feed> {
    let mut examples: Vec<_> =
        std::fs::read_dir("pipelines/feeds").unwrap().map(|entry| entry.unwrap().path()).collect();
    examples.sort();
    let mut feeds = Vec::new();
    for example in examples {
        let pipeline = pipeline::read(&example).unwrap();
        let agreement = &pipeline.agreement;
        let as_of = "2026-03-31".parse().unwrap();
        let period = Period::containing(as_of, agreement.cycle, &agreement.zone).unwrap();
        // What the other side and both send is the same in every example.
        let own = pipeline.feeds(&period).into_iter().filter(|feed| feed.owner.word() == "a");
        feeds.extend(own);
    }
    feeds
}

fn spoil(content: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut spoilt = content.to_vec();
    for _ in 0..random.usize(1..4) {
        let length = spoilt.len();
        if length == 0 {
            break;
        }
        let at = random.usize(..length);
        let to = random.usize(at..length.min(at + 200) + 1).min(length);
        match random.u8(..8) {
            // Each class of lengths is as likely: near the head, anywhere, near the end.
            0 => spoilt.truncate(at.min(random.usize(..64))),
            1 => spoilt.truncate(at),
            2 => spoilt.truncate(length - random.usize(..length.min(32))),
            3 => spoilt[at] ^= 1 << random.u8(..8),
            4 => spoilt[at] = random.u8(..),
            5 => {
                let piece = spoilt[at..to].to_vec();
                let place = random.usize(..=length);
                spoilt.splice(place..place, piece);
            }
            6 => drop(spoilt.drain(at..to)),
            _ => {
                let token = TOKENS[random.usize(..TOKENS.len())];
                spoilt.splice(at..at, token.iter().copied());
            }
        }
    }
    spoilt
}

fn read(feed: &Feed) -> Result<FeedRows, SourceError> {
    let paths = feed.find().unwrap();
    let files = source::survey(feed, &paths, false)?;
    source::read(feed, &files, &|_, _| ())
}

#[test]
fn thousands_of_spoilt_files_end_in_rows_rejects_or_errors() {
    let wanted = std::env::var("HUTONG_SPOILT").map_or(SPOILT, |n| n.parse().unwrap());
    let feeds = feeds();
    assert!(feeds.len() >= 10, "{} feeds", feeds.len());
    let mut random = fastrand::Rng::with_seed(20_260_331);
    let (mut errors, mut whole) = (0, 0);
    for (feed, number) in feeds.iter().cycle().zip(0..wanted) {
        let found = feed.find().unwrap();
        let named = |path: &&std::path::PathBuf| {
            !matches!(path.extension().and_then(|e| e.to_str()), Some("ok" | "sha256"))
        };
        let sample = found.iter().find(named).unwrap();
        let content = spoil(&std::fs::read(sample).unwrap(), &mut random);
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let place = root.join(sample.strip_prefix(&feed.root).unwrap());
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        std::fs::write(&place, &content).unwrap();
        // Else none of the spoilt would be read.
        let packing = hutong::feed::Packing { ready: None, digest: None, ..feed.packing.clone() };
        let spoilt = Feed { root, packing, ..feed.clone() };
        let begun = Instant::now();
        match read(&spoilt) {
            Ok(rows) => {
                let read: u64 = rows.files.iter().map(|file| file.rows).sum();
                let told = (rows.rows.num_rows() + rows.rejects.len()) as u64;
                assert_eq!(read, told, "file {number} of {}", sample.display());
                whole += usize::from(rows.rejects.is_empty() && rows.faults.is_empty());
            }
            Err(error) => {
                assert!(is_of_the_file(&error), "file {number} of {}: {error}", sample.display());
                errors += 1;
            }
        }
        let took = begun.elapsed();
        assert!(took < PATIENCE, "file {number} of {} took {took:?}", sample.display());
    }
    // Were nearly all refused or nearly none, the spoiling would try nothing.
    assert!(errors > wanted / 20 && whole > wanted / 50, "{errors} errors, {whole} whole");
}

fn is_of_the_file(error: &SourceError) -> bool {
    matches!(
        error,
        SourceError::Corrupt { .. }
            | SourceError::Bomb { .. }
            | SourceError::Swallowed { .. }
            | SourceError::LongRecord { .. }
            | SourceError::UnknownKind { .. }
    )
}

/// The first feed of an example, with a file of its own.
fn alone(example: &str, folder: &Path, content: &[u8]) -> Feed {
    let pipeline = pipeline::read(Path::new(example)).unwrap();
    let agreement = &pipeline.agreement;
    let as_of = "2026-03-31".parse().unwrap();
    let period = Period::containing(as_of, agreement.cycle, &agreement.zone).unwrap();
    let feed = pipeline.feeds(&period).into_iter().next().unwrap();
    std::fs::write(folder.join("sent"), content).unwrap();
    Feed { root: folder.canonicalize().unwrap(), patterns: vec!["sent".to_owned()], ..feed }
}

#[test]
fn a_hundred_thousand_columns_are_columns() {
    let folder = tempfile::tempdir().unwrap();
    let filler: String = (0..99_994).map(|n| format!(",c{n}")).collect();
    let header = format!("交易时间,会员号,业务流水号,对方流水号,交易类型,积分变动{filler}\n");
    let row = format!("`2026-03-02 09:15:00,`1,`E1,`,`累积,`5{}\n", ",`".repeat(99_994));
    let content = [header.as_str(), &row, "`2026-03-02 09:15:00,`1\n"].concat();
    let mut feed = alone("pipelines/feeds/wechat.yaml", folder.path(), content.as_bytes());
    if let hutong::feed::Format::Csv(csv) = &mut feed.format {
        csv.summary = None;
    }
    let rows = read(&feed).unwrap();
    assert_eq!((rows.rows.num_rows(), rows.rejects.len()), (1, 1));
    assert_eq!(rows.rejects[0].reason, "2 columns where the header has 100000");
}
