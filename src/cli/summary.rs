//! What a person reads after a run: what came in, what matched, what disagrees, who owes whom.

use std::cmp::Reverse;
use std::fmt::Write;

use comfy_table::{
    CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle,
};
use serde::Serialize;

use super::fit;
use crate::agreement::Agreement;
use crate::discrepancy::{Rule, Say, in_chinese};
use crate::publish::{Manifest, Published};
use crate::ruling::{Consequence, Reached};
use crate::run::{Outcome, Summary, Tally};
use crate::statement::{LineKind, Statement};
use crate::value::kind::Flow;
use crate::value::money::{Money, grouped};
use crate::value::party::Party;
use crate::value::price::{Worth, Worths};

/// A rule above, below and under the header; columns stand apart by blanks alone.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_lines(ContentLineStyle::none().junction(' '))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none().junction(' '))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// A run for programs.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    folder: String,
    already_published: bool,
    manifest: &'a Manifest,
}

impl<'a> Report<'a> {
    pub fn of(outcome: &'a Outcome) -> Report<'a> {
        Report {
            folder: outcome.published.folder().display().to_string(),
            already_published: matches!(outcome.published, Published::Already(_)),
            manifest: &outcome.manifest,
        }
    }
}

/// The page of a rule for programs.
#[derive(Debug, Serialize)]
pub struct RulePage {
    code: &'static str,
    title: &'static str,
    zh: &'static str,
    severity: &'static str,
    effect: &'static str,
    latitude: &'static str,
    finds: Say,
    matters: Say,
    example: Say,
    settles: Say,
}

impl From<&Rule> for RulePage {
    fn from(rule: &Rule) -> RulePage {
        RulePage {
            code: rule.code,
            title: rule.title,
            zh: rule.zh,
            severity: rule.severity.word(),
            effect: rule.effect.word(),
            latitude: rule.latitude.word(),
            finds: rule.finds,
            matters: rule.matters,
            example: rule.example,
            settles: rule.settles,
        }
    }
}

/// A run for people.
pub fn text(outcome: &Outcome) -> String {
    let mut shown = String::new();
    let folder = outcome.published.folder().display();
    let Some(summary) = &outcome.summary else {
        let net = outcome.manifest.net.as_deref().unwrap_or("the statement is blocked");
        let already = if outcome.manifest.is_final() {
            "Already closed 已关账: the same engine, pipeline and inputs closed the period"
        } else {
            "Already published 已发布: the same engine, pipeline and inputs ran before"
        };
        return format!("{already}; nothing to do.\n{net}\n{folder}");
    };
    // Writing to a String cannot fail.
    let _ = writeln!(
        shown,
        "{} ⇄ {}  {}  {}  as of {}\n",
        summary.agreement.parties.a.name,
        summary.agreement.parties.b.name,
        summary.agreement.id,
        summary.period.label,
        summary.period.as_of
    );
    for part in [
        came_in(summary),
        refused(summary),
        matched(summary),
        collided(summary),
        disagreements(summary),
        became(summary),
        statements(summary),
    ] {
        if !part.is_empty() {
            shown.push_str(&part);
            shown.push('\n');
        }
    }
    let published =
        if outcome.manifest.is_final() { "Closed 已关账" } else { "Published 已发布" };
    let _ = write!(shown, "{published}  {folder}");
    shown
}

/// A table whose first columns are texts and whose others are figures, aligned right. A heading has
/// its English above its Chinese, which keeps the table narrow; widths count East Asian characters
/// as two. It fits the terminal.
pub(super) fn table(
    title: &str,
    header: &[(&str, &str)],
    texts: usize,
    rows: Vec<Vec<String>>,
) -> String {
    drawn(title, header, texts, fit::fitted(header, rows, fit::columns()))
}

/// The same with every cell as it stands.
pub(super) fn drawn(
    title: &str,
    header: &[(&str, &str)],
    texts: usize,
    rows: Vec<Vec<String>>,
) -> String {
    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter().map(|(english, chinese)| format!("{english}\n{chinese}")));
    for row in rows {
        table.add_row(row);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        let side = if index < texts { CellAlignment::Left } else { CellAlignment::Right };
        column.set_cell_alignment(side);
        column.set_padding((0, 1));
    }
    let mut shown = format!("{title}\n");
    for line in table.to_string().lines() {
        // Blanks at the end would wrap on a narrow terminal.
        shown.push_str(line.trim_end());
        shown.push('\n');
    }
    shown
}

fn count(rows: u64) -> String {
    grouped(&rows.to_string())
}

