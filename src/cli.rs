//! Floor 5: the command line. Verbs, options, exit codes; what a person sees and nothing else.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | clean: nothing at or over `--fail-on` |
//! | 1 | discrepancies at or over `--fail-on` |
//! | 2 | usage, or the pipeline file |
//! | 3 | the input blocked the statement |
//! | 4 | input or output failed |
//! | 5 | another run holds the lock |
//! | 101 | a bug |
//! | 130 | interrupted |
//!
//! Artifacts are written before a failing exit.

mod arguments;
mod logging;
mod progress;
mod summary;
mod trouble;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::detect;
use crate::discrepancy::Severity;
use crate::generate::{self, GenerateOrder};
use crate::pipeline;
use crate::run::{self, Error, Order, Outcome, exit};
use arguments::{Arguments, FailOn, GenerateArguments, OutputFormat, RunArguments, Verb};

/// Runs the command line that the process was given.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to standard output and are no failure.
            let is_failure = error.use_stderr();
            let _ = error.print();
            return ExitCode::from(if is_failure { exit::USAGE } else { exit::CLEAN });
        }
    };
    logging::start(&arguments.voice);
    let code = match obey(&arguments) {
        Ok(code) => code,
        Err(trouble) => {
            trouble.show(arguments.voice.output_format);
            trouble.exit_code()
        }
    };
    ExitCode::from(code)
}

/// Obeys the verb and gives its exit code.
fn obey(arguments: &Arguments) -> Result<u8, trouble::Trouble> {
    let format = arguments.voice.output_format;
    match &arguments.verb {
        Verb::Run(wanted) => run_pipeline(wanted, arguments),
        Verb::Check { pipeline } => {
            let checked = pipeline::read(pipeline).map_err(Error::from)?;
            let shown = match format {
                OutputFormat::Text => format!("{}: no problems 无误", pipeline.display()),
                OutputFormat::Json => {
                    serde_json::json!({ "pipeline": checked.name, "problems": [] }).to_string()
                }
            };
            say(&shown)
        }
        Verb::Plan { pipeline, as_of, period } => {
            let order = Order {
                pipeline: pipeline.clone(),
                as_of: *as_of,
                period: period.clone(),
                to: None,
                threads: None,
                buckets: None,
            };
            let checked = pipeline::read(pipeline).map_err(Error::from)?;
            let period = run::period_of(&checked, &order)?;
            let plan = pipeline::plan(&checked, &period);
            match format {
                OutputFormat::Text => say(&plan.to_string()),
                OutputFormat::Json => say(&trouble::json(&plan)?),
            }
        }
        Verb::Schema => say(&trouble::json(&pipeline::schema())?),
        Verb::Rules { code } => rules(code.as_deref()),
        Verb::Generate(wanted) => generate_partners(wanted),
    }
}

fn run_pipeline(wanted: &RunArguments, arguments: &Arguments) -> Result<u8, trouble::Trouble> {
    let order = Order {
        pipeline: wanted.pipeline.clone(),
        as_of: wanted.as_of,
        period: wanted.period.clone(),
        to: wanted.to.clone(),
        threads: wanted.threads.map(usize::from),
        buckets: wanted.buckets.map(usize::from),
    };
    let watch = progress::Bars::new(&arguments.voice);
    trouble::stop_on_signals()?;
    let outcome = run::run(&order, &watch)?;
    watch.finish();
    match arguments.voice.output_format {
        OutputFormat::Json => {
            say(&trouble::json(&summary::Report::of(&outcome))?)?;
        }
        OutputFormat::Text if arguments.voice.is_quiet() => {}
        OutputFormat::Text => {
            say(&summary::text(&outcome))?;
        }
    }
    Ok(verdict(&outcome, &wanted.fail_on))
}

/// The exit code of a run that published.
fn verdict(outcome: &Outcome, fail_on: &FailOn) -> u8 {
    if outcome.is_blocked() {
        return exit::BLOCKED;
    }
    let counts = &outcome.manifest;
    let fails = match fail_on {
        FailOn::Never => false,
        FailOn::Severity(least) => {
            [Severity::Information, Severity::Warning, Severity::Error, Severity::Fatal]
                .iter()
                .filter(|severity| *severity >= least)
                .any(|severity| counts.severities.contains_key(severity.word()))
        }
        FailOn::Codes(codes) => codes.iter().any(|code| counts.discrepancies.contains_key(code)),
    };
    if fails { exit::DISCREPANCIES } else { exit::CLEAN }
}

fn rules(code: Option<&str>) -> Result<u8, trouble::Trouble> {
    let Some(code) = code else {
        let lines: Vec<String> = detect::rules()
            .map(|rule| {
                format!(
                    "{}  {:<11}  {:<8}  {}  {}",
                    rule.code,
                    rule.severity.word(),
                    rule.effect.word(),
                    rule.title,
                    rule.zh
                )
            })
            .collect();
        return say(&lines.join("\n"));
    };
    let wanted = code.to_uppercase();
    let pages: Vec<String> =
        detect::rules().filter(|rule| rule.code == wanted).map(ToString::to_string).collect();
    if pages.is_empty() {
        let known = detect::rules().map(|rule| rule.code);
        return Err(trouble::Trouble::unknown_code(code, known));
    }
    say(pages.join("\n").trim_end())
}

fn generate_partners(wanted: &GenerateArguments) -> Result<u8, trouble::Trouble> {
    let generated = generate::generate(&GenerateOrder {
        members: wanted.members,
        events: wanted.events,
        seed: wanted.seed,
        faults_ppm: wanted.faults,
        to: wanted.to.clone(),
        format: wanted.format,
        first_period: wanted.first_period,
        periods: wanted.periods,
        as_of: wanted.as_of,
        blocking: wanted.blocking,
        refused: wanted.refused,
    })?;
    let faults: u64 = generated.findings.values().sum();
    say(&format!(
        "{} periods, {} and {} ledger rows, {faults} discrepancies to be found\n{}\n{}",
        generated.periods.len(),
        generated.events.a,
        generated.events.b,
        generated.pipeline.display(),
        generated.truth.display(),
    ))
}

/// Says something on standard output. A reader that went away is no failure of ours.
fn say(text: &str) -> Result<u8, trouble::Trouble> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{text}") {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(trouble::Trouble::Output(error))
        }
        _ => Ok(exit::CLEAN),
    }
}
