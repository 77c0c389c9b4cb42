//! Payments and disputes of earlier statements (收付款与争议): a number that stands for two of them.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::{Desk, place};
use super::event::EVT_04_SETTLED;
use crate::discrepancy::Discrepancy;
use crate::frame::claims::Settlements;
use crate::value::party::Party;

/// Tells each number whose rows say different things. Which of them counts is said in
/// docs/clearing.md, *Late fee*.
#[must_use]
pub fn judge(desk: &Desk<'_>, frame: &Settlements) -> Vec<Discrepancy> {
    let mut by_number: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for row in frame.rows() {
        by_number.entry(frame.of(row).0).or_default().push(row);
    }
    by_number.into_iter().filter_map(|(id, rows)| collided(desk, frame, id, &rows)).collect()
}

fn collided(desk: &Desk<'_>, frame: &Settlements, id: &str, rows: &[u32]) -> Option<Discrepancy> {
    let own = desk.agreement.currency.code();
    let day = |row: u32| frame.on(row).day(&desk.agreement.zone);
    // In the order by which one of them counts.
    let said: BTreeSet<_> = rows
        .iter()
        .map(|&row| {
            let currency = frame.currency(row).unwrap_or(own);
            (frame.of(row).1, currency, frame.kind(row), day(row), frame.amount(row))
        })
        .collect();
    let all: Vec<_> = said.iter().collect();
    let (first, second) = (all.first()?, all.get(1)?);
    let field = match () {
        () if first.0 != second.0 => "period",
        () if first.1 != second.1 => "currency",
        () if first.2 != second.2 => "kind",
        () if first.3 != second.3 => "on",
        () => "amount",
    };
    let shown = all.iter().map(|(period, currency, kind, day, amount)| {
        let day = day.map_or(String::new(), |day| day.to_string());
        format!("{period} {} {} {currency} {day}", kind.word(), amount.normalize())
    });
    let shown: Vec<String> = shown.collect();
    let (counts, others) = shown.split_first()?;
    // The number is both parties' subject, so that it does not matter which of them is called A.
    let mut draft = desk.draft(&EVT_04_SETTLED);
    for party in Party::BOTH {
        draft = draft.subject(party, format!("settlement {id}"));
    }
    for &row in rows {
        draft = draft.at(Party::A, place(&desk.paths.settlements, &frame.origins, row));
    }
    let draft = draft
        .differs(field, None, None)
        .expected(Some(counts.clone()), Some(others.join(";")))
        .seen(rows.iter().map(|&row| frame.on(row)).min()?);
    let times = rows.len();
    Some(draft.because(format!(
        "the settlement {id} stands {times} times, and not alike; the first of them counts"
    )))
}
