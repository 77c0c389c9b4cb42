//! Worked examples that the oracle itself is held against: domain.md §8 and §3.6.

pub mod periods;
mod terms;

use super::books::Fate;
use super::{Expected, judge};
use crate::world::{
    Balance, Bearer, Fee, HOUR, Kind, Mode, Moment, Party, Place, Row, Side, Status, Tax, World,
};

/// A posted row of a member `M`, in the middle of March 2026.
pub fn row(event_id: &str, kind: Kind, points: i64, hour: i64) -> Row {
    let world = World::bare();
    Row {
        event_id: event_id.to_owned(),
        member_no: "M".to_owned(),
        kind,
        points,
        occurred_at: world.period_bounds().0 + (200 + hour) * HOUR,
        posted_at: None,
        counter_event_id: None,
        original_event_id: None,
        order_no: None,
        status: Status::Posted,
    }
}

/// A spend of the issuer and its mirror, by reference.
pub fn spend(world: &mut World, issuer: Party, id: &str, points: i64, mirror: i64) {
    let hour = world.a.ledger.len() as i64;
    world.side_mut(issuer).ledger.push(row(id, Kind::Xburn, -points, hour));
    let mut accepted = row(&format!("{id}-m"), Kind::Xaccept, mirror, hour);
    accepted.counter_event_id = Some(id.to_owned());
    world.side_mut(issuer.other()).ledger.push(accepted);
}

/// A reversal of part of a spend on both books.
pub fn reverse(world: &mut World, issuer: Party, id: &str, of: &str, points: i64, mirror: i64) {
    let hour = world.a.ledger.len() as i64;
    let mut spent = row(id, Kind::Reversal, points, hour);
    spent.original_event_id = Some(of.to_owned());
    world.side_mut(issuer).ledger.push(spent);
    let mut accepted = row(&format!("{id}-m"), Kind::Reversal, -mirror, hour);
    accepted.original_event_id = Some(format!("{of}-m"));
    accepted.counter_event_id = Some(id.to_owned());
    world.side_mut(issuer.other()).ledger.push(accepted);
}

/// March of domain.md §8.
pub fn march() -> World {
    let mut world = World::bare();
    (world.ratios[0].issuer_points, world.ratios[0].acceptor_points) = (100, 40);
    (world.ratios[1].issuer_points, world.ratios[1].acceptor_points) = (40, 100);
    (world.rates[0].millionths, world.rates[1].millionths) = (8_000, 20_000);
    let tax = Some(Tax { milli_percent: 6_000, inclusive: false });
    world.fees = vec![Fee::plain(2_000, Bearer::Issuer, tax)];
    spend(&mut world, Party::A, "a1", 1_000, 400);
    spend(&mut world, Party::A, "a2", 2_550, 1_020);
    reverse(&mut world, Party::A, "a3", "a1", 1_000, 400);
    spend(&mut world, Party::A, "a4", 5_000, 2_000);
    world.a.ledger.push(row("a5", Kind::Xburn, -800, 9));
    spend(&mut world, Party::B, "b1", 600, 1_500);
    spend(&mut world, Party::B, "b2", 120, 300);
    let extra = world.b.ledger.iter().find(|row| row.event_id == "b2").unwrap().clone();
    world.b.ledger.push(extra);
    spend(&mut world, Party::B, "b3", 1_000, 2_400);
    world
}

fn codes(expected: &Expected) -> Vec<String> {
    let found = &expected.answer.discrepancies;
    let mut codes: Vec<String> =
        found.iter().map(|row| format!("{} {}{}", row.code, row.a_events, row.b_events)).collect();
    codes.sort();
    codes
}

#[test]
fn march_comes_to_the_fen() {
    let expected = judge(&march());
    assert_eq!(codes(&expected), ["AMT-01 b3-mb3", "EVT-01 a5", "EVT-03 b2"]);
    let statement = expected.answer.statement().unwrap().to_string();
    assert_eq!(
        statement,
        "CNY from declared: a 61.68 b 14.71 carried in 0 net 46.97 due 46.97 carried 0 held a 6.4 b 20"
    );
    let amounts: Vec<String> =
        expected.answer.lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["60.4", "1.21", "0.07", "14.4", "0.29", "0.02"]);
}

#[test]
fn march_is_conserved() {
    use super::books::Role;
    let expected = judge(&march());
    let issued: Vec<_> = expected.rows.iter().filter(|row| row.role == Role::Issuer).collect();
    let count = |wanted: fn(&Fate) -> bool| {
        issued.iter().filter(|row| row.fate.as_ref().is_some_and(wanted)).count()
    };
    assert_eq!(issued.len(), 9);
    assert_eq!(count(|fate| *fate == Fate::Counted), 6);
    assert_eq!(count(|fate| matches!(fate, Fate::Held(_))), 2);
    assert_eq!(count(|fate| *fate == Fate::Excluded), 1);
}

