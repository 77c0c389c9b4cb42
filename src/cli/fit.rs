//! Tables that fit the terminal: a path is cut in its middle, a sentence is broken between words.
//! Layouts for programs hold every cell whole.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns where nobody says how many there are: of a pipe, a file, a log.
const USUAL: usize = 100;

/// A terminal that says it has fewer is not believed.
const FEWEST: usize = 40;

/// Blanks between two columns.
const GAP: usize = 2;

/// No column is made narrower than this, unless that is not enough; and then none narrower than the
/// other.
const LEAST: [usize; 2] = [16, 8];

/// How many columns there are: as `COLUMNS` says, or the terminal.
pub fn columns() -> usize {
    let said = std::env::var_os("COLUMNS").and_then(|said| said.to_str()?.parse().ok());
    let terminal = || {
        let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
        Some(usize::from(size.ws_col))
    };
    said.or_else(terminal).filter(|columns| *columns >= FEWEST).unwrap_or(USUAL)
}

/// The cells of a table, its widest paths and sentences made narrower until it fits. Figures and
/// ids stay whole, so that a table with many of them may still be wider.
pub fn fitted(
    header: &[(&str, &str)],
    mut rows: Vec<Vec<String>>,
    columns: usize,
) -> Vec<Vec<String>> {
    let widest = |cell: &str| cell.lines().map(UnicodeWidthStr::width).max().unwrap_or_default();
    let mut widths: Vec<usize> =
        header.iter().map(|(english, chinese)| english.width().max(chinese.width())).collect();
    let mut gives_way = vec![false; widths.len()];
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            widths[at] = widths[at].max(widest(cell));
            gives_way[at] |= cell.contains([' ', '/']) || !cell.is_ascii();
        }
    }
    let whole = widths.clone();
    for least in LEAST {
        while widths.iter().map(|width| width + GAP).sum::<usize>() > columns {
            let wide = (0..widths.len()).filter(|&at| gives_way[at] && widths[at] > least);
            let Some(at) = wide.max_by_key(|&at| widths[at]) else { break };
            widths[at] -= 1;
        }
    }
    for row in &mut rows {
        for (at, cell) in row.iter_mut().enumerate().filter(|&(at, _)| widths[at] < whole[at]) {
            let lines: Vec<String> =
                cell.lines().flat_map(|line| broken(line, widths[at])).collect();
            *cell = lines.join("\n");
        }
    }
    rows
}

/// A line in pieces of a width.
fn broken(line: &str, width: usize) -> Vec<String> {
    if line.width() <= width {
        return vec![line.to_owned()];
    }
    let mut pieces = vec![String::new()];
    for word in line.split(' ') {
        for part in parts(word, width) {
            let last = pieces
                .last_mut()
                .filter(|last| last.is_empty() || last.width() + 1 + part.width() <= width);
            match last {
                Some(last) if last.is_empty() => last.push_str(&part),
                Some(last) => {
                    last.push(' ');
                    last.push_str(&part);
                }
                None => pieces.push(part),
            }
        }
    }
    pieces
}

/// A word of at most a width: a path without its middle, anything else in several parts.
fn parts(word: &str, width: usize) -> Vec<String> {
    if word.width() <= width {
        return vec![word.to_owned()];
    }
    if word.contains('/') && word.contains(char::is_alphabetic) {
        let head = within(word.chars(), (width - 1) / 4);
        let tail: String = within(word.chars().rev(), width - 1 - head.width());
        return vec![format!("{head}…{}", tail.chars().rev().collect::<String>())];
    }
    let mut parts = Vec::new();
    let mut rest = word;
    while !rest.is_empty() {
        let part = within(rest.chars(), width);
        rest = &rest[part.len()..];
        parts.push(part);
    }
    parts
}

/// As many characters as a width holds.
fn within(chars: impl Iterator<Item = char>, width: usize) -> String {
    let mut left = width;
    chars
        .take_while(|c| match left.checked_sub(c.width().unwrap_or_default()) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_loses_its_middle_and_a_sentence_is_broken_between_words() {
        let place = "sample-data/skyline-harbour/a/2026-03/ledger-1.csv:179";
        let rows = [
            (place, 22, vec!["sampl…ledger-1.csv:179"]),
            ("no declared ratio gives this", 16, vec!["no declared", "ratio gives this"]),
            ("积分余额与明细不符", 8, vec!["积分余额", "与明细不", "符"]),
            ("SKY2603-00158526", 10, vec!["SKY2603-00", "158526"]),
            ("2026/03/31", 8, vec!["2026/03/", "31"]),
        ];
        for (line, width, expected) in rows {
            let broken = broken(line, width);
            assert!(broken.iter().all(|piece| piece.width() <= width), "{broken:?}");
            assert_eq!(broken, expected);
        }
    }

    #[test]
    fn a_table_fits_and_its_ids_are_whole() {
        let id = "206f3e1ac31da6825864";
        let place = "a-folder/of-a-partner/whose-name/is-long/2026-03/ledger.csv:185";
        let why = "no declared ratio gives this, and neither does an earlier version 无对应比例";
        let header = [("id", "编号"), ("rows", "行"), ("why", "原因"), ("at stake", "涉及金额")];
        let row = [id, place, why, "24.00"].map(str::to_owned).to_vec();
        for (columns, end) in [(100, "ledger.csv:185"), (80, "ledger.csv:185"), (48, ":185")] {
            let fitted = fitted(&header, vec![row.clone()], columns).remove(0);
            let width = |cell: &String| cell.lines().map(UnicodeWidthStr::width).max().unwrap();
            let all = fitted.iter().map(|cell| width(cell) + GAP).sum::<usize>();
            assert!(all <= columns.max(54), "{columns}: {fitted:?}");
            assert_eq!((&fitted[0], &fitted[3]), (&row[0], &row[3]));
            assert!(fitted[1].ends_with(end), "{columns}: {}", fitted[1]);
            assert_eq!(fitted[2].replace(['\n', ' '], ""), why.replace(' ', ""));
        }
    }
}
