//! Rows that are brought back from final publications: what was held when the period before was
//! closed, and what is settled of events that the run's files still name (docs/periods.md). What is
//! settled is what was published, whatever a file says of it now.

mod adjustments;
mod alike;
mod cleared;
mod handed;
mod index;
mod own;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Error;
use super::before::Before;
use crate::detect::event::EVT_05;
use crate::frame::books::{Balances, Books, RecalledRow};
use crate::past::{Scope, Settled};
use crate::pipeline::Pipeline;
use crate::publish::{self, Closing, Columns, Final, PublishError};
use crate::value::party::{Both, Party};
use crate::value::period::Period;
use alike::Alike;
pub use cleared::CLEARED;
use cleared::Families;
pub use handed::{bring as handed, settlements};
use index::{Index, Movement};
pub use rows::{OPEN, OWN, SETTLED};

/// The table of which closing balances are brought back.
pub const ACCOUNTS: &str = "accounts";

/// The tables whose rows may have to be brought back, with the columns that are read of each.
#[must_use]
pub fn published() -> [(&'static str, Vec<&'static str>); 5] {
    [
        (OPEN, [&rows::COLUMNS[..], &rows::BESIDE_OPEN].concat()),
        (CLEARED, cleared::COLUMNS.to_vec()),
        (SETTLED, [&rows::COLUMNS[..], &rows::BESIDE_SETTLED].concat()),
        (OWN, [&rows::COLUMNS[..], &[rows::KEPT]].concat()),
        (ACCOUNTS, publish::CLOSINGS.to_vec()),
    ]
}

/// What was brought back, and which rows are settled.
#[derive(Debug)]
pub struct Recalled {
    /// The rows of each book; they follow those of its files.
    pub rows: Both<Vec<RecalledRow>>,
    /// The tables that they stand in; they follow the files of the ledger.
    pub places: Both<Vec<String>>,
    /// Where each of the rows was first read, where it was held or dropped.
    pub first_read: Both<Vec<Option<(String, u64)>>>,
    /// What each party's accounts were closed with by the period just before, where they were.
    pub closed: Both<Option<Balances>>,
    /// Which rows the run judges.
    pub scope: Scope,
}

