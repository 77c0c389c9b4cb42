//! What says something else now than it said before: a row that was left open and is sent again
//! with other content, own business with a number of a closed period's, and a leg that joins one
//! that was settled alone.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;

use super::desk::{Desk, place};
use super::event::{EVT_04_HELD, EVT_04_OWN, EVT_04_SETTLED};
use super::past::SETTLED;
use super::scene::Scene;
use crate::discrepancy::Discrepancy;
use crate::event::{Lineage, Pair, Standing};
use crate::frame::books::{FrameError, Ledger, Side};
use crate::frame::fields::FeedKind;
use crate::frame::schema::canonical_schema;
use crate::past::Settled;
use crate::value::kind::{Kind, Role, Status};
use crate::value::party::Party;
use crate::value::points::Overflow;

/// The columns in which what is sent again is held against what was left open.
const COLUMNS: [&str; 12] = [
    "kind",
    "points",
    "member_no",
    "occurred_at",
    "posted_at",
    "counter_event_id",
    "original_event_id",
    "order_no",
    "status",
    "amount",
    "currency",
    "authority",
];

/// Judges rows of a book that stand for what the period before left open, and say something else.
///
/// # Errors
/// [`FrameError`] when the open rows make no ledger.
pub fn judge_replaced<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
) -> Result<Vec<Discrepancy>, FrameError> {
    let rows = desk.scope.replaced.of(P::PARTY);
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let nothing = RecordBatch::new_empty(canonical_schema(FeedKind::Ledger));
    let before: Ledger<P> = Ledger::with_recalled(&nothing, rows)?;
    let mut open: BTreeMap<&str, (Vec<u32>, Vec<u32>)> = BTreeMap::new();
    for row in before.rows() {
        open.entry(before.event_id(row)).or_default().0.push(row);
    }
    // For what is settled stands what was published, and past.rs tells what is sent again of it.
    for row in ledger.rows().filter(|&row| !ledger.is_recalled(row)) {
        let is_open = lineage.standing[row as usize] != Standing::Extra
            && desk.scope.settled(P::PARTY, row).is_none();
        if let Some((_, now)) = open.get_mut(ledger.event_id(row)).filter(|_| is_open) {
            now.push(row);
        }
    }
    let zone = &desk.agreement.zone;
    let field = |was: u32, now: u32| {
        // What was awaited takes effect by being sent again.
        let was_pending = before.status(was) == Status::Pending;
        let is_asked = |column: &&str| !was_pending || !["status", "posted_at"].contains(column);
        let differs =
            |column: &&str| before.said(was, column, zone) != ledger.said(now, column, zone);
        COLUMNS.into_iter().filter(is_asked).find(differs)
    };
    let mut found = Vec::new();
    for (event_id, (was, mut now)) in open {
        now.retain(|&now| was.iter().all(|&was| field(was, now).is_some()));
        // In order of what they say, whatever the order of the rows.
        now.sort_by(|&one, &other| ledger.content(one).cmp(&ledger.content(other)));
        let (Some(&first), Some(&other)) = (was.first(), now.first()) else { continue };
        let Some(field) = field(first, other) else { continue };
        let mut draft = desk.draft(&EVT_04_HELD).subject(P::PARTY, format!("open {event_id}"));
        for &row in &now {
            draft = draft.weighing(P::PARTY, row).witness(P::PARTY, row);
        }
        for &row in &was {
            let place = place(desk.paths.ledger.of(P::PARTY), &before.origins, row);
            draft = draft.at(P::PARTY, place);
        }
        let said: BTreeSet<String> = now.iter().map(|&row| ledger.said(row, field, zone)).collect();
        let said = said.into_iter().collect::<Vec<String>>().join(";");
        let draft = match P::PARTY {
            Party::A => draft.differs(field, Some(said.clone()), None),
            Party::B => draft.differs(field, None, Some(said.clone())),
        };
        let seen = now.iter().map(|&row| ledger.occurred_at(row)).min();
        let draft = draft
            .expected(Some(before.said(first, field, zone)), Some(said))
            .seen(seen.unwrap_or(desk.period.start));
        found.push(draft.because(format!(
            "the event was left open before, and is judged as it is sent now; {field} is another"
        )));
    }
    Ok(found)
}

