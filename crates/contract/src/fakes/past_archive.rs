//! An archive of what is past that a test looks into.

use std::future::ready;
use std::sync::Mutex;

use dayline_app::ports::{PastArchive, PortError, PortFuture};
use dayline_domain::{UserId, UtcDay};

use super::store::locked;

/// What was kept of some days of a person.
pub type Archived = (UserId, (UtcDay, UtcDay), String);

/// All that was kept, in its order; or an archive that keeps nothing.
#[derive(Default)]
pub struct FakeArchive {
    kept: Mutex<Vec<Archived>>,
    full: Mutex<bool>,
}

impl FakeArchive {
    /// From now on nothing more can be kept, or again.
    pub fn fill(&self, full: bool) {
        *locked(&self.full) = full;
    }

    /// What was kept.
    pub fn kept(&self) -> Vec<Archived> {
        locked(&self.kept).clone()
    }
}

impl PastArchive for FakeArchive {
    fn keep(&self, user: UserId, days: (UtcDay, UtcDay), lines: Vec<u8>) -> PortFuture<'_, ()> {
        if *locked(&self.full) {
            return Box::pin(ready(Err(PortError::Unavailable("it is full".into()))));
        }
        locked(&self.kept).push((user, days, String::from_utf8_lossy(&lines).into_owned()));
        Box::pin(ready(Ok(())))
    }
}
