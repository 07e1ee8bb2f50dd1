//! What the stores of a process show of themselves in its metrics.

use std::sync::Arc;

use dayline_http_kit::Metrics;
use dayline_http_kit::metrics::{Connections, Replicas};
use dayline_postgres::{PgStore, PoolUsage, ReplicaUsage};
use dayline_redis::RedisConfig;

/// Sets in the metrics what the stores know now. No I/O.
pub type Gauges = Box<dyn Fn(&Metrics) + Send + Sync>;

/// Of a process that has all its data in a folder, there is nothing to show.
pub(super) fn of_folder() -> Gauges {
    Box::new(|_| {})
}

/// Of a process of a cluster: connections to the primary, replicas, and questions to Redis that failed.
pub(super) fn of_cluster(store: Arc<PgStore>, redis: RedisConfig) -> Gauges {
    Box::new(move |metrics| {
        let PoolUsage { busy, idle, most, waiting } = store.usage();
        metrics.set_connections(Connections { busy, idle, most, waiting });
        let ReplicaUsage { all, usable, lag } = store.replica_usage();
        metrics.set_replicas(Replicas { all, usable, lag });
        metrics.set_redis_errors(redis.errors());
    })
}
