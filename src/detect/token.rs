//! Rules on contact tokens as a whole: MBR-08.

use std::collections::BTreeSet;

use arrow::array::Array;

use super::desk::Desk;
use super::feed::Arrival;
use crate::agreement::MemberRule;
use crate::discrepancy::{Discrepancy, Effect, Latitude, Rule, Severity, say};
use crate::feed::{FeedKind, Owner};
use crate::frame::books::Members;
use crate::links::LinkBook;
use crate::value::party::{Both, Party};
use crate::value::token::KeyName;

/// MBR-08: token key or algorithm differs (令牌密钥或算法不同).
pub static MBR_08: Rule = Rule {
    code: "MBR-08",
    title: "token key or algorithm differs",
    zh: "令牌密钥或算法不同",
    severity: Severity::Fatal,
    effect: Effect::Blocks,
    latitude: Latitude::Firm,
    finds: say(
        "Contact tokens of the two sides that different keys or algorithms made, so that none match.",
        "双方的联系方式令牌由不同密钥或算法生成，因而无一相同。",
    ),
    matters: say(
        "It looks like two programmes without a member in common.",
        "看起来就像双方没有一个共同会员。",
    ),
    example: say(
        "A's tokens are of the key of 2025, B's of the key of 2026.",
        "甲方令牌用 2025 年的密钥，乙方用 2026 年的密钥。",
    ),
    settles: say(
        "Both parties make their tokens with one key and one algorithm.",
        "双方改用同一密钥与同一算法重做令牌。",
    ),
};

/// The rules of the family.
pub static RULES: &[&Rule] = &[&MBR_08];

/// So many tokens on each side, and so many links between members who have one: where none of them
/// agrees, it is no chance.
const ENOUGH: usize = 20;

/// Whether the tokens of each token rule can match at all.
pub fn judge(
    desk: &Desk<'_>,
    arrivals: &[Arrival<'_>],
    book: &LinkBook,
    members: &Both<Option<Members>>,
) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    for rule in &desk.agreement.member_rules {
        let MemberRule::Token(column) = rule else { continue };
        let draft = Party::BOTH
            .iter()
            .fold(desk.draft(&MBR_08), |draft, &party| draft.subject(party, (*column).to_owned()));
        let names = Both::from_fn(|party| key_name(arrivals, party, column));
        if let (Some(a), Some(b)) = (names.a, names.b)
            && a != b
        {
            let reason = format!("the tokens of `{column}` are made with different keys");
            let draft = draft.differs(column, Some(a.to_string()), Some(b.to_string()));
            found.push(draft.because(reason));
        } else if let (Some(a), Some(b)) = (&members.a, &members.b)
            && nothing_in_common(column, book, a, b)
        {
            let reason =
                format!("no token of `{column}` stands on both sides, not even of linked members");
            found.push(draft.differs(column, None, None).because(reason));
        }
    }
    found
}

/// The key of a party's tokens, where it is known.
fn key_name<'a>(arrivals: &'a [Arrival<'_>], party: Party, column: &str) -> Option<&'a KeyName> {
    let feed = arrivals
        .iter()
        .map(|arrival| arrival.feed)
        .find(|feed| feed.owner == Owner::Party(party) && feed.kind == FeedKind::Members)?;
    let column = feed.columns.iter().find(|other| other.field.name == column)?;
    column.contact.as_ref()?.key_name()
}

fn nothing_in_common(column: &str, book: &LinkBook, a: &Members, b: &Members) -> bool {
    let (a, b) = (a.tokens(column), b.tokens(column));
    if a.len() - a.null_count() < ENOUGH || b.len() - b.null_count() < ENOUGH {
        return false;
    }
    let mut joined = 0_usize;
    for link in book.links.iter().filter(|link| link.row.is_some()) {
        let (Some(of_a), Some(of_b)) = (link.snapshot.a, link.snapshot.b) else { continue };
        let (of_a, of_b) = (of_a.row as usize, of_b.row as usize);
        if a.is_valid(of_a) && b.is_valid(of_b) {
            if a.value(of_a) == b.value(of_b) {
                return false;
            }
            joined += 1;
        }
    }
    if joined < ENOUGH {
        return false;
    }
    let of_a: BTreeSet<&str> = a.iter().flatten().collect();
    !b.iter().flatten().any(|token| of_a.contains(token))
}
