//! The SQLite store as a whole: the contract of its ports, and what only a store on a disk can get
//! wrong.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

mod contract;
mod damage;
mod durability;
mod erasure;
mod folder;

use std::path::Path;
use std::sync::Arc;

use dayline_app::ports::{Accounts, CreateUser, LedgerCommit, Partition, PasswordHash, Position, User};
use dayline_domain::{
    Bridge, DayChange, Email, FullName, Interval, LedgerDay, Ping, Source, UserId, UtcDay, UtcMs,
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
    };
    let created = Accounts::create(store, user, PasswordHash(format!("secret-hash-{n}"))).await;
    assert_eq!(created, Ok(CreateUser::Created));
    user_id(n)
}

/// A ping of [`DAY`], in milliseconds since its midnight.
fn ping(source: &Arc<Source>, start: i64, end: i64) -> Ping {
    let at = |ms: i64| DAY.start().plus(ms);
    Ping { source: Arc::clone(source), interval: Interval::new(at(start), at(end)).unwrap() }
}

fn record(day: &mut LedgerDay, pings: &[Ping]) -> DayChange {
    day.record(pings, Bridge(0)).unwrap()
}

fn commit(from: u64, changes: Vec<(UserId, DayChange)>) -> Arc<LedgerCommit> {
    let at = |major| Position { major, minor: 0 };
    let (from, to) = (at(from), at(from + 1));
    Arc::new(LedgerCommit { partition: PARTITION, from, to, changes, dead: Vec::new(), at: NOW })
}
