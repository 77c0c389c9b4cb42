//! Tables to Parquet that every reader can load: PARQUET_1_0 pages, PLAIN and dictionary
//! encodings, SNAPPY, flat columns, no unsigned types, nothing that depends on clock or machine.

use std::fs::File;
use std::io::BufWriter;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::Compression;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use rust_decimal::Decimal;

use super::folder::PublishError;
use super::table::{Cells, Column, EXACT_DIGITS, Table, neutralised};
use crate::value::period::{Period, epoch_days};

/// Rows that are turned into columns at a time.
const CHUNK_ROWS: usize = 1 << 16;

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
pub fn write<R>(
    table: &Table<R>,
    rows: impl Iterator<Item = R>,
    stamp: Stamp<'_>,
    file: File,
) -> Result<u64, PublishError> {
    let digits = stamp.digits;
    let mut fields = vec![
        Field::new("period", DataType::Utf8, false),
        Field::new("as_of", DataType::Date32, false),
    ];
    fields.extend(
        table
            .columns
            .iter()
            .map(|column| Field::new(column.name, arrow_type(column, digits), true)),
    );
    let schema = Arc::new(Schema::new(fields));
    let properties = WriterProperties::builder()
        .set_created_by(format!("hutong {}", env!("CARGO_PKG_VERSION")))
        .set_writer_version(WriterVersion::PARQUET_1_0)
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .build();
    // The Arrow schema in the metadata would only serve arrow readers, and old ones refuse it.
    let options =
        ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer =
        ArrowWriter::try_new_with_options(BufWriter::new(file), schema.clone(), options)?;
    let mut rows = rows.peekable();
    let mut written = 0_u64;
    while rows.peek().is_some() {
        let chunk: Vec<R> = rows.by_ref().take(CHUNK_ROWS).collect();
        let period = StringArray::from_iter_values(std::iter::repeat_n(
            stamp.period.label.as_str(),
            chunk.len(),
        ));
        let as_of = Date32Array::from_value(epoch_days(stamp.period.as_of), chunk.len());
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(period), Arc::new(as_of)];
        for column in &table.columns {
            arrays.push(array(table.name, column, &chunk, digits)?);
        }
        writer.write(&RecordBatch::try_new(schema.clone(), arrays)?)?;
        written += chunk.len() as u64;
    }
    let buffered = writer.into_inner()?;
    let file = buffered.into_inner().map_err(std::io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(written)
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

fn array<R>(
    table: &'static str,
    column: &Column<R>,
    rows: &[R],
    digits: u32,
) -> Result<ArrayRef, PublishError> {
    let too_large = || PublishError::TooLarge { table, column: column.name };
    let decimals = |cell: fn(&R) -> Option<Decimal>, places: u32| {
        let units = rows
            .iter()
            .map(|row| cell(row).map(|decimal| units(decimal, places).ok_or_else(too_large)))
            .map(Option::transpose)
            .collect::<Result<Vec<Option<i128>>, PublishError>>()?;
        Ok::<ArrayRef, PublishError>(Arc::new(
            Decimal128Array::from(units).with_precision_and_scale(18, places as i8)?,
        ))
    };
    Ok(match column.cells {
        Cells::Text(cell) => {
            Arc::new(rows.iter().map(|row| cell(row).map(neutralised)).collect::<StringArray>())
        }
        Cells::Integer(cell) => {
            let integers = rows
                .iter()
                .map(|row| cell(row).map(|n| i64::try_from(n).map_err(|_| too_large())))
                .map(Option::transpose)
                .collect::<Result<Vec<Option<i64>>, PublishError>>()?;
            Arc::new(Int64Array::from(integers))
        }
        Cells::Money(cell) => decimals(cell, digits)?,
        Cells::Exact(cell) => decimals(cell, EXACT_DIGITS)?,
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
    })
}

/// A decimal in units of 10^-places, if it is a whole number of them and fits DECIMAL(18).
fn units(decimal: Decimal, places: u32) -> Option<i128> {
    let normal = decimal.normalize();
    let factor = 10_i128.checked_pow(places.checked_sub(normal.scale())?)?;
    normal.mantissa().checked_mul(factor).filter(|units| units.abs() <= DECIMAL_MAX)
}
