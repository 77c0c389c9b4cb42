//! The people: numbers, names, tiers, links and consents, and the feeds that carry them.

use std::path::Path;

use crate::value::kind::{LinkMethod, MemberStatus};
use crate::value::party::{Both, Party};
use crate::value::token::TokenKey;

use super::GenerateError;
use super::calendar::{DAY, HOUR, Scene, Second, push_padded};
use super::census::{Fault, Part, mix};
use super::truth::{Finding, Truth};
use super::write::{Heading, Holds, Layout, Table};

/// The purpose that a clearing event needs a consent for.
pub(super) const PURPOSE: &str = "互通结算";
/// Another purpose, which authorises nothing here.
const OTHER_PURPOSE: &str = "联合营销";

/// A's tiers that the agreement maps, from low to high.
pub(super) const A_TIERS: [&str; 4] = ["普卡", "银卡", "金卡", "白金卡"];
/// B's tiers, each the equal of A's in the same place.
pub(super) const B_TIERS: [&str; 4] = ["V1", "V2", "V3", "V4"];
/// A tier of A's that the agreement does not know.
const UNMAPPED_TIER: &str = "钻石卡";

const SURNAMES: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "周", "徐", "孙", "马", "朱", "胡", "郭",
    "何", "林", "高", "罗", "郑", "梁", "谢", "欧阳",
];
const GIVEN: [&str; 32] = [
    "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明",
    "超", "霞", "平", "刚", "雨桐", "子涵", "浩然", "欣怡", "宇轩", "梓萱", "思远", "佳琪", "晨曦",
    "文博", "诗涵", "俊杰",
];

/// A member's status and since when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    status: MemberStatus,
    since: Option<Second>,
}

/// A link record.
#[derive(Debug, Clone, Copy)]
struct Bond {
    bound: Second,
    unbound: Option<Second>,
    method: LinkMethod,
}

/// A member of A's and a member of B's, mostly one and the same person.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// Counts from zero.
    pub index: u64,
    /// What they are here for.
    pub part: Part,
    standing: Both<Standing>,
    tier: Both<&'static str>,
    tier_since: Both<Second>,
    bond: Option<Bond>,
    /// Whether both programmes hold the same mobile number.
    same_mobile: bool,
    consented: bool,
    withdrawn: Option<Second>,
    seed: u64,
}

impl Person {
    /// The person of that index in that period.
    pub fn new(seed: u64, index: u64, part: Part, scene: &Scene) -> Person {
        let draw = mix(seed, index, 10);
        let since =
            scene.dawn - DAY * (30 + (draw >> 8 & 511) as i64) + (draw >> 20 & 0x7fff) as i64;
        let a_tier = match draw & 63 {
            0..=37 => 0,
            38..=53 => 1,
            54..=61 => 2,
            _ => 3,
        };
        let b_tier = if draw >> 6 & 3 == 0 { (a_tier + 1).min(3) } else { a_tier };
        let good = Standing { status: MemberStatus::Active, since: None };
        let bond = Bond {
            bound: since + 2 * DAY,
            unbound: None,
            method: if draw >> 40 & 7 == 0 { LinkMethod::Imported } else { LinkMethod::Authorised },
        };
        let mut person = Person {
            index,
            part,
            standing: Both { a: good, b: good },
            tier: Both { a: A_TIERS[a_tier], b: B_TIERS[b_tier] },
            tier_since: Both { a: since, b: since + DAY },
            bond: Some(bond),
            same_mobile: true,
            consented: true,
            withdrawn: None,
            seed,
        };
        match part {
            Part::Plain => {}
            Part::Loose => person.loosen(draw),
            Part::Entangled { .. } => person.bond = None,
            Part::Faulty(fault, variant) => person.stain(fault, variant, draw, scene),
        }
        person
    }

    /// Without a link that authorises: some are still known by their number, some not at all, and
    /// some have left.
    fn loosen(&mut self, draw: u64) {
        match draw >> 32 & 3 {
            0 => {
                self.bond = self.bond.map(|b| Bond { method: LinkMethod::Inferred, ..b });
            }
            1 => self.bond = None,
            _ => {
                self.bond = None;
                self.same_mobile = false;
            }
        }
        let left = Some(self.tier_since.b + DAY);
        match draw >> 34 & 15 {
            0 => self.standing.a = Standing { status: MemberStatus::Closed, since: left },
            1 => self.standing.b = Standing { status: MemberStatus::Frozen, since: left },
            _ => {}
        }
    }

