//! Books and feeds: conservation, accounts, held items and control totals.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::super::publication::{Cell, Publication, ReviewError, Row, add};
use super::Check;
use crate::value::money;

/// What a control total says.
#[derive(Debug, Clone, Default)]
struct Total {
    rows: i128,
    points: i128,
    money: BTreeMap<String, Decimal>,
}

/// (owner, subject, stage); the totals of single files are summed.
type Totals = BTreeMap<(String, String, String), Total>;

/// (owner, feed, file, stage) → rows.
type FileRows = BTreeMap<(String, String, String, String), i128>;

const PARTIES: [(&str, &str); 2] = [("a", "b"), ("b", "a")];

/// Where `expected` stands among the columns of accounts that are read: after the opening and the
/// movements, and before `reported` and `difference`.
const EXPECTED: usize = 12;

/// An integer of a row as a term of a sum that no table can make overflow; zero for a null.
fn figure(row: &Row<'_>, at: usize) -> i128 {
    row.integer(at).map_or(0, i128::from)
}

pub(super) fn checks(publication: &Publication) -> Vec<Check> {
    vec![
        Check::made("conservation: in = counted + held + excluded + pending", "守恒", |check| {
            conservation(publication, check)
        }),
        Check::made("counted and held legs against their totals", "计入与挂账", |check| {
            legs(publication, check)
        }),
        Check::made("accounts rolled forward", "滚动余额", |check| {
            accounts(publication, check)
        }),
        Check::made("links by themselves", "会员勾对", |check| links(publication, check)),
        Check::made("files read = accepted + rejected + ignored", "读入守恒", |check| {
            feeds(publication, check)
        }),
    ]
}

fn totals(publication: &Publication) -> Result<(Totals, FileRows), ReviewError> {
    let (mut totals, mut files) = (Totals::new(), FileRows::new());
    let columns = ["owner", "subject", "file", "stage", "rows", "points", "money", "currency"];
    publication.scan("control_totals", &columns, |_, row| {
        let [owner, subject, stage] = [0, 1, 3].map(|at| row.text(at).to_owned());
        let rows = figure(row, 4);
        if let Some(file) = row.some_text(2) {
            let key = (owner.clone(), subject.clone(), file.to_owned(), stage.clone());
            files.insert(key, rows);
        }
        let total = totals.entry((owner, subject, stage)).or_default();
        total.rows += rows;
        total.points += figure(row, 5);
        if let Some(money) = row.decimal(6) {
            let sum = total.money.entry(row.text(7).to_owned()).or_default();
            add(sum, money, "money")?;
        }
        Ok(())
    })?;
    Ok((totals, files))
}

fn of(totals: &Totals, owner: &str, subject: &str, stage: &str) -> Total {
    let key = (owner.to_owned(), subject.to_owned(), stage.to_owned());
    totals.get(&key).cloned().unwrap_or_default()
}

/// in + recalled = counted + held + excluded + pending, for each book and role, in rows, points and
/// money (domain.md invariant 13); and what a ledger's files brought is in, or of another period.
fn conservation(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let (totals, _) = totals(publication)?;
    let mut rows = 0;
    for (owner, _) in PARTIES {
        for subject in ["issuer", "acceptor", "own"] {
            let sum = |stages: &[&str]| {
                let mut sum = Total::default();
                for total in stages.iter().map(|stage| of(&totals, owner, subject, stage)) {
                    sum.rows += total.rows;
                    sum.points += total.points;
                    for (currency, money) in total.money {
                        add(sum.money.entry(currency).or_default(), money, "money")?;
                    }
                }
                sum.money.retain(|_, money| !money.is_zero());
                Ok::<Total, ReviewError>(sum)
            };
            let came_in = sum(&["in", "recalled"])?;
            let placed = sum(&["counted", "held", "excluded", "pending"])?;
            let what = |measure: &str| format!("{owner} {subject} {measure} in");
            check.expect(|| what("rows"), came_in.rows, placed.rows);
            check.expect(|| what("points"), came_in.points, placed.points);
            let shown = |total: &Total| format!("{:?}", total.money);
            check.expect(|| what("money"), shown(&came_in), shown(&placed));
            rows += came_in.rows;
        }
        let accepted = of(&totals, owner, "ledger", "accepted");
        let mut read = Total::default();
        for subject in ["issuer", "acceptor", "own"] {
            for stage in ["in", "other_period"] {
                let total = of(&totals, owner, subject, stage);
                read.rows += total.rows;
                read.points += total.points;
            }
        }
        check.expect(|| format!("{owner} ledger rows accepted"), accepted.rows, read.rows);
        check.expect(|| format!("{owner} ledger points accepted"), accepted.points, read.points);
    }
    check.compared = format!("{} of both books", money::counted(rows as u64, "row"));
    Ok(())
}

