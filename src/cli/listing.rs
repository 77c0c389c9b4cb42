//! A table in every layout: for people, for programs, for spreadsheets, for a ticket.

use super::arguments::Layout;
use super::summary::table;
use super::trouble::{Trouble, json};

/// A column of a listing.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// Its name for programs, in snake_case.
    pub name: &'static str,
    /// Its heading.
    pub english: &'static str,
    /// Its heading in Chinese.
    pub chinese: &'static str,
    /// Whether it holds figures, which align right.
    pub is_figure: bool,
}

/// A column of texts.
pub const fn text(name: &'static str, english: &'static str, chinese: &'static str) -> Head {
    Head { name, english, chinese, is_figure: false }
}

/// A column of figures.
pub const fn figure(name: &'static str, english: &'static str, chinese: &'static str) -> Head {
    Head { name, english, chinese, is_figure: true }
}

/// A table to be shown.
#[derive(Debug, Clone)]
pub struct Listing {
    /// Its name for programs.
    pub name: &'static str,
    /// Its title for people.
    pub title: String,
    /// Its columns: texts first, figures after.
    pub heads: Vec<Head>,
    /// Its rows, in the order of the columns.
    pub rows: Vec<Vec<String>>,
    /// What stands beneath for people.
    pub note: String,
}

/// Listings in a layout, one after another. `head` stands above them for people.
///
/// # Errors
/// [`Trouble::Json`] when JSON cannot be written.
pub fn show(head: &str, listings: &[Listing], layout: Layout) -> Result<String, Trouble> {
    match layout {
        Layout::Text => {
            let head = visible(head);
            let mut shown = if head.is_empty() { String::new() } else { format!("{head}\n\n") };
            let texts: Vec<String> = listings.iter().map(Listing::text).collect();
            shown.push_str(&texts.join("\n"));
            Ok(shown.trim_end().to_owned())
        }
        Layout::Json => {
            let of = |listing: &Listing| (listing.name.to_owned(), listing.json());
            let all: serde_json::Map<String, serde_json::Value> = listings.iter().map(of).collect();
            json(&all)
        }
        Layout::Csv => Ok(listings.iter().map(Listing::csv).collect::<Vec<_>>().join("\n\n")),
        Layout::Markdown => {
            Ok(listings.iter().map(Listing::markdown).collect::<Vec<_>>().join("\n\n"))
        }
    }
}

/// A text for a terminal: what would move its cursor, hide a line or turn the order of what is
/// written round is spelt out. A line break of a cell is left to the table.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() && c != '\n') || is_unseen(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Marks of direction and joints that no reader sees.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}')
}

/// A text in Markdown as it stands: no mark-up, no HTML, no link, and no end of its cell.
fn in_markdown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '\\' | '|' | '`' | '*' | '[' | ']' => shown.extend(['\\', c]),
            '<' => shown.push_str("&lt;"),
            '&' => shown.push_str("&amp;"),
            '\n' => shown.push(' '),
            c => shown.push(c),
        }
    }
    shown
}

impl Listing {
    /// A table that has nothing beneath it.
    pub fn new(
        name: &'static str,
        title: String,
        heads: Vec<Head>,
        rows: Vec<Vec<String>>,
    ) -> Listing {
        Listing { name, title, heads, rows, note: String::new() }
    }

    /// The table with a note beneath it.
    pub fn noted(self, note: impl Into<String>) -> Listing {
        Listing { note: note.into(), ..self }
    }

