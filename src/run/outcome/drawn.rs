//! What the tables have of rows that were judged in portions: each portion's rows are drawn before
//! they go, and merged when all have been judged.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, Int64Array, RecordBatch};

use super::cleared::{Cleared, LineNumbers};
use super::counts::Counts;
use super::digest::{ClearedDigest, Columns, party};
use super::items::{self, Items};
use super::open::open_key;
use crate::clear::ObligationKey;
use crate::judgement::Disposition;
use crate::publish::{
    self, AccountRow, ItemRow, LinkRow, OpenRow, PublishError, Runs, SortKey, Stamp,
};
use crate::run::{Aim, Error};
use crate::value::party::{Both, Party};

/// What tables have of rows that are not at hand any more.
#[derive(Debug)]
pub struct Drawn {
    /// What is counted.
    pub counts: Counts,
    /// Held items, in no order.
    pub held: Vec<ItemRow<'static>>,
    /// Awaited items, in no order.
    pub pending: Vec<ItemRow<'static>>,
    /// Of `cleared_events`. Their lines have numbers of [`Drawn::lines`].
    pub cleared: Runs,
    /// Of `open_rows`.
    pub open: Runs,
    /// Of `settled_rows`.
    pub settled: Runs,
    /// Of `own_rows`, where the run closes the period.
    pub own: Runs,
    /// Of `links`.
    pub links: Runs,
    /// Of `accounts`.
    pub accounts: Runs,
    /// A number for each gross line of an issuer, in the order in which they came up: the
    /// statement numbers its lines when all of them are known.
    pub lines: Both<LineNumbers>,
}

impl Drawn {
    /// Nothing yet; what is drawn is set aside in a folder, in pieces of so many rows.
    ///
    /// # Errors
    /// [`Error`] when nothing can be set aside there.
    pub fn new(folder: &Path, piece_rows: usize) -> Result<Drawn, Error> {
        let runs = || Runs::new(folder, piece_rows);
        Ok(Drawn {
            counts: Counts::default(),
            held: Vec::new(),
            pending: Vec::new(),
            cleared: runs()?,
            open: runs()?,
            settled: runs()?,
            own: runs()?,
            links: runs()?,
            accounts: runs()?,
            lines: Both::default(),
        })
    }

    /// Draws what the tables have of a portion, whose events stand on these lines.
    ///
    /// # Errors
    /// [`Error`] when a figure does not fit its column, or rows cannot be set aside.
    pub fn draw(
        &mut self,
        items: Items<'_>,
        lines: &Both<Vec<ObligationKey>>,
        aim: Aim,
    ) -> Result<(), Error> {
        let Items { agreement, period, evidence, .. } = items;
        let stamp = Stamp { period, digits: agreement.digits() };
        self.counts.take_in(&Counts::of(evidence)?)?;
        self.held.extend(items.of(Disposition::Held)?.into_iter().map(ItemRow::apart));
        self.pending.extend(items.of(Disposition::Pending)?.into_iter().map(ItemRow::apart));
        for party in Party::BOTH {
            let numbers = self.lines.of_mut(party);
            for key in lines.of(party) {
                let next = numbers.len() as i128;
                numbers.entry(key.clone()).or_insert(next);
            }
        }
        let cleared = items.cleared(self.lines.clone());
        let row = |place: usize| cleared.row(place).map(|row| (Cleared::key(&row), row));
        let written = self.cleared.rows();
        self.cleared.add(&publish::cleared_events(), stamp, cleared.len(), row)?;
        let written = self.cleared.rows() - written;
        if written != cleared.len() as u64 {
            return Err(Error::Unwritten { counted: cleared.len() as u64, written });
        }
        let open = items.open_rows();
        add_open(&mut self.open, &publish::open_rows(), stamp, &open)?;
        let settled = items.settled_rows();
        add_open(&mut self.settled, &publish::settled_rows(), stamp, &settled)?;
        if aim == Aim::Final {
            let own = items.own_rows();
            let row = |place: usize| own.row(place).map(|row| (open_key(&row), row));
            self.own.add(&publish::own_rows(), stamp, own.len(), row)?;
        }
        let links = items::links(&evidence.links);
        let row = |place: usize| {
            let row: LinkRow<'_> = links.get(place)?.clone();
            Some((items::link_key(&evidence.links, place), row))
        };
        self.links.add(&publish::links(), stamp, links.len(), row)?;
        let accounts = &evidence.accounts;
        let row = |place: usize| {
            let account =
                accounts.a.get(place).or_else(|| accounts.b.get(place - accounts.a.len()));
            let account = account?;
            let key = SortKey::default().party(account.party).text(&account.member_no);
            Some((key, AccountRow { account }))
        };
        let count = accounts.a.len() + accounts.b.len();
        self.accounts.add(&publish::accounts(), stamp, count, row)?;
        Ok(())
    }

    /// The number in the statement of each gross line of an issuer, by its number here.
    #[must_use]
    pub fn numbers(&self, line_numbers: &Both<LineNumbers>) -> Both<Vec<Option<i64>>> {
        Both::from_fn(|party| {
            let lines = self.lines.of(party);
            let mut numbers = vec![None; lines.len()];
            for (key, &here) in lines {
                let number = line_numbers.of(party).get(key).copied();
                if let Some(slot) =
                    usize::try_from(here).ok().and_then(|here| numbers.get_mut(here))
                {
                    *slot = number.and_then(|number| i64::try_from(number).ok());
                }
            }
            numbers
        })
    }
}

fn add_open<'a>(
    runs: &mut Runs,
    table: &publish::Table<OpenRow<'a>>,
    stamp: Stamp<'_>,
    rows: &[OpenRow<'a>],
) -> Result<(), PublishError> {
    let row = |place: usize| rows.get(place).map(|row| (open_key(row), row.clone()));
    runs.add(table, stamp, rows.len(), row)
}

/// Numbers the lines of merged `cleared_events` as the statement does, and adds what they say to
/// their digest.
///
/// # Errors
/// [`PublishError`] when the batch is none of that table.
pub fn number(
    batch: &RecordBatch,
    numbers: &Both<Vec<Option<i64>>>,
    digest: &mut ClearedDigest,
) -> Result<RecordBatch, PublishError> {
    digest.add_rows(batch)?;
    let Columns { issuers, lines, .. } = Columns::of(batch)?;
    let mut numbered = Int64Array::builder(batch.num_rows());
    for row in 0..batch.num_rows() {
        let here = usize::try_from(lines.value(row)).ok().filter(|_| lines.is_valid(row));
        let numbers = numbers.of(party(issuers.value(row)));
        numbered.append_option(here.and_then(|here| numbers.get(here).copied().flatten()));
    }
    let mut columns = batch.columns().to_vec();
    columns[batch.schema_ref().index_of("line_no")?] = Arc::new(numbered.finish());
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}
