//! What happens between the two programmes and at home: single rows, pairs of rows, reversals.

use fastrand::Rng;

use crate::value::kind::{Flow, Kind, Status};
use crate::value::party::{Both, Party};

use super::GenerateError;
use super::calendar::{Scene, Second};
use super::ledger::{EventNo, Ledger, OrderNo, Row, UNKNOWN_FROM};
use super::truth::Truth;
use super::world::Person;

/// What the rows of one period have in common: files and counters.
pub(super) struct Press<'a> {
    pub ledgers: Both<Ledger>,
    pub truth: &'a mut Truth,
    /// The last event number given, by party.
    pub events: Both<EventNo>,
    /// The last order number given.
    pub orders: u64,
    /// The last number given that no row carries.
    pub unknown: EventNo,
    /// Points that left an account by MERGE and have not arrived in another, by party.
    pub merging: Both<i64>,
}

impl<'a> Press<'a> {
    /// Starts a period.
    pub fn new(ledgers: Both<Ledger>, truth: &'a mut Truth) -> Press<'a> {
        let events = Both { a: 0, b: 0 };
        let merging = Both { a: 0, b: 0 };
        Press { ledgers, truth, events, orders: 0, unknown: UNKNOWN_FROM, merging }
    }
}

/// How the two legs of a pair are to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tie {
    /// The acceptor names the issuer's event.
    Reference,
    /// The issuer names the acceptor's event.
    BackReference,
    /// Both name an order, and neither an event.
    Order,
    /// Only link, mirror and time.
    Window,
}

/// A pair that is about to be written. What is not changed is in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Draft {
    pub issuer: Party,
    pub flow: Flow,
    pub points: i64,
    pub at: Second,
    /// Seconds from the issuer's leg to the acceptor's.
    pub offset: i64,
    pub tie: Tie,
    /// What the acceptor recorded, where it is not the agreed mirror.
    pub recorded: Option<i64>,
    /// Status of the issuer's leg and of the acceptor's.
    pub statuses: (Status, Status),
    /// The flow of the acceptor's leg, where it is not the issuer's.
    pub acceptor_flow: Option<Flow>,
    /// The acceptor's member, where it is not the person's.
    pub acceptor_member: Option<u64>,
}

/// A pair that was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    pub draft: Draft,
    pub recorded: i64,
    pub issuer_event: EventNo,
    pub acceptor_event: EventNo,
    pub order: Option<OrderNo>,
    /// Issuer points reversed so far, and acceptor points.
    pub reversed: (i64, i64),
}

/// The life of one person in one period.
pub(super) struct Life<'a, 'p> {
    pub press: &'a mut Press<'p>,
    pub scene: &'a Scene,
    pub person: &'a Person,
    pub rng: Rng,
    pub balance: Both<i64>,
}

impl Draft {
    /// A pair in order, tied by reference.
    pub fn new(issuer: Party, flow: Flow, points: i64, at: Second, offset: i64) -> Draft {
        Draft {
            issuer,
            flow,
            points,
            at,
            offset,
            tie: Tie::Reference,
            recorded: None,
            statuses: (Status::Posted, Status::Posted),
            acceptor_flow: None,
            acceptor_member: None,
        }
    }
}

/// The kinds of a flow: the issuer's, the acceptor's.
pub(super) fn kinds(flow: Flow) -> (Kind, Kind) {
    match flow {
        Flow::Redemption => (Kind::Xburn, Kind::Xaccept),
        Flow::Conversion => (Kind::Xout, Kind::Xin),
        Flow::Sale => (Kind::Xearn, Kind::Xaward),
    }
}

/// Acceptor and issuer points of the two ratios of an issuer: the lower A→B one, the higher one.
pub(super) fn ratios(issuer: Party) -> [(i64, i64); 2] {
    match issuer {
        Party::A => [(40, 100), (50, 100)],
        Party::B => [(100, 40), (100, 50)],
    }
}

