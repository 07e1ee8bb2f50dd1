//! How to reach the servers, and every bound on waiting for them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

/// How to reach the primary and its replicas.
#[derive(Clone)]
pub struct PgConfig {
    pub(crate) primary: Config,
    pub(crate) replicas: Vec<Config>,
    /// Most connections to each server; at least 1.
    pub max_connections: usize,
    /// Longest wait for a connection to be made, and for a free one of the pool.
    pub connect_timeout: Duration,
    /// Longest a statement may run, and longest a transaction may idle before the server ends it,
    /// so that a paused process can't keep its locks.
    pub statement_timeout: Duration,
    /// Replicas further behind the primary than this are not read from. At least twice
    /// [`replica_check_every`](Self::replica_check_every), or they never are.
    pub max_replica_lag: Duration,
    /// How often replicas are compared with the primary.
    pub replica_check_every: Duration,
    /// Certificates (PEM) to trust instead of the system's, for servers reached with
    /// `sslmode=require`.
    pub root_certificates: Option<PathBuf>,
}

/// Why a URL can't be used. Never shows the URL: it holds a password.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Not a connection string.
    #[error("not a postgresql connection string: {0}")]
    Url(String),
    /// Certificates can't be read.
    #[error("certificates for tls can't be used: {0}")]
    Certificates(String),
}

impl PgConfig {
    /// The primary's URL, `postgres://user:password@host:port/database` or `key=value` pairs, with
    /// default bounds.
    ///
    /// `sslmode=require` (also `verify-ca`, `verify-full`) means TLS with a checked certificate.
    /// Anything else means plain: `prefer` protects against nobody who can interfere with the
    /// connection.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            primary: parse(url)?,
            replicas: Vec::new(),
            max_connections: 16,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            max_replica_lag: Duration::from_secs(5),
            replica_check_every: Duration::from_secs(1),
            root_certificates: None,
        })
    }

    /// Adds a replica to read from.
    pub fn add_replica(&mut self, url: &str) -> Result<(), ConfigError> {
        self.replicas.push(parse(url)?);
        Ok(())
    }
}

/// Shows the bounds, not where the servers are.
impl fmt::Debug for PgConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgConfig")
            .field("replicas", &self.replicas.len())
            .field("max_connections", &self.max_connections)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("max_replica_lag", &self.max_replica_lag)
            .finish_non_exhaustive()
    }
}

fn parse(url: &str) -> Result<Config, ConfigError> {
    // The client knows only `require`, and checks certificates always.
    let url =
        url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let mut config = Config::from_str(&url).map_err(|error| ConfigError::Url(error.to_string()))?;
    if config.get_ssl_mode() == SslMode::Prefer {
        config.ssl_mode(SslMode::Disable);
    }
    if config.get_application_name().is_none() {
        config.application_name("dayline");
    }
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_nowhere() {
        let secret = "hunter2";
        let config = PgConfig::new(&format!("postgres://ada:{secret}@db.example/dayline")).unwrap();
        assert!(!format!("{config:?}").contains(secret) && !format!("{config:?}").contains("db.example"));
        let error =
            PgConfig::new(&format!("postgres://ada:{secret}@db.example/dayline?nonsense=1")).unwrap_err();
        assert!(!error.to_string().contains(secret), "{error}");
    }

    #[test]
    fn tls_is_asked_for_or_not_used() {
        let mode = |query: &str| {
            let url = format!("postgres://ada@db.example/dayline{query}");
            PgConfig::new(&url).unwrap().primary.get_ssl_mode()
        };
        assert_eq!(mode(""), SslMode::Disable);
        assert_eq!(mode("?sslmode=prefer"), SslMode::Disable);
        for required in ["require", "verify-ca", "verify-full"] {
            assert_eq!(mode(&format!("?sslmode={required}")), SslMode::Require);
        }
    }
}
