//! Small worlds from a seed, rich in trouble.
//!
//! Most of a world is right, because a finding only shows against a background of rows that have
//! none; every kind of trouble is rare in one world and common in five hundred.

pub mod terms;

use fastrand::Rng;
use jiff::civil::Date;

use super::lots;
use super::rules;
use super::stated;
use super::stories::Stories;
use super::{
    Balance, Bearer, Consent, Cycle, DAY, FLOWS, Fee, Flow, HOUR, Link, Member, MemberStatus,
    Method, Mode, Moment, PARTIES, Party, Place, Rate, Ratio, Row, Rule, SECOND, Tax, Tiers, World,
};
use crate::oracle::books::Books;
use crate::oracle::judge;
use crate::oracle::past::Past;

pub const MODES: [Mode; 4] = [Mode::HalfUp, Mode::HalfEven, Mode::Down, Mode::Up];
const RATIOS: [(i64, i64); 8] =
    [(1, 3), (7, 2), (100, 40), (40, 100), (1, 1), (3, 1), (2, 7), (1000, 999)];

/// One of a list.
pub fn one_of<T: Clone>(rng: &mut Rng, list: &[T]) -> T {
    list[rng.usize(..list.len())].clone()
}

/// True `percent` times in a hundred.
pub fn now_and_then(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(..100) < percent
}

/// The world of a seed.
pub fn random(seed: u64) -> World {
    let mut rng = Rng::with_seed(seed);
    let mut world = World::bare();
    time(&mut rng, &mut world);
    let bounds = world.period_bounds();
    let boundaries = boundaries(&mut rng, &world, bounds);
    versions(&mut rng, &mut world, &boundaries);
    money(&mut rng, &mut world);
    scales(&mut rng, &mut world);
    if rng.bool() {
        world.fees.iter_mut().for_each(|fee| terms::bound(&mut rng, fee));
        terms::terms(&mut rng, &mut world);
        // Nothing is overdue before there is a past.
        world.late_fee = None;
        let rows = terms::adjustments(&mut rng, &world, 0);
        world.adjustments = now_and_then(&mut rng, 30).then_some(rows);
    }
    members(&mut rng, &mut world, bounds);
    matching(&mut rng, &mut world);
    let mut instants: Vec<i64> = boundaries.iter().map(|at| world.instant(*at)).collect();
    let (start, end) = bounds;
    let grace_begins = world.as_of_end() - world.grace_days * DAY;
    instants.extend([start, end, world.cut(), world.as_of_end(), grace_begins]);
    let room = rng.usize(0..=20);
    Stories::new(&mut rng, &mut world, instants, 1, room).tell();
    accounts(&mut rng, &mut world);
    for party in PARTIES {
        world.side_mut(party).parts = rng.usize(1..=3);
    }
    lots::declare(&mut rng, &mut world);
    lots::fill(&mut rng, &mut world);
    let found = judge(&world).answer.discrepancies;
    let codes: Vec<&'static str> = found.iter().map(|found| found.code).collect();
    world.settings = rules::settings(&mut rng, &codes);
    stated::declare(&mut rng, &mut world);
    let lines = judge(&world).answer.lines;
    stated::state(&mut rng, &mut world, &lines);
    world
}

fn time(rng: &mut Rng, world: &mut World) {
    world.zone = one_of(rng, &["Asia/Shanghai", "Asia/Shanghai", "UTC", "America/New_York"]);
    (world.currency, world.minor_digits) =
        one_of(rng, &[("CNY", 2), ("CNY", 2), ("JPY", 0), ("KWD", 3)]);
    world.cycle = one_of(
        rng,
        &[Cycle::Monthly, Cycle::Monthly, Cycle::Monthly, Cycle::Daily, Cycle::Quarterly],
    );
    world.grace_days = rng.i64(0..=4);
    let inside = Date::new(2026, 3, rng.i8(1..=31)).unwrap();
    (world.as_of, world.period) = (inside, None);
    let last = world.period_days().1.yesterday().unwrap();
    match rng.u32(..4) {
        0 => {}
        1 => world.as_of = last,
        _ => {
            world.period = Some(inside);
            for _ in 0..rng.u32(1..=6) {
                world.as_of = world.as_of.max(last).tomorrow().unwrap();
            }
        }
    }
}

/// Points with decimal places, which files write and nothing else looks at.
pub fn scales(rng: &mut Rng, world: &mut World) {
    for party in PARTIES {
        world.side_mut(party).scale = one_of(rng, &[0, 0, 0, 1, 2]);
    }
}

