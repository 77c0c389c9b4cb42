//! Exact arithmetic in fractions of `i128`, and the four ways to round one to a whole number.

use std::cmp::Ordering;
use std::ops::{Add, Mul, Neg, Sub};

use crate::world::Mode;

/// A fraction in lowest terms with a positive denominator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fraction {
    over: i128,
    under: i128,
}

fn common_divisor(mut a: i128, mut b: i128) -> i128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs()
}

impl Fraction {
    pub const ZERO: Fraction = Fraction { over: 0, under: 1 };

    pub fn new(over: i128, under: i128) -> Fraction {
        assert!(under != 0, "a fraction has no denominator");
        let divisor = common_divisor(over, under).max(1) * under.signum();
        Fraction { over: over / divisor, under: under / divisor }
    }

    pub fn whole(value: i128) -> Fraction {
        Fraction { over: value, under: 1 }
    }

    pub fn is_whole(self) -> bool {
        self.under == 1
    }

    pub fn abs(self) -> Fraction {
        Fraction { over: self.over.abs(), under: self.under }
    }

    /// The greatest whole number that is not above it.
    pub fn floor(self) -> i128 {
        self.over.div_euclid(self.under)
    }

    /// The whole number that the mode makes of it.
    pub fn round(self, mode: Mode) -> i128 {
        let sign = self.over.signum();
        let (whole, rest) = (self.over.abs() / self.under, self.over.abs() % self.under);
        let away = match mode {
            Mode::Down => false,
            Mode::Up => rest > 0,
            Mode::HalfUp => 2 * rest >= self.under,
            Mode::HalfEven => 2 * rest > self.under || (2 * rest == self.under && whole % 2 == 1),
        };
        sign * (whole + i128::from(away))
    }
}

impl Add for Fraction {
    type Output = Fraction;

    fn add(self, other: Fraction) -> Fraction {
        Fraction::new(self.over * other.under + other.over * self.under, self.under * other.under)
    }
}

impl Neg for Fraction {
    type Output = Fraction;

    fn neg(self) -> Fraction {
        Fraction { over: -self.over, under: self.under }
    }
}

impl Sub for Fraction {
    type Output = Fraction;

    fn sub(self, other: Fraction) -> Fraction {
        self + -other
    }
}

impl Mul for Fraction {
    type Output = Fraction;

    fn mul(self, other: Fraction) -> Fraction {
        Fraction::new(self.over * other.over, self.under * other.under)
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Fraction) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Fraction) -> Ordering {
        (self.over * other.under).cmp(&(other.over * self.under))
    }
}

/// Decimals where the denominator allows, so that tables read as money; else a fraction.
impl std::fmt::Display for Fraction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (mut scaled, mut places) = (*self, 0_usize);
        while !scaled.is_whole() && places < 12 {
            scaled = scaled * Fraction::whole(10);
            places += 1;
        }
        if !scaled.is_whole() {
            return write!(f, "{}/{}", self.over, self.under);
        }
        let sign = if self.over < 0 { "-" } else { "" };
        let digits = format!("{:0width$}", scaled.over.abs(), width = places + 1);
        let (whole, part) = digits.split_at(digits.len() - places);
        let point = if places > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{part}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_as_the_table_says() {
        use Mode::{Down, HalfEven, HalfUp, Up};
        // Over, under; then half_up, half_even, down, up.
        let table = [
            ((0, 1), [0, 0, 0, 0]),
            ((1, 2), [1, 0, 0, 1]),
            ((3, 2), [2, 2, 1, 2]),
            ((5, 2), [3, 2, 2, 3]),
            ((-1, 2), [-1, 0, 0, -1]),
            ((-3, 2), [-2, -2, -1, -2]),
            ((-5, 2), [-3, -2, -2, -3]),
            ((1, 3), [0, 0, 0, 1]),
            ((2, 3), [1, 1, 0, 1]),
            ((-1000, 3), [-333, -333, -333, -334]),
            ((7, 1), [7, 7, 7, 7]),
            ((-4, 4), [-1, -1, -1, -1]),
        ];
        for ((over, under), expected) in table {
            let rounded =
                [HalfUp, HalfEven, Down, Up].map(|mode| Fraction::new(over, under).round(mode));
            assert_eq!(rounded, expected, "{over}/{under}");
        }
    }

    #[test]
    fn reads_as_money() {
        assert_eq!(Fraction::new(6168, 100).to_string(), "61.68");
        assert_eq!(Fraction::new(-1, 200).to_string(), "-0.005");
        assert_eq!(Fraction::new(1, 3).to_string(), "1/3");
        assert_eq!(Fraction::new(-7, 2).floor(), -4);
    }
}
