//! The rows of the detail tables: counted events, held and awaited items, links.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;
use rayon::prelude::*;

use super::directions;
use crate::agreement::Agreement;
use crate::claim::HeldAdjustment;
use crate::clear::ObligationKey;
use crate::detect::ledger::LED_06;
use crate::detect::place;
use crate::event::{Lineage, Matched};
use crate::frame::books::{Ledger, Side};
use crate::judgement::{Disposition, Item, Judgement, VersionsInForce, Worth};
use crate::links::{Link, LinkBook};
use crate::past::Origin;
use crate::publish::{ClearedRow, ItemRow, LinkRow};
use crate::run::Evidence;
use crate::statement::LineKind;
use crate::value::kind::{Flow, LinkMethod};
use crate::value::party::{Both, Party};
use crate::value::period::{Instant, Period};
use crate::value::points::{Overflow, Points};

/// What the detail tables are made from.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    /// The agreement.
    pub agreement: &'a Agreement,
    /// The period.
    pub period: &'a Period,
    /// What the run found out.
    pub evidence: &'a Evidence,
    /// When each discrepancy was first seen, by its id.
    pub first_seen: &'a BTreeMap<&'a str, Date>,
}

/// One issuer's points: both ledgers and what was judged.
#[derive(Clone, Copy)]
pub struct Direction<'a, I: Side> {
    /// The issuer's ledger.
    pub issuer: &'a Ledger<I>,
    /// The acceptor's ledger.
    pub acceptor: &'a Ledger<I::Partner>,
    /// What is known of the issuer's rows.
    pub lineage: &'a Lineage<I>,
    /// Rows judged by themselves.
    pub own: &'a [Item<I>],
    /// Pairs and rest.
    pub judged: &'a Judgement<I>,
}

/// The number of each gross line of an issuer.
type LineNumbers = BTreeMap<ObligationKey, i128>;

/// The counted events, in order, still to be made.
pub struct Cleared<'a> {
    items: Items<'a>,
    orders: (Vec<u32>, Vec<u32>),
    line_numbers: Both<LineNumbers>,
}

/// A counted event: a pair, or a leg that was released without one.
struct Counted<'a, I: Side> {
    leg: Option<u32>,
    mirror: Option<u32>,
    rule: u8,
    flow: Flow,
    cleared: Points<I>,
    agreed: Option<Points<I::Partner>>,
    versions: VersionsInForce,
    origin: &'a Origin,
    decision: Option<u32>,
}

impl<'a, I: Side> Counted<'a, I> {
    /// The counted event of that place: pairs come first, then what was released alone.
    fn at(judged: &'a Judgement<I>, place: u32) -> Option<Counted<'a, I>> {
        let place = place as usize;
        if let Some(pair) = judged.pairs.get(place) {
            return Some(Counted {
                leg: Some(pair.pair.issuer),
                mirror: Some(pair.pair.acceptor),
                rule: pair.pair.rule,
                flow: pair.flow?,
                cleared: pair.cleared,
                agreed: pair.agreed,
                versions: pair.versions?,
                origin: &pair.origin,
                decision: pair.decision,
            });
        }
        let released = judged.released.get(place - judged.pairs.len())?;
        Some(Counted {
            leg: released.issuer,
            mirror: released.acceptor,
            // No rule paired it.
            rule: u8::MAX,
            flow: released.flow,
            cleared: released.cleared,
            agreed: Some(released.agreed),
            versions: released.versions,
            origin: &released.origin,
            decision: Some(released.decision),
        })
    }
}

impl<'a> Cleared<'a> {
    /// The row at a place.
    #[must_use]
    pub fn row(&self, place: usize) -> Option<ClearedRow<'a>> {
        let (a, b) = directions(self.items.evidence);
        match self.orders.0.get(place) {
            Some(&at) => {
                let counted = Counted::at(a.judged, at)?;
                self.items.cleared_row(a, &self.line_numbers.a, &counted)
            }
            None => {
                let at = *self.orders.1.get(place - self.orders.0.len())?;
                let counted = Counted::at(b.judged, at)?;
                self.items.cleared_row(b, &self.line_numbers.b, &counted)
            }
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.orders.0.len() + self.orders.1.len()
    }

