//! Discrepancies by themselves: each is of a rule, its number follows from agreement, code and
//! subjects, and its figures from one another.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::super::manifest::Manifest;
use super::super::publication::{Cell, Publication, ReviewError, Row};
use super::Check;
use crate::detect::rules;
use crate::discrepancy::{ABSENT, Effect, Rule, Severity, code_of_id};
use crate::value::money::counted;

const COLUMNS: [&str; 21] = [
    "discrepancy_id",
    "code",
    "title",
    "title_zh",
    "severity",
    "effect",
    "issuer",
    "a_event_id",
    "a_member",
    "b_event_id",
    "b_member",
    "expected",
    "actual",
    "difference_points",
    "amount_at_stake",
    "currency",
    "first_seen",
    "age_days",
    "a_rows",
    "b_rows",
    "field",
];

/// Every discrepancy is what its rule, its evidence and its days make it.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let manifest = &publication.manifest;
    let as_of: Option<Date> = manifest.as_of.parse().ok();
    let currencies: BTreeSet<&str> = manifest
        .terms
        .iter()
        .filter(|term| term.term == "minimum settlement")
        .filter_map(|term| Some(term.value.split_once(' ')?.1))
        .collect();
    let mut catalogue: BTreeMap<&str, Vec<&Rule>> = BTreeMap::new();
    for rule in rules() {
        catalogue.entry(rule.code).or_default().push(rule);
    }
    let mut found: u64 = 0;
    let mut blocks: u64 = 0;
    let mut untold: BTreeSet<String> = BTreeSet::new();
    publication.scan("discrepancies", &COLUMNS, |number, row| {
        found = number;
        let mut fault = |what: &str| check.fault(|| format!("discrepancies row {number}: {what}"));
        let pages = catalogue.get(row.text(1)).map_or(&[][..], Vec::as_slice);
        let page = pages.iter().find(|page| (page.title, page.zh) == (row.text(2), row.text(3)));
        match page {
            None => fault("no rule of its code has its title"),
            Some(page) if !is_effect(row.text(5), page) => fault("its rule has no such effect"),
            Some(_) => {}
        }
        if !SEVERITIES.iter().any(|severity| severity.word() == row.text(4)) {
            fault("its severity is none");
        }
        blocks += u64::from(row.text(5) == Effect::Blocks.word());
        match (row.cell(16), as_of) {
            (Cell::Day(first), Some(as_of)) => {
                let age = first.until(as_of).map_or(-1, |span| i64::from(span.get_days()));
                if row.integer(17) != Some(age) || age < 0 {
                    fault("its age is not the days since it was first seen");
                }
            }
            _ => fault("it was never seen"),
        }
        if row.decimal(14).is_some() != row.some_text(15).is_some() {
            fault("it has money without a currency, or a currency without money");
        }
        if row.some_text(15).is_some_and(|currency| !currencies.contains(currency)) {
            fault("its currency is not the agreement's");
        }
        if !matches!(row.text(6), "" | "a" | "b") {
            fault("it is of nobody's points");
        }
        for (event, place) in [(7, 18), (9, 19)] {
            let (is_event, is_row) =
                (row.some_text(event).is_some(), row.some_text(place).is_some());
            if is_event && !is_row || is_row && !is_event && BY_EVENTS.contains(&row.text(1)) {
                fault("it names an event without its row, or a row without its event");
            }
            if is_event && BY_MEMBERS.contains(&row.text(1)) {
                fault("it is told of a member, and names an event");
            }
        }
        // What is not there is nothing; only what is back-dated has an instant in its place.
        let whole = |at: usize| row.some_text(at).map_or(Some(0), |text| text.parse::<i128>().ok());
        let difference = row.integer(13).map(i128::from).filter(|_| row.text(1) != "LED-07");
        if let Some(difference) = difference {
            let of = whole(11).zip(whole(12)).map(|(expected, actual)| actual - expected);
            if of != Some(difference) {
                fault("its difference is not actual less expected");
            }
        }
        let is_mirror = row.text(1).starts_with("AMT-") && row.text(20) == "points";
        if is_mirror && (11..14).any(|at| row.cell(at) == Cell::Null) {
            fault("its mirror is not told");
        }
        match id_follows(row, manifest) {
            Some(true) => {}
            Some(false) => {
                let what = format!("its id does not follow from the subjects of {}", row.text(1));
                fault(&what);
            }
            None => {
                untold.insert(row.text(1).to_owned());
            }
        }
        Ok(())
    })?;
    if publication.has("statement") && blocks > 0 {
        check
            .fault(|| format!("{} that block it stand beside a statement", counted(blocks, "row")));
    }
    if !untold.is_empty() {
        let codes: Vec<String> = untold.into_iter().collect();
        check.beyond(format!(
            "ids of {} are made of more than their rows say, such as the name of a file or a \
             column, and are not recomputed",
            codes.join(", ")
        ));
    }
    check.compared = counted(found, "discrepancy");
    Ok(())
}

