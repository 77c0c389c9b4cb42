use super::*;

fn look(content: &[u8]) -> Inspection {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sent.txt");
    std::fs::write(&path, content).unwrap();
    inspect(&path, None, 3).unwrap()
}

fn sample(name: &str) -> Inspection {
    inspect(&Path::new("sample-data/feeds").join(name), None, 3).unwrap()
}

#[test]
fn each_sample_is_drafted_by_what_its_bytes_show() {
    // The file, lines that its draft has.
    let rows: [(&str, &[&str]); 8] = [
        (
            "wechat/bill-2026-03.csv",
            &[
                "    prefix: \"`\"",
                "    # A candidate, because column \"总交易单数\" is as many as there are rows; column \
                 \"积分变动总额\" is the sum of `积分变动`; ask the partner.",
                "    summary: { rows: \"总交易单数\", points: \"积分变动总额\" }",
                "  event_id: \"业务流水号\"",
                "  points: \"积分变动\"",
            ],
        ),
        (
            "alipay/20880000000000000156_202603.zip",
            &[
                "    encoding: gb18030",
                "    comment: \"#\"",
                "    totals: { rows: { after: \"#业务明细合计：\", before: \"笔\" }, points: { after: \
                 \"积分合计：\", before: \"分\" } }",
                "  member_no: \"会员号\"",
            ],
        ),
        (
            "percent/ledger_20260331.txt",
            &["    delimiter: \"%%\"", "    trailer: { marker: \"T\", rows: 2, points: 3 }"],
        ),
        (
            "unionpay/IND26033100ZM_CLEAR",
            &[
                "    record_bytes: 86",
                "    line_end: crlf",
                "      \"bytes 1-16\": { at: 1, bytes: 16 } # the same letters, then digits",
                "      \"bytes 17-35\": { at: 17, bytes: 19 } # digits",
                "      \"bytes 36-45\": { at: 36, bytes: 10 } # digits",
                "      \"bytes 46-57\": { at: 46, bytes: 12 } # text",
                "      \"bytes 58-58\": { at: 58, bytes: 1 } # text",
                "      \"bytes 59-70\": { at: 59, bytes: 12 } # digits",
            ],
        ),
        (
            "airline/ACCRUAL_20260401.txt",
            &[
                "    leading: { marker: \"H\", exclusive: true }",
                "    # A candidate, because { at: 2, bytes: 8 } is as many as there are rows; { at: 10, \
                 bytes: 12 } is the sum of `bytes 27-35`; ask the partner.",
                "    trailer: { marker: \"T\", rows: { at: 2, bytes: 8 }, points: { at: 10, bytes: 12 } }",
                "      \"bytes 27-35\": { at: 27, bytes: 9 } # digits, the last with a sign",
            ],
        ),
        ("json/ledger.jsonl", &["  member_no: \"member.no\"", "  points: \"points\""]),
        ("duckdb/ledger.parquet", &["format: { parquet: {} }", "  event_id: \"event_id\""]),
        ("arrow/ledger.arrow", &["format: { arrow: {} }", "  points: \"points\""]),
    ];
    for (name, lines) in rows {
        let drafted = sample(name).draft.lines;
        for line in lines {
            assert!(drafted.iter().any(|one| one == line), "{name}: {line}\n{drafted:#?}");
        }
    }
}

