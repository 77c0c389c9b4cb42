//! The chain of final publications is what it was when each was closed, or the run ends.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use hutong::publish::Published;
use hutong::run::exit;

use super::{Months, TERMS, bend, ended, replace};

/// March closed with one spend.
fn march() -> Months {
    let months = Months::new();
    months.books("2026-03", &["A1 xburn -1000 03-05"], &["B1 xaccept 333 03-05 counter=A1"]);
    months.close("2026-03");
    months
}

#[test]
fn no_period_is_closed_after_a_later_one() {
    let months = march();
    ended(months.try_close_on("2026-02", "2026-04-20"), exit::USAGE, &["2026-02", "2026-03"]);
    assert!(!months.finally("2026-02").exists());
    // It may still be looked at; and what is closed stays closed.
    months.try_run("2026-02", "2026-04-20").unwrap();
    months.close("2026-04");
    let again = months.try_close("2026-03").unwrap();
    assert!(matches!(again.published, Published::Already(_)));
}

/// What was run is somebody's month, and one that is closed after it would shut it out.
#[test]
fn no_period_is_closed_over_an_open_one_that_was_run() {
    let months = Months::new();
    months.try_run("2026-03", "2026-03-31").unwrap();
    let command = "`hutong close PIPELINE --period 2026-03`";
    let says = ["2026-04 cannot be closed before 2026-03", "out/p/2026-03", command];
    ended(months.try_close("2026-04"), exit::USAGE, &says);
    ended(months.try_close("2026-05"), exit::USAGE, &says[1..]);
    months.close("2026-03");
    months.close("2026-04");
    // The earliest that is open is named, not the one just before.
    let says = ["2026-06 cannot be closed before 2026-05", "--period 2026-05`"];
    ended(months.try_close("2026-06"), exit::USAGE, &says);
    // A later month that was run stands in nobody's way, and a first one may be any.
    let months = Months::new();
    months.try_run("2026-05", "2026-05-31").unwrap();
    months.close("2026-04");
    months.close("2026-05");
}

#[test]
fn a_final_that_is_no_pointer_to_a_publication_beside_it_ends_the_run() {
    for (target, says) in [
        (None, "it is no symbolic link"),
        (Some("nowhere"), "manifest.json"),
        (Some(".."), "it points to no publication of the period"),
        (Some("../2026-03/2026-04-10"), "it points to no publication of the period"),
    ] {
        let months = march();
        let pointer = months.finally("2026-03");
        let place = pointer.parent().unwrap().join(fs::read_link(&pointer).unwrap());
        fs::remove_file(&pointer).unwrap();
        match target {
            Some(target) => symlink(target, &pointer).unwrap(),
            None => {
                fs::create_dir(&pointer).unwrap();
                for entry in fs::read_dir(place).unwrap() {
                    let path = entry.unwrap().path();
                    fs::copy(&path, pointer.join(path.file_name().unwrap())).unwrap();
                }
            }
        }
        let says = &["2026-03/final", says, "is not what was published"];
        ended(months.try_close("2026-04"), exit::IO, says);
        ended(months.try_run("2026-03", "2026-04-12"), exit::IO, says);
    }
}

#[test]
fn a_final_that_is_replaced_after_the_next_was_closed_ends_the_run() {
    let months = march();
    months.close("2026-04");
    let other = Months::new();
    other.books("2026-03", &["A1 xburn -9000 03-05"], &["B1 xaccept 3000 03-05 counter=A1"]);
    other.close("2026-03");
    for file in fs::read_dir(other.finally("2026-03")).unwrap() {
        let file = file.unwrap().path();
        let there = months.finally("2026-03").join(file.file_name().unwrap());
        fs::remove_file(&there).unwrap();
        fs::copy(&file, there).unwrap();
    }
    let says = &["2026-03/final/manifest.json is not what was published", "2026-04"];
    ended(months.try_close("2026-05"), exit::IO, says);
    ended(months.try_run("2026-05", "2026-05-20"), exit::IO, says);
}

