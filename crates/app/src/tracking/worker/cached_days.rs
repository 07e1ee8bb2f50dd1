//! The ledger days a worker keeps in memory between steps, so that the steady state reads nothing.
//! Any of this may be forgotten at any time.

use std::collections::HashMap;

use dayline_domain::UtcMs;

use crate::ports::{DayKey, LedgerWriter, LoadedDay, PortError};

/// A day that was not used for so long is evicted. A tracker pings every few seconds, so who is
/// silent for that long is away or has begun another day, and a load when they return is little.
const IDLE_MS: u64 = 5 * 60_000;
/// How often idle days are looked for. That costs as much as there are days.
const SWEEP_MS: u64 = 60_000;

/// Days in memory, bounded by their size and by how long nobody used them.
pub(super) struct CachedDays {
    days: HashMap<DayKey, Cached>,
    max_bytes: usize,
    /// The size of all days at the end of the last step.
    bytes: usize,
    /// Days used in this step, so that ending it costs as much as it did and not as much as there
    /// is.
    touched: Vec<DayKey>,
    /// When idle days were last looked for.
    swept_at: UtcMs,
}

struct Cached {
    day: LoadedDay,
    /// The end of the last step that used it.
    used: UtcMs,
    /// Its size when it was counted last.
    bytes: usize,
}

impl Cached {
    /// A day of the step that goes on; its end counts it.
    fn new(day: LoadedDay) -> Self {
        Self { day, used: UtcMs(0), bytes: 0 }
    }
}

impl CachedDays {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { days: HashMap::new(), max_bytes, bytes: 0, touched: Vec::new(), swept_at: UtcMs(0) }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.days.clear();
        self.touched.clear();
        self.bytes = 0;
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
            self.days.insert(key, Cached::new(day));
        }
        Ok(())
    }

    /// The day as it was loaded, to be changed; a day that was not loaded is nobody's.
    pub(super) fn get(&mut self, key: DayKey) -> &mut LoadedDay {
        self.touched.push(key);
        &mut self.days.entry(key).or_insert_with(|| Cached::new(LoadedDay::NoSuchUser)).day
    }

    /// Ends a step: evicts people who are gone, damaged days, idle days and those above the bound.
    pub(super) fn evict(&mut self, now: UtcMs) {
        for key in std::mem::take(&mut self.touched) {
            self.count(key, now);
        }
        if is_past(self.swept_at, SWEEP_MS, now) {
            self.swept_at = now;
            self.days.retain(|_, cached| !is_past(cached.used, IDLE_MS, now));
            self.bytes = self.days.values().map(|cached| cached.bytes).sum();
        }
        if self.bytes > self.max_bytes {
            self.evict_oldest();
        }
    }

    /// Evicts the days used longest ago until an eighth of the bound is free, so that sorting them
    /// is rare.
    fn evict_oldest(&mut self) {
        let mut by_age: Vec<(UtcMs, DayKey)> =
            self.days.iter().map(|(key, cached)| (cached.used, *key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            if self.bytes <= self.max_bytes - self.max_bytes / 8 {
                return;
            }
            self.bytes -= self.days.remove(&key).map_or(0, |cached| cached.bytes);
        }
    }

    /// Counts a used day's size anew, or evicts it if there is nothing to keep.
    fn count(&mut self, key: DayKey, now: UtcMs) {
        let Some(cached) = self.days.get_mut(&key) else { return };
        cached.used = now;
        self.bytes -= cached.bytes;
        if let LoadedDay::Day(day) = &cached.day {
            cached.bytes = day.approx_bytes();
            self.bytes += cached.bytes;
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
