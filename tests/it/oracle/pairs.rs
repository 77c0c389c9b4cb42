//! What becomes of each pair and of each leg that has none (judging.md, 5 to 10).

use super::answer::Discrepancy;
use super::books::{Books, Fate, Role};
use super::past::Settled;
use super::terms::{explain, mirror_by, versions_at};
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

/// What judging makes of a pair: its fate, under what it is held, and its findings.
struct Verdict {
    fate: Fate,
    under: Option<Discrepancy>,
    codes: Vec<&'static str>,
    /// Under which codes it stays held; none where that was not asked.
    kept: Option<Vec<&'static str>>,
}

impl Verdict {
    fn quiet(fate: Fate) -> Verdict {
        Verdict { fate, under: None, codes: Vec::new(), kept: None }
    }
}

/// Of which codes the holds stay until somebody decides, in the order in which they are told.
const STAY: [&str; 7] = ["CON-01", "CON-02", "MBR-07", "LED-04", "CAP-01", "CAP-02", "CAP-03"];

impl Books<'_> {
    /// Judges everything that identity and pairing have left open. Second come the pairs that are
    /// reversed, wholly or in part.
    pub fn judge_legs(&mut self) -> (Vec<Judged>, Vec<usize>) {
        let mut pairs: Vec<(usize, usize)> = (0..self.entries.len())
            .filter(|index| self.entries[*index].role == Role::Issuer)
            .filter_map(|index| Some((index, self.entries[index].partner?)))
            .collect();
        // Reversals come last, because each looks at its original and at those before it; and what
        // was settled before comes before all others.
        pairs.sort_by_key(|(issuer, _)| {
            let entry = &self.entries[*issuer];
            let partner = entry.partner.and_then(|partner| self.entries[partner].settled);
            let settled = entry.settled.or(partner).is_some();
            (entry.is_reversal(), !settled, entry.row.occurred_at, entry.row.event_id.clone())
        });
        let mut reversed = Reversed::default();
        let mut judged = Vec::new();
        for index in 0..self.entries.len() {
            self.follow_the_past(index);
        }
        self.take_what_was_reversed_alone(&mut reversed);
        let (reversals, firsts): (Vec<_>, Vec<_>) =
            pairs.into_iter().partition(|(issuer, _)| self.entries[*issuer].is_reversal());
        for (issuer, acceptor) in firsts {
            judged.push(self.judge_pair(issuer, acceptor, &mut reversed));
        }
        for index in 0..self.entries.len() {
            if self.entries[index].is_open() {
                self.judge_alone(index);
            }
        }
        for (issuer, acceptor) in reversals {
            judged.push(self.judge_pair(issuer, acceptor, &mut reversed));
        }
        (judged, reversed.0.into_iter().map(|(original, _)| original).collect())
    }

    /// A reversal that was released alone, and has no pair still, has reversed its original.
    fn take_what_was_reversed_alone(&self, reversed: &mut Reversed) {
        for entry in &self.entries {
            // A row that was left open for the sake of its balance is only sent again.
            let alone = entry.recalled && !entry.resent && entry.partner.is_none();
            let points = self.past.counted_at(entry.party, &entry.row.event_id);
            let original = entry.original.filter(|_| alone);
            let original = match entry.role {
                Role::Acceptor => original.and_then(|mirror| self.entries[mirror].partner),
                _ => original,
            };
            reversed.0.extend(original.zip(points));
        }
    }

    /// What is settled is not judged again.
    fn follow_the_past(&mut self, index: usize) {
        let entry = &mut self.entries[index];
        if entry.extra || entry.collided {
            return;
        }
        entry.fate = match entry.settled {
            Some(Settled::Counted) => Some(Fate::Counted),
            Some(Settled::Refused) => Some(Fate::Excluded),
            None => entry.fate,
        };
    }

    fn judge_pair(&mut self, issuer: usize, acceptor: usize, reversed: &mut Reversed) -> Judged {
        let mut judged = Judged { issuer, acceptor, agreed: None };
        // What joins a leg that was released alone is that leg's.
        let settled = self.entries[issuer].settled.or(self.entries[acceptor].settled);
        if let Some(settled) = settled {
            let fate = match settled {
                Settled::Counted => Fate::Counted,
                Settled::Refused => Fate::Excluded,
            };
            for leg in [issuer, acceptor] {
                self.entries[leg].fate = Some(fate);
            }
            let original = self.entries[issuer].original;
            if let Some(original) = original
                && settled == Settled::Counted
            {
                reversed.0.push((original, self.cleared_at(issuer)));
            }
            return judged;
        }
        let verdict = match self.structure(issuer, acceptor) {
            Some((fate, code)) => {
                let under = code.map(|code| self.describe(code, &[issuer, acceptor]));
                Verdict { fate, under, codes: code.into_iter().collect(), kept: None }
            }
            None => self.judge_substance(&mut judged, reversed),
        };
        for code in verdict.codes {
            self.findings.push((code, vec![issuer, acceptor]));
        }
        if let Some(kept) = verdict.kept
            && self.belongs(issuer)
        {
            self.entries[issuer].kept = kept;
        }
        for index in [issuer, acceptor] {
            self.entries[index].fate = Some(verdict.fate);
            self.entries[index].under = verdict.under.clone();
        }
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
            || self.has_wrong_sign(issuer, acceptor);
        wrong.then_some((Fate::Held("EVT-09"), Some("EVT-09")))
    }

    pub fn has_wrong_sign(&self, issuer: usize, acceptor: usize) -> bool {
        [issuer, acceptor]
            .iter()
            .any(|leg| !self.sign_is_right(*leg) || self.entries[*leg].row.points == 0)
    }

    /// Eligibility, amount, reversal and cut-off of a pair whose structure is right.
    fn judge_substance(&self, judged: &mut Judged, reversed: &mut Reversed) -> Verdict {
        let (issuer, acceptor) = (judged.issuer, judged.acceptor);
        let original = self.entries[issuer].original;
        let mut codes: Vec<&'static str> = Vec::new();
        let mut under: Option<Discrepancy> = None;
        if original.is_none()
            && let Some((about, finding)) = self.ineligible(issuer, acceptor)
        {
            codes.extend(finding.then_some(about.code));
            under = Some(about).filter(|about| self.world.lets_hold(about.code));
        }
        let own = |code| self.describe(code, &[issuer, acceptor]);
        let cleared = self.cleared(issuer);
        let (before, after) = match original {
            None => (0, cleared),
            Some(original) => {
                let before = self.cleared_at(original) + reversed.so_far(original);
                (before, before + cleared)
            }
        };
        if let Some(code) = self.judge_amount(judged, before, after) {
            codes.push(code);
            if code != "AMT-04" && self.world.lets_hold(code) {
                under = under.or_else(|| Some(own(code)));
            }
        }
        if original.is_none() && self.spends_expired(issuer) {
            codes.push("LED-04");
            let holds = self.world.lets_hold("LED-04");
            under = under.or_else(|| holds.then(|| own("LED-04")));
        }
        if let Some(original) = original {
            if after * self.cleared_at(original).signum() < 0 {
                codes.push("REV-02");
                under = under.or_else(|| Some(own("REV-02")));
            } else {
                reversed.0.push((original, cleared));
            }
            // Nobody knows yet what will become of an original that is still to come.
            if self.entries[original].row.occurred_at >= self.world.cut() {
                return Verdict::quiet(Fate::Pending(""));
            }
            // What became of a pair of another period there decides here too.
            let entry = &self.entries[original];
            if self.belongs(original) || entry.partner.is_some() || entry.settled.is_some() {
                let fate = entry.fate.unwrap();
                match fate {
                    Fate::Held(_) => {
                        let under = entry.under.clone();
                        return Verdict { under, ..Verdict::quiet(fate) };
                    }
                    Fate::Pending(_) => return Verdict::quiet(fate),
                    Fate::Excluded => {
                        let (fate, under) = (Fate::Held("REV-01"), Some(own("REV-01")));
                        return Verdict { fate, under, codes: vec!["REV-01"], kept: None };
                    }
                    Fate::Counted => {}
                }
            }
            if self.is_prior(issuer) {
                codes.push("REV-04");
            }
        }
        let mut kept = None;
        if original.is_none() {
            let known = &self.entries[issuer].kept;
            let stays =
                |code: &&str| known.contains(code) && self.stays_held(code, issuer, acceptor);
            let staying: Vec<&'static str> = STAY.into_iter().filter(stays).collect();
            let new = |code: &&str| self.world.lets_hold(code) && STAY.contains(code);
            let found = codes.iter().copied().filter(new);
            kept = Some(staying.iter().copied().chain(found).collect());
            if under.is_none() {
                let told = staying.into_iter().filter(|code| !self.world.is_off(code));
                let told: Vec<&'static str> = told.filter(|code| !codes.contains(code)).collect();
                under = told.iter().find(|code| self.world.lets_hold(code)).map(|code| own(code));
                codes.extend(told);
            }
        }
        if let Some(under) = under {
            return Verdict { fate: Fate::Held(under.code), under: Some(under), codes, kept };
        }
        let first = self.world.cycle_of(self.world.day_of(self.entries[issuer].row.occurred_at));
        let (start, end) = (self.world.midnight(first.0), self.world.midnight(first.1));
        let accepted_at = self.entries[acceptor].row.occurred_at;
        if !(start <= accepted_at && accepted_at < end) {
            codes.push("EVT-06");
        }
        Verdict { fate: Fate::Counted, under: None, codes, kept }
    }

    /// Whether what an earlier period held under a code is still to be decided, though nothing of
    /// this period says so again.
    fn stays_held(&self, code: &str, issuer: usize, acceptor: usize) -> bool {
        let said_otherwise = match code {
            "MBR-07" => self.were_entitled(issuer),
            "LED-04" => self.had_a_lot(issuer),
            code => code.starts_with("CON") && self.had_consent(issuer, acceptor),
        };
        !said_otherwise
    }

    /// Compares the recorded mirror with the agreed one. `before` and `after` are what is left of
    /// the original (or nothing and everything, for an event of its own): the mirror of a part is
    /// the difference of the mirrors of what was left and what remains.
    fn judge_amount(&self, judged: &mut Judged, before: i128, after: i128) -> Option<&'static str> {
        let world = self.world;
        let entry = &self.entries[judged.issuer];
        let (party, flow) = (entry.party, entry.flow.unwrap());
        let at = self.version_instant(judged.issuer);
        let Some((ratio, _)) = versions_at(world, party, flow, at) else { return Some("AMT-07") };
        let cleared = self.cleared(judged.issuer);
        let agreed = match ratio {
            Some(ratio) if flow != Flow::Sale => {
                mirror_by(world, after, ratio) - mirror_by(world, before, ratio)
            }
            _ => cleared,
        };
        judged.agreed = Some(agreed);
        let recorded = i128::from(self.entries[judged.acceptor].row.points);
        let code =
            (recorded != agreed).then(|| explain(world, party, at, flow, cleared, recorded))?;
        // Without its diagnosis the bare fact is left.
        let code = if world.is_off(code) { "AMT-01" } else { code };
        (!world.is_off(code)).then_some(code)
    }

    fn judge_alone(&mut self, index: usize) {
        let entry = &self.entries[index];
        let awaited_until = entry.row.occurred_at + self.world.grace_days * DAY;
        let code = match (entry.row.status, entry.role) {
            (Status::Cancelled, _) => {
                self.entries[index].fate = Some(Fate::Excluded);
                return;
            }
            (Status::Pending, _) => {
                self.entries[index].fate = Some(Fate::Pending(""));
                return;
            }
            _ if entry.is_orphan() => "REV-01",
            _ if awaited_until > self.world.as_of_end() => {
                self.entries[index].fate = Some(Fate::Pending("EVT-07"));
                self.findings.push(("EVT-07", vec![index]));
                return;
            }
            _ if entry.is_reversal() => "REV-03",
            (_, Role::Issuer) => "EVT-01",
            _ => "EVT-02",
        };
        // The lots of a later period may be silent when its mirror comes.
        let entry = &self.entries[index];
        let was_held = self.past.held_under(self.world, entry.party, &entry.row.event_id);
        let is_new = code == "EVT-01" && was_held.is_none() && self.belongs(index);
        if is_new && self.spends_expired(index) && self.world.lets_hold("LED-04") {
            self.entries[index].kept.push("LED-04");
        }
        self.find(code, vec![index]);
    }
}
