//! Terms worked out by hand: bounds of fees, taxes of gross, caps, currencies, adjustments.

use super::{codes, reverse, row, spend};
use crate::oracle::answer::Answer;
use crate::oracle::judge;
use crate::world::{
    Adjustment, Bearer, Cap, Currency, DAY, Fee, Flow, Kind, Least, Party, Place, Rate, Said,
    Scope, SettleOn, Tax, Taxed, World,
};

fn lines(answer: &Answer) -> Vec<String> {
    answer.lines.iter().map(|line| format!("{} {}", line.item, line.amount)).collect()
}

/// One per cent of ten yuan is ten fen, which is raised to a yuan; of a thousand it is ten yuan,
/// which is cut to three; of what is taken back it has the other sign; and of nothing it is none.
#[test]
fn a_fee_keeps_within_its_bounds_and_the_sign_of_its_gross() {
    for (points, fee) in [(1_000, "1"), (100_000, "3"), (-1_000, "-1"), (0, "0")] {
        for place in [Place::Event, Place::Line, Place::Statement] {
            let mut world = World::bare();
            world.place = place;
            let plain = Fee::plain(1_000, Bearer::Issuer, None);
            world.fees = vec![Fee { least: Some(1), most: Some(3), ..plain }];
            spend(&mut world, Party::A, "s", 1_000_000, 1_000_000);
            world.a.ledger[0].occurred_at -= 40 * DAY;
            match points {
                0 => {
                    spend(&mut world, Party::A, "t", 7, 7);
                    reverse(&mut world, Party::A, "r", "t", 7, 7);
                }
                points if points < 0 => {
                    reverse(&mut world, Party::A, "r", "s", -points, -points);
                }
                points => spend(&mut world, Party::A, "t", points, points),
            }
            // By event the fee of what is left of a million points is 3 as well.
            let fee = if points < 0 && place == Place::Event { "0" } else { fee };
            let got = lines(&judge(&world).answer);
            assert_eq!(got[1], format!("fee {fee}"), "{points} {place:?}");
        }
    }
}

/// By event both fees are raised, by line their sum is.
#[test]
fn bounds_bind_what_is_rounded() {
    for (place, fee) in [(Place::Event, "2"), (Place::Line, "1"), (Place::Statement, "1")] {
        let mut world = World::bare();
        world.place = place;
        let plain = Fee::plain(1_000, Bearer::Issuer, None);
        world.fees = vec![Fee { least: Some(1), ..plain }];
        spend(&mut world, Party::A, "s", 1_000, 1_000);
        spend(&mut world, Party::A, "t", 1_000, 1_000);
        assert_eq!(lines(&judge(&world).answer)[1], format!("fee {fee}"), "{place:?}");
    }
}

/// 6 % on a hundred yuan are 6.00 on top of it; within it they are 100 x 6 / 106 = 5.66.
#[test]
fn a_tax_of_gross_is_on_top_or_within() {
    for (inclusive, tax, payable) in [(false, "tax 6", "106"), (true, "tax_within 5.66", "100")] {
        let mut world = World::bare();
        let scope = Scope { flows: vec![Flow::Redemption], issuers: vec![Party::A] };
        let rate = Tax { milli_percent: 6_000, inclusive };
        world.taxes = vec![Taxed { tax: rate, paid_by: Bearer::Issuer, scope }];
        spend(&mut world, Party::A, "s", 10_000, 10_000);
        spend(&mut world, Party::B, "t", 10_000, 10_000);
        let answer = judge(&world).answer;
        assert_eq!(lines(&answer), ["gross 100", tax, "gross 100"]);
        assert_eq!(answer.statements[0].a_payable.to_string(), payable);
        assert_eq!(answer.statements[0].b_payable.to_string(), "100");
    }
}

#[test]
fn what_is_not_paid_on_counts_without_a_line() {
    for (on, count) in [(None, 1), (Some(SettleOn::Redemption), 1), (Some(SettleOn::Issuance), 0)] {
        let mut world = World::bare();
        world.settle_on[0] = on;
        spend(&mut world, Party::A, "s", 100, 100);
        // A spend that is held is worth nothing where nothing is paid on it.
        world.a.ledger.push(row("t", Kind::Xburn, -50, 9));
        let answer = judge(&world).answer;
        assert_eq!((answer.cleared.len(), answer.lines.len()), (1, count), "{on:?}");
        let held = if count == 1 { "0.5" } else { "0" };
        assert_eq!(answer.statements[0].held_a.to_string(), held);
    }
}

