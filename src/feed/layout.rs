//! How the files of a feed are packed and written, as the pipeline declares it. Nothing here is
//! ever guessed from a file.

/// How a file becomes bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Packing {
    /// How the file is packed.
    pub unpack: Unpack,
    /// What it may unpack to.
    pub limits: Limits,
    /// The ending of the file that says that a file was sent whole, such as `.ok`.
    pub ready: Option<String>,
    /// The file that holds the digest of a file.
    pub digest: Option<Digest>,
    /// The file that holds the totals of a file.
    pub totals: Option<BesideTotals>,
}

/// Totals in a file that stands beside a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BesideTotals {
    /// The ending of its name.
    pub ending: String,
    /// Where it holds them.
    pub figures: Figures<Around>,
}

/// How a file is packed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Unpack {
    /// It is not.
    #[default]
    Plain,
    /// gzip, of one member or several.
    Gzip,
    /// Zstandard, of one frame or several.
    Zstd,
    /// A zip archive, whose entries are read in the order of their names.
    Zip(Zip),
}

impl Unpack {
    /// The word of the pipeline.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Unpack::Plain => "plain",
            Unpack::Gzip => "gzip",
            Unpack::Zstd => "zstd",
            Unpack::Zip(_) => "zip",
        }
    }
}

/// Which entries of a zip archive are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zip {
    /// Entries that one of these patterns matches are read.
    pub entries: Vec<String>,
    /// Entries that one of these matches are left alone.
    pub ignore: Vec<String>,
    /// The encoding of names that do not say theirs.
    pub names: Encoding,
}

/// What a file may unpack to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes.
    pub bytes: u64,
    /// The most bytes for each byte of the file.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { bytes: 8 << 30, ratio: 200 }
    }
}

/// The kind of a digest that stands beside a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// `.sha256`.
    Sha256,
    /// `.md5`.
    Md5,
    /// `.blake3`.
    Blake3,
}

impl Digest {
    /// The ending of the file that holds it.
    #[must_use]
    pub fn ending(self) -> &'static str {
        match self {
            Digest::Sha256 => ".sha256",
            Digest::Md5 => ".md5",
            Digest::Blake3 => ".blake3",
        }
    }
}

/// A text encoding.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// GB18030, of which GBK is a part.
    Gb18030,
}

impl Encoding {
    /// As a person reads it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Encoding::Utf8 => "UTF-8",
            Encoding::Gb18030 => "GB18030",
        }
    }
}

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Delimited text.
    Csv(Delimited),
    /// Text with its values at fixed places, counted in bytes.
    Fixed(Fixed),
    /// One JSON object a line.
    JsonLines(JsonLines),
    /// Apache Parquet.
    Parquet,
    /// Arrow IPC, a file or a stream.
    Arrow,
}

impl Format {
    /// The encoding of its text, and of what stands beside its files.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        match self {
            Format::Csv(csv) => csv.encoding,
            Format::Fixed(fixed) => fixed.encoding,
            Format::JsonLines(json) => json.encoding,
            Format::Parquet | Format::Arrow => Encoding::Utf8,
        }
    }

    /// The totals that every file must hold.
    #[must_use]
    pub fn expected(&self) -> Vec<(TotalPlace, TotalOf)> {
        fn marked<P>(place: TotalPlace, marked: Option<&Marked<P>>) -> Vec<(TotalPlace, TotalOf)> {
            let Some(marked) = marked else { return Vec::new() };
            let rows = marked.rows.iter().map(|_| TotalOf::Rows);
            let points = marked.points.iter().map(|_| TotalOf::Points);
            let all = std::iter::once(TotalOf::Record).chain(rows).chain(points);
            all.map(|of| (place, of)).collect()
        }
        fn pair<T>(place: TotalPlace, pair: Option<&Figures<T>>) -> Vec<(TotalPlace, TotalOf)> {
            let Some(pair) = pair else { return Vec::new() };
            let rows = pair.rows.iter().map(|_| TotalOf::Rows);
            let points = pair.points.iter().map(|_| TotalOf::Points);
            rows.chain(points).map(|of| (place, of)).collect()
        }
        match self {
            Format::Csv(csv) => [
                marked(TotalPlace::Leading, csv.leading.as_ref()),
                marked(TotalPlace::Trailer, csv.trailer.as_ref()),
                pair(TotalPlace::Summary, csv.summary.as_ref()),
                pair(TotalPlace::Comment, csv.totals.as_ref()),
            ]
            .concat(),
            Format::Fixed(fixed) => [
                marked(TotalPlace::Leading, fixed.leading.as_ref()),
                marked(TotalPlace::Trailer, fixed.trailer.as_ref()),
            ]
            .concat(),
            Format::JsonLines(_) | Format::Parquet | Format::Arrow => Vec::new(),
        }
    }
}

