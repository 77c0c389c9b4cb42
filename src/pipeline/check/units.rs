//! In which unit terms count points, where a point has decimal places (`scale`).
//!
//! Ledgers write whole points and the engine counts smallest units, so that a term of the one that
//! is taken for a term of the other is wrong by a power of ten, in silence. Therefore a term of a
//! party with decimal places says its unit by its key, and the key without a unit is refused.

use rust_decimal::Decimal;

use super::Checker;
use super::agreement::SCALE_MAX;
use super::amounts::decimal;
use crate::pipeline::declaration::{
    CapDeclaration, Declaration, MinimumDeclaration, RateDeclaration, RatioDeclaration,
    TierBasisDeclaration,
};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::money::Currency;
use crate::value::party::{Both, Party};
use crate::value::points::{RATE_DIGITS, Rate, Ratio};

/// The keys of a term that counts points: where one is enough, in whole points, in smallest units.
const COUNTS: [&str; 3] = ["points", "whole_points", "smallest_units"];

/// The same of a price.
const PRICES: [&str; 3] = ["per_point", "per_whole_point", "per_smallest_unit"];

/// What a term counts points in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Nothing is said, because a point is its own smallest unit.
    Unsaid,
    /// Points as people speak of them.
    Whole,
    /// What the engine counts: a point has 10^scale of them.
    Smallest,
}

/// A figure with the key that says it.
#[derive(Debug, Clone, Copy)]
struct Said<'t, 'd> {
    spot: Spot<'t>,
    key: &'static str,
    unit: Unit,
    text: &'d str,
}

/// A figure of points as the pipeline writes it, in one of three keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure<'d>([Option<&'d str>; 3]);

impl<'d> From<&'d CapDeclaration> for Figure<'d> {
    fn from(cap: &'d CapDeclaration) -> Figure<'d> {
        Figure([&cap.points, &cap.whole_points, &cap.smallest_units].map(|text| text.as_deref()))
    }
}

impl<'d> From<&'d MinimumDeclaration> for Figure<'d> {
    fn from(least: &'d MinimumDeclaration) -> Figure<'d> {
        let MinimumDeclaration { points, whole_points, smallest_units, .. } = least;
        Figure([points, whole_points, smallest_units].map(|text| text.as_deref()))
    }
}

impl<'d> From<&'d TierBasisDeclaration> for Figure<'d> {
    fn from(basis: &'d TierBasisDeclaration) -> Figure<'d> {
        let TierBasisDeclaration { points, whole_points, smallest_units, .. } = basis;
        Figure([points, whole_points, smallest_units].map(|text| text.as_deref()))
    }
}

/// The decimal places of each party's points.
pub(super) fn scales(declared: &Declaration) -> Both<u8> {
    // One that is too great is a problem of its own, and nothing is told of what follows from it.
    let of = |scale: Option<u8>| scale.filter(|scale| *scale <= SCALE_MAX).unwrap_or(0);
    Both { a: of(declared.parties.a.scale), b: of(declared.parties.b.scale) }
}

