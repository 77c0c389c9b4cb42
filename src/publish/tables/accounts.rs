//! Accounts rolled forward.

use super::super::table::Table;
use super::cells::*;
use crate::account::Account;
use crate::value::kind::Kind;

/// A row of `accounts`.
pub struct AccountRow<'a> {
    /// The account.
    pub account: &'a Account,
}

/// Accounts.
#[must_use]
pub fn accounts<'a>() -> Table<AccountRow<'a>> {
    Table {
        name: "accounts",
        zh: "账户",
        meaning: "an account rolled forward",
        columns: vec![
            text(
                "party",
                "一方",
                |row| letter(Some(row.account.party)),
                "Whose programme: a or b.",
            ),
            text("member_no", "会员号", |row| some(&row.account.member_no), "The member."),
            integer(
                "opening",
                "期初",
                |row| row.account.opening.map(i128::from),
                "The opening balance.",
            ),
            integer("earn", "累积", |row| moved(row, Kind::Earn), "Movement by earn."),
            integer("xearn", "跨店累积", |row| moved(row, Kind::Xearn), "Movement by xearn."),
            integer("burn", "兑换", |row| moved(row, Kind::Burn), "Movement by burn."),
            integer("xburn", "跨店兑换", |row| moved(row, Kind::Xburn), "Movement by xburn."),
            integer("xout", "转出", |row| moved(row, Kind::Xout), "Movement by xout."),
            integer("xin", "转入", |row| moved(row, Kind::Xin), "Movement by xin."),
            integer("reversal", "冲正", |row| moved(row, Kind::Reversal), "Movement by reversal."),
            integer("expire", "失效", |row| moved(row, Kind::Expire), "Movement by expire."),
            integer("adjust", "调账", |row| moved(row, Kind::Adjust), "Movement by adjust."),
            integer("merge", "合并", |row| moved(row, Kind::Merge), "Movement by merge."),
            integer(
                "expected",
                "应有余额",
                |row| Some(i128::from(row.account.expected)),
                "opening + movements.",
            ),
            integer(
                "reported",
                "报告余额",
                |row| row.account.reported.map(i128::from),
                "What the snapshot says.",
            ),
            integer(
                "difference",
                "差额",
                |row| difference(row),
                "reported - expected; empty where the snapshot has no such account.",
            ),
            at(
                "closing_as_of",
                "期末时点",
                |row| Some(row.account.closing_as_of),
                "When expected and reported hold; the next period rolls on from here.",
            ),
            flag(
                "flagged",
                "有差错",
                |row| Some(row.account.flagged),
                "Whether a discrepancy names the account.",
            ),
        ],
    }
}

fn moved(row: &AccountRow<'_>, kind: Kind) -> Option<i128> {
    Some(i128::from(row.account.movements[usize::from(kind.code())]))
}

fn difference(row: &AccountRow<'_>) -> Option<i128> {
    let reported = row.account.reported?;
    Some(i128::from(reported) - i128::from(row.account.expected))
}
