//! How the values of a column are written.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::OneOrMany;

/// How points and amounts of money are written.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberDeclaration {
    /// What parts the thousands, one character, which may be left out of a number. Without it a
    /// number with such marks is refused, because `12,345` may be twelve and a fraction.
    #[serde(default)]
    pub thousands: Option<String>,
    /// What stands before the decimals, `.` or `,`; default a point. Until this or `thousands` is
    /// declared a number such as `1.234` is refused, because its point may part thousands.
    #[serde(default)]
    pub decimal: Option<String>,
    /// How a number below zero is told; default `minus`.
    #[serde(default)]
    pub negative: Option<NegativeDeclaration>,
    /// How many of the last digits are decimals, where no point says so (隐含小数位).
    #[serde(default)]
    pub implied_decimals: Option<u8>,
    /// Currency marks, one of which may stand at either end and is taken off (货币符号).
    #[serde(default)]
    pub currency: Option<OneOrMany>,
    /// Whether full-width forms (全角) stand for the ASCII ones; default no.
    #[serde(default)]
    pub full_width: Option<bool>,
}

/// How a number below zero is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NegativeDeclaration {
    /// By a minus before it: `-12.00`.
    Minus,
    /// By a minus behind it: `12.00-`.
    Trailing,
    /// By parentheses around it: `(12.00)`.
    Parentheses,
    /// By its last character, which carries digit and sign: `1K` is -12.
    Overpunch,
    /// By the text that every number begins with → `plus` or `minus`.
    Prefix(BTreeMap<String, SignWord>),
}

/// Whether a number counts up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SignWord {
    /// Up.
    Plus,
    /// Down.
    Minus,
}

/// The column that holds the sign of a number, such as 借贷标志.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignDeclaration {
    /// The name of the column in the file, or several that it may have.
    pub from: OneOrMany,
    /// The partner's words → `plus` or `minus`.
    pub values: BTreeMap<String, SignWord>,
}

/// The unit in which the distance from 1970-01-01T00:00:00Z is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EpochDeclaration {
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
}

/// Where the year of an instant comes from when it is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum YearDeclaration {
    /// The year that puts the instant nearest to the middle of the period.
    Period,
}
