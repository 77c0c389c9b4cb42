//! What is held because of a link that ended before the period that still holds it.

use std::fs;

use super::Months;

/// Months with links; A's one member stands in its snapshot as `M1`, B knows `N1` and `N2`.
fn linked(links: &str) -> Months {
    let months = Months::new();
    let links_feed = "shared:\n    links: { files: links.csv, format: { csv: {} }, columns: \
                      { a_member: a, b_member: b, bound_at: from, unbound_at: to } }\n";
    months.change("shared:\n", links_feed);
    months.change("    ledger: { files: \"b-", &format!("{MEMBERS}    ledger: {{ files: \"b-"));
    fs::write(months.path("b-members.csv"), "no\nN1\nN2\n").unwrap();
    fs::write(months.path("links.csv"), format!("a,b,from,to\n{links}")).unwrap();
    months
}

const MEMBERS: &str =
    "    members: { files: b-members.csv, format: { csv: {} }, columns: { member_no: no } }\n";

/// What is held under a finding about a link stays under it in every month, and each month tells
/// that finding, with the id that it had: nobody has to look for it in an older statement. A link
/// that holds nothing is not told of once it has ended.
#[test]
fn a_link_that_ended_is_told_of_as_long_as_something_is_held_under_it() {
    let absent = "M1,N9,2026-01-01 00:00:00,2026-03-20 00:00:00\n";
    let contradicted = "M1,N1,2026-01-01 00:00:00,2026-03-20 00:00:00\n\
                        M1,N2,2026-02-01 00:00:00,2026-03-25 00:00:00\n";
    let one_goes_on = "M1,N1,2026-01-01 00:00:00,2026-03-20 00:00:00\n\
                       M1,N2,2026-02-01 00:00:00,\n";
    // On the day of the spend one link stands, which an ended one contradicts in that month.
    let before_it = "M1,N1,2026-01-01 00:00:00,\nM1,N2,2026-02-01 00:00:00,2026-03-03 00:00:00\n";
    let rows = [
        (absent, "MBR-02"),
        (contradicted, "MBR-03"),
        (one_goes_on, "MBR-03"),
        (before_it, "MBR-03"),
    ];
    for (links, code) in rows {
        for holds in [true, false] {
            let months = linked(links);
            if holds {
                let (a, b) = ("A1 xburn -900 03-05", "B1 xaccept 300 03-05 counter=A1");
                months.books("2026-03", &[a], &[b]);
            }
            let mut ids = Vec::new();
            for period in ["2026-03", "2026-04", "2026-05"] {
                months.close(period);
                let found = months.found(period, code);
                let is_told = holds || period == "2026-03";
                assert_eq!(found.len(), usize::from(is_told), "{links} {period} {found:?}");
                ids.extend(found.into_iter().map(|row| row["discrepancy_id"].clone()));
                crate::review::is_sound(&months.finally(period), period);
                let held = if holds { vec![format!("a A1 B1 {code}")] } else { Vec::new() };
                assert_eq!(months.held(period), held, "{links} {period}");
            }
            ids.dedup();
            assert_eq!(ids.len(), 1, "{links} {ids:?}");
        }
    }
}

/// A link that was ended before it began never held: it contradicts nothing, and nobody asks for
/// its members.
#[test]
fn a_link_that_never_held_is_no_finding() {
    let months = linked(
        "M1,N1,2026-01-01 00:00:00,\n\
         M1,N2,2026-03-10 00:00:00,2026-03-10 00:00:00\n\
         M1,N9,2026-03-12 00:00:00,2026-03-11 00:00:00\n",
    );
    months.books("2026-03", &["A1 xburn -900 03-05"], &["B1 xaccept 300 03-05 counter=A1"]);
    months.close("2026-03");
    assert_eq!(months.codes("2026-03"), [""; 0]);
    assert_eq!(months.cleared("2026-03").len(), 1);
}
