//! The events of a random world: short stories that go right or wrong in one known way each.

use fastrand::Rng;

use super::random::{now_and_then, one_of};
use super::{DAY, FLOWS, Flow, HOUR, Kind, PARTIES, Party, Row, Rule, SECOND, Status, World};
use crate::oracle::terms::{mirror, mirror_by, rate_at, ratio_at};

const KINDS: [Kind; 14] = [
    Kind::Earn,
    Kind::Xearn,
    Kind::Xaward,
    Kind::Burn,
    Kind::Xburn,
    Kind::Xaccept,
    Kind::Xout,
    Kind::Xin,
    Kind::Reversal,
    Kind::Expire,
    Kind::Adjust,
    Kind::Freeze,
    Kind::Unfreeze,
    Kind::Merge,
];

/// Both legs of one event, before they are put on the books.
struct Legs {
    issuer: Party,
    flow: Flow,
    one: Row,
    other: Row,
}

/// Tells stories until the books are full.
pub struct Stories<'w> {
    rng: &'w mut Rng,
    world: &'w mut World,
    /// Instants at which something changes.
    instants: Vec<i64>,
    next_id: u32,
    /// About how many rows a book has at the end.
    room: usize,
}

impl<'w> Stories<'w> {
    pub fn new(
        rng: &'w mut Rng,
        world: &'w mut World,
        instants: Vec<i64>,
        next_id: u32,
        room: usize,
    ) -> Stories<'w> {
        Stories { rng, world, instants, next_id, room }
    }

    pub fn tell(mut self) {
        while self.world.a.ledger.len() < self.room && self.world.b.ledger.len() < self.room {
            self.story();
        }
        for party in PARTIES {
            self.disturb(party);
            if self.rng.bool() {
                let mut rows = std::mem::take(&mut self.world.side_mut(party).ledger);
                self.rng.shuffle(&mut rows);
                self.world.side_mut(party).ledger = rows;
            }
        }
    }

    fn story(&mut self) {
        match self.rng.u32(..24) {
            0..=10 => {
                let legs = self.legs();
                self.put(legs);
            }
            11..=13 => self.reversed(),
            14 | 15 => self.one_sided(),
            16 | 17 => self.wrong_mirror(),
            18 => self.ambiguous(),
            19 => self.twins(),
            20 => self.late(),
            _ => self.own(),
        }
    }

    /// Ids are numbered over both parties, but not always apart: a party may use the partner's.
    fn id(&mut self) -> String {
        if now_and_then(self.rng, 75) {
            self.next_id += 1;
        }
        format!("E{}", self.next_id)
    }

    fn fresh_id(&mut self, party: Party) -> String {
        loop {
            let id = self.id();
            if self.world.side(party).ledger.iter().all(|row| row.event_id != id) {
                return id;
            }
            self.next_id += 1;
        }
    }

    fn instant(&mut self) -> i64 {
        let (start, _) = self.world.period_bounds();
        let cut = self.world.cut();
        match self.rng.u32(..28) {
            0..=2 => one_of(self.rng, &self.instants),
            3 => one_of(self.rng, &self.instants) - 1,
            4 => start - self.rng.i64(1..100) * HOUR,
            5 => cut + self.rng.i64(0..72) * HOUR,
            _ => self.rng.i64(start / SECOND..cut / SECOND) * SECOND,
        }
    }

    fn points(&mut self) -> i64 {
        match self.rng.u32(..4) {
            0 => self.rng.i64(1..=10),
            1 => one_of(self.rng, &[100, 250, 500, 1_000, 2_550]),
            _ => self.rng.i64(1..=5_000),
        }
    }

    fn row(&mut self, party: Party, member_no: &str, kind: Kind, points: i64, at: i64) -> Row {
        let posted_at = match self.rng.u32(..6) {
            0 => Some(at),
            1 => Some(at + self.rng.i64(0..100) * HOUR / 10),
            2 => Some(one_of(self.rng, &self.instants)),
            _ => None,
        };
        Row {
            event_id: self.fresh_id(party),
            member_no: member_no.to_owned(),
            kind,
            points,
            occurred_at: at,
            posted_at,
            counter_event_id: None,
            original_event_id: None,
            order_no: None,
            status: Status::Posted,
        }
    }

    /// A member of the party and its partner's number: by a link, or of the same number.
    fn members(&mut self, issuer: Party) -> (String, String) {
        if let Some(links) = self.world.links.as_ref().filter(|links| !links.is_empty()) {
            let link = one_of(self.rng, links);
            return (link.member(issuer).to_owned(), link.member(issuer.other()).to_owned());
        }
        let number = one_of(self.rng, &["007", "7", "M-1"]);
        (number.to_owned(), number.to_owned())
    }

    /// The agreed mirror of an event, or as many points where no ratio is in force.
    fn agreed(&self, issuer: Party, flow: Flow, points: i64, at: i64) -> i64 {
        match ratio_at(self.world, issuer, at) {
            Some(ratio) if flow != Flow::Sale => {
                mirror_by(self.world, i128::from(points), ratio) as i64
            }
            _ => points,
        }
    }

    /// Both legs as they should be, tied by reference, order or nothing but time.
    fn legs(&mut self) -> Legs {
        let issuer = one_of(self.rng, &PARTIES);
        let at = self.instant();
        let known: Vec<Flow> = FLOWS
            .into_iter()
            .filter(|flow| rate_at(self.world, issuer, *flow, at).is_some())
            .collect();
        let flow = match known.as_slice() {
            [] => Flow::Redemption,
            _ if now_and_then(self.rng, 1) => one_of(self.rng, &FLOWS),
            [first, ..] if self.rng.bool() => *first,
            known => one_of(self.rng, known),
        };
        let mut points = self.points();
        // Toward zero, a few points may mirror to none at all, which has no right sign.
        if self.agreed(issuer, flow, points, at) == 0 && self.rng.u32(..10) > 0 {
            points += 1_000;
        }
        let (member, partner) = self.members(issuer);
        let signed = if flow == Flow::Sale { points } else { -points };
        let one = self.row(issuer, &member, flow.issuer_kind(), signed, at);
        let mirrored = self.agreed(issuer, flow, points, at);
        let (from, to) = self.window();
        let offset = match self.rng.u32(..8) {
            0 => from,
            1 => to,
            2 => to + 1,
            _ => self.rng.i64(from..=to),
        };
        let then = at + offset * SECOND;
        let mut other = self.row(issuer.other(), &partner, flow.acceptor_kind(), mirrored, then);
        if now_and_then(self.rng, 3) {
            other.member_no = one_of(self.rng, &["7", "007", "ghost"]).to_owned();
        }
        let mut legs = Legs { issuer, flow, one, other };
        self.tie(&mut legs);
        if now_and_then(self.rng, 8) {
            let statuses = [Status::Pending, Status::Cancelled, Status::Posted];
            legs.one.status = one_of(self.rng, &statuses);
            legs.other.status =
                if self.rng.bool() { legs.one.status } else { one_of(self.rng, &statuses) };
        }
        legs
    }

    fn window(&self) -> (i64, i64) {
        let mut windows = self.world.rules.iter().filter_map(|rule| match rule {
            Rule::Window(from, to) => Some((*from, *to)),
            _ => None,
        });
        windows.next().unwrap_or((-60, 600))
    }

    fn tie(&mut self, legs: &mut Legs) {
        let has = |wanted: fn(&Rule) -> bool, world: &World| world.rules.iter().any(wanted);
        let by_order = has(|rule| *rule == Rule::Order, self.world);
        let by_window = has(|rule| matches!(rule, Rule::Window(..)), self.world);
        let one = legs.one.event_id.clone();
        let other = legs.other.event_id.clone();
        match self.rng.u32(..10) {
            0..=1 if by_order => {
                let order = format!("O{}", self.rng.u32(..40));
                legs.one.order_no = Some(order.clone());
                legs.other.order_no = Some(order);
            }
            2..=3 if by_window && legs.one.kind != Kind::Reversal => {}
            4 => legs.one.counter_event_id = Some(other),
            5 => {
                legs.one.counter_event_id = Some(other);
                legs.other.counter_event_id = Some(one);
                legs.one.order_no = Some(format!("O{}", self.rng.u32(..40)));
            }
            _ => legs.other.counter_event_id = Some(one),
        }
    }

    fn put(&mut self, legs: Legs) {
        self.world.side_mut(legs.issuer).ledger.push(legs.one);
        self.world.side_mut(legs.issuer.other()).ledger.push(legs.other);
    }

    /// An event and reversals of it: whole, in parts, too much, of nothing, or on one side.
    fn reversed(&mut self) {
        let legs = self.legs();
        let (issuer, flow) = (legs.issuer, legs.flow);
        let (one, other) = (legs.one.clone(), legs.other.clone());
        match self.rng.u32(..10) {
            0 => self.world.side_mut(issuer).ledger.push(legs.one),
            _ => self.put(legs),
        }
        let total = one.points.abs();
        let mut left = total;
        for _ in 0..self.rng.u32(1..=3) {
            let part = match self.rng.u32(..4) {
                0 => left,
                1 => (total / 2).max(1),
                2 => self.rng.i64(1..=total),
                _ => (left / 3).max(1),
            };
            if part == 0 {
                break;
            }
            let before = self.agreed(issuer, flow, left, one.occurred_at);
            let after = self.agreed(issuer, flow, left - part, one.occurred_at);
            let mut mirrored = before - after;
            if now_and_then(self.rng, 10) {
                mirrored += one_of(self.rng, &[1, -1, 20]);
            }
            left -= part;
            let at = match self.rng.u32(..4) {
                0 => self.instant(),
                _ => one.occurred_at + self.rng.i64(0..48) * HOUR,
            };
            if now_and_then(self.rng, 10) {
                // At the version of its own time, and not of what it reverses.
                mirrored = self.agreed(issuer, flow, part, at);
            }
            let signed = -one.points.signum() * part;
            let mut back = self.row(issuer, &one.member_no, Kind::Reversal, signed, at);
            let mut forth =
                self.row(issuer.other(), &other.member_no, Kind::Reversal, -mirrored, at);
            back.original_event_id = Some(one.event_id.clone());
            forth.original_event_id = Some(other.event_id.clone());
            let mut legs = Legs { issuer, flow, one: back, other: forth };
            self.tie(&mut legs);
            match self.rng.u32(..16) {
                0 => legs.one.original_event_id = None,
                1 => legs.other.original_event_id = Some("nowhere".to_owned()),
                2 => legs.one.status = Status::Cancelled,
                3 => {
                    self.world.side_mut(issuer).ledger.push(legs.one);
                    continue;
                }
                4 => {
                    self.world.side_mut(issuer.other()).ledger.push(legs.other);
                    continue;
                }
                _ => {}
            }
            self.put(legs);
        }
    }

    fn one_sided(&mut self) {
        let legs = self.legs();
        if self.rng.bool() {
            self.world.side_mut(legs.issuer).ledger.push(legs.one);
        } else {
            self.world.side_mut(legs.issuer.other()).ledger.push(legs.other);
        }
    }

    /// A mirror by another ratio, by another version, or by none.
    fn wrong_mirror(&mut self) {
        let mut legs = self.legs();
        let points = i128::from(legs.one.points.abs());
        let ratio = one_of(self.rng, &self.world.ratios);
        let (over, under) = (ratio.acceptor_points, ratio.issuer_points);
        let other = self.world.side(legs.issuer.other()).scale;
        let scale = if other > 0 { other } else { self.world.side(legs.issuer).scale };
        let factor = 10_i64.pow(scale.max(1));
        legs.other.points = match self.rng.u32(..10) {
            0 | 1 => mirror(self.world, points, over, under) as i64,
            2 => mirror(self.world, points, under, over) as i64,
            3 => points as i64,
            4 => legs.other.points + 1,
            5 => legs.other.points - 1,
            6 => legs.other.points * factor,
            7 if legs.other.points % factor == 0 => legs.other.points / factor,
            8 => one_of(self.rng, &[legs.other.points * 2, legs.other.points / 2]),
            _ => legs.other.points + self.rng.i64(2..1_000),
        };
        self.put(legs);
    }

    /// Several rows that could all be the other side of one.
    fn ambiguous(&mut self) {
        let legs = self.legs();
        let party = if self.rng.bool() { legs.issuer } else { legs.issuer.other() };
        let mut again = if party == legs.issuer { legs.one.clone() } else { legs.other.clone() };
        self.put(legs);
        again.event_id = self.fresh_id(party);
        again.occurred_at += self.rng.i64(0..30) * SECOND;
        self.world.side_mut(party).ledger.push(again);
    }

    /// The same facts twice under other ids, each mirrored.
    fn twins(&mut self) {
        let mut legs = self.legs();
        let (mut one, mut other) = (legs.one.clone(), legs.other.clone());
        one.event_id = self.fresh_id(legs.issuer);
        other.event_id = self.fresh_id(legs.issuer.other());
        // Ids that the first pair took in the meantime are no hindrance to being put.
        if one.event_id == legs.one.event_id || other.event_id == legs.other.event_id {
            one.event_id.push('x');
            other.event_id.push('x');
        }
        if one.counter_event_id.is_some() {
            one.counter_event_id = Some(other.event_id.clone());
        }
        if other.counter_event_id.is_some() {
            other.counter_event_id = Some(one.event_id.clone());
        }
        if now_and_then(self.rng, 50) {
            legs.one.order_no = None;
        }
        let (issuer, flow) = (legs.issuer, legs.flow);
        self.put(legs);
        self.put(Legs { issuer, flow, one, other });
    }

    /// The acceptor writes it down in another period.
    fn late(&mut self) {
        let mut legs = self.legs();
        let (start, end) = self.world.period_bounds();
        legs.other.occurred_at = match self.rng.u32(..3) {
            0 => end + self.rng.i64(0..48) * HOUR,
            1 => start - 1 - self.rng.i64(0..48) * HOUR,
            _ => self.world.cut() + self.rng.i64(0..3) * DAY,
        };
        legs.other.counter_event_id = Some(legs.one.event_id.clone());
        self.put(legs);
    }

    /// A party's own business, and now and then its reversal or a wrong sign.
    fn own(&mut self) {
        let party = one_of(self.rng, &PARTIES);
        let (member, _) = self.members(party);
        let kind = one_of(
            self.rng,
            &[
                Kind::Earn,
                Kind::Earn,
                Kind::Burn,
                Kind::Expire,
                Kind::Adjust,
                Kind::Merge,
                Kind::Freeze,
                Kind::Unfreeze,
            ],
        );
        let points = self.points();
        let mut signed = match kind {
            Kind::Earn => points,
            Kind::Burn | Kind::Expire => -points,
            Kind::Freeze | Kind::Unfreeze => 0,
            _ if self.rng.bool() => points,
            _ => -points,
        };
        if now_and_then(self.rng, 8) {
            signed = one_of(self.rng, &[-signed, 0, points]);
        }
        let at = self.instant();
        let mut row = self.row(party, &member, kind, signed, at);
        if now_and_then(self.rng, 8) {
            row.status = one_of(self.rng, &[Status::Pending, Status::Cancelled]);
        }
        let id = row.event_id.clone();
        self.world.side_mut(party).ledger.push(row);
        if now_and_then(self.rng, 25) {
            let back = if now_and_then(self.rng, 10) { signed } else { -signed };
            let later = at + self.rng.i64(0..48) * HOUR;
            let mut reversal = self.row(party, &member, Kind::Reversal, back, later);
            reversal.original_event_id = Some(id);
            self.world.side_mut(party).ledger.push(reversal);
        }
    }

    /// Changes a field of a row here and there, repeats rows, and repeats them changed.
    fn disturb(&mut self, party: Party) {
        let mut rows = std::mem::take(&mut self.world.side_mut(party).ledger);
        for position in 0..rows.len() {
            let mut row = rows[position].clone();
            match self.rng.u32(..100) {
                0..=3 => {
                    self.change(&mut row);
                    rows[position] = row;
                }
                4..=6 => rows.push(row),
                7 | 8 => {
                    self.change(&mut row);
                    rows.push(row);
                }
                9 => rows.extend([row.clone(), row]),
                _ => {}
            }
        }
        self.world.side_mut(party).ledger = rows;
    }

    fn change(&mut self, row: &mut Row) {
        let id = format!("E{}", self.rng.u32(1..=self.next_id.max(1)));
        match self.rng.u32(..10) {
            0 => row.status = one_of(self.rng, &[Status::Pending, Status::Cancelled]),
            1 => row.points += one_of(self.rng, &[1, -1]),
            2 => row.points = -row.points,
            3 => row.occurred_at = self.instant(),
            4 => row.counter_event_id = None,
            5 if row.kind != Kind::Earn => row.counter_event_id = Some(id),
            6 => row.kind = one_of(self.rng, &KINDS),
            7 => row.member_no = one_of(self.rng, &["7", "007", "ghost"]).to_owned(),
            8 => row.order_no = Some(format!("O{}", self.rng.u32(..40))),
            _ => row.original_event_id = Some(id),
        }
    }
}
