//! The ledger days a worker keeps in memory between steps, so that the steady state reads nothing.
//! Deliberately absent: correctness. Any of this may be forgotten at any time.

use std::collections::HashMap;

use dayline_domain::ledger_day::LedgerDay;

use crate::ports::{DayKey, LedgerWriter, LoadedDay, PortError};

/// Days in memory, bounded by their size.
pub(super) struct HotDays {
    days: HashMap<DayKey, Hot>,
    max_bytes: usize,
    /// Counts steps; tells which days were used last.
    step: u64,
}

struct Hot {
    /// `None`: there is no such person.
    day: Option<Box<LedgerDay>>,
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
            let day = match loaded {
                LoadedDay::Day(day) => Some(day),
                LoadedDay::NoSuchUser => None,
            };
            self.days.insert(key, Hot { day, used: self.step });
        }
        Ok(())
    }

    /// The day, to be changed; `None` if it was not loaded or its person is gone.
    pub(super) fn get(&mut self, key: DayKey) -> Option<&mut LedgerDay> {
        let hot = self.days.get_mut(&key)?;
        hot.used = self.step;
        hot.day.as_deref_mut()
    }

    /// Ends a step: forgets people who are gone and, above the bound, the days used longest ago until half
    /// of the bound is free, so that this is rare.
    pub(super) fn shrink(&mut self) {
        self.step += 1;
        self.days.retain(|_, hot| hot.day.is_some());
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
        self.day.as_deref().map_or(0, LedgerDay::approx_bytes)
    }
}
