//! Members to links: the link record first, then a contact token that is unique on both sides,
//! then nothing. A name never links two members.
//!
//! The joins and groups of this stage are polars', bucket by bucket of the member's number or the
//! token, one bucket after the other: polars has a thread pool of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, StringArray};
use polars::prelude::{Column, DataFrame, DataFrameJoinOps, JoinArgs, JoinType};
use rayon::prelude::*;

use crate::agreement::{Agreement, MemberRule};
use crate::engine::{Exchange, group_by_key, join_by_key};
use crate::frame::books::{Consents, Links, Members};
use crate::frame::bridge::{BridgeError, keyed_rows, numbers, texts};
use crate::links::{Contradictions, Link, LinkBook, MemberState, SharedToken};
use crate::value::kind::LinkMethod;
use crate::value::party::{Both, Party};
use crate::value::period::{Instant, Period};

/// Matches the members of both parties.
///
/// # Errors
/// [`BridgeError`] when a frame could not be joined.
pub fn match_members(
    members: &Both<Option<Members>>,
    links: Option<&Links>,
    consents: Option<&Consents>,
    agreement: &Agreement,
    period: &Period,
    exchange: Exchange,
) -> Result<LinkBook, BridgeError> {
    let found = Both::try_from_fn(|party| {
        find_members(party, members.of(party).as_ref(), links, exchange)
    })?;
    let state = |party: Party, row: u32| {
        let members = members.of(party).as_ref()?;
        let (status, since) = members.status(row);
        Some(MemberState { row, status, since })
    };
    let mut book = LinkBook {
        links: Vec::new(),
        declared: links.is_some(),
        members_declared: Both::from_fn(|party| members.of(party).is_some()),
        duplicates: Both::from_fn(|party| found.of(party).duplicates.clone()),
        shared_tokens: Vec::new(),
        overlaps: Vec::new(),
        contradictions: Contradictions::default(),
    };
    for rule in &agreement.member_rules {
        match rule {
            MemberRule::Link => {
                for row in 0..links.map_or(0, Links::len) as u32 {
                    let Some(links) = links else { break };
                    let (bound_at, unbound_at) = links.bound(row);
                    let snapshot = Both::from_fn(|party| {
                        let member = found.of(party).of_link.get(row as usize).copied().flatten();
                        member.and_then(|member| state(party, member))
                    });
                    book.links.push(Link {
                        members: Both {
                            a: links.a_member.value(row as usize).to_owned(),
                            b: links.b_member.value(row as usize).to_owned(),
                        },
                        bound_at,
                        unbound_at,
                        method: links.method(row),
                        snapshot,
                        row: Some(row),
                        token: None,
                        consents: Arc::default(),
                    });
                }
            }
            MemberRule::Token(column) => {
                link_by_token(column, members, &found, &mut book, exchange)?;
            }
        }
    }
    book.links.par_sort_by(|one, other| order_of(one).cmp(&order_of(other)));
    book.overlaps = overlaps(&book.links, exchange);
    book.contradictions = book.contradictions_in(period.start, period.cut());
    if let (Some(consents), Some(purpose)) = (consents, &agreement.consent_purpose) {
        attach_consents(&mut book.links, consents, purpose, exchange);
    }
    Ok(book)
}

/// The order of links in every output: by members and time, never by the file's order. Rows of
/// the feed that are alike in all of it are the same link.
type LinkOrder<'a> = (&'a str, &'a str, Instant, Option<Instant>, LinkMethod);

fn order_of(link: &Link) -> LinkOrder<'_> {
    (&link.members.a, &link.members.b, link.bound_at, link.unbound_at, link.method)
}

/// What one party's snapshot knows.
struct Found {
    /// By link row, the member's row; nothing where no members are declared.
    of_link: Vec<Option<u32>>,
    /// By member row, whether no link record names the member, who stands once.
    is_unlinked: Vec<bool>,
    /// Member numbers that stand more than once, with their rows in order.
    duplicates: BTreeMap<String, Vec<u32>>,
}

