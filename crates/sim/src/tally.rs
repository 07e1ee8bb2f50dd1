//! What was sent and what became of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use dayline_cli_kit::console::remark;
use dayline_cli_kit::failure::Failure;

use crate::client::wire::Receipt;

/// Counts of pings and requests.
#[derive(Default)]
pub(crate) struct Tally {
    sent: AtomicU64,
    accepted: AtomicU64,
    requests: AtomicU64,
    rejected: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    pub(crate) fn add(&self, sent: usize, receipt: &Receipt) {
        self.sent.fetch_add(sent as u64, Ordering::Relaxed);
        self.accepted.fetch_add(receipt.accepted as u64, Ordering::Relaxed);
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        for ping in &receipt.rejected {
            *rejected.entry(ping.code.clone()).or_default() += 1;
        }
    }

    /// Whether the server has taken any ping, as far as is known.
    pub(crate) fn any_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed) > 0
    }

    /// How far it is of so many pings.
    pub(crate) fn progress(&self, total: u64) -> String {
        let sent = self.sent.load(Ordering::Relaxed);
        format!("sent {sent} of {total} pings {}", self.answered())
    }

    /// How far it is, where nobody knows of how many.
    pub(crate) fn so_far(&self) -> String {
        format!("sent {} pings {}", self.sent.load(Ordering::Relaxed), self.answered())
    }

    fn answered(&self) -> String {
        let requests = self.requests.load(Ordering::Relaxed);
        format!("in {requests} requests, {} accepted", self.accepted.load(Ordering::Relaxed))
    }

    /// Says which pings the server refused.
    pub(crate) fn show_refused(&self) {
        for (code, count) in &*self.rejected.lock().unwrap_or_else(PoisonError::into_inner) {
            remark(format_args!("{count} pings were refused: {code}"));
        }
    }

    /// A failure if the server refused any ping.
    pub(crate) fn verdict(&self) -> Result<(), Failure> {
        let rejected = self.rejected.lock().unwrap_or_else(PoisonError::into_inner);
        if rejected.is_empty() { Ok(()) } else { Err(Failure::new("the server refused some pings")) }
    }
}
