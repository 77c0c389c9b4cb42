//! What stands beneath the help of each verb: examples, and what a reader has to know before them.

pub(super) const EXIT_CODES: &str = "\
Exit codes:
  0    clean
  1    discrepancies at or over --fail-on, or a `fail_on` of the pipeline's rules
  2    usage, or problems in the pipeline file
  3    the input blocked the statement (discrepancies are published) or cannot be read
  4    input or output failed
  5    another run holds the lock
  101  a bug of Hutong; nothing was published
  130  interrupted; what was published before stands";

pub(super) const CHECK_EXAMPLES: &str = "\
Examples:
  hutong check pipelines/skyline-harbour.yaml
  hutong check pipelines/skyline-harbour.yaml --sample 1000 --as-of 2026-03-31";

pub(super) const PLAN_EXAMPLES: &str = "\
Examples:
  hutong plan pipelines/skyline-harbour.yaml --as-of 2026-03-31
  hutong plan pipelines/skyline-harbour.yaml --as-of 2026-03-31 --estimate --memory 2GiB";

pub(super) const SHOW_EXAMPLES: &str = "\
Examples:
  hutong show out/skyline-harbour/latest
  hutong show out/skyline-harbour/latest --by age
  hutong show out/skyline-harbour/latest --history
  hutong show out/skyline-harbour/latest --items --party a --sort money --limit 10
  hutong show out/skyline-harbour/latest --items --code EVT-01,AMT-01 --page 2
  hutong show out/skyline-harbour/latest --items --limit 0 --output-format csv";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  hutong explain out/worked-example/latest line:1
  hutong explain out/worked-example/latest SKY-002
  hutong explain out/worked-example/latest sample-data/worked-example/a-ledger.csv:4 \\
    --inputs pipelines/worked-example.yaml";

pub(super) const DIFF_EXAMPLES: &str = "\
Each step of the bridge is an event, a fee, a tax, a carry or a rounding, and together they are the
difference of the nets exactly. Exit code 1: something changed.

Example:
  hutong run pipelines/skyline-harbour.yaml --as-of 2026-03-30
  hutong run pipelines/skyline-harbour.yaml --as-of 2026-03-31
  hutong diff out/skyline-harbour/2026-03/2026-03-30 out/skyline-harbour/2026-03/2026-03-31";

pub(super) const SAMPLE_EXAMPLES: &str = "\
Monetary-unit sampling takes an event as likely as it is dear, and is certain to take one that is
worth an interval or more.

Examples:
  hutong sample out/skyline-harbour/latest --method mus --size 20 --seed 2026-Q1
  hutong sample out/skyline-harbour/latest --method stratified --seed 7 --output-format csv";

pub(super) const EXPORT_EXAMPLES: &str = "\
A text that begins like a formula has an apostrophe before it, as in the Parquet tables.

Examples:
  hutong export out/skyline-harbour/latest --to csv
  hutong export out/skyline-harbour/latest --to for-excel --table statement,discrepancies --bom";

pub(super) const QUERY_EXAMPLES: &str = "\
Hutong has no SQL engine of its own: an embedded one would double its build, and DuckDB reads the
tables as they are. What is printed makes a view of each table and runs the query, whose errors and
exit code are DuckDB's; a view cannot be written to. `--output-format` is DuckDB's mode.

Example:
  hutong query out/skyline-harbour/latest \\
    \"SELECT code, count(*) FROM discrepancies GROUP BY code ORDER BY code\" | duckdb";

pub(super) const WHAT_IF_EXAMPLES: &str = "\
What would have been is shown as `diff` shows two runs: the bridge from the published net, and the
discrepancies that would have appeared, gone or changed.

Examples:
  hutong what-if out/skyline-harbour/latest --pipeline pipelines/skyline-harbour.yaml \\
    --set terms.rounding.mode=half_even
  hutong what-if out/skyline-harbour/latest --pipeline pipelines/skyline-harbour.yaml \\
    --set terms.rates.0.per_point=0.009 --set agreement.grace_days=5";

pub(super) const KEY_EXAMPLES: &str = "\
The secret key has no password: it is readable by its owner only, and belongs on the machine that
signs. `minisign -V -p NAME.pub -m manifest.json -x SIGNATURE` verifies without Hutong.

Example:
  hutong key skyline";

pub(super) const SIGN_EXAMPLES: &str = "\
The manifest names every file with its digest, so that a signature over it is one over all. The
partner's signature stands beside ours.

Example:
  hutong key skyline
  hutong sign out/skyline-harbour/latest --key skyline.key";

pub(super) const SIGN_OFF_EXAMPLES: &str = "\
Each record names the digest of the manifest and of the record before it; `hutong verify` follows
the chain.

Example:
  hutong sign-off out/skyline-harbour/latest --by '李敏' --role 财务复核 \\
    --at 2026-04-06T10:00:00+08:00 --says '同意结算'";

pub(super) const COMPARE_EXAMPLES: &str = "\
Exit code 1: the runs differ. With the partner's whole folder the first differing row of a table is
named; with its manifest alone the table. FROM_PARTNER is where the partner's files were put.

Example:
  hutong compare-with FROM_PARTNER/manifest.json out/skyline-harbour/latest";

pub(super) const VERIFY_EXAMPLES: &str = "\
Exit code 1: something is not what was published, or does not follow from the tables. `--inputs`
takes the pipeline file that ran: of a closed period, the one with which it was closed.

Examples:
  hutong verify out/skyline-harbour/latest
  hutong verify out/skyline-harbour/latest --inputs pipelines/skyline-harbour.yaml
  hutong verify out/skyline-harbour/latest --key skyline.pub";

pub(super) const RUN_EXAMPLES: &str = "\
Examples:
  hutong run pipelines/skyline-harbour.yaml --as-of 2026-03-31
  hutong run pipelines/skyline-harbour.yaml --period 2026-03 --as-of 2026-04-03
  hutong run pipelines/worked-example.yaml --as-of 2026-03-31 --fail-on error --quiet
  hutong run pipelines/worked-example.yaml --as-of 2026-03-31 --fail-on EVT-04,LED-01
  hutong run pipelines/worked-example.yaml --as-of 2026-03-31 --output-format json";

pub(super) const CLOSE_EXAMPLES: &str = "\
A closed period is never written again: what comes late is settled in the open period, on lines of
its own. Closing is refused (exit code 2) too early, while an earlier period is open, and when the
period is closed already by other inputs; a blocked statement closes nothing (exit code 3).

Examples:
  hutong close pipelines/skyline-harbour.yaml --period 2026-03 --as-of 2026-04-06
  hutong close pipelines/worked-example.yaml --period 2026-03 --as-of 2026-04-03 --fail-on error";

pub(super) const GENERATE_EXAMPLES: &str = "\
Examples:
  hutong generate --members 1000 --events 10000 --seed 7 --faults 0.01 --to demo
  hutong run demo/pipeline.yaml --as-of 2026-03-31";