    fn stain(&mut self, fault: Fault, variant: u8, draw: u64, scene: &Scene) {
        // Where A's tier is below the others, there is nothing that B could fail to follow.
        let high = 1 + (draw >> 24) as usize % 3;
        match fault {
            Fault::Tir01 | Fault::Tir03 => {
                self.tier = Both { a: A_TIERS[high], b: B_TIERS[high - 1] };
                if fault == Fault::Tir03 {
                    self.tier_since.a = scene.close - 2 * DAY + (draw >> 28 & 0xffff) as i64;
                }
            }
            Fault::Tir02 => self.tier.a = UNMAPPED_TIER,
            // Several links are each judged by tier: these tiers satisfy any of them.
            Fault::Mbr03 if variant == 0 => self.tier.a = A_TIERS[0],
            Fault::Mbr03 => self.tier.b = B_TIERS[3],
            Fault::Con01 => self.consented = false,
            Fault::Con02 => self.withdrawn = Some(scene.dawn + 3 * HOUR),
            Fault::Mbr07 => self.disqualify(variant, scene),
            _ => {}
        }
    }

    /// The reasons for an MBR-07, by variant; variant 7 lies in the event itself.
    fn disqualify(&mut self, variant: u8, scene: &Scene) {
        let standing =
            |status, days: i64| Standing { status, since: Some(scene.dawn - days * DAY) };
        match variant {
            0 => {
                self.bond = None;
                self.same_mobile = false;
            }
            1 => self.bond = self.bond.map(|b| Bond { bound: scene.close - 2 * DAY, ..b }),
            2 => {
                self.bond = self.bond.map(|b| Bond { unbound: Some(scene.dawn + 3 * HOUR), ..b });
            }
            3 => self.standing.a = standing(MemberStatus::Frozen, 20),
            4 => self.standing.b = Standing { status: MemberStatus::Closed, since: None },
            5 => self.standing.a = standing(MemberStatus::Erased, 3),
            6 => self.standing.b = standing(MemberStatus::Merged, 10),
            8 => self.bond = self.bond.map(|b| Bond { method: LinkMethod::Inferred, ..b }),
            9 => self.bond = None,
            _ => {}
        }
    }

    /// The full name, which no pipeline declares and so no run may keep.
    fn name(&self) -> String {
        let draw = mix(self.seed, self.index, 11);
        let surname = SURNAMES[(draw % SURNAMES.len() as u64) as usize];
        let given = GIVEN[(draw >> 16) as usize % GIVEN.len()];
        format!("{surname}{given}")
    }

    /// The opening balance of the first period.
    pub fn first_balance(&self, party: Party) -> i64 {
        let draw = mix(self.seed, self.index, 12);
        match party {
            Party::A => 4_000 + (draw & 0xffff) as i64 % 40_000,
            Party::B => 2_000 + (draw >> 16 & 0xffff) as i64 % 18_000,
        }
    }
}

/// Appends a member number: ten digits with leading zeros at A, `HB` and eight digits at B. The
/// two do not run in parallel, so that a mistaken join by position cannot succeed.
pub(super) fn member_no(text: &mut String, party: Party, index: u64) {
    match party {
        Party::A => push_padded(text, 12_000_001 + index, 10),
        Party::B => {
            text.push_str("HB");
            push_padded(text, 30_000_000 + (index ^ 0x55), 8);
        }
    }
}

const A_MEMBERS: [Heading; 7] = [
    ("会员号", Holds::Text),
    ("姓名", Holds::Text),
    ("手机号", Holds::Text),
    ("等级", Holds::Text),
    ("等级生效时间", Holds::Compact),
    ("状态", Holds::Text),
    ("状态生效时间", Holds::Compact),
];
const B_MEMBERS: [Heading; 7] = [
    ("member_no", Holds::Text),
    ("mobile_token", Holds::Text),
    ("tier", Holds::Text),
    ("tier_since", Holds::Iso),
    ("status", Holds::Text),
    ("status_since", Holds::Iso),
    ("home_store", Holds::Text),
];
const A_ACCOUNTS: [Heading; 3] =
    [("会员号", Holds::Text), ("期末余额", Holds::Whole), ("截止日期", Holds::Day)];
const B_ACCOUNTS: [Heading; 3] =
    [("member_no", Holds::Text), ("balance", Holds::Whole), ("as_of", Holds::Iso)];
const A_OPENING: [Heading; 3] =
    [("会员号", Holds::Text), ("期初余额", Holds::Whole), ("期初日期", Holds::Day)];
