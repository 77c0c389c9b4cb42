//! Many cells of one canonical column at once, by the rule that reads them one by one: what the
//! rule is, is looked up once, and common spellings are read by their places.

use super::amount::{Bound, amount, points};
use super::cells::Cells;
use super::conform::{Reading, Rule, TEXT_BYTES_MAX, Value, bounded, id, trim};
use super::refusal::Refusal;

impl Rule {
    /// Appends the values of so many rows, up to the first that is refused, and says how many
    /// there are. A row without a cell has no value; `sign` is the cell of the sign column.
    pub(super) fn fill<'t>(
        &self,
        cells: &mut Cells,
        rows: usize,
        cell: impl Fn(usize) -> Option<&'t str>,
        sign: Option<impl Fn(usize) -> Option<&'t str>>,
    ) -> usize {
        if let Some(word) = sign {
            return cells.extend(rows, |row| match cell(row) {
                Some(raw) => self.text(raw, self.sign(raw, word(row))?),
                None => self.blank(),
            });
        }
        if self.stands.is_some() {
            return cells.extend(rows, |row| match cell(row) {
                Some(raw) => self.text(raw, None),
                None => self.blank(),
            });
        }
        let text = |row: usize| cell(row).map(trim).filter(|text| !self.is_blank(text));
        // A column with a default holds words, so that a blank here is none or refused.
        let nothing = || if self.field.nullable { Ok(()) } else { Err(Refusal::Empty) };
        match &self.reading {
            Reading::Id => cells.extend_texts(rows, |row| match text(row) {
                Some(text) => id(text).map(Some),
                None => nothing().map(|()| None),
            }),
            Reading::Text => cells.extend_texts(rows, |row| match text(row) {
                Some(text) => bounded(text, TEXT_BYTES_MAX).map(|()| Some(text)),
                None => nothing().map(|()| None),
            }),
            Reading::Points { scale, style, bound } => {
                cells.extend_wholes(rows, |row| match text(row) {
                    Some(text) => bound.hold(points(text, style, None, *scale)).map(Some),
                    None => nothing().map(|()| None),
                })
            }
            Reading::Amount { style } => cells.extend_wholes(rows, |row| match text(row) {
                Some(text) => Bound::AMOUNT.hold(amount(text, style, None)).map(Some),
                None => nothing().map(|()| None),
            }),
            Reading::Instant(instants) => {
                let mut quick = instants.quick();
                cells.extend_wholes(rows, |row| {
                    let Some(text) = text(row) else { return nothing().map(|()| None) };
                    match quick.as_mut().and_then(|quick| quick.read(text.as_bytes())) {
                        Some(micros) => Ok(Some(micros)),
                        None => instants.text(text).map(Some),
                    }
                })
            }
            Reading::Word { codes, .. } => {
                let known: Vec<(&str, u8)> =
                    codes.iter().map(|(word, &code)| (word.as_str(), code)).collect();
                cells.extend(rows, |row| {
                    let raw = cell(row).unwrap_or_default();
                    let text = trim(raw);
                    match known.iter().find(|(word, _)| *word == text) {
                        Some(&(_, code)) if !self.is_blank(text) => Ok(Value::Code(code)),
                        _ => self.text(raw, None),
                    }
                })
            }
            Reading::Label | Reading::Token { .. } => cells.extend(rows, |row| match cell(row) {
                Some(raw) => self.text(raw, None),
                None => self.blank(),
            }),
        }
    }
}
