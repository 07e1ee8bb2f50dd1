//! Waiting for what becomes true by itself.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Waits until it is so, for so long at most; the panic says what was waited for.
pub fn until(what: &str, patience: Duration, yes: impl Fn() -> bool) {
    let begin = Instant::now();
    while !yes() {
        assert!(begin.elapsed() < patience, "not in time: {what}");
        sleep(Duration::from_millis(20));
    }
}
