//! What Redis's errors mean to Dayline, in one place. None of them shows the address or the
//! password.

use std::io;

use dayline_app::ports::PortError;
use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why an adapter can't start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "each message names its fields")]
pub enum SetupError {
    /// The address is not one.
    #[error(
        "the redis url must look like redis://host:6379/0, rediss://host:6379/0 or unix:///path/to/socket: {0}"
    )]
    Url(String),
    /// The address, which was to have sentinels, is not one.
    #[error(
        "the redis url must look like redis+sentinel://host:26379,host:26379/service/0, with rediss+sentinel for tls, \
         user:password@ before the hosts and ?sentinel_user=…&sentinel_password=… at the end where they are needed: {0}"
    )]
    SentinelUrl(String),
    /// They can't be trusted.
    #[error("can't use the certificates for redis: {0}")]
    Certificates(String),
    /// Redis can't be reached or refused.
    #[error("can't use redis: {0}")]
    Redis(PortError),
    /// It may lose what it acknowledges.
    #[error(transparent)]
    NotDurable(#[from] NotDurable),
    /// The log was made with another number of partitions.
    #[error(
        "the ping log in redis has {stored} partitions and {configured} are configured: people are spread over \
         partitions by that number, so configure {stored}, or use another key prefix"
    )]
    Partitions { stored: u32, configured: u32 },
    /// It may use less memory than the log may need.
    #[error(
        "the ping log may need {needed} bytes of memory, half as much again as may wait and be kept in it, and redis \
         may use {limit}: set maxmemory to more than {needed} in redis.conf, or let less wait (--log-high) or be kept \
         (--log-keep-bytes, --log-keep 0)"
    )]
    Memory { limit: u64, needed: u64 },
    /// The log was written by a later version of this program.
    #[error("the ping log in redis has the format {found}, this program knows up to {known}")]
    Newer { found: u32, known: u32 },
}

/// Why a Redis is not good enough for pings.
#[derive(Debug, thiserror::Error)]
pub enum NotDurable {
    /// It can't be asked.
    #[error("can't use redis: {0}")]
    Unreachable(#[source] RedisError),
    /// It is known to lose pings, or not known to keep them. Each line names a setting and what to
    /// do about it.
    #[error("redis is not safe for pings: {}", .0.join("; "))]
    Objections(Vec<String>),
}

impl From<RedisError> for SetupError {
    fn from(error: RedisError) -> Self {
        Self::Redis(to_port(&error))
    }
}

/// Whether the connection is of no use any more: gone, silent, or to a server that has become a
/// replica, or that takes nothing since it has none.
pub(crate) fn is_lost(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
        || error.code() == Some("NOREPLICAS")
}

/// The connection leads to a server that is not the primary any more.
pub(crate) fn replaced() -> RedisError {
    io::Error::new(io::ErrorKind::NotConnected, "another primary has taken its place").into()
}

/// Whether Redis refused because its memory is used up.
pub(crate) fn is_out_of_memory(error: &RedisError) -> bool {
    error.code() == Some("OOM")
}

/// For the operator's log.
pub(crate) fn detail(error: &RedisError) -> String {
    if error.is_timeout() { "redis did not answer in time".to_owned() } else { format!("redis: {error}") }
}

pub(crate) fn to_port(error: &RedisError) -> PortError {
    match error.kind() {
        ErrorKind::UnexpectedReturnType => PortError::Corrupt(detail(error)),
        _ => PortError::Unavailable(detail(error)),
    }
}
