//! Late fees, caps and minimums over the periods.

use super::{Months, cells};
use crate::tables::table;

/// 80,000.00 each are spent in March and in May; four months are closed, with these lines.
#[track_caller]
fn check_late(months: &Months, expected: [(&str, &[&str]); 4]) {
    for (period, number, day) in [("2026-03", 1, "03-05"), ("2026-05", 2, "05-05")] {
        let leg = format!("A{number} xburn -10000000 {day}");
        let mirror = format!("B{number} xaccept 3333333 {day} counter=A{number}");
        months.books(period, &[&leg], &[&mirror]);
    }
    for (period, lines) in expected {
        months.close(period);
        let found = table(&months.finally(period), "statement_lines");
        assert_eq!(cells(&found, &["type", "amount", "payer", "reference"]), lines, "{period}");
    }
}

/// 80,000.00 of March are ten days late: 400.00, which stay below the minimum and are carried into
/// May. What is late of May in June is 80,000.00 of 80,400.00.
#[test]
fn a_late_fee_that_was_carried_bears_none() {
    let months = Months::new();
    months.declare_terms(|terms| {
        terms.replace("minimum_settlement: \"0\"", "minimum_settlement: \"500\"")
            + "  late_fee: { per_day: \"0.0005\", clause: l }\n"
    });
    months.change("grace_days: 2", "grace_days: 2\n  due_days: 20");
    months.settle("P1,2026-03,CNY,paid,80000.00,2026-04-30\n");
    let expected: [(&str, &[&str]); 4] = [
        ("2026-03", &["gross 80000.00 a "]),
        ("2026-04", &["late_fee 400.00 a 2026-03"]),
        ("2026-05", &["gross 80000.00 a ", "carry 400.00 a "]),
        ("2026-06", &["late_fee 400.00 a 2026-05"]),
    ];
    check_late(&months, expected);
}

/// Nothing is paid. The 400.00 of April are due, and not carried: what is late of May in June is
/// all of its 81,240.00 but the late fee of 1,240.00 that stands in it.
#[test]
fn a_late_fee_that_was_due_is_taken_off_its_own_statement_alone() {
    let months = Months::new();
    months.declare_terms(|terms| terms + "  late_fee: { per_day: \"0.0005\", clause: l }\n");
    months.change("grace_days: 2", "grace_days: 2\n  due_days: 20");
    months.settle("");
    let expected: [(&str, &[&str]); 4] = [
        ("2026-03", &["gross 80000.00 a "]),
        ("2026-04", &["late_fee 400.00 a 2026-03"]),
        ("2026-05", &["gross 80000.00 a ", "late_fee 1240.00 a 2026-03"]),
        ("2026-06", &["late_fee 1200.00 a 2026-03", "late_fee 400.00 a 2026-05"]),
    ];
    check_late(&months, expected);
}

/// A payment that one month's file named is known to the later ones; a file that says something else
/// of it is told and believed, and one that says that it was nothing takes it back.
#[test]
fn a_payment_that_was_named_once_is_known() {
    const PAID: &str = "P1,2026-03,CNY,paid,80000.00,2026-04-20\n";
    let of_may = |amount: &str| format!("P1,2026-03,CNY,paid,{amount},2026-04-20\n");
    // What May's file says, the late fee of May, what it tells, and the late fee of June.
    let rows = [
        (String::new(), "", "", ""),
        (PAID.to_owned(), "", "", ""),
        (of_may("30000.00"), "775.00", "EVT-04", "750.00"),
        (of_may("0"), "1240.00", "CLR-02", "1200.00"),
    ];
    for (may, of_day, told, in_june) in rows {
        let months = Months::new();
        months.declare_terms(|terms| terms + "  late_fee: { per_day: \"0.0005\", clause: l }\n");
        months.change("grace_days: 2", "grace_days: 2\n  due_days: 20");
        let (a, b) = ("A1 xburn -10000000 03-05", "B1 xaccept 3333333 03-05 counter=A1");
        months.books("2026-03", &[a], &[b]);
        months.settle(PAID);
        months.close("2026-03");
        months.close("2026-04");
        months.settle(&may);
        let fee = |period: &str| {
            let mut lines = table(&months.finally(period), "statement_lines");
            lines.retain(|line| line["type"] == "late_fee" && line["reference"] == "2026-03");
            cells(&lines, &["amount"]).concat()
        };
        months.close("2026-05");
        assert_eq!(fee("2026-05"), of_day, "{may}");
        let codes: Vec<String> =
            months.codes("2026-05").iter().map(|code| code.trim().to_owned()).collect();
        assert_eq!(codes.concat(), told, "{may}");
        crate::review::is_sound(&months.finally("2026-05"), &may);
        months.settle("");
        months.close("2026-06");
        assert_eq!(fee("2026-06"), in_june, "{may}");
    }
}

/// A statement counts what comes late with its own: first what is older.
#[test]
fn what_comes_late_does_not_pass_by_caps_and_minimums() {
    let months = Months::new();
    months.declare_terms(|terms| {
        terms
            + "  caps: [{ issuer: a, per: member, points: \"1500\", clause: c }]\n"
            + "  minimums: [{ issuer: a, points: \"100\", clause: c }]\n"
    });
    months.books("2026-03", &["A1 xburn -1000 03-05"], &["B1 xaccept 333 03-05 counter=A1"]);
    months.close("2026-03");
    months.books(
        "2026-04",
        &[
            "A2 xburn -900 03-06",
            "A3 xburn -30 03-06",
            "A4 xburn -900 04-05",
            "A5 xburn -600 04-06",
        ],
        &[
            "B2 xaccept 300 03-06 counter=A2",
            "B3 xaccept 10 03-06 counter=A3",
            "B4 xaccept 300 04-05 counter=A4",
            "B5 xaccept 200 04-06 counter=A5",
        ],
    );
    months.close("2026-04");
    assert_eq!(months.cleared("2026-04"), ["A2 B2 900 7.200000", "A5 B5 600 4.800000"]);
    assert_eq!(months.held("2026-04"), ["a A3 B3 CAP-03", "a A4 B4 CAP-01"]);
    // Both stay held until somebody decides.
    months.close("2026-05");
    assert_eq!(months.held("2026-05"), ["a A3 B3 CAP-03", "a A4 B4 CAP-01"]);
}

