//! Samples of counted events for tests of detail (抽样): the same publication, method, size and seed
//! give the same sample, whatever the order of rows, the machine or the day.
//!
//! No generator of random numbers is needed: an event's lot is the BLAKE3 of the seed and its ids,
//! which nobody who wrote the event could choose.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::publication::{Publication, ReviewError};

/// How events are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Every event is as likely as every other.
    Random,
    /// Every line of the statement has its share of the sample, at least one event of each.
    Stratified,
    /// Monetary-unit sampling (货币单元抽样): an event is as likely as it is dear, and one that is worth
    /// an interval or more is certain to be drawn.
    MonetaryUnit,
}

/// An event that was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// The line that sums it.
    pub line_no: i64,
    /// Whose points.
    pub issuer: String,
    /// The issuer's leg, and `path:line` of it.
    pub issuer_leg: (String, String),
    /// The acceptor's leg, and `path:line` of it.
    pub acceptor_leg: (String, String),
    /// Cleared points.
    pub points: i64,
    /// The exact worth.
    pub amount: Decimal,
    /// Its currency.
    pub currency: String,
    /// How often an interval ended in it; one for other methods.
    pub hits: u64,
    /// The lot that decided.
    lot: [u8; 32],
    /// The exact worth in millionths, without sign.
    units: u128,
}

/// A sample and what it was drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Events that could be drawn: those that a line of the statement sums.
    pub population: u64,
    /// Their worth without signs, by currency.
    pub worth: BTreeMap<String, Decimal>,
    /// The interval of monetary-unit sampling, by currency.
    pub intervals: BTreeMap<String, Decimal>,
    /// What was drawn, by line and event.
    pub drawn: Vec<Drawn>,
}

const COLUMNS: [&str; 11] = [
    "line_no",
    "issuer",
    "issuer_event_id",
    "issuer_file",
    "issuer_line",
    "acceptor_event_id",
    "acceptor_file",
    "acceptor_line",
    "points",
    "amount",
    "currency",
];

/// Draws `size` events of a publication.
///
/// # Errors
/// [`ReviewError`] when the table cannot be read.
pub fn sample(
    publication: &Publication,
    method: Method,
    size: usize,
    seed: &str,
) -> Result<Sample, ReviewError> {
    let events = events(publication, seed)?;
    let mut worth: BTreeMap<String, u128> = BTreeMap::new();
    for event in &events {
        *worth.entry(event.currency.clone()).or_default() += event.units;
    }
    let population = events.len() as u64;
    let mut intervals = BTreeMap::new();
    let mut drawn = match method {
        Method::Random => lots(events, size),
        Method::Stratified => stratified(events, size),
        Method::MonetaryUnit => {
            let (drawn, by_currency) = monetary_unit(events, &worth, size, seed);
            intervals = by_currency;
            drawn
        }
    };
    drawn.sort_by(|one, other| {
        (one.line_no, &one.issuer_leg, &one.acceptor_leg).cmp(&(
            other.line_no,
            &other.issuer_leg,
            &other.acceptor_leg,
        ))
    });
    let money = |units: BTreeMap<String, u128>| {
        units
            .into_iter()
            .filter_map(|(currency, units)| Some((currency, millionths(units)?)))
            .collect()
    };
    Ok(Sample { population, worth: money(worth), intervals: money(intervals), drawn })
}

/// Places of an exact worth.
const DIGITS: u32 = 6;

fn millionths(units: u128) -> Option<Decimal> {
    Decimal::try_from_i128_with_scale(i128::try_from(units).ok()?, DIGITS).ok()
}

/// The events that lines sum, each with its lot.
fn events(publication: &Publication, seed: &str) -> Result<Vec<Drawn>, ReviewError> {
    let mut events = Vec::new();
    publication.scan("cleared_events", &COLUMNS, |_, row| {
        let (Some(line_no), Some(amount)) = (row.integer(0), row.decimal(9)) else { return Ok(()) };
        let leg = |id: usize| {
            let place = match row.some_text(id + 1) {
                Some(file) => format!("{file}:{}", row.cell(id + 2)),
                None => String::new(),
            };
            (row.text(id).to_owned(), place)
        };
        let (issuer_leg, acceptor_leg) = (leg(2), leg(5));
        let lot = lot(seed, [row.text(1), &issuer_leg.0, &acceptor_leg.0]);
        let mut exact = amount.abs();
        exact.rescale(DIGITS);
        events.push(Drawn {
            line_no,
            issuer: row.text(1).to_owned(),
            issuer_leg,
            acceptor_leg,
            points: row.integer(8).unwrap_or_default(),
            amount,
            currency: row.text(10).to_owned(),
            hits: 1,
            lot,
            units: exact.mantissa().unsigned_abs(),
        });
        Ok(())
    })?;
    Ok(events)
}

