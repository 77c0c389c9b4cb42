//! The canonical frames with their columns at hand: ledgers, members, accounts, links, consents.
//!
//! Each is made from the Arrow batch of a feed, once, and never changes. A ledger knows by its
//! type whose points it holds.

mod decisions;
mod deliveries;
mod recall;

use std::marker::PhantomData;

use arrow::array::{
    Array, AsArray, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{Int64Type, UInt8Type, UInt32Type, UInt64Type};

use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::fields::{AMOUNT_DIGITS, FeedKind};
use super::schema::{FILE, LINE};
use crate::value::kind::{Kind, LinkMethod, MemberStatus, Status};
use crate::value::party::{A, B, Programme};
use crate::value::period::Instant;
use crate::value::points::Points;

pub use decisions::Decisions;
pub use deliveries::Deliveries;
pub use recall::RecalledRow;

/// A batch that does not have the canonical columns of its feed: a bug of the reader.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the canonical frame of {feed} has no sound column `{column}`")]
pub struct FrameError {
    /// The feed.
    pub feed: &'static str,
    /// The column.
    pub column: &'static str,
}

/// Reads typed columns out of a canonical batch.
pub(super) struct Columns<'a> {
    pub(super) feed: FeedKind,
    pub(super) batch: &'a RecordBatch,
}

impl Columns<'_> {
    fn error(&self, column: &'static str) -> FrameError {
        FrameError { feed: self.feed.word(), column }
    }

    fn column(&self, name: &'static str) -> Result<&dyn Array, FrameError> {
        self.batch.column_by_name(name).map(AsRef::as_ref).ok_or_else(|| self.error(name))
    }

    pub(super) fn texts(&self, name: &'static str) -> Result<StringArray, FrameError> {
        self.column(name)?.as_string_opt().cloned().ok_or_else(|| self.error(name))
    }

    pub(super) fn integers(&self, name: &'static str) -> Result<Int64Array, FrameError> {
        let column = self.column(name)?;
        column.as_primitive_opt::<Int64Type>().cloned().ok_or_else(|| self.error(name))
    }

    pub(super) fn words<W>(
        &self,
        name: &'static str,
        from_code: impl Fn(u8) -> Option<W>,
    ) -> Result<Vec<W>, FrameError> {
        let column = self.column(name)?;
        let codes = column.as_primitive_opt::<UInt8Type>().ok_or_else(|| self.error(name))?;
        let words = codes.values().iter().map(|&code| from_code(code));
        words.collect::<Option<Vec<W>>>().ok_or_else(|| self.error(name))
    }

    pub(super) fn origins(&self) -> Result<Origins, FrameError> {
        let file = self.column(FILE)?.as_primitive_opt::<UInt32Type>();
        let line = self.column(LINE)?.as_primitive_opt::<UInt64Type>();
        Ok(Origins {
            file: file.cloned().ok_or_else(|| self.error(FILE))?,
            line: line.cloned().ok_or_else(|| self.error(LINE))?,
        })
    }
}

/// Where each row of a frame stood.
#[derive(Debug, Clone)]
pub struct Origins {
    file: UInt32Array,
    line: UInt64Array,
}

impl Origins {
    /// The index of the row's file in its feed, and its line; the order of rows in a feed.
    #[must_use]
    pub fn of(&self, row: u32) -> (u32, u64) {
        (self.file.value(row as usize), self.line.value(row as usize))
    }
}

/// The text of a row, where there is one.
pub(super) fn text(column: &StringArray, row: u32) -> Option<&str> {
    let row = row as usize;
    column.is_valid(row).then(|| column.value(row))
}

/// The instant of a row, where there is one.
pub(super) fn instant(column: &Int64Array, row: u32) -> Option<Instant> {
    let row = row as usize;
    column.is_valid(row).then(|| Instant(column.value(row)))
}

/// The points ledger of programme `P` (积分流水).
#[derive(Debug, Clone)]
pub struct Ledger<P> {
    event_id: StringArray,
    member_no: StringArray,
    kind: Vec<Kind>,
    points: Int64Array,
    occurred_at: Int64Array,
    posted_at: Int64Array,
    counter_event_id: StringArray,
    original_event_id: StringArray,
    order_no: StringArray,
    status: Vec<Status>,
    amount: Int64Array,
    currency: StringArray,
    authority: StringArray,
    /// Where the rows stood.
    pub origins: Origins,
    /// The first row that no file of the run has.
    recalled_from: usize,
    /// Of each row that no file of the run has, whether it was kept as it was read.
    is_open: Vec<bool>,
    programme: PhantomData<P>,
}

