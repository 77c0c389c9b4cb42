//! `report.html`: what it shows is what was published, nothing in it runs but its own script, and
//! nobody can be told from it.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hutong::generate::GenerateOrder;
use sha2::{Digest, Sha256};

use crate::published::{generated, month_order, ran, small_order};
use crate::tables::{close, run};

/// The page of a run of a pipeline in March.
fn page_of(pipeline: &Path, as_of: &str) -> String {
    let to = tempfile::tempdir().unwrap();
    let outcome = run(pipeline, (as_of, None), to.path()).unwrap();
    fs::read_to_string(outcome.published.folder().join("report.html")).unwrap()
}

/// What stands between two marks, each time that they stand in a text.
fn between<'t>(text: &'t str, open: &str, shut: &str) -> Vec<&'t str> {
    text.split(open).skip(1).map(|rest| rest.split(shut).next().unwrap()).collect()
}

/// The worked example's page without its style and policy, down to what follows the engine's
/// version and what compresses its files.
#[test]
fn the_worked_example_reads_as_it_should() {
    let page = page_of(Path::new("pipelines/worked-example.yaml"), "2026-03-31");
    let [style] = between(&page, "<style>", "</style>")[..] else { panic!("one style") };
    let [policy] = between(&page, "content=\"default-src", "\"")[..] else { panic!("one policy") };
    let shown = page.replace(style, "…").replace(policy, "…");
    let shown = shown.split("<section id=\"again\">").next().unwrap();
    let blank = |line: &&str| !line.trim().is_empty();
    let shown = shown.lines().filter(blank).collect::<Vec<_>>().join("\n");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("report", shown));
    for told in ["CNY 46.97", "人民币肆拾陆元玖角柒分", "2026-04-10", "6.40", "附件一第3条"]
    {
        assert!(page.contains(told), "{told}");
    }
}

