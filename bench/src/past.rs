//! A year of pieces, put straight into the ledger, and how long reports over it take.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use dayline_app::ports::LedgerReader;
use dayline_app::reporting::stored_sums;
use dayline_domain::{DaySums, Interval, UtcDay, UtcMs};
use dayline_postgres::{PgConfig, PgStore};
use dayline_sqlite::SqliteStore;

use crate::client::get;
use crate::clock::{date, now};
use crate::crowd::{identity, prefix};
use crate::database::{Database, Sql};
use crate::failure::Failure;
use crate::server::Server;

/// Pieces of one person on one day.
pub(crate) const A_DAY: u64 = 274;
/// Days that reports are made over: 100,010 pieces of each person.
pub(crate) const DAYS: i64 = 365;
const SECONDS: i64 = 86_400;
/// Days of everybody that are written in one statement to PostgreSQL, and people to SQLite.
const DAYS_AT_ONCE: usize = 30;
const PEOPLE_AT_ONCE: usize = 10;

/// Gives people of the crowd, by their numbers from 1, pieces on each of the last `days` days: one every 315 s, 300 s
/// long. In PostgreSQL they are written in the order of time, as life does, so that one person's lie scattered; in
/// SQLite the key says where they lie.
pub(crate) async fn fill(server: &Server, people: RangeInclusive<u64>, days: i64) -> Result<(), Failure> {
    let last = now() / SECONDS - 1;
    let days: Vec<i64> = (last - days + 1..=last).collect();
    let database = server.database();
    if let Database::Postgres(url) = &database {
        make_months(url, &days).await?;
    }
    let (first, end) = (days.first().copied().unwrap_or(last), last);
    let numbers: Vec<u64> = people.clone().collect();
    let sqlite =
        numbers.chunks(PEOPLE_AT_ONCE).map(|some| in_sqlite(some[0], some[some.len() - 1], first, end));
    let postgres = days.chunks(DAYS_AT_ONCE).map(|some| in_postgres(&people, some[0], some[some.len() - 1]));
    let sql = Sql { sqlite: sqlite.collect(), postgres: postgres.collect() };
    database.run(sql).await?;
    sum_up(&database, *people.start(), first, end).await?;
    // What a server's own maintenance does in time.
    let sql = Sql { sqlite: "PRAGMA wal_checkpoint (TRUNCATE)".into(), postgres: "VACUUM ANALYZE".into() };
    database.run(sql).await
}

async fn make_months(url: &str, days: &[i64]) -> Result<(), Failure> {
    let store = PgStore::open(&PgConfig::new(url)?)?;
    let months: BTreeSet<String> = days.iter().map(|day| date(day * SECONDS)[..7].to_owned()).collect();
    for month in months {
        store.month_admin().create(month.parse()?).await?;
    }
    Ok(())
}

/// Twenty sources of each, then their pieces and days.
fn in_sqlite(first: u64, last: u64, first_day: i64, last_day: i64) -> String {
    let who = format!("id BETWEEN unhex('{0}{first:010x}') AND unhex('{0}{last:010x}')", prefix());
    let slots = A_DAY - 1;
    format!(
        "INSERT INTO sources (user_number, number, device_id, app_name, domain, project, language)
         WITH RECURSIVE app (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM app WHERE n < 19)
         SELECT users.number, 1 + n, 'laptop', 'App number ' || n,
           CASE WHEN n % 2 = 0 THEN 'site-' || n || '.example.org' ELSE '' END, '', '' FROM users, app WHERE {who};
         INSERT INTO app_usage (user_number, start_ms, end_ms, source_number)
         WITH RECURSIVE day (n) AS (VALUES ({first_day}) UNION ALL SELECT n + 1 FROM day WHERE n < {last_day}),
           slot (n) AS (VALUES (0) UNION ALL SELECT n + 1 FROM slot WHERE n < {slots}),
           piece (who, start, source) AS (
             SELECT number, day.n * 86400000 + slot.n * 315000 + number % 15 * 1000,
               1 + (slot.n * 7 + number) % 20
             FROM users CROSS JOIN day CROSS JOIN slot WHERE {who})
         SELECT who, start, start + 300000, source FROM piece;
         INSERT INTO ledger_days
           (day, user_number, version, mark, changed_ms, beat_hold_minutes, audible_counts)
         WITH RECURSIVE day (n) AS (VALUES ({first_day}) UNION ALL SELECT n + 1 FROM day WHERE n < {last_day})
         SELECT n, number, 1000, random(), 0, 15, 1 FROM users, day WHERE {who};"
    )
}

fn in_postgres(people: &RangeInclusive<u64>, first_day: i64, last_day: i64) -> String {
    let (first, last, slots) = (people.start(), people.end(), A_DAY - 1);
    let who = format!("uuid BETWEEN '{0}{first:010x}'::uuid AND '{0}{last:010x}'::uuid", prefix());
    let days = format!("generate_series({first_day}, {last_day}) AS day");
    format!(
        "INSERT INTO names (user_id, number, kind, key, device_id, app_name, domain)
         SELECT users.id, 1 + app * 50 + site, 0, gen_random_uuid(), 'laptop', 'App number ' || app,
           'site-' || site || '.example.org'
         FROM generate_series(0, 19) AS app, generate_series(0, 49) AS site, users WHERE {who}
         ON CONFLICT DO NOTHING;
         INSERT INTO pieces (user_id, start_time, end_time, source)
         SELECT users.id, start, start + interval '300 s',
           1 + (slot * 7 + users.id) % 20 * 50 + (slot + users.id) % 50
         FROM {days}, generate_series(0, {slots}) AS slot, users,
           LATERAL (SELECT to_timestamp(day * 86400 + slot * 315 + users.id % 15) AS start) AS at
         WHERE {who} ORDER BY day, slot, users.id;
         INSERT INTO ledger_days
           (user_id, day, version, mark, changed_at, edition, beat_hold_minutes, audible_counts)
         SELECT users.id, date '1970-01-01' + day, 1000, (random() * 1e18)::bigint, now(), 2, 15, true
         FROM users, {days} WHERE {who};"
    )
}

