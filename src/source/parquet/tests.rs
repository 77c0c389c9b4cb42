use std::io::Write;
use std::time::{Duration, Instant};

use arrow::array::AsArray;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int8Array,
    Int32Array, Int64Array, LargeStringArray, NullArray, StringArray, StringViewArray, StructArray,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray,
    TimestampSecondArray, UInt16Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::file::metadata::{ParquetMetaDataReader, ParquetMetaDataWriter};
use parquet::file::properties::{WriterProperties, WriterVersion};

use super::*;
use crate::feed::{FeedFault, FeedRows, Format};
use crate::frame::fields::FeedKind;
use crate::source::tests::{ACCOUNTS, Folder, accounts, rejects};

fn file(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap();
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn read(columns: Vec<(&str, ArrayRef)>, declared: &[(&str, &str)]) -> FeedRows {
    let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, declared);
    folder.put("a.parquet", &file(columns));
    folder.read().unwrap()
}

fn array(array: impl arrow::array::Array + 'static) -> ArrayRef {
    Arc::new(array)
}

fn texts(texts: [&str; 3]) -> ArrayRef {
    array(StringArray::from(texts.to_vec()))
}

#[test]
fn identifiers_and_points_of_every_type_are_exact() {
    let ids = [
        array(StringArray::from(vec!["1", " 2", "3"])),
        array(LargeStringArray::from(vec!["1", "2", "3"])),
        array(StringViewArray::from(vec!["1", "2", "3"])),
        array(vec!["1", "2", "3"].into_iter().collect::<DictionaryArray<Int32Type>>()),
        array(Int8Array::from(vec![1, 2, 3])),
        array(UInt16Array::from(vec![1, 2, 3])),
        array(Int64Array::from(vec![1, 2, 3])),
        array(UInt64Array::from(vec![1, 2, 3])),
        array(Decimal128Array::from(vec![1, 2, 3]).with_precision_and_scale(20, 0).unwrap()),
    ];
    for id in ids {
        let shown = id.data_type().clone();
        let balance = array(Int32Array::from(vec![-5, 0, 7]));
        let read = read(
            vec![("x", array(NullArray::new(3))), ("余额", balance), ("会员号", id)],
            ACCOUNTS,
        );
        assert_eq!(accounts(&read), ["0:1 1 -5", "0:2 2 0", "0:3 3 7"], "{shown}");
        assert_eq!(read.files[0].rows, 3);
    }
    let decimal = |values: Vec<i128>, scale| {
        array(Decimal128Array::from(values).with_precision_and_scale(38, scale).unwrap())
    };
    let points = [
        texts(["-5", "1000", "7.0"]),
        array(Int64Array::from(vec![-5, 1000, 7])),
        decimal(vec![-5, 1000, 7], 0),
        decimal(vec![-500, 100_000, 700], 2),
    ];
    for points in points {
        let shown = points.data_type().clone();
        let read = read(vec![("会员号", texts(["a", "b", "c"])), ("余额", points)], ACCOUNTS);
        assert_eq!(accounts(&read), ["0:1 a -5", "0:2 b 1000", "0:3 c 7"], "{shown}");
    }
    let big = array(UInt64Array::from(vec![Some(u64::MAX), Some(1), None]));
    let read = read(vec![("会员号", texts(["a", "b", "c"])), ("余额", big)], ACCOUNTS);
    assert_eq!(accounts(&read), ["0:2 b 1"]);
    assert_eq!(
        rejects(&read),
        [
            "a.parquet:1 balance Value beyond 1000000000000, the most points that a row may have, in smallest units; have it looked at [99999999999999999999]",
            "a.parquet:3 balance Value empty, and the column needs a value; have it filled in []"
        ]
    );
}

