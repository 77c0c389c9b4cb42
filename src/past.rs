//! What a run takes from the past: the final publications of the periods before (结账), and how the
//! run stands to them. Nothing provisional is ever taken from.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::agreement::Agreement;
use crate::value::money::{Currency, Money};
use crate::value::party::Party;
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
    /// The publication under the pipeline's folder, such as `2026-03/2026-04-06`.
    pub place: String,
    /// The BLAKE3 digest of its manifest.
    pub digest: String,
    /// Its statements, by currency.
    pub statements: BTreeMap<Currency, ClosedStatement>,
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
    /// What of it the payer owes as late fees, on which no late fee is charged.
    pub late_fees: Money,
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
    pub fn closed_at(&self, at: Instant) -> Option<u16> {
        let index = self.closed.partition_point(|closed| closed.period.end <= at);
        let closed = self.closed.get(index)?;
        // There are fewer periods in an agreement's term than 2^16.
        closed.period.contains(at).then(|| u16::try_from(index).ok()).flatten()
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
