//! Fees and taxes as the manifest's terms ask for them, beside the lines that they stand on: each
//! gross line is followed by its fees, each with its tax, and then by its own taxes.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::manifest::Term;
use super::publication::Publication;

/// Where and how money is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rounding<'t> {
    /// `event`, `line` or `statement`.
    pub place: &'t str,
    /// `half_up` and the like.
    pub mode: &'t str,
}

impl Rounding<'_> {
    /// The rounding that terms name.
    pub(super) fn of(terms: &[Term]) -> Option<Rounding<'_>> {
        let term = terms.iter().find(|term| term.term == "rounding of money")?;
        let (place, mode) = term.value.split_once(' ')?;
        let is_known = matches!(place, "event" | "line" | "statement") && strategy(mode).is_some();
        is_known.then_some(Rounding { place, mode })
    }

    /// An amount rounded to minor digits.
    pub(super) fn round(&self, amount: Decimal, digits: u32) -> Option<Decimal> {
        Some(amount.round_dp_with_strategy(digits, strategy(self.mode)?))
    }
}

/// The terms of each period whose events a statement may sum: its own, and those of the final
/// publications that it took from. Events of a closed period are charged as that period charged.
pub(super) struct InForce<'p>(BTreeMap<&'p str, &'p [Term]>, &'p [Term]);

impl<'p> InForce<'p> {
    /// Of a publication and the final ones before it.
    pub(super) fn of(publication: &'p Publication, finals: &'p [Publication]) -> InForce<'p> {
        let all = finals.iter().chain([publication]);
        let all = all.map(|of| (of.manifest.period.as_str(), of.manifest.terms.as_slice()));
        InForce(all.collect(), &publication.manifest.terms)
    }

    /// The terms of a period; `None` where it is not here.
    pub(super) fn terms(&self, period: &str) -> Option<&'p [Term]> {
        self.0.get(period).copied()
    }

    /// How a line of events of a period is rounded: where the statement says, in the period's mode.
    pub(super) fn rounding(&self, period: &str) -> Option<Rounding<'p>> {
        let place = Rounding::of(self.1)?.place;
        Some(Rounding { place, mode: Rounding::of(self.terms(period)?)?.mode })
    }

    /// The terms of a line of events of a period, with how it is rounded; none where they are not
    /// here.
    pub(super) fn of_line(&self, period: &str) -> Vec<Term> {
        let (Some(terms), Some(rounding)) = (self.terms(period), self.rounding(period)) else {
            return Vec::new();
        };
        // A party's total is of all periods, and rounded as the statement says.
        let of_total = Rounding::of(self.1).filter(|own| own.place == "statement");
        let Rounding { place, mode } = of_total.unwrap_or(rounding);
        let mut terms = terms.to_vec();
        for term in terms.iter_mut().filter(|term| term.term == "rounding of money") {
            term.value = format!("{place} {mode}");
        }
        terms
    }
}

/// How a mode rounds (domain.md §6.2).
fn strategy(mode: &str) -> Option<RoundingStrategy> {
    match mode {
        "half_up" => Some(RoundingStrategy::MidpointAwayFromZero),
        "half_even" => Some(RoundingStrategy::MidpointNearestEven),
        "down" => Some(RoundingStrategy::ToZero),
        "up" => Some(RoundingStrategy::AwayFromZero),
        _ => None,
    }
}

/// A line that terms ask for beneath a gross line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Charge {
    /// `fee`, `tax` or `tax_within`.
    pub kind: &'static str,
    /// How many lines above it the line stands that it is a share of.
    pub above: usize,
    /// The share of that line.
    pub share: Decimal,
    /// The least that a fee comes to.
    pub least: Option<Decimal>,
    /// The most.
    pub most: Option<Decimal>,
    /// Who pays: `a` or `b`.
    pub payer: String,
    /// The clause.
    pub clause: String,
}

impl Charge {
    /// A fee within its least and its most, with the sign of what it is a share of.
    pub(super) fn bounded(&self, fee: Decimal, base: Decimal) -> Decimal {
        if base.is_zero() {
            return base;
        }
        let mut size = fee.abs();
        size = self.least.map_or(size, |least| size.max(least));
        size = self.most.map_or(size, |most| size.min(most));
        if base.is_sign_negative() { -size } else { size }
    }

    /// What it is of a base before rounding; for a tax within the base, to 28 digits.
    pub(super) fn of(&self, base: Decimal) -> Option<Decimal> {
        let product = base.checked_mul(self.share)?;
        match self.kind {
            "tax_within" => product.checked_div(self.share.checked_add(Decimal::ONE)?),
            _ => Some(product),
        }
    }
}

