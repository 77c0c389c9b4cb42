//! The feeds of a world as files: rows of cells, in CSV.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::lots::COLUMNS;
use super::write::decimal_text;
use super::{
    Act, Adjustment, Balance, Consent, Decision, Link, Lot, Member, Method, PARTIES, Payment, Row,
    World, instant_text, moment_text,
};

/// The cells of one row; an absent value is an empty cell.
pub type Cells = Vec<Option<String>>;

/// A feed as it is written: whose it is, its name, its columns, and its files.
pub struct Sheet {
    pub owner: &'static str,
    pub word: &'static str,
    pub names: &'static [&'static str],
    /// Columns that the files have and the pipeline does not declare.
    pub left_out: Vec<&'static str>,
    pub files: Vec<(String, Vec<Cells>)>,
}

impl Sheet {
    fn new(
        owner: &'static str,
        word: &'static str,
        names: &'static [&'static str],
        rows: Vec<Cells>,
    ) -> Sheet {
        let file = if owner == "shared" { word.to_owned() } else { format!("{owner}-{word}") };
        let files = vec![(format!("{file}.csv"), rows)];
        Sheet { owner, word, names, left_out: Vec::new(), files }
    }

    pub fn write(&self, dir: &Path) {
        for (name, rows) in &self.files {
            write_csv(&dir.join(name), self.names.len(), rows);
        }
    }
}

impl World {
    /// Every feed, A's before B's and the shared ones last; `id_of` looks up the id of a
    /// discrepancy that a decision is about.
    pub fn sheets(&self, id_of: &dyn Fn(&str) -> Option<String>) -> Vec<Sheet> {
        let mut sheets = Vec::new();
        for party in PARTIES {
            let (side, owner) = (self.side(party), party.letter());
            if let Some(members) = &side.members {
                sheets.push(Sheet::new(owner, "members", MEMBERS, rows(members, member)));
            }
            for (word, balances) in [("opening", &side.opening), ("accounts", &side.accounts)] {
                if let Some(balances) = balances {
                    let balance = |row: &Balance| balance(row, side.scale);
                    sheets.push(Sheet::new(owner, word, BALANCES, rows(balances, balance)));
                }
            }
            if let Some(lots) = &side.lots {
                let lot = |lot: &Lot| lot.cells(side.scale);
                sheets.push(Sheet::new(owner, "lots", COLUMNS, rows(lots, lot)));
            }
            let event = |row: &Row| event(row, side.scale);
            let files = side
                .files()
                .into_iter()
                .enumerate()
                .map(|(part, file)| (format!("{owner}-ledger-{part}.csv"), rows(file, event)));
            let after = side.after.as_ref().map(|file| (after_of(owner), rows(file, event)));
            let files = files.chain(after).collect();
            let left_out = Vec::new();
            sheets.push(Sheet { owner, word: "ledger", names: LEDGER, left_out, files });
            sheets.extend(side.statement.as_ref().map(|statement| statement.sheet(owner)));
        }
        let mut shared = |word, names, rows: Option<Vec<Cells>>| {
            sheets.extend(rows.map(|rows| Sheet::new("shared", word, names, rows)));
        };
        shared("links", LINKS, self.links.as_ref().map(|all| rows(all, link)));
        shared("consents", CONSENTS, self.consents.as_ref().map(|all| rows(all, consent)));
        let adjustments = self.adjustments.as_ref().map(|all| rows(all, adjustment));
        shared("adjustments", ADJUSTMENTS, adjustments);
        shared("settlements", SETTLEMENTS, self.payments.as_ref().map(|all| rows(all, payment)));
        let days = self.exempt_days.as_ref();
        shared("exempt_days", &["day"], days.map(|all| rows(all, |d| vec![Some(d.to_string())])));
        let decisions = self.decisions.as_ref();
        shared("decisions", DECISIONS, decisions.map(|all| rows(all, |row| decision(row, id_of))));
        sheets
    }
}

fn rows<T>(all: &[T], cells: impl Fn(&T) -> Cells) -> Vec<Cells> {
    all.iter().map(cells).collect()
}

const MEMBERS: &[&str] = &["member_no", "status", "status_since", "tier", "tier_since", "mobile"];

const BALANCES: &[&str] = &["member_no", "balance", "as_of"];

const LEDGER: &[&str] = &[
    "event_id",
    "member_no",
    "kind",
    "points",
    "occurred_at",
    "posted_at",
    "counter_event_id",
    "original_event_id",
    "order_no",
    "status",
];

const LINKS: &[&str] = &["a_member", "b_member", "bound_at", "unbound_at", "method"];

const CONSENTS: &[&str] = &["a_member", "b_member", "purpose", "granted_at", "withdrawn_at"];

const ADJUSTMENTS: &[&str] = &[
    "adjustment_id",
    "payer",
    "amount",
    "currency",
    "reason",
    "origin_period",
    "author",
    "approver",
    "approved_at",
];

const SETTLEMENTS: &[&str] = &["settlement_id", "period", "currency", "kind", "amount", "on"];

const DECISIONS: &[&str] = &[
    "decision_id",
    "discrepancy_id",
    "action",
    "points",
    "reason",
    "author",
    "approver",
    "decided_at",
];

