//! What each published table holds: its row, and its columns with their meaning.

use std::borrow::Cow;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::table::{Cells, Column, Table};
use crate::account::Account;
use crate::control::ControlTotal;
use crate::discrepancy::Discrepancy;
use crate::feed::Reject;
use crate::statement::{Line, VersionName};
use crate::value::kind::Kind;
use crate::value::money::Money;
use crate::value::party::{Both, Party};
use crate::value::period::Instant;

/// The row of `statement`.
pub struct StatementRow {
    /// The pipeline.
    pub pipeline: String,
    /// The agreement.
    pub agreement_id: String,
    /// Its version.
    pub agreement_version: String,
    /// The parties' codes.
    pub codes: Both<String>,
    /// The parties' names.
    pub names: Both<String>,
    /// `provisional`.
    pub status: String,
    /// The currency.
    pub currency: String,
    /// What each party owes before netting.
    pub payables: Both<Money>,
    /// Carried in.
    pub opening_carry: Money,
    /// The net.
    pub net: Money,
    /// Who pays what is due.
    pub payer: Option<Party>,
    /// What is due.
    pub amount_due: Money,
    /// Carried out.
    pub carry_forward: Money,
    /// When it is due.
    pub due_date: Option<Date>,
    /// The exact worth of held issuer's legs.
    pub held: Both<Decimal>,
    /// Counted, held and awaited.
    pub events: (i128, i128, i128),
    /// How many discrepancies.
    pub discrepancies: i128,
    /// The digest of the pipeline file.
    pub pipeline_digest: String,
    /// The digest of the counted events.
    pub cleared_digest: String,
}

/// A row of `statement_lines`.
pub struct LineRow<'a> {
    /// One-based.
    pub line_no: i128,
    /// The line.
    pub line: &'a Line,
    /// The period whose events it sums.
    pub origin_period: &'a str,
}

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
    pub rate_from: &'a str,
    /// The rate.
    pub rate: Decimal,
    /// points × rate.
    pub amount: Option<Decimal>,
    /// The gross line that sums it.
    pub line_no: Option<i128>,
    /// File and line of the issuer's leg.
    pub issuer_place: (&'a str, u64),
    /// File and line of the acceptor's leg.
    pub acceptor_place: (&'a str, u64),
}

/// A row of `held` or `pending`.
pub struct ItemRow<'a> {
    /// Whose points.
    pub issuer: Party,
    /// The issuer's leg.
    pub issuer_event_id: Option<&'a str>,
    /// The acceptor's leg.
    pub acceptor_event_id: Option<&'a str>,
    /// Why.
    pub code: Option<&'static str>,
    /// The discrepancy.
    pub discrepancy_id: Option<&'a str>,
    /// The kind.
    pub kind: &'static str,
    /// The member.
    pub member: &'a str,
    /// When it happened.
    pub occurred_at: Instant,
    /// Points.
    pub points: i128,
    /// Exact worth.
    pub amount: Option<Decimal>,
    /// Days.
    pub age_days: i128,
    /// `path:line` of the issuer's leg.
    pub issuer_place: Option<String>,
    /// `path:line` of the acceptor's leg.
    pub acceptor_place: Option<String>,
}

/// A row of `links`.
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

/// A row of `accounts`.
pub struct AccountRow<'a> {
    /// The account.
    pub account: &'a Account,
}

/// A row of `rejects`.
pub struct RejectRow<'a> {
    /// Whose feed.
    pub owner: &'static str,
    /// Which feed.
    pub feed: &'static str,
    /// The rule.
    pub code: &'static str,
    /// The reject.
    pub reject: &'a Reject,
}

/// A row of `dictionary`.
pub struct DictionaryRow {
    /// The table.
    pub table: &'static str,
    /// Its Chinese name.
    pub table_zh: &'static str,
    /// The column's position, one-based.
    pub position: i128,
    /// The column.
    pub column: &'static str,
    /// Its type.
    pub type_name: String,
    /// What it means.
    pub meaning: &'static str,
    /// Its Chinese label.
    pub zh: &'static str,
}

