//! Which days a request asks for, read versions, and answers from the ledger.

use dayline_app::AppError;
use dayline_app::identity::caller::Caller;
use dayline_app::ports::Partition;
use dayline_app::reporting::reports::{
    DaysAsked, ReadVersion, Versioned, nearest_day, read_version, report, reports, resolve_days,
};
use dayline_app::tracking::worker::{Worker, WorkerLimits};
use dayline_contract::fakes::FakeApp;
use dayline_domain::report::{Filter, Grouping, HourSlot, LocalDays, Report};
use dayline_domain::{AppName, Domain, Interval, LocalDate};

use super::{send, used, with_ada};

fn date(text: &str) -> LocalDate {
    text.parse().unwrap()
}

/// Lets the ledger hold one stretch of Firefox on a domain, from and to so many hours after now.
async fn observe(world: &FakeApp, ada: &Caller, from_h: i64, to_h: i64) {
    let at = |h: i64| world.app.clock.now().plus(h * 3_600_000);
    let ping = used("Firefox", Some("github.com"), Interval::new(at(from_h), at(to_h)).unwrap());
    send(world, ada.user, &[ping]).await;
    Worker::new(world.worker_ports(), Partition(0), WorkerLimits::default()).step().await.unwrap();
}

async fn read(world: &FakeApp, ada: &Caller, grouping: Grouping, days: &LocalDays) -> Versioned<Report> {
    report(&world.app, ada, grouping, days, &Filter::ALL).await.unwrap()
}

async fn by_app(world: &FakeApp, ada: &Caller, days: &LocalDays) -> Vec<(AppName, i64)> {
    let Report::Apps(totals) = read(world, ada, Grouping::Apps, days).await.answer else { panic!() };
    totals.most_first()
}

async fn by_domain(world: &FakeApp, ada: &Caller, days: &LocalDays) -> Vec<(Option<Domain>, i64)> {
    let Report::Domains(totals) = read(world, ada, Grouping::Domains, days).await.answer else { panic!() };
    totals.most_first()
}

async fn by_hour(world: &FakeApp, ada: &Caller, days: &LocalDays) -> Vec<HourSlot> {
    let Report::Hours(slots) = read(world, ada, Grouping::Hours, days).await.answer else { panic!() };
    slots
}

async fn by_day(world: &FakeApp, ada: &Caller, days: &LocalDays) -> Vec<(LocalDate, i64)> {
    let Report::Days(totals) = read(world, ada, Grouping::Days, days).await.answer else { panic!() };
    totals
}

fn firefox(ms: i64) -> [(AppName, i64); 1] {
    [(AppName::new("Firefox").unwrap(), ms)]
}

fn github(ms: i64) -> [(Option<Domain>, i64); 1] {
    [(Some(Domain::new("github.com").unwrap()), ms)]
}

#[tokio::test]
async fn without_dates_today_in_the_persons_zone_is_meant() {
    let (world, ada) = with_ada().await;
    let days = resolve_days(&world.app, &ada, DaysAsked::default()).await.unwrap();
    assert_eq!((days.from, days.to), (date("2026-11-20"), date("2026-11-20")));
    // Noon UTC is 21:00 in Tokyo; four hours later it is tomorrow there.
    world.clock.advance(4 * 3_600_000);
    let tokyo = DaysAsked { tz: Some("Asia/Tokyo".into()), ..DaysAsked::default() };
    let days = resolve_days(&world.app, &ada, tokyo).await.unwrap();
    assert_eq!(days.from, date("2026-11-21"));
}

#[tokio::test]
async fn odd_combinations_of_dates_name_the_field() {
    let (world, ada) = with_ada().await;
    let (day, later) = (Some(date("2026-11-20")), Some(date("2040-01-01")));
    let cases = [
        ("date", DaysAsked { date: day, from: day, ..DaysAsked::default() }),
        ("to", DaysAsked { from: day, ..DaysAsked::default() }),
        ("from", DaysAsked { to: day, ..DaysAsked::default() }),
        ("to", DaysAsked { from: later, to: day, ..DaysAsked::default() }),
        ("to", DaysAsked { from: day, to: later, ..DaysAsked::default() }),
        ("tz", DaysAsked { tz: Some("Mars".into()), ..DaysAsked::default() }),
    ];
    for (field, asked) in cases {
        let Err(AppError::Invalid(errors)) = resolve_days(&world.app, &ada, asked).await else {
            panic!("{field}")
        };
        assert_eq!(errors[0].field, field);
    }
}

#[tokio::test]
async fn all_reports_of_a_local_day_agree() {
    let (world, ada) = with_ada().await;
    // From 2026-11-20 12:00 to 18:00 UTC; in Tokyo the day changes at 15:00 UTC.
    observe(&world, &ada, -6, 0).await;
    world.clock.advance(6 * 3_600_000);
    observe(&world, &ada, -6, 0).await;
    let asked = DaysAsked {
        from: Some(date("2026-11-20")),
        to: Some(date("2026-11-21")),
        tz: Some("Asia/Tokyo".into()),
        ..DaysAsked::default()
    };
    let days = resolve_days(&world.app, &ada, asked).await.unwrap();
    let hour = 3_600_000;
    assert_eq!(by_app(&world, &ada, &days).await, firefox(12 * hour));
    assert_eq!(by_domain(&world, &ada, &days).await, github(12 * hour));
    let per_day = by_day(&world, &ada, &days).await;
    assert_eq!(per_day.iter().map(|(_, ms)| ms / hour).collect::<Vec<_>>(), [9, 3]);
    let hours = by_hour(&world, &ada, &days).await;
    assert_eq!((hours.len(), hours.iter().map(|slot| slot.ms).sum::<i64>()), (48, 12 * hour));
}

