//! What a feed is: whose it is, which files it has, how they are written, and which of their
//! columns become which canonical columns. The pipeline resolves to these; the reader obeys them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use jiff::tz::TimeZone;

pub use crate::frame::fields::FeedKind;
use crate::frame::fields::Field;
use crate::value::party::Party;
use crate::value::token::TokenKey;

/// Whose feed it is: a party's, or both's (links and consents).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// One party's.
    Party(Party),
    /// Both parties'.
    Shared,
}

impl Owner {
    /// `a`, `b` or `shared`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Owner::Party(party) => party.letter(),
            Owner::Shared => "shared",
        }
    }
}

/// A feed, resolved: every pattern stands for one period and as-of date.
#[derive(Debug, Clone)]
pub struct Feed {
    /// Whose it is.
    pub owner: Owner,
    /// What it carries.
    pub kind: FeedKind,
    /// The folder under which every file must lie; absolute and canonical.
    pub root: PathBuf,
    /// File patterns relative to the root, placeholders filled in.
    pub patterns: Vec<String>,
    /// How the files are written.
    pub format: Format,
    /// Decimal places of a point in the files; points are multiplied by 10^scale.
    pub scale: u8,
    /// The zone of instants and days that carry no offset.
    pub zone: TimeZone,
    /// The declared columns, in the order of the feed's canonical fields.
    pub columns: Vec<Column>,
}

impl Feed {
    /// The files that the patterns match, canonical, in the order of their paths, each once.
    /// `*` and `?` match within one name and not the point of a hidden one.
    ///
    /// # Errors
    /// When a folder cannot be listed, when a match cannot be resolved, and when a match leads out
    /// of the root by a symbolic link.
    pub fn find(&self) -> io::Result<Vec<PathBuf>> {
        let refused = |why: String| io::Error::new(io::ErrorKind::InvalidInput, why);
        let root = self
            .root
            .to_str()
            .ok_or_else(|| refused(format!("{} is not UTF-8", self.root.display())))?;
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let mut files = BTreeSet::new();
        for pattern in &self.patterns {
            let whole = format!("{}/{pattern}", glob::Pattern::escape(root));
            let matches = glob::glob_with(&whole, options)
                .map_err(|error| refused(format!("the pattern `{pattern}`: {error}")))?;
            for found in matches {
                let found = found.map_err(io::Error::from)?;
                let file = found.canonicalize()?;
                if !file.starts_with(&self.root) {
                    return Err(io::Error::new(
                        io::ErrorKind::PermissionDenied,
                        format!("{} leads out of the root by a symbolic link", found.display()),
                    ));
                }
                if file.is_file() {
                    files.insert(file);
                }
            }
        }
        Ok(files.into_iter().collect())
    }
}

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Delimited UTF-8 text with a header row.
    Csv {
        /// The delimiter.
        delimiter: u8,
        /// Texts that mean "no value", besides the empty text.
        nulls: Vec<String>,
    },
    /// Apache Parquet.
    Parquet,
}

/// A declared column of a feed.
#[derive(Debug, Clone)]
pub struct Column {
    /// The canonical column that it fills.
    pub field: &'static Field,
    /// Where its values come from.
    pub origin: Origin,
    /// The partner's words → codes of the field's list; empty: the canonical words themselves.
    pub words: BTreeMap<String, u8>,
    /// How instants are written, strptime; `None`: ISO 8601, or a bare `YYYY-MM-DD`.
    pub pattern: Option<String>,
    /// What a contact column holds.
    pub contact: Option<Contact>,
}

/// Where the values of a column come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The column of that name in the file.
    Named(String),
    /// The same text in every row.
    Constant(String),
}

/// What a contact column holds.
#[derive(Debug, Clone)]
pub enum Contact {
    /// Raw mobile numbers, to be keyed at parse.
    Mobile(Arc<TokenKey>),
    /// Raw e-mail addresses, to be keyed at parse.
    Email(Arc<TokenKey>),
    /// Raw names, to be keyed at parse.
    Name(Arc<TokenKey>),
    /// Tokens that the partner keyed.
    Ready,
}