    /// The digest of what the events say, without their places.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        let (a, b) = directions(self.items.evidence);
        digest_of(a, &self.orders.0, &mut hasher);
        digest_of(b, &self.orders.1, &mut hasher);
        hasher.finalize().to_hex().to_string()
    }
}

/// Adds what one issuer's events say, in their order.
fn digest_of<I: Side>(direction: Direction<'_, I>, order: &[u32], hasher: &mut blake3::Hasher) {
    for counted in order.iter().filter_map(|&at| Counted::at(direction.judged, at)) {
        let issuer = counted.leg.map_or("", |leg| direction.issuer.event_id(leg));
        let acceptor = counted.mirror.map_or("", |mirror| direction.acceptor.event_id(mirror));
        for text in [I::PARTY.letter(), issuer, acceptor] {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.update(&counted.cleared.quantity().to_le_bytes());
        let agreed = counted.agreed.map(Points::quantity).unwrap_or_default();
        hasher.update(&agreed.to_le_bytes());
    }
}

/// The counted pairs and released legs of one issuer by time and event_id.
fn order_of<I: Side>(direction: Direction<'_, I>) -> Vec<u32> {
    let pairs = &direction.judged.pairs;
    let released = &direction.judged.released;
    let counted = (0_u32..).zip(pairs);
    let mut order: Vec<u32> = counted
        .filter(|(_, pair)| pair.disposition == Disposition::Counted)
        .map(|(index, _)| index)
        .collect();
    // A ledger has fewer than 2^32 rows, and each stands in one place.
    order.extend((pairs.len()..pairs.len() + released.len()).map(|place| place as u32));
    let legs = |place: u32| match pairs.get(place as usize) {
        Some(pair) => (Some(pair.pair.issuer), Some(pair.pair.acceptor)),
        None => {
            let released = &released[place as usize - pairs.len()];
            (released.issuer, released.acceptor)
        }
    };
    let key = |place: &u32| match legs(*place) {
        (Some(leg), _) => Some((direction.issuer.occurred_at(leg), direction.issuer.event_id(leg))),
        (None, Some(leg)) => {
            Some((direction.acceptor.occurred_at(leg), direction.acceptor.event_id(leg)))
        }
        (None, None) => None,
    };
    order.par_sort_unstable_by(|one, other| key(one).cmp(&key(other)));
    order
}

impl<'a> Items<'a> {
    /// The counted events in the order of their table: A's points first, each issuer's by time and
    /// event_id. The rows are made one by one as they are written; only their order is held.
    #[must_use]
    pub fn cleared(&self) -> Cleared<'a> {
        let (a, b) = directions(self.evidence);
        Cleared {
            items: *self,
            orders: (order_of(a), order_of(b)),
            line_numbers: Both::from_fn(|party| self.line_numbers(party)),
        }
    }

    fn cleared_row<I: Side>(
        &self,
        Direction { issuer, acceptor, lineage, .. }: Direction<'a, I>,
        line_numbers: &LineNumbers,
        counted: &Counted<'a, I>,
    ) -> Option<ClearedRow<'a>> {
        let Counted { leg, mirror, flow, versions, .. } = *counted;
        let rates = self.agreement.rates_of(I::PARTY, flow);
        let rate = versions.rate.and_then(|index| rates.get(usize::from(index)));
        let worth = match rate {
            Some(rate) => rate.value.worth(counted.cleared).ok()?,
            None => self.agreement.worthless(),
        };
        let key = ObligationKey::new::<I>((flow, versions, counted.origin), self.agreement);
        let ratio = versions
            .ratio
            .and_then(|index| self.agreement.ratios.of(I::PARTY).get(usize::from(index)));
        // Both figures were computed once for judging and balancing, where they were checked.
        let exact = match ratio {
            Some(version) => {
                let numerator = version.value.exact_numerator(counted.cleared).ok()?;
                (numerator, i128::from(version.value.denominator()))
            }
            None => (counted.cleared.quantity(), 1),
        };
        let original = leg.and_then(|leg| lineage.originals.get(&leg));
        let original = original.map(|&original| issuer.event_id(original));
        let intake = &self.evidence.intake;
        let place = |party: Party, (file, line): (u32, u64)| {
            let path = intake.paths.ledger.of(party).get(file as usize);
            (path.map_or("", String::as_str), line)
        };
        let order_of_leg = leg.and_then(|leg| issuer.order_no(leg));
        let order_of_mirror = || mirror.and_then(|mirror| acceptor.order_no(mirror));
        let decisions = intake.decisions.as_ref();
        Some(ClearedRow {
            issuer: I::PARTY,
            flow: flow.word(),
            kind: leg.map(|leg| issuer.kind(leg).word()),
            acceptor_kind: mirror.map(|mirror| acceptor.kind(mirror).word()),
            origin_period: self.evidence.scope.label(counted.origin),
            issuer_event_id: leg.map(|leg| issuer.event_id(leg)),
            acceptor_event_id: mirror.map(|mirror| acceptor.event_id(mirror)),
            original_event_id: original,
            acceptor_original_event_id: mirror
                .and_then(|mirror| acceptor.original_event_id(mirror)),
            counter_event_id: leg.and_then(|leg| issuer.counter_event_id(leg)),
            acceptor_counter_event_id: mirror.and_then(|mirror| acceptor.counter_event_id(mirror)),
            status: leg.map(|leg| issuer.status(leg).word()),
            acceptor_status: mirror.map(|mirror| acceptor.status(mirror).word()),
            booked: leg.map(|leg| issuer.points(leg)),
            order_no: order_of_leg.or_else(order_of_mirror),
            issuer_member: leg.map(|leg| issuer.member_no(leg)),
            acceptor_member: mirror.map(|mirror| acceptor.member_no(mirror)),
            occurred_at: leg.map(|leg| issuer.occurred_at(leg)),
            accepted_at: mirror.map(|mirror| acceptor.occurred_at(mirror)),
            matched_by: Matched::<I>::rule_word(&self.agreement.event_rules, counted.rule),
            points: counted.cleared.quantity(),
            exact: Some(exact),
            agreed: counted.agreed.map(Points::quantity),
            recorded: mirror.map(|mirror| i128::from(acceptor.points(mirror))),
            ratio_from: ratio.map(|version| version.label.as_str()),
            rate_from: rate.map(|rate| rate.label.as_str()),
            rate: rate.map(|rate| rate.value.rate.per_point()),
            amount: Some(worth.amount),
            currency: worth.currency.code(),
            line_no: line_numbers.get(&key).copied(),
            issuer_place: leg.map(|leg| place(I::PARTY, issuer.origins.of(leg))),
            acceptor_place: mirror
                .map(|mirror| place(I::PARTY.partner(), acceptor.origins.of(mirror))),
            decision_id: decisions.zip(counted.decision).map(|(all, row)| all.decision_id(row)),
        })
    }

    /// The number of each gross line of an issuer.
    fn line_numbers(&self, issuer: Party) -> LineNumbers {
        let mut numbers = BTreeMap::new();
        for (number, line) in self.evidence.clearing.lines() {
            let (LineKind::Gross, Some(flow)) = (line.kind, line.flow) else { continue };
            if line.issuer != Some(issuer) {
                continue;
            }
            let rate_from = line.rate.as_ref().map(|version| version.from.as_str());
            let rates = self.agreement.rates_of(issuer, flow);
            let rate = rates.iter().position(|version| Some(version.label.as_str()) == rate_from);
            let ratio = line.ratio.as_ref().and_then(|named| {
                let ratios = self.agreement.ratios.of(issuer);
                let index = ratios.iter().position(|version| version.label == named.from);
                index.and_then(|index| u16::try_from(index).ok())
            });
            let rate = rate.and_then(|index| u16::try_from(index).ok());
            let is_present = line.origin_period == self.period.label;
            let key = ObligationKey {
                currency: line.amount.currency(),
                flow,
                origin: (!is_present).then(|| line.origin_period.as_str().into()),
                versions: VersionsInForce { ratio, rate },
            };
            numbers.insert(key, number.into());
        }
        numbers
    }

    /// The items of a disposition, A's points first, each issuer's by time, event ids and content.
    ///
    /// # Errors
    /// [`Overflow`] when a worth cannot be exact.
    pub fn of(&self, disposition: Disposition) -> Result<Vec<ItemRow<'a>>, Overflow> {
        let (a, b) = directions(self.evidence);
        let mut rows = self.items_of(a, disposition)?;
        rows.extend(self.items_of(b, disposition)?);
        rows.sort_by(|one, other| {
            let key = |row: &ItemRow<'a>| {
                (row.issuer, row.occurred_at, row.issuer_event_id, row.acceptor_event_id, row.code)
            };
            // Collided rows share all of this. What they say decides before where they stood, so
            // that no row order and no file split shows.
            let content = |row: &ItemRow<'a>| (row.kind, row.member, row.points, row.amount);
            let places = |row: &ItemRow<'a>| (row.issuer_place.clone(), row.acceptor_place.clone());
            key(one)
                .cmp(&key(other))
                .then_with(|| content(one).cmp(&content(other)))
                .then_with(|| places(one).cmp(&places(other)))
        });
        if disposition == Disposition::Held {
            rows.extend(
                self.evidence.held_adjustments.iter().map(|held| self.adjustment_row(held)),
            );
        }
        Ok(rows)
    }

    /// An adjustment that does not stand; it has no leg and no member.
    fn adjustment_row(&self, held: &'a HeldAdjustment) -> ItemRow<'a> {
        ItemRow {
            issuer: None,
            issuer_event_id: None,
            acceptor_event_id: None,
            code: Some(LED_06.code),
            discrepancy_id: Some(&held.discrepancy_id),
            kind: "adjustment",
            member: None,
            occurred_at: held.approved_at,
            points: None,
            amount: Some(held.amount),
            currency: Some(&held.currency),
            reference: Some(&held.id),
            payer: Some(held.payer),
            first_seen: self.first_seen.get(held.discrepancy_id.as_str()).copied(),
            age_days: self.age_days(held.approved_at),
            issuer_place: Some(held.place.clone()),
            acceptor_place: None,
        }
    }

    fn items_of<I: Side>(
        &self,
        direction: Direction<'a, I>,
        disposition: Disposition,
    ) -> Result<Vec<ItemRow<'a>>, Overflow> {
        let mut rows = Vec::new();
        for pair in &direction.judged.pairs {
            if pair.disposition == disposition {
                let cause = pair.cause.as_deref();
                let cause = cause.map(|cause| (cause.rule.code, cause.discrepancy_id.as_str()));
                let legs = (Some(pair.pair.issuer), Some(pair.pair.acceptor));
                rows.extend(self.item_row(direction, legs, cause)?);
            }
        }
        for item in direction.own.iter().chain(&direction.judged.items) {
            if item.disposition == disposition {
                let cause = item.cause.as_ref();
                let cause = cause.map(|cause| (cause.rule.code, cause.discrepancy_id.as_str()));
                rows.extend(self.item_row(direction, (item.issuer, item.acceptor), cause)?);
            }
        }
        Ok(rows)
    }

    fn item_row<I: Side>(
        &self,
        Direction { issuer, acceptor, lineage, .. }: Direction<'a, I>,
        (leg, mirror): (Option<u32>, Option<u32>),
        cause: Option<(&'static str, &'a str)>,
    ) -> Result<Option<ItemRow<'a>>, Overflow> {
        let paths = &self.evidence.intake.paths.ledger;
        let (kind, member, occurred_at, points) = match (leg, mirror) {
            (Some(row), _) => (
                issuer.kind(row),
                issuer.member_no(row),
                issuer.occurred_at(row),
                -issuer.points(row),
            ),
            (None, Some(row)) => (
                acceptor.kind(row),
                acceptor.member_no(row),
                acceptor.occurred_at(row),
                acceptor.points(row),
            ),
            (None, None) => return Ok(None),
        };
        let mut worth: Worth = None;
        let mut points = i128::from(points);
        if let Some(row) = leg {
            match lineage.issuer_flow(row) {
                Some(Some(flow)) => {
                    let original = lineage.originals.get(&row).copied().unwrap_or(row);
                    let own = issuer.own_points(row);
                    let cleared = if flow == Flow::Sale { own } else { -own };
                    points = cleared.quantity();
                    let rates = self.agreement.rates_of(I::PARTY, flow);
                    if !self.agreement.is_settled(I::PARTY, flow) {
                        worth = Some(self.agreement.worthless());
                    } else if let Some((_, rate)) = rates.in_force(issuer.occurred_at(original)) {
                        worth = Some(rate.value.worth(cleared)?);
                    }
                }
                Some(None) => {}
                // The party's own business and collided acceptor's legs stand as they are booked.
                None => points = i128::from(issuer.points(row)),
            }
        }
        // A collided acceptor's leg was judged with its own book, and is of the partner's points.
        let is_acceptors = leg.is_some_and(|row| lineage.acceptor_flow(row).is_some());
        let place_of = |party: Party, origins, row| place(paths.of(party), origins, row);
        let mut issuer_leg = (
            leg.map(|row| issuer.event_id(row)),
            leg.map(|row| place_of(I::PARTY, &issuer.origins, row)),
        );
        let mut acceptor_leg = (
            mirror.map(|row| acceptor.event_id(row)),
            mirror.map(|row| place_of(I::PARTY.partner(), &acceptor.origins, row)),
        );
        if is_acceptors {
            std::mem::swap(&mut issuer_leg, &mut acceptor_leg);
        }
        Ok(Some(ItemRow {
            issuer: Some(if is_acceptors { I::PARTY.partner() } else { I::PARTY }),
            issuer_event_id: issuer_leg.0,
            acceptor_event_id: acceptor_leg.0,
            code: cause.map(|(code, _)| code),
            discrepancy_id: cause.map(|(_, id)| id),
            kind: kind.word(),
            member: Some(member),
            occurred_at,
            points: Some(points),
            amount: worth.map(|worth| worth.amount),
            currency: worth.map(|worth| worth.currency.code()),
            first_seen: cause.and_then(|(_, id)| self.first_seen.get(id).copied()),
            reference: None,
            payer: None,
            age_days: self.age_days(occurred_at),
            issuer_place: issuer_leg.1,
            acceptor_place: acceptor_leg.1,
        }))
    }

    /// Days from an instant's business date to the as-of date.
    fn age_days(&self, at: Instant) -> i128 {
        let as_of = self.period.as_of;
        let day = at.day(&self.agreement.zone).unwrap_or(as_of);
        day.until(as_of).map_or(0, |span| i128::from(span.get_days()))
    }
}

