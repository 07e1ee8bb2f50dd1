//! The person's own word about their timeline: entries and erasures. They go through the log like
//! pings, since they change the same days. Not here: what they mean (the rule).
//!
//! Entries need what sending pings needs, since they say no more than a ping may. Erasures are for
//! good, so that only who is signed in may make one. What a change would do can only be asked by who
//! may read the timeline as well.

use std::collections::BTreeMap;
use std::sync::Arc;

use dayline_domain::timeline::window::Window;
use dayline_domain::{
    Activity, AppName, Correction, CorrectionId, DAY_MS, DeviceId, Domain, Interval, KeptSince, Piece,
    Project, Says, Scope, Source, UtcDay, UtcMs,
};

use crate::identity::account_writes::count_write;
use crate::identity::audit::audit;
use crate::identity::caller::Caller;
use crate::ports::{AuditKind, CorrectionChange, CorrectionVersion, LoadedDay, StoredDay};
use crate::reporting::states::settle;
use crate::tracking::ingest::{append, domain_of_host, too_many_names};
use crate::tracking::record::encode_correction;
use crate::tracking::retention::kept_of;
use crate::{App, AppError};

/// Longest correction, in days of 24 hours.
pub const MAX_DAYS: i64 = 31;
/// How far the start of a correction may lie in the past, in days: as far as anything may that is
/// brought in.
pub const MAX_PAST_DAYS: i64 = 20 * 366;

/// What a correction shall say, as the client wrote it.
#[derive(Debug, Clone)]
pub struct Draft {
    /// From when.
    pub start: UtcMs,
    /// To when.
    pub end: UtcMs,
    /// What was done; `None` to erase.
    pub entry: Option<EntryDraft>,
}

/// What was done.
#[derive(Debug, Clone)]
pub struct EntryDraft {
    /// The app.
    pub app: AppName,
    /// The domain, in any spelling of a host.
    pub domain: Option<String>,
    /// The project.
    pub project: Option<Project>,
    /// The device; the caller's own if not given.
    pub device: Option<DeviceId>,
}

/// A change of the caller's corrections.
#[derive(Debug, Clone)]
pub enum Change {
    /// A new one.
    New(Draft),
    /// An entry says something else.
    Replace(CorrectionId, Draft),
    /// An entry is deleted.
    Delete(CorrectionId),
}

/// A version of a correction that is on its way into the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// Which correction.
    pub id: CorrectionId,
    /// Which version of it.
    pub version: u64,
}

/// What a change would do to an activity's counted time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityChange {
    /// Which activity, of all devices.
    pub activity: Arc<Activity>,
    /// Counted milliseconds now, in the days that the change may touch.
    pub before_ms: i64,
    /// Counted milliseconds then.
    pub after_ms: i64,
}

/// The caller's corrections that say something of `within`, or of any time; the latest version comes
/// first. One that was accepted a moment ago may be missing.
///
/// # Errors
///
/// [`AppError::MissingScope`]; when the ledger can't be read.
pub async fn list(app: &App, caller: &Caller, within: Option<Interval>) -> Result<Vec<Correction>, AppError> {
    caller.require(Scope::Read)?;
    let mut corrections = app.ledger.corrections(caller.user, within).await?;
    corrections.retain(|correction| correction.says != Says::Nothing);
    corrections.sort_by_key(|correction| std::cmp::Reverse(correction.version));
    Ok(corrections)
}

/// Makes a change. When this returns it is durable.
///
/// # Errors
///
/// [`AppError::Invalid`] and [`AppError::MissingScope`]; [`AppError::NotFound`] if the caller has no
/// such entry, [`AppError::ErasureIsFinal`] if it is an erasure; when a store or the log is away.
pub async fn apply(app: &App, caller: &Caller, change: Change) -> Result<Accepted, AppError> {
    let (says, id, numbered) = checked(app, caller, change)?;
    refuse_past(app, caller, &says).await?;
    let id = id.unwrap_or_else(|| app.new_id());
    count_write(app, caller).await?;
    let accepted = say(app, caller, (id, says), numbered).await?;
    let erases = numbered == CorrectionChange::NewErasure;
    let kind = if erases { AuditKind::Erased } else { AuditKind::Corrected };
    audit(app, caller.user, kind, Some(&id.to_string()), caller.address).await?;
    Ok(accepted)
}

