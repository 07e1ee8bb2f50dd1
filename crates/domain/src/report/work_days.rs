//! Work hours: when on each local day something counted first and last, and how much in all.

use super::LocalDays;
use super::local_days::{each, local_day};
use crate::time::{Interval, LocalDate, UtcMs};

/// A local day of a sheet of work hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WorkDay {
    /// Which day.
    pub date: LocalDate,
    /// What counted on it, if anything did.
    pub worked: Option<Worked>,
}

/// What counted on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worked {
    /// When it began.
    pub first: UtcMs,
    /// When it ended.
    pub last: UtcMs,
    /// How much of the time between counted, in milliseconds.
    pub ms: i64,
}

/// The work hours of local days, gathered from what counted.
#[derive(Debug, Clone)]
pub struct WorkDays(Vec<(LocalDate, Interval, Option<Worked>)>);

impl WorkDays {
    /// Of these days, on which nothing counted yet. A day that the zone skips is left out.
    pub fn of(days: &LocalDays) -> Self {
        let day = |date| Some((date, local_day(&*days.zone, date)?, None));
        Self(each(days.dates()).filter_map(day).collect())
    }

    /// Adds a stretch that counted. Stretches do not overlap; they come in any order.
    pub fn add(&mut self, counted: Interval) {
        let first = self.0.partition_point(|(_, day, _)| day.end() <= counted.start());
        for (_, day, worked) in self.0.iter_mut().skip(first) {
            let Some(part) = counted.clip(*day) else { return };
            let (start, end, ms) = (part.start(), part.end(), part.ms());
            *worked = Some(match *worked {
                None => Worked { first: start, last: end, ms },
                Some(known) => {
                    Worked { first: known.first.min(start), last: known.last.max(end), ms: known.ms + ms }
                }
            });
        }
    }

    /// The days in order.
    pub fn days(self) -> Vec<WorkDay> {
        self.0.into_iter().map(|(date, _, worked)| WorkDay { date, worked }).collect()
    }
}
