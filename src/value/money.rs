//! Money: whole minor units of one currency.

use std::fmt;

use rust_decimal::Decimal;

use super::points::Overflow;
use super::rounding::Mode;

/// A currency of ISO 4217 with the number of its minor digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: &'static str,
    digits: u32,
}

/// Currencies whose minor digits are not two, and those in which partners settle here.
/// Source: ISO 4217 list one, 2024-06-25.
const CURRENCIES: &[(&str, u32)] = &[
    ("AED", 2),
    ("AUD", 2),
    ("BHD", 3),
    ("BRL", 2),
    ("CAD", 2),
    ("CHF", 2),
    ("CLP", 0),
    ("CNY", 2),
    ("CZK", 2),
    ("DKK", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("HKD", 2),
    ("HUF", 2),
    ("IDR", 2),
    ("ILS", 2),
    ("INR", 2),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("MOP", 2),
    ("MXN", 2),
    ("MYR", 2),
    ("NOK", 2),
    ("NZD", 2),
    ("OMR", 3),
    ("PHP", 2),
    ("PLN", 2),
    ("PYG", 0),
    ("QAR", 2),
    ("RUB", 2),
    ("SAR", 2),
    ("SEK", 2),
    ("SGD", 2),
    ("THB", 2),
    ("TND", 3),
    ("TRY", 2),
    ("TWD", 2),
    ("UGX", 0),
    ("USD", 2),
    ("VND", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("ZAR", 2),
];

impl Currency {
    /// The currency of that code, if it is on the list.
    #[must_use]
    pub fn of(code: &str) -> Option<Currency> {
        CURRENCIES
            .iter()
            .find(|(known, _)| *known == code)
            .map(|&(code, digits)| Currency { code, digits })
    }

    /// Every code on the list, in order.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        CURRENCIES.iter().map(|(code, _)| *code)
    }

    /// The code.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.code
    }

    /// Minor digits: two for CNY, none for JPY, three for KWD.
    #[must_use]
    pub fn digits(self) -> u32 {
        self.digits
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

/// An amount in whole minor units. There is no `+`: a sum says what happens on overflow and on
/// two currencies, in release builds too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Money that cannot be formed or summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be summed without an effective exchange rate")]
    Currencies(Currency, Currency),
    /// More than DECIMAL(18) holds.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// More decimals than the currency has.
    #[error("{0} has more decimals than {1} has minor digits")]
    Digits(Decimal, Currency),
}

/// The most minor units of an amount: 18 digits, what DECIMAL(18,s) holds in every tool.
const MINOR_MAX: i128 = 999_999_999_999_999_999;

impl Money {
    /// Nothing.
    #[must_use]
    pub fn zero(currency: Currency) -> Money {
        Money { minor: 0, currency }
    }

    /// An exact amount rounded to the currency's minor digits.
    ///
    /// # Errors
    /// [`Overflow`] past 18 digits.
    pub fn round(exact: Decimal, mode: Mode, currency: Currency) -> Result<Money, MoneyError> {
        Money::exactly(mode.round(exact, currency.digits), currency)
    }

    /// An amount that has no more decimals than the currency.
    ///
    /// # Errors
    /// [`MoneyError::Digits`] when it has more; [`Overflow`] past 18 digits.
    pub fn exactly(amount: Decimal, currency: Currency) -> Result<Money, MoneyError> {
        let normal = amount.normalize();
        if normal.scale() > currency.digits {
            return Err(MoneyError::Digits(amount, currency));
        }
        let factor = 10_i128.pow(currency.digits - normal.scale());
        normal
            .mantissa()
            .checked_mul(factor)
            .filter(|minor| minor.abs() <= MINOR_MAX)
            .and_then(|minor| i64::try_from(minor).ok())
            .map(|minor| Money { minor, currency })
            .ok_or(MoneyError::Overflow(Overflow { what: "money" }))
    }

    /// An amount in minor units.
    ///
    /// # Errors
    /// [`Overflow`] past 18 digits.
    pub fn from_minor(minor: i128, currency: Currency) -> Result<Money, MoneyError> {
        i64::try_from(minor)
            .ok()
            .filter(|minor| i128::from(*minor).abs() <= MINOR_MAX)
            .map(|minor| Money { minor, currency })
            .ok_or(MoneyError::Overflow(Overflow { what: "money" }))
    }

    /// Whole minor units.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// As a decimal with exactly the currency's minor digits.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.minor, self.currency.digits)
    }

    /// The sum.
    ///
    /// # Errors
    /// On two currencies, and past 18 digits.
    pub fn checked_add(self, other: Money) -> Result<Money, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::Currencies(self.currency, other.currency));
        }
        Money::from_minor(i128::from(self.minor) + i128::from(other.minor), self.currency)
    }

    /// The difference.
    ///
    /// # Errors
    /// On two currencies, and past 18 digits.
    pub fn checked_sub(self, other: Money) -> Result<Money, MoneyError> {
        self.checked_add(-other)
    }

    /// The amount without its sign.
    #[must_use]
    pub fn abs(self) -> Money {
        Money { minor: self.minor.abs(), currency: self.currency }
    }

    /// −1, 0 or 1.
    #[must_use]
    pub fn signum(self) -> i64 {
        self.minor.signum()
    }
}

