//! What is held and awaited, and why: each item stands under a discrepancy that is told, and on
//! rows that are handed on as they were read.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::super::publication::{Cell, Publication, ReviewError, Row};
use super::Check;
use super::found::BY_EVENTS;
use crate::value::money::counted;

/// A discrepancy as far as items name it.
#[derive(Default)]
struct Told {
    codes: BTreeSet<String>,
    effects: BTreeSet<String>,
    seen: String,
    /// Event ids and places of each side, A's first, each list as it stands, and members of both.
    events: [String; 2],
    rows: [String; 2],
    members: String,
}

/// A row that is handed on.
struct Open {
    code: String,
    discrepancy: String,
    kind: String,
    member: String,
    points: i128,
    at: String,
    seen: String,
    place: String,
}

type OpenRows = BTreeMap<(String, String), Vec<Open>>;

/// Every item and every row that is handed on names a discrepancy of the table, and its code; what
/// an item says is what its discrepancy and its rows say. A reversal may stand under the
/// discrepancy of an original of another period, which is told there.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let told = told(publication)?;
    let mut items: u64 = 0;
    for table in ["held", "pending", "open_rows"] {
        let columns = ["discrepancy_id", "code", "kind", "first_seen"];
        publication.scan(table, &columns, |number, row| {
            let (Some(id), code) = (row.some_text(0), row.text(1)) else {
                if row.some_text(1).is_some() {
                    check.fault(|| {
                        format!("{table} row {number}: it has a code, and no discrepancy")
                    });
                }
                return Ok(());
            };
            items += 1;
            let is_told = match told.get(id) {
                Some(told) => told.codes.contains(code),
                None => row.text(2) == "reversal",
            };
            if !is_told {
                check.fault(|| format!("{table} row {number}: no discrepancy has its id and code"));
            }
            if let Some(told) = told.get(id)
                && told.seen != row.cell(3).to_string()
            {
                check.fault(|| {
                    format!("{table} row {number}: it was not first seen when its discrepancy was")
                });
            }
            Ok(())
        })?;
    }
    let open = open_rows(publication, check)?;
    collided(&told, &open, check);
    handed_on(publication, &open, check)?;
    for table in ["held", "pending"] {
        of_table(publication, table, (&told, &open), check)?;
    }
    rejects(publication, check)?;
    check.compared = counted(items, "item");
    Ok(())
}

/// Every refused row is told by a discrepancy, with its place, its reason and its masked value.
fn rejects(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let mut told: BTreeMap<(String, String), BTreeSet<(String, String)>> = BTreeMap::new();
    let columns = ["code", "a_rows", "b_rows", "reason", "actual"];
    publication.scan("discrepancies", &columns, |_, row| {
        if matches!(row.text(0), "FIL-04" | "FIL-05" | "FIL-06") {
            for place in [1, 2].iter().filter_map(|&at| row.some_text(at)) {
                let of = told.entry((row.text(0).to_owned(), place.to_owned())).or_default();
                of.insert((row.text(3).to_owned(), row.text(4).to_owned()));
            }
        }
        Ok(())
    })?;
    let columns = ["code", "file", "line", "column", "reason", "redacted"];
    publication.scan("rejects", &columns, |number, row| {
        let place = format!("{}:{}", row.text(1), row.cell(2));
        let reason = match row.text(3) {
            "" => row.text(4).to_owned(),
            column => format!("{column}: {}", row.text(4)),
        };
        let why = (reason, row.text(5).to_owned());
        let of = told.get(&(row.text(0).to_owned(), place));
        if !of.is_some_and(|of| of.contains(&why)) {
            check.fault(|| format!("rejects row {number}: no discrepancy tells it"));
        }
        Ok(())
    })
}

