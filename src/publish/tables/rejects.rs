//! Refused rows.

use super::super::table::Table;
use super::cells::*;
use crate::feed::Reject;

/// A row of `rejects`.
pub struct RejectRow<'a> {
    /// Whose feed.
    pub owner: &'static str,
    /// Which feed.
    pub feed: &'static str,
    /// The rule.
    pub code: &'static str,
    /// The reject.
    pub reject: &'a Reject,
}

/// Refused rows.
#[must_use]
pub fn rejects<'a>() -> Table<RejectRow<'a>> {
    Table {
        name: "rejects",
        zh: "拒收行",
        meaning: "a refused row",
        columns: vec![
            text("owner", "一方", |row| word(row.owner), "a, b or shared."),
            text("feed", "数据源", |row| word(row.feed), "The feed."),
            text("file", "文件", |row| some(&row.reject.file), "The file."),
            integer(
                "line",
                "行号",
                |row| Some(i128::from(row.reject.line)),
                "The line, or the row of a Parquet file.",
            ),
            integer(
                "byte_offset",
                "字节偏移",
                |row| row.reject.byte_offset.map(i128::from),
                "Where the record begins in a text file.",
            ),
            text(
                "column",
                "列",
                |row| some(&row.reject.column),
                "The canonical column; empty for the whole record.",
            ),
            text("code", "代码", |row| word(row.code), "FIL-04, FIL-05 or FIL-06."),
            text("reason", "原因", |row| some(&row.reject.reason), "Why."),
            text(
                "redacted",
                "脱敏值",
                |row| some(&row.reject.redacted),
                "The value with every letter and digit masked.",
            ),
        ],
    }
}
