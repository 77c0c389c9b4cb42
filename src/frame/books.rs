//! The canonical frames with their columns at hand: ledgers, members, accounts, links, consents.
//!
//! Each is made from the Arrow batch of a feed, once, and never changes. A ledger knows by its
//! type whose points it holds.

mod decisions;
mod deliveries;
mod ledger;
mod recall;

use arrow::array::{
    Array, AsArray, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{Int64Type, UInt8Type, UInt32Type, UInt64Type};

use super::fields::FeedKind;
use super::schema::{FILE, LINE};
use crate::value::kind::{LinkMethod, MemberStatus};
use crate::value::party::{A, B, Programme};
use crate::value::period::Instant;

pub use decisions::{Decisions, PublishedDecision};
pub use deliveries::Deliveries;
pub use ledger::Ledger;
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

    /// The places of these rows, and of others that follow them.
    pub(super) fn followed_by(&self, places: &[(u32, u64)]) -> Origins {
        let files = self.file.values().iter().copied();
        let lines = self.line.values().iter().copied();
        Origins {
            file: files.chain(places.iter().map(|(file, _)| *file)).collect::<Vec<u32>>().into(),
            line: lines.chain(places.iter().map(|(_, line)| *line)).collect::<Vec<u64>>().into(),
        }
    }

    /// The places of no row.
    pub(super) fn none() -> Origins {
        Origins { file: Vec::<u32>::new().into(), line: Vec::<u64>::new().into() }
    }
}

/// A column of texts followed by others.
pub(super) fn texts_followed_by<'t>(
    column: &'t StringArray,
    others: impl Iterator<Item = Option<&'t str>>,
) -> StringArray {
    column.iter().chain(others).collect()
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
