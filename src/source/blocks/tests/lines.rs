//! Layouts of lines without delimiters: fixed width and objects.

use super::*;

pub(super) fn fixed(line_end: LineEnd) -> Fixed {
    let extent = |at, bytes| Extent { at, bytes };
    let marked = |marker: &str| Marked {
        marker: marker.to_owned(),
        exclusive: false,
        rows: Some(extent(2, 2)),
        points: Some(extent(4, 3)),
    };
    Fixed {
        encoding: Encoding::Gb18030,
        line_end,
        record_bytes: 7,
        fields: vec![("会员号".to_owned(), extent(1, 4)), ("余额".to_owned(), extent(5, 3))],
        leading: Some(marked("0")),
        trailer: Some(marked("9")),
    }
}

#[test]
fn fixed_places_are_those_of_bytes() {
    let found = [
        "1 leading record record: 1",
        "1 leading record rows: 2",
        "1 leading record points: 12",
        "6 trailer record: 1",
        "6 trailer rows: 2",
        "6 trailer points: no figure stands at its place",
    ];
    let rows = ["0:2 张三 7", "0:4 9AB 5", "0:5 a张b 5"];
    let lines = ["002012 ", "张三  7", "9   -", "9AB   5", "a张b  5", "902"].map(gb);
    for (line_end, end) in [(LineEnd::Lf, "\n"), (LineEnd::Crlf, "\r\n")] {
        let content = lines.join(end.as_bytes());
        let third = 2 * (7 + end.len());
        let refused = format!(
            "a.csv:3@{third}  Ragged 5 bytes where the layout has 7; see `record_bytes`, or declare `leading` or `trailer` if it is no row []"
        );
        check(Format::Fixed(fixed(line_end)), &content, &rows, &[&refused], &found);
    }
    let unmarked = [gb("0020125"), gb("张三  7"), gb("abc张 3"), gb("9010  ")].concat();
    let mut unmarked_layout = fixed(LineEnd::Unmarked);
    unmarked_layout.trailer = None;
    check(
        Format::Fixed(unmarked_layout),
        &unmarked,
        &["0:2 张三 7"],
        &[
            "a.csv:3@14 member_no Undecodable the field begins or ends within a character; see that \
             its `at` and `bytes` count bytes []",
            "a.csv:4@21  Ragged 6 bytes where the layout has 7; see `record_bytes`, or declare `leading` or `trailer` if it is no row []",
        ],
        &["1 leading record record: 1", "1 leading record rows: 2", "1 leading record points: 12"],
    );
    let extent = |at, bytes| Extent { at, bytes };
    let bare = |line_end, exclusive| {
        let mut layout = fixed(line_end);
        for marked in [&mut layout.leading, &mut layout.trailer].into_iter().flatten() {
            (marked.rows, marked.points, marked.exclusive) = (None, None, exclusive);
        }
        Format::Fixed(layout)
    };
    // The halves of 互 and 通 are a character of their own.
    let mut halves = Fixed { leading: None, trailer: None, ..fixed(LineEnd::Lf) };
    halves.fields[0].1 = extent(2, 2);
    check(
        Format::Fixed(halves),
        &gb("互通  5\n A1   6\n"),
        &["0:2 A1 6"],
        &["a.csv:1@0 member_no Undecodable the field begins or ends within a character; see that \
           its `at` and `bytes` count bytes []"],
        &[],
    );
    // Without a figure nothing tells a marked record from a row that begins alike.
    let shaped = "Ragged begins with the marker and has the shape of a row; declare `rows` or \
                  `points` of the marked record, or `exclusive` if no row begins so []";
    check(
        bare(LineEnd::Lf, false),
        b"0AAA  1\nBBBB  2\n9CCC  3\n",
        &["0:2 BBBB 2"],
        &[&format!("a.csv:1@0  {shaped}"), &format!("a.csv:3@16  {shaped}")],
        &["0 leading record record: it is not there", "0 trailer record: it is not there"],
    );
    check(
        bare(LineEnd::Lf, false),
        b"0SKY\nBBBB  2\n902\n",
        &["0:2 BBBB 2"],
        &[],
        &["1 leading record record: 1", "3 trailer record: 1"],
    );
    // Bad values make no row a marked record.
    check(
        bare(LineEnd::Lf, false),
        b"0SKY  x\nBBBB  2\n9\x7fAA  y\n",
        &["0:2 BBBB 2"],
        &[&format!("a.csv:1@0  {shaped}"), &format!("a.csv:3@16  {shaped}")],
        &["0 leading record record: it is not there", "0 trailer record: it is not there"],
    );
    // What no row begins with stands in its place, or is refused.
    let mixed = "Ragged begins with the marker that no row begins with, and is not where a marked \
                 record stands; send files by themselves that were put together, or remove \
                 `exclusive` []";
    check(
        bare(LineEnd::Lf, true),
        b"0SKY  x\nBBBB  2\n9AAA  3\n0AAA  4\nCCCC  5\n9AAA  y\n",
        &["0:2 BBBB 2", "0:5 CCCC 5"],
        &[&format!("a.csv:3@16  {mixed}"), &format!("a.csv:4@24  {mixed}")],
        &["1 leading record record: 1", "6 trailer record: 1"],
    );
    let mixed = [gb("0020125\r\n"), gb("AAAA  1\n"), gb("BBBB  2\r\n"), gb("9020125")].concat();
    let mixed = read(Format::Fixed(fixed(LineEnd::Crlf)), Unpack::Plain, &mixed).unwrap();
    assert_eq!(
        rejects(&mixed),
        [
            "a.csv:2@9  Ragged does not end with CRLF; declare `line_end: lf`, or have the line mended []"
        ]
    );
}

