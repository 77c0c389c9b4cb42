//! What a point costs in which currency, and exact amounts that are never summed across currencies.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

use super::exact::sum;
use super::money::Currency;
use super::party::Programme;
use super::points::{Overflow, Points, Rate};

/// Money per issuer point in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// Per point.
    pub rate: Rate,
    /// In which currency.
    pub currency: Currency,
}

impl Price {
    /// points × rate, exactly.
    ///
    /// # Errors
    /// [`Overflow`] when the exact product passes 96 bits.
    pub fn worth<P: Programme>(self, points: Points<P>) -> Result<Worth, Overflow> {
        Ok(Worth { amount: self.rate.price(points)?, currency: self.currency })
    }
}

impl fmt::Display for Price {
    /// The rate alone, as the pipeline writes it; the currency stands in a place of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.rate, f)
    }
}

/// An exact amount of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    /// The amount.
    pub amount: Decimal,
    /// Its currency.
    pub currency: Currency,
}

/// Exact amounts by currency, never summed across currencies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Worths(BTreeMap<Currency, Decimal>);

impl Worths {
    /// Adds an amount to those of its currency.
    ///
    /// # Errors
    /// [`Overflow`] when the sum cannot be exact.
    pub fn add(&mut self, worth: Worth) -> Result<(), Overflow> {
        let total = self.0.entry(worth.currency).or_default();
        *total = sum(*total, worth.amount)?;
        Ok(())
    }

    /// The amount of a currency; zero where there is none.
    #[must_use]
    pub fn of(&self, currency: Currency) -> Decimal {
        self.0.get(&currency).copied().unwrap_or_default()
    }

    /// The amounts that are not zero, in the order of their currencies.
    pub fn iter(&self) -> impl Iterator<Item = Worth> {
        self.0
            .iter()
            .filter(|(_, amount)| !amount.is_zero())
            .map(|(&currency, &amount)| Worth { amount, currency })
    }

    /// The one amount, where there is one currency.
    #[must_use]
    pub fn single(&self) -> Option<Worth> {
        let (&currency, &amount) = self.0.first_key_value().filter(|_| self.0.len() == 1)?;
        Some(Worth { amount, currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_two_currencies_stay_apart() {
        let [cny, hkd] = ["CNY", "HKD"].map(|code| Currency::of(code).unwrap());
        let mut worths = Worths::default();
        worths.add(Worth { amount: Decimal::new(15, 1), currency: cny }).unwrap();
        assert_eq!(worths.single(), Some(Worth { amount: Decimal::new(15, 1), currency: cny }));
        for (amount, currency) in [(-5, hkd), (5, hkd), (10, cny)] {
            worths.add(Worth { amount: Decimal::new(amount, 1), currency }).unwrap();
        }
        assert_eq!((worths.of(cny), worths.of(hkd)), (Decimal::new(25, 1), Decimal::ZERO));
        assert_eq!((worths.single(), worths.iter().count()), (None, 1));
    }
}