    fn text(&self) -> String {
        let header: Vec<(&str, &str)> =
            self.heads.iter().map(|head| (head.english, head.chinese)).collect();
        let texts = self.heads.iter().filter(|head| !head.is_figure).count();
        let mut shown = if self.rows.is_empty() {
            format!("{}: none 无\n", self.title)
        } else {
            let rows = self.rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect());
            table(&self.title, &header, texts, rows.collect())
        };
        if !self.note.is_empty() {
            shown.push_str(&self.note);
            shown.push('\n');
        }
        shown
    }

    /// Every cell is a text, so that no reader makes floats of amounts.
    fn json(&self) -> serde_json::Value {
        let row = |row: &Vec<String>| {
            let cells = self.heads.iter().zip(row);
            let named = |(head, cell): (&Head, &String)| (head.name.to_owned(), plain(cell).into());
            serde_json::Value::Object(cells.map(named).collect())
        };
        self.rows.iter().map(row).collect()
    }

    /// RFC 4180, each text safe for a spreadsheet.
    fn csv(&self) -> String {
        let head: Vec<&str> = self.heads.iter().map(|head| head.name).collect();
        let rows = self.rows.iter().map(|row| {
            let cells: Vec<String> = row.iter().map(|cell| csv_cell(&plain(cell))).collect();
            cells.join(",")
        });
        std::iter::once(head.join(",")).chain(rows).collect::<Vec<String>>().join("\n")
    }

    fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
        let headings = self.heads.iter().map(|head| format!("{} {}", head.english, head.chinese));
        let sides = self.heads.iter().map(|head| if head.is_figure { "---:" } else { "---" });
        let rows =
            self.rows.iter().map(|row| line(row.iter().map(|cell| in_markdown(cell)).collect()));
        let mut lines = vec![
            format!("**{}**", in_markdown(&self.title)),
            String::new(),
            line(headings.collect()),
            line(sides.map(str::to_owned).collect()),
        ];
        lines.extend(rows);
        if !self.note.is_empty() {
            lines.extend([String::new(), self.note.clone()]);
        }
        lines.join("\n")
    }
}

/// A cell for programs: figures without their commas, several lines as one.
fn plain(cell: &str) -> String {
    let is_figure = cell.contains(',')
        && cell.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.' | b'-'));
    if is_figure { cell.replace(',', "") } else { cell.replace('\n', "; ") }
}

/// A field of delimited text: one that begins like a formula is made safe (OWASP, CSV injection),
/// and what needs quotes gets them.
fn csv_cell(cell: &str) -> String {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let signs = ['=', '+', '-', '@', '＝', '＋', '－', '＠', '\t', '\r', '\n'];
    let is_formula = cell.starts_with(signs) && !is_number;
    let safe = if is_formula { format!("'{cell}") } else { cell.to_owned() };
    if safe.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", safe.replace('"', "\"\""))
    } else {
        safe
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> Listing {
        Listing {
            name: "found",
            title: "Found 所得".to_owned(),
            heads: vec![text("what", "what", "内容"), figure("worth", "worth", "金额")],
            rows: vec![
                vec!["=1+1, \"x\"".to_owned(), "1,234.50".to_owned()],
                vec!["a|b\nc".to_owned(), "-7".to_owned()],
            ],
            note: "that is all".to_owned(),
        }
    }

    #[test]
    fn a_cell_cannot_move_the_cursor() {
        assert_eq!(visible("a\u{1b}[2K\r\n中"), "a\\u{1b}[2K\\r\n中");
    }

    #[test]
    fn every_layout_holds_the_same_cells() {
        let rows = [
            (Layout::Csv, "what,worth\n\"'=1+1, \"\"x\"\"\",1234.50\na|b; c,-7"),
            (
                Layout::Markdown,
                "**Found 所得**\n\n| what 内容 | worth 金额 |\n| --- | ---: |\n\
                 | =1+1, \"x\" | 1,234.50 |\n| a\\|b c | -7 |\n\nthat is all",
            ),
        ];
        for (layout, expected) in rows {
            assert_eq!(show("", &[listing()], layout).unwrap(), expected);
        }
        let json: serde_json::Value =
            serde_json::from_str(&show("", &[listing()], Layout::Json).unwrap()).unwrap();
        assert_eq!(json["found"][0]["worth"], "1234.50");
        assert!(show("head", &[listing()], Layout::Text).unwrap().contains("内容"));
    }

    #[test]
    fn what_a_partner_wrote_is_no_mark_up() {
        let rows = [
            ("a\\|b", "a\\\\\\|b"),
            ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
            ("&lt;b>", "&amp;lt;b>"),
            ("[here](http://x)", "\\[here\\](http://x)"),
            ("**`x`**", "\\*\\*\\`x\\`\\*\\*"),
            ("a\nb\rc", "a b\\\\rc"),
            ("a\u{202e}b\u{200b}", "a\\\\u{202e}b\\\\u{200b}"),
        ];
        for (text, shown) in rows {
            assert_eq!(in_markdown(text), shown, "{text:?}");
        }
    }
}
