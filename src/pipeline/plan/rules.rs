//! What a plan says of the rules that the file sets.

use std::fmt;

use serde::Serialize;

use crate::ruling::{Limits, Rulings};

/// A rule that the file sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedRule {
    /// Its code.
    pub code: &'static str,
    /// Whether it is judged.
    pub on: bool,
    /// Another severity.
    pub severity: Option<&'static str>,
    /// A weaker effect.
    pub effect: Option<&'static str>,
    /// How long after one another two that are alike are suspected.
    pub within: Option<String>,
    /// What makes the exit code 1.
    pub fail_on: Option<String>,
    /// What blocks the statement.
    pub block_on: Option<String>,
}

/// The rules that the file sets, in the order of their codes.
pub(super) fn planned(rulings: &Rulings) -> Vec<PlannedRule> {
    let shown = |limits: &Limits| (!limits.is_empty()).then(|| limits.to_string());
    let planned = rulings.iter().map(|(code, ruling)| PlannedRule {
        code,
        on: !ruling.is_off,
        severity: ruling.severity.map(|severity| severity.word()),
        effect: ruling.effect.map(|effect| effect.word()),
        within: ruling.within.map(|micros| format!("{}s", micros / 1_000_000)),
        fail_on: shown(&ruling.fail_on),
        block_on: shown(&ruling.block_on),
    });
    planned.collect()
}

impl fmt::Display for PlannedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if !self.on {
            parts.push("off 关闭".to_owned());
        }
        parts.extend(self.severity.map(|severity| format!("severity 严重程度 {severity}")));
        parts.extend(self.effect.map(|effect| format!("effect 处理 {effect}")));
        parts.extend(self.within.as_ref().map(|within| format!("within 相隔 {within}")));
        parts.extend(self.fail_on.as_ref().map(|limits| format!("exit code 1 at {limits}")));
        parts.extend(self.block_on.as_ref().map(|limits| format!("blocks 阻断 at {limits}")));
        f.write_str(&parts.join(", "))
    }
}