/// Writes the next version of a correction into the log. Not here: whether the caller may, and how often.
pub(super) async fn say(
    app: &App,
    caller: &Caller,
    (id, says): (CorrectionId, Says),
    numbered: CorrectionChange,
) -> Result<Accepted, AppError> {
    let now = app.clock.now();
    admit_names(app, caller, &says, now)?;
    let version = match app.correction_numbers.next_version(caller.user, id, numbered, now).await? {
        CorrectionVersion::Next(version) => version,
        CorrectionVersion::NotFound => return Err(AppError::NotFound),
        CorrectionVersion::Final => return Err(AppError::ErasureIsFinal),
    };
    let correction = Correction { id, version, says };
    append(app, caller.user, encode_correction(caller.user, &correction)).await?;
    if correction.says == Says::Nothing {
        app.correction_numbers.forget(caller.user, id).await?;
    }
    Ok(Accepted { id, version })
}

/// Counts the names that an entry brings, which are kept like those of pings.
fn admit_names(app: &App, caller: &Caller, says: &Says, now: UtcMs) -> Result<(), AppError> {
    let Says::Entry { source, .. } = says else { return Ok(()) };
    if app.name_quota.admits(caller.user, source.names(), now.day()) {
        Ok(())
    } else {
        Err(too_many_names(now))
    }
}

/// What a change would do to what is in the timeline now, most first; nothing is changed. A correction
/// that was accepted a moment ago may not be found yet.
///
/// # Errors
///
/// As [`apply`].
pub async fn preview(app: &App, caller: &Caller, change: Change) -> Result<Vec<ActivityChange>, AppError> {
    let (says, id, _) = checked(app, caller, change)?;
    caller.require(Scope::Read)?;
    refuse_past(app, caller, &says).await?;
    let before = match id {
        Some(id) => Some(entry(app, caller, id).await?),
        None => None,
    };
    // Greater than any version that is handed out.
    let after = Correction { id: id.unwrap_or_else(|| app.new_id()), version: u64::MAX, says };
    let intervals = before.iter().chain([&after]).filter_map(|correction| correction.says.interval());
    let mut days: Vec<UtcDay> = intervals.flat_map(Window::met_by).collect();
    days.sort_unstable();
    days.dedup();
    let mut sums = Sums::default();
    // One day at a time: settling one takes some milliseconds.
    for day in days {
        match app.ledger.days(caller.user, vec![day]).await?.pop() {
            Some(LoadedDay::Day(stored)) => sums.add(*stored, &after),
            Some(LoadedDay::Damaged(why)) => return Err(AppError::Internal(why)),
            Some(LoadedDay::NoSuchUser) | None => return Err(AppError::NotSignedIn),
        }
    }
    Ok(sums.changes())
}

/// What a change makes a correction say, of which correction, and which kind of change that is.
fn checked(
    app: &App,
    caller: &Caller,
    change: Change,
) -> Result<(Says, Option<CorrectionId>, CorrectionChange), AppError> {
    let erases = matches!(change, Change::New(Draft { entry: None, .. }));
    caller.require(if erases { Scope::Account } else { Scope::Track })?;
    match change {
        Change::New(draft) if erases => Ok((says(app, caller, draft)?, None, CorrectionChange::NewErasure)),
        Change::New(draft) => Ok((says(app, caller, draft)?, None, CorrectionChange::NewEntry)),
        Change::Replace(_, Draft { entry: None, .. }) => {
            Err(AppError::field("erase", "can't be said of an entry: make an erasure of its own"))
        }
        Change::Replace(id, draft) => Ok((says(app, caller, draft)?, Some(id), CorrectionChange::Entry)),
        Change::Delete(id) => Ok((Says::Nothing, Some(id), CorrectionChange::Entry)),
    }
}

