//! A ledger day beside what a store has of it, as a worker keeps the two; and samples of what is
//! written of days.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dayline_app::ports::{DayWrite, Edition, Mark, StateWrite, StoredDay};
use dayline_domain::{
    Correction, DayChange, DaySums, Hours, Interval, LedgerDay, Observation, Piece, PieceChanges, Seen,
    Source, Subject, Terms, UtcDay,
};

/// The day that samples lie in.
pub(super) const DAY: UtcDay = UtcDay(20_777);

/// In which of its forms a day is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// All pieces have ended, and nothing is recent.
    Folded,
    /// The last piece is the tail, and what is new is recent.
    Growing,
}

/// A ledger day and what its store has of it.
#[derive(Debug, Clone)]
pub(super) struct WorkedDay {
    pub(super) day: LedgerDay,
    /// The stored version, which also counts writes that only fold.
    pub(super) version: u64,
    /// The ended pieces that are stored.
    ended: Vec<Piece>,
    /// What was observed since the last fold.
    recent: Vec<Observation>,
    /// The hours whose part of the state is another than at the last fold.
    hours: BTreeSet<u8>,
    /// In which form it was written last.
    pub(super) form: Form,
}

impl WorkedDay {
    /// A day that was never stored.
    pub(super) fn empty(day: UtcDay) -> Self {
        Self::of(&StoredDay {
            day,
            version: 0,
            is_past: false,
            edition: Edition::Second,
            settled_by: Terms::default(),
            terms: Terms::default(),
            observations: Vec::new(),
            corrections: Vec::new(),
            counted: Vec::new(),
            has_tail: false,
            recent: Vec::new(),
        })
    }

    /// A day that was loaded.
    pub(super) fn of(stored: &StoredDay) -> Self {
        let (day, version, settled_by) = (stored.day, stored.version, stored.settled_by.clone());
        let (observations, corrections) = (stored.observations.clone(), stored.corrections.clone());
        let unfolded =
            version == 0 || stored.edition == Edition::First || stored.has_tail || !stored.recent.is_empty();
        Self {
            day: LedgerDay::restore(day, version, settled_by, observations, corrections),
            version,
            ended: stored.counted[..stored.counted.len() - usize::from(stored.has_tail)].to_vec(),
            recent: stored.recent.clone(),
            hours: if unfolded { (0..Hours::IN_WINDOW).collect() } else { BTreeSet::new() },
            form: if stored.has_tail { Form::Growing } else { Form::Folded },
        }
    }

    /// Takes in observations; `None` if they change nothing.
    pub(super) fn record(&mut self, form: Form, observations: &[Observation]) -> Option<DayWrite> {
        let change = self.day.record(observations)?;
        Some(self.write(form, &change))
    }

    /// Takes in corrections; `None` if they change nothing.
    pub(super) fn correct(&mut self, corrections: &[Correction]) -> Option<DayWrite> {
        let change = self.day.correct(corrections)?;
        Some(self.write(Form::Folded, &change))
    }

    /// Takes in other terms; `None` if they are those of the day.
    pub(super) fn choose(&mut self, terms: impl Into<Terms>) -> Option<DayWrite> {
        let change = self.day.choose(terms)?;
        Some(self.write(Form::Folded, &change))
    }

    /// Folds what is not, as a worker does that forgets the day.
    pub(super) fn fold(&mut self) -> DayWrite {
        let hours = self.hours.iter().map(|&hour| (hour, self.day.observations_of_hour(hour).collect()));
        let state = StateWrite::Folded { hours: hours.collect(), sums: self.day.sums() };
        self.recent.clear();
        self.hours.clear();
        self.next(Form::Folded, state)
    }

    fn write(&mut self, form: Form, change: &DayChange) -> DayWrite {
        self.recent.extend(change.observed.iter().cloned());
        self.hours.extend(change.hours.iter());
        match form {
            Form::Folded => self.fold(),
            Form::Growing => self.next(form, StateWrite::Recent(self.recent.clone())),
        }
    }

    fn next(&mut self, form: Form, state: StateWrite) -> DayWrite {
        let mut ended: Vec<Piece> = self.day.counted().collect();
        let tail = if form == Form::Growing { ended.pop() } else { None };
        let changes = PieceChanges::between(&self.ended, &ended);
        self.ended = ended;
        self.form = form;
        self.version += 1;
        DayWrite {
            day: self.day.day(),
            from_version: self.version - 1,
            to_version: self.version,
            mark: mark(),
            settled_by: self.day.terms().clone(),
            ended: changes,
            tail,
            state,
        }
    }

