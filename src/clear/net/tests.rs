use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::*;
use crate::agreement::{Fee, GrossTax, LateFee, PartyTerms, Scope, Tax};
use crate::claim::Settlement;
use crate::clear::oblige;
use crate::event::Pair;
use crate::judgement::{Disposition, JudgedPair, Judgement, VersionsInForce};
use crate::past::{ClosedPeriod, ClosedStatement, Opening};
use crate::value::kind::SettlementKind;
use crate::value::period::{Cycle, Instant};
use crate::value::points::{Points, Rate, Ratio};
use crate::value::price::Price;
use crate::value::rounding::{Mode, Rounding};
use crate::value::version::{Version, Versions};

fn currency(code: &str) -> Currency {
    Currency::of(code).unwrap()
}

fn money(text: &str, code: &str) -> Money {
    Money::exactly(decimal(text), currency(code)).unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

fn forever<T>(value: T, clause: &str) -> Versions<T> {
    let clause = Some(clause.to_owned());
    let (from, to) = (Instant(0), Instant(i64::MAX));
    Versions::new(vec![Version { from, to, value, label: "2026-01-01".into(), clause }]).unwrap()
}

fn prices(redemption: &str, code: &str) -> [Versions<Price>; 3] {
    let price = |text| Price { rate: Rate::new(decimal(text)).unwrap(), currency: currency(code) };
    [
        forever(price(redemption), "rate"),
        forever(price("0.004"), "conversion"),
        forever(price("0.01"), "sale"),
    ]
}

/// March 2026, as of its last day, in China.
fn march() -> Period {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    Period::containing(day("2026-03-31"), Cycle::Monthly, &zone).unwrap()
}

/// The terms of domain.md §8, A's points in CNY and B's in CNY.
fn agreement() -> Agreement {
    let party = |code: &str| PartyTerms {
        code: code.into(),
        name: code.into(),
        unit: "积分".into(),
        scale: 0,
        overdraft: false,
        names_authority: false,
    };
    let terms = |code| CurrencyTerms {
        currency: currency(code),
        minimum_settlement: Money::zero(currency(code)),
        opening_carry: Money::zero(currency(code)),
    };
    Agreement {
        id: "HT".into(),
        title: String::new(),
        version: String::new(),
        zone: TimeZone::get("Asia/Shanghai").unwrap(),
        zone_name: "Asia/Shanghai".into(),
        currency: currency("CNY"),
        currencies: vec![terms("CNY")],
        term: (Instant(0), Instant(i64::MAX)),
        cycle: Cycle::Monthly,
        grace_days: 2,
        close_after_days: 2,
        due_days: 10,
        parties: Both { a: party("SKY"), b: party("HBR") },
        ratios: Both {
            a: forever(Ratio::new(100, 40).unwrap(), "ratio"),
            b: forever(Ratio::new(40, 100).unwrap(), "ratio"),
        },
        rates: Both { a: prices("0.008", "CNY"), b: prices("0.02", "CNY") },
        settle_on: Both { a: None, b: None },
        fees: Vec::new(),
        taxes: Vec::new(),
        caps: Vec::new(),
        minimums: Vec::new(),
        late_fee: None,
        rounding: Rounding { place: Place::Line, mode: Mode::HalfUp },
        mirror_rounding: Mode::Down,
        carry_clause: Some("carry".into()),
        member_rules: Vec::new(),
        event_rules: Vec::new(),
        consent_purpose: None,
        tiers: None,
    }
}

fn everywhere() -> Scope {
    Scope { flows: Flow::ALL.to_vec(), issuers: Party::BOTH.to_vec() }
}

fn fee(percent: &str) -> Fee {
    Fee {
        share: decimal(percent) / Decimal::ONE_HUNDRED,
        issuer_pays: true,
        min: None,
        max: None,
        scope: everywhere(),
        tax: None,
        clause: Some("fee".into()),
    }
}

fn tax(percent: &str, inclusive: bool) -> Tax {
    Tax { share: decimal(percent) / Decimal::ONE_HUNDRED, inclusive }
}

/// Counted pairs of these flows and points.
fn pairs<I: Side>(events: &[(Flow, i64)]) -> Vec<JudgedPair<I>> {
    let pair = |(row, (flow, points)): (u32, &(Flow, i64))| JudgedPair {
        pair: Pair { issuer: row, acceptor: row, rule: 0 },
        disposition: Disposition::Counted,
        flow: Some(*flow),
        cleared: Points::new(*points),
        agreed: None,
        versions: Some(VersionsInForce {
            ratio: (*flow != Flow::Sale).then_some(0),
            rate: Some(0),
        }),
        original: None,
        accumulates: false,
        origin: None,
        cause: None,
        decision: None,
    };
    (0..).zip(events).map(pair).collect()
}

fn judged<I: Side>(pairs: Vec<JudgedPair<I>>) -> Judgement<I> {
    Judgement { pairs, items: Vec::new(), released: Vec::new(), left: BTreeMap::new() }
}

fn no_past() -> Past {
    Past { closed: Vec::new(), opening: Opening::Declared }
}

fn cleared(agreement: &Agreement, a: &[(Flow, i64)], b: &[(Flow, i64)]) -> Clearing {
    settled(agreement, a, b, &Claims::default(), &no_past())
}

fn settled(
    agreement: &Agreement,
    a: &[(Flow, i64)],
    b: &[(Flow, i64)],
    claims: &Claims,
    past: &Past,
) -> Clearing {
    let a = oblige::<A>(&judged(pairs(a)), agreement).unwrap();
    let b = oblige::<B>(&judged(pairs(b)), agreement).unwrap();
    settle(&a, &b, claims, past, &march(), agreement).unwrap()
}

/// Each line as `kind amount payer`.
fn shown(statement: &Statement) -> Vec<String> {
    let line = |line: &Line| {
        format!("{} {} {}", line.kind.word(), line.amount.decimal(), line.payer.letter())
    };
    statement.lines().iter().map(line).collect()
}

const SPENT: Flow = Flow::Redemption;

#[test]
fn the_worked_example_of_the_specification() {
    let mut agreement = agreement();
    agreement.fees = vec![Fee { tax: Some(tax("6", false)), ..fee("2") }];
    let clearing = cleared(
        &agreement,
        &[(SPENT, 1000), (SPENT, 2550), (SPENT, -1000), (SPENT, 5000)],
        &[(SPENT, 600), (SPENT, 120)],
    );
    let [statement] = clearing.statements() else { panic!("one statement") };
    assert_eq!(
        shown(statement),
        ["gross 60.40 a", "fee 1.21 a", "tax 0.07 a", "gross 14.40 b", "fee 0.29 b", "tax 0.02 b"]
    );
    assert_eq!(statement.payables().a, money("61.68", "CNY"));
    assert_eq!(statement.payables().b, money("14.71", "CNY"));
    assert_eq!(statement.net(), money("46.97", "CNY"));
}

#[test]
fn a_fee_keeps_within_its_least_and_its_most_and_has_the_sign_of_gross() {
    // place, events of A at 0.008, percent, least, most: the fee
    type Row<'a> = (Place, &'a [i64], &'a str, Option<&'a str>, Option<&'a str>, &'a str);
    let rows: &[Row<'_>] = &[
        (Place::Line, &[1000], "2", None, None, "0.16"),
        (Place::Line, &[1000], "2", Some("0.50"), None, "0.50"),
        (Place::Line, &[1000], "2", Some("0.16"), Some("0.16"), "0.16"),
        (Place::Line, &[100_000], "2", None, Some("10"), "10.00"),
        (Place::Line, &[100_000], "2", Some("1"), Some("20"), "16.00"),
        (Place::Line, &[-1000], "2", Some("0.50"), None, "-0.50"),
        (Place::Line, &[-100_000], "2", None, Some("10"), "-10.00"),
        // Nothing has no fee, exactly or rounded.
        (Place::Line, &[1000, -1000], "2", Some("0.50"), None, "0.00"),
        (Place::Line, &[0], "2", Some("0.50"), None, "0.00"),
        // By event the bounds bind each event: 0.50 + 0.50 − 0.50, and 10 + 0.16.
        (Place::Event, &[1000, 1000, -1000], "2", Some("0.50"), None, "0.50"),
        (Place::Event, &[100_000, 1000], "2", None, Some("10"), "10.16"),
        (Place::Event, &[0, 1000], "2", Some("0.50"), None, "0.50"),
        // By statement the exact fee is bounded before the sum.
        (Place::Statement, &[1000], "2", Some("0.50"), None, "0.50"),
        (Place::Statement, &[100_000, 1000], "2", None, Some("10"), "10.00"),
        (Place::Statement, &[-1000], "2", Some("0.50"), None, "-0.50"),
    ];
    for &(place, events, percent, min, max, expected) in rows {
        let mut agreement = agreement();
        agreement.rounding.place = place;
        let (min, max) = (min.map(decimal), max.map(decimal));
        agreement.fees = vec![Fee { min, max, ..fee(percent) }];
        let events: Vec<(Flow, i64)> = events.iter().map(|&points| (SPENT, points)).collect();
        let clearing = cleared(&agreement, &events, &[]);
        let got = clearing.statements()[0].lines()[1].amount;
        assert_eq!(got, money(expected, "CNY"), "{place:?} {events:?} {min:?} {max:?}");
    }
}

