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
    let rows: [(&str, &[&str]); 7] = [
        (
            "wechat/bill-2026-03.csv",
            &[
                "    prefix: \"`\"",
                "    # Which of these are the rows and the points?",
                "  event_id: \"业务流水号\"",
                "  points: \"积分变动\"",
            ],
        ),
        (
            "alipay/20880000000000000156_202603.zip",
            &["    encoding: gb18030", "    comment: \"#\"", "  member_no: \"会员号\""],
        ),
        (
            "percent/ledger_20260331.txt",
            &["    delimiter: \"%%\"", "    trailer: { marker: \"T\" }"],
        ),
        ("unionpay/IND26033100ZM_CLEAR", &["    record_bytes: 86"]),
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
