//! What a decision makes of what is held, and what counts in the end (periods.md, *Decisions*).

use super::HeldItem;
use super::answer::Discrepancy;
use super::books::{Books, Fate, Role};
use super::pairs::Judged;
use super::terms::versions_at;
use crate::world::{Act, Decision, Flow, Party};

/// Something that counts: a pair, or one leg that a decision let count alone.
#[derive(Debug, Clone)]
pub struct Counted {
    pub issuer: Party,
    pub flow: Flow,
    pub points: i128,
    /// The instant whose versions apply.
    pub version_at: i64,
    /// An instant of the period on whose line it stands.
    pub origin_at: i64,
    pub issuer_leg: Option<usize>,
    pub acceptor_leg: Option<usize>,
    /// None where a decision leaves it open.
    pub agreed: Option<i128>,
}

impl Books<'_> {
    /// The discrepancies under which something is held, each with its first item.
    pub fn held_items(&self) -> Vec<HeldItem> {
        let mut items: Vec<HeldItem> = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let told_by_partner = entry.role == Role::Acceptor && entry.partner.is_some();
            let held = matches!(entry.fate, Some(Fate::Held(_))) && self.belongs(index);
            let Some(under) = entry.under.as_ref().filter(|_| held && !told_by_partner) else {
                continue;
            };
            let about = under.to_string();
            if items.iter().all(|item| item.about != about) {
                let acceptor_alone = entry.role == Role::Acceptor;
                let cleared = if entry.role == Role::Issuer { self.cleared(index) } else { 0 };
                items.push(HeldItem { about, acceptor_alone, cleared: cleared as i64 });
            }
        }
        items
    }

    /// Everything that counts, decisions applied.
    pub fn counted(&mut self, judged: &[Judged]) -> Vec<Counted> {
        let mut found = Vec::new();
        for pair in judged {
            let entry = &self.entries[pair.issuer];
            if entry.fate == Some(Fate::Counted) && self.belongs(pair.issuer) {
                let item = self.item(pair.issuer);
                found.push(Counted { agreed: pair.agreed, ..item });
            }
        }
        for decision in self.decisions_in_force() {
            for index in 0..self.entries.len() {
                let entry = &self.entries[index];
                let told_by_partner = entry.role == Role::Acceptor && entry.partner.is_some();
                let held = matches!(entry.fate, Some(Fate::Held(_))) && self.belongs(index);
                let under = entry.under.as_ref().map(Discrepancy::to_string);
                if !held || told_by_partner || under.as_ref() != Some(&decision.about) {
                    continue;
                }
                if let Some(fate) = self.decide(index, &decision, &mut found) {
                    let partner = self.entries[index].partner;
                    for leg in [Some(index), partner].into_iter().flatten() {
                        self.entries[leg].fate = Some(fate);
                        self.entries[leg].under = None;
                        self.entries[leg].refused = fate == Fate::Excluded;
                    }
                }
            }
        }
        found
    }

    /// The authorised decisions that were taken before the cut, in their order. Each is tried on
    /// whatever is still held when its turn comes.
    fn decisions_in_force(&self) -> Vec<Decision> {
        let mut all = self.world.decisions.clone().unwrap_or_default();
        all.retain(|decision| decision.said.is_authorised());
        all.retain(|decision| decision.decided_at < self.world.cut());
        all.sort_by_key(|decision| (decision.decided_at, decision.decision_id.clone()));
        all
    }

    /// Whether a leg is one of several that cannot all count: on the side of an EVT-10 that has
    /// more legs (the acceptor's where both have as many), or of several held with one collided id.
    fn has_rivals(&self, index: usize) -> bool {
        let tie =
            self.findings.iter().find(|(code, legs)| *code == "EVT-10" && legs.contains(&index));
        if let Some((_, legs)) = tie {
            let issuers =
                legs.iter().filter(|leg| self.entries[**leg].role == Role::Issuer).count();
            let acceptors = legs.len() - issuers;
            return if self.entries[index].role == Role::Issuer {
                issuers > acceptors
            } else {
                acceptors >= issuers
            };
        }
        let with = self.held_with.iter().find(|(leg, _)| *leg == index);
        with.is_some_and(|(_, collided)| {
            let named =
                |entry: usize| (self.entries[entry].party, &self.entries[entry].row.event_id);
            self.held_with.iter().filter(|(_, other)| named(*other) == named(*collided)).count() > 1
        })
    }

    /// The new fate of an item; None where the decision is refused.
    fn decide(&self, index: usize, decision: &Decision, found: &mut Vec<Counted>) -> Option<Fate> {
        let entry = &self.entries[index];
        let acceptor_alone = entry.role == Role::Acceptor;
        let needs_points =
            decision.act == Act::Adjust || (decision.act == Act::Release && acceptor_alone);
        if needs_points != decision.points.is_some() {
            return None;
        }
        if matches!(decision.act, Act::Reject | Act::WriteOff) {
            return Some(Fate::Excluded);
        }
        // Own business and orphans have no flow, and of collided rows nobody knows which is meant.
        entry.flow?;
        let mirror_is_orphan = entry.partner.is_some_and(|leg| self.entries[leg].is_orphan());
        if mirror_is_orphan || entry.collided || self.has_rivals(index) {
            return None;
        }
        let wrong_sign = match entry.partner {
            Some(partner) => self.has_wrong_sign(index, partner),
            None => !self.sign_is_right(index) || entry.row.points == 0,
        };
        let item = self.item(index);
        versions_at(self.world, item.issuer, item.flow, item.version_at)?;
        if wrong_sign {
            return None;
        }
        let points = decision.points.map_or(item.points, i128::from);
        // A spend stays a spend. A lone mirror says only which it is.
        let own = if acceptor_alone { i128::from(entry.row.points) } else { item.points };
        if points.signum() != own.signum() {
            return None;
        }
        found.push(Counted { points, ..item });
        Some(Fate::Counted)
    }

    /// An item by its first leg, with the points that the leg says.
    fn item(&self, index: usize) -> Counted {
        let entry = &self.entries[index];
        let alone = entry.role == Role::Acceptor;
        let version_at = match entry.original.filter(|_| alone) {
            // Of a lone mirror's reversal: the original's pair, or the original.
            Some(original) => {
                let decides = self.entries[original].partner.unwrap_or(original);
                self.entries[decides].row.occurred_at
            }
            None => self.version_instant(index),
        };
        let origin_at = if self.is_prior(index) { version_at } else { entry.row.occurred_at };
        Counted {
            issuer: entry.issuer(),
            flow: entry.flow.unwrap(),
            points: if alone { 0 } else { self.cleared(index) },
            version_at,
            origin_at,
            issuer_leg: (!alone).then_some(index),
            acceptor_leg: if alone { Some(index) } else { entry.partner },
            agreed: None,
        }
    }
}