#[test]
fn totals_are_drafted_where_one_figure_agrees_with_the_rows() {
    let header = "会员号|余额\n";
    let open = "# Which values of it are the rows and the points?";
    let rows = [
        ("1|10\n2|20\nT|2|30\n", "trailer: { marker: \"T\", rows: 2, points: 3 }"),
        ("1|1,000.50\n2|(20)\nT|x|2|980.50\n", "trailer: { marker: \"T\", rows: 3, points: 4 }"),
        ("1|10\n2|20-\nT|2|10-|y\n", "trailer: { marker: \"T\", rows: 2, points: 3 }"),
        // Two figures agree, one is both, or none does.
        ("1|10\n2|20\nT|2|2|30\n", "trailer: { marker: \"T\", points: 4 }"),
        ("1|1\n2|1\nT|2|x\n", open),
        ("1|10\n2|20\nT|3|31\n", open),
        ("1|10\n2|-10\nT|0|0\n", open),
        ("1|10\n2|x\nT|2|10\n", "trailer: { marker: \"T\", rows: 2 }"),
        (
            "1|10\n2|20\n#共2笔，合计：30.00分\n",
            "totals: { rows: { after: \"#共\", before: \"笔\" }, points: { after: \"合计：\", before: \
             \"分\" } }",
        ),
        // The same words stand before another figure.
        ("1|10\n2|20\n#合计：30\n#合计：2\n", "# Do the lines that are no records hold totals?"),
    ];
    for (body, line) in rows {
        let drafted = look([header, body].concat().as_bytes()).draft.lines;
        let found = drafted.iter().any(|one| one.trim().starts_with(line));
        assert!(found, "{body}: {line}\n{drafted:#?}");
    }
}

#[test]
fn what_looks_personal_is_masked() {
    let found = look(
        "会员号,姓名,手机,备注\n1,张伟,+8613812345678,a@b.cn\n2,李娜,138 1234 5679,110101199003074233\n"
            .as_bytes(),
    );
    assert_eq!(
        found.rows,
        [
            ["1", "字字", "138****5678", "a@a.aa"],
            ["2", "字字", "138****5679", "999999999999999999"]
        ]
    );
    assert!(found.columns.iter().all(|column| !column.words.iter().any(|word| word == "张伟")));
    assert_eq!(found.draft.kind, crate::feed::FeedKind::Members);
}

#[test]
fn contact_data_is_masked_in_any_spelling() {
    let numbers = [
        "008613800138000",
        "+86 138 0013 8000",
        "１３８００１３８０００",
        "13800138000.0",
        "（13800138000）",
        "tel:13800138000",
        "13800138000/13900139000",
        "联系13800138000退款",
        "138-0013-8000",
        "110101900307123",
        "11010119900307123X",
        "110101199003071230_",
        "6222021234567890123",
        "张三",
        "客户欧阳娜娜",
    ];
    for number in numbers {
        let found = look(format!("event_id,x1\nE1,普\nE2,{number}\n").as_bytes());
        assert!(found.columns[1].is_personal && found.columns[1].words.is_empty(), "{number}");
        let shown = &found.rows[1][1];
        assert!(shown.contains("****") || !shown.contains(|c| ('0'..='8').contains(&c)), "{shown}");
        assert!(!shown.contains(['三', '欧', '１', '联']), "{shown}");
    }
    let plain = look("event_id,交易类型,at,x\nE1,积分兑换,2019-03-15 13:00:00,借\n".as_bytes());
    assert_eq!(plain.rows[0], ["E1", "积分兑换", "2019-03-15 13:00:00", "借"]);
    for header in ["持卡人", "客户", "收件人", "buyer", "Holder"] {
        let found = look(format!("event_id,{header}\nE1,Li\n").as_bytes());
        assert_eq!(found.rows[0], ["E1", "Aa"], "{header}");
    }
}

#[test]
fn a_word_that_may_be_two_kinds_is_left_open() {
    let found = look("event_id,类型\nE1,兑换\nE2,累积\n".as_bytes());
    let kind = found.draft.lines.iter().find(|line| line.starts_with("  kind:")).unwrap();
    assert!(!kind.contains("兑换"), "{kind}");
}

