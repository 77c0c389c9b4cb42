//! The bridge from Arrow arrays to polars columns, over the Arrow C data interface.
//!
//! Arrow-rs reads and writes files here and polars joins and groups; both speak the C data
//! interface, so an array crosses without a copy. This is the only file with `unsafe` in it.
#![expect(unsafe_code, reason = "the C data interface hands over raw pointers")]

use arrow::array::{Array, StringArray, UInt32Array};
use arrow::compute::take;
use polars::prelude::{Column, DataFrame, PlSmallStr, PolarsError, Series};

/// A frame that could not be bridged or joined: a bug, or memory refused.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// Arrow refused.
    #[error("arrow: {0}")]
    Arrow(#[from] arrow::error::ArrowError),
    /// Polars refused.
    #[error("polars: {0}")]
    Polars(#[from] PolarsError),
}

/// A polars column over an Arrow array.
///
/// # Errors
/// When either side does not know the type.
pub fn column(name: &str, array: &dyn Array) -> Result<Column, BridgeError> {
    let (array, schema) = arrow::ffi::to_ffi(&array.to_data())?;
    // SAFETY: both crates declare `struct ArrowArray` and `struct ArrowSchema` of the Arrow C data
    // interface with the layout that its specification fixes, so that a value of one is a value of
    // the other. The value is moved, and its new owner calls `release` exactly once.
    let (array, schema) = unsafe {
        (
            std::mem::transmute::<arrow::ffi::FFI_ArrowArray, polars_arrow::ffi::ArrowArray>(array),
            std::mem::transmute::<arrow::ffi::FFI_ArrowSchema, polars_arrow::ffi::ArrowSchema>(
                schema,
            ),
        )
    };
    // SAFETY: `to_ffi` made the pair, so that the schema describes the array.
    let imported = unsafe {
        let field = polars_arrow::ffi::import_field_from_c(&schema)?;
        polars_arrow::ffi::import_array_from_c(array, field.dtype)?
    };
    Ok(Series::from_arrow(PlSmallStr::from_str(name), imported)?.into())
}

/// A frame of one bucket: the keys of some rows, and the rows themselves, under two names.
///
/// # Errors
/// When a type is not known or a row does not exist.
pub fn keyed_rows(
    (key_name, keys): (&str, &StringArray),
    (row_name, rows): (&str, &[u32]),
) -> Result<DataFrame, BridgeError> {
    let rows = UInt32Array::from(rows.to_vec());
    let keys = take(keys, &rows, None)?;
    let columns = vec![column(key_name, keys.as_ref())?, column(row_name, &rows)?];
    Ok(DataFrame::new(rows.len(), columns)?)
}

/// The whole numbers of a column, nulls left out.
///
/// # Errors
/// When there is no such column, or it holds other things.
pub fn numbers(frame: &DataFrame, name: &str) -> Result<Vec<u32>, BridgeError> {
    Ok(frame.column(name)?.u32()?.iter().flatten().collect())
}

/// The texts of a column, nulls left out.
///
/// # Errors
/// When there is no such column, or it holds other things.
pub fn texts(frame: &DataFrame, name: &str) -> Result<Vec<String>, BridgeError> {
    let column = frame.column(name)?.str()?;
    Ok(column.iter().flatten().map(str::to_owned).collect())
}
