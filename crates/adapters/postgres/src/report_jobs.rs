//! Report jobs, and their results in chunks. A worker takes the next one past those that others are
//! just taking.

use dayline_app::ports::{CreateJob, PortError, PortFuture, ReportJobs};
use dayline_domain::report::Filter;
use dayline_domain::report::report_job::{JobDays, JobFailure};
use dayline_domain::{
    JobId, JobState, LocalDate, ReportFormat, ReportJob, ReportKind, UserId, UtcDay, UtcMs,
};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

use crate::db::{Param, Transaction};
use crate::error::corrupt;
use crate::preferences::{day_start, week_start};
use crate::store::PgStore;
use crate::values::{
    Day, Timestamp, bits, bits_column, column, id_column, optional_time, time_column, u32_column, uuid,
};

const COLUMNS: &str = "report_jobs.id, users.uuid AS user_uuid, kind, format, from_day, to_day,
  report_jobs.timezone, report_jobs.day_start_minutes, report_jobs.week_start, app_name, domain, project, device_id,
  report_jobs.created_at, state, leased_until, ended_at, failure, attempt, days_done, days_all,
  chunks, bytes";

impl ReportJobs for PgStore {
    fn create(&self, job: ReportJob, max_unfinished: usize, max_ended: usize) -> PortFuture<'_, CreateJob> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = create(&mut transaction, &job, max_unfinished, max_ended).await;
            transaction.finish(outcome).await
        })
    }

    fn find(&self, user: UserId, id: JobId) -> PortFuture<'_, Option<ReportJob>> {
        Box::pin(async move {
            let sql = format!(
                "SELECT {COLUMNS} FROM report_jobs JOIN users ON users.id = user_id
                 WHERE users.uuid = $1 AND report_jobs.id = $2"
            );
            let params: [Param<'_>; 2] = [(&uuid(user), Type::UUID), (&uuid(id), Type::UUID)];
            let rows = self.primary().await?.query(&sql, &params).await?;
            rows.first().map(report_job).transpose()
        })
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<ReportJob>> {
        Box::pin(async move {
            let sql = format!(
                "SELECT {COLUMNS} FROM report_jobs JOIN users ON users.id = user_id
                 WHERE users.uuid = $1 ORDER BY report_jobs.created_at DESC, report_jobs.id DESC"
            );
            let rows = self.primary().await?.query(&sql, &[(&uuid(user), Type::UUID)]).await?;
            rows.iter().map(report_job).collect()
        })
    }

    fn claim(&self, now: UtcMs, until: UtcMs) -> PortFuture<'_, Option<ReportJob>> {
        Box::pin(async move {
            let sql = format!(
                "WITH next AS MATERIALIZED (
                   SELECT id FROM report_jobs
                   WHERE state IN ('queued', 'running') AND (state = 'queued' OR leased_until <= $1)
                   ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
                 UPDATE report_jobs SET state = 'running', leased_until = $2, attempt = attempt + 1, days_done = 0,
                   chunks = 0, bytes = 0
                 FROM next, users WHERE report_jobs.id = next.id AND users.id = user_id
                 RETURNING {COLUMNS}"
            );
            let params: [Param<'_>; 2] =
                [(&Timestamp(now), Type::TIMESTAMPTZ), (&Timestamp(until), Type::TIMESTAMPTZ)];
            let rows = self.primary().await?.query(&sql, &params).await?;
            rows.first().map(report_job).transpose()
        })
    }

    fn advance(&self, job: ReportJob, chunk: Option<Vec<u8>>) -> PortFuture<'_, bool> {
        Box::pin(async move {
            // The person is locked before their job, in the order in which a deletion of the
            // account locks.
            let sql = "WITH person AS MATERIALIZED (SELECT id FROM users WHERE uuid = $1 FOR KEY SHARE),
                       job AS (
                         UPDATE report_jobs SET state = $4, leased_until = $5, ended_at = $6, failure = $7,
                           days_done = $8, days_all = $9, chunks = $10, bytes = $11
                         FROM person
                         WHERE report_jobs.id = $2 AND user_id = person.id AND attempt = $3 AND state = 'running'
                         RETURNING report_jobs.id, user_id, attempt, chunks),
                       chunk AS (
                         INSERT INTO report_chunks (job_id, attempt, number, user_id, bytes)
                         SELECT id, attempt, chunks - 1, user_id, $12 FROM job WHERE $12 IS NOT NULL)
                       SELECT FROM job";
            let (until, failure) = match job.state {
                JobState::Running { until } => (Some(Timestamp(until)), None),
                JobState::Failed { why, .. } => (None, Some(why.name())),
                JobState::Queued | JobState::Done { .. } | JobState::Cancelled { .. } => (None, None),
            };
            let params: [Param<'_>; 12] = [
                (&uuid(job.user), Type::UUID),
                (&uuid(job.id), Type::UUID),
                (&i64::from(job.attempt), Type::INT8),
                (&job.state.name(), Type::TEXT),
                (&until, Type::TIMESTAMPTZ),
                (&job.state.ended_at().map(Timestamp), Type::TIMESTAMPTZ),
                (&failure, Type::TEXT),
                (&i64::from(job.days_done), Type::INT8),
                (&i64::from(job.days_all), Type::INT8),
                (&i64::from(job.chunks), Type::INT8),
                (&bits(job.bytes), Type::INT8),
                (&chunk, Type::BYTEA),
            ];
            Ok(!self.primary().await?.query(sql, &params).await?.is_empty())
        })
    }

    fn cancel(&self, user: UserId, id: JobId, now: UtcMs) -> PortFuture<'_, bool> {
        Box::pin(async move {
            let mut transaction = self.primary().await?.begin().await?;
            let outcome = cancel(&mut transaction, user, id, now).await;
            transaction.finish(outcome).await
        })
    }

    fn chunk(&self, user: UserId, id: JobId, number: u32) -> PortFuture<'_, Option<Vec<u8>>> {
        Box::pin(async move {
            let sql = "SELECT report_chunks.bytes FROM report_jobs
                       JOIN users ON users.id = report_jobs.user_id AND users.uuid = $1
                       JOIN report_chunks ON job_id = report_jobs.id
                         AND report_chunks.attempt = report_jobs.attempt AND number = $3
                       WHERE report_jobs.id = $2 AND state = 'done'";
            let params: [Param<'_>; 3] =
                [(&uuid(user), Type::UUID), (&uuid(id), Type::UUID), (&i64::from(number), Type::INT8)];
            let rows = self.primary().await?.query(sql, &params).await?;
            rows.first().map(|row| column(row, "bytes")).transpose()
        })
    }

    fn waiting(&self, now: UtcMs) -> PortFuture<'_, u64> {
        Box::pin(async move {
            let sql = "SELECT count(*) AS jobs FROM report_jobs
                       WHERE state IN ('queued', 'running') AND (state = 'queued' OR leased_until <= $1)";
            let rows = self.primary().await?.query(sql, &[(&Timestamp(now), Type::TIMESTAMPTZ)]).await?;
            rows.first().map_or(Ok(0), |row| column::<i64>(row, "jobs").map(i64::cast_unsigned))
        })
    }

    fn purge(&self, ended_before: UtcMs, at_most: usize) -> PortFuture<'_, u64> {
        Box::pin(async move {
            let server = self.primary().await?;
            let at_most = at_most as i64;
            let jobs = "DELETE FROM report_jobs
                        WHERE id IN (
                          SELECT id FROM report_jobs WHERE ended_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)";
            let params: [Param<'_>; 2] =
                [(&Timestamp(ended_before), Type::TIMESTAMPTZ), (&at_most, Type::INT8)];
            let jobs = server.execute(jobs, &params).await?;
            let chunks = "DELETE FROM report_chunks WHERE (job_id, attempt, number) IN (
                            SELECT job_id, attempt, number FROM report_chunks WHERE NOT EXISTS (
                              SELECT FROM report_jobs
                              WHERE id = job_id AND report_jobs.attempt = report_chunks.attempt
                                AND state IN ('running', 'done'))
                            LIMIT $1 FOR UPDATE SKIP LOCKED)";
            Ok(jobs + server.execute(chunks, &[(&at_most, Type::INT8)]).await?)
        })
    }
}

