//! Report jobs of the fake store.

use std::cmp::Reverse;

use dayline_app::ports::{CreateJob, PortFuture, ReportJobs};
use dayline_domain::{JobId, JobState, ReportJob, UserId, UtcMs};

use super::{FakeStore, Tables};

impl Tables {
    fn jobs_of(&self, user: UserId) -> Vec<ReportJob> {
        let mut jobs: Vec<ReportJob> = self.jobs.values().filter(|job| job.user == user).cloned().collect();
        jobs.sort_by_key(|job| Reverse((job.created_at, job.id)));
        jobs
    }

    fn has_use_for(&self, (id, attempt, _): (JobId, u32, u32)) -> bool {
        self.jobs.get(&id).is_some_and(|job| {
            job.attempt == attempt && matches!(job.state, JobState::Running { .. } | JobState::Done { .. })
        })
    }
}

impl ReportJobs for FakeStore {
    fn create(&self, job: ReportJob, max_unfinished: usize, max_ended: usize) -> PortFuture<'_, CreateJob> {
        self.transaction(|tables| {
            if !tables.users.contains_key(&job.user) {
                return Ok(CreateJob::NoSuchUser);
            }
            let theirs = tables.jobs_of(job.user);
            let (ended, unfinished): (Vec<_>, Vec<_>) =
                theirs.into_iter().partition(|job| job.state.ended_at().is_some());
            if unfinished.len() >= max_unfinished {
                return Ok(CreateJob::TooMany);
            }
            for surplus in ended.into_iter().skip(max_ended) {
                tables.jobs.remove(&surplus.id);
            }
            tables.jobs.insert(job.id, job);
            Ok(CreateJob::Created)
        })
    }

    fn find(&self, user: UserId, id: JobId) -> PortFuture<'_, Option<ReportJob>> {
        self.transaction(|tables| Ok(tables.jobs.get(&id).filter(|job| job.user == user).cloned()))
    }

    fn list(&self, user: UserId) -> PortFuture<'_, Vec<ReportJob>> {
        self.transaction(|tables| Ok(tables.jobs_of(user)))
    }

    fn claim(&self, now: UtcMs, until: UtcMs) -> PortFuture<'_, Option<ReportJob>> {
        self.transaction(|tables| {
            let due = tables.jobs.values_mut().filter(|job| job.is_due(now));
            let Some(job) = due.min_by_key(|job| (job.created_at, job.id)) else { return Ok(None) };
            *job = job.start(until);
            Ok(Some(job.clone()))
        })
    }

    fn advance(&self, job: ReportJob, chunk: Option<Vec<u8>>) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let running = tables.jobs.get_mut(&job.id).filter(|stored| {
                stored.attempt == job.attempt && matches!(stored.state, JobState::Running { .. })
            });
            let Some(stored) = running else { return Ok(false) };
            *stored = job.clone();
            tables.chunks.extend(chunk.map(|chunk| ((job.id, job.attempt, job.chunks - 1), chunk)));
            Ok(true)
        })
    }

    fn cancel(&self, user: UserId, id: JobId, now: UtcMs) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            let Some(job) = tables.jobs.get_mut(&id).filter(|job| job.user == user) else { return Ok(false) };
            if job.state.ended_at().is_some() {
                tables.jobs.remove(&id);
            } else {
                job.state = JobState::Cancelled { at: now };
            }
            Ok(true)
        })
    }

    fn chunk(&self, user: UserId, id: JobId, number: u32) -> PortFuture<'_, Option<Vec<u8>>> {
        self.transaction(|tables| {
            let is_theirs = |job: &&ReportJob| job.user == user && matches!(job.state, JobState::Done { .. });
            let Some(job) = tables.jobs.get(&id).filter(is_theirs) else { return Ok(None) };
            Ok(tables.chunks.get(&(id, job.attempt, number)).cloned())
        })
    }

    fn waiting(&self, now: UtcMs) -> PortFuture<'_, u64> {
        self.transaction(|tables| Ok(tables.jobs.values().filter(|job| job.is_due(now)).count() as u64))
    }

    fn purge(&self, ended_before: UtcMs, at_most: usize) -> PortFuture<'_, u64> {
        self.transaction(|tables| {
            let is_old = |job: &&ReportJob| job.state.ended_at().is_some_and(|at| at < ended_before);
            let old: Vec<JobId> =
                tables.jobs.values().filter(is_old).map(|job| job.id).take(at_most).collect();
            tables.jobs.retain(|id, _| !old.contains(id));
            let useless: Vec<_> = tables
                .chunks
                .keys()
                .filter(|key| !tables.has_use_for(**key))
                .take(at_most)
                .copied()
                .collect();
            tables.chunks.retain(|key, _| !useless.contains(key));
            Ok((old.len() + useless.len()) as u64)
        })
    }
}
