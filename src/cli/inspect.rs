//! What a person or a program reads of a file that nobody has declared yet.

use std::fmt::Write;

use serde_json::{Value, json};

use super::summary::drawn;
use crate::source::Inspection;

/// An inspection for people; what can be pasted into a pipeline stands last.
pub fn text(found: &Inspection) -> String {
    let mut said = String::from("Inspect 识别\n");
    for (by, told) in &found.findings {
        // Writing to a String cannot fail.
        let _ = writeln!(said, "  {by}: {}", escaped(told));
    }
    said.push_str("\nColumns 列\n");
    for column in &found.columns {
        let _ = write!(said, "  {}: {}", escaped(&column.name), escaped(&column.kind));
        if let [_, others @ ..] = column.formats.as_slice()
            && !others.is_empty()
        {
            let _ = write!(said, "; also {}", others.join(", "));
        }
        if column.empty > 0 {
            let _ = write!(said, "; {} without a value", column.empty);
        }
        if column.is_personal {
            said.push_str("; looks personal, masked below");
        }
        if !column.words.is_empty() {
            let _ = write!(said, "; {}", escaped(&column.words.join(", ")));
        }
        said.push('\n');
    }
    if !found.rows.is_empty() {
        let names: Vec<String> = found.columns.iter().map(|column| escaped(&column.name)).collect();
        let header: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        let rows = found.rows.iter().map(|row| row.iter().map(|cell| escaped(cell)).collect());
        let shown = drawn("First rows 首行", &header, header.len(), rows.collect());
        let _ = writeln!(said, "\n{}", shown.trim_end());
    }
    let _ = write!(said, "\nDraft 草稿\n{}", draft(found));
    said
}

/// A text that does nothing to a terminal: control and direction characters are written out.
fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let marks = matches!(c, '\u{200e}' | '\u{200f}');
        let turns = marks || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || turns {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn draft(found: &Inspection) -> String {
    let draft = &found.draft;
    let mut lines =
        vec![format!("{}:", draft.kind.word()), format!("  files: {}", draft.files(""))];
    lines.extend(draft.lines.iter().map(|line| format!("  {line}")));
    lines.join("\n")
}

/// An inspection for programs.
pub fn json(found: &Inspection) -> Value {
    let findings = found.findings.iter().map(|(by, told)| json!({ "by": by, "found": told }));
    let columns = found.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "kind": column.kind,
            "formats": column.formats,
            "several_formats": column.several,
            "words": column.words,
            "empty": column.empty,
            "personal": column.is_personal,
        })
    });
    json!({
        "findings": findings.collect::<Vec<Value>>(),
        "columns": columns.collect::<Vec<Value>>(),
        "rows": found.rows,
        "draft": draft(found),
    })
}
