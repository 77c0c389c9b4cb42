//! The roll-forward of every account (judging.md, *Accounts*).

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::answer::{Account, Discrepancy};
use super::books::Books;
use super::members::of_member;
use super::of_nobody;
use super::past::Standing;
use crate::world::{Balance, Kind, PARTIES, Party, Status, World};

/// Accounts with the instants of their closing, what was found, and what explains it.
type Judged = (Vec<(Account, i64)>, Vec<Discrepancy>, Vec<(Discrepancy, String)>);

impl Books<'_> {
    /// Every account that is judged with the instant of its closing, and the discrepancies of all.
    pub fn judge_accounts(&self) -> Judged {
        let mut accounts = Vec::new();
        let mut found = Vec::new();
        let mut explained = Vec::new();
        if matches!(self.past.standing(self.world), Standing::Awaited | Standing::Gap) {
            return (accounts, found, explained);
        }
        for party in PARTIES {
            let side = self.world.side(party);
            let (Some(opening), Some(closing)) = (&side.opening, &side.accounts) else { continue };
            let mut doubtful: Vec<&str> = Vec::new();
            for feed in [opening, closing] {
                let mut seen: Vec<&str> = Vec::new();
                for balance in feed {
                    let key = balance.member_no.as_str();
                    if lines_of(feed, key).len() > 1 && !seen.contains(&key) {
                        seen.push(key);
                        found.push(of_member("MBR-04", party, key));
                    }
                }
                doubtful.extend(seen);
            }
            for member in self.account_numbers(party, opening, closing) {
                if doubtful.contains(&member.as_str()) {
                    continue;
                }
                let declared = lines_of(opening, &member).first().copied();
                let (opened, re_based, is_ours) = self.opened(party, &member, declared);
                if re_based {
                    found.push(of_member("LED-03", party, &member));
                }
                let closed = lines_of(closing, &member).first().copied();
                let rolled = self.roll_forward((party, &member), (opened, is_ours), closed);
                let Some((account, to, counted)) = rolled else { continue };
                if account.reported != Some(account.expected) {
                    let broken = of_member("LED-01", party, &member);
                    let text = self.diagnose_account(&account, &counted, to);
                    explained.extend(text.map(|text| (broken.clone(), text)));
                    found.push(broken);
                }
                let negative = account.expected < 0 || account.reported.is_some_and(|r| r < 0);
                if negative && !side.overdraft {
                    found.push(of_member("LED-02", party, &member));
                }
                accounts.push((account, to));
            }
        }
        (accounts, found, explained)
    }

    fn account_numbers(
        &self,
        party: Party,
        opening: &[Balance],
        closing: &[Balance],
    ) -> Vec<String> {
        let balances = opening.iter().chain(closing).map(|balance| balance.member_no.clone());
        let rows = self.entries.iter().filter(|entry| entry.party == party);
        let mut numbers: Vec<String> =
            balances.chain(rows.map(|entry| entry.row.member_no.clone())).collect();
        let before = self.past.before(self.world).into_iter().flat_map(|before| &before.accounts);
        let before = before.filter(|(account, _)| account.party == party.letter());
        numbers.extend(before.map(|(account, _)| account.member_no.clone()));
        numbers.sort();
        numbers.dedup();
        numbers
    }

    /// The balance at which an account opens and since when, whether the feed says another, and
    /// whether it is our own closing.
    fn opened(
        &self,
        party: Party,
        member: &str,
        declared: Option<&Balance>,
    ) -> (Option<(i64, i64)>, bool, bool) {
        let start = self.world.period_bounds().0;
        let declared = declared.map(|balance| {
            let at = balance.as_of.map_or(start - 1, |at| self.world.last_instant(at));
            (balance.points, at)
        });
        let Some(before) = self.past.before(self.world) else { return (declared, false, false) };
        let of_party = before.accounts.iter().filter(|row| row.0.party == party.letter());
        if of_party.clone().next().is_none() {
            return (declared, false, false);
        }
        let ours = of_party.into_iter().find(|(account, _)| account.member_no == member);
        match ours {
            Some((account, at)) => {
                let other = declared
                    .is_some_and(|declared| declared.1 == *at && declared.0 != account.expected);
                (Some((account.expected, *at)), other, true)
            }
            None => {
                let declared = declared.filter(|(_, at)| *at >= start);
                (declared, false, declared.is_none())
            }
        }
    }

    /// None for a number that only rows without a movement in this time have.
    fn roll_forward(
        &self,
        (party, member): (Party, &str),
        (opened, is_ours): (Option<(i64, i64)>, bool),
        closed: Option<&Balance>,
    ) -> Option<(Account, i64, Vec<usize>)> {
        let world = self.world;
        let from = opened.map_or(world.period_bounds().0 - 1, |(_, at)| at);
        // A snapshot of before our own closing says nothing of what the account is now.
        let closed = closed.filter(|balance| {
            let as_of = balance.as_of.map(|at| world.last_instant(at));
            !(is_ours && opened.is_some() && as_of.is_some_and(|at| at < from))
        });
        let closed_at = closed.and_then(|balance| balance.as_of);
        let to = closed_at.map_or(world.as_of_end() - 1, |at| world.last_instant(at));
        let mut expected = opened.map_or(0, |(points, _)| points);
        let mut counted = Vec::new();
        for (index, entry) in self.entries.iter().enumerate() {
            let row = &entry.row;
            let posted = row.posted_at.unwrap_or(row.occurred_at);
            let of_account = entry.party == party
                && row.member_no == member
                && !entry.extra
                && !entry.as_cleared;
            let moves = row.status == Status::Posted && self.moves_balance(index);
            // A row moves its balance once, in the first closing that reads it and is not before it.
            let read_before = (is_ours && !entry.recalled)
                .then(|| self.past.has_moved(world, party, row, from))
                .flatten();
            let is_new = read_before.map_or(from < posted, |moved| !moved);
            if of_account && moves && is_new && posted <= to {
                expected += row.points;
                counted.push(index);
            }
        }
        let account = Account {
            party: party.letter().to_owned(),
            member_no: member.to_owned(),
            opening: opened.map_or(0, |(points, _)| points),
            expected,
            reported: closed.map(|balance| balance.points),
        };
        (opened.is_some() || closed.is_some() || !counted.is_empty())
            .then_some((account, to, counted))
    }

    /// Movements that were dated back into a period that is closed.
    pub fn back_dated(&self) -> Vec<usize> {
        (0..self.entries.len())
            .filter(|index| {
                let entry = &self.entries[*index];
                let row = &entry.row;
                matches!(row.kind, Kind::Adjust | Kind::Expire)
                    && row.status == Status::Posted
                    && !entry.extra
                    && !entry.recalled
                    && self.past.has_closed(row.occurred_at)
                    && row.posted_at.is_some_and(|at| self.clears(at))
            })
            .collect()
    }
}

/// SNP-02: accounts of one party, or of both, that hold on different days.
pub fn judge_days(world: &World) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    let mut latest = Vec::new();
    for party in PARTIES {
        let accounts = world.side(party).accounts.iter().flatten();
        let days: BTreeSet<Date> = accounts
            .filter_map(|balance| Some(world.day_of(world.last_instant(balance.as_of?))))
            .collect();
        if days.len() > 1 {
            found.push(of_nobody("SNP-02"));
        }
        latest.extend(days.last().copied());
    }
    if let [a, b] = latest[..]
        && a != b
    {
        found.push(of_nobody("SNP-02"));
    }
    found
}

fn lines_of<'w>(feed: &'w [Balance], member: &str) -> Vec<&'w Balance> {
    feed.iter().filter(|balance| balance.member_no == member).collect()
}
