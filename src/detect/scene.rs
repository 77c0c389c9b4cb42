//! One direction of the agreement: issuer `I`'s points on both books, and how a leg is valued.

use super::desk::Desk;
use super::member::Contradicted;
use crate::event::{Authority, Lineage, Matched, Pair};
use crate::frame::books::{Ledger, Side};
use crate::judgement::{VersionsInForce, Worth};
use crate::links::LinkBook;
use crate::past::{Origin, Settled};
use crate::value::kind::Flow;
use crate::value::period::Instant;
use crate::value::points::{Overflow, Points, Ratio};

/// Issuer `I`'s points on both books.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a, I: Side> {
    /// Where discrepancies are written.
    pub desk: Desk<'a>,
    /// The issuer's ledger.
    pub issuer: &'a Ledger<I>,
    /// The acceptor's ledger.
    pub acceptor: &'a Ledger<I::Partner>,
    /// What is known of the issuer's rows.
    pub issuer_lineage: &'a Lineage<I>,
    /// What is known of the acceptor's rows.
    pub acceptor_lineage: &'a Lineage<I::Partner>,
    /// Pairs and rest.
    pub matched: &'a Matched<I>,
    /// Who authorises each issuer's leg.
    pub authorities: &'a [Authority],
    /// The links.
    pub book: &'a LinkBook,
    /// The links that contradict one another.
    pub contradicted: &'a Contradicted,
}

