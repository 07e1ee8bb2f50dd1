//! A database of its own for a bench, and people in it.

use std::time::Duration;

use dayline_app::ports::{Accounts, CreateUser, PasswordHash, User};
use dayline_domain::{Email, FullName, UserId, UtcMs};
use dayline_postgres::{PgConfig, PgStore};
use tokio_postgres::{Client, NoTls};

/// A migrated database, dropped together with this.
pub(crate) struct Database {
    database: dayline_testkit::Database,
    pub(crate) store: PgStore,
}

impl Database {
    pub(crate) async fn create() -> Self {
        let database = dayline_testkit::Database::new();
        let mut config = PgConfig::new(&database.url()).unwrap();
        config.statement_timeout = Duration::from_mins(1);
        let store = PgStore::open(&config).unwrap();
        store.migrate().await.unwrap();
        Self { database, store }
    }

    pub(crate) async fn client(&self) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

/// Registers the `n`-th person.
pub(crate) async fn register(store: &PgStore, n: u64) -> UserId {
    let user = User {
        id: UserId::v7(n, [3; 10]),
        email: Email::new(&format!("person{n}@example.org")).unwrap(),
        full_name: FullName::new("Somebody").unwrap(),
        timezone: "UTC".to_owned(),
        created_at: UtcMs(0),
        updated_at: UtcMs(0),
        disabled_at: None,
    };
    let id = user.id;
    assert_eq!(store.create(user, PasswordHash(String::new())).await, Ok(CreateUser::Created));
    id
}

/// The `n`-th number among the arguments, from 0.
pub(crate) fn argument(n: usize, otherwise: u64) -> u64 {
    std::env::args().skip(1).filter_map(|word| word.parse().ok()).nth(n).unwrap_or(otherwise)
}

/// Times in milliseconds, in one line.
pub(crate) fn median_and_p99(mut times: Vec<f64>) -> String {
    times.sort_by(f64::total_cmp);
    let p99 = times[times.len() * 99 / 100];
    format!("median {:8.3} ms   p99 {p99:8.3} ms", times[times.len() / 2])
}