#[test]
fn a_broken_roll_forward_is_found() {
    let mut world = World::bare();
    let balance = |points| Some(vec![Balance { member_no: "M".to_owned(), points, as_of: None }]);
    let mut back = row("4", Kind::Reversal, 1_000, 4);
    back.original_event_id = Some("3".to_owned());
    world.a = Side {
        opening: balance(3_000),
        accounts: balance(3_300),
        ledger: vec![
            row("2", Kind::Earn, 500, 2),
            row("3", Kind::Burn, -1_000, 3),
            back,
            row("5", Kind::Expire, -200, 5),
            row("6", Kind::Adjust, 50, 6),
        ],
        ..world.a
    };
    let expected = judge(&world);
    // Accounts are judged party by party; B declares none.
    assert_eq!(codes(&expected), ["LED-01 "]);
    assert_eq!(expected.answer.accounts[0].expected, 3_350);
}

#[test]
fn partial_reversals_share_what_the_original_gave() {
    // Points, and each reversal with its mirror; ratio 3:1, toward zero.
    let table = [
        (500, 166, vec![(250, 83), (250, 83)]),
        (1_000, 333, vec![(500, 167), (500, 166)]),
        (1_000, 333, vec![(333, 111), (333, 111), (334, 111)]),
    ];
    for (points, mirror, parts) in table {
        let mut world = World::bare();
        world.ratios[0].issuer_points = 3;
        spend(&mut world, Party::A, "s", points, mirror);
        for (position, (part, part_mirror)) in parts.iter().enumerate() {
            reverse(&mut world, Party::A, &format!("r{position}"), "s", *part, *part_mirror);
        }
        assert_eq!(codes(&judge(&world)), Vec::<String>::new(), "{points}: {parts:?}");
    }
}

#[test]
fn more_than_the_original_is_not_reversed() {
    let mut world = World::bare();
    spend(&mut world, Party::A, "s", 100, 100);
    reverse(&mut world, Party::A, "r1", "s", 60, 60);
    reverse(&mut world, Party::A, "r2", "s", 50, 50);
    reverse(&mut world, Party::A, "r3", "s", 40, 40);
    // The second takes more than is left and does not accumulate, so that the third fits.
    assert_eq!(codes(&judge(&world)), ["REV-02 r2r2-m"]);
}

#[test]
fn a_midpoint_goes_where_the_mode_says() {
    // One point at half a fen, by mode.
    for (mode, due) in
        [(Mode::HalfUp, "0.01"), (Mode::HalfEven, "0"), (Mode::Down, "0"), (Mode::Up, "0.01")]
    {
        let mut world = World::bare();
        world.mode = mode;
        world.rates[0].millionths = 5_000;
        spend(&mut world, Party::A, "s", 1, 1);
        let answer = judge(&world).answer;
        let statement = answer.statement().unwrap();
        assert_eq!(statement.a_payable.to_string(), due, "{mode:?}");
    }
}

#[test]
fn a_contained_tax_is_shown_and_not_added() {
    let mut world = World::bare();
    let tax = Some(Tax { milli_percent: 6_000, inclusive: true });
    world.fees = vec![Fee::plain(10_000, Bearer::Acceptor, tax)];
    spend(&mut world, Party::A, "s", 10_600, 10_600);
    let answer = judge(&world).answer;
    let amounts: Vec<String> = answer.lines.iter().map(|line| line.amount.to_string()).collect();
    assert_eq!(amounts, ["106", "10.6", "0.6"]);
    let statement = answer.statement().unwrap();
    assert_eq!(
        (statement.a_payable.to_string(), statement.b_payable.to_string()),
        ("106".into(), "10.6".into())
    );
}

#[test]
fn the_lines_of_a_rounded_total_share_it_by_largest_remainder() {
    // Two lines of 0.35 and 0.4 fen: nothing each on their own, one fen together.
    for (place, shares) in [(Place::Line, ["0", "0"]), (Place::Statement, ["0", "0.01"])] {
        let mut world = World::bare();
        world.place = place;
        world.rates[0].millionths = 3_500;
        let mut later = world.rates[0].clone();
        later.millionths = 4_000;
        let boundary = world.period_bounds().0 + 200 * HOUR + 1;
        later.from = Moment::At(boundary);
        world.rates.push(later);
        spend(&mut world, Party::A, "s1", 1, 1);
        spend(&mut world, Party::A, "s2", 1, 1);
        let lines = judge(&world).answer.lines;
        let amounts: Vec<String> = lines.iter().map(|line| line.amount.to_string()).collect();
        assert_eq!(amounts, shares, "{place:?}");
    }
}
