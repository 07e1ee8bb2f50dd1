//! Accounts, sessions, keys, ledger and dead letters in one lock, so that each call is one
//! transaction.

mod accounts;
mod buckets;
mod day;
mod dead_letters;
mod device_book;
mod jobs;
mod keys;
mod label_book;
mod ledger;
mod numbers;
mod preferences;
mod raw_events;
mod raw_tables;
mod reads;
mod reset_links;
mod retention;
mod sessions;
mod time;
mod tracker_settings;

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dayline_app::ports::{
    ApiKey, DayKey, Mark, MarkedLabels, Partition, PasswordHash, PortError, PortFuture, Position, ResetLink,
    StoredAuditEvent, StoredBucket, StoredDeadLetter, User,
};
use dayline_domain::bucket::BucketId;
use dayline_domain::identity::device_login::DeviceLogin;
use dayline_domain::identity::session::TokenHash;
use dayline_domain::tracker_setting::{SettingName, SettingValue};
use dayline_domain::{
    ApiKeyId, Correction, CorrectionId, DeviceId, DeviceName, JobId, Merges, Piece, Preferences, ReportJob,
    Session, SessionId, UserId, UtcDay, UtcMs,
};

use crate::suites::SpoiltSums;

use day::{Day, StoredSums};
use numbers::Numbers;
use raw_tables::RawTables;

/// A store in memory.
#[derive(Default)]
pub struct FakeStore {
    tables: Mutex<Tables>,
}

#[derive(Default, Clone)]
struct Tables {
    users: BTreeMap<UserId, (User, PasswordHash)>,
    /// Of people who set some.
    preferences: BTreeMap<UserId, Preferences>,
    /// Of people whose days are kept from some day on.
    kept_from: BTreeMap<UserId, UtcDay>,
    device_names: BTreeMap<(UserId, DeviceId), DeviceName>,
    /// Of people who said something.
    labels: BTreeMap<UserId, MarkedLabels>,
    buckets: BTreeMap<(UserId, BucketId), StoredBucket>,
    raw: RawTables,
    tracker_settings: BTreeMap<(UserId, SettingName), SettingValue>,
    /// Of people who made some.
    merges: BTreeMap<UserId, Merges>,
    sessions: BTreeMap<SessionId, Session>,
    ended: BTreeMap<SessionId, UtcMs>,
    keys: BTreeMap<ApiKeyId, ApiKey>,
    reset_links: BTreeMap<UserId, ResetLink>,
    device_logins: BTreeMap<TokenHash, DeviceLogin>,
    audit: Vec<StoredAuditEvent>,
    last_audit: u64,
    days: BTreeMap<DayKey, Day>,
    planted: u64,
    corrections: BTreeMap<(UserId, CorrectionId), Correction>,
    correction_numbers: BTreeMap<UserId, Numbers>,
    days_loaded: usize,
    positions: BTreeMap<Partition, Position>,
    jobs: BTreeMap<JobId, ReportJob>,
    /// By job, attempt and number.
    chunks: BTreeMap<(JobId, u32, u32), Vec<u8>>,
    dead: BTreeMap<u64, StoredDeadLetter>,
    last_dead: u64,
    failing: Option<PortError>,
    failing_call: Option<(usize, PortError)>,
    refused_app: Option<String>,
    unwritable: Option<DayKey>,
}

impl FakeStore {
    /// Makes every call fail, or succeed again: the database is down.
    pub fn fail(&self, error: Option<PortError>) {
        locked(&self.tables).failing = error;
    }

    /// Makes only the `n`-th call from now on fail, from 1.
    pub fn fail_call(&self, n: usize, error: PortError) {
        locked(&self.tables).failing_call = Some((n, error));
    }

    /// Refuses every commit that counts time for this app, as a constraint would.
    pub fn refuse_app(&self, app: Option<&str>) {
        locked(&self.tables).refused_app = app.map(str::to_owned);
    }

    /// Damages what a day's changes are written to, so that it can be read but not changed.
    pub fn damage_writes(&self, key: Option<DayKey>) {
        locked(&self.tables).unwritable = key;
    }

    /// Damages a stored day: its state can't be read from now on.
    pub fn damage(&self, key: DayKey) {
        if let Some(day) = locked(&self.tables).days.get_mut(&key) {
            day.damage();
        }
    }

    /// Stores a day as the release before did: pieces that count, and pieces that do not.
    pub fn plant_first_edition(&self, key: DayKey, counted: Vec<Piece>, outranked: Vec<Piece>) {
        let mut tables = locked(&self.tables);
        tables.planted += 1;
        // As a migration does, which gives each day a mark.
        let mark = Mark(u64::MAX - tables.planted);
        tables.days.insert(key, Day::of_first_edition(key.day, mark, counted, outranked));
    }

    /// All that is stored now, as a replica or a backup would have it.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { tables: Mutex::new(locked(&self.tables).clone()) }
    }

    /// A copy takes the place of what is stored.
    pub fn become_copy(&self, copy: &Self) {
        let tables = locked(&copy.tables).clone();
        *locked(&self.tables) = tables;
    }

    /// Forgets how far the log was read.
    pub fn forget_positions(&self) {
        locked(&self.tables).positions.clear();
    }

    /// How many days were loaded for a worker so far.
    pub fn days_loaded(&self) -> usize {
        locked(&self.tables).days_loaded
    }

    /// Spoils the sums of a stored day.
    pub fn spoil_sums(&self, key: DayKey, how: SpoiltSums) {
        let mut tables = locked(&self.tables);
        let Some(day) = tables.days.get_mut(&key) else { return };
        match how {
            SpoiltSums::Missing => day.sums = None,
            SpoiltSums::Outdated => day.version += 1,
            SpoiltSums::Unreadable => day.sums = Some(StoredSums { of: day.version, sums: None }),
        }
    }

    /// One transaction: what `work` changes stays only if it succeeds.
    fn transaction<'a, T: Send + 'a>(
        &self,
        work: impl FnOnce(&mut Tables) -> Result<T, PortError>,
    ) -> PortFuture<'a, T> {
        let mut tables = locked(&self.tables);
        if let Some(error) = tables.failing.clone().or_else(|| tables.fails_now()) {
            return Box::pin(ready(Err(error)));
        }
        let mut copy = tables.clone();
        let outcome = work(&mut copy);
        if outcome.is_ok() {
            *tables = copy;
        }
        Box::pin(ready(outcome))
    }
}

impl Tables {
    /// Counts the calls down to the one that is to fail.
    fn fails_now(&mut self) -> Option<PortError> {
        let (calls, error) = self.failing_call.take()?;
        if calls <= 1 {
            return Some(error);
        }
        self.failing_call = Some((calls - 1, error));
        None
    }
}

/// The lock of a fake; a test that panicked while holding it has failed already.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
