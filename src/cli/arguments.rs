//! What can be asked on the command line.

use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use super::memory::size;
use crate::discrepancy::Severity;
use crate::generate::{DataFormat, parse_code, parse_month, parse_share};
use crate::run::CacheSize;

mod count;
mod examples;
mod review;

use count::NonZeroCount;
use examples::{
    CHECK_EXAMPLES, CLOSE_EXAMPLES, COMPARE_EXAMPLES, DIFF_EXAMPLES, EXIT_CODES, EXPLAIN_EXAMPLES,
    EXPORT_EXAMPLES, GENERATE_EXAMPLES, KEY_EXAMPLES, PLAN_EXAMPLES, QUERY_EXAMPLES, RUN_EXAMPLES,
    SAMPLE_EXAMPLES, SHOW_EXAMPLES, SIGN_EXAMPLES, SIGN_OFF_EXAMPLES, VERIFY_EXAMPLES,
    WHAT_IF_EXAMPLES,
};
pub use review::{DrawnBy, ShowArguments, SortedBy, SummedBy, WhatIfArguments};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Hutong (互通): reconciles two loyalty programmes and clears what they owe one another.
#[derive(Debug, Parser)]
#[command(version, styles = STYLES, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    pub verb: Verb,
    #[command(flatten)]
    pub voice: Voice,
}

/// How much is said, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Voice {
    /// Say more: -v what happens, -vv every feed, -vvv everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Say nothing but errors.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// How log lines are written to standard error.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// How results are written to standard output; csv and markdown by `show`, `explain`, `diff`,
    /// `what-if`, `sample`, `query`, `verify` and `compare-with` alone.
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value_t = Layout::Text)]
    pub output_format: Layout,
}

impl Voice {
    /// How results are told that are no table.
    pub fn told(&self) -> OutputFormat {
        match self.output_format {
            Layout::Json => OutputFormat::Json,
            Layout::Text | Layout::Csv | Layout::Markdown => OutputFormat::Text,
        }
    }

