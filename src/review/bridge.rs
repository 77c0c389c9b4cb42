//! What became of one run in another: discrepancies that appeared, went or changed, and the way
//! from one net to the other, item by item.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::decision::Decision;
use super::publication::{Publication, ReviewError, add};
use super::tally::{Filter, Found, Sort, discrepancies};

/// A discrepancy that is not the same in both runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `appeared`, `gone` or `changed`.
    pub what: &'static str,
    /// Its id.
    pub discrepancy_id: String,
    /// The rule.
    pub code: String,
    /// The fault.
    pub title: String,
    /// The fault in Chinese.
    pub title_zh: String,
    /// For a change the fields that differ, with both values; otherwise the reason.
    pub detail: String,
    /// What it is worth now, or was when it went.
    pub amount_at_stake: String,
    /// Its currency.
    pub currency: String,
}

/// A step of the way from one net to the other, as A owes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The kind of line: `gross`, `rounding`, `fee`, `tax`, `adjustment`, `late_fee` or `carry`.
    pub kind: String,
    /// The event, or what the line is of.
    pub subject: String,
    /// What it was; nothing where it is new.
    pub from: Option<Decimal>,
    /// What it is; nothing where it went.
    pub to: Option<Decimal>,
    /// To less from.
    pub change: Decimal,
}

/// The way from one net to the other in one currency. Its steps sum to the difference exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// The currency.
    pub currency: String,
    /// The net of the first run; positive: A pays B.
    pub from: Decimal,
    /// What changed it.
    pub steps: Vec<Step>,
    /// The net of the second run.
    pub to: Decimal,
}

/// What changed from one run to another: discrepancies, and a bridge per currency.
///
/// # Errors
/// [`ReviewError`] when a table cannot be read, or a bridge does not reach the other net.
pub fn bridge(
    from: &Publication,
    to: &Publication,
) -> Result<(Vec<Change>, Vec<Bridge>), ReviewError> {
    Ok((changes(from, to)?, bridges(from, to)?))
}

fn changes(from: &Publication, to: &Publication) -> Result<Vec<Change>, ReviewError> {
    let list = |publication: &Publication| {
        let list = discrepancies(publication, &Filter::default(), Sort::Code)?;
        let by_id = |found: Found| (found.discrepancy_id.clone(), found);
        Ok::<BTreeMap<String, Found>, ReviewError>(list.into_iter().map(by_id).collect())
    };
    let (before, after) = (list(from)?, list(to)?);
    let mut changes = Vec::new();
    for id in before.keys().chain(after.keys()).collect::<BTreeSet<&String>>() {
        let (what, found, detail) = match (before.get(id), after.get(id)) {
            (None, Some(now)) => ("appeared", now, now.reason.clone()),
            (Some(then), None) => ("gone", then, then.reason.clone()),
            (Some(then), Some(now)) => match differences(then, now) {
                detail if detail.is_empty() => continue,
                detail => ("changed", now, detail),
            },
            (None, None) => continue,
        };
        changes.push(Change {
            what,
            discrepancy_id: id.clone(),
            code: found.code.clone(),
            title: found.title.clone(),
            title_zh: found.title_zh.clone(),
            detail,
            amount_at_stake: shown(found.amount_at_stake),
            currency: found.currency.clone().unwrap_or_default(),
        });
    }
    changes.sort_by(|one, other| {
        (one.what, &one.code, &one.discrepancy_id).cmp(&(
            other.what,
            &other.code,
            &other.discrepancy_id,
        ))
    });
    Ok(changes)
}

fn shown(amount: Option<Decimal>) -> String {
    amount.map(|amount| amount.normalize().to_string()).unwrap_or_default()
}

/// What was decided of a discrepancy, by number and action.
fn decided(found: &Found) -> String {
    found.decisions.iter().map(Decision::name).collect::<Vec<String>>().join(", ")
}

