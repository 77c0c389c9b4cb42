//! A party's own statement, as it sends it.

use fastrand::Rng;

use super::random::{now_and_then, one_of};
use super::sheets::{Cells, Sheet};
use super::write::decimal_text;
use super::{PARTIES, World};
use crate::oracle::answer::Line;
use crate::oracle::fraction::Fraction;

/// The columns of a statement; all but the type, the amount and the payer may be left out.
pub const COLUMNS: &[&str] = &[
    "type",
    "currency",
    "issuer",
    "flow",
    "origin_period",
    "ratio_from",
    "rate_from",
    "reference",
    "payer",
    "events",
    "points",
    "amount",
];

const REQUIRED: [&str; 3] = ["type", "payer", "amount"];

/// The lines of a statement, and which columns the pipeline does not declare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    pub left_out: Vec<&'static str>,
    /// None where it has not come.
    pub lines: Option<Vec<StatedLine>>,
}

/// A line as a partner states it. Its key is in the order of the columns; an empty text is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatedLine {
    pub key: [String; 9],
    pub events: Option<i64>,
    pub points: Option<i64>,
    pub thousandths: i64,
}

impl Stated {
    pub fn sheet(&self, owner: &'static str) -> Sheet {
        let rows = |lines: &Vec<StatedLine>| lines.iter().map(StatedLine::cells).collect();
        let file = |lines| (format!("{owner}-statement.csv"), rows(lines));
        Sheet {
            owner,
            word: "statement",
            names: COLUMNS,
            left_out: self.left_out.clone(),
            files: self.lines.iter().map(file).collect(),
        }
    }

    /// The same statement where A is called B.
    pub fn swapped(mut self) -> Stated {
        for line in self.lines.iter_mut().flatten() {
            for place in [2, 8] {
                line.key[place] = match line.key[place].as_str() {
                    "a" => "b".to_owned(),
                    "b" => "a".to_owned(),
                    _ => String::new(),
                };
            }
        }
        self
    }
}

impl StatedLine {
    fn cells(&self) -> Cells {
        let number = |number: Option<i64>| number.map(|number| number.to_string());
        let mut cells: Cells = self
            .key
            .iter()
            .map(|text| Some(text.clone()).filter(|text| !text.is_empty()))
            .collect();
        cells.extend([number(self.events), number(self.points)]);
        cells.push(Some(decimal_text(self.thousandths, 3)));
        cells
    }

    fn of(line: &Line) -> StatedLine {
        let thousandths = (line.amount * Fraction::whole(1_000)).floor();
        StatedLine {
            key: [
                &line.item,
                &line.currency,
                &line.issuer,
                &line.flow,
                &line.origin_period,
                &line.ratio_from,
                &line.rate_from,
                &line.reference,
                &line.payer,
            ]
            .map(String::clone),
            events: Some(line.events),
            points: Some(line.points),
            thousandths: i64::try_from(thousandths).unwrap(),
        }
    }
}

/// Which parties send statements, and with which columns.
pub fn declare(rng: &mut Rng, world: &mut World) {
    for party in PARTIES {
        if !now_and_then(rng, 35) {
            continue;
        }
        let mut left_out = COLUMNS.to_vec();
        left_out.retain(|name| !REQUIRED.contains(name) && rng.u32(..5) == 0);
        world.side_mut(party).statement = Some(Stated { left_out, lines: None });
    }
}

/// What the parties state where ours has these lines: the same but for a few.
pub fn state(rng: &mut Rng, world: &mut World, ours: &[Line]) {
    for party in PARTIES {
        if now_and_then(rng, 10) {
            continue;
        }
        let currency = world.currency;
        if let Some(stated) = &mut world.side_mut(party).statement {
            stated.lines = Some(lines(rng, currency, ours));
        }
    }
}

fn lines(rng: &mut Rng, currency: &str, ours: &[Line]) -> Vec<StatedLine> {
    let mut found = Vec::new();
    for line in ours {
        let mut stated = StatedLine::of(line);
        if stated.key[1] == currency && now_and_then(rng, 20) {
            stated.key[1].clear();
        }
        match rng.u32(..40) {
            0 => continue,
            1 => stated.thousandths += one_of(rng, &[10, -10, 1]),
            2 => stated.points = one_of(rng, &[None, Some(line.points + 1)]),
            3 => stated.events = one_of(rng, &[None, Some(line.events + 1)]),
            4..=8 => stated.key[4].clear(),
            9 => stated.key[8] = one_of(rng, &PARTIES).letter().to_owned(),
            10 => stated.key[0] = one_of(rng, &["gross", "fee", "carry"]).to_owned(),
            11 => stated.key[rng.usize(5..=7)] = "another".to_owned(),
            12..=14 => {
                // The same in two lines.
                let mut rest = stated.clone();
                rest.thousandths = 100 * rng.i64(1..9);
                (rest.events, rest.points) = (Some(0), None);
                stated.thousandths -= rest.thousandths;
                found.push(rest);
            }
            _ => {}
        }
        found.push(stated);
    }
    rng.shuffle(&mut found);
    found
}
