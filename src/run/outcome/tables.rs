//! The published tables, in the order in which the dictionary describes them: made from the rows at
//! hand, or merged from what was drawn portion by portion.

use std::fs::File;
use std::path::Path;

use arrow::array::RecordBatch;

use super::digest::ClearedDigest;
use super::drawn::{Drawn, number};
use super::report::largest_held;
use super::{due_date, items, own};
use crate::control::ControlTotal;
use crate::detect;
use crate::feed::RejectCode;
use crate::judgement::Disposition;
use crate::pipeline::Pipeline;
use crate::publish::{
    self, AccountRow, Amend, DecisionRow, DictionaryRow, FINAL, Folder, Heard, ItemRow, Largest,
    LineRow, OpenAdjustment, OutputFile, PROVISIONAL, PublishError, RejectRow, Runs, Stamp,
    StatementRow, Table,
};
use crate::run::{Error, Evidence, Watch};
use crate::statement::Statement;
use crate::value::party::Both;
use crate::value::period::Period;

/// Rows of a table after which it is told that they are written.
const TOLD_ROWS: usize = 1 << 16;

/// The folder being staged, and what stands in it.
pub struct Shelf<'a> {
    staging: &'a Path,
    stamp: Stamp<'a>,
    watch: &'a dyn Watch,
    /// The files so far.
    pub outputs: Vec<OutputFile>,
    dictionary: Vec<DictionaryRow>,
}

