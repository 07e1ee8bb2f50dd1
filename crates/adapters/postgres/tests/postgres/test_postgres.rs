//! PostgreSQL servers that one test has for itself, and stores on them.

use std::ops::{Deref, DerefMut};

use dayline_postgres::{PgConfig, PgStore};
use dayline_testkit::Postgres;
use tokio_postgres::Client;

/// A server; stopped and wiped when dropped.
pub(crate) struct TestPostgres(Postgres);

impl Deref for TestPostgres {
    type Target = Postgres;

    fn deref(&self) -> &Postgres {
        &self.0
    }
}

impl DerefMut for TestPostgres {
    fn deref_mut(&mut self) -> &mut Postgres {
        &mut self.0
    }
}

impl TestPostgres {
    /// A new server with an empty database, whose data is as safe as a test needs it.
    pub(crate) fn start() -> Self {
        Self(Postgres::start(&["fsync=off"]))
    }

    /// A replica that streams from this server.
    pub(crate) fn replica(&self) -> Self {
        Self(self.0.replica())
    }

    pub(crate) fn config(&self) -> PgConfig {
        PgConfig::new(&self.url()).unwrap()
    }

    /// A store with today's schema on this server.
    pub(crate) async fn migrated(&self) -> PgStore {
        let store = PgStore::open(&self.config()).unwrap();
        store.migrate().await.unwrap();
        store
    }

    pub(crate) async fn client(&self) -> Client {
        crate::database::client_at(&self.url()).await
    }
}