/// Stores the sums of one person's days, which a worker would have stored with the pieces.
async fn sum_up(database: &Database, person: u64, first_day: i64, last_day: i64) -> Result<(), Failure> {
    let user = identity(person.into());
    let midnight = |day: i64| UtcMs(day * SECONDS * 1_000);
    let days = Interval::new(midnight(first_day), midnight(last_day + 1)).ok_or("no days")?;
    let view = match database {
        Database::Sqlite(file) => {
            let folder = file.parent().ok_or("a database file lies in a folder")?;
            SqliteStore::open_alongside(folder)?.read(user, days).await
        }
        Database::Postgres(url) => PgStore::open(&PgConfig::new(url)?)?.read(user, days).await,
    };
    let mut pieces = view.map_err(|error| error.to_string())?.counted.into_iter().peekable();
    let uuid = format!("{}{person:010x}", prefix());
    let mut sql = Sql { sqlite: "BEGIN;".into(), postgres: String::new() };
    for day in first_day..=last_day {
        let of_day: Vec<_> =
            std::iter::from_fn(|| pieces.next_if(|piece| piece.interval.start() < midnight(day + 1)))
                .collect();
        let sums = stored_sums::encode(&DaySums::of(UtcDay(i32::try_from(day)?), &of_day));
        let sums = hexadecimal(&sums)?;
        writeln!(
            sql.sqlite,
            "INSERT INTO day_sums (user_number, day, version, bytes)
             SELECT user_number, day, version, x'{sums}' FROM ledger_days WHERE day = {day}
               AND user_number = (SELECT number FROM users WHERE id = unhex('{uuid}'));"
        )?;
        writeln!(
            sql.postgres,
            "UPDATE ledger_days SET sums = '\\x{sums}', sums_version = version WHERE day = date '1970-01-01' + {day}
               AND user_id = (SELECT id FROM users WHERE uuid = '{uuid}'::uuid);"
        )?;
    }
    sql.sqlite += "COMMIT";
    database.run(sql).await
}

fn hexadecimal(bytes: &[u8]) -> Result<String, std::fmt::Error> {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

/// How long reports took, sorted.
pub(crate) struct Times {
    /// Of each day, the whole answer.
    pub(crate) day: Vec<Duration>,
    /// Of all of them together, the whole answer.
    pub(crate) year: Vec<Duration>,
    /// Of each day, in the database alone; in PostgreSQL only.
    pub(crate) day_in_database: Vec<Duration>,
}

/// Reports of the first of the crowd, who has a whole year: each day and `years` times the year. What a server has just
/// read is in its memory, so all days were asked for once before.
pub(crate) async fn reports(server: &Server, token: &str, years: usize) -> Result<Times, Failure> {
    let mut connection = server.connect().await?;
    let last = now() / SECONDS - 1;
    let days: Vec<i64> = (last - DAYS + 1..=last).collect();
    let report = |query: String| get(&format!("/api/v1/report/apps?tz=UTC&{query}"), Some(token));
    let mut day = Vec::new();
    for round in 0..2 {
        for n in &days {
            let question = report(format!("date={}", date(n * SECONDS)));
            let begin = Instant::now();
            let answer = connection.json(&question).await?;
            if round > 0 {
                day.push(begin.elapsed());
            }
            must_have(&answer, A_DAY)?;
        }
    }
    let question = report(format!("from={}&to={}", date(days[0] * SECONDS), date(last * SECONDS)));
    let mut year = Vec::new();
    for _ in 0..years {
        let begin = Instant::now();
        let answer = connection.json(&question).await?;
        year.push(begin.elapsed());
        must_have(&answer, A_DAY * days.len() as u64)?;
    }
    let mut day_in_database = match server.database() {
        Database::Sqlite(_) => Vec::new(),
        Database::Postgres(url) => in_database(&url, &days).await?,
    };
    for times in [&mut day, &mut year, &mut day_in_database] {
        times.sort_unstable();
    }
    Ok(Times { day, year, day_in_database })
}

/// A report over nothing would be fast.
fn must_have(report: &serde_json::Value, pieces: u64) -> Result<(), Failure> {
    let (seconds, expected) = (report["total_seconds"].as_f64(), (pieces * 300) as f64);
    if seconds == Some(expected) {
        return Ok(());
    }
    Err(format!("a report has {seconds:?} s instead of {expected} s").into())
}

/// What PostgreSQL says of reading a day.
async fn in_database(url: &str, days: &[i64]) -> Result<Vec<Duration>, Failure> {
    let store = PgStore::open(&PgConfig::new(url)?)?;
    let mut times = Vec::new();
    for day in days {
        let at = |day: i64| UtcMs(day * SECONDS * 1_000);
        let day = Interval::new(at(*day), at(day + 1)).ok_or("a day is not empty")?;
        let plan = store.explain_read(identity(1), day, true).await.map_err(|error| error.to_string())?;
        let line = plan.iter().find_map(|line| line.strip_prefix("Execution Time:"));
        let ms: f64 =
            line.ok_or("the plan does not say how long it took")?.trim_end_matches(" ms").trim().parse()?;
        times.push(Duration::from_secs_f64(ms / 1_000.0));
    }
    Ok(times)
}
