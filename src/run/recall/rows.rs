//! Rows that a final publication has as they were read: `open_rows`, `settled_rows` and `own_rows`.

use arrow::array::StringArray;

use super::index::{millionths, party_of, said, unsound, word};
use super::{Hand, Known};
use crate::detect::kept;
use crate::frame::books::RecalledRow;
use crate::past::{Kept, Settled};
use crate::publish::{Columns, DROPPED, Final, PublishError};
use crate::run::Error;
use crate::value::kind::{Kind, Role, Status};
use crate::value::party::Party;

pub const OPEN: &str = "open_rows";
pub const SETTLED: &str = "settled_rows";
pub const OWN: &str = "own_rows";

/// The columns that all of them have.
pub const COLUMNS: [&str; 16] = [
    "party",
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
    "amount",
    "currency",
    "authority",
    "file",
    "line",
];

/// The columns that `open_rows` has beside.
pub const BESIDE_OPEN: [&str; 2] = ["code", KEPT];

/// The column of the codes under which a row stays held.
pub const KEPT: &str = "kept";

/// The columns that `settled_rows` has beside.
pub const BESIDE_SETTLED: [&str; 3] = ["became", "issuer", "partner_event_id"];

/// A published row: whose, what it says, and where it was first read.
pub struct Read {
    pub party: Party,
    pub row: RecalledRow,
    pub first_read: Option<(String, u64)>,
}

/// The codes under which a published row stays held.
pub fn stays(column: &StringArray, row: usize) -> Kept {
    said(column, row)
        .into_iter()
        .flat_map(|codes| codes.split(';'))
        .filter_map(kept::code)
        .collect()
}

/// Those rows of a batch of a publication's table.
pub fn read_rows(
    hand: &mut Hand<'_>,
    publication: &Final,
    table: &str,
    rows: &Columns<'_>,
    wanted: &[usize],
) -> Result<Vec<Read>, PublishError> {
    let texts = |name: &str| rows.texts(name);
    let (parties, ids, members) = (texts("party")?, texts("event_id")?, texts("member_no")?);
    let (kinds, statuses) = (texts("kind")?, texts("status")?);
    let (counters, originals) = (texts("counter_event_id")?, texts("original_event_id")?);
    let (orders, files) = (texts("order_no")?, texts("file")?);
    let (amounts, currencies) = (rows.decimals("amount")?, texts("currency")?);
    let authorities = texts("authority")?;
    let (points, lines) = (rows.integers("points")?, rows.integers("line")?);
    let (occurred, posted) = (rows.instants("occurred_at")?, rows.instants("posted_at")?);
    let mut read = Vec::with_capacity(wanted.len());
    for &row in wanted {
        let line = rows.line(row);
        let party = party_of(parties.value(row));
        let unsound = || unsound(publication, table, line);
        let text = |column| said(column, row).map(str::to_owned);
        let kind = word(Kind::ALL, Kind::WORDS, said(kinds, row));
        let status = word(Status::ALL, Status::WORDS, said(statuses, row));
        let first_line = lines[row].and_then(|line| u64::try_from(line).ok());
        read.push(Read {
            party,
            first_read: text(files).zip(first_line),
            row: RecalledRow {
                event_id: text(ids).ok_or_else(unsound)?,
                member_no: text(members).ok_or_else(unsound)?,
                kind: kind.ok_or_else(unsound)?,
                points: points[row].ok_or_else(unsound)?,
                occurred_at: occurred[row].ok_or_else(unsound)?,
                posted_at: posted[row],
                counter_event_id: text(counters),
                original_event_id: text(originals),
                order_no: text(orders),
                status: status.ok_or_else(unsound)?,
                amount: amounts[row].and_then(millionths),
                currency: text(currencies),
                authority: text(authorities),
                is_open: table == OPEN,
                file: hand.file(party, publication, table),
                line,
            },
        });
    }
    Ok(read)
}

impl Hand<'_> {
    /// Rows that the period before left open: held, or of later days. The files' own go first: what
    /// is open may still be corrected.
    pub fn bring_open(&mut self, publication: &Final) -> Result<(), Error> {
        let columns = [&COLUMNS[..], &BESIDE_OPEN].concat();
        self.shelf.scan(publication, OPEN, &columns, &mut |rows| {
            let all: Vec<usize> = (0..rows.len()).collect();
            let read = read_rows(self, publication, OPEN, rows, &all)?;
            let codes = rows.texts("code")?;
            let kept = rows.has(KEPT).then(|| rows.texts(KEPT)).transpose()?;
            for (at, Read { party, row, first_read }) in read.into_iter().enumerate() {
                let code = said(codes, at);
                let stays = match kept {
                    Some(kept) => stays(kept, at),
                    None => code.and_then(kept::code).into_iter().collect(),
                };
                let scope = &mut self.recalled.scope;
                if self.index.of(party).own.has(&row.event_id) {
                    // What has no effect and says when it was posted moved its balance before.
                    let is_posted = row.status == Status::Posted;
                    let moves_at = row.posted_at.or(is_posted.then_some(row.occurred_at));
                    for sent in self.index.of(party).own.rows(&row.event_id) {
                        // Of several of one number the first that moved it did.
                        let at = scope.moved.of_mut(party).open.entry(sent).or_insert(moves_at);
                        *at = [*at, moves_at].into_iter().flatten().min();
                        scope.held.of_mut(party).extend(code.map(|_| sent));
                        scope.kept.of_mut(party).entry(sent).or_default().extend(&stays);
                    }
                    scope.replaced.of_mut(party).push(row);
                    continue;
                }
                if row.kind.role() != Some(Role::Own) {
                    self.named.of_mut(party).insert(row.event_id.clone());
                    self.named.of_mut(party).extend(row.original_event_id.clone());
                    self.named.of_mut(party.partner()).extend(row.counter_event_id.clone());
                }
                let what = (row.kind, row.points);
                self.alike.of_mut(party).add(&row.member_no, what, row.occurred_at);
                let event_id = row.event_id.clone();
                let row = self.push(party, row, first_read);
                self.open.of_mut(party).entry(event_id).or_default().push(row);
                self.recalled.scope.held.of_mut(party).extend(code.map(|_| row));
                if !stays.is_empty() {
                    self.recalled.scope.kept.of_mut(party).insert(row, stays);
                }
            }
            Ok(())
        })
    }

    /// Legs that are settled without standing in `cleared_events`: what a decision dropped, and
    /// what joined a leg that had been released alone.
    pub fn bring_settled(&mut self, publication: &Final) -> Result<(), Error> {
        let columns = [&COLUMNS[..], &BESIDE_SETTLED].concat();
        self.shelf.scan(publication, SETTLED, &columns, &mut |rows| {
            let all: Vec<usize> = (0..rows.len()).collect();
            let read = read_rows(self, publication, SETTLED, rows, &all)?;
            let (became, issuers) = (rows.texts("became")?, rows.texts("issuer")?);
            let partners = rows.texts("partner_event_id")?;
            for (at, Read { party, row, first_read }) in read.into_iter().enumerate() {
                let is_dropped = said(became, at) == Some(DROPPED);
                let how = if is_dropped { Settled::Dropped } else { Settled::Cleared };
                let issuer = party_of(issuers.value(at));
                let partner = said(partners, at).map(str::to_owned);
                let row = self.settle(party, row, first_read, how);
                if let Some(id) = partner {
                    self.known.push(Known { issuer, party, row, partner: id });
                }
            }
            Ok(())
        })
    }
}
