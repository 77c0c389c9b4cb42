//! Everything that a run found out, before it is published.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::Intake;
use super::judge::{Conclusion, Judged};
use crate::account::Account;
use crate::claim::{Claims, HeldAdjustment};
use crate::control::Conservation;
use crate::discrepancy::{Discrepancy, Effect};
use crate::event::Lineage;
use crate::judgement::{Decided, Item, Judgement, Outcome};
use crate::links::LinkBook;
use crate::past::Scope;
use crate::ruling::{Consequence, Reached};
use crate::statement::Clearing;
use crate::value::party::{A, B, Both, Programme};

/// Everything that a run found out.
#[derive(Debug)]
pub struct Evidence {
    /// What came in.
    pub intake: Intake,
    /// Which rows were judged, and what was taken from the past.
    pub scope: Scope,
    /// When final publications first saw what this run finds again.
    pub first_seen: BTreeMap<String, Date>,
    /// What decisions came to, in their order.
    pub decided: Vec<Decided>,
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
    /// What is owed besides points.
    pub claims: Claims,
    /// Adjustments that do not stand.
    pub held_adjustments: Vec<HeldAdjustment>,
    /// Adjustments that a later period settles, by their row.
    pub waiting_adjustments: Vec<u32>,
    /// The statements, one per currency. They are not published where a discrepancy blocks them.
    pub clearing: Clearing,
}

/// The ids of everything that was found, or under which something stands.
#[must_use]
pub fn ids(
    discrepancies: &[Discrepancy],
    own: (&[Item<A>], &[Item<B>]),
    judged: (&Judgement<A>, &Judgement<B>),
) -> BTreeSet<String> {
    fn under<I: Programme>(own: &[Item<I>], judged: &Judgement<I>, ids: &mut BTreeSet<String>) {
        let items = own.iter().chain(&judged.items).filter_map(|item| item.cause.as_ref());
        let pairs = judged.pairs.iter().filter_map(|pair| pair.cause.as_deref());
        ids.extend(items.chain(pairs).map(|cause| cause.discrepancy_id.clone()));
    }
    let mut ids: BTreeSet<String> = discrepancies.iter().map(|found| found.id.clone()).collect();
    under(own.0, judged.0, &mut ids);
    under(own.1, judged.1, &mut ids);
    ids
}

impl Evidence {
    /// What was said of rows, and what they come to.
    #[must_use]
    pub fn new(intake: Intake, scope: Scope, judged: Judged, concluded: Conclusion) -> Evidence {
        let Judged { links, lineages, own, judged, accounts, first_seen } = judged;
        let Conclusion {
            discrepancies,
            reached,
            conservation,
            claims,
            held_adjustments,
            waiting_adjustments,
            clearing,
            decided,
        } = concluded;
        Evidence {
            intake,
            scope,
            first_seen,
            decided,
            links,
            lineages,
            own,
            judged,
            accounts,
            conservation,
            discrepancies,
            reached,
            claims,
            held_adjustments,
            waiting_adjustments,
            clearing,
        }
    }

    /// The decisions that moved what was held under a discrepancy, by its id: rows of the
    /// decisions, in their order.
    #[must_use]
    pub fn decided_by(&self) -> BTreeMap<&str, Vec<u32>> {
        let mut rows: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let Some(decisions) = &self.intake.decisions else { return rows };
        for told in self.decided.iter().filter(|told| told.outcome == Outcome::Applied) {
            let of = rows.entry(decisions.discrepancy_id(told.decision)).or_default();
            if !of.contains(&told.decision) {
                of.push(told.decision);
            }
        }
        rows
    }

    /// Whether a discrepancy, or how many there are, blocks the statement.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        let blocks = |reached: &Reached| reached.consequence == Consequence::Blocks;
        self.discrepancies.iter().any(|found| found.effect == Effect::Blocks)
            || self.reached.iter().any(blocks)
    }
}
