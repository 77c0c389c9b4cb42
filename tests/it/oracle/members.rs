//! Who may clear with whom, and what is wrong with members, links and tiers (judging.md, 6 and
//! *Members*).

use super::answer::Discrepancy;
use super::books::Books;
use crate::world::{DAY, Link, Member, MemberStatus, Method, PARTIES, Party, World};

impl Link {
    pub fn member(&self, party: Party) -> &str {
        match party {
            Party::A => &self.a_member,
            Party::B => &self.b_member,
        }
    }

    fn holds_at(&self, at: i64) -> bool {
        self.bound_at <= at && self.unbound_at.is_none_or(|end| at < end)
    }

    fn overlaps(&self, from: i64, to: i64) -> bool {
        let end = self.unbound_at.unwrap_or(i64::MAX);
        self.bound_at.max(from) < end.min(to)
    }

    fn same_members(&self, other: &Link) -> bool {
        self.a_member == other.a_member && self.b_member == other.b_member
    }

    /// Whether their times have an instant in common.
    fn meets(&self, other: &Link) -> bool {
        other.overlaps(self.bound_at, self.unbound_at.unwrap_or(i64::MAX))
    }

    fn is_the_same(&self, other: &Link) -> bool {
        self.same_members(other) && self.meets(other)
    }
}

/// The links of a member that may authorise clearing at an instant, one per partner.
fn links_at<'w>(world: &'w World, party: Party, member: &str, at: i64) -> Vec<&'w Link> {
    let mut found: Vec<&Link> = Vec::new();
    for link in world.links.iter().flatten() {
        let wanted = link.member(party) == member && link.method != Method::Inferred;
        if wanted && link.holds_at(at) && !found.iter().any(|other| other.same_members(link)) {
            found.push(link);
        }
    }
    found
}

/// The one link of a member at an instant; none where there are several.
pub fn sole_link<'w>(world: &'w World, party: Party, member: &str, at: i64) -> Option<&'w Link> {
    let links = links_at(world, party, member, at);
    (links.len() == 1).then(|| links[0])
}

fn records<'w>(world: &'w World, party: Party, member: &str) -> Vec<&'w Member> {
    let members = world.side(party).members.iter().flatten();
    members.filter(|record| record.member_no == member).collect()
}

fn is_duplicated(world: &World, party: Party, member: &str) -> bool {
    records(world, party, member).len() > 1
}

fn is_absent(world: &World, party: Party, member: &str) -> bool {
    world.side(party).members.is_some() && records(world, party, member).is_empty()
}