impl<'a> Shelf<'a> {
    /// Nothing yet.
    #[must_use]
    pub fn new(staging: &'a Path, stamp: Stamp<'a>, watch: &'a dyn Watch) -> Shelf<'a> {
        Shelf { staging, stamp, watch, outputs: Vec::new(), dictionary: Vec::new() }
    }

    fn put<R: Send + Sync>(
        &mut self,
        table: &Table<R>,
        rows: impl Iterator<Item = R>,
    ) -> Result<u64, PublishError> {
        self.dictionary.extend(table.dictionary_rows(self.stamp.digits));
        let rows = self.file(table, |stamp, file| publish::write(table, rows, stamp, file))?;
        self.watch.advance(0, rows);
        Ok(rows)
    }

    /// Puts a table of so many rows that they are made side by side.
    fn put_by_place<R: Send + Sync>(
        &mut self,
        table: &Table<R>,
        count: usize,
        row: impl Fn(usize) -> Option<R> + Sync,
        heard: Heard<'_>,
    ) -> Result<u64, PublishError> {
        self.dictionary.extend(table.dictionary_rows(self.stamp.digits));
        let watch = self.watch;
        // Every place is asked for once, whoever asks.
        let row = |place: usize| {
            if (place + 1).is_multiple_of(TOLD_ROWS) {
                watch.advance(0, TOLD_ROWS as u64);
            }
            row(place)
        };
        let rows = self.file(table, |stamp, file| {
            publish::write_by_place(table, count, row, stamp, file, heard)
        })?;
        watch.advance(0, (count % TOLD_ROWS) as u64);
        Ok(rows)
    }

    /// Puts a table whose rows were drawn portion by portion.
    fn merge<R: Send + Sync>(
        &mut self,
        table: &Table<R>,
        runs: &Runs,
    ) -> Result<u64, PublishError> {
        self.merge_with(table, runs, &mut Ok)
    }

    /// The same, with each batch amended before it is written.
    fn merge_with<R: Send + Sync>(
        &mut self,
        table: &Table<R>,
        runs: &Runs,
        amend: Amend<'_>,
    ) -> Result<u64, PublishError> {
        self.dictionary.extend(table.dictionary_rows(self.stamp.digits));
        let watch = self.watch;
        let mut amend = |batch: RecordBatch| {
            watch.advance(0, batch.num_rows() as u64);
            amend(batch)
        };
        self.file(table, |stamp, file| runs.write(table, stamp, file, &mut amend))
    }

    fn file<R>(
        &mut self,
        table: &Table<R>,
        write: impl FnOnce(Stamp<'_>, File) -> Result<u64, PublishError>,
    ) -> Result<u64, PublishError> {
        let name = format!("{}.parquet", table.name);
        let path = self.staging.join(&name);
        let file = Folder::create(self.staging, &name)?;
        let rows = write(self.stamp, file).map_err(|error| error.naming(&path))?;
        let (bytes, blake3) = crate::source::digest(&path)?;
        self.outputs.push(OutputFile { file: name, rows, bytes, blake3 });
        Ok(rows)
    }
}

/// Writes the tables, and gives the largest held items for the page.
///
/// # Errors
/// [`Error`] when a table cannot be written, or a figure does not fit its column.
pub fn write_tables<'a>(
    shelf: &mut Shelf<'_>,
    pipeline: &Pipeline,
    (items, drawn): (items::Items<'a>, Option<&Drawn>),
    totals: &[ControlTotal],
    status: &'static str,
) -> Result<Largest<ItemRow<'a>>, Error> {
    let items::Items { agreement, period, evidence, .. } = items;
    let (mut held, mut pending) = match drawn {
        Some(drawn) => (drawn.held.clone(), drawn.pending.clone()),
        None => (items.of(Disposition::Held)?, items.of(Disposition::Pending)?),
    };
    items::sort_items(&mut held);
    items::sort_items(&mut pending);
    held.extend(items.held_adjustments());
    // Rows come before their sums, so that of a figure that fits no column the row is told.
    shelf.put(&publish::discrepancies(), evidence.discrepancies.iter())?;
    let handed_on =
        || drawn.is_none().then(|| rayon::join(|| items.open_rows(), || items.settled_rows()));
    let (cleared, handed_on) = rayon::join(|| put_cleared(shelf, items, drawn), handed_on);
    let (counted, digest) = cleared?;
    let (open, settled) = handed_on.unzip();
    let events = (i128::from(counted), held.len() as i128, pending.len() as i128);
    let largest = largest_held(&held);
    shelf.put(&publish::held(), held.into_iter())?;
    if evidence.is_blocked() {
        // The dictionary describes the tables whether or not this run has them.
        let digits = agreement.digits();
        shelf.dictionary.extend(publish::statement().dictionary_rows(digits));
        shelf.dictionary.extend(publish::lines().dictionary_rows(digits));
    } else {
        let rows = evidence.clearing.statements().iter().map(|statement| StatementRow {
            status: status.to_owned(),
            ..statement_row(pipeline, period, evidence, statement, &digest, events)
        });
        shelf.put(&publish::statement(), rows)?;
        let lines = evidence.clearing.lines();
        let rows = lines.map(|(line_no, line)| LineRow { line_no: line_no.into(), line });
        shelf.put(&publish::lines(), rows)?;
    }
    match drawn {
        None => shelf.put(&publish::open_rows(), open.into_iter().flatten())?,
        Some(drawn) => shelf.merge(&publish::open_rows(), &drawn.open)?,
    };
    match drawn {
        None => shelf.put(&publish::settled_rows(), settled.into_iter().flatten())?,
        Some(drawn) => shelf.merge(&publish::settled_rows(), &drawn.settled)?,
    };
    // Later periods take up what is final, and nothing else needs a copy of what the files say.
    match drawn.filter(|_| status == FINAL) {
        None => {
            let own = if status == FINAL { items.own_rows() } else { own::OwnRows::none(items) };
            let row = |place| own.row(place);
            shelf.put_by_place(&publish::own_rows(), own.len(), row, &mut |_| Ok(()))?
        }
        Some(drawn) => shelf.merge(&publish::own_rows(), &drawn.own)?,
    };
    let adjustments = evidence.intake.adjustments.iter().flat_map(|adjustments| {
        let files = &evidence.intake.paths.adjustments;
        let waiting = evidence.waiting_adjustments.iter();
        waiting.map(move |&row| OpenAdjustment { adjustments, row, files })
    });
    shelf.put(&publish::open_adjustments(), adjustments)?;
    shelf.put(&publish::settlements(), evidence.claims.settlements.iter())?;
    let decided = evidence.intake.decisions.iter().flat_map(|decisions| {
        let files = &evidence.intake.paths.decisions;
        evidence.decided.iter().map(move |decided| DecisionRow { decisions, decided, files })
    });
    shelf.put(&publish::decisions(), decided)?;
    shelf.put(&publish::pending(), pending.into_iter())?;
    match drawn {
        None => shelf.put(&publish::links(), items::links(&evidence.links).into_iter())?,
        Some(drawn) => shelf.merge(&publish::links(), &drawn.links)?,
    };
    let accounts = evidence.accounts.a.iter().chain(&evidence.accounts.b);
    match drawn {
        None => shelf.put(&publish::accounts(), accounts.map(|account| AccountRow { account }))?,
        Some(drawn) => shelf.merge(&publish::accounts(), &drawn.accounts)?,
    };
    let rejects = evidence.intake.feeds.iter().flat_map(|feed| {
        feed.rejects.iter().map(|reject| RejectRow {
            owner: feed.owner.word(),
            feed: feed.kind.word(),
            code: reject_code(reject.code),
            reject,
        })
    });
    shelf.put(&publish::rejects(), rejects)?;
    shelf.put(&publish::control(), totals.iter().cloned())?;
    let table = publish::dictionary();
    shelf.dictionary.extend(table.dictionary_rows(agreement.digits()));
    let rows = std::mem::take(&mut shelf.dictionary).into_iter();
    shelf.file(&table, |stamp, file| publish::write(&table, rows, stamp, file))?;
    Ok(largest)
}

/// Writes the counted events, and tells how many there are and the digest of what they say.
fn put_cleared(
    shelf: &mut Shelf<'_>,
    items: items::Items<'_>,
    drawn: Option<&Drawn>,
) -> Result<(u64, String), Error> {
    let line_numbers = Both::from_fn(|party| items.line_numbers(party));
    let table = publish::cleared_events();
    let mut digest = ClearedDigest::default();
    let (counted, written) = match drawn {
        None => {
            let cleared = items.cleared(line_numbers);
            let row = |place| cleared.row(place);
            let mut heard = |batch: &RecordBatch| digest.add_rows(batch);
            let written = shelf.put_by_place(&table, cleared.len(), row, &mut heard)?;
            (cleared.len() as u64, written)
        }
        Some(drawn) => {
            let numbers = drawn.numbers(&line_numbers);
            let mut amend = |batch| number(&batch, &numbers, &mut digest);
            let written = shelf.merge_with(&table, &drawn.cleared, &mut amend)?;
            (drawn.cleared.rows(), written)
        }
    };
    if written != counted {
        return Err(Error::Unwritten { counted, written });
    }
    Ok((counted, digest.finish()))
}

fn reject_code(code: RejectCode) -> &'static str {
    match code {
        RejectCode::Undecodable => detect::feed::FIL_04.code,
        RejectCode::Ragged => detect::feed::FIL_05.code,
        RejectCode::Value => detect::feed::FIL_06.code,
    }
}

