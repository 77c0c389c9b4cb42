//! Trouble at the edge: shown with its causes, its place and its cure, and given an exit code.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "this is where errors are shown")]

use std::fmt::Write;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, MietteError,
    MietteSpanContents, Report, SourceCode, SourceSpan, SpanContents,
};
use serde::Serialize;

use super::arguments::OutputFormat;
use super::listing::visible;
use crate::generate::GenerateError;
use crate::pipeline::Trouble as PipelineTrouble;
use crate::publish::{PublishError, sweep_staged};
use crate::review::ReviewError;
use crate::run::{Error, exit};
use crate::source::SourceError;
use crate::value::period::PeriodError;
use crate::value::problem::Problem;

/// Why a command failed.
#[derive(Debug)]
pub enum Trouble {
    /// A run failed.
    Run(Error),
    /// Generating failed.
    Generate(GenerateError),
    /// A publication cannot be reviewed.
    Review(ReviewError),
    /// A publication says nothing of an id.
    Unknown(String),
    /// The command asks for what there is not, and how it would be asked for.
    Usage(String, &'static str),
    /// A result that is no table was asked for as one.
    Layout,
    /// Standard output failed.
    Output(io::Error),
    /// A result could not be written as JSON.
    Json(serde_json::Error),
    /// Signals cannot be caught.
    Signals(io::Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Trouble {
        Trouble::Run(error)
    }
}

impl From<ReviewError> for Trouble {
    fn from(error: ReviewError) -> Trouble {
        Trouble::Review(error)
    }
}

impl From<PeriodError> for Trouble {
    fn from(error: PeriodError) -> Trouble {
        Trouble::Run(error.into())
    }
}

impl From<GenerateError> for Trouble {
    fn from(error: GenerateError) -> Trouble {
        Trouble::Generate(error)
    }
}

impl Trouble {
    /// A code that no rule has.
    pub fn unknown_code(code: &str, known: impl Iterator<Item = &'static str>) -> Trouble {
        let wanted = code.to_uppercase();
        let nearest = known.min_by_key(|known| strsim::damerau_levenshtein(known, &wanted));
        let hint = nearest.map_or(String::new(), |nearest| format!("; did you mean {nearest}?"));
        Trouble::Usage(
            format!("there is no rule `{code}`{hint}"),
            "`hutong rules` lists every code",
        )
    }

    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            Trouble::Run(error) => error.exit_code(),
            Trouble::Generate(GenerateError::Order(_) | GenerateError::Occupied(_))
            | Trouble::Usage(..)
            | Trouble::Layout
            | Trouble::Unknown(_)
            | Trouble::Review(
                ReviewError::NoPublication(_)
                | ReviewError::NoTable { .. }
                | ReviewError::Exists(_)
                | ReviewError::Words(_)
                | ReviewError::BackDated { .. }
                | ReviewError::Key { .. },
            ) => exit::USAGE,
            Trouble::Generate(_)
            | Trouble::Review(_)
            | Trouble::Output(_)
            | Trouble::Signals(_) => exit::IO,
            Trouble::Json(_) => exit::BUG,
        }
    }

    /// Shows the trouble: on standard error for people, on standard output for programs.
    pub fn show(&self, format: OutputFormat) {
        match format {
            OutputFormat::Text => eprint!("{}", self.text()),
            OutputFormat::Json => {
                let shown = serde_json::json!({
                    "error": self.chain(),
                    "problems": self.problems(),
                    "exit_code": self.exit_code(),
                });
                println!("{shown}");
            }
        }
    }

    fn text(&self) -> String {
        if let Trouble::Run(Error::Pipeline(PipelineTrouble::Problems { file, text, problems })) =
            self
        {
            return problems_in(file, text, problems);
        }
        let mut shown = format!("error: {}\n", self.chain().join("\n  because: "));
        if let Some(cure) = self.cure() {
            // Writing to a String cannot fail.
            let _ = writeln!(shown, "  help: {cure}");
        }
        shown
    }

