use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use arrow::array::{Array, Int64Array, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;
use crate::pipeline::declaration::Declaration;

fn order(to: &Path, members: u64, events: u64) -> GenerateOrder {
    GenerateOrder {
        members,
        events,
        seed: 20_260_331,
        faults_ppm: 20_000,
        to: to.to_owned(),
        format: DataFormat::Mixed,
        first_period: (2026, 2),
        periods: 2,
        as_of: None,
        blocking: false,
        refused: true,
        codes: Vec::new(),
    }
}

/// Every file under a folder with its bytes.
fn bytes(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_owned();
                files.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    files
}

fn parquet(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    arrow::compute::concat_batches(&schema, &batches).unwrap()
}

fn texts(batch: &RecordBatch, name: &str) -> Vec<String> {
    let column = batch.column_by_name(name).unwrap();
    let column = column.as_any().downcast_ref::<StringArray>().unwrap();
    column.iter().map(|text| text.unwrap_or("").to_owned()).collect()
}

fn wholes(batch: &RecordBatch, name: &str) -> Vec<i64> {
    let column = batch.column_by_name(name).unwrap();
    column.as_any().downcast_ref::<Int64Array>().unwrap().values().to_vec()
}

/// Rows of a CSV file, by header.
fn csv_rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// A ledger row as the roll-forward sees it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    event: String,
    member: String,
    kind: String,
    points: i64,
    at: String,
    counter: String,
    original: String,
    order: String,
    status: String,
}

fn entries_a(folder: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    for part in ["ledger-1.csv", "ledger-2.csv", "ledger-3.csv"] {
        for row in csv_rows(&folder.join(part)) {
            let cell = |name: &str| row[name].clone();
            entries.push(Entry {
                event: cell("流水号"),
                member: cell("会员号"),
                kind: cell("类型"),
                points: row["积分"].parse().unwrap(),
                at: cell("交易时间"),
                counter: cell("对方流水号"),
                original: cell("原流水号"),
                order: cell("订单号"),
                status: cell("状态"),
            });
        }
    }
    entries
}

fn entries_b(folder: &Path) -> Vec<Entry> {
    let batch = parquet(&folder.join("ledger.parquet"));
    let at = batch.column_by_name("occurred_at").unwrap();
    let at = at.as_any().downcast_ref::<TimestampMicrosecondArray>().unwrap();
    let columns = [
        "event_id",
        "member_no",
        "kind",
        "counter_event_id",
        "original_event_id",
        "order_no",
        "status",
    ]
    .map(|name| texts(&batch, name));
    let points = wholes(&batch, "points");
    (0..batch.num_rows())
        .map(|row| {
            let [event, member, kind, counter, original, order, status] =
                columns.each_ref().map(|column| column[row].clone());
            let at = at.value(row).to_string();
            Entry { event, member, kind, points: points[row], at, counter, original, order, status }
        })
        .collect()
}

/// Balances that opening and movements lead to, worked out from the files alone.
fn expected(opening: &BTreeMap<String, i64>, entries: &[Entry]) -> BTreeMap<String, i64> {
    let memo = |kind: &str| {
        ["跨店受理", "跨店发放", "xaccept", "xaward", "冻结", "解冻", "freeze", "unfreeze"]
            .contains(&kind)
    };
    let kinds: BTreeMap<&str, &str> =
        entries.iter().map(|entry| (entry.event.as_str(), entry.kind.as_str())).collect();
    let mut seen = BTreeSet::new();
    let mut balances = opening.clone();
    for entry in entries {
        if !["posted", "已入账"].contains(&entry.status.as_str())
            || entry.event == "4.00123E+27"
            || !seen.insert(entry)
        {
            continue;
        }
        let reversal = ["reversal", "冲正"].contains(&entry.kind.as_str());
        let moves = if reversal {
            match kinds.get(entry.original.as_str()) {
                Some(kind) => !memo(kind),
                None => entry.counter.is_empty(),
            }
        } else {
            !memo(&entry.kind)
        };
        if moves {
            *balances.get_mut(&entry.member).unwrap() += entry.points;
        }
    }
    balances
}

