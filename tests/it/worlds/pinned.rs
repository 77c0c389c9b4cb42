//! Small worlds for what random ones seldom hold: engine and oracle answer alike, and as written.

use super::ask_engine;
use crate::oracle::answer::{Answer, Aside, Discrepancy};
use crate::oracle::examples::{march, reverse, row, spend};
use crate::oracle::judge;
use crate::world::{
    Balance, Bearer, DAY, Fee, HOUR, Kind, Link, Member, Method, Mode, Moment, Party, Place, Rule,
    SECOND, Tax, Tiers, World,
};

/// The answer that both give.
#[track_caller]
fn answer(world: &World) -> Answer {
    let answer = ask_engine(world).unwrap();
    if let Some(differences) = answer.differences(&judge(world).answer, ["engine", "oracle"]) {
        panic!("\n{differences}");
    }
    answer
}

fn found(answer: &Answer) -> Vec<String> {
    let mut found: Vec<String> = answer.discrepancies.iter().map(Discrepancy::to_string).collect();
    found.sort();
    found
}

fn held(answer: &Answer) -> Vec<String> {
    let mut held: Vec<String> = answer.held.iter().map(Aside::to_string).collect();
    held.sort();
    held
}

/// Members `M` and as many more of both parties, each linked to its namesake for ever.
fn linked(world: &mut World, numbers: &[&str]) {
    let members: Vec<Member> = numbers.iter().map(|number| Member::active(number)).collect();
    (world.a.members, world.b.members) = (Some(members.clone()), Some(members));
    world.links = Some(numbers.iter().map(|number| link(number, number, 0, None)).collect());
}

fn link(a_member: &str, b_member: &str, bound_at: i64, unbound_at: Option<i64>) -> Link {
    let (a_member, b_member) = (a_member.to_owned(), b_member.to_owned());
    Link { a_member, b_member, bound_at, unbound_at, method: Method::Authorised }
}

#[test]
fn march_comes_to_the_fen() {
    let answer = answer(&march());
    let statement = answer.statement().unwrap().to_string();
    assert_eq!(
        statement,
        "CNY from declared: a 61.68 b 14.71 carried in 0 net 46.97 due 46.97 carried 0 held a 6.4 b 20"
    );
}

#[test]
fn rows_that_are_alike_are_one_row_even_where_another_has_their_id() {
    let mut world = World::bare();
    for points in [5, 6, 5, 6, 5] {
        world.a.ledger.push(row("x", Kind::Earn, points, 0));
    }
    let answer = answer(&world);
    let extra = "EVT-03 a=[x] b=[] members a=[M] b=[]";
    let collision = "EVT-04 a=[x] b=[] members a=[M] b=[]";
    assert_eq!(found(&answer), [extra, extra, extra, collision]);
    assert_eq!(held(&answer).len(), 2);
}

#[test]
fn a_leg_waits_with_collided_rows_whatever_else_would_pair_it() {
    let mut world = World::bare();
    world.rules = vec![Rule::Order, Rule::Reference];
    spend(&mut world, Party::A, "a1", 100, 100);
    spend(&mut world, Party::A, "a2", 100, 100);
    for ledger in [&mut world.a.ledger, &mut world.b.ledger] {
        ledger.iter_mut().for_each(|row| row.order_no = Some(format!("O{}", &row.event_id[1..2])));
    }
    // Another row has the first mirror's id, in another period, and names nothing.
    let mut other = row("a1-m", Kind::Earn, 7, 0);
    world.b.ledger.iter_mut().find(|row| row.event_id == "a1-m").unwrap().occurred_at -= 40 * DAY;
    other.occurred_at -= 40 * DAY;
    world.b.ledger.push(other);
    let answer = answer(&world);
    assert_eq!(found(&answer), ["EVT-04 a=[] b=[a1-m] members a=[] b=[M]"]);
    assert_eq!(held(&answer), ["a [a1] ~ [] EVT-04 1"]);
    assert_eq!(answer.cleared.len(), 1);
}

#[test]
fn an_original_that_is_held_in_another_period_holds_its_reversals_here() {
    let mut world = World::bare();
    spend(&mut world, Party::A, "a1", -100, -100);
    reverse(&mut world, Party::A, "a2", "a1", -60, -60);
    reverse(&mut world, Party::A, "a3", "a1", -60, -60);
    for ledger in [&mut world.a.ledger, &mut world.b.ledger] {
        ledger[0].occurred_at -= 40 * DAY;
        ledger[2].occurred_at += HOUR;
    }
    let answer = answer(&world);
    assert_eq!(answer.cleared.len(), 0);
    let both = ["a [a2] ~ [a2-m] EVT-09 0.6", "a [a3] ~ [a3-m] EVT-09 0.6"];
    assert_eq!(held(&answer), both);
}