/// The fields in which two sightings of a discrepancy differ; its age always does.
fn differences(then: &Found, now: &Found) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let fields = [
        ("severity", then.severity.clone(), now.severity.clone()),
        ("effect", then.effect.clone(), now.effect.clone()),
        ("a_rows", text(&then.a_rows), text(&now.a_rows)),
        ("b_rows", text(&then.b_rows), text(&now.b_rows)),
        ("expected", text(&then.expected), text(&now.expected)),
        ("actual", text(&then.actual), text(&now.actual)),
        ("amount", shown(then.amount_at_stake), shown(now.amount_at_stake)),
        ("version", text(&then.version), text(&now.version)),
        ("diagnosis", text(&then.diagnosis), text(&now.diagnosis)),
        ("decision", decided(then), decided(now)),
    ];
    let differing = fields.iter().filter(|(_, then, now)| then != now);
    let told: Vec<String> =
        differing.map(|(field, then, now)| format!("{field}: {then} → {now}")).collect();
    told.join("; ")
}

/// What makes a net: its own figure, what stands on lines, and the exact worth of each event.
#[derive(Default)]
struct Made {
    net: Decimal,
    /// (kind, subject) → amount, as A owes it.
    items: BTreeMap<(String, String), Decimal>,
}

fn bridges(from: &Publication, to: &Publication) -> Result<Vec<Bridge>, ReviewError> {
    let (then, now) = (Lines::of(from)?, Lines::of(to)?);
    let moved = moved(worths(from, &then)?, worths(to, &now)?);
    let (mut before, mut after) = (made(from, then, &moved)?, made(to, now, &moved)?);
    let currencies: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    let mut bridges = Vec::new();
    for currency in currencies {
        let before = before.remove(&currency).unwrap_or_default();
        let after = after.remove(&currency).unwrap_or_default();
        let mut steps = Vec::new();
        let mut reached = before.net;
        let keys: BTreeSet<_> = before.items.keys().chain(after.items.keys()).collect();
        for key in keys {
            let (then, now) = (before.items.get(key).copied(), after.items.get(key).copied());
            let mut change = now.unwrap_or_default();
            add(&mut change, -then.unwrap_or_default(), "a step of the bridge")?;
            if change.is_zero() {
                continue;
            }
            add(&mut reached, change, "the bridge")?;
            let (kind, subject) = key.clone();
            steps.push(Step { kind, subject, from: then, to: now, change });
        }
        if reached != after.net {
            return Err(ReviewError::Unsound {
                path: to.path("statement.parquet"),
                what: format!("the steps lead to {reached} {currency}, and its net is another"),
            });
        }
        bridges.push(Bridge { currency, from: before.net, steps, to: after.net });
    }
    Ok(bridges)
}

/// What an event is by: a digest of its currency, whose points, and its numbers.
type Key = [u8; 32];

/// The net and the lines of a publication, before its events are taken out of them.
#[derive(Default)]
struct Lines {
    made: BTreeMap<String, Made>,
    /// Gross lines by number: the currency, whether A pays, and what the line is of.
    gross: BTreeMap<i64, (String, bool, String)>,
}

impl Lines {
    fn of(publication: &Publication) -> Result<Lines, ReviewError> {
        let mut lines = Lines::default();
        if !publication.has("statement") {
            return Ok(lines);
        }
        let Lines { made, gross } = &mut lines;
        publication.scan("statement", &["currency", "net"], |_, row| {
            let net = row.decimal(1).unwrap_or_default();
            made.entry(row.text(0).to_owned()).or_default().net = net;
            Ok(())
        })?;
        let columns = [
            "line_no",
            "type",
            "currency",
            "payer",
            "amount",
            "issuer",
            "flow",
            "origin_period",
            "ratio_from",
            "rate_from",
            "reference",
        ];
        publication.scan("statement_lines", &columns, |_, row| {
            let (kind, currency) = (row.text(1), row.text(2));
            if kind == "tax_within" {
                return Ok(());
            }
            let does_a_pay = row.text(3) == "a";
            let amount = row.decimal(4).unwrap_or_default();
            let amount = if does_a_pay { amount } else { -amount };
            let parts = (5..11).map(|at| row.text(at)).filter(|part| !part.is_empty());
            let subject = parts.collect::<Vec<&str>>().join(" ");
            let kind = if kind == "gross" {
                let line = (currency.to_owned(), does_a_pay, subject.clone());
                gross.insert(row.integer(0).unwrap_or_default(), line);
                "rounding"
            } else {
                kind
            };
            let items = &mut made.entry(currency.to_owned()).or_default().items;
            add(items.entry((kind.to_owned(), subject)).or_default(), amount, "lines")
        })?;
        Ok(lines)
    }
}

