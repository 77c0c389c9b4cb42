//! Why a figure is what it is: the story of a discrepancy, an event, a statement line, an account
//! or a row of a partner's file, from the statement down to file and line.

mod arithmetic;
mod books;
mod bytes;
mod candidates;
mod charged;
mod claims;
mod decided;
mod earlier;
mod line;
mod member;
mod mirror;
mod own;
mod record;
mod reversed;
mod rounded;
mod stated;
mod tried;
mod wanted;

use super::decision::{Decision, decisions};
use super::publication::{Publication, ReviewError};
use crate::discrepancy::in_chinese;
use crate::feed::FeedKind;

pub use bytes::offsets;
pub use claims::of_claims;
pub use own::of_ledgers;

use books::{accounts_of, of_account, of_link, of_reject};
use line::{of_line, tell_statement, terms_of};
use record::{Record, find, find_row, numbers, records};
use rounded::{ByEvent, Left};

/// What is told of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// What it is, in English and Chinese.
    pub title: String,
    /// What is told: a label in English and Chinese, and its value.
    pub lines: Vec<(String, String)>,
    /// The rows of input files that it rests on, as `path:line`.
    pub places: Vec<String>,
    /// Rows of shared feeds that no table gives a line, by their numbers.
    claims: Vec<(FeedKind, String)>,
}

impl Story {
    fn new(title: String) -> Story {
        Story { title, lines: Vec::new(), places: Vec::new(), claims: Vec::new() }
    }

    /// Tells something, unless there is nothing to tell.
    fn tell(&mut self, label: &str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.lines.push((label.to_owned(), value));
        }
    }

    /// Tells on which row it rests.
    fn tell_row(&mut self, place: String) {
        self.places.push(place.clone());
        self.tell("row 行", place);
    }

    /// Tells both legs of a pair.
    fn tell_legs(&mut self, row: &Record) {
        for (side, label) in
            [("issuer", "issuer's leg 发行方"), ("acceptor", "acceptor's leg 受理方")]
        {
            self.tell(label, leg(row, side));
            self.places.extend(Some(place(row, side)).filter(|place| !place.is_empty()));
        }
    }
}

/// Everything that a publication says of an id: of a discrepancy, an event, a member, or `line:3`
/// for a line of the statement, or `path:12` for a row of an input file. Nothing where it is
/// unknown.
///
/// # Errors
/// [`ReviewError`] when a table cannot be read.
pub fn explain(publication: &Publication, id: &str) -> Result<Vec<Story>, ReviewError> {
    let mut stories = told(publication, id)?;
    earlier::tell(publication, &mut stories)?;
    Ok(stories)
}

