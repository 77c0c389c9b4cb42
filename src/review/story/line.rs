//! A line of the statement: its arithmetic, the events beneath it on both books, and where what is
//! no event's comes from.

use rust_decimal::Decimal;

use super::rounded::{self, ByEvent};
use super::{
    EVENTS_SHOWN, Publication, Record, ReviewError, Story, arithmetic, charged, find, leg, numbers,
    place, records,
};
use crate::feed::FeedKind;
use crate::review::Term;
use crate::review::before::finals;
use crate::review::charge::InForce;
use crate::review::due::Due;
use crate::review::late::{Overdue, has_exempt_days, overdue, per_day};
use crate::value::money::grouped;

/// The terms on which a line rests: those of the period of its events, which a final publication
/// has where that is closed; none where it is not here.
pub(super) fn terms_of(publication: &Publication, line: &Record) -> Result<Vec<Term>, ReviewError> {
    let period = line["origin_period"].as_str();
    let is_of_events = !matches!(line["type"].as_str(), "carry" | "adjustment" | "late_fee");
    if period == publication.manifest.period || !is_of_events {
        return Ok(publication.manifest.terms.clone());
    }
    let past = finals(publication)?;
    Ok(InForce::of(publication, &past.0).of_line(period))
}

pub(super) fn of_line(publication: &Publication, line: &Record) -> Result<Story, ReviewError> {
    let number = &line["line_no"];
    let mut story =
        Story::new(format!("Line 清算单行 {number}: {} {}", line["type"], line["type_zh"]));
    let whose = [&line["issuer"], &line["flow"]].map(String::as_str).join(" ");
    story.tell("whose points 发行方与流向", whose.trim());
    let has_events = !matches!(line["events"].as_str(), "" | "0");
    let period =
        if has_events { "period of its events 归属期间" } else { "of period 归属期间" };
    story.tell(period, &line["origin_period"]);
    story.tell("ratio 互通比例", version(line, "ratio"));
    story.tell("rate 单价", version(line, "rate"));
    story.tell("clause 合同条款", &line["clause"]);
    story.tell("reference 关联单号", &line["reference"]);
    let lines = find(publication, "statement_lines", [], |[]| true)?;
    let at = lines.iter().position(|one| one["line_no"] == *number).unwrap_or_default();
    let terms = terms_of(publication, line)?;
    let by_event = ByEvent::of(&terms, &lines, at);
    match line["type"].as_str() {
        "carry" => tell_carry(publication, line, &mut story)?,
        "late_fee" => tell_late_fee(publication, line, &mut story)?,
        "adjustment" => tell_adjustment(publication, line, &mut story)?,
        _ => {}
    }
    story.tell(
        "arithmetic 计算",
        match by_event {
            _ if terms.is_empty() => format!(
                "by the terms of {period}, which is not here 依据该期条款，其终版不在此处",
                period = line["origin_period"]
            ),
            Some(_) => "each event rounded, then summed 逐笔舍入后相加, see below 见下".to_owned(),
            None => charged::of_line(&lines, at, &terms),
        },
    );
    story.tell("rounding 舍入", charged::of_rounding(line, &terms));
    let own = &publication.manifest.terms;
    story.tell("shared 分摊", charged::of_share(&lines, at, own).unwrap_or_default());
    story.tell("pays 付款", format!("{} → {}", line["payer"], line["payee"]));
    if let Some((by_event, gross)) = by_event {
        rounded::tell_line(publication, line, (&by_event, &gross), &mut story)?;
        tell_statement(publication, line, &mut story)?;
        return Ok(story);
    }
    // A fee or tax has no events of its own: they stand on the gross line above it.
    let gross = lines[..at + 1].iter().rfind(|one| one["type"] == "gross");
    if let Some(gross) = gross.filter(|_| has_events) {
        tell_events(publication, &gross["line_no"], &mut story)?;
    }
    tell_statement(publication, line, &mut story)?;
    Ok(story)
}

/// Both legs of an event and where they stand.
pub(super) fn legs(event: &Record) -> String {
    let sides = ["issuer", "acceptor"];
    let stand = sides.iter().filter(|side| !event[&format!("{side}_event_id")].is_empty());
    stand.map(|side| leg(event, side)).collect::<Vec<String>>().join(" | ")
}

/// The rows of both legs of an event.
pub(super) fn places(event: &Record) -> impl Iterator<Item = String> + '_ {
    ["issuer", "acceptor"].map(|side| place(event, side)).into_iter().filter(|it| !it.is_empty())
}

/// Tells the events of a gross line, the first of them one by one.
fn tell_events(
    publication: &Publication,
    gross: &str,
    story: &mut Story,
) -> Result<(), ReviewError> {
    let events = numbers(publication, "cleared_events", ["line_no"], |[of]| of == gross)?;
    let shown = &events[..events.len().min(EVENTS_SHOWN)];
    for event in records(publication, "cleared_events", shown)? {
        story.tell("event 交易", format!("{}  {}", legs(&event), arithmetic::of_worth(&event)));
        story.places.extend(places(&event));
    }
    if events.len() > EVENTS_SHOWN {
        let rest = grouped(&(events.len() - EVENTS_SHOWN).to_string());
        story.tell("", format!("… and {rest} more 其余, in cleared_events with line_no {gross}"));
    }
    Ok(())
}

