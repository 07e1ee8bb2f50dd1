//! Report jobs, and their results in chunks.
//! Not here: which state follows which (the domain), who runs a job, and how a result is written.

use dayline_domain::{JobId, ReportJob, UserId, UtcMs};

use super::future::PortFuture;

/// What became of a request for a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CreateJob {
    /// The job waits.
    Created,
    /// As many of the person's jobs wait or run as may.
    TooMany,
    /// There is no such person (any more).
    NoSuchUser,
}

/// The jobs. All that belongs to a person's jobs goes with the account.
pub trait ReportJobs: Send + Sync {
    /// Stores a queued job, unless `max_unfinished` of its person's have not ended. Of those that
    /// have, all but the newest `max_ended` are deleted.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn create(&self, job: ReportJob, max_unfinished: usize, max_ended: usize) -> PortFuture<'_, CreateJob>;

    /// One of a person's jobs.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn find(&self, user: UserId, id: JobId) -> PortFuture<'_, Option<ReportJob>>;

    /// A person's jobs, the newest first.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn list(&self, user: UserId) -> PortFuture<'_, Vec<ReportJob>>;

    /// Starts the oldest job that is due (see [`ReportJob::is_due`]) and gives it as it is then
    /// (see [`ReportJob::start`]). No two callers get the same attempt.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn claim(&self, now: UtcMs, until: UtcMs) -> PortFuture<'_, Option<ReportJob>>;

    /// Replaces a running job by what has become of it, and keeps `chunk`, if there is one, as the
    /// last of its [`chunks`](ReportJob::chunks). False, and nothing changes, if it does not run in
    /// this attempt any more.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn advance(&self, job: ReportJob, chunk: Option<Vec<u8>>) -> PortFuture<'_, bool>;

    /// Makes an unfinished job a cancelled one, and deletes one that has ended. False if there is
    /// no such job.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn cancel(&self, user: UserId, id: JobId, now: UtcMs) -> PortFuture<'_, bool>;

    /// The `number`-th chunk, from 0, of the result of a job that is done.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away,
    /// [`Corrupt`](super::PortError::Corrupt) if what it holds can't be read.
    fn chunk(&self, user: UserId, id: JobId, number: u32) -> PortFuture<'_, Option<Vec<u8>>>;

    /// How many jobs are due (see [`ReportJob::is_due`]): nobody works on them.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away.
    fn waiting(&self, now: UtcMs) -> PortFuture<'_, u64>;

    /// Deletes up to `at_most` jobs that ended before, and as many chunks that are part of no
    /// result that is there or being made. Gives how many; 0 if nothing is left to delete.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](super::PortError::Unavailable) if the store is away: whether this took
    /// effect is not known then. [`Rejected`](super::PortError::Rejected) if it refuses the data.
    fn purge(&self, ended_before: UtcMs, at_most: usize) -> PortFuture<'_, u64>;
}
