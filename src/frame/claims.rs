//! The canonical frames of what is owed besides points: adjustments, settlements, exempt days.

use arrow::array::{Int64Array, RecordBatch, StringArray};
use rust_decimal::Decimal;

use super::books::{Columns, FrameError, Origins, text, texts_followed_by};
use super::fields::{AMOUNT_DIGITS, FeedKind};
use crate::value::kind::SettlementKind;
use crate::value::party::Party;
use crate::value::period::Instant;

/// An adjustment that an earlier period handed on, as it was read there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandedAdjustment {
    /// Its number.
    pub id: String,
    /// Who pays it.
    pub payer: Party,
    /// What is paid.
    pub amount: Decimal,
    /// Its currency.
    pub currency: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What it corrects.
    pub corrects: Option<String>,
    /// The period to which it belongs.
    pub origin_period: Option<String>,
    /// The clause on which it rests.
    pub clause: Option<String>,
    /// Who drew it up.
    pub author: Option<String>,
    /// Who approved it.
    pub approver: Option<String>,
    /// When it was approved.
    pub approved_at: Instant,
}

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

    /// No adjustments at all.
    #[must_use]
    pub fn none() -> Adjustments {
        let texts = || StringArray::from(Vec::<&str>::new());
        let integers = || Int64Array::from(Vec::<i64>::new());
        Adjustments {
            adjustment_id: texts(),
            payer: Vec::new(),
            amount: integers(),
            currency: texts(),
            reason: texts(),
            corrects: texts(),
            origin_period: texts(),
            clause: texts(),
            author: texts(),
            approver: texts(),
            approved_at: integers(),
            origins: Origins::none(),
        }
    }

    /// These adjustments, followed by those that an earlier period handed on, each with the file
    /// and line where it was read first. One that the feed has again, alike in everything, is there
    /// already. `None` where an amount is finer than amounts are.
    #[must_use]
    pub fn followed_by(&self, handed: &[(HandedAdjustment, (u32, u64))]) -> Option<Adjustments> {
        let own: Vec<HandedAdjustment> = self.rows().map(|row| self.said(row)).collect();
        let mut rows = handed.to_vec();
        rows.retain(|(one, _)| !own.contains(one));
        let mut amounts: Vec<i64> = self.amount.values().to_vec();
        for (one, _) in &rows {
            let mut amount = one.amount;
            amount.rescale(AMOUNT_DIGITS.into());
            amounts.push(i64::try_from(amount.mantissa()).ok().filter(|_| amount == one.amount)?);
        }
        let texts = |column: &StringArray, of: fn(&HandedAdjustment) -> Option<&str>| {
            texts_followed_by(column, rows.iter().map(|(one, _)| of(one)))
        };
        let at = self.approved_at.values().iter().copied();
        let places: Vec<(u32, u64)> = rows.iter().map(|(_, place)| *place).collect();
        Some(Adjustments {
            adjustment_id: texts(&self.adjustment_id, |one| Some(&one.id)),
            payer: self
                .payer
                .iter()
                .copied()
                .chain(rows.iter().map(|(one, _)| one.payer))
                .collect(),
            amount: amounts.into(),
            currency: texts(&self.currency, |one| one.currency.as_deref()),
            reason: texts(&self.reason, |one| one.reason.as_deref()),
            corrects: texts(&self.corrects, |one| one.corrects.as_deref()),
            origin_period: texts(&self.origin_period, |one| one.origin_period.as_deref()),
            clause: texts(&self.clause, |one| one.clause.as_deref()),
            author: texts(&self.author, |one| one.author.as_deref()),
            approver: texts(&self.approver, |one| one.approver.as_deref()),
            approved_at: at
                .chain(rows.iter().map(|(one, _)| one.approved_at.0))
                .collect::<Vec<i64>>()
                .into(),
            origins: self.origins.followed_by(&places),
        })
    }

    /// What a row says.
    #[must_use]
    pub fn said(&self, row: u32) -> HandedAdjustment {
        let own = |text: Option<&str>| text.map(str::to_owned);
        HandedAdjustment {
            id: self.id(row).to_owned(),
            payer: self.payer(row),
            amount: self.amount(row),
            currency: own(self.currency(row)),
            reason: own(self.reason(row)),
            corrects: own(self.corrects(row)),
            origin_period: own(self.origin_period(row)),
            clause: own(self.clause(row)),
            author: own(self.author(row)),
            approver: own(self.approver(row)),
            approved_at: self.approved_at(row),
        }
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
