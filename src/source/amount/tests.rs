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
        ("1,234,567", 0, Err(UndeclaredMark)),
        ("-1,234.50", 2, Err(UndeclaredMark)),
        ("-50,125", 3, Err(UndeclaredMark)),
        ("12,5", 3, Err(UndeclaredMark)),
        ("1.234.567", 0, Err(UndeclaredMark)),
        ("50.125", 3, Err(UndeclaredMark)),
        ("12.3", 2, Ok(1230)),
        ("12.34", 2, Ok(1234)),
        ("12.340", 2, Err(UndeclaredMark)),
        ("5.0", 0, Ok(5)),
        ("5.00", 0, Ok(5)),
        ("5.01", 0, Err(Fraction)),
        ("1234.505", 2, Err(Fraction)),
        ("9223372036854775807", 0, Ok(max)),
        ("-9223372036854775807", 0, Ok(-max)),
        ("-9223372036854775808", 0, Err(TooLarge)),
        ("9223372036854775808", 0, Err(TooLarge)),
        ("92233720368547758.07", 2, Ok(max)),
        ("92233720368547758.08", 2, Err(TooLarge)),
        ("99999999999999999999999999", 0, Err(TooLarge)),
        ("1,23", 0, Err(UndeclaredMark)),
        ("1234,567", 0, Err(UndeclaredMark)),
        (",123", 0, Err(UndeclaredMark)),
        ("1,,234", 0, Err(UndeclaredMark)),
        ("1,234,", 0, Err(UndeclaredMark)),
        ("1.234,567", 2, Err(UndeclaredMark)),
        ("1,234.5,6", 2, Err(UndeclaredMark)),
        (",", 0, Err(NotPoints)),
        ("1,2x", 0, Err(NotPoints)),
        ("=12", 0, Err(Formula)),
        ("=\"12\"", 0, Err(Formula)),
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
        ("1.2.3", 2, Err(UndeclaredMark)),
        ("1 000", 0, Err(NotPoints)),
        ("12\0", 0, Err(NotPoints)),
        ("NaN", 0, Err(NotPoints)),
        ("0x10", 0, Err(NotPoints)),
    ];
    for (text, scale, want) in rows {
        assert_eq!(
            &points(text, &NumberStyle::default(), None, *scale),
            want,
            "{text} at scale {scale}"
        );
    }
}

