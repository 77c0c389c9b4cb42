//! What is settled stands as it was published: no file takes it back, no pipeline prices it anew,
//! and no leg of it is settled twice.

use std::fs;

use super::{Months, cells};
use crate::tables::table;

const A1: &str = "A1 xburn -1000 03-05";
const B1: &str = "B1 xaccept 333 03-05 counter=A1";
const A2: &str = "A2 reversal 1000 04-05 original=A1";
const B2: &str = "B2 reversal -333 04-05 counter=A2 original=B1";

/// March closed with 1,000 points at 0.008.
fn march() -> Months {
    let months = Months::new();
    months.books("2026-03", &[A1], &[B1]);
    months.close("2026-03");
    months
}

fn told(months: &Months, period: &str) -> Vec<String> {
    let columns = ["field", "expected", "actual", "effect"];
    cells(&months.found(period, "EVT-04"), &columns)
}

#[test]
fn what_is_sent_again_otherwise_reverses_no_more_than_was_settled() {
    // As sent again, what is told of it, and the net of its reversal.
    let rows: [[&[&str]; 3]; 7] = [
        [&[A1], &[B1], &[]],
        [&["A1 xburn -3000 03-05"], &[], &["points -1000 -3000 counted"]],
        [
            &["A1 xburn -1000 04-02"],
            &[],
            &["occurred_at 2026-03-05T10:00:00+08:00 2026-04-02T10:00:00+08:00 counted"],
        ],
        [
            &["A1 xburn -1000 03-05 status=cancelled"],
            &["B1 xaccept 333 03-05 counter=A1 status=cancelled"],
            &["status posted cancelled counted", "status posted cancelled counted"],
        ],
        [&["A1 xout -1000 03-05"], &[], &["kind xburn xout counted"]],
        [&[], &["B1 xaccept 333 03-05 counter=A9"], &["counter_event_id A1 A9 counted"]],
        [
            &["A1 xburn -3000 03-05", "A1 earn 7 04-05", "A1 xburn -3000 03-05"],
            &[],
            &["kind xburn earn;xburn counted"],
        ],
    ];
    for [a, b, says] in rows {
        let months = march();
        months.books("2026-04", &[a, &[A2]].concat(), &[b, &[B2]].concat());
        months.close("2026-04");
        assert_eq!(told(&months, "2026-04"), says, "{a:?} {b:?}");
        assert_eq!(months.cleared("2026-04"), ["A2 B2 -1000 -8.000000"], "{a:?} {b:?}");
        assert_eq!(months.net("2026-04"), "-8.00");
    }
}

#[test]
fn what_is_sent_again_enlarged_does_not_make_room_for_a_larger_reversal() {
    let months = march();
    months.books(
        "2026-04",
        &["A1 xburn -3000 03-05", "A2 reversal 3000 04-05 original=A1"],
        &["B1 xaccept 1000 03-05 counter=A1", "B2 reversal -1000 04-05 counter=A2 original=B1"],
    );
    months.close("2026-04");
    assert_eq!(told(&months, "2026-04").len(), 2);
    assert_eq!(months.found("2026-04", "REV-02").len(), 1);
    assert_eq!((months.cleared("2026-04").len(), &*months.net("2026-04")), (0, "0.00"));
}

/// A decision settled 800 of 1,000 points; no more can be reversed, whether the file has the row
/// again or not, and that it has is no contradiction.
#[test]
fn what_was_adjusted_is_reversed_at_what_was_settled() {
    for again in [false, true] {
        let mut months = Months::new();
        let mirror = "B1 xaccept 300 03-05 counter=A1";
        months.books("2026-03", &[A1], &[mirror]);
        months.close("2026-03");
        months.decide(("2026-03", "AMT-01"), "adjust", "800", "04-05");
        months.close("2026-04");
        assert_eq!(months.cleared("2026-04"), ["A1 B1 800 6.400000"]);
        let (mut a, mut b) = (vec!["A2 reversal 800 05-05 original=A1"], Vec::new());
        b.push("B2 reversal -266 05-05 counter=A2 original=B1");
        if again {
            (a, b) = ([a, vec![A1]].concat(), [b, vec![mirror]].concat());
        }
        months.books("2026-05", &a, &b);
        months.close("2026-05");
        assert_eq!(months.cleared("2026-05"), ["A2 B2 -800 -6.400000"], "{again}");
        assert_eq!(told(&months, "2026-05"), [""; 0]);
        months.books(
            "2026-06",
            &["A3 reversal 200 06-05 original=A1"],
            &["B3 reversal -67 06-05 counter=A3 original=B1"],
        );
        months.close("2026-06");
        assert_eq!(months.found("2026-06", "REV-02").len(), 1);
    }
}

