//! Decisions on held items, and what they came to.

use super::super::table::Table;
use super::cells::*;
use crate::frame::books::Decisions;
use crate::judgement::Decided;

/// A row of `decisions`.
pub struct DecisionRow<'a> {
    /// The decisions.
    pub decisions: &'a Decisions,
    /// What one of them came to.
    pub decided: &'a Decided,
    /// The files that they were read from.
    pub files: &'a [String],
}

/// Decisions and their items.
#[must_use]
pub fn decisions<'a>() -> Table<DecisionRow<'a>> {
    Table {
        name: "decisions",
        zh: "挂账处理",
        meaning: "a decision and an item that it is about",
        columns: vec![
            text(
                "decision_id",
                "决定编号",
                |row| some(row.decisions.decision_id(row.decided.decision)),
                "The decision.",
            ),
            text(
                "discrepancy_id",
                "差错编号",
                |row| some(row.decisions.discrepancy_id(row.decided.decision)),
                "The discrepancy under which items are held.",
            ),
            text(
                "action",
                "处理方式",
                |row| word(row.decisions.action(row.decided.decision).word()),
                "release, adjust, reject or write_off.",
            ),
            integer(
                "points",
                "积分",
                |row| row.decisions.points(row.decided.decision).map(i128::from),
                "The issuer points that it gives.",
            ),
            text(
                "reason",
                "理由",
                |row| row.decisions.reason(row.decided.decision).map(Into::into),
                "Why.",
            ),
            text(
                "author",
                "经办人",
                |row| row.decisions.author(row.decided.decision).map(Into::into),
                "Who decided.",
            ),
            text(
                "approver",
                "批准人",
                |row| row.decisions.approver(row.decided.decision).map(Into::into),
                "Who approved it.",
            ),
            at(
                "decided_at",
                "决定时间",
                |row| Some(row.decisions.decided_at(row.decided.decision)),
                "When it was decided.",
            ),
            text(
                "outcome",
                "结果",
                |row| word(row.decided.outcome.word()),
                "applied, not_held, refused, unauthorised or waiting (for the period in which it was taken).",
            ),
            text(
                "issuer",
                "发行方",
                |row| letter(row.decided.item.as_ref()?.issuer),
                "Whose points the item is of: a or b.",
            ),
            text(
                "issuer_event_id",
                "发行方流水号",
                |row| row.decided.item.as_ref()?.issued.as_deref().map(Into::into),
                "The issuer's leg, if there is one.",
            ),
            text(
                "acceptor_event_id",
                "受理方流水号",
                |row| row.decided.item.as_ref()?.accepted.as_deref().map(Into::into),
                "The acceptor's leg, if there is one.",
            ),
            text(
                "reference",
                "关联单号",
                |row| row.decided.item.as_ref()?.reference.as_deref().map(Into::into),
                "The number of an adjustment.",
            ),
            text(
                "handed_on_by",
                "转入期间",
                |row| row.decisions.handed_on_by(row.decided.decision).map(Into::into),
                "The closed period that it was filed with, where no file of this one has it.",
            ),
            text(
                "file",
                "文件",
                |row| {
                    let (file, _) = row.decisions.origins.of(row.decided.decision);
                    row.files.get(file as usize).map(Into::into)
                },
                "The file that it was first read from.",
            ),
            integer(
                "line",
                "行号",
                |row| Some(row.decisions.origins.of(row.decided.decision).1.into()),
                "The line.",
            ),
        ],
    }
}
