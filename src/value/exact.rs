//! Decimal sums and products that are exact or an error.
//!
//! `rust_decimal` rounds a sum or product that does not fit 96 bits without a word; here the
//! mantissas are summed and multiplied as 128-bit integers, and what does not fit is an error.

use rust_decimal::Decimal;

use super::points::Overflow;
use super::rounding::Mode;

/// The sum of two decimals, exactly.
///
/// # Errors
/// [`Overflow`] when it needs more than 96 bits.
pub fn sum(one: Decimal, other: Decimal) -> Result<Decimal, Overflow> {
    let what = "money";
    let scale = one.scale().max(other.scale());
    let aligned = |decimal: Decimal| {
        let factor = 10_i128.checked_pow(scale - decimal.scale())?;
        decimal.mantissa().checked_mul(factor)
    };
    aligned(one)
        .zip(aligned(other))
        .and_then(|(one, other)| one.checked_add(other))
        .and_then(|mantissa| Decimal::try_from_i128_with_scale(mantissa, scale).ok())
        .ok_or(Overflow { what })
}

/// The product of two decimals, exactly.
///
/// # Errors
/// [`Overflow`] when it needs more than 96 bits or 28 places.
pub fn product(one: Decimal, other: Decimal) -> Result<Decimal, Overflow> {
    let (one, other) = (one.normalize(), other.normalize());
    one.mantissa()
        .checked_mul(other.mantissa())
        .and_then(|mantissa| {
            Decimal::try_from_i128_with_scale(mantissa, one.scale() + other.scale()).ok()
        })
        .ok_or(Overflow { what: "money × share" })
}

/// The tax within an amount: amount × t ÷ (1 + t), divided once, in units of 10^-digits
/// (domain.md §6.4).
///
/// # Errors
/// [`Overflow`] when a product leaves 127 bits.
pub fn tax_within(
    amount: Decimal,
    share: Decimal,
    mode: Mode,
    digits: u32,
) -> Result<i128, Overflow> {
    let overflow = Overflow { what: "money × tax" };
    let (amount, share) = (amount.normalize(), share.normalize());
    let one = 10_i128.checked_pow(share.scale()).ok_or(overflow)?;
    let unit = 10_i128.checked_pow(digits).ok_or(overflow)?;
    let scale = 10_i128.checked_pow(amount.scale()).ok_or(overflow)?;
    let numerator = amount
        .mantissa()
        .checked_mul(share.mantissa())
        .and_then(|product| product.checked_mul(unit))
        .ok_or(overflow)?;
    let denominator =
        one.checked_add(share.mantissa()).and_then(|sum| sum.checked_mul(scale)).ok_or(overflow)?;
    Ok(mode.divide(numerator, denominator))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn sums_and_products_keep_every_digit() {
        assert_eq!(sum(decimal("1.5"), decimal("-0.000001")).unwrap(), decimal("1.499999"));
        assert_eq!(product(decimal("60.40"), decimal("0.02")).unwrap(), decimal("1.208"));
        assert!(product(decimal("79228162514264337593543950335"), decimal("1.1")).is_err());
        assert!(sum(Decimal::MAX, decimal("0.1")).is_err());
    }

    /// Digits that say nothing take up no room.
    #[test]
    fn zeros_at_the_end_of_a_figure_do_not_make_it_too_long() {
        let (one, half) = ("1.0000000000000000000000000000", "0.5");
        for (one, other) in [(one, half), (half, one)] {
            assert_eq!(product(decimal(one), decimal(other)).unwrap(), decimal("0.5"));
        }
        let rows = [
            // 7 × 0.1234567891 ÷ 1.1234567891, and 1,234,567,891.23 × 0.5 ÷ 1.5.
            ("7.0000000000000000000000000000", "0.1234567891", 77),
            ("1234567891.23", "0.5000000000000000000000000000", 41_152_263_041),
        ];
        for (amount, share, within) in rows {
            let got = tax_within(decimal(amount), decimal(share), Mode::HalfUp, 2).unwrap();
            assert_eq!(got, within, "{amount} {share}");
        }
    }

    #[test]
    fn the_tax_within_is_divided_once() {
        // 106.00 with six per cent within it holds 6.00.
        let row = tax_within(decimal("106.00"), decimal("0.06"), Mode::HalfUp, 2).unwrap();
        assert_eq!(row, 600);
        let row = tax_within(decimal("1.21"), decimal("0.06"), Mode::HalfUp, 2).unwrap();
        assert_eq!(row, 7);
    }
}