fn statement_row(
    pipeline: &Pipeline,
    period: &Period,
    evidence: &Evidence,
    statement: &Statement,
    cleared_digest: &str,
    events: (i128, i128, i128),
) -> StatementRow {
    let agreement = &pipeline.agreement;
    let currency = statement.currency();
    StatementRow {
        pipeline: pipeline.name.clone(),
        agreement_id: agreement.id.clone(),
        agreement_version: agreement.version.clone(),
        codes: Both::from_fn(|party| agreement.parties.of(party).code.clone()),
        names: Both::from_fn(|party| agreement.parties.of(party).name.clone()),
        status: PROVISIONAL.to_owned(),
        opening_from: evidence.scope.past.opening.in_words(),
        currency: currency.code().to_owned(),
        payables: statement.payables(),
        opening_carry: statement.opening_carry(),
        net: statement.net(),
        payer: statement.payer(),
        amount_due: statement.amount_due(),
        carry_forward: statement.carry_forward(),
        due_date: due_date(agreement, period, statement),
        held: Both::from_fn(|party| evidence.conservation.of(party).held.of(currency)),
        events,
        discrepancies: evidence.discrepancies.len() as i128,
        pipeline_digest: pipeline.digest.clone(),
        cleared_digest: cleared_digest.to_owned(),
    }
}
