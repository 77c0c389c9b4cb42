use std::sync::Arc;

use super::*;
use crate::feed::{Delimited, Format, Owner, Packing};
use crate::frame::fields::FeedKind;
use crate::value::party::Party;
use crate::value::token::{Algorithm, TokenKey};

fn feed(kind: FeedKind, columns: Vec<Column>) -> Feed {
    Feed {
        owner: Owner::Party(Party::A),
        kind,
        root: "/".into(),
        patterns: Vec::new(),
        following: Vec::new(),
        packing: Packing::default(),
        format: Format::Csv(Delimited::default()),
        scale: 2,
        points_max: 100_000_000,
        zone: jiff::tz::TimeZone::get("Asia/Shanghai").unwrap(),
        columns,
        not_agreed: Vec::new(),
        due: None,
        max_age_days: None,
        max_rejects: None,
    }
}

fn column(kind: FeedKind, name: &str) -> Column {
    let nulls = ["-", "N/A", "\\N"].map(str::to_owned).to_vec();
    Column { nulls, ..Column::named(kind.field(name).unwrap(), name) }
}

fn rule_of(kind: FeedKind, column: Column) -> Rule {
    let field = column.field;
    rule(&feed(kind, vec![column]), field).unwrap()
}

fn text(text: &str) -> Value<'static> {
    Value::Text(Cow::Owned(text.to_owned()))
}

