//! Points and money from text, in checked integers from the first digit to the last.

use std::borrow::Cow;

use super::refusal::Refusal;
use crate::feed::{Negative, NumberStyle, Sign};

/// Digits behind the point of an amount of money: as many as a rate has.
pub(super) use crate::frame::fields::AMOUNT_DIGITS;

/// Money in millionths of a unit, exactly.
pub(super) fn amount(text: &str, style: &NumberStyle, sign: Option<Sign>) -> Result<i64, Refusal> {
    points(text, style, sign, AMOUNT_DIGITS).map_err(of_money)
}

/// Why an amount of money is refused, where points would be refused for that.
pub(super) fn of_money(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Fraction => Refusal::FineAmount,
        Refusal::NotPoints => Refusal::NotAmount,
        other => other,
    }
}

/// Points in the smallest unit: the text times 10^scale, exactly. `sign` is what another column
/// says; the text has none of its own then.
pub(super) fn points(
    text: &str,
    style: &NumberStyle,
    sign: Option<Sign>,
    scale: u8,
) -> Result<i64, Refusal> {
    match sign {
        Some(_) => spelled(text, style, sign, scale),
        None => plain(text.as_bytes(), style, scale)
            .map_or_else(|| spelled(text, style, sign, scale), Ok),
    }
}

/// As [`points`], of a number in any spelling that the style knows.
fn spelled(text: &str, style: &NumberStyle, sign: Option<Sign>, scale: u8) -> Result<i64, Refusal> {
    let folded;
    let text = if style.full_width && !text.is_ascii() {
        folded = ascii_forms(text);
        folded.as_str()
    } else {
        text
    };
    let (bare, marked) = without_currency(text, style);
    let (negative, unsigned) = match sign {
        Some(_) if bare.starts_with(['-', '+', '(']) || bare.ends_with(['-', '+', ')']) => {
            return Err(Refusal::OwnSign);
        }
        Some(sign) => (sign == Sign::Minus, Cow::Borrowed(bare)),
        None => signed(bare, &style.negative)?,
    };
    // The mark may stand on either side of the sign, yet only once.
    let unsigned = if marked { &unsigned } else { without_currency(&unsigned, style).0 };
    let (whole, fraction) = digits(unsigned, style).map_err(|refusal| match refusal {
        Refusal::NotPoints => malformed(text, &style.negative),
        other => other,
    })?;

    let scale = usize::from(scale);
    // Digits past the scale are part of a point unless they are zeros, which take nothing away.
    if fraction.iter().skip(scale).any(|&b| b != b'0') {
        return Err(Refusal::Fraction);
    }
    let kept = fraction.iter().copied().take(scale);
    let padding = std::iter::repeat_n(b'0', scale.saturating_sub(fraction.len()));
    let mut amount: i64 = 0;
    let all = whole.iter().copied().filter(u8::is_ascii_digit).chain(kept).chain(padding);
    for digit in all {
        amount = amount
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(i64::from(digit - b'0')))
            .ok_or(Refusal::TooLarge)?;
    }
    // The amount is at most i64::MAX, so its negative exists and i64::MIN never arises.
    Ok(if negative { -amount } else { amount })
}

/// How far from nothing a figure may lie that can still be cleared and published.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound {
    /// In what the column holds.
    most: i64,
    /// The same as it is told.
    told: i64,
    what: &'static str,
}

impl Bound {
    /// Of amounts: two of them lie no further apart than a published amount is wide.
    pub(super) const AMOUNT: Bound = Bound {
        most: 500_000_000_000_000_000,
        told: 500_000_000_000,
        what: "that an amount may be",
    };

    /// Of what a delivery note says, which is compared and never summed: whatever 64 bits hold.
    pub(super) const NOTE: Bound =
        Bound { most: i64::MAX, told: i64::MAX, what: "that a note may say" };

    /// Of what a file, or a line of a statement, says of many rows.
    pub(super) const SUM: Bound = Bound { most: SUM_MAX, told: SUM_MAX, what: "that a sum may be" };

    /// Of the points of a row.
    pub(super) fn row(most: i64) -> Bound {
        Bound { most, told: most, what: "points that a row may have, in smallest units" }
    }

    /// The figure, if it lies within.
    pub(super) fn hold(self, figure: Result<i64, Refusal>) -> Result<i64, Refusal> {
        match figure {
            Ok(figure) if figure.unsigned_abs() <= self.most.unsigned_abs() => Ok(figure),
            Ok(_) | Err(Refusal::TooLarge) => Err(Refusal::Beyond(self.told, self.what)),
            Err(other) => Err(other),
        }
    }
}

