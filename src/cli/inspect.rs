//! What a person or a program reads of a file that nobody has declared yet.

use std::fmt::Write;

use serde_json::{Value, json};

use super::summary::table;
use crate::source::Inspection;

/// An inspection for people; what can be pasted into a pipeline stands last.
pub fn text(found: &Inspection) -> String {
    let mut said = String::from("Inspect 识别\n");
    for (by, told) in &found.findings {
        // Writing to a String cannot fail.
        let _ = writeln!(said, "  {by}: {told}");
    }
    said.push_str("\nColumns 列\n");
    for column in &found.columns {
        let _ = write!(said, "  {}: {}", column.name, column.kind);
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
            let _ = write!(said, "; {}", column.words.join(", "));
        }
        said.push('\n');
    }
    if !found.rows.is_empty() {
        let header: Vec<(&str, &str)> =
            found.columns.iter().map(|column| (column.name.as_str(), "")).collect();
        let shown = table("First rows 首行", &header, header.len(), found.rows.clone());
        let _ = writeln!(said, "\n{}", shown.trim_end());
    }
    let _ = write!(said, "\nDraft 草稿\n{}", draft(found));
    said
}

fn draft(found: &Inspection) -> String {
    let draft = &found.draft;
    let mut lines = vec![format!("{}:", draft.kind.word()), format!("  files: {}", draft.file)];
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
