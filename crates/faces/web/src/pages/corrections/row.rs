//! Corrections as lists and previews show them.

use std::collections::BTreeMap;

use dayline_domain::{Correction, DeviceId, Domain, Interval, Project, Says, Source, Zone};

use crate::forms::local_time::clock;
use crate::show::{device_name, short_date};

/// What people call their devices.
pub(super) type Names = BTreeMap<DeviceId, Box<str>>;

/// A correction.
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) when: String,
    /// The day in which it begins.
    pub(crate) href: String,
    /// What was done; nothing if it erases.
    pub(crate) done: Option<Done>,
}

/// What somebody did, in names.
pub(crate) struct Done {
    pub(crate) app: String,
    pub(crate) domain: Option<String>,
    pub(crate) project: Option<String>,
    pub(crate) device: String,
}

impl Row {
    /// A correction; none that says nothing any more.
    pub(super) fn of(correction: &Correction, zone: &dyn Zone, names: &Names) -> Option<Self> {
        let interval = correction.says.interval()?;
        let done = match &correction.says {
            Says::Entry { source, .. } => Some(Done::of(source, names)),
            Says::Erasure { .. } | Says::Nothing => None,
        };
        Some(Self {
            id: correction.id.to_string(),
            when: when(zone, interval),
            href: format!("/day/{}", zone.date_at(interval.start())),
            done,
        })
    }
}

impl Done {
    fn of(source: &Source, names: &Names) -> Self {
        let activity = &source.activity;
        Self {
            app: activity.app.as_str().to_owned(),
            domain: activity.domain.as_ref().map(Domain::as_str).map(str::to_owned),
            project: activity.project.as_ref().map(Project::as_str).map(str::to_owned),
            device: device_name(names, &source.device),
        }
    }
}

/// From when to when, with the date where it changes.
pub(super) fn when(zone: &dyn Zone, interval: Interval) -> String {
    let (start, end) = (interval.start(), interval.end());
    let (first, last) = (zone.date_at(start), zone.date_at(end.plus(-1)));
    let to =
        if first == last { clock(zone, end) } else { format!("{}, {}", short_date(last), clock(zone, end)) };
    format!("{}, {} – {to}", short_date(first), clock(zone, start))
}

#[cfg(test)]
mod tests {
    use dayline_app::ports::TimeZones;
    use dayline_contract::fakes::FakeZones;

    use super::*;

    #[test]
    fn a_stretch_is_said_with_its_date_once_if_it_has_one() {
        let zone = FakeZones.find("America/New_York").unwrap();
        let midnight = zone.start_of("2026-11-01".parse().unwrap());
        let said = |from: i64, to: i64| {
            let at = |seconds: i64| midnight.plus(seconds * 1_000);
            when(&*zone, Interval::new(at(from), at(to)).unwrap())
        };
        assert_eq!(said(3_600, 7_230), "Sun 1 Nov 2026, 01:00 – 01:00:30 (again)");
        assert_eq!(said(0, 25 * 3_600), "Sun 1 Nov 2026, 00:00 – 00:00");
        assert_eq!(said(0, 26 * 3_600), "Sun 1 Nov 2026, 00:00 – Mon 2 Nov 2026, 01:00");
    }
}