impl<R> Table<R> {
    /// What the dictionary says of the table's columns.
    #[must_use]
    pub fn dictionary_rows(&self, minor_digits: u32) -> Vec<DictionaryRow> {
        let stamp = [
            ("period", "期间", "TEXT", "The clearing period."),
            ("as_of", "截至日", "DATE", "The as-of date of the run."),
        ];
        let stamp = stamp.map(|(column, zh, kind, meaning)| (column, zh, kind.to_owned(), meaning));
        let own = self.columns.iter().map(|column| {
            let type_name = column.cells.type_name(minor_digits);
            (column.name, column.zh, type_name, column.meaning)
        });
        (1..)
            .zip(stamp.into_iter().chain(own))
            .map(|(position, (column, zh, type_name, meaning))| DictionaryRow {
                table: self.name,
                table_zh: self.zh,
                position,
                column,
                type_name,
                meaning,
                zh,
            })
            .collect()
    }
}

fn text<R>(
    name: &'static str,
    zh: &'static str,
    cell: for<'r> fn(&'r R) -> Option<Cow<'r, str>>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Text(cell) }
}

fn integer<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<i128>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Integer(cell) }
}

fn money<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<Decimal>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Money(cell) }
}

fn exact<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<Decimal>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Exact(cell) }
}

fn day<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<Date>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Day(cell) }
}

fn at<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<Instant>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::At(cell) }
}

fn flag<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<bool>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Flag(cell) }
}

fn some(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

fn word<'r>(word: &'static str) -> Option<Cow<'r, str>> {
    Some(Cow::Borrowed(word))
}

fn letter<'r>(party: Option<Party>) -> Option<Cow<'r, str>> {
    party.map(|party| Cow::Borrowed(party.letter()))
}

fn joined(texts: &[String]) -> Option<Cow<'_, str>> {
    match texts {
        [] => None,
        [one] => Some(Cow::Borrowed(one)),
        several => Some(Cow::Owned(several.join(";"))),
    }
}

fn version_from(version: &Option<VersionName>) -> Option<Cow<'_, str>> {
    version.as_ref().map(|version| Cow::Borrowed(version.from.as_str()))
}

fn version_value(version: &Option<VersionName>) -> Option<Cow<'_, str>> {
    version.as_ref().map(|version| Cow::Borrowed(version.value.as_str()))
}

fn moved(row: &AccountRow<'_>, kind: Kind) -> Option<i128> {
    Some(i128::from(row.account.movements[usize::from(kind.code())]))
}

fn difference(row: &AccountRow<'_>) -> Option<i128> {
    let reported = row.account.reported?;
    Some(i128::from(reported) - i128::from(row.account.expected))
}

