//! A year of one person with 100,000 pieces, stored commit by commit: how long a year's reports
//! take when they are made of pieces and of sums, one after the other.
//!
//! `cargo bench -p dayline-sqlite --bench reports`

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for people")]

use std::sync::Arc;
use std::time::Duration;

use dayline_app::ports::{
    Accounts, Applied, CreateUser, DayWrite, LedgerCommit, LedgerWriter, Mark, Partition, PasswordHash,
    Position, StateWrite, User,
};
use dayline_contract::measures::reports;
use dayline_domain::report::{Cut, Period};
use dayline_domain::{
    AppName, Choices, DeviceId, Domain, Email, FullName, Interval, LedgerDay, LocalDate, Observation, Seen,
    Subject, UserId, UtcDay, UtcMs,
};
use dayline_sqlite::{FolderLock, SqliteStore};

/// Pieces of one day: 100,000 a year.
const A_DAY: i64 = 274;
const FIRST: UtcDay = UtcDay(20_454);

/// One use every 315 seconds, 300 seconds long.
fn uses(day: UtcDay) -> Vec<Observation> {
    let used = |slot: i64| {
        let domain =
            (slot % 2 == 0).then(|| Domain::new(&format!("site-{}.example.org", slot % 50)).unwrap());
        let app = AppName::new(&format!("App number {}", slot * 7 % 20)).unwrap();
        let seen = Seen::Use { app, domain, project: None };
        let start = day.start().plus(slot * 315_000);
        let subject = Subject { device: DeviceId::new("laptop").unwrap(), seen };
        Observation::new(Arc::new(subject), Interval::new(start, start.plus(300_000)).unwrap())
    };
    (0..A_DAY).map(used).collect()
}

/// A day as it is stored once it is over.
fn write(day: UtcDay) -> DayWrite {
    let mut settled = LedgerDay::empty(day, Choices::default());
    let change = settled.record(&uses(day)).unwrap();
    let hours = settled.hours().iter();
    let hours = hours.map(|hour| (hour, settled.observations_of_hour(hour).collect())).collect();
    DayWrite {
        day,
        from_version: change.from_version,
        to_version: change.to_version,
        mark: Mark(1),
        settled_by: settled.terms().clone(),
        ended: change.counted,
        tail: None,
        state: StateWrite::Folded { hours, sums: settled.sums() },
    }
}

async fn build(store: &SqliteStore) -> UserId {
    let user = User {
        id: UserId::v7(1, [3; 10]),
        email: Email::new("person@example.org").unwrap(),
        full_name: FullName::new("Somebody").unwrap(),
        timezone: "UTC".to_owned(),
        created_at: UtcMs(0),
        updated_at: UtcMs(0),
        disabled_at: None,
    };
    let id = user.id;
    assert_eq!(store.create(user, PasswordHash(String::new())).await, Ok(CreateUser::Created));
    let position = |major| Position { major, minor: 0 };
    for n in 0..365 {
        let day = UtcDay(FIRST.0 + n);
        let (from, to) = (position(n as u64), position(n as u64 + 1));
        let (partition, days, at) = (Partition(0), vec![(id, write(day))], day.start());
        let (corrections, dead) = (Vec::new(), Vec::new());
        let commit = LedgerCommit { partition, from, to, days, corrections, dead, at };
        assert_eq!(store.apply(Arc::new(commit)).await, Ok(Applied::Done));
    }
    id
}

async fn compare(store: &SqliteStore, user: UserId, what: &str, cut: Cut) {
    let dates = LocalDate(FIRST.0)..=LocalDate(FIRST.0 + 364);
    let times = reports::times(store, user, dates, cut).await;
    println!("a year's report {what}, five hours west of Greenwich");
    println!("  made of pieces             {}", median_and_worst(&times.of_pieces));
    println!("  made of sums               {}", median_and_worst(&times.of_sums));
}

fn median_and_worst(times: &[Duration]) -> String {
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    format!("median {:8.3} ms   worst {:8.3} ms", ms(times[times.len() / 2]), ms(times[times.len() - 1]))
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(FolderLock::acquire(folder.path()).unwrap()).unwrap();
    let user = build(&store).await;
    let bytes = std::fs::metadata(folder.path().join("dayline.db")).unwrap().len();
    println!("one person with {} pieces in {} kB", A_DAY * 365, bytes >> 10);
    compare(&store, user, "per app", Cut::Whole).await;
    compare(&store, user, "per day", Cut::Periods(Period::Day)).await;
    compare(&store, user, "per hour", Cut::Hours).await;
}
