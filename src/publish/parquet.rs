//! Tables to Parquet that every reader can load: PARQUET_1_0 pages, PLAIN and dictionary
//! encodings, SNAPPY, flat columns, no unsigned types, nothing that depends on clock or machine.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::SerializedFileWriter;
use rayon::prelude::*;

use self::draft::Draft;
use super::folder::PublishError;
use super::table::{Cells, Column, EXACT_DIGITS, Table};
use crate::value::period::Period;

mod draft;
mod order;
mod runs;

pub use order::SortKey;
pub use runs::{Amend, Runs};

/// Rows that are made at a time by one worker: few enough that they stay in its cache while every
/// column takes its cells from them.
const PIECE_ROWS: usize = 1 << 9;

/// Rows of a batch of columns.
const CHUNK_ROWS: usize = 1 << 15;

/// Batches that are made side by side; a row group is a whole number of these.
const CHUNKS_AT_ONCE: usize = 4;

/// Rows of a Parquet row group.
const GROUP_ROWS: usize = 1 << 20;

/// What every table is stamped with.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// The period and as-of date of every row.
    pub period: &'a Period,
    /// The places of money: the greatest number of minor digits among the currencies.
    pub digits: u32,
}

/// Writes a table, row by row of an iterator, and tells how many rows it had.
///
/// # Errors
/// [`PublishError`] when the file cannot be written, or a figure does not fit its column.
pub fn write<R: Send + Sync>(
    table: &Table<R>,
    mut rows: impl Iterator<Item = R>,
    stamp: Stamp<'_>,
    file: File,
) -> Result<u64, PublishError> {
    let mut sink = Sink::new(table, stamp, file)?;
    let schema = sink.schema.clone();
    let mut made = Made::new();
    loop {
        let held: Vec<R> = rows.by_ref().take(CHUNK_ROWS * CHUNKS_AT_ONCE).collect();
        let make = |chunk: &[R]| {
            let mut draft = Draft::new(table, stamp, chunk.len());
            for piece in chunk.chunks(PIECE_ROWS) {
                draft.add(piece)?;
            }
            draft.finish(&schema)
        };
        let (next, added) = rayon::join(
            || held.par_chunks(CHUNK_ROWS).map(make).collect(),
            || sink.add_made(std::mem::take(&mut made), &mut |_| Ok(())),
        );
        added?;
        if held.is_empty() {
            return sink.finish();
        }
        made = next;
    }
}

/// Batches that were made, in their order, while those before them are written.
type Made = Vec<Result<RecordBatch, PublishError>>;

/// Who is given each batch.
pub type Heard<'a> = &'a mut (dyn FnMut(&RecordBatch) -> Result<(), PublishError> + Send);

/// Writes a table of which the row at each place `0..count` can be made by itself, several at a
/// time, and tells how many rows it had. A place without a row is passed over. `heard` is given the
/// batches in their order.
///
/// # Errors
/// As of [`write`].
pub fn write_by_place<R: Send + Sync>(
    table: &Table<R>,
    count: usize,
    row: impl Fn(usize) -> Option<R> + Sync,
    stamp: Stamp<'_>,
    file: File,
    heard: Heard<'_>,
) -> Result<u64, PublishError> {
    let mut sink = Sink::new(table, stamp, file)?;
    let schema = sink.schema.clone();
    let mut made = Made::new();
    for start in (0..count).step_by(CHUNK_ROWS * CHUNKS_AT_ONCE) {
        let end = (start + CHUNK_ROWS * CHUNKS_AT_ONCE).min(count);
        let starts: Vec<usize> = (start..end).step_by(CHUNK_ROWS).collect();
        let make = |start: usize| {
            let end = (start + CHUNK_ROWS).min(end);
            let mut draft = Draft::new(table, stamp, end - start);
            let mut piece = Vec::with_capacity(PIECE_ROWS);
            for start in (start..end).step_by(PIECE_ROWS) {
                piece.clear();
                piece.extend((start..(start + PIECE_ROWS).min(end)).filter_map(&row));
                draft.add(&piece)?;
            }
            draft.finish(&schema)
        };
        let (next, added) = rayon::join(
            || starts.into_par_iter().map(make).collect(),
            || sink.add_made(std::mem::take(&mut made), heard),
        );
        added?;
        made = next;
    }
    sink.add_made(made, heard)?;
    sink.finish()
}

