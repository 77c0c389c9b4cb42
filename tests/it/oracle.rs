//! The oracle: a second, slower answer to what the engine answers.
//!
//! It is written from `docs/judging.md`, `docs/periods.md`, `docs/clearing.md` and the domain's
//! rules alone, in plain loops over plain structs, with its own exact arithmetic, and shares no
//! code with the engine. Where the text leaves a choice, the oracle takes the most literal reading
//! and says so where it does.

pub mod accounts;
pub mod answer;
pub mod books;
pub mod caps;
pub mod clearing;
pub mod decisions;
pub mod diagnosis;
pub mod examples;
pub mod extras;
pub mod fraction;
pub mod lots;
pub mod members;
pub mod otherwise;
pub mod pairing;
pub mod pairs;
pub mod past;
pub mod periods;
pub mod rulings;
pub mod stated;
pub mod terms;

use crate::world::chain::Chain;
use crate::world::{Flow, Party, World, moment_text};
use answer::{Answer, Aside, Cleared};
use books::{Books, Fate, Role};
use decisions::Counted;
use extras::of_nobody;
use fraction::Fraction;
use past::{Final, Past, Standing};
use terms::{price, versions_at};

/// Where a ledger row of the world went; `None` is another period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    pub party: Party,
    pub event_id: String,
    pub role: Role,
    pub extra: bool,
    pub fate: Option<Fate>,
}

/// The whole answer of the oracle.
#[derive(Debug, Clone)]
pub struct Expected {
    pub answer: Answer,
    /// Every ledger row of A, then of B.
    pub rows: Vec<Disposition>,
    /// Everything that was held before decisions were looked at.
    pub held: Vec<HeldItem>,
    /// What later periods take from it where it is closed; None where it cannot be.
    pub closed: Option<Final>,
}

/// A held item, as somebody who decides about it sees it.
#[derive(Debug, Clone)]
pub struct HeldItem {
    /// The discrepancy under which it is held.
    pub about: String,
    pub acceptor_alone: bool,
    /// What its issuer's leg clears; nothing without one.
    pub cleared: i64,
}

/// Judges a world without a past.
pub fn judge(world: &World) -> Expected {
    judge_after(world, &Past::default())
}

/// Judges one period after the other, closing those that are closed and can be.
pub fn judge_chain(chain: &Chain) -> Vec<Expected> {
    let mut past = Past::default();
    let mut found = Vec::new();
    for (position, run) in chain.runs.iter().enumerate() {
        let expected = judge_after(&chain.seen(position), &past);
        if run.closes && past.may_close(&run.world, position) {
            past.finals.extend(expected.closed.clone());
        }
        found.push(expected);
    }
    found
}

/// Codes that block the statement.
const BLOCKING: [&str; 3] = ["AMT-07", "LED-03", "SNP-03"];

/// Judges a world after what was published before.
pub fn judge_after(world: &World, past: &Past) -> Expected {
    let mut books = Books::open(world, past);
    books.pair();
    let (judged, mut reversed) = books.judge_legs();
    books.cap(&judged);
    let mut answer = Answer { discrepancies: members::judge_members(world), ..Answer::default() };
    let firm = judged.iter().map(|pair| (pair.issuer, &books.entries[pair.issuer]));
    let firm = firm.filter(|(issuer, entry)| entry.original.is_none() && books.belongs(*issuer));
    let held = firm.filter_map(|(_, entry)| entry.under.as_ref());
    let ended = books.held_for_members(held, &answer.discrepancies);
    answer.discrepancies.extend(ended);
    let mut weights = Vec::new();
    for (code, entries) in &books.findings {
        let mut held_with = books.held_with.iter();
        let holds = *code == "EVT-04"
            && held_with.any(|(leg, with)| entries.contains(with) && books.belongs(*leg));
        if holds || entries.iter().any(|index| books.belongs(*index)) {
            let found = books.describe(code, entries);
            let pair = judged.iter().find(|pair| entries.first() == Some(&pair.issuer));
            if let Some(pair) = pair.filter(|_| code.starts_with("AMT") && *code != "AMT-07")
                && let Some(text) = books.diagnose_mirror(code, pair)
            {
                answer.diagnoses.push((found.clone(), text));
            }
            weights.push(books.weigh(code, entries, pair.and_then(|pair| pair.agreed)));
            answer.discrepancies.push(found);
        }
    }
    answer.discrepancies.extend(books.resent_otherwise());
    answer.discrepancies.extend(books.replaced_otherwise());
    answer.discrepancies.extend(books.reused_otherwise());
    answer.discrepancies.extend(books.joined_otherwise());
    for index in books.back_dated() {
        answer.discrepancies.push(books.describe("LED-07", &[index]));
    }
    answer.discrepancies.extend((0..books.ignored).map(|_| of_nobody("FIL-07")));
    if past.standing(world) == Standing::Gap {
        answer.discrepancies.push(of_nobody("SNP-03"));
    }
    let refused = books.without_authority();
    let (adjusted, again) = books.wrong_adjustments();
    answer.discrepancies.extend((0..again).map(|_| of_nobody("EVT-04")));
    answer.discrepancies.extend((0..refused + adjusted).map(|_| of_nobody("LED-06")));
    let (accounts, found, explained) = books.judge_accounts();
    answer.diagnoses.extend(explained);
    answer.accounts = accounts.iter().map(|(account, _)| account.clone()).collect();
    answer.discrepancies.extend(found);
    answer.discrepancies.extend(accounts::judge_days(world));
    answer.discrepancies.extend(books.judge_lots());
    let held = books.held_items();
    let counted = books.counted(&judged);
    reversed.extend(books.with_reversals(&counted));
    for twins in books.suspect_twins(&judged, &reversed) {
        answer.discrepancies.push(books.describe("EVT-05", &twins));
    }
    answer.cleared = counted.iter().map(|item| cleared_row(&books, item)).collect();
    put_aside(&books, &mut answer);
    books.apply_settings(&mut answer, &weights);
    let block = answer.reached.iter().any(|text| text.contains("block_on"));
    if !block && !answer.discrepancies.iter().any(|found| BLOCKING.contains(&found.code)) {
        (answer.lines, answer.statements) = clearing::clear(&books, &counted);
        answer.disputes = stated::compare(world, &answer.lines);
        let disputes = answer.disputes.iter().map(|_| of_nobody("CLR-01"));
        answer.discrepancies.extend(disputes);
    }
    let rows = (0..books.entries.len()).map(|index| disposition(&books, index)).collect();
    let closed = books.close(&answer, &counted, &accounts);
    Expected { answer, rows, held, closed }
}

