//! Months: made when needed, by many at once, at their edges; dropped under the feet of others;
//! archived and restored.

use std::time::{Duration, Instant};

use dayline_app::ports::{
    Accounts, DayKey, DeviceBook, LedgerReader, Merging, Partition, PortError, Settling,
};
use dayline_domain::{AppName, DeviceId, Interval, Piece, Source, UserId, UtcMs, report};
use dayline_postgres::{Month, PgStore};

use crate::database::{Database, Via};
use crate::first_release::plant;
use crate::world::{Dice, World, assert_by_the_rule, at, by_the_rule, day, ping, register, view};

fn month(text: &str) -> Month {
    text.parse().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_over_the_edges_of_months_without_tables_are_kept() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let user = register(&store, 1).await;
    let world = World::over(store.clone());
    // A year's end, a leap day, the oldest and the newest that the contract accepts.
    let edges = [day(2025, 12, 31), day(2024, 2, 28), day(2024, 2, 29), day(2025, 11, 22), day(2026, 11, 30)];
    for edge in edges {
        let pings = [ping("Code", edge, 86_390, 86_410), ping("Mail", edge, 86_399, 86_401)];
        world.track(user, &pings, 1).await;
    }
    world.drain().await;
    for edge in edges {
        let pings = [ping("Code", edge, 86_390, 86_410), ping("Mail", edge, 86_399, 86_401)];
        let around = Interval::new(at(edge, 86_000), at(edge, 86_800)).unwrap();
        let stored = store.read(user, around).await.unwrap();
        assert_eq!(stored.counted, by_the_rule(edge, 2, &pings), "{edge}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lies_far_back_makes_months_for_its_own_days_alone() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let user = register(&store, 1).await;
    let world = World::over(store.clone());
    let old = [ping("Code", day(2006, 12, 3), 0, 60), ping("Code", day(2016, 2, 29), 84_000, 84_060)];
    world.track(user, &old, 2).await;
    world.drain().await;
    let months: Vec<_> =
        store.month_admin().list().await.unwrap().into_iter().map(|info| info.month).collect();
    assert_eq!(months, ["2006-12", "2016-02", "2016-03"].map(month), "within two hours of March");
    let tables = "SELECT count(*) FROM pg_inherits";
    let tables: i64 = database.client().await.query_one(tables, &[]).await.unwrap().get(0);
    // Three tables and their three keys for each month.
    assert_eq!(tables, 18);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_processes_make_the_same_months_at_once() {
    let database = Database::migrated().await;
    let now = at(day(2026, 12, 31), 86_399);
    let making = (0..12).map(|n| {
        let store = database.store(if n % 2 == 0 { Via::Direct } else { Via::PgBouncer });
        tokio::spawn(async move { store.prepare_months(now).await })
    });
    for made in making.collect::<Vec<_>>() {
        made.await.unwrap().unwrap();
    }
    let store = database.store(Via::Direct);
    let months: Vec<_> =
        store.month_admin().list().await.unwrap().into_iter().map(|info| info.month).collect();
    assert_eq!(months, [month("2026-12"), month("2027-01"), month("2027-02")]);
    assert!(!store.month_admin().create(month("2027-02")).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_of_many_processes_make_the_months_they_need_at_once() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let first = day(2026, 1, 1);
    let mut work = Vec::new();
    for n in 0..6 {
        let user = register(&store, n.into()).await;
        let process = database.store(if n % 2 == 0 { Via::Direct } else { Via::PgBouncer });
        let world = World { partition: Partition(n), ..World::over(process) };
        work.push(tokio::spawn(async move {
            let pings = Dice(n.into()).pings(200, first, 360);
            world.track(user, &pings, 200).await;
            world.drain().await;
            (user, pings)
        }));
    }
    for done in work {
        let (user, pings) = done.await.unwrap();
        assert_by_the_rule(&store, user, first, 365, &pings).await;
    }
    // The first of January is within two hours of December.
    assert!((12..=13).contains(&store.month_admin().list().await.unwrap().len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_dropped_behind_a_workers_back_is_made_again() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (user, first) = (register(&store, 1).await, day(2026, 3, 10));
    let world = World::over(store.clone());
    let mut worker = world.worker(1 << 20);
    world.track(user, &[ping("Code", first, 0, 60)], 1).await;
    worker.step().await.unwrap();

    // Another process drops it: neither this store nor the worker knows.
    assert!(database.store(Via::Direct).month_admin().drop_anyway(month("2026-03")).await.unwrap());
    assert_eq!(store.extent(user).await, Ok(None));

    let later = [ping("Mail", first, 100, 160)];
    world.track(user, &later, 1).await;
    let step = worker.step().await.unwrap();
    assert!(step.stale, "the day it had in mind is gone");
    worker.step().await.unwrap();
    assert_by_the_rule(&store, user, first, 1, &later).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropping_a_month_takes_milliseconds_and_leaves_its_neighbours() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (user, first) = (register(&store, 1).await, day(2026, 3, 1));
    let pings = Dice(5).pings(20_000, first, 60);
    let world = World::over(store.clone());
    world.track(user, &pings, 1_000).await;
    world.drain().await;
    let april = view(&store, user, day(2026, 4, 1), 30).await;
    let listed = store.month_admin().list().await.unwrap();
    let [.., march, in_april] = listed.as_slice() else { panic!("{listed:?}") };
    assert!(march.bytes > 100_000 && in_april.bytes > 100_000, "{listed:?}");
    // Exactly as many as there are.
    let counted = |first, days| {
        let pings = &pings;
        async move { by_the_rule(first, days, pings).len() as u64 }
    };
    assert_eq!((march.days, march.counted), (31, counted(first, 31).await));
    // What was observed in the last two hours lies in the window of the day after, too.
    assert_eq!((in_april.days, in_april.counted), (30, counted(day(2026, 4, 1), 30).await));

    let started = Instant::now();
    assert!(store.month_admin().drop_anyway(month("2026-03")).await.unwrap());
    let took = started.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert!(!store.month_admin().drop_anyway(month("2026-03")).await.unwrap());
    assert_eq!(view(&store, user, first, 31).await, dayline_app::ports::LedgerView::default());
    assert_eq!(view(&store, user, day(2026, 4, 1), 30).await, april);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_archived_dropped_and_restored_reads_the_same_with_new_marks() {
    for via in [Via::Direct, Via::PgBouncer] {
        let database = Database::migrated().await;
        let store = database.store(via);
        let (ada, bob, first) = (register(&store, 1).await, register(&store, 2).await, day(2026, 2, 20));
        let world = World::over(store.clone());
        let [hers, his] = [1, 2].map(|seed| Dice(seed).pings(2_000, first, 20));
        for (user, pings) in [(ada, &hers), (bob, &his)] {
            world.track(user, pings, 500).await;
        }
        world.drain().await;
        let before = [view(&store, ada, first, 21).await, view(&store, bob, first, 21).await];
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("2026-02.ndjson.gz");

        let archived = store.month_admin().archive(month("2026-02"), &file).await.unwrap();
        assert!(archived.days >= 18 && archived.observations > 1_000, "{archived:?}");
        // What is there already is not new.
        assert_eq!(store.month_admin().restore(&file).await.unwrap().days, 0);
        let days = Interval::new(first.start(), at(day(2026, 3, 12), 0)).unwrap();
        let all = by_app(&store, ada, days).await;
        assert!(store.month_admin().drop(month("2026-02")).await.unwrap());
        assert!(view(&store, ada, first, 9).await.counted.is_empty());

        assert_eq!(store.month_admin().restore(&file).await, Ok(archived));
        let after = [view(&store, ada, first, 21).await, view(&store, bob, first, 21).await];
        assert_eq!(after.each_ref().map(|view| &view.counted), before.each_ref().map(|view| &view.counted));
        // Of the days of February no mark came back; of the others all stayed.
        for (before, after) in before.iter().zip(&after) {
            for ((day, before), (_, after)) in before.marks.iter().zip(&after.marks) {
                assert_eq!(before == after, day.0 >= first.0 + 9, "{day}");
            }
        }
        assert_eq!(by_app(&store, ada, days).await.1, all.1);
        assert_by_the_rule(&store, ada, first, 21, &hers).await;
        // And it can be written again, with its constraints.
        let late = [ping("Late", first, 0, 86_399)];
        world.track(ada, &late, 1).await;
        world.drain().await;
        assert_by_the_rule(&store, ada, first, 1, &[&hers[..], &late].concat()).await;
        let client = database.client().await;
        let overlapping = "INSERT INTO pieces SELECT user_id, start_time + interval '1 ms', end_time, source
                           FROM pieces_2026_02 WHERE end_time - start_time > interval '1 s' LIMIT 1";
        let refused = client.batch_execute(overlapping).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "23P01");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_restored_beside_what_came_later_is_exact() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (user, first) = (register(&store, 1).await, day(2026, 2, 1));
    let world = World::over(store.clone());
    let mut pings = Dice(31).pings(1_500, first, 28);
    world.track(user, &pings, 500).await;
    world.drain().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("month.gz");
    store.month_admin().archive(month("2026-02"), &file).await.unwrap();
    assert!(store.month_admin().drop(month("2026-02")).await.unwrap());

    // Late pings of some days, by a worker that goes on afterwards.
    let late = Dice(32).pings(200, day(2026, 2, 10), 3);
    let mut worker = world.worker(1 << 20);
    world.track(user, &late[..100], 10).await;
    while worker.step().await.unwrap().entries > 0 {}
    let alone = view(&store, user, first, 28).await;
    store.month_admin().restore(&file).await.unwrap();
    world.track(user, &late[100..], 10).await;
    assert!(worker.step().await.unwrap().stale, "the days it had in mind are others");
    while worker.step().await.unwrap().entries > 0 {}
    pings.extend(late);
    assert_by_the_rule(&store, user, first, 28, &pings).await;
    let marks = view(&store, user, first, 28).await.marks;
    assert!(alone.marks.iter().all(|mark| !marks.contains(mark)));
    // Once more changes nothing.
    assert_eq!(store.month_admin().restore(&file).await.unwrap().days, 0);
    assert_eq!(view(&store, user, first, 28).await.marks, marks);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_archive_brings_back_counts_by_the_merges_of_today() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (user, first, old) = (register(&store, 1).await, day(2026, 2, 10), day(2026, 2, 20));
    let world = World::over(store.clone());
    world.track(user, &[ping("Code", first, 43_200, 43_260)], 1).await;
    world.drain().await;
    // And a day of the rule's first edition.
    let interval = Interval::new(at(old, 0), at(old, 60)).unwrap();
    let piece = Piece { source: Source::new("laptop", "Mail", None).unwrap(), interval };
    plant(&database, DayKey { user, day: old }, std::slice::from_ref(&piece), &[]).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("month.gz");
    assert_eq!(store.month_admin().archive(month("2026-02"), &file).await.unwrap().days, 2);
    assert!(store.month_admin().drop(month("2026-02")).await.unwrap());
    let [laptop, desk] = ["laptop", "desk"].map(|name| DeviceId::new(name).unwrap());
    assert_eq!(store.merge_device(user, laptop, desk.clone()).await, Ok(Merging::Done));
    assert_eq!(store.month_admin().restore(&file).await.unwrap().days, 2);
    let counted = view(&store, user, first, 28).await.counted;
    let on = counted.iter().map(|piece| (piece.source.device.clone(), piece.source.activity.app.as_str()));
    assert!(on.eq([(desk.clone(), "Code"), (desk, "Mail")]), "{counted:?}");
    assert_eq!(store.settling(user).await.unwrap(), Settling { days: 2, left: 0 });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_month_that_is_not_as_it_was_archived_is_dropped_only_when_told() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (user, first) = (register(&store, 1).await, day(2026, 2, 20));
    let world = World::over(store.clone());
    let track = async |from| {
        world.track(user, &[ping("Code", first, from, from + 5)], 1).await;
        world.drain().await;
    };
    let refused = async |why: &str| {
        let refused = store.month_admin().drop(month("2026-02")).await;
        assert!(matches!(&refused, Err(PortError::Rejected(text)) if text.contains(why)), "{refused:?}");
    };
    track(0).await;
    refused("never archived").await;
    let folder = tempfile::tempdir().unwrap();
    let archive =
        async |name| store.month_admin().archive(month("2026-02"), &folder.path().join(name)).await.unwrap();
    archive("1").await;
    track(100).await;
    refused("has changed").await;
    archive("2").await;
    assert!(store.month_admin().drop(month("2026-02")).await.unwrap());
    track(200).await;
    refused("has changed").await;
    assert!(store.month_admin().drop_anyway(month("2026-02")).await.unwrap());
    assert!(!store.month_admin().drop(month("2026-02")).await.unwrap());
}

/// Of how many days sums were read, and what a report of sums says.
async fn by_app(store: &PgStore, user: UserId, days: Interval) -> (usize, Vec<(AppName, i64)>) {
    let view = store.read_sums(user, days, Vec::new()).await.unwrap();
    let apps = report::by_app(view.as_counted(), days);
    (view.sums.len(), apps.into_iter().map(|(app, ms)| (app.clone(), ms)).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_deleted_after_archiving_is_not_restored() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (ada, bob, first) = (register(&store, 1).await, register(&store, 2).await, day(2026, 2, 20));
    let world = World::over(store.clone());
    for user in [ada, bob] {
        world.track(user, &[ping("Code", first, 40_000, 40_060)], 1).await;
    }
    world.drain().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("month.gz");
    assert_eq!(store.month_admin().archive(month("2026-02"), &file).await.unwrap().days, 2);
    store.delete(bob, UtcMs(0)).await.unwrap();
    assert!(store.month_admin().drop_anyway(month("2026-02")).await.unwrap());
    assert_eq!(store.month_admin().restore(&file).await.unwrap().days, 1);
    assert_eq!(view(&store, ada, first, 1).await.counted.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_of_nothing_or_over_a_file_is_refused_and_leaves_no_trace() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("month.gz");
    let refused = store.month_admin().archive(month("2026-02"), &file).await;
    assert!(matches!(refused, Err(PortError::Rejected(_))), "{refused:?}");
    assert!(!file.exists());

    store.month_admin().create(month("2026-02")).await.unwrap();
    std::fs::write(&file, "precious").unwrap();
    assert!(store.month_admin().archive(month("2026-02"), &file).await.is_err());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "precious");
    assert!(store.month_admin().restore(&file).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_read_only_the_months_that_can_match() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let user = register(&store, 1).await;
    let mut next = Some(month("2026-01"));
    for _ in 0..24 {
        let here = next.unwrap();
        store.month_admin().create(here).await.unwrap();
        next = here.next();
    }
    // A day in New York, at a month's end; a day in UTC; a year.
    let new_york = Interval::new(at(day(2026, 3, 31), 4 * 3_600), at(day(2026, 4, 1), 4 * 3_600)).unwrap();
    let year = Interval::new(day(2026, 1, 1).start(), day(2027, 1, 1).start()).unwrap();
    for (interval, months) in [
        (new_york, vec!["2026_03", "2026_04"]),
        (day(2026, 3, 31).interval(), vec!["2026_03"]),
        (day(2026, 4, 1).interval(), vec!["2026_04"]),
    ] {
        assert_eq!(
            months_read(&store.explain_read(user, interval, false).await.unwrap()),
            months,
            "{interval:?}"
        );
    }
    assert_eq!(months_read(&store.explain_read(user, year, false).await.unwrap()).len(), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_report_waits_until_the_server_has_compiled_its_plan() {
    let database = Database::migrated().await;
    let user = register(&database.store(Via::Direct), 1).await;
    // What the planner does to a year of many people, it does here to anything.
    let compile_all = "DO $$ BEGIN
      EXECUTE format('ALTER DATABASE %I SET jit = on', current_database());
      EXECUTE format('ALTER DATABASE %I SET jit_above_cost = 0', current_database());
    END $$";
    database.client().await.batch_execute(compile_all).await.unwrap();
    let compiled = |plan: &[String]| plan.iter().any(|line| line.starts_with("JIT"));
    let left_alone = "EXPLAIN (ANALYZE) SELECT count(*) FROM users";
    let left_alone = database.client().await.query(left_alone, &[]).await.unwrap();
    if !compiled(&left_alone.iter().map(|row| row.get(0)).collect::<Vec<String>>()) {
        #[expect(clippy::print_stderr, reason = "says why nothing is shown")]
        {
            eprintln!("skipped: this PostgreSQL was built without a compiler of plans");
        }
        return;
    }
    let store = database.store(Via::Direct);
    let plan = store.explain_read(user, day(2026, 3, 31).interval(), true).await.unwrap();
    assert!(!compiled(&plan), "{plan:#?}");
}

/// The months' tables in a plan; each must be read through an index.
fn months_read(plan: &[String]) -> Vec<&str> {
    let mut months: Vec<&str> = Vec::new();
    for line in plan {
        assert!(!line.contains("Seq Scan on pieces"), "{plan:#?}");
        if let Some((_, table)) = line.split_once(" on pieces_") {
            months.push(&table[..7]);
        }
    }
    months.sort_unstable();
    months.dedup();
    months
}
