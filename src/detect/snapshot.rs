//! Rules on the age of snapshots: SNP-01 and SNP-02.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::desk::Desk;
use super::feed::Arrival;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::feed::{FeedKind, Owner};
use crate::value::party::{Both, Party};
use crate::value::period::{DAY_MICROS, Instant};

/// SNP-01: snapshot stale (快照过旧).
pub static SNP_01: Rule = Rule {
    code: "SNP-01",
    title: "snapshot stale",
    zh: "快照过旧",
    severity: Severity::Error,
    effect: Effect::Blocks,
    latitude: Latitude::Free,
    finds: say(
        "A snapshot of members or accounts that is older than the pipeline allows, or of no known date.",
        "会员或余额快照早于流水线所允许的日期，或日期不明。",
    ),
    matters: say(
        "Members would be judged by a status, and accounts by a balance, that no longer hold.",
        "会员状态与账户余额会按早已过时的快照来判定。",
    ),
    example: say(
        "The members are as of March 20, and the run of March 31 allows three days.",
        "会员快照截至 3 月 20 日，而 3 月 31 日的运行只允许相差三天。",
    ),
    settles: say("The sender delivers a fresh snapshot.", "由发送方补送新的快照。"),
};

/// SNP-02: snapshots of different days (快照日期不一).
pub static SNP_02: Rule = Rule {
    code: "SNP-02",
    title: "snapshots of different days",
    zh: "快照日期不一",
    severity: Severity::Warning,
    effect: Effect::Counted,
    latitude: Latitude::Free,
    finds: say(
        "Both parties' snapshots of one kind as of different days, or one snapshot of several days.",
        "双方同类快照截至不同日期，或同一快照内日期不一。",
    ),
    matters: say(
        "What changed between the days looks like a disagreement.",
        "两个日期之间的变动会被误认为差错。",
    ),
    example: say(
        "A's accounts are as of March 31, B's as of March 30.",
        "甲方余额截至 3 月 31 日，乙方截至 3 月 30 日。",
    ),
    settles: say("Both parties agree on one day for their snapshots.", "双方约定同一个快照日期。"),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&SNP_01, &SNP_02];

/// The least and the greatest instant as of which rows of a snapshot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    least: Instant,
    greatest: Instant,
}

impl Span {
    fn with(self, other: Span) -> Span {
        Span { least: self.least.min(other.least), greatest: self.greatest.max(other.greatest) }
    }
}

/// As of when the rows of a snapshot hold, as they come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AsOf {
    /// Of the rows that say so.
    span: Option<Span>,
    /// The parts of the feed that have rows which do not.
    silent: BTreeSet<u32>,
}

impl AsOf {
    /// Takes in a row of a part.
    pub fn take(&mut self, part: u32, at: Option<Instant>) {
        match at {
            Some(at) => self.widen(at),
            None if self.silent.contains(&part) => {}
            None => {
                self.silent.insert(part);
            }
        }
    }

    /// Takes in what other rows of the same snapshot say.
    pub fn take_in(&mut self, other: AsOf) {
        if let Some(Span { least, greatest }) = other.span {
            self.widen(least);
            self.widen(greatest);
        }
        self.silent.extend(other.silent);
    }

    fn widen(&mut self, at: Instant) {
        let span = Span { least: at, greatest: at };
        self.span = Some(self.span.map_or(span, |known| known.with(span)));
    }
}

/// What is wrong with the dates of the snapshots of members and accounts that came whole.
pub fn judge(
    desk: &Desk<'_>,
    arrivals: &[Arrival<'_>],
    members: &Both<Option<AsOf>>,
    accounts: &Both<Option<AsOf>>,
) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    for kind in [FeedKind::Members, FeedKind::Accounts] {
        let mut days: Both<Option<Date>> = Both::default();
        for party in Party::BOTH {
            let of = |a: &&Arrival<'_>| a.feed.owner == Owner::Party(party) && a.feed.kind == kind;
            let Some(arrival) = arrivals.iter().find(of) else { continue };
            // A snapshot that did not come whole has its own finding.
            let of = if kind == FeedKind::Members { members } else { accounts };
            let Some(as_of) = of.of(party) else { continue };
            let span = span(arrival, as_of);
            found.extend(stale(desk, arrival, span));
            let Some(span) = span else { continue };
            let day = |at: Instant| at.day(&desk.agreement.zone);
            *days.of_mut(party) = day(span.greatest);
            if day(span.least) != day(span.greatest) {
                let shown = |at: Instant| day(at).map(|day| day.to_string());
                found.push(
                    arrival
                        .draft(desk, &SNP_02, &[])
                        .differs("as_of", None, None)
                        .expected(shown(span.greatest), shown(span.least))
                        .because(format!(
                            "rows of {party}'s {} hold on different days",
                            kind.word()
                        )),
                );
            }
        }
        if let (Some(a), Some(b)) = (days.a, days.b)
            && a != b
        {
            let draft = Party::BOTH.iter().fold(desk.draft(&SNP_02), |draft, &party| {
                draft.subject(party, kind.word().to_owned())
            });
            found.push(
                draft
                    .differs("as_of", Some(a.to_string()), Some(b.to_string()))
                    .because(format!("the parties' {} hold on different days", kind.word())),
            );
        }
    }
    found
}

/// SNP-01, counted from the last instant before the cut, because a day as `as_of` means its last.
fn stale(desk: &Desk<'_>, arrival: &Arrival<'_>, span: Option<Span>) -> Option<Discrepancy> {
    let days = arrival.feed.max_age_days?;
    let zone = &desk.agreement.zone;
    let oldest = desk.period.cut().plus(-1).plus(-DAY_MICROS.saturating_mul(i64::from(days)));
    let reason = match span {
        Some(span) if span.greatest >= oldest => return None,
        Some(_) => format!("the snapshot is older than {days} days"),
        None => "nothing says as of when the snapshot holds".to_owned(),
    };
    let draft = arrival.draft(desk, &SNP_01, &[]).differs("as_of", None, None);
    let shown = span.map(|span| span.greatest.show(zone));
    Some(draft.expected(Some(oldest.show(zone)), shown).because(reason))
}

/// The instants of a snapshot: its rows' own, or else those of its files' deliveries.
fn span(arrival: &Arrival<'_>, as_of: &AsOf) -> Option<Span> {
    let of_file = |path: &str| {
        let note = arrival.note?;
        note.lines_of(path).filter_map(|line| note.lines.as_of(line)).max()
    };
    let files = &arrival.rows.files;
    let delivered: Vec<Option<Instant>> = files.iter().map(|file| of_file(&file.path)).collect();
    let of_part = |part: &u32| {
        let part = arrival.rows.parts.get(*part as usize)?;
        delivered.get(part.file as usize).copied().flatten()
    };
    let mut all = as_of.clone();
    as_of.silent.iter().filter_map(of_part).for_each(|at| all.widen(at));
    // A snapshot without a row still holds as of a day.
    for (file, at) in files.iter().zip(&delivered) {
        if let (0, None, Some(at)) = (file.rows, &file.repeats, at) {
            all.widen(*at);
        }
    }
    all.span
}
