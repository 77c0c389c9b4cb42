//! Synthetic partners: two believable programmes of any size, with known faults.
//!
//! ```text
//! order ─ census ─▶ parts ─ world ─▶ people ─ life, faults ─▶ rows ─ ledger, write ─▶ files
//!                                                       └── truth ──▶ truth.parquet
//! ```
//!
//! One pass per period goes through the people one by one; each lives a month of their own, so
//! that memory holds two balances a person and no event. Each person carries at most one fault,
//! and a fault's rows name nobody else, so that faults cannot meet and `truth.parquet` is exact:
//! a run with `--period P --as-of <the last day of P>` finds these discrepancies and no others.
//! The same order gives the same bytes on any machine: there is no clock here, no thread, no float
//! and no hash map.

mod calendar;
mod census;
mod declare;
mod faults;
mod flows;
mod ledger;
mod life;
mod truth;
mod world;
mod write;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use fastrand::Rng;
use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::value::party::Both;
use crate::value::token::{Algorithm, TokenKey};

use calendar::{AS_OF_DAY_MIN, Scene, month_after};
use census::{Census, mix};
use declare::Terms;
use flows::{Life, Press};
use ledger::Ledger;
use truth::Truth;
use world::{Person, World};
use write::Layout;

/// The codes of the two parties, with which their event numbers begin.
const CODES: Both<&str> = Both { a: "SKY", b: "HBR" };

/// The pipeline that runs on what is generated.
const PIPELINE: &str = "pipeline.yaml";

/// Most members: their number is part of an eleven-digit mobile number.
const MEMBERS_MAX: u64 = 99_000_000;

/// Most rows of one member and period on average: the steps of a life are seconds wide.
const ROWS_PER_MEMBER_MAX: u64 = 20_000;

/// What is to be generated.
#[derive(Debug, Clone)]
pub struct GenerateOrder {
    /// Members of each programme.
    pub members: u64,
    /// Ledger rows of each side and period, approximately.
    pub events: u64,
    /// The seed: another seed is another world.
    pub seed: u64,
    /// The share of members and of events that carry a fault, in parts per million. Above zero,
    /// each fault has a carrier from 120 members and 600 events on.
    pub faults_ppm: u32,
    /// The folder to write to; it is created where it does not exist.
    pub to: PathBuf,
    /// The files' formats.
    pub format: DataFormat,
    /// Year and month of the first period.
    pub first_period: (i16, i8),
    /// How many months.
    pub periods: u32,
    /// The as-of date of the last period, within it and not before its 12th; default its last day.
    /// The truth of the last period then holds for this date.
    pub as_of: Option<Date>,
    /// Whether one day of each period has no price, so that AMT-07 blocks the statement.
    pub blocking: bool,
    /// Whether some rows hold an event number that a reader must refuse (FIL-06).
    pub refused: bool,
    /// The only codes that faults may have; none named: all of them. A month in order shows what
    /// it shows: who overspends in it is LED-02, whatever is named here.
    pub codes: Vec<&'static str>,
}

/// The files' formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataFormat {
    /// Delimited text on both sides.
    Csv,
    /// Parquet on both sides.
    Parquet,
    /// Delimited text at A, Parquet at B.
    Mixed,
}

impl FromStr for DataFormat {
    type Err = GenerateError;

    fn from_str(text: &str) -> Result<DataFormat, GenerateError> {
        match text {
            "csv" => Ok(DataFormat::Csv),
            "parquet" => Ok(DataFormat::Parquet),
            "mixed" => Ok(DataFormat::Mixed),
            _ => Err(GenerateError::Order(format!(
                "`{text}` is no format; write csv, parquet or mixed"
            ))),
        }
    }
}

impl DataFormat {
    fn layouts(self) -> Both<Layout> {
        match self {
            DataFormat::Csv => Both { a: Layout::Csv, b: Layout::Csv },
            DataFormat::Parquet => Both { a: Layout::Parquet, b: Layout::Parquet },
            DataFormat::Mixed => Both { a: Layout::Csv, b: Layout::Parquet },
        }
    }
}

/// What was generated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// The pipeline file that runs on the data.
    pub pipeline: PathBuf,
    /// The file that says what a run must find.
    pub truth: PathBuf,
    /// The periods, such as `2026-03`.
    pub periods: Vec<String>,
    /// Members of each programme.
    pub members: u64,
    /// Ledger rows of each side, all periods together.
    pub events: Both<u64>,
    /// Discrepancies that runs must find, by code, all periods together.
    pub findings: BTreeMap<&'static str, u64>,
}

