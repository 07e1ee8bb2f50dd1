//! What all trackers of a simulation share, and whose they are.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::check::Sent;
use super::stats::Stats;
use crate::client::{Device, Patience};

/// One person and what is known about what they sent.
#[derive(Debug)]
pub(super) struct Person {
    pub(super) devices: Vec<Arc<Device>>,
    pub(super) sent: Mutex<Sent>,
}

impl Person {
    /// What is known, to be added to or read.
    pub(super) fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all trackers of a run share.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) stats: Stats,
    /// With what is said of pings, and for people to sign in.
    pub(super) patience: Patience,
    /// With what people say themselves, which needs the database.
    pub(super) patience_of_people: Patience,
    pub(super) chaos: bool,
}
