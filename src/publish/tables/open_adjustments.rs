//! Adjustments that a later period settles, as they were read.

use super::super::table::Table;
use super::cells::*;
use crate::frame::claims::Adjustments;

/// A row of `open_adjustments`.
pub struct OpenAdjustment<'a> {
    /// The adjustments.
    pub adjustments: &'a Adjustments,
    /// Which of them.
    pub row: u32,
    /// The files that they were read from.
    pub files: &'a [String],
}

/// Adjustments that were approved after what is cleared.
#[must_use]
pub fn open_adjustments<'a>() -> Table<OpenAdjustment<'a>> {
    Table {
        name: "open_adjustments",
        zh: "待结调账",
        meaning: "an adjustment that was approved after what is cleared, as it was read: the \
                  period in which it was approved takes it up",
        columns: vec![
            text(
                "adjustment_id",
                "调账单号",
                |row| some(row.adjustments.id(row.row)),
                "The adjustment's number.",
            ),
            text(
                "payer",
                "付款方",
                |row| letter(Some(row.adjustments.payer(row.row))),
                "Who pays: a or b.",
            ),
            exact(
                "amount",
                "金额",
                |row| Some(row.adjustments.amount(row.row)),
                "What is paid, as it is written.",
            ),
            text(
                "currency",
                "币种",
                |row| row.adjustments.currency(row.row).map(Into::into),
                "Its currency; without one the agreement's.",
            ),
            text("reason", "事由", |row| row.adjustments.reason(row.row).map(Into::into), "Why."),
            text(
                "corrects",
                "更正对象",
                |row| row.adjustments.corrects(row.row).map(Into::into),
                "The statement or line that it corrects.",
            ),
            text(
                "origin_period",
                "归属期间",
                |row| row.adjustments.origin_period(row.row).map(Into::into),
                "The period to which it belongs.",
            ),
            text(
                "clause",
                "合同条款",
                |row| row.adjustments.clause(row.row).map(Into::into),
                "The clause on which it rests.",
            ),
            text(
                "author",
                "经办人",
                |row| row.adjustments.author(row.row).map(Into::into),
                "Who drew it up.",
            ),
            text(
                "approver",
                "复核人",
                |row| row.adjustments.approver(row.row).map(Into::into),
                "Who approved it.",
            ),
            at(
                "approved_at",
                "复核时间",
                |row| Some(row.adjustments.approved_at(row.row)),
                "When it was approved.",
            ),
            text(
                "file",
                "文件",
                |row| {
                    let (file, _) = row.adjustments.origins.of(row.row);
                    row.files.get(file as usize).map(Into::into)
                },
                "The file that it was first read from.",
            ),
            integer(
                "line",
                "行号",
                |row| Some(row.adjustments.origins.of(row.row).1.into()),
                "The line.",
            ),
        ],
    }
}
