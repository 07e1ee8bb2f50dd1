//! Corrections, where the log or a limit is in the way; and days of the first edition, whose pieces
//! are what counts until something touches them.

use std::sync::Arc;

use dayline_app::identity::caller::Caller;
use dayline_app::ports::{AppendError, DayKey, Edition, Limit, Partition};
use dayline_app::reporting::why::why;
use dayline_app::tracking::corrections::{Change, Draft, EntryDraft, apply, list, preview};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_app::{App, AppError};
use dayline_contract::fakes::{FakeApp, FakeNames};
use dayline_domain::{AppName, Interval, Piece, Source};

use super::with_ada;

async fn work(world: &FakeApp) {
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
}

/// A meeting in the last so many minutes.
fn meeting(world: &FakeApp, minutes: i64) -> Draft {
    let end = world.app.clock.now();
    let app = AppName::new("Meeting").unwrap();
    let entry = EntryDraft { app, domain: None, project: None, device: None };
    Draft { start: end.plus(-minutes * 60_000), end, entry: Some(entry) }
}

#[tokio::test]
async fn where_the_log_is_full_nothing_is_said_and_the_same_may_be_said_again() {
    let (world, ada) = with_ada().await;
    let full = AppendError::Full { retry_after_s: 3 };
    world.log.refuse(Some(full.clone()));
    let change = || Change::New(meeting(&world, 10));
    assert_eq!(apply(&world.app, &ada, change()).await, Err(AppError::LogFull { retry_after_s: 3 }));
    work(&world).await;
    assert_eq!(list(&world.app, &ada, None).await, Ok(Vec::new()));
    world.log.refuse(None);
    let made = apply(&world.app, &ada, change()).await.unwrap();
    work(&world).await;

    world.log.refuse(Some(full));
    let deletion = || Change::Delete(made.id);
    assert_eq!(apply(&world.app, &ada, deletion()).await, Err(AppError::LogFull { retry_after_s: 3 }));
    work(&world).await;
    assert_eq!(list(&world.app, &ada, None).await.unwrap().len(), 1);
    world.log.refuse(None);
    let deleted = apply(&world.app, &ada, deletion()).await.unwrap();
    assert!(deleted.version > made.version);
    work(&world).await;
    assert_eq!(list(&world.app, &ada, None).await, Ok(Vec::new()));
    assert_eq!(apply(&world.app, &ada, deletion()).await, Err(AppError::NotFound));
}

#[tokio::test]
async fn corrections_count_against_the_limit_of_changes() {
    let (world, ada) = with_ada().await;
    world.limits.allow(Limit::AccountWritePerUser, 1);
    apply(&world.app, &ada, Change::New(meeting(&world, 10))).await.unwrap();
    let refused = apply(&world.app, &ada, Change::New(meeting(&world, 10))).await;
    assert!(matches!(refused, Err(AppError::TooMany(_))));
    assert!(preview(&world.app, &ada, Change::New(meeting(&world, 10))).await.is_ok());
}

#[tokio::test]
async fn an_entrys_names_count_against_the_limit_of_names() {
    let (world, ada) = with_ada().await;
    // Its own device is one of them.
    let app = App { name_quota: Arc::new(FakeNames::new(3)), ..world.app.clone() };
    for (name, status) in [("A", true), ("B", true), ("A", true), ("C", false)] {
        let mut draft = meeting(&world, 10);
        draft.entry.as_mut().unwrap().app = AppName::new(name).unwrap();
        let said = apply(&app, &ada, Change::New(draft)).await;
        assert_eq!(said.is_ok(), status, "{name}: {said:?}");
        if !status {
            // It is noon.
            assert_eq!(said, Err(AppError::TooManyNames { retry_after_s: 12 * 3_600 + 1 }));
        }
    }
    let erasure = Draft { entry: None, ..meeting(&world, 10) };
    assert!(apply(&app, &ada, Change::New(erasure)).await.is_ok(), "it brings none");
}

#[tokio::test]
async fn versions_of_all_corrections_grow_however_fast_they_follow() {
    let (world, ada) = with_ada().await;
    let mut versions = Vec::new();
    for _ in 0..3 {
        versions.push(apply(&world.app, &ada, Change::New(meeting(&world, 10))).await.unwrap().version);
    }
    let now = world.app.clock.now().0 as u64;
    assert_eq!(versions, [now, now + 1, now + 2]);
}

/// Ada with a day of the first edition: Code in the last hour but for 20 s, which the second edition
/// would hold.
async fn with_a_day_of_the_first_edition() -> (Arc<FakeApp>, Caller, [Piece; 2]) {
    let (world, ada) = with_ada().await;
    let now = world.app.clock.now();
    let code = Source::new("laptop", "Code", None).unwrap();
    let piece = |start: i64, end: i64| {
        let interval = Interval::new(now.plus(start * 1_000), now.plus(end * 1_000)).unwrap();
        Piece { source: Arc::clone(&code), interval }
    };
    let pieces = [piece(-3_600, -1_800), piece(-1_780, 0)];
    let key = DayKey { user: ada.user, day: now.day() };
    world.store.plant_first_edition(key, pieces.to_vec(), Vec::new());
    (world, ada, pieces)
}

#[tokio::test]
async fn on_a_day_of_the_first_edition_its_pieces_are_what_counts() {
    let (world, ada, pieces) = with_a_day_of_the_first_edition().await;
    let told = why(&world.app, &ada, pieces[0].interval.start()).await.unwrap();
    assert_eq!((told.edition, told.why.counts), (Edition::First, Some(Arc::clone(&pieces[0].source))));
    let told = why(&world.app, &ada, pieces[0].interval.end()).await.unwrap();
    assert_eq!((told.edition, told.why.counts), (Edition::First, None), "no piece covers it");
}

#[tokio::test]
async fn a_dry_run_on_a_day_of_the_first_edition_compares_with_what_counts_now() {
    let (world, ada, _) = with_a_day_of_the_first_edition().await;
    let changes = preview(&world.app, &ada, Change::New(meeting(&world, 10))).await.unwrap();
    let told = changes
        .iter()
        .map(|change| (change.activity.app.as_str(), change.before_ms / 1_000, change.after_ms / 1_000));
    // By the second edition, which then settles the day, the 20 s count too.
    let expected = [("Meeting", 0, 600), ("Code", 3_580, 3_000)];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    apply(&world.app, &ada, Change::New(meeting(&world, 10))).await.unwrap();
    work(&world).await;
    let now = world.app.clock.now();
    let told = why(&world.app, &ada, now.plus(-1_790_000)).await.unwrap();
    assert_eq!((told.edition, told.why.counts.is_some()), (Edition::Second, true));
}