/// The lines that terms ask for beneath a gross line of an issuer and flow, in their order; nothing
/// where a term cannot be read.
pub(super) fn beneath(terms: &[Term], issuer: &str, flow: &str) -> Option<Vec<Charge>> {
    let named = |what: &str| {
        let name = format!("{flow} {what}");
        terms.iter().filter(move |term| term.term == name && term.party.as_deref() == Some(issuer))
    };
    let mut charges: Vec<Charge> = Vec::new();
    for term in named("fee") {
        let mut fee = charge("fee", charges.len() + 1, term);
        let mut tax = None;
        for part in term.value.split(", ") {
            let (word, value) = part.split_once(' ')?;
            match (word, value.split_once(' ')) {
                ("share", None) => fee.share = value.parse().ok()?,
                ("paid", Some(("by", payer))) => payer.clone_into(&mut fee.payer),
                ("least", None) => fee.least = Some(value.parse().ok()?),
                ("most", None) => fee.most = Some(value.parse().ok()?),
                ("tax", Some((share, mode))) => {
                    tax = Some((share.parse().ok()?, kind_of_tax(mode)?));
                }
                _ => return None,
            }
        }
        let of_fee = tax.map(|(share, kind)| Charge {
            kind,
            above: 1,
            share,
            least: None,
            most: None,
            ..fee.clone()
        });
        charges.push(fee);
        charges.extend(of_fee);
    }
    for term in named("tax") {
        let mut tax = charge("tax", charges.len() + 1, term);
        for part in term.value.split(", ") {
            let (word, value) = part.split_once(' ')?;
            match (word, value.split_once(' ')) {
                ("share", Some((share, mode))) => {
                    tax.share = share.parse().ok()?;
                    tax.kind = kind_of_tax(mode)?;
                }
                ("paid", Some(("by", payer))) => payer.clone_into(&mut tax.payer),
                _ => return None,
            }
        }
        charges.push(tax);
    }
    Some(charges)
}

/// Gross of an event and each charge on it, every one rounded.
pub(super) fn amounts(
    charges: &[Charge],
    points: i64,
    rate: Decimal,
    digits: u32,
    rounding: Rounding<'_>,
) -> Option<Vec<Decimal>> {
    let round = |amount: Decimal| rounding.round(amount, digits);
    let mut amounts = vec![round(rate.checked_mul(points.into())?)?];
    for (at, charge) in (1..).zip(charges) {
        let base = *amounts.get(at - charge.above)?;
        let share = round(charge.of(base)?)?;
        amounts.push(if charge.kind == "fee" { charge.bounded(share, base) } else { share });
    }
    Some(amounts)
}

fn charge(kind: &'static str, above: usize, term: &Term) -> Charge {
    Charge {
        kind,
        above,
        share: Decimal::ZERO,
        least: None,
        most: None,
        payer: String::new(),
        clause: term.clause.clone(),
    }
}

fn kind_of_tax(mode: &str) -> Option<&'static str> {
    match mode {
        "exclusive" => Some("tax"),
        "inclusive" => Some("tax_within"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(name: &str, value: &str) -> Term {
        let [term, value, clause] = [name, value, "四.1"].map(str::to_owned);
        Term { party: Some("a".to_owned()), term, value, clause, ..Term::default() }
    }

    #[test]
    fn lines_beneath_a_gross_line_are_those_of_the_terms_in_their_order() {
        let terms = [
            term("redemption fee", "share 0.02, paid by a, least 1, most 500, tax 0.06 inclusive"),
            term("redemption tax", "share 0.06 exclusive, paid by b"),
            term("redemption fee", "share 0.01, paid by b"),
            term("sale fee", "share 0.5, paid by b"),
        ];
        let charges = beneath(&terms, "a", "redemption").unwrap();
        let shown: Vec<String> = charges
            .iter()
            .map(|one| format!("{} {} {} {}", one.kind, one.above, one.share, one.payer))
            .collect();
        assert_eq!(shown, ["fee 1 0.02 a", "tax_within 1 0.06 a", "fee 3 0.01 b", "tax 4 0.06 b"]);
        let fee = &charges[0];
        let bounded = |fee_of: i64, base: i64| fee.bounded(fee_of.into(), base.into());
        let rows = [(0, 10, 1), (7, 10, 7), (900, 10, 500), (0, -10, -1), (7, 0, 0)];
        for (fee_of, base, is) in rows {
            assert_eq!(bounded(fee_of, base), Decimal::from(is));
        }
        assert_eq!(beneath(&terms, "b", "redemption").unwrap(), []);
        for value in ["0.02", "share x, paid by a", "share 0.02, tax 0.06 somehow", "half 0.02"] {
            assert_eq!(beneath(&[term("redemption fee", value)], "a", "redemption"), None);
        }
    }

    #[test]
    fn a_rounding_that_is_not_known_is_none() {
        for (value, is_known) in
            [("line half_up", true), ("statement up", true), ("line", false), ("page down", false)]
        {
            let terms = [term("rounding of money", value)];
            assert_eq!(Rounding::of(&terms).is_some(), is_known, "{value}");
        }
    }
}
