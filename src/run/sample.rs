//! A pipeline tried on the head of each feed, before a night depends on it.

use super::{Error, Order};
use crate::feed::{Beside, FeedFault, FeedRows, Reject, RejectCode};
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

/// Reads at least so many rows of each feed, as far as it has them. Nothing is judged, held against
/// totals or published.
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
            Ok(read) => told(name, read),
            Err(error) => Sampled {
                feed: name,
                files: paths.len(),
                rows: 0,
                rejects: Vec::new(),
                faults: Vec::new(),
                stopped: Some(error.to_string()),
            },
        });
    }
    Ok(sampled)
}

fn told(feed: String, read: FeedRows) -> Sampled {
    let mut faults: Vec<_> = read.faults.iter().map(fault).collect();
    let strays = read.strays.iter().map(|stray| {
        ("CON-03", format!("{}: `{}` was not agreed; it is dropped", stray.file, stray.column))
    });
    faults.extend(strays);
    Sampled {
        feed,
        files: read.files.len(),
        rows: read.files.iter().map(|file| file.rows).sum(),
        rejects: read.rejects,
        faults,
        stopped: None,
    }
}

fn fault(fault: &FeedFault) -> (&'static str, String) {
    match fault {
        FeedFault::Missing { pattern } => ("FIL-01", format!("no file matches `{pattern}`")),
        FeedFault::Column { file, column, reason } if column.is_empty() => {
            ("FIL-05", format!("{file}: {reason}"))
        }
        FeedFault::Column { file, column, reason } => {
            ("FIL-05", format!("{file} {column}: {reason}"))
        }
        FeedFault::Entry { file, entry } => (
            "FIL-05",
            format!("{file}/{entry}: no pattern of `entries` or `ignore` names this entry"),
        ),
        FeedFault::Beside { file, beside: Beside::NotReady { marker } } => {
            ("FIL-01", format!("{file}: `{marker}` does not stand beside it"))
        }
        FeedFault::Beside { file, beside: Beside::Digest { sidecar, declared, .. } } => {
            let why = match declared {
                Some(_) => "holds the digest of another content",
                None => "does not hold its digest",
            };
            ("FIL-02", format!("{file}: `{sidecar}` {why}"))
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
