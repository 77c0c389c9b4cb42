//! What becomes of every row: the judgement of pairs and of rows that have no pair.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use crate::discrepancy::Rule;
use crate::event::Pair;
use crate::past::{Kept, Origin};
use crate::value::kind::Flow;
use crate::value::party::{Party, Programme};
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
    /// The period whose line sums it: the run's, or a closed one.
    pub origin: Origin,
    /// Why it is held or pending.
    pub cause: Option<Box<Cause>>,
    /// The decision that let it count, by its row.
    pub decision: Option<u32>,
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

/// A leg without a pair that a decision lets count.
#[derive(Debug, Clone)]
pub struct Released<I: Programme> {
    /// The row on the issuer's book.
    pub issuer: Option<u32>,
    /// The row on the acceptor's book.
    pub acceptor: Option<u32>,
    /// The flow.
    pub flow: Flow,
    /// Issuer points to clear.
    pub cleared: Points<I>,
    /// What the acceptor should have credited.
    pub agreed: Points<I::Partner>,
    /// The versions at which it counts.
    pub versions: VersionsInForce,
    /// The period whose line sums it.
    pub origin: Origin,
    /// The decision.
    pub decision: u32,
}

/// What a decision came to for an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The item was moved.
    Applied,
    /// Nothing is held under that discrepancy, or not any more.
    NotHeld,
    /// The item cannot be moved so.
    Refused,
    /// The decision is without authority, and does nothing (LED-06).
    Unauthorised,
    /// It was taken after what is cleared: the period that clears its instant applies it.
    Waiting,
}

/// The word for a decision that waits for a later period, which takes it up.
pub const WAITING: &str = "waiting";

/// The word for a decision that moved something.
pub const APPLIED: &str = "applied";

impl Outcome {
    /// The word for it in outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Applied => APPLIED,
            Outcome::NotHeld => "not_held",
            Outcome::Refused => "refused",
            Outcome::Unauthorised => "unauthorised",
            Outcome::Waiting => WAITING,
        }
    }
}

/// What a decision came to, for one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// The decision, by its row.
    pub decision: u32,
    /// What it came to.
    pub outcome: Outcome,
    /// The item.
    pub item: Option<DecidedItem>,
}

/// What a decision is about.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecidedItem {
    /// Whose points; of an adjustment nobody's.
    pub issuer: Option<Party>,
    /// The event on the issuer's book.
    pub issued: Option<String>,
    /// The event on the acceptor's book.
    pub accepted: Option<String>,
    /// The number of an adjustment.
    pub reference: Option<String>,
}

/// Everything that was judged of issuer `I`'s points.
#[derive(Debug, Clone)]
pub struct Judgement<I: Programme> {
    /// Pairs, in the issuer's row order.
    pub pairs: Vec<JudgedPair<I>>,
    /// Rows without a pair that are worth naming, in order. The issuer's own business that is
    /// plainly counted or of another period stands only in its ledger's dispositions.
    pub items: Vec<Item<I>>,
    /// Legs without a pair that a decision lets count.
    pub released: Vec<Released<I>>,
    /// Of rows of the issuer's book, the codes under which they stay held until somebody decides.
    pub kept: BTreeMap<u32, Kept>,
    /// What an event had left before each reversal of it that counts, by the reversal's place among
    /// the pairs and, after these, what was released.
    pub left: BTreeMap<u32, Points<I>>,
}

impl<I: Programme> Default for Judgement<I> {
    fn default() -> Judgement<I> {
        let (pairs, items, released) = (Vec::new(), Vec::new(), Vec::new());
        let (kept, left) = (BTreeMap::new(), BTreeMap::new());
        Judgement { pairs, items, released, kept, left }
    }
}

/// The exact worth of issuer points at a rate; `None` where no version is in force.
pub type Worth = Option<price::Worth>;
