//! Rows that were brought back from closed periods, against the final publications that handed them
//! on: what is counted, handed on or settled now says what was read then.

use std::collections::{BTreeMap, BTreeSet};

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

/// The file of the rows that a period hands on.
const HANDED_ON: &str = "open_rows.parquet";

/// A row as it stands now: where, and its cells by the columns that it had then.
struct Brought {
    place: String,
    cells: Vec<(&'static str, String)>,
}

impl Brought {
    fn cell(&self, name: &str) -> Option<&str> {
        let cell = self.cells.iter().find(|(known, _)| *known == name);
        cell.map(|(_, cell)| cell.as_str())
    }
}

/// File and line → what stands on it now.
type ByPlace = BTreeMap<(String, String), Vec<Brought>>;

/// Every row that names a row of a final publication, or a line that one of these names, is it.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let past = finals(publication)?;
    let (finals, unread) = &*past;
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
    for before in finals {
        let mut taken = publication.manifest.past.iter();
        let taken = taken.find(|taken| taken.period == before.manifest.period);
        let said = before.manifest.outputs.iter().find(|one| one.file == HANDED_ON);
        let (Some(taken), Some(said)) = (taken, said) else { continue };
        let file = format!("{}/{HANDED_ON}", taken.place);
        if before.digest(HANDED_ON)?.0 != said.blake3 {
            check.beyond(format!("{file} is not what was published"));
            continue;
        }
        let columns = before.columns("open_rows")?;
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        before.scan("open_rows", &columns, |number, row| {
            let cell = |name: &str| {
                let at = columns.iter().position(|column| *column == name);
                at.map(|at| text(row, at))
            };
            let brought = now.get(&(file.clone(), number.to_string()));
            // What was settled names the line that the row was read from, as the row itself does.
            let read_from = (cell("file").unwrap_or_default(), cell("line").unwrap_or_default());
            let settled = now.get(&read_from).into_iter().flatten();
            let event = cell("event_id");
            let settled = settled.filter(|one| one.cell("event_id") == event.as_deref());
            for one in brought.into_iter().flatten().chain(settled) {
                compared += 1;
                for (name, _) in one.cells.iter().filter(|(name, is)| differs(cell(name), is)) {
                    check.fault(|| {
                        format!("{}: {name} is not what {file} row {number} says", one.place)
                    });
                }
            }
            Ok(())
        })?;
    }
    check.compared = counted(compared, "row");
    Ok(())
}

/// Whether a cell says something else than it did, where it was said at all.
fn differs(then: Option<String>, now: &str) -> bool {
    then.is_some_and(|then| then != now)
}

/// Rows of this publication that may have been brought back: those that name a row of a final
/// publication, and settled ones that name a file which this run did not read. A file that it read
/// may say something else on that line now.
fn rows_now(publication: &Publication) -> Result<ByPlace, ReviewError> {
    let mut now = ByPlace::new();
    let inputs = publication.manifest.inputs.iter();
    let inputs: BTreeSet<&str> = inputs.map(|input| input.path.as_str()).collect();
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
            let is_past = || places.iter().any(|place| from.starts_with(place.as_str()));
            let is_older = || table == "settled_rows" && !inputs.contains(from);
            if !is_past() && !is_older() {
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
