//! What was approved or decided after the end of the period before and filed with it: that period
//! handed it on. And which decisions moved something before, so that a number that is used again
//! for another is told.

use super::super::before::Before;
use super::index::{said, unsound, word};
use crate::claim::Settlement;
use crate::frame::books::{Decisions, PublishedDecision};
use crate::frame::claims::{Adjustments, HandedAdjustment};
use crate::judgement::{APPLIED, WAITING};
use crate::publish::{Columns, Final, PublishError};
use crate::run::{Error, Intake};
use crate::value::kind::{Action, SettlementKind};
use crate::value::money::Currency;
use crate::value::party::Party;

const ADJUSTMENTS: &str = "open_adjustments";
const DECISIONS: &str = "decisions";
const SETTLEMENTS: &str = "settlements";

/// Puts what was handed on behind what the run's files have.
///
/// # Errors
/// [`Error`] when a publication is not what it was.
pub fn bring(before: &Before, intake: &mut Intake) -> Result<(), Error> {
    if let Some(last) = before.last() {
        bring_adjustments(last, intake)?;
        bring_decisions(last, intake)?;
    }
    let Some(decisions) = &mut intake.decisions else { return Ok(()) };
    for publication in &before.finals {
        for (decision, _) in decisions_of(publication, APPLIED)? {
            decisions.was_applied(decision, &publication.label);
        }
    }
    Ok(())
}

/// The payments and disputes that the period before knew: a file need not name them again. Each
/// with where it stands.
///
/// # Errors
/// [`Error`] when a publication is not what it was.
pub fn settlements(before: &Before) -> Result<Vec<(Settlement, String)>, Error> {
    let mut handed = Vec::new();
    // A period that an earlier version of Hutong closed handed none on.
    let Some(last) = before.last().filter(|last| last.has(SETTLEMENTS)) else { return Ok(handed) };
    let wanted = ["settlement_id", "statement_period", "currency", "kind", "amount", "settled_on"];
    last.scan(SETTLEMENTS, &wanted, |_, rows| {
        let (ids, periods) = (rows.texts("settlement_id")?, rows.texts("statement_period")?);
        let (currencies, kinds) = (rows.texts("currency")?, rows.texts("kind")?);
        let (amounts, days) = (rows.decimals("amount")?, rows.days("settled_on")?);
        for row in 0..rows.len() {
            let settlement = || {
                let kind = SettlementKind::WORDS
                    .iter()
                    .position(|known| Some(*known) == said(kinds, row))?;
                Some(Settlement {
                    id: said(ids, row)?.to_owned(),
                    period: said(periods, row)?.to_owned(),
                    currency: Currency::of(said(currencies, row)?)?,
                    kind: SettlementKind::from_code(kind.try_into().ok()?)?,
                    on: days[row]?,
                    amount: amounts[row]?,
                })
            };
            let line = rows.line(row);
            let settlement = settlement().ok_or_else(|| unsound(last, SETTLEMENTS, line))?;
            handed.push((settlement, format!("{}/{SETTLEMENTS}.parquet:{line}", last.place())));
        }
        Ok::<(), PublishError>(())
    })?;
    Ok(handed)
}

fn bring_adjustments(publication: &Final, intake: &mut Intake) -> Result<(), PublishError> {
    // A period that an earlier version of Hutong closed handed none on.
    if !publication.has(ADJUSTMENTS) {
        return Ok(());
    }
    let wanted = [
        "adjustment_id",
        "payer",
        "amount",
        "currency",
        "reason",
        "corrects",
        "origin_period",
        "clause",
        "author",
        "approver",
        "approved_at",
        "file",
        "line",
    ];
    let paths = &mut intake.paths.adjustments;
    let mut handed = Vec::new();
    publication.scan(ADJUSTMENTS, &wanted, |_, rows| {
        let ids = rows.texts("adjustment_id")?;
        let (payers, files) = (rows.texts("payer")?, rows.texts("file")?);
        let (amounts, lines) = (rows.decimals("amount")?, rows.integers("line")?);
        let instants = rows.instants("approved_at")?;
        let text = |name: &str, row: usize| {
            Ok::<_, PublishError>(said(rows.texts(name)?, row).map(str::to_owned))
        };
        for row in 0..rows.len() {
            let unsound = || unsound(publication, ADJUSTMENTS, rows.line(row));
            let payer = said(payers, row);
            let payer = Party::BOTH.into_iter().find(|party| Some(party.letter()) == payer);
            let one = HandedAdjustment {
                id: said(ids, row).ok_or_else(unsound)?.to_owned(),
                payer: payer.ok_or_else(unsound)?,
                amount: amounts[row].ok_or_else(unsound)?,
                currency: text("currency", row)?,
                reason: text("reason", row)?,
                corrects: text("corrects", row)?,
                origin_period: text("origin_period", row)?,
                clause: text("clause", row)?,
                author: text("author", row)?,
                approver: text("approver", row)?,
                approved_at: instants[row].ok_or_else(unsound)?,
            };
            let file = said(files, row).ok_or_else(unsound)?;
            let place = paths.iter().position(|known| known == file).unwrap_or_else(|| {
                paths.push(file.to_owned());
                paths.len() - 1
            });
            let line = lines[row].and_then(|line| u64::try_from(line).ok());
            // There are fewer files than 2^32.
            handed.push((one, (place as u32, line.ok_or_else(unsound)?)));
        }
        Ok::<(), PublishError>(())
    })?;
    if handed.is_empty() {
        return Ok(());
    }
    let own = intake.adjustments.take().unwrap_or_else(Adjustments::none);
    let all = own.followed_by(&handed);
    intake.adjustments = Some(all.ok_or_else(|| unsound(publication, ADJUSTMENTS, 1))?);
    Ok(())
}

