//! Where the border lies between what is kept of a person's timeline and what is past.

use crate::retention::Retention;
use crate::time::{LocalDate, UtcDay, UtcMs};
use crate::zone::Zone;

/// From when on a person's timeline is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptSince {
    /// The first of the person's days that is kept, whole.
    pub date: LocalDate,
    /// The UTC day in which that date begins: the first that stays. What lies in it before the date
    /// goes a day later, with the UTC day.
    pub day: UtcDay,
}

/// From when on a person's timeline is kept by the shortest of some retentions; `None` if there are
/// none, and all is kept. The zone has days that begin when the person's do.
pub fn kept_since(
    retentions: impl IntoIterator<Item = Retention>,
    zone: &dyn Zone,
    now: UtcMs,
) -> Option<KeptSince> {
    let today = zone.date_at(now);
    let date = retentions.into_iter().map(|retention| retention.first_kept(today)).max()?;
    Some(KeptSince { date, day: zone.start_of(date).day() })
}
