//! The tables and statements of the release before: the end of the last piece grows in its row, and
//! each flush writes the day's sums.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, Transaction, params};

use crate::people::{A_DAY, EARLIER_DAYS, FLUSH_MS, Habit, PEOPLE, SOURCES, TODAY, app, user_id};

const STEPS: [&str; 4] = [
    include_str!("../../src/migrations/0001_accounts_and_ledger.sql"),
    include_str!("../../src/migrations/0002_report_jobs.sql"),
    include_str!("../../src/migrations/0003_day_sums.sql"),
    include_str!("../../src/migrations/0004_approving_session.sql"),
];
/// What the sums of some forty activities took.
const SUMS: usize = 1_300;

pub(crate) struct Flushes {
    connection: Connection,
    /// The last piece of each person: what it is of, where it starts and ends.
    last: Vec<Option<(i64, i64, i64)>>,
}

impl Flushes {
    pub(crate) fn prepare(folder: &Path) -> Self {
        let mut connection = Connection::open(folder.join("dayline.db")).unwrap();
        connection.set_prepared_statement_cache_capacity(64);
        connection
            .execute_batch(
                "PRAGMA journal_mode = wal; PRAGMA synchronous = full; PRAGMA foreign_keys = true;
                 PRAGMA secure_delete = true; PRAGMA trusted_schema = false; PRAGMA cell_size_check = true;
                 PRAGMA temp_store = memory; PRAGMA cache_size = -16384",
            )
            .unwrap();
        for sql in STEPS {
            connection.execute_batch(sql).unwrap();
        }
        let tx = connection.transaction().unwrap();
        fill(&tx);
        tx.commit().unwrap();
        connection.query_row("PRAGMA wal_checkpoint (TRUNCATE)", [], |_| Ok(())).unwrap();
        Self { connection, last: (0..PEOPLE).map(|_| None).collect() }
    }

    pub(crate) fn flush(&mut self, habit: Habit, round: i64) -> Duration {
        let started = Instant::now();
        let tx = self.connection.transaction().unwrap();
        execute(
            &tx,
            "UPDATE log_positions SET major = ?1, minor = 0 WHERE partition = 0 AND major = ?1 - 1",
            &[&(round + 1)],
        );
        let numbers: Vec<i64> = (0..PEOPLE).map(|person| move_version(&tx, person, round)).collect();
        for ((number, last), person) in numbers.into_iter().zip(&mut self.last).zip(0..) {
            let at = TODAY.start().0 + round * FLUSH_MS;
            match last {
                Some((of, start, end)) if !habit.begins(person, round) => {
                    let source = source(&tx, number, *of);
                    let grown: [&dyn rusqlite::ToSql; 5] = [&number, start, &source, end, &(at + FLUSH_MS)];
                    execute(
                        &tx,
                        "UPDATE app_usage SET end_ms = ?5
                         WHERE user_number = ?1 AND start_ms = ?2 AND source_number = ?3 AND end_ms = ?4",
                        &grown,
                    );
                    *end = at + FLUSH_MS;
                }
                _ => {
                    let of = last.map_or(0, |(of, ..)| of + 1) % SOURCES;
                    let source = source(&tx, number, of);
                    let piece: [&dyn rusqlite::ToSql; 4] = [&number, &at, &source, &(at + FLUSH_MS)];
                    execute(
                        &tx,
                        "INSERT INTO app_usage (user_number, start_ms, source_number, end_ms)
                         VALUES (?1, ?2, ?3, ?4)",
                        &piece,
                    );
                    *last = Some((of, at, at + FLUSH_MS));
                }
            }
        }
        tx.commit().unwrap();
        started.elapsed()
    }
}

fn execute(tx: &Transaction<'_>, sql: &str, row: &[&dyn rusqlite::ToSql]) {
    assert_eq!(tx.prepare_cached(sql).unwrap().execute(row).unwrap(), 1);
}

/// Gives the person's number.
fn move_version(tx: &Transaction<'_>, person: u64, round: i64) -> i64 {
    let mut find = tx.prepare_cached("SELECT number FROM users WHERE id = ?1").unwrap();
    let number: i64 = find.query_row([user_id(person).bits().to_be_bytes()], |row| row.get(0)).unwrap();
    let sums = vec![7_u8; SUMS];
    let row: [&dyn rusqlite::ToSql; 4] = [&number, &TODAY.0, &(round + 2), &sums];
    execute(
        tx,
        "UPDATE ledger_days SET version = ?3, changed_ms = 0, sums = ?4, sums_version = ?3
         WHERE user_number = ?1 AND day = ?2 AND version = ?3 - 1",
        &row,
    );
    number
}

fn source(tx: &Transaction<'_>, number: i64, of: i64) -> i64 {
    let find = "
        SELECT number FROM sources WHERE user_number = ?1 AND device_id = ?2 AND app_name = ?3 AND domain = ?4";
    let mut find = tx.prepare_cached(find).unwrap();
    find.query_row(params![number, "laptop", app(of), ""], |row| row.get(0)).unwrap()
}

fn fill(tx: &Transaction<'_>) {
    tx.execute("INSERT INTO log_positions VALUES (0, 0, 0)", []).unwrap();
    for person in 0..PEOPLE {
        let number = person as i64 + 1;
        let row = params![number, user_id(person).bits().to_be_bytes(), format!("{person}@example.org")];
        tx.execute("INSERT INTO users VALUES (?1, ?2, ?3, ?3, '', '', 'UTC', 0, 0)", row).unwrap();
        for of in 0..SOURCES {
            let row = params![number * SOURCES + of, number, app(of)];
            tx.execute("INSERT INTO sources VALUES (?1, ?2, 'laptop', ?3, '')", row).unwrap();
        }
        for day in TODAY.0 - EARLIER_DAYS..=TODAY.0 {
            let row = params![number, day, vec![7_u8; SUMS]];
            tx.prepare_cached("INSERT INTO ledger_days VALUES (?1, ?2, 1, 0, ?3, 1)")
                .unwrap()
                .execute(row)
                .unwrap();
            let pieces = if day == TODAY.0 { 0 } else { A_DAY };
            for n in 0..pieces {
                let start = i64::from(day) * 86_400_000 + n * 300_000;
                let row = params![number, start, start + 200_000, number * SOURCES + n % SOURCES];
                tx.prepare_cached("INSERT INTO app_usage VALUES (?1, ?2, ?3, ?4)")
                    .unwrap()
                    .execute(row)
                    .unwrap();
            }
        }
    }
}
