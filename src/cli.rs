//! Floor 5: the command line. Verbs, options, exit codes; what a person sees and nothing else.
//!
//! | exit code | meaning |
//! |---|---|
//! | 0 | clean: nothing at or over `--fail-on` or a `fail_on` of the rules |
//! | 1 | discrepancies at or over one of these; `verify` or `diff` found something |
//! | 2 | usage, or the pipeline file |
//! | 3 | the input blocked the statement |
//! | 4 | input or output failed |
//! | 5 | another run holds the lock |
//! | 101 | a bug |
//! | 130 | interrupted |
//!
//! Artifacts are written before a failing exit.

mod arguments;
mod attest;
mod evidence;
mod fit;
mod inspect;
mod listing;
mod logging;
mod memory;
mod progress;
mod roundings;
mod sample;
mod summary;
mod trouble;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::detect;
use crate::discrepancy::{Rule, Severity};
use crate::feed::Encoding;
use crate::generate::{self, GenerateOrder};
use crate::pipeline;
use crate::run::{self, Error, Order, Outcome, Watch, exit};
use crate::source;
use arguments::{
    Arguments, CloseArguments, Encoded, FailOn, GenerateArguments, Layout, OutputFormat,
    RunArguments, Verb, Voice,
};

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
            trouble::yield_to_signal();
            trouble.show(arguments.voice.told());
            trouble.exit_code()
        }
    };
    ExitCode::from(code)
}

/// Obeys the verb and gives its exit code.
fn obey(arguments: &Arguments) -> Result<u8, trouble::Trouble> {
    let (layout, format) = (arguments.voice.output_format, arguments.voice.told());
    match &arguments.verb {
        Verb::Show(wanted) => evidence::show(wanted, layout),
        Verb::Explain { publication, id, inputs } => {
            evidence::explain(publication, id, inputs.as_deref(), layout)
        }
        Verb::Diff { from, to, limit } => evidence::diff(from, to, *limit, layout),
        Verb::Sample { publication, method, size, seed } => {
            evidence::sample(publication, *method, usize::from(*size), seed, layout)
        }
        Verb::Export { publication, to, table, bom } => {
            evidence::export(publication, table, *bom, to)
        }
        Verb::Query { publication, sql } => evidence::query(publication, sql, layout),
        Verb::WhatIf(wanted) => attest::what_if(wanted, &arguments.voice),
        Verb::Key { name, random } => attest::key(name, random),
        Verb::Sign { publication, key } => attest::sign(publication, key),
        Verb::SignOff { publication, by, role, at, says } => {
            attest::sign_off(publication, [by, role, says].map(String::as_str), *at)
        }
        Verb::CompareWith { partner, publication } => {
            attest::compare_with(partner, publication, layout)
        }
        Verb::Verify { publication, inputs, key } => {
            attest::verify(publication, inputs.as_deref(), key, arguments)
        }
        _ if matches!(layout, Layout::Csv | Layout::Markdown) => Err(trouble::Trouble::Layout),
        Verb::Run(wanted) => run_pipeline(wanted, arguments),
        Verb::Close(wanted) => close_period(wanted, arguments),
        Verb::Check { pipeline, sample: Some(rows), as_of: Some(as_of), period } => {
            let order = Order::of(pipeline, *as_of, period.clone());
            let sampled = run::sample(&order, *rows)?;
            match format {
                OutputFormat::Text => say(&sample::text(&sampled))?,
                OutputFormat::Json => say(&sample::json(&sampled).to_string())?,
            };
            let is_clean = sampled.iter().all(run::Sampled::is_clean);
            Ok(if is_clean { exit::CLEAN } else { exit::DISCREPANCIES })
        }
        Verb::Inspect { file, encoding, rows } => {
            let encoding = encoding.map(|encoding| match encoding {
                Encoded::Utf8 => Encoding::Utf8,
                Encoded::Gb18030 | Encoded::Gbk => Encoding::Gb18030,
            });
            let found = source::inspect(file, encoding, *rows).map_err(Error::from)?;
            match format {
                OutputFormat::Text => say(&inspect::text(&found)),
                OutputFormat::Json => say(&inspect::json(&found).to_string()),
            }
        }
        Verb::Init { folder, from } => {
            let [a, b] = from.as_slice() else {
                let why = format!("`--from` stands {} times, and two files are needed", from.len());
                let cure = "write `hutong init DIR --from A.csv --from B.csv`: A's file, then B's";
                return Err(trouble::Trouble::Usage(why, cure));
            };
            let pipeline = source::first(folder, a, b).map_err(Error::from)?;
            let place = pipeline.display().to_string();
            match format {
                OutputFormat::Text => {
                    say(&format!("{place}  `hutong check` names what is still blank 待填"))
                }
                OutputFormat::Json => say(&serde_json::json!({ "pipeline": place }).to_string()),
            }
        }
        Verb::Check { pipeline, .. } => {
            let checked = pipeline::read(pipeline).map_err(Error::from)?;
            match format {
                OutputFormat::Text if arguments.voice.is_quiet() => Ok(exit::CLEAN),
                OutputFormat::Text => say(&format!("{}: no problems 无误", pipeline.display())),
                OutputFormat::Json => {
                    say(&serde_json::json!({ "pipeline": checked.name, "problems": [] })
                        .to_string())
                }
            }
        }
        Verb::Plan { pipeline, as_of, period, estimate, memory } => {
            let order = Order::of(pipeline, *as_of, period.clone());
            let checked = pipeline::read(pipeline).map_err(Error::from)?;
            let period = run::period_of(&checked, &order)?;
            if *estimate {
                let given = memory.or_else(memory::share);
                let needed = run::estimate(&checked, &period, given)?;
                return match format {
                    OutputFormat::Text => say(&memory::in_words(&needed)),
                    OutputFormat::Json => say(&trouble::json(&needed)?),
                };
            }
            let plan = pipeline::plan(&checked, &period);
            match format {
                OutputFormat::Text => say(&plan.to_string()),
                OutputFormat::Json => say(&trouble::json(&plan)?),
            }
        }
        Verb::Roundings { pipeline, as_of, period } => {
            let order = Order::of(pipeline, *as_of, period.clone());
            let watch = progress::Bars::new(&arguments.voice);
            let found = run::roundings(&order, &watch)?;
            watch.finish();
            match format {
                OutputFormat::Text => say(&roundings::text(&found))?,
                OutputFormat::Json => say(&trouble::json(&roundings::Report::of(&found))?)?,
            };
            Ok(if found.is_blocked { exit::BLOCKED } else { exit::CLEAN })
        }
        Verb::Schema => say(&trouble::json(&pipeline::schema())?),
        Verb::Rules { code } => rules(code.as_deref(), format),
        Verb::Generate(wanted) => generate_partners(wanted, &arguments.voice),
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
        memory_bytes: wanted.memory.or_else(memory::share),
        cache: wanted.cache.size(),
    };
    perform(run::run, &order, &wanted.fail_on, arguments)
}

