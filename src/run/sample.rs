//! A pipeline tried on the head of each feed, before a night depends on it.

use std::collections::BTreeSet;

use super::{Error, Order};
use crate::control;
use crate::feed::{Beside, DeclaredTotal, Feed, FeedFault, FeedRows, Reject, RejectCode};
use crate::pipeline;
use crate::source;

/// What the head of one feed shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    /// The feed, such as `a ledger`.
    pub feed: String,
    /// How many files it has.
    pub files: usize,
    /// Rows that were read, refused ones included.
    pub rows: u64,
    /// The refused ones.
    pub rejects: Vec<Reject>,
    /// What is wrong with the feed as a whole, with the code of its rule.
    pub faults: Vec<(&'static str, String)>,
    /// Files, or entries of archives, of which the totals that they declare were held against what
    /// was read.
    pub held: usize,
    /// Those of which they were not, because they were not read to their ends.
    pub unheld: usize,
    /// What stopped the reading, and would stop a run.
    pub stopped: Option<String>,
}

impl Sampled {
    /// Whether nothing was amiss.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.rejects.is_empty() && self.faults.is_empty() && self.stopped.is_none()
    }
}

/// Reads at least so many rows of each feed, as far as it has them. Nothing is judged or published;
/// totals are held where a file was read to its end.
///
/// # Errors
/// [`Error`], with its exit code: of the pipeline, the period, or a folder that cannot be listed.
/// What is wrong with a feed's content is part of what is told.
pub fn sample(order: &Order, rows: u64) -> Result<Vec<Sampled>, Error> {
    let pipeline = pipeline::read(&order.pipeline)?;
    let period = super::period_of(&pipeline, order)?;
    let mut sampled = Vec::new();
    for feed in pipeline.feeds(&period) {
        let name = format!("{} {}", feed.owner.word(), feed.kind.word());
        let paths = feed.find().map_err(|source| Error::Find { feed: name.clone(), source })?;
        let read = source::survey(&feed, &paths, false)
            .and_then(|files| source::head(&feed, &files, rows));
        sampled.push(match read {
            Ok(read) => told(name, &feed, read),
            Err(error) => Sampled {
                feed: name,
                files: paths.len(),
                rows: 0,
                rejects: Vec::new(),
                faults: Vec::new(),
                held: 0,
                unheld: 0,
                stopped: Some(error.to_string()),
            },
        });
    }
    Ok(sampled)
}

fn told(name: String, feed: &Feed, read: FeedRows) -> Sampled {
    let mut faults: Vec<_> = read.faults.iter().map(|one| fault(&name, one)).collect();
    faults.extend(totals(&read));
    let strays = read.strays.iter().map(|stray| {
        ("CON-03", format!("{}: `{}` was not agreed; it is dropped", stray.file, stray.column))
    });
    faults.extend(strays);
    let rows = read.files.iter().map(|file| file.rows).sum::<u64>();
    if rows > 0 && read.rejects.len() as u64 == rows {
        let why = "every row that was read was refused; a run in which that is so is blocked, \
                   whatever `max_rejects` allows";
        faults.push(("FIL-06", why.to_owned()));
    }
    let has_totals = !feed.format.expected().is_empty() || feed.packing.totals.is_some();
    let whole: BTreeSet<u32> = read.declared.iter().map(|total| total.part).collect();
    let begun: BTreeSet<u32> = read.parts.iter().map(|part| part.file).collect();
    let unread = read.files.len().saturating_sub(begun.len());
    let unheld = if has_totals { read.parts.len().saturating_sub(whole.len()) + unread } else { 0 };
    Sampled {
        feed: name,
        files: read.files.len(),
        rows,
        rejects: read.rejects,
        faults,
        held: whole.len(),
        unheld,
        stopped: None,
    }
}

/// Where what a file says of itself is not what was read of it.
fn totals(read: &FeedRows) -> Vec<(&'static str, String)> {
    let parts = control::by_part(read);
    let differs = |total: &DeclaredTotal| {
        let part = total.part as usize;
        let (part, found) = (read.parts.get(part)?, parts.get(part)?);
        let why = total.reason(found.of(total.of))?;
        let line = if total.line == 0 { String::new() } else { format!(":{}", total.line) };
        Some(("FIL-03", format!("{}{line}: {why}", part.name)))
    };
    read.declared.iter().filter_map(differs).collect()
}

fn fault(feed: &str, fault: &FeedFault) -> (&'static str, String) {
    let reason = fault.reason(feed);
    match fault {
        FeedFault::Missing { .. } => ("FIL-01", reason),
        FeedFault::Column { file, .. } | FeedFault::Unused { file, .. } => {
            ("FIL-05", format!("{file}: {reason}"))
        }
        FeedFault::Entry { file, entry } => ("FIL-05", format!("{file}/{entry}: {reason}")),
        FeedFault::Beside { file, beside: Beside::NotReady { .. } } => {
            ("FIL-01", format!("{file}: {reason}"))
        }
        FeedFault::Beside { file, beside: Beside::Digest { .. } } => {
            ("FIL-02", format!("{file}: {reason}"))
        }
    }
}

/// The code of the rule that tells a refused row.
#[must_use]
pub fn code(reject: &Reject) -> &'static str {
    match reject.code {
        RejectCode::Undecodable => "FIL-04",
        RejectCode::Ragged => "FIL-05",
        RejectCode::Value => "FIL-06",
    }
}
