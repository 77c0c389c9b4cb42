//! Long files, in memory that does not know how long they are: a gibibyte without a line end is
//! refused by its line.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use encoding_rs::GB18030;
use hutong::feed::{Encoding, Format, InputFile, Unpack};
use hutong::source::{self, SourceError};

use super::decoders::gzip;
use super::{MEMORY_MAX, alone, in_a_process_of_its_own, memory, read};

const GIBIBYTE: u64 = 1 << 30;

#[test]
fn a_gibibyte_without_a_line_end_is_refused_in_little_memory() {
    in_a_process_of_its_own("hostile::gibibyte::every_format_alone", "gibibyte");
}

#[test]
#[ignore = "the memory of a process of its own; the test above runs it there"]
fn every_format_alone() {
    if std::env::var("HUTONG_ALONE").is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let feed = |example: &str| alone(&format!("pipelines/feeds/{example}.yaml"), folder.path());
    let sample = |file: &str| fs::read(format!("sample-data/feeds/{file}")).unwrap();
    let bill = sample("wechat/bill-2026-03.csv");
    let quoted = [bill.as_slice(), b"\""].concat();
    let zeros = vec![0; 1 << 24];
    let packed = |pack: fn(&[u8]) -> Vec<u8>| pack(&zeros).repeat(64);
    let zstd: fn(&[u8]) -> Vec<u8> = |text| zstd::stream::encode_all(text, 1).unwrap();
    // The feed, how it is packed, what stands at the head, and whether a record is too long or the
    // whole file is none.
    let rows = [
        ("wechat", Unpack::Plain, Vec::new(), true),
        ("wechat", Unpack::Plain, bill.clone(), true),
        ("wechat", Unpack::Plain, quoted, true),
        ("alipay", Unpack::Plain, fs::read("tests/corpus/gb18030/bill.csv").unwrap(), true),
        ("unionpay", Unpack::Plain, sample("unionpay/IND26033100ZM_CLEAR"), true),
        ("json-lines", Unpack::Plain, sample("json/ledger.jsonl"), true),
        ("json-lines", Unpack::Plain, b"{\"id\":\"".to_vec(), true),
        ("wechat", Unpack::Gzip, packed(gzip), true),
        ("wechat", Unpack::Zstd, packed(zstd), true),
        ("wechat", Unpack::Gzip, gzip(&bill), false),
    ];
    for (example, unpack, head, is_long) in rows {
        let mut feed = feed(example);
        feed.packing.unpack = unpack.clone();
        let path = folder.path().join("sent");
        fs::write(&path, &head).unwrap();
        // What stands behind the head takes no room on the disk.
        File::options().write(true).open(&path).unwrap().set_len(GIBIBYTE).unwrap();
        // No digest is taken of what is not read.
        let file = InputFile {
            path: "sent".to_owned(),
            bytes: GIBIBYTE,
            blake3: String::new(),
            sha256: None,
            repeats: None,
            follows: false,
            comes_again: false,
            beside: None,
            stated: Vec::new(),
            rows: 0,
        };
        let error = source::read(&feed, &[file], &|_, _| ()).unwrap_err();
        match (is_long, &error) {
            (true, SourceError::LongRecord { .. }) | (false, SourceError::Corrupt { .. }) => {}
            _ => panic!("{example} {unpack:?}: {error}"),
        }
        let most = memory();
        assert!(most <= MEMORY_MAX, "{example} {unpack:?}: {most} MiB of memory");
    }
}

/// How many times 0.9 MiB are read that are hardly rows, and how many more MiB of memory that may
/// take.
const LINES: (usize, u64) = (64, 40);

#[test]
fn many_lines_take_the_memory_of_a_few() {
    in_a_process_of_its_own("hostile::gibibyte::many_lines_alone", "lines");
}

fn transcoded(text: &[u8]) -> Vec<u8> {
    GB18030.encode(std::str::from_utf8(text).unwrap()).0.into_owned()
}

