//! What bounds a ping log.

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
    /// Redis needs half as much again for itself, more if entries are small.
    pub high_bytes: u64,
    /// Backlog, in bytes of payload, below which they are accepted again. At most `high_bytes`.
    pub low_bytes: u64,
    /// Bytes that may gather in memory while others travel; what does not fit is refused as full.
    pub max_pending_bytes: usize,
    /// Connections that take turns to append, at least 1. More send fewer records each.
    pub senders: usize,
}

impl Default for PingLogOptions {
    fn default() -> Self {
        Self {
            partitions: 16,
            high_bytes: 1 << 30,
            low_bytes: 768 << 20,
            max_pending_bytes: 16 << 20,
            senders: 2,
        }
    }
}
