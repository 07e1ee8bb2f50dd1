//! What every store of report jobs keeps.

use dayline_app::ports::CreateJob;
use dayline_domain::report::report_job::{JobDays, JobFailure};
use dayline_domain::report::{Filter, Grouping};
use dayline_domain::{
    AppName, DayStart, DeviceId, Domain, JobId, JobState, LocalDate, Project, ReportFormat, ReportJob,
    ReportKind, UserId, UtcMs, Weekday,
};

use super::Fact;
use super::store::{NOW, StorePorts, person};

/// The facts.
pub const FACTS: &[Fact<StorePorts>] = &[
    Fact::new("a_job_is_found_exactly_as_it_was_made", |s| {
        Box::pin(a_job_is_found_exactly_as_it_was_made(s))
    }),
    Fact::new("every_filter_is_kept", |s| Box::pin(every_filter_is_kept(s))),
    Fact::new("every_state_is_kept", |s| Box::pin(every_state_is_kept(s))),
    Fact::new("nobody_finds_a_job_of_somebody_else", |s| Box::pin(nobody_finds_a_job_of_somebody_else(s))),
    Fact::new("jobs_are_listed_the_newest_first", |s| Box::pin(jobs_are_listed_the_newest_first(s))),
    Fact::new("nobody_who_is_gone_gets_a_job", |s| Box::pin(nobody_who_is_gone_gets_a_job(s))),
    Fact::new("a_person_has_a_bounded_number_of_unfinished_jobs", |s| {
        Box::pin(a_person_has_a_bounded_number_of_unfinished_jobs(s))
    }),
    Fact::new("of_many_requests_at_once_no_more_than_may_are_taken", |s| {
        Box::pin(of_many_requests_at_once_no_more_than_may_are_taken(s))
    }),
    Fact::new("the_oldest_ended_jobs_make_room_for_new_ones", |s| {
        Box::pin(the_oldest_ended_jobs_make_room_for_new_ones(s))
    }),
    Fact::new("the_oldest_job_is_started_first_and_none_twice", |s| {
        Box::pin(the_oldest_job_is_started_first_and_none_twice(s))
    }),
    Fact::new("jobs_wait_until_somebody_works_on_them", |s| {
        Box::pin(jobs_wait_until_somebody_works_on_them(s))
    }),
    Fact::new("many_workers_at_once_get_a_job_each", |s| Box::pin(many_workers_at_once_get_a_job_each(s))),
    Fact::new("a_job_whose_worker_is_silent_is_started_again", |s| {
        Box::pin(a_job_whose_worker_is_silent_is_started_again(s))
    }),
    Fact::new("the_writes_of_a_worker_that_lost_its_job_are_fenced_off", |s| {
        Box::pin(the_writes_of_a_worker_that_lost_its_job_are_fenced_off(s))
    }),
    Fact::new("a_result_is_read_chunk_by_chunk_as_it_was_written", |s| {
        Box::pin(a_result_is_read_chunk_by_chunk_as_it_was_written(s))
    }),
    Fact::new("a_result_is_not_there_before_the_job_is_done", |s| {
        Box::pin(a_result_is_not_there_before_the_job_is_done(s))
    }),
    Fact::new("what_an_earlier_attempt_wrote_is_in_no_result", |s| {
        Box::pin(what_an_earlier_attempt_wrote_is_in_no_result(s))
    }),
    Fact::new("a_job_given_back_is_started_again_at_once", |s| {
        Box::pin(a_job_given_back_is_started_again_at_once(s))
    }),
    Fact::new("a_cancelled_job_is_started_by_nobody_and_stops", |s| {
        Box::pin(a_cancelled_job_is_started_by_nobody_and_stops(s))
    }),
    Fact::new("cancelling_an_ended_job_deletes_it_and_its_result", |s| {
        Box::pin(cancelling_an_ended_job_deletes_it_and_its_result(s))
    }),
    Fact::new("a_purge_deletes_what_is_old_or_of_no_use_and_nothing_else", |s| {
        Box::pin(a_purge_deletes_what_is_old_or_of_no_use_and_nothing_else(s))
    }),
    Fact::new("a_purge_does_a_little_at_a_time", |s| Box::pin(a_purge_does_a_little_at_a_time(s))),
];

