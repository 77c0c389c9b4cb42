//! What a closed month may not forget of rows that it neither settled nor held: own business and
//! cancelled legs that other rows name, and reversals whose original is still to come.

use std::fs;

use super::{Months, cells};
use crate::tables::table;

/// The ids of a code's discrepancies in a period, in order.
fn ids(months: &Months, period: &str, code: &str) -> Vec<String> {
    cells(&months.found(period, code), &["discrepancy_id"])
}

/// What is held, with its points and money.
fn worth(months: &Months, period: &str) -> Vec<String> {
    let held = table(&months.finally(period), "held");
    cells(&held, &["issuer_event_id", "acceptor_event_id", "code", "points", "amount"])
}

/// A leg that names own business keeps its discrepancy from month to month, whatever that business
/// is: a reversal of other business, or rows of one number of which nobody knows the right one; and
/// so it is whichever party's business it is.
#[test]
fn a_leg_that_names_own_business_keeps_its_discrepancy_whatever_that_is() {
    let reversed = ["A1 earn 1000 03-05", "A3 reversal -1000 03-06 original=A1"];
    let collided = ["A3 earn 1000 03-05", "A3 earn 900 03-05"];
    let rows = [(&reversed[..], "EVT-09"), (&collided[..], "EVT-04")];
    for (own, code) in rows {
        for (book, partner) in [('a', 'b'), ('b', 'a')] {
            let mut months = Months::new();
            months.book(book, "2026-03", own);
            months.book(partner, "2026-03", &["B1 xaccept 333 03-07 counter=A3"]);
            for period in ["2026-03", "2026-04", "2026-05"] {
                months.close(period);
            }
            let told = ["2026-03", "2026-04", "2026-05"].map(|period| {
                let held = months.held(period);
                let leg = format!("{book}  B1 {code}");
                assert!(held.contains(&leg), "{book} {period}: {held:?}");
                let ids = ids(&months, period, code);
                assert_eq!(ids.len(), 1, "{book} {period} {:?}", months.codes(period));
                assert_eq!(months.codes(period).len(), 1, "{book} {period}");
                ids
            });
            assert_eq!((&told[0], &told[0]), (&told[1], &told[2]), "{book} {code}");
            months.decide(("2026-05", code), "reject", "", "06-05");
            months.close("2026-06");
            assert_eq!(months.held("2026-06"), [""; 0], "{book} {code}");
        }
    }
}

/// A leg that comes in a later month is judged by the business that it names as one of the same
/// month would be.
#[test]
fn a_leg_that_comes_later_names_what_it_names() {
    let reversed = ["A1 earn 1000 03-05", "A3 reversal -1000 03-06 original=A1"];
    let collided = ["A3 earn 1000 03-05", "A3 earn 900 03-05"];
    let with_own: [&str; 3] = ["a A3  EVT-04", "a A3  EVT-04", "a  B1 EVT-04"];
    for (own, code, held) in
        [(&reversed[..], "EVT-09", &["a  B1 EVT-09"][..]), (&collided[..], "EVT-04", &with_own)]
    {
        let mut told = Vec::new();
        for is_cumulative in [false, true] {
            let months = Months::new();
            months.book('a', "2026-03", own);
            months.close("2026-03");
            months.book('a', "2026-04", if is_cumulative { own } else { &[] });
            months.book('b', "2026-04", &["B1 xaccept 333 04-07 counter=A3"]);
            months.close("2026-04");
            assert_eq!(months.held("2026-04"), held, "{is_cumulative}");
            told.push(ids(&months, "2026-04", code));
        }
        assert_eq!(told[0], told[1], "{code}");
    }
}

