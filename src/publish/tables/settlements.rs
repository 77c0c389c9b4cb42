//! Payments and disputes of final statements that are known, for the periods that follow.

use super::super::table::Table;
use super::cells::*;
use crate::claim::Settlement;

/// Payments and disputes (收付款与争议), each number once.
#[must_use]
pub fn settlements<'a>() -> Table<&'a Settlement> {
    Table {
        name: "settlements",
        zh: "收付款与争议",
        meaning: "a payment or dispute of a final statement that is known at the end of the run, \
                  whether its files name it or an earlier period handed it on",
        columns: vec![
            text("settlement_id", "收付款单号", |row| some(&row.id), "Its number."),
            text(
                "statement_period",
                "账期",
                |row| some(&row.period),
                "The period of the statement.",
            ),
            text("currency", "币种", |row| some(row.currency.code()), "The statement's currency."),
            text("kind", "类型", |row| some(row.kind.word()), "paid or disputed."),
            exact("amount", "金额", |row| Some(row.amount), "How much of it."),
            day("settled_on", "日期", |row| Some(row.on), "On which day."),
        ],
    }
}