/// A file that a feed found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputFile {
    /// Its path under the root, with `/` between names.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// The BLAKE3 digest of its content, hexadecimal.
    pub blake3: String,
    /// Data rows in it, refused ones included; filled in by reading.
    pub rows: u64,
}

/// What became of one feed: its canonical rows and everything that did not become one.
///
/// The batch has the columns of `FeedKind::fields` in order (undeclared ones null, or their
/// default word), then `file: UInt32`, an index into `files`, and `line: UInt64`, one-based (the
/// first physical line of the record in text, the row number in Parquet).
#[derive(Debug, Clone)]
pub struct FeedRows {
    /// Whose feed.
    pub owner: Owner,
    /// Which feed.
    pub kind: FeedKind,
    /// The accepted rows.
    pub rows: RecordBatch,
    /// The files, in the order of their paths.
    pub files: Vec<InputFile>,
    /// The refused rows.
    pub rejects: Vec<Reject>,
    /// What was wrong with the feed as a whole.
    pub faults: Vec<FeedFault>,
}

/// A refused row or value. The raw value never stands here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reject {
    /// The file.
    pub file: String,
    /// The line (text) or row (Parquet), one-based.
    pub line: u64,
    /// The byte offset of the record in a text file.
    pub byte_offset: Option<u64>,
    /// The canonical column, or empty where the whole record is at fault.
    pub column: String,
    /// FIL-04, FIL-05 or FIL-06.
    pub code: RejectCode,
    /// Why.
    pub reason: String,
    /// The value with every letter and digit masked.
    pub redacted: String,
}

/// Why a row was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectCode {
    /// FIL-04: bytes that the declared encoding cannot decode.
    Undecodable,
    /// FIL-05: more or fewer columns than the header.
    Ragged,
    /// FIL-06: a value that its column refuses.
    Value,
}

/// Something wrong with a feed as a whole; each blocks the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedFault {
    /// FIL-01: no file matches the pattern.
    Missing {
        /// The pattern, placeholders filled in.
        pattern: String,
    },
    /// FIL-05: the file has no such column, or the column has another type, or there is no header.
    Column {
        /// The file.
        file: String,
        /// The column as the pipeline names it.
        column: String,
        /// What is wrong with it.
        reason: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(root: &std::path::Path, patterns: &[&str]) -> Feed {
        Feed {
            owner: Owner::Party(Party::A),
            kind: FeedKind::Ledger,
            root: root.canonicalize().unwrap(),
            patterns: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
            format: Format::Parquet,
            scale: 0,
            zone: TimeZone::UTC,
            columns: Vec::new(),
        }
    }

    #[test]
    fn files_are_found_once_in_the_order_of_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("a [1]");
        std::fs::create_dir_all(root.join("x/deep")).unwrap();
        for name in ["x/2.csv", "x/1.csv", "x/.hidden.csv", "x/deep/3.csv", "x/1.txt"] {
            std::fs::write(root.join(name), "").unwrap();
        }
        let rows: [(&[&str], &[&str]); 5] = [
            (&["x/*.csv"], &["x/1.csv", "x/2.csv"]),
            (&["x/2.csv", "x/?.csv"], &["x/1.csv", "x/2.csv"]),
            (&["x/*"], &["x/1.csv", "x/1.txt", "x/2.csv"]),
            (&["*/3.csv"], &[]),
            (&["none/*.csv"], &[]),
        ];
        for (patterns, expected) in rows {
            let feed = feed(&root, patterns);
            let expected: Vec<PathBuf> = expected.iter().map(|name| feed.root.join(name)).collect();
            assert_eq!(feed.find().unwrap(), expected, "{patterns:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_root_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret.csv"), "").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret.csv"), root.join("a.csv")).unwrap();
        let error = feed(&root, &["*.csv"]).find().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }
}
