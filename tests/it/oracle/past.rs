//! What a run takes from the final publications before it (periods.md).

use jiff::civil::Date;

use super::answer::Account;
use super::fraction::Fraction;
use crate::world::{
    Adjustment, Decision, Fee, Kind, Mode, Party, Payment, Row, SECOND, Status, Taxed, World,
};

/// A leg of a ledger: whose, and its row.
pub type Leg = (Party, Row);

/// What was counted in a final publication; either leg may be missing where a decision let the
/// other count alone.
#[derive(Debug, Clone)]
pub struct Settlement {
    pub issuer: Option<Leg>,
    pub acceptor: Option<Leg>,
    /// Issuer points that were counted, whatever a leg says.
    pub points: i128,
}

/// A leg that is settled without having been counted: it was dropped, or its partner was released
/// alone before it came.
#[derive(Debug, Clone)]
pub struct Apart {
    pub leg: Leg,
    pub how: Settled,
    /// The leg that it was settled with.
    pub partner: Option<(Party, String)>,
}

impl Settlement {
    pub fn legs(&self) -> impl Iterator<Item = &Leg> {
        self.issuer.iter().chain(&self.acceptor)
    }

    fn has(&self, party: Party, event_id: &str) -> bool {
        self.legs().any(|(owner, row)| *owner == party && row.event_id == event_id)
    }

    fn reverses(&self, party: Party, event_id: &str) -> bool {
        let original = |row: &Row| row.original_event_id.as_deref() == Some(event_id);
        self.legs().any(|(owner, row)| *owner == party && original(row))
    }

    fn is_alone(&self) -> bool {
        self.issuer.is_none() || self.acceptor.is_none()
    }
}

/// A statement's remainder of what concerns later periods.
#[derive(Debug, Clone)]
pub struct Balance {
    pub currency: &'static str,
    pub payer: Option<Party>,
    pub amount_due: Fraction,
    pub carry_forward: Fraction,
    /// Late fees that whoever owes the net owes in it, those in its opening carry among them.
    pub late_fees: Fraction,
    pub due_day: Date,
}

/// A final publication.
#[derive(Debug, Clone)]
pub struct Final {
    pub label: String,
    /// `[start, end)` of its period.
    pub bounds: (i64, i64),
    pub settled: Vec<Settlement>,
    /// Legs that are settled without having been counted.
    pub apart: Vec<Apart>,
    /// Every row that is held at its end, and under which code; and every row that is dated or
    /// posted after what it closes, under none.
    pub open: Vec<(Leg, &'static str)>,
    /// Own business and cancelled legs, for what names them later.
    pub own: Vec<Leg>,
    /// Under which codes events that are open, own business or cancelled stay held.
    pub kept: Vec<(Party, String, Vec<&'static str>)>,
    /// The adjustments that were paid, those that were held, and those that a later period settles.
    pub adjustments: Vec<Adjustment>,
    pub held_adjustments: Vec<Adjustment>,
    pub later_adjustments: Vec<Adjustment>,
    /// The decisions that moved something, and those that a later period applies.
    pub applied: Vec<Decision>,
    pub later_decisions: Vec<Decision>,
    /// The accounts that were judged, and as of which instant.
    pub accounts: Vec<(Account, i64)>,
    pub balances: Vec<Balance>,
    /// The payments and disputes that are known.
    pub payments: Vec<Payment>,
    /// What was charged on what happened in it.
    pub charges: Charges,
}

/// What a period charges, and how it rounds money.
#[derive(Debug, Clone)]
pub struct Charges {
    pub mode: Mode,
    pub fees: Vec<Fee>,
    pub taxes: Vec<Taxed>,
}

/// How the past stands to the period that is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is final.
    First,
    /// The period just before is final.
    Follows,
    /// The period just before may still be closed.
    Awaited,
    /// The period just before should have been closed.
    Gap,
}

/// What became of a leg in a final publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settled {
    Counted,
    Refused,
}

/// The chain of final publications, the earliest first.
#[derive(Debug, Clone, Default)]
pub struct Past {
    pub finals: Vec<Final>,
}

