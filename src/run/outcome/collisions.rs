//! Ids of one column that differ only in case or in blanks around them. The engine tells them
//! apart; tools that fold case, such as Power BI, take them for one and join rows that have nothing
//! to do with one another.

use rayon::prelude::*;

use crate::engine::Exchange;
use crate::frame::books::{Ledger, Side};
use crate::publish::CollisionEntry;
use crate::run::Evidence;

/// How many ids of each column of a ledger have another that is alike but for case and blanks;
/// columns without any are left out.
#[must_use]
pub fn collisions(evidence: &Evidence) -> Vec<CollisionEntry> {
    let books = &evidence.intake.books;
    let mut found = of_ledger(&books.a);
    found.extend(of_ledger(&books.b));
    found
}

fn of_ledger<P: Side>(ledger: &Ledger<P>) -> Vec<CollisionEntry> {
    let entry = |column: &str, ids: u64| CollisionEntry {
        owner: P::PARTY.letter().to_owned(),
        column: column.to_owned(),
        ids,
    };
    let rows = ledger.len() as u32;
    let mut found = vec![
        entry("event_id", alike(rows, |row| ledger.event_id(row))),
        entry("member_no", alike(rows, |row| ledger.member_no(row))),
    ];
    found.retain(|entry| entry.ids > 0);
    found
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
            (Exchange::hash(&id.trim().to_lowercase()), Exchange::hash(id))
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