/// Counted and held legs one by one against the totals of their books.
fn legs(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let (totals, _) = totals(publication)?;
    let mut compared = 0;
    let mut counted: BTreeMap<String, (i128, i128, i128, i128)> = BTreeMap::new();
    let columns =
        ["issuer", "issuer_event_id", "acceptor_event_id", "issuer_points", "recorded_mirror"];
    publication.scan("cleared_events", &columns, |_, row| {
        let legs = counted.entry(row.text(0).to_owned()).or_default();
        legs.0 += i128::from(row.some_text(1).is_some());
        legs.1 += i128::from(row.some_text(2).is_some());
        legs.2 += figure(row, 3);
        legs.3 += figure(row, 4);
        Ok(())
    })?;
    for (party, partner) in PARTIES {
        let (issued, accepted, points, recorded) = counted.get(party).copied().unwrap_or_default();
        let issuer = of(&totals, party, "issuer", "counted");
        let acceptor = of(&totals, partner, "acceptor", "counted");
        check.expect(|| format!("{party} issuer counted rows"), issuer.rows, issued);
        check.expect(|| format!("{party} issuer counted points"), issuer.points, points);
        check.expect(|| format!("{partner} acceptor counted rows"), acceptor.rows, accepted);
        check.expect(|| format!("{partner} acceptor counted points"), acceptor.points, recorded);
        compared += issued + accepted;
    }
    for (table, stage) in [("held", "held"), ("pending", "pending")] {
        let mut items: BTreeMap<String, (i128, i128)> = BTreeMap::new();
        let mut worth: BTreeMap<String, BTreeMap<String, Decimal>> = BTreeMap::new();
        let columns = ["issuer", "issuer_event_id", "acceptor_event_id", "currency", "amount"];
        publication.scan(table, &columns, |_, row| {
            if let (Some(_), Some(amount)) = (row.some_text(1), row.decimal(4)) {
                let of = worth.entry(row.text(0).to_owned()).or_default();
                add(of.entry(row.text(3).to_owned()).or_default(), amount, "held")?;
            }
            let legs = items.entry(row.text(0).to_owned()).or_default();
            legs.0 += i128::from(row.some_text(1).is_some());
            legs.1 += i128::from(row.some_text(2).is_some());
            Ok(())
        })?;
        for (party, partner) in PARTIES {
            let (issued, accepted) = items.get(party).copied().unwrap_or_default();
            let own = of(&totals, party, "own", stage).rows;
            let issuer = of(&totals, party, "issuer", stage).rows + own;
            let acceptor = of(&totals, partner, "acceptor", stage).rows;
            check.expect(|| format!("{party} issuer and own {stage} rows"), issuer, issued);
            check.expect(|| format!("{partner} acceptor {stage} rows"), acceptor, accepted);
            let shown = |worth: BTreeMap<String, Decimal>| {
                let some = worth.into_iter().filter(|(_, amount)| !amount.is_zero());
                let each =
                    some.map(|(currency, amount)| format!("{} {currency}", amount.normalize()));
                each.collect::<Vec<String>>().join(", ")
            };
            let total = shown(of(&totals, party, "issuer", stage).money);
            let listed = shown(worth.remove(party).unwrap_or_default());
            check.expect(|| format!("{party} issuer {stage} money"), total, listed);
            compared += issued + accepted;
        }
    }
    // What is held is handed on as it was read; rows without a code wait and are not held.
    let mut handed: BTreeMap<String, (i128, i128)> = BTreeMap::new();
    publication.scan("open_rows", &["party", "code", "points"], |_, row| {
        if row.some_text(1).is_some() {
            let of = handed.entry(row.text(0).to_owned()).or_default();
            *of = (of.0 + 1, of.1 + figure(row, 2));
        }
        Ok(())
    })?;
    for (party, _) in PARTIES {
        let mut total = Total::default();
        for subject in ["issuer", "acceptor", "own"] {
            let of = of(&totals, party, subject, "held");
            total.rows += of.rows;
            total.points += of.points;
        }
        let (rows, points) = handed.get(party).copied().unwrap_or_default();
        check.expect(|| format!("{party} held rows"), total.rows, rows);
        check.expect(|| format!("{party} held points"), total.points, points);
    }
    check.compared = money::counted(compared as u64, "leg");
    Ok(())
}

