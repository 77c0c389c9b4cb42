//! The statements: one row per currency.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::table::Table;
use super::cells::*;
use crate::value::money::Money;
use crate::value::party::{Both, Party};

/// A row of `statement`.
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
    /// `provisional` or `final`.
    pub status: String,
    /// Where opening figures come from.
    pub opening_from: String,
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

/// The statements: one row per currency.
#[must_use]
pub fn statement() -> Table<StatementRow> {
    Table {
        name: "statement",
        zh: "清算单",
        meaning: "a statement of the period, one per currency",
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
                "provisional, until the period is closed; then final.",
            ),
            text(
                "opening_from",
                "期初来源",
                |row| some(&row.opening_from),
                "declared, or the final period whose closing opens this one, or awaiting it.",
            ),
            text(
                "currency",
                "币种",
                |row| some(&row.currency),
                "The currency of the statement, ISO 4217.",
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
                "Who pays what is due, a or b; empty when nothing is.",
            ),
            text(
                "payee",
                "收款方",
                |row| row.payer.map(|party| party.partner().letter().into()),
                "Who is paid: a or b.",
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
                "Pairs that are counted, of all currencies.",
            ),
            integer(
                "events_held",
                "挂账笔数",
                |row| Some(row.events.1),
                "Held items, of all currencies.",
            ),
            integer(
                "events_pending",
                "待达笔数",
                |row| Some(row.events.2),
                "Awaited items, of all currencies.",
            ),
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
