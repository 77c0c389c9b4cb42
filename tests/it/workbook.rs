//! `summary.xlsx` says what the tables say, and names no member; ids that only case tells apart are
//! told.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::read_to_string;
use std::path::Path;

use hutong::generate::{DataFormat, GenerateOrder};
use rust_decimal::Decimal;

use crate::published::{Sheet, generated, month_order, ran, small_order};

/// What stands between two marks, each time.
fn between<'t>(text: &'t str, from: &'t str, to: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(from).skip(1).filter_map(move |rest| rest.split(to).next())
}

/// A workbook's sheets: of each row its cells by column letter, as they are stored.
fn sheets(path: &Path) -> Vec<Vec<BTreeMap<String, String>>> {
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut part = |name: &str| read_to_string(archive.by_name(name).unwrap()).unwrap();
    let texts = part("xl/sharedStrings.xml");
    let texts: Vec<String> = between(&texts, "<si>", "</si>")
        .map(|item| item.split_once('>').unwrap().1.trim_end_matches("</t>").to_owned())
        .collect();
    let mut sheets = Vec::new();
    for number in 1..=4 {
        let sheet = part(&format!("xl/worksheets/sheet{number}.xml"));
        assert!(!sheet.contains("<f>"), "a formula");
        let rows = between(&sheet, "<row ", "</row>").map(|row| {
            let cells = between(row, "<c ", "</c>").map(|cell| {
                let place = between(cell, "r=\"", "\"").next().unwrap();
                let value = between(cell, "<v>", "</v>").next().unwrap_or_default();
                let value = match cell.contains("t=\"s\"") {
                    true => texts[value.parse::<usize>().unwrap()].clone(),
                    false => value.to_owned(),
                };
                (place.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned(), value)
            });
            cells.collect()
        });
        sheets.push(rows.collect());
    }
    sheets
}

/// The letter of the column with a heading.
#[track_caller]
fn letter(sheet: &[BTreeMap<String, String>], heading: &str) -> String {
    let found = sheet[0].iter().find(|(_, text)| text.as_str() == heading);
    found.unwrap_or_else(|| panic!("no {heading} in {:?}", sheet[0])).0.clone()
}

#[test]
fn the_workbook_says_what_the_tables_say_and_names_no_member() {
    let dir = tempfile::tempdir().unwrap();
    let world = dir.path().join("world");
    let order = GenerateOrder {
        seed: 61,
        faults_ppm: 200_000,
        format: DataFormat::Csv,
        ..small_order(&world)
    };
    let pipeline = generated(&order).pipeline;
    let outcome = ran(&month_order(&pipeline, "2026-03", &dir.path().join("out")));
    let folder = outcome.published.folder();
    let book = sheets(&folder.join("summary.xlsx"));

    // Every amount stands as a number and, beside it, as text.
    let mut amounts = 0;
    for sheet in &book {
        for (heading, exact) in [
            ("amount\n金额", "amount, exact\n金额（文本）"),
            ("at stake\n涉及金额", "at stake, exact\n涉及金额（文本）"),
        ] {
            if !sheet[0].values().any(|text| text == heading) {
                continue;
            }
            let (number, text) = (letter(sheet, heading), letter(sheet, exact));
            for row in &sheet[1..] {
                let (Some(number), text) = (row.get(&number), row.get(&text)) else { continue };
                let text: Decimal = text.unwrap().parse().unwrap();
                assert_eq!(number.parse::<Decimal>().unwrap(), text, "{heading} of {row:?}");
                amounts += 1;
            }
        }
    }
    assert!(amounts > 50, "{amounts}");

    // The lines are those of the table.
    let lines = Sheet::read(&folder.join("statement_lines.parquet"));
    let exact = letter(&book[1], "amount, exact\n金额（文本）");
    let shown: Vec<&String> = book[1][1..].iter().map(|row| &row[&exact]).collect();
    let amount = lines.place("amount");
    assert_eq!(shown, lines.rows.iter().map(|row| &row[amount]).collect::<Vec<_>>());

    // Every discrepancy is counted once.
    let (code, count) = (letter(&book[2], "code\n代码"), letter(&book[2], "count\n数量"));
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for row in &book[2][1..] {
        *counted.entry(row[&code].clone()).or_default() += row[&count].parse::<u64>().unwrap();
    }
    assert_eq!(counted, outcome.manifest.discrepancies);

    // Every reason stands in both languages.
    let [english, chinese] =
        ["reason\n原因（英文）", "reason, in Chinese\n原因"].map(|head| letter(&book[3], head));
    for row in &book[3][1..] {
        assert!(row[&english].is_ascii() || row[&english] != row[&chinese], "{row:?}");
        assert!(!row[&chinese].is_ascii(), "{row:?}");
    }

    let texts: Vec<&String> = book.iter().flatten().flat_map(BTreeMap::values).collect();
    let mut members = 0;
    for party in ["a", "b"] {
        let text = fs::read_to_string(world.join(party).join("2026-03/members.csv")).unwrap();
        for line in text.lines().skip(1) {
            let number = line.split(',').next().unwrap();
            assert!(number.len() > 4, "{number}");
            let named = texts.iter().find(|text| text.contains(number));
            assert_eq!(named, None, "{number}");
            members += 1;
        }
    }
    assert!(members > 300, "{members}");
}

/// What is due stands in words beside the figure, where its currency has such words (大写金额).
#[test]
fn what_is_due_stands_in_capitals() {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("pipelines/worked-example.yaml");
    let outcome = crate::tables::run(pipeline, ("2026-03-31", None), out.path()).unwrap();
    let book = sheets(&outcome.published.folder().join("summary.xlsx"));
    let zh = letter(&book[0], "项目\n项目");
    let says = letter(&book[0], "says\n说明");
    let at =
        book[0].iter().position(|row| row.get(&zh).is_some_and(|it| it == "应结金额")).unwrap();
    let below = &book[0][at + 1];
    assert_eq!((below[&zh].as_str(), below[&says].as_str()), ("大写金额", "肆拾陆元玖角柒分"));
}

/// Two ids that differ only in case are two to the engine, and the run tells of them.
#[test]
fn ids_that_only_case_tells_apart_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let world = dir.path().join("world");
    let order =
        GenerateOrder { seed: 62, faults_ppm: 0, format: DataFormat::Csv, ..small_order(&world) };
    let pipeline = generated(&order).pipeline;
    let run = |to: &str| ran(&month_order(&pipeline, "2026-03", &dir.path().join(to)));
    assert_eq!(run("before").manifest.collisions, []);
    let ledger = world.join("a/2026-03/ledger-1.csv");
    let text = fs::read_to_string(&ledger).unwrap();
    let row = text.lines().nth(1).unwrap();
    let (id, rest) = row.split_once(',').unwrap();
    let other = if id.chars().any(|c| c.is_ascii_lowercase()) {
        id.to_ascii_uppercase()
    } else {
        id.to_ascii_lowercase()
    };
    assert_ne!(id, other);
    fs::write(&ledger, format!("{text}{other},{rest}\n")).unwrap();
    let outcome = run("after");
    let found = &outcome.manifest.collisions;
    assert_eq!(found.len(), 1, "{found:?}");
    let found = &found[0];
    assert_eq!((found.owner.as_str(), found.column.as_str(), found.ids), ("a", "event_id", 2));
}
