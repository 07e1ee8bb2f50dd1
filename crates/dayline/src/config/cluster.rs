//! Options of an installation of many processes: where PostgreSQL and Redis are. Without them everything is in the
//! data folder. URLs hold passwords: they come from files or the environment, and are never shown.

use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use clap::Args;
use clap::builder::BoolishValueParser;
use dayline_postgres::{ClientCertificate, PgConfig};
use dayline_redis::{Certificates, PingLogOptions, RedisConfig};
use secrecy::{ExposeSecret, SecretString};

use super::pings::StorageOptions;
use dayline_cli_kit::failure::Failure;
use dayline_cli_kit::units;

/// Where the ledger and the accounts are, if not in the data folder.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "PostgreSQL, instead of the data folder")]
#[expect(clippy::struct_field_names, reason = "a field has its option's name")]
pub struct DatabaseOptions {
    /// The primary: postgres://user:password@host:port/database, also through PgBouncer; best given by the environment.
    /// With sslmode=verify-full behind it connections are encrypted and the server's certificate is checked; require
    /// and verify-ca mean the same
    #[arg(long, global = true, env = "DAYLINE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) database_url: Option<SecretString>,
    /// File whose first line is that URL
    #[arg(
        long,
        global = true,
        env = "DAYLINE_DATABASE_URL_FILE",
        value_name = "FILE",
        conflicts_with = "database_url"
    )]
    pub(crate) database_url_file: Option<PathBuf>,
    /// Certificates (PEM) to trust instead of the system's; with them sslmode=verify-full is the default
    #[arg(long, global = true, env = "DAYLINE_DATABASE_CERTIFICATES", value_name = "FILE")]
    pub(crate) database_certificates: Option<PathBuf>,
    /// Certificate (PEM) to show to the servers; with it sslmode=verify-full is the default
    #[arg(long, global = true, env = "DAYLINE_DATABASE_CLIENT_CERTIFICATE", value_name = "FILE")]
    pub(crate) database_client_certificate: Option<PathBuf>,
    /// Private key (PEM) of that certificate
    #[arg(long, global = true, env = "DAYLINE_DATABASE_CLIENT_KEY", value_name = "FILE")]
    pub(crate) database_client_key: Option<PathBuf>,
    /// Most connections of this process to each server
    #[arg(long, global = true, env = "DAYLINE_DATABASE_CONNECTIONS", default_value_t = 16, value_parser = clap::value_parser!(u16).range(2..))]
    pub(crate) database_connections: u16,
    /// Longest that a statement may take
    #[arg(long, global = true, env = "DAYLINE_DATABASE_TIMEOUT", default_value = "10s", value_parser = units::some_time)]
    pub(crate) database_timeout: Duration,
}

/// What only a server uses of a cluster.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cluster, with --database-url")]
pub struct ClusterOptions {
    /// A replica that reports read from; may be given several times
    #[arg(
        long = "read-database-url",
        env = "DAYLINE_READ_DATABASE_URL",
        hide_env_values = true,
        value_delimiter = ' ',
        value_name = "URL"
    )]
    pub(crate) read_database_urls: Vec<SecretString>,
    /// Replicas further behind the primary are not read from
    #[arg(long, env = "DAYLINE_MAX_REPLICA_LAG", default_value = "5s", value_parser = units::duration)]
    pub(crate) max_replica_lag: Duration,
    /// Redis for accepted pings and what processes tell each other: redis://user:password@host:port/db. With sentinels:
    /// redis+sentinel://user:password@host:port,host:port/service/db. With TLS: rediss:// or rediss+sentinel://
    #[arg(long, env = "DAYLINE_REDIS_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) redis_url: Option<SecretString>,
    /// File whose first line is that URL
    #[arg(long, env = "DAYLINE_REDIS_URL_FILE", value_name = "FILE", conflicts_with = "redis_url")]
    pub(crate) redis_url_file: Option<PathBuf>,
    /// Certificates (PEM) to trust instead of the system's, for a rediss:// or rediss+sentinel:// URL
    #[arg(long, env = "DAYLINE_REDIS_CERTIFICATES", value_name = "FILE")]
    pub(crate) redis_certificates: Option<PathBuf>,
    /// Certificate (PEM) to show to Redis, for a rediss:// URL
    #[arg(long, env = "DAYLINE_REDIS_CLIENT_CERTIFICATE", value_name = "FILE")]
    pub(crate) redis_client_certificate: Option<PathBuf>,
    /// Private key (PEM) of that certificate
    #[arg(long, env = "DAYLINE_REDIS_CLIENT_KEY", value_name = "FILE")]
    pub(crate) redis_client_key: Option<PathBuf>,
    /// What all keys in Redis begin with; two installations can share one Redis
    #[arg(long, env = "DAYLINE_REDIS_PREFIX", default_value = "dayline", value_name = "WORD")]
    pub(crate) redis_prefix: String,
    /// Start on a Redis that may lose accepted pings in a crash, instead of refusing to; with sentinels, wait for no replica
    #[arg(long, env = "DAYLINE_ACCEPT_LOSSY_REDIS", value_parser = BoolishValueParser::new())]
    pub(crate) accept_lossy_redis: bool,
    /// Partitions of the ping log, the most workers that can share the work; fixed once pings were sent
    #[arg(long, env = "DAYLINE_LOG_PARTITIONS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(crate) log_partitions: u32,
}

