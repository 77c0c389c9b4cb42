//! The largest of many: a page shows so many, and the published tables hold all.

use std::cmp::Ordering;
use std::collections::BTreeMap;

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

/// The first [`SHOWN`] things in an order.
pub fn largest<T>(
    things: impl Iterator<Item = T>,
    order: impl Fn(&T, &T) -> Ordering,
) -> Largest<T> {
    largest_of_each(things, |_| (), order)
}

/// The first [`SHOWN`] things of each class in an order, class by class: figures in different
/// currencies have no order among them. Never more than twice as many of a class are held; what
/// compares equal stays in the order in which it came.
pub fn largest_of_each<T, K: Ord>(
    things: impl Iterator<Item = T>,
    class: impl Fn(&T) -> K,
    order: impl Fn(&T, &T) -> Ordering,
) -> Largest<T> {
    let mut classes: BTreeMap<K, Vec<T>> = BTreeMap::new();
    let mut of = 0;
    for thing in things {
        of += 1;
        let rows = classes.entry(class(&thing)).or_default();
        rows.push(thing);
        if rows.len() >= 2 * SHOWN {
            rows.sort_by(&order);
            rows.truncate(SHOWN);
        }
    }
    let rows = classes.into_values().flat_map(|mut rows| {
        rows.sort_by(&order);
        rows.truncate(SHOWN);
        rows
    });
    Largest { rows: rows.collect(), of }
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

    #[test]
    fn each_class_is_ranked_by_itself() {
        let things = [("JPY", 900), ("CNY", 7), ("JPY", 5_000), ("CNY", 8)];
        let found = largest_of_each(things.into_iter(), |one| one.0, |one, other| other.cmp(one));
        assert_eq!(found.rows, [("CNY", 8), ("CNY", 7), ("JPY", 5_000), ("JPY", 900)]);
    }
}
