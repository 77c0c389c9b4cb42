//! Random chains: three consecutive periods with everything that ties them together.

use fastrand::Rng;
use jiff::civil::Date;
use jiff::{Span, ToSpan};

use super::chain::{Chain, Run};
use super::entangled::entangle;
use super::lots;
use super::random::terms::{SAID, adjustments, bound, terms};
use super::random::{
    MODES, NUMBERS, boundaries, matching, members, money, now_and_then, one_of, scales, versions,
};
use super::rules::settings;
use super::stated;
use super::stories::Stories;
use super::{
    Act, Adjustment, Balance, Cycle, DAY, Decision, FLOWS, HOUR, Kind, Moment, PARTIES, Payment,
    Row, SECOND, World,
};
use crate::oracle::past::Past;
use crate::oracle::terms::mirror_by;
use crate::oracle::{Expected, judge_after};

const PERIODS: usize = 3;

/// The chain of a seed.
pub fn random_chain(seed: u64) -> Chain {
    let mut rng = Rng::with_seed(seed ^ 0x5eed_0000);
    let mut base = World::bare();
    let days = time(&mut rng, &mut base);
    let all = (base.midnight(days[0]), base.midnight(days[PERIODS]));
    let boundaries = boundaries(&mut rng, &base, all);
    versions(&mut rng, &mut base, &boundaries);
    money(&mut rng, &mut base);
    base.fees.iter_mut().for_each(|fee| bound(&mut rng, fee));
    terms(&mut rng, &mut base);
    members(&mut rng, &mut base, all);
    matching(&mut rng, &mut base);
    scales(&mut rng, &mut base);
    base.settings = settings(&mut rng, &[]);
    stated::declare(&mut rng, &mut base);
    lots::declare(&mut rng, &mut base);
    let mut chain = Chain { runs: Vec::new() };
    let mut amending = Rng::with_seed(seed ^ 0xa3e0_0000);
    for position in 0..PERIODS {
        if position > 0 {
            amend(&mut amending, &mut base);
        }
        let mut world = base.clone();
        let closes = world.see(&mut rng, &days, position);
        let (start, end) = world.period_bounds();
        let mut instants: Vec<i64> = boundaries.iter().map(|at| world.instant(*at)).collect();
        instants.extend([start, end, world.cut(), world.as_of_end()]);
        let (room, next_id) = (rng.usize(0..=9), 1 + 1_000 * position as u32);
        Stories::new(&mut rng, &mut world, instants, next_id, room).tell();
        for party in PARTIES {
            world.side_mut(party).parts = rng.usize(1..=2);
        }
        chain.runs.push(Run { world, closes });
    }
    say_again(&mut amending, &mut chain);
    consent_anew(&mut rng, &mut chain);
    reverse_earlier(&mut rng, &mut chain);
    name_own_business(&mut rng, &mut chain);
    entangle(&mut rng, &mut chain);
    send_late(&mut rng, &mut chain);
    void_meanwhile(&mut rng, &mut chain);
    read_ahead(&mut rng, &mut chain);
    hand_in(&mut rng, &mut chain);
    chain
}

/// Rows of the next period that stand in a file of later days, which only this period reads; some
/// of them the next period's own file has again, and some it lacks.
fn read_ahead(rng: &mut Rng, chain: &mut Chain) {
    if now_and_then(rng, 60) {
        return;
    }
    for position in 0..PERIODS {
        for party in PARTIES {
            let mut after = Vec::new();
            if position + 1 < PERIODS {
                let rows =
                    std::mem::take(&mut chain.runs[position + 1].world.side_mut(party).ledger);
                for row in rows {
                    let is_ahead = now_and_then(rng, 25);
                    if !is_ahead || now_and_then(rng, 40) {
                        chain.runs[position + 1].world.side_mut(party).ledger.push(row.clone());
                    }
                    after.extend(is_ahead.then_some(row));
                }
            }
            chain.runs[position].world.side_mut(party).after = Some(after);
        }
    }
}

/// Fees, taxes and the rounding of money may be others from the next period on.
fn amend(rng: &mut Rng, base: &mut World) {
    if now_and_then(rng, 20) {
        base.mode = one_of(rng, &MODES);
    }
    if now_and_then(rng, 20) {
        base.fees.iter_mut().for_each(|fee| fee.milli_percent = rng.i64(0..=9_000));
    }
    if now_and_then(rng, 10) {
        base.fees.pop();
    }
    if now_and_then(rng, 10) {
        base.taxes.clear();
    }
}

