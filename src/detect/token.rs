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

/// What the tokens of each token rule have in common, in the order of the rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Common(Vec<Tokens>);

/// What the tokens of one column have in common.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tokens {
    /// How many each party has.
    counts: Both<usize>,
    /// Links between members who both have one.
    joined: usize,
    /// Whether a token stands on both sides.
    is_shared: bool,
}

impl Common {
    /// What tokens of members have in common who are linked, or share tokens, with no others.
    #[must_use]
    pub fn of(rules: &[MemberRule], book: &LinkBook, members: &Both<Option<Members>>) -> Common {
        let columns = rules.iter().filter_map(|rule| match rule {
            MemberRule::Token(column) => Some(*column),
            MemberRule::Link => None,
        });
        Common(columns.map(|column| tokens(column, book, members)).collect())
    }

    /// Takes in what other members' tokens have in common.
    pub fn take_in(&mut self, other: &Common) {
        self.0.resize(self.0.len().max(other.0.len()), Tokens::default());
        for (of, found) in self.0.iter_mut().zip(&other.0) {
            of.counts.a += found.counts.a;
            of.counts.b += found.counts.b;
            of.joined += found.joined;
            of.is_shared |= found.is_shared;
        }
    }
}

/// Whether the tokens of each token rule can match at all.
pub fn judge(desk: &Desk<'_>, arrivals: &[Arrival<'_>], common: &Common) -> Vec<Discrepancy> {
    let mut found = Vec::new();
    let columns = desk.agreement.member_rules.iter().filter_map(|rule| match rule {
        MemberRule::Token(column) => Some(column),
        MemberRule::Link => None,
    });
    for (column, tokens) in columns.zip(&common.0) {
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
        } else if tokens.have_nothing_in_common() {
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

impl Tokens {
    fn have_nothing_in_common(&self) -> bool {
        let Both { a, b } = self.counts;
        a >= ENOUGH && b >= ENOUGH && self.joined >= ENOUGH && !self.is_shared
    }
}

fn tokens(column: &'static str, book: &LinkBook, members: &Both<Option<Members>>) -> Tokens {
    let counts = Both::from_fn(|party| {
        let members = members.of(party).as_ref().map(|members| members.tokens(column));
        members.map_or(0, |tokens| tokens.len() - tokens.null_count())
    });
    let mut found = Tokens { counts, ..Tokens::default() };
    let (Some(a), Some(b)) = (&members.a, &members.b) else { return found };
    found.is_shared = book.links.iter().any(|link| link.token == Some(column));
    if found.is_shared {
        return found;
    }
    let (a, b) = (a.tokens(column), b.tokens(column));
    for link in book.links.iter().filter(|link| link.row.is_some()) {
        let (Some(of_a), Some(of_b)) = (link.snapshot.a, link.snapshot.b) else { continue };
        let (of_a, of_b) = (of_a.row as usize, of_b.row as usize);
        if a.is_valid(of_a) && b.is_valid(of_b) {
            found.joined += 1;
            found.is_shared = a.value(of_a) == b.value(of_b);
            // One is enough, and nearly always the first.
            if found.is_shared {
                return found;
            }
        }
    }
    let of_a: BTreeSet<&str> = a.iter().flatten().collect();
    found.is_shared = b.iter().flatten().any(|token| of_a.contains(token));
    found
}
