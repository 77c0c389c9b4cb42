//! Which rows touch one another: the node of each row, and the keys that it shares.
//!
//! A row's node is the member that it is of, on its own book. Rows of different nodes touch one
//! another where a link binds the members, where a token stands with both, or where one event has
//! or names a number of the other: its own, the partner's, the original's, the order's. Whatever a
//! rule compares, it compares along these (docs/judging.md), so that rows which do not touch, even
//! through others, are never judged by one another.
//!
//! Ids that differ only in case or in blanks are one node and one key here, because they are
//! counted together (`collisions` of the manifest).

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::UInt8Type;

use crate::agreement::MemberRule;
use crate::engine::{Exchange, Kin, SpillError};
use crate::feed::{FeedKind, Owner};
use crate::publish::plain;
use crate::run::recall;
use crate::value::kind::{Kind, Role};
use crate::value::party::Party;

/// What a key is of, so that a number is not taken for another's.
#[derive(Debug, Clone, Copy)]
enum Space {
    Member(Party),
    Event(Party),
    Order,
    /// A token of a canonical column.
    Token(&'static str),
}

impl Space {
    /// The hash of an id in this space.
    fn hash(self, id: &str) -> u64 {
        let (salt, hash) = match self {
            Space::Member(party) => (1 + party as u64, Exchange::folded_hash(id)),
            Space::Event(party) => (3 + party as u64, Exchange::folded_hash(id)),
            Space::Order => (5, Exchange::hash(id)),
            Space::Token(column) => (Exchange::hash(column), Exchange::hash(id)),
        };
        // An odd factor keeps different hashes of one space different.
        (hash ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(0xd6e8_feb8_6659_fd93)
    }
}

/// The feeds that are judged in portions, with whose they are; the others are few rows, and about
/// no member.
pub const APART: [FeedKind; 7] = [
    FeedKind::Ledger,
    FeedKind::Members,
    FeedKind::Accounts,
    FeedKind::Opening,
    FeedKind::Lots,
    FeedKind::Links,
    FeedKind::Consents,
];

/// The columns of a feed that say of whom its rows are; a link is of both its members, and stands
/// with A's.
fn member_column(kind: FeedKind) -> &'static str {
    match kind {
        FeedKind::Links | FeedKind::Consents => "a_member",
        _ => "member_no",
    }
}

fn texts<'b>(batch: &'b RecordBatch, name: &str) -> Option<&'b StringArray> {
    batch.column_by_name(name)?.as_string_opt()
}

/// The node of each row of a canonical batch.
pub fn nodes(owner: Owner, kind: FeedKind, batch: &RecordBatch) -> Vec<u64> {
    let party = match owner {
        Owner::Party(party) => party,
        Owner::Shared => Party::A,
    };
    let Some(members) = texts(batch, member_column(kind)) else { return Vec::new() };
    (0..batch.num_rows()).map(|row| Space::Member(party).hash(members.value(row))).collect()
}

