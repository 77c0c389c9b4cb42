//! Why a cell is refused, in words that name the cure where there is one.

/// Why a cell is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("empty, and the column needs a value; have it filled in")]
    Empty,
    #[error("no label of a period such as 2026-03, 2026-Q1 or 2026-03-31; have it mended")]
    NotLabel,
    #[error("does not begin with the declared prefix; see `prefix`")]
    NoLead,
    #[error(
        "an array or an object where a value belongs; a point in `from` reaches into an object"
    )]
    Nested,
    #[error("a boolean where a text belongs; have it written in quotes, or name another key")]
    Truth,
    #[error("longer than {0} bytes; have it shortened, or see `quote` and `delimiter`")]
    Long(usize),
    #[error("holds a control character, such as a line end or a tab; have it taken out")]
    Control,
    #[error("holds an invisible character; have it taken out")]
    Invisible,
    #[error("looks like a spreadsheet number; export the column as text")]
    Spreadsheet,
    #[error(
        "a spreadsheet's formula or its error; export the column as text, or declare `stands`, such as \
         `{{ after: '=\"', before: '\"' }}`"
    )]
    Formula,
    #[error("does not stand between the declared texts; see `stands` of the column")]
    NotBetween,
    #[error(
        "not a whole number of points in plain digits; see `number`, or `nulls` if it means none"
    )]
    NotPoints,
    #[error(
        "written with characters other than ASCII digits, sign, comma and point; declare \
         `full_width` or `currency` under `number`, or `stands`"
    )]
    ForeignDigits,
    #[error("a number in scientific notation; write its digits out")]
    Scientific,
    #[error("negative by brackets or by a sign behind; declare `negative` under `number`")]
    OddSign,
    #[error("a sign that is written otherwise than declared; see `negative` under `number`")]
    OtherSign,
    #[error(
        "has a sign of its own beside the one in its sign column; remove `sign`, or have it sent bare"
    )]
    OwnSign,
    #[error("no sign word in its sign column; have it filled in")]
    NoSignWord,
    #[error("a word in its sign column that nobody declared; see `values` of `sign`")]
    UnknownSign,
    #[error("begins with none of the declared signs; see `negative` under `number`")]
    NoPrefix,
    #[error("its last character carries no digit with a sign; see `negative` under `number`")]
    NoPunch,
    #[error(
        "a decimal point, where the decimals are implied; remove `implied_decimals` or the point"
    )]
    ImpliedPoint,
    #[error("fewer digits than its implied decimals; see `implied_decimals`")]
    ImpliedShort,
    #[error("thousands marks in the wrong place; see `thousands` and `decimal` under `number`")]
    Commas,
    #[error(
        "a comma or a point that may part thousands or stand before decimals; declare which under \
         `number`, such as `thousands: \",\"` or `decimal: \".\"`"
    )]
    UndeclaredMark,
    #[error(
        "a fraction of a point; have whole ones sent, see `scale` of the party, or `thousands` \
         under `number` if the point parts thousands"
    )]
    Fraction,
    #[error("not an amount of money in plain digits; see `number`, or `nulls` if it means none")]
    NotAmount,
    #[error("more than six decimals, which no currency has; have it rounded where it was charged")]
    FineAmount,
    #[error("too large; have it looked at")]
    TooLarge,
    /// The most that there may be, and of what.
    #[error("beyond {0}, the most {1}; have it looked at")]
    Beyond(i64, &'static str),
    #[error(
        "not an instant such as 2026-03-01T10:00:00+08:00, 2026-03-01 10:00:00 or 2026-03-01; declare its `format`"
    )]
    NotInstant,
    #[error("does not fit the declared time format; see `format` of the column")]
    NotPattern,
    #[error("fits more than one of the declared time formats; see `format` of the column")]
    ManyPatterns,
    #[error("not a whole number of {0} since 1970; see `epoch` of the column")]
    NotEpoch(&'static str),
    #[error("has no year that puts it near the period; have the year written")]
    NoYear,
    #[error("two years put it equally near the period; have the year written")]
    TwoYears,
    #[error("no such day or time of day; have it mended: 24:00 is 00:00 of the next day")]
    NoSuchTime,
    #[error("finer than a microsecond; have six decimals of a second sent at most")]
    TooFine,
    #[error("outside the years 1 to 9999; have it mended, or see `format` and `epoch`")]
    OutOfRange,
    #[error("a local time that the clock change skips; have it written with its offset")]
    Skipped,
    #[error("a local time that the clock change repeats; have it written with its offset")]
    Repeated,
    #[error("a word that is not in the list; declare it under `values`")]
    UnknownWord,
    /// An unknown word of a strict list, as it may be shown.
    #[error("an unknown word; declare it under `values`")]
    UnknownKind(String),
    #[error(
        "not a mobile number; have its digits sent, with the country code or without: see `strip`"
    )]
    NotMobile,
    #[error("not an e-mail address; have it mended, or see `nulls` if it means none")]
    NotEmail,
    #[error("not a name; have it mended, or see `nulls` if it means none")]
    NotName,
    #[error("not a token of 64 hexadecimal digits; have it keyed as was agreed, or see `token`")]
    NotToken,
}

impl Refusal {
    /// The same without the cure, for what is told with another.
    pub(super) fn what(&self) -> String {
        let told = self.to_string();
        told.split("; ").next().unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::discrepancy::in_chinese;

    /// Whoever reads a refusal is told what to do about it.
    #[test]
    fn every_refusal_has_a_cure() {
        let text = include_str!("refusal.rs");
        let (variants, _) = text.split_once("impl Refusal").unwrap();
        let told: Vec<&str> = variants.split("#[error(").skip(1).collect();
        assert!(told.len() > 40, "{}", told.len());
        for told in told {
            let (told, _) = told.split_once(")]").unwrap();
            let (what, cure) = told.split_once("; ").unwrap_or((told, ""));
            assert!(!what.is_empty() && !cure.is_empty(), "{told}");
            let quoted = told.trim().trim_matches('"').replace("\\\n", " ").replace("\\\"", "\"");
            let lines: Vec<&str> = quoted.split_whitespace().collect();
            let said = lines.join(" ").replace("{{", "{").replace("}}", "}");
            let said = said.replace("{0}", "9").replace("{1}", "that a sum may be");
            assert!(in_chinese(&said).is_some(), "no Chinese of: {said}");
        }
    }
}
