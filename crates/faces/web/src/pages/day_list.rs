//! A day as a list, hour by hour: all that the timeline shows, in words.

use std::collections::BTreeMap;

use dayline_domain::{DeviceId, Domain, Piece, Project, UtcMs};
use dayline_http_kit::instant;

use crate::chart::{Clock, Hues};
use crate::show::{device_name, duration, escaped};

/// Gaps that are this long are worth a line, in milliseconds.
const LONG_GAP_MS: i64 = 5 * 60_000;

/// A line of the list.
pub(crate) enum Line {
    /// From here on it is this hour of the clock.
    Hour(String),
    /// Nothing counted for so long.
    Gap(String),
    /// This counted.
    Activity(Box<Counted>),
}

/// Something that counted.
pub(crate) struct Counted {
    pub(crate) from: String,
    pub(crate) to: String,
    /// Where it is told why it counts.
    pub(crate) why: String,
    pub(crate) length: String,
    pub(crate) class: &'static str,
    pub(crate) app: String,
    pub(crate) app_href: String,
    pub(crate) domain: Option<(String, String)>,
    pub(crate) project: Option<(String, String)>,
    pub(crate) device: String,
}

/// The list of pieces, which are in order.
pub(crate) fn lines(
    clock: &Clock<'_>,
    pieces: &[Piece],
    names: &BTreeMap<DeviceId, Box<str>>,
    hues: &Hues,
) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut hour, mut end) = (String::new(), None::<UtcMs>);
    for piece in pieces {
        let (from, to) = (piece.interval.start(), piece.interval.end());
        if let Some(gap) = end.map(|end| from.since(end)).filter(|&gap| gap >= LONG_GAP_MS) {
            lines.push(Line::Gap(duration(gap)));
        }
        let of_hour = format!("{}:00", &clock.text(from)[..2]);
        if of_hour != hour {
            lines.push(Line::Hour(of_hour.clone()));
            hour = of_hour;
        }
        lines.push(Line::Activity(Box::new(counted(clock, piece, names, hues))));
        end = Some(to);
    }
    lines
}

fn counted(clock: &Clock<'_>, piece: &Piece, names: &BTreeMap<DeviceId, Box<str>>, hues: &Hues) -> Counted {
    let (device, activity) = (&piece.source.device, &piece.source.activity);
    let page = |kind: &str, name: &str| (name.to_owned(), format!("/{kind}/{}", escaped(name)));
    Counted {
        from: clock.text(piece.interval.start()),
        to: clock.text(piece.interval.end()),
        why: format!("/why?at={}", instant::utc(piece.interval.start())),
        length: duration(piece.interval.ms()),
        class: hues.of(&activity.app).class(),
        app: activity.app.as_str().to_owned(),
        app_href: format!("/app/{}", escaped(activity.app.as_str())),
        domain: activity.domain.as_ref().map(Domain::as_str).map(|name| page("domain", name)),
        project: activity.project.as_ref().map(Project::as_str).map(|name| page("project", name)),
        device: device_name(names, device),
    }
}

#[cfg(test)]
mod tests {
    use dayline_app::ports::TimeZones;
    use dayline_contract::fakes::FakeZones;
    use dayline_domain::report::local_day;
    use dayline_domain::{Interval, Source};

    use super::*;

    #[test]
    fn a_day_is_told_hour_by_hour_with_its_long_gaps() {
        let zone = FakeZones.find("America/New_York").unwrap();
        let day = local_day(&*zone, "2026-11-01".parse().unwrap()).unwrap();
        let piece = |app: &str, from: i64, to: i64| Piece {
            source: Source::new("laptop", app, None).unwrap(),
            interval: Interval::new(day.start().plus(from * 60_000), day.start().plus(to * 60_000)).unwrap(),
        };
        let pieces = [piece("Code", 70, 80), piece("Mail", 84, 110), piece("Code", 125, 126)];
        let told: Vec<_> = lines(&Clock::new(&*zone, day), &pieces, &BTreeMap::new(), &Hues::default())
            .into_iter()
            .map(|line| match line {
                Line::Hour(hour) => format!("# {hour}"),
                Line::Gap(gap) => format!("- {gap}"),
                Line::Activity(counted) => {
                    format!("{} {}–{} {}", counted.app, counted.from, counted.to, counted.length)
                }
            })
            .collect();
        let expected = [
            "# 01:00",
            "Code 01:10–01:20 10 min",
            "Mail 01:24–01:50 26 min",
            "- 15 min",
            "Code 01:05 (again)–01:06 (again) 1 min",
        ];
        assert_eq!(told, expected);
    }
}
