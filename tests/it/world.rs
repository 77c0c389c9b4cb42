//! A small world: two parties, their members and books, and the agreement between them.
//!
//! Plain structs with public fields, so that tests bend them as they like. Nothing here is taken
//! from the engine: the oracle and the feeds that the engine reads both come from these structs.

pub mod chain;
pub mod chains;
mod entangled;
pub mod feeds;
pub mod lots;
pub mod random;
pub mod rules;
pub mod sheets;
pub mod stated;
mod stories;
pub mod terms;
pub mod transform;
pub mod write;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::oracle::past::Charges;

pub use feeds::{Act, Adjustment, Decision, Payment, Said};
pub use lots::Lot;
pub use rules::{Limits, Setting};
pub use stated::Stated;
pub use terms::{
    Bearer, Cap, Currency, Fee, Least, Mode, Place, Rate, Ratio, Scope, SettleOn, Tax, Taxed,
};

/// One of the two parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    A,
    B,
}

pub const PARTIES: [Party; 2] = [Party::A, Party::B];

impl Party {
    pub fn other(self) -> Party {
        match self {
            Party::A => Party::B,
            Party::B => Party::A,
        }
    }

    pub fn letter(self) -> &'static str {
        match self {
            Party::A => "a",
            Party::B => "b",
        }
    }
}

/// What happened, in the words of domain.md §2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Earn,
    Xearn,
    Xaward,
    Burn,
    Xburn,
    Xaccept,
    Xout,
    Xin,
    Reversal,
    Expire,
    Adjust,
    Freeze,
    Unfreeze,
    Merge,
}

impl Kind {
    pub fn word(self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// Which way points go between the parties.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flow {
    Redemption,
    Conversion,
    Sale,
}

pub const FLOWS: [Flow; 3] = [Flow::Redemption, Flow::Conversion, Flow::Sale];

impl Flow {
    pub fn word(self) -> String {
        format!("{self:?}").to_lowercase()
    }

    pub fn issuer_kind(self) -> Kind {
        match self {
            Flow::Redemption => Kind::Xburn,
            Flow::Conversion => Kind::Xout,
            Flow::Sale => Kind::Xearn,
        }
    }

    pub fn acceptor_kind(self) -> Kind {
        match self {
            Flow::Redemption => Kind::Xaccept,
            Flow::Conversion => Kind::Xin,
            Flow::Sale => Kind::Xaward,
        }
    }
}

/// Whether a row took effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Posted,
    Pending,
    Cancelled,
}

/// A row of a ledger; instants are microseconds since the epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub event_id: String,
    pub member_no: String,
    pub kind: Kind,
    pub points: i64,
    pub occurred_at: i64,
    pub posted_at: Option<i64>,
    pub counter_event_id: Option<String>,
    pub original_event_id: Option<String>,
    pub order_no: Option<String>,
    pub status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberStatus {
    Active,
    Frozen,
    Closed,
    Merged,
    Erased,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub member_no: String,
    pub status: MemberStatus,
    pub status_since: Option<i64>,
    pub tier: Option<String>,
    pub tier_since: Option<i64>,
    pub mobile: Option<String>,
}

impl Member {
    pub fn active(member_no: &str) -> Member {
        Member {
            member_no: member_no.to_owned(),
            status: MemberStatus::Active,
            status_since: None,
            tier: None,
            tier_since: None,
            mobile: None,
        }
    }
}

/// A day of the agreement's zone, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Day(Date),
    At(i64),
}

/// A line of `opening` or `accounts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    pub member_no: String,
    pub points: i64,
    pub as_of: Option<Moment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Authorised,
    Imported,
    Inferred,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub a_member: String,
    pub b_member: String,
    pub bound_at: i64,
    pub unbound_at: Option<i64>,
    pub method: Method,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub a_member: String,
    pub b_member: String,
    pub purpose: String,
    pub granted_at: i64,
    pub withdrawn_at: Option<i64>,
}

/// A party's programme and everything that it sends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    pub overdraft: bool,
    /// Decimal places that its files write points with.
    pub scale: u32,
    pub members: Option<Vec<Member>>,
    pub opening: Option<Vec<Balance>>,
    pub accounts: Option<Vec<Balance>>,
    pub lots: Option<Vec<Lot>>,
    pub ledger: Vec<Row>,
    /// Its own statement, and what of it the pipeline declares.
    pub statement: Option<Stated>,
    /// Into how many files the ledger is split.
    pub parts: usize,
    /// A file of later days that only this period reads, for pairing.
    pub after: Option<Vec<Row>>,
    /// The files of the next period, which are read for pairing.
    pub following: Vec<Vec<Row>>,
}

