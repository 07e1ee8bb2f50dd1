//! The worker of report jobs: reads a stretch of days at a time, sums it up or writes it down, and tells how far it
//! has come. It holds one stretch, one chunk, and the sums, however long the report is.
//! Deliberately absent: when it runs and waits (the binary), and wire formats (a port).

mod sums;

use std::sync::Arc;

use dayline_domain::report::report_job::{JobDays, JobFailure};
use dayline_domain::report::{self, Joining};
use dayline_domain::{JobState, LocalDate, ReportJob, UtcMs};

use crate::ports::{Part, ResultForms, ResultWriter};
use crate::reporting::export::Export;
use crate::reporting::reports::{self, LocalDays};
use crate::{App, AppError, Kind};
use sums::Sums;

/// Days read at a time: few enough for a short read, enough for a year to need few.
const STRETCH_DAYS: i32 = 14;
/// Bytes of a chunk, all but the last.
pub const CHUNK: usize = 128 * 1024;
/// After so long the store is told how far a job has come, in milliseconds: often enough to notice that it was
/// cancelled, seldom enough to cost nothing.
const TELL_EVERY_MS: i64 = 500;

/// What became of a job that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// Its result is there.
    Done,
    /// It failed.
    Failed {
        /// Why.
        why: JobFailure,
        /// More about it, for the log.
        detail: String,
    },
    /// It was cancelled, deleted, or taken over by another worker.
    Lost,
    /// It waits again: this worker is to stop.
    GivenBack,
}

/// Makes reports. Several workers, also in several processes, share the jobs.
pub struct ReportWorker {
    app: App,
    forms: Arc<dyn ResultForms>,
}

impl ReportWorker {
    /// A worker that works with the application's ports; let them be its own where others must never wait for it.
    pub fn new(app: App, forms: Arc<dyn ResultForms>) -> Self {
        Self { app, forms }
    }

    /// Takes the next job and does it, unless `stops` says that there is no time any more. `None` if nothing waits.
    /// After an error the job is started again, by this worker or another one, when its lease has ended.
    pub async fn run_next(&self, stops: &(dyn Fn() -> bool + Sync)) -> Result<Option<Ran>, AppError> {
        let now = self.app.clock.now();
        let policy = &self.app.rules.jobs;
        let Some(job) = self.app.report_jobs.claim(now, now.plus(policy.lease_ms)).await? else {
            return Ok(None);
        };
        let out = Vec::new();
        let mut run = Run { app: &self.app, forms: &*self.forms, stops, told_at: now, out, job };
        let end = match run.make().await {
            Ok(()) => End::Done,
            Err(end) => end,
        };
        run.finish(end).await.map(Some)
    }
}

/// How the making of a result ended.
enum End {
    Done,
    Failed(JobFailure),
    Lost,
    Stopped,
    Error(AppError),
}

impl<E: Into<AppError>> From<E> for End {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// A job being done.
struct Run<'a> {
    app: &'a App,
    forms: &'a dyn ResultForms,
    stops: &'a (dyn Fn() -> bool + Sync),
    /// When the store heard of the job last.
    told_at: UtcMs,
    /// What is written of the result and not stored yet.
    out: Vec<u8>,
    job: ReportJob,
}

