//! What is due of a net, and when, as the manifest's terms have it.

use jiff::Span;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::manifest::Term;

/// When and from what amount a net is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Due {
    /// Below it nothing is due.
    pub minimum: Decimal,
    /// The last day of the period.
    pub last_day: Date,
    /// How many days after it what is due is to be paid.
    pub days: i32,
}

impl Due {
    /// The terms of a currency in a period that ends before an instant.
    pub(super) fn of(terms: &[Term], period_to: &str, currency: &str) -> Option<Due> {
        let minimum = terms.iter().filter(|term| term.term == "minimum settlement");
        let minimum = minimum.filter_map(|term| term.value.split_once(' '));
        let minimum = minimum.filter(|(_, of)| *of == currency).map(|(amount, _)| amount).next()?;
        let days = terms.iter().find(|term| term.term == "due days")?;
        // A period ends with the first instant of a day.
        let end: Date = period_to.get(..10)?.parse().ok()?;
        Some(Due {
            minimum: minimum.parse().ok()?,
            last_day: end.yesterday().ok()?,
            days: days.value.parse().ok()?,
        })
    }

    /// Whether nothing of a net is due.
    pub(super) fn is_carried(&self, net: Decimal) -> bool {
        net.abs() < self.minimum
    }

    /// When what is due is to be paid.
    pub(super) fn date(&self) -> Option<Date> {
        self.last_day.checked_add(Span::new().try_days(self.days).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_follows_from_the_terms_of_its_currency() {
        let term = |term: &str, value: &str| Term {
            party: None,
            term: term.to_owned(),
            value: value.to_owned(),
            ..Term::default()
        };
        let terms = [
            term("minimum settlement", "10 CNY"),
            term("minimum settlement", "0.5 USD"),
            term("due days", "10"),
        ];
        let to = "2026-04-01T00:00:00+08:00";
        let cny = Due::of(&terms, to, "CNY").unwrap();
        assert_eq!(cny.date().unwrap().to_string(), "2026-04-10");
        let rows = [("9.99", true), ("-9.99", true), ("10", false), ("-10", false)];
        for (net, is_carried) in rows {
            assert_eq!(cny.is_carried(net.parse().unwrap()), is_carried, "{net}");
        }
        assert_eq!(Due::of(&terms, to, "USD").unwrap().minimum, Decimal::new(5, 1));
        assert_eq!(Due::of(&terms, to, "JPY"), None);
        assert_eq!(Due::of(&terms[..2], to, "CNY"), None);
        assert_eq!(Due::of(&terms, "", "CNY"), None);
        for days in ["", "ten", "99999999999"] {
            let terms = [term("minimum settlement", "10 CNY"), term("due days", days)];
            assert_eq!(Due::of(&terms, to, "CNY"), None, "{days}");
        }
    }
}