#[test]
fn a_reversal_that_names_two_events_is_held() {
    let mut world = World::bare();
    spend(&mut world, Party::A, "a1", 100, 100);
    spend(&mut world, Party::A, "a2", 100, 100);
    reverse(&mut world, Party::A, "a3", "a1", 100, 100);
    let mirror = world.b.ledger.iter_mut().find(|row| row.event_id == "a3-m").unwrap();
    mirror.original_event_id = Some("a2-m".to_owned());
    let answer = answer(&world);
    assert_eq!(answer.cleared.len(), 2);
    assert_eq!(held(&answer), ["a [a3] ~ [a3-m] EVT-09 -1"]);
}

#[test]
fn a_link_that_was_contradicted_in_the_period_clears_nothing_in_it() {
    let mut world = World::bare();
    linked(&mut world, &["M", "N"]);
    let start = world.period_bounds().0;
    // Two rows of one link that overlap; only the second meets the contradiction.
    world.links = Some(vec![
        link("M", "M", 0, Some(start + 250 * HOUR)),
        link("M", "M", start + 100 * HOUR, None),
        link("M", "N", start + 260 * HOUR, Some(start + 270 * HOUR)),
    ]);
    spend(&mut world, Party::A, "a1", 100, 100);
    let answer = answer(&world);
    assert_eq!(found(&answer), ["MBR-03 a=[] b=[] members a=[M] b=[M;N]"]);
    assert_eq!(held(&answer), ["a [a1] ~ [a1-m] MBR-03 1"]);
}

#[test]
fn a_member_who_stands_twice_is_paired_by_time_and_held() {
    let mut world = World::bare();
    linked(&mut world, &["M", "M"]);
    world.links.as_mut().unwrap().truncate(1);
    world.rules = vec![Rule::Window(0, 60)];
    spend(&mut world, Party::A, "a1", 100, 100);
    world.b.ledger[0].counter_event_id = None;
    let answer = answer(&world);
    assert_eq!(held(&answer), ["a [a1] ~ [a1-m] MBR-04 1"]);
}

#[test]
fn a_recorded_inference_about_nobody_is_told() {
    let mut world = World::bare();
    linked(&mut world, &["M"]);
    let mut inferred = link("M", "ghost", 0, None);
    inferred.method = Method::Inferred;
    world.links.as_mut().unwrap().push(inferred);
    spend(&mut world, Party::A, "a1", 100, 100);
    let answer = answer(&world);
    assert_eq!(found(&answer), ["MBR-02 a=[] b=[] members a=[M] b=[ghost]"]);
    assert_eq!(answer.cleared.len(), 1);
}

#[test]
fn the_reversal_of_nothing_is_wrong_by_itself() {
    let mut world = World::bare();
    spend(&mut world, Party::A, "a1", 0, 0);
    reverse(&mut world, Party::A, "a2", "a1", 0, 0);
    let expected = [
        "EVT-09 a=[a1] b=[a1-m] members a=[M] b=[M]",
        "EVT-09 a=[a2] b=[a2-m] members a=[M] b=[M]",
    ];
    assert_eq!(found(&answer(&world)), expected);
}

#[test]
fn a_spend_is_not_mirrored_by_a_reversal() {
    let mut world = World::bare();
    spend(&mut world, Party::A, "a1", 100, 100);
    spend(&mut world, Party::A, "a2", 40, 40);
    // The second mirror says that it takes back some of the first.
    let mirror = &mut world.b.ledger[1];
    (mirror.kind, mirror.points) = (Kind::Reversal, -40);
    mirror.original_event_id = Some("a1-m".to_owned());
    assert_eq!(found(&answer(&world)), ["EVT-09 a=[a2] b=[a2-m] members a=[M] b=[M]"]);
}

/// At 1:1, while the partner's points are worth three of ours.
#[test]
fn a_mirror_by_the_other_direction_is_told_from_one_by_no_ratio() {
    for (mirror, code) in [(33, "AMT-02"), (297, "AMT-02"), (34, "AMT-01")] {
        let mut world = World::bare();
        world.ratios[1].acceptor_points = 3;
        spend(&mut world, Party::A, "a1", 99, mirror);
        let expected = format!("{code} a=[a1] b=[a1-m] members a=[M] b=[M]");
        assert_eq!(found(&answer(&world)), [expected]);
    }
}