fn told(publication: &Publication) -> Result<BTreeMap<String, Told>, ReviewError> {
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    let columns = [
        "discrepancy_id",
        "code",
        "effect",
        "first_seen",
        "a_event_id",
        "b_event_id",
        "a_member",
        "b_member",
        "a_rows",
        "b_rows",
    ];
    publication.scan("discrepancies", &columns, |_, row| {
        let of = told.entry(row.text(0).to_owned()).or_default();
        of.codes.insert(row.text(1).to_owned());
        of.effects.insert(row.text(2).to_owned());
        of.seen = row.cell(3).to_string();
        for at in 4..10 {
            let list = match at {
                4 | 5 => &mut of.events[at - 4],
                6 | 7 => &mut of.members,
                _ => &mut of.rows[at - 8],
            };
            list.push_str(row.text(at));
            list.push(';');
        }
        Ok(())
    })?;
    Ok(told)
}

fn open_rows(publication: &Publication, check: &mut Check) -> Result<OpenRows, ReviewError> {
    let mut open = OpenRows::new();
    let columns = [
        "party",
        "event_id",
        "code",
        "discrepancy_id",
        "kind",
        "member_no",
        "points",
        "occurred_at",
        "first_seen",
        "file",
        "line",
    ];
    publication.scan("open_rows", &columns, |number, row| {
        if !matches!(row.text(0), "a" | "b") {
            check.fault(|| format!("open_rows row {number}: it is on nobody's book"));
        }
        let key = (row.text(0).to_owned(), row.text(1).to_owned());
        open.entry(key).or_default().push(Open {
            code: row.text(2).to_owned(),
            discrepancy: row.text(3).to_owned(),
            kind: row.text(4).to_owned(),
            member: row.text(5).to_owned(),
            points: row.integer(6).map_or(0, i128::from),
            at: row.cell(7).to_string(),
            seen: row.cell(8).to_string(),
            place: format!("{}:{}", row.text(9), row.cell(10)),
        });
        Ok(())
    })?;
    Ok(open)
}

/// A number under which several rows stand is that of the rows that are handed on under it.
fn collided(told: &BTreeMap<String, Told>, open: &OpenRows, check: &mut Check) {
    for (id, told) in told.iter().filter(|(_, told)| told.codes.contains("EVT-04")) {
        for (party, list) in ["a", "b"].into_iter().zip(&told.events) {
            let under = |rows: &Vec<Open>| rows.iter().any(|one| one.discrepancy == *id);
            let rows = open.iter().filter(|((of, _), rows)| of == party && under(rows));
            let mut numbers = rows.map(|((_, event), _)| format!("{event};")).peekable();
            let is_named = |list: &str| list.len() > 1;
            if is_named(list) && numbers.peek().is_some() && !numbers.any(|one| one == *list) {
                check.fault(|| format!("{id}: the number that it names is none of its rows'"));
            }
        }
    }
}

/// Rows that are handed on under a code are the legs that are held, one for one.
fn handed_on(
    publication: &Publication,
    open: &OpenRows,
    check: &mut Check,
) -> Result<(), ReviewError> {
    let mut legs: BTreeMap<(String, String), usize> = BTreeMap::new();
    let columns = ["issuer", "issuer_event_id", "acceptor_event_id"];
    publication.scan("held", &columns, |_, row| {
        let parties = if row.text(0) == "b" { ["b", "a"] } else { ["a", "b"] };
        for (party, at) in parties.into_iter().zip([1, 2]) {
            if let Some(event) = row.some_text(at) {
                *legs.entry((party.to_owned(), event.to_owned())).or_default() += 1;
            }
        }
        Ok(())
    })?;
    for (key, rows) in open {
        let handed = rows.iter().filter(|one| !one.code.is_empty()).count();
        if handed > 0 && legs.get(key).copied().unwrap_or_default() != handed {
            check.fault(|| format!("open_rows: {} of {} is held otherwise", key.1, key.0));
        }
    }
    Ok(())
}

const COLUMNS: [&str; 17] = [
    "issuer",
    "issuer_event_id",
    "acceptor_event_id",
    "code",
    "discrepancy_id",
    "kind",
    "member",
    "occurred_at",
    "points",
    "first_seen",
    "age_days",
    "issuer_row",
    "acceptor_row",
    "reference",
    "payer",
    "amount",
    "currency",
];