/// Tells the statement of a line's currency: its net, and what of it is due when.
pub(super) fn tell_statement(
    publication: &Publication,
    line: &Record,
    story: &mut Story,
) -> Result<(), ReviewError> {
    for statement in find(publication, "statement", ["currency"], |[of]| of == line["currency"])? {
        story.tell("statement 清算单", arithmetic::of_statement(&statement));
        let manifest = &publication.manifest;
        let due = Due::of(&manifest.terms, &manifest.period_to, &statement["currency"]);
        let due = due.map(|due| arithmetic::of_due(&statement, &due));
        story.tell("due 应结", due.unwrap_or_default());
    }
    Ok(())
}

fn version(line: &Record, term: &str) -> String {
    match (line[term].as_str(), line[&format!("{term}_from")].as_str()) {
        ("", _) => String::new(),
        ("1:1", "") => String::new(),
        (value, from) => format!("{} from {from}", arithmetic::short(value)),
    }
}

/// Tells from which statement a carry comes.
fn tell_carry(
    publication: &Publication,
    line: &Record,
    story: &mut Story,
) -> Result<(), ReviewError> {
    const LABEL: &str = "carried from 结转来源";
    let Some(taken) = publication.manifest.past.last() else {
        story.tell(LABEL, "what the pipeline declares as `opening_carry` 管道声明的期初结转");
        return Ok(());
    };
    let past = finals(publication)?;
    let Some(closed) = past.0.iter().find(|closed| closed.manifest.period == taken.period) else {
        story.tell(LABEL, format!("{}, which is not here 其终版不在此处", taken.place));
        return Ok(());
    };
    for before in find(closed, "statement", ["currency"], |[of]| of == line["currency"])? {
        story.tell(LABEL, format!("{}: {}", taken.place, arithmetic::of_statement(&before)));
    }
    Ok(())
}

/// Tells the statement that is overdue, what was paid of it, and the principal of each day at the
/// share that a day costs.
fn tell_late_fee(
    publication: &Publication,
    line: &Record,
    story: &mut Story,
) -> Result<(), ReviewError> {
    let past = finals(publication)?;
    let (period, currency) = (&line["reference"], &line["currency"]);
    let is_its = |one: &&Overdue| one.period == *period && one.currency == *currency;
    let all = overdue(publication, &past.0)?;
    let Some(one) = all.iter().find(is_its).filter(|_| past.1.is_empty()) else {
        story.tell("overdue 逾期", format!("{period}, which is not here 其终版不在此处"));
        return Ok(());
    };
    let shown = |amount: Decimal| arithmetic::in_currency(&amount.to_string(), currency);
    let mut due = format!("{} of {period} were due on {} 到期应付", shown(one.due), one.due_date);
    if !one.late_fees.is_zero() {
        let less = shown(one.late_fees);
        due.push_str(&format!(", less {less} late fees in them 扣除其中逾期费"));
    }
    story.tell("overdue 逾期", due);
    for settled in &one.settled {
        let what = match settled.is_paid {
            true => "paid 已付, counts from the next day 次日起算",
            false => "disputed 争议, counts from that day 当日起算",
        };
        let (id, on) = (&settled.id, settled.on);
        story.tell("settled 收付款", format!("{id} on {on}: {} {what}", shown(settled.amount)));
        story.claims.push((FeedKind::Settlements, id.clone()));
    }
    let mut parts = Vec::new();
    for days in &one.stretches {
        let sum = days.principal.checked_mul(days.days.into()).unwrap_or_default();
        story.tell(
            "days 天数",
            format!(
                "{} to {}: {} × {} = {}",
                days.from,
                days.to,
                shown(days.principal),
                days.days,
                shown(sum)
            ),
        );
        parts.push(shown(sum));
    }
    let chain = chain(publication, line, (one, &parts));
    story.tell("per day 按日", chain.unwrap_or_default());
    Ok(())
}

/// `106.92 + 76.92 = 183.84 - 25.64 on exempt days = 158.20; × 0.0005 = 0.0791`.
fn chain(
    publication: &Publication,
    line: &Record,
    (one, parts): (&Overdue, &[String]),
) -> Option<String> {
    let (share, _) = per_day(&publication.manifest.terms)?;
    let exact = line["exact"].parse::<Decimal>().ok()?;
    let sum = one.principals()?;
    let charged = exact.checked_div(share)?;
    let currency = &line["currency"];
    let shown = |amount: Decimal| arithmetic::in_currency(&amount.to_string(), currency);
    let mut chain = parts.join(" + ");
    if parts.len() > 1 {
        chain.push_str(&format!(" = {}", shown(sum)));
    }
    if charged != sum && has_exempt_days(publication) {
        let off = sum.checked_sub(charged)?;
        chain.push_str(&format!(" - {} on exempt days 免计日 = {}", shown(off), shown(charged)));
    }
    let exact = arithmetic::short(&exact.to_string());
    Some(format!("{chain}; × {share} = {exact}"))
}

/// Tells what a final publication handed on of an adjustment. Of any other the recorded input says
/// the row.
fn tell_adjustment(
    publication: &Publication,
    line: &Record,
    story: &mut Story,
) -> Result<(), ReviewError> {
    let id = &line["reference"];
    story.claims.push((FeedKind::Adjustments, id.clone()));
    let past = finals(publication)?;
    let Some(closed) = past.0.last() else { return Ok(()) };
    let handed = find(closed, "open_adjustments", ["adjustment_id"], |[of]| of == id)?;
    if let Some(one) = handed.last() {
        story.tell_row(format!("{}:{}", one["file"], one["line"]));
        let by = |name: &str| one[name].clone();
        super::claims::tell_adjustment(story, by);
    }
    Ok(())
}
