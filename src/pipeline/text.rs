//! The pipeline file as a tree in which every key and every value keeps its place.
//!
//! serde-saphyr reads the YAML; the tree keeps the spelling of every scalar, so that `0.008` and
//! `0012` stay the text that the user wrote and no amount is ever a float.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_saphyr::{Error, Location, Options, Spanned};

use crate::value::problem::{Place, Problem};

/// The most bytes of a pipeline file.
pub(super) const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Where something stands in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The line, one-based.
    pub(super) line: usize,
    /// The column in characters, one-based.
    pub(super) column: usize,
    /// The byte range.
    pub(super) span: (usize, usize),
}

impl Mark {
    /// The first character of the text.
    pub(super) const START: Mark = Mark { line: 1, column: 1, span: (0, 0) };

    fn of(location: Location, text: &str) -> Mark {
        let (Ok(line), Ok(column)) =
            (usize::try_from(location.line()), usize::try_from(location.column()))
        else {
            return Mark::START;
        };
        if line == 0 {
            return Mark::START;
        }
        let bytes = |offset: Option<u64>| offset.and_then(|offset| usize::try_from(offset).ok());
        let start = bytes(location.span().byte_offset()).unwrap_or(0).min(text.len());
        let length = bytes(location.span().byte_len()).unwrap_or(0);
        let end = start.saturating_add(length).min(text.len());
        // Underlining goes to the end of the line at most, and never past the value itself.
        let end = match text.get(start..end) {
            Some(part) => start + part.lines().next().unwrap_or_default().trim_end().len(),
            None => start,
        };
        Mark { line, column, span: (start, end) }
    }

    /// As a place in a file.
    pub(super) fn place(self, file: &str) -> Place {
        Place { file: file.to_owned(), line: self.line, column: self.column, span: self.span }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    /// Where it is used; for an alias, where the alias stands.
    pub(super) mark: Mark,
    /// What it is.
    pub(super) value: Value,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// Nothing: an empty value, `~` or `null`.
    Null,
    /// A text, spelt as it was written.
    Text {
        /// The text.
        text: String,
        /// Whether YAML takes it for a number or a boolean, because it stands without quotes.
        bare: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<Entry>),
}

/// A key of a mapping with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The key.
    pub(super) key: String,
    /// Where the key stands.
    pub(super) mark: Mark,
    /// Its value.
    pub(super) node: Node,
}

impl Node {
    /// The entry of that key, where the node is a mapping that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// What the node is, in words.
    pub(super) fn noun(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Text { .. } => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }
}

/// A way down the tree. Where a step leads nowhere the spot stays at the last key that exists, so
/// that a missing key is reported at the mapping that lacks it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot<'t> {
    mark: Mark,
    node: Option<&'t Node>,
}

impl<'t> Spot<'t> {
    /// The top of the file.
    pub(super) fn top(root: &'t Node) -> Spot<'t> {
        Spot { mark: Mark::START, node: Some(root) }
    }

    /// The value of that key.
    #[must_use]
    pub(super) fn key(self, key: &str) -> Spot<'t> {
        match self.node.and_then(|node| node.entry(key)) {
            Some(entry) => Spot { mark: entry.mark, node: Some(&entry.node) },
            None => Spot { node: None, ..self },
        }
    }

    /// The item of that index.
    #[must_use]
    pub(super) fn item(self, index: usize) -> Spot<'t> {
        match self.node.map(|node| &node.value) {
            Some(Value::List(items)) => match items.get(index) {
                Some(item) => Spot { mark: item.mark, node: Some(item) },
                None => Spot { node: None, ..self },
            },
            // One text stands for a list of one.
            Some(Value::Text { .. }) => self,
            _ => Spot { node: None, ..self },
        }
    }

    /// Where a problem with the value is shown: at the value where it is one text, else at its key.
    pub(super) fn mark(self) -> Mark {
        match self.node {
            Some(Node { mark, value: Value::Text { .. } }) => *mark,
            _ => self.mark,
        }
    }

    /// Where a problem with the key, or with all that lies below it, is shown.
    pub(super) fn key_mark(self) -> Mark {
        self.mark
    }
}