fn member(member: &Member) -> Cells {
    vec![
        Some(member.member_no.clone()),
        Some(format!("{:?}", member.status).to_lowercase()),
        member.status_since.map(instant_text),
        member.tier.clone(),
        member.tier_since.map(instant_text),
        member.mobile.clone(),
    ]
}

fn balance(balance: &Balance, scale: u32) -> Cells {
    let member_no = Some(balance.member_no.clone());
    vec![member_no, Some(decimal_text(balance.points, scale)), balance.as_of.map(moment_text)]
}

fn event(row: &Row, scale: u32) -> Cells {
    vec![
        Some(row.event_id.clone()),
        Some(row.member_no.clone()),
        Some(row.kind.word()),
        Some(decimal_text(row.points, scale)),
        Some(instant_text(row.occurred_at)),
        row.posted_at.map(instant_text),
        row.counter_event_id.clone(),
        row.original_event_id.clone(),
        row.order_no.clone(),
        Some(format!("{:?}", row.status).to_lowercase()),
    ]
}

fn link(link: &Link) -> Cells {
    let method = match link.method {
        Method::Authorised => "authorised",
        Method::Imported => "imported",
        Method::Inferred => "inferred",
    };
    vec![
        Some(link.a_member.clone()),
        Some(link.b_member.clone()),
        Some(instant_text(link.bound_at)),
        link.unbound_at.map(instant_text),
        Some(method.to_owned()),
    ]
}

fn consent(consent: &Consent) -> Cells {
    vec![
        Some(consent.a_member.clone()),
        Some(consent.b_member.clone()),
        Some(consent.purpose.clone()),
        Some(instant_text(consent.granted_at)),
        consent.withdrawn_at.map(instant_text),
    ]
}

fn some_text(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn adjustment(adjustment: &Adjustment) -> Cells {
    vec![
        Some(adjustment.adjustment_id.clone()),
        Some(adjustment.payer.letter().to_owned()),
        Some(decimal_text(adjustment.thousandths, 3)),
        adjustment.currency.map(str::to_owned),
        some_text(adjustment.said.reason),
        Some(adjustment.origin_period.clone()),
        some_text(adjustment.said.author),
        some_text(adjustment.said.approver),
        Some(instant_text(adjustment.approved_at)),
    ]
}

fn payment(payment: &Payment) -> Cells {
    vec![
        Some(payment.settlement_id.clone()),
        Some(payment.period.clone()),
        Some(payment.currency.to_owned()),
        Some(if payment.disputed { "disputed" } else { "paid" }.to_owned()),
        Some(decimal_text(payment.thousandths, 3)),
        Some(payment.on.to_string()),
    ]
}

fn decision(decision: &Decision, id_of: &dyn Fn(&str) -> Option<String>) -> Cells {
    let action = match decision.act {
        Act::Release => "release",
        Act::Adjust => "adjust",
        Act::Reject => "reject",
        Act::WriteOff => "write_off",
    };
    vec![
        Some(decision.decision_id.clone()),
        // What nobody has published has no id that anybody could know.
        Some(id_of(&decision.about).unwrap_or_else(|| "unheard-of".to_owned())),
        Some(action.to_owned()),
        decision.points.map(|points| points.to_string()),
        some_text(decision.said.reason),
        some_text(decision.said.author),
        some_text(decision.said.approver),
        Some(instant_text(decision.decided_at)),
    ]
}

/// Writes rows below a header of `c0, c1, …`; the pipeline gives the columns their names.
fn write_csv(path: &Path, width: usize, rows: &[Cells]) {
    let mut text = (0..width).map(|column| format!("c{column}")).collect::<Vec<_>>().join(",");
    text.push('\n');
    for row in rows {
        let cells: Vec<&str> = row.iter().map(|cell| cell.as_deref().unwrap_or_default()).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    fs::write(path, text).unwrap();
}

/// The name of a file of later days, which comes after those of the ledger.
pub fn after_of(owner: &str) -> String {
    format!("{owner}-ledger.after.csv")
}

/// Declares a feed; a column that no row fills is left out now and then, because one that is not
/// declared must mean the same as one that is empty.
pub fn declare(feeds: &mut String, sheet: &Sheet, files: &str, following: &str, rows: &[&Cells]) {
    const OPTIONAL: &[&str] = &["status_since", "as_of"];
    writeln!(feeds, "    {}:\n      files: [ {files} ]", sheet.word).unwrap();
    feeds.push_str(following);
    writeln!(feeds, "      format: {{ csv: {{}} }}\n      columns:").unwrap();
    for (position, name) in sheet.names.iter().enumerate() {
        if sheet.left_out.contains(name) {
            continue;
        }
        let empty = rows.iter().all(|row| row[position].is_none());
        if empty && !rows.is_empty() && OPTIONAL.contains(name) && rows.len().is_multiple_of(2) {
            continue;
        }
        if *name == "mobile" {
            writeln!(feeds, "        mobile: {{ from: c{position}, token: ready }}").unwrap();
        } else if *name == "amount" {
            // Three decimals might be thousands, had nobody said what the point is.
            let number = "number: { decimal: \".\" }";
            writeln!(feeds, "        amount: {{ from: c{position}, {number} }}").unwrap();
        } else {
            writeln!(feeds, "        {name}: c{position}").unwrap();
        }
    }
}
