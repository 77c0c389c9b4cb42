//! Which ratio and rate are in force, and what mirror they agree on (domain.md §3 and §6).

use super::fraction::Fraction;
use crate::world::{Flow, Moment, Party, Rate, Ratio, World};

/// Whether a version is in force: from its first instant until its declared end, the next
/// version's beginning or the term's end, and never outside the term.
fn in_force(world: &World, at: i64, from: Moment, to: Option<Moment>, all: &[Moment]) -> bool {
    let term = [world.midnight(world.term.0), world.midnight(world.term.1)];
    let begins = world.instant(from);
    let mut ends = term[1];
    match to {
        Some(to) => ends = ends.min(world.instant(to)),
        None => {
            for other in all {
                let other = world.instant(*other);
                if other > begins {
                    ends = ends.min(other);
                }
            }
        }
    }
    term[0] <= at && begins <= at && at < ends
}

/// The ratio of an issuer at an instant.
pub fn ratio_at(world: &World, issuer: Party, at: i64) -> Option<&Ratio> {
    let versions = || world.ratios.iter().filter(move |ratio| ratio.issuer == issuer);
    let all: Vec<Moment> = versions().map(|ratio| ratio.from).collect();
    versions().find(|ratio| in_force(world, at, ratio.from, ratio.to, &all))
}

/// The rate of an issuer and flow at an instant.
pub fn rate_at(world: &World, issuer: Party, flow: Flow, at: i64) -> Option<&Rate> {
    let versions =
        || world.rates.iter().filter(move |rate| rate.issuer == issuer && rate.flow == flow);
    let all: Vec<Moment> = versions().map(|rate| rate.from).collect();
    versions().find(|rate| in_force(world, at, rate.from, rate.to, &all))
}

/// What decides about the money of an issuer's flow at an instant; None where a version is missing
/// that the flow needs. A sale needs no ratio, and a flow without money no rate.
pub fn versions_at(
    world: &World,
    issuer: Party,
    flow: Flow,
    at: i64,
) -> Option<(Option<&Ratio>, Option<&Rate>)> {
    let ratio = ratio_at(world, issuer, at).filter(|_| flow != Flow::Sale);
    let rate = rate_at(world, issuer, flow, at).filter(|_| world.has_money(issuer, flow));
    let complete = (flow == Flow::Sale || ratio.is_some())
        && (!world.has_money(issuer, flow) || rate.is_some());
    complete.then_some((ratio, rate))
}

/// Money per point.
pub fn price(rate: &Rate) -> Fraction {
    Fraction::new(i128::from(rate.millionths), 1_000_000)
}

/// `points × num ÷ den`, rounded as mirrors are.
pub fn mirror(world: &World, points: i128, over: i64, under: i64) -> i128 {
    Fraction::new(points * i128::from(over), i128::from(under)).round(world.mirror_mode)
}

/// The mirror of a ratio, issuer to acceptor.
pub fn mirror_by(world: &World, points: i128, ratio: &Ratio) -> i128 {
    mirror(world, points, ratio.acceptor_points, ratio.issuer_points)
}

/// The code for a recorded mirror that is not the agreed one (judging.md, 7).
pub fn explain(
    world: &World,
    issuer: Party,
    at: i64,
    flow: Flow,
    cleared: i128,
    recorded: i128,
) -> &'static str {
    if flow == Flow::Sale {
        return "AMT-01";
    }
    let ratio = ratio_at(world, issuer, at).unwrap();
    let (over, under) = (ratio.acceptor_points, ratio.issuer_points);
    let exact = Fraction::new(cleared * i128::from(over), i128::from(under));
    if (Fraction::whole(recorded) - exact).abs() < Fraction::whole(1) {
        return "AMT-04";
    }
    let gives = |over, under| mirror(world, cleared, over, under) == recorded;
    let of_other_version = world.ratios.iter().any(|other| {
        let another = other.issuer == issuer && other.from != ratio.from;
        another && gives(other.acceptor_points, other.issuer_points)
    });
    if of_other_version {
        return "AMT-03";
    }
    let partners = ratio_at(world, issuer.other(), at);
    let of_partner = partners.is_some_and(|other| {
        gives(other.acceptor_points, other.issuer_points)
            || gives(other.issuer_points, other.acceptor_points)
    });
    if gives(under, over) || of_partner || gives(1, 1) { "AMT-02" } else { "AMT-01" }
}