/// The `n`-th sample job of a person, made `n` milliseconds after [`NOW`].
pub(super) fn job(user: UserId, n: u64) -> ReportJob {
    let days = JobDays {
        from: LocalDate(20_000),
        to: LocalDate(20_009),
        tz: "Europe/Berlin".to_owned(),
        day_start: DayStart::from_minutes(245).unwrap(),
        week_start: Weekday::Sunday,
    };
    ReportJob {
        id: JobId::v7(NOW.0 as u64 + n, user.bits().to_be_bytes()[6..].try_into().unwrap()),
        user,
        kind: ReportKind::Sums(Grouping::Apps),
        format: ReportFormat::Csv,
        days: Some(days),
        filter: Filter::ALL,
        created_at: NOW.plus(n as i64),
        state: JobState::Queued,
        attempt: 0,
        days_done: 0,
        days_all: 10,
        chunks: 0,
        bytes: 0,
    }
}

/// Creates a job, takes it and ends it with a result. No other job may wait.
pub(super) async fn done(store: &StorePorts, job: ReportJob, result: &[u8]) -> ReportJob {
    assert_eq!(store.report_jobs.create(job.clone(), 5, 5).await.unwrap(), CreateJob::Created);
    let running = claim(store, NOW).await.unwrap();
    assert_eq!(running.id, job.id);
    let done = running.advanced(10, result.len(), NOW).with_state(JobState::Done { at: NOW });
    assert!(store.report_jobs.advance(done.clone(), Some(result.to_vec())).await.unwrap());
    done
}

/// Takes a job that another may take over a second later.
async fn claim(store: &StorePorts, now: UtcMs) -> Option<ReportJob> {
    store.report_jobs.claim(now, now.plus(1_000)).await.unwrap()
}

async fn create(store: &StorePorts, job: ReportJob) -> ReportJob {
    assert_eq!(store.report_jobs.create(job.clone(), 100, 100).await.unwrap(), CreateJob::Created);
    job
}

async fn jobs_wait_until_somebody_works_on_them(store: StorePorts) {
    let waiting = async |now| store.report_jobs.waiting(now).await.unwrap();
    assert_eq!(waiting(NOW).await, 0);
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let [first, _, _] = [
        create(&store, job(ada, 1)).await,
        create(&store, job(bob, 2)).await,
        create(&store, job(ada, 3)).await,
    ];
    assert_eq!(waiting(NOW).await, 3);
    assert_eq!(claim(&store, NOW).await.map(|job| job.id), Some(first.id));
    assert_eq!((waiting(NOW).await, waiting(NOW.plus(999)).await), (2, 2));
    assert_eq!(waiting(NOW.plus(1_000)).await, 3, "its worker is silent");
    store.report_jobs.cancel(ada, first.id, NOW).await.unwrap();
    assert_eq!(waiting(NOW.plus(1_000)).await, 2);
}

async fn a_job_is_found_exactly_as_it_was_made(store: StorePorts) {
    let user = store.register(1).await.id;
    for (n, kind) in (1..).zip(ReportKind::all()) {
        let days = job(user, n).days.filter(|_| kind != ReportKind::Export);
        let job = create(&store, ReportJob { kind, format: kind.formats()[0], days, ..job(user, n) }).await;
        assert_eq!(store.report_jobs.find(user, job.id).await.unwrap(), Some(job));
    }
    let other = job(user, 99);
    assert_eq!(store.report_jobs.find(user, other.id).await.unwrap(), None);
}

async fn every_filter_is_kept(store: StorePorts) {
    let user = store.register(1).await.id;
    let (app, device) = (AppName::new("Code; \"an\" editor").ok(), DeviceId::new("laptop ").ok());
    let (domain, project) = (Domain::new("github.com").ok(), Project::new("day, line").ok());
    let filters = [
        Filter { app: app.clone(), ..Filter::ALL },
        Filter { domain: Some(None), ..Filter::ALL },
        Filter { domain: Some(domain.clone()), ..Filter::ALL },
        Filter { project: Some(None), ..Filter::ALL },
        Filter { device: device.clone(), ..Filter::ALL },
        Filter { app, domain: Some(domain), project: Some(project), device, coding: false },
    ];
    for (n, filter) in (1..).zip(filters) {
        let job = create(&store, ReportJob { filter, ..job(user, n) }).await;
        assert_eq!(store.report_jobs.find(user, job.id).await.unwrap().as_ref(), Some(&job));
        assert_eq!(claim(&store, NOW.plus(n as i64)).await.map(|job| job.filter), Some(job.filter));
    }
}

