//! What was cleared of events that the run's files still name, and what was cleared alone.

use std::collections::BTreeSet;

use arrow::array::StringArray;

use super::Hand;
use super::index::{party_of, said, unsound, word};
use crate::frame::books::RecalledRow;
use crate::past::Settled;
use crate::publish::{Columns, Final, PublishError};
use crate::run::Error;
use crate::value::kind::{Kind, Status};
use crate::value::party::Party;
use crate::value::period::Instant;

pub const CLEARED: &str = "cleared_events";

/// Cleared events that the run has to know: an event with all its reversals, by issuer and the
/// event's id.
pub type Families = BTreeSet<(Party, String)>;

impl Hand<'_> {
    /// Whether the run has a row of that id, or one that names it.
    pub(super) fn wants(&self, party: Party, id: &str) -> bool {
        let index = self.index.of(party);
        index.own.has(id)
            || index.originals.has(id)
            || self.index.of(party.partner()).counters.has(id)
            || self.named.of(party).contains(id)
    }

    /// Finds the cleared events that a leg of the run is, names, or reverses, and the numbers that
    /// their legs name beside.
    pub fn find_families(
        &mut self,
        publication: &Final,
        families: &mut Families,
    ) -> Result<(), Error> {
        let columns = [
            "issuer",
            "issuer_event_id",
            "acceptor_event_id",
            "original_event_id",
            "acceptor_original_event_id",
            "counter_event_id",
            "acceptor_counter_event_id",
        ];
        let facts = ["issuer_member", "kind", "issuer_points", "occurred_at"];
        let asks = Party::BOTH.iter().any(|party| !self.alike.of(*party).is_empty());
        let columns = [&columns[..], if asks { &facts } else { &[] }].concat();
        self.shelf.scan(publication, CLEARED, &columns, &mut |rows| {
            if asks {
                self.find_alike(rows, families)?;
            }
            let issuers = rows.texts("issuer")?;
            let legs = [rows.texts("issuer_event_id")?, rows.texts("acceptor_event_id")?];
            let originals =
                [rows.texts("original_event_id")?, rows.texts("acceptor_original_event_id")?];
            let counters =
                [rows.texts("counter_event_id")?, rows.texts("acceptor_counter_event_id")?];
            for row in 0..rows.len() {
                let issuer = party_of(issuers.value(row));
                for (side, owner) in [issuer.partner(), issuer].into_iter().enumerate() {
                    let named = said(counters[side], row);
                    let beside = named.filter(|id| said(legs[1 - side], row) != Some(*id));
                    if let Some(id) = beside.filter(|id| self.wants(owner, id)) {
                        let of_issuer = self.recalled.scope.named.of_mut(issuer);
                        of_issuer.of_mut(owner).insert(id.to_owned());
                    }
                }
                let Some(root) = said(originals[0], row).or(said(legs[0], row)) else { continue };
                let of = |ids: &StringArray, party| {
                    said(ids, row).is_some_and(|id| self.wants(party, id))
                };
                let sides = [issuer, issuer.partner()];
                let is_wanted = (0..2)
                    .any(|side| of(legs[side], sides[side]) || of(originals[side], sides[side]));
                if is_wanted {
                    families.insert((issuer, root.to_owned()));
                }
            }
            Ok(())
        })
    }

    /// Finds the cleared spends beside which one of the run says the same.
    fn find_alike(&self, rows: &Columns<'_>, families: &mut Families) -> Result<(), PublishError> {
        let (issuers, ids) = (rows.texts("issuer")?, rows.texts("issuer_event_id")?);
        let (members, kinds) = (rows.texts("issuer_member")?, rows.texts("kind")?);
        let (points, instants) = (rows.integers("issuer_points")?, rows.instants("occurred_at")?);
        for (row, (points, at)) in points.into_iter().zip(instants).enumerate() {
            let kind = word(Kind::ALL, Kind::WORDS, said(kinds, row));
            let (Some(id), Some(member)) = (said(ids, row), said(members, row)) else { continue };
            let (Some(kind), Some(points), Some(at)) = (kind, points, at) else { continue };
            let issuer = party_of(issuers.value(row));
            if self.alike.of(issuer).has(member, (kind, points), at) {
                families.insert((issuer, id.to_owned()));
            }
        }
        Ok(())
    }

    /// Brings back the cleared events of those families, and every leg that was cleared alone.
    pub fn bring_cleared(&mut self, publication: &Final, families: &Families) -> Result<(), Error> {
        self.shelf.scan(publication, CLEARED, &COLUMNS, &mut |rows| {
            let sides = [Leg::of(rows, ISSUERS)?, Leg::of(rows, ACCEPTORS)?];
            let (issuers, orders) = (rows.texts("issuer")?, rows.texts("order_no")?);
            let cleared = rows.integers("points")?;
            for (row, points) in cleared.into_iter().enumerate() {
                let line = rows.line(row);
                let issuer = party_of(issuers.value(row));
                let ids = [said(sides[0].ids, row), said(sides[1].ids, row)];
                let is_alone = ids.contains(&None);
                let root = said(sides[0].originals, row).or(ids[0]);
                let is_kin = root.is_some_and(|root| families.contains(&(issuer, root.to_owned())));
                if !is_alone && !is_kin {
                    continue;
                }
                let unsound = || unsound(publication, CLEARED, line);
                let points = points.ok_or_else(unsound)?;
                let mut legs = [None, None];
                for (side, party) in [issuer, issuer.partner()].into_iter().enumerate() {
                    let Some(read) = sides[side].read(row) else { continue };
                    let leg = read.ok_or_else(unsound)?;
                    let leg = RecalledRow {
                        order_no: said(orders, row).map(str::to_owned),
                        file: self.file(party, publication, CLEARED),
                        line,
                        ..leg
                    };
                    let leg = self.settle(party, leg, None, Settled::Cleared);
                    self.recalled.scope.cleared.of_mut(party).insert(leg, points);
                    legs[side] = Some(leg);
                }
                if let [Some(leg), Some(mirror)] = legs {
                    self.recalled.scope.pairs.of_mut(issuer).push((leg, mirror));
                }
            }
            Ok(())
        })
    }
}

