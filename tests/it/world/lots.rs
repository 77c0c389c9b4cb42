//! The lots of points that members have, each earned and expiring by itself.

use fastrand::Rng;

use super::random::{NUMBERS, now_and_then, one_of};
use super::sheets::Cells;
use super::write::decimal_text;
use super::{DAY, HOUR, PARTIES, World, instant_text};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lot {
    pub member_no: String,
    pub lot_id: String,
    pub earned_at: i64,
    pub expires_at: Option<i64>,
    pub remaining: i64,
}

pub const COLUMNS: &[&str] = &["member_no", "lot_id", "earned_at", "expires_at", "remaining"];

impl Lot {
    pub fn cells(&self, scale: u32) -> Cells {
        vec![
            Some(self.member_no.clone()),
            Some(self.lot_id.clone()),
            Some(instant_text(self.earned_at)),
            self.expires_at.map(instant_text),
            Some(decimal_text(self.remaining, scale)),
        ]
    }
}

/// Which parties send lots.
pub fn declare(rng: &mut Rng, world: &mut World) {
    for party in PARTIES {
        world.side_mut(party).lots = now_and_then(rng, 30).then(Vec::new);
    }
}

/// Lots of some members that sum to what their accounts report, but for a few.
pub fn fill(rng: &mut Rng, world: &mut World) {
    let (start, end) = world.period_bounds();
    for party in PARTIES {
        let side = world.side(party);
        if side.lots.is_none() {
            continue;
        }
        let mut lots = Vec::new();
        for member_no in &NUMBERS[..4] {
            let accounts = side.accounts.iter().flatten();
            let mut balances = accounts.filter(|balance| balance.member_no == *member_no);
            let mut left = balances.next().map_or(100, |balance| balance.points);
            if now_and_then(rng, 25) {
                continue;
            }
            if now_and_then(rng, 8) {
                left += one_of(rng, &[1, -50]);
            }
            for number in 0..rng.u32(1..=3) {
                let during = |rng: &mut Rng| rng.i64(start / HOUR - 24..end / HOUR + 48) * HOUR;
                let earned_at = if now_and_then(rng, 20) { during(rng) } else { start - 300 * DAY };
                let expires_at = match rng.u32(..5) {
                    0 | 1 => None,
                    2 => Some(during(rng).max(earned_at + HOUR)),
                    3 => Some(start - rng.i64(0..50) * DAY).filter(|at| *at > earned_at),
                    _ => Some(end + 200 * DAY),
                };
                let remaining = if number == 0 { left.max(0) } else { 0 };
                let (member_no, lot_id) = ((*member_no).to_owned(), format!("L{number}"));
                lots.push(Lot { member_no, lot_id, earned_at, expires_at, remaining });
            }
        }
        if now_and_then(rng, 8) && !lots.is_empty() {
            let mut twin = one_of(rng, &lots);
            twin.remaining += one_of(rng, &[0, 5]);
            lots.push(twin);
        }
        rng.shuffle(&mut lots);
        world.side_mut(party).lots = Some(lots);
    }
}
