//! A long report made in the background: what was asked for, and how a job goes from queued to its
//! end.

use super::{Filter, ReportFormat, ReportKind};
use crate::id::{JobId, UserId};
use crate::preferences::{DayStart, Weekday};
use crate::time::{DAY_MS, LocalDate, UtcMs};

/// Why a job failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobFailure {
    /// The result has more bytes than one may have.
    TooLarge,
    /// It was started too often without coming to an end.
    TooManyAttempts,
    /// What is stored can't be read, or a bug; the log says more.
    Broken,
}

impl JobFailure {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::TooLarge, Self::TooManyAttempts, Self::Broken];

    /// A stable name, for the store and for clients.
    pub fn name(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Broken => "broken",
        }
    }

    /// The reason with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|failure| failure.name() == name)
    }
}

/// The local days a job is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDays {
    /// The first local day.
    pub from: LocalDate,
    /// The last, included.
    pub to: LocalDate,
    /// The time zone's IANA name.
    pub tz: String,
    /// When its person's days began when they asked for it.
    pub day_start: DayStart,
    /// With which day their weeks began then.
    pub week_start: Weekday,
}

/// How long jobs may take and live, and how much there may be of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobPolicy {
    /// Most jobs of one person that wait or run.
    pub max_unfinished: usize,
    /// Most jobs of one person that have ended; the oldest make room.
    pub max_ended: usize,
    /// Most bytes of one result.
    pub max_bytes: u64,
    /// How often a job is started before it is given up.
    pub max_attempts: u32,
    /// For how long one that runs may be silent before another worker begins it again, in
    /// milliseconds.
    pub lease_ms: i64,
    /// How long a job that has ended, and its result, are kept, in milliseconds.
    pub keep_ms: i64,
}

impl Default for JobPolicy {
    fn default() -> Self {
        Self {
            max_unfinished: 5,
            max_ended: 20,
            max_bytes: 256 << 20,
            max_attempts: 5,
            lease_ms: 30_000,
            keep_ms: DAY_MS,
        }
    }
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It waits for a worker.
    Queued,
    /// A worker makes it.
    Running {
        /// When another worker may take it over.
        until: UtcMs,
    },
    /// Its result is there.
    Done {
        /// Since when.
        at: UtcMs,
    },
    /// There will be no result.
    Failed {
        /// Since when.
        at: UtcMs,
        /// What its person is told.
        why: JobFailure,
    },
    /// The person does not want it any more.
    Cancelled {
        /// Since when.
        at: UtcMs,
    },
}

impl JobState {
    /// The names of all states.
    pub const NAMES: [&str; 5] = ["queued", "running", "done", "failed", "cancelled"];

