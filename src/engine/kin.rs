//! Which rows have to be judged together: those of one node, and those of nodes that share a key,
//! directly or through others. Nodes and keys are hashes of 64 bits. Two that happen to be equal
//! bring rows together that need not be; nothing is ever told apart by a hash.
//!
//! Keys are sorted in partitions on disk, so that memory grows with the nodes that are tied to
//! others, and not with the rows.

use std::path::Path;

use rayon::slice::ParallelSliceMut;

use super::spill::{Spill, SpillError};

/// Partitions of keys: each is sorted in memory by itself.
const PARTITIONS: usize = 256;

/// Ties of a partition that are set aside together.
const TIES: usize = 1 << 13;

/// Bytes of a tie that is set aside.
const TIE_BYTES: usize = 16;

/// Edges that are sorted for the first time; most are told again and again.
const EDGES: usize = 1 << 20;

/// A row's key, and its node.
type Tie = (u64, u64);

/// Nodes, and the keys that tie them together, while rows are read.
#[derive(Debug)]
pub struct Kin {
    spill: Spill,
    partitions: Vec<Partition>,
    edges: Edges,
}

#[derive(Debug, Default)]
struct Partition {
    waiting: Vec<Tie>,
    /// Where pieces stand, and how many ties each has.
    pieces: Vec<(u64, usize)>,
}

impl Kin {
    /// No ties yet.
    ///
    /// # Errors
    /// [`SpillError`] when nothing can be set aside in the folder.
    pub fn new(folder: &Path) -> Result<Kin, SpillError> {
        let partitions = (0..PARTITIONS).map(|_| Partition::default()).collect();
        Ok(Kin { spill: Spill::new(folder)?, partitions, edges: Edges::default() })
    }

    /// A row of the node has the key.
    ///
    /// # Errors
    /// [`SpillError`] when it cannot be set aside.
    pub fn tie(&mut self, key: u64, node: u64) -> Result<(), SpillError> {
        // The low bits pick the partition; ties are sorted by the whole of the key.
        let partition = &mut self.partitions[key as usize % PARTITIONS];
        partition.waiting.push((key, node));
        if partition.waiting.len() == TIES {
            partition.set_aside(&mut self.spill)?;
        }
        Ok(())
    }

    /// Two nodes belong together.
    pub fn join(&mut self, one: u64, other: u64) {
        self.edges.add(one, other);
    }

    /// Who belongs together.
    ///
    /// # Errors
    /// [`SpillError`] when what was set aside cannot be taken up.
    pub fn families(self) -> Result<Families, SpillError> {
        let Kin { spill, partitions, mut edges } = self;
        for partition in partitions {
            let mut ties = partition.take_up(&spill)?;
            ties.par_sort_unstable();
            for run in ties.chunk_by(|one, other| one.0 == other.0) {
                for two in run.windows(2) {
                    edges.add(two[0].1, two[1].1);
                }
            }
        }
        drop(spill);
        Ok(edges.families())
    }
}

impl Partition {
    fn set_aside(&mut self, spill: &mut Spill) -> Result<(), SpillError> {
        let mut bytes = Vec::with_capacity(self.waiting.len() * TIE_BYTES);
        for (key, node) in &self.waiting {
            bytes.extend(key.to_le_bytes());
            bytes.extend(node.to_le_bytes());
        }
        self.pieces.push((spill.put_bytes(&bytes)?, self.waiting.len()));
        self.waiting.clear();
        Ok(())
    }

    fn take_up(mut self, spill: &Spill) -> Result<Vec<Tie>, SpillError> {
        let ties = self.pieces.iter().map(|(_, ties)| ties).sum::<usize>();
        let mut taken = std::mem::take(&mut self.waiting);
        taken.reserve_exact(ties);
        for (offset, ties) in self.pieces {
            let bytes = spill.take_bytes(offset, ties * TIE_BYTES)?;
            let half =
                |half: &[u8]| half.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            let ties = bytes.chunks_exact(TIE_BYTES);
            taken.extend(ties.map(|tie| (half(tie), half(&tie[TIE_BYTES / 2..]))));
        }
        Ok(taken)
    }
}

/// Pairs of nodes that belong together, each held once in the long run.
#[derive(Debug, Default)]
struct Edges {
    edges: Vec<(u64, u64)>,
}

impl Edges {
    fn add(&mut self, one: u64, other: u64) {
        if one == other {
            return;
        }
        if self.edges.len() == self.edges.capacity() {
            self.settle();
            // Half as many again, and not twice as many: edges are most of what is kept.
            self.edges.reserve_exact((self.edges.len() / 2).max(EDGES));
        }
        self.edges.push((one.min(other), one.max(other)));
    }

    fn settle(&mut self) {
        self.edges.par_sort_unstable();
        self.edges.dedup();
    }

