//! Why a run cannot go on: one error, with its exit code.

use crate::clear::{ClearError, ConservationError};
use crate::engine::SpillError;
use crate::frame::books::FrameError;
use crate::frame::bridge::BridgeError;
use crate::pipeline::Trouble;
use crate::publish::PublishError;
use crate::source::SourceError;
use crate::value::money::MoneyError;
use crate::value::period::PeriodError;
use crate::value::points::Overflow;

/// Exit codes of the command line.
pub mod exit {
    /// Nothing at or over `--fail-on`.
    pub const CLEAN: u8 = 0;
    /// Discrepancies at or over `--fail-on`.
    pub const DISCREPANCIES: u8 = 1;
    /// Usage, or the pipeline file.
    pub const USAGE: u8 = 2;
    /// The input blocked the statement.
    pub const BLOCKED: u8 = 3;
    /// Input or output failed.
    pub const IO: u8 = 4;
    /// Another run holds the lock.
    pub const LOCKED: u8 = 5;
    /// A bug of Hutong.
    pub const BUG: u8 = 101;
    /// Interrupted.
    pub const INTERRUPTED: u8 = 130;
}

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The pipeline has problems, or cannot be read.
    #[error(transparent)]
    Pipeline(#[from] Trouble),
    /// The period cannot be formed.
    #[error(transparent)]
    Period(#[from] PeriodError),
    /// The agreement does not reach into the period.
    #[error("the period {period} lies outside the agreement's term, {from} to {to}")]
    OutsideTerm {
        /// The period.
        period: String,
        /// The term's first day.
        from: String,
        /// The day after its last.
        to: String,
    },
    /// The period is closed, by another run than this.
    #[error("the period {period} is closed; its final publication is {place}")]
    Final {
        /// The period.
        period: String,
        /// The publication under the pipeline's folder.
        place: String,
    },
    /// The period cannot be closed yet.
    #[error("the period {period} may be closed as of {from} at the earliest")]
    TooEarly {
        /// The period.
        period: String,
        /// The first day on which it may be closed.
        from: String,
    },
    /// A period before it is open, though an earlier one is closed.
    #[error(
        "the period {period} cannot be closed before {before}, the earliest that is open: \
         `hutong close PIPELINE --period {before}`"
    )]
    Unclosed {
        /// The period.
        period: String,
        /// The earliest period that is open.
        before: String,
    },
    /// A period before it was run and is open, and none is closed.
    #[error(
        "the period {period} cannot be closed before {before}, which was run ({folder}) and is \
         open: `hutong close PIPELINE --period {before}`"
    )]
    Passed {
        /// The period.
        period: String,
        /// The earliest period that was run.
        before: String,
        /// Its folder.
        folder: String,
    },
    /// A later period is closed, and did not take this one into account.
    #[error("the period {period} cannot be closed any more: {later} is closed")]
    Overtaken {
        /// The period.
        period: String,
        /// The first later period that is closed.
        later: String,
    },
    /// The pipeline's folder has final publications that it cannot go on from.
    #[error("{place} was closed under the {term} {closed}; the pipeline has {now}")]
    Unlike {
        /// The final publication.
        place: String,
        /// `agreement`, `parties`, `cycle` or `time`.
        term: &'static str,
        /// What it was closed under.
        closed: String,
        /// What the pipeline has.
        now: String,
    },
    /// A version on which a closed period rests was changed.
    #[error("{place} was settled at the {term} {settled}; of {at} the pipeline has {now}")]
    Repriced {
        /// The final publication.
        place: String,
        /// Which term.
        term: String,
        /// The first instant of its period at which the term is another now.
        at: String,
        /// What it was closed with.
        settled: String,
        /// What the pipeline has in force then.
        now: String,
    },
    /// A carry is in a currency that the agreement no longer settles.
    #[error("{period} carried {amount} {currency} forward, and the pipeline has no {currency}")]
    Stranded {
        /// The period that carried it.
        period: String,
        /// The carry.
        amount: String,
        /// Its currency.
        currency: &'static str,
    },
    /// A feed's files could not be listed.
    #[error("cannot find the files of {feed}")]
    Find {
        /// The feed.
        feed: String,
        /// Why.
        source: std::io::Error,
    },
    /// A feed cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A sum or product cannot be exact.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// A statement cannot be formed.
    #[error(transparent)]
    Clear(#[from] ClearError),
    /// An amount cannot be exact.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// The books do not balance: our bug, and nothing is published.
    #[error("the run does not balance, and nothing is published; this is a bug of Hutong")]
    Conservation(#[from] ConservationError),
    /// A counted event could not be written: our bug, and nothing is published.
    #[error("{counted} events are counted and {written} were written; this is a bug of Hutong")]
    Unwritten {
        /// Pairs that are counted.
        counted: u64,
        /// Rows that were written.
        written: u64,
    },
    /// A frame is not canonical: our bug.
    #[error("a frame is not canonical; this is a bug of Hutong")]
    Frame(#[from] FrameError),
    /// A join failed: our bug, or memory refused.
    #[error("a join failed")]
    Bridge(#[from] BridgeError),
    /// Publishing failed.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// Rows could not be set aside, or not be taken up again.
    #[error(transparent)]
    Spill(#[from] SpillError),
    /// Threads could not be started.
    #[error("cannot start the threads")]
    Threads(#[source] rayon::ThreadPoolBuildError),
}

impl Error {
    /// The exit code of the error.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Pipeline(Trouble::Unreadable { .. }) | Error::Threads(_) => exit::IO,
            Error::Pipeline(Trouble::Problems { .. })
            | Error::Period(_)
            | Error::OutsideTerm { .. }
            | Error::Final { .. }
            | Error::TooEarly { .. }
            | Error::Unclosed { .. }
            | Error::Passed { .. }
            | Error::Overtaken { .. }
            | Error::Unlike { .. }
            | Error::Repriced { .. }
            | Error::Stranded { .. } => exit::USAGE,
            Error::Source(
                SourceError::Io { .. } | SourceError::Unwritten { .. } | SourceError::Spill(_),
            )
            | Error::Spill(_)
            | Error::Find { .. } => exit::IO,
            Error::Source(_) | Error::Overflow(_) | Error::Money(_) => exit::BLOCKED,
            Error::Clear(ClearError::Money(_)) => exit::BLOCKED,
            Error::Clear(ClearError::Statement(_))
            | Error::Conservation(_)
            | Error::Unwritten { .. }
            | Error::Frame(_)
            | Error::Bridge(_) => exit::BUG,
            Error::Publish(PublishError::Locked(_)) => exit::LOCKED,
            Error::Publish(PublishError::TooLarge { .. }) => exit::BLOCKED,
            Error::Publish(_) => exit::IO,
        }
    }
}
