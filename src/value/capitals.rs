//! Amounts in words (大写金额), as Chinese documents write them beside the figure so that nobody
//! can alter it with a stroke.

use super::money::Money;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];

/// An amount of CNY in words: 46.97 is 肆拾陆元玖角柒分. `None` for another currency, whose units
/// these words do not name.
///
/// Zeros follow the rules for bills and settlement vouchers (支付结算办法, 附一): one 零 for any run
/// of zeros within the figure, one between 元 and what follows where either neighbour is zero, 整
/// after 元 and 角, none after 分. A negative amount begins with 负.
#[must_use]
pub fn in_capitals(amount: Money) -> Option<String> {
    if amount.currency().code() != "CNY" {
        return None;
    }
    let minor = amount.minor().unsigned_abs();
    let (yuan, jiao, fen) = (minor / 100, minor / 10 % 10, minor % 10);
    let mut text = String::new();
    if amount.signum() < 0 {
        text.push('负');
    }
    if yuan > 0 || minor == 0 {
        text.push_str(&whole(yuan));
        text.push('元');
    }
    let follows_zero = yuan > 0 && (jiao == 0 || yuan.is_multiple_of(10));
    if !minor.is_multiple_of(100) && follows_zero {
        text.push('零');
    }
    if jiao > 0 {
        text.push(digit(jiao));
        text.push('角');
    }
    if fen > 0 {
        text.push(digit(fen));
        text.push('分');
    } else {
        text.push('整');
    }
    Some(text)
}

/// A whole number, four digits at a time: 万亿, 亿, 万 and the rest.
fn whole(number: u64) -> String {
    const GROUP: u64 = 10_000;
    let groups = [
        (number / GROUP.pow(3), "万"),
        (number / GROUP.pow(2) % GROUP, "亿"),
        (number / GROUP % GROUP, "万"),
        (number % GROUP, ""),
    ];
    let mut text = String::new();
    let mut skipped = false;
    for (group, unit) in groups {
        if group > 0 {
            if !text.is_empty() && (skipped || group < 1_000) {
                text.push('零');
            }
            text.push_str(&below_ten_thousand(group));
            text.push_str(unit);
            skipped = false;
        } else {
            skipped = !text.is_empty();
            // 壹万亿: the 万 above are so many 亿, whether or not there are others.
            if unit == "亿" && skipped {
                text.push_str(unit);
            }
        }
    }
    if text.is_empty() { DIGITS[0].to_string() } else { text }
}

fn below_ten_thousand(number: u64) -> String {
    let mut text = String::new();
    let mut skipped = false;
    for (place, unit) in [(1_000, "仟"), (100, "佰"), (10, "拾"), (1, "")] {
        let value = number / place % 10;
        if value == 0 {
            skipped = !text.is_empty();
            continue;
        }
        if skipped {
            text.push('零');
        }
        text.push(digit(value));
        text.push_str(unit);
        skipped = false;
    }
    text
}

fn digit(value: u64) -> char {
    usize::try_from(value).ok().and_then(|value| DIGITS.get(value)).copied().unwrap_or(DIGITS[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::money::Currency;

    #[test]
    fn amounts_are_written_as_vouchers_write_them() {
        let rows: &[(i128, &str)] = &[
            (0, "零元整"),
            (1, "壹分"),
            (5, "伍分"),
            (10, "壹角整"),
            (55, "伍角伍分"),
            (100, "壹元整"),
            (101, "壹元零壹分"),
            (110, "壹元壹角整"),
            (1_000, "壹拾元整"),
            (1_050, "壹拾元零伍角整"),
            (4_697, "肆拾陆元玖角柒分"),
            (32_504, "叁佰贰拾伍元零肆分"),
            (32_530, "叁佰贰拾伍元叁角整"),
            (100_500, "壹仟零伍元整"),
            (140_950, "壹仟肆佰零玖元伍角整"),
            (168_032, "壹仟陆佰捌拾元零叁角贰分"),
            (600_714, "陆仟零柒元壹角肆分"),
            (1_640_902, "壹万陆仟肆佰零玖元零贰分"),
            (1_000_100, "壹万零壹元整"),
            (10_700_053, "壹拾万柒仟元零伍角叁分"),
            (100_000_000, "壹佰万元整"),
            (1_000_100_000, "壹仟万壹仟元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_000_100, "壹亿零壹元整"),
            (10_010_000_000, "壹亿零壹拾万元整"),
            (10_000_100_000, "壹亿零壹仟元整"),
            (100_000_000_000_000, "壹万亿元整"),
            (100_000_000_000_001, "壹万亿元零壹分"),
            (100_050_000_000_000, "壹万零伍亿元整"),
            (100_000_003_000_000, "壹万亿零叁万元整"),
            (
                999_999_999_999_999_999,
                "玖仟玖佰玖拾玖万玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分",
            ),
            (-4_697, "负肆拾陆元玖角柒分"),
            (-1, "负壹分"),
        ];
        let cny = Currency::of("CNY").unwrap();
        for &(minor, words) in rows {
            let amount = Money::from_minor(minor, cny).unwrap();
            assert_eq!(in_capitals(amount).as_deref(), Some(words), "{amount}");
        }
    }

    #[test]
    fn other_currencies_have_no_such_words() {
        for code in ["HKD", "JPY", "KWD", "USD"] {
            assert_eq!(in_capitals(Money::zero(Currency::of(code).unwrap())), None, "{code}");
        }
    }
}