fn close_period(wanted: &CloseArguments, arguments: &Arguments) -> Result<u8, trouble::Trouble> {
    let order = Order {
        pipeline: wanted.pipeline.clone(),
        as_of: wanted.as_of,
        period: Some(wanted.period.clone()),
        to: wanted.to.clone(),
        threads: wanted.threads.map(usize::from),
        buckets: wanted.buckets.map(usize::from),
        memory_bytes: wanted.memory.or_else(memory::share),
        cache: wanted.cache.size(),
    };
    perform(run::close, &order, &wanted.fail_on, arguments)
}

/// Runs or closes, and says what came of it.
fn perform(
    job: fn(&Order, &dyn Watch) -> Result<Outcome, Error>,
    order: &Order,
    fail_on: &FailOn,
    arguments: &Arguments,
) -> Result<u8, trouble::Trouble> {
    let watch = progress::Bars::new(&arguments.voice);
    trouble::stop_on_signals()?;
    let outcome = job(order, &watch)?;
    watch.finish();
    match arguments.voice.told() {
        OutputFormat::Json => {
            say(&trouble::json(&summary::Report::of(&outcome))?)?;
        }
        OutputFormat::Text if arguments.voice.is_quiet() => {}
        OutputFormat::Text => {
            say(&summary::text(&outcome))?;
        }
    }
    let code = verdict(&outcome, fail_on);
    let is_text = arguments.voice.told() == OutputFormat::Text;
    if code == exit::DISCREPANCIES && is_text && !arguments.voice.is_quiet() {
        let what = if outcome.manifest.fails() { "a `fail_on` of the rules" } else { "--fail-on" };
        say(&format!("The discrepancies meet {what}: exit code 1"))?;
    }
    Ok(code)
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
    if fails || counts.fails() { exit::DISCREPANCIES } else { exit::CLEAN }
}

fn rules(code: Option<&str>, format: OutputFormat) -> Result<u8, trouble::Trouble> {
    let wanted = code.map(str::to_uppercase);
    let is_wanted = |rule: &&Rule| wanted.as_deref().is_none_or(|wanted| rule.code == wanted);
    let found: Vec<&Rule> = detect::rules().filter(is_wanted).collect();
    match (code, format) {
        (Some(code), _) if found.is_empty() => {
            Err(trouble::Trouble::unknown_code(code, detect::rules().map(|rule| rule.code)))
        }
        (_, OutputFormat::Json) => {
            let pages: Vec<summary::RulePage> = found.into_iter().map(Into::into).collect();
            say(&trouble::json(&pages)?)
        }
        (Some(_), OutputFormat::Text) => {
            let pages: Vec<String> = found.iter().map(ToString::to_string).collect();
            say(pages.join("\n").trim_end())
        }
        (None, OutputFormat::Text) => {
            let line = |rule: &&Rule| {
                let (severity, effect) = (rule.severity.word(), rule.effect.word());
                format!(
                    "{}  {severity:<11}  {effect:<8}  {:<32}  {}",
                    rule.code, rule.title, rule.zh
                )
            };
            say(&found.iter().map(line).collect::<Vec<String>>().join("\n"))
        }
    }
}

fn generate_partners(wanted: &GenerateArguments, voice: &Voice) -> Result<u8, trouble::Trouble> {
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
        codes: wanted.codes.clone(),
    })?;
    let faults: u64 = generated.findings.values().sum();
    let (pipeline, truth) = (generated.pipeline.display(), generated.truth.display());
    match voice.told() {
        OutputFormat::Json => say(&trouble::json(&serde_json::json!({
            "pipeline": pipeline.to_string(),
            "truth": truth.to_string(),
            "periods": generated.periods,
            "ledger_rows": { "a": generated.events.a, "b": generated.events.b },
            "discrepancies": generated.findings,
        }))?),
        OutputFormat::Text if voice.is_quiet() => Ok(exit::CLEAN),
        OutputFormat::Text => say(&format!(
            "Generated 已生成  periods {}; ledger rows {} and {}; discrepancies to be found {faults}\n\
             {pipeline}  the pipeline: `hutong run` it\n{truth}  what a run must find",
            generated.periods.join(", "),
            generated.events.a,
            generated.events.b,
        )),
    }
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
