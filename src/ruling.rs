//! What a pipeline made of the rules (规则设定): each switched off, weakened, or given thresholds.
//!
//! What a rule does to the clearing is asked here and nowhere of its page, so that a setting holds
//! wherever an effect or a severity decides.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

use crate::discrepancy::{Discrepancy, Effect, Rule, Severity};
use crate::value::points::Overflow;
use crate::value::price::{Worth, Worths};

/// What lies between two that look alike where nobody says otherwise: a minute.
pub const WITHIN_MICROS: i64 = 60_000_000;

/// What a pipeline made of one rule. What it left alone is as the rule's page says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ruling {
    /// Whether it is switched off: not judged, not reported, and nothing is held under it.
    pub is_off: bool,
    /// Another severity.
    pub severity: Option<Severity>,
    /// A weaker effect.
    pub effect: Option<Effect>,
    /// For EVT-05, how many microseconds may lie between two that look alike.
    pub within: Option<i64>,
    /// What makes the exit code 1.
    pub fail_on: Limits,
    /// What blocks the statement.
    pub block_on: Limits,
}

/// Thresholds over all discrepancies of one code: reached by any of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Discrepancies.
    pub count: Option<u64>,
    /// The sum of points.
    pub points: Option<u64>,
    /// The sum of the money at stake.
    pub money: Option<Decimal>,
    /// Discrepancies in hundredths of a per cent of the rows that came in.
    pub share: Option<u32>,
}

impl Limits {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Limits::default()
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = Measure::ALL.iter().filter_map(|measure| {
            self.text(*measure).map(|limit| format!("{} {limit}", measure.word()))
        });
        f.write_str(&texts.collect::<Vec<String>>().join(" or "))
    }
}

/// What a threshold measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Discrepancies.
    Count,
    /// Points.
    Points,
    /// Money.
    Money,
    /// Per cent of rows.
    Share,
}

impl Measure {
    /// Every measure, in order.
    pub const ALL: [Measure; 4] = [Measure::Count, Measure::Points, Measure::Money, Measure::Share];

    /// The word for it in pipelines and outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Measure::Count => "count",
            Measure::Points => "points",
            Measure::Money => "money",
            Measure::Share => "share",
        }
    }
}

impl Limits {
    /// A limit as it is written.
    #[must_use]
    pub fn text(&self, measure: Measure) -> Option<String> {
        match measure {
            Measure::Count => self.count.map(|count| count.to_string()),
            Measure::Points => self.points.map(|points| points.to_string()),
            Measure::Money => self.money.map(|money| money.normalize().to_string()),
            Measure::Share => self.share.map(percent),
        }
    }
}

fn percent(hundredths: u32) -> String {
    format!("{}%", Decimal::new(i64::from(hundredths), 2).normalize())
}

/// What reaching a threshold does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consequence {
    /// The exit code is 1.
    Fails,
    /// The statement is blocked.
    Blocks,
}

impl Consequence {
    /// The key of the pipeline that sets it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Consequence::Fails => "fail_on",
            Consequence::Blocks => "block_on",
        }
    }
}

/// A threshold that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The rule's code.
    pub code: &'static str,
    /// What follows.
    pub consequence: Consequence,
    /// What was measured.
    pub measure: Measure,
    /// The threshold.
    pub limit: String,
    /// What was found.
    pub found: String,
}

/// What a pipeline made of the rules, by code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rulings(BTreeMap<&'static str, Ruling>);

impl FromIterator<(&'static str, Ruling)> for Rulings {
    fn from_iter<T: IntoIterator<Item = (&'static str, Ruling)>>(rulings: T) -> Rulings {
        Rulings(rulings.into_iter().collect())
    }
}

impl Rulings {
    /// Whether a rule is judged.
    #[must_use]
    pub fn is_on(&self, rule: &Rule) -> bool {
        self.0.get(rule.code).is_none_or(|ruling| !ruling.is_off)
    }

