//! Publications reviewed: `verify` finds what was altered, a figure that follows from nothing too;
//! `diff` leads from net to net; a run performed again is the same.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Decimal128Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use hutong::review::{
    Publication, bridge, compare, explain, inputs, of_ledgers, offsets, same_bytes, signed_off,
    verify,
};
use hutong::run::{self, Again, Unwatched};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::tables::close;

/// The worked example, published into a folder of its own.
fn example() -> (tempfile::TempDir, PathBuf) {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("pipelines/worked-example.yaml");
    let outcome = crate::tables::run(pipeline, ("2026-03-31", None), out.path()).unwrap();
    let folder = outcome.published.folder().to_owned();
    (out, folder)
}

/// The names of the checks that find something.
fn faults(folder: &Path) -> Vec<&'static str> {
    let checks = verify(&Publication::open(folder).unwrap()).unwrap();
    checks.iter().filter(|check| !check.is_clean()).map(|check| check.name).collect()
}

/// Fails when a publication is not what follows from its own tables.
#[track_caller]
pub fn is_sound(folder: &Path, whose: &str) {
    let faults = all_faults(folder);
    assert!(faults.is_empty(), "{whose}: {faults:#?}");
}

/// Whatever does not follow from a publication's own tables.
pub fn all_faults(folder: &Path) -> Vec<String> {
    let checks = verify(&Publication::open(folder).unwrap()).unwrap();
    checks.into_iter().flat_map(|check| check.faults).collect()
}

