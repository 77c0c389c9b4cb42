//! The pipeline file as it is written, before anything in it has been checked.
//!
//! These types are the one definition of the format: `hutong schema` prints the JSON Schema that
//! schemars derives from them, and `structure.rs` holds a file against that same schema to find
//! every misspelt or misplaced key at once.
//! Texts stay texts here (dates, ratios, amounts): an amount never passes through a float.

mod basis;
mod column;
mod format;
mod rules;

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

pub use self::basis::{BasisDeclaration, BasisKind, TierBasisDeclaration};
pub use self::column::{
    EpochDeclaration, NegativeDeclaration, NumberDeclaration, SignDeclaration, SignWord,
    YearDeclaration,
};
pub use self::format::{
    AroundDeclaration, CsvDeclaration, DigestDeclaration, EncodingDeclaration, ExtentDeclaration,
    FixedDeclaration, FormatDeclaration, HeaderDeclaration, JsonLinesDeclaration,
    LineEndDeclaration, MarkedBytesDeclaration, MarkedDeclaration, QuoteDeclaration,
    SkipDeclaration, SummaryDeclaration, TableDeclaration, TotalsDeclaration, UnpackDeclaration,
    UnpackLimitsDeclaration, ZipDeclaration,
};
pub use self::rules::{
    EffectDeclaration, LimitsDeclaration, RuleDeclaration, RuleSettings, SeverityDeclaration,
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
    /// Decimal places of a point in the files; inside, points are whole smallest units; default 0.
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

/// All feeds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedsDeclaration {
    /// A's feeds.
    pub a: PartyFeeds,
    /// B's feeds.
    pub b: PartyFeeds,
    /// What both sides share: links and consents.
    #[serde(default)]
    pub shared: SharedFeeds,
}

/// One party's feeds.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartyFeeds {
    /// The member snapshot (会员).
    #[serde(default)]
    pub members: Option<FeedDeclaration>,
    /// The points snapshot at the end (期末余额).
    #[serde(default)]
    pub accounts: Option<FeedDeclaration>,
    /// The agreed cut-over balances that open the roll-forward (期初余额).
    #[serde(default)]
    pub opening: Option<FeedDeclaration>,
    /// The lots that the points stand in, as of the snapshot's instant, every one that lived in the period among them (积分批次).
    #[serde(default)]
    pub lots: Option<FeedDeclaration>,
    /// The points ledger (积分流水).
    pub ledger: FeedDeclaration,
    /// The party's own clearing statement, which is compared with ours when it comes (对方清算单).
    #[serde(default)]
    pub statement: Option<FeedDeclaration>,
    /// What was sent, file by file: digests, totals, sequence numbers, times (交接单).
    #[serde(default)]
    pub deliveries: Option<FeedDeclaration>,
}

/// Feeds that belong to both.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedFeeds {
    /// Links between the parties' members (绑定关系).
    #[serde(default)]
    pub links: Option<FeedDeclaration>,
    /// Consents to the links (授权同意).
    #[serde(default)]
    pub consents: Option<FeedDeclaration>,
    /// Approved adjustments (调账单).
    #[serde(default)]
    pub adjustments: Option<FeedDeclaration>,
    /// Payments and disputes of earlier statements (收付款与争议).
    #[serde(default)]
    pub settlements: Option<FeedDeclaration>,
    /// Days on which no late fee accrues (不可抗力日).
    #[serde(default)]
    pub exempt_days: Option<FeedDeclaration>,
    /// What was decided of held items: release, adjust, reject or write off (挂账处理).
    #[serde(default)]
    pub decisions: Option<FeedDeclaration>,
    /// What was sent of the shared feeds, file by file (交接单).
    #[serde(default)]
    pub deliveries: Option<FeedDeclaration>,
}

