//! PostgreSQL, PgBouncer and Redis of one cluster. Unlike the servers of `scripts/with-servers` these write to the disk
//! before they say so.

use std::env;

use dayline_testkit::{PgBouncer, Postgres, Redis, free_port};

const POSTGRES: [&str; 4] =
    ["shared_buffers=128MB", "max_connections=100", "max_wal_size=4GB", "log_min_messages=fatal"];

/// The three servers; stopped and wiped when dropped.
pub(crate) struct Services {
    postgres: Postgres,
    pgbouncer: PgBouncer,
    redis_port: u16,
    _redis: Redis,
}

impl Services {
    /// Whether this runs under `scripts/with-servers`.
    pub(crate) fn available() -> bool {
        env::var_os("DAYLINE_TEST_FOLDER").is_some()
    }

    /// Fresh servers with an empty database. Panics where they don't start: there is nothing to measure then.
    pub(crate) fn start() -> Self {
        let postgres = Postgres::start(&POSTGRES);
        let pgbouncer = PgBouncer::before(&postgres);
        // Processes of a real cluster come over the network, not by a socket in a folder.
        let redis_port = free_port();
        let redis = Redis::start_with(&[("port", &redis_port.to_string()), ("bind", "127.0.0.1")]);
        Self { postgres, pgbouncer, redis_port, _redis: redis }
    }

    /// Starts PostgreSQL where it does not run; returns when it answers.
    pub(crate) fn start_database(&mut self) {
        self.postgres.start_again();
    }

    /// Stops PostgreSQL and cuts its connections; what waits in Redis stays.
    pub(crate) fn stop_database(&mut self) {
        self.postgres.stop();
    }

    /// The database itself, not through PgBouncer.
    pub(crate) fn direct_url(&self) -> String {
        self.postgres.url()
    }

    /// What each process of the cluster is told by its environment.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let redis = format!("redis://127.0.0.1:{}", self.redis_port);
        [("DAYLINE_DATABASE_URL", self.pgbouncer.url()), ("DAYLINE_REDIS_URL", redis)]
    }
}
