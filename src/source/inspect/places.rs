//! Where the fields of a fixed-width file may stand. What is blank, a number or text in every row
//! parts them; two fields of one sort side by side look like one, so that these are candidates for
//! a person, and no more.

/// The most bytes of a record that are looked at.
const BYTES_MAX: usize = 4_096;

/// A field that the rows suggest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Its first byte, from 1.
    pub(super) at: usize,
    pub(super) bytes: usize,
    /// What its bytes are, over all rows.
    pub(super) shows: &'static str,
}

impl Place {
    /// What it is called until a person names it.
    pub(super) fn name(&self) -> String {
        format!("bytes {}-{}", self.at, self.at + self.bytes - 1)
    }

    /// Its bytes in a row.
    pub(super) fn of<'r>(&self, row: &'r [u8]) -> &'r [u8] {
        row.get(self.at - 1..self.at - 1 + self.bytes).unwrap_or_default()
    }
}

/// What one byte of the record is in every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Blank,
    /// A digit, or a blank beside one.
    Number,
    /// Text that is the same in every row.
    Constant,
    /// The last digit of a zoned decimal, with its sign, or a plain one.
    Punched,
    Text,
}

fn sort(rows: &[&[u8]], at: usize) -> Sort {
    let every =
        |test: &dyn Fn(u8) -> bool| rows.iter().all(|row| row.get(at).copied().is_some_and(test));
    let first = rows.first().and_then(|row| row.get(at)).copied();
    if every(&|byte| byte == b' ') {
        Sort::Blank
    } else if every(&|byte| byte == b' ' || byte.is_ascii_digit()) {
        Sort::Number
    } else if every(&|byte| matches!(byte, b'0'..=b'9' | b'{' | b'}' | b'A'..=b'R')) {
        if every(&|byte| Some(byte) == first && byte.is_ascii_uppercase()) {
            Sort::Constant
        } else {
            Sort::Punched
        }
    } else if every(&|byte| Some(byte) == first) {
        Sort::Constant
    } else {
        Sort::Text
    }
}

/// What two neighbours show together, where they may be one field.
fn joined(left: Sort, right: Sort) -> Option<&'static str> {
    match (left, right) {
        (Sort::Number, Sort::Number) => Some("digits"),
        // A letter that varies behind a number may be its last digit with the sign.
        (Sort::Number, Sort::Punched) => Some("digits, the last with a sign"),
        // An id may begin with the same letters in every row; a sign varies.
        (Sort::Constant, Sort::Number) => Some("the same letters, then digits"),
        (Sort::Constant, Sort::Constant) => Some("the same in every row"),
        (
            Sort::Constant | Sort::Punched | Sort::Text,
            Sort::Constant | Sort::Punched | Sort::Text,
        ) => Some("text"),
        _ => None,
    }
}

/// The fields that rows of so many bytes suggest. Bytes that are blank in every row are part of the
/// field before them.
pub(super) fn guess(rows: &[&[u8]], bytes: usize) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    // What the byte before is; a blank where nothing can go on.
    let mut left = Sort::Blank;
    for at in 0..bytes.min(BYTES_MAX) {
        let right = sort(rows, at);
        match (places.last_mut(), joined(left, right)) {
            (Some(last), _) if right == Sort::Blank => last.bytes += 1,
            (Some(last), Some(shows)) => {
                let goes_on =
                    last.shows == "the same letters, then digits" && right == Sort::Number;
                last.bytes += 1;
                last.shows = if goes_on { last.shows } else { shows };
            }
            _ if right == Sort::Blank => {}
            _ => {
                let shows = match right {
                    Sort::Number => "digits",
                    Sort::Constant => "the same in every row",
                    Sort::Blank | Sort::Punched | Sort::Text => "text",
                };
                places.push(Place { at: at + 1, bytes: 1, shows });
            }
        }
        // What follows the last digit of a zoned decimal is another field.
        left = if (left, right) == (Sort::Number, Sort::Punched) { Sort::Blank } else { right };
    }
    places
}
