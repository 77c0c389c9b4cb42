//! Tables to Parquet that every reader can load: PARQUET_1_0 pages, PLAIN and dictionary
//! encodings, SNAPPY, flat columns, no unsigned types, nothing that depends on clock or machine.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
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
use rust_decimal::Decimal;

use super::folder::PublishError;
use super::table::{Cells, Column, EXACT_DIGITS, Table, neutralised};
use crate::value::period::{Period, epoch_days};

/// Rows that are turned into columns at a time.
const CHUNK_ROWS: usize = 1 << 16;

/// Chunks that are made side by side; a row group is a whole number of these.
const CHUNKS_AT_ONCE: usize = 4;

/// Rows of a Parquet row group.
const GROUP_ROWS: usize = 1 << 20;

/// The most that DECIMAL(18, s) holds.
const DECIMAL_MAX: i128 = 999_999_999_999_999_999;

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
    loop {
        let chunk: Vec<R> = rows.by_ref().take(CHUNK_ROWS).collect();
        if chunk.is_empty() {
            return sink.finish();
        }
        sink.add(&[chunk])?;
    }
}

/// Writes a table of which the row at each place `0..count` can be made by itself, several at a
/// time, and tells how many rows it had. A place without a row is passed over.
///
/// # Errors
/// As of [`write`].
pub fn write_by_place<R: Send + Sync>(
    table: &Table<R>,
    count: usize,
    row: impl Fn(usize) -> Option<R> + Sync,
    stamp: Stamp<'_>,
    file: File,
) -> Result<u64, PublishError> {
    let mut sink = Sink::new(table, stamp, file)?;
    for start in (0..count).step_by(CHUNK_ROWS * CHUNKS_AT_ONCE) {
        let end = (start + CHUNK_ROWS * CHUNKS_AT_ONCE).min(count);
        let chunks: Vec<Vec<R>> = (start..end)
            .step_by(CHUNK_ROWS)
            .collect::<Vec<usize>>()
            .into_par_iter()
            .map(|from| (from..(from + CHUNK_ROWS).min(end)).filter_map(&row).collect())
            .collect();
        sink.add(&chunks)?;
    }
    sink.finish()
}

/// A Parquet file being written. Columns are encoded side by side; how many at a time shows
/// nowhere, because each has pages of its own.
struct Sink<'t, R> {
    table: &'t Table<R>,
    stamp: Stamp<'t>,
    schema: SchemaRef,
    file: SerializedFileWriter<BufWriter<File>>,
    groups: ArrowRowGroupWriterFactory,
    /// The columns of the row group at hand.
    columns: Vec<ArrowColumnWriter>,
    group_rows: usize,
    written: u64,
}

