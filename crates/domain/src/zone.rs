//! What a rule needs to know about a time zone, as a trait of values; the data comes from outside.
//! Not here: the IANA database and the names of zones (a port of the app).

use crate::time::{DAY_MS, LocalDate, UtcMs};

/// A time zone's rules. Implementations are pure: the same question always has the same answer.
pub trait Zone: Send + Sync {
    /// The zone's name, as the IANA database spells it.
    fn name(&self) -> &str;

    /// Seconds that local time is ahead of UTC at this instant (negative west of Greenwich).
    fn offset_s_at(&self, at: UtcMs) -> i32;

    /// The first instant after `at` from which the offset differs from the one at `at`, if there is
    /// one.
    fn next_transition(&self, at: UtcMs) -> Option<UtcMs>;

    /// The first instant whose local date is `date` or later. So a day that does not exist starts
    /// where the next one does, and is empty.
    fn start_of(&self, date: LocalDate) -> UtcMs;

    /// The local date at an instant.
    fn date_at(&self, at: UtcMs) -> LocalDate {
        let local = at.plus(i64::from(self.offset_s_at(at)) * 1_000);
        LocalDate(local.0.div_euclid(DAY_MS) as i32)
    }
}