/// Instants inside the period at which versions change.
pub fn boundaries(rng: &mut Rng, world: &World, (start, end): (i64, i64)) -> Vec<Moment> {
    let mut found = Vec::new();
    for _ in 0..5 {
        let at = rng.i64(start / SECOND..end / SECOND) * SECOND;
        let hour = Moment::At(at / HOUR * HOUR);
        found.push(if rng.bool() { hour } else { Moment::Day(world.day_of(at)) });
    }
    found
}

/// The beginnings of one to five versions, and now and then an end that leaves a gap.
fn spans(rng: &mut Rng, world: &World, boundaries: &[Moment]) -> Vec<(Moment, Option<Moment>)> {
    let mut from = vec![Moment::Day(world.term.0)];
    for boundary in boundaries {
        let at = world.instant(*boundary);
        let fresh = from.iter().all(|other| world.instant(*other) != at);
        if fresh && from.len() < 5 && now_and_then(rng, 45) {
            from.push(*boundary);
        }
    }
    from.sort_by_key(|moment| world.instant(*moment));
    let mut spans: Vec<_> = from.into_iter().map(|moment| (moment, None)).collect();
    if now_and_then(rng, 3) {
        let gap_begins = world.instant(one_of(rng, boundaries));
        let last = spans.len() - 1;
        if world.instant(spans[last].0) < gap_begins {
            spans[last].1 = Some(Moment::At(gap_begins));
        } else if last > 0 {
            let earlier = world.instant(spans[last].0) - HOUR;
            if world.instant(spans[last - 1].0) < earlier {
                spans[last - 1].1 = Some(Moment::At(earlier));
            }
        }
    }
    spans
}

pub fn versions(rng: &mut Rng, world: &mut World, boundaries: &[Moment]) {
    (world.ratios, world.rates) = (Vec::new(), Vec::new());
    for issuer in PARTIES {
        for (from, to) in spans(rng, world, boundaries) {
            let (issuer_points, acceptor_points) = one_of(rng, &RATIOS);
            world.ratios.push(Ratio { issuer, issuer_points, acceptor_points, from, to });
        }
        for flow in FLOWS {
            if flow != Flow::Redemption && now_and_then(rng, 30) {
                continue;
            }
            for (from, to) in spans(rng, world, boundaries) {
                let millionths = match rng.u32(..4) {
                    0 => one_of(rng, &[8_000, 20_000, 5_000, 10_000]),
                    1 => rng.i64(1..100),
                    _ => rng.i64(1..60_000),
                };
                world.rates.push(Rate { issuer, flow, millionths, currency: None, from, to });
            }
        }
    }
    world.mirror_mode = if rng.bool() { Mode::Down } else { one_of(rng, &MODES) };
}

pub fn money(rng: &mut Rng, world: &mut World) {
    world.place = one_of(rng, &[Place::Line, Place::Line, Place::Event, Place::Statement]);
    world.mode = one_of(rng, &MODES);
    let fees = one_of(rng, &[0, 1, 1, 2]);
    for position in 0..fees {
        let tax = now_and_then(rng, 60).then(|| Tax {
            milli_percent: one_of(rng, &[6_000, 13_000, 3_000, 6_725, 40_000]),
            inclusive: rng.bool(),
        });
        // Two fees have different payers, so that their lines are told apart.
        let by_issuer = if position == 0 { rng.bool() } else { true };
        let paid_by = if by_issuer { Bearer::Issuer } else { Bearer::Acceptor };
        if world.fees.iter().any(|fee| fee.paid_by == paid_by) {
            continue;
        }
        let milli_percent = one_of(rng, &[2_000, 1_500, 625, 3_333, 33_333]);
        world.fees.push(Fee::plain(milli_percent, paid_by, tax));
    }
    let unit = 10_i64.pow(world.minor_digits);
    if rng.bool() {
        world.minimum = rng.i64(0..=30 * unit);
    }
    if rng.bool() {
        world.opening_carry = rng.i64(-20 * unit..=20 * unit);
    }
}

pub const NUMBERS: [&str; 6] = ["007", "7", "M-1", "会员1", "0007", "12345678901234567890"];
pub const TIERS_A: [&str; 3] = ["silver", "gold", "amber"];
pub const TIERS_B: [&str; 4] = ["bronze", "iron", "steel", "chrome"];