async fn every_state_is_kept(store: StorePorts) {
    let user = store.register(1).await.id;
    let at = NOW.plus(5);
    let failures = JobFailure::ALL.map(|why| JobState::Failed { at, why });
    let states = [JobState::Queued, JobState::Running { until: at }, JobState::Done { at }];
    for (n, state) in (1..).zip(states.into_iter().chain(failures).chain([JobState::Cancelled { at }])) {
        create(&store, job(user, n)).await;
        let running = claim(&store, NOW).await.unwrap();
        let job = ReportJob { days_all: 12, ..running.advanced(3, 0, NOW).with_state(state) };
        assert!(store.report_jobs.advance(job.clone(), None).await.unwrap());
        assert_eq!(store.report_jobs.find(user, job.id).await.unwrap(), Some(job.clone()));
        store.report_jobs.cancel(user, job.id, NOW).await.unwrap();
    }
}

async fn nobody_finds_a_job_of_somebody_else(store: StorePorts) {
    let (ada, eve) = (store.register(1).await.id, store.register(2).await.id);
    let hers = done(&store, job(ada, 1), b"hers").await;
    assert_eq!(store.report_jobs.find(eve, hers.id).await.unwrap(), None);
    assert_eq!(store.report_jobs.list(eve).await.unwrap(), []);
    assert_eq!(store.report_jobs.chunk(eve, hers.id, 0).await.unwrap(), None);
    assert!(!store.report_jobs.cancel(eve, hers.id, NOW).await.unwrap());
    assert_eq!(store.report_jobs.find(ada, hers.id).await.unwrap(), Some(hers));
}

async fn jobs_are_listed_the_newest_first(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut jobs = Vec::new();
    for n in [2, 3, 1] {
        jobs.push(create(&store, job(user, n)).await);
    }
    jobs.sort_by_key(|job| std::cmp::Reverse(job.created_at));
    assert_eq!(store.report_jobs.list(user).await.unwrap(), jobs);
}

async fn nobody_who_is_gone_gets_a_job(store: StorePorts) {
    let job = job(person(1).id, 1);
    assert_eq!(store.report_jobs.create(job.clone(), 5, 5).await.unwrap(), CreateJob::NoSuchUser);
    assert_eq!(store.report_jobs.find(job.user, job.id).await.unwrap(), None);
}

async fn a_person_has_a_bounded_number_of_unfinished_jobs(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let create = async |job| store.report_jobs.create(job, 2, 5).await.unwrap();
    assert_eq!(create(job(ada, 1)).await, CreateJob::Created);
    let first = claim(&store, NOW).await.unwrap();
    assert_eq!(create(job(ada, 2)).await, CreateJob::Created);
    assert_eq!(create(job(ada, 3)).await, CreateJob::TooMany, "one runs and one waits");
    assert_eq!(create(job(bob, 1)).await, CreateJob::Created);
    assert!(store.report_jobs.cancel(ada, first.id, NOW).await.unwrap());
    assert_eq!(create(job(ada, 3)).await, CreateJob::Created);
    assert_eq!(create(job(ada, 4)).await, CreateJob::TooMany);
}

async fn of_many_requests_at_once_no_more_than_may_are_taken(store: StorePorts) {
    let user = store.register(1).await.id;
    let mut racing = tokio::task::JoinSet::new();
    for n in 0..20 {
        let jobs = store.report_jobs.clone();
        racing.spawn(async move { jobs.create(job(user, n), 3, 5).await.unwrap() });
    }
    let outcomes = racing.join_all().await;
    assert_eq!(outcomes.into_iter().filter(|outcome| *outcome == CreateJob::Created).count(), 3);
    assert_eq!(store.report_jobs.list(user).await.unwrap().len(), 3);
}

async fn the_oldest_ended_jobs_make_room_for_new_ones(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    let bobs = done(&store, job(bob, 0), b"bob's").await;
    for n in 1..=4 {
        done(&store, job(ada, n), b"result").await;
    }
    assert_eq!(store.report_jobs.create(job(ada, 5), 5, 2).await.unwrap(), CreateJob::Created);
    let left: Vec<JobId> = store.report_jobs.list(ada).await.unwrap().iter().map(|job| job.id).collect();
    assert_eq!(left, [5, 4, 3].map(|n| job(ada, n).id));
    assert_eq!(store.report_jobs.chunk(ada, job(ada, 2).id, 0).await.unwrap(), None);
    assert_eq!(store.report_jobs.list(bob).await.unwrap(), [bobs]);
}

async fn the_oldest_job_is_started_first_and_none_twice(store: StorePorts) {
    let (ada, bob) = (store.register(1).await.id, store.register(2).await.id);
    assert_eq!(claim(&store, NOW).await, None);
    let (second, first) = (create(&store, job(ada, 2)).await, create(&store, job(bob, 1)).await);
    let until = NOW.plus(1_000);
    assert_eq!(claim(&store, NOW).await, Some(first.start(until)));
    assert_eq!(claim(&store, NOW).await, Some(second.start(until)));
    assert_eq!(claim(&store, NOW.plus(999)).await, None);
    assert_eq!(store.report_jobs.find(bob, first.id).await.unwrap(), Some(first.start(until)));
}

