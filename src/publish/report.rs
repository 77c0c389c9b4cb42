//! `report.html`: the publication for people. One page that opens without a network, in English and
//! Chinese, on a screen, on a telephone and on paper.
//!
//! What it says follows from the run alone: no clock, no machine, no path but those under the root.
//! Every value is escaped by the template; the one style and the one script are constants, and the
//! page's Content-Security-Policy allows exactly these by their digests and nothing else.

mod bar;
mod largest;
mod rows;
mod sheet;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::manifest::{InputEntry, OutputFile, TermEntry};
use super::{ItemRow, PublishError};
use crate::agreement::Agreement;
use crate::control::{Conservation, ControlTotal};
use crate::discrepancy::{Discrepancy, Effect, Rule, Say, Severity};
use crate::past::Opening;
use crate::ruling::Reached;
use crate::value::kind::Action;
use crate::value::money::grouped;
use crate::value::party::Both;
use crate::value::period::{Instant, Period};
use crate::value::price::Worths;

pub use largest::{Largest, SHOWN, largest, largest_of_each};
pub use sheet::Stated;

/// The page's name.
pub const REPORT: &str = "report.html";

const STYLE: &str = include_str!("report/style.css");
const SCRIPT: &str = include_str!("report/script.js");

/// What the page tells.
pub struct Report<'a> {
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The BLAKE3 digest of the pipeline file.
    pub pipeline_digest: &'a str,
    /// The digest of everything that decides the outputs.
    pub run_digest: &'a str,
    /// The agreement.
    pub agreement: &'a Agreement,
    /// The period.
    pub period: &'a Period,
    /// `provisional`, `final` or `blocked`.
    pub status: &'a str,
    /// Where opening figures come from.
    pub opening: &'a Opening,
    /// The statements, one per currency; none where they are blocked.
    pub statements: Vec<Stated<'a>>,
    /// What blocks the statement: the rule, the first place, and why.
    pub blocking: Largest<(&'static Rule, String, String)>,
    /// The thresholds that were reached.
    pub reached: &'a [Reached],
    /// Discrepancies by code.
    pub tallies: Vec<CodeTally<'a>>,
    /// What came in by role and what became of it.
    pub conservation: &'a Both<Conservation>,
    /// How legs found their mirrors, by issuer.
    pub paired: Both<Paired>,
    /// Links by standing.
    pub links: &'a BTreeMap<&'static str, u64>,
    /// Control totals.
    pub totals: &'a [ControlTotal],
    /// The largest discrepancies.
    pub found: Largest<&'a Discrepancy>,
    /// The decisions that moved what was held under them, by discrepancy.
    pub decided: BTreeMap<&'a str, Vec<Decision<'a>>>,
    /// The largest held items.
    pub held: Largest<ItemRow<'a>>,
    /// The closed periods that were taken from, then this run, by currency.
    pub history: Vec<ClosedFigures>,
    /// The terms that were in force.
    pub terms: &'a [TermEntry],
    /// What was read.
    pub inputs: &'a [InputEntry],
    /// What was published beside the page.
    pub outputs: &'a [OutputFile],
}

/// The discrepancies of a code, severity and effect.
pub struct CodeTally<'a> {
    /// The rule.
    pub rule: &'static Rule,
    /// How grave they are.
    pub severity: Severity,
    /// What they do to the clearing.
    pub effect: Effect,
    /// How many.
    pub count: u64,
    /// The exact money at stake, by currency.
    pub stake: &'a Worths,
    /// The age of the oldest.
    pub oldest_days: i32,
    /// Of how many a decision moved what was held.
    pub decided: u64,
}

/// A decision on what is held, as the page tells it.
#[derive(Debug, Clone, Copy)]
pub struct Decision<'a> {
    /// Its number.
    pub id: &'a str,
    /// What it does.
    pub action: Action,
    /// Why.
    pub reason: &'a str,
    /// Who decided.
    pub author: &'a str,
    /// Who approved it.
    pub approver: &'a str,
    /// When.
    pub at: Instant,
}

