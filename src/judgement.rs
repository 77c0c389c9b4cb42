//! What becomes of every row: the judgement of pairs and of rows that have no pair.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::discrepancy::Rule;
use crate::event::Pair;
use crate::value::kind::Flow;
use crate::value::party::Programme;
use crate::value::points::Points;
use crate::value::price;

/// What becomes of a ledger row in this run. Every row has exactly one (domain.md invariant 13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disposition {
    /// It belongs to another period.
    OtherPeriod,
    /// Counted (计入).
    Counted,
    /// Held (挂账).
    Held,
    /// Excluded (剔除).
    Excluded,
    /// Awaited (待达).
    Pending,
}

impl Disposition {
    /// Every disposition, in order.
    pub const ALL: [Disposition; 5] = [
        Disposition::OtherPeriod,
        Disposition::Counted,
        Disposition::Held,
        Disposition::Excluded,
        Disposition::Pending,
    ];

    /// The word for it in outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Disposition::OtherPeriod => "other_period",
            Disposition::Counted => "counted",
            Disposition::Held => "held",
            Disposition::Excluded => "excluded",
            Disposition::Pending => "pending",
        }
    }
}

/// The versions at which a leg is valued, by index in the agreement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionsInForce {
    /// The ratio; `None` for a sale, whose mirror is one to one.
    pub ratio: Option<u16>,
    /// The rate; `None` where the flow has no money.
    pub rate: Option<u16>,
}

/// Why an item is held or awaited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// The rule.
    pub rule: &'static Rule,
    /// The discrepancy under which it is held; another item's where it follows that one.
    pub discrepancy_id: String,
}

/// A pair, judged.
#[derive(Debug, Clone)]
pub struct JudgedPair<I: Programme> {
    /// The pair.
    pub pair: Pair,
    /// What becomes of both rows.
    pub disposition: Disposition,
    /// The flow, where both legs agree on it.
    pub flow: Option<Flow>,
    /// Issuer points to clear: a spend is positive, its reversal negative.
    pub cleared: Points<I>,
    /// What the acceptor should have credited.
    pub agreed: Option<Points<I::Partner>>,
    /// The versions in force.
    pub versions: Option<VersionsInForce>,
    /// For a reversal, the issuer's row that it reverses.
    pub original: Option<u32>,
    /// For a reversal, whether it is taken off what its original has left.
    pub accumulates: bool,
    /// The label of the period it comes from, where that is not the present one.
    pub origin: Option<Arc<str>>,
    /// Why it is held or pending.
    pub cause: Option<Box<Cause>>,
}

/// Rows without a pair, or with too many, and what becomes of them.
#[derive(Debug, Clone)]
pub struct Item<I> {
    /// The row on the issuer's book.
    pub issuer: Option<u32>,
    /// The row on the acceptor's book.
    pub acceptor: Option<u32>,
    /// What becomes of it.
    pub disposition: Disposition,
    /// Why, where it is held or awaited.
    pub cause: Option<Cause>,
    /// Whose points.
    pub programme: PhantomData<I>,
}

/// Everything that was judged of issuer `I`'s points.
#[derive(Debug, Clone)]
pub struct Judgement<I: Programme> {
    /// Pairs, in the issuer's row order.
    pub pairs: Vec<JudgedPair<I>>,
    /// Rows without a pair that are worth naming, in order. The issuer's own business that is
    /// plainly counted or of another period stands only in its ledger's dispositions.
    pub items: Vec<Item<I>>,
}

/// The exact worth of issuer points at a rate; `None` where no version is in force.
pub type Worth = Option<price::Worth>;
