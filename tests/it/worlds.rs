//! The comparison: hundreds of random worlds, judged by the engine and by the oracle.

pub mod observe;
mod pinned;
mod shrink;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use hutong::run::{Order, Unwatched};

use crate::oracle::answer::Answer;
use crate::oracle::judge;
use crate::world::World;
use crate::world::random::random;

/// The engine's answer to a world.
pub fn ask_engine(world: &World) -> Result<Answer, String> {
    // Publishing syncs every file to its disk, for which thousands of worlds need not wait.
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    let dir = tempfile::tempdir_in(base).unwrap();
    let out = dir.path().join("published");
    let order = Order {
        pipeline: world.write(dir.path()),
        as_of: world.as_of,
        period: world.period_label(),
        to: Some(out.clone()),
        threads: Some(1),
        // No answer depends on how many there are, and a few let rows of one key meet.
        buckets: Some(1 + world.a.ledger.len() % 4),
    };
    let outcome = hutong::run::run(&order, &Unwatched).map_err(|error| {
        let code = error.exit_code();
        format!("the engine left with {code}\n{error}")
    })?;
    let answer = observe::observe(&out)?;
    if outcome.is_blocked() != answer.statements.is_empty() {
        return Err("a statement stands where it is blocked, or is missing".to_owned());
    }
    Ok(answer)
}

/// The oracle's answer in the words that the engine has so far.
fn ask_oracle(world: &World) -> Answer {
    in_known_words(judge(world).answer)
}

/// Takes out what the engine does not know yet.
fn in_known_words(mut answer: Answer) -> Answer {
    let known: Vec<&str> = hutong::detect::rules().map(|rule| rule.code).collect();
    answer.discrepancies.retain(|found| known.contains(&found.code));
    answer
}

/// Where engine and oracle disagree about a world, or nothing.
fn disagreement(world: &World) -> Option<String> {
    match ask_engine(world) {
        Err(trouble) => Some(trouble),
        Ok(answer) => answer.differences(&ask_oracle(world), ["engine", "oracle"]),
    }
}

/// What kind of disagreement it is: the first table that differs, or that the engine gave up.
/// A world is shrunk to the same kind, so that it does not turn into a pipeline that is refused.
fn kind_of(disagreement: &str) -> String {
    disagreement.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// A seed's disagreement with the smallest world that still has one.
fn report(seed: u64) -> String {
    let world = random(seed);
    let kind = disagreement(&world).map(|text| kind_of(&text));
    let world =
        shrink::shrink(world, |world| disagreement(world).map(|text| kind_of(&text)) == kind);
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("world-{seed}"));
    // What an earlier run left there would be read as part of the world.
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).unwrap();
    world.write(&dir);
    let engine = ask_engine(&world).map_or_else(|trouble| trouble, |answer| answer.to_string());
    format!(
        "seed {seed}\n\n{}\n{}\n== engine\n{engine}\n== oracle\n{}\nwritten to {}",
        disagreement(&world).unwrap_or_default(),
        shrink::listing(&dir, &world),
        judge(&world).answer,
        dir.display(),
    )
}

/// The first lines of each seed's disagreement, so that a pattern shows.
fn overview(seeds: &[u64]) -> String {
    let mut text = String::new();
    for seed in seeds {
        let differences = disagreement(&random(*seed)).unwrap_or_default();
        for line in differences.lines().take(8) {
            text.push_str(&format!("seed {seed}: {line}\n"));
        }
    }
    text
}

/// The worlds are shared by all processors; the report is of the first seed that disagrees.
#[test]
fn five_hundred_random_worlds_agree() {
    let count = std::env::var("HUTONG_WORLDS").map_or(500, |count| count.parse().unwrap());
    let next = AtomicU64::new(0);
    let failed: Mutex<Vec<u64>> = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    // A dozen is enough to see a pattern; the rest would only cost time.
                    if seed >= count || failed.lock().unwrap().len() >= 12 {
                        break;
                    }
                    if disagreement(&random(seed)).is_some() {
                        failed.lock().unwrap().push(seed);
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap();
    failed.sort_unstable();
    if let Some(first) = failed.first() {
        let overview = overview(&failed);
        panic!("engine and oracle disagree on seeds {failed:?}\n{overview}\n{}", report(*first));
    }
}

/// A background of random worlds proves little unless every code stands somewhere in it.
#[test]
fn the_worlds_hold_every_code() {
    let mut missing = vec![
        "MBR-01", "MBR-02", "MBR-03", "MBR-04", "MBR-07", "CON-01", "CON-02", "TIR-01", "TIR-02",
        "TIR-03", "EVT-01", "EVT-02", "EVT-03", "EVT-04", "EVT-06", "EVT-07", "EVT-08", "EVT-09",
        "EVT-10", "AMT-01", "AMT-02", "AMT-03", "AMT-04", "AMT-07", "REV-01", "REV-02", "REV-03",
        "LED-01", "LED-02",
    ];
    let mut counted = 0;
    let mut blocked = 0;
    for seed in 0..500 {
        let expected = judge(&random(seed));
        for found in &expected.answer.discrepancies {
            missing.retain(|code| *code != found.code);
        }
        counted += expected.answer.cleared.len();
        blocked += usize::from(expected.answer.statements.is_empty());
    }
    assert!(missing.is_empty(), "no world has {missing:?}");
    assert!(counted > 1_000, "only {counted} pairs are counted");
    assert!(blocked < 100, "{blocked} worlds are blocked");
}
