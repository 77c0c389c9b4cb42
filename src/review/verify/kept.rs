//! Under which codes rows that are handed on stay held, against what this run found of them
//! (docs/periods.md, *Held over the periods*).

use std::collections::{BTreeMap, BTreeSet};

use super::super::publication::{Publication, ReviewError};
use super::Check;
use crate::value::money::counted;

/// The codes of which a hold stays until somebody decides, in order.
const STAY: [&str; 7] = ["CAP-01", "CAP-02", "CAP-03", "CON-01", "CON-02", "LED-04", "MBR-07"];

/// A party's row, by its number.
type Row = (String, String);

/// Every such code that holds a row now stands beside it, and no other where nothing was held
/// before, but for what the lots say of a leg that waits for its mirror.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let told = told(publication)?;
    let is_first = publication.manifest.past.is_empty();
    let columns = ["party", "event_id", "kept", "code"];
    let mut kept: BTreeMap<Row, BTreeSet<String>> = BTreeMap::new();
    let mut rows: u64 = 0;
    publication.scan("open_rows", &columns, |number, row| {
        rows += 1;
        let key = (row.text(0).to_owned(), row.text(1).to_owned());
        let codes = codes(row.text(2));
        let Some(codes) = codes else {
            check
                .fault(|| format!("open_rows row {number}: `kept` is no codes of holds that stay"));
            return Ok(());
        };
        let none = BTreeSet::new();
        let told = told.get(&key).unwrap_or(&none);
        let is_alone = row.text(3) == "EVT-01";
        let fits = |code: &String| told.contains(code) || (is_alone && code == "LED-04");
        if !told.is_subset(&codes) || (is_first && !codes.iter().all(fits)) {
            check.fault(|| format!("open_rows row {number}: `kept` is not what holds it"));
        }
        kept.insert(key, codes);
        Ok(())
    })?;
    publication.scan("own_rows", &columns[..3], |number, row| {
        let key = (row.text(0).to_owned(), row.text(1).to_owned());
        let codes = codes(row.text(2));
        // A row that is held is handed on too; one that is void is not.
        let is_said = |codes: &BTreeSet<String>| kept.get(&key).is_none_or(|kept| kept == codes);
        let fits = codes.as_ref().is_some_and(is_said);
        if !fits || (is_first && !kept.contains_key(&key) && row.some_text(2).is_some()) {
            check.fault(|| format!("own_rows row {number}: `kept` is not what holds it"));
        }
        Ok(())
    })?;
    check.compared = counted(rows, "row");
    Ok(())
}

/// Codes in order, each once; `None` where they are no such codes.
fn codes(text: &str) -> Option<BTreeSet<String>> {
    if text.is_empty() {
        return Some(BTreeSet::new());
    }
    let codes: Vec<&str> = text.split(';').collect();
    let is_sound = codes.iter().all(|code| STAY.contains(code)) && codes.is_sorted_by(|a, b| a < b);
    is_sound.then(|| codes.into_iter().map(str::to_owned).collect())
}

/// Of the issuer's rows, the codes under which this run holds them that stay.
fn told(publication: &Publication) -> Result<BTreeMap<Row, BTreeSet<String>>, ReviewError> {
    let columns = ["code", "effect", "issuer", "a_event_id", "b_event_id"];
    let mut told: BTreeMap<Row, BTreeSet<String>> = BTreeMap::new();
    publication.scan("discrepancies", &columns, |_, row| {
        let (code, party) = (row.text(0), row.text(2));
        let at = if party == "b" { 4 } else { 3 };
        if STAY.contains(&code)
            && row.text(1) == "held"
            && let Some(event) = row.some_text(at)
        {
            let key = (party.to_owned(), event.to_owned());
            told.entry(key).or_default().insert(code.to_owned());
        }
        Ok(())
    })?;
    Ok(told)
}
