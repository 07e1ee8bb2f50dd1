//! A ledger day beside what the ledger has of it: how each change is written with few bytes. What
//! grows lies in the day's own row: the tail, and what was observed since the last fold. Not here:
//! when a day is written (the worker).

use dayline_domain::{DayChange, Hours, LedgerDay, Observation, Piece, PieceChanges, Resized, Terms};

use crate::ports::{DayWrite, Edition, Mark, StateWrite, StoredDay};

/// So many writes after a fold the next one follows (measured: docs/benchmarks.md).
const WRITES_BETWEEN_FOLDS: u32 = 32;
/// So many observations that do not unite fit into a day's row; with 4 to 10 bytes each, some 512.
const MAX_RECENT: usize = 48;

/// A ledger day that a worker keeps, and what the ledger has of it.
pub(super) struct KeptDay {
    pub(super) day: LedgerDay,
    /// The person's terms when the day was loaded.
    terms: Terms,
    /// The rows of ended pieces that the ledger has, where they are not those of the day: it was
    /// written by the first edition, or by a program that settled otherwise.
    other_rows: Option<Vec<Piece>>,
    tail: Option<Piece>,
    /// What was observed since the last fold, united where one followed another.
    recent: Vec<Observation>,
    /// The hours whose part of the state is another than the ledger has it.
    unfolded: Hours,
    writes_since_fold: u32,
    must_fold: bool,
}

impl KeptDay {
    pub(super) fn of(stored: StoredDay) -> Self {
        let StoredDay { day, version, edition, settled_by, observations, corrections, .. } = stored;
        let (mut rows, recent) = (stored.counted, stored.recent);
        let day = LedgerDay::restore(day, version, settled_by, observations.iter().cloned(), corrections);
        let is_same = day.counted().eq(rows.iter().cloned());
        let tail = if stored.has_tail { rows.pop() } else { None };
        // What a day that was never written knows lies with the first edition beside it.
        let has_no_state = version == 0 && day.observations().next().is_some();
        let must_fold = edition == Edition::First || has_no_state;
        let unfolded = if must_fold { day.hours() } else { day.hours_changed(&observations, &recent) };
        Self {
            terms: stored.terms,
            other_rows: (!is_same).then_some(rows),
            tail,
            unfolded,
            writes_since_fold: recent.len() as u32,
            recent,
            must_fold,
            day,
        }
    }

    /// Follows the terms that the person had when the day was loaded, and says what changed; `None` if
    /// the ledger has it so. What the ledger has of a device that is merged since is written anew.
    pub(super) fn choose(&mut self) -> Option<DayChange> {
        let merges = &self.terms.merges;
        self.must_fold |= self.day.knows_any_of(merges);
        let is_merged = |row: &Piece| merges.has(&row.source.device);
        let names_merged = self.other_rows.iter().flatten().any(is_merged);
        let change = self.day.choose(self.terms.clone());
        // A day of the first edition follows the terms as soon as it is loaded, but its rows do not.
        change.or_else(|| names_merged.then(|| self.day.renew()))
    }

    /// Whether the ledger has less of it, or has it otherwise, than after a fold without a tail.
    pub(super) fn is_open(&self) -> bool {
        self.day.version() > 0 && (self.tail.is_some() || self.writes_since_fold > 0)
    }

    /// About how much memory it takes, in bytes.
    pub(super) fn approx_bytes(&self) -> usize {
        self.day.approx_bytes() + self.recent.capacity() * size_of::<Observation>()
    }

    /// How a change of the day is written.
    pub(super) fn write(&mut self, change: DayChange, mark: Mark) -> DayWrite {
        let DayChange { day, from_version, to_version, counted, observed, hours, corrected } = change;
        self.unfolded = self.unfolded.and(hours);
        self.writes_since_fold += 1;
        for observation in observed {
            self.remember(observation);
        }
        let ended = self.change_rows(counted);
        let folds = corrected
            || self.must_fold
            || self.writes_since_fold >= WRITES_BETWEEN_FOLDS
            || self.recent.len() > MAX_RECENT;
        let state = if folds { self.fold() } else { StateWrite::Recent(self.recent.clone()) };
        let (settled_by, tail) = (self.day.terms().clone(), self.tail.clone());
        DayWrite { day, from_version, to_version, mark, settled_by, ended, tail, state }
    }