fn told(publication: &Publication, id: &str) -> Result<Vec<Story>, ReviewError> {
    let mut stories = Vec::new();
    if id.is_empty() {
        return Ok(stories);
    }
    if let Some(number) = id.strip_prefix("line:") {
        for line in find(publication, "statement_lines", ["line_no"], |[of]| of == number)? {
            stories.push(of_line(publication, &line)?);
        }
        return Ok(stories);
    }
    for found in find(publication, "discrepancies", ["discrepancy_id"], |[of]| of == id)? {
        stories.push(of_discrepancy(publication, &found)?);
        for table in ["held", "pending"] {
            for item in find(publication, table, ["discrepancy_id"], |[of]| of == id)? {
                stories.push(of_item(publication, table, &item)?);
            }
        }
        stories.extend(candidates::of(publication, &found)?);
        stories.extend(accounts_of(publication, &found)?);
        stories.extend(member::links_of(publication, &found)?);
        // What is counted all the same, by a decision, or of rows whose extras are excluded, stands
        // on a line of the statement.
        let decided = decisions(publication)?.remove(id).unwrap_or_default();
        if matches!(found["effect"].as_str(), "counted" | "excluded") || !decided.is_empty() {
            let by = ["issuer", "issuer_event_id", "acceptor_event_id"];
            let mut counted = numbers(publication, "cleared_events", by, |[of, one, other]| {
                let (issuer, acceptor) = match of {
                    "a" => (&found["a_event_id"], &found["b_event_id"]),
                    _ => (&found["b_event_id"], &found["a_event_id"]),
                };
                names(issuer, one) || names(acceptor, other)
            })?;
            counted.truncate(EVENTS_SHOWN);
            for event in records(publication, "cleared_events", &counted)? {
                stories.push(of_counted(publication, &event)?);
            }
        }
        if !decided.is_empty() {
            for row in find(publication, "settled_rows", ["discrepancy_id"], |[of]| of == id)? {
                stories.push(of_row(publication, SETTLED, &row)?);
            }
        }
    }
    let (file, line) = id.rsplit_once(':').unwrap_or_default();
    let is_at = |of: &str, at: &str| !file.is_empty() && (of, at) == (file, line);
    let by = [
        "issuer_event_id",
        "acceptor_event_id",
        "issuer_file",
        "issuer_line",
        "acceptor_file",
        "acceptor_line",
    ];
    let is_leg = |[one, other, file, line, of, at]: [&str; 6]| {
        one == id || other == id || is_at(file, line) || is_at(of, at)
    };
    for event in find(publication, "cleared_events", by, is_leg)? {
        stories.push(of_counted(publication, &event)?);
    }
    for table in ["held", "pending"] {
        let by = ["issuer_event_id", "acceptor_event_id", "issuer_row", "acceptor_row"];
        for item in find(publication, table, by, |cells| cells.contains(&id))? {
            stories.push(of_item(publication, table, &item)?);
        }
    }
    for (table, became) in [
        ("open_rows", "Handed on as it was read 转入下期"),
        ("settled_rows", SETTLED),
        ("own_rows", "A party's own business 本方业务"),
    ] {
        let is_it = |[event, of, at]: [&str; 3]| event == id || is_at(of, at);
        for row in find(publication, table, ["event_id", "file", "line"], is_it)? {
            stories.push(of_row(publication, became, &row)?);
        }
    }
    let names = |list: &str| names(list, id);
    let by = ["a_event_id", "b_event_id", "a_rows", "b_rows", "a_member", "b_member"];
    for found in find(publication, "discrepancies", by, |lists| lists.into_iter().any(names))? {
        stories.push(of_discrepancy(publication, &found)?);
        // A member's discrepancies may be many, and each has its own story.
        if !names(&found["a_member"]) && !names(&found["b_member"]) {
            stories.extend(candidates::of(publication, &found)?);
        }
    }
    for account in find(publication, "accounts", ["member_no"], |[of]| of == id)? {
        stories.push(of_account(&account));
    }
    stories.extend(member::of(publication, id)?);
    let by = ["a_member", "b_member"];
    for link in find(publication, "links", by, |members| members.into_iter().any(names))? {
        stories.push(of_link(&link));
    }
    for reject in find(publication, "rejects", ["file", "line"], |[of, at]| is_at(of, at))? {
        stories.push(of_reject(&reject));
    }
    Ok(stories)
}

/// Whether a list names an id. Ids are joined by semicolons, which an id may hold itself.
fn names(list: &str, id: &str) -> bool {
    let is_end = |rest: &str| rest.is_empty() || rest.starts_with(';');
    let starts = list.match_indices(id).filter(|(at, _)| *at == 0 || list[..*at].ends_with(';'));
    !id.is_empty() && starts.into_iter().any(|(at, _)| is_end(&list[at + id.len()..]))
}

/// `path:line` of a leg, as either table of legs says it.
fn place(row: &Record, side: &str) -> String {
    let of = |name: &str| row[&format!("{side}_{name}")].as_str();
    match (of("row"), of("file")) {
        ("", "") => String::new(),
        ("", file) => format!("{file}:{}", of("line")),
        (row, _) => row.to_owned(),
    }
}

/// `path:line` of a row as it was read.
fn read_from(row: &Record) -> String {
    format!("{}:{}", row["file"], row["line"])
}

/// Events of a line that are told one by one.
const EVENTS_SHOWN: usize = 10;

/// An event and where it stands, for one leg of a pair.
fn leg(row: &Record, side: &str) -> String {
    let id = &row[&format!("{side}_event_id")];
    match (id.as_str(), place(row, side)) {
        ("", _) => "none 无".to_owned(),
        (id, place) => format!("{id}  {place}"),
    }
}