/// The tree of a text, or what is wrong with it as YAML. Repeated keys are all reported.
pub(super) fn read(file: &str, text: &str) -> Result<Node, Vec<Problem>> {
    let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| vec![syntax(file, text, &error)])?;
    let mut repeated = Vec::new();
    let root = settle(raw, file, text, &mut repeated);
    if repeated.is_empty() { Ok(root) } else { Err(repeated) }
}

/// How the YAML is read, here and for the typed declaration: one document, few aliases, no merge
/// keys, `yes` and `no` as texts. Repeated keys come through, because the tree reports them all.
pub(super) fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_documents: 8,
            // A pipeline is seven levels deep, and each level costs the reader a large frame.
            max_depth: 16,
            max_nodes: 100_000,
            max_events: 400_000,
            max_aliases: 1_000,
            max_anchors: 200,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 20_000,
            max_replay_stack_depth: 8,
        },
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// A value as serde-saphyr hands it over: a number is only marked as one, never kept.
enum Raw {
    Null,
    Bare,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Raw, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a YAML value")
            }

            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }

            fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }

            fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }

            // The reader offers a float; it is dropped, and the spelling is taken from the text.
            fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
                Ok(Raw::Bare)
            }

            fn visit_str<E>(self, text: &str) -> Result<Raw, E> {
                Ok(Raw::Text(text.to_owned()))
            }

            fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Raw, S::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Raw::List(items))
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Raw, M::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raw::Map(entries))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Gives every value its place and every bare scalar its spelling.
fn settle(raw: Spanned<Raw>, file: &str, text: &str, repeated: &mut Vec<Problem>) -> Node {
    let mark = Mark::of(raw.referenced, text);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bare => {
            let (start, end) = Mark::of(raw.defined, text).span;
            let spelt = text.get(start..end).unwrap_or_default();
            Value::Text { text: spelt.to_owned(), bare: true }
        }
        Raw::Text(text) => Value::Text { text, bare: false },
        Raw::List(items) => {
            Value::List(items.into_iter().map(|item| settle(item, file, text, repeated)).collect())
        }
        Raw::Map(raw_entries) => {
            let mut entries: Vec<Entry> = Vec::with_capacity(raw_entries.len());
            for (key, value) in raw_entries {
                let mark = Mark::of(key.referenced, text);
                let key = key.value;
                if let Some(first) = entries.iter().find(|entry| entry.key == key) {
                    repeated.push(Problem {
                        place: mark.place(file),
                        reason: format!(
                            "the key `{key}` stands here a second time; the first is on line {}",
                            first.mark.line
                        ),
                        cure: "Keep one of the two.".to_owned(),
                    });
                }
                entries.push(Entry { key, mark, node: settle(value, file, text, repeated) });
            }
            Value::Map(entries)
        }
    };
    Node { mark, value }
}

/// A fault of the YAML itself, in words that say how to mend it.
pub(super) fn syntax(file: &str, text: &str, error: &Error) -> Problem {
    let error = error.without_snippet();
    let mark = error.location().map_or(Mark::START, |location| Mark::of(location, text));
    let (reason, cure): (String, &str) = match error {
        Error::MultipleDocuments { .. } => (
            "the file holds more than one YAML document".to_owned(),
            "Keep one pipeline per file and remove the `---` between them.",
        ),
        Error::Eof { .. } => (
            "the file is empty".to_owned(),
            "Write a pipeline; pipelines/worked-example.yaml is a short one to begin with.",
        ),
        Error::MergeKeyNotAllowed { .. } => (
            "the merge key `<<` is not part of a pipeline".to_owned(),
            "Write the keys out where they apply.",
        ),
        Error::UnknownAnchor { .. } => (
            "an alias `*name` names an anchor `&name` that does not stand before it".to_owned(),
            "Put quotes around a text that begins with `*`, or define the anchor first.",
        ),
        Error::RecursiveReferencesRequireWeakTypes { .. } => {
            ("an alias refers to a value that contains it".to_owned(), "Write the value out.")
        }
        Error::AliasError { error, .. } => return syntax(file, text, error),
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => (
            "the file unfolds into more than a pipeline can hold".to_owned(),
            "Remove the nested anchors and aliases, or the needless nesting, and write the \
            values out.",
        ),
        Error::UnsupportedTag { tag, .. } => {
            (format!("the YAML tag `{tag}` is not part of a pipeline"), "Remove the tag.")
        }
        Error::DuplicateMappingKey { .. } => {
            ("a key stands twice in one mapping".to_owned(), "Keep one of the two.")
        }
        other => (
            format!("this is not well-formed YAML: {}", plain_message(other)),
            "Check the indentation (spaces, never tabs), the colon after each key, and that \
            quotes and brackets are closed.",
        ),
    };
    Problem { place: mark.place(file), reason, cure: cure.to_owned() }
}