    /// How grave what a rule finds is.
    #[must_use]
    pub fn severity(&self, rule: &Rule) -> Severity {
        self.0.get(rule.code).and_then(|ruling| ruling.severity).unwrap_or(rule.severity)
    }

    /// What a rule does to the clearing.
    #[must_use]
    pub fn effect(&self, rule: &Rule) -> Effect {
        self.0.get(rule.code).and_then(|ruling| ruling.effect).unwrap_or(rule.effect)
    }

    /// How many microseconds may lie between two that look alike (EVT-05).
    #[must_use]
    pub fn within(&self, rule: &Rule) -> i64 {
        self.0.get(rule.code).and_then(|ruling| ruling.within).unwrap_or(WITHIN_MICROS)
    }

    /// What was set, in the order of codes.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Ruling)> {
        self.0.iter().map(|(code, ruling)| (*code, ruling))
    }

    /// The thresholds that discrepancies reach, of `rows` that came in on both ledgers.
    ///
    /// # Errors
    /// [`Overflow`] when a sum of money cannot be exact.
    pub fn reached(
        &self,
        discrepancies: &[Discrepancy],
        rows: u64,
    ) -> Result<Vec<Reached>, Overflow> {
        let mut reached = Vec::new();
        for (&code, ruling) in &self.0 {
            let found = Found::of(discrepancies.iter().filter(|found| found.rule.code == code))?;
            for (consequence, limits) in
                [(Consequence::Fails, &ruling.fail_on), (Consequence::Blocks, &ruling.block_on)]
            {
                for measure in Measure::ALL {
                    let limit = limits.text(measure);
                    if let Some((limit, found)) = limit.zip(found.meets(limits, measure, rows)) {
                        reached.push(Reached { code, consequence, measure, limit, found });
                    }
                }
            }
        }
        Ok(reached)
    }
}

/// What the discrepancies of one code amount to.
struct Found {
    count: u64,
    points: u128,
    money: Worths,
}

impl Found {
    fn of<'d>(discrepancies: impl Iterator<Item = &'d Discrepancy>) -> Result<Found, Overflow> {
        let mut found = Found { count: 0, points: 0, money: Worths::default() };
        for discrepancy in discrepancies {
            found.count += 1;
            let points = match discrepancy.difference_points {
                Some(difference) => u128::from(difference.unsigned_abs()),
                None => discrepancy.item_points,
            };
            found.points = found.points.saturating_add(points);
            if let Some((amount, currency)) = discrepancy.amount_at_stake.zip(discrepancy.currency)
            {
                found.money.add(Worth { amount: amount.abs(), currency })?;
            }
        }
        Ok(found)
    }

    /// What was found, where it reaches the limit. Nothing reaches nothing.
    fn meets(&self, limits: &Limits, measure: Measure, rows: u64) -> Option<String> {
        // Ten thousand hundredths of a per cent are the whole. Both products of 64 bits and 32
        // bits fit into 128.
        let parts = u128::from(self.count) * 10_000;
        let (is_met, found) = match measure {
            Measure::Count => {
                (limits.count.is_some_and(|limit| self.count >= limit), self.count.to_string())
            }
            Measure::Points => {
                let is_met = limits.points.is_some_and(|limit| self.points >= u128::from(limit));
                (is_met, self.points.to_string())
            }
            Measure::Money => {
                // Each currency by itself: nothing is summed across them.
                let limit = limits.money;
                let meets = |worth: &Worth| limit.is_some_and(|limit| worth.amount >= limit);
                let met = self.money.iter().find(meets);
                // A limit of nothing is reached by nothing too.
                let is_met = met.is_some() || limit.is_some_and(|limit| limit.is_zero());
                let amount = met.map_or(Decimal::ZERO, |worth| worth.amount);
                (is_met, amount.normalize().to_string())
            }
            Measure::Share => {
                let reaches = |limit: u32| parts >= u128::from(limit) * u128::from(rows);
                (limits.share.is_some_and(reaches), format!("{} of {rows} rows", self.count))
            }
        };
        (is_met && self.count > 0).then_some(found)
    }
}

#[cfg(test)]
mod tests;
