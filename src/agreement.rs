//! The agreement as the engine obeys it: parties, time, ratios, rates, fees, rounding, tiers.
//! Every value here has been checked; nothing in it is a default that the agreement left blank.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::value::kind::{Flow, Kind};
use crate::value::money::{Currency, Money};
use crate::value::party::{Both, Party};
use crate::value::period::{Cycle, Instant};
use crate::value::points::{RATE_DIGITS, Ratio};
use crate::value::price::{Price, Worth};
use crate::value::rounding::{Mode, Rounding};
use crate::value::version::Versions;

/// The agreement (会员体系互通合同).
#[derive(Debug, Clone)]
pub struct Agreement {
    /// Its number.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its version.
    pub version: String,
    /// The zone of its business dates.
    pub zone: TimeZone,
    /// The zone's IANA name.
    pub zone_name: String,
    /// The settlement currency, in which a rate is that names no other.
    pub currency: Currency,
    /// Every currency that is settled, in alphabetical order; one statement each.
    pub currencies: Vec<CurrencyTerms>,
    /// The term `[from, to)`.
    pub term: (Instant, Instant),
    /// How often it clears.
    pub cycle: Cycle,
    /// Days a one-sided entry is awaited.
    pub grace_days: u32,
    /// Days that the period's end has to lie back before the period is closed.
    pub close_after_days: u32,
    /// Days from the statement to its due date.
    pub due_days: u32,
    /// The parties.
    pub parties: Both<PartyTerms>,
    /// Ratio versions by issuer.
    pub ratios: Both<Versions<Ratio>>,
    /// Rate versions by issuer and flow, in the order of [`Flow::ALL`].
    pub rates: Both<[Versions<Price>; 3]>,
    /// On what each issuer's points are paid; `None`: on every flow.
    pub settle_on: Both<Option<SettleOn>>,
    /// Fees on gross lines.
    pub fees: Vec<Fee>,
    /// Taxes on gross lines.
    pub taxes: Vec<GrossTax>,
    /// Caps on what counts, in declared order.
    pub caps: Vec<Cap>,
    /// The least that counts.
    pub minimums: Vec<Minimum>,
    /// What an overdue statement costs; `None`: nothing.
    pub late_fee: Option<LateFee>,
    /// Rounding of money.
    pub rounding: Rounding,
    /// Rounding of mirrors.
    pub mirror_rounding: Mode,
    /// The clause of the carry.
    pub carry_clause: Option<String>,
    /// How members are matched, in order.
    pub member_rules: Vec<MemberRule>,
    /// How events are paired, in order.
    pub event_rules: Vec<EventRule>,
    /// The purpose that a consent must name; `None`: consents are not judged.
    pub consent_purpose: Option<String>,
    /// The tier map; `None`: tiers are not judged.
    pub tiers: Option<TierMap>,
}

/// The most points of a row, in smallest units: more than a programme gives out at once.
pub const POINTS_MAX: i64 = 1_000_000_000_000_000;

/// The most that a row may be worth, in millionths of a currency's unit: a hundredth of what a
/// published amount holds.
const WORTH_MAX: i128 = 10_000_000_000_000_000;

