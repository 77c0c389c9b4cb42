use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::*;
use crate::feed::{Delimited, FeedFault, FeedRows, Format, Unpack};
use crate::frame::fields::FeedKind;
use crate::source::SourceError;
use crate::source::tests::{ACCOUNTS, Folder, accounts, rejects};

const TEXT: &[u8] = "会员号,余额\n1,2\nx\n".as_bytes();

/// An entry, and the lies that are told about it.
#[derive(Clone)]
struct Made {
    name: Vec<u8>,
    content: Vec<u8>,
    flags: u16,
    method: u16,
    /// What the directory says of the unpacked size, where that is not the truth.
    size: Option<u32>,
    crc: Option<u32>,
    /// The name in the entry's own header, where it is another.
    own_name: Option<Vec<u8>>,
    attributes: u32,
    /// Bytes behind the packed ones.
    behind: Vec<u8>,
}

fn made(name: &str, content: &[u8]) -> Made {
    Made {
        name: name.as_bytes().to_vec(),
        content: content.to_vec(),
        flags: UTF8_NAME,
        method: 8,
        size: None,
        crc: None,
        own_name: None,
        attributes: 0,
        behind: Vec::new(),
    }
}

fn archive(entries: &[Made]) -> Vec<u8> {
    let (mut body, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let packed = if entry.method == 8 {
            let mut deflate = DeflateEncoder::new(Vec::new(), Compression::best());
            deflate.write_all(&entry.content).unwrap();
            deflate.finish().unwrap()
        } else {
            entry.content.clone()
        };
        let mut crc = Crc::new();
        crc.update(&entry.content);
        let head = |name: &[u8]| {
            let mut head = Vec::new();
            for word in [20, entry.flags, entry.method, 0, 0] {
                head.extend(u16::to_le_bytes(word));
            }
            let size = entry.size.unwrap_or(entry.content.len() as u32);
            for figure in [entry.crc.unwrap_or(crc.sum()), packed.len() as u32, size] {
                head.extend(figure.to_le_bytes());
            }
            head.extend((name.len() as u16).to_le_bytes());
            head.extend([0, 0]);
            head
        };
        let at = body.len() as u32;
        let own_name = entry.own_name.as_ref().unwrap_or(&entry.name);
        body.extend(b"PK\x03\x04");
        body.extend(head(own_name));
        body.extend(own_name);
        body.extend(&packed);
        body.extend(&entry.behind);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(head(&entry.name));
        directory.extend([0; 6]);
        directory.extend(entry.attributes.to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(&entry.name);
    }
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([entries.len() as u16; 2].map(u16::to_le_bytes).concat());
    end.extend((directory.len() as u32).to_le_bytes());
    end.extend((body.len() as u32).to_le_bytes());
    end.extend([0, 0]);
    [body, directory, end].concat()
}

fn read(content: &[u8]) -> Result<FeedRows, SourceError> {
    let mut folder = Folder::new(FeedKind::Accounts, Format::Csv(Delimited::default()), ACCOUNTS);
    folder.feed.packing.unpack = Unpack::Zip(Zip {
        entries: vec!["*.csv".to_owned(), "sub/*.csv".to_owned()],
        ignore: vec!["*.txt".to_owned()],
        names: Encoding::Gb18030,
    });
    folder.put("bill.zip", content);
    folder.read()
}

#[test]
fn entries_are_read_in_the_order_of_their_names_and_told_by_them() {
    let gbk = Made { name: b"\xc3\xf7\xcf\xb8.csv".to_vec(), flags: 0, ..made("", TEXT) };
    let stored = Made { method: 0, ..made("b.csv", "会员号,余额\n9,9\n".as_bytes()) };
    let described = Made {
        flags: UTF8_NAME | DESCRIBED_BEHIND,
        behind: vec![0; 16],
        ..made("sub/c.csv", TEXT)
    };
    let other = made("x.md", b"?");
    let content =
        archive(&[gbk, made("sub/", b""), described, made("note.txt", b"\xff"), stored, other]);
    let read = read(&content).unwrap();
    assert_eq!(accounts(&read), ["0:2 9 9", "1:2 1 2", "2:2 1 2"]);
    let names: Vec<_> = read.parts.iter().map(|part| (part.name.as_str(), part.rows)).collect();
    assert_eq!(names, [("bill.zip/b.csv", 1), ("bill.zip/sub/c.csv", 2), ("bill.zip/明细.csv", 2)]);
    assert_eq!(read.files[0].rows, 5);
    let ragged = "Ragged 1 column where the header has 2; send all of its values, put quotes around one that holds a line end, or declare `leading`, `trailer`, `summary` or `comment` if it is no row []";
    assert_eq!(
        rejects(&read),
        ["sub/c.csv", "明细.csv"].map(|name| format!("bill.zip/{name}:3@21  {ragged}"))
    );
    let entry = FeedFault::Entry { file: "bill.zip".to_owned(), entry: "x.md".to_owned() };
    assert_eq!(read.faults, [entry]);
    assert!(read.is_whole());
}

#[test]
fn an_archive_that_is_not_what_it_says_is_refused() {
    let good = archive(&[made("a.csv", TEXT)]);
    let with = |change: &dyn Fn(&mut Made)| {
        let mut entry = made("a.csv", TEXT);
        change(&mut entry);
        archive(&[entry])
    };
    let gap = [archive(&[made("a.csv", TEXT)]), b"x".to_vec()].concat();
    let mut count = good.clone();
    let at = count.len() - 12;
    count[at] = 2;
    // Both entries of the directory mean the same bytes: how a bomb multiplies itself.
    let mut overlapping = archive(&[made("a.csv", TEXT), made("b.csv", TEXT)]);
    let second = overlapping.len() - END_BYTES - 9;
    overlapping[second..second + 4].fill(0);
    let rows: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "cut short"),
        (b"no archive".to_vec(), "does not begin as an archive does"),
        (good[..good.len() - 1].to_vec(), "cut short"),
        (good[..good.len() / 2].to_vec(), "cut short"),
        (good[3..].to_vec(), "does not begin"),
        ([b"#!/bin/sh\n".to_vec(), good.clone()].concat(), "does not begin"),
        (gap, "belong to none"),
        (with(&|made| made.behind = vec![0; 5]), "belong to none"),
        (overlapping, "belong to none"),
        (count, "another number of entries"),
        (archive(&[made("a.csv", TEXT), made("a.csv", b"x")]), "have the name `a.csv`"),
        (with(&|made| made.own_name = Some(b"b.csv".to_vec())), "not what the directory says"),
        (with(&|made| made.flags |= ENCRYPTED), "is encrypted"),
        (with(&|made| made.method = 9), "in another way than deflate"),
        (with(&|made| made.attributes = 0xa1ff_0000), "is a symbolic link"),
        (with(&|made| made.crc = Some(7)), "length or checksum"),
        (with(&|made| made.size = Some(3)), "length or checksum"),
        (with(&|made| made.size = Some(300)), "length or checksum"),
        (with(&|made| (made.flags, made.name) = (0, b"\xff.csv".to_vec())), "is not GB18030"),
        (with(&|made| made.name = b"\xff.csv".to_vec()), "is not UTF-8"),
    ];
    for (content, why) in rows {
        match read(&content) {
            Err(error @ SourceError::Corrupt { .. }) => {
                let error = error.to_string();
                assert!(error.contains(why), "{why}: {error}");
                assert!(error.contains("bill.zip"), "{error}");
            }
            other => panic!("{why}: {other:?}"),
        }
    }
    for name in ["../a.csv", "/a.csv", "x/../a.csv", "C:a.csv", "x\\a.csv", "a\n.csv", ""] {
        let error = read(&archive(&[made(name, TEXT)])).unwrap_err().to_string();
        assert!(error.contains("leads out"), "{name}: {error}");
    }
    let none = read(&archive(&[made("a.txt", TEXT)])).unwrap();
    assert!(!none.is_whole());
    assert!(matches!(&none.faults[..], [FeedFault::Column { .. }]), "{:?}", none.faults);
}

