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
        let begins = self.bound_at < to && self.ever_holds();
        begins && self.unbound_at.is_none_or(|unbound| from < unbound)
    }

    /// Whether it holds at any instant; one that was ended before it began does not.
    #[must_use]
    pub fn ever_holds(&self) -> bool {
        self.unbound_at.is_none_or(|unbound| self.bound_at < unbound)
    }
}

impl MemberState {
    /// The status at an instant other than active, if it is another.
    #[must_use]
    pub fn inactive_at(&self, at: Instant) -> Option<MemberStatus> {
        let applies = self.since.is_none_or(|since| since <= at);
        (applies && self.status != MemberStatus::Active).then_some(self.status)
    }

    /// Whether it says with a date that the member was active at an instant.
    #[must_use]
    pub fn was_active_at(&self, at: Instant) -> bool {
        self.status == MemberStatus::Active && self.since.is_some_and(|since| since <= at)
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
    /// Links of one member whose times overlap, two and two, the lower index first. Not every two
    /// are there, but enough that those which stand in a time are connected in it by what stands.
    pub overlaps: Vec<(u32, u32)>,
    /// What contradicts one another in the run's own period.
    pub contradictions: Contradictions,
}

/// Links that contradict one another in a time (MBR-03).
#[derive(Debug, Clone, Default)]
pub struct Contradictions {
    /// Groups of them, each by its first link.
    pub groups: BTreeMap<u32, Vec<u32>>,
    of_link: BTreeMap<u32, u32>,
}

impl Contradictions {
    /// The group of a link.
    #[must_use]
    pub fn group_of(&self, link: u32) -> Option<u32> {
        self.of_link.get(&link).copied()
    }
}

impl LinkBook {
    /// The link of that index.
    #[must_use]
    pub fn get(&self, link: u32) -> &Link {
        &self.links[link as usize]
    }

    /// The links that contradict one another in `[from, to)`: each connected group by the index of
    /// its first link. What contradicts one row of a link contradicts the others. Links that end
    /// before `from` contradict nothing after it; two that overlap each other and that time overlap
    /// each other within it.
    #[must_use]
    pub fn contradictions_in(&self, from: Instant, to: Instant) -> Contradictions {
        let stands = |link: u32| self.get(link).overlaps(from, to);
        let mut root_of: BTreeMap<u32, u32> = BTreeMap::new();
        let standing = |&&(one, other): &&(u32, u32)| stands(one) && stands(other);
        for &(one, other) in self.overlaps.iter().filter(standing) {
            let (one, other) = (root(&mut root_of, one), root(&mut root_of, other));
            root_of.insert(one.max(other), one.min(other));
        }
        let links: Vec<u32> = root_of.keys().copied().collect();
        let mut groups: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for link in links {
            groups.entry(root(&mut root_of, link)).or_default().push(link);
        }
        // Rows that are all of one link contradict nothing.
        let members = |link: u32| &self.get(link).members;
        groups.retain(|&first, group| group.iter().any(|&link| members(link) != members(first)));
        let each = groups.iter().flat_map(|(&first, group)| group.iter().map(move |&l| (l, first)));
        let of_link = each.collect();
        Contradictions { groups, of_link }
    }

    /// Every member of a group of links, once, in order.
    #[must_use]
    pub fn members_of(&self, group: &[u32]) -> Vec<(Party, &str)> {
        let members: BTreeSet<(Party, &str)> = group
            .iter()
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

/// The first link that a link is connected with, itself where there is none before it.
fn root(root_of: &mut BTreeMap<u32, u32>, link: u32) -> u32 {
    let mut path = Vec::new();
    let mut first = link;
    loop {
        let above = *root_of.entry(first).or_insert(first);
        if above == first {
            break;
        }
        path.push(first);
        first = above;
    }
    root_of.extend(path.into_iter().map(|link| (link, first)));
    first
}
