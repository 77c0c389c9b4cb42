//! A closed period stays what it was closed under: no pipeline prices it anew, and none of another
//! agreement goes on from it.

use std::fs;

use hutong::review::{Publication, verify};
use hutong::run::exit;

use super::{Months, TERMS, cells, ended};
use crate::review::{alter, is_sound};
use crate::tables::table;

/// March closed with one spend that counts and one that is held.
fn march() -> Months {
    let months = Months::new();
    months.books(
        "2026-03",
        &["A1 xburn -1000 03-05", "A3 xburn -600 03-05"],
        &["B1 xaccept 333 03-05 counter=A1", "B3 xaccept 100 03-05 counter=A3"],
    );
    months.close("2026-03");
    months
}

/// What is held, what comes late and what is brought back by nobody is of the terms of March.
#[test]
fn a_version_of_a_closed_period_cannot_be_edited() {
    let changes: [(&str, &str, &[&str]); 6] = [
        ("\"0.008\"", "\"0.009\"", &["SKY redemption rate 0.008 CNY", "0.009 CNY"]),
        ("\"3:1\"", "\"2:1\"", &["SKY ratio 3:1", "2026-03-01T00:00:00+08:00", "2:1"]),
        (
            "- { issuer: b, per_point",
            "- { issuer: a, per_point: \"0.010\", from: 2026-03-11, clause: p }\n    \
             - { issuer: b, per_point",
            &["SKY redemption rate 0.008 CNY", "2026-03-11T00:00:00+08:00", "0.01 CNY"],
        ),
        (
            "\"0.008\", from: 2026-01-01",
            "\"0.008\", from: 2026-03-06",
            &["SKY redemption rate 0.008 CNY", "2026-03-01T00:00:00+08:00", "none"],
        ),
        (
            "  minimum_settlement",
            "  mirror_rounding: up\n  minimum_settlement",
            &["rounding of mirrors down", "up"],
        ),
        (
            "  minimum_settlement",
            "  settle_on: { a: issuance }\n  minimum_settlement",
            &["SKY redemption rate 0.008 CNY", "no money"],
        ),
    ];
    let sale =
        "rates:\n    - { issuer: a, flow: sale, per_point: \"1\", from: 2026-01-01, clause: p }";
    for (from, to, says) in changes {
        let months = march();
        months.declare_terms(|terms| {
            assert!(terms.contains(from));
            let terms = terms.replacen(from, to, 1);
            if to.contains("issuance") { terms.replace("rates:", sale) } else { terms }
        });
        let says = [&["2026-03/final was settled at the"], says].concat();
        ended(months.try_close("2026-04"), exit::USAGE, &says);
        ended(months.try_run("2026-04", "2026-04-20"), exit::USAGE, &says);
        assert!(!months.path("out/p/2026-04").exists());
    }
    // What is charged has no versions, and may be another from one statement to the next.
    for (from, to) in [
        (
            "  minimum_settlement",
            "  fees:\n    - { on: gross, percent: \"2\", paid_by: issuer, clause: f }\n  \
             minimum_settlement",
        ),
        ("  minimum_settlement", "  rounding: { mode: up }\n  minimum_settlement"),
    ] {
        let months = march();
        months.declare_terms(|terms| terms.replacen(from, to, 1));
        months.close("2026-04");
        months.declare_terms(|terms| terms);
        months.close("2026-05");
    }
    // Another way to write a version, a new one, and one of what had none change nothing.
    let mut months = march();
    months.declare_terms(|terms| {
        terms
            .replace("\"3:1\", from: 2026-01-01", "\"6:2\", from: 2026-02-01")
            .replace(
                "- { issuer: b, per_point",
                "- { issuer: a, per_point: \"0.010\", from: 2026-04-01, clause: p }\n    \
                 - { issuer: b, per_point",
            )
            .replace("rates:", sale)
    });
    months.books(
        "2026-04",
        &["A2 reversal 1000 04-05 original=A1", "A4 xburn -300 03-20"],
        &["B2 reversal -333 04-05 counter=A2 original=B1", "B4 xaccept 100 03-20 counter=A4"],
    );
    months.decide(("2026-03", "AMT-01"), "release", "", "04-05");
    months.close("2026-04");
    let cleared = ["A3 B3 600 4.800000", "A4 B4 300 2.400000", "A2 B2 -1000 -8.000000"];
    assert_eq!(months.cleared("2026-04"), cleared);
}

