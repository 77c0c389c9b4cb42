//! What is done with one bucket: rows of equal key are brought together.
//!
//! Two kernels sort by hash and then compare the keys themselves, and the third gathers rows in the
//! order in which keys are first met, so that two keys of one hash never meet and no hash table's
//! order can be seen.

use super::exchange::Keyed;
use super::gathered::Gathered;

/// Calls `each` with every group of two or more rows whose keys are equal.
pub fn group_by_key<'a>(
    rows: &mut [Keyed],
    key: impl Fn(u32) -> &'a str,
    mut each: impl FnMut(&[u32]),
) {
    rows.sort_unstable_by_key(|keyed| keyed.rank());
    for run in rows.chunk_by(|left, right| left.hash == right.hash) {
        if run.len() > 1 {
            for group in by_bytes(run, &key) {
                if group.len() > 1 {
                    each(&group);
                }
            }
        }
    }
}

/// Calls `each` with the rows of the left and of the right side that share a key, for every key
/// that stands on both sides.
pub fn join_by_key<'a>(
    left: &mut [Keyed],
    right: &mut [Keyed],
    left_key: impl Fn(u32) -> &'a str,
    right_key: impl Fn(u32) -> &'a str,
    each: impl FnMut(&[u32], &[u32]),
) {
    left.sort_unstable_by_key(|keyed| keyed.rank());
    join_to_sorted(left, right, left_key, right_key, each);
}

/// As [`join_by_key`], where the left side is sorted by its rank.
pub fn join_to_sorted<'a>(
    left: &[Keyed],
    right: &mut [Keyed],
    left_key: impl Fn(u32) -> &'a str,
    right_key: impl Fn(u32) -> &'a str,
    mut each: impl FnMut(&[u32], &[u32]),
) {
    right.sort_unstable_by_key(|keyed| keyed.rank());
    let mut left_runs = left.chunk_by(|one, other| one.hash == other.hash).peekable();
    for right_run in right.chunk_by(|one, other| one.hash == other.hash) {
        let hash = right_run[0].hash;
        while left_runs.next_if(|run| run[0].hash < hash).is_some() {}
        let Some(left_run) = left_runs.next_if(|run| run[0].hash == hash) else {
            continue;
        };
        if let ([one], [other]) = (left_run, right_run) {
            if left_key(one.row) == right_key(other.row) {
                each(&[one.row], &[other.row]);
            }
            continue;
        }
        let left_groups = by_bytes(left_run, &left_key);
        for right_group in by_bytes(right_run, &right_key) {
            let key = right_key(right_group[0]);
            if let Some(left_group) = left_groups.iter().find(|group| left_key(group[0]) == key) {
                each(left_group, &right_group);
            }
        }
    }
}

/// Calls `each` once for every key of several lists, with the rows of each list that have it.
pub fn gather_by_key<'a, const N: usize>(
    lists: [&[Keyed]; N],
    key: impl Fn(usize, u32) -> &'a str,
    mut each: impl FnMut(&'a str, [&[u32]; N]),
) {
    let gathered = Gathered::new(lists, key);
    for (number, &key) in gathered.keys.iter().enumerate() {
        each(key, gathered.rows(number));
    }
}

/// The rows of one hash, apart by the bytes of their keys. A run nearly always has one key.
fn by_bytes<'a>(run: &[Keyed], key: &impl Fn(u32) -> &'a str) -> Vec<Vec<u32>> {
    let mut groups: Vec<Vec<u32>> = Vec::new();
    for keyed in run {
        match groups.iter_mut().find(|group| key(group[0]) == key(keyed.row)) {
            Some(group) => group.push(keyed.row),
            None => groups.push(vec![keyed.row]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hashes that collide on purpose: the bytes have to decide.
    fn keyed(rows: std::ops::Range<u32>) -> Vec<Keyed> {
        rows.map(|row| Keyed { hash: 42, row }).collect()
    }

    #[test]
    fn keys_of_one_hash_do_not_meet() {
        let left = ["x", "y", "x"];
        let right = ["y", "z", "x"];
        let mut met = Vec::new();
        join_by_key(
            &mut keyed(0..3),
            &mut keyed(0..3),
            |row| left[row as usize],
            |row| right[row as usize],
            |lefts, rights| met.push((lefts.to_vec(), rights.to_vec())),
        );
        met.sort();
        assert_eq!(met, [(vec![0, 2], vec![2]), (vec![1], vec![0])]);

        let mut groups = Vec::new();
        group_by_key(&mut keyed(0..3), |row| left[row as usize], |rows| groups.push(rows.to_vec()));
        assert_eq!(groups, [[0, 2]]);
    }
}
