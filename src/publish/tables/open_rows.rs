//! Ledger rows as they were read: those that a run leaves open (held, or waiting for a later
//! period), which the next period takes up, and those that are settled without being counted, which
//! no period judges again.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::table::{Column, Table};
use super::cells::*;
use crate::value::party::Party;
use crate::value::period::Instant;

/// A row of `open_rows`.
#[derive(Debug, Clone)]
pub struct OpenRow<'a> {
    /// Whose book.
    pub party: Party,
    /// The event.
    pub event_id: &'a str,
    /// The member.
    pub member_no: &'a str,
    /// The kind.
    pub kind: &'static str,
    /// Signed points.
    pub points: i64,
    /// When it happened.
    pub occurred_at: Instant,
    /// When the balance moved.
    pub posted_at: Option<Instant>,
    /// The partner's event.
    pub counter_event_id: Option<&'a str>,
    /// What a reversal reverses.
    pub original_event_id: Option<&'a str>,
    /// The order.
    pub order_no: Option<&'a str>,
    /// The status.
    pub status: &'static str,
    /// The money that this party says it is.
    pub amount: Option<Decimal>,
    /// The currency that this party says it is in.
    pub currency: Option<&'a str>,
    /// Who approved an adjustment.
    pub authority: Option<&'a str>,
    /// The period of its instant; `None` where that lies after the run's.
    pub origin_period: Option<&'a str>,
    /// When a run first saw its discrepancy.
    pub first_seen: Option<Date>,
    /// Why it is held.
    pub code: Option<&'static str>,
    /// The discrepancy.
    pub discrepancy_id: Option<&'a str>,
    /// The codes under which it stays held until somebody decides.
    pub kept: Vec<&'static str>,
    /// The file that it was first read from.
    pub file: &'a str,
    /// The line.
    pub line: u64,
    /// Why it is settled: [`DROPPED`] or [`JOINED`].
    pub became: Option<&'static str>,
    /// Whose points a settled leg is of.
    pub issuer: Option<Party>,
    /// The leg that was settled with it.
    pub partner_event_id: Option<&'a str>,
}

/// What a decision rejected or wrote off.
pub const DROPPED: &str = "dropped";

/// What belongs to a leg that an earlier period released alone.
pub const JOINED: &str = "joined";

/// Legs that are settled and stand in no `cleared_events`: the columns of [`open_rows`], and why.
#[must_use]
pub fn settled_rows<'a>() -> Table<OpenRow<'a>> {
    let mut columns = open_rows().columns;
    // What is settled is held no more.
    columns.retain(|column| column.name != "kept");
    let of_settled: [Column<OpenRow<'a>>; 3] = [
        text(
            "became",
            "结清方式",
            |row| row.became.map(Into::into),
            "dropped (rejected or written off) or joined (the other leg was released alone).",
        ),
        text("issuer", "发行方", |row| letter(row.issuer), "Whose points: a or b."),
        text(
            "partner_event_id",
            "同结流水号",
            |row| row.partner_event_id.map(Into::into),
            "The partner's leg that was settled with it, if there is one.",
        ),
    ];
    columns.extend(of_settled);
    Table {
        name: "settled_rows",
        zh: "已结明细",
        meaning: "a ledger row that is settled without being counted, as it was read",
        columns,
    }
}

/// A party's own business and its cancelled legs: those columns of [`open_rows`] that a file says,
/// and where it said them.
#[must_use]
pub fn own_rows<'a>() -> Table<OpenRow<'a>> {
    let mut columns = open_rows().columns;
    let ours = ["origin_period", "first_seen", "code", "discrepancy_id"];
    columns.retain(|column| !ours.contains(&column.name));
    Table {
        name: "own_rows",
        zh: "本方业务",
        meaning: "a row of a party's own business, or a cancelled leg, which later rows may name; \
                  only where the period is closed",
        columns,
    }
}

/// Rows that are left open.
#[must_use]
pub fn open_rows<'a>() -> Table<OpenRow<'a>> {
    Table {
        name: "open_rows",
        zh: "未结明细",
        meaning: "a ledger row that the next period takes up, as it was read: held, or waiting for a later period",
        columns: vec![
            text("party", "一方", |row| letter(Some(row.party)), "Whose book: a or b."),
            text("event_id", "流水号", |row| some(row.event_id), "The event on this book."),
            text("member_no", "会员号", |row| some(row.member_no), "The member on this book."),
            text("kind", "类型", |row| word(row.kind), "What happened."),
            integer(
                "points",
                "积分",
                |row| Some(i128::from(row.points)),
                "Signed points on this book.",
            ),
            at("occurred_at", "交易时间", |row| Some(row.occurred_at), "When it happened."),
            at(
                "posted_at",
                "入账时间",
                |row| row.posted_at,
                "When the balance moved, where the file says so; of what has no effect, when it had \
                 moved it before.",
            ),
            text(
                "counter_event_id",
                "对方流水号",
                |row| row.counter_event_id.map(Into::into),
                "The partner's event_id of the same event.",
            ),
            text(
                "original_event_id",
                "原流水号",
                |row| row.original_event_id.map(Into::into),
                "What a reversal reverses, on this book.",
            ),
            text("order_no", "订单号", |row| row.order_no.map(Into::into), "The order."),
            text("status", "状态", |row| word(row.status), "Whether the row took effect."),
            exact("amount", "金额", |row| row.amount, "The money that this party says it is."),
            text(
                "currency",
                "币种",
                |row| row.currency.map(Into::into),
                "The currency that this party says it is in.",
            ),
            text(
                "authority",
                "批准人",
                |row| row.authority.map(Into::into),
                "Who approved an adjustment.",
            ),
            text(
                "origin_period",
                "原属期间",
                |row| row.origin_period.map(Into::into),
                "The period in which it happened; empty where that is still to come.",
            ),
            day(
                "first_seen",
                "首见日",
                |row| row.first_seen,
                "When a run first saw its discrepancy.",
            ),
            text(
                "code",
                "代码",
                |row| row.code.map(Into::into),
                "Why it is held; empty where it is not.",
            ),
            text(
                "discrepancy_id",
                "差错编号",
                |row| row.discrepancy_id.map(Into::into),
                "The discrepancy under which it stands.",
            ),
            text(
                "kept",
                "持续挂账代码",
                |row| (!row.kept.is_empty()).then(|| row.kept.join(";").into()),
                "The codes under which it stays held until somebody decides, whatever holds it \
                 now; several are joined by `;`.",
            ),
            text("file", "文件", |row| some(row.file), "The file that it was first read from."),
            integer("line", "行号", |row| Some(i128::from(row.line)), "Its line."),
        ],
    }
}