#[test]
fn only_its_own_style_and_script_may_act() {
    let page = page_of(Path::new("pipelines/worked-example.yaml"), "2026-03-31");
    let [policy] = between(&page, "Content-Security-Policy\" content=\"", "\"")[..] else {
        panic!()
    };
    let digest = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    for (open, shut, source) in
        [("<style>", "</style>", "style-src"), ("<script>", "</script>", "script-src")]
    {
        let [text] = between(&page, open, shut)[..] else { panic!("one {open}") };
        let policy = policy.replace("&#39;", "'").replace("&#x27;", "'");
        let wanted = format!("{source} 'sha256-{}'", digest(text));
        assert!(policy.contains(&wanted), "{policy}\nhas no {wanted}");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
    for banned in [" style=", " onclick", " src=", "<link", "<img", "http://", "https://", "url("] {
        assert!(!page.contains(banned), "{banned}");
    }
}

/// A copy of the worked example whose names and ids would be markup.
#[test]
fn what_a_partner_writes_is_shown_and_never_obeyed() {
    let hostile = "<script>alert('x')</script>&\"";
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("sample-data/worked-example");
    fs::create_dir_all(&data).unwrap();
    fs::create_dir_all(dir.path().join("pipelines")).unwrap();
    let mut texts = BTreeMap::new();
    for file in fs::read_dir("sample-data/worked-example").unwrap() {
        let file = file.unwrap();
        texts.insert(file.file_name(), fs::read_to_string(file.path()).unwrap());
    }
    // An event that is held, and so stands in both tables; the delivery tells the file's digest.
    let sha256 = |text: &str| -> String {
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let ledger = texts[OsStr::new("a-ledger.csv")].clone();
    let hostile_ledger = ledger.replace("SKY-008", "SKY-<img src=x onerror=alert(8)>");
    for (name, text) in texts {
        let text = text.replace(&sha256(&ledger), &sha256(&hostile_ledger));
        let text = if text == ledger { hostile_ledger.clone() } else { text };
        fs::write(data.join(name), text).unwrap();
    }
    let pipeline = fs::read_to_string("pipelines/worked-example.yaml").unwrap();
    let quoted = hostile.replace('\'', "''");
    let pipeline = pipeline
        .replace("name: 云航里程", &format!("name: '{quoted}'"))
        .replace("title: 会员体系互通合同（示例）", &format!("title: '{quoted}'"))
        .replace("clause: 附件一第3条", &format!("clause: '{quoted}'"));
    let path = dir.path().join("pipelines/hostile.yaml");
    fs::write(&path, pipeline).unwrap();
    let page = page_of(&path, "2026-03-31");
    assert_eq!(page.matches("<script>").count(), 1, "the page's own alone");
    assert!(!page.contains("<img"));
    assert!(page.contains("46.97"), "the statement stands");
    for shown in ["&#60;script&#62;alert(", "SKY-&#60;img src=x onerror=alert(8)&#62;"] {
        assert!(page.contains(shown), "{shown}");
    }
}

#[test]
fn a_blocked_run_has_a_page_that_says_why() {
    let page = page_of(Path::new("tests/cases/AMT-07/pipeline.yaml"), "2026-03-31");
    for told in
        ["The statement is blocked", "清算单已阻断", "<strong>AMT-07</strong>", "badge blocked"]
    {
        assert!(page.contains(told), "{told}");
    }
    assert!(!page.contains("人民币"));
}

/// The second and third month know of the first from its final publication alone.
#[test]
fn closed_periods_stand_beside_the_run_s_own() {
    let to = tempfile::tempdir().unwrap();
    let pipeline = Path::new("sample-data/three-months/pipeline.yaml");
    let first = close(pipeline, ("2026-04-04", Some("2026-03")), to.path()).unwrap();
    let of_first = fs::read_to_string(first.published.folder().join("report.html")).unwrap();
    assert!(of_first.contains("No period before this one is closed."));
    assert!(of_first.contains("badge final"));
    let second = run(pipeline, ("2026-04-30", Some("2026-04")), to.path()).unwrap();
    let page = fs::read_to_string(second.published.folder().join("report.html")).unwrap();
    let [trends] = between(&page, "<section id=\"trends\">", "</section>")[..] else { panic!() };
    assert_eq!(between(trends, "<th scope=\"row\">", "<"), ["2026-03", "2026-04"]);
    let net = &first.manifest.statements[0].net;
    assert!(trends.contains(&hutong::value::money::grouped(net)), "{net}\n{trends}");
}

#[test]
fn nobody_can_be_told_from_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let order =
        GenerateOrder { seed: 81, faults_ppm: 100_000, ..small_order(&dir.path().join("world")) };
    let pipeline = generated(&order).pipeline;
    let to = dir.path().join("out");
    let folder = ran(&month_order(&pipeline, "2026-03", &to)).published.folder().to_owned();
    let page = fs::read_to_string(folder.join("report.html")).unwrap();
    let members = |table: &str, column: &str| -> Vec<String> {
        let rows = crate::tables::table(&folder, table);
        let cells = rows.iter().flat_map(|row| row[column].split(';').map(str::to_owned));
        cells.filter(|cell| !cell.is_empty()).collect()
    };
    let mut seen = 0;
    for column in ["a_member", "b_member"] {
        for table in ["discrepancies", "links"] {
            for member in members(table, column) {
                assert!(!page.contains(&member), "{member}");
                seen += 1;
            }
        }
    }
    assert!(seen > 100, "{seen} members");
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

/// Where the page speaks Chinese, columns, rules and modes of rounding have their Chinese names.
#[test]
fn the_chinese_of_the_page_has_no_word_of_the_engine_in_english() {
    const WORDS: [&str; 8] =
        ["points", "half_up", "half_even", "down", "xburn", "order", "reference", "window"];
    for case in ["AMT-01", "AMT-04", "EVT-04", "EVT-10"] {
        let page =
            page_of(&Path::new("tests/cases").join(case).join("pipeline.yaml"), "2026-03-31");
        for chinese in between(&page, "<span lang=\"zh\">", "</span>") {
            let words = chinese.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let english: Vec<&str> = words.filter(|word| WORDS.contains(word)).collect();
            assert!(english.is_empty(), "{case}: {chinese}");
        }
    }
}
