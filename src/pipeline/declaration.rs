//! The pipeline file as it is written, before anything in it has been checked.
//!
//! These types are the one definition of the format: `hutong schema` prints the JSON Schema that
//! schemars derives from them, and `structure.rs` holds a file against that same schema to find
//! every misspelt or misplaced key at once.
//! Texts stay texts here (dates, ratios, amounts): an amount never passes through a float.

mod basis;
mod column;
mod feeds;
mod format;
mod rules;
mod terms;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use self::basis::{BasisDeclaration, BasisKind, TierBasisDeclaration};
pub use self::column::{
    EpochDeclaration, NegativeDeclaration, NumberDeclaration, SignDeclaration, SignWord,
    YearDeclaration,
};
pub use self::feeds::{
    ColumnDeclaration, ColumnDescription, DueDeclaration, FeedDeclaration, FeedsDeclaration,
    HashDeclaration, HexDeclaration, KeyNameDeclaration, MaxRejectsDeclaration, OneOrMany,
    PartyFeeds, SharedFeeds, TokenChoice, TokenDeclaration, TokenDescription,
};
pub use self::format::{
    AroundDeclaration, CsvDeclaration, DigestDeclaration, EncodingDeclaration, ExtentDeclaration,
    FixedDeclaration, FormatDeclaration, HeaderDeclaration, JsonLinesDeclaration,
    LineEndDeclaration, MarkedBytesDeclaration, MarkedDeclaration, QuoteDeclaration,
    SkipDeclaration, StandsDeclaration, SummaryDeclaration, TableDeclaration, TotalsDeclaration,
    UnpackDeclaration, UnpackLimitsDeclaration, ZipDeclaration,
};
pub use self::rules::{
    EffectDeclaration, LimitsDeclaration, RuleDeclaration, RuleSettings, SeverityDeclaration,
};
pub use self::terms::{
    CapDeclaration, CapSpan, CurrencyDeclaration, FeeBase, FeeDeclaration, FeePayer,
    GrossTaxDeclaration, LateFeeDeclaration, MinimumDeclaration, ModeDeclaration, PlaceDeclaration,
    RateDeclaration, RatioDeclaration, RoundingDeclaration, SettleOnDeclaration, SettleOnWord,
    TaxDeclaration, TaxMode, TermsDeclaration,
};

/// A pipeline: two partners' feeds, the agreement between them, and where its results go.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Declaration {
    /// The pipeline's name: letters, digits and hyphens; it names the output folder.
    pub pipeline: String,
    /// The folder under which every path of this file must stay, relative to this file; default: this file's own folder.
    #[serde(default)]
    pub root: Option<String>,
    /// The agreement that is cleared (会员体系互通合同).
    pub agreement: AgreementDeclaration,
    /// The two parties (甲方, 乙方).
    pub parties: Sides<PartyDeclaration>,
    /// The key that turns contact data into tokens; needed as soon as a column declares `token` with raw values.
    #[serde(default)]
    pub keys: Option<KeysDeclaration>,
    /// What each side sends, and what they share.
    pub feeds: FeedsDeclaration,
    /// How members and events are matched, in order (勾对).
    #[serde(rename = "match", default)]
    pub matching: MatchDeclaration,
    /// The consent that an event needs; without it consents are not judged.
    #[serde(default)]
    pub consent: Option<ConsentDeclaration>,
    /// Ratios, rates, fees and rounding: what the agreement says of money.
    pub terms: TermsDeclaration,
    /// The tier map (等级对应); without it tiers are not judged.
    #[serde(default)]
    pub tiers: Option<TiersDeclaration>,
    /// What is made of single rules, by code: `off`, or another severity, a weaker effect, thresholds (规则设定).
    #[serde(default)]
    pub rules: BTreeMap<String, RuleDeclaration>,
    /// Where the results go.
    pub publish: PublishDeclaration,
}

/// One value for each party.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Sides<T> {
    /// Party A (甲方).
    pub a: T,
    /// Party B (乙方).
    pub b: T,
}

/// The agreement's identity, time and cycle.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreementDeclaration {
    /// The agreement's number; part of every discrepancy's identity.
    pub id: String,
    /// The agreement's title.
    #[serde(default)]
    pub title: Option<String>,
    /// The agreement's version (合同版本).
    #[serde(default)]
    pub version: Option<String>,
    /// The IANA time zone that decides business dates, such as `Asia/Shanghai`.
    pub timezone: String,
    /// The settlement currency, ISO 4217, such as `CNY`.
    pub currency: String,
    /// The term: events outside it have no version in force.
    pub term: TermDeclaration,
    /// The clearing cycle (清算周期).
    pub cycle: CycleDeclaration,
    /// How many days a one-sided entry is awaited before it is a discrepancy; default 2 (宽限).
    #[serde(default)]
    pub grace_days: Option<u32>,
    /// How many days after its last day's morrow a period may be closed; default: the grace, and
    /// never less (关账).
    #[serde(default)]
    pub close_after_days: Option<u32>,
    /// Days from the statement to its due date; default 10 (付款期限).
    #[serde(default)]
    pub due_days: Option<u32>,
}

