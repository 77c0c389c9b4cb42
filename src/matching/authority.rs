//! Who authorises an issuer's leg: the link of its member at its instant.

use rayon::prelude::*;

use crate::engine::{Exchange, Gathered, Keyed};
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
        .map(|(legs, links)| {
            let gathered = Gathered::new([&links, &legs], |list, row| match list {
                0 => member_of(row),
                _ => ledger.member_no(row),
            });
            let of_leg = |(leg, &member): (&Keyed, &u32)| {
                let [links, _] = gathered.rows(member as usize);
                (leg.row, link_in_force(book, links, ledger.occurred_at(leg.row)))
            };
            legs.iter().zip(&gathered.numbers[1]).map(of_leg).collect()
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
    let mut holding: Option<u32> = None;
    let mut is_one = true;
    for &link in links {
        let candidate = book.get(link);
        if !candidate.holds(at) {
            continue;
        }
        if candidate.method == LinkMethod::Inferred {
            inferred = true;
            continue;
        }
        is_one &= holding.is_none_or(|other| book.get(other).members == candidate.members);
        holding = Some(holding.map_or(link, |other| other.min(link)));
    }
    match holding {
        None if inferred => Authority::InferredOnly,
        None => Authority::NoLink,
        Some(link) if is_one => Authority::Link(link),
        Some(first) => Authority::SeveralLinks(first),
    }
}
