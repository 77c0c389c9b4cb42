//! Files that rows name: each is an input of the run, or of a final publication that it took from.

use std::collections::BTreeSet;

use super::super::before::finals;
use super::super::publication::{Publication, ReviewError};
use super::Check;
use crate::value::money::counted;

/// Columns that name files: by themselves, as `path:line`, or several of these by semicolons.
const COLUMNS: [(&str, &str); 15] = [
    ("cleared_events", "issuer_file"),
    ("cleared_events", "acceptor_file"),
    ("held", "issuer_row"),
    ("held", "acceptor_row"),
    ("pending", "issuer_row"),
    ("pending", "acceptor_row"),
    ("open_rows", "file"),
    ("settled_rows", "file"),
    ("own_rows", "file"),
    ("open_adjustments", "file"),
    ("decisions", "file"),
    ("rejects", "file"),
    ("control_totals", "file"),
    ("discrepancies", "a_rows"),
    ("discrepancies", "b_rows"),
];

/// The tables of a final publication from which rows are brought back.
const TABLES: [&str; 6] =
    ["open_rows", "cleared_events", "settled_rows", "own_rows", "settlements", "decisions"];

/// The files that rows may name.
struct Known {
    inputs: BTreeSet<String>,
    /// The places of final publications.
    past: Vec<String>,
    /// Whether every final publication is here, so that all inputs are known.
    is_whole: bool,
}

impl Known {
    /// Whether a file, an entry of an archive, or a table of a final publication is known. What is
    /// read from a final publication that is not here is not judged.
    fn has(&self, file: &str) -> bool {
        let is_entry = || {
            let behind = |input: &String| file.strip_prefix(input.as_str());
            let mut behind = self.inputs.iter().filter_map(behind);
            behind.any(|rest| rest.starts_with('/'))
        };
        let is_past = || {
            let under = |place: &String| file.strip_prefix(place.as_str());
            let is_table = |rest: &str| {
                let table = rest.strip_prefix('/').and_then(|rest| rest.strip_suffix(".parquet"));
                table.is_some_and(|table| TABLES.contains(&table))
            };
            self.past.iter().filter_map(under).any(is_table)
        };
        self.inputs.contains(file) || is_entry() || is_past() || !self.is_whole
    }
}

/// Every file is known.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let past = finals(publication)?;
    let (finals, unread) = &*past;
    let of = |publication: &Publication| publication.manifest.inputs.clone();
    let inputs = finals.iter().chain([publication]).flat_map(of);
    let known = Known {
        inputs: inputs.map(|input| input.path).collect(),
        past: publication.manifest.past.iter().map(|taken| taken.place.clone()).collect(),
        is_whole: unread.is_empty(),
    };
    if !known.is_whole {
        check.beyond(format!(
            "rows that closed periods read first name their files, which only those periods' \
             manifests know: {}",
            unread.join(", ")
        ));
    }
    let mut named: u64 = 0;
    for (table, column) in COLUMNS {
        // Publications from before decisions named their files do not have the column.
        if !publication.has(table) || !publication.columns(table)?.iter().any(|of| of == column) {
            continue;
        }
        let mut last = String::new();
        let code = if table == "discrepancies" { &["code"][..] } else { &[] };
        publication.scan(table, &[&[column], code].concat(), |number, row| {
            let Some(text) = row.some_text(0) else { return Ok(()) };
            // What is told of files as such names patterns, and files that are not there.
            if row.text(1).starts_with("FIL-") {
                return Ok(());
            }
            named += 1;
            if text == last {
                return Ok(());
            }
            if !is_known(&known, text) {
                check.fault(|| format!("{table} row {number}: {column} is no input of the run"));
            }
            text.clone_into(&mut last);
            Ok(())
        })?;
    }
    check.compared = counted(named, "place");
    Ok(())
}

/// Whether a text names files alone: one, or one or several of `path:line` by semicolons.
fn is_known(known: &Known, text: &str) -> bool {
    known.has(text)
        || text.split(';').all(|place| {
            let of_line = place.rsplit_once(':');
            let file = of_line.filter(|(_, line)| line.bytes().all(|b| b.is_ascii_digit()));
            known.has(file.map_or(place, |(file, _)| file))
        })
}
