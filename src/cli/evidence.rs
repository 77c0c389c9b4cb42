//! What auditors and controllers read of publications: what was found, why, what changed, samples.

use std::path::Path;

use rust_decimal::Decimal;
use unicode_width::UnicodeWidthStr;

use super::arguments::{DrawnBy, Layout, ShowArguments, SortedBy, SummedBy};
use super::listing::{Listing, figure, show as shown, text, visible};
use super::say;
use super::trouble::Trouble;
use crate::discrepancy::in_chinese;
use crate::pipeline;
use crate::review::{
    self, By, Decision, Filter, Found, Method, Publication, Sort, bridge, discrepancies, groups,
};
use crate::run::{Error, exit};
use crate::value::money::{Currency, counted, grouped};

/// Which publication it is, and what it came to, from the statement and not from the manifest.
pub(super) fn head(publication: &Publication) -> Result<String, Trouble> {
    let manifest = &publication.manifest;
    let mut shown = visible(&format!(
        "{}  {}  {}  as of {}  {}",
        manifest.pipeline, manifest.agreement, manifest.period, manifest.as_of, manifest.status
    ));
    let nets = review::nets(publication)?;
    if nets.is_empty() {
        shown.push_str("\nthe statement is blocked 阻断");
    }
    for net in nets {
        let currency = &net.currency;
        let sentence = match net.pays {
            Some((payer, payee)) => {
                format!("{payer} pays {payee} {} {currency}", money(net.amount_due, currency))
            }
            None => {
                let carried = money(net.carry_forward, currency);
                format!("nothing is due, {carried} {currency} carried forward 结转下期")
            }
        };
        shown.push_str(&format!("\n{}", visible(&sentence)));
    }
    Ok(shown)
}

/// An exact amount with at least the minor digits of its currency.
fn money(amount: Decimal, currency: &str) -> String {
    let mut shown = amount.normalize();
    let digits = Currency::of(currency).map_or(0, Currency::digits);
    if shown.scale() < digits {
        shown.rescale(digits);
    }
    grouped(&shown.to_string())
}

/// `hutong show`.
pub fn show(wanted: &ShowArguments, layout: Layout) -> Result<u8, Trouble> {
    let publication = Publication::open(&wanted.publication)?;
    if wanted.history {
        return say(&shown(&head(&publication)?, &[nights(&publication)?], layout)?);
    }
    let filter = Filter {
        codes: wanted.code.clone(),
        severities: wanted.severity.clone(),
        effects: wanted.effect.clone(),
        issuer: wanted.party.clone(),
        least_age_days: wanted.min_age,
        least_money: wanted.min_money,
    };
    let sort = match wanted.sort {
        SortedBy::Code => Sort::Code,
        SortedBy::Money => Sort::Money,
        SortedBy::Age => Sort::Age,
    };
    let list = discrepancies(&publication, &filter, sort)?;
    let listing = if wanted.items {
        items(&list, wanted.limit, usize::from(wanted.page), layout)
    } else {
        summed(&list, wanted.by, layout)?
    };
    say(&shown(&head(&publication)?, &[listing], layout)?)
}

/// What each publication of the period came to.
fn nights(publication: &Publication) -> Result<Listing, Trouble> {
    let nights = review::history(publication)?;
    let rows = nights.iter().map(|night| {
        let amount = |amount: Option<Decimal>| {
            amount.map_or_else(String::new, |amount| money(amount, &night.currency))
        };
        let (held_a, held_b) = night.held.unzip();
        vec![
            night.name.clone(),
            night.status.clone(),
            night.currency.clone(),
            amount(night.net),
            amount(night.change),
            amount(held_a),
            amount(held_b),
            night.discrepancies.map_or_else(String::new, |count| grouped(&count.to_string())),
        ]
    });
    Ok(Listing::new(
        "history",
        format!("Publications of the period 历次发布: {}", publication.manifest.period),
        vec![
            text("publication", "publication", "发布"),
            text("status", "status", "状态"),
            text("currency", "currency", "币种"),
            figure("net", "net", "轧差净额"),
            figure("change", "change", "变动"),
            figure("held_a", "held of a", "甲方挂账"),
            figure("held_b", "held of b", "乙方挂账"),
            figure("discrepancies", "found", "差错"),
        ],
        rows.collect(),
    )
    .noted(
        "net above zero: A pays B 正数为甲方付乙方; `hutong diff` leads from one to the next"
            .to_owned(),
    ))
}