#[test]
fn by_event_a_reversal_gives_back_what_the_fee_of_its_event_falls_by() {
    // percent, least, most, the reversals of 10,000 points at 0.008: the fee and its tax after each
    type Row<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [i64], &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        ("2", None, None, &[5_000, 5_000], &["1.60 0.10", "0.80 0.05", "0.00 0.00"]),
        ("2", None, Some("1"), &[5_000, 5_000], &["1.00 0.06", "0.80 0.05", "0.00 0.00"]),
        ("2", Some("5"), None, &[5_000, 5_000], &["5.00 0.30", "5.00 0.30", "0.00 0.00"]),
        ("2", Some("5"), None, &[10_000], &["5.00 0.30", "0.00 0.00"]),
        // Of 80.00, 53.34 and 26.67; no cent stays behind.
        (
            "0.31",
            None,
            None,
            &[3_333, 3_333, 3_334],
            &["0.25 0.02", "0.17 0.01", "0.08 0.00", "0.00 0.00"],
        ),
    ];
    for &(percent, min, max, reversals, expected) in rows {
        let mut agreement = agreement();
        agreement.rounding.place = Place::Event;
        let (min, max) = (min.map(decimal), max.map(decimal));
        agreement.fees = vec![Fee { min, max, tax: Some(tax("6", false)), ..fee(percent) }];
        for (count, expected) in (0..=reversals.len()).zip(expected) {
            let spent = std::iter::once((SPENT, 10_000));
            let back = reversals[..count].iter().map(|points| (SPENT, -points));
            let mut judged = judged(pairs::<A>(&spent.chain(back).collect::<Vec<_>>()));
            let mut left = 10_000;
            for (place, points) in (1..).zip(&reversals[..count]) {
                judged.left.insert(place, Points::new(left));
                left -= points;
            }
            let a = oblige(&judged, &agreement).unwrap();
            let b = oblige::<B>(&self::judged(Vec::new()), &agreement).unwrap();
            let (claims, past) = (Claims::default(), no_past());
            let clearing = settle(&a, &b, &claims, &past, &march(), &agreement).unwrap();
            let lines = clearing.statements()[0].lines();
            let got = format!("{} {}", lines[1].amount, lines[2].amount);
            assert_eq!(got, *expected, "{percent} {min:?} {max:?} {reversals:?}: {count}");
        }
    }
}

