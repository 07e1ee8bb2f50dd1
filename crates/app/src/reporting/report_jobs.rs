//! Report jobs as the person sees them: ask for one, look at it, cancel it, read its result.
//! Not here: making the report (see [`crate::reporting::report_worker`]) and wire formats.

use dayline_domain::report::report_job::JobDays;
use dayline_domain::report::{Filter, LocalDays};
use dayline_domain::{JobId, JobState, LocalDate, ReportFormat, ReportJob, ReportKind, Scope};

use crate::identity::caller::Caller;
use crate::ports::CreateJob;
use crate::reporting::filters::{FilterAsked, resolve_filter};
use crate::reporting::reports::{DaysAsked, resolve_days};
use crate::{App, AppError, FieldError};

/// A job to be done.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Decides in which forms it may be, and whether days may be given.
    pub kind: ReportKind,
    /// In which form; the kind's usual one if not given.
    pub format: Option<ReportFormat>,
    /// The first local day.
    pub from: Option<LocalDate>,
    /// The last, included.
    pub to: Option<LocalDate>,
    /// The time zone; the profile's if not given.
    pub tz: Option<String>,
    /// Of what a report of sums is to be.
    pub filter: FilterAsked,
}

/// Asks for a job. It waits for a worker then.
pub async fn request(app: &App, caller: &Caller, new: NewJob) -> Result<ReportJob, AppError> {
    caller.require(scope_of(new.kind))?;
    let kind = new.kind;
    let mut wrong = Vec::new();
    let format = or_note(format_of(&new), &mut wrong)?;
    let filter = or_note(filter_of(app, kind, new.filter.clone()), &mut wrong)?;
    let days = or_note(days_of(app, caller, new).await, &mut wrong)?;
    let (Some(format), Some(filter), Some(days)) = (format, filter, days) else {
        return Err(AppError::Invalid(wrong));
    };
    let job = ReportJob {
        id: app.new_id(),
        user: caller.user,
        kind,
        format,
        days_all: days.as_ref().map_or(0, |days| (days.to.0 - days.from.0 + 1) as u32),
        days,
        filter,
        created_at: app.clock.now(),
        state: JobState::Queued,
        attempt: 0,
        days_done: 0,
        chunks: 0,
        bytes: 0,
    };
    let policy = &app.rules.jobs;
    match app.report_jobs.create(job.clone(), policy.max_unfinished, policy.max_ended).await? {
        CreateJob::Created => Ok(job),
        CreateJob::TooMany => Err(AppError::TooManyJobs),
        CreateJob::NoSuchUser => Err(AppError::NotSignedIn),
    }
}

/// Notes which fields break a rule, so that all are told at once.
fn or_note<T>(outcome: Result<T, AppError>, wrong: &mut Vec<FieldError>) -> Result<Option<T>, AppError> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(AppError::Invalid(errors)) => {
            wrong.extend(errors);
            Ok(None)
        }
        Err(other) => Err(other),
    }
}

/// An export has more in it than a key for reports may see.
fn scope_of(kind: ReportKind) -> Scope {
    if kind == ReportKind::Export { Scope::Account } else { Scope::Read }
}

fn format_of(new: &NewJob) -> Result<ReportFormat, AppError> {
    let possible = new.kind.formats();
    let format = new.format.unwrap_or(possible[0]);
    if possible.contains(&format) {
        return Ok(format);
    }
    let names: Vec<&str> = possible.iter().map(|format| format.name()).collect();
    let (kind, names) = (new.kind.name(), names.join(" or "));
    Err(AppError::field("format", format!("must be {names} for the kind {kind}, not {}", format.name())))
}

fn filter_of(app: &App, kind: ReportKind, asked: FilterAsked) -> Result<Filter, AppError> {
    match (kind, asked.given()) {
        (ReportKind::Timeline | ReportKind::Export, Some(field)) => {
            let detail = format!("must be left out: the kind {} has no filters", kind.name());
            Err(AppError::field(field, detail))
        }
        _ => resolve_filter(app, asked),
    }
}

async fn days_of(app: &App, caller: &Caller, new: NewJob) -> Result<Option<JobDays>, AppError> {
    let NewJob { kind, from, to, tz, .. } = new;
    if kind == ReportKind::Export {
        let given = [("from", from.is_some()), ("to", to.is_some()), ("tz", tz.is_some())];
        return match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((field, _)) => Err(AppError::field(field, "must be left out: an export is of everything")),
            None => Ok(None),
        };
    }
    if from.is_none() && to.is_none() {
        return Err(AppError::field("from", "is missing: give from and to"));
    }
    let days = resolve_days(app, caller, DaysAsked { date: None, from, to, tz }).await?;
    let LocalDays { zone, from, to, week_start } = days;
    Ok(Some(JobDays { from, to, tz: zone.name().to_owned(), day_start: zone.day_start(), week_start }))
}

/// One of the caller's jobs. Somebody else's is not found, nor is one that ended too long ago.
pub async fn show(app: &App, caller: &Caller, id: JobId) -> Result<ReportJob, AppError> {
    caller.require(Scope::Read)?;
    let job = app.report_jobs.find(caller.user, id).await?;
    let now = app.clock.now();
    job.filter(|job| !job.is_expired(now, &app.rules.jobs)).ok_or(AppError::NotFound)
}

/// The caller's jobs, the newest first.
pub async fn list(app: &App, caller: &Caller) -> Result<Vec<ReportJob>, AppError> {
    caller.require(Scope::Read)?;
    let now = app.clock.now();
    let mut jobs = app.report_jobs.list(caller.user).await?;
    jobs.retain(|job| !job.is_expired(now, &app.rules.jobs));
    Ok(jobs)
}

/// Cancels one of the caller's jobs, or deletes it with its result if it has ended.
pub async fn cancel(app: &App, caller: &Caller, id: JobId) -> Result<(), AppError> {
    let job = show(app, caller, id).await?;
    caller.require(scope_of(job.kind))?;
    if !app.report_jobs.cancel(caller.user, id, app.clock.now()).await? {
        return Err(AppError::NotFound);
    }
    Ok(())
}

/// A result being read, chunk by chunk.
pub struct JobResult {
    /// Done when the reading began; it may be deleted meanwhile.
    pub job: ReportJob,
    app: App,
    next: u32,
}

/// Begins to read the result of one of the caller's jobs.
pub async fn result(app: &App, caller: &Caller, id: JobId) -> Result<JobResult, AppError> {
    let job = show(app, caller, id).await?;
    caller.require(scope_of(job.kind))?;
    match job.state {
        JobState::Queued | JobState::Running { .. } => Err(AppError::NotFinished),
        JobState::Failed { .. } | JobState::Cancelled { .. } => Err(AppError::NoResult),
        JobState::Done { .. } => Ok(JobResult { job, app: app.clone(), next: 0 }),
    }
}

impl JobResult {
    /// The next chunk; `None` after the last. Not found if the result was deleted meanwhile.
    pub async fn chunk(&mut self) -> Result<Option<Vec<u8>>, AppError> {
        if self.next >= self.job.chunks {
            return Ok(None);
        }
        let chunk = self.app.report_jobs.chunk(self.job.user, self.job.id, self.next).await?;
        self.next += 1;
        chunk.map(Some).ok_or(AppError::NotFound)
    }
}
