//! Held and awaited items.

use std::borrow::Cow;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::table::Table;
use super::cells::*;
use crate::value::party::Party;
use crate::value::period::Instant;

/// A row of `held` or `pending`.
#[derive(Debug, Clone)]
pub struct ItemRow<'a> {
    /// Whose points; `None` for an adjustment.
    pub issuer: Option<Party>,
    /// The issuer's leg.
    pub issuer_event_id: Option<Cow<'a, str>>,
    /// The acceptor's leg.
    pub acceptor_event_id: Option<Cow<'a, str>>,
    /// Why.
    pub code: Option<&'static str>,
    /// The discrepancy.
    pub discrepancy_id: Option<Cow<'a, str>>,
    /// The kind.
    pub kind: &'static str,
    /// The member.
    pub member: Option<Cow<'a, str>>,
    /// When it happened.
    pub occurred_at: Instant,
    /// Points.
    pub points: Option<i128>,
    /// Exact worth.
    pub amount: Option<Decimal>,
    /// Its currency.
    pub currency: Option<Cow<'a, str>>,
    /// When its discrepancy was first seen.
    pub first_seen: Option<Date>,
    /// An adjustment's number.
    pub reference: Option<Cow<'a, str>>,
    /// Who would pay an adjustment.
    pub payer: Option<Party>,
    /// Days.
    pub age_days: i128,
    /// `path:line` of the issuer's leg.
    pub issuer_place: Option<String>,
    /// `path:line` of the acceptor's leg.
    pub acceptor_place: Option<String>,
}

impl ItemRow<'_> {
    /// The row by itself, when the frames that it was made from go.
    #[must_use]
    pub fn apart(self) -> ItemRow<'static> {
        let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        ItemRow {
            issuer: self.issuer,
            issuer_event_id: own(self.issuer_event_id),
            acceptor_event_id: own(self.acceptor_event_id),
            code: self.code,
            discrepancy_id: own(self.discrepancy_id),
            kind: self.kind,
            member: own(self.member),
            occurred_at: self.occurred_at,
            points: self.points,
            amount: self.amount,
            currency: own(self.currency),
            first_seen: self.first_seen,
            reference: own(self.reference),
            payer: self.payer,
            age_days: self.age_days,
            issuer_place: self.issuer_place,
            acceptor_place: self.acceptor_place,
        }
    }
}

/// Held items.
#[must_use]
pub fn held<'a>() -> Table<ItemRow<'a>> {
    Table {
        name: "held",
        zh: "挂账",
        meaning: "an item that is held, outside the net",
        columns: vec![
            text("issuer", "发行方", |row| letter(row.issuer), "Whose points: a or b."),
            text(
                "issuer_event_id",
                "发行方流水号",
                |row| row.issuer_event_id.as_deref().map(Into::into),
                "The issuer's leg, if there is one.",
            ),
            text(
                "acceptor_event_id",
                "受理方流水号",
                |row| row.acceptor_event_id.as_deref().map(Into::into),
                "The acceptor's leg, if there is one.",
            ),
            text(
                "code",
                "代码",
                |row| row.code.map(Into::into),
                "Why; empty for a row whose own status is pending.",
            ),
            text(
                "discrepancy_id",
                "差错编号",
                |row| row.discrepancy_id.as_deref().map(Into::into),
                "The discrepancy under which it stands.",
            ),
            text("kind", "类型", |row| word(row.kind), "The kind of the leg."),
            text(
                "member",
                "会员号",
                |row| row.member.as_deref().map(Into::into),
                "The member of the leg.",
            ),
            at("occurred_at", "交易时间", |row| Some(row.occurred_at), "When it happened."),
            integer(
                "points",
                "积分",
                |row| row.points,
                "Issuer points to clear; for an acceptor's leg alone, what it recorded.",
            ),
            exact(
                "amount",
                "精确金额",
                |row| row.amount,
                "points x rate, exact; empty where no version or no issuer's leg is known.",
            ),
            text(
                "currency",
                "币种",
                |row| row.currency.as_deref().map(Into::into),
                "The currency of the amount.",
            ),
            day(
                "first_seen",
                "首见日",
                |row| row.first_seen,
                "When a run first saw the discrepancy under which it stands.",
            ),
            integer(
                "age_days",
                "自交易日天数",
                |row| Some(row.age_days),
                "Days from the business date to the as-of date.",
            ),
            text(
                "issuer_row",
                "发行方行",
                |row| row.issuer_place.as_deref().map(Into::into),
                "File and line of the issuer's leg, or of the adjustment.",
            ),
            text(
                "acceptor_row",
                "受理方行",
                |row| row.acceptor_place.as_deref().map(Into::into),
                "File and line of the acceptor's leg.",
            ),
            text(
                "reference",
                "关联单号",
                |row| row.reference.as_deref().map(Into::into),
                "The number of an adjustment.",
            ),
            text(
                "payer",
                "付款方",
                |row| letter(row.payer),
                "Who would pay an adjustment: a or b.",
            ),
        ],
    }
}

/// Awaited items: the columns of [`held`].
#[must_use]
pub fn pending<'a>() -> Table<ItemRow<'a>> {
    Table { name: "pending", zh: "待达", meaning: "an item that is awaited", ..held() }
}
