//! The roll-forward of every account (judging.md, *Accounts*).

use super::answer::{Account, Discrepancy};
use super::books::Books;
use super::members::of_member;
use crate::world::{Balance, PARTIES, Party, Status};

impl Books<'_> {
    /// Every account that is judged, and the discrepancies of all.
    pub fn judge_accounts(&self) -> (Vec<Account>, Vec<Discrepancy>) {
        let mut accounts = Vec::new();
        let mut found = Vec::new();
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
                let opened = lines_of(opening, &member).first().copied();
                let closed = lines_of(closing, &member).first().copied();
                let Some(account) = self.roll_forward(party, &member, opened, closed) else {
                    continue;
                };
                if account.reported != Some(account.expected) {
                    found.push(of_member("LED-01", party, &member));
                }
                let negative = account.expected < 0 || account.reported.is_some_and(|r| r < 0);
                if negative && !side.overdraft {
                    found.push(of_member("LED-02", party, &member));
                }
                accounts.push(account);
            }
        }
        (accounts, found)
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
        numbers.sort();
        numbers.dedup();
        numbers
    }

    /// None for a number that only rows without a movement in this time have.
    fn roll_forward(
        &self,
        party: Party,
        member: &str,
        opened: Option<&Balance>,
        closed: Option<&Balance>,
    ) -> Option<Account> {
        let world = self.world;
        let as_of = |balance: Option<&Balance>| balance?.as_of.map(|at| world.last_instant(at));
        let from = as_of(opened).unwrap_or(world.period_bounds().0 - 1);
        let to = as_of(closed).unwrap_or(world.as_of_end() - 1);
        let mut expected = opened.map_or(0, |balance| balance.points);
        let mut moved = false;
        for (index, entry) in self.entries.iter().enumerate() {
            let row = entry.row;
            let posted = row.posted_at.unwrap_or(row.occurred_at);
            let of_account = entry.party == party && row.member_no == member && !entry.extra;
            let moves = row.status == Status::Posted && self.moves_balance(index);
            if of_account && moves && from < posted && posted <= to {
                expected += row.points;
                moved = true;
            }
        }
        (opened.is_some() || closed.is_some() || moved).then(|| Account {
            party: party.letter().to_owned(),
            member_no: member.to_owned(),
            opening: opened.map_or(0, |balance| balance.points),
            expected,
            reported: closed.map(|balance| balance.points),
        })
    }
}

fn lines_of<'w>(feed: &'w [Balance], member: &str) -> Vec<&'w Balance> {
    feed.iter().filter(|balance| balance.member_no == member).collect()
}
