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
    /// The least sum of points, whatever their sign, such as `"10000"`, of a party whose points have
    /// no decimal places; exactly one of `points`, `whole_points` and `smallest_units`.
    #[serde(default)]
    pub points: Option<String>,
    /// The same in whole points, whatever the party's `scale`.
    #[serde(default)]
    pub whole_points: Option<String>,
    /// The same in smallest units, of which a point has 10 to the power of its `scale`.
    #[serde(default)]
    pub smallest_units: Option<String>,
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
