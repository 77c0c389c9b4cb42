//! The ids that a run's own ledgers have and name, and the words of published rows.

use arrow::array::{Array, StringArray};
use rust_decimal::Decimal;

use crate::engine::{Exchange, Keyed};
use crate::frame::books::{Ledger, Side};
use crate::publish::{Final, PublishError, plain};
use crate::value::kind::{Kind, Role, Status};
use crate::value::party::Party;
use crate::value::period::Instant;

/// What moved, how much, and when it happened.
pub type Movement = (Kind, i64, Instant);

/// What a row of own business says, so far as what was published of its number is held against it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content<'a> {
    pub movement: Movement,
    pub member: &'a str,
    pub counter: Option<&'a str>,
    /// Of a reversal alone.
    pub original: Option<&'a str>,
    pub status: Status,
}

impl Content<'_> {
    /// Whether a row that is sent now is the one that was published. What had not taken effect may
    /// take it.
    pub fn is(&self, published: &Content<'_>) -> bool {
        let status =
            if published.status == Status::Posted { self.status } else { published.status };
        Content { status, ..*self } == *published
    }
}

/// The ids of one ledger's rows, and those that its legs name.
pub struct Index<'a> {
    /// Every row by its own id.
    pub own: Ids<'a>,
    /// Rows by the partner's id that they name.
    pub counters: Ids<'a>,
    /// Rows by the id of the event that they reverse.
    pub originals: Ids<'a>,
    is_leg: Box<dyn Fn(u32) -> bool + 'a>,
    reversed: Box<dyn Fn(u32) -> Option<&'a str> + 'a>,
    movement: Box<dyn Fn(u32) -> Movement + 'a>,
    is_posted: Box<dyn Fn(u32) -> bool + 'a>,
    content: Box<dyn Fn(u32) -> Content<'a> + 'a>,
    /// The number of rows.
    pub rows: u32,
}

impl<'a> Index<'a> {
    pub fn of<P: Side>(ledger: &'a Ledger<P>) -> Index<'a> {
        Index {
            own: Ids::new(ledger.len(), |row| Some(ledger.event_id(row))),
            counters: Ids::new(ledger.len(), |row| ledger.counter_event_id(row)),
            originals: Ids::new(ledger.len(), |row| ledger.original_event_id(row)),
            is_leg: Box::new(|row| ledger.kind(row).role() != Some(Role::Own)),
            reversed: Box::new(|row| {
                let is_reversal = ledger.kind(row) == Kind::Reversal;
                is_reversal.then(|| ledger.original_event_id(row)).flatten()
            }),
            movement: Box::new(|row| {
                (ledger.kind(row), ledger.points(row), ledger.occurred_at(row))
            }),
            is_posted: Box::new(|row| ledger.status(row) == Status::Posted),
            content: Box::new(|row| Content {
                movement: (ledger.kind(row), ledger.points(row), ledger.occurred_at(row)),
                member: ledger.member_no(row),
                counter: ledger.counter_event_id(row),
                original: ledger
                    .original_event_id(row)
                    .filter(|_| ledger.kind(row) == Kind::Reversal),
                status: ledger.status(row),
            }),
            rows: ledger.rows().end,
        }
    }

    /// The rows of that id which are legs, as far as their kind says.
    pub fn legs<'s>(&'s self, id: &'s str) -> impl Iterator<Item = u32> + 's {
        self.own.rows(id).filter(|&row| self.is_leg(row))
    }

    /// Whether a row is a leg, as far as its kind says.
    pub fn is_leg(&self, row: u32) -> bool {
        (self.is_leg)(row)
    }

    /// What a row says of a movement.
    pub fn movement(&self, row: u32) -> Movement {
        (self.movement)(row)
    }

    /// Whether a row took effect.
    pub fn is_posted(&self, row: u32) -> bool {
        (self.is_posted)(row)
    }

    /// What a row says.
    pub fn content(&self, row: u32) -> Content<'a> {
        (self.content)(row)
    }

    /// The id of the event that a row reverses, where it is a reversal and names one.
    pub fn reversed(&self, row: u32) -> Option<&'a str> {
        (self.reversed)(row)
    }
}

/// Rows by an id, to be found by its hash; the id's bytes decide.
pub struct Ids<'a> {
    keyed: Vec<Keyed>,
    key: Box<dyn Fn(u32) -> Option<&'a str> + 'a>,
}

impl<'a> Ids<'a> {
    fn new(rows: usize, key: impl Fn(u32) -> Option<&'a str> + Sync + 'a) -> Ids<'a> {
        let mut keyed: Vec<Keyed> =
            Exchange::new(1).scatter(rows, &key).into_iter().flatten().collect();
        keyed.sort_unstable_by_key(|keyed| keyed.rank());
        Ids { keyed, key: Box::new(key) }
    }

    pub fn rows<'s>(&'s self, id: &'s str) -> impl Iterator<Item = u32> + 's {
        let hash = Exchange::hash(id);
        let start = self.keyed.partition_point(|keyed| keyed.hash < hash);
        let run = self.keyed[start..].iter().take_while(move |keyed| keyed.hash == hash);
        run.map(|keyed| keyed.row).filter(move |&row| (self.key)(row) == Some(id))
    }

    pub fn has(&self, id: &str) -> bool {
        self.rows(id).next().is_some()
    }
}

/// The party of a letter in a published table.
pub fn party_of(letter: &str) -> Party {
    if letter == Party::A.letter() { Party::A } else { Party::B }
}

/// A text as it was read, where there is one.
pub fn said(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| plain(column.value(row)))
}

/// A figure or word that a final publication cannot have.
pub fn unsound(publication: &Final, table: &str, row: u64) -> PublishError {
    PublishError::Altered {
        path: publication.folder.join(format!("{table}.parquet")),
        what: format!("row {row} is not sound"),
    }
}

/// An exact amount as ledgers hold it.
pub fn millionths(mut amount: Decimal) -> Option<i64> {
    amount.rescale(6);
    i64::try_from(amount.mantissa()).ok()
}

/// The value that a published word stands for.
pub fn word<W: Copy>(all: &[W], words: &[&str], word: Option<&str>) -> Option<W> {
    let index = words.iter().position(|known| Some(*known) == word)?;
    all.get(index).copied()
}