async fn create(
    transaction: &mut Transaction,
    job: &ReportJob,
    max_unfinished: usize,
    max_ended: usize,
) -> Result<CreateJob, PortError> {
    let sql = "SELECT id, (SELECT count(*) FROM report_jobs WHERE user_id = users.id AND ended_at IS NULL) AS unfinished
               FROM users WHERE uuid = $1 FOR NO KEY UPDATE";
    let person: [Param<'_>; 1] = [(&uuid(job.user), Type::UUID)];
    // Once to lock the person, once to count what is there now that nobody else can add to it.
    transaction.query(sql, &person).await?;
    let rows = transaction.query(sql, &person).await?;
    let Some(row) = rows.first() else { return Ok(CreateJob::NoSuchUser) };
    if usize::try_from(column::<i64>(row, "unfinished")?).unwrap_or(usize::MAX) >= max_unfinished {
        return Ok(CreateJob::TooMany);
    }
    let user: i64 = column(row, "id")?;
    let surplus = "DELETE FROM report_jobs WHERE id IN (
                     SELECT id FROM report_jobs WHERE user_id = $1 AND ended_at IS NOT NULL
                     ORDER BY created_at DESC, id DESC OFFSET $2)";
    transaction.execute(surplus, &[(&user, Type::INT8), (&(max_ended as i64), Type::INT8)]).await?;
    let day = |date: LocalDate| Day(UtcDay(date.0));
    let days = job.days.as_ref();
    let (day_start, week_start) =
        days.map_or_else(Default::default, |days| (days.day_start, days.week_start));
    let [app, domain, project, device] = job.filter.texts();
    let params: [Param<'_>; 19] = [
        (&uuid(job.id), Type::UUID),
        (&user, Type::INT8),
        (&job.kind.name(), Type::TEXT),
        (&job.format.name(), Type::TEXT),
        (&days.map(|days| day(days.from)), Type::DATE),
        (&days.map(|days| day(days.to)), Type::DATE),
        (&days.map(|days| days.tz.as_str()), Type::TEXT),
        (&day_start.minutes().cast_signed(), Type::INT2),
        (&week_start.name(), Type::TEXT),
        (&app, Type::TEXT),
        (&domain, Type::TEXT),
        (&project, Type::TEXT),
        (&device, Type::TEXT),
        (&Timestamp(job.created_at), Type::TIMESTAMPTZ),
        (&i64::from(job.attempt), Type::INT8),
        (&i64::from(job.days_done), Type::INT8),
        (&i64::from(job.days_all), Type::INT8),
        (&i64::from(job.chunks), Type::INT8),
        (&bits(job.bytes), Type::INT8),
    ];
    let sql = "INSERT INTO report_jobs (id, user_id, kind, format, from_day, to_day, timezone, day_start_minutes,
                 week_start, app_name, domain, project, device_id, created_at, state, attempt, days_done, days_all,
                 chunks, bytes)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'queued', $15, $16, $17, $18, $19)";
    transaction.execute(sql, &params).await?;
    Ok(CreateJob::Created)
}

