//! Totals that a file may declare of itself: figures beside its rows that are as many as they are,
//! or the sum of one of their columns. They are candidates, told with what they agree with.

use super::layout::Found;

/// A candidate for each total, and what speaks for it.
#[derive(Debug)]
pub(super) struct Candidates {
    /// Where the number of rows and the sum of points stand, as YAML of the format.
    pub(super) yaml: String,
    /// What the figures agree with.
    pub(super) evidence: String,
}

/// Digits behind the point that are kept of a number.
const DIGITS: usize = 6;

/// The most bytes of a marked record that are looked at.
const BYTES_MAX: usize = 200;

/// What the rows amount to.
#[derive(Debug)]
pub(super) struct Rows<'f> {
    count: i128,
    /// Columns whose every value is a number, with the sum.
    sums: Vec<(&'f str, i128)>,
}

/// A place that agrees with something of the rows.
type Place = (String, String);

impl<'f> Rows<'f> {
    /// `None` where not every row was looked at. Of columns with names of their own, only those
    /// that `is_summed` are summed.
    pub(super) fn of(found: &'f Found, is_summed: impl Fn(&str) -> bool) -> Option<Rows<'f>> {
        if !found.is_complete || found.rows.is_empty() {
            return None;
        }
        let columns = found.names.iter().enumerate();
        let sums = columns.filter(|(_, name)| !found.has_header || is_summed(name)).filter_map(
            |(at, name)| {
                let cells = found.rows.iter().filter_map(|row| row.get(at));
                let sum = cells
                    .map(|cell| number(cell))
                    .try_fold(0, |sum: i128, one| sum.checked_add(one?))?;
                // A sum of nothing agrees with every nought.
                (sum != 0).then_some((name.as_str(), sum))
            },
        );
        Some(Rows { count: i128::try_from(found.rows.len()).ok()?, sums: sums.collect() })
    }

    fn is_count(&self, text: &str) -> bool {
        !text.starts_with(['-', '(']) && number(text) == self.count.checked_mul(one())
    }

    /// The column of which a text says the sum.
    fn summed(&self, text: &str) -> Option<&'f str> {
        let sum = number(text)?;
        self.sums.iter().find(|(_, of)| *of == sum).map(|(name, _)| *name)
    }

    /// The places of the figures, each with its text, that agree; where several do, nobody knows
    /// which one is meant.
    fn agreeing<'t>(
        &self,
        figures: impl Iterator<Item = (String, &'t str)> + Clone,
    ) -> (Option<Place>, Option<Place>) {
        let counts = figures.clone().filter(|(_, text)| self.is_count(text));
        let counts = counts.map(|(place, _)| (place, "as many as there are rows".to_owned()));
        let sums = figures.filter_map(|(place, text)| {
            Some((place, format!("the sum of `{}`", self.summed(text)?)))
        });
        let (rows, points) = (only(counts), only(sums));
        // A figure that is both says neither for certain.
        if rows.as_ref().map(|(place, _)| place) == points.as_ref().map(|(place, _)| place) {
            return (None, None);
        }
        (rows, points)
    }

    /// Candidates among the values of a marked record of delimited text.
    pub(super) fn in_record(&self, values: &[String]) -> Option<Candidates> {
        let figures = (1..).zip(values).skip(1);
        let figures = figures.map(|(at, text): (usize, _)| (at.to_string(), text.as_str()));
        candidates(self.agreeing(figures), "value ")
    }

    /// Candidates among the columns of a table of one row.
    pub(super) fn in_table(&self, names: &[String], figures: &[String]) -> Option<Candidates> {
        let named = names.iter().zip(figures);
        let figures = named.map(|(name, text)| (super::draft::quoted(name), text.as_str()));
        candidates(self.agreeing(figures), "column ")
    }

    /// Candidates among the bytes of a marked record of fixed width: zero-filled figures, the
    /// first behind the marker and the second behind the first.
    pub(super) fn in_bytes(&self, record: &[u8], marker_bytes: usize) -> Option<Candidates> {
        let record = record.get(..record.len().min(BYTES_MAX)).unwrap_or_default();
        let text = |from: usize, to: usize| std::str::from_utf8(record.get(from..to)?).ok();
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let extent =
            |from: usize, to: usize| format!("{{ at: {}, bytes: {} }}", from + 1, to - from);
        let begins: Vec<usize> = (marker_bytes..record.len())
            .filter(|&at| {
                let is_digit = |at: usize| record.get(at).is_some_and(u8::is_ascii_digit);
                is_digit(at) && (at == marker_bytes || !is_digit(at - 1))
            })
            .collect();
        let counts = begins.iter().flat_map(|&from| {
            (from + 1..=record.len()).map(move |to| (from, to)).filter(|&(from, to)| {
                text(from, to).is_some_and(|t| is_digits(t) && self.is_count(t))
            })
        });
        let (from, to) = only(counts)?;
        let rows = (extent(from, to), "as many as there are rows".to_owned());
        let mut sums = (to + 1..=record.len()).filter_map(|end| {
            let name = self.summed(text(to, end)?)?;
            Some((extent(to, end), format!("the sum of `{name}`")))
        });
        // Blanks behind a figure make it no other.
        let points = sums.next();
        candidates((Some(rows), points), "")
    }

