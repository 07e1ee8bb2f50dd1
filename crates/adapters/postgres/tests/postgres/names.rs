//! Numbers of names: also where two names want one number, or another process has taken names away.

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{Applied, LedgerCommit, LedgerWriter, PingLog};
use dayline_app::tracking::keep::Keep;
use dayline_app::tracking::record;
use dayline_contract::fakes::FakeLog;
use dayline_domain::{
    AppName, Choices, Correction, CorrectionId, DeviceId, Domain, Interval, LedgerDay, Observation, Says,
    Seen, Source, Subject, UserId, UtcDay,
};
use tokio_postgres::Client;

use crate::database::{Database, Via};
use crate::world::{self, WorkedDay, World, assert_by_the_rule, at, day, ping, register, view};

/// A page of a site in an app on the laptop, in seconds of the day.
fn site(domain: &str, day: UtcDay, from: i64, to: i64) -> Observation {
    let (app, domain) = (AppName::new("Code").unwrap(), Domain::new(domain).ok());
    let seen = Seen::Use { app, domain, project: None };
    let interval = Interval::new(at(day, from), at(day, to)).unwrap();
    Observation::new(Arc::new(Subject { device: DeviceId::new("laptop").unwrap(), seen }), interval)
}

/// How many names a person has of a domain, and in all.
async fn names(client: &Client, user: UserId, domain: &str) -> (i64, i64) {
    let sql = "SELECT count(*) FILTER (WHERE domain = $2), count(*) FROM names
               WHERE user_id = (SELECT id FROM users WHERE uuid = $1)";
    let row = client.query_one(sql, &[&uuid::Uuid::from_u128(user.bits()), &domain]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_whose_number_is_taken_gets_another_and_keeps_it() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (user, today) = (register(&store, 1).await, day(2026, 11, 20));
    let client = database.client().await;
    // What Code at example.org on the laptop would like to have, as a source (see the unit test).
    let taken = "INSERT INTO names (user_id, number, kind, key, device_id, app_name)
                 SELECT id, 1925453, 0, gen_random_uuid(), 'another', 'name' FROM users";
    client.batch_execute(taken).await.unwrap();
    let (mut pings, log) = (Vec::new(), Arc::<FakeLog>::default());
    // By one process again and again, then by others that know nothing.
    for (n, process) in
        [store.clone(), store.clone(), database.store(Via::PgBouncer), database.store(Via::Direct)]
            .into_iter()
            .enumerate()
    {
        let start = 1_000 * n as i64;
        let new =
            [site("example.org", today, start, start + 10), ping("Mail", today, start + 20, start + 40)];
        pings.extend(new.clone());
        // Each process goes on with one log.
        let world = World { log: log.clone(), ..World::over(process) };
        world.track(user, &new, 2).await;
        world.drain().await;
        assert_by_the_rule(&store, user, today, 1, &pings).await;
    }
    assert_eq!(names(&client, user, "example.org").await, (2, 5));
}

/// Applies an erasure with all days that it changes, as a worker does.
async fn erase(store: &dyn LedgerWriter, user: UserId, from: u64, worked: &mut WorkedDay, erased: Interval) {
    let says = Says::Erasure { interval: erased };
    let correction = Correction { id: CorrectionId::from_bits(from.into()), version: 1_000 + from, says };
    let write = worked.correct(std::slice::from_ref(&correction));
    let days = vec![(user, write)];
    let commit = world::commit(from, days);
    let commit = LedgerCommit { corrections: vec![(user, correction)], ..(*commit).clone() };
    assert_eq!(store.apply(Arc::new(commit)).await, Ok(Applied::Done));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_takes_names_away_that_nothing_refers_to_of_its_person_alone() {
    let database = Database::migrated().await;
    let (store, other) = (database.store(Via::Direct), database.store(Via::PgBouncer));
    let (ada, bob) = (register(&store, 1).await, register(&store, 2).await);
    let today = day(2026, 11, 20);
    let client = database.client().await;
    let seen = [site("secret.example", today, 0, 60), site("known.example", today, 100, 160)];
    let again = [site("known.example", today, 5_000, 5_060)];
    let mut days = [WorkedDay::empty(today), WorkedDay::empty(today)];
    for (n, user) in [ada, bob].into_iter().enumerate() {
        let writes = vec![(user, days[n].record(&[&seen[..], &again].concat()))];
        assert_eq!(store.apply(world::commit(n as u64, writes)).await, Ok(Applied::Done));
    }
    // A process that knows the names, and one that takes some away.
    let keys = vec![dayline_app::ports::DayKey { user: ada, day: today }];
    store.load(keys).await.unwrap();
    assert_eq!(names(&client, ada, "secret.example").await, (2, 4));
    let [mut hers, his] = days;
    let erased = Interval::new(at(today, 0), at(today, 1_000)).unwrap();
    erase(&*other, ada, 2, &mut hers, erased).await;
    assert_eq!(names(&client, ada, "secret.example").await, (0, 2));
    assert_eq!(names(&client, bob, "secret.example").await, (2, 4));
    assert!(view(&store, bob, today, 1).await.counted.into_iter().eq(his.day.counted()));

    // The first one still thinks that it knows the secret's number.
    let fresh = [site("secret.example", today, 2_000, 2_060)];
    let writes = vec![(ada, hers.record(&fresh))];
    assert_eq!(store.apply(world::commit(3, writes)).await, Ok(Applied::Done));
    assert!(view(&other, ada, today, 1).await.counted.into_iter().eq(hers.day.counted()));
    assert_eq!(names(&client, ada, "secret.example").await, (2, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn corrections_told_through_the_log_erase_for_good() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (user, first) = (register(&store, 1).await, day(2026, 10, 31));
    let client = database.client().await;
    let world = World::over(store.clone());
    let seen = [site("secret.example", first, 86_000, 86_390), ping("Mail", first, 100, 200)];
    world.track(user, &seen, 2).await;
    world.drain().await;
    // Over midnight and the end of a month.
    let erased = Interval::new(at(first, 85_000), at(first, 90_000)).unwrap();
    let says = Says::Erasure { interval: erased };
    let correction = Correction { id: CorrectionId::from_bits(7), version: 1, says };
    world.log.append(world.partition, record::encode_correction(user, &correction)).await.unwrap();
    world.drain().await;
    assert_eq!(names(&client, user, "secret.example").await.0, 0);
    // Late pings do not bring it back, nor does a worker that begins anew.
    world.track(user, &seen, 1).await;
    world.drain().await;
    assert_eq!(names(&client, user, "secret.example").await.0, 0);
    let counted = view(&store, user, first, 2).await.counted;
    let mut expected = LedgerDay::empty(first, Choices::default());
    expected.record(&seen[1..]);
    assert!(counted.into_iter().eq(expected.counted()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_wholly_under_newer_erasures_leaves_no_name_behind() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (user, today) = (register(&store, 1).await, day(2026, 11, 20));
    let client = database.client().await;
    let world = World::over(store.clone());
    let says = |from: i64, to: i64| Interval::new(at(today, from), at(today, to)).unwrap();
    let entry = |name: &str, from, to| Says::Entry {
        interval: says(from, to),
        source: Source::new(name, name, Some("secret.example")).unwrap(),
    };
    let erasure = |from, to| Says::Erasure { interval: says(from, to) };
    let told = [
        (1, 10, entry("gone-1", 0, 100)),
        (2, 11, entry("kept", 50, 101)),
        (3, 20, erasure(0, 50)),
        (4, 21, erasure(50, 100)),
        (5, 12, entry("gone-2", 10, 90)),
    ];
    for (id, version, says) in told {
        let correction = Correction { id: CorrectionId::from_bits(id), version, says };
        world.log.append(world.partition, record::encode_correction(user, &correction)).await.unwrap();
        world.drain().await;
    }
    let sql =
        "SELECT device_id FROM names UNION SELECT device_id FROM corrections WHERE device_id IS NOT NULL";
    let devices: Vec<String> = client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(devices, ["kept"]);
    let counted = view(&store, user, today, 1).await.counted;
    assert!(counted.iter().map(|piece| piece.interval).eq([says(100, 101)]), "{counted:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_a_database_forgot_when_it_went_back_are_written_again() {
    let database = Database::migrated().await;
    let store = database.store(Via::Direct);
    let (user, today) = (register(&store, 1).await, day(2026, 11, 20));
    let client = database.client().await;
    let keep = Keep { time: Duration::MAX, bytes: u64::MAX };
    let world = World { log: Arc::new(FakeLog::keeping(keep)), ..World::over(store.clone()) };
    let pings = [ping("Code", today, 0, 10), ping("Mail", today, 20, 40)];
    world.track(user, &pings, 1).await;
    world.drain().await;
    // As before the first ping. Whoever was at work has heard that the database was away, and asks anew.
    client.batch_execute("TRUNCATE ledger_days, observations, pieces, names, log_positions").await.unwrap();
    world.drain().await;
    for process in [store, database.store(Via::PgBouncer)] {
        assert_by_the_rule(&process, user, today, 1, &pings).await;
    }
}
