//! Counted events: the drill-down from a gross line.

use rust_decimal::Decimal;

use super::super::table::Table;
use super::cells::*;
use crate::value::party::Party;
use crate::value::period::Instant;

/// A row of `cleared_events`.
pub struct ClearedRow<'a> {
    /// Whose points.
    pub issuer: Party,
    /// The flow.
    pub flow: &'static str,
    /// The kind on the issuer's book.
    pub kind: &'static str,
    /// The issuer's leg.
    pub issuer_event_id: &'a str,
    /// The acceptor's leg.
    pub acceptor_event_id: &'a str,
    /// What a reversal reverses.
    pub original_event_id: Option<&'a str>,
    /// The order.
    pub order_no: Option<&'a str>,
    /// The member at the issuer.
    pub issuer_member: &'a str,
    /// The member at the acceptor.
    pub acceptor_member: &'a str,
    /// When it happened at the issuer.
    pub occurred_at: Instant,
    /// When it happened at the acceptor.
    pub accepted_at: Instant,
    /// The rule that paired the legs.
    pub matched_by: &'static str,
    /// Issuer points cleared.
    pub points: i128,
    /// The exact mirror as a fraction.
    pub exact: Option<(i128, i128)>,
    /// What the acceptor should have credited.
    pub agreed: Option<i128>,
    /// What it recorded.
    pub recorded: i128,
    /// The ratio version.
    pub ratio_from: Option<&'a str>,
    /// The rate version.
    pub rate_from: Option<&'a str>,
    /// The rate.
    pub rate: Option<Decimal>,
    /// points × rate.
    pub amount: Option<Decimal>,
    /// Its currency.
    pub currency: &'static str,
    /// The gross line that sums it.
    pub line_no: Option<i128>,
    /// File and line of the issuer's leg.
    pub issuer_place: (&'a str, u64),
    /// File and line of the acceptor's leg.
    pub acceptor_place: (&'a str, u64),
}

/// Counted events: the drill-down from a gross line.
#[must_use]
pub fn cleared_events<'a>() -> Table<ClearedRow<'a>> {
    Table {
        name: "cleared_events",
        zh: "计入明细",
        meaning: "a counted event with its pair",
        columns: vec![
            text("issuer", "发行方", |row| letter(Some(row.issuer)), "Whose points: a or b."),
            text("flow", "业务流向", |row| word(row.flow), "redemption, conversion or sale."),
            text("kind", "类型", |row| word(row.kind), "The kind on the issuer's book."),
            text(
                "issuer_event_id",
                "发行方流水号",
                |row| some(row.issuer_event_id),
                "The issuer's leg.",
            ),
            text(
                "acceptor_event_id",
                "受理方流水号",
                |row| some(row.acceptor_event_id),
                "The acceptor's leg.",
            ),
            text(
                "original_event_id",
                "原流水号",
                |row| row.original_event_id.map(Into::into),
                "What a reversal reverses, on the issuer's book.",
            ),
            text("order_no", "订单号", |row| row.order_no.map(Into::into), "The order."),
            text(
                "issuer_member",
                "发行方会员号",
                |row| some(row.issuer_member),
                "The member at the issuer.",
            ),
            text(
                "acceptor_member",
                "受理方会员号",
                |row| some(row.acceptor_member),
                "The member at the acceptor.",
            ),
            at(
                "occurred_at",
                "交易时间",
                |row| Some(row.occurred_at),
                "When it happened at the issuer, which decides the period.",
            ),
            at(
                "accepted_at",
                "受理时间",
                |row| Some(row.accepted_at),
                "When it happened at the acceptor.",
            ),
            text(
                "matched_by",
                "匹配规则",
                |row| word(row.matched_by),
                "The rule that paired the legs.",
            ),
            integer(
                "points",
                "清算积分",
                |row| Some(row.points),
                "Issuer points cleared; a reversal is negative.",
            ),
            integer(
                "exact_numerator",
                "精确镜像分子",
                |row| row.exact.map(|exact| exact.0),
                "The exact mirror is exact_numerator / exact_denominator.",
            ),
            integer(
                "exact_denominator",
                "精确镜像分母",
                |row| row.exact.map(|exact| exact.1),
                "See exact_numerator.",
            ),
            integer(
                "agreed_mirror",
                "约定镜像",
                |row| row.agreed,
                "What the acceptor should have credited.",
            ),
            integer(
                "recorded_mirror",
                "记录镜像",
                |row| Some(row.recorded),
                "What the acceptor recorded.",
            ),
            text(
                "ratio_from",
                "比例版本",
                |row| row.ratio_from.map(Into::into),
                "The ratio version, by its from.",
            ),
            text(
                "rate_from",
                "单价版本",
                |row| row.rate_from.map(Into::into),
                "The rate version, by its from; empty where the flow has no money.",
            ),
            exact("rate", "单价", |row| row.rate, "Money per issuer point."),
            exact("amount", "精确金额", |row| row.amount, "points x rate, exact."),
            text("currency", "币种", |row| word(row.currency), "The currency of the amount."),
            integer("line_no", "清算单行号", |row| row.line_no, "The gross line that sums it."),
            text(
                "issuer_file",
                "发行方文件",
                |row| some(row.issuer_place.0),
                "The file of the issuer's leg.",
            ),
            integer(
                "issuer_line",
                "发行方行号",
                |row| Some(i128::from(row.issuer_place.1)),
                "Its line.",
            ),
            text(
                "acceptor_file",
                "受理方文件",
                |row| some(row.acceptor_place.0),
                "The file of the acceptor's leg.",
            ),
            integer(
                "acceptor_line",
                "受理方行号",
                |row| Some(i128::from(row.acceptor_place.1)),
                "Its line.",
            ),
        ],
    }
}
