//! Rows that are stowed by portions: whatever order they come in, each portion's rows are taken up
//! together, in that order.

use std::path::Path;

use arrow::array::{RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::SchemaRef;
use rayon::prelude::*;

use super::spill::{Packed, Piece, Spill, SpillError};

/// The rows of one feed, by portion.
#[derive(Debug)]
pub struct Stowage {
    spill: Spill,
    schema: SchemaRef,
    portions: Vec<Vec<Piece>>,
    /// Batches whose rows stand by portion, with where each portion's begin.
    waiting: Vec<(RecordBatch, Vec<usize>)>,
    waiting_bytes: usize,
    room_bytes: usize,
}

impl Stowage {
    /// Room for rows of a schema in so many portions, of which about `room_bytes` stay in memory
    /// until they are set aside.
    ///
    /// # Errors
    /// [`SpillError`] when nothing can be set aside in the folder.
    pub fn new(
        folder: &Path,
        schema: SchemaRef,
        portions: usize,
        room_bytes: usize,
    ) -> Result<Stowage, SpillError> {
        let spill = Spill::new(folder)?;
        let portions = vec![Vec::new(); portions.max(1)];
        Ok(Stowage { spill, schema, portions, waiting: Vec::new(), waiting_bytes: 0, room_bytes })
    }

    /// Stows batches of rows, each row in the portion that `places` names for it. Batches are
    /// sorted side by side.
    ///
    /// # Errors
    /// [`SpillError`] when rows cannot be taken up or set aside.
    pub fn stow<B: Sync>(
        &mut self,
        batches: &[B],
        places: impl Fn(&B) -> Result<(RecordBatch, Vec<u32>), SpillError> + Sync,
    ) -> Result<(), SpillError> {
        let portions = self.portions.len();
        let sorted = batches.par_iter().map(|batch| {
            let (batch, portion_of) = places(batch)?;
            sort(&batch, &portion_of, portions)
        });
        let sorted = sorted.collect::<Vec<Result<(RecordBatch, Vec<usize>), SpillError>>>();
        for sorted in sorted {
            let sorted = sorted?;
            self.waiting_bytes += sorted.0.get_array_memory_size();
            self.waiting.push(sorted);
        }
        if self.waiting_bytes >= self.room_bytes { self.set_aside() } else { Ok(()) }
    }

    /// Sets aside what waits.
    ///
    /// # Errors
    /// [`SpillError`] when it cannot be written.
    pub fn set_aside(&mut self) -> Result<(), SpillError> {
        let width = rayon::current_num_threads().saturating_mul(2).max(1);
        let (spill, schema, waiting) = (&mut self.spill, &self.schema, &self.waiting);
        for start in (0..self.portions.len()).step_by(width) {
            let some = start..(start + width).min(self.portions.len());
            let packed = some.clone().into_par_iter().map(|portion| {
                let parts: Vec<RecordBatch> = waiting
                    .iter()
                    .map(|(batch, starts)| (batch, starts[portion], starts[portion + 1]))
                    .filter(|(_, start, end)| start < end)
                    .map(|(batch, start, end)| batch.slice(start, end - start))
                    .collect();
                if parts.is_empty() {
                    return Ok(None);
                }
                Ok(Some(spill.pack(&concat_batches(schema, &parts)?)?))
            });
            let packed = packed.collect::<Vec<Result<Option<Packed>, SpillError>>>();
            for (portion, packed) in some.zip(packed) {
                if let Some(packed) = packed? {
                    self.portions[portion].push(spill.put_packed(&packed)?);
                }
            }
        }
        self.waiting.clear();
        self.waiting_bytes = 0;
        Ok(())
    }

    /// The rows of a portion, in the order in which they were stowed, all of which were set aside.
    ///
    /// # Errors
    /// [`SpillError`] when they cannot be taken up.
    pub fn portion(&self, portion: usize) -> Result<RecordBatch, SpillError> {
        let pieces = self.portions.get(portion).map_or(&[][..], Vec::as_slice);
        let batches = pieces.par_iter().map(|&piece| self.spill.take(piece));
        let batches = batches.collect::<Result<Vec<RecordBatch>, SpillError>>()?;
        Ok(concat_batches(&self.schema, &batches)?)
    }

    /// How many rows a portion has that were set aside.
    #[must_use]
    pub fn rows(&self, portion: usize) -> usize {
        self.portions.get(portion).map_or(0, |pieces| pieces.iter().map(|piece| piece.rows).sum())
    }
}

/// The rows of a batch by portion, and where each portion's begin.
fn sort(
    batch: &RecordBatch,
    portion_of: &[u32],
    portions: usize,
) -> Result<(RecordBatch, Vec<usize>), SpillError> {
    let mut starts = vec![0_usize; portions + 1];
    for &portion in portion_of {
        starts[portion as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut next = starts.clone();
    let mut order = vec![0_u32; portion_of.len()];
    for (row, &portion) in (0_u32..).zip(portion_of) {
        let place = &mut next[portion as usize];
        order[*place] = row;
        *place += 1;
    }
    Ok((take_record_batch(batch, &UInt32Array::from(order))?, starts))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, StringArray, UInt32Array};
    use arrow::datatypes::UInt32Type;

    use super::*;

    #[test]
    fn every_row_comes_back_in_its_portion_and_order() {
        let dir = tempfile::tempdir().unwrap();
        let batch = |rows: std::ops::Range<u32>| {
            let texts: StringArray = rows.clone().map(|n| Some(format!("t{n}"))).collect();
            let numbers: UInt32Array = rows.map(Some).collect();
            let columns = [("n", Arc::new(numbers) as _), ("t", Arc::new(texts) as _)];
            RecordBatch::try_from_iter(columns).unwrap()
        };
        let portion_of = |n: u32| (n * 7 + n / 5) % 4;
        // So little room that every batch is set aside, and so much that none is until the end.
        for room in [1, 1 << 30] {
            let mut stowage = Stowage::new(dir.path(), batch(0..1).schema(), 5, room).unwrap();
            let all = [0..100, 100..101, 101..101, 101..250, 250..400];
            for some in all.chunks(3) {
                let places = |rows: &std::ops::Range<u32>| {
                    Ok((batch(rows.clone()), rows.clone().map(portion_of).collect()))
                };
                stowage.stow(some, places).unwrap();
            }
            stowage.set_aside().unwrap();
            for portion in 0..5 {
                let taken = stowage.portion(portion as usize).unwrap();
                let numbers = taken.column(0).as_primitive::<UInt32Type>().values().to_vec();
                let expected: Vec<u32> = (0..400).filter(|&n| portion_of(n) == portion).collect();
                assert_eq!(numbers, expected);
                assert_eq!(stowage.rows(portion as usize), expected.len());
            }
        }
    }
}