impl DatabaseOptions {
    /// Whether the data is in the data folder.
    pub(crate) fn is_absent(&self) -> bool {
        self.database_url.is_none() && self.database_url_file.is_none()
    }

    /// How to reach the database, for a command that makes no sense without one.
    pub(crate) fn required(&self) -> Result<PgConfig, Failure> {
        let missing = || Failure::usage("say by --database-url (or DAYLINE_DATABASE_URL) which database");
        self.postgres()?.ok_or_else(missing)
    }

    /// How to reach the database; `None` if the data is in the data folder.
    pub(crate) fn postgres(&self) -> Result<Option<PgConfig>, Failure> {
        let Some(url) = secret(self.database_url.as_ref(), self.database_url_file.as_deref())? else {
            return Ok(None);
        };
        let mut config = PgConfig::new(url.expose_secret()).map_err(Failure::usage)?;
        config.max_connections = usize::from(self.database_connections);
        config.statement_timeout = self.database_timeout;
        config.root_certificates.clone_from(&self.database_certificates);
        let (certificate, key) = (&self.database_client_certificate, &self.database_client_key);
        let own = both(certificate.as_deref(), key.as_deref(), "--database-client")?;
        config.client_certificate = own.map(|(certificate, key)| ClientCertificate {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
        });
        Ok(Some(config))
    }
}

impl ClusterOptions {
    /// Adds the replicas.
    pub(crate) fn with_replicas(&self, mut config: PgConfig) -> Result<PgConfig, Failure> {
        config.max_replica_lag = self.max_replica_lag;
        for url in &self.read_database_urls {
            config.add_replica(url.expose_secret()).map_err(Failure::usage)?;
        }
        Ok(config)
    }

    /// How to reach Redis; `None` if nothing was said.
    pub(crate) fn redis(&self) -> Result<Option<RedisConfig>, Failure> {
        let Some(url) = secret(self.redis_url.as_ref(), self.redis_url_file.as_deref())? else {
            return Ok(None);
        };
        let mut config = RedisConfig::new(url.expose_secret()).map_err(Failure::usage)?;
        let certificates = self.redis_certificates()?;
        if certificates.roots.is_some() || certificates.own.is_some() {
            config = config.with_certificates(certificates).map_err(Failure::usage)?;
        }
        Ok(Some(config.with_prefix(&self.redis_prefix)))
    }

    fn redis_certificates(&self) -> Result<Certificates, Failure> {
        let (certificate, key) = (&self.redis_client_certificate, &self.redis_client_key);
        let own = both(certificate.as_deref(), key.as_deref(), "--redis-client")?;
        let read = |(certificate, key)| Ok::<_, Failure>((content(certificate)?, content(key)?));
        Ok(Certificates {
            roots: self.redis_certificates.as_deref().map(content).transpose()?,
            own: own.map(read).transpose()?,
        })
    }

    /// The settings of the ping log in Redis.
    pub(crate) fn ping_log(&self, storage: &StorageOptions) -> Result<PingLogOptions, Failure> {
        let (low_bytes, high_bytes) = storage.watermarks()?;
        // Not for operators to set.
        let PingLogOptions { senders, .. } = PingLogOptions::default();
        Ok(PingLogOptions {
            partitions: self.log_partitions,
            high_bytes,
            low_bytes,
            keep: storage.keep(self.log_partitions),
            max_pending_bytes: storage.max_pending_bytes(),
            senders,
            accept_less: self.accept_lossy_redis,
        })
    }
}

/// A secret that was given as it is or by a file's first line.
fn secret(given: Option<&SecretString>, file: Option<&Path>) -> Result<Option<SecretString>, Failure> {
    let Some(file) = file else { return Ok(given.cloned()) };
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    Ok(Some(text.lines().next().unwrap_or_default().trim().to_owned().into()))
}

/// A certificate and its key, which are given both or not at all.
fn both<'a>(
    certificate: Option<&'a Path>,
    key: Option<&'a Path>,
    options: &str,
) -> Result<Option<(&'a Path, &'a Path)>, Failure> {
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        (Some(_), None) => {
            Err(Failure::usage(format!("{options}-certificate needs {options}-key beside it")))
        }
        (None, Some(_)) => {
            Err(Failure::usage(format!("{options}-key needs {options}-certificate beside it")))
        }
    }
}

fn content(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| unreadable(file, &error))
}

fn unreadable(file: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("can't read {}: {error}", file.display()))
}
