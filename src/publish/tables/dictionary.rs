//! The dictionary of all tables.

use super::super::table::Table;
use super::cells::*;

/// A row of `dictionary`.
pub struct DictionaryRow {
    /// The table.
    pub table: &'static str,
    /// Its Chinese name.
    pub table_zh: &'static str,
    /// The column's position, one-based.
    pub position: i128,
    /// The column.
    pub column: &'static str,
    /// Its type.
    pub type_name: String,
    /// What it means.
    pub meaning: &'static str,
    /// Its Chinese label.
    pub zh: &'static str,
}

impl<R> Table<R> {
    /// What the dictionary says of the table's columns.
    #[must_use]
    pub fn dictionary_rows(&self, minor_digits: u32) -> Vec<DictionaryRow> {
        let stamp = [
            ("period", "期间", "TEXT", "The clearing period."),
            ("as_of", "截至日", "DATE", "The as-of date of the run."),
        ];
        let stamp = stamp.map(|(column, zh, kind, meaning)| (column, zh, kind.to_owned(), meaning));
        let own = self.columns.iter().map(|column| {
            let type_name = column.cells.type_name(minor_digits);
            (column.name, column.zh, type_name, column.meaning)
        });
        (1..)
            .zip(stamp.into_iter().chain(own))
            .map(|(position, (column, zh, type_name, meaning))| DictionaryRow {
                table: self.name,
                table_zh: self.zh,
                position,
                column,
                type_name,
                meaning,
                zh,
            })
            .collect()
    }
}

/// The dictionary of all tables.
#[must_use]
pub fn dictionary() -> Table<DictionaryRow> {
    Table {
        name: "dictionary",
        zh: "数据字典",
        meaning: "a column of a published table",
        columns: vec![
            text("table", "表", |row| word(row.table), "The table."),
            text("table_zh", "中文表名", |row| word(row.table_zh), "The table in Chinese."),
            integer(
                "position",
                "序号",
                |row| Some(row.position),
                "The position of the column, one-based.",
            ),
            text("column", "列", |row| word(row.column), "The column."),
            text("type", "类型", |row| some(&row.type_name), "Its type."),
            text("meaning", "含义", |row| word(row.meaning), "What it means."),
            text("label_zh", "中文标签", |row| word(row.zh), "Its Chinese label."),
        ],
    }
}
