//! Obligations: counted events summed by issuer, flow and version.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rust_decimal::Decimal;

use crate::agreement::{Agreement, Tax};
use crate::frame::books::Side;
use crate::judgement::{Disposition, JudgedPair, VersionsInForce};
use crate::value::exact::{product, tax_within};
use crate::value::kind::Flow;
use crate::value::money::{Money, MoneyError};
use crate::value::points::{Overflow, Points, Rate};
use crate::value::rounding::Place;

/// What events must share to be one gross line, in the order of the statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObligationKey {
    /// The flow.
    pub flow: Flow,
    /// The versions.
    pub versions: VersionsInForce,
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
    let (Disposition::Counted, Some(flow), Some(versions)) =
        (pair.disposition, pair.flow, pair.versions)
    else {
        return Ok(());
    };
    let mut by_event = ByEvent::default();
    if agreement.rounding.place == Place::Event {
        let rates = agreement.rates_of(I::PARTY, flow);
        if let Some(version) = rates.get(usize::from(versions.rate)) {
            by_event = round_event(version.value, pair.cleared, agreement)?;
        }
    }
    let one = Obligation { events: 1, points: pair.cleared, by_event };
    merge(sums, ObligationKey { flow, versions }, one)
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
        }
    }
    Ok(())
}

/// One event's gross, fees and taxes, each rounded.
fn round_event<I: Side>(
    rate: Rate,
    points: Points<I>,
    agreement: &Agreement,
) -> Result<ByEvent, MoneyError> {
    let mode = agreement.rounding.mode;
    let currency = agreement.currency;
    let gross = Money::round(rate.price(points)?, mode, currency)?;
    let mut fees = Vec::with_capacity(agreement.fees.len());
    for fee in &agreement.fees {
        let amount = Money::round(product(gross.decimal(), fee.share)?, mode, currency)?;
        let tax = match fee.tax {
            Some(tax) => rounded_tax(amount.decimal(), tax, agreement)?.minor(),
            None => 0,
        };
        fees.push((i128::from(amount.minor()), i128::from(tax)));
    }
    Ok(ByEvent { gross: i128::from(gross.minor()), fees })
}

/// The tax on a fee, rounded (domain.md §6.4).
///
/// # Errors
/// [`MoneyError`] when it cannot be exact.
pub fn rounded_tax(fee: Decimal, tax: Tax, agreement: &Agreement) -> Result<Money, MoneyError> {
    let (mode, currency) = (agreement.rounding.mode, agreement.currency);
    if tax.inclusive {
        Money::from_minor(tax_within(fee, tax.share, mode, currency.digits())?, currency)
    } else {
        Money::round(product(fee, tax.share)?, mode, currency)
    }
}
