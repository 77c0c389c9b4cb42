//! Publications whose tables are damaged: every command says which file, and no decoder's panic is
//! printed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hutong::review::{
    Filter, Publication, ReviewError, Sort, bridge, compare, discrepancies, explain, export, nets,
    verify,
};
use hutong::run::exit;

use crate::tables::run;

fn example() -> (tempfile::TempDir, PathBuf) {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("pipelines/worked-example.yaml");
    let outcome = run(pipeline, ("2026-03-31", None), out.path()).unwrap();
    let folder = outcome.published.folder().to_owned();
    (out, folder)
}

fn tables(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut tables: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|it| it == "parquet")).collect();
    tables.sort_unstable();
    tables
}

/// Everything that reads tables; what it gives is an error or a finding, and never a panic.
fn read_all(folder: &Path, other: &Publication, to: &Path) {
    let publication = Publication::open(folder).unwrap();
    let checks = verify(&publication).unwrap();
    assert!(checks.iter().any(|check| !check.is_clean()), "{}", folder.display());
    let said: [Result<(), ReviewError>; 6] = [
        explain(&publication, "SKY-008").map(drop),
        explain(&publication, "line:2").map(drop),
        discrepancies(&publication, &Filter::default(), Sort::Money).map(drop),
        bridge(other, &publication).map(drop),
        compare(other, &publication).map(drop),
        nets(&publication).map(drop),
    ];
    for error in said.into_iter().filter_map(Result::err) {
        let is_told = matches!(error, ReviewError::Unsound { .. } | ReviewError::Overflow(_));
        assert!(is_told, "{error:?}");
    }
    let _ = fs::remove_dir_all(to);
    let _ = export(&publication, &[], false, to);
}

/// Footers are cut short and bytes of them flipped, one after another, in every table.
#[test]
fn a_damaged_footer_of_any_table_is_told() {
    let ((out, folder), (_other, sound)) = (example(), example());
    let other = Publication::open(&sound).unwrap();
    for path in tables(&folder) {
        let bytes = fs::read(&path).unwrap();
        let length = bytes.len();
        let footer = u32::from_le_bytes(bytes[length - 8..length - 4].try_into().unwrap());
        let begins = length - 8 - footer as usize;
        let cut = [0, 4, 12, begins, begins + 1, length - 9, length - 1];
        let cut = cut.map(|at| bytes[..at].to_vec());
        let step = (length - begins) / 12;
        let flipped = (begins..length).step_by(step.max(1)).map(|at| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x55;
            bytes
        });
        for spoilt in cut.into_iter().chain(flipped) {
            fs::write(&path, spoilt).unwrap();
            read_all(&folder, &other, &out.path().join("csv"));
        }
        fs::write(&path, bytes).unwrap();
    }
}

fn hutong(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hutong")).args(arguments).output().unwrap()
}

/// A file at which the Parquet reader panics, in the place of each table: whoever looks sees which
/// file is damaged, and nothing of the panic.
#[test]
fn a_table_at_which_the_reader_panics_is_told_without_its_panic() {
    let (_out, folder) = example();
    let to = folder.with_file_name("csv");
    let [run, to] = [&folder, &to].map(|path| path.to_str().unwrap());
    for corrupt in ["panic-in-a-count-of-bits", "panic-in-chunks-of-bits"] {
        let corrupt = fs::read(Path::new("tests/corpus/parquet").join(corrupt)).unwrap();
        for table in ["held.parquet", "discrepancies.parquet", "statement_lines.parquet"] {
            let path = folder.join(table);
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &corrupt).unwrap();
            let commands: [&[&str]; 4] = [
                &["verify", run],
                &["explain", run, "SKY-008"],
                &["export", run, "--to", to],
                &["show", run, "--items"],
            ];
            for command in commands {
                let output = hutong(command);
                let [told, said] = [&output.stderr, &output.stdout]
                    .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
                assert!(!told.contains("panicked"), "{command:?}: {told}");
                assert_ne!(output.status.code(), Some(i32::from(exit::BUG)), "{command:?}");
                let is_verified = command[0] == "verify";
                if is_verified || command[0] == "export" {
                    assert!((told + &said).contains(table), "{command:?} does not name {table}");
                    assert_ne!(output.status.code(), Some(0), "{command:?}");
                }
            }
            fs::write(&path, bytes).unwrap();
            let _ = fs::remove_dir_all(to);
        }
    }
}
