//! Rows that wait for a later period are handed on to it, and none is lost between two.

use super::{Months, cells};
use crate::tables::table;

fn open_rows(months: &Months, period: &str) -> Vec<String> {
    cells(&table(&months.finally(period), "open_rows"), &["party", "event_id", "code"])
}

/// Both ledgers read the files of `pattern` as well.
fn reading(pattern: &str) -> Months {
    let months = Months::new();
    for party in ["a", "b"] {
        let files = format!("\"{party}-{{period}}.csv\",");
        let following = pattern.replace("PARTY", party);
        months.change(&files, &format!("{files} following: \"{following}\","));
    }
    months
}

/// The mirror is of the last day of March, what it mirrors of the first of April, wherever that
/// stands.
#[test]
fn a_mirror_of_what_is_dated_after_the_period_is_handed_on() {
    let (leg, mirror) = ("A1 xburn -1000 04-01", "B1 xaccept 333 03-31 counter=A1");
    for (follows, in_march) in [(true, false), (false, true), (true, true)] {
        let months = if follows { reading("PARTY-{next}.csv") } else { Months::new() };
        let (march, april): (&[&str], &[&str]) =
            if in_march { (&[leg], &[]) } else { (&[], &[leg]) };
        months.books("2026-03", march, &[mirror]);
        months.books("2026-04", april, &[]);
        months.close("2026-03");
        let open: &[&str] = if in_march { &["a A1 ", "b B1 "] } else { &["b B1 "] };
        assert_eq!(open_rows(&months, "2026-03"), open);
        assert_eq!(months.codes("2026-03"), [""; 0]);
        months.close("2026-04");
        assert_eq!(months.cleared("2026-04"), ["A1 B1 1000 8.000000"]);
        assert_eq!(months.codes("2026-04"), ["EVT-06 A1 B1"]);
        months.close("2026-05");
        assert_eq!((months.codes("2026-05").len(), &*months.net("2026-05")), (0, "0.00"));
    }
}

/// A pair without effect is known a month later to what reverses it, and counts when it took
/// effect after all.
#[test]
fn what_is_pending_is_handed_on() {
    let months = Months::new();
    months.books(
        "2026-03",
        &["A1 xburn -1000 03-05 status=pending", "A3 xburn -600 03-06 status=pending"],
        &["B1 xaccept 333 03-05 counter=A1 status=pending"],
    );
    months.close("2026-03");
    assert_eq!(open_rows(&months, "2026-03"), ["a A1 ", "a A3 ", "b B1 "]);
    months.books(
        "2026-04",
        &["A2 reversal 400 04-05 original=A1"],
        &["B2 reversal -133 04-05 counter=A2 original=B1"],
    );
    months.close("2026-04");
    assert_eq!((months.codes("2026-04"), months.cleared("2026-04")), (vec![], vec![]));
    let pending = table(&months.finally("2026-04"), "pending");
    let pending = cells(&pending, &["issuer_event_id", "acceptor_event_id", "code"]);
    assert_eq!(pending, ["A1 B1 ", "A3  ", "A2 B2 "]);
    months.books(
        "2026-05",
        &["A1 xburn -1000 03-05"],
        &["B1 xaccept 333 03-05 counter=A1", "B3 xaccept 200 05-06 counter=A3 status=pending"],
    );
    months.close("2026-05");
    assert_eq!(months.codes("2026-05"), ["REV-04 A2 B2"]);
    let cleared = ["A1 B1 1000 8.000000", "A2 B2 -400 -3.200000"];
    assert_eq!(months.cleared("2026-05"), cleared);
    months.books("2026-06", &["A3 xburn -600 03-06"], &["B3 xaccept 200 05-06 counter=A3"]);
    months.close("2026-06");
    assert_eq!(months.cleared("2026-06"), ["A3 B3 600 4.800000"]);
    assert_eq!(open_rows(&months, "2026-06"), [""; 0]);
}

/// A file that only this period reads hands on what it has of later ones; one that the next reads
/// as well does not.
#[test]
fn what_follows_is_handed_on_unless_the_next_period_reads_it() {
    for (pattern, stands_in) in [
        ("PARTY-{previous}.csv", "2026-02"),
        ("PARTY-{next}.csv", "2026-04"),
        ("PARTY-*.csv", "2026-02"),
    ] {
        let months = reading(pattern);
        months.book('a', stands_in, &["A0 xburn -300 04-20"]);
        months.book('b', "2026-04", &["B0 xaccept 100 04-20 counter=A0"]);
        months.close("2026-03");
        let open: &[&str] = if pattern.contains("previous") { &["a A0 "] } else { &[] };
        assert_eq!(open_rows(&months, "2026-03"), open, "{pattern}");
        months.close("2026-04");
        assert_eq!(months.cleared("2026-04"), ["A0 B0 300 2.400000"], "{pattern}");
        assert_eq!(months.codes("2026-04"), [""; 0], "{pattern}");
    }
}
