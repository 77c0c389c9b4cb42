//! The sheets of `summary.xlsx`: statement, lines, discrepancies by code and the largest of them.
//! They name events, and no member.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::report::largest_found;
use super::{Summary, due_date, net_in_words};
use crate::discrepancy::{Effect, Severity, in_chinese};
use crate::publish::{
    Entry, Folder, Heading, Manifest, OutputFile, PublishError, Sheet, write_workbook,
};
use crate::run::{Error, Evidence};
use crate::statement::{Clearing, Statement, VersionName};
use crate::value::capitals::in_capitals;
use crate::value::kind::Flow;
use crate::value::money::Currency;
use crate::value::party::Party;
use crate::value::price::{Worth, Worths};

/// The workbook's name.
const FILE: &str = "summary.xlsx";

/// Reasons that a blocked statement shows; the tables have all.
const REASONS: usize = 20;

/// Writes the workbook into the staging folder.
///
/// # Errors
/// [`Error`] when it cannot be written, or a sum cannot be exact.
pub fn put(
    staging: &Path,
    manifest: &Manifest,
    summary: &Summary,
    evidence: &Evidence,
) -> Result<OutputFile, Error> {
    let sheets = [
        statement(manifest, summary, evidence),
        lines(summary),
        by_code(summary, evidence)?,
        largest(summary, evidence),
    ];
    let title = format!("{} {}", manifest.pipeline, manifest.period);
    let file = Folder::create(staging, FILE)?;
    let rows = write_workbook(&title, summary.period.as_of, &sheets, file)
        .map_err(|error| error.naming(&staging.join(FILE)))?;
    let (bytes, blake3) = crate::source::digest(&staging.join(FILE)).map_err(PublishError::from)?;
    Ok(OutputFile { file: FILE.to_owned(), rows, bytes, blake3 })
}

/// A word in both languages.
fn both(en: &str, zh: &str) -> Entry {
    Entry::Text(format!("{en} {zh}"))
}

/// The statements as a document, a figure a row.
fn statement(manifest: &Manifest, summary: &Summary, evidence: &Evidence) -> Sheet {
    let says = |en: &str, zh: &str, text: &str| {
        vec![Entry::text(en), Entry::text(zh), Entry::Empty, Entry::Empty, Entry::text(text)]
    };
    let parties = &summary.agreement.parties;
    let party = |party: Party| format!("{} {}", parties.of(party).code, parties.of(party).name);
    let status = match manifest.status.as_str() {
        "final" => "final 终版",
        "blocked" => "blocked 阻断",
        _ => "provisional 暂估",
    };
    let mut rows = vec![
        says("pipeline", "流水线", &manifest.pipeline),
        says("agreement", "合同编号", &manifest.agreement),
        says("party A", "甲方", &party(Party::A)),
        says("party B", "乙方", &party(Party::B)),
        says("period", "期间", &manifest.period),
        says("from", "起", &manifest.period_from),
        says("to, exclusive", "止（不含）", &manifest.period_to),
        says("as of", "截至日", &manifest.as_of),
        says("status", "状态", status),
    ];
    for one in summary.clearing.as_ref().map_or(&[][..], Clearing::statements) {
        rows.extend(figures(one, summary, evidence));
    }
    for reached in &summary.reached {
        let (key, measure) = (reached.consequence.word(), reached.measure.word());
        let found =
            format!("{} {key} {measure} {}: {}", reached.code, reached.limit, reached.found);
        rows.push(says("threshold reached", "达到门限", &found));
    }
    for found in summary.blocking.iter().take(REASONS) {
        let zh = in_chinese(&found.reason).unwrap_or_default();
        let rule = found.rule;
        let why = format!("{} {} {}: {} {zh}", rule.code, rule.title, rule.zh, found.reason);
        let why = why.trim_end();
        rows.push(says("blocked by", "阻断原因", why));
    }
    rows.push(says("engine", "引擎", &format!("hutong {}", manifest.engine_version)));
    rows.push(says("digest of the run", "运行摘要", &manifest.digest));
    rows.push(says("digest of the pipeline", "流水线摘要", &manifest.pipeline_digest));
    Sheet {
        name: "Statement 清算单",
        columns: vec![
            Heading::new("item", "item", 30),
            Heading::new("项目", "项目", 22),
            Heading::new("currency", "币种", 10),
            Heading::amount("amount", "金额"),
            Heading::new("says", "说明", 60),
        ],
        rows,
    }
}

