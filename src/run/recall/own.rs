//! Rows of closed periods that no statement settled and nothing held, and that the run's rows still
//! name: what a reversal reverses, what a partner's leg names by mistake, what has the number of a
//! leg, and legs that were cancelled.

use std::collections::BTreeSet;

use arrow::array::Array;

use super::Hand;
use super::index::{Content, Movement, party_of, said, word};
use super::rows::{COLUMNS, KEPT, OWN, read_rows, stays};
use crate::past::Reused;
use crate::publish::{Columns, Final, PublishError};
use crate::run::Error;
use crate::value::kind::{Kind, Role, Status};
use crate::value::party::{Both, Party};

/// What decides whether a published row is brought back.
struct Candidate<'a> {
    party: Party,
    id: &'a str,
    kind: Kind,
    counter: Option<&'a str>,
    original: Option<&'a str>,
}

/// What a final publication has as void: pending, or cancelled.
#[derive(Default)]
struct Void {
    /// The files' rows of such events that no later publication has as posted.
    rows: Vec<(Party, u32)>,
    /// Those events that had moved their balance before they were called so.
    moved: Vec<(Party, String, Movement)>,
}

impl Candidate<'_> {
    /// Whether it is own business; no reversal of a leg is published.
    fn is_own(&self) -> bool {
        matches!(self.kind.role(), Some(Role::Own) | None)
    }

    /// Whether it is the reversal that reverses an event.
    fn reverses(&self, original: Option<&str>) -> bool {
        self.kind == Kind::Reversal && original.is_some() && self.original == original
    }
}

