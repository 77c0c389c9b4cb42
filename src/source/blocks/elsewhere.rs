//! Where the header of a file stands that is not where the pipeline looks for it.

use super::value;
use crate::feed::Delimited;
use crate::source::conform::{Rule, trim};
use crate::source::record::{Dialect, Records};
use crate::source::text::Text;

/// The most bytes and records that are looked at behind the one that was taken for the header.
const BYTES_MAX: usize = 64 * 1024;
const RECORDS_MAX: usize = 100;

/// The line of the first record, of these that begin on a line, that names every column.
pub(super) fn line_of_header(
    bytes: &[u8],
    line: u64,
    csv: &Delimited,
    dialect: &Dialect,
    rules: &[Rule],
) -> Option<u64> {
    let text = Text::new(bytes.get(..bytes.len().min(BYTES_MAX))?, csv.encoding).text;
    let mut records = Records::new(text.as_bytes(), dialect, line);
    let mut spans = Vec::new();
    for _ in 0..RECORDS_MAX {
        let record = records.next(&mut spans)?;
        let names: Vec<_> = spans.iter().map(|&span| value(&text, span, &csv.prefix).0).collect();
        let has = |rule: &Rule| rule.source("header", names.iter().map(|name| trim(name))).is_ok();
        if !record.is_comment && rules.iter().all(has) {
            return Some(record.line);
        }
    }
    None
}

/// What to do where the header stands on a line.
pub(super) fn stands_at(line: u64) -> String {
    let lines = line.saturating_sub(1);
    format!("all names stand on line {line}; declare `skip: {{ first: {lines} }}`")
}
