//! The plan as a person reads it at a terminal.

use std::fmt;

use unicode_width::UnicodeWidthStr;

use super::{GAP, Plan, PlannedVersion};

/// Columns of the terminal that a label takes.
const LABEL_WIDTH: usize = 29;

/// Columns of the terminal that the name of a canonical column takes.
const COLUMN_WIDTH: usize = 32;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show_agreement(f)?;
        self.show_feeds(f)?;
        self.show_matching(f)?;
        self.show_money(f)?;
        self.show_rules(f)?;
        heading(f, "Left to custom", "按惯例取值")?;
        for default in &self.defaults {
            writeln!(f, "  {} = {}", default.key, default.value)?;
        }
        heading(f, "Outputs", "输出")?;
        writeln!(f, "  {}/", self.output_folder)?;
        for output in self.outputs {
            writeln!(f, "    {output}")?;
        }
        Ok(())
    }
}

impl Plan {
    fn show_agreement(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let agreement = &self.agreement;
        writeln!(f, "Plan 计划: {}", self.pipeline)?;
        heading(f, "Agreement", "合同")?;
        let title = [&agreement.id, &agreement.title, &agreement.version]
            .into_iter()
            .filter(|part| !part.is_empty())
            .map(String::as_str)
            .collect::<Vec<_>>()
            .join("  ");
        line(f, "number", "合同编号", &title)?;
        line(f, "term", "期限", &format!("{} → {}", agreement.term_from, agreement.term_to))?;
        line(
            f,
            "zone, currency",
            "时区、币种",
            &format!("{}, {}", agreement.timezone, agreement.currency),
        )?;
        for party in &self.parties {
            let (label, zh) =
                if party.letter == "a" { ("party A", "甲方") } else { ("party B", "乙方") };
            let overdraft = if party.overdraft { ", overdraft agreed 可透支" } else { "" };
            let shown = format!(
                "{} {}, {} with {} decimal places{overdraft}",
                party.code, party.name, party.unit, party.scale
            );
            line(f, label, zh, &shown)?;
        }
        heading(f, "Period", "清算周期")?;
        let period = &self.period;
        line(f, "period", "周期", &format!("{} ({})", period.label, agreement.cycle))?;
        line(f, "from, to", "起止", &format!("{} → {}", period.start, period.end))?;
        line(f, "as of, cut", "截至", &format!("{}, {}", period.as_of, period.cut))?;
        let days = format!("{} and {} days", agreement.grace_days, agreement.due_days);
        line(f, "grace, due", "宽限、付款期限", &days)?;
        line(f, "closes from", "可关账日", &agreement.closes_from)
    }

