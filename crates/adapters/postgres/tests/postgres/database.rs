//! A database of its own for each test, copied from a migrated template and dropped afterwards.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use dayline_postgres::{PgConfig, PgStore};
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// How a store reaches its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Via {
    Direct,
    /// PgBouncer in transaction mode.
    PgBouncer,
}

/// A migrated database, dropped together with this.
pub(crate) struct Database {
    name: String,
}

static MADE: AtomicU32 = AtomicU32::new(0);
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// A variable that `./test` sets.
pub(crate) fn variable(name: &str) -> String {
    env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run `./test`, or `scripts/with-servers cargo test …`"))
}

/// A client of a database of the test server.
pub(crate) async fn client(database: &str) -> Client {
    client_at(&with_database(&variable("DAYLINE_TEST_POSTGRES_URL"), database)).await
}

/// A client of any server.
pub(crate) async fn client_at(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

fn with_database(url: &str, database: &str) -> String {
    let (server, _) = url.rsplit_once('/').unwrap();
    format!("{server}/{database}")
}

async fn template() -> String {
    let name = format!("template_{}", std::process::id());
    client("postgres").await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    let url = with_database(&variable("DAYLINE_TEST_POSTGRES_URL"), &name);
    PgStore::open(&PgConfig::new(&url).unwrap()).unwrap().migrate().await.unwrap();
    // Nobody may be connected to a template, and the pool's connections take a moment to end.
    let sessions =
        format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'");
    client("postgres").await.batch_execute(&sessions).await.unwrap();
    name
}

impl Database {
    /// A fresh database with today's schema.
    pub(crate) async fn migrated() -> Self {
        let template = TEMPLATE.get_or_init(template).await;
        Self::create(&format!("TEMPLATE {template}")).await
    }

    /// A fresh database without any schema.
    pub(crate) async fn blank() -> Self {
        Self::create("").await
    }

    /// Deletes all rows.
    pub(crate) async fn empty(&self) {
        let tables = "users, sessions, ended_sessions, api_keys, device_logins, audit_events, log_positions, dead_pings, \
                      ledger_days, app_usage, outranked_usage, report_jobs, report_chunks";
        self.client().await.batch_execute(&format!("TRUNCATE {tables} RESTART IDENTITY")).await.unwrap();
    }

    async fn create(from: &str) -> Self {
        let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        client("postgres").await.batch_execute(&format!("CREATE DATABASE {name} {from}")).await.unwrap();
        Self { name }
    }

    pub(crate) fn url(&self, via: Via) -> String {
        let server = match via {
            Via::Direct => "DAYLINE_TEST_POSTGRES_URL",
            Via::PgBouncer => "DAYLINE_TEST_PGBOUNCER_URL",
        };
        with_database(&variable(server), &self.name)
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
        client(&self.name).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        // A runtime of its own: this one may be ending.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                let _ = client("postgres").await.batch_execute(&sql).await;
            });
        });
        let _ = dropping.join();
    }
}
