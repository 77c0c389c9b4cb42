//! Obligations: counted events summed by currency, issuer, flow, origin and version.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::charge::{bounded_fee, rounded_tax};
use crate::agreement::{Agreement, Charged, Fee};
use crate::frame::books::Side;
use crate::judgement::{Disposition, JudgedPair, Judgement, VersionsInForce};
use crate::past::{Origin, Past};
use crate::value::kind::Flow;
use crate::value::money::{Currency, Money, MoneyError};
use crate::value::points::{Overflow, Points};
use crate::value::price::Price;
use crate::value::rounding::Place;

/// How many pairs are summed at once.
const CHUNK: usize = 1 << 14;

/// What events must share to be one gross line, in the order of the statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObligationKey {
    /// The currency.
    pub currency: Currency,
    /// The flow.
    pub flow: Flow,
    /// The period that the events come from; the present one comes first.
    pub origin: Origin,
    /// The versions.
    pub versions: VersionsInForce,
}

impl ObligationKey {
    /// The key of a pair that counts; `None` where it has no flow or no versions.
    #[must_use]
    pub fn of<I: Side>(pair: &JudgedPair<I>, agreement: &Agreement) -> Option<ObligationKey> {
        let event = (pair.flow?, pair.versions?, &pair.origin);
        Some(ObligationKey::new::<I>(event, agreement))
    }

    /// The key of an event that counts.
    #[must_use]
    pub fn new<I: Side>(
        (flow, versions, origin): (Flow, VersionsInForce, &Origin),
        agreement: &Agreement,
    ) -> ObligationKey {
        let price = price::<I>(flow, versions, agreement);
        // What has no money has to be counted in some currency all the same.
        let currency = price.map_or(agreement.currency, |price| price.currency);
        ObligationKey { currency, flow, origin: origin.clone(), versions }
    }
}

fn price<I: Side>(flow: Flow, versions: VersionsInForce, agreement: &Agreement) -> Option<Price> {
    let rates = agreement.rates_of(I::PARTY, flow);
    rates.get(usize::from(versions.rate?)).map(|version| version.value)
}

/// The events of one key, summed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obligation<I> {
    /// How many.
    pub events: u64,
    /// Issuer points.
    pub points: Points<I>,
    /// Where money is rounded by event: minor units of gross, and of each fee and its tax.
    pub by_event: ByEvent,
}

/// Sums of amounts that were rounded event by event, in minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ByEvent {
    /// Gross.
    pub gross: i128,
    /// Each fee and its tax, in the order of what is charged.
    pub fees: Vec<(i128, i128)>,
    /// Each tax on gross, in the order of what is charged.
    pub taxes: Vec<i128>,
}

/// Sums the counted pairs and released legs of issuer `I`, in parallel over pairs; the merge is
/// associative and its keys are sorted.
///
/// # Errors
/// [`MoneyError`] when a figure cannot be exact.
pub fn oblige<I: Side>(
    judged: &Judgement<I>,
    past: &Past,
    agreement: &Agreement,
) -> Result<BTreeMap<ObligationKey, Obligation<I>>, MoneyError> {
    let empty = || BTreeMap::new();
    let left = |place: usize| u32::try_from(place).ok().and_then(|place| judged.left.get(&place));
    let mut sums = judged
        .pairs
        .par_chunks(CHUNK)
        .enumerate()
        .map(|(nth, chunk)| {
            let mut sums: BTreeMap<ObligationKey, Obligation<I>> = BTreeMap::new();
            for (place, pair) in (nth * CHUNK..).zip(chunk) {
                add(&mut sums, pair, left(place).copied(), (past, agreement))?;
            }
            Ok(sums)
        })
        .try_reduce(empty, |mut sums, others| {
            take_in(&mut sums, others)?;
            Ok::<_, MoneyError>(sums)
        })?;
    for (place, released) in (judged.pairs.len()..).zip(&judged.released) {
        let event = (released.flow, released.versions, &released.origin);
        let key = ObligationKey::new::<I>(event, agreement);
        let points = (released.cleared, left(place).copied());
        add_event(&mut sums, key, points, (past, agreement))?;
    }
    Ok(sums)
}

/// Adds other obligations of the same issuer.
///
/// # Errors
/// [`MoneyError`] when a sum cannot be exact.
pub fn take_in<I: Side>(
    sums: &mut BTreeMap<ObligationKey, Obligation<I>>,
    others: BTreeMap<ObligationKey, Obligation<I>>,
) -> Result<(), MoneyError> {
    others.into_iter().try_for_each(|(key, other)| merge(sums, key, other))
}

