//! What a run would do, told before it does it: for a person at a terminal, and as JSON.
//!
//! The plan names columns and files and shows no value of either.

mod charges;
mod rules;
mod shown;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use rust_decimal::Decimal;
use serde::Serialize;

pub use charges::PlannedCharges;
use charges::charges;

use super::Pipeline;
use crate::agreement::{Agreement, EventRule, MemberRule, TierBasis, TierMap};
use crate::feed::{Contact, Feed, Origin};
use crate::value::kind::Flow;
use crate::value::party::{Both, Party};
use crate::value::period::{Instant, Period};
use crate::value::points::Ratio;
use crate::value::price::Price;
use crate::value::version::{Version, Versions};

pub use rules::PlannedRule;

/// The files that a run publishes.
pub const OUTPUTS: &[&str] = &[
    "statement.parquet",
    "statement_lines.parquet",
    "discrepancies.parquet",
    "cleared_events.parquet",
    "held.parquet",
    "open_rows.parquet",
    "settled_rows.parquet",
    "own_rows.parquet",
    "open_adjustments.parquet",
    "settlements.parquet",
    "decisions.parquet",
    "pending.parquet",
    "links.parquet",
    "accounts.parquet",
    "rejects.parquet",
    "control_totals.parquet",
    "dictionary.parquet",
    "report.html",
    "summary.xlsx",
    "manifest.json",
];

/// What stands for a value between two versions: an event there would block the statement.
pub const GAP: &str = "gap";

/// What a run would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The pipeline's name.
    pub pipeline: String,
    /// The BLAKE3 digest of the pipeline file.
    pub digest: String,
    /// The agreement.
    pub agreement: PlannedAgreement,
    /// The parties, A first.
    pub parties: Vec<PlannedParty>,
    /// The period and what of it is cleared.
    pub period: PlannedPeriod,
    /// The feeds: A's, B's, the shared ones.
    pub feeds: Vec<PlannedFeed>,
    /// The id and algorithm of the contact key.
    pub key_id: Option<String>,
    /// The member rules in order.
    pub member_rules: Vec<String>,
    /// The event rules in order.
    pub event_rules: Vec<String>,
    /// Ratio versions in force within the period.
    pub ratios: Vec<PlannedVersion>,
    /// Rate versions in force within the period.
    pub rates: Vec<PlannedVersion>,
    /// Charges, caps and currencies.
    #[serde(flatten)]
    pub charges: PlannedCharges,
    /// Where money is rounded.
    pub rounding_place: &'static str,
    /// How money is rounded.
    pub rounding_mode: &'static str,
    /// How mirrors are rounded.
    pub mirror_rounding: &'static str,
    /// The clause of the carry.
    pub carry_clause: Option<String>,
    /// The purpose that a consent must name; none: consents are not judged.
    pub consent_purpose: Option<String>,
    /// The tier map; none: tiers are not judged.
    pub tiers: Option<PlannedTiers>,
    /// The rules that the file sets.
    pub rules: Vec<PlannedRule>,
    /// What the file left to custom.
    pub defaults: Vec<PlannedDefault>,
    /// The folder that would appear, under the root.
    pub output_folder: String,
    /// The files in it.
    pub outputs: &'static [&'static str],
}

/// The agreement of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedAgreement {
    /// Its number.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: String,
    /// The zone of its business dates.
    pub timezone: String,
    /// The settlement currency.
    pub currency: &'static str,
    /// The first instant of its term.
    pub term_from: String,
    /// The first instant after its term.
    pub term_to: String,
    /// How often it clears.
    pub cycle: &'static str,
    /// Days a one-sided entry is awaited.
    pub grace_days: u32,
    /// The first day on which the period may be closed.
    pub closes_from: String,
    /// Days from the statement to its due date.
    pub due_days: u32,
}

/// A party of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedParty {
    /// `a` or `b`.
    pub letter: &'static str,
    /// Its code.
    pub code: String,
    /// Its programme's name.
    pub name: String,
    /// What a point is called.
    pub unit: String,
    /// Decimal places of a point in the files.
    pub scale: u8,
    /// Whether a balance below zero is agreed.
    pub overdraft: bool,
}