/// The first days of the periods, and the day after the last.
fn time(rng: &mut Rng, world: &mut World) -> Vec<Date> {
    world.zone = one_of(rng, &["Asia/Shanghai", "Asia/Shanghai", "UTC", "America/New_York"]);
    (world.currency, world.minor_digits) =
        one_of(rng, &[("CNY", 2), ("CNY", 2), ("JPY", 0), ("KWD", 3)]);
    world.cycle = one_of(rng, &[Cycle::Monthly, Cycle::Monthly, Cycle::Daily, Cycle::Quarterly]);
    world.grace_days = rng.i64(0..=3);
    world.close_after_days = rng.bool().then(|| world.grace_days + rng.i64(0..=2));
    world.due_days = rng.i64(0..=3);
    world.reads_following = rng.bool();
    let mut days = vec![world.cycle_of(Date::new(2026, 2, rng.i8(1..=28)).unwrap()).0];
    for position in 0..PERIODS {
        days.push(world.cycle_of(days[position]).1);
    }
    days
}

impl World {
    /// Sets the period and a day on which it is run; true where it is to be closed then.
    fn see(&mut self, rng: &mut Rng, days: &[Date], position: usize) -> bool {
        let last = position == PERIODS - 1;
        let closes = now_and_then(rng, if last { 50 } else { 92 });
        self.period = Some(days[position]);
        let first_closing = days[position + 1]
            .checked_add(self.close_after_days.unwrap_or(self.grace_days).days())
            .unwrap();
        self.as_of = if closes || rng.bool() {
            first_closing.checked_add(rng.i64(0..=2).days()).unwrap()
        } else {
            let length = days[position].until(days[position + 1]).unwrap().get_days();
            days[position].checked_add(Span::new().days(rng.i32(0..length))).unwrap()
        };
        closes
    }
}

/// Spends of an earlier period that come under other numbers too, within moments or hardly more.
fn say_again(rng: &mut Rng, chain: &mut Chain) {
    for position in 1..PERIODS {
        if !now_and_then(rng, 25) {
            continue;
        }
        let earlier = &chain.runs[position - 1].world;
        let issuer = one_of(rng, &PARTIES);
        let mirrors = &earlier.side(issuer.other()).ledger;
        let pairs: Vec<(Row, Row)> = mirrors
            .iter()
            .filter_map(|mirror| {
                let named = mirror.counter_event_id.as_ref()?;
                let mut legs = earlier.side(issuer).ledger.iter();
                let leg = legs.find(|leg| leg.event_id == *named)?;
                FLOWS.iter().any(|flow| flow.issuer_kind() == leg.kind).then_some(())?;
                Some((leg.clone(), mirror.clone()))
            })
            .collect();
        if pairs.is_empty() {
            continue;
        }
        let (leg, mirror) = one_of(rng, &pairs);
        let apart = one_of(rng, &[0, 1, 60, 61, -60]) * SECOND;
        let number = |of: &str| format!("T{position}{of}");
        let again = Row {
            event_id: number(&leg.event_id),
            occurred_at: leg.occurred_at + apart,
            counter_event_id: None,
            ..leg
        };
        let mirrored = Row {
            event_id: number(&mirror.event_id),
            occurred_at: mirror.occurred_at + apart,
            counter_event_id: Some(again.event_id.clone()),
            ..mirror
        };
        let world = &mut chain.runs[position].world;
        world.side_mut(issuer).ledger.push(again);
        world.side_mut(issuer.other()).ledger.push(mirrored);
    }
}

/// Consents that were withdrawn and are granted anew stand in the next feed as if they never were.
fn consent_anew(rng: &mut Rng, chain: &mut Chain) {
    for position in 1..PERIODS {
        let earlier = chain.runs[position - 1].world.consents.clone();
        let world = &mut chain.runs[position].world;
        let start = world.period_bounds().0;
        world.consents = earlier;
        for consent in world.consents.iter_mut().flatten() {
            if consent.withdrawn_at.is_some_and(|at| at < start) && rng.bool() {
                (consent.granted_at, consent.withdrawn_at) = (start + HOUR, None);
            }
        }
    }
}

