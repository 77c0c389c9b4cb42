//! Own business of a closed month, and what names it in a later one.

use super::{Months, cells};
use crate::tables::table;

/// Goods that were bought in March come back in April and May: that is ordinary business.
#[test]
fn own_business_of_a_closed_month_is_known_to_its_reversals() {
    let months = Months::new();
    months.books("2026-03", &["A1 earn 1000 03-05", "A2 burn -300 03-06"], &[]);
    months.close("2026-03");
    months.books("2026-04", &["A3 reversal -400 04-06 original=A1"], &[]);
    months.close("2026-04");
    let reversals = ["A4 reversal -600 05-06 original=A1", "A5 reversal 300 05-06 original=A2"];
    months.books("2026-05", &reversals, &[]);
    months.close("2026-05");
    for period in ["2026-03", "2026-04", "2026-05"] {
        assert_eq!((months.codes(period).len(), months.held(period).len()), (0, 0), "{period}");
    }
    // Its sign is still the opposite of what it reverses, and what nobody ever had is an orphan.
    let wrong = ["A6 reversal 5 06-06 original=A1", "A7 reversal -5 06-06 original=A9"];
    months.books("2026-06", &wrong, &[]);
    months.close("2026-06");
    assert_eq!(months.codes("2026-06"), ["EVT-09 A6 ", "REV-01 A7 "]);
}

/// Of several rows of one number the last that was closed is meant.
#[test]
fn a_number_that_is_used_again_is_the_later_row() {
    let months = Months::new();
    months.books("2026-03", &["A1 earn 1000 03-05"], &[]);
    months.close("2026-03");
    months.books("2026-04", &["A1 burn -200 04-05"], &[]);
    months.close("2026-04");
    months.books("2026-05", &["A2 reversal 200 05-05 original=A1"], &[]);
    months.close("2026-05");
    assert_eq!(months.codes("2026-04"), ["EVT-04 A1 "]);
    assert_eq!(months.codes("2026-05"), [""; 0]);
}

/// A number of own business that a closed month has for another row is told, and holds nothing:
/// whoever sends a correction under the old number moves the balance twice.
#[test]
fn a_number_that_a_closed_month_has_is_told() {
    let march = "A1 earn 500 03-05";
    let void = "A1 earn 500 03-05 status=cancelled";
    let cases: [(&str, &[&str], &str); 9] = [
        (march, &["A1 earn 600 03-05"], "points 500 600"),
        (march, &["A1 earn 500 03-06"], "occurred_at"),
        (march, &["A1 burn -200 04-05"], "kind earn burn"),
        (march, &[void], "status posted cancelled"),
        (march, &["A1 earn 500 03-05 counter=B9"], "counter_event_id  B9"),
        // What was void takes effect, or is another event.
        (void, &["A1 earn 500 03-05"], ""),
        (void, &["A1 earn 600 03-05"], "points 500 600"),
        (march, &["A1 earn 500 03-05 order=O1"], ""),
        // What collides by itself is told so.
        (march, &["A1 earn 600 03-05", "A1 earn 700 03-05"], "points  "),
    ];
    for (march, april, told) in cases {
        let months = Months::new();
        months.book('a', "2026-03", &[march]);
        months.close("2026-03");
        // May's file has it still, which is no news of its own.
        for period in ["2026-04", "2026-05"] {
            months.book('a', period, april);
            months.close(period);
            let says = format!("{march} {april:?} {period}");
            let codes = if told.is_empty() || (period == "2026-05" && april.len() == 1) {
                vec![]
            } else {
                vec!["EVT-04 A1 "]
            };
            assert_eq!(months.codes(period), codes, "{says}");
            crate::review::is_sound(&months.finally(period), &says);
        }
        let found = months.found("2026-04", "EVT-04");
        let columns = ["field", "expected", "actual"];
        let found = cells(&found, &columns).concat();
        assert!(found.starts_with(told), "{march} {april:?}: {found}");
        assert_eq!(months.held("2026-04").len(), if april.len() > 1 { 2 } else { 0 });
    }
}

/// A leg that names own business is held under the same discrepancy in every later month, until
/// somebody decides.
#[test]
fn a_leg_that_names_own_business_keeps_its_discrepancy() {
    let mut months = Months::new();
    months.books("2026-03", &["A1 earn 1000 03-05"], &["B1 xaccept 333 03-05 counter=A1"]);
    months.close("2026-03");
    months.close("2026-04");
    let ids = ["2026-03", "2026-04"].map(|period| {
        assert_eq!(months.held(period), ["a  B1 EVT-09"], "{period}");
        months.found(period, "EVT-09").remove(0)["discrepancy_id"].clone()
    });
    assert_eq!(ids[0], ids[1]);
    months.decide(("2026-03", "EVT-09"), "reject", "", "05-05");
    months.close("2026-05");
    assert_eq!(months.held("2026-05"), [""; 0]);
    let decided = table(&months.finally("2026-05"), "decisions");
    assert_eq!(cells(&decided, &["outcome", "acceptor_event_id"]), ["applied B1"]);
}