/// A number that own business and a spend of one month share is held until somebody decides, in
/// whatever month that is; and so is a spend with the number of a reversal of own business.
#[test]
fn a_shared_number_stays_held() {
    let shared = ["A3 earn 1000 03-05", "A3 xburn -900 03-05"];
    let reversal = ["A1 earn 1000 03-05", "A3 reversal -1000 03-06 original=A1"];
    let rows = [(&shared[..], &[][..]), (&reversal[..], &["A3 xburn -900 04-05"][..])];
    for (march, april) in rows {
        for is_cumulative in [false, true] {
            let months = Months::new();
            months.book('a', "2026-03", march);
            months.book('b', "2026-03", &["B1 xaccept 300 04-05 counter=A3"]);
            months.close("2026-03");
            let before: &[&str] = if is_cumulative { march } else { &[] };
            months.book('a', "2026-04", &[before, april].concat());
            let mut told = Vec::new();
            for period in ["2026-04", "2026-05", "2026-06"] {
                months.close(period);
                assert_eq!(months.cleared(period), [""; 0], "{march:?} {is_cumulative} {period}");
                told.push(ids(&months, period, "EVT-04"));
            }
            told.dedup();
            assert_eq!((told.len(), told[0].len()), (1, 1), "{march:?} {is_cumulative} {told:?}");
        }
    }
}

/// The reversal of own business that is sent again in a later month is no second one.
#[test]
fn a_reversal_of_own_business_is_sent_again() {
    let march = ["A1 earn 1000 03-05", "A3 reversal -1000 03-06 original=A1"];
    let months = Months::new();
    months.book('a', "2026-03", &march);
    months.close("2026-03");
    for april in [&march[1..], &march[..], &["A3 reversal -900 03-06 original=A1"]] {
        months.book('a', "2026-04", april);
        months.try_run("2026-04", "2026-04-30").unwrap();
        let found = table(&months.path("out/p/2026-04/2026-04-30"), "discrepancies");
        assert_eq!(cells(&found, &["code"]), [""; 0], "{april:?}");
    }
}

/// What is cancelled is remembered for what reverses it: the reversal is held under one discrepancy
/// and at one worth in every month, whether it comes with what it reverses or later.
#[test]
fn a_reversal_of_what_was_cancelled_stays_what_it_is() {
    let a = ["A1 xburn -900 03-05 status=cancelled", "A2 reversal 900 03-06 original=A1"];
    let b = [
        "B1 xaccept 300 03-05 counter=A1 status=cancelled",
        "B2 reversal -300 03-06 counter=A2 original=B1",
    ];
    let late_a = "A2 reversal 900 04-06 original=A1";
    let late_b = "B2 reversal -300 04-06 counter=A2 original=B1";
    // rows of March, of April, what is told, what is held
    let rows = [
        (&a[..], &b[..], None, "REV-01", "A2 B2 REV-01 -900 -7.200000"),
        (&a[..], &b[..1], None, "REV-03", "A2  REV-03 -900 -7.200000"),
        (&a[..1], &b[..1], Some((late_a, late_b)), "REV-01", "A2 B2 REV-01 -900 -7.200000"),
        (&a[..1], &b[..1], Some((late_a, "")), "REV-03", "A2  REV-03 -900 -7.200000"),
    ];
    for (a, b, later, code, held) in rows {
        let mut told = Vec::new();
        for is_cumulative in [false, true] {
            let months = Months::new();
            months.books("2026-03", a, b);
            months.close("2026-03");
            let (mut april_a, mut april_b) = (Vec::new(), Vec::new());
            if is_cumulative {
                april_a.extend(a);
                april_b.extend(b);
            }
            if let Some((late_a, late_b)) = later {
                april_a.push(late_a);
                april_b.extend(Some(late_b).filter(|row| !row.is_empty()));
            }
            months.books("2026-04", &april_a, &april_b);
            if later.is_none() {
                assert_eq!(worth(&months, "2026-03"), [held], "{is_cumulative}");
                told.push(ids(&months, "2026-03", code));
            }
            for period in ["2026-04", "2026-05", "2026-06"] {
                months.close(period);
                assert_eq!(worth(&months, period), [held], "{is_cumulative} {period}");
                told.push(ids(&months, period, code));
            }
        }
        told.dedup();
        assert_eq!((told.len(), told[0].len()), (1, 1), "{held}: {told:?}");
    }
}