    /// Asserts that a day was stored as it is here.
    pub(super) fn assert_is(&self, stored: &StoredDay) {
        let day = self.day.day();
        assert_eq!((stored.day, stored.version), (day, self.version));
        assert_eq!(stored.has_tail, self.form == Form::Growing && !stored.counted.is_empty(), "{day:?}");
        assert_eq!(stored.counted, self.day.counted().collect::<Vec<_>>(), "{day:?}");
        assert_eq!(sorted(&stored.recent), sorted(&self.recent), "{day:?}");
        let Self { day: again, .. } = Self::of(stored);
        let all = |day: &LedgerDay| sorted(&day.observations().collect::<Vec<_>>());
        assert_eq!(all(&again), all(&self.day), "{day:?}");
        assert!(again.counted().eq(self.day.counted()), "{day:?}");
        assert_eq!((again.sums(), again.outranked()), (self.day.sums(), self.day.outranked()), "{day:?}");
    }
}

/// Observations in an order that is always the same.
pub(super) fn sorted(observations: &[Observation]) -> Vec<Observation> {
    let mut sorted = observations.to_vec();
    let place = |observation: &Observation| (observation.interval().start(), observation.interval().end());
    sorted.sort_by(|a, b| (a.subject(), place(a)).cmp(&(b.subject(), place(b))));
    sorted
}

/// A mark that no other write has, from all of a mark's bits.
pub(super) fn mark() -> Mark {
    static WRITES: AtomicU64 = AtomicU64::new(1);
    Mark(WRITES.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// An app on one device.
pub(super) fn app(name: &str) -> Arc<Source> {
    Source::new("laptop", name, None).unwrap()
}

/// A stretch of [`DAY`], in seconds since its midnight.
pub(super) fn seconds(start: i64, end: i64) -> Interval {
    let at = |s: i64| DAY.start().plus(s * 1_000);
    Interval::new(at(start), at(end)).unwrap()
}

/// A piece of [`DAY`], in seconds since its midnight.
pub(super) fn piece(name: &str, start_s: i64, end_s: i64) -> Piece {
    Piece { source: app(name), interval: seconds(start_s, end_s) }
}

/// What a tracker saw that would be this piece.
pub(super) fn as_use(Piece { source, interval }: &Piece) -> Observation {
    let (device, activity) = (source.device.clone(), &source.activity);
    let (app, domain, project) = (activity.app.clone(), activity.domain.clone(), activity.project.clone());
    Observation::new(Arc::new(Subject { device, seen: Seen::Use { app, domain, project } }), *interval)
}

/// What a tracker saw that would be these pieces.
pub(super) fn as_uses(pieces: &[Piece]) -> Vec<Observation> {
    pieces.iter().map(as_use).collect()
}

/// What is written of a day, all folded, when pings that are these pieces are recorded.
pub(super) fn record(day: &mut WorkedDay, pings: &[Piece]) -> DayWrite {
    day.record(Form::Folded, &as_uses(pings)).expect("the pings change the day")
}

/// As [`record`], with a tail and nothing folded.
pub(super) fn grow(day: &mut WorkedDay, pings: &[Piece]) -> DayWrite {
    day.record(Form::Growing, &as_uses(pings)).expect("the pings change the day")
}

/// What is written first of [`DAY`], all folded, when pings that are these pieces are recorded.
pub(super) fn first(pings: &[Piece]) -> DayWrite {
    record(&mut WorkedDay::empty(DAY), pings)
}

/// A write of [`DAY`] that nobody's rule has made: pieces as they are given, nothing observed.
pub(super) fn by_hand(from_version: u64, ended: PieceChanges, tail: Option<Piece>) -> DayWrite {
    let sums = DaySums::of(DAY, ended.added.iter().chain(&tail));
    DayWrite {
        day: DAY,
        from_version,
        to_version: from_version + 1,
        mark: mark(),
        settled_by: Terms::default(),
        ended,
        tail,
        state: StateWrite::Folded { hours: Vec::new(), sums },
    }
}

/// Changes that only add.
pub(super) fn added(pieces: impl Into<Vec<Piece>>) -> PieceChanges {
    PieceChanges { added: pieces.into(), ..PieceChanges::default() }
}
