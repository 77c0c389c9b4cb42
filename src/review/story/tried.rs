//! The matching rules in the order in which they were tried, and why each did or did not pair the
//! legs of an event: from what the publication says of the legs, in words.

use jiff::Timestamp;

use super::candidates::{mirror_kind, same};
use super::{Record, Story, find, place};
use crate::review::manifest::MatchRule;
use crate::review::publication::{Publication, ReviewError};
use crate::value::money::{counted, grouped};

/// Codes of a leg that took part in matching and found no mirror. Of any other leg that stands
/// alone it is not known whether a rule was tried.
const UNPAIRED: [&str; 5] = ["EVT-01", "EVT-02", "EVT-07", "EVT-10", "REV-03"];

/// Tells each rule with what it came to.
fn tell(story: &mut Story, number: usize, rule: &MatchRule, outcome: &str) {
    let name = match (rule.rule.as_str(), rule.from_micros, rule.to_micros) {
        ("reference", ..) => "reference 流水号".to_owned(),
        ("order", ..) => "order 订单号".to_owned(),
        (_, Some(from), Some(to)) => {
            format!("window 时间窗 {} … {}", seconds(from), seconds(to))
        }
        (other, ..) => other.to_owned(),
    };
    story.tell(&format!("rule {number} 第{number}条规则"), format!("{name}: {outcome}"));
}

const NOT_TRIED: &str = "not tried, the legs were paired before 未再尝试";

const NOT_TRIED_TIED: &str = "not tried, what fits several is held 多笔相符即挂账，未再尝试";

/// The rules for a counted pair.
pub(super) fn of_counted(publication: &Publication, event: &Record, story: &mut Story) {
    let rules = &publication.manifest.matching;
    let Some(paired) = rules.iter().position(|rule| rule.rule == event["matched_by"]) else {
        return;
    };
    for (at, rule) in rules.iter().enumerate() {
        let outcome = if at > paired {
            NOT_TRIED.to_owned()
        } else if at == paired {
            let how = match rule.rule.as_str() {
                "reference" => "one leg names the other 相互引用".to_owned(),
                "order" => format!("both carry {} 同一订单", event["order_no"]),
                _ => {
                    let apart = between(&event["occurred_at"], &event["accepted_at"]);
                    let apart = apart.map(seconds).unwrap_or_default();
                    format!("{apart} apart, of linked members, the mirror as agreed 相隔在窗内")
                }
            };
            format!("paired 命中: {how}")
        } else {
            let why = match rule.rule.as_str() {
                "reference" => "no counter_event_id leads from one leg to the other 无引用",
                "order" if event["order_no"].is_empty() => "the legs have no order 无订单号",
                "order" => "the legs share no order, or not they alone 订单号不同或不唯一",
                _ => "not one to one within the window 窗内不唯一",
            };
            format!("in vain 未命中: {why}")
        };
        tell(story, at + 1, rule, &outcome);
    }
}

/// The rules for a held or awaited item: both legs against one another, or one against every row
/// that the partner has open.
pub(super) fn of_item(
    publication: &Publication,
    item: &Record,
    story: &mut Story,
) -> Result<(), ReviewError> {
    let rules = &publication.manifest.matching;
    if rules.is_empty() {
        return Ok(());
    }
    let issuer = open_leg(publication, item, "issuer")?;
    let acceptor = open_leg(publication, item, "acceptor")?;
    match (issuer, acceptor) {
        (Some(issuer), Some(acceptor)) => {
            compare(&issuer, &acceptor, story);
            let mut is_paired = false;
            for (at, rule) in rules.iter().enumerate() {
                let outcome = if is_paired {
                    NOT_TRIED.to_owned()
                } else {
                    let (fits, why) = pair(rule, &issuer, &acceptor);
                    is_paired = fits;
                    format!("{}: {why}", if fits { "fits 相符" } else { "in vain 未命中" })
                };
                tell(story, at + 1, rule, &outcome);
            }
        }
        (Some(leg), None) => {
            as_read(&leg, story);
            alone(publication, item, (&leg, true), story)?;
        }
        (None, Some(leg)) => {
            as_read(&leg, story);
            alone(publication, item, (&leg, false), story)?;
        }
        (None, None) => {}
    }
    Ok(())
}

