//! The axis of a day: linear in elapsed time, labelled by the clock on the wall, with a mark where that is
//! changed.

use dayline_domain::zone::{Zone, shown_at};
use dayline_domain::{Interval, UtcMs};

use crate::chart::percent;

const HOUR_MS: i64 = 3_600_000;

/// The clock on the wall over a stretch of time.
pub(crate) struct Clock<'a> {
    zone: &'a dyn Zone,
    window: Interval,
    changes: Vec<Change>,
}

/// A moment when the clock is changed.
struct Change {
    at: UtcMs,
    /// By how much it is put forward, in milliseconds; negative if it is put back.
    by_ms: i64,
}

/// A full hour on the axis.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tick {
    /// From the left, as SVG takes it.
    pub(crate) x: String,
    /// What the clock shows; nothing at hours that only have a line.
    pub(crate) label: String,
    /// Whether there is room for the label on a small screen.
    pub(crate) on_small: bool,
}

/// A change of the clock on the axis.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// From the left, as SVG takes it.
    pub(crate) x: String,
    /// What happens.
    pub(crate) label: String,
}

impl<'a> Clock<'a> {
    /// The clock of a zone over a window.
    pub(crate) fn new(zone: &'a dyn Zone, window: Interval) -> Self {
        let mut changes = Vec::new();
        let mut from = window.start().plus(-1);
        while let Some(at) = zone.next_transition(from).filter(|&at| at > from && at < window.end()) {
            let by_ms = i64::from(zone.offset_s_at(at) - zone.offset_s_at(at.plus(-1))) * 1_000;
            changes.push(Change { at, by_ms });
            from = at;
        }
        Self { zone, window, changes }
    }

    /// What the clock shows, as `HH:MM`. Where it shows the same a second time, that is said.
    pub(crate) fn text(&self, at: UtcMs) -> String {
        let minutes = shown_at(self.zone, at).rem_euclid(24 * HOUR_MS) / 60_000;
        let again = if self.is_again(at) { " (again)" } else { "" };
        format!("{:02}:{:02}{again}", minutes / 60, minutes % 60)
    }

    fn is_again(&self, at: UtcMs) -> bool {
        self.changes
            .iter()
            .any(|change| change.by_ms < 0 && at >= change.at && at < change.at.plus(-change.by_ms))
    }

    /// How far the clock is before UTC, in seconds, from which millisecond of the window on.
    pub(crate) fn offsets(&self) -> Vec<(i64, i32)> {
        let from = |at: UtcMs| (at.since(self.window.start()), self.zone.offset_s_at(at));
        [self.window.start()]
            .into_iter()
            .chain(self.changes.iter().map(|change| change.at))
            .map(from)
            .collect()
    }

    /// Where an instant is, from the left.
    pub(crate) fn x(&self, at: UtcMs) -> String {
        percent(at.since(self.window.start()), self.window.ms())
    }

    /// The full hours, each third one with a label.
    pub(crate) fn ticks(&self) -> Vec<Tick> {
        let mut ticks = Vec::new();
        let ends = self.changes.iter().map(|change| change.at).chain([self.window.end()]);
        let mut start = self.window.start();
        for end in ends {
            let past = shown_at(self.zone, start).rem_euclid(HOUR_MS);
            let mut at = start.plus((HOUR_MS - past) % HOUR_MS);
            while at < end {
                let hour = shown_at(self.zone, at).div_euclid(HOUR_MS).rem_euclid(24);
                let label = if hour % 3 == 0 { self.text(at) } else { String::new() };
                ticks.push(Tick { x: self.x(at), label, on_small: hour % 6 == 0 });
                at = at.plus(HOUR_MS);
            }
            start = end;
        }
        ticks
    }

    /// Where the clock is changed.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let mark = |change: &Change| {
            let (sign, minutes) = (if change.by_ms < 0 { '−' } else { '+' }, change.by_ms.abs() / 60_000);
            let by = if minutes % 60 == 0 { format!("{} h", minutes / 60) } else { format!("{minutes} min") };
            Mark { x: self.x(change.at), label: format!("clock {sign}{by}") }
        };
        self.changes.iter().map(mark).collect()
    }
}

#[cfg(test)]
mod tests {
    use dayline_app::ports::TimeZones;
    use dayline_contract::fakes::FakeZones;
    use dayline_domain::LocalDate;
    use dayline_domain::report::local_day;

    use super::*;

    fn labels(zone: &str, date: &str) -> Vec<(String, String)> {
        let zone = FakeZones.find(zone).unwrap();
        let day = local_day(&*zone, date.parse::<LocalDate>().unwrap()).unwrap();
        let ticks = Clock::new(&*zone, day).ticks().into_iter();
        ticks.filter(|tick| !tick.label.is_empty()).map(|tick| (tick.x, tick.label)).collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|&(x, label)| (x.to_owned(), label.to_owned())).collect()
    }

    #[test]
    fn a_usual_day_has_a_label_each_three_hours() {
        let expected = [
            ("0%", "00:00"),
            ("12.5%", "03:00"),
            ("25%", "06:00"),
            ("37.5%", "09:00"),
            ("50%", "12:00"),
            ("62.5%", "15:00"),
            ("75%", "18:00"),
            ("87.5%", "21:00"),
        ];
        assert_eq!(labels("UTC", "2026-11-20"), pairs(&expected));
        assert_eq!(labels("Asia/Tokyo", "2026-11-20"), pairs(&expected));
    }

    #[test]
    fn a_day_of_25_hours_is_linear_in_the_time_that_passes() {
        // Of 100 hours' quarters: 00:00 at 0, 03:00 after four hours.
        let expected = [
            ("0%", "00:00"),
            ("16%", "03:00"),
            ("28%", "06:00"),
            ("40%", "09:00"),
            ("52%", "12:00"),
            ("64%", "15:00"),
            ("76%", "18:00"),
            ("88%", "21:00"),
        ];
        assert_eq!(labels("America/New_York", "2026-11-01"), pairs(&expected));
    }

    #[test]
    fn a_change_of_the_clock_is_marked_and_the_hour_after_it_is_shown_again() {
        let zone = FakeZones.find("America/New_York").unwrap();
        let day = local_day(&*zone, "2026-11-01".parse().unwrap()).unwrap();
        let clock = Clock::new(&*zone, day);
        assert_eq!(clock.marks(), [Mark { x: "8%".into(), label: "clock −1 h".into() }]);
        let at = |minutes: i64| clock.text(day.start().plus(minutes * 60_000));
        assert_eq!(
            [at(60), at(119), at(120), at(179), at(180)],
            ["01:00", "01:59", "01:00 (again)", "01:59 (again)", "02:00"]
        );
        assert_eq!(clock.ticks().len(), 25);
        assert_eq!(clock.offsets(), [(0, -4 * 3_600), (2 * HOUR_MS, -5 * 3_600)]);
    }
}
