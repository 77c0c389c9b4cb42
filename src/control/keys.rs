//! Hash totals of many keys: BLAKE3 of several short texts side by side.
//!
//! BLAKE3 of a text of at most 64 bytes is one compression of one block (the paper, section 2.2 and
//! table 3), of which every step waits for the one before. Here sixteen keys go through it
//! together, step by step, so that the compiler does four of them with one instruction. A longer
//! key is hashed by itself.

use super::key_hash;

/// Keys that are hashed together.
const LANES: usize = 16;

/// Bytes of a block.
const BLOCK_BYTES: usize = 64;

/// Words of a block, and of the state.
const WORDS: usize = 16;

const IV: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// The block is the first and the last of its chunk, and the chunk is the whole text.
const FLAGS: u32 = 1 | 2 | 8;

/// Which word of the block each step of a round takes, by round.
const SCHEDULE: [[usize; WORDS]; 7] = schedule();

const fn schedule() -> [[usize; WORDS]; 7] {
    let moved = [2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8];
    let mut schedule = [[0; WORDS]; 7];
    let mut at = 0;
    while at < WORDS {
        schedule[0][at] = at;
        at += 1;
    }
    let mut round = 1;
    while round < 7 {
        at = 0;
        while at < WORDS {
            schedule[round][at] = schedule[round - 1][moved[at]];
            at += 1;
        }
        round += 1;
    }
    schedule
}

/// The hash total of keys that are added one by one.
#[derive(Debug)]
pub struct HashTotal {
    sum: u64,
    /// Keys that wait until there are enough of them: word by word, each key in its lane.
    words: [[u32; LANES]; WORDS],
    lengths: [u32; LANES],
    waiting: usize,
}

impl HashTotal {
    /// Of no keys.
    #[must_use]
    pub fn new() -> HashTotal {
        HashTotal { sum: 0, words: [[0; LANES]; WORDS], lengths: [0; LANES], waiting: 0 }
    }

    /// Adds a key, by its columns.
    pub fn add<'k>(&mut self, key: impl ExactSizeIterator<Item = &'k str> + Clone) {
        let mut block = [0; BLOCK_BYTES];
        let mut length = 0;
        for (at, column) in key.clone().enumerate() {
            let begins = length + usize::from(at > 0);
            let ends = begins + column.len();
            let Some(place) = block.get_mut(begins..ends) else {
                self.sum = self.sum.wrapping_add(key_hash(key));
                return;
            };
            place.copy_from_slice(column.as_bytes());
            if at > 0 {
                block[length] = super::SEPARATOR;
            }
            length = ends;
        }
        let lane = self.waiting;
        for (word, bytes) in self.words.iter_mut().zip(block.as_chunks().0) {
            word[lane] = u32::from_le_bytes(*bytes);
        }
        // No more than the bytes of a block.
        self.lengths[lane] = length as u32;
        self.waiting += 1;
        if self.waiting == LANES {
            self.sum_up();
        }
    }

    /// The total.
    #[must_use]
    pub fn finish(mut self) -> u64 {
        self.sum_up();
        self.sum
    }

    /// Adds the hashes of the keys that wait.
    fn sum_up(&mut self) {
        let mut firsts = [[0; LANES]; 2];
        compress(&self.words, &self.lengths, &mut firsts);
        let waiting = std::mem::take(&mut self.waiting);
        for (&low, &high) in firsts[0].iter().zip(&firsts[1]).take(waiting) {
            let first = u64::from(low) | (u64::from(high) << 32);
            self.sum = self.sum.wrapping_add(first);
        }
    }
}

impl Default for HashTotal {
    fn default() -> HashTotal {
        HashTotal::new()
    }
}

/// The first two words of the BLAKE3 of each lane's block.
fn compress(words: &[[u32; LANES]; WORDS], lengths: &[u32; LANES], firsts: &mut [[u32; LANES]; 2]) {
    for lane in 0..LANES {
        let mut v = [0; WORDS];
        v[..8].copy_from_slice(&IV);
        v[8..12].copy_from_slice(&IV[..4]);
        // The counter of the chunk is nought.
        v[14] = lengths[lane];
        v[15] = FLAGS;
        macro_rules! round {
            ($round:expr) => {{
                const OF: [usize; WORDS] = SCHEDULE[$round];
                mix(&mut v, [0, 4, 8, 12], words[OF[0]][lane], words[OF[1]][lane]);
                mix(&mut v, [1, 5, 9, 13], words[OF[2]][lane], words[OF[3]][lane]);
                mix(&mut v, [2, 6, 10, 14], words[OF[4]][lane], words[OF[5]][lane]);
                mix(&mut v, [3, 7, 11, 15], words[OF[6]][lane], words[OF[7]][lane]);
                mix(&mut v, [0, 5, 10, 15], words[OF[8]][lane], words[OF[9]][lane]);
                mix(&mut v, [1, 6, 11, 12], words[OF[10]][lane], words[OF[11]][lane]);
                mix(&mut v, [2, 7, 8, 13], words[OF[12]][lane], words[OF[13]][lane]);
                mix(&mut v, [3, 4, 9, 14], words[OF[14]][lane], words[OF[15]][lane]);
            }};
        }
        // Written out, and not as a loop: only then are the lanes taken together.
        round!(0);
        round!(1);
        round!(2);
        round!(3);
        round!(4);
        round!(5);
        round!(6);
        firsts[0][lane] = v[0] ^ v[8];
        firsts[1][lane] = v[1] ^ v[9];
    }
}

#[inline(always)]
fn mix(v: &mut [u32; WORDS], [a, b, c, d]: [usize; 4], one: u32, other: u32) {
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(one);
    v[d] = (v[d] ^ v[a]).rotate_right(16);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(12);
    v[a] = v[a].wrapping_add(v[b]).wrapping_add(other);
    v[d] = (v[d] ^ v[a]).rotate_right(8);
    v[c] = v[c].wrapping_add(v[d]);
    v[b] = (v[b] ^ v[c]).rotate_right(7);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(keys: &[Vec<&str>]) -> u64 {
        let mut total = HashTotal::new();
        keys.iter().for_each(|key| total.add(key.iter().copied()));
        total.finish()
    }

    #[test]
    fn keys_of_every_length_have_the_hash_that_the_crate_gives_them() {
        let text = "0123456789abcdef".repeat(9);
        let keys: Vec<Vec<&str>> = (0..=text.len()).map(|length| vec![&text[..length]]).collect();
        let hash = |key: &Vec<&str>| key_hash(key.iter().copied());
        for key in &keys {
            assert_eq!(total(std::slice::from_ref(key)), hash(key), "{} bytes", key[0].len());
        }
        let sum = keys.iter().map(hash).fold(0, u64::wrapping_add);
        assert_eq!(total(&keys), sum);
    }

    #[test]
    fn columns_are_parted() {
        let text = "0123456789abcdef".repeat(5);
        for (one, other) in (0..80).flat_map(|one| [(one, 0), (one, 3), (one, 63), (one, 64)]) {
            let key = vec![&text[..one], &text[..other], "z"];
            let sum = total(std::slice::from_ref(&key));
            assert_eq!(sum, key_hash(key.into_iter()), "{one} and {other} bytes");
        }
        assert_eq!(total(&[]), 0);
    }
}
