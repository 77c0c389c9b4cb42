//! The rows of the page's tables: what came in and what became of it, what matched, what disagrees.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::bar::{self, Piece, Scale};
use super::{ClosedFigures, CodeTally, Paired, Report};
use crate::control::{Conservation, ControlTotal};
use crate::discrepancy::{Discrepancy, Evidence, Say, in_chinese, say, word_in_chinese};
use crate::frame::fields::FeedKind;
use crate::publish::ItemRow;
use crate::value::kind::Kind;
use crate::value::money::{Currency, grouped};
use crate::value::party::{Both, Party};
use crate::value::price::{Worth, Worths};

/// A code's discrepancies.
pub struct CodeRow {
    pub code: &'static str,
    pub title: Say,
    pub severity: Say,
    pub effect: Say,
    pub count: String,
    pub stake: Vec<String>,
    pub oldest: i32,
    /// Of how many something was decided; empty for none.
    pub decided: String,
    pub bar: Piece,
    pub finds: Say,
    pub matters: Say,
    pub settles: Say,
}

/// What came in of one party in one role, and what became of it.
pub struct FlowRow {
    pub party: String,
    pub role: Say,
    pub came_in: String,
    pub recalled: String,
    /// Both together: what the bar is of.
    pub whole: String,
    /// Counted, held, excluded, pending.
    pub stages: [Stage; 4],
    pub other_period: String,
    pub pieces: Vec<Piece>,
    pub balances: bool,
}

/// What became of some rows.
pub struct Stage {
    pub name: Say,
    pub rows: String,
    pub money: Vec<String>,
}

/// How many pairs a rule made of one issuer's points.
pub struct MatchRow {
    pub issuer: String,
    pub name: Say,
    pub count: String,
    pub bar: Piece,
}

/// What was read of a feed.
pub struct FeedRow {
    pub owner: String,
    pub feed: Say,
    pub files: usize,
    pub read: String,
    pub accepted: String,
    pub refused: String,
    pub ignored: String,
    pub points: String,
    pub balances: bool,
}

/// A discrepancy among the largest.
pub struct FoundRow {
    pub code: &'static str,
    pub title: Say,
    pub effect: Say,
    pub issuer: String,
    pub stake: String,
    pub stake_key: String,
    /// The currency of what is at stake.
    pub unit: &'static str,
    pub age: i32,
    pub rows: Both<Rows>,
    /// The field that differs, and what it should be and is.
    pub field: Option<Told>,
    pub differs: String,
    pub reason: Told,
    pub diagnosis: Option<Told>,
    pub decisions: Vec<DecisionShown>,
    pub id: String,
}

/// What was decided of something that was held: what, why, who and when.
pub struct DecisionShown {
    pub id: String,
    pub action: Say,
    pub reason: String,
    pub author: String,
    pub approver: String,
    pub at: String,
}

/// The rows of one party that something rests on.
#[derive(Default)]
pub struct Rows {
    pub event_ids: String,
    pub places: String,
}

/// A held item among the largest.
pub struct HeldRow {
    pub issuer: String,
    pub code: &'static str,
    pub kind: Say,
    pub event_ids: [String; 2],
    pub places: [String; 2],
    pub points: String,
    pub points_key: String,
    pub amount: String,
    pub amount_key: String,
    /// The currency of the amount.
    pub unit: String,
    pub age: i128,
    pub first_seen: String,
    pub id: String,
}

/// A closed period, and the run's own as the last.
pub struct HistoryRow {
    pub period: String,
    pub status: Say,
    pub currency: String,
    pub net: String,
    pub held: Both<String>,
    pub discrepancies: String,
    pub bar: Piece,
}

/// Exact money, with at least the currency's minor digits.
pub fn exact(worth: Worth) -> String {
    let mut shown = worth.amount.normalize();
    if shown.scale() < worth.currency.digits() {
        shown.rescale(worth.currency.digits());
    }
    grouped(&shown.to_string())
}