/// Looks up the members that links name, bucket by bucket of the member's number.
fn find_members(
    party: Party,
    members: Option<&Members>,
    links: Option<&Links>,
    exchange: Exchange,
) -> Result<Found, BridgeError> {
    let mut found =
        Found { of_link: Vec::new(), is_unlinked: Vec::new(), duplicates: BTreeMap::new() };
    let Some(members) = members else { return Ok(found) };
    let empty = StringArray::new_null(0);
    let named = match (links, party) {
        (Some(links), Party::A) => &links.a_member,
        (Some(links), Party::B) => &links.b_member,
        (None, _) => &empty,
    };
    found.of_link = vec![None; named.len()];
    found.is_unlinked = vec![false; members.len()];
    let member_buckets =
        exchange.scatter(members.len(), |row| Some(members.member_no.value(row as usize)));
    let link_buckets = exchange.scatter(named.len(), |row| Some(named.value(row as usize)));
    for (member_bucket, link_bucket) in member_buckets.iter().zip(&link_buckets) {
        let rows: Vec<u32> = member_bucket.iter().map(|keyed| keyed.row).collect();
        let link_rows: Vec<u32> = link_bucket.iter().map(|keyed| keyed.row).collect();
        let by_number = grouped(&members.member_no, &rows)?;
        let counts = numbers(&by_number, "count")?;
        for (number, count) in texts(&by_number, "key")?.into_iter().zip(counts) {
            if count > 1 {
                found.duplicates.insert(number, Vec::new());
            }
        }
        for &row in &rows {
            let number = members.member_no.value(row as usize);
            if let Some(rows) = found.duplicates.get_mut(number) {
                rows.push(row);
            }
        }
        let named_here = keyed_rows(("key", named), ("link", &link_rows))?;
        let joined = inner_join(&named_here, &by_number)?;
        for row in numbers(&by_number, "first")? {
            let number = members.member_no.value(row as usize);
            // A key that stands more than once is nobody's token either.
            found.is_unlinked[row as usize] = !found.duplicates.contains_key(number);
        }
        let firsts = numbers(&joined, "first")?;
        for (link, row) in numbers(&joined, "link")?.into_iter().zip(firsts) {
            found.of_link[link as usize] = Some(row);
            found.is_unlinked[row as usize] = false;
        }
    }
    Ok(found)
}

/// Rows by key: `key`, `first` (the least row) and `count`.
fn grouped(keys: &StringArray, rows: &[u32]) -> Result<DataFrame, BridgeError> {
    // In order of rows, the first position of a group is its least row.
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    let frame = keyed_rows(("key", keys), ("row", &rows))?;
    let groups = frame.group_by_stable(["key"])?;
    let (mut first, mut count) = (Vec::new(), Vec::new());
    for group in groups.get_groups().iter() {
        let members = group.len();
        first.push(rows[group.first() as usize]);
        count.push(u32::try_from(members).unwrap_or(u32::MAX));
    }
    let mut columns = groups.keys();
    columns.push(Column::new("first".into(), first));
    columns.push(Column::new("count".into(), count));
    Ok(DataFrame::new(columns[0].len(), columns)?)
}

fn inner_join(left: &DataFrame, right: &DataFrame) -> Result<DataFrame, BridgeError> {
    Ok(left.join(right, ["key"], ["key"], JoinArgs::new(JoinType::Inner), None)?)
}

/// Links the members whose token stands once on each side, and reports the tokens that do not.
fn link_by_token(
    column: &'static str,
    members: &Both<Option<Members>>,
    found: &Both<Found>,
    book: &mut LinkBook,
    exchange: Exchange,
) -> Result<(), BridgeError> {
    let (Some(a), Some(b)) = (&members.a, &members.b) else { return Ok(()) };
    // A member whom an earlier rule linked is linked.
    let taken = Both::from_fn(|party| {
        let inferred = book.links.iter().filter(|link| link.method == LinkMethod::Inferred);
        inferred.map(|link| link.members.of(party).clone()).collect::<BTreeSet<String>>()
    });
    let buckets_of = |party: Party, members: &Members| {
        let tokens = members.tokens(column);
        exchange.scatter(tokens.len(), |row| {
            let number = members.member_no.value(row as usize);
            let free =
                found.of(party).is_unlinked[row as usize] && !taken.of(party).contains(number);
            (free && tokens.is_valid(row as usize)).then(|| tokens.value(row as usize))
        })
    };
    let (a_buckets, b_buckets) = (buckets_of(Party::A, a), buckets_of(Party::B, b));
    for (a_bucket, b_bucket) in a_buckets.iter().zip(&b_buckets) {
        let rows =
            |bucket: &[crate::engine::Keyed]| bucket.iter().map(|k| k.row).collect::<Vec<u32>>();
        let (a_rows, b_rows) = (rows(a_bucket), rows(b_bucket));
        let a_tokens = grouped(a.tokens(column), &a_rows)?;
        let b_tokens = grouped(b.tokens(column), &b_rows)?;
        let joined = inner_join(&a_tokens, &b_tokens)?;
        let tokens = texts(&joined, "key")?;
        let (a_first, a_count) = (numbers(&joined, "first")?, numbers(&joined, "count")?);
        let (b_first, b_count) =
            (numbers(&joined, "first_right")?, numbers(&joined, "count_right")?);
        let a_holders = holders(a, column, &a_rows);
        let b_holders = holders(b, column, &b_rows);
        let of = |holders: &BTreeMap<&str, Vec<String>>, token: &str| {
            holders.get(token).cloned().unwrap_or_default()
        };
        for (index, token) in tokens.into_iter().enumerate() {
            if (a_count[index], b_count[index]) == (1, 1) {
                book.links.push(inferred_link(column, members, (a_first[index], b_first[index])));
            } else {
                book.shared_tokens.push(SharedToken {
                    column,
                    members: Both { a: of(&a_holders, &token), b: of(&b_holders, &token) },
                    token,
                });
            }
        }
    }
    book.shared_tokens.sort();
    Ok(())
}

