//! A pipeline with some of its values set otherwise, for what would have been.

use std::fmt::Write;
use std::str::FromStr;

use super::text::{Entry, Node, Value};

/// A value to be set: `terms.rounding.mode=half_even`, `terms.rates.0.per_point=0.009`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    path: Vec<String>,
    value: String,
}

impl FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> Result<Setting, String> {
        let Some((path, value)) = text.split_once('=') else {
            return Err("write KEY.KEY=VALUE, such as terms.rounding.mode=half_even".to_owned());
        };
        let path: Vec<String> = path.split('.').map(|key| key.trim().to_owned()).collect();
        if path.iter().any(String::is_empty) {
            return Err(format!("`{text}` has an empty key"));
        }
        Ok(Setting { path, value: value.trim().to_owned() })
    }
}

impl Setting {
    /// The setting as it was written.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}={}", self.path.join("."), self.value)
    }

    /// Sets the value in a tree; a key that is not there yet is added, an item of a list is not.
    pub(super) fn apply(&self, root: &mut Node) -> Result<(), String> {
        let mut node = root;
        for (depth, key) in self.path.iter().enumerate() {
            let here = || self.path[..depth].join(".");
            let mark = node.mark;
            node = match &mut node.value {
                Value::Map(entries) => {
                    let at = match entries.iter().position(|entry| entry.key == *key) {
                        Some(at) => at,
                        None => {
                            let value = match depth + 1 == self.path.len() {
                                true => Value::Null,
                                false => Value::Map(Vec::new()),
                            };
                            // What is wrong with it is told where it would stand.
                            let node = Node { mark, value };
                            entries.push(Entry { key: key.clone(), mark, node });
                            entries.len() - 1
                        }
                    };
                    &mut entries[at].node
                }
                Value::List(items) => {
                    let count = items.len();
                    let item = key.parse::<usize>().ok().and_then(|index| items.get_mut(index));
                    item.ok_or_else(|| {
                        format!("`{key}` is no item of {}, which has {count}, from 0", here())
                    })?
                }
                Value::Null | Value::Text { .. } => {
                    return Err(format!("{} is a single value and has no `{key}`", here()));
                }
            };
        }
        // What stood in quotes stays a text; what is new is a text unless YAML takes it for more.
        let bare = match &node.value {
            Value::Text { bare, .. } => *bare,
            Value::Null => {
                matches!(self.value.as_str(), "true" | "false") || self.value.parse::<i64>().is_ok()
            }
            Value::List(_) | Value::Map(_) => {
                return Err(format!(
                    "{} is {}; set a value in it",
                    self.path.join("."),
                    node.noun()
                ));
            }
        };
        node.value = Value::Text { text: self.value.clone(), bare };
        Ok(())
    }
}

/// A tree as YAML in flow style, a key on a line each, every scalar spelt as it was.
pub(super) fn written(root: &Node) -> String {
    let mut text = String::new();
    write(&mut text, root, 0);
    text.push('\n');
    text
}

fn write(text: &mut String, node: &Node, depth: usize) {
    let indent = "  ".repeat(depth + 1);
    let end = "  ".repeat(depth);
    match &node.value {
        Value::Null => text.push_str("null"),
        Value::Text { text: scalar, bare: true } => text.push_str(scalar),
        Value::Text { text: scalar, bare: false } => quote(text, scalar),
        Value::List(items) => {
            text.push_str("[\n");
            for item in items {
                text.push_str(&indent);
                write(text, item, depth + 1);
                text.push_str(",\n");
            }
            // Writing to a String cannot fail.
            let _ = write!(text, "{end}]");
        }
        Value::Map(entries) => {
            text.push_str("{\n");
            for entry in entries {
                text.push_str(&indent);
                quote(text, &entry.key);
                text.push_str(": ");
                write(text, &entry.node, depth + 1);
                text.push_str(",\n");
            }
            let _ = write!(text, "{end}}}");
        }
    }
}

/// A text in double quotes, which YAML and JSON escape alike.
fn quote(text: &mut String, scalar: &str) {
    text.push_str(&serde_json::Value::from(scalar).to_string());
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    const FILE: &str = "a: { b: 1, c: \"0.008\", 中: [x, 'y: z'] }\nd: 0012\n";

    fn set(settings: &[&str]) -> Result<String, String> {
        let mut root = text::read("file", FILE).unwrap();
        for setting in settings {
            setting.parse::<Setting>()?.apply(&mut root)?;
        }
        Ok(written(&root))
    }

    #[test]
    fn what_is_written_is_what_was_read() {
        let read = |file: &str| text::read("file", file).unwrap();
        let again = read(&set(&[]).unwrap());
        let spelt = |node: &Node| written(node);
        assert_eq!(spelt(&again), spelt(&read(FILE)));
    }

    #[test]
    fn values_are_set_and_spelt_as_before() {
        let rows = [
            ("a.b=2", "\"b\": 2,"),
            ("a.c=0.009", "\"c\": \"0.009\","),
            ("a.中.1==1", "\"=1\","),
            ("e.f=line", "\"f\": \"line\","),
            ("e.f=3", "\"f\": 3,"),
        ];
        for (setting, line) in rows {
            let text = set(&[setting]).unwrap();
            assert!(text.lines().any(|found| found.trim() == line), "{setting}: {text}");
        }
    }

    #[test]
    fn what_cannot_be_set_is_told() {
        let rows = [
            ("a.b", "write KEY.KEY=VALUE, such as terms.rounding.mode=half_even"),
            ("a..b=1", "`a..b=1` has an empty key"),
            ("a.中.2=1", "`2` is no item of a.中, which has 2, from 0"),
            ("d.e=1", "d is a single value and has no `e`"),
            ("a=1", "a is a mapping; set a value in it"),
        ];
        for (setting, expected) in rows {
            assert_eq!(set(&[setting]), Err(expected.to_owned()));
        }
    }
}
