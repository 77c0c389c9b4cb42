//! Rules on lots: LED-04 and LED-05, and whether the lots sum to the balance (LED-01).

use std::collections::BTreeSet;
use std::marker::PhantomData;

use rayon::prelude::*;

use super::desk::{Desk, Draft, place};
use super::ledger::LED_01;
use super::member::MBR_04;
use super::scene::Scene;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::engine::{Exchange, gather_by_key};
use crate::event::{Lineage, Pair, Standing};
use crate::frame::books::{Balances, Ledger, Side};
use crate::frame::lots::Lots;
use crate::value::kind::{Kind, Status};
use crate::value::party::{Party, Programme};
use crate::value::period::Instant;
use crate::value::points::Overflow;

/// LED-04: expired points spent (使用已失效积分).
pub static LED_04: Rule = Rule {
    code: "LED-04",
    title: "expired points spent",
    zh: "使用已失效积分",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say(
        "A spend at an instant at which every lot of the member had expired or was not earned yet.",
        "消费发生时，该会员的各批次积分均已失效或尚未获得。",
    ),
    matters: say(
        "The partner would be paid for points that no longer existed (domain.md invariant 9).",
        "合作方将就已不存在的积分收款（domain.md 不变量 9）。",
    ),
    example: say(
        "The only lot expired on February 28; 500 points of it were spent on March 5.",
        "唯一批次于二月二十八日失效，三月五日仍消费 500 积分。",
    ),
    settles: say(
        "The issuer, whose system let it through; it is reversed or released.",
        "由发行方处理：其系统未能拦截，应冲回或放行。",
    ),
};

/// LED-05: expiry not posted (失效未入账).
pub static LED_05: Rule = Rule {
    code: "LED-05",
    title: "expiry not posted",
    zh: "失效未入账",
    severity: Severity::Warning,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "A lot that has expired with points left in it, and no EXPIRE of the member since.",
        "批次已失效且仍有余量，而此后该会员没有失效流水。",
    ),
    matters: say(
        "The balance still counts points that nobody can spend: a liability that is none.",
        "余额仍含无人可用的积分，负债虚增。",
    ),
    example: say(
        "A lot of 300 expired on March 15; on March 31 it still has 300.",
        "一批 300 积分于三月十五日失效，三月三十一日仍余 300。",
    ),
    settles: say("The party whose account it is posts the expiry.", "账户所属方补记失效。"),
};

/// One party's lots as the spends of its members are held against them.
#[derive(Debug)]
pub struct LotBook<'a> {
    /// The lots.
    pub lots: &'a Lots,
    /// Times in which a member has a lot that lives, ordered by member and time, none touching
    /// another of the same member: a row that names the member, the first instant and the first
    /// one after.
    lives: Vec<(u32, Instant, Instant)>,
    /// Members one of whose lots stands twice. Which row is meant nobody can say.
    doubted: BTreeSet<&'a str>,
}

impl<'a> LotBook<'a> {
    /// Puts the lots in order.
    #[must_use]
    pub fn new(lots: &'a Lots) -> LotBook<'a> {
        let mut rows: Vec<u32> = (0..lots.len() as u32).collect();
        let number = |row: u32| (lots.member_no(row), lots.lot_id(row));
        rows.par_sort_unstable_by(|&one, &other| number(one).cmp(&number(other)));
        let twice = rows.windows(2).filter(|pair| number(pair[0]) == number(pair[1]));
        let doubted = twice.map(|pair| lots.member_no(pair[0])).collect();
        let time = |row: u32| (lots.member_no(row), lots.earned_at(row));
        rows.par_sort_unstable_by(|&one, &other| time(one).cmp(&time(other)));
        let mut lives: Vec<(u32, Instant, Instant)> = Vec::new();
        for row in rows {
            let from = lots.earned_at(row);
            let to = lots.expires_at(row).unwrap_or(Instant(i64::MAX));
            match lives.last_mut() {
                Some((last, _, end))
                    if lots.member_no(*last) == lots.member_no(row) && from <= *end =>
                {
                    *end = to.max(*end);
                }
                _ => lives.push((row, from, to)),
            }
        }
        LotBook { lots, lives, doubted }
    }

    /// What the lots of a member say of an instant.
    #[must_use]
    pub fn life(&self, member: &str, at: Instant) -> Life {
        if self.doubted.contains(member) {
            return Life::Unknown;
        }
        let of = |&(row, _, _): &(u32, Instant, Instant)| self.lots.member_no(row);
        let after = self.lives.partition_point(|life| (of(life), life.1) <= (member, at));
        let before = after.checked_sub(1).and_then(|before| self.lives.get(before));
        match (before, self.lives.get(after)) {
            (Some(life), _) if of(life) == member && at < life.2 => Life::Lives,
            (Some(life), _) if of(life) == member => Life::Expired,
            (_, Some(life)) if of(life) == member => Life::NotYet,
            _ => Life::Unknown,
        }
    }
}

/// What the lots of a member say of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// One of them lives.
    Lives,
    /// None lives, and one had expired.
    Expired,
    /// All of them were earned later.
    NotYet,
    /// The member has none, or one of them stands twice.
    Unknown,
}

