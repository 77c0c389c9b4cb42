//! The shipped data is what its README says: written by one command, faulty in the ways and
//! numbers that stand there, and readable by every shipped pipeline.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hutong::generate::{DataFormat, GenerateOrder};
use hutong::run::Order;

use crate::published::{Sheet, bytes_under, generated, month_order, ran};

const DATA: &str = "sample-data/skyline-harbour";
const PIPELINE: &str = "pipelines/skyline-harbour.yaml";
const GAP_PIPELINE: &str = "pipelines/version-gap.yaml";

/// The codes that a shipped pipeline shows.
const CODES: [&str; 30] = [
    "MBR-01", "MBR-02", "MBR-03", "MBR-04", "MBR-07", "CON-01", "CON-02", "TIR-01", "TIR-02",
    "TIR-03", "EVT-01", "EVT-02", "EVT-03", "EVT-04", "EVT-06", "EVT-07", "EVT-08", "EVT-09",
    "EVT-10", "AMT-01", "AMT-02", "AMT-03", "AMT-04", "AMT-07", "REV-01", "REV-02", "REV-03",
    "LED-01", "LED-02", "FIL-06",
];

/// The rows of the first table of a page whose header begins so, without the header.
fn table(page: &str, header: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_matches('|');
        inner.split('|').map(|cell| cell.trim().trim_matches('*').to_owned()).collect()
    };
    let lines = page.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    lines.take_while(|line| line.starts_with('|')).map(cells).collect()
}

#[test]
fn the_sample_is_what_its_command_writes() {
    let dir = tempfile::tempdir().unwrap();
    let world = generated(&GenerateOrder {
        members: 200,
        events: 900,
        seed: 20_260_331,
        faults_ppm: 20_000,
        to: dir.path().to_owned(),
        format: DataFormat::Mixed,
        first_period: (2026, 2),
        periods: 2,
        as_of: None,
        blocking: false,
        refused: true,
        codes: Vec::new(),
    });
    let mut written = bytes_under(dir.path());
    let pipeline = written.remove(Path::new("pipeline.yaml")).unwrap();
    let shipped = bytes_under(Path::new(DATA));
    assert_eq!(
        written.keys().collect::<Vec<_>>(),
        shipped.keys().collect::<Vec<_>>(),
        "the same files"
    );
    let differing: Vec<&PathBuf> =
        shipped.keys().filter(|name| shipped[*name] != written[*name]).collect();
    assert!(differing.is_empty(), "{differing:?} differ");
    assert_eq!(world.findings.values().sum::<u64>(), 108);

    // The shipped pipeline is the written one with its paths moved, under a heading of its own.
    let moved = String::from_utf8(pipeline)
        .unwrap()
        .replace("root: .\n", "root: ..\n")
        .replace("file: keys/", &format!("file: {DATA}/keys/"))
        .replace("files: ", &format!("files: {DATA}/"));
    let below = |text: &str| text[text.find("\npipeline: ").unwrap()..].to_owned();
    assert_eq!(below(&fs::read_to_string(PIPELINE).unwrap()), below(&moved));
}

#[test]
fn the_readme_counts_what_the_runs_find() {
    let dir = tempfile::tempdir().unwrap();
    let page = fs::read_to_string("sample-data/README.md").unwrap();
    let rows = table(&page, "| Code |");
    let codes: BTreeSet<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    let wanted: BTreeSet<&str> =
        CODES.into_iter().filter(|code| *code != "AMT-07").chain(["all"]).collect();
    assert_eq!(codes, wanted);
    for (column, period) in [(2, "2026-02"), (3, "2026-03")] {
        let manifest = ran(&month_order(Path::new(PIPELINE), period, dir.path())).manifest;
        let mut counted = manifest.discrepancies.clone();
        counted.insert("all".to_owned(), manifest.discrepancies.values().sum());
        let told: BTreeMap<String, u64> =
            rows.iter().map(|row| (row[0].clone(), row[column].parse().unwrap())).collect();
        assert_eq!(told, counted, "{period}");
        let net = manifest.net.unwrap();
        assert!(page.contains(&format!(": {net}.")), "{period}: {net}");
        // Each month is entered as the truth has it, and so is the whole.
        let truth = Sheet::read(&Path::new(DATA).join("truth.parquet"));
        let of_month = truth.records().filter(|record| record["period"] == period).count();
        assert_eq!(of_month as u64, counted["all"]);
    }
}

