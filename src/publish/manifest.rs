//! The manifest: which engine made which files from which, with every digest. It holds no clock
//! and no machine, so that two runs of the same inputs write the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::ruling::Consequence;
use crate::value::kind::Flow;

/// A publication's manifest, `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// `hutong`.
    pub engine: String,
    /// The engine's version.
    pub engine_version: String,
    /// The digest of everything that decides the outputs: engine, pipeline, period, inputs.
    pub digest: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The BLAKE3 digest of the pipeline file.
    pub pipeline_digest: String,
    /// The agreement's number.
    pub agreement: String,
    /// The code of party A.
    pub a_code: String,
    /// The code of party B.
    pub b_code: String,
    /// The period.
    pub period: String,
    /// Its first instant, in the agreement's zone.
    pub period_from: String,
    /// The first instant after it.
    pub period_to: String,
    /// The as-of date.
    pub as_of: String,
    /// `provisional` or `final`, or `blocked` where a discrepancy blocks the statement.
    pub status: String,
    /// The id of the contact key, where there is one.
    pub contact_key: Option<String>,
    /// The statements in a sentence each, where there are any.
    pub net: Option<String>,
    /// The statements' figures, one per currency, none where they are blocked; as text, so that no
    /// reader makes floats of them.
    #[serde(default)]
    pub statements: Vec<StatementEntry>,
    /// Discrepancies by severity.
    pub severities: BTreeMap<String, u64>,
    /// Discrepancies by code.
    pub discrepancies: BTreeMap<String, u64>,
    /// The thresholds of the pipeline's rules that were reached.
    #[serde(default)]
    pub thresholds: Vec<ThresholdEntry>,
    /// The rules by which legs were paired, in the order in which they were tried.
    #[serde(default)]
    pub matching: Vec<MatchEntry>,
    /// The terms of the agreement that were in force in the period: what it is valued at.
    pub terms: Vec<TermEntry>,
    /// The final publications that were taken from, the earliest first.
    #[serde(default)]
    pub past: Vec<PastEntry>,
    /// Input files, in the order of their paths.
    pub inputs: Vec<InputEntry>,
    /// Output files but this one, in the order of their names.
    pub outputs: Vec<OutputFile>,
    /// Control totals: feeds first, then stages.
    pub control_totals: Vec<TotalEntry>,
    /// Columns of the ledgers in which ids differ only in case or in blanks around them.
    #[serde(default)]
    pub collisions: Vec<CollisionEntry>,
}

/// A rule by which legs were paired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchEntry {
    /// `reference`, `order` or `window`.
    pub rule: String,
    /// The least time from the issuer's leg to the acceptor's, in microseconds, of a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_micros: Option<i64>,
    /// The greatest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_micros: Option<i64>,
}

/// Ids of one column that a tool which folds case takes for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollisionEntry {
    /// Whose ledger: `a` or `b`.
    pub owner: String,
    /// The column.
    pub column: String,
    /// How many different ids have another that is alike.
    pub ids: u64,
}

/// The figures of a statement, in its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementEntry {
    /// The currency.
    pub currency: String,
    /// What A owes before netting.
    pub a_payable: String,
    /// What B owes before netting.
    pub b_payable: String,
    /// Carried in; positive: A owes B.
    pub opening_carry: String,
    /// Positive: A pays B.
    pub net: String,
    /// `a` or `b`; `None` when nothing is due.
    pub payer: Option<String>,
    /// What is due.
    pub amount_due: String,
    /// Carried out; positive: A owes B.
    pub carry_forward: String,
    /// The exact worth of A's held legs.
    pub held_a: String,
    /// The exact worth of B's held legs.
    pub held_b: String,
}

/// A threshold of a rule that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThresholdEntry {
    /// The rule's code.
    pub code: String,
    /// `fail_on` or `block_on`.
    pub key: String,
    /// `count`, `points`, `money` or `share`.
    pub measure: String,
    /// What the pipeline set.
    pub limit: String,
    /// What was found.
    pub found: String,
}

/// A term of the agreement over a part of the period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermEntry {
    /// Whose points, `a` or `b`, where it is a term of one party's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    /// Which: `ratio`, `redemption rate`, `rounding of mirrors` and the like.
    pub term: String,
    /// Its first instant within the period.
    pub from: String,
    /// The first instant at which it holds no more, or the period's end.
    pub to: String,
    /// What it says.
    pub value: String,
    /// The clauses of the agreement on which it rests; nothing is compared with them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub clause: String,
}

impl TermEntry {
    /// The term in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        let of_flow = || {
            let (flow, what) = self.term.split_once(' ')?;
            let flow = Flow::ALL.iter().find(|one| one.word() == flow)?;
            let what = match what {
                "rate" => "单价",
                "fee" => "手续费",
                "tax" => "税额",
                _ => return None,
            };
            Some(format!("{}{what}", flow.zh()))
        };
        match self.term.as_str() {
            "ratio" => "互通比例".to_owned(),
            "scale" => "积分精度".to_owned(),
            "rounding of mirrors" => "镜像舍入".to_owned(),
            "rounding of money" => "金额舍入".to_owned(),
            "minimum settlement" => "最低结算额".to_owned(),
            "due days" => "付款天数".to_owned(),
            "late fee per day" => "每日逾期费率".to_owned(),
            other => of_flow().unwrap_or_else(|| other.to_owned()),
        }
    }
}

/// A final publication that was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastEntry {
    /// The period.
    pub period: String,
    /// Its place under the pipeline's folder.
    pub place: String,
    /// The BLAKE3 digest of its manifest.
    pub blake3: String,
}

/// An input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputEntry {
    /// Whose feed, and which.
    pub feed: String,
    /// The path under the root.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// Data rows.
    pub rows: u64,
    /// The BLAKE3 digest.
    pub blake3: String,
    /// The numbers that deliveries give the file, where they do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<i64>,
}

/// An output file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutputFile {
    /// The name in the publication.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// The BLAKE3 digest.
    pub blake3: String,
}

/// A control total (控制总数).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TotalEntry {
    /// `a`, `b` or `shared`.
    pub owner: String,
    /// The feed, or the role of ledger rows.
    pub subject: String,
    /// What was totalled.
    pub stage: String,
    /// Rows.
    pub rows: u64,
    /// Points, as text so that no reader turns them into a float.
    pub points: String,
    /// Exact money, as text.
    pub money: String,
    /// Its currency, where there is money.
    #[serde(default)]
    pub currency: Option<String>,
}

/// The status of a run whose statement is blocked.
pub const BLOCKED: &str = "blocked";

/// The status of a run whose period is still open.
pub const PROVISIONAL: &str = "provisional";

/// The status of a run that closed its period.
pub const FINAL: &str = "final";

impl Manifest {
    /// Whether the period is closed by it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status == FINAL
    }

    /// Whether a threshold was reached that makes a run fail whatever else was asked.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.thresholds.iter().any(|reached| reached.key == Consequence::Fails.word())
    }

    /// Whether a discrepancy blocks the statement.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.status == BLOCKED
    }

    /// Reads a manifest.
    ///
    /// # Errors
    /// When the file cannot be read, or is no manifest.
    pub fn read(path: &Path) -> io::Result<Manifest> {
        let text = fs::read(path)?;
        serde_json::from_slice(&text).map_err(io::Error::other)
    }
}

/// The digest of everything that decides the outputs. Each text is preceded by its length, so that
/// no two lists of texts read alike.
#[must_use]
pub fn run_digest<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    for text in texts {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}
