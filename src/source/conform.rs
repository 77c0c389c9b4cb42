//! One place that turns a partner's cell into a canonical value, for every format.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::amount::{
    AMOUNT_DIGITS, Bound, amount, looks_floated, looks_formulated, looks_scientific, of_money,
    points,
};
use super::ascii::is_plain;
use super::error::SourceError;
use super::instant::Instants;
use super::refusal::Refusal;
use crate::feed::{
    Around, Column, Contact, Feed, FeedKind, Negative, NumberStyle, Origin, Sign, SignColumn,
};
use crate::frame::fields::{Field, FieldKind};
use crate::value::period::is_label;
use crate::value::token::{ready, redact};

/// What a reason ends with that misses a column.
pub(super) const ABSENT: &str = "no such column";

/// The longest identifier.
const ID_BYTES_MAX: usize = 256;

/// The longest free text.
pub(super) const TEXT_BYTES_MAX: usize = 1024;

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
    /// The column of the file that has one of these names.
    Named(Vec<String>),
}

/// Where the cells of a canonical column stand among the columns of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    pub(super) value: usize,
    /// The column that holds the sign of the value.
    pub(super) sign: Option<usize>,
}

/// Why a file's columns cannot fill a canonical one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The column of the file, by its declared names.
    pub(super) column: String,
    pub(super) reason: String,
}

/// How one canonical column is filled.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) field: &'static Field,
    pub(super) supply: Supply,
    sign: Option<SignColumn>,
    pub(super) reading: Reading,
    /// The texts between which each value stands.
    pub(super) stands: Option<Around>,
    nulls: Vec<String>,
    default: Option<u8>,
}

/// What a rule makes of a cell.
#[derive(Debug)]
pub(super) enum Reading {
    Id,
    Text,
    Label,
    Token { contact: Contact, strip: Vec<String> },
    Points { scale: u8, style: NumberStyle, bound: Bound },
    Amount { style: NumberStyle },
    Instant(Box<Instants>),
    Word { codes: BTreeMap<String, u8>, strict: bool },
}

/// The rules of a feed, one per canonical column in order.
pub(super) fn rules(feed: &Feed) -> Result<Vec<Rule>, SourceError> {
    feed.kind.fields().iter().map(|field| rule(feed, field)).collect()
}

