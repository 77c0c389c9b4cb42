//! Points of one programme, the ratio between two programmes, and the price of a point.

use std::cmp::Ordering;
use std::fmt;
use std::marker::PhantomData;

use rust_decimal::Decimal;

use super::party::Programme;
use super::rounding::Mode;

/// Whole points of programme `P` in its smallest unit; signed.
///
/// Points of different programmes are different types, so that this does not compile:
///
/// ```compile_fail
/// use hutong::value::party::{A, B};
/// use hutong::value::points::Points;
/// let _ = Points::<A>::new(1).checked_add(Points::<B>::new(1));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Points<P> {
    quantity: i128,
    programme: PhantomData<P>,
}

/// A sum or product of points or money that does not fit. It is an error, never a wrapped figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sum or product of {what} is too large to be exact")]
pub struct Overflow {
    /// What was computed.
    pub what: &'static str,
}

impl<P: Programme> Points<P> {
    /// No points.
    pub const ZERO: Points<P> = Points { quantity: 0, programme: PhantomData };

    /// A quantity of points.
    #[must_use]
    pub fn new(quantity: i64) -> Points<P> {
        Points { quantity: i128::from(quantity), programme: PhantomData }
    }

    /// The quantity.
    #[must_use]
    pub fn quantity(self) -> i128 {
        self.quantity
    }

    /// The sum.
    ///
    /// # Errors
    /// [`Overflow`] past 127 bits.
    pub fn checked_add(self, other: Points<P>) -> Result<Points<P>, Overflow> {
        self.quantity
            .checked_add(other.quantity)
            .map(|quantity| Points { quantity, programme: PhantomData })
            .ok_or(Overflow { what: "points" })
    }

    /// The difference.
    ///
    /// # Errors
    /// [`Overflow`] past 127 bits.
    pub fn checked_sub(self, other: Points<P>) -> Result<Points<P>, Overflow> {
        self.checked_add(-other)
    }

    /// The sign: −1, 0 or 1.
    #[must_use]
    pub fn signum(self) -> i128 {
        self.quantity.signum()
    }
}

impl<P> std::ops::Neg for Points<P> {
    type Output = Points<P>;

    /// Quantities start as 64 bits and are only summed with checks, so that −2^127 never occurs.
    fn neg(self) -> Points<P> {
        Points { quantity: self.quantity.saturating_neg(), programme: PhantomData }
    }
}

impl<P: Programme> fmt::Display for Points<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.quantity, f)
    }
}

/// Acceptor points per issuer point, as two integers, because 1/3 has no decimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio {
    /// Acceptor points; above zero.
    numerator: i64,
    /// Issuer points; above zero.
    denominator: i64,
}

impl Ratio {
    /// One to one, at which sales are mirrored.
    pub const ONE: Ratio = Ratio { numerator: 1, denominator: 1 };

    /// The ratio `issuer : acceptor`; both above zero.
    #[must_use]
    pub fn new(issuer: i64, acceptor: i64) -> Option<Ratio> {
        (issuer > 0 && acceptor > 0).then_some(Ratio { numerator: acceptor, denominator: issuer })
    }

    /// The ratio the other way round.
    #[must_use]
    pub fn inverse(self) -> Ratio {
        Ratio { numerator: self.denominator, denominator: self.numerator }
    }

    /// The same ratio in its least terms.
    #[must_use]
    pub fn reduced(self) -> Ratio {
        let (mut divisor, mut rest) = (self.numerator, self.denominator);
        while rest > 0 {
            (divisor, rest) = (rest, divisor % rest);
        }
        Ratio { numerator: self.numerator / divisor, denominator: self.denominator / divisor }
    }

    /// Acceptor points of the ratio.
    #[must_use]
    pub fn numerator(self) -> i64 {
        self.numerator
    }

    /// Issuer points of the ratio.
    #[must_use]
    pub fn denominator(self) -> i64 {
        self.denominator
    }

    /// The mirror of issuer points: points × num ÷ den, rounded once, symmetric in sign.
    ///
    /// # Errors
    /// [`Overflow`] when the product passes 127 bits.
    pub fn mirror<I: Programme>(
        self,
        points: Points<I>,
        mode: Mode,
    ) -> Result<Points<I::Partner>, Overflow> {
        let product = self.exact_numerator(points)?;
        Ok(Points {
            quantity: mode.divide(product, i128::from(self.denominator)),
            programme: PhantomData,
        })
    }

    /// points × num: the exact mirror, in parts of `denominator`.
    ///
    /// # Errors
    /// [`Overflow`] when the product passes 127 bits.
    pub fn exact_numerator<I: Programme>(self, points: Points<I>) -> Result<i128, Overflow> {
        points
            .quantity
            .checked_mul(i128::from(self.numerator))
            .ok_or(Overflow { what: "points × ratio" })
    }