fn summed(list: &[Found], by: SummedBy, layout: Layout) -> Result<Listing, Trouble> {
    let (by, key, zh) = match by {
        SummedBy::Code => (By::Code, "code", "代码"),
        SummedBy::Party => (By::Party, "party", "发行方"),
        SummedBy::Severity => (By::Severity, "severity", "严重程度"),
        SummedBy::Effect => (By::Effect, "effect", "处理"),
        SummedBy::Age => (By::Age, "days since first seen", "首见至今天数"),
    };
    let groups = groups(list, by)?;
    // Where nothing was decided, a reader is spared the column.
    let has_decided = layout.is_for_programs() || groups.iter().any(|group| group.decided > 0);
    // Only a code has a title.
    let has_title = layout.is_for_programs() || groups.iter().any(|group| !group.title.is_empty());
    let rows = groups.iter().map(|group| {
        let worth = |(currency, amount): (&String, &Decimal)| {
            format!("{} {currency}", money(*amount, currency))
        };
        let worths: Vec<String> = group.money.iter().map(worth).collect();
        let mut row = vec![group.key.clone()];
        row.extend(has_title.then(|| group.title.clone()));
        row.extend([
            grouped(&group.count.to_string()),
            worths.join("\n"),
            group.oldest_days.to_string(),
        ]);
        row.extend(has_decided.then(|| grouped(&group.decided.to_string())));
        row
    });
    let mut heads = vec![text("key", key, zh)];
    heads.extend(has_title.then(|| text("title", "what", "内容")));
    heads.extend([
        figure("count", "count", "数量"),
        figure("amount_at_stake", "at stake", "涉及金额"),
        figure("oldest_days", "oldest, days", "首见至今"),
    ]);
    heads.extend(has_decided.then(|| figure("decided", "decided", "已决")));
    let title = format!("Discrepancies 差错: {}", grouped(&list.len().to_string()));
    Ok(Listing::new("discrepancies", title, heads, rows.collect()))
}

fn items(list: &[Found], limit: usize, page: usize, layout: Layout) -> Listing {
    let limit = if limit == 0 { list.len().max(1) } else { limit };
    let first = limit.saturating_mul(page - 1);
    let some = |text: &Option<String>| text.clone().unwrap_or_default();
    // A reader has the Chinese and the decision beneath the reason; a program has columns of them.
    let is_for_programs = layout.is_for_programs();
    let rows: Vec<Vec<String>> = list
        .iter()
        .skip(first)
        .take(limit)
        .map(|found| {
            let rows = [&found.a_rows, &found.b_rows].map(|rows| each_place(&some(rows)));
            let currency = some(&found.currency);
            let worth = found.amount_at_stake.map(|amount| money(amount, &currency));
            let worth = worth.unwrap_or_default();
            let chinese = in_chinese(&found.reason).unwrap_or_else(|| found.title_zh.clone());
            let decided: Vec<String> = found.decisions.iter().map(Decision::in_words).collect();
            let decided = decided.join("\n");
            let why = match is_for_programs {
                true => vec![found.reason.clone(), chinese, decided],
                false => vec![lines([found.reason.clone(), chinese, decided])],
            };
            let before = [found.code.clone(), found.discrepancy_id.clone(), lines(rows)];
            let figures = [worth, currency, found.age_days.to_string()];
            before.into_iter().chain(why).chain(figures).collect()
        })
        .collect();
    let pages = list.len().div_ceil(limit);
    let note = match pages {
        0 => String::new(),
        _ if page > pages => format!(
            "page {page} is past the last, {pages} 第 {page} 页超出，共 {pages} 页; see `--page {pages}`"
        ),
        1 => String::new(),
        _ => format!(
            "page {page} of {pages} 第 {page} 页，共 {pages} 页; `--page` turns, `--limit 0` shows all"
        ),
    };
    let mut heads = vec![
        text("code", "code", "代码"),
        text("discrepancy_id", "id", "差错编号"),
        text("rows", "rows", "行"),
        text("reason", "why", "原因"),
    ];
    if is_for_programs {
        heads.push(text("reason_zh", "why, in Chinese", "中文原因"));
        heads.push(text("decision", "decision", "决定"));
    }
    heads.extend([
        figure("amount_at_stake", "at stake", "涉及金额"),
        figure("currency", "", "币种"),
        figure("age_days", "days", "首见至今"),
    ]);
    let title = format!("Discrepancies 差错: {}", grouped(&list.len().to_string()));
    Listing::new("discrepancies", title, heads, rows).noted(note)
}

