//! Why a cell is refused, in words that name the cure where there is one.

/// Why a cell is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("empty, and the column needs a value")]
    Empty,
    #[error("does not begin with the declared prefix; see `prefix`")]
    NoLead,
    #[error(
        "an array or an object where a value belongs; a point in `from` reaches into an object"
    )]
    Nested,
    #[error("a boolean where a text belongs")]
    Truth,
    #[error("longer than {0} bytes")]
    Long(usize),
    #[error("holds a control character")]
    Control,
    #[error("holds an invisible character")]
    Invisible,
    #[error("looks like a spreadsheet number; export the column as text")]
    Spreadsheet,
    #[error("not a whole number of points in plain digits; see `number`")]
    NotPoints,
    #[error(
        "written with characters other than ASCII digits, sign, comma and point; declare `full_width` or `currency` under `number`"
    )]
    ForeignDigits,
    #[error("a number in scientific notation; write its digits out")]
    Scientific,
    #[error("negative by brackets or by a sign behind; declare `negative` under `number`")]
    OddSign,
    #[error("a sign that is written otherwise than `negative` declares")]
    OtherSign,
    #[error("has a sign of its own beside the one in its sign column")]
    OwnSign,
    #[error("no sign word in its sign column")]
    NoSignWord,
    #[error("a word in its sign column that is not declared under `values` of `sign`")]
    UnknownSign,
    #[error("begins with none of the declared signs; see `negative` under `number`")]
    NoPrefix,
    #[error("its last character carries no digit with a sign; see `negative` under `number`")]
    NoPunch,
    #[error("a decimal point, where the decimals are implied")]
    ImpliedPoint,
    #[error("fewer digits than its implied decimals; see `implied_decimals`")]
    ImpliedShort,
    #[error("thousands marks in the wrong place")]
    Commas,
    #[error("a fraction of a point")]
    Fraction,
    #[error("not an amount of money in plain digits")]
    NotAmount,
    #[error("more than six decimals, which no currency has")]
    FineAmount,
    #[error("too large")]
    TooLarge,
    /// The most that there may be, and of what.
    #[error("beyond {0}, the most {1}")]
    Beyond(i64, &'static str),
    #[error(
        "not an instant such as 2026-03-01T10:00:00+08:00, 2026-03-01 10:00:00 or 2026-03-01; declare its `format`"
    )]
    NotInstant,
    #[error("does not fit the declared time format; see `format` of the column")]
    NotPattern,
    #[error("fits more than one of the declared time formats")]
    ManyPatterns,
    #[error("not a whole number of {0} since 1970")]
    NotEpoch(&'static str),
    #[error("has no year that puts it near the period")]
    NoYear,
    #[error("two years put it equally near the period")]
    TwoYears,
    #[error("no such day or time of day")]
    NoSuchTime,
    #[error("finer than a microsecond")]
    TooFine,
    #[error("outside the years 1 to 9999")]
    OutOfRange,
    #[error("a local time that the clock change skips")]
    Skipped,
    #[error("a local time that the clock change repeats; write it with its offset")]
    Repeated,
    #[error("a word that is not in the list; declare it under `values`")]
    UnknownWord,
    /// An unknown word of a strict list, as it may be shown.
    #[error("an unknown word")]
    UnknownKind(String),
    #[error("not a mobile number")]
    NotMobile,
    #[error("not an e-mail address")]
    NotEmail,
    #[error("not a name")]
    NotName,
    #[error("not a token of 64 hexadecimal digits")]
    NotToken,
}
