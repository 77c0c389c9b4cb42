//! Rows that a period neither settles nor holds, for the reversals and legs of later periods that
//! name them: own business, and legs that were cancelled.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::directions;
use super::items::{Direction, Items};
use super::open::open_key;
use crate::event::Standing;
use crate::frame::books::Side;
use crate::publish::OpenRow;
use crate::value::kind::{Kind, Role, Status};
use crate::value::period::Instant;

/// The rows of `own_rows`, in order, still to be made.
pub struct OwnRows<'a> {
    items: Items<'a>,
    orders: (Vec<u32>, Vec<u32>),
    /// Of those that have no effect, when they moved their balance before, by party.
    moved: (BTreeMap<u32, Instant>, BTreeMap<u32, Instant>),
}

impl<'a> OwnRows<'a> {
    /// No rows, of a period that is not closed.
    #[must_use]
    pub fn none(items: Items<'a>) -> OwnRows<'a> {
        OwnRows { items, orders: Default::default(), moved: Default::default() }
    }

    /// The row at a place.
    #[must_use]
    pub fn row(&self, place: usize) -> Option<OpenRow<'a>> {
        let (a, b) = directions(self.items.evidence);
        match self.orders.0.get(place) {
            Some(&row) => Some(self.row_of(a, &self.moved.0, row)),
            None => {
                let row = *self.orders.1.get(place - self.orders.0.len())?;
                Some(self.row_of(b, &self.moved.1, row))
            }
        }
    }

    fn row_of<P: Side>(
        &self,
        direction: Direction<'a, P>,
        moved: &BTreeMap<u32, Instant>,
        row: u32,
    ) -> OpenRow<'a> {
        let own = self.items.row_left(direction, row, None);
        let is_void = direction.issuer.status(row) != Status::Posted;
        let posted_at = if is_void { moved.get(&row).copied() } else { own.posted_at };
        OpenRow { posted_at, ..own }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.0.len() + self.orders.1.len()
    }
}

impl<'a> Items<'a> {
    /// The rows of both books that later ones may name: A's first, each book's by time, event_id
    /// and content.
    #[must_use]
    pub fn own_rows(&self) -> OwnRows<'a> {
        let (a, b) = directions(self.evidence);
        let orders = (self.own_rows_of(a), self.own_rows_of(b));
        let moved =
            (self.moved_and_void(a.issuer, &orders.0), self.moved_and_void(b.issuer, &orders.1));
        OwnRows { items: *self, orders, moved }
    }

    fn own_rows_of<P: Side>(&self, direction: Direction<'a, P>) -> Vec<u32> {
        let Direction { issuer: ledger, lineage, .. } = direction;
        let is_named_later = |row: u32| match lineage.role(row) {
            // Rows of one number that differ, differ still when a leg names them.
            Role::Own => {
                matches!(lineage.standing[row as usize], Standing::First | Standing::Collided)
            }
            // A reversal is nobody's original.
            Role::Issuer(_) | Role::Acceptor(_) => {
                ledger.status(row) == Status::Cancelled
                    && ledger.kind(row) != Kind::Reversal
                    && lineage.is_sound(row)
                    && self.evidence.scope.settled(P::PARTY, row).is_none()
            }
        };
        let is_kept = |row: &u32| {
            // What was brought back from such a table stands there already.
            ledger.tells_its_posting(*row)
                && ledger.occurred_at(*row) < self.period.end
                && is_named_later(*row)
        };
        let mut rows: Vec<u32> = ledger.rows().into_par_iter().filter(is_kept).collect();
        let key = |row: &u32| (ledger.occurred_at(*row), ledger.event_id(*row));
        // Rows of one number that differ are in order of what they say, whatever that of the files.
        let said = |row: u32| open_key(&self.open_row(ledger, row, None));
        rows.par_sort_unstable_by(|&one, &other| {
            key(&one).cmp(&key(&other)).then_with(|| said(one).cmp(&said(other)))
        });
        rows
    }
}
