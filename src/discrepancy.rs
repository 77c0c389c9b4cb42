//! Discrepancies (差错): typed, evidenced disagreements. They are the product, never an error.

mod chinese;

use std::fmt;

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::Serialize;

use crate::value::money::Currency;
use crate::value::party::{Both, Party};

pub use chinese::{in_chinese, word_in_chinese};

/// How grave a discrepancy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For information.
    Information,
    /// Worth a look.
    Warning,
    /// Somebody has to settle it.
    Error,
    /// The statement cannot stand.
    Fatal,
}

impl Severity {
    /// The word for it in outputs and options.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Severity::Information => "information",
            Severity::Warning => "warning",
            Severity::Error => "error",
            Severity::Fatal => "fatal",
        }
    }

    /// The Chinese word beside it.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Severity::Information => "提示",
            Severity::Warning => "警告",
            Severity::Error => "差错",
            Severity::Fatal => "致命",
        }
    }
}

/// What a discrepancy does to the clearing (domain.md §5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Counted at the agreed value.
    Counted,
    /// Disputed: told to the partner, whose figures differ; ours stand as they are (争议).
    Disputed,
    /// Awaited: an expectation, not an exception.
    Pending,
    /// Held: in its own column, aged, outside the net (挂账).
    Held,
    /// Excluded: leaves counts and totals.
    Excluded,
    /// Blocks the statement.
    Blocks,
}

impl Effect {
    /// The word for it in outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Effect::Counted => "counted",
            Effect::Disputed => "dispute",
            Effect::Pending => "pending",
            Effect::Held => "held",
            Effect::Excluded => "excluded",
            Effect::Blocks => "blocks",
        }
    }

    /// The Chinese word beside it.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Effect::Counted => "计入",
            Effect::Disputed => "争议",
            Effect::Pending => "待达",
            Effect::Held => "挂账",
            Effect::Excluded => "剔除",
            Effect::Blocks => "阻断",
        }
    }
}

/// A text in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Say {
    /// In English.
    pub en: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
}

/// A text in both languages.
#[must_use]
pub const fn say(en: &'static str, zh: &'static str) -> Say {
    Say { en, zh }
}

/// How much of a rule a pipeline may set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latitude {
    /// It follows from the books: only its severity and thresholds can be set.
    Firm,
    /// It can be switched off, and its effect weakened.
    Free,
}

impl Latitude {
    /// The word for it in outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Latitude::Firm => "firm",
            Latitude::Free => "free",
        }
    }

    /// What a pipeline may set, in both languages.
    #[must_use]
    pub fn means(self) -> Say {
        match self {
            Latitude::Firm => say("severity and thresholds only", "仅可设严重程度与门限"),
            Latitude::Free => say("may be switched off or weakened", "可关闭或降级"),
        }
    }
}

/// A rule: a page that says what it finds and why that matters. Each stands in the file of its
/// family under `detect/`.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Such as `EVT-01`.
    pub code: &'static str,
    /// The fault, in a few words.
    pub title: &'static str,
    /// The same in Chinese.
    pub zh: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What it does to the clearing.
    pub effect: Effect,
    /// What a pipeline may set of it.
    pub latitude: Latitude,
    /// What it finds.
    pub finds: Say,
    /// Why it matters.
    pub matters: Say,
    /// An example.
    pub example: Say,
    /// Who settles it, and how.
    pub settles: Say,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}  {}  {}", self.code, self.title, self.zh)?;
        writeln!(
            f,
            "severity {} {} · effect {} {} · {}: {} {}\n",
            self.severity.word(),
            self.severity.zh(),
            self.effect.word(),
            self.effect.zh(),
            self.latitude.word(),
            self.latitude.means().en,
            self.latitude.means().zh
        )?;
        for (heading, text) in [
            ("What it finds 发现什么", self.finds),
            ("Why it matters 为何重要", self.matters),
            ("Example 示例", self.example),
            ("Who settles it 由谁处理", self.settles),
        ] {
            writeln!(f, "{heading}\n  {}\n  {}\n", text.en, text.zh)?;
        }
        Ok(())
    }
}

/// The rows of one party that a discrepancy rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Evidence {
    /// Files and lines, `path:line`, in order.
    pub rows: Vec<String>,
    /// Event ids, in order.
    pub event_ids: Vec<String>,
    /// Member numbers, in order.
    pub members: Vec<String>,
    /// What this party's row says in the differing field.
    pub value: Option<String>,
}

