//! What a feed is: whose it is, which files it has, how they are written, and which of their
//! columns become which canonical columns. The pipeline resolves to these; the reader obeys them.

mod column;
mod delivery;
mod layout;
mod rejects;
mod search;
mod written;

use std::path::PathBuf;
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use jiff::Span;
use jiff::civil::Time;
use jiff::tz::TimeZone;

pub use self::column::{
    Column, Epoch, Negative, NumberStyle, Origin, Sign, SignColumn, TimeStyle, Year,
};
pub use crate::frame::fields::FeedKind;
use crate::value::party::Party;
use crate::value::period::{Instant, Period};
use crate::value::token::{KeyName, TokenKey};

pub use delivery::{Named, Note};
pub use layout::{
    Around, BesideTotals, DeclaredTotal, Delimited, Digest, Encoding, Extent, Figures, Fixed,
    Format, JsonLines, Limits, LineEnd, Marked, Packing, TotalOf, TotalPlace, Unpack, Zip,
};
pub use rejects::MaxRejects;

/// How patterns match: within one name, and not the point of a hidden one.
pub const WITHIN_A_NAME: glob::MatchOptions = glob::MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

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
    /// The same of files of the days after the period, whose rows are there to be paired with.
    pub following: Vec<String>,
    /// How the files are packed, and what stands beside them.
    pub packing: Packing,
    /// How the files are written.
    pub format: Format,
    /// Decimal places of a point in the files; points are multiplied by 10^scale.
    pub scale: u8,
    /// The most points, in smallest units and whatever the sign, that a row may have.
    pub points_max: i64,
    /// The zone of instants and days that carry no offset.
    pub zone: TimeZone,
    /// The declared columns, in the order of the feed's canonical fields.
    pub columns: Vec<Column>,
    /// Columns of the files that were not agreed: each that arrives is told, and never read.
    pub not_agreed: Vec<String>,
    /// When the files are due.
    pub due: Option<Due>,
    /// How many days a snapshot may be older than the cut.
    pub max_age_days: Option<u32>,
    /// How many rows may be refused.
    pub max_rejects: Option<MaxRejects>,
}

/// When the files of a feed are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// So many days after the last day that they may cover.
    pub days: u32,
    /// At that time of the feed's zone.
    pub time: Time,
}

impl Due {
    /// The instant at which the files of a period are due: counted from the earlier of the as-of
    /// date and the period's last day. `None` past the end of the calendar.
    #[must_use]
    pub fn at(self, period: &Period, zone: &TimeZone) -> Option<Instant> {
        let last_day = period.cut().plus(-1).day(zone)?;
        let days = Span::new().try_days(self.days).ok()?;
        let day = last_day.checked_add(days).ok()?;
        let due = day.to_datetime(self.time).to_zoned(zone.clone()).ok()?;
        Some(Instant(due.timestamp().as_microsecond()))
    }
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
    /// Tokens that the partner keyed, and with which key where that is said.
    Ready(Option<KeyName>),
}

impl Contact {
    /// The key of the tokens, where it is known.
    #[must_use]
    pub fn key_name(&self) -> Option<&KeyName> {
        match self {
            Contact::Mobile(key) | Contact::Email(key) | Contact::Name(key) => Some(key.key_name()),
            Contact::Ready(name) => name.as_ref(),
        }
    }
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
    /// The SHA-256 digest of its content, hexadecimal, where the owner's deliveries may name one.
    pub sha256: Option<String>,
    /// The earlier file of the feed with the same content, where there is one; then this one is
    /// not read.
    pub repeats: Option<String>,
    /// Whether only `following` names it: it is of the days after the period, and nobody has to
    /// have sent it yet.
    pub follows: bool,
    /// Whether the next period reads it itself, as far as its patterns tell now.
    pub comes_again: bool,
    /// What is wrong with what stands beside it.
    pub beside: Option<Beside>,
    /// The totals that what stands beside it says it has.
    pub stated: Vec<DeclaredTotal>,
    /// Data rows in it, refused ones included; filled in by reading.
    pub rows: u64,
}

impl InputFile {
    /// Whether it is not read: its content was, or nobody says that it is whole.
    #[must_use]
    pub fn is_passed_over(&self) -> bool {
        self.repeats.is_some() || matches!(self.beside, Some(Beside::NotReady { .. }))
    }
}

/// What is wrong with what a sender puts beside a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Beside {
    /// Nothing says that the file was sent whole; it is not read.
    NotReady {
        /// The file that is missing.
        marker: String,
    },
    /// The file with the digest is missing, is no digest, or is that of another content.
    Digest {
        /// The file with the digest.
        sidecar: String,
        /// The digest in it, where it is one.
        declared: Option<String>,
        /// The digest of the file.
        computed: String,
    },
}

/// A part of a feed: a file, or an entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPart {
    /// As it is told: the file's path, and the entry's name behind it.
    pub name: String,
    /// The file, as an index into the feed's files.
    pub file: u32,
    /// Data rows in it, refused ones included.
    pub rows: u64,
}

