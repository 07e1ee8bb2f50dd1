//! The ledger days a worker keeps in memory between steps, so that the steady state reads nothing.
//! Any of this may be forgotten at any time: what the ledger has is whole.

use std::collections::HashMap;

use dayline_domain::{UserId, UtcDay, UtcMs};

use super::kept_day::KeptDay;
use crate::ports::{DayKey, LedgerWriter, LoadedDay, PortError};

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
    /// Its size when it was counted last.
    bytes: usize,
}

impl Slot {
    /// A day of the step that goes on; its end counts it.
    fn new(kept: Kept) -> Self {
        Self { kept, used: UtcMs(0), bytes: 0 }
    }
}

impl KeptDays {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { days: HashMap::new(), max_bytes, bytes: 0, touched: Vec::new(), swept_at: UtcMs(0) }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.days.clear();
        self.touched.clear();
        self.bytes = 0;
    }

    /// Forgets some days of one person, so that they are loaded anew.
    pub(super) fn forget(&mut self, user: UserId, days: &[UtcDay]) {
        for &day in days {
            self.remove(DayKey { user, day });
        }
    }

    /// Loads those of the days that are not in memory.
    pub(super) async fn load_missing(
        &mut self,
        ledger: &dyn LedgerWriter,
        keys: impl Iterator<Item = DayKey>,
    ) -> Result<(), PortError> {
        let missing: Vec<DayKey> = keys.filter(|key| !self.days.contains_key(key)).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let loaded = ledger.load(missing.clone()).await?;
        for (key, day) in missing.into_iter().zip(loaded) {
            let kept = match day {
                LoadedDay::Day(stored) if stored.is_past => Kept::Past,
                LoadedDay::Day(stored) => Kept::Day(Box::new(KeptDay::of(*stored))),
                LoadedDay::NoSuchUser => Kept::NoSuchUser,
                LoadedDay::Damaged(why) => Kept::Damaged(why),
            };
            self.days.insert(key, Slot::new(kept));
        }
        Ok(())
    }

    /// The day as it was loaded, to be changed; a day that was not loaded is nobody's.
    pub(super) fn get(&mut self, key: DayKey) -> &mut Kept {
        self.touched.push(key);
        &mut self.days.entry(key).or_insert_with(|| Slot::new(Kept::NoSuchUser)).kept
    }

    /// Ends a step: gives up people who are gone, days that are past and damaged ones at once, and idle days and those
    /// above the bound to the caller, who closes them in the ledger.
    pub(super) fn evict(&mut self, now: UtcMs) -> Vec<(UserId, KeptDay)> {
        for key in std::mem::take(&mut self.touched) {
            self.count(key, now);
        }
        let mut evicted = if self.may_be_idle(now) { self.evict_idle(now) } else { Vec::new() };
        if self.bytes > self.max_bytes {
            self.evict_oldest(&mut evicted);
        }
        let open = |(key, slot): (DayKey, Slot)| match slot.kept {
            Kept::Day(day) if day.is_open() => Some((key.user, *day)),
            _ => None,
        };
        evicted.into_iter().filter_map(open).collect()
    }

    /// Whether idle days are to be looked for, or more of them are left than were evicted.
    pub(super) fn may_be_idle(&self, now: UtcMs) -> bool {
        is_past(self.swept_at, SWEEP_MS, now)
    }

    fn evict_idle(&mut self, now: UtcMs) -> Vec<(DayKey, Slot)> {
        let idle = self.days.extract_if(|_, slot| is_past(slot.used, IDLE_MS, now));
        let evicted: Vec<_> = idle.take(MOST_IDLE).collect();
        if evicted.len() < MOST_IDLE {
            self.swept_at = now;
        }
        self.bytes -= evicted.iter().map(|(_, slot)| slot.bytes).sum::<usize>();
        evicted
    }

    /// Evicts the days used longest ago until a little of the bound is free: so much that sorting them
    /// is rare, and so little that others wait for it briefly.
    fn evict_oldest(&mut self, evicted: &mut Vec<(DayKey, Slot)>) {
        let mut by_age: Vec<(UtcMs, DayKey)> =
            self.days.iter().map(|(key, slot)| (slot.used, *key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            if self.bytes <= self.max_bytes - self.max_bytes / 32 {
                return;
            }
            evicted.extend(self.remove(key).map(|slot| (key, slot)));
        }
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
            days.evict(now);
            assert_eq!((days.days.len(), days.may_be_idle(now)), (left, may_be_idle));
        }
    }
}