/// Files, their format, and where each canonical column comes from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedDeclaration {
    /// One path or several under the root; `{period}` and `{as_of}` are filled in, `*` and `?` match file names.
    pub files: OneOrMany,
    /// Of a ledger: files of the days after the period, read so that its last events find their
    /// pairs; `{next}` and `{previous}` stand for the periods beside it (后续文件).
    #[serde(default)]
    pub following: Option<OneOrMany>,
    /// How the files are packed; default: they are not.
    #[serde(default)]
    pub unpack: Option<UnpackDeclaration>,
    /// What a file may unpack to.
    #[serde(default)]
    pub limits: Option<UnpackLimitsDeclaration>,
    /// The ending of the file that stands beside each file once it is sent whole, such as `.ok`; without it there, FIL-01.
    #[serde(default)]
    pub ready: Option<String>,
    /// The ending of the file that stands beside each file with its digest; FIL-02 where the two differ.
    #[serde(default)]
    pub digest: Option<DigestDeclaration>,
    /// The files' format.
    pub format: FormatDeclaration,
    /// Canonical column → where it comes from; a column of the file that is not named here is dropped at parse.
    pub columns: BTreeMap<String, ColumnDeclaration>,
    /// Columns of the files outside the agreed purpose: each that arrives is told (CON-03) and dropped.
    #[serde(default)]
    pub not_agreed: Vec<String>,
    /// When the files are due; needs `deliveries` of the same owner with `sent_at` (FIL-01).
    #[serde(default)]
    pub due: Option<DueDeclaration>,
    /// How many days a snapshot of members or accounts may be older than the cut (SNP-01); without it its age is not judged.
    #[serde(default)]
    pub max_age_days: Option<u32>,
    /// How many rows may be refused before the statement is blocked (FIL-06); without it refused rows hold only themselves.
    #[serde(default)]
    pub max_rejects: Option<MaxRejectsDeclaration>,
}

/// The most rows that may be refused; passing either blocks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MaxRejectsDeclaration {
    /// So many rows of the feed.
    #[serde(default)]
    pub count: Option<u32>,
    /// So many per cent of the rows of the feed, such as `"0.5"`.
    #[serde(default)]
    pub share: Option<String>,
}

/// When the files of a feed are due.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DueDeclaration {
    /// So many days after the last day that the files may cover: the earlier of the as-of date and the period's last day.
    pub days: u32,
    /// At that time of day in the agreement's zone, such as `"06:00"`.
    pub time: String,
}

/// Where a canonical column comes from: a column of the file by its name, or a full description.
#[derive(Debug, Clone)]
pub enum ColumnDeclaration {
    /// The name of the column in the file.
    Named(String),
    /// The full description.
    Described(Box<ColumnDescription>),
}

/// A column of a file, described.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnDescription {
    /// The name of the column in the file, or several that it may have.
    #[serde(default)]
    pub from: Option<OneOrMany>,
    /// A constant for every row, instead of `from`.
    #[serde(default)]
    pub value: Option<String>,
    /// The partner's words → canonical words, for kinds, statuses and methods.
    #[serde(default)]
    pub values: Option<BTreeMap<String, String>>,
    /// Texts that mean "no value" besides the empty text, instead of those of the format.
    #[serde(default)]
    pub nulls: Option<Vec<String>>,
    /// How points or money are written.
    #[serde(default)]
    pub number: Option<NumberDeclaration>,
    /// The column that holds the sign, where the number has none of its own.
    #[serde(default)]
    pub sign: Option<SignDeclaration>,
    /// How an instant or a day is written, in strptime notation, such as `%Y%m%d%H%M%S`, or several notations, exactly one of which may fit; default ISO 8601.
    #[serde(default)]
    pub format: Option<OneOrMany>,
    /// The unit of instants that are counted from 1970, instead of `format`.
    #[serde(default)]
    pub epoch: Option<EpochDeclaration>,
    /// Where the year comes from when `format` has none.
    #[serde(default)]
    pub year: Option<YearDeclaration>,
    /// Beginnings that are taken off raw contact data before it is keyed, such as `"+86"`.
    #[serde(default)]
    pub strip: Option<OneOrMany>,
    /// What the values of a contact column are.
    #[serde(default)]
    pub token: Option<TokenChoice>,
}

/// What the values of a contact column are: a word, or `ready` with the key that the partner used.
#[derive(Debug, Clone)]
pub enum TokenChoice {
    /// One word.
    Word(TokenDeclaration),
    /// Tokens of a named key, or hashes that no key made.
    Described(TokenDescription),
}

