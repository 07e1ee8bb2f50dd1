//! The time of each workload: `cargo bench -p dayline-workloads`, or with a part of a name.

#![allow(missing_docs, clippy::expect_used, reason = "a program for people")]

use criterion::{Criterion, criterion_group, criterion_main};
use dayline_workloads::ALL;

fn workloads(criterion: &mut Criterion) {
    for workload in ALL {
        let work = (workload.prepare)().expect("the input can be made");
        criterion.bench_function(workload.name, |bencher| bencher.iter(&work));
    }
}

criterion_group!(benches, workloads);
criterion_main!(benches);