impl Checker<'_> {
    /// The one key that says a figure. None, or more than one, is a problem.
    fn said<'t, 'd>(
        &mut self,
        item: Spot<'t>,
        keys: [&'static str; 3],
        Figure(texts): Figure<'d>,
    ) -> Option<Said<'t, 'd>> {
        let units = [Unit::Unsaid, Unit::Whole, Unit::Smallest];
        let all = keys.into_iter().zip(units).zip(texts);
        let mut said = all.filter_map(|((key, unit), text)| {
            Some(Said { spot: item.key(key), key, unit, text: text? })
        });
        let (first, second) = (said.next(), said.next());
        let [plain, whole, smallest] = keys;
        match (first, second) {
            (Some(said), None) => Some(said),
            (Some(one), Some(other)) => {
                let reason = format!("`{}` and `{}` say one figure twice", one.key, other.key);
                self.problem(other.spot.key_mark(), reason, "Keep one of the two.");
                None
            }
            (None, _) => {
                let reason = format!("it lacks the key `{plain}`");
                let cure = format!(
                    "Add `{plain}` as agreed; of a party with `scale` say the unit, as \
                     `{whole}` or `{smallest}`."
                );
                self.problem(item.key_mark(), reason, cure);
                None
            }
        }
    }

    /// A price, of a smallest unit.
    pub(super) fn rate(
        &mut self,
        item: Spot<'_>,
        declared: &RateDeclaration,
        (issuer, scale): (Party, u8),
        currency: Option<Currency>,
    ) -> Option<Rate> {
        let texts = [&declared.per_point, &declared.per_whole_point, &declared.per_smallest_unit];
        let texts = Figure(texts.map(|text| text.as_deref()));
        let Said { spot, key, unit, text } = self.said(item, PRICES, texts)?;
        let [plain, whole, smallest] = PRICES;
        let written = decimal(text).filter(|price| Rate::new(*price).is_some());
        let Some(price) = written else {
            self.problem(
                spot.mark(),
                format!("`{key}` is `{}`, which is no rate", shown(text)),
                format!(
                    "Write a plain decimal of zero or more with at most {RATE_DIGITS} \
                    decimal places, such as `0.008`."
                ),
            );
            return None;
        };
        let money = currency.map(|currency| format!(" {currency}")).unwrap_or_default();
        match unit {
            Unit::Smallest => Rate::new(price),
            Unit::Unsaid if scale == 0 => Rate::new(price),
            Unit::Unsaid => {
                let each = moved(price, scale).map_or_else(String::new, |each| each.to_string());
                let all = grown(price, scale).map_or_else(String::new, |all| all.to_string());
                let units = 10_u64.pow(u32::from(scale));
                self.problem(
                    spot.mark(),
                    format!(
                        "`{plain}` is `{text}`, and a point of `{}` has {}, so that it may be of a \
                         point or of a smallest unit",
                        issuer.letter(),
                        places(scale)
                    ),
                    format!(
                        "Write `{whole}: \"{text}\"` where a point, which is {units} smallest \
                         units, is worth {price}{money} and each of those {each}{money}; or \
                         `{smallest}: \"{text}\"` where each of those is worth {price}{money} and a \
                         point {all}{money}."
                    ),
                );
                None
            }
            Unit::Whole => {
                let rate = moved(price, scale).and_then(Rate::new);
                if rate.is_none() {
                    let each =
                        moved(price, scale).map_or_else(String::new, |each| each.to_string());
                    let most = RATE_DIGITS.saturating_sub(u32::from(scale));
                    self.problem(
                        spot.mark(),
                        format!(
                            "`{whole}` is `{text}`, which is {each} a smallest unit: finer than \
                             the {RATE_DIGITS} decimal places of a rate"
                        ),
                        format!(
                            "Agree on at most {most} decimal places for a point that has {}, or on \
                             another currency.",
                            places(scale)
                        ),
                    );
                }
                rate
            }
        }
    }

    /// A ratio, of smallest units.
    pub(super) fn ratio(
        &mut self,
        item: Spot<'_>,
        declared: &RatioDeclaration,
        issuer: Party,
        scales: &Both<u8>,
    ) -> Option<Ratio> {
        let texts = [&declared.points, &declared.whole_points, &declared.smallest_units];
        let texts = Figure(texts.map(|text| text.as_deref()));
        let Said { spot, key, unit, text } = self.said(item, COUNTS, texts)?;
        let sides =
            text.split_once(':').and_then(|(one, other)| Some((count(one)?, count(other)?)));
        let Some((ratio, (one, other))) =
            sides.and_then(|(one, other)| Some((Ratio::new(one, other)?, (one, other))))
        else {
            self.problem(
                spot.mark(),
                format!("`{key}` is `{}`, which is no ratio", shown(text)),
                "Write issuer points and acceptor points as two whole numbers above zero, \
                such as \
                 `100:40`; a decimal ratio such as 1:0.4 is 10:4.",
            );
            return None;
        };
        let acceptor = issuer.partner();
        let (ours, theirs) = (*scales.of(issuer), *scales.of(acceptor));
        // Points of as many decimal places are to one another as their smallest units are.
        if unit == Unit::Smallest || ours == theirs {
            return Some(ratio);
        }
        let (a, b) = (issuer.letter(), acceptor.letter());
        if unit == Unit::Unsaid {
            let [plain, whole, smallest] = COUNTS;
            let each = |count: i64, scale: u8| {
                moved(Decimal::from(count), scale).map_or_else(String::new, |each| each.to_string())
            };
            self.problem(
                spot.mark(),
                format!(
                    "`{plain}` is `{text}`, and a point of `{a}` has {} and one of `{b}` {}, so that \
                     it may count points or smallest units",
                    places(ours),
                    places(theirs)
                ),
                format!(
                    "Write `{whole}: \"{text}\"` where {one} points of `{a}` are {other} points of \
                     `{b}`, or `{smallest}: \"{text}\"` where {} points of `{a}` are {} points of \
                     `{b}`.",
                    each(one, ours),
                    each(other, theirs)
                ),
            );
            return None;
        }
        let least = ours.min(theirs);
        let in_units = |count: i64, scale: u8| {
            count.checked_mul(10_i64.checked_pow(u32::from(scale - least))?)
        };
        let counted = in_units(one, ours).zip(in_units(other, theirs));
        let ratio = counted.and_then(|(one, other)| Ratio::new(one, other));
        if ratio.is_none() {
            let reason = format!("`{key}` is `{text}`, more than can be counted in smallest units");
            self.problem(spot.mark(), reason, "Write the same ratio in lesser numbers.");
        }
        ratio
    }

    /// A whole number of smallest units.
    pub(super) fn quantity<'d>(
        &mut self,
        item: Spot<'_>,
        declared: impl Into<Figure<'d>>,
        (party, scale): (Party, u8),
    ) -> Option<i64> {
        let Said { spot, key, unit, text } = self.said(item, COUNTS, declared.into())?;
        let found = match unit {
            Unit::Unsaid | Unit::Smallest => count(text),
            Unit::Whole => decimal(text)
                .filter(|points| !points.is_sign_negative())
                .and_then(|points| grown(points, scale))
                .filter(|units| units.scale() == 0)
                .and_then(|units| i64::try_from(units.mantissa()).ok()),
        };
        let Some(found) = found else {
            let noun = if unit == Unit::Whole && scale > 0 {
                format!("a number of points with at most {}", places(scale))
            } else {
                "a whole number of the programme's smallest unit".to_owned()
            };
            self.problem(
                spot.mark(),
                format!("`{key}` is `{}`, which is no number of points", shown(text)),
                format!("Write {noun}, such as `\"5000\"`."),
            );
            return None;
        };
        if unit == Unit::Unsaid && scale > 0 {
            let [plain, whole, smallest] = COUNTS;
            let points =
                moved(Decimal::from(found), scale).map_or_else(String::new, |all| all.to_string());
            self.problem(
                spot.mark(),
                format!(
                    "`{plain}` is `{text}`, and a point of `{}` has {}, so that it may count points \
                     or smallest units",
                    party.letter(),
                    places(scale)
                ),
                format!(
                    "Write `{whole}: \"{text}\"` for {found} points, or `{smallest}: \"{text}\"` for \
                     {points}."
                ),
            );
            return None;
        }
        Some(found)
    }
}

