//! Databases on the server that all tests share, and SQL past the program under test.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{NoTls, SimpleQueryMessage};

use crate::variable;

const DIRECT: &str = "DAYLINE_TEST_POSTGRES_URL";
const POOLED: &str = "DAYLINE_TEST_PGBOUNCER_URL";

/// A database that one test has for itself; dropped with this.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// An empty one.
    pub fn new() -> Self {
        Self::create("")
    }

    /// A copy of another, to which nobody may be connected.
    pub fn copy_of(template: &str) -> Self {
        Self::create(&format!("TEMPLATE {template}"))
    }

    fn create(from: &str) -> Self {
        static MADE: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        query(&variable(DIRECT), &format!("CREATE DATABASE {name} {from}"));
        Self { name }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.at(DIRECT)
    }

    /// Where it is through PgBouncer in transaction mode.
    pub fn pooled_url(&self) -> String {
        self.at(POOLED)
    }

    fn at(&self, server: &str) -> String {
        let server = variable(server);
        let (server, _) = server.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }
}

impl Default for Database {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A test that failed shows why by itself.
        let _ = try_query(&variable(DIRECT), &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Runs statements on a connection of their own; gives the rows, a line each, values separated by `|`.
pub fn query(url: &str, sql: &str) -> Vec<String> {
    try_query(url, sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"))
}

/// The same where it may fail.
///
/// # Errors
/// What the server refuses, or that it can't be reached.
pub fn try_query(url: &str, sql: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let asking = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
            tokio::spawn(connection);
            let messages = client.simple_query(sql).await?;
            Ok(messages.iter().filter_map(line).collect())
        })
    };
    // On a thread of its own: tests with a runtime and without one call it.
    std::thread::scope(|scope| scope.spawn(asking).join().unwrap())
}

fn line(message: &SimpleQueryMessage) -> Option<String> {
    let SimpleQueryMessage::Row(row) = message else { return None };
    let values: Vec<&str> = (0..row.len()).map(|column| row.get(column).unwrap_or("")).collect();
    Some(values.join("|"))
}