/// Why a row spends expired points; `None` where it does not.
pub fn expired<P: Side>(desk: &Desk<'_>, ledger: &Ledger<P>, row: u32) -> Option<&'static str> {
    let spends = matches!(ledger.kind(row), Kind::Burn | Kind::Xburn | Kind::Xout);
    let book = desk.lots.of(P::PARTY).as_ref().filter(|_| spends)?;
    let at = ledger.occurred_at(row);
    let lived = match book.life(ledger.member_no(row), at) {
        Life::Lives | Life::Unknown => true,
        Life::Expired => false,
        // A feed that tells of later lots alone may have dropped those of a closed period.
        Life::NotYet => at < desk.period.start,
    };
    (!lived).then_some("no lot of the member lived at that time")
}

/// LED-04 of a pair.
///
/// # Errors
/// [`Overflow`] when its worth cannot be exact.
pub fn judge_pair<I: Side>(
    scene: &Scene<'_, I>,
    pair: Pair,
) -> Result<Option<Discrepancy>, Overflow> {
    let Some(reason) = expired(&scene.desk, scene.issuer, pair.issuer) else { return Ok(None) };
    Ok(Some(
        scene
            .desk
            .draft(&LED_04)
            .issuer(I::PARTY)
            .row(I::PARTY, pair.issuer)
            .row(I::PARTY.partner(), pair.acceptor)
            .stake(scene.worth(pair.issuer)?)
            .seen(scene.issuer.occurred_at(pair.issuer))
            .because(reason),
    ))
}

/// What the lots of one party's members say by themselves.
#[derive(Debug, Default)]
pub struct JudgedLots {
    /// What was found.
    pub discrepancies: Vec<Discrepancy>,
    /// Members whose lots do not sum to their balance, in order.
    pub unequal: Vec<String>,
}

/// Holds one party's lots against its expiries and its snapshot, bucket by bucket of the member's
/// number.
pub fn judge<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
    accounts: Option<&Balances>,
    exchange: Exchange,
) -> JudgedLots {
    let Some(book) = desk.lots.of(P::PARTY) else { return JudgedLots::default() };
    let lots = book.lots;
    let expiries = exchange.scatter(ledger.len(), |row| {
        let counts = ledger.kind(row) == Kind::Expire
            && ledger.status(row) == Status::Posted
            && ledger.tells_its_posting(row)
            && lineage.standing[row as usize] != Standing::Extra;
        counts.then(|| ledger.member_no(row))
    });
    let lot_rows = exchange.scatter(lots.len(), |row| Some(lots.member_no(row)));
    let count = accounts.map_or(0, Balances::len);
    let closings = exchange.scatter(count, |row| accounts.map(|accounts| accounts.member_no(row)));
    let buckets: Vec<JudgedLots> = expiries
        .into_par_iter()
        .zip(lot_rows)
        .zip(closings)
        .map(|((expiries, lot_rows), closings)| {
            let mut bucket = JudgedLots::default();
            gather_by_key(
                [&expiries, &lot_rows, &closings],
                |list, row| match (list, accounts) {
                    (0, _) => ledger.member_no(row),
                    (2, Some(accounts)) => accounts.member_no(row),
                    _ => lots.member_no(row),
                },
                |member, [expiries, lot_rows, closings]| {
                    let posted = expiries.iter().map(|&row| ledger.posted_at(row)).collect();
                    let programme = PhantomData::<P>;
                    let holder = Holder { desk, lots, member, rows: lot_rows, posted, programme };
                    holder.judge(accounts, closings, &mut bucket);
                },
            );
            bucket
        })
        .collect();
    let mut judged = JudgedLots::default();
    for bucket in buckets {
        judged.discrepancies.extend(bucket.discrepancies);
        judged.unequal.extend(bucket.unequal);
    }
    judged.unequal.sort_unstable();
    judged
}

