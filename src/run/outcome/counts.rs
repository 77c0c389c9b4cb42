//! What is counted of rows for people, whether they were judged all together or in portions.

use std::collections::BTreeMap;

use super::collisions::Collisions;
use super::items;
use crate::control::Programme;
use crate::judgement::{Disposition, Item, Judgement};
use crate::run::Evidence;
use crate::value::party::{Both, Party, Programme as OfProgramme};
use crate::value::points::Overflow;

/// What is counted of rows.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Pairs by the index of the rule that made them, by issuer.
    pub pairs: Both<BTreeMap<u8, u64>>,
    /// Legs without a mirror: the issuer's own, and the acceptor's, by issuer.
    pub alone: Both<(u64, u64)>,
    /// Links by standing.
    pub links: BTreeMap<&'static str, u64>,
    /// What each programme's accounts amount to.
    pub programmes: Both<Programme>,
    /// Ids that only case or blanks tell apart.
    pub collisions: Collisions,
}

impl Counts {
    /// What is counted of the rows of a run, or of a portion.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves 127 bits.
    pub fn of(evidence: &Evidence) -> Result<Counts, Overflow> {
        let mut counts =
            Counts { collisions: Collisions::of(&evidence.intake.books), ..Counts::default() };
        (counts.pairs.a, counts.alone.a) = of_issuer(&evidence.judged.0);
        (counts.pairs.b, counts.alone.b) = of_issuer(&evidence.judged.1);
        for row in items::links(&evidence.links) {
            *counts.links.entry(row.standing).or_default() += 1;
        }
        for party in Party::BOTH {
            counts.programmes.of_mut(party).add(evidence.accounts.of(party))?;
        }
        Ok(counts)
    }

    /// Takes in what is counted of other rows.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves 127 bits.
    pub fn take_in(&mut self, other: &Counts) -> Result<(), Overflow> {
        for party in Party::BOTH {
            for (&rule, pairs) in other.pairs.of(party) {
                *self.pairs.of_mut(party).entry(rule).or_default() += pairs;
            }
            let (issuer_only, acceptor_only) = *other.alone.of(party);
            let alone = self.alone.of_mut(party);
            *alone = (alone.0 + issuer_only, alone.1 + acceptor_only);
            self.programmes.of_mut(party).take_in(other.programmes.of(party))?;
        }
        for (&standing, links) in &other.links {
            *self.links.entry(standing).or_default() += links;
        }
        self.collisions.take_in(&other.collisions);
        Ok(())
    }
}

fn of_issuer<I: OfProgramme>(judged: &Judgement<I>) -> (BTreeMap<u8, u64>, (u64, u64)) {
    let mut pairs: BTreeMap<u8, u64> = BTreeMap::new();
    for pair in &judged.pairs {
        *pairs.entry(pair.pair.rule).or_default() += 1;
    }
    let rest = judged.items.iter().filter(|item| item.disposition != Disposition::OtherPeriod);
    let count = |is_counted: fn(&Item<I>) -> bool| {
        rest.clone().filter(|item| is_counted(item)).count() as u64
    };
    let alone = (
        count(|item| item.issuer.is_some()),
        count(|item| item.issuer.is_none() && item.acceptor.is_some()),
    );
    (pairs, alone)
}