impl Past {
    pub fn standing(&self, world: &World) -> Standing {
        let Some(last) = self.finals.last() else { return Standing::First };
        let first_day = world.period_days().0;
        if last.bounds.1 == world.period_bounds().0 {
            return Standing::Follows;
        }
        let days = jiff::Span::new().days(world.close_after_days.unwrap_or(world.grace_days));
        // The first day of this period is the one after the last of the period before.
        if world.as_of < first_day.checked_add(days).unwrap() {
            Standing::Awaited
        } else {
            Standing::Gap
        }
    }

    /// Whether the run of that position in its chain may close its period: after a gap nothing is
    /// closed, nor over a run before it of which nothing became final.
    pub fn may_close(&self, world: &World, position: usize) -> bool {
        match self.standing(world) {
            Standing::First => position == 0,
            Standing::Follows => true,
            Standing::Awaited | Standing::Gap => false,
        }
    }

    /// The final publication of the period just before.
    pub fn before(&self, world: &World) -> Option<&Final> {
        self.finals.last().filter(|_| self.standing(world) == Standing::Follows)
    }

    /// Whether an instant lies in a period that is final.
    pub fn has_closed(&self, at: i64) -> bool {
        self.finals.iter().any(|past| past.bounds.0 <= at && at < past.bounds.1)
    }

    pub fn settled(&self, party: Party, event_id: &str) -> Option<Settled> {
        for past in &self.finals {
            if past.settled.iter().any(|pair| pair.has(party, event_id)) {
                return Some(Settled::Counted);
            }
            let mut apart = past.apart.iter();
            let found =
                apart.find(|apart| apart.leg.0 == party && apart.leg.1.event_id == event_id);
            if let Some(apart) = found {
                return Some(apart.how);
            }
        }
        None
    }

    /// Issuer points at which the event of a leg was counted.
    pub fn counted_at(&self, party: Party, event_id: &str) -> Option<i128> {
        let mut all = self.finals.iter().flat_map(|past| &past.settled);
        all.find(|pair| pair.has(party, event_id)).map(|pair| pair.points)
    }

    /// Whether both were settled together.
    pub fn settled_together(&self, issuer: (Party, &str), acceptor: (Party, &str)) -> bool {
        let mut all = self.finals.iter().flat_map(|past| &past.settled);
        let mut apart = self.finals.iter().flat_map(|past| &past.apart);
        let are = |one: &Apart, leg: (Party, &str), other: (Party, &str)| {
            let partner = one.partner.as_ref().map(|(party, id)| (*party, id.as_str()));
            (one.leg.0, one.leg.1.event_id.as_str()) == leg && partner == Some(other)
        };
        all.any(|pair| pair.has(issuer.0, issuer.1) && pair.has(acceptor.0, acceptor.1))
            || apart.any(|one| are(one, issuer, acceptor) || are(one, acceptor, issuer))
    }

