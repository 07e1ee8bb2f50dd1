//! Reports over local days, and what an answer was read from. Local days begin, and weeks too, as the
//! person prefers.

use std::collections::BTreeSet;
use std::sync::Arc;

use dayline_domain::report::{self, Counted, Filter, Grouping, LocalDays, Report, Unsorted};
use dayline_domain::zone::Zone;
use dayline_domain::{AppName, Interval, Labels, LocalDate, Scope, UserId, UtcDay, with_days_from};

use crate::identity::caller::Caller;
use crate::ports::{LabelMark, LedgerReader, LedgerView, Mark, MarkedLabels, PortError};
use crate::reporting::devices::{DeviceNames, names_for};
use crate::{App, AppError};

/// Longest report, in local days: ten years.
pub const MAX_REPORT_DAYS: i32 = 3_660;
/// Reports over so many UTC days are made of pieces, longer ones of sums: of few days, pieces are
/// not much more to read, and the first and the last are mostly cut.
const MAX_DAYS_OF_PIECES: i32 = 7;

/// What an answer was read from. Equal marks mean equal answers, whatever became of the data in between.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ReadVersion {
    /// The marks of the ledger days.
    pub days: Vec<(UtcDay, Mark)>,
    /// That of what the person says about names.
    pub labels: LabelMark,
}

/// Which local days a request asks for, as the client wrote it.
#[derive(Debug, Clone, Default)]
pub struct DaysAsked {
    /// One day alone; then neither of the others may be given.
    pub date: Option<LocalDate>,
    /// The first of several.
    pub from: Option<LocalDate>,
    /// The last of several, included.
    pub to: Option<LocalDate>,
    /// The time zone; the profile's if not given.
    pub tz: Option<String>,
}

/// Resolves the days a request asks for: one date, a range, or today if neither is given. They begin
/// when the caller's days do.
pub async fn resolve_days(app: &App, caller: &Caller, asked: DaysAsked) -> Result<LocalDays, AppError> {
    caller.require(Scope::Read)?;
    let preferences = app.preferences.preferences(caller.user).await?.ok_or(AppError::NotSignedIn)?;
    let zone = resolve_zone(app, caller, asked.tz.as_deref()).await?;
    let zone = with_days_from(zone, preferences.day_start);
    let (from, to) = match (asked.date, asked.from, asked.to) {
        (None, None, None) => {
            let today = zone.date_at(app.clock.now());
            (today, today)
        }
        (Some(date), None, None) => (date, date),
        (None, Some(from), Some(to)) => (from, to),
        (Some(_), ..) => return Err(AppError::field("date", "give either date, or from and to, not both")),
        (None, None, Some(_)) => {
            return Err(AppError::field("from", "is missing: give from and to together"));
        }
        (None, Some(_), None) => return Err(AppError::field("to", "is missing: give from and to together")),
    };
    if to < from {
        return Err(AppError::field("to", "must not be before from"));
    }
    if to.0 - from.0 >= MAX_REPORT_DAYS {
        return Err(AppError::field("to", format!("must be less than {MAX_REPORT_DAYS} days after from")));
    }
    Ok(LocalDays { zone, from, to, week_start: preferences.week_start })
}

/// The zone of this name, or that of the caller's profile.
pub(crate) async fn resolve_zone(
    app: &App,
    caller: &Caller,
    tz: Option<&str>,
) -> Result<Arc<dyn Zone>, AppError> {
    if let Some(name) = tz {
        let unknown = || AppError::field("tz", "must be an iana time zone such as Europe/Berlin");
        return app.zones.find(name).ok_or_else(unknown);
    }
    let user = app.accounts.find(caller.user).await?.ok_or(AppError::NotSignedIn)?;
    let gone =
        || AppError::Internal(format!("time zone {} of a profile is not known any more", user.timezone));
    app.zones.find(&user.timezone).ok_or_else(gone)
}

/// The version that an answer over `interval` would have now; far cheaper than the answer.
pub async fn read_version(
    app: &App,
    caller: &Caller,
    interval: Option<Interval>,
) -> Result<ReadVersion, AppError> {
    caller.require(Scope::Read)?;
    let labels = app.label_book.labels(caller.user).await?.mark;
    let days = match interval {
        Some(interval) => app.ledger.marks(caller.user, interval).await?,
        None => Vec::new(),
    };
    Ok(ReadVersion { days, labels })
}

/// An answer and what it was read from.
#[derive(Debug, Clone)]
pub struct Versioned<T> {
    /// What it was read from.
    pub version: ReadVersion,
    /// The same for every read of this version.
    pub answer: T,
}

/// Counted time of local days that the filter keeps, grouped.
pub async fn report(
    app: &App,
    caller: &Caller,
    grouping: Grouping,
    days: &LocalDays,
    filter: &Filter,
) -> Result<Versioned<Report>, AppError> {
    caller.require(Scope::Read)?;
    let Versioned { version, answer: [answer] } = reports(app, caller, [grouping], days, filter).await?;
    Ok(Versioned { version, answer })
}

/// Counted time of local days that the filter keeps, grouped in several ways, all read at once.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the ledger can't be read.
pub async fn reports<const N: usize>(
    app: &App,
    caller: &Caller,
    groupings: [Grouping; N],
    days: &LocalDays,
    filter: &Filter,
) -> Result<Versioned<[Report; N]>, AppError> {
    caller.require(Scope::Read)?;
    let MarkedLabels { mark, labels } = app.label_book.labels(caller.user).await?;
    let mut answer = groupings.map(Report::empty);
    let of = Of { user: caller.user, filter, labels: &labels };
    let days = add(&*app.ledger, days, of, &mut answer).await?;
    Ok(Versioned { version: ReadVersion { days, labels: mark }, answer })
}