/// What is held would be worth a hundredfold.
#[test]
fn the_scale_of_a_closed_period_cannot_be_edited() {
    let months = march();
    months.change("name: s }", "name: s, scale: 2 }");
    months.change("a, points", "a, smallest_units");
    months.change("b, points", "b, smallest_units");
    months.change("a, per_point", "a, per_smallest_unit");
    let says = &["2026-03/final was settled at the SKY scale 0", "the pipeline has 2"];
    ended(months.try_close("2026-04"), exit::USAGE, says);
    ended(months.try_run("2026-04", "2026-04-20"), exit::USAGE, says);
}

#[test]
fn another_agreement_does_not_go_on_from_what_was_closed() {
    let changes = [
        (
            "id: HT-1",
            "id: HT-2",
            ("2026-04", "2026-05-10"),
            "the agreement HT-1; the pipeline has HT-2",
        ),
        (
            "a: { code: SKY, name: s }\n  b: { code: HBR, name: h }",
            "a: { code: HBR, name: h }\n  b: { code: SKY, name: s }",
            ("2026-04", "2026-05-10"),
            "the parties SKY (a) and HBR (b); the pipeline has HBR (a) and SKY (b)",
        ),
        (
            "code: HBR",
            "code: HBX",
            ("2026-04", "2026-05-10"),
            "the parties SKY (a) and HBR (b); the pipeline has SKY (a) and HBX (b)",
        ),
        (
            "cycle: monthly",
            "cycle: quarterly",
            ("2026-Q2", "2026-07-10"),
            "the cycle monthly; the pipeline has quarterly",
        ),
        (
            "cycle: monthly",
            "cycle: quarterly",
            ("2026-Q1", "2026-04-10"),
            "the cycle monthly; the pipeline has quarterly",
        ),
        (
            "timezone: Asia/Shanghai",
            "timezone: UTC",
            ("2026-04", "2026-05-10"),
            "the time 2026-03-01T00:00:00+08:00 to 2026-04-01T00:00:00+08:00",
        ),
    ];
    for (from, to, (period, as_of), says) in changes {
        let months = march();
        months.change(from, to);
        let says = ["2026-03/final was closed under", says];
        ended(months.try_close_on(period, as_of), exit::USAGE, &says);
        ended(months.try_run(period, as_of), exit::USAGE, &says);
        assert!(!months.path(&format!("out/p/{period}")).exists());
    }
}

/// 7,633 at 2:1 are 3,816.5 and so 3,816 half to even; what is left of them, 3, is 1.5 and so 2. The
/// mirror of the 7,630 between is 3,814, a whole point from the exact one, and sound.
#[test]
fn the_mirror_between_two_midpoints_is_a_point_from_the_exact_one() {
    let months = Months::new();
    months.declare_terms(|terms| {
        terms.replace("points: \"3:1\"", "points: \"2:1\"") + "  mirror_rounding: half_even\n"
    });
    months.books(
        "2026-03",
        &["A1 xburn -7633 03-05", "A2 reversal 7630 03-06 original=A1"],
        &["B1 xaccept 3816 03-05 counter=A1", "B2 reversal -3814 03-06 counter=A2 original=B1"],
    );
    months.close("2026-03");
    let folder = months.finally("2026-03");
    let cleared = table(&folder, "cleared_events");
    let columns = ["issuer_event_id", "exact_numerator", "exact_denominator", "agreed_mirror"];
    assert_eq!(cells(&cleared, &columns), ["A1 7633 2 3816", "A2 -7630 2 -3814"]);
    crate::review::is_sound(&folder, "the publication");
}

