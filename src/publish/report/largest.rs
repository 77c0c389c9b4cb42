//! The largest of many: a page shows so many, and the published tables hold all.

use std::cmp::Ordering;

/// How many rows a table of the page shows.
pub const SHOWN: usize = 200;

/// The first of many things in an order, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Largest<T> {
    /// The first of them, in order.
    pub rows: Vec<T>,
    /// How many there are.
    pub of: usize,
}

/// The first [`SHOWN`] things in an order. Never more than twice as many are held; what compares
/// equal stays in the order in which it came.
pub fn largest<T>(
    things: impl Iterator<Item = T>,
    order: impl Fn(&T, &T) -> Ordering,
) -> Largest<T> {
    let mut rows = Vec::new();
    let mut of = 0;
    for thing in things {
        of += 1;
        rows.push(thing);
        if rows.len() >= 2 * SHOWN {
            rows.sort_by(&order);
            rows.truncate(SHOWN);
        }
    }
    rows.sort_by(&order);
    rows.truncate(SHOWN);
    Largest { rows, of }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_are_kept_in_order_and_all_are_counted() {
        let things = (0..10_007_u32).map(|index| (index * 7_919 % 1_000, index));
        let mut sorted: Vec<(u32, u32)> = things.clone().collect();
        sorted.sort_by_key(|one| std::cmp::Reverse(one.0));
        sorted.truncate(SHOWN);
        let found = largest(things, |one, other| other.0.cmp(&one.0));
        assert_eq!(found, Largest { rows: sorted, of: 10_007 });
        assert_eq!(
            largest([3, 1, 2].into_iter(), u32::cmp),
            Largest { rows: vec![1, 2, 3], of: 3 }
        );
    }
}