impl Agreement {
    /// What is charged in every period that is not closed yet.
    #[must_use]
    pub fn charged(&self) -> Charged<'_> {
        Charged { mode: self.rounding.mode, fees: &self.fees, taxes: &self.taxes }
    }

    /// The most points, in smallest units and whatever the sign, that a row of a party's feeds may
    /// have: those of its own that can be cleared, or of the partner's where it awards them.
    #[must_use]
    pub fn points_max(&self, party: Party) -> i64 {
        let partner = party.partner();
        // What a sale sold is a memo in the issuer's points on the other book.
        let is_awarded = self.rates_of(partner, Flow::Sale).iter().next().is_some();
        let awarded = is_awarded.then(|| self.cleared_max(partner));
        self.cleared_max(party).max(awarded.unwrap_or_default())
    }

    /// The most points of an issuer, whatever the sign, that can be cleared at once, so that they,
    /// their mirror and their worth can be published: [`POINTS_MAX`] unless a price or a ratio of
    /// the agreement makes much of few points.
    #[must_use]
    pub fn cleared_max(&self, issuer: Party) -> i64 {
        let most = i128::from(POINTS_MAX);
        // Never past 127 bits: at most 10^15 times what a ratio has, which are 64 bits.
        let mirrored = self.ratios.of(issuer).iter().map(|version| {
            let ratio = version.value;
            most * i128::from(ratio.denominator()) / i128::from(ratio.numerator())
        });
        let least = mirrored.fold(self.issued_max(issuer), i128::min);
        i64::try_from(least.max(1)).unwrap_or(POINTS_MAX)
    }

    /// The most points of an issuer that its prices make worth no more than a row may be.
    fn issued_max(&self, issuer: Party) -> i128 {
        let prices = self.rates.of(issuer).iter().flat_map(Versions::iter);
        let worth = prices.filter_map(|version| {
            let rate = version.value.rate.per_point();
            let unit = 10_i128.checked_pow(RATE_DIGITS.checked_sub(rate.scale())?)?;
            WORTH_MAX.checked_div(rate.mantissa().checked_mul(unit)?)
        });
        // A price in more than a row may be worth leaves one point, which may have it.
        worth.fold(i128::from(POINTS_MAX), i128::min).max(1)
    }

    /// The rate versions of an issuer's flow.
    #[must_use]
    pub fn rates_of(&self, issuer: Party, flow: Flow) -> &Versions<Price> {
        &self.rates.of(issuer)[usize::from(flow.code())]
    }

    /// Whether an issuer's flow has money. One that has none is paired, judged and counted.
    #[must_use]
    pub fn is_settled(&self, issuer: Party, flow: Flow) -> bool {
        match (self.settle_on.of(issuer), flow) {
            (None, _)
            | (Some(SettleOn::Redemption), Flow::Redemption | Flow::Conversion)
            | (Some(SettleOn::Issuance), Flow::Sale) => true,
            (Some(_), _) => false,
        }
    }

    /// Below it nothing is due in a currency.
    #[must_use]
    pub fn minimum_of(&self, currency: Currency) -> Money {
        let terms = self.currencies.iter().find(|terms| terms.currency == currency);
        terms.map_or_else(|| Money::zero(currency), |terms| terms.minimum_settlement)
    }

    /// Nothing, in the settlement currency: what a flow without money is worth.
    #[must_use]
    pub fn worthless(&self) -> Worth {
        Worth { amount: Decimal::ZERO, currency: self.currency }
    }

    /// The greatest number of minor digits among the currencies.
    #[must_use]
    pub fn digits(&self) -> u32 {
        let digits = self.currencies.iter().map(|terms| terms.currency.digits());
        digits.max().unwrap_or_else(|| self.currency.digits())
    }
}

/// A party's part.
#[derive(Debug, Clone)]
pub struct PartyTerms {
    /// A short code such as `SKY`.
    pub code: String,
    /// The programme's name.
    pub name: String,
    /// What a point is called.
    pub unit: String,
    /// Decimal places of a point in the files.
    pub scale: u8,
    /// Whether a balance below zero is agreed.
    pub overdraft: bool,
    /// Whether its ledger says who approved an adjustment.
    pub names_authority: bool,
}

/// What is agreed of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrencyTerms {
    /// The currency.
    pub currency: Currency,
    /// Below it nothing is due.
    pub minimum_settlement: Money,
    /// Carried into the period; positive: A owes B.
    pub opening_carry: Money,
}

/// On what an issuer's points are paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettleOn {
    /// When they are spent or converted at the partner (按兑换结算).
    Redemption,
    /// When they are earned at the partner (按发行结算).
    Issuance,
}

impl SettleOn {
    /// The word for it in pipelines and outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            SettleOn::Redemption => "redemption",
            SettleOn::Issuance => "issuance",
        }
    }
}

/// The gross lines to which a charge applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// Of these flows.
    pub flows: Vec<Flow>,
    /// Of these issuers' points.
    pub issuers: Vec<Party>,
}

impl Scope {
    /// Whether a line of that issuer and flow is in it.
    #[must_use]
    pub fn has(&self, issuer: Party, flow: Flow) -> bool {
        self.issuers.contains(&issuer) && self.flows.contains(&flow)
    }
}