    pub fn is_quiet(&self) -> bool {
        self.quiet
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// How a result is told that is no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How a table is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// For people.
    #[value(alias = "table")]
    Text,
    /// For programs.
    Json,
    /// Comma-separated, for spreadsheets; of `show`, `explain`, `diff`, `what-if`, `sample`,
    /// `query`, `verify` and `compare-with` alone.
    Csv,
    /// For a ticket or a mail; of the same alone.
    Markdown,
}

impl Layout {
    /// Whether a program reads it.
    pub fn is_for_programs(self) -> bool {
        matches!(self, Layout::Json | Layout::Csv)
    }
}

/// A text encoding, as it is given to `inspect`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Encoded {
    /// UTF-8.
    #[value(name = "utf-8")]
    Utf8,
    /// GB18030.
    #[value(name = "gb18030")]
    Gb18030,
    /// GBK, which is a part of GB18030.
    #[value(name = "gbk")]
    Gbk,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Reconcile and clear a period, and publish the statement (对账并清算).
    #[command(after_help = RUN_EXAMPLES)]
    Run(RunArguments),
    /// Close a period: run it, and publish the statement as final (关账).
    #[command(after_help = CLOSE_EXAMPLES)]
    Close(CloseArguments),
    /// Report every problem of a pipeline file, and do nothing else (检查).
    #[command(after_help = CHECK_EXAMPLES)]
    Check {
        /// The pipeline file.
        pipeline: PathBuf,
        /// Read at least so many rows of each feed too, and tell what would be refused (试读).
        #[arg(long, value_name = "ROWS", requires = "as_of")]
        sample: Option<u64>,
        /// The business date as of which files are sampled.
        #[arg(long, value_name = "DATE", value_parser = day, requires = "sample")]
        as_of: Option<Date>,
        /// The period whose files are sampled; default: the one that contains the as-of date.
        #[arg(long, requires = "sample")]
        period: Option<String>,
    },
    /// Look at a file that nobody has declared, and print a draft of its feed (识别).
    #[command(after_help = "Example:\n  hutong inspect sample-data/feeds/wechat/bill-2026-03.csv")]
    Inspect {
        /// The file.
        file: PathBuf,
        /// The encoding, where the bytes fit several.
        #[arg(long, value_enum)]
        encoding: Option<Encoded>,
        /// How many rows are shown.
        #[arg(long, default_value_t = 5)]
        rows: usize,
    },
    /// Write a first pipeline for two files, with a blank for each thing that they cannot say (起草).
    #[command(
        after_help = "Example:\n  hutong init first --from sample-data/worked-example/a-ledger.csv \\\n    --from sample-data/worked-example/b-ledger.csv"
    )]
    Init {
        /// The folder that gets the pipeline and copies of the files.
        folder: PathBuf,
        /// A's file, and then B's.
        #[arg(long, required = true, num_args = 1)]
        from: Vec<PathBuf>,
    },
    /// Print what a run would do: feeds and files, columns, rules, versions, defaults (计划).
    #[command(
        after_help = PLAN_EXAMPLES
    )]
    Plan {
        /// The pipeline file.
        pipeline: PathBuf,
        /// The business date as of which the period is seen.
        #[arg(long, value_name = "DATE", value_parser = day)]
        as_of: Date,
        /// The period, such as 2026-03; default: the one that contains the as-of date.
        #[arg(long)]
        period: Option<String>,
        /// Say what memory and disk the run may need instead, from the sizes of the files (估算).
        #[arg(long)]
        estimate: bool,
        /// The memory that the run would be given, such as 2GiB; default: three quarters of the
        /// machine's.
        #[arg(long, value_name = "SIZE", value_parser = size, requires = "estimate")]
        memory: Option<u64>,
    },
    /// Print what would be owed under each rounding place and mode; nothing is published (舍入对照).
    #[command(
        after_help = "Example:\n  hutong roundings pipelines/skyline-harbour.yaml --as-of 2026-03-31"
    )]
    Roundings {
        /// The pipeline file.
        pipeline: PathBuf,
        /// The business date as of which the period is seen.
        #[arg(long, value_name = "DATE", value_parser = day)]
        as_of: Date,
        /// The period, such as 2026-03; default: the one that contains the as-of date.
        #[arg(long)]
        period: Option<String>,
    },
    /// Show what a run found: discrepancies summed, or one by one (查看).
    #[command(after_help = SHOW_EXAMPLES)]
    Show(ShowArguments),
    /// Tell the whole story of a discrepancy, an event, a line, an account or an input row (说明).
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain {
        /// The publication: its folder, or a pointer such as `latest`.
        publication: PathBuf,
        /// The id of a discrepancy or an event, a member number, line:NUMBER or PATH:LINE.
        #[arg(allow_hyphen_values = true)]
        id: String,
        /// Look into the recorded inputs of this pipeline file too: for a party's own business in
        /// the ledgers (本方业务), and for the byte at which each line begins (字节偏移).
        #[arg(long, value_name = "PIPELINE")]
        inputs: Option<PathBuf>,
    },
    /// Show what changed from one run to another, and the way from one net to the other (比较).
    #[command(after_help = DIFF_EXAMPLES)]
    Diff {
        /// The publication of the earlier run: its folder, or a pointer such as `latest`.
        from: PathBuf,
        /// The publication of the later one.
        to: PathBuf,
        /// How many rows of each table are shown; 0: all.
        #[arg(long, value_name = "ROWS", default_value_t = 20)]
        limit: usize,
    },
    /// Draw counted events for tests of detail, the same for the same seed (抽样).
    #[command(after_help = SAMPLE_EXAMPLES)]
    Sample {
        /// The publication: its folder, or a pointer such as `latest`.
        publication: PathBuf,
        /// How they are drawn.
        #[arg(long, value_enum)]
        method: DrawnBy,
        /// How many.
        #[arg(long, value_name = "N", default_value = "25")]
        size: NonZeroCount,
        /// The seed, any text; write it into the audit file.
        #[arg(long)]
        seed: String,
    },
    /// Write tables as CSV into a new folder, for spreadsheets (导出).
    #[command(after_help = EXPORT_EXAMPLES)]
    Export {
        /// The publication: its folder, or a pointer such as `latest`.
        publication: PathBuf,
        /// The new folder.
        #[arg(long, value_name = "DIR")]
        to: PathBuf,
        /// Only these tables, such as statement,discrepancies; default: all.
        #[arg(long, value_name = "TABLES", value_delimiter = ',')]
        table: Vec<String>,
        /// Begin each file with a byte order mark, by which Excel in Chinese locales knows UTF-8.
        #[arg(long)]
        bom: bool,
    },
    /// Print SQL over the tables of a publication, for DuckDB (查询).
    #[command(after_help = QUERY_EXAMPLES)]
    Query {
        /// The publication: its folder, or a pointer such as `latest`.
        publication: PathBuf,
        /// The query, in which every table has its name.
        sql: String,
    },
    /// Perform a run again with values of its pipeline set otherwise; nothing is published (假设分析).
    #[command(after_help = WHAT_IF_EXAMPLES)]
    WhatIf(WhatIfArguments),
    /// Make an Ed25519 key to sign publications with, in the form of minisign (密钥).
    #[command(after_help = KEY_EXAMPLES)]
    Key {
        /// The key's name; NAME.key and NAME.pub are written, and neither may be there.
        name: PathBuf,
        /// Where its 40 random bytes come from.
        #[arg(long, value_name = "FILE", default_value = "/dev/urandom")]
        random: PathBuf,
    },
    /// Sign a publication's manifest; the signature stands beside its folder (签名).
    #[command(after_help = SIGN_EXAMPLES)]
    Sign {
        /// The publication: its folder, or a pointer such as `latest`.
        publication: PathBuf,
        /// The secret key.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
    },
    /// Record who reviewed a publication, in a chain beside its folder (复核签认).
    #[command(after_help = SIGN_OFF_EXAMPLES)]
    SignOff {
        /// The publication: its folder, or a pointer such as `latest`.
        publication: PathBuf,
        /// Who.
        #[arg(long)]
        by: String,
        /// As what.
        #[arg(long)]
        role: String,
        /// When, with its offset, such as 2026-04-06T10:00:00+08:00.
        #[arg(long)]
        at: Timestamp,
        /// What is said of it.
        #[arg(long)]
        says: String,
    },
    /// Compare a publication with the partner's: file, rule and row (比对对方).
    #[command(after_help = COMPARE_EXAMPLES)]
    CompareWith {
        /// The partner's publication, or its manifest alone.
        partner: PathBuf,
        /// Ours: its folder, or a pointer such as `latest`.
        publication: PathBuf,
    },
    /// Check a publication: every digest, and every sum taken anew from its tables (核验).
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify {
        /// The publication: its folder, or a pointer such as `latest`.
        publication: PathBuf,
        /// Perform the run again with this pipeline file, and compare inputs and every output byte
        /// for byte (重新执行).
        #[arg(long, value_name = "PIPELINE")]
        inputs: Option<PathBuf>,
        /// A public key whose signature must stand beside the publication; several may be named.
        #[arg(long, value_name = "FILE")]
        key: Vec<PathBuf>,
    },
    /// Print the JSON Schema of pipeline files.
    #[command(after_help = "Example:\n  hutong schema > pipeline.schema.json")]
    Schema,
    /// List the rules, or print the page of one (规则).
    #[command(after_help = "Examples:\n  hutong rules\n  hutong rules AMT-02")]
    Rules {
        /// The rule's code.
        code: Option<String>,
    },
    /// Write two synthetic partners with known faults, and a pipeline that runs on them.
    #[command(after_help = GENERATE_EXAMPLES)]
    Generate(GenerateArguments),
}