/// What names a cancelled leg of a closed month, or is named by it, is judged with it.
#[test]
fn the_partner_of_what_was_cancelled_is_told_of_it() {
    let leg = "A1 xburn -900 03-05";
    let mirror = "B1 xaccept 300 03-05 counter=A1";
    let is_cancelled = |row: &str| format!("{row} status=cancelled");
    for (first, second) in [('a', 'b'), ('b', 'a')] {
        let mut told = Vec::new();
        for is_cumulative in [false, true] {
            let row = |book| if book == 'a' { leg } else { mirror };
            let march = is_cancelled(row(first));
            let months = Months::new();
            months.book(first, "2026-03", &[&march]);
            months.close("2026-03");
            let before: Vec<&str> = is_cumulative.then_some(march.as_str()).into_iter().collect();
            months.book(first, "2026-04", &before);
            months.book(second, "2026-04", &[row(second)]);
            for period in ["2026-04", "2026-05"] {
                months.close(period);
                assert_eq!(months.held(period), ["a A1 B1 EVT-08"], "{is_cumulative} {period}");
                told.push(ids(&months, period, "EVT-08"));
            }
        }
        told.dedup();
        assert_eq!(told.len(), 1, "{told:?}");
    }
}

/// A reversal that happened before its original over the cut-off waits for it: what becomes of the
/// original in the next month becomes of the reversal, and nothing is told or held before.
#[test]
fn a_reversal_before_its_original_waits_for_it() {
    let back = ["A2 reversal 900 03-31 original=A1", "A1 xburn -900 04-01"];
    let mirrored = |points: &str| {
        [
            "B2 reversal -300 03-31 counter=A2 original=B1".to_owned(),
            format!("B1 xaccept {points} 04-01 counter=A1"),
        ]
    };
    let cap = "  caps: [{ issuer: a, per: period, points: \"500\", clause: c }]\n";
    // mirror of the original, terms beside, what counts in April, what is held there
    let counted = ["A1 B1 900 7.200000", "A2 B2 -900 -7.200000"];
    let held = |code: &str| vec![format!("a A1 B1 {code}"), format!("a A2 B2 {code}")];
    let rows = [
        ("300", "", &counted[..], Vec::new()),
        ("299", "", &[][..], held("AMT-01")),
        ("300", cap, &[][..], held("CAP-02")),
    ];
    for (points, terms, cleared, held) in rows {
        let b = mirrored(points);
        let b: Vec<&str> = b.iter().map(String::as_str).collect();
        for is_again in [false, true] {
            let says = format!("{points} {terms} {is_again}");
            let months = Months::new();
            months.declare_terms(|text| format!("{text}{terms}"));
            months.books("2026-03", &back, &b);
            months.close("2026-03");
            assert_eq!(months.cleared("2026-03"), [""; 0], "{says}");
            assert_eq!(months.held("2026-03"), [""; 0], "{says}");
            assert_eq!(months.codes("2026-03"), [""; 0], "{says}");
            assert_eq!(months.net("2026-03"), "0.00", "{says}");
            if is_again {
                months.books("2026-04", &back, &b);
            }
            months.close("2026-04");
            let mut now = months.cleared("2026-04");
            now.sort();
            assert_eq!(now, cleared, "{says}");
            let mut now = months.held("2026-04");
            now.sort();
            assert_eq!(now, held, "{says}");
            assert_eq!(months.net("2026-04"), "0.00", "{says}");
            months.close("2026-05");
            assert_eq!(months.net("2026-05"), "0.00", "{says}");
            let mut now = months.held("2026-05");
            now.sort();
            assert_eq!(now, held, "{says}");
        }
    }
}