/// At most 1,000 points: 600 fit, 500 more do not, 400 do, and nothing after them; when the 600
/// are taken back, 550 fit again.
#[test]
fn a_cap_takes_whole_events_in_their_order() {
    for (per_member, code) in [(true, "CAP-01"), (false, "CAP-02")] {
        let mut world = World::bare();
        world.caps = vec![Cap { issuer: Party::A, flow: None, per_member, points: 1_000 }];
        for (id, points) in [("s1", 600), ("s2", 500), ("s3", 400), ("s4", 1)] {
            spend(&mut world, Party::A, id, points, points);
        }
        reverse(&mut world, Party::A, "r1", "s1", 600, 600);
        spend(&mut world, Party::A, "s5", 550, 550);
        let found = codes(&judge(&world));
        assert_eq!(found, [format!("{code} s2s2-m"), format!("{code} s4s4-m")]);
    }
}

#[test]
fn a_member_s_cap_is_tested_before_the_period_s() {
    let mut world = World::bare();
    world.caps = vec![
        Cap { issuer: Party::A, flow: None, per_member: false, points: 10 },
        Cap { issuer: Party::A, flow: Some(Flow::Redemption), per_member: true, points: 20 },
        Cap { issuer: Party::B, flow: None, per_member: true, points: 1 },
    ];
    world.minimums = vec![Least { issuer: Party::A, flow: None, points: 5 }];
    for (id, points) in [("s1", 30), ("s2", 15), ("s3", 4), ("s4", 5)] {
        spend(&mut world, Party::A, id, points, points);
    }
    // What a cap holds takes its reversal along, which has no finding of its own.
    reverse(&mut world, Party::A, "r", "s1", 30, 30);
    let expected = judge(&world);
    assert_eq!(codes(&expected), ["CAP-01 s1s1-m", "CAP-02 s2s2-m", "CAP-03 s3s3-m"]);
    let held: Vec<&str> =
        expected.answer.held.iter().map(|item| item.issuer_event.as_str()).collect();
    assert_eq!(held, ["s1", "s2", "s3", "r"]);
}

#[test]
fn currencies_stand_side_by_side() {
    let mut world = World::bare();
    let also = Currency { code: "HKD", minor_digits: 2, minimum: 200, opening_carry: -30 };
    world.also = vec![also];
    world.rates.push(Rate { flow: Flow::Sale, currency: Some("HKD"), ..world.rates[0].clone() });
    spend(&mut world, Party::A, "s", 100, 100);
    world.a.ledger.push(row("e", Kind::Xearn, 150, 5));
    let mut award = row("e-m", Kind::Xaward, 150, 5);
    award.counter_event_id = Some("e".to_owned());
    world.b.ledger.push(award);
    let statements: Vec<String> =
        judge(&world).answer.statements.iter().map(ToString::to_string).collect();
    assert_eq!(
        statements,
        [
            "CNY from declared: a 1 b 0 carried in 0 net 1 due 1 carried 0 held a 0 b 0",
            "HKD from declared: a 0 b 1.5 carried in -0.3 net -1.8 due 0 carried -1.8 held a 0 b 0",
        ]
    );
}

#[test]
fn an_adjustment_needs_two_people_and_whole_fen() {
    let adjustment = |id: &str, thousandths, said| Adjustment {
        adjustment_id: id.to_owned(),
        payer: Party::B,
        thousandths,
        currency: None,
        said,
        origin_period: "2026-02".to_owned(),
        approved_at: World::bare().period_bounds().0,
    };
    let mut world = World::bare();
    let late = Adjustment { approved_at: world.cut(), ..adjustment("J5", 1_000, Said::WELL) };
    world.adjustments = Some(vec![
        adjustment("J1", 2_500, Said::WELL),
        adjustment("J2", 2_505, Said::WELL),
        adjustment("J3", 1_000, Said { approver: "li", ..Said::WELL }),
        adjustment("J4", 1_000, Said { reason: "", ..Said::WELL }),
        late,
    ]);
    let answer = judge(&world).answer;
    assert_eq!(lines(&answer), ["adjustment 2.5"]);
    assert_eq!(answer.lines[0].reference, "J1");
    let found: Vec<&str> = answer.discrepancies.iter().map(|found| found.code).collect();
    assert_eq!(found, ["LED-06", "LED-06", "LED-06"]);
    assert_eq!(answer.statements[0].net.to_string(), "-2.5");
}

/// Each within a minute of the one before, so that three are one chain.
#[test]
fn what_looks_sent_twice_is_told_and_counted() {
    let mut world = World::bare();
    for id in ["s1", "s2", "s3", "s4", "s5"] {
        spend(&mut world, Party::A, id, 100, 100);
    }
    let at = world.a.ledger[0].occurred_at;
    for (position, seconds) in [0, 60, 120, 181, 200].into_iter().enumerate() {
        let at = at + seconds * crate::world::SECOND;
        world.a.ledger[position].occurred_at = at;
        world.b.ledger[position].occurred_at = at;
    }
    world.a.ledger[4].member_no = "N".to_owned();
    let expected = judge(&world);
    assert_eq!(codes(&expected), ["EVT-05 s1;s2;s3s1-m;s2-m;s3-m"]);
    assert_eq!(expected.answer.cleared.len(), 5);
}
