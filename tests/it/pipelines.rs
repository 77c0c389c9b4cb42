//! Pipelines as files: a good one and its plan, and broken ones and what they are told.

use std::fs;
use std::path::{Path, PathBuf};

use hutong::pipeline::{self, Trouble};
use hutong::value::period::Period;

fn folder() -> PathBuf {
    // Messages name the file as the user did, so that snapshots hold only when it is relative.
    PathBuf::from("tests/pipelines")
}

/// The printed trouble of a pipeline, or what is wrong when there is none.
fn told(file: &Path) -> String {
    match pipeline::read(file) {
        Ok(_) => format!("{}: no problem was found", file.display()),
        Err(trouble) => trouble.to_string(),
    }
}

fn settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("snapshots");
    settings
}

#[test]
fn every_broken_pipeline_is_told_what_to_mend() {
    let mut files: Vec<PathBuf> = fs::read_dir(folder().join("broken"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    assert!(files.len() >= 45, "{} broken pipelines", files.len());
    settings().bind(|| {
        for file in files {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let told = told(&file);
            assert!(!told.contains("no problem"), "{told}");
            insta::assert_snapshot!(format!("broken_{name}"), told);
        }
    });
}

#[test]
fn every_problem_has_a_place_and_a_cure_and_the_order_of_the_file() {
    for entry in fs::read_dir(folder().join("broken")).unwrap() {
        let path = entry.unwrap().path();
        let Err(Trouble::Problems { text, problems, .. }) = pipeline::read(&path) else {
            panic!("{}", path.display());
        };
        assert!(!problems.is_empty());
        assert!(problems.is_sorted(), "{}", path.display());
        for problem in problems {
            let (start, end) = problem.place.span;
            assert!(text.get(start..end).is_some(), "{problem}");
            let before = &text[..start];
            if start > 0 {
                assert_eq!(problem.place.line, before.matches('\n').count() + 1, "{problem}");
            }
            if let Some((_, key)) = problem.reason.split_once("has no key `") {
                let marked = text[start..end].trim_matches('"');
                assert_eq!(Some(marked), key.strip_suffix('`'), "{problem}");
            }
            assert!(!problem.cure.is_empty(), "{problem}");
            assert!(problem.cure.ends_with(['.', '?']), "{problem}");
            assert!(problem.reason.chars().next().is_some_and(|c| !c.is_uppercase()), "{problem}");
        }
    }
}

#[test]
fn the_good_pipeline_has_a_plan() {
    let pipeline = pipeline::read(&folder().join("good.yaml")).unwrap();
    let agreement = &pipeline.agreement;
    let as_of = "2026-03-31".parse().unwrap();
    let period = Period::containing(as_of, agreement.cycle, &agreement.zone).unwrap();
    let plan = pipeline::plan(&pipeline, &period);
    let json = serde_json::to_string_pretty(&plan).unwrap();
    assert!(!json.contains("13800000001") && !format!("{pipeline:?}").contains("not a secret"));
    settings().bind(|| {
        insta::assert_snapshot!("good_plan", plan);
        insta::assert_snapshot!("good_plan_json", json);
    });
}

#[test]
fn the_plan_says_every_term_of_money() {
    let pipeline = pipeline::read(&folder().join("terms.yaml")).unwrap();
    let agreement = &pipeline.agreement;
    let as_of = "2026-03-31".parse().unwrap();
    let period = Period::containing(as_of, agreement.cycle, &agreement.zone).unwrap();
    let plan = pipeline::plan(&pipeline, &period).to_string();
    let (_, terms) = plan.split_once("Terms in force").unwrap();
    let (terms, _) = terms.split_once("\nLeft to custom").unwrap();
    settings().bind(|| insta::assert_snapshot!("terms_plan", terms));
}

#[test]
fn the_plan_says_where_no_version_is_in_force() {
    let rates = "    - { issuer: a, per_point: 0.008, from: 2026-01-01 }";
    // the rates of `a`, what the plan of March says of them
    let rows = [
        (
            "    - { issuer: a, per_point: 0.008, from: 2026-01-01, to: 2026-03-15 }\n    \
             - { issuer: a, per_point: 0.009, from: 2026-03-16 }",
            vec!["0.008", "gap 2026-03-15 2026-03-16", "0.009"],
        ),
        (
            "    - { issuer: a, per_point: 0.008, from: 2026-03-02, to: 2026-03-15 }",
            vec!["gap 2026-03-01 2026-03-02", "0.008", "gap 2026-03-15 2026-04-01"],
        ),
        (
            "    - { issuer: a, per_point: 0.008, from: 2026-01-01, to: 2026-02-15 }",
            vec!["gap 2026-03-01 2026-04-01"],
        ),
        ("    - { issuer: a, per_point: 0.008, from: 2026-01-01, to: 2027-01-01 }", vec!["0.008"]),
    ];
    for (declared, said) in rows {
        let (_folder, file) = changed(rates, declared);
        let pipeline = pipeline::read(&file).unwrap();
        let agreement = &pipeline.agreement;
        let as_of = "2026-03-31".parse().unwrap();
        let period = Period::containing(as_of, agreement.cycle, &agreement.zone).unwrap();
        let plan = pipeline::plan(&pipeline, &period);
        let rates = plan.rates.iter().filter(|rate| rate.issuer == "a").map(|rate| {
            match rate.value.as_str() {
                "gap" => format!("gap {} {}", &rate.from[..10], &rate.to[..10]),
                value => value.to_owned(),
            }
        });
        assert_eq!(rates.collect::<Vec<_>>(), said, "{declared}");
        let gaps = said.iter().filter(|said| said.starts_with("gap")).count();
        let text = plan.to_string();
        assert_eq!(text.matches("a redemption gap 空档: an event in it blocks").count(), gaps);
    }
}

#[test]
fn amounts_keep_their_spelling() {
    let pipeline = pipeline::read(&folder().join("good.yaml")).unwrap();
    let agreement = &pipeline.agreement;
    assert_eq!(agreement.version, "0012");
    let rates: Vec<String> = agreement
        .rates
        .a
        .iter()
        .flat_map(|versions| versions.iter().map(|version| version.value.to_string()))
        .collect();
    assert_eq!(rates, ["0.008", "0.0085", "0.008", "0.01"]);
    assert_eq!(agreement.currencies[0].opening_carry.minor(), -5);
}

#[test]
fn the_small_pipeline_is_good() {
    let pipeline = pipeline::read(&folder().join("small.yaml")).unwrap();
    let shown: Vec<String> =
        pipeline.defaults.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    settings().bind(|| insta::assert_snapshot!("small_defaults", shown.join("\n")));
}

#[test]
fn a_file_that_is_not_there_cannot_be_read() {
    let trouble = pipeline::read(Path::new("tests/pipelines/none.yaml")).unwrap_err();
    assert!(matches!(trouble, Trouble::Unreadable { .. }), "{trouble}");
    let trouble = pipeline::read(Path::new("tests/pipelines")).unwrap_err();
    assert!(matches!(trouble, Trouble::Unreadable { .. }), "{trouble}");
}

#[test]
fn a_file_of_data_is_not_read_as_a_pipeline() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.yaml");
    for (bytes, refused) in [(1024 * 1024, false), (1024 * 1024 + 1, true), (2 << 20, true)] {
        fs::write(&file, "#".repeat(bytes)).unwrap();
        let reason = if refused { "the file is larger than 1 MiB" } else { "the file is empty" };
        assert_eq!(reasons(&file), [reason], "{bytes}");
    }
}

#[test]
fn the_committed_schema_is_the_schema_of_the_types() {
    let schema = serde_json::to_string_pretty(&pipeline::schema()).unwrap() + "\n";
    let file = "pipeline.schema.json";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        fs::write(file, &schema).unwrap();
    }
    let committed = fs::read_to_string(file).unwrap_or_default();
    assert!(committed == schema, "{file} is stale: run the tests with UPDATE_SCHEMA=1");
}

