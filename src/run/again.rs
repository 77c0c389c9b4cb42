//! A run performed again, apart from what is published (re-performance, 重新执行).

use std::path::PathBuf;

use jiff::civil::Date;

use super::{Aim, Error, Order, Outcome, Watch, perform};
use crate::pipeline::{self, Setting};
use crate::publish::Rehearsal;

/// Which run is performed again.
#[derive(Debug, Clone)]
pub struct Again {
    /// The pipeline file.
    pub pipeline: PathBuf,
    /// The pipeline's name.
    pub name: String,
    /// The period.
    pub period: String,
    /// The business date as of which the period was seen.
    pub as_of: Date,
    /// Whether it closed the period.
    pub is_final: bool,
    /// The folder of the pipeline's publications.
    pub published: PathBuf,
    /// The places under it of the final publications that the run took from.
    pub past: Vec<String>,
    /// Values of the pipeline that are set otherwise; none to perform the run as it was.
    pub settings: Vec<Setting>,
    /// The memory that it may take, as of [`Order::memory_bytes`].
    pub memory_bytes: Option<u64>,
}

/// Performs a run again in a folder of its own, which vanishes with the [`Rehearsal`].
///
/// # Errors
/// [`Error`], as of [`super::run`] and [`super::close`].
pub fn again(wanted: &Again, watch: &dyn Watch) -> Result<(Rehearsal, Outcome), Error> {
    let pipeline = match wanted.settings.as_slice() {
        [] => pipeline::read(&wanted.pipeline),
        settings => pipeline::read_otherwise(&wanted.pipeline, settings),
    }?;
    let past = wanted.past.iter().map(String::as_str);
    let rehearsal = Rehearsal::new(&wanted.published, &wanted.name, past)?;
    let period = Some(wanted.period.clone());
    let order = Order {
        to: Some(rehearsal.out()),
        memory_bytes: wanted.memory_bytes,
        ..Order::of(&wanted.pipeline, wanted.as_of, period)
    };
    let aim = if wanted.is_final { Aim::Final } else { Aim::Provisional };
    let outcome = perform(pipeline, &order, aim, watch)?;
    Ok((rehearsal, outcome))
}
