//! What decisions may let count: of an original no more than it came to, and of one spend no more
//! than one.

use super::{Months, cells};
use crate::tables::table;

const A1: &str = "A1 xburn -1000 03-05";
const B1: &str = "B1 xaccept 333 03-05 counter=A1";
const A2: &str = "A2 reversal 1000 03-06 original=A1";
const A3: &str = "A3 reversal 1000 03-07 original=A1";
const B2: &str = "B2 reversal -333 03-06 counter=A2 original=B1";
const B3: &str = "B3 reversal -333 03-07 counter=A3 original=B1";

/// What each decision of a period came to, with its legs.
fn decided(months: &Months, period: &str) -> Vec<String> {
    let rows = table(&months.finally(period), "decisions");
    cells(&rows, &["decision_id", "outcome", "issuer_event_id", "acceptor_event_id"])
}

/// March closed with these rows, and April with a decision on each discrepancy of the code, and
/// with these rows of its own.
fn april(march: [&[&str]; 2], code: &str, points: [&str; 2], april: [&[&str]; 2]) -> Months {
    let mut months = Months::new();
    months.books("2026-03", march[0], march[1]);
    months.close("2026-03");
    for (row, points) in months.found("2026-03", code).iter().zip(points) {
        let action = if points.starts_with('~') { "adjust" } else { "release" };
        months.decide_on(&row["discrepancy_id"], action, points.trim_start_matches('~'), "04-05");
    }
    months.books("2026-04", april[0], april[1]);
    months.close("2026-04");
    months
}

/// A decision has the greater bound of both parties as a row, and its issuer's as a decision.
#[test]
fn a_decision_lets_no_more_count_than_can_be_cleared() {
    for (points, outcome) in
        [("~-900", "refused"), ("~900", "applied"), ("~1200000000000", "refused")]
    {
        let months = april([&[], &["B1 xburn -1000 03-05"]], "EVT-01", [points, ""], [&[], &[]]);
        assert_eq!(decided(&months, "2026-04"), [format!("D1 {outcome} B1 ")], "{points}");
    }
}

#[test]
fn no_more_is_reversed_by_decisions_than_the_original_came_to() {
    // A lone reversal is released beside a pair of reversals of the same original.
    let again = [&["A3 reversal 1000 04-06 original=A1"][..]];
    let mirrored = &["B3 reversal -333 04-06 counter=A3 original=B1"][..];
    let months = april([&[A1, A2], &[B1]], "REV-03", ["", ""], [again[0], mirrored]);
    assert_eq!(months.cleared("2026-04"), ["A3 B3 -1000 -8.000000"]);
    assert_eq!(decided(&months, "2026-04"), ["D1 refused A2 "]);
    // Two lone ones: the first of them.
    let months = april([&[A1, A2, A3], &[B1]], "REV-03", ["", ""], [&[], &[]]);
    assert_eq!(months.cleared("2026-04"), ["A2  -1000 -8.000000"]);
    assert_eq!(months.held("2026-04"), ["a A3  REV-03"]);
    // One of each party.
    let apart = "B2 reversal -333 03-06 counter=AX original=B1";
    let mut months = Months::new();
    months.books("2026-03", &[A1, A2], &[B1, apart]);
    months.close("2026-03");
    for row in months.found("2026-03", "REV-03") {
        let points = if row["b_event_id"].is_empty() { "" } else { "-1000" };
        months.decide_on(&row["discrepancy_id"], "release", points, "04-05");
    }
    months.close("2026-04");
    assert_eq!(months.cleared("2026-04"), ["A2  -1000 -8.000000"]);
    assert_eq!(months.held("2026-04"), ["a  B2 REV-03"]);
    // Legs that reverse two events, released beside a pair of reversals.
    let a4 = "A4 xburn -1000 03-05";
    let (b4, crossed) =
        ("B4 xaccept 333 03-05 counter=A4", "B2 reversal -333 03-06 counter=A2 original=B4");
    let rows: [&[&str]; 2] = [&[A1, a4, A2], &[B1, b4, crossed]];
    let months = april(rows, "EVT-09", ["", ""], [again[0], mirrored]);
    assert_eq!(months.cleared("2026-04"), ["A3 B3 -1000 -8.000000"]);
    assert_eq!(decided(&months, "2026-04"), ["D1 refused A2 B2"]);
}