fn of_table(
    publication: &Publication,
    table: &str,
    (told, open): (&BTreeMap<String, Told>, &OpenRows),
    check: &mut Check,
) -> Result<(), ReviewError> {
    let manifest = &publication.manifest;
    let as_of: Option<Date> = manifest.as_of.parse().ok();
    let offsets: Vec<Offset> = [&manifest.period_from, &manifest.period_to]
        .iter()
        .filter_map(|text| text.get(19..)?.parse::<Shift>().ok())
        .map(|shift| shift.0)
        .collect();
    let is_past = |place: &str| {
        manifest.past.iter().any(|taken| {
            place.strip_prefix(taken.place.as_str()).is_some_and(|rest| rest.starts_with('/'))
        })
    };
    publication.scan(table, &COLUMNS, |number, row| {
        let mut fault = |what: &str| check.fault(|| format!("{table} row {number}: {what}"));
        if let (Cell::At(at), Some(as_of)) = (row.cell(7), as_of)
            && !is_age(row.integer(10), at, as_of, &offsets)
        {
            fault("its age is not the days since it happened");
        }
        if row.decimal(15).is_some() != row.some_text(16).is_some() {
            fault("it has money without a currency, or a currency without money");
        }
        // The agreement gives the issuer's points a worth, and so none to an acceptor's leg alone.
        let is_worth = row.some_text(1).is_some() || row.some_text(13).is_some();
        if row.decimal(15).is_some() && !is_worth {
            fault("it has a worth, and neither the issuer's leg nor a reference");
        }
        if let Some(told) = told.get(row.text(4)) {
            if let Some(what) = unnamed(row, told) {
                fault(what);
            }
            let is_effect = match table {
                "held" => ["held", "blocks"].iter().any(|effect| told.effects.contains(*effect)),
                _ => told.effects.contains("pending"),
            };
            if !is_effect {
                fault("its discrepancy has another effect");
            }
        }
        let (issuer, partner) = match row.text(0) {
            "a" => ("a", "b"),
            "b" => ("b", "a"),
            _ => {
                let is_adjustment = row.text(5) == "adjustment" && row.some_text(13).is_some();
                if !is_adjustment || !matches!(row.text(14), "a" | "b") {
                    fault("it is nobody's points, and no adjustment");
                }
                return Ok(());
            }
        };
        if row.some_text(13).is_some() || row.some_text(14).is_some() {
            fault("it has points, and a reference or payer");
        }
        let leads = if row.some_text(1).is_some() { 1 } else { 2 };
        for (party, id, place) in [(issuer, 1, 11), (partner, 2, 12)] {
            let Some(event) = row.some_text(id) else {
                if row.some_text(place).is_some() {
                    fault("it has the place of a leg that it has not");
                }
                continue;
            };
            let key = (party.to_owned(), event.to_owned());
            let rows = open.get(&key).map_or(&[][..], Vec::as_slice);
            // What waits may be read again from a file of later days, and is not handed on then.
            if rows.is_empty() && table == "pending" {
                continue;
            }
            let is_at = |one: &Open| one.place == row.text(place) || is_past(row.text(place));
            let is_it = |one: &&Open| is_handed_on(row, one, id == leads) && is_at(one);
            if !rows.iter().any(|one| is_it(&one)) {
                fault("a leg of it is not handed on as it stands here");
            }
        }
        Ok(())
    })
}