fn of_counted(publication: &Publication, event: &Record) -> Result<Story, ReviewError> {
    let mut story =
        Story::new(format!("Counted 计入: {} of {}'s points", event["flow"], event["issuer"]));
    story.tell_legs(event);
    story.tell("paired by 匹配规则", &event["matched_by"]);
    tried::of_counted(publication, event, &mut story);
    story.tell("order 订单号", &event["order_no"]);
    story.tell("happened 交易时间", &event["occurred_at"]);
    story.tell("accepted 受理时间", &event["accepted_at"]);
    story.tell("reverses 原流水号", &event["original_event_id"]);
    story.tell("ratio from 比例版本", &event["ratio_from"]);
    story.tell("rate from 单价版本", &event["rate_from"]);
    let lines = find(publication, "statement_lines", ["line_no"], |[of]| of == event["line_no"])?;
    let line = lines.first().filter(|_| !event["line_no"].is_empty());
    let left = Left::of(publication, rounded::reverses(event))?;
    let mirror = rounded::of_mirror(event, &left);
    let terms = &publication.manifest.terms;
    story.tell("mirror 镜像", mirror.unwrap_or_else(|| arithmetic::of_mirror(event, line, terms)));
    story.tell("worth 金额", arithmetic::of_worth(event));
    if let Some(line) = line.filter(|line| line["type"] == "gross") {
        let terms = terms_of(publication, line)?;
        if let Some((by_event, _)) = ByEvent::of(&terms, std::slice::from_ref(line), 0) {
            story.tell("rounded 逐笔舍入", by_event.tell(event, &left).1);
        }
    }
    decided::tell(publication, ("decision_id", &event["decision_id"]), &mut story)?;
    for line in lines {
        let number = &line["line_no"];
        story.tell("line 清算单行", format!("{number}: {}", arithmetic::of_line(&line)));
        story.tell("clause of the line 合同条款", &line["clause"]);
        tell_statement(publication, &line, &mut story)?;
    }
    Ok(story)
}

fn of_item(publication: &Publication, table: &str, item: &Record) -> Result<Story, ReviewError> {
    let (word, zh) = if table == "held" { ("Held", "挂账") } else { ("Awaited", "待达") };
    // An adjustment is money alone: it has no legs and no points.
    let is_adjustment = item["kind"] == "adjustment";
    let of = match item["issuer"].as_str() {
        _ if is_adjustment => "an adjustment 调账".to_owned(),
        issuer => format!("{} of {issuer}'s points", item["kind"]),
    };
    let mut story = Story::new(format!("{word} {zh}: {of}"));
    if is_adjustment {
        story.tell("pays 付款", &item["payer"]);
    } else {
        story.tell_legs(item);
    }
    tried::of_item(publication, item, &mut story)?;
    story.tell("happened 交易时间", &item["occurred_at"]);
    story.tell("points 积分", &item["points"]);
    story.tell("ratio in force 当时比例", mirror::ratio_of(publication, item)?);
    story.tell("mirror 镜像", mirror::of_item(publication, item)?);
    reversed::tell(publication, item, &mut story)?;
    let terms = &publication.manifest.terms;
    story.tell("worth, outside the net 不计入净额", charged::of_held(item, terms));
    story.tell("adjustment 调账单号", &item["reference"]);
    if !item["reference"].is_empty() {
        story.claims.push((FeedKind::Adjustments, item["reference"].clone()));
    }
    story.tell("first seen 首见日", &item["first_seen"]);
    story.tell("days since it happened 自交易日天数", &item["age_days"]);
    let why = |[of]: [&str; 1]| of == item["discrepancy_id"];
    for found in find(publication, "discrepancies", ["discrepancy_id"], why)? {
        story.tell("why 原因", summary(&found));
    }
    Ok(story)
}

fn summary(found: &Record) -> String {
    let (code, title, zh) = (&found["code"], &found["title"], &found["title_zh"]);
    format!("{code} {title} {zh}: {} ({})", in_both(&found["reason"]), found["discrepancy_id"])
}

/// A reason with its Chinese beside it, where there is one.
fn in_both(english: &str) -> String {
    match in_chinese(english) {
        Some(zh) => format!("{english} {zh}"),
        None => english.to_owned(),
    }
}