#[test]
fn fees_and_taxes_apply_to_the_lines_of_their_scope_only() {
    let mut agreement = agreement();
    let scope = Scope { flows: vec![Flow::Conversion], issuers: vec![Party::A] };
    agreement.fees = vec![Fee { scope: scope.clone(), issuer_pays: false, ..fee("5") }];
    agreement.taxes = vec![GrossTax {
        tax: tax("10", false),
        issuer_pays: true,
        scope: Scope { flows: vec![SPENT], ..everywhere() },
        clause: Some("tax".into()),
    }];
    for place in [Place::Event, Place::Line, Place::Statement] {
        agreement.rounding.place = place;
        let events = [(SPENT, 1000), (Flow::Conversion, 1000), (Flow::Sale, 1000)];
        let clearing = cleared(&agreement, &events, &[(SPENT, 1000), (Flow::Conversion, 1000)]);
        let statement = &clearing.statements()[0];
        let expected = [
            "gross 8.00 a",
            "tax 0.80 a",
            "gross 4.00 a",
            "fee 0.20 b",
            "gross 10.00 b",
            "gross 20.00 b",
            "tax 2.00 b",
            "gross 4.00 b",
        ];
        assert_eq!(shown(statement), expected, "{place:?}");
        let clauses: Vec<&str> =
            statement.lines().iter().filter_map(|line| line.clause.as_deref()).collect();
        assert_eq!(
            clauses,
            ["rate", "tax", "conversion", "fee", "sale", "rate", "tax", "conversion"]
        );
    }
}

