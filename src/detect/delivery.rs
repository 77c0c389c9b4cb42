//! Rules on what was delivered: FIL-01 (late), FIL-02, FIL-03, FIL-07, FIL-08.
//!
//! A delivery note says what its owner sent; each of its lines is held against the file that it
//! means. Nothing here looks at a row.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::{Desk, Draft};
use super::feed::{Arrival, FIL_01};
use crate::control::FileTotal;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::feed::{FeedFault, FeedKind, InputFile, Named, Note};
use crate::value::token::redact;

/// FIL-02: digest of a feed wrong (摘要不符).
pub static FIL_02: Rule = Rule {
    code: "FIL-02",
    title: "delivered file differs or is not there",
    zh: "交接文件不符或不在",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "A file whose digest is not the delivered one, or a delivered file that is not there.",
        "文件的摘要与交接单不符，或交接单上的文件不在目录里。",
    ),
    matters: say(
        "What was read is then not what was sent: cut short, changed or exchanged on the way.",
        "读到的已不是对方发出的：途中被截断、改动或调换。",
    ),
    example: say(
        "The note gives SHA-256 9f86…, and the file that arrived has 60303ae2….",
        "交接单写的 SHA-256 是 9f86…，到达的文件却是 60303ae2…。",
    ),
    settles: say(
        "The sender sends the file or a right note; the run is repeated.",
        "由发送方重发文件或更正交接单，再重新运行。",
    ),
};

/// FIL-03: declared control totals differ (控制总数不符).
pub static FIL_03: Rule = Rule {
    code: "FIL-03",
    title: "control totals differ",
    zh: "控制总数不符",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Free,
    finds: say(
        "A file whose rows or points do not sum to what was delivered.",
        "文件的行数或积分合计与交接单不符。",
    ),
    matters: say(
        "Rows are missing or too many, although each of them may look right.",
        "每一行看来都对，却少了行或多了行。",
    ),
    example: say(
        "12,050 rows were delivered and 12,048 were read.",
        "交接 12,050 行，读到 12,048 行。",
    ),
    settles: say(
        "The sender, who knows what was exported; the file or the note is sent again.",
        "由知道导出内容的发送方处理，重发文件或交接单。",
    ),
};

/// FIL-07: same file again (重复文件).
pub static FIL_07: Rule = Rule {
    code: "FIL-07",
    title: "same file again, ignored",
    zh: "重复文件，已忽略",
    severity: Severity::Information,
    effect: Effect::Excluded,
    latitude: Latitude::Firm,
    finds: say(
        "A file with the content of an earlier file of the same feed; it is not read.",
        "内容与同一数据源中前一文件相同的文件，不予读取。",
    ),
    matters: say(
        "Read twice, every row of it would be an exact duplicate.",
        "若再读一遍，其中每一行都成了重复。",
    ),
    example: say(
        "`ledger-3.csv` holds what `ledger-2.csv` holds, byte for byte.",
        "`ledger-3.csv` 与 `ledger-2.csv` 逐字节相同。",
    ),
    settles: say("Nobody; the sender may want to know.", "无需处理，可告知发送方。"),
};

/// FIL-08: gap in the sequence, or a number reused (序号断号或重用).
pub static FIL_08: Rule = Rule {
    code: "FIL-08",
    title: "gap in the sequence, or a number reused",
    zh: "序号断号或重用",
    severity: Severity::Error,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "A sequence number that no file of the feed has, or that two different files have.",
        "数据源中没有文件使用的序号，或被两个不同文件共用的序号。",
    ),
    matters: say(
        "A whole file is missing, and nothing else would show it.",
        "缺了整个文件，而别处看不出来。",
    ),
    example: say(
        "Files 41 and 43 arrived; 42 did not.",
        "到了第 41 号和第 43 号文件，缺第 42 号。",
    ),
    settles: say(
        "The sender delivers the missing file, or numbers its files anew.",
        "由发送方补送缺失的文件，或重新编号。",
    ),
};

/// The numbers that the files of a feed had in final publications, and the contents that had each.
pub type SentBefore = BTreeMap<i64, BTreeSet<String>>;

/// What differs between a feed's files and what was delivered, each finding once.
pub(super) fn judge(desk: &Desk<'_>, arrival: &Arrival<'_>) -> Vec<Discrepancy> {
    let mut found = repeats(desk, arrival);
    if let Some(note) = arrival.note {
        found.extend(late(desk, arrival, note));
        for (file, total) in arrival.rows.files.iter().zip(arrival.totals) {
            for line in note.lines_of(&file.path) {
                found.extend(digests(desk, arrival, note, (file, line)));
                found.extend(totals(desk, arrival, note, (file, line), total));
            }
        }
        found.extend(sequences(desk, arrival, note));
        if arrival.feed.kind == FeedKind::Deliveries {
            found.extend(unknown(desk, arrival, note));
        }
    }
    // Lines that say the same find the same.
    let mut ids = BTreeSet::new();
    found.retain(|found| ids.insert(found.id.clone()));
    found
}

