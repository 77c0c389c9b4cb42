//! What becomes of each pair and of each leg that has none (judging.md, 5 to 10).

use super::books::{Books, Fate, Role};
use super::terms::{explain, mirror_by, rate_at, ratio_at};
use crate::world::{DAY, Flow, Status};

/// What a reversal has left of its original: the original's index and what is reversed so far.
#[derive(Default)]
struct Reversed(Vec<(usize, i128)>);

impl Reversed {
    fn so_far(&self, original: usize) -> i128 {
        self.0.iter().filter(|(index, _)| *index == original).map(|(_, points)| points).sum()
    }
}

/// A pair that has been judged.
#[derive(Debug, Clone, Copy)]
pub struct Judged {
    pub issuer: usize,
    pub acceptor: usize,
    /// The agreed mirror; none where no version is in force or the structure is wrong.
    pub agreed: Option<i128>,
}

impl Books<'_> {
    /// Judges everything that identity and pairing have left open.
    pub fn judge_legs(&mut self) -> Vec<Judged> {
        let mut pairs: Vec<(usize, usize)> = (0..self.entries.len())
            .filter(|index| self.entries[*index].role == Role::Issuer)
            .filter_map(|index| Some((index, self.entries[index].partner?)))
            .collect();
        // Reversals come last, because each looks at its original and at those before it.
        pairs.sort_by(|(one, _), (other, _)| {
            let (one, other) = (&self.entries[*one], &self.entries[*other]);
            let key = |row: &crate::world::Row| (row.occurred_at, row.event_id.clone());
            one.is_reversal()
                .cmp(&other.is_reversal())
                .then_with(|| key(one.row).cmp(&key(other.row)))
        });
        let mut reversed = Reversed::default();
        let mut judged = Vec::new();
        let firsts = pairs.iter().filter(|(issuer, _)| !self.entries[*issuer].is_reversal());
        for (issuer, acceptor) in firsts.copied().collect::<Vec<_>>() {
            judged.push(self.judge_pair(issuer, acceptor, &mut reversed));
        }
        for index in 0..self.entries.len() {
            if self.entries[index].is_open() {
                self.judge_alone(index);
            }
        }
        for (issuer, acceptor) in pairs {
            if self.entries[issuer].is_reversal() {
                judged.push(self.judge_pair(issuer, acceptor, &mut reversed));
            }
        }
        judged
    }

    fn judge_pair(&mut self, issuer: usize, acceptor: usize, reversed: &mut Reversed) -> Judged {
        let mut judged = Judged { issuer, acceptor, agreed: None };
        let mut codes: Vec<&'static str> = Vec::new();
        let fate = match self.structure(issuer, acceptor) {
            Some((fate, code)) => {
                codes.extend(code);
                fate
            }
            None => self.judge_substance(&mut judged, reversed, &mut codes),
        };
        for code in codes {
            self.findings.push((code, vec![issuer, acceptor]));
        }
        self.entries[issuer].fate = Some(fate);
        self.entries[acceptor].fate = Some(fate);
        judged
    }

    /// The first of the structural three that applies, with its finding.
    fn structure(&self, issuer: usize, acceptor: usize) -> Option<(Fate, Option<&'static str>)> {
        let (one, other) = (&self.entries[issuer], &self.entries[acceptor]);
        if one.is_orphan() || other.is_orphan() {
            return Some((Fate::Held("REV-01"), Some("REV-01")));
        }
        if one.row.status != other.row.status {
            return Some((Fate::Held("EVT-08"), Some("EVT-08")));
        }
        match one.row.status {
            Status::Cancelled => return Some((Fate::Excluded, None)),
            Status::Pending => return Some((Fate::Pending(""), None)),
            Status::Posted => {}
        }
        let mirror = one.original.and_then(|original| self.entries[original].partner);
        let reverse_two = one.is_reversal()
            && other.is_reversal()
            && mirror.is_some()
            && mirror != other.original;
        let wrong = reverse_two
            || one.flow != other.flow
            || one.is_reversal() != other.is_reversal()
            || !self.sign_is_right(issuer)
            || !self.sign_is_right(acceptor)
            || one.row.points == 0
            || other.row.points == 0;
        wrong.then_some((Fate::Held("EVT-09"), Some("EVT-09")))
    }

    /// Eligibility, amount, reversal and cut-off of a pair whose structure is right.
    fn judge_substance(
        &self,
        judged: &mut Judged,
        reversed: &mut Reversed,
        codes: &mut Vec<&'static str>,
    ) -> Fate {
        let (issuer, acceptor) = (judged.issuer, judged.acceptor);
        let original = self.entries[issuer].original;
        let mut held: Option<&'static str> = None;
        if original.is_none()
            && let Some((code, finding)) = self.ineligible(issuer, acceptor)
        {
            held = Some(code);
            codes.extend(finding.then_some(code));
        }
        let cleared = self.cleared(issuer);
        let (before, after) = match original {
            None => (0, cleared),
            Some(original) => {
                let before = self.cleared(original) + reversed.so_far(original);
                (before, before + cleared)
            }
        };
        if let Some(code) = self.judge_amount(judged, before, after) {
            codes.push(code);
            if code != "AMT-04" {
                held = held.or(Some(code));
            }
        }
        if let Some(original) = original {
            if after * self.cleared(original).signum() < 0 {
                codes.push("REV-02");
                held = held.or(Some("REV-02"));
            } else {
                reversed.0.push((original, cleared));
            }
            // What became of a pair of another period there decides here too.
            if self.belongs(original) || self.entries[original].partner.is_some() {
                match self.entries[original].fate.unwrap() {
                    Fate::Held(code) => {
                        codes.clear();
                        return Fate::Held(code);
                    }
                    Fate::Pending(code) => {
                        codes.clear();
                        return Fate::Pending(code);
                    }
                    Fate::Excluded => {
                        *codes = vec!["REV-01"];
                        return Fate::Held("REV-01");
                    }
                    Fate::Counted => {}
                }
            }
        }
        if let Some(code) = held {
            return Fate::Held(code);
        }
        let (start, end) = self.world.period_bounds();
        let accepted_at = self.entries[acceptor].row.occurred_at;
        if !(start <= accepted_at && accepted_at < end) {
            codes.push("EVT-06");
        }
        Fate::Counted
    }

    /// Compares the recorded mirror with the agreed one. `before` and `after` are what is left of
    /// the original (or nothing and everything, for an event of its own): the mirror of a part is
    /// the difference of the mirrors of what was left and what remains.
    fn judge_amount(&self, judged: &mut Judged, before: i128, after: i128) -> Option<&'static str> {
        let world = self.world;
        let entry = &self.entries[judged.issuer];
        let (party, flow) = (entry.party, entry.flow.unwrap());
        let at = self.version_instant(judged.issuer);
        let ratio = ratio_at(world, party, at);
        let no_ratio = flow != Flow::Sale && ratio.is_none();
        if no_ratio || rate_at(world, party, flow, at).is_none() {
            return Some("AMT-07");
        }
        let cleared = self.cleared(judged.issuer);
        let agreed = match ratio {
            Some(ratio) if flow != Flow::Sale => {
                mirror_by(world, after, ratio) - mirror_by(world, before, ratio)
            }
            _ => cleared,
        };
        judged.agreed = Some(agreed);
        let recorded = i128::from(self.entries[judged.acceptor].row.points);
        (recorded != agreed).then(|| explain(world, party, at, flow, cleared, recorded))
    }

    fn judge_alone(&mut self, index: usize) {
        let entry = &self.entries[index];
        let awaited_until = entry.row.occurred_at + self.world.grace_days * DAY;
        let (fate, code) = match (entry.row.status, entry.role) {
            (Status::Cancelled, _) => (Fate::Excluded, None),
            (Status::Pending, _) => (Fate::Pending(""), None),
            _ if entry.is_orphan() => (Fate::Held("REV-01"), Some("REV-01")),
            _ if awaited_until > self.world.as_of_end() => {
                (Fate::Pending("EVT-07"), Some("EVT-07"))
            }
            _ if entry.is_reversal() => (Fate::Held("REV-03"), Some("REV-03")),
            (_, Role::Issuer) => (Fate::Held("EVT-01"), Some("EVT-01")),
            _ => (Fate::Held("EVT-02"), Some("EVT-02")),
        };
        self.entries[index].fate = Some(fate);
        self.findings.extend(code.map(|code| (code, vec![index])));
    }
}
