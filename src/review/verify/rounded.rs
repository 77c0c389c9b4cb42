//! What lines come to where money is not rounded line by line: the sum of what each event comes to
//! where events are rounded, and a share of each party's total where statements are.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::super::charge::{Charge, InForce, Rounding, beneath};
use super::super::publication::{Cell, Publication, ReviewError, Row, add};
use super::before::finals;
use super::lines::Line;
use crate::value::kind::Kind;

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

/// An event that is reversed: whose points, whether the issuer's leg names it, and its number.
type Event = (String, bool, String);

/// A reversal that counts.
struct Reversal {
    event: Option<Event>,
    /// When it happened, its number, and whether it is an acceptor's leg alone: its turn.
    turn: (String, String, bool),
    line: i64,
    points: i64,
    rate: Decimal,
}

const COLUMNS: [&str; 12] = [
    "line_no",
    "issuer",
    "points",
    "rate",
    "kind",
    "acceptor_kind",
    "issuer_event_id",
    "acceptor_event_id",
    "original_event_id",
    "acceptor_original_event_id",
    "occurred_at",
    "accepted_at",
];

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
    let mut reversals: Vec<Reversal> = Vec::new();
    publication.scan("cleared_events", &COLUMNS, |_, row| {
        let (Some(line), Some(points), Some(rate)) =
            (row.integer(0), row.integer(2), row.decimal(3))
        else {
            return Ok(());
        };
        if let Some(reversal) = reversal(row, line, points, rate) {
            reversals.push(reversal);
        } else {
            asked.take(&mut sums, line, points, 0, rate)?;
        }
        Ok(())
    })?;
    let (mut left, unread) = left_of(publication, &mut reversals)?;
    reversals.sort_by(|one, other| (&one.event, &one.turn).cmp(&(&other.event, &other.turn)));
    for Reversal { event, line, points, rate, .. } in reversals {
        let Some(before) = event.and_then(|event| left.get_mut(&event)) else {
            let sum = sums.entry(line).or_default();
            sum.unknowns += 1;
            let worth = rate.checked_mul(points.into()).ok_or(ReviewError::Overflow("amounts"))?;
            add(&mut sum.unknown, worth, "amounts")?;
            continue;
        };
        let after = before.checked_add(points).ok_or(ReviewError::Overflow("points"))?;
        asked.take(&mut sums, line, after, *before, rate)?;
        *before = after;
    }
    Ok((sums, unread))
}

/// The reversal that a row is, if it is one.
fn reversal(row: &Row<'_>, line: i64, points: i64, rate: Decimal) -> Option<Reversal> {
    if [4, 5].iter().all(|&kind| row.text(kind) != Kind::Reversal.word()) {
        return None;
    }
    let issuer = row.text(1).to_owned();
    let is_alone = row.some_text(6).is_none();
    let original = row.some_text(if is_alone { 9 } else { 8 });
    let event = original.map(|id| (issuer, !is_alone, id.to_owned()));
    let at = match row.cell(if is_alone { 11 } else { 10 }) {
        Cell::At(at) => format!("{at:.6}"),
        _ => String::new(),
    };
    let id = row.text(if is_alone { 7 } else { 6 }).to_owned();
    Some(Reversal { event, turn: (at, id, is_alone), line, points, rate })
}