/// FIL-07. A file without a row repeats nothing that could count twice.
fn repeats(desk: &Desk<'_>, arrival: &Arrival<'_>) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    for (file, total) in arrival.rows.files.iter().zip(arrival.totals) {
        let Some(first) = file.repeats.as_ref().filter(|_| total.rows > 0) else { continue };
        found.push(
            arrival
                .draft(desk, &FIL_07, &[&file.path])
                .at(arrival.party(), file.path.clone())
                .at(arrival.party(), first.clone())
                .because(format!(
                    "its content is that of `{first}`; it was not read, and nothing need be done"
                )),
        );
    }
    found
}

/// FIL-01 of a feed that is due: each file must have been sent in time, and somebody must say so.
fn late(desk: &Desk<'_>, arrival: &Arrival<'_>, note: &Note) -> Vec<Discrepancy> {
    let zone = &desk.agreement.zone;
    let Some(due) = arrival.feed.due.and_then(|due| due.at(desk.period, zone)) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for file in arrival.rows.files.iter().filter(|file| file.repeats.is_none() && !file.follows) {
        let sent = note.lines_of(&file.path).filter_map(|line| {
            let sent_at = note.lines.sent_at(line)?;
            Some((sent_at, line))
        });
        let draft = arrival
            .draft(desk, &FIL_01, &[&file.path])
            .at(arrival.party(), file.path.clone())
            .differs("sent_at", None, None);
        match sent.max() {
            None => found.push(
                draft
                    .expected(Some(due.show(zone)), None)
                    .because("no delivery says when the file was sent; have `sent_at` filled in"),
            ),
            Some((sent_at, line)) if sent_at > due => found.push(
                draft
                    .at(arrival.party(), note.place(line))
                    .expected(Some(due.show(zone)), Some(sent_at.show(zone)))
                    .because("the file was sent after it was due; agree to take it, or see `due`"),
            ),
            Some(_) => {}
        }
    }
    found
}

/// FIL-02 of one line: digests compare whatever their case.
fn digests(
    desk: &Desk<'_>,
    arrival: &Arrival<'_>,
    note: &Note,
    (file, line): (&InputFile, u32),
) -> Vec<Discrepancy> {
    let lines = &note.lines;
    let mut found = Vec::new();
    for (field, delivered, computed) in [
        ("sha256", lines.sha256(line), file.sha256.as_deref()),
        ("blake3", lines.blake3(line), Some(file.blake3.as_str())),
    ] {
        let (Some(delivered), Some(computed)) = (delivered, computed) else { continue };
        if delivered.eq_ignore_ascii_case(computed) {
            continue;
        }
        let is_digest = delivered.len() == 64 && delivered.bytes().all(|b| b.is_ascii_hexdigit());
        let (shown, reason) = if is_digest {
            (
                delivered.to_ascii_lowercase(),
                "the content is not what was delivered; have the file or the note sent again",
            )
        } else {
            (
                redact(delivered),
                "what was delivered is no digest of 64 hexadecimal digits; have the note mended",
            )
        };
        let delivered = delivered.to_ascii_lowercase();
        found.push(
            arrival
                .draft(desk, &FIL_02, &[&file.path, field, &delivered])
                .at(arrival.party(), file.path.clone())
                .at(arrival.party(), note.place(line))
                .differs(field, None, None)
                .expected(Some(shown), Some(computed.to_owned()))
                .because(reason),
        );
    }
    found
}

/// FIL-03 of one line. A file that was not read has no totals.
fn totals(
    desk: &Desk<'_>,
    arrival: &Arrival<'_>,
    note: &Note,
    (file, line): (&InputFile, u32),
    total: &FileTotal,
) -> Vec<Discrepancy> {
    let content = file.repeats.as_ref().unwrap_or(&file.path);
    let unread = |fault: &FeedFault| fault.unread().is_some_and(|of| is_of(of, content));
    if arrival.rows.faults.iter().any(unread) {
        return Vec::new();
    }
    let points = total.points.filter(|_| total.rejected == 0);
    let mut found = Vec::new();
    for (field, delivered, computed) in [
        ("rows", note.lines.rows(line), Some(i128::from(total.rows))),
        ("points", note.lines.points(line), points),
    ] {
        let (Some(delivered), Some(computed)) = (delivered.map(i128::from), computed) else {
            continue;
        };
        if delivered == computed {
            continue;
        }
        let draft = arrival
            .draft(desk, &FIL_03, &[&file.path, field, &delivered.to_string()])
            .at(arrival.party(), file.path.clone())
            .at(arrival.party(), note.place(line))
            .differs(field, None, None)
            .expected(Some(delivered.to_string()), Some(computed.to_string()));
        // Both stand within 127 bits by far: one is of 64 bits, the other a sum of such rows.
        let draft = match computed.checked_sub(delivered) {
            Some(difference) if field == "points" => draft.difference(difference),
            _ => draft,
        };
        found.push(draft.because(format!(
            "the {field} delivered are not those that were read; have the file or the note sent again"
        )));
    }
    found
}