/// Reversals of what stands in the books of an earlier period.
fn reverse_earlier(rng: &mut Rng, chain: &mut Chain) {
    let mut told = 0;
    for position in 1..PERIODS {
        for _ in 0..rng.usize(0..=3) {
            let earlier = &chain.runs[rng.usize(..position)].world;
            let issuer = one_of(rng, &PARTIES);
            let spends: Vec<&Row> = earlier
                .side(issuer)
                .ledger
                .iter()
                .filter(|row| FLOWS.iter().any(|flow| flow.issuer_kind() == row.kind))
                .collect();
            if spends.is_empty() {
                continue;
            }
            let one = one_of(rng, &spends).clone();
            let mirrors = &earlier.side(issuer.other()).ledger;
            let mirror = mirrors.iter().find(|row| {
                row.counter_event_id.as_ref() == Some(&one.event_id)
                    || one.counter_event_id.as_ref() == Some(&row.event_id)
            });
            let mirror_id = mirror.map_or("nobody".to_owned(), |row| row.event_id.clone());
            let member = mirror.map_or(one.member_no.clone(), |row| row.member_no.clone());
            told += 1;
            let part = match rng.u32(..3) {
                0 => one.points.abs(),
                1 => (one.points.abs() / 2).max(1),
                _ => rng.i64(1..=one.points.abs().max(1)),
            };
            let mirrored = match crate::oracle::terms::ratio_at(earlier, issuer, one.occurred_at) {
                Some(ratio) if one.kind != Kind::Xearn => {
                    mirror_by(earlier, i128::from(part), ratio) as i64 + rng.i64(-1..=1) / 2
                }
                _ => part,
            };
            let world = &mut chain.runs[position].world;
            let at = world.period_bounds().0 - DAY + rng.i64(0..60) * HOUR;
            let row = |event_id: String, member_no: String, points, original: &str| Row {
                event_id,
                member_no,
                kind: Kind::Reversal,
                points,
                occurred_at: at,
                posted_at: None,
                counter_event_id: None,
                original_event_id: Some(original.to_owned()),
                order_no: None,
                status: super::Status::Posted,
            };
            let back = row(
                format!("R{told}"),
                one.member_no.clone(),
                -one.points.signum() * part,
                &one.event_id,
            );
            let mut forth = row(format!("R{told}m"), member, -mirrored, &mirror_id);
            forth.counter_event_id = Some(back.event_id.clone());
            let skip = rng.u32(..14);
            if skip != 0 {
                world.side_mut(issuer).ledger.push(back);
            }
            if skip != 1 {
                world.side_mut(issuer.other()).ledger.push(forth);
            }
        }
    }
}

/// Reversals of own business of an earlier period, and mirrors that name some by mistake.
fn name_own_business(rng: &mut Rng, chain: &mut Chain) {
    for position in 1..PERIODS {
        for told in 0..rng.usize(0..=2) {
            let party = one_of(rng, &PARTIES);
            let earlier = &chain.runs[rng.usize(..position)].world.side(party).ledger;
            let is_own = |row: &&Row| matches!(row.kind, Kind::Earn | Kind::Burn | Kind::Expire);
            let own: Vec<&Row> = earlier.iter().filter(is_own).collect();
            if own.is_empty() {
                continue;
            }
            let one = one_of(rng, &own).clone();
            let world = &mut chain.runs[position].world;
            let at = world.period_bounds().0 + rng.i64(-24..72) * HOUR;
            let row = Row {
                event_id: format!("O{position}{told}"),
                kind: Kind::Reversal,
                points: one_of(rng, &[-1, -1, -1, 1]) * one.points.signum(),
                occurred_at: at,
                posted_at: None,
                counter_event_id: None,
                original_event_id: Some(one.event_id.clone()),
                order_no: None,
                status: super::Status::Posted,
                ..one.clone()
            };
            if now_and_then(rng, 70) {
                world.side_mut(party).ledger.push(row);
            } else {
                world.side_mut(party.other()).ledger.push(Row {
                    kind: Kind::Xaccept,
                    points: 7,
                    counter_event_id: Some(one.event_id),
                    original_event_id: None,
                    ..row
                });
            }
        }
    }
}

