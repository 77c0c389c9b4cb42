//! How much of its rows a run may hold in memory.

use std::path::Path;

use serde::Serialize;

use super::{Error, Known, intake};
use crate::feed::{Feed, Format, Unpack};
use crate::pipeline::Pipeline;
use crate::value::period::Period;

/// Where rows are set aside, and how much of them may be in memory. No output depends on it.
#[derive(Debug, Clone, Copy)]
pub struct Room<'a> {
    /// The folder.
    pub folder: &'a Path,
    /// The memory that the run may take, in bytes.
    memory_bytes: u64,
}

/// What rows take of memory until they are published, for each byte of them in their frames:
/// measured at 1.7, and rounded up.
const TAKEN: u64 = 2;

/// What the process takes without any rows.
const PROCESS_BYTES: u64 = 64 << 20;

/// What a row of a table is taken to need while it is merged, in bytes: the widest tables have some
/// forty columns.
const MERGED_BYTES: u64 = 512;

/// What is set aside for each byte of rows in their frames: the rows twice and their tables once,
/// all packed. Measured at 1.0 of Parquet, at 1.4 of text in few portions and at 2.0 in many, and
/// rounded up.
const ASIDE: u64 = 3;

/// The least that a portion is of: smaller ones would take more time than they save memory.
const PORTION_BYTES: u64 = 1 << 12;

/// The most portions: a table's runs are merged all at once.
const PORTIONS: usize = 1 << 12;

impl<'a> Room<'a> {
    /// The room of a run that may take so much memory; `None` where it may take what it needs, or
    /// where its rows cannot be judged in portions: a cap per period runs through the events of all
    /// members, in order.
    #[must_use]
    pub fn of(
        memory_bytes: Option<u64>,
        folder: &'a Path,
        pipeline: &Pipeline,
    ) -> Option<Room<'a>> {
        let memory_bytes = memory_bytes?;
        let is_capped = pipeline.agreement.caps.iter().any(|cap| !cap.per_member);
        if is_capped {
            tracing::info!("a cap per period is agreed, so that all rows are judged in memory");
        }
        (!is_capped).then_some(Room { folder, memory_bytes })
    }

    /// The bytes of rows that may be judged together.
    #[must_use]
    pub fn rows_bytes(self) -> u64 {
        self.memory_bytes / TAKEN
    }

    /// Whether the rows of files are thought to take more. What is thought wrong costs time alone.
    #[must_use]
    pub fn is_too_small_for(self, known: &Known) -> bool {
        let feeds = known.feeds.iter().map(|(feed, files)| {
            let read = files.iter().filter(|file| !file.is_passed_over());
            in_frames(feed, read.map(|file| file.bytes).sum())
        });
        feeds.fold(0, u64::saturating_add) > self.rows_bytes()
    }

    /// How many portions there should be of rows that take so many bytes: half of the memory is for
    /// the portion at hand, the rest for what is kept of all of them.
    #[must_use]
    pub fn portions(self, bytes: u64) -> usize {
        let portion = (self.rows_bytes() / 2).max(PORTION_BYTES);
        usize::try_from(bytes.div_ceil(portion)).unwrap_or(usize::MAX).clamp(1, PORTIONS)
    }

    /// Rows of a piece of a table's runs, of which as many are merged as there are portions.
    #[must_use]
    pub fn piece_rows(self, portions: usize) -> usize {
        let rows = self.memory_bytes / 8 / MERGED_BYTES / portions as u64;
        usize::try_from(rows).unwrap_or(usize::MAX).clamp(64, 1 << 15)
    }

    /// What stays in memory of the rows of a feed while they are stowed.
    #[must_use]
    pub fn stowed_bytes(self) -> usize {
        usize::try_from(self.memory_bytes / 8).unwrap_or(usize::MAX)
    }
}

/// What rows may take of memory in their frames that were sent in so many bytes.
fn in_frames(feed: &Feed, sent_bytes: u64) -> u64 {
    let times = match (&feed.format, &feed.packing.unpack) {
        // Dictionaries and codecs: measured at 6.2.
        (Format::Parquet, _) => 6,
        (_, Unpack::Plain) => 1,
        // Text of ledgers packs to a fifth or a tenth.
        _ => 8,
    };
    sent_bytes.saturating_mul(times)
}

/// What a run is thought to need, from the sizes of its files alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Bytes of the files as they were sent.
    pub sent_bytes: u64,
    /// Memory with which all rows are judged together.
    pub memory_bytes: u64,
    /// The memory that the run may take, where that is known.
    pub given_bytes: Option<u64>,
    /// Portions in which the rows are judged in that memory; one where they fit.
    pub portions: usize,
    /// What is set aside on disk, beside where the run publishes, while it works.
    pub aside_bytes: u64,
}

/// What a run of a period is thought to need.
///
/// # Errors
/// [`Error::Find`] when the files of a feed cannot be looked at.
pub fn estimate(
    pipeline: &Pipeline,
    period: &Period,
    given_bytes: Option<u64>,
) -> Result<Estimate, Error> {
    let (mut sent_bytes, mut rows_bytes) = (0_u64, 0_u64);
    for feed in pipeline.feeds(period) {
        let sent = feed.sent_bytes().map_err(intake::not_found(&feed))?;
        sent_bytes = sent_bytes.saturating_add(sent);
        rows_bytes = rows_bytes.saturating_add(in_frames(&feed, sent));
    }
    let memory_bytes = rows_bytes.saturating_mul(TAKEN).saturating_add(PROCESS_BYTES);
    let room = given_bytes.and_then(|bytes| Room::of(Some(bytes), Path::new(""), pipeline));
    let room = room.filter(|room| rows_bytes > room.rows_bytes());
    let portions = room.map_or(1, |room| room.portions(rows_bytes));
    let aside_bytes = room.map_or(0, |_| rows_bytes.saturating_mul(ASIDE));
    Ok(Estimate { sent_bytes, memory_bytes, given_bytes, portions, aside_bytes })
}