/// Ties the rows of a canonical batch, whose nodes are given, by the keys that they share.
///
/// # Errors
/// [`SpillError`] when ties cannot be set aside.
pub fn tie(
    kin: &mut Kin,
    (owner, kind): (Owner, FeedKind),
    batch: &RecordBatch,
    nodes: &[u64],
    rules: &[MemberRule],
) -> Result<(), SpillError> {
    match (owner, kind) {
        (Owner::Party(party), FeedKind::Ledger) => tie_events(kin, party, batch, nodes),
        (_, FeedKind::Members) => {
            for rule in rules {
                let MemberRule::Token(column) = *rule else { continue };
                let Some(tokens) = texts(batch, column) else { continue };
                for (row, &node) in nodes.iter().enumerate() {
                    if tokens.is_valid(row) {
                        kin.tie(Space::Token(column).hash(tokens.value(row)), node)?;
                    }
                }
            }
            Ok(())
        }
        (_, FeedKind::Links) => {
            let Some(members) = texts(batch, "b_member") else { return Ok(()) };
            for (row, &node) in nodes.iter().enumerate() {
                kin.join(node, Space::Member(Party::B).hash(members.value(row)));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn tie_events(
    kin: &mut Kin,
    party: Party,
    batch: &RecordBatch,
    nodes: &[u64],
) -> Result<(), SpillError> {
    let kinds =
        batch.column_by_name("kind").and_then(|kinds| kinds.as_primitive_opt::<UInt8Type>());
    // The role of a reversal is its original's, and so any.
    let is_leg = |row: usize| {
        let kind = kinds.and_then(|kinds| Kind::from_code(kinds.value(row)));
        kind.is_none_or(|kind| kind.role() != Some(Role::Own))
    };
    let columns = [
        ("event_id", Space::Event(party)),
        ("original_event_id", Space::Event(party)),
        ("counter_event_id", Space::Event(party.partner())),
        ("order_no", Space::Order),
    ];
    for (name, space) in columns {
        let Some(ids) = texts(batch, name) else { continue };
        for (row, &node) in nodes.iter().enumerate() {
            // Orders are only looked up to pair legs.
            if ids.is_valid(row) && (!matches!(space, Space::Order) || is_leg(row)) {
                kin.tie(space.hash(ids.value(row)), node)?;
            }
        }
    }
    Ok(())
}

/// The columns of a published row's own numbers, and of those that it names of the partner.
struct Numbers {
    /// Of the book on which the row stands.
    own: &'static [&'static str],
    /// Of the partner's.
    partners: &'static [&'static str],
}

/// Of rows as they were read.
const OF_ROWS: Numbers = Numbers {
    own: &["event_id", "original_event_id"],
    partners: &["counter_event_id", "partner_event_id"],
};

/// Of cleared events, on the issuer's book.
const OF_CLEARED: Numbers = Numbers {
    own: &["issuer_event_id", "original_event_id", "acceptor_counter_event_id"],
    partners: &["acceptor_event_id", "acceptor_original_event_id", "counter_event_id"],
};

/// The node of each row of a published table; that of an event is its issuer's where it has one.
pub fn nodes_published(table: &str, batch: &RecordBatch) -> Vec<u64> {
    let party = |letters: Option<&StringArray>, row: usize| match letters {
        Some(letters) if letters.value(row) == Party::B.letter() => Party::B,
        _ => Party::A,
    };
    let node = |party, members: Option<&StringArray>, row: usize| {
        let member = members.filter(|members| members.is_valid(row))?;
        Some(Space::Member(party).hash(plain(member.value(row))))
    };
    let rows = 0..batch.num_rows();
    if table == recall::CLEARED {
        let issuers = texts(batch, "issuer");
        let legs = (texts(batch, "issuer_member"), texts(batch, "acceptor_member"));
        let nodes = rows.map(|row| {
            let issuer = party(issuers, row);
            node(issuer, legs.0, row).or_else(|| node(issuer.partner(), legs.1, row))
        });
        return nodes.map(Option::unwrap_or_default).collect();
    }
    let (parties, members) = (texts(batch, "party"), texts(batch, "member_no"));
    rows.map(|row| node(party(parties, row), members, row).unwrap_or_default()).collect()
}

/// Ties the rows of a published table, whose nodes are given.
///
/// # Errors
/// [`SpillError`] when ties cannot be set aside.
pub fn tie_published(
    kin: &mut Kin,
    table: &str,
    batch: &RecordBatch,
    nodes: &[u64],
) -> Result<(), SpillError> {
    let (owner, numbers) = match table {
        recall::CLEARED => ("issuer", OF_CLEARED),
        recall::ACCOUNTS => return Ok(()),
        _ => ("party", OF_ROWS),
    };
    let owners = texts(batch, owner);
    let party = |row: usize| match owners {
        Some(owners) if owners.value(row) == Party::B.letter() => Party::B,
        _ => Party::A,
    };
    for (names, of_partner) in [(numbers.own, false), (numbers.partners, true)] {
        for ids in names.iter().filter_map(|name| texts(batch, name)) {
            for (row, &node) in nodes.iter().enumerate().filter(|(row, _)| ids.is_valid(*row)) {
                let party = if of_partner { party(row).partner() } else { party(row) };
                kin.tie(Space::Event(party).hash(plain(ids.value(row))), node)?;
            }
        }
    }
    if let Some(orders) = texts(batch, "order_no") {
        for (row, &node) in nodes.iter().enumerate().filter(|(row, _)| orders.is_valid(*row)) {
            kin.tie(Space::Order.hash(plain(orders.value(row))), node)?;
        }
    }
    // Both legs of an event are brought back together.
    if let Some(members) = texts(batch, "acceptor_member") {
        for (row, &node) in nodes.iter().enumerate().filter(|(row, _)| members.is_valid(*row)) {
            let member = plain(members.value(row));
            kin.join(node, Space::Member(party(row).partner()).hash(member));
        }
    }
    Ok(())
}
