//! The ledger days a worker keeps in memory between steps, so that the steady state reads nothing.
//! Deliberately absent: correctness. Any of this may be forgotten at any time.

use std::collections::HashMap;

use crate::ports::{DayKey, LedgerWriter, LoadedDay, PortError};

/// Days in memory, bounded by their size.
pub(super) struct HotDays {
    days: HashMap<DayKey, Hot>,
    max_bytes: usize,
    /// The size of all days at the end of the last step.
    bytes: usize,
    /// Days used in this step, so that ending it costs as much as it did and not as much as there is.
    touched: Vec<DayKey>,
    /// Counts steps; tells which days were used last.
    step: u64,
}

struct Hot {
    day: LoadedDay,
    used: u64,
    /// Its size when it was counted last.
    bytes: usize,
}

impl HotDays {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { days: HashMap::new(), max_bytes, bytes: 0, touched: Vec::new(), step: 0 }
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
            self.days.insert(key, Hot { day, used: self.step, bytes: 0 });
        }
        Ok(())
    }

    /// The day as it was loaded, to be changed; a day that was not loaded is nobody's.
    pub(super) fn get(&mut self, key: DayKey) -> &mut LoadedDay {
        let nobodys = Hot { day: LoadedDay::NoSuchUser, used: self.step, bytes: 0 };
        let hot = self.days.entry(key).or_insert(nobodys);
        hot.used = self.step;
        self.touched.push(key);
        &mut hot.day
    }

    /// Ends a step: forgets people who are gone and damaged days and, above the bound, the days used longest
    /// ago until half of the bound is free, so that this is rare.
    pub(super) fn shrink(&mut self) {
        self.step += 1;
        for key in std::mem::take(&mut self.touched) {
            self.count(key);
        }
        if self.bytes <= self.max_bytes {
            return;
        }
        let mut by_age: Vec<(u64, DayKey)> = self.days.iter().map(|(key, hot)| (hot.used, *key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            if self.bytes <= self.max_bytes / 2 {
                return;
            }
            self.bytes -= self.days.remove(&key).map_or(0, |hot| hot.bytes);
        }
    }

    /// Counts a day's size anew, or forgets it if there is nothing to keep.
    fn count(&mut self, key: DayKey) {
        let Some(hot) = self.days.get_mut(&key) else { return };
        self.bytes -= hot.bytes;
        if let LoadedDay::Day(day) = &hot.day {
            hot.bytes = day.approx_bytes();
            self.bytes += hot.bytes;
        } else {
            self.days.remove(&key);
        }
    }
}