const SEVERITIES: [Severity; 4] =
    [Severity::Information, Severity::Warning, Severity::Error, Severity::Fatal];

/// Whether a rule may have an effect: its own, or counted where a pipeline weakens it.
fn is_effect(effect: &str, page: &Rule) -> bool {
    effect == page.effect.word() || effect == Effect::Counted.word()
}

/// Codes whose subjects are the events that their evidence names, and those whose are members, but
/// what is told of an account's lots.
pub(super) const BY_EVENTS: [&str; 27] = [
    "AMT-01", "AMT-02", "AMT-03", "AMT-04", "AMT-05", "AMT-06", "AMT-07", "CAP-01", "CAP-02",
    "CAP-03", "CON-01", "CON-02", "EVT-01", "EVT-02", "EVT-05", "EVT-06", "EVT-07", "EVT-08",
    "EVT-09", "EVT-10", "LED-04", "LED-07", "MBR-07", "REV-01", "REV-02", "REV-03", "REV-04",
];
const BY_MEMBERS: [&str; 9] =
    ["LED-01", "LED-02", "LED-05", "MBR-01", "MBR-02", "MBR-03", "TIR-01", "TIR-02", "TIR-03"];

/// Parts of a list of ids that are put together in every way: beyond these nobody tries.
const PARTS: usize = 12;

/// Whether the id is the digest of agreement, code and the subjects that the evidence names, each
/// preceded by its length and told by its party's code; `None` where the code has other subjects.
fn id_follows(row: &Row<'_>, manifest: &Manifest) -> Option<bool> {
    let code = row.text(1);
    let [a, b] = if BY_EVENTS.contains(&code) {
        [7, 9]
    } else if BY_MEMBERS.contains(&code) && row.text(20) != "lots" {
        [8, 10]
    } else {
        return None;
    };
    let lists = [(&manifest.a_code, row.text(a)), (&manifest.b_code, row.text(b))];
    let parts: usize = lists.iter().map(|(_, list)| list.split(';').count()).sum();
    let is_it = |of_a: &[String], of_b: &[String]| {
        let whose = [(&manifest.a_code, of_a), (&manifest.b_code, of_b)];
        let mut keys: Vec<(&str, &str)> = whose
            .iter()
            .flat_map(|(code, ids)| ids.iter().map(|id| (code.as_str(), id.as_str())))
            .collect();
        match code {
            "MBR-01" => keys.push((&manifest.a_code, ABSENT)),
            "MBR-02" => keys.push((&manifest.b_code, ABSENT)),
            _ => {}
        }
        keys.sort_unstable();
        let mut hasher = blake3::Hasher::new();
        let keys = keys.iter().flat_map(|(code, id)| [*code, *id]);
        for text in [manifest.agreement.as_str(), code_of_id(code)].into_iter().chain(keys) {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        }
        hasher.finalize().to_hex()[..20] == *row.text(0)
    };
    // Ids are joined by semicolons, which one may hold itself: first as they part, then otherwise.
    let [of_a, of_b] = lists.map(|(_, list)| split(list));
    if is_it(&of_a, &of_b) {
        return Some(true);
    }
    if parts > PARTS {
        return None;
    }
    let (of_a, of_b) = (joinings(&of_a), joinings(&of_b));
    Some(of_a.iter().any(|a| of_b.iter().any(|b| is_it(a, b))))
}

fn split(list: &str) -> Vec<String> {
    if list.is_empty() { Vec::new() } else { list.split(';').map(str::to_owned).collect() }
}

/// Every list of ids that reads so when it is joined by semicolons.
fn joinings(parts: &[String]) -> Vec<Vec<String>> {
    let Some((first, rest)) = parts.split_first() else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for mut ids in joinings(rest) {
        if let Some(next) = ids.first() {
            let mut joined = ids.clone();
            joined[0] = format!("{first};{next}");
            all.push(joined);
        }
        ids.insert(0, first.clone());
        all.push(ids);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_put_together_in_every_way() {
        let parts = ["a", "b", "c"].map(str::to_owned);
        let mut all: Vec<String> = joinings(&parts).iter().map(|ids| ids.join(" ")).collect();
        all.sort_unstable();
        assert_eq!(all, ["a b c", "a b;c", "a;b c", "a;b;c"]);
        assert_eq!(joinings(&[]), [[""; 0]]);
    }
}
