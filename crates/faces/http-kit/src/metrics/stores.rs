//! What a process knows of the stores that it works with.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

/// Connections to the primary database at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connections {
    /// That somebody works with.
    pub busy: usize,
    /// That are open, and wait for somebody.
    pub idle: usize,
    /// Most that may be open.
    pub most: usize,
    /// Calls that wait for one.
    pub waiting: usize,
}

/// Replicas of the database at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replicas {
    /// That there are.
    pub all: usize,
    /// That may be read from.
    pub usable: usize,
    /// How far the one of these is behind that is so most; nothing if there is none.
    pub lag: Duration,
}

#[derive(Default)]
pub(super) struct Stores {
    connections: Family<InState, Gauge>,
    most_connections: Gauge,
    waiting: Gauge,
    replicas: Gauge,
    replicas_usable: Gauge,
    replica_lag: Gauge<f64, AtomicU64>,
    redis_errors: Counter,
    report_jobs_waiting: Gauge,
    leases_held: Gauge,
}

impl Stores {
    pub(super) fn register(&self, registry: &mut Registry) {
        for state in ["busy", "idle"] {
            drop(self.connections.get_or_create(&InState { state }));
        }
        let connections = self.connections.clone();
        registry.register("database_connections", "Connections to the primary database", connections);
        let most = self.most_connections.clone();
        registry.register("database_connections_max", "Most connections to the primary database", most);
        let waiting = self.waiting.clone();
        registry.register("database_waiting", "Calls that wait for a connection to the database", waiting);
        registry.register("replicas", "Replicas that there are to read from", self.replicas.clone());
        let help = "How far the replica is behind that is so most, of those that are usable";
        registry.register_with_unit("replica_lag", help, Unit::Seconds, self.replica_lag.clone());
        let usable = self.replicas_usable.clone();
        registry.register("replicas_usable", "Replicas that may be read from", usable);
        registry.register("redis_errors", "Questions to Redis that failed", self.redis_errors.clone());
        let jobs = self.report_jobs_waiting.clone();
        registry.register("report_jobs_waiting", "Report jobs that wait for a worker", jobs);
        let leases = self.leases_held.clone();
        registry.register("leases_held", "Partitions of the ping log that this process works on", leases);
    }

    pub(super) fn set_connections(&self, now: Connections) {
        let Connections { busy, idle, most, waiting } = now;
        self.connections.get_or_create(&InState { state: "busy" }).set(gauge(busy));
        self.connections.get_or_create(&InState { state: "idle" }).set(gauge(idle));
        self.most_connections.set(gauge(most));
        self.waiting.set(gauge(waiting));
    }

    pub(super) fn set_replicas(&self, now: Replicas) {
        self.replicas.set(gauge(now.all));
        self.replicas_usable.set(gauge(now.usable));
        self.replica_lag.set(now.lag.as_secs_f64());
    }

    /// How many there were since the start; never less than before.
    pub(super) fn set_redis_errors(&self, errors: u64) {
        self.redis_errors.inc_by(errors.saturating_sub(self.redis_errors.get()));
    }

    pub(super) fn set_report_jobs_waiting(&self, jobs: u64) {
        self.report_jobs_waiting.set(i64::try_from(jobs).unwrap_or(i64::MAX));
    }

    pub(super) fn set_leases_held(&self, partitions: usize) {
        self.leases_held.set(gauge(partitions));
    }
}

fn gauge(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
