//! Floor 2: detection. Every disagreement becomes a typed, evidenced discrepancy (差错).
//!
//! One file per family of rules; each rule is a page (`RULES`) beside the code that finds it.
//! `items` judges rows without a pair, `pairs` judges pairs, and both say what becomes of each row.

pub mod basis;
mod desk;
mod diagnosis;
mod items;
mod pairs;
mod rivals;
mod room;
mod scene;
pub mod otherwise;
pub mod suspect;

pub mod feed;
pub mod delivery;
mod total;
pub mod snapshot;
pub mod member;
pub mod contact;
pub mod token;
pub mod consent;
pub mod tier;
pub mod event;
pub mod amount;
pub mod reversal;
pub mod ledger;
pub mod lot;
pub mod statement;
pub mod adjustment;
pub mod settlement;
pub mod cap;
pub mod kept;
pub mod past;
pub mod decision;

use std::collections::BTreeMap;

use crate::discrepancy::{Discrepancy, Rule};
use crate::engine::Exchange;
use crate::event::Lineage;
use crate::frame::books::{Balances, Ledger, Links, Members, Side};
use crate::judgement::Judgement;
use crate::links::LinkBook;
use crate::value::party::Both;
use crate::value::points::Overflow;

pub use decision::Verdicts;
pub use delivery::SentBefore;
pub use desk::{Desk, Paths, place};
pub use feed::Arrival;
pub use items::{Judged, held_with, judge_book};
pub use ledger::RollForward;
pub use lot::LotBook;
pub use room::left_before;
pub use scene::Scene;
pub use snapshot::AsOf;
pub use token::Common;

/// Every rule, in the order of its code.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    [
        feed::RULES,
        snapshot::RULES,
        past::RULES,
        member::RULES,
        token::RULES,
        consent::RULES,
        tier::RULES,
        event::RULES,
        amount::RULES,
        reversal::RULES,
        ledger::RULES,
        cap::RULES,
        statement::RULES,
        settlement::RULES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Judges everything about issuer `I`'s points: the rest first, then pairs, whose reversals follow
/// what became of their originals.
///
/// # Errors
/// [`Overflow`] when a product or sum cannot be exact.
pub fn judge_direction<I: Side>(
    scene: &Scene<'_, I>,
    book: &Judged<I>,
    partner_book: &Judged<I::Partner>,
) -> Result<(Judgement<I>, Vec<Discrepancy>), Overflow>
where
    I::Partner: Side,
{
    let (rest, fates) = items::judge_rest(scene, book, partner_book)?;
    let pairs::Judged { pairs, mut discrepancies, mut kept } = pairs::judge(scene, &fates)?;
    kept.extend(book.kept.clone());
    kept::add_alone(scene, &rest.items, &mut kept);
    discrepancies.extend(rest.discrepancies);
    let (released, left) = (Vec::new(), BTreeMap::new());
    Ok((Judgement { pairs, items: rest.items, released, kept, left }, discrepancies))
}

/// Judges the feeds as files, and the snapshots and tokens in them as a whole.
pub fn judge_feeds(
    desk: &Desk<'_>,
    arrivals: &[Arrival<'_>],
    common: &token::Common,
    (members, accounts): (&Both<Option<AsOf>>, &Both<Option<AsOf>>),
) -> Vec<Discrepancy> {
    let mut found: Vec<Discrepancy> = Vec::new();
    for arrival in arrivals {
        found.extend(feed::judge(desk, arrival));
        found.extend(consent::strays(desk, arrival));
    }
    found.extend(snapshot::judge(desk, arrivals, members, accounts));
    found.extend(token::judge(desk, arrivals, common));
    found
}

/// Judges members, links and tiers by themselves.
pub fn judge_members(
    desk: &Desk<'_>,
    book: &LinkBook,
    links: Option<&Links>,
    members: &Both<Option<Members>>,
) -> Vec<Discrepancy> {
    let mut found = member::judge(desk, book, links, members);
    found.extend(contact::judge(desk, book, members));
    if let Some(tiers) = &desk.agreement.tiers {
        found.extend(tier::judge(desk, tiers, book, members));
    }
    found
}

/// Rolls one party's accounts forward and holds the snapshot against its lots, which need no
/// opening.
///
/// # Errors
/// [`Overflow`] when a balance leaves 64 bits.
pub fn judge_accounts<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
    (ends, snapshot): (Ends<'_>, Option<&Balances>),
    exchange: Exchange,
) -> Result<RollForward, Overflow> {
    let mut rolled = roll_forward(desk, ledger, lineage, ends, exchange)?;
    rolled.take_in(lot::judge(desk, ledger, lineage, snapshot, exchange));
    Ok(rolled)
}

/// Rolls one party's accounts forward, where both ends are known: an opening that was declared or
/// that we closed with, and a snapshot.
///
/// # Errors
/// [`Overflow`] when a balance leaves 64 bits.
fn roll_forward<P: Side>(
    desk: &Desk<'_>,
    ledger: &Ledger<P>,
    lineage: &Lineage<P>,
    ends: Ends<'_>,
    exchange: Exchange,
) -> Result<RollForward, Overflow> {
    let Ends { opening, closed, accounts: Some(accounts) } = ends else {
        return Ok(RollForward::default());
    };
    let nothing = Balances::none();
    let opening = match (opening, closed) {
        (Some(opening), _) => opening,
        (None, Some(_)) => &nothing,
        (None, None) => return Ok(RollForward::default()),
    };
    let frames = ledger::Balanced { ledger, lineage, opening, closed, accounts };
    ledger::roll_forward(desk, frames, exchange)
}

/// The ends of a roll-forward, as far as there are any.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// The opening feed.
    pub opening: Option<&'a Balances>,
    /// What we closed the period before with.
    pub closed: Option<&'a Balances>,
    /// The snapshot.
    pub accounts: Option<&'a Balances>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text has a character of Chinese writing, which a forgotten translation has not.
    fn has_han(text: &str) -> bool {
        text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter))
    }

    #[test]
    fn every_page_is_whole_in_both_languages() {
        for rule in rules() {
            let code = rule.code;
            assert!(!rule.title.is_empty() && !rule.title.ends_with('.'), "{code}: title");
            assert!(has_han(rule.zh) && !rule.zh.ends_with('。'), "{code}: Chinese title");
            let sections = [rule.finds, rule.matters, rule.example, rule.settles];
            for text in sections {
                assert!(text.en.ends_with('.'), "{code}: {:?} ends with a full stop", text.en);
                assert!(
                    has_han(text.zh) && text.zh.ends_with('。'),
                    "{code}: {:?} is a Chinese sentence",
                    text.zh
                );
            }
        }
    }
}