#[derive(Debug, Args)]
pub struct RunArguments {
    /// The pipeline file.
    pub pipeline: PathBuf,
    /// The business date as of which the period is seen.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Date,
    /// The period, such as 2026-03; default: the one that contains the as-of date.
    #[arg(long)]
    pub period: Option<String>,
    /// Publish here instead of where the pipeline says.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Exit with 1 on discrepancies of this severity or graver (information, warning, error,
    /// fatal), on these codes (comma-separated), or never. Severities are those that the pipeline's
    /// `rules` set; a `fail_on` there holds whatever is asked here.
    #[arg(long, value_name = "WHAT", default_value = "never", value_parser = fail_on)]
    pub fail_on: FailOn,
    /// Threads; default: one per core. No output depends on it.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroCount>,
    /// Buckets; default: by the number of rows. No output depends on it.
    #[arg(long, value_name = "N")]
    pub buckets: Option<NonZeroCount>,
    /// Memory that the run may take, such as 2GiB; what does not fit is set aside on disk, beside
    /// where the run publishes. Default: three quarters of the machine's. No output depends on it.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<u64>,
    #[command(flatten)]
    pub cache: CacheArguments,
}

/// What is kept of what was read.
#[derive(Debug, Args)]
pub struct CacheArguments {
    /// The most disk for the rows of files that were read, such as 4GiB, kept beside where the run
    /// publishes so that the next run reads only new files (缓存). Never more than half of what is
    /// free. No output depends on it.
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "4GiB")]
    pub cache: u64,
    /// Keep nothing of what is read, and take nothing that was kept.
    #[arg(long, conflicts_with = "cache")]
    pub no_cache: bool,
}