/// A spend with a number that own business of a closed month has is held like one of the same month,
/// whether its own file or only the publication has that row, until somebody decides.
#[test]
fn a_spend_with_a_number_of_own_business_is_held() {
    let own = "A1 earn 1000 03-05";
    let spend = ["A1 xburn -999 04-06"];
    let mirror = ["B1 xaccept 333 04-06 counter=A1"];
    let mut ids = Vec::new();
    for april in [vec![own, spend[0]], spend.to_vec()] {
        let mut months = Months::new();
        months.books("2026-03", &[own], &[]);
        months.close("2026-03");
        months.books("2026-04", &april, &mirror);
        months.close("2026-04");
        months.close("2026-05");
        for period in ["2026-04", "2026-05"] {
            assert_eq!(months.cleared(period), [""; 0], "{period} {april:?}");
            assert_eq!(months.net(period), "0.00", "{period} {april:?}");
            let held = months.held(period);
            assert!(held.contains(&"a A1  EVT-04".to_owned()), "{period} {april:?}: {held:?}");
            assert!(held.contains(&"a  B1 EVT-04".to_owned()), "{period} {april:?}: {held:?}");
            ids.push(months.found(period, "EVT-04").remove(0)["discrepancy_id"].clone());
        }
        months.decide(("2026-05", "EVT-04"), "write_off", "", "06-05");
        months.close("2026-06");
        assert_eq!(months.held("2026-06"), [""; 0], "{april:?}");
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

/// A number that own business had is not free for a spend, whether the later file has the own row
/// again or not, until somebody decides.
#[test]
fn a_number_of_own_business_that_a_spend_uses_again_is_told() {
    let own = [
        "A1 earn 1000 03-05",
        "A1 burn -900 03-05",
        "A1 adjust 5 03-05",
        "A1 earn 1000 03-05 status=cancelled",
    ];
    for own in own {
        for is_cumulative in [true, false] {
            let mut months = Months::new();
            months.books("2026-03", &[own], &[]);
            months.close("2026-03");
            let spend = "A1 xburn -900 04-05";
            let rows = if is_cumulative { vec![own, spend] } else { vec![spend] };
            months.books("2026-04", &rows, &["B1 xaccept 300 04-05 counter=A1"]);
            months.close("2026-04");
            months.close("2026-05");
            let ids = ["2026-04", "2026-05"].map(|period| {
                let says = format!("{own} {is_cumulative} {period}");
                assert_eq!(months.cleared(period), [""; 0], "{says}");
                assert_eq!(months.held(period), ["a  B1 EVT-04", "a A1  EVT-04"], "{says}");
                months.found(period, "EVT-04").remove(0)["discrepancy_id"].clone()
            });
            assert_eq!(ids[0], ids[1], "{own} {is_cumulative}");
            months.decide(("2026-05", "EVT-04"), "reject", "", "06-05");
            months.close("2026-06");
            assert_eq!(months.held("2026-06"), [""; 0], "{own} {is_cumulative}");
        }
    }
}

/// Own business of a closed month that comes late is judged as in its own month, once; what the
/// closed month had, and is sent again, is not.
#[test]
fn own_business_that_comes_late_is_judged_when_it_comes() {
    let cases: [(&[&str], &[&str]); 6] = [
        (&["A1 earn -50 03-05"], &["EVT-09 A1 "]),
        (&["A1 earn 50 03-05", "A1 earn 60 03-05"], &["EVT-04 A1 "]),
        (&["A1 earn 50 03-05", "A1 earn 50 03-05"], &["EVT-03 A1 "]),
        (&["A1 earn 50 03-05 status=pending"], &[]),
        (&["A1 earn -50 03-05 status=cancelled"], &[]),
        (&["A1 earn 50 03-05"], &[]),
    ];
    for (rows, codes) in cases {
        for sent in ["2026-03", "2026-04"] {
            let months = Months::new();
            for period in ["2026-03", "2026-04", "2026-05"] {
                if period >= sent {
                    months.book('a', period, rows);
                }
                months.close(period);
                let is_held = codes.iter().any(|code| !code.starts_with("EVT-03"));
                let told = period == sent || (period > sent && is_held);
                let wanted = if told { codes } else { &[] };
                assert_eq!(months.codes(period), wanted, "{rows:?} {sent} {period}");
                crate::review::is_sound(&months.finally(period), period);
            }
        }
    }
}

/// What was held as own business is judged again where it took effect after all, though a month in
/// between called it void; and what was called void at first, where it took effect later.
#[test]
fn own_business_that_was_void_meanwhile_is_judged_again() {
    for void in ["pending", "cancelled"] {
        let posted = "A1 earn -50 03-05";
        let void = format!("{posted} status={void}");
        for (rows, held) in [
            ([posted, &void, posted], [true, false, true]),
            ([&void, posted, posted], [false, true, true]),
            ([&void, &void, posted], [false, false, true]),
        ] {
            let months = Months::new();
            for ((period, row), is_held) in
                ["2026-03", "2026-04", "2026-05"].iter().zip(rows).zip(held)
            {
                months.book('a', period, &[row]);
                months.close(period);
                let wanted = if is_held { vec!["a A1  EVT-09"] } else { Vec::new() };
                assert_eq!(months.held(period), wanted, "{rows:?} {period}");
                crate::review::is_sound(&months.finally(period), period);
            }
        }
    }
}

/// What is published for later months is published when a month is closed.
#[test]
fn only_a_closed_month_publishes_own_rows() {
    let months = Months::new();
    let rows = ["A1 earn 1000 03-05", "A2 xburn -90 03-06", "A3 reversal -10 03-07 original=A1"];
    months.books("2026-03", &rows, &[]);
    months.try_run("2026-03", "2026-03-31").unwrap();
    let provisional = months.path("out/p/2026-03/2026-03-31");
    assert!(table(&provisional, "own_rows").is_empty());
    months.close("2026-03");
    let own = table(&months.finally("2026-03"), "own_rows");
    let columns = ["party", "event_id", "kind", "points", "file", "line"];
    let kept = ["a A1 earn 1000 a-2026-03.csv 2", "a A3 reversal -10 a-2026-03.csv 4"];
    assert_eq!(cells(&own, &columns), kept);
}
