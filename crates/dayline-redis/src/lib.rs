//! Redis adapters: what the processes of a clustered Dayline share; so far the partitioned ping log.
//! Deliberately absent: anything that must outlive Redis itself, but the pings on their way.

mod durability;
mod error;
mod link;
mod ping_log;
mod script;
mod server;

pub use durability::{NotDurable, check_durability};
pub use error::SetupError;
pub use ping_log::{PingLogOptions, RedisPingLog};
pub use server::RedisServer;
