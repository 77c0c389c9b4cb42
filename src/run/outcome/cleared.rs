//! The counted events: their order, and the row of each.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::directions;
use super::items::{Direction, Items};
use crate::clear::ObligationKey;
use crate::event::Matched;
use crate::frame::books::Side;
use crate::judgement::{Disposition, Judgement, VersionsInForce};
use crate::past::Origin;
use crate::publish::{ClearedRow, SortKey};
use crate::statement::LineKind;
use crate::value::kind::Flow;
use crate::value::party::{Both, Party};
use crate::value::period::Instant;
use crate::value::points::Points;

/// The number of each gross line of an issuer.
pub type LineNumbers = BTreeMap<ObligationKey, i128>;

/// The counted events, in order, still to be made.
pub struct Cleared<'a> {
    items: Items<'a>,
    orders: (Vec<u32>, Vec<u32>),
    line_numbers: Both<LineNumbers>,
}

/// A counted event: a pair, or a leg that was released without one.
struct Counted<'a, I: Side> {
    leg: Option<u32>,
    mirror: Option<u32>,
    rule: u8,
    flow: Flow,
    cleared: Points<I>,
    agreed: Option<Points<I::Partner>>,
    versions: VersionsInForce,
    origin: &'a Origin,
    decision: Option<u32>,
}

impl<'a, I: Side> Counted<'a, I> {
    /// The counted event of that place: pairs come first, then what was released alone.
    fn at(judged: &'a Judgement<I>, place: u32) -> Option<Counted<'a, I>> {
        let place = place as usize;
        if let Some(pair) = judged.pairs.get(place) {
            return Some(Counted {
                leg: Some(pair.pair.issuer),
                mirror: Some(pair.pair.acceptor),
                rule: pair.pair.rule,
                flow: pair.flow?,
                cleared: pair.cleared,
                agreed: pair.agreed,
                versions: pair.versions?,
                origin: &pair.origin,
                decision: pair.decision,
            });
        }
        let released = judged.released.get(place - judged.pairs.len())?;
        Some(Counted {
            leg: released.issuer,
            mirror: released.acceptor,
            // No rule paired it.
            rule: u8::MAX,
            flow: released.flow,
            cleared: released.cleared,
            agreed: Some(released.agreed),
            versions: released.versions,
            origin: &released.origin,
            decision: Some(released.decision),
        })
    }
}

impl<'a> Cleared<'a> {
    /// The row at a place.
    #[must_use]
    pub fn row(&self, place: usize) -> Option<ClearedRow<'a>> {
        let (a, b) = directions(self.items.evidence);
        match self.orders.0.get(place) {
            Some(&at) => {
                let counted = Counted::at(a.judged, at)?;
                self.items.cleared_row(a, &self.line_numbers.a, &counted)
            }
            None => {
                let at = *self.orders.1.get(place - self.orders.0.len())?;
                let counted = Counted::at(b.judged, at)?;
                self.items.cleared_row(b, &self.line_numbers.b, &counted)
            }
        }
    }

    /// What decides where the row at a place stands.
    #[must_use]
    pub fn key(row: &ClearedRow<'_>) -> SortKey {
        SortKey::default()
            .party(row.issuer)
            .at_if(row.occurred_at.or(row.accepted_at))
            .text_if(row.issuer_event_id.or(row.acceptor_event_id))
            .flag(row.issuer_event_id.is_none())
            .text_if(row.acceptor_event_id)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.0.len() + self.orders.1.len()
    }
}

/// The counted pairs and released legs of one issuer by time and event_id.
fn order_of<I: Side>(direction: Direction<'_, I>) -> Vec<u32> {
    let pairs = &direction.judged.pairs;
    let released = &direction.judged.released;
    let legs = |place: u32| match pairs.get(place as usize) {
        Some(pair) => (Some(pair.pair.issuer), Some(pair.pair.acceptor)),
        None => {
            let released = &released[place as usize - pairs.len()];
            (released.issuer, released.acceptor)
        }
    };
    let occurred_at = |place: u32| match legs(place) {
        (Some(leg), _) => Some(direction.issuer.occurred_at(leg)),
        (None, Some(leg)) => Some(direction.acceptor.occurred_at(leg)),
        (None, None) => None,
    };
    let said = |place: u32| {
        let (leg, mirror) = legs(place);
        let leg = leg.map(|leg| direction.issuer.event_id(leg));
        let mirror = mirror.map(|mirror| direction.acceptor.event_id(mirror));
        (leg.or(mirror), leg.is_none(), mirror)
    };
    let counted = (0_u32..).zip(pairs);
    let counted = counted.filter(|(_, pair)| pair.disposition == Disposition::Counted);
    // A ledger has fewer than 2^32 rows, and each stands in one place.
    let alone = (pairs.len()..pairs.len() + released.len()).map(|place| place as u32);
    let places = counted.map(|(index, _)| index).chain(alone);
    // The instants stand beside the places, so that texts are only looked up where they are equal.
    let mut order: Vec<(Option<Instant>, u32)> =
        places.map(|place| (occurred_at(place), place)).collect();
    order.par_sort_unstable_by(|one, other| {
        one.0.cmp(&other.0).then_with(|| said(one.1).cmp(&said(other.1)))
    });
    order.into_iter().map(|(_, place)| place).collect()
}