#[test]
fn a_tax_on_gross_comes_on_top_or_lies_within() {
    // mode, place, events of A at 0.008: the tax of 6 per cent, and A's payable
    let rows: &[(bool, Place, &[i64], &str, &str)] = &[
        (false, Place::Line, &[1000], "0.48", "8.48"),
        (false, Place::Line, &[-1000], "-0.48", "-8.48"),
        (true, Place::Line, &[1000], "0.45", "8.00"),
        (true, Place::Line, &[-1000], "-0.45", "-8.00"),
        // 53 × 0.008 = 0.424 and so 0.42 an event; its tax is 0.0252, and 0.0238 within it.
        (false, Place::Event, &[53, 53, 53], "0.09", "1.35"),
        (true, Place::Event, &[53, 53, 53], "0.06", "1.26"),
        // 159 × 0.008 = 1.272; with 0.07632 on top it is 1.34832.
        (false, Place::Statement, &[53, 53, 53], "0.08", "1.35"),
        (true, Place::Statement, &[53, 53, 53], "0.07", "1.27"),
    ];
    for &(inclusive, place, events, expected, payable) in rows {
        let mut agreement = agreement();
        agreement.rounding.place = place;
        agreement.taxes = vec![GrossTax {
            tax: tax("6", inclusive),
            issuer_pays: true,
            scope: everywhere(),
            clause: None,
        }];
        let events: Vec<(Flow, i64)> = events.iter().map(|&points| (SPENT, points)).collect();
        let clearing = cleared(&agreement, &events, &[]);
        let statement = &clearing.statements()[0];
        let row = format!("inclusive {inclusive} {place:?} {events:?}");
        assert_eq!(statement.lines()[1].amount, money(expected, "CNY"), "{row}");
        assert_eq!(statement.payables().a, money(payable, "CNY"), "{row}");
    }
}