/// Alters a cell of a table: adds one to a figure, or a letter to a text; the manifest is made to
/// agree with the file.
pub fn alter(folder: &Path, table: &str, column: &str, row: usize) {
    let path = folder.join(format!("{table}.parquet"));
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    let batch = concat_batches(&schema, &batches).unwrap();
    let at = schema.index_of(column).unwrap();
    let old = batch.column(at);
    assert!(old.is_valid(row), "{table}.{column} of row {row} is empty");
    let new: ArrayRef = match old.data_type() {
        DataType::Int64 => {
            let values = old.as_primitive::<Int64Type>().iter().enumerate();
            Arc::new(
                values.map(|(i, v)| v.map(|v| v + i64::from(i == row))).collect::<Int64Array>(),
            )
        }
        DataType::Decimal128(precision, scale) => {
            let values = old.as_primitive::<Decimal128Type>().iter().enumerate();
            let values = values.map(|(i, v)| v.map(|v| v + i128::from(i == row)));
            let values = values.collect::<Decimal128Array>();
            Arc::new(values.with_precision_and_scale(*precision, *scale).unwrap())
        }
        DataType::Date32 => {
            let values = old.as_primitive::<Date32Type>().iter().enumerate();
            Arc::new(
                values.map(|(i, v)| v.map(|v| v + i32::from(i == row))).collect::<Date32Array>(),
            )
        }
        DataType::Utf8 => {
            let values = old.as_string::<i32>().iter().enumerate();
            let values =
                values.map(|(i, v)| v.map(|v| if i == row { format!("{v}x") } else { v.into() }));
            Arc::new(values.collect::<StringArray>())
        }
        DataType::Boolean => {
            let values = old.as_boolean().iter().enumerate();
            Arc::new(values.map(|(i, v)| v.map(|v| v != (i == row))).collect::<BooleanArray>())
        }
        DataType::Timestamp(..) => {
            let values = old.as_primitive::<TimestampMicrosecondType>().iter().enumerate();
            let values = values.map(|(i, v)| v.map(|v| v + i64::from(i == row)));
            let values = values.collect::<TimestampMicrosecondArray>();
            Arc::new(values.with_data_type(old.data_type().clone()))
        }
        other => panic!("{table}.{column} is {other}"),
    };
    let mut columns = batch.columns().to_vec();
    columns[at] = new;
    let batch = RecordBatch::try_new(schema.clone(), columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(&path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    agree(folder, table);
}

/// Makes the manifest agree with a table as it lies there.
pub fn agree(folder: &Path, table: &str) {
    let bytes = fs::read(folder.join(format!("{table}.parquet"))).unwrap();
    let manifest = folder.join("manifest.json");
    let mut said: serde_json::Value =
        serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
    for output in said["outputs"].as_array_mut().unwrap() {
        if output["file"] == format!("{table}.parquet") {
            output["bytes"] = bytes.len().into();
            output["blake3"] = blake3::hash(&bytes).to_hex().as_str().into();
        }
    }
    fs::write(&manifest, serde_json::to_vec(&said).unwrap()).unwrap();
}

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

#[test]
fn a_manifest_that_says_other_than_its_statement_is_told() {
    let rows = [
        ("/net", "SKY pays HBR 963.87 CNY"),
        ("/net", "HBR pays SKY 46.97 CNY"),
        ("/net", "SKY pays HBR 46.97 CNY; SKY pays HBR 46.97 CNY"),
        ("/statements/0/payer", "b"),
        ("/statements/0/held_a", "6.41"),
        ("/statements/0/held_b", "0"),
        ("/statements/0/amount_due", "46.98"),
        ("/a_code", "HBR"),
        ("/control_totals/0/points", "1"),
        ("/control_totals/0/money", "much"),
        ("/control_totals/1/stage", "lost"),
    ];
    for (place, value) in rows {
        let (_out, folder) = example();
        let manifest = folder.join("manifest.json");
        let mut said: serde_json::Value =
            serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        *said.pointer_mut(place).unwrap() = value.into();
        fs::write(&manifest, serde_json::to_vec(&said).unwrap()).unwrap();
        let check = match place.starts_with("/control_totals") {
            true => "control totals against the manifest",
            false => "statement against its lines",
        };
        assert!(faults(&folder).contains(&check), "{place} {value}: {:?}", faults(&folder));
    }
}

/// Fees and taxes follow from the terms that the manifest names, or are told.
#[test]
fn terms_of_fees_and_taxes_that_say_otherwise_are_told() {
    let rows = [
        ("rounding of money", "line up"),
        ("rounding of money", "page half_up"),
        ("redemption fee", "share 0.03, paid by a, tax 0.06 exclusive"),
        ("redemption fee", "share 0.02, paid by b, tax 0.06 exclusive"),
        ("redemption fee", "share 0.02, paid by a"),
        ("redemption fee", "share 0.02, paid by a, tax 0.06 inclusive"),
        ("redemption fee", "share 0.02, paid by a, least 5, tax 0.06 exclusive"),
        ("redemption fee", "share 0.02, paid by a, most 1, tax 0.06 exclusive"),
        ("redemption fee", "two per cent"),
        ("minimum settlement", "46.98 CNY"),
        ("minimum settlement", "0 USD"),
        ("due days", "11"),
        ("due days", "soon"),
    ];
    for (name, value) in rows {
        let (_out, folder) = example();
        let manifest = folder.join("manifest.json");
        let mut said: serde_json::Value =
            serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        let mut terms = said["terms"].as_array_mut().unwrap().iter_mut();
        let term = terms.find(|term| term["term"] == name).unwrap();
        assert_ne!(term["value"], value);
        term["value"] = value.into();
        fs::write(&manifest, serde_json::to_vec(&said).unwrap()).unwrap();
        let check = match name {
            "minimum settlement" | "due days" => "what is due against its terms",
            _ => "fees and taxes against their terms",
        };
        assert!(faults(&folder).contains(&check), "{name} {value}: {:?}", faults(&folder));
    }
}

#[test]
fn a_figure_that_follows_from_nothing_is_told() {
    let lines = "statement against its lines";
    let gross = "gross lines against counted events";
    let digest = "digest of the counted events";
    let legs = "counted and held legs against their totals";
    let conserved = "conservation: in = counted + held + excluded + pending";
    let feeds = "files read = accepted + rejected + ignored";
    let beside = "statement against what is held and counted";
    let mirrors = "agreed mirrors against exact ones";
    let charges = "fees and taxes against their terms";
    let due = "what is due against its terms";
    let items = "held and awaited items against discrepancies";
    let rows: [(&str, &str, usize, &[&str]); 54] = [
        ("statement", "due_date", 0, &[due]),
        ("statement", "a_code", 0, &[lines]),
        ("statement", "b_code", 0, &[lines]),
        ("statement", "pipeline", 0, &[lines]),
        ("statement_lines", "ratio", 0, &[lines]),
        ("held", "code", 0, &[items]),
        ("held", "discrepancy_id", 0, &[items]),
        ("open_rows", "points", 0, &[legs]),
        ("open_rows", "party", 0, &[legs]),
        ("open_rows", "code", 0, &[items]),
        ("open_rows", "discrepancy_id", 0, &[items]),
        ("discrepancies", "discrepancy_id", 0, &[items]),
        ("control_totals", "stage", 0, &[feeds]),
        ("statement_lines", "exact", 1, &[charges]),
        ("statement_lines", "exact", 2, &[charges]),
        ("statement_lines", "clause", 1, &[charges]),
        ("statement_lines", "points", 2, &[charges]),
        ("statement_lines", "type", 2, &[lines, charges]),
        ("statement", "held_a", 0, &[lines, beside]),
        ("statement", "events_counted", 0, &[beside]),
        ("statement", "discrepancies", 0, &[beside]),
        ("statement", "payee", 0, &[lines]),
        ("statement", "status", 0, &[lines]),
        ("statement", "pipeline_digest", 0, &[lines]),
        ("statement_lines", "payee", 1, &[lines]),
        ("statement_lines", "acceptor", 0, &[lines]),
        ("statement_lines", "rate", 0, &[gross]),
        ("statement_lines", "flow", 0, &[gross, charges]),
        ("statement_lines", "ratio_from", 0, &[gross]),
        ("statement_lines", "origin_period", 0, &[gross, charges]),
        ("held", "amount", 0, &[beside, legs]),
        ("cleared_events", "exact_numerator", 0, &[mirrors]),
        ("statement", "a_payable", 0, &[lines]),
        ("statement", "b_payable", 0, &[lines]),
        ("statement", "net", 0, &[lines, due]),
        ("statement", "amount_due", 0, &[lines, due]),
        ("statement", "carry_forward", 0, &[lines, due]),
        ("statement", "cleared_digest", 0, &[digest]),
        ("statement_lines", "amount", 0, &[lines, charges]),
        ("statement_lines", "amount", 1, &[lines, charges]),
        ("statement_lines", "events", 0, &[gross, charges]),
        ("statement_lines", "points", 3, &[gross, charges]),
        ("statement_lines", "exact", 0, &[gross]),
        ("cleared_events", "points", 0, &[gross, mirrors, digest]),
        ("cleared_events", "amount", 0, &[gross]),
        ("cleared_events", "line_no", 0, &[gross]),
        ("cleared_events", "agreed_mirror", 0, &[mirrors, digest]),
        ("cleared_events", "issuer_event_id", 0, &[digest]),
        ("cleared_events", "issuer_points", 0, &[legs]),
        ("accounts", "earn", 0, &["accounts rolled forward"]),
        ("accounts", "reported", 0, &["accounts rolled forward"]),
        ("discrepancies", "code", 0, &["counts of discrepancies", items]),
        ("dictionary", "column", 5, &["columns against the dictionary"]),
        ("links", "period", 2, &["rows, period and as-of date of every table"]),
    ];
    for (table, column, row, expected) in rows {
        let (_out, folder) = example();
        alter(&folder, table, column, row);
        let found = faults(&folder);
        let untold: Vec<_> = expected.iter().filter(|check| !found.contains(check)).collect();
        assert!(untold.is_empty(), "{table}.{column}: {untold:?} find nothing");
    }
    // The totals stand file by file first, then by role and stage.
    let (_out, folder) = example();
    alter(&folder, "control_totals", "rows", 0);
    assert_eq!(faults(&folder), [feeds]);
    let (_out, folder) = example();
    let totals = crate::tables::table(&folder, "control_totals");
    let of = |stage: &str| {
        let is_it = |row: &crate::tables::Row| row["subject"] == "issuer" && row["stage"] == stage;
        totals.iter().position(is_it).unwrap()
    };
    alter(&folder, "control_totals", "points", of("counted"));
    let stated = "control totals against the manifest";
    assert_eq!(faults(&folder), [conserved, legs, stated]);
    alter(&folder, "control_totals", "money", of("in"));
    assert_eq!(faults(&folder), [conserved, legs, stated]);
}

/// An altered table that lacks a column ends no story in a panic.
#[test]
fn a_story_goes_on_where_a_column_is_wanting() {
    for table in ["held", "open_rows", "discrepancies", "cleared_events", "statement_lines"] {
        let (_out, folder) = example();
        let path = folder.join(format!("{table}.parquet"));
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
        let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
        let batch = concat_batches(&batches[0].schema(), &batches).unwrap();
        for wanting in 0..batch.num_columns() {
            let kept: Vec<usize> = (0..batch.num_columns()).filter(|at| *at != wanting).collect();
            let batch = batch.project(&kept).unwrap();
            let file = File::create(&path).unwrap();
            let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let publication = Publication::open(&folder).unwrap();
            for id in ["SKY-008", "HBR-103", "SKY-002", "line:2", "0eef139cba5a03a8cb85"] {
                // A reader of single columns may miss one and say so.
                let _ = explain(&publication, id);
            }
        }
    }
}

#[test]
fn the_bridge_leads_from_net_to_net() {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("sample-data/three-months/pipeline.yaml");
    let [march, april] =
        [("2026-03", "2026-04-04"), ("2026-04", "2026-05-04")].map(|(period, as_of)| {
            let outcome = close(pipeline, (as_of, Some(period)), out.path()).unwrap();
            Publication::open(outcome.published.folder()).unwrap()
        });
    let (changes, bridges) = bridge(&march, &april).unwrap();
    let shown: Vec<String> = bridges[0]
        .steps
        .iter()
        .map(|step| format!("{} {} {}", step.kind, step.subject, step.change.normalize()))
        .collect();
    let expected = [
        "carry 2026-04 8",
        "gross a A1 B1 -8",
        "gross a A2 B2 4.8",
        "gross a A3 B3 6.4",
        "gross a A4 B4 2.4",
        "gross a A5 B5 -4",
        "gross a A6 B6 7.2",
    ];
    assert_eq!(shown, expected);
    assert_eq!(
        (bridges[0].from.to_string(), bridges[0].to.to_string()),
        ("8.00".into(), "24.80".into())
    );
    let told: Vec<String> =
        changes.iter().map(|change| format!("{} {}", change.what, change.code)).collect();
    let expected = [
        "appeared LED-06",
        "appeared REV-04",
        "changed AMT-01",
        "changed EVT-01",
        "changed LED-01",
        "gone EVT-01",
    ];
    assert_eq!(told, expected);
    assert_eq!(bridge(&april, &april).unwrap().0, []);
    assert_eq!(bridge(&april, &april).unwrap().1[0].steps, []);
}

#[test]
fn a_run_performed_again_is_the_same_and_with_other_terms_is_not() {
    let out = tempfile::tempdir().unwrap();
    let pipeline = Path::new("sample-data/three-months/pipeline.yaml");
    let months = [("2026-03", "2026-04-04"), ("2026-04", "2026-05-04")];
    let [_, april] = months.map(|(period, as_of)| {
        let outcome = close(pipeline, (as_of, Some(period)), out.path()).unwrap();
        Publication::open(outcome.published.folder()).unwrap()
    });
    let root = pipeline.parent().unwrap();
    assert!(inputs(&april, pipeline, root).unwrap().is_clean());
    let before = crate::published::files_under(out.path());
    let again = |settings: &[&str]| {
        let wanted = Again {
            pipeline: pipeline.to_owned(),
            name: april.manifest.pipeline.clone(),
            period: "2026-04".into(),
            as_of: "2026-05-04".parse().unwrap(),
            is_final: true,
            published: april.pipeline_folder().unwrap(),
            past: april.manifest.past.iter().map(|taken| taken.place.clone()).collect(),
            settings: settings.iter().map(|setting| setting.parse().unwrap()).collect(),
            // So little that the run is performed again in portions.
            memory_bytes: Some(1 << 12),
        };
        let (rehearsal, outcome) = run::again(&wanted, &Unwatched).unwrap();
        (rehearsal, Publication::open(outcome.published.folder()).unwrap())
    };
    let (_rehearsal, other) = again(&[]);
    assert!(same_bytes(&april, &other).unwrap().is_clean());
    let manifest = april.path("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("SKY pays HBR", "HBR pays SKY")).unwrap();
    assert!(!same_bytes(&april, &other).unwrap().is_clean());
    fs::write(&manifest, text).unwrap();
    let (rehearsal, other) = again(&["terms.minimum_settlement=1000.00"]);
    assert!(!same_bytes(&april, &other).unwrap().is_clean());
    // The same is owed; it is only not yet due.
    let figures = |publication: &Publication| {
        let of = &publication.manifest.statements[0];
        (of.net.clone(), of.amount_due.clone())
    };
    assert_eq!(figures(&april), ("24.80".into(), "24.80".into()));
    assert_eq!(figures(&other), ("24.80".into(), "0.00".into()));
    let gone = rehearsal.out();
    drop(rehearsal);
    assert!(!gone.exists());
    assert_eq!(crate::published::files_under(out.path()), before);
}

#[test]
fn the_partner_s_run_is_compared_on_file_rule_and_row() {
    let ((_a, ours), (_b, theirs)) = (example(), example());
    let open = |folder: &Path| Publication::open(folder).unwrap();
    let faults = |theirs: &Path| -> Vec<String> {
        let checks = compare(&open(&ours), &open(theirs)).unwrap();
        checks.into_iter().flat_map(|check| check.faults).collect()
    };
    assert_eq!(faults(&theirs), [""; 0]);
    alter(&theirs, "held", "points", 1);
    assert_eq!(faults(&theirs), ["held.parquet: row 2 differs first, in points"]);
    // The manifest alone names the table.
    let alone = tempfile::tempdir().unwrap();
    fs::copy(theirs.join("manifest.json"), alone.path().join("manifest.json")).unwrap();
    let expected = ["held.parquet: it differs; its rows are not here to be compared"];
    assert_eq!(faults(alone.path()), expected);
}

#[test]
fn a_story_leads_from_the_statement_to_file_and_line() {
    let (_out, folder) = example();
    let publication = Publication::open(&folder).unwrap();
    let told = |id: &str| {
        let stories = explain(&publication, id).unwrap();
        let lines = stories.iter().flat_map(|story| {
            let lines = story.lines.iter().map(|(label, value)| format!("  {label}  {value}"));
            std::iter::once(story.title.clone()).chain(lines)
        });
        lines.collect::<Vec<String>>().join("\n")
    };
    let held = crate::tables::table(&folder, "held");
    let id = &held.iter().find(|item| item["code"] == "EVT-01").unwrap()["discrepancy_id"];
    let row = &held.iter().find(|item| item["code"] == "AMT-01").unwrap()["issuer_row"];
    let found = crate::tables::table(&folder, "discrepancies");
    let broken = &found.iter().find(|found| found["code"] == "LED-01").unwrap()["discrepancy_id"];
    let stories = ["line:1", "line:2", "line:3", id, row, broken].map(told).join("\n\n");
    insta::assert_snapshot!("stories", stories);
    assert_eq!(explain(&publication, "line:99").unwrap(), []);
    // The byte at which a line begins is found in the recorded input, as long as that is the one.
    let place = "sample-data/worked-example/a-ledger.csv:3";
    let of = |root: &Path| {
        let mut stories = explain(&publication, place).unwrap();
        offsets(&publication, root, &mut stories).unwrap();
        let told = stories[0].lines.iter().find(|(label, _)| label.starts_with("byte offset"));
        told.unwrap().1.clone()
    };
    let text = fs::read_to_string(place.strip_suffix(":3").unwrap()).unwrap();
    let begins: usize = text.split_inclusive('\n').take(2).map(str::len).sum();
    assert_eq!(of(Path::new(".")), format!("{place}  {begins}"));
    let elsewhere = tempfile::tempdir().unwrap();
    assert!(of(elsewhere.path()).ends_with("the file is missing 文件缺失"));
    assert_eq!(explain(&publication, "no such id").unwrap(), []);
}

/// A party's own business stands in no table of an open period: the recorded inputs have it.
#[test]
fn own_business_is_found_in_the_recorded_inputs() {
    let (_out, folder) = example();
    let publication = Publication::open(&folder).unwrap();
    let pipeline = hutong::pipeline::read(Path::new("pipelines/worked-example.yaml")).unwrap();
    let titles = |publication: &Publication, id: &str| {
        let mut stories = explain(publication, id).unwrap();
        of_ledgers(publication, &pipeline, id, &mut stories).unwrap();
        stories.into_iter().map(|story| story.title).collect::<Vec<String>>()
    };
    let earned = "A party's own business 本方业务: earn 累积 on a's book";
    let account = "Account of a's programme 账户";
    let place = "sample-data/worked-example/a-ledger.csv:2";
    let counted = "Counted 计入: redemption of a's points";
    let rows: [(&str, &[&str]); 6] = [
        ("SKY-001", &[earned, account]),
        (place, &[earned, account]),
        // What a table tells is not told again.
        ("SKY-004", &[counted]),
        ("sample-data/worked-example/b-ledger.csv:99", &[]),
        (":2", &[]),
        ("", &[]),
    ];
    for (id, expected) in rows {
        assert_eq!(titles(&publication, id), expected, "{id}");
    }
    // A file that is another now is not read.
    let manifest = folder.join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    let input = publication.manifest.inputs.iter().find(|input| place.starts_with(&input.path));
    fs::write(&manifest, text.replace(&input.unwrap().blake3, &"0".repeat(64))).unwrap();
    assert_eq!(titles(&Publication::open(&folder).unwrap(), "SKY-001"), [""; 0]);
}