/// What counted in local days per app, by the names that trackers told, most first.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the ledger can't be read.
pub async fn told_names(
    app: &App,
    caller: &Caller,
    days: &LocalDays,
) -> Result<Vec<(AppName, i64)>, AppError> {
    caller.require(Scope::Read)?;
    let Some(window) = days.interval() else { return Ok(Vec::new()) };
    let cut = || report::cut_days(days, Grouping::Apps.cut(), &Filter::ALL);
    let view = read(&*app.ledger, caller.user, window, cut).await?;
    let told = report::by_app(view.as_counted(), window).into_iter();
    Ok(told.map(|(app, ms)| (app.clone(), ms)).collect())
}

/// What counted in local days and belongs to no category of the caller's, most first.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when a store can't be read.
pub async fn unsorted(
    app: &App,
    caller: &Caller,
    days: &LocalDays,
) -> Result<Vec<(Unsorted, i64)>, AppError> {
    caller.require(Scope::Read)?;
    let labels = app.label_book.labels(caller.user).await?.labels;
    let Some(window) = days.interval() else { return Ok(Vec::new()) };
    let cut = || report::cut_days(days, Grouping::Categories.cut(), &Filter::ALL);
    let view = read(&*app.ledger, caller.user, window, cut).await?;
    Ok(report::unsorted(Counted { labels: Some(&labels), ..view.as_counted() }, window))
}

/// What the caller calls their devices, if a report of this grouping shows that. It is no part of what a
/// [`ReadVersion`] is of.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the store can't be read.
pub async fn device_names(app: &App, caller: &Caller, grouping: Grouping) -> Result<DeviceNames, AppError> {
    caller.require(Scope::Read)?;
    Ok(names_for(&*app.device_book, caller.user, grouping).await?)
}

/// Whose time a report is of, which of it, and what it is called.
#[derive(Clone, Copy)]
pub(crate) struct Of<'a> {
    pub(crate) user: UserId,
    pub(crate) filter: &'a Filter,
    pub(crate) labels: &'a Labels,
}

/// Reads what counted in the days, and adds what the filter keeps of it to reports. Gives the marks of the
/// days.
pub(crate) async fn add(
    ledger: &dyn LedgerReader,
    days: &LocalDays,
    of: Of<'_>,
    reports: &mut [Report],
) -> Result<Vec<(UtcDay, Mark)>, PortError> {
    let Of { user, filter, labels } = of;
    let view = match days.interval() {
        Some(window) => {
            // What one of them cuts is read as pieces, from which the others are made as well.
            let cut = || {
                let cuts = reports.iter().map(|report| report.grouping().cut());
                let days: BTreeSet<_> = cuts.flat_map(|cut| report::cut_days(days, cut, filter)).collect();
                days.into_iter().collect()
            };
            read(ledger, user, window, cut).await?
        }
        None => LedgerView::default(),
    };
    for report in reports {
        report.add(Counted { filter, labels: Some(labels), ..view.as_counted() }, days);
    }
    Ok(view.marks)
}

/// Of the local days on which anything counted, the last one before these days, else the first one after
/// them; `None` if there are no others.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the ledger can't be read.
pub async fn nearest_day(
    app: &App,
    caller: &Caller,
    days: &LocalDays,
) -> Result<Option<LocalDate>, AppError> {
    caller.require(Scope::Read)?;
    let Some((first, last)) = app.ledger.extent(caller.user).await? else { return Ok(None) };
    let first = days.zone.date_at(first.start());
    let last = days.zone.date_at(last.interval().end().plus(-1));
    let before = LocalDays { from: first, to: last.min(days.from.plus_days(-1)), ..days.clone() };
    if let Some((date, _)) = counted_days(app, caller, &before).await?.into_iter().rfind(|(_, ms)| *ms > 0) {
        return Ok(Some(date));
    }
    let after = LocalDays { from: first.max(days.to.plus_days(1)), to: last, ..days.clone() };
    let found = counted_days(app, caller, &after).await?.into_iter().find(|(_, ms)| *ms > 0);
    Ok(found.map(|(date, _)| date))
}

/// What counted on each of some days, of which there may be none.
async fn counted_days(
    app: &App,
    caller: &Caller,
    days: &LocalDays,
) -> Result<Vec<(LocalDate, i64)>, AppError> {
    if days.to < days.from {
        return Ok(Vec::new());
    }
    let answer = report(app, caller, Grouping::Days, days, &Filter::ALL).await?.answer;
    if let Report::Days(rows) = answer { Ok(rows) } else { Ok(Vec::new()) }
}

/// Reads what a report needs that covers `window`: pieces if the days are few or if it cuts most of
/// them where sums can't be cut, else sums.
async fn read(
    ledger: &dyn LedgerReader,
    user: UserId,
    window: Interval,
    cut: impl FnOnce() -> Vec<UtcDay>,
) -> Result<LedgerView, PortError> {
    let touched = window.end().plus(-1).day().0 - window.start().day().0 + 1;
    if touched > MAX_DAYS_OF_PIECES {
        let cut = cut();
        if cut.len() <= touched as usize / 2 {
            return ledger.read_sums(user, window, cut).await;
        }
    }
    ledger.read(user, window).await
}
