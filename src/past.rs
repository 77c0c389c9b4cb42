//! What a run takes from the past: the final publications of the periods before (结账), and how the
//! run stands to them. Nothing provisional is ever taken from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;

use crate::agreement::{Agreement, Charged, Charges};
use crate::claim::AdjustedBefore;
use crate::frame::books::RecalledRow;
use crate::value::money::{Currency, Money};
use crate::value::party::{Both, Party};
use crate::value::period::{Instant, Period};

/// The past of a run.
#[derive(Debug, Clone)]
pub struct Past {
    /// The closed periods before the run's, the earliest first.
    pub closed: Vec<ClosedPeriod>,
    /// Where opening figures come from.
    pub opening: Opening,
}

/// A period that has a final publication.
#[derive(Debug, Clone)]
pub struct ClosedPeriod {
    /// The period, seen on the as-of date on which it was closed.
    pub period: Period,
    /// The publication under the pipeline's folder, such as `2026-03/final`.
    pub place: String,
    /// The BLAKE3 digest of its manifest.
    pub digest: String,
    /// Its statements, by currency.
    pub statements: BTreeMap<Currency, ClosedStatement>,
    /// What it charged.
    pub charges: Charges,
}

/// What a later period has to know of a final statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedStatement {
    /// Carried out; positive: A owes B.
    pub carry_forward: Money,
    /// What was due.
    pub amount_due: Money,
    /// Who pays it.
    pub payer: Option<Party>,
    /// When it is due.
    pub due_date: Option<Date>,
    /// What of its net its debtor owes as late fees, on which no late fee is charged; those that
    /// the opening carry holds are among them.
    pub late_fees: Money,
}

impl ClosedStatement {
    /// Who owes its net, due or carried; `None` where it is nothing.
    #[must_use]
    pub fn debtor(&self) -> Option<Party> {
        self.payer.or(match self.carry_forward.signum() {
            0 => None,
            sign => Some(if sign > 0 { Party::A } else { Party::B }),
        })
    }

    /// Its net, whoever owes it.
    #[must_use]
    pub fn owed(&self) -> Money {
        if self.payer.is_some() { self.amount_due } else { self.carry_forward.abs() }
    }
}

/// Where a run's opening figures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// Nothing is final yet: from the pipeline.
    Declared,
    /// From the final publication of the period just before, the last of the closed ones.
    Final(String),
    /// The period just before may still be closed: nothing is brought forward until it is.
    Awaiting(String),
    /// The period just before should have been closed (SNP-03).
    Gap(String),
}

impl Opening {
    /// What the statement says of it.
    #[must_use]
    pub fn in_words(&self) -> String {
        match self {
            Opening::Declared => "declared".to_owned(),
            Opening::Final(label) => label.clone(),
            Opening::Awaiting(label) | Opening::Gap(label) => format!("awaiting {label}"),
        }
    }
}

impl Past {
    /// The publication from which opening figures come.
    #[must_use]
    pub fn before(&self) -> Option<&ClosedPeriod> {
        match self.opening {
            Opening::Final(_) => self.closed.last(),
            Opening::Declared | Opening::Awaiting(_) | Opening::Gap(_) => None,
        }
    }

    /// Which closed period an instant lies in.
    #[must_use]
    pub fn closed_at(&self, at: Instant) -> Option<&Period> {
        let index = self.closed.partition_point(|closed| closed.period.end <= at);
        let period = &self.closed.get(index)?.period;
        period.contains(at).then_some(period)
    }

    /// The origin of what is of an instant.
    #[must_use]
    pub fn origin(&self, at: Instant) -> Origin {
        self.closed_at(at).map(|period| period.label.as_str().into())
    }

    /// What is charged on events of a period: what it was closed with, or else what the agreement
    /// charges now. So a reversal takes back what was charged, whatever is charged since.
    #[must_use]
    pub fn charged<'a>(&'a self, origin: Option<&str>, agreement: &'a Agreement) -> Charged<'a> {
        let closed =
            origin.and_then(|label| self.closed.iter().find(|closed| closed.period.label == label));
        closed.map_or_else(|| agreement.charged(), |closed| closed.charges.in_force())
    }

