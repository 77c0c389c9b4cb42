//! What a run takes from the final publications before it, and when a period may be closed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Error, terms};
use crate::agreement::Agreement;
use crate::detect::SentBefore;
use crate::past::{ClosedPeriod, Opening, Past, opening};
use crate::pipeline::Pipeline;
use crate::publish::{Final, Folder, PublishError, closed_statements};
use crate::value::money::Money;
use crate::value::period::{Cycle, Instant, Period};

/// The past of a run, with the publications that it is read from.
#[derive(Debug, Clone)]
pub struct Before {
    /// The past.
    pub past: Past,
    /// The publications of its closed periods, in the same order.
    pub finals: Vec<Final>,
    /// The place of the run's own period's final publication, where it is closed.
    pub closed_as: Option<String>,
    /// The first later period that is closed, where the run's own is open.
    pub overtaken_by: Option<String>,
    /// The earliest period before the run's own that was run, where none is closed; and its folder.
    pub passes: Option<(String, String)>,
}

impl Before {
    /// The final publication of the period just before, from which opening figures come.
    #[must_use]
    pub fn last(&self) -> Option<&Final> {
        self.past.before().and(self.finals.last())
    }

    /// The numbers that the files of each feed had in the final publications, with their contents.
    /// None where the period just before is not closed: its numbers are not known then.
    #[must_use]
    pub fn numbers(&self) -> BTreeMap<String, SentBefore> {
        let mut numbers: BTreeMap<String, SentBefore> = BTreeMap::new();
        if self.past.before().is_none() {
            return numbers;
        }
        for input in self.finals.iter().flat_map(|publication| &publication.manifest.inputs) {
            for &number in &input.sequences {
                let of_feed = numbers.entry(input.feed.clone()).or_default();
                of_feed.entry(number).or_default().insert(input.blake3.clone());
            }
        }
        numbers
    }
}

/// Finds the final publications before a period.
///
/// # Errors
/// [`Error`] when a publication is not what it was, or the pipeline is not what it was closed by.
pub fn look_back(pipeline: &Pipeline, period: &Period, folder: &Folder) -> Result<Before, Error> {
    let agreement = &pipeline.agreement;
    let mut found: Vec<(Period, Final)> = Vec::new();
    let mut later: Option<Period> = None;
    let mut closed_as = None;
    for publication in folder.finals()? {
        let whole = whole(&publication, agreement)?;
        if whole.start < period.start {
            let (as_of, zone) = (publication.as_of, &agreement.zone);
            let seen = Period::labelled(&whole.label, as_of, agreement.cycle, zone);
            let seen = seen.map_err(|_| {
                publication.altered(format!("its as_of `{as_of}` lies before the period"))
            })?;
            found.push((seen, publication));
        } else if whole.label == period.label {
            closed_as = Some(publication.place());
        } else if later.as_ref().is_none_or(|later| whole.start < later.start) {
            later = Some(whole);
        }
    }
    found.sort_by_key(|(period, _)| period.start);
    for (at, (_, publication)) in found.iter().enumerate() {
        publication.verify_all()?;
        goes_on_from(publication, &found[..at])?;
    }
    let mut closed: Vec<ClosedPeriod> = Vec::new();
    for (period, publication) in &found {
        terms::refuse_changed(publication, period, agreement)?;
        let before = closed.last().map(|before| &before.statements);
        let statements = closed_statements(publication, before)?;
        closed.push(ClosedPeriod {
            period: period.clone(),
            place: publication.place(),
            digest: publication.digest.clone(),
            statements,
            charges: terms::charges(publication)?,
        });
    }
    let opening = opening(&closed, period, agreement);
    let finals: Vec<Final> = found.into_iter().map(|(_, publication)| publication).collect();
    let past = Past { closed, opening };
    refuse_stranded(&past, agreement)?;
    let overtaken_by = later.filter(|_| closed_as.is_none()).map(|later| later.label);
    // What is closed already came before anybody could run an earlier one in vain.
    let is_first = past.closed.is_empty() && closed_as.is_none();
    let passes = if is_first { first_run(pipeline, period, folder)? } else { None };
    Ok(Before { past, finals, closed_as, overtaken_by, passes })
}

/// The earliest period before this one that was published, with its folder.
fn first_run(
    pipeline: &Pipeline,
    period: &Period,
    folder: &Folder,
) -> Result<Option<(String, String)>, Error> {
    let agreement = &pipeline.agreement;
    let labels = folder.published_periods()?.into_iter();
    let whole = |label: String| {
        let earlier = Period::whole(&label, agreement.cycle, &agreement.zone)?;
        (earlier.start < period.start).then_some((earlier.start, label))
    };
    let first = labels.filter_map(whole).min();
    Ok(first.map(|(_, label)| {
        let place = folder.of_period(&label).display().to_string();
        (label, place)
    }))
}

