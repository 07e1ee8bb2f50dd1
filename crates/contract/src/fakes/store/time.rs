//! What the fake store knows about time.

use dayline_app::ports::{PortFuture, StoredTime};
use dayline_domain::UtcMs;

use super::FakeStore;

impl StoredTime for FakeStore {
    fn has_moment_since(&self, since: UtcMs) -> PortFuture<'_, bool> {
        self.transaction(|tables| {
            if !tables.days.is_empty() {
                return Ok(tables.days.keys().any(|key| key.day >= since.day()));
            }
            let mut accounts = tables.users.values().map(|(user, _)| user.updated_at);
            let mut uses = tables.sessions.values().map(|session| session.last_used_at);
            let is_late = |at: UtcMs| at >= since;
            Ok(tables.users.is_empty() || accounts.any(is_late) || uses.any(is_late))
        })
    }
}
