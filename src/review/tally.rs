//! Discrepancies listed, filtered, sorted and summed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::decision::{Decision, decisions};
use super::publication::{Cell, Publication, ReviewError, add};

/// A discrepancy as its table says it. Members stand in the table alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The same on every run and for both partners.
    pub discrepancy_id: String,
    /// The rule.
    pub code: String,
    /// The fault.
    pub title: String,
    /// The fault in Chinese.
    pub title_zh: String,
    /// `information`, `warning`, `error` or `fatal`.
    pub severity: String,
    /// What became of its rows.
    pub effect: String,
    /// Whose points, where it is one party's.
    pub issuer: Option<String>,
    /// File and line at A.
    pub a_rows: Option<String>,
    /// Event ids at A.
    pub a_event_id: Option<String>,
    /// File and line at B.
    pub b_rows: Option<String>,
    /// Event ids at B.
    pub b_event_id: Option<String>,
    /// The field that differs.
    pub field: Option<String>,
    /// What it should be.
    pub expected: Option<String>,
    /// What was found.
    pub actual: Option<String>,
    /// Actual less expected.
    pub difference_points: Option<i64>,
    /// The exact worth.
    pub amount_at_stake: Option<Decimal>,
    /// Its currency.
    pub currency: Option<String>,
    /// The versions or the matching rule that applied.
    pub version: Option<String>,
    /// Why.
    pub reason: String,
    /// What explains the difference exactly.
    pub diagnosis: Option<String>,
    /// When a run first saw it.
    pub first_seen: String,
    /// Days since then.
    pub age_days: i64,
    /// The decisions that moved what was held under it, in their order.
    pub decisions: Vec<Decision>,
}

const COLUMNS: [&str; 22] = [
    "discrepancy_id",
    "code",
    "title",
    "title_zh",
    "severity",
    "effect",
    "issuer",
    "a_rows",
    "a_event_id",
    "b_rows",
    "b_event_id",
    "field",
    "expected",
    "actual",
    "difference_points",
    "amount_at_stake",
    "currency",
    "version",
    "reason",
    "diagnosis",
    "first_seen",
    "age_days",
];

/// Which discrepancies are wanted; an empty filter wants all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only these codes.
    pub codes: Vec<String>,
    /// Only these severities.
    pub severities: Vec<String>,
    /// Only these effects.
    pub effects: Vec<String>,
    /// Only those of this party's points: `a` or `b`.
    pub issuer: Option<String>,
    /// Only those that are at least so old.
    pub least_age_days: Option<i64>,
    /// Only those worth at least so much, whatever the sign.
    pub least_money: Option<Decimal>,
}

impl Filter {
    fn wants(&self, found: &Found) -> bool {
        let is_among = |wanted: &[String], it: &String| wanted.is_empty() || wanted.contains(it);
        is_among(&self.codes, &found.code)
            && is_among(&self.severities, &found.severity)
            && is_among(&self.effects, &found.effect)
            && (self.issuer.is_none() || self.issuer == found.issuer)
            && self.least_age_days.is_none_or(|least| found.age_days >= least)
            && self.least_money.is_none_or(|least| {
                found.amount_at_stake.is_some_and(|amount| amount.abs() >= least)
            })
    }
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// By code, then id.
    Code,
    /// The dearest first.
    Money,
    /// The oldest first.
    Age,
}

