//! What a manifest says of a run.

use std::collections::BTreeMap;

use super::Summary;
use crate::agreement::{Agreement, EventRule};
use crate::past::ClosedPeriod;
use crate::pipeline::Pipeline;
use crate::publish::{
    InputEntry, Manifest, MatchEntry, OutputFile, PROVISIONAL, PastEntry, StatementEntry,
    ThresholdEntry, TotalEntry,
};
use crate::ruling::Reached;
use crate::run::{Evidence, Known, terms};
use crate::statement::{Clearing, Statement};
use crate::value::party::Party;
use crate::value::period::Period;

/// What the manifest says of a run, before the files that are made of it.
pub fn manifest(
    pipeline: &Pipeline,
    period: &Period,
    evidence: &Evidence,
    known: &Known,
    summary: &Summary,
    outputs: Vec<OutputFile>,
) -> Manifest {
    let mut severities: BTreeMap<String, u64> = BTreeMap::new();
    let mut discrepancies: BTreeMap<String, u64> = BTreeMap::new();
    for tally in &summary.discrepancies {
        *severities.entry(tally.severity.word().to_owned()).or_default() += tally.count;
        *discrepancies.entry(tally.rule.code.to_owned()).or_default() += tally.count;
    }
    let inputs = evidence.intake.feeds.iter().flat_map(|feed| {
        feed.files.iter().map(|file| InputEntry {
            feed: format!("{} {}", feed.owner.word(), feed.kind.word()),
            path: file.path.clone(),
            bytes: file.bytes,
            rows: file.rows,
            blake3: file.blake3.clone(),
            sequences: evidence
                .intake
                .note(feed.owner)
                .map_or_else(Vec::new, |note| note.sequences_of(&file.path)),
        })
    });
    let statements = summary.clearing.as_ref().map_or(&[][..], Clearing::statements);
    let control_totals = summary.totals.iter().filter(|total| total.file.is_none());
    Manifest {
        engine: "hutong".to_owned(),
        engine_version: env!("CARGO_PKG_VERSION").to_owned(),
        digest: known.digest.clone(),
        pipeline: pipeline.name.clone(),
        pipeline_digest: pipeline.digest.clone(),
        agreement: pipeline.agreement.id.clone(),
        a_code: pipeline.agreement.parties.a.code.clone(),
        b_code: pipeline.agreement.parties.b.code.clone(),
        period: period.label.clone(),
        period_from: period.start.show(&pipeline.agreement.zone),
        period_to: period.end.show(&pipeline.agreement.zone),
        as_of: period.as_of.to_string(),
        status: PROVISIONAL.to_owned(),
        contact_key: pipeline.key_name.as_ref().map(|name| name.id.clone()),
        statements: statements.iter().map(|one| statement_entry(one, evidence)).collect(),
        net: summary.clearing.as_ref().map(|clearing| in_words(clearing, &pipeline.agreement)),
        severities,
        discrepancies,
        matching: pipeline.agreement.event_rules.iter().map(match_entry).collect(),
        thresholds: summary.reached.iter().map(threshold_entry).collect(),
        terms: terms::entries(&pipeline.agreement, period),
        past: evidence.scope.past.closed.iter().map(past_entry).collect(),
        inputs: inputs.collect(),
        outputs,
        control_totals: control_totals
            .map(|total| TotalEntry {
                owner: total.owner.to_owned(),
                subject: total.subject.to_owned(),
                stage: total.stage.to_owned(),
                rows: total.rows.unwrap_or_default(),
                points: total.points.unwrap_or_default().to_string(),
                money: total
                    .money
                    .map_or_else(|| "0".to_owned(), |worth| worth.amount.normalize().to_string()),
                currency: total.money.map(|worth| worth.currency.code().to_owned()),
            })
            .collect(),
        collisions: summary.collisions.clone(),
    }
}

fn threshold_entry(reached: &Reached) -> ThresholdEntry {
    ThresholdEntry {
        code: reached.code.to_owned(),
        key: reached.consequence.word().to_owned(),
        measure: reached.measure.word().to_owned(),
        limit: reached.limit.clone(),
        found: reached.found.clone(),
    }
}

fn match_entry(rule: &EventRule) -> MatchEntry {
    let (from_micros, to_micros) = match *rule {
        EventRule::Reference | EventRule::Order => (None, None),
        EventRule::Window { from_micros, to_micros } => (Some(from_micros), Some(to_micros)),
    };
    MatchEntry { rule: rule.word().to_owned(), from_micros, to_micros }
}

fn past_entry(closed: &ClosedPeriod) -> PastEntry {
    PastEntry {
        period: closed.period.label.clone(),
        place: closed.place.clone(),
        blake3: closed.digest.clone(),
    }
}

fn statement_entry(statement: &Statement, evidence: &Evidence) -> StatementEntry {
    let currency = statement.currency();
    let held = |party: Party| evidence.conservation.of(party).held.of(currency);
    StatementEntry {
        currency: currency.code().to_owned(),
        a_payable: statement.payables().a.decimal().to_string(),
        b_payable: statement.payables().b.decimal().to_string(),
        opening_carry: statement.opening_carry().decimal().to_string(),
        net: statement.net().decimal().to_string(),
        payer: statement.payer().map(|payer| payer.letter().to_owned()),
        amount_due: statement.amount_due().decimal().to_string(),
        carry_forward: statement.carry_forward().decimal().to_string(),
        held_a: held(Party::A).normalize().to_string(),
        held_b: held(Party::B).normalize().to_string(),
    }
}

/// The nets in a sentence each.
fn in_words(clearing: &Clearing, agreement: &Agreement) -> String {
    let nets = clearing.statements().iter();
    nets.map(|statement| net_in_words(statement, agreement)).collect::<Vec<_>>().join("; ")
}

/// The net in one sentence.
#[must_use]
pub fn net_in_words(statement: &Statement, agreement: &Agreement) -> String {
    let code = |party: Party| &agreement.parties.of(party).code;
    let currency = statement.currency();
    match (statement.payer(), statement.carry_forward()) {
        (Some(payer), _) => format!(
            "{} pays {} {} {currency}",
            code(payer),
            code(payer.partner()),
            statement.amount_due()
        ),
        (None, carry) if carry.signum() != 0 => {
            let debtor = if carry.signum() > 0 { Party::A } else { Party::B };
            format!(
                "nothing is due: {} {currency} that {} owes {} is below the minimum of {} \
                 and is carried forward",
                carry.abs(),
                code(debtor),
                code(debtor.partner()),
                agreement.minimum_of(currency)
            )
        }
        (None, _) if agreement.currencies.len() > 1 => {
            format!("nothing is due in {currency}: the books net to zero")
        }
        (None, _) => "nothing is due: the books net to zero".to_owned(),
    }
}
