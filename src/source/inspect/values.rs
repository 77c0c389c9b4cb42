//! What the values of a column look like.

use std::collections::BTreeSet;

use jiff::fmt::strtime::BrokenDownTime;
use unicode_normalization::UnicodeNormalization;

use super::names::holds_words;
use super::numbers::{Signs, Written, signs, written};
use super::odd::odd;
use crate::value::token::redact;

/// Texts that often mean "no value".
const NULLS: &[&str] = &["-", "—", "N/A", "\\N", "NULL", "null", "无"];

/// Notations of instants and days that are tried.
const NOTATIONS: &[&str] = &[
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S%:z",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y.%m.%d %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日%H时%M分%S秒",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y%m%d",
    "%Y年%m月%d日",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%Y.%m.%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
];

/// Units of time since 1970, with the counts that lie in the years from 2010 to 2040, which have
/// each a length of their own.
const EPOCHS: &[(&str, i64)] =
    &[("seconds", 1), ("milliseconds", 1_000), ("microseconds", 1_000_000)];
const EPOCH_SECONDS: std::ops::Range<i64> = 1_262_304_000..2_208_988_800;

/// Words of which one stands in the name of a column that counts seconds.
const TIMES: &[&str] = &["time", "ts", "date", "stamp", "时间", "日期", "时点", "_at", "epoch"];

/// The most words of a column that are listed.
const WORDS_MAX: usize = 12;

/// Words in a column's name that say that its values are somebody's own.
const PERSONAL: &[&str] = &[
    "姓名",
    "昵称",
    "手机",
    "电话",
    "联系",
    "地址",
    "身份证",
    "证件",
    "邮箱",
    "持卡人",
    "客户",
    "收件",
    "收货",
    "户名",
    "买家",
    "付款人",
    "收款人",
    "账号",
    "银行卡",
    "护照",
    "name",
    "buyer",
    "receiver",
    "recipient",
    "holder",
    "customer",
    "contact",
    "payer",
    "payee",
    "passport",
    "tel",
    "mobile",
    "phone",
    "email",
    "addr",
    "wechat",
    "微信",
    "openid",
    "unionid",
    "备注",
    "附言",
    "note",
    "remark",
    "memo",
    "who",
];

/// A column of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its name in the file.
    pub name: String,
    /// What its values are.
    pub kind: String,
    /// Notations of time that every value fits.
    pub formats: Vec<&'static str>,
    /// Where there is none, notations of which each value fits one.
    pub several: Vec<&'static str>,
    /// Its words, where they are few and none is personal.
    pub words: Vec<String>,
    /// How many rows have no value in it.
    pub empty: usize,
    /// Whether its values look like somebody's own.
    pub is_personal: bool,
    /// Whether each row has a value and no two have the same, where there are several.
    pub differs: bool,
    /// Whether its values are numbers, some of them below zero.
    pub has_signs: bool,
    /// Whether its values are codes: letters and digits of ASCII, with a digit in each.
    pub(super) is_coded: bool,
    /// Whether its values are instants with their offsets, which are read without a format.
    pub(super) is_iso: bool,
    /// Texts among its values that may mean none.
    pub(super) nulls: Vec<String>,
    /// The unit in which its values count from 1970, where they may.
    pub epoch: Option<&'static str>,
    /// Whether its values are numbers in some writing.
    pub(super) is_numeric: bool,
    /// How its numbers are written.
    pub(super) number: Written,
    /// Whether each value is a text that a spreadsheet's formula gives: `="001"`.
    pub(super) is_formula: bool,
    /// Its words, where they may be the signs of another column.
    pub(super) signs: Signs,
}

impl Seen {
    /// Whether its values are instants or days.
    pub(super) fn is_timed(&self) -> bool {
        let is_typed =
            ["Timestamp(", "Date32", "Date64"].iter().any(|of| self.kind.starts_with(of));
        is_typed
            || self.is_iso
            || !self.formats.is_empty()
            || !self.several.is_empty()
            || self.epoch.is_some()
    }
}

/// A value as it may be shown.
pub(super) fn masked(columns: &[Seen], row: &[String]) -> Vec<String> {
    row.iter()
        .enumerate()
        .map(|(at, value)| {
            let value = value.trim();
            if is_mobile(value) {
                mask_mobile(value)
            } else if columns.get(at).is_some_and(|column| column.is_personal) || is_own(value) {
                redact(value)
            } else {
                value.to_owned()
            }
        })
        .collect()
}

/// 138****5678, whatever stands before the number.
fn mask_mobile(value: &str) -> String {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let number = digits.get(digits.len().saturating_sub(11)..).unwrap_or_default();
    match (number.get(..3), number.get(7..)) {
        (Some(head), Some(tail)) => format!("{head}****{tail}"),
        _ => redact(value),
    }
}