/// The figures of the statement of a currency.
fn figures(one: &Statement, summary: &Summary, evidence: &Evidence) -> Vec<Vec<Entry>> {
    let agreement = &summary.agreement;
    let currency = one.currency();
    let code = |party: Party| agreement.parties.of(party).code.as_str();
    let figure = |en: String, zh: String, amount: Decimal, says: &str| {
        let amount = Entry::Amount(amount, currency.digits());
        vec![
            Entry::Text(en),
            Entry::Text(zh),
            Entry::text(currency.code()),
            amount,
            Entry::text(says),
        ]
    };
    let held = |party: Party| evidence.conservation.of(party).held.of(currency);
    let outside = "outside the net 不计入净额";
    let owes = format!("positive: {} owes {} 正数为前者欠后者", code(Party::A), code(Party::B));
    let (a, b) = (code(Party::A), code(Party::B));
    let payables = one.payables();
    let due = due_date(agreement, &summary.period, one);
    let due = due.map_or_else(String::new, |day| format!("by {day} 前"));
    let in_words = |en: &str, zh: &str, words: String| {
        vec![
            Entry::text(en),
            Entry::text(zh),
            Entry::text(currency.code()),
            Entry::Empty,
            Entry::Text(words),
        ]
    };
    let mut rows = vec![
        figure(format!("{a} payable"), format!("{a} 应付"), payables.a.decimal(), ""),
        figure(format!("{b} payable"), format!("{b} 应付"), payables.b.decimal(), ""),
        figure("carried in".into(), "期初结转".into(), one.opening_carry().decimal(), &owes),
        figure("net".into(), "轧差净额".into(), one.net().decimal(), &owes),
        figure("amount due".into(), "应结金额".into(), one.amount_due().decimal(), &due),
    ];
    let capitals = in_capitals(one.amount_due());
    rows.extend(capitals.map(|words| in_words("amount due in words", "大写金额", words)));
    rows.extend([
        figure("carried out".into(), "结转下期".into(), one.carry_forward().decimal(), &owes),
        figure(format!("held of {a}'s points"), format!("{a} 积分挂账"), held(Party::A), outside),
        figure(format!("held of {b}'s points"), format!("{b} 积分挂账"), held(Party::B), outside),
        in_words("in words", "结论", net_in_words(one, agreement)),
    ]);
    rows
}

fn lines(summary: &Summary) -> Sheet {
    let code = |party: Party| Entry::text(&summary.agreement.parties.of(party).code);
    let from = |version: &Option<VersionName>| {
        Entry::maybe(version.as_ref().map(|version| version.from.as_str()))
    };
    let value = |version: &Option<VersionName>| {
        Entry::maybe(version.as_ref().map(|version| version.value.as_str()))
    };
    let of_flow = |flow: Flow| both(flow.word(), flow.zh());
    let rows = summary.clearing.iter().flat_map(Clearing::lines).map(|(number, line)| {
        let currency = line.amount.currency();
        vec![
            Entry::Count(number.into()),
            both(line.kind.word(), line.kind.zh()),
            line.issuer.map_or(Entry::Empty, code),
            line.flow.map_or(Entry::Empty, of_flow),
            Entry::text(&line.origin_period),
            value(&line.ratio),
            from(&line.ratio),
            value(&line.rate),
            from(&line.rate),
            Entry::Count(line.events.into()),
            Entry::Count(line.points),
            Entry::text(currency.code()),
            Entry::Amount(line.amount.decimal(), currency.digits()),
            code(line.payer),
            code(line.payer.partner()),
            Entry::maybe(line.clause.as_deref()),
            Entry::maybe(line.reference.as_deref()),
        ]
    });
    Sheet {
        name: "Lines 明细",
        rows: rows.collect(),
        columns: vec![
            Heading::new("line", "行号", 7),
            Heading::new("type", "类型", 16),
            Heading::new("whose points", "发行方", 12),
            Heading::new("flow", "业务流向", 18),
            Heading::new("origin period", "归属期间", 12),
            Heading::new("ratio", "互通比例", 12),
            Heading::new("ratio from", "比例版本", 14),
            Heading::new("rate", "单价", 12),
            Heading::new("rate from", "单价版本", 14),
            Heading::new("events", "笔数", 12),
            Heading::new("points", "积分", 16),
            Heading::new("currency", "币种", 10),
            Heading::amount("amount", "金额"),
            Heading::new("payer", "付款方", 10),
            Heading::new("payee", "收款方", 10),
            Heading::new("clause", "合同条款", 24),
            Heading::new("reference", "关联单号", 20),
        ],
    }
}

/// Discrepancies of one code, severity, effect and currency.
#[derive(Default)]
struct Group {
    count: i128,
    decided: i128,
    stake: Worths,
    oldest: Option<(Date, i32)>,
}

