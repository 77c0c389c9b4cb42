//! What the agreement says of money: ratios and rates by version, fees, taxes, rounding, carry.
//! Nothing here has a default that the agreement would have to state.

use jiff::tz::TimeZone;

use super::Checker;
use super::agreement::Frame;
use super::charges::Charges;
use super::units::scales;
use super::versions::Draft;
use crate::pipeline::declaration::{
    ColumnDeclaration, Declaration, FlowDeclaration, ModeDeclaration, PartyName, PlaceDeclaration,
    SettleOnWord,
};
use crate::pipeline::text::Spot;
use crate::value::kind::{Flow, Kind, Role};
use crate::value::money::Currency;
use crate::value::party::{Both, Party};
use crate::value::period::Instant;
use crate::value::points::Ratio;
use crate::value::price::Price;
use crate::value::rounding::{Mode, Place, Rounding};
use crate::value::version::Versions;

/// The checked terms.
pub(super) struct Terms {
    pub(super) ratios: Both<Versions<Ratio>>,
    pub(super) rates: Both<[Versions<Price>; 3]>,
    pub(super) charges: Charges,
    pub(super) rounding: Rounding,
    pub(super) mirror_rounding: Mode,
}

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
        let rates = self.rates(spot.key("rates"), declared, &zone, frame);
        self.flows_have_rates(top, declared);
        let charges = self.charges(spot, &declared.terms, frame, &scales(declared));
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
        Some(Terms { ratios: ratios?, rates: rates?, charges: charges?, rounding, mirror_rounding })
    }

    fn ratios(
        &mut self,
        spot: Spot<'_>,
        declared: &Declaration,
        zone: &TimeZone,
        term: Option<(Instant, Instant)>,
    ) -> Option<Both<Versions<Ratio>>> {
        let scales = scales(declared);
        let mut drafts: Both<Vec<Draft<'_, Ratio>>> = Both::default();
        let mut whole = true;
        for (index, ratio) in declared.terms.ratios.iter().enumerate() {
            let item = spot.item(index);
            let value = self.ratio(item, ratio, party(ratio.issuer), &scales);
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
                        "Add {{ issuer: {}, {}: \"N:M\", from: … }} as agreed; a \
                        ratio has no default.",
                        issuer.letter(),
                        if scales.a == scales.b { "points" } else { "whole_points" }
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

    fn rates(
        &mut self,
        spot: Spot<'_>,
        declared: &Declaration,
        zone: &TimeZone,
        frame: &Frame,
    ) -> Option<Both<[Versions<Price>; 3]>> {
        let term = frame.term;
        let scales = scales(declared);
        let mut drafts: Both<[Vec<Draft<'_, Price>>; 3]> = Both::default();
        let mut whole = true;
        for (index, rate) in declared.terms.rates.iter().enumerate() {
            let item = spot.item(index);
            let currency = match &rate.currency {
                Some(code) => self.declared_currency(item.key("currency"), code, declared),
                None => frame.currency,
            };
            let issuer = party(rate.issuer);
            let price = self.rate(item, rate, (issuer, *scales.of(issuer)), currency);
            let value = price.zip(currency).map(|(rate, currency)| Price { rate, currency });
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
            let [redemption, conversion, sale] = drafts.of_mut(issuer);
            match flow {
                Flow::Redemption => redemption.push(draft),
                Flow::Conversion => conversion.push(draft),
                Flow::Sale => sale.push(draft),
            }
        }
        for issuer in Party::BOTH {
            if is_settled(declared, issuer, Flow::Redemption)
                && !has_rate(declared, issuer, Flow::Redemption)
            {
                self.problem(
                    spot.key_mark(),
                    format!("`rates` has no redemption rate for the issuer `{}`", issuer.letter()),
                    format!(
                        "Add {{ issuer: {}, {}: \"…\", from: … }} as agreed; a \
                        rate has no default.",
                        issuer.letter(),
                        priced_by(*scales.of(issuer))
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

    /// A currency that the agreement settles in.
    fn declared_currency(
        &mut self,
        spot: Spot<'_>,
        code: &str,
        declared: &Declaration,
    ) -> Option<Currency> {
        let currency = self.currency(spot, code)?;
        let also = declared.terms.also.iter().map(|also| also.currency.as_str());
        let mut codes = also.chain([declared.agreement.currency.as_str()]);
        if !codes.any(|known| known == code) {
            self.problem(
                spot.mark(),
                format!("the rate is in `{currency}`, which the agreement does not settle in"),
                format!("Add `{{ currency: {currency} }}` to `terms.also` as agreed."),
            );
            return None;
        }
        Some(currency)
    }

    /// A flow whose kinds a ledger maps needs a rate of its issuer, or every such event would be
    /// without one.
    fn flows_have_rates(&mut self, top: Spot<'_>, declared: &Declaration) {
        let feeds = top.key("feeds");
        let scales = scales(declared);
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
                if flow != Flow::Redemption
                    && is_settled(declared, issuer, flow)
                    && !has_rate(declared, issuer, flow)
                {
                    self.problem(
                        spot.mark(),
                        format!(
                            "`{word}` needs a {} rate of the issuer `{}`, and \
                            `terms.rates` has none",
                            flow.word(),
                            issuer.letter()
                        ),
                        format!(
                            "Add {{ issuer: {}, flow: {}, {}: \"…\", from: … }} \
                            as agreed.",
                            issuer.letter(),
                            flow.word(),
                            priced_by(*scales.of(issuer))
                        ),
                    );
                }
            }
        }
    }
}

/// The key of a price that leaves no doubt of what it is the price.
fn priced_by(scale: u8) -> &'static str {
    if scale == 0 { "per_point" } else { "per_whole_point" }
}

/// Whether an issuer's flow has money, and so needs a rate.
fn is_settled(declared: &Declaration, issuer: Party, flow: Flow) -> bool {
    let settle_on = match issuer {
        Party::A => declared.terms.settle_on.a,
        Party::B => declared.terms.settle_on.b,
    };
    match settle_on {
        None => true,
        Some(SettleOnWord::Redemption) => flow != Flow::Sale,
        Some(SettleOnWord::Issuance) => flow == Flow::Sale,
    }
}

fn has_rate(declared: &Declaration, issuer: Party, wanted: Flow) -> bool {
    declared.terms.rates.iter().any(|rate| {
        party(rate.issuer) == issuer && rate.flow.map_or(Flow::Redemption, flow) == wanted
    })
}

pub(super) fn party(name: PartyName) -> Party {
    match name {
        PartyName::A => Party::A,
        PartyName::B => Party::B,
    }
}

pub(super) fn flow(declared: FlowDeclaration) -> Flow {
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
