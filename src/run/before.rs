//! What a run takes from the final publications before it, and when a period may be closed.

use std::collections::BTreeMap;

use super::Error;
use crate::detect::SentBefore;
use crate::frame::books::Balances;
use crate::past::{ClosedPeriod, Opening, Past, opening};
use crate::pipeline::Pipeline;
use crate::publish::{Final, Folder, closed_statements, closings};
use crate::value::party::Both;
use crate::value::period::Period;

/// The past of a run, with the publications that it is read from.
#[derive(Debug, Clone)]
pub struct Before {
    /// The past.
    pub past: Past,
    /// The publications of its closed periods, in the same order.
    pub finals: Vec<Final>,
    /// What each party's accounts were closed with by the period just before, where they were.
    pub closings: Both<Option<Balances>>,
}

impl Before {
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
/// [`Error`] when a publication is not what it was.
pub fn look_back(pipeline: &Pipeline, period: &Period, folder: &Folder) -> Result<Before, Error> {
    let agreement = &pipeline.agreement;
    let mut found: Vec<(Period, Final)> = Vec::new();
    for publication in folder.finals()? {
        // A label of another cycle belongs to an agreement that cleared otherwise.
        let whole = Period::whole(&publication.label, agreement.cycle, &agreement.zone);
        let Some(whole) = whole.filter(|whole| whole.start < period.start) else { continue };
        if publication.manifest.agreement != agreement.id {
            continue;
        }
        let as_of = publication.manifest.as_of.parse().unwrap_or(whole.as_of);
        let seen = Period::labelled(&whole.label, as_of, agreement.cycle, &agreement.zone)?;
        found.push((seen, publication));
    }
    found.sort_by_key(|(period, _)| period.start);
    let mut closed = Vec::new();
    for (period, publication) in &found {
        closed.push(ClosedPeriod {
            period: period.clone(),
            place: publication.place(),
            digest: publication.digest.clone(),
            statements: closed_statements(publication)?,
        });
    }
    let opening = opening(&closed, period, agreement);
    let finals: Vec<Final> = found.into_iter().map(|(_, publication)| publication).collect();
    let past = Past { closed, opening };
    let mut balances = Both { a: None, b: None };
    if let (Some(_), Some(last)) = (past.before(), finals.last()) {
        let closings = closings(last)?;
        balances = Both::from_fn(|party| {
            let rows = closings.of(party);
            // A party without any account opens as in the first period.
            (!rows.is_empty()).then(|| Balances::closed(rows))
        });
    }
    Ok(Before { past, finals, closings: balances })
}

/// Refuses a period that is closed.
///
/// # Errors
/// [`Error::Final`].
pub fn refuse_closed(period: &Period, folder: &Folder) -> Result<(), Error> {
    let finals = folder.finals()?;
    match finals.iter().find(|publication| publication.label == period.label) {
        Some(publication) => {
            Err(Error::Final { period: period.label.clone(), place: publication.place() })
        }
        None => Ok(()),
    }
}

/// Refuses to close a period too early, or over a period before it that is open.
///
/// # Errors
/// [`Error::TooEarly`], [`Error::Unclosed`].
pub fn may_close(pipeline: &Pipeline, period: &Period, past: &Past) -> Result<(), Error> {
    let agreement = &pipeline.agreement;
    let from = period.closes_from(agreement.close_after_days, &agreement.zone);
    if from.is_none_or(|from| period.as_of < from) {
        let from = from.map_or_else(|| "never".to_owned(), |from| from.to_string());
        return Err(Error::TooEarly { period: period.label.clone(), from });
    }
    match &past.opening {
        Opening::Declared | Opening::Final(_) => Ok(()),
        Opening::Awaiting(before) | Opening::Gap(before) => {
            Err(Error::Unclosed { period: period.label.clone(), before: before.clone() })
        }
    }
}