#[test]
fn one_order_gives_one_sequence_of_bytes_and_another_seed_another() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two, three) =
        (folder.path().join("1"), folder.path().join("2"), folder.path().join("3"));
    generate(&order(&one, 150, 700)).unwrap();
    generate(&order(&two, 150, 700)).unwrap();
    generate(&GenerateOrder { seed: 7, ..order(&three, 150, 700) }).unwrap();
    let first = bytes(&one);
    assert_eq!(first.len(), 2 + 1 + 2 * (6 + 4 + 2));
    assert!(first == bytes(&two));
    assert!(first != bytes(&three));
}

#[test]
fn every_fault_has_a_carrier_in_every_period_and_only_where_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let codes = |order: &GenerateOrder| {
        let found = generate(order).unwrap();
        let truth = parquet(&found.truth);
        let mut counts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        for (period, code) in texts(&truth, "period").iter().zip(texts(&truth, "code")) {
            *counts.entry(period.clone()).or_default().entry(code).or_insert(0) += 1;
        }
        let total: u64 = counts.values().flat_map(BTreeMap::values).sum();
        assert_eq!(total, found.findings.values().sum::<u64>());
        counts.into_values().map(|codes| codes.into_keys().collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    for (members, events) in [(120, 600), (200, 900), (2_500, 12_000)] {
        let small = GenerateOrder { blocking: true, ..order(folder.path(), members, events) };
        let found = codes(&small);
        assert_eq!(found.len(), 2);
        for period in found {
            assert_eq!(period.len(), 30, "{period:?}");
        }
        let usual = GenerateOrder { refused: false, ..order(folder.path(), members, events) };
        for period in codes(&usual) {
            assert_eq!(period.len(), 28, "{period:?}");
            assert!(!period.contains(&"AMT-07".to_owned()));
        }
    }
    let clean = GenerateOrder { faults_ppm: 0, ..order(folder.path(), 200, 900) };
    assert!(codes(&clean).is_empty());
}

#[test]
fn only_the_codes_that_are_named_are_written() {
    let folder = tempfile::tempdir().unwrap();
    for wanted in [vec!["EVT-01"], vec!["LED-01"], vec!["AMT-02", "EVT-03", "MBR-07", "TIR-01"]] {
        // So many faults that a share of members is drawn to carry one of each family.
        let usual = order(folder.path(), 3_000, 12_000);
        let codes = wanted.clone();
        let named = GenerateOrder { faults_ppm: 100_000, refused: false, codes, ..usual };
        let found = generate(&named).unwrap().findings;
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), wanted, "{found:?}");
    }
    assert_eq!(parse_code(" evt-01").unwrap(), "EVT-01");
    assert!(parse_code("EVT-05").unwrap_err().to_string().contains("EVT-01, EVT-02"));
}

#[test]
fn rows_come_in_the_number_that_was_ordered() {
    let folder = tempfile::tempdir().unwrap();
    for (members, events) in [(200, 900), (3_000, 9_000), (100, 20_000), (5_000, 2_000)] {
        let ordered = GenerateOrder { periods: 1, ..order(folder.path(), members, events) };
        let found = generate(&ordered).unwrap();
        for (party, rows) in found.events.iter() {
            let off = rows.abs_diff(events);
            assert!(off * 10 <= events, "{party}: {rows} of {events} for {members} members");
        }
    }
}