    /// Whether a recorded mirror is less than one acceptor point from the exact value.
    ///
    /// # Errors
    /// [`Overflow`] when a product passes 127 bits.
    pub fn rounds_to<I: Programme>(
        self,
        points: Points<I>,
        recorded: Points<I::Partner>,
    ) -> Result<bool, Overflow> {
        let what = "points × ratio";
        let recorded =
            recorded.quantity.checked_mul(i128::from(self.denominator)).ok_or(Overflow { what })?;
        let distance =
            recorded.checked_sub(self.exact_numerator(points)?).ok_or(Overflow { what })?;
        Ok(distance.abs().cmp(&i128::from(self.denominator)) == Ordering::Less)
    }
}

impl fmt::Display for Ratio {
    /// As the pipeline writes it: `issuer:acceptor`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.denominator, self.numerator)
    }
}

/// Money per issuer point, up to six decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(Decimal);

/// Decimal places of a rate (domain.md §2).
pub const RATE_DIGITS: u32 = 6;

impl Rate {
    /// A rate of at most six decimals, zero or above.
    #[must_use]
    pub fn new(per_point: Decimal) -> Option<Rate> {
        let normal = per_point.normalize();
        (normal.scale() <= RATE_DIGITS && !normal.is_sign_negative()).then_some(Rate(normal))
    }

    /// Money per point.
    #[must_use]
    pub fn per_point(self) -> Decimal {
        self.0
    }

    /// points × rate, exactly. The mantissas are multiplied as integers, because a decimal product
    /// past 96 bits would be rounded without a word.
    ///
    /// # Errors
    /// [`Overflow`] when the exact product passes 96 bits.
    pub fn price<P: Programme>(self, points: Points<P>) -> Result<Decimal, Overflow> {
        let what = "points × rate";
        let mantissa = points.quantity.checked_mul(self.0.mantissa()).ok_or(Overflow { what })?;
        Decimal::try_from_i128_with_scale(mantissa, self.0.scale()).map_err(|_| Overflow { what })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::party::{A, B};

    #[test]
    fn mirrors_are_rounded_toward_zero_by_default_and_symmetric_in_sign() {
        // issuer points, ratio, mirror
        let rows = [(1000, (100, 40), 400), (1000, (3, 1), 333), (-1000, (3, 1), -333)];
        for (points, (issuer, acceptor), mirror) in rows {
            let ratio = Ratio::new(issuer, acceptor).unwrap();
            let got = ratio.mirror(Points::<A>::new(points), Mode::Down).unwrap();
            assert_eq!(got, Points::<B>::new(mirror));
        }
    }

    #[test]
    fn points_add_and_subtract() {
        let points = Points::<A>::new;
        assert_eq!(points(7).checked_sub(points(10)).unwrap(), points(-3));
        assert_eq!(points(7).checked_add(points(10)).unwrap(), points(17));
        assert_eq!(-points(7), points(-7));
        assert_eq!(points(7).checked_sub(points(7)).unwrap(), Points::ZERO);
    }

    #[test]
    fn a_ratio_is_of_two_numbers_above_zero_in_any_terms() {
        for (issuer, acceptor) in [(0, 1), (1, 0), (-1, 1), (1, -1)] {
            assert_eq!(Ratio::new(issuer, acceptor), None, "{issuer}:{acceptor}");
        }
        let rows = [("100:40", "5:2"), ("3:7", "3:7"), ("9:3", "3:1"), ("40:100", "2:5")];
        for (ratio, least) in rows {
            let (issuer, acceptor) = ratio.split_once(':').unwrap();
            let ratio = Ratio::new(issuer.parse().unwrap(), acceptor.parse().unwrap()).unwrap();
            assert_eq!(ratio.reduced().to_string(), least);
            assert_eq!(ratio.inverse().inverse(), ratio);
        }
        assert_eq!(Ratio::new(1, 1), Some(Ratio::ONE));
    }

    #[test]
    fn a_rate_is_not_below_zero_and_has_six_decimals_that_say_something() {
        for (text, is_rate) in [
            ("0.008", true),
            ("0.0080000", true),
            ("0.000001", true),
            ("0", true),
            ("0.0000001", false),
            ("-0.008", false),
        ] {
            assert_eq!(Rate::new(text.parse().unwrap()).is_some(), is_rate, "{text}");
        }
    }

    #[test]
    fn only_less_than_one_point_is_rounding() {
        let third = Ratio::new(3, 1).unwrap();
        for (recorded, rounding) in [(332, false), (333, true), (334, true), (335, false)] {
            let got = third.rounds_to(Points::<A>::new(1000), Points::<B>::new(recorded)).unwrap();
            assert_eq!(got, rounding, "{recorded}");
        }
    }

    #[test]
    fn a_product_that_cannot_be_exact_is_an_error() {
        let rate = Rate::new(Decimal::new(1_000_001, 6)).unwrap();
        let mut points = Points::<A>::new(i64::MAX);
        for _ in 0..40 {
            points = points.checked_add(points).unwrap();
        }
        assert!(rate.price(points).is_err());
    }
}
