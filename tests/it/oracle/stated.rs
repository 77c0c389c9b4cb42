//! CLR-01: a party's own statement against ours, line by line (clearing.md).

use super::answer::Line;
use super::fraction::Fraction;
use crate::world::stated::COLUMNS;
use crate::world::{PARTIES, Stated, World};

/// What one side says of a key: amount, points and events.
type Figures = (Fraction, i64, i64);

/// The first field in which each key differs, with what we have and what they have.
pub fn compare(world: &World, ours: &[Line]) -> Vec<String> {
    let mut found = Vec::new();
    for party in PARTIES {
        let Some(stated) = &world.side(party).statement else { continue };
        let Some(lines) = &stated.lines else { continue };
        let mut both: Vec<(Vec<String>, Option<Figures>, Option<Figures>)> = Vec::new();
        let mut add = |key: Vec<String>, is_ours: bool, (amount, points, events): Figures| {
            let at = both.iter().position(|(other, ..)| *other == key).unwrap_or(both.len());
            if at == both.len() {
                both.push((key, None, None));
            }
            let side = if is_ours { &mut both[at].1 } else { &mut both[at].2 };
            let so_far = side.unwrap_or((Fraction::ZERO, 0, 0));
            *side = Some((so_far.0 + amount, so_far.1 + points, so_far.2 + events));
        };
        for line in ours {
            let key = [
                &line.item,
                &line.currency,
                &line.issuer,
                &line.flow,
                &line.origin_period,
                &line.ratio_from,
                &line.rate_from,
                &line.reference,
                &line.payer,
            ];
            let key = compared(stated, key.map(String::clone));
            add(key, true, (line.amount, line.points, line.events));
        }
        for line in lines {
            let mut key = line.key.clone();
            if key[1].is_empty() || stated.left_out.contains(&"currency") {
                world.currency.clone_into(&mut key[1]);
            }
            if key[4].is_empty() {
                key[4] = world.label();
            }
            // A figure that is left empty is none.
            let (points, events) = (line.points.unwrap_or(0), line.events.unwrap_or(0));
            let amount = Fraction::new(i128::from(line.thousandths), 1_000);
            add(compared(stated, key), false, (amount, points, events));
        }
        found.extend(both.iter().filter_map(|(_, ours, theirs)| differs(stated, *ours, *theirs)));
    }
    found
}

/// The key without what the feed does not declare; every amount has a currency.
fn compared(stated: &Stated, key: [String; 9]) -> Vec<String> {
    let named = key.into_iter().zip(COLUMNS);
    let kept = named.filter(|(_, name)| **name == "currency" || !stated.left_out.contains(name));
    kept.map(|(text, _)| text).collect()
}

fn differs(stated: &Stated, ours: Option<Figures>, theirs: Option<Figures>) -> Option<String> {
    let (Some(one), Some(other)) = (ours, theirs) else {
        let amount = |side: Option<Figures>| {
            side.map_or("nothing".to_owned(), |(amount, ..)| amount.to_string())
        };
        return Some(format!("amount {} stated {}", amount(ours), amount(theirs)));
    };
    let declares = |name| !stated.left_out.contains(&name);
    if one.0 != other.0 {
        Some(format!("amount {} stated {}", one.0, other.0))
    } else if declares("points") && one.1 != other.1 {
        Some(format!("points {} stated {}", one.1, other.1))
    } else if declares("events") && one.2 != other.2 {
        Some(format!("events {} stated {}", one.2, other.2))
    } else {
        None
    }
}
