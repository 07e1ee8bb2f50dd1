//! SQLite adapters: the ping log, the ledger, accounts and sessions of an embedded Dayline. Not
//! here: rules. What a day is, when a token is good and what a password must be is the domain's.

mod accounts;
mod api_keys;
mod audit;
mod backup;
mod buckets;
mod correction_numbers;
mod db;
mod dead_letters;
mod device_book;
mod device_logins;
mod failure;
mod folder;
mod label_book;
mod ledger;
mod merges;
mod migrations;
mod open_error;
mod ping_log;
mod preferences;
mod raw_events;
mod report_jobs;
mod reset_links;
mod sessions;
mod store;
mod stored_time;
mod tracker_settings;
mod users;
mod values;

pub use backup::{BackupError, BackupProgress, back_up};
pub use folder::FolderLock;
pub use migrations::MigrationState;
pub use open_error::OpenError;
pub use ping_log::{OpenPingLogError, PingLogOptions, SqlitePingLog};
pub use store::{SqliteStore, migration_states};