/// What the accepted rows of a part amount to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PartSum {
    /// Their points, where the feed has a column of points.
    pub points: i128,
    /// The hash total (散列总数) of their keys.
    pub hash: u64,
}

/// What became of one feed: its canonical rows and everything that did not become one.
///
/// The batch has the columns of `FeedKind::fields` in order (undeclared ones null, or their
/// default word), then `@file: UInt32`, an index into `parts`, and `@line: UInt64`, one-based (the
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
    /// Their parts, in the order of files and entries.
    pub parts: Vec<FeedPart>,
    /// What the accepted rows of each part amount to.
    pub sums: Vec<PartSum>,
    /// Totals that the parts declare of themselves.
    pub declared: Vec<DeclaredTotal>,
    /// The refused rows.
    pub rejects: Vec<Reject>,
    /// What was wrong with the feed as a whole.
    pub faults: Vec<FeedFault>,
    /// Columns that were not agreed and arrived.
    pub strays: Vec<Stray>,
}

impl FeedRows {
    /// Whether everything came that the feed should have: its files, and their columns.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.faults.iter().all(|fault| fault.unread().is_none())
    }
}

/// A column that was not agreed and arrived all the same; it was dropped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stray {
    /// The file.
    pub file: String,
    /// The column as the pipeline names it.
    pub column: String,
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

/// Something wrong with a feed as a whole.
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
    /// FIL-05: no row has the key of a column that may be without a value, in a file whose rows
    /// name their columns themselves.
    Unused {
        /// The file.
        file: String,
        /// The column as the pipeline names it.
        column: String,
    },
    /// FIL-05: an archive holds what the pipeline does not know.
    Entry {
        /// The file.
        file: String,
        /// The entry.
        entry: String,
    },
    /// FIL-01 or FIL-02: what stands beside a file is wrong.
    Beside {
        /// The file.
        file: String,
        /// What is wrong.
        beside: Beside,
    },
}

impl FeedFault {
    /// What is wrong with that feed, and what to do; the file or entry stands beside it.
    #[must_use]
    pub fn reason(&self, feed: &str) -> String {
        match self {
            FeedFault::Missing { pattern } => format!(
                "no file of the feed {feed} matches `{pattern}`; have it sent, or see `files`"
            ),
            FeedFault::Column { column, reason, .. } if column.is_empty() => reason.clone(),
            FeedFault::Column { column, reason, .. } => format!("{column}: {reason}"),
            FeedFault::Unused { column, .. } => format!(
                "{column}: no row has such a key, so that none has a value for it; if that is not \
                 so, the partner renamed it: see `from`"
            ),
            FeedFault::Entry { .. } => "no pattern of `entries` or `ignore` names this entry, and \
                                        it was not read; name it under one of them"
                .to_owned(),
            FeedFault::Beside { beside: Beside::NotReady { marker }, .. } => format!(
                "`{marker}` does not stand beside it to say that it was sent whole, and it was not \
                 read; have it sent, or see `ready`"
            ),
            FeedFault::Beside { beside: Beside::Digest { sidecar, declared, .. }, .. } => {
                let what = match declared {
                    Some(_) => "holds the digest of another content",
                    None => "does not hold its digest",
                };
                format!("`{sidecar}` {what}; have both sent again")
            }
        }
    }

    /// The file, entry or pattern that was not read for it, where there is one.
    #[must_use]
    pub fn unread(&self) -> Option<&str> {
        match self {
            FeedFault::Missing { pattern } => Some(pattern),
            FeedFault::Column { file, .. }
            | FeedFault::Beside { file, beside: Beside::NotReady { .. } } => Some(file),
            FeedFault::Unused { .. } | FeedFault::Entry { .. } | FeedFault::Beside { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_due_so_many_days_after_its_last_day() {
        use crate::value::period::Cycle;
        // zone, as-of date, days, time, due
        let rows = [
            ("Asia/Shanghai", "2026-03-31", 1, "06:00", "2026-04-01T06:00:00+08:00"),
            ("Asia/Shanghai", "2026-03-12", 1, "06:00", "2026-03-13T06:00:00+08:00"),
            ("Asia/Shanghai", "2026-03-12", 0, "23:59:59", "2026-03-12T23:59:59+08:00"),
            // Later runs of a period do not move it.
            ("Asia/Shanghai", "2026-04-05", 1, "06:00", "2026-04-01T06:00:00+08:00"),
            // A time that the clock skips is the one after the change.
            ("America/New_York", "2026-03-07", 1, "02:30", "2026-03-08T03:30:00-04:00"),
        ];
        for (zone, as_of, days, time, expected) in rows {
            let zone = TimeZone::get(zone).unwrap();
            let as_of = as_of.parse().unwrap();
            let period = Period::labelled("2026-03", as_of, Cycle::Monthly, &zone).unwrap();
            let due = Due { days, time: time.parse().unwrap() };
            assert_eq!(due.at(&period, &zone).unwrap().show(&zone), expected, "{as_of} {time}");
            assert_eq!(Due { days: u32::MAX, ..due }.at(&period, &zone), None);
        }
    }
}
