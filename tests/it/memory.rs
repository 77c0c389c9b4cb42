//! A run that has less memory than its rows take: it sets rows aside, publishes the same, leaves
//! nothing behind, and fails like any other where the disk is full.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::published::{bytes_under, files_under, generated, small_order};

const HUTONG: &str = env!("CARGO_BIN_EXE_hutong");

/// Runs the binary on a world in a shell, behind some words of it.
fn run(shell: &str, folder: &Path, to: &str, memory: &str) -> (Option<i32>, String) {
    let line = format!(
        "{shell} exec {HUTONG} run {0}/pipeline.yaml --as-of 2026-03-31 --to {0}/{to} {memory}",
        folder.display()
    );
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// What stands in the folder of the pipeline's publications, but for the lock.
fn left(folder: &Path, to: &str) -> Vec<String> {
    let pipelines = fs::read_dir(folder.join(to)).unwrap();
    let names = pipelines.flat_map(|pipeline| fs::read_dir(pipeline.unwrap().path()).unwrap());
    let names = names.map(|name| name.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name != ".lock").collect();
    names.sort();
    names
}

#[test]
fn little_memory_publishes_the_same_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    generated(&small_order(dir.path()));
    assert_eq!(run("", dir.path(), "whole", "").0, Some(0));
    let expected = bytes_under(&dir.path().join("whole"));
    for memory in ["64KiB", "1MiB", "1GiB"] {
        let (code, said) = run("", dir.path(), memory, &format!("--memory {memory}"));
        assert_eq!((code, said.as_str()), (Some(0), ""), "{memory}");
        let found = bytes_under(&dir.path().join(memory));
        for (name, bytes) in &expected {
            // What the stages took is no output.
            let is_timed = name.to_string_lossy().ends_with(".stages.json");
            assert!(is_timed || found.get(name) == Some(bytes), "{memory}: {}", name.display());
        }
        assert_eq!(left(dir.path(), memory), ["2026-03", "latest"]);
    }
}

/// A limit on the size of files stands in for a full disk: writing beyond it fails.
#[test]
fn where_nothing_can_be_set_aside_the_run_says_so_and_publishes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    generated(&small_order(dir.path()));
    let full = "trap '' XFSZ; ulimit -f 1;";
    let (code, said) = run(full, dir.path(), "out", "--memory 64KiB");
    assert_eq!(code, Some(4), "{said}");
    for told in ["cannot set rows aside in", "give the run more", "--memory"] {
        assert!(said.replace("\n  │ ", " ").contains(told), "{said}");
    }
    assert_eq!(left(dir.path(), "out"), [""; 0]);
    // Earlier publications stay as they are.
    assert_eq!(run("", dir.path(), "out", "").0, Some(0));
    let before = files_under(&dir.path().join("out"));
    let before: Vec<_> = before.values().map(|path| fs::read(path).unwrap()).collect();
    let ledger = dir.path().join("a/2026-03").read_dir().unwrap();
    let ledger = ledger.map(|entry| entry.unwrap().path());
    let ledger = ledger.filter(|path| path.extension().is_some_and(|ending| ending == "csv"));
    let ledger = ledger.min().unwrap();
    let text = fs::read_to_string(&ledger).unwrap();
    let shorter = text.rsplit_once('\n').unwrap().0.rsplit_once('\n').unwrap().0.to_owned() + "\n";
    fs::write(&ledger, shorter).unwrap();
    assert_eq!(run(full, dir.path(), "out", "--memory 64KiB").0, Some(4));
    let after = files_under(&dir.path().join("out"));
    let after: Vec<_> = after.values().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(after, before);
}

#[test]
fn a_size_is_a_number_and_a_unit() {
    let rows = [
        ("--memory 2 potatoes", 2, "write a size such as 2GiB"),
        ("--memory 0", 2, "write a size such as 2GiB"),
        ("--memory 1.5GiB", 2, "write a size such as 2GiB"),
    ];
    let dir = tempfile::tempdir().unwrap();
    for (memory, code, told) in rows {
        let (found, said) = run("", dir.path(), "out", memory);
        assert_eq!(found, Some(code), "{memory}");
        assert!(said.contains(told) || said.contains("unexpected argument"), "{said}");
    }
}

