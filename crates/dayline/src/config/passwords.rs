//! Options about sessions and passwords.

use std::time::Duration;

use clap::{Args, ValueEnum};
use dayline_domain::identity::session::SessionPolicy;
use dayline_local::Argon2Settings;

use dayline_cli_kit::units::{self, whole_ms};

/// Who makes accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Registration {
    /// Whoever reaches the server
    Open,
    /// Who runs it, by `dayline user create`
    Closed,
}

impl Registration {
    /// As it is written on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// How accounts are made, and how long sign-ins last.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Accounts")]
pub struct SessionOptions {
    /// Whether people may make accounts for themselves. If not given: open where `--listen` is this machine alone and
    /// there is no `--public-url`, closed elsewhere, where `dayline user create` makes them
    #[arg(long, env = "DAYLINE_REGISTRATION", value_enum)]
    pub(crate) registration: Option<Registration>,
    /// A session that is not used for this long ends
    #[arg(long, env = "DAYLINE_SESSION_IDLE", default_value = "30d", value_parser = units::some_time)]
    pub(crate) session_idle: Duration,
    /// A session ends at this age
    #[arg(long, env = "DAYLINE_SESSION_MAX_AGE", default_value = "365d", value_parser = units::some_time)]
    pub(crate) session_max_age: Duration,
    /// Most sessions of one person; one more ends the one used longest ago
    #[arg(long, env = "DAYLINE_MAX_SESSIONS", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) max_sessions: u16,
    /// How long the audit log is kept
    #[arg(long, env = "DAYLINE_AUDIT_KEEP", default_value = "365d", value_parser = units::some_time)]
    pub(crate) audit_keep: Duration,
}

impl SessionOptions {
    /// The rules for sessions.
    pub(crate) fn policy(&self) -> SessionPolicy {
        // Part of how tokens are rotated, not for operators to set.
        let SessionPolicy { retry_ms, .. } = SessionPolicy::default();
        SessionPolicy {
            idle_ms: whole_ms(self.session_idle),
            absolute_ms: whole_ms(self.session_max_age),
            max_per_user: usize::from(self.max_sessions),
            retry_ms,
        }
    }
}

/// How passwords are hashed (argon2id). Weaker settings than the defaults are refused.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Passwords")]
pub struct PasswordOptions {
    /// Memory of one hash
    #[arg(long, env = "DAYLINE_ARGON2_MEMORY", default_value = "19MiB", value_parser = units::bytes, value_name = "SIZE")]
    pub argon2_memory: u64,
    /// Passes over it
    #[arg(long, env = "DAYLINE_ARGON2_PASSES", default_value_t = 2)]
    pub argon2_passes: u32,
    /// Lanes
    #[arg(long, env = "DAYLINE_ARGON2_LANES", default_value_t = 1)]
    pub argon2_lanes: u32,
    /// Hashes made at a time; half as many as there are processors if not given
    #[arg(long, env = "DAYLINE_ARGON2_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub argon2_threads: Option<u16>,
    /// Hashes that may wait before sign-ins are refused with 503
    #[arg(long, env = "DAYLINE_ARGON2_QUEUE", default_value_t = 512)]
    pub argon2_queue: u16,
}

impl PasswordOptions {
    /// The settings of the hashing.
    pub(crate) fn argon2(&self) -> Argon2Settings {
        Argon2Settings {
            memory_kib: u32::try_from(self.argon2_memory / 1_024).unwrap_or(u32::MAX),
            passes: self.argon2_passes,
            lanes: self.argon2_lanes,
            threads: self.argon2_threads.map_or(Argon2Settings::default().threads, usize::from),
            queue: usize::from(self.argon2_queue),
        }
    }
}
