//! Rows of several lists, gathered by their keys without sorting them.
#![expect(
    clippy::disallowed_types,
    reason = "the map is asked by key alone and never walked through, so that no order is seen"
)]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use super::exchange::Keyed;

/// The rows of several lists by their keys, which are numbered as they are first met.
#[derive(Debug)]
pub struct Gathered<'a, const N: usize> {
    /// The keys by their numbers.
    pub keys: Vec<&'a str>,
    /// By list, the number of each row's key, in the order of the list.
    pub numbers: [Vec<u32>; N],
    /// By list, the rows that have a key behind those that have the key before it.
    rows: [Vec<u32>; N],
    /// By list, where the rows of each key begin, and where the last ones end.
    begins: [Vec<u32>; N],
}

impl<'a, const N: usize> Gathered<'a, N> {
    /// Gathers lists, of which the rows of one key keep their order.
    pub fn new(lists: [&[Keyed]; N], key: impl Fn(usize, u32) -> &'a str) -> Gathered<'a, N> {
        let mut known: HashMap<Hashed<'a>, u32, BuildHasherDefault<Given>> = HashMap::default();
        let mut keys = Vec::new();
        let numbers = std::array::from_fn(|list| {
            let number = |keyed: &Keyed| {
                let key = key(list, keyed.row);
                *known.entry(Hashed { hash: keyed.hash, key }).or_insert_with(|| {
                    keys.push(key);
                    // Frames hold fewer than 2^32 rows together with all that is gathered here.
                    keys.len() as u32 - 1
                })
            };
            lists[list].iter().map(number).collect::<Vec<u32>>()
        });
        let begins: [Vec<u32>; N] = std::array::from_fn(|list| begins(&numbers[list], keys.len()));
        let rows = std::array::from_fn(|list| {
            let mut at = begins[list].clone();
            let mut rows = vec![0; numbers[list].len()];
            for (keyed, &number) in lists[list].iter().zip(&numbers[list]) {
                let at = &mut at[number as usize];
                rows[*at as usize] = keyed.row;
                *at += 1;
            }
            rows
        });
        Gathered { keys, numbers, rows, begins }
    }

    /// The rows of each list that have the key of that number.
    #[must_use]
    pub fn rows(&self, number: usize) -> [&[u32]; N] {
        std::array::from_fn(|list| {
            let begins = &self.begins[list];
            &self.rows[list][begins[number] as usize..begins[number + 1] as usize]
        })
    }
}

/// Where the rows of each key begin when those of one follow those of another.
fn begins(numbers: &[u32], keys: usize) -> Vec<u32> {
    let mut begins = vec![0; keys + 1];
    for &number in numbers {
        begins[number as usize + 1] += 1;
    }
    let mut sum = 0;
    for begin in &mut begins {
        sum += *begin;
        *begin = sum;
    }
    begins
}

/// A key whose hash is known.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Hashed<'a> {
    hash: u64,
    key: &'a str,
}

impl Hash for Hashed<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Gives back the hash that it is given.
#[derive(Default)]
struct Given(u64);

impl Hasher for Given {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_one_hash_stay_apart_and_rows_keep_their_order() {
        let lists = [["x", "y", "x"], ["y", "z", "y"]];
        // Hashes that collide on purpose: the bytes have to decide.
        let keyed: Vec<Keyed> = (0..3).map(|row| Keyed { hash: 42, row }).collect();
        let gathered = Gathered::new([&keyed, &keyed], |list, row| lists[list][row as usize]);
        assert_eq!(gathered.keys, ["x", "y", "z"]);
        assert_eq!(gathered.numbers, [vec![0, 1, 0], vec![1, 2, 1]]);
        let rows: Vec<[&[u32]; 2]> = (0..3).map(|number| gathered.rows(number)).collect();
        assert_eq!(rows, [[&[0, 2][..], &[]], [&[1], &[0, 2]], [&[], &[1]]]);
    }
}
