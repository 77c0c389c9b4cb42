//! Rules on members and links: MBR-01 to MBR-04, and MBR-07 at the instant of an event; MBR-05
//! and MBR-06 stand in `contact`.

use std::collections::{BTreeMap, BTreeSet};

use super::contact::{MBR_05, MBR_06};
use super::desk::{Desk, place};
use super::scene::Scene;
use crate::discrepancy::{ABSENT, Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::event::Authority;
use crate::frame::books::{Links, Members, Side};
use crate::judgement::{Cause, Judgement};
use crate::links::{Contradictions, Link, LinkBook, MemberState};
use crate::value::kind::LinkMethod;
use crate::value::party::{Both, Party};
use crate::value::period::Instant;

/// MBR-01: linked member absent in A (甲方无此会员).
pub static MBR_01: Rule = Rule {
    code: "MBR-01",
    title: "linked member absent in A",
    zh: "甲方无此会员",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A link whose A member does not stand in A's member snapshot.",
        "绑定关系中的甲方会员不在甲方的会员快照里。",
    ),
    matters: say(
        "Points would be cleared for a member whom A does not know.",
        "会为甲方并不认识的会员清算积分。",
    ),
    example: say(
        "The link names SKY000123, and A's snapshot has no such number.",
        "绑定写的是 SKY000123，而甲方快照中没有这个号码。",
    ),
    settles: say(
        "A: an erased or mistyped member; the link is corrected or ended.",
        "甲方处理：会员已注销或号码有误；更正或解除绑定。",
    ),
};

/// MBR-02: linked member absent in B (乙方无此会员).
pub static MBR_02: Rule = Rule {
    code: "MBR-02",
    title: "linked member absent in B",
    zh: "乙方无此会员",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A link whose B member does not stand in B's member snapshot.",
        "绑定关系中的乙方会员不在乙方的会员快照里。",
    ),
    matters: say(
        "Points would be cleared for a member whom B does not know.",
        "会为乙方并不认识的会员清算积分。",
    ),
    example: say(
        "The link names H20077, and B's snapshot has no such number.",
        "绑定写的是 H20077，而乙方快照中没有这个号码。",
    ),
    settles: say(
        "B: an erased or mistyped member; the link is corrected or ended.",
        "乙方处理：会员已注销或号码有误；更正或解除绑定。",
    ),
};

/// MBR-03: many-to-one link (多对一绑定).
pub static MBR_03: Rule = Rule {
    code: "MBR-03",
    title: "many-to-one link",
    zh: "多对一绑定",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "Links of one member to different partners at the same time.",
        "同一会员在同一时段绑定了对方的不同会员。",
    ),
    matters: say(
        "Two accounts feeding one invite collusion, and nobody can say whose consent counts.",
        "两个账户归入一个，容易串通套利，也说不清以谁的同意为准。",
    ),
    example: say(
        "SKY000140 is linked to H20140 and to H20141 since March 1.",
        "SKY000140 自 3 月 1 日起同时绑定 H20140 和 H20141。",
    ),
    settles: say(
        "Both parties: all links but one are ended.",
        "双方处理：只留一条绑定，其余解除。",
    ),
};

/// MBR-04: duplicate member key (会员号重复).
pub static MBR_04: Rule = Rule {
    code: "MBR-04",
    title: "duplicate member key",
    zh: "会员号重复",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A member number that stands more than once in a snapshot.",
        "会员号在快照中出现不止一次。",
    ),
    matters: say(
        "Status and tier of such a member are whatever row is read last.",
        "这类会员的状态和等级取决于最后读到哪一行。",
    ),
    example: say(
        "H20160 stands twice, once active and once closed.",
        "H20160 出现两次，一次正常，一次已销户。",
    ),
    settles: say("The sender of the snapshot.", "快照的发送方。"),
};

