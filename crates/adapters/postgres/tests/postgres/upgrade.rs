//! A database of the release before, with days of many people, and what this program makes of it.

use dayline_app::ports::{Edition, LedgerReader, LoadedDay, ReportJobs};
use dayline_domain::report::report_job::JobDays;
use dayline_domain::report::{Filter, Grouping};
use dayline_domain::{
    Choices, DayStart, JobId, LedgerDay, LocalDate, Observation, ReportKind, UserId, UtcDay, UtcMs, Weekday,
};
use dayline_postgres::PgStore;
use tokio_postgres::Client;

use crate::database::{Database, Via};
use crate::world::{Dice, World, at, by_the_rule, day, ping, register, view};

/// The release before: its schema, and the tables of a month as it made them.
async fn first_release(client: &Client) {
    for sql in [
        include_str!("../../migrations/0001_foundation.sql"),
        include_str!("../../migrations/0002_report_jobs.sql"),
        include_str!("../../migrations/0003_covered_reports.sql"),
        include_str!("../../migrations/0004_day_sums.sql"),
        include_str!("../../migrations/0005_approving_session.sql"),
    ] {
        client.batch_execute(sql).await.unwrap();
    }
    let history = "CREATE TABLE schema_migrations (version bigint PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
                     oldest_writer bigint NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
         INSERT INTO schema_migrations VALUES
           (1, 'foundation', '27808bcabee2e33388519cc608eb5a09597908970470457f779bf7f851504842', 1),
           (2, 'report_jobs', '835d4fd9c4da7d47dcb620f4587c1cf8dcddac4250157e8752b76fe4814d0439', 1),
           (3, 'covered_reports', '200df343c760ad35075c32ed696fd511283711f018aa6cbd1170ccdbfd09d854', 2),
           (4, 'day_sums', '77eeb8baceb1be57711a74328b1247a99462d7ccd8db2dee7d9be6b70c75b6e9', 2),
           (5, 'approving_session', '19ec24b02a74d97c9f906b0c672dd1ff20caefdd5243ffbe181ab21e1773e525', 2)";
    client.batch_execute(history).await.unwrap();
    for (month, next) in [("2026_09", "2026_10"), ("2026_10", "2026_11")] {
        let [from, to] = [month, next].map(|month| format!("{}-01", month.replace('_', "-")));
        let tables = format!(
            "CREATE TABLE ledger_days_{month} (LIKE ledger_days INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE)
               WITH (fillfactor = 60);
             CREATE TABLE app_usage_{month} (LIKE app_usage INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE);
             CREATE TABLE outranked_usage_{month} (LIKE outranked_usage INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE);
             ALTER TABLE ledger_days_{month} ADD PRIMARY KEY (user_id, day);
             ALTER TABLE app_usage_{month} ADD PRIMARY KEY (user_id, start_time) INCLUDE (end_time, device_id, app_name, domain);
             ALTER TABLE app_usage_{month} ADD CONSTRAINT app_usage_{month}_no_overlap
               EXCLUDE USING gist (user_id WITH =, tstzrange(start_time, end_time) WITH &&);
             CREATE INDEX ON outranked_usage_{month} (user_id, start_time);
             ALTER TABLE ledger_days ATTACH PARTITION ledger_days_{month} FOR VALUES FROM ('{from}') TO ('{to}');
             ALTER TABLE app_usage ATTACH PARTITION app_usage_{month}
               FOR VALUES FROM ('{from} 00:00:00+00') TO ('{to} 00:00:00+00');
             ALTER TABLE outranked_usage ATTACH PARTITION outranked_usage_{month}
               FOR VALUES FROM ('{from} 00:00:00+00') TO ('{to} 00:00:00+00');"
        );
        client.batch_execute(&tables).await.unwrap();
    }
}