    /// The code under which the period before held a row.
    pub fn held_under(&self, world: &World, party: Party, event_id: &str) -> Option<&'static str> {
        let open = &self.before(world)?.open;
        let found = open.iter().find(|((owner, row), code)| {
            *owner == party && row.event_id == event_id && !code.is_empty()
        });
        found.map(|(_, code)| *code)
    }

    /// The codes under which an event stays held until somebody decides: as the period before left
    /// it open, or else as the last says that has it as own business or as cancelled.
    pub fn kept(&self, world: &World, party: Party, event_id: &str) -> Vec<&'static str> {
        let of = |past: &Final| {
            let kept = past.kept.iter().filter(|one| one.0 == party && one.1 == event_id);
            let mut codes: Vec<&'static str> = Vec::new();
            for code in kept.flat_map(|one| &one.2) {
                if !codes.contains(code) {
                    codes.push(code);
                }
            }
            codes
        };
        let is_it = |leg: &Leg| leg.0 == party && leg.1.event_id == event_id;
        if let Some(before) = self.before(world)
            && before.open.iter().any(|(leg, _)| is_it(leg))
        {
            return of(before);
        }
        let own = self.finals.iter().rev().filter(|past| past.own.iter().any(is_it));
        own.map(of).find(|codes| !codes.is_empty()).unwrap_or_default()
    }

    /// Whether own business of a closed period is new: no final publication has it, or it took
    /// effect and the last that has it says that it had not.
    pub fn is_new_business(&self, party: Party, row: &Row) -> bool {
        let says = |row: &Row| (row.kind, row.points, row.occurred_at);
        for past in self.finals.iter().rev() {
            let own = past.own.iter().filter(|leg| {
                leg.0 == party && leg.1.event_id == row.event_id && says(&leg.1) == says(row)
            });
            let statuses: Vec<Status> = own.map(|leg| leg.1.status).collect();
            if !statuses.is_empty() {
                return row.status == Status::Posted && !statuses.contains(&Status::Posted);
            }
        }
        true
    }

    /// Whether a row of the files has moved its account's balance in an earlier closing, the last of
    /// which was as of an instant; `None` where its posting alone can tell.
    pub fn has_moved(&self, world: &World, party: Party, row: &Row, closed: i64) -> Option<bool> {
        let is_it = |leg: &Leg| leg.0 == party && leg.1.event_id == row.event_id;
        let open = self.before(world).into_iter().flat_map(|before| &before.open);
        let open: Vec<&Row> = open.filter(|(leg, _)| is_it(leg)).map(|(leg, _)| &leg.1).collect();
        if !open.is_empty() {
            let mut at = open.iter().filter_map(|row| row.moved_at());
            return Some(at.any(|at| at <= closed));
        }
        let is_known = self.settled(party, &row.event_id).is_some()
            || self.finals.iter().any(|past| {
                // What was pending has moved nothing yet.
                // A number of own business may be another event's later.
                let says = |row: &Row| (row.kind, row.points, row.occurred_at);
                past.own.iter().any(|leg| {
                    is_it(leg) && leg.1.moved_at().is_some() && says(&leg.1) == says(row)
                })
            });
        if is_known {
            return Some(true);
        }
        let first = self.finals.first()?.bounds.0;
        (first <= row.occurred_at).then_some(false)
    }

    /// The rows that are brought back before pairing, given which the files have: those that were
    /// left open, those that were cleared, and own business that is named.
    pub fn recalled(
        &self,
        world: &World,
        files: &[Leg],
        is_leg: impl Fn(&Leg) -> bool,
    ) -> [Vec<Leg>; 3] {
        let mut open: Vec<Leg> = Vec::new();
        let in_files = |party: Party, id: &str| {
            files.iter().any(|(owner, row)| *owner == party && row.event_id == id)
        };
        // One row for each of the files' ids; a collision of several was held whole.
        for (leg, _) in self.before(world).iter().flat_map(|before| &before.open) {
            if !in_files(leg.0, &leg.1.event_id) {
                open.push(leg.clone());
            }
        }
        // What is settled is brought back as it was published, whatever else has its id.
        let mut found: Vec<Leg> = Vec::new();
        let all: Vec<&Settlement> = self.finals.iter().flat_map(|past| &past.settled).collect();
        let mut wanted: Vec<Leg> = files.iter().filter(|leg| is_leg(leg)).cloned().collect();
        wanted.extend(open.iter().cloned());
        // What was settled alone, or dropped, may belong to anything that comes.
        for leg in all.iter().filter(|pair| pair.is_alone()).flat_map(|pair| pair.legs()) {
            found.push(leg.clone());
            wanted.push(leg.clone());
        }
        // A settled spend that one of this run repeats within a minute is looked up as well.
        let spends: Vec<&Leg> = files.iter().chain(&open).filter(|leg| is_spend(leg)).collect();
        let (until, asks) = (world.period_bounds().0 + MINUTE, !world.is_off("EVT-05"));
        for leg in all.iter().filter_map(|pair| pair.issuer.as_ref()).filter(|leg| is_spend(leg)) {
            let repeats = |other: &&&Leg| {
                let (one, other_row) = (&leg.1, &other.1);
                let said = |row: &Row| (row.member_no.clone(), row.kind, row.points);
                let apart = (one.occurred_at - other_row.occurred_at).abs();
                leg.0 == other.0
                    && said(one) == said(other_row)
                    && apart <= MINUTE
                    && other_row.occurred_at < until
            };
            if asks && spends.iter().any(|other| repeats(&other)) {
                wanted.push(leg.clone());
            }
        }
        found.extend(self.finals.iter().flat_map(|past| &past.apart).map(|one| one.leg.clone()));
        while let Some((party, row)) = wanted.pop() {
            let names = [
                Some((party, row.event_id.clone())),
                row.counter_event_id.clone().map(|id| (party.other(), id)),
                row.original_event_id.clone().map(|id| (party, id)),
            ];
            let mut pairs: Vec<&Settlement> = Vec::new();
            for (owner, id) in names.into_iter().flatten() {
                let is_kin =
                    |pair: &&&Settlement| pair.has(owner, &id) || pair.reverses(owner, &id);
                pairs.extend(all.iter().filter(is_kin));
            }
            let reversed: Vec<&Leg> =
                pairs.iter().filter_map(|pair| pair.issuer.as_ref()).collect();
            pairs.extend(all.iter().filter(|pair| {
                pair.issuer.as_ref().is_some_and(|(owner, row)| {
                    reversed.iter().any(|(party, original)| {
                        owner == party && row.original_event_id.as_ref() == Some(&original.event_id)
                    })
                })
            }));
            for leg in pairs.into_iter().flat_map(Settlement::legs) {
                let known = found
                    .iter()
                    .any(|other| other.0 == leg.0 && *other.1.event_id == leg.1.event_id);
                if !known {
                    found.push(leg.clone());
                    wanted.push(leg.clone());
                }
            }
        }
        let own = self.named_own_business(files, &open, &found, &is_leg);
        [open, found, own]
    }

    /// What is neither settled nor open of closed periods, and belongs with a row of the files or an
    /// open one; of several periods' rows of one number those that were closed last.
    fn named_own_business(
        &self,
        files: &[Leg],
        open: &[Leg],
        found: &[Leg],
        is_leg: &impl Fn(&Leg) -> bool,
    ) -> Vec<Leg> {
        let rows: Vec<&Leg> = files.iter().chain(open).collect();
        let is = |other: &Leg, party: Party, id: &str| other.0 == party && other.1.event_id == id;
        let names = |other: &Leg, party: Party, id: &str| {
            let row = &other.1;
            let named =
                if other.0 == party { &row.original_event_id } else { &row.counter_event_id };
            named.as_deref() == Some(id)
        };
        let mut own: Vec<Leg> = Vec::new();
        for past in self.finals.iter().rev() {
            let is_missed = |leg: &&Leg| {
                let (party, row) = leg;
                let id = row.event_id.as_str();
                let having: Vec<&&Leg> =
                    rows.iter().filter(|other| is(other, *party, id)).collect();
                let is_named = rows.iter().any(|other| names(other, *party, id));
                if found.iter().chain(&own).any(|other| is(other, *party, id)) {
                    return false;
                }
                if is_leg(leg) && row.kind != Kind::Reversal {
                    // It comes with the partner's leg that it names, and with what that reverses.
                    let partner = row.counter_event_id.as_deref().is_some_and(|id| {
                        let is_his = |other: &&&Leg| {
                            is(other, party.other(), id) || names(other, party.other(), id)
                        };
                        rows.iter().find(is_his).is_some()
                    });
                    return having.is_empty() && (is_named || partner);
                }
                // One number of two events is told, but what is sent again is one event.
                let is_same = |other: &Leg| {
                    let original = &other.1.original_event_id;
                    let reverse = other.1.kind == Kind::Reversal && row.kind == Kind::Reversal;
                    reverse && original.is_some() && *original == row.original_event_id
                };
                match having.is_empty() {
                    true => is_named,
                    false => having.iter().all(|other| is_leg(other) && !is_same(other)),
                }
            };
            let missed: Vec<Leg> = past.own.iter().filter(is_missed).cloned().collect();
            own.extend(missed);
        }
        own
    }
}

/// How near one another two spends are that may be one.
const MINUTE: i64 = 60 * SECOND;

impl Row {
    /// When a row of a final publication moved its balance: what has no effect says so only where
    /// it had moved it before.
    pub fn moved_at(&self) -> Option<i64> {
        let is_posted = self.status == Status::Posted;
        self.posted_at.or(is_posted.then_some(self.occurred_at))
    }
}

fn is_spend(leg: &Leg) -> bool {
    matches!(leg.1.kind, Kind::Xburn | Kind::Xout | Kind::Xearn)
}
