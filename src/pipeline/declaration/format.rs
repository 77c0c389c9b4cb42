//! How the files of a feed are packed and written.

use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::OneOrMany;

/// How files are packed.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnpackDeclaration {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// A zip archive; its entries are read in the order of their names.
    Zip(ZipDeclaration),
}

/// Which entries of a zip archive are read.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ZipDeclaration {
    /// The entries to read, such as `"*.csv"`; `*` and `?` match within one name.
    pub entries: OneOrMany,
    /// Entries to leave alone, such as `"*.txt"`; any other one is told.
    #[serde(default)]
    pub ignore: Option<OneOrMany>,
    /// The encoding of names that do not say that they are UTF-8; default utf-8.
    #[serde(default)]
    pub names: Option<EncodingDeclaration>,
}

/// What a file may unpack to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnpackLimitsDeclaration {
    /// The most bytes that one file may unpack to, such as `8GiB`, which is the default.
    #[serde(default)]
    pub bytes: Option<String>,
    /// The most bytes for each byte of the file; default 200.
    #[serde(default)]
    pub ratio: Option<u32>,
}

/// The ending of the file beside a file that holds its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum DigestDeclaration {
    /// SHA-256.
    #[serde(rename = ".sha256")]
    Sha256,
    /// MD5, which tells accidents and no forgery.
    #[serde(rename = ".md5")]
    Md5,
    /// BLAKE3.
    #[serde(rename = ".blake3")]
    Blake3,
}

/// A file format.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FormatDeclaration {
    /// Delimited text.
    Csv(Box<CsvDeclaration>),
    /// Fixed-width text: values at fixed places, counted in bytes (定长文件).
    Fixed(Box<FixedDeclaration>),
    /// One JSON object a line.
    JsonLines(JsonLinesDeclaration),
    /// Apache Parquet.
    Parquet(TableDeclaration),
    /// Arrow IPC, a file or a stream.
    Arrow(TableDeclaration),
}

/// How delimited text is written.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsvDeclaration {
    /// The text encoding; default utf-8 (a byte order mark is accepted at the head).
    #[serde(default)]
    pub encoding: Option<EncodingDeclaration>,
    /// The delimiter, one character or more; default a comma.
    #[serde(default)]
    pub delimiter: Option<String>,
    /// Whether double quotes enclose values; default double.
    #[serde(default)]
    pub quote: Option<QuoteDeclaration>,
    /// What each value begins with and is taken off, such as a backtick.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Whether the first record names the columns (default true), or their names in order.
    #[serde(default)]
    pub header: Option<HeaderDeclaration>,
    /// Lines that are no records.
    #[serde(default)]
    pub skip: Option<SkipDeclaration>,
    /// What a line that is no record begins with, such as `"#"`; such lines stand before the first record and after the last.
    #[serde(default)]
    pub comment: Option<String>,
    /// Whether such lines may stand between records too; default false.
    #[serde(default)]
    pub comment_anywhere: Option<bool>,
    /// The first record, where it is no row (文件头记录).
    #[serde(default)]
    pub leading: Option<MarkedDeclaration>,
    /// The last record, where it is no row (文件尾记录).
    #[serde(default)]
    pub trailer: Option<MarkedDeclaration>,
    /// The columns of the table of one row that the last two lines are (汇总).
    #[serde(default)]
    pub summary: Option<SummaryDeclaration>,
    /// Totals in comment lines and skipped lines.
    #[serde(default)]
    pub totals: Option<TotalsDeclaration>,
    /// Texts that mean "no value" besides the empty text.
    #[serde(default)]
    pub nulls: Vec<String>,
}

/// A text encoding, declared and strictly decoded, never sniffed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum EncodingDeclaration {
    /// UTF-8, with or without a byte order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// GB18030.
    #[serde(rename = "gb18030")]
    Gb18030,
    /// GBK, which is read as GB18030, of which it is a part.
    #[serde(rename = "gbk")]
    Gbk,
}

/// Whether values stand in quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuoteDeclaration {
    /// Double quotes enclose values that hold delimiters, quotes or line ends.
    Double,
    /// A quote is a character like another.
    None,
}

/// The first record names the columns, or the pipeline does.
#[derive(Debug, Clone)]
pub enum HeaderDeclaration {
    /// Whether the file has a header.
    Present(bool),
    /// The columns of a file without one, in order.
    Names(Vec<String>),
}

/// Lines at the head of a file.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SkipDeclaration {
    /// How many lines before the header are no records.
    pub first: u32,
}