impl Run<'_> {
    async fn make(&mut self) -> Result<(), End> {
        if self.job.attempt > self.app.rules.jobs.max_attempts {
            return Err(End::Failed(JobFailure::TooManyAttempts));
        }
        let days = self.job.days.as_ref().map(|days| self.local_days(days)).transpose()?;
        let mut writer = self.forms.begin(self.job.kind, self.job.format, days.as_ref());
        match (days, Sums::of(self.job.kind)) {
            (Some(days), Some(sums)) => self.sums(&days, sums, &mut *writer).await?,
            (Some(days), None) => self.timeline(&days, &mut *writer).await?,
            (None, _) => self.export(&mut *writer).await?,
        }
        writer.end(&mut self.out);
        self.store_full_chunks().await?;
        self.check_room(self.out.len())
    }

    /// Fails if a result with so many bytes more had more than one may have.
    fn check_room(&self, bytes: usize) -> Result<(), End> {
        let is_room = self.job.bytes + bytes as u64 <= self.app.rules.jobs.max_bytes;
        if is_room { Ok(()) } else { Err(End::Failed(JobFailure::TooLarge)) }
    }

    fn local_days(&self, days: &JobDays) -> Result<LocalDays, AppError> {
        let gone = || AppError::Internal(format!("time zone {} of a job is not known any more", days.tz));
        let zone = self.app.zones.find(&days.tz).ok_or_else(gone)?;
        Ok(LocalDays { zone, from: days.from, to: days.to })
    }

    async fn sums(
        &mut self,
        days: &LocalDays,
        mut sums: Sums,
        writer: &mut dyn ResultWriter,
    ) -> Result<(), End> {
        for stretch in stretches(days) {
            if let Some(window) = stretch.interval() {
                let view =
                    reports::read(&*self.app.ledger, self.job.user, &stretch, window, sums.cut()).await?;
                sums.add(view.as_counted(), window, &stretch);
            } else {
                sums.skip(&stretch);
            }
            self.tell((stretch.to.0 - days.from.0 + 1) as u32).await?;
        }
        writer.part(sums.part(), &mut self.out);
        Ok(())
    }

    async fn timeline(&mut self, days: &LocalDays, writer: &mut dyn ResultWriter) -> Result<(), End> {
        let mut joining = Joining::default();
        for stretch in stretches(days) {
            if let Some(window) = stretch.interval() {
                let view = self.app.ledger.read(self.job.user, window, false).await?;
                writer.part(Part::Timeline(joining.add(report::clip(view.counted, window))), &mut self.out);
                self.store_full_chunks().await?;
            }
            self.tell((stretch.to.0 - days.from.0 + 1) as u32).await?;
        }
        writer.part(Part::Timeline(joining.end().into_iter().collect()), &mut self.out);
        Ok(())
    }

    async fn export(&mut self, writer: &mut dyn ResultWriter) -> Result<(), End> {
        let mut export = Export::of(self.app, self.job.user);
        while let Some(page) = export.page().await? {
            writer.part(Part::Export(page), &mut self.out);
            self.store_full_chunks().await?;
            let (days_done, days_all) = export.progress();
            self.job.days_all = days_all;
            self.tell(days_done).await?;
        }
        Ok(())
    }

    /// Stores chunks until what is left is less than one.
    async fn store_full_chunks(&mut self) -> Result<(), End> {
        while self.out.len() >= CHUNK {
            let rest = self.out.split_off(CHUNK);
            let chunk = std::mem::replace(&mut self.out, rest);
            self.advance(self.job.days_done, Some(chunk)).await?;
        }
        Ok(())
    }

    /// Tells how far the job has come, if that was long ago, and whether to go on.
    async fn tell(&mut self, days_done: u32) -> Result<(), End> {
        if (self.stops)() {
            return Err(End::Stopped);
        }
        if self.app.clock.now().since(self.told_at) < TELL_EVERY_MS {
            self.job.days_done = days_done;
            return Ok(());
        }
        self.advance(days_done, None).await
    }

    async fn advance(&mut self, days_done: u32, chunk: Option<Vec<u8>>) -> Result<(), End> {
        let now = self.app.clock.now();
        let bytes = chunk.as_ref().map_or(0, Vec::len);
        self.check_room(bytes)?;
        self.job = self.job.advanced(days_done, bytes, now.plus(self.app.rules.jobs.lease_ms));
        self.told_at = now;
        if !self.app.report_jobs.advance(self.job.clone(), chunk).await? {
            return Err(End::Lost);
        }
        Ok(())
    }

    /// Tells the store how it ended.
    async fn finish(mut self, end: End) -> Result<Ran, AppError> {
        let at = self.app.clock.now();
        let failed = |why, detail| (JobState::Failed { at, why }, Ran::Failed { why, detail });
        let (state, ran) = match end {
            End::Done => (JobState::Done { at }, Ran::Done),
            End::Stopped => (JobState::Queued, Ran::GivenBack),
            End::Lost => return Ok(Ran::Lost),
            End::Failed(why) => failed(why, why.name().to_owned()),
            End::Error(error) if error.kind() == Kind::Internal => {
                failed(JobFailure::Broken, error.to_string())
            }
            End::Error(error) => return Err(error),
        };
        let last = (ran == Ran::Done && !self.out.is_empty()).then(|| std::mem::take(&mut self.out));
        let bytes = last.as_ref().map_or(0, Vec::len);
        let done = if ran == Ran::Done { self.job.days_all } else { self.job.days_done };
        let job = self.job.advanced(done, bytes, at).with_state(state);
        let is_kept = self.app.report_jobs.advance(job, last).await?;
        Ok(if is_kept { ran } else { Ran::Lost })
    }
}

/// The days, a stretch at a time.
fn stretches(days: &LocalDays) -> impl Iterator<Item = LocalDays> {
    let LocalDays { zone, from, to } = days.clone();
    (from.0..=to.0).step_by(STRETCH_DAYS as usize).map(move |first| LocalDays {
        zone: Arc::clone(&zone),
        from: LocalDate(first),
        to: LocalDate((first + STRETCH_DAYS - 1).min(to.0)),
    })
}
