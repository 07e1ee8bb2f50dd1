//! What bounds a ping log.

use dayline_app::tracking::keep::Keep;

/// What a client is told to wait while the backlog is above the watermark: workers drain some
/// hundred megabytes in this time.
pub(super) const RETRY_FULL_S: u32 = 5;

/// What bounds a ping log.
#[derive(Debug, Clone)]
pub struct PingLogOptions {
    /// Partitions, at least 1. Stored in Redis when the log is made; never to be changed, since it
    /// decides in which partition a person is.
    pub partitions: u32,
    /// Backlog of all partitions, in bytes of payload, from which on appends are refused as full.
    pub high_bytes: u64,
    /// Backlog, in bytes of payload, below which they are accepted again. At most `high_bytes`.
    pub low_bytes: u64,
    /// How much of what is settled is kept.
    pub keep: Keep,
    /// Bytes that may gather in memory while others travel; what does not fit is refused as full.
    pub max_pending_bytes: usize,
    /// Connections that take turns to append, at least 1. More send fewer records each.
    pub senders: usize,
    /// Whether a Redis will do that may lose what it has acknowledged. Otherwise only one is
    /// appended to that keeps it, and where a replica may take its place, one must have it, too.
    pub accept_less: bool,
}

impl Default for PingLogOptions {
    fn default() -> Self {
        Self {
            partitions: 16,
            high_bytes: 1 << 30,
            low_bytes: 768 << 20,
            keep: Keep::NOTHING,
            max_pending_bytes: 16 << 20,
            senders: 2,
            accept_less: false,
        }
    }
}

impl PingLogOptions {
    /// The memory that the log takes at most, in bytes: Redis needs half as much again as there is
    /// payload, more if entries are small.
    pub(super) fn memory(&self) -> u64 {
        let kept = self.keep.bytes.saturating_mul(u64::from(self.partitions));
        let payload = self.high_bytes.saturating_add(kept);
        payload.saturating_add(payload / 2)
    }
}
