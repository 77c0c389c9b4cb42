//! Files and tables of a publication: whatever is not what was published is told, and no damage
//! keeps the rest from being checked.

use std::fs;
use std::path::Path;

use hutong::review::{Publication, signed_off, verify};

use super::{agree, example, faults};

#[test]
fn what_was_published_is_sound() {
    let (_out, folder) = example();
    assert_eq!(faults(&folder), [""; 0]);
}

#[test]
fn a_file_that_is_not_what_was_published_is_told() {
    type Spoil = fn(&Path);
    let spoil: [(&str, Spoil); 4] = [
        ("missing", |folder| fs::remove_file(folder.join("held.parquet")).unwrap()),
        ("longer", |folder| {
            let path = folder.join("links.parquet");
            let mut bytes = fs::read(&path).unwrap();
            bytes.push(0);
            fs::write(path, bytes).unwrap();
        }),
        ("another", |folder| {
            let path = folder.join("accounts.parquet");
            let mut bytes = fs::read(&path).unwrap();
            bytes[100] ^= 1;
            fs::write(path, bytes).unwrap();
        }),
        ("unknown", |folder| fs::write(folder.join("note.txt"), "x").unwrap()),
    ];
    for (what, spoil) in spoil {
        let (_out, folder) = example();
        spoil(&folder);
        assert_eq!(faults(&folder)[0], "files against the manifest", "{what}");
    }
}

/// What may never end is refused unread: a device, or a pipe into which nobody writes.
#[test]
fn what_is_no_regular_file_is_told_and_not_read() {
    let spoil: [fn(&Path); 2] = [
        |path| std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        |path| {
            let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        },
    ];
    for spoil in spoil {
        for file in ["held.parquet", "report.html", "manifest.json"] {
            let (_out, folder) = example();
            fs::remove_file(folder.join(file)).unwrap();
            spoil(&folder.join(file));
            match Publication::open(&folder) {
                Err(error) => assert_eq!(file, "manifest.json", "{error}"),
                Ok(publication) => {
                    let told = &verify(&publication).unwrap()[0].faults;
                    assert_eq!(told.len(), 1, "{told:?}");
                    assert!(told[0].starts_with(file), "{told:?}");
                }
            }
        }
        let (_out, folder) = example();
        spoil(&folder.with_extension("signoffs.jsonl"));
        assert!(signed_off(&Publication::open(&folder).unwrap()).is_err());
    }
}

/// A table that cannot be read is told where it is missed, and all else is checked; the manifest
/// may have been made to agree with it.
#[test]
fn a_damaged_table_is_told_and_all_else_is_checked() {
    const OF_EACH: [&str; 2] =
        ["rows, period and as-of date of every table", "columns against the dictionary"];
    let rows: [(&str, &[&str]); 5] = [
        ("accounts", &["accounts rolled forward"]),
        ("rejects", &["files read = accepted + rejected + ignored"]),
        (
            "discrepancies",
            &[
                "counts of discrepancies",
                "statement against what is held and counted",
                "held and awaited items against discrepancies",
            ],
        ),
        ("links", &[]),
        (
            "statement_lines",
            &[
                "statement against its lines",
                "gross lines against counted events",
                "fees and taxes against their terms",
                "agreed mirrors against exact ones",
            ],
        ),
    ];
    type Spoil = fn(&Path);
    let spoil: [(&str, Spoil); 4] = [
        ("emptied", |path| fs::write(path, "").unwrap()),
        ("cut short", |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("no Parquet", |path| fs::write(path, "PAR1 is what it says PAR1").unwrap()),
        ("a wrong footer", |path| {
            let mut bytes = fs::read(path).unwrap();
            let from = bytes.len() - 60;
            bytes[from..].iter_mut().take(40).for_each(|byte| *byte ^= 0x5a);
            fs::write(path, bytes).unwrap();
        }),
    ];
    for (what, spoil) in spoil {
        for (table, missed) in rows {
            let (_out, folder) = example();
            spoil(&folder.join(format!("{table}.parquet")));
            let told = |faults: &[&str]| {
                let all = OF_EACH.iter().chain(missed);
                let all: Vec<&str> = all.copied().filter(|name| !faults.contains(name)).collect();
                assert_eq!(all, [""; 0], "{what} {table}: {faults:?}");
            };
            let digest = faults(&folder);
            assert_eq!(digest[0], "files against the manifest");
            told(&digest);
            agree(&folder, table);
            let agreed = faults(&folder);
            assert_ne!(agreed[0], "files against the manifest");
            told(&agreed);
            let checks = verify(&Publication::open(&folder).unwrap()).unwrap();
            for check in checks.iter().filter(|check| !check.is_clean()) {
                let file = format!("{table}.parquet");
                assert!(check.faults.iter().any(|fault| fault.contains(&file)), "{check:?}");
            }
        }
    }
}
