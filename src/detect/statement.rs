//! The rule on the partner's own statement: CLR-01.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::desk::{Desk, Draft, place};
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::frame::stated::{Stated, StatedLine};
use crate::statement::{Line, VersionName};
use crate::value::exact::sum;
use crate::value::kind::Flow;
use crate::value::money::Currency;
use crate::value::party::Party;
use crate::value::points::Overflow;
use crate::value::price::Worth;

/// CLR-01: the partner's statement differs (对方清算单不符).
pub static CLR_01: Rule = Rule {
    code: "CLR-01",
    title: "partner's statement differs",
    zh: "对方清算单不符",
    severity: Severity::Error,
    effect: Effect::Disputed,
    latitude: Latitude::Firm,
    finds: say(
        "A line of the partner's own statement whose amount, points or events are not ours, or \
         that only one side has.",
        "对方自制清算单的某一行，金额、积分或笔数与我方不同，或只有一方有该行。",
    ),
    matters: say(
        "Both sides sign one figure; a difference in a line hides in the net.",
        "双方签认的是同一个数；行上的差异会藏在轧差净额里。",
    ),
    example: say(
        "Our fee on A's redemption is 1.21; A's statement says 1.20.",
        "甲方兑换的手续费，我方为 1.21，甲方清算单为 1.20。",
    ),
    settles: say(
        "Both parties compare cleared_events of the line; our figures stand until one is corrected.",
        "双方核对该行的 cleared_events；更正之前以我方数字为准。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&CLR_01];

/// What tells one line from another, field by field in the order in which lines stand.
type Key<'a> = Vec<(&'static str, &'a str)>;

/// The lines of one key together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Figures {
    amount: Decimal,
    points: i128,
    events: i128,
}

impl Figures {
    fn add(&mut self, amount: Decimal, points: i128, events: i128) -> Result<(), Overflow> {
        let overflow = Overflow { what: "points" };
        self.amount = sum(self.amount, amount)?;
        self.points = self.points.checked_add(points).ok_or(overflow)?;
        self.events = self.events.checked_add(events).ok_or(overflow)?;
        Ok(())
    }
}

/// Both sides of one key, and where the partner's lines stood.
#[derive(Debug, Default)]
struct Compared {
    ours: Option<Figures>,
    theirs: Option<Figures>,
    places: Vec<String>,
}

/// Compares a party's own statement with ours, line by line. It changes nothing in our figures.
///
/// # Errors
/// [`Overflow`] when a sum cannot be exact.
pub fn judge(
    desk: &Desk<'_>,
    ours: &[&Line],
    party: Party,
    stated: &Stated,
) -> Result<Vec<Discrepancy>, Overflow> {
    let mut compared: BTreeMap<Key<'_>, Compared> = BTreeMap::new();
    for line in ours {
        let both = compared.entry(our_key(desk, line, &stated.declared)).or_default();
        let figures = both.ours.get_or_insert_default();
        figures.add(line.amount.decimal(), line.points, i128::from(line.events))?;
    }
    for (row, line) in (0_u32..).zip(&stated.lines) {
        let both = compared.entry(their_key(desk, line, &stated.declared)).or_default();
        let figures = both.theirs.get_or_insert_default();
        let count = |count: Option<i64>| i128::from(count.unwrap_or_default());
        figures.add(line.amount, count(line.points), count(line.events))?;
        both.places.push(place(desk.paths.statement.of(party), &stated.origins, row));
    }
    let found = compared.iter().filter_map(|(key, both)| {
        let field = difference(both, &stated.declared)?;
        let mut draft = desk.draft(&CLR_01);
        for (name, text) in key {
            draft = draft.subject(party, format!("{name} {text}"));
        }
        for place in &both.places {
            draft = draft.at(party, place.clone());
        }
        Some(told(draft, party, field, key, both))
    });
    Ok(found.collect())
}

/// The key of a line, without the columns that the feed does not declare. A currency that is not
/// named is the agreement's, because amounts of two currencies are never summed.
fn key_of<'a>(
    fields: [(&'static str, Option<&'a str>); 9],
    declared: &BTreeSet<&'static str>,
) -> Key<'a> {
    let is_compared = |name: &str| name == "currency" || declared.contains(name);
    let fields = fields.into_iter().filter(|(name, _)| is_compared(name));
    fields.map(|(name, text)| (name, text.unwrap_or_default())).collect()
}

