//! The domain's work: a person's pings of eight hours a day, five seconds each, on two devices.

use std::sync::Arc;

use dayline_app::ports::TimeZones;
use dayline_app::tracking::stored_state::{decode_observed, encode_observed};
use dayline_domain::report::{LocalDays, Period};
use dayline_domain::timeline::steps::settle;
use dayline_domain::{
    AppName, Choices, DAY_MS, DeviceId, Domain, Interval, LedgerDay, LocalDate, Observation, Piece, Seen,
    Subject, UtcDay, UtcMs, Weekday, report,
};
use dayline_local::JiffZones;

use crate::work::{Failure, Work};

const PING_MS: i64 = 5_000;
const PINGS_A_DAY: i64 = 8 * 3_600_000 / PING_MS;
/// Prime to the number of pings, so that its multiples meet each of them once.
const STRIDE: usize = 7_919;

fn first_day() -> Result<LocalDate, Failure> {
    Ok(LocalDate::from_ymd(2026, 11, 16).ok_or("no such date")?)
}

fn subjects() -> Result<Vec<Arc<Subject>>, Failure> {
    let names = [
        ("laptop", "Code", None),
        ("laptop", "Firefox", Some("github.com")),
        ("laptop", "Firefox", Some("docs.example.org")),
        ("laptop", "Terminal", None),
        ("phone", "Chat", None),
        ("phone", "Mail", Some("mail.example.org")),
    ];
    let subject = |(device, app, domain): (_, _, Option<&str>)| {
        let (app, domain) = (AppName::new(app)?, domain.map(Domain::new).transpose()?);
        let seen = Seen::Use { app, domain, project: None };
        Ok(Arc::new(Subject { device: DeviceId::new(device)?, seen }))
    };
    names.into_iter().map(subject).collect()
}

/// The `n`-th day's pings: the activity changes every four pings, and every tenth overlaps the next one.
pub(crate) fn pings(n: i64) -> Result<Vec<Observation>, Failure> {
    let subjects = subjects()?;
    let morning = UtcMs((i64::from(first_day()?.0) + n) * DAY_MS).plus(9 * 3_600_000);
    let ping = |k: i64| {
        let start = morning.plus(k * PING_MS);
        let length = if k % 10 == 0 { PING_MS * 2 } else { PING_MS };
        let subject = &subjects[(k / 4 * 5 + k / 60) as usize % subjects.len()];
        let interval = Interval::new(start, start.plus(length)).ok_or("an empty interval")?;
        Ok(Observation::new(Arc::clone(subject), interval))
    };
    (0..PINGS_A_DAY).map(ping).collect()
}

fn recorded(pings: Vec<Observation>, batch: usize) -> Result<Work, Failure> {
    let day = UtcDay(first_day()?.0);
    Ok(Box::new(move || {
        let mut ledger = LedgerDay::empty(day, Choices::default());
        let changes = pings.chunks(batch).filter_map(|pings| ledger.record(pings));
        changes.map(|change| change.counted.len()).sum::<usize>() + ledger.counted().count()
    }))
}

/// A day as it happens: a minute of pings at a time.
pub(crate) fn in_order() -> Result<Work, Failure> {
    recorded(pings(0)?, 12)
}

/// The same day with each ping twice, in a fixed disorder.
pub(crate) fn shuffled() -> Result<Work, Failure> {
    let pings = pings(0)?;
    let twice = (0..pings.len() * 2).map(|n| pings[n * STRIDE % pings.len()].clone()).collect();
    recorded(twice, 100)
}

/// The state of a day as bytes and back: what a cold load takes beside the database.
pub(crate) fn loaded() -> Result<Work, Failure> {
    let day = UtcDay(first_day()?.0);
    let mut ledger = LedgerDay::empty(day, Choices::default());
    ledger.record(&pings(0)?);
    let mut subjects = Vec::<Arc<Subject>>::new();
    let number = |subject: &Arc<Subject>| {
        let known = subjects.iter().position(|known| known == subject);
        known.unwrap_or_else(|| {
            subjects.push(Arc::clone(subject));
            subjects.len() - 1
        }) as u32
    };
    let bytes = encode_observed(day, ledger.observations(), number);
    Ok(Box::new(move || {
        let state = decode_observed(day, &bytes, |number| subjects.get(number as usize).cloned());
        let restore = |state| LedgerDay::restore(day, 1, Choices::default(), state, []);
        state.map_or(0, |state| restore(state).counted().count())
    }))
}

fn week() -> Result<Vec<Observation>, Failure> {
    Ok((0..7).map(pings).collect::<Result<Vec<_>, _>>()?.concat())
}

fn timeline(observations: &[Observation], first: LocalDate) -> Vec<Piece> {
    let days = (0..7).map(|n| UtcDay(first.0 + n));
    days.flat_map(|day| settle(day, observations, &[], Choices::default())).collect()
}

pub(crate) fn timeline_of_week() -> Result<Work, Failure> {
    let (observations, first) = (week()?, first_day()?);
    Ok(Box::new(move || timeline(&observations, first).len()))
}

pub(crate) fn by_app() -> Result<Work, Failure> {
    let pieces = timeline(&week()?, first_day()?);
    let start = UtcMs(i64::from(first_day()?.0) * DAY_MS);
    let window = Interval::new(start, start.plus(7 * DAY_MS)).ok_or("an empty window")?;
    Ok(Box::new(move || report::by_app(&pieces, window).len()))
}

pub(crate) fn by_day() -> Result<Work, Failure> {
    let pieces = timeline(&week()?, first_day()?);
    let first = first_day()?;
    let zone = JiffZones::new().find("America/New_York").ok_or("no such time zone")?;
    let days = LocalDays { zone, from: first, to: first.plus_days(6), week_start: Weekday::Monday };
    Ok(Box::new(move || report::by_period(&pieces, &days, Period::Day).len()))
}
