//! Which replicas may be read from. Once a second the primary says how far its log has come, and
//! each replica how far it has got; so it is known up to which moment a replica is complete,
//! whatever the clocks of the machines say. Not here: reading one's own writes. Pieces and versions
//! come from one snapshot, that is enough.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use dayline_app::ports::PortError;
use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::config::{ConfigError, PgConfig};
use crate::db::ConnectionPool;
use crate::error::corrupt;
use crate::values::column;

/// The replicas, watched until this is dropped.
pub(crate) struct Replicas {
    all: Arc<[Replica]>,
    next: AtomicUsize,
    born: Instant,
    max_lag: Duration,
    watch: Option<JoinHandle<()>>,
}

/// How the replicas are used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplicaUsage {
    /// How many there are.
    pub all: usize,
    /// How many may be read from.
    pub usable: usize,
    /// How far the one of these is behind, at most, that is so most.
    pub lag: Duration,
}

pub(crate) struct Replica {
    pool: ConnectionPool,
    /// A connection for the comparison alone, so that a busy replica is not taken for a dead one.
    probe: ConnectionPool,
    /// Milliseconds, since the store was opened, up to which the replica is known to be complete;
    /// 0: unknown.
    complete_ms: AtomicU64,
}

impl Drop for Replicas {
    fn drop(&mut self) {
        if let Some(watch) = &self.watch {
            watch.abort();
        }
    }
}

impl Replicas {
    /// Starts to watch the replicas of the configuration.
    pub(crate) fn watch(config: &PgConfig) -> Result<Self, ConfigError> {
        let single = PgConfig { max_connections: 1, ..config.clone() };
        let replica = |server| {
            let (pool, probe) = (ConnectionPool::new(server, config)?, ConnectionPool::new(server, &single)?);
            Ok(Replica { pool, probe, complete_ms: AtomicU64::new(0) })
        };
        let all = config.replicas.iter().map(replica).collect::<Result<Arc<[Replica]>, ConfigError>>()?;
        let (born, max_lag) = (Instant::now(), config.max_replica_lag);
        let watch = Watch {
            primary: ConnectionPool::new(&config.primary, &single)?,
            replicas: Arc::clone(&all),
            born,
            every: config.replica_check_every,
            max_lag,
            history: VecDeque::new(),
        };
        let watch = (!all.is_empty()).then(|| tokio::spawn(watch.run()));
        Ok(Self { all, next: AtomicUsize::new(0), born, max_lag, watch })
    }

    /// The next replica, in turn, that is not too far behind.
    pub(crate) fn pick(&self) -> Option<&Replica> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let in_turn = (0..self.all.len()).map(|n| &self.all[first.wrapping_add(n) % self.all.len()]);
        let now = self.born.elapsed();
        in_turn.into_iter().find(|replica| replica.is_usable(now, self.max_lag))
    }

    /// How they are used now.
    pub(crate) fn usage(&self) -> ReplicaUsage {
        let now = self.born.elapsed();
        let usable = || self.all.iter().filter(|replica| replica.is_usable(now, self.max_lag));
        let lag = usable().map(|replica| replica.lag(now)).max().unwrap_or_default();
        ReplicaUsage { all: self.all.len(), usable: usable().count(), lag }
    }
}

impl Replica {
    fn is_usable(&self, now: Duration, max_lag: Duration) -> bool {
        self.complete_ms.load(Ordering::Relaxed) > 0 && self.lag(now) <= max_lag
    }

    /// How far it is behind at most, if it was compared with the primary.
    fn lag(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_millis(self.complete_ms.load(Ordering::Relaxed)))
    }

    pub(crate) fn pool(&self) -> &ConnectionPool {
        &self.pool
    }

    /// What the replica's answer is worth: `None` if it gave none, and the primary has to answer. One
    /// that failed is not used until it was compared with the primary again.
    pub(crate) fn judge<T>(&self, outcome: Result<T, PortError>) -> Option<Result<T, PortError>> {
        match &outcome {
            Err(PortError::Unavailable(error)) => {
                tracing::debug!(error, "a replica failed; reading from the primary");
                self.complete_ms.store(0, Ordering::Relaxed);
                None
            }
            // Its own copy of one page may be damaged while the primary's is not.
            Err(PortError::Corrupt(error)) => {
                tracing::warn!(error, "a replica is damaged; reading from the primary");
                None
            }
            _ => Some(outcome),
        }
    }
}

/// Compares the replicas with the primary, again and again.
struct Watch {
    primary: ConnectionPool,
    replicas: Arc<[Replica]>,
    born: Instant,
    every: Duration,
    max_lag: Duration,
    /// When the primary's log had at least come how far, oldest first; as long as that matters.
    history: VecDeque<(Instant, i64)>,
}

impl Watch {
    async fn run(mut self) {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.sample_primary().await;
            join_all(self.replicas.iter().map(|replica| self.compare(replica))).await;
        }
    }

    async fn sample_primary(&mut self) {
        // Taken before the question: what the replica has may then only be newer than we say.
        let asked = Instant::now();
        let sql = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS lsn";
        match self.lsn(&self.primary, sql).await {
            Ok(Some(lsn)) => self.history.push_back((asked, lsn)),
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "the primary did not say how far its log has come"),
        }
        let max_lag = self.max_lag;
        while self.history.front().is_some_and(|(at, _)| at.elapsed() > max_lag) {
            self.history.pop_front();
        }
    }

    async fn compare(&self, replica: &Replica) {
        // What is no replica (any more) has a log of its own.
        let sql = "SELECT CASE WHEN pg_is_in_recovery()
                     THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END AS lsn";
        let complete = match self.lsn(&replica.probe, sql).await {
            Ok(Some(replayed)) => {
                self.history.iter().rev().find(|(_, lsn)| *lsn <= replayed).map(|(at, _)| *at)
            }
            Ok(None) => None,
            Err(error) => {
                tracing::debug!(%error, "a replica did not answer");
                None
            }
        };
        let ms = complete.map_or(0, |at| at.duration_since(self.born).as_millis() as u64);
        // Complete up to the very start is still known to be complete.
        replica.complete_ms.store(if complete.is_some() { ms.max(1) } else { 0 }, Ordering::Relaxed);
    }

    /// How far a log is; whoever takes longer than a round says nothing in it.
    async fn lsn(&self, pool: &ConnectionPool, sql: &str) -> Result<Option<i64>, PortError> {
        let answer = tokio::time::timeout(self.every, pool.query(sql, &[])).await;
        let rows = answer.map_err(|_| PortError::Unavailable("no answer in time".into()))??;
        let row = rows.first().ok_or_else(|| corrupt("log position", "no answer"))?;
        column(row, "lsn")
    }
}
