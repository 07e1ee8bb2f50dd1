//! Report jobs: what a worker makes of one, and how it ends when something comes between.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use dayline_app::identity::caller::Caller;
use dayline_app::ports::{
    Accounts, KnownDevice, LedgerReader, LedgerView, LoadedDay, Mark, Partition, PortError, PortFuture,
    ReportJobs, Settling,
};
use dayline_app::reporting::export::ExportPorts;
use dayline_app::reporting::filters::FilterAsked;
use dayline_app::reporting::report_jobs::{NewJob, cancel, list, request, result, show};
use dayline_app::reporting::report_worker::{CHUNK, Ran, ReportPorts, ReportWorker};
use dayline_app::reporting::reports::{DaysAsked, report, resolve_days};
use dayline_app::reporting::timeline::{Beside, timeline};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_app::{App, AppError};
use dayline_contract::fakes::FakeApp;
use dayline_domain::report::report_job::JobFailure;
use dayline_domain::report::{Filter, Grouping};
use dayline_domain::{
    Correction, DAY_MS, Interval, JobPolicy, JobState, LocalDate, ReportJob, ReportKind, UserId, UtcDay,
    UtcMs,
};

use super::{caller, login, send, used, with_ada};

fn year(kind: ReportKind) -> NewJob {
    let date = |text: &str| text.parse::<LocalDate>().ok();
    let (from, to) = (date("2025-11-21"), date("2026-11-20"));
    let (tz, filter) = (Some("Asia/Tokyo".to_owned()), FilterAsked::default());
    NewJob { kind, format: None, from, to, tz, filter }
}

/// Lets the ledger hold a year of pings, also over each midnight of UTC and of Tokyo.
async fn observe_a_year(world: &FakeApp, ada: &Caller) {
    let now = world.app.clock.now();
    let midnight = now.day().start();
    for batch in (0..365).collect::<Vec<i64>>().chunks(100) {
        let pings = batch.iter().flat_map(|day| {
            let at = midnight.plus(-day * DAY_MS);
            // To and from midnight UTC, and around 15:00 UTC, where Tokyo's day changes.
            [(-5_000, 7_003), (15 * 3_600_000 - DAY_MS - 60_001, 15 * 3_600_000 - DAY_MS + 60_000)].map(
                |(from, to)| {
                    let domain = (day % 3 == 0).then_some("github.com");
                    let interval = Interval::new(at.plus(from), at.plus(to)).unwrap();
                    used(&format!("App {}", day % 7), domain, interval)
                },
            )
        });
        send(world, ada.user, &pings.collect::<Vec<_>>()).await;
    }
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
}