/// Two people with days on both sides of a month's border: pieces of ten minutes each quarter of an
/// hour, of several apps, and an outranked one beside each fourth.
async fn old_days(client: &Client) -> [UserId; 2] {
    let people = [1, 2].map(|n| UserId::v7(1_795_000_000_000 + n, [9; 10]));
    for (n, user) in people.iter().enumerate() {
        let sql = format!(
            "INSERT INTO users (uuid, email, email_key, password_hash, full_name, timezone, created_at, updated_at)
             VALUES ('{user}', 'p{n}@example.org', 'p{n}@example.org', '-', 'P', 'UTC', now(), now())"
        );
        client.batch_execute(&sql).await.unwrap();
    }
    let days = "INSERT INTO ledger_days
         SELECT users.id, day, 40 + users.id, now(), '\\x01', 40 + users.id
         FROM users, generate_series('2026-09-28'::date, '2026-10-03', '1 day') AS day;
         INSERT INTO app_usage
         SELECT users.id, start, start + interval '10 minutes', 'laptop', 'App ' || (n * 7 + users.id) % 5,
           CASE WHEN n % 3 = 0 THEN 'site-' || n % 4 || '.example' END
         FROM users, generate_series(0, 6 * 96 - 1) AS n,
           LATERAL (SELECT '2026-09-28 00:00+00'::timestamptz + n * interval '15 minutes' AS start) AS at;
         INSERT INTO outranked_usage
         SELECT user_id, start_time + interval '1 minute', start_time + interval '5 minutes', 'phone', 'Chat', NULL
         FROM app_usage WHERE extract(minute FROM start_time) = 45;
         ANALYZE";
    client.batch_execute(days).await.unwrap();
    people
}