#[test]
fn money_at_the_midpoint_goes_where_its_mode_says() {
    // mode, 0.005, 0.015, and both reversed
    let rows = [
        (Mode::HalfUp, ["0.01", "0.02", "-0.01", "-0.02"]),
        (Mode::HalfEven, ["0", "0.02", "0", "-0.02"]),
        (Mode::Down, ["0", "0.01", "0", "-0.01"]),
        (Mode::Up, ["0.01", "0.02", "-0.01", "-0.02"]),
    ];
    for (mode, amounts) in rows {
        for (points, amount) in [1_i64, 3, -1, -3].into_iter().zip(amounts) {
            let mut world = World::bare();
            (world.mode, world.rates[0].millionths) = (mode, 5_000);
            spend(&mut world, Party::A, "a1", points.abs(), points.abs());
            if points < 0 {
                // The spend was cleared in another period.
                world.a.ledger[0].occurred_at -= 40 * DAY;
                reverse(&mut world, Party::A, "a2", "a1", -points, -points);
            }
            let lines = answer(&world).lines;
            assert_eq!(lines[0].amount.to_string(), amount, "{mode:?} {points}");
        }
    }
}

/// The partner's ratio that explains a reversal's mirror is the one of its original's instant.
#[test]
fn a_reversal_is_explained_by_the_ratios_of_its_original() {
    let mut world = World::bare();
    let boundary = row("", Kind::Earn, 0, 1).occurred_at;
    let mut later = world.ratios[1].clone();
    (later.issuer_points, later.acceptor_points) = (1, 5);
    later.from = Moment::At(boundary);
    (world.ratios[1].issuer_points, world.ratios[1].acceptor_points) = (1, 3);
    world.ratios.push(later);
    spend(&mut world, Party::A, "a1", 100, 100);
    reverse(&mut world, Party::A, "a2", "a1", 40, 120);
    reverse(&mut world, Party::A, "a3", "a1", 40, 200);
    let expected = [
        "AMT-01 a=[a3] b=[a3-m] members a=[M] b=[M]",
        "AMT-02 a=[a2] b=[a2-m] members a=[M] b=[M]",
    ];
    assert_eq!(found(&answer(&world)), expected);
}

#[test]
fn only_a_pair_that_counts_crosses_a_cut_off() {
    let mut world = World::bare();
    spend(&mut world, Party::A, "a1", 100, 100);
    spend(&mut world, Party::A, "a2", 100, 50);
    world.b.ledger.iter_mut().for_each(|row| row.occurred_at += 40 * DAY);
    let answer = answer(&world);
    let expected = [
        "AMT-01 a=[a2] b=[a2-m] members a=[M] b=[M]",
        "EVT-06 a=[a1] b=[a1-m] members a=[M] b=[M]",
    ];
    assert_eq!(found(&answer), expected);
}

/// The boundary of the period belongs to the next one, wherever the acceptor's leg stands.
#[test]
fn a_mirror_at_the_period_s_end_stands_in_the_next() {
    let mut world = World::bare();
    let (start, end) = world.period_bounds();
    spend(&mut world, Party::A, "a1", 100, 100);
    spend(&mut world, Party::A, "a2", 100, 100);
    world.a.ledger[0].occurred_at = start;
    world.b.ledger[0].occurred_at = end;
    world.b.ledger[1].occurred_at = end - 1;
    let answer = answer(&world);
    assert_eq!(found(&answer), ["EVT-06 a=[a1] b=[a1-m] members a=[M] b=[M]"]);
}

#[test]
fn what_reaches_the_minimum_is_due() {
    // minimum, due, carried
    for (minimum, due, carried) in [(100, "1", "0"), (101, "0", "1")] {
        let mut world = World::bare();
        world.minimum = minimum;
        spend(&mut world, Party::A, "a1", 100, 100);
        let answer = answer(&world);
        let statement = answer.statement().unwrap();
        let got = (statement.amount_due.to_string(), statement.carry_forward.to_string());
        assert_eq!(got, (due.to_owned(), carried.to_owned()));
    }
}

