//! Rules on lots: LED-04, LED-05 and the sum of LED-01 (judging.md, *Members and accounts*).

use super::answer::Discrepancy;
use super::books::Books;
use super::members::of_member;
use crate::world::{Kind, Lot, PARTIES, Party, Status, World};

/// The lots of a member; none where one of them stands twice.
fn lots_of<'w>(world: &'w World, party: Party, member: &str) -> Vec<&'w Lot> {
    let all = world.side(party).lots.iter().flatten();
    let lots: Vec<&Lot> = all.filter(|lot| lot.member_no == member).collect();
    let count = |lot: &Lot| lots.iter().filter(|other| other.lot_id == lot.lot_id).count();
    if lots.iter().any(|lot| count(lot) > 1) { Vec::new() } else { lots }
}

impl Books<'_> {
    /// LED-04: whether a row spends at an instant at which no lot of the member lives.
    pub fn spends_expired(&self, index: usize) -> bool {
        let entry = &self.entries[index];
        let (row, at) = (&entry.row, entry.row.occurred_at);
        let spends = matches!(row.kind, Kind::Burn | Kind::Xburn | Kind::Xout);
        let lots = lots_of(self.world, entry.party, &row.member_no);
        let lives = |lot: &&Lot| lot.earned_at <= at && lot.expires_at.is_none_or(|end| at < end);
        let judged = spends && row.status == Status::Posted && !self.world.is_off("LED-04");
        let expired = |lot: &&Lot| lot.earned_at <= at && !lives(lot);
        // Of a closed period only a lot that it had and lost says anything.
        let is_told = at >= self.world.period_bounds().0 || lots.iter().any(expired);
        judged && !lots.is_empty() && is_told && !lots.iter().any(lives)
    }

    /// Whether a lot of the member lived when a leg spent.
    pub fn had_a_lot(&self, index: usize) -> bool {
        let (row, at) = (&self.entries[index].row, self.entries[index].row.occurred_at);
        let lots = lots_of(self.world, self.entries[index].party, &row.member_no);
        lots.iter().any(|lot| lot.earned_at <= at && lot.expires_at.is_none_or(|end| at < end))
    }

    /// What lots say of themselves and of the accounts.
    pub fn judge_lots(&self) -> Vec<Discrepancy> {
        let world = self.world;
        let mut found = Vec::new();
        for party in PARTIES {
            let side = world.side(party);
            let all = side.lots.iter().flatten();
            let mut members: Vec<&str> = all.clone().map(|lot| lot.member_no.as_str()).collect();
            members.sort_unstable();
            members.dedup();
            for member in members {
                let its = all.clone().filter(|lot| lot.member_no == member);
                let mut ids: Vec<&str> = its.map(|lot| lot.lot_id.as_str()).collect();
                ids.sort_unstable();
                let twice = ids.chunk_by(|one, other| one == other).filter(|same| same.len() > 1);
                found.extend(twice.map(|_| of_member("MBR-04", party, member)));
                let accounts = side.accounts.iter().flatten();
                let balances: Vec<_> =
                    accounts.filter(|balance| balance.member_no == member).collect();
                let lots = lots_of(world, party, member);
                if lots.is_empty() || balances.len() > 1 {
                    continue;
                }
                let closing = balances.first().and_then(|balance| balance.as_of);
                let as_of =
                    closing.map_or(world.as_of_end() - 1, |moment| world.last_instant(moment));
                if lots.iter().any(|lot| self.is_not_posted(party, lot, as_of)) {
                    found.push(of_member("LED-05", party, member));
                }
                let left: i64 = lots.iter().map(|lot| lot.remaining).sum();
                if balances.iter().any(|balance| balance.points != left) {
                    found.push(of_member("LED-01", party, member));
                }
            }
        }
        found
    }

    fn is_not_posted(&self, party: Party, lot: &Lot, as_of: i64) -> bool {
        let Some(expires) = lot.expires_at.filter(|expires| *expires <= as_of) else {
            return false;
        };
        let posted = self.entries.iter().any(|entry| {
            let row = &entry.row;
            let at = row.posted_at.unwrap_or(row.occurred_at);
            entry.party == party
                && row.member_no == lot.member_no
                && row.kind == Kind::Expire
                && row.status == Status::Posted
                && !entry.extra
                // What comes back only because something names it was posted when it was read.
                && !entry.as_cleared
                && expires <= at
                && at <= as_of
        });
        lot.remaining > 0 && !posted
    }
}
