//! The `feeds` of a pipeline as they are written.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::AlgorithmDeclaration;
use super::column::{EpochDeclaration, NumberDeclaration, SignDeclaration, YearDeclaration};
use super::format::{
    DigestDeclaration, FormatDeclaration, StandsDeclaration, UnpackDeclaration,
    UnpackLimitsDeclaration,
};

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
    /// The file that stands beside each file with its totals; FIL-03 where they are not those that are read, or none are there.
    #[serde(default)]
    pub totals: Option<BesideDeclaration>,
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

/// Totals in a file beside a file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BesideDeclaration {
    /// The ending of its name behind that of the file, such as `.ctl`; it may be that of `ready`.
    pub ending: String,
    /// The number of rows.
    #[serde(default)]
    pub rows: Option<StandsDeclaration>,
    /// The sum of points.
    #[serde(default)]
    pub points: Option<StandsDeclaration>,
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
    /// The texts between which each value stands, and which are taken off: `{ after: '="', before: '"' }` reads `="001"` as `001`.
    #[serde(default)]
    pub stands: Option<StandsDeclaration>,
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
