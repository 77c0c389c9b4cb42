//! Control totals.

use super::super::table::Table;
use super::cells::*;
use crate::control::ControlTotal;

/// Control totals.
#[must_use]
pub fn control() -> Table<ControlTotal> {
    Table {
        name: "control_totals",
        zh: "控制总数",
        meaning: "a total per feed, file and stage",
        columns: vec![
            text("owner", "一方", |row| word(row.owner), "a, b or shared."),
            text(
                "subject",
                "对象",
                |row| word(row.subject),
                "A feed, a role of ledger rows, or the programme.",
            ),
            text(
                "file",
                "文件",
                |row| row.file.as_deref().map(Into::into),
                "The file, where it is one file's.",
            ),
            text(
                "stage",
                "阶段",
                |row| word(row.stage),
                "read, accepted, rejected; in, recalled, counted, held, excluded, pending, other_period; opening, expected, reported.",
            ),
            integer("rows", "行数", |row| row.rows.map(i128::from), "Rows."),
            integer("points", "积分", |row| row.points, "Signed points on the party's own book."),
            exact(
                "money",
                "精确金额",
                |row| row.money.map(|worth| worth.amount),
                "The exact worth of issuer's legs.",
            ),
            text(
                "currency",
                "币种",
                |row| row.money.map(|worth| worth.currency.code().into()),
                "The currency of the money; each further currency has a row of its own.",
            ),
            text(
                "hash_total",
                "散列总数",
                |row| row.hash_total.map(|hash| hash.to_string().into()),
                "The sum modulo 2^64 of the first eight bytes (little-endian) of the BLAKE3 of each accepted row's key: event_id, member_no, or a_member, 0x1F and b_member.",
            ),
        ],
    }
}
