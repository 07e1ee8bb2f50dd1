//! A database of its own for each test, copied from a migrated template.

use std::sync::Arc;

use dayline_postgres::{PgConfig, PgStore};
use dayline_testkit::{query, variable};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// How a store reaches its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Direct,
    /// PgBouncer in transaction mode.
    PgBouncer,
}

/// A database, dropped together with this.
pub(crate) struct Database(dayline_testkit::Database);

/// Nobody drops what is static: it stays until the server goes.
static TEMPLATE: OnceCell<Database> = OnceCell::const_new();

/// A client of any server.
pub(crate) async fn client_at(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn template() -> Database {
    let database = Database::blank();
    database.store(Via::Direct).migrate().await.unwrap();
    // Nobody may be connected to a template, and the pool's connections take a moment to end.
    let sessions = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname";
    let name = database.0.name();
    query(&variable("DAYLINE_TEST_POSTGRES_URL"), &format!("{sessions} = '{name}'"));
    database
}

impl Database {
    /// A fresh database with today's schema.
    pub(crate) async fn migrated() -> Self {
        let template = TEMPLATE.get_or_init(template).await;
        Self(dayline_testkit::Database::copy_of(template.0.name()))
    }

    /// A fresh database without any schema.
    pub(crate) fn blank() -> Self {
        Self(dayline_testkit::Database::new())
    }

    /// Deletes all rows.
    pub(crate) async fn empty(&self) {
        let tables = "users, sessions, ended_sessions, api_keys, device_logins, audit_events, log_positions, dead_pings, \
                      ledger_days, pieces, observations, first_pieces, first_outranked, names, corrections, \
                      correction_numbers, device_names, device_merges, buckets, raw_totals, raw_events, \
                      tracker_settings, labels, reset_links, report_jobs, report_chunks";
        self.client().await.batch_execute(&format!("TRUNCATE {tables} RESTART IDENTITY")).await.unwrap();
    }

    pub(crate) fn url(&self, via: Via) -> String {
        match via {
            Via::Direct => self.0.url(),
            Via::PgBouncer => self.0.pooled_url(),
        }
    }

    pub(crate) fn config(&self, via: Via) -> PgConfig {
        let mut config = PgConfig::new(&self.url(via)).unwrap();
        config.max_connections = 4;
        config
    }

    pub(crate) fn store(&self, via: Via) -> Arc<PgStore> {
        Arc::new(PgStore::open(&self.config(via)).unwrap())
    }

    pub(crate) async fn client(&self) -> Client {
        client_at(&self.url(Via::Direct)).await
    }
}
