//! Ledger rows that come from a final publication instead of a file.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int64Array, RecordBatch, StringArray, UInt8Array, UInt32Array, UInt64Array,
    new_null_array,
};
use arrow::compute::concat_batches;

use super::{FrameError, Ledger};
use crate::frame::fields::FeedKind;
use crate::frame::schema::{FILE, LINE, canonical_schema};
use crate::value::kind::{Kind, Status};
use crate::value::party::Programme;
use crate::value::period::Instant;

/// A ledger row as a final publication has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecalledRow {
    /// The event's number on this book.
    pub event_id: String,
    /// The member on this book.
    pub member_no: String,
    /// What happened.
    pub kind: Kind,
    /// Signed points as the file had them.
    pub points: i64,
    /// When it happened.
    pub occurred_at: Instant,
    /// When the balance moved, where the file said so.
    pub posted_at: Option<Instant>,
    /// The partner's number of the same event.
    pub counter_event_id: Option<String>,
    /// The number of the event that a reversal reverses.
    pub original_event_id: Option<String>,
    /// The order that both sides know.
    pub order_no: Option<String>,
    /// Whether the row took effect.
    pub status: Status,
    /// The money that this party says it is, in millionths.
    pub amount: Option<i64>,
    /// The currency that this party says it is in.
    pub currency: Option<String>,
    /// Who approved an adjustment.
    pub authority: Option<String>,
    /// Whether it was kept as it was read, and so may still move its balance (`open_rows`).
    pub is_open: bool,
    /// The index of the publication's table among the ledger's files.
    pub file: u32,
    /// The row of that table, one-based.
    pub line: u64,
}

/// The canonical batch of recalled rows.
fn batch(rows: &[RecalledRow]) -> Result<RecordBatch, FrameError> {
    let texts = |cell: fn(&RecalledRow) -> Option<&str>| -> ArrayRef {
        Arc::new(rows.iter().map(cell).collect::<StringArray>())
    };
    let instants = |cell: fn(&RecalledRow) -> Option<Instant>| -> ArrayRef {
        Arc::new(rows.iter().map(|row| cell(row).map(|at| at.0)).collect::<Int64Array>())
    };
    let words = |cell: fn(&RecalledRow) -> u8| -> ArrayRef {
        Arc::new(UInt8Array::from_iter_values(rows.iter().map(cell)))
    };
    let schema = canonical_schema(FeedKind::Ledger);
    let columns = schema.fields().iter().map(|field| match field.name().as_str() {
        "event_id" => texts(|row| Some(&row.event_id)),
        "member_no" => texts(|row| Some(&row.member_no)),
        "kind" => words(|row| row.kind.code()),
        "points" => Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.points))),
        "occurred_at" => instants(|row| Some(row.occurred_at)),
        "posted_at" => instants(|row| row.posted_at),
        "counter_event_id" => texts(|row| row.counter_event_id.as_deref()),
        "original_event_id" => texts(|row| row.original_event_id.as_deref()),
        "order_no" => texts(|row| row.order_no.as_deref()),
        "status" => words(|row| row.status.code()),
        "amount" => Arc::new(rows.iter().map(|row| row.amount).collect::<Int64Array>()),
        "currency" => texts(|row| row.currency.as_deref()),
        "authority" => texts(|row| row.authority.as_deref()),
        FILE => Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.file))),
        LINE => Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.line))),
        // What no publication has, the row does not say.
        _ => new_null_array(field.data_type(), rows.len()),
    });
    let columns: Vec<ArrayRef> = columns.collect();
    RecordBatch::try_new(schema, columns)
        .map_err(|_| FrameError { feed: FeedKind::Ledger.word(), column: "recalled" })
}

impl<P: Programme> Ledger<P> {
    /// The ledger of a canonical batch, followed by rows that were brought back.
    ///
    /// # Errors
    /// [`FrameError`] when the batch is not canonical.
    pub fn with_recalled(
        read: &RecordBatch,
        recalled: &[RecalledRow],
    ) -> Result<Ledger<P>, FrameError> {
        let unsound = |_| FrameError { feed: FeedKind::Ledger.word(), column: "recalled" };
        let both = concat_batches(&read.schema(), [read, &batch(recalled)?]).map_err(unsound)?;
        let mut ledger = Ledger::new(&both)?;
        ledger.recalled_from = read.num_rows();
        ledger.is_open = recalled.iter().map(|row| row.is_open).collect();
        Ok(ledger)
    }

    /// Whether the row was brought back from a final publication: it was read in an earlier period.
    #[must_use]
    pub fn is_recalled(&self, row: u32) -> bool {
        row as usize >= self.recalled_from
    }

    /// Whether the row says when it moves its balance. What was brought back as it was cleared does
    /// not, and moved it when it was read.
    #[must_use]
    pub fn tells_its_posting(&self, row: u32) -> bool {
        let recalled = (row as usize).checked_sub(self.recalled_from);
        recalled.is_none_or(|index| self.is_open.get(index).copied().unwrap_or_default())
    }

    /// How many rows the files have; those that were brought back follow.
    #[must_use]
    pub fn rows_read(&self) -> usize {
        self.recalled_from
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::party::A;

    #[test]
    fn recalled_rows_follow_those_that_were_read() {
        let row = RecalledRow {
            event_id: "A1".to_owned(),
            member_no: "1001".to_owned(),
            kind: Kind::Xburn,
            points: -1_000,
            occurred_at: Instant(7),
            posted_at: None,
            counter_event_id: None,
            original_event_id: None,
            order_no: Some("O1".to_owned()),
            status: Status::Posted,
            amount: Some(8_000_000),
            currency: Some("CNY".to_owned()),
            authority: None,
            is_open: false,
            file: 3,
            line: 9,
        };
        let read = batch(std::slice::from_ref(&row)).unwrap();
        let ledger: Ledger<A> = Ledger::with_recalled(&read, &[row]).unwrap();
        assert_eq!((ledger.len(), ledger.rows_read()), (2, 1));
        assert!(!ledger.is_recalled(0) && ledger.is_recalled(1));
        assert!(ledger.tells_its_posting(0) && !ledger.tells_its_posting(1));
        assert!(ledger.content(0) == ledger.content(1));
        assert_eq!((ledger.event_id(1), ledger.origins.of(1)), ("A1", (3, 9)));
    }
}