impl<'t, R: Send + Sync> Sink<'t, R> {
    fn new(table: &'t Table<R>, stamp: Stamp<'t>, file: File) -> Result<Sink<'t, R>, PublishError> {
        let mut fields = vec![
            Field::new("period", DataType::Utf8, false),
            Field::new("as_of", DataType::Date32, false),
        ];
        fields.extend(
            table
                .columns
                .iter()
                .map(|column| Field::new(column.name, arrow_type(column, stamp.digits), true)),
        );
        let schema = Arc::new(Schema::new(fields));
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
        Ok(Sink { table, stamp, schema, file, groups, columns, group_rows: 0, written: 0 })
    }

    /// Adds rows; every chunk but the last has [`CHUNK_ROWS`], so that row groups end alike.
    fn add(&mut self, chunks: &[Vec<R>]) -> Result<(), PublishError> {
        let (table, schema, stamp) = (self.table, &self.schema, self.stamp);
        let batches: Vec<RecordBatch> = chunks
            .par_iter()
            .map(|chunk| batch(table, schema, stamp, chunk))
            .collect::<Result<_, PublishError>>()?;
        let fields = self.schema.fields();
        self.columns.par_iter_mut().enumerate().try_for_each(|(index, column)| {
            for batch in &batches {
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

/// The columns of some rows, made side by side.
fn batch<R: Sync>(
    table: &Table<R>,
    schema: &SchemaRef,
    stamp: Stamp<'_>,
    rows: &[R],
) -> Result<RecordBatch, PublishError> {
    let Stamp { period, digits } = stamp;
    let label = std::iter::repeat_n(period.label.as_str(), rows.len());
    let as_of = Date32Array::from_value(epoch_days(period.as_of), rows.len());
    let mut arrays: Vec<ArrayRef> =
        vec![Arc::new(StringArray::from_iter_values(label)), Arc::new(as_of)];
    // Of several that do not fit, the first column's is told, whichever was made first.
    let cells: Vec<_> =
        table.columns.par_iter().map(|column| array(column, rows, digits)).collect();
    for (column, cells) in table.columns.iter().zip(cells) {
        arrays.push(cells?.map_err(|unfit| unfit.told(table, column.name, rows))?);
    }
    Ok(RecordBatch::try_new(schema.clone(), arrays)?)
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

/// A figure that its column cannot hold, and its row in the chunk.
struct Unfit {
    row: usize,
    figure: String,
}

/// The columns in which tables name events and where rows stood.
const NAMING: [&str; 11] = [
    "event_id",
    "issuer_event_id",
    "acceptor_event_id",
    "a_event_id",
    "b_event_id",
    "issuer_row",
    "acceptor_row",
    "a_rows",
    "b_rows",
    "issuer_file",
    "acceptor_file",
];

impl Unfit {
    /// The error, with what the row says of its events: whoever reads it can look there.
    fn told<R>(self, table: &Table<R>, column: &'static str, rows: &[R]) -> PublishError {
        let mut named = Vec::new();
        for other in table.columns.iter().filter(|other| NAMING.contains(&other.name)) {
            if let Cells::Text(cell) = other.cells
                && let Some(text) = rows.get(self.row).and_then(cell)
            {
                named.push(format!("{} {text}", other.name));
            }
        }
        let of = match &named[..] {
            [] => String::new(),
            named => format!(" ({})", named.join(", ")),
        };
        PublishError::TooLarge { table: table.name, column, figure: self.figure, of }
    }
}

/// A column's cells; within, the first figure that does not fit.
fn array<R: Sync>(
    column: &Column<R>,
    rows: &[R],
    digits: u32,
) -> Result<Result<ArrayRef, Unfit>, PublishError> {
    let decimals = |cell: fn(&R) -> Option<Decimal>, places: u32| {
        let units = rows.iter().enumerate().map(|(row, cells)| {
            let fit = |figure: Decimal| {
                units(figure, places).ok_or(Unfit { row, figure: figure.to_string() })
            };
            cell(cells).map(fit).transpose()
        });
        let units = match units.collect::<Result<Vec<Option<i128>>, Unfit>>() {
            Ok(units) => units,
            Err(unfit) => return Ok(Err(unfit)),
        };
        let array = Decimal128Array::from(units).with_precision_and_scale(18, places as i8)?;
        Ok::<Result<ArrayRef, Unfit>, PublishError>(Ok(Arc::new(array)))
    };
    Ok(Ok(match column.cells {
        Cells::Text(cell) => {
            Arc::new(rows.iter().map(|row| cell(row).map(neutralised)).collect::<StringArray>())
        }
        Cells::Integer(cell) => {
            let integers = rows.iter().enumerate().map(|(row, cells)| {
                let fit = |figure: i128| {
                    i64::try_from(figure).map_err(|_| Unfit { row, figure: figure.to_string() })
                };
                cell(cells).map(fit).transpose()
            });
            match integers.collect::<Result<Vec<Option<i64>>, Unfit>>() {
                Ok(integers) => Arc::new(Int64Array::from(integers)),
                Err(unfit) => return Ok(Err(unfit)),
            }
        }
        Cells::Money(cell) => return decimals(cell, digits),
        Cells::Exact(cell) => return decimals(cell, EXACT_DIGITS),
        Cells::Day(cell) => {
            Arc::new(rows.iter().map(|row| cell(row).map(epoch_days)).collect::<Date32Array>())
        }
        Cells::At(cell) => Arc::new(
            rows.iter()
                .map(|row| cell(row).map(|at| at.0))
                .collect::<TimestampMicrosecondArray>()
                .with_timezone("UTC"),
        ),
        Cells::Flag(cell) => Arc::new(rows.iter().map(cell).collect::<BooleanArray>()),
    }))
}

/// A decimal in units of 10^-places, if it is a whole number of them and fits DECIMAL(18).
fn units(decimal: Decimal, places: u32) -> Option<i128> {
    // Zeros behind the last digit say nothing, and are in the way only of a place too many.
    let exact = if decimal.scale() <= places { decimal } else { decimal.normalize() };
    let factor = 10_i128.checked_pow(places.checked_sub(exact.scale())?)?;
    exact.mantissa().checked_mul(factor).filter(|units| units.abs() <= DECIMAL_MAX)
}
