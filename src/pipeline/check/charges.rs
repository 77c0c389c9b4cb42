//! What the agreement says of money besides ratios and rates: currencies, fees, taxes, caps, the
//! late fee. Nothing here has a default that the agreement would have to state.

use rust_decimal::Decimal;

use super::Checker;
use super::agreement::Frame;
use super::amounts::decimal;
use super::terms::{flow, party};
use crate::agreement::{Cap, CurrencyTerms, Fee, GrossTax, LateFee, Minimum, Scope, SettleOn, Tax};
use crate::pipeline::declaration::{
    CapSpan, FeePayer, FlowDeclaration, LateFeeDeclaration, PartyName, SettleOnWord, TaxMode,
    TermsDeclaration,
};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::kind::Flow;
use crate::value::money::{Currency, Money, MoneyError};
use crate::value::party::{Both, Party};

/// The most decimal places of a percentage.
const PERCENT_DIGITS_MAX: u32 = 6;

/// The most decimal places of a share of a day.
const PER_DAY_DIGITS_MAX: u32 = 8;

/// The checked charges, caps and currencies.
pub(super) struct Charges {
    pub(super) currencies: Vec<CurrencyTerms>,
    pub(super) settle_on: Both<Option<SettleOn>>,
    pub(super) fees: Vec<Fee>,
    pub(super) taxes: Vec<GrossTax>,
    pub(super) caps: Vec<Cap>,
    pub(super) minimums: Vec<Minimum>,
    pub(super) late_fee: Option<LateFee>,
}