#[test]
fn what_was_settled_leaves_no_room_for_a_reversal_that_is_released_later() {
    let mut months = Months::new();
    months.books("2026-03", &[A1, A2], &[B1]);
    months.close("2026-03");
    months.books(
        "2026-04",
        &["A3 reversal 1000 04-06 original=A1"],
        &["B3 reversal -333 04-06 counter=A3 original=B1"],
    );
    months.close("2026-04");
    months.decide(("2026-03", "REV-03"), "release", "", "05-05");
    months.close("2026-05");
    assert_eq!(decided(&months, "2026-05"), ["D1 refused A2 "]);
    assert_eq!((months.cleared("2026-05").len(), &*months.net("2026-05")), (0, "0.00"));
}

/// Too much is too much whoever approves it; what fits may be let count.
#[test]
fn a_reversal_of_too_much_is_released_only_as_far_as_there_is_room() {
    let a = [A1, "A2 reversal 600 03-06 original=A1", "A3 reversal 600 03-07 original=A1"];
    let b = [
        B1,
        "B2 reversal -200 03-06 counter=A2 original=B1",
        "B3 reversal -200 03-07 counter=A3 original=B1",
    ];
    for (points, cleared) in
        [("", &[][..]), ("~-401", &[]), ("~-400", &["A3 B3 -400 -3.200000"][..])]
    {
        let months = april([&a, &b], "REV-02", [points, ""], [&[], &[]]);
        assert_eq!(months.cleared("2026-04"), cleared, "{points}");
    }
    // What is rejected in the same run reverses nothing, and leaves its room.
    let mut months = Months::new();
    months.books("2026-03", &[A1, A2, A3], &[B1, &B2.replace("-333", "-300"), B3]);
    months.close("2026-03");
    months.decide(("2026-03", "AMT-01"), "reject", "", "04-05");
    months.decide(("2026-03", "REV-02"), "release", "", "04-05");
    months.close("2026-04");
    assert_eq!(months.cleared("2026-04"), ["A3 B3 -1000 -8.000000"]);
}

/// A reversal of what does not count pays nothing.
#[test]
fn a_reversal_of_what_was_rejected_cannot_be_released() {
    let half = "A2 reversal 500 04-05 counter=B2 original=A1";
    let mut months = Months::new();
    months.books("2026-03", &[A1], &[]);
    months.close("2026-03");
    months.books("2026-04", &[half], &[]);
    months.close("2026-04");
    let reversal = months.found("2026-04", "REV-03").remove(0)["discrepancy_id"].clone();
    // Its original is held still, then rejected, and in May no file has it.
    months.decide_on(&reversal, "release", "", "05-05");
    months.close("2026-05");
    assert_eq!(decided(&months, "2026-05"), ["D1 refused A2 "]);
    months.decide(("2026-03", "EVT-01"), "reject", "", "06-05");
    months.close("2026-06");
    assert_eq!(decided(&months, "2026-06"), ["D1 refused A2 ", "D2 applied A1 "]);
    assert_eq!((months.cleared("2026-06").len(), &*months.net("2026-06")), (0, "0.00"));
}

/// An original and what reverses it are released in one run.
#[test]
fn a_reversal_follows_its_original_when_both_are_released() {
    let mut months = Months::new();
    months.books("2026-03", &[A1, A2], &[]);
    months.close("2026-03");
    months.decide(("2026-03", "REV-03"), "release", "", "04-04");
    months.decide(("2026-03", "EVT-01"), "release", "", "04-05");
    months.close("2026-04");
    assert_eq!(months.cleared("2026-04"), ["A1  1000 8.000000", "A2  -1000 -8.000000"]);
}