    /// What is carried into the period in the currency of `declared`, which is what the pipeline
    /// carries into the first period.
    #[must_use]
    pub fn carry(&self, declared: Money) -> Money {
        let zero = Money::zero(declared.currency());
        match self.opening {
            Opening::Declared => declared,
            Opening::Final(_) => {
                let statements = self.before().map(|closed| &closed.statements);
                let closed = statements.and_then(|all| all.get(&declared.currency()));
                closed.map_or(zero, |statement| statement.carry_forward)
            }
            Opening::Awaiting(_) | Opening::Gap(_) => zero,
        }
    }
}

/// What became of a row in a final publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Settled {
    /// Its leg was cleared, or belongs to one that was cleared alone.
    Cleared,
    /// A decision rejected it or wrote it off.
    Dropped,
}

/// How the rows of a book's files stand to the balances with which earlier periods were closed. A
/// row moves its balance once, in the first closing that reads it and does not end before it.
#[derive(Debug, Clone, Default)]
pub struct MovedBefore {
    /// Per row, whether a final publication settled, excluded or counted its event. Empty where
    /// nothing is final.
    pub known: Vec<bool>,
    /// Rows that the period before left open, with the instant at which the row that it read moves
    /// its balance; one that is pending moves none yet.
    pub open: BTreeMap<u32, Option<Instant>>,
}

impl MovedBefore {
    /// Whether a row that is posted in time moves a balance that was opened as of an instant: with
    /// our own closing, which read all that stands in the final publications from `known_from`, the
    /// beginning of the first, on. Rows of before stand in none, and are taken by their posting
    /// alone; so are all where the opening is none of ours, which is `None`.
    #[must_use]
    pub fn moves(
        &self,
        row: u32,
        (occurred, posted): (Instant, Instant),
        opened: Instant,
        known_from: Option<Instant>,
    ) -> bool {
        let Some(known_from) = known_from else { return opened < posted };
        if let Some(before) = self.open.get(&row) {
            return before.is_none_or(|before| opened < before);
        }
        match self.known.get(row as usize) {
            Some(true) => false,
            Some(false) if known_from <= occurred => true,
            Some(false) | None => opened < posted,
        }
    }
}

/// Numbers of own business that the files have and final publications have with other content
/// alone.
#[derive(Debug, Clone, Default)]
pub struct Reused {
    /// The files' rows.
    pub rows: BTreeSet<u32>,
    /// What the publications have under these numbers, the last that was closed first.
    pub published: Vec<RecalledRow>,
}

/// The label of the closed period that an event comes from; `None`, which comes first, for the
/// run's own.
pub type Origin = Option<Arc<str>>;

/// The codes under which an event was held and stays held until somebody decides, or the feeds
/// themselves say otherwise, whatever else holds it meanwhile.
pub type Kept = BTreeSet<&'static str>;

/// Which rows a run judges: those of its own period, and those of closed periods that are not
/// settled. What is settled is never judged again.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The run's period.
    pub period: Period,
    /// The past.
    pub past: Past,
    /// Rows of events that a final publication settled, by their book.
    pub settled: Both<BTreeMap<u32, Settled>>,
    /// Rows of the files whose event is settled: the publication's row stands for it.
    pub resent: Both<BTreeSet<u32>>,
    /// Rows of own business that were brought back, reversals of such business among them.
    pub own: Both<BTreeSet<u32>>,
    /// Numbers that legs which were cleared name of their partner, other than that of the leg they
    /// were cleared with, where the run has or names them: by the issuer, and whose they are.
    pub named: Both<Both<BTreeSet<String>>>,
    /// Issuer points at which the event of a row was cleared, by the row's book. They are the
    /// row's own but for a decision.
    pub cleared: Both<BTreeMap<u32, i64>>,
    /// Rows that were held when the period before was closed, by their book.
    pub held: Both<BTreeSet<u32>>,
    /// Of rows that earlier periods knew, the codes under which they stay held, by their book.
    pub kept: Both<BTreeMap<u32, Kept>>,
    /// Rows of own business of which the last final publication that has them says that they had
    /// not taken effect, with whether they have now, by their book.
    pub void: Both<BTreeMap<u32, bool>>,
    /// Rows that were left open when the period before was closed and that the files have again,
    /// by their book: they stand for nothing, and are only held against what came.
    pub replaced: Both<Vec<RecalledRow>>,
    /// Rows whose number closed periods have for something else, by their book.
    pub reused: Both<Reused>,
    /// How the rows of each book's files stand to the balances of closed periods.
    pub moved: Both<MovedBefore>,
    /// What became of adjustments.
    pub adjustments: AdjustedBefore,
    /// Pairs that were settled together, by their issuer: the issuer's row and the acceptor's.
    pub pairs: Both<Vec<(u32, u32)>>,
}