async fn text_of(app: &App, ada: &Caller, job: &ReportJob) -> String {
    let mut result = result(app, ada, job.id).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(chunk) = result.chunk().await.unwrap() {
        bytes.extend(chunk);
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_year_as_a_job_is_the_same_as_at_once() {
    let (world, ada) = with_ada().await;
    observe_a_year(&world, &ada).await;
    let (app, worker) = (&world.app, world.report_worker());
    for grouping in Grouping::ALL {
        let kind = ReportKind::Sums(grouping);
        let job = request(app, &ada, year(kind)).await.unwrap();
        assert_eq!((job.state, job.days_all), (JobState::Queued, 365));
        assert_eq!(worker.run_next(&|| false).await, Ok(Some(Ran::Done)));
        let NewJob { from, to, tz, .. } = year(kind);
        let days = resolve_days(app, &ada, DaysAsked { date: None, from, to, tz }).await.unwrap();
        let at_once = report(app, &ada, grouping, &days, &Filter::ALL).await.unwrap().answer;
        assert_eq!(text_of(app, &ada, &job).await, format!("{at_once:?}\n"), "{kind:?}");
        let done = show(app, &ada, job.id).await.unwrap();
        assert_eq!((done.days_done, done.state), (365, JobState::Done { at: app.clock.now() }));
    }
}

#[tokio::test]
async fn a_timeline_as_a_job_is_the_timeline_in_several_chunks() {
    let (world, ada) = with_ada().await;
    observe_a_year(&world, &ada).await;
    let job = request(&world.app, &ada, year(ReportKind::Timeline)).await.unwrap();
    assert_eq!(world.report_worker().run_next(&|| false).await, Ok(Some(Ran::Done)));
    let NewJob { from, to, tz, .. } = year(ReportKind::Timeline);
    let days = resolve_days(&world.app, &ada, DaysAsked { date: None, from, to, tz }).await.unwrap();
    let at_once =
        timeline(&world.app, &ada, days.interval(), Beside::default()).await.unwrap().answer.counted;
    let at_once = super::timeline::all(at_once).await;
    let text = text_of(&world.app, &ada, &job).await;
    let pieces: usize = text.matches("Piece {").count();
    assert_eq!(pieces, at_once.len());
    for piece in &at_once {
        assert!(text.contains(&format!("{piece:?}")), "{piece:?}");
    }
    let done = show(&world.app, &ada, job.id).await.unwrap();
    assert!(done.chunks > 1 && done.bytes == text.len() as u64, "{done:?}");
    assert_eq!(u64::from(done.chunks), done.bytes.div_ceil(CHUNK as u64));
}

#[tokio::test]
async fn days_that_the_zone_skips_are_in_the_report_and_empty() {
    let (world, ada) = with_ada().await;
    let date = |text: &str| text.parse::<LocalDate>().ok();
    let days = NewJob {
        from: date("2026-01-01"),
        to: date("2026-01-31"),
        tz: None,
        ..year(ReportKind::Sums(Grouping::Days))
    };
    let job = request(&world.app, &ada, days).await.unwrap();
    world.report_worker().run_next(&|| false).await.unwrap();
    assert_eq!(text_of(&world.app, &ada, &job).await.matches(", 0)").count(), 31);
}

/// A ledger that does something when it is read for the n-th time.
struct Acting {
    ledger: Arc<dyn LedgerReader>,
    reads: AtomicUsize,
    acts: Box<dyn Fn(usize) -> PortFuture<'static, ()> + Send + Sync>,
}

impl LedgerReader for Acting {
    fn marks(&self, user: UserId, interval: Interval) -> PortFuture<'_, Vec<(UtcDay, Mark)>> {
        self.ledger.marks(user, interval)
    }

    fn changed_since(&self, user: UserId, since: UtcMs) -> PortFuture<'_, Vec<(UtcDay, u64)>> {
        self.ledger.changed_since(user, since)
    }

    fn extent(&self, user: UserId) -> PortFuture<'_, Option<(UtcDay, UtcDay)>> {
        self.ledger.extent(user)
    }

    fn read(&self, user: UserId, interval: Interval) -> PortFuture<'_, LedgerView> {
        Box::pin(async move {
            (self.acts)(self.reads.fetch_add(1, Ordering::SeqCst)).await?;
            self.ledger.read(user, interval).await
        })
    }

    fn read_sums(&self, user: UserId, interval: Interval, cut: Vec<UtcDay>) -> PortFuture<'_, LedgerView> {
        Box::pin(async move {
            (self.acts)(self.reads.fetch_add(1, Ordering::SeqCst)).await?;
            self.ledger.read_sums(user, interval, cut).await
        })
    }

    fn days(&self, user: UserId, days: Vec<UtcDay>) -> PortFuture<'_, Vec<LoadedDay>> {
        self.ledger.days(user, days)
    }

    fn corrections(&self, user: UserId, within: Option<Interval>) -> PortFuture<'_, Vec<Correction>> {
        self.ledger.corrections(user, within)
    }

    fn devices(&self, user: UserId) -> PortFuture<'_, Vec<KnownDevice>> {
        self.ledger.devices(user)
    }

    fn settling(&self, user: UserId) -> PortFuture<'_, Settling> {
        self.ledger.settling(user)
    }
}

