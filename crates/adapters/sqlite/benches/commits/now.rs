//! Flushes as workers make them today: a tail that grows in the day's row, beside what is recent, and
//! one fold in 32 flushes of a person.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dayline_app::ports::{
    Applied, DayWrite, LedgerCommit, LedgerWriter, Mark, Partition, Position, StateWrite,
};
use dayline_domain::{
    AppName, Choices, DaySums, DeviceId, Interval, Observation, Piece, PieceChanges, Seen, Source, Subject,
    UtcDay,
};
use dayline_sqlite::{FolderLock, SqliteStore};
use rusqlite::{Connection, params};

use crate::people::{A_DAY, EARLIER_DAYS, FLUSH_MS, Habit, PEOPLE, SOURCES, TODAY, app, user_id};

/// Flushes from one fold to the next.
const FOLD: i64 = 32;
const HOUR_MS: i64 = 3_600_000;

/// What a person did today.
#[derive(Default)]
struct Today {
    version: u64,
    pieces: Vec<Piece>,
    /// How many of the pieces were there at the last fold.
    folded: usize,
}

pub(crate) struct Flushes {
    store: SqliteStore,
    people: Vec<Today>,
    apps: Vec<(Arc<Source>, Arc<Subject>)>,
}

impl Flushes {
    pub(crate) fn prepare(folder: &Path) -> Self {
        let store = SqliteStore::open(FolderLock::acquire(folder).unwrap()).unwrap();
        fill(&Connection::open(folder.join("dayline.db")).unwrap());
        let apps = (0..SOURCES).map(|n| {
            let seen = Seen::Use { app: AppName::new(&app(n)).unwrap(), domain: None, project: None };
            let subject = Subject { device: DeviceId::new("laptop").unwrap(), seen };
            (Source::new("laptop", &app(n), None).unwrap(), Arc::new(subject))
        });
        let people = (0..PEOPLE).map(|_| Today::default()).collect();
        Self { apps: apps.collect(), people, store }
    }

    pub(crate) async fn flush(&mut self, habit: Habit, round: i64) -> Duration {
        let apps = &self.apps;
        let write =
            |(person, today): (u64, &mut Today)| (user_id(person), today.go_on(apps, person, habit, round));
        let days = (0..).zip(&mut self.people).map(write).collect();
        let position = |major: i64| Position { major: major as u64, minor: 0 };
        let commit = Arc::new(LedgerCommit {
            partition: Partition(0),
            from: position(round),
            to: position(round + 1),
            days,
            corrections: Vec::new(),
            dead: Vec::new(),
            at: TODAY.start(),
        });
        let started = Instant::now();
        assert_eq!(self.store.apply(commit).await, Ok(Applied::Done));
        started.elapsed()
    }
}

impl Today {
    fn go_on(
        &mut self,
        apps: &[(Arc<Source>, Arc<Subject>)],
        person: u64,
        habit: Habit,
        round: i64,
    ) -> DayWrite {
        let start = TODAY.start().plus(round * FLUSH_MS);
        let mut ended = PieceChanges::default();
        match self.pieces.last_mut() {
            Some(last) if !habit.begins(person, round) => {
                last.interval = Interval::new(last.interval.start(), start.plus(FLUSH_MS)).unwrap();
            }
            last => {
                ended.added.extend(last.cloned());
                let (source, _) = &apps[self.pieces.len() % apps.len()];
                let interval = Interval::new(start, start.plus(FLUSH_MS)).unwrap();
                self.pieces.push(Piece { source: Arc::clone(source), interval });
            }
        }
        let folds = (person as i64 + round) % FOLD == 0;
        let state = if folds { self.fold(apps) } else { StateWrite::Recent(self.recent(apps)) };
        self.version += 1;
        DayWrite {
            day: TODAY,
            from_version: self.version - 1,
            to_version: self.version,
            mark: Mark(self.version.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ person),
            settled_by: Choices::default().into(),
            ended,
            tail: self.pieces.last().cloned(),
            state,
        }
    }