fn places(scale: u8) -> String {
    match scale {
        0 => "no decimal places".to_owned(),
        1 => "1 decimal place".to_owned(),
        scale => format!("{scale} decimal places"),
    }
}

/// A whole number without sign or separators.
fn count(text: &str) -> Option<i64> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}

/// The decimal ÷ 10^scale, exactly; `None` where it has too many digits.
fn moved(decimal: Decimal, scale: u8) -> Option<Decimal> {
    let places = decimal.scale() + u32::from(scale);
    Decimal::try_from_i128_with_scale(decimal.mantissa(), places).ok().map(|d| d.normalize())
}

/// The decimal × 10^scale, exactly; `None` where it has too many digits.
fn grown(decimal: Decimal, scale: u8) -> Option<Decimal> {
    let grown = decimal.mantissa().checked_mul(10_i128.checked_pow(u32::from(scale))?)?;
    Decimal::try_from_i128_with_scale(grown, decimal.scale()).ok().map(|d| d.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_become_units_and_units_points_exactly_or_not_at_all() {
        // a decimal, places, ÷ 10^places, × 10^places
        let rows = [
            ("0.11", 2, Some("0.0011"), Some("11")),
            ("0", 6, Some("0"), Some("0")),
            ("100", 2, Some("1"), Some("10000")),
            ("0.000001", 6, Some("0.000000000001"), Some("1")),
            ("79228162514264337593543950335", 1, Some("7922816251426433759354395033.5"), None),
        ];
        for (text, scale, fewer, more) in rows {
            let written = decimal(text).unwrap();
            let told = |found: Option<Decimal>| found.map(|found| found.to_string());
            assert_eq!(told(moved(written, scale)).as_deref(), fewer, "{text}");
            assert_eq!(told(grown(written, scale)).as_deref(), more, "{text}");
        }
    }
}