/// Exact money by currency, with the code of each.
fn exacts(worths: &Worths) -> Vec<String> {
    worths.iter().map(|worth| format!("{} {}", exact(worth), worth.currency)).collect()
}

fn count(rows: u64) -> String {
    grouped(&rows.to_string())
}

/// The codes, the gravest first.
pub fn codes(tallies: &[CodeTally<'_>]) -> Vec<CodeRow> {
    let scale = Scale::over(tallies.iter().map(|tally| i128::from(tally.count)));
    let mut sorted: Vec<&CodeTally<'_>> = tallies.iter().collect();
    sorted.sort_by_key(|tally| std::cmp::Reverse(tally.severity));
    let row = |tally: &&CodeTally<'_>| CodeRow {
        code: tally.rule.code,
        title: Say { en: tally.rule.title, zh: tally.rule.zh },
        severity: Say { en: tally.severity.word(), zh: tally.severity.zh() },
        effect: Say { en: tally.effect.word(), zh: tally.effect.zh() },
        count: count(tally.count),
        stake: exacts(tally.stake),
        oldest: tally.oldest_days,
        decided: if tally.decided > 0 { count(tally.decided) } else { String::new() },
        bar: scale.piece(tally.severity.word(), 0, i128::from(tally.count)),
        finds: tally.rule.finds,
        matters: tally.rule.matters,
        settles: tally.rule.settles,
    };
    sorted.iter().map(row).collect()
}

/// What becomes of a row: the stage, and its name.
const STAGES: [(&str, Say); 4] = [
    ("counted", say("counted", "计入")),
    ("held", say("held", "挂账")),
    ("excluded", say("excluded", "剔除")),
    ("pending", say("pending", "待达")),
];

/// Each party's rows by role.
pub fn flows(report: &Report<'_>) -> Vec<FlowRow> {
    let roles = [
        ("issuer", say("issuer's legs", "发行")),
        ("acceptor", say("acceptor's legs", "受理")),
        ("own", say("own business", "自有")),
    ];
    let mut rows = Vec::new();
    for party in Party::BOTH {
        let book = report.conservation.of(party);
        for (role, name) in roles {
            let stages = ["in", "recalled", "other_period"];
            if stages.iter().any(|stage| book.of(role, stage).rows > 0) {
                rows.push(flow(&report.agreement.parties.of(party).code, book, (role, name)));
            }
        }
    }
    rows
}

