//! What the agreement says of money: ratios and rates by version, fees, taxes, rounding, carry.
//! Nothing here has a default that the agreement would have to state.

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::Checker;
use super::agreement::Frame;
use super::amounts::decimal;
use super::versions::Draft;
use crate::agreement::{Fee, Tax};
use crate::pipeline::declaration::{
    ColumnDeclaration, Declaration, FeeDeclaration, FeePayer, FlowDeclaration, ModeDeclaration,
    PartyName, PlaceDeclaration, TaxMode,
};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::kind::{Flow, Kind, Role};
use crate::value::money::{Currency, Money, MoneyError};
use crate::value::party::{Both, Party};
use crate::value::period::Instant;
use crate::value::points::{RATE_DIGITS, Rate, Ratio};
use crate::value::rounding::{Mode, Place, Rounding};
use crate::value::version::Versions;

/// The checked terms.
pub(super) struct Terms {
    pub(super) ratios: Both<Versions<Ratio>>,
    pub(super) rates: Both<[Versions<Rate>; 3]>,
    pub(super) fees: Vec<Fee>,
    pub(super) rounding: Rounding,
    pub(super) mirror_rounding: Mode,
    pub(super) minimum_settlement: Money,
    pub(super) opening_carry: Money,
}

/// The most decimal places of a percentage.
const PERCENT_DIGITS_MAX: u32 = 6;