/// The period of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedPeriod {
    /// Its label.
    pub label: String,
    /// The as-of date.
    pub as_of: String,
    /// The first instant.
    pub start: String,
    /// The first instant after it.
    pub end: String,
    /// The end of what this run clears.
    pub cut: String,
}

/// A feed of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedFeed {
    /// `a`, `b` or `shared`.
    pub owner: &'static str,
    /// What it carries.
    pub kind: &'static str,
    /// The Chinese word for it.
    pub zh: &'static str,
    /// The files that were found.
    pub files: Vec<PlannedFile>,
    /// The patterns that no file matches; a run would stop there.
    pub missing: Vec<String>,
    /// Why the files could not be looked for.
    pub fault: Option<String>,
    /// How the files are written.
    pub format: String,
    /// The columns that are read.
    pub columns: Vec<PlannedColumn>,
    /// Columns that were not agreed.
    pub not_agreed: Vec<String>,
    /// When the files are due.
    pub due: Option<String>,
    /// How many days a snapshot may be older than the cut.
    pub max_age_days: Option<u32>,
}

/// A file of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedFile {
    /// Its path under the root.
    pub path: String,
    /// Its size.
    pub bytes: u64,
}

/// A column of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedColumn {
    /// The canonical column.
    pub name: &'static str,
    /// Its Chinese label.
    pub zh: &'static str,
    /// Where it comes from.
    pub source: String,
    /// How its values are written, where that is not the plainest way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub styles: Vec<String>,
    /// What becomes of contact data in it.
    pub token: Option<String>,
}

/// A version of a ratio or a rate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedVersion {
    /// Whose points.
    pub issuer: &'static str,
    /// The flow of a rate.
    pub flow: Option<&'static str>,
    /// The currency of a rate.
    pub currency: Option<&'static str>,
    /// The ratio `issuer:acceptor`, or the money per point, in smallest units; [`GAP`] where no
    /// version is in force.
    pub value: String,
    /// The same of whole points, where a point has decimal places and that reads otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub whole_points: Option<String>,
    /// The first instant.
    pub from: String,
    /// The first instant after it.
    pub to: String,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// The tiers of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedTiers {
    /// `exact` or `at_least`.
    pub rule: &'static str,
    /// A's tier and B's, in the order of A's.
    pub map: Vec<(String, String)>,
    /// Days B has to follow.
    pub lag_days: u32,
    /// What tiers rest on, in words.
    pub basis: Vec<String>,
}

/// A setting that the file left to custom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedDefault {
    /// The dotted key.
    pub key: String,
    /// What applies.
    pub value: String,
}

/// What a run of the pipeline would do for a period.
#[must_use]
pub fn plan(pipeline: &Pipeline, period: &Period) -> Plan {
    let agreement = &pipeline.agreement;
    let at = |instant: Instant| instant.show(&agreement.zone);
    let parties = agreement.parties.iter().map(|(party, terms)| PlannedParty {
        letter: party.letter(),
        code: terms.code.clone(),
        name: terms.name.clone(),
        unit: terms.unit.clone(),
        scale: terms.scale,
        overdraft: terms.overdraft,
    });
    let defaults = pipeline
        .defaults
        .iter()
        .map(|(key, value)| PlannedDefault { key: key.clone(), value: value.clone() });
    let output_folder =
        pipeline.publish_to.join(&pipeline.name).join(&period.label).join(period.as_of.to_string());
    Plan {
        pipeline: pipeline.name.clone(),
        digest: pipeline.digest.clone(),
        agreement: PlannedAgreement {
            id: agreement.id.clone(),
            title: agreement.title.clone(),
            version: agreement.version.clone(),
            timezone: agreement.zone_name.clone(),
            currency: agreement.currency.code(),
            term_from: at(agreement.term.0),
            term_to: at(agreement.term.1),
            cycle: agreement.cycle.word(),
            grace_days: agreement.grace_days,
            closes_from: period
                .closes_from(agreement.close_after_days, &agreement.zone)
                .map_or_else(String::new, |day| day.to_string()),
            due_days: agreement.due_days,
        },
        parties: parties.collect(),
        period: PlannedPeriod {
            label: period.label.clone(),
            as_of: period.as_of.to_string(),
            start: at(period.start),
            end: at(period.end),
            cut: at(period.cut()),
        },
        feeds: pipeline.feeds(period).iter().map(|feed| planned_feed(feed, period)).collect(),
        key_id: pipeline.key_name.as_ref().map(ToString::to_string),
        member_rules: agreement.member_rules.iter().map(member_rule).collect(),
        event_rules: agreement.event_rules.iter().map(event_rule).collect(),
        ratios: ratios(agreement, period),
        rates: rates(agreement, period),
        charges: charges(agreement),
        rounding_place: agreement.rounding.place.word(),
        rounding_mode: agreement.rounding.mode.word(),
        mirror_rounding: agreement.mirror_rounding.word(),
        carry_clause: agreement.carry_clause.clone(),
        consent_purpose: agreement.consent_purpose.clone(),
        tiers: agreement.tiers.as_ref().map(|tiers| PlannedTiers {
            rule: if tiers.at_least.is_empty() { "exact" } else { "at_least" },
            map: tiers.map.iter().map(|(a, b)| (a.clone(), b.clone())).collect(),
            lag_days: tiers.lag_days,
            basis: bases(tiers),
        }),
        rules: rules::planned(&pipeline.rulings),
        defaults: defaults.collect(),
        output_folder: slashed(&output_folder),
        outputs: OUTPUTS,
    }
}

