//! What bounds a ping log, and whom it tells when it can't go on.

use std::time::Duration;

use dayline_app::ports::Position;
use dayline_app::tracking::keep::Keep;

/// What a client is told to wait while the backlog is above the watermark: a worker drains some
/// hundred megabytes in this time.
pub(super) const RETRY_FULL_S: u32 = 5;

/// What bounds a ping log.
#[derive(Debug, Clone)]
pub struct PingLogOptions {
    /// Backlog, in bytes of payload, from which on appends are refused as full.
    pub high_bytes: u64,
    /// Backlog, in bytes of payload, below which they are accepted again. At most `high_bytes`.
    pub low_bytes: u64,
    /// Bytes that may gather in memory while a commit is on its way; what does not fit is refused
    /// as full. Bounds the size of an entry, too, except that a record larger than this is an entry
    /// of its own.
    pub max_pending_bytes: usize,
    /// Bytes of write-ahead log after which it is copied back into the file and begun anew.
    pub wal_bytes: u64,
    /// For so long, at most, what was forgotten can still be found in the files, once their disk keeps
    /// up: then it is overwritten, and the write-ahead log cut off.
    pub erase_within: Duration,
    /// How much of what is settled is kept.
    pub keep: Keep,
    /// Where the ledger stands: everything up to here is settled, and new positions come after it, also
    /// if the file was lost or replaced by an older one. Otherwise the reader would skip what comes now.
    pub settled: Position,
}

impl Default for PingLogOptions {
    fn default() -> Self {
        Self {
            high_bytes: 1 << 30,
            low_bytes: 768 << 20,
            max_pending_bytes: 4 << 20,
            wal_bytes: 32 << 20,
            erase_within: Duration::from_mins(5),
            keep: Keep::NOTHING,
            settled: Position::START,
        }
    }
}

/// Called once with the reason when the log can't be trusted any more and the process must stop.
pub(crate) type Fatal = Box<dyn Fn(&str) + Send + Sync>;