fn bring_decisions(publication: &Final, intake: &mut Intake) -> Result<(), PublishError> {
    let waiting = decisions_of(publication, WAITING)?;
    if waiting.is_empty() {
        return Ok(());
    }
    // What the files of this period have goes before what was handed on.
    let paths = &mut intake.paths.decisions;
    let own = paths.len();
    let mut handed = Vec::with_capacity(waiting.len());
    for (decision, (file, line)) in waiting {
        let known = paths[own..].iter().position(|known| *known == file);
        let place = known.unwrap_or_else(|| {
            paths.push(file);
            paths.len() - own - 1
        });
        // There are fewer files than 2^32.
        handed.push((decision, ((own + place) as u32, line)));
    }
    let decisions = intake.decisions.take().unwrap_or_else(Decisions::none);
    intake.decisions = Some(decisions.followed_by(&publication.label, &handed));
    Ok(())
}

/// A decision with the file and line that it was first read from.
type Placed = (PublishedDecision, (String, u64));

/// The decisions of a final publication that came to this, each once.
fn decisions_of(publication: &Final, outcome: &str) -> Result<Vec<Placed>, PublishError> {
    let wanted = [
        "decision_id",
        "discrepancy_id",
        "action",
        "points",
        "reason",
        "author",
        "approver",
        "decided_at",
        "outcome",
        "file",
        "line",
    ];
    let mut found: Vec<Placed> = Vec::new();
    publication.scan(DECISIONS, &wanted, |_, rows| {
        let outcomes = rows.texts("outcome")?;
        // A period that an earlier version of Hutong closed says only which row of it this is.
        let read = match rows.has("file") {
            true => Some((rows.texts("file")?, rows.integers("line")?)),
            false => None,
        };
        for row in (0..rows.len()).filter(|&row| said(outcomes, row) == Some(outcome)) {
            let decision = decision(rows, row)?;
            let decision =
                decision.ok_or_else(|| unsound(publication, DECISIONS, rows.line(row)))?;
            // A decision has a row for each item that it is about, one behind the other.
            if found.last().is_none_or(|(last, _)| *last != decision) {
                let line = rows.line(row);
                let place = match &read {
                    Some((files, lines)) => said(files, row)
                        .map(str::to_owned)
                        .zip(lines[row].and_then(|line| u64::try_from(line).ok()))
                        .ok_or_else(|| unsound(publication, DECISIONS, line))?,
                    None => (format!("{}/{DECISIONS}.parquet", publication.place()), line),
                };
                found.push((decision, place));
            }
        }
        Ok::<(), PublishError>(())
    })?;
    Ok(found)
}

fn decision(rows: &Columns<'_>, row: usize) -> Result<Option<PublishedDecision>, PublishError> {
    let text = |name: &str| Ok::<_, PublishError>(said(rows.texts(name)?, row).map(str::to_owned));
    let action = said(rows.texts("action")?, row);
    let action = word(Action::ALL, Action::WORDS, action);
    let decided_at = rows.instants("decided_at")?[row];
    let ids = text("decision_id")?.zip(text("discrepancy_id")?);
    let Some(((ids, action), decided_at)) = ids.zip(action).zip(decided_at) else {
        return Ok(None);
    };
    let (decision_id, discrepancy_id) = ids;
    Ok(Some(PublishedDecision {
        decision_id,
        discrepancy_id,
        action,
        points: rows.integers("points")?[row],
        reason: text("reason")?,
        author: text("author")?,
        approver: text("approver")?,
        decided_at,
    }))
}
