//! A published folder as an auditor opens it: its manifest, and its tables row by row.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::PageIndexPolicy;
use rust_decimal::Decimal;

use super::before::Finals;
use super::manifest::Manifest;
use super::minisign::KeyError;
use crate::source::unprinted;

/// The manifest's name; a folder without one is no publication.
pub(super) const MANIFEST: &str = "manifest.json";

/// Rows that are read at a time.
const BATCH_ROWS: usize = 1 << 13;

/// Why a publication cannot be reviewed.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The path leads to no publication.
    #[error("{0} is no publication: it has no manifest.json")]
    NoPublication(PathBuf),
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A manifest is cut short or otherwise no manifest.
    #[error("{path} is damaged")]
    Damaged {
        /// The manifest.
        path: PathBuf,
        /// Why it cannot be understood.
        source: serde_json::Error,
    },
    /// A table is not what the manifest or the dictionary says.
    #[error("{path}: {what}")]
    Unsound {
        /// The table.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// There is no such table.
    #[error("there is no table `{table}`; there are {known}")]
    NoTable {
        /// What was asked for.
        table: String,
        /// What there is.
        known: String,
    },
    /// What should be written is there already.
    #[error("{0} is there already")]
    Exists(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Unwritten {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A key or signature cannot be used.
    #[error("cannot use {path}")]
    Key {
        /// The file of the key.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// Words of a sign-off are empty, or hold what is no text.
    #[error("`--{0}` is empty, or holds a control character or a mark that no reader sees")]
    Words(&'static str),
    /// A sign-off is dated before the last one.
    #[error("{path}: the last sign-off is of {last}, and this one would be dated before it")]
    BackDated {
        /// The chain.
        path: PathBuf,
        /// When the last one was said.
        last: String,
    },
    /// A sum cannot be exact.
    #[error("the sum of {0} is more than can be held exactly")]
    Overflow(&'static str),
}

/// A publication that is reviewed.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Its folder, or a pointer to it.
    pub folder: PathBuf,
    /// What its manifest says.
    pub manifest: Manifest,
    /// Tables that were read already, by name.
    tables: BTreeMap<String, RecordBatch>,
    /// The final publications that it took from, once somebody asked for them.
    pub(super) finals: OnceLock<Arc<Finals>>,
}

impl Publication {
    /// Opens a folder that a run named, a pointer such as `latest`, or a manifest.
    ///
    /// # Errors
    /// [`ReviewError`] when there is none, or its manifest cannot be read.
    pub fn open(path: &Path) -> Result<Publication, ReviewError> {
        let is_manifest = path.file_name().is_some_and(|name| name == MANIFEST);
        let folder = match path.parent() {
            Some(folder) if is_manifest => folder,
            _ => path,
        };
        Publication::described(folder, folder.join(MANIFEST))
    }

    /// Opens the partner's publication as [`Publication::open`] does, or its manifest alone,
    /// whatever the file is called in which it was sent.
    ///
    /// # Errors
    /// As of [`Publication::open`].
    pub fn of_partner(path: &Path) -> Result<Publication, ReviewError> {
        let is_named = path.file_name().is_some_and(|name| name == MANIFEST);
        if path.is_file() && !is_named {
            // Nothing stands below a file, and so no table is taken for the partner's.
            return Publication::described(path, path.to_owned());
        }
        Publication::open(path)
    }

    /// The publication of a folder with this manifest.
    fn described(folder: &Path, path: PathBuf) -> Result<Publication, ReviewError> {
        let text = match read(&path) {
            Ok(text) => text,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Err(ReviewError::NoPublication(folder.to_owned()));
            }
            Err(source) => return Err(ReviewError::Io { path, source }),
        };
        match serde_json::from_slice(&text) {
            Ok(manifest) => {
                let (tables, finals) = (BTreeMap::new(), OnceLock::new());
                Ok(Publication { folder: folder.to_owned(), manifest, tables, finals })
            }
            Err(source) => Err(ReviewError::Damaged { path, source }),
        }
    }

    /// The same with every table in memory that is no longer than what is read at a time: it is
    /// opened once however often it is asked. One that cannot be read is left to whoever asks.
    #[must_use]
    pub fn in_memory(&self) -> Publication {
        let mut read_once = self.clone();
        for output in &self.manifest.outputs {
            let Some(table) = output.file.strip_suffix(".parquet") else { continue };
            if read_once.tables.contains_key(table) {
                continue;
            }
            if let Ok(Some(batch)) = contained(&self.path(&output.file), || {
                let builder = open(&self.path(&output.file))?;
                let rows = builder.metadata().file_metadata().num_rows();
                if usize::try_from(rows).is_ok_and(|rows| rows <= BATCH_ROWS) {
                    let schema = builder.schema().clone();
                    let read = builder.with_batch_size(BATCH_ROWS).build()?;
                    let read: Vec<RecordBatch> = read.collect::<Result<_, _>>()?;
                    return Ok(Some(concat_batches(&schema, &read)?));
                }
                Ok(None)
            }) {
                read_once.tables.insert(table.to_owned(), batch);
            }
        }
        read_once
    }

    /// The same where a table has other rows than its file.
    #[must_use]
    pub fn with(&self, table: &str, rows: RecordBatch) -> Publication {
        let mut other = self.clone();
        other.tables.insert(table.to_owned(), rows);
        other
    }

    /// The folder of its pipeline, two above its own.
    ///
    /// # Errors
    /// [`ReviewError::NoPublication`] when it has none.
    pub fn pipeline_folder(&self) -> Result<PathBuf, ReviewError> {
        let io = |source| ReviewError::Io { path: self.folder.clone(), source };
        let folder = fs::canonicalize(&self.folder).map_err(io)?;
        let above = folder.parent().and_then(Path::parent).map(Path::to_owned);
        above.ok_or(ReviewError::NoPublication(folder))
    }

    /// The path of a file of it.
    #[must_use]
    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    /// The BLAKE3 digest and the size of a file of it, as it stands now.
    ///
    /// # Errors
    /// [`ReviewError::Io`] when it cannot be read.
    pub fn digest(&self, file: &str) -> Result<(String, u64), ReviewError> {
        digest(&self.path(file))
    }

    /// Whether the manifest lists a table.
    #[must_use]
    pub fn has(&self, table: &str) -> bool {
        let name = format!("{table}.parquet");
        self.manifest.outputs.iter().any(|output| output.file == name)
    }

    /// The names of a table's columns, in their order.
    ///
    /// # Errors
    /// [`ReviewError`] when the table cannot be read.
    pub fn columns(&self, table: &str) -> Result<Vec<String>, ReviewError> {
        let schema = self.schema(table)?;
        Ok(schema.fields().iter().map(|field| field.name().clone()).collect())
    }

    /// The types of a table's columns as the dictionary names them, in their order.
    ///
    /// # Errors
    /// [`ReviewError`] when the table cannot be read.
    pub fn types(&self, table: &str) -> Result<Vec<String>, ReviewError> {
        let schema = self.schema(table)?;
        Ok(schema.fields().iter().map(|field| type_name(field.data_type())).collect())
    }

    fn schema(&self, table: &str) -> Result<SchemaRef, ReviewError> {
        if let Some(batch) = self.tables.get(table) {
            return Ok(batch.schema());
        }
        let path = self.path(&format!("{table}.parquet"));
        Ok(contained(&path, || open(&path))?.schema().clone())
    }

    /// Reads columns of a table and hands on row by row, each with its number, one-based. A row's
    /// cells stand in the order of `columns`.
    ///
    /// # Errors
    /// [`ReviewError`] when the table or a column cannot be read, and what `each` fails with.
    pub fn scan(
        &self,
        table: &str,
        columns: &[&str],
        mut each: impl FnMut(u64, &Row<'_>) -> Result<(), ReviewError>,
    ) -> Result<(), ReviewError> {
        let path = self.path(&format!("{table}.parquet"));
        let unsound = |what: String| ReviewError::Unsound { path: path.clone(), what };
        let mut number = 0;
        let mut hand_on = |batch: &RecordBatch| {
            let cells: Vec<&ArrayRef> = columns
                .iter()
                .map(|name| {
                    batch.column_by_name(name).ok_or_else(|| unsound(format!("it has no `{name}`")))
                })
                .collect::<Result<_, _>>()?;
            for row in 0..batch.num_rows() {
                number += 1;
                each(number, &Row { cells: &cells, row })?;
            }
            Ok(())
        };
        if let Some(batch) = self.tables.get(table) {
            return if batch.num_rows() == 0 { Ok(()) } else { hand_on(batch) };
        }
        let mut reader = contained(&path, || {
            let builder = open(&path)?;
            let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
            builder.with_projection(mask).with_batch_size(BATCH_ROWS).build()
        })?;
        while let Some(batch) = contained(&path, || reader.next().transpose().map_err(Into::into))?
        {
            hand_on(&batch)?;
        }
        Ok(())
    }
}

impl Publication {
    /// Reads the rows of a table that have these numbers, one-based and ascending, and hands on row
    /// by row, each with its number; cells stand in the table's own order. What lies between is
    /// skipped unread where the file says where its pages begin.
    ///
    /// # Errors
    /// [`ReviewError`] when the table cannot be read, and what `each` fails with.
    pub fn pick(
        &self,
        table: &str,
        numbers: &[u64],
        mut each: impl FnMut(u64, &Row<'_>) -> Result<(), ReviewError>,
    ) -> Result<(), ReviewError> {
        let path = self.path(&format!("{table}.parquet"));
        let within = |rows: usize| {
            let rows = move |number: &&u64| usize::try_from(**number).is_ok_and(|at| at <= rows);
            numbers.iter().filter(|number| **number > 0).take_while(rows).copied()
        };
        if let Some(batch) = self.tables.get(table) {
            let cells: Vec<&ArrayRef> = batch.columns().iter().collect();
            for number in within(batch.num_rows()) {
                let row = usize::try_from(number - 1).unwrap_or_default();
                each(number, &Row { cells: &cells, row })?;
            }
            return Ok(());
        }
        let options = ArrowReaderOptions::new().with_offset_index_policy(PageIndexPolicy::Optional);
        let (mut reader, mut numbers) = contained(&path, || {
            let builder = Builder::try_new_with_options(open_plain(&path)?, options)?;
            let rows = builder.metadata().file_metadata().num_rows();
            let rows = usize::try_from(rows).unwrap_or_default();
            let at = |number: u64| usize::try_from(number - 1).unwrap_or_default();
            let ranges = within(rows).map(|number| at(number)..at(number) + 1);
            let wanted = RowSelection::from_consecutive_ranges(ranges, rows);
            let reader = builder.with_row_selection(wanted).with_batch_size(BATCH_ROWS).build()?;
            Ok((reader, within(rows)))
        })?;
        while let Some(batch) = contained(&path, || reader.next().transpose().map_err(Into::into))?
        {
            let cells: Vec<&ArrayRef> = batch.columns().iter().collect();
            for (row, number) in (0..batch.num_rows()).zip(&mut numbers) {
                each(number, &Row { cells: &cells, row })?;
            }
        }
        Ok(())
    }
}

/// A type as the dictionary names it.
fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Utf8 => "TEXT".to_owned(),
        DataType::Int64 => "INT64".to_owned(),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision},{scale})"),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "TIMESTAMP(us, UTC)".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        other => other.to_string(),
    }
}

type Builder = ParquetRecordBatchReaderBuilder<File>;

fn open(path: &Path) -> Result<Builder, parquet::errors::ParquetError> {
    Builder::try_new(open_plain(path)?)
}

/// Calls the Parquet reader, which panics on some damaged files, and names the file.
fn contained<T>(
    path: &Path,
    call: impl FnOnce() -> Result<T, parquet::errors::ParquetError>,
) -> Result<T, ReviewError> {
    let what = match unprinted(call) {
        Some(Ok(found)) => return Ok(found),
        Some(Err(error)) => error.to_string(),
        None => "it is damaged".to_owned(),
    };
    Err(ReviewError::Unsound { path: path.to_owned(), what })
}

/// Opens a file to be read. A pipe or a device, which may never end, is refused unopened.
pub(super) fn open_plain(path: &Path) -> io::Result<File> {
    let kind = fs::metadata(path)?;
    if kind.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !kind.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"));
    }
    File::open(path)
}