    /// How the ledger gets all there is of a day that may be forgotten then: a fold, and the tail
    /// among the ended pieces.
    pub(super) fn close(&mut self, mark: Mark) -> DayWrite {
        let tail = self.tail.take();
        let mut ended = match self.other_rows.take() {
            Some(rows) => PieceChanges::between(&rows, &self.day.counted().collect::<Vec<_>>()),
            None => PieceChanges { added: tail.into_iter().collect(), ..PieceChanges::default() },
        };
        ended.added.sort_by_key(|piece| piece.interval.start());
        let DayChange { day, from_version, to_version, .. } = self.day.renew();
        let settled_by = self.day.terms().clone();
        DayWrite { day, from_version, to_version, mark, settled_by, ended, tail: None, state: self.fold() }
    }

    fn fold(&mut self) -> StateWrite {
        let hours = self.unfolded.iter();
        let hours = hours.map(|hour| (hour, self.day.observations_of_hour(hour).collect())).collect();
        (self.unfolded, self.writes_since_fold, self.must_fold) = (Hours::default(), 0, false);
        self.recent.clear();
        StateWrite::Folded { hours, sums: self.day.sums() }
    }

    /// Adds to what is recent. A ping that follows the one before makes that one longer.
    fn remember(&mut self, observation: Observation) {
        let follows = |last: &&mut Observation| {
            last.subject() == observation.subject()
                && last.interval().end() == observation.interval().start()
                && observation.interval().ms() > 1
        };
        match self.recent.last_mut().filter(follows) {
            Some(last) => {
                let whole = last.interval().hull(observation.interval());
                *last = Observation::new(observation.subject().clone(), whole);
            }
            None => self.recent.push(observation),
        }
    }

    /// Leaves the last piece of the day out of the rows, as long as it is not one of them.
    fn change_rows(&mut self, mut changes: PieceChanges) -> PieceChanges {
        let last = self.day.last_counted();
        if let Some(rows) = self.other_rows.take() {
            let mut counted: Vec<Piece> = self.day.counted().collect();
            self.tail = counted.pop();
            return PieceChanges::between(&rows, &counted);
        }
        let tail = self.tail.take().and_then(|tail| changed(tail, &mut changes));
        changes.added.extend(tail);
        changes.added.sort_by_key(|piece| piece.interval.start());
        self.tail = last.and_then(|last| take_out(&last, &mut changes).then_some(last));
        changes
    }
}

/// Takes the last piece of a day out of the rows, if `changes` would write it; whether they would. Of
/// a row that begins to grow again only the beginning is taken away.
fn take_out(last: &Piece, changes: &mut PieceChanges) -> bool {
    if changes.added.pop_if(|piece| piece == last).is_some() {
        return true;
    }
    let grows = |resized: &mut Resized| resized.piece.interval.start() == last.interval.start();
    let Some(Resized { piece, .. }) = changes.resized.pop_if(grows) else { return false };
    changes.removed.push(piece);
    true
}

/// What becomes of a tail by `changes`, from which it is taken out; `None` if it goes.
fn changed(tail: Piece, changes: &mut PieceChanges) -> Option<Piece> {
    if let Some(at) = changes.removed.iter().position(|piece| *piece == tail) {
        changes.removed.remove(at);
        return None;
    }
    let Some(at) = changes.resized.iter().position(|resized| resized.piece == tail) else {
        return Some(tail);
    };
    let Resized { piece, new_end } = changes.resized.remove(at);
    let interval = dayline_domain::Interval::new(piece.interval.start(), new_end)?;
    Some(Piece { interval, ..piece })
}

#[cfg(test)]
mod tests;
