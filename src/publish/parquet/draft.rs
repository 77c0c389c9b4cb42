//! The columns of some rows, being made: every row gives each column its cell.

use std::borrow::Cow;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Array, Date32Builder, Decimal128Builder, Int64Builder,
    RecordBatch, StringArray, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow::datatypes::SchemaRef;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Stamp;
use crate::publish::folder::PublishError;
use crate::publish::table::{Cells, EXACT_DIGITS, Table, neutralised};
use crate::value::period::{Instant, epoch_days};

/// The most that DECIMAL(18, s) holds.
const DECIMAL_MAX: i128 = 999_999_999_999_999_999;

/// What a text cell is taken to need, in bytes, before any is seen.
const TEXT_BYTES: usize = 16;

/// The columns of rows that are added piece by piece.
pub(super) struct Draft<'t, R> {
    table: &'t Table<R>,
    stamp: Stamp<'t>,
    fillings: Vec<Filling<R>>,
    rows: usize,
}

/// A column being filled, and where its cells come from.
enum Filling<R> {
    Text(StringBuilder, for<'r> fn(&'r R) -> Option<Cow<'r, str>>),
    Integer(Int64Builder, fn(&R) -> Option<i128>),
    /// With its places.
    Decimal(Decimal128Builder, fn(&R) -> Option<Decimal>, u32),
    Day(Date32Builder, fn(&R) -> Option<Date>),
    At(TimestampMicrosecondBuilder, fn(&R) -> Option<Instant>),
    Flag(BooleanBuilder, fn(&R) -> Option<bool>),
}

impl<'t, R> Draft<'t, R> {
    /// No rows yet, and room for some.
    pub(super) fn new(table: &'t Table<R>, stamp: Stamp<'t>, rows: usize) -> Draft<'t, R> {
        let decimals = || Decimal128Builder::with_capacity(rows);
        let fillings = table.columns.iter().map(|column| match column.cells {
            Cells::Text(cell) => {
                Filling::Text(StringBuilder::with_capacity(rows, rows * TEXT_BYTES), cell)
            }
            Cells::Integer(cell) => Filling::Integer(Int64Builder::with_capacity(rows), cell),
            Cells::Money(cell) => Filling::Decimal(decimals(), cell, stamp.digits),
            Cells::Exact(cell) => Filling::Decimal(decimals(), cell, EXACT_DIGITS),
            Cells::Day(cell) => Filling::Day(Date32Builder::with_capacity(rows), cell),
            Cells::At(cell) => Filling::At(TimestampMicrosecondBuilder::with_capacity(rows), cell),
            Cells::Flag(cell) => Filling::Flag(BooleanBuilder::with_capacity(rows), cell),
        });
        Draft { table, stamp, fillings: fillings.collect(), rows: 0 }
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`PublishError::TooLarge`] when a figure does not fit its column.
    pub(super) fn add(&mut self, rows: &[R]) -> Result<(), PublishError> {
        for (column, filling) in self.table.columns.iter().zip(&mut self.fillings) {
            if let Err(unfit) = filling.fill(rows) {
                return Err(unfit.told(self.table, column.name, rows));
            }
        }
        self.rows += rows.len();
        Ok(())
    }

    /// The columns, after those with which every table begins.
    ///
    /// # Errors
    /// [`PublishError`] when they do not make a batch of the schema.
    pub(super) fn finish(self, schema: &SchemaRef) -> Result<RecordBatch, PublishError> {
        let period = self.stamp.period;
        let label = std::iter::repeat_n(period.label.as_str(), self.rows);
        let as_of = Date32Array::from_value(epoch_days(period.as_of), self.rows);
        let mut arrays: Vec<ArrayRef> =
            vec![Arc::new(StringArray::from_iter_values(label)), Arc::new(as_of)];
        for filling in self.fillings {
            arrays.push(filling.finish()?);
        }
        Ok(RecordBatch::try_new(schema.clone(), arrays)?)
    }
}

impl<R> Filling<R> {
    /// Fills in the cells of rows, up to the first figure that does not fit.
    fn fill(&mut self, rows: &[R]) -> Result<(), Unfit> {
        match self {
            Filling::Text(texts, cell) => {
                // Texts stand far apart in memory. Where each is is found out before any is looked
                // at, so that the processor can fetch several at a time.
                let cells: Vec<Option<Cow<'_, str>>> = rows.iter().map(cell).collect();
                cells.into_iter().for_each(|cell| texts.append_option(cell.map(neutralised)));
            }
            Filling::Integer(integers, cell) => {
                for (row, cells) in rows.iter().enumerate() {
                    let figure = cell(cells).map(|figure| {
                        i64::try_from(figure).map_err(|_| Unfit { row, figure: figure.to_string() })
                    });
                    integers.append_option(figure.transpose()?);
                }
            }
            Filling::Decimal(decimals, cell, places) => {
                for (row, cells) in rows.iter().enumerate() {
                    let figure = cell(cells).map(|figure| {
                        units(figure, *places)
                            .ok_or_else(|| Unfit { row, figure: figure.to_string() })
                    });
                    decimals.append_option(figure.transpose()?);
                }
            }
            Filling::Day(days, cell) => {
                rows.iter().for_each(|row| days.append_option(cell(row).map(epoch_days)));
            }
            Filling::At(instants, cell) => {
                rows.iter().for_each(|row| instants.append_option(cell(row).map(|at| at.0)));
            }
            Filling::Flag(flags, cell) => {
                rows.iter().for_each(|row| flags.append_option(cell(row)));
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<ArrayRef, PublishError> {
        Ok(match self {
            Filling::Text(mut texts, _) => Arc::new(texts.finish()),
            Filling::Integer(mut integers, _) => Arc::new(integers.finish()),
            Filling::Decimal(mut decimals, _, places) => {
                // Minor digits are at most three and exact places six: both fit an i8.
                Arc::new(decimals.finish().with_precision_and_scale(18, places as i8)?)
            }
            Filling::Day(mut days, _) => Arc::new(days.finish()),
            Filling::At(mut instants, _) => Arc::new(instants.finish().with_timezone("UTC")),
            Filling::Flag(mut flags, _) => Arc::new(flags.finish()),
        })
    }
}

/// A figure that its column cannot hold, and its row among those that are added.
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

/// A decimal in units of 10^-places, if it is a whole number of them and fits DECIMAL(18).
fn units(decimal: Decimal, places: u32) -> Option<i128> {
    // Zeros behind the last digit say nothing, and are in the way only of a place too many.
    let exact = if decimal.scale() <= places { decimal } else { decimal.normalize() };
    let factor = 10_i128.checked_pow(places.checked_sub(exact.scale())?)?;
    exact.mantissa().checked_mul(factor).filter(|units| units.abs() <= DECIMAL_MAX)
}
