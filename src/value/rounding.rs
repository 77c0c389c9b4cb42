//! Rounding: how, and where.

use rust_decimal::{Decimal, RoundingStrategy};

/// How a figure is rounded (domain.md §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Half away from zero (四舍五入).
    HalfUp,
    /// Half to the even digit.
    HalfEven,
    /// Toward zero; not floor: −333.3 becomes −333.
    Down,
    /// Away from zero.
    Up,
}

/// Where money is rounded (domain.md §6.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Each event.
    Event,
    /// Each line of the statement; the default.
    Line,
    /// Each party's total, shared by its lines with largest remainder.
    Statement,
}

/// Place and mode together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounding {
    /// Where.
    pub place: Place,
    /// How.
    pub mode: Mode,
}

impl Mode {
    /// Every mode, in order.
    pub const ALL: [Mode; 4] = [Mode::HalfUp, Mode::HalfEven, Mode::Down, Mode::Up];

    /// The word for it in pipelines and outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Mode::HalfUp => "half_up",
            Mode::HalfEven => "half_even",
            Mode::Down => "down",
            Mode::Up => "up",
        }
    }

    /// The Chinese beside it.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Mode::HalfUp => "四舍五入",
            Mode::HalfEven => "四舍六入五成双",
            Mode::Down => "向零舍入",
            Mode::Up => "远零舍入",
        }
    }

    /// A decimal rounded to `digits` places.
    #[must_use]
    pub fn round(self, amount: Decimal, digits: u32) -> Decimal {
        let strategy = match self {
            Mode::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Mode::HalfEven => RoundingStrategy::MidpointNearestEven,
            Mode::Down => RoundingStrategy::ToZero,
            Mode::Up => RoundingStrategy::AwayFromZero,
        };
        amount.round_dp_with_strategy(digits, strategy)
    }

    /// `numerator ÷ denominator` as a whole number. The denominator is above zero.
    ///
    /// The quotient is taken toward zero first; the remainder, which has the numerator's sign,
    /// then says by its distance to half the denominator whether one more unit is due. The
    /// comparison is with what the remainder lacks, so that nothing is doubled and nothing can
    /// overflow.
    #[must_use]
    pub fn divide(self, numerator: i128, denominator: i128) -> i128 {
        debug_assert!(denominator > 0, "a denominator is above zero");
        let quotient = numerator / denominator;
        let remainder = (numerator % denominator).abs();
        let lacking = denominator - remainder;
        let away = match self {
            Mode::Down => false,
            Mode::Up => remainder != 0,
            Mode::HalfUp => remainder >= lacking,
            Mode::HalfEven => remainder > lacking || (remainder == lacking && quotient % 2 != 0),
        };
        if away { quotient + numerator.signum() } else { quotient }
    }
}

impl Place {
    /// Every place, in order.
    pub const ALL: [Place; 3] = [Place::Event, Place::Line, Place::Statement];

    /// The word for it in pipelines and outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Place::Event => "event",
            Place::Line => "line",
            Place::Statement => "statement",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_as_its_mode_says() {
        // numerator, denominator, down, up, half_up, half_even
        let rows = [
            (1000, 3, 333, 334, 333, 333),
            (-1000, 3, -333, -334, -333, -333),
            (5, 2, 2, 3, 3, 2),
            (-5, 2, -2, -3, -3, -2),
            (7, 2, 3, 4, 4, 4),
            (6, 3, 2, 2, 2, 2),
            (0, 7, 0, 0, 0, 0),
        ];
        for (numerator, denominator, down, up, half_up, half_even) in rows {
            let got = [Mode::Down, Mode::Up, Mode::HalfUp, Mode::HalfEven]
                .map(|mode| mode.divide(numerator, denominator));
            assert_eq!(got, [down, up, half_up, half_even], "{numerator}/{denominator}");
        }
    }

    #[test]
    fn a_decimal_is_rounded_as_its_mode_says() {
        // amount, down, up, half_up, half_even
        let rows = [
            ("1.205", "1.20", "1.21", "1.21", "1.20"),
            ("-1.205", "-1.20", "-1.21", "-1.21", "-1.20"),
            ("1.2001", "1.20", "1.21", "1.20", "1.20"),
        ];
        for (amount, down, up, half_up, half_even) in rows {
            let amount: Decimal = amount.parse().unwrap();
            let got = [Mode::Down, Mode::Up, Mode::HalfUp, Mode::HalfEven]
                .map(|mode| mode.round(amount, 2).to_string());
            assert_eq!(got, [down, up, half_up, half_even], "{amount}");
        }
    }
}