fn planned_file(feed: &Feed, file: &Path) -> PlannedFile {
    PlannedFile {
        path: slashed(file.strip_prefix(&feed.root).unwrap_or(file)),
        // A file that vanishes between the two looks is no larger than nothing.
        bytes: file.metadata().map_or(0, |metadata| metadata.len()),
    }
}

fn planned_feed(feed: &Feed, period: &Period) -> PlannedFeed {
    let mut files = Vec::new();
    let mut missing = Vec::new();
    let mut fault = None;
    for pattern in &feed.patterns {
        let one = Feed { patterns: vec![pattern.clone()], ..feed.clone() };
        match one.find() {
            Ok(found) if found.is_empty() && feed.kind.may_come_later() => {}
            Ok(found) if found.is_empty() => missing.push(pattern.clone()),
            Ok(found) => files.extend(found.iter().map(|file| planned_file(feed, file))),
            Err(error) => fault = Some(error.to_string()),
        }
    }
    match feed.find_following() {
        Ok(found) => files.extend(found.iter().map(|file| planned_file(feed, file))),
        Err(error) => fault = Some(error.to_string()),
    }
    files.retain(|file| !feed.packing.is_sidecar(&feed.root.join(&file.path)));
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files.dedup_by(|one, other| one.path == other.path);
    let columns = feed.columns.iter().map(|column| PlannedColumn {
        name: column.field.name,
        zh: column.field.zh,
        source: match &column.origin {
            Origin::Named(names) => names.join(" / "),
            Origin::Constant(value) => format!("constant `{value}`"),
        },
        styles: feed.styles(column),
        token: column.contact.as_ref().map(|contact| match contact {
            Contact::Mobile(_) | Contact::Email(_) | Contact::Name(_) => {
                "keyed at parse".to_owned()
            }
            Contact::Ready(None) => "keyed by the partner".to_owned(),
            Contact::Ready(Some(name)) => format!("keyed by the partner with {name}"),
        }),
    });
    PlannedFeed {
        owner: feed.owner.word(),
        kind: feed.kind.word(),
        zh: feed.kind.zh(),
        files,
        missing,
        fault,
        format: feed.written(),
        columns: columns.collect(),
        not_agreed: feed.not_agreed.clone(),
        due: feed.due.and_then(|due| due.at(period, &feed.zone)).map(|due| due.show(&feed.zone)),
        max_age_days: feed.max_age_days,
    }
}

fn bases(tiers: &TierMap) -> Vec<String> {
    let of = |(party, bases): (Party, &BTreeMap<String, TierBasis>)| {
        let shown = |(tier, basis): (&String, &TierBasis)| {
            let kinds: Vec<&str> = basis.kinds.iter().map(|kind| kind.word()).collect();
            let TierBasis { points, months, .. } = basis;
            format!("{party} {tier}: {points} by {} in {months} months", kinds.join(", "))
        };
        bases.iter().map(shown).collect::<Vec<String>>()
    };
    tiers.basis.iter().flat_map(of).collect()
}