impl TokenChoice {
    /// The word for what the column holds; whatever a partner made of it comes ready.
    #[must_use]
    pub fn word(&self) -> TokenDeclaration {
        match self {
            TokenChoice::Word(word) => *word,
            TokenChoice::Described(_) => TokenDeclaration::Ready,
        }
    }
}

/// Contact data that the partner made unreadable before it was sent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenDescription {
    /// Tokens of that key; where the other side's is another one, no token would match (MBR-08).
    Ready(KeyNameDeclaration),
    /// Mobile numbers that were hashed without a key; always refused.
    Mobile(HashDeclaration),
    /// E-mail addresses that were hashed without a key; always refused.
    Email(HashDeclaration),
    /// Names that were hashed without a key; always refused.
    Name(HashDeclaration),
}

/// How a hash that no key made is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HashDeclaration {
    /// The case of its hexadecimal digits.
    pub hex: HexDeclaration,
}

/// The case of hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HexDeclaration {
    /// Either.
    Any,
    /// Small letters.
    Lower,
    /// Capital letters.
    Upper,
}

/// Which key made the tokens of a column.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyNameDeclaration {
    /// The key's id.
    pub key: String,
    /// How the tokens were made; default hmac-sha256.
    #[serde(default)]
    pub algorithm: Option<AlgorithmDeclaration>,
}

/// What a contact column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenDeclaration {
    /// A raw mobile number: normalised to its digits with country code, then keyed at parse.
    Mobile,
    /// A raw e-mail address: lowered, trimmed, then keyed at parse.
    Email,
    /// A raw name: full-width forms, blanks and case folded away, then keyed at parse.
    Name,
    /// A token that the partner made with the same key: 64 hexadecimal digits.
    Ready,
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

/// What the agreement says of money.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TermsDeclaration {
    /// Points of the issuer : points of the acceptor, by version (互通比例). Required for both issuers.
    pub ratios: Vec<RatioDeclaration>,
    /// Money per issuer point, by flow and version (清算单价).
    pub rates: Vec<RateDeclaration>,
    /// On what each issuer's points are paid; default: on every flow.
    #[serde(default)]
    pub settle_on: SettleOnDeclaration,
    /// Fees on gross (手续费).
    #[serde(default)]
    pub fees: Vec<FeeDeclaration>,
    /// Taxes on gross (税).
    #[serde(default)]
    pub taxes: Vec<GrossTaxDeclaration>,
    /// Caps on the issuer points that count (上限).
    #[serde(default)]
    pub caps: Vec<CapDeclaration>,
    /// The least cleared points of a spend or sale that counts (下限).
    #[serde(default)]
    pub minimums: Vec<MinimumDeclaration>,
    /// What an overdue statement costs; without it nothing (逾期费).
    #[serde(default)]
    pub late_fee: Option<LateFeeDeclaration>,
    /// Each further currency, with its own minimum and carry; a rate names the one it is in.
    #[serde(default)]
    pub also: Vec<CurrencyDeclaration>,
    /// Rounding of money; default by line, half_up.
    #[serde(default)]
    pub rounding: RoundingDeclaration,
    /// Rounding of a mirror; default down (toward zero).
    #[serde(default)]
    pub mirror_rounding: Option<ModeDeclaration>,
    /// Below it nothing is due and all is carried; default 0 (起付金额).
    #[serde(default)]
    pub minimum_settlement: Option<String>,
    /// What was carried into the period that is run, by the statement before it; positive: A owes B; default 0 (期初结转).
    #[serde(default)]
    pub opening_carry: Option<String>,
    /// The clause on which the carry rests.
    #[serde(default)]
    pub carry_clause: Option<String>,
}

/// A ratio version.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RatioDeclaration {
    /// Whose points are spent.
    pub issuer: PartyName,
    /// `issuer points : acceptor points` in whole numbers, such as `100:40`.
    pub points: String,
    /// The first day or instant at which it is in force.
    pub from: String,
    /// The day or instant at which it ends; default: where the next version begins, or the term's end.
    #[serde(default)]
    pub to: Option<String>,
    /// The clause of the agreement.
    #[serde(default)]
    pub clause: Option<String>,
}