/// A fee on gross lines, with its tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// Share of gross: 0.02 for two per cent.
    pub share: Decimal,
    /// Whether the issuer pays it; otherwise the acceptor.
    pub issuer_pays: bool,
    /// The least that it comes to, whatever its sign.
    pub min: Option<Decimal>,
    /// The most that it comes to, whatever its sign.
    pub max: Option<Decimal>,
    /// The lines that have it.
    pub scope: Scope,
    /// The tax on the fee.
    pub tax: Option<Tax>,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

impl Fee {
    /// A fee within its least and its most, with the sign of the gross; none on nothing.
    #[must_use]
    pub fn bounded(&self, fee: Decimal, gross: Decimal) -> Decimal {
        if gross.is_zero() {
            return Decimal::ZERO;
        }
        let mut size = fee.abs();
        size = self.min.map_or(size, |min| size.max(min));
        size = self.max.map_or(size, |max| size.min(max));
        if gross.is_sign_negative() { -size } else { size }
    }
}

/// A tax on gross lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrossTax {
    /// The tax.
    pub tax: Tax,
    /// Whether the issuer pays it; otherwise the acceptor.
    pub issuer_pays: bool,
    /// The lines that have it.
    pub scope: Scope,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// What is charged on the gross lines of a period, and how its cents are rounded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charges {
    /// How money is rounded.
    pub mode: Mode,
    /// Fees.
    pub fees: Vec<Fee>,
    /// Taxes.
    pub taxes: Vec<GrossTax>,
}

/// The charges of the period in which events lie.
#[derive(Debug, Clone, Copy)]
pub struct Charged<'a> {
    /// How money is rounded.
    pub mode: Mode,
    /// Fees.
    pub fees: &'a [Fee],
    /// Taxes.
    pub taxes: &'a [GrossTax],
}

impl Charges {
    /// As what is in force.
    #[must_use]
    pub fn in_force(&self) -> Charged<'_> {
        Charged { mode: self.mode, fees: &self.fees, taxes: &self.taxes }
    }
}

/// A cap on the issuer points that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    /// Whose points.
    pub issuer: Party,
    /// Of which flow; `None`: all of the issuer's flows together.
    pub flow: Option<Flow>,
    /// For each of the issuer's members by itself, or for the period.
    pub per_member: bool,
    /// The most that counts.
    pub points: i64,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// The least cleared points of a spend or sale that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minimum {
    /// Whose points.
    pub issuer: Party,
    /// Of which flow; `None`: each of the issuer's flows.
    pub flow: Option<Flow>,
    /// The least.
    pub points: i64,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// What an overdue statement costs (逾期费).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LateFee {
    /// Share of the principal a day: 0.0005 for five in ten thousand (万分之五).
    pub per_day: Decimal,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// A tax on a fee or on gross.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tax {
    /// 0.06 for six per cent.
    pub share: Decimal,
    /// Within its base (价内) rather than on top of it (价外).
    pub inclusive: bool,
}

/// A member rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberRule {
    /// By link record.
    Link,
    /// By a token in that canonical column (`mobile`, `email`), unique on both sides.
    Token(&'static str),
}

/// An event rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventRule {
    /// event_id ↔ counter_event_id.
    Reference,
    /// order_no, flow and direction.
    Order,
    /// Link, expected mirror and a signed offset issuer → acceptor.
    Window {
        /// Least offset in microseconds.
        from_micros: i64,
        /// Greatest offset in microseconds.
        to_micros: i64,
    },
}

impl EventRule {
    /// The word for it in pipelines and outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            EventRule::Reference => "reference",
            EventRule::Order => "order",
            EventRule::Window { .. } => "window",
        }
    }
}

/// Which tier at B each tier at A calls for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierMap {
    /// A's tier → B's.
    pub map: BTreeMap<String, String>,
    /// B's tiers from low to high; empty: the mapped tier exactly.
    pub at_least: Vec<String>,
    /// Days B has to follow a change at A.
    pub lag_days: u32,
    /// What a tier rests on, by party and tier; a tier that is not here rests on nothing.
    pub basis: Both<BTreeMap<String, TierBasis>>,
}

/// What a tier rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierBasis {
    /// The least sum of points, in smallest units.
    pub points: i64,
    /// The kinds of movement that count.
    pub kinds: Vec<Kind>,
    /// Over how many months before the cut.
    pub months: u32,
}
