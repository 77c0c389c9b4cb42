//! What tiers rest on, as a pipeline writes it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

/// What each party's tiers rest on.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BasisDeclaration {
    /// A's tier → what it rests on.
    #[serde(default)]
    pub a: BTreeMap<String, TierBasisDeclaration>,
    /// B's tier → what it rests on.
    #[serde(default)]
    pub b: BTreeMap<String, TierBasisDeclaration>,
}

/// What a tier rests on: so many points by movements of these kinds in so many months.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierBasisDeclaration {
    /// The least sum of points, whatever their sign, in smallest units, such as `"10000"`.
    pub points: String,
    /// The kinds of movement that count.
    pub kinds: Vec<BasisKind>,
    /// Over how many months before the cut.
    pub months: u32,
}

/// A kind of movement on which a tier may rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BasisKind {
    /// Points earned at home.
    Earn,
    /// Points earned at the partner.
    Xearn,
    /// Points spent at home.
    Burn,
    /// Points spent at the partner.
    Xburn,
    /// Points turned into the partner's.
    Xout,
    /// The partner's points that arrived.
    Xin,
}