#[test]
fn numbers_are_read_in_the_declared_style_and_in_no_other() {
    use Refusal::*;
    let plain = NumberStyle::default();
    let negative = |negative| NumberStyle { negative, ..plain.clone() };
    let prefixed = |signs: &[(&str, Sign)]| {
        let signs = signs.iter().map(|&(text, sign)| (text.to_owned(), sign)).collect();
        negative(Negative::Prefix(signs))
    };
    let european =
        NumberStyle { thousands: Some(b'.'), decimal: Some(b','), ..NumberStyle::default() };
    let commas = NumberStyle { thousands: Some(b','), ..plain.clone() };
    let blanks = NumberStyle { thousands: Some(b' '), ..plain.clone() };
    let unparted = NumberStyle { thousands: None, decimal: Some(b','), ..plain.clone() };
    let pointed = NumberStyle { decimal: Some(b'.'), ..plain.clone() };
    let fen = NumberStyle { implied_decimals: Some(2), ..plain.clone() };
    let wide = NumberStyle { full_width: true, ..plain.clone() };
    let marks = |marks: &[&str]| marks.iter().map(|mark| (*mark).to_owned()).collect();
    let priced = NumberStyle { currency: marks(&["CNY", "￥", "¥"]), ..plain.clone() };
    let booked = NumberStyle { negative: Negative::Parentheses, ..priced.clone() };
    let wide_priced = NumberStyle { full_width: true, ..priced.clone() };
    let punched = negative(Negative::Overpunch);
    let punched_fen = NumberStyle { implied_decimals: Some(2), ..punched.clone() };
    let sided = prefixed(&[("C", Sign::Plus), ("D", Sign::Minus)]);
    let nested = prefixed(&[("C", Sign::Plus), ("CR", Sign::Minus)]);
    type Rows<'r> = &'r [(&'r str, Result<i64, Refusal>)];
    // The style, and texts with their value at two decimals.
    let tables: &[(&NumberStyle, Rows)] = &[
        (
            &commas,
            &[
                ("1,234.50", Ok(123_450)),
                ("-1,234,567", Ok(-123_456_700)),
                ("1234567", Ok(123_456_700)),
                ("1,23", Err(Commas)),
                ("1234,567", Err(Commas)),
                (",123", Err(Commas)),
                ("1,,234", Err(Commas)),
                ("1,234,", Err(Commas)),
                ("1.234,567", Err(Commas)),
                ("1,234.5,6", Err(Commas)),
                ("5.", Err(NotPoints)),
            ],
        ),
        (
            &european,
            &[
                ("1.234,50", Ok(123_450)),
                ("-1.234.567", Ok(-123_456_700)),
                ("1,5", Ok(150)),
                ("1.5", Err(Commas)),
                ("1,234.50", Err(Commas)),
                ("1,234,50", Err(Commas)),
            ],
        ),
        (&blanks, &[("1 234.50", Ok(123_450)), ("1,234.50", Err(Commas))]),
        (&unparted, &[("1234,5", Ok(123_450)), ("1.234,5", Err(UndeclaredMark))]),
        // One point before three digits may part thousands until somebody says what it is.
        (
            &plain,
            &[
                ("1.000", Err(UndeclaredMark)),
                ("-12.340", Err(UndeclaredMark)),
                ("+999.990", Err(UndeclaredMark)),
                ("0.120", Ok(12)),
                ("012.340", Ok(1_234)),
                ("1234.560", Ok(123_456)),
                ("1.00", Ok(100)),
                ("1.0000", Ok(100)),
            ],
        ),
        (&pointed, &[("1.000", Ok(100)), ("-12.340", Ok(-1_234)), ("1.234", Err(Fraction))]),
        (&commas, &[("1.000", Ok(100)), ("1.234", Err(Fraction))]),
        (&priced, &[("￥1.000", Err(UndeclaredMark)), ("￥1000.000", Ok(100_000))]),
        (&sided, &[("D1.000", Err(UndeclaredMark))]),
        (
            &fen,
            &[
                ("00000012345", Ok(12_345)),
                ("-45", Ok(-45)),
                ("+045", Ok(45)),
                ("5", Err(ImpliedShort)),
                ("", Err(NotPoints)),
                ("12.34", Err(ImpliedPoint)),
                ("1,234", Err(NotPoints)),
                ("9223372036854775807", Ok(i64::MAX)),
                ("9223372036854775808", Err(TooLarge)),
            ],
        ),
        (
            &negative(Negative::Trailing),
            &[
                ("12.00-", Ok(-1200)),
                ("12.00+", Ok(1200)),
                ("12.00", Ok(1200)),
                ("-12.00", Err(OtherSign)),
                ("-12.00-", Err(OtherSign)),
                ("12.00--", Err(OtherSign)),
                ("12.00 -", Err(OtherSign)),
                ("(12.00)", Err(OtherSign)),
            ],
        ),
        (
            &negative(Negative::Parentheses),
            &[
                ("(1234.50)", Ok(-123_450)),
                ("(1,234.50)", Err(UndeclaredMark)),
                ("12", Ok(1200)),
                ("-12", Err(OtherSign)),
                ("(-12)", Err(OtherSign)),
                ("((12))", Err(OtherSign)),
                ("(12", Err(OtherSign)),
                ("()", Err(NotPoints)),
            ],
        ),
        (
            &punched,
            &[
                ("00000012{", Ok(12_000)),
                ("0000001K", Ok(-1200)),
                ("0000001A", Ok(1100)),
                ("0000001I", Ok(1900)),
                ("0000001J", Ok(-1100)),
                ("0000001R", Ok(-1900)),
                ("0000001}", Ok(-1000)),
                ("}", Ok(0)),
                ("00000012", Err(NoPunch)),
                ("-0000001K", Err(OtherSign)),
                ("1,23K", Err(NotPoints)),
                ("1.K", Err(NotPoints)),
                ("1k", Err(NoPunch)),
                ("1S", Err(NoPunch)),
                ("1Ｋ", Err(NoPunch)),
                ("", Err(NoPunch)),
            ],
        ),
        (
            &punched_fen,
            &[("0000123D", Ok(1234)), ("0000123M", Ok(-1234)), ("1.2D", Err(ImpliedPoint))],
        ),
        (
            &sided,
            &[
                ("C000120", Ok(12_000)),
                ("D1200.5", Ok(-120_050)),
                ("D1,200.5", Err(UndeclaredMark)),
                ("120", Err(NoPrefix)),
                ("c120", Err(NoPrefix)),
                ("C-120", Err(NotPoints)),
                ("CD120", Err(NotPoints)),
                ("C 120", Err(NotPoints)),
                ("C", Err(NotPoints)),
            ],
        ),
        (&nested, &[("C12", Ok(1200)), ("CR12", Ok(-1200)), ("CX12", Err(NotPoints))]),
        (
            &wide,
            &[
                ("１２３４．５", Ok(123_450)),
                ("－１２３４", Ok(-123_400)),
                ("－１，２３４", Err(UndeclaredMark)),
                ("１2", Ok(1200)),
                ("一二", Err(ForeignDigits)),
                ("¹²", Err(ForeignDigits)),
                ("１２e３", Err(Scientific)),
                ("−12", Err(ForeignDigits)),
            ],
        ),
        (
            &priced,
            &[
                ("￥1234.50", Ok(123_450)),
                ("¥ 12", Ok(1200)),
                ("12 CNY", Ok(1200)),
                ("-￥12", Ok(-1200)),
                ("￥-12", Ok(-1200)),
                ("12", Ok(1200)),
                ("￥12CNY", Err(ForeignDigits)),
                ("￥￥12", Err(ForeignDigits)),
                ("CNY12CNY", Err(NotPoints)),
                ("$12", Err(NotPoints)),
                ("1￥2", Err(ForeignDigits)),
                ("￥", Err(ForeignDigits)),
            ],
        ),
        (
            &booked,
            &[("(￥12.00)", Ok(-1200)), ("￥(12.00)", Ok(-1200)), ("￥(12", Err(ForeignDigits))],
        ),
        (&wide_priced, &[("￥１２", Ok(1200)), ("（１２）", Err(OddSign))]),
    ];
    for (style, rows) in tables {
        for (text, want) in *rows {
            assert_eq!(&points(text, style, None, 2), want, "{text} as {style:?}");
        }
    }
}

#[test]
fn a_sign_of_another_column_is_the_only_one() {
    use Refusal::*;
    let rows: &[(&str, Sign, Result<i64, Refusal>)] = &[
        ("12", Sign::Plus, Ok(12)),
        ("12", Sign::Minus, Ok(-12)),
        ("0", Sign::Minus, Ok(0)),
        ("-12", Sign::Minus, Err(OwnSign)),
        ("+12", Sign::Plus, Err(OwnSign)),
        ("12-", Sign::Plus, Err(OwnSign)),
        ("(12)", Sign::Minus, Err(OwnSign)),
        ("x", Sign::Plus, Err(NotPoints)),
    ];
    for (text, sign, want) in rows {
        let got = points(text, &NumberStyle::default(), Some(*sign), 0);
        assert_eq!(&got, want, "{text} {sign:?}");
    }
}

#[test]
fn money_is_exact_to_the_millionth_or_refused() {
    use Refusal::*;
    let rows: &[(&str, Result<i64, Refusal>)] = &[
        ("1234.50", Ok(1_234_500_000)),
        ("-3.2", Ok(-3_200_000)),
        ("1,234.5", Err(UndeclaredMark)),
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
        assert_eq!(&amount(text, &NumberStyle::default(), None), want, "{text}");
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

#[test]
fn a_plain_number_is_what_it_is_in_any_spelling() {
    let mut random = fastrand::Rng::with_seed(13);
    let comma =
        NumberStyle { decimal: Some(b','), thousands: Some(b'.'), ..NumberStyle::default() };
    let mut seen = 0;
    for _ in 0..100_000 {
        let length = random.usize(..22);
        let alphabet = *random.choice(&["0123456789", "0123456789.", "0019.,-+"]).unwrap();
        let sign = *random.choice(&["", "-", "+"]).unwrap();
        let digit = |_| char::from(*random.choice(alphabet.as_bytes()).unwrap());
        let text = sign.to_owned() + &(0..length).map(digit).collect::<String>();
        let scale = random.u8(..7);
        for style in [&NumberStyle::default(), &comma] {
            if let Some(number) = plain(text.as_bytes(), style, scale) {
                assert_eq!(spelled(&text, style, None, scale), Ok(number), "{text} {scale}");
                seen += 1;
            }
        }
    }
    assert!(seen > 10_000, "{seen}");
}
