//! Generated partners carry known faults: a run finds these, with these events and members, and no
//! others.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use hutong::generate::{DataFormat, GenerateOrder};
use rust_decimal::Decimal;

use crate::published::{Sheet, generated, month_order, ran, small_order};

/// A discrepancy as far as truth knows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    code: String,
    /// Whose points, or whose book or feed.
    party: String,
    events: [BTreeSet<String>; 2],
    members: [BTreeSet<String>; 2],
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b] = &self.events;
        let [of_a, of_b] = &self.members;
        write!(f, "{} {} events {a:?} {b:?} members {of_a:?} {of_b:?}", self.code, self.party)
    }
}

fn set(joined: &str) -> BTreeSet<String> {
    joined.split(';').filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// What a row of `truth.parquet` or of `discrepancies.parquet` says.
fn found(record: &BTreeMap<&str, &str>, party: &str) -> Found {
    Found {
        code: record["code"].to_owned(),
        party: record[party].to_owned(),
        events: [set(record["a_event_id"]), set(record["b_event_id"])],
        members: [set(record["a_member"]), set(record["b_member"])],
    }
}

/// Whether a discrepancy is of members, or of rows that nobody issued anything by; the side on
/// which its events and members stand tells whose they are.
fn is_without_issuer(found: &Found) -> bool {
    let families = ["MBR", "TIR", "FIL", "EVT-03", "EVT-04"];
    found.party.is_empty() && families.iter().any(|family| found.code.starts_with(family))
}

/// The members of a refused row: the engine names only its file and line, where truth knows whose
/// row was spoilt.
fn refused_members(root: &Path, rows: &str) -> BTreeSet<String> {
    let read = |place: &str| {
        let (file, line) = place.rsplit_once(':').unwrap();
        let line: usize = line.parse().unwrap();
        let path = root.join(file);
        if file.ends_with(".parquet") {
            let sheet = Sheet::read(&path);
            return sheet.rows[line - 1][sheet.place("member_no")].clone();
        }
        let text = std::fs::read_to_string(path).unwrap();
        let cell = text.lines().nth(line - 1).unwrap().split(',').nth(1).unwrap();
        cell.trim_matches('"').to_owned()
    };
    rows.split(';').filter(|place| !place.is_empty()).map(read).collect()
}

/// The money at stake in an EVT-10 is that of all its legs, since all of them are held.
#[track_caller]
fn assert_ties_are_worth_what_they_hold(folder: &Path, discrepancies: &Sheet) {
    let decimal = |text: &str| text.parse().unwrap_or(Decimal::ZERO).normalize();
    let held = Sheet::read(&folder.join("held.parquet"));
    for tie in discrepancies.records().filter(|record| record["code"] == "EVT-10") {
        let legs = held.records().filter(|leg| leg["discrepancy_id"] == tie["discrepancy_id"]);
        let sum: Decimal = legs.map(|leg| decimal(leg["amount"])).sum();
        assert_eq!(decimal(tie["amount_at_stake"]), sum.normalize(), "{tie:?}");
    }
}

/// Runs every period of an order and holds what is published against the truth. Gives the number
/// of discrepancies.
#[track_caller]
fn check(order: &GenerateOrder) -> usize {
    let world = generated(order);
    let truth = Sheet::read(&world.truth);
    let mut total = 0;
    for period in &world.periods {
        let to = order.to.join("out");
        let mut run = month_order(&world.pipeline, period, &to);
        if let (Some(as_of), Some(last)) = (order.as_of, world.periods.last())
            && last == period
        {
            run.as_of = as_of;
        }
        let outcome = ran(&run);
        assert_eq!(outcome.is_blocked(), order.blocking, "{period} of {order:?}");
        let folder = outcome.published.folder();
        assert_eq!(folder.join("statement.parquet").exists(), !order.blocking);
        let sheet = Sheet::read(&folder.join("discrepancies.parquet"));
        let mut actual: Vec<Found> = sheet
            .records()
            .map(|record| {
                let mut found = found(&record, "issuer");
                if found.code == "FIL-06" {
                    found.members =
                        ["a_rows", "b_rows"].map(|rows| refused_members(&order.to, record[rows]));
                }
                found
            })
            .collect();
        assert_ties_are_worth_what_they_hold(folder, &sheet);
        let mut missing = Vec::new();
        for record in truth.records().filter(|record| record["period"] == period) {
            let wanted = found(&record, "party");
            let place = actual.iter().position(|found| {
                let members = found.members.iter().zip(&wanted.members);
                found.code == wanted.code
                    && found.events == wanted.events
                    && (found.party == wanted.party || is_without_issuer(found))
                    && members
                        .into_iter()
                        .all(|(found, wanted)| wanted.is_empty() || found == wanted)
            });
            match place {
                Some(place) => {
                    actual.swap_remove(place);
                    total += 1;
                }
                None => missing.push(format!("{wanted}: {}", record["note"])),
            }
        }
        actual.sort();
        assert!(
            missing.is_empty() && actual.is_empty(),
            "{period} of {order:?}\nnot found:\n  {}\nfound and not in truth:\n  {}",
            missing.join("\n  "),
            actual.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "),
        );
    }
    total
}

#[test]
fn a_run_finds_what_the_generator_put_in_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let small = small_order(dir.path());
    let large = GenerateOrder { members: 2_000, events: 10_000, ..small.clone() };
    let clean = GenerateOrder { faults_ppm: 0, refused: false, ..small.clone() };
    let rows = [
        (1, DataFormat::Csv, small.clone()),
        (2, DataFormat::Parquet, small.clone()),
        (3, DataFormat::Mixed, GenerateOrder { periods: 3, ..small.clone() }),
        (4, DataFormat::Mixed, GenerateOrder { refused: false, ..small.clone() }),
        (5, DataFormat::Csv, GenerateOrder { faults_ppm: 500_000, ..small.clone() }),
        (6, DataFormat::Csv, GenerateOrder { members: 120, events: 4_000, ..small.clone() }),
        (7, DataFormat::Mixed, GenerateOrder { first_period: (2027, 12), ..small.clone() }),
        (8, DataFormat::Mixed, GenerateOrder { as_of: "2026-03-19".parse().ok(), ..small }),
        (9, DataFormat::Csv, large.clone()),
        (10, DataFormat::Mixed, large),
    ];
    for (seed, format, order) in rows {
        let to = dir.path().join(seed.to_string());
        let total = check(&GenerateOrder { seed, format, to, ..order });
        assert!(total >= 25, "seed {seed} holds {total} discrepancies");
    }
    assert_eq!(check(&GenerateOrder { to: dir.path().join("clean"), ..clean }), 0);
}

/// AMT-07 blocks the statement; everything else is found all the same.
#[test]
fn a_day_without_a_price_blocks_the_statement_and_hides_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let blocking = GenerateOrder { blocking: true, ..small_order(dir.path()) };
    for (seed, members, events, periods) in [(21, 200, 900, 2), (22, 2_000, 10_000, 1)] {
        let to = dir.path().join(seed.to_string());
        let order = GenerateOrder { seed, members, events, periods, to, ..blocking.clone() };
        assert!(check(&order) >= 30, "seed {seed}");
    }
}

/// Many small worlds, one a seed: set `HUTONG_SEEDS` to try more.
#[test]
fn small_worlds_of_many_seeds_hold_no_surprise() {
    let count = std::env::var("HUTONG_SEEDS").map_or(12, |count| count.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    for seed in 100..100 + count {
        let to = dir.path().join(seed.to_string());
        let order = GenerateOrder { seed, to, ..small_order(dir.path()) };
        check(&GenerateOrder { members: 120, events: 600, faults_ppm: 100_000, ..order });
    }
}