impl Checker<'_> {
    pub(super) fn terms(
        &mut self,
        top: Spot<'_>,
        declared: &Declaration,
        frame: &Frame,
    ) -> Option<Terms> {
        let spot = top.key("terms");
        // Without a zone the versions' values are checked all the same, and no term is held
        // against them.
        let zone = frame.zone.clone().unwrap_or(TimeZone::UTC);
        let ratios = self.ratios(spot.key("ratios"), declared, &zone, frame.term);
        let rates = self.rates(spot.key("rates"), declared, &zone, frame.term);
        self.flows_have_rates(top, declared);
        let fees = self.fees(spot.key("fees"), &declared.terms.fees);
        let rounding = Rounding {
            place: self.settled(
                "terms.rounding.place",
                declared.terms.rounding.place.map(place),
                Place::Line,
                "line",
            ),
            mode: self.settled(
                "terms.rounding.mode",
                declared.terms.rounding.mode.map(mode),
                Mode::HalfUp,
                "half_up",
            ),
        };
        let mirror_rounding = self.settled(
            "terms.mirror_rounding",
            declared.terms.mirror_rounding.map(mode),
            Mode::Down,
            "down",
        );
        let minimum = declared.terms.minimum_settlement.as_deref();
        let minimum = self.money(spot, "minimum_settlement", minimum, frame.currency);
        if minimum.is_some_and(|minimum| minimum.signum() < 0) {
            self.problem(
                spot.key("minimum_settlement").mark(),
                "`minimum_settlement` is below zero",
                "Write zero or more.",
            );
        }
        let carry = declared.terms.opening_carry.as_deref();
        let carry = self.money(spot, "opening_carry", carry, frame.currency);
        Some(Terms {
            ratios: ratios?,
            rates: rates?,
            fees: fees?,
            rounding,
            mirror_rounding,
            minimum_settlement: minimum?,
            opening_carry: carry?,
        })
    }

    fn ratios(
        &mut self,
        spot: Spot<'_>,
        declared: &Declaration,
        zone: &TimeZone,
        term: Option<(Instant, Instant)>,
    ) -> Option<Both<Versions<Ratio>>> {
        let mut drafts: Both<Vec<Draft<'_, Ratio>>> = Both::default();
        let mut whole = true;
        for (index, ratio) in declared.terms.ratios.iter().enumerate() {
            let item = spot.item(index);
            let value = self.ratio(item.key("points"), &ratio.points);
            let span = self.span(item, &ratio.from, ratio.to.as_deref(), zone);
            let Some((from, to)) = span else {
                whole = false;
                continue;
            };
            drafts.of_mut(party(ratio.issuer)).push(Draft {
                spot: item,
                key: format!("terms.ratios.{}.to", index + 1),
                from,
                to,
                label: ratio.from.clone(),
                clause: ratio.clause.clone(),
                value,
            });
        }
        let declared_by =
            |issuer: Party| declared.terms.ratios.iter().any(|ratio| party(ratio.issuer) == issuer);
        for issuer in Party::BOTH {
            if !declared_by(issuer) {
                self.problem(
                    spot.key_mark(),
                    format!("`ratios` has no version for the issuer `{}`", issuer.letter()),
                    format!(
                        "Add {{ issuer: {}, points: \"N:M\", from: … }} as agreed; a \
                        ratio has no default.",
                        issuer.letter()
                    ),
                );
                whole = false;
            }
        }
        let Both { a, b } = drafts;
        let a = self.versions("the ratio of `a`", a, term);
        let b = self.versions("the ratio of `b`", b, term);
        let both = Both { a: a?, b: b? };
        whole.then_some(both)
    }

    fn ratio(&mut self, spot: Spot<'_>, text: &str) -> Option<Ratio> {
        let count = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<i64>().ok()).flatten()
        };
        let ratio = text
            .split_once(':')
            .and_then(|(issuer, acceptor)| Some((count(issuer)?, count(acceptor)?)))
            .and_then(|(issuer, acceptor)| Ratio::new(issuer, acceptor));
        if ratio.is_none() {
            self.problem(
                spot.mark(),
                format!("`points` is `{}`, which is no ratio", shown(text)),
                "Write issuer points and acceptor points as two whole numbers above zero, \
                such as \
                 `100:40`; a decimal ratio such as 1:0.4 is 10:4.",
            );
        }
        ratio
    }

    fn rates(
        &mut self,
        spot: Spot<'_>,
        declared: &Declaration,
        zone: &TimeZone,
        term: Option<(Instant, Instant)>,
    ) -> Option<Both<[Versions<Rate>; 3]>> {
        let mut drafts: Both<[Vec<Draft<'_, Rate>>; 3]> = Both::default();
        let mut whole = true;
        for (index, rate) in declared.terms.rates.iter().enumerate() {
            let item = spot.item(index);
            let value = self.rate(item.key("per_point"), &rate.per_point);
            let span = self.span(item, &rate.from, rate.to.as_deref(), zone);
            let name = format!("terms.rates.{}", index + 1);
            let flow = rate.flow.map(flow);
            let flow = self.settled(&format!("{name}.flow"), flow, Flow::Redemption, "redemption");
            let Some((from, to)) = span else {
                whole = false;
                continue;
            };
            let draft = Draft {
                spot: item,
                key: format!("{name}.to"),
                from,
                to,
                label: rate.from.clone(),
                clause: rate.clause.clone(),
                value,
            };
            let [redemption, conversion, sale] = drafts.of_mut(party(rate.issuer));
            match flow {
                Flow::Redemption => redemption.push(draft),
                Flow::Conversion => conversion.push(draft),
                Flow::Sale => sale.push(draft),
            }
        }
        for issuer in Party::BOTH {
            if !has_rate(declared, issuer, Flow::Redemption) {
                self.problem(
                    spot.key_mark(),
                    format!("`rates` has no redemption rate for the issuer `{}`", issuer.letter()),
                    format!(
                        "Add {{ issuer: {}, per_point: \"…\", from: … }} as agreed; a \
                        rate has no default.",
                        issuer.letter()
                    ),
                );
                whole = false;
            }
        }
        let mut ordered = |issuer: &str, [redemption, conversion, sale]: [Vec<_>; 3]| {
            let redemption =
                self.versions(&format!("the redemption rate of `{issuer}`"), redemption, term);
            let conversion =
                self.versions(&format!("the conversion rate of `{issuer}`"), conversion, term);
            let sale = self.versions(&format!("the sale rate of `{issuer}`"), sale, term);
            Some([redemption?, conversion?, sale?])
        };
        let Both { a, b } = drafts;
        let (a, b) = (ordered("a", a), ordered("b", b));
        let both = Both { a: a?, b: b? };
        whole.then_some(both)
    }

    fn rate(&mut self, spot: Spot<'_>, text: &str) -> Option<Rate> {
        let rate = decimal(text).and_then(Rate::new);
        if rate.is_none() {
            self.problem(
                spot.mark(),
                format!("`per_point` is `{}`, which is no rate", shown(text)),
                format!(
                    "Write a plain decimal of zero or more with at most {RATE_DIGITS} \
                    decimal places, such as `0.008`."
                ),
            );
        }
        rate
    }

    /// A flow whose kinds a ledger maps needs a rate of its issuer, or every such event would be
    /// without one.
    fn flows_have_rates(&mut self, top: Spot<'_>, declared: &Declaration) {
        let feeds = top.key("feeds");
        for (party, ledger) in
            [(Party::A, &declared.feeds.a.ledger), (Party::B, &declared.feeds.b.ledger)]
        {
            let Some(ColumnDeclaration::Described(column)) = ledger.columns.get("kind") else {
                continue;
            };
            let spot = feeds.key(party.letter()).key("ledger").key("columns").key("kind");
            let mut kinds: Vec<(Spot<'_>, &str)> = Vec::new();
            for (word, canonical) in column.values.iter().flatten() {
                kinds.push((spot.key("values").key(word), canonical));
            }
            if let Some(value) = &column.value {
                kinds.push((spot.key("value"), value));
            }
            for (spot, word) in kinds {
                let kind = Kind::ALL.iter().find(|kind| kind.word() == word);
                let (issuer, flow) = match kind.and_then(|kind| kind.role()) {
                    Some(Role::Issuer(Some(flow))) => (party, flow),
                    Some(Role::Acceptor(Some(flow))) => (party.partner(), flow),
                    _ => continue,
                };
                // A missing redemption rate has been said once, for every pipeline.
                if flow != Flow::Redemption && !has_rate(declared, issuer, flow) {
                    self.problem(
                        spot.mark(),
                        format!(
                            "`{word}` needs a {} rate of the issuer `{}`, and \
                            `terms.rates` has none",
                            flow.word(),
                            issuer.letter()
                        ),
                        format!(
                            "Add {{ issuer: {}, flow: {}, per_point: \"…\", from: … }} \
                            as agreed.",
                            issuer.letter(),
                            flow.word()
                        ),
                    );
                }
            }
        }
    }

    fn fees(&mut self, spot: Spot<'_>, declared: &[FeeDeclaration]) -> Option<Vec<Fee>> {
        let mut fees = Vec::with_capacity(declared.len());
        for (index, fee) in declared.iter().enumerate() {
            let item = spot.item(index);
            let share = self.share(item.key("percent"), &fee.percent);
            let tax = fee.tax.as_ref().map(|tax| {
                let share = self.share(item.key("tax").key("percent"), &tax.percent);
                share.map(|share| Tax { share, inclusive: tax.mode == TaxMode::Inclusive })
            });
            let (Some(share), Some(tax)) = (share, tax.map_or(Some(None), |tax| tax.map(Some)))
            else {
                continue;
            };
            let issuer_pays = fee.paid_by == FeePayer::Issuer;
            fees.push(Fee { share, issuer_pays, tax, clause: fee.clause.clone() });
        }
        (fees.len() == declared.len()).then_some(fees)
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

    /// An amount of the settlement currency, zero where custom lets it be left out.
    fn money(
        &mut self,
        spot: Spot<'_>,
        key: &str,
        text: Option<&str>,
        currency: Option<Currency>,
    ) -> Option<Money> {
        let Some(text) = text else {
            self.defaults.push((format!("terms.{key}"), "0".to_owned()));
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

fn has_rate(declared: &Declaration, issuer: Party, wanted: Flow) -> bool {
    declared.terms.rates.iter().any(|rate| {
        party(rate.issuer) == issuer && rate.flow.map_or(Flow::Redemption, flow) == wanted
    })
}

fn party(name: PartyName) -> Party {
    match name {
        PartyName::A => Party::A,
        PartyName::B => Party::B,
    }
}

fn flow(declared: FlowDeclaration) -> Flow {
    match declared {
        FlowDeclaration::Redemption => Flow::Redemption,
        FlowDeclaration::Conversion => Flow::Conversion,
        FlowDeclaration::Sale => Flow::Sale,
    }
}

fn mode(declared: ModeDeclaration) -> Mode {
    match declared {
        ModeDeclaration::HalfUp => Mode::HalfUp,
        ModeDeclaration::HalfEven => Mode::HalfEven,
        ModeDeclaration::Down => Mode::Down,
        ModeDeclaration::Up => Mode::Up,
    }
}

fn place(declared: PlaceDeclaration) -> Place {
    match declared {
        PlaceDeclaration::Event => Place::Event,
        PlaceDeclaration::Line => Place::Line,
        PlaceDeclaration::Statement => Place::Statement,
    }
}
