//! What a run leaves behind: the published tables, the manifest, and a summary for people.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;

use super::evidence::Evidence;
use super::{Aim, Error, Known, Watch};
use crate::agreement::Agreement;
use crate::clear::ObligationKey;
use crate::control::{self, ControlTotal};
use crate::discrepancy::{Effect, Rule, Severity};
use crate::pipeline::Pipeline;
use crate::publish::{
    self, BLOCKED, CollisionEntry, FINAL, Final, Folder, Lock, Manifest, OutputFile, PROVISIONAL,
    PublishError, Published, REPORT, Stamp,
};
use crate::ruling::Reached;
use crate::statement::{Clearing, Statement};
use crate::value::kind::Action;
use crate::value::party::{A, B, Both, Party};
use crate::value::period::Period;
use crate::value::price::{Worth, Worths};

mod cleared;
mod collisions;
mod counts;
mod digest;
mod drawn;
mod items;
mod manifest;
mod open;
mod own;
mod report;
mod settled;
mod tables;
mod workbook;

use counts::Counts;
pub use drawn::Drawn;
pub use manifest::net_in_words;
use tables::{Shelf, write_tables};

/// What a run left behind.
#[derive(Debug)]
pub struct Outcome {
    /// Where.
    pub published: Published,
    /// The manifest.
    pub manifest: Manifest,
    /// What a person wants to know; `None` where the same run had published already.
    pub summary: Option<Summary>,
}

/// What a person wants to know of a run.
#[derive(Debug, Clone)]
pub struct Summary {
    /// Whether the run closes its period.
    pub is_final: bool,
    /// The agreement.
    pub agreement: Agreement,
    /// The period.
    pub period: Period,
    /// Control totals: feeds, then roles.
    pub totals: Vec<ControlTotal>,
    /// What came in by role and what became of it.
    pub conservation: Both<control::Conservation>,
    /// Pairs by issuer and rule.
    pub matches: Vec<MatchCount>,
    /// Legs without a mirror: the issuer's own, and the acceptor's, by issuer.
    pub alone: Both<(u64, u64)>,
    /// Links by standing, in alphabetical order.
    pub links: BTreeMap<&'static str, u64>,
    /// Discrepancies by code, and within it by severity and effect.
    pub discrepancies: Vec<Tally>,
    /// The statements, one per currency; `None` where they are blocked.
    pub clearing: Option<Clearing>,
    /// What blocks the statement.
    pub blocking: Vec<Blocking>,
    /// The thresholds that were reached.
    pub reached: Vec<Reached>,
    /// Refused rows: where, and why.
    pub refused: Vec<(String, String)>,
    /// Ids that tools which fold case take for one.
    pub collisions: Vec<CollisionEntry>,
}

/// Discrepancies that a rule found.
#[derive(Debug, Clone)]
pub struct Tally {
    /// The rule.
    pub rule: &'static Rule,
    /// How grave they are.
    pub severity: Severity,
    /// What they do to the clearing.
    pub effect: Effect,
    /// How many.
    pub count: u64,
    /// The exact money at stake, by currency.
    pub stake: Worths,
    /// The age of the oldest.
    pub oldest_days: i32,
    /// Of how many a decision moved what was held, by what it did.
    pub decided: BTreeMap<Action, u64>,
}

/// A discrepancy that blocks the statement, in words that hold no member's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocking {
    /// The rule.
    pub rule: &'static Rule,
    /// The first file and line, where it is about one.
    pub place: Option<String>,
    /// Why.
    pub reason: String,
}

/// How many pairs a rule made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchCount {
    /// Whose points.
    pub issuer: Party,
    /// The rule.
    pub rule: &'static str,
    /// Pairs.
    pub pairs: u64,
}

impl Outcome {
    /// The outcome of a run that had published already.
    #[must_use]
    pub fn already(published: Published, manifest: Manifest) -> Outcome {
        Outcome { published, manifest, summary: None }
    }

    /// Whether a discrepancy blocks the statement.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.manifest.is_blocked()
    }
}

/// Where a run publishes, and as what.
pub struct Shelves<'a> {
    /// The pipeline's folder.
    pub folder: &'a Folder,
    /// Its lock.
    pub lock: &'a Lock,
    /// Whether the publication closes the period.
    pub aim: Aim,
    /// The final publications that the run goes on from, the earliest first.
    pub finals: &'a [Final],
    /// Who hears of the rows as they are written.
    pub watch: &'a dyn Watch,
}