#[test]
fn an_account_moves_after_its_opening_and_up_to_its_snapshot() {
    let mut world = World::bare();
    let start = world.period_bounds().0;
    let balance = |member_no: &str, points, at| Balance {
        member_no: member_no.to_owned(),
        points,
        as_of: Some(Moment::At(at)),
    };
    let to = start + 100 * HOUR;
    world.a.opening = Some(vec![balance("M", 10, start), balance("D", 1, start)]);
    world.a.opening.as_mut().unwrap().push(balance("D", 2, start));
    world.a.accounts = Some(vec![balance("M", 113, to)]);
    let moves = [(start, 1_000), (start + 1, 3), (to, 100), (to + 1, 1_000)];
    for (position, (at, points)) in moves.into_iter().enumerate() {
        let mut earned = row(&format!("e{position}"), Kind::Earn, points, 0);
        earned.posted_at = Some(at);
        world.a.ledger.push(earned);
    }
    // Movements that cancel each other are movements still.
    for (id, points) in [("up", 5), ("down", -5)] {
        let mut adjusted = row(id, Kind::Adjust, points, 0);
        adjusted.member_no = "N".to_owned();
        world.a.ledger.push(adjusted);
    }
    let answer = answer(&world);
    let accounts: Vec<String> = answer.accounts.iter().map(ToString::to_string).collect();
    assert_eq!(accounts, ["a M: 10 -> 113, reported 113", "a N: 0 -> 0, reported nothing"]);
    let expected = ["LED-01 a=[] b=[] members a=[N] b=[]", "MBR-04 a=[] b=[] members a=[D] b=[]"];
    assert_eq!(found(&answer), expected);
}

/// Everything that begins or ends at an instant, with an event exactly then.
#[test]
fn boundaries_of_links_members_and_consents_are_half_open() {
    let mut world = World::bare();
    let at = row("", Kind::Earn, 0, 0).occurred_at;
    let cases: [(&str, i64, bool); 6] = [
        ("bound", 0, true),
        ("bound", 1, false),
        ("unbound", 0, false),
        ("unbound", 1, true),
        ("closed", 0, false),
        ("closed", 1, true),
    ];
    for (what, later, clears) in cases {
        world.a.ledger.clear();
        world.b.ledger.clear();
        linked(&mut world, &["M"]);
        spend(&mut world, Party::A, "a1", 100, 100);
        let link = &mut world.links.as_mut().unwrap()[0];
        match what {
            "bound" => link.bound_at = at + later,
            "unbound" => link.unbound_at = Some(at + later),
            _ => {
                let member = &mut world.b.members.as_mut().unwrap()[0];
                member.status = crate::world::MemberStatus::Closed;
                member.status_since = Some(at + later);
            }
        }
        assert_eq!(answer(&world).cleared.len(), usize::from(clears), "{what} {later}");
    }
}

