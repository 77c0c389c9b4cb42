//! The order of a table's rows as bytes, so that rows of several origins can be merged.

use crate::value::party::Party;
use crate::value::period::Instant;

/// What decides where a row stands, as bytes that compare as the figures and texts do that were
/// added, one after the other. What is absent comes before what is there.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey(Vec<u8>);

impl SortKey {
    /// Adds a party.
    #[must_use]
    pub fn party(self, party: Party) -> SortKey {
        self.flag(party == Party::B)
    }

    /// Adds a yes or no.
    #[must_use]
    pub fn flag(mut self, flag: bool) -> SortKey {
        self.0.push(u8::from(flag));
        self
    }

    /// Adds a whole number.
    #[must_use]
    pub fn whole(mut self, whole: i64) -> SortKey {
        // With the other sign bit, numbers compare as their bytes do.
        self.0.extend((whole.cast_unsigned() ^ (1 << 63)).to_be_bytes());
        self
    }

    /// Adds a count.
    #[must_use]
    pub fn count(mut self, count: u64) -> SortKey {
        self.0.extend(count.to_be_bytes());
        self
    }

    /// Adds a whole number that may be absent.
    #[must_use]
    pub fn whole_if(self, whole: Option<i64>) -> SortKey {
        match whole {
            None => self.flag(false),
            Some(whole) => self.flag(true).whole(whole),
        }
    }

    /// Adds an instant.
    #[must_use]
    pub fn at(self, at: Instant) -> SortKey {
        self.whole(at.0)
    }

    /// Adds an instant that may be absent.
    #[must_use]
    pub fn at_if(self, at: Option<Instant>) -> SortKey {
        self.whole_if(at.map(|at| at.0))
    }

    /// Adds a text.
    #[must_use]
    pub fn text(mut self, text: &str) -> SortKey {
        for byte in text.bytes() {
            self.0.push(byte);
            // So that the end of a text comes before everything that may follow in it.
            if byte == 0 {
                self.0.push(0xff);
            }
        }
        self.0.extend([0, 0]);
        self
    }

    /// Adds a text that may be absent.
    #[must_use]
    pub fn text_if(self, text: Option<&str>) -> SortKey {
        match text {
            None => self.flag(false),
            Some(text) => self.flag(true).text(text),
        }
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_compare_as_what_they_stand_for() {
        let texts =
            [None, Some(""), Some("\0"), Some("\0\0"), Some("\u{1}"), Some("a"), Some("a\0b")];
        let texts = texts.into_iter().chain([Some("aa"), Some("ab"), Some("会员"), Some("会员1")]);
        let texts: Vec<Option<&str>> = texts.collect();
        let wholes = [None, Some(i64::MIN), Some(-1), Some(0), Some(1), Some(i64::MAX)];
        let mut rows = Vec::new();
        for text in &texts {
            for whole in wholes {
                for party in Party::BOTH {
                    rows.push((*text, whole, party));
                }
            }
        }
        let key = |&(text, whole, party): &(Option<&str>, Option<i64>, Party)| {
            SortKey::default().text_if(text).whole_if(whole).party(party)
        };
        for one in &rows {
            for other in &rows {
                assert_eq!(key(one).cmp(&key(other)), one.cmp(other), "{one:?} and {other:?}");
            }
        }
    }
}
