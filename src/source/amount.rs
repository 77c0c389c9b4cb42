//! Points and money from text, in checked integers from the first digit to the last.

use super::refusal::Refusal;

/// Digits behind the point of an amount of money: as many as a rate has.
pub(super) use crate::frame::fields::AMOUNT_DIGITS;

/// Money in millionths of a unit, exactly.
pub(super) fn amount(text: &str) -> Result<i64, Refusal> {
    points(text, AMOUNT_DIGITS).map_err(of_money)
}

/// Why an amount of money is refused, where points would be refused for that.
pub(super) fn of_money(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::Fraction => Refusal::FineAmount,
        Refusal::NotPoints => Refusal::NotAmount,
        other => other,
    }
}

/// Points in the smallest unit: the text times 10^scale, exactly.
pub(super) fn points(text: &str, scale: u8) -> Result<i64, Refusal> {
    let (negative, unsigned) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        all => (false, all),
    };
    let point = unsigned.iter().position(|&b| b == b'.');
    let (whole, fraction) = match point.and_then(|at| unsigned.split_at_checked(at)) {
        Some((whole, rest)) => (whole, rest.get(1..)),
        None => (unsigned, None),
    };
    let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    if whole.contains(&b',') {
        if !whole.iter().all(|&b| b == b',' || b.is_ascii_digit())
            || fraction.is_some_and(|f| !digits(f))
        {
            return Err(malformed(text));
        }
        if !grouped(whole) {
            return Err(Refusal::Commas);
        }
    } else if !digits(whole) || fraction.is_some_and(|f| !digits(f)) {
        return Err(malformed(text));
    }

    let fraction = fraction.unwrap_or_default();
    let scale = usize::from(scale);
    // Digits past the scale are part of a point unless they are zeros, which take nothing away.
    if fraction.iter().skip(scale).any(|&b| b != b'0') {
        return Err(Refusal::Fraction);
    }
    let kept = fraction.iter().copied().take(scale);
    let padding = std::iter::repeat_n(b'0', scale.saturating_sub(fraction.len()));
    let mut amount: i64 = 0;
    for digit in whole.iter().copied().filter(|&b| b != b',').chain(kept).chain(padding) {
        amount = amount
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(i64::from(digit - b'0')))
            .ok_or(Refusal::TooLarge)?;
    }
    // The amount is at most i64::MAX, so its negative exists and i64::MIN never arises.
    Ok(if negative { -amount } else { amount })
}

/// Whether commas stand before every third digit from the right and nowhere else.
fn grouped(whole: &[u8]) -> bool {
    let mut groups = whole.split(|&b| b == b',');
    let first = groups.next().map_or(0, <[u8]>::len);
    (1..=3).contains(&first) && groups.all(|group| group.len() == 3)
}

/// Names the commonest foreign spellings, so that the partner knows what to change.
fn malformed(text: &str) -> Refusal {
    if !text.is_ascii() {
        return Refusal::ForeignDigits;
    }
    if looks_scientific(text) {
        return Refusal::Scientific;
    }
    let inner = text.strip_suffix(['-', '+']).or_else(|| text.strip_prefix('(')?.strip_suffix(')'));
    if inner.is_some_and(|inner| inner.starts_with(|c: char| c.is_ascii_digit())) {
        return Refusal::OddSign;
    }
    Refusal::NotPoints
}

/// Whether the text is a number such as `4.00123E+27` or `1e5`.
pub(super) fn looks_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    [whole, fraction, exponent].iter().all(|part| all_digits(part))
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
mod tests {
    use super::*;

