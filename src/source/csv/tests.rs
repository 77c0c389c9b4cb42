use std::time::{Duration, Instant};

use super::*;
use crate::feed::{FeedFault, FeedRows};
use crate::frame::fields::FeedKind;
use crate::source::cut::RECORD_BYTES_MAX;
use crate::source::tests::{ACCOUNTS, Folder, accounts, rejects};

fn read(content: &[u8]) -> Result<FeedRows, SourceError> {
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    folder.put("a.csv", content);
    folder.read()
}

#[test]
fn records_stand_or_are_refused_one_by_one() {
    type Row<'r> = (&'r [u8], &'r [&'r str], &'r [&'r str]);
    let rows: &[Row] = &[
        (b"1,2\n3,4\n", &["0:2 1 2", "0:3 3 4"], &[]),
        (b"1,2\r\n\r\n3,4", &["0:2 1 2", "0:4 3 4"], &[]),
        (b" 1 ,\t2\t\n", &["0:2 1 2"], &[]),
        (b"\"1\",\"2\"\n", &["0:2 1 2"], &[]),
        (b"\"a\"\"b\",2\n", &["0:2 a\"b 2"], &[]),
        (
            b"1,2,3\n4,5\n",
            &["0:3 4 5"],
            &[
                "a.csv:2@17  Ragged 3 columns where the header has 2; put quotes around a value that holds a delimiter, or declare `leading`, `trailer`, `summary` or `comment` if it is no row []",
            ],
        ),
        (
            b"1\n4,5\n",
            &["0:3 4 5"],
            &[
                "a.csv:2@17  Ragged 1 column where the header has 2; send all of its values, put quotes around one that holds a line end, or declare `leading`, `trailer`, `summary` or `comment` if it is no row []",
            ],
        ),
        (
            b"1,\xff\n4,5\n",
            &["0:3 4 5"],
            &[
                "a.csv:2@17 balance Undecodable not UTF-8; declare its `encoding`, or save all of it as UTF-8 []",
            ],
        ),
        (
            b"1\0,2\n4,5\n",
            &["0:3 4 5"],
            &["a.csv:2@17 member_no Undecodable holds a NUL byte; have it taken out []"],
        ),
        (
            b"\"1\n1\",2\n4,5\n",
            &["0:4 4 5"],
            &[
                "a.csv:2@17 member_no Value holds a control character, such as a line end or a tab; have it taken out [9·9]",
            ],
        ),
        (
            b"\"1\"x,2\n4,5\n",
            &["0:3 4 5"],
            &[
                "a.csv:2@17  Ragged text stands between a closing quote and the next delimiter; double each quote within a value, or declare `quote: none` []",
            ],
        ),
        (
            b"1,\t\"2\"\n4,5\n",
            &["0:3 4 5"],
            &[
                "a.csv:2@17  Ragged blanks stand between a delimiter and an opening quote; have them taken out, or declare `quote: none` []",
            ],
        ),
        (
            b"0,0\n1,\"2\n",
            &["0:2 0 0"],
            &[
                "a.csv:3@21  Ragged a quote opens in this record and is never closed; close the quote []",
            ],
        ),
        (
            b",2\n-,2\n",
            &[],
            &[
                "a.csv:2@17 member_no Value empty, and the column needs a value; have it filled in []",
                "a.csv:3@20 member_no Value empty, and the column needs a value; have it filled in [-]",
            ],
        ),
        (
            b"4.00123E+27,2\n",
            &[],
            &["a.csv:2@17 member_no Value looks like a spreadsheet number; export the column as \
             text [9.99999A+99]"],
        ),
        (b"", &[], &[]),
    ];
    for (body, kept, refused) in rows {
        let content = ["会员号,余额\n".as_bytes(), body].concat();
        let shown = String::from_utf8_lossy(body);
        let read = read(&content).unwrap();
        assert_eq!(accounts(&read), *kept, "{shown}");
        assert_eq!(rejects(&read), *refused, "{shown}");
        assert_eq!(read.faults, [], "{shown}");
        let rows = (kept.len() + refused.len()) as u64;
        assert_eq!(read.files[0].rows, rows, "{shown}");
    }
}