/// A disagreement, with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Discrepancy {
    /// A digest of agreement, code and subject keys: the same on every run and for both partners.
    pub id: String,
    /// The rule that found it.
    pub rule: &'static Rule,
    /// How grave it is: as the rule's page says, or as the pipeline set it.
    pub severity: Severity,
    /// What it does to the clearing: as the rule's page says, or weakened by the pipeline.
    pub effect: Effect,
    /// Whose points are concerned, where it is one party's.
    pub issuer: Option<Party>,
    /// Both sides' rows.
    pub evidence: Both<Evidence>,
    /// The field that differs.
    pub field: Option<&'static str>,
    /// What the agreement or the other book says it should be.
    pub expected: Option<String>,
    /// What was found.
    pub actual: Option<String>,
    /// Actual less expected, in points of the book that differs.
    pub difference_points: Option<i64>,
    /// The points of the rows that it is about, without their signs: what a threshold of points
    /// goes by where no difference is known.
    pub item_points: u128,
    /// The money at stake, exact: the item's value at its version, or the difference's.
    pub amount_at_stake: Option<Decimal>,
    /// Its currency.
    pub currency: Option<Currency>,
    /// The ratio and rate versions or the matching rule that applied.
    pub version: Option<String>,
    /// Why, in words.
    pub reason: String,
    /// What explains the difference exactly, where something does.
    pub diagnosis: Option<String>,
    /// The business date on which a nightly run could first see it.
    pub first_seen: Date,
    /// Days from `first_seen` to the as-of date.
    pub age_days: i32,
}

impl Discrepancy {
    /// Whether what it is about stays outside the net.
    #[must_use]
    pub fn holds(&self) -> bool {
        matches!(self.effect, Effect::Held | Effect::Blocks)
    }

    /// Says what is at stake in words where it is more than the column of it holds, so that no
    /// figure beside the statement stands in the statement's way.
    pub fn tell_what_no_column_holds(&mut self) {
        let stake = self.amount_at_stake.zip(self.currency);
        let Some((amount, currency)) = stake.filter(|(amount, _)| amount.abs() >= stake_end())
        else {
            return;
        };
        let amount = amount.normalize();
        self.reason = format!(
            "{}; {amount} {} are at stake, more than a column holds",
            self.reason,
            currency.code()
        );
        (self.amount_at_stake, self.currency) = (None, None);
    }

    /// Takes over the day on which a final publication first saw it, if that is earlier.
    pub fn seen_before(&mut self, day: Option<Date>, as_of: Date) {
        if let Some(day) = day.filter(|day| *day < self.first_seen) {
            self.first_seen = day;
            self.age_days = day.until(as_of).map_or(0, |span| span.get_days());
        }
    }
}

/// The least amount that a published DECIMAL(18,6) does not hold.
fn stake_end() -> Decimal {
    Decimal::from(1_000_000_000_000_i64)
}

/// The code by which an id goes. MBR-01 and MBR-02 are one finding: they differ in which of the
/// parties calls itself A, and both partners have one id of it.
#[must_use]
pub fn code_of_id(code: &str) -> &str {
    if code == "MBR-02" { "MBR-01" } else { code }
}

/// What stands for the party that does not have a linked member, among the subjects of an id.
pub const ABSENT: &str = "absent";

/// The id of a discrepancy: the first 80 bits of the BLAKE3 digest of agreement, code and subject
/// keys, each preceded by its length so that no two lists of texts read alike.
#[must_use]
pub fn discrepancy_id(agreement: &str, code: &str, keys: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in [agreement, code].iter().chain(keys) {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex()[..20].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_tell_keys_apart_and_stay_the_same() {
        assert_eq!(discrepancy_id("HT", "EVT-01", &["SKY", "e1"]).len(), 20);
        assert_eq!(
            discrepancy_id("HT", "EVT-01", &["SKY", "e1"]),
            discrepancy_id("HT", "EVT-01", &["SKY", "e1"])
        );
        assert_ne!(
            discrepancy_id("HT", "EVT-01", &["ab", "c"]),
            discrepancy_id("HT", "EVT-01", &["a", "bc"])
        );
    }
}
