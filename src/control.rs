//! Control totals (控制总数): rows, points and money per feed and stage, and the totals of each book
//! by role and disposition.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::feed::{FeedPart, FeedRows, PartSum, TotalOf};
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
    /// The hash total of the rows' keys (散列总数).
    pub hash_total: Option<u64>,
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
    /// Adds a row that has no money.
    fn add(&mut self, points: i64) -> Result<(), Overflow> {
        self.rows += 1;
        let overflow = Overflow { what: "points" };
        self.points = self.points.checked_add(i128::from(points)).ok_or(overflow)?;
        Ok(())
    }

    /// Adds what other rows amount to.
    fn take_in(&mut self, other: &StageTotal) -> Result<(), Overflow> {
        let points = self.points.checked_add(other.points);
        self.rows += other.rows;
        self.points = points.ok_or(Overflow { what: "points" })?;
        other.money.iter().try_for_each(|worth| self.money.add(worth))
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
    /// Adds what was balanced of other rows of the same book.
    ///
    /// # Errors
    /// [`Overflow`] when a sum cannot be exact.
    pub fn take_in(&mut self, other: &Conservation) -> Result<(), Overflow> {
        for (class, found) in &other.totals {
            self.totals.entry(*class).or_default().take_in(found)?;
        }
        other.held.iter().try_for_each(|worth| self.held.add(worth))
    }

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

/// What was read of a file, or of a part of one. A file that repeats another has what that one has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileTotal {
    /// Data rows, refused ones included.
    pub rows: u64,
    /// Refused rows.
    pub rejected: u64,
    /// The points of the accepted rows, where the feed has a column of points.
    pub points: Option<i128>,
    /// The hash total (散列总数) of the accepted rows' keys.
    pub hash: u64,
}

impl FileTotal {
    /// What was computed of what a total in the file declares; nothing where that cannot be held
    /// against it: points that were refused are in the total, and nobody knows how many they are.
    #[must_use]
    pub fn of(&self, what: TotalOf) -> Option<i128> {
        match what {
            TotalOf::Record => None,
            TotalOf::Rows => Some(i128::from(self.rows)),
            TotalOf::Points => self.points.filter(|_| self.rejected == 0),
        }
    }

    fn add(&mut self, other: &FileTotal) -> Result<(), Overflow> {
        self.rows += other.rows;
        self.rejected += other.rejected;
        self.hash = self.hash.wrapping_add(other.hash);
        self.points = match (self.points, other.points) {
            (Some(one), Some(other)) => {
                Some(one.checked_add(other).ok_or(Overflow { what: "points" })?)
            }
            (one, other) => one.or(other),
        };
        Ok(())
    }
}

/// What was read of each part of a feed, in the order of the parts.
#[must_use]
pub fn by_part(feed: &FeedRows) -> Vec<FileTotal> {
    let has_points = feed.kind.points_column().is_some();
    let parts = feed.parts.iter().zip(&feed.sums);
    let total = |(part, sum): (&FeedPart, &PartSum)| FileTotal {
        rows: part.rows,
        rejected: 0,
        points: has_points.then_some(sum.points),
        hash: sum.hash,
    };
    let mut totals: Vec<FileTotal> = parts.map(total).collect();
    let numbers: BTreeMap<&str, usize> =
        feed.parts.iter().map(|part| part.name.as_str()).zip(0..).collect();
    for reject in &feed.rejects {
        let part = numbers.get(reject.file.as_str()).and_then(|part| totals.get_mut(*part));
        if let Some(part) = part {
            part.rejected += 1;
        }
    }
    totals
}

/// What a row's key adds to a hash total: the first eight bytes of its BLAKE3, its columns parted
/// by a unit separator.
#[must_use]
pub fn key_hash<'k>(mut keys: impl ExactSizeIterator<Item = &'k str>) -> u64 {
    let hash = match (keys.len(), keys.next()) {
        (1, Some(key)) => blake3::hash(key.as_bytes()),
        (_, first) => {
            let mut hasher = blake3::Hasher::new();
            hasher.update(first.unwrap_or_default().as_bytes());
            for key in keys {
                hasher.update(b"\x1f");
                hasher.update(key.as_bytes());
            }
            hasher.finalize()
        }
    };
    hash.as_bytes().first_chunk().copied().map_or(0, u64::from_le_bytes)
}

