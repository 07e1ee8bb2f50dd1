//! What a simulation measures.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Times of one kind, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Times(Mutex<Vec<u32>>);

impl Times {
    /// Adds a time; over an hour counts as an hour.
    pub(super) fn add(&self, time: Duration) {
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(micros);
    }

    /// Median, 99th percentile and maximum, for people.
    pub(super) fn summary(&self) -> String {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        times.sort_unstable();
        let Some(&max) = times.last() else { return "none measured".into() };
        // The smallest time that at least so many of a hundred do not exceed.
        let at = |percent: usize| times[(times.len() * percent).div_ceil(100).max(1) - 1];
        let ms = |micros: u32| f64::from(micros) / 1_000.0;
        format!("p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", ms(at(50)), ms(at(99)), ms(max))
    }
}

/// What happened in a simulation.
#[derive(Debug, Default)]
pub(super) struct Stats {
    /// Pings with a 202.
    pub(super) accepted: AtomicU64,
    /// Corrections with a 202.
    pub(super) corrections: AtomicU64,
    /// Pings and corrections that the server refused as wrong.
    pub(super) refused: AtomicU64,
    /// Pings and corrections whose answer the tracker did not wait for.
    pub(super) abandoned: AtomicU64,
    /// Pings and corrections that were never answered for as long as patience lasted.
    pub(super) given_up: AtomicU64,
    /// Requests with a 202.
    pub(super) requests: AtomicU64,
    /// From when a ping was due to its 202, waiting and repeated tries included.
    pub(super) latency: Times,
    /// From a ping's 202 to its place in the timeline, as asked for over the API.
    pub(super) lag: Times,
}

/// Counts.
pub(super) fn count(counter: &AtomicU64, by: usize) {
    counter.fetch_add(by as u64, Ordering::Relaxed);
}

/// Reads a counter.
pub(super) fn value(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_occurred() {
        let times = Times::default();
        assert_eq!(times.summary(), "none measured");
        for ms in (1..=100).rev() {
            times.add(Duration::from_millis(ms));
        }
        assert_eq!(times.summary(), "p50 50.0 ms, p99 99.0 ms, max 100.0 ms");
    }
}