/// opening + movements = expected for every account, and the programme's totals are their sums.
fn accounts(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let columns = [
        "party",
        "opening",
        "earn",
        "xearn",
        "burn",
        "xburn",
        "xout",
        "xin",
        "reversal",
        "expire",
        "adjust",
        "merge",
        "expected",
        "reported",
        "difference",
        "member_no",
        "flagged",
    ];
    let flags = flags(publication)?;
    let mut sums: BTreeMap<String, [i128; 3]> = BTreeMap::new();
    let mut accounts: u64 = 0;
    publication.scan("accounts", &columns, |number, row| {
        accounts = number;
        // Only a balance may not be known.
        if (2..=EXPECTED).any(|at| row.integer(at).is_none()) {
            check.fault(|| format!("accounts row {number}: a movement or its sum is empty"));
        }
        let expected: i128 = (1..EXPECTED).map(|at| figure(row, at)).sum();
        check.expect(|| format!("accounts row {number} expected"), figure(row, EXPECTED), expected);
        let reported = row.integer(EXPECTED + 1).map(i128::from);
        if reported.map(|reported| reported - expected) != row.integer(EXPECTED + 2).map(i128::from)
        {
            check.fault(|| format!("accounts row {number}: difference is not reported - expected"));
        }
        let key = (row.text(0).to_owned(), row.text(EXPECTED + 3).to_owned());
        if row.cell(EXPECTED + 4) != Cell::Flag(flags.contains(&key)) {
            check.fault(|| format!("accounts row {number}: its flag is not by its discrepancies"));
        }
        let sum = sums.entry(row.text(0).to_owned()).or_default();
        for (sum, at) in sum.iter_mut().zip([1, EXPECTED, EXPECTED + 1]) {
            *sum += figure(row, at);
        }
        Ok(())
    })?;
    check.compared = money::counted(accounts, "account");
    let (totals, _) = totals(publication)?;
    for (party, sums) in &sums {
        for (stage, sum) in ["opening", "expected", "reported"].into_iter().zip(sums) {
            let total = of(&totals, party, "programme", stage).points;
            check.expect(|| format!("{party} programme {stage}"), total, *sum);
        }
    }
    Ok(())
}

/// How a link came about, on what it rests, and whether it can authorise clearing fit together.
fn links(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let mut links: u64 = 0;
    let columns = ["method", "evidence", "standing", "bound_at", "unbound_at", "consents"];
    publication.scan("links", &columns, |number, row| {
        links = number;
        let token = row.text(1).strip_prefix("token ");
        let is_record = row.text(1) == "link record";
        let is_token = token.is_some_and(|of| ["mobile", "email", "name"].contains(&of));
        let fits = match row.text(0) {
            "ambiguous" => is_token && row.text(2) == "ambiguous",
            "inferred" => (is_token || is_record) && row.text(2) == "inferred",
            "authorised" | "imported" => is_record && STANDINGS.contains(&row.text(2)),
            _ => false,
        };
        let is_bound = row.cell(3) != Cell::Null;
        let is_unbound = row.cell(4) != Cell::Null;
        let consents = row.integer(5).unwrap_or(-1);
        if !fits || is_bound != is_record || is_unbound && !is_record || consents < 0 {
            check.fault(|| format!("links row {number}: method, evidence and standing do not fit"));
        }
        Ok(())
    })?;
    check.compared = money::counted(links, "link");
    Ok(())
}