#[test]
fn odd_files_are_looked_at_in_their_time() {
    let keys: String = (0..60_000).map(|at| format!("\"k{at}\":1,")).collect();
    let found = look(format!("{{{keys}\"z\":1}}\n").as_bytes());
    assert_eq!(found.columns.len(), 1_000);
    let folder = tempfile::tempdir().unwrap();
    let told = inspect(folder.path(), None, 3).unwrap_err();
    let path = folder.path().display().to_string();
    assert!(matches!(told, SourceError::Io { file, .. } if file == path));
    let path = folder.path().join("a: [1]*?.csv");
    std::fs::write(&path, b"event_id,x\nE1,1\n").unwrap();
    let draft = inspect(&path, None, 3).unwrap().draft;
    assert_eq!(draft.files("in/a/"), "\"in/a/a: [[]1[]][*][?].csv\"");
}

#[test]
fn what_stands_out_is_told_with_what_to_declare() {
    let rows: [(&str, &[&str], &str); 10] = [
        ("积分", &["1", "2"], "whole numbers"),
        (
            "积分",
            &["(1,000)", "5-"],
            "numbers; negative by parentheses (1), see `negative` under `number`; negative by a sign \
             behind (1), see `negative` under `number`; commas for thousands or decimals (1), see \
             `thousands` under `number`",
        ),
        ("积分", &["1.234,50", "7"], "numbers; decimal commas (1), see `decimal` under `number`"),
        ("积分", &["￥7", "8"], "numbers; currency marks (1), see `currency` under `number`"),
        (
            "积分",
            &["７", "8"],
            "text, 2 distinct; full-width digits (1), see `full_width` under `number`",
        ),
        (
            "卡号",
            &["=\"001\"", "=\"002\""],
            "text, 2 distinct; spreadsheet formulas (2), see `stands` of a column",
        ),
        (
            "卡号",
            &["A\u{200b}1", "6.22E+18"],
            "text, 2 distinct; spreadsheet numbers (1), refused in an id; invisible or control \
             characters (1), refused in an id",
        ),
        (
            "积分",
            &["1", "2", "3", "4", "5", "6", "7", "8", "9", "x"],
            "text, 10 distinct; no numbers (1)",
        ),
        (
            "时间",
            &["2026-03-01", "2026/03/02", "2026-03-03"],
            "times in several notations, %Y-%m-%d (2), %Y/%m/%d (1)",
        ),
        ("时间", &["2026-03-01", "soon"], "text, 2 distinct"),
    ];
    for (name, values, kind) in rows {
        let rows: Vec<Vec<String>> = values.iter().map(|value| vec![(*value).to_owned()]).collect();
        assert_eq!(values::see(&[name.to_owned()], &rows)[0].kind, kind);
    }
    let mixed = look(b"event_id,occurred_at\nE1,2026-03-01\nE2,2026/03/02\n");
    let drafted = "  occurred_at: { from: \"occurred_at\", format: [\"%Y-%m-%d\", \"%Y/%m/%d\"] }";
    assert!(mixed.draft.lines.iter().any(|line| line == drafted), "{:#?}", mixed.draft.lines);
}

#[test]
fn lines_that_end_with_carriage_returns_are_looked_at_as_lines() {
    let text = "event_id,points,at\nE1,5,2026-03-01\nE2,6,2026-03-02\n".replace('\n', "\r");
    let found = look(text.as_bytes());
    assert_eq!(found.columns.len(), 3);
    let told =
        found.findings.iter().any(|(_, told)| told.contains("have it saved with LF or CRLF"));
    assert!(told, "{:?}", found.findings);
}

#[test]
fn two_readings_are_told_and_not_chosen_between() {
    let found = look(b"event_id,occurred_at\nE1,03/04/2026\nE2,05/06/2026\n");
    assert_eq!(found.columns[1].formats, ["%d/%m/%Y", "%m/%d/%Y"]);
    assert!(found.draft.lines.iter().any(|line| line.contains("which is it?")));
    let neither = look(b"event_id,points\n\xff\xff,1\n");
    assert!(neither.findings.iter().any(|(_, told)| told.contains("neither fits")));
    for odd in [&b""[..], b"\n\n", b"one", b"\0\0\0", b"{", b"PK\x03\x04"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd");
        std::fs::write(&path, odd).unwrap();
        // Found or refused; never a panic.
        drop(inspect(&path, None, 3));
    }
}

