//! SQLite adapters: the ping log, the ledger, accounts and sessions of an embedded Dayline.

mod ping_log;

pub use ping_log::{OpenPingLogError, PingLogOptions, SqlitePingLog};
