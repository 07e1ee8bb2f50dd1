//! The ledger days a worker keeps in memory between steps, so that the steady state reads nothing.
//! Any of this may be forgotten at any time: what the ledger has is whole.

use std::collections::HashMap;

use dayline_domain::{UserId, UtcDay, UtcMs};

use super::kept_day::KeptDay;
use crate::ports::{DayKey, DayWrite, LedgerWriter, LoadedDay, Mark, PortError};

/// A day that was not used for so long is evicted. A tracker pings every few seconds, so who is
/// silent for that long is away or has begun another day, and a load when they return is little.
const IDLE_MS: u64 = 5 * 60_000;
/// How often idle days are looked for. That costs as much as there are days.
const SWEEP_MS: u64 = 60_000;
/// So many idle days are evicted at once at most. They are closed in one commit, for which the pings
/// of all others wait.
const MOST_IDLE: usize = 1_000;

/// Days in memory, bounded by their size and by how long nobody used them.
pub(super) struct KeptDays {
    days: HashMap<DayKey, Slot>,
    max_bytes: usize,
    /// The size of all days at the end of the last step.
    bytes: usize,
    /// Days used in this step, so that ending it costs as much as it did and not as much as there
    /// is.
    touched: Vec<DayKey>,
    /// Days that are closed by a commit, and forgotten when it is done.
    closing: Vec<DayKey>,
    /// The number of this step.
    step: u64,
    /// When idle days were last looked for.
    swept_at: UtcMs,
}

/// A day, or why there is none.
pub(super) enum Kept {
    Day(Box<KeptDay>),
    /// See [`LoadedDay::NoSuchUser`].
    NoSuchUser,
    /// See [`StoredDay::is_past`](crate::ports::StoredDay::is_past).
    Past,
    /// See [`LoadedDay::Damaged`].
    Damaged(String),
}

struct Slot {
    kept: Kept,
    /// The end of the last step that used it.
    used: UtcMs,
    /// The number of the last step that used it.
    step: u64,
    /// Its size when it was counted last.
    bytes: usize,
}

impl Slot {
    /// A day of the step that goes on; its end counts it.
    fn new(kept: Kept) -> Self {
        Self { kept, used: UtcMs(0), step: 0, bytes: 0 }
    }
}