impl Scope {
    /// The scope of a period before anything is known to be settled.
    #[must_use]
    pub fn new(period: Period, past: Past) -> Scope {
        Scope {
            period,
            past,
            settled: Both::default(),
            resent: Both::default(),
            own: Both::default(),
            named: Both::default(),
            cleared: Both::default(),
            held: Both::default(),
            kept: Both::default(),
            void: Both::default(),
            replaced: Both::default(),
            reused: Both::default(),
            moved: Both::default(),
            adjustments: AdjustedBefore::default(),
            pairs: Both::default(),
        }
    }

    /// What became of a row in a final publication.
    #[must_use]
    pub fn settled(&self, party: Party, row: u32) -> Option<Settled> {
        self.settled.of(party).get(&row).copied()
    }

    /// Whether a leg of that instant is judged in this run.
    #[must_use]
    pub fn judges(&self, party: Party, row: u32, at: Instant) -> bool {
        self.covers(at) && self.settled(party, row).is_none()
    }

    /// Whether a row of own business is judged in this run: one of its own period, one that was
    /// held when the period before was closed, which waits for a decision as any held row does, and
    /// one that came late: no final publication has it, or it took effect and the last that has it
    /// says that it had not.
    #[must_use]
    pub fn judges_own(&self, party: Party, row: u32, at: Instant) -> bool {
        let is_new = || self.moved.of(party).known.get(row as usize) == Some(&false);
        let is_late = || self.void.of(party).get(&row).copied().unwrap_or_else(is_new);
        let is_open = || self.held.of(party).contains(&row) || is_late();
        self.period.clears(at) || (self.judges(party, row, at) && is_open())
    }

    /// Whether what is of an instant, and not settled, is this run's.
    #[must_use]
    pub fn covers(&self, at: Instant) -> bool {
        self.period.clears(at) || self.is_late(at)
    }

    /// Whether this run settles what was approved at an instant, if nothing has yet: what is older
    /// than the first closed period too, because no other period will have it.
    #[must_use]
    pub fn takes_up(&self, at: Instant) -> bool {
        match self.past.opening {
            Opening::Declared | Opening::Final(_) => at < self.period.cut(),
            Opening::Awaiting(_) | Opening::Gap(_) => self.period.clears(at),
        }
    }

    /// Whether an instant lies in a closed period whose open rows this run judges.
    fn is_late(&self, at: Instant) -> bool {
        matches!(self.past.opening, Opening::Final(_)) && self.past.closed_at(at).is_some()
    }

    /// Whether a reversal of a row is one after its period closed.
    #[must_use]
    pub fn is_closed(&self, party: Party, row: u32, at: Instant) -> bool {
        self.settled(party, row).is_some() || self.past.closed_at(at).is_some()
    }

    /// The period that an instant lies in, as far as this run knows periods.
    #[must_use]
    pub fn period_at(&self, at: Instant) -> &Period {
        self.past.closed_at(at).unwrap_or(&self.period)
    }

    /// The label of an origin.
    #[must_use]
    pub fn label<'a>(&'a self, origin: &'a Origin) -> &'a str {
        origin.as_deref().unwrap_or(&self.period.label)
    }
}

/// How a run of a period stands to the closed ones before it.
#[must_use]
pub fn opening(closed: &[ClosedPeriod], period: &Period, agreement: &Agreement) -> Opening {
    let (Some(last), Some(before)) =
        (closed.last(), period.previous(agreement.cycle, &agreement.zone))
    else {
        return Opening::Declared;
    };
    if last.period.label == before.label {
        return Opening::Final(before.label);
    }
    let closes = before.closes_from(agreement.close_after_days, &agreement.zone);
    match closes {
        Some(day) if period.as_of >= day => Opening::Gap(before.label),
        _ => Opening::Awaiting(before.label),
    }
}
