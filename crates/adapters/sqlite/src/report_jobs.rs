//! Report jobs, each one row, and their results, each some chunks of one attempt.

use dayline_app::ports::{CreateJob, PortFuture, ReportJobs};
use dayline_domain::report::Filter;
use dayline_domain::report::report_job::{JobDays, JobFailure};
use dayline_domain::{
    DayStart, JobId, JobState, LocalDate, ReportFormat, ReportJob, ReportKind, UserId, UtcMs, Weekday,
};
use rusqlite::{OptionalExtension, Row, Transaction, named_params, params};

use crate::failure::Failure;
use crate::preferences::{day_start, week_start};
use crate::store::SqliteStore;
use crate::users;
use crate::values::{IdBytes, instant};

const UNFINISHED: &str = "SELECT count(*) FROM report_jobs WHERE user_number = ?1 AND ended_ms IS NULL";
const DELETE_SURPLUS: &str = "
    DELETE FROM report_jobs WHERE id IN (
        SELECT id FROM report_jobs WHERE user_number = ?1 AND ended_ms IS NOT NULL
        ORDER BY created_ms DESC, id DESC LIMIT -1 OFFSET ?2)";
const INSERT: &str = "
    INSERT INTO report_jobs (id, user_number, kind, format, from_day, to_day, timezone, day_start_minutes, week_start,
                             app_name, domain, project, device_id, created_ms, state, attempt, days_done, days_all,
                             chunks, bytes)
    VALUES (:id, :user, :kind, :format, :from, :to, :timezone, :day_start, :week_start, :app, :domain, :project,
            :device, :created, 'queued', :attempt, :days_done, :days_all, :chunks, :bytes)";
const FIND: &str = "
    SELECT j.*, u.id AS user_id FROM report_jobs j JOIN users u ON u.number = j.user_number
    WHERE j.id = ?2 AND u.id = ?1";
const LIST: &str = "
    SELECT j.*, u.id AS user_id FROM users u JOIN report_jobs j ON j.user_number = u.number WHERE u.id = ?1
    ORDER BY j.created_ms DESC, j.id DESC";
const NEXT: &str = "
    SELECT j.*, u.id AS user_id FROM report_jobs j JOIN users u ON u.number = j.user_number
    WHERE j.state IN ('queued', 'running') AND (j.state = 'queued' OR j.until_ms <= ?1)
    ORDER BY j.created_ms, j.id LIMIT 1";
const REPLACE: &str = "
    UPDATE report_jobs SET state = :state, until_ms = :until, ended_ms = :ended, failure = :failure,
        attempt = :attempt, days_done = :days_done, days_all = :days_all, chunks = :chunks, bytes = :bytes
    WHERE id = :id";
const RUNS: &str = "
    SELECT user_number FROM report_jobs WHERE id = ?1 AND attempt = ?2 AND state = 'running'";
const ADD_CHUNK: &str = "
    INSERT INTO report_chunks (user_number, job_id, attempt, number, bytes) VALUES (?1, ?2, ?3, ?4, ?5)";
const DELETE: &str = "DELETE FROM report_jobs WHERE id = ?1";
const CHUNK: &str = "
    SELECT c.bytes FROM report_jobs j
    JOIN users u ON u.number = j.user_number AND u.id = ?1
    JOIN report_chunks c ON c.job_id = j.id AND c.attempt = j.attempt
    WHERE j.id = ?2 AND j.state = 'done' AND c.number = ?3";
const WAITING: &str = "
    SELECT count(*) FROM report_jobs
    WHERE state IN ('queued', 'running') AND (state = 'queued' OR until_ms <= ?1)";
const PURGE: &str = "
    DELETE FROM report_jobs WHERE id IN (SELECT id FROM report_jobs WHERE ended_ms < ?1 LIMIT ?2)";
const PURGE_CHUNKS: &str = "
    DELETE FROM report_chunks WHERE rowid IN (
        SELECT c.rowid FROM report_chunks c WHERE NOT EXISTS (
            SELECT 1 FROM report_jobs j
            WHERE j.id = c.job_id AND j.attempt = c.attempt AND j.state IN ('running', 'done'))
        LIMIT ?1)";