/// Everything that a file holds.
pub(super) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_plain(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The BLAKE3 digest and the size of a file.
///
/// # Errors
/// [`ReviewError::Io`] when it cannot be read.
pub fn digest(path: &Path) -> Result<(String, u64), ReviewError> {
    let io = |source| ReviewError::Io { path: path.to_owned(), source };
    let file = open_plain(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(io)?;
    Ok((hasher.finalize().to_hex().to_string(), bytes))
}

/// A row of a table.
pub struct Row<'a> {
    cells: &'a [&'a ArrayRef],
    row: usize,
}

impl<'a> Row<'a> {
    /// The cell of the column at that place.
    #[must_use]
    pub fn cell(&self, at: usize) -> Cell<'a> {
        self.cells.get(at).map_or(Cell::Null, |column| cell(column, self.row))
    }

    /// A text as it was before it was made safe for spreadsheets; empty for a null.
    #[must_use]
    pub fn text(&self, at: usize) -> &'a str {
        match self.cell(at) {
            Cell::Text(text) => plain(text),
            _ => "",
        }
    }

    /// A text, where there is one.
    #[must_use]
    pub fn some_text(&self, at: usize) -> Option<&'a str> {
        match self.cell(at) {
            Cell::Text(text) => Some(plain(text)),
            _ => None,
        }
    }

    /// An integer.
    #[must_use]
    pub fn integer(&self, at: usize) -> Option<i64> {
        match self.cell(at) {
            Cell::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// A decimal.
    #[must_use]
    pub fn decimal(&self, at: usize) -> Option<Decimal> {
        match self.cell(at) {
            Cell::Decimal(value) => Some(value),
            _ => None,
        }
    }
}

/// A cell of a published table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing.
    Null,
    /// A text, safe for spreadsheets.
    Text(&'a str),
    /// An integer.
    Integer(i64),
    /// Money or an exact worth.
    Decimal(Decimal),
    /// A day.
    Day(Date),
    /// An instant.
    At(Timestamp),
    /// Yes or no.
    Flag(bool),
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Null => Ok(()),
            Cell::Text(text) => f.pad(text),
            Cell::Integer(value) => value.fmt(f),
            Cell::Decimal(value) => value.fmt(f),
            Cell::Day(day) => day.fmt(f),
            Cell::At(at) => at.fmt(f),
            Cell::Flag(flag) => flag.fmt(f),
        }
    }
}