    fn show_feeds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for feed in &self.feeds {
            heading(f, &format!("Feed {}.{}", feed.owner, feed.kind), feed.zh)?;
            line(f, "format", "格式", &feed.format)?;
            for file in &feed.files {
                line(f, "file", "文件", &format!("{} ({} bytes)", file.path, file.bytes))?;
            }
            if feed.files.is_empty() && feed.missing.is_empty() && feed.fault.is_none() {
                line(f, "file", "文件", "not come yet 未到")?;
            }
            for pattern in &feed.missing {
                line(f, "MISSING", "缺文件", pattern)?;
            }
            if let Some(fault) = &feed.fault {
                line(f, "FAULT", "无法读取", fault)?;
            }
            if let Some(due) = &feed.due {
                line(f, "due", "应达时间", due)?;
            }
            if let Some(days) = feed.max_age_days {
                line(f, "at most old", "最旧", &format!("{days} days"))?;
            }
            if !feed.not_agreed.is_empty() {
                line(f, "not agreed", "未约定列", &feed.not_agreed.join(", "))?;
            }
            for column in &feed.columns {
                let name = padded(&format!("{} {}", column.name, column.zh), COLUMN_WIDTH);
                let token = column.token.as_ref().map(|token| format!("  [token 令牌: {token}]"));
                let styles = match column.styles.as_slice() {
                    [] => String::new(),
                    styles => format!("  [written 写法: {}]", styles.join("; ")),
                };
                let token = token.unwrap_or_default();
                writeln!(f, "    {name} ← {}{styles}{token}", column.source)?;
            }
        }
        Ok(())
    }

    fn show_matching(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        heading(f, "Matching", "勾对")?;
        line(f, "members", "会员", &or_none(&self.member_rules.join(" → ")))?;
        line(f, "events", "流水", &or_none(&self.event_rules.join(" → ")))?;
        line(f, "contact key", "密钥", self.key_id.as_deref().unwrap_or("none 无"))?;
        let judged = "not judged 不核";
        let consent = self.consent_purpose.as_ref().map(|purpose| format!("purpose {purpose}"));
        line(f, "consent", "授权同意", consent.as_deref().unwrap_or(judged))?;
        let tiers = self.tiers.as_ref().map(|tiers| {
            let map: Vec<String> = tiers.map.iter().map(|(a, b)| format!("{a} → {b}")).collect();
            format!("{}: {}; lag {} days", tiers.rule, map.join(", "), tiers.lag_days)
        });
        line(f, "tiers", "等级", tiers.as_deref().unwrap_or(judged))?;
        for basis in self.tiers.iter().flat_map(|tiers| &tiers.basis) {
            line(f, "tier basis", "等级依据", basis)?;
        }
        Ok(())
    }

    fn show_rules(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.rules.is_empty() {
            return Ok(());
        }
        heading(f, "Rules", "规则设定")?;
        for rule in &self.rules {
            line(f, rule.code, "", &rule.to_string())?;
        }
        Ok(())
    }

    fn show_money(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        heading(f, "Terms in force", "适用条款")?;
        for version in &self.ratios {
            let value = match (version.value.as_str(), &version.whole_points) {
                (GAP, _) => format!("{} {GAP_IN_WORDS}", version.issuer),
                (value, None) => format!("{} {value}", version.issuer),
                // The engine counts smallest units, and the agreement speaks of points.
                (value, Some(whole)) => format!(
                    "{} {whole} in points = {value} in smallest units 最小单位",
                    version.issuer
                ),
            };
            line(f, "ratio", "互通比例", &dated(&value, version))?;
        }
        for version in &self.rates {
            let currency = version.currency.unwrap_or_default();
            let flow = version.flow.unwrap_or_default();
            let issuer = version.issuer;
            let value = match (version.value.as_str(), &version.whole_points) {
                (GAP, _) => format!("{issuer} {flow} {GAP_IN_WORDS}"),
                (value, None) => format!("{issuer} {flow} {value} {currency} per point"),
                (value, Some(whole)) => format!(
                    "{issuer} {flow} {whole} {currency} per point = {value} per smallest unit 最小单位"
                ),
            };
            line(f, "rate", "清算单价", &dated(&value, version))?;
        }
        let scaled = |letter: &str| {
            self.parties.iter().any(|party| party.letter == letter && party.scale > 0)
        };
        self.charges.show_charges(f, &scaled)?;
        let money = format!("by {}, {}", self.rounding_place, self.rounding_mode);
        line(f, "rounding", "舍入", &money)?;
        line(f, "mirror rounding", "对方积分舍入", self.mirror_rounding)?;
        self.charges.show_currencies(f, self.carry_clause.as_deref())
    }
}

/// What the plan says of a gap.
const GAP_IN_WORDS: &str = "gap 空档: an event in it blocks the statement (AMT-07)";

fn heading(f: &mut fmt::Formatter<'_>, label: &str, zh: &str) -> fmt::Result {
    writeln!(f, "\n{label} {zh}")
}

pub(super) fn line(f: &mut fmt::Formatter<'_>, label: &str, zh: &str, shown: &str) -> fmt::Result {
    writeln!(f, "  {} {shown}", padded(&format!("{label} {zh}"), LABEL_WIDTH))
}

/// Filled up with blanks to a width of the terminal, in which a Chinese character takes two.
fn padded(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}

fn dated(value: &str, version: &PlannedVersion) -> String {
    format!("{value}, {} → {}{}", version.from, version.to, clause(version.clause.as_deref()))
}

pub(super) fn clause(clause: Option<&str>) -> String {
    clause.map(|clause| format!(", clause 条款 {clause}")).unwrap_or_default()
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "none 无".to_owned() } else { text.to_owned() }
}
