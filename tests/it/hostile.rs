//! Hostile files: the samples, and every file of `tests/corpus`, spoilt in thousands of seeded
//! ways, end in rows, rejects and faults that add up, or in a typed error; never in a panic or a
//! hang, and never in more memory than [`MEMORY_MAX`].
//!
//! Each decoder is tried in a process of its own. A spoilt file that ends as none before it did is
//! spoilt further, so that a longer hunt goes deeper: `HUTONG_SPOILT=n` tries n files in all,
//! `HUTONG_SEED=n` others. One that must not end as it did is kept under `target/tmp`, and its
//! place is told; it belongs into the folder of its decoder. So is one with which a decoder
//! panicked in a new way, even though that was contained.

#![allow(clippy::print_stderr, reason = "what a process of its own says is for whoever started it")]

mod decoders;
mod gibibyte;
mod spoil;

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hutong::feed::{Feed, Format};
use hutong::pipeline;
use hutong::value::period::Period;

use self::decoders::{Decoder, NAMES};
pub use self::decoders::{gzip, read};
use self::spoil::spoil;

/// How many files are spoilt.
const SPOILT: usize = 6_000;

/// The longest that a file of a few kilobytes may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most memory that a process may have had, in MiB: that of an idle one, and room for blocks.
pub const MEMORY_MAX: u64 = 256;

/// What is told of a file with which a decoder panicked, within the bounds that hold it.
const GAVE_UP: &str = "the decoder gave up";

/// How many files are kept to be spoilt further.
const KEPT: usize = 2_000;

#[test]
fn thousands_of_spoilt_files_end_in_rows_rejects_or_errors() {
    for name in NAMES {
        in_a_process_of_its_own("hostile::one_decoder", name);
    }
}

/// Runs an ignored test of this binary, with a word that it finds in `HUTONG_ALONE`.
pub fn in_a_process_of_its_own(test: &str, word: &str) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env("HUTONG_ALONE", word)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(20).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    assert!(output.status.success(), "{word}: {}\n{}", output.status, last.join("\n"));
    let ran = String::from_utf8_lossy(&output.stdout).contains("1 passed");
    assert!(ran, "{word}: {test} did not run");
}

/// The most memory that this process has had, in MiB, where the system tells it.
pub fn memory() -> u64 {
    let Ok(status) = fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.map_or(0, |kibibytes| kibibytes.parse::<u64>().unwrap() / 1024)
}

/// The file that is being read, and since when.
type Trial = Arc<Mutex<Option<(Instant, PathBuf)>>>;

/// Ends the process when a file takes too long or too much memory.
fn watch(name: &str, trial: &Trial) {
    let (name, trial) = (name.to_owned(), Arc::clone(trial));
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let guard = trial.lock().unwrap();
            let Some((begun, file)) = guard.as_ref() else { continue };
            let complaint = match (begun.elapsed(), memory()) {
                (took, _) if took > PATIENCE => format!("took longer than {PATIENCE:?}"),
                (_, most) if most > MEMORY_MAX => format!("{most} MiB of memory"),
                _ => continue,
            };
            let kept = keep(&name, file);
            eprintln!("{complaint} with {}", kept.display());
            std::process::abort();
        }
    });
}

/// Keeps a file that must not end as it did.
fn keep(name: &str, file: &Path) -> PathBuf {
    let content = fs::read(file).unwrap();
    let digest = blake3::hash(&content).to_hex();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", &digest[..12]));
    fs::copy(file, &kept).unwrap();
    kept
}

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).map_or(otherwise, |n| n.parse().unwrap())
}

