//! EVT-05: pairs that say the same within moments, found among those that count.

use rayon::prelude::*;

use super::event::EVT_05;
use super::room::{Event, reversed_alone, reversed_by_decision};
use super::scene::Scene;
use crate::discrepancy::Discrepancy;
use crate::engine::Exchange;
use crate::frame::books::Side;
use crate::judgement::{Disposition, JudgedPair, Judgement};
use crate::past::Settled;
use crate::value::exact::sum;
use crate::value::kind::{Flow, Kind};
use crate::value::period::Instant;
use crate::value::points::Overflow;
use crate::value::price::Worth;

/// Everything that two pairs have in common besides their moment, where one may be the other sent
/// again: the members, the flow and both quantities.
type Facts<'a> = (&'a str, &'a str, Option<Flow>, i64, i64);

/// Judged pairs and the scene they are of.
struct Suspects<'a, I: Side> {
    scene: &'a Scene<'a, I>,
    pairs: &'a [JudgedPair<I>],
    within: i64,
}

/// Finds the chains of pairs that are alike, each within so long of the one before. It asks of
/// what counts in the end, so it comes after everything that may hold a pair.
///
/// # Errors
/// [`Overflow`] when what is at stake cannot be exact.
pub fn judge<I: Side>(
    scene: &Scene<'_, I>,
    judged: &Judgement<I>,
) -> Result<Vec<Discrepancy>, Overflow> {
    if !scene.desk.is_on(&EVT_05) {
        return Ok(Vec::new());
    }
    let pairs = &judged.pairs;
    let mut reversed: Vec<u32> =
        pairs.iter().filter(|pair| pair.accumulates).filter_map(|pair| pair.original).collect();
    reversed.extend(reversed_by_decision(scene, judged));
    reversed.extend(reversed_alone(scene)?.into_keys().filter_map(|event| match event {
        Event::Issuer(leg) => Some(leg),
        Event::Acceptor(_) => None,
    }));
    reversed.sort_unstable();
    let suspects = Suspects { scene, pairs, within: scene.desk.rulings.within(&EVT_05) };
    // The hash brings together what may be alike; the facts themselves decide. Few pairs are near
    // another of their hash, so hardly any facts are ever compared.
    let mut order: Vec<(u64, Instant, u32)> = (0..pairs.len() as u32)
        .into_par_iter()
        .filter(|&index| {
            let pair = &pairs[index as usize];
            let leg = pair.pair.issuer;
            let counts = pair.disposition == Disposition::Counted;
            // A settled one is known where one of this run may say the same again.
            (counts || scene.settled(pair.pair) == Some(Settled::Cleared))
                && scene.issuer.kind(leg) != Kind::Reversal
                && reversed.binary_search(&leg).is_err()
        })
        .map(|index| (suspects.hash(index), suspects.at(index), index))
        .collect();
    order.par_sort_unstable();
    let runs: Vec<&[(u64, Instant, u32)]> = order
        .chunk_by(|one, other| one.0 == other.0)
        .filter(|run| run.windows(2).any(|two| two[1].1 <= two[0].1.plus(suspects.within)))
        .collect();
    let found: Vec<Vec<Discrepancy>> =
        runs.into_par_iter().map(|run| suspects.sweep(run)).collect::<Result<_, Overflow>>()?;
    Ok(found.into_iter().flatten().collect())
}

impl<I: Side> Suspects<'_, I> {
    fn at(&self, index: u32) -> Instant {
        self.scene.issuer.occurred_at(self.pairs[index as usize].pair.issuer)
    }

    fn facts(&self, index: u32) -> Facts<'_> {
        let judged = &self.pairs[index as usize];
        let (issuer, acceptor) = (self.scene.issuer, self.scene.acceptor);
        let (leg, mirror) = (judged.pair.issuer, judged.pair.acceptor);
        (
            issuer.member_no(leg),
            acceptor.member_no(mirror),
            judged.flow,
            issuer.points(leg),
            acceptor.points(mirror),
        )
    }

    fn hash(&self, index: u32) -> u64 {
        let (member, partner, _, points, recorded) = self.facts(index);
        let hash = Exchange::hash(member) ^ Exchange::hash(partner).rotate_left(1);
        // Points are spread so that those of one member rarely meet.
        let points = points.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^ points ^ recorded.cast_unsigned().rotate_left(32)
    }

    /// The chains among pairs of one hash.
    fn sweep(&self, run: &[(u64, Instant, u32)]) -> Result<Vec<Discrepancy>, Overflow> {
        let mut alike: Vec<u32> = run.iter().map(|&(_, _, index)| index).collect();
        let event_id =
            |index: u32| self.scene.issuer.event_id(self.pairs[index as usize].pair.issuer);
        let key = |index: u32| (self.facts(index), self.at(index), event_id(index));
        alike.sort_unstable_by(|&one, &other| key(one).cmp(&key(other)));
        let chains = alike.chunk_by(|&one, &other| {
            self.facts(one) == self.facts(other) && self.at(other) <= self.at(one).plus(self.within)
        });
        let is_new = |&index: &u32| self.pairs[index as usize].disposition == Disposition::Counted;
        let told = chains.filter(|chain| chain.len() > 1 && chain.iter().any(is_new));
        told.map(|chain| self.tell(chain)).collect()
    }

    fn tell(&self, chain: &[u32]) -> Result<Discrepancy, Overflow> {
        let scene = self.scene;
        let mut draft = scene.desk.draft(&EVT_05).issuer(I::PARTY);
        let mut stake: Option<Worth> = None;
        let mut seen = scene.desk.period.start;
        for (nth, &index) in chain.iter().enumerate() {
            let pair = self.pairs[index as usize].pair;
            draft = draft.row(I::PARTY, pair.issuer).row(I::PARTY.partner(), pair.acceptor);
            seen = self.at(index);
            // All but the first may be one too many.
            if nth > 0
                && let Some(worth) = scene.worth(pair.issuer)?
            {
                stake = match stake {
                    Some(so_far) if so_far.currency == worth.currency => Some(Worth {
                        amount: sum(so_far.amount, worth.amount)?,
                        currency: so_far.currency,
                    }),
                    Some(so_far) => Some(so_far),
                    None => Some(worth),
                };
            }
        }
        let seconds = self.within / 1_000_000;
        let reason = format!(
            "{} pairs of the same members and quantities, each within {seconds} s of the one before",
            chain.len()
        );
        Ok(draft.stake(stake).seen(seen).because(reason))
    }
}
