//! Reports over a full ledger: builds a year of pieces of many people, 100,000 a year each, written
//! in the order of time as life does, and prints how long a day's and a year's pieces take in the
//! database and for the caller, and a year's reports of pieces and of sums, one after the other.
//!
//! `scripts/with-servers cargo bench -p dayline-postgres --bench reports -- ROWS` (default: 10
//! million, some minutes; 200,000 is enough to try it).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program for people"
)]

mod support;

use std::collections::BTreeMap;
use std::time::Instant;

use dayline_app::ports::LedgerReader;
use dayline_app::reporting::stored_sums;
use dayline_contract::measures::reports;
use dayline_domain::report::{Cut, Period};
use dayline_domain::{DaySums, Interval, LocalDate, Piece, UserId, UtcDay};
use dayline_postgres::{Month, PgStore};
use support::{Database, argument, median_and_p99, register};
use tokio_postgres::Client;
use uuid::Uuid;

/// Pieces of one person on one day: 100,000 a year.
const A_DAY: u64 = 274;
const A_YEAR: u64 = A_DAY * 365;

fn first_day() -> UtcDay {
    UtcDay(LocalDate::from_ymd(2026, 1, 1).unwrap().0)
}

fn year() -> Interval {
    first_day().interval().hull(UtcDay(first_day().0 + 364).interval())
}

/// A month of everybody's pieces: one every 315 seconds, 300 seconds long, each person's a little
/// shifted.
async fn fill(client: &Client, month: &str) {
    let pieces = format!(
        "INSERT INTO pieces (user_id, start_time, end_time, source)
         SELECT users.id, start, start + interval '300 s',
           1 + (slot * 7 + users.id) % 20 + CASE WHEN slot % 2 = 0 THEN 20 * (1 + (slot + users.id) % 50) ELSE 0 END
         FROM generate_series('{month}-01'::date, ('{month}-01'::date + interval '1 month - 1 day')::date, '1 day') AS day,
           generate_series(0, {last}) AS slot, users,
           LATERAL (SELECT (day::date::text || ' 00:00:00+00')::timestamptz
             + slot * interval '315 s' + (users.id % 15) * interval '1 s' AS start) AS at
         ORDER BY day, slot, users.id",
        last = A_DAY - 1
    );
    client.batch_execute(&pieces).await.unwrap();
    let days = format!(
        "INSERT INTO ledger_days (user_id, day, version, changed_at, mark, edition)
         SELECT users.id, day, 1000, now(), users.id, 2 FROM users,
           generate_series('{month}-01'::date, ('{month}-01'::date + interval '1 month - 1 day')::date, '1 day') AS day"
    );
    client.batch_execute(&days).await.unwrap();
}

/// Names of everybody's sources: 20 apps, alone and with each of 50 domains.
async fn name(client: &Client) {
    let names = "INSERT INTO names (user_id, number, kind, key, device_id, app_name, domain)
         SELECT users.id, 1 + app + 20 * site, 0, gen_random_uuid(), 'laptop-' || users.id % 3,
           'App number ' || app, CASE WHEN site > 0 THEN 'site-' || site || '.example.org' END
         FROM users, generate_series(0, 19) AS app, generate_series(0, 50) AS site";
    client.batch_execute(names).await.unwrap();
}

/// Stores the sums of a person's year, as commits would have; gives their bytes.
async fn sum_up(store: &PgStore, client: &Client, user: UserId) -> usize {
    let view = store.read(user, year()).await.unwrap();
    let mut days = BTreeMap::<UtcDay, Vec<Piece>>::new();
    for piece in view.counted {
        days.entry(piece.interval.start().day()).or_default().push(piece);
    }
    let sums: Vec<Vec<u8>> =
        days.iter().map(|(day, pieces)| stored_sums::encode(&DaySums::of(*day, pieces))).collect();
    let days: Vec<String> = days.keys().map(UtcDay::to_string).collect();
    let store_all = "UPDATE ledger_days AS stored SET sums = new.sums, sums_version = version
         FROM unnest($1::text[]::date[], $2::bytea[]) AS new (day, sums)
         WHERE user_id = (SELECT id FROM users WHERE uuid = $3) AND stored.day = new.day";
    client.execute(store_all, &[&days, &sums, &Uuid::from_u128(user.bits())]).await.unwrap();
    sums.iter().map(Vec::len).sum()
}

/// Gives one person from the middle of the crowd.
async fn build(store: &PgStore, client: &Client, count: u64) -> UserId {
    let mut people = Vec::new();
    for n in 1..=count {
        people.push(register(store, n).await);
    }
    name(client).await;
    let mut month: Option<Month> = Some("2026-01".parse().unwrap());
    let started = Instant::now();
    for _ in 0..12 {
        let here = month.unwrap();
        store.month_admin().create(here).await.unwrap();
        fill(client, &here.to_string()).await;
        println!("  {here} after {:.0} s", started.elapsed().as_secs_f64());
        month = here.next();
    }
    let mut bytes = 0;
    for &user in &people {
        bytes += sum_up(store, client, user).await;
    }
    println!("  {} bytes of sums a day", bytes / people.len() / 365);
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    people[people.len() / 2]
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
        pieces = store.read(user, interval).await.unwrap().counted.len();
        read.push(started.elapsed().as_secs_f64() * 1_000.0);
    }
    println!("{what}: {pieces} pieces, {} reports", intervals.len());
    println!("  executed in the database   {}", median_and_p99(executed));
    println!("  planned in the database    {}", median_and_p99(planned));
    println!("  read by the caller         {}", median_and_p99(read));
}

/// A report over the year as a caller makes it, of pieces and of sums in turn.
async fn compare(store: &PgStore, user: UserId, what: &str, cut: Cut) {
    let dates = LocalDate(first_day().0)..=LocalDate(first_day().0 + 364);
    let times = reports::times(store, user, dates, cut).await;
    let [of_pieces, of_sums] = [times.of_pieces, times.of_sums]
        .map(|times| times.iter().map(|time| time.as_secs_f64() * 1_000.0).collect());
    println!("a year's report {what}, five hours west of Greenwich");
    println!("  made of pieces             {}", median_and_p99(of_pieces));
    println!("  made of sums               {}", median_and_p99(of_sums));
}

#[tokio::main]
async fn main() {
    let people = (argument(0, 10_000_000) / A_YEAR).max(2);
    let database = Database::create().await;
    let store = &database.store;
    println!("{people} people with {A_YEAR} pieces each: {} rows", people * A_YEAR);
    let user = build(store, &database.client().await, people).await;
    let bytes: u64 = store.month_admin().list().await.unwrap().iter().map(|month| month.bytes).sum();
    println!("  {} MB on disk", bytes >> 20);

    let days: Vec<Interval> = (0..365).map(|n| UtcDay(first_day().0 + n).interval()).collect();
    // Once unmeasured: what a server has just read is in its memory.
    measure(store, user, "warming up", &days).await;
    measure(store, user, "a day", &days).await;
    measure(store, user, "a year", &[year(); 20]).await;
    compare(store, user, "per app", Cut::Whole).await;
    compare(store, user, "per day", Cut::Periods(Period::Day)).await;
    compare(store, user, "per hour", Cut::Hours).await;
}
