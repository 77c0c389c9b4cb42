//! Periods worked out by hand: what is carried, settled late, taken back and decided.

use super::{codes, reverse, row, spend};
use crate::oracle::{Expected, judge_chain};
use crate::world::chain::{Chain, Run};
use crate::world::{
    Act, Balance, Cap, DAY, Decision, HOUR, Kind, Moment, Party, Rate, Said, World,
};
use jiff::civil::{Date, date};

const MONTHS: [i8; 3] = [3, 4, 5];

/// March, April and May, each closed on the 10th of the next month; `tell` writes the books of each.
pub fn quarter(bend: impl Fn(&mut World), tell: impl Fn(usize, &mut World)) -> Chain {
    let mut runs = Vec::new();
    for (position, month) in MONTHS.into_iter().enumerate() {
        let mut world = World::bare();
        bend(&mut world);
        tell(position, &mut world);
        let march = World::bare().period_bounds().0;
        world.period = Some(date(2026, month, 1));
        world.as_of = date(2026, month + 1, 10);
        // The books are written as if every month were March.
        let moved = world.period_bounds().0 - march;
        for row in world.a.ledger.iter_mut().chain(&mut world.b.ledger) {
            row.occurred_at += moved;
        }
        runs.push(Run { world, closes: true });
    }
    Chain { runs }
}

fn statements(chain: &Chain) -> Vec<String> {
    let all = judge_chain(chain);
    all.iter().map(|month| month.answer.statements[0].to_string()).collect()
}

fn gross(month: &Expected) -> Vec<String> {
    let lines = month.answer.lines.iter().filter(|line| line.item == "gross");
    lines.map(|line| format!("{} {} {}", line.origin_period, line.points, line.amount)).collect()
}

#[test]
fn too_little_is_carried_until_it_is_enough() {
    let chain =
        quarter(|world| world.minimum = 100, |_, world| spend(world, Party::A, "s", 40, 40));
    // An event of one id in each month is no collision, because each is another row of its file.
    let chain = renamed(chain);
    let expected = [
        "CNY from declared: a 0.4 b 0 carried in 0 net 0.4 due 0 carried 0.4 held a 0 b 0",
        "CNY from 2026-03: a 0.4 b 0 carried in 0.4 net 0.8 due 0 carried 0.8 held a 0 b 0",
        "CNY from 2026-04: a 0.4 b 0 carried in 0.8 net 1.2 due 1.2 carried 0 held a 0 b 0",
    ];
    assert_eq!(statements(&chain), expected);
}

/// Every event with its month in its name.
fn renamed(mut chain: Chain) -> Chain {
    for (position, run) in chain.runs.iter_mut().enumerate() {
        let month = MONTHS[position];
        let world = &mut run.world;
        for row in world.a.ledger.iter_mut().chain(&mut world.b.ledger) {
            row.event_id.push_str(&format!("-{month}"));
            if let Some(counter) = &mut row.counter_event_id {
                counter.push_str(&format!("-{month}"));
            }
        }
    }
    chain
}

/// The rate doubles with April; the mirror of March comes in May and settles at March's rate.
#[test]
fn a_late_mirror_settles_at_its_own_version() {
    let double = |world: &mut World| {
        let from = Moment::Day(date(2026, 4, 1));
        world.rates.push(Rate { millionths: 20_000, from, ..world.rates[0].clone() });
    };
    let mut chain = quarter(double, |position, world| {
        if position == 0 {
            spend(world, Party::A, "s", 100, 100);
        }
    });
    let mirror = chain.runs[0].world.b.ledger.remove(0);
    chain.runs[2].world.b.ledger.push(mirror);
    let all = judge_chain(&chain);
    assert_eq!(codes(&all[0]), ["EVT-01 s"]);
    assert_eq!(codes(&all[1]), ["EVT-01 s"]);
    assert_eq!(all[1].answer.statements[0].held_a.to_string(), "1");
    assert_eq!(codes(&all[2]), Vec::<String>::new());
    assert_eq!(gross(&all[2]), ["2026-03 100 1"]);
}

