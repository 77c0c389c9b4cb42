//! What a final publication held, and what a later snapshot cannot say about the day on which it
//! happened.

use std::fs;

use super::{Months, cells};
use crate::tables::table;

/// Months with a feed of A's beside its ledger, a file of it each month.
fn fed(feed: &str, columns: &str, header: &str, months_files: &[(&str, &str)]) -> Months {
    let months = Months::new();
    let declared = format!(
        "    {feed}: {{ files: \"{feed}-{{period}}.csv\", format: {{ csv: {{}} }}, columns: \
         {columns} }}\n    ledger: {{ files: \"a-"
    );
    months.change("    ledger: { files: \"a-", &declared);
    for (period, rows) in months_files {
        let text = format!("{header}\n{rows}");
        fs::write(months.path(&format!("{feed}-{period}.csv")), text).unwrap();
    }
    months
}

fn check(months: &Months, periods: &[&str], code: &str, held: &[bool], net: &str) {
    for (period, is_held) in periods.iter().zip(held) {
        months.close(period);
        let what = if *is_held { vec![format!("a A1 B1 {code}")] } else { Vec::new() };
        assert_eq!(months.held(period), what, "{period} {code}");
        crate::review::is_sound(&months.finally(period), period);
    }
    let ids: Vec<String> = periods
        .iter()
        .zip(held)
        .filter(|(_, is_held)| **is_held)
        .map(|(period, _)| months.found(period, code).remove(0)["discrepancy_id"].clone())
        .collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
    assert_eq!(months.net(periods.last().unwrap()), net, "{code}");
}

/// A spend of a member who was frozen stays held where the next snapshot only says what the member
/// is since then; a snapshot that dates the member active before the spend was a correction.
#[test]
fn a_member_who_was_frozen_then_was_not_entitled_whatever_the_member_is_now() {
    let later = [
        ("active,2026-04-02 09:00:00", true),
        ("closed,2026-04-05 09:00:00", true),
        ("frozen,2026-04-01 00:00:00", true),
        ("active,", true),
        ("active,2026-03-10 10:00:00", true),
        ("active,2026-03-05 10:00:00", false),
        ("frozen,2026-03-01 00:00:00", true),
    ];
    for (april, is_held) in later {
        let march = "M1,frozen,2026-03-01 00:00:00\n".to_owned();
        let april = format!("M1,{april}\n");
        let files = [("2026-03", &march[..]), ("2026-04", &april), ("2026-05", &april)];
        let columns = "{ member_no: no, status: status, status_since: since }";
        let months = fed("members", columns, "no,status,since", &files);
        let links_feed = "shared:\n    links: { files: links.csv, format: { csv: {} }, columns: \
                          { a_member: a, b_member: b, bound_at: from, unbound_at: to } }\n";
        months.change("shared:\n", links_feed);
        fs::write(months.path("links.csv"), "a,b,from,to\nM1,N1,2026-01-01 00:00:00,\n").unwrap();
        months.books("2026-03", &["A1 xburn -900 03-05"], &["B1 xaccept 300 03-05 counter=A1"]);
        let net = if is_held { "0.00" } else { "7.20" };
        check(&months, &["2026-03", "2026-04"], "MBR-07", &[true, is_held], net);
        check(&months, &["2026-05"], "MBR-07", &[is_held], "0.00");
    }
}