impl Hand<'_> {
    /// Whether the run lacks a row of its own to stand for a published one that it has to know.
    fn misses(&self, candidate: &Candidate<'_>) -> bool {
        let Candidate { party, id, .. } = *candidate;
        if self.brought.of(party).contains_key(id) || self.own.of(party).contains(id) {
            return false;
        }
        let index = self.index.of(party);
        let has_any = index.own.has(id) || self.open.of(party).contains_key(id);
        if !candidate.is_own() {
            let names = |counter| self.wants(party.partner(), counter);
            return !has_any && (self.wants(party, id) || candidate.counter.is_some_and(names));
        }
        if index.legs(id).next().is_some() || self.open.of(party).contains_key(id) {
            // A leg with the number of own business collides with it, unless it is that business.
            let is_it = |row| !index.is_leg(row) || candidate.reverses(index.reversed(row));
            return !index.own.rows(id).any(is_it) && !self.is_open(candidate);
        }
        let is_named = index.originals.has(id)
            || self.index.of(party.partner()).counters.has(id)
            || self.named.of(party).contains(id);
        is_named && !index.own.has(id)
    }

    /// Whether the row was left open and stands among the rows already.
    fn is_open(&self, candidate: &Candidate<'_>) -> bool {
        let Candidate { party, id, .. } = *candidate;
        let first = self.index.of(party).rows;
        let rows = self.recalled.rows.of(party);
        let open = self.open.of(party).get(id).into_iter().flatten();
        open.filter_map(|row| rows.get((row - first) as usize)).any(|row| {
            let original = row.original_event_id.as_deref();
            let reverses = row.kind == Kind::Reversal && candidate.reverses(original);
            reverses || row.kind.role() == Some(Role::Own)
        })
    }

    /// The rows of a batch that are brought back.
    fn missed(&self, rows: &Columns<'_>) -> Result<Vec<usize>, PublishError> {
        let (parties, ids, kinds) =
            (rows.texts("party")?, rows.texts("event_id")?, rows.texts("kind")?);
        let (counters, originals) =
            (rows.texts("counter_event_id")?, rows.texts("original_event_id")?);
        let is_missed = |&row: &usize| {
            let kind = word(Kind::ALL, Kind::WORDS, said(kinds, row));
            said(ids, row).zip(kind).is_some_and(|(id, kind)| {
                let party = party_of(parties.value(row));
                let (counter, original) = (said(counters, row), said(originals, row));
                self.misses(&Candidate { party, id, kind, counter, original })
            })
        };
        Ok((0..rows.len()).filter(is_missed).collect())
    }

    /// Brings back the rows of a final publication that the run has to know. Rows of one number
    /// that differed when it was closed come together, so that they differ still.
    pub fn bring_own(&mut self, publication: &Final) -> Result<(), Error> {
        let mut ids: Both<BTreeSet<String>> = Both::default();
        let mut void = Void::default();
        let columns = [&COLUMNS[..], &[KEPT]].concat();
        self.shelf.scan(publication, OWN, &columns, &mut |rows| {
            let others = self.note_own(rows, &mut void)?;
            for row in read_rows(self, publication, OWN, rows, &others)? {
                self.others.of_mut(row.party).push(row.row);
            }
            let wanted = self.missed(rows)?;
            if wanted.is_empty() {
                return Ok(());
            }
            for row in read_rows(self, publication, OWN, rows, &wanted)? {
                let is_own = row.row.kind.role().is_none_or(|role| role == Role::Own);
                ids.of_mut(row.party).insert(row.row.event_id.clone());
                let index = self.push(row.party, row.row, row.first_read);
                if is_own {
                    self.recalled.scope.own.of_mut(row.party).insert(index);
                }
            }
            Ok(())
        })?;
        self.take_void(void);
        for party in Party::BOTH {
            self.own.of_mut(party).append(ids.of_mut(party));
        }
        Ok(())
    }

    /// Notes what published rows say of the files' rows of their numbers, whether or not they have
    /// to be brought back. Gives those under whose number the files have another.
    fn note_own(
        &mut self,
        rows: &Columns<'_>,
        void: &mut Void,
    ) -> Result<Vec<usize>, PublishError> {
        let (parties, event_ids) = (rows.texts("party")?, rows.texts("event_id")?);
        let (statuses, kinds) = (rows.texts("status")?, rows.texts("kind")?);
        let (points, instants) = (rows.integers("points")?, rows.instants("occurred_at")?);
        let posted = rows.instants("posted_at")?;
        let (members, counters) = (rows.texts("member_no")?, rows.texts("counter_event_id")?);
        let originals = rows.texts("original_event_id")?;
        let mut others = Vec::new();
        let kept = rows.has(KEPT).then(|| rows.texts(KEPT)).transpose()?;
        for (row, (points, at)) in points.into_iter().zip(instants).enumerate() {
            let kind = word(Kind::ALL, Kind::WORDS, said(kinds, row));
            let movement = kind.zip(points).zip(at).map(|((kind, points), at)| (kind, points, at));
            let party = party_of(parties.value(row));
            let Some((id, movement)) = said(event_ids, row).zip(movement) else { continue };
            let index = self.index.of(party);
            let mut sent = index.own.rows(id).peekable();
            if sent.peek().is_none() {
                continue;
            }
            let status = word(Status::ALL, Status::WORDS, said(statuses, row));
            let content = status.zip(said(members, row)).map(|(status, member)| Content {
                movement,
                member,
                counter: said(counters, row),
                original: said(originals, row).filter(|_| movement.0 == Kind::Reversal),
                status,
            });
            let mut other = false;
            while let Some((sent, content)) = sent.next().zip(content) {
                let is_same = index.content(sent).is(&content);
                if is_same && let Some(known) = self.same.of_mut(party).get_mut(sent as usize) {
                    *known = true;
                }
                other |= !is_same;
            }
            drop(sent);
            others.extend(other.then_some(row));
            if status == Some(Status::Posted) {
                self.know(party, id, Some(movement));
            } else {
                let is_it =
                    |&row: &u32| index.movement(row) == movement && !self.is_known(party, row);
                void.rows.extend(index.own.rows(id).filter(is_it).map(|row| (party, row)));
                if posted[row].is_some() {
                    void.moved.push((party, id.to_owned(), movement));
                }
            }
            if let Some(kept) = kept.filter(|kept| kept.is_valid(row)) {
                for sent in self.index.of(party).own.rows(id) {
                    let known = self.recalled.scope.kept.of_mut(party).entry(sent);
                    known.or_insert_with(|| stays(kept, row));
                }
            }
        }
        Ok(others)
    }

    /// Which of the files' rows have a number that final publications have with other content
    /// alone. What was left open may be corrected, and is told otherwise.
    pub fn tell_reused(&mut self) {
        for party in Party::BOTH {
            let (index, same) = (self.index.of(party), self.same.of(party));
            let scope = &mut self.recalled.scope;
            let open = scope.replaced.of(party).iter().map(|row| row.event_id.as_str());
            let open: BTreeSet<&str> = open.collect();
            let mut reused = Reused::default();
            for published in std::mem::take(self.others.of_mut(party)) {
                let is_other = |row: &u32| same.get(*row as usize) != Some(&true);
                let rows: Vec<u32> = index.own.rows(&published.event_id).filter(is_other).collect();
                if !rows.is_empty() && !open.contains(published.event_id.as_str()) {
                    reused.rows.extend(rows);
                    reused.published.push(published);
                }
            }
            *scope.reused.of_mut(party) = reused;
        }
    }

    /// Takes up what a publication has as void once all of it is read, because a row of the same
    /// number and movement that took effect goes before.
    fn take_void(&mut self, void: Void) {
        for (party, row) in void.rows {
            if !self.is_known(party, row) {
                let takes_effect = self.index.of(party).is_posted(row);
                self.recalled.scope.void.of_mut(party).insert(row, takes_effect);
            }
        }
        for (party, id, movement) in void.moved {
            self.know(party, &id, Some(movement));
        }
    }
}
