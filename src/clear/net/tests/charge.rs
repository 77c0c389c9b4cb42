//! Fees and taxes: on which lines, how much, and of which sign.

use super::*;

#[test]
fn a_fee_keeps_within_its_least_and_its_most_and_has_the_sign_of_gross() {
    // place, events of A at 0.008, percent, least, most: the fee
    type Row<'a> = (Place, &'a [i64], &'a str, Option<&'a str>, Option<&'a str>, &'a str);
    let rows: &[Row<'_>] = &[
        (Place::Line, &[1000], "2", None, None, "0.16"),
        (Place::Line, &[1000], "2", Some("0.50"), None, "0.50"),
        (Place::Line, &[1000], "2", Some("0.16"), Some("0.16"), "0.16"),
        (Place::Line, &[100_000], "2", None, Some("10"), "10.00"),
        (Place::Line, &[100_000], "2", Some("1"), Some("20"), "16.00"),
        (Place::Line, &[-1000], "2", Some("0.50"), None, "-0.50"),
        (Place::Line, &[-100_000], "2", None, Some("10"), "-10.00"),
        // Nothing has no fee, exactly or rounded.
        (Place::Line, &[1000, -1000], "2", Some("0.50"), None, "0.00"),
        (Place::Line, &[0], "2", Some("0.50"), None, "0.00"),
        // By event the bounds bind each event: 0.50 + 0.50 − 0.50, and 10 + 0.16.
        (Place::Event, &[1000, 1000, -1000], "2", Some("0.50"), None, "0.50"),
        (Place::Event, &[100_000, 1000], "2", None, Some("10"), "10.16"),
        (Place::Event, &[0, 1000], "2", Some("0.50"), None, "0.50"),
        // By statement the exact fee is bounded before the sum.
        (Place::Statement, &[1000], "2", Some("0.50"), None, "0.50"),
        (Place::Statement, &[100_000, 1000], "2", None, Some("10"), "10.00"),
        (Place::Statement, &[-1000], "2", Some("0.50"), None, "-0.50"),
    ];
    for &(place, events, percent, min, max, expected) in rows {
        let mut agreement = agreement();
        agreement.rounding.place = place;
        let (min, max) = (min.map(decimal), max.map(decimal));
        agreement.fees = vec![Fee { min, max, ..fee(percent) }];
        let events: Vec<(Flow, i64)> = events.iter().map(|&points| (SPENT, points)).collect();
        let clearing = cleared(&agreement, &events, &[]);
        let got = clearing.statements()[0].lines()[1].amount;
        assert_eq!(got, money(expected, "CNY"), "{place:?} {events:?} {min:?} {max:?}");
    }
}

#[test]
fn by_event_a_reversal_gives_back_what_the_fee_of_its_event_falls_by() {
    // percent, least, most, the reversals of 10,000 points at 0.008: the fee and its tax after each
    type Row<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [i64], &'a [&'a str]);
    let rows: &[Row<'_>] = &[
        ("2", None, None, &[5_000, 5_000], &["1.60 0.10", "0.80 0.05", "0.00 0.00"]),
        ("2", None, Some("1"), &[5_000, 5_000], &["1.00 0.06", "0.80 0.05", "0.00 0.00"]),
        ("2", Some("5"), None, &[5_000, 5_000], &["5.00 0.30", "5.00 0.30", "0.00 0.00"]),
        ("2", Some("5"), None, &[10_000], &["5.00 0.30", "0.00 0.00"]),
        // Of 80.00, 53.34 and 26.67; no cent stays behind.
        (
            "0.31",
            None,
            None,
            &[3_333, 3_333, 3_334],
            &["0.25 0.02", "0.17 0.01", "0.08 0.00", "0.00 0.00"],
        ),
    ];
    for &(percent, min, max, reversals, expected) in rows {
        let mut agreement = agreement();
        agreement.rounding.place = Place::Event;
        let (min, max) = (min.map(decimal), max.map(decimal));
        agreement.fees = vec![Fee { min, max, tax: Some(tax("6", false)), ..fee(percent) }];
        for (count, expected) in (0..=reversals.len()).zip(expected) {
            let spent = std::iter::once((SPENT, 10_000));
            let back = reversals[..count].iter().map(|points| (SPENT, -points));
            let mut judged = judged(pairs::<A>(&spent.chain(back).collect::<Vec<_>>()));
            let mut left = 10_000;
            for (place, points) in (1..).zip(&reversals[..count]) {
                judged.left.insert(place, Points::new(left));
                left -= points;
            }
            let a = oblige(&judged, &no_past(), &agreement).unwrap();
            let b = oblige::<B>(&self::judged(Vec::new()), &no_past(), &agreement).unwrap();
            let (claims, past) = (Claims::default(), no_past());
            let clearing = settle(&a, &b, &claims, &past, &march(), &agreement).unwrap();
            let lines = clearing.statements()[0].lines();
            let got = format!("{} {}", lines[1].amount, lines[2].amount);
            assert_eq!(got, *expected, "{percent} {min:?} {max:?} {reversals:?}: {count}");
        }
    }
}

