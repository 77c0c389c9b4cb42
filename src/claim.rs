//! What is owed besides points: approved adjustments, and what becomes of amounts due (应收应付).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::value::kind::SettlementKind;
use crate::value::money::{Currency, Money};
use crate::value::party::Party;
use crate::value::period::{Instant, Period};

/// An approved adjustment (调账).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Adjustment {
    /// Its number.
    pub id: String,
    /// Who pays it.
    pub payer: Party,
    /// What is paid; above zero.
    pub amount: Money,
    /// The label of the period to which it belongs, where it names one.
    pub origin_period: Option<String>,
    /// The clause on which it rests.
    pub clause: Option<String>,
}

/// An adjustment that does not stand, held outside the net (挂账).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAdjustment {
    /// Its number.
    pub id: String,
    /// Who would pay it.
    pub payer: Party,
    /// What would be paid, as it is written.
    pub amount: Decimal,
    /// The currency, as it is written.
    pub currency: String,
    /// When it was approved.
    pub approved_at: Instant,
    /// `path:line`.
    pub place: String,
    /// The LED-06 under which it is held.
    pub discrepancy_id: String,
}

/// An adjustment as a line of a final publication has it.
#[derive(Debug, Clone)]
pub struct SettledAdjustment {
    /// Who paid it.
    pub payer: Party,
    /// What was paid.
    pub amount: Decimal,
    /// Its currency.
    pub currency: String,
    /// The period whose statement it stands in.
    pub period: Period,
}

/// What final publications say of adjustments.
#[derive(Debug, Clone, Default)]
pub struct AdjustedBefore {
    /// Those that were settled, by their number.
    pub settled: BTreeMap<String, SettledAdjustment>,
    /// Those that the period just before held.
    pub held: Vec<HeldAdjustment>,
}

/// A payment or a dispute of a statement (结算).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Settlement {
    /// Its number.
    pub id: String,
    /// The label of the statement's period.
    pub period: String,
    /// The statement's currency.
    pub currency: Currency,
    /// What became of it.
    pub kind: SettlementKind,
    /// On which day.
    pub on: Date,
    /// How much of it.
    pub amount: Decimal,
}

/// Everything that is owed besides points.
#[derive(Debug, Clone, Default)]
pub struct Claims {
    /// Adjustments of this run, in the order of their numbers.
    pub adjustments: Vec<Adjustment>,
    /// Payments and disputes, each number once.
    pub settlements: Vec<Settlement>,
    /// Days on which nothing accrues (不可抗力).
    pub exempt_days: BTreeSet<Date>,
}