/// The statement: one row.
#[must_use]
pub fn statement() -> Table<StatementRow> {
    Table {
        name: "statement",
        zh: "清算单",
        meaning: "the statement of the period",
        columns: vec![
            text("pipeline", "流水线", |row| some(&row.pipeline), "The pipeline."),
            text("agreement_id", "合同编号", |row| some(&row.agreement_id), "The agreement."),
            text(
                "agreement_version",
                "合同版本",
                |row| some(&row.agreement_version),
                "The version of the agreement.",
            ),
            text("a_code", "甲方代码", |row| some(&row.codes.a), "Party A."),
            text("a_name", "甲方名称", |row| some(&row.names.a), "The name of party A."),
            text("b_code", "乙方代码", |row| some(&row.codes.b), "Party B."),
            text("b_name", "乙方名称", |row| some(&row.names.b), "The name of party B."),
            text(
                "status",
                "状态",
                |row| some(&row.status),
                "provisional, until the period is closed.",
            ),
            text(
                "currency",
                "币种",
                |row| some(&row.currency),
                "The settlement currency, ISO 4217.",
            ),
            money(
                "a_payable",
                "甲方应付",
                |row| Some(row.payables.a.decimal()),
                "What A owes before netting.",
            ),
            money(
                "b_payable",
                "乙方应付",
                |row| Some(row.payables.b.decimal()),
                "What B owes before netting.",
            ),
            money(
                "opening_carry",
                "期初结转",
                |row| Some(row.opening_carry.decimal()),
                "Carried into the period; positive: A owes B.",
            ),
            money(
                "net",
                "轧差净额",
                |row| Some(row.net.decimal()),
                "a_payable - b_payable + opening_carry; positive: A pays B.",
            ),
            text(
                "payer",
                "付款方",
                |row| row.payer.map(|party| party.letter().into()),
                "Who pays what is due; empty when nothing is.",
            ),
            text(
                "payee",
                "收款方",
                |row| row.payer.map(|party| party.partner().letter().into()),
                "Who is paid.",
            ),
            money(
                "amount_due",
                "应结金额",
                |row| Some(row.amount_due.decimal()),
                "What is due now.",
            ),
            money(
                "carry_forward",
                "结转下期",
                |row| Some(row.carry_forward.decimal()),
                "Carried into the next period; positive: A owes B.",
            ),
            day("due_date", "付款日", |row| row.due_date, "When it is due."),
            exact(
                "held_a",
                "甲方挂账",
                |row| Some(row.held.a),
                "The exact worth of the held legs of A's points, outside the net.",
            ),
            exact(
                "held_b",
                "乙方挂账",
                |row| Some(row.held.b),
                "The exact worth of the held legs of B's points, outside the net.",
            ),
            integer(
                "events_counted",
                "计入笔数",
                |row| Some(row.events.0),
                "Pairs that are counted.",
            ),
            integer("events_held", "挂账笔数", |row| Some(row.events.1), "Held items."),
            integer("events_pending", "待达笔数", |row| Some(row.events.2), "Awaited items."),
            integer("discrepancies", "差错数", |row| Some(row.discrepancies), "Discrepancies."),
            text(
                "pipeline_digest",
                "流水线摘要",
                |row| some(&row.pipeline_digest),
                "The BLAKE3 digest of the pipeline file.",
            ),
            text(
                "cleared_digest",
                "计入明细摘要",
                |row| some(&row.cleared_digest),
                "The BLAKE3 digest of what cleared_events.parquet says.",
            ),
        ],
    }
}

/// The lines of the statement.
#[must_use]
pub fn lines<'a>() -> Table<LineRow<'a>> {
    Table {
        name: "statement_lines",
        zh: "清算单明细",
        meaning: "a line of the statement",
        columns: vec![
            integer("line_no", "行号", |row| Some(row.line_no), "The line, one-based."),
            text(
                "type",
                "类型",
                |row| word(row.line.kind.word()),
                "gross, fee, tax, tax_within or carry.",
            ),
            text("type_zh", "类型名称", |row| word(row.line.kind.zh()), "The type in Chinese."),
            text("issuer", "发行方", |row| letter(row.line.issuer), "Whose points."),
            text(
                "acceptor",
                "受理方",
                |row| letter(row.line.issuer.map(Party::partner)),
                "Where they were spent or earned.",
            ),
            text(
                "flow",
                "业务流向",
                |row| row.line.flow.map(|flow| flow.word().into()),
                "redemption, conversion or sale.",
            ),
            text(
                "ratio_from",
                "比例版本",
                |row| version_from(&row.line.ratio),
                "The ratio version, by its from.",
            ),
            text(
                "ratio",
                "互通比例",
                |row| version_value(&row.line.ratio),
                "issuer points : acceptor points.",
            ),
            text(
                "rate_from",
                "单价版本",
                |row| version_from(&row.line.rate),
                "The rate version, by its from.",
            ),
            exact(
                "rate",
                "单价",
                |row| version_value(&row.line.rate).and_then(|rate| rate.parse().ok()),
                "Money per issuer point.",
            ),
            integer(
                "events",
                "笔数",
                |row| Some(i128::from(row.line.events)),
                "How many events it sums.",
            ),
            integer("points", "积分", |row| Some(row.line.points), "Issuer points that it sums."),
            money(
                "amount",
                "金额",
                |row| Some(row.line.amount.decimal()),
                "The amount; positive: the payer pays.",
            ),
            text("payer", "付款方", |row| letter(Some(row.line.payer)), "Who pays."),
            text("payee", "收款方", |row| letter(Some(row.line.payer.partner())), "Who is paid."),
            text(
                "clause",
                "合同条款",
                |row| row.line.clause.as_deref().map(Into::into),
                "The clause on which it rests.",
            ),
            text(
                "origin_period",
                "归属期间",
                |row| some(row.origin_period),
                "The period whose events it sums.",
            ),
        ],
    }
}