#[test]
fn consents_are_half_open() {
    let mut world = World::bare();
    linked(&mut world, &["M"]);
    spend(&mut world, Party::A, "a1", 100, 100);
    let at = world.a.ledger[0].occurred_at;
    // granted, withdrawn, the code
    let cases = [
        (at, None, None),
        (at + 1, None, Some("CON-01")),
        (0, Some(at), Some("CON-02")),
        (0, Some(at + 1), None),
    ];
    for (granted_at, withdrawn_at, code) in cases {
        world.purpose = Some("clearing".to_owned());
        world.consents = Some(vec![crate::world::Consent {
            a_member: "M".to_owned(),
            b_member: "M".to_owned(),
            purpose: "clearing".to_owned(),
            granted_at,
            withdrawn_at,
        }]);
        let answer = answer(&world);
        let codes: Vec<&str> = answer.discrepancies.iter().map(|row| row.code).collect();
        assert_eq!(codes, code.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_tier_lags_less_than_the_agreed_days() {
    let mut world = World::bare();
    linked(&mut world, &["M"]);
    world.tiers = Some(Tiers {
        map: vec![("gold".to_owned(), "iron".to_owned())],
        at_least: true,
        order: vec!["bronze".to_owned(), "iron".to_owned()],
        lag_days: 2,
    });
    let begins = world.cut() - 2 * DAY;
    for (b_tier, since, code) in [
        ("bronze", begins, Some("TIR-01")),
        ("bronze", begins + 1, Some("TIR-03")),
        ("iron", begins, None),
    ] {
        let a = &mut world.a.members.as_mut().unwrap()[0];
        (a.tier, a.tier_since) = (Some("gold".to_owned()), Some(since));
        world.b.members.as_mut().unwrap()[0].tier = Some(b_tier.to_owned());
        let answer = answer(&world);
        let codes: Vec<&str> = answer.discrepancies.iter().map(|row| row.code).collect();
        assert_eq!(codes, code.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_tier_is_judged_by_links_that_hold_until_the_cut() {
    let mut world = World::bare();
    let cut = world.cut();
    for (unbound_at, judged) in [(cut - 1, false), (cut, true)] {
        linked(&mut world, &["M"]);
        world.links = Some(vec![link("M", "M", 0, Some(unbound_at))]);
        world.tiers = Some(Tiers {
            map: vec![("gold".to_owned(), "iron".to_owned())],
            at_least: false,
            order: Vec::new(),
            lag_days: 0,
        });
        let expected = judged.then(|| "TIR-02 a=[] b=[] members a=[M] b=[M]".to_owned());
        assert_eq!(found(&answer(&world)), expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_gap_blocks_when_an_event_needs_a_version_in_it() {
    let mut world = World::bare();
    spend(&mut world, Party::A, "a1", 100, 100);
    let at = world.a.ledger[0].occurred_at;
    let mut later = world.rates[0].clone();
    later.from = Moment::At(at + DAY);
    world.rates.push(later);
    for (end, blocked) in [(at, true), (at + 1, false)] {
        world.rates[0].to = Some(Moment::At(end));
        let answer = answer(&world);
        assert_eq!(answer.statement().is_none(), blocked);
        let expected = blocked.then(|| "a [a1] ~ [a1-m] AMT-07 no amount".to_owned());
        assert_eq!(held(&answer), expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_window_has_both_its_ends() {
    for (offset, pairs) in [(-11, 0), (-10, 1), (20, 1), (21, 0)] {
        let mut world = World::bare();
        linked(&mut world, &["M"]);
        world.rules = vec![Rule::Window(-10, 20)];
        spend(&mut world, Party::A, "a1", 100, 100);
        world.b.ledger[0].counter_event_id = None;
        world.b.ledger[0].occurred_at += offset * SECOND;
        assert_eq!(answer(&world).cleared.len(), pairs, "{offset}");
    }
}

#[test]
fn the_grace_ends_with_the_as_of_day() {
    let mut world = World::bare();
    // One day after the end of March, of which the grace leaves the last day open.
    world.as_of = jiff::civil::date(2026, 4, 1);
    let last = world.as_of_end() - world.grace_days * DAY;
    for (at, code) in [(last, "EVT-01"), (last + 1, "EVT-07")] {
        world.a.ledger = vec![row("a1", Kind::Xburn, -5, 0)];
        world.a.ledger[0].occurred_at = at;
        let expected = format!("{code} a=[a1] b=[] members a=[M] b=[]");
        assert_eq!(found(&answer(&world)), [expected]);
    }
}

/// 149.6 yen are 150, of which 1 % are 2 yen and of 149.6 only 1; of these 2, 25 % are 1 yen and
/// of the exact fee none.
#[test]
fn a_fee_is_of_the_rounded_gross_and_its_tax_of_the_rounded_fee() {
    for (place, lines) in [
        (Place::Event, ["150", "2", "1"]),
        (Place::Line, ["150", "2", "1"]),
        (Place::Statement, ["150", "1", "0"]),
    ] {
        let mut world = World::bare();
        (world.currency, world.minor_digits, world.place) = ("JPY", 0, place);
        world.rates[0].millionths = 1_496_000;
        let tax = Some(Tax { milli_percent: 25_000, inclusive: false });
        world.fees = vec![Fee::plain(1_000, Bearer::Issuer, tax)];
        spend(&mut world, Party::A, "a1", 100, 100);
        let answer = answer(&world);
        let amounts: Vec<String> =
            answer.lines.iter().map(|line| line.amount.to_string()).collect();
        assert_eq!(amounts, lines, "{place:?}");
    }
}

/// 100.4 yen and half of them are 150.6, and so 151; of the rounded gross it would be 150.
#[test]
fn where_only_the_statement_is_rounded_a_fee_is_of_the_exact_gross() {
    let mut world = World::bare();
    (world.currency, world.minor_digits, world.place) = ("JPY", 0, Place::Statement);
    world.rates[0].millionths = 1_004_000;
    world.fees = vec![Fee::plain(50_000, Bearer::Issuer, None)];
    spend(&mut world, Party::A, "a1", 100, 100);
    let amounts: Vec<String> =
        answer(&world).lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["101", "50"]);
}

#[test]
fn equal_remainders_go_to_the_earlier_line() {
    let mut world = World::bare();
    world.place = Place::Statement;
    let boundary = Moment::At(row("", Kind::Earn, 0, 0).occurred_at + HOUR);
    let mut later = world.rates[0].clone();
    later.from = boundary;
    (world.rates[0].millionths, later.millionths) = (5_000, 5_000);
    world.rates.push(later);
    spend(&mut world, Party::A, "a1", 1, 1);
    spend(&mut world, Party::A, "a2", 1, 1);
    let amounts: Vec<String> =
        answer(&world).lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["0.01", "0"]);
}
