//! The rows of the detail tables: held and awaited items, links.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::civil::Date;

use super::directions;
use crate::agreement::Agreement;
use crate::claim::HeldAdjustment;
use crate::detect::ledger::LED_06;
use crate::detect::place;
use crate::event::Lineage;
use crate::frame::books::{Ledger, Side};
use crate::judgement::{Disposition, Item, Judgement, Worth};
use crate::links::LinkBook;
use crate::publish::{ItemRow, LinkRow, SortKey};
use crate::run::Evidence;
use crate::value::kind::{Flow, LinkMethod};
use crate::value::party::Party;
use crate::value::period::{Instant, Period};
use crate::value::points::Overflow;

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

impl<'a> Items<'a> {
    /// The items of a disposition, in no order.
    ///
    /// # Errors
    /// [`Overflow`] when a worth cannot be exact.
    pub fn of(&self, disposition: Disposition) -> Result<Vec<ItemRow<'a>>, Overflow> {
        let (a, b) = directions(self.evidence);
        let mut rows = self.items_of(a, disposition)?;
        rows.extend(self.items_of(b, disposition)?);
        Ok(rows)
    }

    /// The adjustments that do not stand, which are held behind all items.
    pub fn held_adjustments(&self) -> impl Iterator<Item = ItemRow<'a>> {
        self.evidence.held_adjustments.iter().map(|held| self.adjustment_row(held))
    }

    /// An adjustment that does not stand; it has no leg and no member.
    fn adjustment_row(&self, held: &'a HeldAdjustment) -> ItemRow<'a> {
        ItemRow {
            issuer: None,
            issuer_event_id: None,
            acceptor_event_id: None,
            code: Some(LED_06.code),
            discrepancy_id: Some(held.discrepancy_id.as_str().into()),
            kind: "adjustment",
            member: None,
            occurred_at: held.approved_at,
            points: None,
            amount: Some(held.amount),
            currency: Some(held.currency.as_str().into()),
            reference: Some(held.id.as_str().into()),
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
            issuer_event_id: issuer_leg.0.map(Cow::Borrowed),
            acceptor_event_id: acceptor_leg.0.map(Cow::Borrowed),
            code: cause.map(|(code, _)| code),
            discrepancy_id: cause.map(|(_, id)| id.into()),
            kind: kind.word(),
            member: Some(member.into()),
            occurred_at,
            points: Some(points),
            amount: worth.map(|worth| worth.amount),
            currency: worth.map(|worth| worth.currency.code().into()),
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
        day.until(as_of).map_or(0, |span| i128::from(span.get_days().max(0)))
    }
}

/// A's points first, each issuer's by time, event ids and content.
pub fn sort_items(rows: &mut [ItemRow<'_>]) {
    rows.sort_by(|one, other| {
        fn key<'r>(row: &'r ItemRow<'_>) -> impl Ord + 'r {
            let legs = (row.issuer_event_id.as_deref(), row.acceptor_event_id.as_deref());
            (row.issuer, row.occurred_at, legs, row.code)
        }
        // Collided rows share all of this. What they say decides before where they stood, so
        // that no row order and no file split shows.
        fn content<'r>(row: &'r ItemRow<'_>) -> impl Ord + 'r {
            (row.kind, row.member.as_deref(), row.points, row.amount)
        }
        fn places<'r>(row: &'r ItemRow<'_>) -> impl Ord + 'r {
            (row.issuer_place.as_deref(), row.acceptor_place.as_deref())
        }
        key(one)
            .cmp(&key(other))
            .then_with(|| content(one).cmp(&content(other)))
            .then_with(|| places(one).cmp(&places(other)))
    });
}

/// The links in order, and tokens that link nobody.
#[must_use]
pub fn links(book: &LinkBook) -> Vec<LinkRow<'_>> {
    let linked = (0..).zip(&book.links).map(|(index, link)| LinkRow {
        a_member: Cow::Borrowed(link.members.a.as_str()),
        b_member: Cow::Borrowed(link.members.b.as_str()),
        method: link.method.word(),
        evidence: match link.token {
            Some(column) => Cow::Owned(format!("token {column}")),
            None => Cow::Borrowed("link record"),
        },
        bound_at: link.row.map(|_| link.bound_at),
        unbound_at: link.unbound_at,
        standing: standing(book, index),
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

/// What decides where the link of that place stands, as in [`links`].
#[must_use]
pub fn link_key(book: &LinkBook, place: usize) -> SortKey {
    let key = SortKey::default();
    if let Some(link) = book.links.get(place) {
        let key = key.flag(false).text(&link.members.a).text(&link.members.b);
        return key.at(link.bound_at).at_if(link.unbound_at).whole(link.method.code().into());
    }
    match book.shared_tokens.get(place - book.links.len()) {
        Some(shared) => key.flag(true).text(shared.column).text(&shared.token),
        None => key,
    }
}

fn standing(book: &LinkBook, index: u32) -> &'static str {
    let link = book.get(index);
    let absent =
        |party: Party| *book.members_declared.of(party) && link.snapshot.of(party).is_none();
    let duplicate = |party: Party| book.is_duplicate(party, link.members.of(party));
    if link.method == LinkMethod::Inferred {
        "inferred"
    } else if book.contradictions.group_of(index).is_some() {
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