async fn cancel(
    transaction: &mut Transaction,
    user: UserId,
    id: JobId,
    now: UtcMs,
) -> Result<bool, PortError> {
    let (user, id) = (uuid(user), uuid(id));
    let params: [Param<'_>; 2] = [(&user, Type::UUID), (&id, Type::UUID)];
    // The lock decides: what ends meanwhile has ended, what does not is cancelled.
    let find = "SELECT ended_at FROM report_jobs JOIN users ON users.id = user_id
                WHERE users.uuid = $1 AND report_jobs.id = $2 FOR UPDATE OF report_jobs";
    let rows = transaction.query(find, &params).await?;
    let Some(row) = rows.first() else { return Ok(false) };
    if optional_time(row, "ended_at")?.is_some() {
        transaction.execute("DELETE FROM report_jobs WHERE id = $1", &params[1..]).await?;
        return Ok(true);
    }
    let cancel =
        "UPDATE report_jobs SET state = 'cancelled', leased_until = NULL, ended_at = $1 WHERE id = $2";
    transaction.execute(cancel, &[(&Timestamp(now), Type::TIMESTAMPTZ), (&id, Type::UUID)]).await?;
    Ok(true)
}

fn report_job(row: &Row) -> Result<ReportJob, PortError> {
    let (kind, format): (&str, &str) = (column(row, "kind")?, column(row, "format")?);
    Ok(ReportJob {
        id: id_column(row, "id")?,
        user: id_column(row, "user_uuid")?,
        kind: ReportKind::from_name(kind).ok_or_else(|| corrupt("kind", kind))?,
        format: ReportFormat::from_name(format).ok_or_else(|| corrupt("format", format))?,
        days: days(row)?,
        filter: filter(row)?,
        created_at: time_column(row, "created_at")?,
        state: state(row)?,
        attempt: u32_column(row, "attempt")?,
        days_done: u32_column(row, "days_done")?,
        days_all: u32_column(row, "days_all")?,
        chunks: u32_column(row, "chunks")?,
        bytes: bits_column(row, "bytes")?,
    })
}

fn days(row: &Row) -> Result<Option<JobDays>, PortError> {
    let Some(tz) = column::<Option<String>>(row, "timezone")? else { return Ok(None) };
    let date = |name: &str| column::<Day>(row, name).map(|day| LocalDate(day.0.0));
    let (from, to) = (date("from_day")?, date("to_day")?);
    Ok(Some(JobDays { from, to, tz, day_start: day_start(row)?, week_start: week_start(row)? }))
}

fn filter(row: &Row) -> Result<Filter, PortError> {
    let text = |name| column::<Option<&str>>(row, name);
    let texts = [text("app_name")?, text("domain")?, text("project")?, text("device_id")?];
    Filter::from_texts(texts).map_err(|error| corrupt("filter", error))
}

fn state(row: &Row) -> Result<JobState, PortError> {
    let (state, failure): (&str, Option<&str>) = (column(row, "state")?, column(row, "failure")?);
    Ok(match (state, failure.and_then(JobFailure::from_name)) {
        ("queued", _) => JobState::Queued,
        ("running", _) => JobState::Running { until: time_column(row, "leased_until")? },
        ("done", _) => JobState::Done { at: time_column(row, "ended_at")? },
        ("cancelled", _) => JobState::Cancelled { at: time_column(row, "ended_at")? },
        ("failed", Some(why)) => JobState::Failed { at: time_column(row, "ended_at")?, why },
        (state, _) => return Err(corrupt("state", format!("{state} {failure:?}"))),
    })
}
