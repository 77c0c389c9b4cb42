//! Adjustments between the parties (调账单): which of them stand, and LED-06 for those that do not.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::{Desk, place};
use super::event::EVT_04_SETTLED;
use super::ledger::LED_06;
use crate::claim::{Adjustment, HeldAdjustment, SettledAdjustment};
use crate::discrepancy::Discrepancy;
use crate::frame::claims::Adjustments;
use crate::value::money::{Currency, Money};
use crate::value::party::Party;
use crate::value::points::Overflow;
use crate::value::price::{Worth, Worths};

/// What was judged of adjustments.
#[derive(Debug, Clone, Default)]
pub struct Adjusted {
    /// Those that stand, in the order of their numbers.
    pub adjustments: Vec<Adjustment>,
    /// Those that do not, in the same order.
    pub held: Vec<HeldAdjustment>,
    /// Rows of those that were approved after what is cleared: a later period settles them.
    pub waiting: Vec<u32>,
    /// What was found.
    pub discrepancies: Vec<Discrepancy>,
}

/// Judges the adjustments that this run clears; one LED-06 for each number that does not stand.
/// What is settled pays no more, and what was held and is not sent again is held still.
///
/// # Errors
/// [`Overflow`] when the sum of held amounts cannot be exact.
pub fn judge(desk: &Desk<'_>, frame: Option<&Adjustments>) -> Result<Adjusted, Overflow> {
    let mut adjusted = Adjusted::default();
    let sent = match frame {
        Some(frame) => judge_sent(desk, frame, &mut adjusted)?,
        None => BTreeSet::new(),
    };
    let before = &desk.scope.adjustments;
    let mut kept: BTreeMap<&str, Vec<&HeldAdjustment>> = BTreeMap::new();
    for held in before.held.iter().filter(|held| !sent.contains(held.id.as_str())) {
        kept.entry(&held.id).or_default().push(held);
    }
    for (id, held) in kept {
        keep(desk, id, &held, &mut adjusted)?;
    }
    adjusted.held.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(adjusted)
}

/// Judges what the feed has, and gives the numbers that it has for this run.
fn judge_sent<'f>(
    desk: &Desk<'_>,
    frame: &'f Adjustments,
    adjusted: &mut Adjusted,
) -> Result<BTreeSet<&'f str>, Overflow> {
    let mut by_id: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for row in frame.rows() {
        by_id.entry(frame.id(row)).or_default().push(row);
    }
    let mut sent = BTreeSet::new();
    let is_later = |row: u32| frame.approved_at(row) >= desk.period.cut();
    for (id, mut rows) in by_id {
        if let Some(settled) = desk.scope.adjustments.settled.get(id) {
            adjusted.discrepancies.extend(used_again(desk, frame, id, rows, settled));
            continue;
        }
        let is_single = rows.len() == 1;
        if is_single {
            adjusted.waiting.extend(rows.iter().copied().filter(|&row| is_later(row)));
        }
        // Of several under one number none is handed on by itself: nobody could say later that it
        // had been one of several.
        rows.retain(|&row| {
            desk.scope.takes_up(frame.approved_at(row)) || (!is_single && is_later(row))
        });
        if !rows.is_empty() {
            sent.insert(id);
        }
        let mut reasons: BTreeSet<&str> = BTreeSet::new();
        let mut held = Vec::new();
        for row in rows {
            match stands(desk, frame, row) {
                Ok(adjustment) if is_single => adjusted.adjustments.push(adjustment),
                Ok(_) => {
                    reasons.insert("several adjustments have this number");
                    held.push(row);
                }
                Err(reason) => {
                    reasons.insert(reason);
                    held.push(row);
                }
            }
        }
        if !held.is_empty() {
            let reason = reasons.into_iter().collect::<Vec<&str>>().join("; ");
            hold(desk, frame, id, held, reason, adjusted)?;
        }
    }
    Ok(sent)
}

/// EVT-04 *settled number used again*: rows of a settled adjustment's number that are not what was
/// settled. What is approved after its period had ended is another.
fn used_again(
    desk: &Desk<'_>,
    frame: &Adjustments,
    id: &str,
    mut rows: Vec<u32>,
    settled: &SettledAdjustment,
) -> Option<Discrepancy> {
    let zone = &desk.agreement.zone;
    let code = |row: u32| frame.currency(row).unwrap_or_else(|| desk.agreement.currency.code());
    let field = |row: u32| {
        let differing = [
            ("payer", frame.payer(row) != settled.payer),
            ("amount", frame.amount(row) != settled.amount),
            ("currency", code(row) != settled.currency),
            ("approved_at", frame.approved_at(row) >= settled.period.end),
        ];
        differing.into_iter().find(|(_, differs)| *differs).map(|(field, _)| field)
    };
    rows.retain(|&row| field(row).is_some());
    let said = |row: u32| {
        let (payer, amount) = (desk.code(frame.payer(row)), frame.amount(row).normalize());
        format!("{payer} {amount} {} {}", code(row), frame.approved_at(row).show(zone))
    };
    // In order of what they say, whatever the order of the rows.
    rows.sort_by_key(|&row| (said(row), frame.origins.of(row)));
    let field = field(*rows.first()?)?;
    let mut draft = desk.draft(&EVT_04_SETTLED);
    for party in Party::BOTH {
        draft = draft.subject(party, format!("adjustment {id}"));
    }
    for &row in &rows {
        draft = draft.at(Party::A, place(&desk.paths.adjustments, &frame.origins, row));
    }
    let amount = settled.amount.normalize();
    let stood = format!("{} {amount} {}", desk.code(settled.payer), settled.currency);
    let now: BTreeSet<String> = rows.iter().map(|&row| said(row)).collect();
    let now = now.into_iter().collect::<Vec<String>>().join(";");
    let seen = rows.iter().map(|&row| frame.approved_at(row)).min()?;
    let draft = draft.differs(field, None, None).expected(Some(stood), Some(now)).seen(seen);
    let period = &settled.period.label;
    Some(draft.because(format!(
        "the adjustment {id} is settled in {period}, and stands as it was published; {field} is \
         another now"
    )))
}

