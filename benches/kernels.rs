//! Criterion benches of the kernels. No test asserts a time; see README for whole-process figures.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hutong::engine::{Exchange, join_by_key};
use hutong::value::party::A;
use hutong::value::points::{Points, Rate, Ratio};
use hutong::value::rounding::Mode;

const ROWS: u64 = 100_000;

fn ids() -> Vec<String> {
    (0..ROWS).map(|n| format!("SKY2603-{n:08}")).collect()
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

criterion_group!(kernels, scatter, pair, value);
criterion_main!(kernels);