/// The acceptor's leg was paid alone; when the issuer's comes with another mirror, nobody can say
/// that it is a spend of its own.
#[test]
fn what_is_tied_with_a_settled_leg_is_not_paid_again() {
    let mut months = Months::new();
    months.books("2026-03", &[], &[B1]);
    months.close("2026-03");
    months.decide(("2026-03", "EVT-02"), "release", "1000", "04-05");
    months.close("2026-04");
    months.books("2026-05", &[A1], &["B2 xaccept 333 03-05 counter=A1"]);
    months.close("2026-05");
    months.decide(("2026-05", "EVT-10"), "release", "", "06-05");
    months.close("2026-06");
    let outcomes = ["D1 not_held  ", "D2 refused  B2", "D2 refused A1 "];
    assert_eq!(decided(&months, "2026-06"), outcomes);
    assert_eq!((months.cleared("2026-06").len(), &*months.net("2026-06")), (0, "0.00"));
}

#[test]
fn a_tie_of_orders_is_not_paid_beside_a_settled_leg_of_the_other_side() {
    let mut months = Months::matched("[reference, { order: {} }]");
    months.books("2026-03", &[], &["B1 xaccept 333 03-05 order=O1"]);
    months.close("2026-03");
    months.decide(("2026-03", "EVT-02"), "release", "1000", "04-05");
    months.close("2026-04");
    months.books(
        "2026-05",
        &["A1 xburn -1000 03-05 order=O1", "A2 xburn -1000 03-06 order=O1"],
        &["B2 xaccept 333 03-06 order=O1"],
    );
    months.close("2026-05");
    months.decide(("2026-05", "EVT-10"), "release", "", "06-05");
    months.close("2026-06");
    assert_eq!((months.cleared("2026-06").len(), &*months.net("2026-06")), (0, "0.00"));
}

/// Where the other side has none that is settled, what remains of a tie may be paid.
#[test]
fn what_remains_of_a_tie_is_released_after_its_own_side() {
    let mut months = Months::matched("[{ order: {} }]");
    let a = ["A1 xburn -1000 03-05 order=O1", "A2 xburn -600 04-05 order=O1"];
    months.books(
        "2026-03",
        &a,
        &["B1 xaccept 333 03-05 order=O1", "B2 xaccept 200 04-05 order=O1"],
    );
    months.try_run("2026-03", "2026-03-31").unwrap();
    let found = table(&months.path("out/p/2026-03/2026-03-31"), "discrepancies");
    months.decide_on(&found[0]["discrepancy_id"], "release", "", "03-20");
    months.close("2026-03");
    assert_eq!(months.cleared("2026-03"), ["A1  1000 8.000000"]);
    months.close("2026-04");
    assert_eq!(months.cleared("2026-04"), ["A2  600 4.800000"]);
}

/// A second mirror of a spend that is settled, or has its mirror, names nothing that could be paid.
#[test]
fn a_leg_that_names_one_with_a_partner_cannot_be_released() {
    let second = "B2 xaccept 333 03-05 counter=A1";
    let mut months = Months::new();
    months.books("2026-03", &[A1], &[B1]);
    months.close("2026-03");
    months.books("2026-04", &["A2 xburn -1000 03-05 counter=B1"], &[second]);
    months.close("2026-04");
    months.decide(("2026-04", "EVT-02"), "release", "1000", "05-05");
    months.decide(("2026-04", "EVT-01"), "release", "", "05-05");
    months.close("2026-05");
    assert_eq!(decided(&months, "2026-05"), ["D1 refused  B2", "D2 refused A2 "]);
    months.decide(("2026-04", "EVT-02"), "reject", "", "06-05");
    months.close("2026-06");
    assert_eq!(months.held("2026-06"), ["a A2  EVT-01"]);
    assert_eq!(months.net("2026-06"), "0.00");
}