/// The small pipeline in a folder of its own, with some text of it replaced.
fn changed(from: &str, to: &str) -> (tempfile::TempDir, PathBuf) {
    let small = fs::read_to_string(folder().join("small.yaml")).unwrap();
    assert!(small.contains(from), "{from}");
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let file = inner.join("p.yaml");
    fs::write(&file, small.replacen(from, to, 1)).unwrap();
    (folder, file)
}

fn reasons(file: &Path) -> Vec<String> {
    match pipeline::read(file) {
        Ok(_) => Vec::new(),
        Err(Trouble::Problems { problems, .. }) => {
            problems.into_iter().map(|problem| problem.reason).collect()
        }
        Err(other) => panic!("{other}"),
    }
}

#[cfg(unix)]
#[test]
fn symbolic_links_do_not_lead_out_of_the_root() {
    use std::os::unix::fs::symlink;
    let keyed = "publish: { to: out }\nkeys: { contact: { id: k, file: link/key } }";
    // what is replaced, by what, whether the link stays within the root
    let rows = [
        ("files: in/a.csv", "files: link/a.csv"),
        ("files: in/a.csv", "files: link/{period}/*.csv"),
        ("to: out", "to: link/out"),
        ("publish: { to: out }", keyed),
    ];
    for (from, to) in rows {
        for (target, escapes) in [("..", true), ("real", false), ("/etc", true), ("gone", true)] {
            let (folder, file) = changed(from, to);
            let inner = folder.path().join("inner");
            fs::create_dir_all(inner.join("real")).unwrap();
            for key in [inner.join("real/key"), folder.path().join("key")] {
                fs::write(key, "0123456789abcdef").unwrap();
            }
            symlink(target, inner.join("link")).unwrap();
            let reasons = reasons(&file);
            if escapes {
                assert_eq!(reasons.len(), 1, "{to} {target}: {reasons:?}");
                assert!(reasons[0].contains("by a symbolic link"), "{to} {target}: {reasons:?}");
            } else {
                assert_eq!(reasons, [""; 0], "{to} {target}");
            }
        }
    }
}