/// What was read of each file of a feed, in the order of the files.
///
/// # Errors
/// [`Overflow`] when a sum of points leaves 127 bits.
pub fn by_file(feed: &FeedRows, parts: &[FileTotal]) -> Result<Vec<FileTotal>, Overflow> {
    let points = feed.kind.points_column().map(|_| 0);
    let mut totals = vec![FileTotal { points, ..FileTotal::default() }; feed.files.len()];
    for (part, found) in feed.parts.iter().zip(parts) {
        if let Some(total) = totals.get_mut(part.file as usize) {
            total.add(found)?;
        }
    }
    for at in 0..totals.len() {
        // The first of the files with a content stands before the others.
        let first = feed.files.get(at).and_then(|file| file.repeats.as_ref());
        let first = first.and_then(|first| feed.files.iter().position(|file| file.path == *first));
        let found = first.and_then(|first| totals.get(first).copied());
        if let (Some(total), Some(found)) = (totals.get_mut(at), found) {
            *total = found;
        }
    }
    Ok(totals)
}

/// The totals of a feed, file by file: read = accepted + rejected + ignored, the rows of
/// a file that repeats another.
#[must_use]
pub fn of_feed(feed: &FeedRows, files: &[FileTotal]) -> Vec<ControlTotal> {
    let mut totals = Vec::new();
    for (file, found) in feed.files.iter().zip(files) {
        let total = |stage, rows| ControlTotal {
            owner: feed.owner.word(),
            subject: feed.kind.word(),
            file: Some(file.path.clone()),
            stage,
            rows: Some(rows),
            points: None,
            money: None,
            hash_total: None,
        };
        totals.push(total("read", found.rows));
        if file.repeats.is_some() {
            totals.push(total("ignored", found.rows));
            continue;
        }
        totals.push(ControlTotal {
            points: found.points,
            hash_total: (!feed.kind.key_columns().is_empty()).then_some(found.hash),
            ..total("accepted", found.rows.saturating_sub(found.rejected))
        });
        totals.push(total("rejected", found.rejected));
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
            hash_total: None,
        };
        let amount = total.money.of(currency);
        let money = (subject == "issuer").then_some(Worth { amount, currency });
        totals.push(of(Some(total.rows), Some(total.points), money));
        let others = total.money.iter().filter(|worth| worth.currency != currency);
        totals.extend(others.map(|worth| of(None, None, Some(worth))));
    }
    totals
}

/// What a programme's accounts amount to, as they come (总分核对).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Programme {
    /// Accounts.
    accounts: u64,
    opening: StageTotal,
    expected: StageTotal,
    reported: StageTotal,
}

impl Programme {
    /// Adds accounts.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves 127 bits.
    pub fn add(&mut self, accounts: &[Account]) -> Result<(), Overflow> {
        for account in accounts {
            self.accounts += 1;
            self.expected.add(account.expected)?;
            if let Some(balance) = account.opening {
                self.opening.add(balance)?;
            }
            if let Some(balance) = account.reported {
                self.reported.add(balance)?;
            }
        }
        Ok(())
    }

    /// Takes in what other accounts of the same programme amount to.
    ///
    /// # Errors
    /// [`Overflow`] when a sum leaves 127 bits.
    pub fn take_in(&mut self, other: &Programme) -> Result<(), Overflow> {
        self.accounts += other.accounts;
        self.opening.take_in(&other.opening)?;
        self.expected.take_in(&other.expected)?;
        self.reported.take_in(&other.reported)
    }

    /// The programme totals of one party; none where it has no accounts.
    #[must_use]
    pub fn totals(&self, party: Party) -> Vec<ControlTotal> {
        let total = |(stage, total): (&'static str, &StageTotal)| ControlTotal {
            owner: party.letter(),
            subject: "programme",
            file: None,
            stage,
            rows: Some(total.rows),
            points: Some(total.points),
            money: None,
            hash_total: None,
        };
        let stages = [
            ("opening", &self.opening),
            ("expected", &self.expected),
            ("reported", &self.reported),
        ];
        if self.accounts == 0 { Vec::new() } else { stages.into_iter().map(total).collect() }
    }
}
