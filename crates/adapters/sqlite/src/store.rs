//! The store: one value that is the ledger, the accounts and the sessions of an embedded Dayline.

use std::path::Path;
use std::sync::Arc;

use crate::db::{self, Db};
use crate::folder::{FolderLock, refuse_lost};
use crate::ledger::Remembered;
use crate::migrations::{self, MigrationState};
use crate::open_error::OpenError;

/// The ledger, accounts, sessions and dead letters in one SQLite file, `dayline.db`. Clones share
/// it. When the last one is dropped, calls already begun are finished first.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    pub(crate) db: Arc<Db>,
    /// What its writer knows of people's dictionaries.
    pub(crate) names: Remembered,
}

impl SqliteStore {
    /// Opens the store of a data folder as its only server; makes it, or brings it to today's
    /// schema, if need be. Blocks: call it before serving.
    pub fn open(lock: FolderLock) -> Result<Self, OpenError> {
        refuse_lost(lock.folder())?;
        Self::create(lock)
    }

    /// The same, also where a database was lost: makes an empty one then. Blocks.
    pub fn create(lock: FolderLock) -> Result<Self, OpenError> {
        Ok(Self::over(Db::open(lock, migrations::ALL)?))
    }

    /// Opens the store of a data folder for an operator's command, alongside a server if one runs.
    /// Blocks.
    pub fn open_alongside(folder: &Path) -> Result<Self, OpenError> {
        Ok(Self::over(Db::open_alongside(folder, migrations::ALL)?))
    }

    /// The same store with a connection of its own to read by, on a thread that has the priority of
    /// the one which asks for it. Reads by one never wait for reads by the other. Blocks.
    pub fn with_own_reader(&self) -> Result<Self, OpenError> {
        Ok(Self { db: Arc::new(self.db.with_own_reader()?), names: self.names.clone() })
    }

    fn over(db: Db) -> Self {
        Self { db: Arc::new(db), names: Remembered::default() }
    }
}

/// The migrations this program knows, and which of them the folder's database has taken. Changes
/// nothing. Blocks.
pub fn migration_states(folder: &Path) -> Result<Vec<MigrationState>, OpenError> {
    db::migration_states(folder, migrations::ALL)
}
