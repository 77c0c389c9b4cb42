//! Decisions on held items (挂账处理).

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};

use super::{Columns, FrameError, Origins, text};
use crate::frame::fields::FeedKind;
use crate::value::kind::Action;
use crate::value::period::Instant;

/// Decisions on held items (挂账处理).
#[derive(Debug, Clone)]
pub struct Decisions {
    decision_id: StringArray,
    discrepancy_id: StringArray,
    action: Vec<Action>,
    points: Int64Array,
    reason: StringArray,
    author: StringArray,
    approver: StringArray,
    decided_at: Int64Array,
    /// Where the rows stood.
    pub origins: Origins,
}

impl Decisions {
    /// The decisions of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(batch: &RecordBatch) -> Result<Decisions, FrameError> {
        let columns = Columns { feed: FeedKind::Decisions, batch };
        Ok(Decisions {
            decision_id: columns.texts("decision_id")?,
            discrepancy_id: columns.texts("discrepancy_id")?,
            action: columns.words("action", Action::from_code)?,
            points: columns.integers("points")?,
            reason: columns.texts("reason")?,
            author: columns.texts("author")?,
            approver: columns.texts("approver")?,
            decided_at: columns.integers("decided_at")?,
            origins: columns.origins()?,
        })
    }

    /// The rows in the order in which they apply: by time and number, then by what they say.
    #[must_use]
    pub fn in_order(&self) -> Vec<u32> {
        // A frame holds fewer than 2^32 rows; the reader refuses more.
        let mut rows: Vec<u32> = (0..self.action.len() as u32).collect();
        rows.sort_by_key(|&row| {
            let said = (self.action(row), self.points(row), self.reason(row));
            let who = (self.author(row), self.approver(row));
            let when = (self.decided_at(row), self.decision_id(row), self.discrepancy_id(row));
            (when, said, who, self.origins.of(row))
        });
        rows
    }

    /// The rows whose number is theirs alone, and the rows that repeat another in everything, of
    /// which the first by what it says and where it stands is taken.
    #[must_use]
    pub fn by_number(&self) -> (BTreeSet<u32>, BTreeSet<u32>) {
        let mut by_number: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for row in self.in_order() {
            by_number.entry(self.decision_id(row)).or_default().push(row);
        }
        let said = |row: u32| {
            let what = (self.discrepancy_id(row), self.action(row), self.points(row));
            let who = (self.reason(row), self.author(row), self.approver(row));
            (what, who, self.decided_at(row))
        };
        let (mut single, mut repeated) = (BTreeSet::new(), BTreeSet::new());
        for mut rows in by_number.into_values() {
            rows.dedup_by(|later, first| {
                let repeats = said(*later) == said(*first);
                if repeats {
                    repeated.insert(*later);
                }
                repeats
            });
            if let [row] = rows[..] {
                single.insert(row);
            }
        }
        (single, repeated)
    }

    /// The decision's number.
    #[must_use]
    pub fn decision_id(&self, row: u32) -> &str {
        self.decision_id.value(row as usize)
    }

    /// The discrepancy under which items are held.
    #[must_use]
    pub fn discrepancy_id(&self, row: u32) -> &str {
        self.discrepancy_id.value(row as usize)
    }

    /// What becomes of them.
    #[must_use]
    pub fn action(&self, row: u32) -> Action {
        self.action[row as usize]
    }

    /// The issuer points that count.
    #[must_use]
    pub fn points(&self, row: u32) -> Option<i64> {
        let row = row as usize;
        self.points.is_valid(row).then(|| self.points.value(row))
    }

    /// Why.
    #[must_use]
    pub fn reason(&self, row: u32) -> Option<&str> {
        text(&self.reason, row)
    }

    /// Who decided.
    #[must_use]
    pub fn author(&self, row: u32) -> Option<&str> {
        text(&self.author, row)
    }

    /// Who approved it.
    #[must_use]
    pub fn approver(&self, row: u32) -> Option<&str> {
        text(&self.approver, row)
    }

    /// When it was decided.
    #[must_use]
    pub fn decided_at(&self, row: u32) -> Instant {
        Instant(self.decided_at.value(row as usize))
    }

    /// Whether somebody gave a reason and somebody else approved it.
    #[must_use]
    pub fn is_authorised(&self, row: u32) -> bool {
        let (author, approver) = (self.author(row), self.approver(row));
        self.reason(row).is_some() && author.is_some() && approver.is_some() && author != approver
    }
}