#[test]
fn instants_of_every_unit_are_exact() {
    let declared = [ACCOUNTS, &[("as_of", "截至")]].concat();
    let at = 1_772_330_400; // 2026-03-01T02:00:00Z, ten o'clock in Shanghai.
    let local = at + 8 * 3600;
    let seconds = |s: i64| vec![s, s, s];
    let times = |n: i64, factor: i64| seconds(n * factor);
    let rows = [
        (array(TimestampSecondArray::from(seconds(at)).with_timezone("UTC")), at * 1_000_000),
        (array(TimestampSecondArray::from(seconds(local))), at * 1_000_000),
        (array(TimestampMillisecondArray::from(times(local, 1_000))), at * 1_000_000),
        (array(TimestampMicrosecondArray::from(times(local, 1_000_000))), at * 1_000_000),
        (
            array(TimestampMicrosecondArray::from(times(at, 1_000_000)).with_timezone("+09:00")),
            at * 1_000_000,
        ),
        (array(TimestampNanosecondArray::from(times(local, 1_000_000_000))), at * 1_000_000),
        (array(Date32Array::from(vec![20_513, 20_513, 20_513])), 1_772_380_799_999_999),
        (texts(["2026-03-01"; 3]), 1_772_380_799_999_999),
    ];
    for (as_of, want) in rows {
        let shown = as_of.data_type().clone();
        let balance = array(Int64Array::from(vec![1, 2, 3]));
        let columns = vec![("会员号", texts(["a", "b", "c"])), ("余额", balance), ("截至", as_of)];
        let read = read(columns, &declared);
        assert_eq!(read.faults, [], "{shown}");
        assert_eq!(read.rejects, [], "{shown}");
        assert_eq!(read.rows.column(2).as_primitive::<Int64Type>().value(0), want, "{shown}");
    }
    let fine = array(TimestampNanosecondArray::from(vec![1, 1_000, i64::MIN]));
    let balance = array(Int64Array::from(vec![1, 2, 3]));
    let read = read(
        vec![("会员号", texts(["a", "b", "c"])), ("余额", balance), ("截至", fine)],
        &declared,
    );
    let reasons: Vec<_> = read.rejects.iter().map(|r| (r.line, r.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (1, "finer than a microsecond; have six decimals of a second sent at most"),
            (3, "finer than a microsecond; have six decimals of a second sent at most")
        ]
    );
}

#[test]
fn columns_of_unusable_types_are_faults() {
    let declared = [ACCOUNTS, &[("as_of", "截至")]].concat();
    let floats = || array(Float64Array::from(vec![1.0, 2.0, 3.0]));
    let decimals =
        array(Decimal128Array::from(vec![1, 2, 3]).with_precision_and_scale(9, 2).unwrap());
    let columns = vec![("会员号", floats()), ("余额", floats()), ("截至", floats())];
    let faults = |read: FeedRows| -> Vec<String> {
        assert_eq!(read.rows.num_rows(), 0);
        read.faults
            .into_iter()
            .map(|fault| match fault {
                FeedFault::Column { column, reason, .. } => format!("{column}: {reason}"),
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(
        faults(read(columns, &declared)),
        [
            "会员号: its type Float64 cannot fill member_no; write text or integers",
            "余额: its type Float64 cannot fill balance; write integers, decimals or text",
            "截至: its type Float64 cannot fill as_of; write timestamps, dates or text, or declare \
             the format of its integers",
        ]
    );
    let bools = array(BooleanArray::from(vec![true, false, true]));
    let integers = array(Int64Array::from(vec![1, 2, 3]));
    let columns = vec![("会员号", decimals), ("余额", bools), ("截至", integers)];
    assert_eq!(faults(read(columns, &declared)).len(), 3);
    let missing = faults(read(vec![("会员号", floats())], ACCOUNTS));
    assert_eq!(
        missing[1],
        "余额: the file has no such column; see `from` of the column, or have it sent"
    );
}

fn sound() -> Vec<u8> {
    file(vec![
        ("会员号", texts(["a1", "b2", "c3"])),
        ("余额", array(Int64Array::from(vec![1, 2, 3]))),
        ("姓名", texts(["张三", "李四", "王五"])),
    ])
}

#[test]
fn damaged_files_name_themselves() {
    let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, ACCOUNTS);
    let sound = sound();
    let half = &sound[..sound.len() / 2];
    for content in [b"".as_slice(), b"PAR1", b"PAR1PAR1", b"not parquet at all", half, &sound[4..]]
    {
        folder.put("a.parquet", content);
        let corrupt = folder.read().unwrap_err();
        assert!(matches!(corrupt, SourceError::Corrupt { file, .. } if file == "a.parquet"));
    }
}

#[test]
fn no_damage_gets_out_as_a_panic() {
    let sound = sound();
    let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, ACCOUNTS);
    let mut random = fastrand::Rng::with_seed(13);
    let until = Instant::now() + Duration::from_secs(4);
    // Every byte of the file once, then several at a time.
    for round in 0..3_000 {
        let mut content = sound.clone();
        if let Some(byte) = content.get_mut(round) {
            *byte ^= 1 << random.u8(..8);
        } else {
            for _ in 0..random.usize(1..6) {
                let at = random.usize(..content.len());
                content[at] = random.u8(..);
            }
        }
        folder.put("a.parquet", &content);
        match folder.read() {
            Ok(read) => {
                let rows = (read.rows.num_rows() + read.rejects.len()) as u64;
                assert_eq!(read.files[0].rows, rows);
            }
            Err(SourceError::Corrupt { .. }) => {}
            Err(other) => panic!("{other:?}"),
        }
        if Instant::now() > until {
            break;
        }
    }
}

#[test]
fn a_file_that_changed_since_the_survey_is_told() {
    let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, ACCOUNTS);
    let survey = |folder: &Folder| folder.survey();
    folder.put("a.parquet", &sound());
    let before = survey(&folder);
    let other = file(vec![
        ("会员号", texts(["a1", "b2", "c3"])),
        ("余额", array(Int64Array::from(vec![1, 2, 4]))),
        ("姓名", texts(["张三", "李四", "王五"])),
    ]);
    assert_eq!(other.len(), sound().len());
    folder.put("a.parquet", &other);
    let changed = super::super::read(&folder.feed, &before, &|_, _| ()).unwrap_err();
    assert!(matches!(changed, SourceError::Changed { .. }));
}