fn our_key<'a>(desk: &Desk<'a>, line: &'a Line, declared: &BTreeSet<&'static str>) -> Key<'a> {
    let from =
        |version: &'a Option<VersionName>| version.as_ref().map(|version| version.from.as_str());
    let fields = [
        ("type", Some(line.kind.word())),
        ("currency", Some(line.amount.currency().code())),
        ("issuer", line.issuer.map(|issuer| desk.code(issuer))),
        ("flow", line.flow.map(Flow::word)),
        ("origin_period", Some(line.origin_period.as_str())),
        ("ratio_from", from(&line.ratio)),
        ("rate_from", from(&line.rate)),
        ("reference", line.reference.as_deref()),
        ("payer", Some(desk.code(line.payer))),
    ];
    key_of(fields, declared)
}

fn their_key<'a>(
    desk: &Desk<'a>,
    line: &'a StatedLine,
    declared: &BTreeSet<&'static str>,
) -> Key<'a> {
    let currency = line.currency.as_deref().unwrap_or(desk.agreement.currency.code());
    let fields = [
        ("type", Some(line.kind)),
        ("currency", Some(currency)),
        ("issuer", line.issuer.map(|issuer| desk.code(issuer))),
        ("flow", line.flow.map(Flow::word)),
        ("origin_period", line.origin_period.as_deref().or(Some(&desk.period.label))),
        ("ratio_from", line.ratio_from.as_deref()),
        ("rate_from", line.rate_from.as_deref()),
        ("reference", line.reference.as_deref()),
        ("payer", Some(desk.code(line.payer))),
    ];
    key_of(fields, declared)
}

/// The first field in which two lines differ, if they do.
fn difference(both: &Compared, declared: &BTreeSet<&'static str>) -> Option<&'static str> {
    let (Some(ours), Some(theirs)) = (both.ours, both.theirs) else { return Some("amount") };
    if ours.amount != theirs.amount {
        Some("amount")
    } else if declared.contains("points") && ours.points != theirs.points {
        Some("points")
    } else if declared.contains("events") && ours.events != theirs.events {
        Some("events")
    } else {
        None
    }
}

fn told(
    draft: Draft<'_>,
    party: Party,
    field: &'static str,
    key: &Key<'_>,
    both: &Compared,
) -> Discrepancy {
    let said = |figures: Option<Figures>| {
        figures.map(|figures| match field {
            "points" => figures.points.to_string(),
            "events" => figures.events.to_string(),
            _ => figures.amount.normalize().to_string(),
        })
    };
    let (ours, theirs) = (said(both.ours), said(both.theirs));
    let draft = match party {
        Party::A => draft.differs(field, theirs.clone(), None),
        Party::B => draft.differs(field, None, theirs.clone()),
    };
    let texts: Vec<&str> =
        key.iter().map(|(_, text)| *text).filter(|text| !text.is_empty()).collect();
    let line = texts.join(" ");
    let reason = match (&ours, &theirs) {
        (Some(_), Some(_)) => format!("{line}: {field} is not ours"),
        (None, _) => format!("{line}: only the partner's statement has it"),
        (_, None) => format!("{line}: only ours has it"),
    };
    let figures = |figures: Option<Figures>| figures.unwrap_or_default();
    let (our, their) = (figures(both.ours), figures(both.theirs));
    let draft = draft.expected(ours, theirs);
    let draft = match their.points.checked_sub(our.points) {
        Some(difference) if field == "points" => draft.difference(difference),
        _ => draft,
    };
    let currency = key.iter().find(|(name, _)| *name == "currency");
    let stake = currency
        .and_then(|(_, code)| Currency::of(code))
        .zip(their.amount.checked_sub(our.amount))
        .map(|(currency, amount)| Worth { amount, currency });
    draft.stake(stake).because(reason)
}
