use jiff::civil::date;

use super::*;
use crate::discrepancy::{Latitude, discrepancy_id, say};
use crate::value::money::Currency;
use crate::value::party::Both;

static RULE: Rule = Rule {
    code: "AMT-01",
    title: "mirror differs",
    zh: "镜像数量不符",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Free,
    finds: say("It differs.", "不符。"),
    matters: say("It matters.", "要紧。"),
    example: say("2,400.", "二千四百。"),
    settles: say("The acceptor.", "受理方。"),
};

fn found(difference: Option<i64>, item_points: u128, stake: Option<&str>) -> Discrepancy {
    Discrepancy {
        id: discrepancy_id("HT", RULE.code, &["e"]),
        rule: &RULE,
        severity: RULE.severity,
        effect: RULE.effect,
        issuer: None,
        evidence: Both::default(),
        field: None,
        expected: None,
        actual: None,
        difference_points: difference,
        item_points,
        amount_at_stake: stake.map(|stake| stake.parse().unwrap()),
        currency: stake.and_then(|_| Currency::of("CNY")),
        version: None,
        reason: String::new(),
        diagnosis: None,
        first_seen: date(2026, 3, 1),
        age_days: 0,
    }
}

#[test]
fn a_threshold_is_reached_at_its_figure() {
    let all = [
        found(Some(-100), 1_000, Some("8")),
        found(None, 50, Some("-0.5")),
        found(Some(7), 0, None),
    ];
    let limits = Limits::default;
    let money = |text: &str| Limits { money: Some(text.parse().unwrap()), ..limits() };
    // limits, rows that came in, what is found where they are reached
    let rows = [
        (limits(), 100, None),
        (Limits { count: Some(3), ..limits() }, 100, Some("3")),
        (Limits { count: Some(4), ..limits() }, 100, None),
        // A difference counts without its sign, and the item's points only where there is none.
        (Limits { points: Some(157), ..limits() }, 100, Some("157")),
        (Limits { points: Some(158), ..limits() }, 100, None),
        (money("8.50"), 100, Some("8.5")),
        (money("8.51"), 100, None),
        // Three of 400 rows are 0.75 per cent.
        (Limits { share: Some(75), ..limits() }, 400, Some("3 of 400 rows")),
        (Limits { share: Some(76), ..limits() }, 400, None),
        (Limits { share: Some(75), ..limits() }, 401, None),
        (Limits { share: Some(10_000), ..limits() }, 0, Some("3 of 0 rows")),
    ];
    for (limits, came_in, expected) in rows {
        for consequence in [Consequence::Fails, Consequence::Blocks] {
            let mut ruling = Ruling::default();
            match consequence {
                Consequence::Fails => ruling.fail_on = limits.clone(),
                Consequence::Blocks => ruling.block_on = limits.clone(),
            }
            let rulings: Rulings = [(RULE.code, ruling)].into_iter().collect();
            let reached = rulings.reached(&all, came_in).unwrap();
            let told: Vec<_> = reached.iter().map(|reached| reached.found.as_str()).collect();
            assert_eq!(told, expected.into_iter().collect::<Vec<_>>(), "{limits}");
            assert!(reached.iter().all(|reached| reached.consequence == consequence));
            assert_eq!(rulings.reached(&[], came_in), Ok(vec![]), "nothing reaches nothing");
        }
    }
}

#[test]
fn what_is_not_set_is_as_the_page_says() {
    let weaker = Ruling {
        severity: Some(Severity::Information),
        effect: Some(Effect::Counted),
        ..Ruling::default()
    };
    let rows = [
        (None, (true, Severity::Error, Effect::Held)),
        (Some(Ruling::default()), (true, Severity::Error, Effect::Held)),
        (Some(weaker), (true, Severity::Information, Effect::Counted)),
        (
            Some(Ruling { is_off: true, ..Ruling::default() }),
            (false, Severity::Error, Effect::Held),
        ),
    ];
    for (ruling, expected) in rows {
        let rulings: Rulings = ruling.map(|ruling| (RULE.code, ruling)).into_iter().collect();
        let got = (rulings.is_on(&RULE), rulings.severity(&RULE), rulings.effect(&RULE));
        assert_eq!(got, expected);
    }
}
