//! Which value of a record of text fills which canonical column.

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
    /// What no row of delimited text begins with.
    pub(super) markers: Vec<String>,
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
}

/// A record without its line end.
pub(super) fn bare(record: &str) -> &str {
    let record = record.strip_suffix('\n').unwrap_or(record);
    record.strip_suffix('\r').unwrap_or(record)
}