/// The ratio in force: acceptor points, issuer points.
pub(super) fn ratio_at(scene: &Scene, issuer: Party, at: Second) -> (i64, i64) {
    let [low, high] = ratios(issuer);
    if (at >= scene.change) == scene.rises { high } else { low }
}

/// The agreed mirror of points, toward zero.
pub(super) fn agreed(scene: &Scene, issuer: Party, flow: Flow, at: Second, points: i64) -> i64 {
    if flow == Flow::Sale {
        return points;
    }
    let (acceptor, own) = ratio_at(scene, issuer, at);
    points * acceptor / own
}

impl Life<'_, '_> {
    /// The next event number of a party.
    pub fn event(&mut self, party: Party) -> EventNo {
        let last = self.press.events.of_mut(party);
        *last += 1;
        *last
    }

    /// The next order.
    pub fn order(&mut self, at: Second) -> Option<OrderNo> {
        self.press.orders += 1;
        Some(OrderNo { at, serial: self.press.orders })
    }

    /// A number that no row carries.
    pub fn unknown(&mut self) -> EventNo {
        self.press.unknown += 1;
        self.press.unknown
    }

    /// A row of the person's with nothing but what every row has.
    pub fn row(&mut self, party: Party, kind: Kind, points: i64, at: Second) -> Row {
        let event = self.event(party);
        // A row is posted before the period closes, so that the closing snapshot has it.
        let lag = self.rng.i64(0..120);
        let posted = if at < self.scene.close { (at + lag).min(self.scene.close - 1) } else { at };
        Row {
            at,
            event,
            member: self.person.index,
            kind,
            points,
            posted: Some(posted),
            counter: 0,
            original: 0,
            order: None,
            status: Status::Posted,
            mangled: false,
        }
    }

    /// Writes a row; `moves` says whether its role moves the balance once it is posted.
    pub fn post(&mut self, party: Party, row: Row, moves: bool) -> Result<(), GenerateError> {
        if moves && row.status == Status::Posted {
            *self.balance.of_mut(party) += row.points;
        }
        self.press.ledgers.of_mut(party).push(row)
    }

    /// Business at home.
    pub fn home(
        &mut self,
        party: Party,
        kind: Kind,
        points: i64,
        at: Second,
    ) -> Result<EventNo, GenerateError> {
        let mut row = self.row(party, kind, points, at);
        if matches!(kind, Kind::Earn | Kind::Burn) {
            row.order = self.order(at);
        }
        let moves = kind.moves_balance().unwrap_or(true);
        self.post(party, row, moves)?;
        Ok(row.event)
    }

    /// Lets the person earn what a coming event needs.
    pub fn fund(&mut self, party: Party, need: i64, at: Second) -> Result<(), GenerateError> {
        let short = need - *self.balance.of(party);
        if short > 0 {
            let bonus = self.rng.i64(0..2_000);
            self.home(party, Kind::Earn, short + bonus, at)?;
        }
        Ok(())
    }

    /// The issuer's leg of a draft, not yet written.
    pub fn issuer_leg(&mut self, draft: &Draft) -> Row {
        let sign = if draft.flow == Flow::Sale { 1 } else { -1 };
        let kind = kinds(draft.flow).0;
        let mut row = self.row(draft.issuer, kind, sign * draft.points, draft.at);
        row.status = draft.statuses.0;
        if row.status != Status::Posted {
            row.posted = None;
        }
        row
    }

    /// The acceptor's leg of a draft, not yet written.
    pub fn acceptor_leg(&mut self, draft: &Draft) -> Row {
        let Draft { issuer, flow, at, points, .. } = *draft;
        let recorded =
            draft.recorded.unwrap_or_else(|| agreed(self.scene, issuer, flow, at, points));
        let kind = kinds(draft.acceptor_flow.unwrap_or(flow)).1;
        let mut row = self.row(issuer.partner(), kind, recorded, at + draft.offset);
        row.status = draft.statuses.1;
        if row.status != Status::Posted {
            row.posted = None;
        }
        row.member = draft.acceptor_member.unwrap_or(row.member);
        row
    }