impl KeptDays {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            days: HashMap::new(),
            max_bytes,
            bytes: 0,
            touched: Vec::new(),
            closing: Vec::new(),
            step: 1,
            swept_at: UtcMs(0),
        }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.days.clear();
        self.touched.clear();
        self.closing.clear();
        self.bytes = 0;
    }

    /// Forgets some days of one person, so that they are loaded anew.
    pub(super) fn forget(&mut self, user: UserId, days: &[UtcDay]) {
        for &day in days {
            self.remove(DayKey { user, day });
        }
    }

    /// Loads those of the days that are not in memory, and says how many.
    pub(super) async fn load_missing(
        &mut self,
        ledger: &dyn LedgerWriter,
        keys: impl Iterator<Item = DayKey>,
    ) -> Result<usize, PortError> {
        let missing: Vec<DayKey> = keys.filter(|key| !self.days.contains_key(key)).collect();
        if missing.is_empty() {
            return Ok(0);
        }
        let loaded = ledger.load(missing.clone()).await?;
        let count = loaded.len();
        for (key, day) in missing.into_iter().zip(loaded) {
            let kept = match day {
                LoadedDay::Day(stored) if stored.is_past => Kept::Past,
                LoadedDay::Day(stored) => Kept::Day(Box::new(KeptDay::of(*stored))),
                LoadedDay::NoSuchUser => Kept::NoSuchUser,
                LoadedDay::Damaged(why) => Kept::Damaged(why),
            };
            self.days.insert(key, Slot::new(kept));
        }
        Ok(count)
    }

    /// The day as it was loaded, to be changed; a day that was not loaded is nobody's.
    pub(super) fn get(&mut self, key: DayKey) -> &mut Kept {
        self.touched.push(key);
        let slot = self.days.entry(key).or_insert_with(|| Slot::new(Kept::NoSuchUser));
        slot.step = self.step;
        &mut slot.kept
    }

    /// Ends a step before its commit: gives up people who are gone, days that are past and damaged ones, and of the
    /// days that this step did not use the idle ones and those above the bound. How these are closed belongs to the
    /// commit; when it is done, they are to be [forgotten](Self::forget_closed).
    pub(super) fn evict(
        &mut self,
        now: UtcMs,
        mut new_mark: impl FnMut() -> Mark,
    ) -> Vec<(UserId, DayWrite)> {
        for key in std::mem::take(&mut self.touched) {
            self.count(key, now);
        }
        let evicted = if self.bytes > self.max_bytes {
            self.oldest()
        } else if self.may_be_idle(now) {
            self.idle(now)
        } else {
            Vec::new()
        };
        self.step += 1;
        let close = |key: DayKey| Some((key.user, self.close(key, &mut new_mark)?));
        evicted.into_iter().filter_map(close).collect()
    }

    /// Forgets days that were closed by a commit which is done, but those that were used meanwhile.
    pub(super) fn forget_closed(&mut self) {
        for key in std::mem::take(&mut self.closing) {
            if self.days.get(&key).is_some_and(|slot| slot.step < self.step) {
                self.remove(key);
            }
        }
    }

    /// Whether idle days are to be looked for, or more of them are left than were evicted.
    pub(super) fn may_be_idle(&self, now: UtcMs) -> bool {
        is_past(self.swept_at, SWEEP_MS, now)
    }

    fn idle(&mut self, now: UtcMs) -> Vec<DayKey> {
        let is_idle = |slot: &Slot| slot.step < self.step && is_past(slot.used, IDLE_MS, now);
        let idle = self.days.iter().filter(|(_, slot)| is_idle(slot)).map(|(key, _)| *key);
        let idle: Vec<DayKey> = idle.take(MOST_IDLE).collect();
        if idle.len() < MOST_IDLE {
            self.swept_at = now;
        }
        idle
    }

    /// The days used longest ago, until a little of the bound will be free: so much that sorting them
    /// is rare, and so little that others wait for it briefly.
    fn oldest(&self) -> Vec<DayKey> {
        let unused = self.days.iter().filter(|(_, slot)| slot.step < self.step);
        let mut by_age: Vec<(UtcMs, DayKey, usize)> =
            unused.map(|(key, slot)| (slot.used, *key, slot.bytes)).collect();
        by_age.sort_unstable();
        let mut left = self.bytes;
        let is_too_much = |(_, key, bytes): (UtcMs, DayKey, usize)| {
            let is_too_much = left > self.max_bytes - self.max_bytes / 32;
            left -= bytes;
            is_too_much.then_some(key)
        };
        by_age.into_iter().map_while(is_too_much).collect()
    }

    /// How a day is closed; it is forgotten at once if the ledger has it so.
    fn close(&mut self, key: DayKey, new_mark: &mut impl FnMut() -> Mark) -> Option<DayWrite> {
        let slot = self.days.get_mut(&key)?;
        if let Kept::Day(day) = &mut slot.kept
            && day.is_open()
        {
            self.closing.push(key);
            return Some(day.close(new_mark()));
        }
        self.remove(key);
        None
    }

    fn remove(&mut self, key: DayKey) -> Option<Slot> {
        let slot = self.days.remove(&key)?;
        self.bytes -= slot.bytes;
        Some(slot)
    }

    /// Counts a used day's size anew, or evicts it if there is nothing to keep.
    fn count(&mut self, key: DayKey, now: UtcMs) {
        let Some(slot) = self.days.get_mut(&key) else { return };
        slot.used = now;
        self.bytes -= slot.bytes;
        if let Kept::Day(day) = &slot.kept {
            slot.bytes = day.approx_bytes();
            self.bytes += slot.bytes;
        } else {
            self.days.remove(&key);
        }
    }
}

/// Whether so many milliseconds have passed, or the clock was set back by as many: what waits for a
/// time must not wait forever.
fn is_past(since: UtcMs, ms: u64, now: UtcMs) -> bool {
    now.since(since).unsigned_abs() >= ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_idle_days_so_many_are_evicted_at_once_until_none_is_left() {
        let mut days = KeptDays::new(usize::MAX);
        for n in 0..=2 * MOST_IDLE as u128 {
            let key = DayKey { user: UserId::from_bits(n), day: UtcDay(0) };
            days.days.insert(key, Slot::new(Kept::NoSuchUser));
        }
        let now = UtcMs(IDLE_MS as i64);
        for (left, may_be_idle) in [(MOST_IDLE + 1, true), (1, true), (0, false)] {
            days.evict(now, || Mark(0));
            assert_eq!((days.days.len(), days.may_be_idle(now)), (left, may_be_idle));
        }
    }
}