/// A want of consent stays what it was found as: whoever decides about it was shown that finding,
/// whichever consents the feed still has.
#[test]
fn a_want_of_consent_keeps_its_discrepancy() {
    let withdrawn = "M1,N1,p,2025-01-01 00:00:00,2026-03-04 00:00:00\n";
    let anew = "M1,N1,p,2026-04-02 00:00:00,\n";
    for (march, april, code, other) in
        [(withdrawn, anew, "CON-02", "CON-01"), (anew, withdrawn, "CON-01", "CON-02")]
    {
        let mut months = Months::new();
        let feeds = "shared:\n    links: { files: links.csv, format: { csv: {} }, columns: \
                     { a_member: a, b_member: b, bound_at: from } }\n    \
                     consents: { files: consents.csv, format: { csv: {} }, columns: \
                     { a_member: a, b_member: b, purpose: p, granted_at: from, withdrawn_at: to } }\n";
        months.change("shared:\n", feeds);
        months.change("match:\n", "consent: { purpose: p }\nmatch:\n");
        std::fs::write(months.path("links.csv"), "a,b,from\nM1,N1,2025-01-01 00:00:00\n").unwrap();
        let consent = |months: &Months, rows: &str| {
            std::fs::write(months.path("consents.csv"), format!("a,b,p,from,to\n{rows}")).unwrap();
        };
        months.books(
            "2026-03",
            &["A1 xburn -900 03-05", "A2 xburn -600 03-06"],
            &["B1 xaccept 300 03-05 counter=A1", "B2 xaccept 200 03-06 counter=A2"],
        );
        consent(&months, march);
        months.close("2026-03");
        let first = ids(&months, "2026-03", code);
        assert_eq!(first.len(), 2);
        // April's file has one of them again, and the other is handed on.
        months.books("2026-04", &["A2 xburn -600 03-06"], &["B2 xaccept 200 03-06 counter=A2"]);
        consent(&months, april);
        months.decide_on(&first[0], "reject", "", "04-05");
        months.close("2026-04");
        assert_eq!(ids(&months, "2026-04", code), first);
        assert_eq!(ids(&months, "2026-04", other), [""; 0]);
        let reason = &months.found("2026-04", code)[0]["reason"];
        assert!(reason.ends_with(&format!("; it was held as {code} before")), "{reason}");
        assert_eq!(months.held("2026-04").len(), 1);
        let decided = table(&months.finally("2026-04"), "decisions");
        assert_eq!(cells(&decided, &["outcome"]), ["applied"]);
        // Proof that there was consent lets it count.
        consent(&months, "M1,N1,p,2025-01-01 00:00:00,\n");
        months.close("2026-05");
        assert_eq!(months.held("2026-05"), [""; 0]);
        assert_eq!(months.cleared("2026-05").len(), 1);
    }
}

/// A file of the same name that says something else on the same line later was corrected: no finding
/// of `verify`.
#[test]
fn a_line_that_was_corrected_in_place_is_sound() {
    let mut months = Months::new();
    months.change("a-{period}.csv", "a.csv");
    let mirror = ["B1 xaccept 500 03-05 counter=A1"];
    for (period, spend, held) in [
        ("2026-03", "A1 xburn -900 03-05", &["a A1 B1 AMT-01"][..]),
        ("2026-04", "A1 xburn -800 03-05", &[]),
    ] {
        months.books(period, &[spend], &mirror);
        fs::copy(months.path(&format!("a-{period}.csv")), months.path("a.csv")).unwrap();
        months.close(period);
        assert_eq!(months.held(period), held, "{period}");
        crate::review::is_sound(&months.finally(period), period);
        months.decide(("2026-03", "AMT-01"), "reject", "", "04-05");
    }
    let settled = table(&months.finally("2026-04"), "settled_rows");
    assert_eq!(
        super::cells(&settled, &["event_id", "points", "became"]),
        ["A1 -800 dropped", "B1 500 dropped"]
    );
}
