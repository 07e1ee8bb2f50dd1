//! PostgreSQL adapters: the ledger, accounts, sessions, keys and logs of a clustered Dayline, with
//! tables by month, and reads from replicas. Right behind PgBouncer 1.18 in transaction mode:
//! unnamed statements, no session state. Not here: the ping log (Redis), any rule, and the current
//! time, which callers hand in.

mod accounts;
mod api_keys;
mod audit;
mod buckets;
mod config;
mod correction_numbers;
mod db;
mod dead_letters;
mod device_book;
mod device_logins;
mod error;
mod label_book;
mod ledger;
mod merges;
mod migrations;
mod month_admin;
mod month_tables;
mod months;
mod names;
mod preferences;
mod raw_events;
mod replicas;
mod report_jobs;
mod reset_links;
mod retention;
mod rule_edition;
mod sessions;
mod standing;
mod store;
mod stored_time;
mod tracker_settings;
mod values;

pub use config::{ClientCertificate, ConfigError, PgConfig};
pub use db::PoolUsage;
pub use migrations::{Migrated, MigrationState, MigrationStep};
pub use month_admin::{ArchiveSummary, MonthAdmin, MonthInfo};
pub use months::{InvalidMonth, Month};
pub use replicas::ReplicaUsage;
pub use retention::PgRetentionTurns;
pub use store::PgStore;