/// A worker in a world where a second passes with each read, and something happens at the fifth.
fn interrupted(
    world: &Arc<FakeApp>,
    at_fifth: impl Fn(Arc<FakeApp>) -> PortFuture<'static, ()> + Send + Sync + 'static,
) -> ReportWorker {
    let (ledger, during) = (Arc::clone(&world.app.ledger), Arc::clone(world));
    let acts = Box::new(move |read| -> PortFuture<'static, ()> {
        during.clock.advance(1_000);
        if read == 4 { at_fifth(Arc::clone(&during)) } else { Box::pin(async { Ok(()) }) }
    });
    let ledger = Arc::new(Acting { ledger, reads: AtomicUsize::new(0), acts });
    let ports = world.report_ports();
    let data = ExportPorts { ledger, ..ports.data };
    ReportWorker::new(ReportPorts { data, ..ports }, world.app.rules.jobs)
}

#[tokio::test]
async fn while_a_job_runs_it_says_how_far_it_has_come() {
    let (world, ada) = with_ada().await;
    let job = request(&world.app, &ada, year(ReportKind::Sums(Grouping::Apps))).await.unwrap();
    let seen = Arc::new(Mutex::new(None));
    let worker = interrupted(&world, {
        let (seen, user, id) = (Arc::clone(&seen), ada.user, job.id);
        move |world| {
            let seen = Arc::clone(&seen);
            Box::pin(async move {
                *seen.lock().unwrap() = ReportJobs::find(&*world.store, user, id).await?;
                Ok(())
            })
        }
    });
    assert_eq!(worker.run_next(&|| false).await, Ok(Some(Ran::Done)));
    let seen = seen.lock().unwrap().clone().unwrap();
    assert_eq!((seen.state.name(), seen.days_done, seen.days_all), ("running", 4 * 14, 365));
}

#[tokio::test]
async fn a_cancelled_job_is_given_up() {
    let (world, ada) = with_ada().await;
    let job = request(&world.app, &ada, year(ReportKind::Sums(Grouping::Apps))).await.unwrap();
    let worker = interrupted(&world, {
        let (ada, id) = (ada.clone(), job.id);
        move |world| {
            let ada = ada.clone();
            Box::pin(async move {
                cancel(&world.app, &ada, id).await.unwrap();
                Ok(())
            })
        }
    });
    assert_eq!(worker.run_next(&|| false).await, Ok(Some(Ran::Lost)));
    assert_eq!(show(&world.app, &ada, job.id).await.unwrap().state.name(), "cancelled");
    assert_eq!(worker.run_next(&|| false).await, Ok(None));
}

#[tokio::test]
async fn with_the_account_its_jobs_end() {
    let (world, ada) = with_ada().await;
    for kind in [ReportKind::Timeline, ReportKind::Sums(Grouping::Apps)] {
        request(&world.app, &ada, year(kind)).await.unwrap();
    }
    let worker = interrupted(&world, {
        let user = ada.user;
        move |world| {
            Box::pin(async move {
                let now = world.app.clock.now();
                Accounts::delete(&*world.store, user, now).await.map(drop)
            })
        }
    });
    assert_eq!(worker.run_next(&|| false).await, Ok(Some(Ran::Lost)));
    assert_eq!(worker.run_next(&|| false).await, Ok(None));
    assert_eq!(world.store.purge(world.app.clock.now(), 10).await, Ok(0));
}

#[tokio::test]
async fn a_job_whose_worker_died_is_done_by_another() {
    let (world, ada) = with_ada().await;
    let job = request(&world.app, &ada, year(ReportKind::Sums(Grouping::Apps))).await.unwrap();
    let down = || PortError::Unavailable("down".to_owned());
    let dies = interrupted(&world, move |_| Box::pin(async move { Err(down()) }));
    assert!(matches!(dies.run_next(&|| false).await, Err(AppError::Unavailable(_))));
    let other = world.report_worker();
    assert_eq!(other.run_next(&|| false).await, Ok(None), "the first may only be slow");
    world.clock.advance(world.app.rules.jobs.lease_ms);
    assert_eq!(other.run_next(&|| false).await, Ok(Some(Ran::Done)));
    let done = show(&world.app, &ada, job.id).await.unwrap();
    assert_eq!((done.attempt, done.days_done), (2, 365));
}

