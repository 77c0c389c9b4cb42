//! A manifest as a reviewer reads it, by a type that the writer does not share.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What a manifest says, as far as a reviewer asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    /// The engine's version.
    pub engine_version: String,
    /// The digest of everything that decides the outputs.
    pub digest: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The BLAKE3 digest of the pipeline file.
    pub pipeline_digest: String,
    /// The agreement's number.
    pub agreement: String,
    /// A's code.
    #[serde(default)]
    pub a_code: String,
    /// B's code.
    #[serde(default)]
    pub b_code: String,
    /// The period.
    pub period: String,
    /// The first instant of the period, in the agreement's zone.
    #[serde(default)]
    pub period_from: String,
    /// The first instant after the period.
    #[serde(default)]
    pub period_to: String,
    /// The as-of date.
    pub as_of: String,
    /// `provisional`, `final` or `blocked`.
    pub status: String,
    /// The statements in a sentence each.
    pub net: Option<String>,
    /// The statements' figures, one per currency.
    #[serde(default)]
    pub statements: Vec<Figures>,
    /// Discrepancies by severity.
    pub severities: BTreeMap<String, u64>,
    /// Discrepancies by code.
    pub discrepancies: BTreeMap<String, u64>,
    /// The rules by which legs were paired, in the order in which they were tried.
    #[serde(default)]
    pub matching: Vec<MatchRule>,
    /// The terms that were in force.
    #[serde(default)]
    pub terms: Vec<Term>,
    /// The final publications that were taken from.
    #[serde(default)]
    pub past: Vec<Taken>,
    /// Input files.
    pub inputs: Vec<InputFile>,
    /// Output files but the manifest itself.
    pub outputs: Vec<FileEntry>,
    /// Control totals, but those of single files.
    #[serde(default)]
    pub control_totals: Vec<StatedTotal>,
}

impl Manifest {
    /// Whether the period was closed by it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.status == "final"
    }

    /// Whether it has no statement, because a discrepancy blocks it.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.status == "blocked"
    }
}

/// A rule by which legs were paired.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MatchRule {
    /// `reference`, `order` or `window`.
    pub rule: String,
    /// The least time from the issuer's leg to the acceptor's, of a window.
    pub from_micros: Option<i64>,
    /// The greatest.
    pub to_micros: Option<i64>,
}

/// A term of the agreement over a part of the period.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Term {
    /// Whose points, `a` or `b`, where it is a term of one party's.
    pub party: Option<String>,
    /// Which: `ratio`, `rounding of mirrors` and the like.
    pub term: String,
    /// From when in the period, in the agreement's zone.
    #[serde(default)]
    pub from: String,
    /// Until when.
    #[serde(default)]
    pub to: String,
    /// What it says.
    pub value: String,
    /// The clauses of the agreement on which it rests.
    #[serde(default)]
    pub clause: String,
}

/// A statement's figures, as the texts of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Figures {
    /// The currency.
    pub currency: String,
    /// What A owes before netting.
    pub a_payable: String,
    /// What B owes before netting.
    pub b_payable: String,
    /// Carried in.
    pub opening_carry: String,
    /// The net.
    pub net: String,
    /// What is due.
    pub amount_due: String,
    /// Carried out.
    pub carry_forward: String,
    /// Who pays what is due, `a` or `b`.
    pub payer: Option<String>,
    /// What is held of A's points.
    pub held_a: String,
    /// What is held of B's points.
    pub held_b: String,
}

/// A final publication that was taken from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Taken {
    /// Its period.
    pub period: String,
    /// Its place under the pipeline's folder.
    pub place: String,
    /// The BLAKE3 digest of its manifest.
    pub blake3: String,
}

/// A control total, its figures as the texts of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StatedTotal {
    /// Whose.
    pub owner: String,
    /// The feed, or the role of ledger rows.
    pub subject: String,
    /// What was totalled.
    pub stage: String,
    /// Rows.
    pub rows: u64,
    /// Points.
    pub points: String,
    /// Exact money.
    pub money: String,
    /// Its currency.
    pub currency: Option<String>,
}

/// An input file of the run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InputFile {
    /// Whose feed, and which.
    pub feed: String,
    /// The path under the pipeline's root.
    pub path: String,
    /// Bytes.
    pub bytes: u64,
    /// The BLAKE3 digest.
    pub blake3: String,
}

/// An output file of the run.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct FileEntry {
    /// The name in the publication.
    pub file: String,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// The BLAKE3 digest.
    pub blake3: String,
}