pub fn members(rng: &mut Rng, world: &mut World, (start, end): (i64, i64)) {
    if now_and_then(rng, 10) {
        return;
    }
    let during = |rng: &mut Rng| rng.i64(start / HOUR - 48..end / HOUR + 24) * HOUR;
    let count = rng.usize(2..=5);
    for party in PARTIES {
        let mut members = Vec::new();
        for number in NUMBERS.iter().take(count) {
            let mut member = Member::active(number);
            if now_and_then(rng, 5) {
                member.status = one_of(
                    rng,
                    &[
                        MemberStatus::Frozen,
                        MemberStatus::Closed,
                        MemberStatus::Merged,
                        MemberStatus::Erased,
                    ],
                );
                member.status_since = rng.bool().then(|| during(rng));
            } else if rng.bool() {
                member.status_since = Some(during(rng));
            }
            if now_and_then(rng, 90) {
                let tiers: &[&str] = if party == Party::A { &TIERS_A } else { &TIERS_B };
                member.tier = Some(one_of(rng, tiers).to_owned());
            }
            if rng.bool() {
                member.tier_since = Some(during(rng));
            }
            if now_and_then(rng, 40) {
                member.mobile = Some(format!("{:064x}", rng.u32(1..5)));
            }
            members.push(member);
        }
        if now_and_then(rng, 8) {
            let mut twin = one_of(rng, &members);
            if rng.bool() {
                twin.status = MemberStatus::Closed;
            }
            members.push(twin);
        }
        if now_and_then(rng, 8) {
            members.remove(rng.usize(..members.len()));
        }
        rng.shuffle(&mut members);
        world.side_mut(party).members = Some(members);
    }
    if now_and_then(rng, 92) {
        links(rng, world, count, during);
    }
    if world.links.is_some() && now_and_then(rng, 60) {
        tiers(rng, world);
    }
}

fn links(rng: &mut Rng, world: &mut World, count: usize, during: impl Fn(&mut Rng) -> i64) {
    let long_ago = world.period_bounds().0 - 400 * DAY;
    let mut links: Vec<Link> = Vec::new();
    for number in NUMBERS.iter().take(count) {
        if now_and_then(rng, 8) {
            continue;
        }
        let method = match rng.u32(..24) {
            0 => Method::Inferred,
            1..=6 => Method::Imported,
            _ => Method::Authorised,
        };
        let mut link = Link {
            a_member: (*number).to_owned(),
            b_member: (*number).to_owned(),
            bound_at: if now_and_then(rng, 5) { during(rng) } else { long_ago },
            unbound_at: None,
            method,
        };
        if now_and_then(rng, 8) {
            link.unbound_at = Some(during(rng).max(link.bound_at + HOUR));
            if rng.bool() {
                // The same members again, apart in time or overlapping.
                let mut again = link.clone();
                again.bound_at = link.unbound_at.unwrap() + rng.i64(-30..30) * HOUR;
                again.unbound_at = None;
                links.push(again);
            }
        }
        links.push(link);
    }
    if now_and_then(rng, 12) && !links.is_empty() {
        let mut other = one_of(rng, &links);
        other.b_member = one_of(rng, &NUMBERS[..count]).to_owned();
        if rng.bool() {
            other.bound_at = during(rng);
            other.unbound_at = None;
        }
        links.push(other);
    }
    if now_and_then(rng, 50) {
        world.purpose = Some("clearing".to_owned());
        world.consents = Some(consents(rng, &links, long_ago, during));
    }
    rng.shuffle(&mut links);
    world.links = Some(links);
}

fn consents(
    rng: &mut Rng,
    links: &[Link],
    long_ago: i64,
    during: impl Fn(&mut Rng) -> i64,
) -> Vec<Consent> {
    let mut consents = Vec::new();
    for link in links {
        if now_and_then(rng, 6) {
            continue;
        }
        let mut consent = Consent {
            a_member: link.a_member.clone(),
            b_member: link.b_member.clone(),
            purpose: "clearing".to_owned(),
            granted_at: if now_and_then(rng, 8) { during(rng) } else { long_ago },
            withdrawn_at: None,
        };
        if now_and_then(rng, 6) {
            consent.purpose = "advertising".to_owned();
        }
        if now_and_then(rng, 10) {
            consent.withdrawn_at = Some(during(rng).max(consent.granted_at + HOUR));
            if rng.bool() {
                let mut again = consent.clone();
                again.granted_at = consent.withdrawn_at.unwrap() + rng.i64(0..40) * HOUR;
                again.withdrawn_at = None;
                consents.push(again);
            }
        }
        consents.push(consent);
    }
    consents
}

