//! The money at stake of discrepancies against the worth of what they are about, wherever that
//! stands: held, awaited or counted.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::super::publication::{Publication, ReviewError, Row, add};
use super::Check;
use super::found::BY_EVENTS;
use crate::value::money::counted;

/// An issuer's leg: whose points, and its number.
type Leg = (String, String);

/// A worth and its currency; none where no rate values the points.
type Worth = Option<(Decimal, String)>;

/// What a discrepancy says is at stake.
struct Stake {
    number: u64,
    code: String,
    discrepancy: String,
    issuer: String,
    /// The issuer's event ids, as they stand.
    legs: String,
    worth: Worth,
    effect: String,
    /// What is compared, what it should be and what it is.
    fields: [String; 3],
}

/// What the tables say of worths.
#[derive(Default)]
struct Worths {
    /// Of the legs that discrepancies name. Rows of one number may stand there several times.
    of_legs: BTreeMap<Leg, Vec<Worth>>,
    /// Of what is held under a discrepancy, with the issuer's event id, or none for an adjustment.
    held_under: BTreeMap<String, Vec<(Option<String>, Worth)>>,
    /// Decisions that gave other points than the leg's, and discrepancies that decisions moved.
    adjusting: BTreeSet<String>,
    decided: BTreeSet<String>,
}

/// The money at stake is the worth of the issuer's leg, as held, awaited or counted; of what is
/// ambiguous the sum of what is held, of suspected duplicates all but the first, of the partner's
/// statement what it differs by; and no other discrepancy has any.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let stakes = stakes(publication)?;
    let worths = Worths::of(publication, &stakes)?;
    let terms = publication.manifest.terms.iter();
    let currencies: BTreeSet<&str> = terms
        .filter(|term| term.term == "minimum settlement")
        .filter_map(|term| Some(term.value.split_once(' ')?.1))
        .collect();
    let mut compared: u64 = 0;
    for stake in &stakes {
        let Some(of) = worths.at_stake(stake, &currencies)? else { continue };
        compared += 1;
        if !of.contains(&stake.worth) {
            check.fault(|| {
                let of = of.first().and_then(Option::as_ref);
                format!(
                    "discrepancies row {}: {} at stake, and what it is about is worth {}",
                    stake.number,
                    in_words(stake.worth.as_ref()),
                    in_words(of)
                )
            });
        }
    }
    check.compared = counted(compared, "discrepancy");
    Ok(())
}

fn in_words(worth: Option<&(Decimal, String)>) -> String {
    worth.map_or_else(
        || "nothing".to_owned(),
        |(amount, currency)| format!("{} {currency}", amount.normalize()),
    )
}

fn worth(row: &Row<'_>, amount: usize, currency: usize) -> Worth {
    Some((row.decimal(amount)?, row.text(currency).to_owned()))
}

fn stakes(publication: &Publication) -> Result<Vec<Stake>, ReviewError> {
    let columns = [
        "code",
        "discrepancy_id",
        "issuer",
        "a_event_id",
        "b_event_id",
        "amount_at_stake",
        "currency",
        "effect",
        "field",
        "expected",
        "actual",
    ];
    let mut stakes = Vec::new();
    publication.scan("discrepancies", &columns, |number, row| {
        let text = |at: usize| row.text(at).to_owned();
        stakes.push(Stake {
            number,
            code: text(0),
            discrepancy: text(1),
            issuer: text(2),
            legs: text(if row.text(2) == "b" { 4 } else { 3 }),
            worth: worth(row, 5, 6),
            effect: text(7),
            fields: [8, 9, 10].map(text),
        });
        Ok(())
    })?;
    Ok(stakes)
}

impl Worths {
    fn of(publication: &Publication, stakes: &[Stake]) -> Result<Worths, ReviewError> {
        let mut worths = Worths::default();
        for stake in stakes.iter().filter(|stake| BY_EVENTS.contains(&stake.code.as_str())) {
            for id in stake.names() {
                worths.of_legs.insert((stake.issuer.clone(), id.to_owned()), Vec::new());
            }
        }
        let columns = ["decision_id", "discrepancy_id", "action", "outcome"];
        publication.scan("decisions", &columns, |_, row| {
            if row.text(3) == "applied" {
                worths.decided.insert(row.text(1).to_owned());
                if row.text(2) == "adjust" {
                    worths.adjusting.insert(row.text(0).to_owned());
                }
            }
            Ok(())
        })?;
        let columns = ["issuer", "issuer_event_id", "amount", "currency", "discrepancy_id"];
        for table in ["held", "pending"] {
            publication.scan(table, &columns, |_, row| {
                let worth = worth(row, 2, 3);
                worths.take(row, worth.clone());
                if let Some(id) = row.some_text(4) {
                    let under = worths.held_under.entry(id.to_owned()).or_default();
                    under.push((row.some_text(1).map(str::to_owned), worth));
                }
                Ok(())
            })?;
        }
        let columns = ["issuer", "issuer_event_id", "amount", "currency", "decision_id"];
        publication.scan("cleared_events", &columns, |_, row| {
            // What counts with other points than it was booked with is worth another sum.
            if !worths.adjusting.contains(row.text(4)) {
                worths.take(row, worth(row, 2, 3));
            }
            Ok(())
        })?;
        Ok(worths)
    }