fn flow(code: &str, book: &Conservation, (role, name): (&'static str, Say)) -> FlowRow {
    let of = |stage: &'static str| book.of(role, stage);
    let whole = i128::from(of("in").rows) + i128::from(of("recalled").rows);
    let shares = STAGES.map(|(stage, _)| (stage, i128::from(of(stage).rows)));
    FlowRow {
        party: code.to_owned(),
        role: name,
        came_in: count(of("in").rows),
        recalled: count(of("recalled").rows),
        whole: grouped(&whole.to_string()),
        stages: STAGES.map(|(stage, name)| Stage {
            name,
            rows: count(of(stage).rows),
            money: if role == "issuer" { exacts(&of(stage).money) } else { Vec::new() },
        }),
        other_period: count(of("other_period").rows),
        pieces: bar::parts(whole, &shares),
        balances: balances(book, role),
    }
}

/// Whether in + recalled = counted + held + excluded + pending, in rows, in points and in money of
/// each currency: added up here again, from the figures that the page shows.
fn balances(book: &Conservation, role: &'static str) -> bool {
    let came_in = ["in", "recalled"].map(|stage| book.of(role, stage));
    let became = STAGES.map(|(stage, _)| book.of(role, stage));
    let rows = |totals: &[crate::control::StageTotal]| {
        totals.iter().map(|total| i128::from(total.rows)).sum::<i128>()
    };
    let points = |totals: &[crate::control::StageTotal]| {
        totals.iter().try_fold(0_i128, |sum, total| sum.checked_add(total.points))
    };
    let money = |totals: &[crate::control::StageTotal]| {
        let mut sums: BTreeMap<Currency, Option<Decimal>> = BTreeMap::new();
        for worth in totals.iter().flat_map(|total| total.money.iter()) {
            let sum = sums.entry(worth.currency).or_insert(Some(Decimal::ZERO));
            *sum = sum.and_then(|sum| sum.checked_add(worth.amount));
        }
        sums.retain(|_, sum| sum.is_none_or(|sum| !sum.is_zero()));
        sums
    };
    rows(&came_in) == rows(&became)
        && points(&came_in) == points(&became)
        && money(&came_in) == money(&became)
}

/// How an issuer's legs found their mirrors, rule by rule, and what was left.
pub fn matches(report: &Report<'_>) -> Vec<MatchRow> {
    let mut rows = Vec::new();
    for party in Party::BOTH {
        let issuer = &report.agreement.parties.of(party).code;
        let Paired { by_rule, issuer_only, acceptor_only } = report.paired.of(party);
        let pairs: u64 = by_rule.iter().map(|(_, pairs)| pairs).sum();
        let whole = i128::from(pairs) + i128::from(*issuer_only) + i128::from(*acceptor_only);
        let scale = Scale::over([whole]);
        let mut from = 0_i128;
        let steps = by_rule.iter().map(|&(rule, pairs)| (rule_name(rule), pairs, "counted"));
        let rest = [
            (say("no mirror at the partner", "对方无镜像"), *issuer_only, "held"),
            (say("partner's row without a leg", "对方多出"), *acceptor_only, "pending"),
        ];
        for (name, found, class) in steps.chain(rest) {
            let to = from + i128::from(found);
            let bar = scale.piece(class, from, to);
            rows.push(MatchRow { issuer: issuer.clone(), name, count: count(found), bar });
            from = to;
        }
    }
    rows
}

fn rule_name(rule: &str) -> Say {
    match rule {
        "reference" => say("by reference", "按流水号"),
        "order" => say("by order", "按订单号"),
        _ => say("by link and window", "按绑定与时间窗"),
    }
}

/// The standing of links in both languages.
pub fn standing(word: &'static str) -> Say {
    match word {
        "sound" => say("sound", "有效"),
        "inferred" => say("inferred: authorises nothing", "推断：不构成授权"),
        "contradicted" => say("contradicted", "相互矛盾"),
        "absent_in_a" => say("absent in A", "甲方无此会员"),
        "absent_in_b" => say("absent in B", "乙方无此会员"),
        "duplicate_key" => say("duplicate member", "会员重复"),
        "ambiguous" => say("ambiguous: links nobody", "多义：不绑定"),
        other => say(other, other),
    }
}

/// What was read of each feed, all its files together.
pub fn feeds(report: &Report<'_>) -> Vec<FeedRow> {
    let of_files = || report.totals.iter().filter(|total| total.file.is_some());
    let row = |(owner, subject): (&'static str, &'static str)| {
        let of = |stage: &'static str| {
            of_files().filter(move |total| {
                (total.owner, total.subject, total.stage) == (owner, subject, stage)
            })
        };
        let rows = |stage| of(stage).filter_map(|total| total.rows).sum::<u64>();
        let points: Vec<i128> = of("accepted").filter_map(|total| total.points).collect();
        let sum = points.iter().try_fold(0_i128, |sum, points| sum.checked_add(*points));
        FeedRow {
            owner: owner_name(report, owner),
            feed: feed_name(subject),
            files: of("read").count(),
            read: count(rows("read")),
            accepted: count(rows("accepted")),
            refused: count(rows("rejected")),
            ignored: count(rows("ignored")),
            points: sum
                .filter(|_| !points.is_empty())
                .map(|sum| grouped(&sum.to_string()))
                .unwrap_or_default(),
            balances: rows("read") == rows("accepted") + rows("rejected") + rows("ignored"),
        }
    };
    let mut rows = Vec::new();
    let mut seen: Vec<(&'static str, &'static str)> = Vec::new();
    for &ControlTotal { owner, subject, .. } in of_files() {
        if !seen.contains(&(owner, subject)) {
            seen.push((owner, subject));
            rows.push(row((owner, subject)));
        }
    }
    rows
}

