//! Floor 4: the whole job.
//!
//! ```text
//! read A, read B ─▶ match members ─▶ pair events ─▶ detect ─▶ value ─▶ balance ─▶ publish
//! ```
//!
//! Everything that decides an output comes in through [`Order`] and the files it names: no clock,
//! no randomness, no time zone of the machine. The progress that [`Watch`] sees decides nothing.

mod again;
mod before;
mod error;
mod evidence;
mod intake;
mod judge;
mod outcome;
mod portions;
mod recall;
mod room;
mod roundings;
mod sample;
mod stages;
mod terms;

use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::engine::Exchange;
use crate::pipeline::{self, Pipeline};
use crate::publish::{Folder, Published};
use crate::source::{self, Cache, SourceError};
pub use crate::source::{CacheSize, Taken};
use crate::value::period::Period;

pub use again::{Again, again};
pub use before::Before;
pub use error::{Error, exit};
pub use evidence::Evidence;
pub use intake::{Intake, Known};
use outcome::Drawn;
pub use outcome::{Blocking, MatchCount, Outcome, Summary, Tally, net_in_words};
use room::Room;
pub use room::{Estimate, estimate};
pub use roundings::{Rounded, Roundings, roundings};
pub use sample::{Sampled, code as code_of, sample};
use stages::Stages;
pub use stages::{Reading, Stage, Unwatched, Watch, Work};

/// What to run.
#[derive(Debug, Clone)]
pub struct Order {
    /// The pipeline file.
    pub pipeline: PathBuf,
    /// The business date as of which the period is seen.
    pub as_of: Date,
    /// The period, where it is not the one that contains the as-of date.
    pub period: Option<String>,
    /// Where to publish, instead of where the pipeline says.
    pub to: Option<PathBuf>,
    /// Threads to work on; `None`: one per core. No output depends on it.
    pub threads: Option<usize>,
    /// Buckets to spread rows over; `None`: by the number of rows. No output depends on it.
    pub buckets: Option<usize>,
    /// The memory that the run may take, in bytes; `None`: as much as it needs. Rows that do not
    /// fit are set aside on disk and judged in portions. No output depends on it.
    pub memory_bytes: Option<u64>,
    /// How much of what is read is kept for the next run, beside the publications; `None`: nothing
    /// is kept, and nothing is taken that was. No output depends on it.
    pub cache: Option<CacheSize>,
}

impl Order {
    /// A pipeline as of a day, with everything else left to the pipeline and the machine.
    #[must_use]
    pub fn of(pipeline: &Path, as_of: Date, period: Option<String>) -> Order {
        let pipeline = pipeline.to_owned();
        Order {
            pipeline,
            as_of,
            period,
            to: None,
            threads: None,
            buckets: None,
            memory_bytes: None,
            cache: None,
        }
    }
}

/// Runs a pipeline.
///
/// # Errors
/// [`Error`], with its exit code; earlier publications are as they were.
pub fn run(order: &Order, watch: &dyn Watch) -> Result<Outcome, Error> {
    perform(pipeline::read(&order.pipeline)?, order, Aim::Provisional, watch)
}

/// Runs a pipeline and closes its period: the publication is final, unless the statement is
/// blocked (docs/periods.md).
///
/// # Errors
/// [`Error`], with its exit code; nothing is written where closing is refused.
pub fn close(order: &Order, watch: &dyn Watch) -> Result<Outcome, Error> {
    perform(pipeline::read(&order.pipeline)?, order, Aim::Final, watch)
}

/// What stands beside a publication of the time and memory that its stages took.
const STAGES: &str = ".stages.json";

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// To see how the period stands.
    Provisional,
    /// To close it.
    Final,
}