/// A rate version.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateDeclaration {
    /// Whose points are paid for.
    pub issuer: PartyName,
    /// Which flow; default redemption.
    #[serde(default)]
    pub flow: Option<FlowDeclaration>,
    /// Money per issuer point, up to six decimals, such as `"0.008"`.
    pub per_point: String,
    /// The currency, ISO 4217; default the agreement's.
    #[serde(default)]
    pub currency: Option<String>,
    /// The first day or instant at which it is in force.
    pub from: String,
    /// The day or instant at which it ends; default: where the next version begins, or the term's end.
    #[serde(default)]
    pub to: Option<String>,
    /// The clause of the agreement.
    #[serde(default)]
    pub clause: Option<String>,
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

/// A fee.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeeDeclaration {
    /// What the fee is taken of.
    pub on: FeeBase,
    /// Per cent, such as `"2"`.
    pub percent: String,
    /// Who pays it.
    pub paid_by: FeePayer,
    /// The least that it comes to, in the line's currency and whatever its sign.
    #[serde(default)]
    pub min: Option<String>,
    /// The most that it comes to, in the line's currency and whatever its sign.
    #[serde(default)]
    pub max: Option<String>,
    /// The flows that have it; default all.
    #[serde(default)]
    pub flows: Option<Vec<FlowDeclaration>>,
    /// The issuers whose points have it; default both.
    #[serde(default)]
    pub issuers: Option<Vec<PartyName>>,
    /// The tax on the fee; none where it is not declared.
    #[serde(default)]
    pub tax: Option<TaxDeclaration>,
    /// The clause of the agreement.
    #[serde(default)]
    pub clause: Option<String>,
}

/// What a fee is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeeBase {
    /// The gross line.
    Gross,
}

/// Who pays a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeePayer {
    /// The issuer of the points.
    Issuer,
    /// The acceptor of the points.
    Acceptor,
}

/// A tax.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxDeclaration {
    /// Per cent, such as `"6"`.
    pub percent: String,
    /// On top of the fee, or within it.
    pub mode: TaxMode,
}

/// A tax on gross.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrossTaxDeclaration {
    /// What the tax is taken of.
    pub on: FeeBase,
    /// Per cent, such as `"6"`.
    pub percent: String,
    /// On top of gross, or within it.
    pub mode: TaxMode,
    /// Who pays it.
    pub paid_by: FeePayer,
    /// The flows that have it; default all.
    #[serde(default)]
    pub flows: Option<Vec<FlowDeclaration>>,
    /// The issuers whose points have it; default both.
    #[serde(default)]
    pub issuers: Option<Vec<PartyName>>,
    /// The clause of the agreement.
    #[serde(default)]
    pub clause: Option<String>,
}

/// On what each issuer's points are paid.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettleOnDeclaration {
    /// A's points; default every flow.
    #[serde(default)]
    pub a: Option<SettleOnWord>,
    /// B's points; default every flow.
    #[serde(default)]
    pub b: Option<SettleOnWord>,
}

/// On what points are paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SettleOnWord {
    /// When they are spent or converted (按兑换结算): sales have no money.
    Redemption,
    /// When they are earned at the partner (按发行结算): spends and conversions have no money.
    Issuance,
}

/// A cap on the issuer points that count.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapDeclaration {
    /// Whose points.
    pub issuer: PartyName,
    /// Of which flow; default all of the issuer's flows together.
    #[serde(default)]
    pub flow: Option<FlowDeclaration>,
    /// Whose sum is capped.
    pub per: CapSpan,
    /// The most issuer points that count, in the programme's smallest unit.
    pub points: String,
    /// The clause of the agreement.
    #[serde(default)]
    pub clause: Option<String>,
}

/// Whose sum a cap bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CapSpan {
    /// Each of the issuer's members in the period (单会员).
    Member,
    /// All members in the period together (单周期).
    Period,
}

/// The least that counts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MinimumDeclaration {
    /// Whose points.
    pub issuer: PartyName,
    /// Of which flow; default each of the issuer's flows.
    #[serde(default)]
    pub flow: Option<FlowDeclaration>,
    /// The least issuer points of an event, in the programme's smallest unit.
    pub points: String,
    /// The clause of the agreement.
    #[serde(default)]
    pub clause: Option<String>,
}

