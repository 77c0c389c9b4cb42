//! Criterion benches of the kernels. No test asserts a time; see README for whole-process figures.

#![allow(clippy::panic, reason = "a bench that cannot prepare its rows has nothing to measure")]

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hutong::engine::{Exchange, Kin, Spill, Stowage, join_by_key};
use hutong::feed::{Feed, FeedKind, InputFile};
use hutong::publish::{LinkRow, Stamp, links, write_by_place};
use hutong::value::party::A;
use hutong::value::period::{Cycle, Instant, Period};
use hutong::value::points::{Points, Rate, Ratio};
use hutong::value::rounding::Mode;

const ROWS: u64 = 100_000;

fn ids() -> Vec<String> {
    (0..ROWS).map(|n| format!("SKY2603-{n:08}")).collect()
}

/// What a pipeline needs so that one ledger can be read.
const PIPELINE: &str = "
pipeline: kernels
agreement: { id: K, title: k, timezone: Asia/Shanghai, currency: CNY, cycle: monthly,
             term: { from: 2026-01-01, to: 2027-01-01 } }
parties: { a: { code: A, name: a }, b: { code: B, name: b } }
feeds:
  a: { ledger: &ledger { files: ledger.csv, format: { csv: {} }, columns: {
       event_id: id, member_no: no, kind: kind, points: points, occurred_at: at } } }
  b: { ledger: *ledger }
match: { events: [reference] }
terms:
  ratios: [ { issuer: a, points: \"3:1\", from: 2026-01-01 },
            { issuer: b, points: \"1:3\", from: 2026-01-01 } ]
  rates: [ { issuer: a, per_point: \"0.008\", from: 2026-01-01 },
           { issuer: b, per_point: \"0.02\", from: 2026-01-01 } ]
publish: { to: out }
";

fn ledger(folder: &Path) -> Result<(Feed, Vec<InputFile>), Box<dyn Error>> {
    let mut text = String::from("id,no,kind,points,at\n");
    for (row, id) in ids().iter().enumerate() {
        let (member, points, second) = (row % 5_000, row % 900 + 1, row % 60);
        writeln!(text, "{id},M{member:06},xburn,-{points},2026-03-05 10:00:{second:02}")?;
    }
    std::fs::write(folder.join("ledger.csv"), text)?;
    let path = folder.join("pipeline.yaml");
    std::fs::write(&path, PIPELINE)?;
    let pipeline = hutong::pipeline::read(&path)?;
    let feeds = pipeline.feeds(&march()?);
    let feed = feeds.into_iter().find(|feed| feed.kind == FeedKind::Ledger).ok_or("no ledger")?;
    let files = hutong::source::survey(&feed, &feed.find()?, false)?;
    Ok((feed, files))
}

fn march() -> Result<Period, Box<dyn Error>> {
    let zone = jiff::tz::TimeZone::UTC;
    Ok(Period::containing(jiff::civil::date(2026, 3, 31), Cycle::Monthly, &zone)?)
}

/// Parsing and conforming: from the bytes of a file to canonical columns and rejects.
fn read(bench: &mut Criterion) {
    let folder = scratch();
    let (feed, files) = ledger(folder.path()).unwrap_or_else(|error| panic!("{error}"));
    let mut group = bench.benchmark_group("source");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("parse and conform a delimited ledger", |b| {
        b.iter(|| hutong::source::read(&feed, &files, &|_, _| ()));
    });
    group.finish();
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"))
}

/// Setting rows aside in portions, and taking one up again.
fn stow(bench: &mut Criterion) {
    let (folder, ids) = (scratch(), ids());
    let columns: [(&str, ArrayRef); 2] = [
        ("id", Arc::new(StringArray::from_iter_values(&ids))),
        ("points", Arc::new(Int64Array::from_iter_values(0..ROWS as i64))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap_or_else(|error| panic!("{error}"));
    let places: Vec<u32> =
        (0..ROWS as u32).map(|row| row.wrapping_mul(2_654_435_761) % 8).collect();
    let mut group = bench.benchmark_group("engine");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("set rows aside in 8 portions, take one up", |b| {
        b.iter(|| {
            let mut stowage = Stowage::new(folder.path(), batch.schema(), 8, 1 << 20)?;
            stowage.stow(&[&batch], |batch| Ok(((*batch).clone(), places.clone())))?;
            stowage.set_aside()?;
            stowage.portion(3)
        });
    });
    group.bench_function("set rows aside whole, take them up", |b| {
        b.iter(|| {
            let mut spill = Spill::new(folder.path())?;
            let piece = spill.put(&batch)?;
            spill.take(piece)
        });
    });
    group.bench_function("find families by keys", |b| {
        b.iter(|| {
            let mut kin = Kin::new(folder.path())?;
            for row in 0..ROWS {
                // Four rows share a key, as two legs and their reversals do.
                kin.tie(row / 4, row.wrapping_mul(0x9e37_79b9_7f4a_7c15))?;
            }
            kin.families().map(|families| families.of(7))
        });
    });
    group.finish();
}

/// Writing a published table.
fn write(bench: &mut Criterion) {
    let (folder, ids) = (scratch(), ids());
    let period = march().unwrap_or_else(|error| panic!("{error}"));
    let row = |place: usize| {
        Some(LinkRow {
            a_member: Cow::Borrowed(ids[place].as_str()),
            b_member: Cow::Borrowed(ids[place].as_str()),
            method: "authorised",
            evidence: Cow::Borrowed("link record"),
            bound_at: Some(Instant(place as i64)),
            unbound_at: None,
            standing: "sound",
            consents: 1,
        })
    };
    let mut group = bench.benchmark_group("publish");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("write a table", |b| {
        b.iter(|| {
            let file = File::create(folder.path().join("links.parquet"))?;
            let stamp = Stamp { period: &period, digits: 2 };
            write_by_place(&links(), ids.len(), row, stamp, file, &mut |_| Ok(()))
        });
    });
    group.finish();
}

fn scatter(bench: &mut Criterion) {
    let ids = ids();
    let mut group = bench.benchmark_group("exchange");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("scatter to 16 buckets", |b| {
        b.iter(|| Exchange::new(16).scatter(ids.len(), |row| Some(ids[row as usize].as_str())));
    });
    group.finish();
}

fn pair(bench: &mut Criterion) {
    let ids = ids();
    let key = |row: u32| ids[row as usize].as_str();
    let bucket = Exchange::new(1).scatter(ids.len(), |row| Some(key(row))).remove(0);
    let mut group = bench.benchmark_group("kernel");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("join by key", |b| {
        b.iter_batched(
            || (bucket.clone(), bucket.clone()),
            |(mut left, mut right)| {
                let mut pairs = 0;
                join_by_key(&mut left, &mut right, key, key, |_, _| pairs += 1);
                pairs
            },
            criterion::BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn value(bench: &mut Criterion) {
    let (Some(ratio), Some(rate)) = (Ratio::new(3, 1), Rate::new(rust_decimal::Decimal::new(8, 3)))
    else {
        return;
    };
    let mut group = bench.benchmark_group("value");
    group.bench_function("mirror and price", |b| {
        b.iter(|| {
            let points = Points::<A>::new(black_box(2_550));
            (ratio.mirror(points, Mode::Down), rate.price(points))
        });
    });
    group.finish();
}

criterion_group!(kernels, read, scatter, pair, value, stow, write);
criterion_main!(kernels);
