//! A transaction of several flushes on one connection.
//! Not here: nesting, and transactions that survive an error.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};

use dayline_app::ports::PortError;
use futures_util::future::join_all;
use tokio_postgres::{Error, Row};

use super::lease::Lease;
use super::limits::Limits;
use super::statement::{Param, Statement};
use crate::error::port_error;

/// The command that begins a transaction and bounds it. In the transaction alone: behind PgBouncer
/// a session's settings would be somebody else's too. Nothing here runs for as long as the server
/// would take to compile it, which over a year's partitions is a second.
pub(super) fn begin(isolation: &str, limits: Limits) -> String {
    // The server's unit is the millisecond; 0 would mean no bound.
    let ms = limits.statement.as_millis().clamp(1, i32::MAX as u128);
    format!(
        "BEGIN ISOLATION LEVEL {isolation}; SET LOCAL statement_timeout = {ms}; \
         SET LOCAL idle_in_transaction_session_timeout = {ms}; SET LOCAL jit = off"
    )
}

/// A transaction. Dropped unfinished it closes its connection, which rolls it back.
pub(crate) struct Transaction {
    lease: Lease,
    limits: Limits,
    begin: String,
    /// Whether `begin` was sent.
    begun: AtomicBool,
}

impl Transaction {
    /// A transaction that begins with these commands.
    pub(super) fn new(lease: Lease, limits: Limits, begin: String) -> Self {
        Self { lease, limits, begin, begun: AtomicBool::new(false) }
    }

    /// Runs a statement; gives its rows.
    pub(crate) async fn query(&mut self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, PortError> {
        self.bounded(self.lease.query_typed(sql, params)).await
    }

    /// Runs a statement; gives how many rows it changed.
    pub(crate) async fn execute(&mut self, sql: &str, params: &[Param<'_>]) -> Result<u64, PortError> {
        self.bounded(self.lease.execute_typed(sql, params)).await
    }

    /// Runs statements in one round trip; gives for each how many rows it changed. After the first
    /// that failed, the others fail too.
    pub(crate) async fn execute_all(
        &mut self,
        statements: &[Statement<'_>],
    ) -> Result<Vec<Result<u64, Error>>, PortError> {
        let all = join_all(statements.iter().map(|s| self.lease.execute_typed(&s.sql, &s.params)));
        self.bounded(async { Ok(all.await) }).await
    }

    /// Runs statements in one round trip; gives the rows of each.
    pub(crate) async fn query_all(
        &mut self,
        statements: &[Statement<'_>],
    ) -> Result<Vec<Vec<Row>>, PortError> {
        let all = join_all(statements.iter().map(|s| self.lease.query_typed(&s.sql, &s.params)));
        self.bounded(async { all.await.into_iter().collect() }).await
    }

    /// Runs a statement and commits, in one round trip; gives the statement's rows.
    pub(crate) async fn query_and_commit(self, statement: &Statement<'_>) -> Result<Vec<Row>, PortError> {
        let both = async {
            let query = self.lease.query_typed(&statement.sql, &statement.params);
            tokio::join!(biased; query, self.lease.batch_execute("COMMIT"))
        };
        let (rows, committed) = self.limits.bound(both).await?;
        self.lease.give_back();
        rows.and_then(|rows| committed.map(|()| rows)).map_err(|error| port_error(&error))
    }

    /// Runs commands without parameters.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), PortError> {
        self.bounded(self.lease.batch_execute(sql)).await
    }

    /// Does the work, sending `BEGIN` ahead of it if that was not done yet: a future sends when it
    /// is polled first, and these are polled in order.
    async fn bounded<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, PortError> {
        let start = async {
            if self.begun.swap(true, Ordering::Relaxed) {
                return Ok(());
            }
            self.lease.batch_execute(&self.begin).await
        };
        let both = async { tokio::join!(biased; start, work) };
        let (started, done) = self.limits.bound(both).await?;
        started.and(done).map_err(|error| port_error(&error))
    }

    /// Commits. After an error it is not known whether that happened.
    pub(crate) async fn commit(self) -> Result<(), PortError> {
        let committed = self.limits.bound(self.lease.batch_execute("COMMIT")).await?;
        self.lease.give_back();
        committed.map_err(|error| port_error(&error))
    }

    /// Commits if the work succeeded, else undoes it.
    pub(crate) async fn finish<T>(self, outcome: Result<T, PortError>) -> Result<T, PortError> {
        match outcome {
            Ok(value) => self.commit().await.map(|()| value),
            Err(error) => {
                self.roll_back().await;
                Err(error)
            }
        }
    }

    /// Undoes everything, and keeps the connection for others.
    pub(crate) async fn roll_back(self) {
        if let Ok(Ok(())) = self.limits.bound(self.lease.batch_execute("ROLLBACK")).await {
            self.lease.give_back();
        }
    }
}
