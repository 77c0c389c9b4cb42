//! What a run must find: one row per discrepancy, written beside the data.

use std::collections::BTreeMap;
use std::path::Path;

use crate::value::party::{Both, Party};

use super::GenerateError;
use super::calendar::Scene;
use super::census::Fault;
use super::ledger::{EventNo, push_event_id};
use super::world::member_no;
use super::write::{Heading, Holds, Layout, Table};

const TRUTH: [Heading; 8] = [
    ("period", Holds::Text),
    ("code", Holds::Text),
    ("party", Holds::Text),
    ("a_event_id", Holds::Text),
    ("b_event_id", Holds::Text),
    ("a_member", Holds::Text),
    ("b_member", Holds::Text),
    ("note", Holds::Text),
];

/// A discrepancy that a run must report.
///
/// `party` is the issuer of a leg or a pair, and the party whose book or feed it is for everything
/// else. Where several events or members of one side belong to one discrepancy, all stand here, in
/// ascending order, and are written with `;` between them.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    /// What is found.
    pub fault: Fault,
    /// The issuer, or whose book or feed it is.
    pub party: Party,
    /// The events of each side.
    pub events: Both<Vec<EventNo>>,
    /// The members of each side, by index.
    pub members: Both<Vec<u64>>,
    /// Why.
    pub note: String,
}

impl Finding {
    /// A finding with nothing named yet.
    pub fn new(fault: Fault, party: Party) -> Finding {
        let none = Both { a: Vec::new(), b: Vec::new() };
        let members = Both { a: Vec::new(), b: Vec::new() };
        Finding { fault, party, events: none, members, note: String::new() }
    }

    /// Names an event of a side.
    pub fn event(mut self, side: Party, event: EventNo) -> Finding {
        self.events.of_mut(side).push(event);
        self
    }

    /// Names a member of a side.
    pub fn member(mut self, side: Party, member: u64) -> Finding {
        self.members.of_mut(side).push(member);
        self
    }

    /// Says why.
    pub fn note(mut self, note: impl Into<String>) -> Finding {
        self.note = note.into();
        self
    }
}

/// The truth file and its counts.
pub(super) struct Truth {
    table: Table,
    counts: BTreeMap<&'static str, u64>,
    scratch: String,
}

impl Truth {
    /// Opens the file.
    pub fn create(path: &Path) -> Result<Truth, GenerateError> {
        let table = Table::create(path, Layout::Parquet, &TRUTH)?;
        Ok(Truth { table, counts: BTreeMap::new(), scratch: String::new() })
    }

    /// Writes a finding.
    pub fn record(&mut self, scene: &Scene, found: &Finding) -> Result<(), GenerateError> {
        let code = found.fault.code();
        *self.counts.entry(code).or_insert(0) += 1;
        self.table.text(&scene.label);
        self.table.text(code);
        self.table.text(found.party.letter());
        for (side, events) in found.events.iter() {
            self.joined(events, |text, event| push_event_id(text, side, &scene.stem, event));
        }
        for (side, members) in found.members.iter() {
            self.joined(members, |text, member| member_no(text, side, member));
        }
        if found.note.is_empty() {
            self.table.empty();
        } else {
            self.table.text(&found.note);
        }
        self.table.end_row()
    }

    fn joined(&mut self, numbers: &[u64], push: impl Fn(&mut String, u64)) {
        if numbers.is_empty() {
            return self.table.empty();
        }
        self.scratch.clear();
        for (index, &number) in numbers.iter().enumerate() {
            if index > 0 {
                self.scratch.push(';');
            }
            push(&mut self.scratch, number);
        }
        self.table.text(&self.scratch);
    }

    /// Closes the file; findings by code.
    pub fn finish(self) -> Result<BTreeMap<&'static str, u64>, GenerateError> {
        self.table.finish()?;
        Ok(self.counts)
    }
}
