//! Decisions on what is held (挂账处理), as a publication tells them: who decided what, and whether
//! anything was moved by it.

use std::collections::BTreeMap;

use super::publication::{Publication, ReviewError};
use crate::value::kind::Action;

/// A decision on a discrepancy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Its number.
    pub decision_id: String,
    /// `release`, `adjust`, `reject` or `write_off`.
    pub action: String,
    /// The issuer points that it gives.
    pub points: Option<i64>,
    /// Why.
    pub reason: String,
    /// Who decided.
    pub author: String,
    /// Who approved it.
    pub approver: String,
    /// When.
    pub decided_at: String,
    /// `applied`, `not_held`, `refused`, `unauthorised` or `waiting`.
    pub outcome: String,
    /// `path:line` that it was read from, where the publication says so.
    pub place: String,
}

const COLUMNS: [&str; 11] = [
    "discrepancy_id",
    "decision_id",
    "action",
    "points",
    "reason",
    "author",
    "approver",
    "decided_at",
    "outcome",
    "file",
    "line",
];

/// The decisions of a publication by the discrepancy that they are about, in their order. One that
/// came to the same for several items stands once.
///
/// # Errors
/// [`ReviewError`] when the table cannot be read.
pub fn decisions(
    publication: &Publication,
) -> Result<BTreeMap<String, Vec<Decision>>, ReviewError> {
    let mut decisions: BTreeMap<String, Vec<Decision>> = BTreeMap::new();
    if !publication.has("decisions") {
        return Ok(decisions);
    }
    // Publications from before decisions named their files do not have these columns.
    let names = publication.columns("decisions")?;
    let is_placed = names.iter().any(|name| name == "file");
    let columns = if is_placed { &COLUMNS[..] } else { &COLUMNS[..9] };
    publication.scan("decisions", columns, |_, row| {
        let text = |at: usize| row.text(at).to_owned();
        let line = || row.integer(10).map_or_else(String::new, |line| format!(":{line}"));
        let decision = Decision {
            decision_id: text(1),
            action: text(2),
            points: row.integer(3),
            reason: text(4),
            author: text(5),
            approver: text(6),
            decided_at: row.cell(7).to_string(),
            outcome: text(8),
            place: if is_placed { format!("{}{}", text(9), line()) } else { String::new() },
        };
        let all = decisions.entry(text(0)).or_default();
        if !all.contains(&decision) {
            all.push(decision);
        }
        Ok(())
    })?;
    Ok(decisions)
}

impl Decision {
    /// Whether something was moved by it.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        self.outcome == "applied"
    }

    /// `D1 release 放行`.
    #[must_use]
    pub fn name(&self) -> String {
        let action = Action::ALL.iter().find(|action| action.word() == self.action);
        let zh = action.map_or("", |action| action.zh());
        format!("{} {} {zh}", self.decision_id, self.action).trim_end().to_owned()
    }

    /// `D1 release 放行: both confirm it; 王五, approved by 赵六 批准, 2026-04-10T02:00:00Z`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let points = self.points.map_or_else(String::new, |points| format!(" {points}"));
        let reason = match self.reason.as_str() {
            "" => "no reason 无理由",
            reason => reason,
        };
        let by = match self.author.as_str() {
            "" => "nobody 未具名",
            author => author,
        };
        let approved = match self.approver.as_str() {
            "" => "approved by nobody 无人批准".to_owned(),
            approver => format!("approved by 批准人 {approver}"),
        };
        let outcome = match self.outcome.as_str() {
            "applied" => "",
            "not_held" => "; not applied, nothing is held under it 未生效，无挂账",
            "refused" => "; refused, the item cannot be moved so 未生效，不能如此处理",
            "waiting" => "; it waits for the period in which it was taken 待作出决定的期间处理",
            _ => "; without authority, it does nothing 未经授权，不生效",
        };
        format!("{}{points}: {reason}; {by}, {approved}, {}{outcome}", self.name(), self.decided_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_told_with_who_and_why() {
        let decision = |action: &str, who: [&str; 2], outcome: &str| Decision {
            decision_id: "D1".to_owned(),
            action: action.to_owned(),
            points: (action == "adjust").then_some(-5),
            reason: "r".to_owned(),
            author: who[0].to_owned(),
            approver: who[1].to_owned(),
            decided_at: "2026-04-10T02:00:00Z".to_owned(),
            outcome: outcome.to_owned(),
            place: String::new(),
        };
        let rows = [
            (
                decision("release", ["x", "y"], "applied"),
                "D1 release 放行: r; x, approved by 批准人 y, 2026-04-10T02:00:00Z",
            ),
            (
                decision("adjust", ["x", "y"], "refused"),
                "D1 adjust 调整 -5: r; x, approved by 批准人 y, 2026-04-10T02:00:00Z; refused, the \
                 item cannot be moved so 未生效，不能如此处理",
            ),
            (
                decision("reject", ["x", "y"], "waiting"),
                "D1 reject 驳回: r; x, approved by 批准人 y, 2026-04-10T02:00:00Z; it waits for the \
                 period in which it was taken 待作出决定的期间处理",
            ),
            (
                decision("write_off", ["", ""], "unauthorised"),
                "D1 write_off 核销: r; nobody 未具名, approved by nobody 无人批准, \
                 2026-04-10T02:00:00Z; without authority, it does nothing 未经授权，不生效",
            ),
        ];
        for (decision, told) in rows {
            assert_eq!(decision.in_words(), told);
        }
    }
}
