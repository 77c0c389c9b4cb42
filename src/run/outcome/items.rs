//! The rows of the detail tables: counted events, held and awaited items, links.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rayon::prelude::*;

use super::directions;
use crate::agreement::Agreement;
use crate::clear::ObligationKey;
use crate::detect::place;
use crate::event::{Lineage, Matched};
use crate::frame::books::{Ledger, Side};
use crate::judgement::{Disposition, Item, JudgedPair, Judgement, VersionsInForce, Worth};
use crate::links::Link;
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

impl<'a> Cleared<'a> {
    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = ClearedRow<'a>> + '_ {
        let (a, b) = directions(self.items.evidence);
        let of_a = self.orders.0.iter().filter_map(move |&pair| {
            let judged = &a.judged.pairs[pair as usize];
            self.items.cleared_row(a, &self.line_numbers.a, judged)
        });
        let of_b = self.orders.1.iter().filter_map(move |&pair| {
            let judged = &b.judged.pairs[pair as usize];
            self.items.cleared_row(b, &self.line_numbers.b, judged)
        });
        of_a.chain(of_b)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        (self.orders.0.len() + self.orders.1.len()) as u64
    }

    /// The digest of what the events say, without their places.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for row in self.rows() {
            for text in [row.issuer.letter(), row.issuer_event_id, row.acceptor_event_id] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
            hasher.update(&row.points.to_le_bytes());
            hasher.update(&row.agreed.unwrap_or_default().to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The counted pairs of one issuer by time and event_id.
fn order_of<I: Side>(direction: Direction<'_, I>) -> Vec<u32> {
    let pairs = &direction.judged.pairs;
    let counted = (0_u32..).zip(pairs);
    let mut order: Vec<u32> = counted
        .filter(|(_, pair)| pair.disposition == Disposition::Counted)
        .map(|(index, _)| index)
        .collect();
    let key = |index: &u32| {
        let leg = pairs[*index as usize].pair.issuer;
        (direction.issuer.occurred_at(leg), direction.issuer.event_id(leg))
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
        judged: &JudgedPair<I>,
    ) -> Option<ClearedRow<'a>> {
        let (flow, versions) = (judged.flow?, judged.versions?);
        let rates = self.agreement.rates_of(I::PARTY, flow);
        let rate = versions.rate.and_then(|index| rates.get(usize::from(index)));
        let worth = match rate {
            Some(rate) => rate.value.worth(judged.cleared).ok()?,
            None => self.agreement.worthless(),
        };
        let key = ObligationKey::of(judged, self.agreement)?;
        let ratio = versions
            .ratio
            .and_then(|index| self.agreement.ratios.of(I::PARTY).get(usize::from(index)));
        // Both figures were computed once for judging and balancing, where they were checked.
        let exact = match ratio {
            Some(version) => {
                let numerator = version.value.exact_numerator(judged.cleared).ok()?;
                (numerator, i128::from(version.value.denominator()))
            }
            None => (judged.cleared.quantity(), 1),
        };
        let (leg, mirror) = (judged.pair.issuer, judged.pair.acceptor);
        let original = lineage.originals.get(&leg).map(|&original| issuer.event_id(original));
        let paths = &self.evidence.intake.paths.ledger;
        let (issuer_file, issuer_line) = issuer.origins.of(leg);
        let (acceptor_file, acceptor_line) = acceptor.origins.of(mirror);
        let path =
            |party: Party, file: u32| paths.of(party).get(file as usize).map_or("", String::as_str);
        Some(ClearedRow {
            issuer: I::PARTY,
            flow: flow.word(),
            kind: issuer.kind(leg).word(),
            issuer_event_id: issuer.event_id(leg),
            acceptor_event_id: acceptor.event_id(mirror),
            original_event_id: original,
            order_no: issuer.order_no(leg).or_else(|| acceptor.order_no(mirror)),
            issuer_member: issuer.member_no(leg),
            acceptor_member: acceptor.member_no(mirror),
            occurred_at: issuer.occurred_at(leg),
            accepted_at: acceptor.occurred_at(mirror),
            matched_by: Matched::<I>::rule_word(&self.agreement.event_rules, judged.pair.rule),
            points: judged.cleared.quantity(),
            exact: Some(exact),
            agreed: judged.agreed.map(Points::quantity),
            recorded: i128::from(acceptor.points(mirror)),
            ratio_from: ratio.map(|version| version.label.as_str()),
            rate_from: rate.map(|rate| rate.label.as_str()),
            rate: rate.map(|rate| rate.value.rate.per_point()),
            amount: Some(worth.amount),
            currency: worth.currency.code(),
            line_no: line_numbers.get(&key).copied(),
            issuer_place: (path(I::PARTY, issuer_file), issuer_line),
            acceptor_place: (path(I::PARTY.partner(), acceptor_file), acceptor_line),
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
        Ok(rows)
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
            issuer: if is_acceptors { I::PARTY.partner() } else { I::PARTY },
            issuer_event_id: issuer_leg.0,
            acceptor_event_id: acceptor_leg.0,
            code: cause.map(|(code, _)| code),
            discrepancy_id: cause.map(|(_, id)| id),
            kind: kind.word(),
            member,
            occurred_at,
            points,
            amount: worth.map(|worth| worth.amount),
            currency: worth.map(|worth| worth.currency.code()),
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

    /// The links in order, and tokens that link nobody.
    #[must_use]
    pub fn links(&self) -> Vec<LinkRow<'a>> {
        let book = &self.evidence.links;
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
            standing: self.standing(link),
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

    fn standing(&self, link: &Link) -> &'static str {
        let book = &self.evidence.links;
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
}