    fn families(mut self) -> Families {
        self.settle();
        self.edges.shrink_to_fit();
        let mut nodes: Vec<u64> = Vec::with_capacity(self.edges.len() * 2);
        nodes.extend(self.edges.iter().flat_map(|&(one, other)| [one, other]));
        nodes.par_sort_unstable();
        nodes.dedup();
        nodes.shrink_to_fit();
        let mut families = Families::of_nodes(nodes);
        for (one, other) in self.edges {
            families.unite(one, other);
        }
        for place in 0..families.heads.len() {
            families.heads[place] = families.head(place as u32);
        }
        families
    }
}

/// Nodes that belong together, by the least of each family.
#[derive(Debug)]
pub struct Families {
    /// The nodes that have relatives, in order.
    nodes: Vec<u64>,
    /// Where the nodes of each value of their first bits begin, and last where all end.
    starts: Vec<u32>,
    /// By a node's place, the place of one that is nearer to its family's head.
    heads: Vec<u32>,
}

/// The first bits of a node, by which it is looked up.
const FIRST_BITS: u32 = 16;

impl Families {
    fn of_nodes(nodes: Vec<u64>) -> Families {
        let first = |node: u64| (node >> (u64::BITS - FIRST_BITS)) as usize;
        let mut starts = vec![0_u32; (1 << FIRST_BITS) + 1];
        for &node in &nodes {
            starts[first(node) + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        // A pipeline with 2^32 members would need more than a machine's memory for its links alone.
        let heads = (0..nodes.len() as u32).collect();
        Families { nodes, starts, heads }
    }

    fn place(&self, node: u64) -> Option<u32> {
        let first = (node >> (u64::BITS - FIRST_BITS)) as usize;
        let (start, end) = (self.starts[first] as usize, self.starts[first + 1] as usize);
        let at = self.nodes[start..end].binary_search(&node).ok()?;
        Some((start + at) as u32)
    }

    fn head(&mut self, mut place: u32) -> u32 {
        while self.heads[place as usize] != place {
            let next = self.heads[place as usize];
            self.heads[place as usize] = self.heads[next as usize];
            place = next;
        }
        place
    }

    fn unite(&mut self, one: u64, other: u64) {
        if let (Some(one), Some(other)) = (self.place(one), self.place(other)) {
            let (one, other) = (self.head(one), self.head(other));
            self.heads[one.max(other) as usize] = one.min(other);
        }
    }

    /// The node that stands for a node's family; itself where it has no relatives.
    #[must_use]
    pub fn of(&self, node: u64) -> u64 {
        self.place(node).map_or(node, |place| self.nodes[self.heads[place as usize] as usize])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Families found by painting: every tie of one key, and every edge, gets one colour, until
    /// nothing changes.
    fn painted(ties: &[Tie], edges: &[(u64, u64)]) -> BTreeMap<u64, u64> {
        let mut colours: BTreeMap<u64, u64> = BTreeMap::new();
        for &(_, node) in ties {
            colours.insert(node, node);
        }
        for &(one, other) in edges {
            colours.insert(one, one);
            colours.insert(other, other);
        }
        loop {
            let before = colours.clone();
            let mut meet = |one: u64, other: u64| {
                let least = colours[&one].min(colours[&other]);
                colours.insert(one, least);
                colours.insert(other, least);
            };
            for (at, &(key, node)) in ties.iter().enumerate() {
                for &(other_key, other) in &ties[..at] {
                    if key == other_key {
                        meet(node, other);
                    }
                }
            }
            edges.iter().for_each(|&(one, other)| meet(one, other));
            if colours == before {
                return colours;
            }
        }
    }

    #[test]
    fn whoever_shares_a_key_is_of_one_family() {
        let dir = tempfile::tempdir().unwrap();
        let mut random = fastrand::Rng::with_seed(11);
        for turn in 0..40 {
            let spread = |n: u64| n.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
            let nodes = random.u64(1..40);
            let keys = random.u64(1..60);
            let ties: Vec<Tie> = (0..random.usize(0..80))
                .map(|_| (spread(random.u64(0..keys) + 1_000), spread(random.u64(0..nodes))))
                .collect();
            let edges: Vec<(u64, u64)> = (0..random.usize(0..6))
                .map(|_| (spread(random.u64(0..nodes)), spread(random.u64(0..nodes))))
                .collect();
            let mut kin = Kin::new(dir.path()).unwrap();
            for &(key, node) in &ties {
                kin.tie(key, node).unwrap();
            }
            edges.iter().for_each(|&(one, other)| kin.join(one, other));
            let families = kin.families().unwrap();
            for (node, colour) in painted(&ties, &edges) {
                assert_eq!(families.of(node), colour, "turn {turn}");
            }
            assert_eq!(families.of(7), 7);
        }
    }

    #[test]
    fn ties_that_were_set_aside_are_not_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let mut kin = Kin::new(dir.path()).unwrap();
        // All keys fall into one partition, and are more than it sets aside at a time.
        for n in 0..3 * TIES as u64 {
            kin.tie((n / 2) << 20, n).unwrap();
        }
        let families = kin.families().unwrap();
        for n in 0..3 * TIES as u64 {
            assert_eq!(families.of(n), n - n % 2);
        }
    }
}