/// Discrepancies.
#[must_use]
pub fn discrepancies<'a>() -> Table<&'a Discrepancy> {
    Table {
        name: "discrepancies",
        zh: "差错",
        meaning: "a discrepancy with its evidence",
        columns: vec![
            text(
                "discrepancy_id",
                "差错编号",
                |row| some(&row.id),
                "The same on every run and for both partners.",
            ),
            text("code", "代码", |row| word(row.rule.code), "The rule."),
            text("title", "名称", |row| word(row.rule.title), "The fault."),
            text("title_zh", "中文名称", |row| word(row.rule.zh), "The fault in Chinese."),
            text(
                "severity",
                "严重程度",
                |row| word(row.rule.severity.word()),
                "information, warning, error or fatal.",
            ),
            text(
                "effect",
                "处理",
                |row| word(row.rule.effect.word()),
                "counted, pending, held, excluded or blocks.",
            ),
            text(
                "issuer",
                "发行方",
                |row| letter(row.issuer),
                "Whose points, where it is one party's.",
            ),
            text(
                "a_rows",
                "甲方行",
                |row| joined(&row.evidence.a.rows),
                "File and line at A; several joined by a semicolon.",
            ),
            text(
                "a_event_id",
                "甲方流水号",
                |row| joined(&row.evidence.a.event_ids),
                "Event ids at A; several joined by a semicolon.",
            ),
            text(
                "a_member",
                "甲方会员号",
                |row| joined(&row.evidence.a.members),
                "Members at A; several joined by a semicolon.",
            ),
            text(
                "a_value",
                "甲方取值",
                |row| row.evidence.a.value.as_deref().map(Into::into),
                "What A says in the differing field.",
            ),
            text(
                "b_rows",
                "乙方行",
                |row| joined(&row.evidence.b.rows),
                "File and line at B; several joined by a semicolon.",
            ),
            text(
                "b_event_id",
                "乙方流水号",
                |row| joined(&row.evidence.b.event_ids),
                "Event ids at B; several joined by a semicolon.",
            ),
            text(
                "b_member",
                "乙方会员号",
                |row| joined(&row.evidence.b.members),
                "Members at B; several joined by a semicolon.",
            ),
            text(
                "b_value",
                "乙方取值",
                |row| row.evidence.b.value.as_deref().map(Into::into),
                "What B says in the differing field.",
            ),
            text("field", "差异字段", |row| row.field.map(Into::into), "The field that differs."),
            text(
                "expected",
                "应为",
                |row| row.expected.as_deref().map(Into::into),
                "What it should be.",
            ),
            text("actual", "实为", |row| row.actual.as_deref().map(Into::into), "What was found."),
            integer(
                "difference_points",
                "积分差异",
                |row| row.difference_points.map(i128::from),
                "Actual less expected, in points.",
            ),
            exact(
                "amount_at_stake",
                "涉及金额",
                |row| row.amount_at_stake,
                "The exact worth of the item.",
            ),
            text(
                "version",
                "适用版本",
                |row| row.version.as_deref().map(Into::into),
                "The versions or the matching rule that applied.",
            ),
            text("reason", "原因", |row| some(&row.reason), "Why."),
            day(
                "first_seen",
                "首见日",
                |row| Some(row.first_seen),
                "When a nightly run could first see it.",
            ),
            integer(
                "age_days",
                "账龄天数",
                |row| Some(i128::from(row.age_days)),
                "Days since then.",
            ),
        ],
    }
}