impl std::ops::Neg for Money {
    type Output = Money;

    /// An amount has at most 18 digits, so its negative fits.
    fn neg(self) -> Money {
        Money { minor: -self.minor, currency: self.currency }
    }
}

impl fmt::Display for Money {
    /// With the currency's minor digits and thousands separators, without the code: `−1,234.50`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&grouped(&self.decimal().to_string()))
    }
}

/// A plain decimal text with a comma before every third digit of its whole part.
#[must_use]
pub fn grouped(plain: &str) -> String {
    let (sign, rest) = plain.strip_prefix('-').map_or(("", plain), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(w, f)| (w, Some(f)));
    let mut shown = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if let Some(fraction) = fraction {
        shown.push('.');
        shown.push_str(fraction);
    }
    shown
}

/// A noun behind its number, in the plural unless it is one.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let shown = grouped(&count.to_string());
    let stem = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u']));
    match (count, stem) {
        (1, _) => format!("{shown} {noun}"),
        (_, Some(stem)) => format!("{shown} {stem}ies"),
        _ => format!("{shown} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cny(minor: i128) -> Money {
        Money::from_minor(minor, Currency::of("CNY").unwrap()).unwrap()
    }

    #[test]
    fn amounts_show_every_minor_digit_and_group_thousands() {
        let rows =
            [(0, "0.00"), (5, "0.05"), (-123_450, "-1,234.50"), (100_000_000, "1,000,000.00")];
        assert_eq!(cny(12_345_678).to_string(), "123,456.78");
        for (minor, shown) in rows {
            assert_eq!(cny(minor).to_string(), shown);
        }
        let yen = Money::from_minor(1234, Currency::of("JPY").unwrap()).unwrap();
        assert_eq!(yen.to_string(), "1,234");
    }

    /// ISO 4217, told a second time: of those that are not named here there are two.
    #[test]
    fn currencies_have_the_minor_digits_of_iso_4217() {
        let none = ["CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF"];
        let three = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
        for &(code, digits) in CURRENCIES {
            let expected = match code {
                code if none.contains(&code) => 0,
                code if three.contains(&code) => 3,
                _ => 2,
            };
            assert_eq!(digits, expected, "{code}");
        }
    }

    #[test]
    fn two_currencies_and_overflow_are_errors() {
        let yen = Money::zero(Currency::of("JPY").unwrap());
        assert!(matches!(cny(1).checked_add(yen), Err(MoneyError::Currencies(..))));
        assert!(matches!(cny(MINOR_MAX).checked_add(cny(1)), Err(MoneyError::Overflow(_))));
        let currency = Currency::of("CNY").unwrap();
        for minor in [MINOR_MAX, -MINOR_MAX] {
            assert_eq!(Money::exactly(cny(minor).decimal(), currency).unwrap(), cny(minor));
            assert!(Money::from_minor(minor + minor.signum(), currency).is_err());
        }
    }

    #[test]
    fn decimals_past_the_minor_digits_are_rounded_only_when_asked() {
        let currency = Currency::of("CNY").unwrap();
        let exact = Decimal::new(1_205, 3);
        assert!(Money::exactly(exact, currency).is_err());
        assert_eq!(Money::exactly(Decimal::new(1_200, 3), currency).unwrap(), cny(120));
        assert_eq!(Money::round(exact, Mode::HalfUp, currency).unwrap(), cny(121));
        assert_eq!(Money::round(exact, Mode::HalfEven, currency).unwrap(), cny(120));
    }

    #[test]
    fn nouns_have_their_plurals() {
        let rows = [(1, "key", "1 key"), (2, "key", "2 keys"), (0, "entry", "0 entries")];
        for (count, noun, shown) in rows.into_iter().chain([(1_200, "row", "1,200 rows")]) {
            assert_eq!(counted(count, noun), shown);
        }
    }
}