async fn many_workers_at_once_get_a_job_each(store: StorePorts) {
    let user = store.register(1).await.id;
    for n in 0..10 {
        create(&store, job(user, n)).await;
    }
    let mut racing = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let jobs = store.report_jobs.clone();
        racing.spawn(async move { jobs.claim(NOW, NOW.plus(60_000)).await.unwrap() });
    }
    let mut taken: Vec<JobId> = racing.join_all().await.into_iter().flatten().map(|job| job.id).collect();
    let all = taken.len();
    taken.sort_unstable();
    taken.dedup();
    assert_eq!((taken.len(), all), (10, 10));
}

async fn a_job_whose_worker_is_silent_is_started_again(store: StorePorts) {
    let user = store.register(1).await.id;
    create(&store, job(user, 1)).await;
    let first = claim(&store, NOW).await.unwrap();
    let heard_of = first.advanced(3, 0, NOW.plus(5_000));
    assert!(store.report_jobs.advance(heard_of.clone(), None).await.unwrap());
    assert_eq!(claim(&store, NOW.plus(4_999)).await, None);
    let again = claim(&store, NOW.plus(5_000)).await.unwrap();
    assert_eq!(again, heard_of.start(NOW.plus(6_000)));
    assert_eq!((again.attempt, again.days_done), (2, 0));
}

async fn the_writes_of_a_worker_that_lost_its_job_are_fenced_off(store: StorePorts) {
    let user = store.register(1).await.id;
    create(&store, job(user, 1)).await;
    let slow = claim(&store, NOW).await.unwrap();
    let fast = claim(&store, NOW.plus(1_000)).await.unwrap();
    let done = slow.advanced(10, 4, NOW).with_state(JobState::Done { at: NOW });
    assert!(!store.report_jobs.advance(done, Some(b"slow".to_vec())).await.unwrap());
    assert_eq!(store.report_jobs.find(user, fast.id).await.unwrap(), Some(fast.clone()));
    let done = fast.advanced(10, 4, NOW).with_state(JobState::Done { at: NOW });
    assert!(store.report_jobs.advance(done.clone(), Some(b"fast".to_vec())).await.unwrap());
    assert!(!store.report_jobs.advance(done, None).await.unwrap(), "it has ended");
    assert_eq!(store.report_jobs.chunk(user, fast.id, 0).await.unwrap(), Some(b"fast".to_vec()));
}

async fn a_result_is_read_chunk_by_chunk_as_it_was_written(store: StorePorts) {
    let user = store.register(1).await.id;
    create(&store, job(user, 1)).await;
    let mut running = claim(&store, NOW).await.unwrap();
    let chunks: Vec<Vec<u8>> = (0..5).map(|n| vec![n; 100_000 + usize::from(n)]).collect();
    for (n, chunk) in (1..).zip(&chunks) {
        running = running.advanced(n, chunk.len(), NOW);
        assert!(store.report_jobs.advance(running.clone(), Some(chunk.clone())).await.unwrap());
    }
    let done = running.with_state(JobState::Done { at: NOW });
    assert!(store.report_jobs.advance(done.clone(), None).await.unwrap());
    assert_eq!((done.chunks, done.bytes), (5, 500_010));
    for (n, chunk) in (0..).zip(chunks) {
        assert_eq!(store.report_jobs.chunk(user, done.id, n).await.unwrap(), Some(chunk));
    }
    assert_eq!(store.report_jobs.chunk(user, done.id, 5).await.unwrap(), None);
}

async fn a_result_is_not_there_before_the_job_is_done(store: StorePorts) {
    let user = store.register(1).await.id;
    create(&store, job(user, 1)).await;
    let running = claim(&store, NOW).await.unwrap().advanced(1, 3, NOW.plus(1_000));
    assert!(store.report_jobs.advance(running.clone(), Some(b"abc".to_vec())).await.unwrap());
    assert_eq!(store.report_jobs.chunk(user, running.id, 0).await.unwrap(), None);
}

