//! Late fees: on what, from when, and on which statement.

use super::*;

#[test]
fn a_late_fee_is_simple_on_what_is_unpaid_and_undisputed() {
    use SettlementKind::{Disputed, Paid};
    // due date, late fees in it, settlements, exempt days: the fee on 10,000.00 at 0.0005 a day,
    // 5.00 a day, in March as of its last day
    type Row<'a> = (
        &'a str,
        &'a str,
        &'a [(SettlementKind, &'a str, &'a str)],
        &'a [&'a str],
        Option<&'a str>,
    );
    let rows: &[Row<'_>] = &[
        // The due day is excluded: March 11 to 31 are 21 days.
        ("2026-03-10", "0", &[], &[], Some("105.00")),
        // Overdue before the period: all 31 days, and none of February's.
        ("2026-02-20", "0", &[], &[], Some("155.00")),
        ("2026-03-30", "0", &[], &[], Some("5.00")),
        ("2026-03-31", "0", &[], &[], None),
        // Paid on the 20th: 11 to 20 are ten days. Paid in time: none.
        ("2026-03-10", "0", &[(Paid, "2026-03-20", "10000")], &[], Some("50.00")),
        ("2026-03-10", "0", &[(Paid, "2026-03-10", "10000")], &[], None),
        // 4,000.00 paid on the 15th: five days of 5.00 and sixteen of 3.00.
        ("2026-03-10", "0", &[(Paid, "2026-03-15", "4000")], &[], Some("73.00")),
        // Disputed from the 15th on: four days of 5.00 and seventeen of 3.00.
        ("2026-03-10", "0", &[(Disputed, "2026-03-15", "4000")], &[], Some("71.00")),
        // More than the whole is nothing, not less.
        ("2026-03-10", "0", &[(Paid, "2026-03-12", "12000")], &[], Some("10.00")),
        // Two exempt days of the 21; one before the due date and one twice change nothing.
        ("2026-03-10", "0", &[], &["2026-03-11", "2026-03-31", "2026-03-09"], Some("95.00")),
        // 2,000.00 of it are late fees: 8,000.00 × 0.0005 × 21.
        ("2026-03-10", "2000", &[], &[], Some("84.00")),
        ("2026-03-10", "12000", &[], &[], None),
        // 9,999.99 left a day for one day is 4.999995 and six of nothing.
        ("2026-03-30", "0", &[(Paid, "2026-03-01", "0.01")], &[], Some("5.00")),
        ("2026-03-30", "0", &[(Paid, "2026-03-01", "9999.99")], &[], Some("0.00")),
    ];
    for &(due_date, late_fees, settled_on, exempt, expected) in rows {
        let mut agreement = agreement();
        agreement.late_fee =
            Some(LateFee { per_day: decimal("0.0005"), clause: Some("late".into()) });
        let settlements = settled_on.iter().enumerate().map(|(id, &(kind, on, amount))| {
            let (period, on) = ("2026-02".to_owned(), day(on));
            let amount = decimal(amount);
            Settlement { id: id.to_string(), period, currency: currency("CNY"), kind, on, amount }
        });
        let claims = Claims {
            settlements: settlements.collect(),
            exempt_days: exempt.iter().map(|text| day(text)).collect::<BTreeSet<Date>>(),
            ..Claims::default()
        };
        let past = past(&[("2026-02", "10000", Some(Party::B), due_date, late_fees)]);
        let clearing = settled(&agreement, &[], &[], &claims, &past);
        let lines = clearing.statements()[0].lines();
        let row = format!("due {due_date}, {settled_on:?}, exempt {exempt:?}, fees {late_fees}");
        let got = lines.first().map(|line| line.amount);
        assert_eq!(got, expected.map(|text| money(text, "CNY")), "{row}");
        for line in lines {
            assert_eq!((line.kind, line.payer), (LineKind::LateFee, Party::B), "{row}");
            assert_eq!(line.origin_period, "2026-02");
            assert_eq!(line.reference.as_deref(), Some("2026-02"));
            assert_eq!(line.clause.as_deref(), Some("late"));
        }
    }
}

#[test]
fn each_overdue_statement_has_a_late_fee_and_settlements_of_another_do_not_count() {
    let mut agreement = agreement();
    agreement.late_fee = Some(LateFee { per_day: decimal("0.0005"), clause: None });
    let claims = Claims {
        settlements: vec![
            Settlement {
                id: "1".into(),
                period: "2026-01".into(),
                currency: currency("CNY"),
                kind: SettlementKind::Paid,
                on: day("2026-03-21"),
                amount: decimal("1000"),
            },
            // In another currency, and so of another statement.
            Settlement {
                id: "2".into(),
                period: "2026-02".into(),
                currency: currency("JPY"),
                kind: SettlementKind::Paid,
                on: day("2026-03-11"),
                amount: decimal("2000"),
            },
        ],
        ..Claims::default()
    };
    let past = past(&[
        ("2026-01", "1000", Some(Party::A), "2026-02-10", "0"),
        ("2026-02", "2000", Some(Party::B), "2026-03-10", "0"),
    ]);
    let clearing = settled(&agreement, &[], &[], &claims, &past);
    // 1,000.00 × 0.0005 × 21 days (1 to 21); 2,000.00 × 0.0005 × 21 days (11 to 31).
    assert_eq!(shown(&clearing.statements()[0]), ["late_fee 10.50 a", "late_fee 21.00 b"]);
}
