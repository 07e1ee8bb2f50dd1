//! A histogram of durations without a lock: two atomic additions to observe.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::{MetricType, TypedMetric};

/// The first bucket ends at 2^7 µs = 128 µs, each next at twice that, the last at 2^24 µs = 16.8 s.
const FIRST: u32 = 7;
const BOUNDED: usize = 18;

/// How often durations of each size were seen.
#[derive(Clone, Default)]
pub(super) struct Latency(Arc<Counts>);

#[derive(Default)]
struct Counts {
    /// The last one has no bound.
    buckets: [AtomicU64; BOUNDED + 1],
    sum_us: AtomicU64,
}

impl fmt::Debug for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Latency")
    }
}

impl Latency {
    pub(super) fn observe(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        // The number of bits of the largest value of a bucket; 0 and 1 µs go to the first as well.
        let bits = u64::BITS - us.saturating_sub(1).leading_zeros();
        let bucket = (bits.saturating_sub(FIRST) as usize).min(BOUNDED);
        self.0.buckets[bucket].fetch_add(1, Ordering::Relaxed);
        self.0.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// Counts per bucket as `(upper bound in seconds, count)`.
    fn buckets(&self) -> Vec<(f64, u64)> {
        let bound = |at: usize| match at {
            BOUNDED => f64::INFINITY,
            _ => (1_u64 << (FIRST as usize + at)) as f64 / 1e6,
        };
        let counts = self.0.buckets.iter().map(|count| count.load(Ordering::Relaxed));
        counts.enumerate().map(|(at, count)| (bound(at), count)).collect()
    }
}

impl TypedMetric for Latency {
    const TYPE: MetricType = MetricType::Histogram;
}

impl EncodeMetric for Latency {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        let buckets = self.buckets();
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = self.0.sum_us.load(Ordering::Relaxed) as f64 / 1e6;
        encoder.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        Self::TYPE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_below_the_first_bound_that_holds_it() {
        for (us, bound_us) in
            [(0, 128), (128, 128), (129, 256), (1_000, 1_024), (1_024, 1_024), (1_025, 2_048)]
        {
            let latency = Latency::default();
            latency.observe(Duration::from_micros(us));
            let counted: Vec<f64> = latency
                .buckets()
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .map(|(bound, _)| bound)
                .collect();
            assert_eq!(counted, [f64::from(bound_us) / 1e6], "{us} µs");
        }
        let latency = Latency::default();
        latency.observe(Duration::from_secs(17));
        latency.observe(Duration::MAX);
        assert_eq!(latency.buckets().last(), Some(&(f64::INFINITY, 2)));
    }
}
