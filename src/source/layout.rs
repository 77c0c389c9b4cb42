//! Which value of a record of text fills which canonical column.

use std::borrow::Cow;

use super::conform::{Rule, Source};

/// Which column of the file fills which canonical column.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// How many columns the header has.
    pub(super) width: usize,
    /// By canonical column.
    pub(super) sources: Vec<Option<Source>>,
    /// The header as it stands in the file, without its line end.
    pub(super) header: Option<String>,
}

impl Layout {
    /// Whether a record is the header once more.
    pub(super) fn is_header(&self, record: &str) -> bool {
        self.header.as_deref() == Some(bare(record))
    }

    /// The canonical column that a value of the file fills, or whose sign it says.
    pub(super) fn filled(&self, rules: &[Rule], value: usize) -> Option<&'static str> {
        let is_it = |source: &Source| source.value == value || source.sign == Some(value);
        let filled = |(source, rule): (&Option<Source>, &Rule)| {
            source.as_ref().is_some_and(is_it).then_some(rule.field.name)
        };
        self.sources.iter().zip(rules).find_map(filled)
    }

    /// Whether a record that begins as a marked one without figures may as well be a row: at most
    /// one of the values that a row needs is refused. `text` gives a value of the record.
    pub(super) fn may_be_row<'t>(
        &self,
        rules: &[Rule],
        text: impl Fn(usize) -> Option<Cow<'t, str>>,
    ) -> bool {
        let is_refused = |(source, rule): &(&Option<Source>, &Rule)| {
            let Some(source) = source else { return false };
            let value = text(source.value).unwrap_or_default();
            let word = source.sign.and_then(&text);
            let made = rule.sign(&value, word.as_deref());
            !made.is_ok_and(|sign| rule.text(&value, sign).is_ok())
        };
        self.sources.iter().zip(rules).filter(is_refused).count() <= 1
    }
}

/// A record without its line end.
pub(super) fn bare(record: &str) -> &str {
    let record = record.strip_suffix('\n').unwrap_or(record);
    record.strip_suffix('\r').unwrap_or(record)
}