/// Rows are held, and so are rejects; what holds other lines is the reader alone.
#[test]
#[ignore = "the memory of a process of its own; the test above runs it there"]
fn many_lines_alone() {
    if std::env::var("HUTONG_ALONE").is_err() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut feed = alone("pipelines/feeds/wechat.yaml", folder.path());
    let Format::Csv(csv) = &mut feed.format else { panic!("{:?}", feed.format) };
    (csv.comment, csv.comment_anywhere, csv.summary) = (Some("#".to_owned()), true, None);
    feed.packing.limits.ratio = u64::MAX;
    let header = "交易时间,会员号,业务流水号,对方流水号,交易类型,积分变动\n";
    // A record every hundred kilobytes: what is longer than 1 MiB without one is refused.
    let lines = format!("# {}\n", "一行说明，".repeat(60)).repeat(100);
    let lines = lines + "`2026-03-02 09:15:00,`1,`E1,`,`累积,`5\n";
    let lines = lines.repeat(10);
    type Pack = fn(&[u8]) -> Vec<u8>;
    let packs: [(Encoding, Unpack, Pack); 4] = [
        (Encoding::Utf8, Unpack::Plain, |text| text.to_vec()),
        (Encoding::Gb18030, Unpack::Plain, transcoded),
        (Encoding::Utf8, Unpack::Gzip, gzip),
        (Encoding::Utf8, Unpack::Zstd, |text| zstd::stream::encode_all(text, 1).unwrap()),
    ];
    for (encoding, unpack, pack) in packs {
        let Format::Csv(csv) = &mut feed.format else { panic!("{:?}", feed.format) };
        csv.encoding = encoding;
        feed.packing.unpack = unpack.clone();
        let mut file = File::create(folder.path().join("sent")).unwrap();
        file.write_all(&pack(header.as_bytes())).unwrap();
        let packed = pack(lines.as_bytes());
        for _ in 0..LINES.0 {
            file.write_all(&packed).unwrap();
        }
        let before = memory();
        let read = read(&feed).unwrap();
        let came = (read.rows.num_rows(), read.rejects.len());
        assert_eq!(came, (10 * LINES.0, 0), "{unpack:?}");
        let more = memory() - before;
        assert!(more <= LINES.1, "{unpack:?}: {more} MiB more");
    }
}

/// The same through the command, with every byte there and its digest taken.
#[test]
#[ignore = "writes and digests gibibytes; `cargo test --test it -- --ignored gibibyte`"]
fn a_gibibyte_on_one_line_ends_a_run() {
    let mut random = fastrand::Rng::with_seed(1);
    let letters: Vec<u8> = (0..1 << 24).map(|_| random.alphanumeric() as u8).collect();
    let header = "交易时间,会员号,业务流水号,对方流水号,交易类型,积分变动\n`".as_bytes();
    let written = |name: &str, unpack: &str, head: &[u8], piece: &[u8]| {
        let folder = tempfile::tempdir().unwrap();
        let mut file = File::create(folder.path().join(name)).unwrap();
        file.write_all(head).unwrap();
        for _ in 0..64 {
            file.write_all(piece).unwrap();
        }
        let text = fs::read_to_string("pipelines/feeds/wechat.yaml").unwrap();
        let declared = format!("files: {name}{unpack}");
        let text = text
            .replace("files: sample-data/feeds/wechat/bill-2026-03.csv", &declared)
            .replace("root: ../..\n", "");
        assert!(text.contains(&declared));
        for name in ["b-ledger.csv", "links.csv"] {
            let place = folder.path().join("sample-data/feeds");
            fs::create_dir_all(&place).unwrap();
            fs::copy(Path::new("sample-data/feeds").join(name), place.join(name)).unwrap();
        }
        fs::write(folder.path().join("pipeline.yaml"), text).unwrap();
        folder
    };
    let plain = written("bill.csv", "", header, &letters);
    check(plain.path());
    drop(plain);
    let packed = written("bill.gz", "\n      unpack: gzip", &gzip(header), &gzip(&letters));
    check(packed.path());
}

fn check(folder: &Path) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hutong"))
        .arg("run")
        .arg(folder.join("pipeline.yaml"))
        .args(["--as-of", "2026-03-31"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut most = 0;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let line = status.unwrap_or_default();
        let line = line.lines().find_map(|line| line.strip_prefix("VmHWM:").map(str::to_owned));
        let word = line.as_deref().and_then(|line| line.split_whitespace().next());
        most = most.max(word.map_or(0, |kibibytes| kibibytes.parse::<u64>().unwrap() / 1024));
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("longer than 1 MiB"), "{said}");
    eprintln!("{most} MiB");
    assert!(most <= MEMORY_MAX, "{most} MiB of memory");
}
