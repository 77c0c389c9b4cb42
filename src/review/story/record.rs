//! Rows of a table by the names of their columns, found by a few of these: however long a table
//! is, only what is told of it is read whole.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Index;

use crate::review::publication::{Cell, Publication, ReviewError, Row};

/// A row of a table by the names of its columns. A null is the empty text, and so is a column that
/// an altered table lacks: what is wrong with a table is for `verify` to tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    cells: BTreeMap<String, String>,
    /// Its place in its table, one-based.
    pub(super) number: u64,
}

impl FromIterator<(String, String)> for Record {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(cells: T) -> Record {
        Record { cells: cells.into_iter().collect(), number: 0 }
    }
}

impl<Q: AsRef<str> + ?Sized> Index<&Q> for Record {
    type Output = String;

    fn index(&self, column: &Q) -> &String {
        const NONE: &String = &String::new();
        self.cells.get(column.as_ref()).unwrap_or(NONE)
    }
}

/// The rows of a table that are wanted by some of their columns; none where the table was not
/// published.
pub(super) fn find<const N: usize>(
    publication: &Publication,
    table: &str,
    by: [&str; N],
    wanted: impl FnMut([&str; N]) -> bool,
) -> Result<Vec<Record>, ReviewError> {
    records(publication, table, &numbers(publication, table, by, wanted)?)
}

/// The row of a table that has a number, one-based.
pub(super) fn find_row(
    publication: &Publication,
    table: &str,
    wanted: u64,
) -> Result<Option<Record>, ReviewError> {
    if !publication.has(table) {
        return Ok(None);
    }
    Ok(records(publication, table, &[wanted])?.pop())
}

/// The numbers of the rows that are wanted, one-based and ascending.
pub(super) fn numbers<const N: usize>(
    publication: &Publication,
    table: &str,
    by: [&str; N],
    mut wanted: impl FnMut([&str; N]) -> bool,
) -> Result<Vec<u64>, ReviewError> {
    let mut found = Vec::new();
    if !publication.has(table) {
        return Ok(found);
    }
    let columns = publication.columns(table)?;
    let there: Vec<&str> =
        by.into_iter().filter(|name| columns.iter().any(|column| column == name)).collect();
    let places = by.map(|name| there.iter().position(|column| *column == name));
    publication.scan(table, &there, |number, row| {
        let cells = places.map(|at| at.map_or(Cow::Borrowed(""), |at| text(row, at)));
        if wanted(cells.each_ref().map(AsRef::as_ref)) {
            found.push(number);
        }
        Ok(())
    })?;
    Ok(found)
}

/// The rows of a table that have these numbers, which ascend.
pub(super) fn records(
    publication: &Publication,
    table: &str,
    numbers: &[u64],
) -> Result<Vec<Record>, ReviewError> {
    let mut found = Vec::new();
    if numbers.is_empty() {
        return Ok(found);
    }
    let columns = publication.columns(table)?;
    publication.pick(table, numbers, |number, row| {
        let cells = columns.iter().enumerate();
        let cells = cells.map(|(at, name)| (name.clone(), text(row, at).into_owned())).collect();
        found.push(Record { cells, number });
        Ok(())
    })?;
    Ok(found)
}

fn text<'a>(row: &Row<'a>, at: usize) -> Cow<'a, str> {
    match row.cell(at) {
        Cell::Text(_) => Cow::Borrowed(row.text(at)),
        other => Cow::Owned(other.to_string()),
    }
}
