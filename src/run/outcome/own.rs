//! Rows of a party's own business, for the reversals and legs of later periods that name them.

use rayon::prelude::*;

use super::directions;
use super::items::{Direction, Items};
use crate::frame::books::Side;
use crate::publish::OpenRow;
use crate::value::kind::{Kind, Role};

/// The rows of `own_rows`, in order, still to be made.
pub struct OwnRows<'a> {
    items: Items<'a>,
    orders: (Vec<u32>, Vec<u32>),
}

impl<'a> OwnRows<'a> {
    /// No rows, of a period that is not closed.
    #[must_use]
    pub fn none(items: Items<'a>) -> OwnRows<'a> {
        OwnRows { items, orders: (Vec::new(), Vec::new()) }
    }

    /// The row at a place.
    #[must_use]
    pub fn row(&self, place: usize) -> Option<OpenRow<'a>> {
        let (a, b) = directions(self.items.evidence);
        match self.orders.0.get(place) {
            Some(&row) => Some(self.items.open_row(a.issuer, row, None)),
            None => {
                let row = *self.orders.1.get(place - self.orders.0.len())?;
                Some(self.items.open_row(b.issuer, row, None))
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.0.len() + self.orders.1.len()
    }
}

impl<'a> Items<'a> {
    /// The rows of both books' own business: A's first, each book's by time and event_id.
    #[must_use]
    pub fn own_rows(&self) -> OwnRows<'a> {
        let (a, b) = directions(self.evidence);
        OwnRows { items: *self, orders: (self.own_rows_of(a), self.own_rows_of(b)) }
    }

    fn own_rows_of<P: Side>(&self, direction: Direction<'a, P>) -> Vec<u32> {
        let Direction { issuer: ledger, lineage, .. } = direction;
        let is_own = |row: &u32| {
            // What was brought back from such a table stands there already. A reversal is nobody's
            // original, and a leg that names one names nothing that clears.
            lineage.role(*row) == Role::Own
                && ledger.kind(*row) != Kind::Reversal
                && lineage.is_sound(*row)
                && ledger.tells_its_posting(*row)
                && ledger.occurred_at(*row) < self.period.end
        };
        let mut rows: Vec<u32> = ledger.rows().into_par_iter().filter(is_own).collect();
        let key = |row: &u32| (ledger.occurred_at(*row), ledger.event_id(*row));
        rows.par_sort_unstable_by(|one, other| key(one).cmp(&key(other)));
        rows
    }
}
