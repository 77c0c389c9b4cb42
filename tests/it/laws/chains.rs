//! The laws over three periods, most of them closed.

use std::path::{Path, PathBuf};

use super::{assert_same, seen_swapped, without_repetitions};
use crate::oracle::answer::{Answer, Statement};
use crate::oracle::judge_chain;
use crate::world::chain::Chain;
use crate::world::{Bearer, PARTIES, World};
use crate::worlds::ask::{answers_of_engine, folder};
use crate::worlds::{known_chain, observe};

/// Whoever answers what each period of a chain comes to.
type Judge = fn(&Chain) -> Vec<Answer>;

fn oracle(chain: &Chain) -> Vec<Answer> {
    judge_chain(chain).into_iter().map(|expected| expected.answer).collect()
}

fn engine(chain: &Chain) -> Vec<Answer> {
    answers_of_engine(chain, folder().path()).into_iter().map(|(answer, _)| answer).collect()
}

fn bent(chain: &Chain, bend: impl Fn(&World) -> World) -> Chain {
    let mut chain = chain.clone();
    for run in &mut chain.runs {
        run.world = bend(&run.world);
    }
    chain
}

/// The chain of a seed. A threshold looks at how much there is, and so at what a law lets change.
fn lawful(seed: u64) -> Chain {
    bent(&known_chain(seed), |world| world.clone().without_thresholds())
}

/// Swapping decides nothing but who is called A; the map of tiers has a direction, and is left out.
fn swappable(seed: u64) -> Chain {
    bent(&lawful(seed), |world| World { tiers: None, ..world.clone() })
}

fn swapping_flips_only_the_sign(seed: u64, judge: Judge) {
    let chain = swappable(seed);
    let swapped = bent(&chain, World::swapped);
    for (before, after) in judge(&chain).iter().zip(&judge(&swapped)) {
        assert_same(&seen_swapped(before), after);
    }
}

fn duplicates_change_nothing_else(seed: u64, judge: Judge) {
    let chain = lawful(seed);
    let longer = bent(&chain, |world| world.with_duplicates(seed));
    for (before, after) in judge(&chain).into_iter().zip(judge(&longer)) {
        assert_same(&without_repetitions(before), &without_repetitions(after));
    }
}

fn figures(answers: &[Answer]) -> Vec<Vec<String>> {
    let of = |answer: &Answer| answer.statements.iter().map(Statement::to_string).collect();
    answers.iter().map(of).collect()
}

/// A pair of the first period and its full reversal, both sent with the second.
fn a_late_pair_with_its_reversal_leaves_the_net_alone(seed: u64, judge: Judge) {
    let mut chain = lawful(seed);
    for run in &mut chain.runs {
        run.world.caps.clear();
        run.world.minimums.clear();
        // A balance that moved would not be the one that is reported.
        for party in PARTIES {
            let side = run.world.side_mut(party);
            (side.opening, side.accounts, side.lots) = (None, None, None);
        }
    }
    if chain.runs.len() < 2 {
        return;
    }
    let mut longer = chain.clone();
    let Some(first) = chain.runs[0].world.with_reversed_pair(seed) else { return };
    for party in PARTIES {
        let known = chain.runs[0].world.side(party).ledger.len();
        let late = first.side(party).ledger[known..].to_vec();
        longer.runs[1].world.side_mut(party).ledger.extend(late);
        for run in &mut longer.runs {
            run.world.side_mut(party).members.clone_from(&first.side(party).members);
        }
    }
    for run in &mut longer.runs {
        run.world.links.clone_from(&first.links);
        let newcomers = first.consents.iter().flatten().last().cloned();
        run.world.consents.iter_mut().for_each(|consents| consents.extend(newcomers.clone()));
    }
    assert_eq!(figures(&judge(&chain)), figures(&judge(&longer)), "seed {seed}");
}

fn a_held_item_leaves_every_net_alone(seed: u64, judge: Judge) {
    let chain = bent(&lawful(seed), |world| World { settings: Vec::new(), ..world.clone() });
    let Some(first) = chain.runs[0].world.with_held_pair(seed) else { return };
    let mut longer = chain.clone();
    for run in &mut longer.runs {
        run.world.links.clone_from(&first.links);
        // What is granted anew in a later period stays so.
        let newcomers = first.consents.iter().flatten().last().cloned();
        run.world.consents.iter_mut().for_each(|consents| consents.extend(newcomers.clone()));
        for party in PARTIES {
            run.world.side_mut(party).members.clone_from(&first.side(party).members);
        }
    }
    longer.runs[0].world = first;
    let nets = |answers: Vec<Answer>| -> Vec<String> {
        let all = answers.into_iter().flat_map(|answer| answer.statements);
        all.map(|one| format!("{} {} {}", one.currency, one.net, one.carry_forward)).collect()
    };
    assert_eq!(nets(judge(&chain)), nets(judge(&longer)), "seed {seed}");
}

