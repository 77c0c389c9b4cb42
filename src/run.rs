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
mod outcome;
mod recall;
mod roundings;
mod sample;
mod stages;
mod terms;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::clear::{self, BalanceSide};
use crate::detect::{self, Desk, LotBook, Scene, Verdicts};
use crate::discrepancy::Effect;
use crate::engine::Exchange;
use crate::event::Matched;
use crate::frame::books::{Members, Side};
use crate::matching::{self, Leads};
use crate::past::Scope;
use crate::pipeline::{self, Pipeline};
use crate::publish::{Folder, Published};
use crate::ruling::{Consequence, Reached};
use crate::statement::Line;
use crate::value::party::{A, B, Both, Party};
use crate::value::period::Period;

pub use again::{Again, again};
pub use before::Before;
pub use error::{Error, exit};
pub use evidence::Evidence;
pub use intake::{Intake, Known};
pub use outcome::{Blocking, MatchCount, Outcome, Summary, Tally, net_in_words};
pub use roundings::{Rounded, Roundings, roundings};
pub use sample::{Sampled, code as code_of, sample};
use stages::Stages;
pub use stages::{Reading, Stage, Unwatched, Watch};

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
}

impl Order {
    /// A pipeline as of a day, with everything else left to the pipeline and the machine.
    #[must_use]
    pub fn of(pipeline: &Path, as_of: Date, period: Option<String>) -> Order {
        let pipeline = pipeline.to_owned();
        Order { pipeline, as_of, period, to: None, threads: None, buckets: None }
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
        watch.stage("digest inputs", "校验输入", None);
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
        let evidence = examine(&pipeline, &period, (&known, &before), order, watch)?;
        watch.stage("publish", "发布", None);
        let shelves =
            outcome::Shelves { folder: &folder, lock: &lock, aim, finals: &before.finals };
        let published = outcome::publish(&pipeline, &period, &evidence, &known, &shelves)?;
        let written = published.manifest.outputs.iter();
        let written =
            written.fold((0, 0), |(bytes, rows), file| (bytes + file.bytes, rows + file.rows));
        watch.advance(written.0, written.1);
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

/// From files that are known and a past that is known to a balanced statement.
fn examine(
    pipeline: &Pipeline,
    period: &Period,
    (known, before): (&Known, &Before),
    order: &Order,
    watch: &dyn Watch,
) -> Result<Evidence, Error> {
    let (mut intake, ledgers) = intake::read(known, watch)?;
    let recalled = recall::recall(period, before, &intake.books, &intake.paths.ledger)?;
    let scope = intake.take_up(&ledgers, recalled)?;
    drop(ledgers);
    judge(pipeline, scope, intake, before, order, watch)
}

/// From canonical rows to a balanced statement.
fn judge(
    pipeline: &Pipeline,
    scope: Scope,
    intake: Intake,
    before: &Before,
    order: &Order,
    watch: &dyn Watch,
) -> Result<Evidence, Error> {
    let agreement = &pipeline.agreement;
    let numbers = before.numbers();
    let books = &intake.books;
    let exchange = Exchange::new(order.buckets.unwrap_or_else(|| intake.buckets()));
    let period = &scope.period;
    let lots = Both::from_fn(|party| intake.lots.of(party).as_ref().map(LotBook::new));
    let (paths, rulings) = (&intake.paths, &pipeline.rulings);
    let desk = Desk { agreement, period, scope: &scope, books, lots: &lots, paths, rulings };

    watch.stage("match members", "会员勾对", None);
    let links = matching::match_members(
        &intake.members,
        intake.links.as_ref(),
        intake.consents.as_ref(),
        agreement,
        period,
        exchange,
    )?;

    let members =
        Party::BOTH.map(|party| intake.members.of(party).as_ref().map_or(0, Members::len));
    watch.advance(0, (members[0] + members[1] + links.links.len()) as u64);
    let ledger_rows = (books.a.len() + books.b.len()) as u64;

    watch.stage("pair events", "交易勾对", None);
    let (a_lineage, b_lineage) = rayon::join(
        || matching::trace(&books.a, &scope.resent.a, exchange),
        || matching::trace(&books.b, &scope.resent.b, exchange),
    );
    let (a_authorities, b_authorities) = rayon::join(
        || matching::authorities(&books.a, &a_lineage, &links, exchange),
        || matching::authorities(&books.b, &b_lineage, &links, exchange),
    );
    let a_leads = Leads::<A> {
        issuer: &books.a,
        acceptor: &books.b,
        issuer_lineage: &a_lineage,
        acceptor_lineage: &b_lineage,
        authorities: &a_authorities,
        book: &links,
        agreement,
        scope: &scope,
    };
    let b_leads = Leads::<B> {
        issuer: &books.b,
        acceptor: &books.a,
        issuer_lineage: &b_lineage,
        acceptor_lineage: &a_lineage,
        authorities: &b_authorities,
        book: &links,
        agreement,
        scope: &scope,
    };
    let (a_matched, b_matched) =
        rayon::join(|| matching::pair(&a_leads, exchange), || matching::pair(&b_leads, exchange));

    watch.advance(0, ledger_rows);
    watch.stage("detect", "差错检测", None);
    let a_held_with = detect::held_with(&desk, &a_matched, &b_matched, &books.b);
    let b_held_with = detect::held_with(&desk, &b_matched, &a_matched, &books.a);
    let (mut a_book, mut b_book) = rayon::join(
        || detect::judge_book(&desk, &books.a, &a_lineage, &a_held_with),
        || detect::judge_book(&desk, &books.b, &b_lineage, &b_held_with),
    );
    let contradictions = detect::member::contradiction_ids(&desk, &links);
    let a_scene = scene(desk, &a_leads, &a_matched, &contradictions);
    let b_scene = scene(desk, &b_leads, &b_matched, &contradictions);
    let (a_direction, b_direction) = rayon::join(
        || detect::judge_direction(&a_scene, &a_book, &b_book),
        || detect::judge_direction(&b_scene, &b_book, &a_book),
    );
    let ((mut a_judged, a_found), (mut b_judged, b_found)) = (a_direction?, b_direction?);
    let mut adjusted = detect::adjustment::judge(&desk, intake.adjustments.as_ref())?;
    let mut decided = Vec::new();
    let mut of_decisions = Vec::new();
    if let Some(decisions) = &intake.decisions {
        let (mut verdicts, found) = Verdicts::new(&desk, decisions);
        verdicts.decide_book(&books.a, &mut a_book.items);
        verdicts.decide_book(&books.b, &mut b_book.items);
        verdicts.decide_direction(&a_scene, &mut a_judged)?;
        verdicts.decide_direction(&b_scene, &mut b_judged)?;
        verdicts.decide_adjustments(&mut adjusted.held);
        decided = verdicts.finish();
        of_decisions = found;
    }
    let ends = |party: Party| (intake.ends(party, before), intake.accounts.of(party).as_ref());
    let (a_rolled, b_rolled) = rayon::join(
        || detect::judge_accounts(&desk, &books.a, &a_lineage, ends(Party::A), exchange),
        || detect::judge_accounts(&desk, &books.b, &b_lineage, ends(Party::B), exchange),
    );
    let (a_rolled, b_rolled) = (a_rolled?, b_rolled?);
    let of_members = detect::judge_members(&desk, &links, intake.links.as_ref(), &intake.members);
    let a_bases = detect::basis::judge(
        &desk,
        (&links, intake.members.a.as_ref()),
        &books.a,
        &a_lineage,
        exchange,
    );
    let b_bases = detect::basis::judge(
        &desk,
        (&links, intake.members.b.as_ref()),
        &books.b,
        &b_lineage,
        exchange,
    );
    let feeds = pipeline.feeds(period);
    let arrivals = intake.arrivals(&feeds, &numbers);
    let mut discrepancies =
        detect::judge_feeds(&desk, &arrivals, &links, &intake.members, &intake.accounts);
    discrepancies.extend(of_members);
    discrepancies.extend(a_bases);
    discrepancies.extend(b_bases);
    discrepancies.extend(of_decisions);
    discrepancies.extend(detect::past::judge(&desk));
    discrepancies.extend(detect::past::judge_resent(&desk, &books.a, &a_lineage));
    discrepancies.extend(detect::past::judge_resent(&desk, &books.b, &b_lineage));
    discrepancies.extend(detect::otherwise::judge_replaced(&desk, &books.a, &a_lineage)?);
    discrepancies.extend(detect::otherwise::judge_replaced(&desk, &books.b, &b_lineage)?);
    discrepancies.extend(detect::otherwise::judge_joined(&a_scene)?);
    discrepancies.extend(detect::otherwise::judge_joined(&b_scene)?);
    discrepancies.extend(detect::past::judge_back_dated(&desk, &books.a, &a_lineage));
    discrepancies.extend(detect::past::judge_back_dated(&desk, &books.b, &b_lineage));
    discrepancies.extend(adjusted.discrepancies);
    if let Some(frame) = &intake.settlements {
        discrepancies.extend(detect::settlement::judge(&desk, frame));
    }
    discrepancies.extend(a_book.discrepancies);
    discrepancies.extend(b_book.discrepancies);
    discrepancies.extend(a_found);
    discrepancies.extend(b_found);
    discrepancies.extend(detect::suspect::judge(&a_scene, &a_judged)?);
    discrepancies.extend(detect::suspect::judge(&b_scene, &b_judged)?);
    discrepancies.extend(a_rolled.discrepancies);
    discrepancies.extend(b_rolled.discrepancies);
    // Where a rule that is off would have decided something it has been asked before; what is left
    // of it are words.
    discrepancies.retain(|found| desk.is_on(found.rule));

    watch.advance(0, ledger_rows);
    watch.stage("clear", "清算", None);
    watch.advance(0, (a_judged.pairs.len() + b_judged.pairs.len()) as u64);
    let claims = intake.claims(adjusted.adjustments, agreement);
    a_judged.left = detect::left_before(&a_scene, &a_judged)?;
    b_judged.left = detect::left_before(&b_scene, &b_judged)?;
    let a_obligations = clear::oblige(&a_judged, agreement)?;
    let b_obligations = clear::oblige(&b_judged, agreement)?;
    let clearing =
        clear::settle(&a_obligations, &b_obligations, &claims, &scope.past, period, agreement)?;
    let a_conservation = clear::conserve(&BalanceSide {
        agreement,
        scope: &scope,
        ledger: &books.a,
        lineage: &a_lineage,
        partner: &books.b,
        own: &a_book.items,
        issued: &a_judged,
        accepted: &b_judged,
        obligations: &a_obligations,
    })?;
    let b_conservation = clear::conserve(&BalanceSide {
        agreement,
        scope: &scope,
        ledger: &books.b,
        lineage: &b_lineage,
        partner: &books.a,
        own: &b_book.items,
        issued: &b_judged,
        accepted: &a_judged,
        obligations: &b_obligations,
    })?;
    let rows = a_conservation.rows_in() + b_conservation.rows_in();
    // A statement that is blocked, by a threshold too, is none that could be compared.
    let blocks = |reached: &Reached| reached.consequence == Consequence::Blocks;
    let is_blocked = discrepancies.iter().any(|found| found.effect == Effect::Blocks)
        || pipeline.rulings.reached(&discrepancies, rows)?.iter().any(blocks);
    if !is_blocked {
        let lines: Vec<&Line> = clearing.lines().map(|(_, line)| line).collect();
        for (party, stated) in intake.stated.iter() {
            let Some(stated) = stated else { continue };
            discrepancies.extend(detect::statement::judge(&desk, &lines, party, stated)?);
        }
    }
    discrepancies.sort_by(|one, other| {
        (one.rule.code, &one.id, &one.evidence.a, &one.evidence.b).cmp(&(
            other.rule.code,
            &other.id,
            &other.evidence.a,
            &other.evidence.b,
        ))
    });
    let asked =
        evidence::ids(&discrepancies, (&a_book.items, &b_book.items), (&a_judged, &b_judged));
    let first_seen = recall::first_seen(&before.finals, &asked)?;
    for found in &mut discrepancies {
        found.seen_before(first_seen.get(&found.id).copied(), period.as_of);
    }
    let reached = pipeline.rulings.reached(&discrepancies, rows)?;
    Ok(Evidence {
        links,
        lineages: (a_lineage, b_lineage),
        own: (a_book.items, b_book.items),
        judged: (a_judged, b_judged),
        accounts: Both { a: a_rolled.accounts, b: b_rolled.accounts },
        conservation: Both { a: a_conservation, b: b_conservation },
        discrepancies,
        reached,
        claims,
        held_adjustments: adjusted.held,
        clearing,
        first_seen,
        decided,
        scope,
        intake,
    })
}

fn scene<'a, I: Side>(
    desk: Desk<'a>,
    leads: &Leads<'a, I>,
    matched: &'a Matched<I>,
    contradictions: &'a BTreeMap<u32, String>,
) -> Scene<'a, I> {
    Scene {
        desk,
        issuer: leads.issuer,
        acceptor: leads.acceptor,
        issuer_lineage: leads.issuer_lineage,
        acceptor_lineage: leads.acceptor_lineage,
        matched,
        authorities: leads.authorities,
        book: leads.book,
        contradictions,
    }
}
