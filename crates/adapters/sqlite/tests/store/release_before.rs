//! A data folder of the release before, which knew the first edition of the timeline rule, opened by
//! this one.

use std::path::Path;

use dayline_app::ports::{
    Applied, DayKey, DayWrite, Edition, LedgerReader, LedgerWriter, LoadedDay, Mark, PortError,
    PreferenceStore, ReportJobs, StateWrite, StoredDay,
};
use dayline_domain::report::report_job::JobDays;
use dayline_domain::report::{Filter, Grouping};
use dayline_domain::{
    Choices, DayStart, Interval, JobId, LedgerDay, LocalDate, Observation, Piece, PieceChanges, Preferences,
    ReportKind, Source, UserId, UtcDay, UtcMs, Weekday,
};
use dayline_sqlite::SqliteStore;
use rusqlite::{Connection, params};
use tempfile::{TempDir, tempdir};

use crate::{DAY, commit, observed, open, used, user_id};

/// The steps that the release before took.
const STEPS: [(&str, &str); 4] = [
    ("accounts_and_ledger", include_str!("../../src/migrations/0001_accounts_and_ledger.sql")),
    ("report_jobs", include_str!("../../src/migrations/0002_report_jobs.sql")),
    ("day_sums", include_str!("../../src/migrations/0003_day_sums.sql")),
    ("approving_session", include_str!("../../src/migrations/0004_approving_session.sql")),
];

const MINUTE: i64 = 60_000;

/// A stretch that counted or was outranked: the day after [`DAY`], and minutes after its midnight.
#[derive(Clone, Copy)]
struct Row {
    day: i32,
    source: usize,
    start: i64,
    end: i64,
}

const fn row(day: i32, source: usize, start: i64, end: i64) -> Row {
    Row { day, source, start, end }
}

const SOURCES: [(&str, &str, Option<&str>); 4] = [
    ("laptop", "Code", None),
    ("laptop", "Firefox", Some("example.org")),
    ("phone", "Mail", None),
    ("phone", "Maps", Some("maps.example.org")),
];

/// Three days with pieces on both sides of each midnight, within the two hours and further away.
const COUNTED: [Row; 9] = [
    row(-1, 0, 600, 700),
    row(-1, 1, 1_300, 1_380),
    row(-1, 2, 1_400, 1_440),
    row(0, 2, 0, 30),
    row(0, 0, 30, 200),
    row(0, 1, 1_350, 1_430),
    row(1, 3, 5, 10),
    row(1, 0, 60, 180),
    row(1, 1, 700, 800),
];
const OUTRANKED: [Row; 4] =
    [row(-1, 3, 1_390, 1_440), row(0, 3, 40, 50), row(0, 2, 1_400, 1_420), row(1, 2, 90, 100)];

impl Row {
    fn interval(self) -> Interval {
        let at = |minutes: i64| UtcDay(DAY.0 + self.day).start().plus(minutes * MINUTE);
        Interval::new(at(self.start), at(self.end)).unwrap()
    }

    fn piece(self) -> Piece {
        let (device, app, domain) = SOURCES[self.source];
        Piece { source: Source::new(device, app, domain).unwrap(), interval: self.interval() }
    }

    fn used(self) -> Observation {
        let (device, app, domain) = SOURCES[self.source];
        Observation::new(used(device, app, domain), self.interval())
    }
}

fn day(n: i32) -> UtcDay {
    UtcDay(DAY.0 + n)
}

/// The folder of the release before: one person with three days, another one with none.
fn left_behind() -> TempDir {
    let folder = tempdir().unwrap();
    let raw = Connection::open(folder.path().join("dayline.db")).unwrap();
    raw.execute_batch(
        "PRAGMA journal_mode = wal;
         PRAGMA application_id = 0x44594C4E;
         CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT",
    )
    .unwrap();
    for (n, (name, sql)) in STEPS.iter().enumerate() {
        raw.execute_batch(sql).unwrap();
        let row = params![n as u32 + 1, name, crc32fast::hash(sql.as_bytes())];
        raw.execute("INSERT INTO migrations VALUES (?1, ?2, ?3)", row).unwrap();
    }
    for n in [1, 2] {
        let row = params![n as u32 * 5, user_id(n).bits().to_be_bytes(), format!("{n}@example.org")];
        raw.execute("INSERT INTO users VALUES (?1, ?2, ?3, ?3, '', '', 'UTC', 0, 0)", row).unwrap();
    }
    for (n, (device, app, domain)) in SOURCES.iter().enumerate() {
        // Numbers that go on from other people's.
        let row = params![1_000 + n as u32, device, app, domain.unwrap_or_default()];
        raw.execute("INSERT INTO sources VALUES (?1, 5, ?2, ?3, ?4)", row).unwrap();
    }
    for (table, rows) in [("app_usage", &COUNTED[..]), ("outranked_usage", &OUTRANKED)] {
        let add = format!(
            "INSERT INTO {table} (user_number, start_ms, end_ms, source_number) VALUES (5, ?1, ?2, ?3)"
        );
        for row in rows {
            let interval = row.interval();
            let row = params![interval.start().0, interval.end().0, 1_000 + row.source as u32];
            raw.execute(&add, row).unwrap();
        }
    }
    for n in [-1, 0, 1] {
        let add = "INSERT INTO ledger_days VALUES (5, ?1, 7, ?1, x'0100', 7)";
        raw.execute(add, [day(n).0]).unwrap();
    }
    folder
}

