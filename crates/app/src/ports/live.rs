//! Live events: a person's open pages learn that a day changed, on whichever node they are. Not
//! here: what changed (pages ask again) and any promise to deliver; who missed something is told
//! so.

use dayline_domain::{UserId, UtcDay, UtcMs};

use super::future::BoxFuture;

/// Somebody's ledger day has a new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayChanged {
    /// The person whose subscribers are told.
    pub user: UserId,
    /// A UTC day; local days that touch it may have changed.
    pub day: UtcDay,
    /// The version that the commit gave the day.
    pub version: u64,
    /// When it was committed, by the worker's clock.
    pub at: UtcMs,
}

/// What a subscriber hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveEvent {
    /// One day has a new version.
    Changed(DayChanged),
    /// Some events were missed (too slow, or a connection between nodes was lost): look at
    /// everything again.
    Missed,
}

/// The live events.
pub trait LiveEvents: Send + Sync {
    /// Tells all subscribers of these people, here at once and on other nodes within a second.
    /// Never waits.
    fn announce(&self, changes: &[DayChanged]);

    /// Hears of one person's days from now on.
    fn subscribe(&self, user: UserId) -> Box<dyn LiveSubscription>;
}

/// One subscriber; dropping it ends the subscription. It keeps a bounded number of events.
pub trait LiveSubscription: Send {
    /// The next event, some time.
    fn next(&mut self) -> BoxFuture<'_, LiveEvent>;
}