impl Side {
    /// The ledger's rows file by file, in the order of the files' names.
    pub fn files(&self) -> Vec<&[Row]> {
        let length = self.ledger.len().div_ceil(self.parts.max(1)).max(1);
        let mut files: Vec<&[Row]> = self.ledger.chunks(length).collect();
        if files.is_empty() {
            files.push(&[]);
        }
        files
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cycle {
    Daily,
    Monthly,
    Quarterly,
}

/// An event rule of the pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    Reference,
    Order,
    /// The signed offset from the issuer's instant to the acceptor's, in seconds.
    Window(i64, i64),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tiers {
    pub map: Vec<(String, String)>,
    pub at_least: bool,
    /// B's tiers from the lowest to the highest.
    pub order: Vec<String>,
    pub lag_days: i64,
}

/// The whole world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// The codes of A and of B.
    pub codes: [&'static str; 2],
    pub zone: &'static str,
    pub currency: &'static str,
    pub minor_digits: u32,
    pub cycle: Cycle,
    pub as_of: Date,
    /// The first day of the period, where it is not the one that contains `as_of`.
    pub period: Option<Date>,
    pub term: (Date, Date),
    pub grace_days: i64,
    /// Days after the period until it may be closed, where they are not the grace.
    pub close_after_days: Option<i64>,
    /// Days after the period until its statement is due.
    pub due_days: i64,
    /// Whether the pipeline names the next period's files for pairing.
    pub reads_following: bool,
    pub ratios: Vec<Ratio>,
    pub rates: Vec<Rate>,
    pub fees: Vec<Fee>,
    pub taxes: Vec<Taxed>,
    pub place: Place,
    pub mode: Mode,
    pub mirror_mode: Mode,
    /// In minor units of the currency.
    pub minimum: i64,
    /// In minor units of the currency.
    pub opening_carry: i64,
    /// Further currencies.
    pub also: Vec<Currency>,
    pub caps: Vec<Cap>,
    pub minimums: Vec<Least>,
    /// On what A's points are paid, and B's.
    pub settle_on: [Option<SettleOn>; 2],
    /// Millionths of the principal per day.
    pub late_fee: Option<i64>,
    pub rules: Vec<Rule>,
    /// What the pipeline makes of single discrepancy rules.
    pub settings: Vec<Setting>,
    pub token_rule: bool,
    pub purpose: Option<String>,
    pub tiers: Option<Tiers>,
    pub a: Side,
    pub b: Side,
    pub links: Option<Vec<Link>>,
    pub consents: Option<Vec<Consent>>,
    pub adjustments: Option<Vec<Adjustment>>,
    pub payments: Option<Vec<Payment>>,
    pub exempt_days: Option<Vec<Date>>,
    pub decisions: Option<Vec<Decision>>,
}

pub const SECOND: i64 = 1_000_000;
pub const HOUR: i64 = 3_600 * SECOND;
pub const DAY: i64 = 24 * HOUR;

impl World {
    /// What the period charges.
    pub fn charges(&self) -> Charges {
        Charges { mode: self.mode, fees: self.fees.clone(), taxes: self.taxes.clone() }
    }

    /// March 2026 in Shanghai with no events, members or links, and a 1:1 ratio at one cent.
    pub fn bare() -> World {
        let day = |year, month, day| Date::new(year, month, day).unwrap();
        let from = Moment::Day(day(2025, 1, 1));
        let ratio = |issuer| Ratio { issuer, issuer_points: 1, acceptor_points: 1, from, to: None };
        let rate = |issuer| Rate {
            issuer,
            flow: Flow::Redemption,
            millionths: 10_000,
            currency: None,
            from,
            to: None,
        };
        World {
            codes: ["A", "B"],
            zone: "Asia/Shanghai",
            currency: "CNY",
            minor_digits: 2,
            cycle: Cycle::Monthly,
            as_of: day(2026, 4, 10),
            period: Some(day(2026, 3, 1)),
            term: (day(2025, 1, 1), day(2028, 1, 1)),
            grace_days: 2,
            close_after_days: None,
            due_days: 10,
            reads_following: false,
            ratios: PARTIES.map(ratio).to_vec(),
            rates: PARTIES.map(rate).to_vec(),
            fees: Vec::new(),
            taxes: Vec::new(),
            place: Place::Line,
            mode: Mode::HalfUp,
            mirror_mode: Mode::Down,
            minimum: 0,
            opening_carry: 0,
            also: Vec::new(),
            caps: Vec::new(),
            minimums: Vec::new(),
            settle_on: [None; 2],
            late_fee: None,
            rules: vec![Rule::Reference],
            settings: Vec::new(),
            token_rule: false,
            purpose: None,
            tiers: None,
            a: Side { parts: 1, ..Side::default() },
            b: Side { parts: 1, ..Side::default() },
            links: None,
            consents: None,
            adjustments: None,
            payments: None,
            exempt_days: None,
            decisions: None,
        }
    }

    pub fn side(&self, party: Party) -> &Side {
        match party {
            Party::A => &self.a,
            Party::B => &self.b,
        }
    }

    pub fn side_mut(&mut self, party: Party) -> &mut Side {
        match party {
            Party::A => &mut self.a,
            Party::B => &mut self.b,
        }
    }

    /// The first instant of a day in the agreement's zone.
    pub fn midnight(&self, day: Date) -> i64 {
        let zone = TimeZone::get(self.zone).unwrap();
        day.to_zoned(zone).unwrap().timestamp().as_microsecond()
    }

    /// The first instant of a version, or of the day it is written as.
    pub fn instant(&self, moment: Moment) -> i64 {
        match moment {
            Moment::Day(day) => self.midnight(day),
            Moment::At(at) => at,
        }
    }

    /// The last instant that an `as_of` covers.
    pub fn last_instant(&self, moment: Moment) -> i64 {
        match moment {
            Moment::Day(day) => self.midnight(day.tomorrow().unwrap()) - 1,
            Moment::At(at) => at,
        }
    }

    /// The first day of the period, and the day after its last.
    pub fn period_days(&self) -> (Date, Date) {
        self.cycle_of(self.period.unwrap_or(self.as_of))
    }

    /// The first day of the cycle that contains a day, and the day after its last.
    pub fn cycle_of(&self, day: Date) -> (Date, Date) {
        let month_after = |first: Date, months: i8| {
            let count = first.month() - 1 + months;
            Date::new(first.year() + i16::from(count / 12), count % 12 + 1, 1).unwrap()
        };
        match self.cycle {
            Cycle::Daily => (day, day.tomorrow().unwrap()),
            Cycle::Monthly => (day.first_of_month(), month_after(day.first_of_month(), 1)),
            Cycle::Quarterly => {
                let first = Date::new(day.year(), (day.month() - 1) / 3 * 3 + 1, 1).unwrap();
                (first, month_after(first, 3))
            }
        }
    }

    /// The day of the agreement's zone on which an instant lies.
    pub fn day_of(&self, at: i64) -> Date {
        let at = jiff::Timestamp::from_microsecond(at).unwrap();
        at.to_zoned(TimeZone::get(self.zone).unwrap()).date()
    }

    /// `[start, end)` of the period.
    pub fn period_bounds(&self) -> (i64, i64) {
        let (first, after) = self.period_days();
        (self.midnight(first), self.midnight(after))
    }

    /// The midnight that ends the as-of day.
    pub fn as_of_end(&self) -> i64 {
        self.midnight(self.as_of.tomorrow().unwrap())
    }

    /// The earlier of the period's end and the end of the as-of day.
    pub fn cut(&self) -> i64 {
        self.period_bounds().1.min(self.as_of_end())
    }

    /// The period as `--period` names it, where it is not the one that contains `as_of`.
    pub fn period_label(&self) -> Option<String> {
        self.period.map(|day| self.label_of(day))
    }

    /// The period as the published tables name it.
    pub fn label(&self) -> String {
        self.label_of(self.period_days().0)
    }

    /// The label of the cycle that contains a day.
    pub fn label_of(&self, day: Date) -> String {
        match self.cycle {
            Cycle::Daily => day.to_string(),
            Cycle::Monthly => format!("{:04}-{:02}", day.year(), day.month()),
            Cycle::Quarterly => format!("{:04}-Q{}", day.year(), (day.month() - 1) / 3 + 1),
        }
    }
}

/// An instant as the feeds and the pipeline write it.
pub fn instant_text(at: i64) -> String {
    jiff::Timestamp::from_microsecond(at).unwrap().to_string()
}

/// A version's `from` as the pipeline writes it, which is also the version's name in the results.
pub fn moment_text(moment: Moment) -> String {
    match moment {
        Moment::Day(day) => day.to_string(),
        Moment::At(at) => instant_text(at),
    }
}