    fn take(&mut self, row: &Row<'_>, worth: Worth) {
        let Some(id) = row.some_text(1) else { return };
        if let Some(known) = self.of_legs.get_mut(&(row.text(0).to_owned(), id.to_owned())) {
            known.push(worth);
        }
    }

    /// What may be at stake of a discrepancy; `None` where what it is about stands in no table,
    /// because it was excluded, was dropped, or is of another period.
    fn at_stake(
        &self,
        stake: &Stake,
        currencies: &BTreeSet<&str>,
    ) -> Result<Option<Vec<Worth>>, ReviewError> {
        let code = stake.code.as_str();
        let one = |worth: Worth| Ok(Some(vec![worth]));
        match code {
            "CLR-01" => one(stake.of_statement()),
            // Payments and disputes stand in no table.
            "CLR-02" => Ok(None),
            "EVT-10" | "LED-06" => {
                let is_held = matches!(stake.effect.as_str(), "held" | "blocks");
                if !is_held || self.decided.contains(&stake.discrepancy) {
                    return Ok(None);
                }
                let held = self.held_under.get(&stake.discrepancy).map_or(&[][..], Vec::as_slice);
                let names: BTreeSet<&str> = stake.names().collect();
                let is_named = |id: &Option<String>| match id {
                    Some(id) => names.contains(id.as_str()),
                    None => code == "LED-06",
                };
                let held = held.iter().filter(|(id, _)| is_named(id)).map(|(_, worth)| worth);
                let sum = sum(held)?;
                one(sum.filter(|(_, currency)| {
                    code != "LED-06" || currencies.contains(currency.as_str())
                }))
            }
            "EVT-05" => {
                let mut all = Vec::new();
                for id in stake.names() {
                    match self.of_leg(stake, id) {
                        [worth] => all.push(worth.clone()),
                        _ => return Ok(None),
                    }
                }
                let mut rests = Vec::new();
                for first in 0..all.len() {
                    let rest = all.iter().enumerate().filter(|(at, _)| *at != first);
                    rests.push(sum(rest.map(|(_, worth)| worth))?);
                }
                Ok(Some(rests))
            }
            // That a pair crosses a cut-off puts nothing at stake, and without a version no worth
            // is agreed.
            "EVT-06" | "AMT-07" => one(None),
            _ if !BY_EVENTS.contains(&code) => one(None),
            // An acceptor's leg alone has no worth that the agreement gives.
            _ if stake.legs.is_empty() => one(None),
            _ => {
                let known = self.of_leg(stake, &stake.legs);
                Ok((!known.is_empty()).then(|| known.to_vec()))
            }
        }
    }

    fn of_leg(&self, stake: &Stake, id: &str) -> &[Worth] {
        let leg = (stake.issuer.clone(), id.to_owned());
        self.of_legs.get(&leg).map_or(&[], Vec::as_slice)
    }
}

impl Stake {
    /// The issuer's legs that it names. Most codes name one, whose number may hold semicolons.
    fn names(&self) -> impl Iterator<Item = &str> {
        let is_list = matches!(self.code.as_str(), "EVT-05" | "EVT-10");
        let end = if is_list { ';' } else { '\0' };
        self.legs.split(end).filter(|id| !id.is_empty())
    }

    /// What the partner's statement differs by, in money.
    fn of_statement(&self) -> Worth {
        let [field, expected, actual] = &self.fields;
        let amount = |text: &str| text.parse::<Decimal>().unwrap_or_default();
        let currency = self.worth.as_ref()?.1.clone();
        let difference = match field.as_str() {
            "amount" => amount(actual).checked_sub(amount(expected))?,
            _ => Decimal::ZERO,
        };
        Some((difference, currency))
    }
}

/// The sum of worths of one currency; nothing where there are several, or none.
fn sum<'w>(worths: impl Iterator<Item = &'w Worth>) -> Result<Worth, ReviewError> {
    let mut sum: Worth = None;
    for (amount, currency) in worths.flatten() {
        let (total, of) = sum.get_or_insert_with(|| (Decimal::ZERO, currency.clone()));
        if of != currency {
            return Ok(None);
        }
        add(total, *amount, "money at stake")?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worth(amount: &str, currency: &str) -> Worth {
        Some((amount.parse().unwrap(), currency.to_owned()))
    }

    #[test]
    fn worths_are_summed_in_one_currency() {
        let rows = [
            (vec![], None),
            (vec![None], None),
            (vec![worth("1.5", "CNY"), None, worth("-0.5", "CNY")], worth("1", "CNY")),
            (vec![worth("1", "CNY"), worth("1", "USD")], None),
        ];
        for (worths, of) in rows {
            assert_eq!(sum(worths.iter()).unwrap(), of, "{worths:?}");
        }
    }
}