impl<P: Programme> Ledger<P> {
    /// The ledger of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(batch: &RecordBatch) -> Result<Ledger<P>, FrameError> {
        let columns = Columns { feed: FeedKind::Ledger, batch };
        Ok(Ledger {
            event_id: columns.texts("event_id")?,
            member_no: columns.texts("member_no")?,
            kind: columns.words("kind", Kind::from_code)?,
            points: columns.integers("points")?,
            occurred_at: columns.integers("occurred_at")?,
            posted_at: columns.integers("posted_at")?,
            counter_event_id: columns.texts("counter_event_id")?,
            original_event_id: columns.texts("original_event_id")?,
            order_no: columns.texts("order_no")?,
            status: columns.words("status", Status::from_code)?,
            amount: columns.integers("amount")?,
            currency: columns.texts("currency")?,
            authority: columns.texts("authority")?,
            origins: columns.origins()?,
            recalled_from: batch.num_rows(),
            is_open: Vec::new(),
            programme: PhantomData,
        })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kind.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kind.is_empty()
    }

    /// Every row.
    pub fn rows(&self) -> std::ops::Range<u32> {
        0..self.len() as u32
    }

    /// The event's number on this book.
    #[must_use]
    pub fn event_id(&self, row: u32) -> &str {
        self.event_id.value(row as usize)
    }

    /// The member on this book.
    #[must_use]
    pub fn member_no(&self, row: u32) -> &str {
        self.member_no.value(row as usize)
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self, row: u32) -> Kind {
        self.kind[row as usize]
    }

    /// Signed points as the file has them. On an acceptor's leg of a sale they are a memo in the
    /// issuer's points, which is why the type is the caller's to give.
    #[must_use]
    pub fn points(&self, row: u32) -> i64 {
        self.points.value(row as usize)
    }

    /// Signed points of this programme.
    #[must_use]
    pub fn own_points(&self, row: u32) -> Points<P> {
        Points::new(self.points(row))
    }

    /// When it happened.
    #[must_use]
    pub fn occurred_at(&self, row: u32) -> Instant {
        Instant(self.occurred_at.value(row as usize))
    }

    /// When the balance moved.
    #[must_use]
    pub fn posted_at(&self, row: u32) -> Instant {
        instant(&self.posted_at, row).unwrap_or_else(|| self.occurred_at(row))
    }

    /// When the balance moved, where the file says so.
    #[must_use]
    pub fn posted(&self, row: u32) -> Option<Instant> {
        instant(&self.posted_at, row)
    }

    /// The partner's number of the same event.
    #[must_use]
    pub fn counter_event_id(&self, row: u32) -> Option<&str> {
        text(&self.counter_event_id, row)
    }

    /// The number of the event that a reversal reverses.
    #[must_use]
    pub fn original_event_id(&self, row: u32) -> Option<&str> {
        text(&self.original_event_id, row)
    }

    /// The order that both sides know.
    #[must_use]
    pub fn order_no(&self, row: u32) -> Option<&str> {
        text(&self.order_no, row)
    }

    /// Whether the row took effect.
    #[must_use]
    pub fn status(&self, row: u32) -> Status {
        self.status[row as usize]
    }

    /// What this party says that the event is worth.
    #[must_use]
    pub fn amount(&self, row: u32) -> Option<Decimal> {
        let row = row as usize;
        let millionths = self.amount.is_valid(row).then(|| self.amount.value(row))?;
        Some(Decimal::new(millionths, u32::from(AMOUNT_DIGITS)).normalize())
    }

    /// The currency that this party says it is in.
    #[must_use]
    pub fn currency(&self, row: u32) -> Option<&str> {
        text(&self.currency, row)
    }

    /// Who approved an adjustment.
    #[must_use]
    pub fn authority(&self, row: u32) -> Option<&str> {
        text(&self.authority, row)
    }

    /// Everything that a row says besides its event_id, for telling rows that are alike.
    pub fn content(&self, row: u32) -> impl Ord + '_ {
        (
            self.kind(row),
            self.points(row),
            self.member_no(row),
            self.occurred_at(row),
            instant(&self.posted_at, row),
            self.counter_event_id(row),
            self.original_event_id(row),
            self.order_no(row),
            self.status(row),
            (self.amount(row), self.currency(row), self.authority(row)),
        )
    }

    /// The first canonical column in which rows do not all say the same; `None` where they do.
    #[must_use]
    pub fn difference(&self, rows: &[u32]) -> Option<&'static str> {
        self.difference_in(rows, |_| true)
    }

    /// The same, of the columns that are asked for.
    pub fn difference_in(
        &self,
        rows: &[u32],
        is_asked: impl Fn(&str) -> bool,
    ) -> Option<&'static str> {
        fn alike<T: PartialEq>(rows: &[u32], said: impl Fn(u32) -> T) -> bool {
            rows.windows(2).all(|pair| said(pair[0]) == said(pair[1]))
        }
        [
            ("kind", alike(rows, |row| self.kind(row))),
            ("points", alike(rows, |row| self.points(row))),
            ("member_no", alike(rows, |row| self.member_no(row))),
            ("occurred_at", alike(rows, |row| self.occurred_at(row))),
            ("posted_at", alike(rows, |row| instant(&self.posted_at, row))),
            ("counter_event_id", alike(rows, |row| self.counter_event_id(row))),
            ("original_event_id", alike(rows, |row| self.original_event_id(row))),
            ("order_no", alike(rows, |row| self.order_no(row))),
            ("status", alike(rows, |row| self.status(row))),
            ("amount", alike(rows, |row| self.amount(row))),
            ("currency", alike(rows, |row| self.currency(row))),
            ("authority", alike(rows, |row| self.authority(row))),
        ]
        .into_iter()
        .find_map(|(column, alike)| (!alike && is_asked(column)).then_some(column))
    }

    /// What a row says in a canonical column, for people.
    #[must_use]
    pub fn said(&self, row: u32, column: &str, zone: &TimeZone) -> String {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        match column {
            "event_id" => self.event_id(row).to_owned(),
            "kind" => self.kind(row).word().to_owned(),
            "points" => self.points(row).to_string(),
            "member_no" => self.member_no(row).to_owned(),
            "occurred_at" => self.occurred_at(row).show(zone),
            "posted_at" => instant(&self.posted_at, row).map_or(String::new(), |at| at.show(zone)),
            "counter_event_id" => text(self.counter_event_id(row)),
            "original_event_id" => text(self.original_event_id(row)),
            "order_no" => text(self.order_no(row)),
            "status" => self.status(row).word().to_owned(),
            "amount" => self.amount(row).map_or(String::new(), |amount| amount.to_string()),
            "currency" => text(self.currency(row)),
            "authority" => text(self.authority(row)),
            _ => String::new(),
        }
    }
}