/// The texts that say something, a line each.
fn lines<const N: usize>(texts: [String; N]) -> String {
    let texts = texts.into_iter().filter(|text| !text.is_empty());
    texts.collect::<Vec<String>>().join("\n")
}

/// Places that semicolons join, a line each. A path may hold a semicolon, but none behind a colon
/// and digits.
fn each_place(places: &str) -> String {
    let mut shown = String::with_capacity(places.len());
    for (at, part) in places.split(';').enumerate() {
        if at > 0 {
            let line = shown.rsplit_once(':').map_or("", |(_, line)| line);
            let is_place = !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit());
            shown.push(if is_place { '\n' } else { ';' });
        }
        shown.push_str(part);
    }
    shown
}

/// `hutong explain`.
pub fn explain(
    publication: &Path,
    id: &str,
    inputs: Option<&Path>,
    layout: Layout,
) -> Result<u8, Trouble> {
    let publication = Publication::open(publication)?;
    let mut stories = review::explain(&publication, id)?;
    if let Some(inputs) = inputs {
        let pipeline = pipeline::read(inputs).map_err(Error::from)?;
        if !id.starts_with("line:") {
            review::of_ledgers(&publication, &pipeline, id, &mut stories)?;
        }
        review::of_claims(&publication, &pipeline, &mut stories)?;
        review::offsets(&publication, &pipeline.root, &mut stories)?;
    }
    if stories.is_empty() {
        return Err(Trouble::Unknown(id.to_owned()));
    }
    if layout == Layout::Text {
        return say(&format!("{}\n{}", head(&publication)?, told(&stories)));
    }
    let lines = stories.iter().flat_map(|story| {
        let line = |(label, value): &(String, String)| {
            vec![story.title.clone(), label.clone(), value.clone()]
        };
        story.lines.iter().map(line)
    });
    let listing = Listing::new(
        "story",
        format!("{id} 说明"),
        vec![
            text("of", "of", "事项"),
            text("label", "what", "内容"),
            text("value", "value", "取值"),
        ],
        lines.collect(),
    );
    say(&shown("", &[listing], layout)?)
}

/// Stories for people: labels in a column of their own, whose width counts East Asian characters as
/// two.
fn told(stories: &[review::Story]) -> String {
    let labels = stories.iter().flat_map(|story| story.lines.iter().map(|(label, _)| label));
    let width = labels.map(|label| label.width()).max().unwrap_or_default();
    let mut shown = String::new();
    for story in stories {
        shown.push_str(&format!("\n{}\n", story.title));
        for (label, value) in &story.lines {
            let blanks = " ".repeat(width - label.width());
            shown.push_str(&format!("  {label}{blanks}  {}\n", visible(value)));
        }
    }
    shown.trim_end().to_owned()
}

/// `hutong diff`.
pub fn diff(from: &Path, to: &Path, limit: usize, layout: Layout) -> Result<u8, Trouble> {
    compared(&Publication::open(from)?, &Publication::open(to)?, limit, layout)
}

