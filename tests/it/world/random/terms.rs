//! Terms at random: bounds and taxes, caps, currencies, and what is adjusted.

use fastrand::Rng;

use super::{now_and_then, one_of};
use crate::world::{
    Adjustment, Bearer, Cap, Currency, FLOWS, Fee, HOUR, Least, PARTIES, Said, Scope, SettleOn,
    Tax, Taxed, World,
};

/// Who stands for something: mostly two people, now and then not.
pub const SAID: [Said; 7] = [
    Said::WELL,
    Said::WELL,
    Said::WELL,
    Said::WELL,
    Said { approver: "li", ..Said::WELL },
    Said { approver: "", ..Said::WELL },
    Said { reason: "", ..Said::WELL },
];

/// Bounds of a fee, and the lines that it is on.
pub fn bound(rng: &mut Rng, fee: &mut Fee) {
    fee.least = now_and_then(rng, 30).then(|| rng.i64(0..=3));
    let least = fee.least.unwrap_or(0);
    fee.most = now_and_then(rng, 30).then(|| least + rng.i64(0..=5));
    fee.scope = scope(rng);
}

fn scope(rng: &mut Rng) -> Scope {
    let mut scope = Scope::default();
    if now_and_then(rng, 20) {
        scope.flows = vec![one_of(rng, &FLOWS)];
    }
    if now_and_then(rng, 20) {
        scope.issuers = vec![one_of(rng, &PARTIES)];
    }
    scope
}

/// What a statement may have beside gross lines and fees.
pub fn terms(rng: &mut Rng, world: &mut World) {
    if now_and_then(rng, 35) {
        let (code, minor_digits) = one_of(rng, &[("HKD", 2), ("VND", 0), ("BHD", 3)]);
        let unit = 10_i64.pow(minor_digits);
        let minimum = if rng.bool() { rng.i64(0..=30 * unit) } else { 0 };
        let opening_carry = if rng.bool() { rng.i64(-9 * unit..=9 * unit) } else { 0 };
        world.also = vec![Currency { code, minor_digits, minimum, opening_carry }];
        for rate in &mut world.rates {
            rate.currency = now_and_then(rng, 40).then_some(code);
        }
    }
    if now_and_then(rng, 30) {
        world.taxes = vec![Taxed {
            tax: Tax { milli_percent: one_of(rng, &[6_000, 13_000, 6_725]), inclusive: rng.bool() },
            paid_by: one_of(rng, &[Bearer::Issuer, Bearer::Acceptor]),
            scope: scope(rng),
        }];
    }
    for _ in 0..one_of(rng, &[0, 0, 1, 2]) {
        world.caps.push(Cap {
            issuer: one_of(rng, &PARTIES),
            flow: rng.bool().then(|| one_of(rng, &FLOWS)),
            per_member: rng.bool(),
            points: rng.i64(1..=8_000),
        });
    }
    if now_and_then(rng, 25) {
        world.minimums.push(Least {
            issuer: one_of(rng, &PARTIES),
            flow: rng.bool().then(|| one_of(rng, &FLOWS)),
            points: rng.i64(1..=300),
        });
    }
    for party in PARTIES {
        let on = one_of(rng, &[SettleOn::Redemption, SettleOn::Redemption, SettleOn::Issuance]);
        world.settle_on[party as usize] = now_and_then(rng, 20).then_some(on);
    }
    world.late_fee = rng.bool().then(|| one_of(rng, &[500, 30_000, 7]));
}

/// Adjustments of a world's period; `position` keeps their ids apart.
pub fn adjustments(rng: &mut Rng, world: &World, position: usize) -> Vec<Adjustment> {
    let (start, end) = world.period_bounds();
    let mut rows = Vec::new();
    for number in 0..rng.u32(0..=2) {
        let currencies = world.currencies();
        let currency = one_of(rng, &currencies);
        let step = 1_000 / 10_i64.pow(currency.minor_digits.min(3));
        let mut thousandths = rng.i64(1..=3_000) * step;
        if now_and_then(rng, 5) {
            thousandths += 1;
        }
        rows.push(Adjustment {
            adjustment_id: format!("J{position}-{number}"),
            payer: one_of(rng, &PARTIES),
            thousandths,
            currency: (currency.code != world.currency || rng.bool()).then_some(currency.code),
            said: one_of(rng, &SAID),
            origin_period: world.label(),
            approved_at: rng.i64(start / HOUR - 5..end / HOUR + 5) * HOUR,
        });
    }
    rows
}