fn perform(
    pipeline: Pipeline,
    order: &Order,
    aim: Aim,
    watch: &dyn Watch,
) -> Result<Outcome, Error> {
    let period = period_of(&pipeline, order)?;
    let folder = Folder::open(&out(&pipeline, order), &pipeline.name)?;
    let lock = folder.lock()?;
    let watch = &Stages::of(watch);
    crew(order)?.install(|| {
        watch.stage("digest inputs", "校验输入", Work::Unknown);
        let before = before::look_back(&pipeline, &period, &folder)?;
        if aim == Aim::Provisional {
            before::refuse_closed(&period, &before)?;
        } else {
            before::may_close(&pipeline, &period, &before)?;
        }
        let known = intake::survey(&pipeline, &period, &before.past, aim)?;
        if let Some((place, manifest)) = folder.find(&period, &known.digest)? {
            folder.point_forward(&place, &manifest)?;
            return Ok(Outcome::already(Published::Already(place), manifest));
        }
        before::refuse_closed(&period, &before)?;
        // Whatever is set aside goes with the folder, and with the process.
        let aside = folder.stage(&lock)?;
        let room = Room::of(order.memory_bytes, aside.path(), &pipeline);
        let cache = order.cache.and_then(|size| keep(size, &folder, aside.path(), &known));
        let job = Job {
            pipeline: &pipeline,
            period: &period,
            known: &known,
            before: &before,
            cache: cache.as_ref(),
        };
        let (evidence, drawn) = whatever_was_kept(job, (order, aim), room, watch)?;
        let rows = outcome::rows(&evidence, drawn.as_ref());
        watch.stage("publish", "发布", Work::Rows(rows));
        let finals = &before.finals;
        let shelves = outcome::Shelves { folder: &folder, lock: &lock, aim, finals, watch };
        let found = (&evidence, drawn.as_ref());
        let published = outcome::publish(&pipeline, &period, found, &known, &shelves)?;
        watch.advance(published.manifest.outputs.iter().map(|file| file.bytes).sum(), 0);
        let stages = watch.end();
        let place = published.published.folder();
        // What was published stands, whether or not anybody learns what it took.
        if !stages.is_empty()
            && let Err(error) = folder.put_beside(place, STAGES, &stages, &lock)
        {
            tracing::warn!(%error, "what the stages took is not written");
        }
        tracing::info!(folder = %place.display(), "published");
        Ok(published)
    })
}

/// Where an order publishes.
fn out(pipeline: &Pipeline, order: &Order) -> PathBuf {
    order.to.clone().unwrap_or_else(|| pipeline.root.join(&pipeline.publish_to))
}

/// The threads of an order. Polars is called on this crew's thread between its parallel steps,
/// never inside one.
fn crew(order: &Order) -> Result<rayon::ThreadPool, Error> {
    let mut builder = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = order.threads {
        builder = builder.num_threads(threads);
    }
    builder.build().map_err(Error::Threads)
}

/// The period that an order names.
///
/// # Errors
/// [`Error::Period`] when it names none, [`Error::OutsideTerm`] when the agreement has not begun or
/// has ended.
pub fn period_of(pipeline: &Pipeline, order: &Order) -> Result<Period, Error> {
    let agreement = &pipeline.agreement;
    let period = match &order.period {
        Some(label) => Period::labelled(label, order.as_of, agreement.cycle, &agreement.zone)?,
        None => Period::containing(order.as_of, agreement.cycle, &agreement.zone)?,
    };
    let (from, to) = agreement.term;
    if period.end <= from || to <= period.start {
        return Err(Error::OutsideTerm {
            period: period.label,
            from: from.show(&agreement.zone),
            to: to.show(&agreement.zone),
        });
    }
    Ok(period)
}

/// What a run is made from.
#[derive(Debug, Clone, Copy)]
struct Job<'a> {
    pipeline: &'a Pipeline,
    period: &'a Period,
    known: &'a Known,
    before: &'a Before,
    /// What was read of files by earlier runs, and is kept of this one.
    cache: Option<&'a Cache>,
}

