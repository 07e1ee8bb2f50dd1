//! Commits into a month that is already full: each round brings a ping of every person, which
//! extends their last piece or, every tenth round, begins a new one. Prints how long a commit for
//! all of them takes; and what it would take if the month's table were made otherwise, in turns.
//!
//! `scripts/with-servers cargo bench -p dayline-postgres --bench commits -- PEOPLE EARLIER TURNS`
//! (default: 1,000, 0 and 3): `EARLIER` is how many pieces of 40 activities everybody's day holds
//! already, so that its sums are of some size.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program for people"
)]

mod support;

use std::sync::Arc;
use std::time::Instant;

use dayline_app::ports::{Applied, LedgerCommit, LedgerWriter, Partition, Position};
use dayline_domain::{Bridge, Interval, LedgerDay, LocalDate, Ping, Source, UserId, UtcDay};
use dayline_postgres::PgStore;
use support::{Database, argument, median_and_p99, register};

const ROUNDS: u64 = 200;
/// What is changed in the month's table before anything is written to it.
const TABLES: [(&str, &str); 5] = [
    ("as they are made", "SELECT"),
    (
        "without the exclusion constraint",
        "ALTER TABLE app_usage_2026_11 DROP CONSTRAINT app_usage_2026_11_no_overlap",
    ),
    ("pages filled to 70 %", "ALTER TABLE app_usage_2026_11 SET (fillfactor = 70)"),
    ("pages filled to 100 %", "ALTER TABLE app_usage_2026_11 SET (fillfactor = 100)"),
    ("without vacuum", "ALTER TABLE app_usage_2026_11 SET (autovacuum_enabled = false)"),
];
/// Where in the day the measured pings begin, after all earlier ones.
const MEASURED_FROM_MS: i64 = 80_000_000;
/// Pieces each person has in the month before the day that is measured.
const BEFORE: u64 = 1_000;

/// Gives everybody's day pieces of many activities before the ones that are measured; in rounds of
/// few enough rows.
async fn begin_days(store: &PgStore, people: &[UserId], days: &mut [LedgerDay], earlier: u64) {
    let pings: Vec<Ping> = (0..earlier)
        .map(|n| {
            let domain = format!("site-{}.example.org", n % 40);
            let source = Source::new("laptop", "Browser", Some(&domain)).unwrap();
            let start = days[0].day().start().plus(n as i64 * 60_000);
            Ping { source, interval: Interval::new(start, start.plus(50_000)).unwrap() }
        })
        .collect();
    for (n, (user, day)) in people.iter().zip(days).enumerate() {
        let Some(change) = day.record(&pings, Bridge(0)) else { return };
        let position = |major| Position { major, minor: 0 };
        let commit = LedgerCommit {
            partition: Partition(1),
            from: position(n as u64),
            to: position(n as u64 + 1),
            changes: vec![(*user, change)],
            dead: Vec::new(),
            at: UtcDay(0).start(),
        };
        assert_eq!(store.apply(Arc::new(commit)).await, Ok(Applied::Done));
    }
}

fn commit(people: &[UserId], days: &mut [LedgerDay], round: u64) -> (LedgerCommit, usize) {
    let position = |major| Position { major, minor: 0 };
    let source =
        Source::new("laptop", &format!("App number {}", round / 10 % 7), Some("example.org")).unwrap();
    let mut pieces = 0;
    let change = |(user, day): (&UserId, &mut LedgerDay)| {
        let start = day.day().start().plus(MEASURED_FROM_MS + round as i64 * 5_000);
        let ping =
            Ping { source: source.clone(), interval: Interval::new(start, start.plus(5_000)).unwrap() };
        let change = day.record(&[ping], Bridge::default()).unwrap();
        pieces += change.counted.len() + change.outranked.len();
        (*user, change)
    };
    let changes = people.iter().zip(days).map(change).collect();
    let (partition, dead) = (Partition(0), Vec::new());
    let at = UtcDay(0).start();
    (LedgerCommit { partition, from: position(round), to: position(round + 1), changes, dead, at }, pieces)
}

/// What commits took, in milliseconds.
#[derive(Default)]
struct Times {
    extended: Vec<f64>,
    added: Vec<f64>,
    all: f64,
    pieces: usize,
}

impl Times {
    async fn measure(&mut self, table: &str, count: u64, earlier: u64) {
        let database = Database::create().await;
        let store = &database.store;
        let day = UtcDay(LocalDate::from_ymd(2026, 11, 20).unwrap().0);
        store.prepare_months(day.start()).await.unwrap();
        let client = database.client().await;
        client.batch_execute(table).await.unwrap();
        let mut people = Vec::new();
        for n in 0..count {
            people.push(register(store, n).await);
        }
        let fill = format!(
            "INSERT INTO app_usage (user_id, start_time, end_time, device_id, app_name, domain)
             SELECT users.id, start, start + interval '300 s', 'laptop', 'App number ' || slot % 20, NULL
             FROM generate_series(0, {BEFORE} - 1) AS slot, users,
               LATERAL (SELECT '2026-11-01 00:00:00+00'::timestamptz + slot * interval '900 s' AS start) AS at
             ORDER BY slot, users.id"
        );
        client.batch_execute(&fill).await.unwrap();
        client.batch_execute("VACUUM ANALYZE").await.unwrap();
        let mut days: Vec<LedgerDay> = people.iter().map(|_| LedgerDay::empty(day)).collect();
        begin_days(store, &people, &mut days, earlier).await;
        for round in 0..ROUNDS {
            let (commit, changed) = commit(&people, &mut days, round);
            self.pieces += changed;
            let commit = Arc::new(commit);
            let started = Instant::now();
            assert_eq!(store.apply(commit).await, Ok(Applied::Done));
            let ms = started.elapsed().as_secs_f64() * 1_000.0;
            self.all += ms;
            if round % 10 == 0 { self.added.push(ms) } else { self.extended.push(ms) }
        }
    }
}

#[tokio::main]
async fn main() {
    let (count, earlier, turns) = (argument(0, 1_000), argument(1, 0), argument(2, 3));
    println!("{count} people with {BEFORE} pieces each in the month, {earlier} in the day; {turns} turns");
    let mut times = TABLES.map(|_| Times::default());
    for _ in 0..turns {
        for ((_, table), times) in TABLES.iter().zip(&mut times) {
            times.measure(table, count, earlier).await;
        }
    }
    for ((name, _), times) in TABLES.iter().zip(times) {
        println!("tables {name}");
        println!("  a commit that extends one piece of each  {}", median_and_p99(times.extended));
        println!("  a commit that adds one piece for each    {}", median_and_p99(times.added));
        println!("  {:.0} pieces/s", times.pieces as f64 * 1_000.0 / times.all);
    }
}
