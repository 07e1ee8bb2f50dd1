//! A day beside what a store has of it, written as workers write: ended pieces as rows, the last one
//! as the tail, the state whole every few writes.

use dayline_app::ports::{DayWrite, Mark, StateWrite, StoredDay};
use dayline_domain::{Choices, Correction, DayChange, Hours, LedgerDay, Observation, Piece, PieceChanges};

use crate::DAY;

/// So many writes make a fold.
const WRITES: u64 = 5;

#[derive(Clone)]
pub(crate) struct Tracked {
    pub(crate) day: LedgerDay,
    /// The rows of pieces that the store has.
    rows: Vec<Piece>,
    recent: Vec<Observation>,
    unfolded: Hours,
}

impl Tracked {
    pub(crate) fn new() -> Self {
        let day = LedgerDay::empty(DAY, Choices::default());
        Self { day, rows: Vec::new(), recent: Vec::new(), unfolded: Hours::default() }
    }

    /// How it is written that this was observed: with a tail, and the state whole only now and then.
    pub(crate) fn record(&mut self, observations: &[Observation]) -> DayWrite {
        let change = self.day.record(observations).unwrap();
        let folds = change.to_version.is_multiple_of(WRITES);
        self.write(change, folds, true)
    }

    /// The same, whole and without a tail.
    pub(crate) fn fold(&mut self, observations: &[Observation]) -> DayWrite {
        let change = self.day.record(observations).unwrap();
        self.write(change, true, false)
    }

    pub(crate) fn correct(&mut self, corrections: &[Correction]) -> DayWrite {
        let change = self.day.correct(corrections).unwrap();
        self.write(change, true, true)
    }

    fn write(&mut self, change: DayChange, folds: bool, with_tail: bool) -> DayWrite {
        let DayChange { day, from_version, to_version, observed, hours, .. } = change;
        self.recent.extend(observed);
        self.unfolded = self.unfolded.and(hours);
        let mut rows: Vec<Piece> = self.day.counted().collect();
        let tail = if with_tail { rows.pop() } else { None };
        let ended = PieceChanges::between(&self.rows, &rows);
        self.rows = rows;
        let state = if folds {
            self.recent.clear();
            let hours = std::mem::take(&mut self.unfolded);
            let hours = hours.iter().map(|hour| (hour, self.day.observations_of_hour(hour).collect()));
            StateWrite::Folded { hours: hours.collect(), sums: self.day.sums() }
        } else {
            StateWrite::Recent(self.recent.clone())
        };
        let mark = Mark(to_version.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let settled_by = self.day.terms().clone();
        DayWrite { day, from_version, to_version, mark, settled_by, ended, tail, state }
    }
}

/// What a store gave back must be this day, in whatever parts.
pub(crate) fn assert_same(stored: &StoredDay, day: &LedgerDay) {
    assert_eq!(stored.version, day.version());
    assert!(stored.counted.iter().cloned().eq(day.counted()), "{:?}", stored.counted);
    let StoredDay { day: date, version, settled_by, observations, corrections, .. } = stored.clone();
    let restored = LedgerDay::restore(date, version, settled_by, observations, corrections);
    let sorted = |day: &LedgerDay| {
        let mut all: Vec<_> = day.observations().collect();
        all.sort_by(|a, b| (a.subject(), a.interval()).cmp(&(b.subject(), b.interval())));
        all
    };
    assert_eq!(sorted(&restored), sorted(day));
    assert!(restored.counted().eq(day.counted()));
}