/// Rows that are sent a period late, or again.
fn send_late(rng: &mut Rng, chain: &mut Chain) {
    for position in 0..PERIODS - 1 {
        for party in PARTIES {
            let rows = std::mem::take(&mut chain.runs[position].world.side_mut(party).ledger);
            for row in rows {
                let what = rng.u32(..100);
                let to = if rng.u32(..4) == 0 { PERIODS - 1 } else { position + 1 };
                let mut again = row.clone();
                if what < 6 {
                    again.points += i64::from(what == 0);
                    let at = chain.runs[to].world.period_bounds().0 + HOUR;
                    again.occurred_at = if what == 1 { at } else { again.occurred_at };
                }
                // Late, or again, or as it should be.
                if !(6..20).contains(&what) {
                    chain.runs[position].world.side_mut(party).ledger.push(row);
                }
                if what < 20 {
                    chain.runs[to].world.side_mut(party).ledger.push(again);
                }
            }
        }
    }
    // Own rows that are dated back.
    for position in 1..PERIODS {
        if now_and_then(rng, 30) {
            let party = one_of(rng, &PARTIES);
            let world = &mut chain.runs[position].world;
            let start = world.period_bounds().0;
            world.side_mut(party).ledger.push(Row {
                event_id: format!("L{position}"),
                member_no: "7".to_owned(),
                kind: one_of(rng, &[Kind::Adjust, Kind::Expire, Kind::Earn]),
                points: -rng.i64(1..90),
                occurred_at: start - rng.i64(1..30) * HOUR,
                posted_at: Some(start + rng.i64(-2..9) * HOUR),
                counter_event_id: None,
                original_event_id: None,
                order_no: None,
                status: super::Status::Posted,
            });
        }
    }
}

/// Rows that are called void in the next period's file, and have taken effect after all in the one
/// after.
fn void_meanwhile(rng: &mut Rng, chain: &mut Chain) {
    for position in 0..PERIODS - 1 {
        for party in PARTIES {
            let rows = chain.runs[position].world.side(party).ledger.clone();
            for row in rows {
                if !now_and_then(rng, 4) {
                    continue;
                }
                let status = one_of(rng, &[super::Status::Pending, super::Status::Cancelled]);
                let void = Row { status, ..row.clone() };
                chain.runs[position + 1].world.side_mut(party).ledger.push(void);
                if position + 2 < PERIODS && now_and_then(rng, 80) {
                    chain.runs[position + 2].world.side_mut(party).ledger.push(row);
                }
            }
        }
    }
}

/// What is handed in with each period, in the knowledge of how the periods before it ended:
/// balances, adjustments, payments and decisions.
fn hand_in(rng: &mut Rng, chain: &mut Chain) {
    let with_accounts = now_and_then(rng, 60);
    let with_decisions = now_and_then(rng, 70);
    let with_adjustments = now_and_then(rng, 40);
    let exempt: Option<Vec<Date>> = chain.runs[0].world.late_fee.is_some().then(|| {
        let first = chain.runs[1].world.period_days().0;
        (0..3).map(|_| first.checked_add(rng.i64(0..40).days()).unwrap()).collect()
    });
    let mut past = Past::default();
    let mut payments: Vec<Payment> = Vec::new();
    for position in 0..PERIODS {
        if with_accounts {
            accounts(rng, chain, position, &past);
        }
        lots::fill(rng, &mut chain.runs[position].world);
        if with_adjustments {
            let mut rows = adjustments(rng, &chain.runs[position].world, position);
            rows.extend(sent_again(rng, chain, position));
            chain.runs[position].world.adjustments = Some(rows);
        }
        if chain.runs[0].world.late_fee.is_some() {
            pay(rng, &chain.runs[position].world, &past, &mut payments);
            let start = chain.runs[position].world.period_days().0;
            // A payment that was named once need not be named again.
            let named = |one: &&Payment| one.on >= start || rng.bool();
            let named = payments.iter().filter(named).cloned().collect();
            chain.runs[position].world.payments = Some(named);
            chain.runs[position].world.exempt_days.clone_from(&exempt);
        }
        if with_decisions {
            chain.runs[position].world.decisions = Some(Vec::new());
            let expected = judge_after(&chain.seen(position), &past);
            let rows = decisions(rng, &chain.runs[position].world, &expected, position);
            chain.runs[position].world.decisions = Some(rows);
        }
        let lines = judge_after(&chain.seen(position), &past).answer.lines;
        stated::state(rng, &mut chain.runs[position].world, &lines);
        let run = &chain.runs[position];
        if run.closes && past.may_close(&run.world, position) {
            past.finals.extend(judge_after(&chain.seen(position), &past).closed);
        }
    }
}

/// Adjustments of earlier periods that are sent again: as they were, corrected, or under the
/// number of another.
fn sent_again(rng: &mut Rng, chain: &Chain, position: usize) -> Vec<Adjustment> {
    let mut rows: Vec<Adjustment> = Vec::new();
    let start = chain.runs[position].world.period_bounds().0;
    for earlier in &chain.runs[..position] {
        for one in earlier.world.adjustments.iter().flatten() {
            if now_and_then(rng, 60) {
                continue;
            }
            let mut one = one.clone();
            match rng.u32(..5) {
                0 => one.thousandths += 1_000,
                1 => one.approved_at = start + rng.i64(0..9) * HOUR,
                2 => one.said = one_of(rng, &SAID),
                _ => {}
            }
            rows.push(one);
        }
    }
    rows
}

