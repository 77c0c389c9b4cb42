//! What a decision did, and how a figure came about, as people read it: in stories, lists, the page
//! and the workbook.

use std::fs;
use std::path::Path;
use std::process::Command;

use hutong::review::{Publication, explain};

use super::Months;
use crate::tables::table;

/// What the command prints.
fn hutong(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_hutong")).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The values that stories have under a label.
#[track_caller]
fn told(folder: &Path, id: &str, label: &str) -> Vec<String> {
    let stories = explain(&Publication::open(folder).unwrap(), id).unwrap();
    let lines = stories.into_iter().flat_map(|story| story.lines);
    let values = lines.filter(|(name, _)| name.starts_with(label));
    values.map(|(_, value)| value).collect()
}

const A1: &str = "A1 xburn -1000 03-05";

#[test]
fn what_was_decided_is_told_wherever_the_discrepancy_is() {
    let d1 = ": r; x, approved by 批准人 y, 2026-04-05T02:00:00Z";
    // (action, points, its name, whether the event then counts)
    let rows = [
        ("release", "", "D1 release 放行", true),
        ("adjust", "900", "D1 adjust 调整 900", true),
        ("reject", "", "D1 reject 驳回", false),
        ("write_off", "", "D1 write_off 核销", false),
    ];
    for (action, points, name, counts) in rows {
        let mut months = Months::new();
        months.books("2026-03", &[A1], &[]);
        months.close("2026-03");
        months.decide(("2026-03", "EVT-01"), action, points, "04-05");
        months.close("2026-04");
        let folder = months.finally("2026-04");
        let id = table(&folder, "decisions")[0]["discrepancy_id"].clone();
        let in_words = format!("{name}{d1}");
        // The discrepancy and its event tell it, each where it stands.
        let of_discrepancy = told(&folder, &id, "decision");
        assert_eq!(of_discrepancy[0], in_words);
        assert_eq!(of_discrepancy.len(), 2, "{of_discrepancy:?}");
        let of_event = told(&folder, "A1", "decision");
        assert!(of_event.len() >= 2 && of_event.iter().all(|one| one.starts_with(&in_words)));
        let effect = told(&folder, &id, "severity, effect");
        assert_eq!(effect, ["error, held: decided, no longer held 已决，不再挂账"]);
        let titles = explain(&Publication::open(&folder).unwrap(), &id).unwrap();
        let is_counted = titles.iter().any(|story| story.title.starts_with("Counted"));
        assert_eq!(is_counted, counts, "{action}");
        // So do lists, the page and the workbook.
        let folder = folder.to_str().unwrap();
        let items = hutong(&["show", folder, "--items", "--output-format", "csv"]);
        assert!(
            items.starts_with("code,discrepancy_id,rows,reason,reason_zh,decision,"),
            "{items}"
        );
        assert!(items.contains(&format!(",\"{in_words}\",")), "{items}");
        assert!(items.contains("发行方这一笔没有对方镜像"), "{items}");
        let people = hutong(&["show", folder, "--items"]);
        for part in ["nothing mirrors", "发行方这一笔", "批准人"] {
            assert!(people.contains(part), "{people}");
        }
        let summed = hutong(&["show", folder, "--output-format", "csv"]);
        assert!(summed.starts_with("key,title,count,amount_at_stake,oldest_days,decided\n"));
        assert!(summed.lines().any(|row| row.starts_with("EVT-01,") && row.ends_with(",1")));
        let page = fs::read_to_string(Path::new(folder).join("report.html")).unwrap();
        let (id_and_word, _) = name.split_once(|c: char| !c.is_ascii()).unwrap();
        let decided = format!("{}, no longer held", id_and_word.trim_end());
        for part in [&decided, "x, approved by y", "1 decided", "1 条已决"] {
            assert!(page.contains(part), "{part}");
        }
    }
}

/// A decision that was refused is told as what it is, and what it is about stays held.
#[test]
fn a_decision_that_moved_nothing_is_told_as_such() {
    let mut months = Months::new();
    months.books("2026-03", &[A1], &[]);
    months.close("2026-03");
    months.decide(("2026-03", "EVT-01"), "adjust", "-900", "04-05");
    months.close("2026-04");
    let folder = months.finally("2026-04");
    let id = table(&folder, "decisions")[0]["discrepancy_id"].clone();
    assert!(told(&folder, &id, "decision")[0].contains("; refused, the item cannot be moved so"));
    assert_eq!(told(&folder, &id, "severity, effect"), ["error, held"]);
    let items = hutong(&["show", folder.to_str().unwrap(), "--items"]);
    assert!(!items.contains("D1"), "{items}");
}

/// Where events are rounded, each line is told event by event: of a reversal what is left of its
/// event less what was left before. What is told adds up to the line.
#[test]
fn a_line_of_rounded_events_can_be_summed_again_with_a_pencil() {
    let months = Months::new();
    months.declare_terms(|terms| {
        terms
            + "  rounding: { place: event }\n  fees:\n    - { on: gross, percent: \"2\", paid_by: \
               issuer, min: \"0.05\", tax: { percent: \"6\", mode: exclusive } }\n"
    });
    months.books(
        "2026-03",
        &["A1 xburn -1333 03-05", "A2 reversal 500 03-06 original=A1", "A3 xburn -40 03-07"],
        &[
            "B1 xaccept 444 03-05 counter=A1",
            "B2 reversal -166 03-06 counter=A2 original=B1",
            "B3 xaccept 13 03-07 counter=A3",
        ],
    );
    months.close("2026-03");
    months.books(
        "2026-04",
        &["A4 reversal 833 04-06 original=A1"],
        &["B4 reversal -278 04-06 counter=A4 original=B1"],
    );
    months.close("2026-04");
    let lines = |period: &str, number: usize| {
        let folder = months.finally(period);
        let id = format!("line:{number}");
        let mut all = told(&folder, &id, "event");
        all.extend(told(&folder, &id, "sum"));
        all.iter().map(|one| one.rsplit("  ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let rows: [(&str, usize, &[&str]); 6] = [
        (
            "2026-03",
            1,
            &[
                "1,333 × 0.008 = 10.664 → 10.66",
                "left 余 833 × 0.008 = 6.664 → 6.66; before 此前 1,333 × 0.008 = 10.664 → 10.66; \
                 6.66 - 10.66 = -4.00",
                "40 × 0.008 = 0.32 → 0.32",
                "10.66 - 4.00 + 0.32 = 6.98 CNY",
            ],
        ),
        (
            "2026-03",
            2,
            &[
                "10.66 × 0.02 = 0.2132 → 0.21",
                "left 余 6.66 × 0.02 = 0.1332 → 0.13; before 此前 10.66 × 0.02 = 0.2132 → 0.21; \
                 0.13 - 0.21 = -0.08",
                "0.32 × 0.02 = 0.0064, at least 不低于 0.05 → 0.05",
                "0.21 - 0.08 + 0.05 = 0.18 CNY",
            ],
        ),
        (
            "2026-03",
            3,
            &[
                "0.21 × 0.06 = 0.0126 → 0.01",
                "left 余 0.13 × 0.06 = 0.0078 → 0.01; before 此前 0.21 × 0.06 = 0.0126 → 0.01; \
                 0.01 - 0.01 = 0.00",
                "0.05 × 0.06 = 0.003 → 0.00",
                "0.01 + 0.00 + 0.00 = 0.01 CNY",
            ],
        ),
        (
            "2026-04",
            1,
            &[
                "left 余 0 → 0.00; before 此前 833 × 0.008 = 6.664 → 6.66; 0.00 - 6.66 = -6.66",
                "-6.66 = -6.66 CNY",
            ],
        ),
        (
            "2026-04",
            2,
            &[
                "left 余 0 → 0.00; before 此前 6.66 × 0.02 = 0.1332 → 0.13; 0.00 - 0.13 = -0.13",
                "-0.13 = -0.13 CNY",
            ],
        ),
        (
            "2026-04",
            3,
            &[
                "left 余 0 → 0.00; before 此前 0.13 × 0.06 = 0.0078 → 0.01; 0.00 - 0.01 = -0.01",
                "-0.01 = -0.01 CNY",
            ],
        ),
    ];
    for (period, number, chains) in rows {
        assert_eq!(lines(period, number), chains, "{period} {number}");
    }
    // The mirror of a partial reversal is what the event's mirror falls by.
    let rows = [
        (
            "2026-03",
            "A2",
            "left 余 833 × 1/3 = 277 + 2/3 → 277; before 此前 1,333 × 1/3 = 444 + 1/3 → 444; \
             277 - 444 = -167 agreed 约定; -166 recorded 记录",
        ),
        (
            "2026-04",
            "A4",
            "left 余 0 × 1/3 = 0 → 0; before 此前 833 × 1/3 = 277 + 2/3 → 277; 0 - 277 = -277 \
             agreed 约定; -278 recorded 记录",
        ),
    ];
    for (period, id, chain) in rows {
        assert_eq!(told(&months.finally(period), id, "mirror"), [chain], "{id}");
    }
    // Where March is not here, nobody can tell what it left, charged and how it rounded.
    let march = fs::canonicalize(months.finally("2026-03")).unwrap();
    fs::rename(&march, march.with_extension("away")).unwrap();
    let arithmetic = told(&months.finally("2026-04"), "line:1", "arithmetic");
    assert!(arithmetic[0].starts_with("by the terms of 2026-03, which is not here"));
    let events = told(&months.finally("2026-04"), "line:1", "event");
    assert!(events[0].contains("-833 × 0.008 = -6.664 CNY"), "{events:?}");
}

/// Of a long line the first events are told one by one, and the rest summed.
#[test]
fn a_long_line_is_bounded_and_still_adds_up() {
    let months = Months::new();
    months.declare_terms(|terms| terms + "  rounding: { place: event }\n");
    let rows = |legs: fn(u32) -> String| (10..=22).map(legs).collect::<Vec<String>>();
    let spent = rows(|nth| format!("A{nth} xburn -6 03-05"));
    let accepted = rows(|nth| format!("B{nth} xaccept 2 03-05 counter=A{nth}"));
    let [a, b] =
        [&spent, &accepted].map(|rows| rows.iter().map(String::as_str).collect::<Vec<_>>());
    months.books("2026-03", &a, &b);
    months.close("2026-03");
    let folder = months.finally("2026-03");
    assert_eq!(told(&folder, "line:1", "event").len(), 10);
    let ten = ["0.05"; 10].join(" + ");
    let sum = format!("{ten} … and 3 more 其余 0.15, in cleared_events with line_no 1 = 0.65 CNY");
    assert_eq!(told(&folder, "line:1", "sum"), [sum]);
}

/// A fee has no events of its own: its rest is named by the gross line, on which they stand.
#[test]
fn the_rest_of_a_rounded_fee_is_on_its_gross_line() {
    let months = Months::new();
    months.declare_terms(|terms| {
        terms
            + "  rounding: { place: event }\n  fees: [{ on: gross, percent: \"2\", paid_by: \
               issuer }]\n"
    });
    let of_a: Vec<String> = (1..=12).map(|n| format!("A{n} xburn -1000 03-05")).collect();
    let of_b: Vec<String> =
        (1..=12).map(|n| format!("B{n} xaccept 333 03-05 counter=A{n}")).collect();
    let rows = [&of_a, &of_b].map(|rows| rows.iter().map(String::as_str).collect::<Vec<&str>>());
    months.books("2026-03", &rows[0], &rows[1]);
    months.close("2026-03");
    let folder = months.finally("2026-03");
    for line in ["line:1", "line:2"] {
        let sum = told(&folder, line, "sum").join("");
        assert!(sum.contains("and 2 more 其余"), "{sum}");
        assert!(sum.contains("in cleared_events with line_no 1 ="), "{line}: {sum}");
    }
}

/// A pair that is held because of its points is told with the mirror that the agreement gives it.
#[test]
fn a_held_pair_is_told_with_its_mirror() {
    let months = Months::new();
    months.books("2026-03", &[A1], &["B1 xaccept 300 03-05 counter=A1"]);
    months.close("2026-03");
    let folder = months.finally("2026-03");
    let held = table(&folder, "held");
    assert!(held[0]["code"].starts_with("AMT-"), "{held:?}");
    let mirror = told(&folder, "A1", "mirror");
    assert!(mirror[0].contains("= 333 + 1/3 → 333 agreed 约定"), "{mirror:?}");
    assert!(mirror[0].ends_with("; 300 recorded 记录"), "{mirror:?}");
}

/// A member is told with what it did on either book, and its link with both numbers.
#[test]
fn a_member_is_told_with_its_events() {
    let months = Months::new();
    months.books("2026-03", &[A1, "A2 xburn -900 03-05"], &["B1 xaccept 333 03-05 counter=A1"]);
    months.close("2026-03");
    let folder = months.finally("2026-03");
    let counted = &table(&folder, "cleared_events")[0];
    let held = &table(&folder, "held")[0];
    for (member, wanted) in [
        (&counted["issuer_member"], ["counted", "held"].as_slice()),
        (&counted["acceptor_member"], ["counted"].as_slice()),
    ] {
        for label in wanted {
            let all = told(&folder, member, label);
            assert_eq!(all.len(), 1, "{member} {label}: {all:?}");
        }
    }
    let of_held = told(&folder, &held["member"], "held").join("");
    assert!(of_held.contains(&held["discrepancy_id"]) && of_held.contains("A2"), "{of_held}");
    // The link names both numbers.
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("pipelines/worked-example.yaml");
    let outcome = crate::tables::run(pipeline, ("2026-03-31", None), out.path()).unwrap();
    let folder = outcome.published.folder();
    let link = &table(folder, "links")[0];
    for (label, column) in [("a's member", "a_member"), ("b's member", "b_member")] {
        assert!(told(folder, &link["b_member"], label).contains(&link[column]), "{link:?}");
    }
}