/// A first or last record that is no row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkedDeclaration {
    /// Its first value.
    pub marker: String,
    /// Whether no row begins with it, so that a record with as many values as a row is no row; default false.
    #[serde(default)]
    pub exclusive: Option<bool>,
    /// Which of its values is the number of rows, from 1.
    #[serde(default)]
    pub rows: Option<u32>,
    /// Which of its values is the sum of points, from 1.
    #[serde(default)]
    pub points: Option<u32>,
}

/// Columns of the table at the end.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SummaryDeclaration {
    /// The column of the number of rows.
    #[serde(default)]
    pub rows: Option<String>,
    /// The column of the sum of points.
    #[serde(default)]
    pub points: Option<String>,
}

/// Figures in lines that are no records.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TotalsDeclaration {
    /// The number of rows.
    #[serde(default)]
    pub rows: Option<AroundDeclaration>,
    /// The sum of points.
    #[serde(default)]
    pub points: Option<AroundDeclaration>,
}

/// What stands around a figure.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AroundDeclaration {
    /// The text right before it, such as `"总笔数："`.
    pub after: String,
    /// The text right behind it; default: wherever the number ends.
    #[serde(default)]
    pub before: Option<String>,
}

/// What a value, or a figure of a file beside another, stands between.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StandsDeclaration {
    /// The text right before it; default: nothing, it stands at the beginning.
    #[serde(default)]
    pub after: Option<String>,
    /// The text right behind it; default: wherever it ends.
    #[serde(default)]
    pub before: Option<String>,
}

/// How fixed-width text is written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedDeclaration {
    /// The text encoding; default utf-8.
    #[serde(default)]
    pub encoding: Option<EncodingDeclaration>,
    /// How records end; default lf.
    #[serde(default)]
    pub line_end: Option<LineEndDeclaration>,
    /// The bytes of a record without its line end; default: up to the end of its last field.
    #[serde(default)]
    pub record_bytes: Option<u32>,
    /// The name of each field → its place.
    pub fields: BTreeMap<String, ExtentDeclaration>,
    /// The first record, where it is no row (文件头记录).
    #[serde(default)]
    pub leading: Option<MarkedBytesDeclaration>,
    /// The last record, where it is no row (文件尾记录).
    #[serde(default)]
    pub trailer: Option<MarkedBytesDeclaration>,
    /// Texts that mean "no value" besides the empty text.
    #[serde(default)]
    pub nulls: Vec<String>,
}

/// How records of fixed-width text end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineEndDeclaration {
    /// A line feed.
    Lf,
    /// A carriage return and a line feed.
    Crlf,
    /// Nothing; each record has `record_bytes`.
    None,
}

/// A place in a record, in bytes before decoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtentDeclaration {
    /// Its first byte, from 1.
    pub at: u32,
    /// How many bytes.
    pub bytes: u32,
}

/// A first or last record of fixed-width text that is no row.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkedBytesDeclaration {
    /// What it begins with.
    pub marker: String,
    /// Whether no row begins with it, so that a record as long as a row is no row; default false.
    #[serde(default)]
    pub exclusive: Option<bool>,
    /// Where the number of rows stands.
    #[serde(default)]
    pub rows: Option<ExtentDeclaration>,
    /// Where the sum of points stands.
    #[serde(default)]
    pub points: Option<ExtentDeclaration>,
}

/// How JSON lines are written; `from: a.b` reaches into objects.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonLinesDeclaration {
    /// The text encoding; default utf-8.
    #[serde(default)]
    pub encoding: Option<EncodingDeclaration>,
    /// Texts that mean "no value" besides null and the empty text.
    #[serde(default)]
    pub nulls: Vec<String>,
}

/// A table of typed columns needs no description.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableDeclaration {}

impl<'de> Deserialize<'de> for HeaderDeclaration {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Header;
        impl<'de> serde::de::Visitor<'de> for Header {
            type Value = HeaderDeclaration;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("true or a list of column names")
            }

            fn visit_bool<E>(self, present: bool) -> Result<HeaderDeclaration, E> {
                Ok(HeaderDeclaration::Present(present))
            }

            fn visit_seq<S: serde::de::SeqAccess<'de>>(
                self,
                mut seq: S,
            ) -> Result<HeaderDeclaration, S::Error> {
                let mut names = Vec::new();
                while let Some(name) = seq.next_element()? {
                    names.push(name);
                }
                Ok(HeaderDeclaration::Names(names))
            }
        }
        deserializer.deserialize_any(Header)
    }
}

impl JsonSchema for HeaderDeclaration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "HeaderDeclaration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "boolean" },
                { "type": "array", "items": { "type": "string" }, "minItems": 1 }
            ]
        })
    }
}
