//! What an operator may set about the server: options, each with an environment variable, a default and help.
//! Not here: what the settings do. Each group becomes the settings of one part in `wire.rs`.

mod cluster;
mod kafka;
mod limits;
mod network;
mod passwords;
mod pings;
mod reports;
mod retention;
mod trackers;

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};
use dayline_cli_kit::failure::Failure;
use dayline_postgres::PgConfig;
use dayline_redis::RedisConfig;
use tracing_subscriber::filter::{LevelFilter, Targets};

pub use cluster::{ClusterOptions, DatabaseOptions};
pub use kafka::{KafkaOptions, KafkaSaslMechanism, KafkaSecurity};
pub use limits::LimitOptions;
pub use network::NetworkOptions;
pub(crate) use network::public_url;
pub(crate) use passwords::Registration;
pub use passwords::{PasswordOptions, SessionOptions};
pub use pings::{PingOptions, StorageOptions, keys_file};
pub use reports::ReportOptions;
pub use retention::RetentionOptions;
pub(crate) use trackers::DoorOptions;
pub use trackers::TrackerOptions;

/// Options of `dayline serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// What this process does
    #[arg(long = "role", env = "DAYLINE_ROLE", value_delimiter = ',', default_value = "api,worker,report")]
    pub(crate) roles: Vec<Role>,
    /// Threads that serve requests and work on timelines; as many as there are processors if not given
    #[arg(long, env = "DAYLINE_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Take pings and change nothing else, while somebody restores or examines the data; they are processed when this
    /// starts without it
    #[arg(long, env = "DAYLINE_MAINTENANCE", value_parser = BoolishValueParser::new())]
    pub(crate) maintenance: bool,
    /// Addresses, connections and proxies.
    #[command(flatten)]
    pub(crate) network: NetworkOptions,
    /// A door for trackers of this computer.
    #[command(flatten)]
    pub(crate) trackers: TrackerOptions,
    /// Where data lives.
    #[command(flatten)]
    pub(crate) storage: StorageOptions,
    /// Where it lives instead.
    #[command(flatten)]
    pub(crate) database: DatabaseOptions,
    /// What processes share.
    #[command(flatten)]
    pub(crate) cluster: ClusterOptions,
    /// Where accepted pings are instead.
    #[command(flatten)]
    pub(crate) kafka: KafkaOptions,
    /// Which pings are taken.
    #[command(flatten)]
    pub(crate) pings: PingOptions,
    /// How long timelines are kept.
    #[command(flatten)]
    pub(crate) retention: RetentionOptions,
    /// How long report jobs may take.
    #[command(flatten)]
    pub(crate) reports: ReportOptions,
    /// How long sign-ins last.
    #[command(flatten)]
    pub(crate) sessions: SessionOptions,
    /// How passwords are hashed.
    #[command(flatten)]
    pub(crate) passwords: PasswordOptions,
    /// How much one may ask for.
    #[command(flatten)]
    pub(crate) limits: LimitOptions,
    /// What is logged.
    #[command(flatten)]
    pub(crate) logs: LogOptions,
}

/// What a process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Answer requests
    Api,
    /// Turn accepted pings into timelines
    Worker,
    /// Make long reports in the background
    Report,
}

/// Where the data is, for commands that work alongside servers.
#[derive(Debug, Clone, Args)]
pub struct DataOptions {
    /// Data folder
    #[arg(
        long,
        global = true,
        env = "DAYLINE_DATA",
        default_value = "./dayline-data",
        value_name = "FOLDER"
    )]
    pub(crate) data: PathBuf,
    /// Where it is instead.
    #[command(flatten)]
    pub(crate) database: DatabaseOptions,
}

/// How logs look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people
    Text,
    /// One JSON object per line
    Json,
}

/// What is logged, to standard error.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogOptions {
    /// How lines look; with json what is told to people at the start is in the line `ready` alone
    #[arg(long, env = "DAYLINE_LOG_FORMAT", value_enum, default_value = "text")]
    pub(crate) log_format: LogFormat,
    /// From which level on: error, warn, info, debug, trace; also per part, as in `info,dayline_api=debug`
    #[arg(long, env = "DAYLINE_LOG_LEVEL", default_value = "info", value_parser = log_level)]
    pub(crate) log_level: Targets,
    /// Write one line a request to standard output, in JSON: method, route, status, time taken, network; nothing that
    /// a client chose
    #[arg(long, env = "DAYLINE_ACCESS_LOG", value_parser = BoolishValueParser::new())]
    pub(crate) access_log: bool,
}

const LEVELS: [(&str, LevelFilter); 6] = [
    ("off", LevelFilter::OFF),
    ("error", LevelFilter::ERROR),
    ("warn", LevelFilter::WARN),
    ("info", LevelFilter::INFO),
    ("debug", LevelFilter::DEBUG),
    ("trace", LevelFilter::TRACE),
];

/// Levels, one for all and others for parts. Read here since the parser of [`Targets`] takes a
/// misspelt level for the name of a part.
fn log_level(text: &str) -> Result<Targets, String> {
    let level = |name: &str| {
        let found = LEVELS.into_iter().find(|(level, _)| level.eq_ignore_ascii_case(name.trim()));
        found
            .map(|(_, level)| level)
            .ok_or_else(|| format!("{name:?} is not off, error, warn, info, debug or trace"))
    };
    text.split(',').try_fold(Targets::new(), |targets, part| match part.split_once('=') {
        None => Ok(targets.with_default(level(part)?)),
        Some((name, _)) if name.trim().is_empty() => Err(format!("{part:?} names no part")),
        Some((name, text)) => Ok(targets.with_target(name.trim(), level(text)?)),
    })
}

impl ServeOptions {
    /// The primary database and the Redis of a cluster; `None` if all is in the data folder.
    ///
    /// # Errors
    /// Half of what a cluster needs; or one process of several over a data folder, in which no other can work: what it
    /// accepts would never be processed.
    pub(crate) fn cluster_configs(&self) -> Result<Option<(PgConfig, RedisConfig)>, Failure> {
        match (self.database.postgres()?, self.cluster.redis()?) {
            (Some(database), Some(redis)) => Ok(Some((database, redis))),
            (Some(_), None) => {
                Err(Failure::usage("--database-url needs --redis-url beside it, for accepted pings"))
            }
            (None, Some(_)) => {
                Err(Failure::usage("--redis-url needs --database-url beside it, for timelines"))
            }
            (None, None) if self.kafka.kafka_brokers.is_some() => Err(Failure::usage(
                "--kafka-brokers needs --database-url beside it, for timelines, and --redis-url, for what processes tell \
                 each other",
            )),
            (None, None) if self.has(Role::Api) && self.has(Role::Worker) => Ok(None),
            (None, None) => Err(Failure::usage(
                "--role shares the work among processes, which needs --database-url and --redis-url; with a data \
                 folder one process does all, so leave --role out",
            )),
        }
    }

    /// Whether people may make accounts for themselves. A server that others reach has none of people that nobody
    /// knows unless its operator wants that.
    pub(crate) fn registration(&self) -> Registration {
        let is_here_alone = self.network.listen.ip().is_loopback() && self.network.public_url.is_none();
        let usual = if is_here_alone { Registration::Open } else { Registration::Closed };
        self.sessions.registration.unwrap_or(usual)
    }

    /// Whether this process has the role.
    pub(crate) fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Whether this process does in the background what the role says: nobody does in maintenance.
    pub(crate) fn works_as(&self, role: Role) -> bool {
        self.has(role) && !self.maintenance
    }
}

#[cfg(test)]
mod tests;
