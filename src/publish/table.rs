//! A published table, said once: each column's name, Chinese label, meaning, type and cells.
//! The Parquet schema, the data and the dictionary all come from this one place.

use std::borrow::Cow;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::value::period::Instant;

/// A published table of rows `R`.
pub struct Table<R> {
    /// Its file name without `.parquet`.
    pub name: &'static str,
    /// Its Chinese name.
    pub zh: &'static str,
    /// What one row is.
    pub meaning: &'static str,
    /// Its columns after `period` and `as_of`, which every table begins with.
    pub columns: Vec<Column<R>>,
}

/// A published column.
pub struct Column<R> {
    /// ASCII snake_case.
    pub name: &'static str,
    /// The Chinese label.
    pub zh: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Its type, and the cell of a row.
    pub cells: Cells<R>,
}

/// A column's type, and how a row fills it. `None` is a null.
pub enum Cells<R> {
    /// UTF-8 text.
    Text(for<'r> fn(&'r R) -> Option<Cow<'r, str>>),
    /// INT64.
    Integer(fn(&R) -> Option<i128>),
    /// DECIMAL(18, minor digits of the currency).
    Money(fn(&R) -> Option<Decimal>),
    /// DECIMAL(18, 6): an exact amount before rounding.
    Exact(fn(&R) -> Option<Decimal>),
    /// DATE.
    Day(fn(&R) -> Option<Date>),
    /// TIMESTAMP in microseconds, UTC.
    At(fn(&R) -> Option<Instant>),
    /// BOOLEAN.
    Flag(fn(&R) -> Option<bool>),
}

/// Places of an exact amount: those of a rate.
pub const EXACT_DIGITS: u32 = 6;

impl<R> Cells<R> {
    /// The type as the dictionary names it.
    #[must_use]
    pub fn type_name(&self, minor_digits: u32) -> String {
        match self {
            Cells::Text(_) => "TEXT".into(),
            Cells::Integer(_) => "INT64".into(),
            Cells::Money(_) => format!("DECIMAL(18,{minor_digits})"),
            Cells::Exact(_) => format!("DECIMAL(18,{EXACT_DIGITS})"),
            Cells::Day(_) => "DATE".into(),
            Cells::At(_) => "TIMESTAMP(us, UTC)".into(),
            Cells::Flag(_) => "BOOLEAN".into(),
        }
    }
}

/// A text as a spreadsheet may safely open it: one that begins like a formula gets an apostrophe
/// before it, unless it is a plain number or a list of them (OWASP, CSV injection; full-width signs
/// begin a formula in Chinese and Japanese Excel). So does one that has apostrophes there already,
/// so that [`plain`] gives every text back.
#[must_use]
pub fn neutralised(text: Cow<'_, str>) -> Cow<'_, str> {
    if is_formula(&text) { Cow::Owned(format!("'{text}")) } else { text }
}

/// What a published text was before it was made safe.
#[must_use]
pub fn plain(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

/// With what a spreadsheet takes a text for a formula, or parts it into cells.
const BEGINNINGS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a text begins like a formula, after any apostrophes, and is no plain number and no list
/// of them.
fn is_formula(text: &str) -> bool {
    // Nearly every text is told by its first byte; 0xEF begins the full-width signs.
    let first = text.as_bytes().first();
    if !matches!(first, Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r' | b'\n' | b'\'' | 0xEF)) {
        return false;
    }
    let body = text.trim_start_matches('\'');
    let is_number = |part: &str| {
        let digits = part.strip_prefix(['-', '+']).unwrap_or(part);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
    };
    body.starts_with(BEGINNINGS) && !body.split(';').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_begins_like_a_formula_is_neutralised() {
        let rows = [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
            ("\tx", "'\tx"),
            ("＝1+1", "'＝1+1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("'＠A1", "''＠A1"),
            ("\n=1", "'\n=1"),
            ("ｘ", "ｘ"),
            ("-1000", "-1000"),
            ("-3000;-3010", "-3000;-3010"),
            ("-1;=1", "'-1;=1"),
            ("-", "'-"),
            ("'-A", "''-A"),
            ("''=1", "'''=1"),
            ("'-1000", "'-1000"),
            ("'quoted", "'quoted"),
            ("'", "'"),
            ("SKY-1", "SKY-1"),
            ("", ""),
        ];
        for (text, safe) in rows {
            assert_eq!(neutralised(text.into()), safe);
            assert_eq!(plain(safe), text);
        }
    }
}