/// The acceptor's leg was released alone; the issuer's comes a month later, by whatever rule the
/// two belong together, and is not paid again, nor its reversal more than once.
#[test]
fn a_leg_that_was_released_alone_is_known_when_its_partner_comes() {
    for (rules, mirror, leg) in [
        ("[reference]", B1, A1),
        ("[reference]", "B1 xaccept 333 03-05", "A1 xburn -1000 03-05 counter=B1"),
        (
            "[reference, { order: {} }]",
            "B1 xaccept 333 03-05 order=O1",
            "A1 xburn -3000 03-05 order=O1",
        ),
    ] {
        let mut months = Months::matched(rules);
        months.books("2026-03", &[], &[mirror]);
        months.close("2026-03");
        months.decide(("2026-03", "EVT-02"), "release", "1000", "04-05");
        months.close("2026-04");
        assert_eq!(months.cleared("2026-04"), [" B1 1000 8.000000"]);
        months.books("2026-05", &[leg], &[]);
        months.close("2026-05");
        let other = if leg.contains("-3000") { vec!["points 1000 3000 counted"] } else { vec![] };
        assert_eq!(told(&months, "2026-05"), other, "{leg}");
        let joined = table(&months.finally("2026-05"), "settled_rows");
        assert_eq!(cells(&joined, &["event_id", "became", "partner_event_id"]), ["A1 joined B1"]);
        // Neither book has the event in June; it is reversed at what was settled, once.
        months.books(
            "2026-06",
            &["A2 reversal 1000 06-05 original=A1", "A3 reversal 1 06-06 original=A1"],
            &[
                "B2 reversal -333 06-05 counter=A2 original=B1",
                "B3 reversal -1 06-06 counter=A3 original=B1",
            ],
        );
        months.close("2026-06");
        assert_eq!(months.cleared("2026-06"), ["A2 B2 -1000 -8.000000"], "{leg}");
        assert_eq!(months.held("2026-06"), ["a A3 B3 REV-02"], "{leg}");
    }
}

#[test]
fn an_issuers_leg_that_was_released_alone_is_known_when_its_mirror_comes() {
    for (rules, leg, mirror) in [
        ("[reference]", A1, B1),
        ("[reference]", "A1 xburn -1000 03-05 counter=B1", "B1 xaccept 333 03-05"),
        (
            "[reference, { order: {} }]",
            "A1 xburn -1000 03-05 order=O1",
            "B1 xaccept 300 03-05 order=O1",
        ),
    ] {
        let mut months = Months::matched(rules);
        months.books("2026-03", &[leg], &[]);
        months.close("2026-03");
        months.decide(("2026-03", "EVT-01"), "release", "", "04-05");
        months.close("2026-04");
        assert_eq!(months.cleared("2026-04"), ["A1  1000 8.000000"]);
        months.books("2026-05", &[], &[mirror]);
        months.close("2026-05");
        let other = if mirror.contains(" 300 ") { vec!["points 333 300 counted"] } else { vec![] };
        assert_eq!(told(&months, "2026-05"), other, "{mirror}");
        months.books(
            "2026-06",
            &["A2 reversal 1000 06-05 original=A1"],
            &["B2 reversal -333 06-05 counter=A2 original=B1"],
        );
        months.close("2026-06");
        assert_eq!(months.cleared("2026-06"), ["A2 B2 -1000 -8.000000"], "{mirror}");
    }
}