impl Aim {
    /// The status of a publication: a blocked statement closes nothing.
    fn status(self, evidence: &Evidence) -> &'static str {
        match self {
            _ if evidence.is_blocked() => BLOCKED,
            Aim::Provisional => PROVISIONAL,
            Aim::Final => FINAL,
        }
    }
}

/// Draws what the tables have of a portion, whose events stand on these lines.
///
/// # Errors
/// [`Error`] when a figure does not fit its column, or rows cannot be set aside.
pub fn draw(
    drawn: &mut Drawn,
    agreement: &Agreement,
    evidence: &Evidence,
    lines: &Both<Vec<ObligationKey>>,
    aim: Aim,
) -> Result<(), Error> {
    let (period, first_seen) = (&evidence.scope.period, first_seen(evidence));
    let items = items::Items { agreement, period, evidence, first_seen: &first_seen };
    drawn.draw(items, lines, aim)
}

/// About how many rows the tables have: those of all tables that may be long.
#[must_use]
pub fn rows(evidence: &Evidence, drawn: Option<&Drawn>) -> u64 {
    let found = evidence.discrepancies.len() as u64;
    let Some(drawn) = drawn else {
        let (a, b) = &evidence.judged;
        let accounts = evidence.accounts.a.len() + evidence.accounts.b.len();
        let links = evidence.links.links.len();
        return found + (a.pairs.len() + b.pairs.len() + accounts + links) as u64;
    };
    let Drawn { cleared, open, settled, own, links, accounts, .. } = drawn;
    let merged = [cleared, open, settled, own, links, accounts];
    let aside = (drawn.held.len() + drawn.pending.len()) as u64;
    merged.iter().fold(found + aside, |sum, runs| sum.saturating_add(runs.rows()))
}

/// Writes every table, the page and the manifest, and publishes them by one rename. Where rows were
/// judged in portions, what their tables have was `drawn`, and the evidence has none.
///
/// # Errors
/// [`Error`] when anything cannot be written; nothing is published then.
pub fn publish(
    pipeline: &Pipeline,
    period: &Period,
    (evidence, drawn): (&Evidence, Option<&Drawn>),
    known: &Known,
    shelves: &Shelves<'_>,
) -> Result<Outcome, Error> {
    let Shelves { folder, lock, aim, finals, watch } = *shelves;
    let status = aim.status(evidence);
    let staging = folder.stage(lock)?;
    let agreement = &pipeline.agreement;
    let counts = match drawn {
        Some(drawn) => drawn.counts.clone(),
        None => Counts::of(evidence)?,
    };
    let totals = totals(evidence, &counts, agreement);
    let stamp = Stamp { period, digits: agreement.digits() };
    let mut shelf = Shelf::new(staging.path(), stamp, watch);
    let first_seen = first_seen(evidence);
    let items = items::Items { agreement, period, evidence, first_seen: &first_seen };
    let held = write_tables(&mut shelf, pipeline, (items, drawn), &totals, status)?;
    let outputs = shelf.outputs;
    let summary = Summary {
        is_final: status == FINAL,
        ..summarise(agreement, period, evidence, (totals, counts))?
    };
    let mut manifest = Manifest {
        status: status.to_owned(),
        ..manifest::manifest(pipeline, period, evidence, known, &summary, outputs)
    };
    let workbook = workbook::put(staging.path(), &manifest, &summary, evidence)?;
    manifest.outputs.push(workbook);
    manifest.outputs.sort();
    let page = report::report(pipeline, evidence, &summary, &manifest, (held, finals));
    publish::write_report(&page, Folder::create(staging.path(), REPORT)?)
        .map_err(|error| error.naming(&staging.path().join(REPORT)))?;
    let (bytes, blake3) =
        crate::source::digest(&staging.path().join(REPORT)).map_err(PublishError::from)?;
    // A page has no rows.
    manifest.outputs.push(OutputFile { file: REPORT.to_owned(), rows: 0, bytes, blake3 });
    manifest.outputs.sort();
    let file = Folder::create(staging.path(), "manifest.json")?;
    let mut text = serde_json::to_vec_pretty(&manifest).map_err(PublishError::from)?;
    text.push(b'\n');
    let written = std::io::Write::write_all(&mut &file, &text).and_then(|()| file.sync_all());
    let path = staging.path().join("manifest.json");
    written.map_err(|error| PublishError::from(error).naming(&path))?;
    let place = folder.publish(staging, period, &manifest, lock)?;
    Ok(Outcome { published: Published::New(place), manifest, summary: Some(summary) })
}