    /// A stable name, for the store and for clients.
    pub fn name(self) -> &'static str {
        let [queued, running, done, failed, cancelled] = Self::NAMES;
        match self {
            Self::Queued => queued,
            Self::Running { .. } => running,
            Self::Done { .. } => done,
            Self::Failed { .. } => failed,
            Self::Cancelled { .. } => cancelled,
        }
    }

    /// When the job ended, if it has.
    pub fn ended_at(self) -> Option<UtcMs> {
        match self {
            Self::Queued | Self::Running { .. } => None,
            Self::Done { at } | Self::Failed { at, .. } | Self::Cancelled { at } => Some(at),
        }
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportJob {
    /// Names the job to its person; not secret.
    pub id: JobId,
    /// Who asked for it, and whom alone it is about.
    pub user: UserId,
    /// What it makes; never changes.
    pub kind: ReportKind,
    /// In which form, one of those that the kind has.
    pub format: ReportFormat,
    /// Over which days; none for an export, which is of everything.
    pub days: Option<JobDays>,
    /// Of what, where it makes sums; all of it else.
    pub filter: Filter,
    /// When it was asked for.
    pub created_at: UtcMs,
    /// Where it stands.
    pub state: JobState,
    /// How often it was started. Whoever runs it may change it only while this is the same.
    pub attempt: u32,
    /// Days that are in the result so far; 0 again with each attempt.
    pub days_done: u32,
    /// Days in all, as far as known.
    pub days_all: u32,
    /// Chunks that its result has so far.
    pub chunks: u32,
    /// Bytes that its result has so far.
    pub bytes: u64,
}

impl ReportJob {
    /// Whether a worker should start it: nobody has, or whoever did has been silent for too long.
    pub fn is_due(&self, now: UtcMs) -> bool {
        match self.state {
            JobState::Queued => true,
            JobState::Running { until } => until <= now,
            JobState::Done { .. } | JobState::Failed { .. } | JobState::Cancelled { .. } => false,
        }
    }

    /// The job as a worker starts it, from nothing.
    #[must_use]
    pub fn start(&self, until: UtcMs) -> Self {
        let attempt = self.attempt + 1;
        let state = JobState::Running { until };
        Self { state, attempt, days_done: 0, chunks: 0, bytes: 0, ..self.clone() }
    }

    /// The job some days later, with so many bytes more in one more chunk if there are any.
    #[must_use]
    pub fn advanced(&self, days_done: u32, bytes: usize, until: UtcMs) -> Self {
        Self {
            state: JobState::Running { until },
            days_done,
            chunks: self.chunks + u32::from(bytes > 0),
            bytes: self.bytes + bytes as u64,
            ..self.clone()
        }
    }

    /// The job in another state.
    #[must_use]
    pub fn with_state(&self, state: JobState) -> Self {
        Self { state, ..self.clone() }
    }

    /// When it is forgotten, if it has ended.
    pub fn expires_at(&self, policy: &JobPolicy) -> Option<UtcMs> {
        Some(self.state.ended_at()?.plus(policy.keep_ms))
    }

    /// Whether it is to be forgotten, and may not be shown any more.
    pub fn is_expired(&self, now: UtcMs, policy: &JobPolicy) -> bool {
        self.expires_at(policy).is_some_and(|end| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queued() -> ReportJob {
        ReportJob {
            id: JobId::from_bits(1),
            user: UserId::from_bits(2),
            kind: ReportKind::Timeline,
            format: ReportFormat::Json,
            days: None,
            filter: Filter::ALL,
            created_at: UtcMs(0),
            state: JobState::Queued,
            attempt: 0,
            days_done: 0,
            days_all: 7,
            chunks: 0,
            bytes: 0,
        }
    }

    #[test]
    fn every_name_is_read_as_what_it_was_written_for() {
        for failure in JobFailure::ALL {
            assert_eq!(JobFailure::from_name(failure.name()), Some(failure));
        }
    }

    #[test]
    fn a_job_is_started_once_until_its_worker_is_silent_for_too_long() {
        let job = queued();
        assert!(job.is_due(UtcMs(0)));
        let running = job.start(UtcMs(30));
        assert!(!running.is_due(UtcMs(29)) && running.is_due(UtcMs(30)));
        let heard_of = running.advanced(3, 10, UtcMs(50));
        assert!(!heard_of.is_due(UtcMs(30)));
        assert_eq!((heard_of.attempt, heard_of.chunks, heard_of.bytes), (1, 1, 10));
        assert_eq!(heard_of.advanced(4, 0, UtcMs(60)).chunks, 1);
    }

    #[test]
    fn who_begins_again_begins_from_nothing() {
        let again = queued().start(UtcMs(30)).advanced(3, 10, UtcMs(50)).start(UtcMs(90));
        assert_eq!((again.attempt, again.days_done, again.chunks, again.bytes), (2, 0, 0, 0));
        assert_eq!(again.days_all, 7);
    }

    #[test]
    fn what_has_ended_is_not_started_and_is_forgotten_after_a_day() {
        let (at, policy) = (UtcMs(5), JobPolicy::default());
        let ends = [
            JobState::Done { at },
            JobState::Failed { at, why: JobFailure::Broken },
            JobState::Cancelled { at },
        ];
        for end in ends {
            let job = queued().start(UtcMs(1)).with_state(end);
            assert!(!job.is_due(UtcMs(i64::MAX)), "{end:?}");
            assert!(
                !job.is_expired(at.plus(DAY_MS - 1), &policy) && job.is_expired(at.plus(DAY_MS), &policy)
            );
        }
        assert!(!queued().is_expired(UtcMs(i64::MAX), &policy));
    }
}
