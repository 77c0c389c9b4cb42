//! The shape of a pipeline file: its JSON Schema, and every place where a file departs from it.
//!
//! Serde stops at the first fault; a person wants to see all of them at once. So the tree is held
//! against the very schema that the types of `declaration.rs` derive, and only a tree without a
//! fault is read into those types.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json};

use super::declaration::Declaration;
use super::nearest;
use super::text::{Entry, Mark, Node, Value};
use crate::value::problem::Problem;

/// The JSON Schema (draft 2020-12) of a pipeline file, as editors and `hutong schema` want it.
///
/// An optional key is left out, never written empty: a key without a value is more likely
/// forgotten than meant, and what it would switch off is money. So the schema allows no `null`.
#[must_use]
pub fn schema() -> Json {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<Declaration>().to_value();
    without_null(&mut schema);
    if let Some(object) = schema.as_object_mut() {
        object.insert("title".to_owned(), Json::from("Hutong pipeline (互通)"));
    }
    schema
}

/// Takes `null` out of every type and every choice.
fn without_null(schema: &mut Json) {
    match schema {
        Json::Object(object) => {
            if object.get("default").is_some_and(Json::is_null) {
                object.remove("default");
            }
            if let Some(Json::Array(types)) = object.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Json::Array(words)) = object.get_mut("enum") {
                words.retain(|word| !word.is_null());
            }
            for choice in ["anyOf", "oneOf"] {
                let Some(Json::Array(options)) = object.get_mut(choice) else { continue };
                options.retain(|option| option.get("type") != Some(&Json::from("null")));
                if let [Json::Object(only)] = options.as_slice() {
                    let only = only.clone();
                    object.remove(choice);
                    for (key, value) in only {
                        object.entry(key).or_insert(value);
                    }
                }
            }
            object.values_mut().for_each(without_null);
        }
        Json::Array(items) => items.iter_mut().for_each(without_null),
        _ => {}
    }
}

/// Every departure of a tree from the schema.
pub(super) fn problems(file: &str, root: &Node) -> Vec<Problem> {
    // Deriving it takes longer than walking it, and some read many pipelines.
    static SCHEMA: LazyLock<Json> = LazyLock::new(schema);
    let mut walk = Walk { file, schema: &SCHEMA, problems: Vec::new() };
    walk.node(root, Mark::START, "the pipeline", &SCHEMA);
    walk.problems
}

struct Walk<'s> {
    file: &'s str,
    schema: &'s Json,
    problems: Vec<Problem>,
}

/// The ways in which a value may be written.
#[derive(Default)]
struct Choices<'s> {
    /// Exact words.
    words: Vec<&'s str>,
    /// Any text.
    text: bool,
    /// A whole number or a boolean: its schema.
    plain: Option<&'s Map<String, Json>>,
    /// Mappings.
    maps: Vec<&'s Map<String, Json>>,
    /// A list: the schema of its items.
    list: Option<&'s Map<String, Json>>,
}

impl<'s> Walk<'s> {
    fn problem(&mut self, mark: Mark, reason: String, cure: String) {
        self.problems.push(Problem { place: mark.place(self.file), reason, cure });
    }

    /// Gathers the ways in which a schema lets a value be written.
    fn gather(&self, schema: &'s Json, choices: &mut Choices<'s>) {
        let Some(object) = schema.as_object() else { return };
        if let Some(target) = object.get("$ref").and_then(Json::as_str) {
            if let Some(target) =
                target.strip_prefix('#').and_then(|path| self.schema.pointer(path))
            {
                self.gather(target, choices);
            }
            return;
        }
        for choice in ["anyOf", "oneOf"] {
            for option in object.get(choice).and_then(Json::as_array).into_iter().flatten() {
                self.gather(option, choices);
            }
        }
        if let Some(word) = object.get("const").and_then(Json::as_str) {
            choices.words.push(word);
            return;
        }
        if let Some(words) = object.get("enum").and_then(Json::as_array) {
            choices.words.extend(words.iter().filter_map(Json::as_str));
            return;
        }
        match object.get("type").and_then(Json::as_str) {
            Some("string") => choices.text = true,
            Some("integer" | "boolean") => choices.plain = Some(object),
            Some("object") => choices.maps.push(object),
            Some("array") => choices.list = Some(object),
            _ => {}
        }
    }

