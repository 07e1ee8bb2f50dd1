//! Reports over a full ledger: builds a year of pieces of many people, 100,000 a year each, written in the order of
//! time as life does, and prints how long a day's and a year's report take in the database and for the caller.
//!
//! `scripts/with-servers cargo bench -p dayline-postgres --bench reports -- ROWS` (default: 10 million, some minutes).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program for people"
)]

mod support;

use std::time::Instant;

use dayline_app::ports::LedgerReader;
use dayline_domain::{Interval, LocalDate, UserId, UtcDay};
use dayline_postgres::{Month, PgStore};
use support::{Database, argument, median_and_p99, register};
use tokio_postgres::Client;

/// Pieces of one person on one day: 100,000 a year.
const A_DAY: u64 = 274;
const A_YEAR: u64 = A_DAY * 365;

fn first_day() -> UtcDay {
    UtcDay(LocalDate::from_ymd(2026, 1, 1).unwrap().0)
}

/// A month of everybody's pieces: one every 315 seconds, 300 seconds long, each person's a little shifted.
async fn fill(client: &Client, month: &str) {
    let pieces = format!(
        "INSERT INTO app_usage (user_id, start_time, end_time, device_id, app_name, domain)
         SELECT users.id, start, start + interval '300 s', 'laptop-' || users.id % 3,
           'App number ' || (slot * 7 + users.id) % 20,
           CASE WHEN slot % 2 = 0 THEN 'site-' || (slot + users.id) % 50 || '.example.org' END
         FROM generate_series('{month}-01'::date, ('{month}-01'::date + interval '1 month - 1 day')::date, '1 day') AS day,
           generate_series(0, {last}) AS slot, users,
           LATERAL (SELECT (day::date::text || ' 00:00:00+00')::timestamptz
             + slot * interval '315 s' + (users.id % 15) * interval '1 s' AS start) AS at
         ORDER BY day, slot, users.id",
        last = A_DAY - 1
    );
    client.batch_execute(&pieces).await.unwrap();
    let days = format!(
        "INSERT INTO ledger_days (user_id, day, version, changed_at)
         SELECT users.id, day, 1000, now() FROM users,
           generate_series('{month}-01'::date, ('{month}-01'::date + interval '1 month - 1 day')::date, '1 day') AS day"
    );
    client.batch_execute(&days).await.unwrap();
}

async fn build(store: &PgStore, client: &Client, people: u64) -> UserId {
    let mut measured = register(store, 1).await;
    for n in 2..=people {
        let id = register(store, n).await;
        // One from the middle of the crowd.
        if n == people / 2 {
            measured = id;
        }
    }
    let mut month: Option<Month> = Some("2026-01".parse().unwrap());
    let started = Instant::now();
    for _ in 0..12 {
        let here = month.unwrap();
        store.partitions().create(here).await.unwrap();
        fill(client, &here.to_string()).await;
        println!("  {here} after {:.0} s", started.elapsed().as_secs_f64());
        month = here.next();
    }
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    measured
}

/// The time on a line of a plan such as `Execution Time: 0.123 ms`.
fn time_in(plan: &[String], what: &str) -> f64 {
    let line = plan.iter().find_map(|line| line.strip_prefix(what)).expect("the plan says how long it took");
    line.trim_end_matches(" ms").trim().parse().unwrap()
}

async fn measure(store: &PgStore, user: UserId, what: &str, intervals: &[Interval]) {
    let (mut executed, mut planned, mut read, mut pieces) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for &interval in intervals {
        let plan = store.explain_read(user, interval, true).await.unwrap();
        executed.push(time_in(&plan, "Execution Time:"));
        planned.push(time_in(&plan, "Planning Time:"));
        let started = Instant::now();
        pieces = store.read(user, interval, false).await.unwrap().counted.len();
        read.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    println!("{what}: {pieces} pieces, {} reports", intervals.len());
    println!("  executed in the database   {}", median_and_p99(executed));
    println!("  planned in the database    {}", median_and_p99(planned));
    println!("  read by the caller         {}", median_and_p99(read));
}

#[tokio::main]
async fn main() {
    let people = (argument(10_000_000) / A_YEAR).max(2);
    let database = Database::create().await;
    let store = &database.store;
    println!("{people} people with {A_YEAR} pieces each: {} rows", people * A_YEAR);
    let user = build(store, &database.client().await, people).await;
    let bytes: u64 = store.partitions().list().await.unwrap().iter().map(|month| month.bytes).sum();
    println!("  {} MB on disk", bytes >> 20);

    let days: Vec<Interval> = (0..365).map(|n| UtcDay(first_day().0 + n).interval()).collect();
    // Once unmeasured: what a server has just read is in its memory.
    measure(store, user, "warming up", &days).await;
    measure(store, user, "a day", &days).await;
    let year = days[0].hull(days[364]);
    measure(store, user, "a year", &[year; 20]).await;
    database.drop().await;
}