impl Books<'_> {
    /// What keeps a pair from clearing because of its members, and whether that is a finding of
    /// the pair's own.
    pub fn ineligible(&self, issuer: usize, acceptor: usize) -> Option<(Discrepancy, bool)> {
        let world = self.world;
        world.links.as_ref()?;
        let (one, other) = (&self.entries[issuer], &self.entries[acceptor]);
        let (party, partner, at) = (one.party, other.party, one.row.occurred_at);
        let own = |code| Some((self.describe(code, &[issuer, acceptor]), true));
        let asks = !world.is_off("MBR-07");
        let mirrors_twin = || {
            let twin = is_duplicated(world, partner, &other.row.member_no);
            twin.then(|| (of_member("MBR-04", partner, &other.row.member_no), false))
        };
        if is_duplicated(world, party, &one.row.member_no) {
            return Some((of_member("MBR-04", party, &one.row.member_no), false));
        }
        let links = links_at(world, party, &one.row.member_no, at);
        // What contradicts a link is asked of the period in which the event lies.
        let (start, end) = self.bounds_at(at);
        let groups = contradicted(world, start, end);
        let group_of =
            |link: &Link| groups.iter().find(|group| group.iter().any(|l| l.is_the_same(link)));
        let link = match links.len() {
            0 if asks => return own("MBR-07"),
            0 => return mirrors_twin(),
            1 => links[0],
            _ => {
                let group = links.iter().find_map(|link| group_of(link));
                return Some((of_group(group.map_or(&links, |group| group)), false));
            }
        };
        if let Some(group) = group_of(link) {
            return Some((of_group(group), false));
        }
        for party in [partner.other(), partner] {
            let code = if party == Party::A { "MBR-01" } else { "MBR-02" };
            if is_absent(world, party, link.member(party)) {
                return Some((of_members(code, &link.a_member, &link.b_member), false));
            }
        }
        if asks && link.member(partner) != other.row.member_no {
            return own("MBR-07");
        }
        if let Some(held) = mirrors_twin() {
            return Some(held);
        }
        for party in PARTIES {
            for record in records(world, party, link.member(party)) {
                let since = record.status_since.is_none_or(|since| since <= at);
                if asks && record.status != MemberStatus::Active && since {
                    return own("MBR-07");
                }
            }
        }
        let want = self.without_consent(link, at)?;
        // What was held for want of consent stays what it was found as.
        let before = one.kept.iter().copied().find(|code| code.starts_with("CON"));
        let before = before.filter(|code| !world.is_off(code));
        Some(before.unwrap_or(want)).filter(|code| !world.is_off(code)).and_then(own)
    }

    /// Whether a link and a consent of a pair's members stood when it happened.
    pub fn had_consent(&self, issuer: usize, acceptor: usize) -> bool {
        let entry = &self.entries[issuer];
        let at = entry.row.occurred_at;
        let link = sole_link(self.world, entry.party, &entry.row.member_no, at);
        let stands = |link: &Link| self.without_consent(link, at).is_none();
        link.is_some_and(stands) && self.ineligible(issuer, acceptor).is_none()
    }

    /// Whether links and dated snapshots say that a leg's members were linked and active then.
    pub fn were_entitled(&self, issuer: usize) -> bool {
        let (world, entry) = (self.world, &self.entries[issuer]);
        let at = entry.row.occurred_at;
        let Some(link) = sole_link(world, entry.party, &entry.row.member_no, at) else {
            return false;
        };
        PARTIES.iter().all(|party| {
            let active = |record: &&Member| {
                let began = record.status_since.is_some_and(|since| since <= at);
                record.status == MemberStatus::Active && began
            };
            let is_told = world.side(*party).members.is_some();
            !is_told || records(world, *party, link.member(*party)).iter().all(active)
        })
    }

    /// The period in which an instant lies, up to the cut of the run's own.
    fn bounds_at(&self, at: i64) -> (i64, i64) {
        let (first, after) = self.world.cycle_of(self.world.day_of(at));
        let (start, end) = (self.world.midnight(first), self.world.midnight(after));
        let own = self.world.period_bounds().0;
        (start, if start == own { self.world.cut() } else { end })
    }

    /// What is held under a finding about members names one that is told, whenever its link ended.
    pub fn held_for_members<'j>(
        &self,
        held: impl Iterator<Item = &'j Discrepancy>,
        told: &[Discrepancy],
    ) -> Vec<Discrepancy> {
        let mut found: Vec<Discrepancy> = Vec::new();
        for under in held.filter(|under| ["MBR-01", "MBR-02", "MBR-03"].contains(&under.code)) {
            if !told.contains(under) && !found.contains(under) {
                found.push(under.clone());
            }
        }
        found
    }

    fn without_consent(&self, link: &Link, at: i64) -> Option<&'static str> {
        let purpose = self.world.purpose.as_ref()?;
        let mut granted = 0;
        let mut standing = 0;
        for consent in self.world.consents.iter().flatten() {
            let of_link = consent.a_member == link.a_member && consent.b_member == link.b_member;
            if !of_link || consent.purpose != *purpose || consent.granted_at > at {
                continue;
            }
            granted += 1;
            if consent.withdrawn_at.is_none_or(|withdrawn| withdrawn > at) {
                standing += 1;
            }
        }
        match (granted, standing) {
            (0, _) => Some("CON-01"),
            (_, 0) => Some("CON-02"),
            _ => None,
        }
    }
}

fn of_members(code: &'static str, a_member: &str, b_member: &str) -> Discrepancy {
    Discrepancy {
        code,
        a_events: String::new(),
        b_events: String::new(),
        a_member: a_member.to_owned(),
        b_member: b_member.to_owned(),
    }
}

/// The discrepancy of links that contradict each other.
fn of_group(group: &[&Link]) -> Discrepancy {
    let names = |party| {
        let mut names: Vec<&str> = group.iter().map(|link| link.member(party)).collect();
        names.sort_unstable();
        names.dedup();
        names.join(";")
    };
    of_members("MBR-03", &names(Party::A), &names(Party::B))
}

/// A discrepancy of one party's member.
pub fn of_member(code: &'static str, party: Party, member: &str) -> Discrepancy {
    match party {
        Party::A => of_members(code, member, ""),
        Party::B => of_members(code, "", member),
    }
}