fn came_in(summary: &Summary) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for total in summary.totals.iter().filter(|total| total.file.is_some()) {
        if seen.contains(&(total.owner, total.subject)) {
            continue;
        }
        seen.push((total.owner, total.subject));
        let of = |stage: &str| {
            let same = summary.totals.iter().filter(|other| {
                other.file.is_some()
                    && (other.owner, other.subject, other.stage)
                        == (total.owner, total.subject, stage)
            });
            same.filter_map(|total| total.rows).sum::<u64>()
        };
        let whose = match total.owner {
            "a" => summary.agreement.parties.a.code.as_str(),
            "b" => summary.agreement.parties.b.code.as_str(),
            shared => shared,
        };
        rows.push(vec![
            whose.to_owned(),
            total.subject.to_owned(),
            count(of("read")),
            count(of("accepted")),
            count(of("rejected")),
        ]);
    }
    let header = [
        ("party", "一方"),
        ("feed", "数据"),
        ("read", "读入"),
        ("accepted", "接受"),
        ("refused", "拒收"),
    ];
    table("Came in 读入", &header, 2, rows)
}

/// How many of a list are shown; the published tables hold all.
const SHOWN: usize = 5;

/// The first refused rows, so that nobody has to open a table to see what is wrong.
fn refused(summary: &Summary) -> String {
    if summary.refused.is_empty() {
        return String::new();
    }
    let rows = summary.refused.len() as u64;
    let noun = if rows == 1 { "row" } else { "rows" };
    let mut shown = format!("Refused 拒收: {} {noun}, see rejects.parquet\n", count(rows));
    for (place, reason) in summary.refused.iter().take(SHOWN) {
        let _ = writeln!(shown, "  {place}\n    {reason}");
        if let Some(zh) = in_chinese(reason) {
            let _ = writeln!(shown, "    {zh}");
        }
    }
    shown.push_str(&more(summary.refused.len()));
    shown
}

fn more(length: usize) -> String {
    match length.saturating_sub(SHOWN) {
        0 => String::new(),
        rest => format!("  … and {} more\n", count(rest as u64)),
    }
}

fn matched(summary: &Summary) -> String {
    let links: Vec<String> = summary
        .links
        .iter()
        .map(|(standing, links)| format!("{} {standing}", count(*links)))
        .collect();
    let mut shown = String::from("Matched 勾对\n");
    let links = if links.is_empty() { "no links declared".to_owned() } else { links.join(", ") };
    let _ = writeln!(shown, "  links 绑定: {links}");
    for party in Party::BOTH {
        let rules: Vec<String> = summary
            .matches
            .iter()
            .filter(|matches| matches.issuer == party)
            .map(|matches| format!("{} by {}", count(matches.pairs), matches.rule))
            .collect();
        let unit = &summary.agreement.parties.of(party).name;
        let _ = writeln!(shown, "  pairs of {unit}'s points 配对: {}", rules.join(", "));
    }
    shown
}

/// Ids that a tool which folds case would take for one.
fn collided(summary: &Summary) -> String {
    let found = summary.collisions.iter().map(|entry| {
        let party = if entry.owner == "a" { Party::A } else { Party::B };
        let code = &summary.agreement.parties.of(party).code;
        format!("{code} {} {}", entry.column, count(entry.ids))
    });
    let found: Vec<String> = found.collect();
    if found.is_empty() {
        return String::new();
    }
    format!(
        "Ids alike but for case or blanks 仅大小写或空格不同的编号: {}\n  \
         Power BI and other tools that fold case take them for one; see docs/bi.md\n",
        found.join(", ")
    )
}

fn disagreements(summary: &Summary) -> String {
    if summary.discrepancies.is_empty() {
        return "Discrepancies 差错: none 无\n".to_owned();
    }
    let mut found: Vec<_> = summary.discrepancies.iter().collect();
    found.sort_by_key(|tally| Reverse(tally.severity));
    let mut rows = Vec::new();
    let mut above = None;
    for tally in found {
        let Tally { rule, severity, effect, .. } = *tally;
        // The severity stands above its codes; a column of its own would make the table too wide.
        if above != Some(severity) {
            above = Some(severity);
            let heading = format!("── {} {}", severity.word(), severity.zh());
            rows.push(vec![String::new(), heading]);
        }
        rows.push(vec![
            rule.code.to_owned(),
            format!("{} {}", rule.title, rule.zh),
            format!("{} {}", effect.word(), effect.zh()),
            count(tally.count),
            at_stake(&tally.stake, &summary.agreement),
        ]);
    }
    let at_stake = heading("at stake", &summary.agreement);
    let header = [
        ("code", "代码"),
        ("what", "内容"),
        ("effect", "处理"),
        ("count", "数量"),
        (at_stake.as_str(), "涉及金额"),
    ];
    let mut shown = table("Discrepancies 差错", &header, 3, rows);
    for tally in &summary.discrepancies {
        for (action, moved) in &tally.decided {
            let (code, of, did) = (tally.rule.code, count(tally.count), action.word());
            let _ = writeln!(
                shown,
                "  {code}: {} of {of} decided 已决: {did} {}, no longer held 不再挂账",
                count(*moved),
                action.zh()
            );
        }
    }
    for reached in &summary.reached {
        let _ = writeln!(shown, "  {}", threshold(reached));
    }
    shown
}