    /// The error and its causes, outermost first, each once.
    fn chain(&self) -> Vec<String> {
        let outermost: &dyn std::error::Error = match self {
            Trouble::Run(error) => error,
            Trouble::Generate(error) => error,
            Trouble::Review(error) => error,
            Trouble::Usage(message, _) => return vec![message.clone()],
            Trouble::Unknown(id) => {
                return vec![format!("the publication says nothing of `{}`", visible(id))];
            }
            Trouble::Layout => {
                return vec![
                    "only `show`, `explain`, `diff`, `what-if`, `sample`, `query`, `verify` and `compare-with` \
                     write csv and markdown"
                        .to_owned(),
                ];
            }
            Trouble::Output(error) | Trouble::Signals(error) => error,
            Trouble::Json(error) => error,
        };
        let mut chain = vec![outermost.to_string()];
        let mut cause = outermost.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !chain.iter().any(|shown| shown.contains(&text)) {
                chain.push(text);
            }
            cause = error.source();
        }
        chain
    }

    fn problems(&self) -> Vec<serde_json::Value> {
        let Trouble::Run(Error::Pipeline(PipelineTrouble::Problems { problems, .. })) = self else {
            return Vec::new();
        };
        let as_json = |problem: &Problem| {
            serde_json::json!({
                "file": problem.place.file,
                "line": problem.place.line,
                "column": problem.place.column,
                "reason": problem.reason,
                "cure": problem.cure,
            })
        };
        problems.iter().map(as_json).collect()
    }

    fn cure(&self) -> Option<&'static str> {
        match self {
            Trouble::Run(Error::Period(PeriodError::NotBegun { .. })) => {
                Some("name a later `--as-of`, or an earlier `--period`")
            }
            Trouble::Run(Error::Final { .. }) => {
                Some("what came late is settled in the open period: run or close the next one")
            }
            Trouble::Run(Error::TooEarly { .. }) => {
                Some("run it until then; `agreement.close_after_days` says how long it stays open")
            }
            Trouble::Run(Error::Unclosed { .. }) => Some("close that period first"),
            Trouble::Run(Error::Passed { .. }) => Some(
                "close that period first; where it was run to try things out and is never to be \
                 closed, move its folder away",
            ),
            Trouble::Run(Error::Overtaken { .. }) => Some(
                "periods are closed in their order; what this one still owes is an adjustment of \
                 the open period",
            ),
            Trouble::Run(Error::Stranded { .. }) => {
                Some("Keep the currency under `terms.also` until its carry is settled; it is owed.")
            }
            Trouble::Run(Error::Unlike { .. }) => Some(
                "restore it; another agreement, cycle or timezone and other parties are a pipeline of \
                 another name, whose `opening_carry` takes up what this one carries",
            ),
            Trouble::Run(Error::Repriced { .. }) => Some(
                "restore it; a change of the agreement is a version of its own, from an instant after \
                 the closed periods, and another scale is a pipeline of another name",
            ),
            Trouble::Run(Error::Publish(
                PublishError::Altered { .. } | PublishError::Damaged { .. },
            )) => {
                Some("restore the publication from a copy; nothing else stands for what was closed")
            }
            Trouble::Run(
                Error::Spill(_)
                | Error::Source(SourceError::Spill(_))
                | Error::Publish(PublishError::Spill(_)),
            ) => Some(
                "see that the disk to which the run publishes has room, or give the run more with \
                 `--memory`",
            ),
            Trouble::Run(error) => match error.exit_code() {
                exit::LOCKED => Some("wait for the other run to end, then run again"),
                exit::BUG => Some("report it with the pipeline and this message"),
                exit::IO => match error {
                    Error::Publish(_) => {
                        Some("see that the folder can be written to, or name another with `--to`")
                    }
                    Error::Pipeline(_) => Some("name a pipeline file that exists and can be read"),
                    Error::Find { .. } => Some(
                        "it is a matter of this machine, and nobody has to send anything: see that \
                         what is named is there and may be read by the user who runs this",
                    ),
                    _ => None,
                },
                exit::BLOCKED
                    if matches!(
                        error,
                        Error::Overflow(_) | Error::Money(_) | Error::Publish(_)
                    ) =>
                {
                    Some("look for a row with a figure that cannot be true, and have it corrected")
                }
                _ => None,
            },
            Trouble::Review(ReviewError::NoPublication(_)) => Some(
                "name a folder that `hutong run` printed, or a pointer such as \
                 out/<pipeline>/latest",
            ),
            Trouble::Review(ReviewError::Exists(path))
                if path.extension().is_some_and(|end| end == "minisig") =>
            {
                Some(
                    "the manifest is signed with this key already; a signature that no longer \
                     holds is moved away by hand first",
                )
            }
            Trouble::Review(ReviewError::Exists(_)) => {
                Some("name what is not there yet; nothing is written over")
            }
            Trouble::Review(ReviewError::Key { .. }) => Some(
                "name a key that `hutong key` or `minisign -G -W` made: secret to sign, public to verify",
            ),
            Trouble::Review(ReviewError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Some("name a file that is there and can be read")
            }
            Trouble::Review(ReviewError::Unwritten { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                Some("make its folder first, or name another")
            }
            Trouble::Review(ReviewError::Unwritten { .. }) => {
                Some("see that the folder can be written to, or name another")
            }
            Trouble::Review(ReviewError::BackDated { .. }) => {
                Some("say when it was said: sign-offs stand in the order of their times")
            }
            Trouble::Review(ReviewError::Unsound { .. } | ReviewError::Damaged { .. }) => {
                Some("restore the publication from a copy, or run the period again")
            }
            Trouble::Unknown(_) => Some(
                "name the id of a discrepancy or an event, a member number, `line:1`, or \
                 `path:line` of an input; `hutong show --items` lists discrepancies, and \
                 `explain --inputs PIPELINE` looks for a party's own business in the ledgers",
            ),
            Trouble::Layout => Some("leave `--output-format` out, or write `json`"),
            Trouble::Usage(_, cure) => Some(cure),
            Trouble::Generate(GenerateError::Occupied(_)) => {
                Some("name a new or an empty folder, or one that was generated before, with `--to`")
            }
            Trouble::Generate(GenerateError::Io { .. } | GenerateError::Parquet { .. }) => {
                Some("see that the folder can be written to, or name another with `--to`")
            }
            _ => None,
        }
    }
}

