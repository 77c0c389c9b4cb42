//! An adjustment is paid once, in the first open period that has it; one that is held stays so until
//! it is sent again or dropped.

use super::{Months, cells};
use crate::tables::table;

/// The adjustments that a period pays: `number amount payer origin`.
fn paid(months: &Months, period: &str) -> Vec<String> {
    let mut rows = table(&months.finally(period), "statement_lines");
    rows.retain(|row| row["type"] == "adjustment");
    cells(&rows, &["reference", "amount", "payer", "origin_period"])
}

fn held(months: &Months, period: &str) -> Vec<String> {
    let mut rows = table(&months.finally(period), "held");
    rows.retain(|row| row["kind"] == "adjustment");
    cells(&rows, &["reference", "amount", "currency", "payer", "code", "issuer_row"])
}

const J1: &str = "J1,a,100.00,r,x,y,2026-03-10 10:00:00,CNY\n";

#[test]
fn an_adjustment_that_is_sent_again_is_not_paid_again() {
    let told = |again: &str| {
        let months = Months::new();
        months.adjust(J1);
        months.close("2026-03");
        assert_eq!(paid(&months, "2026-03"), ["J1 100.00 a 2026-03"]);
        months.adjust(again);
        months.close("2026-04");
        assert_eq!(paid(&months, "2026-04"), [""; 0], "{again}");
        assert_eq!(held(&months, "2026-04"), [""; 0], "{again}");
        cells(&months.found("2026-04", "EVT-04"), &["field", "expected", "actual", "effect"])
    };
    assert_eq!(told(J1), [""; 0]);
    assert_eq!(told(&[J1, J1].concat()), [""; 0]);
    let april = "2026-04-02T10:00:00+08:00";
    assert_eq!(
        told(&J1.replace("03-10", "04-02")),
        [format!("approved_at SKY 100 CNY SKY 100 CNY {april} counted")]
    );
    let march = "2026-03-10T10:00:00+08:00";
    let other = J1.replace("100.00", "120.00").replace(",a,", ",b,");
    assert_eq!(
        told(&[J1, &other].concat()),
        [format!("payer SKY 100 CNY HBR 120 CNY {march} counted")]
    );
}

#[test]
fn an_adjustment_that_came_after_its_period_closed_is_paid_in_the_open_one() {
    let months = Months::new();
    months.close("2026-03");
    months.adjust("J2,b,77.00,r,x,y,2026-03-31 10:00:00,\nJ3,b,1.00,r,x,y,2026-02-28 10:00:00,\n");
    months.close("2026-04");
    // What was approved before the first period that was closed is of no other.
    assert_eq!(paid(&months, "2026-04"), ["J2 77.00 b 2026-04", "J3 1.00 b 2026-04"]);
    months.close("2026-05");
    assert_eq!(paid(&months, "2026-05"), [""; 0]);
}

#[test]
fn an_adjustment_without_authority_is_held_until_it_has_one_or_is_dropped() {
    let mut months = Months::new();
    let alone = "J1,a,100.00,r,x,x,2026-03-10 10:00:00,CNY\n";
    months.adjust(alone);
    months.close("2026-03");
    let stands = ["J1 100.000000 CNY a LED-06 adjustments.csv:2"];
    assert_eq!(held(&months, "2026-03"), stands);
    let first = months.found("2026-03", "LED-06").remove(0);
    months.adjust("");
    months.close("2026-04");
    assert_eq!(held(&months, "2026-04"), stands);
    let second = months.found("2026-04", "LED-06").remove(0);
    for column in ["discrepancy_id", "first_seen", "amount_at_stake"] {
        assert_eq!(first[column], second[column], "{column}");
    }
    // It cannot be released as it stands.
    months.decide(("2026-04", "LED-06"), "release", "", "05-05");
    months.close("2026-05");
    assert_eq!(held(&months, "2026-05"), stands);
    let decided = |months: &Months, period| {
        cells(
            &table(&months.finally(period), "decisions"),
            &["decision_id", "outcome", "issuer", "reference"],
        )
    };
    assert_eq!(decided(&months, "2026-05"), ["D1 refused  J1"]);
    months.decide(("2026-04", "LED-06"), "reject", "", "06-05");
    months.close("2026-06");
    assert_eq!(decided(&months, "2026-06"), ["D1 refused  J1", "D2 applied  J1"]);
    assert_eq!(held(&months, "2026-06"), [""; 0]);
    // Sent again with an approver it is paid, and held no more.
    let months = Months::new();
    months.adjust(alone);
    months.close("2026-03");
    months.adjust(J1);
    months.close("2026-04");
    assert_eq!((paid(&months, "2026-04").len(), held(&months, "2026-04").len()), (1, 0));
}