fn is_mobile(value: &str) -> bool {
    let bare: String = value.chars().filter(|c| !matches!(c, ' ' | '-' | '+')).collect();
    let number = bare.strip_prefix("86").filter(|rest| rest.len() == 11).unwrap_or(&bare);
    number.len() == 11
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && number.starts_with('1')
        && number.as_bytes().get(1).is_some_and(|second| *second >= b'3')
}

/// Whether a mobile number, in any spelling and anywhere in the text, or as many digits as an
/// identity number or a bank card has stand in it.
fn holds_number(value: &str) -> bool {
    let mut digits = String::new();
    let mut is_joined = false;
    let mut gap = false;
    // What is none of these ends the last run too.
    for c in value.nfkc().chain(['\0']) {
        match c {
            '0'..='9' => {
                is_joined |= gap;
                gap = false;
                digits.push(c);
            }
            ' ' | '-' | '.' | '(' | ')' | '+' | '_' => gap = !digits.is_empty(),
            _ => {
                let is_card = (15..=19).contains(&digits.len())
                    || (digits.len() == 17 && matches!(c, 'x' | 'X'));
                // The long numbers of events hold any digits.
                let may_hold = is_joined || digits.len() <= 19;
                if is_card || (may_hold && digits.as_bytes().windows(11).any(is_number_of_phone)) {
                    return true;
                }
                digits.clear();
                (is_joined, gap) = (false, false);
            }
        }
    }
    false
}

fn is_number_of_phone(digits: &[u8]) -> bool {
    matches!(digits, [b'1', b'3'..=b'9', ..])
}

/// Whether two Chinese characters or more, or two words in another writing, stand in it, which may
/// be a name or an address.
fn may_name(value: &str) -> bool {
    let is_han = |c: &char| {
        let is_late = matches!(c, '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}');
        is_late || matches!(c, '\u{3400}'..='\u{9fff}')
    };
    let is_word = |word: &&str| word.chars().filter(|c| c.is_alphabetic()).nth(1).is_some();
    value.chars().filter(is_han).nth(1).is_some()
        || value.split_whitespace().filter(is_word).nth(1).is_some()
}

/// Whether it looks like an address, or like the number of a person.
fn is_own(value: &str) -> bool {
    let is_mail = value.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !value.contains(char::is_whitespace)
    });
    let (digits, last) = value.split_at_checked(17).unwrap_or(("", ""));
    let is_identity = digits.len() == 17
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(last.as_bytes(), [b'0'..=b'9' | b'X' | b'x'])
        // The year of birth is part of it, and of few other numbers of this length.
        && matches!(digits.get(6..8), Some("19" | "20"));
    is_mail || is_identity
}

/// The columns of rows with these names.
pub(super) fn see(names: &[String], rows: &[Vec<String>]) -> Vec<Seen> {
    names.iter().enumerate().map(|(at, name)| column(name, at, rows)).collect()
}