#[test]
fn a_period_of_reversals_alone_turns_the_payment_round() {
    let mut agreement = agreement();
    agreement.fees = vec![Fee { tax: Some(tax("6", false)), ..fee("2") }];
    let clearing = cleared(&agreement, &[(SPENT, -7550)], &[(Flow::Sale, -1001)]);
    let statement = &clearing.statements()[0];
    assert_eq!(
        shown(statement),
        [
            "gross -60.40 a",
            "fee -1.21 a",
            "tax -0.07 a",
            "gross -10.01 a",
            "fee -0.20 b",
            "tax -0.01 b",
        ]
    );
    assert_eq!(statement.net(), money("-71.48", "CNY"));
    assert_eq!(statement.payer(), Some(Party::B));
    assert_eq!(statement.amount_due(), money("71.48", "CNY"));
}

#[test]
fn each_currency_has_a_statement_a_carry_and_a_minimum_of_its_own() {
    let mut agreement = agreement();
    agreement.rates.b = prices("0.02", "JPY");
    agreement.currencies = vec![
        CurrencyTerms {
            currency: currency("CNY"),
            minimum_settlement: money("100", "CNY"),
            opening_carry: money("-3.50", "CNY"),
        },
        CurrencyTerms {
            currency: currency("JPY"),
            minimum_settlement: money("10", "JPY"),
            opening_carry: money("2", "JPY"),
        },
    ];
    let clearing = cleared(&agreement, &[(SPENT, 1000)], &[(SPENT, 1020)]);
    let [cny, jpy] = clearing.statements() else { panic!("two statements") };
    assert_eq!(shown(cny), ["gross 8.00 a", "carry 3.50 b"]);
    assert_eq!((cny.net(), cny.amount_due()), (money("4.50", "CNY"), money("0", "CNY")));
    assert_eq!(cny.carry_forward(), money("4.50", "CNY"));
    // 1,020 × 0.02 = 20.4, which is 20 yen.
    assert_eq!(shown(jpy), ["gross 20 b", "carry 2 a"]);
    assert_eq!((jpy.net(), jpy.payer()), (money("-18", "JPY"), Some(Party::B)));
    let numbers: Vec<u32> = clearing.lines().map(|(number, _)| number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn what_was_carried_out_before_is_carried_in() {
    let mut agreement = agreement();
    agreement.currencies[0].opening_carry = money("99", "CNY");
    let mut past = past(&[("2026-02", "0", None, "2026-03-10", "0")]);
    let february = past.closed[0].statements.get_mut(&currency("CNY")).unwrap();
    february.carry_forward = money("-1.25", "CNY");
    let clearing = settled(&agreement, &[(SPENT, 1000)], &[], &Claims::default(), &past);
    let statement = &clearing.statements()[0];
    assert_eq!(shown(statement), ["gross 8.00 a", "carry 1.25 b"]);
    assert_eq!(statement.net(), money("6.75", "CNY"));
    assert_eq!(statement.lines()[1].clause.as_deref(), Some("carry"));
}

#[test]
fn points_of_an_earlier_period_stand_on_a_line_of_their_own_behind_the_present_one() {
    let agreement = agreement();
    let mut pairs = pairs::<A>(&[(SPENT, 1000), (SPENT, 500), (SPENT, 250), (Flow::Sale, 100)]);
    pairs[1].origin = Some("2026-02".into());
    pairs[2].origin = Some("2025-12".into());
    let a = oblige(&judged(pairs), &agreement).unwrap();
    let b = oblige::<B>(&judged(Vec::new()), &agreement).unwrap();
    let clearing = settle(&a, &b, &Claims::default(), &no_past(), &march(), &agreement).unwrap();
    let lines: Vec<(&str, i128)> = clearing.statements()[0]
        .lines()
        .iter()
        .map(|line| (line.origin_period.as_str(), line.points))
        .collect();
    assert_eq!(lines, [("2026-03", 1000), ("2025-12", 250), ("2026-02", 500), ("2026-03", 100)]);
}

#[test]
fn adjustments_add_to_what_their_payer_owes() {
    let agreement = agreement();
    let adjustment = |id: &str, payer, amount, origin: Option<&str>| Adjustment {
        id: id.into(),
        payer,
        amount: money(amount, "CNY"),
        origin_period: origin.map(Into::into),
        clause: Some("adjustment".into()),
    };
    let claims = Claims {
        adjustments: vec![
            adjustment("J-1", Party::B, "5", Some("2026-01")),
            adjustment("J-2", Party::A, "0.30", None),
        ],
        ..Claims::default()
    };
    for place in [Place::Event, Place::Line, Place::Statement] {
        let mut agreement = agreement.clone();
        agreement.rounding.place = place;
        // 61 × 0.008 = 0.488 and 61 × 0.004 = 0.244: an adjustment never shares what they leave.
        let events = [(SPENT, 61), (Flow::Conversion, 61)];
        let clearing = settled(&agreement, &events, &[], &claims, &no_past());
        let statement = &clearing.statements()[0];
        assert_eq!(shown(statement)[..2], ["gross 0.49 a", "gross 0.24 a"], "{place:?}");
        assert_eq!(shown(statement)[2..], ["adjustment 5.00 b", "adjustment 0.30 a"]);
        assert_eq!(statement.net(), money("-3.97", "CNY"), "{place:?}");
        let told: Vec<(&str, Option<&str>)> = statement.lines()[2..]
            .iter()
            .map(|line| (line.origin_period.as_str(), line.reference.as_deref()))
            .collect();
        assert_eq!(told, [("2026-01", Some("J-1")), ("2026-03", Some("J-2"))]);
    }
}

/// Final statements in CNY: period, amount due, payer, due date, late fees in it.
fn past(closed: &[(&str, &str, Option<Party>, &str, &str)]) -> Past {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let closed = closed.iter().map(|&(label, due, payer, due_date, late_fees)| ClosedPeriod {
        period: Period::labelled(label, day("2026-03-31"), Cycle::Monthly, &zone).unwrap(),
        place: label.into(),
        digest: label.into(),
        statements: BTreeMap::from([(
            currency("CNY"),
            ClosedStatement {
                carry_forward: Money::zero(currency("CNY")),
                amount_due: money(due, "CNY"),
                payer,
                due_date: Some(day(due_date)),
                late_fees: money(late_fees, "CNY"),
            },
        )]),
    });
    Past { closed: closed.collect(), opening: Opening::Final("2026-02".into()) }
}

#[test]
fn a_late_fee_is_simple_on_what_is_unpaid_and_undisputed() {
    use SettlementKind::{Disputed, Paid};
    // due date, late fees in it, settlements, exempt days: the fee on 10,000.00 at 0.0005 a day,
    // 5.00 a day, in March as of its last day
    type Row<'a> = (
        &'a str,
        &'a str,
        &'a [(SettlementKind, &'a str, &'a str)],
        &'a [&'a str],
        Option<&'a str>,
    );
    let rows: &[Row<'_>] = &[
        // The due day is excluded: March 11 to 31 are 21 days.
        ("2026-03-10", "0", &[], &[], Some("105.00")),
        // Overdue before the period: all 31 days, and none of February's.
        ("2026-02-20", "0", &[], &[], Some("155.00")),
        ("2026-03-30", "0", &[], &[], Some("5.00")),
        ("2026-03-31", "0", &[], &[], None),
        // Paid on the 20th: 11 to 20 are ten days. Paid in time: none.
        ("2026-03-10", "0", &[(Paid, "2026-03-20", "10000")], &[], Some("50.00")),
        ("2026-03-10", "0", &[(Paid, "2026-03-10", "10000")], &[], None),
        // 4,000.00 paid on the 15th: five days of 5.00 and sixteen of 3.00.
        ("2026-03-10", "0", &[(Paid, "2026-03-15", "4000")], &[], Some("73.00")),
        // Disputed from the 15th on: four days of 5.00 and seventeen of 3.00.
        ("2026-03-10", "0", &[(Disputed, "2026-03-15", "4000")], &[], Some("71.00")),
        // More than the whole is nothing, not less.
        ("2026-03-10", "0", &[(Paid, "2026-03-12", "12000")], &[], Some("10.00")),
        // Two exempt days of the 21; one before the due date and one twice change nothing.
        ("2026-03-10", "0", &[], &["2026-03-11", "2026-03-31", "2026-03-09"], Some("95.00")),
        // 2,000.00 of it are late fees: 8,000.00 × 0.0005 × 21.
        ("2026-03-10", "2000", &[], &[], Some("84.00")),
        ("2026-03-10", "12000", &[], &[], None),
        // 9,999.99 left a day for one day is 4.999995 and six of nothing.
        ("2026-03-30", "0", &[(Paid, "2026-03-01", "0.01")], &[], Some("5.00")),
        ("2026-03-30", "0", &[(Paid, "2026-03-01", "9999.99")], &[], Some("0.00")),
    ];
    for &(due_date, late_fees, settled_on, exempt, expected) in rows {
        let mut agreement = agreement();
        agreement.late_fee =
            Some(LateFee { per_day: decimal("0.0005"), clause: Some("late".into()) });
        let settlements = settled_on.iter().enumerate().map(|(id, &(kind, on, amount))| {
            let (period, on) = ("2026-02".to_owned(), day(on));
            let amount = decimal(amount);
            Settlement { id: id.to_string(), period, currency: currency("CNY"), kind, on, amount }
        });
        let claims = Claims {
            settlements: settlements.collect(),
            exempt_days: exempt.iter().map(|text| day(text)).collect::<BTreeSet<Date>>(),
            ..Claims::default()
        };
        let past = past(&[("2026-02", "10000", Some(Party::B), due_date, late_fees)]);
        let clearing = settled(&agreement, &[], &[], &claims, &past);
        let lines = clearing.statements()[0].lines();
        let row = format!("due {due_date}, {settled_on:?}, exempt {exempt:?}, fees {late_fees}");
        let got = lines.first().map(|line| line.amount);
        assert_eq!(got, expected.map(|text| money(text, "CNY")), "{row}");
        for line in lines {
            assert_eq!((line.kind, line.payer), (LineKind::LateFee, Party::B), "{row}");
            assert_eq!(line.origin_period, "2026-02");
            assert_eq!(line.reference.as_deref(), Some("2026-02"));
            assert_eq!(line.clause.as_deref(), Some("late"));
        }
    }
}