/// The standings of a link that is not inferred.
const STANDINGS: [&str; 5] =
    ["sound", "absent_in_a", "absent_in_b", "contradicted", "duplicate_key"];

/// The accounts, by party and member, that a discrepancy of a balance names.
fn flags(publication: &Publication) -> Result<BTreeSet<(String, String)>, ReviewError> {
    let mut flags = BTreeSet::new();
    let columns = ["code", "issuer", "a_member", "b_member"];
    publication.scan("discrepancies", &columns, |_, row| {
        if matches!(row.text(0), "LED-01" | "LED-02" | "LED-03") {
            let member = if row.text(1) == "a" { row.text(2) } else { row.text(3) };
            flags.insert((row.text(1).to_owned(), member.to_owned()));
        }
        Ok(())
    })?;
    Ok(flags)
}

/// What a total may say: of a file rows, and of those that were accepted points and keys; of a book
/// money in a currency, and no keys. Every file has all of its stages.
fn of_files(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let columns =
        ["owner", "subject", "file", "stage", "points", "money", "currency", "hash_total", "rows"];
    let mut stages: BTreeMap<[String; 3], BTreeSet<String>> = BTreeMap::new();
    publication.scan("control_totals", &columns, |number, row| {
        let is_accepted = row.text(3) == "accepted";
        let (points, keys) = (row.integer(4).is_some(), row.some_text(7).is_some());
        let mut is_sound = row.decimal(5).is_some() == row.some_text(6).is_some();
        match row.some_text(2) {
            Some(file) => {
                is_sound &= row.decimal(5).is_none() && row.integer(8).is_some();
                is_sound &= is_accepted || !points && !keys;
                let key = [row.text(0), row.text(1), file].map(str::to_owned);
                is_sound &= stages.entry(key).or_default().insert(row.text(3).to_owned());
            }
            None => is_sound &= !keys,
        }
        if !is_sound || !matches!(row.text(0), "a" | "b" | "shared") {
            check.fault(|| format!("control_totals row {number}: no total says so"));
        }
        Ok(())
    })?;
    for ([owner, feed, file], stages) in &stages {
        let has =
            |all: &[&str]| all.len() == stages.len() && all.iter().all(|it| stages.contains(*it));
        if !has(&["read", "ignored"]) && !has(&["read", "accepted", "rejected"]) {
            check.fault(|| format!("{owner} {feed} {file}: a stage of it is missing"));
        }
    }
    Ok(())
}

/// read = accepted + rejected + ignored for every file, and as many refused rows as are listed.
fn feeds(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let (_, files) = totals(publication)?;
    of_files(publication, check)?;
    let mut refused: BTreeMap<(String, String), i128> = BTreeMap::new();
    publication.scan("rejects", &["owner", "feed"], |_, row| {
        *refused.entry((row.text(0).to_owned(), row.text(1).to_owned())).or_default() += 1;
        Ok(())
    })?;
    let mut said: BTreeMap<(String, String), i128> = BTreeMap::new();
    let mut count: u64 = 0;
    for ((owner, feed, file, stage), rows) in &files {
        match stage.as_str() {
            "read" => {
                count += 1;
                let placed: i128 = ["accepted", "rejected", "ignored"]
                    .map(|stage| (owner.clone(), feed.clone(), file.clone(), stage.to_owned()))
                    .iter()
                    .filter_map(|key| files.get(key))
                    .sum();
                check.expect(|| format!("{file} read"), *rows, placed);
            }
            "rejected" => *said.entry((owner.clone(), feed.clone())).or_default() += rows,
            "accepted" | "ignored" => {}
            other => check.fault(|| format!("{file}: `{other}` is no stage of a file")),
        }
    }
    said.retain(|_, rows| *rows != 0);
    let keys: std::collections::BTreeSet<_> = said.keys().chain(refused.keys()).collect();
    for key in keys {
        let of =
            |rows: &BTreeMap<(String, String), i128>| rows.get(key).copied().unwrap_or_default();
        check.expect(|| format!("{} {} rejected", key.0, key.1), of(&said), of(&refused));
    }
    check.compared = money::counted(count, "file");
    Ok(())
}
