//! What the server counts and measures, for `/metrics`: requests by route, pings, and the worker's
//! progress. Not here: anything that names a person, device or page.

mod exposition;
mod latency;
mod process;
mod requests;
mod stores;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dayline_app::AppError;
use dayline_app::ports::LogDepth;
use dayline_app::tracking::ingest::Receipt;
use http::{Method, StatusCode};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

pub use exposition::Exposition;
use latency::Latency;
use process::Process;
use requests::Requests;
pub(crate) use requests::known_method;
use stores::Stores;
pub use stores::{Connections, Replicas};

/// A handle to the metrics; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

struct Inner {
    registry: Registry,
    requests: Requests,
    connections: Gauge,
    pings_accepted: Counter,
    pings_rejected: Family<RejectedFor, Counter>,
    pings_settled: Counter,
    dead_letters: Counter,
    dead_letters_waiting: Gauge,
    past_days_removed: Counter,
    log_entries: Gauge,
    log_bytes: Gauge,
    log_lost_entries: Counter,
    log_throttled: Counter,
    lag: Latency,
    checks: Family<CheckOf, Gauge>,
    degraded: Gauge,
    stores: Stores,
    build: Family<Build, Gauge>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Build {
    version: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CheckOf {
    check: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RejectedFor {
    code: &'static str,
}

impl Metrics {
    /// Metrics that have counted nothing yet. `routes` are the patterns of all routes that are
    /// counted one by one; all others are counted together.
    pub fn new(routes: impl IntoIterator<Item = String>) -> Self {
        let mut inner = Inner {
            registry: Registry::with_prefix("dayline"),
            requests: Requests::new(routes),
            connections: Gauge::default(),
            pings_accepted: Counter::default(),
            pings_rejected: Family::default(),
            pings_settled: Counter::default(),
            dead_letters: Counter::default(),
            dead_letters_waiting: Gauge::default(),
            past_days_removed: Counter::default(),
            log_entries: Gauge::default(),
            log_bytes: Gauge::default(),
            log_lost_entries: Counter::default(),
            log_throttled: Counter::default(),
            lag: Latency::default(),
            checks: Family::default(),
            degraded: Gauge::default(),
            stores: Stores::default(),
            build: Family::default(),
        };
        inner.build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
        // So that the metric is there before the first refusal, and an alert on it can be told from
        // a spelling mistake.
        drop(inner.pings_rejected.get_or_create(&RejectedFor { code: "end_before_start" }));
        drop(inner.checks.get_or_create(&CheckOf { check: "ping_log" }));
        inner.register();
        Self(Arc::new(inner))
    }

    /// The metrics as text.
    ///
    /// # Errors
    /// [`AppError::Internal`] if they can't be written.
    pub fn text(&self, exposition: Exposition) -> Result<String, AppError> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.0.registry)
            .map_err(|error| AppError::Internal(format!("metrics: {error}")))?;
        Ok(match exposition {
            Exposition::OpenMetrics => text,
            Exposition::Prometheus => exposition::as_prometheus(&text),
        })
    }

    /// Counts an answer. `route` is the route's pattern, `None` if there was none.
    pub(crate) fn answered(&self, route: Option<&str>, method: &Method, status: StatusCode, took: Duration) {
        self.0.requests.answered(route, method, status, took);
    }

    /// Counts what became of a request's pings.
    pub fn pings_received(&self, receipt: &Receipt) {
        self.0.pings_accepted.inc_by(receipt.accepted as u64);
        for rejected in &receipt.rejected {
            self.0.pings_rejected.get_or_create(&RejectedFor { code: rejected.refusal.code }).inc();
        }
    }

    pub(crate) fn connection_opened(&self) {
        self.0.connections.inc();
    }

    pub(crate) fn connection_closed(&self) {
        self.0.connections.dec();
    }

    /// Counts pings that are in the ledger now.
    pub fn pings_settled(&self, pings: u64) {
        self.0.pings_settled.inc_by(pings);
    }

    /// Counts records that were put aside as dead letters.
    pub fn dead_lettered(&self, records: u64) {
        self.0.dead_letters.inc_by(records);
    }

    /// Sets how many dead letters wait for an operator.
    pub fn set_dead_letters_waiting(&self, letters: u64) {
        self.0.dead_letters_waiting.set(i64::try_from(letters).unwrap_or(i64::MAX));
    }

    /// Counts days of people that were removed since they are not kept so long.
    pub fn past_days_removed(&self, days: u64) {
        self.0.past_days_removed.inc_by(days);
    }

    /// Sets how much waits in the ping log.
    pub fn set_log_depth(&self, depth: LogDepth) {
        self.0.log_entries.set(i64::try_from(depth.entries).unwrap_or(i64::MAX));
        self.0.log_bytes.set(i64::try_from(depth.bytes).unwrap_or(i64::MAX));
    }

    /// Counts entries that the ping log had forgotten before the ledger had them.
    pub fn log_lost(&self, entries: u64) {
        self.0.log_lost_entries.inc_by(entries);
    }

    /// Sets for how long, since the start, those who hold the ping log have slowed this process down;
    /// never less than before.
    pub fn set_log_throttled(&self, throttled: Duration) {
        let counted = self.0.log_throttled.get();
        self.0.log_throttled.inc_by(throttled.as_secs().saturating_sub(counted));
    }

    /// Sets which parts of the service there are, and which of them work.
    pub fn set_checks(&self, checks: impl Iterator<Item = (&'static str, bool)>) {
        self.0.checks.clear();
        for (check, ok) in checks {
            self.0.checks.get_or_create(&CheckOf { check }).set(i64::from(ok));
        }
    }

    /// Sets whether the service does its work, but a part of it does not.
    pub fn set_degraded(&self, degraded: bool) {
        self.0.degraded.set(i64::from(degraded));
    }

    /// Sets how many connections to the primary database there are.
    pub fn set_connections(&self, now: Connections) {
        self.0.stores.set_connections(now);
    }

    /// Sets how many replicas there are, and how far they are behind.
    pub fn set_replicas(&self, now: Replicas) {
        self.0.stores.set_replicas(now);
    }

    /// Sets how many questions to Redis have failed since the start; never less than before.
    pub fn set_redis_errors(&self, errors: u64) {
        self.0.stores.set_redis_errors(errors);
    }

    /// Sets how many report jobs wait for a worker.
    pub fn set_report_jobs_waiting(&self, jobs: u64) {
        self.0.stores.set_report_jobs_waiting(jobs);
    }

    /// Sets on how many partitions of the ping log this process works.
    pub fn set_leases_held(&self, partitions: usize) {
        self.0.stores.set_leases_held(partitions);
    }

    /// Measures how long pings took from being accepted to being in the ledger.
    pub fn observe_lag(&self, lag: Duration) {
        self.0.lag.observe(lag);
    }
}

impl Inner {
    fn register(&mut self) {
        let Self { registry, stores, .. } = self;
        registry.register_collector(Box::new(self.requests.clone()));
        registry.register("connections", "Connections that are open", self.connections.clone());
        registry.register("pings_accepted", "Pings answered with 202", self.pings_accepted.clone());
        registry.register("pings_rejected", "Pings refused, by code", self.pings_rejected.clone());
        registry.register("pings_settled", "Pings that reached the ledger", self.pings_settled.clone());
        registry.register("dead_letters", "Records put aside as dead letters", self.dead_letters.clone());
        let waiting = self.dead_letters_waiting.clone();
        registry.register("dead_letters_waiting", "Dead letters that wait for an operator", waiting);
        let removed = "Days of people removed since they are not kept any more";
        registry.register("past_removed", removed, self.past_days_removed.clone());
        registry.register("log_entries", "Entries that wait in the ping log", self.log_entries.clone());
        let bytes = self.log_bytes.clone();
        registry.register_with_unit("log", "Bytes that wait in the ping log", Unit::Bytes, bytes);
        let lost =
            "Entries of the ping log that were gone before they were settled: accepted pings that are lost";
        registry.register("log_lost_entries", lost, self.log_lost_entries.clone());
        let throttled =
            "For how long Kafka slowed this process down, since it sends more than a quota allows";
        registry.register_with_unit("log_throttled", throttled, Unit::Seconds, self.log_throttled.clone());
        registry.register("check_ok", "Whether a part of the service works: 1 or 0", self.checks.clone());
        let degraded = "Whether the service does its work, but a part of it does not: 1 or 0";
        registry.register("degraded", degraded, self.degraded.clone());
        let lag = self.lag.clone();
        registry.register_with_unit("lag", "From accepted to settled", Unit::Seconds, lag);
        stores.register(registry);
        registry.register("build_info", "The program's version; always 1", self.build.clone());
        registry.register_collector(Box::new(Process));
    }
}
