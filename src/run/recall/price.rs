//! What is settled is never priced again: the pipeline must still have in force, at the instant of
//! a settled event, what the event was settled at.

use arrow::array::StringArray;
use rust_decimal::Decimal;

use super::super::Error;
use super::index::said;
use crate::agreement::Agreement;
use crate::frame::books::Side;
use crate::publish::{Columns, PublishError};
use crate::value::kind::Flow;
use crate::value::party::{A, B, Party};
use crate::value::period::Instant;
use crate::value::points::Points;

/// A settled event that is no reversal.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// Whose points.
    pub issuer: Party,
    /// Its flow.
    pub flow: Flow,
    /// The instant whose versions valued it.
    pub at: Instant,
    /// Issuer points at which it was settled.
    pub points: i64,
}

/// The columns of `cleared_events` that say at what an event was settled.
pub struct Prices<'a> {
    agreed: Vec<Option<i64>>,
    numerators: Vec<Option<i64>>,
    denominators: Vec<Option<i64>>,
    ratio_labels: &'a StringArray,
    rate_labels: &'a StringArray,
    rates: Vec<Option<Decimal>>,
    currencies: &'a StringArray,
}

impl<'a> Prices<'a> {
    /// The columns that are read.
    pub const COLUMNS: [&'static str; 9] = [
        "flow",
        "points",
        "agreed_mirror",
        "exact_numerator",
        "exact_denominator",
        "ratio_from",
        "rate_from",
        "rate",
        "currency",
    ];

    /// Those of a batch.
    pub fn of(rows: &'a Columns<'_>) -> Result<Prices<'a>, PublishError> {
        Ok(Prices {
            agreed: rows.integers("agreed_mirror")?,
            numerators: rows.integers("exact_numerator")?,
            denominators: rows.integers("exact_denominator")?,
            ratio_labels: rows.texts("ratio_from")?,
            rate_labels: rows.texts("rate_from")?,
            rates: rows.decimals("rate")?,
            currencies: rows.texts("currency")?,
        })
    }

    /// Compares the rate, the ratio and the rounding of mirrors that a row was settled at with
    /// those of the pipeline. A version may be renamed, or be written in other terms.
    ///
    /// # Errors
    /// [`Error::Repriced`] when the event would come to something else now.
    pub fn compare(
        &self,
        agreement: &Agreement,
        event: Published,
        row: usize,
        place: impl Fn() -> String,
    ) -> Result<(), Error> {
        match event.issuer {
            Party::A => self.compare_of::<A>(agreement, event, row, place),
            Party::B => self.compare_of::<B>(agreement, event, row, place),
        }
    }

    fn compare_of<I: Side>(
        &self,
        agreement: &Agreement,
        Published { flow, at, points, .. }: Published,
        row: usize,
        place: impl Fn() -> String,
    ) -> Result<(), Error> {
        let code = &agreement.parties.of(I::PARTY).code;
        let from = |labels: &'a StringArray| said(labels, row).unwrap_or_default();
        let repriced = |term: String, settled: String, now: Option<String>| Error::Repriced {
            place: place(),
            term,
            at: at.show(&agreement.zone),
            settled,
            now: now.unwrap_or_else(|| "none".to_owned()),
        };
        let settled = self.rates[row].map(|rate| (rate.normalize(), from(self.currencies)));
        let rates = agreement.rates_of(I::PARTY, flow);
        let rates = rates.in_force(at).filter(|_| agreement.is_settled(I::PARTY, flow));
        let now = rates.map(|(_, version)| version);
        let price = now.map(|version| (version.value.rate.per_point(), version.value.currency));
        let price = price.map(|(rate, currency)| (rate.normalize(), currency.code()));
        if settled != price {
            let settled = settled.map_or_else(
                || "no money".to_owned(),
                |(rate, currency)| format!("{rate} {currency} (from {})", from(self.rate_labels)),
            );
            let now = now.map(|version| {
                format!(
                    "{} {} (from {})",
                    version.value,
                    version.value.currency.code(),
                    version.label
                )
            });
            return Err(repriced(format!("{code} {} rate", flow.word()), settled, now));
        }
        if flow == Flow::Sale {
            return Ok(());
        }
        let exact = self.numerators[row].zip(self.denominators[row]);
        let points = Points::<I>::new(points);
        let version = agreement.ratios.of(I::PARTY).in_force(at).map(|(_, version)| version);
        let mut is_same = false;
        if let (Some(version), Some((over, under))) = (version, exact) {
            let product = version.value.exact_numerator(points)?.checked_mul(i128::from(under));
            let denominator = i128::from(version.value.denominator());
            is_same = product.is_some() && product == i128::from(over).checked_mul(denominator);
        }
        if !is_same {
            let settled = match exact {
                Some((over, under)) => {
                    let label = from(self.ratio_labels);
                    format!("{points} points to {over}/{under} (from {label})")
                }
                None => "none".to_owned(),
            };
            let now = version.map(|version| format!("{} (from {})", version.value, version.label));
            return Err(repriced(format!("{code} ratio"), settled, now));
        }
        if let (Some(version), Some(agreed)) = (version, self.agreed[row]) {
            let mirror = version.value.mirror(points, agreement.mirror_rounding)?.quantity();
            if mirror != i128::from(agreed) {
                let term = "rounding of mirrors".to_owned();
                return Err(repriced(term, agreed.to_string(), Some(mirror.to_string())));
            }
        }
        Ok(())
    }
}