fn add<I: Side>(
    sums: &mut BTreeMap<ObligationKey, Obligation<I>>,
    pair: &JudgedPair<I>,
    left: Option<Points<I>>,
    (past, agreement): (&Past, &Agreement),
) -> Result<(), MoneyError> {
    if pair.disposition != Disposition::Counted {
        return Ok(());
    }
    let Some(key) = ObligationKey::of(pair, agreement) else { return Ok(()) };
    add_event(sums, key, (pair.cleared, left), (past, agreement))
}

fn add_event<I: Side>(
    sums: &mut BTreeMap<ObligationKey, Obligation<I>>,
    key: ObligationKey,
    (points, left): (Points<I>, Option<Points<I>>),
    (past, agreement): (&Past, &Agreement),
) -> Result<(), MoneyError> {
    let mut by_event = ByEvent::default();
    if agreement.rounding.place == Place::Event
        && let Some(price) = price::<I>(key.flow, key.versions, agreement)
    {
        let charged = past.charged(key.origin.as_deref(), agreement);
        by_event = round_event(price, key.flow, (points, left), charged)?;
    }
    merge(sums, key, Obligation { events: 1, points, by_event })
}

fn merge<I: Side>(
    sums: &mut BTreeMap<ObligationKey, Obligation<I>>,
    key: ObligationKey,
    other: Obligation<I>,
) -> Result<(), MoneyError> {
    use std::collections::btree_map::Entry;
    match sums.entry(key) {
        Entry::Vacant(vacant) => {
            vacant.insert(other);
        }
        Entry::Occupied(mut occupied) => {
            let sum = occupied.get_mut();
            sum.events = sum.events.checked_add(other.events).ok_or(Overflow { what: "events" })?;
            sum.points = sum.points.checked_add(other.points)?;
            let add =
                |one: i128, other: i128| one.checked_add(other).ok_or(Overflow { what: "money" });
            sum.by_event.gross = add(sum.by_event.gross, other.by_event.gross)?;
            for (sum, other) in sum.by_event.fees.iter_mut().zip(other.by_event.fees) {
                *sum = (add(sum.0, other.0)?, add(sum.1, other.1)?);
            }
            for (sum, other) in sum.by_event.taxes.iter_mut().zip(other.by_event.taxes) {
                *sum = add(*sum, other)?;
            }
        }
    }
    Ok(())
}

/// One event's gross, fees and taxes, each rounded. A charge that does not apply is nothing. Those
/// of a reversal are what those of its event fall by: what was `left` of it, less what is left
/// now. So an event that is reversed whole leaves nothing, in however many parts.
fn round_event<I: Side>(
    price: Price,
    flow: Flow,
    (points, left): (Points<I>, Option<Points<I>>),
    charged: Charged<'_>,
) -> Result<ByEvent, MoneyError> {
    let (mode, currency) = (charged.mode, price.currency);
    let gross_of = |points| Money::round(price.worth(points)?.amount, mode, currency);
    let (after, before) = match left {
        Some(left) => (gross_of(left.checked_add(points)?)?, gross_of(left)?),
        None => (gross_of(points)?, Money::zero(currency)),
    };
    let charge = |gross: Money, fee: &Fee| {
        let amount = bounded_fee(gross, fee, mode)?;
        let tax = match fee.tax {
            Some(tax) => rounded_tax(amount.decimal(), tax, mode, currency)?.minor(),
            None => 0,
        };
        Ok::<_, MoneyError>((i128::from(amount.minor()), i128::from(tax)))
    };
    let mut fees = Vec::with_capacity(charged.fees.len());
    for fee in charged.fees {
        if !fee.scope.has(I::PARTY, flow) {
            fees.push((0, 0));
            continue;
        }
        // Minor units of two amounts, each of 64 bits.
        let (of_after, of_before) = (charge(after, fee)?, charge(before, fee)?);
        fees.push((of_after.0 - of_before.0, of_after.1 - of_before.1));
    }
    let mut taxes = Vec::with_capacity(charged.taxes.len());
    for tax in charged.taxes {
        if !tax.scope.has(I::PARTY, flow) {
            taxes.push(0);
            continue;
        }
        let of = |gross: Money| rounded_tax(gross.decimal(), tax.tax, mode, currency);
        taxes.push(i128::from(of(after)?.minor()) - i128::from(of(before)?.minor()));
    }
    let gross = i128::from(after.minor()) - i128::from(before.minor());
    Ok(ByEvent { gross, fees, taxes })
}