/// Whether a part's name is that of a file or of an entry of it.
fn is_of(part: &str, file: &str) -> bool {
    part.strip_prefix(file).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// FIL-08: gaps first, then numbers that stand for two contents.
fn sequences(desk: &Desk<'_>, arrival: &Arrival<'_>, note: &Note) -> Vec<Discrepancy> {
    let mut numbered: BTreeMap<i64, Vec<&InputFile>> = BTreeMap::new();
    for file in &arrival.rows.files {
        for number in note.sequences_of(&file.path) {
            numbered.entry(number).or_default().push(file);
        }
    }
    let greatest = arrival.before.and_then(|before| before.keys().next_back().copied());
    let mut found = Vec::new();
    // What was closed has no gap; counting goes on from its greatest number.
    let new = numbered.keys().copied().filter(|number| greatest.is_none_or(|past| *number > past));
    let run: Vec<i64> = greatest.into_iter().chain(new).collect();
    for pair in run.windows(2) {
        let &[before, after] = pair else { continue };
        // The numbers are in order and each stands once, so that neither sum leaves 64 bits.
        let (first, last) = (before.saturating_add(1), after.saturating_sub(1));
        if first > last {
            continue;
        }
        let missing = if first == last { first.to_string() } else { format!("{first} to {last}") };
        let draft = arrival.draft(desk, &FIL_08, &["gap", &missing]);
        let around = [before, after].into_iter().filter_map(|number| numbered.get(&number));
        let draft = around
            .flatten()
            .fold(draft, |draft, file| draft.at(arrival.party(), file.path.clone()));
        found.push(draft.differs("sequence", None, None).expected(Some(missing), None).because(
            format!("no file has a number between {before} and {after}; have what is missing sent"),
        ));
    }
    for (number, files) in &numbered {
        let past = arrival.before.and_then(|before| before.get(number)).into_iter().flatten();
        let contents: BTreeSet<&str> =
            files.iter().map(|file| file.blake3.as_str()).chain(past.map(String::as_str)).collect();
        if contents.len() < 2 {
            continue;
        }
        let draft = arrival.draft(desk, &FIL_08, &["reused", &number.to_string()]);
        let draft =
            files.iter().fold(draft, |draft, file| draft.at(arrival.party(), file.path.clone()));
        found.push(
            draft.differs("sequence", None, None).expected(None, Some(number.to_string())).because(
                format!(
                    "{} different files have this number; have all but one numbered anew",
                    contents.len()
                ),
            ),
        );
    }
    found
}

/// FIL-02 of lines that mean no file.
fn unknown(desk: &Desk<'_>, arrival: &Arrival<'_>, note: &Note) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    for (line, named) in (0_u32..).zip(&note.named) {
        let reason = match named {
            Named::File(_) | Named::Other => continue,
            Named::Absent => "the file that was delivered is not there; have it sent",
            Named::Several => "several files have that name; name the one meant by its path",
            Named::Outside => "a delivered file is named by its path under the root, or its name",
        };
        let file = note.lines.file(line);
        found.push(
            arrival
                .draft(desk, &FIL_02, &[file])
                .at(arrival.party(), note.place(line))
                .differs("file", None, None)
                .expected(Some(file.to_owned()), None)
                .because(reason),
        );
    }
    found
}

impl Arrival<'_> {
    /// Begins a discrepancy about the feed. Its subjects do not say which letter the owner has, so
    /// that both partners get the same id; what both own has both for owners.
    pub(super) fn draft<'d>(
        &self,
        desk: &Desk<'d>,
        rule: &'static Rule,
        keys: &[&str],
    ) -> Draft<'d> {
        let mut draft = desk.draft(rule);
        for &party in self.owners() {
            draft = draft.subject(party, self.feed.kind.word().to_owned());
            for key in keys {
                draft = draft.subject(party, (*key).to_owned());
            }
        }
        draft
    }
}
