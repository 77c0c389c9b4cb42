//! Changes of a world of which the laws of domain.md §3 say what they may change in the answer.

use fastrand::Rng;

use super::random::one_of;
use super::{
    Consent, Flow, Kind, Link, Member, Method, PARTIES, Party, Row, SECOND, Stated, Status, World,
};
use crate::oracle::terms::{mirror_by, rate_at, ratio_at};

/// What a decision is about, in the swapped world: `CODE a=[x] b=[y] members a=[m] b=[n]`.
fn swapped_about(about: &str) -> String {
    let parts: Vec<&str> = about.split(['[', ']']).collect();
    let [code, a, _, b, _, a_member, _, b_member, _] = parts[..] else {
        panic!("`{about}` is no discrepancy");
    };
    let code = match code.split(' ').next().unwrap() {
        "MBR-01" => "MBR-02",
        "MBR-02" => "MBR-01",
        other => other,
    };
    format!("{code} a=[{b}] b=[{a}] members a=[{b_member}] b=[{a_member}]")
}

impl World {
    /// A is called B and B is called A. The tier map has a direction and is dropped.
    pub fn swapped(&self) -> World {
        let mut world = self.clone();
        world.tiers = None;
        std::mem::swap(&mut world.a, &mut world.b);
        world.codes.swap(0, 1);
        for ratio in &mut world.ratios {
            ratio.issuer = ratio.issuer.other();
        }
        for rate in &mut world.rates {
            rate.issuer = rate.issuer.other();
        }
        for link in world.links.iter_mut().flatten() {
            std::mem::swap(&mut link.a_member, &mut link.b_member);
        }
        for consent in world.consents.iter_mut().flatten() {
            std::mem::swap(&mut consent.a_member, &mut consent.b_member);
        }
        for side in [&mut world.a, &mut world.b] {
            side.statement = side.statement.take().map(Stated::swapped);
        }
        world.opening_carry = -world.opening_carry;
        for currency in &mut world.also {
            currency.opening_carry = -currency.opening_carry;
        }
        for cap in &mut world.caps {
            cap.issuer = cap.issuer.other();
        }
        for least in &mut world.minimums {
            least.issuer = least.issuer.other();
        }
        let fees = world.fees.iter_mut().map(|fee| &mut fee.scope);
        for scope in fees.chain(world.taxes.iter_mut().map(|taxed| &mut taxed.scope)) {
            scope.issuers.iter_mut().for_each(|issuer| *issuer = issuer.other());
        }
        world.settle_on.swap(0, 1);
        for adjustment in world.adjustments.iter_mut().flatten() {
            adjustment.payer = adjustment.payer.other();
        }
        for decision in world.decisions.iter_mut().flatten() {
            decision.about = swapped_about(&decision.about);
        }
        world
    }

    /// Every feed in another order.
    pub fn permuted(&self, seed: u64) -> World {
        let mut rng = Rng::with_seed(seed);
        let mut world = self.clone();
        for party in PARTIES {
            let side = world.side_mut(party);
            rng.shuffle(&mut side.ledger);
            side.members.iter_mut().for_each(|rows| rng.shuffle(rows));
            side.opening.iter_mut().for_each(|rows| rng.shuffle(rows));
            side.accounts.iter_mut().for_each(|rows| rng.shuffle(rows));
        }
        world.links.iter_mut().for_each(|rows| rng.shuffle(rows));
        world.consents.iter_mut().for_each(|rows| rng.shuffle(rows));
        world
    }

    /// The ledgers in as many files each.
    pub fn split(&self, parts: usize) -> World {
        let mut world = self.clone();
        (world.a.parts, world.b.parts) = (parts, parts);
        world
    }

    /// Rows of both ledgers again, anywhere.
    pub fn with_duplicates(&self, seed: u64) -> World {
        let mut rng = Rng::with_seed(seed);
        let mut world = self.clone();
        for party in PARTIES {
            let ledger = &mut world.side_mut(party).ledger;
            for _ in 0..3 {
                if !ledger.is_empty() {
                    let row = one_of(&mut rng, ledger);
                    ledger.insert(rng.usize(0..=ledger.len()), row);
                }
            }
        }
        world
    }

    /// A pair of new members, and its full reversal. None where no version is in force then.
    pub fn with_reversed_pair(&self, seed: u64) -> Option<World> {
        let mut world = self.clone();
        let (issuer, one, other) = world.fresh_pair(seed, 0)?;
        let back = |row: &Row| Row {
            event_id: format!("{}-back", row.event_id),
            kind: Kind::Reversal,
            points: -row.points,
            original_event_id: Some(row.event_id.clone()),
            counter_event_id: row.counter_event_id.as_ref().map(|id| format!("{id}-back")),
            ..row.clone()
        };
        let (one_back, other_back) = (back(&one), back(&other));
        world.side_mut(issuer).ledger.extend([one, one_back]);
        world.side_mut(issuer.other()).ledger.extend([other, other_back]);
        Some(world)
    }

    /// A pair of new members whose mirror is so far off that nothing explains it.
    pub fn with_held_pair(&self, seed: u64) -> Option<World> {
        let mut world = self.clone();
        let (issuer, one, other) = world.fresh_pair(seed, 1_000_003)?;
        world.side_mut(issuer).ledger.push(one);
        world.side_mut(issuer.other()).ledger.push(other);
        Some(world)
    }

    /// New members who may clear, and the legs of one event of theirs inside the period.
    fn fresh_pair(&mut self, seed: u64, wrong_by: i64) -> Option<(Party, Row, Row)> {
        let mut rng = Rng::with_seed(seed);
        let issuer = one_of(&mut rng, &PARTIES);
        let (start, _) = self.period_bounds();
        let at = rng.i64(start / SECOND..self.cut() / SECOND) * SECOND;
        let ratio = ratio_at(self, issuer, at)?.clone();
        rate_at(self, issuer, Flow::Redemption, at)?;
        for party in PARTIES {
            let members = &mut self.side_mut(party).members;
            members.iter_mut().for_each(|members| members.push(Member::active("newcomer")));
        }
        let name = || "newcomer".to_owned();
        if let Some(links) = &mut self.links {
            links.push(Link {
                a_member: name(),
                b_member: name(),
                bound_at: 0,
                unbound_at: None,
                method: Method::Authorised,
            });
        }
        if let (Some(purpose), Some(consents)) = (&self.purpose, &mut self.consents) {
            consents.push(Consent {
                a_member: name(),
                b_member: name(),
                purpose: purpose.clone(),
                granted_at: 0,
                withdrawn_at: None,
            });
        }
        let points = rng.i64(5_000..9_000);
        let mirrored = i64::try_from(mirror_by(self, i128::from(points), &ratio)).unwrap();
        let row = |event_id: &str, kind, points| Row {
            event_id: event_id.to_owned(),
            member_no: name(),
            kind,
            points,
            occurred_at: at,
            posted_at: None,
            counter_event_id: None,
            original_event_id: None,
            order_no: None,
            status: Status::Posted,
        };
        let one = row("new-1", Kind::Xburn, -points);
        let mut other = row("new-2", Kind::Xaccept, mirrored + wrong_by);
        other.counter_event_id = Some("new-1".to_owned());
        Some((issuer, one, other))
    }
}