    #[test]
    fn points_are_exact_or_refused() {
        use Refusal::*;
        let max = i64::MAX;
        let rows: &[(&str, u8, Result<i64, Refusal>)] = &[
            ("0", 0, Ok(0)),
            ("-0", 0, Ok(0)),
            ("+7", 0, Ok(7)),
            ("0007", 0, Ok(7)),
            ("-120", 0, Ok(-120)),
            ("1,234,567", 0, Ok(1_234_567)),
            ("-1,234.50", 2, Ok(-123_450)),
            ("12.3", 2, Ok(1230)),
            ("12.34", 2, Ok(1234)),
            ("12.340", 2, Ok(1234)),
            ("5.0", 0, Ok(5)),
            ("5.00", 0, Ok(5)),
            ("5.01", 0, Err(Fraction)),
            ("12.345", 2, Err(Fraction)),
            ("9223372036854775807", 0, Ok(max)),
            ("-9223372036854775807", 0, Ok(-max)),
            ("-9223372036854775808", 0, Err(TooLarge)),
            ("9223372036854775808", 0, Err(TooLarge)),
            ("92233720368547758.07", 2, Ok(max)),
            ("92233720368547758.08", 2, Err(TooLarge)),
            ("99999999999999999999999999", 0, Err(TooLarge)),
            ("1,23", 0, Err(Commas)),
            ("1234,567", 0, Err(Commas)),
            (",123", 0, Err(Commas)),
            ("1,,234", 0, Err(Commas)),
            ("1,234,", 0, Err(Commas)),
            ("1.234,567", 2, Err(NotPoints)),
            ("1,234.5,6", 2, Err(NotPoints)),
            ("1e5", 0, Err(Scientific)),
            ("1.2E+3", 0, Err(Scientific)),
            ("１２３", 0, Err(ForeignDigits)),
            ("￥12", 0, Err(ForeignDigits)),
            ("(12.00)", 2, Err(OddSign)),
            ("12.00-", 2, Err(OddSign)),
            ("", 0, Err(NotPoints)),
            ("-", 0, Err(NotPoints)),
            ("+-5", 0, Err(NotPoints)),
            (".5", 2, Err(NotPoints)),
            ("5.", 2, Err(NotPoints)),
            ("1.2.3", 2, Err(NotPoints)),
            ("1 000", 0, Err(NotPoints)),
            ("12\0", 0, Err(NotPoints)),
            ("NaN", 0, Err(NotPoints)),
            ("0x10", 0, Err(NotPoints)),
        ];
        for (text, scale, want) in rows {
            assert_eq!(&points(text, *scale), want, "{text} at scale {scale}");
        }
    }

    #[test]
    fn money_is_exact_to_the_millionth_or_refused() {
        use Refusal::*;
        let rows: &[(&str, Result<i64, Refusal>)] = &[
            ("1234.50", Ok(1_234_500_000)),
            ("-3.2", Ok(-3_200_000)),
            ("1,234.5", Ok(1_234_500_000)),
            ("0.000001", Ok(1)),
            ("0.0000010", Ok(1)),
            ("0.0000001", Err(FineAmount)),
            ("9223372036854.775807", Ok(i64::MAX)),
            ("9223372036854.775808", Err(TooLarge)),
            ("1e3", Err(Scientific)),
            ("¥3", Err(ForeignDigits)),
            ("(3.00)", Err(OddSign)),
            ("three", Err(NotAmount)),
        ];
        for (text, want) in rows {
            assert_eq!(&amount(text), want, "{text}");
        }
    }

    #[test]
    fn numbers_that_a_spreadsheet_spoiled_are_known() {
        for text in ["4.00123E+27", "1e5", "1E-5", "-1.5e10"] {
            assert!(looks_scientific(text), "{text}");
        }
        for text in ["E5", "1e", "SKY1E5", "1.e5", "1e5x", "A1e5", "1e5e5"] {
            assert!(!looks_scientific(text), "{text}");
        }
        for text in ["12345.0", "12345.00", "-1.0"] {
            assert!(looks_floated(text), "{text}");
        }
        for text in ["12345", "1.5", "v1.0", "1.0.0", ".0", "1."] {
            assert!(!looks_floated(text), "{text}");
        }
    }
}
