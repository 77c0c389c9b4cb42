//! Own business of closed periods that the run's files still name: what a reversal reverses, what a
//! partner's leg names by mistake, and what has the number of a leg.

use super::Hand;
use super::index::{party_of, said};
use super::rows::{COLUMNS, OWN, read_rows};
use crate::publish::Final;
use crate::run::Error;
use crate::value::party::Party;

impl Hand<'_> {
    /// Whether a row of the run names an event that the run has no row of, or is a leg with the
    /// number of own business that the run has no row of.
    fn misses(&self, party: Party, id: &str) -> bool {
        let index = self.index.of(party);
        let is_brought =
            || self.brought.of(party).contains_key(id) || self.own.of(party).contains(id);
        let open = self.open.of(party).get(id);
        if index.legs(id).next().is_some() || open.is_some() {
            let has_own = index.own.rows(id).any(|row| !index.is_leg(row));
            return !has_own && !self.open_own.of(party).contains(id) && !is_brought();
        }
        let is_named = index.originals.has(id)
            || self.index.of(party.partner()).counters.has(id)
            || self.named.of(party).contains(id);
        is_named && !index.own.has(id) && !is_brought()
    }

    /// Brings back the own business of a final publication that the run's rows name.
    pub fn bring_own(&mut self, publication: &Final) -> Result<(), Error> {
        self.shelf.scan(publication, OWN, &COLUMNS, &mut |rows| {
            let (parties, ids) = (rows.texts("party")?, rows.texts("event_id")?);
            let wanted: Vec<usize> = (0..rows.len())
                .filter(|&row| {
                    let party = party_of(parties.value(row));
                    said(ids, row).is_some_and(|id| self.misses(party, id))
                })
                .collect();
            if wanted.is_empty() {
                return Ok(());
            }
            for row in read_rows(self, publication, OWN, rows, &wanted)? {
                let id = row.row.event_id.clone();
                if self.own.of_mut(row.party).insert(id) {
                    self.push(row.party, row.row, row.first_read);
                }
            }
            Ok(())
        })
    }
}
