//! A draft of a feed's declaration, with a comment wherever somebody has to decide.

use std::collections::BTreeSet;

use super::layout::{Found, Layout};
use super::names::named;
use super::totals::{Candidates, Rows};
use super::values::Seen;
use crate::feed::{Encoding, FeedKind};
use crate::value::kind::Kind;

/// A feed as a file suggests it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What the file seems to hold.
    pub kind: FeedKind,
    /// The name of the file.
    pub file: String,
    /// Lines of YAML that stand under the feed's word, behind `files`.
    pub lines: Vec<String>,
}

impl Draft {
    /// The file under a folder as `files` says it: in quotes, and a pattern of this name alone.
    #[must_use]
    pub fn files(&self, folder: &str) -> String {
        quoted(&format!("{folder}{}", glob::Pattern::escape(&self.file)))
    }
}

/// What a file may hold, the surest sign first.
const KINDS: &[FeedKind] =
    &[FeedKind::Ledger, FeedKind::Links, FeedKind::Accounts, FeedKind::Members];

/// A text as YAML that cannot be taken for anything else.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => quoted += &format!("\\u{:04x}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

pub(super) fn of(
    name: &str,
    unpack: &[String],
    encoding: Encoding,
    found: &Found,
    columns: &[Seen],
) -> Draft {
    let mut lines = unpack.to_vec();
    let word = match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Gb18030 => "gb18030",
    };
    lines.push("format:".to_owned());
    let is_summed = |name: &str| {
        ["points", "balance"]
            .iter()
            .any(|field| named(field, columns).is_some_and(|column| column.name == name))
    };
    let rows = Rows::of(found, is_summed);
    match &found.layout {
        Layout::Delimited(delimiter) => {
            lines.push("  csv:".to_owned());
            lines.extend(found.is_western.then(|| format!("    # {WESTERN}")));
            lines.push(format!("    encoding: {word}"));
            lines.push(format!("    delimiter: {}", quoted(delimiter)));
            lines.extend(found.prefix.as_ref().map(|p| format!("    prefix: {}", quoted(p))));
            lines.extend(found.comment.as_ref().map(|c| format!("    comment: {}", quoted(c))));
            if found.skipped > 0 {
                lines.push(format!("    skip: {{ first: {} }}", found.skipped));
            }
            if let Some(marker) = &found.leading {
                lines.push("    # Which values of it are the rows and the points?".to_owned());
                lines.push(format!("    leading: {{ marker: {} }}", quoted(marker)));
            }
            let has_words = |line: &String| line.chars().any(char::is_alphanumeric);
            if found.lines.iter().any(has_words) {
                match rows.as_ref().and_then(|rows| rows.in_lines(&found.lines)) {
                    Some(Candidates { yaml, evidence }) => {
                        lines.push(candidate(&evidence));
                        lines.push(format!("    totals: {{ {yaml} }}"));
                    }
                    None => lines.push(
                        "    # Do the lines that are no records hold totals? Declare them under \
                         `totals`."
                            .to_owned(),
                    ),
                }
            }
            if !found.has_header {
                let names: Vec<String> = columns.iter().map(|c| quoted(&c.name)).collect();
                lines.push("    # The file names no columns; give each its name.".to_owned());
                lines.push(format!("    header: [{}]", names.join(", ")));
            }
            if !found.summary.is_empty() {
                let table = |rows: &Rows<'_>| rows.in_table(&found.summary, &found.figures);
                match rows.as_ref().and_then(table) {
                    Some(Candidates { yaml, evidence }) => {
                        lines.push(candidate(&evidence));
                        lines.push(format!("    summary: {{ {yaml} }}"));
                    }
                    None => {
                        let names: Vec<String> =
                            found.summary.iter().map(|name| quoted(name)).collect();
                        lines.push("    # Which of these are the rows and the points?".to_owned());
                        lines.push(format!(
                            "    # summary: {{ rows: …, points: … }} of {}",
                            names.join(", ")
                        ));
                    }
                }
            }
            if let Some(marker) = &found.trailer {
                let record = |rows: &Rows<'_>| rows.in_record(&found.trailing);
                let is_alike = found.is_trailer_alike;
                lines.extend(trailer(marker, rows.as_ref().and_then(record), "values", is_alike));
            }
        }
        Layout::JsonLines => lines.push(format!("  json_lines: {{ encoding: {word} }}")),
        Layout::Fixed(length) => {
            lines.push("  fixed:".to_owned());
            lines.extend(found.is_western.then(|| format!("    # {WESTERN}")));
            lines.push(format!("    encoding: {word}"));
            lines.push(format!("    record_bytes: {length}"));
            if found.has_crlf {
                lines.push("    line_end: crlf".to_owned());
            }
            if let Some(marker) = &found.leading {
                lines.push("    # Which bytes of it are the rows and the points?".to_owned());
                lines.push(format!("    # {NO_ROW}"));
                lines.push(format!(
                    "    leading: {{ marker: {}, exclusive: true }}",
                    quoted(marker)
                ));
            }
            if let Some(marker) = &found.trailer {
                let record = |rows: &Rows<'_>| rows.in_bytes(&found.trailing_bytes, marker.len());
                lines.extend(trailer(marker, rows.as_ref().and_then(record), "bytes", true));
            }
            lines.push(
                "    # These are guesses. Where does each field stand, and what is its name?"
                    .to_owned(),
            );
            lines.push("    fields:".to_owned());
            for place in &found.places {
                lines.push(format!(
                    "      {}: {{ at: {}, bytes: {} }} # {}",
                    quoted(&place.name()),
                    place.at,
                    place.bytes,
                    place.shows
                ));
            }
        }
        Layout::Unknown => {
            lines.push(
                "  # How is the file laid out? csv, fixed, json_lines, parquet or arrow."
                    .to_owned(),
            );
            lines.push("  csv: {}".to_owned());
        }
    }
    with_columns(name, lines, columns)
}

