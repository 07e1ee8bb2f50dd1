//! The worker of report jobs: reads a stretch of days at a time, sums it up or writes it down, and
//! tells how far it has come. It holds one stretch, one chunk, and the sums, however long the
//! report is. Not here: when it runs and waits (the binary), and wire formats ([`ResultForms`]).

use std::slice;
use std::sync::Arc;

use dayline_domain::report::report_job::JobFailure;
use dayline_domain::report::{self, Grouping, Joining, LocalDays, Report};
use dayline_domain::{JobPolicy, JobState, ReportJob, ReportKind, UtcMs, with_days_from};

use crate::ports::{Clock, ReportJobs, TimeZones};
use crate::reporting::devices::names_for;
use crate::reporting::export::{Export, ExportPorts};
use crate::reporting::reports::{self, Of};
use crate::reporting::result_forms::ResultForms;
use crate::{AppError, Kind};

/// Days read at a time: few enough for a short read, enough for a year to need few.
const STRETCH_DAYS: u16 = 14;
/// Bytes of a chunk, all but the last.
pub const CHUNK: usize = 128 * 1024;
/// After so long the store is told how far a job has come, in milliseconds: often enough to notice
/// that it was cancelled, seldom enough to cost nothing.
const TELL_EVERY_MS: i64 = 500;

/// What became of a job that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// Its result is there.
    Done,
    /// There will be no result, and the person is told why.
    Failed {
        /// What the person is told.
        why: JobFailure,
        /// More about it, for the log.
        detail: String,
    },
    /// It was cancelled, deleted, or taken over by another worker.
    Lost,
    /// It waits again: this worker is to stop.
    GivenBack,
}

/// What a worker works with. Let the stores among them be its own, so that nobody else waits for
/// them.
#[derive(Clone)]
pub struct ReportPorts {
    /// Where jobs wait and results go.
    pub jobs: Arc<dyn ReportJobs>,
    /// What reports and exports are made of.
    pub data: ExportPorts,
    /// To find the zone that a job names.
    pub zones: Arc<dyn TimeZones>,
    /// For leases, which end by it, and for when a job ended.
    pub clock: Arc<dyn Clock>,
    /// How results look.
    pub forms: Arc<dyn ResultForms>,
}

/// Makes reports. Several workers, also in several processes, share the jobs.
pub struct ReportWorker {
    ports: ReportPorts,
    policy: JobPolicy,
}

impl ReportWorker {
    /// A worker that follows the installation's rules for jobs.
    pub fn new(ports: ReportPorts, policy: JobPolicy) -> Self {
        Self { ports, policy }
    }

    /// Takes the next job and does it, unless `stops` says that there is no time any more. `None`
    /// if nothing waits. After an error the job is started again, by this worker or another one,
    /// when its lease has ended.
    ///
    /// # Errors
    ///
    /// When a port can't be reached. What is wrong with the job itself is told to the store and is
    /// [`Ran::Failed`].
    pub async fn run_next(&self, stops: &(dyn Fn() -> bool + Sync)) -> Result<Option<Ran>, AppError> {
        let now = self.ports.clock.now();
        let Some(job) = self.ports.jobs.claim(now, now.plus(self.policy.lease_ms)).await? else {
            return Ok(None);
        };
        let Self { ports, policy } = self;
        let mut run = Run { ports, policy, stops, told_at: now, out: Vec::new(), job };
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
    ports: &'a ReportPorts,
    policy: &'a JobPolicy,
    stops: &'a (dyn Fn() -> bool + Sync),
    /// When the store heard of the job last.
    told_at: UtcMs,
    /// What is written of the result and not stored yet.
    out: Vec<u8>,
    job: ReportJob,
}

impl Run<'_> {
    async fn make(&mut self) -> Result<(), End> {
        if self.job.attempt > self.policy.max_attempts {
            return Err(End::Failed(JobFailure::TooManyAttempts));
        }
        match self.job.kind {
            ReportKind::Sums(grouping) => self.sums(grouping).await?,
            ReportKind::Timeline => self.timeline().await?,
            ReportKind::Export => self.export().await?,
        }
        self.store_full_chunks().await?;
        self.check_room(self.out.len())
    }

