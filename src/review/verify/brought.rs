//! Rows that were brought back from closed periods, against the final publications that handed them
//! on: what is counted, handed on or settled now says what was read then.

use std::collections::BTreeMap;

use super::super::before::finals;
use super::super::publication::{Cell, Publication, ReviewError, Row};
use super::Check;
use crate::value::money::counted;

/// A column of a row that was handed on, and where it stands in the table that has the row now.
type Columns = &'static [(&'static str, &'static str)];

/// Tables with rows that are brought back: the columns of file and line, and all that is the same.
/// What is counted names an original only where it is a reversal, and a reversal has the period of
/// its original, so that these stand aside.
const TABLES: [(&str, [&str; 2], Columns); 4] = [
    (
        "cleared_events",
        ["issuer_file", "issuer_line"],
        &[
            ("event_id", "issuer_event_id"),
            ("kind", "kind"),
            ("member_no", "issuer_member"),
            ("points", "issuer_points"),
            ("occurred_at", "occurred_at"),
            ("status", "issuer_status"),
        ],
    ),
    (
        "cleared_events",
        ["acceptor_file", "acceptor_line"],
        &[
            ("event_id", "acceptor_event_id"),
            ("kind", "acceptor_kind"),
            ("member_no", "acceptor_member"),
            ("occurred_at", "accepted_at"),
            ("status", "acceptor_status"),
        ],
    ),
    ("open_rows", ["file", "line"], ROW),
    ("settled_rows", ["file", "line"], ROW),
];

/// What a row says of itself wherever it is handed on. When it was posted may be told otherwise
/// once it is called void (docs/periods.md, *Opening balances*).
const ROW: Columns = &[
    ("party", "party"),
    ("event_id", "event_id"),
    ("member_no", "member_no"),
    ("kind", "kind"),
    ("points", "points"),
    ("occurred_at", "occurred_at"),
    ("status", "status"),
    ("order_no", "order_no"),
    ("counter_event_id", "counter_event_id"),
    ("original_event_id", "original_event_id"),
    ("amount", "amount"),
    ("currency", "currency"),
    ("authority", "authority"),
];

/// A row as it stands now: where, and its cells by the columns that it had then.
struct Brought {
    place: String,
    cells: Vec<(&'static str, String)>,
}

/// File and line → what stands on it now.
type ByPlace = BTreeMap<(String, String), Vec<Brought>>;

/// Every row that names a row of a final publication, or a line that one of these names, is it.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let (finals, unread) = finals(publication)?;
    if !unread.is_empty() {
        check.beyond(format!(
            "what closed periods handed on stands in their own publications: {}",
            unread.join(", ")
        ));
    }
    if finals.is_empty() {
        return Ok(());
    }
    let now = rows_now(publication)?;
    let mut compared: u64 = 0;
    for before in &finals {
        let taken = publication.manifest.past.iter();
        let Some(taken) = taken.max_by_key(|taken| {
            if before.folder.ends_with(&taken.place) { taken.place.len() } else { 0 }
        }) else {
            continue;
        };
        let said = before.manifest.outputs.iter().find(|one| one.file == "open_rows.parquet");
        let Some(said) = said else { continue };
        if before.digest(&said.file)?.0 != said.blake3 {
            check.beyond(format!("{}/{} is not what was published", taken.place, said.file));
            continue;
        }
        let file = format!("{}/open_rows.parquet", taken.place);
        let names = before.columns("open_rows")?;
        let columns: Vec<&str> = names.iter().map(String::as_str).collect();
        before.scan("open_rows", &columns, |number, row| {
            let cell = |name: &str| {
                let at = columns.iter().position(|column| *column == name);
                at.map(|at| text(row, at))
            };
            let brought = now.get(&(file.clone(), number.to_string()));
            // What was settled names the line that the row was read from, as the row itself does.
            let read_from = (cell("file").unwrap_or_default(), cell("line").unwrap_or_default());
            // A file that this run has read too may say something else of it there now.
            let is_read = publication.manifest.inputs.iter().any(|one| one.path == read_from.0);
            let settled = now.get(&read_from).filter(|_| !is_read);
            let settled = settled.map_or(&[][..], Vec::as_slice).iter();
            let is_it = |one: &&Brought| {
                one.place.starts_with("settled_rows")
                    && one
                        .cells
                        .iter()
                        .any(|(name, now)| *name == "event_id" && cell(name).as_ref() == Some(now))
            };
            for one in brought.into_iter().flatten().chain(settled.filter(is_it)) {
                compared += 1;
                for (name, now) in &one.cells {
                    if cell(name).is_some_and(|then| then != *now) {
                        check.fault(|| {
                            format!("{}: {name} is not what {file} row {number} says", one.place)
                        });
                    }
                }
            }
            Ok(())
        })?;
    }
    check.compared = counted(compared, "row");
    Ok(())
}

/// Rows of this publication that may have been brought back.
fn rows_now(publication: &Publication) -> Result<ByPlace, ReviewError> {
    let mut now = ByPlace::new();
    let places: Vec<String> =
        publication.manifest.past.iter().map(|taken| format!("{}/", taken.place)).collect();
    for (table, [file, line], same) in TABLES {
        if !publication.has(table) {
            continue;
        }
        let mut columns = vec![file, line];
        columns.extend(same.iter().map(|(_, column)| *column));
        publication.scan(table, &columns, |number, row| {
            let from = row.text(0);
            let is_past = places.iter().any(|place| from.starts_with(place.as_str()));
            if !is_past && table != "settled_rows" {
                return Ok(());
            }
            let cells = same.iter().enumerate();
            let cells = cells.map(|(at, (name, _))| (*name, text(row, at + 2))).collect();
            let place = format!("{table} row {number}");
            let key = (from.to_owned(), row.cell(1).to_string());
            now.entry(key).or_default().push(Brought { place, cells });
            Ok(())
        })?;
    }
    Ok(now)
}

fn text(row: &Row<'_>, at: usize) -> String {
    match row.cell(at) {
        Cell::Text(_) => row.text(at).to_owned(),
        other => other.to_string(),
    }
}