/// An order that cannot be carried out.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The order itself is at fault.
    #[error("{0}")]
    Order(String),
    /// The folder holds something that was not generated.
    #[error("{} is not empty, and nothing in it is written over", .0.display())]
    Occupied(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A Parquet file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// Why.
        source: parquet::errors::ParquetError,
    },
}

/// A share such as `0.01` in parts per million.
///
/// # Errors
/// When the text is no decimal between 0 and 1 with at most six places.
pub fn parse_share(text: &str) -> Result<u32, GenerateError> {
    let refused = || {
        GenerateError::Order(format!(
            "`{text}` is no share; write a decimal between 0 and 1 with at most six places"
        ))
    };
    // Decimal would read an exponent too, which nobody means by a share.
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(refused());
    }
    let share = Decimal::from_str(text).map_err(|_| refused())?.normalize();
    let factor = 6_u32.checked_sub(share.scale()).map(|places| 10_i128.pow(places));
    factor
        .and_then(|factor| share.mantissa().checked_mul(factor))
        .filter(|ppm| (0..=1_000_000).contains(ppm))
        .and_then(|ppm| u32::try_from(ppm).ok())
        .ok_or_else(refused)
}

/// The code of a fault, such as `EVT-01`.
///
/// # Errors
/// When no fault has this code.
pub fn parse_code(text: &str) -> Result<&'static str, GenerateError> {
    let known = census::codes();
    let found = known.iter().find(|code| code.eq_ignore_ascii_case(text.trim())).copied();
    found.ok_or_else(|| {
        let known = known.join(", ");
        GenerateError::Order(format!("`{text}` is the code of no fault; write some of {known}"))
    })
}

/// A month such as `2026-03` as year and month.
///
/// # Errors
/// When the text is no month.
pub fn parse_month(text: &str) -> Result<(i16, i8), GenerateError> {
    let first: Option<Date> =
        if text.len() == 7 { format!("{text}-01").parse().ok() } else { None };
    first
        .map(|first| (first.year(), first.month()))
        .ok_or_else(|| GenerateError::Order(format!("`{text}` is no month; write 2026-03")))
}

/// Writes two partners, what a run must find of them, and the pipeline that runs on them.
///
/// # Errors
/// When the order cannot be met, and when a file cannot be written.
pub fn generate(order: &GenerateOrder) -> Result<Generated, GenerateError> {
    let months = months(order)?;
    refuse_occupied(&order.to)?;
    let layouts = order.format.layouts();
    let shared = match order.format {
        DataFormat::Parquet => Layout::Parquet,
        DataFormat::Csv | DataFormat::Mixed => Layout::Csv,
    };
    let secret = format!("synthetic-contact-key-{:016x}\n", mix(order.seed, 0, 20));
    let key = TokenKey::new("synthetic-1", Algorithm::HmacSha256, secret.as_bytes())
        .map_err(|short| GenerateError::Order(short.to_string()))?;
    write_file(&order.to.join("keys"), "contact.key", &secret)?;
    let terms = Terms { months: &months, layouts, shared, blocking: order.blocking };
    write_file(&order.to, PIPELINE, &declare::pipeline(&terms))?;

    let truth_path = order.to.join("truth.parquet");
    let mut truth = Truth::create(&truth_path)?;
    let mut balances: Vec<Both<i64>> = Vec::new();
    let mut events = Both { a: 0, b: 0 };
    let mut periods = Vec::new();
    let dawn = *months.first().ok_or_else(|| GenerateError::Order("no period".to_owned()))?;
    for (index, &month) in months.iter().enumerate() {
        let as_of = order.as_of.filter(|_| index + 1 == months.len());
        let scene = Scene::new(month, index as u64, dawn, as_of, order.blocking)?;
        let folder = |whose: &str| {
            let path = order.to.join(whose).join(&scene.label);
            create_folder(&path).map(|()| path)
        };
        let folders = Both::try_from_fn(|party| folder(party.letter()))?;
        let mut world = World::create(&folders, &folder("shared")?, &layouts, shared, key.clone())?;
        let ledgers = Both::try_from_fn(|party| {
            Ledger::create(folders.of(party), party, *layouts.of(party), &scene)
        })?;
        let ledgers = month_of(order, &scene, &mut world, ledgers, &mut truth, &mut balances)?;
        world.finish()?;
        events.a += ledgers.a.rows;
        events.b += ledgers.b.rows;
        ledgers.a.finish()?;
        ledgers.b.finish()?;
        periods.push(scene.label);
    }
    Ok(Generated {
        pipeline: order.to.join(PIPELINE),
        truth: truth_path,
        periods,
        members: order.members,
        events,
        findings: truth.finish()?,
    })
}