/// What changed from one publication to another; the exit code says whether anything did.
pub(super) fn compared(
    from: &Publication,
    to: &Publication,
    limit: usize,
    layout: Layout,
) -> Result<u8, Trouble> {
    let (changes, bridges) = bridge(from, to)?;
    let limit = if limit == 0 { usize::MAX } else { limit };
    let mut listings = Vec::new();
    // A program has the bridges of all currencies in one table.
    let mut all = Vec::new();
    let heads = vec![
        text("kind", "kind", "类型"),
        text("subject", "of", "事项"),
        figure("from", "from", "之前"),
        figure("to", "to", "之后"),
        figure("change", "change", "变动"),
    ];
    for bridge in &bridges {
        let amount = |amount: Option<Decimal>| {
            amount.map(|amount| money(amount, &bridge.currency)).unwrap_or_default()
        };
        let step = |kind: &str, subject: &str, from, to, change| {
            vec![kind.to_owned(), subject.to_owned(), amount(from), amount(to), amount(change)]
        };
        let mut rows = vec![step("net 轧差净额", "before 之前", Some(bridge.from), None, None)];
        // The greatest first; the rest are summed, so that the column adds up.
        let mut steps: Vec<_> = bridge.steps.iter().collect();
        steps.sort_by_key(|step| std::cmp::Reverse(step.change.abs()));
        let shown = steps.len().min(limit);
        for one in &steps[..shown] {
            rows.push(step(
                kind_in_words(&one.kind),
                &one.subject,
                one.from,
                one.to,
                Some(one.change),
            ));
        }
        if shown < steps.len() {
            let rest = steps[shown..]
                .iter()
                .try_fold(Decimal::ZERO, |sum, one| sum.checked_add(one.change));
            let what = format!("{} more 其余", steps.len() - shown);
            rows.push(step("", &what, None, None, rest));
        }
        let change = bridge.to.checked_sub(bridge.from);
        rows.push(step("net 轧差净额", "after 之后", None, Some(bridge.to), change));
        if layout.is_for_programs() {
            all.extend(rows.into_iter().map(|mut row| {
                row.push(bridge.currency.clone());
                row
            }));
            continue;
        }
        listings.push(Listing::new(
            "bridge",
            format!("From net to net 净额桥 {}, positive: A pays B", bridge.currency),
            heads.clone(),
            rows,
        ));
    }
    if layout.is_for_programs() {
        let heads = [heads, vec![text("currency", "currency", "币种")]].concat();
        listings.push(Listing::new("bridge", "From net to net 净额桥".to_owned(), heads, all));
    }
    let rows = changes.iter().take(limit).map(|change| {
        let chinese = in_chinese(&change.detail).filter(|_| !layout.is_for_programs());
        vec![
            change_in_words(change.what).to_owned(),
            change.code.clone(),
            change.discrepancy_id.clone(),
            lines([change.detail.clone(), chinese.unwrap_or_default()]),
            grouped(&change.amount_at_stake),
            change.currency.clone(),
        ]
    });
    let note = match changes.len().saturating_sub(limit) {
        0 => String::new(),
        rest => format!("… and {rest} more 其余; `--limit 0` shows all"),
    };
    listings.push(
        Listing::new(
            "changes",
            format!("Discrepancies that changed 差错变动: {}", changes.len()),
            vec![
                text("what", "what", "变动"),
                text("code", "code", "代码"),
                text("discrepancy_id", "id", "差错编号"),
                text("detail", "why", "原因"),
                figure("amount_at_stake", "at stake", "涉及金额"),
                figure("currency", "", "币种"),
            ],
            rows.collect(),
        )
        .noted(note),
    );
    let mut both = format!("{}\n{}", head(from)?, head(to)?);
    if from.manifest.agreement != to.manifest.agreement {
        both.push_str("\nthese runs are of different agreements 合同不同");
    }
    say(&shown(&both, &listings, layout)?)?;
    let is_same = changes.is_empty() && bridges.iter().all(|bridge| bridge.steps.is_empty());
    Ok(if is_same { exit::CLEAN } else { exit::DISCREPANCIES })
}