const SUM_MAX: i64 = 1_000_000_000_000_000_000;

/// The digits of a number that 64 bits hold whatever its digits are.
const SAFE_DIGITS: usize = 18;

/// A number in plain digits, with a minus or plus before them; `None` where it is written in any
/// other way, or is none.
fn plain(text: &[u8], style: &NumberStyle, scale: u8) -> Option<i64> {
    let is_plain = style.negative == Negative::Minus
        && style.implied_decimals.is_none()
        && style.currency.is_empty();
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let scale = usize::from(scale);
    if !is_plain || unsigned.len() + scale > SAFE_DIGITS {
        return None;
    }
    let mark = style.mark();
    let mut number = 0;
    let mut point = None;
    for (at, &byte) in unsigned.iter().enumerate() {
        if byte.is_ascii_digit() {
            number = number * 10 + i64::from(byte - b'0');
        } else if byte == mark && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let (whole, decimals) = match point {
        Some(point) => (point, unsigned.len() - point - 1),
        None => (unsigned.len(), 0),
    };
    // Without a digit on either side it is refused, with more decimals than kept it may be.
    if whole == 0 || (point.is_some() && decimals == 0) || decimals > scale {
        return None;
    }
    if style.is_open(unsigned.get(..whole)?, decimals) {
        return None;
    }
    for _ in decimals..scale {
        number *= 10;
    }
    Some(if negative { -number } else { number })
}

/// The full-width forms of ASCII characters as these; everything else as it stands.
fn ascii_forms(text: &str) -> String {
    let ascii = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    };
    text.chars().map(ascii).collect()
}

/// The text without the currency mark at one of its ends, and whether there was one.
fn without_currency<'t>(text: &'t str, style: &NumberStyle) -> (&'t str, bool) {
    for mark in &style.currency {
        if let Some(rest) = text.strip_prefix(mark.as_str()) {
            return (rest.trim_start_matches(' '), true);
        }
        if let Some(rest) = text.strip_suffix(mark.as_str()) {
            return (rest.trim_end_matches(' '), true);
        }
    }
    (text, false)
}

/// Whether the number is below zero, and the number without its sign.
fn signed<'t>(text: &'t str, style: &Negative) -> Result<(bool, Cow<'t, str>), Refusal> {
    let (negative, rest) = match style {
        Negative::Minus => match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        },
        Negative::Trailing => match text.strip_suffix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_suffix('+').unwrap_or(text)),
        },
        Negative::Parentheses => match text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
            Some(rest) => (true, rest),
            None => (false, text),
        },
        Negative::Prefix(signs) => {
            let mut longest: Option<(&str, Sign)> = None;
            for (prefix, &sign) in signs {
                if let Some(rest) = text.strip_prefix(prefix.as_str())
                    && longest.is_none_or(|(best, _)| rest.len() < best.len())
                {
                    longest = Some((rest, sign));
                }
            }
            let (rest, sign) = longest.ok_or(Refusal::NoPrefix)?;
            (sign == Sign::Minus, rest)
        }
        Negative::Overpunch => {
            let (digit, negative) =
                text.bytes().last().and_then(punched).ok_or(Refusal::NoPunch)?;
            let mut digits = text.to_owned();
            digits.pop();
            digits.push(char::from(digit));
            return Ok((negative, Cow::Owned(digits)));
        }
    };
    Ok((negative, Cow::Borrowed(rest)))
}

/// The digit and the sign in the last character of a zoned decimal.
fn punched(last: u8) -> Option<(u8, bool)> {
    match last {
        b'{' => Some((b'0', false)),
        b'A'..=b'I' => Some((last - b'A' + b'1', false)),
        b'}' => Some((b'0', true)),
        b'J'..=b'R' => Some((last - b'J' + b'1', true)),
        _ => None,
    }
}

