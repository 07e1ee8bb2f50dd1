//! The ledger days a worker keeps in memory between steps, so that the steady state reads nothing.
//! Deliberately absent: correctness. Any of this may be forgotten at any time.

use std::collections::HashMap;

use crate::ports::{DayKey, LedgerWriter, LoadedDay, PortError};

/// Days in memory, bounded by their size.
pub(super) struct HotDays {
    days: HashMap<DayKey, Hot>,
    max_bytes: usize,
    /// Counts steps; tells which days were used last.
    step: u64,
}

struct Hot {
    day: LoadedDay,
    used: u64,
}

impl HotDays {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self { days: HashMap::new(), max_bytes, step: 0 }
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.days.clear();
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
        for (key, loaded) in missing.into_iter().zip(loaded) {
            self.days.insert(key, Hot { day: loaded, used: self.step });
        }
        Ok(())
    }

    /// The day as it was loaded, to be changed; a day that was not loaded is nobody's.
    pub(super) fn get(&mut self, key: DayKey) -> &mut LoadedDay {
        let hot = self.days.entry(key).or_insert(Hot { day: LoadedDay::NoSuchUser, used: self.step });
        hot.used = self.step;
        &mut hot.day
    }

    /// Ends a step: forgets people who are gone and damaged days and, above the bound, the days used longest ago until half
    /// of the bound is free, so that this is rare.
    pub(super) fn shrink(&mut self) {
        self.step += 1;
        self.days.retain(|_, hot| matches!(hot.day, LoadedDay::Day(_)));
        let mut bytes: usize = self.days.values().map(Hot::bytes).sum();
        if bytes <= self.max_bytes {
            return;
        }
        let mut by_age: Vec<(u64, DayKey)> = self.days.iter().map(|(key, hot)| (hot.used, *key)).collect();
        by_age.sort_unstable();
        for (_, key) in by_age {
            if bytes <= self.max_bytes / 2 {
                return;
            }
            if let Some(hot) = self.days.remove(&key) {
                bytes -= hot.bytes();
            }
        }
    }
}

impl Hot {
    fn bytes(&self) -> usize {
        if let LoadedDay::Day(day) = &self.day { day.approx_bytes() } else { 0 }
    }
}
