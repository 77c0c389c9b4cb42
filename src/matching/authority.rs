//! Who authorises an issuer's leg: the link of its member at its instant.

use rayon::prelude::*;

use crate::engine::{Exchange, join_by_key};
use crate::event::{Authority, Lineage};
use crate::frame::books::Ledger;
use crate::links::LinkBook;
use crate::value::kind::{Kind, LinkMethod};
use crate::value::party::Programme;
use crate::value::period::Instant;

/// The authority of every issuer's leg that is no reversal, by row; other rows have `NoLink`.
///
/// Legs and links meet in the bucket of the issuer's member number.
pub fn authorities<I: Programme>(
    ledger: &Ledger<I>,
    lineage: &Lineage<I>,
    book: &LinkBook,
    exchange: Exchange,
) -> Vec<Authority> {
    let mut authorities = vec![Authority::NoLink; ledger.len()];
    if !book.declared {
        return authorities;
    }
    let is_leg = |row: u32| {
        lineage.issuer_flow(row).is_some()
            && lineage.is_sound(row)
            && ledger.kind(row) != Kind::Reversal
    };
    let member_of = |link: u32| book.get(link).members.of(I::PARTY).as_str();
    let legs = exchange.scatter(ledger.len(), |row| is_leg(row).then(|| ledger.member_no(row)));
    let links = exchange.scatter(book.links.len(), |link| Some(member_of(link)));
    let found: Vec<Vec<(u32, Authority)>> = legs
        .into_par_iter()
        .zip(links)
        .map(|(mut legs, mut links)| {
            let mut found = Vec::new();
            join_by_key(
                &mut legs,
                &mut links,
                |row| ledger.member_no(row),
                member_of,
                |legs, links| {
                    for &leg in legs {
                        found.push((leg, link_in_force(book, links, ledger.occurred_at(leg))));
                    }
                },
            );
            found
        })
        .collect();
    for (row, authority) in found.into_iter().flatten() {
        authorities[row as usize] = authority;
    }
    authorities
}

/// Which of a member's links holds at an instant. Two records of the same two members are one
/// link; the first of them stands for both.
#[must_use]
pub fn link_in_force(book: &LinkBook, links: &[u32], at: Instant) -> Authority {
    let mut inferred = false;
    let mut holding: Vec<u32> = Vec::new();
    for &link in links {
        let candidate = book.get(link);
        if !candidate.holds(at) {
            continue;
        }
        if candidate.method == LinkMethod::Inferred {
            inferred = true;
        } else {
            holding.push(link);
        }
    }
    holding.sort_unstable();
    holding.dedup_by_key(|link| &book.get(*link).members);
    match holding.as_slice() {
        [] if inferred => Authority::InferredOnly,
        [] => Authority::NoLink,
        [link] => Authority::Link(*link),
        [first, ..] => Authority::SeveralLinks(*first),
    }
}
