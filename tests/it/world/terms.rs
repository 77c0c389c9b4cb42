//! What the agreement says of points and money.

use super::{Flow, Moment, Party, World};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ratio {
    pub issuer: Party,
    pub issuer_points: i64,
    pub acceptor_points: i64,
    pub from: Moment,
    pub to: Option<Moment>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    pub issuer: Party,
    pub flow: Flow,
    /// Millionths of the currency unit per issuer point.
    pub millionths: i64,
    /// Where it is not the agreement's.
    pub currency: Option<&'static str>,
    pub from: Moment,
    pub to: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    Issuer,
    Acceptor,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tax {
    /// Thousandths of a per cent.
    pub milli_percent: i64,
    pub inclusive: bool,
}

/// To which gross lines a fee or tax applies; empty: to all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scope {
    pub flows: Vec<Flow>,
    pub issuers: Vec<Party>,
}

impl Scope {
    pub fn holds(&self, issuer: Party, flow: Flow) -> bool {
        (self.flows.is_empty() || self.flows.contains(&flow))
            && (self.issuers.is_empty() || self.issuers.contains(&issuer))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// Thousandths of a per cent.
    pub milli_percent: i64,
    pub paid_by: Bearer,
    pub tax: Option<Tax>,
    /// In whole units of the line's currency.
    pub least: Option<i64>,
    /// In whole units of the line's currency.
    pub most: Option<i64>,
    pub scope: Scope,
}

impl Fee {
    /// A fee on every line without bounds.
    pub fn plain(milli_percent: i64, paid_by: Bearer, tax: Option<Tax>) -> Fee {
        Fee { milli_percent, paid_by, tax, least: None, most: None, scope: Scope::default() }
    }
}

/// A tax on gross lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taxed {
    pub tax: Tax,
    pub paid_by: Bearer,
    pub scope: Scope,
}

/// A further currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency {
    pub code: &'static str,
    pub minor_digits: u32,
    /// In minor units.
    pub minimum: i64,
    /// In minor units.
    pub opening_carry: i64,
}

/// The most points that may clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    pub issuer: Party,
    pub flow: Option<Flow>,
    pub per_member: bool,
    pub points: i64,
}

/// The least points of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Least {
    pub issuer: Party,
    pub flow: Option<Flow>,
    pub points: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettleOn {
    Redemption,
    Issuance,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Event,
    Line,
    Statement,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    HalfUp,
    HalfEven,
    Down,
    Up,
}

impl World {
    /// Every currency, in alphabetical order.
    pub fn currencies(&self) -> Vec<Currency> {
        let mut all = self.also.clone();
        all.push(Currency {
            code: self.currency,
            minor_digits: self.minor_digits,
            minimum: self.minimum,
            opening_carry: self.opening_carry,
        });
        all.sort_by_key(|currency| currency.code);
        all
    }

    /// Whether a flow of an issuer's points is paid at all.
    pub fn has_money(&self, issuer: Party, flow: Flow) -> bool {
        match self.settle_on[issuer as usize] {
            None => true,
            Some(SettleOn::Redemption) => flow != Flow::Sale,
            Some(SettleOn::Issuance) => flow == Flow::Sale,
        }
    }
}