#[test]
fn a_cap_that_is_switched_off_lets_go_what_it_held() {
    let months = Months::new();
    months.declare_terms(|terms| {
        terms + "  caps: [{ issuer: a, per: member, points: \"500\", clause: c }]\n"
    });
    months.books("2026-03", &["A1 xburn -1000 03-05"], &["B1 xaccept 333 03-05 counter=A1"]);
    months.close("2026-03");
    assert_eq!(months.held("2026-03"), ["a A1 B1 CAP-01"]);
    months.change("publish:", "rules: { CAP-01: off }\npublish:");
    months.close("2026-04");
    assert_eq!(months.cleared("2026-04"), ["A1 B1 1000 8.000000"]);
    assert_eq!(months.codes("2026-04"), [""; 0]);
}

/// The fees of March's spend of 80.00 and of its two halves that come back in April and May.
fn fees_of_a_spend_and_its_reversals(terms: &str) -> Vec<String> {
    let months = Months::new();
    months.declare_terms(|text| text + terms);
    let spend = "A1 xburn -10000 03-05";
    months.books("2026-03", &[spend], &["B1 xaccept 3333 03-05 counter=A1"]);
    months.books(
        "2026-04",
        &["A2 reversal 5000 04-05 original=A1"],
        &["B2 reversal -1667 04-05 counter=A2 original=B1"],
    );
    months.books(
        "2026-05",
        &["A3 reversal 5000 05-05 original=A1"],
        &["B3 reversal -1666 05-05 counter=A3 original=B1"],
    );
    let fee_of = |period: &&str| {
        months.close(period);
        let lines = table(&months.finally(period), "statement_lines");
        lines.iter().find(|line| line["type"] == "fee").unwrap()["amount"].clone()
    };
    ["2026-03", "2026-04", "2026-05"].iter().map(fee_of).collect()
}

/// The example of clearing.md: by event nothing is left of the fee of what came back whole, by line
/// the bounds bind each line.
#[test]
fn bounds_bind_what_is_left_of_an_event_or_each_line() {
    for (place, bound, fees) in [
        ("event", "max: \"1\"", ["1.00", "-0.20", "-0.80"]),
        ("event", "min: \"5\"", ["5.00", "0.00", "-5.00"]),
        ("line", "max: \"1\"", ["1.00", "-0.80", "-0.80"]),
        ("line", "min: \"5\"", ["5.00", "-5.00", "-5.00"]),
    ] {
        let terms = format!(
            "  rounding: {{ place: {place}, mode: half_up }}\n  \
             fees: [{{ on: gross, percent: \"2\", paid_by: issuer, {bound} }}]\n"
        );
        assert_eq!(fees_of_a_spend_and_its_reversals(&terms), fees, "{place} {bound}");
    }
}

/// Caps of members go before those of the period; what several caps only tell is told once under
/// each code; and caps and minimums of one flow bound nothing of another.
#[test]
fn caps_and_minimums_are_told_once_each_in_their_order() {
    let cap = |per: &str, flow: &str, points: &str| {
        format!("    - {{ issuer: a, per: {per}, {flow}points: \"{points}\", clause: c }}\n")
    };
    let (of_spends, of_conversions) = ("flow: redemption, ", "flow: conversion, ");
    let least =
        |flow: &str| format!("  minimums: [{{ issuer: a, {flow}points: \"1000\", clause: c }}]\n");
    let told = "CAP-01: { effect: counted }, CAP-02: { effect: counted }";
    let both = ["CAP-01 A1 B1", "CAP-02 A1 B1"];
    let cases: [(String, &str, &[&str]); 9] = [
        (cap("period", "", "800") + &cap("member", "", "500"), "", &both[..1]),
        (cap("period", "", "800") + &cap("member", "", "900"), "", &both[1..]),
        (cap("period", "", "800") + &cap("member", "", "500"), told, &both),
        (cap("member", "", "800") + &cap("member", of_spends, "500"), told, &both[..1]),
        (cap("member", of_conversions, "500"), "", &[]),
        (cap("member", of_spends, "899"), "", &both[..1]),
        (least(of_spends), "", &["CAP-03 A1 B1"]),
        (least(of_conversions), "", &[]),
        (least("").replace("1000", "900"), "", &[]),
    ];
    for (bounds, rules, codes) in cases {
        let months = Months::new();
        let head = if bounds.contains("minimums") { "" } else { "  caps:\n" };
        months.declare_terms(|terms| format!("{terms}{head}{bounds}"));
        months.change("publish:", &format!("rules: {{ {rules} }}\npublish:"));
        months.books("2026-03", &["A1 xburn -900 03-05"], &["B1 xaccept 300 03-05 counter=A1"]);
        months.close("2026-03");
        assert_eq!(months.codes("2026-03"), codes, "{bounds} {rules}");
        let is_held = !codes.is_empty() && rules.is_empty();
        let net = if is_held { "0.00" } else { "7.20" };
        assert_eq!(months.net("2026-03"), net, "{bounds} {rules}");
    }
}