/// The row of a leg as it was read.
pub(super) fn open_leg(
    publication: &Publication,
    item: &Record,
    side: &str,
) -> Result<Option<Record>, ReviewError> {
    let id = &item[&format!("{side}_event_id")];
    if id.is_empty() {
        return Ok(None);
    }
    let at = place(item, side);
    let (file, line) = at.rsplit_once(':').unwrap_or_default();
    let is_it = |cells: [&str; 3]| cells == [id.as_str(), file, line];
    Ok(find(publication, "open_rows", ["event_id", "file", "line"], is_it)?.into_iter().next())
}

/// Every field that both books have of an event.
fn compare(issuer: &Record, acceptor: &Record, story: &mut Story) {
    for (field, zh) in [
        ("kind", "类型"),
        ("points", "积分"),
        ("amount", "金额"),
        ("currency", "币种"),
        ("occurred_at", "交易时间"),
        ("posted_at", "入账时间"),
        ("status", "状态"),
        ("order_no", "订单号"),
        ("counter_event_id", "对方流水号"),
        ("original_event_id", "原流水号"),
    ] {
        let (one, other) = (&issuer[field], &acceptor[field]);
        if one.is_empty() && other.is_empty() {
            continue;
        }
        let shown =
            |value: &str| if value.is_empty() { "none 无".to_owned() } else { value.into() };
        story.tell(&format!("{field} {zh}"), format!("{} | {}", shown(one), shown(other)));
    }
}

/// What a leg that stands alone says of others, as it was read.
fn as_read(leg: &Record, story: &mut Story) {
    for (field, label) in [
        ("kind", "kind 类型"),
        ("status", "status 状态"),
        ("order_no", "order 订单号"),
        ("counter_event_id", "names 所引对方流水号"),
        ("original_event_id", "reverses 原流水号"),
        ("authority", "authority 授权依据"),
    ] {
        story.tell(label, &leg[field]);
    }
}

/// Whether a rule fits two legs, and why.
fn pair(rule: &MatchRule, issuer: &Record, acceptor: &Record) -> (bool, String) {
    match rule.rule.as_str() {
        "reference" => {
            let is_named = same(&issuer["counter_event_id"], &acceptor["event_id"])
                || same(&acceptor["counter_event_id"], &issuer["event_id"]);
            let why = if is_named {
                "one leg names the other 相互引用"
            } else {
                "neither names the other 互不引用"
            };
            (is_named, why.to_owned())
        }
        "order" if same(&issuer["order_no"], &acceptor["order_no"]) => {
            (true, format!("both carry {} 同一订单", issuer["order_no"]))
        }
        "order" => (false, "no order in common 订单号不同".to_owned()),
        _ => {
            let apart = between(&issuer["occurred_at"], &acceptor["occurred_at"]);
            let fits = apart.is_some_and(|apart| is_within(rule, apart));
            let apart = apart.map(seconds).unwrap_or_default();
            let word =
                if fits { "within the window 在窗内" } else { "outside the window 在窗外" };
            (fits, format!("{apart} apart, {word}"))
        }
    }
}

/// The rules for a leg that found no mirror.
fn alone(
    publication: &Publication,
    item: &Record,
    (leg, is_issuers): (&Record, bool),
    story: &mut Story,
) -> Result<(), ReviewError> {
    let id = &item["discrepancy_id"];
    let found = find(publication, "discrepancies", ["discrepancy_id"], |[of]| of == id)?;
    let Some(found) = found.first().filter(|found| UNPAIRED.contains(&found["code"].as_str()))
    else {
        return Ok(());
    };
    let others = find(publication, "open_rows", ["party"], |[of]| of != leg["party"])?;
    let mut is_tied = false;
    for (at, rule) in publication.manifest.matching.iter().enumerate() {
        let outcome = if is_tied {
            NOT_TRIED_TIED.to_owned()
        } else if found["code"] == "EVT-10" && found["version"] == rule.rule {
            is_tied = true;
            format!("several rows fit, and none is picked 多笔相符，不予选择: {}", found["reason"])
        } else {
            let why = match rule.rule.as_str() {
                "reference" => by_reference(publication, leg, &others)?,
                "order" => by_order(leg, &others),
                _ => by_window(publication, rule, (leg, is_issuers), &others)?,
            };
            format!("in vain 未命中: {why}")
        };
        tell(story, at + 1, rule, &outcome);
    }
    Ok(())
}