/// Every discrepancy of members, links and tiers.
pub fn judge_members(world: &World) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    for party in PARTIES {
        let mut seen: Vec<&str> = Vec::new();
        for record in world.side(party).members.iter().flatten() {
            let key = record.member_no.as_str();
            if is_duplicated(world, party, key) && !seen.contains(&key) {
                seen.push(key);
                found.push(of_member("MBR-04", party, key));
            }
        }
    }
    let judged = judged_links(world);
    for (position, link) in judged.iter().enumerate() {
        // A pair of members that is linked twice is one subject.
        if judged[..position].iter().any(|other| other.same_members(link)) {
            continue;
        }
        for (party, code) in [(Party::A, "MBR-01"), (Party::B, "MBR-02")] {
            if is_absent(world, party, link.member(party)) {
                found.push(of_members(code, &link.a_member, &link.b_member));
            }
        }
    }
    let firm: Vec<&Link> =
        judged.into_iter().filter(|link| link.method != Method::Inferred).collect();
    let (start, cut) = (world.period_bounds().0, world.cut());
    found.extend(contradicted(world, start, cut).iter().map(|group| of_group(group)));
    judge_contacts(world, &firm, &mut found);
    judge_tiers(world, &firm, &mut found);
    found
}

/// The links that overlap what this run clears.
fn judged_links(world: &World) -> Vec<&Link> {
    let (start, _) = world.period_bounds();
    let links = world.links.iter().flatten();
    links.filter(|link| link.overlaps(start, world.cut())).collect()
}

/// The links of each MBR-03: connected by a member that has two partners at a time. Rows of one
/// link are one link, so that one of them brings the others along.
fn contradicted(world: &World, from: i64, to: i64) -> Vec<Vec<&Link>> {
    let links = world.links.iter().flatten();
    let stands = |link: &&Link| link.method != Method::Inferred && link.overlaps(from, to);
    let mut rest: Vec<&Link> = links.filter(stands).collect();
    let conflict = |one: &Link, other: &Link| {
        let one_in_common = (one.a_member == other.a_member) != (one.b_member == other.b_member);
        one_in_common && one.meets(other)
    };
    let mut groups = Vec::new();
    while let Some(first) = rest.pop() {
        let mut group = vec![first];
        while let Some(next) = rest.iter().position(|next| {
            group.iter().any(|link| conflict(link, next) || link.is_the_same(next))
        }) {
            group.push(rest.remove(next));
        }
        if group.iter().any(|link| !link.same_members(first)) {
            groups.push(group);
        }
    }
    groups
}

/// MBR-05, by the one contact column that worlds have.
fn judge_contacts(world: &World, links: &[&Link], found: &mut Vec<Discrepancy>) {
    let groups = contradicted(world, world.period_bounds().0, world.cut());
    let doubtful: Vec<&Link> = groups.into_iter().flatten().collect();
    let mut judged: Vec<&Link> = Vec::new();
    for link in links.iter().filter(|link| link.holds_at(world.cut() - 1)) {
        let a = records(world, Party::A, &link.a_member);
        let b = records(world, Party::B, &link.b_member);
        let known = judged.iter().any(|other| other.same_members(link));
        let in_doubt = doubtful.iter().any(|other| other.is_the_same(link));
        if known || in_doubt || a.len() != 1 || b.len() != 1 {
            continue;
        }
        judged.push(link);
        if let (Some(one), Some(other)) = (&a[0].mobile, &b[0].mobile)
            && one != other
        {
            found.push(of_members("MBR-05", &link.a_member, &link.b_member));
        }
    }
}

fn judge_tiers(world: &World, links: &[&Link], found: &mut Vec<Discrepancy>) {
    let Some(tiers) = &world.tiers else { return };
    for (position, link) in links.iter().enumerate() {
        let in_force = |link: &Link| link.holds_at(world.cut() - 1);
        let again =
            links[..position].iter().any(|other| other.same_members(link) && in_force(other));
        let a = records(world, Party::A, &link.a_member);
        let b = records(world, Party::B, &link.b_member);
        if !in_force(link) || again || a.len() != 1 || b.len() != 1 {
            continue;
        }
        let mapped = tiers.map.iter().find(|(tier, _)| Some(tier) == a[0].tier.as_ref());
        let Some((_, due)) = mapped else {
            found.push(of_members("TIR-02", &link.a_member, &link.b_member));
            continue;
        };
        let rank = |wanted: &String| tiers.order.iter().position(|tier| tier == wanted);
        let right = b[0].tier.as_ref().is_some_and(|tier| {
            if tiers.at_least {
                rank(tier).is_some_and(|rank_b| rank(due).is_some_and(|due| rank_b >= due))
            } else {
                tier == due
            }
        });
        if !right {
            let lag_begins = world.cut() - tiers.lag_days * DAY;
            let lags = a[0].tier_since.is_some_and(|since| since > lag_begins);
            let code = if lags { "TIR-03" } else { "TIR-01" };
            found.push(of_members(code, &link.a_member, &link.b_member));
        }
    }
}