fn pieces(of: impl Fn(&Row) -> bool) -> Vec<Piece> {
    COUNTED.iter().filter(|row| of(row)).map(|row| row.piece()).collect()
}

/// What the first edition knew of a day's window, as uses.
fn uses_around(n: i32) -> Vec<Observation> {
    COUNTED.iter().chain(&OUTRANKED).filter(|row| (row.day - n).abs() <= 1).map(|row| row.used()).collect()
}

/// The rule's answer of all that is known of a day.
fn settled(n: i32, observations: &[Observation]) -> LedgerDay {
    let mut day = LedgerDay::empty(day(n), Choices::default());
    day.record(observations).unwrap();
    day
}

async fn loaded(store: &SqliteStore, user: UserId, n: i32) -> StoredDay {
    let loaded = store.load(vec![DayKey { user, day: day(n) }]).await.unwrap().remove(0);
    let LoadedDay::Day(stored) = loaded else { panic!("{loaded:?}") };
    *stored
}

fn three_days() -> Interval {
    day(-1).interval().hull(day(1).interval())
}

/// Records observations in a stored day and gives how it is written whole.
fn folded(stored: StoredDay, observations: &[Observation]) -> (DayWrite, LedgerDay) {
    let StoredDay { day, version, settled_by, observations: known, corrections, counted, .. } = stored;
    let mut settled = LedgerDay::restore(day, version, settled_by.clone(), known, corrections);
    let change = settled.record(observations).unwrap();
    let hours = settled.hours().iter();
    let hours = hours.map(|hour| (hour, settled.observations_of_hour(hour).collect())).collect();
    let write = DayWrite {
        day,
        from_version: change.from_version,
        to_version: change.to_version,
        mark: Mark(99),
        settled_by,
        ended: PieceChanges::between(&counted, &settled.counted().collect::<Vec<_>>()),
        tail: None,
        state: StateWrite::Folded { hours, sums: settled.sums() },
    };
    (write, settled)
}

fn count(folder: &Path, table: &str) -> i64 {
    let raw = Connection::open(folder.join("dayline.db")).unwrap();
    raw.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn reports_of_old_days_are_what_they_were() {
    let folder = left_behind();
    let store = open(folder.path());
    let user = user_id(1);
    let view = store.read(user, three_days()).await.unwrap();
    assert_eq!(view.counted, pieces(|_| true));
    let summed = store.read_sums(user, three_days(), Vec::new()).await.unwrap();
    assert_eq!((summed.counted, summed.sums), (pieces(|_| true), Vec::new()));
    assert_eq!(summed.marks, view.marks);
    assert_eq!(store.extent(user).await, Ok(Some((day(-1), day(1)))));
    let since = UtcMs(day(0).0.into());
    assert_eq!(store.changed_since(user, since).await, Ok(vec![(day(0), 7), (day(1), 7)]));
    assert_eq!(store.preferences(user).await, Ok(Some(Preferences::default())));
    assert_eq!(store.read(user_id(2), three_days()).await.unwrap().counted, []);
    assert_eq!(count(folder.path(), "app_usage"), 9);
}

#[tokio::test]
async fn a_report_job_of_before_is_of_everything_and_of_days_that_begin_at_midnight() {
    let folder = left_behind();
    let (user, id) = (user_id(1), JobId::from_bits(7));
    let insert = "INSERT INTO report_jobs (id, user_number, kind, format, from_day, to_day, timezone, created_ms, state,
                      attempt, days_done, days_all, chunks, bytes)
                  VALUES (?1, 5, 'domains', 'csv', 20000, 20009, 'Europe/Berlin', 5, 'queued', 0, 0, 10, 0, 0)";
    let raw = Connection::open(folder.path().join("dayline.db")).unwrap();
    raw.execute(insert, [id.bits().to_be_bytes()]).unwrap();
    drop(raw);
    let days = JobDays {
        from: LocalDate(20_000),
        to: LocalDate(20_009),
        tz: "Europe/Berlin".to_owned(),
        day_start: DayStart::default(),
        week_start: Weekday::Monday,
    };
    let store = open(folder.path());
    let job = store.claim(UtcMs(6), UtcMs(9)).await.unwrap().unwrap();
    assert_eq!((job.id, job.user, job.kind), (id, user, ReportKind::Sums(Grouping::Domains)));
    assert_eq!((&job.days, &job.filter), (&Some(days), &Filter::ALL));
    assert_eq!(ReportJobs::find(&store, user, id).await, Ok(Some(job)));
}