/// At 3:1, 1,000 points are worth 333; half of them 167, and the other half the rest.
#[test]
fn parts_that_are_taken_back_month_by_month_add_up() {
    let third = |world: &mut World| world.ratios[0].issuer_points = 3;
    let chain = quarter(third, |position, world| match position {
        0 => spend(world, Party::A, "s", 1_000, 333),
        1 => reverse(world, Party::A, "r1", "s", 500, 167),
        _ => {
            reverse(world, Party::A, "r2", "s", 500, 166);
            reverse(world, Party::A, "r3", "s", 1, 1);
        }
    });
    let all = judge_chain(&chain);
    assert_eq!(codes(&all[0]), Vec::<String>::new());
    assert_eq!(codes(&all[1]), ["REV-04 r1r1-m"]);
    // Of one point too many the mirror would be a third, and so none.
    let found = ["AMT-04 r3r3-m", "REV-02 r3r3-m", "REV-04 r2r2-m", "REV-04 r3r3-m"];
    assert_eq!(codes(&all[2]), found);
    assert_eq!(gross(&all[1]), ["2026-03 -500 -5"]);
    assert_eq!(gross(&all[2]), ["2026-03 -500 -5"]);
}

/// A late part is taken after what was settled, though it happened before.
#[test]
fn what_was_settled_is_taken_first() {
    let third = |world: &mut World| world.ratios[0].issuer_points = 3;
    let mut chain = quarter(third, |position, world| {
        if position == 0 {
            spend(world, Party::A, "s", 1_000, 333);
            reverse(world, Party::A, "r1", "s", 500, 166);
            reverse(world, Party::A, "r2", "s", 500, 167);
        }
    });
    // The first part comes a month late, on both sides.
    for party in [Party::A, Party::B] {
        let late = chain.runs[0].world.side_mut(party).ledger.remove(1);
        chain.runs[1].world.side_mut(party).ledger.push(late);
    }
    let all = judge_chain(&chain);
    assert_eq!(codes(&all[0]), Vec::<String>::new());
    assert_eq!(codes(&all[1]), ["REV-04 r1r1-m"]);
    assert_eq!(gross(&all[1]), ["2026-03 -500 -5"]);
}

#[test]
fn a_settled_row_that_comes_again_settles_nothing() {
    let mut chain = quarter(
        |_| {},
        |position, world| {
            if position == 0 {
                spend(world, Party::A, "s", 100, 100);
            }
        },
    );
    let again = chain.runs[0].world.clone();
    chain.runs[1].world.a.ledger = again.a.ledger.clone();
    chain.runs[1].world.a.ledger[0].occurred_at += 31 * DAY;
    let mut other = again.b.ledger[0].clone();
    other.event_id = "another".to_owned();
    chain.runs[1].world.b.ledger.push(other);
    let all = judge_chain(&chain);
    assert_eq!(codes(&all[1]), ["EVT-02 another", "EVT-04 s"]);
    assert_eq!(gross(&all[1]), Vec::<String>::new());
}

fn decision(about: &str, act: Act, points: Option<i64>) -> Decision {
    let at = Date::new(2026, 4, 5).unwrap();
    Decision {
        decision_id: "D".to_owned(),
        about: about.to_owned(),
        act,
        points,
        said: Said::WELL,
        decided_at: World::bare().midnight(at),
    }
}

