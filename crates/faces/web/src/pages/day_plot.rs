//! The timeline of a day as it is drawn: what counted, and of each device what did and what did not.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
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
    pub(crate) names: &'a BTreeMap<DeviceId, Box<str>>,
    pub(crate) hues: &'a Hues,
    /// The address of the day's page.
    pub(crate) path: &'a str,
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
            counted: lane(window, drawn.hues, drawn.counted.iter().map(painted)),
            total: time(drawn.counted.iter()),
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
    let of_device = |pieces: &'_ [Piece]| -> Vec<Piece> {
        pieces.iter().filter(|piece| piece.source.device == *device).cloned().collect()
    };
    let (counted, outranked) = (of_device(drawn.counted), of_device(drawn.outranked));
    let draw = |pieces: &[Piece]| lane(window, drawn.hues, pieces.iter().map(painted));
    DeviceLanes {
        id: device.as_str().to_owned(),
        name: device_name(drawn.names, device),
        href: format!("{}?device={}", drawn.path, escaped(device.as_str())),
        time: time(counted.iter()),
        counted: draw(&counted),
        outranked: (!outranked.is_empty()).then(|| draw(&outranked)),
    }
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
            names: &names,
            hues: &hues,
            path: "/day/2026-11-20",
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
    fn the_device_that_was_used_last_comes_first() {
        let drawing = drawing("UTC", "2026-11-20", false);
        assert!(drawing.find("laptop").unwrap() < drawing.find("My phone").unwrap());
        assert!(!drawing.contains("class=\"now\""));
        assert!(drawing.contains("&#60;Chat&#62; &#38; &#34;more&#34;"), "{drawing}");
    }
}
