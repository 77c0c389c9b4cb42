//! What both sides hand in beside their books: adjustments, payments and decisions.

use jiff::civil::Date;

use super::Party;

/// Who stands for something, and why; an empty text is one that is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub reason: &'static str,
    pub author: &'static str,
    pub approver: &'static str,
}

impl Said {
    pub const WELL: Said = Said { reason: "agreed", author: "li", approver: "wang" };

    /// Somebody else approved it, and all is filled in.
    pub fn is_authorised(&self) -> bool {
        let filled = [self.reason, self.author, self.approver].iter().all(|text| !text.is_empty());
        filled && self.author != self.approver
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    pub adjustment_id: String,
    pub payer: Party,
    /// In thousandths of the currency unit.
    pub thousandths: i64,
    /// Where it is not the agreement's.
    pub currency: Option<&'static str>,
    pub said: Said,
    pub origin_period: String,
    pub approved_at: i64,
}

/// What was paid or disputed of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    pub settlement_id: String,
    pub period: String,
    pub currency: &'static str,
    pub disputed: bool,
    /// In thousandths of the currency unit.
    pub thousandths: i64,
    pub on: Date,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Release,
    Adjust,
    Reject,
    WriteOff,
}

/// What was decided about everything that is held under one discrepancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub decision_id: String,
    /// The discrepancy in the words of the oracle; its id is looked up in what was published.
    pub about: String,
    pub act: Act,
    pub points: Option<i64>,
    pub said: Said,
    pub decided_at: i64,
}