/// Of legs that name one event which never came the first is paid, in one run or over several.
#[test]
fn legs_that_name_one_absent_event_are_paid_once() {
    let b2 = "B2 xaccept 333 03-06 counter=A1";
    let issued = ["A1 xburn -1000 03-05 counter=B9", "A2 xburn -1000 03-06 counter=B9"];
    let reversed = [
        B1,
        "B2 reversal -133 03-06 counter=A2 original=B1",
        "B3 reversal -133 03-07 counter=A2 original=B1",
    ];
    let cases: [([&[&str]; 2], _, _, _, _); 3] = [
        ([&[], &[b2, B1]], "EVT-02", "1000", " B1 1000 8.000000", "a  B2 EVT-02"),
        ([&issued, &[]], "EVT-01", "", "A1  1000 8.000000", "a A2  EVT-01"),
        ([&[A1], &reversed], "REV-03", "-400", " B2 -400 -3.200000", "a  B3 REV-03"),
    ];
    for (march, code, points, cleared, held) in cases {
        let months = april(march, code, [points, points], [&[], &[]]);
        assert_eq!(months.cleared("2026-04"), [cleared]);
        assert_eq!(months.held("2026-04"), [held]);
    }
    // One after the other; what was rejected leaves the number to the other.
    for (action, points, cleared) in
        [("release", "1000", &[][..]), ("reject", "", &[" B2 1000 8.000000"])]
    {
        let mut months = Months::new();
        months.books("2026-03", &[], &[B1]);
        months.close("2026-03");
        months.decide(("2026-03", "EVT-02"), action, points, "04-05");
        months.books("2026-04", &[], &[b2]);
        months.close("2026-04");
        let late = months.found("2026-04", "EVT-02");
        let late = late.iter().find(|row| row["b_event_id"] == "B2").unwrap();
        months.decide_on(&late["discrepancy_id"], "release", "1000", "05-05");
        months.close("2026-05");
        assert_eq!(months.cleared("2026-05"), cleared, "{action}");
    }
    // One order may have two spends.
    let mut months = Months::matched("[reference, { order: {} }]");
    months.books(
        "2026-03",
        &[],
        &["B1 xaccept 333 03-05 order=O1", "B2 xaccept 333 03-06 order=O1"],
    );
    months.close("2026-03");
    for row in months.found("2026-03", "EVT-02") {
        months.decide_on(&row["discrepancy_id"], "release", "1000", "04-05");
    }
    months.close("2026-04");
    assert_eq!(months.cleared("2026-04"), [" B1 1000 8.000000", " B2 1000 8.000000"]);
}

/// A spend names its mirror and was paired with another that names it: that was its mirror.
#[test]
fn a_leg_that_a_settled_leg_names_is_not_paid_beside_it() {
    let named = "A1 xburn -1000 03-05 counter=B1";
    let (b1, b2) = ("B1 xaccept 333 03-05", "B2 xaccept 333 03-05 counter=A1");
    let mut months = Months::new();
    months.books("2026-03", &[named], &[b2]);
    months.close("2026-03");
    months.books("2026-04", &[], &[b1]);
    months.close("2026-04");
    months.decide(("2026-04", "EVT-02"), "release", "1000", "05-05");
    months.close("2026-05");
    assert_eq!(decided(&months, "2026-05"), ["D1 refused  B1"]);
    // Beside the pair in one run, too.
    let mut months = Months::new();
    months.books("2026-03", &[named], &[b1, b2]);
    months.try_run("2026-03", "2026-03-31").unwrap();
    let found = table(&months.path("out/p/2026-03/2026-03-31"), "discrepancies");
    months.decide_on(&found[0]["discrepancy_id"], "release", "1000", "03-20");
    months.close("2026-03");
    assert_eq!(months.cleared("2026-03"), ["A1 B2 1000 8.000000"]);
    assert_eq!(decided(&months, "2026-03"), ["D1 refused  B1"]);
}

