//! What a pipeline makes of the rules (judging.md, *Rules that a pipeline may set*).

use super::answer::Answer;
use super::books::{Books, Role};
use super::fraction::Fraction;
use crate::world::{Limits, Setting, World};

/// How grave what the codes find is, and what it does, where nobody says otherwise (domain.md §5).
const PAGES: [(&str, &str, &str); 32] = [
    ("MBR-05", "warning", "counted"),
    ("MBR-07", "error", "held"),
    ("CON-01", "error", "held"),
    ("CON-02", "error", "held"),
    ("TIR-01", "error", "counted"),
    ("TIR-02", "error", "counted"),
    ("TIR-03", "information", "counted"),
    ("EVT-01", "error", "held"),
    ("EVT-02", "error", "held"),
    ("EVT-03", "warning", "excluded"),
    ("EVT-04", "error", "held"),
    ("EVT-05", "warning", "counted"),
    ("EVT-06", "information", "counted"),
    ("EVT-07", "information", "pending"),
    ("EVT-08", "error", "held"),
    ("EVT-09", "error", "held"),
    ("EVT-10", "error", "held"),
    ("AMT-01", "error", "held"),
    ("AMT-02", "error", "held"),
    ("AMT-03", "error", "held"),
    ("AMT-04", "warning", "counted"),
    ("REV-01", "error", "held"),
    ("REV-03", "error", "held"),
    ("LED-01", "error", "counted"),
    ("LED-02", "error", "counted"),
    ("LED-07", "error", "counted"),
    ("LED-04", "error", "held"),
    ("LED-05", "warning", "counted"),
    ("CAP-01", "warning", "held"),
    ("CAP-02", "warning", "held"),
    ("CAP-03", "warning", "held"),
    ("SNP-02", "warning", "counted"),
];

/// What a discrepancy weighs: its code, its points, and its money in a currency.
pub type Weight = (&'static str, i128, Option<(&'static str, Fraction)>);

impl Books<'_> {
    /// What a finding weighs: its difference, or the rows that it is about.
    pub fn weigh(&self, code: &'static str, entries: &[usize], agreed: Option<i128>) -> Weight {
        let points = |index: usize| i128::from(self.entries[index].row.points).abs();
        let of_issuer = |index: &usize| self.entries[*index].role != Role::Acceptor;
        let issuers: Vec<usize> = entries.iter().copied().filter(of_issuer).collect();
        let about = if issuers.is_empty() { entries } else { &issuers[..] };
        let difference = agreed
            .filter(|_| code.starts_with("AMT"))
            .map(|agreed| (i128::from(self.entries[entries[1]].row.points) - agreed).abs());
        let points = difference.unwrap_or_else(|| about.iter().copied().map(points).sum());
        let money = issuers.iter().find_map(|index| self.worth(*index));
        (code, points, money)
    }

    /// The rows that came in: those of the files that are of this period.
    fn rows_in(&self) -> i128 {
        let all = 0..self.entries.len();
        let came_in =
            all.filter(|index| !self.entries[*index].recalled && self.belongs(*index)).count();
        i128::try_from(came_in).unwrap()
    }

    /// Takes out what is off, says what the settings made of the rest, and which thresholds are
    /// reached.
    pub fn apply_settings(&self, answer: &mut Answer, weights: &[Weight]) {
        let world = self.world;
        answer.discrepancies.retain(|found| !world.is_off(found.code));
        answer.diagnoses.retain(|(found, _)| !world.is_off(found.code));
        for setting in &world.settings {
            let count =
                answer.discrepancies.iter().filter(|found| found.code == setting.code).count();
            let weights: Vec<&Weight> =
                weights.iter().filter(|weight| weight.0 == setting.code).collect();
            for (key, limits) in [("fail_on", &setting.fail_on), ("block_on", &setting.block_on)] {
                let reached = reached(world, limits, count as i128, &weights, self.rows_in());
                let texts = reached.iter().map(|what| format!("{} {key} {what}", setting.code));
                answer.reached.extend(texts);
            }
            let (_, severity, effect) =
                PAGES.iter().find(|(code, ..)| *code == setting.code).unwrap();
            let effect = if setting.counted { "counted" } else { effect };
            let severity = setting.severity.unwrap_or(severity);
            answer.rulings.extend(ruling(setting, severity, effect, count));
        }
    }
}

/// What the discrepancies of one code are all said to be. A collided id and a settled one that is
/// used again have pages of their own, so that only the severity is set of both.
fn ruling(setting: &Setting, severity: &str, effect: &str, count: usize) -> Option<String> {
    if count == 0 || (setting.code == "EVT-04") {
        return None;
    }
    Some(format!("{} {severity} {effect} {count}", setting.code))
}

fn reached(
    world: &World,
    limits: &Limits,
    count: i128,
    weights: &[&Weight],
    rows: i128,
) -> Vec<&'static str> {
    let mut found = Vec::new();
    if count == 0 {
        return found;
    }
    let points: i128 = weights.iter().map(|weight| weight.1).sum();
    let money = |limit: i64| {
        world.currencies().iter().any(|currency| {
            let its = weights.iter().filter_map(|weight| weight.2);
            let its = its.filter(|(code, _)| *code == currency.code);
            let sum = its.fold(Fraction::ZERO, |sum, (_, amount)| sum + amount.abs());
            sum >= Fraction::new(i128::from(limit), 1_000)
        })
    };
    found.extend(limits.count.is_some_and(|limit| count >= i128::from(limit)).then_some("count"));
    found
        .extend(limits.points.is_some_and(|limit| points >= i128::from(limit)).then_some("points"));
    found.extend(limits.money.is_some_and(money).then_some("money"));
    let share = |limit: i64| count * 10_000 >= i128::from(limit) * rows;
    found.extend(limits.share.is_some_and(share).then_some("share"));
    found
}
