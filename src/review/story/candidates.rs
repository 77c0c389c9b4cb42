//! The nearest row that did not become the partner of an unmatched one, and what speaks against it.

use std::cmp::Reverse;

use jiff::Timestamp;

use super::{Record, Story, find, read_from, tried};
use crate::review::manifest::MatchRule;
use crate::review::publication::{Publication, ReviewError};
use crate::value::money::grouped;

/// The nearest open rows of the partner for a leg that nothing mirrors: one for each leg that the
/// discrepancy names.
pub(super) fn of(publication: &Publication, found: &Record) -> Result<Vec<Story>, ReviewError> {
    if !matches!(found["code"].as_str(), "EVT-01" | "EVT-02" | "EVT-07" | "REV-03") {
        return Ok(Vec::new());
    }
    let id = &found["discrepancy_id"];
    let mut stories = Vec::new();
    let mut legs = find(publication, "open_rows", ["discrepancy_id"], |[of]| of == id)?;
    // What is awaited is handed on without a code.
    for item in find(publication, "pending", ["discrepancy_id"], |[of]| of == id)? {
        for side in ["issuer", "acceptor"] {
            legs.extend(tried::open_leg(publication, &item, side)?);
        }
    }
    for one in legs {
        let others = find(publication, "open_rows", ["party", "kind"], |[party, kind]| {
            party != one["party"] && kind != "earn" && kind != "burn"
        })?;
        let mut story =
            Story::new(format!("Nearest candidate for 最近的候选: {}", one["event_id"]));
        let wanted = would_match(&one, &found["expected"], &publication.manifest.matching);
        story.tell("would have matched 若相符则", wanted);
        match others.iter().min_by_key(|other| Reverse(likeness(&one, other))) {
            None => story.tell("none 无", "the partner has no open row 对方无未结行"),
            Some(nearest) => {
                story.tell("event 流水号", &nearest["event_id"]);
                story.tell_row(read_from(nearest));
                story.tell("against it 不符之处", against(&one, nearest));
            }
        }
        stories.push(story);
    }
    Ok(stories)
}

/// What the partner would have had to book, by the first thing that the rules go by.
fn would_match(one: &Record, expected: &str, rules: &[MatchRule]) -> String {
    let book = if one["party"] == "a" { "b" } else { "a" };
    let kind = mirror_kind(&one["kind"]);
    let quantity = match expected {
        "" => String::new(),
        points => format!(" of {} points", grouped(points)),
    };
    let ways = rules.iter().filter_map(|rule| match rule.rule.as_str() {
        "reference" => Some(format!("that names {} 引用此笔", one["event_id"])),
        "order" if one["order_no"].is_empty() => None,
        "order" => Some(format!("with order {} 同一订单", one["order_no"])),
        _ => Some("by a linked member within the window 绑定会员且在时间窗内".to_owned()),
    });
    let ways: Vec<String> = ways.collect();
    let ways = ways.join(", or 或 ");
    format!("{kind}{quantity} on {book}'s book 对方账上 {ways}")
}

/// Whether both have a text, and the same.
pub(super) fn same(one: &str, other: &str) -> bool {
    !one.is_empty() && one == other
}

/// How much speaks for two rows being one event: a reference before an order, an order before the
/// kind that mirrors it, and that before nearness in time; the event id only parts equals.
fn likeness(one: &Record, other: &Record) -> (bool, bool, bool, Reverse<i64>, Reverse<String>) {
    let is_referred = same(&one["counter_event_id"], &other["event_id"])
        || same(&other["counter_event_id"], &one["event_id"]);
    let is_ordered = same(&one["order_no"], &other["order_no"]);
    let seconds = seconds_between(one, other).map_or(i64::MAX, i64::abs);
    let is_mirror = mirror_kind(&one["kind"]) == other["kind"];
    (is_referred, is_ordered, is_mirror, Reverse(seconds), Reverse(other["event_id"].clone()))
}

/// The kind under which the partner books the same event (domain.md §2).
pub(super) fn mirror_kind(kind: &str) -> &str {
    match kind {
        "xburn" => "xaccept",
        "xaccept" => "xburn",
        "xearn" => "xaward",
        "xaward" => "xearn",
        "xout" => "xin",
        "xin" => "xout",
        other => other,
    }
}

fn seconds_between(one: &Record, other: &Record) -> Option<i64> {
    let at = |row: &Record| row["occurred_at"].parse::<Timestamp>().ok();
    Some(at(other)?.as_second() - at(one)?.as_second())
}

fn against(one: &Record, other: &Record) -> String {
    let mut reasons = Vec::new();
    let is_referred = same(&one["counter_event_id"], &other["event_id"])
        || same(&other["counter_event_id"], &one["event_id"]);
    if !is_referred {
        reasons.push("neither names the other 互不引用".to_owned());
    }
    if !same(&one["order_no"], &other["order_no"]) {
        reasons.push("no order in common 订单号不同".to_owned());
    }
    if let Some(seconds) = seconds_between(one, other) {
        reasons.push(format!("{seconds} s apart 相隔"));
    }
    if !other["code"].is_empty() {
        reasons.push(format!("it stands under {} itself 另有差错", other["code"]));
    }
    reasons.push(format!(
        "{} {} against {} {}",
        one["points"], one["kind"], other["points"], other["kind"]
    ));
    reasons.join("; ")
}