/// A number stands for one decision: several that differ do nothing, and alike ones are one.
#[test]
fn several_decisions_of_one_number_do_nothing() {
    for (rows, outcomes, codes) in [
        (["release,", "reject,"], vec!["D1 unauthorised  ", "D1 unauthorised  "], 1),
        (["release,", "release,"], vec!["D1 applied A1 "], 0),
    ] {
        let months = Months::new();
        months.books("2026-03", &[A1], &[]);
        months.close("2026-03");
        let id = months.found("2026-03", "EVT-01").remove(0)["discrepancy_id"].clone();
        let row = |action: &str| format!("D1,{id},{action},r,x,y,2026-04-05 10:00:00\n");
        let header = "decision_id,discrepancy_id,action,points,reason,author,approver,decided_at\n";
        let text = format!("{header}{}{}", row(rows[0]), row(rows[1]));
        std::fs::write(months.path("decisions.csv"), text).unwrap();
        months.close("2026-04");
        assert_eq!(decided(&months, "2026-04"), outcomes);
        assert_eq!(months.found("2026-04", "LED-06").len(), codes);
    }
}

/// What is decided after a period's end, and filed with it alone, is applied in the next.
#[test]
fn a_decision_that_is_taken_after_the_period_that_it_is_filed_with_is_handed_on() {
    for again in ["", "alike", "otherwise"] {
        let mut months = Months::new();
        months.books("2026-03", &[A1], &[]);
        months.try_run("2026-03", "2026-04-04").unwrap();
        let rows = table(&months.path("out/p/2026-03/2026-04-04"), "discrepancies");
        months.decide_on(&rows[0]["discrepancy_id"], "release", "", "04-05");
        months.close("2026-03");
        assert_eq!(decided(&months, "2026-03"), ["D1 waiting  "]);
        let filed = std::mem::take(&mut months.decisions);
        months.decisions = match again {
            "alike" => filed.clone(),
            "otherwise" => filed.replace("release", "reject"),
            _ => String::new(),
        };
        months.write_decisions();
        months.close("2026-04");
        if again == "otherwise" {
            assert_eq!(decided(&months, "2026-04"), ["D1 unauthorised  "; 2]);
            assert_eq!(months.found("2026-04", "LED-06").len(), 1);
            assert_eq!(months.held("2026-04"), ["a A1  EVT-01"]);
            continue;
        }
        assert_eq!(decided(&months, "2026-04"), ["D1 applied A1 "], "{again}");
        assert_eq!(months.cleared("2026-04"), ["A1  1000 8.000000"]);
        months.decisions = filed;
        months.write_decisions();
        months.close("2026-05");
        assert_eq!(decided(&months, "2026-05"), ["D1 not_held  "]);
        assert_eq!(months.codes("2026-05"), [""; 0]);
    }
}

/// A number that moved something is used up: another decision under it does nothing, and is told.
#[test]
fn a_decisions_number_that_is_used_again_is_told() {
    let mut months = Months::new();
    months.books("2026-03", &[A1], &[]);
    months.close("2026-03");
    months.decide(("2026-03", "EVT-01"), "release", "", "04-05");
    let again = "A9 xburn -500 04-06";
    months.books("2026-04", &[again], &[]);
    months.close("2026-04");
    assert_eq!(decided(&months, "2026-04"), ["D1 applied A1 "]);
    months.decisions.clear();
    let id = months.found("2026-04", "EVT-01").remove(0)["discrepancy_id"].clone();
    months.decide_on(&id, "release", "", "05-05");
    months.close("2026-05");
    assert_eq!(decided(&months, "2026-05"), ["D1 unauthorised  "]);
    assert_eq!(
        cells(&months.found("2026-05", "LED-06"), &["reason"]),
        ["the number D1 moved something in 2026-04, for another decision"]
    );
    assert_eq!(months.held("2026-05"), ["a A9  EVT-01"]);
    // What moved nothing may be corrected under its number.
    let mut months = Months::new();
    months.books("2026-03", &[A1], &[]);
    months.close("2026-03");
    months.decide(("2026-03", "EVT-01"), "adjust", "", "04-05");
    months.close("2026-04");
    assert_eq!(decided(&months, "2026-04"), ["D1 refused A1 "]);
    months.decisions = months.decisions.replace("adjust,", "adjust,600");
    months.write_decisions();
    months.close("2026-05");
    assert_eq!(decided(&months, "2026-05"), ["D1 applied A1 "]);
}