#[test]
fn headers_fit_or_the_file_gives_no_rows() {
    let fit = [
        "会员号,余额\n1,2\n",
        "\u{feff}会员号,余额\n1,2\n",
        "\u{feff}\"会员号\",\"余额\"\r\n1,2\r\n",
        "\n\n 会员号 ,\u{3000}余额\n1,2",
        "会员号,余额,x,x\n1,2,,\n",
    ];
    for content in fit {
        let read = read(content.as_bytes()).unwrap();
        assert_eq!(read.faults, [], "{content}");
        assert_eq!(read.rows.num_rows(), 1, "{content}");
    }
    const ABSENT: &str = "the header has no such column; it has 2, on line 1: see `delimiter`, \
                          `skip` and `header`";
    type Unfit<'a> = (&'a [u8], &'a [(&'a str, &'a str)]);
    let unfit: &[Unfit<'_>] = &[
        (b"", &[("", "the file is empty; it needs a header row")]),
        (b"\xef\xbb\xbf\n\r\n", &[("", "the file is empty; it needs a header row")]),
        (
            b"\xff\xff,b\n1,2\n",
            &[(
                "",
                "the header is not UTF-8; declare the `encoding` that it has, which `hutong inspect` \
             guesses, or save the file as UTF-8",
            )],
        ),
        (
            "会员号,\"余额\n1,2\n".as_bytes(),
            &[(
                "",
                "the header has a quote that is not closed before its delimiter; see `quote` and `delimiter`, \
             or have it mended",
            )],
        ),
        (
            "会员号,x\n1,2\n".as_bytes(),
            &[(
                "余额",
                "the header has no such column; it has 2, on line 1: nothing reads `x`; is it one of these?",
            )],
        ),
        (
            "会员号,余額\n1,2\n".as_bytes(),
            &[(
                "余额",
                "the header has no such column; it has 2, on line 1: nothing reads `余額`; is it one of these?",
            )],
        ),
        (
            "会员号,余额,会员号\n1,2,3\n".as_bytes(),
            &[("会员号", "the header has the column twice; have one of them renamed")],
        ),
        (b"a,b\n1,2\n", &[("会员号", ABSENT), ("余额", ABSENT)]),
    ];
    for (content, want) in unfit {
        let read = read(content).unwrap();
        let shown = String::from_utf8_lossy(content);
        assert_eq!(read.rows.num_rows(), 0, "{shown}");
        let faults: Vec<_> = read
            .faults
            .iter()
            .map(|fault| match fault {
                FeedFault::Column { column, reason, .. } => (column.as_str(), reason.as_str()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(faults, *want, "{shown}");
    }
}

#[test]
fn a_record_past_the_cap_ends_the_run_and_not_the_memory() {
    let giant = |bytes: usize| format!("会员号,余额,x\n1,2,\n3,4,{}\n5,6,\n", "y".repeat(bytes));
    assert_eq!(accounts(&read(giant(1_000_000).as_bytes()).unwrap()).len(), 3);
    for bytes in [RECORD_BYTES_MAX, 2 * RECORD_BYTES_MAX, 5 * RECORD_BYTES_MAX] {
        let long = read(giant(bytes).as_bytes()).unwrap_err();
        assert!(matches!(long, SourceError::LongRecord { line: 3, .. }), "{bytes}: {long}");
    }
    let unclosed = format!("会员号,余额\n1,\"2\n{}", "3,4\n".repeat(1 << 20));
    let long = read(unclosed.as_bytes()).unwrap_err();
    assert!(matches!(long, SourceError::LongRecord { line: 2, .. }), "{long}");
}

#[test]
fn a_quote_that_takes_in_lines_ends_the_run_and_loses_none_of_them() {
    for (text, lines) in
        [("会员号,余额\n0,0\n1,\"2\n4,5\n6,7\n", 3), ("会员号,余额\n0,0\n1,\"2\n4,5\"x\n6,7\n", 2)]
    {
        let error = read(text.as_bytes()).unwrap_err();
        let SourceError::Swallowed { line: 3, lines: found, .. } = error else {
            panic!("{text:?}: {error}")
        };
        assert_eq!(found, lines, "{text:?}");
    }
}

#[test]
fn damaged_files_give_rows_rejects_or_errors_and_every_row_is_counted() {
    let sound = "\u{feff}会员号,余额,备注\r\nA1,\"1234\",\"好\n的\"\r\nA2,-5,\r\nA3,7.0,x\"y\r\n";
    let mut random = fastrand::Rng::with_seed(11);
    let until = Instant::now() + Duration::from_secs(4);
    let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
    for _ in 0..3_000 {
        let mut content = sound.as_bytes().to_vec();
        for _ in 0..random.usize(1..5) {
            let at = random.usize(..content.len());
            match random.u8(..4) {
                0 => content[at] = random.u8(..),
                1 => content[at] = *random.choice(b"\",\n\r\0-.").unwrap(),
                2 => content.insert(at, *random.choice(b"\",\n\r\0").unwrap()),
                _ => content.truncate(at.max(1)),
            }
        }
        folder.put("a.csv", &content);
        let read = match folder.read() {
            // A damaged quote that takes in lines ends the run.
            Err(SourceError::Swallowed { .. }) => continue,
            read => read.unwrap(),
        };
        let rows = (read.rows.num_rows() + read.rejects.len()) as u64;
        assert_eq!(read.files[0].rows, rows);
        assert!(rows > 0 || !read.faults.is_empty() || content.len() < 40);
        if Instant::now() > until {
            break;
        }
    }
}
