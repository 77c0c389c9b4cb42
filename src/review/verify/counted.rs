//! Counted events by themselves: kinds and signs against flow and side, the rule that paired them,
//! and ratio and rate against the terms that were in force when they happened.

use std::cmp::Ordering;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::super::manifest::{Manifest, Term};
use super::super::publication::{Cell, Publication, ReviewError, Row};
use super::Check;
use crate::value::kind::{Kind, Status};
use crate::value::money;

const COLUMNS: [&str; 26] = [
    "issuer",
    "flow",
    "kind",
    "acceptor_kind",
    "issuer_event_id",
    "acceptor_event_id",
    "issuer_status",
    "acceptor_status",
    "points",
    "issuer_points",
    "matched_by",
    "counter_event_id",
    "acceptor_counter_event_id",
    "order_no",
    "occurred_at",
    "accepted_at",
    "origin_period",
    "decision_id",
    "rate",
    "currency",
    "exact_numerator",
    "exact_denominator",
    "original_event_id",
    "acceptor_original_event_id",
    "issuer_file",
    "acceptor_file",
];

/// A term in force over a part of the period.
struct InForce<'m> {
    term: &'m Term,
    from: Timestamp,
    to: Timestamp,
}

/// What every counted event says of itself fits together, and they stand in their order.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let manifest = &publication.manifest;
    let mut terms = Vec::new();
    for term in &manifest.terms {
        match (term.from.parse(), term.to.parse()) {
            (Ok(from), Ok(to)) => terms.push(InForce { term, from, to }),
            _ => check.fault(|| format!("{}: the manifest says not when it holds", term.term)),
        }
    }
    let mut events: u64 = 0;
    let mut last: Option<(String, String, String)> = None;
    publication.scan("cleared_events", &COLUMNS, |number, row| {
        events = number;
        let mut fault = |what: &str| check.fault(|| format!("cleared_events row {number}: {what}"));
        for what in faults(row, manifest, &terms) {
            fault(what);
        }
        let key = key(row);
        if last.as_ref().is_some_and(|last| last.cmp(&key) == Ordering::Greater) {
            fault("it stands before an earlier one");
        }
        last = Some(key);
        Ok(())
    })?;
    check.compared = money::counted(events, "event");
    Ok(())
}

/// What decides where an event stands: whose points, when, and its number.
fn key(row: &Row<'_>) -> (String, String, String) {
    let at = match (row.cell(14), row.cell(15)) {
        (Cell::At(at), _) | (_, Cell::At(at)) => format!("{at:.6}"),
        _ => String::new(),
    };
    let id = row.some_text(4).unwrap_or_else(|| row.text(5));
    (row.text(0).to_owned(), at, id.to_owned())
}