/// A Parquet file being written. Columns are encoded side by side; how many at a time shows
/// nowhere, because each has pages of its own.
struct Sink {
    schema: SchemaRef,
    file: SerializedFileWriter<BufWriter<File>>,
    groups: ArrowRowGroupWriterFactory,
    /// The columns of the row group at hand.
    columns: Vec<ArrowColumnWriter>,
    group_rows: usize,
    written: u64,
}

impl Sink {
    fn new<R>(table: &Table<R>, stamp: Stamp<'_>, file: File) -> Result<Sink, PublishError> {
        let schema = schema_of(table, stamp.digits);
        let properties = WriterProperties::builder()
            .set_created_by(format!("hutong {}", env!("CARGO_PKG_VERSION")))
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .build();
        // The Arrow schema in the metadata would only serve arrow readers, and old ones refuse it.
        let options =
            ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer =
            ArrowWriter::try_new_with_options(BufWriter::new(file), schema.clone(), options)?;
        let (file, groups) = writer.into_serialized_writer()?;
        let columns = groups.create_column_writers(0)?;
        Ok(Sink { schema, file, groups, columns, group_rows: 0, written: 0 })
    }

    /// Adds what was made. Of several batches that failed the first is told, whichever was made
    /// first.
    fn add_made(&mut self, made: Made, heard: Heard<'_>) -> Result<(), PublishError> {
        let batches = made.into_iter().collect::<Result<Vec<RecordBatch>, PublishError>>()?;
        batches.iter().try_for_each(heard)?;
        self.add(&batches)
    }

    /// Adds batches, of which every one but a table's last had [`CHUNK_ROWS`], so that row groups
    /// end alike.
    fn add(&mut self, batches: &[RecordBatch]) -> Result<(), PublishError> {
        let fields = self.schema.fields();
        self.columns.par_iter_mut().enumerate().try_for_each(|(index, column)| {
            for batch in batches {
                for leaf in compute_leaves(&fields[index], batch.column(index))? {
                    column.write(&leaf)?;
                }
            }
            Ok::<(), PublishError>(())
        })?;
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        self.group_rows += rows;
        self.written += rows as u64;
        if self.group_rows >= GROUP_ROWS {
            self.end_group()?;
        }
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), PublishError> {
        let chunks: Vec<ArrowColumnChunk> = std::mem::take(&mut self.columns)
            .into_par_iter()
            .map(|column| Ok(column.close()?))
            .collect::<Result<_, PublishError>>()?;
        let mut group = self.file.next_row_group()?;
        for chunk in chunks {
            chunk.append_to_row_group(&mut group)?;
        }
        group.close()?;
        self.columns = self.groups.create_column_writers(self.file.flushed_row_groups().len())?;
        self.group_rows = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<u64, PublishError> {
        if self.group_rows > 0 {
            self.end_group()?;
        }
        let buffered = self.file.into_inner()?;
        let file = buffered.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()?;
        Ok(self.written)
    }
}

/// The columns of a table: those with which every table begins, and its own.
fn schema_of<R>(table: &Table<R>, digits: u32) -> SchemaRef {
    let mut fields = vec![
        Field::new("period", DataType::Utf8, false),
        Field::new("as_of", DataType::Date32, false),
    ];
    let columns = table.columns.iter();
    fields.extend(columns.map(|column| Field::new(column.name, arrow_type(column, digits), true)));
    Arc::new(Schema::new(fields))
}

fn arrow_type<R>(column: &Column<R>, digits: u32) -> DataType {
    // Minor digits are at most three and exact places six: both fit an i8.
    let decimal = |digits: u32| DataType::Decimal128(18, digits as i8);
    match column.cells {
        Cells::Text(_) => DataType::Utf8,
        Cells::Integer(_) => DataType::Int64,
        Cells::Money(_) => decimal(digits),
        Cells::Exact(_) => decimal(EXACT_DIGITS),
        Cells::Day(_) => DataType::Date32,
        Cells::At(_) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Cells::Flag(_) => DataType::Boolean,
    }
}
