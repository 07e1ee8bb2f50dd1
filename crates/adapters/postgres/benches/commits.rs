//! Commits into a month that is already full, one every 5 seconds for everybody: what a commit takes,
//! and how many bytes of log, for each person. As workers do, each day is folded at every 32nd write,
//! another part of the people at each commit.
//!
//! `scripts/with-servers cargo bench -p dayline-postgres --bench commits -- PEOPLE TURNS`
//! (default: 1,000 and 3). The release before took 41 µs and 2,352 bytes a person whose activity
//! goes on while every sixth begins another (docs/benchmarks.md).

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

use dayline_app::ports::{
    Applied, DayKey, DayWrite, LedgerCommit, LedgerWriter, Mark, Partition, Position, StateWrite,
};
use dayline_domain::{
    AppName, Choices, DeviceId, Domain, Hours, Interval, LedgerDay, LocalDate, Observation, Piece,
    PieceChanges, Seen, Subject, UserId, UtcDay,
};
use support::{Database, argument, median_and_p99, register};
use tokio_postgres::Client;

/// Commits that are not measured: until all days were folded once.
const WARMING: u64 = 40;
const ROUNDS: u64 = 160;
const FOLD_AFTER: u64 = 32;
/// What people do: every how many commits each begins another activity, a part of them at each one.
const HABITS: [(&str, u64); 3] = [
    ("whose activity goes on", u64::MAX),
    ("of whom every sixth begins another activity", 6),
    ("of whom everybody begins another activity", 1),
];
/// What is changed in the month's tables before anything is written to them.
const TABLES: [(&str, &str); 2] = [
    ("as they are made", "SELECT"),
    (
        "without the exclusion constraint",
        "ALTER TABLE pieces_2026_11 DROP CONSTRAINT pieces_2026_11_no_overlap",
    ),
];
/// Where in the day the pings begin.
const FROM_MS: i64 = 30_000_000;
/// Pieces each person has in the month before the day that is measured.
const BEFORE: u64 = 1_000;

/// A person's day and what the database has of it, as a worker keeps them.
struct Kept {
    user: UserId,
    day: LedgerDay,
    rows: Vec<Piece>,
    recent: Option<Observation>,
    older: Vec<Observation>,
    unfolded: Hours,
}