async fn what_an_earlier_attempt_wrote_is_in_no_result(store: StorePorts) {
    let user = store.register(1).await.id;
    create(&store, job(user, 1)).await;
    let first = claim(&store, NOW).await.unwrap().advanced(1, 3, NOW.plus(1_000));
    assert!(store.report_jobs.advance(first, Some(b"one".to_vec())).await.unwrap());
    let second = claim(&store, NOW.plus(1_000)).await.unwrap();
    let done = second.advanced(10, 0, NOW).with_state(JobState::Done { at: NOW });
    assert!(store.report_jobs.advance(done.clone(), None).await.unwrap());
    assert_eq!(store.report_jobs.chunk(user, done.id, 0).await.unwrap(), None);
    assert_eq!(store.report_jobs.purge(NOW, 10).await.unwrap(), 1, "and is deleted some time");
}

async fn a_job_given_back_is_started_again_at_once(store: StorePorts) {
    let user = store.register(1).await.id;
    create(&store, job(user, 1)).await;
    let given_back = claim(&store, NOW).await.unwrap().with_state(JobState::Queued);
    assert!(store.report_jobs.advance(given_back.clone(), None).await.unwrap());
    assert_eq!(claim(&store, NOW).await, Some(given_back.start(NOW.plus(1_000))));
}

async fn a_cancelled_job_is_started_by_nobody_and_stops(store: StorePorts) {
    let user = store.register(1).await.id;
    let waiting = create(&store, job(user, 1)).await;
    assert!(store.report_jobs.cancel(user, waiting.id, NOW).await.unwrap());
    create(&store, job(user, 2)).await;
    let running = claim(&store, NOW).await.unwrap();
    assert_eq!(running.id, job(user, 2).id);
    let at = NOW.plus(7);
    assert!(store.report_jobs.cancel(user, running.id, at).await.unwrap());
    assert!(!store.report_jobs.advance(running.advanced(1, 0, NOW), None).await.unwrap());
    let found = store.report_jobs.find(user, running.id).await.unwrap().unwrap();
    assert_eq!(found, running.with_state(JobState::Cancelled { at }));
    assert_eq!(claim(&store, NOW.plus(60_000)).await, None);
}

async fn cancelling_an_ended_job_deletes_it_and_its_result(store: StorePorts) {
    let user = store.register(1).await.id;
    let done = done(&store, job(user, 1), b"result").await;
    assert!(store.report_jobs.cancel(user, done.id, NOW).await.unwrap());
    assert_eq!(store.report_jobs.find(user, done.id).await.unwrap(), None);
    assert_eq!(store.report_jobs.chunk(user, done.id, 0).await.unwrap(), None);
    assert!(!store.report_jobs.cancel(user, done.id, NOW).await.unwrap());
    assert_eq!(store.report_jobs.purge(NOW, 10).await.unwrap(), 1);
}

async fn a_purge_deletes_what_is_old_or_of_no_use_and_nothing_else(store: StorePorts) {
    let user = store.register(1).await.id;
    let old = done(&store, job(user, 1), b"old").await;
    assert_eq!(store.report_jobs.purge(NOW, 10).await.unwrap(), 0, "it ended then, not before");
    create(&store, job(user, 2)).await;
    let running = claim(&store, NOW).await.unwrap().advanced(1, 3, NOW.plus(1_000));
    assert!(store.report_jobs.advance(running.clone(), Some(b"new".to_vec())).await.unwrap());
    create(&store, job(user, 3)).await;
    assert_eq!(store.report_jobs.purge(NOW.plus(1), 10).await.unwrap(), 2, "a job and its chunk");
    assert_eq!(store.report_jobs.purge(NOW.plus(1), 10).await.unwrap(), 0);
    assert_eq!(store.report_jobs.find(user, old.id).await.unwrap(), None);
    assert_eq!(store.report_jobs.list(user).await.unwrap().len(), 2);
    let done = running.with_state(JobState::Done { at: NOW.plus(9) });
    assert!(store.report_jobs.advance(done.clone(), None).await.unwrap());
    assert_eq!(store.report_jobs.chunk(user, done.id, 0).await.unwrap(), Some(b"new".to_vec()));
}

async fn a_purge_does_a_little_at_a_time(store: StorePorts) {
    let user = store.register(1).await.id;
    create(&store, job(user, 1)).await;
    let mut running = claim(&store, NOW).await.unwrap();
    for n in 1..=5 {
        running = running.advanced(n, 3, NOW.plus(1_000));
        assert!(store.report_jobs.advance(running.clone(), Some(b"abc".to_vec())).await.unwrap());
    }
    assert!(store.report_jobs.cancel(user, running.id, NOW).await.unwrap());
    for deleted in [2, 2, 1, 0] {
        assert_eq!(store.report_jobs.purge(NOW, 2).await.unwrap(), deleted);
    }
    assert_eq!(store.report_jobs.list(user).await.unwrap().len(), 1, "a cancelled job is kept for a while");
}
