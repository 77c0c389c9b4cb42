//! What stands out among the values of a column, in words that say what to declare. No value is
//! shown, because any may be somebody's own.

use super::values::is_number;

/// What some values have, what to make of it, and how to tell them.
type Odd = (&'static str, &'static str, fn(&str) -> bool);

const ODD: [Odd; 10] = [
    ("spreadsheet numbers", "refused in an id", is_floated),
    ("spreadsheet formulas", "see `stands` of a column", is_formula),
    ("invisible or control characters", "refused in an id", holds_unseen),
    ("full-width digits", "see `full_width` under `number`", holds_full_width),
    ("negative by parentheses", "see `negative` under `number`", is_in_parentheses),
    ("negative by a sign behind", "see `negative` under `number`", is_trailing),
    ("decimal commas", "see `decimal` under `number`", has_decimal_comma),
    ("commas for thousands or decimals", "see `thousands` under `number`", has_thousands_comma),
    ("points for thousands or decimals", "see `decimal` under `number`", has_open_point),
    ("currency marks", "see `currency` under `number`", has_currency),
];

/// What stands out, each with how many values it is true of.
pub(super) fn odd(values: &[&str]) -> Vec<String> {
    let of = |test: &dyn Fn(&str) -> bool| values.iter().filter(|value| test(value)).count();
    let told = ODD.iter().map(|(what, cure, test)| (of(test), *what, *cure));
    let mut told: Vec<String> = told
        .filter(|(count, ..)| *count > 0)
        .map(|(count, what, cure)| format!("{what} ({count}), {cure}"))
        .collect();
    // A few values among many numbers that are none are refused where a number is read.
    let others = values.len() - of(&is_number);
    if others > 0 && others * 10 <= values.len() {
        told.push(format!("no numbers ({others})"));
    }
    told
}

fn is_floated(value: &str) -> bool {
    let Some((number, power)) = value.split_once(['E', 'e']) else { return false };
    let power = power.trim_start_matches(['+', '-']);
    let is_power = !power.is_empty() && power.bytes().all(|byte| byte.is_ascii_digit());
    is_number(number) && number.contains('.') && is_power
}

fn is_formula(value: &str) -> bool {
    value.starts_with('=')
}

fn holds_unseen(value: &str) -> bool {
    let is_unseen = |c: char| {
        c.is_control() || matches!(c, '\u{a0}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    value.chars().any(is_unseen)
}

fn holds_full_width(value: &str) -> bool {
    value.chars().any(|c| matches!(c, '０'..='９'))
}

fn is_in_parentheses(value: &str) -> bool {
    let inner = value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    inner.is_some_and(is_number)
}

fn is_trailing(value: &str) -> bool {
    value.strip_suffix('-').is_some_and(is_number)
}

/// A comma behind a point, or one that parts no thousands.
fn has_decimal_comma(value: &str) -> bool {
    let unsigned = value.trim_matches(['(', ')', '-', '+', '￥', '¥']);
    let Some((whole, decimals)) = unsigned.rsplit_once(',') else { return false };
    is_number(value) && (whole.contains('.') || decimals.len() != 3) && !decimals.contains('.')
}

fn has_thousands_comma(value: &str) -> bool {
    is_number(value) && value.contains(',') && !has_decimal_comma(value)
}

/// One point before three digits, and behind digits that may be as many thousands.
fn has_open_point(value: &str) -> bool {
    let unsigned = value.trim_matches(['(', ')', '-', '+', '￥', '¥']);
    let Some((whole, decimals)) = unsigned.split_once('.') else { return false };
    let is_group = (1..=3).contains(&whole.len()) && !whole.starts_with('0');
    is_number(value) && is_group && decimals.len() == 3 && !whole.contains(',')
}

fn has_currency(value: &str) -> bool {
    is_number(value) && value.contains(['￥', '¥'])
}