    /// Writes the hours that the last fold did not have whole.
    fn fold(&mut self, apps: &[(Arc<Source>, Arc<Subject>)]) -> StateWrite {
        let hour = |piece: &Piece| (piece.interval.start().since(TODAY.start()) / HOUR_MS) as u8 + 2;
        let first = self.pieces.get(self.folded.saturating_sub(1)).map_or(2, hour);
        let from = self.pieces.partition_point(|piece| hour(piece) < first);
        let all = self.since(apps, from);
        let hours = self.pieces[from..].iter().zip(all).map(|(piece, observed)| (hour(piece), observed));
        let mut parts = Vec::<(u8, Vec<Observation>)>::new();
        for (hour, observed) in hours {
            match parts.last_mut() {
                Some((last, part)) if *last == hour => part.push(observed),
                _ => parts.push((hour, vec![observed])),
            }
        }
        self.folded = self.pieces.len();
        StateWrite::Folded { hours: parts, sums: DaySums::of(TODAY, &self.pieces) }
    }

    /// What was observed since the last fold; the piece that grew on after it is part of it.
    fn recent(&self, apps: &[(Arc<Source>, Arc<Subject>)]) -> Vec<Observation> {
        self.since(apps, self.folded.saturating_sub(1))
    }

    fn since(&self, apps: &[(Arc<Source>, Arc<Subject>)], from: usize) -> Vec<Observation> {
        let observed = |(n, piece): (usize, &Piece)| {
            let (_, subject) = &apps[n % apps.len()];
            Observation::new(Arc::clone(subject), piece.interval)
        };
        self.pieces.iter().enumerate().skip(from).map(observed).collect()
    }
}

fn fill(connection: &Connection) {
    connection.execute_batch("PRAGMA synchronous = off; BEGIN").unwrap();
    for person in 0..PEOPLE {
        let number = person as i64 + 1;
        let row = params![number, user_id(person).bits().to_be_bytes(), format!("{person}@example.org")];
        connection
            .execute(
                "INSERT INTO users (number, id, email, email_key, password_hash, full_name, timezone, created_ms,
                                    updated_ms)
                 VALUES (?1, ?2, ?3, ?3, '', '', 'UTC', 0, 0)",
                row,
            )
            .unwrap();
        for of in 0..SOURCES {
            let row = params![number, of + 1, app(of)];
            let add = "INSERT INTO sources VALUES (?1, ?2, 'laptop', ?3, '', '', '')";
            connection.execute(add, row).unwrap();
            let add = "INSERT INTO subjects VALUES (?1, ?2, 'laptop', 1, ?3, '', '', '')";
            connection.execute(add, row).unwrap();
        }
        for day in (TODAY.0 - EARLIER_DAYS..TODAY.0).map(UtcDay) {
            earlier(connection, number, day);
        }
    }
    connection.execute_batch("COMMIT; PRAGMA wal_checkpoint (TRUNCATE)").unwrap();
}

fn earlier(connection: &Connection, number: i64, day: UtcDay) {
    let execute = |sql: &str, row: &[&dyn rusqlite::ToSql]| {
        assert_eq!(connection.prepare_cached(sql).unwrap().execute(row).unwrap(), 1);
    };
    execute(
        "INSERT INTO ledger_days VALUES (?2, ?1, 9, random(), 0, 15, 1, NULL, NULL, NULL, NULL)",
        &[&number, &day.0],
    );
    execute("INSERT INTO day_sums VALUES (?1, ?2, 9, randomblob(1000))", &[&number, &day.0]);
    for hour in 8..18 {
        execute("INSERT INTO observations VALUES (?1, ?2, ?3, randomblob(300))", &[&number, &day.0, &hour]);
    }
    for n in 0..A_DAY {
        let start = day.start().0 + n * 300_000;
        execute(
            "INSERT INTO app_usage VALUES (?1, ?2, ?3, ?4)",
            &[&number, &start, &(start + 200_000), &(n % SOURCES + 1)],
        );
    }
}