fn rule(feed: &Feed, field: &'static Field) -> Result<Rule, SourceError> {
    let column = feed.columns.iter().find(|column| column.field.name == field.name);
    let nulls = column.map_or(&[][..], |column| &column.nulls);
    let nulls = nulls.iter().map(|null| trim(null).to_owned()).collect();
    let sign = column.and_then(|column| column.sign.as_ref()).map(|sign| SignColumn {
        names: trimmed(&sign.names),
        words: sign.words.iter().map(|(word, &sign)| (trim(word).to_owned(), sign)).collect(),
    });
    let default = match (field.kind, field.default) {
        (FieldKind::Word { words, .. }, Some(default)) => code_of(words, default),
        _ => None,
    };
    let reading = reading(feed, field, column);
    let supply = Supply::Everywhere(Value::Null);
    let stands = column.and_then(|column| column.stands.clone());
    let mut rule = Rule { field, supply, sign, reading, stands, nulls, default };
    rule.supply =
        match column.map(|column| &column.origin) {
            None => Supply::Everywhere(rule.blank().map_err(|_| SourceError::Undeclared {
                feed: feed.kind.word(),
                column: field.name,
            })?),
            Some(Origin::Named(names)) => Supply::Named(trimmed(names)),
            Some(Origin::Constant(text)) => {
                let value = rule.text(text, None).map_err(|refusal| SourceError::Constant {
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
    let time = column.map(|column| column.time.clone()).unwrap_or_default();
    let style = || column.map(|column| column.number.clone()).unwrap_or_default();
    let instants = |day_end| Box::new(Instants::new(&feed.zone, &time, day_end));
    let bound = match feed.kind {
        FeedKind::Statement => Bound::SUM,
        FeedKind::Deliveries => Bound::NOTE,
        _ => Bound::row(feed.points_max),
    };
    match field.kind {
        FieldKind::Id => Reading::Id,
        FieldKind::Text => Reading::Text,
        FieldKind::Label => Reading::Label,
        FieldKind::Token => {
            let contact = column.and_then(|column| column.contact.clone());
            let contact = contact.unwrap_or(Contact::Ready(None));
            let mut strip = column.map(|column| column.strip.clone()).unwrap_or_default();
            // The longest first, so that none hides another.
            strip.sort_by_key(|prefix| std::cmp::Reverse(prefix.len()));
            Reading::Token { contact, strip }
        }
        FieldKind::Points => Reading::Points { scale: feed.scale, style: style(), bound },
        FieldKind::Amount => Reading::Amount { style: style() },
        FieldKind::Whole => Reading::Points { scale: 0, style: style(), bound: Bound::NOTE },
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

fn trimmed(names: &[String]) -> Vec<String> {
    names.iter().map(|name| trim(name).to_owned()).collect()
}

/// The one column that has one of the wanted names.
fn place<'n>(
    noun: &str,
    wanted: &[String],
    names: impl Iterator<Item = &'n str>,
) -> Result<usize, Misfit> {
    let mut found = (0..).zip(names).filter(|(_, name)| wanted.iter().any(|want| want == name));
    let misfit = |reason: String| Misfit { column: wanted.join(" / "), reason };
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (None, _) => Err(misfit(format!("the {noun} has {ABSENT}"))),
        (Some((_, one)), Some((_, other))) if one == other => {
            Err(misfit(format!("the {noun} has the column twice; have one of them renamed")))
        }
        (Some((_, one)), Some((_, other))) => {
            Err(misfit(format!("the {noun} has both `{one}` and `{other}`; name one of them")))
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

    /// Where the rule's cells stand in a file with these column names, which are trimmed; `None`
    /// where they come from no file. `noun` is what holds the names.
    pub(super) fn source<'n>(
        &self,
        noun: &str,
        names: impl Iterator<Item = &'n str> + Clone,
    ) -> Result<Option<Source>, Misfit> {
        let Supply::Named(wanted) = &self.supply else { return Ok(None) };
        let value = place(noun, wanted, names.clone())?;
        let sign = self.sign.as_ref().map(|sign| place(noun, &sign.names, names)).transpose()?;
        Ok(Some(Source { value, sign }))
    }

    /// Whether a column of that name is one from which the rule takes something.
    pub(super) fn reads(&self, name: &str) -> bool {
        let wanted = match &self.supply {
            Supply::Named(wanted) => wanted.as_slice(),
            _ => &[],
        };
        wanted.iter().chain(self.sign_names()).any(|want| want == name)
    }

    /// The names of the column that holds the sign, where there is one.
    pub(super) fn sign_names(&self) -> &[String] {
        self.sign.as_ref().map_or(&[], |sign| &sign.names)
    }

    /// What the word in the sign column says of a cell, where the rule has one.
    pub(super) fn sign(&self, raw: &str, word: Option<&str>) -> Result<Option<Sign>, Refusal> {
        let Some(column) = &self.sign else { return Ok(None) };
        match trim(word.unwrap_or_default()) {
            // What is no number needs no sign.
            _ if self.is_blank(trim(raw)) => Ok(None),
            "" => Err(Refusal::NoSignWord),
            word => column.words.get(word).copied().map(Some).ok_or(Refusal::UnknownSign),
        }
    }

    pub(super) fn is_blank(&self, text: &str) -> bool {
        text.is_empty() || self.nulls.iter().any(|null| null == text)
    }

    /// A value without the texts between which it stands.
    fn bare<'t>(&self, text: &'t str) -> Result<&'t str, Refusal> {
        let Some(Around { after, before }) = &self.stands else { return Ok(text) };
        let bare = text.strip_prefix(after.as_str()).and_then(|rest| rest.strip_suffix(before));
        bare.map(trim).ok_or(Refusal::NotBetween)
    }

    /// The canonical value of a text cell; `sign` is what the sign column says.
    pub(super) fn text<'t>(&self, raw: &'t str, sign: Option<Sign>) -> Result<Value<'t>, Refusal> {
        let text = trim(raw);
        if self.is_blank(text) {
            return self.blank();
        }
        let text = self.bare(text)?;
        if self.is_blank(text) {
            return self.blank();
        }
        match &self.reading {
            Reading::Id => id(text).map(|text| Value::Text(Cow::Borrowed(text))),
            Reading::Text => {
                bounded(text, TEXT_BYTES_MAX)?;
                Ok(Value::Text(Cow::Borrowed(text)))
            }
            Reading::Label if !is_label(text) => Err(Refusal::NotLabel),
            Reading::Label => Ok(Value::Text(Cow::Borrowed(text))),
            Reading::Token { contact, strip } => {
                let bare = strip.iter().find_map(|prefix| text.strip_prefix(prefix.as_str()));
                let text = bare.unwrap_or(text);
                let (token, refusal) = match contact {
                    Contact::Mobile(key) => (key.mobile(text), Refusal::NotMobile),
                    Contact::Email(key) => (key.email(text), Refusal::NotEmail),
                    Contact::Name(key) => (key.name(text), Refusal::NotName),
                    Contact::Ready(_) => (ready(text), Refusal::NotToken),
                };
                token.map(|token| Value::Text(Cow::Owned(token))).ok_or(refusal)
            }
            Reading::Points { scale, style, bound } => {
                bound.hold(points(text, style, sign, *scale)).map(Value::Whole)
            }
            Reading::Amount { style } => {
                Bound::AMOUNT.hold(amount(text, style, sign)).map(Value::Whole)
            }
            Reading::Instant(instants) => instants.text(text).map(Value::Whole),
            Reading::Word { codes, strict } => match codes.get(text) {
                Some(&code) => Ok(Value::Code(code)),
                None if has_control(text) => Err(Refusal::Control),
                None if text.chars().any(is_invisible) => Err(Refusal::Invisible),
                None if *strict => Err(Refusal::UnknownKind(shown(text))),
                None => Err(Refusal::UnknownWord),
            },
        }
    }

    /// The points or money of a typed number `value × 10^-digits`; `sign` is what the sign column
    /// says.
    pub(super) fn quantity(
        &self,
        value: i128,
        digits: i8,
        sign: Option<Sign>,
    ) -> Result<Value<'static>, Refusal> {
        self.count(value, digits, sign).map(Value::Whole)
    }

    /// The same as a bare figure.
    pub(super) fn count(
        &self,
        value: i128,
        digits: i8,
        sign: Option<Sign>,
    ) -> Result<i64, Refusal> {
        let (scale, style, bound) = match &self.reading {
            Reading::Points { scale, style, bound } => (*scale, style, *bound),
            Reading::Amount { style } => (AMOUNT_DIGITS, style, Bound::AMOUNT),
            _ => return Err(Refusal::NotPoints),
        };
        let value = match sign {
            Some(_) if value < 0 => return Err(Refusal::OwnSign),
            Some(Sign::Minus) => value.saturating_neg(),
            _ => value,
        };
        // A whole number of fen is declared as one; a typed decimal says its digits itself.
        let digits = match style.implied_decimals {
            Some(implied) if digits == 0 => i8::try_from(implied).unwrap_or(i8::MAX),
            _ => digits,
        };
        let made = bound.hold(scaled(value, digits, scale));
        if matches!(self.reading, Reading::Amount { .. }) { made.map_err(of_money) } else { made }
    }

    /// What the text says of all points of a file, written as those of a row. It is only held
    /// against their sum, so that its thousands may be parted where those of the rows may not.
    pub(super) fn total(&self, text: &str) -> Result<i64, Refusal> {
        match &self.reading {
            Reading::Points { scale, style, .. } => {
                let usual = if style.mark() == b'.' { b',' } else { b'.' };
                let is_bare =
                    style.implied_decimals.is_none() && style.negative != Negative::Overpunch;
                let thousands = style.thousands.or(is_bare.then_some(usual));
                let style = NumberStyle { thousands, ..style.clone() };
                Bound::SUM.hold(points(text, &style, None, *scale))
            }
            _ => Err(Refusal::NotPoints),
        }
    }

    /// Why a typed number cannot be read as the column declares its numbers; `None` where it can.
    pub(super) fn untyped(&self, digits: i8) -> Option<&'static str> {
        if self.stands.is_some() {
            return Some("a typed number stands between no texts; remove `stands`");
        }
        let style = match &self.reading {
            Reading::Points { style, .. } | Reading::Amount { style } => style,
            _ => return None,
        };
        if style.negative != Negative::Minus {
            return Some("a typed number has its own sign; remove `negative`");
        }
        (style.implied_decimals.is_some() && digits != 0)
            .then_some("it says its decimals itself; remove `implied_decimals`")
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
fn scaled(value: i128, digits: i8, scale: u8) -> Result<i64, Refusal> {
    let shift = i32::from(scale) - i32::from(digits);
    if shift == 0 && value > i128::from(i64::MIN) {
        return i64::try_from(value).map_err(|_| Refusal::TooLarge);
    }
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
        Ok(points) => Ok(points),
    }
}

