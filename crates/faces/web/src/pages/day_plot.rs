//! The timeline of a day as it is drawn: what counted, and of each device what did and what did not.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use dayline_domain::report::Filter;
use dayline_domain::{AppName, DeviceId, Interval, Piece, UtcMs};

use crate::chart::{Clock, Hues, Lane, Mark, Tick, lane};
use crate::show::{device_name, duration, escaped};

/// How many devices have lanes that are shown at once.
const SHOWN: usize = 6;

/// The drawing.
#[derive(Template)]
#[template(path = "day_plot.html")]
pub(crate) struct Plot {
    /// Where scripts get the intervals, from the base on.
    intervals: String,
    ticks: Vec<Tick>,
    marks: Vec<Mark>,
    /// Where now is, on the day that is today.
    now: Option<String>,
    counted: Lane,
    total: String,
    shown: Vec<DeviceLanes>,
    folded: Vec<DeviceLanes>,
}

/// What it writes is markup already.
impl HtmlSafe for Plot {}

/// The lanes of a device.
struct DeviceLanes {
    id: String,
    name: String,
    /// The same day with this device alone.
    href: String,
    time: String,
    counted: Lane,
    outranked: Option<Lane>,
}

/// What is drawn.
pub(crate) struct Drawn<'a> {
    pub(crate) counted: &'a [Piece],
    pub(crate) outranked: &'a [Piece],
    /// What is not dimmed.
    pub(crate) filter: &'a Filter,
    pub(crate) names: &'a BTreeMap<DeviceId, Box<str>>,
    pub(crate) hues: &'a Hues,
    /// The address of the day with one device alone, up to its identity.
    pub(crate) only: &'a str,
    /// Where scripts get the intervals, from the base on.
    pub(crate) intervals: &'a str,
    /// Now, on the day that is today.
    pub(crate) now: Option<UtcMs>,
}

impl Plot {
    /// Draws a day.
    pub(crate) fn of(clock: &Clock<'_>, window: Interval, drawn: &Drawn<'_>) -> Self {
        let mut shown: Vec<DeviceLanes> =
            by_last_use(drawn).into_iter().map(|device| device_lanes(device, window, drawn)).collect();
        let folded = shown.split_off(shown.len().min(SHOWN));
        Self {
            intervals: drawn.intervals.to_owned(),
            ticks: clock.ticks(),
            marks: clock.marks(),
            now: drawn.now.map(|now| clock.x(now)),
            counted: dimmed_lane(window, drawn, drawn.counted.iter()),
            total: time(drawn.counted.iter().filter(|piece| drawn.filter.keeps(&piece.source, None))),
            shown,
            folded,
        }
    }
}

/// The devices of a day; the one that was used last comes first.
fn by_last_use<'a>(drawn: &Drawn<'a>) -> Vec<&'a DeviceId> {
    let mut ends = BTreeMap::<&DeviceId, UtcMs>::new();
    for piece in drawn.counted.iter().chain(drawn.outranked) {
        let end = piece.interval.end();
        ends.entry(&piece.source.device).and_modify(|last| *last = end.max(*last)).or_insert(end);
    }
    let mut devices: Vec<_> = ends.into_iter().collect();
    devices.sort_by_key(|&(device, end)| (std::cmp::Reverse(end), device));
    devices.into_iter().map(|(device, _)| device).collect()
}

fn device_lanes(device: &DeviceId, window: Interval, drawn: &Drawn<'_>) -> DeviceLanes {
    let of_device = |piece: &&Piece| piece.source.device == *device;
    let counted = || drawn.counted.iter().filter(of_device);
    let outranked = || drawn.outranked.iter().filter(of_device);
    DeviceLanes {
        id: device.as_str().to_owned(),
        name: device_name(drawn.names, device),
        href: format!("{}{}", drawn.only, escaped(device.as_str())),
        time: time(counted().filter(|piece| drawn.filter.keeps(&piece.source, None))),
        counted: dimmed_lane(window, drawn, counted()),
        outranked: outranked().next().map(|_| dimmed_lane(window, drawn, outranked())),
    }
}

/// A lane with what the filter keeps above the rest, which is dimmed.
fn dimmed_lane<'a>(window: Interval, drawn: &Drawn<'_>, pieces: impl Iterator<Item = &'a Piece>) -> Lane {
    let (lit, dimmed): (Vec<_>, Vec<_>) = pieces.partition(|piece| drawn.filter.keeps(&piece.source, None));
    let dimmed = dimmed.into_iter().map(|piece| piece.interval);
    lane(window, drawn.hues, lit.into_iter().map(painted)).above(window, dimmed)
}