/// Refuses a carry that no statement could take up.
fn refuse_stranded(past: &Past, agreement: &Agreement) -> Result<(), Error> {
    let Some(before) = past.before() else { return Ok(()) };
    for (&currency, statement) in &before.statements {
        let is_settled = agreement.currencies.iter().any(|terms| terms.currency == currency);
        if !is_settled && statement.carry_forward != Money::zero(currency) {
            return Err(Error::Stranded {
                period: before.period.label.clone(),
                amount: statement.carry_forward.to_string(),
                currency: currency.code(),
            });
        }
    }
    Ok(())
}

/// The period of a final publication, which has to be of this agreement and its cycle: what another
/// one left open or carried, this one would not know.
fn whole(publication: &Final, agreement: &Agreement) -> Result<Period, Error> {
    let label = &publication.label;
    let unlike = |term, closed: &str, now: &str| Error::Unlike {
        place: publication.place(),
        term,
        closed: closed.to_owned(),
        now: now.to_owned(),
    };
    if publication.manifest.agreement != agreement.id {
        return Err(unlike("agreement", &publication.manifest.agreement, &agreement.id));
    }
    // Whose carry it is, and whose points, is said by letter alone.
    let parties = |a: &str, b: &str| format!("{a} (a) and {b} (b)");
    let closed = parties(&publication.manifest.a_code, &publication.manifest.b_code);
    let now = parties(&agreement.parties.a.code, &agreement.parties.b.code);
    if closed != now {
        return Err(unlike("parties", &closed, &now));
    }
    let of = |cycle: Cycle| Period::whole(label, cycle, &agreement.zone);
    if let Some(whole) = of(agreement.cycle) {
        let manifest = &publication.manifest;
        let closed = format!("{} to {}", manifest.period_from, manifest.period_to);
        let at = |at: Instant| at.show(&agreement.zone);
        let now = format!("{} to {}", at(whole.start), at(whole.end));
        return if closed == now { Ok(whole) } else { Err(unlike("time", &closed, &now)) };
    }
    let cycles = [Cycle::Daily, Cycle::Monthly, Cycle::Quarterly];
    match cycles.into_iter().find(|&cycle| of(cycle).is_some()) {
        Some(cycle) => Err(unlike("cycle", cycle.word(), agreement.cycle.word())),
        None => Err(publication.altered(format!("its period `{label}` is none")).into()),
    }
}

/// Compares what a final publication says that it took from with the publications before it.
fn goes_on_from(publication: &Final, before: &[(Period, Final)]) -> Result<(), PublishError> {
    let (label, past) = (&publication.label, &publication.manifest.past);
    for taken in past {
        let found = before.iter().find(|(_, earlier)| earlier.label == taken.period);
        let is_same =
            |earlier: &Final| earlier.place() == taken.place && earlier.digest == taken.blake3;
        if !found.is_some_and(|(_, earlier)| is_same(earlier)) {
            let folder = publication.folder.parent().and_then(Path::parent);
            let place = folder.map_or_else(PathBuf::new, |folder| folder.join(&taken.place));
            let what = match found {
                Some(_) => format!("{label} was closed upon another"),
                None => format!("{label} was closed upon it, and it is final no more"),
            };
            return Err(PublishError::Altered { path: place.join("manifest.json"), what });
        }
    }
    let known = |earlier: &Final| past.iter().any(|taken| taken.period == earlier.label);
    match before.iter().find(|(_, earlier)| !known(earlier)) {
        Some((_, earlier)) => Err(earlier.altered(format!("{label} was closed without it"))),
        None => Ok(()),
    }
}

/// Refuses a period that is closed.
///
/// # Errors
/// [`Error::Final`].
pub fn refuse_closed(period: &Period, before: &Before) -> Result<(), Error> {
    match &before.closed_as {
        Some(place) => Err(Error::Final { period: period.label.clone(), place: place.clone() }),
        None => Ok(()),
    }
}

/// Refuses to close a period too early, over a period before it that is open, or after a later one.
///
/// # Errors
/// [`Error::TooEarly`], [`Error::Unclosed`], [`Error::Overtaken`].
pub fn may_close(pipeline: &Pipeline, period: &Period, before: &Before) -> Result<(), Error> {
    let agreement = &pipeline.agreement;
    let from = period.closes_from(agreement.close_after_days, &agreement.zone);
    if from.is_none_or(|from| period.as_of < from) {
        let from = from.map_or_else(|| "never".to_owned(), |from| from.to_string());
        return Err(Error::TooEarly { period: period.label.clone(), from });
    }
    if let Some(later) = &before.overtaken_by {
        return Err(Error::Overtaken { period: period.label.clone(), later: later.clone() });
    }
    if let Some((earliest, folder)) = &before.passes {
        let (before, folder) = (earliest.clone(), folder.clone());
        return Err(Error::Passed { period: period.label.clone(), before, folder });
    }
    match &before.past.opening {
        Opening::Declared | Opening::Final(_) => Ok(()),
        Opening::Awaiting(just) | Opening::Gap(just) => {
            let last = before.past.closed.last();
            let next = last.and_then(|last| last.period.next(agreement.cycle, &agreement.zone));
            let earliest = next.map_or_else(|| just.clone(), |next| next.label);
            Err(Error::Unclosed { period: period.label.clone(), before: earliest })
        }
    }
}
