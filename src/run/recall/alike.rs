//! Spends of the run beside which an earlier one may stand that says the same (EVT-05).

use std::collections::BTreeMap;

use crate::engine::Exchange;
use crate::frame::books::{Ledger, Side};
use crate::value::kind::{Kind, Role};
use crate::value::period::Instant;

/// The instants of a book's spends by the hash of whose they are, of what kind and of how much. A
/// hash that two share brings back a row in vain, which changes nothing.
#[derive(Debug, Default)]
pub struct Alike {
    spends: BTreeMap<u64, Vec<Instant>>,
    within: i64,
}

impl Alike {
    /// The spends of a ledger that a closed period may have one beside, within so long: those that
    /// happened before `until`.
    pub fn of<P: Side>(ledger: &Ledger<P>, until: Instant, within: i64) -> Alike {
        let mut alike = Alike { spends: BTreeMap::new(), within };
        for row in ledger.rows().filter(|&row| ledger.occurred_at(row) < until) {
            let what = (ledger.kind(row), ledger.points(row));
            alike.add(ledger.member_no(row), what, ledger.occurred_at(row));
        }
        alike.spends.values_mut().for_each(|instants| instants.sort_unstable());
        alike
    }

    /// Adds a row, if it is a spend.
    pub fn add(&mut self, member: &str, (kind, points): (Kind, i64), at: Instant) {
        if matches!(kind.role(), Some(Role::Issuer(_))) {
            self.spends.entry(hash(member, kind, points)).or_default().push(at);
        }
    }

    /// Whether none is asked for.
    pub fn is_empty(&self) -> bool {
        self.spends.is_empty()
    }

    /// Whether a spend stands within so long of one of them.
    pub fn has(&self, member: &str, (kind, points): (Kind, i64), at: Instant) -> bool {
        let Some(instants) = self.spends.get(&hash(member, kind, points)) else { return false };
        let (first, last) = (at.plus(-self.within), at.plus(self.within));
        instants.iter().any(|&other| first <= other && other <= last)
    }
}

fn hash(member: &str, kind: Kind, points: i64) -> u64 {
    let spread = points.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Exchange::hash(member) ^ spread ^ u64::from(kind.code()).rotate_left(57)
}