/// What is read of `cleared_events`.
pub const COLUMNS: [&str; 19] = [
    "issuer",
    "points",
    "order_no",
    "issuer_event_id",
    "kind",
    "issuer_member",
    "original_event_id",
    "counter_event_id",
    "issuer_status",
    "occurred_at",
    "issuer_points",
    "acceptor_event_id",
    "acceptor_kind",
    "acceptor_member",
    "acceptor_original_event_id",
    "acceptor_counter_event_id",
    "acceptor_status",
    "accepted_at",
    "recorded_mirror",
];

/// The columns of the issuer's leg: id, kind, member, original, counter and status; when; points.
const ISSUERS: ([&str; 6], &str, &str) = (
    [
        "issuer_event_id",
        "kind",
        "issuer_member",
        "original_event_id",
        "counter_event_id",
        "issuer_status",
    ],
    "occurred_at",
    "issuer_points",
);

/// Those of the acceptor's leg.
const ACCEPTORS: ([&str; 6], &str, &str) = (
    [
        "acceptor_event_id",
        "acceptor_kind",
        "acceptor_member",
        "acceptor_original_event_id",
        "acceptor_counter_event_id",
        "acceptor_status",
    ],
    "accepted_at",
    "recorded_mirror",
);

/// The columns of one side of `cleared_events`.
struct Leg<'a> {
    ids: &'a StringArray,
    kinds: &'a StringArray,
    members: &'a StringArray,
    originals: &'a StringArray,
    counters: &'a StringArray,
    statuses: &'a StringArray,
    at: Vec<Option<Instant>>,
    points: Vec<Option<i64>>,
}

impl<'a> Leg<'a> {
    fn of(
        rows: &'a Columns<'_>,
        (texts, at, points): ([&str; 6], &str, &str),
    ) -> Result<Leg<'a>, PublishError> {
        let [ids, kinds, members, originals, counters, statuses] =
            texts.map(|name| rows.texts(name));
        Ok(Leg {
            ids: ids?,
            kinds: kinds?,
            members: members?,
            originals: originals?,
            counters: counters?,
            statuses: statuses?,
            at: rows.instants(at)?,
            points: rows.integers(points)?,
        })
    }

    /// The leg of a row as it was read, as far as the table says; `Some(None)` where it is not
    /// sound, `None` where the row has no such leg.
    fn read(&self, row: usize) -> Option<Option<RecalledRow>> {
        let event_id = said(self.ids, row)?.to_owned();
        let text = |column| said(column, row).map(str::to_owned);
        let sound = || {
            Some(RecalledRow {
                event_id,
                member_no: text(self.members)?,
                kind: word(Kind::ALL, Kind::WORDS, said(self.kinds, row))?,
                points: self.points.get(row).copied().flatten()?,
                occurred_at: self.at.get(row).copied().flatten()?,
                posted_at: None,
                counter_event_id: text(self.counters),
                original_event_id: text(self.originals),
                order_no: None,
                status: word(Status::ALL, Status::WORDS, said(self.statuses, row))?,
                amount: None,
                currency: None,
                authority: None,
                is_open: false,
                file: 0,
                line: 0,
            })
        };
        Some(sound())
    }
}
