//! Figures of a publication: one that follows from nothing is told, whatever the digests say.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hutong::review::Publication;

use super::{altered, example, faults, found};
use crate::forged::read;

#[test]
fn a_manifest_that_says_other_than_its_statement_is_told() {
    let rows = [
        ("/net", "SKY pays HBR 963.87 CNY"),
        ("/net", "HBR pays SKY 46.97 CNY"),
        ("/net", "SKY pays HBR 46.97 CNY; SKY pays HBR 46.97 CNY"),
        ("/statements/0/payer", "b"),
        ("/statements/0/held_a", "6.41"),
        ("/statements/0/held_b", "0"),
        ("/statements/0/amount_due", "46.98"),
        ("/a_code", "HBR"),
        ("/control_totals/0/points", "1"),
        ("/control_totals/0/money", "much"),
        ("/control_totals/1/stage", "lost"),
    ];
    let (_out, folder) = example();
    let manifest = folder.join("manifest.json");
    let text = fs::read(&manifest).unwrap();
    for (place, value) in rows {
        let mut said: serde_json::Value = serde_json::from_slice(&text).unwrap();
        *said.pointer_mut(place).unwrap() = value.into();
        fs::write(&manifest, serde_json::to_vec(&said).unwrap()).unwrap();
        let check = match place.starts_with("/control_totals") {
            true => "control totals against the manifest",
            false => "statement against its lines",
        };
        assert!(faults(&folder).contains(&check), "{place} {value}: {:?}", faults(&folder));
    }
}

/// Fees and taxes follow from the terms that the manifest names, or are told.
#[test]
fn terms_of_fees_and_taxes_that_say_otherwise_are_told() {
    let rows = [
        ("rounding of money", "line up"),
        ("rounding of money", "page half_up"),
        ("redemption fee", "share 0.03, paid by a, tax 0.06 exclusive"),
        ("redemption fee", "share 0.02, paid by b, tax 0.06 exclusive"),
        ("redemption fee", "share 0.02, paid by a"),
        ("redemption fee", "share 0.02, paid by a, tax 0.06 inclusive"),
        ("redemption fee", "share 0.02, paid by a, least 5, tax 0.06 exclusive"),
        ("redemption fee", "share 0.02, paid by a, most 1, tax 0.06 exclusive"),
        ("redemption fee", "two per cent"),
        ("minimum settlement", "46.98 CNY"),
        ("minimum settlement", "0 USD"),
        ("due days", "11"),
        ("due days", "soon"),
    ];
    let (_out, folder) = example();
    let manifest = folder.join("manifest.json");
    let text = fs::read(&manifest).unwrap();
    for (name, value) in rows {
        let mut said: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let mut terms = said["terms"].as_array_mut().unwrap().iter_mut();
        let term = terms.find(|term| term["term"] == name).unwrap();
        assert_ne!(term["value"], value);
        term["value"] = value.into();
        fs::write(&manifest, serde_json::to_vec(&said).unwrap()).unwrap();
        let check = match name {
            "minimum settlement" | "due days" => "what is due against its terms",
            _ => "fees and taxes against their terms",
        };
        assert!(faults(&folder).contains(&check), "{name} {value}: {:?}", faults(&folder));
    }
}