/// `[from, to)` in days of the agreement's zone.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TermDeclaration {
    /// The first day.
    pub from: String,
    /// The day after the last.
    pub to: String,
}

/// How often the agreement clears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CycleDeclaration {
    /// Every business date (日).
    Daily,
    /// Every calendar month (月).
    Monthly,
    /// Every calendar quarter (季).
    Quarterly,
}

/// A party and its programme.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyDeclaration {
    /// A short code in capitals, such as `SKY`; part of every discrepancy's identity.
    pub code: String,
    /// The programme's name.
    pub name: String,
    /// What a point is called, such as 里程; default 积分.
    #[serde(default)]
    pub unit: Option<String>,
    /// Decimal places of a point in the files; inside and in what is published, points are whole
    /// smallest units; default 0. Ratios, rates, caps, minimums and the bases of tiers say by their
    /// keys in which of the two they count.
    #[serde(default)]
    pub scale: Option<u8>,
    /// Whether a balance below zero is agreed; default no.
    #[serde(default)]
    pub overdraft: Option<bool>,
}

/// How a token is made of a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum AlgorithmDeclaration {
    /// HMAC-SHA256.
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
    /// HMAC-SM3 (国密).
    #[serde(rename = "hmac-sm3")]
    HmacSm3,
}

/// Keys by use.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeysDeclaration {
    /// The key for contact data.
    pub contact: KeyDeclaration,
}

/// A key file; the key itself never stands in the pipeline.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyDeclaration {
    /// The key's name, recorded in the manifest.
    pub id: String,
    /// The file that holds at least 16 bytes of key, under the root.
    pub file: String,
    /// How tokens are made with it; default hmac-sha256.
    #[serde(default)]
    pub algorithm: Option<AlgorithmDeclaration>,
}

/// Matching rules in order.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchDeclaration {
    /// Member rules in order; default `[link]`.
    #[serde(default)]
    pub members: Option<Vec<MemberRuleDeclaration>>,
    /// Event rules in order; default `[reference]`.
    #[serde(default)]
    pub events: Option<Vec<EventRuleDeclaration>>,
}

/// A member rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberRuleDeclaration {
    /// By link record.
    Link,
    /// By a keyed contact token that is unique on both sides.
    Token(TokenColumn),
}

/// A canonical contact column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenColumn {
    /// The mobile token.
    Mobile,
    /// The e-mail token.
    Email,
}

/// An event rule.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventRuleDeclaration {
    /// event_id ↔ counter_event_id.
    Reference,
    /// The same order_no, flow and direction.
    Order(OrderDeclaration),
    /// The same link, the expected mirror, and a signed time window.
    Window(WindowDeclaration),
}

/// The order rule has no settings.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderDeclaration {}

/// A signed offset from the issuer's instant to the acceptor's, such as `-30s` or `2h`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowDeclaration {
    /// The least offset.
    pub from: String,
    /// The greatest offset.
    pub to: String,
}

/// The consent that must stand.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentDeclaration {
    /// The purpose that the consent must name.
    pub purpose: String,
}

/// A party by its letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartyName {
    /// Party A.
    A,
    /// Party B.
    B,
}

/// A flow of points between the parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlowDeclaration {
    /// Points spent at the partner (兑换).
    Redemption,
    /// Points turned into the partner's (转换).
    Conversion,
    /// Points earned at the partner (售出).
    Sale,
}

/// The tier map.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TiersDeclaration {
    /// A's tier → B's tier.
    pub map: BTreeMap<String, String>,
    /// Whether B's tier must be the mapped one, or at least it.
    pub rule: TierRule,
    /// B's tiers from the lowest to the highest; needed for `at_least`.
    #[serde(default)]
    pub order: Vec<String>,
    /// How many days B has to follow a change at A; default 0.
    #[serde(default)]
    pub lag_days: Option<u32>,
    /// What a tier rests on, by party and tier (等级依据); without it tiers rest on nothing.
    #[serde(default)]
    pub basis: BasisDeclaration,
}

/// How the mapped tier binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TierRule {
    /// B's tier is the mapped one.
    Exact,
    /// B's tier is the mapped one or higher.
    AtLeast,
}

/// Where the results go.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishDeclaration {
    /// The output folder under the root.
    pub to: String,
}
