//! The `terms` of a pipeline as they are written.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{FlowDeclaration, PartyName};

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
    /// `issuer points : acceptor points` in whole numbers, such as `100:40`, where the points of
    /// both parties have as many decimal places (`scale`): whole points and smallest units are to
    /// one another alike then. Else one of `whole_points` and `smallest_units` says it.
    #[serde(default)]
    pub points: Option<String>,
    /// The same in whole points: `100:40` is 100 points of the issuer for 40 of the acceptor,
    /// whatever their `scale`.
    #[serde(default)]
    pub whole_points: Option<String>,
    /// The same in smallest units: with `scale: 2` on the acceptor's side alone, `1:40` is a point
    /// for 0.40.
    #[serde(default)]
    pub smallest_units: Option<String>,
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
    /// Money per issuer point, up to six decimals, such as `"0.008"`. Of a party with `scale` one of
    /// `per_whole_point` and `per_smallest_unit` says it.
    #[serde(default)]
    pub per_point: Option<String>,
    /// Money per whole point, whatever the issuer's `scale`: with `scale: 2`, `"0.11"` is 0.0011 a
    /// smallest unit. It has no more than six decimals when that is worked out.
    #[serde(default)]
    pub per_whole_point: Option<String>,
    /// Money per smallest unit, up to six decimals: with `scale: 2`, `"0.0011"` is 0.11 a point.
    #[serde(default)]
    pub per_smallest_unit: Option<String>,
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
    /// The most issuer points that count, of an issuer whose points have no decimal places; exactly
    /// one of `points`, `whole_points` and `smallest_units`.
    #[serde(default)]
    pub points: Option<String>,
    /// The same in whole points, whatever the issuer's `scale`.
    #[serde(default)]
    pub whole_points: Option<String>,
    /// The same in smallest units, of which a point has 10 to the power of its `scale`.
    #[serde(default)]
    pub smallest_units: Option<String>,
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
    /// The least issuer points of an event, of an issuer whose points have no decimal places; exactly
    /// one of `points`, `whole_points` and `smallest_units`.
    #[serde(default)]
    pub points: Option<String>,
    /// The same in whole points, whatever the issuer's `scale`.
    #[serde(default)]
    pub whole_points: Option<String>,
    /// The same in smallest units, of which a point has 10 to the power of its `scale`.
    #[serde(default)]
    pub smallest_units: Option<String>,
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
