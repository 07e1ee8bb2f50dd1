//! Local days that begin later than at midnight.

use std::sync::Arc;

use crate::preferences::DayStart;
use crate::time::{DAY_MS, LocalDate, UtcMs};
use crate::zone::{Zone, first_showing};

/// A zone whose days begin some hours and minutes after midnight by its clock, which stays as it is.
struct MovedDays {
    zone: Arc<dyn Zone>,
    day_start: DayStart,
}

/// A zone whose days begin at midnight, with days that begin at `day_start`.
pub fn with_days_from(zone: Arc<dyn Zone>, day_start: DayStart) -> Arc<dyn Zone> {
    if day_start == zone.day_start() { zone } else { Arc::new(MovedDays { zone, day_start }) }
}

impl Zone for MovedDays {
    fn name(&self) -> &str {
        self.zone.name()
    }

    fn offset_s_at(&self, at: UtcMs) -> i32 {
        self.zone.offset_s_at(at)
    }

    fn next_transition(&self, at: UtcMs) -> Option<UtcMs> {
        self.zone.next_transition(at)
    }

    fn day_start(&self) -> DayStart {
        self.day_start
    }

    fn start_of(&self, date: LocalDate) -> UtcMs {
        let midnight = i64::from(date.0) * DAY_MS;
        first_showing(&*self.zone, self.zone.start_of(date), midnight + self.day_start.ms())
    }
}
