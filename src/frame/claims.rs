//! The canonical frames of what is owed besides points: adjustments, settlements, exempt days.

use arrow::array::{Int64Array, RecordBatch, StringArray};
use rust_decimal::Decimal;

use super::books::{Columns, FrameError, Origins, text};
use super::fields::{AMOUNT_DIGITS, FeedKind};
use crate::value::kind::SettlementKind;
use crate::value::party::Party;
use crate::value::period::Instant;

/// Approved adjustments (调账单).
#[derive(Debug, Clone)]
pub struct Adjustments {
    adjustment_id: StringArray,
    payer: Vec<Party>,
    amount: Int64Array,
    currency: StringArray,
    reason: StringArray,
    corrects: StringArray,
    origin_period: StringArray,
    clause: StringArray,
    author: StringArray,
    approver: StringArray,
    approved_at: Int64Array,
    /// Where the rows stood.
    pub origins: Origins,
}

impl Adjustments {
    /// The adjustments of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(batch: &RecordBatch) -> Result<Adjustments, FrameError> {
        let columns = Columns { feed: FeedKind::Adjustments, batch };
        Ok(Adjustments {
            adjustment_id: columns.texts("adjustment_id")?,
            payer: columns.words("payer", |code| Party::BOTH.get(usize::from(code)).copied())?,
            amount: columns.integers("amount")?,
            currency: columns.texts("currency")?,
            reason: columns.texts("reason")?,
            corrects: columns.texts("corrects")?,
            origin_period: columns.texts("origin_period")?,
            clause: columns.texts("clause")?,
            author: columns.texts("author")?,
            approver: columns.texts("approver")?,
            approved_at: columns.integers("approved_at")?,
            origins: columns.origins()?,
        })
    }

    /// Every row.
    pub fn rows(&self) -> std::ops::Range<u32> {
        0..self.payer.len() as u32
    }

    /// The adjustment's number.
    #[must_use]
    pub fn id(&self, row: u32) -> &str {
        self.adjustment_id.value(row as usize)
    }

    /// Who pays it.
    #[must_use]
    pub fn payer(&self, row: u32) -> Party {
        self.payer[row as usize]
    }

    /// What is paid.
    #[must_use]
    pub fn amount(&self, row: u32) -> Decimal {
        Decimal::new(self.amount.value(row as usize), AMOUNT_DIGITS.into())
    }

    /// Its currency.
    #[must_use]
    pub fn currency(&self, row: u32) -> Option<&str> {
        text(&self.currency, row)
    }

    /// Why.
    #[must_use]
    pub fn reason(&self, row: u32) -> Option<&str> {
        text(&self.reason, row)
    }

    /// What it corrects.
    #[must_use]
    pub fn corrects(&self, row: u32) -> Option<&str> {
        text(&self.corrects, row)
    }

    /// The period to which it belongs.
    #[must_use]
    pub fn origin_period(&self, row: u32) -> Option<&str> {
        text(&self.origin_period, row)
    }

    /// The clause on which it rests.
    #[must_use]
    pub fn clause(&self, row: u32) -> Option<&str> {
        text(&self.clause, row)
    }

    /// Who drew it up.
    #[must_use]
    pub fn author(&self, row: u32) -> Option<&str> {
        text(&self.author, row)
    }

    /// Who approved it.
    #[must_use]
    pub fn approver(&self, row: u32) -> Option<&str> {
        text(&self.approver, row)
    }

    /// When it was approved.
    #[must_use]
    pub fn approved_at(&self, row: u32) -> Instant {
        Instant(self.approved_at.value(row as usize))
    }
}

/// Payments and disputes of earlier statements (收付款与争议).
#[derive(Debug, Clone)]
pub struct Settlements {
    settlement_id: StringArray,
    period: StringArray,
    currency: StringArray,
    kind: Vec<SettlementKind>,
    amount: Int64Array,
    on: Int64Array,
    /// Where the rows stood.
    pub origins: Origins,
}

impl Settlements {
    /// The settlements of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(batch: &RecordBatch) -> Result<Settlements, FrameError> {
        let columns = Columns { feed: FeedKind::Settlements, batch };
        Ok(Settlements {
            settlement_id: columns.texts("settlement_id")?,
            period: columns.texts("period")?,
            currency: columns.texts("currency")?,
            kind: columns.words("kind", SettlementKind::from_code)?,
            amount: columns.integers("amount")?,
            on: columns.integers("on")?,
            origins: columns.origins()?,
        })
    }

    /// Every row.
    pub fn rows(&self) -> std::ops::Range<u32> {
        0..self.kind.len() as u32
    }

    /// The payment's or dispute's number, and the period of the statement.
    #[must_use]
    pub fn of(&self, row: u32) -> (&str, &str) {
        (self.settlement_id.value(row as usize), self.period.value(row as usize))
    }

    /// Its currency.
    #[must_use]
    pub fn currency(&self, row: u32) -> Option<&str> {
        text(&self.currency, row)
    }

    /// What became of the amount due.
    #[must_use]
    pub fn kind(&self, row: u32) -> SettlementKind {
        self.kind[row as usize]
    }

    /// How much of it.
    #[must_use]
    pub fn amount(&self, row: u32) -> Decimal {
        Decimal::new(self.amount.value(row as usize), AMOUNT_DIGITS.into())
    }

    /// An instant of the day on which.
    #[must_use]
    pub fn on(&self, row: u32) -> Instant {
        Instant(self.on.value(row as usize))
    }
}

/// An instant of each day on which no late fee accrues.
///
/// # Errors
/// [`FrameError`] when a column is absent or of another type.
pub fn exempt_days(batch: &RecordBatch) -> Result<Vec<Instant>, FrameError> {
    let columns = Columns { feed: FeedKind::ExemptDays, batch };
    Ok(columns.integers("day")?.values().iter().copied().map(Instant).collect())
}
