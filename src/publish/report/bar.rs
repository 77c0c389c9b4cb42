//! Bars: pieces of a scale, drawn in integers so that every machine draws the same.

/// How long a whole bar is, in units of its drawing.
pub const LENGTH: i128 = 10_000;

/// A piece of a bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What it is coloured as: a class of the style sheet.
    pub class: &'static str,
    /// Where it begins.
    pub from: i128,
    /// How long it is.
    pub length: i128,
}

/// A scale on which figures are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    low: i128,
    high: i128,
}

impl Scale {
    /// The scale that holds all these figures and zero.
    #[must_use]
    pub fn over(figures: impl IntoIterator<Item = i128>) -> Scale {
        figures.into_iter().fold(Scale { low: 0, high: 0 }, |scale, figure| Scale {
            low: scale.low.min(figure),
            high: scale.high.max(figure),
        })
    }

    /// Where a figure stands. Figures are money or rows of at most 63 bits, so that nothing
    /// overflows here; what is larger is drawn at the end.
    #[must_use]
    pub fn at(self, figure: i128) -> i128 {
        let whole = self.high.saturating_sub(self.low);
        if whole == 0 {
            return 0;
        }
        let above = figure.saturating_sub(self.low).clamp(0, whole);
        above.saturating_mul(LENGTH) / whole
    }

    /// The piece between two figures, whichever is larger.
    #[must_use]
    pub fn piece(self, class: &'static str, one: i128, other: i128) -> Piece {
        let (from, to) = (self.at(one.min(other)), self.at(one.max(other)));
        Piece { class, from, length: to - from }
    }
}

/// The parts of a whole, one after the other.
#[must_use]
pub fn parts(whole: i128, parts: &[(&'static str, i128)]) -> Vec<Piece> {
    let scale = Scale::over([whole]);
    let mut from = 0_i128;
    let mut pieces = Vec::new();
    for &(class, part) in parts {
        let to = from.saturating_add(part);
        if part > 0 {
            pieces.push(scale.piece(class, from, to));
        }
        from = to;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_to_scale_and_meet() {
        let pieces = parts(9, &[("counted", 6), ("held", 2), ("excluded", 1), ("pending", 0)]);
        let drawn: Vec<(i128, i128)> =
            pieces.iter().map(|piece| (piece.from, piece.from + piece.length)).collect();
        assert_eq!(drawn, [(0, 6_666), (6_666, 8_888), (8_888, 10_000)]);
        let scale = Scale::over([-50, 150]);
        assert_eq!((scale.at(-50), scale.at(0), scale.at(150)), (0, 2_500, 10_000));
        assert_eq!(scale.piece("b", 0, -50), Piece { class: "b", from: 0, length: 2_500 });
        assert_eq!(Scale::over([]).at(7), 0);
    }
}