/// MBR-07: member not entitled at the time (会员当时无资格).
pub static MBR_07: Rule = Rule {
    code: "MBR-07",
    title: "member not entitled at the time",
    zh: "会员当时无资格",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "An event whose members were not linked to one another, or not active, when it occurred.",
        "交易发生时，双方会员未互相绑定，或状态不正常。",
    ),
    matters: say(
        "The agreement clears only for linked and active members (domain.md invariant 10).",
        "协议只为已绑定且状态正常的会员清算（domain.md 不变量 10）。",
    ),
    example: say(
        "A spend at 10:00 on March 5; the link began on March 6.",
        "3 月 5 日 10:00 消费，而绑定 3 月 6 日才开始。",
    ),
    settles: say(
        "The issuer, whose system let it through; it is reversed or released.",
        "放行该笔的发行方；予以冲正或释放。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&MBR_01, &MBR_02, &MBR_03, &MBR_04, &MBR_05, &MBR_06, &MBR_07];

/// Rules on members and links by themselves, once per member or link.
pub fn judge(
    desk: &Desk<'_>,
    book: &LinkBook,
    links: Option<&Links>,
    members: &Both<Option<Members>>,
) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    for party in Party::BOTH {
        for (member, rows) in book.duplicates.of(party) {
            let reason = format!("the member stands {} times in {party}'s snapshot", rows.len());
            let mut draft = desk.draft(&MBR_04).member(party, member);
            if let Some(members) = members.of(party) {
                for &row in rows {
                    let files = desk.paths.members.of(party);
                    draft = draft.at(party, place(files, &members.origins, row));
                }
            }
            found.push(draft.because(reason));
        }
    }
    let current = |link: &&Link| link.overlaps(desk.period.start, desk.period.cut());
    let mut absent: BTreeMap<String, Discrepancy> = BTreeMap::new();
    for link in book.links.iter().filter(current) {
        for party in Party::BOTH {
            if is_absent(book, link, party) {
                let found = stranger(desk, link, party, links);
                // Links of the same members follow one another, the earliest first.
                absent.entry(found.id.clone()).or_insert(found);
            }
        }
    }
    found.extend(absent.into_values());
    let groups = book.contradictions.groups.values();
    found.extend(groups.map(|group| contradiction(desk, book, group, links)));
    found
}

/// The MBR-03 of links that contradict one another.
fn contradiction(
    desk: &Desk<'_>,
    book: &LinkBook,
    group: &[u32],
    links: Option<&Links>,
) -> Discrepancy {
    let mut draft = desk.draft(&MBR_03);
    for &link in group {
        draft = with_row(draft, desk, book.get(link), links);
    }
    for (party, member) in book.members_of(group) {
        draft = draft.member(party, member);
    }
    // Its last link made the group what it is.
    let seen = group.iter().map(|&link| book.get(link).bound_at).max();
    let reason = format!("{} links of these members hold at the same time", group.len());
    draft.seen(seen.unwrap_or(desk.period.start)).because(reason)
}

/// The MBR-01 or MBR-02 of a link whose member a party does not know.
fn stranger(desk: &Desk<'_>, link: &Link, party: Party, links: Option<&Links>) -> Discrepancy {
    with_row(desk.draft(absence(party)), desk, link, links)
        .member(Party::A, &link.members.a)
        .member(Party::B, &link.members.b)
        .subject(party, ABSENT.to_owned())
        .seen(link.bound_at)
        .because(format!("the linked member is not in {party}'s snapshot"))
}

/// What is held under a finding about links of an earlier period, which none of the period tells:
/// that finding, for each of the links' legs once.
pub fn judge_ended<I: Side>(
    scene: &Scene<'_, I>,
    judgement: &Judgement<I>,
    links: Option<&Links>,
    told: &[Discrepancy],
) -> Vec<Discrepancy> {
    let (desk, book) = (&scene.desk, scene.book);
    let about_links =
        |rule: &Rule| [&MBR_01, &MBR_02, &MBR_03].map(|rule| rule.code).contains(&rule.code);
    let mut known: Option<BTreeSet<&str>> = None;
    let mut found: BTreeMap<&str, Discrepancy> = BTreeMap::new();
    for judged in &judgement.pairs {
        let Some(cause) = judged.cause.as_deref().filter(|cause| about_links(cause.rule)) else {
            continue;
        };
        let leg = judged.pair.issuer;
        let at = scene.issuer.occurred_at(leg);
        if desk.period.start <= at {
            continue;
        }
        let known = known.get_or_insert_with(|| told.iter().map(|told| told.id.as_str()).collect());
        let id = cause.discrepancy_id.as_str();
        if known.contains(id) || found.contains_key(id) {
            continue;
        }
        let (Authority::Link(link) | Authority::SeveralLinks(link)) =
            scene.authorities[leg as usize]
        else {
            // A reversal is held under what holds its original.
            continue;
        };
        let finding = match scene.contradicted.with(desk, at, link) {
            Some((group, _)) if cause.rule.code == MBR_03.code => {
                contradiction(desk, book, group, links)
            }
            _ => {
                let party = if cause.rule.code == MBR_01.code { Party::A } else { Party::B };
                stranger(desk, book.get(link), party, links)
            }
        };
        found.insert(id, finding);
    }
    found.into_values().collect()
}

