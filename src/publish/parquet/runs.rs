//! A table whose rows come in portions: each portion's rows, in order, are a run that is set aside,
//! and the runs are merged when all have come.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BinaryArray, RecordBatch, make_array};
use arrow::compute::interleave;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use rayon::prelude::*;

use super::draft::Draft;
use super::order::SortKey;
use super::{CHUNK_ROWS, CHUNKS_AT_ONCE, PIECE_ROWS, Sink, Stamp, schema_of};
use crate::engine::{Packed, Piece, Spill, SpillError};
use crate::publish::folder::PublishError;
use crate::publish::table::Table;

/// The column of a run that holds its rows' keys; no published column has an `@`.
const KEY: &str = "@key";

/// The runs of one table.
#[derive(Debug)]
pub struct Runs {
    spill: Spill,
    runs: Vec<Vec<Piece>>,
    /// Rows of a piece: each run has one in memory while they are merged.
    piece_rows: usize,
    rows: u64,
}

/// What changes a merged batch before it is written, or looks at it.
pub type Amend<'a> = &'a mut (dyn FnMut(RecordBatch) -> Result<RecordBatch, PublishError> + Send);

impl Runs {
    /// No runs yet, whose pieces will have so many rows.
    ///
    /// # Errors
    /// [`SpillError`] when nothing can be set aside in the folder.
    pub fn new(folder: &Path, piece_rows: usize) -> Result<Runs, SpillError> {
        let piece_rows = piece_rows.max(1);
        Ok(Runs { spill: Spill::new(folder)?, runs: Vec::new(), piece_rows, rows: 0 })
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Adds a run: the rows at the places `0..count`, which are in order, each with its key.
    ///
    /// # Errors
    /// [`PublishError`] when a figure does not fit its column, or the run cannot be set aside.
    pub fn add<R: Send + Sync>(
        &mut self,
        table: &Table<R>,
        stamp: Stamp<'_>,
        count: usize,
        row: impl Fn(usize) -> Option<(SortKey, R)> + Sync,
    ) -> Result<(), PublishError> {
        let schema = schema_of(table, stamp.digits);
        let keyed = with_key(&schema);
        let mut run = Vec::new();
        let starts: Vec<usize> = (0..count).step_by(self.piece_rows).collect();
        for starts in starts.chunks(CHUNKS_AT_ONCE) {
            let packed = starts.par_iter().map(|&start| {
                let end = (start + self.piece_rows).min(count);
                let mut draft = Draft::new(table, stamp, end - start);
                let mut keys: Vec<SortKey> = Vec::with_capacity(end - start);
                let mut piece = Vec::with_capacity(PIECE_ROWS);
                for start in (start..end).step_by(PIECE_ROWS) {
                    piece.clear();
                    for (key, row) in (start..(start + PIECE_ROWS).min(end)).filter_map(&row) {
                        keys.push(key);
                        piece.push(row);
                    }
                    draft.add(&piece)?;
                }
                let batch = draft.finish(&schema)?;
                let keys = BinaryArray::from_iter_values(keys.iter().map(SortKey::bytes));
                let mut columns = batch.columns().to_vec();
                columns.push(Arc::new(keys));
                Ok(self.spill.pack(&RecordBatch::try_new(keyed.clone(), columns)?)?)
            });
            for packed in packed.collect::<Vec<Result<Packed, PublishError>>>() {
                let packed = packed?;
                self.rows += packed.rows as u64;
                if packed.rows > 0 {
                    run.push(self.spill.put_packed(&packed)?);
                }
            }
        }
        if !run.is_empty() {
            self.runs.push(run);
        }
        Ok(())
    }

    /// Writes the table, its runs merged, and tells how many rows it had.
    ///
    /// # Errors
    /// [`PublishError`] when the runs cannot be taken up, or the file not be written.
    pub fn write<R>(
        &self,
        table: &Table<R>,
        stamp: Stamp<'_>,
        file: File,
        amend: Amend<'_>,
    ) -> Result<u64, PublishError> {
        let mut sink = Sink::new(table, stamp, file)?;
        let schema = schema_of(table, stamp.digits);
        let mut merge = Merge::of(self)?;
        let mut picked = merge.pick_some()?;
        while !picked.is_empty() {
            // What comes next is picked while what was picked is written.
            let (next, written) = rayon::join(
                || merge.pick_some(),
                || {
                    let batches = picked.iter().map(|picked| amend(picked.gather(&schema)?));
                    let batches = batches.collect::<Result<Vec<RecordBatch>, PublishError>>()?;
                    sink.add(&batches)
                },
            );
            written?;
            picked = next?;
        }
        sink.finish()
    }
}

fn with_key(schema: &SchemaRef) -> SchemaRef {
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(KEY, DataType::Binary, false)));
    Arc::new(Schema::new(fields))
}