#[test]
#[ignore = "one decoder alone; the test of all of them runs it in a process of its own"]
fn one_decoder() {
    let Ok(name) = std::env::var("HUTONG_ALONE") else { return };
    let decoder = Decoder::named(&name);
    let wanted = number("HUTONG_SPOILT", SPOILT).div_ceil(NAMES.len());
    let mut random = fastrand::Rng::with_seed(number("HUTONG_SEED", 20_260_331) as u64);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("pipelines/feeds");
    fs::create_dir_all(&place).unwrap();
    // The one file that a pipeline needs before any is read.
    let key = "sample-data/feeds/tmall/contact.key";
    fs::create_dir_all(folder.path().join(key).parent().unwrap()).unwrap();
    fs::copy(key, folder.path().join(key)).unwrap();
    let file = place.join("sent");
    let trial: Trial = Arc::default();
    watch(&name, &trial);
    let attempt = |feed: usize, content: &[u8]| {
        fs::write(&file, content).unwrap();
        *trial.lock().unwrap() = Some((Instant::now(), file.clone()));
        let end = catch_unwind(AssertUnwindSafe(|| decoder.read(feed, &file)));
        *trial.lock().unwrap() = None;
        match end {
            Ok(Ok(end)) => end,
            Ok(Err(complaint)) => panic!("{complaint}: {}", keep(&name, &file).display()),
            Err(_) => panic!("a panic came out: {}", keep(&name, &file).display()),
        }
    };
    type Files = Vec<(usize, Vec<u8>)>;
    let (mut pool, mut sound, mut shapes): (Files, Files, BTreeSet<String>) = Default::default();
    let (mut whole, mut refused) = (0, 0);
    for (feed, content) in &decoder.seeds {
        let all = 0..decoder.feeds.len().max(1);
        for feed in feed.map_or(all, |feed| feed..feed + 1) {
            let end = attempt(feed, content);
            if end.is_whole {
                sound.push((feed, content.clone()));
            }
            if shapes.insert(format!("{feed} {}", end.shape)) {
                pool.push((feed, content.clone()));
            }
        }
    }
    for _ in 0..wanted {
        // Half of them had nothing wrong before.
        let from = if random.bool() { &sound } else { &pool };
        let (feed, content) = random.choice(from).unwrap();
        let (feed, other) = (*feed, &random.choice(&pool).unwrap().1);
        let spoilt = match decoder.pack {
            Some(pack) if random.bool() => {
                let (_, text) = random.choice(&decoder.seeds).unwrap();
                pack(&spoil(text, other, spoil::TEXT, &mut random))
            }
            _ => spoil(content, other, &decoder.tokens, &mut random),
        };
        let end = attempt(feed, &spoilt);
        *(if end.is_whole { &mut whole } else { &mut refused }) += 1;
        if pool.len() < KEPT && shapes.insert(format!("{feed} {}", end.shape)) {
            if end.shape.contains(GAVE_UP) {
                eprintln!("a panic was contained with {}", keep(&name, &file).display());
            }
            pool.push((feed, spoilt));
        }
    }
    let most = memory();
    eprintln!("{name}: {whole} whole, {refused} refused, {} ways, {most} MiB", shapes.len());
    assert!(most <= MEMORY_MAX, "{most} MiB of memory");
    // Were none refused, or all alike, the spoiling would try nothing.
    assert!(refused > wanted / 20 && shapes.len() > 10.min(wanted / 20));
}

/// The first feed of an example, with a file of its own.
pub fn alone(example: &str, folder: &Path) -> Feed {
    let pipeline = pipeline::read(Path::new(example)).unwrap();
    let agreement = &pipeline.agreement;
    let as_of = "2026-03-31".parse().unwrap();
    let period = Period::containing(as_of, agreement.cycle, &agreement.zone).unwrap();
    let feed = pipeline.feeds(&period).into_iter().next().unwrap();
    Feed { root: folder.canonicalize().unwrap(), patterns: vec!["sent".to_owned()], ..feed }
}

#[test]
fn a_panic_of_a_decoder_is_an_error_and_shows_nothing() {
    let files = [
        ("arrow", "ledger.arrow", "arrow/panic-in-a-buffer"),
        ("duckdb", "ledger.parquet", "parquet/panic-in-chunks-of-bits"),
        ("duckdb", "ledger.parquet", "parquet/panic-in-a-count-of-bits"),
    ];
    for (example, sent, spoilt) in files {
        let folder = tempfile::tempdir().unwrap();
        let put = |from: &str, to: &str| {
            let to = folder.path().join(to);
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::copy(from, to).unwrap();
        };
        let pipeline = format!("pipelines/feeds/{example}.yaml");
        let beside = ["sample-data/feeds/b-ledger.csv", "sample-data/feeds/links.csv", &pipeline];
        beside.iter().for_each(|path| put(path, path));
        let sent = format!("sample-data/feeds/{example}/{sent}");
        put(&format!("tests/corpus/{spoilt}"), &sent);
        let output = Command::new(env!("CARGO_BIN_EXE_hutong"))
            .args(["check", folder.path().join(&pipeline).to_str().unwrap()])
            .args(["--sample", "1000", "--as-of", "2026-03-31"])
            .output()
            .unwrap();
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(1), "{spoilt}: {told}");
        assert!(told.contains(&sent) && told.contains(GAVE_UP), "{spoilt}: {told}");
        // What a panic says may hold a value.
        assert!(!told.contains("panicked"), "{spoilt}: {told}");
    }
}

#[test]
fn a_hundred_thousand_columns_are_columns() {
    let folder = tempfile::tempdir().unwrap();
    let filler: String = (0..99_994).map(|n| format!(",c{n}")).collect();
    let header = format!("交易时间,会员号,业务流水号,对方流水号,交易类型,积分变动{filler}\n");
    let row = format!("`2026-03-02 09:15:00,`1,`E1,`,`累积,`5{}\n", ",`".repeat(99_994));
    let content = [header.as_str(), &row, "`2026-03-02 09:15:00,`1\n"].concat();
    fs::write(folder.path().join("sent"), content).unwrap();
    let mut feed = alone("pipelines/feeds/wechat.yaml", folder.path());
    if let Format::Csv(csv) = &mut feed.format {
        csv.summary = None;
    }
    let rows = read(&feed).unwrap();
    assert_eq!((rows.rows.num_rows(), rows.rejects.len()), (1, 1));
    assert_eq!(
        rows.rejects[0].reason,
        "2 columns where the header has 100000; send all of its values, put quotes around one that \
         holds a line end, or declare `leading`, `trailer`, `summary` or `comment` if it is no row"
    );
}
