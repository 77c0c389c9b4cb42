//! One place that turns a partner's cell into a canonical value, for every format.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::amount::{AMOUNT_DIGITS, amount, looks_floated, looks_scientific, of_money, points};
use super::error::SourceError;
use super::instant::Instants;
use super::refusal::Refusal;
use crate::feed::{Column, Contact, Feed, Format, Origin};
use crate::frame::fields::{Field, FieldKind};
use crate::value::token::{ready, redact};

/// The longest identifier.
const ID_BYTES_MAX: usize = 256;

/// The longest free text.
const TEXT_BYTES_MAX: usize = 1024;

/// The longest unknown word that an error shows as it stands.
const SHOWN_CHARS_MAX: usize = 40;

/// The most digits of an unknown word that an error shows as it stands: a year, and no number of a
/// person's.
const SHOWN_DIGITS_MAX: usize = 4;

/// A cell as a canonical column holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value<'t> {
    /// No value.
    Null,
    /// Of an Id, Text or Token column.
    Text(Cow<'t, str>),
    /// Of a Points, Amount, Whole, Instant or AsOf column.
    Whole(i64),
    /// Of a Word column.
    Code(u8),
}

/// Where the values of a canonical column come from.
#[derive(Debug)]
pub(super) enum Supply {
    /// The same value in every row: a declared constant, or what an undeclared column holds.
    Everywhere(Value<'static>),
    /// The file's column of that name.
    Named(String),
}

/// How one canonical column is filled.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) field: &'static Field,
    pub(super) supply: Supply,
    reading: Reading,
    nulls: Vec<String>,
    default: Option<u8>,
}

#[derive(Debug)]
enum Reading {
    Id,
    Text,
    Token(Contact),
    Points { scale: u8 },
    Amount,
    Instant(Box<Instants>),
    Word { codes: BTreeMap<String, u8>, strict: bool },
}

/// The rules of a feed, one per canonical column in order.
pub(super) fn rules(feed: &Feed) -> Result<Vec<Rule>, SourceError> {
    feed.kind.fields().iter().map(|field| rule(feed, field)).collect()
}

fn rule(feed: &Feed, field: &'static Field) -> Result<Rule, SourceError> {
    let column = feed.columns.iter().find(|column| column.field.name == field.name);
    let nulls = match &feed.format {
        Format::Csv { nulls, .. } => nulls.iter().map(|null| trim(null).to_owned()).collect(),
        Format::Parquet => Vec::new(),
    };
    let default = match (field.kind, field.default) {
        (FieldKind::Word { words, .. }, Some(default)) => code_of(words, default),
        _ => None,
    };
    let reading = reading(feed, field, column);
    let supply = Supply::Everywhere(Value::Null);
    let mut rule = Rule { field, supply, reading, nulls, default };
    rule.supply =
        match column.map(|column| &column.origin) {
            None => Supply::Everywhere(rule.blank().map_err(|_| SourceError::Undeclared {
                feed: feed.kind.word(),
                column: field.name,
            })?),
            Some(Origin::Named(name)) => Supply::Named(trim(name).to_owned()),
            Some(Origin::Constant(text)) => {
                let value = rule.text(text).map_err(|refusal| SourceError::Constant {
                    column: field.name,
                    reason: refusal.to_string(),
                })?;
                Supply::Everywhere(match value {
                    Value::Null => Value::Null,
                    Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
                    Value::Whole(whole) => Value::Whole(whole),
                    Value::Code(code) => Value::Code(code),
                })
            }
        };
    Ok(rule)
}

fn reading(feed: &Feed, field: &'static Field, column: Option<&Column>) -> Reading {
    let pattern = column.and_then(|column| column.pattern.as_deref());
    let instants = |day_end| Box::new(Instants::new(&feed.zone, pattern, day_end));
    match field.kind {
        FieldKind::Id => Reading::Id,
        FieldKind::Text => Reading::Text,
        FieldKind::Token => {
            let contact = column.and_then(|column| column.contact.clone());
            Reading::Token(contact.unwrap_or(Contact::Ready(None)))
        }
        FieldKind::Points => Reading::Points { scale: feed.scale },
        FieldKind::Amount => Reading::Amount,
        FieldKind::Whole => Reading::Points { scale: 0 },
        FieldKind::Instant => Reading::Instant(instants(false)),
        FieldKind::AsOf => Reading::Instant(instants(true)),
        FieldKind::Word { words, strict } => {
            let declared = column.map(|column| &column.words).filter(|map| !map.is_empty());
            let codes = match declared {
                Some(map) => map.iter().map(|(w, &code)| (trim(w).to_owned(), code)).collect(),
                None => {
                    words.iter().zip(0..).map(|(&word, code)| (word.to_owned(), code)).collect()
                }
            };
            Reading::Word { codes, strict }
        }
    }
}

fn code_of(words: &[&str], word: &str) -> Option<u8> {
    words.iter().zip(0..).find(|(known, _)| **known == word).map(|(_, code)| code)
}