/// The reader's own words without the place that it appends, which stands in front of ours.
fn plain_message(error: &Error) -> String {
    let rendered = error.render();
    let line = rendered.lines().next().unwrap_or_default();
    let line = line.split(" at line ").next().unwrap_or(line);
    line.trim_start_matches("error: ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Node {
        read("p.yaml", text).unwrap()
    }

    fn text_of(node: &Node, key: &str) -> (String, bool) {
        match &node.entry(key).unwrap().node.value {
            Value::Text { text, bare } => (text.clone(), *bare),
            other => panic!("{key}: {other:?}"),
        }
    }

    #[test]
    fn every_scalar_keeps_its_spelling() {
        // written, text, bare
        let rows = [
            ("0.008", "0.008", true),
            ("0.0080", "0.0080", true),
            ("0012", "0012", true),
            ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827", true),
            ("1e-3", "1e-3", true),
            ("123456789012345678901234567890", "123456789012345678901234567890", true),
            ("-0", "-0", true),
            ("0x1F", "0x1F", true),
            (".inf", ".inf", false),
            ("true", "true", true),
            ("yes", "yes", false),
            ("100:40", "100:40", false),
            ("2026-03-16", "2026-03-16", false),
            ("2026-03-16 12:00:00", "2026-03-16 12:00:00", false),
            ("\"0.008\"", "0.008", false),
            ("'it''s'", "it's", false),
            ("会员号  # a note", "会员号", false),
        ];
        for (written, text, bare) in rows {
            let node = root(&format!("键: {written}\nb: 1\n"));
            assert_eq!(text_of(&node, "键"), (text.to_owned(), bare), "{written}");
        }
        let node = root("a: &x 0.10\nb: *x\n");
        assert_eq!(text_of(&node, "b"), ("0.10".to_owned(), true));
    }

    #[test]
    fn every_key_and_value_keeps_its_place() {
        let text = "甲: 1\nb:\n  c: [0.5, { 丁: \"x y\" }]\n";
        let node = root(text);
        let b = node.entry("b").unwrap();
        assert_eq!((b.mark.line, b.mark.column, b.mark.span), (2, 1, (7, 8)));
        let spot = Spot::top(&node).key("b").key("c").item(1).key("丁");
        let mark = spot.mark();
        assert_eq!((mark.line, mark.column), (3, 17));
        assert_eq!(&text[mark.span.0..mark.span.1], "\"x y\"");
        let mark = spot.key_mark();
        assert_eq!(&text[mark.span.0..mark.span.1], "丁");
        let mark = Spot::top(&node).key("甲").mark();
        assert_eq!(&text[mark.span.0..mark.span.1], "1");
        let missing = Spot::top(&node).key("b").key("nothing").key("below").item(3);
        assert_eq!(missing.mark(), b.mark);
    }

    #[test]
    fn every_repeated_key_is_reported() {
        let problems = read("p.yaml", "a: 1\nb: { c: 1, c: 2 }\na: 2\n").unwrap_err();
        let places: Vec<_> = problems.iter().map(|problem| problem.place.to_string()).collect();
        assert_eq!(places, ["p.yaml:2:12", "p.yaml:3:1"]);
    }
}