/// What a scan calls for some rows after others.
type Each<'e> = &'e mut dyn FnMut(&Columns<'_>) -> Result<(), PublishError>;

/// Where rows of final publications are looked up that a run may have to bring back.
pub trait Shelf {
    /// Reads columns of a table of a final publication.
    ///
    /// # Errors
    /// [`Error`] when they cannot be read, and what `each` fails with.
    fn scan(
        &self,
        publication: &Final,
        table: &str,
        columns: &[&str],
        each: Each<'_>,
    ) -> Result<(), Error>;

    /// Whether a party's accounts were closed at all by the period just before, of which the rows
    /// at hand have these.
    fn has_closed(&self, party: Party, closings: &[Closing]) -> bool;
}

/// The publications themselves.
#[derive(Debug, Clone, Copy)]
pub struct Publications;

impl Shelf for Publications {
    fn scan(
        &self,
        publication: &Final,
        table: &str,
        columns: &[&str],
        each: Each<'_>,
    ) -> Result<(), Error> {
        Ok(publication.scan(table, columns, |_, rows| each(rows))?)
    }

    fn has_closed(&self, _: Party, closings: &[Closing]) -> bool {
        !closings.is_empty()
    }
}

/// Brings back what the run has to know.
///
/// # Errors
/// [`Error`] when a publication is not what it was.
pub fn recall(
    pipeline: &Pipeline,
    (period, before): (&Period, &Before),
    (books, files): (&Books, &Both<Vec<String>>),
    shelf: &dyn Shelf,
) -> Result<Recalled, Error> {
    let recalled = Recalled {
        rows: Both::default(),
        places: Both::default(),
        first_read: Both::default(),
        closed: Both { a: None, b: None },
        scope: Scope::new(period.clone(), before.past.clone()),
    };
    if before.finals.is_empty() {
        return Ok(recalled);
    }
    let mut alike: Both<Alike> = Both::default();
    if pipeline.rulings.is_on(&EVT_05) {
        let within = pipeline.rulings.within(&EVT_05);
        let until = period.start.plus(within);
        alike.a = Alike::of(&books.a, until, within);
        alike.b = Alike::of(&books.b, until, within);
    }
    let mut hand = Hand {
        shelf,
        alike,
        index: Both { a: Index::of(&books.a), b: Index::of(&books.b) },
        files: Both::from_fn(|party| files.of(party).len()),
        named: Both::default(),
        open: Both::default(),
        brought: Both::default(),
        own: Both::default(),
        same: Both::default(),
        others: Both::default(),
        known: Vec::new(),
        recalled,
    };
    for party in Party::BOTH {
        let rows = hand.index.of(party).rows as usize;
        hand.recalled.scope.moved.of_mut(party).known = vec![false; rows];
        *hand.same.of_mut(party) = vec![false; rows];
    }
    if let Some(last) = before.last() {
        hand.bring_closings(last)?;
        hand.bring_open(last)?;
    }
    let mut families = Families::default();
    for publication in &before.finals {
        hand.find_families(publication, &mut families)?;
    }
    for publication in &before.finals {
        hand.bring_cleared(publication, &families)?;
    }
    for publication in &before.finals {
        hand.bring_settled(publication)?;
    }
    hand.join();
    // Of several months' rows of one number the last that was closed is what it came to.
    for publication in before.finals.iter().rev() {
        hand.bring_own(publication)?;
    }
    hand.tell_reused();
    Ok(hand.recalled)
}

/// Brings back what became of adjustments.
///
/// # Errors
/// [`Error`] when a publication is not what it was.
pub fn adjustments(before: &Before, scope: &mut Scope) -> Result<(), Error> {
    Ok(adjustments::bring(before, scope)?)
}

/// When the final publications first saw discrepancies, of those ids that are asked for.
///
/// # Errors
/// [`Error`] when a publication is not what it was.
pub fn first_seen(
    finals: &[Final],
    asked: &BTreeSet<String>,
) -> Result<BTreeMap<String, Date>, Error> {
    let mut seen = BTreeMap::new();
    for publication in finals {
        publication.scan("discrepancies", &["discrepancy_id", "first_seen"], |_, rows| {
            let (ids, days) = (rows.texts("discrepancy_id")?, rows.days("first_seen")?);
            for (id, day) in ids.iter().zip(days) {
                if let (Some(id), Some(day)) = (id, day)
                    && asked.contains(id)
                {
                    seen.entry(id.to_owned()).or_insert(day);
                }
            }
            Ok::<(), PublishError>(())
        })?;
    }
    Ok(seen)
}

/// What is in hand while rows are brought back.
struct Hand<'a> {
    shelf: &'a dyn Shelf,
    index: Both<Index<'a>>,
    alike: Both<Alike>,
    files: Both<usize>,
    /// Ids that rows which were brought back have or name, beside those of the files.
    named: Both<BTreeSet<String>>,
    /// Rows that were left open, by id.
    open: Both<BTreeMap<String, Vec<u32>>>,
    /// Settled rows that were brought back, by id.
    brought: Both<BTreeMap<String, u32>>,
    /// Ids of own business and of cancelled legs that were brought back.
    own: Both<BTreeSet<String>>,
    /// Per row of the files, whether a final publication has it in `own_rows` as it stands.
    same: Both<Vec<bool>>,
    /// What `own_rows` has under numbers of the files' rows, where these say something else.
    others: Both<Vec<RecalledRow>>,
    /// Legs whose partner is known.
    known: Vec<Known>,
    recalled: Recalled,
}

/// A settled leg, and the id of the leg that was settled with it.
struct Known {
    issuer: Party,
    party: Party,
    row: u32,
    partner: String,
}

