//! JSON lines: a block becomes a sheet. Numbers are taken as they are written and never pass
//! through a float; a key that stands twice is refused, because readers differ on which one counts.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::blocks::Block;
use super::conform::{Rule, Supply};
use super::cut::RECORD_BYTES_MAX;
use super::error::SourceError;
use super::refusal::Refusal;
use super::sheet::{Draft, Sheet, Spot, after};
use super::text::Text;
use crate::feed::{Feed, JsonLines, RejectCode};
use crate::frame::fields::FieldKind;

/// An object with its values as they are written.
struct Object<'t>(BTreeMap<Cow<'t, str>, &'t RawValue>);

/// What the reader's own errors are told from.
const TWICE: &str = "a key stands twice";

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object<'de>, M::Error> {
                let mut members = BTreeMap::new();
                while let Some((Key(key), value)) = map.next_entry()? {
                    if members.insert(key, value).is_some() {
                        return Err(M::Error::custom(TWICE));
                    }
                }
                Ok(Object(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A key, borrowed where it holds no escape.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key<'t>(Cow<'t, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Key<'de>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl<'t> Object<'t> {
    /// The object, or why there is none. No word of the record stands in the reason.
    fn read(text: &'t str) -> Result<Object<'t>, (RejectCode, String)> {
        serde_json::from_str(text).map_err(|error| {
            let said = error.to_string();
            if said.starts_with(TWICE) {
                return (RejectCode::Value, format!("{TWICE} in an object; write each once"));
            }
            if said.contains("surrogate") || said.contains("end of hex escape") {
                return (RejectCode::Undecodable, format!("{SURROGATE}, in a key; {MEND}"));
            }
            let before = text.get(..error.column()).unwrap_or_default();
            let reason = format!(
                "not one JSON object, from character {} on; write one whole object on each line",
                before.chars().count().max(1)
            );
            (RejectCode::Ragged, reason)
        })
    }
}

const SURROGATE: &str = "holds half of a surrogate pair";
const MEND: &str = "have its text written whole";

/// What a path leads to.
enum Found<'t> {
    /// Nothing.
    None,
    /// No value, at a key that is there.
    Null,
    Text(Cow<'t, str>),
    /// `true` or `false` without quotes.
    Truth(&'t str),
    /// An array or an object.
    Whole,
    /// Something on the way is refused as a record.
    Faulty(RejectCode, String),
}

impl Found<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Found::Text(text) => Some(text),
            Found::Truth(word) => Some(word),
            _ => None,
        }
    }
}

fn find<'t>(object: &Object<'t>, path: &str) -> Found<'t> {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let Some(raw) = object.0.get(name).copied().map(RawValue::get) else { return Found::None };
    match (raw.as_bytes().first(), rest) {
        (Some(b'n'), _) => Found::Null,
        (Some(b'{'), Some(rest)) => match Object::read(raw) {
            Ok(inner) => find(&inner, rest),
            Err((code, reason)) => Found::Faulty(code, reason),
        },
        // Only an object has what the path goes on to.
        (_, Some(_)) | (Some(b'{' | b'['), None) => Found::Whole,
        (Some(b'"'), None) => match serde_json::from_str::<Key<'t>>(raw) {
            Ok(Key(text)) => Found::Text(text),
            Err(_) => Found::Faulty(RejectCode::Undecodable, format!("{SURROGATE}; {MEND}")),
        },
        (Some(b't' | b'f'), None) => Found::Truth(raw),
        (_, None) => Found::Text(Cow::Borrowed(raw)),
    }
}

/// Splits and conforms a block, so many of its rows together.
pub(super) fn decode(
    block: &Block,
    feed: &Feed,
    rules: &[Rule],
    json: &JsonLines,
    together: usize,
) -> Result<Sheet, SourceError> {
    let text = Text::new(&block.bytes, json.encoding);
    let mut places = text.places();
    let mut draft = Draft::new(feed.kind.word(), rules, &block.name, block.part, block.file);
    draft.is_last = block.is_last;
    let mut rows: Vec<Row<'_>> = Vec::new();
    let mut from = 0;
    for (number, whole) in (0..).zip(text.text.split_inclusive('\n')) {
        let begins = from;
        from += whole.len();
        let line = whole.trim_end_matches(['\n', '\r']);
        let spot = Spot {
            line: block.line + number,
            byte_offset: Some(block.offset + places.byte(begins, number) as u64),
        };
        if whole.len() > RECORD_BYTES_MAX {
            add(&mut rows, &mut draft, together)?;
            let file = block.name.to_string();
            return Err(SourceError::LongRecord { file, line: spot.line });
        }
        if line.is_empty() {
            continue;
        }
        let cells = match text.fault(begins, from) {
            Some((at, fault)) => {
                let (column, place) = culprit(line, at - begins, rules);
                Err((column, RejectCode::Undecodable, fault.told(place)))
            }
            None => cells(line, rules),
        };
        match cells {
            Ok(cells) => {
                draft.had.resize(rules.len(), false);
                for (had, (value, _)) in draft.had.iter_mut().zip(&cells) {
                    *had |= !matches!(value, Found::None);
                }
                rows.push(Row { spot, cells });
                if rows.len() >= together {
                    add(&mut rows, &mut draft, together)?;
                }
            }
            Err((column, code, reason)) => {
                add(&mut rows, &mut draft, together)?;
                draft.refuse_for(spot, column, code, reason);
            }
        }
    }
    add(&mut rows, &mut draft, together)?;
    Ok(draft.finish(block.bytes.len() as u64))
}

