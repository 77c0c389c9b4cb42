//! Matched members.

use std::borrow::Cow;

use super::super::table::Table;
use super::cells::*;
use crate::value::period::Instant;

/// A row of `links`.
#[derive(Debug, Clone)]
pub struct LinkRow<'a> {
    /// The member at A, or candidates.
    pub a_member: Cow<'a, str>,
    /// The member at B, or candidates.
    pub b_member: Cow<'a, str>,
    /// How it came about.
    pub method: &'static str,
    /// On what it rests.
    pub evidence: Cow<'a, str>,
    /// Since when.
    pub bound_at: Option<Instant>,
    /// Since when no more.
    pub unbound_at: Option<Instant>,
    /// Whether it can authorise clearing.
    pub standing: &'static str,
    /// How many consents it has.
    pub consents: i128,
}

/// Matched members.
#[must_use]
pub fn links<'a>() -> Table<LinkRow<'a>> {
    Table {
        name: "links",
        zh: "会员勾对",
        meaning: "a matched member pair, or a token that links nobody",
        columns: vec![
            text(
                "a_member",
                "甲方会员号",
                |row| some(&row.a_member),
                "The member at A; candidates joined by a semicolon.",
            ),
            text(
                "b_member",
                "乙方会员号",
                |row| some(&row.b_member),
                "The member at B; candidates joined by a semicolon.",
            ),
            text(
                "method",
                "绑定方式",
                |row| word(row.method),
                "authorised, imported, inferred or ambiguous.",
            ),
            text(
                "evidence",
                "依据",
                |row| some(&row.evidence),
                "The link record, or the token's column.",
            ),
            at("bound_at", "绑定时间", |row| row.bound_at, "Since when."),
            at("unbound_at", "解绑时间", |row| row.unbound_at, "Since when no more."),
            text(
                "standing",
                "结论",
                |row| word(row.standing),
                "sound, absent_in_a, absent_in_b, contradicted, duplicate_key, inferred or ambiguous.",
            ),
            integer(
                "consents",
                "同意数",
                |row| Some(row.consents),
                "Consents for the declared purpose.",
            ),
        ],
    }
}