/// When each discrepancy was first seen, by its id.
fn first_seen(evidence: &Evidence) -> BTreeMap<&str, Date> {
    let before = evidence.first_seen.iter().map(|(id, day)| (id.as_str(), *day));
    let now = evidence.discrepancies.iter().map(|found| (found.id.as_str(), found.first_seen));
    before.chain(now).collect()
}

/// When what is due is due; `None` where nothing is.
fn due_date(agreement: &Agreement, period: &Period, statement: &Statement) -> Option<Date> {
    let last_day = period.end.plus(-1).day(&agreement.zone);
    last_day
        .and_then(|day| day.checked_add(i64::from(agreement.due_days).days()).ok())
        .filter(|_| statement.payer().is_some())
}

fn totals(evidence: &Evidence, counts: &Counts, agreement: &Agreement) -> Vec<ControlTotal> {
    let mut totals = evidence.intake.totals();
    for party in Party::BOTH {
        totals.extend(control::of_book(party, evidence.conservation.of(party), agreement.currency));
        totals.extend(counts.programmes.of(party).totals(party));
    }
    totals
}

fn summarise(
    agreement: &Agreement,
    period: &Period,
    evidence: &Evidence,
    (totals, counts): (Vec<ControlTotal>, Counts),
) -> Result<Summary, Error> {
    let mut tallies: BTreeMap<(&str, Severity, Effect), Tally> = BTreeMap::new();
    let decided = evidence.decided_by();
    for found in &evidence.discrepancies {
        let (rule, severity, effect) = (found.rule, found.severity, found.effect);
        let tally = tallies.entry((rule.code, severity, effect)).or_insert(Tally {
            rule,
            severity,
            effect,
            count: 0,
            stake: Worths::default(),
            oldest_days: 0,
            decided: BTreeMap::new(),
        });
        tally.count += 1;
        let moved = decided.get(found.id.as_str()).and_then(|rows| rows.first());
        if let Some((&row, decisions)) = moved.zip(evidence.intake.decisions.as_ref()) {
            *tally.decided.entry(decisions.action(row)).or_default() += 1;
        }
        tally.oldest_days = tally.oldest_days.max(found.age_days);
        if let (Some(amount), Some(currency)) = (found.amount_at_stake, found.currency) {
            tally.stake.add(Worth { amount, currency })?;
        }
    }
    let mut matches = Vec::new();
    for (index, rule) in (0_u8..).zip(&agreement.event_rules) {
        for issuer in Party::BOTH {
            let pairs = counts.pairs.of(issuer).get(&index).copied().unwrap_or_default();
            matches.push(MatchCount { issuer, rule: rule.word(), pairs });
        }
    }
    let blocks = evidence.discrepancies.iter().filter(|found| found.effect == Effect::Blocks);
    let blocking = blocks.map(|found| {
        let rows = &found.evidence;
        let place = rows.a.rows.first().or(rows.b.rows.first()).cloned();
        Blocking { rule: found.rule, place, reason: found.reason.clone() }
    });
    let rejects = evidence.intake.feeds.iter().flat_map(|feed| &feed.rejects);
    let refused = rejects.map(|reject| {
        let reason = match reject.column.as_str() {
            "" => reject.reason.clone(),
            column => format!("{column}: {}", reject.reason),
        };
        (format!("{}:{}", reject.file, reject.line), reason)
    });
    Ok(Summary {
        is_final: false,
        agreement: agreement.clone(),
        period: period.clone(),
        totals,
        conservation: evidence.conservation.clone(),
        matches,
        alone: counts.alone,
        links: counts.links,
        discrepancies: tallies.into_values().collect(),
        clearing: (!evidence.is_blocked()).then(|| evidence.clearing.clone()),
        blocking: blocking.collect(),
        reached: evidence.reached.clone(),
        refused: refused.collect(),
        collisions: counts.collisions.entries(),
    })
}

/// Both directions, for code that treats them alike.
fn directions(evidence: &Evidence) -> (items::Direction<'_, A>, items::Direction<'_, B>) {
    let books = &evidence.intake.books;
    (
        items::Direction {
            issuer: &books.a,
            acceptor: &books.b,
            lineage: &evidence.lineages.0,
            own: &evidence.own.0,
            judged: &evidence.judged.0,
        },
        items::Direction {
            issuer: &books.b,
            acceptor: &books.a,
            lineage: &evidence.lineages.1,
            own: &evidence.own.1,
            judged: &evidence.judged.1,
        },
    )
}
