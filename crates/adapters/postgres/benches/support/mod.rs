//! A database of its own for a bench, and people in it.

use std::time::Duration;

use dayline_app::ports::{Accounts, CreateUser, PasswordHash, User};
use dayline_domain::{Email, FullName, UserId, UtcMs};
use dayline_postgres::{PgConfig, PgStore};
use tokio_postgres::{Client, NoTls};

/// A migrated database. Drop it with [`Database::drop`].
pub(crate) struct Database {
    server: String,
    name: String,
    pub(crate) store: PgStore,
}

pub(crate) async fn client(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

impl Database {
    pub(crate) async fn create() -> Self {
        let server = std::env::var("DAYLINE_TEST_POSTGRES_URL").expect("run it by scripts/with-servers");
        let name = format!("bench_{}", std::process::id());
        client(&server).await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        let mut config = PgConfig::new(&url(&server, &name)).unwrap();
        config.statement_timeout = Duration::from_mins(1);
        let store = PgStore::open(&config).unwrap();
        store.migrate().await.unwrap();
        Self { server, name, store }
    }

    pub(crate) async fn client(&self) -> Client {
        client(&url(&self.server, &self.name)).await
    }

    pub(crate) async fn drop(self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        client(&self.server).await.batch_execute(&sql).await.unwrap();
    }
}

fn url(server: &str, name: &str) -> String {
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
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