#[test]
fn each_overdue_statement_has_a_late_fee_and_settlements_of_another_do_not_count() {
    let mut agreement = agreement();
    agreement.late_fee = Some(LateFee { per_day: decimal("0.0005"), clause: None });
    let claims = Claims {
        settlements: vec![
            Settlement {
                id: "1".into(),
                period: "2026-01".into(),
                currency: currency("CNY"),
                kind: SettlementKind::Paid,
                on: day("2026-03-21"),
                amount: decimal("1000"),
            },
            // In another currency, and so of another statement.
            Settlement {
                id: "2".into(),
                period: "2026-02".into(),
                currency: currency("JPY"),
                kind: SettlementKind::Paid,
                on: day("2026-03-11"),
                amount: decimal("2000"),
            },
        ],
        ..Claims::default()
    };
    let past = past(&[
        ("2026-01", "1000", Some(Party::A), "2026-02-10", "0"),
        ("2026-02", "2000", Some(Party::B), "2026-03-10", "0"),
    ]);
    let clearing = settled(&agreement, &[], &[], &claims, &past);
    // 1,000.00 × 0.0005 × 21 days (1 to 21); 2,000.00 × 0.0005 × 21 days (11 to 31).
    assert_eq!(shown(&clearing.statements()[0]), ["late_fee 10.50 a", "late_fee 21.00 b"]);
}

