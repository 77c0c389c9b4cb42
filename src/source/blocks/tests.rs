use std::io::Write;

use encoding_rs::GB18030;

use crate::feed::{
    Around, DeclaredTotal, Delimited, Encoding, Extent, FeedRows, Figures, Fixed, Format,
    JsonLines, LineEnd, Marked, Unpack,
};
use crate::frame::fields::FeedKind;
use crate::source::SourceError;
use crate::source::tests::{ACCOUNTS, Folder, accounts, rejects};

/// What comes of a file, which must be the same however it is cut.
fn read(format: Format, unpack: Unpack, content: &[u8]) -> Result<FeedRows, SourceError> {
    let mut folder = Folder::new(FeedKind::Accounts, format, ACCOUNTS);
    folder.feed.packing.unpack = unpack;
    folder.put("a.csv", content);
    let whole = folder.read();
    for block_bytes in [1, 3, 7, 64] {
        let cut = folder.read_in_blocks(block_bytes);
        match (&whole, &cut) {
            (Ok(whole), Ok(cut)) => {
                let shown = String::from_utf8_lossy(content);
                assert_eq!(all(whole), all(cut), "{block_bytes}: {shown}");
            }
            (Err(whole), Err(cut)) => assert_eq!(whole.to_string(), cut.to_string()),
            (whole, cut) => panic!("{block_bytes}: {whole:?} and {cut:?}"),
        }
    }
    whole
}

/// Everything that was read, as lines.
fn all(read: &FeedRows) -> Vec<String> {
    let mut lines = accounts(read);
    lines.extend(rejects(read));
    lines.extend(totals(read));
    lines.extend(read.faults.iter().map(|fault| format!("{fault:?}")));
    lines.extend(read.parts.iter().map(|part| format!("{} {}", part.name, part.rows)));
    lines
}

/// Every declared total as `line place of: figure`.
fn totals(read: &FeedRows) -> Vec<String> {
    let show = |total: &DeclaredTotal| {
        let DeclaredTotal { line, place, of, declared, .. } = total;
        let declared = match declared {
            Ok(figure) => figure.to_string(),
            Err(reason) => reason.clone(),
        };
        format!("{line} {} {}: {declared}", place.word(), of.word())
    };
    read.declared.iter().map(show).collect()
}

fn csv(change: impl FnOnce(&mut Delimited)) -> Format {
    let mut csv = Delimited::default();
    change(&mut csv);
    Format::Csv(csv)
}

