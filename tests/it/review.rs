//! Publications reviewed, and how a test alters them: the worked example, a cell of a table, and a
//! manifest that is made to agree.

mod sound;
mod figures;
mod story;
mod beside;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use hutong::review::{Publication, verify};
use parquet::arrow::ArrowWriter;

use crate::forged::read;

/// The worked example, published once.
static EXAMPLE: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("pipelines/worked-example.yaml");
    let outcome = crate::tables::run(pipeline, ("2026-03-31", None), out.path()).unwrap();
    let folder = outcome.published.folder().to_owned();
    (out, folder)
});

/// The worked example, in a folder of the caller's own.
fn example() -> (tempfile::TempDir, PathBuf) {
    let (published, folder) = &*EXAMPLE;
    let out = tempfile::tempdir().unwrap();
    let own = out.path().join(folder.strip_prefix(published.path()).unwrap());
    fs::create_dir_all(&own).unwrap();
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), own.join(file.file_name())).unwrap();
    }
    (out, own)
}

/// The names of the checks that find something.
fn faults(folder: &Path) -> Vec<&'static str> {
    found(&Publication::open(folder).unwrap())
}

/// The names of the checks that find something of a publication as it is read.
pub fn found(publication: &Publication) -> Vec<&'static str> {
    let checks = verify(publication).unwrap();
    checks.iter().filter(|check| !check.is_clean()).map(|check| check.name).collect()
}

/// Fails when a publication is not what follows from its own tables.
#[track_caller]
pub fn is_sound(folder: &Path, whose: &str) {
    let faults = all_faults(folder);
    assert!(faults.is_empty(), "{whose}: {faults:#?}");
}

/// Whatever does not follow from a publication's own tables.
pub fn all_faults(folder: &Path) -> Vec<String> {
    let checks = verify(&Publication::open(folder).unwrap()).unwrap();
    checks.into_iter().flat_map(|check| check.faults).collect()
}

/// Alters a cell of a table: adds one to a figure, or a letter to a text; the manifest is made to
/// agree with the file.
pub fn alter(folder: &Path, table: &str, column: &str, row: usize) {
    let path = folder.join(format!("{table}.parquet"));
    let batch = altered(&read(&path), column, row);
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    agree(folder, table);
}

/// The rows of a table with one to a figure or a letter to a text in a cell.
pub fn altered(batch: &RecordBatch, column: &str, row: usize) -> RecordBatch {
    let at = batch.schema().index_of(column).unwrap();
    let old = batch.column(at);
    assert!(old.is_valid(row), "{column} of row {row} is empty");
    let new: ArrayRef = match old.data_type() {
        DataType::Int64 => {
            let values = old.as_primitive::<Int64Type>().iter().enumerate();
            Arc::new(
                values.map(|(i, v)| v.map(|v| v + i64::from(i == row))).collect::<Int64Array>(),
            )
        }
        DataType::Decimal128(precision, scale) => {
            let values = old.as_primitive::<Decimal128Type>().iter().enumerate();
            let values = values.map(|(i, v)| v.map(|v| v + i128::from(i == row)));
            let values = values.collect::<Decimal128Array>();
            Arc::new(values.with_precision_and_scale(*precision, *scale).unwrap())
        }
        DataType::Date32 => {
            let values = old.as_primitive::<Date32Type>().iter().enumerate();
            Arc::new(
                values.map(|(i, v)| v.map(|v| v + i32::from(i == row))).collect::<Date32Array>(),
            )
        }
        DataType::Utf8 => {
            let values = old.as_string::<i32>().iter().enumerate();
            let values =
                values.map(|(i, v)| v.map(|v| if i == row { format!("{v}x") } else { v.into() }));
            Arc::new(values.collect::<StringArray>())
        }
        DataType::Boolean => {
            let values = old.as_boolean().iter().enumerate();
            Arc::new(values.map(|(i, v)| v.map(|v| v != (i == row))).collect::<BooleanArray>())
        }
        DataType::Timestamp(..) => {
            let values = old.as_primitive::<TimestampMicrosecondType>().iter().enumerate();
            let values = values.map(|(i, v)| v.map(|v| v + i64::from(i == row)));
            let values = values.collect::<TimestampMicrosecondArray>();
            Arc::new(values.with_data_type(old.data_type().clone()))
        }
        other => panic!("{column} is {other}"),
    };
    let mut columns = batch.columns().to_vec();
    columns[at] = new;
    RecordBatch::try_new(batch.schema(), columns).unwrap()
}

/// Makes the manifest agree with a table as it lies there.
pub fn agree(folder: &Path, table: &str) {
    let bytes = fs::read(folder.join(format!("{table}.parquet"))).unwrap();
    let manifest = folder.join("manifest.json");
    let mut said: serde_json::Value =
        serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    for output in said["outputs"].as_array_mut().unwrap() {
        if output["file"] == format!("{table}.parquet") {
            output["bytes"] = bytes.len().into();
            output["blake3"] = blake3::hash(&bytes).to_hex().as_str().into();
        }
    }
    fs::write(&manifest, serde_json::to_vec(&said).unwrap()).unwrap();
}
