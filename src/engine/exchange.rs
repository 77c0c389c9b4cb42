//! The exchange: rows to buckets by the hash of their key.

use std::hash::BuildHasher;

use rayon::prelude::*;

/// The seed of the exchange's hash. It only decides which bucket a key lands in, and no output
/// depends on that; a fixed seed makes two runs spend their memory alike.
const SEED: u64 = 0x6875_746f_6e67_0001;

/// Rows that are hashed and scattered at a time by one worker.
const CHUNK_ROWS: usize = 1 << 16;

/// A row with the hash of its key. The hash finds candidates; the key's bytes decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyed {
    /// The hash of the key.
    pub hash: u64,
    /// The row in its frame.
    pub row: u32,
}

impl Keyed {
    /// Where it stands among others: by hash, and by row where the hashes are equal. As one number,
    /// because sorting compares such numbers without a branch.
    #[must_use]
    #[inline]
    pub fn rank(self) -> u128 {
        (u128::from(self.hash) << 32) | u128::from(self.row)
    }
}

/// How rows are spread over buckets.
#[derive(Debug, Clone, Copy)]
pub struct Exchange {
    buckets: usize,
}

impl Exchange {
    /// An exchange over that many buckets, at least one.
    #[must_use]
    pub fn new(buckets: usize) -> Exchange {
        Exchange { buckets: buckets.max(1) }
    }

    /// How many buckets there are.
    #[must_use]
    pub fn buckets(self) -> usize {
        self.buckets
    }

    /// The hash of a key.
    #[must_use]
    pub fn hash(key: &str) -> u64 {
        foldhash::quality::FixedState::with_seed(SEED).hash_one(key.as_bytes())
    }

    /// The hash of an id that is the same for ids which differ only in case or in blanks around
    /// them.
    #[must_use]
    pub fn folded_hash(id: &str) -> u64 {
        let trimmed = id.trim();
        let is_folded = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
        if trimmed.bytes().all(is_folded) {
            return Exchange::hash(trimmed);
        }
        Exchange::hash(&trimmed.to_lowercase())
    }

    /// Spreads the rows `0..count` over the buckets by their key; rows without a key go nowhere.
    ///
    /// Rows with equal keys share a bucket. Nothing is promised about the order inside one.
    pub fn scatter<'a>(
        self,
        count: usize,
        key: impl Fn(u32) -> Option<&'a str> + Sync,
    ) -> Vec<Vec<Keyed>> {
        let chunks = count.div_ceil(CHUNK_ROWS);
        let parts: Vec<Vec<Vec<Keyed>>> = (0..chunks)
            .into_par_iter()
            .map(|chunk| {
                let start = chunk * CHUNK_ROWS;
                let end = (start + CHUNK_ROWS).min(count);
                let mut buckets = vec![Vec::new(); self.buckets];
                for row in start..end {
                    // Frames hold fewer than 2^32 rows; the reader refuses more.
                    let row = row as u32;
                    if let Some(key) = key(row) {
                        let hash = Exchange::hash(key);
                        buckets[self.bucket_of(hash)].push(Keyed { hash, row });
                    }
                }
                buckets
            })
            .collect();
        (0..self.buckets)
            .into_par_iter()
            .map(|bucket| {
                let mut rows =
                    Vec::with_capacity(parts.iter().map(|part| part[bucket].len()).sum());
                for part in &parts {
                    rows.extend_from_slice(&part[bucket]);
                }
                rows
            })
            .collect()
    }

    /// The high half of the hash picks the bucket; the kernels sort by the whole of it.
    fn bucket_of(self, hash: u64) -> usize {
        ((hash >> 32) as usize) % self.buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_share_a_bucket_and_no_row_is_lost() {
        let keys: Vec<String> = (0..10_000).map(|n| format!("k{}", n % 700)).collect();
        for buckets in [1, 7, 64] {
            let scattered = Exchange::new(buckets)
                .scatter(keys.len(), |row| (row % 10 != 3).then(|| keys[row as usize].as_str()));
            assert_eq!(scattered.iter().map(Vec::len).sum::<usize>(), 9_000);
            for key in ["k0", "k6", "k699"] {
                let hash = Exchange::hash(key);
                let holding = scattered
                    .iter()
                    .filter(|bucket| bucket.iter().any(|keyed| keyed.hash == hash))
                    .count();
                assert!(holding <= 1, "{key} stands in {holding} of {buckets} buckets");
            }
        }
    }
}