/// Runs that are being merged.
struct Merge<'r> {
    spill: &'r Spill,
    /// The pieces of each run that are still to come, the next one last.
    to_come: Vec<Vec<Piece>>,
    /// By run, its piece at hand and the row that comes next.
    at_hand: Vec<(RecordBatch, usize)>,
    /// The next row of each run, by its key; of equal ones that of the first run comes first.
    next: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
}

impl<'r> Merge<'r> {
    fn of(runs: &'r Runs) -> Result<Merge<'r>, SpillError> {
        let mut merge = Merge {
            spill: &runs.spill,
            to_come: Vec::with_capacity(runs.runs.len()),
            at_hand: Vec::with_capacity(runs.runs.len()),
            next: BinaryHeap::with_capacity(runs.runs.len()),
        };
        for (run, pieces) in runs.runs.iter().enumerate() {
            let mut pieces: Vec<Piece> = pieces.iter().rev().copied().collect();
            let Some(first) = pieces.pop() else { continue };
            let batch = merge.spill.take(first)?;
            merge.next.push(Reverse((key_of(&batch, 0).to_vec(), run)));
            merge.to_come.push(pieces);
            merge.at_hand.push((batch, 0));
        }
        Ok(merge)
    }

    /// The rows of the next batches.
    fn pick_some(&mut self) -> Result<Vec<Picked>, SpillError> {
        let mut some = Vec::with_capacity(CHUNKS_AT_ONCE);
        while some.len() < CHUNKS_AT_ONCE {
            let picked = self.pick()?;
            if picked.rows.is_empty() {
                break;
            }
            some.push(picked);
        }
        Ok(some)
    }

    /// The rows of the next batch, as many as it has unless they are the last.
    fn pick(&mut self) -> Result<Picked, SpillError> {
        let mut picked = Picked { pieces: Vec::new(), rows: Vec::with_capacity(CHUNK_ROWS) };
        // By run, the number among the pieces of that at hand.
        let mut number: Vec<Option<usize>> = vec![None; self.at_hand.len()];
        while picked.rows.len() < CHUNK_ROWS {
            let Some(mut first) = self.next.peek_mut() else { break };
            let Reverse((key, run)) = &mut *first;
            let (batch, row) = &mut self.at_hand[*run];
            let piece = *number[*run].get_or_insert_with(|| {
                picked.pieces.push(batch.clone());
                picked.pieces.len() - 1
            });
            picked.rows.push((piece, *row));
            *row += 1;
            if *row == batch.num_rows() {
                let Some(piece) = self.to_come[*run].pop() else {
                    PeekMut::pop(first);
                    continue;
                };
                (*batch, *row) = (self.spill.take(piece)?, 0);
                number[*run] = None;
            }
            // The key is changed where it stands, and sinks to its place when `first` goes.
            key.clear();
            key.extend_from_slice(key_of(batch, *row));
        }
        Ok(picked)
    }
}

/// The rows of a batch that is to be gathered.
struct Picked {
    /// Every piece from which rows are taken.
    pieces: Vec<RecordBatch>,
    /// Each row's piece, and its place there.
    rows: Vec<(usize, usize)>,
}

impl Picked {
    fn gather(&self, schema: &SchemaRef) -> Result<RecordBatch, PublishError> {
        let columns = (0..schema.fields().len()).into_par_iter().map(|index| {
            let of_pieces: Vec<&dyn Array> =
                self.pieces.iter().map(|piece| piece.column(index).as_ref()).collect();
            bare(interleave(&of_pieces, &self.rows)?)
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, PublishError>>()?;
        Ok(RecordBatch::try_new(schema.clone(), columns)?)
    }
}

/// The key of a row of a run's piece.
fn key_of(batch: &RecordBatch, row: usize) -> &[u8] {
    let keys = batch.columns().last().and_then(|keys| keys.as_binary_opt::<i32>());
    keys.map_or(&[], |keys| keys.value(row))
}

/// A column that says nothing of absent values where none is absent, like one that was made at
/// once: the writer's pages tell the two apart.
fn bare(column: ArrayRef) -> Result<ArrayRef, PublishError> {
    if column.nulls().is_none_or(|nulls| nulls.null_count() > 0) {
        return Ok(column);
    }
    Ok(make_array(column.to_data().into_builder().nulls(None).build()?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::write;
    use super::*;
    use crate::publish::table::{Cells, Column};
    use crate::value::period::{Cycle, Period};

    fn table() -> Table<i64> {
        let columns = vec![
            Column {
                name: "n",
                zh: "数",
                meaning: "A number.",
                cells: Cells::Integer(|n| Some(i128::from(*n))),
            },
            Column {
                name: "text",
                zh: "文",
                meaning: "It in words.",
                cells: Cells::Text(|n| (n % 3 != 0).then(|| format!("={n}").into())),
            },
            // Absent in some of the batches alone.
            Column {
                name: "low",
                zh: "小数目",
                meaning: "A low number.",
                cells: Cells::Integer(|n| (*n < 80_000).then(|| i128::from(n % 100))),
            },
        ];
        Table { name: "numbers", zh: "数表", meaning: "a number", columns }
    }

    #[test]
    fn merged_runs_are_the_bytes_of_one() {
        let dir = tempfile::tempdir().unwrap();
        let zone = jiff::tz::TimeZone::UTC;
        let day = jiff::civil::date(2026, 3, 31);
        let period = Period::containing(day, Cycle::Monthly, &zone).unwrap();
        let stamp = Stamp { period: &period, digits: 2 };
        let (table, path) = (table(), dir.path().join("numbers.parquet"));
        // More than a batch, and less than one.
        for count in [0, 5, 90_000] {
            write(&table, 0..count, stamp, File::create(&path).unwrap()).unwrap();
            let expected = fs::read(&path).unwrap();
            for (portions, piece_rows) in [(1, 1_000), (3, 700), (40, 1 << 20)] {
                let mut runs = Runs::new(dir.path(), piece_rows).unwrap();
                for portion in 0..portions {
                    let rows: Vec<i64> =
                        (0..count).filter(|n| n * 7 % 11 % portions == portion).collect();
                    let row =
                        |place: usize| Some((SortKey::default().whole(rows[place]), rows[place]));
                    runs.add(&table, stamp, rows.len(), row).unwrap();
                }
                assert_eq!(runs.rows(), count as u64);
                let file = File::create(&path).unwrap();
                let mut seen = 0;
                let written = runs.write(&table, stamp, file, &mut |batch| {
                    seen += batch.num_rows();
                    Ok(batch)
                });
                assert_eq!((written.unwrap(), seen), (count as u64, count as usize));
                assert!(fs::read(&path).unwrap() == expected, "{count} in {portions}");
            }
        }
    }
}