fn cell(column: &ArrayRef, row: usize) -> Cell<'_> {
    if column.is_null(row) {
        return Cell::Null;
    }
    let found = match column.data_type() {
        DataType::Utf8 => column.as_string_opt::<i32>().map(|texts| Cell::Text(texts.value(row))),
        DataType::Boolean => column.as_boolean_opt().map(|flags| Cell::Flag(flags.value(row))),
        DataType::Int64 => {
            let column = column.as_primitive_opt::<Int64Type>();
            column.map(|integers| Cell::Integer(integers.value(row)))
        }
        DataType::Decimal128(_, scale) => {
            let scale = u32::try_from(*scale).unwrap_or_default();
            let units = column.as_primitive_opt::<Decimal128Type>().map(|units| units.value(row));
            let decimal = |units| Decimal::try_from_i128_with_scale(units, scale).ok();
            units.and_then(decimal).map(Cell::Decimal)
        }
        DataType::Date32 => {
            let days = column.as_primitive_opt::<Date32Type>().map(|days| days.value(row));
            let epoch = Date::constant(1970, 1, 1);
            let span = |days: i32| Span::new().try_days(days).ok();
            days.and_then(span).and_then(|days| epoch.checked_add(days).ok()).map(Cell::Day)
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let at = column.as_primitive_opt::<TimestampMicrosecondType>().map(|at| at.value(row));
            at.and_then(|at| Timestamp::from_microsecond(at).ok()).map(Cell::At)
        }
        _ => None,
    };
    found.unwrap_or(Cell::Null)
}