fn member_rule(rule: &MemberRule) -> String {
    match rule {
        MemberRule::Link => "link".to_owned(),
        MemberRule::Token(column) => format!("token: {column}"),
    }
}

fn event_rule(rule: &EventRule) -> String {
    match rule {
        EventRule::Reference | EventRule::Order => rule.word().to_owned(),
        EventRule::Window { from_micros, to_micros } => {
            format!("window {}s to {}s", from_micros / 1_000_000, to_micros / 1_000_000)
        }
    }
}

fn ratios(agreement: &Agreement, period: &Period) -> Vec<PlannedVersion> {
    let mut planned = Vec::new();
    for (issuer, versions) in agreement.ratios.iter() {
        let scales = Both::from_fn(|party| agreement.parties.of(party).scale);
        let (ours, theirs) = (*scales.of(issuer), *scales.of(issuer.partner()));
        let shown = |ratio: &Ratio| {
            let issued = fraction(ratio.denominator().into(), ours)?;
            let accepted = fraction(ratio.numerator().into(), theirs)?;
            Some(format!("{issued}:{accepted}")).filter(|_| ours != theirs)
        };
        let whole = |ratio: &Ratio| (None, shown(ratio));
        planned.extend(in_force(agreement, period, (issuer, None), versions, whole));
    }
    planned
}

fn rates(agreement: &Agreement, period: &Period) -> Vec<PlannedVersion> {
    let mut planned = Vec::new();
    for issuer in Party::BOTH {
        for flow in Flow::ALL {
            let versions = agreement.rates_of(issuer, *flow);
            let scale = agreement.parties.of(issuer).scale;
            let whole = |price: &Price| {
                let each = price.rate.per_point();
                let shown = each.mantissa().checked_mul(10_i128.pow(scale.into()));
                let shown = shown.and_then(|all| fraction(all, u8::try_from(each.scale()).ok()?));
                (Some(price.currency.code()), shown.filter(|_| scale > 0))
            };
            planned.extend(in_force(agreement, period, (issuer, Some(*flow)), versions, whole));
        }
    }
    planned
}

fn in_force<T: fmt::Display>(
    agreement: &Agreement,
    period: &Period,
    (issuer, flow): (Party, Option<Flow>),
    versions: &Versions<T>,
    told: impl Fn(&T) -> (Option<&'static str>, Option<String>),
) -> Vec<PlannedVersion> {
    let planned = |from: Instant, to: Instant, version: Option<&Version<T>>| {
        let (currency, whole_points) = version.map_or((None, None), |version| told(&version.value));
        PlannedVersion {
            issuer: issuer.letter(),
            flow: flow.map(Flow::word),
            currency,
            value: version.map_or(GAP.to_owned(), |version| version.value.to_string()),
            whole_points,
            from: from.show(&agreement.zone),
            to: to.show(&agreement.zone),
            clause: version.and_then(|version| version.clause.clone()),
        }
    };
    // A flow that is not agreed at all has no versions, and no gap between them.
    let (mut covered, end) = (period.start.max(agreement.term.0), period.end.min(agreement.term.1));
    let mut shown = Vec::new();
    for version in versions.within(period.start, period.end) {
        if covered < version.from {
            shown.push(planned(covered, version.from, None));
        }
        shown.push(planned(version.from, version.to, Some(version)));
        covered = version.to;
    }
    if covered < end && versions.iter().len() > 0 {
        shown.push(planned(covered, end, None));
    }
    shown
}

/// So many parts of 10^places, as a decimal without zeros at its end.
fn fraction(parts: i128, places: u8) -> Option<String> {
    let shown = Decimal::try_from_i128_with_scale(parts, places.into()).ok()?;
    Some(shown.normalize().to_string())
}

/// A path with `/` between names, on every system.
fn slashed(path: &Path) -> String {
    let names: Vec<_> = path.iter().map(|name| name.to_string_lossy()).collect();
    names.join("/")
}
