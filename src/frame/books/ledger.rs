//! The points ledger of one programme.

use std::marker::PhantomData;

use arrow::array::{Array, Int64Array, RecordBatch, StringArray};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::{Columns, FrameError, Origins, instant, text};
use crate::frame::fields::{AMOUNT_DIGITS, FeedKind};
use crate::value::kind::{Kind, Status};
use crate::value::party::Programme;
use crate::value::period::Instant;
use crate::value::points::Points;

/// The points ledger of programme `P` (积分流水).
#[derive(Debug, Clone)]
pub struct Ledger<P> {
    pub(super) event_id: StringArray,
    pub(super) member_no: StringArray,
    pub(super) kind: Vec<Kind>,
    pub(super) points: Int64Array,
    pub(super) occurred_at: Int64Array,
    pub(super) posted_at: Int64Array,
    pub(super) counter_event_id: StringArray,
    pub(super) original_event_id: StringArray,
    pub(super) order_no: StringArray,
    pub(super) status: Vec<Status>,
    pub(super) amount: Int64Array,
    pub(super) currency: StringArray,
    pub(super) authority: StringArray,
    /// Where the rows stood.
    pub origins: Origins,
    /// The first row that no file of the run has.
    pub(super) recalled_from: usize,
    /// Of each row that no file of the run has, whether it was kept as it was read.
    pub(super) is_open: Vec<bool>,
    pub(super) programme: PhantomData<P>,
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
