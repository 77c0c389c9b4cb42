//! What a run published, read back as a user's tools would read it: rows by column name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::Array;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use hutong::run::{self, Order, Outcome, Unwatched};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// A row: its values as text by column; a null is the empty text, and instants are left out.
pub type Row = BTreeMap<String, String>;

/// Runs a pipeline in this process.
pub fn run(
    pipeline: &Path,
    (as_of, period): (&str, Option<&str>),
    to: &Path,
) -> Result<Outcome, run::Error> {
    run::run(&order(pipeline, (as_of, period), to), &Unwatched)
}

/// Closes a period of a pipeline in this process.
pub fn close(
    pipeline: &Path,
    (as_of, period): (&str, Option<&str>),
    to: &Path,
) -> Result<Outcome, run::Error> {
    run::close(&order(pipeline, (as_of, period), to), &Unwatched)
}

/// The order of a run or close, on one thread.
pub fn order(pipeline: &Path, (as_of, period): (&str, Option<&str>), to: &Path) -> Order {
    Order {
        pipeline: pipeline.to_owned(),
        as_of: as_of.parse().unwrap(),
        period: period.map(str::to_owned),
        to: Some(to.to_owned()),
        threads: Some(1),
        buckets: Some(2),
        memory_bytes: None,
        cache: None,
    }
}

/// The rows of a published table; none where it was not published.
pub fn table(folder: &Path, name: &str) -> Vec<Row> {
    let Ok(file) = File::open(folder.join(format!("{name}.parquet"))) else { return Vec::new() };
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let options = FormatOptions::default();
    let mut rows = Vec::new();
    for batch in reader.map(Result::unwrap) {
        let schema = batch.schema();
        let names: BTreeSet<&String> = schema.fields().iter().map(|field| field.name()).collect();
        assert_eq!(names.len(), schema.fields().len(), "{name}: a column's name stands twice");
        let fields = schema.fields().iter().zip(batch.columns());
        // Instants with a zone need a feature of arrow's formatter, and nothing here asks them.
        let shown =
            fields.filter(|(field, _)| !matches!(field.data_type(), DataType::Timestamp(..)));
        let columns: Vec<_> = shown
            .map(|(field, array)| {
                (field.name(), array, ArrayFormatter::try_new(array.as_ref(), &options).unwrap())
            })
            .collect();
        rows.extend((0..batch.num_rows()).map(|row| {
            let cell = |array: &dyn Array, formatter: &ArrayFormatter<'_>| {
                if array.is_valid(row) { formatter.value(row).to_string() } else { String::new() }
            };
            let cells = columns
                .iter()
                .map(|(name, array, formatter)| ((*name).clone(), cell(array.as_ref(), formatter)));
            cells.collect::<Row>()
        }));
    }
    rows
}

/// Every file under a folder with its bytes, so that "untouched" can be compared.
pub fn bytes_under(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_symlink() {
                let target = std::fs::read_link(&path).unwrap();
                found.insert(path, target.to_string_lossy().into_owned().into_bytes());
            } else if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                found.insert(path, bytes);
            }
        }
    }
    found
}
