//! What a tool can hold of the house style: floors, widths, words that must not stand.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The floor of each module of the library; a module may use what stands on a lower floor, and on
/// floor 1 what comes before it in the reading order of `lib.rs`.
const FLOORS: &[(&str, u8)] = &[
    ("value", 0),
    ("frame", 1),
    ("feed", 1),
    ("agreement", 1),
    ("links", 1),
    ("event", 1),
    ("discrepancy", 1),
    ("ruling", 1),
    ("claim", 1),
    ("past", 1),
    ("judgement", 1),
    ("account", 1),
    ("statement", 1),
    ("control", 1),
    ("engine", 2),
    ("source", 2),
    ("matching", 2),
    ("detect", 2),
    ("clear", 2),
    ("publish", 2),
    ("pipeline", 3),
    ("run", 4),
    ("review", 4),
    ("generate", 4),
    ("cli", 5),
];

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" && name != "data" {
                    walk(&path, extension, found);
                }
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new(folder), extension, &mut found);
    found.sort();
    found
}

/// The code of a file with its tests and comments left out.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    text.lines().filter(is_code).collect::<Vec<&str>>().join("\n")
}

fn is_test_file(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs")
}

#[test]
fn every_module_uses_only_the_floors_beneath_it() {
    let floors: BTreeMap<&str, (u8, usize)> = FLOORS
        .iter()
        .enumerate()
        .map(|(order, &(module, floor))| (module, (floor, order)))
        .collect();
    let mut wrong = Vec::new();
    for path in files("src", "rs").into_iter().filter(|path| !is_test_file(path)) {
        let inside = path.strip_prefix("src").unwrap();
        let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        let Some(&(floor, order)) = floors.get(module.as_str()) else {
            assert!(matches!(module.as_str(), "lib" | "main"), "{module} has no floor");
            continue;
        };
        for used in code(&path).split("crate::").skip(1) {
            let word: String =
                used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let Some(&(other_floor, other_order)) = floors.get(word.as_str()) else { continue };
            let is_beneath = word == module
                || other_floor < floor
                || (floor == 1 && other_floor == 1 && other_order < order)
                || (floor == 2 && word == "engine");
            if !is_beneath {
                wrong.push(format!("{}: {module} ({floor}) uses {word}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lib_rs_lists_the_modules_in_their_order() {
    let text = fs::read_to_string("src/lib.rs").unwrap();
    let listed: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let known: Vec<&str> = FLOORS.iter().map(|(module, _)| *module).collect();
    assert_eq!(listed, known);
}

#[test]
fn what_must_be_absent_is_absent() {
    // (word, where it may stand, why not elsewhere)
    let banned: &[(&str, &[&str], &str)] = &[
        (
            "polars",
            &["src/frame/bridge.rs", "src/matching/members.rs", "src/run.rs"],
            "one bridge, one user",
        ),
        ("unsafe ", &["src/frame/bridge.rs"], "only the C data interface needs it"),
        (
            "f64",
            // A workbook stores nothing else; its exact digits stand beside as text.
            &["src/pipeline/text.rs", "src/publish/workbook.rs"],
            "no float touches points or money",
        ),
        ("f32", &[], "no float touches points or money"),
        ("todo!", &[], "nothing is left open"),
        ("unimplemented!", &[], "nothing is left open"),
        ("println!", &["src/cli"], "only the command line speaks"),
        ("std::process::exit", &["src/cli"], "only the command line ends the process"),
    ];
    let mut wrong = Vec::new();
    for path in files("src", "rs").into_iter().filter(|path| !is_test_file(path)) {
        let code = code(&path);
        for (word, allowed, why) in banned {
            let is_allowed = allowed.iter().any(|allowed| path.starts_with(allowed));
            if code.contains(word) && !is_allowed {
                wrong.push(format!("{}: `{word}`: {why}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn disk_is_touched_only_where_it_may_be() {
    let allowed = [
        "src/source",
        "src/publish",
        "src/pipeline",
        "src/review",
        "src/generate",
        "src/feed.rs",
        "src/engine/memory.rs",
        "src/engine/spill.rs",
    ];
    let run = Path::new("src/run/outcome/tables.rs");
    let mut wrong = Vec::new();
    for path in files("src", "rs").into_iter().filter(|path| !is_test_file(path)) {
        let is_allowed = allowed.iter().any(|allowed| {
            path.starts_with(allowed) || path == Path::new(allowed).with_extension("rs")
        });
        let code = code(&path);
        let touches = ["std::fs", "File::open", "File::create", "OpenOptions"];
        if !is_allowed && path != run && touches.iter().any(|touch| code.contains(touch)) {
            wrong.push(path.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_open_and_every_page_has_one_title() {
    let open = ["TO", "FIX", "XX", "HA"].map(|head| match head {
        "TO" => "TODO".to_owned(),
        "FIX" => "FIXME".to_owned(),
        "XX" => "XXX".to_owned(),
        _ => "HACK".to_owned(),
    });
    let mut wrong = Vec::new();
    for path in ["src", "tests", "benches"].into_iter().flat_map(|folder| files(folder, "rs")) {
        if path.ends_with("tidy.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        if open.iter().any(|word| text.contains(word.as_str())) {
            wrong.push(format!("{}: something is left open", path.display()));
        }
    }
    for path in [".", "docs", "sample-data"].into_iter().flat_map(|folder| files(folder, "md")) {
        let text = fs::read_to_string(&path).unwrap();
        let mut in_code = false;
        let mut titles = 0;
        for line in text.lines() {
            if line.starts_with("```") {
                in_code = !in_code;
            }
            titles += usize::from(!in_code && line.starts_with("# "));
        }
        if titles != 1 {
            wrong.push(format!("{}: {titles} titles", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lines_are_at_most_a_hundred_columns() {
    let mut wrong = Vec::new();
    for path in files("src", "rs") {
        // The descriptions of declarations are the schema's, one paragraph each.
        let is_schema = path.to_string_lossy().contains("pipeline/declaration");
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            // rustfmt leaves a long text literal whole, and so does the reader's eye.
            let is_literal = line.contains('"') || (is_schema && line.contains("///"));
            if line.chars().count() > 100 && !is_literal {
                wrong.push(format!("{}:{number}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