/// The discrepancies of a publication that a filter wants, in order.
///
/// # Errors
/// [`ReviewError`] when the table cannot be read.
pub fn discrepancies(
    publication: &Publication,
    filter: &Filter,
    sort: Sort,
) -> Result<Vec<Found>, ReviewError> {
    let mut list = Vec::new();
    let mut decided = decisions(publication)?;
    decided.values_mut().for_each(|all| all.retain(Decision::is_applied));
    publication.scan("discrepancies", &COLUMNS, |_, row| {
        let text = |at: usize| row.text(at).to_owned();
        let some = |at: usize| row.some_text(at).map(str::to_owned);
        let found = Found {
            discrepancy_id: text(0),
            code: text(1),
            title: text(2),
            title_zh: text(3),
            severity: text(4),
            effect: text(5),
            issuer: some(6),
            a_rows: some(7),
            a_event_id: some(8),
            b_rows: some(9),
            b_event_id: some(10),
            field: some(11),
            expected: some(12),
            actual: some(13),
            difference_points: row.integer(14),
            amount_at_stake: row.decimal(15),
            currency: some(16),
            version: some(17),
            reason: text(18),
            diagnosis: some(19),
            first_seen: match row.cell(20) {
                Cell::Day(day) => day.to_string(),
                _ => String::new(),
            },
            age_days: row.integer(21).unwrap_or_default(),
            decisions: decided.get(row.text(0)).cloned().unwrap_or_default(),
        };
        if filter.wants(&found) {
            list.push(found);
        }
        Ok(())
    })?;
    let identity = |found: &Found| (found.code.clone(), found.discrepancy_id.clone());
    match sort {
        Sort::Code => list.sort_by_cached_key(identity),
        Sort::Money => list.sort_by_cached_key(|found| {
            let amount = found.amount_at_stake.map(|amount| amount.abs());
            (Reverse(amount), identity(found))
        }),
        Sort::Age => {
            list.sort_by_cached_key(|found| (Reverse(found.age_days), identity(found)));
        }
    }
    Ok(list)
}

/// By what discrepancies are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The rule.
    Code,
    /// Whose points.
    Party,
    /// How grave.
    Severity,
    /// What became of the rows.
    Effect,
    /// How old.
    Age,
}

/// Discrepancies that have something in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Group {
    /// What they have in common.
    pub key: String,
    /// The same in words, where the key is a code.
    pub title: String,
    /// How many there are.
    pub count: u64,
    /// Of how many a decision moved what was held.
    pub decided: u64,
    /// Their exact worth by currency.
    pub money: BTreeMap<String, Decimal>,
    /// The age of the oldest.
    pub oldest_days: i64,
}

/// Ages in days that stand together, each from its first.
const AGES: [(i64, &str); 5] =
    [(0, "0-1"), (2, "2-7"), (8, "8-30"), (31, "31-90"), (91, "over 90")];

/// Sums discrepancies into groups, in the order of their keys.
///
/// # Errors
/// [`ReviewError::Overflow`] when a sum cannot be exact.
pub fn groups(list: &[Found], by: By) -> Result<Vec<Group>, ReviewError> {
    let mut groups: BTreeMap<(usize, &str), Group> = BTreeMap::new();
    for found in list {
        let (rank, key) = match by {
            By::Code => (0, found.code.as_str()),
            By::Party => (0, found.issuer.as_deref().unwrap_or("neither")),
            By::Effect => (0, found.effect.as_str()),
            By::Severity => {
                let order = ["fatal", "error", "warning", "information"];
                let rank = order.iter().position(|word| *word == found.severity);
                (rank.unwrap_or(order.len()), found.severity.as_str())
            }
            By::Age => {
                let within = |(from, _): &&(i64, &str)| *from <= found.age_days;
                let rank = AGES.iter().take_while(within).count().saturating_sub(1);
                (rank, AGES[rank].1)
            }
        };
        let group = groups.entry((rank, key)).or_default();
        if group.count == 0 {
            group.key = key.to_owned();
            group.oldest_days = found.age_days;
            if by == By::Code {
                group.title = format!("{} {}", found.title, found.title_zh);
            }
        }
        group.count += 1;
        group.decided += u64::from(!found.decisions.is_empty());
        group.oldest_days = group.oldest_days.max(found.age_days);
        if let (Some(amount), Some(currency)) = (found.amount_at_stake, &found.currency) {
            add(group.money.entry(currency.clone()).or_default(), amount, "amounts at stake")?;
        }
    }
    Ok(groups.into_values().collect())
}
