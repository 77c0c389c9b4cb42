//! Discrepancies with all their evidence, flat.

use super::super::table::Table;
use super::cells::*;
use crate::discrepancy::Discrepancy;

/// Discrepancies.
#[must_use]
pub fn discrepancies<'a>() -> Table<&'a Discrepancy> {
    Table {
        name: "discrepancies",
        zh: "差错",
        meaning: "a discrepancy with its evidence",
        columns: vec![
            text(
                "discrepancy_id",
                "差错编号",
                |row| some(&row.id),
                "The same on every run and for both partners.",
            ),
            text("code", "代码", |row| word(row.rule.code), "The rule."),
            text("title", "名称", |row| word(row.rule.title), "The fault."),
            text("title_zh", "中文名称", |row| word(row.rule.zh), "The fault in Chinese."),
            text(
                "severity",
                "严重程度",
                |row| word(row.severity.word()),
                "information, warning, error or fatal.",
            ),
            text(
                "effect",
                "处理",
                |row| word(row.effect.word()),
                "counted, dispute, pending, held, excluded or blocks.",
            ),
            text(
                "issuer",
                "发行方",
                |row| letter(row.issuer),
                "Whose points, where it is one party's.",
            ),
            text(
                "a_rows",
                "甲方行",
                |row| joined(&row.evidence.a.rows),
                "File and line at A; several joined by a semicolon.",
            ),
            text(
                "a_event_id",
                "甲方流水号",
                |row| joined(&row.evidence.a.event_ids),
                "Event ids at A; several joined by a semicolon.",
            ),
            text(
                "a_member",
                "甲方会员号",
                |row| joined(&row.evidence.a.members),
                "Members at A; several joined by a semicolon.",
            ),
            text(
                "a_value",
                "甲方取值",
                |row| row.evidence.a.value.as_deref().map(Into::into),
                "What A says in the differing field.",
            ),
            text(
                "b_rows",
                "乙方行",
                |row| joined(&row.evidence.b.rows),
                "File and line at B; several joined by a semicolon.",
            ),
            text(
                "b_event_id",
                "乙方流水号",
                |row| joined(&row.evidence.b.event_ids),
                "Event ids at B; several joined by a semicolon.",
            ),
            text(
                "b_member",
                "乙方会员号",
                |row| joined(&row.evidence.b.members),
                "Members at B; several joined by a semicolon.",
            ),
            text(
                "b_value",
                "乙方取值",
                |row| row.evidence.b.value.as_deref().map(Into::into),
                "What B says in the differing field.",
            ),
            text("field", "差异字段", |row| row.field.map(Into::into), "The field that differs."),
            text(
                "expected",
                "应为",
                |row| row.expected.as_deref().map(Into::into),
                "What it should be.",
            ),
            text("actual", "实为", |row| row.actual.as_deref().map(Into::into), "What was found."),
            integer(
                "difference_points",
                "积分差异",
                |row| row.difference_points.map(i128::from),
                "Actual less expected, in points.",
            ),
            exact(
                "amount_at_stake",
                "涉及金额",
                |row| row.amount_at_stake,
                "The exact worth of the item.",
            ),
            text(
                "currency",
                "币种",
                |row| row.currency.map(|currency| currency.code().into()),
                "The currency of amount_at_stake.",
            ),
            text(
                "version",
                "适用版本",
                |row| row.version.as_deref().map(Into::into),
                "The versions or the matching rule that applied.",
            ),
            text("reason", "原因", |row| some(&row.reason), "Why."),
            text(
                "diagnosis",
                "诊断",
                |row| row.diagnosis.as_deref().map(Into::into),
                "What explains the difference exactly, where something does.",
            ),
            day(
                "first_seen",
                "首见日",
                |row| Some(row.first_seen),
                "When a nightly run could first see it.",
            ),
            integer(
                "age_days",
                "自首见日天数",
                |row| Some(i128::from(row.age_days)),
                "Days since then.",
            ),
        ],
    }
}
