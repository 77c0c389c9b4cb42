//! What a member did that was counted, is held or is awaited, on either book.

use std::collections::BTreeSet;

use super::books::of_link;
use super::{EVENTS_SHOWN, Publication, Record, ReviewError, Story, arithmetic, find, leg, names};

/// The events of a member, bounded; nothing where the number is no member's of any event.
///
/// # Errors
/// [`ReviewError`] when a table cannot be read.
pub(super) fn of(publication: &Publication, member: &str) -> Result<Option<Story>, ReviewError> {
    let mut story = Story::new("Events of the member 会员交易".to_owned());
    let by = ["issuer_member", "acceptor_member"];
    let counted = find(publication, "cleared_events", by, |members| members.contains(&member))?;
    tell(&mut story, "counted 计入", &counted, |event| {
        let flow = format!("{} of {}'s points", event["flow"], event["issuer"]);
        let line = match event["line_no"].as_str() {
            "" => String::new(),
            number => format!(", line 行 {number}"),
        };
        let worth = match arithmetic::of_worth(event) {
            worth if worth.is_empty() => format!("{} points", event["points"]),
            worth => worth,
        };
        format!("{flow}  {}  {worth}{line}", legs(event))
    });
    // An item names the member of the leg that leads it; the other's stands with the row itself.
    let rows = find(publication, "open_rows", ["member_no"], |[of]| of == member)?;
    let rows: BTreeSet<[String; 2]> =
        rows.iter().map(|row| [row["party"].clone(), row["event_id"].clone()]).collect();
    let is_leg = |party: &str, event: &str| rows.contains(&[party.to_owned(), event.to_owned()]);
    for (table, label) in [("held", "held 挂账"), ("pending", "awaited 待达")] {
        let by = ["issuer", "member", "issuer_event_id", "acceptor_event_id"];
        let items = find(publication, table, by, |[issuer, of, issued, accepted]| {
            let (issuer, partner) = if issuer == "b" { ("b", "a") } else { ("a", "b") };
            of == member || is_leg(issuer, issued) || is_leg(partner, accepted)
        })?;
        tell(&mut story, label, &items, |item| {
            let why = format!("{} ({})", item["code"], item["discrepancy_id"]);
            format!("{why}  {} of {} points  {}", item["kind"], item["points"], legs(item))
        });
    }
    Ok(Some(story).filter(|story| !story.lines.is_empty()))
}

/// The links of the members that a discrepancy of members, consents or tiers names, as they were
/// judged; bounded.
///
/// # Errors
/// [`ReviewError`] when the table cannot be read.
pub(super) fn links_of(
    publication: &Publication,
    found: &Record,
) -> Result<Vec<Story>, ReviewError> {
    if !["MBR-", "CON-", "TIR-"].iter().any(|family| found["code"].starts_with(family)) {
        return Ok(Vec::new());
    }
    let by = ["a_member", "b_member"];
    let links = find(publication, "links", by, |[a, b]| {
        a.split(';').any(|one| names(&found["a_member"], one))
            || b.split(';').any(|one| names(&found["b_member"], one))
    })?;
    Ok(links.iter().take(EVENTS_SHOWN).map(of_link).collect())
}

fn tell(story: &mut Story, label: &str, rows: &[Record], told: impl Fn(&Record) -> String) {
    for row in rows.iter().take(EVENTS_SHOWN) {
        story.tell(label, told(row));
    }
    let rest = rows.len().saturating_sub(EVENTS_SHOWN);
    if rest > 0 {
        story.tell("", format!("… and {rest} more 其余"));
    }
}

/// The leg that leads, with its row: the issuer's, or the acceptor's where that stands alone.
fn legs(row: &Record) -> String {
    leg(row, if row["issuer_event_id"].is_empty() { "acceptor" } else { "issuer" })
}