/// The text of a file, of which columns are told as problems tell them: in characters. By itself
/// the report would tell bytes, which behind Chinese are others.
#[derive(Debug)]
struct Shown {
    file: String,
    text: String,
}

impl Shown {
    fn new(file: &str, text: &str) -> Shown {
        Shown { file: file.to_owned(), text: text.to_owned() }
    }
}

impl SourceCode for Shown {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let found = self.text.read_span(span, lines_before, lines_after)?;
        let before = self.text.get(..span.offset()).unwrap_or_default();
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
        let (data, within) = (found.data(), *found.span());
        let column = if lines_before == 0 { column } else { found.column() };
        let lines = (found.line(), found.line_count());
        let name = self.file.clone();
        Ok(Box::new(MietteSpanContents::new_named(name, data, within, lines.0, column, lines.1)))
    }
}

/// Every problem of a file, underlined where it stands.
fn problems_in(file: &str, text: &str, problems: &[Problem]) -> String {
    let theme = if std::io::IsTerminal::is_terminal(&std::io::stderr()) {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::none()
    };
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut shown = String::new();
    for problem in problems {
        let (start, end) = problem.place.span;
        let end = end.min(text.len());
        let start = start.min(end);
        let mut diagnostic =
            MietteDiagnostic::new(format!("{}: {}", problem.place, problem.reason))
                .with_help(problem.cure.clone());
        let is_shown = text.is_char_boundary(start) && text.is_char_boundary(end) && end > start;
        if is_shown {
            diagnostic = diagnostic.with_label(LabeledSpan::at(start..end, "here"));
        }
        let report = Report::new(diagnostic).with_source_code(Shown::new(file, text));
        // Without a place in the text the report says the reason and the cure all the same.
        if handler.render_report(&mut shown, report.as_ref()).is_err() {
            let _ = writeln!(shown, "{problem}");
        }
    }
    let noun = if problems.len() == 1 { "problem" } else { "problems" };
    let _ = writeln!(shown, "{file}: {} {noun}", problems.len());
    shown
}

/// A result as JSON.
pub fn json(result: &impl Serialize) -> Result<String, Trouble> {
    serde_json::to_string_pretty(result).map_err(Trouble::Json)
}

/// Set when the process is being ended by a signal.
static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Waits for the end where a signal has come: what fails because the staging folder is swept says
/// nothing, and gives no exit code.
pub fn yield_to_signal() {
    while IS_INTERRUPTED.load(Ordering::SeqCst) {
        std::thread::park();
    }
}

/// Ends the process with 130 on an interrupt. What was staged is swept, and what was published
/// before stays as it is.
pub fn stop_on_signals() -> Result<(), Trouble> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals =
        signal_hook::iterator::Signals::new([SIGINT, SIGTERM]).map_err(Trouble::Signals)?;
    std::thread::spawn(move || {
        if signals.forever().next().is_some() {
            IS_INTERRUPTED.store(true, Ordering::SeqCst);
            sweep_staged();
            eprintln!("interrupted; what was published before stands");
            #[expect(clippy::exit, reason = "the run's threads cannot be asked to stop")]
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    });
    Ok(())
}
