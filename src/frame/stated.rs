//! The lines of a partner's own statement (对方清算单), as its feed has them.

use std::collections::BTreeSet;

use arrow::array::{Array, Int64Array, RecordBatch};
use rust_decimal::Decimal;

use super::books::{Columns, FrameError, Origins, text};
use super::fields::{AMOUNT_DIGITS, FeedKind, LINE_TYPES};
use crate::value::kind::Flow;
use crate::value::party::Party;

/// A line of a partner's statement. What its feed does not declare, and what a row leaves empty,
/// is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedLine {
    /// What it is for, in the words of our own lines.
    pub kind: &'static str,
    /// The currency.
    pub currency: Option<String>,
    /// Whose points.
    pub issuer: Option<Party>,
    /// The flow.
    pub flow: Option<Flow>,
    /// The period to which it belongs.
    pub origin_period: Option<String>,
    /// The ratio version, by its from.
    pub ratio_from: Option<String>,
    /// The rate version, by its from.
    pub rate_from: Option<String>,
    /// An adjustment's number, or the period of the statement that is overdue.
    pub reference: Option<String>,
    /// How many events it sums.
    pub events: Option<i64>,
    /// Issuer points that it sums.
    pub points: Option<i64>,
    /// The amount.
    pub amount: Decimal,
    /// Who pays.
    pub payer: Party,
}

/// A partner's statement.
#[derive(Debug, Clone)]
pub struct Stated {
    /// Its lines, in the order of the files.
    pub lines: Vec<StatedLine>,
    /// Where each line stood.
    pub origins: Origins,
    /// The columns that the feed declares; the others are compared on neither side.
    pub declared: BTreeSet<&'static str>,
}

impl Stated {
    /// The statement of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(
        batch: &RecordBatch,
        declared: BTreeSet<&'static str>,
    ) -> Result<Stated, FrameError> {
        let columns = Columns { feed: FeedKind::Statement, batch };
        let kinds = columns.words("type", |code| LINE_TYPES.get(usize::from(code)).copied())?;
        let issuers = columns.words("issuer", |code| ISSUERS.get(usize::from(code)).copied())?;
        let flows = columns.words("flow", |code| FLOWS.get(usize::from(code)).copied())?;
        let payers = columns.words("payer", |code| Party::BOTH.get(usize::from(code)).copied())?;
        let currencies = columns.texts("currency")?;
        let periods = columns.texts("origin_period")?;
        let ratios = columns.texts("ratio_from")?;
        let rates = columns.texts("rate_from")?;
        let references = columns.texts("reference")?;
        let (events, points) = (columns.integers("events")?, columns.integers("points")?);
        let amounts = columns.integers("amount")?;
        let whole =
            |column: &Int64Array, row: usize| column.is_valid(row).then(|| column.value(row));
        let rows = (0_u32..).zip(kinds).zip(issuers).zip(flows).zip(payers);
        let lines = rows.map(|((((row, kind), issuer), flow), payer)| {
            let at = row as usize;
            StatedLine {
                kind,
                currency: text(&currencies, row).map(str::to_owned),
                issuer,
                flow,
                origin_period: text(&periods, row).map(str::to_owned),
                ratio_from: text(&ratios, row).map(str::to_owned),
                rate_from: text(&rates, row).map(str::to_owned),
                reference: text(&references, row).map(str::to_owned),
                events: whole(&events, at),
                points: whole(&points, at),
                amount: Decimal::new(amounts.value(at), u32::from(AMOUNT_DIGITS)),
                payer,
            }
        });
        Ok(Stated { lines: lines.collect(), origins: columns.origins()?, declared })
    }
}

/// Issuers by the codes of their column.
const ISSUERS: [Option<Party>; 3] = [None, Some(Party::A), Some(Party::B)];

/// Flows by the codes of their column.
const FLOWS: [Option<Flow>; 4] =
    [None, Some(Flow::Redemption), Some(Flow::Conversion), Some(Flow::Sale)];
