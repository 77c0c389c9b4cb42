//! What pairing knows of ledger rows: who stands for whom, what reverses what, who mirrors whom.

use std::marker::PhantomData;

use crate::agreement::EventRule;
use crate::value::kind::{Flow, Role};
use crate::value::party::Programme;

/// How a row stands among the rows with its event_id on its own book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the only one, or the first of rows that are alike.
    First,
    /// An extra of a row that is alike in every column.
    Extra,
    /// Another row has its event_id and other content.
    Collided,
    /// Its event is settled, and a row of a final publication stands for it.
    Resent,
}

/// What is known of the rows of one ledger by themselves.
#[derive(Debug, Clone)]
pub struct Lineage<P> {
    /// Per row, its standing.
    pub standing: Vec<Standing>,
    /// Per row, its part in clearing; a reversal has its original's.
    pub role: Vec<Role>,
    /// Reversal → its original; a reversal that is absent here is an orphan.
    pub originals: Originals,
    /// (extra, the row that stands for it), in order.
    pub extras: Vec<(u32, u32)>,
    /// Rows of one event_id with other content, each group in order.
    pub collisions: Vec<Vec<u32>>,
    /// Whose rows they are.
    pub programme: PhantomData<P>,
}

impl<P> Default for Lineage<P> {
    fn default() -> Lineage<P> {
        Lineage {
            standing: Vec::new(),
            role: Vec::new(),
            originals: Originals::default(),
            extras: Vec::new(),
            collisions: Vec::new(),
            programme: PhantomData,
        }
    }
}

impl<P> Lineage<P> {
    /// Whether the row may be paired: it is no extra and did not collide.
    #[must_use]
    pub fn is_sound(&self, row: u32) -> bool {
        self.standing[row as usize] == Standing::First
    }

    /// The row's part in clearing.
    #[must_use]
    pub fn role(&self, row: u32) -> Role {
        self.role[row as usize]
    }

    /// The flow of an issuer's leg; `None` for other rows, `Some(None)` for an orphan.
    #[must_use]
    pub fn issuer_flow(&self, row: u32) -> Option<Option<Flow>> {
        match self.role(row) {
            Role::Issuer(flow) => Some(flow),
            Role::Acceptor(_) | Role::Own => None,
        }
    }

    /// The flow of an acceptor's leg; `None` for other rows, `Some(None)` for an orphan.
    #[must_use]
    pub fn acceptor_flow(&self, row: u32) -> Option<Option<Flow>> {
        match self.role(row) {
            Role::Acceptor(flow) => Some(flow),
            Role::Issuer(_) | Role::Own => None,
        }
    }
}

/// Which event each reversal of a ledger reverses. Nearly every rule asks of nearly every row, so
/// that each row has a place of its own.
#[derive(Debug, Clone, Default)]
pub struct Originals {
    /// By row; [`NONE`] for a row that is no reversal, or an orphan.
    of: Vec<u32>,
}

/// A frame has fewer rows than this.
const NONE: u32 = u32::MAX;

impl Originals {
    /// Of a ledger of so many rows, of which nothing is known yet.
    #[must_use]
    pub fn new(rows: usize) -> Originals {
        Originals { of: vec![NONE; rows] }
    }

    /// Notes what a reversal reverses, in place of what was noted before.
    pub fn insert(&mut self, reversal: u32, original: u32) {
        self.of[reversal as usize] = original;
    }

    /// The original of a row, where it is a reversal that has one.
    #[must_use]
    pub fn get(&self, row: &u32) -> Option<&u32> {
        self.of.get(*row as usize).filter(|original| **original != NONE)
    }

    /// Whether a row is a reversal that has an original.
    #[must_use]
    pub fn contains_key(&self, row: &u32) -> bool {
        self.get(row).is_some()
    }
}

/// An issuer's leg and its mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The row in the issuer's ledger.
    pub issuer: u32,
    /// The row in the acceptor's ledger.
    pub acceptor: u32,
    /// The index of the event rule that paired them.
    pub rule: u8,
}

/// Rows that a rule could pair in more than one way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tie {
    /// Rows of the issuer, in order.
    pub issuer: Vec<u32>,
    /// Rows of the acceptor, in order.
    pub acceptor: Vec<u32>,
    /// The index of the event rule.
    pub rule: u8,
}

/// Every leg of issuer `I`'s points, each in exactly one place.
#[derive(Debug, Clone)]
pub struct Matched<I> {
    /// Legs with their mirrors, in the issuer's row order.
    pub pairs: Vec<Pair>,
    /// Issuer's legs that nothing mirrors, in order.
    pub issuer_only: Vec<u32>,
    /// Acceptor's legs that mirror nothing, in order.
    pub acceptor_only: Vec<u32>,
    /// (acceptor's leg, the row of the issuer that it names and that is no issuer's leg).
    pub misdirected: Vec<(u32, u32)>,
    /// Ties, in order.
    pub ties: Vec<Tie>,
    /// (issuer's leg, a collided row of the acceptor it belongs with).
    pub issuer_held_with: Vec<(u32, u32)>,
    /// (acceptor's leg, a collided row of the issuer it belongs with).
    pub acceptor_held_with: Vec<(u32, u32)>,
    /// Whose points.
    pub programme: PhantomData<I>,
}

impl<I: Programme> Matched<I> {
    /// The name of the rule that made a pair or a tie.
    #[must_use]
    pub fn rule_word(rules: &[EventRule], rule: u8) -> &'static str {
        rules.get(usize::from(rule)).map_or("", |rule| rule.word())
    }
}

/// Why the members of an issuer's leg do or do not authorise it, at its instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Authority {
    /// This link authorises it.
    Link(u32),
    /// No link at that instant.
    NoLink,
    /// Only an inferred link, which authorises nothing.
    InferredOnly,
    /// Several links at that instant, this one among them (MBR-03).
    SeveralLinks(u32),
}