#[test]
fn the_word_of_a_feed_is_chosen_by_what_its_rows_show() {
    use crate::feed::FeedKind::{Accounts, Ledger, Links, Members};
    let rows = [
        // An instant, points and a number of its own: events, in whatever words.
        (
            "流水编号,卡号,业务类型,变动积分,发生时间,对方编号\nA1,N1,消费,-10,2026/03/03 10:00:00,\n\
             A2,N1,消费,5,2026/03/04 10:00:00,\n",
            Ledger,
        ),
        (
            "单据,卡号,数量,时点\nA1,N1,-10,2026-03-03 10:00:00\nA2,N1,5,2026-03-04 10:00:00\n",
            Ledger,
        ),
        ("txn_time,txn_id,card,type,pts\n2026-03-03T10:00:00+08:00,P1,X1,ACCEPT,4\n", Ledger),
        // Members have instants, and may have numbers, but none below zero and no event.
        ("会员号,等级,注册时间\n1,金卡,2026-03-03 10:00:00\n2,银卡,2026-03-04 10:00:00\n", Members),
        ("卡号,消费次数,注册时间\n1,3,2026-03-03 10:00:00\n2,4,2026-03-04 10:00:00\n", Members),
        (
            "会员号,客服,备案,注册时间\n1,010-12345678,X1,2026-03-03 10:00:00\n\
             2,(010)12345679,X2,2026-03-04 10:00:00\n",
            Members,
        ),
        ("会员号,姓名,手机\n1,张伟,13812345678\n2,李娜,13812345679\n", Members),
        ("会员号,积分余额,截至\n1,-3,2026-03-31\n2,40,2026-03-31\n", Accounts),
        ("甲方会员号,乙方会员号,绑定时间\n1,8,2026-03-31\n2,9,2026-03-31\n", Links),
    ];
    for (content, kind) in rows {
        let draft = look(content.as_bytes()).draft;
        assert_eq!(draft.kind, kind, "{content}");
        // Nobody settles on a file of which most rows are refused.
        let has_most = draft.lines.iter().any(|line| line == "max_rejects: { share: \"1\" }");
        assert_eq!(has_most, kind == Ledger, "{content}");
    }
}

#[test]
fn a_marked_record_with_the_shape_of_a_row_is_drafted_as_none() {
    let rows: String = (0..20).map(|at| format!("D{at:03}0000001{at:02}\n")).collect();
    let draft = look(format!("H20260331HEAD\n{rows}T99990331TAIL\n").as_bytes()).draft;
    for line in [
        "    # No row that was looked at begins so; is that so of every row?",
        "    leading: { marker: \"H\", exclusive: true }",
        "    trailer: { marker: \"T\", exclusive: true }",
    ] {
        assert!(draft.lines.iter().any(|one| one == line), "{line}\n{:#?}", draft.lines);
    }
}