impl ReportJobs for SqliteStore {
    fn create(&self, job: ReportJob, max_unfinished: usize, max_ended: usize) -> PortFuture<'_, CreateJob> {
        self.db.write(move |tx| {
            let Some(user) = users::number_of(tx, job.user)? else { return Ok(CreateJob::NoSuchUser) };
            let unfinished: i64 = tx.prepare_cached(UNFINISHED)?.query_row([user], |row| row.get(0))?;
            if usize::try_from(unfinished).is_ok_and(|unfinished| unfinished >= max_unfinished) {
                return Ok(CreateJob::TooMany);
            }
            tx.prepare_cached(DELETE_SURPLUS)?.execute(params![user, max_ended as i64])?;
            insert(tx, user, &job)?;
            Ok(CreateJob::Created)
        })
    }

    fn find(&self, user: UserId, id: JobId) -> PortFuture<'_, Option<ReportJob>> {
        self.db.read(move |tx| find(tx, user, id))
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<ReportJob>> {
        self.db.read(move |tx| {
            let mut statement = tx.prepare_cached(LIST)?;
            let rows = statement.query_map([IdBytes::from(user)], |row| Ok(parse(row)))?;
            rows.map(|job| job?).collect()
        })
    }

    fn claim(&self, now: UtcMs, until: UtcMs) -> PortFuture<'_, Option<ReportJob>> {
        Box::pin(async move {
            // Most polls find nothing: those must not take the writer's time.
            if self.db.read(move |tx| next(tx, now)).await?.is_none() {
                return Ok(None);
            }
            let claim = self.db.write(move |tx| {
                let Some(job) = next(tx, now)? else { return Ok(None) };
                let running = job.start(until);
                replace(tx, &running)?;
                Ok(Some(running))
            });
            claim.await
        })
    }

    fn advance(&self, job: ReportJob, chunk: Option<Vec<u8>>) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let id = IdBytes::from(job.id);
            let runs =
                tx.prepare_cached(RUNS)?.query_row(params![id, job.attempt], |row| row.get(0)).optional()?;
            let Some::<i64>(user) = runs else { return Ok(false) };
            replace(tx, &job)?;
            if let Some(chunk) = chunk {
                let row = params![user, id, job.attempt, job.chunks - 1, chunk];
                tx.prepare_cached(ADD_CHUNK)?.execute(row)?;
            }
            Ok(true)
        })
    }

    fn cancel(&self, user: UserId, id: JobId, now: UtcMs) -> PortFuture<'_, bool> {
        self.db.write(move |tx| {
            let Some(job) = find(tx, user, id)? else { return Ok(false) };
            if job.state.ended_at().is_none() {
                replace(tx, &job.with_state(JobState::Cancelled { at: now }))?;
            } else {
                tx.prepare_cached(DELETE)?.execute([IdBytes::from(id)])?;
            }
            Ok(true)
        })
    }

    fn chunk(&self, user: UserId, id: JobId, number: u32) -> PortFuture<'_, Option<Vec<u8>>> {
        self.db.read(move |tx| {
            let which = params![IdBytes::from(user), IdBytes::from(id), number];
            Ok(tx.prepare_cached(CHUNK)?.query_row(which, |row| row.get(0)).optional()?)
        })
    }

    fn waiting(&self, now: UtcMs) -> PortFuture<'_, u64> {
        self.db.read(move |tx| {
            let jobs: i64 = tx.prepare_cached(WAITING)?.query_row([now.0], |row| row.get(0))?;
            Ok(jobs.unsigned_abs())
        })
    }

    fn purge(&self, ended_before: UtcMs, at_most: usize) -> PortFuture<'_, u64> {
        self.db.write(move |tx| {
            let at_most = at_most as i64;
            let jobs = tx.prepare_cached(PURGE)?.execute(params![ended_before.0, at_most])?;
            let chunks = tx.prepare_cached(PURGE_CHUNKS)?.execute([at_most])?;
            Ok((jobs + chunks) as u64)
        })
    }
}

fn insert(tx: &Transaction<'_>, user: i64, job: &ReportJob) -> rusqlite::Result<()> {
    let days = job.days.as_ref();
    let [app, domain, project, device] = job.filter.texts();
    tx.prepare_cached(INSERT)?.execute(named_params! {
        ":id": IdBytes::from(job.id),
        ":user": user,
        ":kind": job.kind.name(),
        ":format": job.format.name(),
        ":from": days.map(|days| days.from.0),
        ":to": days.map(|days| days.to.0),
        ":timezone": days.map(|days| &days.tz),
        ":day_start": days.map_or_else(DayStart::default, |days| days.day_start).minutes(),
        ":week_start": days.map_or_else(Weekday::default, |days| days.week_start).name(),
        ":app": app,
        ":domain": domain,
        ":project": project,
        ":device": device,
        ":created": job.created_at.0,
        ":attempt": job.attempt,
        ":days_done": job.days_done,
        ":days_all": job.days_all,
        ":chunks": job.chunks,
        ":bytes": job.bytes as i64,
    })?;
    Ok(())
}