/// A record with what it has for each canonical column.
struct Row<'t> {
    spot: Spot,
    cells: Vec<Pair<'t>>,
}

impl Row<'_> {
    /// Whether nothing but a text, or nothing at all, stands where the rule reads.
    fn is_plain(&self, at: usize) -> bool {
        let is_plain =
            |found: &Found<'_>| matches!(found, Found::None | Found::Null | Found::Text(_));
        self.cells.get(at).is_some_and(|(value, sign)| is_plain(value) && is_plain(sign))
    }
}

/// Adds the rows in their order, so many together, and leaves none.
fn add(rows: &mut Vec<Row<'_>>, draft: &mut Draft<'_>, together: usize) -> Result<(), SourceError> {
    let mut rest = rows.as_slice();
    let mut most = together;
    loop {
        let some = rest.get(..most.min(rest.len())).unwrap_or(rest);
        let lines: Vec<u64> = some.iter().map(|row| row.spot.line).collect();
        let stood = draft.rows_on(&lines, |at, rule, cells, count| {
            let plain = some.iter().take(count).take_while(|row| row.is_plain(at)).count();
            let pair = |row: usize| some.get(row).and_then(|row| row.cells.get(at));
            let value = |row| pair(row).and_then(|(value, _)| value.text());
            let word = |row| pair(row).and_then(|(_, sign)| sign.text());
            rule.fill(cells, plain, value, (!rule.sign_names().is_empty()).then_some(word))
        });
        rest = rest.get(stood..).unwrap_or_default();
        most = after(stood).min(together);
        let Some((row, behind)) = rest.split_first() else { break };
        add_one(row, draft)?;
        rest = behind;
    }
    rows.clear();
    Ok(())
}

fn add_one(Row { spot, cells }: &Row<'_>, draft: &mut Draft<'_>) -> Result<(), SourceError> {
    let is_text = |kind| {
        matches!(kind, FieldKind::Id | FieldKind::Text | FieldKind::Label | FieldKind::Token)
    };
    draft.row(*spot, |at, rule, slot| match cells.get(at) {
        // A word of a list may be one of these; a text of its own is not.
        Some((Found::Truth(_), _)) if is_text(rule.field.kind) => {
            slot.take(Err(Refusal::Truth), "")
        }
        Some((Found::Whole, _) | (_, Found::Whole)) => slot.take(Err(Refusal::Nested), ""),
        Some((value, sign)) => slot.take_text(rule, value.text().unwrap_or_default(), sign.text()),
        None => slot.take(rule.blank(), ""),
    })
}

/// Why a record is refused, with the canonical column where it can be told.
type Trouble = (&'static str, RejectCode, String);

/// By canonical column, what the record has for it.
fn cells<'t>(line: &'t str, rules: &[Rule]) -> Result<Vec<Pair<'t>>, Trouble> {
    let object = Object::read(line).map_err(|(code, reason)| ("", code, reason))?;
    let mut cells = Vec::with_capacity(rules.len());
    for rule in rules {
        let only = |paths| only(&object, paths).map_err(|(code, why)| (rule.field.name, code, why));
        let value = match &rule.supply {
            Supply::Named(paths) => only(paths)?,
            Supply::Everywhere(_) => Found::None,
        };
        cells.push((value, only(rule.sign_names())?));
    }
    Ok(cells)
}

/// A value, and the word for its sign.
type Pair<'t> = (Found<'t>, Found<'t>);

/// What the one of several paths leads to that leads to something.
fn only<'t>(object: &Object<'t>, paths: &[String]) -> Result<Found<'t>, (RejectCode, String)> {
    let mut only = Found::None;
    for path in paths {
        match (find(object, path), &only) {
            (Found::Null, Found::None) => only = Found::Null,
            (Found::None | Found::Null, _) => {}
            (Found::Faulty(code, reason), _) => return Err((code, reason)),
            (found, Found::None | Found::Null) => only = found,
            _ => {
                let reason = "holds the column under two of its names; name one of them".to_owned();
                return Err((RejectCode::Value, reason));
            }
        }
    }
    Ok(only)
}

/// The canonical column in whose value something stands that no record may hold, at a place of the
/// line, and what to say of the place where there is none.
fn culprit(line: &str, at: usize, rules: &[Rule]) -> (&'static str, Option<&'static str>) {
    let Ok(object) = Object::read(line) else {
        let told = "which column it is cannot be told, because the record is not one JSON object";
        return ("", Some(told));
    };
    let holds = |path: &String| is_within(&object, path, line, at);
    let is_it = |rule: &&Rule| {
        let names = match &rule.supply {
            Supply::Named(paths) => paths.as_slice(),
            Supply::Everywhere(_) => &[],
        };
        names.iter().chain(rule.sign_names()).any(holds)
    };
    match rules.iter().find(is_it) {
        Some(rule) => (rule.field.name, None),
        None => ("", Some("it stands in a key or a value that no column takes")),
    }
}

/// Whether the value that a path leads to takes in a place of the line.
fn is_within(object: &Object<'_>, path: &str, line: &str, at: usize) -> bool {
    let (name, rest) = match path.split_once('.') {
        Some((name, rest)) => (name, Some(rest)),
        None => (path, None),
    };
    let Some(raw) = object.0.get(name).copied().map(RawValue::get) else { return false };
    match rest {
        Some(rest) => Object::read(raw).is_ok_and(|inner| is_within(&inner, rest, line, at)),
        // Every value is a piece of the line, so that its address tells its place.
        None => {
            let from = raw.as_ptr().addr().wrapping_sub(line.as_ptr().addr());
            (from..from.saturating_add(raw.len())).contains(&at)
        }
    }
}
