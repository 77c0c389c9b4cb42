//! Which column of a partner's file fills a canonical one, and how its values are written.

use std::collections::{BTreeMap, BTreeSet};

use super::{Around, Contact};
use crate::frame::fields::{Field, FieldKind};
use crate::value::period::Instant;

/// A declared column of a feed.
#[derive(Debug, Clone)]
pub struct Column {
    /// The canonical column that it fills.
    pub field: &'static Field,
    /// Where its values come from.
    pub origin: Origin,
    /// Texts that mean "no value", besides the empty text: the column's own, else the format's.
    pub nulls: Vec<String>,
    /// The partner's words → codes of the field's list; empty: the canonical words themselves.
    pub words: BTreeMap<String, u8>,
    /// How points and money are written.
    pub number: NumberStyle,
    /// The column that holds the sign, where the number has none of its own.
    pub sign: Option<SignColumn>,
    /// How instants are written.
    pub time: TimeStyle,
    /// What a contact column holds.
    pub contact: Option<Contact>,
    /// Beginnings of raw contact data that are taken off before it is keyed.
    pub strip: Vec<String>,
    /// The texts between which each value stands.
    pub stands: Option<Around>,
}

impl Column {
    /// A column of the file by its name, written in the plainest way.
    #[must_use]
    pub fn named(field: &'static Field, name: &str) -> Column {
        Column {
            field,
            origin: Origin::Named(vec![name.to_owned()]),
            nulls: Vec::new(),
            words: BTreeMap::new(),
            number: NumberStyle::default(),
            sign: None,
            time: TimeStyle::default(),
            contact: None,
            strip: Vec::new(),
            stands: None,
        }
    }

    /// Whether both may read the same column of a file.
    #[must_use]
    pub fn shares_a_source(&self, other: &Column) -> bool {
        let named = |column: &Column| -> BTreeSet<String> {
            match &column.origin {
                Origin::Named(names) => names.iter().map(|name| name.trim().to_owned()).collect(),
                Origin::Constant(_) => BTreeSet::new(),
            }
        };
        !named(self).is_disjoint(&named(other))
    }
}

impl Column {
    /// How its values are written, where that is not the plainest way, in the words of a pipeline.
    #[must_use]
    pub fn styles(&self) -> Vec<String> {
        let plain = NumberStyle::default();
        let number = &self.number;
        let mut said = Vec::new();
        if number.thousands != plain.thousands {
            let mark = number.thousands.map_or("none".to_owned(), |mark| char::from(mark).into());
            said.push(format!("thousands {mark}"));
        }
        said.extend(number.decimal.map(|mark| format!("decimal {}", char::from(mark))));
        match &number.negative {
            Negative::Minus => {}
            Negative::Trailing => said.push("negative trailing".to_owned()),
            Negative::Parentheses => said.push("negative parentheses".to_owned()),
            Negative::Overpunch => said.push("negative overpunch".to_owned()),
            Negative::Prefix(signs) => said.push(format!("negative prefix {}", listed(signs))),
        }
        said.extend(number.implied_decimals.map(|digits| format!("implied decimals {digits}")));
        if !number.currency.is_empty() {
            said.push(format!("currency {}", number.currency.join(" ")));
        }
        if number.full_width {
            said.push("full width".to_owned());
        }
        if let Some(sign) = &self.sign {
            let (names, words) = (sign.names.join(" / "), listed(&sign.words));
            said.push(format!("sign of {names} {words}"));
        }
        if !self.time.patterns.is_empty() {
            said.push(format!("format {}", self.time.patterns.join(" or ")));
        }
        said.extend(self.time.epoch.map(|unit| format!("epoch {}", unit.word())));
        if self.time.year != Year::Written {
            said.push("year of the period".to_owned());
        }
        if !self.strip.is_empty() {
            said.push(format!("strip {}", self.strip.join(" ")));
        }
        if let Some(Around { after, before }) = &self.stands {
            let sides = [("after", after), ("before", before)];
            let sides = sides.into_iter().filter(|(_, text)| !text.is_empty());
            let sides: Vec<String> = sides.map(|(side, text)| format!("{side} {text}")).collect();
            said.push(format!("stands {}", sides.join(", ")));
        }
        if let (FieldKind::Word { words, .. }, false) = (self.field.kind, self.words.is_empty()) {
            let word = |code: u8| words.get(usize::from(code)).copied().unwrap_or_default();
            let said_as =
                self.words.iter().map(|(theirs, &code)| format!("{theirs}={}", word(code)));
            said.push(format!("values {}", said_as.collect::<Vec<_>>().join(" ")));
        }
        said
    }
}