impl CacheArguments {
    /// How much is kept, where anything is.
    pub fn size(&self) -> Option<CacheSize> {
        (!self.no_cache).then(|| CacheSize::of(self.cache))
    }
}

#[derive(Debug, Args)]
pub struct CloseArguments {
    /// The pipeline file.
    pub pipeline: PathBuf,
    /// The period, such as 2026-03.
    #[arg(long)]
    pub period: String,
    /// The business date as of which the period is seen.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Date,
    /// Publish here instead of where the pipeline says.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Exit with 1 on discrepancies of this severity or graver (information, warning, error,
    /// fatal), on these codes (comma-separated), or never. The period is closed all the same.
    #[arg(long, value_name = "WHAT", default_value = "never", value_parser = fail_on)]
    pub fail_on: FailOn,
    /// Threads; default: one per core. No output depends on it.
    #[arg(long, value_name = "N")]
    pub threads: Option<NonZeroCount>,
    /// Buckets; default: by the number of rows. No output depends on it.
    #[arg(long, value_name = "N")]
    pub buckets: Option<NonZeroCount>,
    /// Memory that the run may take, such as 2GiB; what does not fit is set aside on disk, beside
    /// where the run publishes. Default: three quarters of the machine's. No output depends on it.
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub memory: Option<u64>,
    #[command(flatten)]
    pub cache: CacheArguments,
}

/// What makes a run fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailOn {
    /// Nothing but a blocked statement.
    Never,
    /// Discrepancies this grave or graver.
    Severity(Severity),
    /// Discrepancies of these codes.
    Codes(Vec<String>),
}

/// A day in full, so that no instant is taken for one.
fn day(text: &str) -> Result<Date, &'static str> {
    let is_whole = text.len() == "2026-03-31".len();
    text.parse().ok().filter(|_| is_whole).ok_or("write a day that exists, such as 2026-03-31")
}

fn fail_on(text: &str) -> Result<FailOn, String> {
    Ok(match text {
        "never" => FailOn::Never,
        "information" => FailOn::Severity(Severity::Information),
        "warning" => FailOn::Severity(Severity::Warning),
        "error" => FailOn::Severity(Severity::Error),
        "fatal" => FailOn::Severity(Severity::Fatal),
        codes => {
            let codes: Vec<String> = codes.split(',').map(|c| c.trim().to_uppercase()).collect();
            let known = |code: &String| crate::detect::rules().any(|rule| rule.code == code);
            if let Some(unknown) = codes.iter().find(|code| !known(code)) {
                return Err(format!(
                    "`{unknown}` is neither a severity (information, warning, error, fatal), \
                     `never`, nor a code that `hutong rules` lists"
                ));
            }
            FailOn::Codes(codes)
        }
    })
}

#[derive(Debug, Args)]
pub struct GenerateArguments {
    /// Members a side.
    #[arg(long, value_name = "N")]
    pub members: u64,
    /// Ledger rows a side and period, about.
    #[arg(long, value_name = "M")]
    pub events: u64,
    /// The seed: the same arguments write the same bytes.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// The share of events and members with a fault, such as 0.01; 0: none.
    #[arg(long, value_name = "RATE", default_value = "0.01", value_parser = parse_share)]
    pub faults: u32,
    /// Only faults with these codes, such as EVT-01,AMT-01; default: all.
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = parse_code)]
    pub codes: Vec<&'static str>,
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    pub to: PathBuf,
    /// csv, parquet, or mixed (A csv, B parquet).
    #[arg(long, default_value = "mixed")]
    pub format: DataFormat,
    /// The first period.
    #[arg(long, value_name = "YYYY-MM", default_value = "2026-03", value_parser = parse_month)]
    pub first_period: (i16, i8),
    /// How many periods.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub periods: u32,
    /// The as-of date of the last period, from its 12th on; default: its last day.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub as_of: Option<Date>,
    /// Leave a gap in the rate versions with events in it: AMT-07 blocks the statement.
    #[arg(long)]
    pub blocking: bool,
    /// Add rows that the reader must refuse: FIL-06.
    #[arg(long)]
    pub refused: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn fail_on_takes_severities_codes_and_never() {
        assert_eq!(fail_on("never"), Ok(FailOn::Never));
        assert_eq!(fail_on("warning"), Ok(FailOn::Severity(Severity::Warning)));
        let codes = vec!["EVT-01".to_owned(), "LED-01".to_owned()];
        assert_eq!(fail_on("evt-01, LED-01"), Ok(FailOn::Codes(codes)));
        assert!(fail_on("EVT-99").is_err());
        assert!(fail_on("").is_err());
    }
}