/// The members of a bucket by their token, each list in order.
fn holders<'a>(members: &'a Members, column: &str, rows: &[u32]) -> BTreeMap<&'a str, Vec<String>> {
    let tokens = members.tokens(column);
    let mut holders: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for &row in rows {
        let number = members.member_no.value(row as usize).to_owned();
        holders.entry(tokens.value(row as usize)).or_default().push(number);
    }
    for numbers in holders.values_mut() {
        numbers.sort_unstable();
    }
    holders
}

/// A link that a token suggests. It has no beginning of its own and authorises nothing.
fn inferred_link(
    column: &'static str,
    members: &Both<Option<Members>>,
    (a_row, b_row): (u32, u32),
) -> Link {
    let rows = Both { a: a_row, b: b_row };
    let number = |party: Party| {
        let members = members.of(party).as_ref();
        members.map_or("", |members| members.member_no.value(*rows.of(party) as usize))
    };
    Link {
        members: Both::from_fn(|party| number(party).to_owned()),
        bound_at: Instant(i64::MIN),
        unbound_at: None,
        method: LinkMethod::Inferred,
        snapshot: Both::from_fn(|party| {
            let row = *rows.of(party);
            let members = members.of(party).as_ref()?;
            let (status, since) = members.status(row);
            Some(MemberState { row, status, since })
        }),
        row: None,
        token: Some(column),
        consents: Arc::default(),
    }
}

/// Links of one member, on either side, whose times overlap, two and two: to different partners
/// they contradict one another (MBR-03), of the same two members they are one link. A link stands
/// beside that of those begun before it which ends last: if it overlaps any of them within a time,
/// it overlaps that one within it too, and that one overlaps the others.
fn overlaps(links: &[Link], exchange: Exchange) -> Vec<(u32, u32)> {
    let mut overlaps = Vec::new();
    let ends = |link: u32| links[link as usize].unbound_at.unwrap_or(Instant(i64::MAX));
    for party in Party::BOTH {
        let member = |link: u32| links[link as usize].members.of(party).as_str();
        let buckets = exchange.scatter(links.len(), |row| {
            let link = &links[row as usize];
            (link.ever_holds() && link.method != LinkMethod::Inferred).then(|| member(row))
        });
        let of_buckets: Vec<Vec<(u32, u32)>> = buckets
            .into_par_iter()
            .map(|mut bucket| {
                let mut found = Vec::new();
                group_by_key(&mut bucket, member, |rows| {
                    let mut rows = rows.to_vec();
                    rows.sort_unstable_by_key(|&row| (links[row as usize].bound_at, row));
                    let mut lasting: Option<u32> = None;
                    for row in rows {
                        if let Some(lasting) = lasting
                            && links[row as usize].bound_at < ends(lasting)
                        {
                            found.push((lasting.min(row), lasting.max(row)));
                        }
                        lasting = lasting.filter(|&l| ends(row) <= ends(l)).or(Some(row));
                    }
                });
                found
            })
            .collect();
        overlaps.extend(of_buckets.into_iter().flatten());
    }
    overlaps.sort_unstable();
    overlaps.dedup();
    overlaps
}

/// Gives every link the consents of its two members for the purpose, in order of time, bucket by
/// bucket of A's member. Links of one pair of members follow one another.
fn attach_consents(links: &mut [Link], consents: &Consents, purpose: &str, exchange: Exchange) {
    let of_links = exchange.scatter(links.len(), |row| Some(&links[row as usize].members.a));
    let of_consents = exchange.scatter(consents.len(), |row| {
        (consents.purpose(row) == purpose).then(|| consents.link(row).0)
    });
    // Rows of one link share one list, however long it is.
    type Shared = Arc<[(Instant, Option<Instant>)]>;
    let known = &*links;
    let found: Vec<Vec<(u32, Shared)>> = of_links
        .into_par_iter()
        .zip(of_consents)
        .map(|(mut of_links, mut of_consents)| {
            let mut found = Vec::new();
            let a_member = |row: u32| known[row as usize].members.a.as_str();
            let b_member = |row: u32| known[row as usize].members.b.as_str();
            let link_of = |row: u32| consents.link(row).0;
            join_by_key(&mut of_links, &mut of_consents, a_member, link_of, |rows, granted| {
                let mut rows = rows.to_vec();
                rows.sort_unstable();
                let mut granted = granted.to_vec();
                granted.sort_unstable_by_key(|&row| (consents.link(row).1, consents.granted(row)));
                for rows in rows.chunk_by(|&one, &other| b_member(one) == b_member(other)) {
                    let wanted = b_member(rows[0]);
                    let start = granted.partition_point(|&row| consents.link(row).1 < wanted);
                    let of_link = granted[start..].iter().copied();
                    let of_link = of_link.take_while(|&row| consents.link(row).1 == wanted);
                    let mut of_link: Vec<(Instant, Option<Instant>)> =
                        of_link.map(|row| consents.granted(row)).collect();
                    of_link.dedup();
                    let of_link: Shared = of_link.into();
                    found.extend(rows.iter().map(|&row| (row, of_link.clone())));
                }
            });
            found
        })
        .collect();
    for (row, granted) in found.into_iter().flatten() {
        links[row as usize].consents = granted;
    }
}
