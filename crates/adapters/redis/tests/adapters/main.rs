//! The adapters against real Redis servers, each test with one of its own that it may stop, kill
//! and spoil.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code, helpers included")]
#![allow(clippy::print_stdout, reason = "the long runs say how long they were")]

mod durability;
mod key_marks;
mod leases;
mod limits;
mod live;
mod names;
mod ping_log;
mod proxy;
mod revocations;
mod sentinel;
mod test_redis;
mod tls;
mod user;

use std::time::Duration;

/// Asks again until the answer is yes; fails after a time far above what a busy machine needs.
pub(crate) async fn until(what: &str, mut yes: impl AsyncFnMut() -> bool) {
    for _ in 0..3_000 {
        if yes().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}