#[test]
fn a_flow_without_money_has_no_line() {
    let mut agreement = agreement();
    agreement.settle_on.a = Some(crate::agreement::SettleOn::Issuance);
    let mut a = pairs::<A>(&[(SPENT, 1000), (Flow::Sale, 1000)]);
    a[0].versions = Some(VersionsInForce { ratio: Some(0), rate: None });
    let a = oblige(&judged(a), &agreement).unwrap();
    let b = oblige::<B>(&judged(Vec::new()), &agreement).unwrap();
    assert_eq!(a.values().map(|obligation| obligation.events).sum::<u64>(), 2);
    let clearing = settle(&a, &b, &Claims::default(), &no_past(), &march(), &agreement).unwrap();
    assert_eq!(shown(&clearing.statements()[0]), ["gross 10.00 b"]);
}

#[test]
fn by_statement_the_lines_share_one_rounded_total_by_largest_remainder() {
    let mut agreement = agreement();
    agreement.rounding.place = Place::Statement;
    agreement.fees = vec![fee("1.5")];
    // 161 × 0.008 = 1.288 and its fee 0.01932; 161 × 0.004 = 0.644 and its fee 0.00966: 1.96098 in
    // all, 1.96. The floors 1.28, 0.01, 0.64 and 0.00 leave 0.03 for the remainders 0.966 (the last
    // fee), 0.932 (the first fee) and 0.8 (the first gross).
    let events = [(SPENT, 161), (Flow::Conversion, 161)];
    let clearing = cleared(&agreement, &events, &[]);
    assert_eq!(
        shown(&clearing.statements()[0]),
        ["gross 1.29 a", "fee 0.02 a", "gross 0.64 a", "fee 0.01 a"]
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Whatever the events, the rounding and the charges: a statement exists, which it does only
    /// when the lines of each payer sum to its payable; and swapping the parties turns the net
    /// round.
    #[test]
    fn lines_sum_to_payables_under_every_rounding(
        a in proptest::collection::vec((0_usize..3, -100_000_i64..100_000), 0..8),
        b in proptest::collection::vec((0_usize..3, -100_000_i64..100_000), 0..8),
        percent in 0_i64..100_000,
        bounds in proptest::option::of((0_i64..500, 0_i64..5_000)),
        inclusive in proptest::bool::ANY,
    ) {
        let events = |all: &[(usize, i64)]| -> Vec<(Flow, i64)> {
            all.iter().map(|&(flow, points)| (Flow::ALL[flow], points)).collect()
        };
        let (a, b) = (events(&a), events(&b));
        let mut agreement = agreement();
        let percent = Decimal::new(percent, 3).to_string();
        let (min, max) = match bounds {
            Some((min, more)) => {
                (Some(Decimal::new(min, 2)), Some(Decimal::new(min + more, 2)))
            }
            None => (None, None),
        };
        agreement.fees =
            vec![Fee { min, max, tax: Some(tax("6", inclusive)), ..fee(&percent) }];
        agreement.taxes = vec![GrossTax {
            tax: tax("3", !inclusive),
            issuer_pays: false,
            scope: everywhere(),
            clause: None,
        }];
        for mode in Mode::ALL {
            for place in Place::ALL {
                agreement.rounding = Rounding { place, mode };
                let clearing = cleared(&agreement, &a, &b);
                let statement = &clearing.statements()[0];
                for (party, payable) in statement.payables().iter() {
                    let lines = statement.lines().iter();
                    let sum: i64 = lines
                        .filter(|line| line.kind.is_payable() && line.payer == party)
                        .map(|line| line.amount.minor())
                        .sum();
                    proptest::prop_assert_eq!(sum, payable.minor());
                }
                let mut swapped = agreement.clone();
                std::mem::swap(&mut swapped.rates.a, &mut swapped.rates.b);
                std::mem::swap(&mut swapped.ratios.a, &mut swapped.ratios.b);
                let turned = cleared(&swapped, &b, &a);
                proptest::prop_assert_eq!(turned.statements()[0].net(), -statement.net());
            }
        }
    }
}