/// A reversal that was released alone has reversed its original, whichever side booked it.
#[test]
fn a_reversal_that_was_released_alone_leaves_nothing_to_reverse() {
    for (a, b, points) in [
        (vec!["A2 reversal 1000 04-05 original=A1"], vec![], ""),
        (vec![], vec!["B2 reversal -333 04-05 original=B1 counter=A2"], "-1000"),
    ] {
        let mut months = march();
        months.books("2026-04", &a, &b);
        months.close("2026-04");
        months.decide(("2026-04", "REV-03"), "release", points, "05-05");
        months.close("2026-05");
        assert_eq!(months.net("2026-05"), "-8.00");
        months.books(
            "2026-06",
            &["A3 reversal 1000 06-05 original=A1"],
            &["B3 reversal -333 06-05 counter=A3 original=B1"],
        );
        months.close("2026-06");
        assert_eq!(months.held("2026-06"), ["a A3 B3 REV-02"], "{a:?} {b:?}");
        assert_eq!(months.net("2026-06"), "0.00");
    }
}

/// A reversal that a decision dropped reversed nothing, and leaves room for the right one.
#[test]
fn a_reversal_that_was_dropped_leaves_its_original_to_another() {
    for action in ["reject", "write_off"] {
        let mut months = march();
        months.books(
            "2026-04",
            &["A2 reversal 600 04-05 original=A1"],
            &["B2 reversal -100 04-05 counter=A2 original=B1"],
        );
        months.close("2026-04");
        months.decide(("2026-04", "AMT-01"), action, "", "05-05");
        months.close("2026-05");
        assert_eq!(months.held("2026-05"), [""; 0]);
        months.books(
            "2026-06",
            &["A3 reversal 1000 06-05 original=A1"],
            &["B3 reversal -333 06-05 counter=A3 original=B1"],
        );
        months.close("2026-06");
        assert_eq!(months.cleared("2026-06"), ["A3 B3 -1000 -8.000000"], "{action}");
    }
}

/// A pair of reversals that a decision released has reversed its original, though its legs still
/// do not say the same thing.
#[test]
fn a_reversal_that_was_released_with_two_statuses_leaves_nothing_to_reverse() {
    let mut months = march();
    let cancelled = format!("{B2} status=cancelled");
    months.books("2026-04", &[A2], &[&cancelled]);
    months.close("2026-04");
    months.decide(("2026-04", "EVT-08"), "release", "", "05-05");
    months.close("2026-05");
    assert_eq!(months.cleared("2026-05"), ["A2 B2 -1000 -8.000000"]);
    months.books(
        "2026-06",
        &["A3 reversal 1000 06-05 original=A1"],
        &["B3 reversal -333 06-05 counter=A3 original=B1"],
    );
    months.close("2026-06");
    assert_eq!(months.held("2026-06"), ["a A3 B3 REV-02"]);
}

/// What joins a leg that was released alone counted in that leg's period, and takes nothing of
/// this period's cap.
#[test]
fn what_joins_what_was_released_alone_takes_nothing_of_a_cap() {
    let mut months = Months::new();
    months.declare_terms(|terms| {
        terms + "  caps:\n    - { issuer: a, per: period, points: \"1000\", clause: c }\n"
    });
    months.books("2026-03", &[], &["B1 xaccept 300 03-05 counter=A1"]);
    months.close("2026-03");
    months.decide(("2026-03", "EVT-02"), "release", "900", "04-05");
    months.close("2026-04");
    assert_eq!(months.cleared("2026-04"), [" B1 900 7.200000"]);
    months.books(
        "2026-05",
        &["A1 xburn -900 05-02", "A2 xburn -600 05-05"],
        &["B2 xaccept 200 05-05 counter=A2"],
    );
    months.close("2026-05");
    assert_eq!(months.cleared("2026-05"), ["A2 B2 600 4.800000"]);
    assert_eq!(months.held("2026-05"), [""; 0]);
}

