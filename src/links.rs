//! Links between the parties' members, judged: which of them can authorise clearing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::value::kind::{LinkMethod, MemberStatus};
use crate::value::party::{Both, Party};
use crate::value::period::Instant;

/// A link of two members, with what the members' snapshots say of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The members' numbers.
    pub members: Both<String>,
    /// Since when.
    pub bound_at: Instant,
    /// Since when no more.
    pub unbound_at: Option<Instant>,
    /// How it came about.
    pub method: LinkMethod,
    /// The rows of the members in their snapshots; `None` where a member is absent.
    pub snapshot: Both<Option<MemberState>>,
    /// The row in the links feed; `None` for an inferred link.
    pub row: Option<u32>,
    /// The group of links that contradict one another (MBR-03), by its first link.
    pub contradicted: Option<u32>,
    /// For an inferred link, the canonical column of the token.
    pub token: Option<&'static str>,
    /// `(granted_at, withdrawn_at)` for the declared purpose, in order.
    pub consents: Arc<[(Instant, Option<Instant>)]>,
}

/// What a snapshot says of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemberState {
    /// The row in the members feed.
    pub row: u32,
    /// The status.
    pub status: MemberStatus,
    /// Since when; `None`: not known, so always.
    pub since: Option<Instant>,
}

impl Link {
    /// Whether it holds at an instant.
    #[must_use]
    pub fn holds(&self, at: Instant) -> bool {
        self.bound_at <= at && self.unbound_at.is_none_or(|unbound| at < unbound)
    }

    /// Whether it holds at some instant of `[from, to)`.
    #[must_use]
    pub fn overlaps(&self, from: Instant, to: Instant) -> bool {
        self.bound_at < to && self.unbound_at.is_none_or(|unbound| from < unbound)
    }
}

impl MemberState {
    /// The status at an instant other than active, if it is another.
    #[must_use]
    pub fn inactive_at(&self, at: Instant) -> Option<MemberStatus> {
        let applies = self.since.is_none_or(|since| since <= at);
        (applies && self.status != MemberStatus::Active).then_some(self.status)
    }
}

/// A token that several unlinked members share, so that it links nobody.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SharedToken {
    /// The canonical column.
    pub column: &'static str,
    /// The token.
    pub token: String,
    /// The members that have it, in order.
    pub members: Both<Vec<String>>,
}

impl PartialOrd for Both<Vec<String>> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Both<Vec<String>> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.a, &self.b).cmp(&(&other.a, &other.b))
    }
}

/// Every link, and what is known of member keys.
#[derive(Debug, Clone, Default)]
pub struct LinkBook {
    /// Link records and inferred links, ordered by members and time.
    pub links: Vec<Link>,
    /// Whether links are declared at all; without them nobody's authority is judged.
    pub declared: bool,
    /// Whether a party's members are declared; without them nobody is absent.
    pub members_declared: Both<bool>,
    /// Member numbers that stand more than once in a snapshot, with their rows in order.
    pub duplicates: Both<BTreeMap<String, Vec<u32>>>,
    /// Tokens that link nobody.
    pub shared_tokens: Vec<SharedToken>,
    /// Groups of links that contradict one another (MBR-03), each by its first link.
    pub contradictions: BTreeMap<u32, Vec<u32>>,
}

impl LinkBook {
    /// The link of that index.
    #[must_use]
    pub fn get(&self, link: u32) -> &Link {
        &self.links[link as usize]
    }

    /// Every member of a group of links that contradict one another, once, in order.
    #[must_use]
    pub fn contradicted_members(&self, group: u32) -> Vec<(Party, &str)> {
        let links = self.contradictions.get(&group).into_iter().flatten();
        let members: BTreeSet<(Party, &str)> = links
            .flat_map(|&link| {
                let members = &self.get(link).members;
                Party::BOTH.map(|party| (party, members.of(party).as_str()))
            })
            .collect();
        members.into_iter().collect()
    }

    /// Whether a member's key stands more than once.
    #[must_use]
    pub fn is_duplicate(&self, party: Party, member: &str) -> bool {
        self.duplicates.of(party).contains_key(member)
    }
}