/// What a period hands on: `number amount approved_at file:line`.
fn handed_on(months: &Months, period: &str) -> Vec<String> {
    let rows = table(&months.finally(period), "open_adjustments");
    cells(&rows, &["adjustment_id", "amount", "reason", "author", "approver", "file", "line"])
}

/// What is approved after a period's end, and filed with it alone, is paid in its own.
#[test]
fn an_adjustment_that_is_approved_after_the_period_that_it_is_filed_with_is_handed_on() {
    let april = J1.replace("03-10", "04-02");
    for (again, held_in_april) in [
        ("", 0),
        (april.as_str(), 0),
        // One number of two adjustments is nobody's.
        (&april.replace("100.00", "120.00"), 2),
    ] {
        let months = Months::new();
        months.adjust(&format!("{april}J4,b,1.00,r,x,y,2026-05-31 10:00:00,\n"));
        months.close("2026-03");
        assert_eq!(paid(&months, "2026-03"), [""; 0]);
        let waits =
            ["J1 100.000000 r x y adjustments.csv 2", "J4 1.000000 r x y adjustments.csv 3"];
        assert_eq!(handed_on(&months, "2026-03"), waits);
        months.adjust(again);
        months.close("2026-04");
        let is_held = held_in_april > 0;
        let paid_in_april: &[&str] = if is_held { &[] } else { &["J1 100.00 a 2026-04"] };
        assert_eq!(paid(&months, "2026-04"), paid_in_april, "{again}");
        assert_eq!(held(&months, "2026-04").len(), held_in_april, "{again}");
        let reasons = cells(&months.found("2026-04", "LED-06"), &["reason", "a_rows"]);
        match is_held {
            true => assert_eq!(
                reasons,
                ["adjustment J1: several adjustments have this number \
                  adjustments.csv:2;adjustments.csv:2"]
            ),
            false => assert_eq!(reasons, [""; 0]),
        }
        assert_eq!(handed_on(&months, "2026-04"), waits[1..], "{again}");
        months.adjust("");
        months.close("2026-05");
        assert_eq!(paid(&months, "2026-05"), ["J4 1.00 b 2026-05"]);
        assert_eq!(held(&months, "2026-05").len(), held_in_april, "{again}");
        assert_eq!(handed_on(&months, "2026-05"), [""; 0]);
        months.adjust(&april);
        months.close("2026-06");
        let paid_in_june: &[&str] = if is_held { &["J1 100.00 a 2026-06"] } else { &[] };
        assert_eq!(paid(&months, "2026-06"), paid_in_june, "{again}");
    }
}

/// Two of one number do not come apart, one paid by a later period and the other held.
#[test]
fn two_adjustments_of_one_number_are_held_together_whenever_they_were_approved() {
    let months = Months::new();
    months.adjust(&[J1, &J1.replace("03-10", "04-02")].concat());
    months.close("2026-03");
    assert_eq!(held(&months, "2026-03").len(), 2);
    months.adjust("");
    months.close("2026-04");
    assert_eq!((paid(&months, "2026-04").len(), held(&months, "2026-04").len()), (0, 2));
}

#[test]
fn an_adjustment_of_before_the_first_period_is_paid_where_it_is_first_seen() {
    let months = Months::new();
    let rows = "J1,a,100.00,r,x,y,2025-12-30 10:00:00,CNY\n";
    months.adjust(rows);
    months.close("2026-03");
    assert_eq!(paid(&months, "2026-03"), ["J1 100.00 a 2026-03"]);
    months.close("2026-04");
    assert_eq!(paid(&months, "2026-04"), [""; 0]);
    assert_eq!(months.codes("2026-04"), [""; 0]);
}

/// What is at stake may be more than its column holds: it is told in words, and stops nothing.
#[test]
fn a_stake_that_no_column_holds_is_told() {
    let months = Months::new();
    let row = "J1,a,500000000000,r,x,y,2026-03-10 10:00:00,CNY\n";
    months.adjust(&format!("{row}{row}J2,a,7.00,r,x,y,2026-03-10 10:00:00,CNY\n"));
    months.close("2026-03");
    assert_eq!(paid(&months, "2026-03"), ["J2 7.00 a 2026-03"]);
    assert_eq!(
        cells(&months.found("2026-03", "LED-06"), &["reason", "amount_at_stake", "currency"]),
        ["adjustment J1: several adjustments have this number; 1000000000000 CNY are at stake, \
          more than a column holds  "]
    );
    assert_eq!(held(&months, "2026-03").len(), 2);
}