/// Counted events: the drill-down from a gross line.
#[must_use]
pub fn cleared_events<'a>() -> Table<ClearedRow<'a>> {
    Table {
        name: "cleared_events",
        zh: "计入明细",
        meaning: "a counted event with its pair",
        columns: vec![
            text("issuer", "发行方", |row| letter(Some(row.issuer)), "Whose points."),
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
                |row| some(row.rate_from),
                "The rate version, by its from.",
            ),
            exact("rate", "单价", |row| Some(row.rate), "Money per issuer point."),
            exact("amount", "精确金额", |row| row.amount, "points x rate, exact."),
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

/// Held items.
#[must_use]
pub fn held<'a>() -> Table<ItemRow<'a>> {
    Table {
        name: "held",
        zh: "挂账",
        meaning: "an item that is held, outside the net",
        columns: vec![
            text("issuer", "发行方", |row| letter(Some(row.issuer)), "Whose points."),
            text(
                "issuer_event_id",
                "发行方流水号",
                |row| row.issuer_event_id.map(Into::into),
                "The issuer's leg, if there is one.",
            ),
            text(
                "acceptor_event_id",
                "受理方流水号",
                |row| row.acceptor_event_id.map(Into::into),
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
                |row| row.discrepancy_id.map(Into::into),
                "The discrepancy under which it stands.",
            ),
            text("kind", "类型", |row| word(row.kind), "The kind of the leg."),
            text("member", "会员号", |row| some(row.member), "The member of the leg."),
            at("occurred_at", "交易时间", |row| Some(row.occurred_at), "When it happened."),
            integer(
                "points",
                "积分",
                |row| Some(row.points),
                "Issuer points to clear; for an acceptor's leg alone, what it recorded.",
            ),
            exact(
                "amount",
                "精确金额",
                |row| row.amount,
                "points x rate, exact; empty where no version or no issuer's leg is known.",
            ),
            integer(
                "age_days",
                "账龄天数",
                |row| Some(row.age_days),
                "Days from the business date to the as-of date.",
            ),
            text(
                "issuer_row",
                "发行方行",
                |row| row.issuer_place.as_deref().map(Into::into),
                "File and line of the issuer's leg.",
            ),
            text(
                "acceptor_row",
                "受理方行",
                |row| row.acceptor_place.as_deref().map(Into::into),
                "File and line of the acceptor's leg.",
            ),
        ],
    }
}

/// Awaited items: the columns of [`held`].
#[must_use]
pub fn pending<'a>() -> Table<ItemRow<'a>> {
    Table { name: "pending", zh: "待达", meaning: "an item that is awaited", ..held() }
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

/// Accounts.
#[must_use]
pub fn accounts<'a>() -> Table<AccountRow<'a>> {
    Table {
        name: "accounts",
        zh: "账户",
        meaning: "an account rolled forward",
        columns: vec![
            text("party", "一方", |row| letter(Some(row.account.party)), "Whose programme."),
            text("member_no", "会员号", |row| some(&row.account.member_no), "The member."),
            integer(
                "opening",
                "期初",
                |row| row.account.opening.map(i128::from),
                "The opening balance.",
            ),
            integer("earn", "累积", |row| moved(row, Kind::Earn), "Movement by earn."),
            integer("xearn", "跨店累积", |row| moved(row, Kind::Xearn), "Movement by xearn."),
            integer("burn", "兑换", |row| moved(row, Kind::Burn), "Movement by burn."),
            integer("xburn", "跨店兑换", |row| moved(row, Kind::Xburn), "Movement by xburn."),
            integer("xout", "转出", |row| moved(row, Kind::Xout), "Movement by xout."),
            integer("xin", "转入", |row| moved(row, Kind::Xin), "Movement by xin."),
            integer("reversal", "冲正", |row| moved(row, Kind::Reversal), "Movement by reversal."),
            integer("expire", "失效", |row| moved(row, Kind::Expire), "Movement by expire."),
            integer("adjust", "调账", |row| moved(row, Kind::Adjust), "Movement by adjust."),
            integer("merge", "合并", |row| moved(row, Kind::Merge), "Movement by merge."),
            integer(
                "expected",
                "应有余额",
                |row| Some(i128::from(row.account.expected)),
                "opening + movements.",
            ),
            integer(
                "reported",
                "报告余额",
                |row| row.account.reported.map(i128::from),
                "What the snapshot says.",
            ),
            integer(
                "difference",
                "差额",
                |row| difference(row),
                "reported - expected; empty where the snapshot has no such account.",
            ),
            flag(
                "flagged",
                "有差错",
                |row| Some(row.account.flagged),
                "Whether a discrepancy names the account.",
            ),
        ],
    }
}

/// Refused rows.
#[must_use]
pub fn rejects<'a>() -> Table<RejectRow<'a>> {
    Table {
        name: "rejects",
        zh: "拒收行",
        meaning: "a refused row",
        columns: vec![
            text("owner", "一方", |row| word(row.owner), "a, b or shared."),
            text("feed", "数据源", |row| word(row.feed), "The feed."),
            text("file", "文件", |row| some(&row.reject.file), "The file."),
            integer(
                "line",
                "行号",
                |row| Some(i128::from(row.reject.line)),
                "The line, or the row of a Parquet file.",
            ),
            integer(
                "byte_offset",
                "字节偏移",
                |row| row.reject.byte_offset.map(i128::from),
                "Where the record begins in a text file.",
            ),
            text(
                "column",
                "列",
                |row| some(&row.reject.column),
                "The canonical column; empty for the whole record.",
            ),
            text("code", "代码", |row| word(row.code), "FIL-04, FIL-05 or FIL-06."),
            text("reason", "原因", |row| some(&row.reject.reason), "Why."),
            text(
                "redacted",
                "脱敏值",
                |row| some(&row.reject.redacted),
                "The value with every letter and digit masked.",
            ),
        ],
    }
}

/// Control totals.
#[must_use]
pub fn control() -> Table<ControlTotal> {
    Table {
        name: "control_totals",
        zh: "控制总数",
        meaning: "a total per feed, file and stage",
        columns: vec![
            text("owner", "一方", |row| word(row.owner), "a, b or shared."),
            text(
                "subject",
                "对象",
                |row| word(row.subject),
                "A feed, a role of ledger rows, or the programme.",
            ),
            text(
                "file",
                "文件",
                |row| row.file.as_deref().map(Into::into),
                "The file, where it is one file's.",
            ),
            text(
                "stage",
                "阶段",
                |row| word(row.stage),
                "read, accepted, rejected; in, counted, held, excluded, pending, other_period; opening, expected, reported.",
            ),
            integer("rows", "行数", |row| Some(i128::from(row.rows)), "Rows."),
            integer("points", "积分", |row| row.points, "Signed points on the party's own book."),
            exact("money", "精确金额", |row| row.money, "The exact worth of issuer's legs."),
        ],
    }
}

/// The dictionary of all tables.
#[must_use]
pub fn dictionary() -> Table<DictionaryRow> {
    Table {
        name: "dictionary",
        zh: "数据字典",
        meaning: "a column of a published table",
        columns: vec![
            text("table", "表", |row| word(row.table), "The table."),
            text("table_zh", "中文表名", |row| word(row.table_zh), "The table in Chinese."),
            integer(
                "position",
                "序号",
                |row| Some(row.position),
                "The position of the column, one-based.",
            ),
            text("column", "列", |row| word(row.column), "The column."),
            text("type", "类型", |row| some(&row.type_name), "Its type."),
            text("meaning", "含义", |row| word(row.meaning), "What it means."),
            text("label_zh", "中文标签", |row| word(row.zh), "Its Chinese label."),
        ],
    }
}