/// A price that is missing blocks the statement of the month that needs it, and nothing else.
#[test]
fn a_weekend_without_a_price_blocks_the_statement_of_its_month() {
    let dir = tempfile::tempdir().unwrap();
    let run = |pipeline: &str, period: &str| {
        ran(&month_order(Path::new(pipeline), period, &dir.path().join("out")))
    };
    let february = run(GAP_PIPELINE, "2026-02");
    assert!(!february.is_blocked());
    assert_eq!(february.manifest.net, run(PIPELINE, "2026-02").manifest.net);

    let march = run(GAP_PIPELINE, "2026-03");
    assert!(march.is_blocked());
    assert_eq!(march.manifest.status, "blocked");
    assert_eq!(march.manifest.net, None);
    let folder = march.published.folder();
    let outputs: BTreeSet<&str> =
        march.manifest.outputs.iter().map(|output| output.file.as_str()).collect();
    for (name, is_published) in [
        ("statement.parquet", false),
        ("statement_lines.parquet", false),
        ("discrepancies.parquet", true),
        ("cleared_events.parquet", true),
        ("held.parquet", true),
        ("dictionary.parquet", true),
        ("control_totals.parquet", true),
    ] {
        assert_eq!(folder.join(name).exists(), is_published, "{name}");
        assert_eq!(outputs.contains(name), is_published, "{name}");
    }
    // Everything else is found as it is without the gap.
    let mut found = march.manifest.discrepancies.clone();
    assert_eq!(found.remove("AMT-07"), Some(7));
    assert_eq!(found, run(PIPELINE, "2026-03").manifest.discrepancies);
    // And the seven are redemptions of that weekend, which are held.
    let sheet = Sheet::read(&folder.join("discrepancies.parquet"));
    let unpriced: BTreeSet<String> = sheet
        .records()
        .filter(|record| record["code"] == "AMT-07")
        .map(|record| record["a_event_id"].to_owned())
        .collect();
    let held = Sheet::read(&folder.join("held.parquet"));
    let of_weekend = |micros: &str| {
        let at = jiff::Timestamp::from_microsecond(micros.parse().unwrap()).unwrap();
        let day = at.in_tz("Asia/Shanghai").unwrap().date();
        (14..=15).contains(&day.day()) && (day.year(), day.month()) == (2026, 3)
    };
    let rows: Vec<_> = held.records().filter(|record| record["code"] == "AMT-07").collect();
    // A reversal of one of them would be held with it.
    assert!(rows.len() >= unpriced.len());
    for row in rows {
        assert_eq!((row["issuer"], row["amount"]), ("a", ""), "{row:?}");
        assert!(row["kind"] == "reversal" || row["kind"] == "xburn", "{row:?}");
        if unpriced.contains(row["issuer_event_id"]) {
            assert!(of_weekend(row["occurred_at"]), "{row:?}");
        }
    }

    let exit = Command::new(env!("CARGO_BIN_EXE_hutong"))
        .args(["run", GAP_PIPELINE, "--as-of", "2026-03-31", "--quiet", "--to"])
        .arg(dir.path().join("other"))
        .status()
        .unwrap();
    assert_eq!(exit.code(), Some(3));
}