fn disposition(books: &Books, index: usize) -> Disposition {
    let entry = &books.entries[index];
    Disposition {
        party: entry.party,
        event_id: entry.row.event_id.clone(),
        role: entry.role,
        extra: entry.extra,
        fate: Some(entry.fate.unwrap()).filter(|_| books.belongs(index)),
    }
}

fn cleared_row(books: &Books, item: &Counted) -> Cleared {
    let (ratio, rate) = versions_at(books.world, item.issuer, item.flow, item.version_at).unwrap();
    let id = |leg: Option<usize>| {
        leg.map(|leg| books.entries[leg].row.event_id.clone()).unwrap_or_default()
    };
    Cleared {
        issuer: item.issuer.letter().to_owned(),
        flow: item.flow.word(),
        issuer_event: id(item.issuer_leg),
        acceptor_event: id(item.acceptor_leg),
        points: i64::try_from(item.points).unwrap(),
        agreed_mirror: item.agreed.map(|points| i64::try_from(points).unwrap()),
        recorded_mirror: item.acceptor_leg.map(|leg| books.entries[leg].row.points),
        ratio_from: ratio.map(|ratio| moment_text(ratio.from)).unwrap_or_default(),
        rate_from: rate.map(|rate| moment_text(rate.from)).unwrap_or_default(),
    }
}

/// Fills the tables of held and pending: a row for each pair, and for each row that has no pair.
fn put_aside(books: &Books, answer: &mut Answer) {
    for (index, entry) in books.entries.iter().enumerate() {
        let told_by_partner = entry.role == Role::Acceptor && entry.partner.is_some();
        if told_by_partner || !books.belongs(index) {
            continue;
        }
        let (table, code) = match entry.fate.unwrap() {
            Fate::Held(code) => (&mut answer.held, code),
            Fate::Pending(code) => (&mut answer.pending, code),
            Fate::Counted | Fate::Excluded => continue,
        };
        let id = entry.row.event_id.clone();
        let partner = entry.partner.map(|partner| books.entries[partner].row.event_id.clone());
        let (issuer_event, acceptor_event) = match entry.role {
            Role::Acceptor => (String::new(), id),
            _ => (id, partner.unwrap_or_default()),
        };
        table.push(Aside {
            issuer: entry.issuer().letter().to_owned(),
            issuer_event,
            acceptor_event,
            code: code.to_owned(),
            amount: books.worth(index).map(|(_, amount)| amount),
        });
    }
    for (adjustment, _) in books.adjustments().into_iter().filter(|(_, stands)| !stands) {
        answer.held.push(Aside {
            issuer: String::new(),
            issuer_event: String::new(),
            acceptor_event: String::new(),
            code: "LED-06".to_owned(),
            amount: Some(Fraction::new(i128::from(adjustment.thousandths), 1_000)),
        });
    }
}

impl Books<'_> {
    /// The exact money of an issuer's leg at its rate version, and its currency.
    pub fn worth(&self, index: usize) -> Option<(&'static str, Fraction)> {
        let entry = &self.entries[index];
        let flow: Flow = entry.flow.filter(|_| entry.role == Role::Issuer)?;
        if !self.world.has_money(entry.party, flow) {
            return Some((self.world.currency, Fraction::ZERO));
        }
        let rate = terms::rate_at(self.world, entry.party, flow, self.version_instant(index))?;
        let amount = Fraction::whole(self.cleared(index)) * price(rate);
        Some((rate.currency.unwrap_or(self.world.currency), amount))
    }
}
