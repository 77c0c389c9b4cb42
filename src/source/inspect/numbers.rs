//! How numbers are written, as far as their values show, and the words that may be their signs.

/// The words of a column of signs, each with `plus` or `minus`.
pub(super) type Signs = Vec<(String, &'static str)>;

/// How the numbers of a column are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Written {
    /// Keys of `number` in YAML that the values show for certain.
    pub(super) keys: Vec<String>,
    /// What the values leave open.
    pub(super) asks: Vec<&'static str>,
}

/// Currency marks that may stand at an end of an amount.
const CURRENCIES: &[&str] = &["￥", "¥", "CNY", "RMB", "元", "$", "€", "HK$"];

/// Of each hundred values of a column of numbers, the fewest that are numbers.
const NUMBERS_MIN: usize = 90;

const COMMAS: &str = "Do commas part thousands in it (`thousands: \",\"`), or do they stand before \
                      decimals (`decimal: \",\"`)? Until one is declared they are refused.";
const POINTS: &str = "Do points part thousands in it (`thousands: \".\", decimal: \",\"`), or do they \
                      stand before decimals (`decimal: \".\"`)? Until one is declared they are refused.";
const BOTH: &str =
    "Its numbers are written in several ways, of which none is drafted; ask the partner.";

/// What the marks of a number say.
#[derive(Debug, Default)]
struct Marks {
    thousands_comma: bool,
    thousands_point: bool,
    decimal_comma: bool,
    decimal_point: bool,
    /// A comma, or a point, before three digits alone, which may be either.
    open_comma: bool,
    open_point: bool,
}

/// Whether the values are numbers in some writing, and in which.
pub(super) fn written(values: &[&str]) -> (bool, Written) {
    let mut marks = Marks::default();
    let (mut numbers, mut wide) = (0, false);
    let mut currencies: Vec<&str> = Vec::new();
    let mut signs = [("minus", false), ("trailing", false), ("parentheses", false)];
    for value in values {
        let folded: String = value.chars().map(ascii).collect();
        let is_wide = value.chars().any(|c| matches!(c, '０'..='９'));
        let mut bare = folded.as_str();
        let mark = CURRENCIES.iter().find_map(|mark| {
            let unsigned = bare.trim_start_matches(['-', '(']);
            let rest = unsigned.strip_prefix(mark).or_else(|| bare.strip_suffix(mark))?;
            Some((*mark, rest.trim(), bare.starts_with('-'), bare.starts_with('(')))
        });
        let (mut below, mut within) = (false, false);
        if let Some((_, rest, is_below, is_within)) = mark {
            (bare, below, within) = (rest, is_below, is_within);
        }
        let sign = if let Some(inner) = bare.strip_prefix('(').and_then(|b| b.strip_suffix(')')) {
            bare = inner;
            Some(2)
        } else if let (true, Some(inner)) = (within, bare.strip_suffix(')')) {
            bare = inner;
            Some(2)
        } else if let Some(inner) = bare.strip_suffix('-') {
            bare = inner;
            Some(1)
        } else if let Some(inner) = bare.strip_prefix('-') {
            bare = inner;
            Some(0)
        } else {
            bare = bare.strip_prefix('+').unwrap_or(bare);
            below.then_some(0)
        };
        let is_number = bare.bytes().all(|b| matches!(b, b'0'..=b'9' | b',' | b'.'))
            && bare.bytes().any(|b| b.is_ascii_digit());
        if !is_number {
            continue;
        }
        numbers += 1;
        wide |= is_wide;
        if let Some((mark, ..)) = mark
            && !currencies.contains(&mark)
        {
            currencies.push(mark);
        }
        if let Some((_, stands)) = sign.and_then(|at: usize| signs.get_mut(at)) {
            *stands = true;
        }
        marks.see(bare);
    }
    if numbers == 0 || numbers * 100 < values.len() * NUMBERS_MIN {
        return (false, Written::default());
    }
    let mut written = marks.written();
    match signs.iter().filter(|(_, stands)| *stands).collect::<Vec<_>>().as_slice() {
        [] | [("minus", _)] => {}
        [(way, _)] => written.keys.push(format!("negative: {way}")),
        _ => written.asks.push(BOTH),
    }
    if !currencies.is_empty() {
        let marks: Vec<String> = currencies.iter().map(|mark| super::draft::quoted(mark)).collect();
        written.keys.push(format!("currency: [{}]", marks.join(", ")));
    }
    if wide {
        written.keys.push("full_width: true".to_owned());
    }
    (true, written)
}