/// Both ledgers.
#[derive(Debug, Clone)]
pub struct Books {
    /// A's.
    pub a: Ledger<A>,
    /// B's.
    pub b: Ledger<B>,
}

/// A programme whose ledger stands in [`Books`]; it lets one function serve both directions
/// without losing whose points are whose.
pub trait Side: Programme<Partner = Self::Opposite> {
    /// The partner, who has a ledger too.
    type Opposite: Side<Opposite = Self>;

    /// The programme's own ledger.
    fn ledger(books: &Books) -> &Ledger<Self>;
}

impl Side for A {
    type Opposite = B;

    fn ledger(books: &Books) -> &Ledger<A> {
        &books.a
    }
}

impl Side for B {
    type Opposite = A;

    fn ledger(books: &Books) -> &Ledger<B> {
        &books.b
    }
}

/// A member snapshot (会员).
#[derive(Debug, Clone)]
pub struct Members {
    /// The member's number.
    pub member_no: StringArray,
    status: Vec<MemberStatus>,
    status_since: Int64Array,
    tier: StringArray,
    tier_since: Int64Array,
    mobile: StringArray,
    email: StringArray,
    name: StringArray,
    as_of: Int64Array,
    /// Where the rows stood.
    pub origins: Origins,
}

impl Members {
    /// The members of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(batch: &RecordBatch) -> Result<Members, FrameError> {
        let columns = Columns { feed: FeedKind::Members, batch };
        Ok(Members {
            member_no: columns.texts("member_no")?,
            status: columns.words("status", MemberStatus::from_code)?,
            status_since: columns.integers("status_since")?,
            tier: columns.texts("tier")?,
            tier_since: columns.integers("tier_since")?,
            mobile: columns.texts("mobile")?,
            email: columns.texts("email")?,
            name: columns.texts("name")?,
            as_of: columns.integers("as_of")?,
            origins: columns.origins()?,
        })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.status.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.status.is_empty()
    }

    /// The member's status and since when, where that is known.
    #[must_use]
    pub fn status(&self, row: u32) -> (MemberStatus, Option<Instant>) {
        (self.status[row as usize], instant(&self.status_since, row))
    }

    /// The member's tier.
    #[must_use]
    pub fn tier(&self, row: u32) -> Option<&str> {
        text(&self.tier, row)
    }

    /// Since when the tier holds.
    #[must_use]
    pub fn tier_since(&self, row: u32) -> Option<Instant> {
        instant(&self.tier_since, row)
    }

    /// The token of a row in a canonical contact column.
    #[must_use]
    pub fn token(&self, column: &str, row: u32) -> Option<&str> {
        text(self.tokens(column), row)
    }

    /// When the snapshot of the member was taken.
    #[must_use]
    pub fn as_of(&self, row: u32) -> Option<Instant> {
        instant(&self.as_of, row)
    }

    /// The tokens of a canonical contact column.
    #[must_use]
    pub fn tokens(&self, column: &str) -> &StringArray {
        match column {
            "email" => &self.email,
            "name" => &self.name,
            _ => &self.mobile,
        }
    }
}