/// Judges own business whose number closed periods have for something else. Both stand: what was
/// closed as it was published, and what is sent now as another event.
///
/// # Errors
/// [`FrameError`] when what was published makes no ledger.
pub fn judge_reused<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
) -> Result<Vec<Discrepancy>, FrameError> {
    let reused = desk.scope.reused.of(P::PARTY);
    // What collides in the files is told already, and so is what was settled.
    let is_told = |row: &u32| {
        lineage.role(*row) == Role::Own && lineage.standing[*row as usize] == Standing::First
    };
    let mut by_id: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for &row in reused.rows.iter().filter(|row| is_told(row)) {
        by_id.entry(ledger.event_id(row)).or_default().push(row);
    }
    if by_id.is_empty() {
        return Ok(Vec::new());
    }
    let nothing = RecordBatch::new_empty(canonical_schema(FeedKind::Ledger));
    let before: Ledger<P> = Ledger::with_recalled(&nothing, &reused.published)?;
    let mut published: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for row in before.rows() {
        published.entry(before.event_id(row)).or_default().push(row);
    }
    let zone = &desk.agreement.zone;
    let mut found = Vec::new();
    for (event_id, now) in by_id {
        let was = published.get(event_id).map_or(&[][..], Vec::as_slice);
        let (Some(&first), Some(&other)) = (was.first(), now.first()) else { continue };
        let differs =
            |column: &&str| before.said(first, column, zone) != ledger.said(other, column, zone);
        let Some(field) = SETTLED.into_iter().find(differs) else { continue };
        let mut draft = desk.draft(&EVT_04_OWN).subject(P::PARTY, format!("closed {event_id}"));
        for &row in &now {
            draft = draft.weighing(P::PARTY, row).witness(P::PARTY, row);
        }
        for &row in was {
            let place = place(desk.paths.ledger.of(P::PARTY), &before.origins, row);
            draft = draft.at(P::PARTY, place);
        }
        let said = ledger.said(other, field, zone);
        let draft = match P::PARTY {
            Party::A => draft.differs(field, Some(said.clone()), None),
            Party::B => draft.differs(field, None, Some(said.clone())),
        };
        let draft = draft
            .expected(Some(before.said(first, field, zone)), Some(said))
            .seen(ledger.occurred_at(other));
        let closed = &desk.scope.period_at(before.occurred_at(first)).label;
        found.push(draft.because(format!(
            "{closed} was closed with another row of this number; {field} of this one is another"
        )));
    }
    Ok(found)
}

/// Judges legs that join one that a decision let count alone, and do not fit what was settled.
///
/// # Errors
/// [`Overflow`] when a product cannot be exact.
pub fn judge_joined<I: Side>(scene: &Scene<'_, I>) -> Result<Vec<Discrepancy>, Overflow> {
    let mut found = Vec::new();
    if scene.desk.scope.cleared.a.is_empty() && scene.desk.scope.cleared.b.is_empty() {
        return Ok(found);
    }
    for &pair in &scene.matched.pairs {
        let scope = scene.desk.scope;
        let of_leg = scope.settled(I::PARTY, pair.issuer);
        let of_mirror = scope.settled(I::PARTY.partner(), pair.acceptor);
        let joins = match (of_leg, of_mirror) {
            (None, Some(Settled::Cleared)) => I::PARTY,
            (Some(Settled::Cleared), None) => I::PARTY.partner(),
            _ => continue,
        };
        if let Some((field, settled, said)) = misfit(scene, pair, joins)? {
            let reason = format!(
                "its partner was settled alone, and stands so; {field} of what joins it is another"
            );
            let (leg, mirror) = (pair.issuer, pair.acceptor);
            let (event_id, at) = match joins == I::PARTY {
                true => (scene.issuer.event_id(leg), scene.issuer.occurred_at(leg)),
                false => (scene.acceptor.event_id(mirror), scene.acceptor.occurred_at(mirror)),
            };
            let draft = scene
                .desk
                .draft(&EVT_04_SETTLED)
                .subject(joins, format!("settled {event_id}"))
                .witness(I::PARTY, leg)
                .witness(I::PARTY.partner(), mirror)
                .differs(field, None, None)
                .expected(Some(settled), Some(said))
                .seen(at);
            found.push(draft.because(reason));
        }
    }
    Ok(found)
}

/// In what a leg that joins another does not fit it: the field, what was settled, what it says.
fn misfit<I: Side>(
    scene: &Scene<'_, I>,
    pair: Pair,
    joins: Party,
) -> Result<Option<(&'static str, String, String)>, Overflow> {
    let (issuer, acceptor) = (scene.issuer, scene.acceptor);
    let (leg, mirror) = (pair.issuer, pair.acceptor);
    let is_issuers = joins == I::PARTY;
    let ordered = |of_leg: String, of_mirror: String| match is_issuers {
        true => (of_mirror, of_leg),
        false => (of_leg, of_mirror),
    };
    let flow = scene.issuer_lineage.issuer_flow(leg).flatten();
    let mirror_flow = scene.acceptor_lineage.acceptor_flow(mirror).flatten();
    let (kind, mirror_kind) = (issuer.kind(leg), acceptor.kind(mirror));
    let are_reversals = (kind == Kind::Reversal, mirror_kind == Kind::Reversal);
    if flow != mirror_flow || are_reversals.0 != are_reversals.1 {
        let (settled, said) = ordered(kind.word().into(), mirror_kind.word().into());
        return Ok(Some(("kind", settled, said)));
    }
    let status = if is_issuers { issuer.status(leg) } else { acceptor.status(mirror) };
    if status != Status::Posted {
        return Ok(Some(("status", Status::Posted.word().into(), status.word().into())));
    }
    let settled = scene.cleared_at(leg);
    let (settled, said) = if is_issuers {
        (settled.quantity(), scene.cleared(leg).quantity())
    } else {
        let versions = flow.and_then(|flow| scene.versions(flow, scene.valued_at(leg)));
        let ratio = flow.zip(versions).and_then(|(flow, versions)| scene.ratio(flow, versions));
        let Some(ratio) = ratio else { return Ok(None) };
        let mode = scene.desk.agreement.mirror_rounding;
        (ratio.mirror(settled, mode)?.quantity(), i128::from(acceptor.points(mirror)))
    };
    Ok((settled != said).then(|| ("points", settled.to_string(), said.to_string())))
}
