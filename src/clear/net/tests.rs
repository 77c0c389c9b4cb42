use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::*;
use crate::agreement::{Charges, Fee, GrossTax, LateFee, PartyTerms, Scope, Tax};
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

mod charge;
mod late;

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
    Judgement { pairs, ..Judgement::default() }
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
    let a = oblige::<A>(&judged(pairs(a)), &no_past(), agreement).unwrap();
    let b = oblige::<B>(&judged(pairs(b)), &no_past(), agreement).unwrap();
    settle(&a, &b, claims, past, &march(), agreement).unwrap()
}

/// Each line as `kind amount payer`.
fn shown(statement: &Statement) -> Vec<String> {
    let line = |line: &Line| {
        format!("{} {} {}", line.kind.word(), line.amount.decimal(), line.payer.letter())
    };
    statement.lines().iter().map(line).collect()
}

/// Final statements in CNY: period, amount due, payer, due date, late fees in it.
fn past(closed: &[(&str, &str, Option<Party>, &str, &str)]) -> Past {
    let zone = TimeZone::get("Asia/Shanghai").unwrap();
    let closed = closed.iter().map(|&(label, due, payer, due_date, late_fees)| ClosedPeriod {
        period: Period::labelled(label, day("2026-03-31"), Cycle::Monthly, &zone).unwrap(),
        place: label.into(),
        digest: label.into(),
        charges: Charges { mode: Mode::HalfUp, fees: Vec::new(), taxes: Vec::new() },
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
    let a = oblige(&judged(pairs), &no_past(), &agreement).unwrap();
    let b = oblige::<B>(&judged(Vec::new()), &no_past(), &agreement).unwrap();
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

#[test]
fn a_flow_without_money_has_no_line() {
    let mut agreement = agreement();
    agreement.settle_on.a = Some(crate::agreement::SettleOn::Issuance);
    let mut a = pairs::<A>(&[(SPENT, 1000), (Flow::Sale, 1000)]);
    a[0].versions = Some(VersionsInForce { ratio: Some(0), rate: None });
    let a = oblige(&judged(a), &no_past(), &agreement).unwrap();
    let b = oblige::<B>(&judged(Vec::new()), &no_past(), &agreement).unwrap();
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
