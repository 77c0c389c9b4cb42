//! Ledger rows in their compact form, and the files that they go to.

use std::path::Path;

use crate::value::kind::{Kind, Status};
use crate::value::party::Party;

use super::calendar::{DAY, Scene, Second, push_day, push_padded};
use super::world::member_no;
use super::write::{Heading, Holds, Layout, Table};
use super::{CODES, GenerateError};

/// An event number within its party and period; zero is none.
pub(super) type EventNo = u64;

/// The first number that no row carries: what a dangling reference names.
pub(super) const UNKNOWN_FROM: EventNo = 900_000_000_000;

/// An order that both sides know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct OrderNo {
    /// When it was placed.
    pub at: Second,
    /// Its number within the period.
    pub serial: u64,
}

/// A row of a ledger. Texts are formed when it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row {
    /// When it happened.
    pub at: Second,
    /// Its number.
    pub event: EventNo,
    /// The index of the member pair whose member it names.
    pub member: u64,
    /// What happened.
    pub kind: Kind,
    /// Signed points.
    pub points: i64,
    /// When the balance moved; B's file does not say.
    pub posted: Option<Second>,
    /// The partner's number of the same event.
    pub counter: EventNo,
    /// The number that a reversal reverses.
    pub original: EventNo,
    /// The order that both sides know.
    pub order: Option<OrderNo>,
    /// Whether it took effect.
    pub status: Status,
    /// Whether the event number is written in scientific notation, which a reader must refuse.
    pub mangled: bool,
}

/// Rows that are sorted by time together before they are written, so that small files read like a
/// journal and large ones stay within bounds.
const SORTED_ROWS: usize = 65_536;

const A_LEDGER: [Heading; 10] = [
    ("流水号", Holds::Text),
    ("会员号", Holds::Text),
    ("类型", Holds::Text),
    ("积分", Holds::Whole),
    ("交易时间", Holds::Compact),
    ("入账时间", Holds::Compact),
    ("对方流水号", Holds::Text),
    ("原流水号", Holds::Text),
    ("订单号", Holds::Text),
    ("状态", Holds::Text),
];

const B_LEDGER: [Heading; 9] = [
    ("event_id", Holds::Text),
    ("member_no", Holds::Text),
    ("kind", Holds::Text),
    ("points", Holds::Whole),
    ("occurred_at", Holds::Iso),
    ("counter_event_id", Holds::Text),
    ("original_event_id", Holds::Text),
    ("order_no", Holds::Text),
    ("status", Holds::Text),
];

/// One party's ledger of one period: one file, or one for every ten days.
pub(super) struct Ledger {
    party: Party,
    stem: String,
    start: Second,
    parts: Vec<(Table, Vec<Row>)>,
    scratch: String,
    /// Rows written or waiting.
    pub rows: u64,
}

impl Ledger {
    /// Opens the files under a folder. A sends one file for every ten days (上旬, 中旬, 下旬), B one.
    pub fn create(
        folder: &Path,
        party: Party,
        layout: Layout,
        scene: &Scene,
    ) -> Result<Ledger, GenerateError> {
        let (names, headings): (&[&str], &[Heading]) = match party {
            Party::A => (&["ledger-1", "ledger-2", "ledger-3"], &A_LEDGER),
            Party::B => (&["ledger"], &B_LEDGER),
        };
        let parts = names
            .iter()
            .map(|name| {
                let path = folder.join(format!("{name}.{}", layout.ending()));
                Ok((Table::create(&path, layout, headings)?, Vec::new()))
            })
            .collect::<Result<_, GenerateError>>()?;
        let (stem, start) = (scene.stem.clone(), scene.start);
        Ok(Ledger { party, stem, start, parts, scratch: String::new(), rows: 0 })
    }

    /// Takes a row.
    pub fn push(&mut self, row: Row) -> Result<(), GenerateError> {
        self.rows += 1;
        let part = match self.parts.len() {
            1 => 0,
            _ => usize::try_from((row.at - self.start) / (10 * DAY)).unwrap_or(0).min(2),
        };
        let Some((table, waiting)) = self.parts.get_mut(part) else { return Ok(()) };
        waiting.push(row);
        if waiting.len() < SORTED_ROWS {
            return Ok(());
        }
        write_sorted(table, waiting, self.party, &self.stem, &mut self.scratch)
    }

    /// Writes what waits and closes the files.
    pub fn finish(mut self) -> Result<(), GenerateError> {
        for (mut table, mut waiting) in self.parts {
            write_sorted(&mut table, &mut waiting, self.party, &self.stem, &mut self.scratch)?;
            table.finish()?;
        }
        Ok(())
    }
}

fn write_sorted(
    table: &mut Table,
    rows: &mut Vec<Row>,
    party: Party,
    stem: &str,
    scratch: &mut String,
) -> Result<(), GenerateError> {
    // A stable sort: rows of one event at one instant keep the order in which they came.
    rows.sort_by_key(|row| (row.at, row.event));
    for row in rows.drain(..) {
        write_row(table, &row, party, stem, scratch)?;
    }
    Ok(())
}

fn write_row(
    table: &mut Table,
    row: &Row,
    party: Party,
    stem: &str,
    scratch: &mut String,
) -> Result<(), GenerateError> {
    let text = |table: &mut Table, scratch: &mut String| {
        table.text(scratch);
        scratch.clear();
    };
    scratch.clear();
    if row.mangled {
        scratch.push_str("4.00123E+27");
    } else {
        push_event_id(scratch, party, stem, row.event);
    }
    text(table, scratch);
    member_no(scratch, party, row.member);
    text(table, scratch);
    table.text(match party {
        Party::A => row.kind.zh(),
        Party::B => row.kind.word(),
    });
    table.whole(row.points);
    table.instant(Some(row.at));
    if party == Party::A {
        table.instant(row.posted);
    }
    for (whose, reference) in [(party.partner(), row.counter), (party, row.original)] {
        if reference == 0 {
            table.empty();
        } else {
            push_event_id(scratch, whose, stem, reference);
            text(table, scratch);
        }
    }
    match row.order {
        Some(order) => {
            push_order_no(scratch, order);
            text(table, scratch);
        }
        None => table.empty(),
    }
    table.text(match party {
        Party::A => row.status.zh(),
        Party::B => row.status.word(),
    });
    table.end_row()
}

/// Appends an event number such as `SKY2603-00001234`.
pub(super) fn push_event_id(text: &mut String, party: Party, stem: &str, event: EventNo) {
    text.push_str(CODES.of(party));
    text.push_str(stem);
    text.push('-');
    push_padded(text, event, 8);
}

/// Appends an order number such as `SO20260305-000123`.
fn push_order_no(text: &mut String, order: OrderNo) {
    text.push_str("SO");
    push_day(text, order.at);
    text.push('-');
    push_padded(text, order.serial, 6);
}
