//! What `report.html` tells, gathered from what the run found out.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Summary, due_date};
use crate::discrepancy::Discrepancy;
use crate::pipeline::Pipeline;
use crate::publish::{
    ClosedFigures, CodeTally, Decision, Final, ItemRow, Largest, Manifest, Paired, Report, Stated,
    StatementEntry, largest, largest_of_each,
};
use crate::run::Evidence;
use crate::statement::Clearing;
use crate::value::money::Currency;
use crate::value::party::{Both, Party};

/// What the page tells. `manifest` is that of the run, without the page itself.
#[must_use]
pub fn report<'a>(
    pipeline: &'a Pipeline,
    evidence: &'a Evidence,
    summary: &'a Summary,
    manifest: &'a Manifest,
    (held, finals): (Largest<ItemRow<'a>>, &[Final]),
) -> Report<'a> {
    let Summary { agreement, period, .. } = summary;
    let statements = summary.clearing.as_ref().map_or(&[][..], Clearing::statements);
    let stated = statements.iter().zip(&manifest.statements).map(|(statement, entry)| Stated {
        statement,
        due_date: due_date(agreement, period, statement),
        held: held_of(entry),
    });
    let tallies = summary.discrepancies.iter().map(|tally| CodeTally {
        rule: tally.rule,
        severity: tally.severity,
        effect: tally.effect,
        count: tally.count,
        stake: &tally.stake,
        oldest_days: tally.oldest_days,
        decided: tally.decided.values().sum(),
    });
    let blocking = summary.blocking.iter();
    let blocking =
        blocking.map(|one| (one.rule, one.place.clone().unwrap_or_default(), one.reason.clone()));
    let of_finals = finals.iter().flat_map(|publication| figures(&publication.manifest));
    Report {
        pipeline: &pipeline.name,
        pipeline_digest: &manifest.pipeline_digest,
        run_digest: &manifest.digest,
        agreement,
        period,
        status: &manifest.status,
        opening: &evidence.scope.past.opening,
        statements: stated.collect(),
        blocking: largest(blocking, |_, _| Ordering::Equal),
        reached: &summary.reached,
        tallies: tallies.collect(),
        conservation: &summary.conservation,
        paired: Both { a: paired(summary, Party::A), b: paired(summary, Party::B) },
        links: &summary.links,
        totals: &summary.totals,
        found: largest_found(&evidence.discrepancies),
        decided: decided(evidence),
        held,
        history: of_finals.chain(figures(manifest)).collect(),
        terms: &manifest.terms,
        inputs: &manifest.inputs,
        outputs: &manifest.outputs,
    }
}

/// The decisions that moved what was held, by discrepancy.
fn decided(evidence: &Evidence) -> BTreeMap<&str, Vec<Decision<'_>>> {
    let Some(decisions) = &evidence.intake.decisions else { return BTreeMap::new() };
    let told = |row: u32| Decision {
        id: decisions.decision_id(row),
        action: decisions.action(row),
        reason: decisions.reason(row).unwrap_or_default(),
        author: decisions.author(row).unwrap_or_default(),
        approver: decisions.approver(row).unwrap_or_default(),
        at: decisions.decided_at(row),
    };
    let all = evidence.decided_by().into_iter();
    all.map(|(id, rows)| (id, rows.into_iter().map(told).collect())).collect()
}

/// The discrepancies of each currency with the most money at stake first; those without money last.
#[must_use]
pub fn largest_found(discrepancies: &[Discrepancy]) -> Largest<&Discrepancy> {
    largest_of_each(discrepancies.iter(), in_currency, by_stake)
}

/// Currencies in their order, and what has no money last.
fn in_currency(found: &&Discrepancy) -> (bool, &'static str) {
    let code = found.amount_at_stake.and(found.currency).map(Currency::code);
    (code.is_none(), code.unwrap_or_default())
}

/// The largest held items of each currency first, then the oldest; those without money last.
#[must_use]
pub fn largest_held<'a>(held: &[ItemRow<'a>]) -> Largest<ItemRow<'a>> {
    let size = |item: &ItemRow<'_>| item.amount.map(|amount| amount.abs());
    let currency = |item: &&ItemRow<'a>| {
        let code = item.amount.and(item.currency.as_deref());
        (code.is_none(), code.unwrap_or_default().to_owned())
    };
    let found = largest_of_each(held.iter(), currency, |one, other| {
        size(other).cmp(&size(one)).then_with(|| other.age_days.cmp(&one.age_days))
    });
    Largest { rows: found.rows.into_iter().cloned().collect(), of: found.of }
}

/// The most money at stake first, then the gravest, the oldest, and the order in which they are
/// published.
fn by_stake(one: &&Discrepancy, other: &&Discrepancy) -> Ordering {
    let stake = |found: &Discrepancy| found.amount_at_stake.map(|amount| amount.abs());
    let key = |found: &Discrepancy| (stake(found), found.severity, found.age_days);
    key(other).cmp(&key(one))
}

/// How the legs of an issuer found their mirrors.
fn paired(summary: &Summary, issuer: Party) -> Paired {
    let by_rule = summary.matches.iter().filter(|matches| matches.issuer == issuer);
    let (issuer_only, acceptor_only) = *summary.alone.of(issuer);
    Paired {
        by_rule: by_rule.map(|matches| (matches.rule, matches.pairs)).collect(),
        issuer_only,
        acceptor_only,
    }
}

/// What a publication came to, by currency.
fn figures(manifest: &Manifest) -> impl Iterator<Item = ClosedFigures> {
    let discrepancies = manifest.discrepancies.values().sum();
    manifest.statements.iter().map(move |one| ClosedFigures {
        period: manifest.period.clone(),
        status: manifest.status.clone(),
        currency: one.currency.clone(),
        net: one.net.clone(),
        held: held_of(one),
        discrepancies,
    })
}

/// What is held, with at least the currency's minor digits.
fn held_of(entry: &StatementEntry) -> Both<String> {
    let digits = Currency::of(&entry.currency).map_or(0, Currency::digits);
    let shown = |held: &String| match held.parse::<Decimal>() {
        Ok(mut exact) => {
            exact.rescale(exact.scale().max(digits));
            exact.to_string()
        }
        Err(_) => held.clone(),
    };
    Both { a: shown(&entry.held_a), b: shown(&entry.held_b) }
}
