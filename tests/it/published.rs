//! What stands in Parquet files and published folders, as text, and runs in this process.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, TimestampMicrosecondArray};
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use hutong::generate::{DataFormat, GenerateOrder, Generated, generate};
use hutong::run::{self, Order, Outcome, Unwatched};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// A table with its columns' names and its rows in order; a null is the empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    pub columns: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads a Parquet file.
    pub fn read(path: &Path) -> Sheet {
        let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let columns = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let mut rows = Vec::new();
        let options = FormatOptions::default();
        for batch in builder.build().unwrap() {
            let batch = batch.unwrap();
            let cells: Vec<Vec<String>> =
                batch.columns().iter().map(|column| texts(column.as_ref(), &options)).collect();
            rows.extend(
                (0..batch.num_rows())
                    .map(|row| cells.iter().map(|column| column[row].clone()).collect()),
            );
        }
        Sheet { columns, rows }
    }

    /// Where a column stands.
    #[track_caller]
    pub fn place(&self, name: &str) -> usize {
        let place = self.columns.iter().position(|column| column == name);
        place.unwrap_or_else(|| panic!("no column `{name}` in {:?}", self.columns))
    }

    /// The rows by the names of their columns.
    pub fn records(&self) -> impl Iterator<Item = BTreeMap<&str, &str>> {
        self.rows.iter().map(|row| {
            let names = self.columns.iter().map(String::as_str);
            names.zip(row.iter().map(String::as_str)).collect()
        })
    }

    /// The same without some columns; it does not matter if there is no such column.
    pub fn without(&self, dropped: &[&str]) -> Sheet {
        let kept: Vec<usize> = (0..self.columns.len())
            .filter(|place| !dropped.contains(&self.columns[*place].as_str()))
            .collect();
        let pick = |row: &Vec<String>| kept.iter().map(|place| row[*place].clone()).collect();
        Sheet { columns: pick(&self.columns), rows: self.rows.iter().map(pick).collect() }
    }
}

fn texts(column: &dyn Array, options: &FormatOptions) -> Vec<String> {
    // Instants with a zone need a feature of arrow's formatter; their microseconds tell as much.
    if matches!(column.data_type(), DataType::Timestamp(..)) {
        let instants = column.as_any().downcast_ref::<TimestampMicrosecondArray>().unwrap();
        return instants.iter().map(|at| at.map(|at| at.to_string()).unwrap_or_default()).collect();
    }
    let formatter = ArrayFormatter::try_new(column, options).unwrap();
    (0..column.len())
        .map(|row| if column.is_valid(row) { formatter.value(row).to_string() } else { "".into() })
        .collect()
}

/// Every file under a folder, by its path in it; pointers are not followed.
pub fn files_under(folder: &Path) -> BTreeMap<PathBuf, PathBuf> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let entry = entry.unwrap();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let path = entry.path();
                files.insert(path.strip_prefix(folder).unwrap().to_owned(), path);
            }
        }
    }
    files
}

/// The bytes of every file under a folder, by its path in it.
pub fn bytes_under(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = files_under(folder).into_iter();
    files.map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
}

/// The order that most worlds here vary: two hundred members, one month, every fault.
pub fn small_order(to: &Path) -> GenerateOrder {
    GenerateOrder {
        members: 200,
        events: 900,
        seed: 1,
        faults_ppm: 20_000,
        to: to.to_owned(),
        format: DataFormat::Mixed,
        first_period: (2026, 3),
        periods: 1,
        as_of: None,
        blocking: false,
        refused: true,
        codes: Vec::new(),
    }
}

/// Generates, and hands over what was generated.
pub fn generated(order: &GenerateOrder) -> Generated {
    generate(order).unwrap_or_else(|error| panic!("{order:?}: {error}"))
}

/// The last day of a month such as `2026-03`.
pub fn last_day(period: &str) -> jiff::civil::Date {
    format!("{period}-01").parse::<jiff::civil::Date>().unwrap().last_of_month()
}

/// The run of one month of a pipeline, seen on its last day, to be published under `to`.
pub fn month_order(pipeline: &Path, period: &str, to: &Path) -> Order {
    Order {
        pipeline: pipeline.to_owned(),
        as_of: last_day(period),
        period: Some(period.to_owned()),
        to: Some(to.to_owned()),
        threads: Some(1),
        buckets: None,
        memory_bytes: None,
        cache: None,
    }
}

/// Runs, and hands over the outcome.
pub fn ran(order: &Order) -> Outcome {
    run::run(order, &Unwatched).unwrap_or_else(|error| panic!("{order:?}: {error}"))
}