/// What each event that is reversed has left before the first of the reversals: what it was cleared
/// for, in this run or in a final publication, less what was settled of it before. Events of which
/// no table says so have none.
fn left_of(
    publication: &Publication,
    reversals: &mut [Reversal],
) -> Result<(BTreeMap<Event, i64>, Vec<String>), ReviewError> {
    let mut left = BTreeMap::new();
    if reversals.is_empty() {
        return Ok((left, Vec::new()));
    }
    let (finals, unread) = finals(publication)?;
    let own = std::slice::from_ref(publication);
    // An acceptor's leg alone names an acceptor's leg, which is the event only if nothing pairs it.
    let mirrors: BTreeSet<(String, String)> = reversals
        .iter()
        .filter_map(|one| one.event.as_ref())
        .filter(|event| !event.1)
        .map(|event| (event.0.clone(), event.2.clone()))
        .collect();
    let mut paired: BTreeMap<(String, String), String> = BTreeMap::new();
    if !mirrors.is_empty() {
        for of in finals.iter().chain(own) {
            of.scan("cleared_events", &COLUMNS, |_, row| {
                let key = (row.text(1).to_owned(), row.text(7).to_owned());
                if let Some(leg) = row.some_text(6).filter(|_| mirrors.contains(&key)) {
                    paired.insert(key, leg.to_owned());
                }
                Ok(())
            })?;
        }
    }
    let event_of = |event: Event| match paired.get(&(event.0.clone(), event.2.clone())) {
        Some(leg) if !event.1 => (event.0, true, leg.clone()),
        _ => event,
    };
    for one in reversals.iter_mut() {
        one.event = one.event.take().map(&event_of);
    }
    let wanted: BTreeSet<Event> = reversals.iter().filter_map(|one| one.event.clone()).collect();
    let mut reversed: BTreeMap<Event, i64> = BTreeMap::new();
    // Rows of one number may both have been released: then nobody can tell which is reversed.
    let mut twice: BTreeSet<Event> = BTreeSet::new();
    for (is_own, of) in finals.iter().map(|of| (false, of)).chain([(true, publication)]) {
        of.scan("cleared_events", &COLUMNS, |_, row| {
            let points = row.integer(2).unwrap_or_default();
            let zero = Decimal::ZERO;
            if let Some(settled) = reversal(row, 0, points, zero) {
                let event = settled.event.map(&event_of).filter(|event| wanted.contains(event));
                if let Some(event) = event.filter(|_| !is_own) {
                    let sum = reversed.entry(event).or_default();
                    *sum = sum.checked_add(points).ok_or(ReviewError::Overflow("points"))?;
                }
                return Ok(());
            }
            let is_alone = row.some_text(6).is_none();
            let id = row.text(if is_alone { 7 } else { 6 }).to_owned();
            let event = (row.text(1).to_owned(), !is_alone, id);
            if wanted.contains(&event) && left.insert(event.clone(), points).is_some() {
                twice.insert(event);
            }
            Ok(())
        })?;
    }
    for (event, sum) in reversed {
        if let Some(left) = left.get_mut(&event) {
            *left = left.checked_add(sum).ok_or(ReviewError::Overflow("points"))?;
        }
    }
    left.retain(|event, _| !twice.contains(event));
    // Where a final publication is not here, only what it certainly had nothing of is known.
    if !unread.is_empty() {
        let ours = originals_of_the_period(publication, &wanted)?;
        left.retain(|event, _| ours.contains(event));
    }
    Ok((left, unread))
}

/// The wanted events that happened in the publication's own period: no earlier one settled any of
/// their reversals.
fn originals_of_the_period(
    publication: &Publication,
    wanted: &BTreeSet<Event>,
) -> Result<BTreeSet<Event>, ReviewError> {
    let mut ours = BTreeSet::new();
    let columns = ["issuer", "issuer_event_id", "acceptor_event_id", "origin_period"];
    publication.scan("cleared_events", &columns, |_, row| {
        let is_alone = row.some_text(1).is_none();
        let id = row.text(if is_alone { 2 } else { 1 }).to_owned();
        let event = (row.text(0).to_owned(), !is_alone, id);
        if row.text(3) == publication.manifest.period && wanted.contains(&event) {
            ours.insert(event);
        }
        Ok(())
    })?;
    Ok(ours)
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
        let after = amounts(charges, after, rate, (*rounding, digits)).ok_or(overflow)?;
        let before = match before {
            0 => vec![Decimal::ZERO; after.len()],
            before => {
                let overflow = ReviewError::Overflow("amounts");
                amounts(charges, before, rate, (*rounding, digits)).ok_or(overflow)?
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

/// Gross of an event and each charge on it, every one rounded.
fn amounts(
    charges: &[Charge],
    points: i64,
    rate: Decimal,
    (rounding, digits): (Rounding<'_>, u32),
) -> Option<Vec<Decimal>> {
    let round = |amount: Decimal| rounding.round(amount, digits);
    let mut amounts = vec![round(rate.checked_mul(points.into())?)?];
    for (at, charge) in (1..).zip(charges) {
        let base = *amounts.get(at - charge.above)?;
        let share = round(charge.of(base)?)?;
        amounts.push(if charge.kind == "fee" { charge.bounded(share, base) } else { share });
    }
    Some(amounts)
}

/// What each line on points comes to where only each party's total is rounded: the lines that it
/// pays share it by largest remainder, ties by the earlier line (domain.md §6.3).
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
        let mut rests: Vec<(Decimal, i64, Decimal)> = Vec::new();
        for (number, line) in lines {
            let part = line.exact?;
            let floor = part.checked_div(unit)?.floor().checked_mul(unit)?;
            exact = exact.checked_add(part)?;
            floors = floors.checked_add(floor)?;
            rests.push((part.checked_sub(floor)?, number, floor));
        }
        let mut left = rounding.round(exact, digits)?.checked_sub(floors)?;
        rests.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        for (_, number, floor) in rests {
            let more = if left > Decimal::ZERO { unit } else { Decimal::ZERO };
            left = left.checked_sub(more)?;
            shares.insert(number, floor.checked_add(more)?);
        }
    }
    Some(shares)
}