/// How the legs of one issuer found their mirrors.
#[derive(Debug, Clone, Default)]
pub struct Paired {
    /// Pairs by rule, in the order in which the rules were tried.
    pub by_rule: Vec<(&'static str, u64)>,
    /// Issuer's rows that nothing mirrors.
    pub issuer_only: u64,
    /// Acceptor's rows that mirror nothing.
    pub acceptor_only: u64,
}

/// What a period came to, as its manifest says it.
pub struct ClosedFigures {
    /// The period.
    pub period: String,
    /// Its status.
    pub status: String,
    /// The currency.
    pub currency: String,
    /// Positive: A pays B.
    pub net: String,
    /// The exact worth of held legs.
    pub held: Both<String>,
    /// How many discrepancies.
    pub discrepancies: u64,
}

/// The page.
#[derive(Template)]
#[template(path = "page.html", config = "src/publish/report/askama.toml")]
struct Page<'a> {
    style: &'static str,
    script: &'static str,
    policy: String,
    facts: &'a Report<'a>,
    codes: Both<&'a str>,
    names: Both<&'a str>,
    from: String,
    to: String,
    status: Say,
    blocking: Vec<(&'static Rule, &'a str, rows::Told)>,
    opening_en: String,
    opening_zh: String,
    engine: &'static str,
    sheets: Vec<sheet::Sheet>,
    tallies: Vec<rows::CodeRow>,
    flows: Vec<rows::FlowRow>,
    has_recalled: bool,
    has_currencies: bool,
    matches: Vec<rows::MatchRow>,
    links: Vec<(Say, String)>,
    feeds: Vec<rows::FeedRow>,
    found: Vec<rows::FoundRow>,
    found_of: String,
    held: Vec<rows::HeldRow>,
    held_of: String,
    history: Vec<rows::HistoryRow>,
    inputs: Vec<Listed>,
    inputs_of: String,
    outputs: Vec<Listed>,
}

/// A file with its digest.
struct Listed {
    name: String,
    rows: String,
    bytes: String,
    blake3: String,
}

/// Writes the page.
///
/// # Errors
/// [`PublishError`] when the file cannot be written.
pub fn write(report: &Report<'_>, file: File) -> Result<(), PublishError> {
    let mut writer = BufWriter::new(file);
    page(report).write_into(&mut writer)?;
    writer.flush()?;
    writer.get_ref().sync_all()?;
    Ok(())
}

fn page<'a>(report: &'a Report<'a>) -> Page<'a> {
    let Agreement { parties, zone, .. } = report.agreement;
    let mut first = 1;
    let mut sheets = Vec::new();
    for stated in &report.statements {
        sheets.push(sheet::sheet(report.agreement, report.period, stated, first));
        first += u32::try_from(stated.statement.lines().len()).unwrap_or(u32::MAX - first);
    }
    let blocking =
        report.blocking.rows.iter().take(20).map(|(rule, place, reason)| {
            (*rule, place.as_str(), rows::told(reason, rule.finds.zh))
        });
    let flows = rows::flows(report);
    let in_all = |of: usize| grouped(&of.to_string());
    let links = report.links.iter();
    let inputs = report.inputs.iter().take(SHOWN).map(|input| Listed {
        name: input.path.clone(),
        rows: grouped(&input.rows.to_string()),
        bytes: grouped(&input.bytes.to_string()),
        blake3: input.blake3.clone(),
    });
    let outputs = report.outputs.iter().map(|output| Listed {
        name: output.file.clone(),
        rows: grouped(&output.rows.to_string()),
        bytes: grouped(&output.bytes.to_string()),
        blake3: output.blake3.clone(),
    });
    Page {
        style: STYLE,
        script: SCRIPT,
        policy: policy(),
        facts: report,
        codes: Both { a: &parties.a.code, b: &parties.b.code },
        names: Both { a: &parties.a.name, b: &parties.b.name },
        from: report.period.start.show(zone),
        to: report.period.end.show(zone),
        status: rows::status(report.status),
        blocking: blocking.collect(),
        opening_en: report.opening.in_words(),
        opening_zh: match report.opening {
            Opening::Declared => "约定期初".to_owned(),
            Opening::Final(label) => format!("{label} 终版"),
            Opening::Awaiting(label) | Opening::Gap(label) => format!("待 {label} 关账"),
        },
        engine: concat!("hutong ", env!("CARGO_PKG_VERSION")),
        sheets,
        tallies: rows::codes(&report.tallies),
        has_currencies: report.agreement.currencies.len() > 1,
        has_recalled: flows.iter().any(|flow| flow.recalled != "0"),
        flows,
        matches: rows::matches(report),
        links: links.map(|(word, links)| (rows::standing(word), in_all(*links as usize))).collect(),
        feeds: rows::feeds(report),
        found: rows::found(report),
        found_of: in_all(report.found.of),
        held: rows::held(report),
        held_of: in_all(report.held.of),
        history: rows::history(&report.history),
        inputs: inputs.collect(),
        inputs_of: in_all(report.inputs.len()),
        outputs: outputs.collect(),
    }
}

/// What the page may load and run: its own style and its own script, told by their digests.
fn policy() -> String {
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src 'none'; \
         base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    )
}