/// By event, what comes back whole over two months leaves nothing, though no part of it is a whole
/// fen; and `verify` finds the sums of both months sound.
#[test]
fn by_event_what_comes_back_in_parts_leaves_nothing() {
    let months = Months::new();
    months.declare_terms(|terms| terms + "  rounding: { place: event }\n");
    let rows = |legs: fn(u32) -> String| (1..=5).map(legs).collect::<Vec<String>>();
    let told = |rows: &[Vec<String>]| rows.concat();
    let spent = rows(|nth| format!("A{nth} xburn -6 03-05"));
    let accepted = rows(|nth| format!("B{nth} xaccept 2 03-05 counter=A{nth}"));
    let back = rows(|nth| format!("AR{nth} reversal 3 03-06 original=A{nth}"));
    let taken = rows(|nth| format!("BR{nth} reversal -1 03-06 counter=AR{nth} original=B{nth}"));
    let rest = rows(|nth| format!("AS{nth} reversal 3 04-06 original=A{nth}"));
    let left = rows(|nth| format!("BS{nth} reversal -1 04-06 counter=AS{nth} original=B{nth}"));
    for (period, a, b, net) in [
        ("2026-03", told(&[spent, back]), told(&[accepted, taken]), "0.10"),
        ("2026-04", rest, left, "-0.10"),
    ] {
        let [a, b] = [&a, &b].map(|rows| rows.iter().map(String::as_str).collect::<Vec<_>>());
        months.books(period, &a, &b);
        months.close(period);
        assert_eq!(months.net(period), net, "{period}");
        is_sound(&months.finally(period), period);
    }
    // What came back in April is summed again from what March left of each event.
    let [march, april] =
        ["2026-03", "2026-04"].map(|period| fs::canonicalize(months.finally(period)).unwrap());
    let charges = || {
        let checks = verify(&Publication::open(&april).unwrap()).unwrap();
        checks.into_iter().find(|check| check.name == "fees and taxes against their terms").unwrap()
    };
    assert!(charges().is_clean() && charges().beyond.is_empty());
    fs::rename(&march, march.with_extension("away")).unwrap();
    let told = charges();
    assert!(told.is_clean(), "{:?}", told.faults);
    assert!(told.beyond[0].contains("is not here"), "{:?}", told.beyond);
    fs::rename(march.with_extension("away"), &march).unwrap();
    alter(&april, "statement_lines", "amount", 0);
    assert!(charges().faults[0].starts_with("line 1 amount: "), "{:?}", charges().faults);
}

/// Fees, taxes and the rounding of money may be others once a period is closed, and what comes back
/// of it is charged as it was charged: nothing is left of an event that comes back whole.
#[test]
fn what_comes_back_is_charged_as_it_was_charged() {
    const FEES: &str = "  fees: [ { on: gross, percent: \"2\", paid_by: issuer, clause: f, \
                        tax: { percent: \"6\", mode: exclusive } } ]\n  \
                        rounding: { place: event, mode: half_up }\n";
    let whole = "A2 reversal 900 04-05 original=A1";
    let changes = [
        ("percent: \"2\"", "percent: \"3\""),
        ("percent: \"6\"", "percent: \"13\""),
        ("exclusive", "inclusive"),
        ("paid_by: issuer", "paid_by: acceptor"),
        ("mode: half_up", "mode: up"),
        (
            "fees: [ { on: gross",
            "taxes: [ { on: gross, percent: \"9\", mode: exclusive, paid_by: issuer } ]\n  \
          fees: [ { on: gross",
        ),
    ];
    for place in ["event", "line"] {
        for (from, to) in changes {
            let months = Months::new();
            let march = FEES.replace("place: event", &format!("place: {place}"));
            let declare = |of: &str| months.declare("[reference]", &format!("{TERMS}{of}"));
            declare(&march);
            months.books("2026-03", &["A1 xburn -900 03-05"], &["B1 xaccept 300 03-05 counter=A1"]);
            months.close("2026-03");
            declare(&march.replace(from, to));
            let again = ["A3 xburn -900 04-06"];
            months.books(
                "2026-04",
                &[&[whole], &again[..]].concat(),
                &[
                    "B2 reversal -300 04-05 original=B1 counter=A2",
                    "B3 xaccept 300 04-06 counter=A3",
                ],
            );
            months.close("2026-04");
            let lines = |period: &str, origin: &str| -> Vec<(String, String, String)> {
                let mut lines = table(&months.finally(period), "statement_lines");
                lines.retain(|line| line["origin_period"] == origin);
                let of = |line: &crate::tables::Row| {
                    let amount = line["amount"].trim_start_matches('-').to_owned();
                    (line["type"].clone(), line["payer"].clone(), amount)
                };
                lines.iter().map(of).collect()
            };
            assert_eq!(lines("2026-03", "2026-03"), lines("2026-04", "2026-03"), "{place} {to}");
            let ours = lines("2026-04", "2026-04");
            assert_ne!(
                ours,
                lines("2026-03", "2026-03"),
                "{place} {to}: the new spend is charged so"
            );
            crate::review::is_sound(&months.finally("2026-04"), to);
        }
    }
}
