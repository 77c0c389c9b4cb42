//! The rows that a run leaves open: what is held, what is pending or belongs to a pair of a later
//! period, and what it has read of later days.

use std::collections::{BTreeMap, BTreeSet};

use super::directions;
use super::items::{Direction, Items};
use crate::detect::ledger::moves;
use crate::event::Standing;
use crate::feed::{FeedRows, Owner};
use crate::frame::books::{Ledger, Side};
use crate::frame::fields::{AMOUNT_DIGITS, FeedKind};
use crate::judgement::{Cause, Disposition, Judgement};
use crate::past::MovedBefore;
use crate::publish::{OpenRow, SortKey};
use crate::value::kind::Status;
use crate::value::party::Programme;
use crate::value::period::Instant;

/// What tells whether a row is one of later days: it may stand in no other period's file.
struct Later<'a> {
    /// The files of the ledger.
    feed: Option<&'a FeedRows>,
    /// The last instant of the period.
    last: Instant,
    /// The instant at which each account was closed.
    closings: BTreeMap<&'a str, Instant>,
    /// The earliest of these.
    earliest: Instant,
    /// What moved a balance before, and the instant at which each account was opened with our own
    /// closing; `None` where no closing was.
    before: Option<(&'a MovedBefore, BTreeMap<&'a str, Instant>)>,
    /// The last instant before the period.
    eve: Instant,
}

impl Later<'_> {
    /// Whether the row stands in a file of later days which the next period reads itself.
    fn comes_again<P: Programme>(&self, ledger: &Ledger<P>, row: u32) -> bool {
        let (part, _) = ledger.origins.of(row);
        let file = self.feed.and_then(|feed| {
            let part = feed.parts.get(part as usize)?;
            feed.files.get(part.file as usize)
        });
        file.is_some_and(|file| file.follows && file.comes_again)
    }

    /// When at the latest a row moved its balance, if an earlier closing counted it.
    fn moved_before<P: Programme>(&self, ledger: &Ledger<P>, row: u32) -> Option<Instant> {
        let (moved, openings) = self.before.as_ref()?;
        let opened = openings.get(ledger.member_no(row)).copied().unwrap_or(self.eve);
        match moved.open.get(&row) {
            Some(before) => before.filter(|before| *before <= opened),
            None => moved.known.get(row as usize).is_some_and(|known| *known).then_some(opened),
        }
    }

    /// Whether a row that moves a balance moved it after its account was closed.
    fn moved_later<P: Programme>(&self, ledger: &Ledger<P>, row: u32) -> bool {
        let posted = ledger.posted_at(row);
        let closed = || self.closings.get(ledger.member_no(row)).copied().unwrap_or(self.last);
        posted > self.earliest && posted > closed()
    }
}