/// A spend of March without a mirror, and what April makes of it; then what May still holds.
#[test]
fn a_decision_moves_what_is_held() {
    let about = "EVT-01 a=[s] b=[] members a=[M] b=[]";
    let alike = Said { approver: "li", ..Said::WELL };
    let cases: [(Decision, &[&str], &str); 6] = [
        (decision(about, Act::Release, None), &["2026-03 100 1"], "0"),
        (decision(about, Act::Adjust, Some(60)), &["2026-03 60 0.6"], "0"),
        (decision(about, Act::Reject, None), &[], "0"),
        (decision(about, Act::Adjust, None), &[], "1"),
        (decision(about, Act::Release, Some(60)), &[], "1"),
        (Decision { said: alike, ..decision(about, Act::Release, None) }, &[], "1"),
    ];
    for (decision, lines, held) in cases {
        let mut chain = quarter(
            |world| world.decisions = Some(Vec::new()),
            |position, world| {
                if position == 0 {
                    world.a.ledger.push(row("s", Kind::Xburn, -100, 0));
                }
            },
        );
        chain.runs[1].world.decisions = Some(vec![decision.clone()]);
        // It is sent again, which changes nothing.
        chain.runs[2].world.a.ledger = chain.runs[0].world.a.ledger.clone();
        let all = judge_chain(&chain);
        assert_eq!(gross(&all[1]), lines, "{decision:?}");
        for month in &all[1..] {
            assert_eq!(month.answer.statements[0].held_a.to_string(), held, "{decision:?}");
        }
        assert_eq!(gross(&all[2]), Vec::<String>::new(), "{decision:?}");
    }
}

#[test]
fn an_acceptance_alone_settles_the_points_that_were_decided() {
    let about = "EVT-02 a=[] b=[m] members a=[] b=[M]";
    let mut chain = quarter(
        |world| world.decisions = Some(Vec::new()),
        |position, world| {
            if position == 0 {
                let mut mirror = row("m", Kind::Xaccept, 40, 0);
                mirror.counter_event_id = Some("lost".to_owned());
                world.b.ledger.push(mirror);
            }
        },
    );
    chain.runs[1].world.decisions = Some(vec![decision(about, Act::Release, Some(70))]);
    let all = judge_chain(&chain);
    assert_eq!(gross(&all[1]), ["2026-03 70 0.7"]);
    assert_eq!(
        all[1].answer.cleared[0].to_string().split(':').next(),
        Some("a redemption [] ~ [m]")
    );
}

#[test]
fn what_a_cap_held_stays_held_and_takes_its_reversal_along() {
    let cap = Cap { issuer: Party::A, flow: None, per_member: true, points: 50 };
    let chain = quarter(
        |world| world.caps = vec![cap.clone()],
        |position, world| match position {
            0 => spend(world, Party::A, "s", 100, 100),
            1 => reverse(world, Party::A, "r", "s", 30, 30),
            _ => {}
        },
    );
    let all = judge_chain(&chain);
    for month in &all {
        assert_eq!(codes(month), ["CAP-01 ss-m"]);
    }
    let held: Vec<usize> = all.iter().map(|month| month.answer.held.len()).collect();
    assert_eq!(held, [1, 2, 2]);
    assert_eq!(all[2].answer.statements[0].held_a.to_string(), "0.7");
}

/// 100.00 of March is due on the 10th of April; the last 20 days of April at five in ten thousand
/// are 1.00, and after 60.00 were paid on the 25th, 15 x 0.05 + 5 x 0.02 = 0.85.
#[test]
fn a_late_fee_is_simple_and_of_what_is_left() {
    let bend = |world: &mut World| world.late_fee = Some(500);
    let tell = |position, world: &mut World| {
        if position == 0 {
            spend(world, Party::A, "s", 10_000, 10_000);
        }
    };
    let late = |chain: &Chain| -> Vec<String> {
        let month = judge_chain(chain).remove(1);
        let lines = month.answer.lines.iter().filter(|line| line.item == "late_fee");
        lines.map(|line| format!("{} {} {}", line.reference, line.payer, line.amount)).collect()
    };
    let mut chain = quarter(bend, tell);
    assert_eq!(late(&chain), ["2026-03 a 1"]);
    let payment = crate::world::Payment {
        settlement_id: "P".to_owned(),
        period: "2026-03".to_owned(),
        currency: "CNY",
        disputed: false,
        thousandths: 60_000,
        on: date(2026, 4, 25),
    };
    chain.runs[1].world.payments = Some(vec![payment.clone()]);
    assert_eq!(late(&chain), ["2026-03 a 0.85"]);
    // A dispute is out of the principal on its own day.
    let disputed = crate::world::Payment { disputed: true, ..payment };
    chain.runs[1].world.payments = Some(vec![disputed]);
    assert_eq!(late(&chain), ["2026-03 a 0.82"]);
    chain.runs[1].world.payments = None;
    chain.runs[1].world.exempt_days = Some(vec![date(2026, 4, 10), date(2026, 4, 11)]);
    assert_eq!(late(&chain), ["2026-03 a 0.95"]);
}