    /// Holds a value against its schema. `mark` and `name` are those of its key.
    fn node(&mut self, node: &Node, mark: Mark, name: &str, schema: &'s Json) {
        let mut choices = Choices::default();
        self.gather(schema, &mut choices);
        match &node.value {
            Value::Map(entries) if !choices.maps.is_empty() => {
                self.map(entries, mark, name, &choices);
            }
            Value::List(items) if choices.list.is_some() => {
                self.list(items, mark, name, &choices);
            }
            Value::Text { text, bare } => self.text(node, text, *bare, name, &choices),
            Value::Null if name == "the pipeline" => self.problem(
                mark,
                "the file is empty".to_owned(),
                "Write a pipeline; pipelines/worked-example.yaml is a short one to begin with."
                    .to_owned(),
            ),
            Value::Null => self.problem(
                mark,
                format!("{name} has no value"),
                format!(
                    "Write {}; only a key that is optional may be removed instead.",
                    choices.wanted()
                ),
            ),
            Value::Map(_) | Value::List(_) => {
                // A flow or block collection shows best at its key, which says what it is.
                let reason = format!("{name} is {}", node.noun());
                self.problem(mark, reason, format!("Write {}.", choices.wanted()));
            }
        }
    }

    fn text(&mut self, node: &Node, text: &str, bare: bool, name: &str, choices: &Choices<'s>) {
        // A number without quotes keeps its spelling where only a text can stand, but where a
        // text is one choice of several the reader would take it for a number.
        let one_choice = choices.maps.is_empty() && choices.list.is_none();
        if choices.text && (one_choice || !bare) {
            if text.is_empty() {
                let cure =
                    "Write a text; only a key that is optional may be removed instead.".to_owned();
                // Whether an empty text means something is known where the value is used; a
                // delimiter or a name of nothing never does.
                self.problem(node.mark, format!("{name} is an empty text"), cure);
            }
            return;
        }
        if choices.text && bare {
            let reason = format!("{name} reads `{text}` as a number or a boolean");
            return self.problem(node.mark, reason, format!("Put it in quotes: \"{text}\"."));
        }
        if choices.words.contains(&text) {
            return;
        }
        if let Some(plain) = choices.plain {
            return self.plain(node, text, bare, name, plain);
        }
        // The word may name one of several choices, each of which is a mapping with one key.
        let choice = choices.maps.len() > 1 || !choices.words.is_empty();
        let named: Vec<&str> = choices
            .maps
            .iter()
            .filter(|_| choice)
            .flat_map(|map| keys(map).into_iter().map(|(key, _)| key))
            .collect();
        if named.contains(&text) {
            let reason = format!("{name} is the bare word `{text}`");
            return self.problem(node.mark, reason, format!("Write {{ {text}: {{ … }} }}."));
        }
        if choices.words.is_empty() {
            let reason = format!("{name} is the text `{}`", shown(text));
            return self.problem(node.mark, reason, format!("Write {}.", choices.wanted()));
        }
        let mut allowed = choices.words.clone();
        allowed.extend(named);
        let reason = format!("{name} cannot be `{}`", shown(text));
        self.problem(node.mark, reason, nearest::cure(text, &allowed));
    }

    /// A whole number or a boolean. Other spellings of a number (`0x10`, `1_000`, `010`, `1.0`) are
    /// refused, because two readers need not agree on them.
    fn plain(
        &mut self,
        node: &Node,
        text: &str,
        bare: bool,
        name: &str,
        schema: &'s Map<String, Json>,
    ) {
        if schema.get("type").and_then(Json::as_str) == Some("boolean") {
            if !(bare && matches!(text, "true" | "false")) {
                let reason = format!("{name} is `{}`, which is neither yes nor no", shown(text));
                self.problem(
                    node.mark,
                    reason,
                    "Write `true` or `false`, without \
                    quotes."
                        .into(),
                );
            }
            return;
        }
        let (largest, range) = match schema.get("format").and_then(Json::as_str) {
            Some("uint8") => (u64::from(u8::MAX), " from 0 to 255"),
            _ => (u64::from(u32::MAX), ""),
        };
        let digits = bare
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'));
        match text.parse::<u64>() {
            Ok(number) if digits && number <= largest => {}
            _ => self.problem(
                node.mark,
                format!("{name} is `{}`, which is no whole number{range}", shown(text)),
                "Write plain digits without quotes, sign or leading zero.".to_owned(),
            ),
        }
    }