const B_OPENING: [Heading; 2] = [("member_no", Holds::Text), ("balance", Holds::Whole)];
const LINKS: [Heading; 5] = [
    ("a_member", Holds::Text),
    ("b_member", Holds::Text),
    ("bound_at", Holds::Iso),
    ("unbound_at", Holds::Iso),
    ("method", Holds::Text),
];
const CONSENTS: [Heading; 5] = [
    ("a_member", Holds::Text),
    ("b_member", Holds::Text),
    ("purpose", Holds::Text),
    ("granted_at", Holds::Iso),
    ("withdrawn_at", Holds::Iso),
];

/// The feeds of one period except the ledgers.
pub(super) struct World {
    members: Both<Table>,
    accounts: Both<Table>,
    opening: Both<Table>,
    links: Table,
    consents: Table,
    key: TokenKey,
    scratch: String,
}

impl World {
    /// Opens the feeds under the folders of A, B and both.
    pub fn create(
        folders: &Both<std::path::PathBuf>,
        shared: &Path,
        layouts: &Both<Layout>,
        shared_layout: Layout,
        key: TokenKey,
    ) -> Result<World, GenerateError> {
        let open = |name: &str, headings: &Both<&[Heading]>| {
            Both::try_from_fn(|party| {
                let layout = *layouts.of(party);
                let path = folders.of(party).join(format!("{name}.{}", layout.ending()));
                Table::create(&path, layout, headings.of(party))
            })
        };
        let both = |name: &str, headings: &[Heading]| {
            let path = shared.join(format!("{name}.{}", shared_layout.ending()));
            Table::create(&path, shared_layout, headings)
        };
        Ok(World {
            members: open("members", &Both { a: &A_MEMBERS, b: &B_MEMBERS })?,
            accounts: open("accounts", &Both { a: &A_ACCOUNTS, b: &B_ACCOUNTS })?,
            opening: open("opening", &Both { a: &A_OPENING, b: &B_OPENING })?,
            links: both("links", &LINKS)?,
            consents: both("consents", &CONSENTS)?,
            key,
            scratch: String::new(),
        })
    }

    /// Writes a person's rows with the balances of the period, and the findings on the person.
    pub fn write(
        &mut self,
        person: &Person,
        scene: &Scene,
        opening: Both<i64>,
        closing: Both<i64>,
        truth: &mut Truth,
    ) -> Result<(), GenerateError> {
        for party in Party::BOTH {
            let absent = match person.part {
                Part::Faulty(Fault::Mbr01, _) => party == Party::A,
                Part::Faulty(Fault::Mbr02, _) => party == Party::B,
                _ => false,
            };
            let twice = match person.part {
                Part::Faulty(Fault::Mbr04, variant) => (party == Party::A) == (variant == 0),
                _ => false,
            };
            if !absent {
                self.member(person, party, *person.tier_since.of(party))?;
            }
            if twice {
                self.member(person, party, person.tier_since.of(party) - 30 * DAY)?;
            }
            self.balances(person, party, scene, *opening.of(party), *closing.of(party), truth)?;
        }
        self.bonds(person)?;
        find(person, scene, truth)
    }

    fn member(
        &mut self,
        person: &Person,
        party: Party,
        tier_since: Second,
    ) -> Result<(), GenerateError> {
        let mobile = match party {
            Party::B if !person.same_mobile => format!("198{:08}", person.index),
            _ => format!("199{:08}", person.index),
        };
        self.scratch.clear();
        member_no(&mut self.scratch, party, person.index);
        let table = self.members.of_mut(party);
        table.text(&self.scratch);
        match party {
            Party::A => {
                table.text(&person.name());
                if person.index % 7 == 3 {
                    table.text(&format!("+86 {mobile}"));
                } else {
                    table.text(&mobile);
                }
            }
            Party::B => match self.key.mobile(&mobile) {
                Some(token) => table.text(&token),
                None => table.empty(),
            },
        }
        table.text(person.tier.of(party));
        table.instant(Some(tier_since));
        let standing = person.standing.of(party);
        table.text(match party {
            Party::A => standing.status.zh(),
            Party::B => standing.status.word(),
        });
        table.instant(standing.since);
        if party == Party::B {
            self.scratch.clear();
            self.scratch.push_str("HX");
            push_padded(&mut self.scratch, 1 + mix(person.seed, person.index, 13) % 18, 2);
            table.text(&self.scratch);
        }
        table.end_row()
    }

