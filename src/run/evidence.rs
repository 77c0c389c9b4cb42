//! Everything that a run found out, before it is published.

use super::Intake;
use crate::account::Account;
use crate::control::Conservation;
use crate::discrepancy::{Discrepancy, Effect};
use crate::event::Lineage;
use crate::judgement::{Item, Judgement};
use crate::links::LinkBook;
use crate::past::Past;
use crate::ruling::{Consequence, Reached};
use crate::statement::Clearing;
use crate::value::party::{A, B, Both};

/// Everything that a run found out.
#[derive(Debug)]
pub struct Evidence {
    /// What came in.
    pub intake: Intake,
    /// What was taken from the past.
    pub past: Past,
    /// Who is linked to whom.
    pub links: LinkBook,
    /// What is known of the ledgers' rows by themselves.
    pub lineages: (Lineage<A>, Lineage<B>),
    /// Rows that were judged by themselves.
    pub own: (Vec<Item<A>>, Vec<Item<B>>),
    /// Pairs and rest, by issuer.
    pub judged: (Judgement<A>, Judgement<B>),
    /// Accounts rolled forward.
    pub accounts: Both<Vec<Account>>,
    /// What came in and what became of it.
    pub conservation: Both<Conservation>,
    /// Discrepancies, in the order of their codes and ids.
    pub discrepancies: Vec<Discrepancy>,
    /// The thresholds that they reach.
    pub reached: Vec<Reached>,
    /// The statements, one per currency. They are not published where a discrepancy blocks them.
    pub clearing: Clearing,
}

impl Evidence {
    /// Whether a discrepancy, or how many there are, blocks the statement.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        let blocks = |reached: &Reached| reached.consequence == Consequence::Blocks;
        self.discrepancies.iter().any(|found| found.effect == Effect::Blocks)
            || self.reached.iter().any(blocks)
    }
}
