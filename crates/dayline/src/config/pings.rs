//! Options about pings and where they go.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use dayline_app::ports::Position;
use dayline_app::tracking::keep::Keep;
use dayline_app::tracking::worker::WorkerLimits;
use dayline_domain::PingLimits;
use dayline_sqlite::PingLogOptions;

use dayline_cli_kit::failure::Failure;
use dayline_cli_kit::units::{self, whole_ms};

/// Which pings are taken.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pings")]
#[allow(clippy::struct_field_names, reason = "the options are named after them")]
pub struct PingOptions {
    /// Longest use or page
    #[arg(long, env = "DAYLINE_MAX_PING", default_value = "24h", value_parser = units::some_time)]
    pub(crate) max_ping: Duration,
    /// How far in the future a ping may end
    #[arg(long, env = "DAYLINE_MAX_FUTURE", default_value = "5m", value_parser = units::duration)]
    pub(crate) max_future: Duration,
    /// How far in the past a ping may start
    #[arg(long, env = "DAYLINE_MAX_PAST", default_value = "366d", value_parser = units::duration)]
    pub(crate) max_past: Duration,
}

impl PingOptions {
    /// What is accepted.
    pub(crate) fn limits(&self) -> PingLimits {
        PingLimits {
            max_length_ms: whole_ms(self.max_ping),
            max_future_ms: whole_ms(self.max_future),
            max_past_ms: whole_ms(self.max_past),
        }
    }
}

/// The file with the keys: the one that is named, or the one in the data folder.
pub fn keys_file(data: &Path, named: Option<&Path>) -> PathBuf {
    named.map_or_else(|| data.join("keys.json"), Path::to_owned)
}

/// Where data lives and how much of it waits.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Data")]
pub struct StorageOptions {
    /// Data folder; made if it is missing
    #[arg(long, env = "DAYLINE_DATA", default_value = "./dayline-data", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// File with the keys that sign tokens; made if it is missing. keys.json in the data folder if not given
    #[arg(long, env = "DAYLINE_KEYS_FILE", value_name = "FILE")]
    pub(crate) keys_file: Option<PathBuf>,
    /// Accepted pings that may wait before new ones are refused with 503
    #[arg(long, env = "DAYLINE_LOG_HIGH", default_value = "1GiB", value_parser = units::bytes, value_name = "SIZE")]
    pub(crate) log_high: u64,
    /// Waiting pings below which new ones are taken again
    #[arg(long, env = "DAYLINE_LOG_LOW", default_value = "768MiB", value_parser = units::bytes, value_name = "SIZE")]
    pub(crate) log_low: u64,
    /// How long processed pings stay in the log, for a database that comes back older than it was: after a failover to a
    /// replica that lagged, or from a backup; 0 for not at all
    #[arg(long, env = "DAYLINE_LOG_KEEP", default_value = "5m", value_parser = units::duration_or_none)]
    pub(crate) log_keep: Duration,
    /// Processed pings that stay in the log at most
    #[arg(long, env = "DAYLINE_LOG_KEEP_BYTES", default_value = "256MiB", value_parser = units::bytes, value_name = "SIZE")]
    pub(crate) log_keep_bytes: u64,
    /// Memory for pings that wait for the disk
    #[arg(long, env = "DAYLINE_LOG_PENDING", default_value = "4MiB", value_parser = units::bytes, value_name = "SIZE")]
    pub(crate) log_pending: u64,
    /// Memory for timelines that are being worked on
    #[arg(long, env = "DAYLINE_HOT_MEMORY", default_value = "128MiB", value_parser = units::bytes, value_name = "SIZE")]
    pub(crate) hot_memory: u64,
}

impl StorageOptions {
    /// The file with the keys.
    pub(crate) fn keys(&self) -> PathBuf {
        keys_file(&self.data, self.keys_file.as_deref())
    }

    /// The file with the keys that all processes of a cluster share, which no process makes by itself.
    pub(crate) fn shared_keys(&self) -> Result<PathBuf, Failure> {
        self.keys_file.clone().ok_or_else(|| {
            Failure::usage(
                "with --database-url all processes must have the same keys: make their file once by \
                 `dayline keys create --keys-file FILE`, and give it to each by --keys-file",
            )
        })
    }

    /// The low and the high watermark of the ping log, in bytes.
    pub(crate) fn watermarks(&self) -> Result<(u64, u64), Failure> {
        let (low, high) = (self.log_low, self.log_high);
        if low > high {
            return Err(Failure::usage(format!("--log-low {low} must not be above --log-high {high}")));
        }
        Ok((low, high))
    }

    /// What each of so many partitions of the ping log keeps of what is settled.
    pub(crate) fn keep(&self, partitions: u32) -> Keep {
        if self.log_keep.is_zero() {
            return Keep::NOTHING;
        }
        Keep { time: self.log_keep, bytes: self.log_keep_bytes / u64::from(partitions.max(1)) }
    }

    /// Bytes of pings that may wait for the disk.
    pub(crate) fn max_pending_bytes(&self) -> usize {
        usize::try_from(self.log_pending).unwrap_or(usize::MAX)
    }

    /// The settings of the ping log in the data folder, whose ledger stands at `settled`.
    pub(crate) fn ping_log(&self, settled: Position) -> Result<PingLogOptions, Failure> {
        let (low_bytes, high_bytes) = self.watermarks()?;
        let (max_pending_bytes, keep) = (self.max_pending_bytes(), self.keep(1));
        // Not for operators to set.
        let PingLogOptions { wal_bytes, erase_within, .. } = PingLogOptions::default();
        Ok(PingLogOptions {
            high_bytes,
            low_bytes,
            max_pending_bytes,
            wal_bytes,
            erase_within,
            keep,
            settled,
        })
    }

    /// The settings of each of so many workers, which share the memory.
    pub(crate) fn worker(&self, partitions: u32) -> WorkerLimits {
        let hot_bytes = self.hot_memory / u64::from(partitions.max(1));
        // Not for operators to set.
        let WorkerLimits { read_bytes, .. } = WorkerLimits::default();
        WorkerLimits { read_bytes, hot_bytes: usize::try_from(hot_bytes).unwrap_or(usize::MAX) }
    }
}
