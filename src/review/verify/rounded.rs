//! What lines come to where money is not rounded line by line: the sum of what each event comes to
//! where events are rounded, and a share of each party's total where statements are.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::super::charge::{Charge, InForce, Rounding, amounts, beneath};
use super::super::left::{Fall, falls, is_reversal};
use super::super::publication::{Publication, ReviewError, add};
use super::lines::Line;

/// What the events of a gross line come to, each rounded by itself.
#[derive(Debug, Clone, Default)]
pub(super) struct ByEvent {
    /// Gross, and then each charge beneath it in the order of its lines.
    pub(super) amounts: Vec<Decimal>,
    /// The exact worth of reversals that cannot be recomputed.
    pub(super) unknown: Decimal,
    /// How many these are.
    pub(super) unknowns: u64,
}

/// Sums gross, fees and taxes event by event, as the lines' terms ask for them. What a reversal
/// comes to is what its event falls by (docs/clearing.md): the amount of what was left of the event
/// less the amount of what is left of it then. So the event has to stand in this table or in a
/// final publication that the run took from; a reversal of another is not summed, and told.
pub(super) fn by_event(
    publication: &Publication,
    lines: &BTreeMap<i64, Line>,
    in_force: &InForce<'_>,
) -> Result<(BTreeMap<i64, ByEvent>, Vec<String>), ReviewError> {
    let asked = Asked::of(lines, in_force);
    let mut sums: BTreeMap<i64, ByEvent> = BTreeMap::new();
    let columns = ["line_no", "points", "rate", "kind", "acceptor_kind"];
    publication.scan("cleared_events", &columns, |_, row| {
        let figures = (row.integer(0), row.integer(1), row.decimal(2));
        if let (Some(line), Some(points), Some(rate)) = figures
            && !is_reversal([row.text(3), row.text(4)])
        {
            asked.take(&mut sums, line, points, 0, rate)?;
        }
        Ok(())
    })?;
    let (falls, unread) = falls(publication)?;
    for Fall { line, points, rate, left, .. } in falls {
        let (Some(line), Some(rate)) = (line, rate) else { continue };
        if let Some((before, after)) = left {
            asked.take(&mut sums, line, after, before, rate)?;
        } else {
            let sum = sums.entry(line).or_default();
            sum.unknowns += 1;
            let worth = rate.checked_mul(points.into()).ok_or(ReviewError::Overflow("amounts"))?;
            add(&mut sum.unknown, worth, "amounts")?;
        }
    }
    Ok((sums, unread))
}

/// What the terms ask for beneath each gross line.
struct Asked<'l> {
    charges: BTreeMap<i64, (Rounding<'l>, Vec<Charge>)>,
    lines: &'l BTreeMap<i64, Line>,
}

impl<'l> Asked<'l> {
    fn of(lines: &'l BTreeMap<i64, Line>, in_force: &InForce<'l>) -> Asked<'l> {
        let gross = lines.iter().filter(|(_, line)| line.kind == "gross");
        let charges = gross.filter_map(|(number, line)| {
            let period = line.origin_period.as_str();
            let charges = beneath(in_force.terms(period)?, &line.issuer, &line.flow)?;
            Some((*number, (in_force.rounding(period)?, charges)))
        });
        Asked { charges: charges.collect(), lines }
    }

    /// Adds what an event comes to with `after` points less what it comes to with `before`.
    fn take(
        &self,
        sums: &mut BTreeMap<i64, ByEvent>,
        line: i64,
        after: i64,
        before: i64,
        rate: Decimal,
    ) -> Result<(), ReviewError> {
        let (Some((rounding, charges)), Some(of)) =
            (self.charges.get(&line), self.lines.get(&line))
        else {
            return Ok(());
        };
        let digits = of.digits();
        let overflow = ReviewError::Overflow("amounts");
        let after = amounts(charges, after, rate, digits, *rounding).ok_or(overflow)?;
        let before = match before {
            0 => vec![Decimal::ZERO; after.len()],
            before => {
                let overflow = ReviewError::Overflow("amounts");
                amounts(charges, before, rate, digits, *rounding).ok_or(overflow)?
            }
        };
        let sum = sums.entry(line).or_default();
        sum.amounts.resize(after.len(), Decimal::ZERO);
        for ((sum, after), before) in sum.amounts.iter_mut().zip(after).zip(before) {
            add(sum, after, "amounts")?;
            add(sum, -before, "amounts")?;
        }
        Ok(())
    }
}

/// What each line on points comes to where only each party's total is rounded: the lines that it
/// pays share it by largest remainder, ties by the earlier line (domain.md §6.3), those on its own
/// points first.
pub(super) fn by_statement(
    lines: &BTreeMap<i64, Line>,
    rounding: Rounding<'_>,
) -> Option<BTreeMap<i64, Decimal>> {
    let mut shares = BTreeMap::new();
    let mut parties: BTreeMap<(&str, &str), Vec<(i64, &Line)>> = BTreeMap::new();
    for (number, line) in lines {
        if matches!(line.kind.as_str(), "gross" | "fee" | "tax") {
            let of = parties.entry((&line.currency, &line.payer)).or_default();
            of.push((*number, line));
        }
    }
    for lines in parties.into_values() {
        let digits = lines.first()?.1.digits();
        let unit = Decimal::new(1, digits);
        let mut exact = Decimal::ZERO;
        let mut floors = Decimal::ZERO;
        let mut rests: Vec<(Decimal, (bool, i64), Decimal)> = Vec::new();
        for (number, line) in lines {
            let rank = (line.issuer != line.payer, number);
            let part = line.exact?;
            let floor = part.checked_div(unit)?.floor().checked_mul(unit)?;
            exact = exact.checked_add(part)?;
            floors = floors.checked_add(floor)?;
            rests.push((part.checked_sub(floor)?, rank, floor));
        }
        let mut left = rounding.round(exact, digits)?.checked_sub(floors)?;
        rests.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        for (_, (_, number), floor) in rests {
            let more = if left > Decimal::ZERO { unit } else { Decimal::ZERO };
            left = left.checked_sub(more)?;
            shares.insert(number, floor.checked_add(more)?);
        }
    }
    Some(shares)
}