impl<'a> Items<'a> {
    /// The rows of both books that the next period takes up, as they were read: A's first, each
    /// book's by time, event_id and content.
    #[must_use]
    pub fn open_rows(&self) -> Vec<OpenRow<'a>> {
        let (a, b) = directions(self.evidence);
        let mut rows = Vec::new();
        self.open_rows_of(a, b.judged, &mut rows);
        self.open_rows_of(b, a.judged, &mut rows);
        sort_open_rows(&mut rows);
        rows
    }

    fn open_rows_of<P: Side>(
        &self,
        direction: Direction<'a, P>,
        accepted: &'a Judgement<P::Partner>,
        rows: &mut Vec<OpenRow<'a>>,
    ) {
        let held = Disposition::Held;
        let (ledger, issued) = (direction.issuer, direction.judged);
        let pairs = issued.pairs.iter().filter(|pair| pair.disposition == held);
        let pairs = pairs.map(|pair| (pair.pair.issuer, pair.cause.as_deref()));
        let mirrors = accepted.pairs.iter().filter(|pair| pair.disposition == held);
        let mirrors = mirrors.map(|pair| (pair.pair.acceptor, pair.cause.as_deref()));
        let items = direction.own.iter().chain(&issued.items);
        let items = items.filter(|item| item.disposition == held);
        let items = items.filter_map(|item| Some((item.issuer?, item.cause.as_ref())));
        let legs = accepted.items.iter().filter(|item| item.disposition == held);
        let legs = legs.filter_map(|item| Some((item.acceptor?, item.cause.as_ref())));
        let held: BTreeMap<u32, Option<&Cause>> =
            pairs.chain(mirrors).chain(items).chain(legs).collect();
        let later = self.later_of::<P>();
        let waiting = self.waiting(direction, accepted, later.last);
        // What moved a balance until now is not to move one of the next, though that reads it too;
        // and what happened in this one and moves a balance later is no other row of the next.
        let is_known = |row: &u32| {
            let has_moved =
                !later.moved_later(ledger, *row) || later.moved_before(ledger, *row).is_some();
            (has_moved && moves(ledger, direction.lineage, *row))
                || ledger.occurred_at(*row) <= later.last
        };
        let is_later = |row: &u32| {
            let lineage = direction.lineage;
            let is_settled = self.evidence.scope.settled(P::PARTY, *row).is_some();
            let after = (ledger.occurred_at(*row) > later.last && !is_settled)
                || (later.moved_later(ledger, *row)
                    && later.moved_before(ledger, *row).is_none()
                    && moves(ledger, lineage, *row));
            (after || waiting.contains(row))
                && lineage.standing[*row as usize] != Standing::Extra
                && !held.contains_key(row)
                && (is_known(row) || !later.comes_again(ledger, *row))
        };
        // What moved its balance is not to move it again, whatever it is sent with now.
        let handed = |row: u32, cause| {
            let open = self.row_left(direction, row, cause);
            let posted_at = match ledger.status(row) {
                Status::Posted => {
                    let moved = later.moved_before(ledger, row);
                    let moved = moved.filter(|_| moves(ledger, direction.lineage, row));
                    moved.or(open.posted_at)
                }
                Status::Pending | Status::Cancelled => later.moved_before(ledger, row),
            };
            OpenRow { posted_at, ..open }
        };
        rows.extend(ledger.rows().filter(is_later).map(|row| handed(row, None)));
        rows.extend(held.iter().map(|(&row, &cause)| handed(row, cause)));
    }

    /// Legs that only a later period can settle: those that are pending, and the party's mirrors of
    /// issuer's legs after the period's last instant.
    fn waiting<P: Side>(
        &self,
        direction: Direction<'a, P>,
        accepted: &Judgement<P::Partner>,
        last: Instant,
    ) -> BTreeSet<u32> {
        let pending = Disposition::Pending;
        let issued = direction.judged;
        let pairs = issued.pairs.iter().filter(|pair| pair.disposition == pending);
        let items = issued.items.iter().filter(|item| item.disposition == pending);
        let legs = accepted.items.iter().filter(|item| item.disposition == pending);
        let is_settled = |row| self.evidence.scope.settled(P::PARTY, row).is_some();
        let is_later = |leg| direction.acceptor.occurred_at(leg) > last;
        let mirrors = accepted.pairs.iter().filter(|judged| {
            let (leg, mirror) = (judged.pair.issuer, judged.pair.acceptor);
            judged.disposition == pending || (is_later(leg) && !is_settled(mirror))
        });
        pairs
            .map(|pair| pair.pair.issuer)
            .chain(mirrors.map(|pair| pair.pair.acceptor))
            .chain(items.filter_map(|item| item.issuer))
            .chain(legs.filter_map(|item| item.acceptor))
            .collect()
    }

    /// Rows that have no effect now and had moved their balance before, with when at the latest:
    /// they are not to move it again, whatever they are sent with later.
    pub fn moved_and_void<P: Side>(
        &self,
        ledger: &Ledger<P>,
        rows: &[u32],
    ) -> BTreeMap<u32, Instant> {
        let void = |row: &&u32| ledger.status(**row) != Status::Posted;
        let mut void = rows.iter().filter(void).peekable();
        if void.peek().is_none() {
            return BTreeMap::new();
        }
        let later = self.later_of::<P>();
        void.filter_map(|&row| Some((row, later.moved_before(ledger, row)?))).collect()
    }

    fn later_of<P: Side>(&self) -> Later<'a> {
        let last = self.period.end.plus(-1);
        let accounts = self.evidence.accounts.of(P::PARTY);
        let closings = accounts.iter().map(|one| (one.member_no.as_str(), one.closing_as_of));
        let is_ours = |feed: &&FeedRows| {
            feed.kind == FeedKind::Ledger && feed.owner == Owner::Party(P::PARTY)
        };
        let closed = self.evidence.intake.ends(P::PARTY, &self.evidence.scope.past).closed;
        let before = closed.map(|closed| {
            let of = |row: u32| Some((closed.member_no(row), closed.as_of(row)?));
            let openings = (0..closed.len() as u32).filter_map(of).collect();
            (self.evidence.scope.moved.of(P::PARTY), openings)
        });
        Later {
            before,
            eve: self.period.start.plus(-1),
            feed: self.evidence.intake.feeds.iter().find(is_ours),
            last,
            earliest: accounts.iter().map(|one| one.closing_as_of).min().unwrap_or(last).min(last),
            closings: closings.collect(),
        }
    }

    /// A row of an issuer's ledger as it was read, with the codes under which it stays held.
    pub fn row_left<P: Side>(
        &self,
        Direction { issuer, judged, .. }: Direction<'a, P>,
        row: u32,
        cause: Option<&'a Cause>,
    ) -> OpenRow<'a> {
        let kept = judged.kept.get(&row).into_iter().flatten().copied().collect();
        OpenRow { kept, ..self.open_row(issuer, row, cause) }
    }

    /// A row of a ledger as it was read.
    pub fn open_row<P: Side>(
        &self,
        ledger: &'a Ledger<P>,
        row: u32,
        cause: Option<&'a Cause>,
    ) -> OpenRow<'a> {
        let intake = &self.evidence.intake;
        let (file, line) = ledger.origins.of(row);
        let path = intake.paths.ledger.of(P::PARTY).get(file as usize);
        let place = (path.map_or("", String::as_str), line);
        // A row that was brought back stands where it was read first, not in a publication.
        let recalled = (row as usize).checked_sub(ledger.rows_read());
        let first = recalled.and_then(|index| intake.first_read.of(P::PARTY).get(index)?.as_ref());
        let (file, line) = first.map_or(place, |(file, line)| (file, *line));
        let at = ledger.occurred_at(row);
        let scope = &self.evidence.scope;
        let id = cause.map(|cause| cause.discrepancy_id.as_str());
        let seen = id.and_then(|id| self.first_seen.get(id).copied());
        OpenRow {
            party: P::PARTY,
            event_id: ledger.event_id(row),
            member_no: ledger.member_no(row),
            kind: ledger.kind(row).word(),
            points: ledger.points(row),
            occurred_at: at,
            posted_at: ledger.posted(row),
            counter_event_id: ledger.counter_event_id(row),
            original_event_id: ledger.original_event_id(row),
            order_no: ledger.order_no(row),
            status: ledger.status(row).word(),
            amount: ledger.amount(row),
            currency: ledger.currency(row),
            authority: ledger.authority(row),
            origin_period: (at < self.period.end).then(|| scope.period_at(at).label.as_str()),
            first_seen: seen.or(id.map(|_| self.period.as_of)),
            code: cause.map(|cause| cause.rule.code),
            discrepancy_id: id,
            kept: Vec::new(),
            file,
            line,
            became: None,
            issuer: None,
            partner_event_id: None,
        }
    }
}

/// A's rows first, each book's by time, event_id and content.
pub fn sort_open_rows(rows: &mut [OpenRow<'_>]) {
    rows.sort_by_cached_key(open_key);
}

/// What decides where an open row stands.
#[must_use]
pub fn open_key(row: &OpenRow<'_>) -> SortKey {
    let mut amount = row.amount;
    // Amounts have no more places than these, so that they compare as their units do.
    amount.iter_mut().for_each(|amount| amount.rescale(AMOUNT_DIGITS.into()));
    let units = amount.and_then(|amount| i64::try_from(amount.mantissa()).ok());
    let key = SortKey::default().party(row.party).at(row.occurred_at).text(row.event_id);
    // Collided rows share these. What they say decides before where they stood.
    key.text(row.kind)
        .text(row.member_no)
        .whole(row.points)
        .text_if(row.order_no)
        .at_if(row.posted_at)
        .text_if(row.counter_event_id)
        .text_if(row.original_event_id)
        .text(row.status)
        .whole_if(units)
        .text_if(row.currency)
        .text_if(row.authority)
        .text(row.file)
        .count(row.line)
}