/// A one-sided reversal keeps its issuer, its code and its id when its original is dropped, and so
/// the decision that was taken on it.
#[test]
fn a_reversal_of_what_was_dropped_stays_what_it_was() {
    for action in ["reject", "write_off"] {
        let mut months = Months::new();
        months.books("2026-03", &[], &["B1 xaccept 333 03-05"]);
        months.close("2026-03");
        months.books("2026-04", &[], &["B2 reversal -333 04-05 original=B1"]);
        months.decide(("2026-03", "EVT-02"), action, "", "05-05");
        months.close("2026-04");
        let before = months.found("2026-04", "REV-03");
        months.close("2026-05");
        assert_eq!(months.held("2026-05"), ["a  B2 REV-03"]);
        months.decide(("2026-05", "REV-03"), action, "", "06-05");
        months.close("2026-06");
        assert_eq!(
            before[0]["discrepancy_id"],
            months.found("2026-06", "REV-03")[0]["discrepancy_id"]
        );
        assert_eq!(months.held("2026-06"), [""; 0]);
        let decided = table(&months.finally("2026-06"), "decisions");
        let decided = cells(&decided, &["decision_id", "outcome", "acceptor_event_id"]);
        assert_eq!(decided, ["D1 not_held ", "D2 applied B2"]);
    }
}

/// What was dropped pairs with nothing any more, and does not stand in the way of another.
#[test]
fn what_was_dropped_comes_back_for_nobody() {
    let mut months = Months::matched("[reference, { order: {} }]");
    months.books("2026-03", &["A1 xburn -1000 03-05 order=O1"], &[]);
    months.close("2026-03");
    months.decide(("2026-03", "EVT-01"), "reject", "", "04-05");
    months.close("2026-04");
    // Sent again, and enlarged, it is no item; its mirror, which comes late, is one by itself; and
    // what was booked in its place finds its own mirror.
    months.books(
        "2026-05",
        &["A1 xburn -3000 03-05 order=O1", "A9 xburn -900 05-05 order=O1"],
        &["B1 xaccept 333 03-05 counter=A1", "B9 xaccept 300 05-05 order=O1"],
    );
    months.close("2026-05");
    assert_eq!(months.cleared("2026-05"), ["A9 B9 900 7.200000"]);
    assert_eq!(months.held("2026-05"), ["a  B1 EVT-02"]);
    assert_eq!(told(&months, "2026-05"), ["points -1000 -3000 counted"]);
}

#[test]
fn two_settlements_of_one_number_are_told() {
    let months = march();
    let row = "P1,2026-03,CNY,paid,3.00,2026-04-20\n";
    months.settle(&format!("{row}{row}P2,2026-03,CNY,paid,1.00,2026-04-21\n"));
    months.try_run("2026-04", "2026-04-30").unwrap();
    let folder = months.path("out/p/2026-04/2026-04-30");
    let mut rows = table(&folder, "discrepancies");
    rows.retain(|row| row["code"] == "EVT-04");
    assert!(rows.is_empty(), "{rows:?}");
    fs::remove_dir_all(months.path("out/p/2026-04")).unwrap();
    months.settle(&format!("{row}P1,2026-03,CNY,paid,2.00,2026-04-20\n"));
    months.close("2026-04");
    let columns = ["field", "expected", "actual", "effect", "a_rows"];
    assert_eq!(
        cells(&months.found("2026-04", "EVT-04"), &columns),
        ["amount 2026-03 paid 2 CNY 2026-04-20 2026-03 paid 3 CNY 2026-04-20 counted \
          settlements.csv:2;settlements.csv:3"]
    );
}