impl<I: Side> Scene<'_, I> {
    /// Issuer points that an issuer's leg clears: a spend is positive, its reversal negative. What
    /// a sale sold is positive too. An orphan is taken for a spend.
    #[must_use]
    pub fn cleared(&self, leg: u32) -> Points<I> {
        let points = self.issuer.own_points(leg);
        match self.issuer_lineage.issuer_flow(leg).flatten() {
            Some(Flow::Sale) => points,
            Some(Flow::Redemption | Flow::Conversion) | None => -points,
        }
    }

    /// What became of a pair in final publications: it is settled where either leg is.
    #[must_use]
    pub fn settled(&self, pair: Pair) -> Option<Settled> {
        let scope = self.desk.scope;
        let of_leg = scope.settled(I::PARTY, pair.issuer);
        of_leg.or_else(|| scope.settled(I::PARTY.partner(), pair.acceptor))
    }

    /// Issuer points at which the event of an issuer's leg was cleared where it is settled, by
    /// itself or with the mirror that was released alone; otherwise what it clears.
    #[must_use]
    pub fn cleared_at(&self, leg: u32) -> Points<I> {
        let cleared = &self.desk.scope.cleared;
        let pairs = &self.matched.pairs;
        let mirror = || {
            let index = pairs.binary_search_by_key(&leg, |pair| pair.issuer).ok()?;
            cleared.of(I::PARTY.partner()).get(&pairs[index].acceptor)
        };
        let points = cleared.of(I::PARTY).get(&leg).or_else(mirror);
        points.map_or_else(|| self.cleared(leg), |&points| Points::new(points))
    }

    /// The instant whose versions value a leg: its own, or that of what it reverses (invariant 5).
    #[must_use]
    pub fn valued_at(&self, leg: u32) -> Instant {
        let original = self.issuer_lineage.originals.get(&leg).copied();
        self.issuer.occurred_at(original.unwrap_or(leg))
    }

    /// Whether a pair is judged in this run: neither of its legs is settled.
    #[must_use]
    pub fn judges(&self, pair: Pair) -> bool {
        self.desk.judges(self.issuer, pair.issuer) && self.settled(pair).is_none()
    }

    /// Whether a reversal of a leg comes after the leg's period closed.
    #[must_use]
    pub fn is_closed(&self, leg: u32) -> bool {
        self.desk.scope.is_closed(I::PARTY, leg, self.issuer.occurred_at(leg))
    }

    /// The period whose line sums a leg: a reversal of a closed period's event stands on that
    /// event's line.
    #[must_use]
    pub fn origin(&self, leg: u32) -> Origin {
        let past = &self.desk.scope.past;
        let original = self.issuer_lineage.originals.get(&leg);
        let closed = original.and_then(|&row| past.origin(self.issuer.occurred_at(row)));
        closed.or_else(|| past.origin(self.issuer.occurred_at(leg)))
    }

    /// The instant whose versions value an acceptor's leg that has no pair: its own, or for a
    /// reversal that of its original's pair, or of its original.
    #[must_use]
    pub fn accepted_valued_at(&self, leg: u32) -> Instant {
        let Some(&original) = self.acceptor_lineage.originals.get(&leg) else {
            return self.acceptor.occurred_at(leg);
        };
        match self.matched.pairs.iter().find(|pair| pair.acceptor == original) {
            Some(pair) => self.issuer.occurred_at(pair.issuer),
            None => self.acceptor.occurred_at(original),
        }
    }

    /// The ratio in force; one to one for a sale.
    #[must_use]
    pub fn ratio(&self, flow: Flow, versions: VersionsInForce) -> Option<Ratio> {
        match (flow, versions.ratio) {
            (Flow::Sale, _) => Some(Ratio::ONE),
            (_, Some(index)) => {
                let versions = self.desk.agreement.ratios.of(I::PARTY);
                versions.get(usize::from(index)).map(|version| version.value)
            }
            (_, None) => None,
        }
    }

    /// The versions in force for a flow at an instant; `None` in a gap.
    #[must_use]
    pub fn versions(&self, flow: Flow, at: Instant) -> Option<VersionsInForce> {
        let agreement = self.desk.agreement;
        let rate = if agreement.is_settled(I::PARTY, flow) {
            let (rate, _) = agreement.rates_of(I::PARTY, flow).in_force(at)?;
            Some(u16::try_from(rate).ok()?)
        } else {
            None
        };
        if flow == Flow::Sale {
            return Some(VersionsInForce { ratio: None, rate });
        }
        let (ratio, _) = agreement.ratios.of(I::PARTY).in_force(at)?;
        Some(VersionsInForce { ratio: Some(u16::try_from(ratio).ok()?), rate })
    }

    /// The exact worth of an issuer's leg at its version; `None` for an orphan or in a gap.
    ///
    /// # Errors
    /// [`Overflow`] when it cannot be exact.
    pub fn worth(&self, leg: u32) -> Result<Worth, Overflow> {
        let Some(flow) = self.issuer_lineage.issuer_flow(leg).flatten() else { return Ok(None) };
        let agreement = self.desk.agreement;
        if !agreement.is_settled(I::PARTY, flow) {
            return Ok(Some(agreement.worthless()));
        }
        self.worth_of(leg, self.cleared(leg))
    }

    /// What points are worth at the rate that values a leg; `None` where none is in force.
    ///
    /// # Errors
    /// [`Overflow`] when the worth cannot be exact.
    pub fn worth_of(&self, leg: u32, points: Points<I>) -> Result<Worth, Overflow> {
        let Some(flow) = self.issuer_lineage.issuer_flow(leg).flatten() else { return Ok(None) };
        match self.desk.agreement.rates_of(I::PARTY, flow).in_force(self.valued_at(leg)) {
            Some((_, version)) => version.value.worth(points).map(Some),
            None => Ok(None),
        }
    }

    /// The versions in words, for a discrepancy.
    #[must_use]
    pub fn versions_in_words(&self, flow: Flow, versions: VersionsInForce) -> String {
        let agreement = self.desk.agreement;
        let issuer = self.desk.code(I::PARTY);
        let rates = agreement.rates_of(I::PARTY, flow);
        let rate = versions.rate.and_then(|index| rates.get(usize::from(index)));
        let rate = match rate {
            Some(version) => {
                format!("{} {} rate {} from {}", issuer, flow.word(), version.value, version.label)
            }
            None => format!("{issuer} {} without money", flow.word()),
        };
        let ratio =
            versions.ratio.and_then(|index| agreement.ratios.of(I::PARTY).get(usize::from(index)));
        match ratio {
            Some(version) => {
                format!("{issuer} ratio {} from {}; {rate}", version.value, version.label)
            }
            None => format!("{issuer} 1:1; {rate}"),
        }
    }
}