/// Holds what was held under one number when the period before was closed.
fn keep(
    desk: &Desk<'_>,
    id: &str,
    held: &[&HeldAdjustment],
    adjusted: &mut Adjusted,
) -> Result<(), Overflow> {
    let mut draft = desk.draft(&LED_06);
    for party in Party::BOTH {
        draft = draft.subject(party, id.to_owned());
    }
    let mut worths = Worths::default();
    let mut is_known = true;
    for one in held {
        draft = draft.at(Party::A, one.place.clone());
        let mut currencies = desk.agreement.currencies.iter().map(|terms| terms.currency);
        match currencies.find(|currency| currency.code() == one.currency) {
            Some(currency) => worths.add(Worth { amount: one.amount, currency })?,
            None => is_known = false,
        }
    }
    let stake = worths.single().filter(|_| is_known);
    let seen = held.iter().map(|one| one.approved_at).min();
    let draft = draft.stake(stake).seen(seen.unwrap_or(desk.period.start));
    let reason = format!("adjustment {id}: it was held before, and is not sent again");
    let found = draft.because(reason);
    adjusted.held.extend(
        held.iter().map(|&one| HeldAdjustment { discrepancy_id: found.id.clone(), ..one.clone() }),
    );
    adjusted.discrepancies.push(found);
    Ok(())
}

/// The adjustment of a row, or why it does not stand.
fn stands(desk: &Desk<'_>, frame: &Adjustments, row: u32) -> Result<Adjustment, &'static str> {
    let (Some(_), Some(author), Some(approver)) =
        (frame.reason(row), frame.author(row), frame.approver(row))
    else {
        return Err("it lacks a reason, an author or an approver");
    };
    if author == approver {
        return Err("its author approved it");
    }
    let currency = declared(desk, frame, row).ok_or("the agreement has no such currency")?;
    let amount = frame.amount(row);
    if amount.is_sign_negative() || amount.is_zero() {
        return Err("its amount is not above zero");
    }
    let amount = Money::exactly(amount, currency)
        .map_err(|_| "its amount is finer than its currency, or too large")?;
    Ok(Adjustment {
        id: frame.id(row).to_owned(),
        payer: frame.payer(row),
        amount,
        origin_period: frame.origin_period(row).map(str::to_owned),
        clause: frame.clause(row).map(str::to_owned),
    })
}

/// The currency of a row, where the agreement settles in it.
fn declared(desk: &Desk<'_>, frame: &Adjustments, row: u32) -> Option<Currency> {
    let Some(code) = frame.currency(row) else { return Some(desk.agreement.currency) };
    let mut currencies = desk.agreement.currencies.iter().map(|terms| terms.currency);
    currencies.find(|currency| currency.code() == code)
}

/// Holds rows of one number under one LED-06.
fn hold(
    desk: &Desk<'_>,
    frame: &Adjustments,
    id: &str,
    mut rows: Vec<u32>,
    reason: String,
    adjusted: &mut Adjusted,
) -> Result<(), Overflow> {
    // In order of what they say, whatever the order of the rows.
    let code = |row: u32| frame.currency(row).unwrap_or_else(|| desk.agreement.currency.code());
    rows.sort_by_key(|&row| {
        let payer = desk.code(frame.payer(row));
        (frame.approved_at(row), code(row), frame.amount(row), payer, frame.origins.of(row))
    });
    let mut worths = Worths::default();
    let mut is_known = true;
    // The number is both parties' subject, so that it does not matter which of them is called A.
    let mut draft = desk.draft(&LED_06);
    for party in Party::BOTH {
        draft = draft.subject(party, id.to_owned());
    }
    for &row in &rows {
        draft = draft.at(Party::A, place(&desk.paths.adjustments, &frame.origins, row));
        match declared(desk, frame, row) {
            Some(currency) => worths.add(Worth { amount: frame.amount(row), currency })?,
            None => is_known = false,
        }
    }
    let seen = rows.iter().map(|&row| frame.approved_at(row)).min();
    // A sum that leaves out what is in no known currency would say too little.
    let stake = worths.single().filter(|_| is_known);
    let corrects: BTreeSet<&str> = rows.iter().filter_map(|&row| frame.corrects(row)).collect();
    let corrects = corrects.into_iter().collect::<Vec<&str>>().join(", ");
    let corrects =
        if corrects.is_empty() { String::new() } else { format!(", which corrects {corrects}") };
    let draft = draft.stake(stake).seen(seen.unwrap_or(desk.period.start));
    let found = draft.because(format!("adjustment {id}{corrects}: {reason}"));
    adjusted.held.extend(rows.iter().map(|&row| HeldAdjustment {
        id: id.to_owned(),
        payer: frame.payer(row),
        amount: frame.amount(row),
        currency: code(row).to_owned(),
        approved_at: frame.approved_at(row),
        place: place(&desk.paths.adjustments, &frame.origins, row),
        discrepancy_id: found.id.clone(),
    }));
    adjusted.discrepancies.push(found);
    Ok(())
}
