//! Legs that this run settles without counting them: what a decision dropped, and what joins a leg
//! that an earlier period released alone.

use super::directions;
use super::items::{Direction, Items};
use crate::discrepancy::Effect;
use crate::frame::books::Side;
use crate::judgement::{Cause, Disposition};
use crate::past::Settled;
use crate::publish::{DROPPED, JOINED, OpenRow};
use crate::value::kind::Role;
use crate::value::party::Party;

/// Whether a decision dropped what was held; a repetition is excluded by its own rule.
fn is_dropped(disposition: Disposition, cause: Option<&Cause>) -> bool {
    disposition == Disposition::Excluded
        && cause.is_some_and(|cause| cause.rule.effect != Effect::Excluded)
}

impl<'a> Items<'a> {
    /// The rows, in the order of `open_rows`.
    #[must_use]
    pub fn settled_rows(&self) -> Vec<OpenRow<'a>> {
        let (a, b) = directions(self.evidence);
        let mut rows = Vec::new();
        self.settled_rows_of(a, &mut rows);
        self.settled_rows_of(b, &mut rows);
        super::open::sort_open_rows(&mut rows);
        rows
    }

    fn settled_rows_of<I: Side>(&self, direction: Direction<'a, I>, rows: &mut Vec<OpenRow<'a>>) {
        let Direction { issuer, acceptor, lineage, own, judged } = direction;
        let scope = &self.evidence.scope;
        let became = |row: OpenRow<'a>, became, issuer: Party, partner| OpenRow {
            became: Some(became),
            issuer: Some(issuer),
            partner_event_id: partner,
            ..row
        };
        for pair in &judged.pairs {
            let (leg, mirror) = (pair.pair.issuer, pair.pair.acceptor);
            let cause = pair.cause.as_deref();
            let ids = (issuer.event_id(leg), acceptor.event_id(mirror));
            let of_leg = || self.open_row(issuer, leg, cause);
            let of_mirror = || self.open_row(acceptor, mirror, cause);
            if is_dropped(pair.disposition, cause) {
                rows.push(became(of_leg(), DROPPED, I::PARTY, Some(ids.1)));
                rows.push(became(of_mirror(), DROPPED, I::PARTY, Some(ids.0)));
                continue;
            }
            let settled = (scope.settled(I::PARTY, leg), scope.settled(I::PARTY.partner(), mirror));
            match settled {
                (None, Some(Settled::Cleared)) => {
                    rows.push(became(of_leg(), JOINED, I::PARTY, Some(ids.1)));
                }
                (Some(Settled::Cleared), None) => {
                    rows.push(became(of_mirror(), JOINED, I::PARTY, Some(ids.0)));
                }
                _ => {}
            }
        }
        for item in
            judged.items.iter().filter(|item| is_dropped(item.disposition, item.cause.as_ref()))
        {
            let cause = item.cause.as_ref();
            let leg = item.issuer.map(|row| self.open_row(issuer, row, cause));
            let mirror = item.acceptor.map(|row| self.open_row(acceptor, row, cause));
            let legs = leg.into_iter().chain(mirror);
            rows.extend(legs.map(|row| became(row, DROPPED, I::PARTY, None)));
        }
        // Collided legs are judged with their own book, whosever points they are.
        for item in own.iter().filter(|item| is_dropped(item.disposition, item.cause.as_ref())) {
            let Some(row) = item.issuer else { continue };
            let of = match lineage.role(row) {
                Role::Issuer(_) => I::PARTY,
                Role::Acceptor(_) => I::PARTY.partner(),
                Role::Own => continue,
            };
            let open = self.open_row(issuer, row, item.cause.as_ref());
            rows.push(became(open, DROPPED, of, None));
        }
    }
}
