//! Dead letters of the fake store.

use dayline_app::ports::{DeadLetters, PortFuture, StoredDeadLetter};
use dayline_domain::UserId;

use super::FakeStore;

impl DeadLetters for FakeStore {
    fn list(&self, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>> {
        self.transaction(|tables| {
            Ok(tables.dead.range(after.saturating_add(1)..).take(limit).map(|(_, l)| l.clone()).collect())
        })
    }

    fn list_of(&self, user: UserId, after: u64, limit: usize) -> PortFuture<'_, Vec<StoredDeadLetter>> {
        self.transaction(|tables| {
            let later = tables.dead.range(after.saturating_add(1)..).map(|(_, letter)| letter);
            let theirs = later.filter(|stored| stored.letter.user == Some(user));
            Ok(theirs.take(limit).cloned().collect())
        })
    }

    fn find(&self, id: u64) -> PortFuture<'_, Option<StoredDeadLetter>> {
        self.transaction(|tables| Ok(tables.dead.get(&id).cloned()))
    }

    fn delete(&self, id: u64) -> PortFuture<'_, bool> {
        self.transaction(|tables| Ok(tables.dead.remove(&id).is_some()))
    }

    fn count(&self) -> PortFuture<'_, u64> {
        self.transaction(|tables| Ok(tables.dead.len() as u64))
    }
}