/// Hands on every event of a gross line: its currency, what its line is of, its key, its numbers,
/// and its exact worth as A owes it.
fn events(
    publication: &Publication,
    gross: &BTreeMap<i64, (String, bool, String)>,
    mut each: impl FnMut(&str, &str, Key, [&str; 3], Decimal) -> Result<(), ReviewError>,
) -> Result<(), ReviewError> {
    if gross.is_empty() {
        return Ok(());
    }
    let columns = ["line_no", "amount", "issuer", "issuer_event_id", "acceptor_event_id"];
    publication.scan("cleared_events", &columns, |_, row| {
        let line = row.integer(0).and_then(|line_no| gross.get(&line_no));
        let (Some((currency, does_a_pay, of)), Some(worth)) = (line, row.decimal(1)) else {
            return Ok(());
        };
        let worth = if *does_a_pay { worth } else { -worth };
        let event = [2, 3, 4].map(|at| row.text(at));
        let mut hasher = blake3::Hasher::new();
        for text in [currency.as_str()].iter().chain(&event) {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        each(currency, of, hasher.finalize().into(), event, worth)
    })
}

/// What each event is worth, by its key and in its order: of most of them nothing else is ever
/// asked, because they are the same in both runs.
fn worths(publication: &Publication, lines: &Lines) -> Result<Vec<(Key, Decimal)>, ReviewError> {
    let mut all: Vec<(Key, Decimal)> = Vec::new();
    events(publication, &lines.gross, |_, _, key, _, worth| {
        all.push((key, worth));
        Ok(())
    })?;
    all.sort_unstable();
    // A number may stand twice, as where both of its rows were released.
    let mut sums: Vec<(Key, Decimal)> = Vec::with_capacity(all.len());
    for (key, worth) in all {
        match sums.last_mut() {
            Some((last, sum)) if *last == key => add(sum, worth, "events")?,
            _ => sums.push((key, worth)),
        }
    }
    Ok(sums)
}

/// The events that are worth in one run what they are not in the other.
fn moved(before: Vec<(Key, Decimal)>, after: Vec<(Key, Decimal)>) -> BTreeSet<Key> {
    let mut moved = BTreeSet::new();
    let (mut before, mut after) = (before.into_iter().peekable(), after.into_iter().peekable());
    loop {
        let (then, now) = (before.peek().copied(), after.peek().copied());
        let (key, is_same) = match (then, now) {
            (None, None) => return moved,
            (Some((one, then)), Some((other, now))) if one == other => (one, then == now),
            (Some((one, _)), Some((other, _))) => (one.min(other), false),
            (Some((key, _)), None) | (None, Some((key, _))) => (key, false),
        };
        before.next_if(|(one, _)| *one == key);
        after.next_if(|(other, _)| *other == key);
        if !is_same {
            moved.insert(key);
        }
    }
}

/// What makes the nets of a publication, by currency. Each event takes its exact worth out of its
/// line, and what is left of that is rounding; only those that moved stand by themselves.
fn made(
    publication: &Publication,
    lines: Lines,
    moved: &BTreeSet<Key>,
) -> Result<BTreeMap<String, Made>, ReviewError> {
    let Lines { mut made, gross } = lines;
    events(publication, &gross, |currency, of, key, event, worth| {
        let items = &mut made.entry(currency.to_owned()).or_default().items;
        if moved.contains(&key) {
            add(items.entry(("gross".to_owned(), event.join(" "))).or_default(), worth, "events")?;
        }
        add(items.entry(("rounding".to_owned(), of.to_owned())).or_default(), -worth, "rounding")
    })?;
    Ok(made)
}