/// Balances: a points snapshot or cut-over balances (期末余额, 期初余额).
#[derive(Debug, Clone)]
pub struct Balances {
    member_no: StringArray,
    balance: Int64Array,
    as_of: Int64Array,
    /// Where the rows stood.
    pub origins: Origins,
}

impl Balances {
    /// The balances of a canonical batch of `accounts` or `opening`.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(feed: FeedKind, batch: &RecordBatch) -> Result<Balances, FrameError> {
        let columns = Columns { feed, batch };
        Ok(Balances {
            member_no: columns.texts("member_no")?,
            balance: columns.integers("balance")?,
            as_of: columns.integers("as_of")?,
            origins: columns.origins()?,
        })
    }

    /// Balances of which each is known: what we closed a period with, by member.
    #[must_use]
    pub fn closed(rows: &[(String, i64, Option<Instant>)]) -> Balances {
        Balances {
            member_no: StringArray::from_iter_values(rows.iter().map(|row| row.0.as_str())),
            balance: rows.iter().map(|row| Some(row.1)).collect(),
            as_of: rows.iter().map(|row| row.2.map(|at| at.0)).collect(),
            origins: Origins {
                file: UInt32Array::from_value(0, rows.len()),
                line: (1..=rows.len() as u64).collect::<Vec<u64>>().into(),
            },
        }
    }

    /// No balances.
    #[must_use]
    pub fn none() -> Balances {
        Balances::closed(&[])
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.balance.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The member whose account it is.
    #[must_use]
    pub fn member_no(&self, row: u32) -> &str {
        self.member_no.value(row as usize)
    }

    /// The balance.
    #[must_use]
    pub fn balance(&self, row: u32) -> i64 {
        self.balance.value(row as usize)
    }

    /// When it holds.
    #[must_use]
    pub fn as_of(&self, row: u32) -> Option<Instant> {
        instant(&self.as_of, row)
    }
}

/// Link records (绑定关系).
#[derive(Debug, Clone)]
pub struct Links {
    /// The member at A.
    pub a_member: StringArray,
    /// The member at B.
    pub b_member: StringArray,
    bound_at: Int64Array,
    unbound_at: Int64Array,
    method: Vec<LinkMethod>,
    /// Where the rows stood.
    pub origins: Origins,
}

impl Links {
    /// The links of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(batch: &RecordBatch) -> Result<Links, FrameError> {
        let columns = Columns { feed: FeedKind::Links, batch };
        Ok(Links {
            a_member: columns.texts("a_member")?,
            b_member: columns.texts("b_member")?,
            bound_at: columns.integers("bound_at")?,
            unbound_at: columns.integers("unbound_at")?,
            method: columns.words("method", LinkMethod::from_code)?,
            origins: columns.origins()?,
        })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.method.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.method.is_empty()
    }

    /// `[bound_at, unbound_at)`.
    #[must_use]
    pub fn bound(&self, row: u32) -> (Instant, Option<Instant>) {
        (Instant(self.bound_at.value(row as usize)), instant(&self.unbound_at, row))
    }

    /// How the link came about.
    #[must_use]
    pub fn method(&self, row: u32) -> LinkMethod {
        self.method[row as usize]
    }
}

/// Consents to links (授权同意).
#[derive(Debug, Clone)]
pub struct Consents {
    a_member: StringArray,
    b_member: StringArray,
    purpose: StringArray,
    granted_at: Int64Array,
    withdrawn_at: Int64Array,
}

impl Consents {
    /// The consents of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(batch: &RecordBatch) -> Result<Consents, FrameError> {
        let columns = Columns { feed: FeedKind::Consents, batch };
        Ok(Consents {
            a_member: columns.texts("a_member")?,
            b_member: columns.texts("b_member")?,
            purpose: columns.texts("purpose")?,
            granted_at: columns.integers("granted_at")?,
            withdrawn_at: columns.integers("withdrawn_at")?,
        })
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.purpose.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The linked members, A's first.
    #[must_use]
    pub fn link(&self, row: u32) -> (&str, &str) {
        (self.a_member.value(row as usize), self.b_member.value(row as usize))
    }

    /// What was consented to.
    #[must_use]
    pub fn purpose(&self, row: u32) -> &str {
        self.purpose.value(row as usize)
    }

    /// When it was granted, and when withdrawn.
    #[must_use]
    pub fn granted(&self, row: u32) -> (Instant, Option<Instant>) {
        (Instant(self.granted_at.value(row as usize)), instant(&self.withdrawn_at, row))
    }
}