/// A member of a party with lots.
struct Holder<'a, P> {
    desk: &'a Desk<'a>,
    lots: &'a Lots,
    member: &'a str,
    rows: &'a [u32],
    /// When points of the member were posted as expired.
    posted: Vec<Instant>,
    programme: PhantomData<P>,
}

impl<P: Programme> Holder<'_, P> {
    fn judge(&self, accounts: Option<&Balances>, closings: &[u32], bucket: &mut JudgedLots) {
        // Members without lots are not judged, and of two rows nobody can say which is meant.
        if self.rows.is_empty() || self.is_doubted(&mut bucket.discrepancies) || closings.len() > 1
        {
            return;
        }
        let closing = accounts.zip(closings.first().copied());
        let as_of = closing.and_then(|(accounts, row)| accounts.as_of(row));
        let as_of = as_of.unwrap_or(self.desk.period.as_of_end.plus(-1));
        bucket.discrepancies.extend(self.not_posted(as_of));
        if let Some((accounts, row)) = closing
            && let Some(unequal) = self.unequal(accounts.balance(row))
        {
            bucket.discrepancies.push(unequal);
            bucket.unequal.push(self.member.to_owned());
        }
    }

    fn draft(&self, rule: &'static Rule, rows: &[u32]) -> Draft<'_> {
        let party = P::PARTY;
        let mut draft = self.desk.draft(rule).member(party, self.member).issuer(party);
        for &row in rows {
            draft = draft.at(party, place(self.desk.paths.lots.of(party), &self.lots.origins, row));
        }
        draft
    }

    /// MBR-04: a lot that stands more than once, each by its number.
    fn is_doubted(&self, found: &mut Vec<Discrepancy>) -> bool {
        let mut rows = self.rows.to_vec();
        rows.sort_unstable_by_key(|&row| (self.lots.lot_id(row), self.lots.origins.of(row)));
        let groups = rows.chunk_by(|&one, &other| self.lots.lot_id(one) == self.lots.lot_id(other));
        let doubted = groups.filter(|group| group.len() > 1);
        let before = found.len();
        found.extend(doubted.map(|group| {
            let lot = self.lots.lot_id(group[0]);
            self.draft(&MBR_04, group)
                .subject(P::PARTY, "lots".to_owned())
                .subject(P::PARTY, lot.to_owned())
                .because(format!("the lot {lot} stands {} times in lots", group.len()))
        }));
        found.len() > before
    }

    /// LED-05: what expired with points left, and was not posted since.
    fn not_posted(&self, as_of: Instant) -> Option<Discrepancy> {
        let latest = self.posted.iter().copied().filter(|&posted| posted <= as_of).max();
        let expiry = |row: u32| {
            let expires = self.lots.expires_at(row).filter(|&expires| expires <= as_of)?;
            let is_posted = latest.is_some_and(|latest| latest >= expires);
            (self.lots.remaining(row) > 0 && !is_posted).then_some(expires)
        };
        let rows: Vec<u32> =
            self.rows.iter().copied().filter(|&row| expiry(row).is_some()).collect();
        let seen = rows.iter().filter_map(|&row| expiry(row)).min()?;
        let left: i128 = rows.iter().map(|&row| i128::from(self.lots.remaining(row))).sum();
        Some(
            self.draft(&LED_05, &rows)
                .expected(Some("0".to_owned()), Some(left.to_string()))
                .difference(left)
                .seen(seen)
                .because("expired with points left, and no EXPIRE was posted since"),
        )
    }

    /// LED-01: the lots do not sum to the reported balance (domain.md invariant 8).
    fn unequal(&self, balance: i64) -> Option<Discrepancy> {
        let left: i128 = self.rows.iter().map(|&row| i128::from(self.lots.remaining(row))).sum();
        let balance = i128::from(balance);
        (left != balance && self.desk.is_on(&LED_01)).then(|| {
            let (a, b) = match P::PARTY {
                Party::A => (Some(left.to_string()), None),
                Party::B => (None, Some(left.to_string())),
            };
            self.draft(&LED_01, &[])
                .subject(P::PARTY, "lots".to_owned())
                .differs("lots", a, b)
                .expected(Some(balance.to_string()), Some(left.to_string()))
                .difference(left - balance)
                .because("what is left of the lots does not sum to the reported balance")
        })
    }
}