#[test]
fn json_lines_are_objects_with_each_key_once() {
    let columns = [("member_no", "m.no"), ("balance", "p")];
    let mut folder =
        Folder::new(FeedKind::Accounts, Format::JsonLines(JsonLines::default()), &columns);
    let (open, close) = ("[".repeat(300), "]".repeat(300));
    let deep = format!("{{\"m\":{{\"no\":\"D\"}},\"p\":1,\"x\":{open}1{close}}}");
    let wide: String = (0..100).map(|n| format!("\"k{n}\":{n},")).collect();
    let lines = [
        r#"{"m":{"no":"A1"},"p":12.00}"#,
        r#" {"p":"-3","m":{"no":"\u4e2d\"x"},"extra":[1,{"a":1,"a":2}]} "#,
        r#"{"m":{"no":"A2"},"p":null}"#,
        r#"{"m":{"no":"A3"},"p":1e3}"#,
        r#"{"m":{"no":"A4"},"p":1,"p":2}"#,
        r#"{"m":{"no":"A5","no":"A6"},"p":1}"#,
        r#"{"m":{"no":["A7"]},"p":1}"#,
        r#"{"m":"A8","p":1}"#,
        r#"{"m":{"no":"\ud800"},"p":1}"#,
        r#"{"m":{"no":"A9"},"p":1"#,
        r#"["A"]"#,
        "",
        r#"{"m":{"no":"B1"},"p":1} x"#,
        r#"{"m":{"no":true},"p":9223372036854775808}"#,
        &deep,
        &format!("{{{wide}\"m\":{{\"no\":\"W\"}},\"p\":2}}"),
        r#"{"m":null,"p":1}"#,
        r#"{"\u006d":{"no":"B2"},"p":3}"#,
    ];
    folder.put("a.csv", lines.join("\n").as_bytes());
    let read = folder.read().unwrap();
    assert_eq!(accounts(&read), ["0:1 A1 12", "0:2 中\"x -3", "0:15 D 1", "0:16 W 2", "0:18 B2 3"]);
    let told: Vec<String> = rejects(&read)
        .iter()
        .map(|told| {
            let (line, reason) = told.split_once('@').unwrap();
            let (_, reason) = reason.split_once(' ').unwrap();
            format!("{} {reason}", line.trim_start_matches("a.csv:"))
        })
        .collect();
    let wanted = [
        "3 balance Value empty, and the column needs a value; have it filled in []",
        "4 balance Value a number in scientific notation; write its digits out [9a9]",
        "5  Value a key stands twice in an object; write each once []",
        "6 member_no Value a key stands twice in an object; write each once []",
        "7 member_no Value an array or an object where a value belongs; a point in `from` reaches into an object []",
        "8 member_no Value an array or an object where a value belongs; a point in `from` reaches into an object []",
        "9 member_no Undecodable holds half of a surrogate pair; have its text written whole []",
        "10  Ragged not one JSON object, from character 22 on; write one whole object on each line []",
        "11  Ragged not one JSON object, from character 1 on; write one whole object on each line []",
        "13  Ragged not one JSON object, from character 25 on; write one whole object on each line []",
        "14 member_no Value a boolean where a text belongs; have it written in quotes, or name another key []",
        "17 member_no Value empty, and the column needs a value; have it filled in []",
    ];
    assert_eq!(told, wanted);
    for block_bytes in [1, 5, 64] {
        let cut = folder.read_in_blocks(block_bytes).unwrap();
        assert_eq!(all(&cut), all(&read), "{block_bytes}");
    }
}

#[test]
fn a_key_that_no_row_has_is_a_fault_of_the_file() {
    let columns = [("member_no", "no"), ("balance", "p"), ("as_of", "a.b")];
    let rows = |third: &str| {
        let lines = ["{\"no\":1,\"p\":1}", "{\"no\":2,\"p\":1,\"a.b\":1}", third].join("\n");
        let mut folder =
            Folder::new(FeedKind::Accounts, Format::JsonLines(JsonLines::default()), &columns);
        folder.put("a.csv", lines.as_bytes());
        let read = folder.read_in_blocks(1).unwrap();
        assert_eq!(all(&folder.read().unwrap()), all(&read));
        read.faults.iter().map(|fault| format!("{fault:?}")).collect::<Vec<_>>()
    };
    let told = rows("{\"no\":3,\"p\":1}");
    assert!(told.len() == 1 && told[0].contains("a.b"), "{told:?}");
    assert_eq!(rows("{\"no\":3,\"p\":1,\"a\":{\"b\":null}}"), [""; 0]);
    assert_eq!(rows("{\"no\":3,\"p\":1,\"a\":null}"), [""; 0]);
    // A column that a row may lack, all rows may.
    assert!(told[0].starts_with("Unused"), "{told:?}");
}
