//! Ids of one column that differ only in case or in blanks around them. The engine tells them
//! apart; tools that fold case, such as Power BI, take them for one and join rows that have nothing
//! to do with one another.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::engine::Exchange;
use crate::frame::books::{Books, Ledger, Side};
use crate::publish::CollisionEntry;

/// By a ledger's owner and column, how many ids have another that is alike but for case and blanks.
/// Ids that are alike have to stand in the same books.
#[derive(Debug, Clone, Default)]
pub struct Collisions(BTreeMap<(&'static str, &'static str), u64>);

impl Collisions {
    /// Those of both books.
    #[must_use]
    pub fn of(books: &Books) -> Collisions {
        let mut found = Collisions::default();
        found.add(&books.a);
        found.add(&books.b);
        found
    }

    fn add<P: Side>(&mut self, ledger: &Ledger<P>) {
        let rows = ledger.len() as u32;
        let owner = P::PARTY.letter();
        self.0.insert((owner, "event_id"), alike(rows, |row| ledger.event_id(row)));
        self.0.insert((owner, "member_no"), alike(rows, |row| ledger.member_no(row)));
    }

    /// Takes in those of other rows.
    pub fn take_in(&mut self, other: &Collisions) {
        for (column, ids) in &other.0 {
            *self.0.entry(*column).or_default() += ids;
        }
    }

    /// The columns that have any.
    #[must_use]
    pub fn entries(&self) -> Vec<CollisionEntry> {
        let found = self.0.iter().filter(|(_, ids)| **ids > 0);
        let entry = |(&(owner, column), &ids): (&(&str, &str), &u64)| CollisionEntry {
            owner: owner.to_owned(),
            column: column.to_owned(),
            ids,
        };
        found.map(entry).collect()
    }
}

/// What a column's ids are made of.
#[derive(Clone, Copy, Default)]
struct Letters {
    upper: bool,
    lower: bool,
    other: bool,
}

impl Letters {
    fn of(id: &str) -> Letters {
        let mut letters = Letters { other: id.trim().len() != id.len(), ..Letters::default() };
        for byte in id.bytes() {
            letters.upper |= byte.is_ascii_uppercase();
            letters.lower |= byte.is_ascii_lowercase();
            letters.other |= !byte.is_ascii();
        }
        letters
    }

    fn with(self, other: Letters) -> Letters {
        Letters {
            upper: self.upper | other.upper,
            lower: self.lower | other.lower,
            other: self.other | other.other,
        }
    }

    /// Whether two different ids could be alike at all.
    fn may_collide(self) -> bool {
        self.other || (self.upper && self.lower)
    }
}

/// How many different ids have another that is alike but for case and blanks around it. Most
/// books write all their ids in one case, which one look at the bytes tells; only others are
/// folded, hashed and sorted.
fn alike<'a>(rows: u32, id: impl Fn(u32) -> &'a str + Sync) -> u64 {
    let letters = (0..rows).into_par_iter().map(|row| Letters::of(id(row)));
    if !letters.reduce(Letters::default, Letters::with).may_collide() {
        return 0;
    }
    let mut hashes: Vec<(u64, u64)> = (0..rows)
        .into_par_iter()
        .map(|row| {
            let id = id(row);
            (Exchange::folded_hash(id), Exchange::hash(id))
        })
        .collect();
    hashes.par_sort_unstable();
    hashes.dedup();
    let groups = hashes.chunk_by(|one, other| one.0 == other.0);
    groups.filter(|group| group.len() > 1).map(|group| group.len() as u64).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_differ_only_in_case_or_blanks_are_counted_once_each() {
        let rows: [(&[&str], u64); 7] = [
            (&["E1", "E2", "E1"], 0),
            (&["e1", "e2"], 0),
            (&["e1", "E2", "e1"], 0),
            (&["e1", "E1", "e1", "E2"], 2),
            (&["Ab", "aB", "AB", "cd", "CD"], 5),
            (&["1", "1\u{a0}", "2"], 2),
            (&["Ａ1", "ａ1", "é", "É"], 4),
        ];
        for (ids, expected) in rows {
            assert_eq!(alike(ids.len() as u32, |row| ids[row as usize]), expected, "{ids:?}");
        }
    }
}
