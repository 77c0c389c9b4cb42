//! What a person or a program reads of a sample.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::feed::Reject;
use crate::run::{Sampled, code_of};

/// Refused rows that are shown of a feed.
const SHOWN: usize = 10;

/// A sample for people.
pub fn text(sampled: &[Sampled]) -> String {
    let mut said = String::from("Sample 试读\n");
    let width = sampled.iter().map(|one| one.feed.len()).max().unwrap_or_default();
    for one in sampled {
        // Writing to a String cannot fail.
        let _ = writeln!(
            said,
            "  {:<width$}  files {}, rows read {}, refused {}",
            one.feed,
            one.files,
            one.rows,
            one.rejects.len()
        );
        if one.held + one.unheld > 0 {
            let _ = writeln!(
                said,
                "    totals in files: held of {}, not held of {} that were not read to their ends",
                one.held, one.unheld
            );
        }
        for (code, fault) in &one.faults {
            let _ = writeln!(said, "    {code}  {fault}");
        }
        for reject in one.rejects.iter().take(SHOWN) {
            let _ = writeln!(said, "    {}", line(reject));
        }
        if let Some(more) = one.rejects.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = writeln!(said, "    and {more} more");
        }
        if let Some(stopped) = &one.stopped {
            let _ = writeln!(said, "    stops a run: {stopped}");
        }
    }
    said.truncate(said.trim_end().len());
    said
}

fn line(reject: &Reject) -> String {
    let column = if reject.column.is_empty() { "" } else { " " };
    let shown =
        if reject.redacted.is_empty() { String::new() } else { format!(" [{}]", reject.redacted) };
    let Reject { file, line, column: name, reason, .. } = reject;
    format!("{}  {file}:{line}{column}{name}: {reason}{shown}", code_of(reject))
}

/// A sample for programs.
pub fn json(sampled: &[Sampled]) -> Value {
    let feeds = sampled.iter().map(|one| {
        let rejects = one.rejects.iter().map(|reject| {
            json!({
                "code": code_of(reject),
                "file": reject.file,
                "line": reject.line,
                "byte_offset": reject.byte_offset,
                "column": reject.column,
                "reason": reject.reason,
                "redacted": reject.redacted,
            })
        });
        let faults = one.faults.iter().map(|(code, fault)| json!({ "code": code, "fault": fault }));
        json!({
            "feed": one.feed,
            "files": one.files,
            "rows": one.rows,
            "refused": rejects.collect::<Vec<Value>>(),
            "faults": faults.collect::<Vec<Value>>(),
            "totals": { "held": one.held, "not_held": one.unheld },
            "stopped": one.stopped,
        })
    });
    json!({ "feeds": feeds.collect::<Vec<Value>>() })
}