/// A last record that was cut begins as a row does: it marks nothing, and no value of it is shown.
#[test]
fn a_last_record_that_was_cut_is_no_marker() {
    let rows = |columns: &str, row: fn(u32) -> String| -> String {
        columns.to_owned() + "\n" + &(0..30).map(row).collect::<String>()
    };
    let mobiles = rows("手机号,姓名,会员号,状态", |nth| {
        format!("138{nth:08},李小{nth},88{nth:08},active\n")
    });
    let events = rows("流水号,会员号,类型,积分,交易时间", |nth| {
        format!("E{nth},88{nth:08},burn,-5,2026-03-05 12:00:{nth:02}\n")
    });
    let names = rows("姓名,会员号,状态", |nth| format!("李小{nth},88{nth:08},active\n"));
    let json: String =
        (0..30).map(|nth| format!("{{\"mobile\":\"138{nth:08}\",\"id\":\"A{nth}\"}}\n")).collect();
    for (text, cut, value) in [
        (&mobiles, 18, "13800000029"),
        (&events, 24, "E29"),
        (&names, 8, "李小29"),
        (&json, 10, "13800000029"),
    ] {
        let found = look(&text.as_bytes()[..text.len() - cut]);
        let told = format!("{:?} {}", found.findings, found.draft.lines.join("\n"));
        assert!(told.contains("cut short") && !told.contains(value), "{told}");
        assert!(!told.contains("trailer"), "{told}");
    }
    for (last, marker) in
        [("合计,30,,-150,", "合计"), ("T,30,,-150", "T"), ("9,30,0,-150,0", "9"), ("总计", "总计")]
    {
        let found = look(format!("{events}{last}\n").as_bytes());
        let draft = found.draft.lines.join("\n");
        let is_alike = last.matches(',').count() == 4;
        assert!(draft.contains(&format!("trailer: {{ marker: \"{marker}\"")), "{last}: {draft}");
        let is_told = draft.contains("exclusive: true") || draft.contains("rows:");
        assert!(!is_alike || is_told, "{last}: {draft}");
    }
}

#[test]
fn what_has_two_bytes_a_character_is_told_as_that_and_nothing_of_it_is_shown() {
    let text = "会员卡号,手机号\n".to_owned() + &"8800000001,13812340001\n".repeat(9);
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [[&b"\xff\xfe"[..], &wide].concat(), wide] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, bytes).unwrap();
        let error = inspect(&path, None, 3).unwrap_err().to_string();
        assert!(error.contains("UTF-16") && !error.contains("138"), "{error}");
    }
}

#[test]
fn a_column_of_points_is_drafted_as_its_values_are_written() {
    let open = "# Do commas part thousands in it";
    // Values of the column, and the line that stands for it.
    let rows: [(&[&str], &str); 16] = [
        (&["1", "-2"], "points: \"积分\""),
        (&["1234.5", "7"], "points: \"积分\""),
        (&["12,345", "-7"], open),
        (&["12,345", "7.50"], open),
        (&["1,234.50", "7"], "points: { from: \"积分\", number: { thousands: \",\" } }"),
        (&["1,234,567", "12,345"], "points: { from: \"积分\", number: { thousands: \",\" } }"),
        (&["12,5", "12,345"], "points: { from: \"积分\", number: { decimal: \",\" } }"),
        (
            &["1.234,567", "12,345"],
            "points: { from: \"积分\", number: { decimal: \",\", thousands: \".\" } }",
        ),
        (&["1.234", "2.500"], "# Do points part thousands in it"),
        (&["1,234.5", "1,5"], "# Its numbers are written in several ways"),
        (&["(5)", "7"], "points: { from: \"积分\", number: { negative: parentheses } }"),
        (&["5-", "7"], "points: { from: \"积分\", number: { negative: trailing } }"),
        (&["5-", "-7"], "# Its numbers are written in several ways"),
        (&["￥-5.00", "￥7"], "points: { from: \"积分\", number: { currency: [\"￥\"] } }"),
        (&["５", "－7"], "points: { from: \"积分\", number: { full_width: true } }"),
        (&["1", "x"], "points: \"积分\""),
    ];
    for (values, line) in rows {
        let mut content = "流水号;积分;时间\n".to_owned();
        for (value, id) in values.iter().zip(1..) {
            content += &format!("E{id};{value};2026-03-0{id} 10:00:00\n");
        }
        let lines = look(content.as_bytes()).draft.lines;
        assert!(lines.iter().any(|one| one.trim().starts_with(line)), "{values:?}: {lines:#?}");
    }
}