#[test]
fn a_final_that_is_gone_after_the_next_was_closed_ends_the_run() {
    let months = march();
    months.close("2026-04");
    fs::remove_dir_all(months.path("out/p/2026-03")).unwrap();
    let says = &["2026-03/final/manifest.json is not what was published", "2026-04"];
    ended(months.try_close("2026-05"), exit::IO, says);
}

#[test]
fn a_final_that_was_tampered_with_is_not_closed_already() {
    let months = march();
    let names: Vec<PathBuf> = fs::read_dir(months.finally("2026-03"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().is_some_and(|name| name != "manifest.json"))
        .collect();
    assert!(names.len() > 12);
    for file in names {
        let whole = fs::read(&file).unwrap();
        bend(&file);
        let name = file.file_name().unwrap().to_str().unwrap();
        let says = &[name, "is not what was published"];
        ended(months.try_close("2026-03"), exit::IO, says);
        ended(months.try_close("2026-04"), exit::IO, says);
        ended(months.try_run("2026-04", "2026-04-20"), exit::IO, says);
        fs::write(&file, whole).unwrap();
    }
    months.close("2026-03");
}

/// A provisional publication that was altered is none that was published already: it is published
/// again beside it.
#[test]
fn a_provisional_publication_that_was_tampered_with_is_published_again() {
    let months = march();
    let run = || months.try_run("2026-04", "2026-04-20").unwrap().published;
    let first = run().folder().to_owned();
    assert_eq!(run(), Published::Already(first.clone()));
    bend(&first.join("statement.parquet"));
    let second = run();
    assert!(matches!(&second, Published::New(folder) if folder.ends_with("2026-04-20.r2")));
    assert_eq!(run(), Published::Already(second.folder().to_owned()));
}

#[test]
fn a_manifest_that_cannot_be_understood_names_itself() {
    let months = march();
    let file = months.finally("2026-03").join("manifest.json");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..200]).unwrap();
    ended(months.try_close("2026-04"), exit::IO, &["manifest.json", "damaged"]);
    for (from, to, says) in [
        ("\"as_of\": \"2026-04-10\"", "\"as_of\": \"2026-04-31\"", "its as_of `2026-04-31`"),
        ("\"as_of\": \"2026-04-10\"", "\"as_of\": \"x\"", "its as_of `x`"),
        ("\"period\": \"2026-03\"", "\"period\": \"2026-3\"", "not that of the final 2026-03"),
    ] {
        fs::write(&file, &whole).unwrap();
        replace(file.clone(), from, to);
        let says = &["manifest.json is not what was published", says];
        ended(months.try_close("2026-04"), exit::IO, says);
    }
    // A folder of no period at all cannot be of the chain.
    fs::write(&file, &whole).unwrap();
    replace(file, "\"period\": \"2026-03\"", "\"period\": \"2026-3\"");
    fs::rename(months.path("out/p/2026-03"), months.path("out/p/2026-3")).unwrap();
    ended(months.try_close("2026-04"), exit::IO, &["its period `2026-3`"]);
}

#[test]
fn a_carry_whose_currency_is_declared_no_more_ends_the_run() {
    let closed_with = |carry: &str| {
        let months = Months::new();
        let also = "{ currency: HKD, minimum_settlement: \"100\", opening_carry: \"CARRY\" }";
        let also = also.replace("CARRY", carry);
        months.declare("[reference]", &format!("{TERMS}  also: [{also}]\n"));
        months.close("2026-03");
        months.declare("[reference]", TERMS);
        months
    };
    let says = &["2026-03", "8.00 HKD"];
    ended(closed_with("8").try_close("2026-04"), exit::USAGE, says);
    // Nothing is carried here, and so any currency may go.
    closed_with("0").close("2026-04");
}