impl Checker<'_> {
    /// Everything but ratios and rates. `None` where a problem was found.
    pub(super) fn charges(
        &mut self,
        spot: Spot<'_>,
        declared: &TermsDeclaration,
        frame: &Frame,
        scales: &Both<u8>,
    ) -> Option<Charges> {
        let currencies = self.currencies(spot, declared, frame.currency);
        let digits = currencies.iter().flatten().map(|terms| terms.currency.digits()).min();
        let settle_on = |word: Option<SettleOnWord>| {
            word.map(|word| match word {
                SettleOnWord::Redemption => SettleOn::Redemption,
                SettleOnWord::Issuance => SettleOn::Issuance,
            })
        };
        let fees = self.fees(spot.key("fees"), declared, digits);
        let taxes = self.taxes(spot.key("taxes"), declared);
        let caps = self.caps(spot.key("caps"), declared, scales);
        let minimums = self.minimums(spot.key("minimums"), declared, scales);
        let late_fee = match &declared.late_fee {
            Some(late_fee) => Some(self.late_fee(spot.key("late_fee"), late_fee)?),
            None => None,
        };
        Some(Charges {
            currencies: currencies?,
            settle_on: Both {
                a: settle_on(declared.settle_on.a),
                b: settle_on(declared.settle_on.b),
            },
            fees: fees?,
            taxes: taxes?,
            caps: caps?,
            minimums: minimums?,
            late_fee,
        })
    }

    /// The settlement currency and the further ones, each once, in alphabetical order.
    fn currencies(
        &mut self,
        spot: Spot<'_>,
        declared: &TermsDeclaration,
        settlement: Option<Currency>,
    ) -> Option<Vec<CurrencyTerms>> {
        let minimum = declared.minimum_settlement.as_deref();
        let carry = declared.opening_carry.as_deref();
        let first = self.currency_terms(spot, "terms", settlement, minimum, carry);
        let mut all = vec![first];
        let mut seen: Vec<Currency> = settlement.into_iter().collect();
        for (index, also) in declared.also.iter().enumerate() {
            let item = spot.key("also").item(index);
            let currency = self.currency(item.key("currency"), &also.currency);
            if let Some(currency) = currency {
                if seen.contains(&currency) {
                    self.problem(
                        item.key("currency").mark(),
                        format!("`{currency}` is declared already"),
                        "Remove it: a currency has one minimum and one carry.",
                    );
                }
                seen.push(currency);
            }
            let minimum = also.minimum_settlement.as_deref();
            let carry = also.opening_carry.as_deref();
            let name = format!("terms.also.{}", index + 1);
            all.push(self.currency_terms(item, &name, currency, minimum, carry));
        }
        let mut all = all.into_iter().collect::<Option<Vec<CurrencyTerms>>>()?;
        all.sort_by_key(|terms| terms.currency);
        Some(all)
    }

    fn currency_terms(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        currency: Option<Currency>,
        minimum: Option<&str>,
        carry: Option<&str>,
    ) -> Option<CurrencyTerms> {
        let minimum = self.money(spot, name, "minimum_settlement", minimum, currency);
        if minimum.is_some_and(|minimum| minimum.signum() < 0) {
            self.problem(
                spot.key("minimum_settlement").mark(),
                "`minimum_settlement` is below zero",
                "Write zero or more.",
            );
        }
        let carry = self.money(spot, name, "opening_carry", carry, currency);
        Some(CurrencyTerms {
            currency: currency?,
            minimum_settlement: minimum?,
            opening_carry: carry?,
        })
    }

    fn fees(
        &mut self,
        spot: Spot<'_>,
        declared: &TermsDeclaration,
        digits: Option<u32>,
    ) -> Option<Vec<Fee>> {
        let mut fees = Vec::with_capacity(declared.fees.len());
        for (index, fee) in declared.fees.iter().enumerate() {
            let item = spot.item(index);
            let share = self.share(item.key("percent"), &fee.percent);
            let tax = fee.tax.as_ref().map(|tax| {
                let share = self.share(item.key("tax").key("percent"), &tax.percent);
                share.map(|share| Tax { share, inclusive: tax.mode == TaxMode::Inclusive })
            });
            let min = self.bound(item.key("min"), "min", fee.min.as_deref(), digits);
            let max = self.bound(item.key("max"), "max", fee.max.as_deref(), digits);
            if let (Some(Some(min)), Some(Some(max))) = (min, max)
                && max < min
            {
                self.problem(
                    item.key("max").mark(),
                    format!("`max` is {max}, less than the `min` of {min}"),
                    "Write a `max` that is not below `min`.",
                );
            }
            let scope = self.scope(item, fee.flows.as_deref(), fee.issuers.as_deref());
            let (Some(share), Some(tax)) = (share, tax.map_or(Some(None), |tax| tax.map(Some)))
            else {
                continue;
            };
            let (Some(min), Some(max)) = (min, max) else { continue };
            let issuer_pays = fee.paid_by == FeePayer::Issuer;
            let clause = fee.clause.clone();
            fees.push(Fee { share, issuer_pays, min, max, scope, tax, clause });
        }
        (fees.len() == declared.fees.len()).then_some(fees)
    }

    /// The least or the most of a fee. It holds in every declared currency, and so has no more
    /// decimals than the coarsest of them.
    #[allow(clippy::option_option, reason = "the outer one says that a problem was found")]
    fn bound(
        &mut self,
        spot: Spot<'_>,
        key: &str,
        text: Option<&str>,
        digits: Option<u32>,
    ) -> Option<Option<Decimal>> {
        let Some(text) = text else { return Some(None) };
        let bound = decimal(text).map(|bound| bound.normalize());
        // Where no currency is known, nobody knows how many places it has.
        let most = digits.unwrap_or(u32::MAX);
        let fits = |bound: &Decimal| !bound.is_sign_negative() && bound.scale() <= most;
        let bound = bound.filter(fits);
        if bound.is_none() {
            self.problem(
                spot.mark(),
                format!("`{key}` is `{}`, which is no amount of a fee", shown(text)),
                match digits {
                    Some(digits) => format!(
                        "Write a plain decimal of zero or more with at most {digits} decimal \
                         places, as many as every declared currency has."
                    ),
                    None => "Write a plain decimal of zero or more.".to_owned(),
                },
            );
        }
        bound.map(Some)
    }

    /// The lines to which a charge applies.
    fn scope(
        &mut self,
        item: Spot<'_>,
        flows: Option<&[FlowDeclaration]>,
        issuers: Option<&[PartyName]>,
    ) -> Scope {
        for (key, is_empty) in [
            ("flows", flows.is_some_and(<[FlowDeclaration]>::is_empty)),
            ("issuers", issuers.is_some_and(<[PartyName]>::is_empty)),
        ] {
            if is_empty {
                self.problem(
                    item.key(key).key_mark(),
                    format!("`{key}` names none, so that no line would have it"),
                    format!("Remove `{key}` for all of them, or name one."),
                );
            }
        }
        let flows = flows.map(|flows| flows.iter().copied().map(flow).collect());
        let issuers = issuers.map(|issuers| issuers.iter().copied().map(party).collect());
        Scope {
            flows: flows.unwrap_or_else(|| Flow::ALL.to_vec()),
            issuers: issuers.unwrap_or_else(|| Party::BOTH.to_vec()),
        }
    }

    fn taxes(&mut self, spot: Spot<'_>, declared: &TermsDeclaration) -> Option<Vec<GrossTax>> {
        let mut taxes = Vec::with_capacity(declared.taxes.len());
        for (index, tax) in declared.taxes.iter().enumerate() {
            let item = spot.item(index);
            let share = self.share(item.key("percent"), &tax.percent);
            let scope = self.scope(item, tax.flows.as_deref(), tax.issuers.as_deref());
            let Some(share) = share else { continue };
            taxes.push(GrossTax {
                tax: Tax { share, inclusive: tax.mode == TaxMode::Inclusive },
                issuer_pays: tax.paid_by == FeePayer::Issuer,
                scope,
                clause: tax.clause.clone(),
            });
        }
        (taxes.len() == declared.taxes.len()).then_some(taxes)
    }

    fn caps(
        &mut self,
        spot: Spot<'_>,
        declared: &TermsDeclaration,
        scales: &Both<u8>,
    ) -> Option<Vec<Cap>> {
        let mut caps = Vec::with_capacity(declared.caps.len());
        for (index, cap) in declared.caps.iter().enumerate() {
            let issuer = party(cap.issuer);
            let points = self.quantity(spot.item(index), cap, (issuer, *scales.of(issuer)));
            let Some(points) = points else { continue };
            caps.push(Cap {
                issuer,
                flow: cap.flow.map(flow),
                per_member: cap.per == CapSpan::Member,
                points,
                clause: cap.clause.clone(),
            });
        }
        (caps.len() == declared.caps.len()).then_some(caps)
    }

    fn minimums(
        &mut self,
        spot: Spot<'_>,
        declared: &TermsDeclaration,
        scales: &Both<u8>,
    ) -> Option<Vec<Minimum>> {
        let mut minimums = Vec::with_capacity(declared.minimums.len());
        for (index, minimum) in declared.minimums.iter().enumerate() {
            let issuer = party(minimum.issuer);
            let points = self.quantity(spot.item(index), minimum, (issuer, *scales.of(issuer)));
            let Some(points) = points else { continue };
            minimums.push(Minimum {
                issuer,
                flow: minimum.flow.map(flow),
                points,
                clause: minimum.clause.clone(),
            });
        }
        (minimums.len() == declared.minimums.len()).then_some(minimums)
    }

    fn late_fee(&mut self, spot: Spot<'_>, declared: &LateFeeDeclaration) -> Option<LateFee> {
        let per_day = decimal(&declared.per_day).map(|share| share.normalize()).filter(|share| {
            !share.is_sign_negative()
                && *share <= Decimal::ONE
                && share.scale() <= PER_DAY_DIGITS_MAX
        });
        if per_day.is_none() {
            self.problem(
                spot.key("per_day").mark(),
                format!("`per_day` is `{}`, which is no share", shown(&declared.per_day)),
                format!(
                    "Write a plain decimal from 0 to 1 with at most {PER_DAY_DIGITS_MAX} decimal \
                     places, such as `0.0005` for 万分之五."
                ),
            );
        }
        Some(LateFee { per_day: per_day?, clause: declared.clause.clone() })
    }

    /// A percentage as a share: moving the point two places is exact.
    fn share(&mut self, spot: Spot<'_>, text: &str) -> Option<Decimal> {
        let percent = decimal(text).map(|percent| percent.normalize()).filter(|percent| {
            !percent.is_sign_negative()
                && *percent <= Decimal::ONE_HUNDRED
                && percent.scale() <= PERCENT_DIGITS_MAX
        });
        let share = percent.and_then(|percent| {
            Decimal::try_from_i128_with_scale(percent.mantissa(), percent.scale() + 2).ok()
        });
        if share.is_none() {
            self.problem(
                spot.mark(),
                format!("`percent` is `{}`, which is no percentage", shown(text)),
                format!(
                    "Write a plain decimal from 0 to 100 without a % sign and with at \
                    most {PERCENT_DIGITS_MAX} decimal places, such as `2.5`."
                ),
            );
        }
        share.map(|share| share.normalize())
    }

    /// An amount of a currency, zero where custom lets it be left out.
    fn money(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        key: &str,
        text: Option<&str>,
        currency: Option<Currency>,
    ) -> Option<Money> {
        let Some(text) = text else {
            self.defaults.push((format!("{name}.{key}"), "0".to_owned()));
            return currency.map(Money::zero);
        };
        let mark = spot.key(key).mark();
        let Some(amount) = decimal(text) else {
            self.problem(
                mark,
                format!("`{key}` is `{}`, which is no amount", shown(text)),
                "Write a plain decimal amount without currency or separators, such as `1000.00`.",
            );
            return None;
        };
        let currency = currency?;
        match Money::exactly(amount, currency) {
            Ok(money) => Some(money),
            Err(MoneyError::Digits(..)) => {
                let digits = currency.digits();
                let reason = format!(
                    "`{key}` is `{text}`, finer than a minor unit of \
                    {currency}"
                );
                let cure = format!("Write at most {digits} decimal places.");
                self.problem(mark, reason, cure);
                None
            }
            Err(_) => {
                let reason = format!("`{key}` is `{}`, more than 18 digits hold", shown(text));
                self.problem(mark, reason, "Write a smaller amount.");
                None
            }
        }
    }
}