/// A spend of points that had expired stays held where the next month's lots are others; lots that
/// name one which lived then were a correction.
#[test]
fn points_that_had_expired_had_expired_whatever_lots_there_are_now() {
    let columns = "{ member_no: no, lot_id: lot, earned_at: from, expires_at: to, quantity: q, \
                   remaining: r }";
    let expired = "M1,L1,2025-01-01 00:00:00,2026-03-01 00:00:00,900,0\n";
    let later = [
        ("", true),
        ("M1,L2,2026-04-02 00:00:00,2027-01-01 00:00:00,500,500\n", true),
        ("M1,L3,2026-01-02 00:00:00,2027-01-01 00:00:00,900,0\n", false),
        (expired, true),
    ];
    for (april, is_held) in later {
        let files = [("2026-03", expired), ("2026-04", april)];
        let months = fed("lots", columns, "no,lot,from,to,q,r", &files);
        months.books("2026-03", &["A1 xburn -900 03-05"], &["B1 xaccept 300 03-05 counter=A1"]);
        let net = if is_held { "0.00" } else { "7.20" };
        check(&months, &["2026-03", "2026-04"], "LED-04", &[true, is_held], net);
    }
    // A mirror that comes late finds what the lots of the spend's month said of it.
    for (march, is_told) in [(expired, true), ("", false)] {
        for (april, is_held) in later {
            let files = [("2026-03", march), ("2026-04", april)];
            let months = fed("lots", columns, "no,lot,from,to,q,r", &files);
            months.book('a', "2026-03", &["A1 xburn -900 03-05"]);
            months.close("2026-03");
            assert_eq!(months.held("2026-03"), ["a A1  EVT-01"]);
            months.book('b', "2026-04", &["B1 xaccept 300 03-05 counter=A1"]);
            months.close("2026-04");
            let is_accused = is_held && (is_told || april == expired);
            let held = if is_accused { vec!["a A1 B1 LED-04"] } else { Vec::new() };
            assert_eq!(months.held("2026-04"), held, "{march} {april}");
            for period in ["2026-03", "2026-04"] {
                crate::review::is_sound(&months.finally(period), period);
            }
        }
    }
}

/// Own business that is held waits for a decision in every month, whether or not its rows are sent
/// again, and a decision moves it.
#[test]
fn own_business_stays_held_until_somebody_decides() {
    let rows = ["A1 earn -50 03-05", "A2 earn 50 03-05", "A2 earn 60 03-05"];
    let wanted = ["a A1  EVT-09", "a A2  EVT-04", "a A2  EVT-04"];
    for is_cumulative in [false, true] {
        let mut months = Months::new();
        months.book('a', "2026-03", &rows);
        for period in ["2026-03", "2026-04", "2026-05"] {
            if is_cumulative {
                months.book('a', period, &rows);
            }
            months.close(period);
            let mut held = months.held(period);
            held.sort();
            assert_eq!(held, wanted, "{period}");
            crate::review::is_sound(&months.finally(period), period);
        }
        let ids = ["2026-03", "2026-05"]
            .map(|period| months.found(period, "EVT-09").remove(0)["discrepancy_id"].clone());
        assert_eq!(ids[0], ids[1]);
        months.decide(("2026-05", "EVT-09"), "reject", "", "06-05");
        months.close("2026-06");
        assert_eq!(months.held("2026-06"), wanted[1..]);
        let decided = table(&months.finally("2026-06"), "decisions");
        assert_eq!(cells(&decided, &["outcome", "issuer_event_id"]), ["applied A1"]);
    }
}

/// What holds an event meanwhile does not make the hold before it forgotten: it comes back under its
/// code and id once the other has gone, and a decision on it moves the event.
#[test]
fn what_holds_it_meanwhile_is_not_the_end_of_a_hold() {
    let lots = "{ member_no: no, lot_id: lot, earned_at: from, expires_at: to, quantity: q, \
                remaining: r }";
    let expired = "M1,L1,2025-01-01 00:00:00,2026-03-01 00:00:00,900,0\n";
    let mirror = "B1 xaccept 300 03-05 counter=A1";
    let wrong = "B1 xaccept 400 03-05 counter=A1";
    let other = "B1 xaccept 301 03-05 counter=A1";
    let pending = "B1 xaccept 300 03-05 counter=A1 status=pending";
    type Case<'a> = (&'a [&'a str], &'a [&'a str], [&'a str; 3]);
    let cases: [Case<'_>; 5] = [
        (&[mirror], &[], ["LED-04", "LED-04", "LED-04"]),
        (&[mirror], &[wrong], ["LED-04", "AMT-01", "LED-04"]),
        (&[mirror], &[mirror, other], ["LED-04", "EVT-04", "LED-04"]),
        (&[mirror], &[pending], ["LED-04", "EVT-08", "LED-04"]),
        // Two findings hold it at first, and it is held under the one.
        (&[wrong], &[mirror], ["AMT-01", "LED-04", "LED-04"]),
    ];
    for (march, april, codes) in cases {
        let later = ["2026-04", "2026-05", "2026-06"].map(|period| (period, ""));
        let files = [&[("2026-03", expired)], &later[..]].concat();
        let mut months = fed("lots", lots, "no,lot,from,to,q,r", &files);
        months.books("2026-03", &["A1 xburn -900 03-05"], march);
        months.book('b', "2026-04", april);
        months.book('b', "2026-05", &[mirror]);
        for (period, code) in ["2026-03", "2026-04", "2026-05"].iter().zip(codes) {
            months.close(period);
            let mut held: Vec<String> = months.held(period);
            held.dedup_by(|one, other| one.ends_with("EVT-04") && other.ends_with("EVT-04"));
            let is_held = held.iter().all(|held| held.ends_with(code));
            assert!(is_held && !held.is_empty(), "{april:?} {period}: {held:?}");
            assert_eq!(months.net(period), "0.00", "{april:?} {period}");
            crate::review::is_sound(&months.finally(period), period);
        }
        let ids = ["2026-03", "2026-05"]
            .map(|period| months.found(period, "LED-04").remove(0)["discrepancy_id"].clone());
        assert_eq!(ids[0], ids[1], "{april:?}");
        months.decide(("2026-05", "LED-04"), "release", "", "06-05");
        months.close("2026-06");
        assert_eq!((months.net("2026-06"), months.held("2026-06").len()), ("7.20".into(), 0));
    }
}