/// Refuses what says something of nothing but days that are not kept.
async fn refuse_past(app: &App, caller: &Caller, says: &Says) -> Result<(), AppError> {
    let Some(interval) = says.interval() else { return Ok(()) };
    let preferences = app.preferences.preferences(caller.user).await?.ok_or(AppError::NotSignedIn)?;
    match kept_of(app, caller.user, preferences).await? {
        Some(KeptSince { date, day }) if interval.end() <= day.start() => Err(AppError::field(
            "end_time",
            format!("lies before {date}, the first day of your timeline that is kept"),
        )),
        _ => Ok(()),
    }
}

fn says(app: &App, caller: &Caller, Draft { start, end, entry }: Draft) -> Result<Says, AppError> {
    let now = app.clock.now();
    let interval = Interval::new(start, end);
    let interval = interval.ok_or_else(|| AppError::field("end_time", "must be after start_time"))?;
    if interval.ms() > MAX_DAYS * DAY_MS {
        return Err(AppError::field("end_time", format!("must be at most {MAX_DAYS} days after start_time")));
    }
    if now.since(start) > MAX_PAST_DAYS * DAY_MS {
        return Err(AppError::field(
            "start_time",
            format!("must be at most {MAX_PAST_DAYS} days in the past"),
        ));
    }
    let Some(EntryDraft { app: name, domain, project, device }) = entry else {
        // What is to come may be erased, so that nothing is kept of it.
        if end.since(now) > MAX_DAYS * DAY_MS {
            return Err(AppError::field("end_time", format!("must be at most {MAX_DAYS} days ahead")));
        }
        return Ok(Says::Erasure { interval });
    };
    let ahead_ms = app.rules.pings.max_future_ms;
    if end.since(now) > ahead_ms {
        let detail = format!("must be at most {} s in the future", ahead_ms / 1_000);
        return Err(AppError::field("end_time", detail));
    }
    let domain = domain.map(|host| {
        let domain = domain_of_host(app, &host).and_then(|domain| Domain::new(&domain).ok());
        domain.ok_or_else(|| AppError::field("domain", "must be a host name such as example.org"))
    });
    let activity = Activity { app: name, domain: domain.transpose()?, project, language: None };
    let device = device.unwrap_or_else(|| (*caller.device).clone());
    Ok(Says::Entry { interval, source: Arc::new(Source { device, activity: Arc::new(activity) }) })
}

/// An entry of the caller's as the timeline has it.
async fn entry(app: &App, caller: &Caller, id: CorrectionId) -> Result<Correction, AppError> {
    let all = app.ledger.corrections(caller.user, None).await?;
    let found = all.into_iter().find(|correction| correction.id == id);
    match found {
        Some(Correction { says: Says::Erasure { .. }, .. }) => Err(AppError::ErasureIsFinal),
        Some(correction) if correction.says != Says::Nothing => Ok(correction),
        _ => Err(AppError::NotFound),
    }
}

/// Counted milliseconds per activity before and after.
#[derive(Default)]
struct Sums(BTreeMap<Arc<Activity>, (i64, i64)>);

impl Sums {
    fn add(&mut self, stored: StoredDay, correction: &Correction) {
        let before = stored.counted.clone();
        let mut day = settle(stored);
        if day.correct(std::slice::from_ref(correction)).is_none() {
            return;
        }
        self.count(before, |(before, _)| before);
        self.count(day.counted(), |(_, after)| after);
    }

    fn count(&mut self, pieces: impl IntoIterator<Item = Piece>, sum: impl Fn(&mut (i64, i64)) -> &mut i64) {
        for Piece { source, interval } in pieces {
            *sum(self.0.entry(Arc::clone(&source.activity)).or_default()) += interval.ms();
        }
    }

    fn changes(self) -> Vec<ActivityChange> {
        let change = |(activity, (before_ms, after_ms))| ActivityChange { activity, before_ms, after_ms };
        let mut changes: Vec<_> = self.0.into_iter().map(change).collect();
        changes.retain(|change| change.before_ms != change.after_ms);
        changes.sort_by_key(|change| std::cmp::Reverse((change.after_ms - change.before_ms).abs()));
        changes
    }
}