impl Kept {
    fn write(&mut self, ping: Observation, folds: bool) -> DayWrite {
        let change = self.day.record(std::slice::from_ref(&ping)).unwrap();
        self.unfolded = self.unfolded.and(change.hours);
        self.recent = Some(match self.recent.take() {
            Some(last) if last.subject() == ping.subject() => {
                Observation::new(ping.subject().clone(), last.interval().hull(ping.interval()))
            }
            last => {
                self.older.extend(last);
                ping
            }
        });
        let mut rows: Vec<Piece> = self.day.counted().collect();
        let tail = rows.pop();
        let ended = PieceChanges::between(&self.rows, &rows);
        self.rows = rows;
        let state = if folds {
            (self.recent, self.older) = (None, Vec::new());
            let hours = std::mem::take(&mut self.unfolded);
            let hours = hours.iter().map(|hour| (hour, self.day.observations_of_hour(hour).collect()));
            StateWrite::Folded { hours: hours.collect(), sums: self.day.sums() }
        } else {
            StateWrite::Recent(self.older.iter().chain(&self.recent).cloned().collect())
        };
        let mark = Mark(change.to_version.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let (from_version, to_version, settled_by) =
            (change.from_version, change.to_version, self.day.terms().clone());
        DayWrite { day: change.day, from_version, to_version, mark, settled_by, ended, tail, state }
    }
}

/// A commit of a ping of everybody.
fn commit(people: &mut [Kept], round: u64, every: u64) -> LedgerCommit {
    let position = |major| Position { major, minor: 0 };
    let mut days = Vec::with_capacity(people.len());
    for (n, kept) in (0..).zip(people) {
        let app = if every == u64::MAX { 0 } else { (round + n) / every % 20 };
        let seen = Seen::Use {
            app: AppName::new(&format!("App number {app}")).unwrap(),
            domain: Domain::new("example.org").ok(),
            project: None,
        };
        let subject = Arc::new(Subject { device: DeviceId::new("laptop").unwrap(), seen });
        let start = kept.day.day().start().plus(FROM_MS + round as i64 * 5_000);
        let ping = Observation::new(subject, Interval::new(start, start.plus(5_000)).unwrap());
        let folds = round == 0 || (round + n).is_multiple_of(FOLD_AFTER);
        days.push((kept.user, kept.write(ping, folds)));
    }
    LedgerCommit {
        partition: Partition(0),
        from: position(round),
        to: position(round + 1),
        days,
        corrections: Vec::new(),
        dead: Vec::new(),
        at: UtcDay(0).start(),
    }
}

/// How many bytes the server has logged.
async fn logged(client: &Client) -> i64 {
    let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint";
    client.query_one(sql, &[]).await.unwrap().get(0)
}

/// What commits took, in milliseconds, and the log's bytes a person and commit.
#[derive(Default)]
struct Measured {
    ms: Vec<f64>,
    bytes: Vec<f64>,
}

impl Measured {
    async fn measure(&mut self, table: &str, count: u64, every: u64) {
        let database = Database::create().await;
        let store = &database.store;
        let day = UtcDay(LocalDate::from_ymd(2026, 11, 20).unwrap().0);
        store.prepare_months(day.start()).await.unwrap();
        let client = database.client().await;
        client.batch_execute(table).await.unwrap();
        let mut people = Vec::new();
        for n in 0..count {
            let user = register(store, n).await;
            let day = LedgerDay::empty(day, Choices::default());
            let (rows, recent, older, unfolded) = (Vec::new(), None, Vec::new(), Hours::default());
            people.push(Kept { user, day, rows, recent, older, unfolded });
        }
        let fill = format!(
            "INSERT INTO pieces (user_id, start_time, end_time, source)
             SELECT users.id, start, start + interval '300 s', 1 + slot % 20
             FROM generate_series(0, {BEFORE} - 1) AS slot, users,
               LATERAL (SELECT '2026-11-01 00:00:00+00'::timestamptz + slot * interval '900 s' AS start) AS at
             ORDER BY slot, users.id"
        );
        client.batch_execute(&fill).await.unwrap();
        // Two messages: several commands in one are a transaction, where nothing can be vacuumed.
        client.batch_execute("VACUUM ANALYZE").await.unwrap();
        client.batch_execute("CHECKPOINT").await.unwrap();
        // As a worker does before it writes.
        store.load(people.iter().map(|kept| DayKey { user: kept.user, day }).collect()).await.unwrap();
        let mut before = 0;
        for round in 0..WARMING + ROUNDS {
            if round == WARMING {
                before = logged(&client).await;
            }
            let commit = Arc::new(commit(&mut people, round, every));
            let started = Instant::now();
            assert_eq!(store.apply(commit).await, Ok(Applied::Done));
            if round >= WARMING {
                self.ms.push(started.elapsed().as_secs_f64() * 1_000.0);
            }
        }
        let bytes = logged(&client).await - before;
        self.bytes.push(bytes as f64 / (ROUNDS * count) as f64);
    }
}

#[tokio::main]
async fn main() {
    let (count, turns) = (argument(0, 1_000), argument(1, 3));
    println!("{count} people with {BEFORE} pieces each in the month; {turns} turns");
    for (what, every) in HABITS {
        let mut measured = TABLES.map(|_| Measured::default());
        for _ in 0..turns {
            for ((_, table), measured) in TABLES.iter().zip(&mut measured) {
                measured.measure(table, count, every).await;
            }
        }
        println!("people {what}");
        for ((name, _), Measured { ms, bytes }) in TABLES.iter().zip(measured) {
            let bytes = bytes.iter().sum::<f64>() / bytes.len() as f64;
            let mean = ms.iter().sum::<f64>() / ms.len() as f64 * 1_000.0 / count as f64;
            println!("  tables {name}");
            println!("    {}   {mean:.1} µs and {bytes:.0} bytes of log a person", median_and_p99(ms));
        }
    }
}