/// Refuses a folder that holds anything, but for what was generated there before.
fn refuse_occupied(to: &Path) -> Result<(), GenerateError> {
    let Ok(mut entries) = fs::read_dir(to) else { return Ok(()) };
    let before = fs::read_to_string(to.join(PIPELINE)).unwrap_or_default();
    let is_ours = before.lines().take(2).any(|line| line.starts_with(declare::WRITTEN_BY));
    if entries.next().is_some() && !is_ours {
        return Err(GenerateError::Occupied(to.to_owned()));
    }
    Ok(())
}

/// Lets everybody live through one period. `balances` holds what each had when it began, and is
/// empty before the first.
fn month_of(
    order: &GenerateOrder,
    scene: &Scene,
    world: &mut World,
    ledgers: Both<Ledger>,
    truth: &mut Truth,
    balances: &mut Vec<Both<i64>>,
) -> Result<Both<Ledger>, GenerateError> {
    let GenerateOrder { members, events, seed, .. } = *order;
    let GenerateOrder { faults_ppm, refused, blocking, .. } = *order;
    let mut census =
        Census::new(members, events, seed, faults_ppm, refused, blocking, &order.codes);
    let mut press = Press::new(ledgers, truth);
    for index in 0..members {
        let person = Person::new(seed, index, census.part(index), scene);
        let mut rng = Rng::with_seed(mix(seed, index, 100 + scene.index));
        // Activity differs from person to person, and what was too much or too little so far is
        // made up for by and by.
        let activity = rng.u64(0..=2 * events / members);
        let due = (u128::from(events) * u128::from(index) / u128::from(members)) as u64;
        let quota = Both::from_fn(|party| {
            let rows = press.ledgers.of(party).rows;
            (activity + due.saturating_sub(rows) / 4).saturating_sub(rows.saturating_sub(due) / 4)
        });
        let slot = usize::try_from(index).ok();
        let opening = slot
            .and_then(|slot| balances.get(slot).copied())
            .unwrap_or_else(|| Both::from_fn(|party| person.first_balance(party)));
        let mut life = Life { press: &mut press, scene, person: &person, rng, balance: opening };
        life.live(quota)?;
        let closing = life.balance;
        world.write(&person, scene, opening, closing, press.truth)?;
        match slot.and_then(|slot| balances.get_mut(slot)) {
            Some(balance) => *balance = closing,
            None => balances.push(closing),
        }
    }
    Ok(press.ledgers)
}

/// The first day of each period, once the order is found to be one.
fn months(order: &GenerateOrder) -> Result<Vec<Date>, GenerateError> {
    let refuse = |reason: &str| Err(GenerateError::Order(reason.to_owned()));
    if !(2..=MEMBERS_MAX).contains(&order.members) {
        return refuse("write between 2 and 99000000 members");
    }
    if order.events / order.members > ROWS_PER_MEMBER_MAX {
        return refuse("write more members: one has at most 20000 events in a period");
    }
    if order.faults_ppm > 1_000_000 {
        return refuse("write a share of faults of at most 1");
    }
    if !(1..=120).contains(&order.periods) {
        return refuse("write between 1 and 120 periods");
    }
    for (code, asked, option) in
        [("FIL-06", order.refused, "--refused"), ("AMT-07", order.blocking, "--blocking")]
    {
        if order.codes.contains(&code) && !asked {
            return refuse(&format!("add `{option}`: without it no {code} is written"));
        }
        if asked && !order.codes.is_empty() && !order.codes.contains(&code) {
            return refuse(&format!("add {code} to the codes, or leave `{option}` out"));
        }
    }
    let (year, month) = order.first_period;
    let Ok(mut first) = Date::new(year, month, 1) else {
        return refuse("write a first period such as 2026-03");
    };
    let mut months = Vec::new();
    for _ in 0..order.periods {
        months.push(first);
        first = month_after(first)?;
    }
    if let (Some(as_of), Some(last)) = (order.as_of, months.last())
        && (as_of.first_of_month() != *last || as_of.day() < AS_OF_DAY_MIN)
    {
        return refuse("write an as-of date of the last period, from its 12th on");
    }
    Ok(months)
}

fn create_folder(path: &Path) -> Result<(), GenerateError> {
    fs::create_dir_all(path).map_err(|source| GenerateError::Io { path: path.to_owned(), source })
}

fn write_file(folder: &Path, name: &str, text: &str) -> Result<(), GenerateError> {
    create_folder(folder)?;
    let path = folder.join(name);
    fs::write(&path, text).map_err(|source| GenerateError::Io { path, source })
}

#[cfg(test)]
mod tests;