/// What the person's days load as.
async fn loaded(
    store: &PgStore,
    user: UserId,
    first: UtcDay,
    days: i32,
) -> Vec<dayline_app::ports::StoredDay> {
    let days = (0..days).map(|n| UtcDay(first.0 + n)).collect();
    let loaded = store.days(user, days).await.unwrap();
    let stored = |loaded| {
        let LoadedDay::Day(day) = loaded else { panic!("{loaded:?}") };
        *day
    };
    loaded.into_iter().map(stored).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_job_of_the_release_before_is_of_everything_and_of_days_that_begin_at_midnight() {
    let database = Database::blank();
    let client = database.client().await;
    first_release(&client).await;
    let [ada, _] = old_days(&client).await;
    let id = JobId::from_bits(7);
    let insert = format!(
        "INSERT INTO report_jobs (id, user_id, kind, format, from_day, to_day, timezone, created_at, state, attempt,
           days_done, days_all, chunks, bytes)
         SELECT '{id}', id, 'domains', 'csv', '2026-09-28', '2026-10-03', 'Europe/Berlin', now(), 'queued', 0, 0, 6, 0, 0
         FROM users WHERE uuid = '{ada}'"
    );
    client.batch_execute(&insert).await.unwrap();
    let store = database.store(Via::Direct);
    store.migrate().await.unwrap();
    let days = JobDays {
        from: LocalDate(day(2026, 9, 28).0),
        to: LocalDate(day(2026, 10, 3).0),
        tz: "Europe/Berlin".to_owned(),
        day_start: DayStart::default(),
        week_start: Weekday::Monday,
    };
    let job = store.claim(UtcMs(6), UtcMs(9)).await.unwrap().unwrap();
    assert_eq!((job.id, job.user, job.kind), (id, ada, ReportKind::Sums(Grouping::Domains)));
    assert_eq!((&job.days, &job.filter), (&Some(days), &Filter::ALL));
    assert_eq!(ReportJobs::find(&*store, ada, id).await, Ok(Some(job)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_of_the_release_before_is_read_as_it_was_and_written_exactly() {
    let database = Database::blank();
    let client = database.client().await;
    first_release(&client).await;
    let [ada, bob] = old_days(&client).await;
    let store = database.store(Via::Direct);
    let applied = store.migrate().await.unwrap().applied;
    assert_eq!(
        applied.iter().map(|step| step.name).collect::<Vec<_>>(),
        [
            "what_was_observed",
            "filtered_reports",
            "rule_edition",
            "device_names",
            "merges",
            "people_let_in",
            "labels",
            "buckets",
            "retention",
            "raw_events"
        ]
    );

    let first = day(2026, 9, 28);
    let before = [view(&store, ada, first, 6).await, view(&store, bob, first, 6).await];
    assert_eq!(before.each_ref().map(|view| (view.marks.len(), view.counted.len())), [(6, 576), (6, 576)]);
    let rows: i64 = client.query_one("SELECT count(*) FROM app_usage", &[]).await.unwrap().get(0);
    assert_eq!(rows, 2 * 576);

    // The first new ping on an old day, in the last hour of a month; and the day itself loads as uses.
    let old = loaded(&store, ada, first, 6).await;
    assert!(old.iter().all(|day| day.edition == Edition::First && day.counted.len() == 96));
    let new = [ping("Late", day(2026, 9, 30), 23 * 3_600 + 40 * 60, 23 * 3_600 + 58 * 60)];
    let world = World::over(store.clone());
    world.track(ada, &new, 1).await;
    world.drain().await;

    let after = view(&store, ada, first, 6).await;
    for (n, stored) in old.iter().enumerate() {
        // Two days have the new ping in their windows.
        let is_touched = [2, 3].contains(&n);
        assert_eq!(before[0].marks[n] == after.marks[n], !is_touched, "{}", stored.day);
        let counted = after.counted.iter().filter(|piece| piece.interval.start().day() == stored.day);
        let expected = if is_touched { exact(stored, &new) } else { stored.counted.clone() };
        assert!(counted.cloned().eq(expected), "{}", stored.day);
    }
    assert_eq!(view(&store, bob, first, 6).await, before[1]);
    // And further ones, until all days are of the second edition: nothing is left of the first.
    let more = Dice(77).pings(500, first, 6);
    world.track(ada, &more, 50).await;
    world.drain().await;
    let seen = [&new[..], &more].concat();
    let counted = view(&store, ada, first, 6).await.counted;
    let exact: Vec<_> = old.iter().flat_map(|stored| exact(stored, &seen)).collect();
    assert_eq!(counted, exact);
    let left = "SELECT (SELECT count(*) FROM first_pieces) + (SELECT count(*) FROM first_outranked),
                  (SELECT count(*) FROM ledger_days WHERE edition = 1)";
    let left = client.query_one(left, &[]).await.unwrap();
    assert_eq!((left.get::<_, i64>(0), left.get::<_, i64>(1)), (576 + 144, 6), "what is Bob's");
}

/// What an old day is with something new, by the rule.
fn exact(stored: &dayline_app::ports::StoredDay, new: &[Observation]) -> Vec<dayline_domain::Piece> {
    let known = stored.observations.iter().chain(new);
    let mut day = LedgerDay::empty(stored.day, Choices::default());
    day.record(&known.cloned().collect::<Vec<_>>());
    day.counted().collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_report_queries_of_the_first_design_run_on_the_view_of_all_that_counts() {
    let database = Database::blank();
    let client = database.client().await;
    first_release(&client).await;
    let [ada, _] = old_days(&client).await;
    let store = database.store(Via::Direct);
    store.migrate().await.unwrap();
    // A day of the second edition beside the old ones, with a tail that still grows.
    let today = day(2026, 11, 20);
    let pings = [ping("Code", today, 40_000, 40_600), ping("Mail", today, 41_000, 41_300)];
    let world = World::over(store.clone());
    let mut worker = world.worker(1 << 20);
    world.track(ada, &pings, 2).await;
    worker.step().await.unwrap();
    let tails: i64 = client.query_one("SELECT count(tail_start) FROM ledger_days", &[]).await.unwrap().get(0);
    assert_eq!(tails, 1);

    let tz = "America/New_York";
    for (column, date, expected) in [
        ("app_name", "2026-11-20", vec![(Some("Code"), 600.0), (Some("Mail"), 300.0)]),
        ("domain", "2026-11-20", vec![(None, 900.0)]),
    ] {
        let sql = format!(
            "SELECT {column}, extract(epoch FROM sum(end_time - start_time))::float8 AS seconds
             FROM app_usage
             WHERE user_id = $1 AND (start_time AT TIME ZONE $2)::date = $3::text::date
             GROUP BY {column} ORDER BY seconds DESC"
        );
        let user = uuid::Uuid::from_u128(ada.bits());
        let rows = client.query(&sql, &[&user, &tz, &date]).await.unwrap();
        let rows: Vec<(Option<&str>, f64)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        assert_eq!(rows, expected);
    }
    // All that counts, tails among it, spelled out and as reports read it.
    let all = by_the_rule(today, 1, &pings).len() as i64 + 576;
    let columns = "SELECT count(*), count(device_id), count(project) + count(language) FROM app_usage WHERE user_id = $1";
    let row = client.query_one(columns, &[&uuid::Uuid::from_u128(ada.bits())]).await.unwrap();
    assert_eq!([0, 1, 2].map(|n| row.get::<_, i64>(n)), [all, all, 0]);
    let read = view(&store, ada, day(2026, 9, 28), 60).await.counted;
    assert_eq!(read.len() as i64, all);
    assert_eq!(read.last().unwrap().interval.end(), at(today, 41_300));
}

/// An archive as the release before wrote it: one person's two days at the end of a February.
fn first_archive(user: UserId) -> Vec<u8> {
    let piece = |start: &str, end: &str, device: &str, app: &str| {
        format!(
            r#"{{"user":"{user}","start_time":"2026-02-{start}.000000Z","end_time":"2026-02-{end}.000000Z","device_id":"{device}","app_name":"{app}","domain":null}}"#
        )
    };
    let day = |day: u32, version: u32| {
        format!(
            r#"{{"user":"{user}","day":"2026-02-{day}","version":{version},"changed_at":"2026-02-28T23:00:00.000000Z"}}"#
        )
    };
    let code = piece("27T10:00:00", "27T11:00:00", "laptop", "Code");
    let mail = piece("27T11:00:00", "27T11:30:00", "laptop", "Mail");
    let late = piece("28T23:00:00", "28T23:59:59", "laptop", "Code");
    let chat = piece("27T10:30:00", "27T10:40:00", "phone", "Chat");
    let lines = [
        r#"{"dayline_archive":1,"month":"2026-02"}"#.to_owned(),
        format!(r#"{{"days":{}}}"#, day(28, 3)),
        format!(r#"{{"days":{}}}"#, day(27, 9)),
        format!(r#"{{"counted":{late}}}"#),
        format!(r#"{{"counted":{mail}}}"#),
        format!(r#"{{"counted":{code}}}"#),
        format!(r#"{{"outranked":{chat}}}"#),
        r#"{"end":{"days":2,"counted":3,"outranked":1}}"#.to_owned(),
    ];
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, (lines.join("\n") + "\n").as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_of_the_release_before_comes_back_as_it_was_or_beside_what_came_later() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let [ada, bob] = [register(&store, 1).await, register(&store, 2).await];
    let (first, folder) = (day(2026, 2, 27), tempfile::tempdir().unwrap());
    // Bob's day has got something new before his archive comes back.
    let new = [ping("Zoom", first, 36_300, 36_900), ping("Zoom", first, 50_000, 50_060)];
    let world = World::over(store.clone());
    world.track(bob, &new, 2).await;
    world.drain().await;
    for user in [ada, bob] {
        let file = folder.path().join(user.to_string());
        let bytes = first_archive(user);
        std::fs::write(&file, &bytes[..bytes.len() - 9]).unwrap();
        assert!(store.month_admin().restore(&file).await.is_err(), "cut off");
        std::fs::write(&file, &bytes).unwrap();
        let restored = store.month_admin().restore(&file).await.unwrap();
        assert_eq!((restored.days, restored.counted, restored.outranked), (2, 3, 1));
        let again = store.month_admin().restore(&file).await.unwrap();
        assert_eq!(again.days, 0);
    }
    let hers = loaded(&store, ada, first, 2).await;
    assert!(hers.iter().all(|day| day.edition == Edition::First));
    assert_eq!(hers.iter().map(|day| (day.version, day.counted.len())).collect::<Vec<_>>(), [(9, 2), (3, 1)]);
    let apps: Vec<_> = view(&store, ada, first, 2).await.counted;
    assert_eq!(
        apps.iter().map(|piece| piece.interval.ms()).collect::<Vec<_>>(),
        [3_600_000, 1_800_000, 3_599_000]
    );

    let his = loaded(&store, bob, first, 2).await;
    assert_eq!(his.iter().map(|day| day.edition).collect::<Vec<_>>(), [Edition::Second, Edition::First]);
    let mut expected = LedgerDay::empty(first, Choices::default());
    let old: Vec<_> = hers[0].observations.iter().cloned().chain(new).collect();
    expected.record(&old);
    assert!(view(&store, bob, first, 1).await.counted.into_iter().eq(expected.counted()));
}