/// Spends of March on both sides of a change of rate, sent with April: each has its own line.
fn one_unit_over_a_boundary_changes_two_prior_lines(seed: u64, judge: Judge) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut points = || -> Vec<i64> { (0..rng.usize(1..5)).map(|_| rng.i64(2..5_000)).collect() };
    let (before, after) = (points(), points());
    let (mut fewer, mut more) = (before.clone(), after.clone());
    fewer[0] -= 1;
    more[0] += 1;
    let lines = |before: &[i64], after: &[i64]| {
        let late = super::around_a_boundary(before, after, [10_000, 70_000]);
        let mut chain = crate::oracle::examples::periods::quarter(
            |world| {
                world.rates.clone_from(&late.rates);
                world.fees = vec![crate::world::Fee::plain(2_000, Bearer::Issuer, None)];
            },
            |_, _| {},
        );
        let april = &mut chain.runs[1].world;
        (april.a.ledger, april.b.ledger) = (late.a.ledger.clone(), late.b.ledger.clone());
        let mut lines = judge(&chain).swap_remove(1).lines;
        lines.retain(|line| line.item == "gross");
        assert!(lines.iter().all(|line| line.origin_period == "2026-03"));
        lines
    };
    let (still, moved) = (lines(&before, &after), lines(&fewer, &more));
    assert_eq!((still.len(), moved.len()), (2, 2));
    assert_eq!(moved.iter().filter(|line| !still.contains(line)).count(), 2);
}

/// Seeds for the oracle, which is quick, and fewer for the engine.
macro_rules! laws {
    ($name:ident, $judge:expr, $seeds:expr, [$($law:ident),+ $(,)?]) => {
        mod $name {
            $(
                #[test]
                fn $law() {
                    for seed in $seeds {
                        super::$law(seed, $judge);
                    }
                }
            )+
        }
    };
}

laws!(
    of_the_oracle,
    super::oracle,
    0..60,
    [
        swapping_flips_only_the_sign,
        duplicates_change_nothing_else,
        a_late_pair_with_its_reversal_leaves_the_net_alone,
        a_held_item_leaves_every_net_alone,
        one_unit_over_a_boundary_changes_two_prior_lines,
    ]
);

laws!(
    of_the_engine,
    super::engine,
    0..12,
    [
        swapping_flips_only_the_sign,
        duplicates_change_nothing_else,
        a_late_pair_with_its_reversal_leaves_the_net_alone,
        a_held_item_leaves_every_net_alone,
    ]
);

/// The ids of each period's discrepancies, in the order of the periods.
fn ids(chain: &Chain) -> Vec<Vec<String>> {
    let dir = folder();
    let of = |(_, folder): (Answer, PathBuf)| {
        let mut ids: Vec<String> = observe::ids(&folder).into_iter().map(|(_, id)| id).collect();
        ids.sort();
        ids
    };
    answers_of_engine(chain, dir.path()).into_iter().map(of).collect()
}

/// The first chains, and of later ones those that first tell what members lack.
const TOLD_OF_MEMBERS: [u64; 3] = [12, 22, 93];

#[test]
fn both_partners_have_the_same_ids() {
    let mut missing = vec!["MBR-01", "MBR-02", "MBR-03", "MBR-04", "MBR-07", "CON-01", "CON-02"];
    for seed in (0..12).chain(TOLD_OF_MEMBERS) {
        let chain = swappable(seed);
        assert_eq!(ids(&chain), ids(&bent(&chain, World::swapped)), "seed {seed}");
        let answers = oracle(&chain);
        let found = || answers.iter().flat_map(|answer| &answer.discrepancies);
        missing.retain(|code| !found().any(|one| one.code == *code));
    }
    assert!(missing.is_empty(), "no chain tells {missing:?}: look for later ones that do");
}

/// What is closed has the bytes that it had, whatever comes after it, and however often it is
/// closed; and a chain has the same bytes wherever it is run.
#[test]
fn what_is_closed_keeps_its_bytes() {
    for seed in 0..12 {
        // Where decisions are looked up there is a provisional run beside what is closed.
        let chain = bent(&lawful(seed), |world| World { decisions: None, ..world.clone() });
        let first = Chain { runs: chain.runs[..1].to_vec() };
        let (one, other) = (folder(), folder());
        answers_of_engine(&first, one.path());
        answers_of_engine(&chain, other.path());
        let label = chain.runs[0].world.label();
        let bytes =
            |dir: &Path| crate::published::bytes_under(&dir.join("published/world").join(&label));
        // The first period sees other files where it reads those of the second.
        if !chain.runs[0].world.reads_following {
            assert_eq!(bytes(one.path()), bytes(other.path()), "seed {seed}");
        }
        let before = bytes(other.path());
        answers_of_engine(&chain, other.path());
        assert_eq!(before, bytes(other.path()), "seed {seed}");
    }
}