/// How delimited text is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delimited {
    /// Its encoding.
    pub encoding: Encoding,
    /// What parts the values: one or more characters, none a quote or a line end.
    pub delimiter: String,
    /// Whether a double quote encloses values; else it is a character like another.
    pub quoted: bool,
    /// What each value begins with; empty for nothing.
    pub prefix: String,
    /// The columns of a file without a header.
    pub header: Option<Vec<String>>,
    /// How many lines at the head are no records.
    pub skip_first: u64,
    /// What a line that is no record begins with.
    pub comment: Option<String>,
    /// Whether such lines may stand between records.
    pub comment_anywhere: bool,
    /// The first record, where it is none of the rows.
    pub leading: Option<Marked<usize>>,
    /// The last record, where it is none of the rows.
    pub trailer: Option<Marked<usize>>,
    /// The columns of the table of one row at the end.
    pub summary: Option<Figures<String>>,
    /// Where comment lines hold totals.
    pub totals: Option<Figures<Around>>,
}

impl Delimited {
    /// What no row begins with.
    #[must_use]
    pub fn exclusive_markers(&self) -> Vec<String> {
        let marked = self.leading.iter().chain(&self.trailer);
        marked.filter(|marked| marked.exclusive).map(|marked| marked.marker.clone()).collect()
    }
}

impl Default for Delimited {
    fn default() -> Delimited {
        Delimited {
            encoding: Encoding::Utf8,
            delimiter: ",".to_owned(),
            quoted: true,
            prefix: String::new(),
            header: None,
            skip_first: 0,
            comment: None,
            comment_anywhere: false,
            leading: None,
            trailer: None,
            summary: None,
            totals: None,
        }
    }
}

/// A record that begins with a marker and may hold totals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked<P> {
    /// The first value of delimited text, or the first bytes of fixed-width text.
    pub marker: String,
    /// Whether no row begins with it, so that a record of a row's shape that does is no row.
    pub exclusive: bool,
    /// Where the number of rows stands.
    pub rows: Option<P>,
    /// Where the sum of points stands.
    pub points: Option<P>,
}

/// Where two totals stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures<T> {
    /// The number of rows.
    pub rows: Option<T>,
    /// The sum of points.
    pub points: Option<T>,
}

/// The texts around a figure in a line, or around each value of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Around {
    /// What stands right before it.
    pub after: String,
    /// What stands right behind it; empty: wherever the number or the value ends.
    pub before: String,
}

/// How fixed-width text is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// Its encoding.
    pub encoding: Encoding,
    /// How records end.
    pub line_end: LineEnd,
    /// The bytes of a record, without its line end.
    pub record_bytes: usize,
    /// Names of fields and where they stand.
    pub fields: Vec<(String, Extent)>,
    /// The first record, where it is none of the rows.
    pub leading: Option<Marked<Extent>>,
    /// The last record, where it is none of the rows.
    pub trailer: Option<Marked<Extent>>,
}

/// How records of fixed-width text end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// With a line feed.
    Lf,
    /// With a carriage return and a line feed.
    Crlf,
    /// With their last byte.
    Unmarked,
}

/// Bytes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The place of the first, from 1.
    pub at: usize,
    /// How many they are.
    pub bytes: usize,
}

/// How JSON lines are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonLines {
    /// Their encoding.
    pub encoding: Encoding,
}

/// Where in a file a total stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TotalPlace {
    /// In its first record.
    Leading,
    /// In its last record.
    Trailer,
    /// In the table at its end.
    Summary,
    /// In a comment line.
    Comment,
    /// In a file beside it.
    Beside,
}

impl TotalPlace {
    /// As a person reads it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TotalPlace::Leading => "leading record",
            TotalPlace::Trailer => "trailer",
            TotalPlace::Summary => "summary",
            TotalPlace::Comment => "comment lines",
            TotalPlace::Beside => "file beside it",
        }
    }
}

impl TotalPlace {
    /// Where in a format it is declared.
    fn key(self) -> &'static str {
        match self {
            TotalPlace::Leading => "leading",
            TotalPlace::Trailer => "trailer",
            TotalPlace::Summary => "summary",
            TotalPlace::Comment | TotalPlace::Beside => "totals",
        }
    }
}

/// What a total counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TotalOf {
    /// The record that holds totals, itself.
    Record,
    /// Rows.
    Rows,
    /// Points.
    Points,
}

impl TotalOf {
    /// As a person reads it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TotalOf::Record => "record",
            TotalOf::Rows => "rows",
            TotalOf::Points => "points",
        }
    }
}

/// A total that a file declares of itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredTotal {
    /// The part of the feed, as an index into its parts.
    pub part: u32,
    /// The line on which it stands; 0 where it is absent.
    pub line: u64,
    /// Where it stands.
    pub place: TotalPlace,
    /// What it counts.
    pub of: TotalOf,
    /// The figure, or why there is none.
    pub declared: Result<i128, String>,
}

impl DeclaredTotal {
    /// What is wrong with it where so much was read, and what to do; `None` where nothing is.
    #[must_use]
    pub fn reason(&self, read: Option<i128>) -> Option<String> {
        let (of, place, key) = (self.of.word(), self.place.word(), self.place.key());
        match &self.declared {
            Err(why) => Some(format!(
                "{of} of the {place}: {why}; see `{key}`, or have the file sent again"
            )),
            Ok(declared) => {
                let read = read.filter(|read| read != declared)?;
                Some(format!(
                    "the {of} of the {place} are {declared}, and {read} were read; have the file \
                     or its total mended by whoever exported it"
                ))
            }
        }
    }
}
