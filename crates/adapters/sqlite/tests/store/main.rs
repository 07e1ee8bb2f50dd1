//! The SQLite store as a whole: the contract of its ports, and what only a store on a disk can get
//! wrong.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod backup;
mod contract;
mod damage;
mod durability;
mod erasure;
mod folder;
mod names;
mod queries;
mod release_before;
mod tracked;

use std::path::Path;
use std::sync::Arc;

use dayline_app::ports::{
    Accounts, CreateUser, DayWrite, LedgerCommit, Partition, PasswordHash, Position, User,
};
use dayline_domain::{
    AppName, DeviceId, Domain, Email, FullName, Interval, Observation, Seen, Subject, UserId, UtcDay, UtcMs,
};
use dayline_sqlite::{FolderLock, SqliteStore};

const DAY: UtcDay = UtcDay(20_777);
const NOW: UtcMs = UtcMs(1_795_132_800_000);
const PARTITION: Partition = Partition(0);

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(FolderLock::acquire(folder).unwrap()).unwrap()
}

fn user_id(n: u64) -> UserId {
    UserId::v7(NOW.0 as u64, [n as u8; 10])
}

/// Registers the `n`-th person.
async fn register(store: &SqliteStore, n: u64) -> UserId {
    let user = User {
        id: user_id(n),
        email: Email::new(&format!("mail-{n}@secret.example")).unwrap(),
        full_name: FullName::new(&format!("Secret Name {n}")).unwrap(),
        timezone: "UTC".to_owned(),
        created_at: NOW,
        updated_at: NOW,
        disabled_at: None,
    };
    let created = Accounts::create(store, user, PasswordHash(format!("secret-hash-{n}"))).await;
    assert_eq!(created, Ok(CreateUser::Created));
    user_id(n)
}

/// A stretch of [`DAY`], in milliseconds since its midnight.
fn interval(start: i64, end: i64) -> Interval {
    let at = |ms: i64| DAY.start().plus(ms);
    Interval::new(at(start), at(end)).unwrap()
}

fn subject(device: &str, seen: Seen) -> Arc<Subject> {
    Arc::new(Subject { device: DeviceId::new(device).unwrap(), seen })
}

/// An app in use, as it is observed.
fn used(device: &str, app: &str, domain: Option<&str>) -> Arc<Subject> {
    let domain = domain.map(|name| Domain::new(name).unwrap());
    subject(device, Seen::Use { app: AppName::new(app).unwrap(), domain, project: None })
}

/// What was observed in a stretch of [`DAY`].
fn observed(subject: &Arc<Subject>, start: i64, end: i64) -> Observation {
    Observation::new(Arc::clone(subject), interval(start, end))
}

fn commit(from: u64, days: Vec<(UserId, DayWrite)>) -> Arc<LedgerCommit> {
    let at = |major| Position { major, minor: 0 };
    let (from, to) = (at(from), at(from + 1));
    Arc::new(LedgerCommit {
        partition: PARTITION,
        from,
        to,
        days,
        corrections: Vec::new(),
        dead: Vec::new(),
        at: NOW,
    })
}
