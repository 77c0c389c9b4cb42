//! What a decision makes of what is held, and what counts in the end (periods.md, *Decisions*).

use super::HeldItem;
use super::answer::Discrepancy;
use super::books::{Books, Fate, Role};
use super::pairs::Judged;
use super::past::Settled;
use super::terms::versions_at;
use crate::world::{Act, Decision, Flow, Party, Row};

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
        let decisions = self.decisions_in_force();
        let mut applied = Vec::new();
        let mut turns: Vec<usize> = (0..self.entries.len())
            .filter(|index| {
                let entry = &self.entries[*index];
                let told_by_partner = entry.role == Role::Acceptor && entry.partner.is_some();
                let held = matches!(entry.fate, Some(Fate::Held(_))) && self.belongs(*index);
                held && !told_by_partner
            })
            .collect();
        // Reversals come last, because they ask what became of the rest.
        turns.sort_by_key(|index| {
            let entry = &self.entries[*index];
            let when = (entry.row.occurred_at, entry.row.event_id.clone());
            let how = (entry.partner.is_none(), entry.role == Role::Acceptor);
            (entry.is_reversal(), when, how)
        });
        for index in turns {
            let about = self.entries[index].under.as_ref().map(Discrepancy::to_string);
            for decision in decisions.iter().filter(|one| Some(&one.about) == about.as_ref()) {
                let Some(fate) = self.decide(index, decision, &mut found) else { continue };
                applied.push(decision.clone());
                let partner = self.entries[index].partner;
                for leg in [Some(index), partner].into_iter().flatten() {
                    self.entries[leg].fate = Some(fate);
                    self.entries[leg].under = None;
                    self.entries[leg].refused = fate == Fate::Excluded;
                }
                break;
            }
        }
        self.applied = applied;
        found
    }

    /// The decisions of the files, and those that the period before handed on.
    fn decisions_in_hand(&self) -> Vec<&Decision> {
        let handed = self.past.before(self.world).map(|before| &before.later_decisions);
        self.world.decisions.iter().flatten().chain(handed.into_iter().flatten()).collect()
    }

    /// Whether no other decision has its number, here or among those that moved something before.
    fn is_alone(&self, decision: &Decision) -> bool {
        let before = self.past.finals.iter().flat_map(|past| &past.applied);
        let mut all = self.decisions_in_hand().into_iter().chain(before);
        !all.any(|other| other.decision_id == decision.decision_id && other != decision)
    }

    /// Whether a decision is authorised, and no other has its number.
    fn may_decide(&self, decision: &Decision) -> bool {
        decision.said.is_authorised() && self.is_alone(decision)
    }

    /// Decisions that are taken after this run, each alone under its number.
    pub fn later_decisions(&self) -> Vec<Decision> {
        let all = self.decisions_in_hand().into_iter();
        let later = all.filter(|one| one.decided_at >= self.world.cut() && self.is_alone(one));
        let mut later: Vec<Decision> = later.cloned().collect();
        later.dedup();
        later
    }

    /// How many numbers stand for decisions that do nothing: those taken before the cut without
    /// authority, and those of which there are several, whenever they were taken.
    pub fn without_authority(&self) -> usize {
        let all = self.decisions_in_hand().into_iter();
        let mut ids: Vec<&str> = all
            .filter(|one| {
                let is_early = one.decided_at < self.world.cut();
                !self.is_alone(one) || (is_early && !one.said.is_authorised())
            })
            .map(|decision| decision.decision_id.as_str())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids.len()
    }

    /// The event that a row stands for: that of its issuer's leg, where it has one.
    fn event_of(&self, index: usize) -> usize {
        match self.entries[index].partner {
            Some(partner) if self.entries[index].role == Role::Acceptor => partner,
            _ => index,
        }
    }

    /// What the event of an entry counts for, if it does.
    fn whole(&self, event: usize, found: &[Counted]) -> Option<i128> {
        let entry = &self.entries[event];
        let of_partner = entry.partner.and_then(|partner| self.entries[partner].settled);
        match entry.settled.or(of_partner) {
            Some(Settled::Refused) => return None,
            Some(Settled::Counted) if entry.role == Role::Acceptor => {
                return self.past.counted_at(entry.party, &entry.row.event_id);
            }
            Some(Settled::Counted) => return Some(self.cleared_at(event)),
            None => {}
        }
        if entry.role == Role::Acceptor || self.belongs(event) {
            let legs = |one: &&Counted| one.issuer_leg.or(one.acceptor_leg) == Some(event);
            return found.iter().find(legs).map(|one| one.points);
        }
        Some(self.cleared(event))
    }

    /// What is reversed of an event by what is settled and by what counts now.
    fn reversed(&self, event: usize, found: &[Counted]) -> i128 {
        let reverses = |index: usize| {
            let original = self.entries[index].original;
            original.is_some_and(|original| self.event_of(original) == event)
        };
        let mut sum = 0;
        for (index, entry) in self.entries.iter().enumerate() {
            let partner = entry.partner.and_then(|partner| self.entries[partner].settled);
            let is_settled = entry.settled.or(partner) == Some(Settled::Counted);
            let told = self.event_of(index) != index || entry.resent || entry.extra;
            if is_settled && !told && reverses(index) {
                sum += match entry.role {
                    Role::Acceptor => self.past.counted_at(entry.party, &entry.row.event_id),
                    _ => Some(self.cleared_at(index)),
                }
                .unwrap_or(0);
            }
        }
        let now =
            found.iter().filter(|one| one.issuer_leg.or(one.acceptor_leg).is_some_and(reverses));
        sum + now.map(|one| one.points).sum::<i128>()
    }

    /// What the event that a reversal reverses had left before it; nothing for any other.
    pub fn left_before(&self, reversal: &Counted, counted: &[Counted]) -> Option<i128> {
        let index = reversal.issuer_leg.or(reversal.acceptor_leg)?;
        let event = self.event_of(self.entries[index].original?);
        let whole = self.whole(event, counted)?;
        let turn = |one: &Counted| {
            let index = one.issuer_leg.or(one.acceptor_leg).unwrap();
            let row = &self.entries[index].row;
            let paired = one.issuer_leg.is_some() && one.acceptor_leg.is_some();
            (row.occurred_at, row.event_id.clone(), !paired, one.issuer_leg.is_none())
        };
        let mut earlier = counted.to_vec();
        earlier.retain(|one| turn(one) < turn(reversal));
        Some(whole + self.reversed(event, &earlier))
    }

    /// Whether what a reversal reverses counts, and so much of it is left.
    fn has_room(&self, index: usize, points: i128, found: &[Counted]) -> bool {
        let Some(original) = self.entries[index].original else { return false };
        let event = self.event_of(original);
        let Some(whole) = self.whole(event, found) else { return false };
        (whole + self.reversed(event, found) + points) * whole.signum() >= 0
    }

    /// The entries of which a reversal counts, settled or now.
    pub fn with_reversals(&self, counted: &[Counted]) -> Vec<usize> {
        let reversal = |one: &Counted| {
            let original = self.entries[one.issuer_leg.or(one.acceptor_leg)?].original?;
            Some(self.event_of(original))
        };
        counted.iter().filter_map(reversal).collect()
    }

    /// Whether a leg names one that is settled or has a pair.
    fn names_a_taken_leg(&self, index: usize) -> bool {
        let entry = &self.entries[index];
        let of = if entry.role == Role::Issuer { Role::Acceptor } else { Role::Issuer };
        self.entries.iter().any(|other| {
            let is_named = entry.row.counter_event_id.as_ref() == Some(&other.row.event_id);
            let stands = !other.extra && !other.resent && !other.collided;
            let taken = other.settled.is_some() || other.partner.is_some();
            other.party != entry.party && is_named && stands && other.role == of && taken
        })
    }

    /// Whether a leg has or names a number that is used up: one that a leg of the same points has
    /// or names which was counted before, has a pair, or was let count alone before this one.
    fn is_paid_for(&self, index: usize, found: &[Counted]) -> bool {
        let entry = &self.entries[index];
        let mut paid: Vec<(Party, &Row)> = Vec::new();
        for one in self.past.finals.iter().flat_map(|past| &past.settled) {
            let issuer = match (&one.issuer, &one.acceptor) {
                (Some((party, _)), _) => Some(*party),
                (None, acceptor) => acceptor.as_ref().map(|(party, _)| party.other()),
            };
            if issuer == Some(entry.issuer()) {
                paid.extend(one.legs().map(|(party, row)| (*party, row)));
            }
        }
        for (at, other) in self.entries.iter().enumerate() {
            let is_alone = |one: &Counted| one.issuer_leg.xor(one.acceptor_leg) == Some(at);
            let paired = other.partner.is_some() && other.settled != Some(Settled::Refused);
            let is_leg = other.role != Role::Own && other.issuer() == entry.issuer();
            if is_leg && (paired || found.iter().any(is_alone)) {
                paid.push((other.party, &other.row));
            }
        }
        let names = |row: &Row, id: &str| row.counter_event_id.as_deref() == Some(id);
        paid.into_iter().any(|(party, row)| match party == entry.party {
            true => entry.row.counter_event_id.as_deref().is_some_and(|id| names(row, id)),
            false => names(row, &entry.row.event_id) || names(&entry.row, &row.event_id),
        })
    }

    /// The authorised decisions that were taken before the cut, in their order. Each is tried on
    /// whatever is still held when its turn comes.
    fn decisions_in_force(&self) -> Vec<Decision> {
        let mut all: Vec<Decision> = self.decisions_in_hand().into_iter().cloned().collect();
        all.retain(|decision| self.may_decide(decision));
        all.retain(|decision| decision.decided_at < self.world.cut());
        all.sort_by_key(|decision| (decision.decided_at, decision.decision_id.clone()));
        all.dedup();
        all
    }

    /// Whether a leg is one of several that cannot all count: on the side of an EVT-10 that has
    /// more legs (the acceptor's where both have as many) or of which the other side has a settled
    /// one, of several held with one collided id, or has or names a number that is used up.
    fn has_rivals(&self, index: usize, found: &[Counted]) -> bool {
        if self.names_a_taken_leg(index) || self.is_paid_for(index, found) {
            return true;
        }
        let tie =
            self.findings.iter().find(|(code, legs)| *code == "EVT-10" && legs.contains(&index));
        if let Some((_, legs)) = tie {
            let issuers =
                legs.iter().filter(|leg| self.entries[**leg].role == Role::Issuer).count();
            let acceptors = legs.len() - issuers;
            let settled = |leg: &&usize| {
                let other = &self.entries[**leg];
                other.settled.is_some() && other.role != self.entries[index].role
            };
            if legs.iter().any(|leg| settled(&leg)) {
                return true;
            }
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
        let is_rival = entry.partner.is_none() && self.has_rivals(index, found);
        if mirror_is_orphan || entry.collided || is_rival {
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
        if entry.is_reversal() && !self.has_room(index, points, found) {
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