/// Discrepancies summed; those of no amount stand without a currency.
fn by_code(summary: &Summary, evidence: &Evidence) -> Result<Sheet, Error> {
    let decided = evidence.decided_by();
    type Key = (&'static str, Severity, Effect, Option<Currency>);
    let mut groups: BTreeMap<Key, Group> = BTreeMap::new();
    for found in &evidence.discrepancies {
        let worth = found.amount_at_stake.zip(found.currency);
        let currency = worth.map(|(_, currency)| currency);
        let key = (found.rule.code, found.severity, found.effect, currency);
        let group = groups.entry(key).or_default();
        group.count += 1;
        group.decided += i128::from(decided.contains_key(found.id.as_str()));
        if let Some((amount, currency)) = worth {
            group.stake.add(Worth { amount, currency })?;
        }
        let seen = (found.first_seen, found.age_days);
        group.oldest = Some(group.oldest.map_or(seen, |oldest| oldest.min(seen)));
    }
    let rules: BTreeMap<&str, String> = summary
        .discrepancies
        .iter()
        .map(|tally| (tally.rule.code, format!("{} {}", tally.rule.title, tally.rule.zh)))
        .collect();
    let rows = groups.iter().map(|((code, severity, effect, currency), group)| {
        let stake = currency.map_or(Entry::Empty, |currency| {
            Entry::Amount(group.stake.of(currency), currency.digits())
        });
        let (day, age) = group.oldest.map_or((Entry::Empty, Entry::Empty), |(day, age)| {
            (Entry::Day(day), Entry::Count(age.into()))
        });
        vec![
            Entry::text(*code),
            Entry::maybe(rules.get(code).map(String::as_str)),
            both(severity.word(), severity.zh()),
            both(effect.word(), effect.zh()),
            Entry::Count(group.count),
            Entry::Count(group.decided),
            Entry::maybe(currency.map(Currency::code)),
            stake,
            day,
            age,
        ]
    });
    Ok(Sheet {
        name: "Discrepancies 差错汇总",
        rows: rows.collect(),
        columns: vec![
            Heading::new("code", "代码", 10),
            Heading::new("what", "内容", 44),
            Heading::new("severity", "严重程度", 16),
            Heading::new("effect", "处理", 16),
            Heading::new("count", "数量", 12),
            Heading::new("of these decided", "其中已决", 12),
            Heading::new("currency", "币种", 10),
            Heading::amount("at stake", "涉及金额"),
            Heading::new("oldest first seen", "最早首见日", 14),
            Heading::new("oldest, days", "最长账龄", 10),
        ],
    })
}

/// The discrepancies with the most money at stake, the largest of each currency first.
fn largest(summary: &Summary, evidence: &Evidence) -> Sheet {
    let code = |party: Party| Entry::text(&summary.agreement.parties.of(party).code);
    let ids = |ids: &[String]| match ids {
        [] => Entry::Empty,
        ids => Entry::Text(ids.join(";")),
    };
    let mut rows = Vec::new();
    let mut ranks: BTreeMap<Currency, i128> = BTreeMap::new();
    let decided = evidence.decided_by();
    let decision = |id: &str| {
        let rows = decided.get(id)?;
        let decisions = evidence.intake.decisions.as_ref()?;
        let name = |&row: &u32| {
            let action = decisions.action(row);
            format!("{} {} {}", decisions.decision_id(row), action.word(), action.zh())
        };
        Some(rows.iter().map(name).collect::<Vec<String>>().join("; "))
    };
    for found in largest_found(&evidence.discrepancies).rows {
        let Some((amount, currency)) = found.amount_at_stake.zip(found.currency) else { continue };
        let rank = ranks.entry(currency).or_default();
        *rank += 1;
        rows.push(vec![
            Entry::Count(*rank),
            Entry::text(found.rule.code),
            both(found.rule.title, found.rule.zh),
            both(found.severity.word(), found.severity.zh()),
            both(found.effect.word(), found.effect.zh()),
            found.issuer.map_or(Entry::Empty, code),
            ids(&found.evidence.a.event_ids),
            ids(&found.evidence.b.event_ids),
            Entry::text(currency.code()),
            Entry::Amount(amount, currency.digits()),
            found.difference_points.map_or(Entry::Empty, |points| Entry::Count(points.into())),
            Entry::Day(found.first_seen),
            Entry::Count(found.age_days.into()),
            Entry::text(&found.reason),
            Entry::text(
                in_chinese(&found.reason).unwrap_or_else(|| found.rule.finds.zh.to_owned()),
            ),
            Entry::maybe(found.diagnosis.as_deref()),
            Entry::maybe(found.diagnosis.as_deref().and_then(in_chinese).as_deref()),
            Entry::maybe(decision(&found.id).as_deref()),
            Entry::text(&found.id),
        ]);
    }
    Sheet {
        name: "Largest items 最大项",
        rows,
        columns: vec![
            Heading::new("rank", "序", 7),
            Heading::new("code", "代码", 10),
            Heading::new("what", "内容", 44),
            Heading::new("severity", "严重程度", 16),
            Heading::new("effect", "处理", 16),
            Heading::new("whose points", "发行方", 12),
            Heading::new("A's events", "甲方流水号", 24),
            Heading::new("B's events", "乙方流水号", 24),
            Heading::new("currency", "币种", 10),
            Heading::amount("at stake", "涉及金额"),
            Heading::new("points of difference", "积分差异", 14),
            Heading::new("first seen", "首见日", 12),
            Heading::new("days", "账龄天数", 8),
            Heading::new("reason", "原因（英文）", 60),
            Heading::new("reason, in Chinese", "原因", 60),
            Heading::new("diagnosis", "诊断（英文）", 40),
            Heading::new("diagnosis, in Chinese", "诊断", 40),
            Heading::new("decision", "决定", 24),
            Heading::new("discrepancy, for explain", "差错编号", 24),
        ],
    }
}
