//! How many bytes wait, estimated: Kafka counts entries, and tells no one how long they are. An
//! entry counts as much as those that this process has written and read did on average, later ones
//! more.
//! Not here: counting entries.

use std::sync::{Mutex, PoisonError};

/// Before anything was seen.
const GUESS: u64 = 1024;
/// So many entries count fully; then what was seen counts half.
const MEMORY: u64 = 1 << 16;

/// What the entries seen so far were like.
#[derive(Default)]
pub(super) struct Sizes {
    seen: Mutex<Seen>,
}

#[derive(Default, Clone, Copy)]
struct Seen {
    entries: u64,
    bytes: u64,
}

impl Sizes {
    /// Has seen an entry of so many bytes.
    pub(super) fn saw(&self, bytes: usize) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.entries >= MEMORY {
            *seen = Seen { entries: seen.entries / 2, bytes: seen.bytes / 2 };
        }
        seen.entries += 1;
        seen.bytes += bytes as u64;
    }

    /// About how many bytes so many entries have; 0 if and only if there are none.
    pub(super) fn of(&self, entries: u64) -> u64 {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.entries == 0 {
            return entries.saturating_mul(GUESS);
        }
        let bytes = u128::from(seen.bytes) * u128::from(entries) / u128::from(seen.entries);
        u64::try_from(bytes).unwrap_or(u64::MAX).max(entries)
    }

    /// The same as far as entries were seen: nothing before.
    pub(super) fn seen_of(&self, entries: u64) -> u64 {
        let is_known = self.seen.lock().unwrap_or_else(PoisonError::into_inner).entries > 0;
        if is_known { self.of(entries) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_count_as_those_seen_did_on_average() {
        let sizes = Sizes::default();
        assert_eq!((sizes.of(0), sizes.of(2), sizes.seen_of(2)), (0, 2 * GUESS, 0));
        for bytes in [10, 20, 33] {
            sizes.saw(bytes);
        }
        assert_eq!((sizes.of(0), sizes.of(3), sizes.of(6), sizes.seen_of(6)), (0, 63, 126, 126));
    }

    #[test]
    fn what_changed_long_ago_is_forgotten() {
        let sizes = Sizes::default();
        (0..100_000).for_each(|_| sizes.saw(1_000_000));
        (0..1_000_000).for_each(|_| sizes.saw(100));
        assert!(sizes.of(1) < 200, "{}", sizes.of(1));
    }

    #[test]
    fn entries_of_no_length_still_wait() {
        let sizes = Sizes::default();
        sizes.saw(0);
        assert_eq!(sizes.of(5), 5);
    }
}
