//! Lots of points: what was earned when, until when it can be spent, and what is left of it.

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};

use super::books::{Columns, FrameError, Origins, instant};
use super::fields::FeedKind;
use crate::value::period::Instant;

/// Lots of points (积分批次).
#[derive(Debug, Clone)]
pub struct Lots {
    member_no: StringArray,
    lot_id: StringArray,
    earned_at: Int64Array,
    expires_at: Int64Array,
    remaining: Int64Array,
    /// Where the rows stood.
    pub origins: Origins,
}

impl Lots {
    /// The lots of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(batch: &RecordBatch) -> Result<Lots, FrameError> {
        let columns = Columns { feed: FeedKind::Lots, batch };
        Ok(Lots {
            member_no: columns.texts("member_no")?,
            lot_id: columns.texts("lot_id")?,
            earned_at: columns.integers("earned_at")?,
            expires_at: columns.integers("expires_at")?,
            remaining: columns.integers("remaining")?,
            origins: columns.origins()?,
        })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.member_no.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member whose lot it is.
    #[must_use]
    pub fn member_no(&self, row: u32) -> &str {
        self.member_no.value(row as usize)
    }

    /// The lot's number among the member's.
    #[must_use]
    pub fn lot_id(&self, row: u32) -> &str {
        self.lot_id.value(row as usize)
    }

    /// Since when it can be spent.
    #[must_use]
    pub fn earned_at(&self, row: u32) -> Instant {
        Instant(self.earned_at.value(row as usize))
    }

    /// Since when it cannot be spent any more; `None`: it never expires.
    #[must_use]
    pub fn expires_at(&self, row: u32) -> Option<Instant> {
        instant(&self.expires_at, row)
    }

    /// What is left of it.
    #[must_use]
    pub fn remaining(&self, row: u32) -> i64 {
        self.remaining.value(row as usize)
    }
}
