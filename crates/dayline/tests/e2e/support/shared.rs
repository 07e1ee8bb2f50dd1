//! What the processes of a cluster share: a database, reached through PgBouncer, a Redis, and the keys.

use dayline_local::{SystemRandomness, load_or_create_keys};
use dayline_testkit::{self as testkit, Redis};
use tempfile::TempDir;

use super::command::run;
use super::now;

/// What one cluster has for itself.
pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) redis: Redis,
    redis_url: String,
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
        let redis = Redis::start();
        let url = redis.url();
        Self::over_redis(database, redis, url)
    }

    /// The same over this Redis, which processes find there.
    pub(crate) fn over_redis(database: Database, redis: Redis, redis_url: String) -> Self {
        let folder = tempfile::tempdir().unwrap();
        load_or_create_keys(&folder.path().join("keys.json"), &SystemRandomness, now()).unwrap();
        Self { database, redis, redis_url, folder }
    }

    /// What each process is told about it.
    pub(crate) fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("DAYLINE_DATABASE_URL", self.database.url.clone()),
            ("DAYLINE_REDIS_URL", self.redis_url.clone()),
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
    _own: Option<testkit::Database>,
}

impl Database {
    /// An empty one on the test server, dropped at the end.
    pub(crate) fn new() -> Self {
        let own = testkit::Database::new();
        Self { url: own.pooled_url(), direct: own.url(), _own: Some(own) }
    }

    /// One that somebody else keeps.
    pub(crate) fn at(url: String, direct: String) -> Self {
        Self { url, direct, _own: None }
    }

    /// Runs statements past the program; gives the rows, a line each, values separated by `|`.
    pub(crate) fn query(&self, sql: &str) -> Vec<String> {
        testkit::query(&self.direct, sql)
    }

    /// Everything in it, as text.
    pub(crate) fn content(&self) -> String {
        let tables = self.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1");
        let rows = |table: &String| self.query(&format!("SELECT {table}::text FROM {table}"));
        tables.iter().flat_map(rows).collect::<Vec<_>>().join("\n")
    }
}