    /// Candidates in lines that are no records: the figure behind a text of its own.
    pub(super) fn in_lines(&self, lines: &[String]) -> Option<Candidates> {
        let figures: Vec<(String, &str)> = lines
            .iter()
            .flat_map(|line| around(line))
            .filter(|(after, _, _)| {
                // Another line with the same words would be read for the figure too.
                lines.iter().map(|line| line.matches(after).count()).sum::<usize>() == 1
            })
            .map(|(after, figure, before)| {
                let after = super::draft::quoted(after);
                let behind = match before {
                    "" => String::new(),
                    before => format!(", before: {}", super::draft::quoted(before)),
                };
                (format!("{{ after: {after}{behind} }}"), figure)
            })
            .collect();
        let figures = figures.iter().map(|(place, figure)| (place.clone(), *figure));
        candidates(self.agreeing(figures), "the figure of ")
    }
}

/// The one item that there is.
fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}

fn candidates((rows, points): (Option<Place>, Option<Place>), noun: &str) -> Option<Candidates> {
    let found = [("rows", rows), ("points", points)];
    let found = found.into_iter().filter_map(|(word, place)| Some((word, place?)));
    let found: Vec<(&str, Place)> = found.collect();
    if found.is_empty() {
        return None;
    }
    let yaml = found.iter().map(|(word, (place, _))| format!("{word}: {place}"));
    let evidence = found.iter().map(|(_, (place, why))| format!("{noun}{place} is {why}"));
    Some(Candidates {
        yaml: yaml.collect::<Vec<_>>().join(", "),
        evidence: evidence.collect::<Vec<_>>().join("; "),
    })
}

/// The figures of a line, each with the words before it and what stands behind it.
fn around(line: &str) -> Vec<(&str, &str, &str)> {
    let clauses = line.split(['，', '；', ';', '。', '、', '|', '\t', ' ']);
    let clause = |clause| {
        let clause: &str = clause;
        let from = clause.find(|c: char| c.is_ascii_digit() || c == '-')?;
        let (after, rest) = clause.split_at_checked(from)?;
        let is_of_figure = |c: char| c.is_ascii_digit() || matches!(c, '-' | '.' | ',');
        let to = rest.find(|c| !is_of_figure(c)).unwrap_or(rest.len());
        let (figure, before) = rest.split_at_checked(to)?;
        let has_words = after.chars().any(char::is_alphanumeric);
        // A comma between clauses, and none between digits.
        let bare = figure.trim_end_matches(',');
        let before = if bare.len() < figure.len() { "" } else { before };
        has_words.then_some((after, bare, before))
    };
    clauses.filter_map(clause).collect()
}

/// What one is, among numbers.
fn one() -> i128 {
    10i128.pow(6)
}

/// A number as the samples of partners write it, in millionths. `None` where it is none, or finer.
fn number(text: &str) -> Option<i128> {
    let text = text.trim();
    let (text, is_negative) = match text.as_bytes() {
        [b'-', ..] => (text.get(1..)?, true),
        [b'+', ..] => (text.get(1..)?, false),
        [b'(', .., b')'] => (text.get(1..text.len() - 1)?, true),
        [.., b'-'] => (text.get(..text.len() - 1)?, true),
        _ => (text, false),
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let mut digits = whole.replace(',', "");
    let mut is_minus = is_negative;
    if let Some(last) = digits.pop() {
        let (digit, minus) = match last {
            '{' => ('0', false),
            'A'..='I' => (char::from(b'1' + (last as u8 - b'A')), false),
            '}' => ('0', true),
            'J'..='R' => (char::from(b'1' + (last as u8 - b'J')), true),
            other => (other, false),
        };
        digits.push(digit);
        is_minus |= minus;
    }
    let part = part.trim_end_matches('0');
    if digits.is_empty() || part.len() > DIGITS {
        return None;
    }
    digits.push_str(part);
    digits.extend(std::iter::repeat_n('0', DIGITS - part.len()));
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: i128 = digits.parse().ok()?;
    Some(if is_minus { -value } else { value })
}