/// A threshold that was reached, in one line.
fn threshold(Reached { code, consequence, measure, limit, found }: &Reached) -> String {
    let (measure, key) = (measure.word(), consequence.word());
    format!("{code} reaches {key} {measure} {limit}: {found} 达到门限")
}

/// The heading of a column of money: with the currency where there is one, whose code each amount
/// has otherwise.
fn heading(what: &str, agreement: &Agreement) -> String {
    match &agreement.currencies[..] {
        [one] => format!("{what} {}", one.currency),
        _ => what.to_owned(),
    }
}

/// Exact money by currency, a line each; nothing for nothing.
fn at_stake(worths: &Worths, agreement: &Agreement) -> String {
    let is_single = agreement.currencies.len() == 1;
    let shown = worths.iter().map(|worth| {
        let amount = exact(worth);
        if is_single { amount } else { format!("{amount} {}", worth.currency) }
    });
    shown.collect::<Vec<String>>().join("\n")
}

/// Exact money, with at least the currency's minor digits.
fn exact(worth: Worth) -> String {
    let digits = worth.currency.digits();
    let mut shown = worth.amount.normalize();
    if shown.scale() < digits {
        shown.rescale(digits);
    }
    grouped(&shown.to_string())
}

/// The issuer's legs of each side: in = counted + held + excluded + pending.
fn became(summary: &Summary) -> String {
    let mut rows = Vec::new();
    let roles = [("issuer", "发行"), ("acceptor", "受理"), ("own", "自有")];
    let has_recalled = Party::BOTH.into_iter().any(|party| {
        let book = summary.conservation.of(party);
        roles.iter().any(|(role, _)| book.of(role, "recalled").rows > 0)
    });
    for party in Party::BOTH {
        let book = summary.conservation.of(party);
        let name = &summary.agreement.parties.of(party).code;
        for (role, zh) in roles {
            let of = |stage: &'static str| book.of(role, stage);
            if ["in", "recalled", "other_period"].iter().all(|stage| of(stage).rows == 0) {
                continue;
            }
            let money = |stage| {
                if role == "issuer" {
                    at_stake(&of(stage).money, &summary.agreement)
                } else {
                    String::new()
                }
            };
            let mut row = vec![format!("{name} {role} {zh}"), count(of("in").rows)];
            row.extend(has_recalled.then(|| count(of("recalled").rows)));
            row.extend([
                count(of("counted").rows),
                count(of("held").rows),
                count(of("excluded").rows),
                count(of("pending").rows),
                count(of("other_period").rows),
                money("counted"),
                money("held"),
            ]);
            rows.push(row);
        }
    }
    let counted = heading("counted", &summary.agreement);
    let held = heading("held", &summary.agreement);
    let mut header = vec![("rows", "行"), ("in", "进")];
    header.extend(has_recalled.then_some(("recalled", "追回")));
    header.extend([
        ("counted", "计入"),
        ("held", "挂账"),
        ("excluded", "剔除"),
        ("pending", "待达"),
        ("other", "他期"),
        (counted.as_str(), "计入金额"),
        (held.as_str(), "挂账金额"),
    ]);
    let title = if has_recalled {
        "Conservation 守恒: in + recalled = counted + held + excluded + pending"
    } else {
        "Conservation 守恒: in = counted + held + excluded + pending"
    };
    table(title, &header, 1, rows)
}

/// The statements, one below the other.
fn statements(summary: &Summary) -> String {
    let Some(clearing) = &summary.clearing else { return blocked(summary) };
    let mut first_line = 1;
    let mut shown = Vec::new();
    for one in clearing.statements() {
        shown.push(statement(summary, one, first_line));
        first_line += one.lines().len();
    }
    shown.join("\n")
}

