//! The oracle: a second, slower answer to what the engine answers.
//!
//! It is written from `docs/judging.md` and the domain's rules alone, in plain loops over plain
//! structs, with its own exact arithmetic, and shares no code with the engine. Where the text
//! leaves a choice, the oracle takes the most literal reading and says so where it does.

pub mod accounts;
pub mod answer;
pub mod books;
pub mod clearing;
pub mod examples;
pub mod fraction;
pub mod members;
pub mod pairing;
pub mod pairs;
pub mod terms;

use crate::world::{Party, World, moment_text};
use answer::{Answer, Aside, Cleared, Discrepancy};
use books::{Books, Fate, Role};
use fraction::Fraction;
use pairs::Judged;
use terms::{price, rate_at, ratio_at};

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
}

/// Judges a world.
pub fn judge(world: &World) -> Expected {
    let mut books = Books::open(world);
    books.pair();
    let judged = books.judge_legs();
    let mut answer = Answer { discrepancies: members::judge_members(world), ..Answer::default() };
    for (code, entries) in &books.findings {
        let mut held_with = books.held_with.iter();
        let holds = *code == "EVT-04"
            && held_with.any(|(leg, with)| entries.contains(with) && books.belongs(*leg));
        if holds || entries.iter().any(|index| books.belongs(*index)) {
            answer.discrepancies.push(describe(&books, code, entries));
        }
    }
    let (accounts, found) = books.judge_accounts();
    answer.accounts = accounts;
    answer.discrepancies.extend(found);
    let counted: Vec<Judged> = judged
        .iter()
        .filter(|pair| books.entries[pair.issuer].fate == Some(Fate::Counted))
        .filter(|pair| books.belongs(pair.issuer))
        .copied()
        .collect();
    answer.cleared = counted.iter().map(|pair| cleared_row(&books, pair)).collect();
    put_aside(&books, &mut answer);
    if !answer.discrepancies.iter().any(|found| found.code == "AMT-07") {
        let held = ["a", "b"].map(|issuer| {
            let rows = answer.held.iter().filter(|row| row.issuer == issuer);
            rows.filter_map(|row| row.amount).fold(Fraction::ZERO, |sum, amount| sum + amount)
        });
        let (lines, statement) = clearing::clear(&books, &counted, held);
        answer.lines = lines;
        answer.statement = Some(statement);
    }
    let rows = (0..books.entries.len()).map(|index| disposition(&books, index)).collect();
    Expected { answer, rows }
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

fn describe(books: &Books, code: &str, entries: &[usize]) -> Discrepancy {
    let joined = |party: Party, text: fn(&crate::world::Row) -> &String| {
        let of_party = entries.iter().map(|index| &books.entries[*index]);
        let mut texts: Vec<&str> = of_party
            .filter(|entry| entry.party == party)
            .map(|entry| text(entry.row).as_str())
            .collect();
        texts.sort_unstable();
        texts.dedup();
        texts.join(";")
    };
    Discrepancy {
        code: code.to_owned(),
        a_events: joined(Party::A, |row| &row.event_id),
        b_events: joined(Party::B, |row| &row.event_id),
        a_member: joined(Party::A, |row| &row.member_no),
        b_member: joined(Party::B, |row| &row.member_no),
    }
}

fn cleared_row(books: &Books, pair: &Judged) -> Cleared {
    let (one, other) = (&books.entries[pair.issuer], &books.entries[pair.acceptor]);
    let (party, flow) = (one.party, one.flow.unwrap());
    let at = books.version_instant(pair.issuer);
    let ratio = ratio_at(books.world, party, at).filter(|_| flow != crate::world::Flow::Sale);
    let rate = rate_at(books.world, party, flow, at).unwrap();
    Cleared {
        issuer: party.letter().to_owned(),
        flow: flow.word(),
        issuer_event: one.row.event_id.clone(),
        acceptor_event: other.row.event_id.clone(),
        points: i64::try_from(books.cleared(pair.issuer)).unwrap(),
        agreed_mirror: i64::try_from(pair.agreed.unwrap()).unwrap(),
        recorded_mirror: other.row.points,
        ratio_from: ratio.map(|ratio| moment_text(ratio.from)).unwrap_or_default(),
        rate_from: moment_text(rate.from),
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
            amount: money_of(books, index),
        });
    }
}

/// The exact money of an issuer's leg at its rate version.
fn money_of(books: &Books, index: usize) -> Option<Fraction> {
    let entry = &books.entries[index];
    let flow = entry.flow.filter(|_| entry.role == Role::Issuer)?;
    let rate = rate_at(books.world, entry.party, flow, books.version_instant(index))?;
    Some(Fraction::whole(books.cleared(index)) * price(rate))
}