#[test]
fn an_estimate_says_what_a_run_may_need() {
    let estimate = |memory: &str| {
        let args =
            ["plan", "pipelines/skyline-harbour.yaml", "--as-of", "2026-03-31", "--estimate"];
        let output = Command::new(HUTONG).args(args).args(["--memory", memory]).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(estimate("2GiB").contains("1: nothing is set aside"), "{}", estimate("2GiB"));
    // Measured with `strace -e pwrite64` on these files: 715 KiB are set aside.
    let said = estimate("64KiB");
    assert!(said.contains("up to 1068 KiB set aside on disk on the way"), "{said}");
}

/// An archive with one deflated entry; the crate that writes others in tests only stores them.
fn zipped(name: &str, text: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut deflated = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    deflated.write_all(text).unwrap();
    let deflated = deflated.finish().unwrap();
    let mut crc = flate2::Crc::new();
    crc.update(text);
    let short = |number: usize| u16::try_from(number).unwrap().to_le_bytes().to_vec();
    let long = |number: usize| u32::try_from(number).unwrap().to_le_bytes().to_vec();
    // Version 2.0, no flags, deflated, at the first instant that the format has.
    let method: Vec<u8> = [20, 0, 8, 0, 0x21].into_iter().flat_map(short).collect();
    let sizes = [crc.sum() as usize, deflated.len(), text.len()].into_iter().flat_map(long);
    let of_entry = [method, sizes.collect(), short(name.len()), short(0)].concat();
    let mut zip = [b"PK\x03\x04".to_vec(), of_entry.clone(), name.into(), deflated].concat();
    let listed = zip.len();
    let listing = [b"PK\x01\x02".to_vec(), short(20), of_entry, vec![0; 14], name.into()].concat();
    zip.extend_from_slice(&listing);
    zip.extend([b"PK\x05\x06".to_vec(), vec![0; 4], short(1), short(1)].concat());
    zip.extend([long(listing.len()), long(listed), short(0)].concat());
    zip
}

/// What a run of one ledger of so many MiB unpacked, in few rows with a long column that nobody
/// declared, took of memory at most.
fn peak_of_reading(unpack: &str, mib: usize) -> u64 {
    use std::io::Write;
    const NOTE_BYTES: usize = 1 << 16;
    let dir = tempfile::tempdir().unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    // Hexadecimal digits, so that packing makes half of them and not a bomb.
    let digit = |_| char::from_digit(random.u32(..16), 16).unwrap();
    let notes: String = (0..1 << 20).map(digit).collect();
    let mut text = b"id,m,k,p,at,peer,note\n".to_vec();
    for row in 0..mib * (1 << 20) / NOTE_BYTES {
        let from = row % 15 * NOTE_BYTES + row % 13;
        write!(text, "E{row},M{row},earn,1,2026-03-01,,").unwrap();
        text.extend_from_slice(&notes.as_bytes()[from..from + NOTE_BYTES]);
        text.push(b'\n');
    }
    let packed = match unpack {
        "gzip" => {
            let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packed.write_all(&text).unwrap();
            packed.finish().unwrap()
        }
        "zstd" => zstd::stream::encode_all(text.as_slice(), 1).unwrap(),
        _ => zipped("l.csv", &text),
    };
    assert!(packed.len() > text.len() / 3, "{} of {}", packed.len(), text.len());
    fs::write(dir.path().join("a"), packed).unwrap();
    fs::write(dir.path().join("b.csv"), "id,m,k,p,at,peer\nB1,N1,earn,1,2026-03-01,\n").unwrap();
    let words = match unpack {
        "zip" => "{ zip: { entries: l.csv, names: utf-8 } }",
        word => word,
    };
    let columns = "{ event_id: id, member_no: m, kind: k, points: p, occurred_at: at, \
                   counter_event_id: peer }";
    let pipeline = format!(
        "pipeline: long
agreement:
  id: HT-1
  timezone: Asia/Shanghai
  currency: CNY
  term: {{ from: 2026-01-01, to: 2027-01-01 }}
  cycle: monthly
parties:
  a: {{ code: SKY, name: s }}
  b: {{ code: HBR, name: h }}
feeds:
  a: {{ ledger: {{ files: a, unpack: {words}, format: {{ csv: {{}} }}, columns: {columns} }} }}
  b: {{ ledger: {{ files: b.csv, format: {{ csv: {{}} }}, columns: {columns} }} }}
match: {{ events: [reference] }}
terms:
  ratios:
    - {{ issuer: a, points: \"100:40\", from: 2026-01-01 }}
    - {{ issuer: b, points: \"40:100\", from: 2026-01-01 }}
  rates:
    - {{ issuer: a, per_point: \"0.008\", from: 2026-01-01 }}
    - {{ issuer: b, per_point: \"0.02\", from: 2026-01-01 }}
publish: {{ to: out }}
"
    );
    fs::write(dir.path().join("pipeline.yaml"), pipeline).unwrap();
    // One thread has few blocks at once, so that what a file adds stands out.
    let (code, said) = run("", dir.path(), "out", "--no-cache --threads 1");
    assert_eq!(code, Some(0), "{said}");
    let stages = dir.path().join("out/long/2026-03/2026-03-31.stages.json");
    let stages: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(stages).unwrap()).unwrap();
    let stages = stages["stages"].as_array().or(stages.as_array()).unwrap();
    let peaks = stages.iter().filter_map(|stage| stage["peak_bytes"].as_u64());
    peaks.max().unwrap()
}

/// Were the file, packed or unpacked, or its long column held, the longer one would take at least
/// 14 MiB more for each 28 MiB of text.
#[cfg(target_os = "linux")]
#[test]
fn reading_a_packed_file_takes_no_more_memory_the_longer_it_is() {
    for unpack in ["gzip", "zstd", "zip"] {
        let (short, long) = (peak_of_reading(unpack, 4), peak_of_reading(unpack, 32));
        let more = long.saturating_sub(short);
        assert!(more < 9 << 20, "{unpack}: {more} bytes more than the {short} of a short file");
    }
}