/// A cache must not take one day for another, nor one database for another that holds the same days.
#[tokio::test]
async fn old_days_have_marks_of_their_own_that_stay() {
    let mut all = Vec::new();
    for _ in 0..2 {
        let folder = left_behind();
        let marks = open(folder.path()).marks(user_id(1), three_days()).await.unwrap();
        assert_eq!(marks.iter().map(|(day, _)| *day).collect::<Vec<_>>(), [day(-1), day(0), day(1)]);
        assert_eq!(open(folder.path()).marks(user_id(1), three_days()).await.as_ref(), Ok(&marks));
        all.extend(marks.into_iter().map(|(_, mark)| mark));
    }
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 6);
}

#[tokio::test]
async fn a_first_write_of_an_old_day_is_exact_and_leaves_its_neighbours_as_they_were() {
    let folder = left_behind();
    let store = open(folder.path());
    let user = user_id(1);
    // Seen between what was known, over midnight, and on a device that is new.
    let late = [
        observed(&used("laptop", "Code", None), 210 * MINUTE, 220 * MINUTE),
        observed(&used("tablet", "Books", None), 1_425 * MINUTE, 1_445 * MINUTE),
        observed(&used("laptop", "Firefox", Some("example.org")), -20 * MINUTE, 5 * MINUTE),
    ];
    let stored = loaded(&store, user, 0).await;
    assert_eq!((stored.edition, stored.version), (Edition::First, 7));
    assert_eq!(stored.counted, pieces(|row| row.day == 0));
    let (write, settled_day) = folded(stored, &late);
    let by_rule = settled(0, &[&uses_around(0)[..], &late].concat());
    assert!(settled_day.counted().eq(by_rule.counted()));

    // Less than all of it is refused, and changes nothing.
    let recent = DayWrite { state: StateWrite::Recent(late.to_vec()), ..write.clone() };
    assert!(matches!(store.apply(commit(0, vec![(user, recent)])).await, Err(PortError::Rejected(_))));
    assert_eq!(loaded(&store, user, 0).await.edition, Edition::First);

    assert_eq!(store.apply(commit(0, vec![(user, write.clone())])).await, Ok(Applied::Done));
    assert_eq!(store.apply(commit(1, vec![(user, write)])).await, Ok(Applied::Stale));
    let stored = loaded(&store, user, 0).await;
    assert_eq!((stored.edition, stored.version), (Edition::Second, 8));
    crate::tracked::assert_same(&stored, &settled_day);
    for n in [-1, 1] {
        let neighbour = loaded(&store, user, n).await;
        assert_eq!((neighbour.edition, neighbour.version), (Edition::First, 7));
        assert_eq!(neighbour.counted, pieces(|row| row.day == n));
    }
    let summed = store.read_sums(user, three_days(), Vec::new()).await.unwrap();
    assert_eq!(summed.sums, [by_rule.sums()]);
    assert_eq!(summed.counted, pieces(|row| row.day != 0));
    assert_eq!((summed.marks[1], summed.marks.len()), ((day(0), Mark(99)), 3));
    // Only their neighbours keep anything in the form of the first edition.
    assert_eq!((count(folder.path(), "first_days"), count(folder.path(), "first_outranked")), (2, 2));

    // What was told to the day is known to an old neighbour, as far as it lies in its window.
    let neighbour = loaded(&store, user, 1).await;
    let (write, settled_day) =
        folded(neighbour, &[observed(&used("d", "New", None), 1_500 * MINUTE, 1_510 * MINUTE)]);
    let all =
        [&uses_around(1)[..], &late, &[observed(&used("d", "New", None), 1_500 * MINUTE, 1_510 * MINUTE)]]
            .concat();
    assert!(settled_day.counted().eq(settled(1, &all).counted()));
    assert_eq!(store.apply(commit(1, vec![(user, write)])).await, Ok(Applied::Done));
    crate::tracked::assert_same(&loaded(&store, user, 1).await, &settled_day);
}

#[tokio::test]
async fn a_day_beside_an_old_one_knows_what_that_knew_within_two_hours() {
    let folder = left_behind();
    let store = open(folder.path());
    let stored = loaded(&store, user_id(1), 2).await;
    assert_eq!((stored.edition, stored.version, stored.counted.len()), (Edition::Second, 0, 0));
    assert_eq!(stored.observations, []);
    let stored = loaded(&store, user_id(1), -2).await;
    assert_eq!(stored.observations, []);
    let (write, settled_day) = folded(
        loaded(&store, user_id(1), -2).await,
        &[observed(&used("laptop", "Code", None), -2_000 * MINUTE, -1_990 * MINUTE)],
    );
    assert_eq!(store.apply(commit(0, vec![(user_id(1), write)])).await, Ok(Applied::Done));
    crate::tracked::assert_same(&loaded(&store, user_id(1), -2).await, &settled_day);
    // The day after the last one, had that gone on to midnight.
    let raw = Connection::open(folder.path().join("dayline.db")).unwrap();
    let last = row(1, 2, 1_300, 1_440);
    let piece = params![last.interval().start().0, last.interval().end().0];
    raw.execute("INSERT INTO app_usage VALUES (5, ?1, ?2, 1002)", piece).unwrap();
    let stored = loaded(&store, user_id(1), 2).await;
    let within = Interval::new(day(2).start().plus(-120 * MINUTE), day(2).start()).unwrap();
    assert_eq!(stored.observations, [last.used().clip(within).unwrap()]);
}
