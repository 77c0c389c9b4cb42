//! Asks the engine: a world as one run, a chain as a run or close of each period.

use std::path::{Path, PathBuf};

use hutong::run::{Order, Outcome, Unwatched};

use super::observe;
use crate::oracle::answer::Answer;
use crate::oracle::past::Past;
use crate::oracle::{Expected, judge_after};
use crate::world::World;
use crate::world::chain::Chain;

/// A folder in memory: publishing syncs every file to its disk, for which thousands of worlds need
/// not wait.
pub fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
    tempfile::tempdir_in(base).unwrap()
}

pub fn order(pipeline: PathBuf, world: &World, to: &Path) -> Order {
    Order {
        pipeline,
        as_of: world.as_of,
        period: world.period_label(),
        to: Some(to.to_owned()),
        threads: Some(1),
        // No answer depends on how many there are, and a few let rows of one key meet.
        buckets: Some(1 + world.a.ledger.len() % 4),
        // Nor on whether its rows fit into memory; every other world is judged in portions.
        memory_bytes: (world.a.ledger.len() % 2 == 1).then_some(1 << 13),
        // Nor on what is kept of files, which some chains read in more than one period.
        cache: world.a.ledger.len().is_multiple_of(3).then_some(crate::cache::ALL),
    }
}

fn answer_of(
    outcome: Result<Outcome, hutong::run::Error>,
    world: &World,
) -> Result<(Answer, Outcome), String> {
    let outcome = outcome.map_err(|error| {
        let code = error.exit_code();
        format!("the engine left with {code}\n{error}")
    })?;
    let mut answer = observe::observe(outcome.published.folder())?;
    answer.rulings = observe::rulings(outcome.published.folder(), world);
    let faults = crate::review::all_faults(outcome.published.folder());
    if !faults.is_empty() {
        return Err(format!("the publication is not sound: {faults:#?}"));
    }
    if outcome.is_blocked() != answer.statements.is_empty() {
        return Err("a statement stands where it is blocked, or is missing".to_owned());
    }
    Ok((answer, outcome))
}

/// The engine's answer to a world.
pub fn ask_engine(world: &World) -> Result<Answer, String> {
    let dir = folder();
    let order = order(world.write(dir.path()), world, &dir.path().join("published"));
    Ok(answer_of(hutong::run::run(&order, &Unwatched), world)?.0)
}

/// What oracle and engine say of each period, up to the first in which they differ.
pub struct Told {
    pub expected: Vec<Expected>,
    pub differences: Option<String>,
    pub engine: Vec<Answer>,
}

/// Runs or closes one period after the other in a folder, and compares each with the oracle.
pub fn ask_chain(chain: &Chain, dir: &Path) -> Told {
    let mut told = Told { expected: Vec::new(), differences: None, engine: Vec::new() };
    perform(chain, dir, |label, expected, answer| {
        let differences = match answer {
            Ok((answer, _)) => {
                let answer = answer.without_mirrors_unknown_to(&expected.answer);
                let known = super::in_known_words(expected.answer.clone());
                let differences = answer.differences(&known, ["engine", "oracle"]);
                told.engine.push(answer);
                differences
            }
            Err(trouble) => Some(trouble),
        };
        told.expected.push(expected);
        told.differences = differences.map(|text| format!("{label}: {text}"));
        told.differences.is_none()
    });
    told
}

/// The engine's answer to each period, and where it stands.
pub fn answers_of_engine(chain: &Chain, dir: &Path) -> Vec<(Answer, PathBuf)> {
    let mut answers = Vec::new();
    perform(chain, dir, |_, _, answer| {
        answers.push(answer.unwrap());
        true
    });
    answers
}

/// Runs or closes one period after the other, and hands each answer over with what is expected,
/// until `each` has enough.
fn perform(
    chain: &Chain,
    dir: &Path,
    mut each: impl FnMut(String, Expected, Result<(Answer, PathBuf), String>) -> bool,
) {
    let out = dir.join("published");
    chain.write(dir);
    let mut past = Past::default();
    // What the final publications call their discrepancies.
    let mut ids: Vec<(String, String)> = Vec::new();
    for (position, run) in chain.runs.iter().enumerate() {
        let order = order(chain.write_pipeline(dir, position), &run.world, &out);
        let expected = judge_after(&chain.seen(position), &past);
        let closes = run.closes && past.may_close(&run.world, position);
        let ask = || -> Result<(Answer, PathBuf), String> {
            let mut known = ids.clone();
            let wanted = run.world.decisions.iter().flatten();
            if wanted.clone().any(|row| known.iter().all(|(about, _)| *about != row.about)) {
                // Somebody runs the period, sees what is held, and decides.
                chain.write_decisions(dir, position, &|_| None);
                let (_, outcome) = answer_of(hutong::run::run(&order, &Unwatched), &run.world)?;
                known.extend(observe::ids(outcome.published.folder()));
            }
            let id_of = |about: &str| {
                known.iter().find(|(other, _)| other == about).map(|(_, id)| id.clone())
            };
            chain.write_decisions(dir, position, &id_of);
            let perform = if closes { hutong::run::close } else { hutong::run::run };
            let (answer, outcome) = answer_of(perform(&order, &Unwatched), &run.world)?;
            let is_final = outcome.manifest.status == "final";
            if is_final != (closes && expected.closed.is_some()) {
                return Err(format!("the status is {}", outcome.manifest.status));
            }
            Ok((answer, outcome.published.folder().to_owned()))
        };
        let answer = ask();
        if closes {
            ids.extend(answer.iter().flat_map(|(_, folder)| observe::ids(folder)));
            past.finals.extend(expected.closed.clone());
        }
        if !each(run.world.label(), expected, answer) {
            break;
        }
    }
}