fn owner_name(report: &Report<'_>, owner: &str) -> String {
    match owner {
        "a" => report.agreement.parties.a.code.clone(),
        "b" => report.agreement.parties.b.code.clone(),
        _ => "⇄".to_owned(),
    }
}

fn feed_name(subject: &'static str) -> Say {
    let kind = FeedKind::ALL.iter().find(|kind| kind.word() == subject);
    say(subject, kind.map_or(subject, |kind| kind.zh()))
}

/// The largest discrepancies.
pub fn found(report: &Report<'_>) -> Vec<FoundRow> {
    let code = |party: Party| report.agreement.parties.of(party).code.clone();
    let row = |found: &&Discrepancy| {
        let worth = found.amount_at_stake.zip(found.currency);
        let worth = worth.map(|(amount, currency)| Worth { amount, currency });
        FoundRow {
            code: found.rule.code,
            title: Say { en: found.rule.title, zh: found.rule.zh },
            effect: Say { en: found.effect.word(), zh: found.effect.zh() },
            issuer: found.issuer.map(code).unwrap_or_default(),
            stake: worth.map_or_else(String::new, |one| format!("{} {}", exact(one), one.currency)),
            stake_key: worth.map_or_else(String::new, |one| one.amount.abs().to_string()),
            unit: worth.map_or("", |one| one.currency.code()),
            age: found.age_days,
            rows: Both::from_fn(|party| rows_of(found.evidence.of(party))),
            field: found.field.map(|field| Told {
                en: field.to_owned(),
                zh: word_in_chinese(field).unwrap_or(field).to_owned(),
            }),
            differs: differs(found),
            reason: told(&found.reason, found.rule.finds.zh),
            diagnosis: found.diagnosis.as_deref().map(|diagnosis| told(diagnosis, diagnosis)),
            decisions: decisions(report, &found.id),
            id: found.id.clone(),
        }
    };
    report.found.rows.iter().map(row).collect()
}

fn decisions(report: &Report<'_>, discrepancy: &str) -> Vec<DecisionShown> {
    let all = report.decided.get(discrepancy).map_or(&[][..], Vec::as_slice);
    let shown = all.iter().map(|decision| DecisionShown {
        id: decision.id.to_owned(),
        action: say(decision.action.word(), decision.action.zh()),
        reason: decision.reason.to_owned(),
        author: decision.author.to_owned(),
        approver: decision.approver.to_owned(),
        at: decision.at.show(&report.agreement.zone),
    });
    shown.collect()
}

/// A sentence in both languages.
pub struct Told {
    pub en: String,
    pub zh: String,
}

/// A reason in both languages. Of one that has no Chinese, as of a value that a feed refuses for a
/// seldom reason, the rule's own sentence stands in its place.
pub fn told(english: &str, otherwise: &str) -> Told {
    let zh = in_chinese(english).unwrap_or_else(|| otherwise.to_owned());
    Told { en: english.to_owned(), zh }
}

/// How many rows of one discrepancy are shown.
const ROWS_SHOWN: usize = 3;

fn rows_of(evidence: &Evidence) -> Rows {
    let some = |all: &[String]| {
        let mut shown = all.iter().take(ROWS_SHOWN).cloned().collect::<Vec<String>>().join("\n");
        if all.len() > ROWS_SHOWN {
            shown.push_str(&format!("\n+ {}", all.len() - ROWS_SHOWN));
        }
        shown
    };
    Rows { event_ids: some(&evidence.event_ids), places: some(&evidence.rows) }
}