#[test]
fn the_root_may_lie_above_the_file() {
    let (_folder, file) = changed("pipeline: small", "pipeline: small\nroot: ..");
    let pipeline = pipeline::read(&file).unwrap();
    assert_eq!(Some(pipeline.root.as_path()), file.canonicalize().unwrap().ancestors().nth(2));
}

#[test]
fn a_key_never_shows() {
    let keyed = "publish: { to: out }\nkeys: { contact: { id: k, file: key } }";
    let rows = [("tooshort", "the key holds 8 bytes"), ("", "the key holds 0 bytes")];
    for (content, reason) in rows {
        let (folder, file) = changed("publish: { to: out }", keyed);
        fs::write(folder.path().join("inner/key"), content).unwrap();
        let reasons = reasons(&file);
        assert!(reasons[0].starts_with(reason), "{reasons:?}");
        assert!(content.is_empty() || !reasons[0].contains(content));
    }
}

#[test]
fn what_a_file_of_any_bytes_is_told_never_panics() {
    let small = fs::read(folder().join("good.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.yaml");
    let mut random = fastrand::Rng::with_seed(20_260_316);
    for _ in 0..400 {
        let mut bytes = small.clone();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(0..bytes.len());
            match random.u8(0..4) {
                0 => bytes[at] = random.u8(..),
                1 => bytes.truncate(at.max(1)),
                2 => {
                    let noise = *random.choice(b"{}[]:,&*!|>'\"%@`#-\t\n ~0").unwrap();
                    bytes.insert(at, noise);
                }
                _ => {
                    let end = (at + random.usize(1..40)).min(bytes.len());
                    bytes.drain(at..end);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        fs::write(&file, &bytes).unwrap();
        if let Err(Trouble::Problems { text, problems, .. }) = pipeline::read(&file) {
            assert!(!problems.is_empty());
            for problem in problems {
                let (start, end) = problem.place.span;
                assert!(text.get(start..end).is_some(), "{problem}");
            }
        }
    }
}
