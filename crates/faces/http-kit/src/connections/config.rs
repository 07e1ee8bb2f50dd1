//! What bounds connections, their times and their number.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::metrics::Metrics;

/// What bounds connections. The numbers hold for one call of [`super::serve`].
#[derive(Debug, Clone)]
pub struct ConnectionConfig {
    /// How long a request's head may take, from its first byte or from the connection's beginning.
    pub header_timeout: Duration,
    /// How long a connection may be open between two requests.
    pub idle_timeout: Duration,
    /// How long a client may read nothing of an answer.
    pub write_timeout: Duration,
    /// Most connections at a time. One more closes the one that has waited longest for its client.
    pub max_connections: usize,
    /// Most connections at a time whose clients take no bytes of an answer. One more cuts off the one
    /// whose client has read nothing for the longest: each may hold some 100 KiB.
    pub max_stuck: usize,
    /// How long connections without a request stay open after the shut-down began, so that a
    /// request that is just on its way is answered and not cut off.
    pub drain: Duration,
    /// How long the shut-down may take until the rest is cut off.
    pub grace: Duration,
    /// Once this is set each answer is its connection's last, and everything else goes on: proxies
    /// that keep connections give them up one by one, before the shut-down.
    pub leaving: Arc<AtomicBool>,
    /// Where connections are counted.
    pub metrics: Option<Metrics>,
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(1),
            write_timeout: Duration::from_secs(30),
            max_connections: 10_000,
            max_stuck: 1_000,
            drain: Duration::from_millis(500),
            grace: Duration::from_secs(8),
            leaving: Arc::default(),
            metrics: None,
        }
    }
}
