//! Tables on disk: delimited text or Parquet behind one row-by-row writer, with bounded memory.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, StringBuilder, TimestampMicrosecondBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::GenerateError;
use super::calendar::{Second, push_compact, push_day, push_iso};

/// How one file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Comma-separated UTF-8 with a header row.
    Csv,
    /// Parquet with typed columns.
    Parquet,
}

impl Layout {
    /// The file name's ending.
    pub fn ending(self) -> &'static str {
        match self {
            Layout::Csv => "csv",
            Layout::Parquet => "parquet",
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Text: UTF8 in Parquet.
    Text,
    /// Whole numbers: INT64 in Parquet.
    Whole,
    /// Instants, as `2026-03-05T14:30:00+08:00` in text: TIMESTAMP in µs, UTC, in Parquet.
    Iso,
    /// Instants, as `20260305143000` in text.
    Compact,
    /// The last second of a day, as `20260305` in text.
    Day,
}

/// A column: its name in the file and what it holds.
pub(super) type Heading = (&'static str, Holds);

/// Rows that a Parquet table gathers before they are encoded.
const BATCH_ROWS: usize = 32_768;

/// Rows of a Parquet row group.
const GROUP_ROWS: usize = 524_288;

/// Bytes of text that a table gathers before they go to disk.
const TEXT_BYTES: usize = 1 << 20;

/// A table that is being written. Cells come in the order of the headings, then `end_row`.
///
/// Cells cannot fail: they gather in memory, and only `end_row` and `finish` touch the disk.
pub(super) struct Table {
    path: PathBuf,
    sink: Sink,
    /// The column that the next cell fills.
    column: usize,
}

enum Sink {
    Csv { file: File, text: String, holds: Vec<Holds> },
    Parquet(Box<Gathered>),
}

struct Gathered {
    writer: ArrowWriter<File>,
    schema: SchemaRef,
    columns: Vec<Column>,
    rows: usize,
}

enum Column {
    Text(StringBuilder),
    Whole(Int64Builder),
    Instant(TimestampMicrosecondBuilder),
}

impl Table {
    /// Opens a table and writes its header.
    pub fn create(
        path: &Path,
        layout: Layout,
        headings: &[Heading],
    ) -> Result<Table, GenerateError> {
        let at = |source| GenerateError::Io { path: path.to_owned(), source };
        let file = File::create(path).map_err(at)?;
        let sink = match layout {
            Layout::Csv => {
                let names: Vec<&str> = headings.iter().map(|(name, _)| *name).collect();
                let text = format!("{}\n", names.join(","));
                Sink::Csv { file, text, holds: headings.iter().map(|(_, holds)| *holds).collect() }
            }
            Layout::Parquet => Sink::Parquet(Box::new(Gathered::new(file, headings, path)?)),
        };
        Ok(Table { path: path.to_owned(), sink, column: 0 })
    }

    /// A text cell. No text that the generator writes holds a comma, a quote or a line end, so
    /// that none needs quoting.
    pub fn text(&mut self, value: &str) {
        debug_assert!(!value.contains([',', '"', '\n', '\r']));
        match &mut self.sink {
            Sink::Csv { text, .. } => {
                text.push_str(value);
                text.push(',');
            }
            Sink::Parquet(gathered) => {
                if let Some(Column::Text(column)) = gathered.columns.get_mut(self.column) {
                    column.append_value(value);
                }
            }
        }
        self.column += 1;
    }

    /// A whole number.
    pub fn whole(&mut self, value: i64) {
        match &mut self.sink {
            Sink::Csv { text, .. } => {
                if value < 0 {
                    text.push('-');
                }
                super::calendar::push_padded(text, value.unsigned_abs(), 1);
                text.push(',');
            }
            Sink::Parquet(gathered) => {
                if let Some(Column::Whole(column)) = gathered.columns.get_mut(self.column) {
                    column.append_value(value);
                }
            }
        }
        self.column += 1;
    }

    /// An instant, or an empty cell.
    pub fn instant(&mut self, at: Option<Second>) {
        let Some(at) = at else { return self.empty() };
        match &mut self.sink {
            Sink::Csv { text, holds, .. } => {
                match holds.get(self.column) {
                    Some(Holds::Compact) => push_compact(text, at),
                    Some(Holds::Day) => push_day(text, at),
                    _ => push_iso(text, at),
                }
                text.push(',');
            }
            Sink::Parquet(gathered) => {
                if let Some(Column::Instant(column)) = gathered.columns.get_mut(self.column) {
                    column.append_value(at.saturating_mul(1_000_000));
                }
            }
        }
        self.column += 1;
    }

    /// An empty cell.
    pub fn empty(&mut self) {
        match &mut self.sink {
            Sink::Csv { text, .. } => text.push(','),
            Sink::Parquet(gathered) => match gathered.columns.get_mut(self.column) {
                Some(Column::Text(column)) => column.append_null(),
                Some(Column::Whole(column)) => column.append_null(),
                Some(Column::Instant(column)) => column.append_null(),
                None => {}
            },
        }
        self.column += 1;
    }

    /// Ends the row.
    pub fn end_row(&mut self) -> Result<(), GenerateError> {
        self.column = 0;
        match &mut self.sink {
            Sink::Csv { file, text, .. } => {
                // The comma after the last cell becomes the line's end.
                text.pop();
                text.push('\n');
                if text.len() >= TEXT_BYTES {
                    let at = |source| GenerateError::Io { path: self.path.clone(), source };
                    file.write_all(text.as_bytes()).map_err(at)?;
                    text.clear();
                }
                Ok(())
            }
            Sink::Parquet(gathered) => {
                gathered.rows += 1;
                if gathered.rows == BATCH_ROWS { gathered.flush(&self.path) } else { Ok(()) }
            }
        }
    }

    /// Writes what is left and closes the file.
    pub fn finish(self) -> Result<(), GenerateError> {
        match self.sink {
            Sink::Csv { mut file, text, .. } => {
                let at = |source| GenerateError::Io { path: self.path.clone(), source };
                file.write_all(text.as_bytes()).map_err(at)
            }
            Sink::Parquet(mut gathered) => {
                gathered.flush(&self.path)?;
                let at = |source| GenerateError::Parquet { path: self.path.clone(), source };
                gathered.writer.close().map(|_| ()).map_err(at)
            }
        }
    }
}

impl Gathered {
    fn new(file: File, headings: &[Heading], path: &Path) -> Result<Gathered, GenerateError> {
        let at = |source| GenerateError::Parquet { path: path.to_owned(), source };
        let fields: Vec<Field> = headings
            .iter()
            .map(|(name, holds)| {
                let kind = match holds {
                    Holds::Text => DataType::Utf8,
                    Holds::Whole => DataType::Int64,
                    Holds::Iso | Holds::Compact | Holds::Day => {
                        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
                    }
                };
                Field::new(*name, kind, true)
            })
            .collect();
        let schema: SchemaRef = Arc::new(Schema::new(fields));
        // The lowest level: the files are read more often than they are kept.
        let level = ZstdLevel::try_new(1).map_err(at)?;
        // A fixed creator and no time stamps, so that the same order gives the same bytes.
        let properties = WriterProperties::builder()
            .set_writer_version(WriterVersion::PARQUET_1_0)
            .set_compression(Compression::ZSTD(level))
            .set_created_by("hutong generate".to_owned())
            .set_max_row_group_row_count(Some(GROUP_ROWS))
            .build();
        let writer = ArrowWriter::try_new(file, schema.clone(), Some(properties)).map_err(at)?;
        let columns = headings
            .iter()
            .map(|(_, holds)| match holds {
                Holds::Text => Column::Text(StringBuilder::new()),
                Holds::Whole => Column::Whole(Int64Builder::new()),
                _ => Column::Instant(TimestampMicrosecondBuilder::new().with_timezone("UTC")),
            })
            .collect();
        Ok(Gathered { writer, schema, columns, rows: 0 })
    }

    fn flush(&mut self, path: &Path) -> Result<(), GenerateError> {
        self.rows = 0;
        let arrays: Vec<ArrayRef> = self
            .columns
            .iter_mut()
            .map(|column| -> ArrayRef {
                match column {
                    Column::Text(column) => Arc::new(column.finish()),
                    Column::Whole(column) => Arc::new(column.finish()),
                    Column::Instant(column) => Arc::new(column.finish()),
                }
            })
            .collect();
        let at = |source| GenerateError::Parquet { path: path.to_owned(), source };
        let batch = RecordBatch::try_new(self.schema.clone(), arrays)
            .map_err(|error| at(parquet::errors::ParquetError::from(error)))?;
        if batch.num_rows() > 0 { self.writer.write(&batch).map_err(at) } else { Ok(()) }
    }
}
