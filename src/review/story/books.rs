//! Accounts, links and refused rows as stories.

use super::{Publication, Record, ReviewError, Story, arithmetic, find, in_both, read_from};

/// The accounts of members that a discrepancy of a ledger or a balance names.
pub(super) fn accounts_of(
    publication: &Publication,
    found: &Record,
) -> Result<Vec<Story>, ReviewError> {
    if !found["code"].starts_with("LED-") {
        return Ok(Vec::new());
    }
    let is_named = |[party, member_no]: [&str; 2]| {
        let member = &found[if party == "a" { "a_member" } else { "b_member" }];
        !member.is_empty() && *member == member_no
    };
    Ok(find(publication, "accounts", ["party", "member_no"], is_named)?
        .iter()
        .map(of_account)
        .collect())
}

pub(super) fn of_account(account: &Record) -> Story {
    let mut story = Story::new(format!("Account of {}'s programme 账户", account["party"]));
    story.tell("member 会员号", &account["member_no"]);
    story.tell("rolled forward 滚动", arithmetic::of_account(account));
    match account["reported"].as_str() {
        "" => story.tell("reported 报告余额", "none: the snapshot has no such account 无此账户"),
        _ => story.tell("difference 差额", arithmetic::of_difference(account)),
    }
    story.tell("as of 期末时点", &account["closing_as_of"]);
    story
}

pub(super) fn of_link(link: &Record) -> Story {
    let mut story = Story::new("Link 会员勾对".to_owned());
    for (party, label) in [("a", "a's member 甲方会员号"), ("b", "b's member 乙方会员号")]
    {
        story.tell(label, link[&format!("{party}_member")].replace(';', "; "));
    }
    story.tell("method 绑定方式", &link["method"]);
    story.tell("standing 结论", &link["standing"]);
    story.tell("since 绑定时间", &link["bound_at"]);
    story.tell("until 解绑时间", &link["unbound_at"]);
    story.tell("consents 同意数", &link["consents"]);
    story
}

pub(super) fn of_reject(reject: &Record) -> Story {
    let mut story = Story::new(format!("Refused 拒收: {}", reject["code"]));
    story.tell("row 行", read_from(reject));
    story.tell("byte offset 字节偏移", &reject["byte_offset"]);
    story.tell("column 列", &reject["column"]);
    story.tell("why 原因", in_both(&reject["reason"]));
    story.tell("value, masked 脱敏值", &reject["redacted"]);
    story
}