/// What a published text was before it was made safe for spreadsheets (README, What is published):
/// an apostrophe stands before one that, after any apostrophes of its own, begins like a formula
/// and is no list of plain numbers.
fn plain(text: &str) -> &str {
    let Some(rest) = text.strip_prefix('\'') else { return text };
    let body = rest.trim_start_matches('\'');
    let signs = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];
    let is_formula = body.starts_with(signs) && !is_figures(body);
    if is_formula { rest } else { text }
}

/// Whether a text is a plain number, or several parted by semicolons.
fn is_figures(text: &str) -> bool {
    text.split(';').all(|part| {
        let digits = part.strip_prefix(['+', '-']).unwrap_or(part);
        !digits.is_empty() && digits.bytes().all(|b| b == b'.' || b.is_ascii_digit())
    })
}

/// Sums exactly.
///
/// # Errors
/// [`ReviewError::Overflow`] when the sum leaves 96 bits.
pub fn add(sum: &mut Decimal, part: Decimal, what: &'static str) -> Result<(), ReviewError> {
    *sum = sum.checked_add(part).ok_or(ReviewError::Overflow(what))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_made_a_text_safe_is_undone() {
        let rows = [
            ("'=1+1", "=1+1"),
            ("'quoted", "'quoted"),
            ("-1000", "-1000"),
            ("'-1;2", "'-1;2"),
            ("''-A", "'-A"),
            ("'＝1", "＝1"),
            ("'ｘ", "'ｘ"),
        ];
        for (safe, text) in rows {
            assert_eq!(plain(safe), text);
        }
    }

    #[test]
    fn a_day_or_instant_that_no_calendar_has_is_nothing() {
        use arrow::array::{Date32Array, TimestampMicrosecondArray};
        for value in [i32::MAX, i32::MIN, 4_000_000, -8_000_000] {
            let days: ArrayRef = std::sync::Arc::new(Date32Array::from(vec![value]));
            assert_eq!(cell(&days, 0), Cell::Null, "{value}");
        }
        for value in [i64::MAX, i64::MIN] {
            let at: ArrayRef = std::sync::Arc::new(TimestampMicrosecondArray::from(vec![value]));
            assert_eq!(cell(&at, 0), Cell::Null, "{value}");
        }
    }

    #[test]
    fn a_folder_without_a_manifest_is_no_publication() {
        let folder = tempfile::tempdir().unwrap();
        let none = Publication::open(folder.path());
        assert!(matches!(none, Err(ReviewError::NoPublication(_))), "{none:?}");
        fs::write(folder.path().join(MANIFEST), "{").unwrap();
        let cut = Publication::open(folder.path());
        assert!(matches!(cut, Err(ReviewError::Damaged { .. })), "{cut:?}");
    }
}
