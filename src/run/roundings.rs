//! Every rounding: what payables and net would have been under each place and mode, made with the
//! code that makes the statement.

use jiff::civil::Date;

use super::{Error, Evidence, Order, Watch, Work, before, intake};
use crate::agreement::Agreement;
use crate::clear;
use crate::pipeline::{self, Pipeline};
use crate::publish::Folder;
use crate::value::money::{Currency, Money};
use crate::value::party::Both;
use crate::value::period::Period;
use crate::value::rounding::{Mode, Place, Rounding};

/// A period under every rounding.
#[derive(Debug, Clone)]
pub struct Roundings {
    /// The agreement.
    pub agreement: Agreement,
    /// The period's label.
    pub period: String,
    /// The as-of date.
    pub as_of: Date,
    /// Whether a discrepancy blocks the statement: then there are no figures.
    pub is_blocked: bool,
    /// The figures by currency, place and mode.
    pub rounded: Vec<Rounded>,
}

/// A statement's figures under one rounding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rounded {
    /// The currency.
    pub currency: Currency,
    /// The rounding.
    pub rounding: Rounding,
    /// What each party would owe before netting.
    pub payables: Both<Money>,
    /// The net; positive: A pays B.
    pub net: Money,
}

/// Judges a period and clears it under every rounding; nothing is published.
///
/// # Errors
/// [`Error`], with its exit code.
pub fn roundings(order: &Order, watch: &dyn Watch) -> Result<Roundings, Error> {
    let pipeline = pipeline::read(&order.pipeline)?;
    let period = super::period_of(&pipeline, order)?;
    let folder = Folder::beheld(&super::out(&pipeline, order), &pipeline.name);
    super::crew(order)?.install(|| {
        watch.stage("digest inputs", "校验输入", Work::Unknown);
        let before = before::look_back(&pipeline, &period, &folder)?;
        let known = intake::survey(&pipeline, &period, &before.past, super::Aim::Provisional)?;
        let job = super::Job {
            pipeline: &pipeline,
            period: &period,
            known: &known,
            before: &before,
            cache: None,
        };
        let evidence = super::examine(job, order, None, watch)?;
        compare(&pipeline, &period, &evidence)
    })
}

fn compare(pipeline: &Pipeline, period: &Period, evidence: &Evidence) -> Result<Roundings, Error> {
    let is_blocked = evidence.is_blocked();
    let past = &evidence.scope.past;
    let mut rounded = Vec::new();
    for mode in Mode::ALL.into_iter().filter(|_| !is_blocked) {
        // What is summed event by event serves the other places too: they look at its points.
        let rounding =
            |place| Agreement { rounding: Rounding { place, mode }, ..pipeline.agreement.clone() };
        let by_event = rounding(Place::Event);
        let a = clear::oblige(&evidence.judged.0, past, &by_event)?;
        let b = clear::oblige(&evidence.judged.1, past, &by_event)?;
        for place in Place::ALL {
            let agreement = rounding(place);
            let claims = &evidence.claims;
            let clearing = clear::settle(&a, &b, claims, past, period, &agreement)?;
            rounded.extend(clearing.statements().iter().map(|one| Rounded {
                currency: one.currency(),
                rounding: agreement.rounding,
                payables: one.payables(),
                net: one.net(),
            }));
        }
    }
    rounded.sort_by_key(|one| (one.currency, one.rounding.place, one.rounding.mode));
    Ok(Roundings {
        agreement: pipeline.agreement.clone(),
        period: period.label.clone(),
        as_of: period.as_of,
        is_blocked,
        rounded,
    })
}
