//! The agreement as the engine obeys it: parties, time, ratios, rates, fees, rounding, tiers.
//! Every value here has been checked; nothing in it is a default that the agreement left blank.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::value::kind::Flow;
use crate::value::money::{Currency, Money};
use crate::value::party::{Both, Party};
use crate::value::period::{Cycle, Instant};
use crate::value::points::{Rate, Ratio};
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
    /// The settlement currency.
    pub currency: Currency,
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
    pub rates: Both<[Versions<Rate>; 3]>,
    /// Fees on gross lines.
    pub fees: Vec<Fee>,
    /// Rounding of money.
    pub rounding: Rounding,
    /// Rounding of mirrors.
    pub mirror_rounding: Mode,
    /// Below it nothing is due.
    pub minimum_settlement: Money,
    /// Carried into the period; positive: A owes B.
    pub opening_carry: Money,
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

impl Agreement {
    /// The rate versions of an issuer's flow.
    #[must_use]
    pub fn rates_of(&self, issuer: Party, flow: Flow) -> &Versions<Rate> {
        &self.rates.of(issuer)[usize::from(flow.code())]
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

/// A fee on every gross line, with its tax.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// Share of gross: 0.02 for two per cent.
    pub share: Decimal,
    /// Whether the issuer pays it; otherwise the acceptor.
    pub issuer_pays: bool,
    /// The tax on the fee.
    pub tax: Option<Tax>,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// A tax on a fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tax {
    /// 0.06 for six per cent.
    pub share: Decimal,
    /// Within the fee (价内) rather than on top of it (价外).
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
}