/// What an overdue statement costs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LateFeeDeclaration {
    /// Share of the principal a day, such as `"0.0005"` for five in ten thousand (万分之五).
    pub per_day: String,
    /// The clause of the agreement.
    #[serde(default)]
    pub clause: Option<String>,
}

/// A further currency.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CurrencyDeclaration {
    /// ISO 4217, such as `HKD`.
    pub currency: String,
    /// Below it nothing is due; default 0 (起付金额).
    #[serde(default)]
    pub minimum_settlement: Option<String>,
    /// What was carried into the period that is run; positive: A owes B; default 0 (期初结转).
    #[serde(default)]
    pub opening_carry: Option<String>,
}

/// Whether tax comes on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaxMode {
    /// On top (价外税): round(base × t).
    Exclusive,
    /// Within (价内税): round(amount × t ÷ (1 + t)).
    Inclusive,
}

/// Rounding of money.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundingDeclaration {
    /// Where money is rounded; default line.
    #[serde(default)]
    pub place: Option<PlaceDeclaration>,
    /// How money is rounded; default half_up.
    #[serde(default)]
    pub mode: Option<ModeDeclaration>,
}

/// Where money is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlaceDeclaration {
    /// Each event.
    Event,
    /// Each line of the statement.
    Line,
    /// Each party's total; the lines share it by largest remainder.
    Statement,
}

/// How a figure is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModeDeclaration {
    /// Half away from zero (四舍五入).
    HalfUp,
    /// Half to the even digit (四舍六入五成双).
    HalfEven,
    /// Toward zero (舍去).
    Down,
    /// Away from zero (进一).
    Up,
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

/// One text or a list of texts.
#[derive(Debug, Clone)]
pub struct OneOrMany(pub Vec<String>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> serde::de::Visitor<'de> for Texts {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E>(self, text: &str) -> Result<OneOrMany, E> {
                Ok(OneOrMany(vec![text.to_owned()]))
            }

            fn visit_seq<S: serde::de::SeqAccess<'de>>(
                self,
                mut seq: S,
            ) -> Result<OneOrMany, S::Error> {
                let mut texts = Vec::new();
                while let Some(text) = seq.next_element()? {
                    texts.push(text);
                }
                Ok(OneOrMany(texts))
            }
        }
        deserializer.deserialize_any(Texts)
    }
}

impl JsonSchema for OneOrMany {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OneOrMany".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "string" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 }
            ]
        })
    }
}

impl<'de> Deserialize<'de> for ColumnDeclaration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Column;
        impl<'de> serde::de::Visitor<'de> for Column {
            type Value = ColumnDeclaration;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a column name or a description of the column")
            }

            fn visit_str<E>(self, name: &str) -> Result<ColumnDeclaration, E> {
                Ok(ColumnDeclaration::Named(name.to_owned()))
            }

            fn visit_map<M: serde::de::MapAccess<'de>>(
                self,
                map: M,
            ) -> Result<ColumnDeclaration, M::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                ColumnDescription::deserialize(map)
                    .map(|one| ColumnDeclaration::Described(Box::new(one)))
            }
        }
        deserializer.deserialize_any(Column)
    }
}

impl JsonSchema for ColumnDeclaration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ColumnDeclaration".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let described = generator.subschema_for::<ColumnDescription>();
        schemars::json_schema!({ "anyOf": [{ "type": "string" }, described] })
    }
}

impl<'de> Deserialize<'de> for TokenChoice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Choice;
        impl<'de> serde::de::Visitor<'de> for Choice {
            type Value = TokenChoice;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`mobile`, `email`, `ready` or the key of ready tokens")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<TokenChoice, E> {
                let word = serde::de::value::StrDeserializer::new(word);
                TokenDeclaration::deserialize(word).map(TokenChoice::Word)
            }

            fn visit_map<M: serde::de::MapAccess<'de>>(
                self,
                map: M,
            ) -> Result<TokenChoice, M::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                TokenDescription::deserialize(map).map(TokenChoice::Described)
            }
        }
        deserializer.deserialize_any(Choice)
    }
}

impl JsonSchema for TokenChoice {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TokenChoice".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let word = generator.subschema_for::<TokenDeclaration>();
        let described = generator.subschema_for::<TokenDescription>();
        schemars::json_schema!({ "anyOf": [word, described] })
    }
}
