//! How many refused rows a feed may have before nothing is settled on it.

use rust_decimal::Decimal;

/// The most rows that may be refused; passing either blocks the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxRejects {
    /// So many rows.
    pub count: Option<u64>,
    /// So many per cent of the rows.
    pub share: Option<Decimal>,
}

impl MaxRejects {
    /// Which of the two is passed, as a person reads it.
    #[must_use]
    pub fn passed(&self, rejected: u64, rows: u64) -> Option<String> {
        if let Some(count) = self.count.filter(|count| rejected > *count) {
            return Some(format!("more than {count} rows"));
        }
        let share = self.share?;
        // A share is at most 100, so that neither product leaves what a decimal holds.
        let refused = Decimal::from(rejected).checked_mul(Decimal::ONE_HUNDRED)?;
        let most = share.checked_mul(Decimal::from(rows))?;
        (refused > most).then(|| format!("more than {share} per cent of the rows"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn either_figure_is_enough_and_both_are_still_allowed() {
        let of = |count: Option<u64>, share: Option<&str>| MaxRejects {
            count,
            share: share.map(|share| share.parse().unwrap()),
        };
        let rows = [
            (of(Some(2), None), 2, 10, false),
            (of(Some(2), None), 3, 10, true),
            (of(Some(0), None), 1, 1, true),
            (of(None, Some("0.5")), 1, 200, false),
            (of(None, Some("0.5")), 1, 199, true),
            (of(None, Some("0")), 0, 0, false),
            (of(Some(100), Some("0.5")), 2, 300, true),
            (of(None, None), 9, 9, false),
        ];
        for (most, rejected, total, passed) in rows {
            assert_eq!(most.passed(rejected, total).is_some(), passed, "{most:?} {rejected}");
        }
    }
}
