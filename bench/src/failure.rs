//! How a benchmark fails.

/// What a benchmark may fail with; it is only ever printed.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