/// A payment of no statement counts for nothing, and is told until it is mended.
#[test]
fn a_settlement_of_no_statement_is_told() {
    let told = |row: &str| {
        let months = march();
        months.settle(&format!("{row}\nP9,2026-03,CNY,paid,1.00,2026-04-21\n"));
        months.close("2026-04");
        let columns = ["field", "expected", "actual", "amount_at_stake", "effect", "a_rows"];
        let rows = months.found("2026-04", "CLR-02");
        let reasons: Vec<String> = rows.iter().map(|row| row["reason"].clone()).collect();
        let rejects = table(&months.finally("2026-04"), "rejects");
        (cells(&rows, &columns), reasons, cells(&rejects, &["code", "line", "column", "reason"]))
    };
    let wrong = |cell: &str, reason: &str| {
        let cell = format!("{cell} dispute settlements.csv:2");
        (vec![cell], vec![format!("settlement P1: {reason}")], Vec::new())
    };
    let period = "2026-04 has no final statement; have it name the period that it settles";
    let currency = |code: &str| {
        format!(
            "the statement of 2026-03 is in no {code}; have it name the currency of the \
             statement, such as CNY"
        )
    };
    let amount = "its amount is not above zero; have it sent anew with what was paid or disputed";
    for (row, expected) in [
        ("P1,2026-03,CNY,paid,3.00,2026-04-20", Default::default()),
        ("P1,2026-03,,paid,3.00,2026-04-20", Default::default()),
        // Of what has not happened yet nobody knows more.
        ("P1,2026-04,CNY,paid,3.00,2026-05-02", Default::default()),
        ("P1,2026-04,CNY,paid,3.00,2026-04-20", wrong("period 2026-03 2026-04 3.000000", period)),
        ("P1,2026-03,HKD,paid,3.00,2026-04-20", wrong("currency CNY HKD ", &currency("HKD"))),
        ("P1,2026-03,cny,paid,3.00,2026-04-20", wrong("currency CNY cny ", &currency("cny"))),
        ("P1,2026-03,CNY,paid,-3.00,2026-04-20", wrong("amount  -3 -3.000000", amount)),
        ("P1,2026-03,CNY,disputed,0,2026-04-20", wrong("amount  0 0.000000", amount)),
    ] {
        assert_eq!(told(row), expected, "{row}");
    }
    let (found, _, rejects) = told("P1,2026-3,CNY,paid,3.00,2026-04-20");
    assert_eq!(found, [""; 0]);
    assert_eq!(
        rejects,
        ["FIL-06 2 period no label of a period such as 2026-03, 2026-Q1 or 2026-03-31; have it \
          mended"]
    );
}

/// What was held may be corrected, and whoever waited for the other figure is told.
#[test]
fn what_was_held_and_is_sent_again_otherwise_is_judged_and_told() {
    let months = Months::new();
    months.books("2026-03", &[A1], &[]);
    months.close("2026-03");
    months.books("2026-04", &["A1 xburn -3000 03-05"], &["B1 xaccept 1000 03-05 counter=A1"]);
    months.close("2026-04");
    assert_eq!(months.cleared("2026-04"), ["A1 B1 3000 24.000000"]);
    assert_eq!(told(&months, "2026-04"), ["points -1000 -3000 counted"]);
    let rows = months.found("2026-04", "EVT-04").remove(0)["a_rows"].clone();
    assert_eq!(rows, "2026-03/final/open_rows.parquet:1;a-2026-04.csv:2");
    // A row of later days is open as well.
    let months = Months::new();
    months.books("2026-03", &["A1 xburn -1000 05-05"], &[]);
    months.close("2026-03");
    months.close("2026-04");
    months.books("2026-05", &["A1 xburn -1500 05-05"], &["B1 xaccept 500 05-05 counter=A1"]);
    months.close("2026-05");
    assert_eq!(told(&months, "2026-05"), ["points -1000 -1500 counted"]);
    // As it was, it is nothing new.
    let months = Months::new();
    months.books("2026-03", &[A1], &[]);
    months.close("2026-03");
    months.books("2026-04", &[A1], &[]);
    months.close("2026-04");
    assert_eq!(told(&months, "2026-04"), [""; 0]);
}

/// A row of later days that has the number of a settled one says something else of it, in each run
/// that takes it up.
#[test]
fn an_open_row_with_the_number_of_a_settled_one_is_told() {
    let months = Months::new();
    months.books("2026-03", &[A1], &[B1]);
    months.close("2026-03");
    months.books("2026-04", &["A1 xburn -1500 05-05"], &[]);
    months.close("2026-04");
    months.close("2026-05");
    for period in ["2026-04", "2026-05"] {
        assert_eq!(told(&months, period), ["points -1000 -1500 counted"], "{period}");
        assert_eq!((months.held(period).len(), &*months.net(period)), (0, "0.00"), "{period}");
    }
    let rows = months.found("2026-05", "EVT-04").remove(0)["a_rows"].clone();
    let places = "2026-03/final/cleared_events.parquet:1;2026-04/final/open_rows.parquet:1";
    assert_eq!(rows, places);
}

