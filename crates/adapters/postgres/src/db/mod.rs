//! One server: a bounded pool, statements of one flush each, transactions that never leak into the
//! pool. Not here: named statements and session state; PgBouncer in transaction mode keeps neither.

mod lease;
mod limits;
mod statement;
mod tls;
mod transaction;

use std::time::Duration;

use dayline_app::ports::PortError;
use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolConfig, RecyclingMethod, Runtime, Timeouts};
use futures_util::future::join_all;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls, Row};

use crate::config::{ConfigError, PgConfig};
use crate::error::{pool_error, port_error};
use lease::Lease;
use limits::Limits;
pub(crate) use statement::{Param, Statement};
pub(crate) use transaction::Transaction;

/// A pool of connections to one server, and the bound on its statements.
#[derive(Clone)]
pub(crate) struct ConnectionPool {
    pool: Pool,
    limits: Limits,
}

/// How a pool of connections is used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolUsage {
    /// Connections that somebody works with.
    pub busy: usize,
    /// Connections that are open, and wait for somebody.
    pub idle: usize,
    /// Most that may be open.
    pub most: usize,
    /// Calls that wait for one.
    pub waiting: usize,
}

impl ConnectionPool {
    /// A pool for a server. Connects when first used.
    pub(crate) fn new(server: &Config, config: &PgConfig) -> Result<Self, ConfigError> {
        let mut server = config.decided(server)?;
        if server.get_connect_timeout().is_none() {
            server.connect_timeout(config.connect_timeout);
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match server.get_ssl_mode() {
            SslMode::Require => {
                let connector = tls::connector(config)?;
                Manager::from_config(server, connector, recycling)
            }
            _ => Manager::from_config(server, NoTls, recycling),
        };
        let wait = Some(config.connect_timeout);
        let pool = Pool::builder(manager)
            .config(PoolConfig::new(config.max_connections.max(1)))
            .timeouts(Timeouts { wait, create: wait, recycle: wait })
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| ConfigError::Url(error.to_string()))?;
        Ok(Self { pool, limits: Limits { statement: config.statement_timeout } })
    }

    /// The same pool with another bound on statements.
    pub(crate) fn with_statement_timeout(&self, statement: Duration) -> Self {
        Self { pool: self.pool.clone(), limits: Limits { statement } }
    }

    /// How the pool is used now.
    pub(crate) fn usage(&self) -> PoolUsage {
        let status = self.pool.status();
        let busy = status.size.saturating_sub(status.available);
        PoolUsage { busy, idle: status.available, most: status.max_size, waiting: status.waiting }
    }

    async fn lease(&self) -> Result<Lease, PortError> {
        self.pool.get().await.map(Lease::new).map_err(|error| pool_error(&error))
    }

    /// Runs a statement as a transaction of its own; gives its rows.
    pub(crate) async fn query(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, PortError> {
        let lease = self.lease().await?;
        let rows = self.limits.bound(lease.query_typed(sql, params)).await?;
        lease.give_back();
        rows.map_err(|error| port_error(&error))
    }

    /// Runs a statement as a transaction of its own; gives how many rows it changed.
    pub(crate) async fn execute(&self, sql: &str, params: &[Param<'_>]) -> Result<u64, PortError> {
        let lease = self.lease().await?;
        let changed = self.limits.bound(lease.execute_typed(sql, params)).await?;
        lease.give_back();
        changed.map_err(|error| port_error(&error))
    }

    /// Begins a transaction; its first statements travel together with its `BEGIN`.
    pub(crate) async fn begin(&self) -> Result<Transaction, PortError> {
        let begin = transaction::begin("READ COMMITTED", self.limits);
        Ok(Transaction::new(self.lease().await?, self.limits, begin))
    }

    /// Begins a transaction whose statements look up each row by its key. Left alone, the planner
    /// takes each look-up for a visit to a slow disk, and reads all of a table for a few hundred
    /// rows of it. Bitmaps would let other indexes than keys look up what is compared with an array
    /// (see the ledger's statements).
    pub(crate) async fn begin_by_key(&self) -> Result<Transaction, PortError> {
        let begin = transaction::begin("READ COMMITTED", self.limits)
            + "; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
            + "; SET LOCAL enable_bitmapscan = off";
        Ok(Transaction::new(self.lease().await?, self.limits, begin))
    }

    /// Begins a transaction that reads one snapshot, however long it lasts.
    pub(crate) async fn begin_snapshot(&self) -> Result<Transaction, PortError> {
        let begin = transaction::begin("REPEATABLE READ READ ONLY", self.limits);
        Ok(Transaction::new(self.lease().await?, self.limits, begin))
    }

    /// Reads several things from one snapshot, in one round trip.
    pub(crate) async fn snapshot(&self, statements: &[Statement<'_>]) -> Result<Vec<Vec<Row>>, PortError> {
        let lease = self.lease().await?;
        let begin = transaction::begin("REPEATABLE READ READ ONLY", self.limits);
        // First polls happen in this order, and that is when each is sent.
        let queries = join_all(statements.iter().map(|s| lease.query_typed(&s.sql, &s.params)));
        let all = async {
            tokio::join!(biased; lease.batch_execute(&begin), queries, lease.batch_execute("COMMIT"))
        };
        let (started, rows, committed) = self.limits.bound(all).await?;
        lease.give_back();
        let rows = started.and_then(|()| rows.into_iter().collect::<Result<Vec<_>, _>>());
        rows.and_then(|rows| committed.map(|()| rows)).map_err(|error| port_error(&error))
    }
}