#[test]
fn a_page_that_is_not_what_its_checksum_says_is_none() {
    // Written by Arrow C++ with checksums; the other has one byte changed.
    let read = |name: &str| {
        let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, ACCOUNTS);
        let content = std::fs::read(format!("tests/corpus/parquet/{name}")).unwrap();
        folder.put("a.parquet", &content);
        folder.read()
    };
    assert_eq!(accounts(&read("checksums").unwrap()), ["0:1 M1 100", "0:2 M2 200", "0:3 M3 300"]);
    let error = read("checksums-wrong").unwrap_err().to_string();
    assert!(error.contains("checksum"), "{error}");
}

/// One row group of so many rows, of which each fifty-thousandth has no balance.
fn long(rows: i64) -> Vec<u8> {
    let ids: ArrayRef =
        array(StringArray::from_iter_values((1..=rows).map(|row| format!("m{row}"))));
    let balances = (1..=rows).map(|row| (row % 50_000 != 0).then_some(row % 1_000));
    let balances: ArrayRef = array(balances.collect::<Int64Array>());
    let batch =
        RecordBatch::try_from_iter_with_nullable([("会员号", ids, true), ("余额", balances, true)]);
    let batch = batch.unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// The file with a footer that says so many rows of its only row group, and so many values of each
/// of its columns.
fn said_to_have(rows: i64, values: i64, mut bytes: Vec<u8>) -> Vec<u8> {
    let mut written = tempfile::tempfile().unwrap();
    written.write_all(&bytes).unwrap();
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&written).unwrap();
    let group = metadata.row_group(0);
    let columns = group.columns().iter().cloned();
    let columns =
        columns.map(|column| column.into_builder().set_num_values(values).build().unwrap());
    let group = group.clone().into_builder().set_num_rows(rows);
    let group = group.set_column_metadata(columns.collect()).build().unwrap();
    let metadata = metadata.into_builder().set_row_groups(vec![group]).build();
    ParquetMetaDataWriter::new(&mut bytes, &metadata).finish().unwrap();
    bytes
}

#[test]
fn a_long_row_group_is_read_in_slices() {
    let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, ACCOUNTS);
    folder.put("a.parquet", &long(140_000));
    let read = folder.read().unwrap();
    let rows = accounts(&read);
    let expected = (1..=140_000).filter(|row| row % 50_000 != 0);
    assert!(rows.iter().cloned().eq(expected.map(|row| format!("0:{row} m{row} {}", row % 1_000))));
    let lines: Vec<u64> = read.rejects.iter().map(|reject| reject.line).collect();
    assert_eq!(lines, [50_000, 100_000]);
    assert_eq!(read.files[0].rows, 140_000);
}

#[test]
fn a_row_group_that_has_other_rows_than_it_says_is_corrupt() {
    let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, ACCOUNTS);
    // By its rows, its values, and what comes of them: within the first slice, at its end, in a
    // later one, and at the end of the last.
    let rows = [
        (3, 3, 0, "0 rows has a column of 3"),
        (3, 0, 3, "3 rows has a column of 0"),
        (3, 2, 2, "2 rows gave 3"),
        (3, 4, 4, "4 rows gave 3"),
        (65_537, 65_536, 65_536, "65536 rows gave 65537"),
        (70_000, 69_999, 69_999, "69999 rows gave 70000"),
        (140_000, 131_072, 131_072, "131072 rows gave 131073"),
        (70_000, 70_001, 70_001, "70001 rows gave 70000"),
        (70_000, 140_000, 140_000, "131072 rows gave 70000"),
    ];
    for (rows, values, said, reason) in rows {
        folder.put("a.parquet", &said_to_have(said, values, long(rows)));
        let error = folder.read().unwrap_err().to_string();
        assert!(error.contains(reason), "{rows} said to be {said}: {error}");
    }
}

