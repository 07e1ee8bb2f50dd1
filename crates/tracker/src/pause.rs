//! A time in which nothing is watched, whatever is told later of it. It stands in a file, so that it holds for a tracker that
//! runs and for one that starts meanwhile.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::observation::Observation;
use crate::paths::{remove, replace_durably};

/// From when until when nothing is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl Pause {
    /// The last pause, also if it is over; `None` if there was none.
    pub fn read(file: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file).ok()?).ok()
    }

    /// Lets the pause hold from now on.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(self, file: &Path) -> Result<(), String> {
        let text = serde_json::to_vec(&self).unwrap_or_default();
        replace_durably(file, &text).map_err(|error| format!("cannot write {}: {error}", file.display()))
    }

    /// Forgets that there was one.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn forget(file: &Path) -> Result<(), String> {
        remove(file).map(drop).map_err(|error| format!("cannot delete {}: {error}", file.display()))
    }

    /// Whether it holds at this time.
    pub fn holds_at(self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// What of an observation lies outside of the pause.
    pub fn cut(self, observation: Observation) -> Vec<Observation> {
        let (start, end) = (observation.start_time, observation.end_time);
        // One that is a point is within where it begins.
        if end <= self.from.max(start) && !self.holds_at(start) || start >= self.until {
            return vec![observation];
        }
        let before = Observation { end_time: self.from, ..observation.clone() };
        let after = Observation { start_time: self.until, ..observation };
        let mut left = Vec::new();
        left.extend((start < self.from).then_some(before));
        left.extend((self.until < end).then_some(after));
        left
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::observation::Seen;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    proptest! {
        #[test]
        fn what_is_left_is_what_was_seen_outside_of_the_pause(
            start in 0..20_i64, length in 0..10_i64, from in 0..20_i64, pause in 1..10_i64,
        ) {
            let device_id = crate::device::chosen("laptop").unwrap();
            let observation = Observation {
                seen: Seen::Away, start_time: at(start), end_time: at(start + length), device_id,
            };
            let pause = Pause { from: at(from), until: at(from + pause) };
            let left = pause.cut(observation.clone());
            for second in 0..40 {
                let covers = |observation: &Observation| {
                    observation.start_time <= at(second) && at(second) < observation.end_time
                };
                let expected = covers(&observation) && !pause.holds_at(at(second));
                prop_assert_eq!(left.iter().any(covers), expected, "second {}", second);
            }
            if length == 0 {
                prop_assert_eq!(left.is_empty(), pause.holds_at(at(start)));
            }
        }
    }

    #[test]
    fn a_pause_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pause");
        assert_eq!(Pause::read(&file), None);
        let pause = Pause { from: at(0), until: at(60) };
        pause.write(&file).unwrap();
        assert_eq!(Pause::read(&file), Some(pause));
        Pause::forget(&file).unwrap();
        Pause::forget(&file).unwrap();
        assert_eq!(Pause::read(&file), None);
    }
}
