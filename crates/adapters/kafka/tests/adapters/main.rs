//! The ping log against a real Apache Kafka: tests that end or spoil brokers have their own, the
//! others share one and have topics of their own. Where there is no Java they are skipped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code, helpers included")]
#![allow(clippy::print_stdout, reason = "the long runs say how long they were")]

mod absence;
mod cluster;
mod contract;
mod durability;
mod foreign;
mod fullness;
mod past;
mod security;
mod topics;

use std::time::Duration;

/// Asks again until the answer is yes; fails after a time far above what a busy machine needs.
pub(crate) async fn until(what: &str, mut yes: impl AsyncFnMut() -> bool) {
    for _ in 0..3_000 {
        if yes().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never happened: {what}");
}
