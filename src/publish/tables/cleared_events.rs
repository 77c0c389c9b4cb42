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
    pub kind: Option<&'static str>,
    /// The kind on the acceptor's book.
    pub acceptor_kind: Option<&'static str>,
    /// The period whose line sums it.
    pub origin_period: &'a str,
    /// The issuer's leg.
    pub issuer_event_id: Option<&'a str>,
    /// The acceptor's leg.
    pub acceptor_event_id: Option<&'a str>,
    /// What a reversal reverses.
    pub original_event_id: Option<&'a str>,
    /// What the acceptor's leg reverses.
    pub acceptor_original_event_id: Option<&'a str>,
    /// What the issuer's leg names as the acceptor's.
    pub counter_event_id: Option<&'a str>,
    /// What the acceptor's leg names as the issuer's.
    pub acceptor_counter_event_id: Option<&'a str>,
    /// The status of the issuer's leg.
    pub status: Option<&'static str>,
    /// The status of the acceptor's leg.
    pub acceptor_status: Option<&'static str>,
    /// The order.
    pub order_no: Option<&'a str>,
    /// The member at the issuer.
    pub issuer_member: Option<&'a str>,
    /// The member at the acceptor.
    pub acceptor_member: Option<&'a str>,
    /// When it happened at the issuer.
    pub occurred_at: Option<Instant>,
    /// When it happened at the acceptor.
    pub accepted_at: Option<Instant>,
    /// The rule that paired the legs.
    pub matched_by: &'static str,
    /// Issuer points cleared.
    pub points: i128,
    /// Signed points of the issuer's leg.
    pub booked: Option<i64>,
    /// The exact mirror as a fraction.
    pub exact: Option<(i128, i128)>,
    /// What the acceptor should have credited.
    pub agreed: Option<i128>,
    /// What it recorded.
    pub recorded: Option<i128>,
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
    pub issuer_place: Option<(&'a str, u64)>,
    /// File and line of the acceptor's leg.
    pub acceptor_place: Option<(&'a str, u64)>,
    /// The decision that let it count.
    pub decision_id: Option<&'a str>,
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
            text("kind", "类型", |row| row.kind.map(Into::into), "The kind on the issuer's book."),
            text(
                "issuer_event_id",
                "发行方流水号",
                |row| row.issuer_event_id.map(Into::into),
                "The issuer's leg.",
            ),
            text(
                "acceptor_event_id",
                "受理方流水号",
                |row| row.acceptor_event_id.map(Into::into),
                "The acceptor's leg.",
            ),
            text(
                "original_event_id",
                "原流水号",
                |row| row.original_event_id.map(Into::into),
                "What a reversal reverses, on the issuer's book.",
            ),
            text(
                "acceptor_kind",
                "受理方类型",
                |row| row.acceptor_kind.map(Into::into),
                "The kind on the acceptor's book.",
            ),
            text(
                "acceptor_original_event_id",
                "受理方原流水号",
                |row| row.acceptor_original_event_id.map(Into::into),
                "What the acceptor's leg reverses, on the acceptor's book.",
            ),
            text(
                "counter_event_id",
                "对方流水号",
                |row| row.counter_event_id.map(Into::into),
                "The acceptor's event that the issuer's leg names.",
            ),
            text(
                "acceptor_counter_event_id",
                "受理方所指流水号",
                |row| row.acceptor_counter_event_id.map(Into::into),
                "The issuer's event that the acceptor's leg names.",
            ),
            text(
                "issuer_status",
                "发行方状态",
                |row| row.status.map(Into::into),
                "Whether the issuer's leg took effect.",
            ),
            text(
                "acceptor_status",
                "受理方状态",
                |row| row.acceptor_status.map(Into::into),
                "Whether the acceptor's leg took effect.",
            ),
            text(
                "origin_period",
                "原属期间",
                |row| some(row.origin_period),
                "The period on whose line it stands.",
            ),
            text("order_no", "订单号", |row| row.order_no.map(Into::into), "The order."),
            text(
                "issuer_member",
                "发行方会员号",
                |row| row.issuer_member.map(Into::into),
                "The member at the issuer.",
            ),
            text(
                "acceptor_member",
                "受理方会员号",
                |row| row.acceptor_member.map(Into::into),
                "The member at the acceptor.",
            ),
            at(
                "occurred_at",
                "交易时间",
                |row| row.occurred_at,
                "When it happened at the issuer, which decides the period.",
            ),
            at(
                "accepted_at",
                "受理时间",
                |row| row.accepted_at,
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
                "issuer_points",
                "发行方记账积分",
                |row| row.booked.map(i128::from),
                "Signed points as the issuer's leg was read.",
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
                |row| row.recorded,
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
            exact(
                "rate",
                "单价",
                |row| row.rate,
                "Money per issuer point, which is a smallest unit as everywhere in the tables.",
            ),
            exact("amount", "精确金额", |row| row.amount, "points x rate, exact."),
            text("currency", "币种", |row| word(row.currency), "The currency of the amount."),
            integer("line_no", "清算单行号", |row| row.line_no, "The gross line that sums it."),
            text(
                "issuer_file",
                "发行方文件",
                |row| row.issuer_place.map(|place| place.0.into()),
                "The file of the issuer's leg.",
            ),
            integer(
                "issuer_line",
                "发行方行号",
                |row| row.issuer_place.map(|place| place.1.into()),
                "Its line.",
            ),
            text(
                "acceptor_file",
                "受理方文件",
                |row| row.acceptor_place.map(|place| place.0.into()),
                "The file of the acceptor's leg.",
            ),
            integer(
                "acceptor_line",
                "受理方行号",
                |row| row.acceptor_place.map(|place| place.1.into()),
                "Its line.",
            ),
            text(
                "decision_id",
                "决定编号",
                |row| row.decision_id.map(Into::into),
                "The decision that let it count, where it was held.",
            ),
        ],
    }
}
