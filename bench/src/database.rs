//! Statements run past the server on the database it stores in: for what would take hours through the API.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::{Client, NoTls};

use crate::failure::Failure;

/// The database of a server.
#[derive(Clone)]
pub(crate) enum Database {
    /// Its file.
    Sqlite(PathBuf),
    /// Its URL, not through PgBouncer.
    Postgres(String),
}

/// The only right to write to a file.
pub(crate) struct Lock(rusqlite::Connection);

impl Lock {
    /// Lets others write again.
    pub(crate) fn release(self) -> Result<(), Failure> {
        Ok(self.0.execute_batch("ROLLBACK")?)
    }
}

/// The same in the two languages.
pub(crate) struct Sql<T = String> {
    pub(crate) sqlite: T,
    pub(crate) postgres: T,
}

impl Database {
    /// Runs statements, each committed by itself.
    pub(crate) async fn run(&self, sql: Sql) -> Result<(), Failure> {
        match self {
            Self::Sqlite(file) => {
                let file = file.clone();
                tokio::task::spawn_blocking(move || Ok(open(&file)?.execute_batch(&sql.sqlite)?)).await?
            }
            Self::Postgres(url) => {
                let client = connect(url).await?;
                Ok(client.batch_execute(&sql.postgres).await?)
            }
        }
    }

    /// The whole number that a statement gives.
    pub(crate) async fn number(&self, sql: Sql<&'static str>) -> Result<i64, Failure> {
        match self {
            Self::Sqlite(file) => {
                let file = file.clone();
                let number = move || Ok(open(&file)?.query_row(sql.sqlite, [], |row| row.get(0))?);
                tokio::task::spawn_blocking(number).await?
            }
            Self::Postgres(url) => {
                let client = connect(url).await?;
                Ok(client.query_one(sql.postgres, &[]).await?.get(0))
            }
        }
    }

    /// Keeps everybody else from writing to the file.
    pub(crate) async fn lock(&self) -> Result<Lock, Failure> {
        let Self::Sqlite(file) = self else { return Err("only a file can be locked".into()) };
        let file = file.clone();
        tokio::task::spawn_blocking(move || {
            let connection = open(&file)?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            Ok(Lock(connection))
        })
        .await?
    }
}

/// A connection that ends with the client. What goes wrong with it, the client's calls tell.
async fn connect(url: &str) -> Result<Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

fn open(file: &Path) -> Result<rusqlite::Connection, rusqlite::Error> {
    let connection = rusqlite::Connection::open(file)?;
    connection.busy_timeout(Duration::from_secs(30))?;
    Ok(connection)
}