impl Hand<'_> {
    /// Brings back what accounts were closed with.
    fn bring_closings(&mut self, publication: &Final) -> Result<(), Error> {
        let mut closings: Both<Vec<Closing>> = Both::default();
        let mut add = |rows: &Columns<'_>| publish::add_closings(rows, &mut closings);
        self.shelf.scan(publication, ACCOUNTS, &publish::CLOSINGS, &mut add)?;
        self.recalled.closed = Both::from_fn(|party| {
            let rows = closings.of(party);
            // A party without any account opens as in the first period.
            self.shelf.has_closed(party, rows).then(|| Balances::closed(rows))
        });
        Ok(())
    }

    /// The index of a publication's table among the files of a ledger.
    fn file(&mut self, party: Party, publication: &Final, table: &str) -> u32 {
        let place = format!("{}/{table}.parquet", publication.place());
        let places = self.recalled.places.of_mut(party);
        let at = places.iter().position(|known| *known == place).unwrap_or_else(|| {
            places.push(place);
            places.len() - 1
        });
        // There are fewer files and publications than 2^32.
        (self.files.of(party) + at) as u32
    }

    fn push(&mut self, party: Party, row: RecalledRow, first_read: Option<(String, u64)>) -> u32 {
        let rows = self.recalled.rows.of_mut(party);
        let index = self.index.of(party).rows + rows.len() as u32;
        rows.push(row);
        self.recalled.first_read.of_mut(party).push(first_read);
        index
    }

    /// Whether a final publication that was looked through has the event of a row of the files as
    /// one that took effect.
    fn is_known(&self, party: Party, row: u32) -> bool {
        self.recalled.scope.moved.of(party).known.get(row as usize) == Some(&true)
    }

    /// Notes that a final publication has the event of the files' rows of an id; of own business,
    /// whose number may be another's later, of those that say the same.
    fn know(&mut self, party: Party, id: &str, own: Option<Movement>) {
        let known = &mut self.recalled.scope.moved.of_mut(party).known;
        let index = self.index.of(party);
        let is_it = |row: &u32| own.is_none_or(|own| index.movement(*row) == own);
        for row in index.own.rows(id).filter(is_it) {
            if let Some(known) = known.get_mut(row as usize) {
                *known = true;
            }
        }
    }

    /// Brings back a settled leg, and sets the files' rows of its id aside: what is settled is what
    /// was published.
    fn settle(
        &mut self,
        party: Party,
        leg: RecalledRow,
        first_read: Option<(String, u64)>,
        how: Settled,
    ) -> u32 {
        self.know(party, &leg.event_id, None);
        let scope = &mut self.recalled.scope;
        // What was left open for the sake of its balance alone was sent then, and stands aside too.
        let open = self.open.of(party).get(&leg.event_id).into_iter().flatten().copied();
        for row in self.index.of(party).own.rows(&leg.event_id).chain(open) {
            scope.resent.of_mut(party).insert(row);
            scope.settled.of_mut(party).insert(row, how);
        }
        let event_id = leg.event_id.clone();
        let row = self.push(party, leg, first_read);
        self.recalled.scope.settled.of_mut(party).insert(row, how);
        // Of rows that collided and were dropped together any one will do: they pair with nothing.
        self.brought.of_mut(party).entry(event_id).or_insert(row);
        row
    }

    /// Pairs what was settled together without standing in one row of `cleared_events`.
    fn join(&mut self) {
        let mut joined: BTreeSet<(Party, u32, u32)> = BTreeSet::new();
        for known in &self.known {
            let partner = self.brought.of(known.party.partner()).get(&known.partner).copied();
            let Some(partner) = partner else { continue };
            let (leg, mirror) = match known.party == known.issuer {
                true => (known.row, partner),
                false => (partner, known.row),
            };
            joined.insert((known.issuer, leg, mirror));
        }
        for (issuer, leg, mirror) in joined {
            self.recalled.scope.pairs.of_mut(issuer).push((leg, mirror));
        }
    }
}