fn painted(piece: &Piece) -> (&AppName, Interval) {
    (&piece.source.activity.app, piece.interval)
}

fn time<'a>(pieces: impl Iterator<Item = &'a Piece>) -> String {
    duration(pieces.map(|piece| piece.interval.ms()).sum())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use dayline_app::ports::TimeZones;
    use dayline_contract::fakes::FakeZones;
    use dayline_domain::Source;
    use dayline_domain::report::local_day;

    use super::*;

    /// A piece from and to a second of the day.
    fn piece(device: &str, app: &str, window: Interval, from: i64, to: i64) -> Piece {
        let at = |second: i64| window.start().plus(second * 1_000);
        let source: Arc<Source> = Source::new(device, app, None).unwrap();
        Piece { source, interval: Interval::new(at(from), at(to)).unwrap() }
    }

    fn drawing(zone: &str, date: &str, now: bool) -> String {
        filtered(zone, date, now, &Filter::ALL)
    }

    fn filtered(zone: &str, date: &str, now: bool, filter: &Filter) -> String {
        let zone = FakeZones.find(zone).unwrap();
        let window = local_day(&*zone, date.parse().unwrap()).unwrap();
        let counted = [
            piece("laptop", "Code", window, 3_600, 7_200),
            piece("phone", "<Chat> & \"more\"", window, 7_200, 7_230),
            piece("laptop", "Code", window, 7_230, 9_000),
        ];
        let outranked = [piece("laptop", "Code", window, 7_200, 7_230)];
        let hues = Hues::of_largest([&counted[0].source.activity.app]);
        let names = BTreeMap::from([(DeviceId::new("phone").unwrap(), "My phone".into())]);
        let drawn = Drawn {
            counted: &counted,
            outranked: &outranked,
            filter,
            names: &names,
            hues: &hues,
            only: "/day/2026-11-20?device=",
            intervals: "/day/2026-11-20/intervals",
            now: now.then(|| window.start().plus(12 * 3_600_000)),
        };
        Plot::of(&Clock::new(&*zone, window), window, &drawn).render().unwrap()
    }

    /// Compares with what was drawn when somebody last looked at it.
    fn assert_as_before(name: &str, drawing: &str) {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/drawings").join(name);
        if std::env::var_os("DAYLINE_TEST_WRITE").is_some() {
            std::fs::write(&file, drawing).unwrap();
        }
        let before = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(before == drawing, "{name} is drawn otherwise; look, then DAYLINE_TEST_WRITE=1:\n{drawing}");
    }

    #[test]
    fn a_day_is_drawn_as_before() {
        assert_as_before("day.html", &drawing("UTC", "2026-11-20", true));
    }

    #[test]
    fn a_day_of_25_hours_is_drawn_as_before() {
        assert_as_before("day-25h.html", &drawing("America/New_York", "2026-11-01", false));
    }

    #[test]
    fn what_is_not_chosen_is_dimmed_and_has_no_name() {
        let filter = Filter { device: Some(DeviceId::new("phone").unwrap()), ..Filter::ALL };
        let drawing = filtered("UTC", "2026-11-20", false, &filter);
        let bands: Vec<_> = drawing.split("<svg class=\"band").skip(1).collect();
        // On the lane of what counted the phone's half minute is lit; all of the laptop's is dimmed.
        assert!(bands[0].contains("class=\"dim\" d=\"M60 0h90v1h-90z") && bands[0].contains("&#60;Chat"));
        assert!(bands[1].contains("class=\"dim\"") && !bands[1].contains("<title>"), "{}", bands[1]);
        assert!(!drawing.contains("Code"), "{drawing}");
        assert!(drawing.contains("Counted <span class=\"soft\">30 s</span>"));
    }

    #[test]
    fn the_device_that_was_used_last_comes_first() {
        let drawing = drawing("UTC", "2026-11-20", false);
        assert!(drawing.find("laptop").unwrap() < drawing.find("My phone").unwrap());
        assert!(!drawing.contains("class=\"now\""));
        assert!(drawing.contains("&#60;Chat&#62; &#38; &#34;more&#34;"), "{drawing}");
    }
}