/// `version-gap.yaml` is `skyline-harbour.yaml` but for its name and one price.
#[test]
fn the_two_pipelines_of_the_sample_differ_in_one_price() {
    let lines = |file: &str| -> Vec<String> {
        let text = fs::read_to_string(file).unwrap();
        text.lines()
            .filter(|line| !line.trim_start().starts_with('#') && !line.starts_with("pipeline:"))
            .filter(|line| !line.contains("issuer: a, flow: redemption"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(lines(PIPELINE), lines(GAP_PIPELINE));
}

#[test]
fn every_code_stands_in_a_shipped_pipeline() {
    let dir = tempfile::tempdir().unwrap();
    let mut found = BTreeSet::new();
    for (pipeline, period) in
        [(PIPELINE, "2026-02"), (PIPELINE, "2026-03"), (GAP_PIPELINE, "2026-03")]
    {
        let manifest = ran(&month_order(Path::new(pipeline), period, dir.path())).manifest;
        found.extend(manifest.discrepancies.into_keys());
    }
    let missing: Vec<&str> = CODES.into_iter().filter(|code| !found.contains(*code)).collect();
    assert!(missing.is_empty(), "{missing:?} stand nowhere");
}

/// A pipeline is good whether or not its data is there.
#[test]
fn every_shipped_pipeline_passes_check() {
    let mut names = Vec::new();
    let shipped = |folder: &str| {
        let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.filter(|path| path.is_file()).collect::<Vec<_>>()
    };
    let own = shipped("pipelines").into_iter().map(|path| (path, ".."));
    let feeds = shipped("pipelines/feeds").into_iter().map(|path| (path, "../.."));
    for (path, up) in own.chain(feeds) {
        let output =
            Command::new(env!("CARGO_BIN_EXE_hutong")).arg("check").arg(&path).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let text = fs::read_to_string(&path).unwrap();
        let schema = format!("# yaml-language-server: $schema={up}/pipeline.schema.json");
        assert_eq!(text.lines().next(), Some(schema.as_str()), "{}", path.display());
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
    }
    for name in ["skyline-harbour.yaml", "version-gap.yaml", "complete-journey.yaml"] {
        assert!(names.iter().any(|found| found == name), "{name}");
    }
}

/// The twelve months of real purchases, as `sample-data/real/README.md` tells them.
#[test]
#[ignore = "the data is not shipped: sample-data/real/complete-journey.py fetches it"]
fn the_real_months_are_what_their_readme_tells() {
    let dir = tempfile::tempdir().unwrap();
    let page = fs::read_to_string("sample-data/real/README.md").unwrap();
    let rows = table(&page, "| | 01 |");
    for month in 1..=12 {
        let period = format!("2017-{month:02}");
        let pipeline = Path::new("pipelines/complete-journey.yaml");
        let order = month_order(pipeline, &period, dir.path());
        let grace = jiff::ToSpan::days(2);
        let outcome = ran(&Order { as_of: order.as_of.checked_add(grace).unwrap(), ..order });
        let cell = |name: &str| {
            let row = rows.iter().find(|row| row[0].trim_matches('*').starts_with(name));
            row.unwrap_or_else(|| panic!("no row {name}"))[month].replace(',', "")
        };
        let told: BTreeMap<String, u64> = rows
            .iter()
            .filter_map(|row| {
                let code: String = row[0].chars().take(6).collect();
                let is_code = code.as_bytes().get(3) == Some(&b'-');
                is_code.then(|| (code, row[month].parse().unwrap()))
            })
            .filter(|(_, count)| *count > 0)
            .collect();
        assert_eq!(told, outcome.manifest.discrepancies, "{period}");
        let net = outcome.manifest.net.clone().unwrap().replace(',', "");
        assert_eq!(net, format!("CARD pays GROC {} USD", cell("A pays B")), "{period}");
        let summary = outcome.summary.unwrap();
        for rule in ["reference", "order", "window"] {
            let pairs = |row: &Vec<String>| row[month].replace(',', "").parse::<u64>().unwrap();
            let told = rows.iter().find(|row| row[0].contains(&format!("by {rule}")));
            let folder = outcome.published.folder();
            let cleared = Sheet::read(&folder.join("cleared_events.parquet"));
            let by_rule =
                cleared.records().filter(|record| record["matched_by"] == rule).count() as u64;
            assert_eq!(by_rule, pairs(told.unwrap()), "{period} by {rule}");
        }
        let total = |stage: &str| {
            let mut totals = summary.totals.iter().filter(|total| {
                total.owner == "a" && total.subject == "issuer" && total.stage == stage
            });
            totals.next().map_or((0, None), |total| {
                (total.rows.unwrap(), total.money.map(|worth| worth.amount))
            })
        };
        assert_eq!(total("counted").0.to_string(), cell("counted"), "{period}");
        assert_eq!(total("held").0.to_string(), cell("held `XBURN`"), "{period}");
        let held = total("held").1.unwrap();
        assert_eq!(format!("{held:.2}"), cell("held at A"), "{period}");
        let reported = summary.totals.iter().find(|total| {
            total.owner == "a" && total.subject == "programme" && total.stage == "reported"
        });
        let reported = reported.and_then(|total| total.points).unwrap();
        assert_eq!(reported.to_string(), cell("A's closing"), "{period}");
    }
}