/// Fields whose values name a member.
const PERSONAL: [&str; 3] = ["member_no", "a_member", "b_member"];

/// What is told of a row that was settled by itself.
const SETTLED: &str = "Settled without being counted 已结";

fn of_discrepancy(publication: &Publication, found: &Record) -> Result<Story, ReviewError> {
    let mut story =
        Story::new(format!("{} {} {}", found["code"], found["title"], found["title_zh"]));
    story.tell("id 差错编号", &found["discrepancy_id"]);
    let decided = decisions(publication)?.remove(&found["discrepancy_id"]).unwrap_or_default();
    let now = if decided.iter().any(Decision::is_applied) {
        ": decided, no longer held 已决，不再挂账"
    } else {
        ""
    };
    story.tell(
        "severity, effect 严重程度与处理",
        format!("{}, {}{now}", found["severity"], found["effect"]),
    );
    for (party, zh) in [("a", "甲方"), ("b", "乙方")] {
        let of = |name: &str| found[&format!("{party}_{name}")].replace(';', "; ");
        story.tell(&format!("{party}'s events {zh}流水号"), of("event_id"));
        story.tell(&format!("{party}'s rows {zh}行"), of("rows"));
        story.tell(&format!("{party}'s member {zh}会员号"), of("member"));
        let rows = found[&format!("{party}_rows")].split(';');
        story.places.extend(rows.filter(|rows| !rows.is_empty()).map(str::to_owned));
        if !PERSONAL.contains(&found["field"].as_str()) {
            story.tell(&format!("{party} says {zh}取值"), of("value"));
        }
    }
    story.tell("field 差异字段", &found["field"]);
    story.tell("expected 应为", &found["expected"]);
    story.tell("actual 实为", &found["actual"]);
    story.tell("difference in points 积分差异", &found["difference_points"]);
    if !found["amount_at_stake"].is_empty() {
        let amount = arithmetic::short(&found["amount_at_stake"]);
        story.tell("at stake 涉及金额", format!("{amount} {}", found["currency"]));
    }
    story.tell("versions or rule 适用版本", &found["version"]);
    story.tell("why 原因", in_both(&found["reason"]));
    story.tell("diagnosis 诊断", in_both(&found["diagnosis"]));
    decided::tell(publication, ("discrepancy_id", &found["discrepancy_id"]), &mut story)?;
    decided::tell_unauthorised(publication, found, &mut story)?;
    story.tell("first seen 首见日", &found["first_seen"]);
    story.tell("days since first seen 自首见日天数", &found["age_days"]);
    story.tell("would have matched 若相符则", wanted::of(found));
    stated::tell(publication, found, &mut story)?;
    Ok(story)
}

fn of_row(publication: &Publication, became: &str, row: &Record) -> Result<Story, ReviewError> {
    let mut story = Story::new(format!("{became}: {} on {}'s book", row["kind"], row["party"]));
    story.tell("event 流水号", &row["event_id"]);
    story.tell_row(read_from(row));
    story.tell("points 积分", &row["points"]);
    story.tell("happened 交易时间", &row["occurred_at"]);
    story.tell("posted 入账时间", &row["posted_at"]);
    story.tell("status 状态", &row["status"]);
    story.tell("partner's event 对方流水号", &row["counter_event_id"]);
    story.tell("reverses 原流水号", &row["original_event_id"]);
    story.tell("order 订单号", &row["order_no"]);
    story.tell("became 结清方式", row["became"].as_str());
    decided::tell(publication, ("discrepancy_id", &row["discrepancy_id"]), &mut story)?;
    Ok(story)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_names_ids_that_hold_semicolons_themselves() {
        let rows = [
            ("A1", "A1", true),
            ("A1;A2", "A2", true),
            ("A1;甲;乙;A2", "甲;乙", true),
            ("A11;A2", "A1", false),
            ("BA1", "A1", false),
            ("A1A1;A1", "A1", true),
            ("", "A1", false),
            ("A1;", "", false),
        ];
        for (list, id, is_named) in rows {
            assert_eq!(names(list, id), is_named, "{list} {id}");
        }
    }
}