impl<'a> Items<'a> {
    /// The counted events in the order of their table: A's points first, each issuer's by time and
    /// event_id. The rows are made one by one as they are written; only their order is held.
    #[must_use]
    pub fn cleared(&self, line_numbers: Both<LineNumbers>) -> Cleared<'a> {
        let (a, b) = directions(self.evidence);
        Cleared { items: *self, orders: (order_of(a), order_of(b)), line_numbers }
    }

    fn cleared_row<I: Side>(
        &self,
        Direction { issuer, acceptor, lineage, .. }: Direction<'a, I>,
        line_numbers: &LineNumbers,
        counted: &Counted<'a, I>,
    ) -> Option<ClearedRow<'a>> {
        let Counted { leg, mirror, flow, versions, .. } = *counted;
        let rates = self.agreement.rates_of(I::PARTY, flow);
        let rate = versions.rate.and_then(|index| rates.get(usize::from(index)));
        let worth = match rate {
            Some(rate) => rate.value.worth(counted.cleared).ok()?,
            None => self.agreement.worthless(),
        };
        let key = ObligationKey::new::<I>((flow, versions, counted.origin), self.agreement);
        let ratio = versions
            .ratio
            .and_then(|index| self.agreement.ratios.of(I::PARTY).get(usize::from(index)));
        // Both figures were computed once for judging and balancing, where they were checked.
        let exact = match ratio {
            Some(version) => {
                let numerator = version.value.exact_numerator(counted.cleared).ok()?;
                (numerator, i128::from(version.value.denominator()))
            }
            None => (counted.cleared.quantity(), 1),
        };
        let original = leg.and_then(|leg| lineage.originals.get(&leg));
        let original = original.map(|&original| issuer.event_id(original));
        let intake = &self.evidence.intake;
        let place = |party: Party, (file, line): (u32, u64)| {
            let path = intake.paths.ledger.of(party).get(file as usize);
            (path.map_or("", String::as_str), line)
        };
        let order_of_leg = leg.and_then(|leg| issuer.order_no(leg));
        let order_of_mirror = || mirror.and_then(|mirror| acceptor.order_no(mirror));
        let decisions = intake.decisions.as_ref();
        Some(ClearedRow {
            issuer: I::PARTY,
            flow: flow.word(),
            kind: leg.map(|leg| issuer.kind(leg).word()),
            acceptor_kind: mirror.map(|mirror| acceptor.kind(mirror).word()),
            origin_period: self.evidence.scope.label(counted.origin),
            issuer_event_id: leg.map(|leg| issuer.event_id(leg)),
            acceptor_event_id: mirror.map(|mirror| acceptor.event_id(mirror)),
            original_event_id: original,
            acceptor_original_event_id: mirror
                .and_then(|mirror| acceptor.original_event_id(mirror)),
            counter_event_id: leg.and_then(|leg| issuer.counter_event_id(leg)),
            acceptor_counter_event_id: mirror.and_then(|mirror| acceptor.counter_event_id(mirror)),
            status: leg.map(|leg| issuer.status(leg).word()),
            acceptor_status: mirror.map(|mirror| acceptor.status(mirror).word()),
            booked: leg.map(|leg| issuer.points(leg)),
            order_no: order_of_leg.or_else(order_of_mirror),
            issuer_member: leg.map(|leg| issuer.member_no(leg)),
            acceptor_member: mirror.map(|mirror| acceptor.member_no(mirror)),
            occurred_at: leg.map(|leg| issuer.occurred_at(leg)),
            accepted_at: mirror.map(|mirror| acceptor.occurred_at(mirror)),
            matched_by: Matched::<I>::rule_word(&self.agreement.event_rules, counted.rule),
            points: counted.cleared.quantity(),
            exact: Some(exact),
            agreed: counted.agreed.map(Points::quantity),
            recorded: mirror.map(|mirror| i128::from(acceptor.points(mirror))),
            ratio_from: ratio.map(|version| version.label.as_str()),
            rate_from: rate.map(|rate| rate.label.as_str()),
            rate: rate.map(|rate| rate.value.rate.per_point()),
            amount: Some(worth.amount),
            currency: worth.currency.code(),
            line_no: line_numbers.get(&key).copied(),
            issuer_place: leg.map(|leg| place(I::PARTY, issuer.origins.of(leg))),
            acceptor_place: mirror
                .map(|mirror| place(I::PARTY.partner(), acceptor.origins.of(mirror))),
            decision_id: decisions.zip(counted.decision).map(|(all, row)| all.decision_id(row)),
        })
    }

    /// The number of each gross line of an issuer.
    #[must_use]
    pub fn line_numbers(&self, issuer: Party) -> LineNumbers {
        let mut numbers = BTreeMap::new();
        for (number, line) in self.evidence.clearing.lines() {
            let (LineKind::Gross, Some(flow)) = (line.kind, line.flow) else { continue };
            if line.issuer != Some(issuer) {
                continue;
            }
            let rate_from = line.rate.as_ref().map(|version| version.from.as_str());
            let rates = self.agreement.rates_of(issuer, flow);
            let rate = rates.iter().position(|version| Some(version.label.as_str()) == rate_from);
            let ratio = line.ratio.as_ref().and_then(|named| {
                let ratios = self.agreement.ratios.of(issuer);
                let index = ratios.iter().position(|version| version.label == named.from);
                index.and_then(|index| u16::try_from(index).ok())
            });
            let rate = rate.and_then(|index| u16::try_from(index).ok());
            let is_present = line.origin_period == self.period.label;
            let key = ObligationKey {
                currency: line.amount.currency(),
                flow,
                origin: (!is_present).then(|| line.origin_period.as_str().into()),
                versions: VersionsInForce { ratio, rate },
            };
            numbers.insert(key, number.into());
        }
        numbers
    }
}