#[test]
fn a_figure_that_follows_from_nothing_is_told() {
    let lines = "statement against its lines";
    let gross = "gross lines against counted events";
    let digest = "digest of the counted events";
    let legs = "counted and held legs against their totals";
    let conserved = "conservation: in = counted + held + excluded + pending";
    let feeds = "files read = accepted + rejected + ignored";
    let beside = "statement against what is held and counted";
    let mirrors = "agreed mirrors against exact ones";
    let charges = "fees and taxes against their terms";
    let due = "what is due against its terms";
    let items = "held and awaited items against discrepancies";
    let rows: [(&str, &str, usize, &[&str]); 54] = [
        ("statement", "due_date", 0, &[due]),
        ("statement", "a_code", 0, &[lines]),
        ("statement", "b_code", 0, &[lines]),
        ("statement", "pipeline", 0, &[lines]),
        ("statement_lines", "ratio", 0, &[lines]),
        ("held", "code", 0, &[items]),
        ("held", "discrepancy_id", 0, &[items]),
        ("open_rows", "points", 0, &[legs]),
        ("open_rows", "party", 0, &[legs]),
        ("open_rows", "code", 0, &[items]),
        ("open_rows", "discrepancy_id", 0, &[items]),
        ("discrepancies", "discrepancy_id", 0, &[items]),
        ("control_totals", "stage", 0, &[feeds]),
        ("statement_lines", "exact", 1, &[charges]),
        ("statement_lines", "exact", 2, &[charges]),
        ("statement_lines", "clause", 1, &[charges]),
        ("statement_lines", "points", 2, &[charges]),
        ("statement_lines", "type", 2, &[lines, charges]),
        ("statement", "held_a", 0, &[lines, beside]),
        ("statement", "events_counted", 0, &[beside]),
        ("statement", "discrepancies", 0, &[beside]),
        ("statement", "payee", 0, &[lines]),
        ("statement", "status", 0, &[lines]),
        ("statement", "pipeline_digest", 0, &[lines]),
        ("statement_lines", "payee", 1, &[lines]),
        ("statement_lines", "acceptor", 0, &[lines]),
        ("statement_lines", "rate", 0, &[gross]),
        ("statement_lines", "flow", 0, &[gross, charges]),
        ("statement_lines", "ratio_from", 0, &[gross]),
        ("statement_lines", "origin_period", 0, &[gross, charges]),
        ("held", "amount", 0, &[beside, legs]),
        ("cleared_events", "exact_numerator", 0, &[mirrors]),
        ("statement", "a_payable", 0, &[lines]),
        ("statement", "b_payable", 0, &[lines]),
        ("statement", "net", 0, &[lines, due]),
        ("statement", "amount_due", 0, &[lines, due]),
        ("statement", "carry_forward", 0, &[lines, due]),
        ("statement", "cleared_digest", 0, &[digest]),
        ("statement_lines", "amount", 0, &[lines, charges]),
        ("statement_lines", "amount", 1, &[lines, charges]),
        ("statement_lines", "events", 0, &[gross, charges]),
        ("statement_lines", "points", 3, &[gross, charges]),
        ("statement_lines", "exact", 0, &[gross]),
        ("cleared_events", "points", 0, &[gross, mirrors, digest]),
        ("cleared_events", "amount", 0, &[gross]),
        ("cleared_events", "line_no", 0, &[gross]),
        ("cleared_events", "agreed_mirror", 0, &[mirrors, digest]),
        ("cleared_events", "issuer_event_id", 0, &[digest]),
        ("cleared_events", "issuer_points", 0, &[legs]),
        ("accounts", "earn", 0, &["accounts rolled forward"]),
        ("accounts", "reported", 0, &["accounts rolled forward"]),
        ("discrepancies", "code", 0, &["counts of discrepancies", items]),
        ("dictionary", "column", 5, &["columns against the dictionary"]),
        ("links", "period", 2, &["rows, period and as-of date of every table"]),
    ];
    let (_out, folder) = example();
    let publication = Publication::open(&folder).unwrap().in_memory();
    let with = |cells: &[(&str, &str, usize)]| {
        let mut tables = BTreeMap::new();
        for (table, column, row) in cells {
            let file = || read(&folder.join(format!("{table}.parquet")));
            let rows = tables.entry(*table).or_insert_with(file);
            *rows = altered(rows, column, *row);
        }
        let mut other = publication.clone();
        for (table, rows) in tables {
            other = other.with(table, rows);
        }
        found(&other)
    };
    for (table, column, row, expected) in rows {
        let found = with(&[(table, column, row)]);
        let untold: Vec<_> = expected.iter().filter(|check| !found.contains(check)).collect();
        assert!(untold.is_empty(), "{table}.{column}: {untold:?} find nothing");
    }
    // The totals stand file by file first, then by role and stage.
    assert_eq!(with(&[("control_totals", "rows", 0)]), [feeds]);
    let totals = crate::tables::table(&folder, "control_totals");
    let of = |stage: &str| {
        let is_it = |row: &crate::tables::Row| row["subject"] == "issuer" && row["stage"] == stage;
        totals.iter().position(is_it).unwrap()
    };
    let stated = "control totals against the manifest";
    let points = ("control_totals", "points", of("counted"));
    assert_eq!(with(&[points]), [conserved, legs, stated]);
    assert_eq!(with(&[points, ("control_totals", "money", of("in"))]), [conserved, legs, stated]);
}

/// Late fees follow from the final statements that are overdue and what is known to be paid of them.
#[test]
fn a_payment_that_says_otherwise_is_told_by_the_late_fee() {
    let out = tempfile::tempdir().unwrap();
    let outcome = crate::cases::perform(Path::new("tests/cases/CLR-02"), out.path());
    let folder = outcome.published.folder();
    let publication = Publication::open(folder).unwrap().in_memory();
    let check = "late fees against what is overdue";
    let rows = [
        ("settlements", "statement_period", 0),
        ("settlements", "currency", 0),
        ("settlements", "kind", 0),
        ("settlements", "amount", 0),
        ("statement_lines", "exact", LATE_FEE),
        ("statement_lines", "amount", LATE_FEE),
        ("statement_lines", "payer", LATE_FEE),
        ("statement_lines", "reference", LATE_FEE),
    ];
    for (table, column, row) in rows {
        let batch = read(&folder.join(format!("{table}.parquet")));
        let other = publication.with(table, altered(&batch, column, row));
        assert!(found(&other).contains(&check), "{table}.{column}");
    }
    let lines = read(&folder.join("statement_lines.parquet"));
    let without = publication.with("statement_lines", lines.slice(0, LATE_FEE));
    assert!(found(&without).contains(&check));
    // Where no term asks for it, none is due.
    let mut other = publication.clone();
    other.manifest.terms.retain(|term| term.term != "late fee per day");
    assert!(found(&other).contains(&check));
}

/// The row of the only late fee of the case.
const LATE_FEE: usize = 0;
