//! The sums of a report, stretch by stretch: the same as over all of it at once.

use std::collections::HashMap;

use dayline_domain::report::{self, Counted, Cut, HourSlot};
use dayline_domain::{Domain, Interval, LocalDate, ReportKind};

use crate::ports::Part;
use crate::reporting::reports::{LocalDays, Totals};

/// The sums so far.
pub(super) enum Sums {
    Apps(HashMap<String, i64>),
    Domains(HashMap<Option<String>, i64>),
    Hours(Vec<HourSlot>),
    Days(Totals<LocalDate>),
}

impl Sums {
    /// No sums yet; `None` for what is no sum.
    pub(super) fn of(kind: ReportKind) -> Option<Self> {
        match kind {
            ReportKind::Apps => Some(Self::Apps(HashMap::new())),
            ReportKind::Domains => Some(Self::Domains(HashMap::new())),
            ReportKind::Hours => Some(Self::Hours(Vec::new())),
            ReportKind::Days => Some(Self::Days(Vec::new())),
            ReportKind::Timeline | ReportKind::Export => None,
        }
    }

    /// Into what the report cuts its days.
    pub(super) fn cut(&self) -> Cut {
        match self {
            Self::Apps(_) | Self::Domains(_) => Cut::Whole,
            Self::Hours(_) => Cut::Hours,
            Self::Days(_) => Cut::Days,
        }
    }

    /// Adds what counted in the next stretch, which covers `window`.
    pub(super) fn add(&mut self, counted: Counted<'_>, window: Interval, days: &LocalDays) {
        match self {
            Self::Apps(sums) => {
                for (app, ms) in report::by_app(counted, window) {
                    *sums.entry(app.as_str().to_owned()).or_default() += ms;
                }
            }
            Self::Domains(sums) => {
                for (domain, ms) in report::by_domain(counted, window) {
                    *sums.entry(domain.map(|domain| Domain::as_str(domain).to_owned())).or_default() += ms;
                }
            }
            Self::Hours(slots) => slots.extend(report::by_hour(counted, &*days.zone, days.from..=days.to)),
            Self::Days(sums) => sums.extend(report::by_day(counted, &*days.zone, days.from..=days.to)),
        }
    }

    /// Adds a stretch of days that the zone skips.
    pub(super) fn skip(&mut self, days: &LocalDays) {
        if let Self::Days(sums) = self {
            sums.extend((days.from.0..=days.to.0).map(|date| (LocalDate(date), 0)));
        }
    }

    /// The whole report.
    pub(super) fn part(self) -> Part {
        match self {
            Self::Apps(sums) => Part::Apps(report::most_first(sums)),
            Self::Domains(sums) => Part::Domains(report::most_first(sums)),
            Self::Hours(slots) => Part::Hours(slots),
            Self::Days(sums) => Part::Days(sums),
        }
    }
}