/// The fields whose values tell who somebody is. The page has none of them: it is passed on more
/// easily than a table.
const PERSONAL: [&str; 6] = ["member_no", "a_member", "b_member", "mobile", "email", "name"];

/// What the field that differs should be and is.
fn differs(found: &Discrepancy) -> String {
    let field = found.field.unwrap_or_default();
    if PERSONAL.contains(&field) {
        return String::new();
    }
    let known = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    match (known(&found.expected), known(&found.actual)) {
        (Some(expected), Some(actual)) => format!("{expected} ≠ {actual}"),
        (Some(expected), None) => format!("{expected} ≠ –"),
        (None, Some(actual)) => actual,
        (None, None) => String::new(),
    }
}

/// The largest held items.
pub fn held(report: &Report<'_>) -> Vec<HeldRow> {
    let code = |party: Party| report.agreement.parties.of(party).code.clone();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let row = |item: &ItemRow<'_>| {
        let kind = Kind::ALL.iter().find(|kind| kind.word() == item.kind);
        let (amount, currency) = (item.amount, item.currency.as_deref().unwrap_or_default());
        let shown = amount.map(|amount| match Currency::of(currency) {
            Some(currency) => exact(Worth { amount, currency }),
            None => grouped(&amount.normalize().to_string()),
        });
        HeldRow {
            issuer: item.issuer.or(item.payer).map(code).unwrap_or_default(),
            code: item.code.unwrap_or_default(),
            kind: say(item.kind, kind.map_or("调账", |kind| kind.zh())),
            event_ids: [
                text(item.issuer_event_id.as_deref().or(item.reference.as_deref())),
                text(item.acceptor_event_id.as_deref()),
            ],
            places: [
                item.issuer_place.clone().unwrap_or_default(),
                item.acceptor_place.clone().unwrap_or_default(),
            ],
            points: item.points.map(|points| grouped(&points.to_string())).unwrap_or_default(),
            points_key: item.points.map(|points| points.to_string()).unwrap_or_default(),
            amount: shown.map(|shown| format!("{shown} {currency}")).unwrap_or_default(),
            amount_key: amount.map(|amount| amount.abs().to_string()).unwrap_or_default(),
            unit: amount.map(|_| currency.to_owned()).unwrap_or_default(),
            age: item.age_days,
            first_seen: item.first_seen.map(|day| day.to_string()).unwrap_or_default(),
            id: text(item.discrepancy_id.as_deref()),
        }
    };
    report.held.rows.iter().map(row).collect()
}

/// The closed periods and this run, one row each and currency.
pub fn history(figures: &[ClosedFigures]) -> Vec<HistoryRow> {
    // Money of one currency has the same number of decimals, so that its digits are to scale; each
    // currency has a scale of its own.
    let minor = |figures: &ClosedFigures| {
        let plain: String = figures.net.chars().filter(|one| *one != '.').collect();
        plain.parse::<i128>().unwrap_or_default()
    };
    let row = |one: &ClosedFigures| {
        let same = figures.iter().filter(|other| other.currency == one.currency);
        let scale = Scale::over(same.map(minor));
        let net = minor(one);
        HistoryRow {
            period: one.period.clone(),
            status: status(&one.status),
            currency: one.currency.clone(),
            net: grouped(&one.net),
            held: Both::from_fn(|party| grouped(one.held.of(party))),
            discrepancies: count(one.discrepancies),
            bar: scale.piece(if net < 0 { "b" } else { "a" }, 0, net),
        }
    };
    figures.iter().map(row).collect()
}

/// The status of a publication in both languages.
pub fn status(word: &str) -> Say {
    match word {
        super::super::FINAL => say("final", "终版"),
        super::super::BLOCKED => say("blocked", "阻断"),
        _ => say("provisional", "暂估"),
    }
}
