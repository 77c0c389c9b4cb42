//! Feeds whose rows are set aside as they are read, and stowed by portion when it is known which
//! rows touch one another.

use std::path::Path;

use arrow::array::RecordBatch;
use rayon::prelude::*;

use super::kinship;
use crate::agreement::MemberRule;
use crate::control::{FileTotal, PartTotals};
use crate::engine::{Families, Kin, Piece, Spill, SpillError, Stowage};
use crate::feed::{Feed, FeedKind, FeedRows, InputFile, Owner};
use crate::frame::schema::canonical_schema;
use crate::run::Error;
use crate::source;

/// Rows that are set aside together as they are read.
const PIECE_ROWS: usize = 1 << 16;

/// Feeds that are being read apart.
pub struct Apart<'r> {
    kin: Kin,
    rules: &'r [MemberRule],
    heaps: Vec<Heap>,
    /// What all rows take of memory.
    pub bytes: u64,
}

/// The rows of one feed, as they came.
struct Heap {
    owner: Owner,
    kind: FeedKind,
    spill: Spill,
    pieces: Vec<Piece>,
}

impl<'r> Apart<'r> {
    /// No feed yet.
    ///
    /// # Errors
    /// [`SpillError`] when nothing can be set aside in the folder.
    pub fn new(folder: &Path, rules: &'r [MemberRule]) -> Result<Apart<'r>, SpillError> {
        Ok(Apart { kin: Kin::new(folder)?, rules, heaps: Vec::new(), bytes: 0 })
    }

    /// Reads a feed, whose rows are set aside.
    ///
    /// # Errors
    /// [`Error`] when it cannot be read, or its rows not be set aside.
    pub fn read(
        &mut self,
        folder: &Path,
        (feed, files): (&Feed, &[InputFile]),
        watch: &dyn Fn(u64, u64),
    ) -> Result<(FeedRows, Vec<FileTotal>), Error> {
        let (owner, kind) = (feed.owner, feed.kind);
        let mut heap = Heap { owner, kind, spill: Spill::new(folder)?, pieces: Vec::new() };
        let mut totals = PartTotals::default();
        let mut unsummed = None;
        let (kin, bytes, rules) = (&mut self.kin, &mut self.bytes, self.rules);
        let mut take = |batch: &RecordBatch| {
            unsummed = unsummed.or(totals.add(kind, batch).err());
            let nodes = kinship::nodes(owner, kind, batch);
            kinship::tie(kin, (owner, kind), batch, &nodes, rules)?;
            *bytes += batch.get_array_memory_size() as u64;
            heap.pieces.push(heap.spill.put(batch)?);
            Ok(())
        };
        let rows = source::read_apart(feed, files, watch, &mut take, PIECE_ROWS)?;
        if let Some(overflow) = unsummed {
            return Err(overflow.into());
        }
        let totals = totals.finish(&rows)?;
        self.heaps.push(heap);
        Ok((rows, totals))
    }

    /// Stows all rows in so many portions, of which about `room_bytes` stay in memory on the way.
    ///
    /// # Errors
    /// [`SpillError`] when rows cannot be taken up or set aside.
    pub fn stow(
        self,
        folder: &Path,
        portions: usize,
        room_bytes: usize,
    ) -> Result<Portions, SpillError> {
        let families = self.kin.families()?;
        let mut stowed = Vec::with_capacity(self.heaps.len());
        for heap in self.heaps {
            let schema = canonical_schema(heap.kind);
            let mut stowage = Stowage::new(folder, schema, portions, room_bytes)?;
            for &piece in &heap.pieces {
                let batch = heap.spill.take(piece)?;
                let nodes = kinship::nodes(heap.owner, heap.kind, &batch);
                let places = nodes.par_iter().map(|&node| portion_of(&families, node, portions));
                stowage.stow(&batch, &places.collect::<Vec<u32>>())?;
            }
            stowage.set_aside()?;
            stowed.push((heap.owner, heap.kind, stowage));
        }
        Ok(Portions { count: portions, stowed })
    }
}

/// The portion in which a node's family is judged. Which one it is shows nowhere.
fn portion_of(families: &Families, node: u64, portions: usize) -> u32 {
    // Nodes are hashes already; a factor spreads those that share their first bits.
    let spread = families.of(node).wrapping_mul(0xa076_1d64_78bd_642f) >> 32;
    (spread as usize % portions) as u32
}

/// All rows, by portion.
pub struct Portions {
    /// How many there are.
    pub count: usize,
    stowed: Vec<(Owner, FeedKind, Stowage)>,
}

impl Portions {
    /// No rows.
    #[must_use]
    pub fn none() -> Portions {
        Portions { count: 0, stowed: Vec::new() }
    }

    /// The rows of a feed that a portion has, if the feed was read apart.
    ///
    /// # Errors
    /// [`SpillError`] when they cannot be taken up.
    pub fn rows(
        &self,
        owner: Owner,
        kind: FeedKind,
        portion: usize,
    ) -> Result<Option<RecordBatch>, SpillError> {
        let stowed = self.stowed.iter().find(|(of, which, _)| (*of, *which) == (owner, kind));
        stowed.map(|(_, _, stowage)| stowage.portion(portion)).transpose()
    }

    /// The portion with most rows: how many it has, and how many an even share is.
    #[must_use]
    pub fn largest(&self) -> (usize, usize) {
        let rows = |portion| self.stowed.iter().map(|(_, _, stowage)| stowage.rows(portion)).sum();
        let of_each: Vec<usize> = (0..self.count).map(rows).collect();
        let share = of_each.iter().sum::<usize>() / self.count.max(1);
        (of_each.into_iter().max().unwrap_or_default(), share)
    }
}
