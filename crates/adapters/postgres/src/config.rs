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
    /// Certificates (PEM) to trust instead of the system's. With them there is no connection in the
    /// clear.
    pub root_certificates: Option<PathBuf>,
    /// What to show to servers that ask for a certificate. With it there is no connection in the clear.
    pub client_certificate: Option<ClientCertificate>,
}

/// A certificate, and what proves that it is ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// A file with it, and those between it and an authority's (PEM).
    pub certificate: PathBuf,
    /// A file with its private key (PEM), without a password.
    pub key: PathBuf,
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
    /// There are certificates for a connection that has none.
    #[error(
        "sslmode=disable says that connections to postgresql are not encrypted, and certificates that they are: \
         leave one of them out"
    )]
    Contradiction,
}

impl PgConfig {
    /// The primary's URL, `postgres://user:password@host:port/database` or `key=value` pairs, with
    /// default bounds.
    ///
    /// `sslmode=require`, `verify-ca` and `verify-full` all mean TLS, with a certificate that is checked
    /// and is the host's; so do `prefer` and nothing where there are certificates to use. Else these mean plain:
    /// `prefer` protects against nobody who can interfere with the connection.
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
            client_certificate: None,
        })
    }

    /// How a server is to be reached, decided: encrypted or not.
    pub(crate) fn decided(&self, server: &Config) -> Result<Config, ConfigError> {
        let has_certificates = self.root_certificates.is_some() || self.client_certificate.is_some();
        let mut decided = server.clone();
        match server.get_ssl_mode() {
            SslMode::Require => {}
            SslMode::Disable if has_certificates => return Err(ConfigError::Contradiction),
            _ if has_certificates => drop(decided.ssl_mode(SslMode::Require)),
            _ => drop(decided.ssl_mode(SslMode::Disable)),
        }
        Ok(decided)
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
    fn connections_are_encrypted_where_that_is_asked_for_or_there_are_certificates() {
        let config = |mode: &str, has_roots: bool, has_own: bool| {
            let mut config = PgConfig::new(&format!("postgres://ada@db.example/dayline{mode}")).unwrap();
            config.root_certificates = has_roots.then(|| "roots.pem".into());
            let own = ClientCertificate { certificate: "own.pem".into(), key: "own.key".into() };
            config.client_certificate = has_own.then_some(own);
            config
        };
        for (has_roots, has_own) in [(false, false), (false, true), (true, false), (true, true)] {
            let decided = |mode: &str| {
                let config = config(mode, has_roots, has_own);
                config.decided(&config.primary).map(|decided| decided.get_ssl_mode())
            };
            let has_any = has_roots || has_own;
            for undecided in ["", "?sslmode=prefer"] {
                let mode = if has_any { SslMode::Require } else { SslMode::Disable };
                assert_eq!(decided(undecided).unwrap(), mode, "{undecided:?} {has_roots} {has_own}");
            }
            for required in ["require", "verify-ca", "verify-full"] {
                assert_eq!(decided(&format!("?sslmode={required}")).unwrap(), SslMode::Require);
            }
            let plain = decided("?sslmode=disable");
            assert!(if has_any { matches!(plain, Err(ConfigError::Contradiction)) } else { plain.is_ok() });
        }
    }
}
