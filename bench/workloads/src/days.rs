//! The domain's work: a person's pings of eight hours a day, five seconds each, on two devices.

use std::sync::Arc;

use dayline_app::ports::TimeZones;
use dayline_domain::{
    Bridge, DAY_MS, Interval, LedgerDay, LocalDate, Ping, Source, UtcDay, UtcMs, report, timeline,
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

fn sources() -> Result<Vec<Arc<Source>>, Failure> {
    let names = [
        ("laptop", "Code", None),
        ("laptop", "Firefox", Some("github.com")),
        ("laptop", "Firefox", Some("docs.example.org")),
        ("laptop", "Terminal", None),
        ("phone", "Chat", None),
        ("phone", "Mail", Some("mail.example.org")),
    ];
    Ok(names
        .into_iter()
        .map(|(device, app, domain)| Source::new(device, app, domain))
        .collect::<Result<_, _>>()?)
}

/// The `n`-th day's pings: the activity changes every four pings, and every tenth overlaps the next one.
pub(crate) fn pings(n: i64) -> Result<Vec<Ping>, Failure> {
    let sources = sources()?;
    let morning = UtcMs((i64::from(first_day()?.0) + n) * DAY_MS).plus(9 * 3_600_000);
    let ping = |k: i64| {
        let start = morning.plus(k * PING_MS);
        let length = if k % 10 == 0 { PING_MS * 2 } else { PING_MS };
        let source = &sources[(k / 4 * 5 + k / 60) as usize % sources.len()];
        let interval = Interval::new(start, start.plus(length)).ok_or("an empty interval")?;
        Ok(Ping { source: Arc::clone(source), interval })
    };
    (0..PINGS_A_DAY).map(ping).collect()
}

fn recorded(pings: Vec<Ping>, batch: usize) -> Result<Work, Failure> {
    let day = UtcDay(first_day()?.0);
    Ok(Box::new(move || {
        let mut ledger = LedgerDay::empty(day);
        let changes = pings.chunks(batch).filter_map(|pings| ledger.record(pings, Bridge::default()));
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

fn week() -> Result<Vec<Ping>, Failure> {
    Ok((0..7).map(pings).collect::<Result<Vec<_>, _>>()?.concat())
}

pub(crate) fn timeline_of_week() -> Result<Work, Failure> {
    let pings = week()?;
    Ok(Box::new(move || timeline::timeline(&pings, Bridge::default()).counted.len()))
}

pub(crate) fn by_app() -> Result<Work, Failure> {
    let pieces = timeline::timeline(&week()?, Bridge::default()).counted;
    let start = UtcMs(i64::from(first_day()?.0) * DAY_MS);
    let window = Interval::new(start, start.plus(7 * DAY_MS)).ok_or("an empty window")?;
    Ok(Box::new(move || report::by_app(&pieces, window).len()))
}

pub(crate) fn by_day() -> Result<Work, Failure> {
    let pieces = timeline::timeline(&week()?, Bridge::default()).counted;
    let first = first_day()?;
    let zone = JiffZones::new().find("America/New_York").ok_or("no such time zone")?;
    Ok(Box::new(move || report::by_day(&pieces, zone.as_ref(), first..=first.plus_days(6)).len()))
}
