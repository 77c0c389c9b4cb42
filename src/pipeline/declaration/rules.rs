//! The `rules` of a pipeline as they are written.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

/// What is made of a rule: `off`, or settings.
#[derive(Debug, Clone)]
pub enum RuleDeclaration {
    /// `off`, the only word that there is.
    Word(String),
    /// The settings.
    Settings(RuleSettings),
}

/// What is set of a rule.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSettings {
    /// How grave what it finds is.
    #[serde(default)]
    pub severity: Option<SeverityDeclaration>,
    /// What it does to the clearing: never more than the rule's own effect.
    #[serde(default)]
    pub effect: Option<EffectDeclaration>,
    /// For EVT-05: how long after a spend one that is alike is suspected, such as `60s` (default).
    #[serde(default)]
    pub within: Option<String>,
    /// Thresholds that make the exit code 1, whatever `--fail-on` says.
    #[serde(default)]
    pub fail_on: Option<LimitsDeclaration>,
    /// Thresholds that block the statement.
    #[serde(default)]
    pub block_on: Option<LimitsDeclaration>,
}

/// How grave a discrepancy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeverityDeclaration {
    /// For information (提示).
    Information,
    /// Worth a look (警告).
    Warning,
    /// Somebody has to settle it (差错).
    Error,
    /// The statement cannot stand (致命).
    Fatal,
}

/// What a discrepancy does to the clearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EffectDeclaration {
    /// Counted at the agreed value (计入).
    Counted,
    /// Held outside the net (挂账).
    Held,
    /// Blocks the statement (阻断).
    Blocks,
}

/// Thresholds over all discrepancies of a rule: reached by any of them.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsDeclaration {
    /// Discrepancies.
    #[serde(default)]
    pub count: Option<u32>,
    /// Points, as a whole number.
    #[serde(default)]
    pub points: Option<String>,
    /// Money at stake.
    #[serde(default)]
    pub money: Option<String>,
    /// Discrepancies in per cent of the rows of both ledgers that came in, two decimals at most.
    #[serde(default)]
    pub share: Option<String>,
}

impl<'de> Deserialize<'de> for RuleDeclaration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Setting;
        impl<'de> serde::de::Visitor<'de> for Setting {
            type Value = RuleDeclaration;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("`off` or settings of the rule")
            }

            fn visit_str<E>(self, word: &str) -> Result<RuleDeclaration, E> {
                Ok(RuleDeclaration::Word(word.to_owned()))
            }

            fn visit_map<M: serde::de::MapAccess<'de>>(
                self,
                map: M,
            ) -> Result<RuleDeclaration, M::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                RuleSettings::deserialize(map).map(RuleDeclaration::Settings)
            }
        }
        deserializer.deserialize_any(Setting)
    }
}

impl JsonSchema for RuleDeclaration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RuleDeclaration".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let settings = generator.subschema_for::<RuleSettings>();
        schemars::json_schema!({ "anyOf": [{ "type": "string", "pattern": "^off$" }, settings] })
    }
}