/// What an item's discrepancy does not name of it. A reversal follows its original, and a leg waits
/// with the collided rows that it names.
fn unnamed(row: &Row<'_>, told: &Told) -> Option<&'static str> {
    let code = row.text(3);
    if row.some_text(13).is_some() && row.some_text(11).is_none() {
        return Some("it is an adjustment of no row");
    }
    if row.some_text(13).is_some()
        && !told.rows.iter().any(|list| list.contains(&format!("{};", row.text(11))))
    {
        return Some("its discrepancy does not name its row");
    }
    // What is told of a member may be told of the acceptor's, whom an item does not name.
    let is_of_members = code.starts_with("MBR-") && !BY_EVENTS.contains(&code);
    let follows = row.text(5) == "reversal" || code == "EVT-04";
    if follows || is_of_members || row.some_text(13).is_some() {
        return None;
    }
    let has = |list: &str, at: usize| {
        row.some_text(at).is_some_and(|text| list.contains(&format!("{text};")))
    };
    let any = |lists: &[String; 2], at: usize| lists.iter().any(|list| has(list, at));
    let is_member = has(&told.members, 6);
    if !BY_EVENTS.contains(&code) {
        let is_named = is_member || any(&told.events, 1) || any(&told.events, 2);
        return (!is_named).then_some("its discrepancy names neither its events nor its member");
    }
    // What is of another kind names the acceptor's leg only (docs/judging.md).
    let lead = if row.some_text(1).is_some() { (1, 11) } else { (2, 12) };
    let (event, place) = if any(&told.events, lead.0) { lead } else { (2, 12) };
    if !any(&told.events, event) {
        return Some("its discrepancy does not name its events");
    }
    // A leg of which it names the event stands there with its row, on its party's side.
    let issuer = usize::from(row.text(0) == "b");
    let is_amiss =
        [(issuer, 1, 11), (1 - issuer, 2, 12)].into_iter().any(|(side, event, place)| {
            has(&told.events[side], event) && !has(&told.rows[side], place)
        });
    if is_amiss || !any(&told.rows, place) {
        return Some("its discrepancy does not name its rows");
    }
    (event == lead.0 && !is_member).then_some("its discrepancy does not name its member")
}

/// Whether a row that is handed on is the leg of an item.
fn is_handed_on(row: &Row<'_>, one: &Open, leads: bool) -> bool {
    let points = row.integer(8).map_or(0, i128::from);
    let is_leg = !leads
        || (one.kind == row.text(5)
            && one.member == row.text(6)
            && one.at == row.cell(7).to_string()
            && one.points.abs() == points.abs());
    let is_why = row.some_text(4).is_none()
        || one.code.is_empty()
        || (one.code == row.text(3) && one.discrepancy == row.text(4));
    // What is told in another period has its day there alone.
    let is_seen = row.cell(9) == Cell::Null || one.seen == row.cell(9).to_string();
    is_leg && is_why && (one.code.is_empty() || is_seen)
}

/// An offset such as `+08:00`.
struct Shift(Offset);

impl std::str::FromStr for Shift {
    type Err = ();

    fn from_str(text: &str) -> Result<Shift, ()> {
        let (sign, rest) = match text.split_at_checked(1) {
            Some(("+", rest)) => (1, rest),
            Some(("-", rest)) => (-1, rest),
            _ if text == "Z" => (1, "00:00"),
            _ => return Err(()),
        };
        let (hours, minutes) = rest.split_once(':').ok_or(())?;
        let seconds = hours.parse::<i32>().map_err(|_| ())? * 3600
            + minutes.parse::<i32>().map_err(|_| ())? * 60;
        Offset::from_seconds(sign * seconds).map(Shift).map_err(|_| ())
    }
}

/// Whether an age is the days from an instant's business day to the as-of date. A zone may move its
/// clocks within the year, which the manifest does not say: an hour either way is let be.
fn is_age(age: Option<i64>, at: Timestamp, as_of: Date, offsets: &[Offset]) -> bool {
    let days = |shift: i64| {
        offsets.iter().any(|offset| {
            let moved = at.as_second() + i64::from(offset.seconds()) + shift;
            let day =
                Timestamp::from_second(moved).ok().map(|at| Offset::UTC.to_datetime(at).date());
            let days = day.and_then(|day| day.until(as_of).ok());
            // What is approved for a day to come is no days old.
            age.is_some() && days.map(|span| i64::from(span.get_days()).max(0)) == age
        })
    };
    offsets.is_empty() || [0, -3600, 3600].into_iter().any(days)
}
