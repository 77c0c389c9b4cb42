//! The lines of a statement as their table says them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::super::publication::{Publication, ReviewError};
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

/// Payer and payee, and issuer and acceptor, are the two parties on every line, and a ratio is one.
pub(super) fn parties(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let columns = ["issuer", "acceptor", "payer", "payee", "ratio"];
    publication.scan("statement_lines", &columns, |number, row| {
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