#[test]
fn names_and_times_in_the_words_of_partners_are_found() {
    // The header, a row in which `#` counts up, and lines of the draft.
    let rows: [(&str, &str, &[&str]); 8] = [
        (
            "流水号,会员号,类型,积分,交易时间",
            "\"=\"\"00#\"\"\",M1,累积,10#,3/1#/2026 9:05",
            &[
                "event_id: { from: \"流水号\", stands: { after: '=\"', before: '\"' } }",
                "occurred_at: { from: \"交易时间\", format: \"%m/%d/%Y %H:%M\" }",
            ],
        ),
        (
            "流水号,会员号,类型,积分,交易时间",
            "S#,M1,累积,10#,0#/0#/2026 09:05:00",
            &["# Every value also fits %m/%d/%Y %H:%M:%S; which is it?"],
        ),
        (
            "积分流水号,会员卡号,业务类型,发生时间,积分（+分/-分）",
            "S#,M1,累积,2026-03-0# 12:00:00,10#.00",
            &[
                "event_id: \"积分流水号\"",
                "points: \"积分（+分/-分）\"",
                "occurred_at: { from: \"发生时间\", format: \"%Y-%m-%d %H:%M:%S\" }",
            ],
        ),
        (
            "流水号,会员号,类型,积分,交易时间,借贷标志",
            "S#,M1,累积,10#,2026030#120000,贷",
            &["points: { from: \"积分\", sign: { from: \"借贷标志\", values: { \"贷\": plus } } }"],
        ),
        (
            "流水号,会员号,类型,积分,交易时间,增减",
            "S#,M1,累积,-10#,2026030#120000,减少",
            &["points: \"积分\"", "# dropped: \"增减\" (text, 1 distinct)"],
        ),
        (
            "流水号,会员号,类型,积分,交易时间",
            "S#,M1,累积,10#,2026/3/# 9:05",
            &["occurred_at: { from: \"交易时间\", format: \"%Y/%m/%d %H:%M\" }"],
        ),
        (
            "原交易流水号,对方积分流水号,交易流水号,变动积分,入账时点",
            "R#,P#,S#,10#,2026-03-0#",
            &[
                "event_id: \"交易流水号\"",
                "original_event_id: \"原交易流水号\"",
                "# dropped: \"对方积分流水号\" (text, 9 distinct)",
                "occurred_at: { from: \"入账时点\", format: \"%Y-%m-%d\" }",
            ],
        ),
        (
            "Transaction ID,Member-No,Type,Points,Event Time",
            "S#,M1,earn,10#,177229440#",
            &["event_id: \"Transaction ID\"", "member_no: \"Member-No\""],
        ),
    ];
    for (header, row, lines) in rows {
        let rows: String = (1..10).map(|at| row.replace('#', &at.to_string()) + "\n").collect();
        let draft = look(format!("{header}\n{rows}").as_bytes()).draft.lines;
        for line in lines {
            assert!(draft.iter().any(|one| one.trim() == *line), "{line}\n{draft:#?}");
        }
    }
    let row = |at: u64| {
        let at_ms = 1_772_294_400_000 + at * 1000;
        format!(
            "{{\"txn\":{{\"id\":\"T{at}\",\"kind\":\"earn\"}},\"no\":\"88{at:08}\",\"points\":-5,\"ts\":{at_ms}}}\n"
        )
    };
    let found = look((0..40).map(row).collect::<String>().as_bytes());
    for line in [
        "event_id: \"txn.id\"",
        "kind: \"txn.kind\"",
        "points: \"points\"",
        "occurred_at: { from: \"ts\", epoch: milliseconds }",
    ] {
        assert!(found.draft.lines.iter().any(|one| one.trim() == line), "{:#?}", found.draft.lines);
    }
}