#[test]
fn the_books_roll_forward_but_for_the_accounts_that_truth_names() {
    let folder = tempfile::tempdir().unwrap();
    for (seed, members, events) in [(1, 200, 900), (2, 2_500, 12_000), (3, 150, 20_000)] {
        let ordered = GenerateOrder { seed, ..order(folder.path(), members, events) };
        let found = generate(&ordered).unwrap();
        let truth = parquet(&found.truth);
        let [periods, codes, parties, a, b] =
            ["period", "code", "party", "a_member", "b_member"].map(|name| texts(&truth, name));
        for period in &found.periods {
            for party in ["a", "b"] {
                let named = |code: &str| -> BTreeSet<String> {
                    (0..codes.len())
                        .filter(|&row| {
                            periods[row] == *period && codes[row] == code && parties[row] == party
                        })
                        .map(|row| if party == "a" { a[row].clone() } else { b[row].clone() })
                        .collect()
                };
                let folder = folder.path().join(party).join(period);
                let (opening, entries, closing) = if party == "a" {
                    let balances = |file: &str, column: &str| {
                        csv_rows(&folder.join(file))
                            .into_iter()
                            .map(|row| (row["会员号"].clone(), row[column].parse().unwrap()))
                            .collect::<BTreeMap<String, i64>>()
                    };
                    let closing = balances("accounts.csv", "期末余额");
                    (balances("opening.csv", "期初余额"), entries_a(&folder), closing)
                } else {
                    let balances = |file: &str| {
                        let batch = parquet(&folder.join(file));
                        let numbers = texts(&batch, "member_no");
                        numbers
                            .into_iter()
                            .zip(wholes(&batch, "balance"))
                            .collect::<BTreeMap<_, _>>()
                    };
                    let closing = balances("accounts.parquet");
                    (balances("opening.parquet"), entries_b(&folder), closing)
                };
                let expected = expected(&opening, &entries);
                let broken: BTreeSet<String> = expected
                    .iter()
                    .filter(|(member, balance)| closing.get(*member) != Some(*balance))
                    .map(|(member, _)| member.clone())
                    .collect();
                assert_eq!(broken, named("LED-01"), "{period} {party}");
                let below: BTreeSet<String> = expected
                    .iter()
                    .filter(|(_, balance)| **balance < 0)
                    .map(|(member, _)| member.clone())
                    .collect();
                assert_eq!(below, named("LED-02"), "{period} {party}");
                // Apart from what truth says, one number is one row.
                let mut numbers = BTreeMap::new();
                for entry in &entries {
                    *numbers.entry(entry.event.as_str()).or_insert(0_u64) += 1;
                }
                let twice = numbers.values().filter(|count| **count > 1).count();
                let said = (0..codes.len())
                    .filter(|&row| {
                        periods[row] == *period
                            && parties[row] == party
                            && ["EVT-03", "EVT-04"].contains(&codes[row].as_str())
                    })
                    .count();
                let refused = usize::from(numbers.get("4.00123E+27").is_some_and(|n| *n > 1));
                assert_eq!(twice, said + refused, "{period} {party}");
            }
        }
    }
}

#[test]
fn parquet_columns_have_the_types_that_are_declared() {
    let folder = tempfile::tempdir().unwrap();
    generate(&order(folder.path(), 150, 700)).unwrap();
    let ledger = parquet(&folder.path().join("b/2026-02/ledger.parquet"));
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let rows = [
        ("event_id", DataType::Utf8),
        ("kind", DataType::Utf8),
        ("points", DataType::Int64),
        ("occurred_at", micros),
    ];
    for (name, kind) in rows {
        assert_eq!(*ledger.schema().field_with_name(name).unwrap().data_type(), kind, "{name}");
    }
}

#[test]
fn the_pipeline_is_a_declaration_for_every_format() {
    let folder = tempfile::tempdir().unwrap();
    for format in [DataFormat::Csv, DataFormat::Parquet, DataFormat::Mixed] {
        let ordered = GenerateOrder { format, blocking: true, ..order(folder.path(), 20, 50) };
        let found = generate(&ordered).unwrap();
        let text = fs::read_to_string(found.pipeline).unwrap();
        let declared: Declaration = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(declared.terms.ratios.len(), 6);
        assert_eq!(declared.terms.rates.len(), 6 + 2);
        assert_eq!(declared.feeds.a.ledger.columns.len(), 10);
    }
}

#[test]
fn an_order_that_cannot_be_met_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let good = order(folder.path(), 20, 50);
    let day = |text: &str| Some(text.parse().unwrap());
    for bad in [
        GenerateOrder { members: 0, ..good.clone() },
        GenerateOrder { periods: 0, ..good.clone() },
        GenerateOrder { first_period: (2026, 13), ..good.clone() },
        GenerateOrder { as_of: day("2026-02-20"), ..good.clone() },
        GenerateOrder { as_of: day("2026-03-02"), ..good.clone() },
        GenerateOrder { events: 2_000_000, ..good },
    ] {
        assert!(matches!(generate(&bad), Err(GenerateError::Order(_))), "{bad:?}");
    }
}

#[test]
fn shares_and_months_are_read_exactly() {
    for (text, ppm) in [("0.01", 10_000), ("0", 0), ("1", 1_000_000), ("0.000001", 1)] {
        assert_eq!(parse_share(text).unwrap(), ppm);
    }
    for text in ["", "1.1", "-0.1", "0.0000001", "1e-3", "one"] {
        assert!(parse_share(text).is_err(), "{text}");
    }
    assert_eq!(parse_month("2026-03").unwrap(), (2026, 3));
    for text in ["2026-3", "2026-13", "2026", "2026-03-01"] {
        assert!(parse_month(text).is_err(), "{text}");
    }
}
