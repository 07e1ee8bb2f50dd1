//! `/day/{date}/intervals`: the intervals of a day, for the script that draws them larger.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use dayline_domain::{DeviceId, Interval, LocalDate, Piece};
use dayline_http_kit::Problem;
use dayline_http_kit::query::Query;
use http::HeaderMap;
use serde::Serialize;

use crate::chart::{Clock, Hues};
use crate::page::Page;
use crate::pages::day_asked::Asked;
use crate::pages::day_read::ReadDay;
use crate::pages::day_seen::Seen;
use crate::refusal::Refusal;
use crate::session::Visitor;
use crate::show::device_name;
use crate::state::Web;

/// A day. All times are milliseconds from its start on; names are numbered, since they come again and again.
#[derive(Debug, Default, Serialize, PartialEq, Eq)]
struct Day {
    /// The instant at which it starts, in milliseconds since 1970.
    start: i64,
    length: i64,
    /// Where now is, on the day that is today.
    now: Option<i64>,
    /// How far the clock is before UTC, in seconds, from when on.
    offsets: Vec<(i64, i32)>,
    /// Apps, each with the class of its colour.
    apps: Vec<(String, &'static str)>,
    domains: Vec<String>,
    projects: Vec<String>,
    /// Devices, each with the name that it is called by.
    devices: Vec<(String, String)>,
    counted: Vec<Row>,
    outranked: Vec<Row>,
    /// What is not dimmed: an app, a domain, a project and a device, where they are given.
    only: [Option<String>; 4],
}

/// Start, end, and the numbers of app, device, domain and project.
type Row = (i64, i64, usize, usize, Option<usize>, Option<usize>);

/// The intervals.
pub(crate) async fn intervals(
    State(web): State<Web>,
    Visitor(caller): Visitor,
    headers: HeaderMap,
    Path(date): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let date = date.parse::<LocalDate>().map_err(|_| Problem::no_route())?;
    let Asked { filter, view, .. } = asked;
    let read = ReadDay::read(&web, &caller, Some(date), filter, view.told).await?;
    let Some(window) = read.days.interval() else {
        return Ok(Page::of_data(&Day::default())?.answer(&headers));
    };
    let day = Day {
        now: read.now_on_it().map(|now| now.since(window.start())),
        offsets: Clock::new(&*read.days.zone, window).offsets(),
        only: read.seen.filter.texts().map(|text| text.map(str::to_owned)),
        ..day(window, &read.seen, &read.hues, &read.names)
    };
    Ok(Page::of_data(&day)?.answer(&headers))
}

fn day(window: Interval, seen: &Seen, hues: &Hues, names: &BTreeMap<DeviceId, Box<str>>) -> Day {
    let (mut apps, mut domains, mut projects, mut devices) =
        (Numbers::default(), Numbers::default(), Numbers::default(), Numbers::default());
    let mut row = |piece: &Piece| {
        let (device, activity) = (&piece.source.device, &piece.source.activity);
        (
            piece.interval.start().since(window.start()),
            piece.interval.end().since(window.start()),
            apps.of(&activity.app),
            devices.of(device),
            activity.domain.as_ref().map(|domain| domains.of(domain)),
            activity.project.as_ref().map(|project| projects.of(project)),
        )
    };
    let counted = seen.counted.iter().map(&mut row).collect();
    let outranked = seen.outranked.iter().map(&mut row).collect();
    let called = |device: &DeviceId| (device.as_str().to_owned(), device_name(names, device));
    Day {
        start: window.start().0,
        length: window.ms(),
        counted,
        outranked,
        apps: apps.all(|app| (app.as_str().to_owned(), hues.of(app).class())),
        domains: domains.all(|domain| domain.as_str().to_owned()),
        projects: projects.all(|project| project.as_str().to_owned()),
        devices: devices.all(called),
        ..Day::default()
    }
}

/// Gives each name a number, from 0 on.
struct Numbers<T>(BTreeMap<T, usize>);

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<T: Clone + Ord> Numbers<T> {
    fn of(&mut self, name: &T) -> usize {
        let next = self.0.len();
        *self.0.entry(name.clone()).or_insert(next)
    }

    /// All names, by their numbers.
    fn all<R>(self, read: impl Fn(&T) -> R) -> Vec<R> {
        let mut all: Vec<_> = self.0.into_iter().collect();
        all.sort_by_key(|(_, number)| *number);
        all.iter().map(|(name, _)| read(name)).collect()
    }
}