#[test]
fn an_archive_within_an_archive_is_refused() {
    let inner = archive(&[made("a.csv", TEXT)]);
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0".to_vec();
    let zstd = b"\x28\xb5\x2f\xfd\0\0\0\0".to_vec();
    for content in [inner, gzip, zstd] {
        let error = read(&archive(&[made("a.csv", &content)])).unwrap_err().to_string();
        assert!(error.contains("holds an archive"), "{error}");
    }
}

#[test]
fn all_entries_share_one_limit() {
    let rows = "1,2\n".repeat(100_000);
    let content = format!("会员号,余额\n{rows}");
    let entries: Vec<Made> =
        (0..3).map(|n| made(&format!("{n}.csv"), content.as_bytes())).collect();
    let mut folder = Folder::new(FeedKind::Accounts, Format::Csv(Delimited::default()), ACCOUNTS);
    let (entries_of, ignore) = (vec!["*.csv".to_owned()], Vec::new());
    folder.feed.packing.unpack =
        Unpack::Zip(Zip { entries: entries_of, ignore, names: Encoding::Utf8 });
    folder.feed.packing.limits.ratio = u64::MAX;
    folder.feed.packing.limits.bytes = 3 * content.len() as u64;
    folder.put("bill.zip", &archive(&entries));
    assert_eq!(folder.read().unwrap().rows.num_rows(), 300_000);
    folder.feed.packing.limits.bytes -= 1;
    assert!(matches!(folder.read(), Err(SourceError::Bomb { .. })));
}
