//! A movement counts in one closing of its account: the first that reads it and does not end before
//! it.

use std::fs;

use super::Months;
use crate::tables::table;

/// Months in which A's account `M1` opens with 5,000 points at the end of February.
fn opened() -> Months {
    let months = Months::new();
    let balance = "columns: { member_no: no, balance: balance, as_of: as_of }";
    let feeds: String = ["opening", "accounts"]
        .map(|feed| {
            format!(
                "    {feed}: {{ files: \"{feed}-{{period}}.csv\", format: {{ csv: {{}} }}, \
                 {balance} }}\n"
            )
        })
        .concat();
    months.change("    ledger: { files: \"a-", &format!("{feeds}    ledger: {{ files: \"a-"));
    for period in PERIODS {
        fs::write(months.path(&format!("opening-{period}.csv")), HEADER).unwrap();
    }
    let opening = format!("{HEADER}M1,5000,2026-02-28\n");
    fs::write(months.path("opening-2026-03.csv"), opening).unwrap();
    months
}

const HEADER: &str = "no,balance,as_of\n";

const PERIODS: [&str; 3] = ["2026-03", "2026-04", "2026-05"];

/// What A's ledger of a month has, the day of its snapshot and the balance there, and what is
/// expected.
type Month<'m> = (&'m [&'m str], &'m str, i64, i64);

fn check(what: &str, told: [Month<'_>; 3]) {
    let months = opened();
    for (period, (rows, day, balance, expected)) in PERIODS.iter().zip(told) {
        months.book('a', period, rows);
        let snapshot = format!("{HEADER}M1,{balance},2026-{day}\n");
        fs::write(months.path(&format!("accounts-{period}.csv")), snapshot).unwrap();
        months.close(period);
        let accounts = table(&months.finally(period), "accounts");
        assert_eq!(accounts.len(), 1, "{what} {period}");
        assert_eq!(accounts[0]["expected"], expected.to_string(), "{what} {period}");
        let is_told = !months.found(period, "LED-01").is_empty();
        assert_eq!(is_told, balance != expected, "{what} {period}");
        crate::review::is_sound(&months.finally(period), what);
    }
}

#[test]
fn a_movement_counts_in_one_closing() {
    let march = ["A1 burn -1000 03-20", "A2 burn -500 03-31"];
    let april = ["A3 burn -100 04-02", "A4 burn -200 04-30"];
    let may = ["A5 burn -10 05-31"];
    let until_april = [&march[..], &april].concat();
    let until_may = [&until_april[..], &may].concat();
    for (again, second, third) in
        [("each its own", &april[..], &may[..]), ("cumulative", &until_april, &until_may)]
    {
        check(
            &format!("snapshots of the last day, {again}"),
            [
                (&march, "03-31", 3500, 3500),
                (second, "04-30", 3200, 3200),
                (third, "05-31", 3190, 3190),
            ],
        );
        // What happened between the month's end and the snapshot comes with the next month.
        check(
            &format!("snapshots of the third, {again}"),
            [
                (&march, "04-03", 3400, 3500),
                (second, "05-03", 3200, 3200),
                (third, "06-03", 3190, 3190),
            ],
        );
        // A snapshot of before our own closing reports nothing, and turns no movement back.
        check(
            &format!("a stale snapshot, {again}"),
            [
                (&march, "03-31", 3500, 3500),
                (second, "03-15", 5000, 3200),
                (third, "05-31", 3190, 3190),
            ],
        );
    }
    let again: &[&str] = &["A1 xburn -500 05-12"];
    check(
        "what is held and sent again with another day",
        [
            (&["A1 xburn -500 03-10"], "03-31", 4500, 4500),
            (again, "04-30", 4500, 4500),
            (&[], "05-31", 4500, 4500),
        ],
    );
    check(
        "what is sent again as another's number",
        [
            (&["A1 earn 50 03-16"], "03-31", 5050, 5050),
            (&["A1 burn -20 04-05"], "04-30", 5030, 5030),
            (&["A1 earn 50 03-16"], "05-31", 5030, 5030),
        ],
    );
    check(
        "what was pending",
        [
            (&["A1 earn 50 03-16 status=pending"], "03-31", 5000, 5000),
            (&["A1 earn 50 03-16"], "04-30", 5050, 5050),
            (&["A1 earn 50 03-16"], "05-31", 5050, 5050),
        ],
    );
    for void in ["pending", "cancelled"] {
        for kind in ["burn", "xburn"] {
            let posted = format!("A1 {kind} -500 03-10");
            let void = format!("{posted} status={void}");
            check(
                &void,
                [
                    (&[&posted], "03-31", 4500, 4500),
                    (&[&void], "04-30", 4500, 4500),
                    (&[&posted], "05-31", 4500, 4500),
                ],
            );
        }
    }
    check(
        "what comes late",
        [(&[], "03-31", 5000, 5000), (&march, "04-30", 3500, 3500), (&march, "05-31", 3500, 3500)],
    );
}
