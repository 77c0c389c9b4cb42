//! A run whose rows do not fit into memory.
//!
//! ```text
//! read, set aside ─▶ find which rows touch one another ─▶ stow by portion
//!   ─▶ judge portion by portion, draw what the tables have of each ─▶ conclude ─▶ merge the tables
//! ```
//!
//! Rows that touch one another are in one portion, so that each is judged as if it were alone and
//! all come to the same as if they had been judged together. What portions come to is summed; it is
//! little, like what is found.

mod apart;
mod kinship;

use arrow::array::RecordBatch;

use super::intake::{self, Intake};
use super::judge::{self, Conclusion, Judged, Sums};
use super::outcome::{self, Drawn};
use super::room::Room;
use super::{Aim, Error, Evidence, Job, Order, Unwatched, Watch, Work, recall};
use crate::engine::Exchange;
use crate::feed::{FeedKind, FeedRows, Owner};
use crate::frame::books::{Balances, Books, Consents, Ledger, Links, Members};
use crate::frame::lots::Lots;
use crate::frame::schema::canonical_schema;
use crate::past::Scope;
use crate::source::{self, Cache};
use crate::value::party::{Both, Party};
use apart::{Apart, Origin, Portions};

/// From files that are known to balanced statements, and what the tables have of every row.
pub fn examine(
    job: Job<'_>,
    (order, aim): (&Order, Aim),
    room: Room<'_>,
    watch: &dyn Watch,
) -> Result<(Evidence, Drawn), Error> {
    let Job { pipeline, period, known, before, cache } = job;
    let rules = &pipeline.agreement.member_rules;
    let mut apart = Apart::new(room.folder, rules)?;
    let heard = |bytes, rows| watch.advance(bytes, rows);
    let (mut intake, _) = intake::read(known, watch, &mut |feed, files| {
        let read = if kinship::APART.contains(&feed.kind) {
            apart.read(room.folder, (feed, files), cache, &heard)
        } else {
            Ok(source::read_within(feed, files, &heard, u64::MAX, cache)?)
        };
        watch.took(cache.map(Cache::taken).unwrap_or_default());
        read
    })?;
    recall::handed(before, &mut intake)?;
    for (place, publication) in before.finals.iter().enumerate() {
        for (table, columns) in recall::published() {
            // What was open, and accounts, are taken up from the period just before alone.
            let is_last = before.last().is_some_and(|last| last.folder == publication.folder);
            if is_last || ![recall::OPEN, recall::ACCOUNTS].contains(&table) {
                apart.read_back(room.folder, (place, publication), (table, &columns))?;
            }
        }
    }
    watch.stage("stow", "分片", Work::Rows(apart.rows()));
    let count = room.portions(apart.bytes);
    tracing::debug!(bytes = apart.bytes, portions = count, "rows are set aside");
    let portions = apart.stow(room.folder, (count, room.stowed_bytes()), watch)?;
    report_uneven(&portions);

    watch.stage("judge", "分片判定", Work::Rows(portions.all_rows()));
    let mut sums = Sums::default();
    let mut drawn = Drawn::new(room.folder, room.piece_rows(count))?;
    for number in 0..count {
        let ledgers = intake.fill(&portions, number)?;
        let shelf = portions.shelf(&before.finals, number);
        let (books, paths) = (&intake.books, &intake.paths.ledger);
        let recalled = recall::recall(pipeline, (period, before), (books, paths), &shelf)?;
        let scope = intake.take_up(&ledgers, recalled)?;
        drop(ledgers);
        let exchange = Exchange::new(order.buckets.unwrap_or_else(|| intake.buckets()));
        let (judged, mut portion) =
            judge::judge(pipeline, (&intake, &scope), before, exchange, &Unwatched)?;
        let lines = portion.lines();
        let concluded = Conclusion {
            discrepancies: std::mem::take(&mut portion.discrepancies),
            ..Conclusion::default()
        };
        let evidence = Evidence::new(intake, scope, judged, concluded);
        outcome::draw(&mut drawn, &pipeline.agreement, &evidence, &lines, aim)?;
        watch.advance(0, portions.rows_of(number) as u64);
        intake = evidence.intake;
        portion.discrepancies = evidence.discrepancies;
        sums.take_in(portion)?;
    }
    intake.fill(&Portions::none(), 0)?;
    drop(portions);
    watch.stage("clear", "清算", Work::Unknown);
    let mut scope = Scope::new(period.clone(), before.past.clone());
    recall::adjustments(before, &mut scope)?;
    let concluded = judge::conclude(pipeline, (&intake, &scope), before, sums)?;
    Ok((Evidence::new(intake, scope, Judged::default(), concluded), drawn))
}

/// Says where rows that touch one another make a portion several times as large as it should be:
/// the memory that the run may take does not hold then.
fn report_uneven(portions: &Portions) {
    let (largest, share) = portions.largest();
    if portions.count > 1 && largest > share.saturating_mul(4) {
        tracing::warn!(
            rows = largest,
            share,
            "many rows touch one another, by a number that they share or by links, and are judged \
             together; the run may take more memory than it was given"
        );
    }
}

impl Intake {
    /// Takes up the rows of a portion in place of those at hand; the ledgers' batches are given
    /// too, for rows to be brought back to them.
    fn fill(&mut self, portions: &Portions, number: usize) -> Result<Both<RecordBatch>, Error> {
        let of = |owner, kind| portions.rows(Origin::Feed(owner, kind), number);
        let none = |kind| RecordBatch::new_empty(canonical_schema(kind));
        let own = |party: Party, kind: FeedKind| {
            Ok::<_, Error>(of(Owner::Party(party), kind)?.unwrap_or_else(|| none(kind)))
        };
        let shared =
            |kind: FeedKind| Ok::<_, Error>(of(Owner::Shared, kind)?.unwrap_or_else(|| none(kind)));
        let ledgers = Both::try_from_fn(|party| own(party, FeedKind::Ledger))?;
        self.books = Books { a: Ledger::new(&ledgers.a)?, b: Ledger::new(&ledgers.b)? };
        // Each portion brings back rows of tables of its own choice.
        for party in Party::BOTH {
            let of_ledger = |feed: &&FeedRows| {
                (feed.owner, feed.kind) == (Owner::Party(party), FeedKind::Ledger)
            };
            let parts = self.feeds.iter().find(of_ledger).map_or(0, |feed| feed.parts.len());
            self.paths.ledger.of_mut(party).truncate(parts);
        }
        // What did not come whole is not there in any portion.
        for party in Party::BOTH {
            if let Some(members) = self.members.of_mut(party) {
                *members = Members::new(&own(party, FeedKind::Members)?)?;
            }
            for (kind, balances) in
                [(FeedKind::Accounts, &mut self.accounts), (FeedKind::Opening, &mut self.opening)]
            {
                if let Some(balances) = balances.of_mut(party) {
                    *balances = Balances::new(kind, &own(party, kind)?)?;
                }
            }
            if let Some(lots) = self.lots.of_mut(party) {
                *lots = Lots::new(&own(party, FeedKind::Lots)?)?;
            }
        }
        if let Some(links) = &mut self.links {
            *links = Links::new(&shared(FeedKind::Links)?)?;
        }
        if let Some(consents) = &mut self.consents {
            *consents = Consents::new(&shared(FeedKind::Consents)?)?;
        }
        Ok(ledgers)
    }
}
