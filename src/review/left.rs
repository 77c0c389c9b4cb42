//! What is left of an event before and after each of its reversals: from the table of counted
//! events, and from those of the final publications that the run took from.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::before::finals;
use super::publication::{Cell, Publication, ReviewError, Row};
use crate::value::kind::Kind;

/// An event that is reversed: whose points, whether the issuer's leg names it, and its number.
type Event = (String, bool, String);

/// A reversal that counts.
struct Reversal {
    event: Option<Event>,
    /// When it happened, its number, and whether it is an acceptor's leg alone: its turn.
    turn: (String, String, bool),
    row: u64,
    line: Option<i64>,
    points: i64,
    rate: Option<Decimal>,
}

/// What a reversal that counts makes of its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fall {
    /// Its row of `cleared_events`.
    pub row: u64,
    /// Its gross line.
    pub line: Option<i64>,
    /// Points, below zero.
    pub points: i64,
    /// Its rate.
    pub rate: Option<Decimal>,
    /// What was left of the event before it and after it, where a table says so.
    pub left: Option<(i64, i64)>,
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

/// Whether one of a pair's kinds is a reversal.
pub(super) fn is_reversal(kinds: [&str; 2]) -> bool {
    kinds.contains(&Kind::Reversal.word())
}

/// Every reversal that counts, each event's in their order, and why earlier publications were not
/// read.
///
/// # Errors
/// [`ReviewError`] when a table cannot be read, or points leave 64 bits.
pub(super) fn falls(publication: &Publication) -> Result<(Vec<Fall>, Vec<String>), ReviewError> {
    let mut reversals: Vec<Reversal> = Vec::new();
    publication.scan("cleared_events", &COLUMNS, |number, row| {
        reversals.extend(reversal(number, row));
        Ok(())
    })?;
    let (mut left, unread) = left_of(publication, &mut reversals)?;
    reversals.sort_by(|one, other| (&one.event, &one.turn).cmp(&(&other.event, &other.turn)));
    let mut falls = Vec::new();
    for Reversal { event, row, line, points, rate, .. } in reversals {
        let mut of = None;
        if let Some(before) = event.and_then(|event| left.get_mut(&event)) {
            let after = before.checked_add(points).ok_or(ReviewError::Overflow("points"))?;
            of = Some((*before, after));
            *before = after;
        }
        falls.push(Fall { row, line, points, rate, left: of });
    }
    Ok((falls, unread))
}

/// The reversal that a row is, if it is one.
fn reversal(number: u64, row: &Row<'_>) -> Option<Reversal> {
    if !is_reversal([row.text(4), row.text(5)]) {
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
    Some(Reversal {
        event,
        turn: (at, id, is_alone),
        row: number,
        line: row.integer(0),
        points: row.integer(2)?,
        rate: row.decimal(3),
    })
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
    let past = finals(publication)?;
    let (finals, unread) = &*past;
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
        of.scan("cleared_events", &COLUMNS, |number, row| {
            let points = row.integer(2).unwrap_or_default();
            if let Some(settled) = reversal(number, row) {
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
    Ok((left, unread.clone()))
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