    /// Both legs of a draft, tied to one another and not yet written.
    pub fn legs(&mut self, draft: &Draft) -> (Row, Row) {
        let mut issuer = self.issuer_leg(draft);
        let mut acceptor = self.acceptor_leg(draft);
        let order = self.order(draft.at);
        match draft.tie {
            Tie::Reference => acceptor.counter = issuer.event,
            Tie::BackReference => issuer.counter = acceptor.event,
            Tie::Order | Tie::Window => {}
        }
        // One reference in four stands without an order number, as a gateway sends it.
        let ordered = match draft.tie {
            Tie::Order => true,
            Tie::Window => false,
            _ => self.rng.u8(0..4) > 0,
        };
        if ordered {
            issuer.order = order;
            acceptor.order = order;
        }
        (issuer, acceptor)
    }

    /// Writes both legs of a draft.
    pub fn pair(&mut self, draft: Draft) -> Result<Pair, GenerateError> {
        let (issuer, acceptor) = self.legs(&draft);
        self.post(draft.issuer, issuer, true)?;
        let moves = acceptor.kind == Kind::Xin;
        self.post(draft.issuer.partner(), acceptor, moves)?;
        Ok(Pair {
            draft,
            recorded: acceptor.points,
            issuer_event: issuer.event,
            acceptor_event: acceptor.event,
            order: issuer.order,
            reversed: (0, 0),
        })
    }

    /// What the acceptor takes back when `points` more of a pair are reversed (domain.md §3.6).
    pub fn mirror_back(&self, pair: &Pair, points: i64) -> i64 {
        let Draft { issuer, flow, at, .. } = pair.draft;
        let mirror = |points| agreed(self.scene, issuer, flow, at, points);
        let remains = pair.draft.points - pair.reversed.0 - points;
        mirror(pair.draft.points) - mirror(remains) - pair.reversed.1
    }

    /// The issuer's leg of a reversal, not yet written.
    pub fn issuer_reversal(&mut self, pair: &Pair, points: i64, at: Second) -> Row {
        let sign = if pair.draft.flow == Flow::Sale { -1 } else { 1 };
        let mut row = self.row(pair.draft.issuer, Kind::Reversal, sign * points, at);
        row.original = pair.issuer_event;
        row
    }

    /// The acceptor's leg of a reversal, not yet written.
    pub fn acceptor_reversal(&mut self, pair: &Pair, back: i64, at: Second) -> Row {
        let mut row = self.row(pair.draft.issuer.partner(), Kind::Reversal, -back, at);
        row.original = pair.acceptor_event;
        row
    }

    /// Reverses points of a pair on both sides; the issuer's event and the acceptor's.
    pub fn reverse(
        &mut self,
        pair: &mut Pair,
        points: i64,
        back: i64,
        at: Second,
        offset: i64,
    ) -> Result<(EventNo, EventNo), GenerateError> {
        let whole = points == pair.draft.points;
        let mut issuer = self.issuer_reversal(pair, points, at);
        let mut acceptor = self.acceptor_reversal(pair, back, at + offset);
        // Only a single reversal of an order can be told by the order; parts name the event.
        if whole {
            issuer.order = pair.order;
            acceptor.order = pair.order;
        }
        if !(whole && pair.draft.tie == Tie::Order) {
            acceptor.counter = issuer.event;
        }
        self.post(pair.draft.issuer, issuer, true)?;
        let moves = pair.draft.flow == Flow::Conversion;
        self.post(pair.draft.issuer.partner(), acceptor, moves)?;
        pair.reversed.0 += points;
        pair.reversed.1 += back;
        Ok((issuer.event, acceptor.event))
    }
}
