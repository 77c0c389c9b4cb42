//! The lines of a statement as their table says them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::super::publication::{Cell, Publication, ReviewError, Row};
use super::Check;
use crate::value::money::Currency;

/// A line as the tables say it.
pub(super) struct Line {
    pub(super) kind: String,
    pub(super) currency: String,
    pub(super) issuer: String,
    pub(super) payer: String,
    pub(super) events: i64,
    pub(super) points: i64,
    pub(super) amount: Decimal,
    pub(super) exact: Option<Decimal>,
    pub(super) flow: String,
    pub(super) origin_period: String,
    pub(super) ratio: String,
    pub(super) ratio_from: String,
    pub(super) rate: Option<Decimal>,
    pub(super) rate_from: String,
    pub(super) clause: String,
}

impl Line {
    /// Kinds that add to their payer's payable; a tax within an amount and a carry do not.
    pub(super) fn is_payable(&self) -> bool {
        matches!(self.kind.as_str(), "gross" | "fee" | "tax" | "adjustment" | "late_fee")
    }

    /// The minor digits of its currency; the column has those of the finest one.
    pub(super) fn digits(&self) -> u32 {
        Currency::of(&self.currency).map_or(self.amount.scale(), Currency::digits)
    }

    /// Issuer points and acceptor points of the ratio.
    pub(super) fn ratio(&self) -> Option<(i128, i128)> {
        whole_points(&self.ratio)
    }

    /// The amount as A owes it: what B pays is negative.
    pub(super) fn owed_by_a(&self) -> Decimal {
        if self.payer == "a" { self.amount } else { -self.amount }
    }
}

/// `100:40`, issuer points to acceptor points.
fn whole_points(ratio: &str) -> Option<(i128, i128)> {
    let (issued, accepted) = ratio.split_once(':')?;
    Some((issued.trim().parse().ok()?, accepted.trim().parse().ok()?))
}

/// The types of lines and their Chinese words.
const TYPES: [(&str, &str); 7] = [
    ("gross", "总额"),
    ("fee", "手续费"),
    ("tax", "税额"),
    ("tax_within", "含税额"),
    ("carry", "结转"),
    ("adjustment", "调账"),
    ("late_fee", "逾期费"),
];

/// What each line says beside its figures: lines are numbered one after another, payer and payee,
/// and issuer and acceptor, are the two parties, a ratio is one, and a type has its Chinese word. A
/// line that rests on points says on which, and any other on none; what is charged on a gross line
/// has its versions.
pub(super) fn parties(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let columns = [
        "issuer",
        "acceptor",
        "payer",
        "payee",
        "ratio",
        "line_no",
        "type",
        "type_zh",
        "flow",
        "ratio_from",
        "rate_from",
        "rate",
        "events",
        "points",
        "reference",
    ];
    let versions = |row: &Row<'_>| [4, 9, 10, 11].map(|at| row.cell(at).to_string());
    let mut gross: Option<[String; 4]> = None;
    publication.scan("statement_lines", &columns, |number, row| {
        let kind = row.text(6);
        if row.integer(5).and_then(|said| u64::try_from(said).ok()) != Some(number) {
            check.fault(|| format!("line {number}: its number is another"));
        }
        if !TYPES.contains(&(kind, row.text(7))) {
            check.fault(|| format!("line {number}: its type has other words"));
        }
        let is_on_points = matches!(kind, "gross" | "fee" | "tax" | "tax_within");
        if kind == "gross" {
            gross = Some(versions(row));
        } else if is_on_points && gross.as_ref() != Some(&versions(row)) {
            check.fault(|| format!("line {number}: its versions are not those of its gross line"));
        }
        let says = |at: usize| row.cell(at) != Cell::Null;
        let has_points = [0, 1, 8, 10, 11].into_iter().all(says) && says(4) == says(9);
        let has_none = ![0, 1, 4, 8, 9, 10, 11].into_iter().any(says)
            && row.integer(12) == Some(0)
            && row.integer(13) == Some(0);
        if !(if is_on_points { has_points } else { has_none }) {
            check.fault(|| format!("line {number}: it does not say on which points it rests"));
        }
        let is_of_other = matches!(kind, "adjustment" | "late_fee");
        if row.some_text(14).is_some() != is_of_other {
            check.fault(|| format!("line {number}: its reference is one too many, or is wanting"));
        }
        if row.some_text(4).is_some_and(|ratio| whole_points(ratio).is_none()) {
            check.fault(|| format!("line {number}: its ratio is none"));
        }
        for (at, what) in [(0, "issuer and acceptor"), (2, "payer and payee")] {
            if !matches!((row.text(at), row.text(at + 1)), ("a", "b") | ("b", "a") | ("", "")) {
                check.fault(|| format!("line {number}: {what} are not the two parties"));
            }
        }
        Ok(())
    })
}

/// The lines by their numbers: few, and so read anew by each check.
pub(super) fn lines(publication: &Publication) -> Result<BTreeMap<i64, Line>, ReviewError> {
    let mut lines = BTreeMap::new();
    let columns = [
        "line_no",
        "type",
        "currency",
        "issuer",
        "payer",
        "events",
        "points",
        "amount",
        "exact",
        "flow",
        "origin_period",
        "ratio",
        "ratio_from",
        "rate",
        "rate_from",
        "clause",
    ];
    publication.scan("statement_lines", &columns, |number, row| {
        let unsound = |what: &str| ReviewError::Unsound {
            path: publication.path("statement_lines.parquet"),
            what: format!("row {number} has no {what}"),
        };
        let line = Line {
            kind: row.text(1).to_owned(),
            currency: row.text(2).to_owned(),
            issuer: row.text(3).to_owned(),
            payer: row.text(4).to_owned(),
            events: row.integer(5).unwrap_or_default(),
            points: row.integer(6).unwrap_or_default(),
            amount: row.decimal(7).ok_or_else(|| unsound("amount"))?,
            exact: row.some_text(8).and_then(|text| text.parse().ok()),
            flow: row.text(9).to_owned(),
            origin_period: row.text(10).to_owned(),
            ratio: row.text(11).to_owned(),
            ratio_from: row.text(12).to_owned(),
            rate: row.decimal(13),
            rate_from: row.text(14).to_owned(),
            clause: row.text(15).to_owned(),
        };
        lines.insert(row.integer(0).ok_or_else(|| unsound("line_no"))?, line);
        Ok(())
    })?;
    Ok(lines)
}