/// The text without the blanks, tabs and full-width blanks around it.
pub(super) fn trim(text: &str) -> &str {
    // Most cells have none: neither begins with one of these bytes nor ends with one.
    let (first, last) = match text.as_bytes() {
        [] => return text,
        [only] => (only, only),
        [first, .., last] => (first, last),
    };
    if matches!(first, b' ' | b'\t' | 0xe3) || matches!(last, b' ' | b'\t' | 0x80) {
        return text.trim_matches([' ', '\t', '\u{3000}']);
    }
    text
}

pub(super) fn bounded(text: &str, bytes_max: usize) -> Result<(), Refusal> {
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
    !is_plain(text) && text.chars().any(char::is_control)
}

/// An identifier as it stands, leading zeros and all. One that a spreadsheet has turned into a
/// number has lost digits, and two that differ by an invisible character never match.
pub(super) fn id(text: &str) -> Result<&str, Refusal> {
    bounded(text, ID_BYTES_MAX)?;
    if !text.is_ascii() && text.chars().any(is_invisible) {
        return Err(Refusal::Invisible);
    }
    let first = text.as_bytes().first().copied().unwrap_or_default();
    let number = (first.is_ascii_digit() || matches!(first, b'+' | b'-'))
        && !text.bytes().all(|b| b.is_ascii_digit());
    if number && (looks_scientific(text) || looks_floated(text)) {
        return Err(Refusal::Spreadsheet);
    }
    if looks_formulated(text) {
        return Err(Refusal::Formula);
    }
    Ok(text)
}

/// Soft hyphens, zero-width and direction marks, and blanks other than the ASCII one.
pub(super) fn is_invisible(c: char) -> bool {
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
