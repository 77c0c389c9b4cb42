//! Adjustments that final publications settled, and those that the period before held.

use super::super::before::Before;
use super::index::{said, unsound};
use crate::claim::{HeldAdjustment, SettledAdjustment};
use crate::past::Scope;
use crate::publish::{Final, PublishError};
use crate::statement::LineKind;
use crate::value::party::Party;

const LINES: &str = "statement_lines";
const HELD: &str = "held";

/// Brings back what was settled of adjustments, from every final publication, and what is held
/// still, from the period just before.
pub fn bring(before: &Before, scope: &mut Scope) -> Result<(), PublishError> {
    for (publication, closed) in before.finals.iter().zip(&before.past.closed) {
        let wanted = ["type", "reference", "payer", "amount", "currency"];
        publication.scan(LINES, &wanted, |first_row, rows| {
            let (kinds, references) = (rows.texts("type")?, rows.texts("reference")?);
            let (payers, currencies) = (rows.texts("payer")?, rows.texts("currency")?);
            let amounts = rows.decimals("amount")?;
            for (row, line) in (0..rows.len()).zip(first_row..) {
                if said(kinds, row) != Some(LineKind::Adjustment.word()) {
                    continue;
                }
                let settled = || {
                    let id = said(references, row)?.to_owned();
                    let settled = SettledAdjustment {
                        payer: party(said(payers, row)?)?,
                        amount: amounts[row]?,
                        currency: said(currencies, row)?.to_owned(),
                        period: closed.period.clone(),
                    };
                    Some((id, settled))
                };
                let (id, settled) = settled().ok_or_else(|| unsound(publication, LINES, line))?;
                scope.adjustments.settled.insert(id, settled);
            }
            Ok::<(), PublishError>(())
        })?;
    }
    match (before.past.before(), before.finals.last()) {
        (Some(_), Some(last)) => bring_held(last, scope),
        _ => Ok(()),
    }
}

fn bring_held(publication: &Final, scope: &mut Scope) -> Result<(), PublishError> {
    let wanted =
        ["reference", "payer", "amount", "currency", "occurred_at", "discrepancy_id", "issuer_row"];
    publication.scan(HELD, &wanted, |first_row, rows| {
        let (references, payers) = (rows.texts("reference")?, rows.texts("payer")?);
        let (amounts, currencies) = (rows.decimals("amount")?, rows.texts("currency")?);
        let (instants, ids) = (rows.instants("occurred_at")?, rows.texts("discrepancy_id")?);
        let places = rows.texts("issuer_row")?;
        for (row, line) in (0..rows.len()).zip(first_row..) {
            let Some(id) = said(references, row) else { continue };
            let held = || {
                Some(HeldAdjustment {
                    id: id.to_owned(),
                    payer: party(said(payers, row)?)?,
                    amount: amounts[row]?,
                    currency: said(currencies, row)?.to_owned(),
                    approved_at: instants[row]?,
                    place: said(places, row)?.to_owned(),
                    discrepancy_id: said(ids, row)?.to_owned(),
                })
            };
            let held = held().ok_or_else(|| unsound(publication, HELD, line))?;
            scope.adjustments.held.push(held);
        }
        Ok(())
    })
}

fn party(letter: &str) -> Option<Party> {
    Party::BOTH.into_iter().find(|party| party.letter() == letter)
}
