//! Live events within one process. Not here: other nodes, and a memory of what nobody listened to.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dayline_app::ports::{BoxFuture, DayChanged, LiveEvent, LiveEvents, LiveSubscription};
use dayline_domain::UserId;
use tokio::sync::broadcast::{Receiver, Sender, error::RecvError};

/// Events kept for a subscriber that is slow; who is slower than that is told to look at everything
/// again.
const KEPT: usize = 64;

/// Tells each person's subscribers of that person's days alone. People whom nobody watches cost
/// nothing.
#[derive(Default)]
pub struct LocalLive {
    people: Arc<People>,
}

#[derive(Default)]
struct People {
    channels: Mutex<HashMap<UserId, Sender<DayChanged>>>,
    /// How many there are, to be asked without the lock.
    watched: AtomicUsize,
}

impl People {
    fn channels(&self) -> MutexGuard<'_, HashMap<UserId, Sender<DayChanged>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LiveEvents for LocalLive {
    fn announce(&self, changes: &[DayChanged]) {
        if self.people.watched.load(Ordering::Acquire) == 0 {
            return;
        }
        let channels = self.people.channels();
        for change in changes {
            if let Some(channel) = channels.get(&change.user) {
                // Fails only if the last subscriber is just leaving.
                let _ = channel.send(*change);
            }
        }
    }

    fn subscribe(&self, user: UserId) -> Box<dyn LiveSubscription> {
        let mut channels = self.people.channels();
        let events = channels.entry(user).or_insert_with(|| Sender::new(KEPT)).subscribe();
        self.people.watched.store(channels.len(), Ordering::Release);
        Box::new(Subscription { user, events, people: Arc::clone(&self.people) })
    }
}

struct Subscription {
    user: UserId,
    events: Receiver<DayChanged>,
    people: Arc<People>,
}

impl LiveSubscription for Subscription {
    fn next(&mut self) -> BoxFuture<'_, LiveEvent> {
        Box::pin(async move {
            match self.events.recv().await {
                Ok(change) => LiveEvent::Changed(change),
                Err(RecvError::Lagged(_)) => LiveEvent::Missed,
                // A channel is only closed after its last subscriber.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let mut channels = self.people.channels();
        // This one still counts.
        if channels.get(&self.user).is_some_and(|channel| channel.receiver_count() <= 1) {
            channels.remove(&self.user);
        }
        self.people.watched.store(channels.len(), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use dayline_domain::{UtcDay, UtcMs};

    use super::*;

    fn changed(user: u128, version: u64) -> DayChanged {
        DayChanged { user: UserId::from_bits(user), day: UtcDay(20_000), version, at: UtcMs(1) }
    }

    #[tokio::test]
    async fn a_person_that_nobody_watches_any_more_is_forgotten() {
        let live = LocalLive::default();
        let (first, second) = (live.subscribe(UserId::from_bits(1)), live.subscribe(UserId::from_bits(1)));
        drop(first);
        assert_eq!(live.people.channels().len(), 1);
        live.announce(&[changed(1, 1)]);
        drop(second);
        assert!(live.people.channels().is_empty());
        assert_eq!(live.people.watched.load(Ordering::Relaxed), 0);
        live.announce(&[changed(1, 2)]);
    }

    #[tokio::test]
    async fn who_is_too_slow_is_told_and_then_hears_the_latest() {
        let live = LocalLive::default();
        let mut slow = live.subscribe(UserId::from_bits(1));
        for version in 1..=1_000 {
            live.announce(&[changed(1, version)]);
        }
        assert_eq!(slow.next().await, LiveEvent::Missed);
        let mut last = 0;
        while last < 1_000 {
            let LiveEvent::Changed(change) = slow.next().await else { panic!("missed again") };
            assert!(change.version > last);
            last = change.version;
        }
    }
}