fn listed(signs: &BTreeMap<String, Sign>) -> String {
    let one = |(text, sign): (&String, &Sign)| match sign {
        Sign::Plus => format!("{text}+"),
        Sign::Minus => format!("{text}-"),
    };
    signs.iter().map(one).collect::<Vec<String>>().join(" ")
}

/// Where the values of a column come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The column of the file that has one of these names.
    Named(Vec<String>),
    /// The same text in every row.
    Constant(String),
}

/// Whether a number counts up or down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Up.
    Plus,
    /// Down.
    Minus,
}

/// The column that holds the sign of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignColumn {
    /// The names that it may have in the file.
    pub names: Vec<String>,
    /// What its words mean.
    pub words: BTreeMap<String, Sign>,
}

/// How points and money are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberStyle {
    /// What parts the thousands, an ASCII character; it may be left out of a number.
    pub thousands: Option<u8>,
    /// What stands before the decimals, an ASCII character; where nobody said so a point, but none
    /// that may part thousands as well.
    pub decimal: Option<u8>,
    /// How a number below zero is told.
    pub negative: Negative,
    /// How many of the digits are decimals, where no point says so.
    pub implied_decimals: Option<u8>,
    /// Currency marks, one of which may stand at either end.
    pub currency: Vec<String>,
    /// Whether full-width forms stand for the ASCII ones.
    pub full_width: bool,
}

impl NumberStyle {
    /// What stands before the decimals.
    #[must_use]
    pub fn mark(&self) -> u8 {
        self.decimal.unwrap_or(b'.')
    }

    /// Whether a number of so many digits before its mark and behind it may be that many thousands
    /// as well: `1.234`, of which nobody said what the point is. No thousands begin with a zero.
    #[must_use]
    pub fn is_open(&self, whole: &[u8], decimals: usize) -> bool {
        let is_unsaid = self.decimal.is_none() && self.thousands.is_none();
        is_unsaid && decimals == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with(b"0")
    }
}

impl Default for NumberStyle {
    fn default() -> NumberStyle {
        NumberStyle {
            thousands: None,
            decimal: None,
            negative: Negative::Minus,
            implied_decimals: None,
            currency: Vec::new(),
            full_width: false,
        }
    }
}

/// How a number below zero is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Negative {
    /// `-12`.
    Minus,
    /// `12-`.
    Trailing,
    /// `(12)`.
    Parentheses,
    /// `1K`: the last character carries digit and sign.
    Overpunch,
    /// `D12`: every number begins with one of these texts.
    Prefix(BTreeMap<String, Sign>),
}

/// How instants are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeStyle {
    /// Notations in strptime's form, exactly one of which a text fits; none: ISO 8601, or a bare
    /// `YYYY-MM-DD`.
    pub patterns: Vec<String>,
    /// The unit in which the epoch's distance is counted, where that is how they are written.
    pub epoch: Option<Epoch>,
    /// Where the year comes from.
    pub year: Year,
}

/// A unit of the distance from the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epoch {
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
}

impl Epoch {
    /// Microseconds in one of them.
    #[must_use]
    pub fn micros(self) -> i64 {
        match self {
            Epoch::Seconds => 1_000_000,
            Epoch::Milliseconds => 1_000,
            Epoch::Microseconds => 1,
        }
    }

    /// `seconds`, `milliseconds` or `microseconds`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Epoch::Seconds => "seconds",
            Epoch::Milliseconds => "milliseconds",
            Epoch::Microseconds => "microseconds",
        }
    }
}

/// Where the year of an instant comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Year {
    /// It is written.
    #[default]
    Written,
    /// It is the one that puts the instant nearest to this, the middle of the period; the epoch
    /// stands here until a period is chosen.
    Nearest(Instant),
}