#[test]
fn an_account_opens_at_our_own_closing() {
    let balance =
        |points, day| Balance { member_no: "M".to_owned(), points, as_of: Some(Moment::Day(day)) };
    let mut chain = quarter(
        |_| {},
        |_, world| {
            world.a.ledger.push(row("e", Kind::Earn, 10, 0));
        },
    );
    for (position, (opening, closing)) in [(5, 16), (15, 25), (24, 35)].into_iter().enumerate() {
        let (first, after) = chain.runs[position].world.period_days();
        let side = &mut chain.runs[position].world.a;
        side.opening = Some(vec![balance(opening, first.yesterday().unwrap())]);
        side.accounts = Some(vec![balance(closing, after.yesterday().unwrap())]);
    }
    let all = judge_chain(&renamed(chain));
    // March closes at 16 where we expect 15; April opens at our 15; May's file says 24.
    assert_eq!(codes(&all[0]), ["LED-01 "]);
    assert_eq!(codes(&all[1]), Vec::<String>::new());
    assert_eq!(codes(&all[2]), ["LED-03 "]);
    let may = all[2].answer.accounts[0].to_string();
    assert_eq!(may, "a M: 25 -> 35, reported 35");
    assert_eq!(all[2].answer.statements, []);
}

#[test]
fn a_period_that_is_open_is_awaited_and_then_missed() {
    for (day, from) in [(2, Some("awaiting 2026-04")), (3, None)] {
        let mut chain = quarter(
            |world| world.minimum = 100,
            |position, world| {
                if position == 0 {
                    spend(world, Party::A, "s", 40, 40);
                }
            },
        );
        chain.runs[1].closes = false;
        // April may be closed two days after its morrow.
        chain.runs[2].world.as_of = date(2026, 5, day);
        chain.runs[2].closes = false;
        let may = judge_chain(&chain).remove(2);
        let found: Vec<&str> = may.answer.discrepancies.iter().map(|found| found.code).collect();
        assert_eq!(found, if from.is_some() { vec![] } else { vec!["SNP-03"] });
        let statement = may.answer.statements.first();
        assert_eq!(statement.map(|statement| statement.opening_from.as_str()), from);
        assert!(statement.is_none_or(|statement| statement.opening_carry.to_string() == "0"));
    }
}

#[test]
fn what_is_dated_back_is_told_in_the_open_period() {
    let mut chain = quarter(|_| {}, |_, _| {});
    let start = chain.runs[1].world.period_bounds().0;
    for (id, kind, before, after) in [
        ("x1", Kind::Adjust, 1, 0),
        ("x2", Kind::Expire, 1, HOUR),
        ("x3", Kind::Burn, 1, HOUR),
        ("x4", Kind::Adjust, 0, HOUR),
        ("x5", Kind::Adjust, 1, -1),
    ] {
        let mut dated = row(id, kind, -5, 0);
        dated.occurred_at = start - before;
        dated.posted_at = Some(start + after);
        chain.runs[1].world.a.ledger.push(dated);
    }
    let all = judge_chain(&chain);
    assert_eq!(codes(&all[1]), ["LED-07 x1", "LED-07 x2"]);
}