    fn list(&mut self, items: &[Node], mark: Mark, name: &str, choices: &Choices<'s>) {
        let Some(schema) = choices.list else { return };
        let fewest = schema.get("minItems").and_then(Json::as_u64).unwrap_or(0);
        if fewest > 0 && items.is_empty() {
            self.problem(
                mark,
                format!("{name} is an empty list"),
                "Write at least one item.".to_owned(),
            );
        }
        let Some(item_schema) = schema.get("items") else { return };
        for (index, item) in items.iter().enumerate() {
            let name = format!("item {} of {name}", index + 1);
            self.node(item, item.mark, &name, item_schema);
        }
    }

    fn map(&mut self, entries: &[Entry], mark: Mark, name: &str, choices: &Choices<'s>) {
        let properties: Vec<(&str, &'s Json)> =
            choices.maps.iter().flat_map(|map| keys(map)).collect();
        let others = choices
            .maps
            .iter()
            .find_map(|map| map.get("additionalProperties").filter(|schema| schema.is_object()));
        let mut allowed: Vec<&str> = properties.iter().map(|(key, _)| *key).collect();
        for entry in entries {
            let known = properties.iter().find(|(key, _)| *key == entry.key);
            let Some(schema) = known.map(|(_, schema)| *schema).or(others) else {
                self.unknown(entry, name, &allowed, &choices.words);
                continue;
            };
            self.node(&entry.node, entry.mark, &format!("`{}`", entry.key), schema);
        }
        // Several mappings with one key each are the kinds of one choice; exactly one is made.
        if choices.maps.len() > 1 || (choices.maps.len() == 1 && !choices.words.is_empty()) {
            allowed.extend(&choices.words);
            if entries.len() != 1 {
                let reason = format!("{name} holds {} choices instead of one", entries.len());
                self.problem(mark, reason, format!("Keep {}.", nearest::one_of(&allowed)));
            }
            return;
        }
        let required = choices.maps.iter().filter_map(|map| map.get("required")?.as_array());
        for key in required.flatten().filter_map(Json::as_str) {
            if !entries.iter().any(|entry| entry.key == key) {
                // What was misspelt is not missing as well.
                let misspelt = entries.iter().any(|entry| {
                    !allowed.contains(&entry.key.as_str())
                        && nearest::nearest(&entry.key, allowed.iter().copied()) == Some(key)
                });
                if misspelt {
                    continue;
                }
                let meaning = properties
                    .iter()
                    .find(|(known, _)| *known == key)
                    .and_then(|(_, schema)| schema.get("description")?.as_str())
                    .map(|meaning| meaning.split(" Required").next().unwrap_or(meaning))
                    .map(|meaning| meaning.trim_end_matches('.').to_owned())
                    .unwrap_or_default();
                let reason = format!("{name} lacks the key `{key}`");
                let cure = if meaning.is_empty() {
                    format!("Add `{key}`.")
                } else {
                    format!("Add `{key}`: {meaning}.")
                };
                self.problem(mark, reason, cure);
            }
        }
    }

    fn unknown(&mut self, entry: &Entry, name: &str, allowed: &[&str], words: &[&str]) {
        let key = entry.key.as_str();
        let reason = format!("{name} has no key `{}`", shown(key));
        let cure = if words.contains(&key) {
            format!("Write just `{key}`.")
        } else if let Some(near) = nearest::nearest(key, allowed.iter().copied()) {
            format!("Did you mean `{near}`?")
        } else if let [home] = self.homes(key).as_slice() {
            format!("Move it to `{home}`, which has such a key.")
        } else if allowed.is_empty() {
            format!("Remove it: {name} has no settings.")
        } else {
            format!("Remove it, or write {}.", nearest::one_of(allowed))
        };
        self.problem(entry.mark, reason, cure);
    }
}

impl<'s> Walk<'s> {
    /// Where else a pipeline has a key of that name, as dotted paths; a key that stands in the
    /// wrong mapping is as common as a misspelt one.
    fn homes(&self, key: &str) -> Vec<String> {
        let mut homes = Vec::new();
        self.search(self.schema, "", key, &mut homes);
        homes.sort();
        homes.dedup();
        homes
    }

