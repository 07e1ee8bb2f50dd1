//! Redis adapters: what the processes of a clustered Dayline share. The partitioned ping log,
//! revocations, limits, leases on partitions, marks of keys, and live events.
//! Not here: anything that must outlive Redis itself, but the pings on their way.

mod config;
mod durability;
mod error;
mod key_marks;
mod leases;
mod limits;
mod link;
mod live;
mod ping_log;
mod revocations;
mod script;
mod sentinel;
mod server;
mod subscriber;

pub use config::{Certificates, RedisConfig};
pub use durability::check_durability;
pub use error::{NotDurable, SetupError};
pub use key_marks::RedisKeyMarks;
pub use leases::RedisLeases;
pub use limits::{RedisLimits, SharedRate};
pub use live::RedisLive;
pub use ping_log::{PingLogOptions, RedisPingLog};
pub use revocations::RedisRevocations;
