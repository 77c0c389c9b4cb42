//! Obligations: counted events summed by currency, issuer, flow, origin and version.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::charge::{bounded_fee, rounded_tax};
use crate::agreement::Agreement;
use crate::frame::books::Side;
use crate::judgement::{Disposition, JudgedPair, VersionsInForce};
use crate::value::kind::Flow;
use crate::value::money::{Currency, Money, MoneyError};
use crate::value::points::{Overflow, Points};
use crate::value::price::Price;
use crate::value::rounding::Place;

/// What events must share to be one gross line, in the order of the statement.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObligationKey {
    /// The currency.
    pub currency: Currency,
    /// The flow.
    pub flow: Flow,
    /// The label of the period that the events come from; `None`, which comes first, for the
    /// present one.
    pub origin: Option<Arc<str>>,
    /// The versions.
    pub versions: VersionsInForce,
}

impl ObligationKey {
    /// The key of a pair that counts; `None` where it has no flow or no versions.
    #[must_use]
    pub fn of<I: Side>(pair: &JudgedPair<I>, agreement: &Agreement) -> Option<ObligationKey> {
        let (flow, versions) = (pair.flow?, pair.versions?);
        let price = price::<I>(flow, versions, agreement);
        // What has no money has to be counted in some currency all the same.
        let currency = price.map_or(agreement.currency, |price| price.currency);
        Some(ObligationKey { currency, flow, origin: pair.origin.clone(), versions })
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
    /// Each fee and its tax, in the agreement's order.
    pub fees: Vec<(i128, i128)>,
    /// Each tax on gross, in the agreement's order.
    pub taxes: Vec<i128>,
}

/// Sums the counted pairs of issuer `I`, in parallel over pairs; the merge is associative and
/// its keys are sorted.
///
/// # Errors
/// [`MoneyError`] when a figure cannot be exact.
pub fn oblige<I: Side>(
    pairs: &[JudgedPair<I>],
    agreement: &Agreement,
) -> Result<BTreeMap<ObligationKey, Obligation<I>>, MoneyError> {
    let empty = || BTreeMap::new();
    pairs
        .par_chunks(1 << 14)
        .map(|chunk| {
            let mut sums: BTreeMap<ObligationKey, Obligation<I>> = BTreeMap::new();
            for pair in chunk {
                add(&mut sums, pair, agreement)?;
            }
            Ok(sums)
        })
        .try_reduce(empty, |mut sums, others| {
            for (key, other) in others {
                merge(&mut sums, key, other)?;
            }
            Ok(sums)
        })
}

fn add<I: Side>(
    sums: &mut BTreeMap<ObligationKey, Obligation<I>>,
    pair: &JudgedPair<I>,
    agreement: &Agreement,
) -> Result<(), MoneyError> {
    if pair.disposition != Disposition::Counted {
        return Ok(());
    }
    let Some(key) = ObligationKey::of(pair, agreement) else { return Ok(()) };
    let mut by_event = ByEvent::default();
    if agreement.rounding.place == Place::Event
        && let Some(price) = price::<I>(key.flow, key.versions, agreement)
    {
        by_event = round_event(price, key.flow, pair.cleared, agreement)?;
    }
    let one = Obligation { events: 1, points: pair.cleared, by_event };
    merge(sums, key, one)
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

/// One event's gross, fees and taxes, each rounded. A charge that does not apply is nothing.
fn round_event<I: Side>(
    price: Price,
    flow: Flow,
    points: Points<I>,
    agreement: &Agreement,
) -> Result<ByEvent, MoneyError> {
    let (mode, currency) = (agreement.rounding.mode, price.currency);
    let gross = Money::round(price.worth(points)?.amount, mode, currency)?;
    let mut fees = Vec::with_capacity(agreement.fees.len());
    for fee in &agreement.fees {
        if !fee.scope.has(I::PARTY, flow) {
            fees.push((0, 0));
            continue;
        }
        let amount = bounded_fee(gross, fee, mode)?;
        let tax = match fee.tax {
            Some(tax) => rounded_tax(amount.decimal(), tax, mode, currency)?.minor(),
            None => 0,
        };
        fees.push((i128::from(amount.minor()), i128::from(tax)));
    }
    let mut taxes = Vec::with_capacity(agreement.taxes.len());
    for tax in &agreement.taxes {
        let applies = tax.scope.has(I::PARTY, flow);
        let base = if applies { gross.decimal() } else { Money::zero(currency).decimal() };
        taxes.push(i128::from(rounded_tax(base, tax.tax, mode, currency)?.minor()));
    }
    Ok(ByEvent { gross: i128::from(gross.minor()), fees, taxes })
}
