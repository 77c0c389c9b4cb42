//! The lines of the statement.

use std::borrow::Cow;

use super::super::table::Table;
use super::cells::*;
use crate::statement::{Line, LineKind};
use crate::value::party::Party;

/// A row of `statement_lines`.
pub struct LineRow<'a> {
    /// One-based.
    pub line_no: i128,
    /// The line.
    pub line: &'a Line,
}

/// The lines of the statement.
#[must_use]
pub fn lines<'a>() -> Table<LineRow<'a>> {
    Table {
        name: "statement_lines",
        zh: "清算单明细",
        meaning: "a line of the statement",
        columns: vec![
            integer("line_no", "行号", |row| Some(row.line_no), "The line, one-based."),
            text(
                "type",
                "类型",
                |row| word(row.line.kind.word()),
                "gross, fee, tax, tax_within, carry, adjustment or late_fee.",
            ),
            text("type_zh", "类型名称", |row| word(row.line.kind.zh()), "The type in Chinese."),
            text("issuer", "发行方", |row| letter(row.line.issuer), "Whose points: a or b."),
            text(
                "acceptor",
                "受理方",
                |row| letter(row.line.issuer.map(Party::partner)),
                "Where they were spent or earned.",
            ),
            text(
                "flow",
                "业务流向",
                |row| row.line.flow.map(|flow| flow.word().into()),
                "redemption, conversion or sale.",
            ),
            text(
                "ratio_from",
                "比例版本",
                |row| version_from(&row.line.ratio),
                "The ratio version, by its from.",
            ),
            text(
                "ratio",
                "互通比例",
                |row| version_value(&row.line.ratio),
                "issuer points : acceptor points, in smallest units.",
            ),
            text(
                "rate_from",
                "单价版本",
                |row| version_from(&row.line.rate),
                "The rate version, by its from.",
            ),
            exact(
                "rate",
                "单价",
                |row| version_value(&row.line.rate).and_then(|rate| rate.parse().ok()),
                "Money per issuer point, which is a smallest unit as everywhere in the tables.",
            ),
            integer(
                "events",
                "笔数",
                |row| Some(i128::from(row.line.events)),
                "How many events it sums.",
            ),
            integer("points", "积分", |row| Some(row.line.points), "Issuer points that it sums."),
            money(
                "amount",
                "金额",
                |row| Some(row.line.amount.decimal()),
                "The amount; positive: the payer pays.",
            ),
            text("payer", "付款方", |row| letter(Some(row.line.payer)), "Who pays: a or b."),
            text(
                "payee",
                "收款方",
                |row| letter(Some(row.line.payer.partner())),
                "Who is paid: a or b.",
            ),
            text(
                "clause",
                "合同条款",
                |row| row.line.clause.as_deref().map(Into::into),
                "The clause on which it rests.",
            ),
            text(
                "origin_period",
                "归属期间",
                |row| some(&row.line.origin_period),
                "The period whose events it sums, or to which it belongs.",
            ),
            text(
                "currency",
                "币种",
                |row| word(row.line.amount.currency().code()),
                "The currency of the amount, ISO 4217.",
            ),
            text(
                "exact",
                "精确金额",
                |row| exact_amount(row.line),
                "The amount before rounding, with all its decimals; empty where it has no end.",
            ),
            text(
                "reference",
                "关联单号",
                |row| row.line.reference.as_deref().map(Into::into),
                "The adjustment, or the period of the statement that is overdue.",
            ),
        ],
    }
}

/// An exact amount in plain digits. A tax within an amount is a quotient that may have no end.
fn exact_amount(line: &Line) -> Option<Cow<'_, str>> {
    let has_end = line.kind != LineKind::TaxWithin;
    has_end.then(|| line.exact.normalize().to_string().into())
}