/// What to ask where bytes that GB18030 reads are more likely of another encoding.
const WESTERN: &str = "Is it GB18030? It may be Windows-1252, which is not read: have it saved as \
                       UTF-8 then.";

/// What a total is a candidate by.
fn candidate(evidence: &str) -> String {
    format!("    # A candidate, because {evidence}; ask the partner.")
}

/// What `exclusive: true` of a drafted record rests on. Without it a record that has the shape of a
/// row and no declared figure is refused, because it may be one.
const NO_ROW: &str = "No row that was looked at begins so; is that so of every row?";

/// The last record, with where its totals may stand; `is_alike` where a row has its shape.
fn trailer(marker: &str, found: Option<Candidates>, noun: &str, is_alike: bool) -> Vec<String> {
    let marker = quoted(marker);
    match found {
        Some(Candidates { yaml, evidence }) => {
            vec![candidate(&evidence), format!("    trailer: {{ marker: {marker}, {yaml} }}")]
        }
        None => {
            let mut lines = vec![format!("    # Which {noun} of it are the rows and the points?")];
            lines.extend(is_alike.then(|| format!("    # {NO_ROW}")));
            let exclusive = if is_alike { ", exclusive: true" } else { "" };
            lines.push(format!("    trailer: {{ marker: {marker}{exclusive} }}"));
            lines
        }
    }
}

pub(super) fn of_table(name: &str, format: &str, columns: &[Seen]) -> Draft {
    with_columns(name, vec![format!("format: {{ {format}: {{}} }}")], columns)
}

fn with_columns(name: &str, mut lines: Vec<String>, columns: &[Seen]) -> Draft {
    let has = |field: &str| named(field, columns).is_some();
    let held = |kind: &FeedKind| {
        let fields = kind.fields().iter().filter(|field| field.required);
        fields.clone().filter(|field| has(field.name)).count() * 100 / fields.count().max(1)
    };
    // Of equals the first: a ledger has members too, and members no ledger.
    let by_names =
        KINDS.iter().rev().max_by_key(|kind| held(kind)).copied().filter(|kind| held(kind) > 0);
    let kind = match by_names {
        // A member's number alone makes members of every file.
        Some(FeedKind::Links) => FeedKind::Links,
        _ if is_of_events(columns) => FeedKind::Ledger,
        by_names => by_names.unwrap_or(FeedKind::Ledger),
    };
    if kind == FeedKind::Ledger {
        lines.push(
            "# With more refused rows than this nothing is settled; agree on it. Per cent, or `count`."
                .to_owned(),
        );
        lines.push("max_rejects: { share: \"1\" }".to_owned());
    }
    lines.push("columns:".to_owned());
    let mut used = BTreeSet::new();
    let found: Vec<_> = kind.fields().iter().map(|field| named(field.name, columns)).collect();
    let is_free = |column: &&Seen| !found.iter().flatten().any(|one| one.name == column.name);
    let is_open = |column: &&Seen| {
        let mut required = kind.fields().iter().zip(&found).filter(|(field, _)| field.required);
        !required.any(|(_, one)| one.is_some_and(|one| one.name == column.name))
    };
    let only = |test: fn(&&Seen) -> bool| {
        let mut all = columns.iter().filter(is_free).filter(test);
        all.next().filter(|_| all.next().is_none())
    };
    let (time, sign) = (only(|column| column.is_timed()), only(|column| !column.signs.is_empty()));
    for (field, found) in kind.fields().iter().zip(&found) {
        match *found {
            Some(column) => {
                used.insert(column.name.as_str());
                let sign = sign.filter(|_| field.name == "points" && !column.has_signs);
                used.extend(sign.map(|sign| sign.name.as_str()));
                lines.extend(mapped(field.name, column, sign));
            }
            None if field.name == "occurred_at"
                && let Some(column) = time =>
            {
                used.insert(column.name.as_str());
                lines.push("  # No other column holds times; is it this one?".to_owned());
                lines.extend(mapped(field.name, column, None));
            }
            None if field.required => {
                lines.push(format!("  # Which column is it? {} {}", field.zh, field.meaning));
                lines.extend(candidates(field.name, columns.iter().filter(is_open)));
                lines.push(format!("  {}: \"\"", field.name));
            }
            None => {}
        }
    }
    let is_dropped = |column: &&Seen| !used.contains(column.name.as_str());
    for column in columns.iter().filter(is_dropped).filter(|column| !column.name.is_empty()) {
        lines.push(format!("  # dropped: {} ({})", quoted(&column.name), column.kind));
    }
    Draft { kind, file: name.to_owned(), lines }
}