#[test]
fn by_event_what_comes_back_whole_leaves_no_gross_and_no_tax() {
    // points of 8.00 that come back in parts: gross and its tax when that many parts came back
    let rows: [(i64, usize, &str); 5] = [
        (1, 0, "8.00 0.48"),
        (1, 1, "7.99 0.48"),
        (1, 1_000, "0.00 0.00"),
        (125, 4, "4.00 0.24"),
        (125, 8, "0.00 0.00"),
    ];
    for (part, count, expected) in rows {
        let mut agreement = agreement();
        agreement.rounding.place = Place::Event;
        agreement.taxes = vec![GrossTax {
            tax: tax("6", false),
            issuer_pays: true,
            scope: everywhere(),
            clause: Some("tax".into()),
        }];
        let spent = std::iter::once((SPENT, 1_000));
        let back = std::iter::repeat_n((SPENT, -part), count);
        let mut judged = judged(pairs::<A>(&spent.chain(back).collect::<Vec<_>>()));
        let lefts = (0..1_000).step_by(part as usize).map(|gone| Points::new(1_000 - gone));
        judged.left.extend((1..).zip(lefts).take(count));
        let a = oblige(&judged, &no_past(), &agreement).unwrap();
        let b = oblige::<B>(&self::judged(Vec::new()), &no_past(), &agreement).unwrap();
        let (claims, past) = (Claims::default(), no_past());
        let clearing = settle(&a, &b, &claims, &past, &march(), &agreement).unwrap();
        let lines = clearing.statements()[0].lines();
        let got = format!("{} {}", lines[0].amount, lines[1].amount);
        assert_eq!(got, expected, "{count} of {part}");
    }
}

#[test]
fn fees_and_taxes_apply_to_the_lines_of_their_scope_only() {
    let mut agreement = agreement();
    let scope = Scope { flows: vec![Flow::Conversion], issuers: vec![Party::A] };
    agreement.fees = vec![Fee { scope: scope.clone(), issuer_pays: false, ..fee("5") }];
    agreement.taxes = vec![GrossTax {
        tax: tax("10", false),
        issuer_pays: true,
        scope: Scope { flows: vec![SPENT], ..everywhere() },
        clause: Some("tax".into()),
    }];
    for place in [Place::Event, Place::Line, Place::Statement] {
        agreement.rounding.place = place;
        let events = [(SPENT, 1000), (Flow::Conversion, 1000), (Flow::Sale, 1000)];
        let clearing = cleared(&agreement, &events, &[(SPENT, 1000), (Flow::Conversion, 1000)]);
        let statement = &clearing.statements()[0];
        let expected = [
            "gross 8.00 a",
            "tax 0.80 a",
            "gross 4.00 a",
            "fee 0.20 b",
            "gross 10.00 b",
            "gross 20.00 b",
            "tax 2.00 b",
            "gross 4.00 b",
        ];
        assert_eq!(shown(statement), expected, "{place:?}");
        let clauses: Vec<&str> =
            statement.lines().iter().filter_map(|line| line.clause.as_deref()).collect();
        assert_eq!(
            clauses,
            ["rate", "tax", "conversion", "fee", "sale", "rate", "tax", "conversion"]
        );
    }
}

#[test]
fn a_tax_on_gross_comes_on_top_or_lies_within() {
    // mode, place, events of A at 0.008: the tax of 6 per cent, and A's payable
    let rows: &[(bool, Place, &[i64], &str, &str)] = &[
        (false, Place::Line, &[1000], "0.48", "8.48"),
        (false, Place::Line, &[-1000], "-0.48", "-8.48"),
        (true, Place::Line, &[1000], "0.45", "8.00"),
        (true, Place::Line, &[-1000], "-0.45", "-8.00"),
        // 53 × 0.008 = 0.424 and so 0.42 an event; its tax is 0.0252, and 0.0238 within it.
        (false, Place::Event, &[53, 53, 53], "0.09", "1.35"),
        (true, Place::Event, &[53, 53, 53], "0.06", "1.26"),
        // 159 × 0.008 = 1.272; with 0.07632 on top it is 1.34832.
        (false, Place::Statement, &[53, 53, 53], "0.08", "1.35"),
        (true, Place::Statement, &[53, 53, 53], "0.07", "1.27"),
    ];
    for &(inclusive, place, events, expected, payable) in rows {
        let mut agreement = agreement();
        agreement.rounding.place = place;
        agreement.taxes = vec![GrossTax {
            tax: tax("6", inclusive),
            issuer_pays: true,
            scope: everywhere(),
            clause: None,
        }];
        let events: Vec<(Flow, i64)> = events.iter().map(|&points| (SPENT, points)).collect();
        let clearing = cleared(&agreement, &events, &[]);
        let statement = &clearing.statements()[0];
        let row = format!("inclusive {inclusive} {place:?} {events:?}");
        assert_eq!(statement.lines()[1].amount, money(expected, "CNY"), "{row}");
        assert_eq!(statement.payables().a, money(payable, "CNY"), "{row}");
    }
}
