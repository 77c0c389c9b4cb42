//! How the values of a column are written: numbers, signs and instants. Declarations that cannot be
//! meant together are problems, so that what is read has one meaning.

use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;

use super::Checker;
use crate::feed::{Epoch, Negative, NumberStyle, Sign, SignColumn, TimeStyle, Year};
use crate::frame::fields::{Field, FieldKind};
use crate::pipeline::declaration::{
    ColumnDescription, EpochDeclaration, NegativeDeclaration, NumberDeclaration, SignWord,
    YearDeclaration,
};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::period::Instant;

/// The most implied decimals: more digits than an amount has.
const IMPLIED_DECIMALS_MAX: u8 = 18;

/// What cannot part thousands, because it is part of a number or its sign.
const NUMBER_MARKS: &[char] = &['+', '-', '(', ')', '{', '}'];

fn is_number(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Points | FieldKind::Amount | FieldKind::Whole)
}

fn sign_of(word: SignWord) -> Sign {
    match word {
        SignWord::Plus => Sign::Plus,
        SignWord::Minus => Sign::Minus,
    }
}

impl Checker<'_> {
    /// How points or money are written.
    pub(super) fn number(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
    ) -> NumberStyle {
        let Some(number) = &described.number else { return NumberStyle::default() };
        let spot = spot.key("number");
        let name = field.name;
        if !is_number(field) {
            self.problem(
                spot.key_mark(),
                format!("`number` stands on `{name}`, which is no number"),
                "Remove `number`; points and amounts of money alone have it.",
            );
            return NumberStyle::default();
        }
        let decimal = self.decimal_mark(spot, name, number);
        let thousands = self.thousands_mark(spot, name, number, decimal);
        self.implied(spot, name, number);
        let negative = self.negative(spot, name, number);
        let currency = self.currency_marks(spot, name, number, &negative);
        if negative == Negative::Overpunch {
            let others = [
                ("thousands", number.thousands.is_some()),
                ("decimal", number.decimal.is_some()),
                ("currency", number.currency.is_some()),
            ];
            for (key, _) in others.into_iter().filter(|(_, stands)| *stands) {
                self.problem(
                    spot.key(key).key_mark(),
                    format!("`{key}` of `{name}` stands beside `negative: overpunch`"),
                    format!("Remove `{key}`; an overpunched number has digits alone."),
                );
            }
        }
        NumberStyle {
            thousands,
            decimal,
            negative,
            implied_decimals: number.implied_decimals,
            currency,
            full_width: number.full_width.unwrap_or_default(),
        }
    }

    fn decimal_mark(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        number: &NumberDeclaration,
    ) -> Option<u8> {
        match number.decimal.as_deref() {
            None => None,
            Some(".") => Some(b'.'),
            Some(",") => Some(b','),
            Some(other) => {
                self.problem(
                    spot.key("decimal").mark(),
                    format!("`decimal` of `{name}` is `{}`", shown(other)),
                    "Write \".\" or \",\".",
                );
                None
            }
        }
    }

    fn thousands_mark(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        number: &NumberDeclaration,
        decimal: Option<u8>,
    ) -> Option<u8> {
        let text = number.thousands.as_deref()?;
        let fits = |c: char| (c.is_ascii_punctuation() || c == ' ') && !NUMBER_MARKS.contains(&c);
        let mark = match text.as_bytes() {
            [byte] if fits(char::from(*byte)) => *byte,
            _ => {
                self.problem(
                    spot.key("thousands").mark(),
                    format!("`thousands` of `{name}` is `{}`, which parts none", shown(text)),
                    "Write one mark, such as \",\", \".\", \"'\" or \" \".",
                );
                return None;
            }
        };
        if mark == decimal.unwrap_or(b'.') {
            self.problem(
                spot.key("thousands").mark(),
                format!("`thousands` and `decimal` of `{name}` are both `{text}`"),
                "Declare the other one too, such as `thousands: \".\"` with `decimal: \",\"`.",
            );
        }
        Some(mark)
    }

    fn implied(&mut self, spot: Spot<'_>, name: &str, number: &NumberDeclaration) {
        let Some(implied) = number.implied_decimals else { return };
        let others =
            [("decimal", number.decimal.is_some()), ("thousands", number.thousands.is_some())];
        for (key, _) in others.into_iter().filter(|(_, stands)| *stands) {
            self.problem(
                spot.key(key).key_mark(),
                format!("`{key}` of `{name}` stands beside `implied_decimals`"),
                format!(
                    "Remove `{key}`, or remove `implied_decimals` if the numbers have a point."
                ),
            );
        }
        if implied > IMPLIED_DECIMALS_MAX {
            self.problem(
                spot.key("implied_decimals").mark(),
                format!("`implied_decimals` of `{name}` is {implied}"),
                format!("Write a count up to {IMPLIED_DECIMALS_MAX}."),
            );
        }
    }

    fn negative(&mut self, spot: Spot<'_>, name: &str, number: &NumberDeclaration) -> Negative {
        let signs = match &number.negative {
            None | Some(NegativeDeclaration::Minus) => return Negative::Minus,
            Some(NegativeDeclaration::Trailing) => return Negative::Trailing,
            Some(NegativeDeclaration::Parentheses) => return Negative::Parentheses,
            Some(NegativeDeclaration::Overpunch) => return Negative::Overpunch,
            Some(NegativeDeclaration::Prefix(signs)) => signs,
        };
        let spot = spot.key("negative").key("prefix");
        if signs.is_empty() {
            self.problem(
                spot.key_mark(),
                format!("`prefix` of `{name}` is empty"),
                "Write what the numbers begin with, such as `{ C: plus, D: minus }`.",
            );
        }
        for prefix in signs.keys().filter(|prefix| spoils_a_number(prefix)) {
            self.problem(
                spot.key(prefix).key_mark(),
                format!("the prefix `{}` of `{name}` is blank or holds a digit", shown(prefix)),
                "Write the letters or marks that stand before the digits.",
            );
        }
        Negative::Prefix(signs.iter().map(|(text, &word)| (text.clone(), sign_of(word))).collect())
    }

    fn currency_marks(
        &mut self,
        spot: Spot<'_>,
        name: &str,
        number: &NumberDeclaration,
        negative: &Negative,
    ) -> Vec<String> {
        let Some(marks) = &number.currency else { return Vec::new() };
        let spot = spot.key("currency");
        for (index, mark) in marks.0.iter().enumerate() {
            let place = spot.item(index).mark();
            if spoils_a_number(mark) || mark.contains(['+', '-', '(', ')', '.', ',']) {
                self.problem(
                    place,
                    format!("`{}` is no currency mark of `{name}`", shown(mark)),
                    "Write a mark or a code without digits and signs, such as ￥ or CNY.",
                );
            }
            let Negative::Prefix(signs) = negative else { continue };
            let clash = |prefix: &&String| {
                prefix.starts_with(mark.as_str()) || mark.starts_with(prefix.as_str())
            };
            let mut prefixes = signs.keys().filter(|prefix| !spoils_a_number(prefix));
            if let Some(prefix) = prefixes.find(clash) {
                self.problem(
                    place,
                    format!("`{}` cannot be told from the prefix `{}`", shown(mark), shown(prefix)),
                    "Write the prefix with the mark that follows it, and remove the mark.",
                );
            }
        }
        let mut marks = marks.0.clone();
        // The longest first, so that `CN¥` is not read as another mark before it.
        marks.sort_by_key(|mark| std::cmp::Reverse(mark.len()));
        marks
    }

    /// The column that holds the sign.
    pub(super) fn sign(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
    ) -> Option<SignColumn> {
        let sign = described.sign.as_ref()?;
        let name = field.name;
        let spot_of_sign = spot.key("sign");
        if !is_number(field) {
            self.problem(
                spot_of_sign.key_mark(),
                format!("`sign` stands on `{name}`, which is no number"),
                "Remove `sign`; points and amounts of money alone have one.",
            );
            return None;
        }
        if described.number.as_ref().is_some_and(|number| number.negative.is_some()) {
            self.problem(
                spot_of_sign.key_mark(),
                format!("`{name}` has its sign both in `sign` and in `negative`"),
                "Keep one of the two; a number with a sign column has none of its own.",
            );
        }
        if sign.values.is_empty() {
            self.problem(
                spot_of_sign.key("values").key_mark(),
                format!("`values` of the sign of `{name}` is empty"),
                "Write the partner's words, such as `{ 贷: plus, 借: minus }`.",
            );
        }
        let what = format!("`from` of the sign of `{name}`");
        let names = self.names(spot_of_sign.key("from"), &what, &sign.from)?;
        let own = described.from.as_ref().map_or(&[][..], |from| &from.0);
        if names.iter().any(|theirs| own.iter().any(|own| own.trim() == theirs.trim())) {
            self.problem(
                spot_of_sign.key("from").mark(),
                format!("the sign of `{name}` is read from the number's own column"),
                "Name the column of the sign, or declare `negative` under `number`.",
            );
        }
        let words = sign.values.iter().map(|(text, &word)| (text.clone(), sign_of(word))).collect();
        Some(SignColumn { names, words })
    }

    /// How instants are written.
    pub(super) fn time(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
    ) -> TimeStyle {
        let keys = [
            ("format", described.format.is_some()),
            ("epoch", described.epoch.is_some()),
            ("year", described.year.is_some()),
        ];
        if !matches!(field.kind, FieldKind::Instant | FieldKind::AsOf) {
            for (key, _) in keys.into_iter().filter(|(_, stands)| *stands) {
                self.problem(
                    spot.key(key).key_mark(),
                    format!("`{key}` stands on `{}`, which is no time", field.name),
                    format!("Remove `{key}`; instants and days alone have one."),
                );
            }
            return TimeStyle::default();
        }
        let yearless = described.year == Some(YearDeclaration::Period);
        match (&described.format, described.epoch, yearless) {
            (Some(_), Some(_), _) => self.problem(
                spot.key("epoch").key_mark(),
                format!("the column `{}` has both `format` and `epoch`", field.name),
                "Keep one of the two.",
            ),
            (None, _, true) => self.problem(
                spot.key("year").key_mark(),
                format!("`year` stands on `{}` without `format`", field.name),
                "Add `format` with the notation that has no year, or remove `year`.",
            ),
            _ => {}
        }
        let patterns = described.format.as_ref().map_or(&[][..], |format| &format.0);
        for (index, pattern) in patterns.iter().enumerate() {
            self.pattern(spot.key("format").item(index), field, pattern, yearless);
            if patterns.get(..index).unwrap_or_default().contains(pattern) {
                self.problem(
                    spot.key("format").item(index).mark(),
                    format!("`format` of `{}` holds `{}` twice", field.name, shown(pattern)),
                    "Keep one of the two; a text that fits both is refused.",
                );
            }
        }
        TimeStyle {
            patterns: patterns.to_vec(),
            epoch: described.epoch.map(|unit| match unit {
                EpochDeclaration::Seconds => Epoch::Seconds,
                EpochDeclaration::Milliseconds => Epoch::Milliseconds,
                EpochDeclaration::Microseconds => Epoch::Microseconds,
            }),
            year: if yearless { Year::Nearest(Instant(0)) } else { Year::Written },
        }
    }

    fn pattern(&mut self, spot: Spot<'_>, field: &Field, pattern: &str, yearless: bool) {
        let says = |what: &str| {
            format!("`format` of `{}` is `{}`, which {what}", field.name, shown(pattern))
        };
        let dated = gives_a_day(&format!("%Y|{pattern}"));
        if yearless && gives_a_day(pattern) {
            self.problem(spot.mark(), says("has a year"), "Remove `year: period`.");
        } else if !yearless && dated && !gives_a_day(pattern) {
            let cure = "Add `year: period`, or the year to the notation.";
            self.problem(spot.mark(), says("gives a day without its year"), cure);
        } else if !(if yearless { dated } else { gives_a_day(pattern) }) {
            self.problem(
                spot.mark(),
                says("does not give a day"),
                "Write strptime notation, such as `%Y%m%d%H%M%S` or `%Y-%m-%d %H:%M:%S`.",
            );
        }
        if has(pattern, "IlrX") != has(pattern, "pPrX") {
            self.problem(
                spot.mark(),
                says("has only one of the two: an hour of twelve, or the half of the day that it is of"),
                "Write `%I` together with `%p`, or `%H` alone.",
            );
        }
    }
}

