//! A report that grows: counted time, grouped, a stretch of days after the other.
//! Not here: the passes over pieces and sums, and how a report is shown.

use std::collections::BTreeMap;
use std::hash::Hash;

use super::{Counted, Grouping, HourSlot, LocalDays, by_day, by_hour, most_first, per_name};
use crate::activity::Activity;
use crate::names::{AppName, Domain};
use crate::time::LocalDate;

/// Counted milliseconds per name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals<Name>(BTreeMap<Name, i64>);

/// Counted milliseconds of local days, grouped. Days that are added stretch by stretch, in order,
/// make the same report as all of them at once.
///
/// ```
/// use std::sync::Arc;
///
/// use dayline_domain::report::{Grouping, LocalDays, Report};
/// use dayline_domain::{AppName, Interval, LocalDate, Piece, Source, UtcMs, Zone};
///
/// struct Utc;
///
/// impl Zone for Utc {
///     fn name(&self) -> &str { "UTC" }
///     fn offset_s_at(&self, _: UtcMs) -> i32 { 0 }
///     fn next_transition(&self, _: UtcMs) -> Option<UtcMs> { None }
///     fn start_of(&self, date: LocalDate) -> UtcMs { UtcMs(i64::from(date.0) * 86_400_000) }
/// }
///
/// let morning = LocalDate(20_000);
/// let start = Utc.start_of(morning).plus(9 * 3_600_000);
/// let pieces = [Piece {
///     source: Source::new("laptop", "Code", None)?,
///     interval: Interval::new(start, start.plus(60_000)).unwrap(),
/// }];
///
/// let days = LocalDays { zone: Arc::new(Utc), from: morning, to: morning.plus_days(6) };
/// let mut report = Report::empty(Grouping::Apps);
/// report.add((&pieces).into(), &days);
/// let Report::Apps(totals) = report else { unreachable!() };
/// assert_eq!(totals.most_first(), [(AppName::new("Code")?, 60_000)]);
/// # Ok::<(), dayline_domain::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// Per app, over all days together.
    Apps(Totals<AppName>),
    /// Per domain, `None` being what was no web page.
    Domains(Totals<Option<Domain>>),
    /// Per local hour, in order.
    Hours(Vec<HourSlot>),
    /// Per local day, in order.
    Days(Vec<(LocalDate, i64)>),
}

impl Report {
    /// The report of no days.
    pub fn empty(grouping: Grouping) -> Self {
        match grouping {
            Grouping::Apps => Self::Apps(Totals::default()),
            Grouping::Domains => Self::Domains(Totals::default()),
            Grouping::Hours => Self::Hours(Vec::new()),
            Grouping::Days => Self::Days(Vec::new()),
        }
    }

    /// By what it groups.
    pub fn grouping(&self) -> Grouping {
        match self {
            Self::Apps(_) => Grouping::Apps,
            Self::Domains(_) => Grouping::Domains,
            Self::Hours(_) => Grouping::Hours,
            Self::Days(_) => Grouping::Days,
        }
    }

    /// Adds what counted in days that come after those that were added before.
    pub fn add(&mut self, counted: Counted<'_>, days: &LocalDays) {
        match self {
            Self::Apps(totals) => totals.add(counted, days, |activity| &activity.app),
            Self::Domains(totals) => totals.add(counted, days, |activity| &activity.domain),
            Self::Hours(slots) => slots.extend(by_hour(counted, &*days.zone, days.dates())),
            Self::Days(totals) => totals.extend(by_day(counted, &*days.zone, days.dates())),
        }
    }
}

impl<Name: Clone + Hash + Ord> Totals<Name> {
    fn add<'a>(&mut self, counted: Counted<'a>, days: &LocalDays, name: impl Fn(&'a Activity) -> &'a Name)
    where
        Name: 'a,
    {
        let Some(window) = days.interval() else { return };
        for (name, ms) in per_name(counted, window, name) {
            *self.0.entry(name.clone()).or_default() += ms;
        }
    }

    /// In the order of a report: most first, equal ones by name, none before some.
    pub fn most_first(self) -> Vec<(Name, i64)> {
        most_first(self.0)
    }
}

impl<Name> Default for Totals<Name> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}
