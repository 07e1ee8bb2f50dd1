//! A PostgreSQL server that one test has for itself, to be stopped and killed, and a PgBouncer in front of it.

use std::ops::{Deref, DerefMut};

use dayline_testkit::{self as testkit, PgBouncer};

use super::shared::Database;

/// The two servers.
pub(crate) struct Postgres {
    server: testkit::Postgres,
    pgbouncer: PgBouncer,
}

impl Deref for Postgres {
    type Target = testkit::Postgres;

    fn deref(&self) -> &testkit::Postgres {
        &self.server
    }
}

impl DerefMut for Postgres {
    fn deref_mut(&mut self) -> &mut testkit::Postgres {
        &mut self.server
    }
}

impl Postgres {
    /// New servers with an empty database.
    pub(crate) fn start() -> Self {
        let server = testkit::Postgres::start(&[]);
        Self { pgbouncer: PgBouncer::before(&server), server }
    }

    /// Its database, which is not dropped.
    pub(crate) fn database(&self) -> Database {
        Database::at(self.pgbouncer.url(), self.server.url())
    }

    /// A replica that lagged takes the place of the server, for all who come through PgBouncer.
    pub(crate) fn is_succeeded_by(&mut self, mut replica: testkit::Postgres) {
        replica.take_over(&mut self.server);
        self.server = replica;
    }

    /// Cuts all connections, whatever goes over them.
    pub(crate) fn cut(&self) -> usize {
        let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        self.database().query(all).len()
    }
}