/// Links that are authorised or imported, in force at the last instant before the cut, and of
/// members that stand once on both sides, with the members' rows. Records of one link follow one
/// another; the first stands for all.
pub fn standing_links<'a>(
    desk: &'a Desk<'_>,
    book: &'a LinkBook,
) -> impl Iterator<Item = (u32, &'a Link, Both<u32>)> {
    let mut judged: Option<&Both<String>> = None;
    let last = desk.period.cut().plus(-1);
    (0..).zip(&book.links).filter_map(move |(index, link)| {
        let Both { a: Some(a), b: Some(b) } = link.snapshot else { return None };
        let is_authorised = link.method != LinkMethod::Inferred && link.holds(last);
        let is_once = |party: &Party| !book.is_duplicate(*party, link.members.of(*party));
        if !is_authorised || judged == Some(&link.members) || !Party::BOTH.iter().all(is_once) {
            return None;
        }
        judged = Some(&link.members);
        Some((index, link, Both { a: a.row, b: b.row }))
    })
}

fn with_row<'a>(
    draft: super::desk::Draft<'a>,
    desk: &Desk<'_>,
    link: &Link,
    links: Option<&Links>,
) -> super::desk::Draft<'a> {
    match (links, link.row) {
        (Some(links), Some(row)) => {
            draft.at(Party::A, place(&desk.paths.links, &links.origins, row))
        }
        _ => draft,
    }
}

/// The links that contradict one another in each period of which a leg is judged.
#[derive(Debug)]
pub struct Contradicted(BTreeMap<Instant, (Contradictions, BTreeMap<u32, String>)>);

impl Contradicted {
    /// In the run's own period, and in those in which these instants lie.
    #[must_use]
    pub fn new(desk: &Desk<'_>, book: &LinkBook, instants: impl Iterator<Item = Instant>) -> Self {
        let of = |contradictions: Contradictions| {
            // Made once for all the legs that are held under them.
            let groups = contradictions.groups.iter();
            let id_of = |group: &[u32]| desk.id(&MBR_03, &book.members_of(group));
            let ids = groups.map(|(&first, group)| (first, id_of(group))).collect();
            (contradictions, ids)
        };
        let own = desk.period.start;
        let mut periods = BTreeMap::from([(own, of(book.contradictions.clone()))]);
        let earlier = instants.filter(|at| *at < own).map(|at| desk.scope.period_at(at));
        for period in earlier {
            periods
                .entry(period.start)
                .or_insert_with(|| of(book.contradictions_in(period.start, period.end)));
        }
        Contradicted(periods)
    }

    /// The links that contradict a link in the period in which an instant lies, itself among them,
    /// and the id of their MBR-03.
    fn with(&self, desk: &Desk<'_>, at: Instant, link: u32) -> Option<(&[u32], &str)> {
        let (contradictions, ids) = self.0.get(&desk.scope.period_at(at).start)?;
        let group = contradictions.group_of(link)?;
        Some((contradictions.groups.get(&group)?, ids.get(&group)?))
    }
}

fn absence(party: Party) -> &'static Rule {
    match party {
        Party::A => &MBR_01,
        Party::B => &MBR_02,
    }
}

fn is_absent(book: &LinkBook, link: &Link, party: Party) -> bool {
    *book.members_declared.of(party) && link.snapshot.of(party).is_none()
}

