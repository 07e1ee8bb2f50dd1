//! What the processes of a cluster share: a database, reached through PgBouncer, a Redis, and the keys.

use std::sync::atomic::{AtomicU32, Ordering};

use dayline_local::{SystemRandomness, load_or_create_keys};
use tempfile::TempDir;
use tokio_postgres::{NoTls, SimpleQueryMessage};

use super::command::run;
use super::now;
use super::redis::Redis;

/// What one cluster has for itself.
pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    folder: TempDir,
}

impl Shared {
    /// A migrated database of the test server, and a Redis of its own.
    pub(crate) fn new() -> Self {
        Self::over(Database::new())
    }

    /// The same over this database, which gets today's schema.
    pub(crate) fn over(database: Database) -> Self {
        run(&["migrate", "--database-url", &database.direct]).expect_success();
        Self::over_blank(database)
    }

    /// The same over this database as it is.
    pub(crate) fn over_blank(database: Database) -> Self {
        let folder = tempfile::tempdir().unwrap();
        load_or_create_keys(&folder.path().join("keys.json"), &SystemRandomness, now()).unwrap();
        Self { database, redis: Redis::start(), folder }
    }

    /// What each process is told about it.
    pub(crate) fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("DAYLINE_DATABASE_URL", self.database.url.clone()),
            ("DAYLINE_REDIS_URL", self.redis.url()),
            ("DAYLINE_KEYS_FILE", self.folder.path().join("keys.json").display().to_string()),
        ]
    }
}

/// A database, and the two ways to it.
pub(crate) struct Database {
    /// Through PgBouncer in transaction mode, as servers come.
    pub(crate) url: String,
    pub(crate) direct: String,
    /// To be dropped with this.
    name: Option<String>,
}

impl Database {
    /// An empty one on the test server, dropped at the end.
    pub(crate) fn new() -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("e2e_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        query(&variable("DAYLINE_TEST_POSTGRES_URL"), &format!("CREATE DATABASE {name}"));
        let at = |server: &str| format!("{}/{name}", variable(server).rsplit_once('/').unwrap().0);
        Self {
            url: at("DAYLINE_TEST_PGBOUNCER_URL"),
            direct: at("DAYLINE_TEST_POSTGRES_URL"),
            name: Some(name),
        }
    }

    /// One that somebody else keeps.
    pub(crate) fn at(url: String, direct: String) -> Self {
        Self { url, direct, name: None }
    }

    /// Runs statements past the program; gives the rows, a line each, values separated by `|`.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        query(&self.direct, sql)
    }

    /// Everything in it, as text.
    pub(crate) fn content(&self) -> String {
        let tables = self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
        let rows = |table: &String| self.query(&format!("SELECT {table}::text FROM {table}"));
        tables.iter().flat_map(rows).collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(name) = &self.name else { return };
        let sql = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        let server = variable("DAYLINE_TEST_POSTGRES_URL");
        // A test that failed shows why by itself.
        let _ = std::panic::catch_unwind(|| query(&server, &sql));
    }
}

/// A variable that `./test` sets.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run `./test`, or `scripts/with-servers cargo test …`"))
}

/// Runs statements on a connection of their own.
pub(crate) fn query(url: &str, sql: &str) -> Vec<String> {
    try_query(url, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

/// The same where it may fail. On a thread with a runtime of its own: tests with and without one call it.
pub(crate) fn try_query(url: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let asking = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            let messages = client.simple_query(sql).await?;
            Ok(messages.iter().filter_map(line).collect())
        })
    };
    std::thread::scope(|scope| scope.spawn(asking).join().unwrap())
}

fn line(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    let values: Vec<&str> = (0..row.len()).map(|column| row.get(column).unwrap_or("")).collect();
    Some(values.join("|"))
}
