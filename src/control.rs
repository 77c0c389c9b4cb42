//! Control totals (控制总数): rows, points and money per feed and stage, and the totals of each book
//! by role and disposition.

use std::collections::BTreeMap;

use arrow::array::AsArray;
use arrow::datatypes::{Int64Type, UInt32Type};

use crate::account::Account;
use crate::feed::{FeedKind, FeedRows, InputFile};
use crate::frame::schema::FILE;
use crate::value::money::Currency;
use crate::value::party::Party;
use crate::value::points::Overflow;
use crate::value::price::{Worth, Worths};

/// A control total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlTotal {
    /// `a`, `b` or `shared`.
    pub owner: &'static str,
    /// The feed, `accounts`, or a role of ledger rows.
    pub subject: &'static str,
    /// The file, where it is one file's.
    pub file: Option<String>,
    /// What was totalled.
    pub stage: &'static str,
    /// Rows; `None` for a total of money alone.
    pub rows: Option<u64>,
    /// Signed points on the party's own book.
    pub points: Option<i128>,
    /// The exact worth of issuer's legs.
    pub money: Option<Worth>,
}

/// What rows of one role and disposition amount to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StageTotal {
    /// Rows.
    pub rows: u64,
    /// Signed points on the party's own book.
    pub points: i128,
    /// The exact worth of issuer's legs by currency; nothing for other rows.
    pub money: Worths,
}

impl StageTotal {
    /// Adds a row.
    ///
    /// # Errors
    /// [`Overflow`] when a sum cannot be exact.
    pub fn add(&mut self, points: i64, money: Option<Worth>) -> Result<(), Overflow> {
        self.rows += 1;
        let overflow = Overflow { what: "points" };
        self.points = self.points.checked_add(i128::from(points)).ok_or(overflow)?;
        if let Some(money) = money {
            self.money.add(money)?;
        }
        Ok(())
    }
}

/// One party's book by role: what came in and what became of it. It exists only when both balance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Conservation {
    /// (role, stage) → total; stages are `in` and the words of the dispositions.
    pub totals: BTreeMap<(&'static str, &'static str), StageTotal>,
    /// The exact worth of held issuer's legs by currency.
    pub held: Worths,
}

impl Conservation {
    /// The total of a role and stage.
    #[must_use]
    pub fn of(&self, role: &'static str, stage: &'static str) -> StageTotal {
        self.totals.get(&(role, stage)).cloned().unwrap_or_default()
    }

    /// The rows that came in, whatever their role.
    #[must_use]
    pub fn rows_in(&self) -> u64 {
        let came_in = self.totals.iter().filter(|((_, stage), _)| *stage == "in");
        came_in.map(|(_, total)| total.rows).sum()
    }
}

/// What was read of one file. A file that repeats another has what that one has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileTotal {
    /// Data rows, refused ones included.
    pub rows: u64,
    /// Refused rows.
    pub rejected: u64,
    /// The points of the accepted rows, where the feed has a column of points.
    pub points: Option<i128>,
}

/// What was read of each file of a feed, in the order of the files.
///
/// # Errors
/// [`Overflow`] when a sum of points leaves 127 bits.
pub fn by_file(feed: &FeedRows) -> Result<Vec<FileTotal>, Overflow> {
    let points_column = match feed.kind {
        FeedKind::Ledger => Some("points"),
        FeedKind::Accounts | FeedKind::Opening => Some("balance"),
        FeedKind::Lots => Some("remaining"),
        FeedKind::Statement | FeedKind::Deliveries | FeedKind::Decisions => None,
        FeedKind::Members | FeedKind::Links | FeedKind::Consents => None,
        FeedKind::Adjustments | FeedKind::Settlements | FeedKind::ExemptDays => None,
    };
    let mut accepted = vec![StageTotal::default(); feed.files.len()];
    let files = feed.rows.column_by_name(FILE).and_then(|c| c.as_primitive_opt::<UInt32Type>());
    let points = points_column
        .and_then(|name| feed.rows.column_by_name(name))
        .and_then(|column| column.as_primitive_opt::<Int64Type>());
    for (row, file) in files.into_iter().flat_map(|files| files.values().iter().enumerate()) {
        let points = points.map_or(0, |points| points.value(row));
        if let Some(total) = accepted.get_mut(*file as usize) {
            total.add(points, None)?;
        }
    }
    let mut totals: BTreeMap<&str, FileTotal> = BTreeMap::new();
    for (file, accepted) in feed.files.iter().zip(accepted) {
        let total = match &file.repeats {
            // The first of the files with a content stands before the others.
            Some(first) => totals.get(first.as_str()).copied().unwrap_or_default(),
            None => {
                let of_file = feed.rejects.iter().filter(|reject| reject.file == file.path);
                let points = points_column.map(|_| accepted.points);
                FileTotal { rows: file.rows, rejected: of_file.count() as u64, points }
            }
        };
        totals.insert(&file.path, total);
    }
    let total_of = |file: &InputFile| totals.get(file.path.as_str()).copied();
    Ok(feed.files.iter().filter_map(total_of).collect())
}

/// The totals of a feed, file by file: read = accepted + rejected; a repeated file is ignored.
#[must_use]
pub fn of_feed(feed: &FeedRows, files: &[FileTotal]) -> Vec<ControlTotal> {
    let mut totals = Vec::new();
    for (file, found) in feed.files.iter().zip(files) {
        let total = |stage, rows, points| ControlTotal {
            owner: feed.owner.word(),
            subject: feed.kind.word(),
            file: Some(file.path.clone()),
            stage,
            rows: Some(rows),
            points,
            money: None,
        };
        if file.repeats.is_some() {
            totals.push(total("ignored", found.rows, None));
            continue;
        }
        totals.push(total("read", found.rows, None));
        totals.push(total("accepted", found.rows.saturating_sub(found.rejected), found.points));
        totals.push(total("rejected", found.rejected, None));
    }
    totals
}

/// The totals of one party's book, by role and stage, with the money of the settlement currency;
/// then one of its own for each other currency, which has money and no rows.
#[must_use]
pub fn of_book(party: Party, conservation: &Conservation, currency: Currency) -> Vec<ControlTotal> {
    let mut totals = Vec::new();
    for (&(subject, stage), total) in &conservation.totals {
        let of = |rows, points, money| ControlTotal {
            owner: party.letter(),
            subject,
            file: None,
            stage,
            rows,
            points,
            money,
        };
        let amount = total.money.of(currency);
        let money = (subject == "issuer").then_some(Worth { amount, currency });
        totals.push(of(Some(total.rows), Some(total.points), money));
        let others = total.money.iter().filter(|worth| worth.currency != currency);
        totals.extend(others.map(|worth| of(None, None, Some(worth))));
    }
    totals
}

/// The programme totals of one party's accounts (总分核对).
///
/// # Errors
/// [`Overflow`] when a sum leaves 127 bits.
pub fn of_accounts(party: Party, accounts: &[Account]) -> Result<Vec<ControlTotal>, Overflow> {
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let total = |stage, balance: fn(&Account) -> Option<i64>| {
        let mut total = StageTotal::default();
        for balance in accounts.iter().filter_map(balance) {
            total.add(balance, None)?;
        }
        Ok(ControlTotal {
            owner: party.letter(),
            subject: "programme",
            file: None,
            stage,
            rows: Some(total.rows),
            points: Some(total.points),
            money: None,
        })
    };
    Ok(vec![
        total("opening", |account| account.opening)?,
        total("expected", |account| Some(account.expected))?,
        total("reported", |account| account.reported)?,
    ])
}
