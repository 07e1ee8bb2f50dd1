//! Times of any number of answers in constant memory, to within 3 %.

use std::time::Duration;

/// Buckets for each power of two.
const FINE: u64 = 32;
const FINE_BITS: u32 = FINE.trailing_zeros();
/// Enough for 2^36 µs, 19 hours.
const BUCKETS: usize = (36 - FINE_BITS as usize) * FINE as usize;

/// Counts of times by their size in microseconds.
#[derive(Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    all: u64,
    most: Duration,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], all: 0, most: Duration::ZERO }
    }
}

impl Histogram {
    pub(crate) fn add(&mut self, time: Duration) {
        self.counts[bucket(time.as_micros() as u64)] += 1;
        self.all += 1;
        self.most = self.most.max(time);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.all += other.all;
        self.most = self.most.max(other.most);
    }

    pub(crate) fn len(&self) -> u64 {
        self.all
    }

    pub(crate) fn most(&self) -> Duration {
        self.most
    }

    /// The time that the fraction `p` does not exceed, rounded up to the end of its bucket.
    pub(crate) fn percentile(&self, p: f64) -> Duration {
        let rank = (self.all as f64 * p).ceil().max(1.0) as u64;
        let mut passed = 0;
        for (index, count) in self.counts.iter().enumerate() {
            passed += count;
            if passed >= rank {
                return Duration::from_micros(end_of(index as u64)).min(self.most);
            }
        }
        self.most
    }

    /// The fraction of the times that are at most so long, to within their bucket; 1 of none.
    pub(crate) fn share_within(&self, time: Duration) -> f64 {
        let within: u64 = self.counts[..=bucket(time.as_micros() as u64)].iter().sum();
        if self.all == 0 { 1.0 } else { within as f64 / self.all as f64 }
    }
}

fn bucket(micros: u64) -> usize {
    if micros < FINE {
        return micros as usize;
    }
    let shift = micros.ilog2() - FINE_BITS;
    let index = u64::from(shift) * FINE + (micros >> shift);
    (index as usize).min(BUCKETS - 1)
}

/// The most microseconds that the bucket holds.
fn end_of(index: u64) -> u64 {
    if index < FINE {
        return index;
    }
    let shift = index / FINE - 1;
    ((index % FINE + FINE + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_lies_in_a_bucket_that_ends_at_most_a_thirty_second_later() {
        for micros in (0..5_000).chain((0..30).map(|n| 7 << n)) {
            let end = end_of(bucket(micros) as u64);
            assert!(micros <= end && end <= micros + micros / FINE, "{micros} in a bucket up to {end}");
        }
    }

    #[test]
    fn percentiles_and_the_most_are_those_of_all_times() {
        let (mut low, mut high) = (Histogram::default(), Histogram::default());
        (1..=50).for_each(|ms| low.add(Duration::from_millis(ms)));
        (51..=100).for_each(|ms| high.add(Duration::from_millis(ms)));
        low.merge(&high);
        let median = low.percentile(0.5).as_secs_f64() * 1_000.0;
        assert!((50.0..52.0).contains(&median), "{median}");
        assert_eq!(
            (low.percentile(1.0), low.most()),
            (Duration::from_millis(100), Duration::from_millis(100))
        );
        let share = low.share_within(Duration::from_millis(75));
        assert!((0.74..0.78).contains(&share), "{share}");
        assert_eq!(Histogram::default().percentile(0.99), Duration::ZERO);
    }
}