impl Rule {
    /// What stands where a row has no value.
    pub(super) fn blank(&self) -> Result<Value<'static>, Refusal> {
        match self.default {
            Some(code) => Ok(Value::Code(code)),
            None if self.field.nullable => Ok(Value::Null),
            None => Err(Refusal::Empty),
        }
    }

    /// The canonical value of a text cell.
    pub(super) fn text<'t>(&self, raw: &'t str) -> Result<Value<'t>, Refusal> {
        let text = trim(raw);
        if text.is_empty() || self.nulls.iter().any(|null| null == text) {
            return self.blank();
        }
        match &self.reading {
            Reading::Id => id(text).map(|text| Value::Text(Cow::Borrowed(text))),
            Reading::Text => {
                bounded(text, TEXT_BYTES_MAX)?;
                Ok(Value::Text(Cow::Borrowed(text)))
            }
            Reading::Token(contact) => {
                let (token, refusal) = match contact {
                    Contact::Mobile(key) => (key.mobile(text), Refusal::NotMobile),
                    Contact::Email(key) => (key.email(text), Refusal::NotEmail),
                    Contact::Name(key) => (key.name(text), Refusal::NotName),
                    Contact::Ready(_) => (ready(text), Refusal::NotToken),
                };
                token.map(|token| Value::Text(Cow::Owned(token))).ok_or(refusal)
            }
            Reading::Points { scale } => points(text, *scale).map(Value::Whole),
            Reading::Amount => amount(text).map(Value::Whole),
            Reading::Instant(instants) => instants.text(text).map(Value::Whole),
            Reading::Word { codes, strict } => match codes.get(text) {
                Some(&code) => Ok(Value::Code(code)),
                None if has_control(text) => Err(Refusal::Control),
                None if *strict => Err(Refusal::UnknownKind(shown(text))),
                None => Err(Refusal::UnknownWord),
            },
        }
    }

    /// The points or money of a typed number `value × 10^-digits`.
    pub(super) fn quantity(&self, value: i128, digits: i8) -> Result<Value<'static>, Refusal> {
        match self.reading {
            Reading::Points { scale } => scaled(value, digits, scale),
            Reading::Amount => scaled(value, digits, AMOUNT_DIGITS).map_err(of_money),
            _ => Err(Refusal::NotPoints),
        }
    }

    /// How the column reads instants, where it does.
    pub(super) fn instants(&self) -> Option<&Instants> {
        match &self.reading {
            Reading::Instant(instants) => Some(instants),
            _ => None,
        }
    }
}

/// The whole number of units of `10^-scale` that `value × 10^-digits` is.
fn scaled(value: i128, digits: i8, scale: u8) -> Result<Value<'static>, Refusal> {
    let shift = i32::from(scale) - i32::from(digits);
    let factor = 10i128.checked_pow(shift.unsigned_abs());
    let scaled = match factor {
        None if value == 0 => 0,
        None if shift >= 0 => return Err(Refusal::TooLarge),
        None => return Err(Refusal::Fraction),
        Some(factor) if shift >= 0 => value.checked_mul(factor).ok_or(Refusal::TooLarge)?,
        Some(factor) if value % factor != 0 => return Err(Refusal::Fraction),
        Some(factor) => value / factor,
    };
    match i64::try_from(scaled) {
        Ok(i64::MIN) | Err(_) => Err(Refusal::TooLarge),
        Ok(points) => Ok(Value::Whole(points)),
    }
}

/// The text without the blanks, tabs and full-width blanks around it.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\u{3000}'])
}

fn bounded(text: &str, bytes_max: usize) -> Result<(), Refusal> {
    if text.len() > bytes_max {
        return Err(Refusal::Long(bytes_max));
    }
    if has_control(text) {
        return Err(Refusal::Control);
    }
    Ok(())
}

/// Whether the text holds a control character, NUL and line ends included.
fn has_control(text: &str) -> bool {
    if text.is_ascii() {
        return text.bytes().any(|b| b < b' ' || b == 0x7f);
    }
    text.chars().any(char::is_control)
}

/// An identifier as it stands, leading zeros and all. One that a spreadsheet has turned into a
/// number has lost digits, and two that differ by an invisible character never match.
fn id(text: &str) -> Result<&str, Refusal> {
    bounded(text, ID_BYTES_MAX)?;
    if !text.is_ascii() && text.chars().any(is_invisible) {
        return Err(Refusal::Invisible);
    }
    let first = text.as_bytes().first().copied().unwrap_or_default();
    let number = first.is_ascii_digit() || matches!(first, b'+' | b'-');
    if number && (looks_scientific(text) || looks_floated(text)) {
        return Err(Refusal::Spreadsheet);
    }
    Ok(text)
}

/// Soft hyphens, zero-width and direction marks, and blanks other than the ASCII one.
fn is_invisible(c: char) -> bool {
    let mark = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
    mark || (!c.is_ascii() && c.is_whitespace())
}

/// An unknown word as an error may show it: a word of a closed list is no personal data, but what
/// is long, or holds the digits of a number or the sign of an address, may be anything.
fn shown(word: &str) -> String {
    let digits = word.chars().filter(|c| c.is_numeric()).count();
    let harmless = digits <= SHOWN_DIGITS_MAX && !word.contains(['@', '＠']);
    // A short word of another script may be a person's name.
    let harmless = harmless && word.is_ascii();
    if harmless && word.chars().count() <= SHOWN_CHARS_MAX { word.to_owned() } else { redact(word) }
}

#[cfg(test)]
mod tests;
