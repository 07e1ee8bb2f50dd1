//! For how long a ping log keeps what is settled, so that a ledger that comes back older (a replica
//! that lagged was promoted, a backup was restored) is given it again. Not here: forgetting, which
//! each log does in its own way.

use std::collections::VecDeque;
use std::time::Duration;

use crate::ports::Position;

/// What is settled within this part of the time and bytes to keep is forgotten together.
const PIECES: u32 = 256;

/// How much of what is settled a log keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// For at least so long after it was settled, unless it is too much.
    pub time: Duration,
    /// At most so many bytes, of one partition.
    pub bytes: u64,
}

impl Keep {
    /// What is settled is forgotten at once.
    pub const NOTHING: Self = Self { time: Duration::ZERO, bytes: 0 };
}

/// A place in a partition, and the bytes of all entries up to it, counted from a place that is the
/// same for all marks of the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Settled {
    /// The place.
    pub position: Position,
    /// The bytes up to there.
    pub bytes: u64,
}

/// What one partition keeps, and since when. Only the ledger's word has something forgotten: while it
/// is away all is kept, so that it is there for an older one that takes its place after an hour.
///
/// What was settled before this began counts as one piece, settled when it is first told of.
#[derive(Debug)]
pub struct Keeping {
    keep: Keep,
    /// Where pieces end, in order, and when they were settled.
    pieces: VecDeque<(Duration, Settled)>,
}

impl Keeping {
    /// A partition of which so much is to be kept.
    pub const fn new(keep: Keep) -> Self {
        Self { keep, pieces: VecDeque::new() }
    }

    /// The ledger stands at `settled`, at `now`, a time since a moment that is always the same; all up
    /// to `forgotten` is forgotten already. Gives up to where the partition is to be forgotten now, if
    /// that is further.
    pub fn settle(&mut self, now: Duration, settled: Settled, forgotten: Settled) -> Option<Settled> {
        // A ledger that went back has yet to be given what comes after.
        while self.pieces.pop_back_if(|(_, piece)| piece.position > settled.position).is_some() {}
        self.add(now, settled);
        let mut up_to = forgotten;
        while let Some((_, piece)) = self.pieces.pop_front_if(|(since, _)| {
            now.saturating_sub(*since) >= self.keep.time
                || settled.bytes.saturating_sub(up_to.bytes) > self.keep.bytes
        }) {
            if piece.position > up_to.position {
                up_to = piece;
            }
        }
        (up_to.position > forgotten.position).then_some(up_to)
    }

    /// Adds to the last piece if both together are small enough, else begins another.
    fn add(&mut self, now: Duration, settled: Settled) {
        let before = self.pieces.len().checked_sub(2).and_then(|n| self.pieces.get(n));
        let is_small = before.is_some_and(|(since, piece)| {
            now.saturating_sub(*since) < self.keep.time / PIECES
                && settled.bytes.saturating_sub(piece.bytes) < self.keep.bytes / u64::from(PIECES)
        });
        match self.pieces.back_mut() {
            Some((_, last)) if last.position == settled.position => {}
            Some(last) if is_small => *last = (now, settled),
            _ => self.pieces.push_back((now, settled)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEEP: Keep = Keep { time: Duration::from_mins(5), bytes: 1_000_000 };

    fn at(place: u64) -> Settled {
        Settled { position: Position { major: place, minor: 0 }, bytes: place }
    }

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// A partition, and up to where it is forgotten.
    struct Partition(Keeping, Settled);

    impl Partition {
        fn new(keep: Keep, forgotten: Settled) -> Self {
            Self(Keeping::new(keep), forgotten)
        }

        fn settle(&mut self, now: Duration, settled: Settled) -> u64 {
            if let Some(forgotten) = self.0.settle(now, settled, self.1) {
                assert!(forgotten.position > self.1.position);
                self.1 = forgotten;
            }
            self.1.bytes
        }
    }

    #[test]
    fn what_is_not_to_be_kept_is_forgotten_at_once() {
        let mut partition = Partition::new(Keep::NOTHING, at(0));
        for (place, forgotten) in [(5, 5), (5, 5), (7, 7), (6, 7), (8, 8)] {
            assert_eq!(partition.settle(s(1), at(place)), forgotten, "at {place}");
        }
    }

    #[test]
    fn everything_is_kept_for_its_time_and_little_longer() {
        let mut partition = Partition::new(KEEP, at(0));
        for tenths in 0..30_000 {
            let now = Duration::from_millis(tenths * 100);
            let forgotten = partition.settle(now, at(tenths));
            let age_s = (tenths - forgotten) / 10;
            assert!(forgotten == 0 || age_s >= 300, "only {age_s} s kept at {now:?}");
            assert!(age_s <= 303, "{age_s} s kept at {now:?}");
            let pieces = partition.0.pieces.len();
            assert!(pieces <= 2 * PIECES as usize, "{pieces} pieces");
        }
    }

    #[test]
    fn no_more_is_kept_than_fits_and_little_less() {
        let mut partition = Partition::new(KEEP, at(0));
        for n in 0..10_000 {
            let place = n * 1_000;
            let forgotten = partition.settle(Duration::from_millis(n), at(place));
            let kept = place - forgotten;
            assert!(kept <= KEEP.bytes, "{kept} bytes kept");
            assert!(forgotten == 0 || kept >= KEEP.bytes - 10_000, "only {kept} bytes kept");
        }
    }

    #[test]
    fn nothing_is_forgotten_while_the_ledger_is_away_or_before_an_older_one_has_had_it() {
        let mut partition = Partition::new(KEEP, at(0));
        assert_eq!(partition.settle(s(0), at(10)), 0);
        assert_eq!(partition.settle(s(1), at(20)), 0);
        // An hour later one takes its place that is older.
        assert_eq!(partition.settle(s(3_600), at(5)), 0);
        assert_eq!(partition.settle(s(3_601), at(20)), 0);
        assert_eq!(partition.settle(s(3_900), at(20)), 5);
        assert_eq!(partition.settle(s(3_901), at(20)), 20);
    }

    #[test]
    fn what_was_settled_before_is_kept_for_its_time_from_now_on() {
        let mut partition = Partition::new(KEEP, at(100));
        assert_eq!(partition.settle(s(50), at(500)), 100);
        assert_eq!(partition.settle(s(349), at(500)), 100);
        assert_eq!(partition.settle(s(350), at(500)), 500);
    }

    #[test]
    fn who_comes_back_to_a_partition_counts_what_others_have_forgotten() {
        let mut here = Keeping::new(KEEP);
        assert_eq!(here.settle(s(0), at(10), at(0)), None);
        let far = 50 * KEEP.bytes;
        assert_eq!(here.settle(s(100), at(far), at(far - 500_000)), None);
        assert_eq!(here.settle(s(400), at(far), at(far - 500_000)), Some(at(far)));
    }
}