    fn balances(
        &mut self,
        person: &Person,
        party: Party,
        scene: &Scene,
        opening: i64,
        closing: i64,
        truth: &mut Truth,
    ) -> Result<(), GenerateError> {
        self.scratch.clear();
        member_no(&mut self.scratch, party, person.index);
        let table = self.opening.of_mut(party);
        table.text(&self.scratch);
        table.whole(opening);
        if party == Party::A {
            table.instant(Some(scene.start - 1));
        }
        table.end_row()?;
        // Variants of LED-01: more than expected at A or at B, less than expected, no account.
        let mut reported = Some(closing);
        if let Part::Faulty(Fault::Led01, variant) = person.part {
            let wrong = match (variant, party) {
                (0, Party::A) | (1, Party::B) => Some(Some(closing + 50)),
                (2, Party::A) => Some(Some((closing - 120).max(0) + i64::from(closing <= 120))),
                (3, Party::B) => Some(None),
                _ => None,
            };
            if let Some(wrong) = wrong
                && wrong != reported
            {
                reported = wrong;
                let note = match wrong {
                    Some(wrong) => format!("expected {closing} and reported {wrong}"),
                    None => format!("expected {closing} and no account reported"),
                };
                let found = Finding::new(Fault::Led01, party).member(party, person.index);
                truth.record(scene, &found.note(note))?;
            }
        }
        if closing < 0 {
            let found = Finding::new(Fault::Led02, party).member(party, person.index);
            truth.record(scene, &found.note(format!("closing {closing}")))?;
        }
        if let Some(reported) = reported {
            let table = self.accounts.of_mut(party);
            table.text(&self.scratch);
            table.whole(reported);
            table.instant(Some(scene.close - 1));
            table.end_row()?;
        }
        Ok(())
    }

    fn bonds(&mut self, person: &Person) -> Result<(), GenerateError> {
        let Some(bond) = person.bond else { return Ok(()) };
        let one = (person.index, person.index);
        let mut pairs = vec![one];
        match person.part {
            Part::Faulty(Fault::Mbr03, 0) => pairs.push((one.0, one.1 + 1)),
            Part::Faulty(Fault::Mbr03, _) => pairs.push((one.0 + 1, one.1)),
            _ => {}
        }
        for (a, b) in pairs {
            self.ends(a, b, false);
            self.links.instant(Some(bond.bound));
            self.links.instant(bond.unbound);
            self.links.text(bond.method.word());
            self.links.end_row()?;
            let other = mix(person.seed, a, 14).is_multiple_of(3)
                || person.part == Part::Faulty(Fault::Con01, 1);
            let purposes =
                [(PURPOSE, person.consented, person.withdrawn), (OTHER_PURPOSE, other, None)];
            for (purpose, given, withdrawn) in purposes {
                if given && bond.method != LinkMethod::Inferred {
                    self.ends(a, b, true);
                    self.consents.text(purpose);
                    self.consents.instant(Some(bond.bound));
                    self.consents.instant(withdrawn);
                    self.consents.end_row()?;
                }
            }
        }
        Ok(())
    }

    /// The two member numbers that begin a row of links or of consents.
    fn ends(&mut self, a: u64, b: u64, consents: bool) {
        for (party, index) in [(Party::A, a), (Party::B, b)] {
            self.scratch.clear();
            member_no(&mut self.scratch, party, index);
            if consents {
                self.consents.text(&self.scratch);
            } else {
                self.links.text(&self.scratch);
            }
        }
    }

    /// Closes the feeds.
    pub fn finish(self) -> Result<(), GenerateError> {
        for pair in [self.members, self.accounts, self.opening] {
            pair.a.finish()?;
            pair.b.finish()?;
        }
        self.links.finish()?;
        self.consents.finish()
    }
}

/// Records what a run must find of the person, apart from events and balances.
fn find(person: &Person, scene: &Scene, truth: &mut Truth) -> Result<(), GenerateError> {
    let Part::Faulty(fault, variant) = person.part else { return Ok(()) };
    let found = Finding::new(fault, Party::A);
    let both = found.clone().member(Party::A, person.index).member(Party::B, person.index);
    let found = match fault {
        Fault::Mbr01 => both,
        Fault::Mbr02 => Finding { party: Party::B, ..both },
        Fault::Mbr03 if variant == 0 => both.member(Party::B, person.index + 1),
        Fault::Mbr03 => Finding { party: Party::B, ..both.member(Party::A, person.index + 1) },
        Fault::Mbr04 if variant == 0 => found.member(Party::A, person.index),
        Fault::Mbr04 => Finding::new(fault, Party::B).member(Party::B, person.index),
        Fault::Tir01 | Fault::Tir02 | Fault::Tir03 => {
            both.note(format!("{} at A and {} at B", person.tier.a, person.tier.b))
        }
        _ => return Ok(()),
    };
    truth.record(scene, &found)
}
