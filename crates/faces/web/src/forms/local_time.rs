//! Times in forms, as browsers write what somebody chose by the clock on the wall: `2026-11-20T10:00`, with
//! seconds where there are any. Where the clock was put back it shows some times twice; which of them is
//! meant is a field of its own.

use dayline_domain::UtcMs;
use dayline_domain::zone::{Zone, all_showing, shown_at};
use dayline_http_kit::instant;

use crate::show::offset;

/// A field of a time, as it is shown.
pub(crate) struct TimeField {
    pub(crate) label: &'static str,
    pub(crate) name: &'static str,
    pub(crate) text: String,
    /// How fine what can be chosen is, in seconds.
    pub(crate) step: &'static str,
    /// Where the clock shows the time more than once: the name of the other field, and of each of them
    /// whether it is chosen and how far the clock is before UTC.
    pub(crate) which: Option<(&'static str, Vec<(bool, String)>)>,
    /// What is wrong with it.
    pub(crate) wrong: Option<String>,
}

/// The names of a field of a time, and of that which says which one is meant.
pub(crate) struct TimeNames {
    pub(crate) label: &'static str,
    pub(crate) time: &'static str,
    pub(crate) which: &'static str,
}

impl TimeNames {
    /// The field with what was typed, or what is put into it.
    pub(crate) fn field(&self, zone: &dyn Zone, text: &str, which: &str, wrong: Option<String>) -> TimeField {
        let found = shown(text).map(|shown| all_showing(zone, shown)).unwrap_or_default();
        let choice = |(n, at): (usize, &UtcMs)| (which == n.to_string(), offset(zone.offset_s_at(*at)));
        TimeField {
            label: self.label,
            name: self.time,
            text: text.to_owned(),
            step: if text.contains('.') { "0.001" } else { "1" },
            which: (found.len() > 1).then(|| (self.which, found.iter().enumerate().map(choice).collect())),
            wrong,
        }
    }
}

/// What the fields of an instant say: the time, and which one.
pub(crate) fn typed(zone: &dyn Zone, at: UtcMs) -> (String, String) {
    let shown = shown_at(zone, at);
    let text = instant::utc(UtcMs(shown));
    let text = text.trim_end_matches('Z');
    let short = text.strip_suffix(":00.000").or_else(|| text.strip_suffix(".000")).unwrap_or(text);
    (short.to_owned(), nth(zone, at).to_string())
}

/// How often the clock has shown the same before, over which it was put back.
fn nth(zone: &dyn Zone, at: UtcMs) -> usize {
    all_showing(zone, shown_at(zone, at)).iter().position(|found| *found == at).unwrap_or(0)
}

/// The instant that is meant.
///
/// # Errors
/// If it is no time, if the clock skipped it, or if it was shown more than once and `which` does not say
/// which one is meant.
pub(crate) fn read(zone: &dyn Zone, text: &str, which: &str) -> Result<UtcMs, &'static str> {
    let shown = shown(text).ok_or("must be a date and a time such as 2026-11-20T10:00")?;
    match all_showing(zone, shown)[..] {
        [] => Err("was skipped, since the clock was put forward over it"),
        [one] => Ok(one),
        ref several => {
            let chosen = which.parse::<usize>().ok().and_then(|n| several.get(n).copied());
            chosen.ok_or("was shown twice, since the clock was put back: choose which one is meant")
        }
    }
}

/// What the clock shows, in milliseconds after midnight of 1970-01-01.
fn shown(text: &str) -> Option<i64> {
    let text = text.trim().replacen(' ', "T", 1);
    let seconds = if text.len() == "2026-11-20T10:00".len() { ":00" } else { "" };
    instant::parse(&format!("{text}{seconds}Z")).ok().map(|at| at.0)
}

/// What the clock shows, for people: `10:05`, with seconds where there are any, and `(again)`.
pub(crate) fn clock(zone: &dyn Zone, at: UtcMs) -> String {
    let (text, _) = typed(zone, at);
    let again = if nth(zone, at) > 0 { " (again)" } else { "" };
    format!("{}{again}", text.split_once('T').map_or("", |(_, time)| time))
}

#[cfg(test)]
mod tests {
    use dayline_app::ports::TimeZones;
    use dayline_contract::fakes::FakeZones;

    use super::*;

    #[test]
    fn every_instant_of_a_day_is_found_by_what_its_fields_say() {
        for (name, date) in
            [("UTC", "2026-11-20"), ("Asia/Tokyo", "2026-11-20"), ("America/New_York", "2026-11-01")]
        {
            let zone = FakeZones.find(name).unwrap();
            let start = zone.start_of(date.parse().unwrap());
            for minute in 0..1_600 {
                let at = start.plus(minute * 60_000 + 7_005 * (minute % 3));
                let (text, which) = typed(&*zone, at);
                assert_eq!(read(&*zone, &text, &which), Ok(at), "{name} {text} {which}");
            }
        }
    }

    #[test]
    fn a_time_that_is_shown_twice_has_to_be_chosen() {
        let zone = FakeZones.find("America/New_York").unwrap();
        let names = TimeNames { label: "From", time: "from", which: "from_which" };
        let text = "2026-11-01T01:30";
        assert!(read(&*zone, text, "").unwrap_err().starts_with("was shown twice"));
        assert!(read(&*zone, text, "2").is_err());
        let (first, second) = (read(&*zone, text, "0").unwrap(), read(&*zone, text, "1").unwrap());
        assert_eq!(second.since(first), 3_600_000);
        assert_eq!([clock(&*zone, first), clock(&*zone, second)], ["01:30", "01:30 (again)"]);
        let (_, choices) = names.field(&*zone, text, "1", None).which.unwrap();
        assert_eq!(choices, [(false, "UTC−04:00".to_owned()), (true, "UTC−05:00".to_owned())]);
        assert!(names.field(&*zone, "2026-11-01T02:30", "", None).which.is_none());
    }

    #[test]
    fn times_are_read_as_browsers_and_people_write_them() {
        let zone = FakeZones.find("UTC").unwrap();
        for text in
            ["2026-11-20T10:00", " 2026-11-20 10:00 ", "2026-11-20T10:00:00", "2026-11-20T10:00:00.000"]
        {
            assert_eq!(typed(&*zone, read(&*zone, text, "").unwrap()).0, "2026-11-20T10:00", "{text}");
        }
        for text in ["", "10:00", "2026-11-20", "2026-02-30T10:00", "2026-11-20T24:01", "2026-11-20T10:00Z"] {
            assert!(read(&*zone, text, "").is_err(), "{text}");
        }
    }
}
