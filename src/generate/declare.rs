//! The pipeline file that runs on the generated data.

use std::fmt::Write;

use jiff::civil::Date;

use crate::value::kind::{Kind, MemberStatus, Status};
use crate::value::party::{Both, Party};

use super::CODES;
use super::calendar::GAP_DAY;
use super::world::{A_TIERS, B_TIERS, PURPOSE};
use super::write::Layout;

/// What the text depends on.
pub(super) struct Terms<'a> {
    /// The first day of each period.
    pub months: &'a [Date],
    /// How each side writes, and how the shared feeds are written.
    pub layouts: Both<Layout>,
    /// See `layouts`.
    pub shared: Layout,
    /// Whether one day of each period has no price for A's conversions.
    pub blocking: bool,
}

/// The pipeline as YAML.
pub(super) fn pipeline(terms: &Terms) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = head(&mut text, terms).and_then(|()| {
        party(&mut text, Party::A, *terms.layouts.of(Party::A))?;
        party(&mut text, Party::B, *terms.layouts.of(Party::B))?;
        shared(&mut text, terms.shared)?;
        rules(&mut text, terms)
    });
    text
}

/// How the line begins that tells a generated pipeline from one that somebody wrote.
pub(super) const WRITTEN_BY: &str = "# Written by `hutong generate`.";

fn head(text: &mut String, terms: &Terms) -> std::fmt::Result {
    let year = terms.months.first().map_or(0, |first| first.year());
    let last = terms.months.last().map_or(0, |last| last.year());
    writeln!(
        text,
        "# yaml-language-server: $schema=../pipeline.schema.json
{WRITTEN_BY} Two synthetic partners: no person and no number in it is real.
pipeline: skyline-harbour
root: .

agreement:
  id: HT-{year}-001
  title: 云航里程与海港商城会员体系互通合同
  version: \"1\"
  timezone: Asia/Shanghai
  currency: CNY
  term: {{ from: {year:04}-01-01, to: {:04}-01-01 }}
  cycle: monthly
  grace_days: 2
  due_days: 10

parties:
  a: {{ code: {}, name: 云航里程, unit: 里程 }}
  b: {{ code: {}, name: 海港商城, unit: 积分 }}

# The key turns mobile numbers into tokens before anything else is done with them.
keys:
  contact: {{ id: synthetic-1, file: keys/contact.key }}

feeds:",
        last + 1,
        CODES.a,
        CODES.b,
    )
}

fn format(layout: Layout) -> &'static str {
    match layout {
        Layout::Csv => "{ csv: { encoding: utf-8 } }",
        Layout::Parquet => "{ parquet: {} }",
    }
}

/// A column whose instants are written in their own way in text, and typed in Parquet.
fn instant(name: &str, layout: Layout, pattern: &str) -> String {
    match layout {
        Layout::Csv => format!("{{ from: {name}, format: \"{pattern}\" }}"),
        Layout::Parquet => name.to_owned(),
    }
}

/// A code map, Chinese word → canonical word.
fn map(words: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let pairs: Vec<String> = words.map(|(zh, word)| format!("{zh}: {word}")).collect();
    format!("{{ {} }}", pairs.join(", "))
}

fn party(text: &mut String, party: Party, layout: Layout) -> std::fmt::Result {
    let feed = |text: &mut String, name: &str, files: &str| {
        let ending = layout.ending();
        writeln!(
            text,
            "    {name}:
      files: {}/{{period}}/{files}.{ending}
      format: {}
      columns:",
            party.letter(),
            format(layout)
        )
    };
    let column =
        |text: &mut String, name: &str, from: &str| writeln!(text, "        {name}: {from}");
    writeln!(text, "  {}:", party.letter())?;
    if party == Party::B {
        for (name, columns) in [
            ("members", &["member_no", "tier", "tier_since", "status", "status_since"][..]),
            ("accounts", &["member_no", "balance", "as_of"]),
            ("opening", &["member_no", "balance"]),
            (
                "ledger",
                &[
                    "event_id",
                    "member_no",
                    "kind",
                    "points",
                    "occurred_at",
                    "counter_event_id",
                    "original_event_id",
                    "order_no",
                    "status",
                ],
            ),
        ] {
            feed(text, name, name)?;
            if name == "members" {
                // B keys its members' numbers itself, with the key that both partners hold.
                column(text, "mobile", "{ from: mobile_token, token: ready }")?;
            }
            for name in columns {
                column(text, name, name)?;
            }
        }
        return Ok(());
    }
    let second = |name: &str| instant(name, layout, "%Y%m%d%H%M%S");
    let day = |name: &str| instant(name, layout, "%Y%m%d");
    let statuses = map(MemberStatus::ALL.iter().map(|word| (word.zh(), word.word())));
    feed(text, "members", "members")?;
    writeln!(text, "        # 姓名 is not declared, and so it is dropped as the file is read.")?;
    column(text, "member_no", "会员号")?;
    column(text, "mobile", "{ from: 手机号, token: mobile }")?;
    column(text, "tier", "等级")?;
    column(text, "tier_since", &second("等级生效时间"))?;
    column(text, "status", &format!("{{ from: 状态, values: {statuses} }}"))?;
    column(text, "status_since", &second("状态生效时间"))?;
    for (name, balance, as_of) in
        [("accounts", "期末余额", "截止日期"), ("opening", "期初余额", "期初日期")]
    {
        feed(text, name, name)?;
        column(text, "member_no", "会员号")?;
        column(text, "balance", balance)?;
        column(text, "as_of", &day(as_of))?;
    }
    let kinds = map(Kind::ALL.iter().map(|word| (word.zh(), word.word())));
    let statuses = map(Status::ALL.iter().map(|word| (word.zh(), word.word())));
    feed(text, "ledger", "ledger-*")?;
    column(text, "event_id", "流水号")?;
    column(text, "member_no", "会员号")?;
    column(text, "kind", &format!("{{ from: 类型, values: {kinds} }}"))?;
    column(text, "points", "积分")?;
    column(text, "occurred_at", &second("交易时间"))?;
    column(text, "posted_at", &second("入账时间"))?;
    column(text, "counter_event_id", "对方流水号")?;
    column(text, "original_event_id", "原流水号")?;
    column(text, "order_no", "订单号")?;
    column(text, "status", &format!("{{ from: 状态, values: {statuses} }}"))
}