fn lot(seed: &str, texts: [&str; 3]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for text in [seed].into_iter().chain(texts) {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().into()
}

/// Those with the lowest lots.
fn lots(mut events: Vec<Drawn>, size: usize) -> Vec<Drawn> {
    events.sort_by_key(|event| (event.lot, event.line_no));
    events.truncate(size);
    events
}

/// Each line's share by largest remainder, ties by the line's number (domain.md §6.3), and at least
/// one of each line.
fn stratified(events: Vec<Drawn>, size: usize) -> Vec<Drawn> {
    let total = events.len();
    let mut strata: BTreeMap<i64, Vec<Drawn>> = BTreeMap::new();
    for event in events {
        strata.entry(event.line_no).or_default().push(event);
    }
    let share = |stratum: &Vec<Drawn>| size * stratum.len() / total.max(1);
    let rest = |stratum: &Vec<Drawn>| size * stratum.len() % total.max(1);
    let given: usize = strata.values().map(share).sum();
    let mut by_rest: Vec<(usize, i64)> =
        strata.iter().map(|(line, stratum)| (rest(stratum), *line)).collect();
    by_rest.sort_by_key(|(rest, line)| (std::cmp::Reverse(*rest), *line));
    let lucky: Vec<i64> =
        by_rest.iter().take(size.saturating_sub(given)).map(|(_, line)| *line).collect();
    let drawn = strata.into_iter().flat_map(|(line, stratum)| {
        let size = share(&stratum) + usize::from(lucky.contains(&line));
        lots(stratum, size.max(1))
    });
    drawn.collect()
}

/// Walks each currency's worth in the order of the events' lots and takes the event in which each
/// interval ends; the first end is the lot of the seed itself. The size is shared among currencies
/// by the number of their events, at least one of each.
fn monetary_unit(
    events: Vec<Drawn>,
    worth: &BTreeMap<String, u128>,
    size: usize,
    seed: &str,
) -> (Vec<Drawn>, BTreeMap<String, u128>) {
    let total = events.len().max(1);
    let (mut drawn, mut intervals) = (Vec::new(), BTreeMap::new());
    for (currency, &worth) in worth {
        let is_of = |event: &&Drawn| event.currency == *currency && event.units > 0;
        let mut of: Vec<Drawn> = events.iter().filter(is_of).cloned().collect();
        of.sort_by_key(|event| (event.lot, event.line_no));
        let size = (size * of.len()).div_ceil(total).max(1);
        let interval = worth.div_ceil(size as u128).max(1);
        intervals.insert(currency.clone(), interval);
        let start = lot(seed, [currency, "", ""]);
        let mut first = [0; 16];
        first.copy_from_slice(&start[..16]);
        let mut next_end = u128::from_le_bytes(first) % interval;
        let mut walked: u128 = 0;
        for mut event in of {
            walked += event.units;
            if next_end >= walked {
                continue;
            }
            let hits = 1 + (walked - 1 - next_end) / interval;
            event.hits = u64::try_from(hits).unwrap_or(u64::MAX);
            next_end += hits * interval;
            drawn.push(event);
        }
    }
    (drawn, intervals)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Events of one currency, each worth its number of units, five a line.
    fn population(count: u128) -> Vec<Drawn> {
        (1..=count)
            .map(|at| {
                let id = format!("E{at}");
                Drawn {
                    line_no: i64::try_from(at / 5).unwrap(),
                    issuer: "a".into(),
                    lot: lot("seed", ["a", &id, ""]),
                    issuer_leg: (id, String::new()),
                    acceptor_leg: (String::new(), String::new()),
                    points: 1,
                    amount: millionths(at).unwrap(),
                    currency: "CNY".into(),
                    hits: 1,
                    units: at,
                }
            })
            .collect()
    }

    fn ids(drawn: &[Drawn]) -> Vec<&str> {
        drawn.iter().map(|event| event.issuer_leg.0.as_str()).collect()
    }

    #[test]
    fn the_order_of_rows_decides_nothing() {
        let (events, mut reversed) = (population(40), population(40));
        reversed.reverse();
        assert_eq!(ids(&lots(events.clone(), 7)), ids(&lots(reversed.clone(), 7)));
        let worth = BTreeMap::from([("CNY".to_owned(), 820)]);
        let drawn = |events| monetary_unit(events, &worth, 9, "seed").0;
        assert_eq!(ids(&drawn(events)), ids(&drawn(reversed)));
    }

    #[test]
    fn every_line_has_its_share() {
        let drawn = stratified(population(40), 16);
        let mut lines: Vec<i64> = drawn.iter().map(|event| event.line_no).collect();
        lines.dedup();
        assert_eq!(lines, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert!((16..=18).contains(&drawn.len()), "{}", drawn.len());
    }

    #[test]
    fn each_interval_ends_once_and_what_is_dear_is_certain() {
        let mut events = population(40);
        events[0].units = 10_000;
        let worth: u128 = events.iter().map(|event| event.units).sum();
        let worths = BTreeMap::from([("CNY".to_owned(), worth)]);
        for seed in ["1", "2", "3", "4"] {
            let (drawn, intervals) = monetary_unit(events.clone(), &worths, 10, seed);
            let hits: u64 = drawn.iter().map(|event| event.hits).sum();
            assert!((9..=10).contains(&hits), "{hits} of {intervals:?}");
            assert!(drawn.iter().any(|event| event.units == 10_000 && event.hits >= 9));
        }
    }
}