fn tiers(rng: &mut Rng, world: &mut World) {
    let map = TIERS_A
        .iter()
        .filter(|_| rng.u32(..10) > 1)
        .map(|tier| ((*tier).to_owned(), String::new()))
        .collect::<Vec<_>>();
    let map: Vec<(String, String)> =
        map.into_iter().map(|(tier, _)| (tier, one_of(rng, &TIERS_B).to_owned())).collect();
    if map.is_empty() {
        return;
    }
    world.tiers = Some(Tiers {
        map,
        at_least: rng.bool(),
        order: TIERS_B.iter().map(|tier| (*tier).to_owned()).collect(),
        lag_days: rng.i64(0..=10),
    });
}

pub fn matching(rng: &mut Rng, world: &mut World) {
    let from = rng.i64(-120..=0);
    let window = Rule::Window(from, from + rng.i64(60..7_200));
    world.rules = one_of(
        rng,
        &[
            vec![Rule::Reference],
            vec![Rule::Reference, Rule::Order],
            vec![Rule::Order, Rule::Reference],
            vec![Rule::Reference, Rule::Order, window],
            vec![Rule::Reference, Rule::Order, window],
            vec![Rule::Reference, window],
        ],
    );
    if world.links.is_none() {
        world.rules.retain(|rule| !matches!(rule, Rule::Window(..)));
    } else {
        world.token_rule = rng.bool();
    }
}

/// Openings at random, and closings that follow from the books but for a few.
fn accounts(rng: &mut Rng, world: &mut World) {
    if now_and_then(rng, 25) {
        return;
    }
    let (first, _) = world.period_days();
    let eve = first.yesterday().unwrap();
    for party in PARTIES {
        let mut numbers: Vec<String> = NUMBERS.iter().map(|number| (*number).to_owned()).collect();
        numbers.truncate(rng.usize(2..=NUMBERS.len()));
        let mut opening = Vec::new();
        let mut closing = Vec::new();
        let dated = rng.bool();
        for member_no in numbers {
            let as_of = match rng.u32(..4) {
                _ if !dated => None,
                0 => Some(Moment::At(world.midnight(first) + rng.i64(-3..3) * HOUR)),
                _ => Some(Moment::Day(eve)),
            };
            let points = rng.i64(0..20_000);
            opening.push(Balance { member_no: member_no.clone(), points, as_of });
            let as_of = match rng.u32(..4) {
                _ if !dated => None,
                0 => Some(Moment::At(world.as_of_end() - rng.i64(0..100) * HOUR)),
                1 => None,
                _ => Some(Moment::Day(world.as_of)),
            };
            closing.push(Balance { member_no, points: 0, as_of });
        }
        world.side_mut(party).opening = Some(opening);
        world.side_mut(party).accounts = Some(closing);
        world.side_mut(party).overdraft = now_and_then(rng, 20);
    }
    let past = Past::default();
    let (accounts, ..) = Books::open(world, &past).judge_accounts();
    for party in PARTIES {
        let side = world.side_mut(party);
        for balance in side.accounts.iter_mut().flatten() {
            let account = accounts.iter().find(|(account, _)| {
                account.party == party.letter() && account.member_no == balance.member_no
            });
            balance.points = account.map_or(0, |(account, _)| account.expected);
            let rows = side.ledger.iter().filter(|row| row.member_no == balance.member_no);
            let rows: Vec<i64> = rows.map(|row| row.points).collect();
            if now_and_then(rng, 6) {
                balance.points += one_of(rng, &[1, -1, 50, -50, -30_000]);
            } else if now_and_then(rng, 6) && !rows.is_empty() {
                // One row is missing, booked twice or the wrong way round.
                balance.points += one_of(rng, &rows) * one_of(rng, &[-1, 1, -2]);
            } else if let Some((_, to)) = account.filter(|_| now_and_then(rng, 4)) {
                // The day after the snapshot is in it, or the day before it is not.
                let late = one_of(rng, &[0, DAY]);
                let posted = |row: &&Row| row.posted_at.unwrap_or(row.occurred_at) - to;
                let rows = side.ledger.iter().filter(|row| row.member_no == balance.member_no);
                let day = rows.filter(|row| (1..=DAY).contains(&(posted(row) + late)));
                let sum: i64 = day.map(|row| row.points).sum();
                balance.points += if late == 0 { sum } else { -sum };
            }
        }
        for feed in [&mut side.opening, &mut side.accounts] {
            let feed = feed.as_mut().unwrap();
            if now_and_then(rng, 10) {
                feed.remove(rng.usize(..feed.len()));
            }
            if now_and_then(rng, 8) && !feed.is_empty() {
                let mut twin = one_of(rng, feed);
                twin.points += one_of(rng, &[0, 7]);
                feed.push(twin);
            }
        }
    }
}