fn by_reference(
    publication: &Publication,
    leg: &Record,
    others: &[Record],
) -> Result<String, ReviewError> {
    let named = &leg["counter_event_id"];
    let names = if named.is_empty() {
        "it names no event of the partner 未引用对方".to_owned()
    } else {
        format!("it names {named}, {}", whereabouts(publication, named, others)?)
    };
    let naming = others.iter().find(|other| same(&other["counter_event_id"], &leg["event_id"]));
    Ok(match naming {
        None => format!("{names}; no open row of the partner names it 对方未结行均未引用"),
        Some(other) => format!("{names}; {} names it{}", other["event_id"], under(other)),
    })
}

/// Where the event stands that a leg names.
fn whereabouts(
    publication: &Publication,
    named: &str,
    others: &[Record],
) -> Result<String, ReviewError> {
    if let Some(other) = others.iter().find(|other| other["event_id"] == named) {
        return Ok(format!("which is open itself 未结{}", under(other)));
    }
    let by = ["issuer_event_id", "acceptor_event_id"];
    if let Some(event) =
        find(publication, "cleared_events", by, |ids| ids.contains(&named))?.first()
    {
        let (issuer, acceptor) = (&event["issuer_event_id"], &event["acceptor_event_id"]);
        return Ok(format!("which is counted already 已计入: {issuer} and {acceptor}"));
    }
    Ok("which no open or counted row has 未见".to_owned())
}

fn under(row: &Record) -> String {
    match row["code"].as_str() {
        "" => String::new(),
        code => format!(" under {code} 另有差错"),
    }
}

fn by_order(leg: &Record, others: &[Record]) -> String {
    let order = &leg["order_no"];
    if order.is_empty() {
        return "it has no order 无订单号".to_owned();
    }
    match others.iter().find(|other| other["order_no"] == *order) {
        None => format!("no open row of the partner has order {order} 对方无此订单"),
        Some(other) => {
            format!("{} has its order, as {}{}", other["event_id"], other["kind"], under(other))
        }
    }
}

fn by_window(
    publication: &Publication,
    rule: &MatchRule,
    (leg, is_issuers): (&Record, bool),
    others: &[Record],
) -> Result<String, ReviewError> {
    let kind = mirror_kind(&leg["kind"]);
    let near = |other: &&Record| {
        let (issuer, acceptor) = if is_issuers { (leg, *other) } else { (*other, leg) };
        other["kind"] == kind
            && between(&issuer["occurred_at"], &acceptor["occurred_at"])
                .is_some_and(|apart| is_within(rule, apart))
    };
    let near: Vec<&Record> = others.iter().filter(near).collect();
    if near.is_empty() {
        return Ok(format!("no open {kind} of the partner within it 窗内无对方流水"));
    }
    let (own, partner) =
        if leg["party"] == "a" { ("a_member", "b_member") } else { ("b_member", "a_member") };
    let links = find(publication, "links", [own], |[of]| of == leg["member_no"])?;
    let is_linked = |other: &&&Record| links.iter().any(|link| link[partner] == other["member_no"]);
    let linked: Vec<String> = near
        .iter()
        .filter(is_linked)
        .map(|other| format!("{} of {} points", other["event_id"], grouped(&other["points"])))
        .collect();
    let count = counted(near.len() as u64, "row");
    Ok(if linked.is_empty() {
        format!("{count} of that kind within it, none of the linked member 窗内无同一会员")
    } else {
        let shown = linked.join(", ");
        format!("{shown}: the mirror is another, or it fits not alone 镜像不符或不唯一")
    })
}

fn is_within(rule: &MatchRule, apart: i64) -> bool {
    let (from, to) = (rule.from_micros, rule.to_micros);
    from.is_some_and(|from| from <= apart) && to.is_some_and(|to| apart <= to)
}

/// Microseconds from one instant to another.
fn between(from: &str, to: &str) -> Option<i64> {
    let at = |text: &str| text.parse::<Timestamp>().ok().map(Timestamp::as_microsecond);
    at(to)?.checked_sub(at(from)?)
}

/// Microseconds as seconds.
fn seconds(micros: i64) -> String {
    let (whole, rest) = (micros / 1_000_000, micros % 1_000_000);
    let sign = if micros < 0 { "-" } else { "" };
    let whole = grouped(&whole.unsigned_abs().to_string());
    match rest.unsigned_abs() {
        0 => format!("{sign}{whole} s"),
        rest => format!("{sign}{whole}.{rest:06} s"),
    }
}