fn shared(text: &mut String, layout: Layout) -> std::fmt::Result {
    writeln!(text, "  shared:")?;
    for (name, columns) in [
        ("links", ["a_member", "b_member", "bound_at", "unbound_at", "method"]),
        ("consents", ["a_member", "b_member", "purpose", "granted_at", "withdrawn_at"]),
    ] {
        writeln!(
            text,
            "    {name}:
      files: shared/{{period}}/{name}.{}
      format: {}
      columns:",
            layout.ending(),
            format(layout)
        )?;
        for column in columns {
            writeln!(text, "        {column}: {column}")?;
        }
    }
    Ok(())
}

fn rules(text: &mut String, terms: &Terms) -> std::fmt::Result {
    writeln!(
        text,
        "
match:
  members: [link, {{ token: mobile }}]
  events: [reference, {{ order: {{}} }}, {{ window: {{ from: -5m, to: 2h }} }}]

consent: {{ purpose: {PURPOSE} }}

terms:
  # Every 16th the ratios change, from the lower to the higher one and back again.
  ratios:"
    )?;
    let year = terms.months.first().map_or(0, |first| first.year());
    for (issuer, low, high) in [("a", "100:40", "100:50"), ("b", "40:100", "50:100")] {
        let mut ratio = |points: &str, from: &str| {
            writeln!(
                text,
                "    - {{ issuer: {issuer}, points: \"{points}\", from: {from}, clause: 附件一第2条 }}"
            )
        };
        ratio(low, &format!("{year:04}-01-01"))?;
        for (index, month) in terms.months.iter().enumerate() {
            let points = if index % 2 == 0 { high } else { low };
            ratio(points, &format!("{:04}-{:02}-16", month.year(), month.month()))?;
        }
    }
    writeln!(text, "  rates:")?;
    for (issuer, flow, per_point) in [
        ("a", "redemption", "0.008"),
        ("a", "conversion", "0.0075"),
        ("a", "sale", "0.010"),
        ("b", "redemption", "0.020"),
        ("b", "conversion", "0.0185"),
        ("b", "sale", "0.024"),
    ] {
        let mut rate = |from: &str, to: &str| {
            writeln!(
                text,
                "    - {{ issuer: {issuer}, flow: {flow}, per_point: \"{per_point}\", \
                 from: {from}{to}, clause: 附件一第3条 }}"
            )
        };
        let mut from = format!("{year:04}-01-01");
        if terms.blocking && (issuer, flow) == ("a", "conversion") {
            for month in terms.months {
                let day = |day: i8| format!("{:04}-{:02}-{day:02}", month.year(), month.month());
                rate(&from, &format!(", to: {}", day(GAP_DAY)))?;
                from = day(GAP_DAY + 1);
            }
        }
        rate(&from, "")?;
    }
    writeln!(
        text,
        "  fees:
    - on: gross
      percent: \"2\"
      paid_by: issuer
      tax: {{ percent: \"6\", mode: exclusive }}
      clause: 第7条
  rounding: {{ place: line, mode: half_up }}
  mirror_rounding: down
  minimum_settlement: \"10.00\"
  opening_carry: \"125.40\"
  carry_clause: 第9条

tiers:"
    )?;
    let pairs: Vec<String> =
        A_TIERS.iter().zip(B_TIERS).map(|(a, b)| format!("{a}: {b}")).collect();
    writeln!(
        text,
        "  map: {{ {} }}
  rule: at_least
  order: [{}]
  lag_days: 3

publish: {{ to: out }}",
        pairs.join(", "),
        B_TIERS.join(", ")
    )
}