#[test]
fn what_joins_a_leg_that_was_released_alone_with_other_content_is_told() {
    for (leg, says) in [
        ("A1 xburn -400 03-05", "points 1000 400 counted"),
        ("A1 xburn -1000 03-05 status=cancelled", "status posted cancelled counted"),
        ("A1 xout -1000 03-05", "kind xaccept xout counted"),
    ] {
        let mut months = Months::new();
        months.books("2026-03", &[], &[B1]);
        months.close("2026-03");
        months.decide(("2026-03", "EVT-02"), "release", "1000", "04-05");
        months.close("2026-04");
        months.books("2026-05", &[leg], &[]);
        months.close("2026-05");
        assert_eq!(told(&months, "2026-05"), [says]);
        assert_eq!(months.net("2026-05"), "0.00");
    }
}

/// What is reversed lies in March, whoever has a row of it, and so does what is settled of it.
#[test]
fn a_reversal_that_is_released_alone_stands_on_the_line_of_its_originals_period() {
    let mut months = Months::new();
    months.books("2026-03", &[], &["B1 xaccept 333 03-05 counter=A1"]);
    months.close("2026-03");
    months.decide(("2026-03", "EVT-02"), "release", "1000", "04-05");
    months.close("2026-04");
    months.books("2026-05", &[], &["B2 reversal -333 05-05 original=B1"]);
    months.close("2026-05");
    months.decide(("2026-05", "REV-03"), "release", "-1000", "06-05");
    months.close("2026-06");
    let lines = table(&months.finally("2026-06"), "statement_lines");
    let columns = ["type", "origin_period", "points", "amount"];
    assert_eq!(cells(&lines, &columns), ["gross 2026-03 -1000 -8.00"]);
}

/// A settled spend that comes again under other numbers, to the second, is told and counts; one a
/// minute and more away is another.
#[test]
fn a_settled_spend_that_comes_again_under_other_numbers_is_told() {
    for (day, is_told) in [("03-05", true), ("03-06", false)] {
        let months = Months::new();
        months.books("2026-03", &["A1 xburn -900 03-05"], &["B1 xaccept 300 03-05 counter=A1"]);
        months.close("2026-03");
        let (a, b) = (format!("A9 xburn -900 {day}"), format!("B9 xaccept 300 {day} counter=A9"));
        months.books("2026-04", &[&a], &[&b]);
        months.close("2026-04");
        let found = months.found("2026-04", "EVT-05");
        assert_eq!(found.len(), usize::from(is_told), "{day}");
        assert_eq!(months.cleared("2026-04"), ["A9 B9 900 7.200000"], "{day}");
        for row in found {
            let ids = [row["a_event_id"].as_str(), row["b_event_id"].as_str()];
            assert_eq!((ids, row["amount_at_stake"].as_str()), (["A1;A9", "B1;B9"], "7.200000"));
        }
        // Both are settled then, and nobody has to look at them again.
        months.close("2026-05");
        assert_eq!(months.codes("2026-05"), [""; 0], "{day}");
        crate::review::is_sound(&months.finally("2026-04"), day);
    }
}

/// A payment of one order that failed, again and again, is excluded in every month, whether or not
/// the files have the earlier failures still; the one that was made instead is paid.
#[test]
fn an_order_that_failed_ties_with_nothing() {
    for rules in ["[reference, { order: {} }]", "[{ order: {} }, reference]"] {
        for is_cumulative in [false, true] {
            let months = Months::matched(rules);
            let a =
                |id: &str, day: &str| format!("{id} xburn -900 {day} order=O1 status=cancelled");
            let b =
                |id: &str, day: &str| format!("{id} xaccept 300 {day} order=O1 status=cancelled");
            let march = (a("A1", "03-30"), b("B1", "03-30"));
            months.books("2026-03", &[&march.0], &[&march.1]);
            months.close("2026-03");
            let april = (a("A2", "04-02"), b("B2", "04-02"));
            let made = ("A3 xburn -900 04-03 order=O1", "B3 xaccept 300 04-03 order=O1");
            let mut books = (vec![april.0.as_str(), made.0], vec![april.1.as_str(), made.1]);
            if is_cumulative {
                books.0.push(&march.0);
                books.1.push(&march.1);
            }
            months.books("2026-04", &books.0, &books.1);
            months.close("2026-04");
            assert_eq!(months.held("2026-04"), [""; 0], "{rules} {is_cumulative}");
            assert_eq!(months.cleared("2026-04"), ["A3 B3 900 7.200000"], "{rules}");
            crate::review::is_sound(&months.finally("2026-04"), rules);
        }
    }
}