#[tokio::test]
async fn a_report_of_a_month_says_what_reports_of_its_days_say() {
    let (world, ada) = with_ada().await;
    for (from_h, to_h) in [(-600, -590), (-400, -310), (-300, -299), (-50, -20), (-3, 0)] {
        observe(&world, &ada, from_h, to_h).await;
    }
    for tz in ["UTC", "Asia/Tokyo", "Etc/GMT+5"] {
        let month = |from: &str, to: &str| DaysAsked {
            from: Some(date(from)),
            to: Some(date(to)),
            tz: Some(tz.into()),
            ..DaysAsked::default()
        };
        let days = resolve_days(&world.app, &ada, month("2026-10-21", "2026-11-21")).await.unwrap();
        let (mut per_day, mut hours, mut total) = (Vec::new(), Vec::new(), 0);
        for n in 0..32 {
            let day = LocalDate(days.from.0 + n).to_string();
            let day = resolve_days(&world.app, &ada, month(&day, &day)).await.unwrap();
            per_day.extend(by_day(&world, &ada, &day).await);
            hours.extend(by_hour(&world, &ada, &day).await);
            total += by_app(&world, &ada, &day).await.iter().map(|(_, ms)| ms).sum::<i64>();
        }
        let version = read_version(&world.app, &ada, days.interval()).await.unwrap();
        for grouping in Grouping::ALL {
            assert_eq!(read(&world, &ada, grouping, &days).await.version, version, "{grouping:?}");
        }
        assert_eq!(by_day(&world, &ada, &days).await, per_day, "{tz}");
        assert_eq!(by_hour(&world, &ada, &days).await, hours, "{tz}");
        assert_eq!(by_app(&world, &ada, &days).await, firefox(total));
        assert_eq!(by_domain(&world, &ada, &days).await, github(total));
        assert_eq!(total, 134 * 3_600_000);
    }
}

#[tokio::test]
async fn a_read_version_changes_with_the_days_it_covers_and_with_no_other() {
    let (world, ada) = with_ada().await;
    let asked = DaysAsked { date: Some(date("2026-11-20")), ..DaysAsked::default() };
    let days = resolve_days(&world.app, &ada, asked).await.unwrap();
    let now = read_version(&world.app, &ada, days.interval()).await.unwrap();
    assert_eq!(now, ReadVersion::default());
    observe(&world, &ada, -2, -1).await;
    let after = read_version(&world.app, &ada, days.interval()).await.unwrap();
    assert_eq!(read(&world, &ada, Grouping::Apps, &days).await.version, after);
    assert_ne!(after, now);
    observe(&world, &ada, -30, -29).await;
    assert_eq!(read_version(&world.app, &ada, days.interval()).await.unwrap(), after);
}

#[tokio::test]
async fn several_reports_at_once_are_those_that_one_by_one_are() {
    let (world, ada) = with_ada().await;
    observe(&world, &ada, -30, -29).await;
    observe(&world, &ada, -2, -1).await;
    let asked = |from: &str| DaysAsked {
        from: Some(date(from)),
        to: Some(date("2026-11-20")),
        ..DaysAsked::default()
    };
    let groupings = [Grouping::Hours, Grouping::Days, Grouping::Apps, Grouping::Domains, Grouping::Months];
    // Few days are read as pieces, many as sums.
    for from in ["2026-11-18", "2026-09-01"] {
        let days = resolve_days(&world.app, &ada, asked(from)).await.unwrap();
        let at_once = reports(&world.app, &ada, groupings, &days, &Filter::ALL).await.unwrap();
        for (grouping, answer) in groupings.into_iter().zip(at_once.answer) {
            let alone = read(&world, &ada, grouping, &days).await;
            assert_eq!(answer, alone.answer, "{from} {grouping:?}");
            assert_eq!(at_once.version, alone.version, "{from} {grouping:?}");
        }
    }
}

#[tokio::test]
async fn the_nearest_day_is_the_last_before_else_the_first_after() {
    let (world, ada) = with_ada().await;
    let day = |text: &str| DaysAsked { date: Some(date(text)), ..DaysAsked::default() };
    let nearest = async |text: &str| {
        let days = resolve_days(&world.app, &ada, day(text)).await.unwrap();
        nearest_day(&world.app, &ada, &days).await.unwrap()
    };
    assert_eq!(nearest("2026-11-20").await, None);
    observe(&world, &ada, -72, -71).await;
    observe(&world, &ada, -2, -1).await;
    for (asked, found) in [
        ("2026-11-10", "2026-11-17"),
        ("2026-11-17", "2026-11-20"),
        ("2026-11-19", "2026-11-17"),
        ("2026-11-20", "2026-11-17"),
        ("2026-12-24", "2026-11-20"),
    ] {
        assert_eq!(nearest(asked).await, Some(date(found)), "{asked}");
    }
}
