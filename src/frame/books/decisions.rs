//! Decisions on held items (挂账处理).

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};

use super::{Columns, FrameError, Origins, text, texts_followed_by};
use crate::frame::fields::FeedKind;
use crate::value::kind::Action;
use crate::value::period::Instant;

/// A decision that a final publication has, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedDecision {
    /// Its number.
    pub decision_id: String,
    /// The discrepancy under which items are held.
    pub discrepancy_id: String,
    /// What becomes of them.
    pub action: Action,
    /// The issuer points that count.
    pub points: Option<i64>,
    /// Why.
    pub reason: Option<String>,
    /// Who decided.
    pub author: Option<String>,
    /// Who approved it.
    pub approver: Option<String>,
    /// When it was decided.
    pub decided_at: Instant,
}

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
    /// The first row that a closed period handed on, and that period's label.
    handed: Option<(u32, String)>,
    /// Numbers of decisions that were applied before, with what they said, and the period of it.
    applied: BTreeMap<String, (PublishedDecision, String)>,
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
            handed: None,
            applied: BTreeMap::new(),
            origins: columns.origins()?,
        })
    }

    /// No decisions at all.
    #[must_use]
    pub fn none() -> Decisions {
        let texts = || StringArray::from(Vec::<&str>::new());
        let integers = || Int64Array::from(Vec::<i64>::new());
        Decisions {
            decision_id: texts(),
            discrepancy_id: texts(),
            action: Vec::new(),
            points: integers(),
            reason: texts(),
            author: texts(),
            approver: texts(),
            decided_at: integers(),
            handed: None,
            applied: BTreeMap::new(),
            origins: Origins::none(),
        }
    }

    /// These decisions, followed by those that the period of that label handed on, each with its
    /// file, which stands behind all files of the feed, and its line.
    #[must_use]
    pub fn followed_by(
        &self,
        period: &str,
        handed: &[(PublishedDecision, (u32, u64))],
    ) -> Decisions {
        let texts = |column: &StringArray, of: fn(&PublishedDecision) -> Option<&str>| {
            texts_followed_by(column, handed.iter().map(|(one, _)| of(one)))
        };
        let actions = self.action.iter().copied();
        let at = self.decided_at.values().iter().copied();
        let places: Vec<(u32, u64)> = handed.iter().map(|(_, place)| *place).collect();
        Decisions {
            decision_id: texts(&self.decision_id, |one| Some(&one.decision_id)),
            discrepancy_id: texts(&self.discrepancy_id, |one| Some(&one.discrepancy_id)),
            action: actions.chain(handed.iter().map(|(one, _)| one.action)).collect(),
            points: self.points.iter().chain(handed.iter().map(|(one, _)| one.points)).collect(),
            reason: texts(&self.reason, |one| one.reason.as_deref()),
            author: texts(&self.author, |one| one.author.as_deref()),
            approver: texts(&self.approver, |one| one.approver.as_deref()),
            decided_at: at
                .chain(handed.iter().map(|(one, _)| one.decided_at.0))
                .collect::<Vec<i64>>()
                .into(),
            handed: Some((self.action.len() as u32, period.to_owned())),
            applied: self.applied.clone(),
            origins: self.origins.followed_by(&places),
        }
    }

    /// The closed period that handed a row on, where none of the files has it.
    #[must_use]
    pub fn handed_on_by(&self, row: u32) -> Option<&str> {
        let (first, period) = self.handed.as_ref()?;
        (row >= *first).then_some(period)
    }

    /// Takes in a decision that was applied in a closed period of that label.
    pub fn was_applied(&mut self, decision: PublishedDecision, period: &str) {
        let number = decision.decision_id.clone();
        self.applied.insert(number, (decision, period.to_owned()));
    }

    /// The closed period in which the number of a row moved something for another decision.
    #[must_use]
    pub fn used_in(&self, row: u32) -> Option<&str> {
        let (before, period) = self.applied.get(self.decision_id(row))?;
        (*before != self.said(row)).then_some(period)
    }

    /// What a row says.
    #[must_use]
    pub fn said(&self, row: u32) -> PublishedDecision {
        let own = |text: Option<&str>| text.map(str::to_owned);
        PublishedDecision {
            decision_id: self.decision_id(row).to_owned(),
            discrepancy_id: self.discrepancy_id(row).to_owned(),
            action: self.action(row),
            points: self.points(row),
            reason: own(self.reason(row)),
            author: own(self.author(row)),
            approver: own(self.approver(row)),
            decided_at: self.decided_at(row),
        }
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

    /// The rows whose number is theirs alone, now and in closed periods, and the rows that repeat
    /// another in everything, of which the first by what it says and where it stands is taken.
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
            if let [row] = rows[..]
                && self.used_in(row).is_none()
            {
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
