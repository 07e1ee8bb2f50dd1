//! The two watermarks of a ping log: full from the high one on, until below the low one, so that a
//! log at its limit does not take and refuse in turns. Not here: what waits, which each log counts
//! in its own way.

/// A high and a low watermark over the bytes that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    high_bytes: u64,
    low_bytes: u64,
}

impl Watermarks {
    /// Full at `high_bytes` or more; a full log takes pings again below `low_bytes`. A low
    /// watermark above the high one counts as the same.
    pub const fn new(high_bytes: u64, low_bytes: u64) -> Self {
        Self { high_bytes, low_bytes: if low_bytes < high_bytes { low_bytes } else { high_bytes } }
    }

    /// Whether a log is full now that so many bytes wait, if it was full before or not.
    pub const fn is_full(self, was_full: bool, waiting_bytes: u64) -> bool {
        waiting_bytes >= self.high_bytes || was_full && waiting_bytes >= self.low_bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the log is full after each of these, one after another.
    fn full_after(watermarks: Watermarks, waiting: &[u64]) -> Vec<bool> {
        let step = |full: &mut bool, &bytes: &u64| {
            *full = watermarks.is_full(*full, bytes);
            Some(*full)
        };
        waiting.iter().scan(false, step).collect()
    }

    #[test]
    fn full_from_the_high_watermark_until_below_the_low_one() {
        let full = full_after(Watermarks::new(100, 50), &[0, 99, 100, 99, 50, 49, 99, 100, 101, 0]);
        assert_eq!(full, [false, false, true, true, true, false, false, true, true, false]);
    }

    #[test]
    fn a_low_watermark_above_the_high_one_counts_as_the_same() {
        for low in [100, 101, u64::MAX] {
            let watermarks = Watermarks::new(100, low);
            assert_eq!(full_after(watermarks, &[99, 100, 99, 150, 99]), [false, true, false, true, false]);
        }
    }

    #[test]
    fn a_log_whose_watermarks_are_zero_takes_nothing() {
        assert_eq!(full_after(Watermarks::new(0, 0), &[0, 1, 0]), [true, true, true]);
    }
}
