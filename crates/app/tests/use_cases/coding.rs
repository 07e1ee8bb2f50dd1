//! Coding: which time it is, over how many days, and when.

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::Partition;
use dayline_app::reporting::coding::{Coding, all_days, coding, runs};
use dayline_app::reporting::reports::{DaysAsked, resolve_days};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::report::LocalDays;
use dayline_domain::{AppName, DeviceId, Interval, Scopes};

use super::{send, used, with_ada};

const HOUR_MS: i64 = 3_600_000;

/// Lets the ledger hold an app in use, from and to so many hours after now.
async fn observe(world: &FakeApp, ada: &Caller, app: &str, from_h: i64, to_h: i64) {
    let at = |h: i64| world.app.clock.now().plus(h * HOUR_MS);
    let seen = used(app, None, Interval::new(at(from_h), at(to_h)).unwrap());
    send(world, ada.user, &[seen]).await;
    let mut worker = Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default());
    while worker.step().await.unwrap().entries > 0 {}
}

async fn today(world: &FakeApp, ada: &Caller) -> LocalDays {
    resolve_days(&world.app, ada, DaysAsked::default()).await.unwrap()
}

#[tokio::test]
async fn coding_is_what_counts_of_editors_and_nothing_else() {
    let (world, ada) = with_ada().await;
    observe(&world, &ada, "Code", -6, -4).await;
    observe(&world, &ada, "Firefox", -4, -3).await;
    observe(&world, &ada, "vim", -3, -2).await;
    let days = today(&world, &ada).await;
    let coding = coding(&world.app, &ada, &days).await.unwrap();
    let app = |name: &str| AppName::new(name).unwrap();
    let expected = Coding {
        total_ms: 3 * HOUR_MS,
        projects: vec![(None, 3 * HOUR_MS)],
        languages: vec![(None, 3 * HOUR_MS)],
        editors: vec![(app("Code"), 2 * HOUR_MS), (app("Vim"), HOUR_MS)],
        devices: vec![(DeviceId::new("laptop").unwrap(), 3 * HOUR_MS)],
    };
    assert_eq!(coding, expected);
    let runs = runs(&world.app, &ada, &days).await.unwrap();
    let hours: Vec<i64> = runs.iter().map(|run| run.interval.ms() / HOUR_MS).collect();
    assert_eq!(hours, [2, 1]);
}

#[tokio::test]
async fn all_days_are_read_a_stretch_at_a_time_from_the_first_one_on() {
    let (world, ada) = with_ada().await;
    let year = 365 * 24;
    for years in [3, 2, 1] {
        observe(&world, &ada, "Code", -years * year - 5, -years * year - 4).await;
    }
    observe(&world, &ada, "Code", -1, 0).await;
    for tz in ["UTC", "Asia/Tokyo"] {
        let days = all_days(&world.app, &ada, Some(tz.into())).await.unwrap();
        assert_eq!(
            (days.from.to_string(), days.to.to_string()),
            ("2023-11-21".into(), "2026-11-20".into()),
            "{tz}"
        );
        assert_eq!(coding(&world.app, &ada, &days).await.unwrap().total_ms, 4 * HOUR_MS, "{tz}");
    }
}

#[tokio::test]
async fn of_who_has_nothing_all_days_are_today() {
    let (world, ada) = with_ada().await;
    let days = all_days(&world.app, &ada, None).await.unwrap();
    assert_eq!((days.from, days.to), (today(&world, &ada).await.from, days.from));
    assert_eq!(coding(&world.app, &ada, &days).await.unwrap(), Coding::default());
}

#[tokio::test]
async fn who_may_not_read_reads_no_coding() {
    let (world, ada) = with_ada().await;
    let days = today(&world, &ada).await;
    let tracker = Caller { scopes: Scopes::NONE.with(dayline_domain::Scope::Track), ..ada };
    assert!(matches!(coding(&world.app, &tracker, &days).await, Err(AppError::MissingScope(_))));
    assert!(matches!(runs(&world.app, &tracker, &days).await, Err(AppError::MissingScope(_))));
    assert!(matches!(all_days(&world.app, &tracker, None).await, Err(AppError::MissingScope(_))));
}
