//! Caps and minimums (clearing.md), and events that look alike (EVT-05).

use super::books::{Books, Fate};
use super::pairs::Judged;
use super::past::Settled;
use crate::world::{Cap, SECOND};

/// Findings after which a pair is not judged any further.
const STRUCTURAL: [&str; 3] = ["REV-01", "EVT-08", "EVT-09"];

impl Books<'_> {
    /// Holds what is below a minimum or above a cap, and the reversals of it.
    pub fn cap(&mut self, judged: &[Judged]) {
        let mut order: Vec<Judged> = judged.to_vec();
        order.retain(|pair| {
            let fate = self.entries[pair.issuer].fate;
            self.belongs(pair.issuer) && fate == Some(Fate::Counted)
        });
        order.sort_by_key(|pair| {
            let row = &self.entries[pair.issuer].row;
            (row.occurred_at, row.event_id.clone())
        });
        let mut caps: Vec<Cap> = self.world.caps.clone();
        caps.sort_by_key(|cap| !cap.per_member);
        // The cap's position, the member (or none), the event and what it added.
        let mut sums: Vec<(usize, Option<String>, usize, i128)> = Vec::new();
        let mut held: Vec<usize> = Vec::new();
        for pair in order {
            let entry = &self.entries[pair.issuer];
            let cleared = self.cleared(pair.issuer);
            if let Some(original) = entry.original {
                let added: Vec<_> =
                    sums.iter().filter(|sum| sum.2 == original && sum.3 > 0).cloned().collect();
                sums.extend(added.into_iter().map(|sum| (sum.0, sum.1, original, cleared)));
                continue;
            }
            let (party, flow) = (entry.party, entry.flow.unwrap());
            let too_little = self.world.minimums.iter().any(|least| {
                let its = least.issuer == party && least.flow.is_none_or(|wanted| wanted == flow);
                its && cleared < i128::from(least.points)
            });
            let world = self.world;
            // What only tells of an event lets it count, and the next cap is asked.
            let mut told: Vec<&'static str> = Vec::new();
            told.extend((too_little && !world.is_off("CAP-03")).then_some("CAP-03"));
            let mut added = Vec::new();
            for (position, cap) in caps.iter().enumerate() {
                let its = cap.issuer == party && cap.flow.is_none_or(|wanted| wanted == flow);
                if !its || told.iter().any(|code| world.lets_hold(code)) {
                    continue;
                }
                let member = cap.per_member.then(|| entry.row.member_no.clone());
                let same = sums.iter().filter(|sum| sum.0 == position && sum.1 == member);
                let so_far: i128 = same.map(|sum| sum.3).sum();
                let code = if cap.per_member { "CAP-01" } else { "CAP-02" };
                let above = so_far + cleared > i128::from(cap.points);
                if above && !world.is_off(code) && !told.contains(&code) {
                    told.push(code);
                }
                added.push((position, member, pair.issuer, cleared));
            }
            let legs = vec![pair.issuer, pair.acceptor];
            match told.iter().find(|code| world.lets_hold(code)) {
                None => sums.extend(added),
                Some(code) => {
                    self.findings.retain(|(code, entries)| *code != "EVT-06" || *entries != legs);
                    held.push(pair.issuer);
                    let about = self.describe(code, &legs);
                    self.hold(&legs, about);
                }
            }
            let holding = told.iter().filter(|code| world.lets_hold(code));
            self.entries[pair.issuer].kept.extend(holding);
            self.findings.extend(told.into_iter().map(|code| (code, legs.clone())));
        }
        for pair in judged {
            let entry = &self.entries[pair.issuer];
            let Some(original) = entry.original.filter(|original| held.contains(original)) else {
                continue;
            };
            let judged_through = match entry.fate {
                Some(Fate::Counted) => true,
                Some(Fate::Held(code)) => !STRUCTURAL.contains(&code),
                _ => false,
            };
            if judged_through && self.belongs(pair.issuer) {
                let legs = vec![pair.issuer, pair.acceptor];
                self.findings.retain(|(_, entries)| *entries != legs);
                let about = self.entries[original].under.clone().unwrap();
                self.hold(&legs, about);
            }
        }
    }

    /// Whether its line is that of its original's period, which is closed.
    pub fn is_prior(&self, leg: usize) -> bool {
        self.entries[leg].original.is_some_and(|original| {
            let entry = &self.entries[original];
            entry.settled.is_some() || self.past.has_closed(entry.row.occurred_at)
        })
    }

    /// Pairs that are alike in everything but their ids, each within so long of the one before.
    /// It is asked of what counts in the end, decisions applied.
    pub fn suspect_twins(&self, judged: &[Judged], reversed: &[usize]) -> Vec<Vec<usize>> {
        let mut rest: Vec<Judged> = judged.to_vec();
        rest.retain(|pair| {
            let entry = &self.entries[pair.issuer];
            let settled = entry.settled.or(self.entries[pair.acceptor].settled);
            let is_here = self.belongs(pair.issuer) || settled == Some(Settled::Counted);
            is_here
                && entry.fate == Some(Fate::Counted)
                && entry.original.is_none()
                && !reversed.contains(&pair.issuer)
        });
        rest.sort_by_key(|pair| self.entries[pair.issuer].row.occurred_at);
        let facts = |pair: &Judged| {
            let (one, other) = (&self.entries[pair.issuer], &self.entries[pair.acceptor]);
            let members = (one.row.member_no.clone(), other.row.member_no.clone());
            (one.party, one.flow, members, one.row.points, other.row.points)
        };
        let mut found = Vec::new();
        while !rest.is_empty() {
            let mut chain = vec![rest.remove(0)];
            while let Some(next) = rest.iter().position(|pair| {
                let last = chain.last().unwrap();
                let at = |pair: &Judged| self.entries[pair.issuer].row.occurred_at;
                facts(pair) == facts(last) && at(pair) - at(last) <= 60 * SECOND
            }) {
                chain.push(rest.remove(next));
            }
            // One that was settled is told where another says the same in this run.
            let is_new = |pair: &Judged| self.belongs(pair.issuer);
            if chain.len() > 1 && chain.iter().any(is_new) {
                found.push(chain.iter().flat_map(|pair| [pair.issuer, pair.acceptor]).collect());
            }
        }
        found
    }
}