fn faults(row: &Row<'_>, manifest: &Manifest, terms: &[InForce<'_>]) -> Vec<&'static str> {
    let mut faults = Vec::new();
    let mut expect = |is_so: bool, what: &'static str| {
        if !is_so {
            faults.push(what);
        }
    };
    let (issued, accepted) = (row.some_text(4).is_some(), row.some_text(5).is_some());
    let is_paired = issued && accepted;
    // A decision may let count what nothing else would.
    let is_decided = row.some_text(17).is_some();
    expect(issued || accepted, "it has no leg");
    expect(row.some_text(2).is_some() == issued, "its kind is of no leg");
    expect(row.some_text(3).is_some() == accepted, "its kind at the acceptor is of no leg");
    expect(row.some_text(6).is_some() == issued, "its status is of no leg");
    expect(row.some_text(7).is_some() == accepted, "its status at the acceptor is of no leg");
    expect(row.some_text(24).is_some() == issued, "its file is of no leg");
    expect(row.some_text(25).is_some() == accepted, "its file at the acceptor is of no leg");
    let exact = [20, 21].map(|at| row.integer(at).is_some());
    expect(exact[0] == exact[1] && (exact[0] || is_decided), "it has no exact mirror");
    expect(is_paired || is_decided, "it has one leg, and nobody decided it");
    let is_kind = |at: usize| row.some_text(at).is_none_or(|kind| Kind::WORDS.contains(&kind));
    let is_status = |at: usize| row.some_text(at).is_none_or(|one| Status::WORDS.contains(&one));
    expect(is_kind(2) && is_kind(3), "its kind is none");
    expect(is_status(6) && is_status(7), "its status is none");
    let reversal = Kind::Reversal.word();
    let is_reversal = [2, 3].iter().any(|&at| row.text(at) == reversal);
    if is_decided {
        return faults;
    }
    let posted = Status::Posted.word();
    expect(row.text(6) == posted && row.text(7) == posted, "it counts, and is not posted");
    let of_flow = match row.text(1) {
        "redemption" => (Kind::Xburn.word(), Kind::Xaccept.word()),
        "conversion" => (Kind::Xout.word(), Kind::Xin.word()),
        _ => (Kind::Xearn.word(), Kind::Xaward.word()),
    };
    let kinds = (row.text(2), row.text(3));
    expect(kinds == of_flow || kinds == (reversal, reversal), "its kinds are not of its flow");
    expect(!is_reversal || row.some_text(22).is_some(), "it reverses nothing");
    let booked = row.integer(9).map(i128::from);
    let cleared = row.integer(8).map(i128::from);
    let is_sale = row.text(1) == "sale";
    let of_booked = booked.map(|points| if is_sale { points } else { -points });
    expect(cleared == of_booked, "its points are not those of the issuer's leg");
    expect(is_matched(row, manifest), "the rule by which it is paired does not pair it");
    let is_ours = row.text(16) == manifest.period;
    if let (Cell::At(at), true, false) = (row.cell(14), is_ours, is_reversal) {
        let is_within = |text: &str, is_end: bool| {
            let edge = text.parse::<Timestamp>();
            edge.is_ok_and(|edge| if is_end { at < edge } else { edge <= at })
        };
        let within =
            is_within(&manifest.period_from, false) && is_within(&manifest.period_to, true);
        expect(within, "it happened in another period");
        let issuer = row.text(0);
        let in_force = |name: &str| {
            let is_it = |one: &&InForce<'_>| {
                one.term.term == name
                    && one.term.party.as_deref() == Some(issuer)
                    && one.from <= at
                    && at < one.to
            };
            terms.iter().find(is_it).map(|one| one.term.value.as_str())
        };
        let rate = in_force(&format!("{} rate", row.text(1)));
        expect(is_rate(row, rate), "its rate is not the one in force");
        let ratio = if is_sale { Some("1:1") } else { in_force("ratio") };
        expect(is_ratio(row, ratio), "its mirror is not at the ratio in force");
    }
    faults
}

/// Whether what the rule asks for holds of both legs, and of none before it that is by reference.
fn is_matched(row: &Row<'_>, manifest: &Manifest) -> bool {
    let names = |at: usize, id: usize| row.some_text(at).is_some_and(|it| it == row.text(id));
    let is_referred = names(12, 4) || names(11, 5);
    let rules = &manifest.matching;
    let Some(at) = rules.iter().position(|rule| rule.rule == row.text(10)) else { return false };
    let by_reference = rules.iter().position(|rule| rule.rule == "reference");
    if is_referred && by_reference.is_some_and(|first| first < at) {
        return false;
    }
    match row.text(10) {
        "reference" => is_referred,
        "order" => row.some_text(13).is_some(),
        _ => {
            let (Cell::At(issued), Cell::At(accepted)) = (row.cell(14), row.cell(15)) else {
                return false;
            };
            let apart = accepted.as_microsecond().checked_sub(issued.as_microsecond());
            let windows = rules.iter().filter(|rule| rule.rule == row.text(10));
            let holds = |(from, to): (i64, i64)| apart.is_some_and(|it| from <= it && it <= to);
            windows.filter_map(|rule| rule.from_micros.zip(rule.to_micros)).any(holds)
        }
    }
}

/// Whether the event's rate and currency are those of a term such as `0.008 CNY`; a flow without
/// money has neither.
fn is_rate(row: &Row<'_>, term: Option<&str>) -> bool {
    match (term, row.decimal(18)) {
        (Some("no money"), rate) => rate.is_none(),
        (Some(value), Some(rate)) => value.split_once(' ').is_some_and(|(of, currency)| {
            of.parse::<Decimal>().is_ok_and(|of| of == rate) && currency == row.text(19)
        }),
        _ => false,
    }
}

/// Whether points at a ratio such as `5:2` are the exact mirror.
fn is_ratio(row: &Row<'_>, term: Option<&str>) -> bool {
    let mirror = || {
        let (issued, accepted) = term?.split_once(':')?;
        let (issued, accepted): (i128, i128) = (issued.parse().ok()?, accepted.parse().ok()?);
        let (numerator, denominator) = (i128::from(row.integer(20)?), i128::from(row.integer(21)?));
        let points = i128::from(row.integer(8)?);
        let one = points.checked_mul(accepted)?.checked_mul(denominator)?;
        Some(one == numerator.checked_mul(issued)?)
    };
    mirror() == Some(true)
}