/// Closings that follow from the books but for a few, and openings that repeat ours.
fn accounts(rng: &mut Rng, chain: &mut Chain, position: usize, past: &Past) {
    let (first, after) = chain.runs[position].world.period_days();
    let (eve, last) = (first.yesterday().unwrap(), after.yesterday().unwrap());
    for party in PARTIES {
        let as_of = Some(Moment::Day(last.min(chain.runs[position].world.as_of)));
        let mut opening = Vec::new();
        let mut closing = Vec::new();
        for number in &NUMBERS[..4] {
            let balance =
                |points, as_of| Balance { member_no: (*number).to_owned(), points, as_of };
            if position == 0 {
                opening.push(balance(rng.i64(0..20_000), Some(Moment::Day(eve))));
            }
            closing.push(balance(0, as_of));
        }
        if let Some(before) = past.finals.last().filter(|_| now_and_then(rng, 60)) {
            for (account, _) in before.accounts.iter().filter(|row| row.0.party == party.letter()) {
                let other = i64::from(now_and_then(rng, 2));
                opening.push(Balance {
                    member_no: account.member_no.clone(),
                    points: account.expected + other,
                    as_of: Some(Moment::Day(eve)),
                });
            }
        }
        let side = chain.runs[position].world.side_mut(party);
        (side.opening, side.accounts) = (Some(opening), Some(closing));
    }
    let expected = judge_after(&chain.seen(position), past);
    for party in PARTIES {
        for balance in chain.runs[position].world.side_mut(party).accounts.iter_mut().flatten() {
            let mut accounts = expected.answer.accounts.iter();
            let account = accounts.find(|account| {
                account.party == party.letter() && account.member_no == balance.member_no
            });
            balance.points = account.map_or(0, |account| account.expected);
            if now_and_then(rng, 5) {
                balance.points += one_of(rng, &[1, -50]);
            }
        }
    }
}

/// Some of what is due of the statement before is paid, or disputed.
fn pay(rng: &mut Rng, world: &World, past: &Past, payments: &mut Vec<Payment>) {
    let Some(before) = past.finals.last() else { return };
    for balance in &before.balances {
        for _ in 0..rng.u32(0..=2) {
            payments.push(Payment {
                settlement_id: format!("P{}", payments.len()),
                period: before.label.clone(),
                currency: balance.currency,
                disputed: now_and_then(rng, 30),
                thousandths: rng.i64(1..=40) * 1_000,
                on: world.period_days().0.checked_add(rng.i64(0..20).days()).unwrap(),
            });
        }
    }
}

/// Decisions on some of what is held.
fn decisions(rng: &mut Rng, world: &World, expected: &Expected, position: usize) -> Vec<Decision> {
    let (start, end) = world.period_bounds();
    let mut rows: Vec<Decision> = Vec::new();
    for item in &expected.held {
        // What is held under a link of another period is told nowhere, and so has no id.
        let told = expected.answer.discrepancies.iter().any(|d| d.to_string() == item.about);
        if !told || now_and_then(rng, 60) {
            continue;
        }
        // Now and then the first decision does not fit, or is unauthorised, and another follows.
        for _ in 0..rng.usize(1..=2) {
            let act =
                one_of(rng, &[Act::Reject, Act::WriteOff, Act::Adjust, Act::Release, Act::Release]);
            let needed = act == Act::Adjust || (act == Act::Release && item.acceptor_alone);
            let sign = if item.cleared == 0 { 1 } else { item.cleared.signum() };
            let sign = if now_and_then(rng, 5) { -sign } else { sign };
            let points = (needed != now_and_then(rng, 5)).then(|| sign * rng.i64(1..=900));
            // Now and then under a number of the period before.
            let numbered = position - usize::from(position > 0 && now_and_then(rng, 10));
            rows.push(Decision {
                decision_id: format!("D{numbered}-{}", rows.len()),
                about: item.about.clone(),
                act,
                points,
                said: one_of(rng, &SAID),
                decided_at: start + rng.i64(0..30) * HOUR,
            });
            // Or after the period that it is filed with.
            if now_and_then(rng, 15) {
                rows.last_mut().unwrap().decided_at = end + rng.i64(-2..30) * HOUR;
            }
        }
    }
    rows
}
