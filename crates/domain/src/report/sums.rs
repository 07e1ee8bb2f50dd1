//! A report that grows: counted time, grouped, a stretch of days after the other.
//! Not here: the passes over pieces and sums, and how a report is shown.

use std::collections::BTreeMap;
use std::hash::Hash;

use super::slots::is_within_hour;
use super::{
    Counted, Grouping, HourSlot, LocalDays, Period, by_category, by_hour, by_period, most_first, per_name,
};
use crate::activity::{Language, Project, Source};
use crate::labels::CategoryName;
use crate::names::{AppName, DeviceId, Domain};
use crate::time::LocalDate;
use crate::zone::Zone;

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
/// use dayline_domain::{AppName, Interval, LocalDate, Piece, Source, UtcMs, Weekday, Zone};
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
/// let (zone, to) = (Arc::new(Utc), morning.plus_days(6));
/// let days = LocalDays { zone, from: morning, to, week_start: Weekday::Monday };
/// let mut report = Report::empty(Grouping::Apps);
/// report.add((&pieces).into(), &days);
/// let Report::Apps(totals) = report else { unreachable!() };
/// assert_eq!(totals.most_first(), [(AppName::new("Code")?, 60_000)]);
/// # Ok::<(), dayline_domain::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// Per app, by the name that it is shown by, over all days together.
    Apps(Totals<AppName>),
    /// Per domain, `None` being what was no web page.
    Domains(Totals<Option<Domain>>),
    /// Per project, `None` being what had none.
    Projects(Totals<Option<Project>>),
    /// Per language, `None` being what had none.
    Languages(Totals<Option<Language>>),
    /// Per device.
    Devices(Totals<DeviceId>),
    /// Per category, without what lies within it; `None` being what belongs to none.
    Categories(Totals<Option<CategoryName>>),
    /// Per hour of the clock, in order.
    Hours(Vec<HourSlot>),
    /// Per local day, in order.
    Days(Vec<(LocalDate, i64)>),
    /// Per week, by its first day, in order.
    Weeks(Vec<(LocalDate, i64)>),
    /// Per month, by its first day, in order.
    Months(Vec<(LocalDate, i64)>),
}

impl Report {
    /// The report of no days.
    pub fn empty(grouping: Grouping) -> Self {
        match grouping {
            Grouping::Apps => Self::Apps(Totals::default()),
            Grouping::Domains => Self::Domains(Totals::default()),
            Grouping::Projects => Self::Projects(Totals::default()),
            Grouping::Languages => Self::Languages(Totals::default()),
            Grouping::Devices => Self::Devices(Totals::default()),
            Grouping::Categories => Self::Categories(Totals::default()),
            Grouping::Hours => Self::Hours(Vec::new()),
            Grouping::Days => Self::Days(Vec::new()),
            Grouping::Weeks => Self::Weeks(Vec::new()),
            Grouping::Months => Self::Months(Vec::new()),
        }
    }

    /// By what it groups.
    pub fn grouping(&self) -> Grouping {
        match self {
            Self::Apps(_) => Grouping::Apps,
            Self::Domains(_) => Grouping::Domains,
            Self::Projects(_) => Grouping::Projects,
            Self::Languages(_) => Grouping::Languages,
            Self::Devices(_) => Grouping::Devices,
            Self::Categories(_) => Grouping::Categories,
            Self::Hours(_) => Grouping::Hours,
            Self::Days(_) => Grouping::Days,
            Self::Weeks(_) => Grouping::Weeks,
            Self::Months(_) => Grouping::Months,
        }
    }

    /// Adds what counted in days that come after those that were added before.
    pub fn add(&mut self, counted: Counted<'_>, days: &LocalDays) {
        match self {
            Self::Apps(totals) => totals.add_shown(counted, days),
            Self::Domains(totals) => totals.add(counted, days, |source| &source.activity.domain),
            Self::Projects(totals) => totals.add(counted, days, |source| &source.activity.project),
            Self::Languages(totals) => totals.add(counted, days, |source| &source.activity.language),
            Self::Devices(totals) => totals.add(counted, days, |source| &source.device),
            Self::Categories(totals) => totals.add_sorted(counted, days),
            Self::Hours(slots) => {
                append_hours(slots, by_hour(counted, &*days.zone, days.dates()), &*days.zone);
            }
            Self::Days(rows) => append(rows, by_period(counted, days, Period::Day)),
            Self::Weeks(rows) => append(rows, by_period(counted, days, Period::Week)),
            Self::Months(rows) => append(rows, by_period(counted, days, Period::Month)),
        }
    }
}

/// Adds rows after those before. The first goes on with the last if a stretch of days ended within
/// what both are of.
fn append(rows: &mut Vec<(LocalDate, i64)>, more: Vec<(LocalDate, i64)>) {
    let mut more = more.into_iter().peekable();
    if let Some((label, ms)) = rows.last_mut()
        && let Some((_, also)) = more.next_if(|(next, _)| next == label)
    {
        *ms += also;
    }
    rows.extend(more);
}

/// Adds hours after those before, likewise: days may begin within an hour.
fn append_hours(slots: &mut Vec<HourSlot>, more: Vec<HourSlot>, zone: &dyn Zone) {
    let mut more = more.into_iter().peekable();
    if let Some(last) = slots.last_mut()
        && let Some(also) = more.next_if(|next| is_within_hour(zone, next.start))
    {
        last.ms += also.ms;
    }
    slots.extend(more);
}

impl<Name: Clone + Hash + Ord> Totals<Name> {
    fn add<'a>(&mut self, counted: Counted<'a>, days: &LocalDays, name: impl Fn(&'a Source) -> &'a Name)
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

impl Totals<AppName> {
    /// Adds to each app by the name that it is shown by.
    fn add_shown(&mut self, counted: Counted<'_>, days: &LocalDays) {
        let Some(labels) = counted.labels else {
            return self.add(counted, days, |source| &source.activity.app);
        };
        let Some(window) = days.interval() else { return };
        for (app, ms) in per_name(counted, window, |source| &source.activity.app) {
            *self.0.entry(labels.shown(app).into_owned()).or_default() += ms;
        }
    }
}

impl Totals<Option<CategoryName>> {
    /// Adds to the category of each activity.
    fn add_sorted(&mut self, counted: Counted<'_>, days: &LocalDays) {
        let Some(window) = days.interval() else { return };
        for (category, ms) in by_category(counted, window) {
            *self.0.entry(category.cloned()).or_default() += ms;
        }
    }
}

impl<Name> Default for Totals<Name> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}
