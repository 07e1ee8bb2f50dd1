//! What the relay works with.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bucket::Buckets;
use crate::device::Computer;
use crate::intake::Intake;
use crate::rules::Rules;
use crate::status::Board;

/// What the relay works with.
#[derive(Debug, Clone)]
pub struct Relay(pub(super) Arc<Parts>);

#[derive(Debug)]
pub(super) struct Parts {
    pub(super) computer: Computer,
    pub(super) rules: Arc<Rules>,
    origins: Vec<String>,
    pub(super) intake: Arc<Intake>,
    pub(super) board: Arc<Board>,
    pub(super) buckets: Buckets,
    events: AtomicU64,
}

/// What the relay is to do.
#[derive(Debug)]
pub struct Setup<'a> {
    /// What this computer is called.
    pub computer: Computer,
    /// What is told of what watchers say.
    pub rules: Arc<Rules>,
    /// Origins of extensions that may use it, beside those that it knows.
    pub origins: Vec<String>,
    /// Where observations go.
    pub intake: Arc<Intake>,
    /// Where it is shown that a watcher used it.
    pub board: Arc<Board>,
    /// Where buckets are remembered.
    pub buckets: &'a Path,
}

impl Relay {
    /// A relay that listens nowhere yet.
    pub fn new(setup: Setup<'_>) -> Self {
        let Setup { computer, rules, origins, intake, board, buckets } = setup;
        let buckets = Buckets::open(buckets);
        Self(Arc::new(Parts { computer, rules, origins, intake, board, buckets, events: AtomicU64::new(0) }))
    }

    pub(super) fn origins(&self) -> &[String] {
        &self.0.origins
    }

    /// A number for an event, which clients want to see.
    pub(super) fn next_event(&self) -> u64 {
        self.0.events.fetch_add(1, Ordering::Relaxed)
    }
}