/// Rows in one row group, written as the properties say.
fn written(properties: WriterProperties, ids: &[String]) -> Vec<u8> {
    let balances = (0..).take(ids.len()).collect::<Vec<i64>>();
    let columns = [
        ("会员号", array(StringArray::from(ids.to_vec()))),
        ("余额", array(Int64Array::from(balances))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn packings() -> [Compression; 6] {
    [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(GzipLevel::default()),
        Compression::LZ4,
        Compression::LZ4_RAW,
        Compression::ZSTD(ZstdLevel::default()),
    ]
}

#[test]
fn every_packing_that_is_read_gives_the_same_rows() {
    let ids: Vec<String> = (0..3_000).map(|id| format!("M{}", id % 1_000)).collect();
    for packing in packings() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for has_dictionary in [true, false] {
                let properties = WriterProperties::builder()
                    .set_compression(packing)
                    .set_writer_version(version)
                    .set_dictionary_enabled(has_dictionary)
                    .set_data_page_row_count_limit(700);
                let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, ACCOUNTS);
                folder.put("a.parquet", &written(properties.build(), &ids));
                let read = folder.read().unwrap();
                let told = (read.rows.num_rows(), read.sums[0].points);
                assert_eq!(told, (3_000, 2_999 * 1_500), "{packing} {version:?}");
            }
        }
    }
}

#[test]
fn a_value_that_no_column_takes_is_found_before_it_is_written_out_for_its_rows() {
    let long = vec!["x".repeat(200 << 10); 64];
    let just = vec!["x".repeat(16 << 10); 3];
    for packing in packings() {
        let read = |ids: &[String]| {
            let properties = WriterProperties::builder().set_compression(packing);
            let statistics = parquet::file::properties::EnabledStatistics::None;
            let properties = properties.set_statistics_enabled(statistics).build();
            let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, ACCOUNTS);
            folder.put("a.parquet", &written(properties, ids));
            folder.read()
        };
        let error = read(&long).unwrap_err().to_string();
        assert!(error.contains("it holds a value of 204800 bytes"), "{packing}: {error}");
        let read = read(&just).unwrap();
        assert_eq!(read.rejects.len(), 3, "{packing}");
    }
}

#[test]
fn a_page_that_unpacks_to_more_than_a_page_may_is_refused_before_it_is() {
    let rows = [
        ("bomb", "bytes, more than the 134217728 that a page may"),
        ("bomb-that-says-less", "a page of it unpacks to more than the 1000 bytes that it says"),
        ("one-long-value-in-all-rows", "it holds a value of 204800 bytes, which no column takes"),
    ];
    for (name, told) in rows {
        let declared = &[("member_no", "event_id"), ("balance", "points")];
        let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, declared);
        let content = std::fs::read(format!("tests/corpus/parquet/{name}")).unwrap();
        assert!(content.len() < 1 << 16, "{name}");
        folder.put("a.parquet", &content);
        let error = folder.read().unwrap_err().to_string();
        assert!(error.contains(told), "{name}: {error}");
    }
}

#[test]
fn columns_within_others_and_in_names_of_folders_are_told_with_what_to_do() {
    let declared = &[("member_no", "会员.号"), ("balance", "余额")];
    let inner = StructArray::from(vec![(
        Arc::new(Field::new("号", DataType::Utf8, true)),
        texts(["1", "2", "3"]),
    )]);
    let read =
        read(vec![("会员", array(inner)), ("x", array(Int64Array::from(vec![1, 2, 3])))], declared);
    let told: Vec<&str> = read
        .faults
        .iter()
        .map(|fault| match fault {
            FeedFault::Column { reason, .. } => reason.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    let within = "the file has no such column; within `会员` nothing is read: have `会员.号` written \
                  as a column of its own";
    assert!(told.contains(&within), "{told:?}");
    assert!(told.iter().all(|reason| crate::discrepancy::in_chinese(reason).is_some()), "{told:?}");
    let mut folder = Folder::new(FeedKind::Accounts, Format::Parquet, ACCOUNTS);
    folder.feed.patterns = vec!["*/*.parquet".to_owned()];
    let balances = array(Int64Array::from(vec![1, 2, 3]));
    folder.put("会员号=1/a.parquet", &file(vec![("余额", balances)]));
    let read = folder.read().unwrap();
    let [FeedFault::Column { reason, .. }] = &read.faults[..] else { panic!("{:?}", read.faults) };
    let of_folder = "the file has no such column; it stands in the names of folders, which are not \
                     read: have `会员号` written into the files too";
    assert_eq!(reason, of_folder);
    assert!(crate::discrepancy::in_chinese(reason).is_some());
}
