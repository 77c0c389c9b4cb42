//! Rules on feeds as files: FIL-01, FIL-04, FIL-05, FIL-06.

use super::desk::Desk;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::feed::{FeedFault, FeedRows, Owner, RejectCode};
use crate::value::party::Party;

/// FIL-01: feed missing (文件缺失).
pub static FIL_01: Rule = Rule {
    code: "FIL-01",
    title: "feed missing",
    zh: "文件缺失",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say("A feed for which no file matches the pattern of the pipeline.", ""),
    matters: say("A statement without one side's rows would call everything one-sided.", ""),
    example: say("`sample-data/sky/2026-03/ledger-*.csv` matches nothing.", ""),
    settles: say("The sender delivers the file; the run is repeated.", ""),
};

/// FIL-04: bytes not decodable (字节无法解码).
pub static FIL_04: Rule = Rule {
    code: "FIL-04",
    title: "bytes not decodable",
    zh: "字节无法解码",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say("A record whose bytes are not text in the declared encoding.", ""),
    matters: say(
        "A wrong encoding turns names and ids into other names and ids without a word.",
        "",
    ),
    example: say("A GB18030 file that is declared utf-8.", ""),
    settles: say("Whoever declared the encoding; the record stands in rejects.parquet.", ""),
};

/// FIL-05: columns drifted (列漂移).
pub static FIL_05: Rule = Rule {
    code: "FIL-05",
    title: "columns drifted",
    zh: "列漂移",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say("A record with more or fewer columns than the header; it is refused.", ""),
    matters: say("A shifted row puts points where a member should be.", ""),
    example: say("A delimiter inside an unquoted name.", ""),
    settles: say("The sender quotes the value; the record stands in rejects.parquet.", ""),
};

/// FIL-05: required column absent (缺少必需列).
pub static FIL_05_REQUIRED: Rule = Rule {
    code: "FIL-05",
    title: "required column absent",
    zh: "缺少必需列",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "A file without a declared column, without a header, or with a column of an unusable type.",
        "",
    ),
    matters: say("Nothing of such a file can be read for certain.", ""),
    example: say("积分 was renamed to 积分数 without notice.", ""),
    settles: say("The sender restores the column, or the pipeline names the new one.", ""),
};

/// FIL-06: value refused (取值被拒).
pub static FIL_06: Rule = Rule {
    code: "FIL-06",
    title: "value refused",
    zh: "取值被拒",
    severity: Severity::Error,
    effect: Effect::Held,
    latitude: Latitude::Firm,
    finds: say(
        "A value that its column refuses: `4.00123E+27` as an id, a fraction of a point, a date that does not exist.",
        "",
    ),
    matters: say("A coerced value is a wrong value that nobody sees.", ""),
    example: say("A spreadsheet wrote event 400123000… as 4.00123E+27.", ""),
    settles: say("The sender repairs the value; the row stands in rejects.parquet.", ""),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&FIL_01, &FIL_04, &FIL_05, &FIL_05_REQUIRED, &FIL_06];

/// What reading found wrong with a feed, as discrepancies.
pub fn judge(desk: &Desk<'_>, feed: &FeedRows) -> Vec<Discrepancy> {
    let party = match feed.owner {
        Owner::Party(party) => party,
        Owner::Shared => Party::A,
    };
    let whose = format!("{} {}", feed.owner.word(), feed.kind.word());
    let faults = feed.faults.iter().map(|fault| match fault {
        FeedFault::Missing { pattern } => desk
            .draft(&FIL_01)
            .subject(party, whose.clone())
            .subject(party, pattern.clone())
            .at(party, pattern.clone())
            .because(format!("no file of the feed {whose} matches `{pattern}`")),
        FeedFault::Column { file, column, reason } => desk
            .draft(&FIL_05_REQUIRED)
            .subject(party, whose.clone())
            .subject(party, file.clone())
            .subject(party, column.clone())
            .at(party, file.clone())
            .expected(Some(column.clone()).filter(|column| !column.is_empty()), None)
            .because(told(column, reason)),
    });
    let rejects = feed.rejects.iter().map(|reject| {
        let rule = match reject.code {
            RejectCode::Undecodable => &FIL_04,
            RejectCode::Ragged => &FIL_05,
            RejectCode::Value => &FIL_06,
        };
        let place = format!("{}:{}", reject.file, reject.line);
        let draft = desk
            .draft(rule)
            .subject(party, whose.clone())
            .subject(party, place.clone())
            .at(party, place);
        let draft = match feed.kind.field(&reject.column) {
            Some(field) => draft.differs(field.name, None, None),
            None => draft,
        };
        draft
            .expected(None, Some(reject.redacted.clone()).filter(|shown| !shown.is_empty()))
            .because(told(&reject.column, &reject.reason))
    });
    faults.chain(rejects).collect()
}

/// A reason with the column that it is about, where it is about one.
fn told(column: &str, reason: &str) -> String {
    if column.is_empty() { reason.to_owned() } else { format!("{column}: {reason}") }
}