fn column(name: &str, at: usize, rows: &[Vec<String>]) -> Seen {
    let cell = |row: &Vec<String>| row.get(at).map(|value| value.trim().to_owned());
    let all: Vec<String> = rows.iter().filter_map(cell).collect();
    let is_null = |value: &String| value.is_empty() || NULLS.contains(&value.as_str());
    let nulls: BTreeSet<&str> =
        all.iter().filter(|v| !v.is_empty() && is_null(v)).map(String::as_str).collect();
    let values: Vec<&str> = all.iter().filter(|v| !is_null(v)).map(String::as_str).collect();
    let every = |test: &dyn Fn(&str) -> bool| !values.is_empty() && values.iter().all(|v| test(v));
    let formats: Vec<&'static str> = NOTATIONS
        .iter()
        .copied()
        .filter(|notation| every(&|value| is_time(notation, value)))
        .collect();
    let several = if formats.is_empty() { several(&values) } else { Vec::new() };
    let lowered = name.to_lowercase();
    let is_own = |value: &&str| is_mobile(value) || is_own(value) || holds_number(value);
    let epoch = epoch(&lowered, &values).filter(|_| formats.is_empty());
    let is_iso = formats.is_empty() && every(&|value| value.parse::<jiff::Timestamp>().is_ok());
    let several = if is_iso { Vec::new() } else { several };
    let is_timed = is_iso || !formats.is_empty() || !several.is_empty() || epoch.is_some();
    let is_personal = PERSONAL.iter().any(|word| lowered.contains(word))
        || (!is_timed && values.iter().any(is_own))
        || (!is_timed && !holds_words(name) && values.iter().any(|value| may_name(value)));
    let distinct: BTreeSet<&str> = values.iter().copied().collect();
    let mut kind = if values.is_empty() {
        "empty".to_owned()
    } else if every(&is_mobile) {
        "mobile numbers".to_owned()
    } else if every(&|v| v.len() == 64 && v.bytes().all(|b| b.is_ascii_hexdigit())) {
        "64 hexadecimal digits, tokens or hashes".to_owned()
    } else if let [first, ..] = formats.as_slice() {
        format!("times, {first}")
    } else if is_iso {
        "times with offsets".to_owned()
    } else if !several.is_empty() {
        let told = several.iter().map(|(notation, count)| format!("{notation} ({count})"));
        format!("times in several notations, {}", told.collect::<Vec<_>>().join(", "))
    } else if let Some(unit) = epoch {
        format!("whole numbers that may be {unit} since 1970")
    } else if every(&is_whole) {
        let padded = values.iter().any(|v| v.len() > 1 && v.starts_with('0'));
        if padded { "digits with leading zeros".to_owned() } else { "whole numbers".to_owned() }
    } else if every(&is_number) {
        "numbers".to_owned()
    } else {
        format!("text, {} distinct", distinct.len())
    };
    for told in odd(&values) {
        kind += &format!("; {told}");
    }
    let nulls: Vec<String> = nulls.into_iter().map(str::to_owned).collect();
    if !nulls.is_empty() {
        kind += &format!("; `{}` may mean no value", nulls.join("`, `"));
    }
    let listed = !is_personal && distinct.len() <= WORDS_MAX && !is_timed;
    let words = if listed && !every(&is_number) {
        distinct.iter().map(|word| (*word).to_owned()).collect()
    } else {
        Vec::new()
    };
    let empty = rows.len() - values.len().min(rows.len());
    // A key of JSON lines may be a number itself.
    let name = if holds_number(name) { redact(name) } else { name.to_owned() };
    let several = several.into_iter().map(|(notation, _)| notation).collect();
    let differs = distinct.len() == rows.len() && rows.len() > 1;
    // Telephone numbers have hyphens and parentheses too, but not around all their digits.
    let is_below = |value: &&str| {
        value.starts_with('-')
            || value.ends_with('-')
            || value.starts_with('(') && value.ends_with(')')
    };
    let is_counted = every(&is_number) && !is_timed && !is_personal;
    let has_signs = is_counted && values.iter().any(is_below);
    let is_formula = every(&|value| value.starts_with("=\"") && value.ends_with('"'));
    let (is_numeric, number) = written(&values);
    let signs = signs(&lowered, &all);
    let is_coded = every(&|value| {
        value.is_ascii() && value.bytes().any(|byte| byte.is_ascii_digit()) && !is_number(value)
    });
    let seen = Seen { name, kind, formats, several, words, empty, is_personal, ..Seen::default() };
    Seen {
        differs,
        has_signs,
        epoch,
        is_numeric,
        number,
        is_formula,
        signs,
        is_iso,
        nulls,
        is_coded,
        ..seen
    }
}

/// The unit in which all values count from 1970. Few seconds are told from numbers of events
/// without a name that speaks of time.
fn epoch(name: &str, values: &[&str]) -> Option<&'static str> {
    let is_of_time = TIMES.iter().any(|word| name.contains(word)) || name == "at";
    let (unit, _) = EPOCHS.iter().find(|(_, most)| {
        let is_it = |value: &&str| {
            is_whole(value)
                && value.parse::<i64>().is_ok_and(|count| EPOCH_SECONDS.contains(&(count / most)))
        };
        !values.is_empty() && values.iter().all(is_it)
    })?;
    is_of_time.then_some(*unit)
}

/// Notations of time of which each value fits one, the commonest first, with how many are read by
/// it; none where a value fits none.
fn several(values: &[&str]) -> Vec<(&'static str, usize)> {
    let mut found = Vec::new();
    let mut rest = values.to_vec();
    while !rest.is_empty() {
        let fitting = |notation: &&'static str| {
            (rest.iter().filter(|value| is_time(notation, value)).count(), *notation)
        };
        // Of equals the first.
        let best = NOTATIONS.iter().rev().map(fitting).max_by_key(|(count, _)| *count);
        let Some((count, notation)) = best.filter(|(count, _)| *count > 0) else {
            return Vec::new();
        };
        found.push((notation, count));
        rest.retain(|value| !is_time(notation, value));
    }
    found
}

pub(super) fn is_time(notation: &str, value: &str) -> bool {
    // Without this, a notation without separators would read other lengths too.
    let is_packed = !notation.contains(['-', '/', '.', '年']);
    let digits = 8 + 2 * ["%H", "%M", "%S"].iter().filter(|part| notation.contains(**part)).count();
    if is_packed && value.len() != digits {
        return false;
    }
    // A fraction may be left out, and then says nothing.
    if notation.ends_with("%.f") && !value.contains('.') {
        return false;
    }
    BrokenDownTime::parse(notation, value)
        .is_ok_and(|parsed| parsed.to_date().is_ok_and(|day| (1990..2100).contains(&day.year())))
}

fn is_whole(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn is_number(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit())
        && value.chars().all(|c| c.is_ascii_digit() || "+-.,()￥¥".contains(c))
}