/// Files as partners export them, each with what a person need not write any more.
#[test]
fn what_stands_around_a_table_is_told_from_its_rows() {
    let rows = |row: fn(usize) -> String| (1..=20).map(row).collect::<Vec<String>>().join("\n");
    let events = rows(|at| format!("E{at},M{},返积分,5,2026-03-{at:02} 10:00:00", at % 4));
    let gaps = rows(|at| format!("E{at},M1,返积分,5,2026-03-{at:02} 10:00:00,,"));
    let bank = rows(|at| format!("DTL|BK{at:05}|M{}|CR|500|202603{at:02}101112", at % 4));
    let ruled = rows(|at| format!("| E{at} | M1 | 返 | 5 | 2026-03-{at:02} 10:00:00 | - |"));
    let iso = rows(|at| format!("E{at},M1,earn,5,2026-03-{at:02}T10:00:00.5+08:00"));
    let named = "流水号,会员ID,变动类型,积分变动值,变动时间";
    // The file, and lines of its draft.
    let files: [(String, &[&str]); 6] = [
        (
            format!("对账单,,,,\n账期：2026-03,,,,\n\n{named}\n{events}\n合计,20笔,,100,\n"),
            &[
                "skip: { first: 3 }",
                "trailer: { marker: \"合计\", points: 4 }",
                "member_no: \"会员ID\"",
                "points: \"积分变动值\"",
            ],
        ),
        (format!("{named},,\n{gaps}\n"), &["event_id: \"流水号\"", "delimiter: \",\""]),
        (
            format!("HDR|20260331|CMB\n{bank}\nTRL|20|10000\n"),
            &[
                "leading: { marker: \"HDR\" }",
                "trailer: { marker: \"TRL\", rows: 2, points: 3 }",
                "# It may be \"column 2\", in which no two rows have the same value.",
                "# It may be \"column 3\" or \"column 5\", in which rows share numbers or codes.",
                "occurred_at: { from: \"column 6\", format: \"%Y%m%d%H%M%S\" }",
            ],
        ),
        (
            format!(
                "+--+\n| 流水号 | 卡号 | 类型 | 积分 | 时间 | 对方流水号 |\n+--+\n{ruled}\n+--+\n"
            ),
            &[
                "comment: \"+\"",
                "event_id: \"流水号\"",
                "counter_event_id: { from: \"对方流水号\", nulls: [\"-\"] }",
            ],
        ),
        (format!("流水号,卡号,类型,积分,时间\n{iso}\n"), &["occurred_at: \"时间\""]),
        (format!("{named}\n{}\n", events.replace(",5,", ",1.500,")), &["points: \"积分变动值\""]),
    ];
    for (text, lines) in files {
        let found = look(text.as_bytes());
        for line in lines {
            let stands = found.draft.lines.iter().any(|one| one.trim() == *line);
            assert!(stands, "{line}\n{:#?}", found.draft.lines);
        }
    }
    let records: Vec<String> = (1..=20).map(|at| format!("02E{at:05}0005")).collect();
    let records = format!("01HEADER01\n{}\n9900020100\n", records.join("\n"));
    let draft = look(records.replace("01HEADER01", "01HEADER010").as_bytes()).draft.lines;
    for marker in ["leading: { marker: \"01\", exclusive: true }", "trailer: { marker: \"99\""] {
        assert!(draft.iter().any(|one| one.trim().starts_with(marker)), "{marker}\n{draft:#?}");
    }
}

#[test]
fn what_is_more_likely_of_another_encoding_or_a_workbook_is_told() {
    let western = b"id;Art\nE1;Einl\xf6sung\nE2;Gutschrift\n";
    let found = look(western);
    assert!(found.findings.iter().any(|(_, told)| told.contains("Windows-1252")));
    assert!(found.draft.lines.iter().any(|line| line.contains("Is it GB18030?")));
    let chinese = encoding_rs::GB18030.encode("流水号,类型\nE1,累积\nE2,镕基\n").0.into_owned();
    let found = look(&chinese);
    assert!(found.findings.iter().all(|(_, told)| !told.contains("Windows-1252")));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xls");
    for (content, told) in [
        (&b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0\0"[..], "the file is a workbook"),
        (b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "without an entry"),
    ] {
        std::fs::write(&path, content).unwrap();
        let error = inspect(&path, None, 3).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
}
