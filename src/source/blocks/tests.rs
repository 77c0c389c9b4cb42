use std::io::Write;

use encoding_rs::GB18030;

use crate::feed::{
    Around, DeclaredTotal, Delimited, Encoding, Extent, FeedRows, Figures, Fixed, Format,
    JsonLines, LineEnd, Marked, Unpack,
};
use crate::frame::fields::FeedKind;
use crate::source::SourceError;
use crate::source::tests::{ACCOUNTS, Folder, accounts, rejects};

mod lines;
mod totals;

use lines::fixed;

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
    const CUT: &str = "a.csv:3@16  Undecodable ends within a character of GB18030; which column it \
                       is cannot be told: 1 column where the header has 2; the file was cut short: \
                       have it sent whole []";
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
            "a.csv:4@31  Ragged 1 column where the header has 2; send all of its values, put quotes around one that holds a line end, or declare `leading`, `trailer`, `summary` or `comment` if it is no row []",
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