fn find(tx: &Transaction<'_>, user: UserId, id: JobId) -> Result<Option<ReportJob>, Failure> {
    let which = params![IdBytes::from(user), IdBytes::from(id)];
    tx.prepare_cached(FIND)?.query_row(which, |row| Ok(parse(row))).optional()?.transpose()
}

fn next(tx: &Transaction<'_>, now: UtcMs) -> Result<Option<ReportJob>, Failure> {
    tx.prepare_cached(NEXT)?.query_row([now.0], |row| Ok(parse(row))).optional()?.transpose()
}

fn replace(tx: &Transaction<'_>, job: &ReportJob) -> rusqlite::Result<()> {
    let (until, failure) = match job.state {
        JobState::Running { until } => (Some(until.0), None),
        JobState::Failed { why, .. } => (None, Some(why.name())),
        JobState::Queued | JobState::Done { .. } | JobState::Cancelled { .. } => (None, None),
    };
    tx.prepare_cached(REPLACE)?.execute(named_params! {
        ":id": IdBytes::from(job.id),
        ":state": job.state.name(),
        ":until": until,
        ":ended": job.state.ended_at().map(|at| at.0),
        ":failure": failure,
        ":attempt": job.attempt,
        ":days_done": job.days_done,
        ":days_all": job.days_all,
        ":chunks": job.chunks,
        ":bytes": job.bytes as i64,
    })?;
    Ok(())
}

fn parse(row: &Row<'_>) -> Result<ReportJob, Failure> {
    let (kind, format): (String, String) = (row.get("kind")?, row.get("format")?);
    let unknown = |what: &str, name: &str| Failure::corrupt("a stored job", format!("unknown {what} {name}"));
    Ok(ReportJob {
        id: row.get::<_, IdBytes>("id")?.id(),
        user: row.get::<_, IdBytes>("user_id")?.id(),
        kind: ReportKind::from_name(&kind).ok_or_else(|| unknown("kind", &kind))?,
        format: ReportFormat::from_name(&format).ok_or_else(|| unknown("format", &format))?,
        days: days(row)?,
        filter: filter(row)?,
        created_at: instant(row, "created_ms")?,
        state: state(row)?,
        attempt: row.get("attempt")?,
        days_done: row.get("days_done")?,
        days_all: row.get("days_all")?,
        chunks: row.get("chunks")?,
        bytes: row.get::<_, i64>("bytes")? as u64,
    })
}

fn days(row: &Row<'_>) -> Result<Option<JobDays>, Failure> {
    let Some(tz) = row.get("timezone")? else { return Ok(None) };
    let (from, to) = (LocalDate(row.get("from_day")?), LocalDate(row.get("to_day")?));
    let (day_start, week_start) = (day_start(row)?, week_start(row)?);
    Ok(Some(JobDays { from, to, tz, day_start, week_start }))
}

fn filter(row: &Row<'_>) -> Result<Filter, Failure> {
    let texts: [Option<String>; 4] =
        [row.get("app_name")?, row.get("domain")?, row.get("project")?, row.get("device_id")?];
    Filter::from_texts(texts.each_ref().map(Option::as_deref))
        .map_err(|why| Failure::corrupt("a stored job", why))
}

fn state(row: &Row<'_>) -> Result<JobState, Failure> {
    let state: String = row.get("state")?;
    let failure: Option<String> = row.get("failure")?;
    let why = failure.as_deref().and_then(JobFailure::from_name);
    Ok(match (state.as_str(), why) {
        ("queued", _) => JobState::Queued,
        ("running", _) => JobState::Running { until: instant(row, "until_ms")? },
        ("done", _) => JobState::Done { at: instant(row, "ended_ms")? },
        ("cancelled", _) => JobState::Cancelled { at: instant(row, "ended_ms")? },
        ("failed", Some(why)) => JobState::Failed { at: instant(row, "ended_ms")?, why },
        (state, _) => {
            return Err(Failure::corrupt("a stored job", format!("unknown state {state} {failure:?}")));
        }
    })
}