fn statement(summary: &Summary, statement: &Statement, first_line: usize) -> String {
    let agreement = &summary.agreement;
    let mut rows = Vec::new();
    for (number, line) in (first_line..).zip(statement.lines()) {
        let versions = [&line.ratio, &line.rate];
        let versions: Vec<String> = versions
            .iter()
            .filter_map(|version| version.as_ref())
            // Fees and taxes follow their gross line and have its versions.
            .filter(|_| line.kind == LineKind::Gross)
            .map(|version| format!("{} ({})", version.value, version.from))
            .collect();
        let code = |party: Party| agreement.parties.of(party).code.as_str();
        let whose = [
            line.issuer.map(code).unwrap_or_default(),
            line.flow.map(Flow::word).unwrap_or_default(),
            line.flow.map(Flow::zh).unwrap_or_default(),
            line.reference.as_deref().unwrap_or_default(),
        ];
        let is_present = line.origin_period == summary.period.label;
        let origin = Some(&line.origin_period).filter(|_| !is_present && line.issuer.is_some());
        rows.push(vec![
            number.to_string(),
            format!("{} {}", line.kind.word(), line.kind.zh()),
            match origin {
                Some(origin) => format!("{}\nof 归属 {origin}", whose.join(" ").trim()),
                None => whose.join(" ").trim().to_owned(),
            },
            versions.join("\n"),
            format!("{} → {}", code(line.payer), code(line.payer.partner())),
            if line.issuer.is_some() { count(line.events) } else { String::new() },
            if line.issuer.is_some() { grouped(&line.points.to_string()) } else { String::new() },
            line.amount.to_string(),
        ]);
    }
    let header = [
        ("no.", "行"),
        ("type", "类型"),
        ("whose points", "发行方与流向"),
        ("versions", "版本"),
        ("pays", "付"),
        ("events", "笔数"),
        ("points", "积分"),
        (statement.currency().code(), "金额"),
    ];
    let title = if summary.is_final {
        "Statement 清算单, final 终版"
    } else {
        "Statement 清算单, provisional 暂估"
    };
    let mut shown = table(title, &header, 5, rows);
    let _ = writeln!(shown, "{}", totals(summary, statement));
    let net = crate::run::net_in_words(statement, agreement);
    let _ = writeln!(shown, "Net 轧差净额: {net}");
    shown
}

/// Why there is no statement, and who can mend it.
fn blocked(summary: &Summary) -> String {
    let mut shown = String::from("Statement 清算单: BLOCKED 阻断\n");
    let blocks = |reached: &&Reached| reached.consequence == Consequence::Blocks;
    for reached in summary.reached.iter().filter(blocks) {
        let _ = writeln!(shown, "  {}", threshold(reached));
    }
    for found in summary.blocking.iter().take(SHOWN) {
        let _ = writeln!(shown, "  {} {} {}", found.rule.code, found.rule.title, found.rule.zh);
        if let Some(place) = &found.place {
            let _ = writeln!(shown, "    {place}");
        }
        let _ = writeln!(shown, "    {}", found.reason);
        if let Some(zh) = in_chinese(&found.reason) {
            let _ = writeln!(shown, "    {zh}");
        }
        let _ = writeln!(shown, "    help: {}", found.rule.settles.en);
        let _ = writeln!(shown, "    处理: {}", found.rule.settles.zh);
    }
    shown.push_str(&more(summary.blocking.len()));
    shown
}

fn totals(summary: &Summary, statement: &Statement) -> String {
    let agreement = &summary.agreement;
    let payables = statement.payables();
    let currency = statement.currency();
    let held = |party: Party| {
        let amount = summary.conservation.of(party).held.of(currency);
        exact(Worth { amount, currency })
    };
    format!(
        "{} payable 应付 {} · {} payable 应付 {} · carry 结转 {}\n\
         held 挂账, outside the net 不计入净额: {} {} · {} {}",
        agreement.parties.a.code,
        payables.a,
        agreement.parties.b.code,
        payables.b,
        carried(statement.opening_carry(), agreement),
        agreement.parties.a.code,
        held(Party::A),
        agreement.parties.b.code,
        held(Party::B)
    )
}

/// A carry with who owes it.
fn carried(carry: Money, agreement: &Agreement) -> String {
    let code = |party: Party| agreement.parties.of(party).code.as_str();
    match carry.signum() {
        0 => carry.to_string(),
        1 => format!("{carry} ({} owes {})", code(Party::A), code(Party::B)),
        _ => format!("{} ({} owes {})", carry.abs(), code(Party::B), code(Party::A)),
    }
}
