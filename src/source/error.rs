//! What stops the reading of a feed.

use std::io;
use std::path::PathBuf;

use arrow::error::ArrowError;

use crate::engine::SpillError;

/// What stops the reading of a feed. Files are named relative to the feed's root.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file cannot be opened or read.
    #[error("`{file}` cannot be read; see that it exists and that its permissions allow it")]
    Io {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// A first pipeline cannot be written.
    #[error("no first pipeline can be written to `{}`; name a folder that holds none", path.display())]
    Unwritten {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file lies outside the feed's root, or its name is not UTF-8.
    #[error("`{}` lies outside the feed's root or has a name that is not UTF-8; move or rename it", path.display())]
    Outside {
        /// The file.
        path: PathBuf,
    },
    /// The file is not what it was when its digest was taken.
    #[error("`{file}` changed while it was read; run again once it is complete")]
    Changed {
        /// The file.
        file: String,
    },
    /// The bytes of the file are not what its format says.
    #[error(
        "`{file}` is not a readable {what} file ({reason}); see `format` and `unpack` of the feed, or ask \
         the partner to send it again"
    )]
    Corrupt {
        /// The file.
        file: String,
        /// What it should be.
        what: &'static str,
        /// What the decoder said.
        reason: String,
    },
    /// The file unpacks to more than was declared.
    #[error(
        "`{file}` of {sent} bytes unpacks to more than {unpacked} bytes, the least of {bytes} bytes and \
         {ratio} for each of its own; if that is right, raise `limits: {{ bytes: …, ratio: … }}` of the feed"
    )]
    Bomb {
        /// The file.
        file: String,
        /// Its bytes.
        sent: u64,
        /// The most bytes that it may unpack to.
        unpacked: u64,
        /// The declared limit.
        bytes: u64,
        /// The declared ratio.
        ratio: u64,
    },
    /// A quote that is never closed, or closed in the wrong place, holds several lines. Which of
    /// them are rows cannot be known.
    #[error("{file}:{line}: a quote takes in {lines} lines; close it where its value ends")]
    Swallowed {
        /// The file.
        file: String,
        /// The line on which the record begins.
        line: u64,
        /// How many lines stand in it.
        lines: u64,
    },
    /// A record is longer than the reader holds.
    #[error(
        "{file}:{line}: the record is longer than 1 MiB; close the quote that it opens, end its lines \
         with LF or CRLF, or shorten it"
    )]
    LongRecord {
        /// The file.
        file: String,
        /// The line on which the record begins.
        line: u64,
    },
    /// A word of a strict list that nobody declared.
    #[error(
        "{file}:{line}: `{word}` is no known {column}; declare it under `values` of `{column}`"
    )]
    UnknownKind {
        /// The file.
        file: String,
        /// The line or row.
        line: u64,
        /// The canonical column.
        column: String,
        /// The word, masked where it is long or unprintable.
        word: String,
    },
    /// The feed holds more than one batch can.
    #[error("`{column}` of the {feed} feed holds more than 2 GiB; split the period")]
    TooLarge {
        /// The feed.
        feed: &'static str,
        /// The canonical column.
        column: &'static str,
    },
    /// The rows take more memory than the run may have. It is met by setting rows aside.
    #[error("the rows of the {feed} feed take more than the {bytes} bytes that are left for them")]
    NoRoom {
        /// The feed.
        feed: &'static str,
        /// What was left.
        bytes: u64,
    },
    /// What was kept of the file is not what was kept. It is met by reading the file.
    #[error("what was kept of `{file}` is damaged")]
    Unkept {
        /// The file.
        file: String,
        /// The entry of the cache.
        entry: String,
    },
    /// Rows cannot be set aside.
    #[error(transparent)]
    Spill(#[from] SpillError),
    /// A declared constant that its column refuses.
    #[error("the constant of `{column}` is refused: {reason}; mend it in the pipeline")]
    Constant {
        /// The canonical column.
        column: &'static str,
        /// Why.
        reason: String,
    },
    /// A column that the feed needs stands nowhere in the pipeline.
    #[error("the {feed} feed does not declare `{column}`; declare it under `columns`")]
    Undeclared {
        /// The feed.
        feed: &'static str,
        /// The canonical column.
        column: &'static str,
    },
    /// The rows do not form a batch.
    #[error("the rows of the {feed} feed do not form a batch")]
    Frame {
        /// The feed.
        feed: &'static str,
        /// What Arrow said.
        source: ArrowError,
    },
}