/// The links in order, and tokens that link nobody.
#[must_use]
pub fn links(evidence: &Evidence) -> Vec<LinkRow<'_>> {
    let book = &evidence.links;
    let linked = book.links.iter().map(|link| LinkRow {
        a_member: Cow::Borrowed(link.members.a.as_str()),
        b_member: Cow::Borrowed(link.members.b.as_str()),
        method: link.method.word(),
        evidence: match link.token {
            Some(column) => Cow::Owned(format!("token {column}")),
            None => Cow::Borrowed("link record"),
        },
        bound_at: link.row.map(|_| link.bound_at),
        unbound_at: link.unbound_at,
        standing: standing(book, link),
        consents: link.consents.len() as i128,
    });
    let shared = book.shared_tokens.iter().map(|shared| LinkRow {
        a_member: Cow::Owned(shared.members.a.join(";")),
        b_member: Cow::Owned(shared.members.b.join(";")),
        method: "ambiguous",
        evidence: Cow::Owned(format!("token {}", shared.column)),
        bound_at: None,
        unbound_at: None,
        standing: "ambiguous",
        consents: 0,
    });
    linked.chain(shared).collect()
}

fn standing(book: &LinkBook, link: &Link) -> &'static str {
    let absent =
        |party: Party| *book.members_declared.of(party) && link.snapshot.of(party).is_none();
    let duplicate = |party: Party| book.is_duplicate(party, link.members.of(party));
    if link.method == LinkMethod::Inferred {
        "inferred"
    } else if link.contradicted.is_some() {
        "contradicted"
    } else if absent(Party::A) {
        "absent_in_a"
    } else if absent(Party::B) {
        "absent_in_b"
    } else if duplicate(Party::A) || duplicate(Party::B) {
        "duplicate_key"
    } else {
        "sound"
    }
}