/// Whether the rows show events, whatever their columns are called: an instant, a figure of points,
/// and a number or a kind of its own for each. Balances have instants and figures too, but no sign
/// below zero that is not an overdraft, and say what they are.
fn is_of_events(columns: &[Seen]) -> bool {
    let is_member = |column: &Seen| {
        named("member_no", columns).is_some_and(|member| member.name == column.name)
    };
    let is_id = |column: &Seen| {
        column.differs && !column.is_timed() && !column.has_signs && !column.is_personal
    };
    let has = |field: &str| named(field, columns).is_some();
    let has_instant = has("occurred_at") || columns.iter().any(|column| column.is_timed());
    let has_points = has("points") || columns.iter().any(|column| column.has_signs);
    let has_id = has("event_id") || columns.iter().any(|one| is_id(one) && !is_member(one));
    has_instant && has_points && (has_id || has("kind")) && !has("balance")
}

/// The columns of which one may be it by what its values show.
fn candidates<'c>(field: &str, columns: impl Iterator<Item = &'c Seen>) -> Option<String> {
    let (test, why): (fn(&Seen) -> bool, _) = match field {
        "event_id" => {
            let test =
                |one: &Seen| one.differs && !one.is_timed() && !one.has_signs && !one.is_personal;
            (test, "no two rows have the same value")
        }
        "member_no" => {
            let test = |one: &Seen| {
                let is_number = one.kind.starts_with("whole numbers");
                !one.differs && !one.is_timed() && !one.has_signs && (is_number || one.is_coded)
            };
            (test, "rows share numbers or codes")
        }
        "kind" => {
            ((|one| one.words.len() > 1 && !one.is_coded) as fn(&Seen) -> bool, "few words stand")
        }
        "points" => {
            let test = |one: &Seen| one.is_numeric && !one.differs && !one.is_timed();
            (test, "numbers stand")
        }
        "occurred_at" => ((|one| one.is_timed()) as fn(&Seen) -> bool, "times stand"),
        _ => return None,
    };
    let names = columns.filter(|one| test(one) && !one.name.is_empty());
    let names: Vec<String> = names.map(|one| quoted(&one.name)).collect();
    (!names.is_empty()).then(|| format!("  # It may be {}, in which {why}.", names.join(" or ")))
}

/// A column with what its values show, and with the texts that may mean no value.
fn mapped(field: &str, column: &Seen, sign: Option<&Seen>) -> Vec<String> {
    let mut lines = read(field, column, sign);
    if column.nulls.is_empty() {
        return lines;
    }
    if let Some(last) = lines.pop() {
        let nulls: Vec<String> = column.nulls.iter().map(|null| quoted(null)).collect();
        let nulls = format!("nulls: [{}]", nulls.join(", "));
        lines.push("  # So no value is written, as it seems; is that agreed?".to_owned());
        lines.push(match (last.strip_suffix(" }"), last.split_once(": ")) {
            (Some(open), _) => format!("{open}, {nulls} }}"),
            (None, Some((field, from))) => format!("{field}: {{ from: {from}, {nulls} }}"),
            (None, None) => last,
        });
    }
    lines
}

