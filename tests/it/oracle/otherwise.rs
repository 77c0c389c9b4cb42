//! What says something else now than it said before (periods.md, *Rows of closed periods*).

use super::answer::Discrepancy;
use super::books::{Books, Role};
use super::past::Settled;
use super::terms::{mirror_by, versions_at};
use crate::world::{Flow, Kind, Party, Row, Status};

impl Books<'_> {
    /// What is told of rows that were left open and that the files have with other content.
    pub fn replaced_otherwise(&self) -> Vec<Discrepancy> {
        let mut told = Vec::new();
        let before = self.past.before(self.world);
        let open: Vec<&(Party, Row)> =
            before.iter().flat_map(|past| &past.open).map(|(leg, _)| leg).collect();
        let mut seen: Vec<(Party, &str)> = Vec::new();
        for (party, row) in &open {
            let key = (*party, row.event_id.as_str());
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            // What was pending takes effect by being sent again.
            let says = |row: &Row, was: &Row| match was.status {
                Status::Pending => {
                    Row { status: was.status, posted_at: was.posted_at, ..row.clone() }
                }
                _ => row.clone(),
            };
            let was = |row: &Row| {
                let same_id =
                    open.iter().filter(|(owner, one)| (*owner, one.event_id.as_str()) == key);
                same_id.into_iter().any(|(_, one)| *one == says(row, one))
            };
            let now: Vec<usize> = (0..self.entries.len())
                .filter(|index| {
                    let entry = &self.entries[*index];
                    let is_sent = !entry.recalled && !entry.extra && !entry.resent;
                    let same_id = (entry.party, entry.row.event_id.as_str()) == key;
                    is_sent && same_id && !was(&entry.row)
                })
                .collect();
            if !now.is_empty() {
                told.push(self.describe("EVT-04", &now));
            }
        }
        told
    }

    /// What is told of own business with a number that closed periods have for other rows alone.
    pub fn reused_otherwise(&self) -> Vec<Discrepancy> {
        let before = self.past.before(self.world);
        let mut told: Vec<Discrepancy> = Vec::new();
        for entry in &self.entries {
            let key = (entry.party, entry.row.event_id.as_str());
            let is_key = |leg: &(Party, Row)| (leg.0, leg.1.event_id.as_str()) == key;
            let was_open = before.iter().any(|past| past.open.iter().any(|(leg, _)| is_key(leg)));
            let finals = self.past.finals.iter().flat_map(|past| &past.own);
            let published: Vec<&Row> = finals.filter(|leg| is_key(leg)).map(|leg| &leg.1).collect();
            let is_another = |index: &usize| {
                let entry = &self.entries[*index];
                (entry.party, entry.row.event_id.as_str()) == key
                    && entry.role == Role::Own
                    && !(entry.recalled || entry.extra || entry.collided || entry.resent)
                    && !published.iter().any(|row| is_same(&entry.row, row))
            };
            let now: Vec<usize> = (0..self.entries.len()).filter(is_another).collect();
            if !published.is_empty() && !was_open && !now.is_empty() {
                let one = self.describe("EVT-04", &now);
                if !told.contains(&one) {
                    told.push(one);
                }
            }
        }
        told
    }

    /// What is told of legs that join one that was released alone and do not fit it.
    pub fn joined_otherwise(&self) -> Vec<Discrepancy> {
        let mut told = Vec::new();
        for (leg, entry) in self.entries.iter().enumerate() {
            let Some(mirror) = entry.partner.filter(|_| entry.role == Role::Issuer) else {
                continue;
            };
            let partner = &self.entries[mirror];
            let joins = match (entry.settled, partner.settled) {
                (None, Some(Settled::Counted)) => leg,
                (Some(Settled::Counted), None) => mirror,
                _ => continue,
            };
            let alike = entry.flow == partner.flow && entry.is_reversal() == partner.is_reversal();
            let posted = self.entries[joins].row.status == Status::Posted;
            if !alike || !posted || !self.fits_what_was_settled(leg, mirror, joins) {
                told.push(self.describe("EVT-04", &[leg, mirror]));
            }
        }
        told
    }

    fn fits_what_was_settled(&self, leg: usize, mirror: usize, joins: usize) -> bool {
        let settled = self.cleared_at(leg);
        if joins == leg {
            return self.cleared(leg) == settled;
        }
        let entry = &self.entries[leg];
        let Some(flow) = entry.flow else { return true };
        let versions = versions_at(self.world, entry.party, flow, self.version_instant(leg));
        let Some((ratio, _)) = versions else { return true };
        let agreed = match ratio {
            Some(ratio) if flow != Flow::Sale => mirror_by(self.world, settled, ratio),
            _ => settled,
        };
        agreed == i128::from(self.entries[mirror].row.points)
    }
}

/// Whether own business is what was published; what had no effect may take it.
fn is_same(now: &Row, published: &Row) -> bool {
    let says = |row: &Row| {
        let original = row.original_event_id.clone().filter(|_| row.kind == Kind::Reversal);
        let named = (row.counter_event_id.clone(), original);
        (row.kind, row.points, row.member_no.clone(), row.occurred_at, named)
    };
    let is_void = published.status != Status::Posted;
    says(now) == says(published) && (is_void || now.status == published.status)
}