/// What eligibility says of a leg (domain.md invariant 10).
pub enum Eligibility {
    /// Entitled through this link.
    Entitled(u32),
    /// Without a link, where nobody asks for one (MBR-07 is off).
    Unasked,
    /// Held under a discrepancy about its member or link.
    HeldUnder(Cause),
    /// Not entitled, for this reason.
    NotEntitled(String),
}

/// Whether the members of an issuer's leg and its mirror were entitled at its instant.
pub fn eligibility<I: Side>(scene: &Scene<'_, I>, leg: u32, mirror: u32) -> Eligibility {
    let (desk, book) = (&scene.desk, scene.book);
    let at = scene.issuer.occurred_at(leg);
    let duplicate = |party: Party, member: &str| {
        Eligibility::HeldUnder(Cause {
            rule: &MBR_04,
            discrepancy_id: desk.id(&MBR_04, &[(party, member)]),
        })
    };
    let contradicted = |link: u32| scene.contradicted.with(desk, at, link);
    let held_under =
        |id: &str| Eligibility::HeldUnder(Cause { rule: &MBR_03, discrepancy_id: id.to_owned() });
    let member = scene.issuer.member_no(leg);
    if book.is_duplicate(I::PARTY, member) {
        return duplicate(I::PARTY, member);
    }
    let partner = I::PARTY.partner();
    let accepting = scene.acceptor.member_no(mirror);
    let is_judged = desk.is_on(&MBR_07);
    let index = match scene.authorities[leg as usize] {
        Authority::NoLink | Authority::InferredOnly if !is_judged => {
            if book.is_duplicate(partner, accepting) {
                return duplicate(partner, accepting);
            }
            return Eligibility::Unasked;
        }
        Authority::NoLink => {
            return Eligibility::NotEntitled("no link of the issuer's member at that time".into());
        }
        Authority::InferredOnly => {
            let reason = "only an inferred link, which authorises nothing";
            return Eligibility::NotEntitled(reason.into());
        }
        // What holds together at an instant contradicts one another in its period, as far as that
        // is known; of one that is not, nobody has told an MBR-03 to be held under.
        Authority::SeveralLinks(link) => {
            let several = "several links of the issuer's member at that time";
            return match contradicted(link) {
                Some((_, id)) => held_under(id),
                None => Eligibility::NotEntitled(several.into()),
            };
        }
        Authority::Link(link) => link,
    };
    if let Some((_, id)) = contradicted(index) {
        return held_under(id);
    }
    let link = book.get(index);
    // The issuer's side first, so that both partners hold it under one discrepancy.
    for party in [I::PARTY, partner] {
        if is_absent(book, link, party) {
            let (a, b) = (link.members.a.as_str(), link.members.b.as_str());
            let subjects = [(Party::A, a), (Party::B, b), (party, ABSENT)];
            let rule = absence(party);
            let discrepancy_id = desk.id(rule, &subjects);
            return Eligibility::HeldUnder(Cause { rule, discrepancy_id });
        }
    }
    if is_judged && accepting != link.members.of(partner) {
        return Eligibility::NotEntitled("the two members are not linked to one another".into());
    }
    if book.is_duplicate(partner, accepting) {
        return duplicate(partner, accepting);
    }
    for party in [I::PARTY, partner].into_iter().filter(|_| is_judged) {
        let state: Option<&MemberState> = link.snapshot.of(party).as_ref();
        if let Some(status) = state.and_then(|state| state.inactive_at(at)) {
            let reason =
                format!("{party}'s member was {} {} at that time", status.word(), status.zh());
            return Eligibility::NotEntitled(reason);
        }
    }
    Eligibility::Entitled(index)
}

/// Whether links and snapshots say themselves that a leg's members were linked and active at its
/// instant: a snapshot that only says what a member is since then does not.
pub(super) fn is_proven<I: Side>(scene: &Scene<'_, I>, leg: u32) -> bool {
    let Authority::Link(index) = scene.authorities[leg as usize] else { return false };
    let (at, link) = (scene.issuer.occurred_at(leg), scene.book.get(index));
    Party::BOTH.into_iter().all(|party| {
        let state = link.snapshot.of(party).as_ref();
        let is_declared = *scene.book.members_declared.of(party);
        !is_declared || state.is_some_and(|state| state.was_active_at(at))
    })
}