/// The ASCII form of a full-width digit or mark.
fn ascii(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

impl Marks {
    fn see(&mut self, number: &str) {
        let (commas, points) = (number.matches(',').count(), number.matches('.').count());
        let behind = |mark| number.rsplit(mark).next().map_or(0, str::len);
        let before = |mark| number.split(mark).next().map_or(0, str::len);
        // One before three digits, and behind no more than three, may part thousands.
        let is_open = |mark| behind(mark) == 3 && (1..=3).contains(&before(mark));
        match (commas, points) {
            (0, 0) => {}
            (1, 0) if is_open(',') => self.open_comma = true,
            (0, 1) if is_open('.') => self.open_point = true,
            (1, 0) => self.decimal_comma = true,
            (0, 1) => self.decimal_point = true,
            (_, 0) => self.thousands_comma = true,
            (0, _) => self.thousands_point = true,
            _ if number.rfind(',') < number.rfind('.') => {
                (self.thousands_comma, self.decimal_point) = (true, true);
            }
            _ => (self.thousands_point, self.decimal_comma) = (true, true),
        }
    }

    fn written(&self) -> Written {
        let is_english = self.thousands_comma || self.decimal_point;
        let is_european = self.thousands_point || self.decimal_comma;
        let has_points = self.thousands_point || self.open_point;
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let (keys, asks): (Vec<String>, &[&'static str]) = match (is_english, is_european) {
            (true, true) => (Vec::new(), &[BOTH]),
            (true, false) if self.thousands_comma => (keys(&["thousands: \",\""]), &[]),
            (false, true) if has_points => (keys(&["decimal: \",\"", "thousands: \".\""]), &[]),
            (false, true) => (keys(&["decimal: \",\""]), &[]),
            (_, false) if self.open_comma => (Vec::new(), &[COMMAS]),
            (false, false) if self.open_point => (Vec::new(), &[POINTS]),
            _ => (Vec::new(), &[]),
        };
        Written { keys, asks: asks.to_vec() }
    }
}

/// Words that partners write for the sign of a number, from the member's side.
const SIGNS: &[(&str, &str)] = &[
    ("贷", "plus"),
    ("贷方", "plus"),
    ("借", "minus"),
    ("借方", "minus"),
    ("C", "plus"),
    ("CR", "plus"),
    ("D", "minus"),
    ("DR", "minus"),
    ("+", "plus"),
    ("-", "minus"),
    ("增", "plus"),
    ("增加", "plus"),
    ("减", "minus"),
    ("减少", "minus"),
    ("加", "plus"),
    ("扣减", "minus"),
    ("收", "plus"),
    ("收入", "plus"),
    ("支", "minus"),
    ("支出", "minus"),
    ("credit", "plus"),
    ("debit", "minus"),
];

/// What the name of a column of signs holds.
const SIGN_NAMES: &[&str] =
    &["借贷", "收支", "收/支", "增减", "加减", "方向", "符号", "sign", "dc", "drcr", "d/c"];

/// The signs that a column's words are: all of them are known, or its name says so and some are.
pub(super) fn signs(name: &str, values: &[String]) -> Signs {
    let mut words: Vec<&str> =
        values.iter().map(String::as_str).filter(|value| !value.is_empty()).collect();
    words.sort_unstable();
    words.dedup();
    let way = |word: &str| {
        let known = |(known, _): &&(&str, &str)| known.eq_ignore_ascii_case(word);
        SIGNS.iter().find(known).map(|(_, way)| *way)
    };
    let found: Signs =
        words.iter().filter_map(|word| Some(((*word).to_owned(), way(word)?))).collect();
    let is_named = SIGN_NAMES.iter().any(|known| name.contains(known));
    if found.len() == words.len() || is_named { found } else { Vec::new() }
}