fn read(field: &str, column: &Seen, sign: Option<&Seen>) -> Vec<String> {
    let from = quoted(&column.name);
    match field {
        "kind" => kinds(column),
        "points" | "balance" => numbers(field, column, sign),
        "mobile" => vec![
            "  # `token: mobile` keys raw numbers; `token: ready` takes HMAC tokens of a shared key."
                .to_owned(),
            format!("  mobile: {{ from: {from}, token: mobile }}"),
        ],
        "occurred_at" | "bound_at" => match column.formats.as_slice() {
            [] if let Some(unit) = column.epoch => {
                vec![format!("  {field}: {{ from: {from}, epoch: {unit} }}")]
            }
            [] if !column.several.is_empty() => {
                let all: Vec<String> = column.several.iter().map(|one| quoted(one)).collect();
                vec![
                    "  # Exactly one of them may fit each value; may they be mixed?".to_owned(),
                    format!("  {field}: {{ from: {from}, format: [{}] }}", all.join(", ")),
                ]
            }
            [] => vec![format!("  {field}: {from}")],
            [one] => vec![format!("  {field}: {{ from: {from}, format: {} }}", quoted(one))],
            [one, others @ ..] => vec![
                format!("  # Every value also fits {}; which is it?", others.join(" and ")),
                format!("  {field}: {{ from: {from}, format: {} }}", quoted(one)),
            ],
        },
        _ if column.is_formula => {
            let stands = "stands: { after: '=\"', before: '\"' }";
            vec![format!("  {field}: {{ from: {from}, {stands} }}")]
        }
        _ if column.is_personal => vec![
            format!("  # Its values look like somebody's own ({}); may they be sent?", column.kind),
            format!("  {field}: {from}"),
        ],
        _ => vec![format!("  {field}: {from}")],
    }
}

/// A column of numbers, as its values show that they are written.
fn numbers(field: &str, column: &Seen, sign: Option<&Seen>) -> Vec<String> {
    let mut lines: Vec<String> =
        column.number.asks.iter().map(|question| format!("  # {question}")).collect();
    let mut keys = vec![format!("from: {}", quoted(&column.name))];
    if !column.number.keys.is_empty() {
        lines.push("  # So its values are written that were looked at; is that agreed?".to_owned());
        keys.push(format!("number: {{ {} }}", column.number.keys.join(", ")));
    }
    if let Some(sign) = sign {
        let values: Vec<String> =
            sign.signs.iter().map(|(word, way)| format!("{}: {way}", quoted(word))).collect();
        lines.push(
            "  # Which of the words adds to the member's points? Ask the partner.".to_owned(),
        );
        let (from, values) = (quoted(&sign.name), values.join(", "));
        keys.push(format!("sign: {{ from: {from}, values: {{ {values} }} }}"));
    }
    lines.push(match keys.as_slice() {
        [_] => format!("  {field}: {}", quoted(&column.name)),
        keys => format!("  {field}: {{ {} }}", keys.join(", ")),
    });
    lines
}

/// Words for kinds that say different things at different partners.
const AMBIGUOUS: &[&str] = &["兑换"];

/// The kinds whose words are known; a person has to say what the others are.
fn kinds(column: &Seen) -> Vec<String> {
    let from = quoted(&column.name);
    let known = |word: &String| {
        // What a partner calls an exchange may be a spend at home or one with the other party.
        let is_open = AMBIGUOUS.contains(&word.as_str());
        let is_it = |kind: &&Kind| kind.word() == word || kind.zh() == word;
        Kind::ALL.iter().find(is_it).copied().filter(|_| !is_open)
    };
    if column.words.iter().all(|word| Kind::WORDS.contains(&word.as_str())) {
        return vec![format!("  kind: {from}")];
    }
    let (found, open): (Vec<_>, Vec<_>) =
        column.words.iter().partition(|word| known(word).is_some());
    let mut lines = Vec::new();
    if !open.is_empty() {
        let open: Vec<String> = open.iter().map(|word| quoted(word)).collect();
        lines.push(format!("  # Add each under `values` as one of {}:", Kind::WORDS.join(", ")));
        lines.push(format!("  # {}", open.join(", ")));
    }
    let values: Vec<String> = found
        .iter()
        .filter_map(|word| Some(format!("{}: {}", quoted(word), known(word)?.word())))
        .collect();
    lines.push(format!("  kind: {{ from: {from}, values: {{ {} }} }}", values.join(", ")));
    lines
}