/// Whether a mark beside a number could not be told from it.
fn spoils_a_number(mark: &str) -> bool {
    mark.trim().is_empty() || mark.chars().any(char::is_numeric)
}

/// Whether a strptime notation has one of these letters, whatever its padding.
fn has(pattern: &str, letters: &str) -> bool {
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        if c != '%' {
            continue;
        }
        let conversion = rest.find(|c| c.is_ascii_alphabetic() || *c == '%');
        if conversion.is_some_and(|conversion| letters.contains(conversion)) {
            return true;
        }
    }
    false
}

/// Whether a strptime notation is understood and fixes a day: a sample that is written in it must
/// read back as the same day.
fn gives_a_day(pattern: &str) -> bool {
    let sample = jiff::civil::date(2026, 11, 23).at(21, 34, 56, 0).to_zoned(TimeZone::UTC);
    let Ok(sample) = sample else { return false };
    let Ok(written) = strtime::format(pattern, &sample) else { return false };
    BrokenDownTime::parse(pattern, &written)
        .and_then(|parsed| match parsed.to_timestamp() {
            Ok(at) => Ok(TimeZone::UTC.to_datetime(at).date()),
            Err(_) => parsed.to_date(),
        })
        .is_ok_and(|day| day == sample.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_twelve_goes_with_its_half_of_the_day() {
        let rows = [
            ("%d/%m/%Y %I:%M %p", true, true),
            ("%d/%m/%Y %H:%M %p", false, true),
            ("%d/%m/%Y %-I:%M", true, false),
            ("%Y%%I %H", false, false),
        ];
        for (pattern, twelve, half) in rows {
            assert_eq!((has(pattern, "Il"), has(pattern, "pP")), (twelve, half), "{pattern}");
        }
    }

    #[test]
    fn a_notation_must_give_a_day() {
        let rows = [
            ("%Y%m%d%H%M%S", true),
            ("%Y-%m-%d %H:%M:%S", true),
            ("%Y年%m月%d日", true),
            ("%s", true),
            ("%Y-%m-%dT%H:%M:%S%z", true),
            ("%H:%M:%S", false),
            ("%Y-%m", false),
            ("%q", false),
            ("yyyy-MM-dd", false),
            ("%y%m%d", true),
        ];
        for (pattern, expected) in rows {
            assert_eq!(gives_a_day(pattern), expected, "{pattern}");
        }
    }
}