fn texts(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

fn check(format: Format, content: &[u8], rows: &[&str], refused: &[&str], found: &[&str]) {
    let read = read(format, Unpack::Plain, content).unwrap();
    let shown = String::from_utf8_lossy(content);
    assert_eq!(accounts(&read), texts(rows), "{shown}");
    assert_eq!(rejects(&read), texts(refused), "{shown}");
    assert_eq!(totals(&read), texts(found), "{shown}");
    assert_eq!(read.faults, [], "{shown}");
}

fn gb(text: &str) -> Vec<u8> {
    GB18030.encode(text).0.into_owned()
}

#[test]
fn gb18030_is_decoded_and_its_bytes_are_told_as_sent() {
    let encoding = Encoding::Gb18030;
    // 丂 is 0x8140 and 侤 0x8161; 魘 0xF74C; 鱸 0xF77C ends with the byte of a bar.
    let wide = |delimiter: &str| {
        csv(|csv| {
            csv.encoding = encoding;
            csv.delimiter = delimiter.to_owned();
        })
    };
    let text = "会员号|余额|姓名\n张|1|鱸\n\"鱸|\"|2|\"鱸\n𠀀\"\n李|x|㐀\n王|3|鱸|\n";
    check(
        wide("|"),
        &gb(text),
        &["0:2 张 1", "0:3 鱸| 2"],
        &[
            "a.csv:5@43 balance Value not a whole number of points in plain digits; see `number`, or `nulls` if it means none [a]",
            "a.csv:6@53  Ragged 4 columns where the header has 3, and the last is empty; end the header with a delimiter too, or no row []",
        ],
        &[],
    );
    let broken =
        [gb("会员号,余额\n张,1\n"), b"\xd5\n".to_vec(), gb("李"), b"\xff,2\n3,4\n".to_vec()];
    check(
        wide(","),
        &broken.concat(),
        &["0:2 张 1", "0:5 3 4"],
        &[
            "a.csv:3@17  Undecodable not GB18030; which column it is cannot be told: 1 column \
             where the header has 2; declare its `encoding`, or save all of it as GB18030 []",
            "a.csv:4@19 member_no Undecodable not GB18030; declare its `encoding`, or save all of it as GB18030 []",
        ],
        &[],
    );
    let marked = [b"\x84\x31\x95\x33".to_vec(), gb("会员号，余额\r\n张，1")].concat();
    check(wide("，"), &marked, &["0:2 张 1"], &[], &[]);
    const CUT: &str = "a.csv:3@16  Undecodable not GB18030; which column it is cannot be told: 1 \
                       column where the header has 2; declare its `encoding`, or save all of it \
                       as GB18030 []";
    let cut = [gb("会员号,余额\n1,2\n张"), b"\xc0".to_vec()].concat();
    check(wide(","), &cut, &["0:2 1 2"], &[CUT], &[]);
}

#[test]
fn a_mark_or_a_nul_within_is_refused_with_its_record() {
    check(
        csv(|_| {}),
        "\u{feff}会员号,余额\n1,2\n\u{feff}会员号,余额\n3,4\n5\0,6\n7,8\n".as_bytes(),
        &["0:2 1 2", "0:4 3 4", "0:6 7 8"],
        &[
            "a.csv:3@24 member_no Undecodable holds a byte order mark; send files by themselves that were put together []",
            "a.csv:5@48 member_no Undecodable holds a NUL byte; have it taken out []",
        ],
        &[],
    );
}

#[test]
fn delimiters_prefixes_and_headers_are_as_declared() {
    check(
        csv(|csv| csv.delimiter = "%%".to_owned()),
        "会员号%%余额\n1%%2\n\"%%\"%%3\n4%5\n6%%%7\n".as_bytes(),
        &["0:2 1 2", "0:3 %% 3"],
        &[
            "a.csv:4@31  Ragged 1 column where the header has 2; send all of its values, and put quotes around one that holds a line end []",
            "a.csv:5@35  Ragged a delimiter stands in a longer run of its character; put quotes around a value that holds the character, or agree on another delimiter []",
        ],
        &[],
    );
    check(
        csv(|csv| {
            csv.prefix = "`".to_owned();
            csv.quoted = false;
        }),
        "会员号,`余额\r\n`1,`2\r\n`\"3, `4\t\r\n5,`6\r\n".as_bytes(),
        &["0:2 1 2", "0:3 \"3 4"],
        &["a.csv:4@36 member_no Value does not begin with the declared prefix; see `prefix` [9]"],
        &[],
    );
    let names = |csv: &mut Delimited| {
        csv.header = Some(vec!["余额".to_owned(), "会员号".to_owned()]);
    };
    check(csv(names), b"1,A\n\n2,B", &["0:1 A 1", "0:3 B 2"], &[], &[]);
    check(csv(names), b"", &[], &[], &[]);
    check(
        csv(|csv| csv.skip_first = 2),
        "\"a\n,\n会员号,余额\n1,2\n".as_bytes(),
        &["0:4 1 2"],
        &[],
        &[],
    );
}

#[test]
fn comments_stand_at_the_ends_and_may_hold_totals() {
    let commented = |anywhere: bool| {
        csv(|csv| {
            csv.comment = Some("#".to_owned());
            csv.comment_anywhere = anywhere;
            let around = |after: &str, before: &str| {
                Some(Around { after: after.to_owned(), before: before.to_owned() })
            };
            let (rows, points) = (around("总笔数：", ""), around("总积分：", "分"));
            csv.totals = Some(Figures { rows, points });
        })
    };
    let text = "# 总笔数：2万，总积分：3分\n会员号,余额\n";
    let found_none = ["1 comment lines rows: it is no whole number", "1 comment lines points: 3"];
    check(commented(false), text.as_bytes(), &[], &[], &found_none);
    let text = "# 总笔数：2，\n#\"\n会员号,余额\n#\n1,2\n# 中\n3,4\n\n#\"总积分：1,006分\n#\n";
    let found = ["1 comment lines rows: 2", "9 comment lines points: 1006"];
    let refused = ["a.csv:6@45  Ragged a comment between records; declare `comment_anywhere` if \
                    that is agreed []"];
    let rows = ["0:5 1 2", "0:7 3 4"];
    check(commented(false), text.as_bytes(), &rows, &refused, &found);
    check(commented(true), text.as_bytes(), &rows, &[], &found);
    let missing = [
        "0 comment lines rows: it is not there",
        "2 comment lines points: beyond 1000000000000000000, the most that a sum may be",
    ];
    let text = "会员号,余额\n# 总积分：99999999999999999999分\n";
    check(commented(false), text.as_bytes(), &[], &[], &missing);
}

#[test]
fn the_last_and_first_records_hold_totals() {
    let marked = |marker: &str| {
        Some(Marked { marker: marker.to_owned(), exclusive: false, rows: Some(2), points: Some(3) })
    };
    let format = |named: bool| {
        csv(|csv| {
            csv.delimiter = "|".to_owned();
            csv.leading = marked("H");
            csv.trailer = marked("T");
            if named {
                csv.header = Some(vec!["会员号".to_owned(), "余额".to_owned()]);
            }
        })
    };
    let text = "H|2|30|\n会员号|余额\nT|10\n\"T\n\"|20\n \"T\" | 0002| 30\n\n";
    check(
        format(false),
        text.as_bytes(),
        &["0:3 T 10"],
        &[
            "a.csv:4@30 member_no Value holds a control character, such as a line end or a tab; have it taken out [A·]",
            "a.csv:6@38  Ragged blanks stand between a delimiter and an opening quote; have them taken out, or declare `quote: none` []",
        ],
        &[
            "0 trailer record: it is not there",
            "0 trailer rows: it is not there",
            "0 trailer points: it is not there",
            "1 leading record record: 1",
            "1 leading record rows: 2",
            "1 leading record points: 30",
        ],
    );
    let text = "H|2|30|\n1|10\n2|20\nT|0002|x\n";
    check(
        format(true),
        text.as_bytes(),
        &["0:2 1 10", "0:3 2 20"],
        &[],
        &[
            "1 leading record record: 1",
            "1 leading record rows: 2",
            "1 leading record points: 30",
            "4 trailer record: 1",
            "4 trailer rows: 2",
            "4 trailer points: not a whole number of points in plain digits",
        ],
    );
    let text = "会员号|余额\nH|2|30\n1|30\n2|0\n\"T\"|2|30";
    check(
        format(false),
        text.as_bytes(),
        &["0:3 1 30", "0:4 2 0"],
        &[],
        &[
            "2 leading record record: 1",
            "2 leading record rows: 2",
            "2 leading record points: 30",
            "5 trailer record: 1",
            "5 trailer rows: 2",
            "5 trailer points: 30",
        ],
    );
}

#[test]
fn a_marked_record_without_figures_is_none_that_has_the_shape_of_a_row() {
    let format = |exclusive: bool| {
        csv(|csv| {
            let marked = |marker: &str| Marked {
                marker: marker.to_owned(),
                exclusive,
                rows: None,
                points: None,
            };
            csv.leading = Some(marked("H"));
            csv.trailer = Some(marked("T"));
        })
    };
    let why = "Ragged begins with the marker and has the shape of a row; declare `rows` or \
               `points` of the marked record, or `exclusive` if no row begins so []";
    let (no_first, no_last) =
        ("0 leading record record: it is not there", "0 trailer record: it is not there");
    let (first, last) = ("2 leading record record: 1", "4 trailer record: 1");
    type Row<'r> = (&'r str, &'r [&'r str], &'r [String], &'r [&'r str]);
    let rows: [Row<'_>; 5] = [
        (
            "H,1\n1,2\nT,x\n",
            &["0:3 1 2"],
            &[format!("a.csv:2@17  {why}"), format!("a.csv:4@25  {why}")],
            &[no_first, no_last],
        ),
        ("H,1,2\n1,2\nT\n", &["0:3 1 2"], &[], &[first, last]),
        ("H,1,2\n1,2\nT,5\n", &["0:3 1 2"], &[format!("a.csv:4@27  {why}")], &[no_last, first]),
        ("H\n1,2\nT,,\n", &["0:3 1 2"], &[], &[first, last]),
        // However many of its values are bad, it may be a row.
        ("H\n1,2\nT,\n", &["0:3 1 2"], &[format!("a.csv:4@23  {why}")], &[no_last, first]),
    ];
    for (body, kept, refused, found) in rows {
        let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
        check(format(false), format!("会员号,余额\n{body}").as_bytes(), kept, &refused, found);
    }
    // What no row begins with is a marked record in its place, and in any other a fault.
    let mixed = "Ragged begins with the marker that no row begins with, and is not where a marked \
                 record stands; send files by themselves that were put together, or remove \
                 `exclusive` []";
    let rows: [Row<'_>; 2] = [
        ("H,1\n1,2\nT,x\n", &["0:3 1 2"], &[], &[first, last]),
        (
            "1,2\nH,1\n\"T\",2\n3,4\nT,x\n",
            &["0:2 1 2", "0:5 3 4"],
            &[format!("a.csv:3@21  {mixed}"), format!("a.csv:4@25  {mixed}")],
            &[no_first, "6 trailer record: 1"],
        ),
    ];
    for (body, kept, refused, found) in rows {
        let refused: Vec<&str> = refused.iter().map(String::as_str).collect();
        check(format(true), format!("会员号,余额\n{body}").as_bytes(), kept, &refused, found);
    }
}

#[test]
fn a_summary_is_the_last_two_lines() {
    let format = || {
        csv(|csv| {
            csv.prefix = "`".to_owned();
            csv.summary = Some(Figures {
                rows: Some("总交易单数".to_owned()),
                points: Some("总积分".to_owned()),
            });
        })
    };
    let text = "会员号,余额\n`1,`10\n`2,`-20\n总交易单数,`x,总积分\n`2,`0,`-10\n";
    let rows = ["0:2 1 10", "0:3 2 -20"];
    check(format(), text.as_bytes(), &rows, &[], &["5 summary rows: 2", "5 summary points: -10"]);
    let text = "会员号,余额\n`1,`10\n`2,`-20\n总交易单数,总积分,总积分\n`2,`-10,`-11\n";
    let found = ["5 summary rows: 2", "5 summary points: two of its columns have this name"];
    check(format(), text.as_bytes(), &rows, &[], &found);
    let text = "会员号,余额\n`1,`10\n`2,`-20";
    check(
        format(),
        text.as_bytes(),
        &rows,
        &[],
        &["0 summary rows: it is not there", "0 summary points: it is not there"],
    );
}

fn fixed(line_end: LineEnd) -> Fixed {
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
            "a.csv:3@{third}  Ragged 5 bytes where the layout has 7; see `record_bytes` []"
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
            "a.csv:4@21  Ragged 6 bytes where the layout has 7; see `record_bytes` []",
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

#[test]
fn what_no_record_may_hold_is_told_with_its_column_where_one_can_be_known() {
    let named = |csv: &mut Delimited| {
        csv.header = Some(["x", "余额", "会员号"].map(str::to_owned).to_vec());
    };
    let wide = |record_bytes| {
        let layout = fixed(LineEnd::Lf);
        let (encoding, leading, trailer) = (Encoding::Utf8, None, None);
        Format::Fixed(Fixed { encoding, record_bytes, leading, trailer, ..layout })
    };
    let json = || Format::JsonLines(JsonLines::default());
    // Where a percent sign stands, a byte stands that is no character.
    let rows: [(Format, &str, &str); 13] = [
        (
            csv(named),
            "1,%2,3",
            "balance Undecodable not UTF-8; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            csv(named),
            "1,2,3%",
            "member_no Undecodable not UTF-8; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            csv(named),
            "1,2,\"3,\0\"",
            "member_no Undecodable holds a NUL byte; have it taken out []",
        ),
        (
            csv(named),
            "%,2,3%",
            " Undecodable not UTF-8; it stands in value 1, which no column takes; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            csv(named),
            "1,%,2,3",
            " Undecodable not UTF-8; which column it is cannot be told: 4 columns where the header \
             has 3; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            wide(7),
            "1%34  5",
            "member_no Undecodable not UTF-8; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            wide(7),
            "1234 %5",
            "balance Undecodable not UTF-8; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            wide(9),
            "1234  5%0",
            " Undecodable not UTF-8; it stands between the fields; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            json(),
            "{\"余额\":1,\"会员号\":\"%\"}",
            "member_no Undecodable not UTF-8; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            json(),
            "{\"会员号\":\"1\",\"余额\":\"%\"}",
            "balance Undecodable not UTF-8; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            json(),
            "{\"x\":\"%\",\"会员号\":\"1\",\"余额\":1}",
            " Undecodable not UTF-8; it stands in a key or a value that no column takes; declare its `encoding`, or save all of it as UTF-8 []",
        ),
        (
            json(),
            "{\"\\ud800\":1}",
            " Undecodable holds half of a surrogate pair, in a key; have its text written whole []",
        ),
        (
            json(),
            "{\"余额\":\"\0\"}",
            " Undecodable holds a NUL byte; which column it is cannot be told, because the record \
             is not one JSON object; have it taken out []",
        ),
    ];
    for (format, content, told) in rows {
        let bytes: Vec<u8> =
            content.bytes().map(|byte| if byte == b'%' { 0xff } else { byte }).collect();
        let read = read(format, Unpack::Plain, &bytes).unwrap();
        assert_eq!(rejects(&read), [format!("a.csv:1@0 {told}")], "{content}");
    }
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

#[test]
fn packed_files_are_read_whole_or_not_at_all() {
    let text = "会员号,余额\n1,2\n\"3\",4\n".as_bytes();
    let zstd = zstd::stream::encode_all(text, 3).unwrap();
    let rows = ["0:2 1 2", "0:3 3 4"];
    let (head, tail) = text.split_at(22);
    let good = [
        (Unpack::Gzip, gzip(text)),
        (Unpack::Gzip, [gzip(head), gzip(tail)].concat()),
        (Unpack::Zstd, zstd.clone()),
        (
            Unpack::Zstd,
            [head, tail].map(|part| zstd::stream::encode_all(part, 3).unwrap()).concat(),
        ),
    ];
    for (unpack, content) in good {
        assert_eq!(accounts(&read(csv(|_| {}), unpack, &content).unwrap()), rows);
    }
    let mut flipped = gzip(text);
    let middle = flipped.len() - 6;
    flipped[middle] ^= 1;
    let bad = [
        (Unpack::Gzip, gzip(text)[..20].to_vec(), "cut short"),
        (Unpack::Gzip, gzip(text)[..gzip(text).len() - 1].to_vec(), "cut short"),
        (Unpack::Gzip, [gzip(text), b"x".to_vec()].concat(), "gzip"),
        (Unpack::Gzip, flipped, "gzip"),
        (Unpack::Gzip, text.to_vec(), "gzip"),
        (Unpack::Zstd, zstd[..zstd.len() - 2].to_vec(), "Zstandard"),
        (Unpack::Zstd, [zstd.clone(), b"x".to_vec()].concat(), "Zstandard"),
        (Unpack::Zstd, text.to_vec(), "Zstandard"),
    ];
    for (unpack, content, why) in bad {
        let error = read(csv(|_| {}), unpack, &content).unwrap_err();
        assert!(matches!(error, SourceError::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
    }
    // Both figures are told: what the file is, and what it may become.
    let bomb = gzip(&[text, &b"1,2\n".repeat(1 << 20)].concat());
    let mut folder = Folder::new(FeedKind::Accounts, csv(|_| {}), ACCOUNTS);
    folder.feed.packing.unpack = Unpack::Gzip;
    folder.put("a.csv", &bomb);
    let error = folder.read().unwrap_err().to_string();
    let limit = bomb.len() * 200;
    assert!(error.contains(&format!("unpacks to more than {limit} bytes")), "{error}");
    assert!(error.contains(&format!("of {} bytes", bomb.len())), "{error}");
}