/// The digits before the point, with what parts the thousands, and those behind it.
fn digits<'t>(unsigned: &'t str, style: &NumberStyle) -> Result<(&'t [u8], &'t [u8]), Refusal> {
    let all = unsigned.as_bytes();
    let are_digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    if let Some(implied) = style.implied_decimals {
        return match all.iter().position(|&b| b == style.mark()) {
            Some(_) => Err(Refusal::ImpliedPoint),
            None if !are_digits(all) => Err(Refusal::NotPoints),
            // Fewer digits than decimals would be a number whose first zeros are missing.
            None => all
                .len()
                .checked_sub(usize::from(implied))
                .and_then(|whole| all.split_at_checked(whole))
                .ok_or(Refusal::ImpliedShort),
        };
    }
    if style.negative == Negative::Overpunch {
        return if are_digits(all) { Ok((all, &[])) } else { Err(Refusal::NotPoints) };
    }
    let point = all.iter().position(|&b| b == style.mark());
    let (whole, fraction) = match point.and_then(|at| all.split_at_checked(at)) {
        Some((whole, rest)) => (whole, rest.get(1..)),
        None => (all, None),
    };
    if fraction.is_some_and(|fraction| !are_digits(fraction)) {
        return Err(marked(all, style));
    }
    match style.thousands.filter(|thousands| whole.contains(thousands)) {
        Some(thousands) => {
            if !whole.iter().all(|&b| b == thousands || b.is_ascii_digit()) {
                return Err(marked(all, style));
            }
            if !grouped(whole, thousands) {
                return Err(Refusal::Commas);
            }
        }
        None if !are_digits(whole) => return Err(marked(all, style)),
        None => {}
    }
    if fraction.is_some_and(|fraction| style.is_open(whole, fraction.len())) {
        return Err(Refusal::UndeclaredMark);
    }
    Ok((whole, fraction.unwrap_or_default()))
}

/// Why a text with other marks than the declared ones, or with these in other places, is no number.
/// What parts thousands in one country stands before the decimals in another, so that `12,345` has
/// two values until one of them is declared.
fn marked(all: &[u8], style: &NumberStyle) -> Refusal {
    let is_mark = |b: &&u8| matches!(b, b',' | b'.');
    let is_bare = all.iter().all(|b| b.is_ascii_digit() || is_mark(&b));
    let has_digits = all.iter().any(u8::is_ascii_digit);
    let mut marks = all.iter().filter(is_mark);
    let is_decimal_alone = matches!((marks.next(), marks.next()), (one, None)
        if one.is_none_or(|&mark| mark == style.mark()));
    match style.thousands {
        _ if !is_bare || !has_digits || is_decimal_alone => Refusal::NotPoints,
        None => Refusal::UndeclaredMark,
        Some(_) => Refusal::Commas,
    }
}

/// Whether marks stand before every third digit from the right and nowhere else.
fn grouped(whole: &[u8], thousands: u8) -> bool {
    let mut groups = whole.split(|&b| b == thousands);
    let first = groups.next().map_or(0, <[u8]>::len);
    (1..=3).contains(&first) && groups.all(|group| group.len() == 3)
}

/// Names the commonest foreign spellings, so that the partner knows what to change.
fn malformed(text: &str, style: &Negative) -> Refusal {
    if !text.is_ascii() {
        return Refusal::ForeignDigits;
    }
    if looks_formulated(text) {
        return Refusal::Formula;
    }
    if looks_scientific(text) {
        return Refusal::Scientific;
    }
    let starts = |inner: &str| inner.starts_with(|c: char| c.is_ascii_digit());
    let bare = text.trim_matches(['-', '+', '(', ')']);
    let inner = text.strip_suffix(['-', '+']).or_else(|| text.strip_prefix('(')?.strip_suffix(')'));
    match style {
        Negative::Minus if inner.is_some_and(starts) => Refusal::OddSign,
        Negative::Minus => Refusal::NotPoints,
        _ if bare.len() < text.len() && starts(bare) => Refusal::OtherSign,
        _ => Refusal::NotPoints,
    }
}

/// Whether the text is a number such as `4.00123E+27` or `1e5`.
pub(super) fn looks_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    [whole, fraction, exponent].iter().all(|part| all_digits(part))
}

/// What a spreadsheet writes where a formula gives nothing.
const FORMULA_ERRORS: &[&str] =
    &["#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!"];

/// Whether the text is a formula of a spreadsheet, such as `="001"` or `=001`, or its error.
pub(super) fn looks_formulated(text: &str) -> bool {
    text.starts_with('=') || (text.starts_with('#') && FORMULA_ERRORS.contains(&text))
}

/// Whether the text is an all-digit number with nothing but zeros behind its point: `12345.0`.
pub(super) fn looks_floated(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    text.split_once('.').is_some_and(|(whole, fraction)| {
        all_digits(whole) && !fraction.is_empty() && fraction.bytes().all(|b| b == b'0')
    })
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests;
