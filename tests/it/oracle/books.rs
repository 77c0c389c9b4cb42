//! Both ledgers as the oracle sees them: identity, roles, flows, signs (judging.md, 1 to 3).

use super::answer::Discrepancy;
use super::past::{Past, Settled, Standing};
use crate::world::{Decision, Flow, Kind, PARTIES, Party, Row, Status, World};

/// The part that a row plays in clearing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Issuer,
    Acceptor,
    Own,
}

/// What becomes of a row; where it is held or pending, under which code (empty for none).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Counted,
    Held(&'static str),
    Excluded,
    Pending(&'static str),
}

/// A ledger row and what the oracle has found out about it.
#[derive(Debug, Clone)]
pub struct Entry {
    pub row: Row,
    pub party: Party,
    /// It was brought back from a final publication.
    pub recalled: bool,
    /// It was brought back as it was cleared, and not as it was read.
    pub as_cleared: bool,
    /// It was brought back as own business, whatever it reverses.
    pub of_own: bool,
    /// It stands in a file of the days after the period.
    pub follows: bool,
    /// What became of it in a final publication.
    pub settled: Option<Settled>,
    /// A file has it though it is settled: what was published stands for it.
    pub resent: bool,
    /// It repeats an earlier row in every column.
    pub extra: bool,
    /// Other rows have its id and other content.
    pub collided: bool,
    pub role: Role,
    /// None for own business and orphans.
    pub flow: Option<Flow>,
    /// The entry that a reversal reverses; none for an orphan.
    pub original: Option<usize>,
    pub partner: Option<usize>,
    pub fate: Option<Fate>,
    /// The discrepancy under which it is held.
    pub under: Option<Discrepancy>,
    /// A decision rejected it or wrote it off.
    pub refused: bool,
    /// The codes under which it stays held until somebody decides.
    pub kept: Vec<&'static str>,
}

impl Entry {
    pub fn is_reversal(&self) -> bool {
        self.row.kind == Kind::Reversal
    }

    pub fn is_orphan(&self) -> bool {
        self.is_reversal() && self.original.is_none()
    }

    /// The party whose points they are; own business is its own party's.
    pub fn issuer(&self) -> Party {
        if self.role == Role::Acceptor { self.party.other() } else { self.party }
    }

    /// Still to be paired or judged.
    pub fn is_open(&self) -> bool {
        let stands = !self.extra && !self.collided && !self.resent;
        stands && self.partner.is_none() && self.fate.is_none()
    }
}

/// Both ledgers, A's rows before B's, and the findings so far.
pub struct Books<'w> {
    pub world: &'w World,
    pub past: &'w Past,
    pub entries: Vec<Entry>,
    /// How many files were ignored because an earlier one has the same content.
    pub ignored: usize,
    /// A code and the entries that it concerns.
    pub findings: Vec<(&'static str, Vec<usize>)>,
    /// A leg that waits with collided rows of the partner, and one of these.
    pub held_with: Vec<(usize, usize)>,
    /// The decisions that moved something, once they were tried.
    pub applied: Vec<Decision>,
}

impl<'w> Books<'w> {
    pub fn open(world: &'w World, past: &'w Past) -> Books<'w> {
        let mut ignored = 0;
        let mut legs: Vec<(Party, Row)> = Vec::new();
        let mut follow: Vec<bool> = Vec::new();
        for party in PARTIES {
            let side = world.side(party);
            let own = side.files();
            let mut files = own;
            files.extend(side.after.as_deref());
            // What only this period reads does not come again.
            let own_files = files.len();
            files.extend(side.following.iter().map(Vec::as_slice));
            for (position, file) in files.iter().enumerate() {
                if files[..position].contains(file) {
                    // A file without a row repeats nothing.
                    ignored += usize::from(!file.is_empty());
                } else {
                    legs.extend(file.iter().map(|row| (party, row.clone())));
                    follow.extend(file.iter().map(|_| position >= own_files));
                }
            }
        }
        // Whether a reversal is a leg is not known before its original is brought back.
        let is_leg = |leg: &(Party, Row)| {
            leg.1.kind == Kind::Reversal || role_of_kind(leg.1.kind).0 != Role::Own
        };
        let [open, cleared, own] = past.recalled(world, &legs, is_leg);
        let entry = |(party, row): (Party, Row), recalled: bool, as_cleared: bool| Entry {
            settled: past.settled(party, &row.event_id),
            resent: !as_cleared && past.settled(party, &row.event_id).is_some(),
            kept: past.kept(world, party, &row.event_id),
            row,
            party,
            recalled,
            as_cleared,
            of_own: false,
            follows: false,
            extra: false,
            collided: false,
            role: Role::Own,
            flow: None,
            original: None,
            partner: None,
            fate: None,
            under: None,
            refused: false,
        };
        let mut entries: Vec<Entry> = legs
            .into_iter()
            .zip(follow)
            .map(|(leg, follows)| Entry { follows, ..entry(leg, false, false) })
            .collect();
        entries.extend(open.into_iter().map(|leg| entry(leg, true, false)));
        entries.extend(cleared.into_iter().map(|leg| entry(leg, true, true)));
        entries.extend(own.into_iter().map(|leg| Entry {
            of_own: matches!(leg.1.kind, Kind::Reversal) || role_of_kind(leg.1.kind).0 == Role::Own,
            ..entry(leg, true, true)
        }));
        entries.sort_by_key(|entry| entry.party);
        let (findings, held_with) = (Vec::new(), Vec::new());
        let mut books =
            Books { world, past, entries, ignored, findings, held_with, applied: Vec::new() };
        books.identify();
        books.assign_roles();
        books.judge_identity();
        books.judge_own();
        books
    }

    fn identify(&mut self) {
        for this in 0..self.entries.len() {
            for other in 0..self.entries.len() {
                let (entry, twin) = (&self.entries[this], &self.entries[other]);
                let same_id = entry.party == twin.party && entry.row.event_id == twin.row.event_id;
                if other == this || !same_id || entry.resent != twin.resent {
                    continue;
                }
                let alike = entry.row == twin.row;
                if alike && other < this {
                    self.entries[this].extra = true;
                } else if !alike && !entry.resent {
                    self.entries[this].collided = true;
                }
            }
        }
    }

    fn assign_roles(&mut self) {
        for index in 0..self.entries.len() {
            let entry = &self.entries[index];
            let (role, flow, original) = if entry.is_reversal() {
                match self.original_of(index) {
                    Some(original) => {
                        let (role, flow) = role_of_kind(self.entries[original].row.kind);
                        (role, flow, Some(original))
                    }
                    None if entry.of_own => (Role::Own, None, None),
                    None if entry.row.counter_event_id.is_some() => (Role::Acceptor, None, None),
                    None => (Role::Issuer, None, None),
                }
            } else {
                let (role, flow) = role_of_kind(entry.row.kind);
                (role, flow, None)
            };
            let entry = &mut self.entries[index];
            (entry.role, entry.flow, entry.original) = (role, flow, original);
        }
    }

    fn original_of(&self, index: usize) -> Option<usize> {
        let entry = &self.entries[index];
        let wanted = entry.row.original_event_id.as_ref()?;
        let original = self.entries.iter().position(|other| {
            let stands = !other.extra && !other.resent;
            other.party == entry.party && other.row.event_id == *wanted && stands
        })?;
        let found = &self.entries[original];
        (!found.is_reversal() && !found.collided).then_some(original)
    }

    /// Extras are excluded; collided rows are held, and so are the partner's rows that name them.
    fn judge_identity(&mut self) {
        for index in 0..self.entries.len() {
            if self.entries[index].extra {
                self.entries[index].fate = Some(Fate::Excluded);
                self.findings.push(("EVT-03", vec![index]));
            }
        }
        for index in 0..self.entries.len() {
            let entry = &self.entries[index];
            if entry.extra || !entry.collided {
                continue;
            }
            let same: Vec<usize> = (0..self.entries.len())
                .filter(|other| {
                    let twin = &self.entries[*other];
                    let same_id = twin.row.event_id == entry.row.event_id;
                    twin.party == entry.party && same_id && !twin.extra && !twin.resent
                })
                .collect();
            let about = self.describe("EVT-04", &same);
            if same[0] == index {
                self.findings.push(("EVT-04", same));
            }
            self.hold(&[index], about);
        }
        for leg in 0..self.entries.len() {
            if let Some(collided) = self.waits_with(leg) {
                self.held_with.push((leg, collided));
                let about = self.entries[collided].under.clone().unwrap();
                self.hold(&[leg], about);
            }
        }
    }

    /// Holds entries under a discrepancy.
    pub fn hold(&mut self, entries: &[usize], about: Discrepancy) {
        for index in entries {
            self.entries[*index].fate = Some(Fate::Held(about.code));
            self.entries[*index].under = Some(about.clone());
        }
    }

    /// A finding about entries, under which they are held.
    pub fn find(&mut self, code: &'static str, entries: Vec<usize>) {
        let about = self.describe(code, &entries);
        self.hold(&entries, about);
        self.findings.push((code, entries));
    }

    /// The discrepancy of a code about entries.
    pub fn describe(&self, code: &'static str, entries: &[usize]) -> Discrepancy {
        let joined = |party: Party, text: fn(&Row) -> &String| {
            let of_party = entries.iter().map(|index| &self.entries[*index]);
            let mut texts: Vec<&str> = of_party
                .filter(|entry| entry.party == party)
                .map(|entry| text(&entry.row).as_str())
                .collect();
            texts.sort_unstable();
            texts.dedup();
            texts.join(";")
        };
        Discrepancy {
            code,
            a_events: joined(Party::A, |row| &row.event_id),
            b_events: joined(Party::B, |row| &row.event_id),
            a_member: joined(Party::A, |row| &row.member_no),
            b_member: joined(Party::B, |row| &row.member_no),
        }
    }

    /// The collided row of the partner with which a leg is held: one that it names, or else one of
    /// the acceptor's legs that name it, where all of them are collided.
    fn waits_with(&self, leg: usize) -> Option<usize> {
        let entry = &self.entries[leg];
        if entry.role == Role::Own || entry.extra || entry.collided || entry.resent {
            return None;
        }
        let partners = || {
            let all = self.entries.iter().enumerate();
            let stands = |other: &Entry| !other.extra && !other.resent;
            all.filter(move |(_, other)| other.party != entry.party && stands(other))
        };
        let named = partners().find(|(_, other)| {
            other.collided && entry.row.counter_event_id.as_ref() == Some(&other.row.event_id)
        });
        if let Some((named, _)) = named {
            return Some(named);
        }
        let naming: Vec<(usize, &Entry)> = partners()
            .filter(|(_, other)| {
                other.role == Role::Acceptor
                    && entry.role == Role::Issuer
                    && other.row.counter_event_id.as_ref() == Some(&entry.row.event_id)
            })
            .collect();
        if naming.iter().any(|(_, other)| !other.collided) {
            return None;
        }
        let least = naming.into_iter().min_by_key(|(_, other)| &other.row.event_id);
        least.map(|(index, _)| index)
    }

    /// What is told of settled events that the files have with other content. The settled row has
    /// all that a publication says of it.
    pub fn resent_otherwise(&self) -> Vec<Discrepancy> {
        let says = |row: &Row| {
            let reverses = row.kind == Kind::Reversal;
            (
                (row.kind, row.points, row.member_no.clone(), row.occurred_at),
                row.counter_event_id.clone(),
                row.original_event_id.clone().filter(|_| reverses),
                row.status,
            )
        };
        let mut told = Vec::new();
        let mut seen: Vec<(Party, &str)> = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.resent) {
            let key = (entry.party, entry.row.event_id.as_str());
            if seen.contains(&key) {
                continue;
            }
            seen.push(key);
            let of_id = || {
                let all = self.entries.iter().enumerate();
                all.filter(|(_, other)| (other.party, other.row.event_id.as_str()) == key)
            };
            let mut stands: Vec<usize> =
                of_id().filter(|(_, other)| !other.resent).map(|(index, _)| index).collect();
            // Of collided rows that were dropped together the first by what it says stands for all.
            stands.sort_by_key(|at| {
                let row = &self.entries[*at].row;
                (row.occurred_at, format!("{:?}", row.kind), row.member_no.clone(), row.points)
            });
            let other =
                |row: &Row| stands.iter().all(|at| says(&self.entries[*at].row) != says(row));
            let mut rows: Vec<usize> = of_id()
                .filter(|(_, twin)| twin.resent && !twin.extra && other(&twin.row))
                .map(|(index, _)| index)
                .collect();
            if !rows.is_empty() {
                rows.push(stands[0]);
                told.push(self.describe("EVT-04", &rows));
            }
        }
        told
    }

    fn judge_own(&mut self) {
        for index in 0..self.entries.len() {
            let entry = &self.entries[index];
            if entry.role != Role::Own || !entry.is_open() {
                continue;
            }
            let was_expired = entry.kept.contains(&"LED-04") && entry.row.kind == Kind::Burn;
            let stays = was_expired && !self.had_a_lot(index);
            let spends_expired =
                self.spends_expired(index) || (stays && !self.world.is_off("LED-04"));
            if entry.row.status == Status::Posted && self.belongs(index) {
                let right = self.sign_is_right(index);
                let holds = spends_expired && right && self.world.lets_hold("LED-04");
                self.entries[index].kept = if stays || holds { vec!["LED-04"] } else { Vec::new() };
            }
            let fate = match self.entries[index].row.status {
                Status::Cancelled => Fate::Excluded,
                Status::Pending => Fate::Pending(""),
                Status::Posted if self.sign_is_right(index) && spends_expired => {
                    if self.world.lets_hold("LED-04") {
                        self.find("LED-04", vec![index]);
                        continue;
                    }
                    self.findings.push(("LED-04", vec![index]));
                    Fate::Counted
                }
                Status::Posted if self.sign_is_right(index) => Fate::Counted,
                Status::Posted => {
                    self.find("EVT-09", vec![index]);
                    continue;
                }
            };
            self.entries[index].fate = Some(fate);
        }
    }

    /// Whether the points have the sign that the table, or the original, asks for.
    pub fn sign_is_right(&self, index: usize) -> bool {
        let entry = &self.entries[index];
        let sign = entry.row.points.signum();
        if let Some(original) = entry.original {
            return sign == -self.entries[original].row.points.signum()
                && (sign != 0 || entry.role == Role::Own);
        }
        match entry.row.kind {
            Kind::Earn | Kind::Xearn | Kind::Xaccept | Kind::Xin | Kind::Xaward => sign == 1,
            Kind::Burn | Kind::Xburn | Kind::Xout | Kind::Expire => sign == -1,
            Kind::Adjust | Kind::Merge => sign != 0,
            Kind::Freeze | Kind::Unfreeze => sign == 0,
            // An orphan has no sign of its own; it is found before signs are looked at.
            Kind::Reversal => true,
        }
    }

    /// Whether the row's points move the balance of its account.
    pub fn moves_balance(&self, index: usize) -> bool {
        let entry = &self.entries[index];
        let kind = match entry.original {
            Some(original) => self.entries[original].row.kind,
            None if entry.is_orphan() => return entry.role == Role::Issuer,
            None => entry.row.kind,
        };
        !matches!(kind, Kind::Xaccept | Kind::Xaward | Kind::Freeze | Kind::Unfreeze)
    }

    /// The cleared quantity of an issuer's leg: a spend is positive, its reversal negative.
    pub fn cleared(&self, index: usize) -> i128 {
        let entry = &self.entries[index];
        let points = i128::from(entry.row.points);
        if entry.flow == Some(Flow::Sale) { points } else { -points }
    }

    /// The points at which the event of an issuer's leg was settled, or else what it clears.
    pub fn cleared_at(&self, index: usize) -> i128 {
        let counted = |index: usize| {
            let entry = &self.entries[index];
            self.past.counted_at(entry.party, &entry.row.event_id)
        };
        let partner = self.entries[index].partner;
        counted(index).or_else(|| counted(partner?)).unwrap_or_else(|| self.cleared(index))
    }

    /// The instant whose versions apply: a reversal has its original's.
    pub fn version_instant(&self, index: usize) -> i64 {
        let entry = &self.entries[index];
        self.entries[entry.original.unwrap_or(index)].row.occurred_at
    }

    /// Whether an instant lies in the period that this run clears.
    pub fn clears(&self, at: i64) -> bool {
        let (start, _) = self.world.period_bounds();
        start <= at && at < self.world.cut()
    }

    /// Whether an instant lies in a closed period. While the past is awaited, nothing of it is
    /// judged.
    fn is_late(&self, at: i64) -> bool {
        let knows = matches!(self.past.standing(self.world), Standing::First | Standing::Follows);
        knows && self.past.has_closed(at)
    }

    /// The entry whose instant decides: of a pair the issuer's leg.
    pub fn decides(&self, index: usize) -> usize {
        let entry = &self.entries[index];
        match entry.partner {
            Some(partner) if entry.role == Role::Acceptor => partner,
            _ => index,
        }
    }

    /// Whether the row is judged in this run: it lies in the period, or it is a leg of a closed
    /// one; and it was not settled.
    pub fn belongs(&self, index: usize) -> bool {
        let decides = &self.entries[self.decides(index)];
        let at = decides.row.occurred_at;
        let was_held = || self.past.held_under(self.world, decides.party, &decides.row.event_id);
        // What comes back for its number alone is known, and judged no more.
        let is_late = || self.past.is_new_business(decides.party, &decides.row);
        let waits =
            || !decides.of_own && (was_held().is_some() || (!decides.recalled && is_late()));
        let late = self.is_late(at) && (decides.role != Role::Own || waits());
        let partner = decides.partner.map(|partner| &self.entries[partner]);
        // An own row never stands among what was settled.
        let settled = decides.settled.is_some() || partner.is_some_and(|leg| leg.settled.is_some());
        !settled && (self.clears(at) || late)
    }
}

fn role_of_kind(kind: Kind) -> (Role, Option<Flow>) {
    match kind {
        Kind::Xburn => (Role::Issuer, Some(Flow::Redemption)),
        Kind::Xout => (Role::Issuer, Some(Flow::Conversion)),
        Kind::Xearn => (Role::Issuer, Some(Flow::Sale)),
        Kind::Xaccept => (Role::Acceptor, Some(Flow::Redemption)),
        Kind::Xin => (Role::Acceptor, Some(Flow::Conversion)),
        Kind::Xaward => (Role::Acceptor, Some(Flow::Sale)),
        _ => (Role::Own, None),
    }
}