fn kind_in_words(kind: &str) -> &str {
    match kind {
        "gross" => "event 交易",
        "rounding" => "rounding 舍入",
        "fee" => "fee 手续费",
        "tax" => "tax 税额",
        "adjustment" => "adjustment 调账",
        "late_fee" => "late fee 逾期费",
        "carry" => "carry 结转",
        other => other,
    }
}

fn change_in_words(what: &str) -> &str {
    match what {
        "appeared" => "appeared 新增",
        "gone" => "gone 消失",
        "changed" => "changed 变化",
        other => other,
    }
}

/// `hutong sample`.
pub fn sample(
    publication: &Path,
    method: DrawnBy,
    size: usize,
    seed: &str,
    layout: Layout,
) -> Result<u8, Trouble> {
    let publication = Publication::open(publication)?;
    let (method, name) = match method {
        DrawnBy::Mus => (Method::MonetaryUnit, "monetary-unit 货币单元"),
        DrawnBy::Random => (Method::Random, "random 随机"),
        DrawnBy::Stratified => (Method::Stratified, "stratified by line 分层"),
    };
    let sample = review::sample(&publication, method, size, seed)?;
    let rows = sample.drawn.iter().map(|event| {
        let leg = |(id, place): &(String, String)| format!("{id}\n{place}").trim().to_owned();
        vec![
            event.line_no.to_string(),
            event.issuer.clone(),
            leg(&event.issuer_leg),
            leg(&event.acceptor_leg),
            grouped(&event.points.to_string()),
            money(event.amount, &event.currency),
            event.currency.clone(),
            event.hits.to_string(),
        ]
    });
    let each = |worths: &std::collections::BTreeMap<String, Decimal>| {
        let shown = worths
            .iter()
            .map(|(currency, worth)| format!("{} {currency}", money(*worth, currency)));
        shown.collect::<Vec<String>>().join(", ")
    };
    let mut note = format!(
        "of {} worth {} without signs 总体; seed {seed}",
        counted(sample.population, "event"),
        each(&sample.worth)
    );
    if !sample.intervals.is_empty() {
        note.push_str(&format!("; interval 间隔 {}", each(&sample.intervals)));
    }
    let listing = Listing::new(
        "sample",
        format!("Sample 样本, {name}: {}", sample.drawn.len()),
        vec![
            text("line_no", "line", "行"),
            text("issuer", "issuer", "发行方"),
            text("issuer_leg", "issuer's leg", "发行方流水"),
            text("acceptor_leg", "acceptor's leg", "受理方流水"),
            figure("points", "points", "积分"),
            figure("amount", "worth", "金额"),
            figure("currency", "", "币种"),
            figure("hits", "hits", "次数"),
        ],
        rows.collect(),
    )
    .noted(note);
    say(&shown(&head(&publication)?, &[listing], layout)?)
}

/// `hutong export`.
pub fn export(
    publication: &Path,
    tables: &[String],
    with_bom: bool,
    to: &Path,
) -> Result<u8, Trouble> {
    let written = review::export(&Publication::open(publication)?, tables, with_bom, to)?;
    let files: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    say(&files.join("\n"))
}

/// `hutong query`: a script for DuckDB that makes a view of each table and runs the query. The
/// layout is the shell's mode.
pub fn query(publication: &Path, sql: &str, layout: Layout) -> Result<u8, Trouble> {
    let publication = Publication::open(publication)?;
    let sql = sql.trim().trim_end_matches(';').trim_end();
    if sql.is_empty() {
        let cure = "write SQL over the tables, such as \"SELECT * FROM statement\"";
        return Err(Trouble::Usage("the query is empty".to_owned(), cure));
    }
    let mut script = String::from(match layout {
        Layout::Text => "",
        Layout::Json => ".mode json\n",
        Layout::Csv => ".mode csv\n",
        Layout::Markdown => ".mode markdown\n",
    });
    for output in &publication.manifest.outputs {
        let Some(table) = output.file.strip_suffix(".parquet") else { continue };
        let path = publication.path(&output.file).display().to_string().replace('\'', "''");
        script.push_str(&format!("CREATE VIEW {table} AS SELECT * FROM read_parquet('{path}');\n"));
    }
    say(&format!("{script}{sql};"))
}
