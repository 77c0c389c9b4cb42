//! Numbers of members, links and decisions, and balances, against the totals of the feeds that they
//! come from, where a table has every row of its feed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::publication::{Publication, ReviewError, Row};
use super::Check;
use crate::value::money::counted;

/// Keys of one feed: how many, their hash total, and the sum of their balances.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Keys {
    rows: u64,
    hash: u64,
    points: i128,
}

impl Keys {
    fn take(&mut self, key: &[&str], points: i64) {
        let mut hasher = blake3::Hasher::new();
        for (at, part) in key.iter().enumerate() {
            if at > 0 {
                hasher.update(&[0x1f]);
            }
            hasher.update(part.as_bytes());
        }
        let mut first = [0; 8];
        first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        self.rows += 1;
        self.points += i128::from(points);
        self.hash = self.hash.wrapping_add(u64::from_le_bytes(first));
    }
}

/// (owner, feed) → its keys.
type ByFeed = BTreeMap<(String, &'static str), Keys>;

/// Where a table has as many rows as its feed, they have the feed's keys.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let mut found = ByFeed::new();
    let mut take = |owner: &str, feed: &'static str, key: &[&str], points: i64| {
        found.entry((owner.to_owned(), feed)).or_default().take(key, points);
    };
    // A feed of accounts has a row for every balance that is reported, and an opening likewise.
    // Once a period was closed its closing opens the next, whatever is delivered.
    let balances = if publication.manifest.past.is_empty() { 2 } else { 1 };
    let columns = ["party", "member_no", "reported", "opening"];
    publication.scan("accounts", &columns, |_, row| {
        for (at, feed) in [(2, "accounts"), (3, "opening")].into_iter().take(balances) {
            if let Some(balance) = row.integer(at) {
                take(row.text(0), feed, &[row.text(1)], balance);
            }
        }
        Ok(())
    })?;
    let columns = ["evidence", "a_member", "b_member"];
    publication.scan("links", &columns, |_, row| {
        if row.text(0) == "link record" {
            take("shared", "links", &[row.text(1), row.text(2)], 0);
        }
        Ok(())
    })?;
    let mut decisions: BTreeSet<String> = BTreeSet::new();
    // What a closed period handed on is no row of this one's feed. Publications from before
    // anything was handed on do not have the column.
    let columns: &[&str] = match publication.has("open_adjustments") {
        true => &["decision_id", "handed_on_by"],
        false => &["decision_id"],
    };
    publication.scan("decisions", columns, |_, row| {
        if columns.len() == 1 || row.some_text(1).is_none() {
            decisions.insert(row.text(0).to_owned());
        }
        Ok(())
    })?;
    for decision in &decisions {
        take("shared", "decisions", &[decision.as_str()], 0);
    }
    let mut said = ByFeed::new();
    let columns = ["owner", "subject", "stage", "rows", "hash_total", "points"];
    publication.scan("control_totals", &columns, |number, row| {
        let feed = ["accounts", "opening", "links", "decisions"];
        let feed = feed.into_iter().find(|feed| *feed == row.text(1));
        let feed = feed.filter(|feed| *feed != "opening" || balances == 2);
        let total = total(row);
        if row.some_text(4).is_some() && total.is_none() {
            check.fault(|| format!("control_totals row {number}: its hash total is no number"));
        }
        if let (Some(feed), "accepted", Some((rows, hash))) = (feed, row.text(2), total) {
            let keys = said.entry((row.text(0).to_owned(), feed)).or_default();
            keys.rows += rows;
            keys.hash = keys.hash.wrapping_add(hash);
            keys.points += row.integer(5).map_or(0, i128::from);
        }
        Ok(())
    })?;
    let mut compared: u64 = 0;
    for ((owner, feed), said) in &said {
        let found = found.get(&(owner.clone(), feed)).copied().unwrap_or_default();
        // An account that stands twice has no row, and several rows may be one link.
        if found.rows == said.rows {
            compared += found.rows;
            check.expect(|| format!("{owner} {feed} hash total"), said.hash, found.hash);
            check.expect(|| format!("{owner} {feed} points"), said.points, found.points);
        } else {
            check.beyond(format!(
                "{owner} {feed}: the feed has {} and the table {}, so that the hash total cannot \
                 be taken from it",
                counted(said.rows, "row"),
                counted(found.rows, "key")
            ));
        }
    }
    check.compared = counted(compared, "key");
    Ok(())
}

fn total(row: &Row<'_>) -> Option<(u64, u64)> {
    let rows = u64::try_from(row.integer(3)?).ok()?;
    Some((rows, row.some_text(4)?.parse().ok()?))
}