#[track_caller]
fn check(rule: &Rule, rows: &[(&str, Result<Value<'static>, Refusal>)]) {
    for (raw, want) in rows {
        assert_eq!(&rule.text(raw, None), want, "{raw:?}");
    }
}

#[test]
fn identifiers_stay_text() {
    use Refusal::*;
    let key = rule_of(FeedKind::Ledger, column(FeedKind::Ledger, "event_id"));
    let longest = "9".repeat(256);
    let longer = "9".repeat(257);
    check(
        &key,
        &[
            ("00123", Ok(text("00123"))),
            ("  SKY-1\t", Ok(text("SKY-1"))),
            ("\u{3000}会员１\u{3000}", Ok(text("会员１"))),
            (&longest, Ok(text(&longest))),
            (&longer, Err(Long(256))),
            ("4.00123E+27", Err(Spreadsheet)),
            ("1e5", Err(Spreadsheet)),
            ("-1E5", Err(Spreadsheet)),
            ("12345.0", Err(Spreadsheet)),
            ("12345.00", Err(Spreadsheet)),
            ("1.5", Ok(text("1.5"))),
            ("A1e5", Ok(text("A1e5"))),
            ("v1.0", Ok(text("v1.0"))),
            ("", Err(Empty)),
            ("   ", Err(Empty)),
            ("-", Err(Empty)),
            (" N/A ", Err(Empty)),
            ("\\N", Err(Empty)),
            ("n/a", Ok(text("n/a"))),
            ("a\0b", Err(Control)),
            ("a\nb", Err(Control)),
            ("a\u{85}b", Err(Control)),
            ("a\u{200b}b", Err(Invisible)),
            ("\u{feff}ab", Err(Invisible)),
            ("ab\u{a0}", Err(Invisible)),
        ],
    );
    let optional = rule_of(FeedKind::Ledger, column(FeedKind::Ledger, "order_no"));
    check(&optional, &[("", Ok(Value::Null)), ("-", Ok(Value::Null)), ("1e5", Err(Spreadsheet))]);
}

#[test]
fn free_text_is_bounded() {
    let tier = rule_of(FeedKind::Members, column(FeedKind::Members, "tier"));
    let longest = "x".repeat(1024);
    let longer = "x".repeat(1025);
    check(
        &tier,
        &[
            (" 金卡 ", Ok(text("金卡"))),
            ("1e5", Ok(text("1e5"))),
            (&longest, Ok(text(&longest))),
            (&longer, Err(Refusal::Long(1024))),
            ("a\tb", Err(Refusal::Control)),
            ("a\0", Err(Refusal::Control)),
            ("", Ok(Value::Null)),
        ],
    );
}

/// Of points beyond what the feed of these tests has.
const ROW: Refusal = Refusal::Beyond(100_000_000, "points that a row may have, in smallest units");

#[test]
fn what_no_row_can_have_is_refused_and_a_sum_may_have_more() {
    let refused = |most: i64, what: &'static str| Err(Refusal::Beyond(most, what));
    let amount = || refused(500_000_000_000, "that an amount may be");
    let sum = || refused(1_000_000_000_000_000_000, "that a sum may be");
    let note = || refused(i64::MAX, "that a note may say");
    let whole = |number: i64| Ok(Value::Whole(number));
    // The feed, the column, the text, and what becomes of it.
    let rows = [
        (FeedKind::Ledger, "amount", "500000000000", whole(500_000_000_000_000_000)),
        (FeedKind::Ledger, "amount", "-500000000000.000001", amount()),
        (FeedKind::Ledger, "amount", "9223372036854775807", amount()),
        (FeedKind::Statement, "points", "10000000000000000", whole(1_000_000_000_000_000_000)),
        (FeedKind::Statement, "points", "10000000000000000.01", sum()),
        (FeedKind::Statement, "amount", "9999999999999", amount()),
        (FeedKind::Deliveries, "points", "92233720368547758.07", whole(i64::MAX)),
        (FeedKind::Deliveries, "points", "92233720368547758.08", note()),
        (FeedKind::Deliveries, "rows", "-9223372036854775807", whole(-i64::MAX)),
    ];
    for (kind, name, text, want) in rows {
        let rule = rule_of(kind, column(kind, name));
        assert_eq!(rule.text(text, None), want, "{name} {text}");
        let mut cells = super::super::cells::Cells::new(rule.field.kind);
        let none: Option<fn(usize) -> Option<&'static str>> = None;
        let filled = rule.fill(&mut cells, 1, |_| Some(text), none);
        assert_eq!(filled == 1, want.is_ok(), "{name} {text} at once");
    }
}

#[test]
fn points_are_scaled() {
    let points = rule_of(FeedKind::Ledger, column(FeedKind::Ledger, "points"));
    check(
        &points,
        &[
            (" -1234.5 ", Ok(Value::Whole(-123_450))),
            ("7", Ok(Value::Whole(700))),
            ("0.001", Err(Refusal::Fraction)),
            ("１２", Err(Refusal::ForeignDigits)),
            ("-", Err(Refusal::Empty)),
            ("1000000", Ok(Value::Whole(100_000_000))),
            ("-1000000.01", Err(ROW)),
            ("9223372036854775807", Err(ROW)),
            ("99999999999999999999999999", Err(ROW)),
        ],
    );
    type Row = (i128, i8, Result<i64, Refusal>);
    let typed: &[Row] = &[
        (5, 0, Ok(500)),
        (512, 2, Ok(512)),
        (5120, 3, Ok(512)),
        (5121, 3, Err(Refusal::Fraction)),
        (5, -2, Ok(50_000)),
        (100_000_000, 2, Ok(100_000_000)),
        (-100_000_000, 2, Ok(-100_000_000)),
        (100_000_001, 2, Err(ROW)),
        (-1_000_001, 0, Err(ROW)),
        (i128::from(i64::MAX), 2, Err(ROW)),
        (i128::from(i64::MIN), 2, Err(ROW)),
        (i128::from(i64::MAX), 0, Err(ROW)),
        (i128::MAX, 0, Err(ROW)),
        (0, 120, Ok(0)),
        (1, 120, Err(Refusal::Fraction)),
        (1, -120, Err(ROW)),
    ];
    for (value, digits, want) in typed {
        let want = want.clone().map(Value::Whole);
        assert_eq!(points.quantity(*value, *digits, None), want, "{value}e-{digits}");
    }
}

#[test]
fn words_become_codes() {
    use Refusal::*;
    let kind = rule_of(FeedKind::Ledger, column(FeedKind::Ledger, "kind"));
    let long = "长".repeat(41);
    check(
        &kind,
        &[
            ("earn", Ok(Value::Code(0))),
            (" reversal ", Ok(Value::Code(8))),
            ("Earn", Err(UnknownKind("Earn".into()))),
            ("送积分", Err(UnknownKind("字字字".into()))),
            (&long, Err(UnknownKind(format!("{}…", "字".repeat(24))))),
            ("E2001", Err(UnknownKind("E2001".into()))),
            ("13800000000", Err(UnknownKind("99999999999".into()))),
            ("ann@x.cn", Err(UnknownKind("aaa@a.aa".into()))),
            ("ea\0rn", Err(Control)),
            ("", Err(Empty)),
        ],
    );
    let mut mapped = column(FeedKind::Ledger, "status");
    mapped.words = BTreeMap::from([("已入账".to_owned(), 0), (" X ".to_owned(), 2)]);
    check(
        &rule_of(FeedKind::Ledger, mapped),
        &[
            ("已入账", Ok(Value::Code(0))),
            ("X", Ok(Value::Code(2))),
            ("posted", Err(UnknownWord)),
            ("", Ok(Value::Code(0))),
            ("-", Ok(Value::Code(0))),
        ],
    );
    let method = rule_of(FeedKind::Links, column(FeedKind::Links, "method"));
    check(&method, &[("", Ok(Value::Code(0))), ("inferred", Ok(Value::Code(2)))]);
}

#[test]
fn contacts_become_tokens_or_refusals() {
    let key = Arc::new(TokenKey::new("k", Algorithm::HmacSha256, b"0123456789abcdef").unwrap());
    let contact = |contact| {
        let mut mobile = column(FeedKind::Members, "mobile");
        mobile.contact = Some(contact);
        rule_of(FeedKind::Members, mobile)
    };
    let token = key.mobile("13800138000").unwrap();
    check(
        &contact(Contact::Mobile(Arc::clone(&key))),
        &[
            ("+86 138-0013-8000", Ok(text(&token))),
            ("", Ok(Value::Null)),
            ("N/A", Ok(Value::Null)),
            ("138x", Err(Refusal::NotMobile)),
            ("1.38E+10", Err(Refusal::NotMobile)),
        ],
    );
    let token = key.email("li@example.com").unwrap();
    check(
        &contact(Contact::Email(key)),
        &[(" Li@Example.com ", Ok(text(&token))), ("li", Err(Refusal::NotEmail))],
    );
    let token = "Ab".repeat(32);
    check(
        &contact(Contact::Ready(None)),
        &[(&token, Ok(text(&token.to_lowercase()))), ("abc", Err(Refusal::NotToken))],
    );
}

#[test]
fn instants_and_as_of_days_differ() {
    let mut as_of = column(FeedKind::Accounts, "as_of");
    let midnight = 1_774_972_800_000_000;
    let rows = [("2026-04-01 00:00:00", Ok(Value::Whole(midnight)))];
    check(&rule_of(FeedKind::Accounts, as_of.clone()), &rows);
    let rows = [("2026-03-31", Ok(Value::Whole(midnight - 1))), ("", Ok(Value::Null))];
    check(&rule_of(FeedKind::Accounts, as_of.clone()), &rows);
    as_of.time.patterns = vec!["%Y%m%d".to_owned()];
    let rows = [("20260331", Ok(Value::Whole(midnight - 1)))];
    check(&rule_of(FeedKind::Accounts, as_of), &rows);
    let bound = rule_of(FeedKind::Links, column(FeedKind::Links, "bound_at"));
    let rows = [
        ("2026-04-01", Ok(Value::Whole(midnight))),
        ("2026-04-01T00:00:00+08:00", Ok(Value::Whole(midnight))),
        ("1774972800", Err(Refusal::NotInstant)),
    ];
    check(&bound, &rows);
}

#[test]
fn constants_are_conformed_once_and_gaps_are_told() {
    let mut constant = column(FeedKind::Consents, "purpose");
    constant.origin = Origin::Constant(" 互通 ".to_owned());
    let rule = rule_of(FeedKind::Consents, constant.clone());
    assert!(matches!(rule.supply, Supply::Everywhere(value) if value == text("互通")));
    constant.origin = Origin::Constant("a\0".to_owned());
    let refused = rules(&feed(
        FeedKind::Consents,
        vec![
            column(FeedKind::Consents, "a_member"),
            column(FeedKind::Consents, "b_member"),
            constant,
        ],
    ));
    assert!(matches!(refused, Err(SourceError::Constant { column: "purpose", .. })));
    let gap = rules(&feed(FeedKind::Consents, Vec::new()));
    assert!(matches!(gap, Err(SourceError::Undeclared { column: "a_member", .. })));
    let status = column(FeedKind::Members, "member_no");
    let filled = rules(&feed(FeedKind::Members, vec![status])).unwrap();
    let default = Value::Code(0);
    assert!(matches!(&filled[1].supply, Supply::Everywhere(value) if *value == default));
}