    /// The schema has no cycles, because a pipeline has no part that contains itself.
    fn search(&self, schema: &'s Json, path: &str, wanted: &str, homes: &mut Vec<String>) {
        let mut choices = Choices::default();
        self.gather(schema, &mut choices);
        let below = |key: &str| {
            if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
        };
        for map in choices.maps {
            for (key, schema) in keys(map) {
                if key == wanted && !path.is_empty() {
                    homes.push(path.to_owned());
                }
                self.search(schema, &below(key), wanted, homes);
            }
            if let Some(schema) = map.get("additionalProperties").filter(|any| any.is_object()) {
                self.search(schema, &below("*"), wanted, homes);
            }
        }
        if let Some(schema) = choices.list.and_then(|list| list.get("items")) {
            self.search(schema, path, wanted, homes);
        }
    }
}

impl Choices<'_> {
    /// What may be written, in words.
    fn wanted(&self) -> String {
        let mut ways: Vec<String> = Vec::new();
        if !self.words.is_empty() {
            ways.push(nearest::one_of(&self.words));
        }
        if self.text {
            ways.push("a text".to_owned());
        }
        if let Some(plain) = self.plain {
            let boolean = plain.get("type").and_then(Json::as_str) == Some("boolean");
            ways.push(if boolean { "`true` or `false`" } else { "a whole number" }.to_owned());
        }
        if self.list.is_some() {
            ways.push("a list".to_owned());
        }
        if !self.maps.is_empty() {
            let keys: Vec<&str> = self
                .maps
                .iter()
                .flat_map(|map| keys(map).into_iter().map(|(key, _)| key))
                .collect();
            ways.push(match keys.as_slice() {
                [] => "a mapping, such as `{}`".to_owned(),
                [only] => format!("a mapping with the key `{only}`"),
                many => format!("a mapping with the keys {}", quoted(many)),
            });
        }
        ways.join(", or ")
    }
}

fn keys(map: &Map<String, Json>) -> Vec<(&str, &Json)> {
    let properties = map.get("properties").and_then(Json::as_object);
    properties.into_iter().flatten().map(|(key, schema)| (key.as_str(), schema)).collect()
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A text of the file as a message may repeat it: short, and without control characters.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String =
        text.chars().take(60).map(|c| if c.is_control() { '·' } else { c }).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    #[test]
    fn the_schema_knows_no_null_and_names_every_reference() {
        let schema = schema();
        let text = schema.to_string();
        assert!(!text.contains("null\"") && !text.contains(":null"), "{text}");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        for reference in text.split("\"$ref\":\"#").skip(1) {
            let path = reference.split('"').next().unwrap();
            assert!(schema.pointer(path).is_some(), "{path}");
        }
    }

    #[test]
    fn a_value_is_held_against_every_way_of_writing_it() {
        // a column description, the reasons
        let rows: [(&str, &[&str]); 9] = [
            ("会员号", &[]),
            ("\"12\"", &[]),
            ("12", &["`id` reads `12` as a number or a boolean"]),
            ("true", &["`id` reads `true` as a number or a boolean"]),
            ("{ from: 12 }", &["`from` reads `12` as a number or a boolean"]),
            ("{ from: x, token: mobil }", &["`token` cannot be `mobil`"]),
            ("{ form: x }", &["`id` has no key `form`"]),
            ("[x]", &["`id` is a list"]),
            ("~", &["`id` has no value"]),
        ];
        for (written, expected) in rows {
            let file = format!("feeds: {{ a: {{ ledger: {{ columns: {{ id: {written} }} }} }} }}");
            let root = text::read("p", &file).unwrap();
            let got: Vec<String> = problems("p", &root)
                .into_iter()
                .map(|problem| problem.reason)
                .filter(|reason| !reason.contains("lacks the key"))
                .collect();
            assert_eq!(got, expected, "{written}");
        }
    }
}
