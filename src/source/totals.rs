//! Totals that a file declares of itself: in its first or last record, in the table at its end, or
//! in comment lines. They are read here and held against what was read elsewhere.

use super::conform::{Rule, trim};
use crate::feed::{Around, DeclaredTotal, FeedKind, Figures, TotalOf, TotalPlace};

/// Reads the figures of one part.
#[derive(Debug, Clone, Copy)]
pub(super) struct Teller<'r> {
    /// How the column of points is written, where the feed has one.
    points: Option<&'r Rule>,
    part: u32,
}

impl<'r> Teller<'r> {
    pub(super) fn new(kind: FeedKind, rules: &'r [Rule], part: u32) -> Teller<'r> {
        let is_points = |rule: &&Rule| kind.points_column() == Some(rule.field.name);
        Teller { points: rules.iter().find(is_points), part }
    }

    /// That the record itself is there.
    pub(super) fn record(&self, place: TotalPlace, line: u64) -> DeclaredTotal {
        DeclaredTotal { part: self.part, line, place, of: TotalOf::Record, declared: Ok(1) }
    }

    /// A figure as it is written; `None` where its place is empty or not there.
    pub(super) fn figure(
        &self,
        place: TotalPlace,
        of: TotalOf,
        line: u64,
        text: Option<&str>,
    ) -> DeclaredTotal {
        let text = text.map(trim).filter(|text| !text.is_empty());
        let declared = match (text, of) {
            (None, _) => Err("no figure stands at its place".to_owned()),
            (Some(text), TotalOf::Points) => self.points(text),
            (Some(text), _) => rows(text).ok_or_else(|| "it is no whole number".to_owned()),
        };
        DeclaredTotal { part: self.part, line, place, of, declared }
    }

    fn points(&self, text: &str) -> Result<i128, String> {
        let rule = self.points.ok_or_else(|| "the feed has no points".to_owned())?;
        rule.total(text).map(i128::from).map_err(|refusal| refusal.what())
    }

    /// The figures of a file beside another; `None` where there is no such file.
    pub(super) fn beside(
        &self,
        totals: &Figures<Around>,
        text: Option<&str>,
    ) -> Vec<DeclaredTotal> {
        let of = [(TotalOf::Rows, &totals.rows), (TotalOf::Points, &totals.points)];
        let declared = of.into_iter().filter_map(|(of, around)| Some((of, around.as_ref()?)));
        let figures = declared.map(|(of, around)| {
            let behind = text.and_then(|text| text.split_once(around.after.as_str()));
            let figure = behind.and_then(|(_, behind)| between(behind, &around.before));
            self.figure(TotalPlace::Beside, of, 0, figure)
        });
        figures.collect()
    }

    /// The figures of a line that is no record.
    pub(super) fn comment(
        &self,
        totals: Option<&Figures<Around>>,
        line: u64,
        text: &str,
        found: &mut Vec<DeclaredTotal>,
    ) {
        let Some(totals) = totals else { return };
        for (of, around) in [(TotalOf::Rows, &totals.rows), (TotalOf::Points, &totals.points)] {
            let Some(around) = around else { continue };
            if let Some((_, behind)) = text.split_once(around.after.as_str()) {
                let figure = between(behind, &around.before);
                found.push(self.figure(TotalPlace::Comment, of, line, figure));
            }
        }
    }
}

/// The figure at the head of a text: up to what stands behind it, or to the next mark that ends a
/// clause. Whatever else stands there is part of it, so that `2万` is not read as two.
fn between<'t>(text: &'t str, before: &str) -> Option<&'t str> {
    if !before.is_empty() {
        return text.split_once(before).map(|(figure, _)| figure);
    }
    let is_digit = |c: Option<char>| c.is_some_and(|c| matches!(c, '0'..='9' | '０'..='９'));
    let ends = |(at, c): &(usize, char)| match c {
        ';' | '；' | '。' | '、' | '|' | '\r' | '\n' => true,
        // Between digits it marks thousands or decimals.
        ',' | '，' => {
            let (before, behind) = text.split_at_checked(*at).unwrap_or((text, ""));
            !is_digit(before.chars().next_back()) || !is_digit(behind.chars().nth(1))
        }
        _ => false,
    };
    let end = text.char_indices().find(ends).map_or(text.len(), |(at, _)| at);
    text.get(..end).map(trim)
}

/// A number of rows: digits, or digits in groups of three.
fn rows(text: &str) -> Option<i128> {
    let mut groups = text.split(',');
    let first = groups.next()?;
    let is_number = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let grouped = text.contains(',');
    if !is_number(first) || (grouped && first.len() > 3) {
        return None;
    }
    let mut digits = first.to_owned();
    for group in groups {
        if group.len() != 3 || !is_number(group) {
            return None;
        }
        digits.push_str(group);
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_stand_behind_a_text_and_before_another() {
        let cut = [
            ("12,笔", "", Some("12")),
            (" 1,234.50\r\n", "", Some("1,234.50")),
            ("12笔，", "", Some("12笔")),
            ("2万", "", Some("2万")),
            ("-2e3；", "", Some("-2e3")),
            ("-2 -9", "", Some("-2 -9")),
            ("3，总积分：4", "", Some("3")),
            ("-1200分，", "分", Some("-1200")),
            ("１２３；", "", Some("１２３")),
            ("none", "", Some("none")),
            ("12", "分", None),
        ];
        for (text, before, want) in cut {
            assert_eq!(between(text, before), want, "{text}");
        }
        let counts = [
            ("0000012", Some(12)),
            ("1,234", Some(1234)),
            ("1234,567", None),
            ("1,23", None),
            ("-1", None),
            ("1.0", None),
            ("", None),
            ("99999999999999999999999999999999999999999", None),
        ];
        for (text, want) in counts {
            assert_eq!(rows(text), want, "{text}");
        }
    }
}