/// What is kept of what was read; nothing where the folder for it cannot be used.
fn keep(size: CacheSize, folder: &Folder, staging: &Path, known: &Known) -> Option<Cache> {
    let place = folder.cache();
    let opened = Cache::open(&place, staging, size, &known.feeds);
    opened
        .inspect_err(|error| {
            tracing::warn!(%error, folder = %place.display(), "nothing is kept of what is read");
        })
        .ok()
}

/// As [`weigh`]. Where something that was kept cannot be used, it goes, and all is read again;
/// where that happens again and again, nothing that was kept is used.
fn whatever_was_kept(
    mut job: Job<'_>,
    (order, aim): (&Order, Aim),
    room: Option<Room<'_>>,
    watch: &dyn Watch,
) -> Result<(Evidence, Option<Drawn>), Error> {
    let mut damaged = 0;
    loop {
        match (weigh(job, (order, aim), room, watch), job.cache) {
            (Err(Error::Source(SourceError::Unkept { file, entry })), Some(cache)) => {
                tracing::warn!(file, entry, "what was kept of a file is damaged; it is read again");
                cache.forget(&entry);
                damaged += 1;
                job.cache = job.cache.filter(|_| damaged < DAMAGED_MOST);
            }
            (weighed, cache) => {
                let Taken { files, bytes } = cache.map(Cache::taken).unwrap_or_default();
                if files > 0 {
                    tracing::info!(files, bytes, "taken from the cache");
                }
                return weighed;
            }
        }
    }
}

/// So many damaged entries tell that what stands on the disk is not to be believed.
const DAMAGED_MOST: u32 = 4;

/// From files that are known and a past that is known to balanced statements: all rows together
/// where they fit into the memory that the run may take, in portions where they do not.
fn weigh(
    job: Job<'_>,
    (order, aim): (&Order, Aim),
    room: Option<Room<'_>>,
    watch: &dyn Watch,
) -> Result<(Evidence, Option<Drawn>), Error> {
    let Some(room) = room else { return Ok((examine(job, order, None, watch)?, None)) };
    if !room.is_too_small_for(job.known) {
        match examine(job, order, Some(room), watch) {
            // What was read goes, and is read again.
            Err(Error::Source(SourceError::NoRoom { .. })) => {}
            examined => return Ok((examined?, None)),
        }
    }
    let (evidence, drawn) = portions::examine(job, (order, aim), room, watch)?;
    Ok((evidence, Some(drawn)))
}

/// From files that are known and a past that is known to balanced statements, with all rows in
/// memory, as far as there is room.
fn examine(
    job: Job<'_>,
    order: &Order,
    room: Option<Room<'_>>,
    watch: &dyn Watch,
) -> Result<Evidence, Error> {
    let Job { pipeline, period, known, before, cache } = job;
    let mut left = room.map_or(u64::MAX, Room::rows_bytes);
    let heard = |bytes, rows| watch.advance(bytes, rows);
    let (mut intake, ledgers) = intake::read(known, watch, &mut |feed, files| {
        let read = source::read_within(feed, files, &heard, left, cache)?;
        left = left.saturating_sub(read.rows.get_array_memory_size() as u64);
        watch.took(cache.map(Cache::taken).unwrap_or_default());
        Ok(read)
    })?;
    recall::handed(before, &mut intake)?;
    let (books, paths) = (&intake.books, &intake.paths.ledger);
    let recalled =
        recall::recall(pipeline, (period, before), (books, paths), &recall::Publications)?;
    let mut scope = intake.take_up(&ledgers, recalled)?;
    recall::adjustments(before, &mut scope)?;
    drop(ledgers);
    let exchange = Exchange::new(order.buckets.unwrap_or_else(|| intake.buckets()));
    let (judged, sums) = judge::judge(pipeline, (&intake, &scope), before, exchange, watch)?;
    let concluded = judge::conclude(pipeline, (&intake, &scope), before, sums)?;
    Ok(Evidence::new(intake, scope, judged, concluded))
}