/// Several holds of one event that stay are all told, and end one by one.
#[test]
fn each_hold_of_one_event_ends_by_itself() {
    let members = "{ member_no: no, status: status, status_since: since }";
    let frozen = "M1,frozen,2026-03-01 00:00:00\n";
    let unknown = "M1,active,\n";
    let active = "M1,active,2026-01-01 00:00:00\n";
    let files =
        [("2026-03", frozen), ("2026-04", unknown), ("2026-05", active), ("2026-06", active)];
    let months = fed("members", members, "no,status,since", &files);
    let columns = "{ member_no: no, lot_id: lot, earned_at: from, expires_at: to, quantity: q, \
                   remaining: r }";
    let lots = format!(
        "    lots: {{ files: \"lots-{{period}}.csv\", format: {{ csv: {{}} }}, columns: \
         {columns} }}\n    ledger: {{ files: \"a-"
    );
    months.change("    ledger: { files: \"a-", &lots);
    let links = "shared:\n    links: { files: links.csv, format: { csv: {} }, columns: { a_member: \
                 a, b_member: b, bound_at: from, unbound_at: to } }\n";
    months.change("shared:\n", links);
    fs::write(months.path("links.csv"), "a,b,from,to\nM1,N1,2026-01-01 00:00:00,\n").unwrap();
    let expired = "M1,L1,2025-01-01 00:00:00,2026-03-01 00:00:00,900,0\n";
    let lived = "M1,L3,2026-01-02 00:00:00,2027-01-01 00:00:00,900,0\n";
    let lots = [("2026-03", expired), ("2026-04", ""), ("2026-05", ""), ("2026-06", lived)];
    for (period, rows) in lots {
        let text = format!("no,lot,from,to,q,r\n{rows}");
        fs::write(months.path(&format!("lots-{period}.csv")), text).unwrap();
    }
    months.books("2026-03", &["A1 xburn -900 03-05"], &["B1 xaccept 300 03-05 counter=A1"]);
    let wanted = [
        ("2026-03", "LED-04;MBR-07", "0.00"),
        ("2026-04", "LED-04;MBR-07", "0.00"),
        ("2026-05", "LED-04", "0.00"),
        ("2026-06", "", "7.20"),
    ];
    for (period, told, net) in wanted {
        months.close(period);
        let codes = months.codes(period);
        let codes: Vec<&str> = codes.iter().map(|code| &code[..6]).collect();
        let kept: Vec<&str> = told.split(';').filter(|code| !code.is_empty()).collect();
        assert_eq!((codes, months.net(period)), (kept, net.to_owned()), "{period}");
        let open = table(&months.finally(period), "open_rows");
        let open = open.iter().filter(|row| row["event_id"] == "A1");
        let open: Vec<&str> = open.map(|row| row["kept"].as_str()).collect();
        assert_eq!(open.join(" "), told, "{period}");
        crate::review::is_sound(&months.finally(period), period);
    }
}