#[tokio::test]
async fn a_job_that_never_comes_to_an_end_fails() {
    let (world, ada) = with_ada().await;
    let job = request(&world.app, &ada, year(ReportKind::Sums(Grouping::Apps))).await.unwrap();
    let worker = world.report_worker();
    for _ in 0..world.app.rules.jobs.max_attempts {
        let now = world.app.clock.now();
        assert!(world.store.claim(now, now).await.unwrap().is_some(), "taken by somebody who then dies");
    }
    let failed = worker.run_next(&|| false).await.unwrap();
    assert!(matches!(failed, Some(Ran::Failed { why: JobFailure::TooManyAttempts, .. })), "{failed:?}");
    let why = JobFailure::TooManyAttempts;
    let state = JobState::Failed { at: world.app.clock.now(), why };
    assert_eq!(show(&world.app, &ada, job.id).await.unwrap().state, state);
    assert!(matches!(result(&world.app, &ada, job.id).await, Err(AppError::NoResult)));
}

#[tokio::test]
async fn what_can_not_be_read_fails_the_job_and_says_why_to_the_log_only() {
    let (world, ada) = with_ada().await;
    let job = request(&world.app, &ada, year(ReportKind::Sums(Grouping::Apps))).await.unwrap();
    let damaged = || PortError::Corrupt("page 7".to_owned());
    let worker = interrupted(&world, move |_| Box::pin(async move { Err(damaged()) }));
    let Some(Ran::Failed { why: JobFailure::Broken, detail }) = worker.run_next(&|| false).await.unwrap()
    else {
        panic!("not failed");
    };
    assert!(detail.contains("page 7"));
    assert_eq!(show(&world.app, &ada, job.id).await.unwrap().state.name(), "failed");
}

#[tokio::test]
async fn a_result_that_is_too_large_fails() {
    let (world, ada) = with_ada().await;
    observe_a_year(&world, &ada).await;
    request(&world.app, &ada, year(ReportKind::Timeline)).await.unwrap();
    let policy = JobPolicy { max_bytes: CHUNK as u64, ..world.app.rules.jobs };
    let failed = ReportWorker::new(world.report_ports(), policy).run_next(&|| false).await.unwrap();
    assert!(matches!(failed, Some(Ran::Failed { why: JobFailure::TooLarge, .. })), "{failed:?}");
}

#[tokio::test]
async fn a_worker_that_is_to_stop_gives_its_job_back() {
    let (world, ada) = with_ada().await;
    let job = request(&world.app, &ada, year(ReportKind::Sums(Grouping::Apps))).await.unwrap();
    let worker = world.report_worker();
    assert_eq!(worker.run_next(&|| true).await, Ok(Some(Ran::GivenBack)));
    assert_eq!(show(&world.app, &ada, job.id).await.unwrap().state, JobState::Queued);
    assert_eq!(worker.run_next(&|| false).await, Ok(Some(Ran::Done)));
}

#[tokio::test]
async fn nobody_sees_jobs_of_somebody_else() {
    let (world, ada) = with_ada().await;
    super::register(&world, "eve@example.org").await;
    let eve = caller(&world, &login(&world, "eve@example.org", "phone").await).await.unwrap();
    let job = request(&world.app, &ada, year(ReportKind::Sums(Grouping::Apps))).await.unwrap();
    world.report_worker().run_next(&|| false).await.unwrap();
    assert_eq!(show(&world.app, &eve, job.id).await, Err(AppError::NotFound));
    assert_eq!(cancel(&world.app, &eve, job.id).await, Err(AppError::NotFound));
    assert!(matches!(result(&world.app, &eve, job.id).await, Err(AppError::NotFound)));
    assert_eq!(list(&world.app, &eve).await, Ok(Vec::new()));
    assert_eq!(list(&world.app, &ada).await.unwrap().len(), 1);
}
