//! What explains a difference exactly, named in a few words that stay the same from run to run.
//!
//! A diagnosis is a claim of arithmetic and never a guess: where two of a kind would explain a
//! difference, none is named.

use crate::value::party::Programme;
use crate::value::points::{Overflow, Points, Ratio};
use crate::value::rounding::Mode;

/// Why a mirror that no ratio explains may be what it is. `scales` are the parties' codes with the
/// decimal places of their points.
pub fn of_mirror(recorded: i128, agreed: i128, scales: [(&str, u8); 2]) -> Option<String> {
    let is_times = |one: i128, factor: i128, other: i128| one.checked_mul(factor) == Some(other);
    for (code, scale) in scales {
        let Some(factor) = 10_i128.checked_pow(u32::from(scale)).filter(|_| scale > 0) else {
            continue;
        };
        if is_times(recorded, factor, agreed) {
            return Some(format!("unit scale of {code}: factor {factor} missing"));
        }
        if is_times(agreed, factor, recorded) {
            return Some(format!("unit scale of {code}: factor {factor} doubled"));
        }
    }
    let explained = if is_times(agreed, 2, recorded) {
        "twice the agreed"
    } else if is_times(recorded, 2, agreed) {
        "half the agreed"
    } else if is_times(recorded, -1, agreed) {
        "the opposite sign"
    } else {
        return None;
    };
    Some(explained.to_owned())
}

/// The rounding that gives a recorded mirror, where it is not the agreed one.
///
/// # Errors
/// [`Overflow`] when a product cannot be exact.
pub fn of_rounding<I: Programme>(
    ratio: Ratio,
    cleared: Points<I>,
    recorded: Points<I::Partner>,
    agreed: Mode,
) -> Result<Option<String>, Overflow> {
    for mode in [Mode::HalfUp, Mode::HalfEven, Mode::Up, Mode::Down] {
        if mode != agreed && ratio.mirror(cleared, mode)? == recorded {
            return Ok(Some(format!("rounding {}", mode.word())));
        }
    }
    Ok(None)
}

/// The movements of an account about its snapshot.
#[derive(Debug)]
pub struct Movements<'a> {
    /// Those that the roll-forward counts, by event_id.
    pub counted: Vec<(&'a str, i64)>,
    /// The sum of those of the last day of them.
    pub last_day: i128,
    /// The sum of those of the day after.
    pub next_day: i128,
}

/// Why a reported balance differs from the one rolled forward: by one movement, where exactly one
/// explains it, or by a day's.
pub fn of_balance(difference: i128, movements: &Movements<'_>) -> Option<String> {
    let mut explained = movements.counted.iter().flat_map(|&(event_id, points)| {
        let points = i128::from(points);
        let ways =
            [(-points, "missing"), (points, "booked twice"), (-2 * points, "with the wrong sign")];
        ways.into_iter()
            .filter(move |(explains, _)| points != 0 && *explains == difference)
            .map(move |(_, what)| format!("movement {event_id} {what}"))
    });
    if let (Some(only), None) = (explained.next(), explained.next()) {
        return Some(only);
    }
    if difference == 0 {
        return None;
    }
    if difference == -movements.last_day {
        Some("cut-off: the last day's movements missing".to_owned())
    } else if difference == movements.next_day {
        Some("cut-off: the next day's movements included".to_owned())
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::party::A;

    #[test]
    fn a_mirror_is_explained_by_the_first_that_gives_it() {
        // recorded, agreed, scales of the acceptor and the issuer, the diagnosis
        let rows = [
            (400, 40_000, [2, 0], Some("unit scale of HBR: factor 100 missing")),
            (40_000, 400, [2, 0], Some("unit scale of HBR: factor 100 doubled")),
            (4, 400, [0, 2], Some("unit scale of SKY: factor 100 missing")),
            (40, 400, [1, 1], Some("unit scale of HBR: factor 10 missing")),
            (40, 400, [0, 0], None),
            (800, 400, [0, 0], Some("twice the agreed")),
            (-800, -400, [0, 0], Some("twice the agreed")),
            (200, 400, [0, 0], Some("half the agreed")),
            (200, 401, [0, 0], None),
            (-400, 400, [0, 0], Some("the opposite sign")),
            (399, 400, [2, 2], None),
            (i128::MAX, 400, [2, 2], None),
        ];
        for (recorded, agreed, [acceptor, issuer], expected) in rows {
            let scales = [("HBR", acceptor), ("SKY", issuer)];
            let got = of_mirror(recorded, agreed, scales);
            assert_eq!(got.as_deref(), expected, "{recorded} of {agreed}");
        }
    }

    #[test]
    fn a_rounding_is_the_first_that_gives_it() {
        let modes = [
            ("half_up", Mode::HalfUp),
            ("half_even", Mode::HalfEven),
            ("up", Mode::Up),
            ("down", Mode::Down),
        ];
        // points at 3:1, recorded, agreed mode, the diagnosis
        let rows = [
            (500, 167, "down", Some("rounding half_up")),
            (500, 167, "half_up", Some("rounding half_even")),
            (500, 166, "half_up", Some("rounding down")),
            (400, 134, "down", Some("rounding up")),
            (-400, -134, "down", Some("rounding up")),
            (400, 133, "up", Some("rounding half_up")),
            (400, 135, "down", None),
        ];
        let ratio = Ratio::new(3, 1).unwrap();
        for (points, recorded, agreed, expected) in rows {
            let (_, mode) = modes.iter().find(|(word, _)| *word == agreed).unwrap();
            let (points, recorded) = (Points::<A>::new(points), Points::new(recorded));
            let got = of_rounding(ratio, points, recorded, *mode).unwrap();
            assert_eq!(got.as_deref(), expected, "{recorded} by {agreed}");
        }
    }

    #[test]
    fn a_balance_is_explained_by_one_movement_or_by_a_day() {
        let few: &[(&str, i64)] = &[("e1", 500), ("e2", -200), ("e3", 50), ("e4", 50)];
        // difference, movements, the last day's and the next day's sum, the diagnosis
        let rows = [
            (-500, few, 0, 0, Some("movement e1 missing")),
            (500, few, 0, 0, Some("movement e1 booked twice")),
            (-1_000, few, 0, 0, Some("movement e1 with the wrong sign")),
            (400, few, 0, 0, Some("movement e2 with the wrong sign")),
            (200, few, 0, 0, Some("movement e2 missing")),
            // Two rows of 50 explain it alike.
            (-50, few, 0, 0, None),
            (-50, few, 50, 0, Some("cut-off: the last day's movements missing")),
            (-100, few, 100, 0, Some("cut-off: the last day's movements missing")),
            (70, few, 0, 70, Some("cut-off: the next day's movements included")),
            (7, few, 1, 2, None),
            (7, &[], 0, 0, None),
            // Missing and wrong signs may contradict one another.
            (-100, &[("e1", 100), ("e2", 50)], 0, 0, None),
        ];
        for (difference, counted, last_day, next_day, expected) in rows {
            let movements = Movements { counted: counted.to_vec(), last_day, next_day };
            let got = of_balance(difference, &movements);
            assert_eq!(got.as_deref(), expected, "{difference}");
        }
    }
}