    /// Fails if a result with so many bytes more had more than one may have.
    fn check_room(&self, bytes: usize) -> Result<(), End> {
        let is_room = self.job.bytes + bytes as u64 <= self.policy.max_bytes;
        if is_room { Ok(()) } else { Err(End::Failed(JobFailure::TooLarge)) }
    }

    fn local_days(&self) -> Result<LocalDays, AppError> {
        let none = || AppError::Internal(format!("a job of the kind {} has no days", self.job.kind.name()));
        let days = self.job.days.as_ref().ok_or_else(none)?;
        let gone = || AppError::Internal(format!("time zone {} of a job is not known any more", days.tz));
        let zone = self.ports.zones.find(&days.tz).ok_or_else(gone)?;
        let zone = with_days_from(zone, days.day_start);
        Ok(LocalDays { zone, from: days.from, to: days.to, week_start: days.week_start })
    }

    async fn sums(&mut self, grouping: Grouping) -> Result<(), End> {
        let days = self.local_days()?;
        let labels = self.ports.data.label_book.labels(self.job.user).await?.labels;
        let mut report = Report::empty(grouping);
        for stretch in days.stretches(STRETCH_DAYS) {
            let (ledger, job) = (&*self.ports.data.ledger, &self.job);
            let of = Of { user: job.user, filter: &job.filter, labels: &labels };
            reports::add(ledger, &stretch, of, slice::from_mut(&mut report)).await?;
            self.tell((stretch.to.0 - days.from.0 + 1) as u32).await?;
        }
        let names = names_for(&*self.ports.data.device_book, self.job.user, grouping).await?;
        self.ports.forms.report(report, &names, &days, self.job.format, &mut self.out);
        Ok(())
    }

    async fn timeline(&mut self) -> Result<(), End> {
        let days = self.local_days()?;
        let mut writer = self.ports.forms.timeline(&days, self.job.format);
        let mut joining = Joining::default();
        for stretch in days.stretches(STRETCH_DAYS) {
            if let Some(window) = stretch.interval() {
                let view = self.ports.data.ledger.read(self.job.user, window).await?;
                writer.part(joining.add(report::clip(view.counted, window)), &mut self.out);
                self.store_full_chunks().await?;
            }
            self.tell((stretch.to.0 - days.from.0 + 1) as u32).await?;
        }
        writer.part(joining.end().into_iter().collect(), &mut self.out);
        writer.end(&mut self.out);
        Ok(())
    }

    async fn export(&mut self) -> Result<(), End> {
        let mut writer = self.ports.forms.export();
        let mut export = Export::of(self.ports.data.clone(), self.job.user);
        while let Some(page) = export.page().await? {
            writer.part(page, &mut self.out);
            self.store_full_chunks().await?;
            let (days_done, days_all) = export.progress();
            self.job.days_all = days_all;
            self.tell(days_done).await?;
        }
        writer.end(&mut self.out);
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
        if self.ports.clock.now().since(self.told_at) < TELL_EVERY_MS {
            self.job.days_done = days_done;
            return Ok(());
        }
        self.advance(days_done, None).await
    }

    async fn advance(&mut self, days_done: u32, chunk: Option<Vec<u8>>) -> Result<(), End> {
        let now = self.ports.clock.now();
        let bytes = chunk.as_ref().map_or(0, Vec::len);
        self.check_room(bytes)?;
        self.job = self.job.advanced(days_done, bytes, now.plus(self.policy.lease_ms));
        self.told_at = now;
        if !self.ports.jobs.advance(self.job.clone(), chunk).await? {
            return Err(End::Lost);
        }
        Ok(())
    }

    /// Tells the store how it ended.
    async fn finish(mut self, end: End) -> Result<Ran, AppError> {
        let at = self.ports.clock.now();
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
        let is_kept = self.ports.jobs.advance(job, last).await?;
        Ok(if is_kept { ran } else { Ran::Lost })
    }
}
